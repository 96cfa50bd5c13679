"""The reader of SPDX 3 JSON-LD: an SBOM's bytes in; what it describes, who made it, and its packages out.

Elements of the graph are joined by their ids; nothing is fetched, and no RDF is expanded.
Source: spdx/spdx-spec, v3.0.1, profiles Core and Software, serialization JSON-LD.
"""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.purl import plain_text
from compliance.evidence.recognition import without_mark
from compliance.evidence.sbom_parts import MAX_COMPONENTS, decoded, locate, reading, split, top_keys, unambiguous
from compliance.evidence.spdx3_graph import Graph, Translated, translated
from compliance.evidence.spdx_document import sbom_of
from compliance.model.reader import Reader, Slice
from compliance.model.sbom import DescribedDigest, Sbom

_CONTEXT = re.compile(rb'"@context"\s*:\s*(?:\[\s*)?"https?://spdx\.org/rdf/3')
_VERSION = re.compile(r"3\.0(\.\d+)?")
#: Elements of the graph: packages, files, relationships, agents, licences.
MAX_ELEMENTS = 2 * MAX_COMPONENTS
_PLACE = re.compile(r"/packages/(\d+)(.*)")
#: Where SPDX 3 keeps what SPDX 2 keeps under another key.
_KEYS = {"/versionInfo": "/software_packageVersion", "/name": "/name"}

_decoder = msgspec.json.Decoder(Graph)


def identify(head: bytes) -> bool:
    """Whether the outermost object takes its words from SPDX 3."""
    return _CONTEXT.search(head) is not None and b"@context" in top_keys(head)


def _sbom(data: bytes, slice: Slice, path: str, sha256: str) -> Sbom:
    elements = decoded(data, _decoder).elements or []
    if len(elements) > MAX_ELEMENTS:
        raise EvidenceError(f"{len(elements):,} elements, above the limit of {MAX_ELEMENTS:,} for one SBOM")
    if not elements:
        raise EvidenceError("a document without @graph, or with an empty one", pointer="/@graph")
    named = sum(element.spdx_id is not None for element in elements)
    unambiguous(without_mark(data), {b'"@graph"': 1, b'"spdxId"': named})
    found = translated(elements)
    version = plain_text(found.version)
    if not _VERSION.fullmatch(version):
        said = f"SPDX {version}" if version else "a document whose creation information states no specVersion"
        raise EvidenceError(f"{said} is not read by this version of the tool (SPDX 3.0 is)", pointer="/@graph")
    return _placed(sbom_of(found.document, version, slice, path, sha256), found)


def _placed(sbom: Sbom, found: Translated) -> Sbom:
    """The record with the places that its values have in the graph."""

    def place(pointer: str) -> str:
        inside = _PLACE.fullmatch(pointer)
        if inside is None:
            return _within(found.root if found.root is not None else found.sbom, "name")
        return f"/@graph/{found.places[int(inside[1])]}{_KEYS.get(inside[2], '')}"

    elements = sbom.elements
    return replace(
        sbom,
        described_at=place(sbom.described_at),
        digests=tuple(DescribedDigest(one.digest, place(one.pointer)) for one in sbom.digests),
        created_at=_within(found.creation, "created"),
        tools_at=_within(found.creation, "createdUsing"),
        components_at=_within(found.places[0] if found.places else None, ""),
        elements=elements
        and replace(
            elements,
            authors_at=_within(found.creation, "createdBy"),
            contexts_at=_within(found.sbom, "software_sbomType"),
            serial_at=_within(found.root, "spdxId"),
            revision_at=_within(found.root, "spdxId"),
            relationships_at=_within(found.links, ""),
            unknowns_at=_within(found.links, ""),
        ),
    )


def _within(number: int | None, key: str) -> str:
    if number is None:
        return "/@graph"
    return f"/@graph/{number}/{key}" if key else f"/@graph/{number}"


READER = Reader(
    id="spdx3",
    title="SPDX 3 SBOM, as JSON-LD",
    revision=1,
    evidence_kinds=("sbom",),
    identify=identify,
    split=split,
    read=reading(_sbom),
    locate=locate,
    record=Sbom,
)
