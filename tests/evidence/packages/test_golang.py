"""Build information of Go programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.evidence.packages.golang import MAGIC, packages

_MARK = bytes(range(16))


def _varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _built(version: bytes, lines: bytes, *, flags: int = 2) -> bytes:
    modules = _MARK + lines + _MARK if lines else b""
    header = (MAGIC + bytes([8, flags])).ljust(32, b"\0")
    return header + _varint(len(version)) + version + _varint(len(modules)) + modules


_LINES = (
    b"path\texample.org/app/cmd/app\n"
    b"mod\texample.org/app\t(devel)\t\n"
    b"dep\tgolang.org/x/text\tv0.14.0\th1:abc=\n"
    b"dep\texample.org/old\tv1.0.0\n=>\texample.org/new\tv1.0.1\th1:def=\n"
    b"dep\texample.org/local\tv0.0.0\n=>\t./local\t(devel)\t\n"
    b"build\t-compiler=gc\n"
)


def test_modules_replacements_and_the_standard_library_are_named() -> None:
    """A replaced module stands as its replacement, but keeps its path where that is a folder."""
    assert packages(_built(b"go1.22.5 X:boringcrypto", _LINES)) == [
        ("example.org/app", "(devel)", ""),
        ("golang.org/x/text", "v0.14.0", ""),
        ("example.org/new", "v1.0.1", ""),
        ("example.org/local", "(devel)", ""),
        ("stdlib", "go1.22.5", ""),
    ]


def test_a_program_without_modules_names_the_standard_library() -> None:
    """Go's own commands carry no module lines."""
    assert packages(_built(b"go1.22.5", b"")) == [("stdlib", "go1.22.5", "")]


def test_what_follows_is_passed_over() -> None:
    """The caller hands in more bytes than belong to it."""
    assert packages(_built(b"go1.22.5", _LINES) + b"\0\xff" * 1000) == packages(_built(b"go1.22.5", _LINES))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fELF",
        MAGIC,
        _built(b"go1.22.5", _LINES)[:-1],
        _built(b"go1.22.5", _LINES)[:40],
        _built(b"go1.17", _LINES, flags=0),
        _built(b"", _LINES),
        _built(b"go1.22.5", b"=>\tx\tv1\n"),
        _built(b"go1.22.5", b"mod\t\n"),
        _built(b"go1.22.5", b"mod\ta\n=>\tb\tv1\n=>\tc\tv1\n"),
        _built(b"go1.22.5", b"dep\t" + b"a" * 5000 + b"\tv1\n"),
        _built(b"go1.22.5", b"dep\ta\tv1\n" * 20_001),
        MAGIC + b"\x08\x02" + bytes(16) + b"\xff" * 1000,
        (MAGIC + b"\x08\x02").ljust(32, b"\0") + b"\xff\xff\xff\xff\x7f" + b"a" * 100,
    ],
)
def test_what_is_not_whole_is_refused(data: bytes) -> None:
    """Cut, old, empty or forged build information gives no list rather than a short one."""
    assert packages(data) is None


@given(st.binary(max_size=200))
def test_no_bytes_raise(tail: bytes) -> None:
    """Whatever stands behind the magic."""
    packages(MAGIC + tail)
    packages((MAGIC + b"\x08\x02").ljust(32, b"\0") + tail)


@pytest.mark.skipif(shutil.which("go") is None, reason="needs go as the oracle")
def test_a_program_is_read_as_go_reads_it() -> None:
    """The version agrees with `go version` on Go's own program."""
    program = Path(shutil.which("go") or "").resolve()
    printed = subprocess.run(["go", "version", str(program)], capture_output=True, text=True, check=True).stdout
    data = program.read_bytes()
    found = [packages(data[at.start() : at.start() + (1 << 20)]) for at in re.finditer(re.escape(MAGIC), data)]
    assert [modules for modules in found if modules] == [[("stdlib", printed.split()[-1], "")]]
