"""No verdict on samples/ changes unseen: the ledger is current, and a changed outcome has a raised revision."""

from __future__ import annotations

from pathlib import Path

from tests.repo import ledger


def test_outcomes_over_the_samples_are_those_of_the_ledger(tmp_path: Path) -> None:
    """A changed outcome needs a raised revision and a line under Verdict changes; everything else `make docs`."""
    now, before = ledger.assess(tmp_path), ledger.kept()
    assert ledger.unexplained(before, now) == [], "raise the check's revision and say it in CHANGELOG.md"
    assert ledger.written(now) == ledger.LEDGER.read_text(), "run `make docs` and review the difference"


def test_ledger_tells_a_changed_outcome_from_a_raised_revision() -> None:
    """The same revision with another outcome is named; with a raised revision it is not."""
    before: ledger.Outcomes = {("pod-x", "a"): (1, "fail"), ("pod-y", "a"): (1, "fail")}
    after: ledger.Outcomes = {("pod-x", "a"): (1, "pass"), ("pod-y", "a"): (2, "pass"), ("pod-z", "a"): (1, "pass")}
    assert ledger.unexplained(before, after) == ["pod-x on a: fail became pass at revision 1"]
