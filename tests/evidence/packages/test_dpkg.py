"""dpkg's database: status, status.d and the lists of owned paths."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.packing import MAX_PACKAGES
from compliance.evidence.packages.reading import read_database, unpack_paths

_STATUS = "var/lib/dpkg/status"
_REAL = b"""\
Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-9)
Version: 2.36-9+deb12u10
Depends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~)
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: GNU C Library: Shared libraries
 Contains the standard libraries that are used by nearly all programs.
 Package: not-a-field
 .
 Version: neither

Package: login
Status: hold ok installed
Source: shadow
Version: 1:4.13+dfsg1-1+deb12u1
Description: tools

"""


def _status(data: bytes) -> DatabaseFile:
    return read_database(_STATUS, data)


def _paragraph(status: str) -> bytes:
    return f"Package: a\nStatus: {status}\nVersion: 1\n\n".encode()


def test_names_versions_and_source_packages_are_read() -> None:
    """Epochs and revisions stay in the version; the version of the source package is left out."""
    found = _status(_REAL)
    assert found.packages == [
        ("libc6", "2.36-9+deb12u10", "glibc"),
        ("login", "1:4.13+dfsg1-1+deb12u1", "shadow"),
    ]
    assert (found.ecosystem, found.owned, found.reason) == ("deb", b"", "")


def test_a_package_is_its_own_source_when_none_is_given() -> None:
    """As dpkg-query prints source:Package."""
    assert _status(b"Package: dash\nStatus: install ok installed\nVersion: 0.5\n\n").packages == [
        ("dash", "0.5", "dash")
    ]


@pytest.mark.parametrize(
    "state",
    [
        "install ok installed",
        "hold ok installed",
        "deinstall ok installed",
        "install reinstreq half-installed",
        "install ok unpacked",
        "install ok half-configured",
        "install ok triggers-pending",
        "install ok triggers-awaited",
    ],
)
def test_states_with_files_in_place_count(state: str) -> None:
    """Whatever is unpacked can be run."""
    assert _status(_paragraph(state)).packages == [("a", "1", "a")]


@pytest.mark.parametrize("state", ["deinstall ok config-files", "purge ok not-installed", "purge ok Not-Installed"])
def test_states_without_programs_do_not_count(state: str) -> None:
    """A removed package that left settings is not installed."""
    found = _status(_paragraph(state))
    assert (found.packages, found.reason) == ([], "")


def test_a_package_without_status_counts() -> None:
    """Taking the line out must not hide a package."""
    assert _status(b"Package: a\nVersion: 1\n\n").packages == [("a", "1", "a")]


def test_an_empty_database_is_read() -> None:
    """It names no packages, which is for the caller to judge."""
    found = _status(b"")
    assert (found.packages, found.reason) == ([], "")


def test_a_folded_value_and_other_case_are_read_as_dpkg_does() -> None:
    """dpkg ignores the case of field names and takes the value from a continuation line."""
    assert _status(b"PACKAGE: a\nversion:\n 1.2\nStatus: install ok installed\n\n").packages == [("a", "1.2", "a")]


def test_a_blank_looking_line_ends_no_package() -> None:
    """A line of spaces continues the field above; dpkg splits packages at empty lines only."""
    assert _status(b"Package: a\nVersion: 1\n \nPackage: b\nVersion: 2\n\n").reason == (
        "a package states package twice; a package states version twice"
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_REAL[:-40], "it ends in the middle of a line, so it was cut"),
        (b"Package: a\nStatus: install ok installed\n", "the package a has no version"),
        (b"Version: 1\n\n", "a package has no proper name"),
        (b"Package: ../etc\nVersion: 1\n\n", "a package has no proper name"),
        (b"Package: a\nPackage: b\nVersion: 1\n\n", "a package states package twice"),
        (b"Package: a\nVersion: 1\n\n\0\0\0\n", "line 4 is no field of a package"),
        (b"\x7fELF", "line 1 is no field of a package; it ends in the middle of a line, so it was cut"),
        (b"Package: a\nVersion:\n" + b" 1\n" * 2000, "a field of a package is longer than 1,024 bytes"),
        (b"Package: a\nVersion: " + b"1" * 2000 + b"\n", "a field of a package is longer than 1,024 bytes"),
    ],
)
def test_damage_is_told(data: bytes, reason: str) -> None:
    """A database that was cut, overwritten or forged is not taken as complete."""
    assert _status(data).reason == reason


def test_a_cut_database_keeps_what_was_read() -> None:
    """The packages above the cut are named."""
    assert _status(_REAL[:-40]).packages[0] == ("libc6", "2.36-9+deb12u10", "glibc")


def test_undecodable_bytes_are_made_printable() -> None:
    """A version can be any bytes; the record is text."""
    assert _status(b"Package: a\nVersion: 1\xff\\2\n\n").packages == [("a", "1\\xff\\\\2", "a")]


def test_a_million_packages_are_refused() -> None:
    """The cap is told."""
    found = _status(b"Package: a\nVersion: 1\n\n" * 300_000)
    assert len(found.packages) == MAX_PACKAGES
    assert found.reason == "more than 200,000 packages; the rest was not read"


def test_distroless_packages_stand_in_files_of_their_own() -> None:
    """They state no status, and may lack the last line feed."""
    found = read_database("var/lib/dpkg/status.d/tzdata", b"Package: tzdata\nVersion: 2024a-0+deb12u1\nDescription: x")
    assert (found.packages, found.reason) == ([("tzdata", "2024a-0+deb12u1", "tzdata")], "")


def test_a_distroless_file_without_package_is_told() -> None:
    """An emptied file hides its package."""
    assert read_database("var/lib/dpkg/status.d/tzdata", b"").reason == "it names no package"


def test_md5sums_give_owned_paths() -> None:
    """Paths stand below the root."""
    data = b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/env\nd41d8cd98f00b204e9800998ecf8427e  ./usr/bin/a b\n"
    found = read_database("var/lib/dpkg/status.d/coreutils.md5sums", data)
    assert unpack_paths(found.owned) == ["/usr/bin/env", "/usr/bin/a b"]
    assert (found.ecosystem, found.packages, found.reason) == ("deb", [], "")


def test_lists_give_owned_paths_and_scripts_without_their_folders() -> None:
    """A folder of its own stays; a folder that the next path lies in goes."""
    data = b"/.\n/usr\n/usr/bin\n/usr/bin/dash\n/usr/bin/da\n/etc/x\xff\n/var\n/var/empty\n"
    found = read_database("var/lib/dpkg/info/dash:amd64.list", data)
    assert unpack_paths(found.owned) == [
        "/usr/bin/dash",
        "/usr/bin/da",
        "/etc/x\\xff",
        "/var/empty",
        "/var/lib/dpkg/info/dash:amd64.config",
        "/var/lib/dpkg/info/dash:amd64.postinst",
        "/var/lib/dpkg/info/dash:amd64.postrm",
        "/var/lib/dpkg/info/dash:amd64.preinst",
        "/var/lib/dpkg/info/dash:amd64.prerm",
    ]
    assert found.reason == ""


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("var/lib/dpkg/info/a.list", b"usr/bin/a\n", "a line is no absolute path"),
        ("var/lib/dpkg/info/a.list", b"/usr/bin/a\0/usr/bin/b\n", "an owned path holds a NUL byte"),
        ("var/lib/dpkg/status.d/a.md5sums", b"usr/bin/a\n", "a line is no digest with a path"),
    ],
)
def test_damaged_lists_are_told(path: str, data: bytes, reason: str) -> None:
    """What cannot be read owns nothing."""
    found = read_database(path, data)
    assert found.reason == reason
    assert not any(name.startswith("/usr/") for name in unpack_paths(found.owned))


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="needs dpkg-query as the oracle")
def test_this_system_is_read_as_dpkg_query_reads_it() -> None:
    """Every installed package, its version and its source package agree with dpkg's own tool."""
    shown = "${Package}\t${Version}\t${source:Package}\t${db:Status-Status}\n"
    printed = subprocess.run(["dpkg-query", "-W", "-f", shown], capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in printed.splitlines()]
    expected = sorted(tuple(row[:3]) for row in rows if row[3] not in ("not-installed", "config-files"))
    found = _status(Path("/var/lib/dpkg/status").read_bytes())
    assert (sorted(found.packages), found.reason) == (expected, "")
