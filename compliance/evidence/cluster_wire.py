"""Wire shapes of cluster objects other than pods: the fields we read, typed as the API server types them."""

from __future__ import annotations

from typing import Any

from msgspec import field

from compliance.evidence.wire import Int32, Quantity, Ref, Wire


class ExpressionWire(Wire):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class SelectorWire(Wire):
    match_labels: dict[str, str] | None = None
    match_expressions: list[ExpressionWire] | None = None


class AccountWire(Wire):
    automount_service_account_token: bool | None = None
    secrets: list[Ref] | None = None
    image_pull_secrets: list[Ref] | None = None


class RuleWire(Wire):
    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    non_resource_urls: list[str] | None = field(default=None, name="nonResourceURLs")


class RoleWire(Wire):
    rules: list[RuleWire] | None = None
    aggregation_rule: dict[str, Any] | None = None


class RoleRefWire(Wire):
    kind: str = ""
    name: str = ""


class RbacSubjectWire(Wire):
    kind: str = ""
    name: str = ""
    namespace: str | None = None


class BindingWire(Wire):
    role_ref: RoleRefWire
    subjects: list[RbacSubjectWire] | None = None


class IpBlock(Wire):
    cidr: str = ""
    except_: list[str] | None = field(default=None, name="except")


class PeerWire(Wire):
    ip_block: IpBlock | None = None
    namespace_selector: SelectorWire | None = None
    pod_selector: SelectorWire | None = None


class PolicyRuleWire(Wire):
    from_: list[PeerWire] | None = field(default=None, name="from")
    to: list[PeerWire] | None = None
    ports: list[dict[str, Any]] | None = None


class NetworkPolicySpec(Wire):
    pod_selector: SelectorWire | None = None
    policy_types: list[str] | None = None
    ingress: list[PolicyRuleWire] | None = None
    egress: list[PolicyRuleWire] | None = None


class ServicePortWire(Wire):
    port: Int32 | None = None
    target_port: Int32 | str | None = None
    node_port: Int32 | None = None
    protocol: str | None = None
    name: str | None = None


class ServiceSpec(Wire):
    type: str | None = None
    selector: dict[str, str] | None = None
    ports: list[ServicePortWire] | None = None
    external_ips: list[str] | None = field(default=None, name="externalIPs")
    load_balancer_source_ranges: list[str] | None = None
    external_name: str | None = None


class ConfigMapWire(Wire):
    data: dict[str, str | None] | None = None
    binary_data: dict[str, str | None] | None = None
    immutable: bool | None = None


class SecretWire(Wire):
    type: str | None = None
    data: dict[str, str | None] | None = None
    string_data: dict[str, str | None] | None = None
    immutable: bool | None = None


class LimitWire(Wire):
    type: str = ""
    default: dict[str, Quantity] | None = None
    default_request: dict[str, Quantity] | None = None
    max: dict[str, Quantity] | None = None


class LimitSpec(Wire):
    limits: list[LimitWire] | None = None


class QuotaSpec(Wire):
    hard: dict[str, Quantity] | None = None


class BudgetSpec(Wire):
    selector: SelectorWire | None = None
    min_available: Int32 | str | None = None
    max_unavailable: Int32 | str | None = None


class TargetWire(Wire):
    kind: str | None = None
    name: str = ""


class AutoscalerSpec(Wire):
    scale_target_ref: TargetWire | None = None
    min_replicas: Int32 | None = None
    max_replicas: Int32 | None = None
    min_replica_count: Int32 | None = None
    max_replica_count: Int32 | None = None


class HostPathWire(Wire):
    path: str | None = None


class VolumeSpec(Wire):
    host_path: HostPathWire | None = None


class ClaimSpec(Wire):
    storage_class_name: str | None = None


class ServiceRef(Wire):
    namespace: str | None = None
    name: str = ""


class ClientWire(Wire):
    service: ServiceRef | None = None
    url: str | None = None


class WebhookRule(Wire):
    operations: list[str] | None = None
    resources: list[str] | None = None


class WebhookWire(Wire):
    name: str = ""
    failure_policy: str | None = None
    client_config: ClientWire | None = None
    namespace_selector: SelectorWire | None = None
    object_selector: SelectorWire | None = None
    rules: list[WebhookRule] | None = None
    timeout_seconds: Int32 | None = None
    match_conditions: list[dict[str, Any]] | None = None


class WebhooksWire(Wire):
    webhooks: list[WebhookWire] | None = None


class TaintWire(Wire):
    key: str = ""


class NodeSpec(Wire):
    taints: list[TaintWire] | None = None
    provider_id: str | None = field(default=None, name="providerID")


class NodeInfo(Wire):
    kubelet_version: str | None = None
    os_image: str | None = None
    operating_system: str | None = None
    container_runtime_version: str | None = None


class NodeStatus(Wire):
    node_info: NodeInfo | None = None


class TlsWire(Wire):
    hosts: list[str] | None = None


class BackendPort(Wire):
    number: Int32 | None = None
    name: str | None = None


class BackendService(Wire):
    name: str = ""
    port: BackendPort | None = None


class BackendWire(Wire):
    """An Ingress backend, as networking.k8s.io/v1 or as the retired beta writes it."""

    service: BackendService | None = None
    service_name: str | None = None
    service_port: Int32 | str | None = None


class PathWire(Wire):
    backend: BackendWire | None = None


class HttpWire(Wire):
    paths: list[PathWire] | None = None


class IngressRule(Wire):
    host: str | None = None
    http: HttpWire | None = None


class IngressSpec(Wire):
    ingress_class_name: str | None = None
    default_backend: BackendWire | None = None
    backend: BackendWire | None = None
    rules: list[IngressRule] | None = None
    tls: list[TlsWire] | None = None


class ParentWire(Wire):
    kind: str | None = None
    name: str = ""
    namespace: str | None = None


class BackendRef(Wire):
    kind: str | None = None
    name: str = ""
    namespace: str | None = None
    port: Int32 | None = None


class RouteRule(Wire):
    backend_refs: list[BackendRef] | None = None


class GatewayRouteSpec(Wire):
    hostnames: list[str] | None = None
    parent_refs: list[ParentWire] | None = None
    rules: list[RouteRule] | None = None


class OpenShiftTarget(Wire):
    kind: str | None = None
    name: str = ""


class OpenShiftPort(Wire):
    target_port: Int32 | str | None = None


class OpenShiftRouteSpec(Wire):
    host: str | None = None
    to: OpenShiftTarget | None = None
    alternate_backends: list[OpenShiftTarget] | None = None
    port: OpenShiftPort | None = None
    tls: dict[str, Any] | None = None


class ListenerWire(Wire):
    name: str = ""
    protocol: str = ""
    port: Int32 | None = None
    hostname: str | None = None
    tls: dict[str, Any] | None = None


class GatewaySpec(Wire):
    listeners: list[ListenerWire] | None = None


class PolicyBindingSpec(Wire):
    policy_name: str = ""
    validation_actions: list[str] | None = None
