"""Text about a host, one thing a line: what it is, which host it is of, and its lines, escapes resolved.

The first line of each format of ours is `# compliance NAME 1`, or `# compliance NAME 1 host=HOST`; lines that begin
with `#` say something of the whole, and `# end` ends what was written to its end. In a field, `\\\\` is a backslash,
`\\n` a line feed, `\\040` (three octal digits) any byte; so no name or argument can begin a line or a field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.printing import printable
from compliance.evidence.recognition import without_mark
from compliance.model.evidence import Origin, Subject
from compliance.model.host import HostRecord, host_of, host_subject
from compliance.model.reader import Reader, Slice

#: Largest text in bytes: a listing of 200,000 files takes 20 MB.
MAX_SIZE = 32 * 1024 * 1024
#: Lines of one text.
MAX_LINES = 300_000
#: Bytes of one line. Linux takes 4,096 bytes of a path, and 128 KiB of one argument.
MAX_LINE = 256 * 1024
#: What errors call such a file.
KIND = "host listing"
_CHUNK = 1024 * 1024
_FIRST = re.compile(rb"# compliance ([a-z-]{1,40}) 1(?: host=([A-Za-z0-9][A-Za-z0-9._-]{0,252}))?[ \t]*\r?(?:\n|$)")
_ESCAPE = re.compile(rb"\\(?:(\\)|(n)|(E)|([0-7]{3})|x([0-9a-fA-F]{2}))")
_SHOWN = 80
#: Lines told that are none of the format.
_TOLD = 5


class Line(NamedTuple):
    """A line without its end; `at` is its pointer, `/N` from 0."""

    text: bytes
    at: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text: its lines, and `notes`, what stands behind `# ` on lines of their own.

    `ours` is false without our header, `ended` says that its last line is `# end`.
    """

    origin: Origin
    subject: Subject
    host: str | None
    lines: tuple[Line, ...]
    notes: tuple[Line, ...]
    ours: bool
    ended: bool


class Unparsed:
    """Lines that are none of the format: each is a line of which nobody knows what it says."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._first: list[Line] = []
        self.count = 0

    def add(self, line: Line) -> None:
        """Note one."""
        self.count += 1
        if self.count <= _TOLD:
            self._first.append(line)

    def errors(self) -> Iterator[EvidenceError]:
        """One for each of the first, and one for the rest."""
        for line in self._first:
            yield trouble(f"is no line of {self._what}: {shown(line.text)}", line)
        if self.count > _TOLD:
            yield EvidenceError(f"{self.count - _TOLD:,} more lines are none of {self._what}", kind=KIND)


Records = Callable[[Text], Iterator[HostRecord | EvidenceError]]


def reader(
    name: str,
    title: str,
    kind: str,
    record: type,
    records: Records,
    *,
    plain: Callable[[bytes], bool] | None = None,
    redact: Callable[[Sequence[str]], tuple[str, ...]] | None = None,
) -> Reader:
    """The reader of one format; `plain` knows the first bytes of a form of it that has no header of ours."""

    def identify(head: bytes) -> bool:
        found = _FIRST.match(without_mark(head))
        if found is not None:
            return found[1].decode() == name
        return plain is not None and b"\0" not in head and not head.startswith(b"#") and plain(head)

    def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[HostRecord | EvidenceError]:
        try:
            yield from records(_text(data, slice, path, sha256))
        except EvidenceError as error:
            error.kind = KIND
            yield error

    return Reader(
        id=f"host-{name}",
        title=title,
        revision=1,
        evidence_kinds=(kind,),
        identify=identify,
        split=split,
        read=read,
        locate=locate,
        record=record,
        redact=redact,
    )


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """The whole file as one slice, or an EvidenceError when it is too large."""
    length = 0
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
    if length > MAX_SIZE:
        yield EvidenceError(f"{length:,} bytes, above the limit of {MAX_SIZE:,} for one {KIND}", kind=KIND)
    else:
        yield Slice(offset=0, length=length, line=1, document=None, item=None, count=1)


def locate(data: bytes, line: int, pointers: list[str]) -> list[int]:  # noqa: ARG001 - what every reader takes
    """The 1-based line of each pointer `/N`; the first line for any other."""
    return [line + int(pointer[1:]) if pointer[1:].isdecimal() else line for pointer in pointers]


def _text(data: bytes, slice: Slice, path: str, sha256: str) -> Text:
    data = without_mark(data)
    rows = data.split(b"\n")
    if len(rows) > MAX_LINES:
        raise EvidenceError(f"{len(rows):,} lines, above the limit of {MAX_LINES:,} for one {KIND}")
    if any(len(row) > MAX_LINE for row in rows):
        raise EvidenceError(f"a line of more than {MAX_LINE:,} bytes, which no such line has")
    first = _FIRST.match(data)
    said = first[2].decode() if first is not None and first[2] else None
    host = host_of(path)
    if host is not None and said is not None and host != said:
        raise EvidenceError(
            f"says that it is of the host {said} and lies in the folder of {host}: nobody can tell which is right; "
            "collect it again"
        )
    host = host or said
    every = [Line(row.removesuffix(b"\r"), f"/{number}", number) for number, row in enumerate(rows)]
    start = 0 if first is None else 1
    lines = tuple(line for line in every[start:] if line.text.strip() and not line.text.startswith(b"#"))
    notes = tuple(
        Line(line.text[1:].strip(b" "), line.at, line.number) for line in every[start:] if line.text[:1] == b"#"
    )
    return Text(
        origin=Origin(
            path=path,
            sha256=sha256,
            document=None,
            pointer="",
            inner="",
            offset=slice.offset,
            length=slice.length,
            line=slice.line,
        ),
        subject=host_subject(host, path),
        host=host,
        lines=lines,
        notes=notes,
        ours=first is not None,
        ended=bool(notes) and notes[-1].text == b"end" and data.endswith(b"# end\n"),
    )


def trouble(message: str, line: Line) -> EvidenceError:
    """What is wrong with a line."""
    return EvidenceError(message, line=line.number + 1, pointer=line.at, kind=KIND)


def problems(text: Text) -> Iterator[EvidenceError]:
    """What the script itself noted that it could not find out: `# problem WORDS`."""
    for note in text.notes:
        if note.text.startswith(b"problem "):
            yield trouble(f"could not be collected: {shown(unescaped(note.text[8:]))}", note)


def unescaped(field: bytes) -> bytes:
    """A field with its escapes resolved."""
    return _ESCAPE.sub(_byte, field) if b"\\" in field else field


def _byte(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return b"\\"
    if found[2]:
        return b"\n"
    if found[3]:
        return b""
    return bytes((int(found[4], 8) & 255 if found[4] else int(found[5], 16),))


def word(field: bytes) -> str:
    """A field as text, escapes resolved; undecodable bytes become `\\xNN`, and a backslash doubles."""
    return printable(unescaped(field))


def shown(text: bytes) -> str:
    """A line as a message tells it: its beginning, on one line."""
    letters = text[:_SHOWN].decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else "?" for letter in letters) + ("..." if text[_SHOWN:] else "")


def rows_of(head: bytes) -> Iterable[bytes]:
    """The whole lines at the beginning of a file, those that say something, as many as tell a format."""
    rows = head.split(b"\n")
    whole = rows if len(head) < 1024 or len(rows) == 1 else rows[:-1]
    return [row.removesuffix(b"\r") for row in whole if row.strip()][:50]
