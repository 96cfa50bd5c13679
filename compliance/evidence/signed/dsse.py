"""The reader of DSSE envelopes: a decoded envelope in; its claim, and payload and signatures to verify, out.

Source: secure-systems-lab/dsse, envelope.md and protocol.md, v1.0.
"""

from __future__ import annotations

from compliance.evidence.signed.claims import Claim, Place, signed
from compliance.evidence.signed.encoding import MAX_PARTS, Document, base64_of, certificates_of, clean, items, mapping
from compliance.evidence.signed.statement import Statement, is_statement_type, statement_of
from compliance.model.attestation import Envelope
from compliance.model.signed import LogEntry, Material, Signature, SignedDocument, Signing


def is_envelope(value: Document) -> bool:
    return "payload" in value and "payloadType" in value


def envelope_document(value: Document, place: Place) -> SignedDocument:
    """The document of an envelope; what forbids its use is the fault of its material."""
    material = material_of(value)
    statement, note = claimed(material)
    claim = Claim(Envelope.DSSE, clean(value.get("payloadType")), statement, note=note)
    return signed(place, claim, material, material.payload if statement.type else b"")


def claimed(material: Material) -> tuple[Statement, str]:
    """What the payload says; of a payload that is no statement by its type only a note.

    A payload of another type is never read as a statement, whatever it looks like: the type is signed.
    """
    if not is_statement_type(material.payload_type):
        kind = clean(material.payload_type) or "without a type"
        return Statement(), f"the signed payload is {kind}, which is no in-toto statement"
    if material.fault and not material.payload:
        return Statement(), ""
    return statement_of(material.payload), ""


def material_of(
    value: Document,
    *,
    certificates: tuple[bytes, ...] = (),
    entries: tuple[LogEntry, ...] = (),
    timestamps: tuple[bytes, ...] = (),
    hint: str = "",
) -> Material:
    """Payload and signatures of an envelope. `certificates` belong to its signatures, as does `hint`."""
    payload = base64_of(value.get("payload"), "the payload")
    stated = items(value.get("signatures"))
    faults = [payload.fault]
    if not stated:
        faults.append("the envelope holds no signature")
    if len(stated) > MAX_PARTS:
        faults.append(f"the envelope holds {len(stated):,} signatures (allowed: {MAX_PARTS})")
    kind = value.get("payloadType")
    if not isinstance(kind, str):
        faults.append("the envelope's payloadType is no text")
    found = [_signature(mapping(one), certificates, hint) for one in stated[:MAX_PARTS]]
    usable = tuple(one for one, fault in found if not fault)
    if found and not usable:
        faults.append(found[0][1])
    return Material(
        signing=Signing.PAE,
        payload_type=kind if isinstance(kind, str) else "",
        payload=payload.data,
        signatures=tuple(one for one, _ in found),
        entries=entries,
        timestamps=timestamps,
        fault=next(filter(None, faults), ""),
    )


def _signature(stated: Document, certificates: tuple[bytes, ...], hint: str) -> tuple[Signature, str]:
    """A signature, and what is wrong with its spelling; one that cannot be decoded is empty, so it never holds."""
    value = base64_of(stated.get("sig"), "a signature")
    own = stated.get("cert")
    chain: tuple[bytes, ...] = certificates
    if isinstance(own, str) and not chain:
        chain, _ = certificates_of(own, "its certificate")
    keyid = stated.get("keyid")
    named = clean(keyid) if isinstance(keyid, str) and keyid else hint
    return Signature(b"" if value.fault else value.data, chain, named), value.fault
