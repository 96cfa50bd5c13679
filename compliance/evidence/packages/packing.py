"""The paths that packages own: collected under a cap, packed small, and given back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import zstandard

from compliance.errors import EvidenceError

#: Most paths of one database file. A full desktop system has about 400,000.
MAX_PATHS = 1_000_000
#: Most bytes of the paths of one database file: names are given as directory and base name, so that a small
#: file can stand for a huge list.
MAX_BYTES = 64 << 20
#: Most packages of one database file. Debian has about 65,000 in all.
MAX_PACKAGES = 200_000
_LINE = re.compile(rb"[^\r\n]++")


def printable(data: bytes) -> str:
    """Bytes of a name as text, no two the same: undecodable bytes become `\\xNN`, and `\\` doubles."""
    return data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def lines(data: bytes) -> Iterator[str]:
    """The lines that are not empty, printable, one by one: a file of nothing but line feeds takes no memory."""
    for found in _LINE.finditer(data):
        yield printable(found[0])


def pack_paths(paths: Iterable[str]) -> bytes:
    """Absolute printable paths joined by NUL and zstd-compressed, in their order; empty bytes for none.

    A path that ends in `/` owns everything below it.
    """
    joined = "\0".join(paths)
    return zstandard.ZstdCompressor(level=1).compress(joined.encode()) if joined else b""


def unpack_paths(data: bytes) -> list[str]:
    """The paths that `pack_paths` was given, in their order.

    Raises:
        EvidenceError: the bytes are not of `pack_paths`, or more than MAX_BYTES and MAX_PATHS allow.
    """
    if not data:
        return []
    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            joined = reader.read(MAX_BYTES + MAX_PATHS + 1)
        text = joined.decode()
    except (zstandard.ZstdError, UnicodeDecodeError) as error:
        raise EvidenceError("the list of paths that packages own cannot be unpacked; read the image again") from error
    if len(joined) > MAX_BYTES + MAX_PATHS:
        raise EvidenceError(f"the list of paths that packages own is longer than {MAX_BYTES:,} bytes")
    return text.split("\0")


class Collected:
    """Packages and owned paths of one database file, at most as many as the caps allow, and what was wrong."""

    def __init__(self) -> None:
        self.packages: list[tuple[str, str, str]] = []
        self.paths: list[str] = []
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
        if len(self.paths) >= MAX_PATHS or self._bytes > MAX_BYTES:
            self.full = True
            self.fault(f"more than {MAX_PATHS:,} owned paths or {MAX_BYTES >> 20} MiB of them; the rest was not read")
        elif "\0" in path:
            self.fault("an owned path holds a NUL byte")
        else:
            self.paths.append(path)

    def fault(self, words: str) -> None:
        """Note what was wrong; the same words once."""
        if len(self._faults) < 3:
            self._faults[words] = None

    @property
    def reason(self) -> str:
        """What was wrong, in words; empty text for nothing."""
        return "; ".join(self._faults)
