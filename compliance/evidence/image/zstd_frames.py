"""Cuts a zstd stream at its blocks, so that each piece unpacks to little and every end is known: chunks in, pieces out.

The bindings of zstandard either unpack whatever a chunk of input holds, 30,000 times its size, or do not
tell a stream that is cut short from one that has ended.
Source: RFC 8878, section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

#: Frames of one stream; eStargz-like layers (zstd:chunked) have one for each file.
MAX_FRAMES = 1_000_000
#: The window of a frame in bytes. Source: zstd's own ZSTD_WINDOWLOG_LIMIT_DEFAULT, 27.
MAX_WINDOW = 1 << 27
#: Bytes that one block unpacks to at most. Source: RFC 8878, 3.1.1.2.4.
_BLOCK_MAX = 128 << 10
#: A piece is given out when its blocks may unpack to this much, or it holds this much.
_PIECE = 512 << 10
#: Blocks of one stream that hold fewer than 64 bytes each.
_MAX_SMALL_BLOCKS = 4_000_000
_SMALL = 64

_MAGIC = b"\x28\xb5\x2f\xfd"


class Frames:
    """The data frames of a stream as (piece, whether it ends a frame); skippable frames are passed over.

    `rest` are the bytes at hand that begin no frame; iteration ends before them.

    Raises (while iterating):
        ValueError: the stream is cut short, no zstd frame as RFC 8878 has it, or passes a cap; in words.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.rest = b""
        self._chunks = chunks
        self._data = b""
        self._at = 0
        self._small = 0

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        for _ in range(MAX_FRAMES):
            magic = self._ahead(4)
            if magic == _MAGIC:
                yield from self._frame()
            elif len(magic) == 4 and magic[1:] == b"\x2a\x4d\x18" and magic[0] >> 4 == 5:
                self._skip(8 + int.from_bytes(self._exactly(8)[4:], "little"))
            else:
                self.rest = self._data[self._at :]
                return
        raise ValueError(f"more than {MAX_FRAMES:,} frames, which is the most that is read")

    def _frame(self) -> Iterator[tuple[bytes, bool]]:
        header, checksum = self._header()
        piece = [self._take(header)]
        gathered = budget = 0
        last = False
        while not last:
            word = int.from_bytes(self._exactly(3), "little")
            last, kind, stated = bool(word & 1), word >> 1 & 3, word >> 3
            if kind == 3 or (stated > _BLOCK_MAX and kind != 1):
                raise ValueError("a block of a type or size that does not exist")
            size = 3 + (1 if kind == 1 else stated)
            if size < _SMALL:
                self._small += 1
                if self._small > _MAX_SMALL_BLOCKS:
                    raise ValueError(f"more than {_MAX_SMALL_BLOCKS:,} blocks of a few bytes")
            piece.append(self._take(size))
            gathered += size
            budget += _BLOCK_MAX
            if not last and (budget >= _PIECE or gathered >= _PIECE):
                yield b"".join(piece), False
                piece = []
                gathered = budget = 0
        if checksum:
            piece.append(self._take(4))
        yield b"".join(piece), True

    def _header(self) -> tuple[int, bool]:
        """Bytes of the frame header, and whether a checksum follows the blocks."""
        descriptor = self._exactly(5)[4]
        single = bool(descriptor & 0x20)
        dictionary = (0, 1, 2, 4)[descriptor & 3]
        content = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
        size = 5 + (0 if single else 1) + dictionary + content
        header = self._exactly(size)
        if single:
            window = int.from_bytes(header[size - content :], "little") + (256 if content == 2 else 0)
        else:
            base = 1 << (10 + (header[5] >> 3))
            window = base + (base >> 3) * (header[5] & 7)
        if any(header[size - content - dictionary : size - content]):
            raise ValueError("needs a dictionary, which no layer may")
        if window > MAX_WINDOW:
            raise ValueError(f"a window of {window:,} bytes (allowed: {MAX_WINDOW:,})")
        return size, bool(descriptor & 4)

    # -- bytes ----------------------------------------------------------------------------------------------

    def _ahead(self, size: int) -> bytes:
        """The next bytes, still to be taken; fewer at the end of the stream."""
        while len(self._data) - self._at < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._data = self._data[self._at :] + chunk
            self._at = 0
        return self._data[self._at : self._at + size]

    def _exactly(self, size: int) -> bytes:
        found = self._ahead(size)
        if len(found) < size:
            raise ValueError("the stream is cut short")
        return found

    def _take(self, size: int) -> bytes:
        found = self._exactly(size)
        self._at += size
        return found

    def _skip(self, size: int) -> None:
        """Pass over bytes without holding them."""
        while size > len(self._data) - self._at:
            size -= len(self._data) - self._at
            self._data, self._at = next(self._chunks, b""), 0
            if not self._data:
                raise ValueError("the stream is cut short")
        self._at += size
