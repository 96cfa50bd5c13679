"""CycloneDX documents, however they were written: their parts in; the SBOM that they make out.

Source: CycloneDX/specification, schema/bom-1.2 to bom-1.7 (JSON and XML).
"""

from __future__ import annotations

from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.cyclonedx_elements import counted_elements
from compliance.evidence.cyclonedx_parts import Bom, BomComponent, Described, Metadata, Tool, Tools
from compliance.evidence.purl import components as components_of
from compliance.evidence.purl import plain_text
from compliance.evidence.sbom_parts import (
    KIND,
    MAX_COMPONENTS,
    MAX_DEPTH,
    Said,
    component_of,
    origin_of,
    reference,
    said_date,
    subject_of,
    too_many,
    tools_of,
)
from compliance.model.reader import Slice
from compliance.model.sbom import Component, Sbom

#: Versions that we know; what a later one means by the same keys nobody can say yet.
VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
#: Types of components that are no software package.
_NO_PACKAGE = frozenset(("file", "operating-system"))


def sbom_of(bom: Bom, metadata: Metadata, piece: Slice, path: str, sha256: str) -> Sbom:
    """The SBOM that a document makes.

    Raises:
        EvidenceError: a version that we do not know, or too many or too deeply nested components.
    """
    version = plain_text(bom.spec_version)
    if version not in VERSIONS:
        raise EvidenceError(
            f"CycloneDX {version or 'without a specVersion'} is not read by this version of the tool "
            f"({VERSIONS[0]} to {VERSIONS[-1]} are)",
            pointer="/specVersion",
            kind=KIND,
        )
    described = metadata.component
    said = _said(described) if described is not None else Said.nothing()
    tools = _tools(metadata.tools)
    listed = _listed(bom, metadata)
    return Sbom(
        origin=origin_of(piece, path, sha256),
        subject=subject_of(path, said.name),
        format="cyclonedx",
        version=version,
        described=said.name,
        described_at=said.name_at or "/metadata/component",
        digests=said.as_described(),
        diff_ids=tuple(said.diff_ids),
        created=said_date(metadata.timestamp),
        created_at="/metadata/timestamp",
        tools=_named(tools),
        tools_at="/metadata/tools",
        components=tuple(listed.components),
        components_at="/components",
        components_total=listed.total,
        distro=listed.distro,
        described_type=plain_text(described.type) if described is not None else "",
        elements=counted_elements(
            bom, metadata, tools, listed.packages, listed.components, listed.nested_from, listed.groups
        ),
        link=_link(bom),
    )


def _link(bom: Bom) -> str:
    """The BOM-Link of the document. Source: CycloneDX, "BOM-Link"; a version that is not stated is 1."""
    serial = (bom.serial_number or "").strip().lower()
    version = "1" if bom.version is None else str(bom.version)
    if not serial.startswith("urn:uuid:") or not version.isdecimal():
        return ""
    return plain_text(f"urn:cdx:{serial.removeprefix('urn:uuid:')}/{version}")


def _said(described: Described) -> Said:
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
    """`total` counts entries of every kind; `distro` is the operating system's entry.

    `packages` are the entries that `components` were made of; those from `nested_from` on stand within
    another. `groups` are all entries.
    """

    components: list[Component]
    total: int
    distro: str
    packages: list[BomComponent]
    nested_from: int
    groups: list[list[BomComponent]]


def _listed(bom: Bom, metadata: Metadata) -> _Listed:
    """Every component, nested ones too, in order of depth and then of the document."""
    inner = metadata.component.components if metadata.component is not None else None
    groups = [found for found in (bom.components, inner) if found is not None]
    by_trivy = any(tool.startswith("trivy ") for tool in _named(_tools(metadata.tools)))
    components: list[Component] = []
    packages: list[BomComponent] = []
    every: list[list[BomComponent]] = []
    nested_from = 0 if bom.components is None else -1
    systems: list[BomComponent] = []
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
        below: list[list[BomComponent]] = []
        for group in groups:
            every.append(group)
            for found, named in zip(group, components_of([found.purl or "" for found in group]), strict=True):
                if found.components is not None:
                    below.append(found.components)
                if found.type in _NO_PACKAGE:
                    systems += [found] if found.type == "operating-system" else []
                elif not (by_trivy and _stands_for_a_file(found)):
                    packages.append(found)
                    components.append(named if named is not None and named.version else _described_so(found))
            nested_from = len(packages) if nested_from < 0 else nested_from
        groups = below
    distro = f"{systems[0].name or ''}-{systems[0].version or ''}" if systems else ""
    return _Listed(components, total, plain_text(distro.strip("-")), packages, max(nested_from, 0), every)


def _described_so(found: BomComponent) -> Component:
    """A component whose package URL does not say all."""
    name = f"{found.group}/{found.name}" if found.group and found.name else found.name
    return component_of(found.purl, name, found.version)


def _stands_for_a_file(found: BomComponent) -> bool:
    """Whether an entry of Trivy's is a file of packages, and no package: without version and package URL.

    Source: trivy 0.76, pkg/sbom/io/encode.go, "resultComponent".
    """
    return found.purl is None and found.version is None and found.type == "application"


def _tools(tools: Tools | list[Tool] | None) -> list[Tool]:
    """Up to 1.4 a list; from 1.5 on components and services."""
    if isinstance(tools, Tools):
        return [*(tools.components or ()), *(tools.services or ())]
    return tools or []


def _named(tools: list[Tool]) -> tuple[str, ...]:
    return tools_of((tool.name, tool.version) for tool in tools)
