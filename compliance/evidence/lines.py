"""Source lines of JSON pointers, found by indentation where the text is plain, else by a full parse.

The line of a mapping's member is that of its key, the line of a list's item that of its first token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import yaml

from compliance.evidence.recognition import without_mark
from compliance.model.evidence import escape

#: Levels that are left to libyaml's composer; what a reader takes has no more than 128.
_MAX_DEPTH = 1000
_BRACKET = re.compile(r"[\[\]{}]")
#: Items of items, and keys that are mappings, on one line.
_INDICATORS = re.compile(r"(?:[-?:][ \t]++)++")
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
_QUOTES = "\"'"
#: A string that nothing closes takes the rest: else it is tried from each of its quotes anew.
_JSON_TOKEN = re.compile(
    r'"((?:[^"\\]++|\\.)*+)"(\s*:\s*(?:"(?:[^"\\]++|\\.)*+"|[^\s{}\[\],:"]++)?)?|[{}\[\]]|[^\s{}\[\],:"]++|".*',
    re.DOTALL,
)
#: One line: indentation, dashes, a simple key, the header of a block scalar; or, last, what the walk cannot follow.
#: Blanks before a value are taken at once: else they are shared out with those before a comment in every way.
_KEY = r"(?:([A-Za-z0-9_.$/][^\s:\"'#]*|\"[^\"\\\n]*\"|'[^'\n]*') *:(?= |\r?$) *+|(?(2)(?=\S)|(?!)))"
_QUOTED = r"\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\n]|'')*'"
_FLOW = r"\{[^{}\"'#\n]*\}|\[[^\[\]{}\"'#:\n]*\]|\[(?:\"[^\"\\\n]*\"(?:, *)?)*\]"
_PLAIN = r"(?![ \"'\[\]{}&*!|>%@`?,#])(?!- |-\r?$)(?:[^\s:#]|:(?=[^ \r\n])|(?<=\S)#| +(?![ #\r\n]))+"
_COMMENT = r" *(?:(?<= )#.*)?|#.*|(?<![^\n])(?:---|\.\.\.)(?: +#.*)?"
_ROWS = re.compile(
    rf"^( *+)(?:((?:- +)+)?{_KEY}(?:([|>][-+0-9]*)|{_QUOTED}|{_FLOW}|{_PLAIN})?(?:{_COMMENT})|{_COMMENT}|(\S.*))\r?$",
    re.MULTILINE,
)


class _Wanted(NamedTuple):
    """A place whose line is wanted, and those below it by name or number: what lies elsewhere needs no pointer."""

    pointer: str
    below: dict[str, _Wanted]


def locate(data: bytes, line: int, pointers: list[str]) -> list[int]:
    """The 1-based line of each pointer, or of its nearest present ancestor; `line` is that of the first byte."""
    text = without_mark(data).decode("utf-8", "replace")
    wanted = _with_ancestors(pointers)
    found = _walk_json(text, wanted) if _JSON.match(text) else _walk_yaml(text, wanted) or _compose(text, wanted)
    return [line + _nearest(found, pointer) for pointer in pointers]


def _with_ancestors(pointers: Iterable[str]) -> _Wanted:
    top = _Wanted("", {})
    for pointer in pointers:
        place = top
        for name in pointer.split("/")[1:]:
            if name not in place.below:
                place.below[name] = _Wanted(f"{place.pointer}/{name}", {})
            place = place.below[name]
    return top


def _nearest(found: dict[str, int], pointer: str) -> int:
    while pointer and pointer not in found:
        pointer = pointer.rpartition("/")[0]
    return found.get(pointer, 0)


def _walk_json(text: str, wanted: _Wanted) -> dict[str, int]:
    """0-based lines of the wanted pointers that are there; of a broken text, those before the break."""
    offsets: dict[str, int] = {}
    above: list[tuple[_Wanted | None, int]] = []
    base: _Wanted | None = wanted
    pending: _Wanted | None = wanted
    index = -1
    for token in _JSON_TOKEN.finditer(text):
        first = token[0][0]
        if first in "}]":
            if above:
                base, index = above.pop()
            continue
        if token[2]:
            pending = base.below.get(escape(token[1])) if base else None
            if pending:
                offsets.setdefault(pending.pointer, token.start())
            continue
        here = pending
        if index >= 0:
            here = base.below.get(str(index)) if base else None
            index += 1
        if here:
            offsets.setdefault(here.pointer, token.start())
        if first in "{[":
            above.append((base, index))
            base, index = here, 0 if first == "[" else -1
    return _lines_at(text, offsets)


def _lines_at(text: str, offsets: dict[str, int]) -> dict[str, int]:
    lines: dict[str, int] = {}
    counted = line = 0
    for pointer, offset in sorted(offsets.items(), key=lambda pair: pair[1]):
        line += text.count("\n", counted, offset)
        counted = offset
        lines[pointer] = line
    return lines


class _BeyondError(Exception):
    """The text has a construct that a walk by indentation cannot follow."""


def _walk_yaml(text: str, wanted: _Wanted) -> dict[str, int] | None:
    """0-based lines of the wanted pointers that are there; None when the text has a construct beyond a simple walk.

    An open block is a column, its mapping or list where something in it is wanted, and the index of its next item
    (-1 for a mapping); `child` is what is under way, whose block may follow.
    """
    found: dict[str, int] = {}
    above: list[tuple[int, _Wanted | None, int]] = []
    base: _Wanted | None = wanted
    child: _Wanted | None = wanted
    column, index = -1, -1
    try:
        for number, at, is_item, name in _rows(text):
            if column < 0:
                found[""] = number
            while column > at or (column == at and index >= 0 and not is_item):
                column, base, index = above.pop()
            if column < at or (is_item and index < 0):
                above.append((column, base, index))
                column, base, index = at, child, 0 if is_item else -1
            child = base.below.get(str(index) if is_item else name) if base else None
            index += is_item
            if child:
                found.setdefault(child.pointer, number)
    except _BeyondError:
        return None
    return found


def _rows(text: str) -> Iterator[tuple[int, int, bool, str]]:
    """Line number, column, whether it is an item, and name, of each dash and each key, in order."""
    scalar, below = False, 0
    for number, (indent, dashes, key, header, odd) in enumerate(_ROWS.findall(text)):
        column = len(indent)
        if scalar:
            if column > below or not (dashes or key or odd):
                continue
            scalar = False
        if odd:
            raise _BeyondError
        if dashes:
            for offset, char in enumerate(dashes):
                if char == "-":
                    below = column + offset
                    yield number, below, True, ""
        if key:
            below = column + len(dashes)
            yield number, below, False, _name(key) if key[0] in _QUOTES or "/" in key or "~" in key else key
        if header:
            scalar = True


def _name(key: str) -> str:
    return escape(key[1:-1] if key[0] in _QUOTES else key)


def _compose(text: str, wanted: _Wanted) -> dict[str, int]:
    """The same by libyaml's marks, for texts beyond the walk; of a broken or deep text, nothing but its first line."""
    if _is_deep(text):
        return {"": 0}
    loader = yaml.CSafeLoader(text)
    try:
        root = loader.get_single_node()
    except (yaml.YAMLError, ValueError, RecursionError):
        return {"": 0}
    finally:
        loader.dispose()
    if root is None:
        return {"": 0}
    found = {"": root.start_mark.line}
    pending: list[tuple[_Wanted, yaml.Node]] = [(wanted, root)]
    while pending:
        base, node = pending.pop()
        for name, line, value in _children(node):
            child = base.below.get(name)
            if child and child.pointer not in found:
                found[child.pointer] = line
                pending.append((child, value))
    return found


def _is_deep(text: str) -> bool:
    """Whether a text may nest so deep that libyaml's composer, which calls itself, takes the process with it.

    Only indentation nests besides, and of that a level takes a line longer than the one before.
    """
    if any(len(found[0].split()) > _MAX_DEPTH for found in _INDICATORS.finditer(text)):
        return True
    if text.count("[") + text.count("{") <= _MAX_DEPTH:
        return False
    depth = 0
    for found in _BRACKET.finditer(text):
        depth = depth + 1 if found[0] in "[{" else max(depth - 1, 0)
        if depth > _MAX_DEPTH:
            return True
    return False


def _children(node: yaml.Node) -> list[tuple[str, int, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        return [(str(index), item.start_mark.line, item) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return []
    children: list[tuple[str, int, yaml.Node]] = []
    merged: list[tuple[str, int, yaml.Node]] = []
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            merged += [each for source in sources[:100] if source is not node for each in _own(source)]
        elif isinstance(key, yaml.ScalarNode):
            children.append((escape(key.value), key.start_mark.line, value))
    return children + merged


def _own(node: yaml.Node) -> list[tuple[str, int, yaml.Node]]:
    """The members a merged mapping states itself."""
    if not isinstance(node, yaml.MappingNode):
        return []
    return [
        (escape(key.value), key.start_mark.line, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)
    ]
