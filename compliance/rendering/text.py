"""Text as people read it: hostile characters made visible, long texts cut with their length, numbers and times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from markupsafe import Markup

T = TypeVar("T")

#: What stands where a character was taken out, so that nobody takes the rest for the whole.
REMOVED = "\N{REPLACEMENT CHARACTER}"
#: No text from evidence is printed longer than this, in any template.
LONGEST = 4000

# Terminal sequences (ECMA-48), then control characters, directional and invisible format characters,
# tags, lone surrogates and noncharacters (Unicode 15, general categories Cc, Cf, Cs, Cn of the BMP's end).
_HOSTILE = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"
    "|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_RUN = re.compile(f"{REMOVED}{{2,}}")


def clean(text: str) -> str:
    """The text without what steers a terminal, the direction of writing or a parser; tab and line feed stay."""
    if text.isascii() and text.isprintable():
        return text
    cleaned = _HOSTILE.sub(REMOVED, text.replace("\r\n", "\n"))
    return _RUN.sub(REMOVED, cleaned)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, and how many there were when some are left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({number(limit)} of {number(len(text))} characters)"


def middle(text: str, limit: int) -> str:
    """At most `limit` characters: beginning and end of a longer text, for lines whose whole text stands elsewhere."""
    if len(text) <= limit:
        return text
    end = (limit - 3) // 2
    return f"{text[: limit - 3 - end]} … {text[-end:]}"


def shown(value: object) -> object:
    """What a template prints for any value: texts from data are cleaned and bounded, markup of ours stays."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return cut(clean(value), LONGEST)
    return value


def number(value: int) -> str:
    """`12,345`"""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """`1 control`, `12,345 controls`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def percent(part: int, whole: int) -> str:
    """A share in whole percent that says 0 % and 100 % only when it is so; a dash when there is no whole."""
    if whole <= 0:
        return "–"
    if part in (0, whole):
        return "100 %" if part else "0 %"
    return f"{min(99, max(1, round(100 * part / whole)))} %"


def size(value: int) -> str:
    """Bytes in the largest unit that leaves at least one: `1.4 MB`."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def digest(value: str) -> str:
    """First twelve and last four characters of a digest; the whole one stands in the evidence index."""
    plain = value.removeprefix("sha256:")
    return plain if len(plain) <= 20 else f"{plain[:12]}…{plain[-4:]}"


def moment(value: str) -> str:
    """`2026-07-31 12:00 UTC` for an ISO 8601 time in UTC; anything else as it is."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00)", value)
    return f"{found[1]} {found[2]} UTC" if found else value


def first(values: Iterable[T], limit: int) -> Sequence[T]:
    """The first `limit` values."""
    kept: list[T] = []
    for value in values:
        if len(kept) == limit:
            break
        kept.append(value)
    return kept


def sentence(text: str) -> str:
    """The text with a capital at its start and a full stop at its end, so that parts can stand one after another."""
    bare = text.strip()
    if not bare:
        return ""
    return bare[0].upper() + bare[1:] + ("" if bare[-1] in ".!?:…" else ".")
