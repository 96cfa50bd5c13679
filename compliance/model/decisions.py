"""A workload or an image and all decisions of the gate in; those that bear on it, the newest of each, out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from compliance.model.admission import covers, enforces
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.cluster import AdmissionPolicy, Cluster
from compliance.model.image import Image
from compliance.model.image_reference import image_reference
from compliance.model.images import Bound
from compliance.model.supply_chain import SupplyChain
from compliance.model.times import moment
from compliance.model.workload import Container, Pod

#: Who decides at admission. Scanners write policy reports, too, and let nothing in or out.
GATES = frozenset(
    {"kyverno", "gatekeeper", "validating-admission-policy", "kubewarden", "pod-security", "image-policy-webhook"}
)
#: Forms that show the state of what is there now, and so show a gap; others tell of requests of their time.
STANDING = frozenset({"policy-report"})
#: Forms by which a gate says yes or no to an object that is there.
DECIDING = frozenset({"policy-report", "constraint-status", "audit-annotation"})
#: What a policy on these asks of pods. A constraint on anything else says nothing about them.
_OF_PODS = frozenset({"pod-security", "image-signature", "image-registry", "sbom", "provenance"})


def has_decisions(chain: SupplyChain, forms: Iterable[str] = DECIDING) -> bool:
    """Whether the evidence holds a gate's decision of one of these forms, about whatever."""
    return any((form, gate) in chain.gate.forms for form in forms for gate in GATES)


def on_workload(pod: Pod, chain: SupplyChain) -> tuple[AdmissionDecision, ...]:
    """What gates decided about a pod or a workload: a pod's own and its controller's; a workload's and its pods'."""
    return tuple(one for one in all_on_workload(pod, chain) if one.source in GATES and one.form in DECIDING)


def all_on_workload(pod: Pod, chain: SupplyChain) -> tuple[AdmissionDecision, ...]:
    """Every decision that names a pod or a workload, of whatever form and source, each once."""
    if pod.kind != "Pod":
        return chain.gate.on.get(pod.subject.id, ())
    found: dict[int, AdmissionDecision] = {}
    for namespace in (pod.namespace,) if pod.namespace else (None, "default"):
        for key in ((pod.kind, namespace, pod.name), (pod.subject.kind or "", namespace, pod.subject.name)):
            found.update((id(one), one) for one in chain.gate.about.get(key, ()))
    return tuple(found.values())


def current(decisions: Iterable[AdmissionDecision]) -> tuple[AdmissionDecision, ...]:
    """The newest decision by each policy and rule on each object; of equal age, or without a time, all."""
    groups: dict[tuple[object, ...], list[AdmissionDecision]] = {}
    for one in decisions:
        groups.setdefault((one.form, one.source, one.policy, one.rule, one.resource), []).append(one)
    return tuple(one for group in groups.values() for one in newest(group))


def newest(decisions: Iterable[AdmissionDecision]) -> tuple[AdmissionDecision, ...]:
    """Those of the latest time, and those that state none: nobody knows how old these are."""
    dated = [(moment(one.time) if one.time else None, one) for one in decisions]
    last = max((when for when, _ in dated if when is not None), default=None)
    return tuple(one for when, one in dated if when is None or when == last)


def audits_without_violation(pod: Pod, chain: SupplyChain, cluster: Cluster) -> Iterator[AdmissionDecision]:
    """Audits of Gatekeeper constraints on pods of a namespace that list all violations and not this workload."""
    violated = {one.policy for one in all_on_workload(pod, chain) if one.form == "constraint-status"}
    for audit in chain.gate.audits:
        if audit.result == "error" or audit.policy in violated:
            continue
        policy = policy_of(audit, cluster)
        if policy is None or _OF_PODS.isdisjoint(policy.topics):
            continue
        if pod.namespace is not None and covers(policy, pod.namespace, cluster) is True:
            yield audit


def policy_of(decision: AdmissionDecision, cluster: Cluster) -> AdmissionPolicy | None:
    """The policy object by which a decision was made; None when it was not handed in."""
    for policy in cluster.policies:
        head = policy.header
        same = policy.engine == decision.source and (policy.engine != "gatekeeper" or head.kind == decision.rule)
        if same and decision.policy in (head.name, f"{head.namespace}/{head.name}"):
            return policy
    return None


def is_enforced(decision: AdmissionDecision, cluster: Cluster) -> bool | None:
    """Whether the policy of a decision keeps out what breaks it; None when the evidence cannot say."""
    if decision.enforced is not None:
        return decision.enforced
    policy = policy_of(decision, cluster)
    return enforces(policy, cluster) if policy is not None else None


class Judged(NamedTuple):
    """The digests of one container's image that the gate judged, and those that run; empty where none is named.

    `certain` is false where another digest may yet be of the same image: of its list over platforms, or of one of them.
    """

    evaluated: dict[str, AdmissionDecision]
    running: frozenset[str]
    certain: bool = True


def digests_of(container: Container, decisions: Iterable[AdmissionDecision], chain: SupplyChain) -> Judged:
    """What the newest decisions that name a digest of the container's image judged, and what runs.

    `running` holds every digest of one image: those of its index, manifest and configuration.
    """
    reference = image_reference(container.image or "")
    named = [one for one in decisions if any(_of_repository(image, reference.path) for image in one.images)]
    evaluated: dict[str, AdmissionDecision] = {}
    for one in newest(named):
        for image in one.images:
            if digest := _of_repository(image, reference.path):
                evaluated.setdefault(digest, one)
    running = {digest for digest in (container.image_id or reference.digest,) if digest}
    found = [match for digest in tuple(running) for match in chain.images.of_digest(digest)]
    for match in found:
        parts = match.image.digests
        running.update(each for each in (parts.index, parts.manifest, parts.config) if each)
    judged = [match for digest in evaluated for match in chain.images.of_digest(digest) if match.by is Bound.DIGEST]
    # a gate judges the digest that a pod names; what a kubelet reports may be of the list or of a platform
    is_whole = any(match.image.digests.index and match.image.digests.manifest for match in (*found, *judged))
    return Judged(evaluated, frozenset(running), certain=is_whole or reference.digest is not None)


def _of_repository(image: str, path: str) -> str:
    """The digest that a decision names for an image of a repository, empty text when it names none."""
    if "@" not in image:
        return ""
    named = image_reference(image)
    return named.digest or "" if named.path == path else ""


class ImageDecision(NamedTuple):
    """A decision that bears on an image: `by` digest when it names it, by name when it is about a workload with it."""

    decision: AdmissionDecision
    by: Bound


def on_image(image: Image, chain: SupplyChain) -> tuple[ImageDecision, ...]:
    """What gates decided about an image: decisions that name one of its digests, then those on what runs it.

    A decision on a workload that runs it by digest is joined by name only unless it names the digest itself:
    it says that the workload was judged, not which image was.
    """
    own = {digest for digest in (image.digests.index, image.digests.manifest, image.digests.config) if digest}
    found: dict[int, ImageDecision] = {}
    for digest in sorted(own):
        for one in chain.gate.by_digest.get(digest, ()):
            if one.source in GATES:
                found.setdefault(id(one), ImageDecision(one, Bound.DIGEST))
    for use in chain.images.uses_of(image):
        for one in chain.gate.on.get(use.workload.subject.id, ()):
            if one.source in GATES and one.form in DECIDING:
                found.setdefault(id(one), ImageDecision(one, Bound.NAME))
    return tuple(found.values())
