"""What an SPDX 2 document states of the minimum elements: its parts in, counts out.

Source: spdx/spdx-spec, v2.2 and v2.3; the field for each element: NTIA, "The Minimum Elements for an SBOM" (2021),
section IV; CISA, "2026 Minimum Elements for an SBOM".
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from compliance.evidence.purl import plain_text
from compliance.evidence.sbom_elements import MAX_NAMED, NOTHING, listed_texts, name_of, phases, says, stated, summed
from compliance.evidence.spdx_parts import CreationInfo, Package, Part, Relationship, SpdxDocument
from compliance.model.sbom import Component, Elements, SbomTool, Stated

#: Types of references that identify a package, besides the package URL.
#: Source: SPDX 2.3, Annex F; `swh` and `gitoid` are persistent identifiers of the content.
_IDENTIFIERS = frozenset(("cpe22Type", "cpe23Type", "swid", "swh", "gitoid"))
#: Relationships of a package to a part of it. Source: SPDX 2.3, 11.1.
_PARTS = frozenset(("CONTAINS", "CONTAINED_BY", "STATIC_LINK", "DYNAMIC_LINK", "HAS_PREREQUISITE", "PREREQUISITE_FOR"))
#: Ends of relationships that are no element to be found.
_NO_END = frozenset(("NONE", "NOASSERTION", "SPDXRef-DOCUMENT"))
_parts = msgspec.json.Decoder(list[Part])


def counted_elements(
    document: SpdxDocument, packages: Sequence[Package], components: Sequence[Component], tools: tuple[SbomTool, ...]
) -> Elements:
    """`packages` are the counted packages, `components` their records."""
    creation = document.creation_info or CreationInfo()
    contexts, mentioned = phases(creation.comment)
    dependency, dangling = _dependency(document, packages)
    return Elements(
        components=len(packages),
        stated=tuple(sorted((*_columns(packages, components), dependency))),
        authors=listed_texts(map(_actor, (one for one in creation.creators or () if not one.startswith("Tool:")))),
        authors_at="/creationInfo/creators",
        author_fallbacks=(),
        tools=tools,
        contexts=contexts,
        context_fallbacks=mentioned,
        contexts_at="/creationInfo/comment",
        serial=plain_text(document.document_namespace) if says(document.document_namespace) else "",
        serial_at="/documentNamespace",
        revision="",
        revision_at="/documentNamespace",
        relationships_at="/relationships",
        dangling=len(dangling),
        dangling_names=tuple(map(plain_text, sorted(dangling)[:MAX_NAMED])),
        unknowns=_unknowns(document, packages),
        unknowns_at="/relationships",
    )


def _columns(packages: Sequence[Package], components: Sequence[Component]) -> list[Stated]:
    total = len(packages)
    pairs = list(zip(packages, components, strict=True))
    unversioned = [pair for pair in pairs if pair[0].version_info in NOTHING or not says(pair[0].version_info)]
    unsupplied = [one for one in packages if one.supplier in NOTHING or not says(_actor(one.supplier))]
    coded = (("package verification code", _verified),)
    concluded = (("licence that an analyst concluded", lambda one: says(one.license_concluded)),)
    purl = (("package URL", lambda pair: says(pair[1].version)),)
    return [
        stated("name", total, [one for one in packages if one.name in NOTHING or not says(one.name)], (), _name),
        stated("version", total, unversioned, purl, lambda pair: _name(pair[0])),
        stated("supplier", total, unsupplied, (("originator", _originated),), _name),
        stated("producer", total, [one for one in unsupplied if not _originated(one)], (), _name),
        stated("identifiers", total, [one for one, made in pairs if not (made.ecosystem or _known(one))], (), _name),
        stated(
            "hash-value",
            total,
            [one for one in packages if not any(summed(found.checksum_value) for found in one.checksums or ())],
            coded,
            _name,
        ),
        stated(
            "hash-algorithm",
            total,
            [one for one in packages if not any(says(found.algorithm) for found in one.checksums or ())],
            (),
            _name,
        ),
        stated("licence", total, [one for one in packages if not says(one.license_declared)], concluded, _name),
    ]


def _name(package: Package) -> str:
    return name_of(package.name, package.version_info)


def _actor(text: str | None) -> str:
    """`Organization: Name (mail)` without its first word. Source: SPDX 2.3, 7.5."""
    kind, colon, name = (text or "").partition(":")
    return name.strip() if colon and kind in ("Organization", "Person") else (text or "")


def _originated(package: Package) -> bool:
    return package.originator not in NOTHING and says(_actor(package.originator))


def _verified(package: Package) -> bool:
    return package.package_verification_code is not None and says(package.package_verification_code.value)


def _known(package: Package) -> bool:
    return any(
        one.reference_type in _IDENTIFIERS and says(one.reference_locator) for one in package.external_refs or ()
    )


def _depends(kind: str) -> bool:
    return "DEPEND" in kind or kind in _PARTS


def _dependency(document: SpdxDocument, packages: Sequence[Package]) -> tuple[Stated, set[str]]:
    """Packages at an end of a dependency or containment whose other end is a package too, or nothing (NONE).

    Besides the ends of such relationships that lead nowhere; NOASSERTION is no statement.
    """
    links = [
        link for link in document.relationships or () if link.relationship_type and _depends(link.relationship_type)
    ]
    known = {package.spdx_id for package in document.packages or ()}
    within = known | {"NONE"}
    mentioned: set[str | None] = set()
    for link in links:
        if link.spdx_element_id in known and link.related_spdx_element in within:
            mentioned.add(link.spdx_element_id)
            mentioned.add(link.related_spdx_element)
    mentioned.discard(None)
    open_ = [one for one in packages if one.spdx_id not in mentioned]
    return stated("dependency", len(packages), open_, (), _name), _dangling(document, links, known)


def _dangling(document: SpdxDocument, links: Sequence[Relationship], known: set[str | None]) -> set[str]:
    """Ends that name no element of this document, nor of another one (`DocumentRef-...`)."""
    ends = {end for link in links for end in (link.spdx_element_id, link.related_spdx_element)} - known
    found = {end for end in ends if end and end not in _NO_END and not end.startswith("DocumentRef-")}
    if found:
        for raw in (document.files, document.snippets):
            if bytes(raw) not in (b"", b"null"):
                found -= {part.spdx_id for part in _ids(raw)}
    return found


def _ids(raw: msgspec.Raw) -> list[Part]:
    try:
        return _parts.decode(raw)
    except msgspec.DecodeError:  # of a shape nobody knows: no id can be read from it
        return []


def _unknowns(document: SpdxDocument, packages: Sequence[Package]) -> tuple[str, ...]:
    """Where the document says that it does not say: NOASSERTION. Source: SPDX 2.3, 3.2."""
    links = sum(link.related_spdx_element == "NOASSERTION" for link in document.relationships or ())
    counts = (
        (links, "relationships that end in NOASSERTION"),
        (sum(one.supplier == "NOASSERTION" for one in packages), "suppliers given as NOASSERTION"),
        (sum(one.license_declared == "NOASSERTION" for one in packages), "licences given as NOASSERTION"),
    )
    return tuple(f"{words}: {number:,}" for number, words in counts if number)
