"""rpm's databases: what its own tool wrote, headers made by hand, and formats that are not read."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import pytest
import zstandard

from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.packages.reading import oversized, read_database, unpack_paths, wanted

_PATH = "var/lib/rpm/rpmdb.sqlite"
#: Written by rpm 4.18 of Debian 12 from three packages made for this test.
_REAL = zstandard.decompress((Path(__file__).parent / "rpmdb.sqlite.zst").read_bytes())
_NAME, _VERSION, _RELEASE, _EPOCH, _SOURCE = 1000, 1001, 1002, 1003, 1044
_INDEXES, _BASES, _FOLDERS, _OLD = 1116, 1117, 1118, 1027
Tags = dict[int, tuple[int, int, bytes]]


def _text(value: bytes) -> tuple[int, int, bytes]:
    return 6, 1, value + b"\0"


def _texts(*values: bytes) -> tuple[int, int, bytes]:
    return 8, len(values), b"".join(value + b"\0" for value in values)


def _numbers(*values: int) -> tuple[int, int, bytes]:
    return 4, len(values), struct.pack(f">{len(values)}I", *values)


def _header(tags: Tags) -> bytes:
    index, store = b"", b""
    for tag, (kind, count, value) in tags.items():
        index += struct.pack(">IIII", tag, kind, len(store), count)
        store += value
    return struct.pack(">II", len(tags), len(store)) + index + store


_BASH: Tags = {
    _NAME: _text(b"bash"),
    _VERSION: _text(b"5.1.8"),
    _RELEASE: _text(b"6.el9"),
    _SOURCE: _text(b"bash-5.1.8-6.el9.src.rpm"),
    _INDEXES: _numbers(0, 1),
    _BASES: _texts(b"bash", b"x\xff"),
    _FOLDERS: _texts(b"/usr/bin/", b"/etc/"),
}


def _database(*blobs: bytes | None, schema: str = "", then: str = "") -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute(schema or "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB)")
        connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
        connection.executescript(then)
        connection.commit()
        data = connection.serialize()
    connection.close()
    return data


def _read(*blobs: bytes | None) -> DatabaseFile:
    return read_database(_PATH, _database(*blobs))


def test_a_database_of_rpm_is_read() -> None:
    """Epoch, tilde, a source of another name, a package without files, a header over many pages, write-ahead mode."""
    found = read_database(_PATH, _REAL)
    assert sorted(found.packages) == [
        ("alpha", "2:1.2-3", "alpha"),
        ("beta-tools", "7~rc1-1.el9", "beta-tools"),
        ("gamma", "7~rc1-1.el9", "beta-tools"),
    ]
    expected = ["/etc/alpha", *(f"/etc/alpha/conf-{n}" for n in range(1, 121)), "/usr/bin/alpha", "/usr/bin/beta"]
    assert sorted(unpack_paths(found.owned)) == sorted(expected)
    assert (found.ecosystem, found.reason) == ("rpm", "")


@pytest.mark.parametrize("folder", ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"])
def test_all_its_places_are_known(folder: str) -> None:
    """Distributions keep it at three places."""
    assert len(read_database(f"{folder}/rpmdb.sqlite", _REAL).packages) == 3


def test_names_versions_and_paths_come_from_the_header() -> None:
    """Undecodable bytes of a path are made printable."""
    found = _read(_header(_BASH))
    assert (found.packages, found.reason) == ([("bash", "5.1.8-6.el9", "bash")], "")
    assert unpack_paths(found.owned) == ["/usr/bin/bash", "/etc/x\\xff"]


def test_an_epoch_stands_before_the_version() -> None:
    """As rpm prints EVR, zero too when it is stated."""
    found = _read(_header({**_BASH, _EPOCH: _numbers(1)}), _header({**_BASH, _EPOCH: _numbers(0)}))
    assert [version for _, version, _ in found.packages] == ["1:5.1.8-6.el9", "0:5.1.8-6.el9"]


def test_keys_are_no_packages() -> None:
    """rpm keeps the keys it trusts as packages without files."""
    found = _read(_header({_NAME: _text(b"gpg-pubkey"), _VERSION: _text(b"1"), _RELEASE: _text(b"2")}))
    assert (found.packages, found.reason) == ([], "")


def test_old_lists_of_files_are_read() -> None:
    """Packages of rpm 3 state whole paths."""
    tags = {tag: _BASH[tag] for tag in (_NAME, _VERSION, _RELEASE)}
    assert unpack_paths(_read(_header({**tags, _OLD: _texts(b"/bin/a", b"/bin/b")})).owned) == ["/bin/a", "/bin/b"]


def test_a_source_package_that_is_not_named_is_empty() -> None:
    """`(none)` and other odd texts name none."""
    assert _read(_header({**_BASH, _SOURCE: _text(b"(none)")})).packages[0][2] == ""


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (b"", "a row of its table Packages holds no package"),
        (b"\0\0\0\1", "a package's header was cut"),
        (_header(_BASH)[:-1], "a package's header was cut"),
        (b"\xff" * 64, "a package's header was cut"),
        (_header({**_BASH, _RELEASE: _text(b"")}), "a package has no name, version or release"),
        (
            _header({**_BASH, _NAME: _numbers(1)}),
            "the tag 1000 of a package's header is of another type or lies outside it",
        ),
        (
            _header({**_BASH, _OLD: (8, 1 << 30, b"a\0")}),
            "the tag 1027 of a package's header is of another type or lies outside it",
        ),
        (
            _header({_VERSION: _text(b"1"), _RELEASE: _text(b"1"), _NAME: (6, 1, b"a" * 2000 + b"\0")}),
            "the tag 1000 of a package's header is longer than 1,024 bytes, or not ended",
        ),
        (_header({**_BASH, _INDEXES: _numbers(0, 7)}), "a package's list of files contradicts itself"),
        (_header({**_BASH, _INDEXES: _numbers(0)}), "a package's list of files contradicts itself"),
        (
            _header({**_BASH, _BASES: (8, 600_000, b"\0" * 600_000)}),
            "the tag 1117 of a package's header states more than 500,000 texts",
        ),
    ],
)
def test_damaged_headers_are_told(blob: bytes, reason: str) -> None:
    """What was read before stays; the database is not taken as complete."""
    found = _read(_header(_BASH), blob or None)
    assert (found.packages[0], found.reason) == (("bash", "5.1.8-6.el9", "bash"), reason)


def test_long_folders_with_many_names_are_refused() -> None:
    """A small header may not stand for gigabytes of paths."""
    many = {**_BASH, _INDEXES: _numbers(*[0] * 50_000), _BASES: _texts(*[b"a"] * 50_000), _FOLDERS: _texts(b"/" * 9000)}
    assert _read(_header(many)).reason == "more than 500,000 owned paths or 32 MiB of them; the rest was not read"


@pytest.mark.parametrize(
    ("schema", "then", "reason"),
    [
        ("CREATE TABLE Other (a)", "", "it has no table Packages"),
        (
            "CREATE TABLE Other (a)",
            "CREATE VIEW Packages AS SELECT 1, zeroblob(1000000000)",
            "it has no table Packages",
        ),
        (
            "CREATE TABLE Packages (hnum TEXT PRIMARY KEY, blob BLOB) WITHOUT ROWID",
            "INSERT INTO Packages VALUES ('a', 'b')",
            "is of no table",
        ),
        ("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY)", "INSERT INTO Packages VALUES (1)", "holds no package"),
        ("CREATE TABLE Packages (a, b)", "INSERT INTO Packages VALUES (1, 2.5)", "holds no package"),
        ("CREATE TABLE Packages (a, b)", "PRAGMA encoding; INSERT INTO Packages VALUES (1, 'text')", "was cut"),
    ],
)
def test_other_schemas_are_told(schema: str, then: str, reason: str) -> None:
    """No view, virtual table or trigger of the file is ever run."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"{schema};{then}")
    data = connection.serialize()
    connection.close()
    found = read_database(_PATH, data)
    assert found.packages == []
    assert found.reason.endswith(reason)


def test_triggers_and_generated_columns_do_nothing() -> None:
    """They belong to an SQL engine, and none is asked."""
    then = (
        "CREATE TRIGGER t AFTER INSERT ON Packages BEGIN DELETE FROM Packages; END; CREATE INDEX i ON Packages (blob)"
    )
    found = read_database(_PATH, _database(_header(_BASH), then=then))
    assert (len(found.packages), found.reason) == (1, "")


@pytest.mark.parametrize("length", [0, 16, 99, 100, 4096, 5000, 100_000, len(_REAL) - 1])
def test_a_cut_database_is_told(length: int) -> None:
    """Wherever it ends."""
    assert read_database(_PATH, _REAL[:length]).reason


def test_an_empty_log_is_no_reason() -> None:
    """rpm leaves an empty write-ahead log; SQLite a journal whose head is zeroed."""
    assert read_database(f"{_PATH}-wal", b"").reason == ""
    assert read_database(f"{_PATH}-wal", b"\0" * 32).reason == ""
    assert read_database(f"{_PATH}-journal", b"\0" * 30).reason == ""


def test_changes_beside_the_database_are_a_reason() -> None:
    """What stands in a log only would be missed."""
    assert wanted(f"{_PATH}-wal") == 32
    assert "changes that are not in rpmdb.sqlite" in oversized(f"{_PATH}-wal", 5000).reason
    assert "changes" in read_database(f"{_PATH}-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\0").reason


@pytest.mark.parametrize("name", ["Packages", "Packages.db"])
def test_older_formats_are_told_whatever_their_size(name: str) -> None:
    """They are recognised, and the reason says how to go on."""
    path = f"var/lib/rpm/{name}"
    for found in (read_database(path, b"x"), oversized(path, 1 << 30)):
        assert found.ecosystem == "rpm"
        assert "is not read by this version; convert it" in found.reason


_ROW = "bash\t5.1.8-4.cm2\t1700000000\t1690000000\tSomebody\t(none)\t8000\tx86_64\t0\tbash-5.1.8-4.cm2.src.rpm"


def test_the_manifest_of_distroless_mariner_is_read() -> None:
    """One package a line; the epoch stands in a column of its own."""
    other = _ROW.replace("(none)", "1").replace("bash", "dbus", 1)
    found = read_database("var/lib/rpmmanifest/container-manifest-2", f"{_ROW}\n{other}\n".encode())
    assert found.packages == [("bash", "5.1.8-4.cm2", "bash"), ("dbus", "1:5.1.8-4.cm2", "bash")]
    assert found.reason == ""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_ROW[:-20].encode(), "it ends in the middle of a line, so it was cut"),
        (b"bash\t5.1\n", "a line has not the ten columns of a package"),
        (b"\t" * 9 + b"\n", "a line has not the ten columns of a package"),
    ],
)
def test_a_damaged_manifest_is_told(data: bytes, reason: str) -> None:
    """Cut lines and other columns."""
    assert read_database("var/lib/rpmmanifest/container-manifest-2", data).reason == reason
