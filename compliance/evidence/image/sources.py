"""Opens what images stand in: tells archives by their first bytes, and gives a piece of a file as a stream."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard
from isal import igzip_lib

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import Packed, Piece
from compliance.evidence.image.inflating import Unpacking, compression_of
from compliance.evidence.image.tar import BLOCK, is_header
from compliance.model.image import Compression


class Fed(Protocol):
    """Something that is given all bytes that pass: a hash."""

    def update(self, data: memoryview, /) -> None: ...


def archive_kind(head: bytes) -> Packed | None:
    """How a file that begins so is packed as a whole when it is a tar archive; None when it is none.

    `head` are the first bytes, some 1,000 or more; of a packed file no more than the first header is unpacked.
    """
    match compression_of(head):
        case Compression.NONE:
            return Packed.NO if is_header(head[:BLOCK]) else None
        case Compression.GZIP:
            return Packed.GZIP if is_header(_gunzipped(head)) else None
        case Compression.ZSTD:
            return Packed.ZSTD if is_header(_unzstd(head)) else None


def _gunzipped(head: bytes) -> bytes:
    try:
        return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP).decompress(head, BLOCK)
    except igzip_lib.IsalError:  # type: ignore[misc]  # a class, which isal's stubs call a value
        return b""


def _unzstd(head: bytes) -> bytes:
    try:
        with zstandard.ZstdDecompressor().stream_reader(head, read_across_frames=True) as reader:
            return reader.read(BLOCK)
    except zstandard.ZstdError:
        return b""


class _Range(io.RawIOBase):
    """A range of an open file, which it closes; reading never passes its end."""

    def __init__(self, piece: Piece, offset: int, length: int, fed: Fed | None = None) -> None:
        self._path = piece.path
        self._handle = _handle(piece)
        self._offset = offset
        self._left = length
        self._fed = fed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer needs 3.12
        view = memoryview(buffer)[: self._left]
        try:
            size = os.preadv(self._handle, [view], self._offset) if len(view) else 0
        except OSError as error:
            raise EvidenceError(f"cannot be read: {error.strerror}", path=self._path) from error
        self._offset += size
        self._left -= size
        if self._fed is not None:
            self._fed.update(view[:size])
        return size

    def close(self) -> None:
        if not self.closed:
            os.close(self._handle)
        super().close()


class _Unpacked(io.RawIOBase):
    """A range of what a stream unpacks to; what stands before it is unpacked and dropped."""

    def __init__(self, stream: BinaryIO, piece: Piece) -> None:
        self._stream = stream
        self._chunks = iter(Unpacking(stream, path=piece.path, within=piece.member))
        self._skip = piece.offset
        self._left = piece.length
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer needs 3.12
        while self._left and not self._chunk:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._chunk = memoryview(chunk)[self._skip :]
            self._skip -= min(self._skip, len(chunk))
        size = min(len(buffer), len(self._chunk), self._left)
        buffer[:size] = self._chunk[:size]
        self._chunk = self._chunk[size:]
        self._left -= size
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()


def open_piece(piece: Piece) -> BinaryIO:
    """The bytes of a piece as a stream to be closed; it ends early when the file is shorter than the piece says.

    Of a file that is packed as a whole everything before the piece is unpacked and dropped: reading n pieces
    one by one unpacks the file up to n times. An archive that is not packed as a whole has no such cost.

    Raises:
        EvidenceError: the file cannot be opened; or, while reading, cannot be unpacked.
    """
    if piece.packed is Packed.NO:
        return io.BufferedReader(_Range(piece, piece.offset, piece.length))
    whole = io.BufferedReader(_Range(piece, 0, _size(piece)))
    return io.BufferedReader(_Unpacked(whole, piece))


def open_whole(piece: Piece, fed: Fed) -> BinaryIO:
    """The bytes of a file as they are stored, from `offset` on; each byte read is given to `fed`, too.

    Raises:
        EvidenceError: the file cannot be opened.
    """
    return io.BufferedReader(_Range(piece, piece.offset, piece.length, fed), buffer_size=64 << 10)


def read_piece(piece: Piece, most: int) -> bytes:
    """All bytes of a piece.

    Raises:
        EvidenceError: it has more than `most` bytes, cannot be read, or has fewer than it should.
    """
    if piece.length > most:
        words = f"has {piece.length:,} bytes, more than the {most:,} that are read of a document"
        raise EvidenceError(f"{piece.member or 'the file'} {words}", path=piece.path)
    with open_piece(piece) as stream:
        data = stream.read(piece.length)
    if len(data) != piece.length:
        raise EvidenceError(f"{piece.member or 'the file'} is cut short; it changed while it was read", path=piece.path)
    return data


def chunks_of(stream: BinaryIO, size: int = 256 << 10) -> Iterator[bytes]:
    """The bytes of a stream in pieces."""
    while chunk := stream.read(size):
        yield chunk


def _handle(piece: Piece) -> int:
    try:
        return os.open(piece.real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe put there must not hang us
    except OSError as error:
        raise EvidenceError(f"cannot be opened: {error.strerror}", path=piece.path) from error


def _size(piece: Piece) -> int:
    """Bytes of the file a piece stands in."""
    try:
        return Path(os.fsdecode(piece.real)).stat().st_size
    except OSError as error:
        raise EvidenceError(f"cannot be opened: {error.strerror}", path=piece.path) from error
