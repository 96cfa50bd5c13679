"""Signed documents in, verified attestations out, and the records of the documents that they carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from compliance.errors import EvidenceError
from compliance.evidence.signed.embedding import Embedded, embedded
from compliance.model.attestation import Trust
from compliance.model.configuration import TrustPolicy
from compliance.model.reader import Record, Slice
from compliance.model.sbom import DescribedDigest, Sbom
from compliance.model.signed import SignedDocument
from compliance.model.vulnerability import ScanReport, VexDocument
from compliance.pipeline.registered import readers
from compliance.pipeline.units import HEAD
from compliance.verification import verify

#: The kinds of carried documents in words.
_CALLED = {"sbom": "SBOM", "vex": "VEX document", "vulnerabilities": "vulnerability scan"}
#: What a carried document may be; nothing else is read from within another.
_CARRIED = (Sbom, ScanReport, VexDocument)


def records_of(document: SignedDocument, trust: TrustPolicy) -> Iterator[Record | EvidenceError]:
    """The attestation, and what stands in its payload unless its signature does not hold."""
    attestation = verify(document, trust)
    carried = embedded(document) if attestation.trust is not Trust.INVALID else None
    records = list(carried_records(carried)) if carried is not None else []
    if attestation.about in _CALLED and all(isinstance(record, EvidenceError) for record in records):
        attestation = replace(attestation, unread=f"no {_CALLED[attestation.about]} could be read in it")
    yield attestation
    yield from records


def carried_records(carried: Embedded) -> Iterator[Record | EvidenceError]:
    """The records of a document within another one, placed at its carrier and bound by what that says.

    Its pointers stand behind `!`: they are of the document inside.
    """
    found = [
        reader for reader in readers().values() if reader.record in _CARRIED and reader.identify(carried.data[:HEAD])
    ]
    if len(found) != 1:
        if carried.kind != "other":
            words = f"the {_CALLED[carried.kind]} that it carries is of a format that is not read"
            at = f"{carried.origin.pointer}!"
            yield EvidenceError(words, path=carried.origin.path, pointer=at, kind="Attestation")
        return
    piece = Slice(offset=0, length=len(carried.data), line=1, document=None, item=None, count=1)
    for record in found[0].read(carried.data, piece, carried.origin.path, carried.origin.sha256):
        if isinstance(record, EvidenceError):
            record.pointer = f"{carried.origin.pointer}!{record.pointer}"
            record.line = None
            yield record
        elif isinstance(record, Sbom | ScanReport | VexDocument):
            yield _bound(record, carried)


def _bound(record: Sbom | ScanReport | VexDocument, carried: Embedded) -> Record:
    """The record with its carrier's place, an id of its own, and the digests that the carrier is about."""
    origin = replace(carried.origin, pointer=f"{carried.origin.pointer}!")
    word = record.subject.id.partition("/")[0]
    subject = replace(record.subject, id=f"{word}/{carried.id}")
    if isinstance(record, VexDocument):
        return replace(record, origin=origin, subject=subject)
    if not carried.digests:
        return replace(record, origin=origin, subject=subject)
    # what a statement is about outranks what the document in it says of itself: a subject is matched by digest alone
    stated = tuple(DescribedDigest(digest=digest, pointer="") for digest in carried.digests)
    return replace(record, origin=origin, subject=subject, digests=stated, inside=record.digests)
