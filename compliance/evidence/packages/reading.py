"""Which files of an image are package databases, and what each says: path and bytes in, a DatabaseFile out."""

from __future__ import annotations

from collections.abc import Callable

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages import dpkg
from compliance.evidence.packages.packing import pack_paths, unpack_paths

__all__ = ["oversized", "pack_paths", "read_database", "unpack_paths", "wanted"]

_Read = Callable[[str, bytes], DatabaseFile]


class _Kind:
    """One sort of database file: ecosystem, most bytes, reader."""

    __slots__ = ("ecosystem", "most", "read")

    def __init__(self, ecosystem: str, most: int, read: _Read) -> None:
        self.ecosystem = ecosystem
        self.most = most
        self.read = read


_STATUS = _Kind("deb", 32 << 20, dpkg.status)
_FRAGMENT = _Kind("deb", 1 << 20, dpkg.fragment)
_LIST = _Kind("deb", 4 << 20, dpkg.owned_list)
_MD5SUMS = _Kind("deb", 4 << 20, dpkg.md5sums)


def wanted(path: str) -> int | None:
    """The most bytes to capture of a database file at a path (printable, no leading slash); None when it is none."""
    kind = _kind(path)
    return None if kind is None else kind.most


def read_database(path: str, data: bytes) -> DatabaseFile:
    """What a database file says. Never raises: `reason` says what was wrong, and the rest is as far as it was read."""
    kind = _kind(path)
    if kind is None:
        return DatabaseFile(path, "", [], b"", "it is no package database that is known")
    return kind.read(path, data)


def oversized(path: str, size: int) -> DatabaseFile:
    """The record of a database file that has more bytes than `wanted` allows and is not read."""
    kind = _kind(path)
    if kind is None:
        return DatabaseFile(path, "", [], b"", "it is no package database that is known")
    reason = f"it has {size:,} bytes, more than the {kind.most:,} that are read of such a file"
    return DatabaseFile(path, kind.ecosystem, [], b"", reason)


def _kind(path: str) -> _Kind | None:
    base = path.rpartition("/")[2]
    if base == "status":
        return _STATUS if path == "var/lib/dpkg/status" else None
    if path.startswith("var/lib/dpkg/"):
        folder, _, name = path[13:].rpartition("/")
        if folder == "info":
            return _LIST if name.endswith(".list") else None
        if folder == "status.d" and name:
            return _MD5SUMS if name.endswith(".md5sums") else _FRAGMENT
    return None
