"""Source lines of JSON pointers, found by indentation where the text is plain, else by a full parse.

The line of a mapping's member is that of its key, the line of a list's item that of its first token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from compliance.evidence.recognition import without_mark
from compliance.model.evidence import escape

_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
_JSON_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|[{}\[\],]|[^\s{}\[\],:"]+', re.DOTALL)
#: A line within the walker's grasp: indentation, dashes, then a simple key, then the rest.
_LINE = re.compile(
    r"(?P<indent> *)(?P<dashes>(?:- +)*)"
    r"(?:(?:(?P<plain>[A-Za-z0-9_.$/][^\s:\"'#]*)|\"(?P<double>[^\"\\]*)\"|'(?P<single>[^']*)') *:(?: +|$))?"
    r"(?P<rest>.*)"
)
_REST = re.compile(
    r"#.*|\"(?:[^\"\\]|\\.)*\" *(?: #.*)?|'(?:[^']|'')*' *(?: #.*)?|\{ *\} *(?: #.*)?|\[ *\] *(?: #.*)?"
    r"|\[[^\[\]{}\"'#:]*\] *(?: #.*)?|(?![\"'\[\]{}&*!|>%@`?,#])(?!- )(?![^#]*:(?: |$)).+"
)
_BLOCK = re.compile(r"[|>][-+0-9]*(?: .*)?")


def locate(data: bytes, line: int, pointers: list[str]) -> list[int]:
    """The 1-based line of each pointer, or of its nearest present ancestor; `line` is that of the first byte."""
    text = without_mark(data).decode("utf-8", "replace")
    wanted = _with_ancestors(pointers)
    found = _walk_json(text, wanted) if _JSON.match(text) else _walk_yaml(text, wanted) or _compose(text, wanted)
    return [line + _nearest(found, pointer) for pointer in pointers]


def _with_ancestors(pointers: Iterable[str]) -> set[str]:
    wanted = {""}
    for pointer in pointers:
        above = pointer
        while above not in wanted:
            wanted.add(above)
            above = above.rpartition("/")[0]
    return wanted


def _nearest(found: dict[str, int], pointer: str) -> int:
    while pointer and pointer not in found:
        pointer = pointer.rpartition("/")[0]
    return found.get(pointer, 0)


def _walk_json(text: str, wanted: set[str]) -> dict[str, int]:
    """0-based lines of the wanted pointers that are there; of a broken text, those before the break."""
    offsets: dict[str, int] = {}
    base, index, key = [""], [-1], ""
    for token in _JSON_TOKEN.finditer(text):
        first = token[0][0]
        if first == ",":
            continue
        if first in "}]":
            if len(base) > 1:
                base.pop()
                index.pop()
            continue
        if token[2]:
            key = f"{base[-1]}/{escape(token[1])}"
            if key in wanted:
                offsets.setdefault(key, token.start())
            continue
        if len(base) == 1:
            here = ""
        elif index[-1] >= 0:
            here = f"{base[-1]}/{index[-1]}"
            index[-1] += 1
        else:
            here = key
        if here in wanted:
            offsets.setdefault(here, token.start())
        if first in "{[":
            base.append(here)
            index.append(0 if first == "[" else -1)
    return _lines_at(text, offsets)


def _lines_at(text: str, offsets: dict[str, int]) -> dict[str, int]:
    lines: dict[str, int] = {}
    counted = line = 0
    for pointer, offset in sorted(offsets.items(), key=lambda pair: pair[1]):
        line += text.count("\n", counted, offset)
        counted = offset
        lines[pointer] = line
    return lines


class _Level:
    """An open block mapping or list: its column, its pointer, and the child under way (None: it has its value)."""

    __slots__ = ("base", "child", "column", "index", "name")

    def __init__(self, column: int, base: str, index: int) -> None:
        self.column, self.base, self.index = column, base, index
        self.child: str | None = None
        self.name = base


def _walk_yaml(text: str, wanted: set[str]) -> dict[str, int] | None:
    """0-based lines of the wanted pointers that are there; None when the text has a construct beyond a simple walk."""
    walk = _YamlWalk(wanted)
    for number, row in enumerate(text.split("\n")):
        if walk.take(number, row):
            continue
        return walk.found if walk.ended else None
    return walk.found if walk.found else None


class _YamlWalk:
    """The state of a walk down the lines of a block-style document."""

    def __init__(self, wanted: set[str]) -> None:
        self.wanted = wanted
        self.missing = len(wanted)
        self.found: dict[str, int] = {}
        self.levels: list[_Level] = []
        self.block: int | None = None
        self.ended = False

    def take(self, number: int, row: str) -> bool:
        """Walk over one line; false at the end of the document, or (`ended` stays false) beyond the walk's grasp."""
        row = row.rstrip(" \r")
        text = row.lstrip(" ")
        if not text:
            return True
        column = len(row) - len(text)
        if self.block is not None:
            if column > self.block:
                return True
            self.block = None
        if text[0] == "#":
            return True
        if column == 0 and text[:3] in ("---", "..."):
            return self._divider(text)
        parts = _LINE.match(row)
        if parts is None or "\t" in row[: column + 1]:
            return False
        return self._content(number, column, parts)

    def _divider(self, text: str) -> bool:
        if not self.levels and text.startswith("---"):
            rest = text[3:].strip()
            return not rest or rest.startswith("#")
        self.ended = True
        return False

    def _content(self, number: int, column: int, parts: re.Match[str]) -> bool:
        dashes, rest = parts["dashes"], parts["rest"]
        key = parts["plain"] or parts["double"] or parts["single"]
        if not self.levels:
            self._note("", number)
        if dashes:
            for offset, char in enumerate(dashes):
                if char == "-" and not self._item(column + offset, number):
                    return False
            column += len(dashes)
        if key is not None:
            if "/" in key or "~" in key:
                key = escape(key)
            if not self._member(column, key, number):
                return False
        elif not dashes or not rest:
            return False
        return self._value(rest)

    def _value(self, rest: str) -> bool:
        """Take in what follows a key or a dash; it must end on its own line, or be a block scalar or a block below."""
        if not rest:
            return True
        level = self.levels[-1]
        if rest[0] in "|>":
            self.block = level.column
            level.child = None
            return _BLOCK.fullmatch(rest) is not None
        if not _REST.fullmatch(rest):
            return False
        if rest[0] != "#":
            level.child = None
        return True

    def _item(self, column: int, number: int) -> bool:
        levels = self.levels
        while levels and levels[-1].column > column:
            levels.pop()
        top = levels[-1] if levels else None
        if top is None or top.column < column or top.index < 0:
            if not self._push(column, 0, top):
                return False
            top = levels[-1]
        top.child = f"{top.base}/{top.index}"
        top.index += 1
        self._note(top.child, number)
        return True

    def _member(self, column: int, key: str, number: int) -> bool:
        levels = self.levels
        while levels and (levels[-1].column > column or (levels[-1].column == column and levels[-1].index >= 0)):
            levels.pop()
        top = levels[-1] if levels else None
        if top is None or top.column < column:
            if not self._push(column, -1, top):
                return False
            top = levels[-1]
        top.child = f"{top.base}/{key}"
        self._note(top.child, number)
        return True

    def _push(self, column: int, index: int, top: _Level | None) -> bool:
        """Open a block where a value is awaited; anywhere else the line continues a scalar."""
        if top is None:
            if self.found.get("", -1) >= 0 and self.ended:
                return False
            self.levels.append(_Level(column, "", index))
            return True
        if top.child is None:
            return False
        self.levels.append(_Level(column, top.child, index))
        return True

    def _note(self, pointer: str, number: int) -> None:
        if pointer in self.wanted:
            self.found.setdefault(pointer, number)


def _compose(text: str, wanted: set[str]) -> dict[str, int]:
    """The same by libyaml's marks, for texts beyond the walk; of a broken text, nothing but its first line."""
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
    pending: list[tuple[str, yaml.Node]] = [("", root)]
    while pending:
        base, node = pending.pop()
        for name, line, value in _children(node):
            pointer = f"{base}/{name}"
            if pointer in wanted and pointer not in found:
                found[pointer] = line
                pending.append((pointer, value))
    return found


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
