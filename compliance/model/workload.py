"""Pods as the cluster sees them: every kind that holds a pod template, with where each value stands.

`None` is "not set in the evidence"; it is never read as false here. Quantities stay the text that
Kubernetes wrote. Pointers are from the root of the object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

from compliance.model.evidence import At, Origin, Subject


class ContainerKind(Enum):
    """How a container runs; a sidecar is an init container with restartPolicy Always."""

    INIT = "init"
    SIDECAR = "sidecar"
    REGULAR = "regular"
    EPHEMERAL = "ephemeral"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeccompProfile:
    type: str | None
    localhost_profile: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppArmorProfile:
    type: str | None
    localhost_profile: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeLinuxOptions:
    user: str | None
    role: str | None
    type: str | None
    level: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsOptions:
    host_process: bool | None
    run_as_user_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Names as written, without change of case; None when the list itself is absent."""

    add: tuple[str, ...] | None
    drop: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSecurity:
    """A container's own securityContext; `present` is false when the key itself is absent."""

    present: bool
    privileged: bool | None
    allow_privilege_escalation: bool | None
    read_only_root_filesystem: bool | None
    run_as_non_root: bool | None
    run_as_user: int | None
    run_as_group: int | None
    proc_mount: str | None
    capabilities: Capabilities | None
    seccomp: SeccompProfile | None
    apparmor: AppArmorProfile | None
    selinux: SeLinuxOptions | None
    windows: WindowsOptions | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sysctl:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSecurity:
    """The pod's securityContext; `present` is false when the key itself is absent."""

    present: bool
    run_as_non_root: bool | None
    run_as_user: int | None
    run_as_group: int | None
    fs_group: int | None
    supplemental_groups: tuple[int, ...]
    seccomp: SeccompProfile | None
    apparmor: AppArmorProfile | None
    selinux: SeLinuxOptions | None
    windows: WindowsOptions | None
    sysctls: tuple[Sysctl, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    container_port: int | None
    host_port: int | None
    host_ip: str | None
    protocol: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvVar:
    """One variable; its value is never kept.

    `source` is `literal`, `secretKeyRef`, `configMapKeyRef`, `fieldRef`, `resourceFieldRef`,
    `fileKeyRef` or `unknown`. `suspect` says in words why a literal looks like a credential,
    else None. `empty` is true for a literal of no characters.
    """

    name: str
    source: str
    ref_name: str | None
    ref_key: str | None
    optional: bool
    empty: bool
    suspect: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFrom:
    """A whole Secret or ConfigMap taken into the environment; `source` is `secretRef` or `configMapRef`."""

    source: str
    ref_name: str | None
    optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeMount:
    name: str
    mount_path: str
    read_only: bool | None
    propagation: str | None
    sub_path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A liveness, readiness or startup probe, or a lifecycle hook's action.

    `action` is `httpGet`, `tcpSocket`, `exec`, `grpc`, `sleep` or `none`; `port` is a number or a port's name.
    `text` is the action in a canonical form, to compare two probes.
    """

    action: str
    host: str | None
    port: int | str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a pod. `at` is its pointer, `/spec/template/spec/containers/0`.

    `command` and `args` have credentials replaced by `<redacted>`; `command_suspects` says why.
    `image_id` is the digest that the kubelet reports it runs (`sha256:...`), from the pod's status.
    """

    at: str
    kind: ContainerKind
    name: str
    image: str | None
    image_pull_policy: str | None
    image_id: str | None
    command: tuple[str, ...]
    args: tuple[str, ...]
    command_suspects: tuple[str, ...]
    ports: tuple[Port, ...]
    env: tuple[EnvVar, ...]
    env_from: tuple[EnvFrom, ...]
    volume_mounts: tuple[VolumeMount, ...]
    volume_devices: int
    requests: Mapping[str, str]
    limits: Mapping[str, str]
    liveness: Probe | None
    readiness: Probe | None
    startup: Probe | None
    post_start: Probe | None
    pre_stop: Probe | None
    security: ContainerSecurity

    def pointer(self, field: str) -> str:
        """The pointer of a field of this container, from the root of the object."""
        return f"{self.at}/{field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume of a pod. `at` is its pointer; `type` is the key of its source, `hostPath`, or `none`.

    `ref_name` is the Secret, ConfigMap or claim it takes; for `projected` all of them are in
    `projected` as (source key, name). `host_path` is set for hostPath only. `medium` and
    `size_limit` are those of emptyDir, `driver` is that of csi.
    """

    at: str
    name: str
    type: str
    ref_name: str | None
    optional: bool
    host_path: str | None
    host_path_type: str | None
    read_only: bool | None
    driver: str | None
    medium: str | None
    size_limit: str | None
    projected: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod, or the template of the pods that a workload makes.

    `subject` is the workload to which verdicts are said: for a pod or a replica set that a
    controller made, that controller. `spec_at` is the pointer of the pod spec and `template_at`
    that of the object holding the pod's metadata (both empty text at the root: `/spec` and ``).
    `annotations` leaves out last-applied-configuration; long values are cut at 256 characters.
    `os` is `linux`, `windows` or None. `owner` is (kind, name) of the controlling owner.
    `pod_labels` are those of the pods, `labels` those of the object. `created` is when the API server made
    the object (ISO 8601): None for a manifest, which no server has taken yet.
    """

    origin: Origin
    subject: Subject
    api_version: str
    kind: str
    name: str
    namespace: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    owner: tuple[str, str] | None
    replicas: int | None
    strategy: str | None
    selector: Mapping[str, str] | None
    min_ready_seconds: int | None
    concurrency_policy: str | None
    backoff_limit: int | None
    template_at: str
    spec_at: str
    pod_labels: Mapping[str, str]
    pod_annotations: Mapping[str, str]
    os: str | None
    host_network: bool | None
    host_pid: bool | None
    host_ipc: bool | None
    host_users: bool | None
    share_process_namespace: bool | None
    service_account_name: str | None
    automount_service_account_token: bool | None
    enable_service_links: bool | None
    host_aliases: int
    image_pull_secrets: tuple[str, ...]
    runtime_class_name: str | None
    priority_class_name: str | None
    node_name: str | None
    node_selector: Mapping[str, str]
    toleration_keys: tuple[str, ...]
    restart_policy: str | None
    termination_grace_period_seconds: int | None
    active_deadline_seconds: int | None
    has_pod_anti_affinity: bool
    topology_spread_constraints: int
    requests: Mapping[str, str]
    limits: Mapping[str, str]
    security: PodSecurity
    volumes: tuple[Volume, ...]
    claim_templates: tuple[str, ...]
    init_containers: tuple[Container, ...]
    containers: tuple[Container, ...]
    ephemeral_containers: tuple[Container, ...]
    created: str | None = None

    def all_containers(self) -> tuple[Container, ...]:
        """Init (sidecars among them), regular, then ephemeral containers."""
        return self.init_containers + self.containers + self.ephemeral_containers

    def at(self, pointer: str) -> At:
        """A place in this object, by pointer from its root."""
        return At(self.origin, pointer)

    def in_spec(self, field: str) -> At:
        """A field of the pod spec: `in_spec("hostPID")`."""
        return At(self.origin, f"{self.spec_at}/{field}")

    def in_container(self, container: Container, field: str) -> At:
        """A field of a container: `in_container(c, "securityContext/privileged")`."""
        return At(self.origin, f"{container.at}/{field}")

    def whole_containers(self) -> tuple[At, ...]:
        """Every container as a place, for a verdict about all of them; never empty."""
        found = tuple(At(self.origin, container.at) for container in self.all_containers())
        return found or (At(self.origin, f"{self.spec_at}/containers"),)

    def is_windows(self) -> bool:
        """True only when the pod says so itself (spec.os.name)."""
        return self.os == "windows"


T = TypeVar("T")


class Setting(NamedTuple, Generic[T]):
    """A value in force on a container, and the pointer that set it.

    With `value` None nobody set it and `pointer` is where the container would.
    """

    value: T | None
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSecurity:
    """What is in force on one container after pod and container are joined."""

    run_as_non_root: Setting[bool]
    run_as_user: Setting[int]
    run_as_group: Setting[int]
    seccomp: Setting[SeccompProfile]
    apparmor: Setting[AppArmorProfile]
    selinux: Setting[SeLinuxOptions]
    windows: Setting[WindowsOptions]


def effective_security(pod: Pod, container: Container) -> EffectiveSecurity:
    """Join the pod's and the container's securityContext, field by field; the container wins.

    Only these fields exist at both levels; everything else stands on one level alone.
    Source: Kubernetes API, PodSecurityContext and SecurityContext.
    """
    own, shared = container.security, pod.security
    here, above = f"{container.at}/securityContext", f"{pod.spec_at}/securityContext"

    def join(mine: T | None, theirs: T | None, field: str) -> Setting[T]:
        if mine is None and theirs is not None:
            return Setting(theirs, f"{above}/{field}")
        return Setting(mine, f"{here}/{field}")

    return EffectiveSecurity(
        run_as_non_root=join(own.run_as_non_root, shared.run_as_non_root, "runAsNonRoot"),
        run_as_user=join(own.run_as_user, shared.run_as_user, "runAsUser"),
        run_as_group=join(own.run_as_group, shared.run_as_group, "runAsGroup"),
        seccomp=join(own.seccomp, shared.seccomp, "seccompProfile"),
        apparmor=join(own.apparmor, shared.apparmor, "appArmorProfile"),
        selinux=join(own.selinux, shared.selinux, "seLinuxOptions"),
        windows=join(own.windows, shared.windows, "windowsOptions"),
    )


def each_effective(pod: Pod) -> Iterator[tuple[Container, EffectiveSecurity]]:
    """Every container of a pod with what is in force on it."""
    for container in pod.all_containers():
        yield container, effective_security(pod, container)
