"""Public keys: read from PEM or DER, refused when weak, and asked whether a signature holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from compliance.verification.standing import undecided

#: Source: NIST SP 800-131A revision 2, table 2: RSA signatures under 2048 bits are disallowed.
RSA_BITS = 2048
#: Beyond this a verification would cost more than it could ever be worth.
RSA_BITS_MOST = 16384
#: Bytes of one key or certificate.
DER_BYTES = 65_536
#: Which hashes each curve signs with: its own, and SHA-256, which cosign uses with every curve.
#: Source: sigstore, "Algorithm Registry"; cosign pkg/signature, LoadVerifier.
_CURVES = {
    "secp256r1": (ec.ECDSA(hashes.SHA256()),),
    "secp384r1": (ec.ECDSA(hashes.SHA384()), ec.ECDSA(hashes.SHA256())),
    "secp521r1": (ec.ECDSA(hashes.SHA512()), ec.ECDSA(hashes.SHA256())),
}
_PREHASHED = Prehashed(hashes.SHA256())

_Sha2 = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


class UnusableKeyError(ValueError):
    """A key that is not verified with; the message says why."""


class WeakKeyError(UnusableKeyError):
    """A key that nobody should verify with."""


class Key(NamedTuple):
    """A public key that is strong enough. `der` is its SubjectPublicKeyInfo, `fingerprint` the sha256 of that, hex."""

    public: PublicKey
    der: bytes
    fingerprint: str


class Signed(NamedTuple):
    """What was signed: the bytes, or only their sha256 where `data` is None. `jose`: the signature is one of a JWS."""

    data: bytes | None
    sha256: bytes
    jose: bool = False

    def digest(self, algorithm: str) -> bytes | None:
        """Its digest; None when only another one is known."""
        if algorithm == "sha256":
            return self.sha256 or hashlib.sha256(self.data or b"").digest()
        return None if self.data is None else hashlib.new(algorithm, self.data).digest()


def key_of(public: object) -> Key:
    """A loaded key, if it is strong and of a kind that is verified. Raises UnusableKeyError."""
    if isinstance(public, rsa.RSAPublicKey):
        if public.key_size < RSA_BITS:
            raise WeakKeyError(f"an RSA key of {public.key_size} bits is too weak; at least {RSA_BITS} are asked")
        if public.key_size > RSA_BITS_MOST:
            raise WeakKeyError(f"an RSA key of {public.key_size} bits is above the cap of {RSA_BITS_MOST}")
    elif isinstance(public, ec.EllipticCurvePublicKey):
        if public.curve.name not in _CURVES:
            raise UnusableKeyError(f"the curve {public.curve.name} is not one of P-256, P-384 and P-521")
    elif not isinstance(public, ed25519.Ed25519PublicKey):
        raise UnusableKeyError("its kind is not one of ECDSA, Ed25519 and RSA")
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Key(public, der, hashlib.sha256(der).hexdigest())


def load_pem(text: str) -> Key:
    """The key of a PEM text. Raises ValueError with the reason."""
    return _loaded(lambda: serialization.load_pem_public_key(text.encode()), len(text))


def load_der(data: bytes) -> Key:
    """The key of a SubjectPublicKeyInfo, or of a bare PKCS#1 RSA key. Raises ValueError with the reason."""
    return _loaded(lambda: serialization.load_der_public_key(data), len(data))


def _loaded(load: Callable[[], object], size: int) -> Key:
    if size > DER_BYTES:
        raise ValueError(f"a key of {size} bytes is above the cap of {DER_BYTES}")
    try:
        public = load()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("it is not a public key in PEM or DER that is understood") from error
    return key_of(public)


def holds(key: Key, signature: bytes, signed: Signed) -> bool:
    """Whether the signature is the key's over what was signed. Refused when that cannot be known without the bytes."""
    public = key.public
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _ecdsa(public, _as_der(public, signature) if signed.jose else signature, signed)
    if isinstance(public, ed25519.Ed25519PublicKey):
        if signed.data is None:
            raise undecided("an Ed25519 signature over an artifact cannot be verified without the artifact")
        return _held(lambda data: public.verify(signature, data), signed.data)
    return _rsa(public, signature, signed)


def _as_der(public: ec.EllipticCurvePublicKey, signature: bytes) -> bytes:
    """Two numbers of the curve's size as DER; what is no such signature gives none. Source: RFC 7518, 3.4."""
    size = (public.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        return b""
    return encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))


def _ecdsa(public: ec.EllipticCurvePublicKey, signature: bytes, signed: Signed) -> bool:
    if signed.data is None:
        return _held(lambda digest: public.verify(signature, digest, ec.ECDSA(_PREHASHED)), signed.sha256)
    for algorithm in _CURVES[public.curve.name]:
        try:
            public.verify(signature, signed.data, algorithm)
        except InvalidSignature:
            continue
        return True
    return False


def _rsa(public: rsa.RSAPublicKey, signature: bytes, signed: Signed) -> bool:
    """PKCS #1 v1.5 and PSS with SHA-256, and with SHA-384 and SHA-512 where the bytes are at hand; never SHA-1."""
    found: list[tuple[bytes, hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | Prehashed, _Sha2]]
    if signed.data is None:
        found = [(signed.sha256, _PREHASHED, hashes.SHA256())]
    else:
        found = [(signed.data, one, one) for one in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())]
    for data, algorithm, inner in found:
        pss = padding.PSS(padding.MGF1(inner), padding.PSS.AUTO)
        for pad in (pss,) if signed.jose else (padding.PKCS1v15(), pss):
            try:
                public.verify(signature, data, pad, algorithm)
            except (InvalidSignature, ValueError):
                continue
            return True
    return False


def _held(check: Callable[[bytes], None], data: bytes) -> bool:
    try:
        check(data)
    except (InvalidSignature, ValueError):
        return False
    return True
