"""Signed certificate timestamps inside a certificate: proof that a CT log of the trusted root saw it.

Source: RFC 6962, 3.2 and 3.3.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.certificate_transparency import LogEntryType, SignedCertificateTimestamp

from compliance.verification.certificates import BROKEN
from compliance.verification.keys import Key, Signed, holds, key_of
from compliance.verification.standing import bad, untrusted
from compliance.verification.trusted_root import Log

#: Timestamps looked at in one certificate.
TIMESTAMPS = 8
_EPOCH = datetime(1970, 1, 1)
_PRECERTIFICATE = 1


def check_sct(leaf: x509.Certificate, issuer: x509.Certificate, logs: tuple[Log, ...]) -> None:
    """Refused unless one embedded timestamp holds under a CT log of the root, at a time that log was trusted for."""
    try:
        found = list(leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value)
        tbs = leaf.tbs_precertificate_bytes
        issuer_hash = hashlib.sha256(key_of(issuer.public_key()).der).digest()
    except x509.ExtensionNotFound:
        raise untrusted(
            "its certificate holds no signed certificate timestamp, which the trusted root asks for"
        ) from None
    except BROKEN:
        raise bad("the signed certificate timestamps of its certificate cannot be read") from None
    known = False
    for one in found[:TIMESTAMPS]:
        for log in logs:
            if one.log_id not in log.ids:
                continue
            known = True
            if _holds(one, log.key, tbs, issuer_hash) and log.valid.holds(_milliseconds(one) / 1000):
                return
    if known:
        raise bad("the signed certificate timestamp of its certificate does not hold under the CT log that it names")
    raise untrusted("no CT log of the trusted root has seen its certificate")


def _milliseconds(one: SignedCertificateTimestamp) -> int:
    return (one.timestamp - _EPOCH) // timedelta(milliseconds=1)


def _holds(one: SignedCertificateTimestamp, key: Key, tbs: bytes, issuer_hash: bytes) -> bool:
    if one.entry_type is not LogEntryType.PRE_CERTIFICATE or not isinstance(
        one.signature_hash_algorithm, hashes.SHA256
    ):
        return False
    extensions = one.extension_bytes
    entry = issuer_hash + len(tbs).to_bytes(3, "big") + tbs
    data = struct.pack("!BBQH", 0, 0, _milliseconds(one), _PRECERTIFICATE) + entry
    data += len(extensions).to_bytes(2, "big") + extensions
    return holds(key, one.signature, Signed(data, b""))
