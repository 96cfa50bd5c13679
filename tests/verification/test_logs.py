"""Log entries: bound to this signature, promised, included, under a checkpoint of the log itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from compliance.model.attestation import Attestation, Envelope, Trust
from compliance.model.configuration import TrustPolicy
from compliance.model.signed import Inclusion, LogEntry, SignedDocument
from compliance.verification import verify
from compliance.verification.merkle import leaf_hash, root_of
from tests.verification.making import (
    BUNDLE,
    STATEMENT,
    Json,
    Simulator,
    TransparencyLog,
    b64,
    key_trust,
    p256,
    proof,
    read,
    sign,
    tree,
)

WORLD = Simulator()


def changed(document: SignedDocument, change: Callable[[LogEntry], LogEntry]) -> SignedDocument:
    assert document.material is not None
    entries = tuple(change(one) for one in document.material.entries)
    return replace(document, material=document.material._replace(entries=entries))


def with_inclusion(document: SignedDocument, change: Callable[[Inclusion], Inclusion]) -> SignedDocument:
    def inside(entry: LogEntry) -> LogEntry:
        assert entry.inclusion is not None
        return entry._replace(inclusion=change(entry.inclusion))

    return changed(document, inside)


def with_checkpoint(document: SignedDocument, note: str) -> SignedDocument:
    return with_inclusion(document, lambda one: one._replace(checkpoint=note))


def judged(document: SignedDocument, trust: TrustPolicy | None = None) -> Attestation:
    return verify(document, trust or WORLD.trust())


def entry_of(bundle: Json) -> LogEntry:
    material = read(bundle).material
    assert material is not None
    return material.entries[0]


@pytest.mark.parametrize("generation", [1, 2])
def test_entry_of_another_signature(generation: int) -> None:
    """A genuine entry of another artifact, glued in, makes the bundle invalid (case 16, CVE-2022-36056)."""
    other = entry_of(WORLD.bundle(b"{}", generation=generation))
    found = judged(changed(read(WORLD.bundle(generation=generation)), lambda _: other))
    assert (found.trust, "about another signature" in found.because) == (Trust.INVALID, True)


@pytest.mark.parametrize(("generation", "kind"), [(1, "dsse"), (1, "intoto"), (2, "dsse"), (2, "hashedrekord")])
def test_entry_with_another_digest(generation: int, kind: str) -> None:
    """An entry that holds our signature and another payload's digest is about another artifact (case 16)."""
    signer = WORLD.leaf()
    document = read(WORLD.bundle(signer=signer, generation=generation, kind=kind))
    old = document.material.entries[0].body if document.material else b""
    digest = hashlib.sha256(STATEMENT).digest()
    real = digest.hex().encode() if generation == 1 else b64(digest).encode()
    if kind == "hashedrekord":
        assert document.material is not None
        real = old.split(b'"digest":"')[1].split(b'"')[0]
    assert real in old
    false = b"00" * 32 if generation == 1 else b64(bytes(32)).encode()
    found = judged(changed(document, lambda one: one._replace(body=old.replace(real, false))))
    assert (found.trust, "another artifact" in found.because) == (Trust.INVALID, True)


def test_entry_by_another_certificate() -> None:
    """An entry with our signature and another certificate of the same key is not about this one."""
    key, der = WORLD.leaf()
    again, other = WORLD.leaf(key=key)
    assert again is key
    bundle = WORLD.bundle(signer=(key, der))
    found = read(bundle)
    assert found.material is not None
    one = found.material.signatures[0]._replace(certificates=(other,))
    swapped = replace(found, material=found.material._replace(signatures=(one,)))
    assert judged(found).trust is Trust.VERIFIED
    assert judged(swapped).trust is Trust.INVALID


def test_corrupted_proof() -> None:
    """A hash, position, size or root of the proof that is another leads elsewhere (case 16)."""
    document = read(WORLD.bundle())
    assert judged(document).trust is Trust.VERIFIED
    changes: list[Callable[[Inclusion], Inclusion]] = [
        lambda one: one._replace(hashes=(bytes(32), *one.hashes[1:])),
        lambda one: one._replace(hashes=one.hashes[:-1]),
        lambda one: one._replace(hashes=(*one.hashes, bytes(32))),
        lambda one: one._replace(position=one.position + 1),
        lambda one: one._replace(tree_size=one.tree_size + 1),
        lambda one: one._replace(tree_size=0),
        lambda one: one._replace(root=bytes(32)),
        lambda one: one._replace(checkpoint=""),
    ]
    for change in changes:
        assert judged(with_inclusion(document, change)).trust is Trust.INVALID


@pytest.mark.parametrize("generation", [1, 2])
def test_checkpoints(generation: int) -> None:
    """A checkpoint of another tree, by another key or name, or that is none, makes the proof worthless (case 16)."""
    log = WORLD.logs[generation]
    document = read(WORLD.bundle(generation=generation))
    inclusion = entry_of(WORLD.bundle(generation=generation)).inclusion
    assert document.material is not None
    assert inclusion is not None
    own = document.material.entries[0].inclusion
    assert own is not None
    origin = own.checkpoint.split("\n")[0]

    def note(text: str, name: str = log.origin, hint: bytes = log.id[:4], signer: TransparencyLog = log) -> str:
        return f"{text}\n\N{EM DASH} {name} {b64(hint + sign(signer.key, text.encode()))}\n"

    text = f"{origin}\n{own.tree_size}\n{b64(own.root)}\n"
    witnessed = own.checkpoint + "\N{EM DASH} witness.example AAAAAAAA\n"
    for good in (note(text), note(f"{text}extension line\n"), witnessed):
        assert judged(with_checkpoint(document, good)).trust is Trust.VERIFIED
    bad = [
        inclusion.checkpoint,
        note(f"{origin}\n{own.tree_size + 1}\n{b64(own.root)}\n"),
        note(f"{origin}\n{own.tree_size}\n{b64(bytes(32))}\n"),
        note(text, name="elsewhere.example"),
        note(text, hint=b"1234"),
        note(text, signer=TransparencyLog(generation)),
        note(f"\n{own.tree_size}\n{b64(own.root)}\n"),
        note(f"{origin}\n{b64(own.root)}\n"),
        note(f"{origin}\n-1\n{b64(own.root)}\n"),
        text,
        f"{text}\n",
        note(text).rstrip("\n"),
        note(text).replace("\N{EM DASH}", "-"),
        own.checkpoint + "nonsense\n",
        own.checkpoint * 2000,
    ]
    for one in bad:
        assert judged(with_checkpoint(document, one)).trust is Trust.INVALID, one


def test_promise() -> None:
    """The promise binds body, time, log and position; a changed one does not hold, nor does a moved time."""
    document = read(WORLD.bundle())
    changes: list[Callable[[LogEntry], LogEntry]] = [
        lambda one: one._replace(promise=b"0" * 70),
        lambda one: one._replace(integrated=(one.integrated or 0) + 1),
        lambda one: one._replace(integrated=None),
        lambda one: one._replace(integrated=-1),
        lambda one: one._replace(integrated=10**15),
        lambda one: one._replace(position=one.position + 1),
        lambda one: one._replace(position=-1),
    ]
    for change in changes:
        assert judged(changed(document, change)).trust is Trust.INVALID


def test_time_without_a_promise_proves_nothing() -> None:
    """The integrated time is bound by the promise only: without it another time is needed."""
    bare = read(WORLD.bundle(promise=False, stamped=False))
    assert judged(bare).trust is Trust.SIGNED_UNTRUSTED
    stamped = judged(read(WORLD.bundle(promise=False)))
    assert (stamped.trust, stamped.time_source) == (Trust.VERIFIED, "timestamp authority https://tsa.example")


def test_unknown_log() -> None:
    """An entry of a log that the root does not list is not trusted."""
    world = Simulator()
    trust = world.trust()
    world.logs = {1: TransparencyLog(1), 2: TransparencyLog(2)}
    found = judged(read(world.bundle()), trust)
    assert (found.trust, "no log of the trusted root" in found.because) == (Trust.SIGNED_UNTRUSTED, True)


@pytest.mark.parametrize("generation", [1, 2])
def test_log_outside_its_time(generation: int) -> None:
    """The key of a log counts within the time that it is trusted for, both ends included; a start is required."""
    document = read(WORLD.bundle(generation=generation))
    for valid, expected in (
        ({"start": "2026-01-15T12:00:00Z", "end": "2026-01-15T12:00:00Z"}, Trust.VERIFIED),
        ({"start": "2026-01-15T12:00:01Z"}, Trust.SIGNED_UNTRUSTED),
        ({"start": "2020-01-01T00:00:00Z", "end": "2026-01-15T11:59:59Z"}, Trust.SIGNED_UNTRUSTED),
        ({}, Trust.SIGNED_UNTRUSTED),
    ):
        trust = WORLD.trust(root=WORLD.trusted_root(valid={f"log{generation}": valid}))
        assert judged(document, trust).trust is expected


def test_promise_alone() -> None:
    """A promise alone is enough outside of bundles, as cosign's layout has it, and not in a bundle from 0.2 on."""
    alone = changed(read(WORLD.bundle()), lambda one: one._replace(inclusion=None))
    assert judged(alone).trust is Trust.INVALID
    layout = replace(alone, claim=replace(alone.claim, envelope=Envelope.COSIGN_LAYOUT))
    assert judged(layout).trust is Trust.VERIFIED
    neither = changed(layout, lambda one: one._replace(promise=None))
    assert judged(neither).trust is Trust.INVALID


def test_second_generation_needs_its_proof() -> None:
    """An entry of the second generation without a proof, or whose positions differ, is invalid."""
    document = read(WORLD.bundle(generation=2))
    assert judged(changed(document, lambda one: one._replace(inclusion=None))).trust is Trust.INVALID
    assert judged(changed(document, lambda one: one._replace(position=one.position + 1))).trust is Trust.INVALID


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"kind":"dsse","apiVersion":"0.0.1"}',
        b'{"kind":"dsse","apiVersion":"0.0.1","spec":{}}',
        b'{"kind":"dsse","apiVersion":"0.0.1","spec":{"payloadHash":{"algorithm":"md5","value":""},"signatures":[]}}',
        b'{"kind":"hashedrekord","apiVersion":"0.0.1","spec":{}}',
        b'{"a":' * 50_000,
    ],
)
def test_bodies_that_are_none(body: bytes) -> None:
    """A body that cannot be read, or lacks what its kind holds, is invalid; nothing is raised."""
    assert judged(changed(read(WORLD.bundle()), lambda one: one._replace(body=body))).trust is Trust.INVALID


def test_kind_that_is_not_verified() -> None:
    """An entry of a kind that nobody here verifies leaves the signature undecided."""
    body = b'{"kind":"rfc3161","apiVersion":"0.0.1","spec":{}}'
    strange = changed(read(WORLD.bundle()), lambda one: one._replace(kind="rfc3161", version="0.0.1", body=body))
    assert judged(strange).trust is Trust.NOT_CHECKED


def test_key_with_a_log_entry() -> None:
    """A key's signature needs no log, but an entry that came with it must be about it, and may prove its time."""
    key = p256()
    document = read(WORLD.bundle(key=key, hint="key-1"))
    both = replace(WORLD.trust(), keys=key_trust(key).keys)
    found = judged(document, both)
    assert (found.trust, found.proven_time, found.signer) == (Trust.VERIFIED, "2026-01-15T12:00:00Z", "key-1")
    alone = judged(document, key_trust(key))
    assert (alone.trust, alone.proven_time) == (Trust.VERIFIED, None)
    assert "not checked, for no trusted root names that log" in alone.because
    other = entry_of(WORLD.bundle(b"{}", key=key))
    assert judged(changed(document, lambda _: other), both).trust is Trust.INVALID
    moved = changed(document, lambda one: one._replace(integrated=1))
    assert judged(moved, both).trust is Trust.INVALID


def test_foreign_key_is_told_from_a_broken_signature() -> None:
    """The key in the log entry shows whether a signature that no trusted key explains holds at all."""
    document = read(WORLD.bundle(key=p256()))
    assert judged(document).trust is Trust.SIGNED_UNTRUSTED
    assert document.material is not None
    broken = replace(document, material=document.material._replace(payload=STATEMENT + b" "))
    assert judged(broken).trust is Trust.INVALID


def test_media_type_of_bundles() -> None:
    """The simulator's bundles are of version 0.3, where a proof is asked for."""
    assert read(WORLD.bundle()).claim.media_type == BUNDLE


def test_proofs_of_every_leaf() -> None:
    """Every leaf of trees of 1 to 40 leaves is proven to the root, and to no other place or size."""
    for size in range(1, 41):
        leaves = [leaf_hash(bytes([one])) for one in range(size)]
        root = tree(leaves)
        for position, leaf in enumerate(leaves):
            path = proof(leaves, position)
            assert root_of(leaf, position, size, path) == root
            assert root_of(leaf, position + 1, size, path) != root
            assert root_of(leaf, position, size, [*path, bytes(32)]) is None
            if path:
                assert root_of(leaf, position, size, path[:-1]) != root
    assert root_of(leaf_hash(b""), -1, 5, []) is None
    assert root_of(leaf_hash(b""), 0, 1 << 63, [bytes(32)] * 65) is None
