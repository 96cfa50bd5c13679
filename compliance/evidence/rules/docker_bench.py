"""The reader of docker-bench-security's JSON: the results of one run on one host in, one RuleReport out.

Only PASS and WARN are verdicts; INFO and NOTE say that the tool decided nothing. Descriptions and remedies in the file
are the benchmark's own sentences, so they are not kept. Source: docker-bench-security 1.6.0, functions/output_lib.sh.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.sbom_parts import locate, top_keys
from compliance.evidence.vulnerabilities.parts import Source, cleaned, decoded, origin_of, reading, splitter
from compliance.evidence.vulnerabilities.parts import told as sentence
from compliance.model.host import host_of, host_subject
from compliance.model.outcome import Outcome, Severity
from compliance.model.reader import Reader, Record
from compliance.model.rule_report import Reference, RefersTo, RuleReport, RuleResult

#: What errors and the evidence index call these documents.
KIND = "docker-bench report"
TOOL = "docker-bench-security"
FRAMEWORK = "cis-docker"
EDITION = "1.8.0"
#: Results of one run that are read; the tool has about 130 tests.
MAX_RESULTS = 2000
#: The edition of the benchmark that a release of the tool has the ids of, where they are known to lead to 1.8.0.
#: Source: docker-bench-security README.md, "Release, CIS".
_NUMBERED_AS = {"1.6.0": "1.6.0"}
_ID = re.compile(r"[1-7](?:\.[1-9][0-9]?){1,2}")
_OUTCOMES: Mapping[str, Outcome] = {"PASS": Outcome.PASS, "WARN": Outcome.FAIL}
_UNDECIDED = {"INFO": "the tool decides nothing here", "NOTE": "the tool asks a person to look"}
#: Last second that is taken for a time: 9999-12-31.
_LAST = 253_402_300_799


class _Result(msgspec.Struct):
    id: str | None = None
    result: str | None = None
    details: str | None = None


class _Section(msgspec.Struct):
    id: str | None = None
    results: list[_Result] | None = None


class _Run(msgspec.Struct):
    release: str | None = msgspec.field(name="dockerbenchsecurity", default=None)
    start: int | None = None
    end: int | None = None
    checks: int | None = None
    tests: list[_Section] | None = None


_decoder = msgspec.json.Decoder(_Run)


def identify(head: bytes) -> bool:
    """Whether the outermost object is a run of the tool."""
    return b'"dockerbenchsecurity"' in head and b"dockerbenchsecurity" in top_keys(head)


def in_newest(id: str) -> str:
    """The number in edition 1.8.0 of an item of edition 1.6.0: a new 2.7 pushes 2.7 to 2.18 back by one."""
    section, _, item = id.partition(".")
    if section == "2" and item.isdecimal() and 7 <= int(item) <= 18:
        return f"2.{int(item) + 1}"
    return id


def records(data: bytes, source: Source) -> Iterator[Record]:
    """One report.

    Raises:
        EvidenceError: it cannot be read, was cut off, or holds more results than MAX_RESULTS.
    """
    run = decoded(data, _decoder)
    if run.tests is None or run.end is None:
        raise EvidenceError("the run did not come to its end; run docker-bench-security again", pointer="/tests")
    number = sum(len(section.results or ()) for section in run.tests)
    if number > MAX_RESULTS:
        raise EvidenceError(f"{number:,} results, above the limit of {MAX_RESULTS:,} for one run", pointer="/tests")
    release = cleaned(run.release)
    results = tuple(_results(run.tests, release))
    host = host_of(source.path)
    yield RuleReport(
        origin=origin_of(source),
        subject=host_subject(host, source.path),
        source="docker-bench",
        tool=TOOL,
        tool_version=release,
        benchmark=f"cis-docker-{_NUMBERED_AS.get(release, release)}",
        benchmark_title="CIS Docker Benchmark",
        edition=_NUMBERED_AS.get(release, ""),
        profile="",
        target=host or "",
        started=_time(run.start),
        ended=_time(run.end),
        by_person=False,
        person="",
        unsound=_unsound(run, results),
        content_sha256="",
        results=results,
    )


def _results(sections: Iterable[_Section], release: str) -> Iterator[RuleResult]:
    """Results in the order of the file."""
    seen: set[str] = set()
    for number, section in enumerate(sections):
        for index, one in enumerate(section.results or ()):
            at = f"/tests/{number}/results/{index}"
            rule = cleaned(one.id).strip()
            if not rule:
                raise EvidenceError("a result without an id; run docker-bench-security again", pointer=at)
            if rule in seen:
                raise EvidenceError(f"{rule} has two results; run docker-bench-security again", pointer=at)
            seen.add(rule)
            yield _result(one, rule, release, at)


def _result(one: _Result, rule: str, release: str, at: str) -> RuleResult:
    said = cleaned(one.result).strip() or "nothing"
    outcome = _OUTCOMES.get(said, Outcome.NOT_CHECKED)
    reason = sentence(one.details).strip(" :")
    if outcome is Outcome.NOT_CHECKED:
        why = _UNDECIDED.get(said, "which is no word of its results")
        reason = f"{why}: {reason}" if reason else why
    newest = in_newest(rule) if release in _NUMBERED_AS and _ID.fullmatch(rule) else ""
    named = f"test {rule}, CIS Docker Benchmark {EDITION}, {newest}" if newest else f"test {rule}"
    return RuleResult(
        rule=rule,
        title=f"{TOOL} {release}, {named}",
        severity=Severity.MEDIUM,
        outcome=outcome,
        said=said,
        reason=reason or "no more is told",
        references=(Reference(RefersTo.CIS, newest, FRAMEWORK, EDITION),) if newest else (),
        fix="",
        at=at,
    )


def _unsound(run: _Run, results: tuple[RuleResult, ...]) -> str:
    """In words, why nothing of a run counts."""
    if not results:
        return "it holds no result"
    if all(one.outcome is Outcome.NOT_CHECKED for one in results):
        return "none of its tests decided anything"
    if run.start is not None and run.end is not None and run.end < run.start:
        return "it ended before it began"
    return ""


def _time(seconds: int | None) -> str:
    """A moment in UTC; empty text where there is none."""
    if seconds is None or not 0 < seconds <= _LAST:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


READER = Reader(
    id="docker-bench",
    title="Results of docker-bench-security",
    revision=1,
    evidence_kinds=("docker-bench",),
    identify=identify,
    split=splitter(KIND),
    read=reading(KIND, records),
    locate=locate,
    record=RuleReport,
)
