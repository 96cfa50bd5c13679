"""Geometry of the charts: numbers in, positions out; the templates draw them as SVG with a text alternative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compliance.model.proof_report import Series
from compliance.model.scan_lineage import SeverityCounts
from compliance.rendering.states import State
from compliance.rendering.text import cut, number

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


#: Fill of each severity, from dark to light so that the order holds in grey print; ink on it.
SEVERITY_FILLS = {
    "critical": ("#5a1206", "#ffffff"),
    "high": ("#a63f1a", "#ffffff"),
    "medium": ("#e0a93b", "#1c2126"),
    "low": ("#bcd0de", "#1c2126"),
    "negligible": ("#e4e9ed", "#1c2126"),
    "unknown": ("#ffffff", "#1c2126"),
}
#: Scans in one drawing, the newest; its height and that of the columns, in the units of WIDTH.
_MOST_COLUMNS, COLUMNS_HEIGHT, _TALLEST, _FLOOR = 12, 190.0, 140.0, 162.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a column; `label` is empty where the part is too low to hold it."""

    severity: str
    y: float
    height: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One scan: its parts from the worst at the foot, and what stands above and below."""

    x: float
    width: float
    pieces: tuple[Piece, ...]
    top: float
    total: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A series as stacked columns; `alternative` says the same in words, `left_out` how many older scans it lacks."""

    columns: tuple[Column, ...]
    alternative: str
    left_out: int


def columns(series: Series) -> Columns:
    """Findings by severity and scan, the newest scans of a series, oldest at the left."""
    points = series.points[-_MOST_COLUMNS:]
    most = max(sum(value for _, value in point.counts) for point in points) or 1
    step = WIDTH / max(len(points), 4)
    drawn = tuple(_column(point, at * step, step * 0.62, _TALLEST / most) for at, point in enumerate(points))
    told = "; ".join(f"{point.date[:10]}: {_counted(point)}" for point in points)
    title = f"Findings of {cut(series.tool, 40)} in {cut(series.repository, 120)} by scan"
    return Columns(columns=drawn, alternative=f"{title}: {told}", left_out=len(series.points) - len(points))


def _column(point: SeverityCounts, x: float, width: float, scale: float) -> Column:
    y, pieces = _FLOOR, []
    for severity, value in point.counts:
        if value:
            height = value * scale
            y -= height
            label = number(value) if height >= 11 else ""
            pieces.append(Piece(severity=severity, y=round(y, 2), height=round(height, 2), label=label))
    total = sum(value for _, value in point.counts)
    return Column(
        x=round(x, 2),
        width=round(width, 2),
        pieces=tuple(pieces),
        top=round(y, 2),
        total=number(total),
        date=point.date[:10],
    )


def _counted(point: SeverityCounts) -> str:
    return ", ".join(f"{number(value)} {severity}" for severity, value in point.counts if value) or "none"
