"""rpm's database: `rpmdb.sqlite` and the manifest of CBL-Mariner's images; bytes in, a DatabaseFile out."""

from __future__ import annotations

import re
import struct

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.packing import MAX_PATHS, Collected, lines
from compliance.evidence.packages.sqlite import BrokenError, Database
from compliance.evidence.printing import printable

ECOSYSTEM = "rpm"
#: What to do about a database of another kind.
_CONVERT = (
    "; convert it in the image with `rpmdb --rebuilddb --define '_db_backend sqlite'`, or hand in an SBOM of the image"
)
BERKELEY = f"rpm's Berkeley DB format is not read by this version{_CONVERT}"
NDB = f"rpm's ndb format is not read by this version{_CONVERT}"
UNFOLDED = (
    "it holds changes that are not in rpmdb.sqlite yet, so that one cannot be relied on; run `rpm -qa` in the image"
    " as root and build it again, or hand in an SBOM of the image"
)
#: What a rollback journal begins with that is to be applied, and the bytes of a write-ahead log without changes.
_JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
MOST_OF_LOG = 32
#: Tags of a package's header, and types of their values.
#: Source: rpm 4.18, "Package tags" and "Header types" (docs/manual/tags.md, format.md).
_NAME, _VERSION, _RELEASE, _EPOCH, _SOURCE = 1000, 1001, 1002, 1003, 1044
_OLD_FILE_NAMES, _DIR_INDEXES, _BASE_NAMES, _DIR_NAMES = 1027, 1116, 1117, 1118
_READ = frozenset((_NAME, _VERSION, _RELEASE, _EPOCH, _SOURCE, _OLD_FILE_NAMES, _DIR_INDEXES, _BASE_NAMES, _DIR_NAMES))
_INT32, _STRING, _STRING_ARRAY, _I18N_STRING = 4, 6, 8, 9
_TYPES = {_EPOCH: (_INT32,), _DIR_INDEXES: (_INT32,)}
_STRINGS = (_STRING, _STRING_ARRAY, _I18N_STRING)
#: Longest name, version, release or file name of the source package, in bytes.
_MAX_VALUE = 1024
#: The pseudo package that stands for a key that rpm trusts.
_KEY = "gpg-pubkey"
_SOURCE_NAME = re.compile(r"(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm")
_NONE = "(none)"


def sqlite(path: str, data: bytes) -> DatabaseFile:
    """The packages of rpmdb.sqlite, in the order they were installed, and the paths that belong to them."""
    collected = Collected()
    try:
        for row in Database(data).rows("Packages"):
            if len(row) < 2 or not isinstance(row[1], bytes):
                raise BrokenError("a row of its table Packages holds no package")
            _take(row[1], collected)
            if collected.full:
                break
    except BrokenError as error:
        collected.fault(str(error))
    return DatabaseFile(path, ECOSYSTEM, collected.packages, collected.owned(), collected.reason)


def berkeley(path: str, _data: bytes) -> DatabaseFile:
    """A database in rpm's format before 4.16, which is not read."""
    return DatabaseFile(path, ECOSYSTEM, [], b"", BERKELEY)


def ndb(path: str, _data: bytes) -> DatabaseFile:
    """A database in the format of SUSE's rpm, which is not read."""
    return DatabaseFile(path, ECOSYSTEM, [], b"", NDB)


def log(path: str, data: bytes) -> DatabaseFile:
    """The write-ahead log or the rollback journal beside rpmdb.sqlite, which must hold no changes.

    Source: "Database File Format", sqlite.org/fileformat2.html, 3 and 4.1 (a log of 32 bytes has no frame).
    """
    changes = data.startswith(_JOURNAL) if path.endswith("-journal") else len(data) > MOST_OF_LOG
    return DatabaseFile(path, ECOSYSTEM, [], b"", UNFOLDED if changes else "")


def _take(blob: bytes, collected: Collected) -> None:
    """Keep the package of a header."""
    header = _Header(blob)
    name = header.text(_NAME)
    if name == _KEY:
        return
    version, release = header.text(_VERSION), header.text(_RELEASE)
    if not name or not version or not release:
        collected.fault("a package has no name, version or release")
        return
    epoch = header.integers(_EPOCH)
    collected.package(name, f"{epoch[0]}:{version}-{release}" if epoch else f"{version}-{release}", _source(header))
    for path in header.strings(_OLD_FILE_NAMES):
        collected.own(printable(path))
    _own(header, collected)


def _source(header: _Header) -> str:
    found = _SOURCE_NAME.fullmatch(header.text(_SOURCE))
    return found[1] if found else ""


def _own(header: _Header, collected: Collected) -> None:
    names = [printable(name) for name in header.strings(_BASE_NAMES)]
    folders = [printable(name) for name in header.strings(_DIR_NAMES)]
    indexes = header.integers(_DIR_INDEXES)
    if len(indexes) != len(names) or any(index >= len(folders) for index in indexes):
        collected.fault("a package's list of files contradicts itself")
        return
    for name, index in zip(names, indexes, strict=True):
        collected.own(folders[index] + name)
        if collected.full:
            return


class _Header:
    """The tags of one package that are read. The first entry of a tag counts.

    Source: rpm 4.18, "Package Format", "Header" (docs/manual/format.md): two counts, index entries of
    four 32-bit numbers (tag, type, offset, count), and the store that offsets point into.
    """

    def __init__(self, blob: bytes) -> None:
        """Read the index.

        Raises:
            BrokenError: the header is shorter than it states.
        """
        if len(blob) < 8:
            raise BrokenError("a package's header was cut")
        entries, stored = struct.unpack_from(">II", blob)
        store = 8 + 16 * entries
        if store + stored > len(blob):
            raise BrokenError("a package's header was cut")
        self._store = blob[store : store + stored]
        self._tags: dict[int, tuple[int, int]] = {}
        for tag, kind, offset, count in struct.iter_unpack(">IIII", blob[8:store]):
            if tag in _READ and tag not in self._tags:
                if kind not in _TYPES.get(tag, _STRINGS) or offset >= stored or count > stored - offset:
                    raise BrokenError(f"the tag {tag} of a package's header is of another type or lies outside it")
                self._tags[tag] = (offset, count)

    def text(self, tag: int) -> str:
        """The printable text of a tag; empty text when it is not there."""
        offset, count = self._tags.get(tag, (0, 0))
        if not count:
            return ""
        end = self._store.find(b"\0", offset, offset + _MAX_VALUE + 1)
        if end < 0:
            raise BrokenError(f"the tag {tag} of a package's header is longer than {_MAX_VALUE:,} bytes, or not ended")
        return printable(self._store[offset:end])

    def strings(self, tag: int) -> list[bytes]:
        """The texts of a tag; none when it is not there."""
        offset, count = self._tags.get(tag, (0, 0))
        if count > MAX_PATHS:
            raise BrokenError(f"the tag {tag} of a package's header states more than {MAX_PATHS:,} texts")
        if not count:
            return []
        parts = self._store[offset:].split(b"\0", count)
        if len(parts) <= count:
            raise BrokenError(f"the tag {tag} of a package's header holds fewer texts than it states")
        return parts[:count]

    def integers(self, tag: int) -> tuple[int, ...]:
        """The numbers of a tag; none when it is not there."""
        offset, count = self._tags.get(tag, (0, 0))
        if count > MAX_PATHS or offset + 4 * count > len(self._store):
            raise BrokenError(f"the tag {tag} of a package's header lies outside it, or states too many numbers")
        return struct.unpack_from(f">{count}I", self._store, offset)


def manifest(path: str, data: bytes) -> DatabaseFile:
    """The packages of var/lib/rpmmanifest/container-manifest-2, which CBL-Mariner's distroless images carry.

    Columns: name, version-release, two times, vendor, epoch, size, architecture, epoch as a number, source package.
    """
    collected = Collected()
    if data and not data.endswith(b"\n"):
        collected.fault("it ends in the middle of a line, so it was cut")
    for line in lines(data):
        columns = line.split("\t")
        if columns[0] == _KEY:
            continue
        if len(columns) < 10 or len(line) > 8 * _MAX_VALUE or not columns[0] or not columns[1]:
            collected.fault("a line has not the ten columns of a package")
        else:
            epoch = "" if columns[5] == _NONE else f"{columns[5]}:"
            source = _SOURCE_NAME.fullmatch(columns[9])
            collected.package(columns[0], f"{epoch}{columns[1]}", source[1] if source else "")
        if collected.full:
            break
    return DatabaseFile(path, ECOSYSTEM, collected.packages, b"", collected.reason)
