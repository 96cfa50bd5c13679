"""The first phase, in units of work: files in, records on disk, observations of single records, notes on each file."""

from __future__ import annotations

import gc
import hashlib
import io
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.records import encode
from compliance.model.cluster import OtherObject, TypedList
from compliance.model.cluster_index import entry
from compliance.model.configuration import Parameters, TrustPolicy
from compliance.model.evidence import Origin, Subject
from compliance.model.host import Settings
from compliance.model.reader import Reader, Record, Slice
from compliance.model.signed import SignedDocument
from compliance.model.workload import Pod
from compliance.pipeline.caching import Cache
from compliance.pipeline.files import Stamp
from compliance.pipeline.judging import CALLED, Judge, Locate, header_of, subject_of
from compliance.pipeline.observing import Run, RunWriter
from compliance.pipeline.proofs import records_of
from compliance.pipeline.registered import checks, readers
from compliance.pipeline.streaming import by_pieces, streams
from compliance.pipeline.units import CHANGED, HEAD, WHOLE, FileNotes, Part, Problem, Unit, recognise, tell_unknown

#: What the API server writes into every object it gives, and nobody writes by hand.
_CAPTURED = re.compile(rb"""["']?resourceVersion["']?\s*:""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What every worker needs: where to put things, and by which values to judge.

    `fingerprint` stands for the code and the values that decide what is made of a file, `code` for the
    code alone. `as_of` is the clock of the assessment, in UTC.
    """

    folder: str
    cache: str | None
    fingerprint: bytes
    code: bytes
    params: Parameters
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitResult:
    """What came of a unit. `pods` is the file of its Pod records (None: it has none); the rest is encoded."""

    number: int
    notes: tuple[FileNotes, ...]
    run: Run
    pods: str | None
    others: tuple[bytes, ...]
    entries: tuple[bytes, ...]
    subjects: tuple[Subject, ...]
    read_cpu: float
    judge_cpu: float


class Made(msgspec.Struct):
    """What reading makes of one file or slice; kept in the cache under its hash.

    `pods`, `others` and `entries` (of the pods) are encoded records, empty when there are none.
    `objects` are (kind, understood, number).
    """

    documents: int
    problems: list[Problem]
    more_problems: int
    objects: list[tuple[str, bool, int]]
    pods: bytes
    others: bytes
    entries: bytes
    subjects: list[Subject]


class Judged(msgspec.Struct):
    """What the checks that need a record alone say of one file or slice: observation lines by check."""

    pieces: dict[str, bytes]
    cited: int


_encode = msgspec.msgpack.Encoder().encode
_decode_made = msgspec.msgpack.Decoder(Made).decode
_decode_judged = msgspec.msgpack.Decoder(Judged).decode


def read_unit(unit: Unit, shop: Shop) -> UnitResult:
    """Read the files of a unit and run every check that needs a record alone."""
    collecting = gc.isenabled()
    gc.disable()  # bulk decode makes no cycles, and the collector would cost half of it
    try:
        return _Work(shop).run(unit)
    finally:
        if collecting:
            gc.enable()


class _Work:
    """One unit under way."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.cache = Cache(Path(shop.cache) if shop.cache else None)
        self.readers = readers()
        self.judge = Judge(checks(), shop.params, None)
        self.out = RunWriter()
        self.pods: list[bytes] = []
        self.others: list[bytes] = []
        self.entries: list[bytes] = []
        self.subjects: dict[str, Subject] = {}
        self.new: dict[bytes, bytes] = {}
        self.read_cpu = 0.0

    def run(self, unit: Unit) -> UnitResult:
        started = time.process_time()
        try:
            notes = tuple(self._part(part) for part in unit.parts)
            self.cache.put_all(self.new)
        finally:
            self.cache.close()
        folder = Path(self.shop.folder)
        pods: str | None = None
        if self.pods:
            pods = str(folder / f"pods-{unit.number}")
            Path(pods).write_bytes(msgspec.msgpack.encode(self.pods))
        return UnitResult(
            number=unit.number,
            notes=notes,
            run=self.out.write(folder / f"run-{unit.number}"),
            pods=pods,
            others=tuple(self.others),
            entries=tuple(self.entries),
            subjects=tuple(self.subjects.values()),
            read_cpu=self.read_cpu,
            judge_cpu=time.process_time() - started - self.read_cpu,
        )

    def _part(self, part: Part) -> FileNotes:
        started = time.process_time()
        notes = FileNotes(path=part.file.path, size=part.file.size, sha256=part.sha256, reader=part.reader)
        reader = self.readers.get(part.reader)
        large = streams(part, reader)
        try:
            data = b"" if large else _bytes_of(part, notes)
        except OSError as error:
            notes.refused = f"cannot be read: {error.strerror}"
            return notes
        reader = by_pieces(part, reader) if large and reader else self.readers.get(notes.reader)
        if reader is None or notes.refused:
            self.read_cpu += time.process_time() - started
            return notes
        notes.captured = _is_captured(reader, data)
        key = self._key(part, reader, notes)
        kept = self.cache.get(key + b"made")
        made = _decode_made(kept) if kept is not None else None
        self.read_cpu += time.process_time() - started
        verdicts = self.cache.get(key + b"judged") if made is not None else None
        if made is not None and verdicts is not None:
            self._take(made, _decode_judged(verdicts), notes)
            return notes
        started = time.process_time()
        records = list(_records(part, reader, data, notes, self.shop.params.trust))
        made = _make(records, notes)
        self.read_cpu += time.process_time() - started
        judged = self._judge(records, _locator(reader, data, part))
        if self.shop.cache:
            self.new[key + b"made"] = _encode(made)
            self.new[key + b"judged"] = _encode(judged)
        self._take(made, judged, notes)
        return notes

    def _key(self, part: Part, reader: Reader, notes: FileNotes) -> bytes:
        offset = part.slice.offset if part.slice else -1
        name = f"{reader.id} {reader.revision} {notes.sha256} {offset} {notes.path}"
        return hashlib.sha256(self.shop.fingerprint + name.encode("utf-8", "surrogateescape")).digest()

    def _judge(self, records: list[Record], locate: Locate) -> Judged:
        out = RunWriter()
        for record in records:
            self.judge.judge(record, out, locate)
        return Judged(pieces=out.pieces(), cited=sum(out.cited.values()))

    def _take(self, made: Made, judged: Judged, notes: FileNotes) -> None:
        """Add what was made of a file, now or in an earlier run, to the unit."""
        notes.documents = made.documents
        notes.problems = made.problems
        notes.more_problems = made.more_problems
        notes.objects.clear()
        notes.objects.update({(kind, understood): number for kind, understood, number in made.objects})
        if made.pods:
            self.pods.append(made.pods)
            self.entries.append(made.entries)
        if made.others:
            self.others.append(made.others)
        for subject in made.subjects:
            self.subjects.setdefault(subject.id, subject)
        self.out.extend(judged.pieces, {(notes.sha256, notes.path): judged.cited})


def _is_captured(reader: Reader, data: bytes) -> bool:
    """Whether objects were taken from a running cluster."""
    # the word is looked for first: the pattern alone is forty times slower
    return reader.record is None and b"resourceVersion" in data and _CAPTURED.search(data) is not None


def _make(records: list[Record], notes: FileNotes) -> Made:
    """What there is in a file, for the phases that follow."""
    subjects: dict[str, Subject] = {}
    for record in records:
        if isinstance(record, TypedList):
            notes.objects[(f"{record.item_kind}List", True)] += 1
            continue
        header = header_of(record)
        kind = header.kind if header is not None else _called(record)
        notes.objects[(kind, not isinstance(record, OtherObject))] += 1
        subject = subject_of(record)
        subjects.setdefault(subject.id, subject)
    pods = [record for record in records if isinstance(record, Pod)]
    others = [record for record in records if not isinstance(record, Pod)]
    return Made(
        documents=notes.documents,
        problems=notes.problems,
        more_problems=notes.more_problems,
        objects=[(kind, understood, number) for (kind, understood), number in notes.objects.items()],
        pods=encode(pods) if pods else b"",
        others=encode(others) if others else b"",
        entries=_encode([entry(pod) for pod in pods]) if pods else b"",
        subjects=list(subjects.values()),
    )


def _called(record: Record) -> str:
    """What a record that is no Kubernetes object is called in the evidence index."""
    return record.kind if isinstance(record, Settings) else CALLED[type(record)]


def _locator(reader: Reader, data: bytes, part: Part) -> Locate:
    """Finds source lines in the bytes at hand."""
    base = part.slice.offset if part.slice else 0

    def locate(origin: Origin, pointers: list[str]) -> list[int]:
        start = origin.offset - base
        return reader.locate(data[start : start + origin.length], origin.line, pointers)

    return locate


def _records(part: Part, reader: Reader, data: bytes, notes: FileNotes, trust: TrustPolicy) -> Iterator[Record]:
    """The records of a part; what cannot be read is noted."""
    pieces: Iterable[Slice | EvidenceError] = [part.slice] if part.slice else reader.split(io.BytesIO(data))
    for piece in pieces:
        if isinstance(piece, EvidenceError):
            notes.trouble(piece)
            continue
        notes.documents += piece.count
        start = 0 if part.slice else piece.offset
        for found in _guarded(reader, data[start : start + piece.length], piece, notes, trust):
            if isinstance(found, EvidenceError):
                notes.trouble(found)
            else:
                yield found


def _guarded(
    reader: Reader, data: bytes, piece: Slice, notes: FileNotes, trust: TrustPolicy
) -> Iterator[Record | EvidenceError]:
    """What a reader gives; should hostile bytes make it raise, that is trouble with this file alone."""
    try:
        for found in reader.read(data, piece, notes.path, notes.sha256):
            if isinstance(found, SignedDocument):
                yield from records_of(found, trust)
            else:
                yield found
    except Exception as error:  # a fault of ours on one file must not cost the verdicts on all others
        yield EvidenceError(
            f"our own reader failed here ({type(error).__name__}: {error}); report this",
            document=piece.document,
            line=piece.line,
        )


def _bytes_of(part: Part, notes: FileNotes) -> bytes:
    """The bytes of a part; for a whole file also its hash, size and reader."""
    member = part.file.archive
    handle = os.open(
        part.file.real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    )  # a pipe put there meanwhile must not hang us
    try:
        if part.slice is not None:
            piece = os.pread(handle, part.slice.length, part.file.offset + part.slice.offset)
            if Stamp.of(handle) != part.stamp or len(piece) != part.slice.length:
                notes.refused = CHANGED
            return piece
        before = Stamp.of(handle)
        data = os.pread(handle, WHOLE + 1 if member is None else part.file.size, part.file.offset)
        after = Stamp.of(handle)
    finally:
        os.close(handle)
    notes.size = len(data)
    notes.sha256 = hashlib.sha256(data).hexdigest()
    written = member is not None and (member != after or len(data) != part.file.size)
    if before != after or written or len(data) > WHOLE:
        notes.refused = CHANGED
        return b""
    reader = recognise(data[:HEAD])
    if reader is None:
        tell_unknown(data[:HEAD], part.file, notes)
    else:
        notes.reader = reader.id
    return data
