"""packet.html: one inert offline file with the counts and the observations of the assessment."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter

import pytest

from compliance.exports.html import EXPORTER
from compliance.exports.html import data as data_module
from compliance.exports.html.data import MOST_SNIPPETS, data_of, room_for
from compliance.model.assessment import Assessment
from compliance.model.outcome import Outcome
from compliance.rendering.links import links_of
from compliance.rendering.states import state_of
from tests.exports.building import make_assessment
from tests.exports.html_page import Page
from tests.exports.writing import written


def text_of(assessment: Assessment) -> str:
    return written(EXPORTER, assessment)["packet.html"].decode()


@pytest.mark.parametrize("hostile", [False, True])
@pytest.mark.parametrize("subjects", [0, 1, 12, 300])
def test_counts_and_tables_equal_the_assessment(subjects: int, hostile: bool) -> None:
    assessment = make_assessment(subjects=subjects, hostile=hostile)
    page = Page(text_of(assessment))
    counts, data = json.loads(page.block("packet-counts")), json.loads(page.data())
    states = [key for key, _, _ in data["controls"]["states"]]
    for number, result in enumerate(assessment.results):
        expected = Counter(state_of(finding).key for finding in result.findings)
        stated = counts["frameworks"][result.framework.id]
        rows = zip(data["controls"]["framework"], data["controls"]["state"], strict=True)
        assert Counter(states[state] for framework, state in rows if framework == number) == expected
        assert {key: value for key, value in stated.items() if value and key != "controls"} == expected
        assert stated["controls"] == result.counts.total
    words = [word for _, word, _ in data["outcomes"]]
    found = Counter(words[one].replace(" ", "-") for one in data["observations"]["outcome"])
    assert found == Counter(row.outcome.value for row in assessment.observations)
    assert {key.replace(" ", "-"): value for key, value in counts["observations"].items()} == found


def test_every_observation_can_be_traced_to_its_place(assessment: Assessment) -> None:
    data = data_of(assessment, links_of(assessment))
    columns, files = data["observations"], data["files"]
    assert isinstance(columns, dict)
    assert isinstance(files, dict)
    place = 0
    for number, row in enumerate(assessment.observations):
        assert columns["ids"][number * 32 : number * 32 + 32] == row.id.replace("-", "")
        assert columns["places_total"][number] == len(row.at)
        for at in row.at[: columns["places"][number]]:
            assert files["sha256"][columns["file"][place]] == at.sha256
            assert columns["line"][place] == (at.line or -1)
            place += 1


def test_the_page_runs_one_script_of_ours_and_asks_for_nothing(hostile_assessment: Assessment) -> None:
    page = Page(text_of(hostile_assessment))
    scripts = [
        (attributes, text) for attributes, text in page.raw if "type" not in attributes and "const DRAWN" in text
    ]
    assert len(scripts) == 1
    policy = next(a["content"] for tag, a in page.elements if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(scripts[0][1].encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    data_blocks = [attributes["type"] for attributes, _ in page.raw if "type" in attributes]
    assert data_blocks == ["application/json", "application/octet-stream"]


def test_hostile_texts_make_no_element_attribute_or_address(hostile_assessment: Assessment) -> None:
    page, plain = Page(text_of(hostile_assessment)), Page(text_of(make_assessment()))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements}
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "object", "embed", "link", "base", "form")
        assert not [
            name for name in attributes if name.startswith("on") or name in ("src", "style", "srcdoc", "action")
        ]
        assert (attributes.get("href") or "#").startswith("#")
    assert not set("".join(page.visible)) & set("\x00\x07\x08\x1b\x7f\u202e\u2066\u2028")
    assert not re.search(
        "[\x00\x07\x08\x1b\x7f\u202e\u2066\u2028]", json.dumps(json.loads(page.data()), ensure_ascii=False)
    )


def test_the_script_makes_nothing_but_text_nodes() -> None:
    script = next(text for _, text in Page(text_of(make_assessment(subjects=1))).raw if "const DRAWN" in text)
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "http",
    ):
        assert forbidden not in script


def test_rows_left_out_are_counted_and_failures_stay(monkeypatch: pytest.MonkeyPatch, assessment: Assessment) -> None:
    monkeypatch.setattr(data_module, "MOST_OBSERVATIONS", 60)
    data = data_of(assessment, links_of(assessment))
    columns = data["observations"]
    assert isinstance(columns, dict)
    assert len(columns["check"]) == 60
    assert data["observations_total"] == len(assessment.observations)
    room = room_for(assessment.observations, 60)
    assert room[Outcome.FAIL] == sum(row.outcome is Outcome.FAIL for row in assessment.observations)


def test_source_lines_are_kept_for_failures_only_and_counted() -> None:
    assessment = make_assessment(subjects=1600)
    data = data_of(assessment, links_of(assessment))
    snippets, columns = data["snippets"], data["observations"]
    assert isinstance(snippets, dict)
    assert isinstance(columns, dict)
    assert 0 < len(snippets) <= MOST_SNIPPETS
    assert {data["outcomes"][columns["outcome"][int(number)]][1] for number in snippets} == {"fail"}  # type: ignore[index]
    assert data["snippets_of"] == [len(snippets), sum(row.outcome is Outcome.FAIL for row in assessment.observations)]


def test_the_page_of_20000_observations_stays_small() -> None:
    assert len(text_of(make_assessment(subjects=1600))) < 2_000_000


def test_without_script_the_summary_is_there_and_says_what_is_missing(assessment: Assessment) -> None:
    page = Page(text_of(assessment))
    visible = "".join(page.visible)
    assert any(tag == "noscript" for tag, _ in page.elements)
    assert "The tables need JavaScript." in visible
    for line in assessment.summary.sentences:
        assert line in visible


def test_writing_twice_gives_the_same_bytes() -> None:
    assert text_of(make_assessment(hostile=True)) == text_of(make_assessment(hostile=True))
