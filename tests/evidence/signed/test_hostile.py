"""The reader against everything else: it takes its own files only, and no bytes make it raise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence.signed import reading
from compliance.evidence.signed.embedding import embedded
from compliance.evidence.signed.reading import READER
from compliance.model.attestation import Trust
from compliance.model.reader import Slice
from compliance.model.signed import SignedDocument
from compliance.pipeline.registered import readers
from tests.evidence.signed.making import FILES, bundle, envelope, log_entry, message, read_all, statement

ROOT = Path(__file__).parents[3]
HEAD = 64 << 10
MADE: list[Any] = [
    statement(),
    envelope(statement()),
    bundle(
        {"dsseEnvelope": envelope(statement())}, {"certificate": {"rawBytes": "AAAA"}, "tlogEntries": [log_entry()]}
    ),
    bundle(message()),
    {"attestations": [{"bundle": bundle(message())}]},
    {"base64Signature": "AAAA", "cert": "", "rekorBundle": {"Payload": {}}},
    {"payload": "e30", "protected": "e30", "header": {}, "signature": ""},
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def everything(data: bytes) -> list[object]:
    """What the reader gives, whether it knows the file or not; every claim is told and opened, too."""
    whole = Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)
    READER.identify(data[:HEAD])
    found = list(READER.read(data, whole, "a.json", "0" * 64))
    for one in found:
        assert isinstance(one, (SignedDocument, EvidenceError))
        if isinstance(one, SignedDocument):
            assert one.claim.trust in (Trust.NOT_CHECKED, Trust.PRESENT_UNSIGNED)
            assert repr(one.claim).isprintable()
            embedded(one)
    return list(found)


@pytest.mark.parametrize("value", MADE, ids=lambda value: "+".join(sorted(value))[:40])
def test_each_form_is_recognised_and_taken_by_no_other_reader(value: object) -> None:
    for data in (json.dumps(value).encode(), json.dumps(value, indent=2).encode(), json.dumps([value, value]).encode()):
        assert READER.identify(data[:HEAD])
        assert [one.id for one in readers().values() if one.identify(data[:HEAD]) and one.id != READER.id] == []


def test_a_long_payload_does_not_hide_an_envelope() -> None:
    long = envelope({"filler": "x" * 200_000})
    for order in (("payload", "payloadType", "signatures"), ("signatures", "payload", "payloadType")):
        data = json.dumps({key: long[key] for key in order}).encode()
        assert READER.identify(data[:HEAD])


def test_files_of_other_readers_are_left_to_them() -> None:
    """Every fixture of every other format in the repository."""
    seen = 0
    for folder in ("tests", "samples"):
        for place in sorted((ROOT / folder).rglob("*")):
            if not place.is_file() or FILES in place.parents or "attest" in str(place) or "sign" in str(place):
                continue
            with place.open("rb") as stream:
                head = stream.read(HEAD)
            known = [one.id for one in readers().values() if one.id != READER.id and one.identify(head)]
            if known:
                seen += 1
                assert not READER.identify(head), place
    assert seen > 100


@pytest.mark.parametrize(
    "text", ["", "{", "[", "[]", "{}", "null", '{"payload": 1}', '{"_type": 1}', "payload: x\npayloadType: y\n"]
)
def test_what_is_none_is_not_recognised(text: str) -> None:
    assert not READER.identify(text.encode())


@pytest.mark.parametrize("value", MADE, ids=lambda value: "+".join(sorted(value))[:40])
def test_every_truncation_is_read_or_told(value: object) -> None:
    data = json.dumps(value).encode()
    for length in range(0, len(data), max(len(data) // 60, 1)):
        for one in everything(data[:length]):
            assert isinstance(one, EvidenceError)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_change_of_a_value_raises(data: st.DataObject) -> None:
    value = json.loads(json.dumps(data.draw(st.sampled_from(MADE))))
    where: Any = value
    for _ in range(data.draw(st.integers(0, 4))):
        keys = list(where) if isinstance(where, dict) else list(range(len(where))) if isinstance(where, list) else []
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(where[key], (dict, list)) or data.draw(st.booleans()):
            where[key] = data.draw(_JSON)
            break
        where = where[key]
    everything(json.dumps(value).encode())


@settings(max_examples=100, deadline=None)
@given(
    _JSON,
    st.sampled_from(
        ["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2", "x", "https://openvex.dev/ns"]
    ),
)
def test_no_predicate_raises(predicate: object, kind: str) -> None:
    everything(json.dumps(envelope({**statement(kind), "predicate": predicate})).encode())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"\xd2\x84\x43", b'{"payload":', b'{"_type":']))
def test_no_bytes_raise(data: bytes, start: bytes) -> None:
    everything(start + data)


def test_a_payload_2000_deep_and_one_of_20_megabytes_are_read_or_told() -> None:
    deep = b'{"_type":"https://in-toto.io/Statement/v1","predicateType":"x","subject":[],"predicate":'
    for data in (deep + b"[" * 2_000 + b"]" * 2_000 + b"}", deep + b"[" * 2_000):
        (found,) = read_all(data)
        assert isinstance(found, EvidenceError)
    large = statement("https://cyclonedx.org/bom", {"bomFormat": "CycloneDX", "filler": ["y" * 1_000] * 20_000})
    (found,) = read_all(json.dumps(envelope(large)).encode())
    assert isinstance(found, SignedDocument)
    inside = embedded(found)
    assert inside is not None
    assert len(inside.data) > 20_000_000


@pytest.mark.parametrize("unit", [b"{}", b"\n", b'{"_type":1}\n', b"[]\n", b"{}x", b"[", b"}"])
def test_files_of_nothing_but_structure_end_at_a_cap(unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_DOCUMENTS", 50)
    assert len(everything(unit * 100_000)) <= 51


def test_a_document_of_too_many_values_is_told() -> None:
    (found,) = read_all(b'{"_type": "x", "subject": [' + b"[" * 4_000_000)
    assert "above the limit of 4,000,000" in str(found)
    values = b'{"_type": "x", "subject": [' + b"{}," * 2_000_001 + b"{}]}"
    (found,) = read_all(values)
    assert isinstance(found, EvidenceError)
    assert "above the limit of 2,000,000" in str(found)


def test_names_from_evidence_are_printable() -> None:
    hostile = "a\x1b[31m\u202e\n" + "x" * 5_000
    value = statement(hostile, subject=[{"name": hostile, "digest": {hostile: hostile}}])
    (found,) = read_all(json.dumps(envelope(value)).encode())
    assert isinstance(found, SignedDocument)
    assert repr(found.claim).isprintable()
    assert "\x1b" not in found.claim.subject.name
    assert len(found.claim.subject.name) < 3_000
