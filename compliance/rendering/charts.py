"""Geometry of the charts: numbers in, positions out; the templates draw them as SVG with a text alternative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compliance.rendering.states import State
from compliance.rendering.text import number

#: Units of a bar's width; the drawing is scaled to the column it stands in.
WIDTH = 720.0
#: Average width of a digit and of the shape before it, in the same units, at the label's size.
_DIGIT, _SHAPE = 9.0, 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a bar; `label` is empty where the part is too narrow to hold it."""

    state: State
    x: float
    width: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One stacked bar; `alternative` says the same in words."""

    segments: tuple[Segment, ...]
    alternative: str


def bar(title: str, parts: Sequence[tuple[State, int]]) -> Bar:
    """A bar whose segments are as wide as their numbers; a number above zero is never narrower than a hairline."""
    total = sum(value for _, value in parts)
    segments = []
    x = 0.0
    shown = [(state, value) for state, value in parts if value]
    least = 3.0
    spare = WIDTH - least * len(shown)
    for state, value in shown:
        width = least + spare * value / total
        text = number(value)
        fits = width >= _SHAPE + _DIGIT * len(text) + 8
        segments.append(Segment(state=state, x=round(x, 2), width=round(width, 2), label=text if fits else ""))
        x += width
    words = ", ".join(f"{number(value)} {state.word}" for state, value in shown) or "no controls"
    return Bar(segments=tuple(segments), alternative=f"{title}: {words}; {number(total)} in all")
