"""Deadlines: each regime's table, its boundaries to the day, and what is assumed where nobody says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from compliance.model.configuration import Regime, Remediation
from compliance.model.deadlines import (
    BOD_DAYS,
    BOD_FORENSIC,
    LEGACY_DAYS,
    SEVERITIES,
    VDR_DAYS,
    VDR_EVALUATE,
    Answer,
    Inputs,
    deadline,
    overdue_days,
    worst_severity,
)

SEEN = datetime(2026, 6, 1, 12, tzinfo=UTC)
KNOWN = Inputs(
    severity="high",
    first_seen=SEEN,
    kev=Answer.NO,
    kev_due="",
    exploitable=Answer.NO,
    exposed=Answer.NO,
    automatable=Answer.NO,
    total=Answer.NO,
)
ANSWER = {True: Answer.YES, False: Answer.NO}


def test_without_a_regime_there_is_no_day_and_it_is_said() -> None:
    """Nobody chose: nothing is due, and nothing is on time either."""
    found = deadline(Remediation(), "C", KNOWN)
    assert (found.due, found.unset) == (None, True)
    assert "nobody chose" in found.because


@pytest.mark.parametrize(("days", "over"), [(29, 0), (30, 0), (31, 1)])
def test_the_last_day_itself_is_not_overdue(days: int, over: int) -> None:
    """30 days from discovery: the 30th day counts as on time, the 31st is one day over."""
    found = deadline(Remediation(regime=Regime.FEDRAMP_REV5_LEGACY), "", KNOWN)
    assert found.due == date(2026, 7, 1)
    assert overdue_days(found.due, SEEN + timedelta(days=days)) == over


@pytest.mark.parametrize(("severity", "days"), sorted(LEGACY_DAYS.items()))
def test_the_legacy_table_is_by_severity(severity: str, days: int) -> None:
    """30, 90 and 180 days; unknown is taken for the worst."""
    found = deadline(Remediation(regime=Regime.FEDRAMP_REV5_LEGACY), "", replace(KNOWN, severity=severity))
    assert found.due == (SEEN + timedelta(days=days)).date()
    assert {LEGACY_DAYS[one] for one in SEVERITIES} == {30, 90, 180}


def test_the_organisations_table_is_taken_as_it_is() -> None:
    """A severity without days has no day; an unknown one gets the shortest."""
    own = Remediation(regime=Regime.OWN, days={"critical": 7, "high": 30})
    assert deadline(own, "", KNOWN).due == date(2026, 7, 1)
    low = deadline(own, "", replace(KNOWN, severity="low"))
    assert (low.due, low.unset) == (None, False)
    assert deadline(own, "", replace(KNOWN, severity="unknown")).due == date(2026, 6, 8)


@pytest.mark.parametrize("certification_class", ["A", "B", "C", "D"])
@pytest.mark.parametrize(("severity", "impact"), [("critical", 5), ("high", 4), ("medium", 3), ("low", 2)])
def test_vdr_counts_from_the_latest_day_of_evaluation(certification_class: str, severity: str, impact: int) -> None:
    """Class, impact, reach and likelihood choose the cell; the days for the evaluation stand before it."""
    regime = Remediation(regime=Regime.FEDRAMP_VDR)
    cells = VDR_DAYS[certification_class][impact]
    for column, (likely, reachable) in enumerate(((Answer.YES, Answer.YES), (Answer.YES, Answer.NO), (Answer.NO,) * 2)):
        known = replace(KNOWN, severity=severity, exploitable=likely, exposed=reachable)
        found = deadline(regime, certification_class, known)
        expected = SEEN + timedelta(days=VDR_EVALUATE[certification_class] + cells[column])
        assert found.due == expected.date()
        assert f"N{impact} (assumed" in found.because


def test_half_a_day_can_end_on_the_same_date() -> None:
    """Class D, N5: two days to evaluate and twelve hours; seen at noon it ends at midnight, the day after."""
    known = replace(KNOWN, severity="critical", exploitable=Answer.YES, exposed=Answer.YES)
    regime = Remediation(regime=Regime.FEDRAMP_VDR)
    assert deadline(regime, "D", known).due == date(2026, 6, 4)
    earlier = replace(known, first_seen=SEEN - timedelta(hours=1))
    assert deadline(regime, "D", earlier).due == date(2026, 6, 3)


def test_vdr_takes_what_nobody_knows_for_the_worse_case_and_says_so() -> None:
    """Unknown likelihood and reach choose the shortest cell."""
    regime = Remediation(regime=Regime.FEDRAMP_VDR)
    unknown = replace(KNOWN, exploitable=Answer.UNKNOWN, exposed=Answer.UNKNOWN)
    worst = replace(KNOWN, exploitable=Answer.YES, exposed=Answer.YES)
    assert deadline(regime, "C", unknown).due == deadline(regime, "C", worst).due
    assert "taken for likely exploitable and reachable" in deadline(regime, "C", unknown).because
    assert "taken for" not in deadline(regime, "C", worst).because


def test_what_stays_open_192_days_after_evaluation_is_accepted() -> None:
    """The day is told, whatever the impact; N1 has no other."""
    found = deadline(Remediation(regime=Regime.FEDRAMP_VDR), "B", replace(KNOWN, severity="negligible"))
    assert (found.due, found.unset) == (None, False)
    assert found.accepted_after == (SEEN + timedelta(days=7 + 192)).date()


def test_vdr_needs_a_class() -> None:
    """Without one nothing is on time."""
    assert deadline(Remediation(regime=Regime.FEDRAMP_VDR), "", KNOWN).unset


def test_bod_has_a_row_for_every_answer() -> None:
    """Sixteen rows; three of them ask for forensics, all three in KEV with total impact and three days."""
    assert set(BOD_DAYS) == set(product((True, False), repeat=4))
    assert sorted((days for days in BOD_DAYS.values() if days), reverse=True)[:3] == [60, 60, 60]
    assert {BOD_DAYS[row] for row in BOD_FORENSIC} == {3}
    assert all(row[0] and row[3] for row in BOD_FORENSIC)


@pytest.mark.parametrize("row", sorted(BOD_DAYS))
def test_bod_rows_are_found(row: tuple[bool, bool, bool, bool]) -> None:
    """Each combination gives its days; the next upgrade is no day."""
    kev, exposed, automatable, total = (ANSWER[one] for one in row)
    known = replace(KNOWN, kev=kev, exposed=exposed, automatable=automatable, total=total)
    found = deadline(Remediation(regime=Regime.BOD_26_04), "", known)
    days = BOD_DAYS[row]
    assert found.due == ((SEEN + timedelta(days=days)).date() if days else None)
    assert ("forensic" in found.because) == (row in BOD_FORENSIC)
    assert not found.unset


def test_bod_is_monotone() -> None:
    """No answer that is worse ever gives more time."""
    for row, days in BOD_DAYS.items():
        for place in range(4):
            worse = (*row[:place], True, *row[place + 1 :])
            assert (BOD_DAYS[worse] or 10_000) <= (days or 10_000)


def test_bod_without_a_catalog_sets_no_day() -> None:
    """Whether it is known to be exploited is what the directive asks first."""
    found = deadline(Remediation(regime=Regime.BOD_26_04), "", replace(KNOWN, kev=Answer.UNKNOWN))
    assert (found.due, found.unset) == (None, True)


@pytest.mark.parametrize(("day", "due"), [("2026-06-30", date(2026, 6, 30)), ("2026-07-02", date(2026, 7, 1))])
def test_cisas_day_stands_where_it_is_earlier(day: str, due: date) -> None:
    """KEV due dates hold under every regime, and without one."""
    known = replace(KNOWN, kev=Answer.YES, kev_due=day)
    assert deadline(Remediation(regime=Regime.FEDRAMP_REV5_LEGACY), "", known).due == due
    assert deadline(Remediation(), "", known).due == date.fromisoformat(day)


def test_a_scan_without_a_date_sets_no_day() -> None:
    """Nobody can say since when it is known."""
    found = deadline(Remediation(regime=Regime.FEDRAMP_REV5_LEGACY), "", replace(KNOWN, first_seen=None))
    assert (found.due, found.unset) == (None, True)


def test_the_worst_severity_is_one_that_somebody_names() -> None:
    """Unknown hides nothing and is hidden by nothing else."""
    assert worst_severity(["low", "unknown", "high"]) == "high"
    assert worst_severity(["unknown", "unknown"]) == "unknown"
    assert worst_severity([]) == "unknown"
