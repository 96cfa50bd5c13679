"""Docker host in, a verdict out on its operating system, by what a tool judged that reads it rule by rule."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from compliance.model.check import Effort, Verdict, check, listed, not_checked
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.flags import Answer, agreed, held
from compliance.model.hosts import DockerHost
from compliance.model.outcome import Outcome, Severity
from compliance.model.rule_report import RuleReport, dated

#: Sources whose rules are of an engine or a cluster, not of an operating system.
_OTHERS = ("kube-bench", "docker-bench")


@check(
    id="docker-host-hardened",
    title="The operating system of the host is hardened",
    severity=Severity.MEDIUM,
    fix="Mend the rules that fail in the report, or state parameters.host-hardening-percent.",
    effort=Effort.PLATFORM,
)
def docker_host_hardened(host: DockerHost, params: Parameters, as_of: datetime) -> Verdict:
    """A benchmark's results on the host's operating system meet the share of rules that the organisation asks for.

    Rules that do not apply are not counted; rules that nobody could judge count as not passed.
    A report that is older than agreed (report-max-age-days) decides nothing.
    Source: judged as CIS Docker Benchmark 1.8.0, 1.2.1, asks.
    """
    most = params.report_max_age_days
    reports = [dated(one, as_of, most) for one in host.host.reports if one.source not in _OTHERS]
    if not reports:
        return not_checked("no results of a benchmark of its operating system were handed in (OpenSCAP, checklist)")
    return agreed([_hardened(one, params.host_hardening_percent) for one in reports])


def _hardened(report: RuleReport, least: int | None) -> Answer:
    """The share of rules that pass, against the share asked for."""
    at = (At(report.origin, ""),)
    source = f"{report.tool} {report.tool_version}".strip() or report.source
    name = report.profile or report.benchmark_title or report.benchmark
    if report.unsound:
        return Answer(Outcome.NOT_CHECKED, f"{name}: {report.unsound}", at, source)
    counts = Counter(one.outcome for one in report.results)
    asked = counts.total() - counts[Outcome.NOT_APPLICABLE]
    words = f"{name}: {counts[Outcome.PASS]} of {asked} rules pass"
    open_ = [f"{counts[outcome]} {outcome.value}" for outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_CHECKED)]
    words = f"{words} ({listed(open_)})"
    if not asked:
        return Answer(Outcome.NOT_CHECKED, f"{name}: no rule applies", at, source)
    if least is None:
        return Answer(Outcome.NOT_CHECKED, f"{words}; no share is asked for (host-hardening-percent)", at, source)
    return Answer(held(100 * counts[Outcome.PASS] >= least * asked), f"{words}; asked: {least} %", at, source)
