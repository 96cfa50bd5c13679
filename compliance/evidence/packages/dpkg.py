"""dpkg's database: `status`, distroless `status.d` and the lists of owned paths; bytes in, a DatabaseFile out."""

from __future__ import annotations

import re
from itertools import pairwise

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.packing import Collected
from compliance.evidence.printing import printable

ECOSYSTEM = "deb"
#: The states in which no program of the package is there.
#: Source: dpkg(1), "Package states".
_ABSENT = frozenset((b"not-installed", b"config-files"))
#: Longest value of a field that is read, in bytes; names and versions stay far below.
_MAX_VALUE = 1024
#: A field that is read, with its continuation lines, or the empty line between paragraphs; each behind a line feed.
_FIELD = re.compile(
    rb"\n(?:(Package|Version|Source|Status)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)|\n*(?=\n|\Z))", re.IGNORECASE
)
#: A line that is neither a field, nor a continuation, nor empty.
_ODD = re.compile(rb"\n(?![\n \t]|\Z)(?![!-9;-~]+[ \t]*:)")
#: Scripts that dpkg keeps of a package.
#: Source: Debian Policy 4.7, 6.1; debconf-devel(7) for `config`.
_SCRIPTS = ("config", "postinst", "postrm", "preinst", "prerm")
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9+.-]*")


def status(path: str, data: bytes) -> DatabaseFile:
    """The packages of var/lib/dpkg/status, in its order: all whose state leaves files in place.

    A paragraph that states no status counts as installed. The source package is the package's own
    name where no other is given, as dpkg-query prints it.
    """
    collected = _paragraphs(data)
    if data and not data.endswith(b"\n"):
        collected.fault("it ends in the middle of a line, so it was cut")
    return DatabaseFile(path, ECOSYSTEM, collected.packages, b"", collected.reason)


def fragment(path: str, data: bytes) -> DatabaseFile:
    """The package of a file of var/lib/dpkg/status.d (distroless)."""
    collected = _paragraphs(data)
    if not collected.packages:
        collected.fault("it names no package")
    return DatabaseFile(path, ECOSYSTEM, collected.packages, b"", collected.reason)


def _paragraphs(data: bytes) -> Collected:
    collected = Collected()
    text = b"\n" + data
    if odd := _ODD.search(text):
        line = text.count(b"\n", 0, odd.end())
        collected.fault(f"line {line} is no field of a package")
    fields: dict[bytes, bytes] = {}
    for found in _FIELD.finditer(text):
        name = found[1]
        if name is not None:
            key = name.lower()
            if key in fields:
                collected.fault(f"a package states {key.decode()} twice")
            fields.setdefault(key, found[2][: _MAX_VALUE + 1])
        elif fields:
            _keep(fields, collected)
            fields = {}
            if collected.full:
                return collected
    if fields:
        _keep(fields, collected)
    return collected


def _keep(fields: dict[bytes, bytes], collected: Collected) -> None:
    """Take one paragraph."""
    if any(len(value) > _MAX_VALUE for value in fields.values()):
        collected.fault(f"a field of a package is longer than {_MAX_VALUE:,} bytes")
        return
    states = fields.get(b"status", b"").split()
    if states and states[-1].lower() in _ABSENT:
        return
    name = fields.get(b"package", b"").strip()
    version = fields.get(b"version", b"").strip()
    if not _NAME.fullmatch(name):
        collected.fault("a package has no proper name")
        return
    if not version:
        collected.fault(f"the package {name[:80].decode()} has no version")
    source = fields.get(b"source", b"").partition(b"(")[0].strip() or name
    collected.package(name.decode(), printable(version), printable(source))


def owned_list(path: str, data: bytes) -> DatabaseFile:
    """The paths of var/lib/dpkg/info/*.list, and the package's own scripts beside it, which it does not name.

    A directory that the next path of the list lies in is left out.
    """
    collected = Collected()
    lines = printable(data).split("\n")
    for line, following in pairwise([*lines, ""]):
        if line.startswith("/"):
            if line != "/." and not (following.startswith(line) and following[len(line) :].startswith("/")):
                collected.own(line)
        elif line:
            collected.fault("a line is no absolute path")
    if data:
        for script in _SCRIPTS:
            collected.own(f"/{path.removesuffix('list')}{script}")
    return DatabaseFile(path, ECOSYSTEM, [], collected.owned(), collected.reason)


def md5sums(path: str, data: bytes) -> DatabaseFile:
    """The paths of a .md5sums file: a digest, two spaces and a path below the root on each line."""
    collected = Collected()
    for line in printable(data).split("\n"):
        if line:
            digest, _, name = line.partition(" ")
            if len(digest) != 32 or not name.strip():
                collected.fault("a line is no digest with a path")
            else:
                name = name.lstrip(" *").removeprefix("./").lstrip("/")
                collected.own(f"/{name}")
    return DatabaseFile(path, ECOSYSTEM, [], collected.owned(), collected.reason)
