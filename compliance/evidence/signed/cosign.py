"""What cosign writes besides bundles: simple-signing payloads, annotations of layers, and bundles of its first format.

Source: sigstore/cosign, specs/SIGNATURE_SPEC.md, specs/ATTESTATION_SPEC.md and pkg/cosign (LocalSignedPayload).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.signed.claims import Claim, Place, listed, signed
from compliance.evidence.signed.dsse import claimed, is_envelope, material_of
from compliance.evidence.signed.encoding import (
    KIND,
    Document,
    base64_of,
    certificates_of,
    clean,
    inner,
    json_of,
    mapping,
    whole_number,
)
from compliance.evidence.signed.statement import Statement
from compliance.model.attestation import Envelope, StatementSubject
from compliance.model.signed import LogEntry, Material, Signature, SignedDocument, Signing

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_CERTIFICATE = "dev.sigstore.cosign/certificate"
_CHAIN = "dev.sigstore.cosign/chain"
_BUNDLE = "dev.sigstore.cosign/bundle"
_TIMESTAMP = "dev.sigstore.cosign/rfc3161timestamp"
#: What the payload of an image's signature says it is; a payload of any other type was signed for something else.
_TYPE = "cosign container image signature"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_HEX = re.compile(r"(?:[0-9a-f]{2}){1,64}")


class Annotated(NamedTuple):
    """What the annotations of a layer add to its signatures. `fault` says what cannot be read of them."""

    signature: str = ""
    certificates: tuple[bytes, ...] = ()
    entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()
    fault: str = ""


def annotated(annotations: Mapping[str, str]) -> Annotated:
    """The material that stands in a layer's annotations."""
    certificates: tuple[bytes, ...] = ()
    faults: list[str] = []
    for name in (_CERTIFICATE, _CHAIN):
        if text := annotations.get(name):
            found, fault = certificates_of(text, f"the annotation {name}")
            certificates += found
            faults.append(fault)
    entries: tuple[LogEntry, ...] = ()
    if text := annotations.get(_BUNDLE):
        entry, fault = _entry_in(text)
        entries = (entry,) if entry is not None else ()
        faults.append(fault)
    timestamps: tuple[bytes, ...] = ()
    if text := annotations.get(_TIMESTAMP):
        token, fault = _timestamp_in(text)
        timestamps = (token,) if token else ()
        faults.append(fault)
    fault = next(filter(None, faults), "")
    return Annotated(annotations.get(_SIGNATURE, ""), certificates, entries, timestamps, fault)


def simple_signing_document(payload: bytes, place: Place, found: Annotated) -> SignedDocument:
    """The signature of an image: what its payload names is its subject, whatever tag it hangs on."""
    value = base64_of(found.signature, "the signature")
    fault = value.fault if found.signature else f"the layer has no annotation {_SIGNATURE}"
    subjects: tuple[StatementSubject, ...] = ()
    note = ""
    try:
        critical = inner(json_of(payload), "critical")
    except EvidenceError as error:
        fault = fault or f"the signed payload cannot be read: {error.message}"
    else:
        digest, wrong = _signed_digest(critical)
        fault = fault or wrong
        subjects = (StatementSubject(clean(inner(critical, "identity").get("docker-reference")), digest),)
        stated = f"sha256:{digest[0][1]}" if digest else ""
        if stated and place.refers_to and stated != place.refers_to:
            note = f"it hangs on {place.refers_to} and the signed payload is about {stated}"
    material = Material(
        signing=Signing.PAYLOAD,
        payload_type="",
        payload=payload,
        signatures=(Signature(value.data, found.certificates, ""),) if found.signature else (),
        entries=found.entries,
        timestamps=found.timestamps,
        fault=fault or found.fault,
    )
    claim = Claim(Envelope.COSIGN_LAYOUT, SIMPLE_SIGNING, Statement(subjects=subjects), about="signature", note=note)
    return signed(place, claim, material)


def _signed_digest(critical: Document) -> tuple[tuple[tuple[str, str], ...], str]:
    kind = critical.get("type")
    if kind != _TYPE:
        return (), f'the signed payload is of type "{clean(kind)}", which is no signature of an image'
    stated = inner(critical, "image").get("docker-manifest-digest")
    found = _DIGEST.fullmatch(stated) if isinstance(stated, str) else None
    if found is None:
        return (), "the signed payload names no image by sha256"
    return (("sha256", found[1]),), ""


# -- bundles of the first format ----------------------------------------------------------------------------


def is_blob_bundle(value: Document) -> bool:
    return "base64Signature" in value


def blob_bundle_document(value: Document, place: Place) -> SignedDocument:
    """What `cosign sign-blob --bundle` wrote before sigstore bundles: a signature over a file that is not in it.

    Of `attest-blob` the signature is an envelope, which is read as one.
    """
    signature = base64_of(value.get("base64Signature"), "the signature")
    certificates, fault = certificate_in(value.get("cert"))
    entry, wrong = _entry_of(value["rekorBundle"]) if value.get("rekorBundle") else (None, "")
    entries = (entry,) if entry is not None else ()
    fault = signature.fault or fault or wrong
    if signature.data.lstrip()[:1] == b"{":
        return _attested_blob(signature.data, place, Annotated("", certificates, entries, (), fault))
    digest, artifact = _digest_in(entry), place.artifact
    if artifact is not None:
        fault = fault or (artifact.fault("sha256", digest) if digest else "")
        digest = artifact.sha256
    claim = Claim(Envelope.DETACHED, "", Statement(), about="signature")
    if not digest:
        why = "the signature of a file that is not at hand, and no log entry beside it tells its digest"
        return listed(place, claim, f"{why}{f'; {fault}' if fault else ''}", 1)
    subject = artifact.subject() if artifact is not None else StatementSubject("", (("sha256", digest),))
    material = Material(
        signing=Signing.DIGEST,
        payload_type="",
        payload=bytes.fromhex(digest),
        signatures=(Signature(signature.data, certificates, ""),),
        entries=entries,
        timestamps=(),
        fault=fault,
    )
    return signed(place, claim._replace(statement=Statement(subjects=(subject,))), material)


def _attested_blob(data: bytes, place: Place, found: Annotated) -> SignedDocument:
    value = mapping(json_of(data))
    if not is_envelope(value):
        raise EvidenceError("the signature is a JSON document and no envelope", pointer="/base64Signature", kind=KIND)
    material = material_of(value, certificates=found.certificates, entries=found.entries)
    material = material._replace(fault=found.fault or material.fault)
    statement, note = claimed(material)
    claim = Claim(Envelope.DETACHED, clean(value.get("payloadType")), statement, note=note)
    return signed(place, claim, material, material.payload if statement.type else b"")


def certificate_in(stated: object) -> tuple[tuple[bytes, ...], str]:
    """The certificates of PEM, or of base64 of PEM as cosign writes it, and what is wrong with them."""
    if not isinstance(stated, str) or not stated:
        return (), ""
    if "-----BEGIN" in stated:
        return certificates_of(stated, "the certificate")
    found = base64_of(stated, "the certificate")
    if found.fault:
        return (), found.fault
    return certificates_of(found.data.decode("ascii", "replace"), "the certificate")


def _digest_in(entry: LogEntry | None) -> str:
    """The sha256 of the file that a hashedrekord entry is about; empty text where it tells none."""
    if entry is None or entry.kind != "hashedrekord":
        return ""
    stated = inner(_quietly(entry.body), "spec", "data", "hash")
    value = stated.get("value")
    right = stated.get("algorithm") == "sha256" and isinstance(value, str) and _DIGEST.fullmatch(f"sha256:{value}")
    return value if right and isinstance(value, str) else ""


# -- log entries and timestamps of annotations --------------------------------------------------------------


def _entry_in(text: str) -> tuple[LogEntry | None, str]:
    try:
        return _entry_of(json_of(text.encode("utf-8", "replace")))
    except EvidenceError as error:
        return None, f"the log entry beside the signature cannot be read: {error.message}"


def _entry_of(value: object) -> tuple[LogEntry | None, str]:
    """A log entry as Rekor's first client wrote it: body, time and signed entry timestamp, no inclusion proof."""
    payload = inner(value, "Payload")
    body = base64_of(payload.get("body"), "the body of the log entry")
    promise = base64_of(mapping(value).get("SignedEntryTimestamp"), "the signed entry timestamp")
    position, integrated = whole_number(payload.get("logIndex")), whole_number(payload.get("integratedTime"))
    log_id = payload.get("logID")
    spelled = isinstance(log_id, str) and _HEX.fullmatch(log_id) is not None
    fault = body.fault or promise.fault
    if position is None or integrated is None or position < 0 or not spelled:
        fault = fault or "the log entry beside the signature lacks its index, its time or the id of its log"
    kind = mapping(_quietly(body.data))
    entry = LogEntry(
        kind=clean(kind.get("kind")),
        version=clean(kind.get("apiVersion")),
        body=body.data,
        position=max(position or 0, 0),
        log_id=bytes.fromhex(log_id) if spelled and isinstance(log_id, str) else b"",
        integrated=integrated,
        promise=promise.data,
        inclusion=None,
    )
    return entry, fault


def _timestamp_in(text: str) -> tuple[bytes, str]:
    try:
        stated = mapping(json_of(text.encode("utf-8", "replace"))).get("SignedRFC3161Timestamp")
    except EvidenceError as error:
        return b"", f"the timestamp beside the signature cannot be read: {error.message}"
    return base64_of(stated, "the timestamp")


def _quietly(data: bytes) -> object:
    """A document, or None where it cannot be read: what is in it is only looked for."""
    try:
        return json_of(data)
    except EvidenceError:
        return None
