"""Check results in, one finding for each control of a framework out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from compliance.assess.imported import CHECKLISTS, disagreement, is_imported
from compliance.assess.reasons import STATEMENT, Part, because_of, missing_from, shown_by, silent, unseen
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.assessment import (
    OBSERVATIONS_KEPT,
    CheckResult,
    Finding,
    FindingCheck,
    FrameworkResult,
    StatusCounts,
)
from compliance.model.attestation import Attestation
from compliance.model.catalog import CheckMapping, Control, Coverage, Framework, Library
from compliance.model.check import Check
from compliance.model.cluster import Cluster
from compliance.model.configuration import Configuration, Responsibility, Review
from compliance.model.counts import Counts
from compliance.model.docker import DockerContainer, Dockerfile
from compliance.model.hosts import (
    CONTROL_PLANE,
    ApiServer,
    ControllerManager,
    DockerHost,
    Etcd,
    Kubelet,
    KubeProxy,
    KubernetesNode,
    Scheduler,
)
from compliance.model.image import Image
from compliance.model.outcome import Outcome, Status, status_of, worst
from compliance.model.provider import Provider
from compliance.model.sbom import Sbom
from compliance.model.vulnerability import KevCatalog, ScanReport, VexDocument
from compliance.model.workload import Pod

#: The kind of evidence that holds records of a type; all other types are Kubernetes objects.
_EVIDENCE_OF: Mapping[type, str] = {
    Image: "image-filesystem",
    Sbom: "sbom",
    DockerContainer: "container-inspect",
    Dockerfile: "dockerfile",
    Attestation: "signature-verification",
    ScanReport: "vulnerability-scan",
    VexDocument: "vex",
    KevCatalog: "kev",
    AdmissionDecision: "admission-report",
    ApiServer: "static-pod-manifest",
    ControllerManager: "static-pod-manifest",
    Scheduler: "static-pod-manifest",
    Etcd: "static-pod-manifest",
    Kubelet: "kubelet-config",
    KubeProxy: "kube-proxy-config",
    KubernetesNode: "node-file-stat",
}
#: Sections that ask about the control plane and its nodes, by catalog.
_CONTROL_PLANE_SECTIONS: Mapping[str, frozenset[str]] = {
    "cis-kubernetes": frozenset(("1.1", "1.2", "1.3", "1.4", "2", "3.2")),
}
_DECIDED = (Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE)
_REVIEW = {
    "satisfied": Outcome.PASS,
    "not-satisfied": Outcome.FAIL,
    "not-applicable": Outcome.NOT_APPLICABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What findings are made from. `present` are the kinds of evidence that were read; `as_of` is ISO 8601.

    `provider` is the maker of the cluster that its nodes tell of; None where they do not.
    """

    library: Library
    results: Mapping[str, CheckResult]
    configuration: Configuration
    present: frozenset[str]
    as_of: str
    provider: Provider | None = None


def assess_framework(framework: Framework, basis: Basis) -> FrameworkResult:
    """Every control of a framework answered, in the framework's own order."""
    rows: dict[str, list[CheckMapping]] = defaultdict(list)
    for row in basis.library.check_mappings:
        if row.framework == framework.catalog and row.edition == framework.catalog_edition:
            rows[row.control].append(row)
    findings = tuple(_finding(framework, control, rows[control.id], basis) for control in framework.controls)
    by_section: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_section[finding.section].append(finding)
    return FrameworkResult(
        framework=framework,
        counts=count(findings),
        sections=tuple(
            (section.id, section.title, count(by_section[section.id]))
            for section in framework.sections
            if by_section[section.id]
        ),
        findings=findings,
    )


def count(findings: Iterable[Finding]) -> StatusCounts:
    """Findings by status; of the not-reviewed ones, those with a part that evidence shows."""
    tally: dict[Status, int] = dict.fromkeys(Status, 0)
    partly = 0
    for finding in findings:
        tally[finding.status] += 1
        if finding.status is Status.NOT_REVIEWED and finding.shown:
            partly += 1
    return StatusCounts(
        satisfied=tally[Status.SATISFIED],
        not_satisfied=tally[Status.NOT_SATISFIED],
        not_applicable=tally[Status.NOT_APPLICABLE],
        not_reviewed=tally[Status.NOT_REVIEWED],
        error=tally[Status.ERROR],
        partly_shown=partly,
    )


def _finding(framework: Framework, control: Control, rows: Sequence[CheckMapping], basis: Basis) -> Finding:
    kinds = basis.library.evidence_kinds
    parts = _deciding_parts([Part(row=row, result=basis.results[row.check]) for row in _counting(rows, basis)])
    review, expired = _review(framework, control, basis)
    responsibility = _responsibility(framework, control, basis.configuration.responsibilities) or _of_provider(
        framework, control, parts, basis.provider
    )
    outcome = _outcome(parts, review)
    status = status_of(outcome)
    missing_evidence = _missing_evidence(control, parts, basis.present)
    reason, because = because_of(
        control, parts, review, expired, responsibility, outcome, missing_evidence, kinds, basis.as_of
    )
    because = f"{because} {_contradiction(parts)}".strip()
    ids, ids_total = _deciding(parts, outcome)
    return Finding(
        framework=framework.id,
        edition=framework.edition,
        control=control.id,
        title=control.title,
        section=control.section,
        judged=control.judged,
        status=status,
        reason=reason,
        because=because,
        shown=shown_by(parts),
        missing=missing_from(control, parts, review, missing_evidence, kinds, status),
        judged_by=_judged_by(parts, review, responsibility),
        checks=tuple(_said(part) for part in parts),
        counts=_sum(part.result.counts for part in parts),
        observations=ids,
        observations_total=ids_total,
        evidence_missing=missing_evidence,
        responsibility=_words(responsibility),
        review=review,
        deviations=_deviations(parts, basis.configuration),
    )


def _said(part: Part) -> FindingCheck:
    """What a check said, as a finding carries it."""
    return FindingCheck(
        check=part.row.check,
        coverage=part.row.coverage.value,
        rationale=part.row.rationale,
        source=part.row.source,
        outcome=part.result.outcome,
        counts=part.result.counts,
    )


def _counting(rows: Sequence[CheckMapping], basis: Basis) -> Sequence[CheckMapping]:
    """Rows whose kind of evidence was handed in; all of them when none was, so that the gap is seen."""
    known = [row for row in rows if row.check in basis.results]
    return [row for row in known if not row.when or row.when in basis.present] or known


def _deciding_parts(parts: list[Part]) -> list[Part]:
    """The parts that count: of our checks and of what another tool judged, those that decided nothing give way.

    Where another tool judged the very item, our checks that saw nothing to judge give way to it; where our checks that
    settle the control all decided, so does a tool that left it open, as manual items and answers not yet given do.
    """
    others = [part for part in parts if is_imported(part.result.check) and part.row.coverage is Coverage.SUFFICIENT]
    ours = [part for part in parts if not is_imported(part.result.check) and part.row.coverage is Coverage.SUFFICIENT]
    if ours and all(part.result.outcome in _DECIDED for part in ours):
        return [part for part in parts if part not in others or part.result.outcome in _DECIDED]
    if all(silent(part) for part in others):
        return parts
    return [part for part in parts if part in others or not unseen(part)]


def _contradiction(parts: Sequence[Part]) -> str:
    ours = {part.result.check.title: part.result.outcome for part in parts if not is_imported(part.result.check)}
    others = {part.result.check.title: part.result.outcome for part in parts if is_imported(part.result.check)}
    return disagreement(ours, others)


def _outcome(parts: Sequence[Part], review: Review | None) -> Outcome:
    """The worst of the checks; a part that no check covers is not checked until a person's review covers it.

    A review also answers for checks that cover a part and could not decide it. What a sufficient
    check is to decide takes evidence.
    """
    partial = [part for part in parts if part.row.coverage is Coverage.PARTIAL]
    outcomes = [part.result.outcome for part in parts]
    if not parts or partial:
        if review is None:
            outcomes.append(Outcome.NOT_CHECKED)
        else:
            undecided = [part for part in partial if part.result.outcome is Outcome.NOT_CHECKED]
            outcomes = [part.result.outcome for part in parts if part not in undecided]
            outcomes.append(_REVIEW[review.status])
    return worst(outcomes)


def _review(framework: Framework, control: Control, basis: Basis) -> tuple[Review | None, Review | None]:
    """The review that counts today, and else the one that has expired."""
    expired = None
    for review in basis.configuration.reviews:
        if review.control == control.id and review.framework in (framework.id, framework.catalog):
            if review.date[:10] <= basis.as_of[:10] <= review.expires[:10]:
                return review, None
            expired = review
    return None, expired


def _responsibility(
    framework: Framework, control: Control, responsibilities: Iterable[Responsibility]
) -> Responsibility | None:
    for responsibility in responsibilities:
        if responsibility.framework in (framework.id, framework.catalog) and fnmatchcase(
            control.id, responsibility.control
        ):
            return responsibility
    return None


def _of_provider(
    framework: Framework, control: Control, parts: Sequence[Part], provider: Provider | None
) -> Responsibility | None:
    """What a provider answers for that runs the control plane; nothing where evidence of a control plane was judged."""
    if provider is None or not provider.inherited or not all(silent(part) for part in parts):
        return None
    programs = bool(parts) and all(part.result.check.subject in CONTROL_PLANE for part in parts)
    if not programs and control.section not in _CONTROL_PLANE_SECTIONS.get(framework.catalog, ()):
        return None
    return Responsibility(
        framework=framework.id,
        control=control.id,
        kind="inherited",
        provider=provider.name,
        statement=f"it runs the control plane of this cluster ({provider.said}).",
    )


def _words(responsibility: Responsibility | None) -> str:
    if responsibility is None:
        return ""
    link = "from" if responsibility.kind == "inherited" else "with"
    return f"{responsibility.kind} {link} {responsibility.provider}"


def _judged_by(parts: Sequence[Part], review: Review | None, responsibility: Responsibility | None) -> str:
    deciding = [part.result.check for part in parts if part.result.counts.total > part.result.counts.not_checked]
    people = [check for check in deciding if check.family in CHECKLISTS]
    if len(deciding) > len(people):
        return "checks and person" if review or people else "checks"
    if review or people:
        return "person"
    return "inherited" if responsibility and responsibility.kind == "inherited" else "nobody"


def _missing_evidence(control: Control, parts: Sequence[Part], present: frozenset[str]) -> tuple[str, ...]:
    """Kinds of evidence that would help to answer a control and are not, or not wholly, in the folder."""
    open_parts = [part for part in parts if part.result.outcome is Outcome.NOT_CHECKED]
    uncovered = not parts or any(part.row.coverage is Coverage.PARTIAL for part in parts)
    lacking = {_needs(part.result.check, control) for part in open_parts if _absent(part, control, present)}
    asked = [kind for kind in control.evidence if kind in lacking or kind not in present]
    if not uncovered:
        asked = [kind for kind in asked if kind != STATEMENT] if open_parts else []
    return tuple(dict.fromkeys([*asked, *sorted(lacking)]))


def _needs(check: Check, control: Control) -> str:
    """The kind of evidence that holds what a check judges; of a Docker host the one that the control asks for first."""
    if check.subject is DockerHost and control.evidence:
        return control.evidence[0]
    if check.subject in _EVIDENCE_OF:
        return _EVIDENCE_OF[check.subject]
    if check.subject is Pod and "cluster" not in check.context:
        return "image-filesystem" if "images" in check.context else "workload-manifest"
    return "k8s-objects"


def _absent(part: Part, control: Control, present: frozenset[str]) -> bool:
    """Whether a check is open because objects it looks at, or looks up, are not in the evidence."""
    check = part.result.check
    if check.subject is DockerHost and _needs(check, control) in present:
        return False  # what a host told of itself does not say more when it is asked again
    looks_up = "cluster" in check.context or (check.subject is Pod and "images" in check.context)
    return silent(part) or check.subject is Cluster or looks_up


def _deciding(parts: Sequence[Part], outcome: Outcome) -> tuple[tuple[str, ...], int]:
    """Ids of the observations that decide, at most OBSERVATIONS_KEPT, and how many there are."""
    deciding = [part.result for part in parts if part.result.outcome is outcome]
    if not deciding:
        deciding = [part.result for part in parts]
    ids = dict.fromkeys(identifier for result in deciding for identifier in result.ids.get(result.outcome, ()))
    total = sum(_of(result.counts, result.outcome) for result in {r.check.id: r for r in deciding}.values())
    return tuple(ids)[:OBSERVATIONS_KEPT], total


def _of(counts: Counts, outcome: Outcome) -> int:
    match outcome:
        case Outcome.PASS:
            return counts.passed
        case Outcome.FAIL:
            return counts.failed
        case Outcome.NOT_APPLICABLE:
            return counts.not_applicable
        case Outcome.NOT_CHECKED:
            return counts.not_checked
        case Outcome.ERROR:
            return counts.error


def _sum(counts: Iterable[Counts]) -> Counts:
    total = list(counts)
    return Counts(
        passed=sum(each.passed for each in total),
        failed=sum(each.failed for each in total),
        not_applicable=sum(each.not_applicable for each in total),
        not_checked=sum(each.not_checked for each in total),
        error=sum(each.error for each in total),
    )


def _deviations(parts: Sequence[Part], configuration: Configuration) -> tuple[str, ...]:
    checks = {part.row.check for part in parts if part.result.counts.failed}
    return tuple(deviation.id for deviation in configuration.deviations if deviation.check in checks)
