"""Service accounts and their tokens in, verdicts out."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster, Secret, ServiceAccount, WorkloadEntry
from compliance.model.evidence import At
from compliance.model.outcome import Severity
from compliance.model.rbac import BUILTIN_ACCOUNTS

_AUTOMOUNT = "/automountServiceAccountToken"
#: Accounts that controllers use inside the control plane; kube-proxy and DNS do run as pods.
_PODLESS = BUILTIN_ACCOUNTS - {"kube-proxy", "kube-dns"}
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")


def _users(account: ServiceAccount, cluster: Cluster) -> tuple[WorkloadEntry, ...]:
    """The workloads that run as an account; a workload that names none runs as `default`."""
    return cluster.workloads_as.get((account.header.namespace, account.header.name), ())


@check(
    id="service-account-default",
    title="The default service account mounts no token, has no rights of its own and runs no workload",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Set automountServiceAccountToken to false on the account named default and give each workload its own.",
)
def service_account_default(account: ServiceAccount, cluster: Cluster) -> Verdict:
    """For the account `default`: automount is false, no binding names it, no workload runs as it.

    Absent automount means true (Kubernetes API default). Other accounts are not asked.
    Source: CIS Kubernetes 2.0.1, 5.1.5.
    """
    header = account.header
    if header.name != "default":
        return not_applicable(f"{header.name} is not the default account", at=[header.at("/metadata/name")])
    faults: list[str] = []
    at: list[At] = []
    if account.automount_token is not False:
        seen = "true" if account.automount_token else "not set, so true"
        faults.append(f"automountServiceAccountToken is {seen}")
        at.append(header.at(_AUTOMOUNT))
    bindings = cluster.bindings_to.get(("ServiceAccount", header.namespace, "default"), ())
    if bindings:
        faults.append(f"bound by {listed(f'{b.header.kind} {b.header.name}' for b in bindings)}")
        at += [binding.header.at("/subjects") for binding in bindings]
    users = _users(account, cluster)
    if users:
        faults.append(f"used by {listed(dict.fromkeys(entry.said() for entry in users))}")
        at += [entry.at(f"{entry.spec_at}/serviceAccountName") for entry in users]
    if faults:
        return failed("; ".join(faults), at=at)
    unknown = [kind for kind in _BINDINGS if not cluster.knows(kind)]
    if unknown:
        return not_checked(
            f"mounts no token; its rights are not known: no {' and no '.join(unknown)} was handed in",
            at=[header.at(_AUTOMOUNT)],
        )
    if not cluster.workloads:
        return not_checked("mounts no token; who uses it is not known: no workload was handed in")
    return passed("mounts no token, no binding names it and no workload runs as it", at=[header.at(_AUTOMOUNT)])


@check(
    id="service-account-token",
    title="The service account does not hand its token to pods unasked",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Set automountServiceAccountToken to false on the account and true only on pods that call the API.",
)
def service_account_token(account: ServiceAccount, cluster: Cluster) -> Verdict:
    """automountServiceAccountToken is false on the account, or on every workload seen that runs as it.

    Absent means true (Kubernetes API default). Accounts of controllers inside the control plane
    run no pods and are not asked. Source: CIS Kubernetes 2.0.1, 5.1.6; NSA/CISA Kubernetes
    Hardening Guide 1.2, Protecting Pod service account tokens.
    """
    header = account.header
    users = _users(account, cluster)
    if header.namespace == "kube-system" and header.name in _PODLESS and not users:
        return not_applicable(
            "the account of a controller inside the control plane; no pod mounts its token",
            at=[header.at("/metadata/name")],
        )
    if account.automount_token is False:
        return passed("automountServiceAccountToken is false", at=[header.at(_AUTOMOUNT)])
    seen = "true" if account.automount_token else "not set, so true"
    silent = [entry for entry in users if entry.automount_service_account_token is not False]
    if users and not silent:
        return passed(
            f"automountServiceAccountToken is {seen}, and each of the {len(users)} workloads that use it says false",
            at=[entry.at(f"{entry.spec_at}/automountServiceAccountToken") for entry in users],
        )
    who = f"; mounted by {listed(dict.fromkeys(entry.said() for entry in silent))}" if silent else ""
    return failed(f"automountServiceAccountToken is {seen}{who}", at=[header.at(_AUTOMOUNT)])


@check(
    id="service-account-long-lived-token",
    title="No Secret holds a service account token that never expires",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Delete the Secret of type kubernetes.io/service-account-token and use bound tokens (TokenRequest).",
)
def service_account_long_lived_token(secret: Secret) -> Verdict:
    """The Secret is not of type kubernetes.io/service-account-token.

    Source: Kubernetes, "Managing Service Accounts", Manual Secret management for ServiceAccounts.
    """
    header = secret.header
    if secret.type == "kubernetes.io/service-account-token":
        return failed(f"Secret {header.name} holds a service account token without expiry", at=[header.at("/type")])
    return passed(f"a Secret of type {secret.type}", at=[header.at("/type")])
