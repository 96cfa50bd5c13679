"""What pip and setuptools leave beside installed Python packages: bytes of one file in, a DatabaseFile out."""

from __future__ import annotations

import csv
import posixpath
import re

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.packing import Collected, lines
from compliance.evidence.printing import printable

ECOSYSTEM = "pypi"
#: Folders that Python imports from.
#: Source: Python documentation, "site"; Debian Python Policy, 2.5.
_IMPORTED_FROM = ("site-packages", "dist-packages")
#: Longest name or version, in bytes.
_MAX_VALUE = 1024
#: The fields behind a line feed, in the header: what stands above the first empty line.
_FIELD = re.compile(rb"\n(Name|Version)[ \t]*:[ \t]*([^\r\n]*+)", re.IGNORECASE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
#: Runs that a normalised name has one hyphen for.
#: Source: Python Packaging User Guide, "Names and normalization" (PEP 503).
_RUN = re.compile(r"[-_.]+")
_TEXT = re.compile(r"[^\x00-\x20\x7f]+")


def is_metadata(folders: str, base: str) -> bool:
    """Whether a path, split at its last slash, holds the name and version of an installed package.

    A dist-info folder outside every site-packages folder counts too (`pip install --target`). Below a
    package in one it does not: copies that a package carries in itself are no installed packages.
    """
    if base.endswith(".egg-info"):
        return _imported_from(folders)
    parent, _, folder = folders.rpartition("/")
    if base == "METADATA":
        return folder.endswith(".dist-info") and _installed_in(parent)
    if base == "PKG-INFO":
        if folder == "EGG-INFO":
            egg = parent.rpartition("/")
            return egg[2].endswith(".egg") and _imported_from(egg[0])
        return folder.endswith(".egg-info") and _imported_from(parent)
    return False


def is_list(folders: str, base: str) -> bool:
    """Whether a path, split at its last slash, lists the files of an installed package."""
    parent, _, folder = folders.rpartition("/")
    if base == "RECORD":
        return folder.endswith(".dist-info") and _installed_in(parent)
    return folder.endswith(".egg-info") and _imported_from(parent)


def _imported_from(folder: str) -> bool:
    return folder.rpartition("/")[2] in _IMPORTED_FROM


def _installed_in(folder: str) -> bool:
    return _imported_from(folder) or not any(f"{name}/" in f"{folder}/" for name in _IMPORTED_FROM)


def metadata(path: str, data: bytes) -> DatabaseFile:
    """The package of a METADATA, PKG-INFO or .egg-info file; its name is normalised (`Foo.Bar_baz` is foo-bar-baz)."""
    collected = Collected()
    end = _HEADER_END.search(data)
    header = b"\n" + (data[: end.start()] if end else data).removeprefix(b"\xef\xbb\xbf")
    fields: dict[bytes, bytes] = {}
    for found in _FIELD.finditer(header):
        key = found[1].lower()
        if fields.setdefault(key, found[2]) != found[2]:
            collected.fault(f"it states {key.decode()} twice")
    name, version = (printable(fields.get(key, b"")[: _MAX_VALUE + 1].strip()) for key in (b"name", b"version"))
    if max(len(name), len(version)) > _MAX_VALUE:
        collected.fault(f"its name or version is longer than {_MAX_VALUE:,} bytes")
    elif not _TEXT.fullmatch(name) or not _TEXT.fullmatch(version):
        collected.fault("it has no name or no version")
    else:
        collected.package(_RUN.sub("-", name).lower(), version, "")
    return DatabaseFile(path, ECOSYSTEM, collected.packages, b"", collected.reason)


def record(path: str, data: bytes) -> DatabaseFile:
    """The paths of a RECORD file, but for compiled `.pyc` files, which are no programs."""
    collected = Collected()
    root = posixpath.dirname(posixpath.dirname(f"/{path}"))
    for line in lines(data):
        name = _first(line)
        if name and not name.endswith(".pyc"):
            _own(root, name, collected)
        if collected.full:
            break
    return DatabaseFile(path, ECOSYSTEM, [], collected.owned(), collected.reason)


def _first(line: str) -> str:
    """The first of three columns; only names with commas or quotes are quoted."""
    if not line.startswith('"'):
        return line.rsplit(",", 2)[0]
    try:
        return next(csv.reader([line]), [""])[0]
    except csv.Error:
        return ""


def files(path: str, data: bytes) -> DatabaseFile:
    """The paths of an installed-files.txt (relative to its own folder)."""
    collected = Collected()
    root = posixpath.dirname(f"/{path}")
    for name in lines(data):
        if not name.endswith(".pyc"):
            _own(root, name, collected)
        if collected.full:
            break
    return DatabaseFile(path, ECOSYSTEM, [], collected.owned(), collected.reason)


def _own(root: str, name: str, collected: Collected) -> None:
    if len(name) > 4096:
        collected.fault("a path is longer than 4,096 characters")
    elif name.startswith(("/", "../", "./")) or "/../" in name or "//" in name:
        collected.own(posixpath.normpath(f"/{posixpath.join(root, name).lstrip('/')}"))
    else:
        collected.own(f"{root.rstrip('/')}/{name}")
