"""A sigstore in memory: a certificate authority, a CT log, two transparency logs and a timestamp authority.

`Simulator().bundle(...)` gives the JSON of a sigstore bundle, `.dsse(...)` that of an envelope, `.trusted_root()` that
of the root which trusts it all; `read(...)` makes a document of either. Keys are made anew in each simulator.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from compliance.evidence.signed.claims import Place
from compliance.evidence.signed.documents import document_of
from compliance.model.configuration import TrustedIdentity, TrustedKey, TrustedRoot, TrustPolicy
from compliance.model.evidence import Origin
from compliance.model.signed import SignedDocument
from compliance.verification.pae import pae
from tests.verification.der import integer, object_id, octets, sequence, set_of, tagged, utf8

ORIGIN = Origin(path="evidence.json", sha256="0" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1)
#: When everything is signed unless a test says otherwise.
NOON = datetime(2026, 1, 15, 12, 0, 0, tzinfo=UTC)
STATEMENT_TYPE = "application/vnd.in-toto+json"
SUBJECT = "https://github.com/example/app/.github/workflows/release.yml@refs/tags/v1.0.0"
ISSUER = "https://token.actions.githubusercontent.com"
REPOSITORY = "https://github.com/example/app"
STATEMENT = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "registry.example/app", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://example.org/predicate/v1",
        "predicate": {"built": True},
    }
).encode()
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Json = dict[str, object]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spki(key: Private) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem(key: Private) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_key(key: Private, valid: Json) -> Json:
    """A key as a trusted root holds it."""
    return {"rawBytes": b64(spki(key)), "keyDetails": details(key), "validFor": valid}


def details(key: Private) -> str:
    """The key's kind. Source: sigstore protobuf-specs, PublicKeyDetails."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {256: "PKIX_ECDSA_P256_SHA_256", 384: "PKIX_ECDSA_P384_SHA_384"}[key.curve.key_size]
    return "PKIX_ED25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "PKIX_RSA_PKCS1V15_2048_SHA256"


def fingerprint(key: Private) -> str:
    return hashlib.sha256(spki(key)).hexdigest()


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sign(key: Private, data: bytes) -> bytes:
    """A signature as cosign makes it: ECDSA and RSA PKCS #1 with SHA-256, Ed25519 over the bytes."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        from cryptography.hazmat.primitives.asymmetric import padding

        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data)


def read(value: Mapping[str, object]) -> SignedDocument:
    """The document of a bundle's or an envelope's JSON."""
    return document_of(value, json.dumps(value).encode(), Place(ORIGIN, "attestation/evidence.json"))


def dsse(payload: bytes, signers: Sequence[tuple[Private, str | None]], payload_type: str = STATEMENT_TYPE) -> Json:
    """An envelope; each signer is a key and its keyid, None for no keyid at all."""
    found = []
    for key, hint in signers:
        one: Json = {"sig": b64(sign(key, pae(payload_type, payload)))}
        found.append(one if hint is None else {**one, "keyid": hint})
    return {"payloadType": payload_type, "payload": b64(payload), "signatures": found}


def key_trust(*keys: Private, threshold: int = 1) -> TrustPolicy:
    """Trust in keys, called key-1, key-2 and so on."""
    named = tuple(TrustedKey(name=f"key-{place}", pem=pem(key)) for place, key in enumerate(keys, 1))
    return TrustPolicy(keys=named, threshold=threshold)


class Certified(NamedTuple):
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def authority(
    name: str, issuer: Certified | None = None, *, usage: x509.ObjectIdentifier | None = None, key_name: str = ""
) -> Certified:
    """A certificate authority of ten years; self-signed without an issuer. `key_name` replaces its subject."""
    key = ec.generate_private_key(ec.SECP384R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, key_name or name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON - timedelta(days=1800))
        .not_valid_after(NOON + timedelta(days=1800))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issued_by(issuer.key if issuer else key), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Certified(key, builder.sign(issuer.key if issuer else key, hashes.SHA384()))


def _issued_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def key_usage(*, signs_certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


class Tsa:
    """A timestamp authority: its chain, and the tokens it makes."""

    def __init__(self, name: str = "tsa", days: int = 1800) -> None:
        self.root = authority(f"{name}-root")
        self.key = p256()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        self.leaf = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.root.certificate.subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOON - timedelta(days=days))
            .not_valid_after(NOON + timedelta(days=days))
            .add_extension(purposes, critical=True)
            .add_extension(key_usage(), critical=True)
            .sign(self.root.key, hashes.SHA256())
        )

    def chain(self) -> list[bytes]:
        return [self.leaf.public_bytes(Encoding.DER), self.root.der]

    def token(self, signature: bytes, at: datetime = NOON, *, embed: bool = True) -> bytes:
        """A token over a signature. Source: RFC 3161, 2.4.2; RFC 5652, 5."""
        sha256 = sequence(object_id("2.16.840.1.101.3.4.2.1"))
        content = object_id("1.2.840.113549.1.9.16.1.4")
        info = sequence(
            integer(1),
            object_id("1.3.6.1.4.1.57264.2"),
            sequence(sha256, octets(hashlib.sha256(signature).digest())),
            integer(77),
            tagged(0x18, at.strftime("%Y%m%d%H%M%SZ").encode()),
        )
        attributes = [
            sequence(object_id("1.2.840.113549.1.9.3"), set_of([content])),
            sequence(object_id("1.2.840.113549.1.9.4"), set_of([octets(hashlib.sha256(info).digest())])),
        ]
        signed = self.key.sign(set_of(attributes), ec.ECDSA(hashes.SHA256()))
        signer = sequence(
            integer(1),
            sequence(self.leaf.issuer.public_bytes(), integer(self.leaf.serial_number)),
            sha256,
            tagged(0xA0, *sorted(attributes)),
            sequence(object_id("1.2.840.10045.4.3.2")),
            octets(signed),
        )
        certificates = tagged(0xA0, self.leaf.public_bytes(Encoding.DER)) if embed else b""
        data = sequence(
            integer(3), set_of([sha256]), sequence(content, tagged(0xA0, octets(info))), certificates, set_of([signer])
        )
        return sequence(object_id("1.2.840.113549.1.7.2"), tagged(0xA0, data))

    def response(self, signature: bytes, at: datetime = NOON, *, embed: bool = True) -> bytes:
        return sequence(sequence(integer(0)), self.token(signature, at, embed=embed))


class TransparencyLog:
    """A log of either generation. Every entry is put between a few others, so that proofs have several hashes."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.origin = f"log{generation}.example"
        self.key: Private = p256() if generation == 1 else ed25519.Ed25519PrivateKey.generate()
        second = hashlib.sha256(f"{self.origin}\n\x01".encode() + spki(self.key)[-32:]).digest()
        self.id = hashlib.sha256(spki(self.key)).digest() if generation == 1 else second

    def entry(self, kind: str, version: str, spec: Json, at: datetime, *, promise: bool = True) -> Json:
        """The log entry of a body as a bundle holds it."""
        body = json.dumps({"apiVersion": version, "kind": kind, "spec": spec}, separators=(",", ":"), sort_keys=True)
        leaves = [b"a", b"b", body.encode(), b"d", b"e"]
        position, size = 2, len(leaves)
        hashed = [hashlib.sha256(b"\x00" + one).digest() for one in leaves]
        root, proof = _tree(hashed), _proof(hashed, position)
        origin = f"{self.origin} - 42" if self.generation == 1 else self.origin
        note = f"{origin}\n{size}\n{b64(root)}\n"
        line = f"\N{EM DASH} {self.origin} {b64(self.id[:4] + sign(self.key, note.encode()))}\n"
        found: Json = {
            "logIndex": str(position),
            "logId": {"keyId": b64(self.id)},
            "kindVersion": {"kind": kind, "version": version},
            "canonicalizedBody": b64(body.encode()),
            "inclusionProof": {
                "logIndex": str(position),
                "treeSize": str(size),
                "rootHash": b64(root),
                "hashes": [b64(one) for one in proof],
                "checkpoint": {"envelope": f"{note}\n{line}"},
            },
        }
        if self.generation == 1:
            seconds = int(at.timestamp())
            found["integratedTime"] = str(seconds)
            if promise:
                found["inclusionPromise"] = {"signedEntryTimestamp": b64(self._promise(body, seconds, position))}
        return found

    def _promise(self, body: str, seconds: int, position: int) -> bytes:
        stated = {
            "body": b64(body.encode()),
            "integratedTime": seconds,
            "logID": self.id.hex(),
            "logIndex": position,
        }
        return sign(self.key, json.dumps(stated, separators=(",", ":"), sort_keys=True).encode())

    def trusted(self, valid: Json) -> Json:
        return {
            "baseUrl": f"https://{self.origin}",
            "hashAlgorithm": "SHA2_256",
            "publicKey": public_key(self.key, valid),
            "logId": {"keyId": b64(self.id)},
        }


def _tree(hashed: Sequence[bytes]) -> bytes:
    """The root of a Merkle tree, straight from its definition. Source: RFC 6962, 2.1."""
    if len(hashed) == 1:
        return hashed[0]
    half = _half(len(hashed))
    return hashlib.sha256(b"\x01" + _tree(hashed[:half]) + _tree(hashed[half:])).digest()


def _proof(hashed: Sequence[bytes], position: int) -> list[bytes]:
    """The audit path of a leaf, straight from its definition. Source: RFC 6962, 2.1.1."""
    if len(hashed) == 1:
        return []
    half = _half(len(hashed))
    if position < half:
        return [*_proof(hashed[:half], position), _tree(hashed[half:])]
    return [*_proof(hashed[half:], position - half), _tree(hashed[:half])]


def _half(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


tree, proof = _tree, _proof

FOR_EVER: Json = {"start": "2020-01-01T00:00:00Z"}


class Simulator:
    """A certificate authority with an intermediate, a CT log, a log of each generation and a timestamp authority."""

    def __init__(self, name: str = "example") -> None:
        self.root = authority(f"{name}-root")
        self.intermediate = authority(f"{name}-intermediate", self.root, usage=ExtendedKeyUsageOID.CODE_SIGNING)
        self.ct_key = p256()
        self.logs = {1: TransparencyLog(1), 2: TransparencyLog(2)}
        self.tsa = Tsa(f"{name}-tsa")

    def leaf(
        self,
        subject: str = SUBJECT,
        issuer: str = ISSUER,
        *,
        at: datetime = NOON,
        sct: bool = True,
        claims: Mapping[int, str] | None = None,
        key: Private | None = None,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING,
        more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    ) -> tuple[Private, bytes]:
        """A key, and its certificate (DER) of ten minutes from `at`."""
        own = key or p256()
        stated = {8: issuer, 12: REPOSITORY, 14: "refs/tags/v1.0.0", **(claims or {})}
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.intermediate.certificate.subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(minutes=1))
            .not_valid_after(at + timedelta(minutes=9))
            .add_extension(key_usage(), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(_issued_by(self.intermediate.key), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(subject)]), critical=True)
            .add_extension(_raw("1.3.6.1.4.1.57264.1.1", issuer.encode()), critical=False)
        )
        for number, value in sorted(stated.items()):
            builder = builder.add_extension(_raw(f"1.3.6.1.4.1.57264.1.{number}", utf8(value)), critical=False)
        for extension, critical in more:
            builder = builder.add_extension(extension, critical=critical)
        signed = builder.sign(self.intermediate.key, hashes.SHA384())
        if sct:
            listed = octets(self.sct(signed.tbs_certificate_bytes, at))
            builder = builder.add_extension(_raw("1.3.6.1.4.1.11129.2.4.2", listed), critical=False)
            signed = builder.sign(self.intermediate.key, hashes.SHA384())
        return own, signed.public_bytes(Encoding.DER)

    def sct(self, tbs: bytes, at: datetime) -> bytes:
        """A list of one signed certificate timestamp. Source: RFC 6962, 3.2 and 3.3."""
        milliseconds = int(at.timestamp() * 1000)
        issuer = hashlib.sha256(spki(self.intermediate.key)).digest()
        entry = issuer + len(tbs).to_bytes(3, "big") + tbs
        data = struct.pack("!BBQH", 0, 0, milliseconds, 1) + entry + b"\0\0"
        signature = sign(self.ct_key, data)
        log = hashlib.sha256(spki(self.ct_key)).digest()
        one = (
            b"\0" + log + struct.pack("!QH", milliseconds, 0) + b"\4\3" + struct.pack("!H", len(signature)) + signature
        )
        return struct.pack("!HH", len(one) + 2, len(one)) + one

    def bundle(
        self,
        payload: bytes = STATEMENT,
        *,
        artifact: bytes | None = None,
        generation: int | None = 1,
        kind: str = "",
        at: datetime = NOON,
        stamped: bool | None = None,
        promise: bool = True,
        signer: tuple[Private, bytes] | None = None,
        key: Private | None = None,
        hint: str = "",
        media_type: str = BUNDLE,
    ) -> Json:
        """A bundle: an envelope round `payload`, or a signature over `artifact`.

        By a certificate of this authority or by `key`. `generation` is that of the log, None for no log entry;
        `kind` is of the entry (`dsse` for an envelope, `hashedrekord`). A timestamp is made when there is no
        integrated time, or as `stamped` says.
        """
        own, der = (key, b"") if key is not None else signer or self.leaf(at=at)
        data = artifact if artifact is not None else pae(STATEMENT_TYPE, payload)
        signature = sign(own, data)
        material: Json = {"certificate": {"rawBytes": b64(der)}} if der else {"publicKey": {"hint": hint}}
        if media_type.endswith(("0.1", "0.2")) and der:
            material = {"x509CertificateChain": {"certificates": [{"rawBytes": b64(der)}]}}
        if generation is not None:
            kind = kind or ("hashedrekord" if artifact is not None else "dsse")
            spec, version = _spec(kind, generation, data, payload, signature, der, own)
            material["tlogEntries"] = [self.logs[generation].entry(kind, version, spec, at, promise=promise)]
        if stamped if stamped is not None else (generation != 1 or not promise):
            stamp = {"signedTimestamp": b64(self.tsa.response(signature, at))}
            material["timestampVerificationData"] = {"rfc3161Timestamps": [stamp]}
        found: Json = {"mediaType": media_type, "verificationMaterial": material}
        if artifact is not None:
            digest = {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(artifact).digest())}
            found["messageSignature"] = {"messageDigest": digest, "signature": b64(signature)}
        else:
            signatures = [{"sig": b64(signature)}]
            found["dsseEnvelope"] = {"payloadType": STATEMENT_TYPE, "payload": b64(payload), "signatures": signatures}
        return found

    def trusted_root(
        self,
        *,
        logs: bool = True,
        ct: bool = True,
        tsa: bool = True,
        valid: Mapping[str, Json] | None = None,
    ) -> str:
        """The trusted root. `valid` gives another time to `ca`, `log1`, `log2`, `ct` or `tsa`."""
        times = {"ca": FOR_EVER, "log1": FOR_EVER, "log2": FOR_EVER, "ct": FOR_EVER, "tsa": FOR_EVER, **(valid or {})}
        ct_log = {
            "baseUrl": "https://ct.example",
            "hashAlgorithm": "SHA2_256",
            "publicKey": public_key(self.ct_key, times["ct"]),
            "logId": {"keyId": b64(hashlib.sha256(spki(self.ct_key)).digest())},
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self.logs[one].trusted(times[f"log{one}"]) for one in (1, 2)] if logs else [],
                "certificateAuthorities": [
                    authority_chain("https://ca.example", [self.intermediate.der, self.root.der], times["ca"])
                ],
                "ctlogs": [ct_log] if ct else [],
                "timestampAuthorities": [authority_chain("https://tsa.example", self.tsa.chain(), times["tsa"])]
                if tsa
                else [],
            }
        )

    def trust(self, *, root: str = "", subject: str = SUBJECT, pattern: str = "", issuer: str = ISSUER) -> TrustPolicy:
        """Trust in one identity under this root, or under the text of another."""
        who = TrustedIdentity(issuer=issuer, subject="" if pattern else subject, subject_pattern=pattern)
        data = root or self.trusted_root()
        return TrustPolicy(identities=(who,), trusted_roots=(TrustedRoot(name="test root", sha256="", data=data),))


def _raw(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def authority_chain(uri: str, chain: Sequence[bytes], valid: Json) -> Json:
    subject = {"organization": "example", "commonName": uri}
    return {
        "subject": subject,
        "uri": uri,
        "certChain": {"certificates": [{"rawBytes": b64(one)} for one in chain]},
        "validFor": valid,
    }


def certificate_pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _spec(
    kind: str, generation: int, data: bytes, payload: bytes, signature: bytes, der: bytes, key: Private
) -> tuple[Json, str]:
    """The body of an entry, and the version of its kind."""
    shown = b64(certificate_pem(der) if der else pem(key).encode())
    if generation == 2:
        raw = {"rawBytes": b64(der or spki(key))}
        verifier: Json = {"keyDetails": details(key), "x509Certificate" if der else "publicKey": raw}
        signed = {"content": b64(signature), "verifier": verifier}
        if kind == "dsse":
            digest = {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(payload).digest())}
            return {"dsseV002": {"payloadHash": digest, "signatures": [signed]}}, "0.0.2"
        digest = {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(data).digest())}
        return {"hashedRekordV002": {"data": digest, "signature": signed}}, "0.0.2"
    payload_hash = {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}
    if kind == "dsse":
        return {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(signature).hexdigest()},
            "payloadHash": payload_hash,
            "signatures": [{"signature": b64(signature), "verifier": shown}],
        }, "0.0.1"
    if kind == "intoto":
        twice = b64(b64(signature).encode())
        envelope = {"payloadType": STATEMENT_TYPE, "signatures": [{"sig": twice, "publicKey": shown}]}
        return {"content": {"envelope": envelope, "payloadHash": payload_hash}}, "0.0.2"
    hashed = {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}
    return {
        "data": {"hash": hashed},
        "signature": {"content": b64(signature), "publicKey": {"content": shown}},
    }, "0.0.1"
