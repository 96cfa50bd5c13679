"""Unpacks a stream by what its first bytes say it is: packed bytes in, bounded chunks and their sha256 out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

import zstandard
from isal import igzip_lib

from compliance.errors import EvidenceError
from compliance.evidence.image.zstd_frames import MAX_FRAMES, Frames
from compliance.model.image import Compression

#: Bytes of one stream once unpacked; the largest images in use hold about a third of it.
MAX_UNPACKED = 64 << 30
#: Unpacked bytes that any stream may have, however small it is.
FREE = 256 << 20
#: Beyond FREE, unpacked bytes for each packed one. Deflate cannot pass 1,032, so a limit above that would stop no
#: gzip bomb; layers of programs and text have 2 to 10, and four fifths of a stream must be nothing but runs of one
#: byte to reach 200.
RATIO = 200
#: Bytes read at once, and given at once: what stays in the processor's cache (measured with isal).
_READ, _CHUNK = 64 << 10, 256 << 10
#: Members of one gzip stream; eStargz has one for each file.
_MAX_GZIP_MEMBERS = MAX_FRAMES

_GZIP = b"\x1f\x8b"
_OTHERS = {b"\xfd7zXZ\0": "xz", b"BZh": "bzip2", b"\x04\x22\x4d\x18": "lz4", b"PK\x03\x04": "zip"}


def compression_of(head: bytes) -> Compression:
    """How a stream that begins so is packed; NONE for all that is neither gzip nor zstd."""
    if head[:2] == _GZIP:
        return Compression.GZIP
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5):
        return Compression.ZSTD
    return Compression.NONE


class Unpacking:
    """The unpacked bytes of a stream, in chunks of at most 1 MiB. Iterate once.

    `compression` is known from the start. `unpacked` (bytes) and `digest` (`sha256:...`, the diff id of a
    layer) are of what was given so far. `notes` say in words what follows the packed data and was not read.

    Raises (while iterating):
        EvidenceError: the data are corrupt, cut short, packed in a way that is not read, or pass a cap;
            `path` is the path given, the message begins with `within`.
    """

    def __init__(
        self, stream: BinaryIO, *, path: str = "", within: str = "", most: int = MAX_UNPACKED, free: int = FREE
    ) -> None:
        self.notes: list[str] = []
        self.unpacked = 0
        self._stream = stream
        self._path = path
        self._within = within
        self._most = most
        self._free = free
        self._packed = 0
        self._hash = hashlib.sha256()
        self._head = stream.read(_READ)
        self._packed = len(self._head)
        self.compression = compression_of(self._head)

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def __iter__(self) -> Iterator[bytes]:
        for magic, name in _OTHERS.items():
            if self._head.startswith(magic):
                self._fail(f"is packed with {name}, which is not read; pack it with gzip or zstd")
        match self.compression:
            case Compression.GZIP:
                chunks = self._gzip()
            case Compression.ZSTD:
                chunks = self._zstd()
            case Compression.NONE:
                chunks = self._input()
        update = self._hash.update
        for chunk in chunks:
            self.unpacked += len(chunk)
            if self.unpacked > self._free:
                self._weigh()
            update(chunk)
            yield chunk

    def _weigh(self) -> None:
        if self.unpacked > self._most:
            self._fail(f"unpacks to more than {self._most:,} bytes, which is the most that is read")
        if self.unpacked > RATIO * self._packed:
            self._fail(
                f"unpacks to more than {RATIO} times its {self._packed:,} bytes and more than {self._free:,} bytes: "
                "a decompression bomb, or a file of zeros that should be left out"
            )

    def _input(self) -> Iterator[bytes]:
        """What is packed, as it stands in the stream."""
        chunk, self._head = self._head, b""
        size = _CHUNK if self.compression is Compression.NONE else _READ
        while chunk:
            yield chunk
            chunk = self._stream.read(size)
            self._packed += len(chunk)

    # -- gzip -----------------------------------------------------------------------------------------------

    def _gzip(self) -> Iterator[bytes]:
        source = self._input()
        waiting = next(source, b"")
        for member in range(1, _MAX_GZIP_MEMBERS + 2):
            if member > _MAX_GZIP_MEMBERS:
                self._fail(f"more than {_MAX_GZIP_MEMBERS:,} gzip members, which is the most that is read")
            inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            while not inflater.eof:
                try:
                    chunk = inflater.decompress(waiting, _CHUNK)
                except igzip_lib.IsalError as error:  # type: ignore[misc]  # a class, which isal's stubs call a value
                    self._fail(f"corrupt gzip data after {self._packed:,} bytes ({error})", error)
                if chunk:
                    yield chunk
                waiting = next(source, b"") if inflater.needs_input and not inflater.eof else b""
                if not waiting and inflater.needs_input and not inflater.eof:
                    self._fail(f"the gzip data are cut short after {self._packed:,} bytes")
            waiting = inflater.unused_data
            if len(waiting) < len(_GZIP):
                waiting += next(source, b"")
            if waiting[:2] != _GZIP:
                return self._trailing(waiting, source)
        return None

    def _trailing(self, waiting: bytes, source: Iterator[bytes]) -> None:
        """Read what follows the packed data, so that it is seen to be there; zeros pad some files."""
        size, zeros = len(waiting), waiting == bytes(len(waiting))
        for chunk in source:
            size += len(chunk)
            zeros = zeros and chunk == bytes(len(chunk))
        if size and not zeros:
            self.notes.append(f"{size:,} bytes after the end of the {self.compression.value} data, which were not read")

    # -- zstd -----------------------------------------------------------------------------------------------

    def _zstd(self) -> Iterator[bytes]:
        source = self._input()
        frames = Frames(source)
        context = zstandard.ZstdDecompressor()
        unpacker = context.decompressobj()
        try:
            for piece, last in frames:
                chunk = unpacker.decompress(piece)
                if chunk:
                    yield chunk
                if last:
                    unpacker = context.decompressobj()
        except (zstandard.ZstdError, ValueError) as error:
            self._fail(f"corrupt zstd data after {self._packed:,} bytes ({error})", error)
        self._trailing(frames.rest, source)

    def _fail(self, words: str, cause: Exception | None = None) -> NoReturn:
        within = f"{self._within}: " if self._within else ""
        raise EvidenceError(f"{within}{words}", path=self._path) from cause
