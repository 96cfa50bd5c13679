"""The reader of the API server's audit log: JSON lines or an EventList in; what admission decided of workloads out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence import splitting
from compliance.evidence.decisions.events import KINDS, Event, decisions
from compliance.evidence.json_documents import values
from compliance.evidence.lines import locate
from compliance.evidence.recognition import HEAD, Notation, is_audit, notation, outermost_keys, without_mark
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.reader import Reader, Record, Slice

#: A slice grows to about this many bytes.
_TARGET = 1024 * 1024
_CHUNK = 1024 * 1024
#: One event holds two copies of an object at most (etcd's limit is 1.5 MB each), and its annotations.
MAX_EVENT = 8 * 1024 * 1024
#: What every event that is kept holds; a word spelt with escapes is looked at all the same.
_CONCERNS = re.compile(rb'"verb"\s*:\s*"(?:create|update|patch)"')
_RESOURCES = re.compile(rb'"resource"\s*:\s*"(?:' + "|".join(KINDS).encode() + rb')"')
_decoder = msgspec.json.Decoder(Event)


def identify(head: bytes) -> bool:
    """Whether the first bytes are events of audit.k8s.io, one after another or in an EventList."""
    return notation(head) is Notation.JSON and is_audit(head)


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """Slices of whole events: of lines where each line is an event, else of the items of a list."""
    head = stream.read(HEAD)
    stream.seek(0)
    if _by_line(head) and b"items" not in outermost_keys(without_mark(head)):
        yield from _lines(stream)
    else:
        yield from splitting.split(stream)


def _lines(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """Runs of whole lines, each about _TARGET long; a line above the cap ends the reading with an error."""
    offset, line, number, rest = 0, 1, 0, b""
    while True:
        chunk = stream.read(_CHUNK)
        buffer = rest + chunk
        cut = buffer.rfind(b"\n") + 1 if chunk else len(buffer)
        endless = len(buffer) - cut > MAX_EVENT
        if cut and (cut >= _TARGET or endless or not chunk):
            count = buffer.count(b"\n", 0, cut)
            yield Slice(offset=offset, length=cut, line=line, document=number, item=None, count=max(count, 1))
            offset, line, number, buffer = offset + cut, line + count, number + count, buffer[cut:]
        if endless:
            yield EvidenceError(f"one line is longer than {MAX_EVENT:,} bytes; no audit event is", line=line)
        if endless or not chunk:
            return
        rest = buffer


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """Decisions of the events in a slice, in order; an EvidenceError for each event that cannot be read."""
    subject = Subject(id=f"audit-log/{path}", type=SubjectType.ADMISSION, name=path)
    if slice.item is not None and not slice.count:
        return  # the end of a typed list
    for number, (start, end, line) in enumerate(_events(data, slice)):
        piece = data[start:end]
        if not _may_concern(piece) and piece.rstrip().endswith(b"}"):
            continue
        in_list = slice.item is not None
        origin = Origin(
            path=path,
            sha256=sha256,
            document=slice.document if in_list or slice.document is None else slice.document + number,
            pointer=f"/items/{(slice.item or 0) + number}" if in_list else "",
            inner="",
            offset=slice.offset + start,
            length=end - start,
            line=line,
        )
        yield from _decided(piece, origin, subject)


def _may_concern(piece: bytes) -> bool:
    """False for an event that is surely none of a workload's making; most of a log is reading."""
    return b"\\u" in piece or (_CONCERNS.search(piece) is not None and _RESOURCES.search(piece) is not None)


def _events(data: bytes, slice: Slice) -> Iterator[tuple[int, int, int]]:
    """Start, end and line of each event."""
    line = slice.line
    if slice.item is None and _by_line(data):
        start = len(data) - len(without_mark(data)) if slice.offset == 0 else 0
        while start < len(data):
            end = data.find(b"\n", start)
            end = len(data) if end < 0 else end
            if data[start:end].strip():
                yield start, end, line
            start, line = end + 1, line + 1
        return
    counted = 0
    for start, end, _ in values(data):
        line += data.count(b"\n", counted, start)
        counted = start
        yield start, end, line


def _by_line(data: bytes) -> bool:
    """Whether each line is an event: of an indented one, the first line is a brace alone."""
    return without_mark(data).lstrip().partition(b"\n")[0].strip() != b"{"


def _decided(piece: bytes, origin: Origin, subject: Subject) -> Iterator[AdmissionDecision | EvidenceError]:
    if len(piece) > MAX_EVENT:
        yield _trouble(f"an event of {len(piece):,} bytes; none is longer than {MAX_EVENT:,}", origin)
        return
    try:
        event = _decoder.decode(piece)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        yield _trouble(f"not a readable audit event: {error}", origin)
        return
    yield from decisions(event, origin, subject)


def _trouble(message: str, origin: Origin) -> EvidenceError:
    return EvidenceError(
        message, path=origin.path, document=origin.document, pointer=origin.pointer, line=origin.line, kind="Event"
    )


READER = Reader(
    id="kubernetes-audit",
    title="Audit log of the API server, as JSON lines or an EventList",
    revision=1,
    evidence_kinds=("api-audit-log",),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=AdmissionDecision,
)
