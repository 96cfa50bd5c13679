"""The states of controls and observations as a word, a shape and a colour: the same in every format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.assessment import Finding, StatusCounts
from compliance.model.counts import Counts
from compliance.model.outcome import Outcome, Reason, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`key` names the CSS class, `glyph` is the shape in text, `fill` its colour in charts, `means` its definition."""

    key: str
    word: str
    glyph: str
    shape: str
    fill: str
    means: str


SATISFIED = State(
    key="satisfied",
    word="satisfied",
    glyph="●",
    shape="filled circle",
    fill="#2c7fb0",
    means="Evidence decides the whole control, and everything looked at is as the control asks.",
)
NOT_SATISFIED = State(
    key="not-satisfied",
    word="not satisfied",
    glyph="✖",
    shape="cross",
    fill="#9c2a10",
    means="Evidence shows at least one subject that is not as the control asks.",
)
PART_SHOWN = State(
    key="part-shown",
    word="not reviewed, automated part holds",
    glyph="◐",
    shape="half circle",
    fill="#e0a93b",
    means="Evidence shows a part of the control; the rest needs a person or more evidence. This is not a pass.",
)
NOTHING_KNOWN = State(
    key="nothing-known",
    word="not reviewed, nothing known",
    glyph="◌",
    shape="dotted circle",
    fill="#ffffff",
    means="No evidence was handed in that says anything about this control. This is not a pass.",
)
NOT_APPLICABLE = State(
    key="not-applicable",
    word="not applicable",
    glyph="○",
    shape="ring",
    fill="#c9ced4",
    means="A fact in the evidence, or a named person, says that the question cannot arise.",
)
ERROR = State(
    key="error",
    word="error",
    glyph="▲",
    shape="triangle",
    fill="#55308a",
    means="A check failed to run on this evidence. Nothing is concluded, and this is not a pass.",
)

#: Every state of a control, in the order of tables and charts.
CONTROL_STATES = (SATISFIED, NOT_SATISFIED, PART_SHOWN, NOTHING_KNOWN, NOT_APPLICABLE, ERROR)

PASS = State(
    key="satisfied",
    word="pass",
    glyph="●",
    shape="filled circle",
    fill=SATISFIED.fill,
    means="The subject is as the check asks, and a place in the evidence shows it.",
)
FAIL = State(
    key="not-satisfied",
    word="fail",
    glyph="✖",
    shape="cross",
    fill=NOT_SATISFIED.fill,
    means="The subject is not as the check asks, and a place in the evidence shows it.",
)
NOT_CHECKED = State(
    key="nothing-known",
    word="not checked",
    glyph="◌",
    shape="dotted circle",
    fill=NOTHING_KNOWN.fill,
    means="The evidence does not tell; the reason names what is missing.",
)

_OF_OUTCOME = {
    Outcome.PASS: PASS,
    Outcome.FAIL: FAIL,
    Outcome.NOT_CHECKED: NOT_CHECKED,
    Outcome.NOT_APPLICABLE: NOT_APPLICABLE,
    Outcome.ERROR: ERROR,
}
#: Every outcome of an observation with its state, in the order of tables.
OUTCOME_STATES = tuple((outcome, _OF_OUTCOME[outcome]) for outcome in _OF_OUTCOME)

#: Why a control has no verdict, as a phrase that follows "not reviewed:".
REASON_WORDS = {
    Reason.NO_EVIDENCE: "no evidence handed in",
    Reason.PARTLY_COVERED: "automated part holds, the rest is open",
    Reason.PERSON_NEEDED: "a person must judge",
    Reason.STALE: "the evidence is too old",
    Reason.CONTRADICTORY: "the evidence contradicts itself",
    Reason.UNREADABLE: "the evidence cannot be read",
    Reason.TOOL_FAILED: "a tool failed",
}

_OF_STATUS = {
    Status.SATISFIED: SATISFIED,
    Status.NOT_SATISFIED: NOT_SATISFIED,
    Status.NOT_APPLICABLE: NOT_APPLICABLE,
    Status.ERROR: ERROR,
}


def state_of(finding: Finding) -> State:
    """The state of a control; a not-reviewed one shows whether evidence already holds a part of it."""
    if finding.status is Status.NOT_REVIEWED:
        return PART_SHOWN if finding.shown else NOTHING_KNOWN
    return _OF_STATUS[finding.status]


def outcome_state(outcome: Outcome) -> State:
    """The state of an observation."""
    return _OF_OUTCOME[outcome]


def by_state(counts: StatusCounts) -> tuple[tuple[State, int], ...]:
    """Controls per state, in the order of CONTROL_STATES; the numbers add up to `counts.total`."""
    numbers = (
        counts.satisfied,
        counts.not_satisfied,
        counts.partly_shown,
        counts.not_reviewed - counts.partly_shown,
        counts.not_applicable,
        counts.error,
    )
    return tuple(zip(CONTROL_STATES, numbers, strict=True))


def by_outcome(counts: Counts) -> tuple[tuple[State, int], ...]:
    """Observations per outcome, only those that occur, failures first."""
    pairs = (
        (FAIL, counts.failed),
        (ERROR, counts.error),
        (NOT_CHECKED, counts.not_checked),
        (PASS, counts.passed),
        (NOT_APPLICABLE, counts.not_applicable),
    )
    return tuple((state, number) for state, number in pairs if number)


def used_states(all_counts: Iterable[StatusCounts]) -> tuple[State, ...]:
    """The states of controls that occur, in order."""
    totals = dict.fromkeys(CONTROL_STATES, 0)
    for counts in all_counts:
        for state, number in by_state(counts):
            totals[state] += number
    return tuple(state for state, number in totals.items() if number)
