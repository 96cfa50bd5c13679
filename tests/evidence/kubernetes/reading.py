"""Reads bytes the way the pipeline does: recognise, split, read each slice."""

from __future__ import annotations

import io

from compliance.errors import EvidenceError
from compliance.evidence.kubernetes import READER
from compliance.evidence.records import decode, encode
from compliance.model.cluster import Header, TypedList
from compliance.model.reader import Record, Slice
from compliance.model.workload import Pod


def slices(data: bytes) -> list[Slice | EvidenceError]:
    """What the file is cut into."""
    return list(READER.split(io.BytesIO(data)))


def read_all(data: bytes | str, path: str = "app.yaml") -> tuple[list[Record], list[EvidenceError]]:
    """Records and problems of one file; every record survives encoding and its own bytes."""
    raw = data.encode() if isinstance(data, str) else data
    records: list[Record] = []
    errors: list[EvidenceError] = []
    for piece in slices(raw):
        if isinstance(piece, EvidenceError):
            errors.append(piece)
            continue
        for found in READER.read(raw[piece.offset : piece.offset + piece.length], piece, path, "f" * 64):
            (errors if isinstance(found, EvidenceError) else records).append(found)  # type: ignore[arg-type]  # told apart
    assert decode(encode(records)) == records
    return records, errors


def head(record: Record) -> Header | Pod:
    """What a record says of its object."""
    assert not isinstance(record, TypedList)
    return record if isinstance(record, Pod) else record.header


def subjects(data: bytes | str) -> list[str]:
    """Subject ids of the objects in a file that must be readable."""
    records, errors = read_all(data)
    assert not errors
    return [head(record).subject.id for record in records if not isinstance(record, TypedList)]


def one_pod(data: bytes | str) -> Pod:
    """The only record of a file, a pod."""
    records, errors = read_all(data)
    assert not errors
    (record,) = records
    assert isinstance(record, Pod)
    return record


def pod_text(spec: str = "", *, name: str = "web") -> str:
    """A minimal Pod in YAML; `spec` are further lines of its spec, indented by two."""
    head = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n{spec}"
    return f"{head}  containers: [{{name: app, image: app}}]\n"
