"""Bare signatures: recognised by their bytes, listed alone, and verified over the digest of the file beside them."""

from __future__ import annotations

import hashlib

import pytest

from compliance.evidence.signed.claims import Artifact, Place
from compliance.evidence.signed.detached import detached_document, is_detached
from compliance.evidence.signed.reading import READER
from compliance.model.attestation import Envelope, Trust
from compliance.model.configuration import TrustedKey, TrustPolicy
from compliance.verification import verify
from tests.evidence.signed.making import FILES, b64, read

SIGNATURE = (FILES / "blob.txt.sig").read_bytes()
BLOB = (FILES / "blob.txt").read_bytes()
DIGEST = hashlib.sha256(BLOB).hexdigest()
KEY = TrustPolicy(keys=(TrustedKey(name="release", pem=(FILES / "cosign.pub").read_text()),))


def test_a_bare_signature_is_listed_and_not_checked() -> None:
    for data in (SIGNATURE, SIGNATURE + b"\n"):
        found = read(data)
        assert (found.material, found.claim.trust, found.claim.about) == (None, Trust.NOT_CHECKED, "signature")
        assert found.claim.envelope is Envelope.DETACHED
        assert "does not tell what it signs" in found.claim.because
        assert verify(found, KEY).trust is Trust.NOT_CHECKED


def test_a_bare_signature_is_verified_over_the_digest_of_its_file() -> None:
    for held in (BLOB, None):
        found = detached_document(SIGNATURE, beside(DIGEST, held))
        assert found.claim.digests() == (f"sha256:{DIGEST}",)
        assert verify(found, KEY).trust is Trust.VERIFIED
    changed = beside(hashlib.sha256(BLOB + b"x").hexdigest(), BLOB + b"x")
    assert verify(detached_document(SIGNATURE, changed), KEY).trust is Trust.SIGNED_UNTRUSTED
    assert verify(detached_document(SIGNATURE, beside(changed.artifact.sha256, None)), KEY).trust is (
        Trust.SIGNED_UNTRUSTED
    )
    assert verify(detached_document(SIGNATURE, beside(DIGEST, BLOB), "no certificate"), KEY).trust is Trust.INVALID
    assert verify(detached_document(SIGNATURE, beside("", BLOB)), KEY).trust is Trust.NOT_CHECKED


def beside(sha256: str, data: bytes | None) -> Place:
    return Place(read(SIGNATURE).claim.origin, "attestation/blob.txt.sig", artifact=Artifact("blob.txt", sha256, data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"M" * 90,
        b"MEUCID4w",
        SIGNATURE + SIGNATURE,
        SIGNATURE[:-4],
        b64(b"\x30\x44" + b"\x02\x20" + b"a" * 32 + b"\x03\x20" + b"a" * 32).encode(),
        b64(b"\x30\x44" + b"\x02\x7f" + b"a" * 66).encode(),
        b"MIIB" + b"A" * 400,
    ],
)
def test_other_text_is_no_signature(data: bytes) -> None:
    assert not is_detached(data)
    assert not READER.identify(data)
