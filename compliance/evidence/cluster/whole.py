"""Small JSON files that are one object and none of Kubernetes: told by their outermost keys, read as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from compliance.errors import EvidenceError
from compliance.evidence.json_documents import decode_json
from compliance.evidence.recognition import outermost_keys, without_mark
from compliance.model.evidence import Origin
from compliance.model.host import Settings
from compliance.model.reader import Record, Slice

#: The configuration of a component is a few kilobytes.
MAX_SIZE = 4 * 1024 * 1024
_OBJECT_KEYS = frozenset((b"apiVersion", b"kind"))


def has_keys(head: bytes, wanted: frozenset[bytes]) -> bool:
    """Whether the first bytes are a JSON object with one of the keys that is no Kubernetes object."""
    text = without_mark(head).lstrip()
    if text[:1] != b"{":
        return False
    keys = outermost_keys(text)
    return not keys.isdisjoint(wanted) and keys.isdisjoint(_OBJECT_KEYS)


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """The file as one slice."""
    data = stream.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        yield EvidenceError(f"longer than {MAX_SIZE:,} bytes, which no such document is", line=1)
    else:
        yield Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)


def reading(
    records: Callable[[Mapping[str, object], Origin], Iterator[Settings]],
) -> Callable[[bytes, Slice, str, str], Iterator[Record | EvidenceError]]:
    """A reader's `read` that gives the records of the one object of a file."""

    def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
        origin = Origin(
            path=path,
            sha256=sha256,
            document=slice.document,
            pointer="",
            inner="",
            offset=slice.offset,
            length=slice.length,
            line=slice.line,
        )
        try:
            yield from records(_object(data, slice.line), origin)
        except EvidenceError as error:
            yield EvidenceError(error.message, path=path, pointer=error.pointer, line=error.line or slice.line)

    return read


def _object(data: bytes, line: int) -> Mapping[str, object]:
    try:
        text = without_mark(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"byte {error.start} is not UTF-8; convert the file to UTF-8", line=line) from error
    value = decode_json(text.strip(), line + text[: len(text) - len(text.lstrip())].count("\n"))
    if not isinstance(value, dict):
        raise EvidenceError("not a JSON object", line=line)
    return value
