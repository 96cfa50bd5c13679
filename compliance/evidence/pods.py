"""Pod records from any object that holds a pod or a pod template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compliance.errors import EvidenceError
from compliance.evidence.containers import container, pod_security, quantities, volume
from compliance.evidence.subjects import (
    BUILT_IN_GROUPS,
    controller_of,
    created,
    group_of,
    header,
    kept_annotations,
    texts,
    workload,
)
from compliance.evidence.wire import (
    ContainerStatus,
    ContainerWire,
    MetaWire,
    PodSpecWire,
    PodStatus,
    WorkloadSpec,
    convert,
)
from compliance.model.cluster import Header, OtherObject
from compliance.model.evidence import Origin, Subject, SubjectType, escape
from compliance.model.workload import Container, ContainerKind, Pod, Volume

#: Where the kinds of Kubernetes itself keep their pod template, from the object's root.
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
#: Groups whose objects hold patterns or schemas of pods, not pods.
_NO_WORKLOADS = ("kyverno.io", "gatekeeper.sh", "apiextensions.k8s.io", "admissionregistration.k8s.io")
#: Mappings and lists looked at in an unknown object, and how deep, to find pod templates.
_MAX_NODES = 20_000
_MAX_DEPTH = 32
_MAX_TEMPLATES = 50
_LABEL_SELECTOR_KEYS = ("matchLabels", "matchExpressions")

Path = tuple[str | int, ...]


def pointer(path: Path) -> str:
    """The JSON pointer of a path of keys and indexes."""
    return "".join(f"/{escape(str(step))}" for step in path)


def template_paths(document: Mapping[str, object], kind: str, api_version: str) -> list[Path]:
    """Where the object's pod templates stand: the mappings that hold a pod's `spec`. Empty: it has none."""
    group = group_of(api_version)
    if group in BUILT_IN_GROUPS and kind in _TEMPLATES:
        return [_TEMPLATES[kind]]
    if group in BUILT_IN_GROUPS or group.endswith(_NO_WORKLOADS):
        return []
    return sorted(_found_templates(document), key=lambda path: [str(step) for step in path])


def _found_templates(document: Mapping[str, object]) -> Iterator[Path]:
    pending: list[tuple[Path, object]] = [((key,), value) for key, value in document.items() if key != "status"]
    found = 0
    for _ in range(_MAX_NODES):
        if not pending or found >= _MAX_TEMPLATES:
            return
        path, value = pending.pop()
        if isinstance(value, dict):
            if _is_template(value):
                found += 1
                yield path
            elif len(path) < _MAX_DEPTH:
                pending.extend(((*path, key), each) for key, each in value.items() if isinstance(each, dict | list))
        elif isinstance(value, list) and len(path) < _MAX_DEPTH:
            pending.extend(((*path, index), each) for index, each in enumerate(value) if isinstance(each, dict | list))


def _is_template(value: Mapping[str, Any]) -> bool:
    spec = value.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    return isinstance(containers, list) and bool(containers) and all(isinstance(each, dict) for each in containers)


def pods(document: Mapping[str, Any], meta: MetaWire, origin: Origin, paths: list[Path]) -> Iterator[Pod | OtherObject]:
    """One record for each pod template of the object.

    A replica set that a controller scaled to nothing runs nothing and gives its header only.

    Raises:
        EvidenceError: the API server would refuse a value; the pointer names it.
    """
    spec = document.get("spec")
    rest = WorkloadSpec()
    if paths[0] and isinstance(spec, dict):
        own = spec if "jobTemplate" not in spec else {**_nested(spec, "jobTemplate", "spec"), **spec}
        rest = _workload_spec(own, document)
    head = header(document, meta, origin, SubjectType.WORKLOAD)
    if head.kind == "ReplicaSet" and rest.replicas == 0 and controller_of(meta) is not None:
        yield OtherObject(header=head)
        return
    for path in paths:
        suffix = f"#{pointer(path)}" if len(paths) > 1 else ""
        subject = workload(head, meta)
        if suffix:
            subject = header(document, meta, origin, SubjectType.WORKLOAD, suffix).subject
        yield _pod(document, head, subject, meta, rest, path)


def _workload_spec(spec: dict[str, Any], document: Mapping[str, Any]) -> WorkloadSpec:
    if group_of(str(document["apiVersion"])) in BUILT_IN_GROUPS:
        return convert(spec, WorkloadSpec, "/spec")
    try:
        return convert(spec, WorkloadSpec, "/spec")
    except EvidenceError:  # a custom resource may type its own fields as it likes
        return WorkloadSpec()


def _nested(value: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = value
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _template(document: Mapping[str, Any], path: Path) -> tuple[Mapping[str, Any], dict[str, Any]]:
    holder: Any = document
    for depth, step in enumerate(path):
        holder = holder[step] if isinstance(holder, list) else holder.get(step)  # type: ignore[index]  # a path found before
        if not isinstance(holder, dict | list):
            raise EvidenceError(
                "no pod template; the API server refuses the object", pointer=pointer(path[: depth + 1])
            )
    spec = holder.get("spec")
    if not isinstance(spec, dict):
        raise EvidenceError("no pod spec; the API server refuses the object", pointer=f"{pointer(path)}/spec")
    if not spec.get("containers"):
        raise EvidenceError(
            "no containers; the API server refuses a pod without any", pointer=f"{pointer(path)}/spec/containers"
        )
    return holder, spec


def _pod(
    document: Mapping[str, Any], head: Header, subject: Subject, meta: MetaWire, rest: WorkloadSpec, path: Path
) -> Pod:
    template_at = pointer(path)
    spec_at = f"{template_at}/spec"
    template, raw = _template(document, path)
    spec = convert(raw, PodSpecWire, spec_at)
    inner = meta
    if path:
        template_meta = template.get("metadata")
        inner = convert(template_meta, MetaWire, f"{template_at}/metadata") if template_meta is not None else MetaWire()
    image_ids = _image_ids(document) if not path else {}
    owner = controller_of(meta)
    update = rest.strategy or rest.update_strategy
    return Pod(
        origin=head.origin,
        subject=subject,
        api_version=head.api_version,
        kind=head.kind,
        name=head.name,
        namespace=head.namespace,
        labels=head.labels,
        annotations=head.annotations,
        owner=(owner.kind, owner.name) if owner else None,
        replicas=rest.replicas,
        strategy=update.type if update else None,
        selector=_selector(document) if path else None,
        min_ready_seconds=rest.min_ready_seconds,
        concurrency_policy=rest.concurrency_policy,
        backoff_limit=rest.backoff_limit,
        template_at=template_at,
        spec_at=spec_at,
        pod_labels=texts(inner.labels) if path else head.labels,
        pod_annotations=kept_annotations(inner.annotations) if path else head.annotations,
        os=spec.os.name if spec.os else None,
        host_network=spec.host_network,
        host_pid=spec.host_pid,
        host_ipc=spec.host_ipc,
        host_users=spec.host_users,
        share_process_namespace=spec.share_process_namespace,
        service_account_name=spec.service_account_name or spec.service_account,
        automount_service_account_token=spec.automount_service_account_token,
        enable_service_links=spec.enable_service_links,
        host_aliases=len(spec.host_aliases or ()),
        image_pull_secrets=tuple(each.name for each in spec.image_pull_secrets or () if each.name),
        runtime_class_name=spec.runtime_class_name,
        priority_class_name=spec.priority_class_name,
        node_name=spec.node_name,
        node_selector=spec.node_selector or {},
        toleration_keys=tuple(each.key or "" for each in spec.tolerations or ()),
        restart_policy=spec.restart_policy,
        termination_grace_period_seconds=spec.termination_grace_period_seconds,
        active_deadline_seconds=spec.active_deadline_seconds,
        has_pod_anti_affinity=bool(spec.affinity and spec.affinity.pod_anti_affinity),
        topology_spread_constraints=len(spec.topology_spread_constraints or ()),
        requests=quantities(spec.resources.requests) if spec.resources else {},
        limits=quantities(spec.resources.limits) if spec.resources else {},
        security=pod_security(spec.security_context),
        volumes=_volumes(spec, raw, spec_at),
        claim_templates=tuple(
            each.metadata.name for each in rest.volume_claim_templates or () if each.metadata and each.metadata.name
        ),
        init_containers=_containers(spec.init_containers, ContainerKind.INIT, f"{spec_at}/initContainers", image_ids),
        containers=_containers(spec.containers, ContainerKind.REGULAR, f"{spec_at}/containers", image_ids),
        ephemeral_containers=_containers(
            spec.ephemeral_containers, ContainerKind.EPHEMERAL, f"{spec_at}/ephemeralContainers", image_ids
        ),
        created=created(meta),
    )


def _containers(
    wires: list[ContainerWire] | None, kind: ContainerKind, at: str, image_ids: Mapping[str, str]
) -> tuple[Container, ...]:
    if not wires:
        return ()
    return tuple([container(wire, kind, f"{at}/{index}", image_ids) for index, wire in enumerate(wires)])


def _volumes(spec: PodSpecWire, raw: Mapping[str, Any], at: str) -> tuple[Volume, ...]:
    if not spec.volumes:
        return ()
    return tuple(
        [volume(wire, raw["volumes"][index], f"{at}/volumes/{index}") for index, wire in enumerate(spec.volumes)]
    )


def _selector(document: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The labels a workload selects its pods by; None when it states none, or more than equality."""
    spec = document.get("spec")
    selector = spec.get("selector") if isinstance(spec, dict) else None
    if not isinstance(selector, dict):
        return None
    labels = selector.get("matchLabels") if any(key in selector for key in _LABEL_SELECTOR_KEYS) else selector
    if not isinstance(labels, dict):
        return None
    return {str(key): value for key, value in labels.items() if isinstance(value, str)}


def _image_ids(document: Mapping[str, Any]) -> dict[str, str]:
    """Digests that the kubelet reports, by container name."""
    status = document.get("status")
    if not isinstance(status, dict):
        return {}
    try:
        wire = convert(status, PodStatus, "/status")
    except EvidenceError:  # the status is a report, not what was asked for: without it the digest is unknown
        return {}
    reported: list[ContainerStatus] = [
        *(wire.init_container_statuses or ()),
        *(wire.container_statuses or ()),
        *(wire.ephemeral_container_statuses or ()),
    ]
    found: dict[str, str] = {}
    for each in reported:
        _, mark, digest = (each.image_id or "").rpartition("sha256:")
        if mark:
            found[each.name] = f"sha256:{digest}"
    return found
