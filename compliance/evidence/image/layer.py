"""Reads one layer in one streaming pass: a blob in, everything an image needs of it out, small enough to be kept."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import pairwise

from compliance.errors import EvidenceError
from compliance.evidence.image import classifying, file_secrets, lists, secret_names
from compliance.evidence.image.contents import DatabaseFile, Entry, EntryType, LayerContents, LayerSecret, Piece
from compliance.evidence.image.file_secrets import LOOKED_AT, Place
from compliance.evidence.image.inflating import Unpacking
from compliance.evidence.image.others import MAX_DOUBLED, Others, once
from compliance.evidence.image.programs import Program
from compliance.evidence.image.sources import open_piece
from compliance.evidence.image.tar import TarMember, TarStream
from compliance.evidence.packages.reading import oversized, read_database, wanted
from compliance.evidence.printing import printable

#: Members of one layer that are kept one by one; a Debian desktop of 69,000 files has 8,400 of them. Each takes some
#: 500 bytes while the layer is read.
MAX_ENTRIES = 100_000
#: Bytes of one file whose contents are kept.
MAX_CAPTURED = 1 << 20
#: Bytes of the package databases of one layer.
MAX_DATABASES = 256 << 20
#: Files of package databases in one layer: each package of a language has one of its own.
MAX_DATABASE_FILES = 100_000
#: Whiteouts of one layer.
MAX_WHITEOUTS = 200_000
#: Characters of all names and targets of links that are kept of one layer; 69,000 files of a desktop have 5 million.
MAX_NAMES = 32 << 20
MAX_FAULTS = 50
MAX_SECRETS = 500
#: Children of one leftover directory that are kept: any that survives shows that the directory is one.
_LEFTOVERS_KEPT = 100
#: Directories of which is remembered what their paths say, and the characters of all these paths.
_DIRECTORIES_KEPT, _REMEMBERED = 20_000, 8 << 20
#: Scripts of our own that are searched for a umask.
_SCRIPT_LOOKED_AT = 64 * 1024

_HASHES = frozenset(
    {"etc/shadow", "etc/shadow-", "etc/gshadow", "etc/gshadow-", "etc/passwd", "etc/passwd-", "etc/group"}
)
#: Files that are read whatever their size up to MAX_CAPTURED, and kept even when they are empty.
_SPECIAL = lists.CAPTURED | lists.REDUCED | _HASHES


def read_layer(piece: Piece) -> LayerContents:
    """All that an image needs of a layer.

    A layer that is cut short, damaged or beyond a cap gives what was seen of it, `read` false and the
    reason among `faults`; nothing is raised for what evidence holds. Memory is bounded by the caps.
    """
    contents = LayerContents(diff_id="", compression="none", unpacked=0, members=0, size=piece.length)
    reading = _Reading(contents)
    try:
        with open_piece(piece) as stream:
            unpacking = Unpacking(stream, path=piece.path, within=piece.member)
            try:
                reading.walk(TarStream(iter(unpacking), path=piece.path, within=piece.member))
            finally:
                contents.compression = unpacking.compression.value
                contents.unpacked = unpacking.unpacked
            contents.diff_id = unpacking.digest
            for note in unpacking.notes:
                reading.note(note)
    except EvidenceError as error:
        reading.hide(error.message)
    except OSError as error:
        reading.hide(f"the layer cannot be read: {error.strerror}")
    reading.finish()
    return contents


class _Directory:
    """What is known of every file in a directory by its path alone."""

    __slots__ = ("leftover", "nested", "path", "place", "umasks")

    def __init__(self, path: str) -> None:
        self.path = path
        self.place = file_secrets.place_of(path)
        self.leftover = lists.leftover_directory(path) if path else None
        #: The child of the leftover directory that this one is or stands in; empty text for that directory itself.
        self.nested = ""
        if self.leftover is not None and path != self.leftover[0]:
            self.nested = path[len(self.leftover[0]) + 1 :].partition("/")[0]
        self.umasks = self.place is Place.OWN


class _Reading:
    """A walk through one layer; what it sees goes into `contents`."""

    def __init__(self, contents: LayerContents) -> None:
        self._contents = contents
        self._entries: dict[str, Entry] = {}
        self._databases: dict[str, DatabaseFile] = {}
        self._files: dict[str, bytes] = {}
        self._directories: dict[str, _Directory] = {}
        self._hashes = array("q")
        self._others = Others()
        self._candidates: dict[str, Entry] = {}
        self._nested: dict[str, tuple[str, str]] = {}
        self._leftovers: dict[str, int] = {}
        self._targets: set[str] = set()
        self._database_bytes = 0
        self._room = MAX_NAMES
        self._remembered = 0
        self._faults = 0
        self._beyond = 0
        self._replaced = 0

    # -- the walk -------------------------------------------------------------------------------------------

    def walk(self, tar: TarStream) -> None:
        """Every member in order."""
        contents, normalised, seen, known = self._contents, classifying.normalised, self._hashes, self._directories
        try:
            for member in tar:
                path, fault = normalised(member.name)
                if fault:
                    self.note(fault)
                if not path:
                    if fault or member.type is not EntryType.DIRECTORY:
                        self.hide(fault or f"member {member.number:,} has no name and was not looked at")
                    continue
                above, _, name = path.rpartition("/")
                directory = known.get(above) or self._directory(above)
                if name.startswith(".wh."):
                    self._whiteout(above, name)
                    continue
                seen.append(hash(path))
                if path in self._targets:
                    self.hide(f"/{path} stands behind a hard link to it, which leads to the file before it")
                if path in self._entries:
                    self._forget(path, member.type)
                if member.type is EntryType.FILE:
                    self._file(member, path, name, directory, tar)
                else:
                    self._no_file(member, path, name, directory)
        finally:
            contents.members = tar.number
            for note in tar.notes:
                self.note(note)

    def _directory(self, above: str) -> _Directory:
        self._remembered += len(above)
        if len(self._directories) >= _DIRECTORIES_KEPT or self._remembered > _REMEMBERED:
            self._directories.clear()
            self._remembered = len(above)
        made = self._directories[above] = _Directory(above)
        return made

    def _forget(self, path: str, kind: EntryType) -> None:
        """A member of the same name came before: the last one counts."""
        old = self._entries.pop(path)
        self._databases.pop(path, None)
        self._files.pop(path, None)
        self._replaced += not (old.type is kind is EntryType.DIRECTORY)
        if old.type is EntryType.SYMLINK:
            self.hide(f"/{path} is a symbolic link and then something else: what came between lies in another place")

    def _whiteout(self, above: str, name: str) -> None:
        hidden = name[4:]
        if name == ".wh..wh..opq":
            if len(self._contents.opaque) < MAX_WHITEOUTS and self._fits(above):
                self._contents.opaque.append(above)
            else:
                self.hide(
                    f"more than {MAX_WHITEOUTS:,} emptied directories, or too long names; the rest was passed over"
                )
            return
        if hidden.startswith(".wh."):
            return  # what aufs keeps for itself
        if hidden in ("", ".", ".."):
            self.note(f"the whiteout {name} in /{above} names no file and was passed over")
        elif len(self._contents.whiteouts) >= MAX_WHITEOUTS:
            self.hide(f"more than {MAX_WHITEOUTS:,} whiteouts; the rest was passed over")
        elif self._fits(path := f"{above}/{hidden}" if above else hidden):
            self._contents.whiteouts.append(path)

    # -- what is no regular file ----------------------------------------------------------------------------

    def _no_file(self, member: TarMember, path: str, name: str, directory: _Directory) -> None:
        kind = member.type
        if kind is EntryType.DIRECTORY:
            if (
                member.mode & 0o6022
                or member.uid
                or member.gid
                or name in lists.PROGRAM_DIRECTORIES
                or path == "var/lib/dpkg"
            ):
                self._keep(_entry(member, path, "", []))
            elif directory.leftover is not None and not directory.nested and self._may_be_leftover(path):
                self._candidates[path] = _entry(member, path, "", [])
            else:
                self._others.add("d", path)
        elif kind is EntryType.SYMLINK:
            self._keep(_entry(member, path, printable(member.link), []))
        elif kind is EntryType.HARDLINK:
            link, fault = classifying.normalised(member.link)
            if not link:
                self.hide(f"/{path} is a hard link without a target that can be named; it was not looked at")
            else:
                if fault:
                    self.note(f"/{path} is a hard link; {fault}")
                if link not in self._targets and self._fits(link):
                    self._targets.add(link)
                self._keep(_entry(member, path, link, classifying.capability_tags(member.xattrs)))
        elif kind is EntryType.DEVICE:
            self._keep(_entry(member, path, "", [f"dev:{member.device[0]}:{member.device[1]}"]))
        else:
            self._others.add("o", path)

    # -- regular files --------------------------------------------------------------------------------------

    def _file(self, member: TarMember, path: str, name: str, directory: _Directory, tar: TarStream) -> None:
        tags: list[str] = []
        size, executable = member.size, member.mode & 0o111
        keep = bool(executable or member.mode & 0o6002)
        if member.xattrs:
            tags += classifying.capability_tags(member.xattrs)
        most = wanted(path)
        if most is not None:
            keep = True
            self._database(member, path, most, tar)
        elif size or path in _SPECIAL:
            keep = self._contents_of(member, path, name, directory, tar, tags) or keep
        if directory.leftover is not None:
            self._in_leftover(name, directory, tags)
        elif not executable or name != "core":
            words = lists.leftover_file(path, name, size)
            if words is not None:
                tags.append(f"{lists.LEFTOVER}{words}")
        if keep or tags or path in lists.NAMED or lists.libc_part(name) or lists.build_part(path):
            self._keep(_entry(member, path, "", tags))
        else:
            self._others.add("f", path, size)

    def _contents_of(
        self, member: TarMember, path: str, name: str, directory: _Directory, tar: TarStream, tags: list[str]
    ) -> bool:
        """Look into a file that has bytes; true when it is one that the image is judged by."""
        size, executable, place = member.size, member.mode & 0o111, directory.place
        special = path in _SPECIAL
        if member.sparse:
            if special or executable or place is Place.OWN:
                self.hide(f"/{path} is stored as a sparse file, whose contents are not looked at")
            self._secrets(file_secrets.secrets_of(path, name, place, size, None))
            return special
        if size <= LOOKED_AT or special:
            if not (executable or special) and place is Place.HARMLESS:
                return False
            if size > MAX_CAPTURED:
                self.hide(f"/{path} has {size:,} bytes, of such a file {MAX_CAPTURED:,} are read; it was not looked at")
                return special
            self._small(tar.read(size), path, name, directory, bool(executable), tags)
            return special
        if executable:
            self._large(tar, path, name, tags)
        found = file_secrets.streamed(path, tar.chunks()) if place is Place.OWN else []
        if not found and secret_names.named(name) is not None and "elf" not in tags:
            found = file_secrets.secrets_of(path, name, place, size, None)
        self._secrets(found)
        return False

    def _small(
        self, data: bytes, path: str, name: str, directory: _Directory, executable: bool, tags: list[str]
    ) -> None:
        """A file that was read whole."""
        if executable:
            tags += classifying.program_tags(data[: classifying.HEAD], name)
        if data[:4] == b"\x7fELF":
            if executable:
                self._program(Program().search([data]), path, tags)
            return
        if path in _SPECIAL:
            self._capture(path, data)
        if len(data) <= _SCRIPT_LOOKED_AT and ((executable and directory.umasks) or lists.may_set_umask(path, name)):
            tags += classifying.umask_tags(path, data)
        if path not in _HASHES:
            self._secrets(file_secrets.secrets_of(path, name, directory.place, len(data), data))

    def _large(self, tar: TarStream, path: str, name: str, tags: list[str]) -> None:
        """An executable that streams by."""
        head = tar.read(classifying.HEAD)
        tags += classifying.program_tags(head, name)
        if "elf" in tags:
            self._program(Program().search(_with(head, tar.chunks())), path, tags)

    def _program(self, program: Program, path: str, tags: list[str]) -> None:
        tags += program.tags()
        database = program.database(path)
        if database is not None:
            self._keep_database(database)

    def _capture(self, path: str, data: bytes) -> None:
        if path in _HASHES:
            reduced, hashed = file_secrets.without_hashes(data, keep_marks=path != "etc/shadow")
            self._secrets([LayerSecret(path, f"a password hash for {name}", False) for name in hashed])
            if path == "etc/shadow" or path in lists.CAPTURED:
                self._files[path] = reduced
        else:
            self._files[path] = classifying.umask_lines(data) if path == "etc/login.defs" else data

    def _secrets(self, found: list[LayerSecret]) -> None:
        self._contents.secrets_total += len(found)
        room = MAX_SECRETS - len(self._contents.secrets)
        self._contents.secrets += found[:room]

    # -- package databases ----------------------------------------------------------------------------------

    def _database(self, member: TarMember, path: str, most: int, tar: TarStream) -> None:
        size = member.size
        if size > most:
            self._keep_database(oversized(path, size))
        elif member.sparse:
            self._keep_database(_unread(path, "it is stored as a sparse file, which is not read"))
        elif self._database_bytes + size > MAX_DATABASES:
            words = f"the databases of this layer have more than {MAX_DATABASES >> 20} MiB; it was not read"
            self._keep_database(_unread(path, words))
            self.hide(f"package databases of more than {MAX_DATABASES >> 20} MiB; what is above was not read")
        else:
            self._database_bytes += size
            self._keep_database(read_database(path, tar.read(size)))

    def _keep_database(self, database: DatabaseFile) -> None:
        if len(self._databases) < MAX_DATABASE_FILES:
            self._databases[database.path] = database
        else:
            self.hide(f"more than {MAX_DATABASE_FILES:,} files of package databases; the rest was not read")

    # -- leftovers ------------------------------------------------------------------------------------------

    def _may_be_leftover(self, path: str) -> bool:
        return len(self._candidates) < MAX_ENTRIES and self._fits(path)

    def _in_leftover(self, name: str, directory: _Directory, tags: list[str]) -> None:
        """Let a direct child of a leftover directory say so: this file, or the folder it stands in."""
        place, words = directory.leftover or ("", "")
        child = directory.nested or name
        if not lists.counts_in(place, child):
            return
        below = f"{place}/{child}"
        if below in self._nested:
            return
        kept = self._leftovers.get(place, 0)
        if kept < _LEFTOVERS_KEPT and (kept or self._fits(place)) and self._fits(below):
            self._leftovers[place] = kept + 1
            if directory.nested:
                self._nested[below] = (place, words)
            else:
                tags.append(f"{lists.LEFTOVER_IN}{words}")

    def _mark_nested(self) -> None:
        """Give the tag to the folders in which something was found; one that is no member is taken as root's."""
        for below, (_, words) in self._nested.items():
            entry = self._entries.get(below) or self._candidates.pop(below, None)
            if entry is None:
                entry = Entry(below, EntryType.DIRECTORY, 0o755, 0, 0, 0, "", [])
            entry.tags.append(f"{lists.LEFTOVER_IN}{words}")
            self._entries[below] = entry
        for path in self._candidates:
            if path not in self._entries:
                self._others.add("d", path)

    # -- what is kept ---------------------------------------------------------------------------------------

    def _keep(self, entry: Entry) -> None:
        if len(self._entries) < MAX_ENTRIES and self._fits(entry.path, entry.link):
            self._entries[entry.path] = entry
        else:
            self._beyond += 1
            self._others.add(entry.type.value, entry.path, entry.size)

    def _fits(self, *names: str) -> bool:
        """Whether there is room to keep names; what is not ASCII takes up to four bytes for each character."""
        self._room -= sum(len(name) if name.isascii() else 4 * len(name) for name in names)
        if self._room < 0:
            self.hide(f"names of more than {MAX_NAMES:,} characters; of what came then not all is known")
        return self._room >= 0

    def note(self, words: str) -> None:
        """Note what was odd, each once."""
        self._faults += 1
        if len(self._contents.faults) < MAX_FAULTS and words not in self._contents.faults:
            self._contents.faults.append(words)

    def hide(self, words: str) -> None:
        """Note why files of the layer were not looked at."""
        self._contents.read = False
        self.note(words)

    def finish(self) -> None:
        """Put everything in order; the contents are then whole."""
        if self._beyond:
            self.hide(f"more than {MAX_ENTRIES:,} files that matter; of {self._beyond:,} more only the paths are known")
        self._mark_nested()
        contents = self._contents
        contents.others, contents.other_sizes = self._without_doubles()
        contents.entries = [self._entries[path] for path in sorted(self._entries)]
        contents.databases = [self._databases[path] for path in sorted(self._databases)]
        contents.files = {path: self._files[path] for path in sorted(self._files)}
        contents.secrets.sort(key=lambda secret: (secret.path, secret.kind))
        contents.whiteouts = sorted(set(contents.whiteouts))
        contents.opaque = sorted(set(contents.opaque))

    def _without_doubles(self) -> tuple[bytes, bytes]:
        """What is packed of the other members, each path once; a fault when any was given twice."""
        others = self._others.packed()
        hashes = sorted(self._hashes)
        self._hashes = array("q")
        doubled = {one for one, next_one in pairwise(hashes) if one == next_one}
        if len(doubled) > MAX_DOUBLED:
            self.hide(f"more than {MAX_DOUBLED:,} paths are given twice; files may be counted more than once")
        elif doubled:
            others, dropped = once(others, doubled, self._entries)
            self._replaced += dropped
        if self._replaced:
            self.note(f"{self._replaced:,} members have the path of a later one in this layer; the last counts")
        return others


def _entry(member: TarMember, path: str, link: str, tags: list[str]) -> Entry:
    return Entry(path, member.type, member.mode, member.uid, member.gid, member.size, link, tags)


def _unread(path: str, reason: str) -> DatabaseFile:
    return DatabaseFile(path, oversized(path, 0).ecosystem, [], b"", reason)


def _with(head: bytes, rest: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    yield head
    yield from rest
