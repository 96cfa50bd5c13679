"""Namespaces in, verdicts out: pod security, network isolation, limits, and how workloads are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from compliance.model.admission import covers, policies_on
from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import AdmissionPolicy, Cluster, Header, Namespace, NetworkPolicy, OtherObject
from compliance.model.configuration import Parameters
from compliance.model.evidence import At, escape
from compliance.model.outcome import Severity

#: Source: Kubernetes documentation, "Pod Security Admission", Pod Security Admission labels for namespaces.
_ENFORCE = "pod-security.kubernetes.io/enforce"

#: Policy kinds of network plugins, in a namespace and over the whole cluster, whose rules are not read here.
#: Source: Cilium and Calico documentation, "Network Policy"; Kubernetes network-policy-api.
_PLUGIN_POLICIES = ("CiliumNetworkPolicy", "NetworkPolicy")
_PLUGIN_CLUSTER_POLICIES = (
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "ClusterNetworkPolicy",
    "GlobalNetworkPolicy",
)


def _enforce_at(namespace: Namespace) -> At:
    return namespace.header.at(f"/metadata/labels/{escape(_ENFORCE)}")


def _system(namespace: Namespace, params: Parameters) -> Verdict | None:
    """NOT_APPLICABLE for a namespace of the platform itself, else None."""
    name = namespace.header.name
    if name not in params.system_namespaces:
        return None
    return not_applicable(f"{name} holds the platform's own workloads", at=[namespace.header.at("/metadata/name")])


class _HasHeader(Protocol):
    @property
    def header(self) -> Header: ...


def _unknown(kind: str, stray: Sequence[_HasHeader], cluster: Cluster) -> Verdict | None:
    """NOT_CHECKED where a namespace without an object of a kind proves nothing, else None.

    That is so when none was handed in at all, or some that name no namespace and may belong here.
    """
    if not cluster.knows(kind):
        return not_checked(f"no {kind} was handed in")
    if stray:
        names = listed(found.header.name for found in stray)
        return not_checked(f"{kind} {names} names no namespace and may belong here", at=[stray[0].header.at()])
    return None


@check(
    id="namespace-pod-security",
    title="An enforcing pod policy covers the namespace",
    severity=Severity.HIGH,
    effort=Effort.WORKLOAD,
    fix="Label the namespace pod-security.kubernetes.io/enforce: baseline or restricted.",
)
def namespace_pod_security(namespace: Namespace, cluster: Cluster, params: Parameters) -> Verdict:
    """The namespace enforces baseline or restricted by label, or a policy engine enforces pod security in it.

    Absent means privileged: a default set in the API server's admission configuration is not in
    this evidence. warn and audit do not count. System namespaces are told apart.
    Source: CIS Kubernetes 2.0.1, 5.2.1; Kubernetes, "Pod Security Admission".
    """
    system = _system(namespace, params)
    if system is not None:
        return system
    level = namespace.header.labels.get(_ENFORCE)
    if level in ("baseline", "restricted"):
        return passed(f"{_ENFORCE} is {level}", at=[_enforce_at(namespace)])
    seen = f"{_ENFORCE} is {level}" if level else f"{_ENFORCE} is not set"
    unsure: list[AdmissionPolicy] = []
    for policy, enforcing in policies_on("pod-security", cluster):
        reach = covers(policy, namespace.header.name, cluster)
        if enforcing and reach:
            return passed(
                f"{seen}; {policy.header.kind} {policy.header.name} enforces pod security here",
                at=[policy.header.at(policy.at), _enforce_at(namespace)],
            )
        if enforcing is not False and reach is not False:
            unsure.append(policy)
    at = [_enforce_at(namespace)]
    if unsure:
        names = listed(f"{policy.header.kind} {policy.header.name}" for policy in unsure)
        at += [policy.header.at(policy.at) for policy in unsure]
        return not_checked(f"{seen}; whether {names} enforces pod security here cannot be told", at=at)
    return failed(f"{seen}, and no enforcing pod security policy covers the namespace", at=at)


@check(
    id="namespace-pod-security-restricted",
    title="The namespace enforces the restricted pod security level",
    severity=Severity.LOW,
    effort=Effort.WORKLOAD,
    fix="Label the namespace pod-security.kubernetes.io/enforce: restricted.",
)
def namespace_pod_security_restricted(namespace: Namespace, params: Parameters) -> Verdict:
    """The namespace's enforce label says restricted; absent means privileged.

    Source: Kubernetes, "Pod Security Standards", Restricted; NSA/CISA Kubernetes Hardening Guide 1.2.
    """
    system = _system(namespace, params)
    if system is not None:
        return system
    level = namespace.header.labels.get(_ENFORCE)
    if level == "restricted":
        return passed(f"{_ENFORCE} is restricted", at=[_enforce_at(namespace)])
    return failed(f"{_ENFORCE} is {level or 'not set'}", at=[_enforce_at(namespace)])


def _plugin_policies(namespace: Namespace, cluster: Cluster) -> list[OtherObject]:
    """Network policies of plugins that bear, or may bear, on a namespace."""
    own = [
        found
        for kind in _PLUGIN_POLICIES
        for found in cluster.others_of.get(kind, ())
        if found.header.namespace == namespace.header.name
    ]
    return own + [found for kind in _PLUGIN_CLUSTER_POLICIES for found in cluster.others_of.get(kind, ())]


def _unread(namespace: Namespace, policies: Sequence[OtherObject], question: str) -> Verdict:
    names = listed(f"{found.header.kind} {found.header.name}" for found in policies)
    return not_checked(
        f"{question} in {namespace.header.name} cannot be told: rules of {names} are not read here",
        at=[found.header.at() for found in policies],
    )


@check(
    id="namespace-network-policy",
    title="The namespace has a network policy",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Create a NetworkPolicy in the namespace that denies by default, and one per needed flow.",
)
def namespace_network_policy(namespace: Namespace, cluster: Cluster, params: Parameters) -> Verdict:
    """At least one NetworkPolicy, or one of a plugin's own kind, stands in the namespace.

    Source: CIS Kubernetes 2.0.1, 5.3.2.
    """
    system = _system(namespace, params)
    if system is not None:
        return system
    name = namespace.header.name
    policies = cluster.network_policies_in.get(name, ())
    if policies:
        names = listed(dict.fromkeys(policy.header.name for policy in policies))
        return passed(f"NetworkPolicy {names} in {name}", at=[policy.header.at() for policy in policies[:10]])
    others = _plugin_policies(namespace, cluster)
    own = [found for found in others if found.header.namespace == name]
    if own:
        names = listed(f"{found.header.kind} {found.header.name}" for found in own)
        return passed(f"{names} in {name}", at=[found.header.at() for found in own[:10]])
    if others:
        return _unread(namespace, others, "whether policies of the whole cluster isolate pods")
    unknown = _unknown("NetworkPolicy", cluster.network_policies_in.get(None, ()), cluster)
    return unknown or failed(
        f"no NetworkPolicy in {name}", at=[namespace.header.at(), *cluster.at_list("NetworkPolicy")]
    )


@check(
    id="namespace-default-deny-ingress",
    title="The namespace denies incoming traffic by default",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Create a NetworkPolicy with an empty podSelector, policyTypes [Ingress] and no ingress rule.",
)
def namespace_default_deny_ingress(namespace: Namespace, cluster: Cluster, params: Parameters) -> Verdict:
    """A NetworkPolicy selects every pod for Ingress and opens nothing to everybody.

    Source: Kubernetes, "Network Policies", Default deny all ingress traffic; NSA/CISA Kubernetes Hardening Guide 1.2.
    """
    return _system(namespace, params) or _default_deny(namespace, cluster, "Ingress")


@check(
    id="namespace-default-deny-egress",
    title="The namespace denies outgoing traffic by default",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Create a NetworkPolicy with an empty podSelector, policyTypes [Egress] and no egress rule.",
)
def namespace_default_deny_egress(namespace: Namespace, cluster: Cluster, params: Parameters) -> Verdict:
    """A NetworkPolicy selects every pod for Egress and opens nothing to everywhere.

    Source: Kubernetes, "Network Policies", Default deny all egress traffic; NSA/CISA Kubernetes Hardening Guide 1.2.
    """
    return _system(namespace, params) or _default_deny(namespace, cluster, "Egress")


def _default_deny(namespace: Namespace, cluster: Cluster, direction: str) -> Verdict:
    name = namespace.header.name
    policies = cluster.network_policies_in.get(name, ())
    for policy in policies:
        if _denies_by_default(policy, direction):
            return passed(
                f"NetworkPolicy {policy.header.name} selects every pod for {direction} and opens it to nobody at large",
                at=[policy.header.at("/spec")],
            )
    others = _plugin_policies(namespace, cluster)
    if others:
        return _unread(namespace, others, f"whether {direction} is denied by default")
    unknown = _unknown("NetworkPolicy", cluster.network_policies_in.get(None, ()), cluster)
    if unknown is not None:
        return unknown
    names = listed(dict.fromkeys(policy.header.name for policy in policies))
    seen = f"only {names}" if policies else "no NetworkPolicy at all"
    at = [policy.header.at("/spec") for policy in policies[:10]] or list(cluster.at_list("NetworkPolicy"))
    return failed(f"no policy in {name} denies {direction} for every pod: {seen}", at=[namespace.header.at(), *at])


def _denies_by_default(policy: NetworkPolicy, direction: str) -> bool:
    """Whether a policy isolates every pod and none of its own rules opens the direction to all."""
    selector = policy.pod_selector
    if selector.match_labels or selector.match_expressions or direction not in policy.types:
        return False
    rules = policy.ingress if direction == "Ingress" else policy.egress
    return not any(rule.open_to_all for rule in rules)


@check(
    id="namespace-limit-range",
    title="The namespace has a LimitRange",
    severity=Severity.LOW,
    fix="Create a LimitRange in the namespace with default requests and limits for containers.",
)
def namespace_limit_range(namespace: Namespace, cluster: Cluster, params: Parameters) -> Verdict:
    """A LimitRange with a default or a maximum stands in the namespace.

    Source: NSA/CISA Kubernetes Hardening Guide 1.2, Resource policies.
    """
    system = _system(namespace, params)
    if system is not None:
        return system
    found = cluster.limits_in.get(namespace.header.name, ())
    useful = [limits for limits in found if limits.defaults or limits.default_requests or limits.maxima]
    if useful:
        names = listed(dict.fromkeys(limits.header.name for limits in useful))
        return passed(f"LimitRange {names}", at=[limits.header.at("/spec/limits") for limits in useful])
    unknown = _unknown("LimitRange", cluster.limits_in.get(None, ()), cluster)
    if unknown is not None:
        return unknown
    seen = "a LimitRange that sets no default and no maximum" if found else "no LimitRange"
    at = [namespace.header.at(), *(limits.header.at("/spec") for limits in found)]
    return failed(f"{seen} in {namespace.header.name}", at=[*at, *cluster.at_list("LimitRange")])


@check(
    id="namespace-quota",
    title="The namespace has a ResourceQuota",
    severity=Severity.LOW,
    fix="Create a ResourceQuota in the namespace that caps CPU, memory and the number of pods.",
)
def namespace_quota(namespace: Namespace, cluster: Cluster, params: Parameters) -> Verdict:
    """A ResourceQuota that caps something stands in the namespace.

    Source: NSA/CISA Kubernetes Hardening Guide 1.2, Resource policies.
    """
    system = _system(namespace, params)
    if system is not None:
        return system
    found = cluster.quotas_in.get(namespace.header.name, ())
    useful = [quota for quota in found if quota.hard]
    if useful:
        words = listed(f"{quota.header.name} ({listed(quota.hard, limit=4)})" for quota in useful)
        return passed(f"ResourceQuota {words}", at=[quota.header.at("/spec/hard") for quota in useful])
    unknown = _unknown("ResourceQuota", cluster.quotas_in.get(None, ()), cluster)
    if unknown is not None:
        return unknown
    seen = "a ResourceQuota that caps nothing" if found else "no ResourceQuota"
    at = [namespace.header.at(), *(quota.header.at("/spec") for quota in found)]
    return failed(f"{seen} in {namespace.header.name}", at=[*at, *cluster.at_list("ResourceQuota")])


@check(
    id="namespace-in-use",
    title="Workloads are kept apart in namespaces and none is in default",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Move workloads out of the namespace default into one namespace for each owner or application.",
)
def namespace_in_use(cluster: Cluster, params: Parameters) -> Verdict:
    """No workload is in default, and the others are in more than one namespace beside the platform's own.

    One namespace alone is no fault of itself, and whether the division fits the owners is a
    person's answer. Source: CIS Kubernetes 2.0.1, 5.6.1.
    """
    if not cluster.workloads:
        return not_checked("no workload was handed in")
    stray = cluster.workloads_in.get("default", ())
    if stray:
        names = listed(dict.fromkeys(entry.said() for entry in stray))
        return failed(f"in namespace default: {names}", at=[entry.at("/metadata/namespace") for entry in stray[:25]])
    unset = cluster.workloads_in.get(None, ())
    used = sorted(name for name in cluster.workloads_in if name and name not in params.system_namespaces)
    at = [cluster.workloads_in[name][0].at("/metadata/namespace") for name in used[:25]]
    if unset:
        names = listed(dict.fromkeys(entry.said() for entry in unset))
        return not_checked(f"no namespace is stated for {names}", at=[*at, unset[0].at("/metadata/namespace")])
    if len(used) < 2:
        return not_checked(
            f"workloads beside the platform's own are seen in {listed(used) or 'no namespace'} only", at=at
        )
    return passed(f"workloads are in {len(used)} namespaces: {listed(used)}; none in default", at=at)
