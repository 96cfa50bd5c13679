"""Containers and volumes of a pod: wire shapes in, frozen records without any credential out."""

from __future__ import annotations

from collections.abc import Mapping

from compliance.evidence.credentials import redact_arguments, suspicion
from compliance.evidence.wire import (
    Caps,
    ContainerContext,
    ContainerWire,
    EnvFromWire,
    EnvWire,
    Handler,
    MountWire,
    PodContext,
    PortWire,
    Profile,
    ProjectedSource,
    Quantity,
    SeLinux,
    VolumeWire,
    Windows,
)
from compliance.model.workload import (
    AppArmorProfile,
    Capabilities,
    Container,
    ContainerKind,
    ContainerSecurity,
    EnvFrom,
    EnvVar,
    PodSecurity,
    Port,
    Probe,
    SeccompProfile,
    SeLinuxOptions,
    Sysctl,
    Volume,
    VolumeMount,
    WindowsOptions,
)

_NO_SECURITY = ContainerSecurity(
    present=False,
    privileged=None,
    allow_privilege_escalation=None,
    read_only_root_filesystem=None,
    run_as_non_root=None,
    run_as_user=None,
    run_as_group=None,
    proc_mount=None,
    capabilities=None,
    seccomp=None,
    apparmor=None,
    selinux=None,
    windows=None,
)
_NO_POD_SECURITY = PodSecurity(
    present=False,
    run_as_non_root=None,
    run_as_user=None,
    run_as_group=None,
    fs_group=None,
    supplemental_groups=(),
    seccomp=None,
    apparmor=None,
    selinux=None,
    windows=None,
    sysctls=(),
)


def _seccomp(wire: Profile | None) -> SeccompProfile | None:
    return SeccompProfile(type=wire.type, localhost_profile=wire.localhost_profile) if wire else None


def _apparmor(wire: Profile | None) -> AppArmorProfile | None:
    return AppArmorProfile(type=wire.type, localhost_profile=wire.localhost_profile) if wire else None


def _selinux(wire: SeLinux | None) -> SeLinuxOptions | None:
    return SeLinuxOptions(user=wire.user, role=wire.role, type=wire.type, level=wire.level) if wire else None


def _windows(wire: Windows | None) -> WindowsOptions | None:
    return WindowsOptions(host_process=wire.host_process, run_as_user_name=wire.run_as_user_name) if wire else None


def _capabilities(wire: Caps | None) -> Capabilities | None:
    if wire is None:
        return None
    return Capabilities(
        add=None if wire.add is None else tuple(wire.add), drop=None if wire.drop is None else tuple(wire.drop)
    )


def _security(wire: ContainerContext | None) -> ContainerSecurity:
    if wire is None:
        return _NO_SECURITY
    return ContainerSecurity(
        present=True,
        privileged=wire.privileged,
        allow_privilege_escalation=wire.allow_privilege_escalation,
        read_only_root_filesystem=wire.read_only_root_filesystem,
        run_as_non_root=wire.run_as_non_root,
        run_as_user=wire.run_as_user,
        run_as_group=wire.run_as_group,
        proc_mount=wire.proc_mount,
        capabilities=_capabilities(wire.capabilities),
        seccomp=_seccomp(wire.seccomp_profile),
        apparmor=_apparmor(wire.app_armor_profile),
        selinux=_selinux(wire.se_linux_options),
        windows=_windows(wire.windows_options),
    )


def pod_security(wire: PodContext | None) -> PodSecurity:
    """The pod's own securityContext."""
    if wire is None:
        return _NO_POD_SECURITY
    return PodSecurity(
        present=True,
        run_as_non_root=wire.run_as_non_root,
        run_as_user=wire.run_as_user,
        run_as_group=wire.run_as_group,
        fs_group=wire.fs_group,
        supplemental_groups=tuple(wire.supplemental_groups or ()),
        seccomp=_seccomp(wire.seccomp_profile),
        apparmor=_apparmor(wire.app_armor_profile),
        selinux=_selinux(wire.se_linux_options),
        windows=_windows(wire.windows_options),
        sysctls=tuple(Sysctl(name=each.name, value=each.value) for each in wire.sysctls or ()),
    )


def _port(wire: PortWire) -> Port:
    return Port(
        container_port=wire.container_port,
        host_port=wire.host_port,
        host_ip=wire.host_ip,
        protocol=wire.protocol or "TCP",
        name=wire.name,
    )


def _variable(wire: EnvWire) -> EnvVar:
    source, ref_name, ref_key, optional = "literal", None, None, False
    if origin := wire.value_from:
        source = "unknown"
        if ref := origin.secret_key_ref or origin.config_map_key_ref:
            source = "secretKeyRef" if origin.secret_key_ref else "configMapKeyRef"
            ref_name, ref_key, optional = ref.name, ref.key, bool(ref.optional)
        elif origin.field_ref is not None:
            source = "fieldRef"
        elif origin.resource_field_ref is not None:
            source = "resourceFieldRef"
        elif origin.file_key_ref is not None:
            source = "fileKeyRef"
    return EnvVar(
        name=wire.name,
        source=source,
        ref_name=ref_name,
        ref_key=ref_key,
        optional=optional,
        empty=source == "literal" and not wire.value,
        suspect=suspicion(wire.name, wire.value) if wire.value and source == "literal" else None,
    )


def _bulk(wire: EnvFromWire) -> EnvFrom:
    ref = wire.secret_ref or wire.config_map_ref
    return EnvFrom(
        source="secretRef" if wire.secret_ref else "configMapRef",
        ref_name=ref.name if ref else None,
        optional=bool(ref and ref.optional),
    )


def _mount(wire: MountWire) -> VolumeMount:
    return VolumeMount(
        name=wire.name,
        mount_path=wire.mount_path,
        read_only=wire.read_only,
        propagation=wire.mount_propagation,
        sub_path=wire.sub_path,
    )


def _probe(wire: Handler | None) -> Probe | None:
    if wire is None:
        return None
    if get := wire.http_get:
        text = f"{get.scheme or 'HTTP'} {get.host or ''}:{get.port}{get.path or '/'}"
        headers = " ".join(
            f"{each.name}:{suspicion(each.name, each.value) or each.value}" for each in get.http_headers or ()
        )
        return Probe(action="httpGet", host=get.host, port=get.port, text=f"{text} {headers}".rstrip())
    if tcp := wire.tcp_socket:
        return Probe(action="tcpSocket", host=tcp.host, port=tcp.port, text=f"{tcp.host or ''}:{tcp.port}")
    if wire.exec:
        words, _ = redact_arguments(wire.exec.command)
        return Probe(action="exec", host=None, port=None, text=" ".join(words))
    if grpc := wire.grpc:
        return Probe(action="grpc", host=None, port=grpc.port, text=f"{grpc.port} {grpc.service or ''}".rstrip())
    if wire.sleep:
        return Probe(action="sleep", host=None, port=None, text=str(wire.sleep.seconds))
    return Probe(action="none", host=None, port=None, text="")


def quantities(value: Mapping[str, Quantity] | None) -> dict[str, str]:
    """Quantities as the text Kubernetes wrote."""
    return {name: amount if type(amount) is str else str(amount) for name, amount in value.items()} if value else {}


def container(wire: ContainerWire, kind: ContainerKind, at: str, image_ids: Mapping[str, str]) -> Container:
    """One container; `image_ids` are the digests that run, by container name, from the pod's status."""
    if kind is ContainerKind.INIT and wire.restart_policy == "Always":
        kind = ContainerKind.SIDECAR
    command, command_why = redact_arguments(wire.command) if wire.command else ((), ())
    args, args_why = redact_arguments(wire.args) if wire.args else ((), ())
    resources, hooks = wire.resources, wire.lifecycle
    return Container(
        at=at,
        kind=kind,
        name=wire.name,
        image=wire.image,
        image_pull_policy=wire.image_pull_policy,
        image_id=image_ids.get(wire.name) if image_ids else None,
        command=command,
        args=args,
        command_suspects=command_why + args_why,
        ports=tuple([_port(each) for each in wire.ports]) if wire.ports else (),
        env=tuple([_variable(each) for each in wire.env]) if wire.env else (),
        env_from=tuple([_bulk(each) for each in wire.env_from]) if wire.env_from else (),
        volume_mounts=tuple([_mount(each) for each in wire.volume_mounts]) if wire.volume_mounts else (),
        volume_devices=len(wire.volume_devices or ()),
        requests=quantities(resources.requests) if resources else {},
        limits=quantities(resources.limits) if resources else {},
        liveness=_probe(wire.liveness_probe),
        readiness=_probe(wire.readiness_probe),
        startup=_probe(wire.startup_probe),
        post_start=_probe(hooks.post_start) if hooks else None,
        pre_stop=_probe(hooks.pre_stop) if hooks else None,
        security=_security(wire.security_context),
    )


def _projected(wire: ProjectedSource) -> tuple[str, str | None]:
    if wire.secret:
        return "secret", wire.secret.name
    if wire.config_map:
        return "configMap", wire.config_map.name
    if wire.service_account_token is not None:
        return "serviceAccountToken", None
    if wire.downward_api is not None:
        return "downwardAPI", None
    if wire.cluster_trust_bundle:
        return "clusterTrustBundle", wire.cluster_trust_bundle.name
    return ("podCertificate", None) if wire.pod_certificate is not None else ("unknown", None)


def volume(wire: VolumeWire, raw: Mapping[str, object], at: str) -> Volume:
    """One volume; its type is the key of its source, whatever it is."""
    ref_name, optional, read_only = None, False, None
    if wire.secret:
        ref_name, optional = wire.secret.secret_name, bool(wire.secret.optional)
    elif wire.config_map:
        ref_name, optional = wire.config_map.name, bool(wire.config_map.optional)
    elif wire.persistent_volume_claim:
        ref_name, read_only = wire.persistent_volume_claim.claim_name, wire.persistent_volume_claim.read_only
    elif wire.csi:
        read_only = wire.csi.read_only
    empty = wire.empty_dir
    size = empty.size_limit if empty else None
    return Volume(
        at=at,
        name=wire.name,
        type=next((key for key, value in raw.items() if key != "name" and value is not None), "none"),
        ref_name=ref_name,
        optional=optional,
        host_path=wire.host_path.path if wire.host_path else None,
        host_path_type=wire.host_path.type if wire.host_path else None,
        read_only=read_only,
        driver=wire.csi.driver if wire.csi else None,
        medium=empty.medium if empty else None,
        size_limit=None if size is None else str(size),
        projected=tuple(map(_projected, wire.projected.sources or ())) if wire.projected else (),
    )
