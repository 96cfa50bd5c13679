"""Tells what a decoded document is: a bundle, an envelope, a statement, a signature; and has it read."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.errors import EvidenceError
from compliance.evidence.signed.bundle import bundle_document, is_bundle
from compliance.evidence.signed.claims import Claim, Place, unsigned
from compliance.evidence.signed.cosign import blob_bundle_document, is_blob_bundle
from compliance.evidence.signed.dsse import envelope_document, is_envelope
from compliance.evidence.signed.encoding import KIND, Document, inner, items, mapping
from compliance.evidence.signed.notation import is_jws, jws_document
from compliance.evidence.signed.statement import unsigned_statement
from compliance.model.attestation import Envelope
from compliance.model.signed import SignedDocument


def is_signed(value: Document) -> bool:
    """Whether an object is one of the documents that are read here."""
    return is_bundle(value) or is_envelope(value) or is_jws(value) or is_blob_bundle(value) or "_type" in value


def document_of(value: object, data: bytes, place: Place) -> SignedDocument:
    """The document of a decoded object; `data` are its own bytes.

    Raises:
        EvidenceError: it is none, or of a version that is not read.
    """
    document = mapping(value)
    if is_bundle(document):
        return bundle_document(document, place)
    if is_envelope(document):
        return envelope_document(document, place)
    if is_jws(document):
        return jws_document(document, place)
    if is_blob_bundle(document):
        return blob_bundle_document(document, place)
    if "_type" in document:
        statement = unsigned_statement(document)
        return unsigned(place, Claim(Envelope.NONE, "application/vnd.in-toto+json", statement), data)
    raise EvidenceError("neither an attestation nor a signature", kind=KIND)


def several(value: object) -> Iterator[tuple[str, object]]:
    """The documents in one value with their pointers: itself, or those of a list, or of an answer of a service.

    Source: GitHub REST API, "List attestations" (`attestations[].bundle`); `gh attestation verify --format json`
    (`[].attestation.bundle`); `gcloud artifacts docker images describe --show-provenance --format json`
    (`provenance_summary.provenance[].envelope`).
    """
    listed, at = value, ""
    if isinstance(value, dict) and isinstance(value.get("attestations"), list):
        listed, at = value["attestations"], "/attestations"
    elif isinstance(value, dict) and "provenance_summary" in value:
        listed, at = items(inner(value, "provenance_summary").get("provenance")), "/provenance_summary/provenance"
    if not isinstance(listed, list):
        yield "", value
        return
    for index, one in enumerate(items(listed)):
        pointer, inside = f"{at}/{index}", one
        for key in ("attestation", "bundle", "envelope"):
            found = mapping(inside).get(key)
            if isinstance(found, dict):
                pointer, inside = f"{pointer}/{key}", found
        yield pointer, inside
