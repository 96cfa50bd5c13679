"""HDF results: rolled up as Heimdall does, and nothing skipped, waived or merely attested passes."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.rules.hdf import MAX_PROFILES, READER
from compliance.model.checklist import WRITTEN_BY
from compliance.model.outcome import Outcome, Severity
from compliance.model.rule_report import RuleReport, RuleResult
from compliance.pipeline.units import recognise

Json = dict[str, Any]  # what JSON decodes to


def _control(*statuses: str, **more: object) -> Json:
    results = [{"status": status, "code_desc": "looked", "message": "saw x"} for status in statuses]
    tags = {
        "gid": "V-242376",
        "rid": "SV-242376r1_rule",
        "cci": ["CCI-000068", "CCI-x"],
        "severity": "high",
        "n": {"a": 1},
    }
    return {"id": "V-242376", "title": "TLS", "impact": 0.7, "tags": tags, "results": results, **more}


def _document(*controls: Json, **more: object) -> bytes:
    profile = {"name": "Kubernetes_STIG", "title": "K", "version": "2.6", "controls": list(controls)}
    platform = {"name": "InSpec", "release": "5", "target_id": "node-1"}
    return json.dumps(
        {"platform": platform, "version": "5.22", "statistics": {}, "profiles": [profile], **more}, indent=1
    ).encode()


def _read(data: bytes) -> list[RuleReport | EvidenceError]:
    assert recognise(data[:65536]) is READER
    (piece,) = READER.split(io.BytesIO(data))
    assert not isinstance(piece, EvidenceError)
    found = list(READER.read(data, piece, "hdf.json", hashlib.sha256(data).hexdigest()))
    return [one for one in found if isinstance(one, RuleReport | EvidenceError)]


def _one(control: Json) -> RuleResult:
    (report,) = _read(_document(control, _control("passed", id="V-2")))
    assert isinstance(report, RuleReport), report
    return report.results[0]


def test_a_run_is_read_with_its_target_and_release() -> None:
    """Tool, target, release of the STIG, references, and the place of each control in the file."""
    data = _document(_control("passed"))
    (report,) = _read(data)
    assert isinstance(report, RuleReport)
    assert (report.tool, report.tool_version, report.subject.id) == ("InSpec", "5.22", "host/node-1")
    assert (report.benchmark, report.edition, report.stig_edition) == ("Kubernetes_STIG", "V2R6", "V2R6")
    (result,) = report.results
    assert (result.rule, result.severity, result.reason) == ("V-242376", Severity.HIGH, "looked: saw x.")
    assert {one.value for one in result.references} == {"V-242376", "SV-242376r1_rule", "CCI-000068"}
    (line,) = READER.locate(data, 1, [report.origin.inner + result.at])
    assert '"id": "V-242376"' in "\n".join(data.decode().splitlines()[line - 1 : line + 1])


@pytest.mark.parametrize(
    ("control", "outcome"),
    [
        (_control("passed", "passed"), Outcome.PASS),
        (_control("passed", "failed", "skipped"), Outcome.FAIL),
        (_control("passed", "skipped"), Outcome.NOT_CHECKED),
        (_control("failed", "error"), Outcome.ERROR),
        (_control(), Outcome.ERROR),
        (_control("Passed"), Outcome.ERROR),
        (_control("passed", results=[{"status": "passed", "exception": "x"}]), Outcome.ERROR),
        (_control("skipped", impact=0), Outcome.NOT_APPLICABLE),
        (_control(results=[{"status": "skipped"}], impact=0), Outcome.NOT_CHECKED),
        (_control("failed", impact=0), Outcome.FAIL),
        (_control("passed", waiver_data={"justification": "risk taken"}), Outcome.NOT_CHECKED),
        (_control("failed", waiver_data={"justification": "risk taken"}), Outcome.FAIL),
        (_control("passed", waiver_data={}), Outcome.PASS),
        (_control("passed", attestation_data={"status": "passed", "explanation": "seen"}), Outcome.PASS),
        (_control("passed", attestation_data={"status": "passed"}), Outcome.NOT_CHECKED),
    ],
)
def test_results_are_rolled_up(control: Json, outcome: Outcome) -> None:
    """An error outranks all, a skipped part is no pass, and a waiver takes nothing away but certainty."""
    assert _one(control).outcome is outcome


def test_waivers_and_attestations_are_shown() -> None:
    """With the words of whoever gave them."""
    waived = _one(_control("failed", waiver_data={"justification": "until May"}))
    assert "waived: until May" in waived.reason
    attested = {"status": "passed", "explanation": "saw it", "updated_by": "J. Doe", "updated": "2026-01-01"}
    assert (
        "attested by J. Doe on 2026-01-01 as passed: saw it"
        in _one(_control("passed", attestation_data=attested)).reason
    )


def test_our_own_results_are_no_evidence() -> None:
    """What this product wrote decides nothing when it comes back."""
    ours = _control("passed", descriptions=[{"label": "comments", "data": f"x.\n{WRITTEN_BY} 1.0."}])
    (report,) = _read(_document(ours))
    assert isinstance(report, RuleReport)
    assert "this product wrote" in report.unsound
    assert _one(ours).outcome is Outcome.NOT_CHECKED


def test_a_control_that_an_overlay_hands_on_is_judged_once() -> None:
    """The profile that ran it has the results."""
    inner = {"name": "base", "version": "1", "controls": [_control("passed")]}
    outer = {"name": "overlay", "version": "1", "controls": [_control()]}
    (report,) = _read(_document(profiles=[outer, inner]))
    assert isinstance(report, RuleReport)
    assert (report.benchmark, report.origin.pointer) == ("base", "/profiles/1")


def test_a_run_without_verdicts_is_unsound() -> None:
    """Skipped from end to end: nobody knows what was looked at."""
    (report,) = _read(_document(_control("skipped")))
    assert isinstance(report, RuleReport)
    assert "nothing shows that the target was looked at" in report.unsound


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_document(), "no profile holds a control"),
        (_document(_control("passed"))[:-40], "not valid JSON"),
        (_document(profiles=[{"controls": []}] * (MAX_PROFILES + 1)), "above the limit"),
        (_document(_control("passed", id="")), "has no id"),
        (_document(_control("passed", id="()")), "has no id"),
        (_document(_control("passed", id="x" * 300)), "has no id"),
        (_document(_control("passed")).replace(b'"impact"', b'"impact": 0, "impact"'), "twice"),
    ],
)
def test_bad_documents_say_what_is_wrong(data: bytes, words: str) -> None:
    """An error that names the fault, and no half a report."""
    (error,) = _read(data)
    assert isinstance(error, EvidenceError)
    assert words in str(error)


def test_ids_become_ids_of_checks_without_other_characters() -> None:
    """No formula and no line break gets into an id."""
    assert _one(_control("passed", id='=cmd("x")\nV-1')).rule == "cmd-x-V-1"
