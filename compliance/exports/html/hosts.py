"""Hosts and reports of other tools as rows of the data block of packet.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import nsmallest

from compliance.exports.html.controls import counts_row
from compliance.exports.html.texts import Dictionary, plain
from compliance.model.assessment import Assessment
from compliance.model.evidence import Subject, SubjectType
from compliance.model.host_report import HostRow
from compliance.model.outcome import ORDER, Severity
from compliance.model.rule_report import RuleReport, RuleResult, check_id
from compliance.rendering.hosts import ReportRow, hosts_ranked, report_rows
from compliance.rendering.states import NOT_CHECKED, OUTCOME_STATES, SATISFIED

#: Hosts and reports with a row; programs of a host.
MOST_HOSTS, MOST_REPORTS, MOST_PROGRAMS = 5_000, 5_000, 20
#: Rules of one report, and of all together unless that leaves a report fewer than the last number.
MOST_RULES, MOST_RULES_OF_ALL, LEAST_RULES = 200, 20_000, 5
_LONGEST = 600
_OUTCOMES = {outcome: number for number, (outcome, _) in enumerate(OUTCOME_STATES)}
_WORST_FIRST = {outcome: -rank for rank, outcome in enumerate(ORDER)}
_GRAVEST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}

Files = Mapping[tuple[str, str], int]


def hosts_table(assessment: Assessment) -> list[dict[str, object]]:
    """The first MOST_HOSTS hosts, those with the most failures first; counts as `counts_row` orders them."""
    kinds = {name: kind.title for name, kind in assessment.evidence_kinds.items()}
    return [_host(row, kinds) for row in hosts_ranked(assessment.hosts)[:MOST_HOSTS]]


def _host(row: HostRow, kinds: Mapping[str, str]) -> dict[str, object]:
    return {
        "id": plain(row.subject.id, _LONGEST),
        "name": plain(row.subject.name, _LONGEST),
        "system": plain(row.system, _LONGEST),
        "collected": plain(row.collected, 40),
        "programs": [plain(program, 300) for program in row.programs[:MOST_PROGRAMS]],
        "programs_total": len(row.programs),
        "handed_in": [plain(kinds.get(word, word), 200) for word in row.handed_in],
        "counts": counts_row(row.counts),
    }


def host_numbers(assessment: Assessment, subjects: Iterable[Subject]) -> list[int]:
    """For each subject the row of `hosts_table` that it is, or runs on; -1 for what is on no host in the table."""
    rows = {row.subject.id: number for number, row in enumerate(hosts_ranked(assessment.hosts)[:MOST_HOSTS])}
    return [_host_number(subject, rows) for subject in subjects] if rows else []


def _host_number(subject: Subject, rows: Mapping[str, int]) -> int:
    if subject.type is SubjectType.COMPONENT:
        return rows.get(subject.id.rpartition("/")[0], -1)
    return rows.get(subject.id, -1) if subject.type is SubjectType.HOST else -1


def reports_table(assessment: Assessment, files: Files) -> dict[str, object]:
    """Reports that count for nothing first, then those with the most failures; of each the rules that fail first.

    Of rules that fail, the gravest stand first. A rule is its outcome, numbers of five `rule_texts` (check's id, title,
    severity, the tool's word, reason), and the number of its check, -1 where the assessment has none.
    """
    rows = report_rows(assessment.reports)[:MOST_REPORTS]
    most = max(LEAST_RULES, min(MOST_RULES, MOST_RULES_OF_ALL // max(1, len(rows))))
    checks = {str(result.check.id): number for number, result in enumerate(assessment.checks)}
    texts = Dictionary(longest=_LONGEST)
    return {
        "reports": [_report(row, files, checks, texts, most) for row in rows],
        "reports_total": len(assessment.reports),
        "rule_texts": texts.texts,
        "report_states": {
            "yes": [SATISFIED.key, "yes", SATISFIED.glyph],
            "no": [NOT_CHECKED.key, "no", NOT_CHECKED.glyph],
        },
    }


def _report(row: ReportRow, files: Files, checks: Mapping[str, int], texts: Dictionary, most: int) -> dict[str, object]:
    report = row.report
    worst = nsmallest(most, report.results, key=_rank)
    return {
        "place": [files.get((row.place.path, row.place.sha256), -1), plain(row.place.pointer, _LONGEST)],
        "document": row.place.document or 0,
        "path": plain(row.place.path, _LONGEST),
        "source": plain(report.source, 60),
        "tool": plain(report.tool or report.source, 120),
        "version": plain(report.tool_version, 60),
        "benchmark": plain(report.benchmark, 200),
        "title": plain(report.benchmark_title, 200),
        "edition": plain(report.edition, 60),
        "stig": plain(report.stig_edition, 60),
        "profile": plain(report.profile, 200),
        "subject": plain(report.subject.id, _LONGEST),
        "target": plain(report.subject.name or report.target, _LONGEST),
        "written": plain(report.target, _LONGEST),
        "times": [plain(report.started, 40), plain(report.ended, 40)],
        "person": _person(report),
        "unsound": plain(report.unsound, _LONGEST),
        "content": plain(report.content_sha256, 100),
        "left_out": report.not_selected,
        "counts": counts_row(row.counts),
        "rules": [_rule(report, result, checks, texts) for result in worst],
        "rules_total": len(report.results),
    }


def _rank(result: RuleResult) -> tuple[int, int]:
    return _WORST_FIRST[result.outcome], _GRAVEST_FIRST[result.severity]


def _person(report: RuleReport) -> str:
    """Who answers for a checklist; empty text for what a tool wrote."""
    return plain(report.person, 200) or "a person who is not named" if report.by_person else ""


def _rule(report: RuleReport, result: RuleResult, checks: Mapping[str, int], texts: Dictionary) -> list[int]:
    check = check_id(report, result)
    words = (check, result.title, result.severity.value, result.said, result.reason)
    return [_OUTCOMES[result.outcome], *(texts.number(word) for word in words), checks.get(check, -1)]


def host_counts(assessment: Assessment) -> dict[str, object]:
    """Hosts by whether anything was handed in, and reports by whether they count, where there are any."""
    found: dict[str, object] = {}
    if assessment.hosts:
        unseen = sum(not row.handed_in for row in assessment.hosts)
        found["hosts"] = {"handed in": len(assessment.hosts) - unseen, "nothing handed in": unseen}
    if assessment.reports:
        unsound = sum(bool(report.unsound) for report in assessment.reports)
        found["reports"] = {"count": len(assessment.reports) - unsound, "count for nothing": unsound}
    return found
