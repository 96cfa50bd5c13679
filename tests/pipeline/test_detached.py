"""Signatures beside the files that they sign: about these files' bytes, verified, and never more than what holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from compliance.model.attestation import Attestation, Trust
from compliance.model.configuration import Configuration, Parameters, TrustedKey, TrustPolicy
from compliance.pipeline.running import Result
from tests.evidence.signed.making import FILES
from tests.images import making as images
from tests.pipeline import hostile_proof as proof
from tests.pipeline.test_running import assess, observations
from tests.verification import making

BOM = json.dumps(proof.sbom()).encode()
KEYS: dict[str, making.Private] = {
    "p256": making.p256(),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "rsa": rsa.generate_private_key(65537, 2048),
}
PEM = making.certificate_pem
KEY = KEYS["p256"]
COSIGN = TrustPolicy(keys=(TrustedKey(name="release", pem=(FILES / "cosign.pub").read_text()),))


def judged(folder: Path, files: Mapping[str, bytes], trust: TrustPolicy | None = None, **more: Any) -> Result:
    settings = Configuration(parameters=Parameters(trust=making.key_trust(KEY) if trust is None else trust))
    images.write_files(folder / "evidence", files)
    return assess(folder / "evidence", configuration=settings, **more)


def signature(key: making.Private, data: bytes = BOM) -> bytes:
    return making.b64(making.sign(key, data)).encode()


def attestation(result: Result) -> Attestation:
    (row,) = result.assessment.attestations
    return row.attestation


def outcomes(result: Result, check: str) -> list[str]:
    return [line["outcome"] for line in observations(result) if line["check"] == check]


@pytest.mark.parametrize("kind", KEYS)
def test_a_signature_beside_an_sbom_is_about_its_bytes(tmp_path: Path, kind: str) -> None:
    """By any kind of key it is verified, names the digest of the file, and makes the SBOM a signed one."""
    files = {"sbom.cdx.json": BOM, "sbom.cdx.json.sig": signature(KEYS[kind])}
    result = judged(tmp_path, files, making.key_trust(KEYS[kind]))
    found = attestation(result)
    assert (found.trust, found.signer) == (Trust.VERIFIED, "key-1")
    assert found.digests() == (f"sha256:{hashlib.sha256(BOM).hexdigest()}",)
    assert outcomes(result, "attestation-signature") == outcomes(result, "sbom-author-signature") == ["pass"]
    assert result.complete
    assert {file.path: file.documents for file in result.assessment.evidence} == dict.fromkeys(files, 1)


def test_no_altered_byte_and_no_other_key_is_verified(tmp_path: Path) -> None:
    """A flipped byte of either file, a stranger's key, and no anchor at all: never a pass."""
    own, stranger = signature(KEY), signature(making.p256())
    raw = bytearray(making.sign(KEY, BOM))
    raw[-1] ^= 1
    cases = [
        (BOM.replace(b"openssl", b"openssx", 1), own, None, Trust.SIGNED_UNTRUSTED),
        (BOM, making.b64(bytes(raw)).encode(), None, Trust.SIGNED_UNTRUSTED),
        (BOM, stranger, None, Trust.SIGNED_UNTRUSTED),
        (BOM, own[:-1] + b"!", None, None),
        (BOM, own, TrustPolicy(), Trust.NOT_CHECKED),
    ]
    for number, (data, value, trust, expected) in enumerate(cases):
        result = judged(tmp_path / str(number), {"a.cdx.json": data, "a.cdx.json.sig": value}, trust)
        assert [row.attestation.trust for row in result.assessment.attestations] == ([expected] if expected else [])
        assert outcomes(result, "sbom-author-signature") == ["not-checked"]
        assert "pass" not in outcomes(result, "attestation-signature")


@pytest.mark.parametrize(("made", "name"), [("blob.bundle.json", "sigstore.json"), ("blob.early.json", "bundle")])
def test_a_bundle_of_the_real_cosign_is_held_against_the_file_beside_it(tmp_path: Path, made: str, name: str) -> None:
    """It is verified beside what it signs; beside something else it is invalid, and about that file."""
    data, blob = (FILES / made).read_bytes(), (FILES / "blob.txt").read_bytes()
    found = attestation(judged(tmp_path / "same", {"blob.txt": blob, f"blob.txt.{name}": data}, COSIGN))
    assert (found.trust, found.digests()) == (Trust.VERIFIED, (f"sha256:{hashlib.sha256(blob).hexdigest()}",))
    result = judged(tmp_path / "other", {"a.cdx.json": BOM, f"a.cdx.json.{name}": data}, COSIGN)
    found = attestation(result)
    assert found.trust is not Trust.VERIFIED
    assert found.digests() == (f"sha256:{hashlib.sha256(BOM).hexdigest()}",)
    if made == "blob.bundle.json":
        assert found.trust is Trust.INVALID
        assert "a.cdx.json beside it has" in found.because
        assert outcomes(result, "sbom-author-signature") == ["fail"]


def test_the_bare_signature_of_the_real_cosign(tmp_path: Path) -> None:
    """Verified beside its file, in its folder alone; by itself it is listed."""
    value, blob = (FILES / "blob.txt.sig").read_bytes(), (FILES / "blob.txt").read_bytes()
    assert attestation(judged(tmp_path / "a", {"d/blob.txt": blob, "d/blob.txt.sig": value}, COSIGN)).trust is (
        Trust.VERIFIED
    )
    found = attestation(judged(tmp_path / "b", {"d/blob.txt": blob, "e/blob.txt.sig": value}, COSIGN))
    assert (found.trust, found.subjects) == (Trust.NOT_CHECKED, ())


def signer() -> making.Certified:
    """A certificate for signing code, by an authority that nobody trusts."""
    above, key = making.authority("somebody"), making.p256()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(above.certificate.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(making.NOON)
        .not_valid_after(making.NOON + timedelta(minutes=10))
        .add_extension(making.key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name("dev@shop.example")]), critical=True)
    )
    return making.Certified(key, builder.sign(above.key, hashes.SHA384()))


def test_a_certificate_beside_is_used_and_a_public_key_is_not(tmp_path: Path) -> None:
    """A certificate by nobody trusted makes it untrusted; over other bytes it is invalid; a public key is no matter."""
    somebody = signer()
    for number, (end, pem) in enumerate((("pem", PEM), ("crt", lambda der: making.b64(PEM(der)).encode()))):
        certificate = pem(somebody.der)
        files = {"a.cdx.json": BOM, "a.cdx.json.sig": signature(somebody.key), f"a.cdx.json.{end}": certificate}
        result = judged(tmp_path / f"{number}", files)
        assert attestation(result).trust is Trust.SIGNED_UNTRUSTED
        assert {file.state.value for file in result.assessment.evidence} == {"read"}
        result = judged(tmp_path / f"{number}-other", {**files, "a.cdx.json": BOM + b" "})
        assert attestation(result).trust is Trust.INVALID
    files = {"a.cdx.json": BOM, "a.cdx.json.sig": signature(KEY), "a.cdx.json.pem": making.pem(KEY).encode()}
    result = judged(tmp_path / "key", files)
    assert attestation(result).trust is Trust.VERIFIED
    state = {file.path: file.state.value for file in result.assessment.evidence}
    assert state["a.cdx.json.pem"] == "unrecognised"


def test_other_files_that_end_so_are_no_signatures(tmp_path: Path) -> None:
    """OpenPGP and plain text stay files that no reader knows."""
    files = {"a.cdx.json": BOM, "a.cdx.json.sig": b"-----BEGIN PGP SIGNATURE-----\n\niQ==\n", "b.sig": b"x", "b": b""}
    result = judged(tmp_path, files)
    assert not result.assessment.attestations
    assert [file.path for file in result.assessment.evidence if file.state.value == "unrecognised"] == [
        "a.cdx.json.sig",
        "b",
        "b.sig",
    ]


def test_an_archive_of_an_image_may_be_signed(tmp_path: Path) -> None:
    """The archive is read as an image; its signature is about the archive's bytes and not about the image's digest."""
    archive = images.oci_tar({"names": ["registry.example/a:1"], "layers": [[{"path": "app", "text": "a"}]]})
    result = judged(tmp_path, {"a.tar": archive, "a.tar.sig": signature(KEY, archive)})
    assert attestation(result).trust is Trust.VERIFIED
    assert len(result.assessment.images) == 1
    assert outcomes(result, "image-signature") == ["not-checked"]


def test_a_vex_document_speaks_by_the_signature_beside_it(tmp_path: Path) -> None:
    """Its verified signer counts as its author; one that does not hold, or of a stranger, silences it."""
    document = json.dumps(proof.vex(author="nobody")).encode()
    trust = proof.replace(making.key_trust(KEY), vex_authors=("key-1",))
    for number, (key, outcome) in enumerate(((KEY, "pass"), (making.p256(), "fail"))):
        files = {"vex.json": document, "vex.json.sig": signature(key, document)}
        result = judged(tmp_path / str(number), files, trust)
        assert outcomes(result, "vex-author") == [outcome]


def test_any_number_of_processes_gives_the_same_bytes(tmp_path: Path) -> None:
    """Pairs are verified in order, whoever does it."""
    files = {f"{n}.cdx.json{end}": data for n in range(20) for end, data in (("", BOM), (".sig", signature(KEY)))}
    files["filler.bin"] = bytes(5 << 20)
    one = judged(tmp_path, files)
    two = judged(tmp_path, files, jobs=2, output="second")
    names = ("assessment.json", "observations.jsonl")
    assert [(one.packet / name).read_bytes() for name in names] == [(two.packet / name).read_bytes() for name in names]
