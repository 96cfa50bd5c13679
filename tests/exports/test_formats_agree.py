"""All formats say the same, in the same bytes each time, and a hostile text is inert in each."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from compliance.exports.findings_csv import EXPORTER as CSV
from compliance.exports.findings_sarif import EXPORTER as SARIF
from compliance.exports.html.data import data_of
from compliance.exports.oscal import EXPORTER as OSCAL
from compliance.exports.oscal.identity import NS
from compliance.exports.packet_json import EXPORTER as JSON
from compliance.exports.pdf import DETAILS
from compliance.exports.pdf import document as document_of
from compliance.model.assessment import Assessment, Exporter
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
