"""The body of a PAX extended header: bytes in, records and extended attributes out."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes


def pax_records(body: bytes) -> tuple[dict[bytes, bytes], int]:
    """The records `LENGTH KEY=VALUE\\n`, and how many there are. The last of a key counts.

    Raises:
        ValueError: a record's length is wrong (0 among others, CVE-2019-20907), or it is no KEY=VALUE.
    Source: POSIX.1-2017 pax, "pax Extended Header".
    """
    records: dict[bytes, bytes] = {}
    at = count = 0
    while at < len(body):
        space = body.find(b" ", at, at + 12)
        digits = body[at:space] if space > at else b""
        end = at + int(digits) if digits.isdigit() else at
        if space < 0 or end <= space or end > len(body) or body[end - 1] != 0x0A:
            raise ValueError("an extended header with a record of a wrong length")
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if not key or not equals or b"\0" in key:
            raise ValueError("an extended header with a record that is no KEY=VALUE")
        records[key] = value
        at = end
        count += 1
    return records, count


def xattrs(records: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Extended attributes by name; libarchive's spelling counts where the one that runtimes read is not given."""
    found: dict[bytes, bytes] = {}
    for key, value in records.items():
        if key.startswith(b"SCHILY.xattr."):
            found[key[13:]] = value
        elif key.startswith(b"LIBARCHIVE.xattr."):
            try:
                found.setdefault(unquote_to_bytes(key[17:]), b64decode(value + b"=" * (-len(value) % 4)))
            except Base64Error:
                continue  # no runtime reads it, so there is nothing to miss
    return found
