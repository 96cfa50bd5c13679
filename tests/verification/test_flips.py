"""Any changed byte of what is signed, or of what proves it, ends the verdict; what is unsigned around it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.model.attestation import Trust
from compliance.model.configuration import TrustPolicy
from compliance.model.signed import Material, SignedDocument
from compliance.verification import verify
from tests.verification.der import integer, object_id
from tests.verification.making import STATEMENT, Simulator, dsse, key_trust, p256, read

WORLD = Simulator()
KEY = p256()
KEYED = (read(dsse(STATEMENT, [(KEY, None)])), key_trust(KEY))
FIRST = (read(WORLD.bundle(stamped=True)), WORLD.trust())
SECOND = (read(WORLD.bundle(generation=2)), WORLD.trust())
ARTIFACT = (read(WORLD.bundle(artifact=b"artifact", generation=2)), WORLD.trust())

Change = Callable[[Material, int, int], Material]


def flipped(data: bytes, place: int, bit: int) -> bytes:
    found = bytearray(data)
    found[place % len(found)] ^= 1 << bit
    return bytes(found)


def _payload(material: Material, place: int, bit: int) -> Material:
    return material._replace(payload=flipped(material.payload, place, bit))


def _type(material: Material, place: int, bit: int) -> Material:
    changed = flipped(material.payload_type.encode(), place, bit % 7).decode()
    return material._replace(payload_type=changed)


def _signature(material: Material, place: int, bit: int) -> Material:
    one = material.signatures[0]
    return material._replace(signatures=(one._replace(value=flipped(one.value, place, bit)),))


def _certificate(material: Material, place: int, bit: int) -> Material:
    one = material.signatures[0]
    return material._replace(signatures=(one._replace(certificates=(flipped(one.certificates[0], place, bit),)),))


def _body(material: Material, place: int, bit: int) -> Material:
    entry = material.entries[0]
    return material._replace(entries=(entry._replace(body=flipped(entry.body, place, bit)),))


def _log_id(material: Material, place: int, bit: int) -> Material:
    entry = material.entries[0]
    return material._replace(entries=(entry._replace(log_id=flipped(entry.log_id, place, bit)),))


def _promise(material: Material, place: int, bit: int) -> Material:
    entry = material.entries[0]
    return material._replace(entries=(entry._replace(promise=flipped(entry.promise or b"", place, bit)),))


def _checkpoint(material: Material, place: int, bit: int) -> Material:
    entry = material.entries[0]
    assert entry.inclusion is not None
    note = flipped(entry.inclusion.checkpoint.encode(), place, bit).decode("utf-8", "replace")
    return material._replace(entries=(entry._replace(inclusion=entry.inclusion._replace(checkpoint=note)),))


def _hash(material: Material, place: int, bit: int) -> Material:
    entry = material.entries[0]
    assert entry.inclusion is not None
    hashes = list(entry.inclusion.hashes)
    hashes[place % len(hashes)] = flipped(hashes[place % len(hashes)], place, bit)
    return material._replace(entries=(entry._replace(inclusion=entry.inclusion._replace(hashes=tuple(hashes))),))


def _timestamp(material: Material, place: int, bit: int) -> Material:
    """Leaves out what a token does not sign: two version numbers, and the name of the signature's algorithm.

    Source: RFC 5652, 5.4: the signature covers the content and the signed attributes.
    """
    stamp = material.timestamps[0]
    algorithm = stamp.rfind(object_id("1.2.840.10045.4.3.2"))
    signer = stamp.rfind(WORLD.tsa.leaf.issuer.public_bytes())
    unsigned = {stamp.find(integer(3)) + 2, signer - 3, *range(algorithm + 2, algorithm + 10)}
    signed = [one for one in range(len(stamp)) if one not in unsigned]
    return material._replace(timestamps=(flipped(stamp, signed[place % len(signed)], bit),))


CASES = [
    *((name, KEYED, change) for name, change in (("payload", _payload), ("type", _type), ("signature", _signature))),
    *(
        (f"{world}-{change.__name__}", case, change)
        for world, case in (("first", FIRST), ("second", SECOND), ("artifact", ARTIFACT))
        for change in (_payload, _signature, _certificate, _body, _log_id, _checkpoint, _hash, _timestamp)
    ),
    ("first-promise", FIRST, _promise),
]


@pytest.mark.parametrize(("case", "change"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, 5000), bit=st.integers(0, 7))
def test_any_flipped_bit(case: tuple[SignedDocument, TrustPolicy], change: Change, place: int, bit: int) -> None:
    """One bit anywhere in payload, signature, certificate, entry, checkpoint, proof or timestamp: not verified."""
    document, trust = case
    assert document.material is not None
    assert verify(document, trust).trust is Trust.VERIFIED
    changed = verify(replace(document, material=change(document.material, place, bit)), trust)
    assert changed.trust is not Trust.VERIFIED
    assert changed.because.isprintable()


@given(
    payload=st.binary(max_size=200),
    signature=st.binary(max_size=200),
    certificate=st.binary(max_size=200),
    body=st.binary(max_size=200),
    stamp=st.binary(max_size=200),
    note=st.text(max_size=200),
    numbers=st.integers(-(2**70), 2**70),
)
@settings(max_examples=100, deadline=None)
def test_anything_is_answered(
    payload: bytes, signature: bytes, certificate: bytes, body: bytes, stamp: bytes, note: str, numbers: int
) -> None:
    """Whatever stands where, a verdict comes back, never verified."""
    document = FIRST[0]
    assert document.material is not None
    entry = document.material.entries[0]
    assert entry.inclusion is not None
    inclusion = entry.inclusion._replace(checkpoint=note, position=numbers, tree_size=numbers, hashes=(signature,))
    one = document.material.signatures[0]
    for material in (
        document.material._replace(payload=payload, signatures=(one._replace(value=signature, hint=note),)),
        document.material._replace(signatures=(one._replace(certificates=(certificate,)),)),
        document.material._replace(signatures=(one._replace(certificates=(*one.certificates, certificate)),)),
        document.material._replace(entries=(entry._replace(body=body),)),
        document.material._replace(entries=(entry._replace(kind=note, version=note),)),
        document.material._replace(entries=(entry._replace(inclusion=inclusion, integrated=numbers),)),
        document.material._replace(timestamps=(stamp,)),
    ):
        assert verify(replace(document, material=material), FIRST[1]).trust is not Trust.VERIFIED


def test_unsigned_whitespace_and_order_do_not_matter() -> None:
    """White space and the order of keys in the unsigned JSON around change nothing in the verdict."""
    bundle = WORLD.bundle()
    before = verify(read(bundle), WORLD.trust())
    turned = json.loads(json.dumps(dict(reversed(bundle.items())), indent=4))
    assert verify(read(turned), WORLD.trust()) == before
    assert before.trust is Trust.VERIFIED


def test_same_answer_twice() -> None:
    """The verdict depends on the document and the trust alone."""
    assert verify(*FIRST) == verify(*FIRST)
    assert verify(*SECOND) == verify(*SECOND)
