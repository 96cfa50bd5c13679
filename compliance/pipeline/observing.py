"""Verdicts in, sorted lines of observations.jsonl out: one run file for each unit of work, merged at the end."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from compliance.model.assessment import OBSERVATIONS_KEPT, WORST_KEPT, Counts, Observation
from compliance.model.check import Check
from compliance.model.evidence import Location, Subject
from compliance.model.outcome import ORDER, Outcome, Severity, worst

#: The name space of observation ids: a UUIDv5 of the product's own URI, fixed for ever.
_NAMESPACE = bytes.fromhex("5f0b8a4e6a1d5c0e9c3e2d7f41b6a890")
#: Places kept when several files speak of one subject; the reason says how many there are.
_PLACES_KEPT = 20


class LocationLine(msgspec.Struct, omit_defaults=True):
    """An entry of `at` as the packet carries it."""

    sha256: str
    path: str
    pointer: str
    document: int | None = None
    line: int | None = None


class ObservationLine(msgspec.Struct):
    """A line of observations.jsonl. `check` and `subject` come first, so that byte order is sort order."""

    check: str
    subject: str
    id: str
    outcome: Outcome
    revision: int
    severity: Severity
    reason: str
    at: list[LocationLine]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ObservationLine).decode


def observation_id(check: str, subject: str) -> str:
    """The UUIDv5 of one check on one subject; the same in every run."""
    digest = hashlib.sha1(_NAMESPACE + f"{check}\n{subject}".encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A file of sorted observation lines, check after check: check id to (offset, length) in bytes.

    `cited` counts, for each (sha256, path), the observations that cite the file.
    """

    path: str
    spans: dict[str, tuple[int, int]]
    cited: dict[tuple[str, str], int]


class RunWriter:
    """Collects the observations of one unit of work.

    `lines` are the encoded observations by check, one or many (parted by newlines) in each piece;
    `cited` counts them by the (sha256, path) they cite.
    """

    def __init__(self) -> None:
        self.lines: dict[str, list[bytes]] = defaultdict(list)
        self.cited: Counter[tuple[str, str]] = Counter()

    def add(self, check: Check, subject: Subject, outcome: Outcome, reason: str, at: Sequence[LocationLine]) -> None:
        """Take one observation."""
        line = ObservationLine(
            check.id,
            subject.id,
            observation_id(check.id, subject.id),
            outcome,
            check.revision,
            check.severity,
            reason,
            list(at),
        )
        self.lines[check.id].append(_encode(line))
        if len(at) == 1:
            self.cited[(at[0].sha256, at[0].path)] += 1
        else:
            for key in {(place.sha256, place.path) for place in at}:
                self.cited[key] += 1

    def pieces(self) -> dict[str, bytes]:
        """Everything taken so far, one piece for each check."""
        return {check: b"\n".join(lines) for check, lines in self.lines.items()}

    def extend(self, pieces: Mapping[str, bytes], cited: Mapping[tuple[str, str], int]) -> None:
        """Take what another writer gave as pieces."""
        for check, piece in pieces.items():
            self.lines[check].append(piece)
        self.cited.update(cited)

    def write(self, path: Path) -> Run:
        """Write everything taken so far, sorted."""
        spans: dict[str, tuple[int, int]] = {}
        with path.open("wb") as out:
            for check in sorted(self.lines):
                lines = b"\n".join(self.lines.pop(check)).split(b"\n")
                lines.sort()
                data = b"\n".join(lines) + b"\n"
                spans[check] = (out.tell(), len(data))
                out.write(data)
        return Run(path=str(path), spans=spans, cited=dict(self.cited))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one check found over all its subjects.

    `ids` holds up to OBSERVATIONS_KEPT ids for each outcome; `worst` up to WORST_KEPT
    observations, worst outcome first, then by subject.
    """

    check: str
    counts: Counts
    outcome: Outcome
    ids: dict[Outcome, tuple[str, ...]]
    worst: tuple[Observation, ...]


class StoredObservations:
    """Observations on disk, sorted by check, then subject; walked as often as asked."""

    def __init__(self, path: Path, spans: dict[str, tuple[int, int]], count: int, subjects: dict[str, Subject]) -> None:
        self.path = path
        self._spans = spans
        self._count = count
        self._subjects = subjects

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Observation]:
        for check in self._spans:
            yield from self.of_check(check)

    def of_check(self, check: str) -> Iterator[Observation]:
        """Those of one check, in order of subject."""
        if check not in self._spans:
            return
        offset, length = self._spans[check]
        with self.path.open("rb") as source:
            source.seek(offset)
            while length > 0:
                line = source.readline()
                length -= len(line)
                yield self.observation(_decode(line))

    def observation(self, line: ObservationLine) -> Observation:
        """The record of a line."""
        return _observation(line, self._subjects)


def _observation(line: ObservationLine, subjects: dict[str, Subject]) -> Observation:
    return Observation(
        id=line.id,
        check=line.check,
        revision=line.revision,
        subject=subjects[line.subject],
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


def merge(
    runs: Sequence[Run], checks: Iterable[Check], subjects: dict[str, Subject], path: Path
) -> tuple[StoredObservations, dict[str, Tally]]:
    """Join the runs into `path`: one line for each check and subject, sorted.

    Where several files speak of one subject their lines become one, with the worst outcome.
    """
    spans: dict[str, tuple[int, int]] = {}
    tallies: dict[str, Tally] = {}
    count = 0
    sources = [Path(run.path).open("rb") for run in runs]  # noqa: SIM115 - closed below, all at once
    try:
        with path.open("wb") as out:
            for check in sorted(check.id for check in checks):
                lines = _joined(_lines_of(check, runs, sources))
                count += len(lines)
                tallies[check] = _tally(check, lines, subjects)
                if lines:
                    data = b"\n".join(lines) + b"\n"
                    spans[check] = (out.tell(), len(data))
                    out.write(data)
    finally:
        for source in sources:
            source.close()
    return StoredObservations(path, spans, count, subjects), tallies


def _lines_of(check: str, runs: Sequence[Run], sources: Sequence[BinaryIO]) -> list[bytes]:
    """The lines of a check from every run, sorted; the runs are sorted, so sorting them joined is a merge."""
    lines: list[bytes] = []
    for run, source in zip(runs, sources, strict=True):
        if check in run.spans:
            offset, length = run.spans[check]
            source.seek(offset)
            lines.extend(source.read(length)[:-1].split(b"\n"))
    lines.sort()
    return lines


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
    lines = [_decode(line) for line in group]
    outcome = worst(line.outcome for line in lines)
    deciding = [line for line in lines if line.outcome is outcome]
    reason = "; ".join(dict.fromkeys(line.reason for line in deciding))
    others = sorted({place.path for line in lines if line.outcome is not outcome for place in line.at})
    if others and outcome is Outcome.FAIL:
        reason += f" (other evidence of the same object does not show this: {', '.join(others[:3])})"
    places = list({_encode(place): place for line in deciding for place in line.at}.values())
    if len(places) > _PLACES_KEPT:
        reason += f" (the first {_PLACES_KEPT} of {len(places)} places are listed)"
        places = places[:_PLACES_KEPT]
    joined = msgspec.structs.replace(deciding[0], reason=reason, at=places)
    return _encode(joined)


def _outcome(line: bytes) -> Outcome:
    start = line.index(b'"outcome":"') + 11
    return Outcome(line[start : line.index(b'"', start)].decode())


def _tally(check: str, lines: list[bytes], subjects: dict[str, Subject]) -> Tally:
    grouped: dict[Outcome, list[bytes]] = {outcome: [] for outcome in ORDER}
    for line in lines:
        grouped[_outcome(line)].append(line)
    kept: list[Observation] = []
    for outcome in reversed(ORDER):
        room = WORST_KEPT - len(kept)
        kept.extend(_observation(_decode(line), subjects) for line in grouped[outcome][:room])
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
            outcome: tuple(_decode(line).id for line in grouped[outcome][:OBSERVATIONS_KEPT])
            for outcome in ORDER
            if grouped[outcome]
        },
        worst=tuple(kept),
    )
