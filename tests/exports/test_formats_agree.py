"""All formats say the same, in the same bytes each time, and a hostile text is inert in each."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from compliance.exports.findings_csv import EXPORTER as CSV
from compliance.exports.findings_sarif import EXPORTER as SARIF
from compliance.exports.html import EXPORTER as HTML
from compliance.exports.html.data import data_of
from compliance.exports.oscal import EXPORTER as OSCAL
from compliance.exports.oscal.identity import NS
from compliance.exports.packet_json import EXPORTER as JSON
from compliance.exports.pdf import DETAILS
from compliance.exports.pdf import document as document_of
from compliance.model.assessment import Assessment, Exporter
from compliance.model.image_report import Link
from compliance.rendering.images import ranked
from compliance.rendering.links import links_of
from tests.exports.building import make_assessment
from tests.exports.counting import in_assessment, in_csv, in_json, in_oscal, in_sarif
from tests.exports.writing import written

MACHINE_FORMATS = (JSON, OSCAL, CSV, SARIF)


@pytest.mark.parametrize("hostile", [False, True])
@pytest.mark.parametrize("subjects", [0, 1, 12, 600])
def test_every_format_counts_the_same_controls(subjects: int, hostile: bool) -> None:
    assessment = make_assessment(subjects=subjects, hostile=hostile)
    expected = in_assessment(assessment)
    assert in_json(written(JSON, assessment)) == expected
    assert in_oscal(written(OSCAL, assessment)) == expected
    assert in_csv(written(CSV, assessment)) == expected
    assert in_sarif(written(SARIF, assessment)) == expected


def test_every_format_counts_the_same_observations() -> None:
    assessment = make_assessment(subjects=600)
    expected = Counter(row.outcome.value for row in assessment.observations)
    assert json.loads(written(JSON, assessment)["assessment.json"])["observations"]["counts"] == expected
    run = json.loads(written(SARIF, assessment)["findings.sarif"])["runs"][0]
    assert run["properties"]["observations"] == expected
    results = json.loads(written(OSCAL, assessment)["oscal/assessment-results.json"])["assessment-results"]["results"]
    counted: Counter[str] = Counter()
    for observation in results[0]["observations"]:
        props = {prop["name"]: prop["value"] for prop in observation["props"] if prop["ns"] == NS}
        counted[props["result"]] += int(props["subjects-total"])
    assert counted == expected


@pytest.mark.parametrize("exporter", MACHINE_FORMATS, ids=lambda one: one.id)
def test_writing_twice_gives_the_same_bytes(exporter: Exporter) -> None:
    assert written(exporter, make_assessment(hostile=True)) == written(exporter, make_assessment(hostile=True))


@pytest.mark.parametrize("exporter", MACHINE_FORMATS, ids=lambda one: one.id)
def test_nothing_steers_a_terminal_or_the_direction_of_writing(
    exporter: Exporter, hostile_assessment: Assessment
) -> None:
    for name, content in written(exporter, hostile_assessment).items():
        text = content.decode()
        found = {character for character in text if character in "\x00\x07\x08\x1b\x7f\u202e\u2066\u2028"}
        assert not found, name


def test_every_format_names_the_same_images_and_what_is_known_of_them(assessment: Assessment) -> None:
    expected = {
        report.image.subject.id: Counter(fact.standing.value for fact in report.hardening)
        for report in assessment.images
    }
    document = json.loads(written(JSON, assessment)["assessment.json"])
    assert {one["id"]: Counter(fact["standing"] for fact in one["hardening"]) for one in document["images"]} == expected
    data = data_of(assessment, links_of(assessment))
    rows = data["images"]
    assert isinstance(rows, list)
    assert {one["id"]: Counter(fact[0] for fact in one["hardening"]) for one in rows} == expected
    assert data["images_total"] == len(expected)
    results = json.loads(written(OSCAL, assessment)["oscal/assessment-results.json"])["assessment-results"]["results"]
    found = {}
    for component in results[0]["local-definitions"]["components"]:
        props = [(prop["name"], prop["value"]) for prop in component["props"]]
        stands = Counter(value for name, value in props if name.startswith("hardening-"))
        if stands:
            found[f"image/{dict(props)['digest']}"] = stands
    assert found == expected
    text = document_of(assessment, DETAILS[0])
    for report in assessment.images:
        assert report.image.said in text


@pytest.mark.parametrize("hostile", [False, True])
def test_of_an_image_without_its_layers_no_format_says_that_it_holds_nothing(hostile: bool) -> None:
    assessment = make_assessment(hostile=hostile)
    bare = {one.image.subject.id for one in assessment.images if one.image.filesystem is None}
    assert bare
    for one in json.loads(written(JSON, assessment)["assessment.json"])["images"]:
        lists = [one[name] for name in ("shells", "setuid", "secrets", "packages", "files", "totals")]
        assert all(found is None for found in lists) is (one["id"] in bare)
    rows = data_of(assessment, links_of(assessment))["images"]
    assert isinstance(rows, list)
    for row, report in zip(rows, ranked(assessment.images), strict=True):
        unknown = report.image.subject.id in bare
        assert (row["packages"] is None, row["size"] is None, row["secrets"] is None) == (unknown,) * 3


@pytest.mark.parametrize("hostile", [False, True])
def test_every_format_counts_the_same_vulnerabilities(hostile: bool) -> None:
    assessment = make_assessment(hostile=hostile)
    files = written(JSON, assessment)
    states = Counter(json.loads(line)["state"] for line in files["vulnerabilities.jsonl"].splitlines())
    expected = dict(states) | {"raw": states.total()}
    assert set(expected) == {"raw", "open", "vex-suppressed", "deviated", "fixed"}
    stated = json.loads(files["assessment.json"])
    assert stated["vulnerabilities"]["counts"] == expected
    of_images = [one["vulnerabilities"]["counts"] for one in stated["images"] if one["vulnerabilities"]]
    assert {name: sum(one[name] for one in of_images) for name in expected} == expected
    data = data_of(assessment, links_of(assessment))
    rows = data["vulnerabilities"]
    assert isinstance(rows, list)
    assert data["vulnerabilities_total"] == expected["raw"]
    assert Counter(row["state"] for row in rows) == states
    page = written(HTML, assessment)["packet.html"].decode()
    says = (
        f"{expected['raw']} raw = {expected['vex-suppressed']} vex-suppressed + {expected['deviated']} deviated + "
        f"{expected['fixed']} fixed + {expected['open']} open (net)"
    )
    assert says in page
    assert says in document_of(assessment, DETAILS[0])
    result = json.loads(written(OSCAL, assessment)["oscal/assessment-results.json"])["assessment-results"]["results"][0]
    counted = {one["class"]: int(one["value"]) for one in result["props"] if one["name"] == "vulnerabilities"}
    assert counted == expected


def test_severities_of_open_vulnerabilities_are_the_same_everywhere(assessment: Assessment) -> None:
    files = written(JSON, assessment)
    lines = [json.loads(line) for line in files["vulnerabilities.jsonl"].splitlines()]
    found = Counter(line["severity"] for line in lines if line["state"] == "open")
    stated = json.loads(files["assessment.json"])["vulnerabilities"]
    assert {name: value for name, value in stated["severities"].items() if value} == found
    assert stated["overdue"] == sum(line["overdue_days"] > 0 for line in lines)
    assert stated["known_exploited"] == sum(line["kev"] is True for line in lines if line["state"] == "open")


@pytest.mark.parametrize("hostile", [False, True])
def test_every_format_tells_the_same_trust_of_attestations(hostile: bool) -> None:
    assessment = make_assessment(hostile=hostile)
    expected = Counter(row.attestation.trust.value for row in assessment.attestations)
    stated = json.loads(written(JSON, assessment)["assessment.json"])["attestations"]
    assert Counter(one["trust"] for one in stated) == expected
    rows = data_of(assessment, links_of(assessment))["attestations"]
    assert isinstance(rows, list)
    assert Counter(row["trust"] for row in rows) == expected
    text = document_of(assessment, DETAILS[0])
    for word in expected:
        assert f"</i> {word}</span>" in text


def test_the_chain_of_an_image_is_the_same_in_every_format(assessment: Assessment) -> None:
    expected = {
        report.image.subject.id: {one.kind: one.link.value for one in report.identity} for report in assessment.images
    }
    stated = json.loads(written(JSON, assessment)["assessment.json"])["images"]
    assert {one["id"]: one["identity"] for one in stated} == expected
    rows = data_of(assessment, links_of(assessment))["images"]
    assert isinstance(rows, list)
    assert {row["id"]: row["identity"] for row in rows} == expected
    text = document_of(assessment, DETAILS[0])
    for report in assessment.images:
        for one in report.chain:
            assert one.link is Link.UNKNOWN or one.because[:40].split("'")[0] in text


@pytest.mark.parametrize("hostile", [False, True])
def test_every_format_tells_the_same_of_hosts_and_of_reports(hostile: bool) -> None:
    """Who was seen, what holds and fails there, and which reports count for nothing."""
    assessment = make_assessment(hostile=hostile)
    stated = json.loads(written(JSON, assessment)["assessment.json"])
    order = ("fail", "error", "not-checked", "pass", "not-applicable")
    data = data_of(assessment, links_of(assessment))
    for name in ("hosts", "reports"):
        rows = data[name]
        assert isinstance(rows, list)
        assert len(rows) == len(stated[name]) == len(getattr(assessment, name)) == data[f"{name}_total"] == 3
        shown = Counter(tuple(row["counts"]) for row in rows)
        assert shown == Counter(tuple(one["counts"][outcome] for outcome in order) for one in stated[name])
    assert sum(not row["handed_in"] for row in data["hosts"]) == 1  # type: ignore[attr-defined] - a list, as above
    assert sum(not row["handed_in"] for row in stated["hosts"]) == 1
    assert sum(bool(row["unsound"]) for row in data["reports"]) == 1  # type: ignore[attr-defined] - a list, as above
    assert sum(row["unsound"] is not None for row in stated["reports"]) == 1
    text = document_of(assessment, DETAILS[0])
    table = text[text.index('id="table-hosts"') : text.index('id="table-reports"')]
    assert ">1,092</td>" in table
    assert ">nothing</td>" in table


def test_without_proof_people_read_no_chapter_about_it() -> None:
    assessment = make_assessment(with_proof=False)
    text = document_of(assessment, DETAILS[0])
    page = written(HTML, assessment)["packet.html"].decode()
    for name in ("vulnerabilities", "attestations"):
        assert f'id="{name}"' not in text
        assert f'id="{name}"' not in page
        assert f'"#/{name}"' not in page
