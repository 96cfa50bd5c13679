"""Unpacking by content: every packing gives the same bytes and digest, every lie a clear error, no bomb goes off."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import tracemalloc
import zlib
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence.image.inflating import FREE, RATIO, Unpacking, compression_of
from compliance.model.image import Compression

DATA = random.Random(7).randbytes(50_000) + b"text " * 200_000  # noqa: S311 - any bytes
SKIPPABLE = b"\x5a\x2a\x4d\x18" + (9).to_bytes(4, "little") + b"whatever!"


def zstd(data: bytes, **more: bool) -> bytes:
    return zstandard.ZstdCompressor(level=3, **more).compress(data)


def unpack(blob: bytes, **more: int) -> tuple[bytes, Unpacking]:
    unpacking = Unpacking(io.BytesIO(blob), path="a.tar", within="blob", **more)
    chunks = list(unpacking)
    assert all(0 < len(chunk) <= 1 << 20 for chunk in chunks)
    return b"".join(chunks), unpacking


@pytest.mark.parametrize(
    ("blob", "data", "kind"),
    [
        (DATA, DATA, Compression.NONE),
        (b"", b"", Compression.NONE),
        (gzip.compress(DATA), DATA, Compression.GZIP),
        (gzip.compress(DATA) + gzip.compress(b"") + gzip.compress(b"more"), DATA + b"more", Compression.GZIP),
        (gzip.compress(DATA) + b"\0" * 1000, DATA, Compression.GZIP),
        (zstd(DATA), DATA, Compression.ZSTD),
        (zstd(DATA, write_checksum=True), DATA, Compression.ZSTD),
        (zstd(DATA, write_content_size=False), DATA, Compression.ZSTD),
        (SKIPPABLE + zstd(DATA) + SKIPPABLE + zstd(b"more") + SKIPPABLE, DATA + b"more", Compression.ZSTD),
        (zstd(b""), b"", Compression.ZSTD),
    ],
)
def test_unpacks_by_content(blob: bytes, data: bytes, kind: Compression) -> None:
    """Bytes, count and digest are of what was packed, over members and frames; padding is no fault."""
    got, unpacking = unpack(blob)
    assert got == data
    assert unpacking.compression is kind
    assert unpacking.unpacked == len(data)
    assert unpacking.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert unpacking.notes == []


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_trailing_garbage_is_noted(pack: object) -> None:
    """What follows the packed data is not unpacked, and said."""
    assert callable(pack)
    got, unpacking = unpack(pack(DATA) + b"garbage")
    assert got == DATA
    assert unpacking.notes == [f"7 bytes after the end of the {unpacking.compression.value} data, which were not read"]


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (gzip.compress(DATA)[:-1], "blob: the gzip data are cut short after"),
        (gzip.compress(DATA)[:5], "the gzip data are cut short after 5 bytes"),
        (gzip.compress(DATA)[:-8] + b"12345678", "corrupt gzip data after"),
        (gzip.compress(DATA) + b"\x1f\x8b", "the gzip data are cut short"),
        (b"\x1f\x8b" + b"x" * 50, "corrupt gzip data"),
        (zstd(DATA)[:-1], r"corrupt zstd data after .* \(the stream is cut short\)"),
        (zstd(DATA)[:5], "the stream is cut short"),
        (zstd(DATA, write_checksum=True)[:-4] + b"1234", "corrupt zstd data"),
        (SKIPPABLE[:-2], "the stream is cut short"),
        (b"\x28\xb5\x2f\xfd\x00\x58\x07\x00\x00", "a block of a type or size that does not exist"),
        (b"\x28\xb5\x2f\xfd\x01\x58\x07\x00\x00\x00", "needs a dictionary"),
        (b"\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00", r"a window of 1,073,741,824 bytes \(allowed: 134,217,728\)"),
        (b"\xfd7zXZ\0" + b"x" * 50, "is packed with xz, which is not read; pack it with gzip or zstd"),
        (b"BZh91AY", "is packed with bzip2"),
    ],
)
def test_damaged_streams(blob: bytes, words: str) -> None:
    """Corrupt, cut short or packed otherwise: an error that says which and where."""
    with pytest.raises(EvidenceError, match=words) as caught:
        unpack(blob)
    assert caught.value.path == "a.tar"


@pytest.mark.parametrize("pack", ["gzip", "zstd", "gzip members"])
def test_bombs_end(pack: str) -> None:
    """A gigabyte of zeros in a megabyte or less ends at the cap, and memory stays small."""
    zeros = bytes(1 << 20)
    if pack == "gzip":
        packer = zlib.compressobj(1, wbits=31)
        blob = b"".join(packer.compress(zeros) for _ in range(280)) + packer.flush()
    elif pack == "zstd":
        blob = zstd(bytes(1 << 29))
    else:
        blob = gzip.compress(zeros, 9) * 280
    unpacking = Unpacking(io.BytesIO(blob), within="blob")
    tracemalloc.start()
    try:
        with pytest.raises(EvidenceError, match=f"unpacks to more than {RATIO} times its .* decompression bomb"):
            for _ in unpacking:
                pass
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert FREE < unpacking.unpacked < FREE + (2 << 20)


def test_total_is_capped() -> None:
    """The total is capped whatever the ratio, also of what is not packed."""
    for blob in (DATA, gzip.compress(DATA)):
        with pytest.raises(EvidenceError, match="unpacks to more than 1,000 bytes, which is the most"):
            unpack(blob, most=1000, free=1000)


def test_many_empty_members() -> None:
    """Members and frames without content are passed over in time that grows with their number, up to a cap."""
    assert unpack(gzip.compress(b"") * 20_000)[0] == b""
    assert unpack(zstd(b"") * 20_000)[0] == b""


def test_compression_of() -> None:
    assert compression_of(b"") is Compression.NONE
    assert compression_of(b"\x50\x2a\x4d\x18") is Compression.ZSTD
    assert compression_of(b"\x60\x2a\x4d\x18") is Compression.NONE


PACKED = {"gzip": gzip.compress(DATA[:60_000], mtime=0) * 2, "zstd": SKIPPABLE + zstd(DATA[:60_000]) * 2}


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(sorted(PACKED)),
    cut=st.integers(0, 130_000),
    flips=st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 7)), max_size=4),
)
def test_damaged_streams_raise_nothing_else(kind: str, cut: int, flips: list[tuple[int, int]]) -> None:
    """Cut or flipped, a stream unpacks or ends in an EvidenceError."""
    data = bytearray(PACKED[kind])
    for place, bit in flips:
        data[place % len(data)] ^= 1 << bit
    unpacking = Unpacking(io.BytesIO(bytes(data[:cut])))
    with suppress(EvidenceError):
        assert sum(map(len, unpacking)) == unpacking.unpacked
