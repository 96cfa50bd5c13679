"""Reports of other tools: the age from which on nothing in them counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compliance.model.evidence import Origin
from compliance.model.host import host_subject
from compliance.model.outcome import Outcome, Severity
from compliance.model.rule_report import RuleReport, RuleResult, dated

AS_OF = datetime(2026, 9, 1, tzinfo=UTC)


def _report(ended: str, *, started: str = "", unsound: str = "") -> RuleReport:
    results = tuple(
        RuleResult(outcome.value, "", Severity.LOW, outcome, outcome.value, "", (), "", "")
        for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.ERROR)
    )
    return RuleReport(
        origin=Origin(path="r.xml", sha256="0" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1),
        subject=host_subject("one", "r.xml"),
        source="openscap",
        tool="OpenSCAP",
        tool_version="1.4.2",
        benchmark="b",
        benchmark_title="",
        edition="",
        profile="",
        target="one",
        started=started,
        ended=ended,
        by_person=False,
        person="",
        unsound=unsound,
        content_sha256="",
        results=results,
    )


@pytest.mark.parametrize(
    ("ended", "started", "words"),
    [
        ("2026-08-31T23:00:00", "", ""),
        ("2025-09-01T00:00:00+00:00", "", ""),
        ("2025-08-30T00:00:00Z", "", "2025-08-30, 367 days old; at most 365"),
        ("", "2015-01-01T00:00:00", "2015-01-01, 4,261 days old"),
        ("2026-09-02T00:00:00", "", ""),
        ("2031-01-01T00:00:00", "", "a day after that of this assessment"),
        ("", "", ""),
        ("yesterday", "", ""),
    ],
)
def test_of_an_old_report_nothing_counts(ended: str, started: str, words: str) -> None:
    """A day is left for clocks and zones; one without a date is as it was."""
    report = _report(ended, started=started)
    found = dated(report, AS_OF, 365)
    if not words:
        assert found is report
        return
    assert words in found.unsound
    assert [one.outcome for one in found.results] == [Outcome.NOT_CHECKED, Outcome.NOT_CHECKED, Outcome.ERROR]


def test_what_is_unsound_stays_so_for_its_own_reason() -> None:
    """The age is told of sound reports only."""
    report = _report("2015-01-01", unsound="the run broke off")
    assert dated(report, AS_OF, 365) is report
