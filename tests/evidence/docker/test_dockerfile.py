"""The reader of Dockerfiles: syntax as BuildKit takes it, what is hidden, and what is refused."""

from __future__ import annotations

import time

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.dockerfile import MAX_FILE, READER, redact_dockerfile
from compliance.evidence.dockerfile_syntax import MAX_INSTRUCTION, MAX_INSTRUCTIONS
from compliance.model.docker import Dockerfile
from tests.evidence.docker.reading import only, read

SECRET = "correct-horse-9"


def dockerfile(text: str | bytes) -> Dockerfile:
    data = text.encode() if isinstance(text, str) else text
    assert READER.identify(data[:65536])
    return only(read(READER, data, "web/Dockerfile"), Dockerfile)


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\n",
        "# syntax=docker/dockerfile:1\n\nARG A=1\nARG B\nfrom --platform=linux/amd64 debian:${A} as Build\nrun x\n",
        "\ufeff# escape=`\r\nFROM debian:12\r\nRUN x\r\n",
        "FROM scratch\n# a comment\nCOPY a /a\n",
    ],
    ids=["shortest", "directive", "mark", "comment"],
)
def test_build_files_are_recognised_by_content(text: str) -> None:
    """Comments, directives and ARG may stand before FROM; keywords have no case."""
    assert READER.identify(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a\nFROM b\n",
        "FROM users\nWHERE id = 1\n",
        "from os import path\nRUN = 1\n",
        "From here on we go\n",
        "From: a@example.com\nTo: b\n",
        "apiVersion: v1\nkind: Pod\n",
        "FROM a\n\x00",
        "RUN make\nFROM debian\n",
        "",
    ],
)
def test_other_texts_are_not_taken(text: str) -> None:
    """The word FROM alone makes no build file."""
    assert not READER.identify(text.encode())


def test_lines_that_go_on_are_one_instruction() -> None:
    """Comments and empty lines inside are passed over; a doubled backslash does not go on."""
    made = dockerfile("FROM a\nRUN one \\\n  # not this\n\n  && two\\\n && three\nRUN four \\\\\nUSER 1\n")
    assert [(one.line, one.keyword) for one in made.instructions] == [(1, "FROM"), (2, "RUN"), (7, "RUN"), (8, "USER")]
    assert made.instructions[1].arguments.split() == ["one", "&&", "two", "&&", "three"]


def test_the_escape_directive_changes_what_goes_on() -> None:
    """With a backtick a backslash at the end is part of a Windows path."""
    made = dockerfile("# escape=`\nFROM a\nCOPY a c:\\\nRUN b `\n c\n")
    assert [one.arguments.split() for one in made.instructions[1:]] == [["a", "c:\\"], ["b", "c"]]


def test_here_documents_belong_to_their_instruction() -> None:
    """Several of them, quoted end words, stripped tabs; what stands in them is no instruction."""
    made = dockerfile('FROM a\nCOPY <<-A <<"B" /x/\n\tUSER 0\n\tA\nFROM b\nB\nRUN echo $((1<<2))\nUSER 1\n')
    assert [one.keyword for one in made.instructions] == ["FROM", "COPY", "RUN", "USER"]
    assert made.instructions[1].heredoc
    assert "USER 0\nFROM b" in made.instructions[1].arguments
    assert not made.instructions[2].heredoc


def test_a_quoted_sign_begins_no_here_document() -> None:
    """Text in quotes is text."""
    made = dockerfile('FROM a\nRUN echo "a <<EOF b"\nUSER 1\n')
    assert [one.keyword for one in made.instructions] == ["FROM", "RUN", "USER"]


def test_stages_know_their_base_and_each_other() -> None:
    """Build arguments before FROM are put in, names have no case, and what ships includes the stages it continues."""
    made = dockerfile(
        "ARG BASE=debian\nARG TAG\nARG FULL=${BASE}:${TAG:-12}\n"
        "FROM $FULL AS Base\nUSER 1\nFROM golang AS build\nUSER 2\nFROM base\nCOPY --from=build /a /a\nFROM ${TAG}\n"
    )
    assert [(one.base, one.base_stage) for one in made.stages] == [
        ("debian:12", None),
        ("golang", None),
        ("base", 0),
        ("${TAG}", None),
    ]
    made = dockerfile("FROM debian AS base\nUSER 1\nFROM golang\nUSER 2\nFROM base\nRUN a\n")
    assert [one.arguments for one in made.shipped()] == ["debian AS base", "1", "base", "a"]


def test_flags_and_exec_form_are_taken_apart() -> None:
    """Flags come before arguments; an array is kept as one."""
    made = dockerfile('FROM a\nCOPY --from=b --chown=1:1 x y\nCMD ["a", "b c"]\nCMD [not json\n')
    assert made.instructions[1].flags == (("--from", "b"), ("--chown", "1:1"))
    assert made.instructions[1].arguments == "x y"
    assert made.instructions[2].exec_form == ("a", "b c")
    assert made.instructions[3].exec_form is None


@pytest.mark.parametrize(
    "row",
    [
        f"ENV DB_PASSWORD={SECRET}",
        f"ENV DB_PASSWORD {SECRET}",
        f'ENV A=b API_TOKEN="{SECRET}" C=d',
        f"ARG API_TOKEN={SECRET}",
        f"LABEL api_token={SECRET}",
        f"RUN curl -u bob:{SECRET} https://example.com",
        f"RUN mysql --password {SECRET}",
        f"RUN export DB_PASSWORD={SECRET} && make",
        f"RUN sshpass -p {SECRET} ssh a",
        f"RUN echo 'root:{SECRET}' | chpasswd",
        f"RUN git clone https://bob:{SECRET}@example.com/a",
        f'CMD ["a", "--password={SECRET}"]',
        f"ONBUILD ENV DB_PASSWORD {SECRET}",
        f"COPY <<EOF /a\npassword={SECRET}\nEOF",
        f"RUN a \\\n  && b --password={SECRET} \\\n  && c",
    ],
)
def test_no_credential_leaves_the_reader_or_a_printed_line(row: str) -> None:
    """The record holds the suspicion and not the value, and so do the lines that people are shown."""
    text = f"FROM a\n{row}\nUSER 1\n"
    made = dockerfile(text)
    assert SECRET not in repr(made)
    assert made.instructions[1].suspicion
    shown = redact_dockerfile(text.split("\n"))
    assert SECRET not in "\n".join(shown)
    assert len(shown) == len(text.split("\n"))
    assert shown[0] == "FROM a"
    assert shown[-2] == "USER 1"


def test_lines_of_a_file_that_cannot_be_read_are_not_shown() -> None:
    """What is not understood cannot be redacted."""
    assert set(redact_dockerfile(["FROM a", f"ENVV DB_PASSWORD {SECRET}"])) == {"<redacted>"}


def test_pointers_lead_to_lines() -> None:
    """`/N` is the N-th instruction from 0; anything else is the first line."""
    data = b"# a\nFROM a\n\nRUN b \\\n c\nUSER 1\n"
    assert READER.locate(data, 1, ["/0", "/1", "/2", "/9", ""]) == [2, 4, 6, 1, 1]


@pytest.mark.parametrize(
    ("data", "words", "line"),
    [
        (b"FROM a\nRUN <<EOF\nx\n", "never ends", 2),
        (b"FROM a\nRUN " + b"x" * (MAX_INSTRUCTION + 1), "longer than", 2),
        (b"FROM a\nRUN <<E\n" + b"x\n" * MAX_INSTRUCTION + b"E\n", "longer than", 2),
        (b"FROM a\n" + b"RUN x\n" * MAX_INSTRUCTIONS, "more than 10,000 instructions", MAX_INSTRUCTIONS + 1),
        (
            b"FROM a\nRUN "
            + b" ".join(b"<<E%d" % n for n in range(200))
            + b"\n"
            + b"".join(b"E%d\n" % n for n in range(200)),
            "here-documents",
            2,
        ),
        (b"FROM a\nFOO x\n", "no instruction of a Dockerfile: FOO", 2),
        (b"FROM a\nRUN \x00\n", "NUL", 2),
        (b"FROM a\nRUN \xff\n", "not UTF-8", 2),
        (b"ARG A\nRUN x\n", "before the first FROM", 2),
        (b"FROM a b\n", "FROM takes one image", 1),
        (b"# nothing\n", "no FROM", 1),
        (b"# escape=x\nFROM a\n", "escape directive", 1),
        (b"FROM a\n" + b"#" * MAX_FILE, "more than 1,048,576 bytes", 1),
    ],
    ids=[
        "open",
        "long",
        "long body",
        "many",
        "heredocs",
        "unknown",
        "nul",
        "utf-8",
        "early",
        "from",
        "none",
        "escape",
        "large",
    ],
)
def test_hostile_files_give_an_error_at_its_line(data: bytes, words: str, line: int) -> None:
    """Half of a build file proves nothing, so it gives an error and no record."""
    found = only(read(READER, data), EvidenceError)
    assert words in found.message
    assert found.line == line


@pytest.mark.parametrize(
    "row",
    ['"\\' * 30_000, "curl " * 12_000, "--key a=b " * 6_000, "echo a:b " * 6_000, "<<a " * 15_000, "\\" * 60_000],
)
def test_a_long_line_costs_little(row: str) -> None:
    """A line of 64 KB that is made to be slow is read within a second or two."""
    started = time.process_time()
    read(READER, f"FROM a\nRUN {row}\nENV {row}\n".encode())
    assert time.process_time() - started < 3


def test_build_arguments_cannot_grow_without_end() -> None:
    """Each argument doubles the one before: the base stays short."""
    text = "ARG A0=xx\n" + "".join(f"ARG A{n + 1}=$A{n}$A{n}\n" for n in range(60)) + "FROM $A60\n"
    assert len(dockerfile(text).stages[0].base) <= 1000
