"""The fields of a tar header: where they stand in its 512 bytes, what its types mean, and the member they give.

Source: POSIX.1-2017 pax "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"; libarchive tar(5).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

from compliance.evidence.image.contents import EntryType

BLOCK = 512
#: Name, mode, uid, gid, size, checksum, type, link, magic, device numbers and prefix of a block.
unpacked = struct.Struct("100s8s8s8s12s12x8s1s100s6s2x64x8s8s155s12x").unpack
ZEROS = b"\0" * BLOCK
TYPES = {
    b"\0": EntryType.FILE, b"0": EntryType.FILE, b"7": EntryType.FILE, b"S": EntryType.FILE,
    b"1": EntryType.HARDLINK, b"2": EntryType.SYMLINK, b"3": EntryType.DEVICE, b"4": EntryType.DEVICE,
    b"5": EntryType.DIRECTORY, b"6": EntryType.OTHER,
}  # fmt: skip
#: Types whose size is no data in the archive, whatever it says. Source: Go archive/tar, isHeaderOnlyType.
NO_DATA = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
PLAIN = frozenset({b"0", b"\0", b"7"})
EXTENSIONS = frozenset({b"x", b"X", b"g", b"L", b"K"})


class TarMember(NamedTuple):
    """A member as its headers say it.

    `name` and `link` are raw bytes. `mode` is the low 12 bits. `size` is the logical size in bytes: of a
    sparse file it is larger than what is stored. `number` counts members from 1. `offset` and `stored`
    are the place of its data in the stream. `device` is (major, minor) of a device, else (0, 0).
    """

    name: bytes
    type: EntryType
    mode: int
    uid: int
    gid: int
    size: int
    link: bytes
    xattrs: Mapping[bytes, bytes]
    number: int
    offset: int
    stored: int
    sparse: bool
    device: tuple[int, int]


def prefix_of(prefix: bytes, block: bytes, magic: bytes) -> bytes:
    """What stands before a name of more than 100 bytes; star keeps times behind a shorter one.

    GNU keeps two times in its place. Go wrote a prefix there before 1.8, and takes for one what are no times.
    """
    if magic != b"ustar\0" and all(_is_time(prefix[start : start + 12]) for start in (0, 12)):
        return b""
    text = (prefix[:131] if block[508:] == b"tar\0" else prefix).partition(b"\0")[0]
    return text + b"/" if text else b""


def _is_time(field: bytes) -> bool:
    """Whether a field of GNU's header is a time: nothing, octal or base-256."""
    digits = field.strip(b" \0").partition(b"\0")[0]
    return field[0] == 0 or field[0] > 127 or not digits.strip(b"01234567")


def signed_sum(block: bytes) -> int:
    made = block[:148] + b" " * 8 + block[156:]
    return sum(made) - 256 * sum(byte > 127 for byte in made)
