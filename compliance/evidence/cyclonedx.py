"""The reader of CycloneDX JSON: an SBOM's bytes in; what it describes, who made it, and its components out.

Source: CycloneDX/specification, schema/bom-1.2 to bom-1.7 (JSON).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.purl import plain_text, splitter
from compliance.evidence.sbom_parts import (
    KIND,
    MAX_COMPONENTS,
    MAX_DEPTH,
    STRICT,
    Said,
    component_of,
    decoded,
    locate,
    misshapen,
    origin_of,
    reference,
    refuse_twofold,
    said_date,
    split,
    subject_of,
    too_many,
    tools_of,
    top_keys,
)
from compliance.model.reader import Reader, Record, Slice
from compliance.model.sbom import Component, Sbom

#: Versions whose JSON we know; what a later one means by the same keys nobody can say yet.
VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
#: Types of components that are no software package.
_NO_PACKAGE = frozenset(("file", "operating-system"))


class _Property(msgspec.Struct, gc=False):
    name: str | None = None
    value: str | None = None


class _Tool(msgspec.Struct, gc=False):
    name: str | None = None
    version: str | None = None


class _Tools(msgspec.Struct):
    components: list[_Tool] | None = None
    services: list[_Tool] | None = None


class _Described(msgspec.Struct, gc=False):
    type: str | None = None
    group: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    properties: list[_Property] | None = None
    components: list[_Component] | None = None


class _Component(msgspec.Struct, gc=False):
    type: str | None = None
    group: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    components: list[_Component] | None = None


class _Metadata(msgspec.Struct):
    timestamp: str | None = None
    tools: _Tools | list[_Tool] | None = None
    component: _Described | None = None


class _Bom(msgspec.Struct, rename="camel"):
    bom_format: str | None = None
    spec_version: str | None = None
    metadata: msgspec.Raw = msgspec.Raw()
    components: list[_Component] | None = None


_decoder = msgspec.json.Decoder(_Bom)
_metadata_decoder = msgspec.json.Decoder(_Metadata)


def identify(head: bytes) -> bool:
    """Whether the outermost object says that it is a CycloneDX document."""
    if b'"bomFormat"' not in head and b"cyclonedx.org/schema/bom-" not in head:
        return False
    keys = top_keys(head)
    return b"bomFormat" in keys or (b"$schema" in keys and b"specVersion" in keys)


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """One Sbom, or an EvidenceError."""
    try:
        yield _sbom(data, slice, path, sha256)
    except EvidenceError as error:
        error.path = path
        yield error


def _sbom(data: bytes, slice: Slice, path: str, sha256: str) -> Sbom:
    bom = decoded(data, _decoder)
    if bom.bom_format != "CycloneDX":
        raise EvidenceError("bomFormat is not CycloneDX", pointer="/bomFormat", kind=KIND)
    version = plain_text(bom.spec_version)
    if version not in VERSIONS:
        raise EvidenceError(
            f"CycloneDX {version or 'without a specVersion'} is not read by this version of the tool "
            f"({VERSIONS[0]} to {VERSIONS[-1]} are)",
            pointer="/specVersion",
            kind=KIND,
        )
    metadata = _metadata(data, bytes(bom.metadata))
    described = metadata.component
    said = _said(described) if described is not None else Said.nothing()
    listed = _listed(bom, metadata)
    return Sbom(
        origin=origin_of(slice, path, sha256),
        subject=subject_of(path, said.name),
        format="cyclonedx",
        version=version,
        described=said.name,
        described_at=said.name_at or "/metadata/component",
        digests=said.as_described(),
        diff_ids=tuple(said.diff_ids),
        created=said_date(metadata.timestamp),
        created_at="/metadata/timestamp",
        tools=_tools(metadata.tools),
        tools_at="/metadata/tools",
        components=tuple(listed.components),
        components_at="/components",
        components_total=listed.total,
        distro=listed.distro,
        described_type=plain_text(described.type) if described is not None else "",
    )


def _metadata(data: bytes, raw: bytes) -> _Metadata:
    """The metadata, which bind the document to its subject: they stand once, and every key in them once."""
    if raw in (b"", b"null"):
        return _Metadata()
    if len(data) > STRICT:
        if data.count(b'"metadata"') > 1:
            refuse_twofold(data)
        refuse_twofold(raw)
    try:
        return _metadata_decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise misshapen(str(error), "/metadata") from error


def _said(described: _Described) -> Said:
    """The described thing. Its hashes are left out: they are those of a file, which need not be the image."""
    said = Said.nothing()
    at = "/metadata/component"
    said.digest(described.version, f"{at}/version")
    said.digest(described.purl, f"{at}/purl")
    said.digest(described.name, f"{at}/name")
    for index, found in enumerate(described.properties or ()):
        key = found.name or ""
        if key.startswith("aquasecurity:trivy:"):
            said.trivy(key.removeprefix("aquasecurity:trivy:"), found.value or "", f"{at}/properties/{index}/value")
    name = f"{described.group}/{described.name}" if described.group and described.name else described.name
    said.reference(reference(name, described.version), f"{at}/name")
    return said


class _Listed(NamedTuple):
    """`total` counts entries of every kind; `distro` is the operating system's entry."""

    components: list[Component]
    total: int
    distro: str


def _listed(bom: _Bom, metadata: _Metadata) -> _Listed:
    """Every component, nested ones too, in order of depth and then of the document."""
    inner = metadata.component.components if metadata.component is not None else None
    groups = [found for found in (bom.components, inner) if found is not None]
    by_trivy = any(tool.startswith("trivy ") for tool in _tools(metadata.tools))
    components: list[Component] = []
    systems: list[_Component] = []
    total = depth = 0
    while groups:
        depth += 1
        total += sum(map(len, groups))
        if total > MAX_COMPONENTS:
            raise too_many(total)
        if depth > MAX_DEPTH:
            raise EvidenceError(
                f"components within components, more than {MAX_DEPTH} deep", pointer="/components", kind=KIND
            )
        below: list[list[_Component]] = []
        for group in groups:
            split_purl = splitter([found.purl for found in group if found.purl])
            for found in group:
                if found.components is not None:
                    below.append(found.components)
                if found.type in _NO_PACKAGE:
                    systems += [found] if found.type == "operating-system" else []
                elif not (by_trivy and _stands_for_a_file(found)):
                    made = split_purl(found.purl) if found.purl else None
                    components.append(made if made is not None and made.version else _described_so(found))
        groups = below
    distro = f"{systems[0].name or ''}-{systems[0].version or ''}" if systems else ""
    return _Listed(components, total, plain_text(distro.strip("-")))


def _described_so(found: _Component) -> Component:
    """A component whose package URL does not say all."""
    name = f"{found.group}/{found.name}" if found.group and found.name else found.name
    return component_of(found.purl, name, found.version)


def _stands_for_a_file(found: _Component) -> bool:
    """Whether an entry of Trivy's is a file of packages, and no package: without version and package URL.

    Source: trivy 0.76, pkg/sbom/io/encode.go, "resultComponent".
    """
    return found.purl is None and found.version is None and found.type == "application"


def _tools(tools: _Tools | list[_Tool] | None) -> tuple[str, ...]:
    """Up to 1.4 a list; from 1.5 on components and services."""
    if isinstance(tools, _Tools):
        tools = [*(tools.components or ()), *(tools.services or ())]
    return tools_of((tool.name, tool.version) for tool in tools or ())


READER = Reader(
    id="cyclonedx",
    title="CycloneDX SBOM, as JSON",
    revision=1,
    evidence_kinds=("sbom",),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=Sbom,
)
