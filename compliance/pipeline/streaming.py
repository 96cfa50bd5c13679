"""A large document in pieces: a reader that holds none of it is given the file itself instead of its bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from compliance.errors import EvidenceError
from compliance.model.reader import Reader, Record, Slice
from compliance.model.signed import SignedDocument
from compliance.pipeline.files import Stamp
from compliance.pipeline.units import CHANGED, Part

_PIECE = 256 * 1024


def streams(part: Part, reader: Reader | None) -> bool:
    """Whether a part is to be read in pieces: a slice of a large file, and a reader that can."""
    return part.slice is not None and reader is not None and reader.stream is not None


def by_pieces(part: Part, reader: Reader) -> Reader:
    """The reader, taking the bytes of this part from its file; those that it is given are not looked at."""
    stream = reader.stream

    def read(_: bytes, piece: Slice, path: str, sha256: str) -> Iterator[Record | SignedDocument | EvidenceError]:
        if stream is not None:
            yield from stream(_pieces(part, piece), piece, path, sha256)

    return replace(reader, read=read)


def _pieces(part: Part, piece: Slice) -> Iterator[bytes]:
    """The bytes of a slice in order.

    Raises:
        EvidenceError: the file cannot be read, or is not the one that was hashed, before or after.
    """
    try:
        handle = os.open(part.file.real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not hang us
        try:
            at, end = part.file.offset + piece.offset, part.file.offset + piece.offset + piece.length
            while at < end and (data := os.pread(handle, min(_PIECE, end - at), at)):
                yield data
                at += len(data)
            if at < end or Stamp.of(handle) != part.stamp:
                raise EvidenceError(CHANGED)
        finally:
            os.close(handle)
    except OSError as error:
        raise EvidenceError(f"cannot be read: {error.strerror}") from error
