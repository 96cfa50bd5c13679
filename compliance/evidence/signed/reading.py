"""The reader of files of attestations and signatures: JSON, JSON lines, COSE envelopes, bare signatures.

Bytes in; a SignedDocument for each out, in order, and an EvidenceError for each that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.json_documents import values
from compliance.evidence.lines import locate
from compliance.evidence.recognition import HEAD, JSON_TOKEN, without_mark
from compliance.evidence.signed.claims import Place
from compliance.evidence.signed.detached import is_detached, listed_document
from compliance.evidence.signed.documents import document_of, several
from compliance.evidence.signed.encoding import KIND, json_of
from compliance.evidence.signed.notation import cose_document, is_cose
from compliance.model.attestation import Attestation
from compliance.model.evidence import Origin
from compliance.model.reader import Reader, Slice
from compliance.model.signed import SignedDocument

#: Bytes of one file.
MAX_BYTES = 64 << 20
#: Documents of one file.
MAX_DOCUMENTS = 100_000
#: Objects and lists of one file; of a signed document they are hidden in base64.
MAX_BRACKETS = 4_000_000
_CHUNK = 1 << 20
#: Keys that tell a document; of each set all must be there.
_TELLING = (
    frozenset((b"payload", b"payloadType")),
    frozenset((b"payload", b"protected", b"signature")),
    frozenset((b"_type", b"subject")),
    frozenset((b"_type", b"predicateType")),
    frozenset((b"base64Signature",)),
    frozenset((b"verificationMaterial",)),
    frozenset((b"image_summary", b"provenance_summary")),
)
_ROW = re.compile(rb"[^\s][^\n]*")
_BUNDLE = re.compile(rb'\s*:?\s*"application/vnd\.dev\.sigstore\.bundle')
#: What may stand before the payload of an envelope, when the payload is longer than the head.
_BEFORE = frozenset((b"payloadType", b"payload", b"signatures", b"protected", b"signature", b"header"))
_LONG_PAYLOAD = re.compile(rb'"payload"\s*:\s*"[A-Za-z0-9+/_=-]*\Z')


class _Text(NamedTuple):
    """A JSON text of the file; `number` is None where it stands alone."""

    start: int
    end: int
    number: int | None


# -- recognising --------------------------------------------------------------------------------------------


def identify(head: bytes) -> bool:
    """Whether the first bytes, up to 64 KiB, are an attestation, a signature, or several of them."""
    if is_cose(head) or is_detached(head):
        return True
    text = without_mark(head).lstrip()
    if text.startswith(b"{"):
        return _is_told(text, 1, whole=len(head) < HEAD)
    return text.startswith(b"[") and _is_told(text, 2, whole=len(head) < HEAD)


def _is_told(text: bytes, wanted: int, *, whole: bool) -> bool:
    """Whether the keys of the first object tell it, or the object that its `bundle` or `attestations` holds."""
    depth, keys, above = 0, set[bytes](), b""
    for found in JSON_TOKEN.finditer(text):
        if found[0] in (b"{", b"["):
            depth += 1
            if depth == wanted + 1 and above in (b"bundle", b"attestation", b"attestations"):
                keys, wanted = set(), wanted + 1 + (found[0] == b"[")
        elif found[0] in (b"}", b"]"):
            depth -= 1
            if depth < wanted:
                break
        elif depth == wanted and found[2]:
            above = found[1]
            keys.add(above)
            if above == b"mediaType" and _BUNDLE.match(text, found.end()):
                return True
            if any(keys >= telling for telling in _TELLING):
                return True
    return not whole and bool(keys) and keys <= _BEFORE and _LONG_PAYLOAD.search(text) is not None


# -- reading ------------------------------------------------------------------------------------------------


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """The whole file as one slice, or an EvidenceError when it is too large."""
    length = 0
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
    if length > MAX_BYTES:
        words = f"{length:,} bytes, above the limit of {MAX_BYTES:,} for one file of attestations"
        yield EvidenceError(words, kind=KIND)
    else:
        yield Slice(offset=0, length=length, line=1, document=None, item=None, count=1)


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[SignedDocument | EvidenceError]:
    """A SignedDocument for each document, in order; an EvidenceError for each that cannot be read."""
    if is_cose(data) or is_detached(data):
        origin = _origin(_Text(0, len(data), None), slice, slice.line, path, sha256)
        try:
            place = Place(origin, f"attestation/{path}")
            yield cose_document(data, place) if is_cose(data) else listed_document(place)
        except EvidenceError as error:
            yield _placed(error, origin, "")
        return
    brackets = data.count(b"{") + data.count(b"[")
    if brackets > MAX_BRACKETS:
        words = f"{brackets:,} objects and lists, above the limit of {MAX_BRACKETS:,} for one file of attestations"
        origin = _origin(_Text(0, len(data), None), slice, slice.line, path, sha256)
        yield _placed(EvidenceError(words, kind=KIND), origin, "")
        return
    number, line, before = 0, slice.line, 0
    for text in _texts(data):
        line += data.count(b"\n", before, text.start)
        before = text.start
        origin = _origin(text, slice, line, path, sha256)
        for made in _documents(data[text.start : text.end], origin, number):
            number += 1
            if number > MAX_DOCUMENTS:
                words = f"more than {MAX_DOCUMENTS:,} attestations in one file; the rest is not read"
                yield _placed(EvidenceError(words, line=line, kind=KIND), origin, "")
                return
            yield made


def _texts(data: bytes) -> Iterator[_Text]:
    """The JSON texts: lines, where the first line that says anything is whole; else values one after the other.

    They come one by one, so that a file of nothing but brackets takes no memory.
    """
    first = next((line for line in data[: 1 << 20].split(b"\n", 20) if line.strip()), b"")
    if len(data) > 1 << 20 and b"\n" not in data[: 1 << 20]:
        first = data.partition(b"\n")[0]
    bounds = list(islice(values(first), 2))
    is_whole = len(bounds) == 1 and bounds[0][2] and not first[bounds[0][1] :].strip()
    if is_whole and len(list(islice(_rows(data), 2))) == 2:
        yield from (_Text(start, end, number) for number, (start, end) in enumerate(_rows(data)))
    else:
        yield from _values(data)


def _values(data: bytes) -> Iterator[_Text]:
    """Values one after the other; what stands between them stays with the next, and spoils it."""
    bounds = values(data)
    held = next(bounds, None)
    if held is None:
        yield _Text(0, len(data), None)
        return
    number: int | None = None
    before = 0
    while held is not None:
        start, end, _ = held
        held = next(bounds, None)
        number = number if held is None and number is None else (number + 1 if number is not None else 0)
        begin = start if not without_mark(data[before:start]).strip(b" \t\r\n,") else before
        yield _Text(begin, len(data) if held is None and data[end:].strip() else end, number)
        before = end


def _rows(data: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each line that says anything, without the blanks round it."""
    for found in _ROW.finditer(data):
        yield found.start(), found.start() + len(found[0].rstrip())


def _documents(data: bytes, origin: Origin, first: int) -> Iterator[SignedDocument | EvidenceError]:
    try:
        value = json_of(data, origin.line)
    except EvidenceError as error:
        yield _placed(error, origin, "")
        return
    listed = list(several(value))
    alone = origin.document is None and len(listed) == 1 and not listed[0][0]
    if not listed:
        yield _placed(EvidenceError("an empty list of attestations", kind=KIND), origin, "")
    for number, (pointer, one) in enumerate(listed, first + 1):
        inside = Origin(
            path=origin.path,
            sha256=origin.sha256,
            document=origin.document,
            pointer=pointer,
            inner=pointer,
            offset=origin.offset,
            length=origin.length,
            line=origin.line,
        )
        name = f"attestation/{origin.path}" if alone else f"attestation/{origin.path}#{number}"
        own = msgspec.json.encode(one) if pointer and isinstance(one, dict) and "_type" in one else data
        try:
            yield document_of(one, own, Place(inside, name))
        except EvidenceError as error:
            if error.line is None:
                error.line = locate(data, origin.line, [pointer + error.pointer])[0]
            yield _placed(error, origin, pointer)


def _origin(text: _Text, slice: Slice, line: int, path: str, sha256: str) -> Origin:
    return Origin(
        path=path,
        sha256=sha256,
        document=text.number,
        pointer="",
        inner="",
        offset=slice.offset + text.start,
        length=text.end - text.start,
        line=line,
    )


def _placed(error: EvidenceError, origin: Origin, pointer: str) -> EvidenceError:
    return EvidenceError(
        error.message,
        path=origin.path,
        document=origin.document,
        pointer=pointer + error.pointer,
        line=error.line,
        kind=KIND,
    )


#: Its records are SignedDocument, which the pipeline has verified into Attestation.
READER = Reader(
    id="attestation",
    title="Attestations and signatures: DSSE, sigstore bundles, in-toto statements, cosign, Notation",
    revision=1,
    evidence_kinds=("signature-verification",),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=Attestation,
)
