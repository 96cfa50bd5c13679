"""Role bindings in, verdicts out: who gets the strongest roles, and whether both ends exist."""

from __future__ import annotations

from compliance.model.check import Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster, RbacSubject, RoleBinding
from compliance.model.configuration import Parameters
from compliance.model.outcome import Severity
from compliance.model.rbac import BUILTIN_ACCOUNTS, bound_role_key, is_default_role, said, unexpected_subjects

#: Bindings of broad groups that the API server itself makes: group to ClusterRoles.
#: Source: Kubernetes documentation, Using RBAC Authorization, "API discovery roles" and "Other component roles".
_DEFAULT_BROAD = {
    "system:authenticated": frozenset({"system:basic-user", "system:discovery", "system:public-info-viewer"}),
    "system:unauthenticated": frozenset({"system:public-info-viewer"}),
    "system:serviceaccounts": frozenset({"system:service-account-issuer-discovery"}),
}
_BROAD = frozenset({"system:anonymous", *_DEFAULT_BROAD})

#: The Role by which a kubeadm cluster shows its public join information to anybody.
#: Source: kubeadm documentation, "Implementation details", Create the public cluster-info ConfigMap.
_CLUSTER_INFO = ("kube-public", "kubeadm:bootstrap-signer-clusterinfo")


@check(
    id="rbac-cluster-admin",
    title="Only built-in or approved subjects are bound to cluster-admin",
    severity=Severity.CRITICAL,
    fix="Bind a narrower role in place of cluster-admin, or record the subject as approved.",
)
def rbac_cluster_admin(binding: RoleBinding, params: Parameters) -> Verdict:
    """A binding of ClusterRole cluster-admin, also one in a namespace, names built-in or approved subjects only.

    Source: CIS Kubernetes 2.0.1, 5.1.1.
    """
    header = binding.header
    if binding.role_kind != "ClusterRole" or binding.role_name != "cluster-admin":
        return passed(f"binds {binding.role_kind} {binding.role_name}", at=[header.at("/roleRef")])
    found = list(unexpected_subjects(binding, params.rbac_approved_subjects))
    if found:
        return failed(
            f"{header.kind} {header.name} gives cluster-admin to {listed(said(s, binding) for _, s in found)}",
            at=[header.at(f"/subjects/{number}") for number, _ in found],
        )
    if not binding.subjects:
        return passed("binds cluster-admin to nobody", at=[header.at("/roleRef")])
    who = listed(said(subject, binding) for subject in binding.subjects)
    return passed(f"binds cluster-admin only to built-in or approved subjects: {who}", at=[header.at("/subjects")])


@check(
    id="rbac-masters-group",
    title="No binding names the group system:masters beyond the built-in one",
    severity=Severity.HIGH,
    fix="Remove system:masters from the binding and bind a group of your own to a role that can be withdrawn.",
)
def rbac_masters_group(binding: RoleBinding) -> Verdict:
    """system:masters stands in no binding but the API server's own, ClusterRoleBinding cluster-admin.

    Members of the group pass every authorisation, whatever roles say. Source: CIS Kubernetes 2.0.1, 5.1.7.
    """
    header = binding.header
    found = [n for n, s in enumerate(binding.subjects) if s.kind == "Group" and s.name == "system:masters"]
    if not found:
        return passed(f"{header.kind} {header.name} does not name system:masters", at=[header.at("/subjects")])
    at = [header.at(f"/subjects/{number}") for number in found]
    if (header.kind, header.name, binding.role_name) == ("ClusterRoleBinding", "cluster-admin", "cluster-admin"):
        return passed("the API server's own binding of cluster-admin to system:masters", at=at)
    return failed(f"{header.kind} {header.name} gives {binding.role_name} to Group system:masters", at=at)


@check(
    id="rbac-anonymous",
    title="No binding reaches anonymous users, all authenticated users or all service accounts",
    severity=Severity.CRITICAL,
    fix="Name the users, groups or service accounts that need the role in place of the broad group.",
)
def rbac_anonymous(binding: RoleBinding) -> Verdict:
    """Nothing is granted to system:anonymous, system:unauthenticated, system:authenticated or system:serviceaccounts.

    The API server's own bindings of discovery and public information to these groups pass, and
    so does kubeadm's cluster-info in kube-public. The accounts of one namespace
    (system:serviceaccounts:NAME) are not taken for everybody.
    Source: Kubernetes, "RBAC Good Practices", Hardening; NSA/CISA Kubernetes Hardening Guide 1.2, Authentication.
    """
    header = binding.header
    found = [(n, s) for n, s in enumerate(binding.subjects) if s.kind != "ServiceAccount" and s.name in _BROAD]
    if not found:
        return passed(f"{header.kind} {header.name} names no broad group", at=[header.at("/subjects")])
    wrong = [(number, subject) for number, subject in found if not _is_default(binding, subject)]
    if wrong:
        who = listed(f"{subject.kind} {subject.name}" for _, subject in wrong)
        return failed(
            f"{header.kind} {header.name} gives {binding.role_kind} {binding.role_name} to {who}",
            at=[header.at(f"/subjects/{number}") for number, _ in wrong],
        )
    return passed(
        f"gives public information ({binding.role_name}) to a broad group, as every cluster does",
        at=[header.at(f"/subjects/{number}") for number, _ in found],
    )


def _is_default(binding: RoleBinding, subject: RbacSubject) -> bool:
    if binding.role_kind == "Role":
        return (binding.header.namespace, binding.role_name) == _CLUSTER_INFO
    return binding.role_name in _DEFAULT_BROAD.get(subject.name, frozenset())


@check(
    id="rbac-role-exists",
    title="The role of a binding exists",
    severity=Severity.LOW,
    fix="Remove the binding, or create the role that it names.",
)
def rbac_role_exists(binding: RoleBinding, cluster: Cluster) -> Verdict:
    """roleRef names a role in the evidence, or one that every cluster has.

    A dangling binding comes alive for whoever creates a role of that name.
    Source: Kubernetes, "RBAC Good Practices", Periodic review.
    """
    what = f"{binding.role_kind} {binding.role_name}"
    at = [binding.header.at("/roleRef")]
    role = cluster.role_named.get(bound_role_key(binding))
    if role is not None:
        return passed(f"{what} stands in the evidence", at=[*at, role.header.at()])
    if binding.role_kind == "ClusterRole" and is_default_role(binding.role_name):
        return passed(f"{what} is a default role of every cluster", at=at)
    if not cluster.knows(binding.role_kind):
        return not_checked(f"whether {what} exists is not known: no {binding.role_kind} was handed in", at=at)
    return failed(f"{binding.header.kind} {binding.header.name} names {what}, which is not in the evidence", at=at)


@check(
    id="rbac-account-exists",
    title="The service accounts of a binding exist",
    severity=Severity.LOW,
    fix="Remove the subject from the binding, or create the service account.",
)
def rbac_account_exists(binding: RoleBinding, cluster: Cluster) -> Verdict:
    """Each subject of kind ServiceAccount stands in the evidence, or is one that every cluster has.

    Whoever may create the missing account gets its rights. The account `default` exists in every
    namespace. Source: Kubernetes, "RBAC Good Practices", Periodic review.
    """
    header = binding.header
    accounts = [(n, s) for n, s in enumerate(binding.subjects) if s.kind == "ServiceAccount"]
    if not accounts:
        return not_applicable(f"{header.kind} {header.name} names no service account", at=[header.at("/subjects")])
    missing = [(n, s) for n, s in accounts if not _has_account(s, binding, cluster)]
    who = listed(said(subject, binding) for _, subject in missing)
    at = [header.at(f"/subjects/{number}") for number, _ in missing]
    if not missing:
        return passed("each service account stands in the evidence", at=[header.at("/subjects")])
    if not cluster.knows("ServiceAccount"):
        return not_checked(f"whether {who} exists is not known: no ServiceAccount was handed in", at=at)
    if any((None, subject.name) in cluster.service_account_named for _, subject in missing):
        return not_checked(f"{who}: an account of that name stands in the evidence without a namespace", at=at)
    return failed(f"{header.kind} {header.name} names {who}, which is not in the evidence", at=at)


def _has_account(subject: RbacSubject, binding: RoleBinding, cluster: Cluster) -> bool:
    namespace = subject.namespace or binding.header.namespace
    if subject.name == "default" or (namespace == "kube-system" and subject.name in BUILTIN_ACCOUNTS):
        return True
    return (namespace, subject.name) in cluster.service_account_named
