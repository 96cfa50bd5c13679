"""Treats a plain tar archive that is no image as a folder: archives in, their members as files to read out.

Nothing is unpacked to disk: a member is read where its bytes stand in the archive. A name decides nothing but the
path that is shown, so `..` and a leading `/` lead nowhere. An archive in an archive is listed and not looked into.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from compliance.errors import EvidenceError, UsageError
from compliance.evidence.image.contents import EntryType, Packed, Piece
from compliance.evidence.image.sources import archive_kind, chunks_of, open_whole
from compliance.evidence.image.surveying import is_of_image
from compliance.evidence.image.tar import BLOCK, TarMember, TarStream
from compliance.evidence.printing import printable
from compliance.pipeline.files import MAX_FILES, InputFile, Stamp, head_of, tells_packet
from compliance.pipeline.packet import PARTIAL
from compliance.pipeline.registered import ARCHIVE
from compliance.pipeline.sources import layouts
from compliance.pipeline.units import CHANGED, FileNotes

#: Members of one archive, folders and extension headers among them.
MAX_MEMBERS = 200_000
#: Bytes of one name; Linux takes as many in a path.
MAX_NAME = 4096
#: Bytes of all names and link targets of an archive.
MAX_NAMES = 64 * 1024 * 1024
#: Bytes that are read once more because links in the archive name them.
MAX_LINKED = 64 * 1024 * 1024
#: Links from one to the next that are followed inside an archive.
_MAX_HOPS = 8
#: Names told of each thing that is noted of an archive.
_TOLD = 3
#: What is looked at of a document that may say that an archive is an image, or a folder a packet.
_PEEKED = 64 * 1024
_LINKS = (EntryType.SYMLINK, EntryType.HARDLINK)
_HOLES = "is stored with holes; make the archive again without --sparse"
_NOT_FOLLOWED = "is a link that leads to no file of the archive; put the file itself into it"
_NO_FILE = "is not a regular file (a device or pipe)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfolded:
    """Files to read, sorted by path, members of archives among them; the archives, and what is said of each."""

    files: tuple[InputFile, ...]
    archives: tuple[InputFile, ...]
    notes: tuple[FileNotes, ...]

    def changed(self) -> tuple[FileNotes, ...]:
        """Those of archives that somebody has written to since they were walked, refused."""
        stamps = {file.path: (file.real, file.archive) for file in self.archives}
        found = (note for note in self.notes if Stamp.at(stamps[note.path][0]) != stamps[note.path][1])
        return tuple(replace(note, refused=CHANGED) for note in found)


def unfold(files: Iterable[InputFile]) -> Unfolded:
    """Every plain tar that is no image, replaced by its members; all other files as they are.

    Raises:
        UsageError: there are more than MAX_FILES files with them.
    """
    whole = list(files)
    found = {file.path: file for file in whole if _may_be_archive(file)}
    if found:  # layers of image layouts are plain archives, too
        of_images = layouts({file.path: file for file in whole if not file.refused})
        for path in (piece.path for source in of_images for piece in source.pieces.values()):
            found.pop(path, None)
    folders = [folder for file in found.values() if (folder := _folder(file)) is not None]
    archives = {folder.file.path for folder in folders}
    whole = [file for file in whole if file.path not in archives]
    taken = {file.path for file in whole} | archives
    for folder in folders:
        whole.extend(_apart(folder, taken))
        if len(whole) > MAX_FILES:
            raise UsageError(f"{folder.file.path} brings more than {MAX_FILES:,} files; hand in fewer")
    return Unfolded(
        files=tuple(sorted(whole, key=lambda file: file.path)),
        archives=tuple(folder.file for folder in folders),
        notes=tuple(folder.note for folder in folders),
    )


def _may_be_archive(file: InputFile) -> bool:
    """Whether the first bytes are those of a tar. Of a file that is no whole number of blocks nothing is read."""
    if file.refused or file.size < 2 * BLOCK or file.size % BLOCK:
        return False
    return archive_kind(head_of(file, BLOCK)) is Packed.NO


@dataclass(slots=True, kw_only=True)
class _Folder:
    """An archive that is walked: its members by path in it, in order."""

    file: InputFile
    note: FileNotes
    members: list[tuple[str, InputFile]] = field(default_factory=list)


class _Link(NamedTuple):
    path: str
    kind: EntryType
    target: str


def _folder(file: InputFile) -> _Folder | None:
    """An archive as a folder; None when it is an image, or of a kind that is told of elsewhere."""
    stamp = Stamp.at(file.real)
    if stamp is None:
        return None
    file = replace(file, archive=stamp)
    walk = _Walk(file)
    digest = hashlib.sha256()
    note = FileNotes(path=file.path, size=file.size)
    piece = Piece(path="", real=os.fsencode(file.real), offset=0, length=file.size, member="")
    try:
        with open_whole(piece, digest) as stream:
            try:
                if not walk.walk(TarStream(chunks_of(stream), most=MAX_MEMBERS)):
                    return None
            except EvidenceError as error:
                note.refused = f"is a tar archive that cannot be read: {error.message}"
            for _ in chunks_of(stream):  # the whole file is hashed, also behind what cannot be read
                pass
    except EvidenceError as error:
        note.refused = error.message
    note.sha256 = digest.hexdigest()
    if Stamp.at(file.real) != stamp:
        note.refused = CHANGED
    found = _Folder(file=file, note=note)
    if not note.refused:
        note.reader = ARCHIVE
        found.members = walk.files()
        note.documents = len(found.members)
        note.objects["member", True] = len(found.members)
        for words in walk.problems():
            note.trouble(EvidenceError(words))
    return found


class _Walk:
    """The members of one archive."""

    def __init__(self, file: InputFile) -> None:
        self._file = file
        self._found: list[tuple[str, InputFile]] = []
        self._links: list[tuple[int, _Link]] = []
        self._packets: set[str] = set()
        self._notes: list[str] = []
        self._spelled = 0

    def walk(self, tar: TarStream) -> bool:
        """Every member in order; false when the archive is an image (or what is left of one) after all.

        Raises:
            EvidenceError: it is damaged, or passes a cap.
        """
        for member in tar:
            self._spelled += len(member.name) + len(member.link)
            if len(member.name) > MAX_NAME or len(member.link) > MAX_NAME:
                raise EvidenceError(f"member {member.number:,} has a name or target of more than {MAX_NAME:,} bytes")
            if self._spelled > MAX_NAMES:
                raise EvidenceError(f"its members' names have more than {MAX_NAMES:,} bytes; split the archive")
            path = _path(printable(member.name))
            if member.type is EntryType.DIRECTORY:
                continue
            document = tar.read(_PEEKED) if path.rpartition("/")[2] in ("manifest.json", "index.json") else b""
            if is_of_image(path, document):
                return False
            if tells_packet(document):
                self._packets.add(path.removesuffix("manifest.json"))
            self._add(path or f"member {member.number}", member)
        self._notes.extend(tar.notes)
        return not self._is_layouts()

    def _add(self, path: str, member: TarMember) -> None:
        refused = ""
        if member.sparse:
            refused = _HOLES
        elif member.type in _LINKS:
            refused = _NOT_FOLLOWED
            self._links.append((len(self._found), _Link(path, member.type, printable(member.link))))
        elif member.type is not EntryType.FILE:
            refused = _NO_FILE
        size = 0 if refused else member.stored
        file = replace(self._file, size=size, offset=member.offset, refused=refused)
        self._found.append((path, file))

    def _is_layouts(self) -> bool:
        """Whether image layouts in folders are all there is."""
        names = {path for path, _ in self._found}
        marked = tuple(name.removesuffix("oci-layout") for name in names if name.endswith("/oci-layout"))
        roots = tuple(root for root in marked if f"{root}index.json" in names)
        return bool(roots) and len(roots) < _TOLD * 100 and all(name.startswith(roots) for name in names)

    def files(self) -> list[tuple[str, InputFile]]:
        """The members that are evidence, links to members of the archive with the bytes of these."""
        regular = {path: file for path, file in self._found if not file.refused}
        links = {link.path: link for _, link in self._links}
        room = MAX_LINKED
        for at, link in self._links:
            target = _target(link, links)
            file = regular.get(target)
            if file is None:
                continue
            room -= file.size
            if room < 0:
                words = (
                    f"is a link, and those of this archive lead to more than {MAX_LINKED:,} bytes; put the file there"
                )
                file = replace(file, size=0, refused=words)
            self._found[at] = (link.path, file)
        packets = tuple(self._packets)
        return [
            (path, file) for path, file in self._found if not (packets and _in(path, self._packets)) and not _ours(path)
        ]

    def problems(self) -> list[str]:
        """What tools understand differently, in words."""
        often = Counter(path for path, _ in self._found)
        twice = [path for path, count in often.items() if count > 1]
        found = list(self._notes)
        if twice:
            told = ", ".join(path[:200] for path in twice[:_TOLD])
            more = f" and {len(twice) - _TOLD:,} more" if len(twice) > _TOLD else ""
            found.append(f"names stand in it more than once: {told}{more}; all of each name were read, tools keep one")
        return found


def _path(name: str) -> str:
    """A member's name without empty and `.` parts."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _target(link: _Link, links: dict[str, _Link]) -> str:
    """The path that a link leads to inside the archive, over other links; empty text when it leads out or nowhere."""
    for _ in range(_MAX_HOPS):
        if link.kind is EntryType.HARDLINK:
            target = _path(link.target)
        elif link.target.startswith("/"):
            return ""
        else:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
        if target not in links:
            return target
        link = links[target]
    return ""


def _in(path: str, folders: set[str]) -> bool:
    """Whether a path lies in one of the folders (with a slash at their end; empty text is the archive itself)."""
    if "" in folders:
        return True
    end = path.find("/")
    while end >= 0:
        if path[: end + 1] in folders:
            return True
        end = path.find("/", end + 1)
    return False


def _ours(path: str) -> bool:
    """Whether a path is in a folder that is passed over in folders, too: version control, an unfinished packet."""
    return any(part == ".git" or PARTIAL in part for part in path.split("/")[:-1])


def _apart(folder: _Folder, taken: set[str]) -> Iterable[InputFile]:
    """The members with a path of their own each: a number behind `\\` tells those of one name apart.

    No printable name has a number behind a backslash.
    """
    numbers: Counter[str] = Counter()
    for name, file in folder.members:
        path = base = f"{folder.file.path}/{name}"
        while path in taken:
            numbers[base] += 1
            path = f"{base}\\{numbers[base] + 1}"
        taken.add(path)
        yield replace(file, path=path)
