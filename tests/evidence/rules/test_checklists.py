"""CKLB and CKL checklists: a person's word counts with its reasons, ours never comes back as a person's."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.rules.checklist_parts import MAX_RULES, edition_of
from compliance.model.checklist import WRITTEN_BY
from compliance.model.outcome import Outcome, Severity
from compliance.model.reader import Reader
from compliance.model.rule_report import RuleReport, RuleResult
from compliance.pipeline.units import recognise
from tests.evidence.rules.checklists import Answer, ckl, cklb

FORMATS = pytest.mark.parametrize("make", [cklb, ckl])
Make = Callable[..., bytes]


def _reader(data: bytes) -> Reader:
    found = recognise(data[:65536])
    assert isinstance(found, Reader)
    return found


def _read(data: bytes, path: str = "answers") -> list[RuleReport | EvidenceError]:
    reader = _reader(data)
    assert reader.id in ("ckl", "cklb")
    (piece,) = reader.split(io.BytesIO(data))
    assert not isinstance(piece, EvidenceError)
    found = list(reader.read(data, piece, path, hashlib.sha256(data).hexdigest()))
    assert all(isinstance(one, RuleReport | EvidenceError) for one in found)
    return [one for one in found if isinstance(one, RuleReport | EvidenceError)]


def _report(data: bytes, path: str = "answers") -> RuleReport:
    (report,) = _read(data, path)
    assert isinstance(report, RuleReport), report
    return report


def _one(make: Make, answer: Answer) -> RuleResult:
    return _report(make(answer)).results[0]


@FORMATS
def test_an_answer_is_read_with_its_words_and_what_it_answers_to(make: Make) -> None:
    """Both formats give the same record: rule, references, target, release, a person as its author."""
    report = _report(make(Answer(details="--tls-min-version is VersionTLS12", comments="seen by J. Doe")))
    assert (report.benchmark, report.edition, report.stig_edition) == ("Kubernetes_STIG", "V2R4", "V2R4")
    assert (report.subject.id, report.target, report.by_person) == ("host/node-1", "node-1", True)
    (result,) = report.results
    assert (result.rule, result.outcome) == ("V-242376", Outcome.PASS)
    assert (
        "details: --tls-min-version is VersionTLS12; comment: seen by J. Doe. It answers release V2R4" in result.reason
    )
    assert {one.value for one in result.references} == {
        "V-242376",
        "SV-242376r960759_rule",
        "CNTR-K8-000150",
        "SRG-APP-000014-CTR-000035",
        "CCI-000068",
    }


@FORMATS
@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (Answer("pass"), Outcome.NOT_CHECKED, "ticked without a word of evidence"),
        (Answer("pass", comments=" N/A "), Outcome.NOT_CHECKED, "ticked without a word"),
        (Answer("pass", comments="checked on the node"), Outcome.PASS, "checked on the node"),
        (Answer("fail"), Outcome.FAIL, "no details are given"),
        (Answer("fail", details="profiling is on"), Outcome.FAIL, "profiling is on"),
        (Answer("na"), Outcome.NOT_CHECKED, "without a word on why"),
        (Answer("na", comments="no etcd here"), Outcome.NOT_APPLICABLE, "no etcd here"),
        (Answer("none"), Outcome.NOT_CHECKED, "nobody has reviewed it"),
        (Answer("none", comments="ask the operator"), Outcome.NOT_CHECKED, "ask the operator"),
        (Answer("Passed!", comments="fine"), Outcome.ERROR, "fine"),
    ],
)
def test_what_an_answer_is_worth(make: Make, answer: Answer, outcome: Outcome, words: str) -> None:
    """A tick without evidence and an exemption without a reason decide nothing; a fault is a fault."""
    result = _one(make, answer)
    assert result.outcome is outcome
    assert words in result.reason


@FORMATS
def test_a_changed_severity_is_shown_and_lowers_nothing(make: Make) -> None:
    """The STIG's own severity stays until somebody accepts the change; a higher one counts."""
    lower = _one(make, Answer("fail", details="x y", severity="high", override="low", why="behind a firewall"))
    assert lower.severity is Severity.HIGH
    assert "changed from high to low: behind a firewall" in lower.reason
    assert _one(make, Answer("fail", severity="low", override="high")).severity is Severity.HIGH


@FORMATS
def test_our_own_answers_are_no_evidence(make: Make) -> None:
    """A checklist that this product wrote decides nothing and is no person's; one rule of ours neither."""
    mark = f"because.\n{WRITTEN_BY} 1.0 from the evidence handed in."
    ours = _report(make(Answer(details="x y", comments=mark)))
    assert not ours.by_person
    assert "this product wrote" in ours.unsound
    mixed = _report(make(Answer(details="x y", comments=mark), Answer(details="x y", group="V-242377")))
    assert (mixed.by_person, mixed.unsound) == (True, "")
    assert [one.outcome for one in mixed.results] == [Outcome.NOT_CHECKED, Outcome.PASS]


@FORMATS
def test_each_stig_of_a_checklist_is_a_report_with_its_place(make: Make) -> None:
    """Places lead to the line of the answer in the file."""
    data = make(Answer(details="x y"), Answer(details="x y", group="V-242377"), stigs=2)
    reports = [one for one in _read(data) if isinstance(one, RuleReport)]
    assert len(reports) == 2
    for report in reports:
        pointers = [report.origin.inner + one.at for one in report.results]
        numbers = _reader(data).locate(data, 1, pointers)
        assert numbers == sorted(set(numbers))
        lines = data.decode().splitlines()
        for one, number in zip(report.results, numbers, strict=True):
            assert one.rule in "\n".join(lines[number - 1 : number + 4])


@FORMATS
def test_the_target_is_the_host_of_the_name_or_the_folder_or_an_image(make: Make) -> None:
    """A digest in the name is an image's; a name that tells nothing leaves the folder to tell."""
    digest = f"sha256:{'a' * 64}"
    assert _report(make(Answer(), host=f"registry.example/app@{digest}")).subject.id == f"image/{digest}"
    assert _report(make(Answer(), host=""), "compliance-host-two/a.ckl").subject.id == "host/two"
    assert _report(make(Answer(), host="localhost"), "a.ckl").subject.id == "host-of/a.ckl"


@FORMATS
def test_references_are_ids_and_nothing_else(make: Make) -> None:
    """Text where a CCI should stand leads nowhere."""
    result = _one(make, Answer(details="x y", cci="CCI-1; DROP", version="=cmd()"))
    assert {one.value for one in result.references} == {
        "V-242376",
        "SV-242376r960759_rule",
        "SRG-APP-000014-CTR-000035",
    }
    assert "=cmd" not in result.title


@FORMATS
@pytest.mark.parametrize("group", ["V-1\nV-2", "=cmd()", "x" * 201, "V 1"])
def test_ids_that_cannot_be_those_of_checks_are_refused(make: Make, group: str) -> None:
    """They become ids of checks: nothing else than letters, digits and four marks gets there."""
    (error,) = _read(make(Answer(group=group)))
    assert isinstance(error, EvidenceError)


@FORMATS
def test_without_a_group_the_rule_tells(make: Make) -> None:
    """The rule's id without its revision, so that it is one rule in every release."""
    assert _one(make, Answer(group="")).rule == "SV-242376"
    (error,) = _read(make(Answer(group="", rule="", version="")))
    assert isinstance(error, EvidenceError)


@FORMATS
def test_credentials_and_control_characters_leave_the_reader_nowhere(make: Make) -> None:
    """Details are on one line, cut, and without what looks like a credential."""
    result = _one(make, Answer("fail", details="password=hunter2hunter2\nline two " + "z" * 2000))
    assert "hunter2" not in result.reason
    assert "\n" not in result.reason
    assert len(result.reason) < 600


@FORMATS
def test_what_is_cut_short_or_too_long_is_refused(make: Make) -> None:
    """A half file never becomes half an answer."""
    data = make(Answer(details="x y"))
    (error,) = _read(data[:-30])
    assert isinstance(error, EvidenceError)
    (error,) = _read(make(*[Answer()] * (MAX_RULES + 1)))
    assert isinstance(error, EvidenceError)
    assert "above the limit" in str(error)


def test_a_value_that_stands_twice_is_refused() -> None:
    """Readers would not agree which of two answers counts."""
    (error,) = _read(cklb(Answer()).replace(b'"status"', b'"status": "open",\n"status"'))
    assert isinstance(error, EvidenceError)
    (error,) = _read(ckl(Answer()).replace(b"<STATUS>", b"<STATUS>Open</STATUS><STATUS>"))
    assert isinstance(error, EvidenceError)


def test_a_document_type_is_refused() -> None:
    """Entities may hide other text."""
    data = ckl(Answer()).replace(b"<CHECKLIST>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><CHECKLIST>", 1)
    (error,) = _read(data)
    assert "DOCTYPE" in str(error)


@pytest.mark.parametrize(
    ("version", "release", "edition"),
    [
        ("2", "Release: 6 Benchmark Date: 01 Apr 2026", "V2R6"),
        ("V2", "6", "V2R6"),
        ("02", "Release: 06", "V2R6"),
        ("", "Release: 6", ""),
        ("2", "", ""),
        ("2.1", "Release: 6", ""),
    ],
)
def test_the_release_needs_both_numbers(version: str, release: str, edition: str) -> None:
    """A release of which half is known is not known."""
    assert edition_of(version, release) == edition


def _bare(report: RuleReport) -> list[RuleResult]:
    return [result._replace(at="", said="") for result in report.results]


def test_both_formats_agree() -> None:
    """The same answers give the same report but for its format and places."""
    answers = (Answer(details="x y"), Answer("fail", group="V-242377"), Answer("na", group="V-242378"))
    one, other = _report(cklb(*answers)), _report(ckl(*answers))
    assert _bare(one) == _bare(other)
    same = replace(other, origin=one.origin, source=one.source, results=one.results)
    assert same == one
