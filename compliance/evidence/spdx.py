"""The reader of SPDX 2 JSON: an SBOM's bytes in; what it describes, who made it, and its packages out.

Source: spdx/spdx-spec, v2.2 and v2.3, schemas/spdx-schema.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

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
    reference,
    said_date,
    split,
    subject_of,
    too_many,
    tools_of,
    top_keys,
    unambiguous,
)
from compliance.model.reader import Reader, Record, Slice
from compliance.model.sbom import Component, Sbom

T = TypeVar("T")

VERSIONS = ("SPDX-2.2", "SPDX-2.3")
_DOCUMENT = "SPDXRef-DOCUMENT"
_NO_PACKAGE = frozenset(("FILE", "OPERATING-SYSTEM"))
#: Described packages that are looked at; one document describes one image.
_MAX_DESCRIBED = 100


class _Reference(msgspec.Struct, rename="camel", gc=False):
    reference_type: str | None = None
    reference_locator: str | None = None


class _Checksum(msgspec.Struct, rename="camel", gc=False):
    algorithm: str | None = None
    checksum_value: str | None = None


class _Annotation(msgspec.Struct):
    comment: str | None = None


class _Package(msgspec.Struct, rename="camel", gc=False):
    """`checksums` and `annotations` are decoded of the described package only."""

    spdx_id: str | None = msgspec.field(name="SPDXID", default=None)
    name: str | None = None
    version_info: str | None = None
    primary_package_purpose: str | None = None
    external_refs: list[_Reference] | None = None
    checksums: msgspec.Raw = msgspec.Raw()
    annotations: msgspec.Raw = msgspec.Raw()


class _Relationship(msgspec.Struct, rename="camel", gc=False):
    spdx_element_id: str | None = None
    relationship_type: str | None = None
    related_spdx_element: str | None = None


class _CreationInfo(msgspec.Struct):
    created: str | None = None
    creators: list[str] | None = None


class _Document(msgspec.Struct, rename="camel"):
    spdx_version: str | None = None
    name: str | None = None
    creation_info: _CreationInfo | None = None
    document_describes: list[str] | None = None
    packages: list[_Package] | None = None
    relationships: list[_Relationship] | None = None


_decoder = msgspec.json.Decoder(_Document)
_checksums = msgspec.json.Decoder(list[_Checksum])
_annotations = msgspec.json.Decoder(list[_Annotation])


def identify(head: bytes) -> bool:
    """Whether the outermost object is an SPDX 2 document."""
    if b'"spdxVersion"' not in head and b'"SPDXID"' not in head:
        return False
    keys = top_keys(head)
    return b"spdxVersion" in keys or (b"SPDXID" in keys and b"creationInfo" in keys)


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """One Sbom, or an EvidenceError."""
    try:
        yield _sbom(data, slice, path, sha256)
    except EvidenceError as error:
        error.path = path
        yield error


def _sbom(data: bytes, slice: Slice, path: str, sha256: str) -> Sbom:
    document = decoded(data, _decoder)
    version = plain_text(document.spdx_version)
    if version not in VERSIONS:
        raise EvidenceError(
            f"{version or 'a document without spdxVersion'} is not read by this version of the tool "
            f"({' and '.join(VERSIONS)} are)",
            pointer="/spdxVersion",
            kind=KIND,
        )
    packages = document.packages or []
    if len(packages) > MAX_COMPONENTS:
        raise too_many(len(packages))
    described = _described(document)
    said = _said(packages, described)
    said.reference(document.name, "/name")
    locators = sum(len(package.external_refs or ()) for package in packages)
    unambiguous(
        without_mark(data),
        {
            b'"spdxVersion"': 1,
            b'"creationInfo"': 1,
            b'"created"': 1,
            b'"packages"': 1,
            b'"relationships"': 1,
            b'"referenceLocator"': locators,
            b'"externalRefs"': sum(package.external_refs is not None for package in packages),
        },
    )
    creation = document.creation_info or _CreationInfo()
    return Sbom(
        origin=origin_of(slice, path, sha256),
        subject=subject_of(path, said.name),
        format="spdx",
        version=version.removeprefix("SPDX-"),
        described=said.name,
        described_at=said.name_at or "/name",
        digests=said.as_described(),
        diff_ids=tuple(said.diff_ids),
        created=said_date(creation.created),
        created_at="/creationInfo/created",
        tools=_tools(creation.creators or []),
        tools_at="/creationInfo/creators",
        components=tuple(_components(packages, described, _by_trivy(creation))),
        components_at="/packages",
        components_total=len(packages),
        distro=_distro(packages),
        described_type=_type(packages, described),
    )


def _described(document: _Document) -> frozenset[str]:
    """Ids of what the document describes."""
    found = set(document.document_describes or ())
    for link in document.relationships or ():
        if link.relationship_type == "DESCRIBES" and link.spdx_element_id == _DOCUMENT and link.related_spdx_element:
            found.add(link.related_spdx_element)
        elif link.relationship_type == "DESCRIBED_BY" and link.related_spdx_element == _DOCUMENT:
            found.add(link.spdx_element_id or "")
    return frozenset(found)


def _said(packages: list[_Package], described: frozenset[str]) -> Said:
    said = Said.nothing()
    looked_at = 0
    for index, package in enumerate(packages):
        if package.spdx_id not in described or looked_at == _MAX_DESCRIBED:
            continue
        looked_at += 1
        at = f"/packages/{index}"
        said.digest(package.version_info, f"{at}/versionInfo")
        said.digest(package.name, f"{at}/name")
        for number, link in enumerate(package.external_refs or ()):
            if link.reference_type == "purl":
                said.digest(link.reference_locator, f"{at}/externalRefs/{number}/referenceLocator")
        if package.primary_package_purpose == "CONTAINER":
            _said_of_container(said, package, at)
        said.reference(reference(package.name, package.version_info), f"{at}/name")
    return said


def _said_of_container(said: Said, package: _Package, at: str) -> None:
    """Checksums of an image are of its manifest (Syft); Trivy tells the rest in annotations."""
    for number, checksum in enumerate(_part(_checksums, package.checksums, f"{at}/checksums")):
        if checksum.algorithm == "SHA256":
            said.digest(f"sha256:{checksum.checksum_value}", f"{at}/checksums/{number}/checksumValue")
    for number, note in enumerate(_part(_annotations, package.annotations, f"{at}/annotations")):
        key, _, value = (note.comment or "").partition(": ")
        said.trivy(key, value, f"{at}/annotations/{number}/comment")


def _part(decoder: msgspec.json.Decoder[list[T]], raw: msgspec.Raw, at: str) -> list[T]:
    if bytes(raw) in (b"", b"null"):
        return []
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise EvidenceError(str(error).partition(" - at ")[0], pointer=at, kind=KIND) from error


def _purl(package: _Package) -> str | None:
    for link in package.external_refs or ():
        if link.reference_type == "purl":
            return link.reference_locator
    return None


def _components(packages: list[_Package], described: frozenset[str], by_trivy: bool) -> Iterator[Component]:
    for package in packages:
        purpose = package.primary_package_purpose
        if purpose in _NO_PACKAGE or package.spdx_id in described:
            continue
        purl = _purl(package)
        if by_trivy and purl is None and package.version_info is None and purpose == "APPLICATION":
            continue  # stands for a file of packages
        yield component_of(purl, package.name, package.version_info)


def _distro(packages: list[_Package]) -> str:
    for package in packages:
        if package.primary_package_purpose == "OPERATING-SYSTEM" and package.name:
            return plain_text(f"{package.name}-{package.version_info or ''}".rstrip("-"))
    return ""


def _type(packages: list[_Package], described: frozenset[str]) -> str:
    """What the first described package is: `container`, `application` ..., in small letters."""
    for package in packages:
        if package.spdx_id in described:
            return plain_text(package.primary_package_purpose).lower()
    return ""


def _by_trivy(creation: _CreationInfo) -> bool:
    return any(creator.startswith("Tool: trivy-") for creator in creation.creators or ())


def _tools(creators: list[str]) -> tuple[str, ...]:
    """`Tool: syft-1.18.1` is Syft 1.18.1. Source: SPDX 2.3, 6.8."""
    named = [creator.partition(":")[2].strip() for creator in creators if creator.startswith("Tool:")]
    parted = [tool.rpartition("-") for tool in named]
    return tools_of((name, version) if dash else (version, None) for name, dash, version in parted)


READER = Reader(
    id="spdx",
    title="SPDX 2 SBOM, as JSON",
    revision=1,
    evidence_kinds=("sbom",),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=Sbom,
)
