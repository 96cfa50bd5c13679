"""Texts for people: nothing steers a reader's program, and nothing is shortened silently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import Markup

from compliance.rendering import text
from compliance.rendering.environment import environment

STEERING = "\x00\x07\x08\x1b\x7f\x85\u061c\u200b\u200e\u200f\u202e\u2028\u2066\ufeff\ufffe\U000e0041"


@pytest.mark.parametrize("hostile", ["\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\u202egnp.exe", "a\x00b", "\ud800"])
def test_a_steering_sequence_leaves_a_visible_mark(hostile: str) -> None:
    assert text.REMOVED in text.clean(hostile)


@given(st.text(alphabet=st.sampled_from(STEERING + "ab[0m;]\n\t本"), max_size=60))
def test_no_steering_character_survives(value: str) -> None:
    assert not set(text.clean(value)) & set(STEERING)


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=60))
def test_a_plain_text_stays_as_it_is(value: str) -> None:
    assert text.clean(value) == value


def test_a_cut_says_how_much_there_was() -> None:
    assert text.cut("x" * 5000, 10) == "xxxxxxxxxx … (10 of 5,000 characters)"


def test_a_share_is_whole_or_nothing_only_when_it_is_so() -> None:
    assert [text.percent(part, 1000) for part in (0, 1, 500, 999, 1000)] == ["0 %", "1 %", "50 %", "99 %", "100 %"]
    assert text.percent(0, 0) == "–"


def test_digests_are_short_and_times_are_words() -> None:
    assert text.digest("sha256:" + "0123456789abcdef" * 4) == "0123456789ab…cdef"
    assert text.moment("2026-07-31T12:00:00Z") == "2026-07-31 12:00 UTC"
    assert text.moment("=cmd") == "=cmd"


def test_templates_escape_clean_and_bound_every_value() -> None:
    template = environment().from_string("{{ value }}|{{ ours }}")
    shown = template.render(value="<b>\u202e" + "x" * 9000, ours=Markup("<i>"))
    assert shown.startswith("&lt;b&gt;\N{REPLACEMENT CHARACTER}x")
    assert "4,000 of 9,004 characters" in shown
    assert shown.endswith("|<i>")


def test_texts_from_data_are_never_templates() -> None:
    assert environment().from_string("{{ value }}").render(value="{{ 7 * 7 }}") == "{{ 7 * 7 }}"


def test_an_unknown_name_in_a_template_is_refused() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ missing }}").render()
