"""YAML files of our own: read strictly, held against their JSON Schema; faults name file, line and nearest word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ryaml
import yaml

from compliance.errors import ComplianceError

#: Characters of a validator's own message that are shown; it may quote the whole value.
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML file of ours: its text, and its plain values. `failure` is the exception type of its layer."""

    path: Path
    text: str
    data: dict[str, Any]
    failure: type[ComplianceError]

    def error(self, message: str, pointer: Sequence[str | int] = ()) -> ComplianceError:
        """A failure at a place of this file, with its line."""
        return self.failure(f"{self.path}{_place(self.text, pointer)}: {message}")

    def check(self, schema: Any) -> None:
        """Hold the document against a JSON Schema (2020-12).

        Raises:
            ComplianceError: the first fault, with line, pointer and the nearest known key.
        """
        import jsonschema  # shipped catalogs are not validated at run time, and it is slow to import

        validator = jsonschema.Draft202012Validator(schema)
        faults = sorted(validator.iter_errors(self.data), key=lambda fault: [str(step) for step in fault.path])
        if faults:
            pointer = list(faults[0].absolute_path)
            place = f"at /{'/'.join(str(step) for step in pointer)}"
            raise self.error(f"{place}: {_words(faults[0])}", [*pointer, *_unknown(faults[0])[:1]])


def read(path: Path, failure: type[ComplianceError]) -> Document:
    """A YAML file whose root is a mapping.

    Raises:
        ComplianceError: (as `failure`) the file cannot be read, or is no YAML mapping.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = ryaml.loads(text)  # type: ignore[attr-defined]  # its stub leaves the name out of __all__
    except OSError as error:
        raise failure(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise failure(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except ValueError as error:  # what ryaml raises for anything that is not plain YAML
        raise failure(f"{path}{_duplicate_line(path)}: is not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise failure(f"{path}: holds no mapping of keys to values at its root")
    return Document(path=path, text=text, data=data, failure=failure)


def nearest(word: str, known: Iterable[str]) -> str:
    """`Did you mean X? ` for the known word most like this one, or empty text."""
    found = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f"Did you mean {found[0]}? " if found else ""


def _unknown(fault: Any) -> list[str]:
    """The keys that the schema does not know, sorted; empty for a fault of another kind."""
    if fault.validator != "additionalProperties" or not isinstance(fault.instance, Mapping):
        return []
    return sorted(str(key) for key in fault.instance if key not in fault.schema.get("properties", {}))


def _words(fault: Any) -> str:
    """A schema fault as a sentence with what to do."""
    unknown = _unknown(fault)
    if unknown:
        known = list(fault.schema.get("properties", {}))
        return f"unknown key {', '.join(unknown)}. {nearest(unknown[0], known)}Known: {', '.join(sorted(known))}"
    if fault.validator == "type" and "string" in fault.validator_value and not isinstance(fault.instance, dict | list):
        return f"{fault.instance!r} is not text; put it in quotes (2.10 without quotes is the number 2.1)"
    if fault.validator == "enum":
        words = [str(word) for word in fault.validator_value]
        return f"{fault.instance!r} is not one of {', '.join(words)}. {nearest(str(fault.instance), words)}".strip()
    if fault.validator == "anyOf":
        choices = " or ".join(f"`{key}`" for choice in fault.validator_value for key in choice["required"])
        return f"needs {choices}"
    return str(fault.message)[:_LONGEST]


def _place(text: str, pointer: Sequence[str | int]) -> str:
    """` line N` of the value at a pointer, or of its nearest present ancestor; empty when nothing is known."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:  # the two readers disagree about what is YAML
        return ""
    if node is None:
        return ""
    mark = node.start_mark
    for step in pointer:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(step)]
            if not pairs:
                break
            mark, node = pairs[0][0].start_mark, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
        else:
            break
    return f" line {mark.line + 1}"


def _duplicate_line(path: Path) -> str:
    """` line N` of the first key that stands twice in one mapping; empty when there is none.

    The strict reader refuses duplicates without saying where.
    """
    try:
        root = yaml.compose(path.read_bytes(), Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return ""
    todo: list[Any] = [root]
    visited: set[int] = set()  # an alias can lead back to where it stands
    while todo:
        node = todo.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if str(key.value) in seen:
                    return f" line {key.start_mark.line + 1}"
                seen.add(str(key.value))
                todo.append(value)
        elif isinstance(node, yaml.SequenceNode):
            todo.extend(node.value)
    return ""
