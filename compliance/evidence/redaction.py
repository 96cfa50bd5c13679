"""Source lines with credentials replaced, so that the packet can show where a value stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from compliance.evidence.credentials import REDACTED, SHAPES, is_harmless, suspicion

#: A run of base64 long enough to carry a key or a token; a digest (64 hex digits) is none.
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=@:.-])(?![0-9a-f]{40,128}\b)[A-Za-z0-9+/]{40,}={0,2}(?![A-Za-z0-9+/._-])")
#: Base64 that ends in padding is a value of some Secret more often than not.
_PADDED = re.compile(r"(?<=[:\s\"'])[A-Za-z0-9+/]{6,}={1,2}(?=[\s\"',]|$)")
_PAIR = re.compile(
    r"(?P<before>(?:^|[\s{,\[\"'])[\"']?(?P<name>[A-Za-z_][\w.-]*)[\"']?\s*:\s*)"
    r"(?P<value>\"(?:[^\"\\]|\\.)*+\"|'[^']*'|[^\s,}\]\"'][^,}\]\"']*)"
)
# Names of assignments and flags are bounded: each letter or hyphen of a longer one would be searched from anew.
_ASSIGNMENT = re.compile(r"(?P<before>(?P<name>[A-Za-z_][\w.-]{0,63})=)(?P<value>\"[^\"]*\"|'[^']*'|[^\s;&|\"',]+)")
#: A flag and the argument after it, on one line.
_FLAG_PAIR = re.compile(
    r"(?P<before>--?(?P<name>[A-Za-z][\w.-]{0,63})[\"']?(?:\s*,\s*|\s+)[\"']?)(?P<value>[^\s,\]\"'-][^\s,\]\"']*)"
)
#: A flag alone on its line, and an argument alone on the next.
_FLAG_LINE = re.compile(r"\s*(?:- +)?[\"']?--?(?P<name>[A-Za-z][\w.-]*)[\"']?,?\s*")
_ITEM_LINE = re.compile(r"(?P<before>\s*(?:- +)?[\"']?)(?P<value>[^\s\"'-][^\"']*?)(?P<after>[\"']?,?)")
_VALUE_LINE = re.compile(r"\s*(?:- +)?[\"']?value[\"']?\s*:")
_OPEN_KEY = re.compile(r"(?P<indent>[ -]*)[\"']?(?P<name>[A-Za-z_][\w.-]*)[\"']?\s*:\s*(?P<rest>.*)")
_NAME_LINE = re.compile(r"\s*(?:- +)?[\"']?name[\"']?\s*:\s*[\"']?(?P<name>[\w.-]+)[\"']?,?\s*$")
_HINT = re.compile(r"pass|pwd|secret|token|cred|key|auth|value", re.IGNORECASE)
_PRIVATE_KEY = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]*PRIVATE KEY-----.*")
_LAST_APPLIED = re.compile(r"(last-applied-configuration[\"']?\s*:\s*)\S.*")
_SECRET = re.compile(r"kind\\?[\"']?\s*:\s*\\?[\"']?Secret\b")
_SECRET_KIND = re.compile(r"^(?P<before> *(?:- +)*)[\"']?kind[\"']?\s*:\s*[\"']?Secret[\"']?\s*,?\s*(?:#.*)?$")
_DATA_INLINE = re.compile(r"((?<![A-Za-z])(?:data|stringData)\\?[\"']?\s*:\s*)\{[^{}]*\}?")
_DATA_KEY = re.compile(r"[\"']?(?:data|stringData)[\"']?\s*:")
_VALUE_OF_KEY = re.compile(r"^(?P<before>\s*[\"']?[\w.-]+[\"']?\s*:\s*)\S")
#: Longer lines are whole dumps or attacks: nobody reads them, and to search them takes too long.
LONGEST_LINE = 2000
#: Lines of one object that are looked at to find its data.
_MAX_OBJECT = 20_000
#: Lines of all objects and texts of one file that are gone through: where they are within each other, some many times.
_MAX_FOLLOWED = 1_000_000


def redact_line(text: str, name: str | None = None) -> str:
    """One source line with what looks like a credential replaced; all else as it stands.

    `name` is that of the variable whose `value` the line holds; when it is not known, every such
    value that could be a credential is replaced. For lines of a file, `redact_lines` knows more.
    """
    line = _PRIVATE_KEY.sub(REDACTED, _LAST_APPLIED.sub(rf"\1{REDACTED}", text))
    for pattern, _ in SHAPES:
        line = pattern.sub(REDACTED, line)
    if _SECRET.search(line):
        line = _DATA_INLINE.sub(rf"\1{{{REDACTED}}}", line)
    line = _PADDED.sub(REDACTED, _BASE64.sub(REDACTED, line))
    if _HINT.search(line):
        line = _PAIR.sub(lambda found: _redact_pair(found, name), line)
        line = _FLAG_PAIR.sub(_redact_pair, _ASSIGNMENT.sub(_redact_pair, line))
    return line


def _redact_pair(found: re.Match[str], variable: str | None = None) -> str:
    value = found["value"]
    bare = value.strip("\"' ")
    if found["name"] != "value":
        secret = suspicion(found["name"], bare) is not None
    elif variable is not None:
        secret = suspicion(variable, bare) is not None
    else:
        secret = bool(bare) and not is_harmless(bare)
    if REDACTED in value or not secret:
        return found[0]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{found['before']}{quote}{REDACTED}{quote}"


class _TangledError(Exception):
    """More lines than _MAX_FOLLOWED were gone through."""


class _Followed:
    """How many lines of objects and texts of one file were gone through."""

    def __init__(self) -> None:
        self._lines = 0

    def add(self, lines: int) -> None:
        """Count lines. Raises _TangledError when they are too many."""
        self._lines += lines
        if self._lines > _MAX_FOLLOWED:
            raise _TangledError


def redact_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """All lines of one file, redacted; every value under `data` and `stringData` of a Secret is replaced.

    No line is shown of a file whose objects are so much within each other that to follow them takes too long.
    """
    followed = _Followed()
    try:
        hidden = {number for start in _secrets(lines) for number in _data_lines(lines, *start, followed)}
        continued = set(_continued(lines, followed))
    except _TangledError:
        return (REDACTED,) * len(lines)
    in_key = False
    shown: list[str] = []
    for number, line in enumerate(lines):
        begins = "-----BEGIN " in line and "PRIVATE KEY-----" in line
        in_key = (in_key or begins) and "-----END " not in line
        if len(line) > LONGEST_LINE:
            shown.append(f"<a line of {len(line):,} characters, not shown>")
        elif number in hidden:
            found = _VALUE_OF_KEY.match(line)
            comma = "," if line.rstrip().endswith(",") else ""
            shown.append(f"{found['before']}{REDACTED}{comma}" if found else REDACTED)
        elif (in_key and not begins) or number in continued:
            shown.append(REDACTED)
        elif not line:
            shown.append(line)
        else:
            before = lines[number - 1] if number else ""
            after = lines[number + 1] if number + 1 < len(lines) else ""
            shown.append(_redact_after(before, redact_line(line, _variable(line, before, after))))
    return tuple(shown)


def _variable(line: str, before: str, after: str) -> str | None:
    """The name that stands on the line before or after a `value` alone on its line."""
    if "value" not in line or not _VALUE_LINE.match(line):
        return None
    found = _NAME_LINE.match(before) or _NAME_LINE.match(after)
    return found["name"] if found else None


def _continued(lines: Sequence[str], followed: _Followed) -> Iterator[int]:
    """Numbers of the lines on which a credential goes on that began, or was announced, on the line before them."""
    for number, line in enumerate(lines[:-1]):
        if not ("value" in line or "|" in line or ">" in line) or len(line) > LONGEST_LINE:
            continue
        found = _OPEN_KEY.match(line)
        if found is None or not (found["name"] == "value" or found["rest"].startswith(("|", ">"))):
            continue
        last = number
        while last + 1 < len(lines) and (
            not lines[last + 1].strip() or _column(lines[last + 1]) > len(found["indent"])
        ):
            last += 1
        followed.add(last - number)
        text = "\n".join(row.strip() for row in lines[number + 1 : last + 1])
        name = found["name"]
        if name == "value":
            before, after = lines[number - 1] if number else "", "".join(lines[last + 1 : last + 2])
            name = _variable(line, before, after) or "PASSWORD"
        if suspicion(name, f"{found['rest']} {text}"):
            yield from range(number + 1, last + 1)


def _redact_after(flag_line: str, line: str) -> str:
    """An argument redacted when the line before is the flag it belongs to."""
    flag = _FLAG_LINE.fullmatch(flag_line) if "-" in flag_line else None
    text = line.rstrip()
    item = _ITEM_LINE.fullmatch(text) if flag else None
    if flag is None or item is None or not suspicion(flag["name"], item["value"]):
        return line
    return f"{item['before']}{REDACTED}{item['after']}{line[len(text) :]}"


def _secrets(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Line number and column of each `kind: Secret`."""
    for number, line in enumerate(lines):
        if "Secret" in line and (found := _SECRET_KIND.match(line)):
            yield number, len(found["before"])


def _column(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _data_lines(lines: Sequence[str], at: int, column: int, followed: _Followed) -> Iterator[int]:
    """Numbers of the lines below `data` and `stringData` of the object whose kind stands at a line and column."""
    first = last = at
    if "-" not in lines[at][:column]:
        while first > 0 and at - first < _MAX_OBJECT and _inside(lines[first - 1], column):
            first -= 1
        if first > 0 and _key_column(lines[first - 1]) == column:
            first -= 1
    while last + 1 < len(lines) and last - at < _MAX_OBJECT and _inside(lines[last + 1], column):
        last += 1
    followed.add(last - first)
    under = False
    for number in range(first, last + 1):
        line = lines[number]
        if not line.strip():
            continue
        if _key_column(line) == column:
            under = _DATA_KEY.match(line[column:]) is not None
            if under and not line.rstrip().endswith((":", "{")):
                yield number
        elif under and line.strip() not in ("}", "},"):
            yield number


def _key_column(line: str) -> int:
    """The column of the first thing after indentation and dashes."""
    return len(line) - len(line.lstrip(" -"))


def _inside(line: str, column: int) -> bool:
    """Whether a line belongs to a block whose keys stand at a column."""
    return not line.strip() or (_column(line) >= column and not line.startswith("---"))
