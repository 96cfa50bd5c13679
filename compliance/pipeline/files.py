"""Finds the files of the evidence: paths in, a sorted list of what is there out; nothing is followed out of it."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from compliance.errors import UsageError
from compliance.pipeline.packet import MANIFEST_FORMAT, PARTIAL

#: More files than this in one run is a mistake or an attack; a cluster dump is one file.
MAX_FILES = 1_000_000


class Stamp(NamedTuple):
    """What changes when somebody writes to a file, or puts another one in its place."""

    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, handle: int) -> Stamp:
        """That of an open file."""
        status = os.fstat(handle)
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)

    @classmethod
    def at(cls, path: str | bytes) -> Stamp | None:
        """That of a path, None when nothing is there."""
        try:
            status = os.stat(path)  # noqa: PTH116 - the path may be bytes that are no text
        except OSError:
            return None
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)


class Place(NamedTuple):
    """Where the bytes of a file of the evidence stand: `size` bytes of `real`, from `offset` on."""

    real: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file to read. `path` is relative to its argument, printable; `real` is where to open it.

    `refused` says in words why it may not be opened (a FIFO, a link out of the folder), else empty.
    Of a member of an archive `real` is the archive, `offset` and `size` (bytes) say where in it, and `archive`
    is the archive's stamp when it was walked; of a whole file that is None.
    """

    path: str
    real: str
    size: int
    refused: str
    offset: int = 0
    archive: Stamp | None = None

    @property
    def place(self) -> Place:
        """Where its bytes stand."""
        return Place(self.real, self.offset, self.size)


def head_of(file: InputFile, size: int) -> bytes:
    """The first bytes of a file; none when it cannot be opened, which its own reading will tell."""
    if file.archive is not None:
        size = min(size, file.size)
    try:
        handle = os.open(file.real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.pread(handle, size, file.offset)
    except OSError:
        return b""
    finally:
        os.close(handle)


def printable(path: str) -> str:
    """A path that every output can carry, no two the same: undecodable bytes become `\\xNN`, and `\\` doubles."""
    return os.fsencode(path.replace("\\", "\\\\")).decode("utf-8", "backslashreplace")


def is_packet(folder: Path) -> bool:
    """Whether a folder is a packet of ours, which is a result and no evidence."""
    try:
        with (folder / "manifest.json").open("rb") as manifest:
            head = manifest.read(200)
    except OSError:
        return False
    return tells_packet(head)


def tells_packet(manifest: bytes) -> bool:
    """Whether a manifest.json that begins so is that of a packet of ours."""
    return f'"format":"{MANIFEST_FORMAT}"'.encode() in manifest[:200]


def find(arguments: tuple[str, ...]) -> tuple[InputFile, ...]:
    """Every file under the arguments, sorted by path; our own packets are left out whole.

    Raises:
        UsageError: an argument is not there, or there are more than MAX_FILES files.
    """
    found: list[InputFile] = []
    for argument in dict.fromkeys(arguments):
        root = Path(argument)
        if root.is_dir():
            found.extend(_walk(root))
        elif root.exists() or root.is_symlink():
            found.append(_input(root, root.name, root.parent.resolve()))
        else:
            raise UsageError(f"{argument} does not exist; name the files or folders that hold the evidence")
        if len(found) > MAX_FILES:
            raise UsageError(f"{argument} holds more than {MAX_FILES:,} files; name a smaller folder")
    once = {file.real: file for file in found}  # a folder and a file in it may both be named
    return tuple(sorted(_told_apart(list(once.values())), key=lambda file: file.path))


def _told_apart(found: list[InputFile]) -> Iterator[InputFile]:
    """The files, each with a path of its own: the same one under two arguments gets the place it was found at."""
    often = Counter(file.path for file in found)
    for file in found:
        yield file if often[file.path] == 1 else replace(file, path=printable(file.real))


def _walk(root: Path) -> Iterator[InputFile]:
    inside = root.resolve()
    stack = [root]
    while stack:
        folder = stack.pop()
        if is_packet(folder) or PARTIAL in folder.name:
            continue
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            path = printable(str(folder.relative_to(root)))
            yield InputFile(path=path, real=str(folder), size=0, refused=f"cannot be listed: {error.strerror}")
            continue
        for entry in entries:
            place = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git":
                    stack.append(place)
            else:
                yield _input(place, str(place.relative_to(root)), inside)


def _input(place: Path, relative: str, inside: Path) -> InputFile:
    refused = ""
    size = 0
    try:
        if place.is_symlink() and not place.resolve().is_relative_to(inside):
            refused = "is a symbolic link that leads out of the folder handed in; copy the file itself"
        else:
            status = place.stat()
            size = status.st_size
            if not stat.S_ISREG(status.st_mode):
                refused = "is not a regular file (a device, pipe, socket or linked folder)"
    except RuntimeError:  # what pathlib raises for a link that leads to itself
        refused = "is a symbolic link that leads to itself; remove it"
    except OSError as error:
        refused = f"cannot be opened: {error.strerror}"
    return InputFile(path=printable(relative), real=str(place), size=size, refused=refused)
