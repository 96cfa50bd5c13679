"""YAML files of ours enter; plain values leave, or a CatalogError that names file, line and nearest known word."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ryaml
import yaml

from compliance.errors import CatalogError

#: Each format of file and the schema it keeps to.
SCHEMAS = {
    "control-catalog/1": "control-catalog.schema.json",
    "check-mapping/1": "mapping.schema.json",
    "control-mapping/1": "mapping.schema.json",
    "evidence-kinds/1": "evidence-kinds.schema.json",
}


#: Characters of a validator's own message that are shown; it may quote the whole value.
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML file of ours. `data` is a mapping with a known `format`."""

    path: Path
    text: str
    data: dict[str, Any]

    @property
    def format(self) -> str:
        return str(self.data["format"])

    def error(self, message: str, pointer: Sequence[str | int] = ()) -> CatalogError:
        """A CatalogError at a place of this file, with its line."""
        return CatalogError(f"{self.path}{_place(self.text, pointer)}: {message}")


def read(path: Path, *, validate: bool) -> Document:
    """The file as plain values, of a known format; with `validate` it also keeps to its schema.

    Raises:
        CatalogError: the file cannot be read, is no YAML, or breaks its schema.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = ryaml.loads(text)  # type: ignore[attr-defined]  # its stub leaves the name out of __all__
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except ValueError as error:  # what ryaml raises for anything that is not plain YAML
        raise CatalogError(f"{path}{_duplicate_line(path)}: is not valid YAML: {error}") from error
    found = data.get("format") if isinstance(data, dict) else None
    if not isinstance(found, str) or found not in SCHEMAS:
        known = f"{nearest(str(found), SCHEMAS)}Known: {', '.join(sorted(SCHEMAS))}" if found else ", ".join(SCHEMAS)
        raise CatalogError(f"{path}: `format` says {found!r} and must name the kind of file. {known}")
    document = Document(path=path, text=text, data=data)
    if validate:
        check(document)
    return document


def check(document: Document) -> None:
    """Hold a document against the schema of its format.

    Raises:
        CatalogError: the first fault, with line, pointer and the nearest known key.
    """
    faults = sorted(_validator(document.format).iter_errors(document.data), key=lambda e: [str(p) for p in e.path])
    if faults:
        fault = faults[0]
        path = list(fault.absolute_path)
        raise document.error(f"at /{'/'.join(str(p) for p in path)}: {_words(fault)}", path)


def schema(name: str) -> Any:
    """A published schema, by file name."""
    return json.loads((Path(__file__).parent / "schema" / name).read_bytes())


def nearest(word: str, known: Iterable[str]) -> str:
    """`Did you mean X? ` for the known word most like this one, or empty text."""
    found = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f"Did you mean {found[0]}? " if found else ""


def yaml_files(folder: Path) -> Iterator[Path]:
    """Every YAML file below a folder, in order of path."""
    yield from sorted(p for p in folder.rglob("*") if p.suffix in {".yaml", ".yml"} and p.is_file())


@cache
def _validator(format_name: str) -> Any:
    import jsonschema  # only users' files need it, and it takes longer to import than all catalogs to load

    return jsonschema.Draft202012Validator(schema(SCHEMAS[format_name]))


def _words(fault: Any) -> str:
    """A schema fault as a sentence with what to do."""
    if fault.validator == "additionalProperties" and isinstance(fault.instance, dict):
        known = list(fault.schema.get("properties", {}))
        unknown = sorted(str(key) for key in fault.instance if key not in known)
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
    while todo:
        node = todo.pop()
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
