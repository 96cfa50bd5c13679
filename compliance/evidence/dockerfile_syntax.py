"""The syntax of Dockerfiles: lines in, instructions with their lines, flags and here-documents out; nothing is run.

Source: moby/buildkit frontend/dockerfile/parser and docs/reference.md, Dockerfile syntax 1.20.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from compliance.errors import EvidenceError

#: Characters of one instruction with its here-documents, and instructions of one file.
MAX_INSTRUCTION = 64 * 1024
MAX_INSTRUCTIONS = 10_000
#: Here-documents of one instruction.
MAX_HEREDOCS = 100
#: Characters that a base may grow to when build arguments are put in.
MAX_EXPANDED = 1000
#: Source: docs/reference.md, "Overview" of instructions; MAINTAINER is deprecated and still taken.
KEYWORDS = frozenset(
    (
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    )
)
_HEREDOC_KEYWORDS = frozenset(("ADD", "COPY", "RUN"))
_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(\S.*)?$")
_DIRECTIVES = frozenset(("syntax", "escape", "check"))
_HEREDOC = re.compile(r"[0-9]*<<(-?)([^<]+)")
_FLAG = re.compile(r"--([A-Za-z][A-Za-z0-9-]*)(?:=(.*))?", re.DOTALL)
_VARIABLE = re.compile(r"\\\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^{}]*))?\})")


class Logical(NamedTuple):
    """An instruction after line continuation. `line` and `last` are 1-based; `body` is of its here-documents."""

    line: int
    last: int
    keyword: str
    rest: str
    body: str
    heredoc: bool


class Parts(NamedTuple):
    """What follows a keyword: flags (`--from`, `builder`), arguments, and the array if they are one."""

    flags: tuple[tuple[str, str], ...]
    arguments: str
    exec_form: tuple[str, ...] | None


def logical_lines(text: str) -> Iterator[Logical]:
    """The instructions of a file, in order.

    Raises:
        EvidenceError: an instruction is unknown or too long, there are too many, or a here-document never ends.
    """
    rows = [row.removesuffix("\r") for row in text.split("\n")]
    escape, number = _directives(rows)
    joined = re.compile(rf"(?:^|(?<!{re.escape(escape)})){re.escape(escape)}[ \t]*$")
    count = 0
    while number < len(rows):
        row = rows[number].strip()
        if not row or row.startswith("#"):
            number += 1
            continue
        count += 1
        if count > MAX_INSTRUCTIONS:
            raise EvidenceError(f"more than {MAX_INSTRUCTIONS:,} instructions", line=number + 1)
        made, number = _instruction(rows, number, joined)
        yield made


def _directives(rows: Sequence[str]) -> tuple[str, int]:
    """The escape character, and the number of the first row that is no parser directive."""
    escape = "\\"
    seen: set[str] = set()
    for number, row in enumerate(rows):
        found = _DIRECTIVE.match(row.strip())
        name = found[1].lower() if found else ""
        if found is None or name not in _DIRECTIVES or name in seen:
            return escape, number
        seen.add(name)
        if name == "escape":
            if found[2] not in ("\\", "`"):
                raise EvidenceError("the escape directive names neither backslash nor backtick", line=number + 1)
            escape = found[2]
    return escape, len(rows)


def _instruction(rows: Sequence[str], first: int, joined: re.Pattern[str]) -> tuple[Logical, int]:
    """The instruction that begins at a row, and the number of the row after it."""
    parts: list[str] = []
    number, size = first, 0
    going_on = True
    while going_on and number < len(rows):
        row = rows[number] if parts else rows[number].lstrip()
        number += 1
        if parts and (not row.strip() or row.lstrip().startswith("#")):
            continue  # BuildKit passes over comments and empty lines inside an instruction
        found = joined.search(row)
        going_on = found is not None
        parts.append(row[: found.start()] if found else row)
        size += len(row)
        _within(size, first)
    whole = "".join(parts).strip()
    keyword, rest = _keyword(whole, first)
    bodies: list[str] = []
    for strip_tabs, name in _heredocs(keyword, rest):
        if len(bodies) >= MAX_HEREDOCS:
            raise EvidenceError(f"more than {MAX_HEREDOCS} here-documents in one instruction", line=first + 1)
        body, number = _body(rows, number, strip_tabs=strip_tabs, name=name, first=first)
        bodies.append(body)
        _within(size + sum(map(len, bodies)), first)
    made = Logical(first + 1, number, keyword, rest, "\n".join(bodies), bool(bodies))
    return made, number


def _within(size: int, first: int) -> None:
    if size > MAX_INSTRUCTION:
        raise EvidenceError(f"an instruction is longer than {MAX_INSTRUCTION:,} characters; split it", line=first + 1)


def _keyword(whole: str, first: int) -> tuple[str, str]:
    words = whole.split(None, 1)
    keyword = words[0].upper() if words else ""
    if keyword not in KEYWORDS:
        shown = words[0][:30] if words else ""
        raise EvidenceError(f"no instruction of a Dockerfile: {ascii(shown)[1:-1]}", line=first + 1)
    return keyword, words[1] if len(words) > 1 else ""


def _heredocs(keyword: str, rest: str) -> Iterator[tuple[bool, str]]:
    """Whether tabs are stripped, and the end word, of each here-document that an instruction begins."""
    if "<<" not in rest:
        return
    if keyword == "ONBUILD":
        inner, _, rest = rest.partition(" ")
        keyword = inner.upper()
    if keyword not in _HEREDOC_KEYWORDS:
        return
    for word in shell_words(rest):
        found = _HEREDOC.fullmatch(word)
        if found and (name := found[2].replace('"', "").replace("'", "")):
            yield found[1] == "-", name


def _body(rows: Sequence[str], number: int, *, strip_tabs: bool, name: str, first: int) -> tuple[str, int]:
    """The lines up to the end word, and the number of the row after it."""
    size = 0
    for at in range(number, len(rows)):
        row = rows[at].lstrip("\t") if strip_tabs else rows[at]
        if row == name:
            lines = rows[number:at]
            return "\n".join(line.lstrip("\t") for line in lines) if strip_tabs else "\n".join(lines), at + 1
        size += len(row) + 1
        _within(size, first)
    raise EvidenceError(f"the here-document that ends with {ascii(name[:30])[1:-1]} never ends", line=first + 1)


def shell_words(text: str) -> list[str]:
    """Words parted by blanks outside quotes; quotes stay."""
    words: list[str] = []
    start, quote, escaped = -1, "", False
    for index, char in enumerate(text):
        if start < 0 and not char.isspace():
            start = index
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char.isspace() and start >= 0:
            words.append(text[start:index])
            start = -1
    if start >= 0:
        words.append(text[start:])
    return words


def parts_of(rest: str) -> Parts:
    """Flags, arguments and exec form of what follows a keyword."""
    flags: list[tuple[str, str]] = []
    left = rest.strip()
    while left.startswith("--"):
        word = left.split(None, 1)
        found = _FLAG.fullmatch(word[0])
        if found is None:
            break
        flags.append((f"--{found[1]}", (found[2] or "").strip("\"'")))
        left = word[1].strip() if len(word) > 1 else ""
    return Parts(tuple(flags), left, _exec_form(left))


def _exec_form(text: str) -> tuple[str, ...] | None:
    if not text.startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None  # BuildKit runs it by the shell then
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        return None
    return tuple(found)


def expanded(text: str, values: Mapping[str, str]) -> str:
    """The text with build arguments put in; those without a value, and a text that would grow too long, stay."""

    def put(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name is None:
            return "$"
        value = values.get(name, "")
        operator, word = found[3], found[4] or ""
        if operator in ("-", ":-"):
            return value or word
        if operator in ("+", ":+"):
            return word if value else ""
        return value or found[0]

    made = _VARIABLE.sub(put, text[:MAX_EXPANDED])
    return made if len(made) <= MAX_EXPANDED and len(text) <= MAX_EXPANDED else text[:MAX_EXPANDED]


def assignments(text: str) -> list[tuple[str, str]]:
    """`NAME=value` pairs of ENV, ARG and LABEL, quotes taken off; the old form `NAME value` is one pair."""
    words = shell_words(text)
    if words and "=" not in words[0] and len(words) > 1:
        return [(words[0], text.strip()[len(words[0]) :].strip())]
    pairs = []
    for word in words:
        name, _, value = word.partition("=")
        pairs.append((name.strip("\"'"), _unquoted(value)))
    return pairs


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
