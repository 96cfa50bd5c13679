"""findings.sarif lists what can be acted on at a place, counts the rest, and reads back to our outcomes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from compliance.exports import findings_sarif
from compliance.exports.findings_sarif import EXPORTER, KINDS
from compliance.model.assessment import Assessment
from compliance.model.outcome import ORDER, Outcome
from tests.exports.building import make_assessment
from tests.exports.conftest import Golden
from tests.exports.writing import written


def _run(assessment: Assessment) -> dict[str, Any]:
    log = json.loads(written(EXPORTER, assessment)["findings.sarif"])
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_a_golden_holds_the_shape(golden: Golden) -> None:
    golden(Path(__file__).parent / "findings.sarif", written(EXPORTER, make_assessment(subjects=2))["findings.sarif"])


def test_every_failure_is_listed_with_its_file_and_the_line_where_it_has_one(assessment: Assessment) -> None:
    listed = {one["correlationGuid"]: one for one in _run(assessment)["results"] if one["kind"] == "fail"}
    failures = [row for row in assessment.observations if row.outcome is Outcome.FAIL]
    assert sorted(listed) == sorted(row.id for row in failures)
    for row in failures:
        place = listed[row.id]["locations"][0]["physicalLocation"]
        assert place.get("region") == (None if row.at[0].line is None else {"startLine": row.at[0].line})
        assert place["artifactLocation"]["uri"] == row.at[0].path


def test_passes_are_counted_and_not_listed_because_viewers_take_them_for_alerts(assessment: Assessment) -> None:
    run = _run(assessment)
    assert {one["kind"] for one in run["results"]} == {"fail", "review"}
    assert run["properties"]["observations"]["pass"] > 0


def test_consumer_roll_up_by_rule_never_gets_a_better_outcome_than_ours(assessment: Assessment) -> None:
    """A viewer takes the worst kind of a rule's results; silence means that we did not find a problem at a place."""
    run = _run(assessment)
    order = [KINDS[outcome] for outcome in ORDER]
    for result, rule in zip(assessment.checks, run["tool"]["driver"]["rules"], strict=True):
        kinds = [one["kind"] for one in run["results"] if one["ruleId"] == result.check.id]
        assert rule["properties"]["outcome"] == result.outcome.value
        if kinds:
            assert max(kinds, key=order.index) == KINDS[result.outcome]
        else:
            assert result.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.NOT_CHECKED)


def test_references_inside_the_run_resolve(assessment: Assessment) -> None:
    run = _run(assessment)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"]
    for rule in rules:
        for one in rule.get("relationships", []):
            taxonomy = run["taxonomies"][one["target"]["toolComponent"]["index"]]
            assert taxonomy["name"] == one["target"]["toolComponent"]["name"]
            assert one["target"]["id"] in {taxon["id"] for taxon in taxonomy["taxa"]}


def test_only_failures_have_a_level(assessment: Assessment) -> None:
    """SARIF 2.1.0, 3.27.10."""
    for result in _run(assessment)["results"]:
        assert (result["level"] == "none") == (result["kind"] != "fail")


def test_hostile_paths_stay_relative_and_hostile_texts_stay_text(hostile_assessment: Assessment) -> None:
    run = _run(hostile_assessment)
    uris = [one["location"]["uri"] for one in run["artifacts"]]
    uris += [
        place["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"] for place in one["locations"]
    ]
    for uri in uris:
        parts = urlsplit(uri)
        assert not parts.scheme
        assert not parts.netloc
        assert not uri.startswith("/")
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
    for result in run["results"]:
        text = result["message"]["text"].replace("{{", "").replace("}}", "")
        assert not re.search(r"\{\d|\]\(", text)


def test_tags_of_a_rule_are_unique_and_no_more_than_github_takes(assessment: Assessment) -> None:
    """Also when two editions of a framework number a control alike."""
    twice = replace(assessment, results=(*assessment.results, *assessment.results))
    for rule in _run(twice)["tool"]["driver"]["rules"]:
        tags = rule["properties"]["tags"]
        assert len(tags) == len(set(tags)) <= 20


def test_a_full_file_keeps_failures_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(findings_sarif, "RESULTS_KEPT", 30)
    results = _run(make_assessment(subjects=60))["results"]
    assert len(results) == 30
    assert {one["kind"] for one in results} == {"fail"}


def test_unread_evidence_is_a_notification(assessment: Assessment) -> None:
    (invocation,) = _run(assessment)["invocations"]
    assert invocation["executionSuccessful"] is False
    levels = [one["level"] for one in invocation["toolExecutionNotifications"]]
    assert levels == ["warning", "note", "error", "note", "error"]
