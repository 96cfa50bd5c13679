"""Verdicts in, sorted lines of observations.jsonl out: one run file for each unit of work."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from compliance.model.check import Check
from compliance.model.evidence import Subject
from compliance.model.outcome import Outcome, Severity

#: The name space of observation ids: a UUIDv5 of the product's own URI, fixed for ever.
_NAMESPACE = bytes.fromhex("5f0b8a4e6a1d5c0e9c3e2d7f41b6a890")

#: Longest pointer in the packet: about ten keys, each as long as the API server takes them.
POINTER_KEPT = 3000
#: Characters kept of a reason: names and values of the evidence stand in it.
REASON_KEPT = 2000


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


encode_line = msgspec.json.Encoder().encode
decode_line = msgspec.json.Decoder(ObservationLine).decode


def short_pointer(pointer: str) -> str:
    """The pointer, or where it is longer than any a cluster could hold, that of the nearest ancestor that is not."""
    if len(pointer) > POINTER_KEPT:
        return pointer[: POINTER_KEPT + 1].rpartition("/")[0]
    return pointer


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
        self.lines[check.id].append(encode_line(line))
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
