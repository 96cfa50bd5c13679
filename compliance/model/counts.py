"""How many observations have each outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Observations by outcome."""

    passed: int = 0
    failed: int = 0
    not_applicable: int = 0
    not_checked: int = 0
    error: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.not_applicable + self.not_checked + self.error


def counted(outcomes: Iterable[Outcome]) -> Counts:
    """Outcomes, counted."""
    tally = dict.fromkeys(Outcome, 0)
    for outcome in outcomes:
        tally[outcome] += 1
    return Counts(
        passed=tally[Outcome.PASS],
        failed=tally[Outcome.FAIL],
        not_applicable=tally[Outcome.NOT_APPLICABLE],
        not_checked=tally[Outcome.NOT_CHECKED],
        error=tally[Outcome.ERROR],
    )
