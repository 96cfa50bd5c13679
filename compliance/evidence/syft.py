"""The reader of Syft's own JSON: an SBOM's bytes in; what it describes, who made it, and its components out.

Source: anchore/syft 1.18.1, schema/json/schema-16.0.19.json; `source.target` is what schemas before 9 call `metadata`.
"""

from __future__ import annotations

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.purl import plain_text
from compliance.evidence.recognition import without_mark
from compliance.evidence.sbom_parts import (
    KIND,
    MAX_COMPONENTS,
    Said,
    component_of,
    decoded,
    locate,
    origin_of,
    reading,
    reference,
    said_date,
    split,
    subject_of,
    too_many,
    tools_of,
    top_keys,
    unambiguous,
)
from compliance.model.reader import Reader, Slice
from compliance.model.sbom import Sbom


class _Artifact(msgspec.Struct, gc=False):
    name: str | None = None
    version: str | None = None
    purl: str | None = None


class _Layer(msgspec.Struct, gc=False):
    digest: str | None = None


class _Metadata(msgspec.Struct, rename="camel"):
    user_input: str | None = None
    image_id: str | None = msgspec.field(name="imageID", default=None)
    manifest_digest: str | None = None
    repo_digests: list[str] | None = None
    tags: list[str] | None = None
    layers: list[_Layer] | None = None


class _Source(msgspec.Struct):
    type: str | None = None
    name: str | None = None
    version: str | None = None
    metadata: _Metadata | None = None
    target: _Metadata | str | None = None


class _Distro(msgspec.Struct, rename="camel"):
    id: str | None = None
    version_id: str | None = msgspec.field(name="versionID", default=None)


class _Descriptor(msgspec.Struct):
    name: str | None = None
    version: str | None = None
    timestamp: str | None = None


class _Schema(msgspec.Struct):
    version: str | None = None


class _Document(msgspec.Struct):
    artifacts: list[_Artifact] | None = None
    source: _Source | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor | None = None
    schema: _Schema | None = None


_decoder = msgspec.json.Decoder(_Document)


def identify(head: bytes) -> bool:
    """Whether the outermost object lists artifacts as Syft does, and no matches of a scan."""
    if b'"artifacts"' not in head:
        return False
    keys = top_keys(head)
    if b"artifacts" not in keys or b"matches" in keys:
        return False
    return b'"foundBy"' in head or b"artifactRelationships" in keys


def _sbom(data: bytes, slice: Slice, path: str, sha256: str) -> Sbom:
    document = decoded(data, _decoder)
    descriptor = document.descriptor or _Descriptor()
    if descriptor.name != "syft":
        raise EvidenceError("descriptor.name is not syft", pointer="/descriptor/name", kind=KIND)
    artifacts = document.artifacts or []
    if len(artifacts) > MAX_COMPONENTS:
        raise too_many(len(artifacts))
    unambiguous(
        without_mark(data),
        {
            b'"artifacts"': 1,
            b'"descriptor"': 1,
            b'"imageID"': 1,
            b'"manifestDigest"': 1,
            b'"userInput"': 1,
            b'"purl"': sum(artifact.purl is not None for artifact in artifacts),
        },
    )
    said = _said(document.source) if document.source is not None else Said.nothing()
    distro = document.distro or _Distro()
    return Sbom(
        origin=origin_of(slice, path, sha256),
        subject=subject_of(path, said.name),
        format="syft",
        version=plain_text(document.schema.version if document.schema else None),
        described=said.name,
        described_at=said.name_at or "/source/name",
        digests=said.as_described(),
        diff_ids=tuple(said.diff_ids),
        created=said_date(descriptor.timestamp),
        created_at="/descriptor/timestamp",
        tools=tools_of([(descriptor.name, descriptor.version)]),
        tools_at="/descriptor",
        components=tuple([component_of(found.purl, found.name, found.version) for found in artifacts]),
        components_at="/artifacts",
        components_total=len(artifacts),
        described_type=_type(document.source),
        distro=plain_text("-".join(filter(None, (distro.id, distro.version_id)))),
    )


def _type(source: _Source | None) -> str:
    """`container` for an image, as the other formats call it; else `directory`, `file` or `snap`."""
    kind = plain_text(source.type) if source is not None else ""
    return "container" if kind == "image" else kind


def _said(source: _Source) -> Said:
    said = Said.nothing()
    at, metadata = "/source/metadata", source.metadata
    if metadata is None and isinstance(source.target, _Metadata):
        at, metadata = "/source/target", source.target
    if source.type == "image" and metadata is not None:
        said.digest(metadata.image_id, f"{at}/imageID")
        said.digest(metadata.manifest_digest, f"{at}/manifestDigest")
        for index, text in enumerate(metadata.repo_digests or ()):
            said.digest(text, f"{at}/repoDigests/{index}")
        for layer in metadata.layers or ():
            said.layer(layer.digest)
        for text in (metadata.tags or [])[:1]:
            said.reference(text, f"{at}/tags/0")
    said.reference(reference(source.name, source.version), "/source/name")
    if metadata is not None:
        said.reference(metadata.user_input, f"{at}/userInput")
    elif isinstance(source.target, str):
        said.reference(source.target, "/source/target")
    return said


READER = Reader(
    id="syft",
    title="SBOM in Syft's own JSON",
    revision=1,
    evidence_kinds=("sbom",),
    identify=identify,
    split=split,
    read=reading(_sbom),
    locate=locate,
    record=Sbom,
)
