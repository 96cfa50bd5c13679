"""Signed documents as they were read, not yet verified: the claim, and the material that a verifier needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from compliance.model.attestation import Attestation


class Signing(Enum):
    """Which bytes a signature is over."""

    #: DSSE's pre-authentication encoding of payload type and payload.
    PAE = "pae"
    #: The payload as it stands: a simple-signing document, or a file.
    PAYLOAD = "payload"
    #: Header and payload of a JWS as they stand: RSA with PSS alone, ECDSA as two numbers one after the other.
    JOSE = "jose"
    #: An artifact that is not at hand; its sha256 is `payload`.
    DIGEST = "digest"


class Signature(NamedTuple):
    """One signature. `certificates` are DER, the signer's first; `hint` is the key id or public key hint, untrusted."""

    value: bytes
    certificates: tuple[bytes, ...]
    hint: str


class Inclusion(NamedTuple):
    """A proof that an entry is in a log: `hashes` from leaf to root; `checkpoint` is the signed note, as text."""

    position: int
    tree_size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


class LogEntry(NamedTuple):
    """An entry of a transparency log. `kind` and `version` are of its body (`hashedrekord`, `0.0.1`).

    `integrated` is Unix seconds, None where the log states none (Rekor v2). `promise` is the signed entry
    timestamp, `inclusion` the proof; None where absent.
    """

    kind: str
    version: str
    body: bytes
    position: int
    log_id: bytes
    integrated: int | None
    promise: bytes | None
    inclusion: Inclusion | None


class Material(NamedTuple):
    """What a verifier needs of one document. `timestamps` are RFC 3161 responses or tokens, DER.

    `fault` says in words why the document cannot be verified whatever the trust (a payload that is no
    canonical base64, no signature in a signed envelope); else it is empty text.
    """

    signing: Signing
    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]
    entries: tuple[LogEntry, ...]
    timestamps: tuple[bytes, ...]
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocument:
    """A document with its claim. `material` is None for what carries no signature at all.

    The claim's `trust` is `not-checked`, or `present-unsigned` without material; a verifier replaces it.
    `not-checked` without material is a signature of a format that is listed and not verified (COSE of Notation);
    its `because` says so, and stays. `statement` is the JSON of the in-toto statement as it was signed or
    handed in; empty for a plain signature.
    """

    claim: Attestation
    material: Material | None
    statement: bytes = b""
