"""Cluster objects become records of their kind; a kind that nobody reads is listed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from compliance.model import cluster
from compliance.model.evidence import SubjectType
from tests.evidence.kubernetes.reading import head, read_all


def _one(kind: str, api_version: str, body: dict[str, Any], **meta: Any) -> Any:
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": "shop", **meta}, **body}
    records, errors = read_all(yaml.safe_dump(document))
    assert not errors
    (record,) = records
    return record


@pytest.mark.parametrize(
    ("rule", "open_to_all"),
    [
        ({}, True),
        ({"from": []}, True),
        ({"from": [{"namespaceSelector": {}}]}, True),
        ({"from": [{"namespaceSelector": {}, "podSelector": {}}]}, True),
        ({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, True),
        ({"from": [{"ipBlock": {"cidr": "::/0"}}]}, True),
        ({"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}, False),
        ({"from": [{"podSelector": {}}]}, False),
        ({"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"a": "b"}}}]}, False),
        ({"from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]}, False),
    ],
)
def test_a_network_policy_rule_is_open_or_not(rule: dict[str, Any], open_to_all: bool) -> None:
    """No peer, every address or every namespace is open to all; one's own namespace is not."""
    record = _one("NetworkPolicy", "networking.k8s.io/v1", {"spec": {"podSelector": {}, "ingress": [rule]}})
    assert isinstance(record, cluster.NetworkPolicy)
    assert record.ingress[0].open_to_all is open_to_all
    assert record.types == ("Ingress",)


def test_network_policy_types_have_the_default_of_the_api() -> None:
    """Ingress always, and Egress where such rules stand."""
    spec = {
        "podSelector": {"matchLabels": {"a": "b"}},
        "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 53}]}],
    }
    record = _one("NetworkPolicy", "networking.k8s.io/v1", {"spec": spec})
    assert record.types == ("Ingress", "Egress")
    assert (record.egress[0].cidrs, record.egress[0].ports) == (("10.0.0.0/8",), 1)
    assert record.pod_selector.match_labels == {"a": "b"}


def test_routes_of_every_kind() -> None:
    """Ingress of both shapes, Gateway API routes and OpenShift routes name hosts, TLS and Services."""
    service = {"service": {"name": "web", "port": {"number": 80}}}
    ingress = _one(
        "Ingress",
        "networking.k8s.io/v1",
        {
            "spec": {
                "tls": [{"hosts": ["a.example"]}, {}],
                "defaultBackend": service,
                "rules": [{"host": "a.example", "http": {"paths": [{"path": "/", "backend": service}]}}],
            }
        },
    )
    assert (ingress.hosts, ingress.tls, ingress.tls_hosts) == (("a.example",), True, ("a.example", ""))
    assert [each.at for each in ingress.backends] == [
        "/spec/defaultBackend/service",
        "/spec/rules/0/http/paths/0/backend/service",
    ]
    assert head(ingress).subject.type is SubjectType.ROUTE
    old = _one(
        "Ingress",
        "extensions/v1beta1",
        {"spec": {"rules": [{"http": {"paths": [{"backend": {"serviceName": "web", "servicePort": "http"}}]}}]}},
        annotations={"kubernetes.io/ingress.class": "nginx"},
    )
    assert (old.backends[0].service, old.backends[0].port, old.ingress_class) == ("web", "http", "nginx")
    route = _one(
        "HTTPRoute",
        "gateway.networking.k8s.io/v1",
        {
            "spec": {
                "hostnames": ["b.example"],
                "parentRefs": [{"name": "gw", "namespace": "edge"}],
                "rules": [{"backendRefs": [{"name": "web", "port": 80}, {"kind": "Bucket", "name": "no"}]}],
            }
        },
    )
    assert (route.parents, len(route.backends), route.backends[0].at) == (
        (("edge", "gw"),),
        1,
        "/spec/rules/0/backendRefs/0",
    )
    assert head(route).subject.id == "shop/HTTPRoute.gateway.networking.k8s.io/x"
    openshift = _one(
        "Route", "route.openshift.io/v1", {"spec": {"host": "c.example", "to": {"kind": "Service", "name": "web"}}}
    )
    assert (openshift.hosts, openshift.tls, openshift.backends[0].service) == (("c.example",), False, "web")


@pytest.mark.parametrize(
    ("kind", "api_version", "body", "type_", "seen"),
    [
        ("Namespace", "v1", {}, cluster.Namespace, {}),
        (
            "ServiceAccount",
            "v1",
            {"automountServiceAccountToken": False, "secrets": [{"name": "s"}]},
            cluster.ServiceAccount,
            {"automount_token": False, "secrets": ("s",)},
        ),
        (
            "ClusterRole",
            "rbac.authorization.k8s.io/v1",
            {"rules": None, "aggregationRule": {}},
            cluster.Role,
            {"aggregated": True},
        ),
        (
            "Service",
            "v1",
            {"spec": {"ports": [{"port": 80, "targetPort": "http"}], "externalIPs": ["1.2.3.4"]}},
            cluster.Service,
            {"type": "ClusterIP", "external_ips": ("1.2.3.4",), "selector": None},
        ),
        (
            "Gateway",
            "gateway.networking.k8s.io/v1",
            {"spec": {"listeners": [{"name": "a", "protocol": "HTTPS", "port": 443}]}},
            cluster.Gateway,
            {},
        ),
        (
            "LimitRange",
            "v1",
            {"spec": {"limits": [{"type": "Container", "default": {"cpu": 1}, "max": {"memory": "1Gi"}}]}},
            cluster.Limits,
            {"defaults": {"Container": ("cpu",)}, "maxima": {"Container": ("memory",)}},
        ),
        ("ResourceQuota", "v1", {"spec": {"hard": {"pods": "10"}}}, cluster.Quota, {"hard": ("pods",)}),
        (
            "PodDisruptionBudget",
            "policy/v1",
            {"spec": {"minAvailable": 1, "selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}},
            cluster.DisruptionBudget,
            {"min_available": "1", "max_unavailable": None},
        ),
        (
            "HorizontalPodAutoscaler",
            "autoscaling/v2",
            {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 4}},
            cluster.Autoscaler,
            {"target_name": "web", "min_replicas": 2},
        ),
        (
            "PersistentVolume",
            "v1",
            {"spec": {"capacity": {"storage": "1Gi"}, "hostPath": {"path": "/data"}}},
            cluster.PersistentVolume,
            {"source": "hostPath", "host_path": "/data"},
        ),
        (
            "PersistentVolumeClaim",
            "v1",
            {"spec": {"storageClassName": "fast"}},
            cluster.Claim,
            {"storage_class": "fast"},
        ),
        (
            "Node",
            "v1",
            {"spec": {"taints": [{"key": "t"}]}, "status": {"nodeInfo": {"kubeletVersion": "v1.30.1"}}},
            cluster.Node,
            {"kubelet_version": "v1.30.1", "taint_keys": ("t",)},
        ),
        (
            "ValidatingAdmissionPolicyBinding",
            "admissionregistration.k8s.io/v1",
            {"spec": {"policyName": "p", "validationActions": ["Deny", "Audit"]}},
            cluster.PolicyBinding,
            {"policy_name": "p", "denies": True},
        ),
        ("Widget", "x.example/v1", {"spec": {"size": 1}}, cluster.OtherObject, {}),
        ("Service", "serving.knative.dev/v1", {"spec": {}}, cluster.OtherObject, {}),
        ("PriorityClass", "scheduling.k8s.io/v1", {"value": 1}, cluster.OtherObject, {}),
    ],
)
def test_kinds_become_their_records(
    kind: str, api_version: str, body: dict[str, Any], type_: type, seen: dict[str, Any]
) -> None:
    """Each kind of an API group has its record, and what nobody reads is listed by its header."""
    record = _one(kind, api_version, body)
    assert type(record) is type_
    assert {name: getattr(record, name) for name in seen} == seen


def test_bindings_name_role_and_subjects() -> None:
    """A binding without roleRef is refused; one without subjects binds nobody."""
    body = {"roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "Group", "name": "g"}]}
    record = _one("RoleBinding", "rbac.authorization.k8s.io/v1", body)
    assert (record.role_kind, record.role_name, record.subjects[0].name) == ("ClusterRole", "r", "g")
    _, (error,) = read_all("apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x}\n")
    assert (error.pointer, error.kind) == ("/roleRef", "RoleBinding")


def test_a_secret_whose_values_were_taken_out_has_none() -> None:
    """Placeholders and empty values are no values."""
    assert _one("Secret", "v1", {"type": "Opaque", "data": {"a": "<redacted>", "b": ""}}).has_values is False
    assert _one("Secret", "v1", {"stringData": {"a": "x"}}).has_values is True


def test_webhooks_are_read_one_by_one() -> None:
    """Failure policy, scope and target of each webhook, with its pointer."""
    body = {
        "webhooks": [
            {
                "name": "a.example",
                "failurePolicy": "Ignore",
                "clientConfig": {"service": {"namespace": "ops", "name": "hook"}},
                "namespaceSelector": {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]},
                "rules": [{"operations": ["CREATE"], "resources": ["pods"]}],
            }
        ]
    }
    record = _one("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1", body)
    (webhook,) = record.webhooks
    assert record.mutating
    assert (webhook.at, webhook.failure_policy, webhook.service, webhook.resources) == (
        "/webhooks/0",
        "Ignore",
        "ops/hook",
        ("pods",),
    )


_PATTERN = {"pattern": {"spec": {"containers": [{"securityContext": {"privileged": False}}]}}}


def _kyverno(rule: dict[str, Any], **spec: Any) -> cluster.AdmissionPolicy:
    body = {"spec": {**spec, "rules": [{"name": "r", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, **rule}]}}
    record = _one("ClusterPolicy", "kyverno.io/v1", body)
    assert isinstance(record, cluster.AdmissionPolicy)
    return record


def test_kyverno_enforces_when_every_rule_does() -> None:
    """The rule's own action wins over the policy's; without any it only audits."""
    assert _kyverno({"validate": _PATTERN}, validationFailureAction="Enforce").enforcing is True
    assert _kyverno({"validate": _PATTERN}).enforcing is False
    own = _kyverno({"validate": {**_PATTERN, "failureAction": "Audit"}}, validationFailureAction="Enforce")
    assert (own.enforcing, own.at) == (False, "/spec/rules/0/validate/failureAction")
    assert _kyverno({"mutate": {}}).enforcing is None


def test_kyverno_exemptions_and_topics() -> None:
    """Excluded namespaces are named; what a selector excludes is only known to exist."""
    policy = _kyverno(
        {
            "exclude": {"any": [{"resources": {"namespaces": ["kube-system"]}}]},
            "validate": {"podSecurity": {"level": "restricted"}},
        },
        validationFailureAction="enforce",
        validationFailureActionOverrides=[{"action": "Audit", "namespaces": ["dev"]}],
    )
    assert (policy.exempt_namespaces, policy.exempts_by_selector, policy.topics) == (
        ("dev", "kube-system"),
        False,
        ("pod-security",),
    )
    excluding = {"exclude": {"any": [{"resources": {"selector": {"matchLabels": {"a": "b"}}}}]}, "validate": _PATTERN}
    assert _kyverno(excluding).exempts_by_selector
    images = _kyverno({"verifyImages": [{"imageReferences": ["*"], "attestors": [], "failureAction": "Enforce"}]})
    assert (images.enforcing, images.topics) == (True, ("image-signature",))
    registry = _kyverno({"validate": {"pattern": {"spec": {"containers": [{"image": "registry.example/*"}]}}}})
    assert "image-registry" in registry.topics


@pytest.mark.parametrize(
    ("kind", "api_version", "spec", "engine", "enforcing", "topic"),
    [
        ("ValidatingPolicy", "policies.kyverno.io/v1", {"validationActions": ["Audit"]}, "kyverno", False, "other"),
        (
            "ImageValidatingPolicy",
            "policies.kyverno.io/v1",
            {"validationActions": ["Deny"]},
            "kyverno",
            True,
            "image-signature",
        ),
        ("K8sPSPPrivilegedContainer", "constraints.gatekeeper.sh/v1beta1", {}, "gatekeeper", True, "pod-security"),
        (
            "K8sAllowedRepos",
            "constraints.gatekeeper.sh/v1beta1",
            {"enforcementAction": "dryrun"},
            "gatekeeper",
            False,
            "image-registry",
        ),
        ("K8sX", "constraints.gatekeeper.sh/v1beta1", {"enforcementAction": "warn"}, "gatekeeper", False, "other"),
        (
            "ValidatingAdmissionPolicy",
            "admissionregistration.k8s.io/v1",
            {"validations": [{"expression": "object.spec.hostPID != true"}]},
            "validating-admission-policy",
            None,
            "pod-security",
        ),
        (
            "ClusterImagePolicy",
            "policy.sigstore.dev/v1beta1",
            {"images": [{"glob": "**"}]},
            "sigstore",
            True,
            "image-signature",
        ),
        ("ClusterImagePolicy", "policy.sigstore.dev/v1beta1", {"mode": "warn"}, "sigstore", False, "image-signature"),
        ("Verifier", "config.ratify.deislabs.io/v1beta1", {"name": "notation"}, "ratify", None, "image-signature"),
    ],
)
def test_policies_of_every_engine(
    kind: str, api_version: str, spec: dict[str, Any], engine: str, enforcing: bool | None, topic: str
) -> None:
    """Every engine's policy is told in one shape, with its default mode."""
    record = _one(kind, api_version, {"spec": spec})
    assert isinstance(record, cluster.AdmissionPolicy)
    assert (record.engine, record.enforcing) == (engine, enforcing)
    assert topic in record.topics
    assert head(record).subject.type is SubjectType.ADMISSION


def test_gatekeeper_scope() -> None:
    """Namespaces a constraint leaves out, by list or by the name label."""
    match = {
        "excludedNamespaces": ["kube-*"],
        "namespaceSelector": {
            "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["ops"]}]
        },
    }
    record = _one("K8sX", "constraints.gatekeeper.sh/v1beta1", {"spec": {"match": match}})
    assert (record.exempt_namespaces, record.exempts_by_selector) == (("kube-*", "ops"), False)
