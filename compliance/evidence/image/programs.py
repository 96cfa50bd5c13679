"""What stands inside an executable: its bytes in, in pieces; shells under any name and Go's build information out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages import golang

#: The first bytes of busybox's banner (busybox 1.36, libbb/messages.c), and what must follow them.
_BANNER = b"BusyBox v"
_BUSYBOX = re.compile(rb"BusyBox v\d{1,2}\.\d")
#: The variable of `getopts`, which every POSIX shell has built in and hardly any other program names: of the 338
#: programs of a Debian root with Node.js, curl and ssh, bash and dash alone. Source: POSIX.1-2017, XCU, getopts.
_GETOPTS = b"OPTIND"
#: Go puts its build information at a multiple of this (Go 1.22, debug/buildinfo, `buildInfoAlign`); the magic as a
#: constant of another program rarely stands there.
_ALIGNMENT = 16
#: Bytes behind the magic that are read; a line of a module has some 100, so 10,000 modules fit.
BUILD_INFORMATION = 1 << 20
#: Magics of one program that are tried.
_TRIES = 16
_OVERLAP = 32


class Program:
    """The search in one executable; `found` is complete when all its bytes went through `search`."""

    __slots__ = ("_tries", "busybox", "magic", "modules", "shell")

    def __init__(self) -> None:
        self.busybox = self.shell = False
        self.magic = False
        self.modules: list[tuple[str, str, str]] | None = None
        self._tries = 0

    def search(self, pieces: Iterable[bytes | memoryview]) -> Program:
        """Look through all of it, in memory bounded by a piece and BUILD_INFORMATION."""
        rest = iter(pieces)
        carried, position = b"", 0
        for piece in rest:
            data = b"".join((carried, piece)) if carried else bytes(piece)
            self._look(data)
            if self.modules is None and golang.MAGIC in data:
                data = self._build_information(data, position, rest)
            carried = data[-_OVERLAP:]
            position += len(data) - len(carried)
        return self

    def _build_information(self, data: bytes, position: int, rest: Iterator[bytes | memoryview]) -> bytes:
        """Try each magic in `data`, which stands at `position`; gives it longer by what had to be read behind."""
        at = data.find(golang.MAGIC)
        while at >= 0 and self._tries < _TRIES and self.modules is None:
            if (position + at) % _ALIGNMENT == 0:
                self._tries += 1
                self.magic = True
                data = _longer(data, at + BUILD_INFORMATION, rest)
                self.modules = golang.packages(data[at : at + BUILD_INFORMATION])
            at = data.find(golang.MAGIC, at + 1)
        self._look(data)
        return data

    def _look(self, data: bytes) -> None:
        """Whether it shows itself to be a shell."""
        if not self.busybox and _BANNER in data:
            self.busybox = _BUSYBOX.search(data) is not None
        self.shell = self.shell or _GETOPTS in data

    def tags(self) -> list[str]:
        """The tags of its Entry."""
        kind = ["busybox"] if self.busybox else ["shell"] if self.shell else []
        return kind + ["buildinfo"] * (self.modules is not None)

    def database(self, path: str) -> DatabaseFile | None:
        """Its modules as those of a database; None when it is no Go program."""
        if self.modules is not None:
            return DatabaseFile(path, golang.ECOSYSTEM, self.modules, b"", "")
        if not self.magic:
            return None
        return DatabaseFile(path, golang.ECOSYSTEM, [], b"", "its Go build information is damaged or of Go before 1.18")


def _longer(data: bytes, length: int, rest: Iterator[bytes | memoryview]) -> bytes:
    """The data and what follows them, until they have a length; pieces of a few bytes are put together once."""
    parts: list[bytes | memoryview] = [data]
    missing = length - len(data)
    while missing > 0 and (more := next(rest, None)) is not None:
        parts.append(more)
        missing -= len(more)
    return b"".join(parts) if len(parts) > 1 else data
