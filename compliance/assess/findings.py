"""Check results in, one finding for each control of a framework out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from compliance.model.assessment import (
    OBSERVATIONS_KEPT,
    CheckResult,
    Counts,
    Finding,
    FindingCheck,
    FrameworkResult,
    StatusCounts,
)
from compliance.model.catalog import CheckMapping, Control, Coverage, EvidenceKind, Framework, Judged, Library
from compliance.model.check import Check
from compliance.model.configuration import Configuration, Responsibility, Review
from compliance.model.outcome import Outcome, Reason, Status, status_of, worst
from compliance.model.workload import Pod

#: The word of the evidence vocabulary for a person's signed statement.
STATEMENT = "attestation"
_REVIEW = {
    "satisfied": Outcome.PASS,
    "not-satisfied": Outcome.FAIL,
    "not-applicable": Outcome.NOT_APPLICABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What findings are made from. `present` are the kinds of evidence that were read; `as_of` is ISO 8601."""

    library: Library
    results: Mapping[str, CheckResult]
    configuration: Configuration
    present: frozenset[str]
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A check's part in a control."""

    row: CheckMapping
    result: CheckResult


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
    parts = [_Part(row=row, result=basis.results[row.check]) for row in rows if row.check in basis.results]
    review, expired = _review(framework, control, basis)
    responsibility = _responsibility(framework, control, basis.configuration.responsibilities)
    outcome = _outcome(parts, review)
    status = status_of(outcome)
    missing_evidence = _missing_evidence(control, parts, basis.present)
    reason, because = _because(control, parts, review, expired, responsibility, outcome, missing_evidence, basis)
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
        shown=_shown(parts),
        missing=_missing(control, parts, review, missing_evidence, basis.library.evidence_kinds, status),
        judged_by=_judged_by(parts, review, responsibility),
        checks=tuple(
            FindingCheck(
                check=part.row.check,
                coverage=part.row.coverage.value,
                rationale=part.row.rationale,
                source=part.row.source,
                outcome=part.result.outcome,
                counts=part.result.counts,
            )
            for part in parts
        ),
        counts=_sum(part.result.counts for part in parts),
        observations=ids,
        observations_total=ids_total,
        evidence_missing=missing_evidence,
        responsibility=_words(responsibility),
        review=review,
        deviations=_deviations(parts, basis.configuration),
    )


def _outcome(parts: Sequence[_Part], review: Review | None) -> Outcome:
    """The worst of the checks; a part that no check covers is not checked until a person's review covers it."""
    outcomes = [part.result.outcome for part in parts]
    uncovered = not parts or any(part.row.coverage is Coverage.PARTIAL for part in parts)
    if uncovered:
        outcomes.append(_REVIEW[review.status] if review else Outcome.NOT_CHECKED)
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


def _words(responsibility: Responsibility | None) -> str:
    if responsibility is None:
        return ""
    link = "from" if responsibility.kind == "inherited" else "with"
    return f"{responsibility.kind} {link} {responsibility.provider}"


def _judged_by(parts: Sequence[_Part], review: Review | None, responsibility: Responsibility | None) -> str:
    if any(part.result.counts.total > part.result.counts.not_checked for part in parts):
        return "checks and person" if review else "checks"
    if review:
        return "person"
    return "inherited" if responsibility and responsibility.kind == "inherited" else "nobody"


def _missing_evidence(control: Control, parts: Sequence[_Part], present: frozenset[str]) -> tuple[str, ...]:
    """Kinds of evidence that would help to answer a control and are not, or not wholly, in the folder."""
    open_parts = [part for part in parts if part.result.outcome is Outcome.NOT_CHECKED]
    uncovered = not parts or any(part.row.coverage is Coverage.PARTIAL for part in parts)
    lacking = {_needs(part.result.check) for part in open_parts if _absent(part)}
    asked = [kind for kind in control.evidence if kind in lacking or kind not in present]
    if not uncovered:
        asked = [kind for kind in asked if kind != STATEMENT] if open_parts else []
    return tuple(dict.fromkeys([*asked, *sorted(lacking)]))


def _needs(check: Check) -> str:
    """The kind of evidence that holds what a check judges."""
    return "workload-manifest" if check.subject is Pod and not check.needs_cluster else "k8s-objects"


def _absent(part: _Part) -> bool:
    """Whether a check is open because objects it looks at, or looks up, are not in the evidence."""
    return _silent(part) or part.result.check.needs_cluster


def _silent(part: _Part) -> bool:
    """Whether a check has seen nothing it could judge."""
    return part.result.counts.total == part.result.counts.not_checked


def _shown(parts: Sequence[_Part]) -> str:
    """What evidence already shows of a control, in words; empty when nothing."""
    holding = [part.result for part in parts if part.result.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    passing = [result for result in holding if result.outcome is Outcome.PASS]
    partly = [part.result for part in parts if part.result.outcome is Outcome.NOT_CHECKED and part.result.counts.passed]
    texts: list[str] = []
    if passing:
        titles = "; ".join(result.check.title for result in passing[:3])
        more = f"; and {len(passing) - 3} more" if len(passing) > 3 else ""
        total = sum(result.counts.passed for result in passing)
        texts.append(
            f"{_number(len(passing), 'check')} of {len(parts)} hold{'s' if len(passing) == 1 else ''} on every "
            f"subject seen ({_number(total, 'observation')}): {titles}{more}."
        )
    if partly:
        passed = sum(result.counts.passed for result in partly)
        texts.append(
            f"{_number(len(partly), 'check')} {'holds' if len(partly) == 1 else 'hold'} on "
            f"{_number(passed, 'subject')} and cannot be decided on others."
        )
    return " ".join(texts)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _missing(
    control: Control,
    parts: Sequence[_Part],
    review: Review | None,
    evidence: tuple[str, ...],
    kinds: Mapping[str, EvidenceKind],
    status: Status,
) -> str:
    """Which part needs a person or more evidence, in words; empty when nothing is open."""
    if status in (Status.SATISFIED, Status.NOT_APPLICABLE):
        return ""
    texts: list[str] = []
    open_checks = [part for part in parts if part.result.outcome is Outcome.NOT_CHECKED]
    if open_checks:
        reasons = dict.fromkeys(
            observation.reason
            for part in open_checks
            for observation in part.result.worst
            if observation.outcome is Outcome.NOT_CHECKED
        )
        shown = list(reasons)[:2]
        more = f"; and {len(reasons) - 2} more reasons" if len(reasons) > 2 else ""
        texts.append(f"Not decided by {_number(len(open_checks), 'check')}: {'; '.join(shown)}{more}.")
    if parts and review is None and any(part.row.coverage is Coverage.PARTIAL for part in parts):
        texts.append("The checks cover a part of this control; a person has to answer for the rest.")
    titles = [kinds[kind].title if kind in kinds else kind for kind in evidence if kind != STATEMENT]
    if titles and review is None:
        texts.append(f"Evidence that would say more: {', '.join(titles[:4])}.")
    if not parts and review is None and control.judged is Judged.PERSON:
        texts.append("No machine evidence settles this control; a person has to answer it.")
    return " ".join(texts)


def _because(
    control: Control,
    parts: Sequence[_Part],
    review: Review | None,
    expired: Review | None,
    responsibility: Responsibility | None,
    outcome: Outcome,
    missing: tuple[str, ...],
    basis: Basis,
) -> tuple[Reason | None, str]:
    match outcome:
        case Outcome.FAIL:
            return None, _because_failed(parts, review)
        case Outcome.ERROR:
            broken = [part.result.check.title for part in parts if part.result.outcome is Outcome.ERROR]
            return Reason.TOOL_FAILED, f"A check failed to run: {'; '.join(broken)}."
        case Outcome.PASS:
            return None, _because_passed(parts, review)
        case Outcome.NOT_APPLICABLE:
            return None, _because_not_applicable(parts, review)
        case Outcome.NOT_CHECKED:
            return _because_open(control, parts, expired, responsibility, missing, basis)


def _because_failed(parts: Sequence[_Part], review: Review | None) -> str:
    failing = [part.result for part in parts if part.result.outcome is Outcome.FAIL]
    texts = [
        f"{result.check.title}: fails on {result.counts.failed:,} of "
        f"{_number(result.counts.total - result.counts.not_applicable, 'subject')}"
        for result in failing[:3]
    ]
    more = f"; and {_number(len(failing) - 3, 'more check')} fail" if len(failing) > 3 else ""
    text = f"{'; '.join(texts)}{more}." if texts else ""
    if review is not None and review.status == "not-satisfied":
        text += f" {review.reviewer} found on {review.date[:10]}: {review.statement}"
    return text.strip()


def _because_passed(parts: Sequence[_Part], review: Review | None) -> str:
    texts = [
        f"{part.result.check.title}: holds on {_number(part.result.counts.passed, 'subject')}"
        for part in parts
        if part.result.outcome is Outcome.PASS
    ]
    text = f"{'; '.join(texts[:3])}{f'; and {len(texts) - 3} more' if len(texts) > 3 else ''}." if texts else ""
    if review is not None:
        text += f" {review.reviewer} reviewed the rest on {review.date[:10]}: {review.statement}"
    return text.strip()


def _because_not_applicable(parts: Sequence[_Part], review: Review | None) -> str:
    if review is not None and not parts:
        return f"{review.reviewer} found on {review.date[:10]}: {review.statement}"
    reasons = dict.fromkeys(observation.reason for part in parts for observation in part.result.worst)
    return f"Does not apply: {'; '.join(list(reasons)[:2])}."


def _because_open(
    control: Control,
    parts: Sequence[_Part],
    expired: Review | None,
    responsibility: Responsibility | None,
    missing: tuple[str, ...],
    basis: Basis,
) -> tuple[Reason, str]:
    if expired is not None:
        return (
            Reason.STALE,
            f"The review by {expired.reviewer} of {expired.date[:10]} does not count on {basis.as_of[:10]}: "
            f"it is valid until {expired.expires[:10]}.",
        )
    if responsibility is not None and responsibility.kind == "inherited":
        return (
            Reason.PERSON_NEEDED,
            f"Inherited from {responsibility.provider}: {responsibility.statement} "
            "Their evidence is not part of this packet.",
        )
    shown = any(part.result.counts.passed for part in parts)
    if any(_unreadable(part) for part in parts) and not any(part.row.coverage is Coverage.PARTIAL for part in parts):
        return (
            Reason.UNREADABLE,
            "What could be read holds, but some documents that may bear on this control could not be read."
            if shown
            else "Documents that may bear on this control could not be read.",
        )
    if shown:
        return Reason.PARTLY_COVERED, "The automated part holds; the rest is not shown by the evidence handed in."
    if parts and not all(_silent(part) for part in parts):
        return Reason.PARTLY_COVERED, "The evidence handed in does not decide this control."
    names = [basis.library.evidence_kinds[kind].title for kind in missing if kind in basis.library.evidence_kinds]
    if (control.judged is Judged.PERSON and not parts) or set(missing) <= {STATEMENT}:
        return Reason.PERSON_NEEDED, "Nothing in the evidence speaks of this control; a person has to answer it."
    return Reason.NO_EVIDENCE, f"No evidence of the kind this control needs was handed in: {', '.join(names[:3])}."


def _unreadable(part: _Part) -> bool:
    return any(
        observation.subject.id == "evidence-unreadable" and observation.outcome is Outcome.NOT_CHECKED
        for observation in part.result.worst
    )


def _deciding(parts: Sequence[_Part], outcome: Outcome) -> tuple[tuple[str, ...], int]:
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


def _deviations(parts: Sequence[_Part], configuration: Configuration) -> tuple[str, ...]:
    checks = {part.row.check for part in parts if part.result.counts.failed}
    return tuple(deviation.id for deviation in configuration.deviations if deviation.check in checks)
