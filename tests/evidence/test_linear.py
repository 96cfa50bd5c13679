"""No text takes the square of its length: a megabyte made to take long is read as fast as any other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance.evidence import dockerfile, kubernetes
from compliance.evidence.image.file_secrets import Place, secrets_of
from compliance.evidence.image.lists import Tool, tool, tool_named
from compliance.evidence.image.programs import BUILD_INFORMATION, Program
from compliance.evidence.lines import locate
from compliance.evidence.packages import golang
from compliance.evidence.redaction import REDACTED, redact_lines
from compliance.evidence.unrecognised import describe
from compliance.model.build_steps import lone_updates, unverified
from tests.evidence.docker.reading import read
from tests.evidence.image.laying import names, root_of

_LENGTH = 1_000_000
#: CPU seconds; the square of the length would take minutes.
_MOST = 10


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < _MOST


def _long(unit: str) -> str:
    return unit * (_LENGTH // len(unit))


@pytest.mark.parametrize(
    "row",
    [
        _long(" ") + "\t",
        "c:" + _long(" ") + '"x\n y"',
        "-" + _long(" ") + '"x\n y"',
        "c: a" + _long(" ") + "\t",
        "c: " + _long("a#") + ': \t"',
    ],
    ids=["tab", "key", "dash", "value", "comment"],
)
def test_blanks_before_what_is_no_plain_row(row: str) -> None:
    """Blanks belong to one part of a row, in one way."""
    assert locate(f"k: 1\n{row}\nb: 1\n".encode(), 1, ["/k"]) == [1]


def test_quotes_that_nothing_closes() -> None:
    """A flow mapping may hold any number of double quotes between single ones."""
    assert locate(b'{"k": 1, "a": \'"' + _long('\\"').encode() + b"', b: 1}", 1, ["/k"]) == [1]


@pytest.mark.parametrize("unit", ["!", "&", "!a&", "0", "0_", "0_1 ", "[", '"'])
@pytest.mark.parametrize("quote", ["", '"'])
def test_words_that_yaml_types_in_two_ways(unit: str, quote: str) -> None:
    """Tags, anchors and numbers of any length, and any number of them on one line."""
    read(kubernetes.READER, f"apiVersion: v1\nkind: Pod\ndata:\n  a: {quote}yes {_long(unit)}{quote}\n".encode())


def test_many_words_that_yaml_types_in_two_ways() -> None:
    """Each stands once, where it is no scalar of its own: a line is searched once for all of them."""
    words = " ".join(f"0_{number}" for number in range(100_000))
    read(kubernetes.READER, f"apiVersion: v1\nkind: Pod\ndata:\n  a: x {words}\n".encode())


@pytest.mark.parametrize("first", ["# syntax = a" + " " * 900_000 + "!", "#" + " " * 900_000 + "a"])
def test_blanks_in_a_directive_of_a_dockerfile(first: str) -> None:
    """The first rows of a Dockerfile may be directives of any length."""
    (found,) = read(dockerfile.READER, f"{first}\nFROM scratch\n".encode())
    assert isinstance(found, dockerfile.Dockerfile)


@pytest.mark.parametrize("unit", [b"\n", b" ", b"\nFROM\n", b'"SchemaVersion":2', b'"matches":[', b'"version":"2.1.0"'])
def test_a_file_that_no_reader_knows(unit: bytes) -> None:
    """What it seems to be is told from 64 KiB of anything."""
    assert describe((unit * 65_536)[:65_536], "file")


@pytest.mark.parametrize(
    "lines",
    [
        ["kind: Secret"] * 100_000,
        [*(f"{' ' * depth}value: |" for depth in range(1400)), *[""] * 500_000],
        ["- --password", "x" + " " * 1990 + "x"] * 500,
        ["kind: Secret", "data:", *["  a: x" + " " * 1980 + "x"] * 500],
        ["pass" + "-a" * 990] * 500,
        ["pass" + "a." * 990] * 500,
    ],
    ids=["secrets", "values", "arguments", "data", "flags", "names"],
)
def test_lines_to_be_redacted(lines: list[str]) -> None:
    """Files of people's formats are searched for credentials line by line."""
    assert len(redact_lines(lines)) == len(lines)


def test_what_is_within_itself_too_often_is_not_shown() -> None:
    """No line of a file is shown where it takes too long to tell which belong to a Secret."""
    assert set(redact_lines(["a: b", *["kind: Secret"] * 100_000])) == {REDACTED}


def test_a_redacted_argument_keeps_what_stands_round_it() -> None:
    """The quotes, the comma and the blanks behind a value stay."""
    lines = ['"--password",', '  "hunter2hunter2",  ', "data:", "kind: Secret"]
    assert redact_lines(lines)[1] == f'  "{REDACTED}",  '
    assert redact_lines(["kind: Secret", "data:", '  "a": "b",', "  c: d "])[2:] == (
        f'  "a": {REDACTED},',
        f"  c: {REDACTED}",
    )


@pytest.mark.parametrize("unit", ["1", "1.", "-1", "arm", "mips-", "x86_64-a-"])
def test_long_names_of_programs(unit: str) -> None:
    """A name on a list is looked for without its version and platform, in thousands of names."""
    for number in range(500):
        assert tool(f"usr/bin/{number}{unit * (4000 // len(unit))}x") is None
    assert [
        tool_named(name) for name in ("gcc-12", "x86_64-linux-gnu-gcc-12", "python3.11", "arm-none-eabi-gcc-1.2.3.4")
    ] == [
        (Tool.BUILD, "gcc"),
        (Tool.BUILD, "gcc"),
        None,
        (Tool.BUILD, "gcc"),
    ]


@pytest.mark.parametrize("unit", ["config", "settings-", "yarn", "package-", "a."])
@pytest.mark.parametrize("ending", [".txt", ".pyx", ".json/", "-"])
def test_long_names_of_settings(unit: str, ending: str) -> None:
    """Whether a file holds settings is told by its name, of up to 4,096 bytes."""
    name = unit * (4000 // len(unit)) + ending
    for _ in range(300):
        secrets_of(f"etc/{name}", name, Place.OWN, 3, b"a=b")


@pytest.mark.parametrize("unit", ["apk -]", "apt-get -x k=", "dnf -a a=", "wget|", "--setopt="])
def test_steps_that_name_a_package_manager_often(unit: str) -> None:
    """An image has hundreds of steps; each is searched for what refreshes an index and what uses it."""
    step = unit * (16_384 // len(unit))
    for _ in range(20):
        lone_updates(step)
        unverified(step)


def test_hard_links_by_the_thousand(tmp_path: Path) -> None:
    """Each hard link is laid once, in whatever order they lead to one another."""
    first = {"path": "f", "mode": "4755", "content": "x"}
    links = [{"path": f"a{number:05}", "type": "hardlink", "link": "f"} for number in range(40_000)]
    assert len(names(root_of(tmp_path, [first, *links]))) == 40_001


def test_a_program_in_pieces_of_one_byte() -> None:
    """The build information of a Go program may come in as many pieces as its layer has frames."""
    data = golang.MAGIC + b"\0\2" + bytes(BUILD_INFORMATION)
    assert Program().search(data[at : at + 1] for at in range(0, len(data))).modules is None
    whole = Program().search([golang.MAGIC, *(data[at : at + 1] for at in range(len(golang.MAGIC), len(data)))])
    assert whole.magic
