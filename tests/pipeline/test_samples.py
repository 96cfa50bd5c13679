"""The main job on samples/: every format, equal counts, and the same bytes however often and by how many it is done."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from trestle.oscal.assessment_plan import AssessmentPlan
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.component import ComponentDefinition

from tests.exports.counting import StatusTable, in_csv, in_json, in_oscal, in_sarif

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = ("fedramp-moderate", "cis-kubernetes", "cis-docker", "nist-800-190")


def assess(folder: Path, *arguments: str) -> dict[str, bytes]:
    command = [sys.executable, "-m", "compliance.cli", "assess", "samples", "-q", "--no-cache"]
    for framework in FRAMEWORKS:
        command += ["-f", framework]
    done = subprocess.run(
        [*command, "-c", "samples/compliance.yaml", "--as-of", "2026-09-01", "-o", str(folder), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr  # the samples hold a chart that cannot be read
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def packet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return assess(tmp_path_factory.mktemp("one") / "packet", "--jobs", "1")


def in_html(files: dict[str, bytes]) -> dict[str, int]:
    """How many controls of each framework the page states."""
    found = re.search(rb'id="packet-counts">(.*?)</script>', files["packet.html"])
    assert found
    counts: dict[str, dict[str, int]] = json.loads(found[1])["frameworks"]
    return {framework: stated["controls"] for framework, stated in counts.items()}


def test_all_formats_are_written_and_state_the_same_counts(packet: dict[str, bytes]) -> None:
    """JSON, OSCAL, CSV, SARIF and HTML agree; observations add up to the lines of observations.jsonl."""
    assert {"packet.pdf", "packet.html", "evidence/index.json", "manifest.json"} <= set(packet)
    expected: StatusTable = in_json(packet)
    assert in_oscal(packet) == in_csv(packet) == in_sarif(packet) == expected
    assert {name.split()[0]: sum(row.values()) for name, row in expected.items()} == in_html(packet)
    lines = [json.loads(line) for line in packet["observations.jsonl"].splitlines()]
    stated = json.loads(packet["assessment.json"])["observations"]["counts"]
    assert Counter(line["outcome"] for line in lines) == {outcome: count for outcome, count in stated.items() if count}
    assert len({(line["check"], line["subject"]) for line in lines}) == len(lines)


def test_every_state_shows_in_the_samples(packet: dict[str, bytes]) -> None:
    """What the README points at is a packet with satisfied, failed, partly shown and unknown controls."""
    findings = json.loads(packet["assessment.json"])["findings"]
    assert {finding["status"] for finding in findings} >= {"satisfied", "not-satisfied", "not-reviewed"}
    assert {finding["reason"] for finding in findings} >= {"no-evidence", "partly-covered", "person-needed", "stale"}


def test_every_verdict_names_its_bytes(packet: dict[str, bytes]) -> None:
    """Each verdict has a place in a file of the index with that hash; each failure a line where the file has lines."""
    files = json.loads(packet["evidence/index.json"])["files"]
    index = {(file["path"], file["sha256"]) for file in files}
    binary = {file["path"] for file in files if file["kind"] == "image-filesystem" or file["path"].endswith(".xml.gz")}
    for line in packet["observations.jsonl"].splitlines():
        observation = json.loads(line)
        if observation["outcome"] in ("pass", "fail", "not-applicable"):
            assert observation["at"], observation
        assert {(place["path"], place["sha256"]) for place in observation["at"]} <= index
        if observation["outcome"] == "fail":
            assert all(place.get("line") for place in observation["at"] if place["path"] not in binary), observation


def test_one_image_shows_an_unbroken_chain_and_the_others_distinct_breaks(packet: dict[str, bytes]) -> None:
    """What the README of the samples says of each link of each image."""
    images = json.loads(packet["assessment.json"])["images"]
    links = {image["name"].rpartition("/")[2]: {one["kind"]: one["link"] for one in image["links"]} for image in images}
    assert set(links.pop("bookings-api:7.4.2").values()) == {"proven"}
    weak = {name: {kind: link for kind, link in of.items() if link != "proven"} for name, of in links.items()}
    assert weak == {
        "wait-for:1.4.0": {"scan": "weak", "provenance": "broken", "admission": "weak"},
        "importer:2021-06": {
            "workload": "weak",
            "digest": "weak",
            "sbom": "broken",
            "signature": "unknown",
            "provenance": "unknown",
            "admission": "weak",
            "owner": "unknown",
        },
    }


def test_all_four_words_of_trust_show_in_the_samples(packet: dict[str, bytes]) -> None:
    """Signatures by cosign and by our script verify; a stranger's, an unsigned and an altered one have their words."""
    attestations = json.loads(packet["assessment.json"])["attestations"]
    assert Counter(one["trust"] for one in attestations) == {
        "verified": 8,
        "signed-untrusted": 1,
        "present-unsigned": 1,
        "invalid": 1,
    }
    assert {one["signer"] for one in attestations if one["trust"] == "verified"} == {
        "Harbour release",
        "Harbour pipeline",
    }


def test_a_flipped_byte_flips_what_rests_on_it_and_nothing_else(tmp_path: Path) -> None:
    """One letter of the signed verification summary changed: its signature fails, and the summary is not believed."""
    proof = ROOT / "samples/proof/attestations.jsonl"
    lines = proof.read_bytes().splitlines(keepends=True)
    assert json.loads(base64.b64decode(json.loads(lines[1])["payload"]))["predicate"]["verificationResult"] == "PASSED"
    changed = json.loads(lines[1])
    text = base64.b64decode(changed["payload"]).replace(b"LEVEL_2", b"LEVEL_3")
    changed["payload"] = base64.b64encode(text).decode()
    lines[1] = json.dumps(changed, separators=(",", ":")).encode() + b"\n"
    verdicts = []
    for name, data in (("as-is", proof.read_bytes()), ("changed", b"".join(lines))):
        folder = tmp_path / name
        shutil.copytree(ROOT / "samples/images/bookings-api", folder / "bookings-api")
        (folder / "attestations.jsonl").write_bytes(data)
        verdicts.append(_verdicts(folder, tmp_path / f"packet-{name}"))
    before, after = verdicts
    assert before.keys() == after.keys()
    flipped = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    image = next(subject for check, subject in before if check == "image-signature")
    assert flipped == {
        ("attestation-signature", "attestation/attestations.jsonl#2"): ("pass", "fail"),
        ("image-attestations-hold", image): ("pass", "not-checked"),
        ("image-verification-summary", image): ("pass", "not-checked"),
    }


def _verdicts(folder: Path, packet: Path) -> dict[tuple[str, str], str]:
    """The outcome of each check on each subject of a folder, by the configuration of the samples."""
    command = [sys.executable, "-m", "compliance.cli", "assess", str(folder), "-q", "--no-cache", "-f", "nist-800-190"]
    command += ["-c", "samples/compliance.yaml", "--as-of", "2026-09-01", "-o", str(packet)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    lines = (packet / "observations.jsonl").read_bytes().splitlines()
    return {(one["check"], one["subject"]): one["outcome"] for one in map(json.loads, lines)}


def test_trestle_imports_the_oscal_documents(packet: dict[str, bytes], tmp_path: Path) -> None:
    """A client that others use loads all three."""
    for name, kind in (
        ("assessment-results", AssessmentResults),
        ("assessment-plan", AssessmentPlan),
        ("component-definition", ComponentDefinition),
    ):
        path = tmp_path / f"{name}.json"
        path.write_bytes(packet[f"oscal/{name}.json"])
        assert kind.oscal_read(path) is not None


def test_other_jobs_give_the_same_bytes_in_every_format(packet: dict[str, bytes], tmp_path: Path) -> None:
    """Repeated with two processes, in another place: not one byte differs, the PDF's among them."""
    again = assess(tmp_path / "packet", "--jobs", "2")
    assert sorted(again) == sorted(packet)
    assert [name for name in packet if again[name] != packet[name]] == []
