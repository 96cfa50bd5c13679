"""kube-bench's JSON: numbers lead to today's items, and what its tests never saw decides nothing.

no_cluster.json is a run of the real program (a73ce378) on a machine without a cluster; samples/kube-bench one over
stand-ins of a made-up node's processes and files. Descriptions, commands and remedies were blanked.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from pathlib import Path

import pytest

from compliance.catalog.loading import load_library
from compliance.errors import EvidenceError
from compliance.evidence.rules.kube_bench import MAX_BYTES, MAX_RESULTS, READER
from compliance.evidence.rules.kube_bench_editions import EDITIONS, OTHERS, Item, Limit, in_newest
from compliance.model.catalog import FrameworkId
from compliance.model.outcome import Outcome
from compliance.model.rule_report import RefersTo, RuleReport, RuleResult
from compliance.pipeline.units import recognise

HERE = Path(__file__).parent / "kube_bench"
SAMPLE = Path("samples/kube-bench/compliance-host-harbour-node-1/kube-bench.json")
_SEEN = {"audit": "stat", "actual_value": "permissions=600", "scored": True}


def _read(data: bytes, path: str = "bench.json") -> list[RuleReport | EvidenceError]:
    assert recognise(data[:65536]) is READER
    found: list[RuleReport | EvidenceError] = []
    for piece in READER.split(io.BytesIO(data)):
        if isinstance(piece, EvidenceError):
            found.append(piece)
            continue
        part = data[piece.offset : piece.offset + piece.length]
        for record in READER.read(part, piece, path, hashlib.sha256(data).hexdigest()):
            assert isinstance(record, RuleReport | EvidenceError)
            found.append(record)
    return found


def _controls(version: str, *checks: dict[str, object]) -> dict[str, object]:
    return {"id": "1", "version": version, "text": "", "node_type": "master", "tests": [{"results": list(checks)}]}


def _check(number: str, status: str, **more: object) -> dict[str, object]:
    return {"test_number": number, "status": status, **_SEEN, **more}


def _one(version: str, number: str, status: str, **more: object) -> RuleResult:
    (report,) = _read(json.dumps({"Controls": [_controls(version, _check(number, status, **more))]}).encode())
    assert isinstance(report, RuleReport)
    return report.results[0]


def test_a_real_run_on_a_machine_without_a_cluster_decides_nearly_nothing() -> None:
    """Of 46 failures of the program 45 looked at nothing: a command that failed, a file that was not there."""
    (report,) = _read((HERE / "no_cluster.json").read_bytes())
    assert isinstance(report, RuleReport)
    said = Counter(one.said for one in report.results)
    outcomes = Counter(one.outcome for one in report.results)
    assert said == {"FAIL": 46, "WARN": 13, "PASS": 1}
    assert (outcomes[Outcome.PASS], outcomes[Outcome.FAIL]) == (1, 1)
    assert outcomes[Outcome.NOT_CHECKED] == 58


def test_a_whole_run_is_read_with_its_node_and_without_a_sentence_of_the_benchmark() -> None:
    """131 results at their places, the node by its folder, the values that the tests saw."""
    (report,) = _read(SAMPLE.read_bytes(), str(SAMPLE))
    assert isinstance(report, RuleReport)
    assert (report.subject.id, report.target, report.benchmark) == ("host/harbour-node-1", "harbour-node-1", "cis-1.12")
    assert (len(report.results), report.unsound) == (131, "")
    assert "Ensure" not in repr(report)
    profiling = next(one for one in report.results if one.rule == "cis-1.12:1.2.15")
    assert profiling.outcome is Outcome.PASS
    assert "seen: --profiling=false" in profiling.reason
    assert profiling.at == "/Controls/0/tests/1/results/14"


def test_numbers_lead_to_the_items_that_the_catalog_says() -> None:
    """For each edition that the catalog knows the numbers of, both agree, item by item."""
    catalog = load_library().frameworks[FrameworkId("cis-kubernetes"), "2.0.1"]
    for version, name in (("cis-1.11", "id-in-1.11"), ("cis-1.10", "id-in-1.10"), ("cis-1.23", "id-in-1.23")):
        known = {old: str(one.id) for one in catalog.controls if (old := one.properties.get(name))}
        assert len(known) > 100
        assert {old: found.number for old in known if (found := in_newest(version, old))} == known
    ids = {str(one.id) for one in catalog.controls}
    assert {found.number for one in ids if (found := in_newest("cis-1.12", one))} == ids


@pytest.mark.parametrize(
    ("version", "number", "item"),
    [
        ("cis-1.12", "1.2.5", Item("1.2.5", Limit.SAME)),
        ("cis-1.23", "1.2.5", Item("1.2.4", Limit.SAME)),
        ("cis-1.23", "1.1.1", Item("1.1.1", Limit.LOOSER)),
        ("cis-1.9", "1.1.20", Item("1.1.20", Limit.STRICTER)),
        ("cis-1.10", "5.7.2", Item("5.6.2", Limit.SAME)),
        ("cis-1.23", "1.2.4", None),
        ("cis-1.5", "4.1.9", None),
        ("cis-1.20", "5.3.1", None),
        ("rke2-cis-1.8", "1.1.1", None),
        ("cis-1.12", "1", None),
        ("cis-1.23", "1.2.99", None),
    ],
)
def test_an_older_number_is_another_item(version: str, number: str, item: Item | None) -> None:
    """The number alone says nothing: items moved, went, and changed their limits."""
    assert in_newest(version, number) == item


def test_the_same_number_of_two_editions_is_two_rules() -> None:
    """Rules carry their benchmark, so that 1.2.5 of one edition is never taken for that of another."""
    old, new = _one("cis-1.23", "1.2.5", "PASS"), _one("cis-1.12", "1.2.5", "PASS")
    assert old.rule != new.rule
    assert [one.value for one in (*old.references, *new.references)] == ["1.2.4", "1.2.5"]


def test_a_pass_under_a_looser_limit_proves_nothing() -> None:
    """0644 passed in edition 1.23 is no 0600; a fail under it is one."""
    assert _one("cis-1.23", "1.1.1", "PASS").outcome is Outcome.NOT_CHECKED
    assert _one("cis-1.23", "1.1.1", "FAIL").outcome is Outcome.FAIL
    assert _one("cis-1.9", "1.1.20", "FAIL").outcome is Outcome.NOT_CHECKED
    assert _one("cis-1.9", "1.1.20", "PASS").outcome is Outcome.PASS


@pytest.mark.parametrize("version", sorted(EDITIONS | OTHERS))
def test_every_benchmark_of_the_program_is_read(version: str) -> None:
    """Numbers of other benchmarks stay their own: they lead to no control, and the reason says so."""
    found = _one(version, "1.1.2", "PASS")
    assert found.outcome is Outcome.PASS
    assert bool(found.references) == (version in EDITIONS)
    assert version in EDITIONS or "lead to no control of ours" in found.reason


def test_items_of_the_stig_lead_to_their_groups() -> None:
    """kube-bench's STIG for EKS numbers by group id; the reason names its release."""
    (report,) = _read(json.dumps([_controls("eks-stig-kubernetes-v1r6", _check("V-242387", "PASS"))]).encode())
    assert isinstance(report, RuleReport)
    assert report.stig_edition == "V1R6"
    assert [(one.system, one.value) for one in report.results[0].references] == [(RefersTo.VULN_ID, "V-242387")]
    assert "v1r6" in report.results[0].reason


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        (_check("1.1.1", "PASS", actual_value=""), Outcome.NOT_CHECKED),
        (_check("1.1.1", "FAIL", actual_value=""), Outcome.NOT_CHECKED),
        (_check("1.1.1", "PASS", actual_value="File not found"), Outcome.NOT_CHECKED),
        (_check("2.3", "PASS", actual_value="", audit="/bin/ps -ef | grep etcd"), Outcome.PASS),
        (_check("1.1.1", "FAIL", reason='failed to run: "x", error: exit status 1'), Outcome.NOT_CHECKED),
        (_check("1.1.1", "FAIL", reason="No tests defined"), Outcome.NOT_CHECKED),
        (_check("1.1.1", "WARN", type="manual"), Outcome.NOT_CHECKED),
        (_check("1.1.1", "WARN", scored=False), Outcome.NOT_CHECKED),
        (_check("1.1.1", "INFO", type="skip"), Outcome.NOT_CHECKED),
        (_check("1.1.1", "pass"), Outcome.ERROR),
        (_check("1.1.1", ""), Outcome.ERROR),
    ],
)
def test_only_what_was_seen_decides(check: dict[str, object], outcome: Outcome) -> None:
    """The word of the program counts where its command showed something."""
    (report,) = _read(json.dumps([_controls("cis-1.12", check)]).encode())
    assert isinstance(report, RuleReport)
    assert report.results[0].outcome is outcome


def test_a_run_that_decides_nothing_is_unsound() -> None:
    """Manual items alone show that nobody looked at the node."""
    (report,) = _read(json.dumps([_controls("cis-1.12", _check("3.1.1", "WARN", type="manual"))]).encode())
    assert isinstance(report, RuleReport)
    assert "none of its tests decided anything" in report.unsound


def test_older_releases_wrote_a_document_on_each_line() -> None:
    """Each line is a report of its own, at its own place in the file."""
    lines = [json.dumps(_controls("cis-1.6", _check(number, "PASS"))) for number in ("1.1.2", "1.1.4")]
    found = _read("\n".join(lines).encode())
    assert [one.origin.line for one in found if isinstance(one, RuleReport)] == [1, 2]


def test_values_are_shown_without_credentials_and_environments_not_at_all() -> None:
    """Of a command line only the options that the test is about; no environment of a process."""
    line = "root 1 kube-apiserver --token-auth-file=/t --oidc-client-secret=hunter2hunter2 --profiling=true"
    shown = _one(
        "cis-1.12", "1.2.15", "FAIL", audit="/bin/ps -ef", actual_value=line, expected_result="'--profiling' is"
    )
    assert "--profiling=true" in shown.reason
    assert "hunter2" not in shown.reason
    shown = _one("cis-1.12", "2.3", "PASS", actual_value="DB_PASS=hunter2hunter2", expected_result="'ETCD_X'")
    assert "hunter2" not in shown.reason


@pytest.mark.parametrize("number", ["=cmd()", "1.1.1\n1.1.2", "x" * 201, "", "../1"])
def test_a_number_that_cannot_be_the_id_of_a_check_is_refused(number: str) -> None:
    """Ids of rules become ids of checks: nothing else than letters, digits and four marks gets there."""
    (error,) = _read(json.dumps([_controls("cis-1.12", _check(number, "PASS"))]).encode())
    assert isinstance(error, EvidenceError)
    assert error.pointer == "/0/tests/0/results/0"


def test_bad_documents_say_what_is_wrong() -> None:
    """Cut short, too many results, a number for a number, a status given twice, too large."""
    whole = json.dumps({"Controls": [_controls("cis-1.12", _check("1.1.1", "FAIL"))]}).encode()
    many = [_check("1.1.1", "PASS")] * (MAX_RESULTS + 1)
    documents = {
        whole[:-10]: "not valid JSON",
        json.dumps([_controls("cis-1.12", *many)]).encode(): "above the limit",
        whole.replace(b'"1.1.1"', b"1.1"): "",
        whole.replace(b'"status"', b'"status": "PASS", "status"'): "twice",
    }
    for data, words in documents.items():
        (error,) = _read(data)
        assert isinstance(error, EvidenceError)
        assert words in str(error)
    (error,) = READER.split(io.BytesIO(b"[" + b" " * MAX_BYTES))
    assert isinstance(error, EvidenceError)
