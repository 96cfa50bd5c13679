"""YAML text to plain values, typed as the API server types them: YAML 1.1 by the rules of go-yaml v2.

ryaml reads fast and refuses bombs and duplicate keys, but types as YAML 1.2. A document holding a
scalar or key that the two type differently is decoded a second time by a loader with go-yaml's rules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import Any, ClassVar

import yaml
from ryaml._ryaml import loads as _ryaml_loads
from yaml.constructor import ConstructorError

from compliance.errors import EvidenceError

#: Open flow collections; the parser's own limit is 128, but it takes quadratic time to get there.
MAX_FLOW_DEPTH = 100
#: Key-value pairs that merge keys (`<<`) of one document may copy.
MAX_MERGED = 20_000

#: A bracket that may open or close a flow collection; within a word or after an escape it cannot open one.
_BRACKET = re.compile(r"(?:^|(?<=[\s\[{,:\"'&*!?]))[\[{]|[\]}]", re.MULTILINE)
_SEPARATORS = re.compile(r"[\[\]{},]|[\"']:")
#: More odd words than this in a slice are looked for document by document; more in a document, in every line of it.
_MANY_WORDS = 40
_BOOL_WORDS = "y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF"
_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
_DIFFERENT = (
    rf"{_BOOL_WORDS}|<<|[-+]?0[0-9_][0-9_.eE+-]*|[-+]?0[xXoObB][0-9a-fA-F_]+|[-+.]?[0-9][0-9.eE+-]*_[0-9_.eE+-]*"
    r"|[-+]?[0-9]{19,}|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_TOKEN = re.compile(rf"(?:{_DIFFERENT}):?|!.*|\?")
#: The same in its place: after an indicator or alone on its line, before an indicator or the line's end. A tag or an
#: anchor is looked for where a run of its characters begins: from each mark in one, it takes the square of its length.
_IN_PLACE = re.compile(
    r"(?:^|[:\-?]\s|[\[{,]|[\"']:|(?<![^\s,\[\]{}])[^\s,\[\]{}!&]*+[!&][^\s,\[\]{}]*+\s)\s*"
    rf"(?:(?:{_DIFFERENT})\s*(?:$|\s#|[,\]}}]|:(?:\s|$))|!|\?(?:\s|$))",
    re.MULTILINE,
)
_ERROR_LINE = re.compile(r" at line (\d+) column (\d+)")
_GO_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_GO_INT = re.compile(
    r"([-+]?)(?:0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|0[oO](?P<p>[0-7]+)|0(?P<o>[0-7]+)|(?P<d>0|[1-9][0-9]*))"
)
_BASES = {"x": 16, "b": 2, "p": 8, "o": 8, "d": 10}


def odd_words(text: str) -> frozenset[str]:
    """Words of the text that may hold a scalar, key or tag which YAML 1.1 and 1.2 take differently, or too many."""
    return frozenset(word for word in set(text.split()) if _is_odd(word))


def _is_odd(word: str) -> bool:
    if _TOKEN.fullmatch(word):
        return True
    return _SEPARATORS.search(word) is not None and any(map(_TOKEN.fullmatch, _SEPARATORS.split(word)))


def _holds_odd(text: str, words: frozenset[str]) -> bool:
    """Whether one of the words stands where a scalar, a key or a tag may stand."""
    if len(words) > _MANY_WORDS:
        return any(map(_IN_PLACE.search, text.split("\n")))
    searched: set[int] = set()
    for word in words:
        at = text.find(word)
        while at >= 0:
            start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
            end = len(text) if end < 0 else end
            if start not in searched and _IN_PLACE.search(text[start:end]):
                return True
            searched.add(start)
            at = text.find(word, end)
    return False


def decode_yaml(text: str, line: int, words: frozenset[str] | None = None) -> object:
    """The value of one YAML document; `line` is the 1-based line it begins at.

    `words` are the `odd_words` of this text or of a longer one, where the caller knows them.

    Raises:
        EvidenceError: the text is no YAML, holds a key twice, nests too deep, expands too far or bears a tag.
    """
    _check_flow_depth(text, line)
    try:
        value: object = _ryaml_loads(text)
    except Exception as error:  # ryaml raises ValueError and TypeError besides its own; all mean "not this document"
        raise _unreadable(error, text, line) from error
    if words is None or len(words) > _MANY_WORDS:
        words = odd_words(text)
    if (words and _holds_odd(text, words)) or _has_rare_breaks(text) or _has_other_keys(value):
        return _decode_as_go(text, line)
    return value


def _has_other_keys(value: object) -> bool:
    """Whether a key anywhere is no text; the API server makes one of it, and two may become the same."""
    pending = [value]
    while pending:
        item = pending.pop()
        if type(item) is dict:
            for key, member in item.items():
                if type(key) is not str:
                    return True
                if type(member) is dict or type(member) is list:
                    pending.append(member)
        elif type(item) is list:
            pending += [member for member in item if type(member) is dict or type(member) is list]
    return False


def _has_rare_breaks(text: str) -> bool:
    """Whether lines end otherwise than by a line feed, so that what begins a line cannot be told by it."""
    return (
        "\x85" in text
        or "\u2028" in text
        or "\u2029" in text
        or ("\r" in text and text.count("\r") > text.count("\r\n"))
    )


def _check_flow_depth(text: str, line: int) -> None:
    if text.count("[") + text.count("{") <= MAX_FLOW_DEPTH:
        return
    depth = 0
    for found in _BRACKET.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > MAX_FLOW_DEPTH:
                raise EvidenceError(
                    f"more than {MAX_FLOW_DEPTH} brackets or braces are open at once; write it in block style",
                    line=line + text.count("\n", 0, found.start()),
                )
        elif depth:
            depth -= 1


def _unreadable(error: Exception, text: str, line: int) -> EvidenceError:
    words = str(error).removeprefix("TypeError: ")
    if "{{" in text:
        return EvidenceError(
            "holds template text ({{ ... }}), so it is no manifest yet; render it first: helm template",
            line=line + text.count("\n", 0, text.index("{{")),
        )
    place = _ERROR_LINE.search(words)
    at = line + int(place[1]) - 1 if place else line
    at = min(at, line + text.count("\n"))
    if duplicate := re.search(r'duplicate entry with key "(.*?)"', words, re.DOTALL):
        key = duplicate[1][:60]
        return EvidenceError(
            f'the key "{key}" stands twice in one mapping; keep one, so that all readers see the same value',
            line=_second_of(text, key, line, at),
        )
    if "repetition limit" in words or "recursion limit" in words:
        limit = "its aliases expand too far, or it nests too deeply (limit 128 levels)"
        return EvidenceError(f"{limit}; write the values out", line=at)
    if "invalid type: integer" in words:
        return EvidenceError("a number is too large for any field of Kubernetes (64 bits)", line=at)
    if "unhashable" in words:
        return EvidenceError("a mapping or a list stands as a key; Kubernetes takes only texts as keys", line=at)
    said = _ERROR_LINE.sub("", words).replace("\n", " ")[:200]
    return EvidenceError(f"not valid YAML: {said}", line=at)


def _second_of(text: str, key: str, line: int, otherwise: int) -> int:
    """The line of the second place where a key stands at an indentation where it stood before, parents kept apart."""
    seen: set[int] = set()
    pattern = re.compile(rf"^(?P<indent>[ -]*)[\"']?(?P<key>{re.escape(key)}[\"']?\s*:)?", re.MULTILINE)
    for number, row in enumerate(text.split("\n")):
        found = pattern.match(row)
        if not found or not row.strip() or row.lstrip().startswith("#"):
            continue
        indent = len(found["indent"])
        dash = row.find("-") if "-" in found["indent"] else indent
        seen = {depth for depth in seen if depth <= indent and depth <= dash}
        if found["key"]:
            if indent in seen:
                return line + number
            seen.add(indent)
    return otherwise


class _GoLoader(yaml.CSafeLoader):
    """libyaml's parser with the types of go-yaml v2, as sigs.k8s.io/yaml uses it: no timestamps, no sexagesimal."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # PyYAML keeps it on the class
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.merged = 0
        self.own: dict[int, set[int]] = {}

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Join what merge keys name, the nearest value first; each pair copied counts against the limit."""
        self.own.setdefault(id(node), {id(key) for key, _ in node.value})
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            super().flatten_mapping(node)
            self.merged += len(node.value)
            if self.merged > MAX_MERGED:
                raise ConstructorError(None, None, f"merge keys copy more than {MAX_MERGED:,} values", node.start_mark)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys are texts, as the API server makes them; a key that stands twice is refused."""
        self.flatten_mapping(node)
        own = self.own[id(node)]
        made: dict[Hashable, Any] = {}
        mine: set[str] = set()
        for key_node, value_node in node.value:
            key = _key(self.construct_object(key_node, deep=True), key_node)
            if id(key_node) in own:
                if key in mine:
                    raise ConstructorError(None, None, f'the key "{key[:60]}" stands twice', key_node.start_mark)
                mine.add(key)
            made[key] = self.construct_object(value_node, deep=deep)
        return made


def _key(value: object, node: yaml.Node) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
        case _:
            raise ConstructorError(None, None, "a key is no text", node.start_mark)


def _bool(_: _GoLoader, node: yaml.ScalarNode) -> bool:
    if node.value in _TRUE:
        return True
    if node.value in _FALSE:
        return False
    raise ConstructorError(None, None, "no boolean", node.start_mark)


def go_number(text: str) -> int | float | None:
    """The number that go-yaml v2 reads in a plain scalar, or None when it is text to it.

    Source: gopkg.in/yaml.v2, resolve.go (underscores go, then strconv.ParseInt with base 0, then a float).
    """
    plain = text.replace("_", "")
    if found := _GO_INT.fullmatch(plain):
        digits = found[found.lastgroup or "d"]
        value = int(digits, _BASES[found.lastgroup or "d"]) * (-1 if found[1] == "-" else 1)
        if -(2**63) <= value < 2**64:
            return value
    if _GO_FLOAT.fullmatch(plain):
        number = float(plain)
        return number if math.isfinite(number) else None
    return None


def _number(_: _GoLoader, node: yaml.ScalarNode) -> int | float:
    value = go_number(node.value)
    if value is None:
        raise ConstructorError(None, None, "no number", node.start_mark)
    return value


def _refused_number(_: _GoLoader, node: yaml.ScalarNode) -> object:
    raise ConstructorError(None, None, "infinity and NaN are no values of Kubernetes", node.start_mark)


def _refused_tag(_: _GoLoader, node: yaml.Node) -> object:
    core = node.tag.startswith("tag:yaml.org,2002:")  # any other may be a password that begins with "!"
    raise ConstructorError(
        None, None, f"the tag {node.tag[:60] if core else '!...'} is not understood; quote the value", node.start_mark
    )


class _NumberPattern:
    """What PyYAML asks of a pattern, answered by `go_number`."""

    @staticmethod
    def match(text: str) -> bool:
        return go_number(text) is not None


def _prepare() -> None:
    core = "tag:yaml.org,2002:"
    words = (
        ("bool", re.compile(rf"(?:{_BOOL_WORDS}|true|True|TRUE|false|False|FALSE)$"), "yYnNtTfFoO"),
        ("null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
        ("merge", re.compile(r"<<$"), "<"),
        ("infinity", re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"), "+-."),
        ("number", _NumberPattern(), "+-.0123456789"),
    )
    for name, pattern, first in words:
        _GoLoader.add_implicit_resolver(core + name, pattern, list(first))
    safe = yaml.constructor.SafeConstructor
    made: dict[str, Any] = {
        "bool": _bool,
        "null": safe.construct_yaml_null,
        "number": _number,
        "int": _number,
        "float": _number,
        "infinity": _refused_number,
        "str": safe.construct_yaml_str,
        "merge": safe.construct_yaml_str,
        "timestamp": safe.construct_yaml_str,
        "seq": safe.construct_yaml_seq,
        "map": safe.construct_yaml_map,
    }
    for kind, constructor in made.items():
        _GoLoader.add_constructor(f"{core}{kind}", constructor)
    _GoLoader.add_constructor(None, _refused_tag)


_prepare()


def _decode_as_go(text: str, line: int) -> object:
    loader = _GoLoader(text)
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = str(error.problem or error.context).replace("\n", " ")[:200]
        at = line + (mark.line if mark else 0)
        raise EvidenceError(f"not readable as the cluster reads it: {said}", line=at) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        said = str(error).replace("\n", " ")[:200]
        raise EvidenceError(f"not readable as the cluster reads it: {said}", line=line) from error
    finally:
        loader.dispose()
