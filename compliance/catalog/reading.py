"""Files of controls/ and mappings/ enter; plain values of a known format leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from compliance import documents
from compliance.documents import Document, nearest
from compliance.errors import CatalogError

#: Each format of file and the schema it keeps to.
SCHEMAS = {
    "control-catalog/1": "control-catalog.schema.json",
    "check-mapping/1": "mapping.schema.json",
    "control-mapping/1": "mapping.schema.json",
    "evidence-kinds/1": "evidence-kinds.schema.json",
}


def read(path: Path, *, validate: bool) -> Document:
    """The file as plain values, with a known `format`; with `validate` it also keeps to its schema.

    Raises:
        CatalogError: the file cannot be read, is no YAML, or breaks its schema.
    """
    document = documents.read(path, CatalogError)
    found = document.data.get("format")
    if not isinstance(found, str) or found not in SCHEMAS:
        known = f"{nearest(str(found), SCHEMAS)}Known: {', '.join(sorted(SCHEMAS))}" if found else ", ".join(SCHEMAS)
        raise CatalogError(f"{path}: `format` says {found!r} and must name the kind of file. {known}")
    if validate:
        document.check(schema(SCHEMAS[found]))
    return document


@cache
def schema(name: str) -> Any:
    """A published schema, by file name."""
    return json.loads((Path(__file__).parent / "schema" / name).read_bytes())


def yaml_files(folder: Path) -> Iterator[Path]:
    """Every YAML file below a folder, in order of path."""
    yield from sorted(p for p in folder.rglob("*") if p.suffix in {".yaml", ".yml"} and p.is_file())
