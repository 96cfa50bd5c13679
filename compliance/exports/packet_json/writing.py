"""Writes assessment.json record by record, and gives the schema it keeps to."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from itertools import chain
from typing import Any

import msgspec
import zstandard

from compliance.exports.packet_json import proof_views, views
from compliance.exports.packet_json.proof import FILE, vulnerability_view
from compliance.exports.packet_json.viewing import view
from compliance.model.assessment import Assessment, Options, OutputFile

#: JSON lines above this size (bytes) are written compressed. Source: the packet's specification.
COMPRESS_ABOVE = 64 * 1024 * 1024
_encode = msgspec.json.Encoder().encode

# What JSON lets stand raw though a terminal, a script or the direction of writing would act on it:
# DEL and C1 controls, invisible and directional format characters, line separators, tags.
_STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """assessment.json, and vulnerabilities.jsonl where scans were handed in; no option changes their shape."""
    del options
    yield OutputFile(path="assessment.json", media_type="application/json", chunks=_chunks(view(assessment)))
    if assessment.vulnerabilities.scans:
        yield lines_file(FILE, (_line(vulnerability_view(item)) for item in assessment.vulnerabilities.items))


def lines_file(path: str, lines: Iterable[bytes]) -> OutputFile:
    """A file of JSON lines, compressed when it is above COMPRESS_ABOVE; what is made ahead is held compressed."""
    pieces = iter(lines)
    # one thread: the bytes must not depend on how many processors there are
    packer = zstandard.ZstdCompressor(level=3, threads=0, write_content_size=False).compressobj()
    held, size = [], 0
    for line in pieces:
        held.append(packer.compress(line + b"\n"))
        size += len(line) + 1
        if size > COMPRESS_ABOVE:
            chunks = chain(held, _rest(packer, pieces))
            return OutputFile(path=f"{path}.zst", media_type="application/zstd", chunks=chunks)
    held.append(packer.flush())
    unpacked = zstandard.ZstdDecompressor().stream_reader(BytesIO(b"".join(held)))
    return OutputFile(path=path, media_type="application/jsonl", chunks=iter(partial(unpacked.read, 1 << 20), b""))


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


def _rest(packer: zstandard.ZstdCompressionObj, lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield packer.compress(line + b"\n")
    yield packer.flush()


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of assessment.json, as it is published beside this package."""
    return _schema(views.AssessmentView, "assessment-1", "assessment.json of a compliance packet")


def line_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a line of vulnerabilities.jsonl."""
    return _schema(proof_views.VulnerabilityView, "vulnerability-1", "A line of vulnerabilities.jsonl")


def _schema(shape: type, name: str, title: str) -> dict[str, Any]:
    found = msgspec.json.schema(shape)
    for described in (found, *found["$defs"].values()):
        if "description" in described:  # docstrings keep their indentation up to Python 3.12
            described["description"] = inspect.cleandoc(described["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://compliance-evidence.example/schema/{name}.json",
        "title": title,
        **found,
    }
