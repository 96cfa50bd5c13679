"""Identity patterns, matched whole and in time linear in the text: a documented part of regular expressions.

Literals, `.`, classes, `\\d \\w \\s` and their negations, groups, `|`, `*`, `+`, `?` and `{m,n}`; `^` at the
beginning and `$` at the end are allowed and change nothing. No look-around and no back-reference: with those
a matcher may need exponential time on a text that an attacker chooses.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Characters of a pattern; states after repeats are written out; characters of a text that is matched.
PATTERN_CHARACTERS = 1_000
STATES = 2_000
TEXT_CHARACTERS = 4_096
_DEPTH = 20

_TOKEN = re.compile(
    r"\\(?:[dDwWsS]|[^A-Za-z0-9])|\[\^?\]?(?:\\.|[^\\\]])*\]|\(\?:|[()|*+?.]|\{\d{1,4}(?:,\d{0,4})?\}|[^\\]", re.DOTALL
)


class PatternError(ValueError):
    """A pattern that cannot be used; the message says why."""


class _Builder:
    """States of a Thompson automaton: each has at most one class to read, and states reachable without reading."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0
        self.reads: list[tuple[re.Pattern[str], int] | None] = []
        self.free: list[list[int]] = []

    def state(self) -> int:
        if len(self.reads) >= STATES:
            raise PatternError(f"the pattern needs more than {STATES} states")
        self.reads.append(None)
        self.free.append([])
        return len(self.reads) - 1

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def alternatives(self, start: int, depth: int) -> int:
        """Builds `a|b|c` from `start`; returns the end."""
        if depth > _DEPTH:
            raise PatternError(f"the pattern has groups nested over {_DEPTH} deep")
        end = self.state()
        while True:
            inner = self.state()
            self.free[start].append(inner)
            self.free[self.sequence(inner, depth)].append(end)
            if self.peek() != "|":
                return end
            self.place += 1

    def sequence(self, start: int, depth: int) -> int:
        while self.peek() not in ("", "|", ")"):
            start = self.repeated(start, depth)
        return start

    def repeated(self, start: int, depth: int) -> int:
        """One atom with its quantifier, written out as often as it may stand."""
        begin = self.place
        middle = self.state()
        self.free[start].append(middle)
        end = self.atom(middle, depth)
        after = self.place
        least, most = _times(self.peek())
        if (least, most) == (1, 1):
            return end
        after += 1
        if most == 0:
            raise PatternError("a repeat of zero is of no use")
        for _ in range(max(least, 1) - 1):
            end = self.again(begin, end, depth)
        if least == 0:
            self.free[middle].append(end)
        if most is None:
            last = self.state()
            loop = self.state()
            self.free[end].extend((last, loop))
            self.free[self.again(begin, loop, depth)].extend((last, loop))
            end = last
        else:
            exits = [end]
            for _ in range(most - max(least, 1)):
                end = self.again(begin, end, depth)
                exits.append(end)
            last = self.state()
            for one in exits:
                self.free[one].append(last)
            end = last
        self.place = after
        if _times(self.peek()) != (1, 1):
            raise PatternError("a repeat follows a repeat")
        return end

    def again(self, begin: int, start: int, depth: int) -> int:
        self.place = begin
        return self.atom(start, depth)

    def atom(self, start: int, depth: int) -> int:
        atom = self.peek()
        self.place += 1
        if atom in ("(", "(?:"):
            if self.peek() == "?":
                raise PatternError("look-around and flags are not allowed in a pattern")
            end = self.alternatives(start, depth + 1)
            if self.peek() != ")":
                raise PatternError("a group is not closed")
            self.place += 1
            return end
        if atom in ("*", "+", "?") or (len(atom) > 2 and atom[0] == "{"):
            raise PatternError("a repeat has nothing to repeat")
        if atom in ("^", "$", "{", "["):
            raise PatternError(f"{atom} must be escaped inside a pattern")
        end = self.state()
        try:
            self.reads[start] = (re.compile(atom if len(atom) > 1 or atom == "." else re.escape(atom)), end)
        except re.error as error:
            raise PatternError(f"{atom} is no character class") from error
        return end


def _times(token: str) -> tuple[int, int | None]:
    """How often a quantifier repeats, None for without end; (1, 1) for what is no quantifier."""
    if token in ("*", "+", "?"):
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[token]
    if len(token) > 2 and token[0] == "{":
        least, comma, most = token[1:-1].partition(",")
        low, high = int(least), (int(most) if most else None) if comma else int(least)
        if high is not None and high < low:
            raise PatternError(f"{token} repeats from more to less")
        if (low, high) != (1, 1):
            return low, high
        raise PatternError("{1} is of no use")
    return 1, 1


class Pattern:
    """A pattern that is ready to match."""

    def __init__(self, text: str) -> None:
        if len(text) > PATTERN_CHARACTERS:
            raise PatternError(f"the pattern has {len(text)} characters, above the cap of {PATTERN_CHARACTERS}")
        body = text.removeprefix("^")
        if body.endswith("$") and not body.endswith("\\$"):
            body = body[:-1]
        tokens = _TOKEN.findall(body)
        if "".join(tokens) != body:
            raise PatternError("the pattern holds an escape that is not allowed")
        build = _Builder(tokens)
        self.start = build.state()
        self.end = build.alternatives(self.start, 0)
        if build.place != len(tokens):
            raise PatternError("a group is closed that was never opened")
        self.reads = build.reads
        self.reach = [_closure(state, build.free) for state in range(len(build.free))]

    def matches(self, text: str) -> bool:
        """Whether the whole text matches; a text above the cap never does."""
        if len(text) > TEXT_CHARACTERS:
            return False
        now = set(self.reach[self.start])
        for character in text:
            following: set[int] = set()
            for state in now:
                read = self.reads[state]
                if read is not None and read[1] not in following and read[0].fullmatch(character):
                    following.update(self.reach[read[1]])
            if not following:
                return False
            now = following
        return self.end in now


def _closure(state: int, free: list[list[int]]) -> tuple[int, ...]:
    seen = {state}
    waiting = [state]
    while waiting:
        for one in free[waiting.pop()]:
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return tuple(sorted(seen))


@lru_cache(maxsize=256)
def compiled(text: str) -> Pattern:
    """The pattern. Raises PatternError."""
    return Pattern(text)
