"""Tells a person at a terminal, or a log, how a run goes and what came of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from compliance.cli.gates import Gate
from compliance.model.assessment import Assessment, EvidenceState, FrameworkResult, StatusCounts
from compliance.pipeline.running import Result
from compliance.rendering.text import count

_PHASES = {
    "read": "Reading evidence",
    "evaluate": "Running checks",
    "assess": "Judging controls",
    "write": "Writing the packet",
}
#: Actions, requests and troubles shown; the packet has them all.
_SHOWN = 3
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


def inert(text: str) -> str:
    """Text from evidence that cannot move the cursor, colour the screen or turn the reading direction."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text.translate(_BIDI))


class Terminal:
    """Progress bars on a terminal, plain lines elsewhere, JSON lines when asked; results at the end."""

    def __init__(self, *, log_format: str, quiet: bool) -> None:
        self._json = log_format == "json"
        self._quiet = quiet
        self._out = Console(highlight=False, markup=False, emoji=False)
        self._log = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._bars: Progress | None = None
        self._bar: TaskID | None = None
        if self._log.is_terminal and not self._json and not quiet:
            self._bars = Progress(
                TextColumn("{task.description:<20}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._log,
            )

    def __enter__(self) -> Terminal:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def phase(self, name: str, total: int) -> None:
        """A phase begins."""
        if self._bars is not None:
            self._bar = self._bars.add_task(_PHASES.get(name, name), total=total)

    def advance(self, steps: int = 1) -> None:
        """Steps of it are done."""
        if self._bars is not None and self._bar is not None:
            self._bars.advance(self._bar, steps)

    def done(self, name: str, cpu_seconds: float, wall_seconds: float) -> None:
        """It has ended."""
        if self._bars is not None and self._bar is not None:
            task = self._bars.tasks[self._bar]
            self._bars.update(self._bar, completed=task.total)
        elif self._json:
            record = {"phase": name, "cpu_s": round(cpu_seconds, 3), "wall_s": round(wall_seconds, 3)}
            print(json.dumps(record), file=sys.stderr)
        elif not self._quiet:
            self._log.print(f"{_PHASES.get(name, name)}: done in {wall_seconds:.1f} s")

    def tell(self, result: Result, tripped: Sequence[Gate]) -> None:
        """What came of the run: a table, what to do first, what was not read, where the packet is."""
        if self._quiet:
            return
        assessment = result.assessment
        self._out.print(_table(assessment.results))
        self._actions(assessment)
        self._requests(assessment)
        self._troubles(assessment)
        if tripped:
            self._list("Gates", (("met", f"--fail-on {gate.rule} is met") for gate in tripped))
        self._out.print()
        self._out.print(f"Packet: {inert(str(result.packet))}", soft_wrap=True)

    def _list(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """A heading, and rows whose text goes on under itself."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for mark, text in rows:
            grid.add_row(f"  {mark}", inert(text))
        self._out.print()
        self._out.print(Text(title, style="bold"))
        self._out.print(grid)

    def _actions(self, assessment: Assessment) -> None:
        total = len(assessment.actions)
        if total:
            self._list(
                f"Fix first ({min(_SHOWN, total)} of {total} actions)",
                (
                    (a.id, f"{a.what} ({count(a.places_total, 'subject')}, closes {count(len(a.closes), 'control')})")
                    for a in assessment.actions[:_SHOWN]
                ),
            )

    def _requests(self, assessment: Assessment) -> None:
        total = len(assessment.requests)
        if total:
            self._list(
                f"Ask for first ({min(_SHOWN, total)} of {total} requests)",
                (
                    (r.id, f"{r.evidence.title}, from {r.evidence.from_whom} ({count(len(r.controls), 'control')})")
                    for r in assessment.requests[:_SHOWN]
                ),
            )

    def _troubles(self, assessment: Assessment) -> None:
        bad = [
            (file.path, file.reason or file.problems[0])
            for file in assessment.evidence
            if file.state is EvidenceState.UNREADABLE or file.problems
        ]
        unknown = sum(1 for file in assessment.evidence if file.state is EvidenceState.UNRECOGNISED)
        if not bad and not unknown:
            return
        rows = [("file", f"{path}: {reason}") for path, reason in bad[:_SHOWN]]
        if len(bad) > _SHOWN:
            rows.append(("", f"and {len(bad) - _SHOWN} more files that could not be read in whole; see the packet"))
        if unknown:
            rows.append(("", f"{count(unknown, 'file')} of a kind that this version does not judge"))
        self._list("Not read", rows)


def _table(results: Sequence[FrameworkResult]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("\nFramework", overflow="fold")
    heads = ["\ntotal", "●\nsatisfied", "✕ not\nsatisfied", "◐ not\nreviewed", "partly\nshown", "○ not\napplicable"]
    if any(result.counts.error for result in results):
        heads.append("▲\nerror")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for result in results:
        table.add_row(f"{result.framework.id} {result.framework.edition}", *_numbers(result.counts, results))
    return table


def _numbers(counts: StatusCounts, results: Sequence[FrameworkResult]) -> list[str]:
    numbers = [
        counts.total,
        counts.satisfied,
        counts.not_satisfied,
        counts.not_reviewed,
        counts.partly_shown,
        counts.not_applicable,
    ]
    if any(result.counts.error for result in results):
        numbers.append(counts.error)
    return [f"{number:,}" for number in numbers]
