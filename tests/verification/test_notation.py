"""Notation's JWS envelopes: by a configured key, or a certificate at a proven time; what is unusual is not decided."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from compliance.model.attestation import Attestation, Trust
from compliance.model.configuration import TrustedIdentity, TrustedRoot, TrustPolicy
from compliance.verification import verify
from tests.verification import making

Json = dict[str, Any]

APP = "a" * 64
TARGET = {"targetArtifact": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": f"sha256:{APP}"}}
HOLDER = "CN=release,O=example"
ALGORITHMS = {"PS256": hashes.SHA256(), "PS384": hashes.SHA384(), "PS512": hashes.SHA512()}
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
ROOT = making.authority("notary")
TSA = making.Tsa()


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def new_key(algorithm: str) -> making.Private:
    if algorithm.startswith("ES"):
        return ec.generate_private_key(CURVES[algorithm])
    return rsa.generate_private_key(65537, 2048)


def signature(key: making.Private, data: bytes, algorithm: str) -> bytes:
    """As RFC 7518 has it."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.curve.key_size + 7) // 8
        digest = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384(), "ES512": hashes.SHA512()}[algorithm]
        return b"".join(one.to_bytes(size, "big") for one in decode_dss_signature(key.sign(data, ec.ECDSA(digest))))
    assert isinstance(key, rsa.RSAPrivateKey)
    digest = ALGORITHMS[algorithm]
    return key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)


def certificate(key: making.Private, *purposes: x509.ObjectIdentifier) -> bytes:
    stated = ((NameOID.ORGANIZATION_NAME, "example"), (NameOID.COMMON_NAME, "release"))
    names = [x509.NameAttribute(kind, text) for kind, text in stated]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(ROOT.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(making.NOON - timedelta(days=1))
        .not_valid_after(making.NOON + timedelta(days=300))
        .add_extension(making.key_usage(), critical=True)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return builder.sign(ROOT.key, hashes.SHA384()).public_bytes(Encoding.DER)


def envelope(
    key: making.Private,
    algorithm: str = "ES256",
    *,
    payload: object = None,
    header: Mapping[str, object] | None = None,
    stamped: datetime | None = None,
    leaf: bytes | None = None,
) -> Json:
    """A signature as `notation sign` writes it."""
    stated = {
        "alg": algorithm,
        "cty": "application/vnd.cncf.notary.payload.v1+json",
        "crit": ["io.cncf.notary.signingScheme"],
        "io.cncf.notary.signingScheme": "notary.x509",
        "io.cncf.notary.signingTime": "2026-01-01T00:00:00Z",
        **(header or {}),
    }
    parts = [url64(json.dumps(one).encode()) for one in (stated, TARGET if payload is None else payload)]
    value = signature(key, ".".join(parts).encode(), algorithm)
    beside: Json = {"x5c": [making.b64(certificate(key) if leaf is None else leaf)]}
    if stamped is not None:
        beside["io.cncf.notary.timestampSignature"] = making.b64(TSA.token(value, stamped))
    return {"payload": parts[1], "protected": parts[0], "header": beside, "signature": url64(value)}


def trusted_root() -> TrustPolicy:
    """The authority and the timestamp authority, and the holder by its distinguished name."""
    valid = {"start": "2020-01-01T00:00:00Z"}
    document = {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "certificateAuthorities": [making.authority_chain("notary", [ROOT.der], valid)],
        "timestampAuthorities": [making.authority_chain("tsa", TSA.chain(), valid)],
    }
    return TrustPolicy(
        identities=(TrustedIdentity(subject=HOLDER, issuer="CN=notary"),),
        trusted_roots=(TrustedRoot(name="notary", sha256="", data=json.dumps(document)),),
    )


def judged(value: Json, trust: TrustPolicy) -> Attestation:
    return verify(making.read(value), trust)


@pytest.mark.parametrize("algorithm", [*ALGORITHMS, *CURVES])
def test_a_configured_key_verifies_every_algorithm(algorithm: str) -> None:
    """Its certificate is that key's; what is signed is the digest of the image's manifest."""
    key = new_key(algorithm)
    found = judged(envelope(key, algorithm), making.key_trust(key))
    assert (found.trust, found.signer) == (Trust.VERIFIED, "key-1")
    assert found.digests() == (f"sha256:{APP}",)
    assert judged(envelope(key, algorithm), TrustPolicy()).trust is Trust.NOT_CHECKED
    assert judged(envelope(key, algorithm), making.key_trust(making.p256())).trust is Trust.SIGNED_UNTRUSTED


def test_every_changed_part_breaks_it() -> None:
    """Payload, header, signature, certificate: none is verified when it is another's."""
    key, other = making.p256(), making.p256()
    good, trust = envelope(key), making.key_trust(key)
    payload = {"targetArtifact": {**TARGET["targetArtifact"], "digest": f"sha256:{'b' * 64}"}}
    changed = [
        {**good, "payload": url64(json.dumps(payload).encode())},
        {**good, "protected": envelope(key, header={"x": 1})["protected"]},
        {**good, "signature": good["signature"][:-4] + "AAAA"},
        {**good, "header": {"x5c": [making.b64(certificate(other))]}},
        {**good, "header": {"x5c": []}},
        {**good, "header": {"x5c": ["AAAA"]}},
        {**good, "signature": making.b64(making.sign(key, b"x"))},
    ]
    assert [judged(one, trust).trust for one in changed] == [Trust.INVALID] * len(changed)
    rsa_key = new_key("PS256")
    plain = envelope(rsa_key, "PS256")
    bytes_signed = f"{plain['protected']}.{plain['payload']}".encode()
    plain["signature"] = url64(rsa_key.sign(bytes_signed, padding.PKCS1v15(), hashes.SHA256()))  # type: ignore[call-arg,union-attr]  # an RSA key
    assert judged(plain, making.key_trust(rsa_key)).trust is Trust.INVALID


@pytest.mark.parametrize("purposes", [(), (ExtendedKeyUsageOID.CODE_SIGNING,)], ids=["any", "code"])
def test_a_certificate_counts_at_the_time_that_a_timestamp_proves(purposes: tuple[x509.ObjectIdentifier, ...]) -> None:
    """By a root of the configuration, within the certificate's validity, for a holder who is named."""
    key, trust = making.p256(), trusted_root()
    leaf = certificate(key, *purposes)
    found = judged(envelope(key, stamped=making.NOON, leaf=leaf), trust)
    assert (found.trust, found.signer, found.issuer) == (Trust.VERIFIED, HOLDER, "CN=notary")
    assert found.proven_time == making.NOON.strftime("%Y-%m-%dT%H:%M:%SZ")
    late = making.NOON + timedelta(days=301)
    assert judged(envelope(key, stamped=late, leaf=leaf), trust).trust is Trust.SIGNED_UNTRUSTED
    without = judged(envelope(key, leaf=leaf), trust)
    assert without.trust is Trust.SIGNED_UNTRUSTED
    assert "nothing trusted proves when it was made" in without.because
    stranger = TrustPolicy(identities=(TrustedIdentity(subject="CN=other", issuer="CN=notary"),),
                           trusted_roots=trust.trusted_roots)  # fmt: skip
    assert judged(envelope(key, stamped=making.NOON, leaf=leaf), stranger).trust is Trust.SIGNED_UNTRUSTED
    wrong = certificate(key, ExtendedKeyUsageOID.TIME_STAMPING)
    assert judged(envelope(key, stamped=making.NOON, leaf=wrong), trust).trust is Trust.INVALID


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"io.cncf.notary.expiry": "2026-02-01T00:00:00Z"}, "it expires at 2026-02-01"),
        ({"crit": ["io.cncf.notary.signingScheme", "x"]}, "its critical header x is not understood"),
        ({"crit": "x"}, "it names no critical header"),
        ({"io.cncf.notary.signingScheme": "notary.x509.signingAuthority"}, "its signing scheme is"),
        ({"alg": "none"}, "its algorithm is none"),
        ({"alg": "HS256"}, "its algorithm is HS256"),
        ({"cty": "text/plain"}, "it does not say that it signs a payload"),
    ],
)
def test_what_is_not_judged_here_is_said_and_never_passes(header: Json, words: str) -> None:
    """Expiry, unknown critical headers, other schemes and algorithms."""
    key = making.p256()
    found = judged({**envelope(key), "protected": url64(json.dumps(_with(header)).encode())}, making.key_trust(key))
    assert found.trust is Trust.NOT_CHECKED
    assert words in found.because


def _with(header: Json) -> Json:
    protected = envelope(making.p256())["protected"]
    return {**json.loads(base64.urlsafe_b64decode(protected + "==")), **header}
