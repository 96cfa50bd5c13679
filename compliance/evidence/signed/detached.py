"""Bare signatures as `cosign sign-blob --output-signature` writes them: one line of base64 beside the file they sign.

Nothing in such a file tells what it signs. Alone it is recognised by its bytes where they are an ECDSA signature, and
listed; beside a file of its name it is taken for a signature over that file.
"""

from __future__ import annotations

import re

from compliance.evidence.signed.claims import Claim, Place, listed, signed
from compliance.evidence.signed.cosign import certificate_in
from compliance.evidence.signed.encoding import Decoded, base64_of
from compliance.evidence.signed.statement import Statement
from compliance.model.attestation import Envelope
from compliance.model.signed import Material, Signature, SignedDocument, Signing

#: An ECDSA signature in DER is 70 to 139 bytes for P-256 to P-521; its base64 begins with `M`.
_LINE = re.compile(rb"\s*(M[A-Za-z0-9+/]{80,200}={0,2})\s*")
#: Bytes of a bare signature in base64; one by an RSA key of 16,384 bits has 2,732.
MAX_SIGNATURE = 8_192
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


def is_bare(data: bytes) -> bool:
    """Whether bytes beside a file may be its signature: base64 of something short, or a DER sequence, and no JSON."""
    if not data.strip() or len(data) > MAX_SIGNATURE:
        return False
    return _is_two_numbers(data) or not base64_of(_one_line(data), "the signature").fault


def _one_line(data: bytes) -> str:
    """The text without the line ends that `base64` puts in."""
    return "".join(data.decode("ascii", "replace").split())


def detached_document(data: bytes, place: Place, certificate: str = "") -> SignedDocument:
    """The document of a bare signature over the file that it stands beside, which `place.artifact` is.

    `data` is any signature in base64, or an ECDSA one as it is; `certificate` is what stands beside it, if anything
    does: PEM, or base64 of PEM.
    """
    artifact = place.artifact
    if artifact is None or not _SHA256.fullmatch(artifact.sha256):
        return listed_document(place)
    value = Decoded(data, "") if _is_two_numbers(data) else base64_of(_one_line(data), "the signature")
    certificates, fault = certificate_in(certificate)
    payload = bytes.fromhex(artifact.sha256) if artifact.data is None else artifact.data
    material = Material(
        signing=Signing.DIGEST if artifact.data is None else Signing.PAYLOAD,
        payload_type="",
        payload=payload,
        signatures=(Signature(value.data, certificates, ""),),
        entries=(),
        timestamps=(),
        fault=value.fault or (f"the certificate beside it: {fault}" if fault else ""),
    )
    claim = Claim(Envelope.DETACHED, "", Statement(subjects=(artifact.subject(),)), about="signature")
    return signed(place, claim, material)
