"""Reader and verifier together on what the real cosign signed: it holds, and no changed byte of it does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from compliance.evidence.image.attached import attached_documents
from compliance.model.attestation import Attestation, Trust
from compliance.model.configuration import TrustedKey, TrustPolicy
from compliance.model.signed import SignedDocument
from compliance.verification import verify
from tests.evidence.signed.making import FILES, documents, read, read_all, survey_archive

KEY = TrustPolicy(keys=(TrustedKey(name="release", pem=(FILES / "cosign.pub").read_text()),))
#: A key of ours that signed nothing here.
OTHER = TrustPolicy(
    keys=(
        TrustedKey(
            name="other",
            pem="-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
            "-----END PUBLIC KEY-----\n",
        ),
    )
)
ARCHIVES = ("cosign.oci.tar", "cosign-save.oci.tar.gz")
ALONE = ("provenance.bundle.json", "provenance.early.json", "blob.bundle.json")


@pytest.mark.parametrize("name", ARCHIVES)
def test_everything_cosign_hung_on_an_image_is_verified(name: str) -> None:
    found = documents(survey_archive(FILES / name))
    assert {verify(one, KEY).trust for one in found} == {Trust.VERIFIED}
    assert {verify(one, KEY).signer for one in found} == {"release"}
    assert Trust.VERIFIED not in {verify(one, OTHER).trust for one in found}
    assert {verify(one, TrustPolicy()).trust for one in found} == {Trust.NOT_CHECKED}


@pytest.mark.parametrize("name", ALONE)
def test_everything_cosign_signed_beside_a_file_is_verified(name: str) -> None:
    found = read((FILES / name).read_bytes())
    assert verify(found, KEY).trust is Trust.VERIFIED
    assert verify(found, OTHER).trust is not Trust.VERIFIED


@pytest.mark.parametrize("name", ALONE)
def test_no_changed_letter_of_what_was_signed_stays_verified(name: str) -> None:
    """Each text of the payload or signature, changed in one place at a time."""
    value = json.loads((FILES / name).read_bytes())
    inside = value.get("dsseEnvelope") or value.get("messageSignature") or value
    for key in ("payload", "signature", "base64Signature"):
        text = inside.get(key)
        for at in range(0, len(text or ""), 7):
            inside[key] = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
            changed = json.dumps(value).encode()
            assert _verdict(changed) is not Trust.VERIFIED, (key, at)
        if text is not None:
            inside[key] = text


def _verdict(data: bytes) -> Trust | None:
    (found,) = read_all(data)
    return verify(found, KEY).trust if isinstance(found, SignedDocument) else None


def test_whitespace_round_what_was_signed_does_not_matter() -> None:
    value = json.loads((FILES / "provenance.bundle.json").read_bytes())
    turned = json.dumps(dict(reversed(value.items())), indent=3).encode()
    one, other = verify(read(turned), KEY), verify(read(json.dumps(value).encode()), KEY)
    assert one.trust is Trust.VERIFIED
    assert _without_place(one) == _without_place(other)


def _without_place(found: Attestation) -> Attestation:
    return replace(found, origin=read((FILES / "blob.early.json").read_bytes()).claim.origin)


def test_no_changed_byte_of_an_archive_leaves_a_wrong_claim_verified(tmp_path: Path) -> None:
    """Whatever is still verified after a byte was changed says what it said before."""
    data = (FILES / ARCHIVES[0]).read_bytes()
    before = {_said(verify(one, KEY)) for one in documents(survey_archive(FILES / ARCHIVES[0]))}
    place = tmp_path / "changed.tar"
    for at in range(0, len(data), 331):
        place.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            found = survey_archive(place)
        except AssertionError:
            continue  # the header of the archive itself
        for one in attached_documents(found):
            if isinstance(one, SignedDocument):
                verdict = verify(one, KEY)
                assert verdict.trust is not Trust.VERIFIED or _said(verdict) in before, at


def _said(found: Attestation) -> tuple[object, ...]:
    return found.predicate_type, found.subjects, found.signer, found.provenance
