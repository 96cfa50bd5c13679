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


def covers(policy: AdmissionPolicy, namespace: str) -> bool | None:
    """Whether a policy judges what is made in a namespace; None when a selector or a condition decides.

    A policy object that stands in a namespace judges that namespace alone, and which one that is
    cannot be told where its file names none.
    """
    header = policy.header
    if header.namespace is None and (header.kind == "Policy" or header.kind.startswith("Namespaced")):
        return None
    if header.namespace not in (None, namespace):
        return False
    if namespace in policy.exempt_namespaces:
        return False
    if policy.namespaces and namespace not in policy.namespaces and not any("*" in n for n in policy.namespaces):
        return False
    if policy.exempts_by_selector or any("*" in n for n in (*policy.namespaces, *policy.exempt_namespaces)):
        return None
    return True


def policies_on(topic: str, cluster: Cluster) -> Iterator[tuple[AdmissionPolicy, bool | None]]:
    """The policies that ask for a topic, each with whether it enforces."""
    for policy in cluster.policies:
        if topic in policy.topics:
            yield policy, enforces(policy, cluster)
