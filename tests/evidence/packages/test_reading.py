"""Which paths are databases, caps, packing, and that no bytes make a reader raise."""

from __future__ import annotations

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.packing import MAX_BYTES, MAX_PATHS
from compliance.evidence.packages.reading import oversized, pack_paths, read_database, unpack_paths, wanted

_PATHS = [
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/base",
    "var/lib/dpkg/status.d/base.md5sums",
    "var/lib/dpkg/info/libc6:amd64.list",
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/rpmdb.sqlite-wal",
    "usr/lib/sysimage/rpm/Packages.db",
    "var/lib/rpm/Packages",
    "var/lib/rpmmanifest/container-manifest-2",
    "usr/lib/python3/dist-packages/a-1.dist-info/METADATA",
    "usr/lib/python3/dist-packages/a-1.dist-info/RECORD",
    "usr/lib/python3/dist-packages/a.egg-info/installed-files.txt",
    "app/node_modules/a/package.json",
]


@pytest.mark.parametrize("path", _PATHS)
def test_databases_are_wanted(path: str) -> None:
    """Each with a cap, and with words for what is above it."""
    most = wanted(path)
    assert most is not None
    assert 0 < most <= 64 << 20
    found = oversized(path, most + 1)
    assert found.path == path
    assert found.ecosystem
    assert found.reason


@pytest.mark.parametrize(
    "path",
    [
        "",
        "status",
        "var/lib/dpkg/status-old",
        "var/lib/dpkg/status/",
        "var/lib/dpkg/info/libc6.postinst",
        "var/lib/dpkg/info/sub/libc6.list",
        "var/lib/dpkg/status.d/",
        "var/lib/dpkg/status.d/sub/base",
        "home/var/lib/dpkg/status",
        "etc/installed",
        "srv/rpmdb.sqlite",
        "usr/share/Packages",
        "usr/share/zoneinfo/Europe/Berlin",
    ],
)
def test_other_paths_are_not(path: str) -> None:
    """They give no ecosystem and a reason when they are handed in all the same."""
    assert wanted(path) is None
    assert read_database(path, b"").reason == oversized(path, 1).reason == "it is no package database that is known"


def test_a_database_above_the_cap_says_both_sizes() -> None:
    """So that an auditor sees why it was not read."""
    assert oversized("var/lib/dpkg/status", 20_000_000).reason == (
        "it has 20,000,000 bytes, more than the 16,777,216 that are read of such a file"
    )


_WORDS = [b"Package: a\n", b"Version: 1\n", b"P:a\n", b"V:1\n", b"F:x\n", b"R:y\n", b"\n", b"/a\n", b"Name: a\n", b'{"']


@pytest.mark.parametrize("path", _PATHS)
@given(data=st.binary(max_size=400) | st.lists(st.sampled_from(_WORDS) | st.binary(max_size=4)).map(b"".join))
def test_no_bytes_make_a_reader_raise(path: str, data: bytes) -> None:
    """The record can be stored, and its owned paths come back absolute and printable."""
    found = read_database(path, data)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=DatabaseFile) == found
    assert all(name.startswith("/") for name in unpack_paths(found.owned))
    assert read_database(path, data) == found


@given(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).map(lambda name: f"/{name}"))
)
def test_packed_paths_come_back(paths: list[str]) -> None:
    """In their order."""
    assert unpack_paths(pack_paths(paths)) == paths


def test_many_packed_paths_come_back() -> None:
    """Across the pieces that they are compressed and unpacked in."""
    paths = [f"/usr/share/{number:030}" for number in range(123_456)]
    assert unpack_paths(pack_paths(iter(paths))) == paths


def test_a_bomb_of_packed_paths_is_refused() -> None:
    """The cap holds whatever the length that the frame states."""
    for size in (MAX_BYTES + MAX_PATHS + 1, 1 << 30):
        bomb = zstandard.ZstdCompressor(level=1).compress(bytes(size))
        with pytest.raises(EvidenceError, match="longer than 33,554,432 bytes"):
            unpack_paths(bomb)


@pytest.mark.parametrize("data", [b"x", b"\x28\xb5\x2f\xfd", zstandard.ZstdCompressor().compress(b"\xff")])
def test_what_was_not_packed_is_refused(data: bytes) -> None:
    """Damage in a stored record is no list."""
    with pytest.raises(EvidenceError, match="cannot be unpacked"):
        unpack_paths(data)
