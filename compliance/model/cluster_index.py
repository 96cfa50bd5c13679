"""Records of all evidence in, one Cluster with its look-up maps out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar, cast

from compliance.model.cluster import (
    AdmissionPolicy,
    Autoscaler,
    Claim,
    Cluster,
    ClusterObject,
    ConfigMap,
    DisruptionBudget,
    Gateway,
    Header,
    Limits,
    Namespace,
    NetworkPolicy,
    Node,
    OtherObject,
    PersistentVolume,
    PolicyBinding,
    Quota,
    Role,
    RoleBinding,
    Route,
    RunContainer,
    Secret,
    Service,
    ServiceAccount,
    TypedList,
    WebhookConfiguration,
    WorkloadEntry,
    near_label,
)
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.rbac import bound_role_key, role_key, subject_key
from compliance.model.workload import ContainerKind, Pod, Volume

#: The subject of verdicts about the cluster as a whole.
CLUSTER = Subject(id="cluster", type=SubjectType.CLUSTER, name="the cluster")


class _HasHeader(Protocol):
    @property
    def header(self) -> Header: ...


H = TypeVar("H", bound=_HasHeader)
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def index(records: Iterable[ClusterObject | TypedList | Pod], workloads: Iterable[WorkloadEntry]) -> Cluster:
    """All records as one Cluster, whatever their order; Pod records are passed over (`workloads` stand for them).

    An object that stands in several files is kept as often as it was seen; the maps that give one
    object give the first by path and place.
    """
    by_type: dict[type, list[ClusterObject]] = {}
    lists: list[TypedList] = []
    kinds: set[str] = set()
    for record in records:
        if isinstance(record, TypedList):
            lists.append(record)
            kinds.add(record.item_kind)
        elif not isinstance(record, Pod):
            by_type.setdefault(type(record), []).append(record)
            kinds.add(record.header.kind)
    entries = sorted(workloads, key=lambda entry: (entry.subject.id, *_place(entry.origin)))
    kinds.update(entry.kind for entry in entries)
    lists.sort(key=lambda found: (found.item_kind, *_place(found.origin)))
    return _joined(by_type, tuple(entries), tuple(lists), frozenset(kinds))


def _joined(
    by_type: Mapping[type, list[ClusterObject]],
    workloads: tuple[WorkloadEntry, ...],
    lists: tuple[TypedList, ...],
    kinds: frozenset[str],
) -> Cluster:
    def of(kind: type[H]) -> tuple[H, ...]:
        found = cast("list[H]", by_type.get(kind, []))
        return tuple(sorted(found, key=lambda record: (record.header.subject.id, *_place(record.header.origin))))

    namespaces, accounts, roles, bindings = of(Namespace), of(ServiceAccount), of(Role), of(RoleBinding)
    policies, services, config_maps, secrets = of(NetworkPolicy), of(Service), of(ConfigMap), of(Secret)
    limits, quotas, budgets, scalers = of(Limits), of(Quota), of(DisruptionBudget), of(Autoscaler)
    routes, gateways, others, policy_bindings = of(Route), of(Gateway), of(OtherObject), of(PolicyBinding)
    return Cluster(
        subject=CLUSTER,
        workloads=workloads,
        namespaces=namespaces,
        service_accounts=accounts,
        roles=roles,
        role_bindings=bindings,
        network_policies=policies,
        services=services,
        routes=routes,
        gateways=gateways,
        config_maps=config_maps,
        secrets=secrets,
        limits=limits,
        quotas=quotas,
        disruption_budgets=budgets,
        autoscalers=scalers,
        persistent_volumes=of(PersistentVolume),
        claims=of(Claim),
        webhooks=of(WebhookConfiguration),
        policies=of(AdmissionPolicy),
        policy_bindings=policy_bindings,
        nodes=of(Node),
        others=others,
        lists=lists,
        kinds=kinds,
        workloads_in=_grouped(workloads, lambda entry: entry.namespace),
        namespace_named=_first(namespaces, lambda found: found.header.name),
        service_account_named=_first(accounts, _named),
        role_named=_first(roles, role_key),
        bindings_of=_grouped(bindings, bound_role_key),
        network_policies_in=_grouped(policies, _namespace),
        services_in=_grouped(services, _namespace),
        config_map_named=_first(config_maps, _named),
        secret_named=_first(secrets, _named),
        limits_in=_grouped(limits, _namespace),
        quotas_in=_grouped(quotas, _namespace),
        budgets_in=_grouped(budgets, _namespace),
        autoscalers_in=_grouped(scalers, _namespace),
        bindings_to=_bindings_to(bindings),
        service_named=_first(services, _named),
        gateway_named=_first(gateways, _named),
        workload_named={
            **_first(workloads, lambda found: (found.namespace, found.subject.kind or "", found.subject.name)),
            **_first(workloads, lambda found: (found.namespace, found.kind, found.name)),
        },
        others_of=_grouped(others, lambda found: found.header.kind),
        policy_bindings_of=_grouped(policy_bindings, lambda found: found.policy_name),
        workloads_labelled=_labelled(workloads),
        policies_by_label=_grouped(policies, lambda found: near_label(found.header.namespace, found.pod_selector)),
        budgets_by_label=_grouped(budgets, lambda found: near_label(found.header.namespace, found.selector)),
        workloads_as=_grouped(
            [found for found in workloads if not found.static],
            lambda found: (found.namespace, found.service_account_name or "default"),
        ),
        autoscaler_of=_first(scalers, lambda found: (found.header.namespace, found.target_kind, found.target_name)),
        routes_to=_routes_to(routes),
        services_by_label=_by_first_label(services),
    )


def _place(origin: Origin) -> tuple[str, str, int, str, int]:
    document = -1 if origin.document is None else origin.document
    return (origin.path, origin.sha256, document, origin.pointer, origin.offset)


def _namespace(record: _HasHeader) -> str | None:
    return record.header.namespace


def _named(record: _HasHeader) -> tuple[str | None, str]:
    return (record.header.namespace, record.header.name)


def _grouped(records: Sequence[T], key: Callable[[T], K]) -> dict[K, tuple[T, ...]]:
    groups: dict[K, list[T]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return {name: tuple(found) for name, found in groups.items()}


def _first(records: Sequence[T], key: Callable[[T], K]) -> dict[K, T]:
    found: dict[K, T] = {}
    for record in records:
        found.setdefault(key(record), record)
    return found


def _labelled(entries: Sequence[WorkloadEntry]) -> dict[tuple[str | None, str, str], tuple[WorkloadEntry, ...]]:
    groups: dict[tuple[str | None, str, str], list[WorkloadEntry]] = {}
    for found in entries:
        for key, value in found.pod_labels.items():
            groups.setdefault((found.namespace, key, value), []).append(found)
    return {label: tuple(found) for label, found in groups.items()}


def _bindings_to(bindings: Sequence[RoleBinding]) -> dict[tuple[str, str | None, str], tuple[RoleBinding, ...]]:
    groups: dict[tuple[str, str | None, str], list[RoleBinding]] = {}
    for binding in bindings:
        for key in sorted({subject_key(subject, binding) for subject in binding.subjects}, key=str):
            groups.setdefault(key, []).append(binding)
    return {key: tuple(found) for key, found in groups.items()}


def _routes_to(routes: Sequence[Route]) -> dict[tuple[str | None, str], tuple[Route, ...]]:
    groups: dict[tuple[str | None, str], list[Route]] = {}
    for route in routes:
        own = route.header.namespace
        for key in sorted({(backend.namespace or own, backend.service) for backend in route.backends}, key=str):
            groups.setdefault(key, []).append(route)
    return {key: tuple(found) for key, found in groups.items()}


def _by_first_label(services: Sequence[Service]) -> dict[tuple[str | None, str, str], tuple[Service, ...]]:
    """Each Service once, under the first item of its selector: a pod it selects carries that label."""
    groups: dict[tuple[str | None, str, str], list[Service]] = {}
    for service in services:
        if service.selector:
            groups.setdefault((service.header.namespace, *min(service.selector.items())), []).append(service)
    return {key: tuple(found) for key, found in groups.items()}


def entry(pod: Pod) -> WorkloadEntry:
    """What other objects need to know of a workload. Names of ConfigMaps, Secrets and images are sorted and unique.

    `container_ports` are those a Service can reach: of regular containers and sidecars.
    `secrets` hold pull secrets, too.
    """
    containers = pod.all_containers()
    serving = [c for c in containers if c.kind in (ContainerKind.REGULAR, ContainerKind.SIDECAR)]
    config_maps, secrets = _references(pod)
    return WorkloadEntry(
        origin=pod.origin,
        subject=pod.subject,
        kind=pod.kind,
        name=pod.name,
        namespace=pod.namespace,
        replicas=pod.replicas,
        pod_labels=pod.pod_labels,
        service_account_name=pod.service_account_name,
        automount_service_account_token=pod.automount_service_account_token,
        host_network=pod.host_network,
        spec_at=pod.spec_at,
        container_ports=tuple((p.container_port, p.name, p.protocol) for c in serving for p in c.ports),
        host_ports=tuple(sorted({p.host_port for c in containers for p in c.ports if p.host_port})),
        config_maps=config_maps,
        secrets=secrets,
        images=tuple(sorted({c.image for c in containers if c.image})),
        image_ids=tuple(sorted({c.image_id for c in containers if c.image_id})),
        static=pod.owner is not None and pod.owner[0] == "Node",
        containers=tuple(
            RunContainer(c.image or "", c.image_id or "", c.security.read_only_root_filesystem, c.at)
            for c in containers
        ),
    )


def _references(pod: Pod) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the ConfigMaps and of the Secrets that a pod takes."""
    config_maps: set[str] = set()
    secrets = set(pod.image_pull_secrets)
    for container in pod.all_containers():
        for variable in container.env:
            _take(variable.source, variable.ref_name, config_maps, secrets)
        for whole in container.env_from:
            _take(whole.source, whole.ref_name, config_maps, secrets)
    for volume in pod.volumes:
        for source, name in _volume_references(volume):
            _take(source, name, config_maps, secrets)
    return tuple(sorted(config_maps)), tuple(sorted(secrets))


def _volume_references(volume: Volume) -> tuple[tuple[str, str | None], ...]:
    return volume.projected if volume.type == "projected" else ((volume.type, volume.ref_name),)


def _take(source: str, name: str | None, config_maps: set[str], secrets: set[str]) -> None:
    if not name:
        return
    if source in ("configMapKeyRef", "configMapRef", "configMap"):
        config_maps.add(name)
    elif source in ("secretKeyRef", "secretRef", "secret"):
        secrets.add(name)
