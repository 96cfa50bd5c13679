"""assessment.json keeps to its published schema, states every record, and leaves hostile text inert and whole."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import zstandard

import compliance.exports
from compliance.exports.packet_json import EXPORTER, writing
from compliance.exports.packet_json.writing import line_schema, schema
from compliance.model.assessment import Assessment, Observation
from tests.exports.building import make_assessment
from tests.exports.conftest import Golden
from tests.exports.writing import written

SCHEMAS = Path(compliance.exports.__file__).parent / "schema"
HERE = Path(__file__).parent


def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads((SCHEMAS / name).read_text()))


@pytest.mark.parametrize("hostile", [False, True])
def test_keeps_to_the_published_schema(hostile: bool) -> None:
    document = json.loads(written(EXPORTER, make_assessment(hostile=hostile))["assessment.json"])
    _validator("assessment.schema.json").validate(document)


def test_published_schema_is_the_one_the_code_keeps_to(golden: Golden) -> None:
    golden(SCHEMAS / "assessment.schema.json", json.dumps(schema(), indent=2).encode() + b"\n")


def test_published_schema_of_vulnerabilities_is_the_one_the_code_keeps_to(golden: Golden) -> None:
    golden(SCHEMAS / "vulnerability.schema.json", json.dumps(line_schema(), indent=2).encode() + b"\n")


@pytest.mark.parametrize("hostile", [False, True])
def test_each_vulnerability_stands_on_a_line_with_the_fields_that_are_published(hostile: bool) -> None:
    assessment = make_assessment(hostile=hostile)
    lines = [json.loads(line) for line in written(EXPORTER, assessment)["vulnerabilities.jsonl"].splitlines()]
    validator = _validator("vulnerability.schema.json")
    assert lines
    for line in lines:
        validator.validate(line)
    assert not validator.is_valid(lines[0] | {"score": 7})
    keys = [(line["image"], line["id"], line["package"], line["version"]) for line in lines]
    assert len(set(keys)) == len(keys) == assessment.vulnerabilities.counts.raw
    assert hostile or keys == sorted(keys)


def test_without_a_scan_there_is_no_file_and_nothing_is_called_zero_open() -> None:
    files = written(EXPORTER, make_assessment(with_proof=False))
    assert list(files) == ["assessment.json"]
    document = json.loads(files["assessment.json"])
    assert document["vulnerabilities"]["file"] is None
    assert all(image["vulnerabilities"] is None for image in document["images"])
    assert document["attestations"] == []


@pytest.mark.parametrize("most", [10, 1000, 100_000])
def test_lines_are_compressed_above_the_cap_and_the_same_either_way(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "COMPRESS_ABOVE", most)
    lines = [f'{{"number":{number}}}'.encode() for number in range(1000)]
    whole = b"".join(line + b"\n" for line in lines)
    found = writing.lines_file("vulnerabilities.jsonl", lines)
    content = b"".join(found.chunks)
    if len(whole) > most:
        assert found.path == "vulnerabilities.jsonl.zst"
        content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
    else:
        assert found.path == "vulnerabilities.jsonl"
    assert content == whole


def test_attestations_are_told_in_four_words_with_what_they_are_about(assessment: Assessment) -> None:
    document = json.loads(written(EXPORTER, assessment)["assessment.json"])
    words = {one["path"]: one["trust"] for one in document["attestations"]}
    assert set(words.values()) == {"verified", "signed-untrusted", "present-unsigned", "invalid", "not-checked"}
    assert len(words) == len(assessment.attestations)
    images = {one["id"] for one in document["images"]}
    about = {one["path"]: set(one["images"]) for one in document["attestations"]}
    assert about["proof/checkout.sig"] <= images
    assert about["proof/checkout.sig"]
    assert about["proof/stranger.json"] == set()


def test_schema_refuses_members_it_does_not_know() -> None:
    document = json.loads(written(EXPORTER, make_assessment())["assessment.json"])
    document["findings"][0]["score"] = 7
    assert not _validator("assessment.schema.json").is_valid(document)


def test_a_golden_holds_the_shape(golden: Golden) -> None:
    golden(HERE / "assessment.json", written(EXPORTER, make_assessment(subjects=2))["assessment.json"])


def test_same_assessment_gives_same_bytes(assessment: Assessment) -> None:
    assert written(EXPORTER, assessment) == written(EXPORTER, make_assessment())


def test_every_record_of_the_assessment_is_there(assessment: Assessment) -> None:
    document = json.loads(written(EXPORTER, assessment)["assessment.json"])
    assert document["observations"]["total"] == len(assessment.observations)
    assert sum(document["observations"]["counts"].values()) == len(assessment.observations)
    assert [one["id"] for one in document["subjects"]] == [one.id for one in assessment.subjects]
    assert [one["path"] for one in document["evidence"]] == [one.path for one in assessment.evidence]
    assert len(document["findings"]) == sum(len(result.findings) for result in assessment.results)
    assert [one["id"] for one in document["actions"]] == [one.id for one in assessment.actions]
    assert [one["id"] for one in document["requests"]] == [one.id for one in assessment.requests]


def test_counts_of_each_framework_are_those_of_its_findings(assessment: Assessment) -> None:
    document = json.loads(written(EXPORTER, assessment)["assessment.json"])
    for framework in document["frameworks"]:
        statuses = [one["status"] for one in document["findings"] if one["framework"] == framework["id"]]
        assert framework["counts"] == {status: statuses.count(status) for status in framework["counts"]}
        assert framework["controls"] == len(statuses)


def test_hostile_text_is_whole_and_steers_nothing(hostile_assessment: Assessment) -> None:
    raw = written(EXPORTER, hostile_assessment)["assessment.json"]
    text = raw.decode()
    for character in "\x1b\x07\x7f\u202e\u2066\u2028":
        assert character not in text
    document = json.loads(raw)
    assert [one["name"] for one in document["subjects"]] == [one.name for one in hostile_assessment.subjects]


def _line(row: Observation) -> dict[str, object]:
    """An observation as the engine writes it."""
    places = [
        {"sha256": at.sha256, "path": at.path, "pointer": at.pointer}
        | ({} if at.document is None else {"document": at.document})
        | ({} if at.line is None else {"line": at.line})
        for at in row.at
    ]
    return {
        "check": row.check,
        "subject": row.subject.id,
        "id": row.id,
        "outcome": row.outcome.value,
        "revision": row.revision,
        "severity": row.severity.value,
        "reason": row.reason,
        "at": places,
    }


def test_observation_schema_accepts_lines_and_refuses_a_pass_without_a_place(assessment: Assessment) -> None:
    validator = _validator("observation.schema.json")
    lines = [_line(row) for row in assessment.observations]
    assert all(validator.is_valid(line) for line in lines)
    shown = next(line for line in lines if line["outcome"] == "pass")
    assert not validator.is_valid(shown | {"at": []})
    assert not validator.is_valid(shown | {"note": "x"})
