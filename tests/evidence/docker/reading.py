"""Reads bytes with one reader, as the engine does."""

from __future__ import annotations

import io
from typing import TypeVar

from compliance.errors import EvidenceError
from compliance.model.reader import Reader

T = TypeVar("T")


def read(reader: Reader, data: bytes, path: str = "evidence") -> list[object]:
    """Records and errors of a file in order."""
    found: list[object] = []
    for piece in reader.split(io.BytesIO(data)):
        if isinstance(piece, EvidenceError):
            found.append(piece)
        else:
            found += reader.read(data[piece.offset : piece.offset + piece.length], piece, path, "0" * 64)
    return found


def only(found: list[object], kind: type[T]) -> T:
    """The one record of a file."""
    assert len(found) == 1, found
    assert isinstance(found[0], kind), found[0]
    return found[0]
