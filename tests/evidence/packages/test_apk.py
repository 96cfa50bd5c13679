"""apk's database: packages, origins and owned paths."""

from __future__ import annotations

import pytest

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.reading import read_database, unpack_paths

_REAL = b"""\
C:Q1v4QhLje3kWlC8DJj+ZfJTjlJRSU=
P:alpine-baselayout-data
V:3.2.0-r22
A:x86_64
T:Alpine base dir structure and init scripts
o:alpine-baselayout
r:alpine-baselayout
F:etc
M:0:0:755
R:fstab
Z:Q11Q7hNe8QpDS531guqCdrXBzoA/o=
R:shadow
a:0:42:640
F:usr/bin
R:ldd
F:
R:top

C:Q1ziXzpz0vSqTGgDmTgWO7Kqu2AQo=
P:.build-deps
V:20240101.000000
p:so:libc.musl-x86_64.so.1=1

"""


def _read(data: bytes) -> DatabaseFile:
    return read_database("lib/apk/db/installed", data)


def test_packages_and_owned_paths_are_read() -> None:
    """A package without origin has none; files belong to the folder above them."""
    found = _read(_REAL)
    assert found.packages == [
        ("alpine-baselayout-data", "3.2.0-r22", "alpine-baselayout"),
        (".build-deps", "20240101.000000", ""),
    ]
    assert unpack_paths(found.owned) == ["/etc/fstab", "/etc/shadow", "/usr/bin/ldd", "/top"]
    assert (found.ecosystem, found.reason) == ("apk", "")


def test_both_places_are_known() -> None:
    """apk 3 keeps it below usr."""
    assert read_database("usr/lib/apk/db/installed", _REAL).packages == _read(_REAL).packages


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_REAL[:200], "it ends in the middle of a line, so it was cut"),
        (b"this is no database\n\nP:a\nV:1\n\n", "line 1 is no field of a package"),
        (b"P:a\nV:1\nV:2\n\n", "a package states V twice"),
        (b"P:a\n\n", "a package has no name or no version"),
        (b"F:etc\nR:a\0b\n", "an owned path holds a NUL byte"),
        (b"P:" + b"a" * 5000 + b"\nV:1\n", "a line is longer than 4,096 bytes; a package has no name or no version"),
    ],
)
def test_damage_is_told(data: bytes, reason: str) -> None:
    """A database that was cut or forged is not taken as complete."""
    assert _read(data).reason == reason


def test_a_folder_does_not_reach_into_the_next_package() -> None:
    """Each package begins at the root."""
    assert unpack_paths(_read(b"P:a\nV:1\nF:etc\n\nP:b\nV:1\nR:x\n").owned) == ["/x"]


def test_a_long_folder_with_many_files_is_refused() -> None:
    """A small database may not stand for gigabytes of paths."""
    found = _read(b"F:" + b"a" * 4000 + b"\n" + b"R:b\n" * 100_000)
    assert found.reason == "more than 500,000 owned paths or 32 MiB of them; the rest was not read"
    assert len(unpack_paths(found.owned)) == (32 << 20) // 4003
