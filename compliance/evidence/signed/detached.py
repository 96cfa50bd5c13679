"""Bare signatures as `cosign sign-blob --output-signature` writes them: one line of base64 beside the file they sign.

Nothing in such a file tells what it signs. It is recognised by its bytes where they are an ECDSA signature, and
listed; who knows the file beside it gives its digest.
"""

from __future__ import annotations

import re

from compliance.evidence.signed.claims import Claim, Place, listed, signed
from compliance.evidence.signed.encoding import base64_of, certificates_of
from compliance.evidence.signed.statement import Statement
from compliance.model.attestation import Envelope, StatementSubject
from compliance.model.signed import Material, Signature, SignedDocument, Signing

#: An ECDSA signature in DER is 70 to 139 bytes for P-256 to P-521; its base64 begins with `M`.
_LINE = re.compile(rb"\s*(M[A-Za-z0-9+/]{80,200}={0,2})\s*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BECAUSE = (
    "A bare signature, which does not tell what it signs: hand in a bundle instead (cosign sign-blob --bundle), "
    "or the signed file beside it under the same name without .sig"
)


def is_detached(data: bytes) -> bool:
    """Whether bytes are the base64 of one ECDSA signature and nothing else."""
    found = _LINE.fullmatch(data[:1000])
    if found is None or len(data) > 1000:
        return False
    value = base64_of(found[1].decode(), "the signature")
    return not value.fault and _is_two_numbers(value.data)


def _is_two_numbers(data: bytes) -> bool:
    """Whether DER is a sequence of two integers and ends there. Source: RFC 3279, section 2.2.3."""
    if len(data) < 8 or data[0] != 0x30:
        return False
    at = 3 if data[1] == 0x81 else 2
    length = data[2] if at == 3 else data[1]
    if length != len(data) - at or (at == 2 and length > 0x7F):
        return False
    for _ in range(2):
        if at + 2 > len(data) or data[at] != 2 or data[at + 1] > 0x7F:
            return False
        at += 2 + data[at + 1]
    return at == len(data)


def listed_document(place: Place) -> SignedDocument:
    """The document of a bare signature of which nobody knows what it signs."""
    return listed(place, Claim(Envelope.DETACHED, "", about="signature"), _BECAUSE, 1)


def detached_document(data: bytes, place: Place, artifact_sha256: str, name: str, pem: str = "") -> SignedDocument:
    """The document of a bare signature over a file: `artifact_sha256` is hexadecimal, computed of that file's bytes.

    `data` is the base64 of any signature; `pem` the certificate that stands beside it, if one does.
    """
    value = base64_of(data.decode("ascii", "replace").strip(), "the signature")
    certificates, fault = certificates_of(pem, "the certificate beside it") if pem else ((), "")
    right = _SHA256.fullmatch(artifact_sha256) is not None
    subject = StatementSubject(name, (("sha256", artifact_sha256),) if right else ())
    material = Material(
        signing=Signing.DIGEST,
        payload_type="",
        payload=bytes.fromhex(artifact_sha256) if right else b"",
        signatures=(Signature(value.data, certificates, ""),),
        entries=(),
        timestamps=(),
        fault=value.fault or fault or ("" if right else "the digest of the signed file is not known"),
    )
    claim = Claim(Envelope.DETACHED, "", Statement(subjects=(subject,)), about="signature")
    return signed(place, claim, material)
