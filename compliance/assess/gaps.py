"""Findings in, the two lists that people act on out: what to fix, and which evidence to ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from compliance.assess.reasons import STATEMENT
from compliance.model.assessment import (
    WORST_KEPT,
    Action,
    CheckResult,
    Closes,
    Finding,
    FrameworkResult,
    Request,
)
from compliance.model.catalog import EvidenceKind
from compliance.model.evidence import EVIDENCE_SET
from compliance.model.outcome import Outcome, Severity, Status

#: Kinds of absent objects named in one request.
_ABSENT_TOLD = 6
_SEVERITY = {severity: rank for rank, severity in enumerate(Severity)}


def actions(
    results: Sequence[FrameworkResult], checks: Mapping[str, CheckResult], owners: Mapping[str, str]
) -> tuple[Action, ...]:
    """One action for each failed check that some control rests on, those that close most controls first."""
    closes: dict[str, list[Closes]] = defaultdict(list)
    contributes: dict[str, list[Closes]] = defaultdict(list)
    for finding in _findings(results):
        if finding.status is not Status.NOT_SATISFIED:
            continue
        failing = sorted({part.check for part in finding.checks if part.outcome is Outcome.FAIL})
        for check in failing:
            target = closes if len(failing) == 1 else contributes
            target[check].append(Closes(framework=finding.framework, control=finding.control))
    ranked = sorted(
        (check for check in checks if check in closes or check in contributes),
        key=lambda check: (
            -len(closes[check]),
            -len(contributes[check]),
            _SEVERITY[checks[check].check.severity],
            check,
        ),
    )
    return tuple(
        _action(number, checks[check], owners, closes[check], contributes[check])
        for number, check in enumerate(ranked, start=1)
    )


def _action(
    number: int, result: CheckResult, owners: Mapping[str, str], closes: list[Closes], contributes: list[Closes]
) -> Action:
    failed = [observation for observation in result.worst if observation.outcome is Outcome.FAIL]
    places = tuple((observation.subject.id, location) for observation in failed for location in observation.at[:3])[
        :WORST_KEPT
    ]
    named = sorted({owner for observation in failed for owner in _owners(observation.subject.id, owners)})
    return Action(
        id=f"A-{number:03d}",
        check=result.check.id,
        what=result.check.fix,
        effort=result.check.effort.value,
        severity=result.check.severity,
        owner=", ".join(named),
        places=places,
        places_total=result.counts.failed,
        closes=tuple(closes),
        contributes=tuple(contributes),
    )


def _owners(subject: str, owners: Mapping[str, str]) -> list[str]:
    """The owner of the first pattern that a subject id meets."""
    return next(([owner] for pattern, owner in owners.items() if fnmatchcase(subject, pattern)), [])


def requests(
    results: Sequence[FrameworkResult], checks: Mapping[str, CheckResult], kinds: Mapping[str, EvidenceKind]
) -> tuple[Request, ...]:
    """One request for each kind of evidence that is missing, those that answer most controls first.

    A control counts for the first kind of its list that is missing: the one that says most.
    """
    absent = _absent(checks)
    answered: dict[str, list[Closes]] = defaultdict(list)
    for finding in _findings(results):
        if finding.status not in (Status.NOT_REVIEWED, Status.ERROR) or finding.judged_by == "inherited":
            continue
        wanted = [kind for kind in finding.evidence_missing if kind in kinds]
        first = wanted[0] if wanted else STATEMENT
        answered[first].append(Closes(framework=finding.framework, control=finding.control))
    ranked = sorted(
        (kind for kind in answered if kind in kinds), key=lambda kind: (kind == STATEMENT, -len(answered[kind]), kind)
    )
    return tuple(
        Request(
            id=f"R-{number:03d}",
            evidence=kinds[kind],
            why=_why(kinds[kind], len(answered[kind]), absent),
            controls=tuple(answered[kind]),
        )
        for number, kind in enumerate(ranked, start=1)
    )


def _absent(checks: Mapping[str, CheckResult]) -> list[str]:
    """What checks say they found nothing of, each once: `no NetworkPolicy object is in the evidence`."""
    reasons = {
        observation.reason
        for result in checks.values()
        for observation in result.worst
        if observation.subject == EVIDENCE_SET and observation.outcome is Outcome.NOT_CHECKED
    }
    return sorted(reasons)


def _why(kind: EvidenceKind, controls: int, absent: Sequence[str]) -> str:
    plural = "s" if controls != 1 else ""
    if kind.id == STATEMENT:
        return f"{controls} control{plural} rest on what a person knows; add a review with name, date and expiry."
    if not kind.supported:
        return (
            f"{controls} control{plural} ask for this first. This version lists such files and does not judge "
            "them yet; an assessor can."
        )
    if not absent:
        return f"{controls} control{plural} ask for this first, and the evidence handed in lacks some of it."
    more = f"; and {len(absent) - _ABSENT_TOLD} more kinds" if len(absent) > _ABSENT_TOLD else ""
    return f"{controls} control{plural} ask for this first; {'; '.join(absent[:_ABSENT_TOLD])}{more}."


def _findings(results: Iterable[FrameworkResult]) -> Iterable[Finding]:
    for result in results:
        yield from result.findings
