"""Roles in, verdicts out: which powers a role gives, and to whom beyond the cluster's own parts."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.cluster import Cluster, Role
from compliance.model.configuration import Parameters
from compliance.model.outcome import Severity
from compliance.model.rbac import is_bootstrapped, unexpected_subjects
from compliance.model.rbac_powers import Power, Target, bindings_granting, judge_power

_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch", "delete", "deletecollection")
_DELETE = ("delete", "deletecollection")


@check(
    id="rbac-secrets-read",
    title="Only built-in or approved subjects can read Secrets",
    severity=Severity.HIGH,
    fix="Remove get, list and watch on secrets from the role, or narrow the rule with resourceNames.",
)
def rbac_secrets_read(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """get, list and watch on secrets go to built-in or approved subjects only; rules for named Secrets pass.

    A list or watch hands out the values as well. Source: CIS Kubernetes 2.0.1, 5.1.2.
    """
    return judge_power(role, cluster, params, _SECRETS_READ)


_SECRETS_READ = Power("reading of Secrets", (Target(_READ, "", "secrets"),), named_is_enough=True)


@check(
    id="rbac-pod-create",
    title="Only built-in or approved subjects can create pods",
    severity=Severity.HIGH,
    fix="Remove create on pods and workloads from the role, or approve the deployer that needs it.",
)
def rbac_pod_create(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """create on pods, and on the workloads whose controllers make pods, goes to approved subjects only.

    Whoever makes a pod picks its service account, volumes and node. A rule with resourceNames never
    allows to create. Source: CIS Kubernetes 2.0.1, 5.1.4; Kubernetes, "RBAC Good Practices", Workload creation.
    """
    return judge_power(role, cluster, params, _POD_CREATE)


_POD_CREATE = Power(
    "creation of pods",
    (
        Target(("create",), "", "pods"),
        Target(("create",), "", "replicationcontrollers"),
        Target(("create",), "apps", "deployments"),
        Target(("create",), "apps", "statefulsets"),
        Target(("create",), "apps", "daemonsets"),
        Target(("create",), "apps", "replicasets"),
        Target(("create",), "batch", "jobs"),
        Target(("create",), "batch", "cronjobs"),
    ),
)


@check(
    id="rbac-pod-exec",
    title="Only built-in or approved subjects can run commands in pods",
    severity=Severity.HIGH,
    fix="Remove pods/exec, pods/attach, pods/portforward and pods/ephemeralcontainers from the role.",
)
def rbac_pod_exec(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """exec, attach, port-forward and debug containers go to built-in or approved subjects only.

    get counts as create does: exec over a WebSocket is authorised as get. Source: Kubernetes,
    "RBAC Good Practices"; kubernetes/kubernetes pkg/registry/core/pod/rest/subresources.go.
    """
    return judge_power(role, cluster, params, _POD_EXEC)


_POD_EXEC = Power(
    "exec, attach, port-forward or debug containers",
    (
        Target(("get", "create"), "", "pods/exec"),
        Target(("get", "create"), "", "pods/attach"),
        Target(("get", "create"), "", "pods/portforward"),
        Target(("update", "patch"), "", "pods/ephemeralcontainers"),
    ),
)


@check(
    id="rbac-escalate",
    title="Only built-in or approved subjects can bind, escalate or impersonate",
    severity=Severity.CRITICAL,
    fix="Remove the verbs bind, escalate and impersonate from the role.",
)
def rbac_escalate(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """bind and escalate on roles, and impersonate, go to built-in or approved subjects only.

    resourceNames do not excuse: to bind or impersonate one strong name is enough.
    Source: CIS Kubernetes 2.0.1, 5.1.8; Kubernetes, Using RBAC Authorization, "Privilege escalation prevention".
    """
    return judge_power(role, cluster, params, _ESCALATE)


_ESCALATE = Power(
    "bind, escalate or impersonate",
    (
        Target(("bind", "escalate"), _RBAC, "roles"),
        Target(("bind",), _RBAC, "clusterroles"),
        Target(("escalate",), _RBAC, "clusterroles", namespaced=False),
        Target(("impersonate",), "", "serviceaccounts"),
        Target(("impersonate",), "", "users", namespaced=False),
        Target(("impersonate",), "", "groups", namespaced=False),
        Target(("impersonate",), "authentication.k8s.io", "uids", namespaced=False),
    ),
)


@check(
    id="rbac-persistent-volume-create",
    title="Only built-in or approved subjects can create PersistentVolumes",
    severity=Severity.MEDIUM,
    fix="Remove create on persistentvolumes from the role and let a provisioner make volumes from claims.",
)
def rbac_persistent_volume_create(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """create on persistentvolumes goes to built-in or approved subjects only: such a volume can be a hostPath.

    Source: CIS Kubernetes 2.0.1, 5.1.9; Kubernetes, "RBAC Good Practices", Persistent volume creation.
    """
    return judge_power(role, cluster, params, _VOLUME_CREATE)


_VOLUME_CREATE = Power(
    "creation of PersistentVolumes", (Target(("create",), "", "persistentvolumes", namespaced=False),)
)


@check(
    id="rbac-node-proxy",
    title="Only built-in or approved subjects can reach nodes/proxy",
    severity=Severity.HIGH,
    fix="Remove nodes/proxy from the role; use nodes/metrics, nodes/stats or nodes/log for what is needed.",
)
def rbac_node_proxy(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """Every verb on nodes/proxy, get among them, reaches the kubelet past admission and audit.

    Source: CIS Kubernetes 2.0.1, 5.1.10; Kubernetes, "RBAC Good Practices", Access to proxy subresource of Nodes.
    """
    return judge_power(role, cluster, params, _NODE_PROXY)


_NODE_PROXY = Power(
    "use of nodes/proxy",
    (Target(("get", "create", "update", "patch", "delete"), "", "nodes/proxy", namespaced=False),),
)


@check(
    id="rbac-csr-approve",
    title="Only built-in or approved subjects can approve certificate signing requests",
    severity=Severity.HIGH,
    fix="Remove update and patch on certificatesigningrequests/approval from the role.",
)
def rbac_csr_approve(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """update and patch on certificatesigningrequests/approval go to built-in or approved subjects only.

    Source: CIS Kubernetes 2.0.1, 5.1.11; Kubernetes, "RBAC Good Practices", CSRs and certificate issuing.
    """
    return judge_power(role, cluster, params, _CSR_APPROVE)


_CSR_APPROVE = Power(
    "approval of certificate signing requests",
    (Target(("update", "patch"), "certificates.k8s.io", "certificatesigningrequests/approval", namespaced=False),),
)


@check(
    id="rbac-webhook-edit",
    title="Only built-in or approved subjects can change admission webhooks",
    severity=Severity.HIGH,
    fix="Remove create, update, patch and delete on webhook configurations from the role.",
)
def rbac_webhook_edit(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """Changes of webhook configurations go to built-in or approved subjects only.

    resourceNames do not excuse: one configuration can be widened to see every object.
    Source: CIS Kubernetes 2.0.1, 5.1.12; Kubernetes, "RBAC Good Practices", Control admission webhooks.
    """
    return judge_power(role, cluster, params, _WEBHOOK_EDIT)


_WEBHOOK_EDIT = Power(
    "changes of webhook configurations",
    (
        Target(_WRITE, "admissionregistration.k8s.io", "validatingwebhookconfigurations", namespaced=False),
        Target(_WRITE, "admissionregistration.k8s.io", "mutatingwebhookconfigurations", namespaced=False),
    ),
)


@check(
    id="rbac-token-create",
    title="Only built-in or approved subjects can mint service account tokens",
    severity=Severity.HIGH,
    fix="Remove create on serviceaccounts/token from the role.",
)
def rbac_token_create(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """create on serviceaccounts/token goes to built-in or approved subjects only, also for named accounts.

    Source: CIS Kubernetes 2.0.1, 5.1.13; Kubernetes, "RBAC Good Practices", Token request.
    """
    return judge_power(role, cluster, params, _TOKEN_CREATE)


_TOKEN_CREATE = Power("minting of service account tokens", (Target(("create",), "", "serviceaccounts/token"),))


@check(
    id="rbac-config-map-write",
    title="Only built-in or approved subjects can change ConfigMaps at large",
    severity=Severity.LOW,
    fix="Narrow writes on configmaps with resourceNames to the ConfigMaps that the component owns.",
)
def rbac_config_map_write(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """Writes on configmaps go to built-in or approved subjects only; rules for named ConfigMaps pass.

    Cluster DNS and, on some platforms, who may log in (aws-auth) are ConfigMaps.
    Source: Microsoft Threat Matrix for Kubernetes, "CoreDNS poisoning".
    """
    return judge_power(role, cluster, params, _CONFIG_MAP_WRITE)


_CONFIG_MAP_WRITE = Power("changes of ConfigMaps", (Target(_WRITE, "", "configmaps"),), named_is_enough=True)


@check(
    id="rbac-network-write",
    title="Only built-in or approved subjects can change how traffic flows",
    severity=Severity.LOW,
    fix="Remove writes on networkpolicies, services, endpoints and ingresses from the role.",
)
def rbac_network_write(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """Writes on network policies, services, endpoints and ingresses go to approved subjects; named objects pass.

    Source: Kubernetes, "RBAC Good Practices"; NSA/CISA Kubernetes Hardening Guide 1.2, Network separation.
    """
    return judge_power(role, cluster, params, _NETWORK_WRITE)


_NETWORK_WRITE = Power(
    "changes of network objects",
    (
        Target(_WRITE, "networking.k8s.io", "networkpolicies"),
        Target(_WRITE, "networking.k8s.io", "ingresses"),
        Target(_WRITE, "", "services"),
        Target(_WRITE, "", "endpoints"),
        Target(_WRITE, "discovery.k8s.io", "endpointslices"),
    ),
    named_is_enough=True,
)


@check(
    id="rbac-event-delete",
    title="Only built-in or approved subjects can delete events or logs",
    severity=Severity.MEDIUM,
    fix="Remove delete and deletecollection on events and pods/log from the role.",
)
def rbac_event_delete(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """delete on events, the trail of what happened, goes to built-in or approved subjects only.

    Source: Microsoft Threat Matrix for Kubernetes, "Delete Kubernetes events".
    """
    return judge_power(role, cluster, params, _EVENT_DELETE)


_EVENT_DELETE = Power(
    "deletion of events or logs",
    (
        Target(_DELETE, "", "events"),
        Target(_DELETE, "events.k8s.io", "events"),
        Target(_DELETE, "", "pods/log"),
    ),
)


@check(
    id="rbac-delete",
    title="Only built-in or approved subjects can delete workloads and data",
    severity=Severity.MEDIUM,
    fix="Remove delete and deletecollection from the role, or narrow them with resourceNames.",
)
def rbac_delete(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """delete on workloads, Secrets, namespaces and volumes goes to approved subjects only; named objects pass.

    Source: Microsoft Threat Matrix for Kubernetes, "Data destruction".
    """
    return judge_power(role, cluster, params, _DELETION)


_DELETION = Power(
    "deletion of workloads or data",
    (
        *(Target(_DELETE, "", resource) for resource in ("pods", "secrets", "services", "persistentvolumeclaims")),
        *(Target(_DELETE, "apps", resource) for resource in ("deployments", "statefulsets", "daemonsets")),
        *(Target(_DELETE, "", resource, namespaced=False) for resource in ("namespaces", "persistentvolumes")),
        *(Target(_DELETE, "batch", resource) for resource in ("jobs", "cronjobs")),
    ),
    named_is_enough=True,
)


@check(
    id="rbac-wildcard",
    title="Roles name their verbs, resources and API groups",
    severity=Severity.HIGH,
    effort=Effort.WORKLOAD,
    fix="Replace each * in verbs, resources and apiGroups by what the component uses.",
)
def rbac_wildcard(role: Role, cluster: Cluster, params: Parameters) -> Verdict:
    """No rule has * in verbs, resources (also */sub) or apiGroups, except in the API server's own roles.

    Nobody needs to be bound for this to fail; bound to approved subjects alone, it passes. The
    API server's roles are known by reserved name and label together. A role filled by aggregation
    whose rules are missing is not judged. Source: CIS Kubernetes 2.0.1, 5.1.3.
    """
    found = list(_wildcards(role))
    what = f"{role.header.kind} {role.header.name}"
    if not found and role.aggregated and not role.rules:
        return not_checked(f"{what} is filled by aggregation and its rules are not in this file")
    if not found:
        return passed(f"no rule of {what} uses a wildcard", at=[role.header.at("/rules")])
    at = [role.header.at(pointer) for pointer, _ in found]
    if is_bootstrapped(role):
        return passed(f"{what} is a role that the API server makes", at=at)
    bound = [binding for binding, _ in bindings_granting(role, cluster)]
    approved = params.rbac_approved_subjects
    if bound and not any(True for binding in bound for _ in unexpected_subjects(binding, approved)):
        return passed(f"{what} uses wildcards and is bound only to built-in or approved subjects", at=at)
    return failed(f"{what} has {listed(words for _, words in found)}", at=at)


def _wildcards(role: Role) -> Iterator[tuple[str, str]]:
    """Pointer and words of each wildcard field of a role."""
    for number, rule in enumerate(role.rules):
        if "*" in rule.verbs:
            yield f"/rules/{number}/verbs", f"* in verbs of rule {number}"
        wide = [name for name in rule.resources if name == "*" or name.startswith("*/")]
        if wide:
            yield f"/rules/{number}/resources", f"{listed(wide)} in resources of rule {number}"
        if "*" in rule.api_groups:
            yield f"/rules/{number}/apiGroups", f"* in apiGroups of rule {number}"
