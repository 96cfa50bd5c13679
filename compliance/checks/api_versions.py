"""Headers of all objects in, verdicts out: whether their API versions are served by the cluster's release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.model.check import Effort, Verdict, check, failed, passed
from compliance.model.cluster import Header
from compliance.model.configuration import Parameters
from compliance.model.outcome import Severity


@dataclass(frozen=True, slots=True)
class _Retired:
    """An API version of a kind: minors since which its successor is served and it no longer is (None: it still is)."""

    successor: str
    since: int
    removed: int | None


def _table(*rows: tuple[str, str, str, int, int | None]) -> Mapping[tuple[str, str], _Retired]:
    return {
        (version, kind): _Retired(successor, since, removed)
        for version, kinds, successor, since, removed in rows
        for kind in kinds.split()
    }


_RBAC_KINDS = "ClusterRole ClusterRoleBinding Role RoleBinding"
_FLOW_KINDS = "FlowSchema PriorityLevelConfiguration"
_HOOK_KINDS = "MutatingWebhookConfiguration ValidatingWebhookConfiguration"
_PSP = "no successor; use Pod Security Admission"

#: apiVersion, kinds, successor, minor of Kubernetes 1 since which it is served, minor that stopped serving the old one.
#: Source: Kubernetes documentation, "Deprecated API Migration Guide"; deprecation of Endpoints: release notes of 1.33,
#: of ComponentStatus: of 1.19; rbac v1alpha1: release notes of 1.23.
_RETIRED = _table(
    ("extensions/v1beta1", "DaemonSet Deployment ReplicaSet", "apps/v1", 9, 16),
    ("extensions/v1beta1", "NetworkPolicy", "networking.k8s.io/v1", 8, 16),
    ("extensions/v1beta1", "PodSecurityPolicy", _PSP, 10, 16),
    ("extensions/v1beta1", "Ingress", "networking.k8s.io/v1", 19, 22),
    ("apps/v1beta1", "Deployment StatefulSet ReplicaSet", "apps/v1", 9, 16),
    ("apps/v1beta2", "DaemonSet Deployment StatefulSet ReplicaSet", "apps/v1", 9, 16),
    ("admissionregistration.k8s.io/v1beta1", _HOOK_KINDS, "admissionregistration.k8s.io/v1", 16, 22),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "apiextensions.k8s.io/v1", 16, 22),
    ("apiregistration.k8s.io/v1beta1", "APIService", "apiregistration.k8s.io/v1", 10, 22),
    ("authentication.k8s.io/v1beta1", "TokenReview", "authentication.k8s.io/v1", 6, 22),
    (
        "authorization.k8s.io/v1beta1",
        "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
        "authorization.k8s.io/v1",
        6,
        22,
    ),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "certificates.k8s.io/v1", 19, 22),
    ("coordination.k8s.io/v1beta1", "Lease", "coordination.k8s.io/v1", 14, 22),
    ("networking.k8s.io/v1beta1", "Ingress IngressClass", "networking.k8s.io/v1", 19, 22),
    ("rbac.authorization.k8s.io/v1alpha1", _RBAC_KINDS, "rbac.authorization.k8s.io/v1", 8, 23),
    ("rbac.authorization.k8s.io/v1beta1", _RBAC_KINDS, "rbac.authorization.k8s.io/v1", 8, 22),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", "scheduling.k8s.io/v1", 14, 22),
    ("storage.k8s.io/v1beta1", "CSIDriver", "storage.k8s.io/v1", 19, 22),
    ("storage.k8s.io/v1beta1", "CSINode", "storage.k8s.io/v1", 17, 22),
    ("storage.k8s.io/v1beta1", "StorageClass", "storage.k8s.io/v1", 6, 22),
    ("storage.k8s.io/v1beta1", "VolumeAttachment", "storage.k8s.io/v1", 13, 22),
    ("batch/v1beta1", "CronJob", "batch/v1", 21, 25),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1", 21, 25),
    ("events.k8s.io/v1beta1", "Event", "events.k8s.io/v1", 19, 25),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", "autoscaling/v2", 23, 25),
    ("policy/v1beta1", "PodDisruptionBudget", "policy/v1", 21, 25),
    ("policy/v1beta1", "PodSecurityPolicy", _PSP, 21, 25),
    ("node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1", 20, 25),
    ("flowcontrol.apiserver.k8s.io/v1beta1", _FLOW_KINDS, "flowcontrol.apiserver.k8s.io/v1", 23, 26),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2", 23, 26),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", "storage.k8s.io/v1", 24, 27),
    ("flowcontrol.apiserver.k8s.io/v1beta2", _FLOW_KINDS, "flowcontrol.apiserver.k8s.io/v1", 26, 29),
    ("flowcontrol.apiserver.k8s.io/v1beta3", _FLOW_KINDS, "flowcontrol.apiserver.k8s.io/v1", 29, 32),
    ("v1", "ComponentStatus", "the health end points of the API server", 19, None),
    ("v1", "Endpoints", "discovery.k8s.io/v1 EndpointSlice", 33, None),
)


def _release(params: Parameters) -> str:
    return f"Kubernetes {params.kubernetes}" + ("" if params.kubernetes_stated else " (assumed, no release was stated)")


@check(
    id="api-version-served",
    title="The object's API version is served by the cluster's release",
    severity=Severity.MEDIUM,
    effort=Effort.SETTING,
    fix="Change apiVersion to the successor and adjust the fields that moved.",
)
def api_version_served(header: Header, params: Parameters) -> Verdict:
    """apiVersion and kind are none that the stated Kubernetes release stopped serving.

    An object that the cluster refuses protects nothing. Without a stated release the newest known is taken.
    Source: Kubernetes, "Deprecated API Migration Guide", Removed APIs by release.
    """
    what = f"{header.api_version} {header.kind}"
    at = [header.at("/apiVersion")]
    found = _RETIRED.get((header.api_version, header.kind))
    if found is not None and found.removed is not None and found.removed <= params.kubernetes.minor:
        return failed(
            f"{what} is not served since 1.{found.removed}; for {_release(params)} use {found.successor}",
            at=at,
        )
    return passed(f"{what} is not among those that {_release(params)} stopped serving", at=at)


@check(
    id="api-version-deprecated",
    title="The object's API version has no successor yet",
    severity=Severity.LOW,
    effort=Effort.SETTING,
    fix="Change apiVersion to the successor before the release that stops serving the old one.",
)
def api_version_deprecated(header: Header, params: Parameters) -> Verdict:
    """apiVersion and kind are none that the stated Kubernetes release serves in a newer version, or not at all.

    Source: Kubernetes, "Deprecated API Migration Guide"; "Kubernetes Deprecation Policy".
    """
    what = f"{header.api_version} {header.kind}"
    at = [header.at("/apiVersion")]
    found = _RETIRED.get((header.api_version, header.kind))
    if found is None or found.since > params.kubernetes.minor:
        return passed(f"{what} is current in {_release(params)}", at=at)
    end = f", no longer served since 1.{found.removed}" if found.removed is not None else ""
    return failed(f"{what} is superseded since 1.{found.since}{end}; successor: {found.successor}", at=at)
