"""The reader of XCCDF results and ARF: what OpenSCAP, SCC and others found in, one RuleReport for each run out.

Source: XCCDF 1.2 (NIST IR 7275 r4) and 1.1.4; Asset Reporting Format 1.1 (NIST IR 7694).
"""

from __future__ import annotations

import io
import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from isal import igzip_lib

from compliance.errors import EvidenceError
from compliance.evidence.image.inflating import Unpacking
from compliance.evidence.recognition import HEAD, without_mark
from compliance.evidence.rules.xccdf_parsing import PIECE, parse
from compliance.evidence.rules.xccdf_report import report_of
from compliance.model.evidence import Origin
from compliance.model.reader import Reader, Record, Slice
from compliance.model.rule_report import RuleReport

#: What errors and the evidence index call these documents.
KIND = "XCCDF result"
#: Largest document in bytes: an ARF carries its whole content, 34 MB of it for RHEL.
MAX_BYTES = 256 * 1024 * 1024
#: What may stand before the first element: declarations, comments and white space.
_BEFORE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*+)?>)*+", re.DOTALL)
_ROOT = re.compile(rb"<(?:[\w.-]{1,64}:)?(asset-report-collection|TestResult|Benchmark)\b([^>]*)")
_SPACES = (b"checklists.nist.gov/xccdf/1.", b"scap.nist.gov/schema/asset-reporting-format/1.")
_RESULT = re.compile(rb"<(?:[\w.-]{1,64}:)?rule-result[\s>/]")
_CHUNK = 1024 * 1024
_GZIP = b"\x1f\x8b"


def identify(head: bytes) -> bool:
    """Whether the first element is an ARF collection, an XCCDF test result, or an XCCDF benchmark; also gzipped."""
    text = without_mark(_gunzipped(head) if head.startswith(_GZIP) else head)
    if not text.lstrip().startswith(b"<"):
        return False
    before = _BEFORE.match(text)
    root = _ROOT.match(text, before.end() if before else 0)
    return root is not None and any(space in root[2] for space in _SPACES)


def _gunzipped(head: bytes) -> bytes:
    """The beginning of what a file that begins so holds."""
    try:
        return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP).decompress(head, HEAD)
    except igzip_lib.IsalError:  # type: ignore[misc]  # a class, which isal's stubs call a value
        return b""


class _Stream(io.RawIOBase):
    """Pieces as a stream."""

    def __init__(self, pieces: Iterator[bytes | memoryview]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # typeshed asks for Buffer, which 3.11 has no name for
        self._rest = self._rest or bytes(next(self._pieces, b""))
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _unpacked(pieces: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The pieces as they are, or what is gzipped in them: OpenSCAP's operators keep their ARF so."""
    first = next(pieces, b"")
    whole = chain((first,), pieces)
    if bytes(first[:2]) != _GZIP:
        return whole
    return iter(Unpacking(io.BufferedReader(_Stream(whole)), most=MAX_BYTES))


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """The whole file as one slice, or an EvidenceError when it is too large."""
    length = 0
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
    if length > MAX_BYTES:
        yield EvidenceError(
            f"{length:,} bytes, above the limit of {MAX_BYTES:,} for one ARF or XCCDF result", kind=KIND
        )
    else:
        yield Slice(offset=0, length=length, line=1, document=None, item=None, count=1)


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """One RuleReport for each test result, or an EvidenceError; another for results that name no rule."""
    view = memoryview(data)
    yield from stream((view[start : start + PIECE] for start in range(0, len(view), PIECE)), slice, path, sha256)


def stream(
    pieces: Iterator[bytes | memoryview], slice: Slice, path: str, sha256: str
) -> Iterator[Record | EvidenceError]:
    """What `read` gives, of a document that comes in pieces; none is held."""
    try:
        yield from reports(pieces, slice, path, sha256)
    except EvidenceError as error:
        error.path, error.kind = path, KIND
        yield error


def reports(pieces: Iterator[bytes | memoryview], slice: Slice, path: str, sha256: str) -> Iterator[RuleReport]:
    """One RuleReport for each test result of a document.

    Raises:
        EvidenceError: no well-formed XML, above a cap, without results, or with results that name no rule.
    """
    document = parse(_unpacked(pieces))
    if not document.tests:
        raise EvidenceError(_WITHOUT)
    for test in document.tests:
        pointer = "" if len(document.tests) == 1 else f"/TestResult/{test.number}"
        yield report_of(
            document,
            test,
            Origin(
                path=path,
                sha256=sha256,
                document=slice.document,
                pointer=pointer,
                inner="",
                offset=slice.offset,
                length=slice.length,
                line=slice.line,
            ),
        )
    if document.nameless:
        words = f"{document.nameless:,} rule-result elements have no idref: nobody can say which rules they are of"
        raise EvidenceError(words, line=document.nameless_line)


_WITHOUT = (
    "holds no test result: it says what is asked, not what was found; hand in what the tool wrote with --results or "
    "--results-arf, and name a benchmark itself under `catalogs` in compliance.yaml"
)


def locate(data: bytes, line: int, pointers: list[str]) -> list[int]:
    """The 1-based line of each `/rule-result/N`; that of the first byte for any other pointer."""
    wanted = sorted({number for pointer in pointers if (number := _number(pointer)) is not None})
    lines: dict[int, int] = {}
    if wanted:
        seen = at = 0
        for number, found in enumerate(_RESULT.finditer(data)):
            place = bisect_left(wanted, number)
            if place == len(wanted):
                break
            if wanted[place] == number:
                seen += data.count(b"\n", at, found.start())
                at = found.start()
                lines[number] = line + seen
    return [lines.get(number, line) if (number := _number(pointer)) is not None else line for pointer in pointers]


def _number(pointer: str) -> int | None:
    head, _, number = pointer.rpartition("/")
    return int(number) if head.endswith("/rule-result") and number.isdecimal() and len(number) < 10 else None


READER = Reader(
    id="xccdf",
    title="XCCDF results or ARF (OpenSCAP, SCC and others)",
    revision=1,
    evidence_kinds=("openscap-results",),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=RuleReport,
    largest=MAX_BYTES,
    stream=stream,
)
