"""Writes assessment.json record by record, and gives the schema it keeps to."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from compliance.exports.packet_json import views
from compliance.exports.packet_json.viewing import view
from compliance.model.assessment import Assessment, Options, OutputFile

_encode = msgspec.json.Encoder().encode

# What JSON lets stand raw though a terminal, a script or the direction of writing would act on it:
# DEL and C1 controls, invisible and directional format characters, line separators, tags.
_STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """One file, assessment.json; its shape does not depend on any option."""
    del options
    yield OutputFile(path="assessment.json", media_type="application/json", chunks=_chunks(view(assessment)))


def _chunks(whole: views.AssessmentView) -> Iterator[bytes]:
    """The document in pieces: a member or a record on each line."""
    start = b"{"
    for name in whole.__struct_fields__:
        value = getattr(whole, name)
        yield start + b"\n" + _encode(name) + b":"
        if isinstance(value, list):
            yield from _records(value)
        else:
            yield _line(value)
        start = b","
    yield b"\n}\n"


def _records(values: list[Any]) -> Iterator[bytes]:
    if not values:
        yield b"[]"
        return
    start = b"[\n"
    for value in values:
        yield start + _line(value)
        start = b",\n"
    yield b"\n]"


def _line(value: object) -> bytes:
    encoded = _encode(value)
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return _STEERING.sub(_escaped, encoded.decode()).encode()


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of assessment.json, as it is published beside this package."""
    found = msgspec.json.schema(views.AssessmentView)
    for described in (found, *found["$defs"].values()):
        if "description" in described:  # docstrings keep their indentation up to Python 3.12
            described["description"] = inspect.cleandoc(described["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://compliance-evidence.example/schema/assessment-1.json",
        "title": "assessment.json of a compliance packet",
        **found,
    }
