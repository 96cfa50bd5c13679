"""Files in; signatures that stand beside the file they sign, verified over its bytes, out.

`x.sig`, or the bundle `x.sigstore.json`, `x.sigstore` or `x.bundle`, is about `x` in the same folder; the certificate
of `x.sig` may stand in `x.pem`, `x.crt` or `x.cert`. A name pairs two files and proves nothing: the signature does.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compliance.errors import EvidenceError
from compliance.evidence.signed.claims import Artifact, Place
from compliance.evidence.signed.cosign import certificate_in
from compliance.evidence.signed.detached import MAX_SIGNATURE, detached_document, is_bare, listed_document
from compliance.evidence.signed.documents import document_of
from compliance.evidence.signed.encoding import MAX_DOCUMENT, json_of
from compliance.evidence.signed.reading import READER, identify
from compliance.model.evidence import Origin
from compliance.model.reader import Record
from compliance.model.signed import SignedDocument
from compliance.pipeline.files import InputFile, Stamp, head_of
from compliance.pipeline.images import judged_unit
from compliance.pipeline.judging import CALLED
from compliance.pipeline.proofs import records_of
from compliance.pipeline.reading import Shop, UnitResult
from compliance.pipeline.units import CHANGED, HEAD, FileNotes

_BARE = (".sig",)
_BUNDLES = (".sigstore.json", ".sigstore", ".bundle")
_CERTIFICATES = (".pem", ".crt", ".cert")
#: Bytes of a signed file that are held to verify it; of a larger one the digest is enough for all keys but Ed25519.
MAX_ARTIFACT = 64 << 20
#: Bytes of a certificate with its chain.
_MAX_CERTIFICATE = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A signature, the file of its name, and the certificate beside it, if one is there."""

    signature: InputFile
    artifact: InputFile
    certificate: InputFile | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTask:
    """A pair to verify; `sha256` is that of the signed file as it was read, empty text when it was not."""

    number: int
    pair: Pair
    sha256: str


def pairs_of(files: Iterable[InputFile], every: Iterable[InputFile]) -> tuple[tuple[Pair, ...], tuple[InputFile, ...]]:
    """The signatures among files that stand beside what they sign, and the files that are in no pair, in their order.

    `every` is all of the evidence: what is signed may be an image.
    """
    files = tuple(files)
    known = {file.path: file for file in every if not file.refused}
    found = [pair for file in files if not file.refused and (pair := _pair(file, known)) is not None]
    taken = {file.path for pair in found for file in (pair.signature, pair.certificate) if file is not None}
    return tuple(found), tuple(file for file in files if file.path not in taken)


def _pair(file: InputFile, known: Mapping[str, InputFile]) -> Pair | None:
    """The pair of a file by its name and first bytes; None when it is no signature of a file that is there."""
    for ending in (*_BARE, *_BUNDLES):
        artifact = known.get(file.path.removesuffix(ending)) if file.path.endswith(ending) else None
        if artifact is None:
            continue
        head = head_of(file, HEAD)
        if ending in _BARE and is_bare(head[: MAX_SIGNATURE + 1]):
            return Pair(signature=file, artifact=artifact, certificate=_certificate(artifact.path, known))
        if file.size <= MAX_DOCUMENT and head.lstrip()[:1] == b"{" and identify(head):
            return Pair(signature=file, artifact=artifact, certificate=None)
    return None


def _certificate(path: str, known: Mapping[str, InputFile]) -> InputFile | None:
    """The file beside that holds a certificate; a public key may stand there as well."""
    for ending in _CERTIFICATES:
        found = known.get(f"{path}{ending}")
        if found is not None and found.size <= _MAX_CERTIFICATE:
            certificates, fault = certificate_in(_text(head_of(found, _MAX_CERTIFICATE)))
            if certificates and not fault:
                return found
    return None


def _text(data: bytes) -> str:
    return data.decode("ascii", "replace").strip()


def pair_tasks(pairs: Sequence[Pair], notes: Mapping[str, FileNotes], first: int) -> Iterator[PairTask]:
    """Every pair in order, when all files have been read; `first` is the number of the first unit."""
    for number, pair in enumerate(pairs, start=first):
        note = notes.get(pair.artifact.path)
        yield PairTask(number=number, pair=pair, sha256=note.sha256 if note is not None and not note.refused else "")


def read_pair(task: PairTask, shop: Shop) -> UnitResult:
    """The attestation that the signature of a file is, and what it carries; with notes on the signature's files."""
    started = time.process_time()
    pair = task.pair
    note, data = _noted(pair.signature, MAX_DOCUMENT)
    notes, certificate = [note], ""
    if pair.certificate is not None:
        beside, read = _noted(pair.certificate, _MAX_CERTIFICATE)
        notes.append(beside)
        certificate = _text(read)
    records: list[Record] = []
    if not note.refused:
        note.documents = 1
        for found in _records(task, data, certificate, note, shop):
            if isinstance(found, EvidenceError):
                note.trouble(found)
            else:
                records.append(found)
        note.objects = Counter((CALLED[type(record)], True) for record in records)
    return replace(judged_unit(task.number, records, started, shop), notes=tuple(notes))


def _records(
    task: PairTask, data: bytes, certificate: str, note: FileNotes, shop: Shop
) -> Iterator[Record | EvidenceError]:
    try:
        yield from records_of(_document(task, data, certificate, note), shop.params.trust)
    except EvidenceError as error:
        yield error
    except Exception as error:  # a fault of ours on one file must not cost the verdicts on all others
        yield EvidenceError(f"our own reader failed here ({type(error).__name__}: {error}); report this")


def _document(task: PairTask, data: bytes, certificate: str, note: FileNotes) -> SignedDocument:
    origin = Origin(
        path=note.path,
        sha256=note.sha256,
        document=None,
        pointer="",
        inner="",
        offset=0,
        length=len(data),
        line=1,
    )
    place = Place(origin, f"attestation/{note.path}", artifact=_artifact(task))
    if is_bare(data):
        return detached_document(data, place, certificate)
    if place.artifact is None:
        return listed_document(place)
    return document_of(json_of(data), data, place)


def _artifact(task: PairTask) -> Artifact | None:
    """The signed file; its bytes only where they are those that were read before."""
    if not task.sha256:
        return None
    file, held = task.pair.artifact, None
    if file.size <= MAX_ARTIFACT:
        note, data = _noted(file, MAX_ARTIFACT)
        held = data if not note.refused and note.sha256 == task.sha256 else None
    return Artifact(file.path.rpartition("/")[2], task.sha256, held)


def _noted(file: InputFile, most: int) -> tuple[FileNotes, bytes]:
    """The bytes of a whole file, and notes with its hash; none where it is larger, or somebody writes to it."""
    note = FileNotes(path=file.path, size=file.size, reader=READER.id)
    try:
        handle = os.open(file.real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        note.refused = f"cannot be read: {error.strerror}"
        return note, b""
    try:
        before = Stamp.of(handle)
        data = os.pread(handle, min(file.size, most) + 1 if file.archive is None else min(file.size, most), file.offset)
        changed = before != Stamp.of(handle) or (file.archive is not None and file.archive != before)
    finally:
        os.close(handle)
    note.sha256 = hashlib.sha256(data).hexdigest()
    if changed or len(data) != file.size:
        note.refused = CHANGED
        return note, b""
    return note, data
