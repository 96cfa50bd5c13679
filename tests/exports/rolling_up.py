"""Rolls the observations of the exporters' tests up to findings: worst of the mapped checks, unknown for a part."""

from __future__ import annotations

from collections.abc import Mapping

from compliance.model.assessment import (
    OBSERVATIONS_KEPT,
    WORST_KEPT,
    CheckResult,
    Finding,
    FindingCheck,
    FrameworkResult,
    Observation,
    StatusCounts,
)
from compliance.model.catalog import (
    Control,
    ControlId,
    Framework,
    FrameworkId,
    Judged,
    Remediation,
    Section,
)
from compliance.model.check import Check, CheckId
from compliance.model.configuration import Review
from compliance.model.counts import Counts
from compliance.model.outcome import ORDER, Outcome, Reason, Status, status_of, worst
from tests.exports.tables import (
    SECTION_TITLES,
)


def _counts(outcomes: list[Outcome]) -> Counts:
    return Counts(
        passed=outcomes.count(Outcome.PASS),
        failed=outcomes.count(Outcome.FAIL),
        not_applicable=outcomes.count(Outcome.NOT_APPLICABLE),
        not_checked=outcomes.count(Outcome.NOT_CHECKED),
        error=outcomes.count(Outcome.ERROR),
    )


def _worst_first(rows: list[Observation]) -> list[Observation]:
    return sorted(rows, key=lambda row: (-ORDER.index(row.outcome), row.subject.id))


def check_result(check: Check, rows: list[Observation]) -> CheckResult:
    outcomes = [row.outcome for row in rows]
    kept = tuple(_worst_first(rows)[:WORST_KEPT])
    ids = {outcome: tuple(row.id for row in rows if row.outcome is outcome)[:OBSERVATIONS_KEPT] for outcome in ORDER}
    return CheckResult(check=check, outcome=worst(outcomes), counts=_counts(outcomes), worst=kept, ids=ids)


def framework_result(
    row: tuple[str, str, str, str, tuple[tuple[str, ...], ...]],
    check_results: tuple[CheckResult, ...],
    observations: list[Observation],
) -> FrameworkResult:
    id, edition, title, publisher, controls = row
    catalog = "nist-800-53" if id.startswith("fedramp") else id
    ids = list(dict.fromkeys(control[0] for control in controls))
    framework = Framework(
        id=FrameworkId(id),
        edition=edition,
        title=title,
        publisher=publisher,
        words=f"maps to {title} {edition}",
        licence="words are our own",
        catalog=FrameworkId(catalog),
        catalog_edition="rev5" if catalog == "nist-800-53" else edition,
        sections=tuple(Section(id=one, title=SECTION_TITLES[one]) for one in ids),
        controls=tuple(_control(id, edition, control) for control in controls),
    )
    by_check = {result.check.id: result for result in check_results}
    findings = tuple(
        _finding(control, spec, by_check, observations)
        for control, spec in zip(framework.controls, controls, strict=True)
    )
    sections = tuple(
        (one.id, one.title, _status_counts([f for f in findings if f.section == one.id])) for one in framework.sections
    )
    return FrameworkResult(framework=framework, counts=_status_counts(findings), sections=sections, findings=findings)


def _control(framework: str, edition: str, row: tuple[str, ...]) -> Control:
    section, id, title, judged, checks, other = row
    primary = "image-scan" if other == "no-evidence" else "kubernetes-objects"
    return Control(
        framework=FrameworkId(framework),
        edition=edition,
        id=ControlId(id),
        title=title,
        section=section,
        level="L1" if framework == "cis-kubernetes" else "",
        label="Manual" if framework == "cis-kubernetes" else "",
        judged=Judged(judged),
        asks=f"{title}: what the organisation must be able to show.",
        evidence=(primary,) if checks or other in ("no-evidence", "stale", "unreadable") else (),
        remediation=Remediation(text="Change the pod template.", example="securityContext:\n  privileged: false\n"),
        properties={"profile": "cluster"} if framework == "cis-kubernetes" else {},
    )


_REASON_OF = {
    "no-evidence": Reason.NO_EVIDENCE,
    "stale": Reason.STALE,
    "unreadable": Reason.UNREADABLE,
    "person": Reason.PERSON_NEEDED,
    "inherited": Reason.PERSON_NEEDED,
}
_BECAUSE = {
    Reason.NO_EVIDENCE: "Nobody handed in the evidence that would answer this control.",
    Reason.STALE: "The inventory handed in is 400 days old; 30 are allowed.",
    Reason.UNREADABLE: "manifests/broken.yaml could not be read.",
    Reason.PERSON_NEEDED: "No machine can answer this control; a person must.",
    Reason.PARTLY_COVERED: "What evidence can show holds; the rest needs a person.",
    Reason.TOOL_FAILED: "A check raised an error.",
}


def _finding(
    control: Control, spec: tuple[str, ...], by_check: Mapping[CheckId, CheckResult], observations: list[Observation]
) -> Finding:
    other = spec[5]
    rows = tuple(_finding_check(name, by_check) for name in spec[4].split())
    review = _review_of(control) if other == "review" else None
    status, reason = _status(rows, other)
    names = {row.check for row in rows}
    deciding = [row for row in observations if row.check in names and _decides(row, status)]
    holds = status is Status.NOT_REVIEWED and rows != ()
    because = _BECAUSE[reason] if reason else f"{len(deciding)} observations decide: {status.value}."
    return Finding(
        framework=control.framework,
        edition=control.edition,
        control=control.id,
        title=control.title,
        section=control.section,
        judged=control.judged,
        status=status,
        reason=reason,
        because=because,
        shown="Every observation of the mapped checks passes." if holds else "",
        missing="A person must review the rest." if status is Status.NOT_REVIEWED else "",
        judged_by=_judged_by(rows, other),
        checks=rows,
        counts=_added(rows),
        observations=tuple(row.id for row in _worst_first(deciding)[:OBSERVATIONS_KEPT]),
        observations_total=len(deciding),
        evidence_missing=("image-scan",) if other == "no-evidence" else (),
        responsibility="inherited from Example Cloud" if other == "inherited" else "",
        review=review,
        deviations=("DEV-1",) if "pod-host-network" in names else (),
    )


def _finding_check(name: str, by_check: Mapping[CheckId, CheckResult]) -> FindingCheck:
    result = by_check[CheckId(name.rstrip("~"))]
    return FindingCheck(
        check=result.check.id,
        coverage="partial" if name.endswith("~") else "sufficient",
        rationale="The setting is what the control asks of a workload.",
        source="project judgement",
        outcome=result.outcome,
        counts=result.counts,
    )


def _status(rows: tuple[FindingCheck, ...], other: str) -> tuple[Status, Reason | None]:
    if other in _REASON_OF:
        return Status.NOT_REVIEWED, _REASON_OF[other]
    outcomes = [row.outcome for row in rows]
    if other == "review":
        return status_of(worst([*outcomes, Outcome.PASS])), None
    partial = [Outcome.NOT_CHECKED] if any(row.coverage == "partial" for row in rows) else []
    status = status_of(worst(outcomes + partial))
    if status is Status.NOT_REVIEWED:
        return status, Reason.PARTLY_COVERED if partial else Reason.NO_EVIDENCE
    return status, Reason.TOOL_FAILED if status is Status.ERROR else None


def _decides(row: Observation, status: Status) -> bool:
    return status_of(row.outcome) is status or status in (Status.NOT_REVIEWED, Status.SATISFIED)


def _judged_by(rows: tuple[FindingCheck, ...], other: str) -> str:
    if other == "review":
        return "person"
    if other == "inherited":
        return "inherited"
    return "checks" if rows else "nobody"


def _added(rows: tuple[FindingCheck, ...]) -> Counts:
    return Counts(
        passed=sum(row.counts.passed for row in rows),
        failed=sum(row.counts.failed for row in rows),
        not_applicable=sum(row.counts.not_applicable for row in rows),
        not_checked=sum(row.counts.not_checked for row in rows),
        error=sum(row.counts.error for row in rows),
    )


def _status_counts(findings: tuple[Finding, ...] | list[Finding]) -> StatusCounts:
    statuses = [finding.status for finding in findings]
    return StatusCounts(
        satisfied=statuses.count(Status.SATISFIED),
        not_satisfied=statuses.count(Status.NOT_SATISFIED),
        not_applicable=statuses.count(Status.NOT_APPLICABLE),
        not_reviewed=statuses.count(Status.NOT_REVIEWED),
        error=statuses.count(Status.ERROR),
        partly_shown=sum(1 for one in findings if one.status is Status.NOT_REVIEWED and one.shown),
    )


def _review_of(control: Control) -> Review:
    return Review(
        framework=control.framework,
        control=control.id,
        status="satisfied",
        reviewer="Dana Reviewer",
        date="2026-10-01",
        expires="2027-10-01",
        statement="The baseline is kept in version control and was read line by line.",
    )
