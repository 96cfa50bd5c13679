"""Who an object is: its header, and the workload that a controlled pod or replica set belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from compliance.errors import EvidenceError
from compliance.evidence.wire import MetaWire, OwnerWire, convert
from compliance.model.cluster import Header
from compliance.model.evidence import Origin, Subject, SubjectType

#: API groups that Kubernetes itself serves (Kubernetes API reference, 1.37 and the groups it retired).
BUILT_IN_GROUPS = frozenset(
    (
        "",
        "apps",
        "batch",
        "autoscaling",
        "policy",
        "extensions",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    )
)
#: Longest name, namespace, kind or apiVersion that is taken; the API server takes 253 characters of nearly all.
MAX_NAME = 1000
#: Longest annotation value that is kept.
ANNOTATION_KEPT = 256
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SUBJECT_TYPES = {
    "Namespace": SubjectType.NAMESPACE,
    "ServiceAccount": SubjectType.SERVICE_ACCOUNT,
    "Role": SubjectType.ROLE,
    "ClusterRole": SubjectType.ROLE,
    "RoleBinding": SubjectType.ROLE_BINDING,
    "ClusterRoleBinding": SubjectType.ROLE_BINDING,
    "NetworkPolicy": SubjectType.NETWORK_POLICY,
    "Service": SubjectType.SERVICE,
    "Ingress": SubjectType.ROUTE,
    "ConfigMap": SubjectType.CONFIGURATION,
    "Secret": SubjectType.CONFIGURATION,
    "ValidatingWebhookConfiguration": SubjectType.ADMISSION,
    "MutatingWebhookConfiguration": SubjectType.ADMISSION,
    "ValidatingAdmissionPolicy": SubjectType.ADMISSION,
    "ValidatingAdmissionPolicyBinding": SubjectType.ADMISSION,
    "Node": SubjectType.NODE,
}


def group_of(api_version: str) -> str:
    """The API group of `group/version`; empty for the core group."""
    group, slash, _ = api_version.rpartition("/")
    return group if slash else ""


def texts(value: Mapping[str, str | None] | None) -> dict[str, str]:
    """A mapping of texts as the API server keeps it: null is the empty text."""
    return {key: text or "" for key, text in value.items()} if value else {}


def kept_annotations(value: Mapping[str, str | None] | None) -> dict[str, str]:
    """Annotations without the last applied configuration, long values cut."""
    if not value:
        return {}
    return {key: (text or "")[:ANNOTATION_KEPT] for key, text in value.items() if key != _LAST_APPLIED}


def identity(
    kind: str, api_version: str, namespace: str | None, name: str, type_: SubjectType, suffix: str = ""
) -> Subject:
    """The subject `namespace/Kind/name`; kinds of other API groups read `Kind.group`.

    Raises:
        EvidenceError: one of them is longer than MAX_NAME.
    """
    for text in (kind, api_version, namespace or "", name):
        if len(text) > MAX_NAME:
            raise EvidenceError(
                f"a name of {len(text):,} characters ({text[:30]}...); the API server takes at most 253",
                pointer="/metadata",
            )
    group = group_of(api_version)
    full_kind = kind if group in BUILT_IN_GROUPS else f"{kind}.{group}"
    place = f"{namespace}/" if namespace else ""
    return Subject(id=f"{place}{full_kind}/{name}{suffix}", type=type_, name=name, namespace=namespace, kind=kind)


def metadata(document: Mapping[str, object]) -> MetaWire:
    """The object's metadata; an absent one is empty."""
    value = document.get("metadata")
    return convert(value, MetaWire, "/metadata") if value is not None else MetaWire()


def created(meta: MetaWire) -> str | None:
    """When the API server made the object, ISO 8601; None for a manifest."""
    value = meta.creation_timestamp
    if isinstance(value, datetime):
        return value.isoformat()
    return value[:MAX_NAME] if isinstance(value, str) and value else None


def name_of(meta: MetaWire) -> str:
    """The object's name, or its generateName followed by `*`; empty when it has neither."""
    return meta.name or (f"{meta.generate_name}*" if meta.generate_name else "")


def header(
    document: Mapping[str, object], meta: MetaWire, origin: Origin, type_: SubjectType | None = None, suffix: str = ""
) -> Header:
    """What every object says of itself."""
    kind, api_version = str(document["kind"]), str(document["apiVersion"])
    name = name_of(meta)
    if type_ is None:
        built_in = group_of(api_version) in BUILT_IN_GROUPS
        type_ = _SUBJECT_TYPES.get(kind, SubjectType.OBJECT) if built_in else SubjectType.OBJECT
    namespace = meta.namespace or None
    return Header(
        origin=origin,
        subject=identity(kind, api_version, namespace, name, type_, suffix),
        api_version=api_version,
        kind=kind,
        name=name,
        namespace=namespace,
        labels=texts(meta.labels),
        annotations=kept_annotations(meta.annotations),
    )


def controller_of(meta: MetaWire) -> OwnerWire | None:
    """The owner that controls the object, if one does."""
    for owner in meta.owner_references or ():
        if owner.controller:
            return owner
    return None


def workload(head: Header, meta: MetaWire, suffix: str = "") -> Subject:
    """The workload to which verdicts on a pod or template are said: its topmost controller that the object names.

    A pod of a replica set that a Deployment or Rollout made belongs to that one: the controller's
    hash label is the tail of the replica set's name. A static pod, owned by its node, is itself.
    """
    owner = controller_of(meta)
    if owner is None or owner.kind == "Node" or not owner.name:
        return head.subject
    if head.kind == "Pod" and owner.kind == "ReplicaSet":
        for label, kind, api_version in (
            ("pod-template-hash", "Deployment", "apps/v1"),
            ("rollouts-pod-template-hash", "Rollout", "argoproj.io/v1alpha1"),
        ):
            tail = f"-{(meta.labels or {}).get(label)}"
            if owner.name.endswith(tail) and len(owner.name) > len(tail):
                name = owner.name.removesuffix(tail)
                return identity(kind, api_version, head.namespace, name, SubjectType.WORKLOAD, suffix)
    return identity(owner.kind, owner.api_version, head.namespace, owner.name, SubjectType.WORKLOAD, suffix)


def checked_kind(document: Mapping[str, object]) -> tuple[str, str]:
    """apiVersion and kind of an object.

    Raises:
        EvidenceError: one of them is missing or no text.
    """
    for key in ("apiVersion", "kind"):
        value = document.get(key)
        if value is None or value == "":
            raise EvidenceError(f"no {key}; every Kubernetes object names its apiVersion and kind")
        if not isinstance(value, str):
            raise EvidenceError(f"{key} is no text", pointer=f"/{key}")
    return str(document["apiVersion"]), str(document["kind"])
