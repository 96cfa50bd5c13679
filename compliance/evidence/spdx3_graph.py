"""The graph of an SPDX 3 document in; the parts of the SPDX 2 document that says the same out, with their places.

Source: spdx/spdx-spec, v3.0.1, annex "Differences between V3.0 and V2.3".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.spdx_parts import (
    Checksum,
    CreationInfo,
    Package,
    Part,
    Reference,
    Relationship,
    SpdxDocument,
)

_NONE = "NoneElement"
_NO_ASSERTION = "NoAssertionElement"
#: SPDX 2 names of the types that count. Source: annex "Differences between V3.0 and V2.3".
_TYPES = {
    "dependsOn": "DEPENDS_ON",
    "contains": "CONTAINS",
    "hasStaticLink": "STATIC_LINK",
    "hasDynamicLink": "DYNAMIC_LINK",
    "hasPrerequisite": "HAS_PREREQUISITE",
    "hasOptionalDependency": "DEPENDS_ON",
    "hasProvidedDependency": "DEPENDS_ON",
}
_IDENTIFIERS = {
    "packageUrl": "purl",
    "cpe22": "cpe22Type",
    "cpe23": "cpe23Type",
    "swid": "swid",
    "swhid": "swh",
    "gitoid": "gitoid",
}
_PURPOSES = {"operatingSystem": "OPERATING-SYSTEM"}
#: Sorts of elements that a relationship may end in without being packages.
_AGENTS = {"Organization": "Organization", "Person": "Person", "Agent": "Organization"}


class Inner(msgspec.Struct, rename="camel", gc=False):
    """A hash, an identifier or an agent that stands within an element."""

    algorithm: str | None = None
    hash_value: str | None = None
    external_identifier_type: str | None = None
    identifier: str | None = None
    name: str | None = None
    spec_version: str | None = None
    created: str | None = None
    created_by: list[str] | None = None
    created_using: list[str] | None = None


class ExternalMap(msgspec.Struct, rename="camel", gc=False):
    external_spdx_id: str | None = None


class Element(msgspec.Struct, rename="camel", gc=False):
    """Any element of the graph, with the fields of all types that are read."""

    type: str | None = None
    at_type: str | None = msgspec.field(name="@type", default=None)
    spdx_id: str | None = None
    at_id: str | None = msgspec.field(name="@id", default=None)
    name: str | None = None
    creation_info: Inner | str | None = None
    spec_version: str | None = None
    created: str | None = None
    created_by: list[str] | None = None
    created_using: list[str] | None = None
    root_element: list[str] | None = None
    imports: list[ExternalMap] | None = msgspec.field(name="import", default=None)
    sbom_type: list[str] | str | None = msgspec.field(name="software_sbomType", default=None)
    version: str | None = msgspec.field(name="software_packageVersion", default=None)
    purl: str | None = msgspec.field(name="software_packageUrl", default=None)
    purpose: str | None = msgspec.field(name="software_primaryPurpose", default=None)
    supplied_by: Inner | str | None = None
    originated_by: list[Inner | str] | None = None
    verified_using: list[Inner | str] | None = None
    external_identifier: list[Inner | str] | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: list[str] | str | None = None
    relationship_type: str | None = None
    expression: str | None = msgspec.field(name="simplelicensing_licenseExpression", default=None)
    algorithm: str | None = None
    hash_value: str | None = None
    external_identifier_type: str | None = None
    identifier: str | None = None

    def kind(self) -> str:
        return self.type or self.at_type or ""

    def id(self) -> str:
        return self.spdx_id or self.at_id or ""


class Graph(msgspec.Struct):
    elements: list[Element] | None = msgspec.field(name="@graph", default=None)


class Translated(NamedTuple):
    """The document in SPDX 2's shape. `places` are the numbers in the graph of the packages, in order.

    `sbom`, `creation`, `links` are the numbers of the SBOM, of the creation information and of the first
    relationship; None where there is none.
    """

    document: SpdxDocument
    version: str
    places: list[int]
    root: int | None
    sbom: int | None
    creation: int | None
    links: int | None


class _Ids:
    """Elements by id."""

    def __init__(self, elements: list[Element]) -> None:
        self.number: dict[str, int] = {}
        self.elements = elements
        for number, element in enumerate(elements):
            if name := element.id():
                if name in self.number:
                    raise EvidenceError(
                        "two elements have the same id; give each its own", pointer=f"/@graph/{number}/spdxId"
                    )
                self.number[name] = number

    def of(self, name: str | None) -> Element | None:
        number = self.number.get(name or "")
        return None if number is None else self.elements[number]

    def inner(self, values: Iterable[Inner | str] | None) -> list[Inner | Element]:
        """What stands inside, or is named by its id."""
        found = [self.of(value) if isinstance(value, str) else value for value in values or ()]
        return [value for value in found if value is not None]


def translated(elements: list[Element]) -> Translated:
    """The document that a graph makes.

    Raises:
        EvidenceError: two elements have one id, or nothing says which version of SPDX it is.
    """
    ids = _Ids(elements)
    root = _first(elements, "SpdxDocument")
    sbom = _first(elements, "software_Sbom")
    head = elements[root] if root is not None else elements[sbom] if sbom is not None else None
    information = head.creation_info if head is not None else None
    creation = ids.number.get(information) if isinstance(information, str) else None
    if creation is None and not isinstance(information, Inner):
        creation = _first(elements, "CreationInfo")
    made = information if isinstance(information, Inner) else elements[creation] if creation is not None else None
    places = [number for number, element in enumerate(elements) if element.kind() == "software_Package"]
    licences = _licences(elements, ids)
    links = _first(elements, "Relationship", "LifecycleScopedRelationship")
    return Translated(
        SpdxDocument(
            name=head.name if head is not None else None,
            document_namespace=head.id() if head is not None else None,
            creation_info=_creation(made, ids, elements[sbom] if sbom is not None else None),
            document_describes=_described(elements, ids, head),
            packages=[_package(elements[number], ids, licences) for number in places],
            relationships=list(_relationships(elements)),
            files=msgspec.Raw(msgspec.json.encode(_others(elements, head))),
        ),
        (made.spec_version if made is not None else None) or "",
        places,
        root,
        sbom,
        creation,
        links,
    )


def _first(elements: list[Element], *kinds: str) -> int | None:
    return next((number for number, element in enumerate(elements) if element.kind() in kinds), None)


def _creation(made: Inner | Element | None, ids: _Ids, sbom: Element | None) -> CreationInfo:
    """Agents that made the document, its tools, its date, and the type of SBOM as a comment that states it."""
    if made is None:
        return CreationInfo()
    creators = []
    for name in made.created_by or ():
        agent = ids.of(name)
        if agent is not None and agent.name:
            creators.append(f"{_AGENTS.get(agent.kind(), 'Tool')}: {agent.name}")
    tools = [ids.of(name) for name in made.created_using or ()]
    creators += [f"Tool: {tool.name}" for tool in tools if tool is not None and tool.name]
    said = sbom.sbom_type if sbom is not None else None
    types = [said] if isinstance(said, str) else said or []
    return CreationInfo(
        created=made.created, creators=creators, comment="; ".join(f"SBOM type: {one}" for one in types) or None
    )


def _described(elements: list[Element], ids: _Ids, head: Element | None) -> list[str]:
    """Packages that the roots of the document name, straight or through an SBOM, and those it says it describes."""
    found: list[str] = []
    for name in head.root_element or () if head is not None else ():
        below = ids.of(name)
        if below is not None and below.kind() == "software_Sbom":
            found += below.root_element or []
        else:
            found.append(name)
    for element in elements:
        if element.relationship_type == "describes":
            found += _ends(element)
    return found


def _ends(link: Element) -> list[str]:
    ends = [link.to] if isinstance(link.to, str) else link.to or []
    return [_end(end) for end in ends]


def _end(name: str) -> str:
    """The individuals for nothing and for nothing said. Source: SPDX 3.0.1, Core, NoneElement, NoAssertionElement."""
    last = name.rpartition("/")[2]
    return "NONE" if last in (_NONE, "None") else "NOASSERTION" if last in (_NO_ASSERTION, "NoAssertion") else name


def _relationships(elements: list[Element]) -> Iterable[Relationship]:
    for element in elements:
        kind = _TYPES.get(element.relationship_type or "")
        for end in _ends(element) if kind else ():
            yield Relationship(spdx_element_id=element.from_, relationship_type=kind, related_spdx_element=end)


def _others(elements: list[Element], head: Element | None) -> list[Part]:
    """Ids of what is no package, and of what stands in another document."""
    found = [Part(spdx_id=element.id()) for element in elements if element.kind() != "software_Package"]
    imported = head.imports or () if head is not None else ()
    return found + [Part(spdx_id=one.external_spdx_id) for one in imported]


def _licences(elements: list[Element], ids: _Ids) -> dict[tuple[str, str], str]:
    """The licence of each element by relationship type and id."""
    found: dict[tuple[str, str], str] = {}
    for element in elements:
        kind = element.relationship_type
        if kind not in ("hasDeclaredLicense", "hasConcludedLicense") or not element.from_:
            continue
        for end in _ends(element):
            licence = ids.of(end)
            text = (licence.expression or licence.name or end) if licence is not None else end
            found[kind, element.from_] = "NOASSERTION" if text.endswith("NoAssertionLicense") else text
    return found


def _package(element: Element, ids: _Ids, licences: dict[tuple[str, str], str]) -> Package:
    name = element.id()
    references = [
        Reference(reference_type=_IDENTIFIERS.get(one.external_identifier_type or ""), reference_locator=one.identifier)
        for one in ids.inner(element.external_identifier)
    ]
    if element.purl:
        references.insert(0, Reference(reference_type="purl", reference_locator=element.purl))
    suppliers = ids.inner([element.supplied_by] if element.supplied_by else None)
    originators = ids.inner(element.originated_by)
    purpose = element.purpose or ""
    return Package(
        spdx_id=name,
        name=element.name,
        version_info=element.version,
        primary_package_purpose=_PURPOSES.get(purpose, purpose.upper()) or None,
        external_refs=references or None,
        checksums=[
            Checksum(algorithm=(one.algorithm or "").upper(), checksum_value=one.hash_value)
            for one in ids.inner(element.verified_using)
            if one.hash_value or one.algorithm
        ],
        supplier=next((one.name for one in suppliers if one.name), None),
        originator=next((one.name for one in originators if one.name), None),
        license_declared=licences.get(("hasDeclaredLicense", name)),
        license_concluded=licences.get(("hasConcludedLicense", name)),
    )
