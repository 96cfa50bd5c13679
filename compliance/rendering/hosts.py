"""Hosts and reports of other tools as people's formats list them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from compliance.model.counts import Counts, counted
from compliance.model.evidence import At, Location
from compliance.model.host_report import HostRow
from compliance.model.rule_report import RuleReport


class ReportRow(NamedTuple):
    """A report, where it stands, and its rules by outcome."""

    report: RuleReport
    place: Location
    counts: Counts


def hosts_ranked(hosts: Iterable[HostRow]) -> tuple[HostRow, ...]:
    """Hosts with the most failures first; then those of which nothing was handed in."""
    return tuple(sorted(hosts, key=lambda row: (-row.counts.failed, bool(row.handed_in), row.subject.id)))


def report_rows(reports: Iterable[RuleReport]) -> tuple[ReportRow, ...]:
    """Reports that count for nothing first, then those with the most failures."""
    rows = [
        ReportRow(one, At(one.origin, "").location(), counted(result.outcome for result in one.results))
        for one in reports
    ]
    return tuple(sorted(rows, key=lambda row: (not row.report.unsound, -row.counts.failed, row.place.path)))
