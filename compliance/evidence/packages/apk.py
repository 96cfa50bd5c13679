"""apk's database: the bytes of `installed` in, a DatabaseFile out."""

from __future__ import annotations

import re

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.packing import Collected
from compliance.evidence.printing import printable

ECOSYSTEM = "apk"
#: Longest value of a line that is read, in bytes: a path.
_MAX_VALUE = 4096
#: Package, version, origin, folder, file; or the empty line between packages; each behind a line feed.
#: Source: apk-package(5), "Installed database".
_LINE = re.compile(rb"\n(?:([PVoFR]):([^\n]*+)|\n*(?=\n|\Z))")
#: A line that is neither `X:value` nor empty.
_ODD = re.compile(rb"\n(?!\n|\Z)(?![A-Za-z]:)")


def installed(path: str, data: bytes) -> DatabaseFile:
    """The packages of an `installed` file, in its order, and the paths that belong to them."""
    collected = Collected()
    text = b"\n" + data
    if odd := _ODD.search(text):
        line = text.count(b"\n", 0, odd.end())
        collected.fault(f"line {line} is no field of a package")
    if data and not data.endswith(b"\n"):
        collected.fault("it ends in the middle of a line, so it was cut")
    reading = _Package(collected)
    for found in _LINE.finditer(text):
        letter = found[1]
        if letter is None:
            reading.end()
        else:
            reading.line(letter, found[2])
        if collected.full:
            break
    reading.end()
    return DatabaseFile(path, ECOSYSTEM, collected.packages, collected.owned(), collected.reason)


class _Package:
    """The package whose lines are being read."""

    def __init__(self, collected: Collected) -> None:
        self.collected = collected
        self.fields: dict[bytes, bytes] = {}
        self.folder = "/"

    def line(self, letter: bytes, value: bytes) -> None:
        """Take one line."""
        if len(value) > _MAX_VALUE:
            self.collected.fault(f"a line is longer than {_MAX_VALUE:,} bytes")
        elif letter == b"R":
            self.collected.own(self.folder + printable(value))
        elif letter == b"F":
            name = printable(value).strip("/")
            self.folder = f"/{name}/" if name else "/"
        elif letter in self.fields:
            self.collected.fault(f"a package states {letter.decode()} twice")
        else:
            self.fields[letter] = value

    def end(self) -> None:
        """Keep the package, when one was begun."""
        if self.fields:
            name, version, origin = (printable(self.fields.get(letter, b"").strip()) for letter in (b"P", b"V", b"o"))
            if name and version:
                self.collected.package(name, version, origin)
            else:
                self.collected.fault("a package has no name or no version")
        self.fields = {}
        self.folder = "/"
