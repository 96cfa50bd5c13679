"""RFC 3161 timestamps: the time at which a timestamp authority of the trusted root saw a signature."""

from __future__ import annotations

import hashlib

import rfc3161_client
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client.errors import VerificationError

from compliance.verification.certificates import BROKEN, load_certificate, path, said_time, valid_at
from compliance.verification.standing import Proven, bad, shown, undecided, untrusted
from compliance.verification.trusted_root import Authority, Root

#: Bytes of one response.
RESPONSE_BYTES = 65_536
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
#: PKIStatusInfo { status granted(0) }, which stands before the token in a response.
_GRANTED = bytes.fromhex("3003020100")
_SEQUENCE = 0x30
_OBJECT_ID = 0x06


def read_timestamp(data: bytes) -> rfc3161_client.TimeStampResponse:
    """A response; a bare token is taken as one that was granted. Refused when it is neither."""
    if len(data) > RESPONSE_BYTES:
        raise undecided(f"a timestamp is above the cap of {RESPONSE_BYTES} bytes")
    try:
        found = rfc3161_client.decode_timestamp_response(_as_response(data))
        _ = (found.tst_info.gen_time, found.signed_data.certificates)
        _ = [(one.issuer, one.serial_number) for one in found.signed_data.signer_infos]
    except (*BROKEN, AttributeError) as error:
        raise undecided("a timestamp beside it cannot be read") from error
    return found


def _as_response(data: bytes) -> bytes:
    """A token begins with its content type, a response with its status."""
    start = 2 + (data[1] & 0x7F if len(data) > 2 and data[1] & 0x80 else 0)
    if not (data[:1] == bytes([_SEQUENCE]) and data[start : start + 1] == bytes([_OBJECT_ID])):
        return data
    body = _GRANTED + data
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([_SEQUENCE]) + (size if len(body) < 0x80 else bytes([0x80 + len(size)]) + size) + body


def is_over(found: rfc3161_client.TimeStampResponse, signature: bytes) -> bool:
    """Whether it stamps this signature. Refused when its hash is not one of SHA-2."""
    imprint = found.tst_info.message_imprint
    name = _HASHES.get(imprint.hash_algorithm.dotted_string)
    if name is None:
        raise bad("a timestamp beside it uses a hash that is not SHA-256, SHA-384 or SHA-512")
    return bool(imprint.message == hashlib.new(name, signature).digest())


def proven_by(found: rfc3161_client.TimeStampResponse, signature: bytes, root: Root) -> Proven:
    """The time that it proves. Refused unless an authority of the root made it, at a time that it was trusted for."""
    seconds = found.tst_info.gen_time.timestamp()
    named = [one for one in root.timestamps if _names(found, one.chain[0])]
    valid = [one for one in named if one.valid.holds(seconds) and all(valid_at(each, seconds) for each in one.chain)]
    for authority in valid:
        if _made_by(found, signature, authority):
            return Proven(int(seconds), f"timestamp authority {shown(authority.name) or 'of the trusted root'}")
    if valid:
        raise bad("a timestamp beside it names a timestamp authority of the trusted root and does not hold under it")
    if named:
        raise untrusted(f"a timestamp beside it is of {said_time(seconds)}, when its authority was not trusted")
    raise untrusted("a timestamp beside it is by no timestamp authority of the trusted root")


def _names(found: rfc3161_client.TimeStampResponse, leaf: x509.Certificate) -> bool:
    signers = found.signed_data.signer_infos
    return any((one.issuer, one.serial_number) == (leaf.issuer, leaf.serial_number) for one in signers)


def _made_by(found: rfc3161_client.TimeStampResponse, signature: bytes, authority: Authority) -> bool:
    """Whether the authority's first certificate signed it, and leads to its last one."""
    leaf, *others = authority.chain
    try:
        for der in sorted(found.signed_data.certificates):
            other = load_certificate(der)
            if other != leaf and (other.issuer, other.serial_number) == (leaf.issuer, leaf.serial_number):
                return False
        if others and path(leaf, others, (), ExtendedKeyUsageOID.TIME_STAMPING) is None:
            return False
        builder = rfc3161_client.VerifierBuilder(
            tsa_certificate=leaf, intermediates=list(others[:-1]), roots=[others[-1] if others else leaf]
        )
        return bool(builder.build().verify_message(found, signature))
    except (*BROKEN, VerificationError, x509.verification.VerificationError):
        return False
