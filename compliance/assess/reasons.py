"""The checks' parts in a control in, sentences for people out: what holds, what is open, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compliance.model.assessment import CheckResult
from compliance.model.catalog import CheckMapping, Control, Coverage, EvidenceKind, Judged
from compliance.model.configuration import Responsibility, Review
from compliance.model.evidence import EVIDENCE_SET, UNSEEN_NODES
from compliance.model.outcome import Outcome, Reason, Status
from compliance.rendering.text import count

#: The word of the evidence vocabulary for a person's signed statement.
STATEMENT = "attestation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A check's part in a control."""

    row: CheckMapping
    result: CheckResult


def silent(part: Part) -> bool:
    """Whether a check has seen nothing it could judge."""
    return part.result.counts.total == part.result.counts.not_checked


def unseen(part: Part) -> bool:
    """Whether nothing at all that a check could judge was handed in."""
    return part.result.counts.total == 1 and all(one.subject == EVIDENCE_SET for one in part.result.worst)


def shown_by(parts: Sequence[Part]) -> str:
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
            f"{count(len(passing), 'check')} of {len(parts)} hold{'s' if len(passing) == 1 else ''} on every "
            f"subject seen ({count(total, 'observation')}): {titles}{more}."
        )
    if partly:
        passed = sum(result.counts.passed for result in partly)
        texts.append(
            f"{count(len(partly), 'check')} {'holds' if len(partly) == 1 else 'hold'} on "
            f"{count(passed, 'subject')} and cannot be decided on others."
        )
    return " ".join(texts)


def missing_from(
    control: Control,
    parts: Sequence[Part],
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
        texts.append(f"Not decided by {count(len(open_checks), 'check')}: {'; '.join(shown)}{more}.")
    if parts and review is None and any(part.row.coverage is Coverage.PARTIAL for part in parts):
        texts.append("The checks cover a part of this control; a person has to answer for the rest.")
    titles = [kinds[kind].title if kind in kinds else kind for kind in evidence if kind != STATEMENT]
    if titles and review is None:
        texts.append(f"Evidence that would say more: {', '.join(titles[:4])}.")
    if not parts and review is None and control.judged is Judged.PERSON:
        texts.append("No machine evidence settles this control; a person has to answer it.")
    return " ".join(texts)


def because_of(
    control: Control,
    parts: Sequence[Part],
    review: Review | None,
    expired: Review | None,
    responsibility: Responsibility | None,
    outcome: Outcome,
    missing: tuple[str, ...],
    kinds: Mapping[str, EvidenceKind],
    as_of: str,
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
            return _because_open(control, parts, expired, responsibility, missing, kinds, as_of)


def _because_failed(parts: Sequence[Part], review: Review | None) -> str:
    failing = [part.result for part in parts if part.result.outcome is Outcome.FAIL]
    texts = [
        f"{result.check.title}: fails on {result.counts.failed:,} of "
        f"{count(result.counts.total - result.counts.not_applicable, 'subject')}"
        for result in failing[:3]
    ]
    more = f"; and {count(len(failing) - 3, 'more check')} fail" if len(failing) > 3 else ""
    text = f"{'; '.join(texts)}{more}." if texts else ""
    if review is not None and review.status == "not-satisfied":
        text += f" {review.reviewer} found on {review.date[:10]}: {review.statement}"
    return text.strip()


def _because_passed(parts: Sequence[Part], review: Review | None) -> str:
    texts = [
        f"{part.result.check.title}: holds on {count(part.result.counts.passed, 'subject')}"
        for part in parts
        if part.result.outcome is Outcome.PASS
    ]
    text = f"{'; '.join(texts[:3])}{f'; and {len(texts) - 3} more' if len(texts) > 3 else ''}." if texts else ""
    if review is not None:
        what = "reviewed the rest" if parts else "reviewed it"
        text += f" {review.reviewer} {what} on {review.date[:10]}: {review.statement}"
    return text.strip()


def _because_not_applicable(parts: Sequence[Part], review: Review | None) -> str:
    if review is not None and not parts:
        return f"{review.reviewer} found on {review.date[:10]}: {review.statement}"
    reasons = dict.fromkeys(observation.reason for part in parts for observation in part.result.worst)
    return f"Does not apply: {'; '.join(list(reasons)[:2])}."


def _because_open(
    control: Control,
    parts: Sequence[Part],
    expired: Review | None,
    responsibility: Responsibility | None,
    missing: tuple[str, ...],
    kinds: Mapping[str, EvidenceKind],
    as_of: str,
) -> tuple[Reason, str]:
    if expired is not None:
        return (
            Reason.STALE,
            f"The review by {expired.reviewer} of {expired.date[:10]} does not count on {as_of[:10]}: "
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
    if shown and (missing_nodes := _of_unseen_nodes(parts)):
        return Reason.PARTLY_COVERED, f"What was handed in holds, but {missing_nodes}."
    if shown:
        return Reason.PARTLY_COVERED, "The automated part holds; the rest is not shown by the evidence handed in."
    if parts and not all(silent(part) for part in parts):
        return Reason.PARTLY_COVERED, "The evidence handed in does not decide this control."
    names = [kinds[kind].title for kind in missing if kind in kinds]
    if (control.judged is Judged.PERSON and not parts) or set(missing) <= {STATEMENT}:
        return Reason.PERSON_NEEDED, "Nothing in the evidence speaks of this control; a person has to answer it."
    return Reason.NO_EVIDENCE, f"No evidence of the kind this control needs was handed in: {', '.join(names[:3])}."


def _of_unseen_nodes(parts: Sequence[Part]) -> str:
    """What is said of nodes that nothing was handed in of, where checks of hosts are open for that; else empty text."""
    return next(
        (one.reason for part in parts for one in part.result.worst if one.subject.id == UNSEEN_NODES.id),
        "",
    )


def _unreadable(part: Part) -> bool:
    return any(
        observation.subject.id == "evidence-unreadable" and observation.outcome is Outcome.NOT_CHECKED
        for observation in part.result.worst
    )
