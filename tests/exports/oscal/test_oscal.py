"""Our OSCAL is valid by NIST's schemas, loads in trestle, leads nowhere into the void, and never rounds up."""

from __future__ import annotations

import copy
import json
import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trestle.oscal.assessment_plan import AssessmentPlan
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.component import ComponentDefinition

from compliance.exports.oscal import EXPORTER
from compliance.exports.oscal.identity import NS, control_token, token
from compliance.exports.oscal.risks import RISKS_KEPT
from compliance.exports.oscal.wording import line, string
from compliance.model.assessment import Assessment, Options
from compliance.model.catalog import FrameworkId
from compliance.model.outcome import Status
from compliance.model.vulnerability_items import State
from tests.exports.building import make_assessment
from tests.exports.conftest import Golden
from tests.exports.oscal.integrity import problems, walk
from tests.exports.writing import written

Json = dict[str, Any]

NAMES = ("assessment-results", "assessment-plan", "component-definition")
VERSIONS = ("1.2.3", "1.1.3")
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")


def _documents(assessment: Assessment, version: str = "1.2.3") -> list[Json]:
    files = written(EXPORTER, assessment, Options(oscal_version=version))
    assert list(files) == [f"oscal/{name}.json" for name in NAMES]
    return [json.loads(content) for content in files.values()]


def _result(assessment: Assessment) -> Json:
    (result,) = _documents(assessment)[0]["assessment-results"]["results"]
    assert isinstance(result, dict)
    return result


def _own(record: Json) -> dict[str, str]:
    return {prop["name"]: prop["value"] for prop in record["props"] if prop.get("ns") == NS}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("hostile", [False, True])
def test_valid_by_nist_schema(version: str, hostile: bool) -> None:
    folder = os.environ.get("COMPLIANCE_OSCAL_SCHEMAS")
    if not folder:
        pytest.skip("NIST's schemas are not here: COMPLIANCE_OSCAL_SCHEMAS must name a folder that holds them")
    schema = json.loads((Path(folder) / f"oscal_complete_schema_{version}.json").read_text())
    validator = jsonschema_rs.validator_for(schema)
    for document in _documents(make_assessment(hostile=hostile), version):
        validator.validate(document)
        (root,) = document.values()
        assert root["metadata"]["oscal-version"] == version
        assert not validator.is_valid({name: value | {"score": 1} for name, value in document.items()})


def test_compliance_trestle_loads_all_three(tmp_path: Path, hostile_assessment: Assessment) -> None:
    models: tuple[Any, ...] = (AssessmentResults, AssessmentPlan, ComponentDefinition)
    for (name, content), model in zip(written(EXPORTER, hostile_assessment).items(), models, strict=True):
        path = tmp_path / Path(name).name
        path.write_bytes(content)
        assert model.oscal_read(path) is not None, name


@pytest.mark.parametrize("hostile", [False, True])
@pytest.mark.parametrize("subjects", [0, 12, 600])
def test_every_reference_leads_somewhere(subjects: int, hostile: bool) -> None:
    assert problems(_documents(make_assessment(subjects=subjects, hostile=hostile))) == []


@pytest.mark.parametrize(
    "place",
    [
        "import-ap/href",
        "results/0/observations/0/subjects/0/subject-uuid",
        "results/0/observations/3/relevant-evidence/0/href",
        "results/0/observations/0/origins/0/actors/0/actor-uuid",
        "results/0/observations/0/origins/0/related-tasks/0/task-uuid",
        "results/0/findings/4/related-observations/0/observation-uuid",
        "results/0/local-definitions/inventory-items/0/implemented-components/0/component-uuid",
        "results/0/findings/0/target/target-id",
        "metadata/responsible-parties/0/role-id",
    ],
)
def test_a_dangling_reference_would_be_noticed(place: str, assessment: Assessment) -> None:
    documents = copy.deepcopy(_documents(assessment))
    record: Any = documents[0]["assessment-results"]
    *steps, last = place.split("/")
    for step in steps:
        record = record[int(step)] if step.isdigit() else record[step]
    record[last] = "#6f0f5b3e-0000-4000-8000-000000000000" if last == "href" else "6f0f5b3e-0000-4000-8000-000000000000"
    assert problems(documents)


def test_states_are_satisfied_only_where_the_control_is(assessment: Assessment) -> None:
    """The roll-up of a consumer that knows OSCAL's two states alone errs on the safe side."""
    ours = [finding for result in assessment.results for finding in result.findings]
    for finding, written_finding in zip(ours, _result(assessment)["findings"], strict=True):
        status = written_finding["target"]["status"]
        assert (status["state"] == "satisfied") == (finding.status is Status.SATISFIED)
        reason = {Status.SATISFIED: "pass", Status.NOT_SATISFIED: "fail"}.get(finding.status, "other")
        assert status["reason"] == reason


def test_consumer_that_reads_our_property_gets_every_status_back(assessment: Assessment) -> None:
    ours = [(one.framework, one.control, one.status.value) for result in assessment.results for one in result.findings]
    theirs = [_own(one) for one in _result(assessment)["findings"]]
    assert [(one["framework"], one["control"], one["result"]) for one in theirs] == ours


def test_a_finding_names_the_observations_that_bear_on_it(assessment: Assessment) -> None:
    result = _result(assessment)
    by_uuid = {one["uuid"]: _own(one) for one in result["observations"]}
    findings = [finding for one in assessment.results for finding in one.findings]
    for ours, theirs in zip(findings, result["findings"], strict=True):
        related = [by_uuid[one["observation-uuid"]] for one in theirs.get("related-observations", [])]
        assert {one["check"] for one in related} == {row.check for row in ours.checks}
        assert sum(int(one["subjects-total"]) for one in related) == ours.counts.total


def test_reviews_and_deviations_stand_beside_the_finding(assessment: Assessment) -> None:
    findings = {_own(one)["control"]: one for one in _result(assessment)["findings"]}
    assert "Dana Reviewer" in findings["cm-2"]["description"]
    assert findings["cm-2"]["origins"][0]["actors"][0]["type"] == "party"
    deviated = findings["5.2.5"]
    assert deviated["target"]["status"]["state"] == "not-satisfied"
    assert any(prop["name"] == "deviation" and "Ida Officer" in prop["remarks"] for prop in deviated["props"])


def test_risks_reconcile_with_the_counts_of_vulnerabilities(assessment: Assessment) -> None:
    result = _result(assessment)
    counts = {one["class"]: int(one["value"]) for one in result["props"] if one["name"] == "vulnerabilities"}
    assert counts["raw"] == sum(value for name, value in counts.items() if name != "raw")
    by_state = Counter(_own(one)["state"] for one in result["risks"])
    assert by_state == {name: counts[name] for name in ("open", "vex-suppressed", "deviated")}
    assert f"{sum(by_state.values())} of {sum(by_state.values())} are listed" in result["remarks"]
    assert {_own(one)["state"]: one["status"] for one in result["risks"]} == {
        "open": "open",
        "vex-suppressed": "closed",
        "deviated": "deviation-approved",
    }


def test_a_risk_tells_its_facets_its_deadline_and_what_mitigates_it(assessment: Assessment) -> None:
    found = {_own(one)["vulnerability"]: one for one in _result(assessment)["risks"]}
    exploited = found["CVE-2026-2001"]
    facets = {one["name"]: one["value"] for one in exploited["characterizations"][0]["facets"]}
    assert (facets["severity"], facets["known-exploited"], facets["active"]) == ("critical", "yes", "unknown")
    assert exploited["deadline"] == "2026-11-18T23:59:59Z"
    assert _own(exploited)["overdue-days"] == "3"
    assert exploited["links"]
    assert "8.6" in exploited["remediations"][0]["title"]
    assert "mitigating-factors" not in exploited
    answered = found["CVE-2026-2003"]
    assert "vulnerable code not in execute path" in answered["mitigating-factors"][0]["description"]
    assert "DEV-2" in found["CVE-2026-2004"]["mitigating-factors"][0]["description"]


def test_more_risks_than_are_kept_are_counted(assessment: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RISKS_KEPT, State.OPEN, 1)
    result = _result(assessment)
    assert [_own(one)["state"] for one in result["risks"]].count("open") == 1
    assert "3 of 5 are listed as risks; all stand in vulnerabilities.jsonl" in result["remarks"]


def test_without_a_scan_there_is_no_risk_and_no_count() -> None:
    result = _result(make_assessment(with_proof=False))
    assert "risks" not in result
    assert not [one for one in result["props"] if one["name"] == "vulnerabilities"]


def test_long_lists_of_subjects_say_how_many_there_are() -> None:
    assessment = make_assessment(subjects=600)
    for observation in _result(assessment)["observations"]:
        total, listed = (int(_own(observation)[name]) for name in ("subjects-total", "subjects-listed"))
        assert len(observation["subjects"]) == listed == min(total, 500)
        assert (f"{listed} of {total} subjects" in observation.get("remarks", "")) == (listed < total)


def test_evidence_is_named_by_relative_path_and_hash(assessment: Assessment) -> None:
    resources = _documents(assessment)[0]["assessment-results"]["back-matter"]["resources"]
    evidence = [one for one in resources if {"name": "type", "value": "evidence"} in one.get("props", [])]
    assert len(evidence) == len(assessment.evidence)
    for file, resource in zip(assessment.evidence, evidence, strict=True):
        hashes = resource["rlinks"][0].get("hashes", [])
        assert [one["value"] for one in hashes] == ([file.sha256] if file.sha256 else [])


def test_same_things_keep_their_ids_when_the_evidence_changes() -> None:
    few, many = _result(make_assessment(subjects=4)), _result(make_assessment(subjects=8))
    assert few["uuid"] != many["uuid"]
    assert [one["uuid"] for one in few["findings"]] == [one["uuid"] for one in many["findings"]]
    assert _inventory(few).items() <= _inventory(many).items()


def _inventory(result: Json) -> dict[str, str]:
    return {one["description"]: one["uuid"] for one in result["local-definitions"]["inventory-items"]}


def test_only_the_stated_version_differs_between_versions(assessment: Assessment) -> None:
    newer, older = (written(EXPORTER, assessment, Options(oscal_version=version)) for version in VERSIONS)
    for name, content in newer.items():
        assert content.replace(b'"oscal-version":"1.2.3"', b'"oscal-version":"1.1.3"') == older[name]


def test_hostile_markup_is_literal(hostile_assessment: Assessment) -> None:
    for document in _documents(hostile_assessment):
        for at, record in walk(document):
            for name in ("title", "description", "remarks"):
                text = record.get(name, "")
                assert "<" not in text, f"{at}/{name}"
                assert "{{" not in text, f"{at}/{name}"


def test_goldens_hold_the_shape(golden: Golden) -> None:
    for name, content in written(EXPORTER, make_assessment(subjects=1)).items():
        golden(Path(__file__).parent / Path(name).name, content)


@pytest.mark.parametrize(
    ("framework", "catalog", "control", "expected"),
    [
        ("fedramp-moderate", "nist-800-53", "ac-6.10", "ac-6.10"),
        ("fedramp-moderate", "nist-800-53", "AC-6(10)", "ac-6.10"),
        ("nist-800-53", "nist-800-53", "AC-06 (01)", "ac-6.1"),
        ("cis-kubernetes", "cis-kubernetes", "5.2.2", "cis-kubernetes-7_5.2.2"),
        ("fedramp-20x", "fedramp-20x", "KSI-CNA-MAT", "fedramp-20x-7_KSI-CNA-MAT"),
    ],
)
def test_control_ids_are_nist_ids_or_carry_framework_and_edition(
    framework: str, catalog: str, control: str, expected: str, assessment: Assessment
) -> None:
    one = replace(assessment.results[0].framework, id=FrameworkId(framework), edition="7", catalog=FrameworkId(catalog))
    assert control_token(one, control) == expected


def test_two_editions_of_a_framework_stay_apart(assessment: Assessment) -> None:
    result = assessment.results[0]
    older = replace(
        result,
        framework=replace(result.framework, edition="1.12"),
        findings=tuple(replace(one, edition="1.12") for one in result.findings),
    )
    both = replace(assessment, results=(result, older))
    targets = [one["target"]["target-id"] for one in _result(both)["findings"]]
    assert len(targets) == len(set(targets)) == 2 * len(result.findings)
    assert problems(_documents(both)) == []


@given(st.text())
def test_any_text_keeps_to_the_datatypes(text: str) -> None:
    """OSCAL TokenDatatype, StringDatatype and MarkupLineDatatype."""
    assert _TOKEN.fullmatch(token(text))
    assert re.fullmatch(r"\S(.*\S)?|", string(text))
    assert re.fullmatch(r"[^\n]+", line(text))
