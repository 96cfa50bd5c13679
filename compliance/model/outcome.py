"""Outcomes of checks and statuses of controls, and the one order between them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Outcome(Enum):
    """What one check says of one subject. Unknown never becomes pass."""

    NOT_APPLICABLE = "not-applicable"
    PASS = "pass"  # noqa: S105 - an outcome, no password
    NOT_CHECKED = "not-checked"
    ERROR = "error"
    FAIL = "fail"

    def __bool__(self) -> bool:
        raise TypeError("an Outcome has no truth value; match on it")


class Status(Enum):
    """What an assessment says of one control."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not-satisfied"
    NOT_APPLICABLE = "not-applicable"
    NOT_REVIEWED = "not-reviewed"
    ERROR = "error"

    def __bool__(self) -> bool:
        raise TypeError("a Status has no truth value; match on it")


class Reason(Enum):
    """Why a control has no verdict of its own."""

    NO_EVIDENCE = "no-evidence"
    PARTLY_COVERED = "partly-covered"
    PERSON_NEEDED = "person-needed"
    STALE = "stale"
    CONTRADICTORY = "contradictory"
    UNREADABLE = "unreadable"
    TOOL_FAILED = "tool-failed"


class Severity(Enum):
    """How much one failed observation matters, from the check's own docstring and source."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


#: Best to worst (STYLE "Outcomes").
ORDER: tuple[Outcome, ...] = (
    Outcome.NOT_APPLICABLE,
    Outcome.PASS,
    Outcome.NOT_CHECKED,
    Outcome.ERROR,
    Outcome.FAIL,
)
_RANK = {outcome: rank for rank, outcome in enumerate(ORDER)}

_STATUS = {
    Outcome.NOT_APPLICABLE: Status.NOT_APPLICABLE,
    Outcome.PASS: Status.SATISFIED,
    Outcome.NOT_CHECKED: Status.NOT_REVIEWED,
    Outcome.ERROR: Status.ERROR,
    Outcome.FAIL: Status.NOT_SATISFIED,
}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst outcome; NOT_CHECKED when there is none, because silence proves nothing."""
    ranks = [_RANK[outcome] for outcome in outcomes]
    return ORDER[max(ranks)] if ranks else Outcome.NOT_CHECKED


def status_of(outcome: Outcome) -> Status:
    """The control status that an outcome stands for."""
    return _STATUS[outcome]
