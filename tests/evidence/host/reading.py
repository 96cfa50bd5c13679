"""Reads a text about a host with the one reader that knows it."""

from __future__ import annotations

import io

from compliance.errors import EvidenceError
from compliance.model.reader import Record, Slice
from compliance.pipeline.registered import readers


def read(data: bytes, path: str = "compliance-host-n1/x.txt") -> tuple[list[Record], list[str]]:
    """The records, and the messages of what could not be read."""
    known = [reader for reader in readers().values() if reader.identify(data[: 64 * 1024])]
    assert len(known) == 1, [reader.id for reader in known]
    (piece,) = known[0].split(io.BytesIO(data))
    assert isinstance(piece, Slice)
    records: list[Record] = []
    errors: list[str] = []
    part = data[piece.offset : piece.offset + piece.length]
    for found in known[0].read(part, piece, path, "0" * 64):
        if isinstance(found, EvidenceError):
            errors.append(found.message)
        else:
            assert not hasattr(found, "signatures")
            records.append(found)  # type: ignore[arg-type]  # none of these readers gives a SignedDocument
    return records, errors


def known_by(data: bytes) -> list[str]:
    """Ids of the readers that know the first bytes."""
    return [reader.id for reader in readers().values() if reader.identify(data[: 64 * 1024])]
