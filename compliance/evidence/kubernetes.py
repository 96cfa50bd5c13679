"""The reader of Kubernetes objects: YAML and JSON bytes in; pods, cluster objects and typed lists out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from compliance.errors import EvidenceError
from compliance.evidence.cluster.commands import command_lines
from compliance.evidence.cluster.settings import settings, settings_kind, shared_settings
from compliance.evidence.decisions.objects import decisions, on_pod
from compliance.evidence.json_documents import decode_json, kind_of, values
from compliance.evidence.lines import locate
from compliance.evidence.objects import cluster_object
from compliance.evidence.pods import pods, template_paths
from compliance.evidence.recognition import Notation, identify, notation
from compliance.evidence.splitting import list_items, split, yaml_documents
from compliance.evidence.subjects import MAX_NAME, checked_kind, metadata
from compliance.evidence.yaml_documents import decode_yaml, odd_words
from compliance.model.cluster import ConfigMap, TypedList
from compliance.model.evidence import Origin
from compliance.model.reader import Reader, Record, Slice
from compliance.model.workload import Pod

#: Lists within lists that are followed.
MAX_LIST_DEPTH = 5
_MARK = b"\xef\xbb\xbf"
_KIND = re.compile(r"[\"']?kind[\"']?[ \t]*:[ \t]+[\"']?([A-Za-z]\w*)[\"']?[ \t]*(?:#.*)?\r?$")
#: A row of a block mapping that cannot hold another `kind` of the object itself: indented, empty, a template's
#: directive, or of another key.
_ORDINARY_ROW = re.compile(
    r"[ \t\r#%]|$|\{\{[^{}]*\}\}\s*$|---\s*$|\.\.\.|-(?:[ \t]|$)|(?![\"']?kind\b)[\"']?[A-Za-z][\w.-]*[\"']?[ \t]*:"
)
_TEMPLATE = re.compile(r"\{\{[^}\n]*\.(?:Values|Release|Chart)\b")
#: Kinds whose texts may hold template text of other programs.
_TEXT_KINDS = frozenset(("ConfigMap", "Secret", "CustomResourceDefinition"))


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """Records of every object in a slice, in order; an EvidenceError for each document that cannot be read."""
    reading = _Reading(data=data, slice=slice, path=path, sha256=sha256)
    if slice.item is None:
        if notation(data) is Notation.JSON:
            yield from reading.json_documents()
        else:
            yield from reading.yaml_documents()
    elif slice.count:
        yield from reading.json_items(slice.item)
    else:
        origin = reading.origin(0, len(data), slice.line, slice.document)
        yield TypedList(origin=origin, item_kind=slice.item_kind, items=slice.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One slice under way."""

    data: bytes
    slice: Slice
    path: str
    sha256: str

    def origin(self, start: int, end: int, line: int, document: int | None, pointer: str = "") -> Origin:
        return Origin(
            path=self.path,
            sha256=self.sha256,
            document=document,
            pointer=pointer,
            inner="",
            offset=self.slice.offset + start,
            length=end - start,
            line=line,
        )

    def _number(self, index: int) -> int | None:
        return None if self.slice.document is None else self.slice.document + index

    def json_items(self, first: int) -> Iterator[Record | EvidenceError]:
        """Items of a List, each an object by itself."""
        line, counted = self.slice.line, 0
        defaults = (self.slice.item_api_version, self.slice.item_kind)
        for index, (start, end, _) in enumerate(values(self.data)):
            line += self.data.count(b"\n", counted, start)
            counted = start
            origin = self.origin(start, end, line, self.slice.document, f"/items/{first + index}")
            yield from self._json(origin, start, end, defaults)

    def json_documents(self) -> Iterator[Record | EvidenceError]:
        """Objects that follow each other."""
        line, counted = self.slice.line, 0
        for index, (start, end, _) in enumerate(values(self.data)):
            line += self.data.count(b"\n", counted, start)
            counted = start
            yield from self._json(self.origin(start, end, line, self._number(index)), start, end, ("", ""))

    def _json(
        self, origin: Origin, start: int, end: int, defaults: tuple[str, str]
    ) -> Iterator[Record | EvidenceError]:
        try:
            text = _text(self.data[start:end], origin.line)
            value = decode_json(text, origin.line)
        except EvidenceError as error:
            yield _placed(error, origin, kind_of(self.data[start:end]))
            return
        yield from _objects(value, origin, self.data[start:end], text, defaults)

    def yaml_documents(self) -> Iterator[Record | EvidenceError]:
        """Documents divided by `---`."""
        words = odd_words(self.data.decode("utf-8", "replace"))
        line, counted = self.slice.line, 0
        for index, (start, end) in enumerate(yaml_documents(self.data)):
            line += self.data.count(b"\n", counted, start)
            counted = start
            origin = self.origin(start, end, line, self._number(index))
            piece = self.data[start:end]
            try:
                text = _text(piece, line)
                value = decode_yaml(text, line, words)
            except EvidenceError as error:
                yield _placed(error, origin, _kind_in(piece))
                continue
            if value is not None:
                yield from self._yaml(value, origin, start, end, text)

    def _yaml(self, value: object, origin: Origin, start: int, end: int, text: str) -> Iterator[Record | EvidenceError]:
        """A document; of a List in block style each item stands in bytes of its own."""
        piece = self.data[start:end]
        found = _listed(value)
        places = list_items(piece, len(found[0])) if found and found[1] and len(found[0]) > 1 else None
        if found is None or places is None:
            yield from _objects(value, origin, piece, text, ("", ""))
            return
        items, at, item_kind, api_version = found
        if item_kind:
            yield TypedList(origin=origin, item_kind=item_kind, items=len(items))
        line, counted = origin.line, 0
        for index, (first, last) in enumerate(places):
            line += piece.count(b"\n", counted, first)
            counted = first
            own = self.origin(start + first, start + last, line, origin.document, f"{at}/{index}")
            part = piece[first:last]
            own = replace(own, inner="/0")
            yield from _objects(items[index], own, part, part.decode(), (api_version, item_kind))


def _text(data: bytes, line: int) -> str:
    try:
        return data.removeprefix(_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError(
            f"byte {error.start} is not UTF-8; convert the file to UTF-8", line=line + data.count(b"\n", 0, error.start)
        ) from error


def _kind_in(data: bytes) -> str:
    """What a YAML document that cannot be decoded says its kind is; empty where anything leaves that in doubt."""
    said: set[str] = set()
    for row in data.removeprefix(_MARK).decode("utf-8", "replace").split("\n"):
        if found := _KIND.match(row):
            said.add(found[1])
        elif not _ORDINARY_ROW.match(row):
            return ""
    return said.pop() if len(said) == 1 else ""


def _placed(error: EvidenceError, origin: Origin, kind: str) -> EvidenceError:
    """The error with its file, document, pointer from the document's root, and line."""
    return EvidenceError(
        error.message,
        path=origin.path,
        document=origin.document,
        pointer=origin.pointer + error.pointer,
        line=error.line if error.line is not None else origin.line,
        kind=kind,
    )


def _objects(
    value: object, origin: Origin, data: bytes, text: str, defaults: tuple[str, str]
) -> Iterator[Record | EvidenceError]:
    """Records of a decoded document: of the object itself, or of the items of a List, whatever the nesting."""
    pending: list[tuple[object, str, tuple[str, str], int]] = [(value, "", defaults, 0)]
    while pending:
        item, inner, given, depth = pending.pop()
        here = origin if not inner else replace(origin, pointer=origin.pointer + inner, inner=origin.inner + inner)
        listed = _listed(item)
        if listed is None:
            yield from _object(item, here, data, text, given)
            continue
        items, at, item_kind, api_version = listed
        if depth >= MAX_LIST_DEPTH:
            yield _placed(EvidenceError(f"more than {MAX_LIST_DEPTH} lists within each other"), here, "")
            continue
        if item_kind:
            yield TypedList(origin=here, item_kind=item_kind, items=len(items))
        for index in range(len(items) - 1, -1, -1):
            pending.append((items[index], f"{inner}{at}/{index}", (api_version, item_kind), depth + 1))


def _listed(value: object) -> tuple[list[object], str, str, str] | None:
    """Items of a list object, the pointer to them, and the kind and apiVersion a typed list gives them."""
    if isinstance(value, list):
        return value, "", "", ""
    if not isinstance(value, dict):
        return None
    kind, items = value.get("kind"), value.get("items")
    if not isinstance(kind, str) or not kind.endswith("List") or len(kind) > MAX_NAME:
        return None
    if not (isinstance(items, list) or items is None):
        return None
    item_kind = kind.removesuffix("List")
    if items is None and "items" not in value and item_kind:
        return None
    return items or [], "/items", item_kind, str(value.get("apiVersion", "")) if item_kind else ""


def _object(
    value: object, origin: Origin, data: bytes, text: str, given: tuple[str, str]
) -> Iterator[Record | EvidenceError]:
    kind = ""
    try:
        if not isinstance(value, dict):
            raise EvidenceError("not a Kubernetes object: no mapping of keys to values")
        document: dict[str, Any] = value
        if given[1] and "kind" not in document:
            document = {**document, "apiVersion": document.get("apiVersion") or given[0], "kind": given[1]}
        found = document.get("kind")
        kind = found if isinstance(found, str) else ""
        api_version, kind = checked_kind(document)
        if kind not in _TEXT_KINDS and "{{" in text and _TEMPLATE.search(text):
            raise _template_text(text, origin.line)
        if called := settings_kind(api_version, kind):
            yield settings(document, origin, called)
            return
        meta = metadata(document)
        paths = template_paths(document, kind, api_version)
        if paths:
            for pod in pods(document, meta, origin, paths):
                yield pod
                if isinstance(pod, Pod):
                    yield from on_pod(pod, meta)
                    yield from command_lines(document, pod)
        else:
            found_object = cluster_object(document, meta, origin)
            yield found_object
            if isinstance(found_object, ConfigMap):
                yield from shared_settings(document, found_object)
            for decision in decisions(document, found_object.header):
                yield _placed(decision, origin, kind) if isinstance(decision, EvidenceError) else decision
    except EvidenceError as error:
        if error.line is None:
            error.line = locate(data, origin.line, [origin.inner + error.pointer])[0]
        yield _placed(error, origin, kind)


def _template_text(text: str, line: int) -> EvidenceError:
    found = _TEMPLATE.search(text)
    return EvidenceError(
        "holds template text ({{ ... }}), so it is no manifest yet; render it first: helm template",
        line=line + text.count("\n", 0, found.start() if found else 0),
    )


READER = Reader(
    id="kubernetes",
    title="Kubernetes objects, as YAML or JSON",
    revision=3,
    evidence_kinds=("workload-manifest", "k8s-objects"),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
)
