"""Envelopes, bundles and detached signatures: the material is theirs byte for byte, and what is wrong is told."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.signed import reading
from compliance.evidence.signed.encoding import MAX_DOCUMENT
from compliance.model.attestation import Envelope, Trust
from compliance.model.signed import SignedDocument, Signing
from tests.evidence.signed.making import (
    APP,
    FILES,
    V1,
    b64,
    bundle,
    envelope,
    fault,
    log_entry,
    message,
    read,
    read_all,
    refused,
    statement,
)

CERTIFICATE = b"0\x03\x02\x01\x07"
PEM = f"-----BEGIN CERTIFICATE-----\n{b64(CERTIFICATE)}\n-----END CERTIFICATE-----\n"


# -- envelopes ----------------------------------------------------------------------------------------------


def test_an_envelope_gives_its_payload_and_every_signature() -> None:
    payload = json.dumps(statement()).encode()
    signatures = [{"sig": b64(b"one")}, {"keyid": "", "sig": b64(b"two")}, {"keyid": "three", "sig": b64(b"3")}]
    found = read(envelope(payload, signatures=signatures))
    assert found.material is not None
    assert (found.material.signing, found.material.payload, found.material.fault) == (Signing.PAE, payload, "")
    assert [(one.value, one.hint) for one in found.material.signatures] == [(b"one", ""), (b"two", ""), (b"3", "three")]
    assert (found.claim.trust, found.claim.envelope, found.claim.signatures) == (Trust.NOT_CHECKED, Envelope.DSSE, 3)
    assert found.statement == payload


def test_a_payload_in_url_safe_base64_is_the_same() -> None:
    payload = json.dumps(statement(note="???>>>~~~ÿÿ"), ensure_ascii=False).encode()
    text = base64.urlsafe_b64encode(payload).decode()
    assert "-" in text or "_" in text
    found = read(envelope(payload, payload=text)).material
    assert found is not None
    assert (found.payload, found.fault) == (payload, "")


def _loose(text: str) -> str:
    """The same bytes in another spelling: bits of the last letter that nobody decodes."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = text.rstrip("=")
    return bare[:-1] + letters[letters.index(bare[-1]) | 1] + "=" * (len(text) - len(bare))


@pytest.mark.parametrize("spoil", [_loose, lambda text: text.rstrip("="), lambda text: text[:8] + "\n" + text[8:]])
def test_a_payload_that_is_no_canonical_base64_is_a_fault(spoil: Any) -> None:
    payload = json.dumps(statement()).encode()
    payload += b" " * (-(len(payload) - 1) % 3)  # so that there is padding to spoil
    text = b64(payload)
    assert text.endswith("=")
    assert "base64" in fault(envelope(payload, payload=spoil(text)))


@pytest.mark.parametrize("payload", ["+/-_", "****", 5, None, {}])
def test_a_payload_that_is_no_base64_is_a_fault(payload: object) -> None:
    assert "the payload" in fault(envelope(b"", payload=payload))


def test_an_envelope_without_signature_is_a_fault() -> None:
    for signatures in ([], None, {}, "x"):
        assert fault(envelope(statement(), signatures=signatures)) == "the envelope holds no signature"
    assert "allowed: 100" in fault(envelope(statement(), signatures=[{"sig": "AA=="}] * 101))


def test_one_broken_signature_does_not_hide_the_good_one() -> None:
    found = read(envelope(statement(), signatures=[{"sig": "***"}, {"sig": b64(b"good")}])).material
    assert found is not None
    assert [one.value for one in found.signatures] == [b"", b"good"]
    assert found.fault == ""
    assert fault(envelope(statement(), signatures=[{"sig": "***"}])) == "a signature is no base64"


def test_a_key_that_stands_twice_in_what_was_signed_is_a_fault() -> None:
    text = json.dumps(statement())
    twice = text[:-1] + f', "subject": [{{"digest": {{"sha256": "{"f" * 64}"}}}}]}}'
    assert 'the key "subject" stands twice' in fault(envelope(twice.encode()))
    assert 'the key "subject" stands twice' in refused(twice.encode())
    outer = json.dumps(envelope(statement()))
    assert "stands twice" in refused(f'{outer[:-1]}, "payload": "e30="}}'.encode())


def test_a_payload_that_is_no_json_is_a_fault() -> None:
    assert "not valid JSON" in fault(envelope(b"{"))
    assert "not UTF-8" in fault(envelope(b'{"_type": "\xff"}'))
    assert "nested too deeply" in fault(envelope(b'{"a":' * 2_000 + b"1" + b"}" * 2_000))


def test_a_document_beyond_the_cap_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.evidence.signed.encoding.MAX_DOCUMENT", 1_000)
    assert "above the limit of 1,000" in refused(envelope(statement(filler="x" * 1_000)))
    assert MAX_DOCUMENT > 27 << 20  # an SBOM of 20 MB in base64


# -- files of several ---------------------------------------------------------------------------------------


def test_json_lines_give_one_document_each_and_a_bad_one_hides_none() -> None:
    rows = [json.dumps(envelope(statement())), '{"payloadType": "x", "payload"', "", json.dumps(bundle(message()))]
    found = read_all("\n".join(rows).encode() + b"\n", "all.intoto.jsonl")
    assert [type(one).__name__ for one in found] == ["SignedDocument", "EvidenceError", "SignedDocument"]
    assert isinstance(found[1], EvidenceError)
    assert (found[1].line, found[1].document) == (2, 1)
    last = found[2]
    assert isinstance(last, SignedDocument)
    assert last.claim.subject.id == "attestation/all.intoto.jsonl#3"
    assert (last.claim.origin.line, last.claim.origin.document) == (4, 2)


def test_offsets_are_those_of_the_document_in_the_file() -> None:
    rows = [json.dumps(envelope(statement())).encode() for _ in range(3)]
    data = b"\n\n".join(rows)
    for row, one in zip(rows, read_all(data), strict=True):
        assert isinstance(one, SignedDocument)
        origin = one.claim.origin
        assert data[origin.offset : origin.offset + origin.length] == row


def test_pretty_printed_documents_one_after_the_other_are_read() -> None:
    data = "\n".join(json.dumps(envelope(statement()), indent=2) for _ in range(2)).encode()
    assert [type(one).__name__ for one in read_all(data)] == ["SignedDocument"] * 2
    (one,) = read_all(json.dumps(envelope(statement()), indent=2).encode())
    assert isinstance(one, SignedDocument)
    assert one.claim.subject.id == "attestation/some.json"


def test_text_round_a_document_is_not_passed_over() -> None:
    whole = json.dumps(envelope(statement()), indent=1).encode()
    assert "not valid JSON" in refused(whole + b"\nsomething else")


@pytest.mark.parametrize("shape", ["list", "github", "verified", "google"])
def test_what_services_answer_is_read_document_by_document(shape: str) -> None:
    made = [bundle({"dsseEnvelope": envelope(statement())}) for _ in range(2)]
    value: object = {
        "list": made,
        "github": {"attestations": [{"bundle": one, "repository_id": 1} for one in made]},
        "google": {
            "image_summary": {"digest": "x"},
            "provenance_summary": {"provenance": [{"build": {}, "envelope": envelope(statement())} for _ in range(2)]},
        },
        "verified": [{"attestation": {"bundle": one}, "verificationResult": {}} for one in made],
    }[shape]
    found = read_all(json.dumps(value).encode())
    pointers = [one.claim.origin.pointer for one in found if isinstance(one, SignedDocument)]
    start = {
        "list": "/{}",
        "github": "/attestations/{}/bundle",
        "verified": "/{}/attestation/bundle",
        "google": "/provenance_summary/provenance/{}/envelope",
    }[shape]
    assert pointers == [start.format(0), start.format(1)]


def test_too_many_documents_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_DOCUMENTS", 2)
    found = read_all(b"\n".join([json.dumps(envelope(statement())).encode()] * 4))
    assert "more than 2 attestations in one file" in str(found[-1])


# -- bundles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["+json;version=0.1", "+json;version=0.2", "+json;version=0.3", ".v0.3+json"])
def test_bundles_of_every_version_give_their_material(kind: str) -> None:
    value = bundle(
        {"dsseEnvelope": envelope(statement())},
        {
            "certificate": {"rawBytes": b64(CERTIFICATE)},
            "tlogEntries": [log_entry()],
            "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": b64(b"token")}]},
        },
        mediaType=f"application/vnd.dev.sigstore.bundle{kind}",
    )
    found = read(value)
    material = found.material
    assert material is not None
    assert material.fault == ""
    assert material.signatures[0].certificates == (CERTIFICATE,)
    assert material.timestamps == (b"token",)
    (entry,) = material.entries
    assert (entry.kind, entry.version, entry.position, entry.integrated) == ("dsse", "0.0.1", 7, 1_700_000_000)
    assert entry.promise == b"set"
    assert entry.inclusion is not None
    assert (entry.inclusion.position, entry.inclusion.tree_size) == (5, 9)
    assert (found.claim.envelope, found.claim.digests()) == (Envelope.BUNDLE, (f"sha256:{APP}",))


def test_a_bundle_of_a_log_without_times_has_none() -> None:
    entry = log_entry()
    del entry["integratedTime"], entry["inclusionPromise"]
    found = read(bundle(message(), {"publicKey": {}, "tlogEntries": [entry]})).material
    assert found is not None
    assert (found.entries[0].integrated, found.entries[0].promise, found.fault) == (None, None, "")


def test_a_signed_message_is_about_the_digest_it_states() -> None:
    found = read(bundle(message()))
    assert found.material is not None
    assert (found.material.signing, found.material.payload) == (Signing.DIGEST, b"\x01" * 32)
    assert found.material.signatures[0].hint == "some key"
    assert (found.claim.digests(), found.claim.about) == ((f"sha256:{'01' * 32}",), "signature")
    assert found.claim.predicate_type == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (bundle(message(), {}), "exactly one signer"),
        (bundle(message(), {"publicKey": {}, "certificate": {"rawBytes": ""}}), "exactly one signer"),
        (bundle(message(), {"x509CertificateChain": {"certificates": []}}), "no chain"),
        (bundle(message(), {"certificate": {"rawBytes": "*"}}), "a certificate is no base64"),
        (bundle(message(), {"publicKey": {}, "tlogEntries": [log_entry(logIndex="-1")]}), "index of a log entry"),
        (bundle(message(), {"publicKey": {}, "tlogEntries": [log_entry(inclusionProof=None)]}), "no inclusion proof"),
        (bundle(message(), {"publicKey": {}, "tlogEntries": [log_entry()] * 101}), "allowed: 100"),
        (bundle(message(b"short")), "digest of what it signs"),
        (bundle({"messageSignature": {"signature": b64(b"s")}}), "digest of what it signs"),
        (bundle({"dsseEnvelope": envelope(statement(), signatures=[{"sig": "AA=="}] * 2)}), "must hold one"),
        (bundle({"dsseEnvelope": envelope(statement(), signatures=[])}), "no signature"),
    ],
)
def test_what_is_wrong_with_a_bundle_is_its_fault(value: object, words: str) -> None:
    assert words in fault(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (bundle(message(), mediaType="application/vnd.dev.sigstore.bundle.v0.4+json"), "0.1 to 0.3 are"),
        (bundle({}), "neither of a signed message"),
        (bundle({**message(), "dsseEnvelope": envelope(statement())}), "both a signed message"),
    ],
)
def test_a_bundle_that_cannot_be_understood_is_refused(value: object, words: str) -> None:
    assert words in refused(value)


# -- the first formats of cosign, and what it really writes ---------------------------------------------------


def _early(**more: object) -> dict[str, object]:
    body = {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {"data": {"hash": _hash()}}}
    payload = {"body": b64(json.dumps(body).encode()), "integratedTime": 1, "logIndex": 2, "logID": "ab" * 32}
    entry = {"SignedEntryTimestamp": b64(b"set"), "Payload": payload}
    return {"base64Signature": b64(b"sig"), "cert": b64(PEM.encode()), "rekorBundle": entry, **more}


def _hash() -> dict[str, str]:
    return {"algorithm": "sha256", "value": "c" * 64}


def test_the_first_bundle_format_is_about_what_its_log_entry_names() -> None:
    found = read(_early())
    material = found.material
    assert material is not None
    assert (material.payload, material.fault) == (b"\xcc" * 32, "")
    assert material.signatures[0] == (b"sig", (CERTIFICATE,), "")
    entry = material.entries[0]
    assert (entry.kind, entry.version, entry.position, entry.log_id) == ("hashedrekord", "0.0.1", 2, b"\xab" * 32)
    assert (entry.integrated, entry.promise, entry.inclusion) == (1, b"set", None)
    assert (found.claim.envelope, found.claim.digests()) == (Envelope.DETACHED, (f"sha256:{'c' * 64}",))
    assert read(_early(cert=PEM)).material == material


def test_the_first_bundle_format_without_log_entry_is_listed_and_not_checked() -> None:
    for value in (_early(rekorBundle=None), {"base64Signature": b64(b"sig")}):
        found = read(value)
        assert (found.material, found.claim.trust) == (None, Trust.NOT_CHECKED)
        assert "no log entry beside it tells its digest" in found.claim.because
    entry: Any = _early()["rekorBundle"]
    entry["Payload"]["logIndex"] = None
    assert "lacks its index" in fault(_early(rekorBundle=entry))


@pytest.mark.parametrize("name", ["provenance.bundle.json", "provenance.early.json"])
def test_what_cosign_writes_of_one_predicate_is_the_same_claim(name: str) -> None:
    found = read((FILES / name).read_bytes())
    assert found.material is not None
    assert found.material.fault == ""
    assert len(found.material.signatures[0].value) in range(68, 73)  # ECDSA P-256 in DER
    assert found.claim.provenance is not None
    assert found.claim.provenance.builder == "https://ci.example/builder"
    assert found.claim.provenance.source_ref == "refs/tags/v1.0"
    assert found.claim.digests() == ("sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",)
    assert found.claim.statement_type == "https://in-toto.io/Statement/v0.1" != V1


def test_what_cosign_writes_without_its_signature_is_unsigned() -> None:
    found = read((FILES / "provenance.statement.json").read_bytes())
    assert (found.material, found.claim.trust) == (None, Trust.PRESENT_UNSIGNED)
    assert found.claim.provenance == read((FILES / "provenance.bundle.json").read_bytes()).claim.provenance


def test_what_cosign_writes_of_a_file_names_its_digest() -> None:
    found = read((FILES / "blob.bundle.json").read_bytes())
    assert found.claim.digests() == ("sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",)
    assert read((FILES / "blob.early.json").read_bytes()).claim.trust is Trust.NOT_CHECKED
