"""What a CycloneDX document states of the minimum elements: its parts in, counts out.

Source: CycloneDX/specification, schema/bom-1.2 to bom-1.7; the field for each element: NTIA, "The Minimum
Elements for an SBOM" (2021), section IV; CISA, "2026 Minimum Elements for an SBOM".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from compliance.evidence.cyclonedx_parts import Bom, BomComponent, LicenseChoice, Metadata, Service, Tool
from compliance.evidence.purl import plain_text
from compliance.evidence.sbom_elements import (
    MAX_NAMED,
    NOTHING,
    listed_texts,
    name_of,
    quiet,
    says,
    stated,
    summed,
    tools_stated,
)
from compliance.model.sbom import Component, Elements, Stated


def counted_elements(
    bom: Bom,
    metadata: Metadata,
    tools: Sequence[Tool],
    packages: Sequence[BomComponent],
    components: Sequence[Component],
    nested_from: int,
    groups: Sequence[list[BomComponent]],
) -> Elements:
    """`packages` are the counted components and `components` their records; `groups` every entry.

    From `nested_from` on components stand within another one, which says that they are part of it.
    """
    dependency, dangling = _dependency(bom, metadata, packages, nested_from, groups)
    manufacturer = metadata.manufacturer.name if metadata.manufacturer else None
    aggregates = Counter(plain_text(one.aggregate) for one in bom.compositions or () if one.aggregate)
    return Elements(
        components=len(packages),
        stated=tuple(sorted((*_columns(packages, components), dependency))),
        authors=listed_texts([*(one.name or one.email for one in metadata.authors or ()), manufacturer]),
        authors_at="/metadata/authors" if metadata.authors or not manufacturer else "/metadata/manufacturer",
        author_fallbacks=_named_otherwise(metadata),
        tools=tools_stated((tool.name, tool.version) for tool in tools),
        contexts=listed_texts(one.phase or one.name for one in metadata.lifecycles or ()),
        context_fallbacks=(),
        contexts_at="/metadata/lifecycles",
        serial=plain_text(bom.serial_number) if says(bom.serial_number) else "",
        serial_at="/serialNumber",
        revision=plain_text(str(bom.version)) if bom.version else "",
        revision_at="/version",
        relationships_at="/dependencies",
        dangling=len(dangling),
        dangling_names=tuple(map(plain_text, sorted(dangling)[:MAX_NAMED])),
        unknowns=tuple(f"{number} of the parts: {word}" for word, number in sorted(aggregates.items())),
        unknowns_at="/compositions",
        signed_inside=bytes(bom.signature) not in (b"", b"null"),
    )


def _named_otherwise(metadata: Metadata) -> tuple[str, ...]:
    """Who supplies or makes the described thing, and may have made the document too."""
    supplier, maker = metadata.supplier, metadata.manufacture
    found = ((supplier, "supplier of what it describes"), (maker, "maker of what it describes"))
    return tuple(f"{plain_text(one.name)} ({what})" for one, what in found if one is not None and says(one.name))


def _columns(packages: Sequence[BomComponent], components: Sequence[Component]) -> list[Stated]:
    """One column of each component's element; written for speed, as there may be many thousands."""
    total = len(packages)
    pairs = list(zip(packages, components, strict=True))
    unsupplied = [one for one in packages if one.supplier is None or not says(one.supplier.name)]
    unmade = [one for one in unsupplied if not _manufactured(one)]
    versions = quiet(one.version for one in packages)
    unversioned = [pair for pair in pairs if pair[0].version in versions] if versions else []
    names = quiet(one.name for one in packages)
    purl = (("package URL", lambda pair: says(pair[1].version)),)
    others = (("publisher", _published), ("author", _authored))
    supplier = stated("supplier", total, unsupplied, (("manufacturer", _manufactured), *others), _name)
    same = len(unmade) == len(unsupplied)  # as where no manufacturer is named: the fields are not looked at again
    producer = supplier._replace(element="producer") if same else stated("producer", total, unmade, others, _name)
    return [
        stated("name", total, [one for one in packages if one.name in names] if names else [], (), _name),
        stated("version", total, unversioned, purl, lambda pair: _name(pair[0])),
        supplier,
        producer,
        stated("identifiers", total, [one for one, made in pairs if not (made.ecosystem or _known(one))], (), _name),
        stated("hash-value", total, [one for one in packages if not _hashed(one)], (), _name),
        stated("hash-algorithm", total, [one for one in packages if not _hashed_by(one)], (), _name),
        stated(
            "licence",
            total,
            [one for one in packages if not (one.licenses and _licensed(one.licenses, False))],
            (("licence that an analyst concluded", lambda one: one.licenses and _licensed(one.licenses, True)),),
            _name,
        ),
    ]


def _name(found: BomComponent) -> str:
    return name_of(found.name, found.version)


def _manufactured(found: BomComponent) -> bool:
    return found.manufacturer is not None and says(found.manufacturer.name)


def _published(found: BomComponent) -> bool:
    return found.publisher not in NOTHING and says(found.publisher)


def _authored(found: BomComponent) -> bool:
    return says(found.author) or (found.authors is not None and any(says(one.name) for one in found.authors))


def _known(found: BomComponent) -> bool:
    """A CPE, a SWID tag, or an identifier of the content; a package URL of a sound shape is looked for elsewhere."""
    return (
        says(found.cpe)
        or (found.swid is not None and says(found.swid.tag_id))
        or any(map(says, found.swhid or ()))
        or any(map(says, found.omnibor_id or ()))
    )


def _hashed(found: BomComponent) -> bool:
    return found.hashes is not None and any(summed(one.content) for one in found.hashes)


def _hashed_by(found: BomComponent) -> bool:
    return found.hashes is not None and any(says(one.alg) for one in found.hashes)


def _licensed(choices: list[LicenseChoice], concluded: bool) -> bool:
    """Whether a licence is named, as concluded or as declared. Source: CycloneDX 1.6, licenses.acknowledgement."""
    for choice in choices:
        named = choice.license
        word = choice.acknowledgement or (named.acknowledgement if named is not None else None)
        if (word == "concluded") is not concluded:
            continue
        if named is not None and (says(named.id) or says(named.name)):
            return True
        if says(choice.expression):
            return True
    return False


def _dependency(
    bom: Bom,
    metadata: Metadata,
    packages: Sequence[BomComponent],
    nested_from: int,
    groups: Sequence[list[BomComponent]],
) -> tuple[Stated, set[str]]:
    """Components that the graph mentions or that stand within another; and ends of the graph that lead nowhere.

    A component without dependencies is to be mentioned too. Source: CycloneDX 1.5, dependencies.
    """
    mentioned: set[str | None] = set()
    for link in bom.dependencies or ():
        mentioned.add(link.ref)
        mentioned.update(link.depends_on or ())
    mentioned.discard(None)
    nested = set(map(id, packages[nested_from:]))
    open_ = [one for one in packages if one.bom_ref not in mentioned and id(one) not in nested]
    dangling: set[str] = set()
    if mentioned:
        known = _services(bom.services)
        known.update(one.bom_ref for group in groups for one in group)
        known.add(metadata.component.bom_ref if metadata.component is not None else None)
        dangling = {ref for ref in mentioned - known if ref is not None and not ref.startswith("urn:cdx:")}
    return stated("dependency", len(packages), open_, (), _name), dangling


def _services(services: list[Service] | None) -> set[str | None]:
    found: set[str | None] = set()
    waiting = list(services or ())
    while waiting:
        one = waiting.pop()
        found.add(one.bom_ref)
        waiting += one.services or ()
    return found
