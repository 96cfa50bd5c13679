"""Bodies of transparency log entries, and whether one is about exactly this signature over exactly these bytes.

Without that an entry of another artifact could be glued to any signature (CVE-2022-36056).
Source: sigstore rekor pkg/types (v1), rekor-tiles api/proto/rekor/v2 (v2).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from compliance.model.signed import Signing
from compliance.verification.certificates import BROKEN
from compliance.verification.keys import Key, Signed, load_der, load_pem
from compliance.verification.standing import bad, undecided

#: Bytes of one body.
BODY_BYTES = 4_000_000
_HASHES = {"sha256": 32, "sha384": 48, "sha512": 64}
_V2_HASHES = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


class Bound(NamedTuple):
    """What an entry says: digests as (algorithm, digest), of the payload or of what was signed; and its signers.

    `signers` are (signature, verifier as DER); a verifier is a certificate or a public key.
    """

    algorithm: str
    digest: bytes
    of_payload: bool
    signers: tuple[tuple[bytes, bytes], ...]


class _Raw(msgspec.Struct):
    rawBytes: str = ""  # noqa: N815 - named as on the wire


class _Verifier(msgspec.Struct):
    publicKey: _Raw | None = None  # noqa: N815 - named as on the wire
    x509Certificate: _Raw | None = None  # noqa: N815 - named as on the wire


class _Signature2(msgspec.Struct):
    content: str
    verifier: _Verifier


class _Digest2(msgspec.Struct):
    algorithm: str
    digest: str


class _Hashed2(msgspec.Struct):
    data: _Digest2
    signature: _Signature2


class _Dsse2(msgspec.Struct):
    payloadHash: _Digest2  # noqa: N815 - named as on the wire
    signatures: list[_Signature2]


class _Hash(msgspec.Struct):
    algorithm: str
    value: str


class _Data(msgspec.Struct):
    hash: _Hash


class _PublicKey(msgspec.Struct):
    content: str


class _Signature1(msgspec.Struct):
    content: str
    publicKey: _PublicKey  # noqa: N815 - named as on the wire


class _DsseSignature(msgspec.Struct):
    signature: str
    verifier: str


class _IntotoSignature(msgspec.Struct):
    sig: str
    publicKey: str  # noqa: N815 - named as on the wire


class _IntotoEnvelope(msgspec.Struct):
    signatures: list[_IntotoSignature]


class _IntotoContent(msgspec.Struct):
    envelope: _IntotoEnvelope
    payloadHash: _Hash  # noqa: N815 - named as on the wire


class _Spec(msgspec.Struct):
    data: _Data | None = None
    signature: _Signature1 | None = None
    payloadHash: _Hash | None = None  # noqa: N815 - named as on the wire
    signatures: list[_DsseSignature] | None = None
    content: _IntotoContent | None = None
    hashedRekordV002: _Hashed2 | None = None  # noqa: N815 - named as on the wire
    dsseV002: _Dsse2 | None = None  # noqa: N815 - named as on the wire


class _Head(msgspec.Struct):
    kind: str
    apiVersion: str  # noqa: N815 - named as on the wire


class _Body(msgspec.Struct):
    spec: _Spec


def read_body(body: bytes, kind: str, version: str) -> Bound:
    """What an entry is about. Refused when it cannot be read, or is of a kind that is not verified."""
    if len(body) > BODY_BYTES:
        raise undecided(f"the body of its log entry is above the cap of {BODY_BYTES} bytes")
    try:
        head = msgspec.json.decode(body, type=_Head)
        if (head.kind, head.apiVersion) != (kind, version):
            raise bad(f"its log entry is called {kind} {version} and is {head.kind} {head.apiVersion}")
        if (kind, version) not in _KINDS:
            raise undecided(f"log entries of kind {kind} {version} are not verified")
        spec = msgspec.json.decode(body, type=_Body).spec
        found = _KINDS[kind, version](spec)
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error, ValueError, RecursionError) as error:
        raise bad("the body of its log entry cannot be read") from error
    if found is None or not found.signers or len(found.digest) != _HASHES.get(found.algorithm):
        raise bad("the body of its log entry lacks what its kind must hold")
    return found


def _hashed1(spec: _Spec) -> Bound | None:
    if spec.data is None or spec.signature is None:
        return None
    verifier = _pem_der(_decoded(spec.signature.publicKey.content))
    found = spec.data.hash
    return Bound(found.algorithm, bytes.fromhex(found.value), False, ((_decoded(spec.signature.content), verifier),))


def _dsse1(spec: _Spec) -> Bound | None:
    if spec.payloadHash is None or spec.signatures is None:
        return None
    signers = tuple((_decoded(one.signature), _pem_der(_decoded(one.verifier))) for one in spec.signatures)
    return Bound(spec.payloadHash.algorithm, bytes.fromhex(spec.payloadHash.value), True, signers)


def _intoto2(spec: _Spec) -> Bound | None:
    """Its signatures stand as base64 of the base64 that the envelope held; some writers encode once only."""
    if spec.content is None:
        return None
    found = spec.content.payloadHash
    signers = tuple(
        (_twice_decoded(one.sig), _pem_der(_decoded(one.publicKey))) for one in spec.content.envelope.signatures
    )
    return Bound(found.algorithm, bytes.fromhex(found.value), True, signers)


def _hashed2(spec: _Spec) -> Bound | None:
    found = spec.hashedRekordV002
    if found is None:
        return None
    signer = (_decoded(found.signature.content), _verifier_der(found.signature.verifier))
    return Bound(_V2_HASHES.get(found.data.algorithm, ""), _decoded(found.data.digest), False, (signer,))


def _dsse2(spec: _Spec) -> Bound | None:
    found = spec.dsseV002
    if found is None:
        return None
    signers = tuple((_decoded(one.content), _verifier_der(one.verifier)) for one in found.signatures)
    return Bound(_V2_HASHES.get(found.payloadHash.algorithm, ""), _decoded(found.payloadHash.digest), True, signers)


_KINDS = {
    ("hashedrekord", "0.0.1"): _hashed1,
    ("dsse", "0.0.1"): _dsse1,
    ("intoto", "0.0.2"): _intoto2,
    ("hashedrekord", "0.0.2"): _hashed2,
    ("dsse", "0.0.2"): _dsse2,
}
#: The kinds that a log of the second generation writes: no promise, no integrated time.
SECOND = {("hashedrekord", "0.0.2"), ("dsse", "0.0.2")}


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _twice_decoded(text: str) -> bytes:
    once = _decoded(text)
    try:
        return base64.b64decode(once, validate=True)
    except binascii.Error:
        return once


def _pem_der(pem: bytes) -> bytes:
    """The DER of a PEM certificate, or of a PEM public key. Raises ValueError."""
    if b"BEGIN CERTIFICATE" in pem:
        try:
            return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
        except BROKEN as error:
            raise ValueError("not a certificate") from error
    return load_pem(pem.decode()).der


def _verifier_der(verifier: _Verifier) -> bytes:
    if verifier.x509Certificate is not None:
        return _decoded(verifier.x509Certificate.rawBytes)
    return load_der(_decoded(verifier.publicKey.rawBytes)).der if verifier.publicKey is not None else b""


def names_signature(found: Bound, signature: bytes) -> bool:
    """Whether the entry is about this signature at all."""
    return any(hmac.compare_digest(one, signature) for one, _ in found.signers)


def check_bound(
    found: Bound, signature: bytes, verifiers: Sequence[bytes], signed: Signed, payload: bytes, how: Signing
) -> None:
    """Refused unless the entry is about this signature by this certificate or key, over these bytes."""
    if not any(value == signature and verifier in verifiers for value, verifier in found.signers):
        raise bad("its log entry is about another signature, key or certificate")
    if found.of_payload:
        if how is not Signing.PAE:
            raise bad("its log entry is about an envelope, and this is none")
        digest: bytes | None = hashlib.new(found.algorithm, payload).digest()
    else:
        digest = signed.digest(found.algorithm)
    if digest is None:
        raise undecided("its log entry states a digest that cannot be compared without the artifact")
    if digest != found.digest:
        raise bad("its log entry is about another artifact: the digests differ")


def key_in(found: Bound) -> Key | None:
    """The public key that an entry names for its only signer: it tells a foreign signature from a broken one."""
    if len(found.signers) != 1:
        return None
    try:
        return load_der(found.signers[0][1])
    except ValueError:
        return None
