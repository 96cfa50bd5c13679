"""Reads what hangs on the images of a source: a survey in, signed documents and plain SBOMs out, with their digests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import BinaryIO

from compliance.errors import EvidenceError
from compliance.evidence.image.building import origin_of
from compliance.evidence.image.contents import FoundAttachment, Packed, Piece, Survey
from compliance.evidence.image.sources import open_piece, read_piece
from compliance.evidence.recognition import without_mark
from compliance.evidence.signed.claims import Place
from compliance.evidence.signed.cosign import SIMPLE_SIGNING, annotated, simple_signing_document
from compliance.evidence.signed.documents import document_of, is_signed
from compliance.evidence.signed.embedding import Embedded
from compliance.evidence.signed.encoding import KIND, MAX_DOCUMENT, json_of
from compliance.evidence.signed.notation import COSE, cose_document, is_cose
from compliance.model.attestation import Envelope
from compliance.model.evidence import Origin
from compliance.model.signed import SignedDocument

_CHUNK = 256 << 10
#: Bytes of attached documents that are read of one source: many manifests may name one large blob.
MAX_READ = 1 << 30
#: Kinds of plain documents by a word in their media type. The first match counts.
_PLAIN = (
    (re.compile(r"spdx|cyclonedx|syft", re.IGNORECASE), "sbom"),
    (re.compile(r"openvex|csaf|vex", re.IGNORECASE), "vex"),
    (re.compile(r"sarif|vuln|trivy|grype", re.IGNORECASE), "vulnerabilities"),
)


def attached_documents(survey: Survey) -> Iterator[SignedDocument | Embedded | EvidenceError]:
    """Everything that is attached to images of a source, in the order it stands there.

    Signatures and statements come as SignedDocument, with the digest of the manifest that they hang on; what
    is neither comes as Embedded, for the readers of its format. An EvidenceError is one that was not handed
    in, is no such document, or is beyond a cap. A file that is packed as a whole is unpacked once.
    """
    sha256_of = {file.path: file.sha256 for file in survey.files}
    seen: dict[str, int] = {}
    once = {_same(one): one for one in reversed(survey.attached)}  # the first of those that say the same
    for found, data in _read(tuple(one for one in survey.attached if once[_same(one)] is one)):
        if isinstance(data, EvidenceError):
            data.kind = KIND
            yield data
            continue
        try:
            yield _document(found, data, sha256_of, seen)
        except EvidenceError as error:
            yield _placed(error, found, sha256_of)


def _same(found: FoundAttachment) -> tuple[object, ...]:
    """What two attachments have in common that are one document about one thing."""
    return found.digest, found.actual, found.media_type, found.annotations, found.refers_to, found.buildkit


def _document(
    found: FoundAttachment, data: bytes, sha256_of: Mapping[str, str], seen: dict[str, int]
) -> SignedDocument | Embedded:
    place = _place(found, sha256_of, seen)
    if found.media_type == SIMPLE_SIGNING:
        return simple_signing_document(data, place, annotated(dict(found.annotations)))
    if found.media_type == COSE or is_cose(data):
        return cose_document(data, place)
    if without_mark(data).lstrip()[:1] == b"{" and not _is_plain(found):
        value = json_of(data)
        if isinstance(value, dict) and is_signed(value):
            return document_of(value, data, _with_material(found, place, bare="_type" in value))
    if place.spoiled:
        raise EvidenceError(place.spoiled, kind=KIND)
    kind = next((kind for pattern, kind in _PLAIN if pattern.search(found.media_type)), "other")
    digests = (found.refers_to,) if found.refers_to else ()
    return Embedded(kind, data, digests, place.origin, found.media_type, place.id)


def _is_plain(found: FoundAttachment) -> bool:
    """Whether the media type says that it is an SBOM and nothing wrapped round one."""
    kind = found.media_type.lower()
    return any(word in kind for word in ("spdx", "cyclonedx", "syft")) and not (
        "in-toto" in kind or "dsse" in kind or "sigstore" in kind
    )


def _place(found: FoundAttachment, sha256_of: Mapping[str, str], seen: dict[str, int]) -> Place:
    """Where it stands: the blob; of a signature that stands in the manifest, the place in that."""
    signature = found.media_type == SIMPLE_SIGNING
    origin = _origin(found, sha256_of, signature)
    name = f"{origin.path}!{found.manifest.member}" if signature and found.manifest.member else origin.path
    if not signature and found.piece is not None and found.piece.member:
        name = f"{origin.path}!{found.piece.member}"
    name = f"attestation/{name}{f'#{found.pointer}' if signature else ''}"
    seen[name] = seen.get(name, 0) + 1
    spoiled = ""
    if found.digest != found.actual:
        spoiled = f"its manifest names {found.digest} and its bytes have {found.actual}"
    return Place(
        origin,
        name if seen[name] == 1 else f"{name}#{seen[name]}",
        media_type=found.media_type,
        refers_to=found.refers_to,
        spoiled=spoiled,
    )


def _origin(found: FoundAttachment, sha256_of: Mapping[str, str], signature: bool) -> Origin:
    piece = found.manifest if signature or found.piece is None else found.piece
    origin = origin_of(piece, sha256_of)
    if not signature:
        return origin
    return Origin(
        path=origin.path,
        sha256=origin.sha256,
        document=None,
        pointer=f"{origin.pointer}{found.pointer}",
        inner=found.pointer,
        offset=origin.offset,
        length=origin.length,
        line=1,
    )


def _with_material(found: FoundAttachment, place: Place, *, bare: bool) -> Place:
    """The place with what its manifest adds: a certificate and log entry in annotations, as cosign lays them out.

    A `bare` statement that an index calls an attestation is one of BuildKit's.
    """
    if bare and found.buildkit:
        return place._replace(envelope=Envelope.BUILDKIT)
    if "dsse" not in found.media_type.lower():
        return place
    beside = annotated(dict(found.annotations))
    return place._replace(
        envelope=Envelope.COSIGN_LAYOUT,
        certificates=beside.certificates,
        entries=beside.entries,
        timestamps=beside.timestamps,
        spoiled=place.spoiled or beside.fault,
    )


def _placed(error: EvidenceError, found: FoundAttachment, sha256_of: Mapping[str, str]) -> EvidenceError:
    origin = _origin(found, sha256_of, signature=False)
    at = origin.pointer if found.piece is not None else f"{origin.pointer}{found.pointer}"
    return EvidenceError(error.message, path=origin.path, pointer=at + error.pointer, line=error.line, kind=KIND)


# -- bytes --------------------------------------------------------------------------------------------------


def _read(attached: tuple[FoundAttachment, ...]) -> Iterator[tuple[FoundAttachment, bytes | EvidenceError]]:
    """Each attached document with its bytes; those of a packed file in the order they stand in it."""
    packed = [one for one in attached if one.piece is not None and one.piece.packed is not Packed.NO]
    if packed:
        yield from _unpacked(sorted(packed, key=lambda one: (_begin(one), one.manifest.offset, one.pointer)))
    left = MAX_READ
    for one in attached:
        piece = one.piece
        left -= piece.length if piece is not None and piece.packed is Packed.NO else 0
        if piece is not None and left < 0:
            words = f"more than {MAX_READ:,} bytes of attached documents in one source; the rest is not read"
            yield one, EvidenceError(words, path=piece.path, kind=KIND)
            return
        if piece is None:
            about = f", which hangs on {one.refers_to}," if one.refers_to else ""
            words = f"the attached document {one.digest}{about} was not handed in"
            path, member = one.manifest.path, one.manifest.member
            at = f"{member}!{one.pointer}" if member else one.pointer
            yield one, EvidenceError(words, path=path, pointer=at, kind=KIND)
        elif piece.packed is Packed.NO:
            try:
                yield one, read_piece(piece, MAX_DOCUMENT)
            except EvidenceError as error:
                yield one, error


def _begin(one: FoundAttachment) -> int:
    return one.piece.offset if one.piece is not None else 0


def _unpacked(attached: list[FoundAttachment]) -> Iterator[tuple[FoundAttachment, bytes | EvidenceError]]:
    """Documents of one packed file, in order of their place, in one pass."""
    with ExitStack() as stack:
        stream: BinaryIO | None = None
        at, data, broken = 0, b"", None
        last: Piece | None = None
        for one in attached:
            piece = one.piece
            if piece is None or (piece.length > MAX_DOCUMENT):
                words = (
                    f"{piece.length if piece else 0:,} bytes, above the limit of {MAX_DOCUMENT:,} for one attestation"
                )
                yield one, EvidenceError(words, path=one.manifest.path, pointer=one.pointer, kind=KIND)
                continue
            try:
                if broken is None and piece != last:
                    stream = stream or stack.enter_context(open_piece(_whole(attached)))
                    _pass(stream, piece.offset - at)
                    data = stream.read(piece.length)
                    at, last = piece.offset + len(data), piece
                    if len(data) != piece.length:
                        raise EvidenceError("is cut short; it changed while it was read", path=piece.path)
            except EvidenceError as error:
                broken = error
            yield one, data if broken is None else EvidenceError(broken.message, path=piece.path, kind=KIND)


def _whole(attached: list[FoundAttachment]) -> Piece:
    """The packed file from its beginning to the end of the last document."""
    pieces = [one.piece for one in attached if one.piece is not None]
    first = pieces[0]
    end = max(piece.offset + piece.length for piece in pieces)
    return Piece(path=first.path, real=first.real, offset=0, length=end, member="", packed=first.packed)


def _pass(stream: BinaryIO, size: int) -> None:
    while size > 0:
        chunk = stream.read(min(size, _CHUNK))
        if not chunk:
            return
        size -= len(chunk)
