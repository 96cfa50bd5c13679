"""Members of a layer that matter only because they are there: paths and sizes in, packed as they come, bytes out."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Container, Iterator

import zstandard

#: Paths joined before they are compressed.
_AT_ONCE = 4_000
_CHUNK = 1 << 18
#: Names given twice that are sorted out; more are left as they are, and said so.
MAX_DOUBLED = 50_000


class Others:
    """Paths, each after its EntryType letter, and sizes in the same order; nothing grows but what is compressed."""

    def __init__(self) -> None:
        self._paths = _Packing()
        self._sizes = _Packing()
        self._names: list[str] = []
        self._numbers = array("Q")
        self._first = True

    def add(self, letter: str, path: str, size: int = 0) -> None:
        """Keep a path."""
        self._names.append(letter + path)
        self._numbers.append(size)
        if len(self._names) >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if not self._names:
            return
        joined = "\0".join(self._names)
        self._paths.add((joined if self._first else "\0" + joined).encode())
        self._first = False
        if sys.byteorder == "big":
            self._numbers.byteswap()
        self._sizes.add(self._numbers.tobytes())
        self._names.clear()
        self._numbers = array("Q")

    def packed(self) -> tuple[bytes, bytes]:
        """Paths and sizes as LayerContents keeps them; empty bytes for none."""
        self._flush()
        return self._paths.packed(), self._sizes.packed()


class _Packing:
    """Bytes compressed as they come, as one zstd frame."""

    def __init__(self) -> None:
        self._object = zstandard.ZstdCompressor(level=1).compressobj()
        self._done: list[bytes] = []
        self._empty = True

    def add(self, data: bytes) -> None:
        self._empty = False
        self._done.append(self._object.compress(data))

    def packed(self) -> bytes:
        return b"" if self._empty else b"".join([*self._done, self._object.flush()])


def each(paths: bytes, sizes: bytes) -> Iterator[tuple[str, str, int]]:
    """Letter, path and size of everything that was packed, in order."""
    if not paths:
        return
    numbers = array("Q")
    numbers.frombytes(zstandard.ZstdDecompressor().decompressobj().decompress(sizes))
    if sys.byteorder == "big":
        numbers.byteswap()
    rest, at = b"", 0
    with zstandard.ZstdDecompressor().stream_reader(paths) as reader:
        while chunk := reader.read(_CHUNK):
            *items, rest = (rest + chunk).split(b"\0")
            for item in items:
                yield item[:1].decode(), item[1:].decode(), numbers[at]
                at += 1
    yield rest[:1].decode(), rest[1:].decode(), numbers[at]


def once(
    others: tuple[bytes, bytes], doubled: Container[int], entries: Container[str]
) -> tuple[tuple[bytes, bytes], int]:
    """The same with each path once, the last member of it, and none of `entries`; and how many names were dropped.

    `doubled` are the hashes of the paths that were given more than once. A directory given again is
    no second member: every archive of several steps repeats its directories.
    """
    last: dict[str, str] = {}
    for letter, path, _ in each(*others):
        if hash(path) in doubled:
            last[path] = letter
    kept, dropped = Others(), 0
    left = _count(others, doubled)
    for letter, path, size in each(*others):
        if hash(path) in doubled:
            left[path] -= 1
            if path in entries or left[path]:
                dropped += letter != "d" or path in entries or last[path] != "d"
                continue
        kept.add(letter, path, size)
    return kept.packed(), dropped


def _count(others: tuple[bytes, bytes], doubled: Container[int]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for _, path, _ in each(*others):
        if hash(path) in doubled:
            counts[path] = counts.get(path, 0) + 1
    return counts
