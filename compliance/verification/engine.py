"""The verdict on a signed document: its signatures judged one by one, then counted against the threshold."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace

from compliance.model.attestation import Attestation, Envelope, Trust
from compliance.model.configuration import TrustPolicy
from compliance.model.signed import Material, SignedDocument, Signing
from compliance.verification.anchors import Anchors, anchors
from compliance.verification.beside import read_beside
from compliance.verification.certificates import said_time
from compliance.verification.keys import Signed
from compliance.verification.pae import pae
from compliance.verification.signatures import Document, judge
from compliance.verification.standing import Judged, Standing, shown

#: Most of each in one document; beyond that nobody signs, somebody attacks.
#: Source: sigstore-go pkg/verify, 32 log entries and 32 timestamps.
SIGNATURES = 64
ENTRIES = 32
TIMESTAMPS = 32
CERTIFICATES = 16
#: Bytes of a signature value.
VALUE_BYTES = 16_384
#: Characters of the reason.
REASON_CHARACTERS = 1_500

#: Source: sigstore protobuf-specs, sigstore_bundle.proto: bundles of 0.1 may hold a promise without a proof.
_FIRST = re.compile(r".*version=0\.1")
_HEX = re.compile(rb"[0-9a-f]{64}")


def attested(document: SignedDocument, trust: TrustPolicy) -> Attestation:
    """The claim with its verdict; see `compliance.verification.verify`."""
    claim, material = document.claim, document.material
    if material is None:
        return claim if claim.because else replace(claim, because=_sentence("it carries no signature"))
    if not material.signatures:
        return _refused(document, Trust.PRESENT_UNSIGNED, material.fault or "it carries no signature")
    if material.fault:
        return _refused(document, Trust.INVALID, material.fault)
    over = _over_cap(material)
    if over:
        return _refused(document, Trust.NOT_CHECKED, over)
    found = anchors(trust)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cryptography warns of certificates that it will refuse one day
        shared = _shared(claim, material)
        if shared is None:
            return _refused(document, Trust.INVALID, "the digest that was signed is no sha256")
        judged = [judge(one, shared, found) for one in material.signatures]
    return _verdict(claim, judged, found)


def _refused(document: SignedDocument, trust: Trust, words: str) -> Attestation:
    """The claim with a verdict that no signature was looked at for."""
    count = len(document.material.signatures) if document.material is not None else 0
    return replace(document.claim, trust=trust, because=_sentence(words), signatures=count)


def _over_cap(material: Material) -> str:
    for count, cap, called in (
        (len(material.signatures), SIGNATURES, "signatures"),
        (len(material.entries), ENTRIES, "log entries"),
        (len(material.timestamps), TIMESTAMPS, "timestamps"),
        (max(len(one.certificates) for one in material.signatures), CERTIFICATES, "certificates with one signature"),
        (max(len(one.value) for one in material.signatures), VALUE_BYTES, "bytes in one signature"),
    ):
        if count > cap:
            return f"it was not verified: it brings {count} {called}, above the cap of {cap}"
    return ""


def _shared(claim: Attestation, material: Material) -> Document | None:
    bundle = claim.envelope is Envelope.BUNDLE
    signed = _signed(material)
    if signed is None:
        return None
    return Document(
        signed=signed,
        payload=material.payload,
        how=material.signing,
        beside=read_beside(material),
        bundle=bundle,
        proof_needed=bundle and not _FIRST.fullmatch(claim.media_type),
    )


def _signed(material: Material) -> Signed | None:
    """What the signatures are over; a digest may stand as bytes or in hexadecimal. None when it is no digest."""
    if material.signing is Signing.PAE:
        return Signed(pae(material.payload_type, material.payload), b"")
    if material.signing is Signing.JOSE:
        return Signed(material.payload, b"", jose=True)
    if material.signing is Signing.PAYLOAD:
        return Signed(material.payload, b"")
    if len(material.payload) == 32:
        return Signed(None, material.payload)
    return Signed(None, bytes.fromhex(material.payload.decode())) if _HEX.fullmatch(material.payload) else None


def _verdict(claim: Attestation, judged: Sequence[Judged], found: Anchors) -> Attestation:
    """Verified when enough distinct signers are trusted, whatever the others are; a broken one is told."""
    trusted = list({one.who: one for one in reversed(judged) if one.standing is Standing.TRUSTED}.values())[::-1]
    bad = [one for one in judged if one.standing is Standing.BAD]
    others = [one for one in judged if one.standing is not Standing.TRUSTED]
    faults = tuple(found.faults)
    if len(trusted) >= found.threshold:
        return _filled(claim, Trust.VERIFIED, [*trusted, *others], len(judged), ())
    if bad:
        rest = [one for one in judged if one.standing is not Standing.BAD]
        return _filled(claim, Trust.INVALID, [*bad, *rest], len(judged), faults)
    if trusted:
        short = f"Only {len(trusted)} of the {found.threshold} distinct trusted signers that are asked for have signed."
        return _filled(claim, Trust.SIGNED_UNTRUSTED, [*trusted, *others], len(judged), (short, *faults))
    open_ones = [one for one in judged if one.standing is Standing.UNDECIDED]
    known = [one for one in judged if one.standing is Standing.UNTRUSTED]
    if open_ones:
        return _filled(claim, Trust.NOT_CHECKED, [*open_ones, *known], len(judged), faults)
    return _filled(claim, Trust.SIGNED_UNTRUSTED, known, len(judged), faults)


_OPENING = {
    Trust.VERIFIED: "The signature is verified: ",
    Trust.SIGNED_UNTRUSTED: "The signature is not trusted: ",
    Trust.INVALID: "The signature is invalid: ",
    Trust.NOT_CHECKED: "The signature was not verified: ",
}


def _filled(
    claim: Attestation, trust: Trust, told: Sequence[Judged], signatures: int, after: Sequence[str]
) -> Attestation:
    """The claim with a verdict; `told` are in the reason, in order, each once, the first gives signer and time."""
    first = told[0]
    words = list(dict.fromkeys(one.words for one in told))
    few = first.standing is Standing.TRUSTED and trust is not Trust.VERIFIED
    said = f"{'Too few have signed: ' if few else _OPENING[trust]}{words[0]}"
    if first.proven is not None:
        said += f", at {said_time(first.proven.seconds)} by {first.proven.source}"
    sentences = [f"{said}.", *(f"Another signature: {one}." for one in words[1:]), *after]
    return replace(
        claim,
        trust=trust,
        because=shown(" ".join(sentences), REASON_CHARACTERS),
        signer=first.signer,
        issuer=first.issuer,
        fingerprint=first.fingerprint,
        proven_time=None if first.proven is None else said_time(first.proven.seconds),
        time_source="" if first.proven is None else first.proven.source,
        signatures=signatures,
        claims=dict(first.claims),
    )


def _sentence(words: str) -> str:
    told = shown(words, REASON_CHARACTERS)
    return f"{told[:1].upper()}{told[1:].rstrip('.')}."
