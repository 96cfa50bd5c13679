"""The paths that packages own: collected under a cap, packed small, and given back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import zstandard

from compliance.errors import EvidenceError
from compliance.evidence.printing import printable

#: Most paths of one database file. A full desktop system has about 400,000.
MAX_PATHS = 500_000
#: Most bytes of the paths of one database file: names are given as directory and base name, so that a small
#: file can stand for a huge list.
MAX_BYTES = 32 << 20
#: Most packages of one database file. Debian has about 65,000 in all.
MAX_PACKAGES = 200_000
#: Paths that are compressed together.
_TOGETHER = 1000
_DAMAGED = "the list of paths that packages own cannot be unpacked; read the image again"
_LINE = re.compile(rb"[^\r\n]++")


def lines(data: bytes) -> Iterator[str]:
    """The lines that are not empty, printable, one by one: a file of nothing but line feeds takes no memory."""
    for found in _LINE.finditer(data):
        yield printable(found[0])


class _Packer:
    """Joins and compresses paths as they come, so that they never stand in memory together."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=1).compressobj()
        self._waiting: list[str] = []
        self._parts: list[bytes] = []
        self.count = 0

    def add(self, path: str) -> None:
        """Take a path."""
        self._waiting.append(path)
        self.count += 1
        if len(self._waiting) >= _TOGETHER:
            self._compress()

    def _compress(self) -> None:
        first = self.count == len(self._waiting)
        joined = "\0".join(self._waiting)
        self._parts.append(self._compressor.compress((joined if first else f"\0{joined}").encode()))
        self._waiting.clear()

    def packed(self) -> bytes:
        """All of them; called once. Empty bytes for none."""
        if not self.count:
            return b""
        if self._waiting:
            self._compress()
        return b"".join((*self._parts, self._compressor.flush()))


def pack_paths(paths: Iterable[str]) -> bytes:
    """Absolute printable paths joined by NUL and zstd-compressed, in their order; empty bytes for none.

    A path that ends in `/` owns everything below it.
    """
    packer = _Packer()
    for path in paths:
        packer.add(path)
    return packer.packed()


def unpack_paths(data: bytes) -> list[str]:
    """The paths that `pack_paths` was given, in their order.

    Raises:
        EvidenceError: the bytes are not of `pack_paths`, or more than MAX_BYTES and MAX_PATHS allow.
    """
    if not data:
        return []
    paths: list[str] = []
    rest, size = b"", 0
    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            while part := reader.read(1 << 20):
                size += len(part)
                if size > MAX_BYTES + MAX_PATHS:
                    raise EvidenceError(f"the list of paths that packages own is longer than {MAX_BYTES:,} bytes")
                *whole, rest = (rest + part).split(b"\0")
                paths += map(bytes.decode, whole)
        paths.append(rest.decode())
    except (zstandard.ZstdError, UnicodeDecodeError) as error:
        raise EvidenceError(_DAMAGED) from error
    if not size:
        raise EvidenceError(_DAMAGED)
    return paths


class Collected:
    """Packages and owned paths of one database file, at most as many as the caps allow, and what was wrong."""

    def __init__(self) -> None:
        self.packages: list[tuple[str, str, str]] = []
        self._packer = _Packer()
        self.full = False
        self._bytes = 0
        self._faults: dict[str, None] = {}

    def package(self, name: str, version: str, source: str) -> None:
        """Keep a package."""
        if len(self.packages) >= MAX_PACKAGES:
            self.full = True
            self.fault(f"more than {MAX_PACKAGES:,} packages; the rest was not read")
        else:
            self.packages.append((name, version, source))

    def own(self, path: str) -> None:
        """Keep an owned path."""
        self._bytes += len(path)
        if self._packer.count >= MAX_PATHS or self._bytes > MAX_BYTES:
            self.full = True
            self.fault(f"more than {MAX_PATHS:,} owned paths or {MAX_BYTES >> 20} MiB of them; the rest was not read")
        elif "\0" in path:
            self.fault("an owned path holds a NUL byte")
        else:
            self._packer.add(path)

    def owned(self) -> bytes:
        """The owned paths as `pack_paths` gives them; called once."""
        return self._packer.packed()

    def fault(self, words: str) -> None:
        """Note what was wrong; the same words once."""
        if len(self._faults) < 3:
            self._faults[words] = None

    @property
    def reason(self) -> str:
        """What was wrong, in words; empty text for nothing."""
        return "; ".join(self._faults)
