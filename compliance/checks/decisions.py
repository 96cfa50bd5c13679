"""Workloads and the gate's decisions in, verdicts out: what runs was let in, as it runs, by a policy that refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from compliance.model.admission_decision import AdmissionDecision
from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster
from compliance.model.configuration import Parameters
from compliance.model.decisions import (
    STANDING,
    all_on_workload,
    audits_without_violation,
    current,
    digests_of,
    has_decisions,
    is_enforced,
    newest,
    on_workload,
    policy_of,
)
from compliance.model.evidence import At
from compliance.model.faults import Fault, called, counted, told
from compliance.model.image_words import short
from compliance.model.outcome import Severity
from compliance.model.supply_chain import SupplyChain
from compliance.model.times import moment
from compliance.model.workload import Pod

#: Clocks of an API server and of a policy engine may differ by this much.
_SKEW = timedelta(minutes=1)
#: Names by which policies on signatures are known where the policy itself was not handed in.
_SIGNATURE = re.compile(r"verif|sign(?:ed|ature)|cosign|notary|notation|sigstore|ratify|attest", re.IGNORECASE)
#: Engines that judge signatures and report nowhere on what they let in.
#: Source: sigstore policy-controller and Ratify documentation.
_SILENT = frozenset({"sigstore", "ratify", "gatekeeper"})
_NOTHING = "no report of a policy engine, constraint status or audit log was handed in"
_PLACES = 25


def _aside(pod: Pod, chain: SupplyChain) -> Verdict | None:
    """What is said where no decision can be asked for: a static pod, or evidence without any decision."""
    if pod.owner is not None and pod.owner[0] == "Node":
        return not_applicable(
            "a static pod, which its node runs from a file: the gate is not asked", at=[pod.at("/metadata")]
        )
    return None if has_decisions(chain) else not_checked(_NOTHING)


def _undecided(pod: Pod, chain: SupplyChain, params: Parameters) -> Verdict:
    """No gate judged this workload: a gap where the evidence shows what runs and what the gate judged."""
    at = [pod.at("/metadata/name")]
    if pod.namespace in params.system_namespaces:
        return not_checked(f"no decision about it; gates leave out the system namespace {pod.namespace}", at=at)
    if pod.created is None:
        return not_checked("no decision about it, and nothing shows that it runs: the file is a manifest", at=at)
    if not has_decisions(chain, STANDING):
        return not_checked("no decision about it; the evidence holds no policy report, which would list all", at=at)
    return failed("it is in the cluster, and no decision of the gate in the evidence is about it", at=at)


def _judged(decisions: Sequence[AdmissionDecision]) -> list[AdmissionDecision]:
    return [one for one in decisions if one.result in ("pass", "fail", "warn")]


def _places(decisions: Sequence[AdmissionDecision]) -> list[At]:
    return [one.at() for one in decisions[:_PLACES]]


def _on(decisions: Sequence[AdmissionDecision]) -> str:
    """When the newest of them was made, in words."""
    last = newest(decisions)
    return f", at {last[0].time}" if last and last[0].time else ""


@check(
    id="pod-admission-decided",
    title="What runs was judged by the gate",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Bring the workload's namespace under the admission policies, and have the policy engine report on it.",
)
def pod_admission_decided(pod: Pod, supply_chain: SupplyChain, cluster: Cluster, params: Parameters) -> Verdict:
    """A policy engine judged the workload, its pods or its controller, or audited them and lists no violation.

    A gap fails only for an object that the API server made, and where policy reports, which list all that is there,
    are in the evidence. A skipped or failed judgement is none. Decisions of scanners do not count.
    Source: NIST SP 800-190, 4.4.5; NIST SP 800-53 rev 5, CM-14; Kyverno documentation, "Policy Reports".
    """
    if aside := _aside(pod, supply_chain):
        return aside
    about = on_workload(pod, supply_chain)
    judged = _judged(about)
    if judged:
        names = listed(sorted({one.said_by for one in judged}), limit=4)
        return passed(f"{counted(len(judged), 'decision')} by {names}{_on(judged)}", at=_places(judged))
    audits = list(audits_without_violation(pod, supply_chain, cluster))
    if audits:
        names = listed(sorted({one.said_by for one in audits}), limit=4)
        return passed(f"audited by {names}{_on(audits)}, and not among the violations", at=_places(audits))
    if about:
        names = listed(sorted({f"{one.said_by} ({one.result})" for one in about}), limit=4)
        return not_checked(f"the gate names it without a judgement: {names}", at=_places(about))
    return _undecided(pod, supply_chain, params)


@check(
    id="pod-admission-accepted",
    title="Nothing runs that the gate's policies find at fault",
    severity=Severity.HIGH,
    effort=Effort.WORKLOAD,
    fix="Mend the workload where the policy faults it, then set the policy to enforce so that it stays mended.",
)
def pod_admission_accepted(pod: Pod, supply_chain: SupplyChain, cluster: Cluster) -> Verdict:
    """The newest decision of each policy on the workload and its pods is no fail and no error.

    The reason says of each whether its policy refuses or only reports. Warnings do not fail and are told.
    Source: NIST SP 800-190, 4.1.2 and 4.4.5; wgpolicyk8s.io/v1alpha2, PolicyReportResult.result.
    """
    if aside := _aside(pod, supply_chain):
        return aside
    standing = current(on_workload(pod, supply_chain))
    faults = [
        Fault(f"{one.said_by}: {one.result}, {one.message or 'without a message'} ({_mode(one, cluster)})", one.at())
        for one in standing
        if one.result in ("fail", "error")
    ]
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults[:_PLACES]])
    accepted = [one for one in standing if one.result == "pass"]
    accepted = accepted or list(audits_without_violation(pod, supply_chain, cluster))
    warned = [one for one in standing if one.result == "warn"]
    more = f"; {counted(len(warned), 'warning')}: {listed((one.said_by for one in warned), limit=3)}" if warned else ""
    if accepted:
        names = listed(sorted({one.said_by for one in accepted}), limit=4)
        return passed(f"accepted by {names}{_on(accepted)}{more}", at=_places([*accepted, *warned]))
    return not_checked(f"no policy of the gate accepts or faults it{more}", at=_places(warned))


def _mode(one: AdmissionDecision, cluster: Cluster) -> str:
    match is_enforced(one, cluster):
        case True:
            return "the policy refuses, so it came in before, by an exemption, or has changed"
        case False:
            return "the policy only reports"
        case None:
            return "whether the policy refuses cannot be told"


@check(
    id="pod-admission-image",
    title="The images that run are those that the gate judged",
    severity=Severity.CRITICAL,
    revision=2,
    effort=Effort.WORKLOAD,
    fix="Deploy by digest, restart what runs another digest, and have the gate write the digest into the pod.",
)
def pod_admission_image(pod: Pod, supply_chain: SupplyChain) -> Verdict:
    """The digest of each container's image is one that a decision on the workload names.

    Index, manifest and configuration digest of an image that was handed in count as the same. FAIL with both sides
    when the newest decision names another digest. NOT_CHECKED where a side names none: a report need not; and where
    the digest that the kubelet reports may be of the list over platforms, or of one, of an image not handed in.
    Source: NIST SP 800-190, 4.1.5; NIST SP 800-53 rev 5, SI-7 and CM-14.
    """
    if aside := _aside(pod, supply_chain):
        return aside
    about = [one for one in _named(pod, supply_chain) if one.result in ("pass", "warn")]
    faults: list[Fault] = []
    unknown: list[str] = []
    shown: list[At] = []
    for container in pod.all_containers():
        found = digests_of(container, about, supply_chain)
        same = sorted(found.running & found.evaluated.keys())
        place = pod.in_container(container, "image")
        if same:
            shown += [found.evaluated[same[0]].at(), place]
        elif found.running and found.evaluated:
            judged = listed((short(digest) for digest in sorted(found.evaluated)), limit=2)
            runs = listed((short(digest) for digest in sorted(found.running)), limit=3)
            one = next(iter(found.evaluated.values()))
            words = f"{called(container)} runs {runs}, and {one.said_by} judged {judged}{_on([one])}"
            shown.append(one.at())
            if found.certain:
                faults.append(Fault(words, place))
            else:
                unknown.append(f"{words}; the image was not handed in, so both may be digests of it")
        else:
            lacks = "no decision names a digest of it" if found.running else "nothing names the digest that runs"
            unknown.append(f"{called(container)}: {lacks}")
    if faults:
        return failed(told(faults), at=[*(fault.at for fault in faults), *shown])
    if unknown or not shown:
        return not_checked(listed(unknown, limit=4) or "the pod has no container in this evidence", at=shown)
    return passed("each container runs a digest that the gate judged", at=shown)


def _named(pod: Pod, chain: SupplyChain) -> list[AdmissionDecision]:
    """Decisions that name images; what Kyverno writes on a pod counts beside a decision of its own only."""
    decided = on_workload(pod, chain)
    trusted = any(one.source == "kyverno" and one.result == "pass" for one in decided)
    written = [one for one in all_on_workload(pod, chain) if one.form == "pod-annotation"] if trusted else []
    return [one for one in (*decided, *written) if one.images]


@check(
    id="pod-admission-signature",
    title="What runs was let in by a policy on image signatures that refuses",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Put the namespace under an image verification policy that enforces, and deploy the workload again.",
)
def pod_admission_signature(pod: Pod, supply_chain: SupplyChain, cluster: Cluster) -> Verdict:
    """A policy on signatures or attestations passed the workload, and refuses what does not pass.

    A policy is known by what it asks for, or by its name and its rule's where it was not handed in. FAIL when policies
    report on the workload and none of them is on signatures, when one faults it, or when it only reports.
    Source: CIS Kubernetes 2.0.1, 5.5.1; NIST SP 800-190, 4.1.5; NIST SP 800-53 rev 5, CM-14.
    """
    if aside := _aside(pod, supply_chain):
        return aside
    standing = current(on_workload(pod, supply_chain))
    signed = [one for one in standing if _on_signatures(one, cluster)]
    bad = [one for one in signed if one.result in ("fail", "error")]
    audits = [one for one in audits_without_violation(pod, supply_chain, cluster) if _on_signatures(one, cluster)]
    good = [one for one in signed if one.result == "pass"] or audits
    names = listed(sorted({one.said_by for one in bad or good or standing}), limit=4)
    if bad:
        return failed(f"signatures of its images do not pass {names}: {bad[0].message}", at=_places(bad))
    if good:
        return _let_in(good, names, cluster)
    reports = _judged([one for one in standing if one.form in STANDING])
    silent = [policy for policy in cluster.policies if "image-signature" in policy.topics and policy.engine in _SILENT]
    if silent:
        words = (
            f"{silent[0].header.kind} {silent[0].header.name} is on signatures, and writes no report on what it lets in"
        )
        return not_checked(words, at=[policy.header.at(policy.at) for policy in silent[:_PLACES]])
    if reports and not signed:
        words = f"judged by {names}, and by no policy on the signatures of its images"
        return failed(words, at=_places(reports))
    return not_checked("no decision about the signatures of its images is in the evidence", at=_places(signed))


def _let_in(good: Sequence[AdmissionDecision], names: str, cluster: Cluster) -> Verdict:
    """A pass by policies on signatures counts when one of them refuses what does not pass."""
    modes = [is_enforced(one, cluster) for one in good]
    if True in modes:
        return passed(f"let in by {names}{_on(good)}", at=_places(good))
    if None in modes:
        return not_checked(f"{names} passes it; whether it refuses is set by a policy not handed in", at=_places(good))
    return failed(f"{names} passes it and only reports: an unsigned image would be let in, too", at=_places(good))


def _on_signatures(one: AdmissionDecision, cluster: Cluster) -> bool:
    policy = policy_of(one, cluster)
    if policy is not None:
        return "image-signature" in policy.topics
    return _SIGNATURE.search(f"{one.policy} {one.rule}") is not None


@check(
    id="pod-admission-time",
    title="The gate's newest decision is about the object that runs, not an older one",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Take the policy reports again after the last deployment, and hand them in with the objects of the same day.",
)
def pod_admission_time(pod: Pod, supply_chain: SupplyChain, as_of: datetime) -> Verdict:
    """The newest decision was made after the API server made the object, and not after the day of the assessment.

    An object may be made again under the same name: a decision older than the object, by more than a minute, was about
    another. Source: NIST SP 800-53 rev 5, AU-8 and CM-14; Kubernetes API, ObjectMeta.creationTimestamp.
    """
    if aside := _aside(pod, supply_chain):
        return aside
    about = on_workload(pod, supply_chain)
    dated = [(when, one) for one in about if one.time and (when := moment(one.time)) is not None]
    made = moment(pod.created) if pod.created else None
    if not dated or made is None:
        lacks = "no decision about it states a time" if not dated else "nothing says when the object was made"
        return not_checked(lacks, at=_places(about))
    when, last = max(dated, key=lambda pair: pair[0])
    at = [last.at(), pod.at("/metadata/creationTimestamp")]
    words = f"{last.said_by} decided at {last.time}, and the object was made at {pod.created}"
    if when > as_of + _SKEW:
        return not_checked(f"{words}; the decision lies after the day of the assessment", at=at)
    if when < made - _SKEW:
        return failed(f"{words}: it was about an older object of that name", at=at)
    return passed(words, at=at)


@check(
    id="admission-failed-open",
    title="Nothing was let in while the gate could not be asked",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Set failurePolicy: Fail on the webhook, and judge again what was let in meanwhile.",
)
def admission_failed_open(_: Cluster, supply_chain: SupplyChain) -> Verdict:
    """No audit event on a pod or a workload says that a webhook failed and the request went on without it.

    Source: kubernetes/apiserver, admission/plugin/webhook, annotations `failed-open.*`; NIST SP 800-53 rev 5, SC-24.
    """
    events = [one for one in supply_chain.decisions if one.form.startswith("audit-")]
    if not events:
        return not_checked("no audit log of the API server with requests about workloads was handed in")
    open_ = [one for one in events if one.form == "audit-failed-open"]
    if open_:
        names = listed((f"{_object(one)} without {one.policy or 'a webhook'}{_on([one])}" for one in open_), limit=5)
        return failed(f"{counted(len(open_), 'request')} went on unjudged: {names}", at=_places(open_))
    made = [one for one in events if one.source == "api-server"] or events
    return passed(
        f"none of {counted(len(made), 'request')} about workloads says that a webhook failed", at=_places(made)
    )


def _object(one: AdmissionDecision) -> str:
    if one.resource is None:
        return "an object without a name"
    kind, namespace, name = one.resource
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


@check(
    id="admission-decisions-logged",
    title="The audit log shows what admission decided of workloads",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Log creates and updates of pods and workloads at level Metadata or above, with the stage ResponseComplete.",
)
def admission_decisions_logged(_: Cluster, supply_chain: SupplyChain) -> Verdict:
    """Events on pods and workloads carry the words of admission: its annotations, or its refusals.

    Every pod that Pod Security admission judges is annotated, so a log without any annotation leaves them out.
    Source: NIST SP 800-53 rev 5, AU-2, AU-3 and AU-12; Kubernetes documentation, "Audit Annotations".
    """
    events = [one for one in supply_chain.decisions if one.form.startswith("audit-")]
    if not events:
        return not_checked("no audit log of the API server with requests about workloads was handed in")
    said = [one for one in events if one.form != "audit-event"]
    answered = len(events) - len(said)
    if not said:
        words = f"{counted(answered, 'request')} about workloads, and not one word of admission about them"
        return failed(words, at=_places(events))
    refused = sum(one.form == "audit-refusal" for one in said)
    words = f"{counted(answered, 'request')} about workloads answered, {refused:,} refused by admission"
    return passed(f"{words}, {counted(len(said) - refused, 'annotation')} of admission", at=_places(said))
