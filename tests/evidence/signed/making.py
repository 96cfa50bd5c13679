"""Statements, envelopes and bundles from parts, and what the reader makes of them; no signature here holds."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compliance.errors import EvidenceError
from compliance.evidence.image.attached import attached_documents
from compliance.evidence.image.contents import Piece, Source, Survey
from compliance.evidence.image.sources import archive_kind
from compliance.evidence.image.surveying import survey
from compliance.evidence.signed.embedding import Embedded
from compliance.evidence.signed.reading import READER
from compliance.model.reader import Slice
from compliance.model.signed import SignedDocument

FILES = Path(__file__).parent / "files"
APP = "a" * 64
OTHER = "b" * 64
V1 = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def statement(
    predicate_type: str = "https://example.test/unknown/v1",
    predicate: object = None,
    digest: Mapping[str, Any] | None = None,
    **more: object,
) -> dict[str, Any]:
    subject = [{"name": "registry.example/app", "digest": {"sha256": APP} if digest is None else digest}]
    made = {"_type": V1, "subject": subject, "predicateType": predicate_type, "predicate": predicate or {}}
    return {**made, **more}


def envelope(value: object, **more: object) -> dict[str, Any]:
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    made = {"payloadType": PAYLOAD_TYPE, "payload": b64(payload), "signatures": [{"keyid": "k", "sig": b64(b"sig")}]}
    return {**made, **more}


def bundle(content: Mapping[str, Any], material: Mapping[str, Any] | None = None, **more: object) -> dict[str, Any]:
    material = {"publicKey": {"hint": "some key"}} if material is None else material
    return {"mediaType": BUNDLE, "verificationMaterial": material, **content, **more}


def message(digest: bytes = b"\x01" * 32) -> dict[str, Any]:
    stated = {"algorithm": "SHA2_256", "digest": b64(digest)}
    return {"messageSignature": {"messageDigest": stated, "signature": b64(b"sig")}}


def log_entry(**more: object) -> dict[str, Any]:
    made: dict[str, Any] = {
        "logIndex": "7",
        "logId": {"keyId": b64(b"\x02" * 32)},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": "1700000000",
        "inclusionPromise": {"signedEntryTimestamp": b64(b"set")},
        "inclusionProof": {
            "logIndex": "5",
            "rootHash": b64(b"\x03" * 32),
            "treeSize": "9",
            "hashes": [b64(b"\x04" * 32)],
            "checkpoint": {"envelope": "log\n9\nroot\n"},
        },
        "canonicalizedBody": b64(b"{}"),
    }
    return {**made, **more}


def read_all(data: bytes, path: str = "some.json") -> list[SignedDocument | EvidenceError]:
    """What the reader gives of a file, which it recognises."""
    assert READER.identify(data[: 64 << 10])
    whole = Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)
    found = list(READER.read(data, whole, path, "0" * 64))
    assert all(isinstance(one, (SignedDocument, EvidenceError)) for one in found)
    return [one for one in found if isinstance(one, (SignedDocument, EvidenceError))]


def read(value: object) -> SignedDocument:
    """The one document in a file."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    (found,) = read_all(data)
    assert isinstance(found, SignedDocument), found
    return found


def refused(value: object) -> str:
    """The one error that a file gives."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    (found,) = read_all(data)
    assert isinstance(found, EvidenceError), found
    assert found.kind == "Attestation"
    return str(found)


def fault(value: object) -> str:
    """Why the one document in a file must not be believed, whoever signed it."""
    material = read(value).material
    assert material is not None
    assert material.fault
    return material.fault


def survey_archive(place: Path) -> Survey:
    head = place.read_bytes()[: 64 << 10]
    packed = archive_kind(head)
    assert packed is not None
    piece = Piece(place.name, os.fsencode(place), 0, place.stat().st_size, "", packed)
    return survey(Source(path=place.name, archive=True, pieces={"": piece}))


def survey_files(folder: Path, files: Mapping[str, bytes]) -> Survey:
    """A survey of a layout folder."""
    pieces = {}
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        pieces[name] = Piece(f"layout/{name}", os.fsencode(place), 0, len(data), "")
    return survey(Source(path="layout/index.json", archive=False, pieces=pieces))


def documents(found: Survey) -> list[SignedDocument]:
    """What is attached, of which nothing is unreadable or plain."""
    attached = list(attached_documents(found))
    assert all(isinstance(one, SignedDocument) for one in attached), attached
    return [one for one in attached if isinstance(one, SignedDocument)]


def troubles(found: Survey) -> list[str]:
    return [str(one) for one in attached_documents(found) if isinstance(one, EvidenceError)]


def plain(found: Survey) -> list[Embedded]:
    return [one for one in attached_documents(found) if isinstance(one, Embedded)]
