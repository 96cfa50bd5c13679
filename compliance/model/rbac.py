"""What roles grant and whom bindings reach, by the rules of the Kubernetes RBAC authorizer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from compliance.model.cluster import PolicyRule, RbacSubject, Role, RoleBinding

#: Roles that the API server itself makes, beside those whose name begins with `system:`.
#: Source: Kubernetes documentation, Using RBAC Authorization, "Default roles and role bindings".
DEFAULT_ROLES = frozenset({"cluster-admin", "admin", "edit", "view", "extension-apiserver-authentication-reader"})

#: The label on every role and binding that the API server makes at start.
#: Source: Kubernetes documentation, Using RBAC Authorization, "API discovery roles" and "Auto-reconciliation".
BOOTSTRAP_LABEL = "kubernetes.io/bootstrapping"

#: Groups that only the cluster's own components and its break-glass credential are members of.
#: Source: Kubernetes documentation, Using RBAC Authorization; kubeadm, "Implementation details".
BUILTIN_GROUPS = frozenset(
    {"system:masters", "system:nodes", "system:monitoring", "system:bootstrappers", "kubeadm:cluster-admins"}
)

#: Users of the control plane and its nodes; node users are `system:node:<name>`.
#: Source: Kubernetes documentation, Using RBAC Authorization, "Core component roles".
BUILTIN_USERS = frozenset(
    {
        "system:apiserver",
        "system:cloud-controller-manager",
        "system:kube-apiserver",
        "system:kube-controller-manager",
        "system:kube-proxy",
        "system:kube-scheduler",
        "system:volume-scheduler",
    }
)

#: Service accounts of the controllers inside kube-controller-manager and of kube-proxy and DNS, all in kube-system.
#: Source: kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy, controller_policy.go.
BUILTIN_ACCOUNTS = frozenset(
    {
        "attachdetach-controller",
        "bootstrap-signer",
        "certificate-controller",
        "cloud-provider",
        "clusterrole-aggregation-controller",
        "cronjob-controller",
        "daemon-set-controller",
        "deployment-controller",
        "device-taint-eviction-controller",
        "disruption-controller",
        "endpoint-controller",
        "endpointslice-controller",
        "endpointslicemirroring-controller",
        "ephemeral-volume-controller",
        "expand-controller",
        "generic-garbage-collector",
        "horizontal-pod-autoscaler",
        "job-controller",
        "kube-controller-manager",
        "kube-dns",
        "kube-proxy",
        "kube-scheduler",
        "legacy-service-account-token-cleaner",
        "namespace-controller",
        "node-controller",
        "persistent-volume-binder",
        "pod-garbage-collector",
        "pv-protection-controller",
        "pvc-protection-controller",
        "replicaset-controller",
        "replication-controller",
        "resource-claim-controller",
        "resourcequota-controller",
        "root-ca-cert-publisher",
        "route-controller",
        "selinux-warning-controller",
        "service-account-controller",
        "service-cidrs-controller",
        "service-controller",
        "statefulset-controller",
        "storage-version-migrator-controller",
        "token-cleaner",
        "ttl-after-finished-controller",
        "ttl-controller",
        "validatingadmissionpolicy-status-controller",
        "volumeattributesclass-protection-controller",
    }
)

#: Verbs whose request names no object, so that a rule with resourceNames never allows them.
#: Source: Kubernetes documentation, Using RBAC Authorization, "Referring to resources".
_NAMELESS_VERBS = frozenset({"create", "deletecollection"})

_ACCOUNT_USER = "system:serviceaccount:"


def grants(rule: PolicyRule, verb: str, group: str, resource: str) -> bool:
    """Whether a rule allows a verb on `resource` or `resource/subresource` of an API group, on some object.

    As the authorizer compares: `*` alone stands for every verb, group or resource (subresources
    among them) and `*/sub` for that subresource of everything; `pods/*` is a literal and allows nothing.
    A rule narrowed by resourceNames never allows to create or to delete a collection, whose
    requests name no object; a create on a subresource names its parent.
    Source: kubernetes/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go.
    """
    if rule.resource_names and verb in _NAMELESS_VERBS and "/" not in resource:
        return False
    if "*" not in rule.verbs and verb not in rule.verbs:
        return False
    if "*" not in rule.api_groups and group not in rule.api_groups:
        return False
    _, slash, subresource = resource.partition("/")
    return "*" in rule.resources or resource in rule.resources or (bool(slash) and f"*/{subresource}" in rule.resources)


def is_default_role(name: str) -> bool:
    """Whether every cluster has a role of this name, made by the API server or its components."""
    return name in DEFAULT_ROLES or name.startswith("system:")


def is_bootstrapped(role: Role) -> bool:
    """Whether a role is one the API server made: by its reserved name and by the label it puts on its own roles."""
    return is_default_role(role.header.name) and role.header.labels.get(BOOTSTRAP_LABEL) == "rbac-defaults"


def role_key(role: Role) -> tuple[str | None, str]:
    """The key of a role in `Cluster.role_named` and `bindings_of`.

    The namespace is None for a ClusterRole and empty text for a Role whose file names no
    namespace, so that the two are never taken for one another.
    """
    return (None if role.header.kind == "ClusterRole" else role.header.namespace or "", role.header.name)


def bound_role_key(binding: RoleBinding) -> tuple[str | None, str]:
    """The key of the role that a binding refers to, in `Cluster.role_named`."""
    return (None if binding.role_kind == "ClusterRole" else binding.header.namespace or "", binding.role_name)


def account_of(subject: RbacSubject, binding: RoleBinding) -> tuple[str | None, str] | None:
    """Namespace and name of the service account that a subject is, also when written as a user; else None."""
    if subject.kind == "ServiceAccount":
        return (subject.namespace or binding.header.namespace, subject.name)
    if subject.kind == "User" and subject.name.startswith(_ACCOUNT_USER):
        namespace, _, name = subject.name.removeprefix(_ACCOUNT_USER).partition(":")
        return (namespace, name)
    return None


def subject_key(subject: RbacSubject, binding: RoleBinding) -> tuple[str, str | None, str]:
    """The key of a subject in `Cluster.bindings_to`: kind, namespace (None unless an account), name."""
    account = account_of(subject, binding)
    if account is not None:
        return ("ServiceAccount", *account)
    return (subject.kind, None, subject.name)


def said(subject: RbacSubject, binding: RoleBinding) -> str:
    """A subject as an auditor reads it, and as `rbac_approved_subjects` names it without the space."""
    kind, namespace, name = subject_key(subject, binding)
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def is_builtin_subject(subject: RbacSubject, binding: RoleBinding) -> bool:
    """Whether a subject is a part of the cluster itself; never true of anonymous or of all authenticated users."""
    kind, namespace, name = subject_key(subject, binding)
    if kind == "ServiceAccount":
        return namespace == "kube-system" and name in BUILTIN_ACCOUNTS
    if kind == "Group":
        return name in BUILTIN_GROUPS or name.startswith("system:bootstrappers:")
    return name in BUILTIN_USERS or name.startswith("system:node:")


def is_approved(subject: RbacSubject, binding: RoleBinding, approved: Iterable[str]) -> bool:
    """Whether the organisation named a subject, as `Kind:name` or `ServiceAccount:namespace/name`, `*` as wildcard."""
    kind, namespace, name = subject_key(subject, binding)
    text = f"{kind}:{namespace}/{name}" if namespace else f"{kind}:{name}"
    return any(_matches(pattern, text) for pattern in approved)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None


def unexpected_subjects(binding: RoleBinding, approved: tuple[str, ...]) -> Iterator[tuple[int, RbacSubject]]:
    """The subjects of a binding that are neither built-in nor approved, with their number in `/subjects`."""
    for number, subject in enumerate(binding.subjects):
        if not is_builtin_subject(subject, binding) and not is_approved(subject, binding, approved):
            yield number, subject
