"""The walk of tar headers: it agrees with other tools, and no archive hangs it, fills memory or escapes it."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import EntryType
from compliance.evidence.image.tar import BLOCK, MAX_EXTENSION, TarMember, TarStream, is_header
from compliance.evidence.printing import printable
from tests.images.making import header, member, number, padded, pax, pax_record, tar_of


def chunked(data: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def members(data: bytes, size: int = 1 << 20) -> list[TarMember]:
    return list(TarStream(chunked(data, size), path="a.tar", within="layer"))


def contents(data: bytes, size: int = 1 << 20) -> dict[bytes, bytes]:
    stream = TarStream(chunked(data, size))
    return {found.name: b"".join(stream.chunks()) for found in stream}


def written(form: int, infos: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, data in infos:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sample() -> list[tuple[tarfile.TarInfo, bytes]]:
    """Members of every type, with names, links, owners and attributes that need extension headers."""
    found = []
    for name, kind, link, data in [
        ("usr/", tarfile.DIRTYPE, "", b""),
        ("usr/bin/tool", tarfile.REGTYPE, "", b"x" * 1500),
        ("usr/bin/" + "deep/" * 40 + "tool", tarfile.REGTYPE, "", b"y" * 511),
        ("n" * 300, tarfile.REGTYPE, "", b""),
        ("bin", tarfile.SYMTYPE, "usr/bin", b""),
        ("long-link", tarfile.SYMTYPE, "l" * 400, b""),
        ("usr/bin/again", tarfile.LNKTYPE, "usr/bin/tool", b""),
        ("dev/null", tarfile.CHRTYPE, "", b""),
        ("run/pipe", tarfile.FIFOTYPE, "", b""),
        ("caf\u00e9", tarfile.REGTYPE, "", b"z" * 512),
    ]:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode, info.uid, info.gid = kind, link, 0o4755, 3_000_000, 7
        info.devmajor, info.devminor = (1, 3) if kind == tarfile.CHRTYPE else (0, 0)
        if data:
            info.pax_headers = {"SCHILY.xattr.user.note": "value=1"}
        found.append((info, data))
    return found


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("size", [1 << 20, 512, 700, 97])
def test_agrees_with_tarfile(form: int, size: int) -> None:
    """Names, types, modes, owners, sizes, links and devices are those tarfile reads, wherever chunks end."""
    data = written(form, sample())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        theirs = [
            (info.name, info.mode, info.uid, info.gid, info.size, info.linkname, info.offset_data, info.type)
            for info in archive
        ]
    ours = members(data, size)
    types = {
        EntryType.FILE: tarfile.REGTYPE, EntryType.DIRECTORY: tarfile.DIRTYPE, EntryType.SYMLINK: tarfile.SYMTYPE,
        EntryType.HARDLINK: tarfile.LNKTYPE, EntryType.DEVICE: tarfile.CHRTYPE, EntryType.OTHER: tarfile.FIFOTYPE,
    }  # fmt: skip
    assert [
        (m.name.decode().rstrip("/"), m.mode, m.uid, m.gid, m.size, m.link.decode(), m.offset, types[m.type])
        for m in ours
    ] == theirs
    assert [m.device for m in ours if m.type is EntryType.DEVICE] == [(1, 3)]
    assert [m.number for m in ours] == sorted({m.number for m in ours})
    if form == tarfile.PAX_FORMAT:
        assert {m.name: dict(m.xattrs) for m in ours if m.xattrs}[b"usr/bin/tool"] == {b"user.note": b"value=1"}


@pytest.mark.parametrize("size", [1 << 20, 512, 100])
def test_data_of_members(size: int) -> None:
    """The data of each member are its own, read whole or in pieces; what is not read is passed over."""
    data = written(tarfile.PAX_FORMAT, sample())
    found = contents(data, size)
    assert found[b"usr/bin/tool"] == b"x" * 1500
    stream = TarStream(chunked(data, size))
    heads = {one.name: (stream.read(4), stream.read(0), stream.read(9999)) for one in stream}
    assert heads[b"usr/bin/tool"] == (b"xxxx", b"", b"x" * 1496)
    assert heads[b"caf\xc3\xa9"] == (b"zzzz", b"", b"z" * 508)


def test_old_archives() -> None:
    """V7 headers, contiguous files, split names and a directory by its slash are read as POSIX says."""
    data = tar_of(
        [
            header(b"old/", b"\0", magic=b"\0" * 8),
            header(b"contiguous", b"7", 3) + padded(b"abc"),
            header(b"tail", b"0", 1, prefix=b"a/long/prefix") + padded(b"d"),
            header(b"gnu", b"0", 1, magic=b"ustar  \0", prefix=b"00000000000") + padded(b"e"),
        ]
    )
    found = members(data)
    assert [m.name for m in found] == [b"old/", b"contiguous", b"a/long/prefix/tail", b"gnu"]
    assert [m.type for m in found] == [EntryType.DIRECTORY, *[EntryType.FILE] * 3]
    assert contents(data)[b"contiguous"] == b"abc"


def test_sparse_files() -> None:
    """Of a sparse file the logical size is known and the stored data are read, in whichever way it is kept."""
    real = 1 << 30
    old = bytearray(header(b"old", b"S", 1024, magic=b"ustar  \0"))
    old[482], old[483:495] = 1, number(real, 12)
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old)
    body = b"A" * 1024
    pax_1 = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": b"one"}
    data = tar_of(
        [
            bytes(old) + b"\0" * 504 + b"\1" + b"\0" * 7 + b"\0" * 512 + body,
            pax({b"GNU.sparse.size": b"%d" % real, b"GNU.sparse.map": b"0,1024"}) + header(b"zero", b"0", 1024) + body,
            pax(pax_1 | {b"GNU.sparse.realsize": b"%d" % real})
            + header(b"GNUSparseFile.0/one", b"0", 512 + 1024) + padded(b"1\n0\n1024\n") + body,
            header(b"after", b"0", 2) + padded(b"ok"),
        ]
    )  # fmt: skip
    found = members(data)
    assert [(m.name, m.size, m.stored, m.sparse) for m in found] == [
        (b"old", real, 1024, True),
        (b"zero", real, 1024, True),
        (b"one", real, 1024, True),
        (b"after", 2, 2, False),
    ]
    assert contents(data) == {b"old": body, b"zero": body, b"one": body, b"after": b"ok"}


def test_attributes() -> None:
    """Attributes keep their bytes, NUL and newline included; libarchive's spelling is read where ours is not given."""
    data = tar_of(
        [
            pax({b"SCHILY.xattr.security.capability": b"\1\0\0\2\n=", b"LIBARCHIVE.xattr.user.a%20b": b"aGk"})
            + header(b"f"),
            header(b"g"),
        ]
    )
    first, second = members(data)
    assert dict(first.xattrs) == {b"security.capability": b"\1\0\0\2\n=", b"user.a b": b"hi"}
    assert not second.xattrs


def test_global_header_is_noted_and_ignored() -> None:
    """A global header changes nothing, as with runtimes, and is noted when other tools would obey it."""
    stream = TarStream(chunked(tar_of([pax({b"path": b"evil"}, b"g"), header(b"good")])))
    assert [m.name for m in stream] == [b"good"]
    assert stream.notes == ["a global header changes the members after it for some tools; runtimes ignore it"]


def test_what_follows_the_end_is_noted() -> None:
    """Bytes behind the end are read to be hashed, and noted; a missing end is noted."""
    whole = tar_of([header(b"a")])
    for data, notes in [
        (whole + b"\0" * 9000, []),
        (whole + header(b"hidden"), ["bytes after the end of the archive, which no runtime reads"]),
        (header(b"a"), ["the archive ends without its two blocks of zeros"]),
        (b"", ["the archive ends without its two blocks of zeros"]),
    ]:
        stream = TarStream(chunked(data, 700))
        assert len(list(stream)) == (1 if data else 0)
        assert stream.notes == notes


NEGATIVE = (-1024).to_bytes(12, "big", signed=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (header(b"a", b"0", NEGATIVE), r"member 1 \(a\): states a size of -1,024 bytes \(allowed: 0 to"),
        (header(b"a", b"2", NEGATIVE), "states a size of -1,024 bytes"),
        (header(b"a", b"x", NEGATIVE), "an extension header of -1,024 bytes"),
        (header(b"a", b"0", number(1 << 50, 12)), "states a size of 1,125,899,906,842,624 bytes"),
        (pax({b"size": b"-5"}) + header(b"a"), r"its size is no number \(-5\)"),
        (pax({b"size": b"9" * 18}) + header(b"a"), "states a size of 999,999,999,999,999,999 bytes"),
        (pax({b"size": b"1" * 5000}) + header(b"a"), "its size is no number"),
        (header(b"a", b"0", b"0000000009\0\0"), r"its size is no number \(0000000009\)"),
        (header(b"P", b"x", 10) + padded(b"0 path=aa\n") + header(b"a"), "a record of a wrong length"),
        (header(b"P", b"x", 10) + padded(b"99 path=a\n") + header(b"a"), "a record of a wrong length"),
        (header(b"P", b"x", 10) + padded(b"10_path=a\n") + header(b"a"), "a record of a wrong length"),
        (header(b"P", b"x", 20) + padded(b"10 path=a\n10_path=b\n") + header(b"a"), "a record of a wrong length"),
        (header(b"P", b"x", 10) + padded(b"10 path_aa\n") + header(b"a"), "a record that is no KEY=VALUE|wrong length"),
        (pax({b"path": b"a\0b"}) + header(b"a"), "a name holds a NUL byte"),
        (pax({b"path": b"p" * 70_000}) + header(b"a"), r"a name of 70,000 bytes \(allowed: 65,536\)"),
        (header(b"L", b"L", 70_000), r"an extension header of 70,000 bytes \(allowed: 0 to 65,536\)"),
        (header(b"P", b"x", MAX_EXTENSION + 1), r"an extension header of 1,048,577 bytes \(allowed: 0 to 1,048,576\)"),
        (pax({b"path": b"a"}), "the archive is cut short|ends here"),
        (header(b"a", b"0", 9) + b"only", r"\(a\): the archive ends here, 5 bytes of the data are missing"),
        (header(b"a")[:300], "the archive ends here, inside a header"),
        (header(b"a")[:200] + b"!" + header(b"a")[201:], "the checksum of the header is wrong"),
        (header(b"\xff" * 90)[:200] + b"!" + header(b"\xff" * 90)[201:], "the checksum of the header is wrong"),
        (header(b"a") + b"\0" * BLOCK + header(b"hidden"), "one block of zeros and then more"),
        (b"no archive at all" * 100, "its checksum is no number|the checksum of the header is wrong"),
    ],
)  # fmt: skip
def test_hostile_headers(data: bytes, words: str) -> None:
    """Each lie in a header ends the walk at once with words that name the member and the cap."""
    with pytest.raises(EvidenceError, match=words) as caught:
        members(data)
    assert caught.value.path == "a.tar"
    assert str(caught.value).startswith("a.tar: layer: member ")


def test_sparse_maps_are_bounded() -> None:
    """A map that goes on for ever, or promises a billion lines, ends with an error."""
    sparse = pax({b"GNU.sparse.major": b"1", b"GNU.sparse.realsize": b"9"})
    for body in (b"999999999\n", b"1" * 20, b"x\n", b""):
        with pytest.raises(EvidenceError, match="the map of a sparse file"):
            members(tar_of([sparse + header(b"f", b"0", len(body)) + padded(body)]))
    big = b"9" * 7 + b"\n" + b"0\n" * (1 << 20)
    with pytest.raises(EvidenceError, match="the map of a sparse file is cut short or too large"):
        members(tar_of([sparse + header(b"f", b"0", len(big)) + padded(big)]))
    old = bytearray(header(b"old", b"S", 0))
    old[482] = 1
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old)
    with pytest.raises(EvidenceError, match="a map of a sparse file larger than 1,048,576 bytes"):
        members(bytes(old) + (b"\0" * 504 + b"\1" + b"\0" * 7) * 2050)


def test_member_cap() -> None:
    """More members than the cap end with an error that says so; extension headers count, too."""
    one = header(b"a")
    with pytest.raises(EvidenceError, match="more than 50 members, which is the most that is read"):
        list(TarStream(chunked(one * 51), most=50))
    with pytest.raises(EvidenceError, match="more than 50 members"):
        list(TarStream(chunked((header(b"L", b"L", 2) + padded(b"x\0")) * 51), most=50))


def test_types_without_data() -> None:
    """A directory or link that states a size has none, as with runtimes; the next member is found, and it is noted."""
    stream = TarStream(chunked(tar_of([header(b"d", b"5", 512), header(b"l", b"1", 999, link=b"x"), header(b"f")])))
    assert [(m.name, m.size) for m in stream] == [(b"d", 0), (b"l", 0), (b"f", 0)]
    assert stream.notes[0] == "member 1 (d) is no file and states 512 bytes, which runtimes ignore"


def test_signed_checksum() -> None:
    """Old tools summed signed bytes; both sums are right."""
    block = bytearray(header(b"\xff\xfe"))
    block[148:156] = b" " * 8
    signed = sum(byte - 256 if byte > 127 else byte for byte in block)
    block[148:156] = b"%06o\0 " % signed
    assert members(tar_of([bytes(block)]))[0].name == b"\xff\xfe"


def test_many_members_are_fast() -> None:
    """A hundred thousand empty members take about a third of a second, so that a million cannot stall a run."""
    data = header(b"some/directory/some-file") * 100_000
    started = time.process_time()
    assert sum(1 for _ in TarStream(chunked(data))) == 100_000
    assert time.process_time() - started < 5


def test_printable_and_is_header() -> None:
    assert printable(b"a\xff\\b\xc3\xa9") == "a\\xff\\\\b\u00e9"
    assert is_header(header(b"x"))
    assert not is_header(b"\0" * 512)
    assert not is_header(header(b"x")[:511])


WHOLE = written(tarfile.PAX_FORMAT, sample()[:6]) + written(tarfile.GNU_FORMAT, sample())


@settings(max_examples=300, deadline=None)
@given(cut=st.integers(0, len(WHOLE)), flips=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))))
def test_damaged_archives(cut: int, flips: list[tuple[int, int]]) -> None:
    """Cut or flipped, an archive is read or ends in an EvidenceError, and never in anything else."""
    data = bytearray(WHOLE)
    for place, bit in flips:
        data[place] ^= 1 << bit
    stream = TarStream(chunked(bytes(data[:cut]), 1000))
    with suppress(EvidenceError):
        assert sum(sum(map(len, stream.chunks())) for _ in stream) <= cut


@settings(max_examples=100, deadline=None)
@given(
    records=st.dictionaries(
        st.binary(min_size=1, max_size=20).filter(lambda key: b"=" not in key and b"\0" not in key),
        st.binary(max_size=200),
    )
)
def test_pax_records_round_trip(records: dict[bytes, bytes]) -> None:
    """Any record that can be written is read as it was written."""
    from compliance.evidence.image.pax import pax_records

    assert pax_records(b"".join(pax_record(key, value) for key, value in records.items())) == (records, len(records))


def test_members_made_for_tests_are_valid() -> None:
    """What tests/images/making.py writes is what tarfile reads."""
    data = tar_of([member({"path": "a" * 120, "content": "hello", "mode": "4755", "uid": 70_000_000})])
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        (info,) = archive.getmembers()
    assert (info.name, info.size, info.mode, info.uid) == ("a" * 120, 5, 0o4755, 70_000_000)
