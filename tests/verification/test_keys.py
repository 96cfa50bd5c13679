"""Signatures by configured keys: what holds, what does not, and what a hint is worth."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from compliance.model.attestation import Attestation, Trust
from compliance.model.configuration import TrustedKey, TrustPolicy
from compliance.model.signed import Material, Signature, SignedDocument, Signing
from compliance.verification import trust_faults, verify
from compliance.verification.pae import pae
from tests.verification.making import (
    STATEMENT,
    STATEMENT_TYPE,
    Json,
    b64,
    dsse,
    fingerprint,
    key_trust,
    p256,
    pem,
    read,
    sign,
    spki,
)

KEY, OTHER = p256(), p256()


def judged(envelope: Json, trust: TrustPolicy) -> Attestation:
    return verify(read(envelope), trust)


def with_signature(value: bytes, hint: str = "") -> Json:
    return {**dsse(STATEMENT, []), "signatures": [{"sig": b64(value), "keyid": hint}]}


@pytest.mark.parametrize("hint", [None, "", "whatever"])
def test_trusted_key_whatever_the_keyid(hint: str | None) -> None:
    """A keyid is a hint: without it, with an empty or a foreign one, a trusted key's signature is verified (case 4)."""
    found = judged(dsse(STATEMENT, [(KEY, hint)]), key_trust(KEY))
    assert (found.trust, found.signer, found.fingerprint) == (Trust.VERIFIED, "key-1", fingerprint(KEY))
    assert (found.proven_time, found.signatures) == (None, 1)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ],
    ids=["p384", "p521", "ed25519", "rsa"],
)
def test_other_kinds_of_keys(key: ec.EllipticCurvePrivateKey) -> None:
    """P-384, P-521, Ed25519 and RSA of 2048 bits verify, and only over what they signed (case 18)."""
    assert judged(dsse(STATEMENT, [(key, None)]), key_trust(key)).trust is Trust.VERIFIED
    changed = {**dsse(STATEMENT, [(key, None)]), "payload": b64(STATEMENT + b" ")}
    assert judged(changed, key_trust(key)).trust is not Trust.VERIFIED


def test_rsa_pss_and_curve_hash() -> None:
    """PSS as well as PKCS #1, and P-384 with its own hash, verify; RSA over SHA-1 does not."""
    data = pae(STATEMENT_TYPE, STATEMENT)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pss = key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    assert judged(with_signature(pss), key_trust(key)).trust is Trust.VERIFIED
    p384 = ec.generate_private_key(ec.SECP384R1())
    own = p384.sign(data, ec.ECDSA(hashes.SHA384()))
    assert judged(with_signature(own), key_trust(p384)).trust is Trust.VERIFIED
    weak = key.sign(data, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - the weak hash is what is tested
    assert judged(with_signature(weak), key_trust(key)).trust is not Trust.VERIFIED


@pytest.mark.parametrize("hint", ["key-1", fingerprint(KEY), b64(bytes.fromhex(fingerprint(KEY)))])
def test_tampered_payload(hint: str) -> None:
    """A changed payload under a signature that names a trusted key is invalid (case 1)."""
    envelope = {**dsse(STATEMENT, [(KEY, hint)]), "payload": b64(STATEMENT.replace(b"ab", b"ac"))}
    found = judged(envelope, key_trust(KEY))
    assert (found.trust, found.signer) == (Trust.INVALID, "")
    assert "does not hold under that key" in found.because


def test_untrusted_key() -> None:
    """A valid envelope by a key that nobody trusts is signed and not trusted (case 2)."""
    assert judged(dsse(STATEMENT, [(OTHER, None)]), key_trust(KEY)).trust is Trust.SIGNED_UNTRUSTED
    assert judged(dsse(STATEMENT, [(OTHER, "their-key")]), key_trust(KEY)).trust is Trust.SIGNED_UNTRUSTED


def test_untrusted_key_with_a_trusted_keyid() -> None:
    """Another key that calls itself the trusted one is found out (cases 3 and 20)."""
    assert judged(dsse(STATEMENT, [(OTHER, "key-1")]), key_trust(KEY)).trust is Trust.INVALID


def test_signature_over_other_bytes() -> None:
    """A signature over the base64 text, or over the bare payload, is none over the encoding (cases 5 and 6)."""
    for data in (b64(STATEMENT).encode(), STATEMENT):
        assert judged(with_signature(sign(KEY, data)), key_trust(KEY)).trust is Trust.SIGNED_UNTRUSTED
        assert judged(with_signature(sign(KEY, data), "key-1"), key_trust(KEY)).trust is Trust.INVALID


def test_payload_type_changed() -> None:
    """The payload type is signed: changed afterwards, the signature no longer holds (case 7)."""
    envelope = {**dsse(STATEMENT, [(KEY, "key-1")]), "payloadType": "application/json"}
    assert judged(envelope, key_trust(KEY)).trust is Trust.INVALID


def test_lengths_are_part_of_the_encoding() -> None:
    """Bytes moved between type and payload give other bytes to sign. Source: DSSE protocol, its test vector."""
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "
    assert pae("a 1", b"b") != pae("a", b"1 b")


def test_no_signatures() -> None:
    """An envelope without any signature is there and unsigned (case 8)."""
    found = judged(dsse(STATEMENT, []), key_trust(KEY))
    assert (found.trust, found.signatures) == (Trust.PRESENT_UNSIGNED, 0)


def test_same_key_twice_is_one_signer() -> None:
    """Two signatures by one key do not make two signers, nor do two names for one key (case 9)."""
    twice = dsse(STATEMENT, [(KEY, None), (KEY, None)])
    found = judged(twice, key_trust(KEY, OTHER, threshold=2))
    assert found.trust is Trust.SIGNED_UNTRUSTED
    assert "Only 1 of the 2 distinct trusted signers" in found.because
    assert judged(twice, key_trust(KEY, KEY, threshold=2)).trust is Trust.SIGNED_UNTRUSTED
    both = dsse(STATEMENT, [(KEY, None), (OTHER, None)])
    assert judged(both, key_trust(KEY, OTHER, threshold=2)).trust is Trust.VERIFIED


def test_second_signature_trusted() -> None:
    """One trusted signature among others is enough at threshold one, and the others are told (case 10)."""
    found = judged(dsse(STATEMENT, [(OTHER, None), (KEY, None)]), key_trust(KEY))
    assert (found.trust, found.signer) == (Trust.VERIFIED, "key-1")
    assert "Another signature: it holds under no trusted key" in found.because


def test_one_bad_signature_among_good_ones() -> None:
    """A broken signature does not undo a trusted one, and is told (list 32)."""
    envelope = dsse(STATEMENT, [(KEY, None)])
    listed = envelope["signatures"]
    assert isinstance(listed, list)
    broken = {"sig": b64(b"0" * 70), "keyid": "key-2"}
    found = judged({**envelope, "signatures": [broken, *listed]}, key_trust(KEY, OTHER))
    assert found.trust is Trust.VERIFIED
    assert "key-2 and does not hold" in found.because
    short = judged({**envelope, "signatures": [broken, *listed]}, key_trust(KEY, OTHER, threshold=2))
    assert short.trust is Trust.INVALID


def test_url_safe_payload() -> None:
    """URL-safe base64 stands for the same bytes (case 11)."""
    payload = STATEMENT.replace(b"true", '"ÿÿþ¿"'.encode())
    envelope = dsse(payload, [(KEY, None)])
    assert any(one in b64(payload) for one in "+/")
    envelope["payload"] = base64.urlsafe_b64encode(payload).decode()
    assert judged(envelope, key_trust(KEY)).trust is Trust.VERIFIED


def test_base64_that_is_not_canonical() -> None:
    """A payload whose base64 has bits to spare is refused, whoever signed it (list 43)."""
    payload = STATEMENT + b" " * ((1 - len(STATEMENT)) % 3)
    text = b64(payload)
    assert text.endswith("==")
    spelled = text[:-3] + chr(ord(text[-3]) + 1) + "=="
    assert base64.b64decode(spelled) == payload
    found = judged({**dsse(payload, [(KEY, None)]), "payload": spelled}, key_trust(KEY))
    assert found.trust is Trust.INVALID


def test_weak_keys_are_no_anchor() -> None:
    """An RSA key of 1024 bits and a foreign curve are refused as trust: nothing is decided by them (case 18)."""
    for key in (
        rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505 - the weak key is what is tested
        ec.generate_private_key(ec.SECP256K1()),
    ):
        trust = key_trust(key)
        found = judged(dsse(STATEMENT, [(key, None)]), trust)
        assert found.trust is Trust.NOT_CHECKED
        assert len(trust_faults(trust)) == 1
        assert "key-1 cannot be used" in found.because


def test_key_hint_of_a_bundle_with_a_foreign_key() -> None:
    """A valid key that is not the signer's does not verify (case 20)."""
    hint = b64(bytes.fromhex(fingerprint(OTHER)))
    assert judged(dsse(STATEMENT, [(OTHER, hint)]), key_trust(KEY)).trust is Trust.SIGNED_UNTRUSTED
    assert judged(dsse(STATEMENT, [(OTHER, hint)]), key_trust(OTHER)).trust is Trust.VERIFIED


def test_without_any_trust_nothing_is_decided() -> None:
    """No anchor in the configuration: not checked, never a pass (case 48)."""
    found = judged(dsse(STATEMENT, [(KEY, None)]), TrustPolicy())
    assert (found.trust, found.signer) == (Trust.NOT_CHECKED, "")
    broken = TrustPolicy(keys=(TrustedKey(name="lost", pem="no key"),))
    assert judged(dsse(STATEMENT, [(KEY, None)]), broken).trust is Trust.NOT_CHECKED
    assert "lost cannot be used" in trust_faults(broken)[0]


def digest_document(signature: bytes, payload: bytes) -> SignedDocument:
    document = read(dsse(STATEMENT, [(KEY, None)]))
    material = Material(Signing.DIGEST, "", payload, (Signature(signature, (), ""),), (), (), "")
    return replace(document, material=material)


def test_signature_over_an_absent_artifact() -> None:
    """ECDSA and RSA are verified by the digest; Ed25519 cannot be, and says so."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"artifact")
    value = digest.finalize()
    big = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for key in (KEY, big):
        good = verify(digest_document(sign(key, b"artifact"), value), key_trust(key))
        assert good.trust is Trust.VERIFIED
        assert verify(digest_document(sign(key, b"other"), value), key_trust(key)).trust is Trust.SIGNED_UNTRUSTED
    assert verify(digest_document(sign(KEY, b"artifact"), value.hex().encode()), key_trust(KEY)).trust is Trust.VERIFIED
    assert verify(digest_document(sign(KEY, b"artifact"), b"short"), key_trust(KEY)).trust is Trust.INVALID
    edwards = ed25519.Ed25519PrivateKey.generate()
    found = verify(digest_document(sign(edwards, b"artifact"), value), key_trust(edwards))
    assert found.trust is Trust.NOT_CHECKED
    assert "without the artifact" in found.because


def test_simple_signing_payload() -> None:
    """A cosign payload is verified as it stands; which image it names is the claim's affair (case 17)."""
    document = read(dsse(STATEMENT, [(KEY, None)]))
    payload = b'{"critical":{}}'
    material = Material(Signing.PAYLOAD, "", payload, (Signature(sign(KEY, payload), (), ""),), (), (), "")
    assert verify(replace(document, material=material), key_trust(KEY)).trust is Trust.VERIFIED
    changed = material._replace(payload=payload + b" ")
    assert verify(replace(document, material=changed), key_trust(KEY)).trust is Trust.SIGNED_UNTRUSTED


def test_caps() -> None:
    """More signatures than anybody makes are not verified, with the cap in the reason."""
    document = read(dsse(STATEMENT, [(KEY, None)]))
    assert document.material is not None
    many = document.material._replace(signatures=document.material.signatures * 65)
    found = verify(replace(document, material=many), key_trust(KEY))
    assert found.trust is Trust.NOT_CHECKED
    assert "above the cap of 64" in found.because
    long = document.material._replace(signatures=(Signature(b"0" * 20_000, (), ""),))
    assert verify(replace(document, material=long), key_trust(KEY)).trust is Trust.NOT_CHECKED


def test_unsigned_document_keeps_its_claim() -> None:
    """What carries no signature stays present and unsigned whatever is trusted (case 26)."""
    unsigned = replace(read(dsse(STATEMENT, [])), material=None)
    claim = replace(unsigned.claim, trust=Trust.PRESENT_UNSIGNED, because="")
    found = verify(replace(unsigned, claim=claim), key_trust(KEY))
    assert (found.trust, found.because) == (Trust.PRESENT_UNSIGNED, "It carries no signature.")


def test_reasons_are_printable() -> None:
    """No control character of a key's name or a hint reaches the reason."""
    trust = TrustPolicy(keys=(TrustedKey(name="ke\x1b[31my", pem=pem(KEY)),))
    found = judged(dsse(STATEMENT, [(KEY, None)]), trust)
    assert found.because.isprintable()
    assert spki(KEY)
