"""Identity patterns: the documented part of regular expressions, whole match, linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.verification.patterns import Pattern, PatternError

_REFUSED = ["(?=a)", "(?!a)", r"(a)\1", r"\b", "(?i)a", "(?P<a>a)", "a**", "*a", "(a", "a)", "[a"]
_REFUSED += ["a{3,1}", "a{0}", "a^b", "a$b"]
_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\.", r"\w", "/"])
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@given(pattern=_PATTERNS, text=st.text(alphabet="ab./c", max_size=8))
def test_agrees_with_re(pattern: str, text: str) -> None:
    """On what both understand, a match is one exactly where re.fullmatch finds one."""
    assert Pattern(pattern).matches(text) == (re.fullmatch(pattern, text) is not None)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "(.*)*b", ".*.*.*.*.*.*.*b", "(a?){30}a{30}b"])
def test_hostile_patterns_stay_fast(pattern: str) -> None:
    """Patterns that send a backtracking matcher into exponential time are just answered."""
    assert not Pattern(pattern).matches("a" * 4000)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?=a)",
        r"(?!a)",
        r"(a)\1",
        r"\b",
        r"(?i)a",
        r"(?P<a>a)",
        r"a**",
        r"*a",
        r"(a",
        r"a)",
        r"[a",
        r"a{3,1}",
        r"a{0}",
        r"a^b",
        r"a$b",
    ],
)
def test_refused(pattern: str) -> None:
    """What could not be matched in linear time, or is no pattern, is refused rather than taken otherwise."""
    with pytest.raises(PatternError):
        Pattern(pattern)


def test_caps() -> None:
    """Patterns and texts above their caps never match."""
    with pytest.raises(PatternError, match="above the cap"):
        Pattern("a" * 2000)
    with pytest.raises(PatternError, match="states"):
        Pattern("(((a{99}){99}){99}){99}")
    with pytest.raises(PatternError, match="deep"):
        Pattern("(" * 50 + "a" + ")" * 50)
    assert not Pattern("a*").matches("a" * 5000)


def test_anchors_change_nothing() -> None:
    """A pattern is anchored whether it says so or not."""
    for pattern in ("^ab$", "ab", "^ab", "ab$"):
        assert Pattern(pattern).matches("ab")
        assert not Pattern(pattern).matches("xab")
        assert not Pattern(pattern).matches("ab\n")
    assert Pattern(r"a\$").matches("a$")
