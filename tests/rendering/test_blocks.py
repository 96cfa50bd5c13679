"""Blocks, rows and states: every control once, the worst first, and a held part never looks like nothing."""

from __future__ import annotations

import pytest

from compliance.model.assessment import Assessment, StatusCounts
from compliance.model.outcome import Outcome, Status
from compliance.rendering.blocks import Limits
from compliance.rendering.chapters import chapters_of
from compliance.rendering.charts import WIDTH, bar
from compliance.rendering.links import links_of
from compliance.rendering.states import CONTROL_STATES, NOTHING_KNOWN, PART_SHOWN, by_state, state_of
from tests.exports.building import make_assessment

LIMITS = Limits(worst=10, again=2, passes=3)


@pytest.fixture(scope="module")
def large() -> Assessment:
    return make_assessment(subjects=200)


def test_every_control_stands_in_the_document_once(large: Assessment) -> None:
    links = links_of(large)
    for chapter, result in zip(chapters_of(large, links, LIMITS), large.results, strict=True):
        anchors = [block.anchor for _, blocks in chapter.sections for block in blocks]
        anchors += [row.anchor for group in chapter.groups for row in group.rows]
        assert sorted(anchors) == sorted(links.anchors[f.framework, f.control] for f in result.findings)


def test_a_block_lists_failures_before_anything_else(large: Assessment) -> None:
    for chapter in chapters_of(large, links_of(large), LIMITS):
        for _, blocks in chapter.sections:
            for block in blocks:
                failed = [row.outcome is Outcome.FAIL for row in block.observations]
                assert failed == sorted(failed, reverse=True)
                assert len(failed) <= LIMITS.worst


def test_a_satisfied_control_shows_its_proof(large: Assessment) -> None:
    chapters = chapters_of(large, links_of(large), LIMITS)
    blocks = [block for chapter in chapters for _, found in chapter.sections for block in found]
    proven = [block for block in blocks if block.finding.status is Status.SATISFIED and block.finding.checks]
    assert proven
    assert all(block.observations and block.observations[0].at for block in proven)


def test_a_check_listed_before_is_repeated_shortly_and_says_where(large: Assessment) -> None:
    chapters = chapters_of(large, links_of(large), LIMITS)
    blocks = [block for chapter in chapters for _, found in chapter.sections for block in found]
    again = [block for block in blocks if block.parts and all(part.listed for part in block.parts)]
    assert again
    for block in again:
        assert sum(row.outcome is Outcome.FAIL for row in block.observations) <= LIMITS.again
        assert all(part.listed and part.listed[0] != block.anchor for part in block.parts)


def test_a_held_part_and_nothing_known_differ_in_word_shape_and_colour() -> None:
    assert PART_SHOWN.word != NOTHING_KNOWN.word
    assert PART_SHOWN.glyph != NOTHING_KNOWN.glyph
    assert PART_SHOWN.fill != NOTHING_KNOWN.fill
    for field in ("key", "word", "glyph", "fill"):
        assert len({getattr(state, field) for state in CONTROL_STATES}) == len(CONTROL_STATES)


def test_states_of_findings_add_up_to_the_counts(large: Assessment) -> None:
    for result in large.results:
        found = dict.fromkeys(CONTROL_STATES, 0)
        for finding in result.findings:
            found[state_of(finding)] += 1
        assert tuple(found.items()) == by_state(result.counts)


def test_a_bar_is_as_wide_as_its_parts_and_says_them_in_words() -> None:
    drawn = bar("Title", by_state(StatusCounts(satisfied=1, not_satisfied=1000, not_reviewed=5, partly_shown=2)))
    assert sum(part.width for part in drawn.segments) == pytest.approx(WIDTH, abs=0.1)
    assert [part.state.key for part in drawn.segments] == ["satisfied", "not-satisfied", "part-shown", "nothing-known"]
    assert drawn.alternative.endswith("3 not reviewed, nothing known; 1,006 in all")
    assert bar("Title", by_state(StatusCounts())).segments == ()
