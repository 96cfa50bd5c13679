"""Cuts a file of objects into slices that can be read by themselves, in one pass and bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from compliance.errors import EvidenceError
from compliance.evidence.json_documents import STRUCTURE
from compliance.evidence.recognition import HEAD, Notation, notation
from compliance.model.reader import Slice

#: A slice grows to about this many bytes before the next one begins.
TARGET = 1024 * 1024
_CHUNK = 1024 * 1024
#: A string or document longer than this is refused: etcd stores no object above 1.5 MB.
MAX_DOCUMENT = 64 * 1024 * 1024
#: Where one YAML document ends and the next begins.
DIVIDER = re.compile(rb"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
_DIVIDER_LENGTH = 4
_NOTHING = re.compile(rb"(?:\s|#[^\n]*(?:\n|\Z)|%[^\n]*(?:\n|\Z)|(?:---|\.\.\.)(?=\s|\Z))*+\Z")
#: Brackets open around an item of a List: the object's and the array's.
_ITEM_DEPTH = 2
_KEY = re.compile(rb'"([^"\\]*)"\s*:\s*\Z')
_HEADER = re.compile(rb'"(kind|apiVersion)"\s*:\s*"([^"\\]*)"')


#: The list of items of a List in block style, up to its first dash; what ends it at column 0, and below it.
_ITEMS = re.compile(rb"^items:[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?P<indent> *)- ", re.MULTILINE)
_AFTER_ITEMS = re.compile(rb"^[^\s#-]", re.MULTILINE)
_OUTDENT = re.compile(rb"^[^\s#]", re.MULTILINE)
_ANCHOR = re.compile(rb"(?:^|[\s\[{,])[&*][^\s&]")


def is_empty(document: bytes) -> bool:
    """Whether a YAML document holds nothing but blanks, comments and dividers."""
    return _NOTHING.match(document.removeprefix(b"\xef\xbb\xbf")) is not None


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """Slices of whole documents or items of a List, in order; ends in an EvidenceError where the thread is lost."""
    head = stream.read(HEAD)
    match notation(head):
        case Notation.UTF16:
            yield EvidenceError("written in UTF-16; convert it to UTF-8: iconv -f UTF-16 -t UTF-8", line=1)
        case Notation.JSON:
            yield from _JsonSplitter(stream, head).run()
        case Notation.YAML:
            yield from _split_yaml(stream, head)


def _split_yaml(stream: BinaryIO, head: bytes) -> Iterator[Slice | EvidenceError]:
    first: Slice | None = None
    number = 0
    for offset, line, text in _yaml_groups(stream, head):
        if isinstance(text, EvidenceError):
            yield from (first,) if first else ()
            yield text
            return
        count = sum(1 for _ in yaml_documents(text))
        if not count:
            continue
        made = Slice(offset=offset, length=len(text), line=line, document=number, item=None, count=count)
        if number == 0 and count == 1:
            first = made  # alone in its file, perhaps
        else:
            if first:
                yield first
                first = None
            yield made
        number += count
    if first:
        yield first if number > 1 else replace(first, document=None)


def _yaml_groups(stream: BinaryIO, head: bytes) -> Iterator[tuple[int, int, bytes | EvidenceError]]:
    """Offset, line and bytes of runs of whole documents, each about TARGET long."""
    buffer, offset, line = head, 0, 1
    searched = TARGET
    while True:
        chunk = stream.read(_CHUNK)
        buffer += chunk
        while len(buffer) > searched:
            cut = _last_divider(buffer, searched - TARGET, final=not chunk)
            if cut is None:
                searched = len(buffer) + TARGET - _DIVIDER_LENGTH
                break
            yield offset, line, buffer[:cut]
            line += buffer.count(b"\n", 0, cut)
            offset += cut
            buffer = buffer[cut:]
            searched = TARGET
        if not chunk:
            break
        if len(buffer) > MAX_DOCUMENT:
            limit = f"one document is longer than {MAX_DOCUMENT:,} bytes"
            yield offset, line, EvidenceError(f"{limit}; split the file", line=line)
            return
    yield offset, line, buffer


def _last_divider(buffer: bytes, start: int, *, final: bool) -> int | None:
    """The first place at or after TARGET where a document begins, or None; at the very end a divider may be cut."""
    for found in DIVIDER.finditer(buffer, max(start, TARGET)):
        if buffer[found.start()] == ord("-") and (final or found.end() < len(buffer)):
            return found.start()
    return None


def yaml_documents(data: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each YAML document that holds anything, in order; a start may be at its `---`."""
    start = 0
    for found in DIVIDER.finditer(data):
        if not is_empty(data[start : found.start()]):
            yield start, found.start()
        start = found.start() if found[0] == b"---" else found.end()
    if not is_empty(data[start:]):
        yield start, len(data)


def list_items(document: bytes, count: int) -> list[tuple[int, int]] | None:
    """Start and end of each item of a List in block style; None when they cannot be told apart by their dashes.

    An anchor may tie items together, so a document with one is never cut.
    """
    head = _ITEMS.search(document)
    if head is None or _ANCHOR.search(document):
        return None
    dash = re.compile(rb"^" + head["indent"] + rb"- ", re.MULTILINE)
    end = _AFTER_ITEMS.search(document, head.end()) if not head["indent"] else _OUTDENT.search(document, head.end())
    last = end.start() if end else len(document)
    starts = [found.start() for found in dash.finditer(document, head.start("indent"), last)]
    if len(starts) != count:
        return None
    return list(zip(starts, [*starts[1:], last], strict=True))


@dataclass(slots=True)
class _Group:
    """Items or documents gathered for the next slice."""

    start: int = 0
    end: int = 0
    line: int = 1
    count: int = 0


class _JsonSplitter:
    """Walks the braces of a JSON text in chunks; knows the outermost keys, decodes nothing."""

    def __init__(self, stream: BinaryIO, head: bytes) -> None:
        self.stream = stream
        self.buffer = head.removeprefix(b"\xef\xbb\xbf")
        self.base = len(head) - len(self.buffer)
        self.position = 0
        self.depth = 0
        self.line, self.counted = 1, self.base
        self.kind, self.api_version = "", ""
        self.root, self.root_line = 0, 1
        self.items_at: int | None = None
        self.in_items = False
        self.item = 0
        self.documents = 0
        self.group = _Group()
        self.alone: Slice | None = None
        self.ended = False

    def run(self) -> Iterator[Slice | EvidenceError]:
        """The slices, and an error where the text ends inside an object."""
        while True:
            found = STRUCTURE.match(self.buffer, self.position)
            if found is None:
                if self._more():
                    continue
                break
            segment = self.buffer[self.position : found.start(1)]
            at = self.base + found.start(1)
            brace = self.buffer[found.start(1)]
            if problem := self._stray(segment):
                yield from self._flush()
                yield from (self.alone,) if self.alone else ()
                yield problem
                return
            self.position = found.end()
            if brace in b"{[":
                yield from self._open(segment, at, brace)
            else:
                yield from self._close(segment, at + 1)
        yield from self._end()

    def _more(self) -> bool:
        """Read on, dropping what was walked; false at the end of the file, or where a string never ends."""
        if self.ended:
            return False
        self._count(self.base + self.position)
        self.buffer = self.buffer[self.position :]
        self.base += self.position
        self.position = 0
        # what is left is one unfinished string: doubling keeps a long one linear
        chunk = self.stream.read(max(_CHUNK, len(self.buffer)))
        self.ended = not chunk or len(self.buffer) > MAX_DOCUMENT
        self.buffer += chunk
        return not self.ended

    def _count(self, to: int) -> int:
        """The line at an offset at or after the last one asked for."""
        if to > self.counted:
            self.line += self.buffer.count(b"\n", self.counted - self.base, to - self.base)
            self.counted = to
        return self.line

    def _stray(self, segment: bytes) -> EvidenceError | None:
        """Between documents and between items nothing but blanks and commas may stand."""
        between = self.depth == 0 or (self.in_items and self.depth == _ITEM_DEPTH)
        if between and segment.strip(b" \t\r\n,"):
            line = self._count(self.base + self.position)
            return EvidenceError("not valid JSON: text between two objects", line=line)
        return None

    def _open(self, segment: bytes, at: int, brace: int) -> Iterator[Slice]:
        if self.depth == 0:
            self.root, self.root_line = at, self._count(at)
            self.kind, self.api_version, self.items_at = "", "", None
        elif self.depth == 1:
            self._note(segment)
            key = _KEY.search(segment)
            if key and key[1] == b"items" and brace == ord("[") and (not self.kind or self.kind.endswith("List")):
                yield from self._flush()
                self.items_at, self.item, self.in_items = at, 0, True
        elif self.depth == _ITEM_DEPTH and self.in_items and not self.group.count:
            self.group.start, self.group.line = at, self._count(at)
        self.depth += 1

    def _note(self, segment: bytes) -> None:
        for name, value in _HEADER.findall(segment):
            if name == b"kind":
                self.kind = value.decode("utf-8", "replace")
            else:
                self.api_version = value.decode("utf-8", "replace")

    def _close(self, segment: bytes, end: int) -> Iterator[Slice]:
        if self.depth == 0:
            return  # a stray closing bracket: the documents on both sides are read, what is between is not
        self.depth -= 1
        if self.in_items and self.depth == _ITEM_DEPTH:
            yield from self._gather(end)
        elif self.in_items and self.depth == 1:
            self.in_items = False
        elif self.depth == 0:
            self._note(segment)
            if self.items_at is not None:
                yield from self._close_list()
                return
            if not self.group.count:
                self.group.start, self.group.line = self.root, self.root_line
            yield from self._gather(end)

    def _gather(self, end: int) -> Iterator[Slice]:
        self.group.end = end
        self.group.count += 1
        if end - self.group.start >= TARGET:
            yield from self._flush()

    def _close_list(self) -> Iterator[Slice]:
        """The last items, and the end of a typed list, which says how many there were."""
        assert self.items_at is not None  # noqa: S101 - asked only of lists
        yield from self._flush()
        if self._item_kind:
            yield Slice(
                offset=self.root,
                length=self.items_at + 1 - self.root,
                line=self.root_line,
                document=self.documents or None,
                item=self.item,
                count=0,
                item_kind=self._item_kind,
                item_api_version=self.api_version,
            )
        self.documents += 1
        self.items_at = None

    @property
    def _item_kind(self) -> str:
        return self.kind.removesuffix("List") if self.kind.endswith("List") else ""

    def _flush(self) -> Iterator[Slice]:
        """The gathered items or documents as a slice; the first document is held back: it may be alone."""
        group, self.group = self.group, _Group()
        if not group.count:
            return
        made = Slice(
            offset=group.start,
            length=group.end - group.start,
            line=group.line,
            document=self.documents,
            item=None,
            count=group.count,
        )
        if self.items_at is not None:
            yield replace(
                made,
                document=self.documents or None,
                item=self.item,
                item_kind=self._item_kind,
                item_api_version=self.api_version if self._item_kind else "",
            )
            self.item += group.count
            return
        self.documents += group.count
        if self.documents == 1:
            self.alone = made
            return
        if self.alone:
            yield self.alone
            self.alone = None
        yield made

    def _end(self) -> Iterator[Slice | EvidenceError]:
        yield from self._flush()
        rest = self.buffer[self.position :]
        whole = self.depth == 0 and not rest.strip()
        if self.alone:
            yield replace(self.alone, document=None) if self.documents == 1 and whole else self.alone
        if self.depth:
            line = self._count(self.base + len(self.buffer))
            yield EvidenceError("the file ends inside an object; it was cut short, so hand it in whole", line=line)
        elif rest.strip():
            line = self._count(self.base + self.position)
            yield EvidenceError("not valid JSON: text after the last object", line=line)
