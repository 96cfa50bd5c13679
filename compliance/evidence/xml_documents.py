"""XML bytes walked by expat without document types, entities or network: start, text and end of elements out.

Source: OWASP, "XML External Entity Prevention"; the limits are ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from xml.parsers import expat

from compliance.errors import EvidenceError

#: Elements within elements that are followed.
MAX_DEPTH = 256
#: Elements of one document; one of 64 MB has about a million and a half.
MAX_ELEMENTS = 4_000_000
#: Between a namespace and a name; no namespace holds a space.
SEPARATOR = " "


class Handlers(NamedTuple):
    """What to do at an element's start (name, attributes), at a piece of text, and at an element's end.

    Names are `namespace name`, or `name` alone outside a namespace.
    """

    start: Callable[[str, dict[str, str]], None]
    text: Callable[[str], None]
    end: Callable[[str], None]


def walk(data: bytes, handlers: Handlers) -> None:
    """Call the handlers in the order of the document.

    Raises:
        EvidenceError: no well-formed XML, a document type or an entity, too many elements, or too deep.
    """
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    parser.buffer_text = True
    depth = elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if elements > MAX_ELEMENTS:
            raise EvidenceError(f"more than {MAX_ELEMENTS:,} elements, above the limit for one document")
        if depth > MAX_DEPTH:
            raise EvidenceError(f"elements within elements, more than {MAX_DEPTH} deep", line=parser.CurrentLineNumber)
        handlers.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handlers.end(name)

    def refuse(*_: object) -> None:
        raise EvidenceError(
            "declares a document type (DOCTYPE), which may hide other text behind entities; write it without one",
            line=parser.CurrentLineNumber,
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handlers.text
    _parse(parser, data)


def _parse(parser: expat.XMLParserType, data: bytes) -> None:
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        words = expat.ErrorString(error.code)
        raise EvidenceError(f"not well-formed XML: {words} (column {error.offset + 1})", line=error.lineno) from error
    except (LookupError, UnicodeError, ValueError) as error:
        raise EvidenceError(f"an encoding that is not read: {str(error)[:80]}; convert it to UTF-8") from error


def locate(data: bytes, line: int, pointers: list[str]) -> list[int]:
    """The 1-based line of each pointer, or of its nearest ancestor found; `line` is that of the first byte.

    A pointer names elements below the root by their name, or by their number among their siblings.
    """
    wanted = {""}
    for pointer in pointers:
        above = pointer
        while above not in wanted:
            wanted.add(above)
            above = above.rpartition("/")[0]
    found = _lines(data, wanted)
    return [line + _nearest(found, pointer) for pointer in pointers]


def _nearest(found: dict[str, int], pointer: str) -> int:
    while pointer and pointer not in found:
        pointer = pointer.rpartition("/")[0]
    return found.get(pointer, 0)


def _lines(data: bytes, wanted: set[str]) -> dict[str, int]:
    """0-based lines of the wanted elements that are there; of a broken document, those before the break."""
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    found: dict[str, int] = {}
    above: list[list[int]] = []  # children seen so far, of each open element
    paths: list[str | None] = []

    def start(name: str, _: dict[str, str]) -> None:
        path: str | None = ""
        if above:
            number = above[-1][0]
            above[-1][0] += 1
            path = _of_child(paths[-1], name.rpartition(SEPARATOR)[2], number, wanted)
        if path is not None:
            found.setdefault(path, parser.CurrentLineNumber - 1)
        above.append([0])
        paths.append(path)

    def end(_: str) -> None:
        above.pop()
        paths.pop()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, UnicodeError, ValueError):
        return found
    return found


def _of_child(above: str | None, name: str, number: int, wanted: set[str]) -> str | None:
    """The wanted pointer that a child element answers to; None when nothing below it is wanted."""
    if above is None:
        return None
    numbered, named = f"{above}/{number}", f"{above}/{name}"
    return numbered if numbered in wanted else named if named in wanted else None
