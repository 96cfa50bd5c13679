"""Signatures by certificates: chains, times, identities, CT logs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from compliance.model.attestation import Attestation, Envelope, Trust
from compliance.model.configuration import TrustedIdentity, TrustedRoot, TrustPolicy
from compliance.verification import trust_faults, verify
from tests.verification.making import (
    BUNDLE,
    ISSUER,
    NOON,
    REPOSITORY,
    STATEMENT,
    SUBJECT,
    Json,
    Simulator,
    Tsa,
    authority,
    b64,
    key_trust,
    p256,
    read,
    utf8,
)

WORLD = Simulator()
SECOND = Simulator("second")


def judged(bundle: Json, trust: TrustPolicy | None = None) -> Attestation:
    return verify(read(bundle), trust or WORLD.trust())


@pytest.mark.parametrize(("generation", "kind"), [(1, "dsse"), (1, "intoto"), (2, "hashedrekord"), (2, "dsse")])
def test_keyless_envelope(generation: int, kind: str) -> None:
    """An envelope under each kind of log entry is verified, with signer, issuer, time and claims."""
    found = judged(WORLD.bundle(generation=generation, kind=kind))
    assert (found.trust, found.signer, found.issuer) == (Trust.VERIFIED, SUBJECT, ISSUER)
    assert found.proven_time == "2026-01-15T12:00:00Z"
    source = "transparency log https://log1.example" if generation == 1 else "timestamp authority https://tsa.example"
    assert found.time_source == source
    assert found.claims == {"source-repository-uri": REPOSITORY, "source-repository-ref": "refs/tags/v1.0.0"}


@pytest.mark.parametrize("generation", [1, 2])
def test_keyless_artifact(generation: int) -> None:
    """A signature over an artifact that is not at hand is verified by its digest."""
    assert judged(WORLD.bundle(artifact=b"artifact", generation=generation)).trust is Trust.VERIFIED


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_versions_of_bundles(version: str) -> None:
    """Bundles of each version are verified."""
    kind = BUNDLE if version == "0.3" else f"application/vnd.dev.sigstore.bundle+json;version={version}"
    assert judged(WORLD.bundle(media_type=kind)).trust is Trust.VERIFIED


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
def test_leaf_keys(key: ec.EllipticCurvePrivateKey) -> None:
    """Certificates for P-384 and RSA keys verify."""
    assert judged(WORLD.bundle(signer=WORLD.leaf(key=key))).trust is Trust.VERIFIED


def test_weak_leaf_key() -> None:
    """A certificate for an RSA key of 1024 bits is invalid (case 18)."""
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the weak key is what is tested
    found = judged(WORLD.bundle(signer=WORLD.leaf(key=weak)))
    assert found.trust is Trust.INVALID
    assert "1024 bits" in found.because


def test_leaf_key_of_another_kind() -> None:
    """A certificate for a curve that is not verified leaves its signature undecided."""
    strange = WORLD.leaf(key=ec.generate_private_key(ec.SECP256K1()))
    assert judged(WORLD.bundle(signer=strange)).trust is Trust.NOT_CHECKED


def test_chain_of_a_cosign_layout() -> None:
    """Outside of bundles a chain may bring its root, which then still must be one that is trusted."""
    document = read(WORLD.bundle())
    assert document.material is not None
    one = document.material.signatures[0]
    chain = one._replace(certificates=(*one.certificates, WORLD.intermediate.der, WORLD.root.der))
    claim = replace(document.claim, envelope=Envelope.COSIGN_LAYOUT)
    whole = replace(document, claim=claim, material=document.material._replace(signatures=(chain,)))
    assert verify(whole, WORLD.trust()).trust is Trust.VERIFIED
    assert verify(whole, SECOND.trust()).trust is Trust.SIGNED_UNTRUSTED
    assert verify(replace(whole, claim=document.claim), WORLD.trust()).trust is Trust.SIGNED_UNTRUSTED


def test_no_time_no_trust() -> None:
    """Without a proven time nobody can say that the certificate was valid; with one inside it, it counts (case 12)."""
    bundle = WORLD.bundle(generation=2, stamped=False)
    found = judged(bundle)
    assert (found.trust, found.proven_time) == (Trust.SIGNED_UNTRUSTED, None)
    assert "nobody can say that its certificate was valid" in found.because
    assert judged(WORLD.bundle(generation=2)).trust is Trust.VERIFIED


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize(("minutes", "verified"), [(-1.02, False), (-1, True), (9, True), (9.02, False)])
def test_certificate_at_the_proven_time(generation: int, minutes: float, verified: bool) -> None:
    """The certificate must be valid at the proven time, both ends included (case 12)."""
    signer = WORLD.leaf(at=NOON)
    bundle = WORLD.bundle(signer=signer, at=NOON + timedelta(minutes=minutes), generation=generation)
    assert judged(bundle).trust is (Trust.VERIFIED if verified else Trust.SIGNED_UNTRUSTED)


def test_every_proven_time_counts() -> None:
    """A good integrated time does not cover for a timestamp outside the certificate's life."""
    bundle = WORLD.bundle(stamped=True)
    document = read(bundle)
    assert document.material is not None
    late = WORLD.tsa.response(document.material.signatures[0].value, NOON + timedelta(hours=1))
    moved = replace(document, material=document.material._replace(timestamps=(late,)))
    assert verify(document, WORLD.trust()).trust is Trust.VERIFIED
    assert verify(moved, WORLD.trust()).trust is Trust.SIGNED_UNTRUSTED


def test_issuer_must_be_the_one() -> None:
    """The right subject from another issuer is nobody we trust, and is named (case 14)."""
    found = judged(WORLD.bundle(signer=WORLD.leaf(issuer="https://accounts.example")))
    assert (found.trust, found.issuer) == (Trust.SIGNED_UNTRUSTED, "https://accounts.example")
    assert SUBJECT in found.because


@pytest.mark.parametrize(
    "subject", [SUBJECT + "-evil", "https://evil.example/" + SUBJECT, SUBJECT[:-1], SUBJECT.upper()]
)
def test_subject_must_be_the_one(subject: str) -> None:
    """A subject that contains, begins or resembles the trusted one is another (case 14)."""
    assert judged(WORLD.bundle(signer=WORLD.leaf(subject))).trust is Trust.SIGNED_UNTRUSTED
    pattern = r"https://github\.com/example/app/\.github/workflows/release\.yml@refs/tags/v1\.0\.0"
    bundle = WORLD.bundle(signer=WORLD.leaf(subject))
    assert judged(bundle, WORLD.trust(pattern=pattern)).trust is Trust.SIGNED_UNTRUSTED


def test_pattern_of_subjects() -> None:
    """A pattern must match the whole subject."""
    trust = WORLD.trust(pattern=r"https://github\.com/example/[^/]+/\.github/workflows/.*@refs/tags/v.*")
    assert judged(WORLD.bundle(), trust).trust is Trust.VERIFIED
    evil = WORLD.leaf("https://github.com/example/../evil/app/.github/workflows/release.yml@refs/tags/v1")
    assert judged(WORLD.bundle(signer=evil), trust).trust is Trust.SIGNED_UNTRUSTED


def test_two_issuers_in_one_certificate() -> None:
    """A certificate whose old and new issuer extensions differ is invalid."""
    signer = WORLD.leaf(claims={8: "https://other.example"})
    assert judged(WORLD.bundle(signer=signer)).trust is Trust.INVALID


def test_nobody_named() -> None:
    """A trusted root alone trusts nobody: the signer is named and not trusted."""
    trust = replace(WORLD.trust(), identities=())
    found = judged(WORLD.bundle(), trust)
    assert (found.trust, found.signer, found.proven_time) == (Trust.SIGNED_UNTRUSTED, SUBJECT, "2026-01-15T12:00:00Z")


def test_root_with_the_same_names() -> None:
    """A chain to another root whose subjects read the same is no chain to ours (case 15)."""
    twin = Simulator()
    assert twin.root.certificate.subject == WORLD.root.certificate.subject
    found = judged(twin.bundle())
    assert (found.trust, found.signer) == (Trust.SIGNED_UNTRUSTED, "")
    assert "leads to no authority" in found.because


def test_authority_outside_its_time() -> None:
    """An authority that the root no longer, or not yet, trusts at the proven time issues nothing; ends count."""
    for valid, expected in (
        ({"start": "2026-01-15T12:00:01Z"}, Trust.SIGNED_UNTRUSTED),
        ({"start": "2020-01-01T00:00:00Z", "end": "2026-01-15T11:59:59.999Z"}, Trust.SIGNED_UNTRUSTED),
        ({"start": "2026-01-15T12:00:00Z", "end": "2026-01-15T12:00:00Z"}, Trust.VERIFIED),
    ):
        trust = WORLD.trust(root=WORLD.trusted_root(valid={"ca": valid}))
        assert judged(WORLD.bundle(), trust).trust is expected


def test_leaf_must_be_for_code() -> None:
    """A certificate for servers, or of an authority, signs no artifact."""
    server = WORLD.leaf(purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    assert judged(WORLD.bundle(signer=server)).trust is Trust.INVALID
    above = WORLD.leaf(more=[(x509.BasicConstraints(ca=True, path_length=None), True)])
    assert judged(WORLD.bundle(signer=above)).trust is Trust.INVALID


def test_critical_extension_not_understood() -> None:
    """A critical extension that nobody here understands keeps a certificate from being trusted."""
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), utf8("x"))
    assert judged(WORLD.bundle(signer=WORLD.leaf(more=[(strange, True)]))).trust is Trust.SIGNED_UNTRUSTED
    assert judged(WORLD.bundle(signer=WORLD.leaf(more=[(strange, False)]))).trust is Trust.VERIFIED


def test_a_leaf_issues_nothing() -> None:
    """A certificate made by an ordinary leaf, which is offered as an intermediate, leads nowhere."""
    fake = Simulator("example")
    key, der = WORLD.leaf()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    leaf = x509.load_der_x509_certificate(der)
    fake.intermediate = fake.intermediate._replace(key=key, certificate=leaf)
    document = read(fake.bundle(signer=fake.leaf(sct=False)))
    assert document.material is not None
    one = document.material.signatures[0]
    offered = one._replace(certificates=(*one.certificates, der))
    changed = replace(document, material=document.material._replace(signatures=(offered,)))
    assert verify(changed, WORLD.trust()).trust is not Trust.VERIFIED


def test_intermediate_from_the_evidence() -> None:
    """An intermediate may come with the bundle when the trusted root holds the root alone; a root may not."""
    root = json.loads(WORLD.trusted_root())
    chain = root["certificateAuthorities"][0]["certChain"]
    chain["certificates"] = chain["certificates"][1:]
    trust = WORLD.trust(root=json.dumps(root))
    kind = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    bundle = WORLD.bundle(media_type=kind)
    assert judged(bundle, trust).trust is Trust.SIGNED_UNTRUSTED
    material = bundle["verificationMaterial"]
    assert isinstance(material, dict)
    listed = material["x509CertificateChain"]["certificates"]
    listed.append({"rawBytes": b64(WORLD.intermediate.der)})
    assert judged(bundle, trust).trust is Trust.VERIFIED
    listed.append({"rawBytes": b64(WORLD.root.der)})
    assert judged(bundle, trust).trust is Trust.SIGNED_UNTRUSTED


def test_authority_for_other_purposes() -> None:
    """An intermediate that may only issue for servers issues no signing certificate."""
    world = Simulator("narrow")
    world.intermediate = authority("narrow-2", world.root, usage=ExtendedKeyUsageOID.SERVER_AUTH)
    assert judged(world.bundle(), world.trust()).trust is Trust.SIGNED_UNTRUSTED


def test_sct_is_needed_where_the_root_has_ct_logs() -> None:
    """No certificate timestamp, one by another log, or one of another certificate: not verified."""
    assert judged(WORLD.bundle(signer=WORLD.leaf(sct=False))).trust is Trust.SIGNED_UNTRUSTED
    without = WORLD.trust(root=WORLD.trusted_root(ct=False))
    assert judged(WORLD.bundle(signer=WORLD.leaf(sct=False)), without).trust is Trust.VERIFIED
    other = Simulator()
    other.root, other.intermediate, other.logs, other.tsa = WORLD.root, WORLD.intermediate, WORLD.logs, WORLD.tsa
    assert judged(other.bundle()).trust is Trust.SIGNED_UNTRUSTED
    trusted = json.loads(WORLD.trusted_root())
    trusted["ctlogs"][0]["publicKey"]["rawBytes"] = json.loads(other.trusted_root())["ctlogs"][0]["publicKey"][
        "rawBytes"
    ]
    assert judged(WORLD.bundle(), WORLD.trust(root=json.dumps(trusted))).trust is Trust.INVALID
    late = WORLD.trust(root=WORLD.trusted_root(valid={"ct": {"start": "2026-01-15T12:00:01Z"}}))
    assert judged(WORLD.bundle(), late).trust is Trust.INVALID


def test_timestamp_by_another_authority() -> None:
    """A timestamp by an authority that the root does not know proves nothing (case 13)."""
    world = Simulator("stamped")
    trust = world.trust()
    world.tsa = Tsa("stranger")
    assert judged(world.bundle(generation=2), trust).trust is Trust.SIGNED_UNTRUSTED
    world.tsa = Tsa("stamped-tsa")
    found = judged(world.bundle(generation=2), trust)
    assert found.trust is Trust.SIGNED_UNTRUSTED


def test_timestamp_over_another_signature() -> None:
    """A timestamp of another signature does not belong here (case 13)."""
    document = read(WORLD.bundle(generation=2))
    other = read(WORLD.bundle(generation=2))
    assert document.material is not None
    assert other.material is not None
    swapped = replace(document, material=document.material._replace(timestamps=other.material.timestamps))
    found = verify(swapped, WORLD.trust())
    assert (found.trust, "over another signature" in found.because) == (Trust.INVALID, True)


@pytest.mark.parametrize("embed", [True, False])
def test_forms_of_timestamps(embed: bool) -> None:
    """A response and a bare token, with and without the certificate in them, prove the same."""
    document = read(WORLD.bundle(generation=2))
    assert document.material is not None
    value = document.material.signatures[0].value
    for stamp in (WORLD.tsa.response(value, embed=embed), WORLD.tsa.token(value, embed=embed)):
        changed = replace(document, material=document.material._replace(timestamps=(stamp,)))
        assert verify(changed, WORLD.trust()).proven_time == "2026-01-15T12:00:00Z"


def test_timestamp_authority_outside_its_time() -> None:
    """A timestamp counts within the time that its authority is trusted for, both ends included."""
    for valid, expected in (
        ({"start": "2020-01-01T00:00:00Z", "end": "2026-01-15T12:00:00Z"}, Trust.VERIFIED),
        ({"start": "2020-01-01T00:00:00Z", "end": "2026-01-15T11:59:59Z"}, Trust.SIGNED_UNTRUSTED),
        ({"start": "2026-01-15T12:00:01Z"}, Trust.SIGNED_UNTRUSTED),
    ):
        trust = WORLD.trust(root=WORLD.trusted_root(valid={"tsa": valid}))
        assert judged(WORLD.bundle(generation=2), trust).trust is expected


def test_timestamp_past_its_certificate() -> None:
    """A timestamp made after the authority's own certificate ended proves nothing."""
    world = Simulator("short")
    world.tsa = Tsa("short-tsa", days=1)
    at = NOON + timedelta(days=2)
    found = judged(world.bundle(generation=2, at=at), world.trust())
    assert (found.trust, "when its authority was not trusted" in found.because) == (Trust.SIGNED_UNTRUSTED, True)


def test_root_without_a_log() -> None:
    """Under a root without logs, as GitHub's for private repositories, a timestamp alone is enough."""
    trust = WORLD.trust(root=WORLD.trusted_root(logs=False, ct=False))
    assert judged(WORLD.bundle(generation=None), trust).trust is Trust.VERIFIED
    assert judged(WORLD.bundle(generation=None, stamped=False), trust).trust is Trust.SIGNED_UNTRUSTED


def test_log_entry_is_needed_where_the_root_has_logs() -> None:
    """A bundle without an entry is not verified under a root that lists logs."""
    found = judged(WORLD.bundle(generation=None))
    assert (found.trust, "no log entry" in found.because) == (Trust.SIGNED_UNTRUSTED, True)


def test_several_roots() -> None:
    """The root that issued the certificate judges it, whatever the order of roots, in one file of lines or in two."""
    two = (
        TrustedRoot(name="one", sha256="", data=SECOND.trusted_root()),
        TrustedRoot(name="two", sha256="", data=WORLD.trusted_root()),
    )
    lines = TrustedRoot(name="both", sha256="", data=f"{SECOND.trusted_root()}\n{WORLD.trusted_root()}\n")
    who = WORLD.trust().identities
    for roots in (two, two[::-1], (lines,)):
        trust = TrustPolicy(identities=who, trusted_roots=roots)
        assert trust_faults(trust) == ()
        assert judged(WORLD.bundle(), trust).trust is Trust.VERIFIED
        assert judged(SECOND.bundle(), trust).trust is Trust.VERIFIED


def test_logs_of_another_root_do_not_help() -> None:
    """Parts of two roots do not add up: the log must be of the root that issued the certificate."""
    mixed = Simulator("mixed")
    mixed.logs = SECOND.logs
    trust = mixed.trust(root=Simulator.trusted_root(_with_logs(mixed)))
    both = replace(trust, trusted_roots=(*trust.trusted_roots, *SECOND.trust().trusted_roots))
    assert judged(mixed.bundle(), both).trust is Trust.SIGNED_UNTRUSTED


def _with_logs(mixed: Simulator) -> Simulator:
    other = Simulator("mixed")
    other.root, other.intermediate, other.ct_key, other.tsa = mixed.root, mixed.intermediate, mixed.ct_key, mixed.tsa
    return other


def test_trust_is_missing() -> None:
    """No anchor at all is not checked; keys alone do not trust a certificate; a key that is trusted does."""
    assert judged(WORLD.bundle(), TrustPolicy()).trust is Trust.NOT_CHECKED
    assert judged(WORLD.bundle(), key_trust(p256())).trust is Trust.SIGNED_UNTRUSTED
    key, der = WORLD.leaf()
    assert judged(WORLD.bundle(signer=(key, der)), key_trust(key)).signer == "key-1"


def test_broken_without_any_trust() -> None:
    """A signature that does not hold under its own certificate is invalid even where nothing is trusted."""
    bundle = WORLD.bundle()
    envelope = bundle["dsseEnvelope"]
    assert isinstance(envelope, dict)
    envelope["payload"] = b64(STATEMENT + b" ")
    assert judged(bundle, TrustPolicy()).trust is Trust.INVALID
    assert judged(bundle).trust is Trust.INVALID


def test_key_and_identity_make_two_signers() -> None:
    """The threshold counts identities as it counts keys, each once."""
    trust = replace(WORLD.trust(), threshold=2)
    assert judged(WORLD.bundle(), trust).trust is Trust.SIGNED_UNTRUSTED


def test_identity_without_a_subject_is_refused() -> None:
    """An identity must say whom it means; one that cannot be used trusts nobody and is told."""
    nobody = TrustedIdentity(issuer=ISSUER)
    lookaround = TrustedIdentity(issuer=ISSUER, subject_pattern="(?=a).*")
    trust = replace(WORLD.trust(), identities=(nobody, lookaround))
    assert len(trust_faults(trust)) == 2
    assert judged(WORLD.bundle(), trust).trust is Trust.SIGNED_UNTRUSTED
