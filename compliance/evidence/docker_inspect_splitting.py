"""Cuts what `docker inspect` prints into slices of whole entries, in one pass and bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.json_documents import STRUCTURE
from compliance.model.reader import Slice

#: A slice grows to about this many bytes before the next one begins.
TARGET = 1024 * 1024
#: One container is a few kilobytes; an entry longer than this is refused.
MAX_ENTRY = 4 * 1024 * 1024
#: How a file begins that some shells write: UTF-8 and UTF-16 with a byte-order mark.
MARK = b"\xef\xbb\xbf"
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CHUNK = 1024 * 1024


class _Entry(NamedTuple):
    """Where an object of the file stands; `item` is its number in an array, None outside one."""

    start: int
    end: int
    line: int
    document: int
    item: int | None


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """Slices of whole entries, in order; ends in an EvidenceError where the thread is lost."""
    group: list[_Entry] = []
    first = True
    for found in _Walk(stream).entries():
        if isinstance(found, EvidenceError):
            yield from (_slice(group, alone=False),) if group else ()
            yield found
            return
        together = group and group[0].document == found.document if found.item is not None else True
        if group and (group[-1].end - group[0].start >= TARGET or not together or _apart(group[0], found)):
            yield _slice(group, alone=False)
            first, group = False, []
        group.append(found)
    if group:
        yield _slice(group, alone=first and len(group) == 1)


def _apart(one: _Entry, other: _Entry) -> bool:
    return (one.item is None) != (other.item is None)


def _slice(group: Sequence[_Entry], *, alone: bool) -> Slice:
    begin = group[0]
    number: int | None = None if alone else begin.document
    return Slice(
        offset=begin.start,
        length=group[-1].end - begin.start,
        line=begin.line,
        document=number if begin.item is None else number or None,
        item=begin.item,
        count=len(group),
    )


class _Walk:
    """Walks the braces of a JSON text in chunks; decodes nothing and holds no more than one unfinished string."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.buffer = stream.read(_CHUNK)
        self.base = self.position = 0
        self.line, self.counted = 1, 0
        self.ended = False

    def entries(self) -> Iterator[_Entry | EvidenceError]:
        """Each object of the file or of an array in it; an error where the text is none, or ends too early."""
        if self.buffer[:2] in WIDE_MARKS:
            yield EvidenceError("written in UTF-16; convert it to UTF-8: iconv -f UTF-16 -t UTF-8", line=1)
            return
        if self.buffer.startswith(MARK):
            self.position = len(MARK)
        depth, entry_depth, start, line, document, item = 0, 0, 0, 1, 0, 0
        while (brace := self._next()) is not None:
            at, sign, between = brace
            if depth <= entry_depth and between.strip(b" \t\r\n,"):
                yield EvidenceError("not valid JSON: text between two containers", line=self._line_at(at))
                return
            if sign in b"{[":
                if depth == 0 and sign == b"[":
                    entry_depth, item = 1, 0
                elif depth == entry_depth:
                    start, line = at, self._line_at(at)
                depth += 1
                continue
            depth -= 1
            if depth < 0:
                yield EvidenceError("not valid JSON: a bracket closes what was never opened", line=self._line_at(at))
                return
            if depth == entry_depth and (entry_depth or sign == b"}"):
                yield _Entry(start, at + 1, line, document, item if entry_depth else None)
                item += 1
            if depth == 0:
                entry_depth, document = 0, document + 1
        yield from self._rest(depth)

    def _rest(self, depth: int) -> Iterator[EvidenceError]:
        line = self._line_at(self.base + self.position)
        if depth:
            yield EvidenceError(
                f"the file ends inside a container, or a text in it is above {MAX_ENTRY:,} bytes; hand it in whole",
                line=line,
            )
        elif self.buffer[self.position :].strip():
            yield EvidenceError("not valid JSON: text after the last container", line=line)

    def _next(self) -> tuple[int, bytes, bytes] | None:
        """Offset and sign of the next brace outside strings, and the bytes before it; None at the end."""
        while (found := STRUCTURE.match(self.buffer, self.position)) is None:
            if not self._more():
                return None
        between = self.buffer[self.position : found.start(1)]
        self.position = found.end()
        return self.base + found.start(1), found[1], between

    def _more(self) -> bool:
        if self.ended:
            return False
        self._line_at(self.base + self.position)
        self.buffer = self.buffer[self.position :]
        self.base += self.position
        self.position = 0
        chunk = self.stream.read(max(_CHUNK, len(self.buffer)))  # doubling keeps one long string linear
        self.ended = not chunk or len(self.buffer) > MAX_ENTRY
        self.buffer += chunk
        return not self.ended

    def _line_at(self, offset: int) -> int:
        if offset > self.counted:
            self.line += self.buffer.count(b"\n", self.counted - self.base, offset - self.base)
            self.counted = offset
        return self.line
