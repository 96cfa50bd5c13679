"""JSON of a Docker host to settings: pointers to scalars, only what is wanted, and no credential among it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO, NamedTuple, TypeAlias

from compliance.errors import EvidenceError
from compliance.evidence.credentials import REDACTED, suspicion
from compliance.evidence.json_documents import decode_json
from compliance.evidence.recognition import without_mark
from compliance.evidence.vulnerabilities.parts import Source, cleaned, origin_of, reading
from compliance.model.evidence import Origin, escape
from compliance.model.host import Form, Scalar, Settings, host_of, host_subject
from compliance.model.reader import Record, Slice

#: Largest document in bytes; `docker info` takes 5 KB, a large swarm's services some megabytes.
MAX_BYTES = 16 * 1024 * 1024
#: Most values that are kept of one document.
MAX_VALUES = 200_000
#: What errors and the evidence index call these documents.
KIND = "Docker host document"
_CHUNK = 1024 * 1024

#: Which values are kept: keys with what is kept below them, None for all below. `*` stands for every key or number.
Wanted: TypeAlias = "Mapping[str, Wanted | None]"
#: Replaces a value that is more than text, given the keys that lead to it; None leaves it as it is.
Replace = Callable[[tuple[str, ...], object], object | None]


class Flat(NamedTuple):
    """Values by pointer in the order of the document, and whether some were not kept."""

    values: dict[str, Scalar]
    left_out: bool


class _Node(NamedTuple):
    keys: tuple[str, ...]
    pointer: str
    value: object
    wanted: Wanted | None


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """The whole file as one slice, or an EvidenceError when it is too large."""
    length = 0
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
    if length > MAX_BYTES:
        yield EvidenceError(f"{length:,} bytes, above the limit of {MAX_BYTES:,} for one {KIND}", kind=KIND)
    else:
        yield Slice(offset=0, length=length, line=1, document=None, item=None, count=1)


def reader_of(
    records: Callable[[bytes, Source], Iterable[Record]],
) -> Callable[[bytes, Slice, str, str], Iterator[Record | EvidenceError]]:
    """A reader's `read` of documents of this kind."""
    return reading(KIND, records)


def decoded(data: bytes, line: int = 1) -> object:
    """The JSON value of some bytes.

    Raises:
        EvidenceError: they are not UTF-8, no JSON, nest too deep or hold a key twice.
    """
    try:
        text = without_mark(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"byte {error.start} is not UTF-8; convert the file to UTF-8", line=line) from error
    return decode_json(text, line)


def flattened(value: object, wanted: Wanted | None, replace: Replace | None = None) -> Flat:
    """The wanted values of a document by pointer, credentials replaced; empty lists and mappings as `[]` and `{}`.

    Raises:
        EvidenceError: more than MAX_VALUES are wanted.
    """
    values: dict[str, Scalar] = {}
    left_out = False
    pending = [_Node((), "", value, wanted)]
    while pending:
        node = pending.pop()
        found = replace(node.keys, node.value) if replace else None
        value = node.value if found is None else found
        if isinstance(value, dict | list):
            below = list(_below(node, value))
            left_out = left_out or len(below) < len(value)
            pending.extend(reversed(below))
            if not value:
                values[node.pointer] = "[]" if isinstance(value, list) else "{}"
        else:
            values[node.pointer] = _scalar(node.keys, value)
        if len(values) + len(pending) > MAX_VALUES:
            raise EvidenceError(
                f"more than {MAX_VALUES:,} values; hand in the output of one host", pointer=node.pointer
            )
    return Flat(values, left_out)


def _below(node: _Node, value: dict[str, object] | list[object]) -> Iterator[_Node]:
    """The wanted children of a mapping or list."""
    pairs = value.items() if isinstance(value, dict) else ((str(number), one) for number, one in enumerate(value))
    for key, child in pairs:
        wanted = None
        if node.wanted is not None:
            if key not in node.wanted and "*" not in node.wanted:
                continue
            wanted = node.wanted[key] if key in node.wanted else node.wanted["*"]
        shown = key if key.isascii() and key.isprintable() and len(key) <= 100 else cleaned(key)
        yield _Node((*node.keys, shown), f"{node.pointer}/{escape(shown)}", child, wanted)


def _scalar(keys: tuple[str, ...], value: object) -> Scalar:
    """A scalar as it is kept: text bounded and printable, a credential by its name or its shape replaced."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    named = next((key for key in reversed(keys) if not key.isdecimal()), "")
    return REDACTED if suspicion(named, text) else cleaned(text)


def settings(kind: str, flat: Flat, source: Source, *, form: Form = Form.COMMAND, inner: str = "") -> Settings:
    """The record of a document; `inner` is the pointer at which it stands in the file."""
    origin = origin_of(source)
    if inner:
        origin = Origin(
            path=origin.path,
            sha256=origin.sha256,
            document=origin.document,
            pointer=inner,
            inner=inner,
            offset=origin.offset,
            length=origin.length,
            line=origin.line,
        )
    host = host_of(source.path)
    return Settings(
        origin=origin,
        subject=host_subject(host, source.path),
        host=host,
        kind=kind,
        form=form,
        values=flat.values,
        left_out=flat.left_out,
    )


def mapping(value: object, what: str) -> dict[str, object]:
    """The value, which has to be a mapping.

    Raises:
        EvidenceError: it is something else.
    """
    if not isinstance(value, dict):
        raise EvidenceError(f"{what} is a JSON object; hand in the output of the command unchanged")
    return value
