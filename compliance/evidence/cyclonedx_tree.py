"""Elements of CycloneDX XML in; the values that the JSON form holds, as far as they are read, out."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.sbom_parts import MAX_COMPONENTS
from compliance.evidence.xml_documents import SEPARATOR

#: Longest text of one element that is read, in characters.
MAX_TEXT = 64 * 1024
#: Items of lists (components, hashes, licences, properties, edges), all together.
MAX_ITEMS = 2 * MAX_COMPONENTS
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig# Signature"


class _How(Enum):
    """What an element becomes: text, a mapping, a list of its children, or one item of a list beside others."""

    TEXT = "text"
    ONE = "one"
    LIST = "list"
    ITEM = "item"
    TEXTS = "texts"


class _Child(NamedTuple):
    """How a child element is read: under which key, as what, and by which rules."""

    key: str
    how: _How
    rules: str = ""


def _texts(*names: str) -> dict[str, _Child]:
    return {name: _Child(name, _How.TEXT) for name in names}


def _one(name: str, rules: str) -> dict[str, _Child]:
    return {name: _Child(name, _How.ONE, rules)}


def _list(name: str, rules: str) -> dict[str, _Child]:
    return {name: _Child(name, _How.LIST, rules)}


_COMPONENT = {
    **_texts("group", "name", "version", "purl", "cpe", "publisher", "author"),
    **_one("supplier", "organisation"),
    **_one("manufacturer", "organisation"),
    **_one("swid", "swid"),
    "swhid": _Child("swhid", _How.TEXTS),
    "omniborId": _Child("omniborId", _How.TEXTS),
    **_list("authors", "party"),
    **_list("hashes", "hash"),
    "licenses": _Child("licenses", _How.ONE, "licenses"),
    **_list("components", "component"),
    **_list("properties", "property"),
}
#: For each kind of mapping, the child elements that are read.
_RULES: dict[str, dict[str, _Child]] = {
    "bom": {
        **_one("metadata", "metadata"),
        **_list("components", "component"),
        **_list("dependencies", "dependency"),
        **_list("compositions", "composition"),
        **_list("services", "service"),
    },
    "metadata": {
        **_texts("timestamp"),
        **_one("tools", "tools"),
        **_one("component", "component"),
        **_list("authors", "party"),
        **_one("manufacturer", "organisation"),
        **_one("manufacture", "organisation"),
        **_one("supplier", "organisation"),
        **_list("lifecycles", "lifecycle"),
    },
    "tools": {"tool": _Child("tool", _How.ITEM, "tool"), **_list("components", "tool"), **_list("services", "tool")},
    "tool": _texts("name", "version"),
    "component": _COMPONENT,
    "organisation": _texts("name"),
    "party": _texts("name", "email"),
    "hash": {},
    "property": {},
    "swid": {},
    "licenses": {
        "license": _Child("items", _How.ITEM, "license"),
        "expression": _Child("items", _How.ITEM, "expression"),
    },
    "license": _texts("id", "name"),
    "expression": {},
    "lifecycle": _texts("phase", "name"),
    "dependency": {"dependency": _Child("dependsOn", _How.ITEM, "edge")},
    "edge": {},
    "composition": _texts("aggregate"),
    "service": _list("services", "service"),
}
#: Attributes that are read, by kind of mapping.
_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "bom": ("serialNumber", "version"),
    "component": ("type", "bom-ref"),
    "service": ("bom-ref",),
    "hash": ("alg",),
    "property": ("name",),
    "swid": ("tagId",),
    "license": ("acknowledgement",),
    "expression": ("acknowledgement",),
    "dependency": ("ref",),
    "edge": ("ref",),
}
#: Mappings whose own text is a value, and its key.
_CONTENT = {"hash": "content", "property": "value", "expression": "expression"}

_Values = dict[str, object]


class _Open(NamedTuple):
    """An element that is not yet closed. `into` collects its values, or is None where only its text counts.

    `items` are the rules of its children when it is a list.
    """

    child: _Child
    values: _Values
    items: list[object] | None


class Tree:
    """Collects a document as `walk` tells it. `root` is the first element's name; `signed` tells an XML signature."""

    def __init__(self) -> None:
        self.root = ""
        self.signed = False
        self.document: _Values = {}
        self._open: list[_Open] = []
        self._skipped = 0
        self._namespace = ""
        self._text: list[str] = []
        self._length = 0
        self._items = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._skipped:
            self._skipped += 1
            return
        if not self._open:
            self.root = name
            self._namespace = name.rpartition(SEPARATOR)[0]
            self._enter(_Child("", _How.ONE, "bom"), attributes)
            return
        child = self._child_of(self._open[-1], name)
        if child is None:
            self.signed = self.signed or (len(self._open) == 1 and name == _SIGNATURE)
            self._skipped = 1
            return
        self._enter(child, attributes)

    def _child_of(self, above: _Open, name: str) -> _Child | None:
        """How a child is read; None for one that is passed over."""
        namespace, _, local = name.rpartition(SEPARATOR)
        if namespace != self._namespace:
            return None
        if above.items is not None:
            return _Child("", _How.ITEM, above.child.rules)
        return _RULES.get(above.child.rules, {}).get(local)

    def _enter(self, child: _Child, attributes: dict[str, str]) -> None:
        self._text, self._length = [], 0
        if child.how in (_How.ITEM, _How.TEXTS):
            self._items += 1
            if self._items > MAX_ITEMS:
                raise EvidenceError(f"more than {MAX_ITEMS:,} items, above the limit for one SBOM")
        values: _Values = {key: attributes[key] for key in _ATTRIBUTES.get(child.rules, ()) if key in attributes}
        self._open.append(_Open(child, values, [] if child.how is _How.LIST else None))

    def text(self, text: str) -> None:
        if self._skipped or not self._open:
            return
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise EvidenceError(f"the text of one element is above the limit of {MAX_TEXT:,} characters")
        self._text.append(text)

    def end(self, _: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        closed = self._open.pop()
        text, self._text, self._length = "".join(self._text).strip(), [], 0
        value = _value(closed, text)
        if not self._open:
            self.document = closed.values
            return
        above = self._open[-1]
        if above.items is not None:
            above.items.append(value)
        elif closed.child.how in (_How.ITEM, _How.TEXTS):
            listed = above.values.setdefault(closed.child.key, [])
            if isinstance(listed, list):
                listed.append(value)
        elif closed.child.key in above.values:
            raise EvidenceError(f"the element {closed.child.key} stands twice in one place; keep one")
        else:
            above.values[closed.child.key] = value


def _value(closed: _Open, text: str) -> object:
    """What the JSON form holds for an element."""
    child, values = closed.child, closed.values
    if child.how in (_How.TEXT, _How.TEXTS):
        return text
    if closed.items is not None:
        return closed.items
    if child.rules == "edge":
        return values.get("ref", "")
    if child.rules == "licenses":
        return values.get("items", [])
    if child.rules == "tools" and "tool" in values:
        return values["tool"]
    if child.rules == "license":
        return {"license": values}
    content = _CONTENT.get(child.rules)
    if content is not None:
        values[content] = text
    return values
