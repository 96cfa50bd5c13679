"""SPDX documents, however they were written: their parts in; the SBOM that they make out.

Source: spdx/spdx-spec, v2.2 and v2.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.purl import plain_text
from compliance.evidence.sbom_elements import tools_stated
from compliance.evidence.sbom_parts import (
    KIND,
    MAX_COMPONENTS,
    Said,
    component_of,
    origin_of,
    reference,
    said_date,
    subject_of,
    too_many,
    tools_of,
)
from compliance.evidence.spdx_elements import counted_elements
from compliance.evidence.spdx_parts import Annotation, CreationInfo, Package, SpdxDocument
from compliance.model.reader import Slice
from compliance.model.sbom import Sbom

VERSIONS = ("SPDX-2.2", "SPDX-2.3")
_DOCUMENT = "SPDXRef-DOCUMENT"
_NO_PACKAGE = frozenset(("FILE", "OPERATING-SYSTEM"))
#: Described packages that are looked at; one document describes one image.
_MAX_DESCRIBED = 100
_DIGIT = re.compile(r"\d")
_annotations = msgspec.json.Decoder(list[Annotation])


def version_of(document: SpdxDocument) -> str:
    """The version of SPDX 2 that the document is written in.

    Raises:
        EvidenceError: one that we do not know.
    """
    version = plain_text(document.spdx_version)
    if version not in VERSIONS:
        raise EvidenceError(
            f"{version or 'a document without spdxVersion'} is not read by this version of the tool "
            f"({' and '.join(VERSIONS)} are)",
            pointer="/spdxVersion",
            kind=KIND,
        )
    return version.removeprefix("SPDX-")


def sbom_of(document: SpdxDocument, version: str, piece: Slice, path: str, sha256: str) -> Sbom:
    """The SBOM that a document makes.

    Raises:
        EvidenceError: too many packages, or annotations of the described one in a shape that nobody knows.
    """
    packages = document.packages or []
    if len(packages) > MAX_COMPONENTS:
        raise too_many(len(packages))
    described = _described(document)
    said = _said(packages, described)
    said.reference(document.name, "/name")
    creation = document.creation_info or CreationInfo()
    tools = _tools(creation.creators or [])
    counted = list(_counted(packages, described, _by_trivy(creation)))
    components = tuple([component_of(_purl(one), one.name, one.version_info) for one in counted])
    return Sbom(
        origin=origin_of(piece, path, sha256),
        subject=subject_of(path, said.name),
        format="spdx",
        version=version,
        described=said.name,
        described_at=said.name_at or "/name",
        digests=said.as_described(),
        diff_ids=tuple(said.diff_ids),
        created=said_date(creation.created),
        created_at="/creationInfo/created",
        tools=tools_of(tools),
        tools_at="/creationInfo/creators",
        components=components,
        components_at="/packages",
        components_total=len(packages),
        distro=_distro(packages),
        described_type=_type(packages, described),
        elements=counted_elements(document, counted, components, tools_stated(tools)),
    )


def _described(document: SpdxDocument) -> frozenset[str]:
    """Ids of what the document describes."""
    found = set(document.document_describes or ())
    for link in document.relationships or ():
        if link.relationship_type == "DESCRIBES" and link.spdx_element_id == _DOCUMENT and link.related_spdx_element:
            found.add(link.related_spdx_element)
        elif link.relationship_type == "DESCRIBED_BY" and link.related_spdx_element == _DOCUMENT:
            found.add(link.spdx_element_id or "")
    return frozenset(found)


def _said(packages: list[Package], described: frozenset[str]) -> Said:
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


def _said_of_container(said: Said, package: Package, at: str) -> None:
    """Checksums of an image are of its manifest (Syft); Trivy tells the rest in annotations."""
    for number, checksum in enumerate(package.checksums or ()):
        if checksum.algorithm == "SHA256":
            said.digest(f"sha256:{checksum.checksum_value}", f"{at}/checksums/{number}/checksumValue")
    for number, note in enumerate(_notes(package.annotations, f"{at}/annotations")):
        key, _, value = (note.comment or "").partition(": ")
        said.trivy(key, value, f"{at}/annotations/{number}/comment")


def _notes(raw: msgspec.Raw, at: str) -> list[Annotation]:
    if bytes(raw) in (b"", b"null"):
        return []
    try:
        return _annotations.decode(raw)
    except msgspec.DecodeError as error:
        raise EvidenceError(str(error).partition(" - at ")[0], pointer=at, kind=KIND) from error


def _purl(package: Package) -> str | None:
    for link in package.external_refs or ():
        if link.reference_type == "purl":
            return link.reference_locator
    return None


def _counted(packages: list[Package], described: frozenset[str], by_trivy: bool) -> Iterator[Package]:
    """The packages that are components."""
    for package in packages:
        purpose = package.primary_package_purpose
        if purpose in _NO_PACKAGE or package.spdx_id in described:
            continue
        if by_trivy and package.version_info is None and purpose == "APPLICATION" and _purl(package) is None:
            continue  # stands for a file of packages
        yield package


def _distro(packages: list[Package]) -> str:
    for package in packages:
        if package.primary_package_purpose == "OPERATING-SYSTEM" and package.name:
            return plain_text(f"{package.name}-{package.version_info or ''}".rstrip("-"))
    return ""


def _type(packages: list[Package], described: frozenset[str]) -> str:
    """What the first described package is: `container`, `application` ..., in small letters."""
    for package in packages:
        if package.spdx_id in described:
            return plain_text(package.primary_package_purpose).lower()
    return ""


def _by_trivy(creation: CreationInfo) -> bool:
    return any(creator.startswith("Tool: trivy-") for creator in creation.creators or ())


def _tools(creators: list[str]) -> list[tuple[str, str | None]]:
    """Name and version: `Tool: syft-1.18.1` is Syft 1.18.1. Source: SPDX 2.3, 6.8."""
    named = [creator.partition(":")[2].strip() for creator in creators if creator.startswith("Tool:")]
    parted = [tool.rpartition("-") for tool in named]
    return [
        (name, version) if dash and _DIGIT.search(version) else (f"{name}{dash}{version}", None)
        for name, dash, version in parted
    ]
