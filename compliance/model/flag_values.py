"""The text of an option in, its value as the program understands it out; None where the program refuses the text."""

from __future__ import annotations

import csv
import re
from fractions import Fraction

#: What the programs read as a truth value; any other word they refuse.
#: Source: Go standard library, strconv.ParseBool.
_TRUTH = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
#: Nanoseconds of a unit. Source: Go standard library, time.ParseDuration.
NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # the micro sign
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
SECOND = NANOSECONDS["s"]
_LARGEST = 2**63 - 1
_NUMBER = re.compile(r"([+-]?)(0[xX][0-9a-fA-F]{1,16}|0[oO]?[0-7]{0,22}|0[bB][01]{1,64}|[1-9][0-9]{0,18})")
_DURATION = re.compile(r"[+-]?(?:(?:[0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})(?:ns|us|µs|μs|ms|s|m|h)){1,16}")
_PART = re.compile(r"([0-9]*)\.?([0-9]*)(ns|us|µs|μs|ms|s|m|h)")


def truth(text: str) -> bool | None:
    """A truth value."""
    return _TRUTH.get(text)


def number(text: str) -> int | None:
    """A whole number of 64 bits, in the notations of Go: `30`, `036` (octal), `0x1e`.

    Source: Go standard library, strconv.ParseInt with base 0. Underscores between digits are not read.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits = match[2].lower()
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2])
    value = int(digits[2:], base) if base else int(digits, 8 if digits[0] == "0" else 10)
    value = -value if match[1] == "-" else value
    return value if -_LARGEST - 1 <= value <= _LARGEST else None


def duration(text: str) -> int | None:
    """A duration in nanoseconds: `4h`, `1h30m`, `0`; a number without a unit is refused.

    Source: Go standard library, time.ParseDuration.
    """
    if text.lstrip("+-") == "0" and len(text) <= 2:
        return 0
    if _DURATION.fullmatch(text) is None:
        return None
    total = Fraction(0)
    for whole, part, unit in _PART.findall(text):
        total += (Fraction(int(whole or "0")) + Fraction(int(part or "0"), 10 ** len(part))) * NANOSECONDS[unit]
    value = -int(total) if text.startswith("-") else int(total)
    return value if abs(value) <= _LARGEST else None


def told_duration(nanoseconds: int) -> str:
    """A duration as a reason tells it: in the largest unit that leaves no remainder."""
    for unit in ("h", "m", "s", "ms", "us"):
        if nanoseconds and nanoseconds % NANOSECONDS[unit] == 0:
            return f"{nanoseconds // NANOSECONDS[unit]}{unit}"
    return f"{nanoseconds}ns" if nanoseconds else "0"


def words(text: str) -> tuple[str, ...] | None:
    """A comma-separated list; blanks count as part of a word, quotes hold commas together.

    Source: spf13/pflag string_slice.go, which reads one record of CSV.
    """
    if '"' not in text:
        first = text.split("\n", 1)[0].removesuffix("\r")
        return tuple(first.split(",")) if first else ()
    try:
        return tuple(next(csv.reader([text], strict=True), ()))
    except csv.Error:
        return None


def gates(text: str) -> dict[str, bool] | None:
    """Feature gates by name: `A=true,kube:B=false`; the last of a name counts.

    Source: k8s.io/component-base/cli/flag, MapStringBool and ColonSeparatedMultimapStringString.
    """
    found: dict[str, bool] = {}
    for pair in text.split(","):
        if not pair.strip():
            continue
        key, equals, value = pair.partition("=")
        switched = truth(value.strip())
        if not equals or switched is None:
            return None
        found[key.strip().rpartition(":")[2]] = switched
    return found
