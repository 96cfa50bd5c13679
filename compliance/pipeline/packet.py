"""Puts a packet in its place: written beside it first, then swapped in at one instant; nobody's files are lost."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from compliance.errors import OutputError, UsageError
from compliance.model.assessment import OutputFile

#: What the first line of a packet's manifest says; a folder without it is not ours.
MANIFEST_FORMAT = "compliance-packet-manifest"
#: Temporary folders carry this in their name, so that an orphan is recognised and never taken for a packet.
PARTIAL = ".compliance-partial-"
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def check_destination(destination: Path) -> None:
    """Refuse a place where writing would lose somebody's files.

    Raises:
        UsageError: it is a link, a file, not writable, or a folder that holds anything but a packet of ours.
    """
    if destination.is_symlink():
        raise UsageError(f"{destination} is a symbolic link; name the folder itself with -o")
    if destination.exists():
        if not destination.is_dir():
            raise UsageError(f"{destination} is a file; name a folder with -o")
        foreign = _foreign(destination)
        if foreign:
            raise UsageError(
                f"{destination} holds {foreign}, which is no part of a packet of ours; name another folder with -o"
            )
    parent = destination.absolute().parent
    if not parent.is_dir():
        raise UsageError(f"{parent} does not exist; create it or name another folder with -o")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(f"{parent} is not writable; name another folder with -o")


def _foreign(folder: Path) -> str:
    """The first file in a folder that its manifest does not know; empty when there is none."""
    present = sorted(
        str(place.relative_to(folder)) for place in folder.rglob("*") if place.is_symlink() or not place.is_dir()
    )
    if not present:
        return ""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        known = {entry["path"] for entry in manifest["files"]} if manifest["format"] == MANIFEST_FORMAT else set()
    except (OSError, ValueError, KeyError, TypeError):
        known = set()
    known.add("manifest.json" if known else "")
    return next((path for path in present if path not in known), "")


class Packet:
    """A packet being written into a temporary folder beside its place."""

    def __init__(self, destination: Path) -> None:
        self.destination = destination.absolute()
        self._files: list[dict[str, object]] = []
        try:
            self.folder = Path(
                tempfile.mkdtemp(prefix=f".{self.destination.name}{PARTIAL}", dir=self.destination.parent)
            )
        except OSError as error:
            raise OutputError(f"{self.destination.parent} cannot be written: {error.strerror}") from error

    def add(self, files: Iterable[OutputFile]) -> None:
        """Write files of the packet.

        Raises:
            OutputError: the disk is full or the folder is gone.
        """
        for file in files:
            path = PurePosixPath(file.path)
            if path.is_absolute() or ".." in path.parts:
                raise OutputError(f"{file.path} leads out of the packet")
            target = self.folder / path
            digest = hashlib.sha256()
            size = 0
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as out:
                    for chunk in file.chunks:
                        digest.update(chunk)
                        size += len(chunk)
                        out.write(chunk)
            except OSError as error:
                raise OutputError(f"{file.path} cannot be written: {error.strerror}") from error
            entry = {"path": file.path, "sha256": digest.hexdigest(), "size": size, "media_type": file.media_type}
            self._files.append(entry)

    def finish(self, about: dict[str, object]) -> None:
        """Write the manifest over everything added, and swap the packet in.

        Raises:
            OutputError: the old packet could not be replaced; it is still whole.
        """
        manifest = {
            "format": MANIFEST_FORMAT,
            "version": "1",
            **about,
            "files": sorted(self._files, key=lambda entry: str(entry["path"])),
        }
        text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"))
        try:
            (self.folder / "manifest.json").write_bytes(text.encode() + b"\n")
            self.folder.chmod(0o755)
            _swap(self.folder, self.destination)
        except OSError as error:
            raise OutputError(f"{self.destination} cannot be replaced: {error.strerror}") from error

    def discard(self) -> None:
        """Remove what is left in the temporary place: the unfinished packet, or the old one."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _swap(new: Path, place: Path) -> None:
    """Put `new` at `place`; what stood there is at `new` afterwards, or gone when it was empty."""
    if not place.exists():
        new.rename(place)
        return
    if not any(place.iterdir()):
        new.rename(place)  # replacing an empty folder is one step by POSIX
        return
    if not _exchange(new, place):
        old = new.with_name(new.name + "-old")
        place.rename(old)
        new.rename(place)
        old.rename(new)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step (Linux renameat2); false where the system cannot."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return False
    if function(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number))
