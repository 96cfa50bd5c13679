"""Records of cluster objects other than pods, by kind; a kind that nobody reads is listed as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compliance.errors import EvidenceError
from compliance.evidence.admission import (
    gatekeeper,
    image_policy,
    kyverno,
    kyverno_expressions,
    policy_binding,
    ratify,
    validating_policy,
    webhooks,
)
from compliance.evidence.cluster_wire import (
    AccountWire,
    AutoscalerSpec,
    BindingWire,
    BudgetSpec,
    ClaimSpec,
    ConfigMapWire,
    LimitSpec,
    NodeSpec,
    NodeStatus,
    QuotaSpec,
    RoleWire,
    SecretWire,
    VolumeSpec,
)
from compliance.evidence.credentials import is_placeholder, text_suspicion
from compliance.evidence.decisions.reports import REPORTS, report
from compliance.evidence.networking import (
    gateway,
    gateway_route,
    ingress,
    network_policy,
    openshift_route,
    selector,
    service,
    spec_of,
)
from compliance.evidence.subjects import group_of, header
from compliance.evidence.wire import MetaWire, convert
from compliance.model.cluster import (
    Autoscaler,
    Claim,
    ClusterObject,
    ConfigMap,
    DisruptionBudget,
    Header,
    Limits,
    Namespace,
    Node,
    OtherObject,
    PersistentVolume,
    PolicyRule,
    Quota,
    RbacSubject,
    Role,
    RoleBinding,
    Secret,
    ServiceAccount,
)
from compliance.model.evidence import Origin, SubjectType

Document = Mapping[str, Any]
Build = Callable[[Document, Header], ClusterObject]

#: Keys of a PersistentVolume's spec that are no volume source (Kubernetes API, PersistentVolumeSpec).
_NO_SOURCE = frozenset(
    (
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    )
)


def cluster_object(document: Document, meta: MetaWire, origin: Origin) -> ClusterObject:
    """The record of one object.

    Raises:
        EvidenceError: a value has a type that the API server refuses.
    """
    kind, group = str(document["kind"]), group_of(str(document["apiVersion"]))
    build = _KINDS.get((group, kind)) or _group_wide(group)
    if build is None:
        return OtherObject(header=header(document, meta, origin))
    return build(document, header(document, meta, origin, _SUBJECT_TYPES.get((group, kind), _type_of(group))))


def _group_wide(group: str) -> Build | None:
    if group == "constraints.gatekeeper.sh":
        return gatekeeper
    return None


def _type_of(group: str) -> SubjectType | None:
    return SubjectType.ADMISSION if group == "constraints.gatekeeper.sh" else None


def _namespace(_: Document, head: Header) -> Namespace:
    return Namespace(header=head)


def _service_account(document: Document, head: Header) -> ServiceAccount:
    wire = convert(document, AccountWire, "")
    return ServiceAccount(
        header=head,
        automount_token=wire.automount_service_account_token,
        secrets=tuple(each.name for each in wire.secrets or () if each.name),
        image_pull_secrets=tuple(each.name for each in wire.image_pull_secrets or () if each.name),
    )


def _role(document: Document, head: Header) -> Role:
    wire = convert(document, RoleWire, "")
    return Role(
        header=head,
        rules=tuple(
            PolicyRule(
                verbs=tuple(rule.verbs or ()),
                api_groups=tuple(rule.api_groups or ()),
                resources=tuple(rule.resources or ()),
                resource_names=tuple(rule.resource_names or ()),
                non_resource_urls=tuple(rule.non_resource_urls or ()),
            )
            for rule in wire.rules or ()
        ),
        aggregated=wire.aggregation_rule is not None,
    )


def _role_binding(document: Document, head: Header) -> RoleBinding:
    if not isinstance(document.get("roleRef"), dict):
        raise EvidenceError("no roleRef; the API server refuses a binding without one", pointer="/roleRef")
    wire = convert(document, BindingWire, "")
    return RoleBinding(
        header=head,
        role_kind=wire.role_ref.kind,
        role_name=wire.role_ref.name,
        subjects=tuple(
            RbacSubject(kind=each.kind, name=each.name, namespace=each.namespace) for each in wire.subjects or ()
        ),
    )


def _config_map(document: Document, head: Header) -> ConfigMap:
    wire = convert(document, ConfigMapWire, "")
    data = wire.data or {}
    found = ((key, text_suspicion(key, value or "")) for key, value in data.items())
    return ConfigMap(
        header=head,
        keys=(*data, *(wire.binary_data or ())),
        suspects=tuple((key, why) for key, why in found if why),
        immutable=bool(wire.immutable),
    )


def _secret(document: Document, head: Header) -> Secret:
    wire = convert(document, SecretWire, "")
    values = {**(wire.data or {}), **(wire.string_data or {})}
    return Secret(
        header=head,
        type=wire.type or "Opaque",
        keys=tuple(values),
        has_values=any(value and not is_placeholder(value) for value in values.values()),
        immutable=bool(wire.immutable),
    )


def _limits(document: Document, head: Header) -> Limits:
    limits = convert(spec_of(document), LimitSpec, "/spec").limits or ()
    return Limits(
        header=head,
        defaults={each.type: tuple(each.default) for each in limits if each.default},
        default_requests={each.type: tuple(each.default_request) for each in limits if each.default_request},
        maxima={each.type: tuple(each.max) for each in limits if each.max},
    )


def _quota(document: Document, head: Header) -> Quota:
    return Quota(header=head, hard=tuple(convert(spec_of(document), QuotaSpec, "/spec").hard or ()))


def _budget(document: Document, head: Header) -> DisruptionBudget:
    spec = convert(spec_of(document), BudgetSpec, "/spec")
    return DisruptionBudget(
        header=head,
        selector=selector(spec.selector) if spec.selector else None,
        min_available=None if spec.min_available is None else str(spec.min_available),
        max_unavailable=None if spec.max_unavailable is None else str(spec.max_unavailable),
    )


def _autoscaler(document: Document, head: Header) -> Autoscaler:
    spec = convert(spec_of(document), AutoscalerSpec, "/spec")
    target = spec.scale_target_ref
    return Autoscaler(
        header=head,
        target_kind=(target.kind or "Deployment") if target else "",
        target_name=target.name if target else "",
        min_replicas=spec.min_replicas if spec.min_replicas is not None else spec.min_replica_count,
        max_replicas=spec.max_replicas if spec.max_replicas is not None else spec.max_replica_count,
    )


def _volume(document: Document, head: Header) -> PersistentVolume:
    raw = spec_of(document)
    spec = convert(raw, VolumeSpec, "/spec")
    keys = (
        [key for key, value in raw.items() if key not in _NO_SOURCE and value is not None]
        if isinstance(raw, dict)
        else []
    )
    return PersistentVolume(
        header=head, source=keys[0] if keys else "none", host_path=spec.host_path.path if spec.host_path else None
    )


def _claim(document: Document, head: Header) -> Claim:
    return Claim(header=head, storage_class=convert(spec_of(document), ClaimSpec, "/spec").storage_class_name)


def _node(document: Document, head: Header) -> Node:
    spec = convert(spec_of(document), NodeSpec, "/spec")
    status = document.get("status")
    info = convert(status, NodeStatus, "/status").node_info if status is not None else None
    return Node(
        header=head,
        kubelet_version=info.kubelet_version if info else None,
        os_image=info.os_image if info else None,
        operating_system=info.operating_system if info else None,
        container_runtime=info.container_runtime_version if info else None,
        taint_keys=tuple(each.key for each in spec.taints or ()),
        provider_id=spec.provider_id,
    )


_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_GATEWAY = "gateway.networking.k8s.io"
_KINDS: dict[tuple[str, str], Build] = {
    ("", "Namespace"): _namespace,
    ("", "ServiceAccount"): _service_account,
    (_RBAC, "Role"): _role,
    (_RBAC, "ClusterRole"): _role,
    (_RBAC, "RoleBinding"): _role_binding,
    (_RBAC, "ClusterRoleBinding"): _role_binding,
    ("networking.k8s.io", "NetworkPolicy"): network_policy,
    ("extensions", "NetworkPolicy"): network_policy,
    ("", "Service"): service,
    ("networking.k8s.io", "Ingress"): ingress,
    ("extensions", "Ingress"): ingress,
    **{(_GATEWAY, kind): gateway_route for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")},
    (_GATEWAY, "Gateway"): gateway,
    ("route.openshift.io", "Route"): openshift_route,
    ("", "ConfigMap"): _config_map,
    ("", "Secret"): _secret,
    ("", "LimitRange"): _limits,
    ("", "ResourceQuota"): _quota,
    ("policy", "PodDisruptionBudget"): _budget,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("keda.sh", "ScaledObject"): _autoscaler,
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Node"): _node,
    (_ADMISSION, "ValidatingWebhookConfiguration"): webhooks,
    (_ADMISSION, "MutatingWebhookConfiguration"): webhooks,
    (_ADMISSION, "ValidatingAdmissionPolicy"): validating_policy,
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): policy_binding,
    ("kyverno.io", "ClusterPolicy"): kyverno,
    ("kyverno.io", "Policy"): kyverno,
    **{
        ("policies.kyverno.io", f"{scope}{kind}"): kyverno_expressions
        for scope in ("", "Namespaced")
        for kind in ("ValidatingPolicy", "ImageValidatingPolicy")
    },
    ("policy.sigstore.dev", "ClusterImagePolicy"): image_policy,
    **dict.fromkeys(REPORTS, report),
    **{
        ("config.ratify.deislabs.io", f"{scope}{kind}"): ratify
        for scope in ("", "Namespaced")
        for kind in ("Verifier", "Policy")
    },
}
_SUBJECT_TYPES: dict[tuple[str, str], SubjectType] = {
    **{
        key: SubjectType.ROUTE
        for key, build in _KINDS.items()
        if build in (ingress, gateway_route, gateway, openshift_route)
    },
    **{
        key: SubjectType.ADMISSION
        for key, build in _KINDS.items()
        if build
        in (kyverno, kyverno_expressions, image_policy, ratify, webhooks, validating_policy, policy_binding, report)
    },
}
