"""docker-bench-security's JSON: ids lead to today's items, and what it does not decide is not decided.

run.json is from the real script (release 1.6.0, commit ff26d67f) with a stand-in for the program docker, on a machine
without an engine; descriptions were blanked, as they are the benchmark's sentences.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from compliance.catalog.loading import load_library
from compliance.errors import EvidenceError
from compliance.evidence.rules.docker_bench import MAX_RESULTS, READER, in_newest
from compliance.model.catalog import FrameworkId
from compliance.model.outcome import Outcome
from compliance.model.reader import Slice
from compliance.model.rule_report import RuleReport, RuleResult
from compliance.pipeline.units import recognise

RUN = Path(__file__).parent / "docker_bench" / "run.json"


def _read(data: bytes, path: str = "compliance-host-one/bench.json") -> RuleReport | EvidenceError:
    assert recognise(data[:65536]) is READER
    piece = Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)
    (found,) = READER.read(data, piece, path, hashlib.sha256(data).hexdigest())
    assert isinstance(found, RuleReport | EvidenceError)
    return found


def _report(*results: dict[str, object], **more: object) -> bytes:
    run = {"dockerbenchsecurity": "1.6.0", "start": 1, "tests": [{"id": "2", "results": list(results)}], "end": 2}
    return json.dumps(run | more).encode()


def _one(**result: object) -> RuleResult:
    found = _read(_report(result, {"id": "1.1.1", "result": "PASS"}))
    assert isinstance(found, RuleReport)
    return found.results[0]


def test_a_real_run_is_read_whole() -> None:
    """117 tests, each at its place in the file, the host by its folder, and no sentence of the benchmark."""
    report = _read(RUN.read_bytes())
    assert isinstance(report, RuleReport)
    assert (len(report.results), report.unsound, report.subject.name) == (117, "", "one")
    outcomes = [one.outcome for one in report.results]
    assert [outcomes.count(word) for word in (Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED)] == [42, 16, 59]
    assert (report.started, report.ended) == ("2026-11-22T08:28:04Z", "2026-11-22T08:28:13Z")
    assert "Ensure" not in repr(report)
    assert [one.at for one in report.results[:2]] == ["/tests/0/results/0", "/tests/0/results/1"]


def test_numbers_lead_to_the_items_that_the_catalog_says() -> None:
    """For each item of 1.8.0 with a number in 1.6, that number leads to it; every test of the tool leads somewhere."""
    catalog = load_library().frameworks[FrameworkId("cis-docker"), "1.8.0"]
    older = {
        control.properties["id-in-1.6"]: control.id for control in catalog.controls if "id-in-1.6" in control.properties
    }
    assert {old: in_newest(old) for old in older} == older
    report = _read(RUN.read_bytes())
    assert isinstance(report, RuleReport)
    ids = {control.id for control in catalog.controls}
    assert all(one.references[0].value in ids for one in report.results)


def test_only_pass_and_warn_decide() -> None:
    """INFO, NOTE, another word and none at all are not checked, and say so."""
    assert _one(id="2.8", result="PASS").outcome is Outcome.PASS
    assert _one(id="2.8", result="WARN", details="bad: a").reason == "bad: a"
    for word in ("INFO", "NOTE", "OK", None):
        assert _one(id="2.8", result=word).outcome is Outcome.NOT_CHECKED
    assert _one(id="2.8", result="WARN").references[0].value == "2.9"


def test_numbers_of_unknown_releases_lead_nowhere() -> None:
    """Ids move between editions, so a release whose edition is not known names no control."""
    report = _read(_report({"id": "2.8", "result": "PASS"}, dockerbenchsecurity="1.3.4"))
    assert isinstance(report, RuleReport)
    assert report.results[0].references == ()
    assert _one(id="C.5.3.1", result="PASS").references == ()
    assert _one(id="8.1.1", result="PASS").references == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_report(), "no result"),
        (_report({"id": "1.1", "result": "INFO"}), "none of its tests"),
        (_report({"id": "1.1", "result": "PASS"}, start=9), "before it began"),
    ],
)
def test_a_run_that_proves_nothing_counts_for_nothing(data: bytes, why: str) -> None:
    """Nothing decided, no result, or times that cannot be."""
    report = _read(data)
    assert isinstance(report, RuleReport)
    assert why in report.unsound


@pytest.mark.parametrize(
    "data",
    [
        RUN.read_bytes()[:5000],
        _report({"id": "2.8", "result": "PASS"}, {"id": "2.8", "result": "WARN"}),
        _report({"result": "PASS"}),
        _report(tests=None),
        _report(end=None),
        _report(*({"id": str(number), "result": "PASS"} for number in range(MAX_RESULTS + 1))),
        b'{"dockerbenchsecurity": "1.6.0", "tests": [{"results": [{"details": "a "quote""}]}]}',
    ],
)
def test_a_broken_run_says_why(data: bytes) -> None:
    """Cut off, two results for one test, no ids, too many, or quotes that the script does not escape."""
    found = _read(data)
    assert isinstance(found, EvidenceError)
    assert found.message
