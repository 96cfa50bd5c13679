"""The rows of one table of an SQLite file, read from its pages without an SQL engine.

The file is an attacker's as likely as not. Walking one table's pages, each at most once, needs no second and third
copy of the file in memory, takes no schema, trigger or view of the file into an engine, and ends in linear time.
Source: "Database File Format", sqlite.org/fileformat2.html, 1.3 to 1.6, 2.1 and 2.6.
"""

from __future__ import annotations

from collections.abc import Iterator

MAGIC = b"SQLite format 3\x00"
_LEAF, _INTERIOR = 13, 5
_UTF8 = 1
#: Most bytes of one row. rpm's largest headers (a kernel's) have some 3 MB.
MAX_ROW = 16 << 20
#: Most columns of a row that are looked at.
_MAX_COLUMNS = 32
#: Bytes of the integers of serial types 1 to 6.
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}

Value = bytes | int | None


class BrokenError(Exception):
    """The file does not keep to the format; the message says where, in words."""


class Database:
    """A file whose pages are walked."""

    def __init__(self, data: bytes) -> None:
        """Read the file header.

        Raises:
            BrokenError: it is no SQLite file of UTF-8 texts, or it was cut.
        """
        if len(data) < 100 or not data.startswith(MAGIC):
            raise BrokenError("it is no SQLite file")
        size = int.from_bytes(data[16:18], "big")
        self._page_size = 65536 if size == 1 else size
        if self._page_size < 512 or self._page_size & (self._page_size - 1):
            raise BrokenError(f"it states pages of {size:,} bytes")
        self._usable = self._page_size - data[20]
        if self._usable < 480:
            raise BrokenError(f"it states {data[20]} reserved bytes of each page")
        if int.from_bytes(data[56:60], "big") != _UTF8:
            raise BrokenError("its texts are not UTF-8")
        stated = int.from_bytes(data[28:32], "big") if data[24:28] == data[92:96] else 0
        self._pages = len(data) // self._page_size
        if stated > self._pages:
            raise BrokenError(f"it states {stated:,} pages and has {self._pages:,}, so it was cut")
        self._data = data

    def rows(self, table: str) -> Iterator[list[Value]]:
        """The columns of every row of a table, by row id. Texts are bytes; floating-point numbers are None.

        Raises:
            BrokenError: there is no such table, or its pages do not keep to the format.
        """
        name = table.encode()
        for row in self._walk(1):
            if len(row) >= 4 and row[0] == b"table" and row[1] == name and isinstance(row[3], int):
                if row[3] < 2:
                    raise BrokenError(f"the table {table} has no pages of its own")
                return self._walk(row[3])
        raise BrokenError(f"it has no table {table}")

    def _walk(self, root: int) -> Iterator[list[Value]]:
        seen: set[int] = set()
        stack = [root]
        while stack:
            number = stack.pop()
            start = self._page(number, seen)
            header = start + 100 if number == 1 else start
            kind = self._data[header]
            cells = self._cells(start, header, 12 if kind == _INTERIOR else 8)
            if kind == _INTERIOR:
                stack.append(self._integer(header + 8))
                stack.extend(self._integer(cell) for cell in reversed(cells))
            elif kind == _LEAF:
                for cell in cells:
                    yield _columns(self._payload(cell, start + self._usable, seen))
            else:
                raise BrokenError(f"page {number:,} is of no table")

    def _page(self, number: int, seen: set[int]) -> int:
        """Where a page begins that is read for the first time."""
        if not 1 <= number <= self._pages:
            raise BrokenError(f"it names page {number:,} of {self._pages:,}")
        if number in seen:
            raise BrokenError(f"page {number:,} is named twice")
        seen.add(number)
        return (number - 1) * self._page_size

    def _cells(self, start: int, header: int, length: int) -> list[int]:
        count = int.from_bytes(self._data[header + 3 : header + 5], "big")
        first = header + length
        if first + 2 * count > start + self._usable:
            raise BrokenError("a page states more cells than it can hold")
        pointers = self._data[first : first + 2 * count]
        cells = [start + int.from_bytes(pointers[at : at + 2], "big") for at in range(0, 2 * count, 2)]
        if len(set(cells)) != count or any(not first + 2 * count <= cell < start + self._usable - 3 for cell in cells):
            raise BrokenError("a cell lies outside its page, or is named twice")
        return cells

    def _integer(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 4], "big")

    def _payload(self, cell: int, end: int, seen: set[int]) -> bytes:
        """The bytes of a row: those in its cell, and those on the pages that it overflows to."""
        length, at = _varint(self._data, cell, end)
        _, at = _varint(self._data, at, end)
        if length > MAX_ROW:
            raise BrokenError(f"a row has {length:,} bytes, more than the {MAX_ROW:,} that are read")
        local = self._local(length)
        parts = [self._data[at : at + local]]
        if at + local + (4 if length > local else 0) > end:
            raise BrokenError("a row reaches over the end of its page")
        following, left = self._integer(at + local), length - local
        while left:
            start = self._page(following, seen)
            part = min(left, self._usable - 4)
            parts.append(self._data[start + 4 : start + 4 + part])
            following, left = self._integer(start), left - part
        return b"".join(parts)

    def _local(self, length: int) -> int:
        """How many bytes of a row stand in its cell."""
        if length <= self._usable - 35:
            return length
        least = (self._usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (self._usable - 4)
        return local if local <= self._usable - 35 else least


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = 0
    for position in range(at, min(at + 8, end)):
        byte = data[position]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + 1
    if at + 8 >= end:
        raise BrokenError("a number reaches over the end of its page")
    return value << 8 | data[at + 8], at + 9


def _columns(record: bytes) -> list[Value]:
    """The values of a record."""
    if not record:
        raise BrokenError("a row is empty")
    header, position = _varint(record, 0, len(record))
    body = header
    if not position <= header <= len(record):
        raise BrokenError("the header of a row is longer than the row")
    values: list[Value] = []
    while position < header and len(values) < _MAX_COLUMNS:
        kind, position = _varint(record, position, header)
        length = _length(kind)
        if body + length > len(record):
            raise BrokenError("a column reaches over the end of its row")
        raw = record[body : body + length]
        body += length
        if kind >= 12:
            values.append(raw)
        elif kind in _INTEGER_BYTES:
            values.append(int.from_bytes(raw, "big", signed=True))
        else:
            values.append({8: 0, 9: 1}.get(kind))
    return values


def _length(kind: int) -> int:
    """The bytes of a column of a serial type."""
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else _INTEGER_BYTES.get(kind, 0)
