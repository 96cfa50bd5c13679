"""Walks a tar archive as it streams by: headers in, members with the names, modes and attributes a runtime sees out.

Python's tarfile is not used: a negative size makes it loop for ever (CVE-2025-8194), and it keeps every member.
Where tools differ the walk does what Go's archive/tar does, which is what container runtimes unpack layers with.
Source: POSIX.1-2017 pax "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format"
and "Storing Sparse Files"; libarchive tar(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NoReturn
from zlib import adler32

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import EntryType
from compliance.evidence.image.pax import pax_records, xattrs
from compliance.evidence.image.tar_fields import (
    BLOCK,
    EXTENSIONS,
    NO_DATA,
    PLAIN,
    TYPES,
    ZEROS,
    TarMember,
    prefix_of,
    signed_sum,
    unpacked,
)
from compliance.evidence.printing import printable

__all__ = ["BLOCK", "MAX_EXTENSION", "MAX_MEMBERS", "TarMember", "TarStream", "is_header"]

#: Headers of one archive, extension headers included; the largest images in use hold some 300,000 files.
MAX_MEMBERS = 1_000_000
#: Bytes of one extension header. Source: Go archive/tar, maxSpecialFileSize.
MAX_EXTENSION = 1024 * 1024
#: Records of all PAX headers of one archive: some five for each member. They unpack from next to nothing, and take
#: half a second a million.
MAX_RECORDS = 8_000_000
#: Bytes of a name or link target; Linux takes 4,096.
MAX_NAME = 64 * 1024
#: Bytes of one member. No layer holds a file of a tebibyte.
MAX_SIZE = 1 << 40
#: Notes kept of one archive; how many more there are is not told.
MAX_NOTES = 20
#: Characters of a name in a message.
_NAME_SHOWN = 200
#: Number fields remembered: most members share their mode and owner, and a dictionary is faster than int().
_REMEMBERED = 50_000

_NO_DEVICE = (0, 0)
_NO_XATTRS: Mapping[bytes, bytes] = MappingProxyType({})
#: What a global header could change of the members after it.
_CHANGES = (b"path", b"linkpath", b"size", b"uid", b"gid", b"SCHILY.", b"GNU.")


class _Extended:
    """What extension headers say of the member after them."""

    def __init__(self) -> None:
        self.records: dict[bytes, bytes] = {}
        self.name: bytes | None = None
        self.link: bytes | None = None


def is_header(block: bytes) -> bool:
    """Whether 512 bytes are the header of a tar archive's first member, by their checksum."""
    if len(block) < BLOCK or block == ZEROS:
        return False
    try:
        TarStream(iter((block,)))._verify(block)
    except EvidenceError:
        return False
    return True


class TarStream:
    """The members of an archive, in order; data of the current member is read through `read` or `chunks`.

    Iterating ends at the two blocks of zeros; what follows them is read to its end and, when it is not
    all zeros, noted. `notes` say in words what tools understand differently. Memory is bounded by the
    chunks and MAX_EXTENSION.

    Raises (while iterating or reading):
        EvidenceError: the archive is cut short or its headers are wrong, or a cap is passed; `path` is
            the path given, the message begins with `within` and names the member.
    """

    def __init__(self, chunks: Iterator[bytes], *, path: str = "", within: str = "", most: int = MAX_MEMBERS) -> None:
        self.notes: list[str] = []
        self.number = 0
        self._chunks = chunks
        self._path = path
        self._within = within
        self._most = most
        self._chunk = b""
        self._at = 0  # in the chunk
        self._base = 0  # of the chunk in the stream
        self._left = 0  # data of the current member
        self._padding = 0
        self._name = b""
        self._records_read = 0
        self._numbers: dict[bytes, int] = {}

    def __iter__(self) -> Iterator[TarMember]:
        while (member := self._next()) is not None:
            yield member

    # -- data of the current member -------------------------------------------------------------------------

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes of what is left of the current member's data; empty bytes at its end."""
        wanted = min(limit, self._left)
        if wanted <= len(self._chunk) - self._at:
            at = self._at
            self._at = at + wanted
            self._left -= wanted
            return self._chunk[at : at + wanted]
        got: list[bytes | memoryview] = []
        while wanted:
            got.append(piece := self._piece(wanted))
            wanted -= len(piece)
        return b"".join(got)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """What is left of the current member's data, not copied. Of a sparse file: what is stored, without holes."""
        while self._left:
            yield self._piece(self._left)

    def _piece(self, wanted: int) -> bytes | memoryview:
        while self._at >= len(self._chunk):
            self._refill()
        at, size = self._at, len(self._chunk)
        end = min(size, at + wanted)
        self._at = end
        self._left -= end - at
        return self._chunk if end - at == size else memoryview(self._chunk)[at:end]

    # -- blocks ---------------------------------------------------------------------------------------------

    def _refill(self) -> None:
        """The next chunk, while data or padding of a member is owed."""
        if not self._more():
            self._fail(f"the archive ends here, {self._left:,} bytes of the data are missing: it is cut short")

    def _more(self) -> bool:
        size = len(self._chunk)
        try:
            self._chunk = next(self._chunks)
        except StopIteration:
            return False
        self._at -= size
        self._base += size
        return True

    def _skip(self) -> None:
        """Pass over what is left of the current member."""
        self._at += self._left + self._padding
        while self._at > len(self._chunk):
            if self._more():
                continue
            self._left = self._at - len(self._chunk) - self._padding
            if self._left > 0:
                self._refill()
            self._at = len(self._chunk)  # some writers leave out the padding of the last member
        self._left = self._padding = 0

    def _block(self) -> bytes:
        """The next 512 bytes; empty when the stream ends before them."""
        at = self._at
        block = self._chunk[at : at + BLOCK]
        if len(block) == BLOCK:
            self._at = at + BLOCK
            return block
        while len(block) < BLOCK:
            self._at = len(self._chunk)
            if not self._more():
                if block:
                    self._fail(f"the archive ends here, inside a header of {BLOCK} bytes: it is cut short")
                return b""
            missing = BLOCK - len(block)
            block += self._chunk[:missing]
            self._at = min(missing, len(self._chunk))
        return block

    # -- members --------------------------------------------------------------------------------------------

    def _next(self) -> TarMember | None:
        extended: _Extended | None = None
        while True:
            self._skip()
            block = self._block()
            if not block or block == ZEROS:
                self._end(block, extended is not None)
                return None
            self.number += 1
            self._name = b""
            if self.number > self._most:
                self._fail(f"more than {self._most:,} members, which is the most that is read; split the archive")
            self._verify(block)
            fields = unpacked(block)
            if fields[6] not in EXTENSIONS:
                return self._member(fields, block, extended)
            extended = self._extension(fields, extended)

    def _member(self, fields: tuple[bytes, ...], block: bytes, extended: _Extended | None) -> TarMember:
        name, mode, uid, gid, size, _, flag, link, magic, major, minor, prefix = fields
        name = name.partition(b"\0")[0]
        if prefix[0] and magic[:5] == b"ustar":
            name = prefix_of(prefix, block, magic) + name
        self._name = name
        number = self._numbers
        kind = TYPES.get(flag, EntryType.OTHER)
        if flag == b"\0" and name[-1:] == b"/" and extended is None:
            kind = EntryType.DIRECTORY  # archives older than ustar have no type for it
        stored = number[size] if size in number else self._number(size, "size")
        made = TarMember(
            name,
            kind,
            (number[mode] if mode in number else self._number(mode, "mode")) & 0o7777,
            number[uid] if uid in number else self._number(uid, "uid"),
            number[gid] if gid in number else self._number(gid, "gid"),
            stored,
            b"" if link[0] == 0 else link.partition(b"\0")[0],
            _NO_XATTRS,
            self.number,
            self._base + self._at,
            stored,
            False,
            _NO_DEVICE if kind is not EntryType.DEVICE else self._device(major, minor),
        )
        if extended is None and (0 <= stored <= MAX_SIZE if flag in PLAIN else stored == 0 and flag in NO_DATA):
            self._left = stored
            self._padding = -stored % BLOCK
            return made
        return self._unusual(made if extended is None else self._extend(made, extended, flag), flag, block)

    def _device(self, major: bytes, minor: bytes) -> tuple[int, int]:
        return self._number(major, "device"), self._number(minor, "device")

    def _unusual(self, made: TarMember, flag: bytes, block: bytes) -> TarMember:
        """The member whose size is not simply that of its data; the stream then stands at its data."""
        if not 0 <= made.stored <= MAX_SIZE or made.size > MAX_SIZE:
            self._fail(f"states a size of {min(made.stored, made.size):,} bytes (allowed: 0 to {MAX_SIZE:,})")
        if flag in NO_DATA:
            if made.stored:
                self._note(
                    f"{self._told(made.name)} is no file and states {made.stored:,} bytes, which runtimes ignore"
                )
            made = made._replace(size=0, stored=0)
        if flag == b"S":
            made = made._replace(size=self._old_sparse(block), sparse=True)
        self._left = made.stored
        self._padding = -made.stored % BLOCK
        if made.offset < 0:
            self._sparse_map()
        return made._replace(offset=self._base + self._at, stored=self._left)

    def _end(self, block: bytes, dangling: bool) -> None:
        """What comes after the last member: two blocks of zeros, and nothing else that counts."""
        if dangling:
            self._fail("an extension header and no member after it: the archive is cut short")
        second = self._block() if block else b""
        if not second:
            self._note("the archive ends without its two blocks of zeros")
        elif second != ZEROS:
            self._fail("one block of zeros and then more: tools differ on where this archive ends; make it again")
        rest = self._chunk[self._at :]
        while True:
            if rest != bytes(len(rest)):
                self._note("bytes after the end of the archive, which no runtime reads")
            if not self._more():
                return
            rest = self._chunk

    # -- extension headers ----------------------------------------------------------------------------------

    def _extension(self, fields: tuple[bytes, ...], extended: _Extended | None) -> _Extended | None:
        size = self._number(fields[4], "size")
        flag = fields[6]
        most = MAX_NAME if flag in b"LK" else MAX_EXTENSION
        if not 0 <= size <= most:
            self._fail(f"an extension header of {size:,} bytes (allowed: 0 to {most:,})")
        self._left, self._padding = size, -size % BLOCK
        body = self.read(size)
        if flag == b"g":
            if any(key.startswith(_CHANGES) for key in self._records(body)):
                self._note("a global header changes the members after it for some tools; runtimes ignore it")
            if extended is not None:
                self._fail("an extension header and then a global one: tools differ on which member the first is about")
            return None
        extended = extended or _Extended()
        if flag == b"L":
            extended.name = body.partition(b"\0")[0]
        elif flag == b"K":
            extended.link = body.partition(b"\0")[0]
        else:
            extended.records = self._records(body)
        return extended

    def _records(self, body: bytes) -> dict[bytes, bytes]:
        try:
            records, count = pax_records(body)
        except ValueError as error:
            self._fail(f"{error}; make the archive again")
        self._records_read += count
        if self._records_read > MAX_RECORDS:
            self._fail(f"more than {MAX_RECORDS:,} records of extension headers, which is the most that is read")
        return records

    def _extend(self, made: TarMember, extended: _Extended, flag: bytes) -> TarMember:
        """The member as its extension headers change it.

        Where it has a name of PAX and another one of GNU, Go before 1.10 takes the last, and later versions GNU's.
        """
        records = extended.records
        for one, other in ((b"path", extended.name), (b"linkpath", extended.link)):
            if other and records.get(one, other) != other:
                self._fail(f"has two names, {printable(other[:_NAME_SHOWN])} by GNU's way and another by that of PAX")
        name = records.get(b"GNU.sparse.name") or records.get(b"path") or extended.name or made.name
        link = records.get(b"linkpath") or extended.link or made.link
        self._name = name
        if flag == b"\0" and name[-1:] == b"/":
            made = made._replace(type=EntryType.DIRECTORY)
        for text in (name, link):
            if b"\0" in text:
                self._fail("a name holds a NUL byte; tools would cut it there")
            if len(text) > MAX_NAME:
                self._fail(f"a name of {len(text):,} bytes (allowed: {MAX_NAME:,})")
        stored = self._decimal(records, b"size", made.stored)
        found = xattrs(records)
        made = made._replace(
            name=name,
            link=link,
            uid=self._decimal(records, b"uid", made.uid),
            gid=self._decimal(records, b"gid", made.gid),
            size=stored,
            stored=stored,
            xattrs=found or _NO_XATTRS,
        )
        if made.type is EntryType.FILE and any(key.startswith(b"GNU.sparse.") for key in records):
            major = records.get(b"GNU.sparse.major")
            real = self._decimal(records, b"GNU.sparse.realsize", self._decimal(records, b"GNU.sparse.size", stored))
            made = made._replace(size=real, sparse=True, offset=-1 if major == b"1" else 0)
        return made

    # -- sparse files ---------------------------------------------------------------------------------------

    def _old_sparse(self, block: bytes) -> int:
        """The logical size of an old GNU sparse file; the headers that go on with its map are passed over."""
        real = self._number(block[483:495], "size of the sparse file")
        if not 0 <= real <= MAX_SIZE:
            self._fail(f"states a size of {real:,} bytes (allowed: 0 to {MAX_SIZE:,})")
        more, read = block[482], 0
        while more:
            read += BLOCK
            if read > MAX_EXTENSION:
                self._fail(f"a map of a sparse file larger than {MAX_EXTENSION:,} bytes")
            extension = self._block()
            if not extension:
                self._fail("the archive ends here, inside the map of a sparse file: it is cut short")
            more = extension[504]
        return real

    def _sparse_map(self) -> None:
        """Pass over the map that stands before the data of a PAX 1.0 sparse file: decimal lines, whole blocks."""
        read = lines = 0
        wanted = 0  # lines: unknown before the first, which counts the pairs of lines after it
        first = b""
        while not wanted or lines < wanted:
            block = self.read(BLOCK)
            read += len(block)
            lines += block.count(b"\n")
            if not wanted:
                first += block
                count, end, _ = first.partition(b"\n")
                if len(count) > 9 or (end and not count.isdigit()):
                    self._fail("the map of a sparse file is wrong; make the archive again")
                wanted = 1 + 2 * int(count) if end else 0
            if len(block) < BLOCK or read > MAX_EXTENSION:
                self._fail("the map of a sparse file is cut short or too large; make the archive again")

    # -- fields ---------------------------------------------------------------------------------------------

    def _verify(self, block: bytes) -> None:
        """Compare the checksum with the sum of all bytes, its own field taken as spaces; old tools summed signed.

        The low half of adler32 is that sum plus one, modulo 65,521, and ten times as fast as sum().
        """
        field = block[148:156]
        stated = self._numbers.get(field, -1)
        if stated < 0:
            stated = self._number(field, "checksum")
        rest = 256 - sum(field)
        if block.isascii():  # then the sum is below the modulus
            if (adler32(block) & 0xFFFF) - 1 + rest == stated:
                return
        elif sum(block) + rest == stated or signed_sum(block) == stated:
            return
        self._fail("the checksum of the header is wrong: no tar archive, or damaged")

    def _number(self, field: bytes, what: str) -> int:
        """An octal number, or a base-256 one; remembered."""
        if field[0] & 0x80:
            value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
            if field[0] & 0x40:
                value -= 1 << (8 * len(field) - 1)
        else:
            digits = field.strip(b" \0").partition(b"\0")[0].rstrip(b" ")
            if digits.strip(b"01234567"):
                self._fail(f"its {what} is no number ({printable(digits)}); the archive is damaged")
            value = int(digits, 8) if digits else 0
        if len(self._numbers) < _REMEMBERED:
            self._numbers[field] = value
        return value

    def _decimal(self, records: Mapping[bytes, bytes], key: bytes, otherwise: int) -> int:
        digits = records.get(key)
        if not digits:
            return otherwise
        if not digits.isdigit() or len(digits) > 19:
            self._fail(f"its {printable(key)} is no number ({printable(digits[:_NAME_SHOWN])}); the archive is damaged")
        return int(digits)

    # -- words ----------------------------------------------------------------------------------------------

    def _told(self, name: bytes) -> str:
        shown = printable(name)
        return f"member {self.number:,}" + (f" ({shown[:_NAME_SHOWN]})" if shown else "")

    def _note(self, words: str) -> None:
        if len(self.notes) < MAX_NOTES and words not in self.notes:
            self.notes.append(words)

    def _fail(self, words: str) -> NoReturn:
        within = f"{self._within}: " if self._within else ""
        raise EvidenceError(f"{within}{self._told(self._name)}: {words}", path=self._path)
