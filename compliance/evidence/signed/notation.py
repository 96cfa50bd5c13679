"""Notation's envelopes: JWS with what verifies it, COSE recognised and listed, each with the digest that it signs.

Source: notaryproject/specifications v1.1, specs/signature-specification.md, signature-envelope-jws.md and
signature-envelope-cose.md; RFC 9052 (COSE_Sign1); RFC 8949 (CBOR).
"""

from __future__ import annotations

import re

from compliance.errors import EvidenceError
from compliance.evidence.signed.claims import Claim, Place, listed, signed
from compliance.evidence.signed.encoding import (
    KIND,
    MAX_PARTS,
    Document,
    base64_of,
    clean,
    inner,
    items,
    json_of,
    mapping,
)
from compliance.evidence.signed.statement import Statement
from compliance.model.attestation import Envelope, StatementSubject
from compliance.model.signed import Material, Signature, SignedDocument, Signing

JWS = "application/jose+json"
COSE = "application/cose"
PAYLOAD = "application/vnd.cncf.notary.payload.v1+json"
#: How a tagged COSE_Sign1 begins: tag 18, an array of four, a byte string.
_COSE_START = re.compile(rb"\xd2\x84[\x40-\x5a]")
_DIGEST = re.compile(r"(sha256|sha384|sha512):([0-9a-f]{64,128})")
_BECAUSE = "a Notation signature in COSE, which is recognised and not verified here; verify it with `notation verify`"
#: Source: signature-specification.md, "Signature Algorithm Requirements": RSA-PSS and ECDSA, never PKCS #1 v1.5.
_ALGORITHMS = frozenset(("PS256", "PS384", "PS512", "ES256", "ES384", "ES512"))
_SCHEME = "io.cncf.notary.signingScheme"
_EXPIRY = "io.cncf.notary.expiry"
_TIMESTAMP = "io.cncf.notary.timestampSignature"
_CRITICAL = frozenset((_SCHEME, _EXPIRY))
_MAX_ITEMS = 100_000
_DATE_KEPT = 64


def is_jws(value: Document) -> bool:
    return "payload" in value and "protected" in value and "signature" in value


def is_cose(data: bytes) -> bool:
    return _COSE_START.match(data) is not None


def jws_document(value: Document, place: Place) -> SignedDocument:
    """The document of a JWS in its flattened JSON form.

    Raises:
        EvidenceError: its payload names no artifact, so that it is nobody's signature of an image.
    """
    payload = base64_of(value.get("payload"), "the payload", padded=False)
    if payload.fault:
        raise EvidenceError(payload.fault, pointer="/payload", kind=KIND)
    protected = base64_of(value.get("protected"), "the protected header", padded=False)
    header = _header(protected.data) if not protected.fault else {}
    claim = _claim(payload.data, JWS, _times(header))
    unusual = _unusual(header)
    if unusual:
        return listed(place, claim, f"a Notation signature that is not verified here: {unusual}", 1)
    beside = mapping(value.get("header"))
    certificates, fault = _chain(beside.get("x5c"))
    signature = base64_of(value.get("signature"), "the signature", padded=False)
    stamp = beside.get(_TIMESTAMP)
    stated = base64_of(stamp, "the timestamp") if stamp is not None else None
    material = Material(
        signing=Signing.JOSE,
        payload_type=PAYLOAD,
        payload=f"{value['protected']}.{value['payload']}".encode(),
        signatures=(Signature(signature.data, certificates, ""),),
        entries=(),
        timestamps=(stated.data,) if stated is not None else (),
        fault=protected.fault or signature.fault or fault or (stated.fault if stated is not None else ""),
    )
    return signed(place, claim, material)


def _unusual(header: Document) -> str:
    """What of a protected header is not verified here, else empty text. Source: signature-envelope-jws.md, "Header"."""
    critical = header.get("crit")
    unknown = [clean(one) for one in items(critical) if one not in _CRITICAL]
    if header.get("alg") not in _ALGORITHMS:
        return f"its algorithm is {clean(header.get('alg'))[:40] or 'not stated'}"
    if header.get("cty") != PAYLOAD:
        return "it does not say that it signs a payload of Notation"
    if unknown or not isinstance(critical, list):
        return f"its critical header {unknown[0][:80]} is not understood" if unknown else "it names no critical header"
    if header.get(_SCHEME) != "notary.x509":
        return f"its signing scheme is {clean(header.get(_SCHEME))[:80] or 'not stated'}"
    if _EXPIRY in header:
        return f"it expires at {clean(header.get(_EXPIRY))[:_DATE_KEPT]}, and whether it still counts a person says"
    return ""


def _chain(stated: object) -> tuple[tuple[bytes, ...], str]:
    """The certificates, the signer's first, and what is wrong with them."""
    listed_ones = items(stated)
    if not 0 < len(listed_ones) <= MAX_PARTS:
        return (), f"it brings {len(listed_ones):,} certificates (allowed: 1 to {MAX_PARTS})"
    found = [base64_of(one, "a certificate") for one in listed_ones]
    return tuple(one.data for one in found), next((one.fault for one in found if one.fault), "")


def cose_document(data: bytes, place: Place) -> SignedDocument:
    """The document of a tagged COSE_Sign1.

    Raises:
        EvidenceError: it is cut short, or its payload names no artifact.
    """
    at = _skip(data, 2)  # the protected header
    at = _skip(data, at)  # the unprotected one
    major, length, begin = _head(data, at)
    if major != 2 or begin + length > len(data):
        raise EvidenceError("a COSE signature without its payload", kind=KIND)
    return listed(place, _claim(data[begin : begin + length], COSE, ""), _BECAUSE, 1)


def _claim(payload: bytes, media_type: str, note: str) -> Claim:
    target = inner(json_of(payload), "targetArtifact")
    stated = target.get("digest")
    found = _DIGEST.fullmatch(stated) if isinstance(stated, str) else None
    if found is None:
        raise EvidenceError("a signature whose payload names no artifact by its digest", kind=KIND)
    subject = StatementSubject("", ((found[1], found[2]),))
    return Claim(Envelope.NOTATION, media_type, Statement(subjects=(subject,)), about="signature", note=note)


def _header(data: bytes) -> Document:
    try:
        return mapping(json_of(data))
    except EvidenceError:
        return {}


def _times(header: Document) -> str:
    """What the header says of time, which nothing has verified."""
    words = (("signed", "io.cncf.notary.signingTime"), ("expires", _EXPIRY))
    told = [f"{word} {clean(header.get(key))[:_DATE_KEPT]}" for word, key in words if clean(header.get(key))]
    return f"as its header says, unverified: {', '.join(told)}" if told else ""


# -- CBOR, as far as it must be passed over -----------------------------------------------------------------


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument, and where the content begins. Indefinite lengths are refused, as COSE's encoding is."""
    if at >= len(data):
        raise EvidenceError("a COSE signature that is cut short", kind=KIND)
    major, short = data[at] >> 5, data[at] & 31
    if short < 24:
        return major, short, at + 1
    if short > 27:
        raise EvidenceError("a COSE signature with a length that is not stated", kind=KIND)
    size = 1 << (short - 24)
    return major, int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size


def _skip(data: bytes, at: int) -> int:
    """Where the item at a place ends."""
    pending = 1
    for _ in range(_MAX_ITEMS):
        if not pending:
            return at
        major, argument, at = _head(data, at)
        pending -= 1
        if major in (2, 3):
            at += argument
        elif major in (4, 5):
            pending += argument * (major - 3)
        elif major == 6:
            pending += 1
    raise EvidenceError(f"a COSE header of more than {_MAX_ITEMS:,} values", kind=KIND)
