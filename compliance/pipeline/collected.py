"""Records of collection: what they say of the files of the evidence, held against the bytes that were read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from compliance.pipeline.files import InputFile, head_of, printable
from compliance.pipeline.units import FileNotes

#: What `compliance collect` calls its record, and the folder that it writes it into.
FORMAT = "compliance-collection/1"
RECORDS = "collected"
#: The kind of evidence a record is: evidence about evidence.
KIND = "collection-record"
#: A record of a hundred thousand files has some 20 MB.
_LARGEST = 32 * 1024 * 1024
#: Where it says so, in a document that is one object.
_HEAD = 4096
_MARK = b'"compliance-collection/1"'
#: How many files that a record names and nobody handed in are told.
_TOLD = 3

_Time = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,63}$")]
_Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class RunTool(Struct, frozen=True):
    name: _Word
    version: _Word


class RunCommand(Struct, frozen=True):
    """A program that was run. The folder of the evidence and the file of credentials stand as words of ours."""

    arguments: list[str]
    started: _Time
    ended: _Time
    exit_code: int


class CollectedFile(Struct, frozen=True):
    """A file that was written; `path` is relative to the folder of the evidence."""

    path: str
    sha256: _Sha256
    size: int


class CollectionRecord(Struct, frozen=True):
    """`compliance-collection/1`: how, when and by what the files of an image, a host or a cluster were collected."""

    format: str
    what: str
    reference: str
    tool: RunTool
    commands: Annotated[list[RunCommand], Meta(min_length=1)]
    files: list[CollectedFile]


_decode = msgspec.json.Decoder(CollectionRecord).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What the records say, by path of the file it is said of.

    `texts` are `2026-08-20T10:00:00Z by skopeo 1.9.3`: files that have the sha256 a record names, at its place or in a
    folder of the same name elsewhere.
    `problems` are sentences: a file that is not the one that was collected, a record that cannot be read or
    names files that were not handed in. `records` are the paths of the records themselves.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    records: frozenset[str] = frozenset()


def collected_of(files: Iterable[InputFile], notes: Mapping[str, FileNotes]) -> Collected:
    """What the records among the files say of all files; `notes` carry the sha256 that each was read with.

    A record is nobody's signature: it says who collected, and that the bytes are still the same.
    """
    files = tuple(files)
    candidates = [file for file in files if _may_be_record(file, notes)]
    if not candidates:
        return Collected()
    texts: dict[str, str] = {}
    problems: dict[str, str] = {}
    records: set[str] = set()
    by_sha256: dict[str, list[str]] = {}
    for path in sorted(notes):
        by_sha256.setdefault(notes[path].sha256, []).append(path)
    for file in sorted(candidates, key=lambda file: file.path):
        data = _bytes_of(file, notes[file.path].sha256)
        if data is None:
            continue
        records.add(file.path)
        try:
            record = _decode(data)
        except msgspec.DecodeError as error:
            problems[file.path] = f"is called a record of collection and is none: {error}"
            continue
        _hold(record, file.path, notes, by_sha256, texts, problems)
    return Collected(texts=texts, problems=problems, records=frozenset(records))


def _hold(
    record: CollectionRecord,
    path: str,
    notes: Mapping[str, FileNotes],
    by_sha256: Mapping[str, list[str]],
    texts: dict[str, str],
    problems: dict[str, str],
) -> None:
    """Hold one record against the files that were read."""
    text = f"{record.commands[0].started} by {record.tool.name} {record.tool.version}"
    folder, _, _ = path.rpartition("/")
    folder = folder.removesuffix(RECORDS)
    missing: list[str] = []
    for named in record.files:
        at = folder + printable(named.path)
        note = notes.get(at)
        found = _same(at, printable(named.path), by_sha256.get(named.sha256, ()))
        for place in found:
            texts.setdefault(place, text)
        if note is not None and note.sha256 and note.sha256 != named.sha256:
            problems.setdefault(
                at,
                f"is not the file that was collected: {path} names sha256 {named.sha256}, and this one "
                f"has {note.sha256}",
            )
        elif not found and (note is None or not note.sha256):
            missing.append(printable(named.path))
    if missing:
        problems.setdefault(path, _missing(missing))


def _same(at: str, path: str, places: Sequence[str]) -> list[str]:
    """Of the places where its bytes stand, that of a collected file, else those in a folder of its folder's name.

    Other files may hold the same few bytes by chance, as every `oci-layout` does.
    """
    tail = path.partition("/")[2] or path
    return [at] if at in places else [place for place in places if f"/{place}".endswith(f"/{tail}")]


def _missing(missing: list[str]) -> str:
    told = ", ".join(missing[:_TOLD])
    more = f" and {len(missing) - _TOLD:,} more" if len(missing) > _TOLD else ""
    return f"names files that were not handed in: {told}{more}"


def _may_be_record(file: InputFile, notes: Mapping[str, FileNotes]) -> bool:
    """A small file that no reader knows: the only ones that are opened once more."""
    note = notes.get(file.path)
    return note is not None and not note.reader and not note.refused and 0 < file.size <= _LARGEST


def _bytes_of(file: InputFile, sha256: str) -> bytes | None:
    """The bytes of a record, when they are still those that were hashed."""
    head = head_of(file, _HEAD)
    if _MARK not in head or head.lstrip()[:1] != b"{":
        return None
    data = head_of(file, _LARGEST)
    return data if hashlib.sha256(data).hexdigest() == sha256 else None
