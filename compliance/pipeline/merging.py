"""Runs of observation lines in, one sorted whole out, in parts that can be made side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from compliance.model.assessment import OBSERVATIONS_KEPT, WORST_KEPT, Observation
from compliance.model.counts import Counts
from compliance.model.evidence import Location, Subject
from compliance.model.outcome import ORDER, Outcome, worst
from compliance.pipeline.observing import REASON_KEPT, ObservationLine, Run, decode_line, encode_line
from compliance.rendering.text import cut

#: Places kept when several files speak of one subject; the reason says how many there are.
_PLACES_KEPT = 20
#: A part holds about this many bytes: what a worker has in memory at a time.
_PART = 8 * 1024 * 1024
_OUTCOMES = {outcome.value.encode(): outcome for outcome in Outcome}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one check found over all its subjects.

    `ids` holds up to OBSERVATIONS_KEPT ids for each outcome; `worst` up to WORST_KEPT lines, worst
    outcome first, then by subject.
    """

    check: str
    counts: Counts
    outcome: Outcome
    ids: dict[Outcome, tuple[str, ...]]
    worst: tuple[ObservationLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeTask:
    """Checks that follow each other, and the runs that hold lines of them."""

    path: str
    checks: tuple[str, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of merged lines: check id to (offset, length) in it."""

    path: Path
    spans: dict[str, tuple[int, int]]
    tallies: tuple[Tally, ...]


class StoredObservations:
    """Observations on disk, sorted by check, then subject; walked as often as asked."""

    def __init__(self, parts: Sequence[Part], subjects: Mapping[str, Subject]) -> None:
        self._places = {check: (part.path, *part.spans[check]) for part in parts for check in part.spans}
        self._paths = [part.path for part in parts]
        self._count = sum(tally.counts.total for part in parts for tally in part.tallies)
        self._subjects = subjects

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Observation]:
        for check in self._places:
            yield from self.of_check(check)

    def of_check(self, check: str) -> Iterator[Observation]:
        """Those of one check, in order of subject."""
        if check not in self._places:
            return
        path, offset, length = self._places[check]
        with path.open("rb") as source:
            source.seek(offset)
            while length > 0:
                line = source.readline()
                length -= len(line)
                yield self.observation(decode_line(line))

    def size(self) -> int:
        """Bytes of all lines."""
        return sum(path.stat().st_size for path in self._paths)

    def chunks(self, size: int = 1024 * 1024) -> Iterator[bytes]:
        """All lines as they stand on disk, in pieces."""
        for path in self._paths:
            with path.open("rb") as source:
                while chunk := source.read(size):
                    yield chunk

    def observation(self, line: ObservationLine) -> Observation:
        """The record of a line."""
        return Observation(
            id=line.id,
            check=line.check,
            revision=line.revision,
            subject=self._subjects[line.subject],
            outcome=line.outcome,
            severity=line.severity,
            reason=line.reason,
            at=tuple(
                Location(
                    path=place.path,
                    sha256=place.sha256,
                    document=place.document,
                    pointer=place.pointer,
                    line=place.line,
                )
                for place in line.at
            ),
        )


def parts_of(runs: Sequence[Run], checks: Iterable[str], folder: Path) -> Iterator[MergeTask]:
    """The merge in tasks of about equal size, in order of check."""
    group: list[str] = []
    size = number = 0
    for check in sorted(checks):
        group.append(check)
        size += sum(run.spans[check][1] for run in runs if check in run.spans)
        if size >= _PART:
            yield _task(runs, group, folder / f"part-{number}")
            group, size, number = [], 0, number + 1
    if group:
        yield _task(runs, group, folder / f"part-{number}")


def _task(runs: Sequence[Run], checks: Sequence[str], path: Path) -> MergeTask:
    """A task with only what it needs of each run: it may travel to another process."""
    needed = [
        Run(path=run.path, spans={check: run.spans[check] for check in checks if check in run.spans}, cited={})
        for run in runs
    ]
    return MergeTask(path=str(path), checks=tuple(checks), runs=tuple(run for run in needed if run.spans))


def merge(task: MergeTask) -> Part:
    """Write the lines of the task's checks: one for each check and subject, sorted.

    Where several files speak of one subject their lines become one, with the worst outcome.
    """
    found: dict[str, list[bytes]] = {check: [] for check in task.checks}
    for run in task.runs:
        with Path(run.path).open("rb") as source:
            for check, (offset, length) in run.spans.items():
                source.seek(offset)
                found[check].extend(source.read(length)[:-1].split(b"\n"))
    spans: dict[str, tuple[int, int]] = {}
    tallies: list[Tally] = []
    with Path(task.path).open("wb") as out:
        for check in task.checks:
            lines = found.pop(check)
            lines.sort()  # each run is sorted, so this only merges
            lines = _joined(lines)
            tallies.append(_tally(check, lines))
            if lines:
                data = b"\n".join(lines) + b"\n"
                spans[check] = (out.tell(), len(data))
                out.write(data)
    return Part(path=Path(task.path), spans=spans, tallies=tuple(tallies))


def _joined(lines: list[bytes]) -> list[bytes]:
    """One line for each subject; lines of the same subject stand side by side."""
    result: list[bytes] = []
    group: list[bytes] = []
    previous = b""
    for line in lines:
        # `"outcome"` cannot stand inside a JSON string unescaped, so the prefix is check, subject and id.
        prefix = line[: line.index(b'"outcome":')]
        if prefix != previous:
            if group:
                result.append(group[0] if len(group) == 1 else _join(group))
            group = []
            previous = prefix
        group.append(line)
    if group:
        result.append(group[0] if len(group) == 1 else _join(group))
    return result


def _join(group: list[bytes]) -> bytes:
    lines = [decode_line(line) for line in group]
    outcome = worst(line.outcome for line in lines)
    deciding = [line for line in lines if line.outcome is outcome]
    reason = cut("; ".join(dict.fromkeys(line.reason for line in deciding)), REASON_KEPT)
    others = sorted({place.path for line in lines if line.outcome is not outcome for place in line.at})
    if others and outcome is Outcome.FAIL:
        reason += f" (other evidence of the same object does not show this: {', '.join(others[:3])})"
    places = list({encode_line(place): place for line in deciding for place in line.at}.values())
    if len(places) > _PLACES_KEPT:
        reason += f" (the first {_PLACES_KEPT} of {len(places)} places are listed)"
        places = places[:_PLACES_KEPT]
    joined = msgspec.structs.replace(deciding[0], reason=reason, at=places)
    return encode_line(joined)


def _outcome(line: bytes) -> Outcome:
    start = line.index(b'"outcome":"') + 11
    return _OUTCOMES[line[start : line.index(b'"', start)]]


def _tally(check: str, lines: list[bytes]) -> Tally:
    grouped: dict[Outcome, list[bytes]] = {outcome: [] for outcome in ORDER}
    for line in lines:
        grouped[_outcome(line)].append(line)
    kept: list[ObservationLine] = []
    for outcome in reversed(ORDER):
        kept.extend(decode_line(line) for line in grouped[outcome][: WORST_KEPT - len(kept)])
    return Tally(
        check=check,
        counts=Counts(
            passed=len(grouped[Outcome.PASS]),
            failed=len(grouped[Outcome.FAIL]),
            not_applicable=len(grouped[Outcome.NOT_APPLICABLE]),
            not_checked=len(grouped[Outcome.NOT_CHECKED]),
            error=len(grouped[Outcome.ERROR]),
        ),
        outcome=worst(outcome for outcome in ORDER if grouped[outcome]),
        ids={
            outcome: tuple(decode_line(line).id for line in grouped[outcome][:OBSERVATIONS_KEPT])
            for outcome in ORDER
            if grouped[outcome]
        },
        worst=tuple(kept),
    )
