"""The first phase, in units of work: files in, records on disk, observations of single records, notes on each file."""

from __future__ import annotations

import gc
import hashlib
import io
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.records import decode, encode
from compliance.evidence.unrecognised import describe
from compliance.model.cluster import OtherObject, TypedList, WorkloadEntry
from compliance.model.cluster_index import entry
from compliance.model.configuration import Parameters
from compliance.model.evidence import Origin, Subject
from compliance.model.reader import Reader, Record, Slice
from compliance.model.workload import Pod
from compliance.pipeline.caching import Cache
from compliance.pipeline.files import InputFile
from compliance.pipeline.judging import Judge, header_of
from compliance.pipeline.observing import Run, RunWriter
from compliance.pipeline.registered import checks, readers

#: How much of a file a reader may look at to know its own.
HEAD = 64 * 1024
#: Files up to this size are read whole by one worker; larger ones are cut into slices first.
WHOLE = 8 * 1024 * 1024
#: A unit of work holds about this many bytes: large enough to be worth a message, small enough to balance.
UNIT = 768 * 1024
#: A single document larger than this is refused: no Kubernetes object comes near (etcd's limit is 1.5 MB).
MAX_DOCUMENT = 64 * 1024 * 1024
#: Problems kept for one file; the count of all is told.
MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file to read whole, or (when `slice` is set) a piece of a large one already hashed and recognised."""

    file: InputFile
    slice: Slice | None = None
    sha256: str = ""
    reader: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    number: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What every worker needs: where to put things, and by which values to judge."""

    folder: str
    cache: str | None
    fingerprint: bytes
    params: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A document that could not be read, in words; `kind` is empty when even that is unknown."""

    message: str
    document: int | None
    pointer: str
    line: int | None
    kind: str


@dataclass(slots=True, kw_only=True)
class FileNotes:
    """What was learned of one file; slices of a large one are added up. `reader` is empty when nobody knows it."""

    path: str
    sha256: str = ""
    size: int = 0
    reader: str = ""
    refused: str = ""
    guess: str = ""
    documents: int = 0
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0
    objects: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def trouble(self, error: EvidenceError) -> None:
        """Note a document that cannot be read."""
        if len(self.problems) >= MAX_PROBLEMS:
            self.more_problems += 1
            return
        self.problems.append(
            Problem(
                message=error.message,
                document=error.document,
                pointer=error.pointer,
                line=error.line,
                kind=error.kind,
            )
        )

    def add(self, other: FileNotes) -> None:
        """Join what another slice of the same file gave."""
        self.documents += other.documents
        self.objects.update(other.objects)
        room = MAX_PROBLEMS - len(self.problems)
        self.problems.extend(other.problems[:room])
        self.more_problems += other.more_problems + len(other.problems[room:])


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitResult:
    """What came of a unit. `pods` is the file of its Pod records (None: it has none), `others` the encoded rest."""

    number: int
    notes: tuple[FileNotes, ...]
    run: Run
    pods: str | None
    others: bytes
    entries: tuple[WorkloadEntry, ...]
    subjects: tuple[Subject, ...]
    read_cpu: float
    judge_cpu: float


class Kept(msgspec.Struct):
    """A cache entry: what a reader made of one file or slice."""

    records: bytes
    documents: int
    problems: list[Problem]


_encode_kept = msgspec.msgpack.Encoder().encode
_decode_kept = msgspec.msgpack.Decoder(Kept).decode


def plan(files: Iterable[InputFile]) -> Iterator[Unit | FileNotes]:
    """Units of work in order; notes for files that give none because they may not be opened.

    Large files are hashed, recognised and cut here, in one streaming pass.
    """
    number = 0
    batch: list[Part] = []
    size = 0
    for file in files:
        if file.refused:
            yield FileNotes(path=file.path, size=file.size, refused=file.refused)
            continue
        if file.size > WHOLE:
            for found in _large(file):
                if isinstance(found, FileNotes):
                    yield found
                else:
                    yield Unit(number=number, parts=(found,))
                    number += 1
            continue
        if batch and size + file.size > UNIT:
            yield Unit(number=number, parts=tuple(batch))
            number, batch, size = number + 1, [], 0
        batch.append(Part(file=file))
        size += file.size + 4096
    if batch:
        yield Unit(number=number, parts=tuple(batch))


class _Hashing(io.RawIOBase):
    """A stream that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # typeshed asks for Buffer, which 3.11 has no name for
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self.digest.update(data)
        return len(data)


def _large(file: InputFile) -> Iterator[Part | FileNotes]:
    notes = FileNotes(path=file.path, size=file.size)
    slices: list[Slice] = []
    try:
        with Path(file.real).open("rb") as stream:
            head = stream.read(HEAD)
            stream.seek(0)
            reader = recognise(head)
            hashing = _Hashing(stream)
            buffered = io.BufferedReader(hashing, 1024 * 1024)
            if reader is None:
                notes.guess = describe(head, file.path)
            else:
                notes.reader = reader.id
                for found in reader.split(buffered):
                    if isinstance(found, EvidenceError):
                        notes.trouble(found)
                    elif found.length > MAX_DOCUMENT:
                        notes.trouble(_too_large(found))
                    else:
                        slices.append(found)
            while buffered.read(1024 * 1024):
                pass
            notes.sha256 = hashing.digest.hexdigest()
    except OSError as error:
        notes.refused = f"cannot be read: {error.strerror}"
        slices = []
    yield notes
    for piece in slices:
        yield Part(file=file, slice=piece, sha256=notes.sha256, reader=notes.reader)


def _too_large(piece: Slice) -> EvidenceError:
    return EvidenceError(
        f"one document is {piece.length:,} bytes long, above the limit of {MAX_DOCUMENT:,}; split the file",
        document=piece.document,
        line=piece.line,
    )


def recognise(head: bytes) -> Reader | None:
    """The one reader that knows these first bytes, or None."""
    known = [reader for reader in readers().values() if reader.identify(head)]
    return known[0] if len(known) == 1 else None


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
        self.judge = Judge(checks(), shop.params, None)
        self.out = RunWriter()
        self.pods: list[Record] = []
        self.others: list[Record] = []
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
            Path(pods).write_bytes(encode(self.pods))
        return UnitResult(
            number=unit.number,
            notes=notes,
            run=self.out.write(folder / f"run-{unit.number}"),
            pods=pods,
            others=encode(self.others),
            entries=tuple(entry(pod) for pod in self.pods if isinstance(pod, Pod)),
            subjects=tuple(self.subjects.values()),
            read_cpu=self.read_cpu,
            judge_cpu=time.process_time() - started - self.read_cpu,
        )

    def _part(self, part: Part) -> FileNotes:
        started = time.process_time()
        notes = FileNotes(path=part.file.path, size=part.file.size, sha256=part.sha256, reader=part.reader)
        base = part.slice.offset if part.slice else 0
        records: list[Record] = []
        try:
            data = _bytes_of(part, notes)
        except OSError as error:
            notes.refused = f"cannot be read: {error.strerror}"
            return notes
        reader = readers().get(notes.reader)
        if reader is not None:
            records = self._records(part, reader, data, notes)
        self.read_cpu += time.process_time() - started

        def locate(origin: Origin, pointers: list[str]) -> list[int] | None:
            start = origin.offset - base
            assert reader is not None  # noqa: S101 - records exist only where a reader made them
            return reader.locate(data[start : start + origin.length], origin.line, pointers)

        for record in records:
            self._take(record, notes)
            subject = self.judge.judge(record, self.out, locate)
            if subject is not None:
                self.subjects.setdefault(subject.id, subject)
        return notes

    def _take(self, record: Record, notes: FileNotes) -> None:
        if isinstance(record, TypedList):
            notes.objects[(f"{record.item_kind}List", True)] += 1
            self.others.append(record)
            return
        header = header_of(record)
        if header is not None:
            notes.objects[(header.kind, not isinstance(record, OtherObject))] += 1
            self.subjects.setdefault(header.subject.id, header.subject)
        (self.pods if isinstance(record, Pod) else self.others).append(record)

    def _records(self, part: Part, reader: Reader, data: bytes, notes: FileNotes) -> list[Record]:
        offset = part.slice.offset if part.slice else -1
        name = f"{reader.id} {reader.revision} {notes.sha256} {offset} {notes.path}"
        key = hashlib.sha256(self.shop.fingerprint + name.encode("utf-8", "surrogateescape")).digest()
        kept = self.cache.get(key)
        if kept is not None:
            known = _decode_kept(kept)
            notes.documents += known.documents
            notes.problems.extend(known.problems)
            return decode(known.records)
        records: list[Record] = []
        before = len(notes.problems)
        pieces: Iterable[Slice | EvidenceError] = [part.slice] if part.slice else reader.split(io.BytesIO(data))
        for piece in pieces:
            if isinstance(piece, EvidenceError):
                notes.trouble(piece)
                continue
            notes.documents += piece.count
            start = 0 if part.slice else piece.offset
            for found in _guarded(reader, data[start : start + piece.length], piece, notes):
                if isinstance(found, EvidenceError):
                    notes.trouble(found)
                else:
                    records.append(found)
        if not notes.more_problems:
            value = Kept(records=encode(records), documents=notes.documents, problems=notes.problems[before:])
            self.new[key] = _encode_kept(value)
        return records


def _guarded(reader: Reader, data: bytes, piece: Slice, notes: FileNotes) -> Iterator[Record | EvidenceError]:
    """What a reader gives; should hostile bytes make it raise, that is trouble with this file alone."""
    try:
        yield from reader.read(data, piece, notes.path, notes.sha256)
    except Exception as error:  # a fault of ours on one file must not cost the verdicts on all others
        yield EvidenceError(
            f"our own reader failed here ({type(error).__name__}: {error}); report this",
            document=piece.document,
            line=piece.line,
        )


def _bytes_of(part: Part, notes: FileNotes) -> bytes:
    """The bytes of a part; for a whole file also its hash, size and reader."""
    with Path(part.file.real).open("rb") as stream:
        if part.slice is not None:
            return os.pread(stream.fileno(), part.slice.length, part.slice.offset)
        before = os.fstat(stream.fileno())
        data = stream.read(WHOLE + 1)
        after = os.fstat(stream.fileno())
    notes.size = len(data)
    notes.sha256 = hashlib.sha256(data).hexdigest()
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or len(data) > WHOLE:
        notes.refused = "changed while it was read; hand in a file that nobody writes to"
        return b""
    reader = recognise(data[:HEAD])
    if reader is None:
        notes.guess = describe(data[:HEAD], part.file.path)
    else:
        notes.reader = reader.id
    return data
