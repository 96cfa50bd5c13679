"""Small files of an image that say who and what it is: etc/passwd, etc/shadow, etc/group, os-release; bytes in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from compliance.evidence.credentials import redact_arguments
from compliance.model.image import User

#: Lines of etc/passwd or etc/group, and keys of os-release, that are read; characters of one text that are kept.
MAX_LINES = 10_000
MAX_KEYS = 100
MAX_TEXT = 256
_NUMBER = re.compile(r"[+-]?[0-9]+")
_KEY = re.compile(r"[ \t]*([A-Za-z0-9_]{1,64})=(.*)")
_ESCAPE = re.compile(r"\\([$\"'\\`])")
_MAX_ID = 2**63 - 1


class Group(NamedTuple):
    """A line of etc/group."""

    name: str
    gid: int
    members: tuple[str, ...]


def plain(text: str) -> str:
    """A text of evidence that fits on a line: control characters replaced, cut, credentials taken out."""
    kept = text[:MAX_TEXT] if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text[:MAX_TEXT])
    return redact_arguments([kept])[0][0]


def users(passwd: bytes, shadow: bytes | None) -> tuple[User, ...]:
    """The users in the order of etc/passwd; `shadow` is etc/shadow reduced to `name:state`, None when there is none.

    A number that is none counts as 0, as it does for the runtimes.
    Source: moby/sys/user `ParsePasswdFilter` (fields that are missing stay empty, errors of numbers are ignored).
    """
    states = dict(reversed([(line.partition(":")[::2]) for line in _lines(shadow or b"")]))
    found = []
    for line in _lines(passwd):
        fields = (line.split(":", 7) + [""] * 7)[:7]
        password = fields[1]
        if password == "x":  # noqa: S105 - the mark that says: see etc/shadow
            state = states.get(fields[0], "none")
        elif not password:
            state = "empty"
        else:
            state = "none" if password[0] in "*!" else "set"
        found.append(
            User(
                name=plain(fields[0]),
                uid=_number(fields[2]),
                gid=_number(fields[3]),
                home=plain(fields[5]),
                shell=plain(fields[6]),
                password=state if state in ("none", "empty", "set") else "none",
            )
        )
    return tuple(found)


def groups(data: bytes) -> tuple[Group, ...]:
    """The groups in the order of etc/group."""
    found = []
    for line in _lines(data):
        fields = (line.split(":", 4) + [""] * 4)[:4]
        members = tuple(member.strip() for member in fields[3].split(",")[:MAX_LINES] if member.strip())
        found.append(Group(plain(fields[0]), _number(fields[2]), members))
    return tuple(found)


def os_release(data: bytes) -> dict[str, str]:
    """Keys and values with quotes and escapes taken off, sorted by key; a key given twice has its last value.

    Source: os-release(5): "a newline-separated list of environment-like shell-compatible variable assignments".
    """
    found: dict[str, str] = {}
    for line in _lines(data, marks="#"):
        match = _KEY.fullmatch(line)
        if match is None or (len(found) >= MAX_KEYS and match[1] not in found):
            continue
        value = match[2].strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[match[1]] = plain(_ESCAPE.sub(r"\1", value))
    return dict(sorted(found.items()))


def _lines(data: bytes, marks: str = "#+-") -> Iterator[str]:
    """Lines that say something; those that begin with a mark are comments, or NIS entries, which runtimes miss."""
    count = 0
    for raw in data.split(b"\n", MAX_LINES * 4)[: MAX_LINES * 4]:
        line = raw.strip().decode("utf-8", "backslashreplace")
        if line and line[0] not in marks:
            yield line
            count += 1
            if count >= MAX_LINES:
                return


def _number(text: str) -> int:
    digits = text.strip()
    if not _NUMBER.fullmatch(digits) or digits != text:
        return 0
    return max(-_MAX_ID, min(int(digits[:40]), _MAX_ID))


def id_names(found: Mapping[str, int]) -> dict[int, str]:
    """The first name of each id."""
    names: dict[int, str] = {}
    for name, number in found.items():
        names.setdefault(number, name)
    return names
