"""Notation's envelopes are recognised and listed with what they claim, and never verified."""

from __future__ import annotations

import base64
import json

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.signed.reading import READER
from compliance.model.attestation import Envelope, Trust
from tests.evidence.signed.making import APP, read, read_all, refused

TARGET = {"targetArtifact": {"mediaType": "m", "digest": f"sha256:{APP}", "size": 5}}
HEADER = {"alg": "PS256", "io.cncf.notary.signingTime": "2026-01-01T00:00:00Z", "io.cncf.notary.expiry": "2026-02-01"}


def url64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def jws(payload: object) -> dict[str, object]:
    return {"payload": url64(payload), "protected": url64(HEADER), "header": {"x5c": []}, "signature": "AAAA"}


def cbor_bytes(data: bytes) -> bytes:
    return b"\x59" + len(data).to_bytes(2, "big") + data


def cose(payload: bytes, header: bytes = b"\xa1\x01\x38\x24", chain: bytes = b"\xa1\x18\x21\x81\x42ab") -> bytes:
    return b"\xd2\x84" + cbor_bytes(header) + chain + cbor_bytes(payload) + cbor_bytes(b"signature")


def test_a_jws_is_listed_and_not_checked() -> None:
    found = read(jws(TARGET))
    assert (found.material, found.claim.trust, found.claim.envelope) == (None, Trust.NOT_CHECKED, Envelope.NOTATION)
    assert found.claim.digests() == (f"sha256:{APP}",)
    assert "not verified here" in found.claim.because
    assert "expires 2026-02-01" in found.claim.predicate_note
    assert (found.claim.media_type, found.claim.about) == ("application/jose+json", "signature")


def test_a_cose_signature_is_listed_and_not_checked() -> None:
    found = read(cose(json.dumps(TARGET).encode()))
    assert (found.claim.media_type, found.claim.digests()) == ("application/cose", (f"sha256:{APP}",))
    assert (found.material, found.claim.trust) == (None, Trust.NOT_CHECKED)


@pytest.mark.parametrize("payload", [{}, {"targetArtifact": {"digest": "sha256:x"}}, {"targetArtifact": []}])
def test_a_signature_of_nothing_is_refused(payload: object) -> None:
    assert "names no artifact" in refused(jws(payload))
    assert "names no artifact" in refused(cose(json.dumps(payload).encode()))


@pytest.mark.parametrize(
    "chain", [b"\x9b" + b"\xff" * 8, b"\x5f", b"\xbb" + b"\xff" * 8, b"\xc6" * 9, b"\x5b" + b"\xff" * 8]
)
def test_a_cose_header_of_any_shape_is_bounded(chain: bytes) -> None:
    (found,) = read_all(cose(b"{}", chain=chain))
    assert isinstance(found, EvidenceError)


def test_every_cut_of_a_cose_signature_is_told() -> None:
    whole = cose(json.dumps(TARGET).encode())
    payload_end = len(whole) - len(cbor_bytes(b"signature"))
    for length in range(3, payload_end):
        if READER.identify(whole[:length]):
            assert all(isinstance(one, EvidenceError) for one in read_all(whole[:length])), length
