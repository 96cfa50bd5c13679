"""CKLB, HDF and eMASS: their shapes, their words for each answer, and Heimdall's own roll-up of what we write."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from compliance.exports.stig import cklb, emass, hdf
from compliance.model.assessment import Assessment
from tests.exports.building import make_assessment
from tests.exports.stig.checklists import DIGEST, hostile_checklists, named, with_checklists
from tests.exports.writing import written

HERE = Path(__file__).parent
BOTH = [with_checklists, hostile_checklists]


def documents(exporter: Any, assessment: Assessment) -> dict[str, Any]:
    return {path: json.loads(content) for path, content in written(exporter.EXPORTER, assessment).items()}


def schema(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((HERE / f"{name}.schema.json").read_bytes()))


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize(("exporter", "name"), [(cklb, "cklb"), (hdf, "hdf")])
def test_documents_have_the_shape_that_clients_take(exporter: Any, name: str, make: Any) -> None:
    found = documents(exporter, make())
    assert len(found) == 3
    for path, document in found.items():
        assert not list(schema(name).iter_errors(document)), path


def test_cklb_says_each_answer_its_asset_and_its_release() -> None:
    assessment = with_checklists()
    found = documents(cklb, assessment)
    for one in assessment.checklists:
        document = found[f"stig/{one.stem}.cklb"]
        (stig,) = document["stigs"]
        assert Counter(rule["status"] for rule in stig["rules"]) == named(one, cklb.STATUSES)
        assert document["target_data"]["host_name"] == one.asset
        assert stig["stig_id"] == one.stig.id
        assert [rule["rule_id_src"] for rule in stig["rules"]] == [rule.rule_id for rule in one.rules]
    cluster = found["stig/harbour--Kubernetes_STIG.cklb"]["stigs"][0]
    assert (cluster["version"], cluster["release_info"]) == ("2", "Release: 6 Benchmark Date: 01 Apr 2026")
    assert cluster["size"] == 92
    unknown = found["stig/app-5e5e--RHEL_9_STIG.cklb"]["stigs"][0]
    assert (unknown["version"], unknown["release_info"], unknown["size"]) == ("", "", 4)


def test_cklb_ids_are_those_of_asset_and_rule_and_not_of_what_was_found() -> None:
    """Checklists of two runs differ where answers differ, and nowhere else."""
    assessment = with_checklists()
    (first, *_) = documents(cklb, assessment).values()
    uuids = [first["id"], *(rule["uuid"] for rule in first["stigs"][0]["rules"])]
    assert len(set(uuids)) == len(uuids)
    others = {
        rule["uuid"] for one in list(documents(cklb, assessment).values())[1:] for rule in one["stigs"][0]["rules"]
    }
    assert others.isdisjoint(uuids)


def test_texts_are_cut_with_words_at_what_clients_keep() -> None:
    """STIG Manager drops what is beyond 32,767 characters of JavaScript without a word."""
    rule = next(iter(documents(cklb, hostile_checklists()).values()))["stigs"][0]["rules"][0]
    for name in ("finding_details", "comments", "fix_text"):
        assert len(rule[name].encode("utf-16-le")) // 2 <= 32_767
        assert rule[name].endswith("characters)")
    host = next(iter(documents(cklb, hostile_checklists()).values()))["target_data"]["host_name"]
    assert 200 < len(host.encode("utf-16-le")) // 2 <= 255


def rolled_up(control: dict[str, Any]) -> str:
    """Heimdall's status of a control. Source: mitre/heimdall2, libs/inspecjs, compat wrappers, `status`."""
    statuses = [result["status"] for result in control["results"]]
    if control["impact"] == 0:
        return "Not Applicable"
    if not statuses or "error" in statuses:
        return "Profile Error"
    for status, word in (("failed", "Failed"), ("passed", "Passed")):
        if status in statuses:
            return word
    return "Not Reviewed"


@pytest.mark.parametrize("make", BOTH)
def test_heimdall_rolls_our_results_up_to_our_answers(make: Any) -> None:
    words = {
        "p": "Passed",
        "f": "Failed",
        "n": "Not Applicable",
        "c": "Not Reviewed",
        "e": "Profile Error",
    }
    assessment = make()
    found = documents(hdf, assessment)
    for one in assessment.checklists:
        (profile,) = found[f"hdf/{one.stem}.json"]["profiles"]
        letters = {"pass": "p", "fail": "f", "not-applicable": "n", "not-checked": "c", "error": "e"}
        expected = [words[letters[rule.outcome.value]] for rule in one.rules]
        assert [rolled_up(control) for control in profile["controls"]] == expected


def test_hdf_names_rules_controls_and_the_host_for_checklists_made_of_it() -> None:
    document = documents(hdf, with_checklists())["hdf/harbour--Kubernetes_STIG.json"]
    control = document["profiles"][0]["controls"][0]
    tags = control["tags"]
    assert (tags["gid"], tags["rid"], tags["stig_id"]) == ("V-242376", "SV-242376r960759_rule", "CNTR-K8-000150")
    assert tags["nist"] == ["AC-17 (2)", "CM-6"]
    assert control["impact"] == 0.7
    metadata = document["passthrough"]["metadata"]
    assert metadata["hostname"] == "harbour"
    assert metadata["profiles"][0]["version"] == 2
    assert metadata["profiles"][0]["releasenumber"] == 6


def test_emass_gets_one_file_for_each_image_with_all_its_stigs_and_none_for_others() -> None:
    assessment = with_checklists()
    found = documents(emass, assessment)
    assert list(found) == ["stig/app-5e5e--emass.json"]
    document = found["stig/app-5e5e--emass.json"]
    assert document["containerId"] == DIGEST
    assert document["containerName"] == f"registry.example/app:1@{DIGEST}"
    assert document["time"] == 1_795_208_400  # 2026-11-20T21:00:00Z
    assert [one["benchmark"] for one in document["benchmarks"]] == [one.stig.id for one in assessment.checklists[:2]]
    assert (document["benchmarks"][0]["version"], document["benchmarks"][0]["release"]) == (2, 1)
    assert "version" not in document["benchmarks"][1]
    for benchmark, one in zip(document["benchmarks"], assessment.checklists[:2], strict=True):
        assert Counter(result["status"] for result in benchmark["results"]) == named(one, emass.STATUSES)


def test_emass_messages_are_at_most_1000_characters() -> None:
    for document in documents(emass, hostile_checklists()).values():
        results = [result for benchmark in document["benchmarks"] for result in benchmark["results"]]
        assert max(len(result["message"]) for result in results) <= 1000
        assert len(document["containerId"]) <= 100


@pytest.mark.parametrize("exporter", [cklb, hdf, emass])
def test_without_checklists_there_is_no_file(exporter: Any) -> None:
    assert written(exporter.EXPORTER, make_assessment(1)) == {}
