"""What npm leaves of an installed Node package: the bytes of its package.json in, a DatabaseFile out."""

from __future__ import annotations

import re

import msgspec

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.packing import pack_paths

ECOSYSTEM = "npm"
#: Longest name or version, in characters. npm allows 214 and 256.
_MAX_VALUE = 1024
#: Where Debian's packages put Node packages, beside node_modules.
#: Source: `module.globalPaths` of Debian 12's node; usr/lib/nodejs before that.
_DEBIAN = re.compile(r"usr/share/nodejs|usr/lib/(?:[a-z0-9_]+-linux-[a-z0-9]+/)?nodejs")
_TEXT = re.compile(r"[^\x00-\x20\x7f]+")


class _Manifest(msgspec.Struct):
    name: object = None
    version: object = None


_decoder = msgspec.json.Decoder(_Manifest)


def is_manifest(folders: str) -> bool:
    """Whether a package.json in a folder is that of an installed package.

    It stands right below a folder that Node imports from, or below a scope in one.
    """
    parent, _, name = folders.rpartition("/")
    above, _, scope = parent.rpartition("/")
    if name.startswith((".", "@")):
        return False
    place = above if scope.startswith("@") else parent
    return place.rpartition("/")[2] == "node_modules" or _DEBIAN.fullmatch(place) is not None


def manifest(path: str, data: bytes) -> DatabaseFile:
    """The package of a package.json, which owns all below its folder.

    A manifest that states no name or no version is of no released package (a test's fixture, a private
    part of another package): it gives no package and no reason.
    """
    owned = pack_paths([f"/{path.removesuffix('package.json')}"])
    try:
        stated = _decoder.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return DatabaseFile(path, ECOSYSTEM, [], owned, "it is no JSON object")
    if not isinstance(stated.name, str) or not isinstance(stated.version, str):
        return DatabaseFile(path, ECOSYSTEM, [], owned, "")
    name, version = (value.replace("\\", "\\\\") for value in (stated.name.strip(), stated.version.strip()))
    if max(len(name), len(version)) > _MAX_VALUE:
        return DatabaseFile(path, ECOSYSTEM, [], owned, f"its name or version is longer than {_MAX_VALUE:,} characters")
    if not name or not version:
        return DatabaseFile(path, ECOSYSTEM, [], owned, "")
    if not _TEXT.fullmatch(name) or not _TEXT.fullmatch(version):
        return DatabaseFile(path, ECOSYSTEM, [], owned, "its name or version holds spaces or control characters")
    return DatabaseFile(path, ECOSYSTEM, [(name, version, "")], owned, "")
