"""The walk over an SQLite file's pages, against SQLite itself and against forged files."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.evidence.packages.sqlite import MAX_ROW, BrokenError, Database, Value

_SIZES = [512, 1024, 4096, 65536]


def _made(rows: list[tuple[int | None, bytes]], page: int = 4096) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"PRAGMA page_size={page}")
    connection.execute("CREATE TABLE Packages (a, b BLOB)")
    connection.executemany("INSERT INTO Packages VALUES (?, ?)", rows)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


def _all(data: bytes) -> list[list[Value]]:
    return list(Database(data).rows("Packages"))


@pytest.mark.parametrize("page", _SIZES)
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 1, -1, 127, 128]),
            st.integers(0, 9000).map(lambda size: bytes([size % 251]) * size),
        ),
        max_size=40,
    )
)
def test_rows_are_those_that_sqlite_wrote(page: int, rows: list[tuple[int | None, bytes]]) -> None:
    """Values, overflow pages and inner pages of every page size."""
    assert _all(_made(rows, page)) == [list(row) for row in rows]


def test_thousands_of_rows_over_inner_pages_keep_their_order() -> None:
    """Three levels of pages, after deletions that left free pages."""
    connection = sqlite3.connect(":memory:")
    connection.executescript("PRAGMA page_size=512; CREATE TABLE Packages (a, b)")
    connection.executemany("INSERT INTO Packages VALUES (?, ?)", ((n, b"x" * (n % 700)) for n in range(20_000)))
    connection.execute("DELETE FROM Packages WHERE rowid % 3 = 0")
    connection.commit()
    expected = [list(row) for row in connection.execute("SELECT a, b FROM Packages ORDER BY rowid")]
    assert _all(connection.serialize()) == expected
    connection.close()


_DATA = _made([(n, bytes([n]) * 3000) for n in range(30)], 1024)


@given(st.lists(st.tuples(st.integers(0, len(_DATA) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_forged_bytes_end_with_rows_or_a_reason(changes: list[tuple[int, int]]) -> None:
    """Nothing but BrokenError, and no more rows than pages can hold."""
    data = bytearray(_DATA)
    for at, byte in changes:
        data[at] = byte
    rows: list[list[Value]] = []
    with contextlib.suppress(BrokenError):
        rows = _all(bytes(data))
    assert len(rows) < len(data)


@given(st.binary(max_size=300))
def test_any_bytes_behind_the_header_end_with_a_reason(tail: bytes) -> None:
    """A file that is the header and noise."""
    with pytest.raises(BrokenError):
        _all(_DATA[:100] + tail)


def _patched(at: int, value: bytes) -> bytes:
    return _DATA[:at] + value + _DATA[at + len(value) :]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is no SQLite file"),
        (_patched(0, b"X"), "it is no SQLite file"),
        (_patched(16, b"\x03\x00"), "it states pages of 768 bytes"),
        (_patched(16, b"\x00\x00"), "it states pages of 0 bytes"),
        (_patched(16, b"\x02\x00\x01\x01\xff"), "it states 255 reserved bytes of each page"),
        (_patched(56, b"\x00\x00\x00\x02"), "its texts are not UTF-8"),
        (_DATA[:-1024], "so it was cut"),
        (_patched(100, b"\x02"), "page 1 is of no table"),
        (_patched(103, b"\xff\xff"), "a page states more cells than it can hold"),
    ],
)
def test_forged_headers_are_told(data: bytes, words: str) -> None:
    """Each with words that say where."""
    with pytest.raises(BrokenError) as raised:
        _all(data)
    assert str(raised.value).endswith(words)


def _root() -> int:
    """Where the table's root page begins: an inner page."""
    return 1024


def test_a_page_that_is_its_own_child_is_told() -> None:
    """A cycle ends at the first page seen twice."""
    assert _DATA[_root()] == 5
    with pytest.raises(BrokenError, match=r"page 2 is named twice"):
        _all(_patched(_root() + 8, b"\x00\x00\x00\x02"))


def test_a_page_beyond_the_file_is_told() -> None:
    """Numbers of pages are checked before they are read."""
    with pytest.raises(BrokenError, match=r"it names page 4,294,967,295 of \d+"):
        _all(_patched(_root() + 8, b"\xff\xff\xff\xff"))


def test_a_row_above_the_cap_is_told() -> None:
    """Before any of its bytes are gathered."""
    data = _made([(1, bytes(MAX_ROW))], 65536)
    with pytest.raises(BrokenError, match=r"a row has 16,777,\d+ bytes, more than the 16,777,216 that are read"):
        _all(data)
