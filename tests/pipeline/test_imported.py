"""What other tools and people judged, from the file to the finding: alone, beside our checks, and against them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compliance.model.configuration import Configuration
from tests.catalog.test_xccdf import benchmark
from tests.evidence.rules.checklists import Answer, ckl, cklb
from tests.evidence.rules.xccdf_documents import RuleText
from tests.evidence.rules.xccdf_documents import Run as OpenScap
from tests.pipeline.test_running import assess
from tests.pipeline.test_running import evidence as evidence
from tests.pipeline.test_running import own_cache as own_cache

APISERVER = """\
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.34.1
      command: [kube-apiserver, --profiling=%s, --tls-min-version=%s]
"""
#: Controls of the STIG: the API server speaks TLS 1.2; one that takes a person.
TLS, ASSISTED = "V-242378", "V-242410"
#: What else names the first of them.
NAMED_TLS = {"group": TLS, "rule": "SV-242378r1_rule", "version": "CNTR-K8-000170"}


def finding(packet: Path, control: str) -> dict[str, Any]:
    """The finding of one control."""
    found = json.loads((packet / "assessment.json").read_text())["findings"]
    return next(one for one in found if one["control"] == control)


def put(folder: Path, name: str, data: bytes | str) -> None:
    """A file of the evidence."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def kube_bench(number: str, status: str, version: str = "cis-1.12") -> str:
    """A run with one result of a flag."""
    result = {
        "test_number": number,
        "audit": "/bin/ps -ef",
        "status": status,
        "scored": True,
        "actual_value": "kube-apiserver --profiling=false",
        "expected_result": "'--profiling' is equal to 'false'",
    }
    controls = {"id": "1", "version": version, "node_type": "master", "tests": [{"results": [result]}]}
    return json.dumps({"Controls": [controls], "Totals": {}})


def manifest(folder: Path, profiling: str = "true", tls: str = "VersionTLS10") -> None:
    """The API server's manifest of the node one."""
    put(folder, "compliance-host-one/etc/kubernetes/manifests/kube-apiserver.yaml", APISERVER % (profiling, tls))


@pytest.mark.parametrize(
    ("number", "version", "status", "expected"),
    [
        ("1.2.15", "cis-1.12", "PASS", "satisfied"),
        ("1.2.18", "cis-1.23", "PASS", "satisfied"),
        ("1.2.15", "cis-1.12", "FAIL", "not-satisfied"),
        ("1.2.15", "cis-1.12", "WARN", "not-reviewed"),
        ("1.2.15", "cis-1.23", "PASS", "not-reviewed"),
        ("1.2.15", "rke2-cis-1.8", "PASS", "not-reviewed"),
    ],
)
def test_kube_bench_alone_answers_an_item(
    evidence: Path, number: str, version: str, status: str, expected: str
) -> None:
    """By the number that the item has in its edition, and only of that benchmark."""
    put(evidence, "compliance-host-one/bench.json", kube_bench(number, status, version))
    found = finding(assess(evidence).packet, "1.2.15")
    assert found["status"] == expected


def test_our_failing_check_beats_a_passing_report_and_says_so(evidence: Path) -> None:
    """Both sides are shown; the worse one counts."""
    put(evidence, "compliance-host-one/bench.json", kube_bench("1.2.15", "PASS"))
    manifest(evidence, profiling="true")
    found = finding(assess(evidence).packet, "1.2.15")
    assert found["status"] == "not-satisfied"
    assert "Contradiction" in found["because"]


@pytest.mark.parametrize("make", [cklb, ckl])
def test_our_failing_check_beats_a_persons_answer_and_says_so(evidence: Path, make: Any) -> None:
    """A checklist overrides no failure in silence."""
    put(evidence, "answers", make(Answer(details="looked", **NAMED_TLS), host="one"))
    manifest(evidence)
    found = finding(assess(evidence, frameworks=("stig-kubernetes",)).packet, TLS)
    assert found["status"] == "not-satisfied"
    assert "Contradiction" in found["because"]


def test_a_failing_answer_beats_our_passing_check_and_says_so(evidence: Path) -> None:
    """What a person saw and we did not is not lost either."""
    put(evidence, "answers.cklb", cklb(Answer("fail", details="an old port", **NAMED_TLS), host="one"))
    manifest(evidence, tls="VersionTLS12")
    found = finding(assess(evidence, frameworks=("stig-kubernetes",)).packet, TLS)
    assert found["status"] == "not-satisfied"
    assert "Contradiction" in found["because"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(details="compared with the PPSM list of 3 May"), "satisfied"),
        (Answer(), "not-reviewed"),
        (Answer("na", comments="no such port is open"), "not-applicable"),
        (Answer("na"), "not-reviewed"),
        (Answer("fail"), "not-satisfied"),
    ],
)
def test_a_persons_checklist_answers_what_takes_a_person(evidence: Path, answer: Answer, status: str) -> None:
    """With a word of evidence; a bare tick leaves the control open."""
    put(evidence, "answers.cklb", cklb(answer._replace(group=ASSISTED, rule="", version=""), host="one"))
    assert finding(assess(evidence, frameworks=("stig-kubernetes",)).packet, ASSISTED)["status"] == status


def test_an_openscap_run_without_a_target_satisfies_nothing(evidence: Path) -> None:
    """Every rule not applicable: not one control is satisfied, or not applicable."""
    address = "https://www.cyber.mil/stigs/srg-stig-tools/"
    references = [((address, f"SV-{number}r1_rule"),) for number in (242376, 242377)]
    rules = [RuleText(name=f"r{at}", said="notapplicable", references=one) for at, one in enumerate(references)]
    put(evidence, "arf.xml", OpenScap(rules=rules).xccdf())
    packet = assess(evidence, frameworks=("stig-kubernetes",)).packet
    found = json.loads((packet / "assessment.json").read_text())["findings"]
    assert not [one for one in found if one["status"] in ("satisfied", "not-applicable")]


def test_our_own_checklists_come_back_as_nothing(evidence: Path) -> None:
    """What one assessment wrote decides nothing in the next."""
    manifest(evidence, tls="VersionTLS12")
    packet = assess(evidence, frameworks=("stig-kubernetes",), formats=("json", "cklb", "ckl", "hdf")).packet
    assert finding(packet, TLS)["status"] == "satisfied"
    written = [path for kind in ("stig", "hdf") for path in sorted((packet / kind).iterdir())]
    assert {path.suffix for path in written} == {".cklb", ".ckl", ".json"}
    again = evidence.parent / "again"
    for path in written:
        put(again, path.name, path.read_bytes())
    second = assess(again, output="second", frameworks=("stig-kubernetes",)).packet
    found = json.loads((second / "assessment.json").read_text())["findings"]
    assert {one["status"] for one in found} == {"not-reviewed"}
    assert "this product wrote" in (second / "observations.jsonl").read_text()


def test_a_stig_of_the_user_is_answered_by_checklists(evidence: Path) -> None:
    """DISA's file under `catalogs`, answers to its groups beside the evidence."""
    file = evidence.parent / "U_RHEL_99_Manual-xccdf.xml"
    file.write_text(benchmark("RHEL_99_STIG", "1", "2"))
    put(evidence, "answers.cklb", cklb(Answer(details="seen", group="V-999001", rule="SV-999001r1_rule", version="")))
    configuration = Configuration(catalogs=(str(file),))
    packet = assess(evidence, configuration=configuration, frameworks=("stig-rhel-99",)).packet
    assert finding(packet, "V-999001")["status"] == "satisfied"
    assert finding(packet, "V-242376")["status"] == "not-reviewed"


def test_reports_give_the_same_bytes_twice(evidence: Path) -> None:
    """Whatever order they are read in."""
    put(evidence, "compliance-host-one/bench.json", kube_bench("1.2.15", "PASS"))
    put(evidence, "answers.cklb", cklb(Answer(details="x y"), stigs=2))
    put(evidence, "answers.ckl", ckl(Answer("fail", details="x y")))
    manifest(evidence)
    packets = [
        assess(evidence, output=name, jobs=jobs, frameworks=("stig-kubernetes", "cis-kubernetes")).packet
        for name, jobs in (("first", 1), ("second", 2))
    ]
    for name in ("assessment.json", "observations.jsonl"):
        assert (packets[0] / name).read_bytes() == (packets[1] / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("compliance-host-one/bench.json", kube_bench("1.2.15", "WARN")),
        ("answers.cklb", cklb(Answer("none", **NAMED_TLS), host="one").decode()),
    ],
)
def test_what_others_left_open_takes_nothing_from_our_verdict(evidence: Path, name: str, data: str) -> None:
    """A manual item of a tool, or an empty checklist, is no doubt about what our check saw."""
    put(evidence, name, data)
    manifest(evidence, profiling="false", tls="VersionTLS12")
    packet = assess(evidence, frameworks=("stig-kubernetes", "cis-kubernetes")).packet
    assert finding(packet, TLS)["status"] == "satisfied"
    assert finding(packet, "1.2.15")["status"] == "satisfied"
