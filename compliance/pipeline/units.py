"""Files in, units of work out: small files batched, large ones hashed, recognised and cut in one streaming pass."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from compliance.errors import EvidenceError
from compliance.evidence.unrecognised import describe
from compliance.model.reader import Reader, Slice
from compliance.pipeline.files import InputFile, Stamp
from compliance.pipeline.observing import short_pointer
from compliance.pipeline.registered import readers
from compliance.rendering.text import cut

#: How much of a file a reader may look at to know its own.
HEAD = 64 * 1024
#: Files up to this size are read whole by one worker; larger ones are cut into slices first.
WHOLE = 1024 * 1024
#: A unit of work holds about this many bytes: large enough to be worth a message, small enough to balance.
UNIT = 768 * 1024
#: A single document larger than this is refused: no Kubernetes object comes near (etcd's limit is 1.5 MB).
MAX_DOCUMENT = 64 * 1024 * 1024
#: Problems kept for one file; the count of all is told.
MAX_PROBLEMS = 50
#: Characters kept of what is said of one problem: keys and values of the evidence stand in it.
MESSAGE_KEPT = 1000
#: What is said of a file that is not the same before and after it was read.
CHANGED = "changed while it was read; hand in a file that nobody writes to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file to read whole, or (when `slice` is set) a piece of a large one already hashed and recognised.

    `stamp` is that of the large file when it was hashed.
    """

    file: InputFile
    slice: Slice | None = None
    sha256: str = ""
    reader: str = ""
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    number: int
    parts: tuple[Part, ...]


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
    """What was learned of one file; slices of a large one are added up. `reader` is empty when nobody knows it.

    `captured` says that it was taken from a running cluster, which fills in what no author writes.
    """

    path: str
    sha256: str = ""
    size: int = 0
    reader: str = ""
    refused: str = ""
    guess: str = ""
    captured: bool = False
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
                message=cut(error.message, MESSAGE_KEPT),
                document=error.document,
                pointer=short_pointer(error.pointer),
                line=error.line,
                kind=error.kind[:MESSAGE_KEPT],
            )
        )

    def add(self, other: FileNotes) -> None:
        """Join what another slice of the same file gave."""
        self.refused = self.refused or other.refused
        self.captured |= other.captured
        self.documents += other.documents
        self.objects.update(other.objects)
        room = MAX_PROBLEMS - len(self.problems)
        self.problems.extend(other.problems[:room])
        self.more_problems += other.more_problems + len(other.problems[room:])


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
    """The next `size` bytes of a stream (None: all that are left); what is read is hashed."""

    def __init__(self, stream: BinaryIO, size: int | None) -> None:
        self._stream = stream
        self._left = size
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # typeshed asks for Buffer, which 3.11 has no name for
        data = self._stream.read(len(view) if self._left is None else min(self._left, len(view)))
        if self._left is not None:
            self._left -= len(data)
        view[: len(data)] = data
        self.digest.update(data)
        return len(data)


def _large(file: InputFile) -> Iterator[Part | FileNotes]:
    notes = FileNotes(path=file.path, size=file.size)
    slices: list[Slice] = []
    before: Stamp | None = None
    try:
        with Path(file.real).open("rb") as stream:
            before = Stamp.of(stream.fileno())
            stream.seek(file.offset)
            head = stream.read(HEAD)
            stream.seek(file.offset)
            reader = recognise(head)
            hashing = _Hashing(stream, file.size if file.archive is not None else None)
            buffered = io.BufferedReader(hashing, 1024 * 1024)
            if reader is None:
                tell_unknown(head, file, notes)
            else:
                notes.reader = reader.id
                for found in reader.split(buffered):
                    if isinstance(found, EvidenceError):
                        notes.trouble(found)
                    elif found.length > (limit := reader.largest or MAX_DOCUMENT):
                        notes.trouble(_too_large(found, limit))
                    else:
                        slices.append(found)
            while buffered.read(1024 * 1024):
                pass
            notes.sha256 = hashing.digest.hexdigest()
            if Stamp.of(stream.fileno()) != before or file.archive not in (None, before):
                notes.refused, slices = CHANGED, []
    except OSError as error:
        notes.refused = f"cannot be read: {error.strerror}"
        slices = []
    yield notes
    for piece in slices:
        yield Part(file=file, slice=piece, sha256=notes.sha256, reader=notes.reader, stamp=before)


def tell_unknown(head: bytes, file: InputFile, notes: FileNotes) -> None:
    """Say what a file that no reader knows seems to be; one that lost its end is refused."""
    if head[257:262] != b"ustar":
        notes.guess = describe(head, file.path)
    elif file.archive is not None:
        notes.guess = "looks like an archive in an archive, which is not looked into; hand it in by itself"
    else:
        notes.refused = "is a tar archive that is cut short or damaged; make it again"


def _too_large(piece: Slice, limit: int) -> EvidenceError:
    return EvidenceError(
        f"one document is {piece.length:,} bytes long, above the limit of {limit:,}; split the file",
        document=piece.document,
        line=piece.line,
    )


def recognise(head: bytes) -> Reader | None:
    """The one reader that knows these first bytes, or None."""
    known = [reader for reader in readers().values() if reader.identify(head)]
    return known[0] if len(known) == 1 else None
