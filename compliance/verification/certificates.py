"""Signing certificates: their path to a trusted authority at a proven time, identities and claims."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from compliance.verification.keys import DER_BYTES, key_of
from compliance.verification.standing import bad, untrusted

#: Intermediates between a leaf and a root, and signatures tried in the search of a path.
DEPTH = 6
TRIES = 64

_HANDLED = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS,
}
_ARC = "1.3.6.1.4.1.57264.1."
#: Source: sigstore fulcio, docs/oid-info.md. The first six are raw text, the others DER UTF8String.
_CLAIMS = {
    2: "github-workflow-trigger",
    3: "github-workflow-sha",
    4: "github-workflow-name",
    5: "github-workflow-repository",
    6: "github-workflow-ref",
    9: "build-signer-uri",
    10: "build-signer-digest",
    11: "runner-environment",
    12: "source-repository-uri",
    13: "source-repository-digest",
    14: "source-repository-ref",
    15: "source-repository-identifier",
    16: "source-repository-owner-uri",
    17: "source-repository-owner-identifier",
    18: "build-config-uri",
    19: "build-config-digest",
    20: "build-trigger",
    21: "run-invocation-uri",
    22: "source-repository-visibility",
}
_OTHER_NAME = x509.ObjectIdentifier(f"{_ARC}7")
CLAIM_BYTES = 4_096

#: What cryptography and rfc3161-client raise on what is no good; some are plain exceptions, a name's odd text KeyError.
BROKEN = (
    LookupError,
    ValueError,
    TypeError,
    OverflowError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)


class Identity(NamedTuple):
    """Who a certificate was issued to, as its authority checked it. `claims` are sorted by name."""

    subjects: tuple[str, ...]
    issuer: str
    claims: tuple[tuple[str, str], ...]


def load_certificate(der: bytes) -> x509.Certificate:
    """The certificate, its extensions readable. Raises ValueError."""
    if len(der) > DER_BYTES:
        raise ValueError(f"a certificate of {len(der)} bytes is above the cap of {DER_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cryptography warns of serial numbers that it will refuse one day
            found = x509.load_der_x509_certificate(der)
            # All of these are parsed on first access, which is where they may fail.
            _ = (found.extensions, found.subject, found.issuer, found.serial_number)
            _ = (found.not_valid_before_utc, found.not_valid_after_utc)
    except BROKEN as error:
        raise ValueError("it is not a certificate that can be read") from error
    return found


def valid_at(certificate: x509.Certificate, seconds: float) -> bool:
    """Whether the time is inside the certificate's validity, both ends included."""
    start = certificate.not_valid_before_utc.timestamp()
    return start <= seconds <= certificate.not_valid_after_utc.timestamp()


def path(
    leaf: x509.Certificate,
    trusted: Sequence[x509.Certificate],
    offered: Sequence[x509.Certificate],
    usage: x509.ObjectIdentifier,
) -> tuple[x509.Certificate, ...] | None:
    """The issuers of a leaf, nearest first, up to the last of `trusted`; None when there is no such path.

    `offered` came with the evidence and may only stand between. Validity in time is for the caller.
    Source: RFC 5280, 6.1, without policies; a critical extension that is not understood ends a path.
    """
    root = trusted[-1]
    between = [*trusted[:-1], *offered]
    waiting: list[tuple[x509.Certificate, tuple[x509.Certificate, ...]]] = [(leaf, ())]
    tries = 0
    while waiting:
        child, chain = waiting.pop()
        for candidate in (root, *between):
            if candidate in chain or candidate == leaf or candidate.subject != child.issuer:
                continue
            tries += 1
            if tries > TRIES:
                return None
            if not _issues(candidate, child, len(chain), usage):
                continue
            if candidate == root:
                return (*chain, candidate)
            if len(chain) < DEPTH:
                waiting.append((candidate, (*chain, candidate)))
    return None


def _issues(issuer: x509.Certificate, child: x509.Certificate, below: int, usage: x509.ObjectIdentifier) -> bool:
    """Whether an authority may and did issue a certificate; `below` counts authorities between it and the leaf."""
    try:
        if any(one.critical and one.oid not in _HANDLED for one in issuer.extensions):
            return False
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca or (constraints.path_length is not None and below > constraints.path_length):
            return False
        if not issuer.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign:
            return False
        purposes = _purposes(issuer)
        if (
            purposes is not None
            and usage not in purposes
            and ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE not in purposes
        ):
            return False
        key_of(issuer.public_key())
        if isinstance(child.signature_hash_algorithm, hashes.SHA1 | hashes.MD5):
            return False
        child.verify_directly_issued_by(issuer)
    except BROKEN:
        return False
    return True


def _purposes(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier] | None:
    try:
        return frozenset(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return None


def check_leaf(leaf: x509.Certificate, *, any_purpose: bool = False) -> None:
    """Refused unless it is a certificate for signing code, and no authority itself.

    `any_purpose` lets one pass that names no purpose at all, as Notation does.
    """
    extensions = leaf.extensions
    for one in extensions:
        if one.critical and one.oid not in _HANDLED:
            raise untrusted(f"its certificate has a critical extension that is not understood, {one.oid.dotted_string}")
    for one in extensions:
        if isinstance(one.value, x509.BasicConstraints) and one.value.ca:
            raise bad("its certificate is that of an authority, which may not sign artifacts")
    purposes = _purposes(leaf)
    if ExtendedKeyUsageOID.CODE_SIGNING not in (purposes or ()) and not (any_purpose and purposes is None):
        raise bad("its certificate is not one for signing code")
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise bad("its certificate does not say that it may sign") from None
    if not usage.digital_signature:
        raise bad("its certificate may not make signatures")


def identity(leaf: x509.Certificate) -> Identity:
    """Names and claims of a certificate. Refused when it names its OIDC issuer in two ways that differ."""
    values = _claim_values(leaf)
    old, new = values.get(1), values.get(8)
    if old is not None and new is not None and old != new:
        raise bad("its certificate names two different OIDC issuers")
    claims = sorted((_CLAIMS[number], value) for number, value in values.items() if number in _CLAIMS)
    return Identity(_subjects(leaf), (new if new is not None else old) or "", tuple(claims))


def distinguished(leaf: x509.Certificate, root: x509.Certificate) -> Identity:
    """The distinguished names of a certificate and of the root above it, as RFC 4514 writes them."""
    return Identity((leaf.subject.rfc4514_string(),), root.subject.rfc4514_string(), ())


def _claim_values(leaf: x509.Certificate) -> dict[int, str]:
    found: dict[int, str] = {}
    for one in leaf.extensions:
        oid = one.oid.dotted_string
        if not oid.startswith(_ARC) or not isinstance(one.value, x509.UnrecognizedExtension):
            continue
        number = int(oid[len(_ARC) :]) if oid[len(_ARC) :].isdigit() else 0
        text = _utf8(one.value.value) if number > 7 else one.value.value
        if text is not None and len(text) <= CLAIM_BYTES:
            found[number] = text.decode("utf-8", "backslashreplace")
    return found


def _utf8(der: bytes) -> bytes | None:
    """The content of a DER UTF8String; None for anything else."""
    if len(der) < 2 or der[0] != 0x0C:
        return None
    size, start = der[1], 2
    if size >= 0x80:
        count = size - 0x80
        size, start = int.from_bytes(der[2 : 2 + count], "big"), 2 + count
    return der[start:] if start > 0 and len(der) - start == size else None


def _subjects(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    found = []
    for name in names:
        if isinstance(name, x509.UniformResourceIdentifier | x509.RFC822Name | x509.DNSName):
            found.append(name.value)
        elif isinstance(name, x509.OtherName) and name.type_id == _OTHER_NAME:
            found.append((_utf8(name.value) or b"").decode("utf-8", "backslashreplace"))
    return tuple(one for one in found if one)


def said_time(seconds: float) -> str:
    """A time as ISO 8601 UTC, whole seconds."""
    return datetime.fromtimestamp(int(seconds), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
