"""One signature judged: by the configured keys, or by its certificate under the configured trusted roots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from compliance.model.signed import LogEntry, Signature, Signing
from compliance.verification.anchors import Anchors, NamedKey, identity_of
from compliance.verification.beside import Beside
from compliance.verification.certificates import (
    BROKEN,
    Identity,
    check_leaf,
    distinguished,
    identity,
    load_certificate,
    path,
    said_time,
    valid_at,
)
from compliance.verification.entry_bodies import check_bound, key_in
from compliance.verification.keys import Key, Signed, UnusableKeyError, WeakKeyError, holds, key_of
from compliance.verification.log_entries import check_entry
from compliance.verification.sct import check_sct
from compliance.verification.standing import (
    Judged,
    Proven,
    Refused,
    Standing,
    bad,
    shown,
    undecided,
    untrusted,
)
from compliance.verification.timestamps import proven_by
from compliance.verification.trusted_root import Authority, Log, Root


class Document(NamedTuple):
    """What all signatures of a document share. `bundle` and `proof_needed` are what the bundle format asks for.

    A JWS is Notation's, whose certificates name their holder as X.509 does, by their subject.
    """

    signed: Signed
    payload: bytes
    how: Signing
    beside: Beside
    bundle: bool
    proof_needed: bool


def judge(signature: Signature, document: Document, trust: Anchors) -> Judged:
    """How one signature stands. Never raises on what the signature holds."""
    try:
        if signature.certificates:
            return _by_certificate(signature, document, trust)
        return _by_key(signature, document, trust)
    except Refused as refused:
        return Judged(standing=refused.standing, words=refused.words)


def _by_key(signature: Signature, document: Document, trust: Anchors) -> Judged:
    """The key that the hint names is tried first; a hint alone proves nothing."""
    place = trust.hints.get(signature.hint)
    order = list(trust.keys)
    if place is not None:
        order.insert(0, order.pop(place))
    open_question: Refused | None = None
    for one in order:
        try:
            held = holds(one.key, signature.value, document.signed)
        except Refused as refused:
            open_question = refused
            continue
        if held:
            return _trusted_key(one, signature, document, trust, (one.key.der,))
    return _no_key(signature, document, trust, open_question)


def _no_key(signature: Signature, document: Document, trust: Anchors, open_question: Refused | None) -> Judged:
    """Nobody's key holds: broken where it names its key, else nobody can tell a foreign key from changed bytes."""
    if document.beside.trouble is not None:
        raise document.beside.trouble
    if open_question is not None:
        raise open_question
    place = trust.hints.get(signature.hint)
    if place is not None:
        raise bad(f"it calls itself that of the trusted key {trust.keys[place].name} and does not hold under that key")
    named = _key_of_entry(signature, document)
    if named is not None:
        if not holds(named, signature.value, document.signed):
            raise bad("it does not hold under the key that its own log entry names")
        words = f"it is by the key sha256:{named.fingerprint}, which the configuration does not trust"
        return Judged(standing=Standing.UNTRUSTED, words=words, fingerprint=named.fingerprint)
    if not trust.keys and not trust.roots:
        raise undecided("the configuration names no key and no trusted root to judge it by")
    if not trust.keys:
        raise untrusted("it is by a key, and the configuration names no key that may be trusted")
    raise untrusted("it holds under no trusted key: it is by another key, or what it signed was changed")


def _key_of_entry(signature: Signature, document: Document) -> Key | None:
    for one in document.beside.entries_of(signature.value):
        if not isinstance(one.body, Refused):
            return key_in(one.body)
    return None


def _trusted_key(
    one: NamedKey, signature: Signature, document: Document, trust: Anchors, verifiers: tuple[bytes, ...]
) -> Judged:
    """A signature that holds under a trusted key. What came beside it may prove a time, and must not contradict it."""
    if document.beside.trouble is not None:
        raise document.beside.trouble
    times: list[Proven] = []
    notes: list[str] = []
    for entry, body in document.beside.entries_of(signature.value):
        if isinstance(body, Refused):
            notes.append(body.words)
            continue
        check_bound(body, signature.value, verifiers, document.signed, document.payload, document.how)
        known = [root for root in trust.roots if root.log(entry.log_id) is not None]
        if not known:
            notes.append("its log entry was not checked, for no trusted root names that log")
        times.extend(_first(known, partial(_entry_time, entry, document.proof_needed)))
    for stamp in document.beside.stamps_of(signature.value):
        try:
            times.extend(_first(trust.roots, partial(proven_by, stamp, signature.value)))
        except Refused as refused:
            notes.append(refused.words)
    told = "".join(f"; {note}" for note in dict.fromkeys(notes))
    return Judged(
        standing=Standing.TRUSTED,
        words=f"it is by the trusted key {one.name} (sha256:{one.key.fingerprint}){told}",
        who=f"key {one.key.fingerprint}",
        signer=one.name,
        fingerprint=one.key.fingerprint,
        proven=min(times, default=None),
    )


def _entry_time(entry: LogEntry, proof_needed: bool, root: Root) -> Proven | None:
    return check_entry(entry, root, proof_needed=proof_needed)[1]


def _first(roots: Iterable[Root], ask: Callable[[Root], Proven | None]) -> list[Proven]:
    """The time by the first root that proves it; the last root's refusal when none does."""
    refusal: Refused | None = None
    for root in roots:
        try:
            found = ask(root)
        except Refused as refused:
            refusal = refused
            continue
        return [found] if found is not None else []
    if refusal is not None:
        raise refusal
    return []


def _by_certificate(signature: Signature, document: Document, trust: Anchors) -> Judged:
    leaf, offered, key = _read(signature)
    if not holds(key, signature.value, document.signed):
        raise bad("it does not hold under its own certificate: what it signed was changed, or it is another's")
    verifiers = (leaf.public_bytes(serialization.Encoding.DER), key.der)
    for one in trust.keys:
        if one.key.der == key.der:
            return _trusted_key(one, signature, document, trust, verifiers)
    if document.beside.trouble is not None:
        raise document.beside.trouble
    check_leaf(leaf, any_purpose=document.how is Signing.JOSE)
    if document.bundle and any(one.issuer == one.subject for one in offered):
        # Bundles that npm wrote in 2023 do so too. Source: sigstore-conformance, bundle-with-root-cert_fail.
        raise untrusted("its bundle brings a root certificate of its own, which no sigstore client may accept")
    for _, body in document.beside.entries_of(signature.value):
        if not isinstance(body, Refused):
            check_bound(body, signature.value, verifiers[:1], document.signed, document.payload, document.how)
    if not trust.roots:
        if not trust.keys:
            raise undecided("the configuration names no trusted root and no key to judge it by")
        raise untrusted("it is by a certificate, and the configuration names no trusted root")
    return _under_roots(_Certified(signature, leaf, offered, key), document, trust)


def _read(signature: Signature) -> tuple[x509.Certificate, tuple[x509.Certificate, ...], Key]:
    try:
        leaf, *offered = [load_certificate(der) for der in signature.certificates]
        return leaf, tuple(offered), key_of(leaf.public_key())
    except WeakKeyError as error:
        raise bad(f"the key of its certificate cannot be relied on: {error}") from error
    except (UnusableKeyError, UnsupportedAlgorithm) as error:
        raise undecided(f"signatures by the key of its certificate are not verified: {error}") from error
    except BROKEN as error:
        raise bad("its certificate cannot be read") from error


class _Certified(NamedTuple):
    signature: Signature
    leaf: x509.Certificate
    offered: tuple[x509.Certificate, ...]
    key: Key


def _under_roots(certified: _Certified, document: Document, trust: Anchors) -> Judged:
    """The best that any trusted root says, roots in order; one that knows the certificate's authority speaks first."""
    found: list[Judged] = []
    for root in trust.roots:
        issued = [
            (one, way)
            for one in root.authorities
            if (way := path(certified.leaf, one.chain, certified.offered, ExtendedKeyUsageOID.CODE_SIGNING)) is not None
        ]
        if not issued:
            continue
        try:
            found.append(_under_root(certified, document, trust, root, issued))
        except Refused as refused:
            found.append(Judged(standing=refused.standing, words=refused.words, fingerprint=certified.key.fingerprint))
        if found[-1].standing is Standing.TRUSTED:
            return found[-1]
    if not found:
        words = "it holds under its certificate, whose chain leads to no authority of a trusted root"
        return Judged(standing=Standing.UNTRUSTED, words=words, fingerprint=certified.key.fingerprint)
    return found[0]


def _under_root(
    certified: _Certified,
    document: Document,
    trust: Anchors,
    root: Root,
    issued: list[tuple[Authority, tuple[x509.Certificate, ...]]],
) -> Judged:
    """Judged under one root that issued the certificate: time, validity, CT log, then who it is."""
    times = _times(certified.signature, document, root)
    way = _valid_way(certified.leaf, issued, times)
    if root.demands_sct:
        check_sct(certified.leaf, way[0], root.ct_logs)
    who = distinguished(certified.leaf, way[-1]) if document.how is Signing.JOSE else identity(certified.leaf)
    return _identified(who, certified.key, min(times), trust)


def _times(signature: Signature, document: Document, root: Root) -> list[Proven]:
    """Every time that the root's logs and timestamp authorities prove; all that came beside must hold."""
    times: list[Proven] = []
    logs: list[Log] = []
    if root.demands_log:
        entries = document.beside.entries_of(signature.value)
        if not entries:
            raise untrusted("it has no log entry, which its trusted root asks for")
        for entry, body in entries:
            if isinstance(body, Refused):
                raise body
            log, proven = check_entry(entry, root, proof_needed=document.proof_needed)
            times.extend([] if proven is None else [proven])
            logs.append(log)
    times.extend(proven_by(stamp, signature.value, root) for stamp in document.beside.stamps_of(signature.value))
    if not times:
        raise untrusted(
            "nothing trusted proves when it was made, and so nobody can say that its certificate was valid then"
        )
    for log in logs:
        if not all(log.valid.holds(one.seconds) for one in times):
            raise untrusted("it was made when the key of its log was not trusted")
    return times


def _valid_way(
    leaf: x509.Certificate, issued: list[tuple[Authority, tuple[x509.Certificate, ...]]], times: list[Proven]
) -> tuple[x509.Certificate, ...]:
    """The chain of an authority that was trusted at every proven time. Refused when there is none."""
    for one in times:
        if not valid_at(leaf, one.seconds):
            start, end = leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp()
            raise untrusted(
                f"it was made at {said_time(one.seconds)}, by {one.source}, and its certificate was valid"
                f" from {said_time(start)} to {said_time(end)}"
            )
    for authority, way in issued:
        if all(
            authority.valid.holds(one.seconds) and all(valid_at(each, one.seconds) for each in way) for one in times
        ):
            return way
    raise untrusted(f"the authority of its certificate was not trusted at {said_time(times[0].seconds)}")


def _identified(found: Identity, key: Key, proven: Proven, trust: Anchors) -> Judged:
    """Trusted when the configuration names the identity; the certificate is the authority's word in both cases."""
    matched = identity_of(trust, found.subjects, found.issuer)
    subject = matched or (found.subjects[0] if found.subjects else "")
    signer, issuer = shown(subject, 1000), shown(found.issuer, 1000)
    called = f"{signer or 'nobody by name'} (issuer {issuer or 'not stated'})"
    if matched is None:
        words = f"it is by {called}, whom the configuration does not trust"
    else:
        words = f"it is by the trusted identity {called}"
    return Judged(
        standing=Standing.UNTRUSTED if matched is None else Standing.TRUSTED,
        words=words,
        who="" if matched is None else f"identity {issuer} {signer}",
        signer=signer,
        issuer=issuer,
        fingerprint=key.fingerprint,
        proven=proven,
        claims=tuple((name, shown(value, 1000)) for name, value in found.claims),
    )
