"""Which admission policies are in force, and over which namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.model.cluster import AdmissionPolicy, Cluster


def enforces(policy: AdmissionPolicy, cluster: Cluster) -> bool | None:
    """Whether a policy refuses what breaks it; None when the evidence cannot say.

    A ValidatingAdmissionPolicy acts only through a binding that denies.
    """
    if policy.enforcing is not None:
        return policy.enforcing
    if policy.engine != "validating-admission-policy":
        return None
    bindings = cluster.policy_bindings_of.get(policy.header.name, ())
    if bindings:
        return any(binding.denies for binding in bindings)
    return False if cluster.knows("ValidatingAdmissionPolicyBinding") else None


def covers(policy: AdmissionPolicy, namespace: str, cluster: Cluster) -> bool | None:
    """Whether a policy judges what is made in a namespace; None when a selector or a condition decides.

    A policy object that stands in a namespace judges that namespace alone, and which one that is
    cannot be told where its file names none.
    """
    header = policy.header
    if header.namespace is None and (header.kind == "Policy" or header.kind.startswith("Namespaced")):
        return None
    if header.namespace not in (None, namespace) or namespace in policy.exempt_namespaces:
        return False
    patterns = any("*" in name for name in (*policy.namespaces, *policy.exempt_namespaces))
    if policy.namespaces and namespace not in policy.namespaces and not patterns:
        return False
    if policy.engine == "sigstore":
        return _opted_in(namespace, cluster)
    if policy.exempts_by_selector or patterns or _bound_in_part(policy, cluster):
        return None
    return True


def _opted_in(namespace: str, cluster: Cluster) -> bool | None:
    """True for a namespace that carries the policy-controller's label; without it, its set-up decides.

    Source: sigstore policy-controller documentation, "Enable policy-controller on a namespace".
    """
    found = cluster.namespace_named.get(namespace)
    return True if found is not None and found.header.labels.get("policy.sigstore.dev/include") == "true" else None


def _bound_in_part(policy: AdmissionPolicy, cluster: Cluster) -> bool:
    """Whether every binding by which a ValidatingAdmissionPolicy denies takes a part of the objects only."""
    if policy.engine != "validating-admission-policy":
        return False
    denying = [binding for binding in cluster.policy_bindings_of.get(policy.header.name, ()) if binding.denies]
    return all(binding.narrowed for binding in denying)


def policies_on(topic: str, cluster: Cluster) -> Iterator[tuple[AdmissionPolicy, bool | None]]:
    """The policies that ask for a topic, each with whether it enforces."""
    for policy in cluster.policies:
        if topic in policy.topics:
            yield policy, enforces(policy, cluster)
