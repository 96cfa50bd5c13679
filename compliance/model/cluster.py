"""Objects of a cluster other than pods, and the index over all of them that checks look things up in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

from compliance.model.evidence import At, Origin, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What every object says of itself. `annotations` leaves out last-applied-configuration."""

    origin: Origin
    subject: Subject
    api_version: str
    kind: str
    name: str
    namespace: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def at(self, pointer: str = "") -> At:
        """A place in this object, by pointer from its root; the object itself by default."""
        return At(self.origin, pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    header: Header


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    header: Header
    automount_token: bool | None
    secrets: tuple[str, ...]
    image_pull_secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One rule of a role; the texts as written, `*` among them."""

    verbs: tuple[str, ...]
    api_groups: tuple[str, ...]
    resources: tuple[str, ...]
    resource_names: tuple[str, ...]
    non_resource_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A Role or ClusterRole. An aggregated ClusterRole is filled by the cluster: its rules may be incomplete."""

    header: Header
    rules: tuple[PolicyRule, ...]
    aggregated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RbacSubject:
    """Who a binding names: kind User, Group or ServiceAccount."""

    kind: str
    name: str
    namespace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleBinding:
    """A RoleBinding or ClusterRoleBinding."""

    header: Header
    role_kind: str
    role_name: str
    subjects: tuple[RbacSubject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSelector:
    """matchLabels plus matchExpressions as (key, operator, values); empty selects everything."""

    match_labels: Mapping[str, str]
    match_expressions: tuple[tuple[str, str, tuple[str, ...]], ...]

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet the selector, by the rules of the Kubernetes API."""
        for key, value in self.match_labels.items():
            if labels.get(key) != value:
                return False
        return all(_holds(labels, key, operator, values) for key, operator, values in self.match_expressions)


def _holds(labels: Mapping[str, str], key: str, operator: str, values: tuple[str, ...]) -> bool:
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicyPeerRule:
    """One ingress or egress rule. `open_to_all` is true when it names no peer, or every address or namespace."""

    peers: int
    open_to_all: bool
    cidrs: tuple[str, ...]
    ports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicy:
    """A networking.k8s.io NetworkPolicy; `types` are its policyTypes after the API's default."""

    header: Header
    pod_selector: LabelSelector
    types: tuple[str, ...]
    ingress: tuple[NetworkPolicyPeerRule, ...]
    egress: tuple[NetworkPolicyPeerRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    port: int | None
    target_port: int | str | None
    node_port: int | None
    protocol: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    header: Header
    type: str
    selector: Mapping[str, str] | None
    ports: tuple[ServicePort, ...]
    external_ips: tuple[str, ...]
    load_balancer_source_ranges: tuple[str, ...]
    external_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteBackend:
    """A Service that a route sends to; `at` is the pointer of the reference."""

    at: str
    service: str
    namespace: str | None
    port: int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An Ingress, a Gateway API route, or an OpenShift Route.

    `tls_hosts` are the hosts an Ingress's tls section names (empty text: a section without hosts).
    `parents` are the Gateways (namespace or None, name) a Gateway API route attaches to.
    """

    header: Header
    hosts: tuple[str, ...]
    tls: bool
    tls_hosts: tuple[str, ...]
    ingress_class: str | None
    backends: tuple[RouteBackend, ...]
    parents: tuple[tuple[str | None, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    name: str
    protocol: str
    port: int | None
    hostname: str | None
    tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    header: Header
    listeners: tuple[Listener, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigMap:
    """Keys only; `suspects` are (key, why it looks like a credential). Values are never kept."""

    header: Header
    keys: tuple[str, ...]
    suspects: tuple[tuple[str, str], ...]
    immutable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Type and key names only. Values are never kept; `has_values` says that the file holds some."""

    header: Header
    type: str
    keys: tuple[str, ...]
    has_values: bool
    immutable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A LimitRange: by type (`Container`, `Pod`) which resources have a default limit, default request, maximum."""

    header: Header
    defaults: Mapping[str, tuple[str, ...]]
    default_requests: Mapping[str, tuple[str, ...]]
    maxima: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A ResourceQuota and the resources it caps."""

    header: Header
    hard: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptionBudget:
    header: Header
    selector: LabelSelector | None
    min_available: str | None
    max_unavailable: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaler:
    header: Header
    target_kind: str
    target_name: str
    min_replicas: int | None
    max_replicas: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistentVolume:
    """`source` is the key of its volume source (`hostPath`, `csi`, ...)."""

    header: Header
    source: str
    host_path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    header: Header
    storage_class: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One webhook of a configuration; `at` is its pointer."""

    at: str
    name: str
    failure_policy: str | None
    service: str | None
    url: bool
    namespace_selector: LabelSelector | None
    object_selector: LabelSelector | None
    resources: tuple[str, ...]
    operations: tuple[str, ...]
    timeout_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookConfiguration:
    """`mutating` tells the two kinds apart."""

    header: Header
    mutating: bool
    webhooks: tuple[Webhook, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionPolicy:
    """A policy object of an admission engine, told in one shape.

    `engine` is `kyverno`, `gatekeeper`, `validating-admission-policy`, `sigstore` or `ratify`.
    `enforcing` is None when the object itself cannot say (a ValidatingAdmissionPolicy without its
    binding). `topics` are what it asks for: `pod-security`, `image-signature`, `image-registry`,
    `sbom`, `provenance`, `other`. `exempt_namespaces` are named exclusions; `namespaces` limits it to those
    when not empty; `exempts_by_selector` is true when a selector or a condition excludes more
    than can be listed. `at` is the pointer that shows the mode.
    """

    header: Header
    engine: str
    enforcing: bool | None
    topics: tuple[str, ...]
    namespaces: tuple[str, ...]
    exempt_namespaces: tuple[str, ...]
    exempts_by_selector: bool
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBinding:
    """A ValidatingAdmissionPolicyBinding: which policy, whether it denies, and whether it binds it to a part only."""

    header: Header
    policy_name: str
    denies: bool
    narrowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    header: Header
    kubelet_version: str | None
    os_image: str | None
    operating_system: str | None
    container_runtime: str | None
    taint_keys: tuple[str, ...]
    provider_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReport:
    """A policy report of `results` results; what they say is told by AdmissionDecision records."""

    header: Header
    results: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherObject:
    """An object of a kind that no check reads; listed, never dropped."""

    header: Header


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedList:
    """A list of one kind as the API gives it (`NetworkPolicyList`): it proves what is absent, too."""

    origin: Origin
    item_kind: str
    items: int


ClusterObject = (
    Namespace
    | ServiceAccount
    | Role
    | RoleBinding
    | NetworkPolicy
    | Service
    | Route
    | Gateway
    | ConfigMap
    | Secret
    | Limits
    | Quota
    | DisruptionBudget
    | Autoscaler
    | PersistentVolume
    | Claim
    | WebhookConfiguration
    | AdmissionPolicy
    | PolicyBinding
    | Node
    | OtherObject
    | DecisionReport
)


class RunContainer(NamedTuple):
    """A container as far as its image is concerned.

    `image` is the reference as written, `image_id` the digest that the kubelet reports; empty text where
    absent. `read_only` is readOnlyRootFilesystem, None when absent. `at` is the container's pointer.
    """

    image: str
    image_id: str
    read_only: bool | None
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadEntry:
    """What other objects need to know of a workload; one for each Pod record, small.

    `images` are references as written, `image_ids` the digests that the kubelet reports (`sha256:...`),
    both sorted and unique; `containers` are all containers of the pod in order.
    `static` is true of the mirror of a pod that a node runs from a file of its own: it has no service account.
    """

    origin: Origin
    subject: Subject
    kind: str
    name: str
    namespace: str | None
    replicas: int | None
    pod_labels: Mapping[str, str]
    service_account_name: str | None
    automount_service_account_token: bool | None
    host_network: bool | None
    spec_at: str
    container_ports: tuple[tuple[int | None, str | None, str], ...]
    host_ports: tuple[int, ...]
    config_maps: tuple[str, ...]
    secrets: tuple[str, ...]
    images: tuple[str, ...]
    image_ids: tuple[str, ...] = ()
    static: bool = False
    containers: tuple[RunContainer, ...] = ()

    def at(self, pointer: str = "") -> At:
        """A place in the workload's object."""
        return At(self.origin, pointer)

    def said(self) -> str:
        """The workload as an auditor reads it; the pods of one workload all read the same."""
        return f"{self.subject.kind or self.kind} {self.subject.name}"


Scope = Literal["namespace", "cluster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Everything that is not a pod, and an entry for each workload, indexed for look-up.

    Tuples are sorted by subject id, then origin. A key of the `*_in` maps is a namespace, or None
    for objects whose file names none. `kinds` are the kinds of which the evidence holds at least
    one object, or a typed list: only of those does absence mean anything. Keys of `role_named`,
    `bindings_of` and `bindings_to` are made by `rbac.role_key`, `bound_role_key` and `subject_key`;
    `others_of` is by kind, `policy_bindings_of` by the policy's name, `workload_named` by
    (namespace, kind, name), `autoscaler_of` by that of the target, `routes_to` by (namespace, name)
    of the Service.
    """

    subject: Subject
    workloads: tuple[WorkloadEntry, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    roles: tuple[Role, ...] = ()
    role_bindings: tuple[RoleBinding, ...] = ()
    network_policies: tuple[NetworkPolicy, ...] = ()
    services: tuple[Service, ...] = ()
    routes: tuple[Route, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    config_maps: tuple[ConfigMap, ...] = ()
    secrets: tuple[Secret, ...] = ()
    limits: tuple[Limits, ...] = ()
    quotas: tuple[Quota, ...] = ()
    disruption_budgets: tuple[DisruptionBudget, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    persistent_volumes: tuple[PersistentVolume, ...] = ()
    claims: tuple[Claim, ...] = ()
    webhooks: tuple[WebhookConfiguration, ...] = ()
    policies: tuple[AdmissionPolicy, ...] = ()
    policy_bindings: tuple[PolicyBinding, ...] = ()
    nodes: tuple[Node, ...] = ()
    others: tuple[OtherObject, ...] = ()
    lists: tuple[TypedList, ...] = ()
    kinds: frozenset[str] = frozenset()
    workloads_in: Mapping[str | None, tuple[WorkloadEntry, ...]] = field(default_factory=dict)
    namespace_named: Mapping[str, Namespace] = field(default_factory=dict)
    service_account_named: Mapping[tuple[str | None, str], ServiceAccount] = field(default_factory=dict)
    role_named: Mapping[tuple[str | None, str], Role] = field(default_factory=dict)
    bindings_of: Mapping[tuple[str | None, str], tuple[RoleBinding, ...]] = field(default_factory=dict)
    network_policies_in: Mapping[str | None, tuple[NetworkPolicy, ...]] = field(default_factory=dict)
    services_in: Mapping[str | None, tuple[Service, ...]] = field(default_factory=dict)
    config_map_named: Mapping[tuple[str | None, str], ConfigMap] = field(default_factory=dict)
    secret_named: Mapping[tuple[str | None, str], Secret] = field(default_factory=dict)
    limits_in: Mapping[str | None, tuple[Limits, ...]] = field(default_factory=dict)
    quotas_in: Mapping[str | None, tuple[Quota, ...]] = field(default_factory=dict)
    budgets_in: Mapping[str | None, tuple[DisruptionBudget, ...]] = field(default_factory=dict)
    autoscalers_in: Mapping[str | None, tuple[Autoscaler, ...]] = field(default_factory=dict)
    bindings_to: Mapping[tuple[str, str | None, str], tuple[RoleBinding, ...]] = field(default_factory=dict)
    service_named: Mapping[tuple[str | None, str], Service] = field(default_factory=dict)
    gateway_named: Mapping[tuple[str | None, str], Gateway] = field(default_factory=dict)
    workload_named: Mapping[tuple[str | None, str, str], WorkloadEntry] = field(default_factory=dict)
    others_of: Mapping[str, tuple[OtherObject, ...]] = field(default_factory=dict)
    policy_bindings_of: Mapping[str, tuple[PolicyBinding, ...]] = field(default_factory=dict)
    workloads_as: Mapping[tuple[str | None, str], tuple[WorkloadEntry, ...]] = field(default_factory=dict)
    workloads_labelled: Mapping[tuple[str | None, str, str], tuple[WorkloadEntry, ...]] = field(default_factory=dict)
    autoscaler_of: Mapping[tuple[str | None, str, str], Autoscaler] = field(default_factory=dict)
    routes_to: Mapping[tuple[str | None, str], tuple[Route, ...]] = field(default_factory=dict)
    services_by_label: Mapping[tuple[str | None, str, str], tuple[Service, ...]] = field(default_factory=dict)
    policies_by_label: Mapping[tuple[str | None, str, str], tuple[NetworkPolicy, ...]] = field(default_factory=dict)
    budgets_by_label: Mapping[tuple[str | None, str, str], tuple[DisruptionBudget, ...]] = field(default_factory=dict)

    def selected(self, namespace: str | None, selector: LabelSelector) -> tuple[WorkloadEntry, ...]:
        """The workloads of a namespace whose pods a selector matches; only those of its rarest label are looked at."""
        groups = [self.workloads_labelled.get((namespace, *label), ()) for label in selector.match_labels.items()]
        candidates = min(groups, key=len) if groups else self.workloads_in.get(namespace, ())
        return tuple(entry for entry in candidates if selector.selects(entry.pod_labels))

    def knows(self, kind: str) -> bool:
        """Whether objects of a kind were handed in, so that the absence of one means something."""
        return kind in self.kinds

    def services_of(self, namespace: str | None, labels: Mapping[str, str]) -> tuple[Service, ...]:
        """The Services of a namespace whose selector the labels meet, in order of subject id."""
        found = [
            service
            for item in labels.items()
            for service in self.services_by_label.get((namespace, *item), ())
            if service.selector is not None and service.selector.items() <= labels.items()
        ]
        return tuple(sorted(found, key=lambda service: service.header.subject.id)) if len(found) > 1 else tuple(found)

    def policies_of(self, namespace: str | None, labels: Mapping[str, str]) -> tuple[NetworkPolicy, ...]:
        """The NetworkPolicies of a namespace that select pods with these labels, in order of subject id."""
        near = _near(self.policies_by_label, namespace, labels)
        found = [policy for policy in near if policy.pod_selector.selects(labels)]
        return tuple(sorted(found, key=lambda policy: policy.header.subject.id))

    def budgets_of(self, namespace: str | None, labels: Mapping[str, str]) -> tuple[DisruptionBudget, ...]:
        """The disruption budgets of a namespace that select pods with these labels, in order of subject id."""
        near = _near(self.budgets_by_label, namespace, labels)
        found = [budget for budget in near if budget.selector is not None and budget.selector.selects(labels)]
        return tuple(sorted(found, key=lambda budget: budget.header.subject.id))

    def at_list(self, kind: str) -> tuple[At, ...]:
        """The typed lists of a kind, to show that there is none of it."""
        return tuple(At(found.origin, "/items") for found in self.lists if found.item_kind == kind)


def near_label(namespace: str | None, selector: LabelSelector | None) -> tuple[str | None, str, str]:
    """The key under which an object with a selector is indexed: its first label, empty texts without one."""
    label = min(selector.match_labels.items(), default=("", "")) if selector is not None else ("", "")
    return (namespace, *label)


T = TypeVar("T")


def _near(
    index: Mapping[tuple[str | None, str, str], tuple[T, ...]], namespace: str | None, labels: Mapping[str, str]
) -> Iterator[T]:
    """What may select pods with these labels, by `near_label`."""
    for key in dict.fromkeys((*labels.items(), ("", ""))):
        yield from index.get((namespace, *key), ())
