"""OVAL results in an ARF in: which tests of a failed rule's definition did not hold, and what they looked at, out.

Source: OVAL 5.11, oval-results-schema.xsd and oval-system-characteristics-schema.xsd.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from compliance.evidence.rules.oval_items import Item, told
from compliance.evidence.rules.xccdf_parts import Document

_RESULTS = "http://oval.mitre.org/XMLSchema/oval-results-5 "
_COLLECTED = "http://oval.mitre.org/XMLSchema/oval-system-characteristics-5 "
#: What a definition or test did not do: hold.
_HOLDS = frozenset({"true", "not evaluated", "not applicable"})
#: Of one document: definitions that did not hold, tests of one of them, tests, items of one, items that are told.
_MAX_DEFINITIONS = 20_000
_MAX_CRITERIA = 50
_MAX_TESTS = 50_000
_MAX_ITEMS_OF_TEST = 5
_MAX_ITEMS = 20_000
#: Definitions that extend one another.
_MAX_EXTENDED = 20
#: Items that say nothing of a file system.
_NOT_OF_FILES = frozenset(
    {"family_item", "environmentvariable_item", "environmentvariable58_item", "variable_item", "uname_item"}
    | {"system_info_item", "interface_item", "sysctl_item", "process_item", "process58_item"}
)
#: Fields of one item, and characters of each.
_MAX_FIELDS = 40
_FIELD = 400


class OvalResults:
    """The handlers by full name. `collecting` is true within the collected items, whose names are without number."""

    def __init__(self, document: Document, parser: expat.XMLParserType) -> None:
        self.collecting = False
        self.starts: dict[str, Callable[[dict[str, str]], None]] = {
            f"{_RESULTS}definition": self._definition,
            f"{_RESULTS}criterion": self._criterion,
            f"{_RESULTS}extend_definition": self._extended,
            f"{_RESULTS}tests": self._tests,
            f"{_RESULTS}test": self._test,
            f"{_RESULTS}tested_item": self._tested,
            f"{_COLLECTED}system_data": self._system_data,
        }
        self.ends: dict[str, Callable[[], None]] = {f"{_COLLECTED}system_data": self._system_data_end}
        self._document = document
        self._parser = parser
        self._seen = document.seen
        self._criteria: list[str] | None = None
        self._needed: set[str] = set()
        self._items_now: list[str] | None = None
        self._wanted: set[str] = set()
        self._depth = 0
        self._item: Item | None = None
        self._field = ""
        self._text: list[str] = []

    # -- definitions and tests -------------------------------------------------------------------------------

    def _definition(self, attributes: dict[str, str]) -> None:
        self._criteria = None
        name = attributes.get("definition_id", "")
        if attributes.get("result") in _HOLDS or len(self._seen.definitions) >= _MAX_DEFINITIONS:
            return
        self._criteria = self._seen.definitions.setdefault(name, [])

    def _criterion(self, attributes: dict[str, str]) -> None:
        if self._criteria is not None and attributes.get("result") not in _HOLDS:
            self._add(attributes.get("test_ref", ""))

    def _extended(self, attributes: dict[str, str]) -> None:
        if self._criteria is not None and attributes.get("result") not in _HOLDS:
            self._add(attributes.get("definition_ref", ""))

    def _add(self, name: str) -> None:
        if self._criteria is not None and name and len(self._criteria) < _MAX_CRITERIA:
            self._criteria.append(name)

    def _tests(self, _: dict[str, str]) -> None:
        """All definitions are known now, and so are the tests of those that failed rules name."""
        self._criteria = None
        self._seen.systems += 1
        failed = {
            name
            for test in self._document.tests
            for result in test.results
            if result.said in ("fail", "error")
            for name in result.checks
        }
        for name in failed:
            self._needed.update(tests_of(self._seen.definitions, name))

    def _test(self, attributes: dict[str, str]) -> None:
        name = attributes.get("test_id", "")
        self._items_now = None
        if name in self._needed and len(self._seen.tests) < _MAX_TESTS:
            self._items_now = self._seen.tests.setdefault(name, [])

    def _tested(self, attributes: dict[str, str]) -> None:
        item = attributes.get("item_id", "")
        if self._items_now is None or not item or attributes.get("result") == "true":
            return
        if len(self._items_now) < _MAX_ITEMS_OF_TEST:
            self._items_now.append(item)
            self._wanted.add(item)

    # -- collected items -------------------------------------------------------------------------------------

    def _system_data(self, _: dict[str, str]) -> None:
        self.collecting = True
        self._depth = 0

    def _system_data_end(self) -> None:
        self.collecting = False
        self._item = None
        self._wanted.clear()  # the next system of the document has ids of its own

    def item_start(self, name: str, attributes: dict[str, str]) -> None:
        """An item, a field of it, or a part of a field."""
        self._depth += 1
        if self._depth == 1:
            kind = name.rpartition(" ")[2]
            if attributes.get("status", "exists") == "exists" and kind not in _NOT_OF_FILES:
                self._seen.found += 1
            number = attributes.get("id", "")
            if number in self._wanted and len(self._seen.items) < _MAX_ITEMS:
                self._item = Item(id=number, kind=kind, status=attributes.get("status", "exists"))
        elif self._depth == 2 and self._item is not None and len(self._item.fields) < _MAX_FIELDS:
            self._field = name.rpartition(" ")[2]
            self._text = []
            self._parser.CharacterDataHandler = self._more

    def _more(self, text: str) -> None:
        if len(self._text) < 4:
            self._text.append(text[:_FIELD])

    def item_end(self) -> None:
        """The end of what began last."""
        self._depth -= 1
        if self._item is None:
            return
        if self._depth == 1 and self._field:
            self._parser.CharacterDataHandler = None
            self._item.fields.append((self._field, "".join(self._text)[:_FIELD].strip()))
            self._field = ""
        elif self._depth == 0:
            self._seen.items[self._item.id] = told(self._item)
            self._item = None


def tests_of(definitions: dict[str, list[str]], name: str) -> list[str]:
    """The tests that did not hold of a definition and of those it extends, in order, each once."""
    found: dict[str, None] = {}
    pending, known = [name], {name}
    while pending and len(known) <= _MAX_EXTENDED:
        for one in definitions.get(pending.pop(0), ()):
            if ":tst:" in one:
                found[one] = None
            elif one not in known:
                known.add(one)
                pending.append(one)
    return list(found)
