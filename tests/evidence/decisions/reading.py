"""Reads bytes with whichever reader the pipeline would take, and shows decisions in short."""

from __future__ import annotations

import io
import json
from typing import Any

from compliance.errors import EvidenceError
from compliance.evidence.records import decode, encode
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.reader import Record
from compliance.pipeline.units import recognise

POD_SECURITY = {"pod-security.kubernetes.io/enforce-policy": "restricted:latest"}


def read_all(data: bytes | str, path: str = "gate.yaml") -> tuple[list[Record], list[EvidenceError]]:
    """Records and problems of one file; every record survives encoding."""
    raw = data.encode() if isinstance(data, str) else data
    reader = recognise(raw[: 64 * 1024])
    assert reader is not None
    records: list[Record] = []
    errors: list[EvidenceError] = []
    for piece in reader.split(io.BytesIO(raw)):
        if isinstance(piece, EvidenceError):
            errors.append(piece)
            continue
        for found in reader.read(raw[piece.offset : piece.offset + piece.length], piece, path, "f" * 64):
            if isinstance(found, EvidenceError):
                errors.append(found)
            else:
                records.append(found)  # type: ignore[arg-type]  # no signed document is read here
    assert decode(encode(records)) == records
    return records, errors


def decisions(data: bytes | str) -> list[AdmissionDecision]:
    """The decisions in a file that must be readable."""
    records, errors = read_all(data)
    assert not errors, errors
    return [record for record in records if isinstance(record, AdmissionDecision)]


def event(**changes: Any) -> dict[str, Any]:
    """An audit event of a pod that was made, with changes."""
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": "00000000-0000-4000-8000-000000000001",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods",
        "verb": "create",
        "user": {"username": "deployer"},
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "web", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 201},
        "stageTimestamp": "2026-08-01T10:00:00.100000Z",
        "annotations": {"authorization.k8s.io/decision": "allow"},
        **changes,
    }


def lines(*events: dict[str, Any]) -> str:
    """Events as the API server writes them: one on each line."""
    return "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in events)
