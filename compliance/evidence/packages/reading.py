"""Which files of an image are package databases, and what each says: path and bytes in, a DatabaseFile out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages import apk, dpkg, node, python, rpm
from compliance.evidence.packages.packing import pack_paths, unpack_paths

__all__ = ["PLACES", "oversized", "pack_paths", "read_database", "unpack_paths", "wanted"]


class _Kind(NamedTuple):
    """One sort of database file. `larger` is what is said of one above `most` bytes, where that is not the size."""

    ecosystem: str
    most: int
    read: Callable[[str, bytes], DatabaseFile]
    larger: str = ""


_STATUS = _Kind(dpkg.ECOSYSTEM, 16 << 20, dpkg.status)
_FRAGMENT = _Kind(dpkg.ECOSYSTEM, 1 << 20, dpkg.fragment)
_LIST = _Kind(dpkg.ECOSYSTEM, 4 << 20, dpkg.owned_list)
_SUMS = _Kind(dpkg.ECOSYSTEM, 4 << 20, dpkg.md5sums)
_METADATA = _Kind(python.ECOSYSTEM, 4 << 20, python.metadata)
_RECORD = _Kind(python.ECOSYSTEM, 8 << 20, python.record)
_FILES = _Kind(python.ECOSYSTEM, 8 << 20, python.files)
_MANIFEST = _Kind(node.ECOSYSTEM, 1 << 20, node.manifest)
_APK = _Kind(apk.ECOSYSTEM, 16 << 20, apk.installed)
_SQLITE = _Kind(rpm.ECOSYSTEM, 64 << 20, rpm.sqlite)
_LOG = _Kind(rpm.ECOSYSTEM, rpm.MOST_OF_LOG, rpm.log, rpm.UNFOLDED)
_BERKELEY = _Kind(rpm.ECOSYSTEM, 4096, rpm.berkeley, rpm.BERKELEY)
_NDB = _Kind(rpm.ECOSYSTEM, 4096, rpm.ndb, rpm.NDB)
_MARINER = _Kind(rpm.ECOSYSTEM, 4 << 20, rpm.manifest)

#: Where rpm keeps its database: everywhere before 4.16 and on RHEL 9; Fedora 36, SUSE; ostree.
_RPM_FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
#: Database files that stand at one path.
_AT = {
    "var/lib/dpkg/status": _STATUS,
    "lib/apk/db/installed": _APK,
    "usr/lib/apk/db/installed": _APK,
    "var/lib/rpmmanifest/container-manifest-2": _MARINER,
    **{f"{folder}/rpmdb.sqlite": _SQLITE for folder in _RPM_FOLDERS},
    **{f"{folder}/rpmdb.sqlite-{log}": _LOG for folder in _RPM_FOLDERS for log in ("wal", "journal")},
    **{f"{folder}/Packages": _BERKELEY for folder in _RPM_FOLDERS},
    **{f"{folder}/Packages.db": _NDB for folder in _RPM_FOLDERS},
}
#: The same, for whoever asks whether one is there.
PLACES = tuple(sorted(_AT))
_NAMES = frozenset(path.rpartition("/")[2] for path in _AT)
_DPKG = "var/lib/dpkg/"


def wanted(path: str) -> int | None:
    """The most bytes to capture of a database file at a path (printable, no leading slash); None when it is none.

    What is larger is not to be captured: `oversized` gives its record.
    """
    kind = _kind(path)
    return None if kind is None else kind.most


def read_database(path: str, data: bytes) -> DatabaseFile:
    """What a database file says. Never raises: `reason` says what was wrong, and the rest is as far as it was read."""
    kind = _kind(path)
    return _unknown(path) if kind is None else kind.read(path, data)


def oversized(path: str, size: int) -> DatabaseFile:
    """The record of a database file that has more bytes than `wanted` allows and is not read."""
    kind = _kind(path)
    if kind is None:
        return _unknown(path)
    reason = kind.larger or f"it has {size:,} bytes, more than the {kind.most:,} that are read of such a file"
    return DatabaseFile(path, kind.ecosystem, [], b"", reason)


def _unknown(path: str) -> DatabaseFile:
    return DatabaseFile(path, "", [], b"", "it is no package database that is known")


def _kind(path: str) -> _Kind | None:
    """What sort of database a path is; quick for the many that are none."""
    folders, _, base = path.rpartition("/")
    if base == "package.json":
        return _MANIFEST if node.is_manifest(folders) else None
    if base in ("METADATA", "PKG-INFO") or base.endswith(".egg-info"):
        return _METADATA if python.is_metadata(folders, base) else None
    if base == "RECORD":
        return _RECORD if python.is_list(folders, base) else None
    if base == "installed-files.txt":
        return _FILES if python.is_list(folders, base) else None
    if path.startswith(_DPKG) and base:
        if folders == "var/lib/dpkg/info":
            return _LIST if base.endswith(".list") else None
        if folders == "var/lib/dpkg/status.d":
            return _SUMS if base.endswith(".md5sums") else _FRAGMENT
    return _AT.get(path) if base in _NAMES else None
