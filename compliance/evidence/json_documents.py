"""JSON text to plain values as the API server reads them; and the bounds of values in JSON bytes, without decoding."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from compliance.errors import EvidenceError

#: Up to the next brace or bracket that stands outside a string. Possessive: an unfinished string gives no match.
STRUCTURE = re.compile(rb'(?:[^{}\[\]"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([{}\[\]])', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPED_KEY = re.compile(rb'"[^"\\]*\\u[^"]*"\s*:')
_KIND = re.compile(rb'"kind"\s*:\s*"([A-Za-z]\w*)"')
#: Longest excerpt of a key in a message.
_KEY_SHOWN = 60


class _DuplicateKeyError(Exception):
    """A key stands twice in one mapping."""


def _mapping(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
    return made


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


_decoder = json.JSONDecoder(object_pairs_hook=_mapping, parse_constant=_not_a_number, strict=True)


def decode_json(text: str, line: int) -> object:
    """The value of one JSON text; `line` is the 1-based line it begins at.

    Raises:
        EvidenceError: the text is no JSON, holds a key twice, NaN, Infinity or a lone surrogate, or nests too deep.
    """
    try:
        value: object = _decoder.decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise EvidenceError(
            f"not valid JSON: {error.msg} (column {error.colno})", line=line + error.lineno - 1
        ) from error
    except _DuplicateKeyError as error:
        key = str(error)[:_KEY_SHOWN]
        raise EvidenceError(
            f'the key "{key}" stands twice in one mapping; keep one, so that all readers see the same value',
            line=line + _line_of_second(text, key),
        ) from error
    except RecursionError as error:
        raise EvidenceError("nested too deeply (more than about 900 levels); flatten it", line=line) from error
    except UnicodeEncodeError as error:
        raise EvidenceError(
            "holds half a surrogate pair (\\ud800 and the like), which is no text", line=line
        ) from error
    except ValueError as error:
        what = str(error).partition(";")[0]
        raise EvidenceError(f"not valid JSON: {what}", line=line) from error
    return value


def _line_of_second(text: str, key: str) -> int:
    """How many lines down the last mention of a key is: where a duplicate most likely stands."""
    return text.count("\n", 0, max(text.rfind(json.dumps(key)), 0))


def kind_of(data: bytes) -> str:
    """What a JSON object says its kind is, also when the rest of it cannot be decoded.

    Empty when it does not say, says more than one, or spells a key with escapes.
    """
    position = depth = 0
    said: set[bytes] = set()
    while depth >= 0 and (found := STRUCTURE.match(data, position)):
        if depth == 1:
            said.update(_kinds(data[position : found.end()]))
        depth += 1 if data[found.start(1)] in b"{[" else -1
        position = found.end()
    if depth == 1:
        said.update(_kinds(data[position:]))
    return said.pop().decode() if len(said) == 1 else ""


def _kinds(data: bytes) -> set[bytes]:
    return {b"", b"?"} if _ESCAPED_KEY.search(data) else set(_KIND.findall(data))


def values(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """Start, end and wholeness of each top-level object or array in the bytes, in order.

    Commas between them are passed over (items of a list). The last one is not whole when the bytes end inside it.
    """
    position = depth = start = 0
    while found := STRUCTURE.match(data, position):
        at, position = found.start(1), found.end()
        if data[at] in b"{[":
            if depth == 0:
                start = at
            depth += 1
        else:
            depth -= 1
            if depth <= 0:
                yield (start, position, True) if depth == 0 else (at, position, False)
                depth = 0
    if depth:
        yield start, len(data), False
