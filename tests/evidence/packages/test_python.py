"""Installed Python packages: metadata, and the lists of their files."""

from __future__ import annotations

import pytest

from compliance.evidence.packages.reading import read_database, unpack_paths, wanted

_SITE = "usr/local/lib/python3.11/site-packages"
_METADATA = b"""\
Metadata-Version: 2.1
Name: Foo.Bar__baz
Version: 1.2.post3
Requires-Dist: other

Name: not-a-field
Version: 9
"""


@pytest.mark.parametrize(
    "path",
    [
        f"{_SITE}/Foo.Bar__baz-1.2.post3.dist-info/METADATA",
        f"{_SITE}/foo.egg-info/PKG-INFO",
        f"{_SITE}/foo-1.2.egg/EGG-INFO/PKG-INFO",
        "usr/lib/python3/dist-packages/foo-1.2.egg-info",
        "opt/app/foo-1.2.dist-info/METADATA",
        "foo-1.2.dist-info/METADATA",
    ],
)
def test_installed_packages_are_read(path: str) -> None:
    """The name is normalised; a field below the header does not count; `pip install --target` counts."""
    found = read_database(path, _METADATA)
    assert (found.ecosystem, found.packages, found.reason) == ("pypi", [("foo-bar-baz", "1.2.post3", "")], "")


@pytest.mark.parametrize(
    "path",
    [
        f"{_SITE}/setuptools/_vendor/foo-1.2.dist-info/METADATA",
        f"{_SITE}/foo/METADATA",
        "src/app/foo.egg-info/PKG-INFO",
        "src/foo.egg-info",
        "METADATA",
        f"{_SITE}/foo/RECORD",
        "var/log/installed-files.txt",
        f"{_SITE}/foo-1.2/EGG-INFO/PKG-INFO",
    ],
)
def test_other_files_are_no_databases(path: str) -> None:
    """Copies inside a package, source trees and files of the same name are no installed packages."""
    assert wanted(path) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it has no name or no version"),
        (b"Name: a\n", "it has no name or no version"),
        (b"Name: a\n\nVersion: 1\n", "it has no name or no version"),
        (b"Name: a\0\nVersion: 1\n", "it has no name or no version"),
        (b"Name: a\nName: b\nVersion: 1\n", "it states name twice"),
        (b"Name: " + b"a" * 2000 + b"\nVersion: 1\n", "its name or version is longer than 1,024 bytes"),
    ],
)
def test_damage_is_told(data: bytes, reason: str) -> None:
    """A package without name or version cannot be compared with anything."""
    assert read_database(f"{_SITE}/a-1.dist-info/METADATA", data).reason == reason


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    """Some build tools write them."""
    data = b"\xef\xbb\xbfName: a\r\nVersion: 1\r\n\r\nVersion: 2\r\n"
    assert read_database(f"{_SITE}/a-1.dist-info/METADATA", data).packages == [("a", "1", "")]


def test_a_record_gives_owned_paths() -> None:
    """Relative to site-packages, clamped at the root; compiled files are left out; quotes are taken off."""
    data = (
        b"../../../bin/foo,sha256=abc,216\r\n"
        b"foo/__init__.py,sha256=abc,0\n"
        b"foo/__pycache__/__init__.cpython-311.pyc,,\n"
        b'"foo/a,b.so",sha256=abc,10\n'
        b"/usr/bin/bar,,\n"
        b"../../../../../../../../etc/x,,\n"
        b"foo-1.2.dist-info/RECORD,,\n"
    )
    found = read_database(f"{_SITE}/foo-1.2.dist-info/RECORD", data)
    assert unpack_paths(found.owned) == [
        "/usr/local/bin/foo",
        f"/{_SITE}/foo/__init__.py",
        f"/{_SITE}/foo/a,b.so",
        "/usr/bin/bar",
        "/etc/x",
        f"/{_SITE}/foo-1.2.dist-info/RECORD",
    ]
    assert (found.packages, found.reason) == ([], "")


def test_a_record_at_the_root_gives_paths_of_the_root() -> None:
    """`pip install --target /` is odd, and possible."""
    assert unpack_paths(read_database("a-1.dist-info/RECORD", b"a.py,,\n").owned) == ["/a.py"]


def test_files_of_an_egg_info_are_relative_to_it() -> None:
    """setuptools writes them from the folder of the list on."""
    found = read_database(f"{_SITE}/foo.egg-info/installed-files.txt", b"../foo.py\n../../../../bin/foo\nPKG-INFO\n")
    assert unpack_paths(found.owned) == [
        f"/{_SITE}/foo.py",
        "/usr/local/bin/foo",
        f"/{_SITE}/foo.egg-info/PKG-INFO",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"../" * 2000 + b"a,,\n", "a path is longer than 4,096 characters"),
        (b"a\0b,,\n", "an owned path holds a NUL byte"),
        (b"a,,\n" * 600_000, "more than 500,000 owned paths or 32 MiB of them; the rest was not read"),
    ],
)
def test_hostile_records_are_told(data: bytes, reason: str) -> None:
    """Caps, each with its words."""
    assert read_database(f"{_SITE}/a-1.dist-info/RECORD", data).reason == reason


def test_an_unended_quote_is_no_failure() -> None:
    """A line of quotes longer than the CSV reader takes owns nothing."""
    assert read_database(f"{_SITE}/a-1.dist-info/RECORD", b'"' * 300_000).owned == b""
