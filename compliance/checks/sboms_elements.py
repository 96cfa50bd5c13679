"""SBOM in, verdicts out: whether every component states each of the minimum elements, strictly and with fallbacks.

PASS: every component states the element in the format's own field. NOT_CHECKED: every one states it there or in
another field, and a person has to say whether that field may stand for it. FAIL: some state it nowhere; absent,
empty, NOASSERTION and `unknown` are no statement.
"""

from __future__ import annotations

from collections.abc import Iterable

from compliance.model.check import Verdict, check, failed, not_checked, passed
from compliance.model.evidence import At
from compliance.model.faults import counted
from compliance.model.image_words import short
from compliance.model.outcome import Severity
from compliance.model.sbom import Elements, Sbom, Stated
from compliance.model.sbom_words import uncounted

_TOOL = "Make the SBOM at build time by a tool that writes this field, or fill it in from the package's own metadata."


def judged(sbom: Sbom, element: str, noun: str) -> Verdict:
    """The verdict on one element of all components."""
    if sbom.elements is None:
        return uncounted(sbom)
    at = [sbom.at(sbom.components_at)]
    if not sbom.elements.components:
        return failed("it lists no component", at=at)
    return by_count(sbom.elements, sbom.elements.of(element), noun, at)


def by_count(elements: Elements, found: Stated, noun: str, at: list[At]) -> Verdict:
    """The verdict on a count, with both percentages side by side."""
    total = elements.components
    reason = f"{noun}: {_share(found.strict, total)} in the format's own field"
    if found.strict == total:
        return passed(reason, at=at)
    reason += f", {_share(found.with_fallback, total)} with fallbacks"
    if found.fallbacks:
        reason += f" ({', '.join(f'{field}: {number:,}' for field, number in found.fallbacks)})"
    if found.with_fallback < total:
        return failed(f"{reason}; without any: {_named(found.missing, total - found.with_fallback)}", at=at)
    rests = " or ".join(field for field, _ in found.fallbacks)
    resting = _named(found.weak, total - found.strict)
    return not_checked(f"{reason}; whether {rests} may stand for it is for a person to say, as of {resting}", at=at)


def _share(number: int, total: int) -> str:
    """`2 of 3 components (66.6 %)`; rounded down, so that only all are 100 %."""
    tenths = number * 1000 // total
    return f"{number:,} of {total:,} components ({tenths // 10}.{tenths % 10} %)"


def _named(names: Iterable[str], total: int) -> str:
    """The first few of all that are meant."""
    told = [short(name) for name in names]
    rest = total - len(told)
    return ", ".join(told) + (f" and {rest:,} more" if rest > 0 else "")


@check(
    id="sbom-component-name",
    title="Every component of the SBOM has a name",
    severity=Severity.MEDIUM,
    fix=_TOOL,
)
def sbom_component_name(sbom: Sbom) -> Verdict:
    """Each component states its name.

    Source: NTIA, "The Minimum Elements for an SBOM" (2021), IV, component name; CISA, "2026 Minimum Elements for
    an SBOM", component name.
    """
    return judged(sbom, "name", "name")


@check(
    id="sbom-component-version",
    title="Every component of the SBOM has a version",
    severity=Severity.MEDIUM,
    fix=_TOOL,
)
def sbom_component_version(sbom: Sbom) -> Verdict:
    """Each component states its version; the one in its package URL is a fallback.

    Source: NTIA, "The Minimum Elements for an SBOM" (2021), IV, version of the component; CISA, "2026 Minimum
    Elements for an SBOM", component version.
    """
    return judged(sbom, "version", "version")


@check(
    id="sbom-component-supplier",
    title="Every component of the SBOM has a supplier",
    severity=Severity.LOW,
    fix=_TOOL,
)
def sbom_component_supplier(sbom: Sbom) -> Verdict:
    """Each component names its supplier; manufacturer, originator, publisher and author are fallbacks.

    Source: NTIA, "The Minimum Elements for an SBOM" (2021), IV, supplier name.
    """
    return judged(sbom, "supplier", "supplier")


@check(
    id="sbom-component-producer",
    title="Every component of the SBOM has a producer",
    severity=Severity.LOW,
    fix=_TOOL,
)
def sbom_component_producer(sbom: Sbom) -> Verdict:
    """Each component names who made it: manufacturer or supplier (CycloneDX), originator or supplier (SPDX).

    Publisher and author are fallbacks.
    Source: CISA, "2026 Minimum Elements for an SBOM", component producer.
    """
    return judged(sbom, "producer", "producer")


@check(
    id="sbom-component-identifier",
    title="Every component of the SBOM has an identifier that can be looked up",
    severity=Severity.MEDIUM,
    fix=_TOOL,
)
def sbom_component_identifier(sbom: Sbom) -> Verdict:
    """Each component has a package URL of a sound shape, a CPE, a SWID tag, or an identifier of its content.

    Source: NTIA, "The Minimum Elements for an SBOM" (2021), IV, other unique identifiers; CISA, "2026 Minimum
    Elements for an SBOM", component identifiers.
    """
    return judged(sbom, "identifiers", "identifier")


@check(
    id="sbom-component-hash",
    title="Every component of the SBOM has a hash",
    severity=Severity.LOW,
    fix=_TOOL,
)
def sbom_component_hash(sbom: Sbom) -> Verdict:
    """Each component states a hash value; zeros alone are none, the verification code of an SPDX package a fallback.

    Source: CISA, "2026 Minimum Elements for an SBOM", component hash value.
    """
    return judged(sbom, "hash-value", "hash value")


@check(
    id="sbom-component-hash-algorithm",
    title="Every component of the SBOM names the algorithm of its hash",
    severity=Severity.LOW,
    fix=_TOOL,
)
def sbom_component_hash_algorithm(sbom: Sbom) -> Verdict:
    """Each component names the algorithm of a hash.

    Source: CISA, "2026 Minimum Elements for an SBOM", component hash algorithm.
    """
    return judged(sbom, "hash-algorithm", "hash algorithm")


@check(
    id="sbom-component-licence",
    title="Every component of the SBOM has a declared licence",
    severity=Severity.LOW,
    fix=_TOOL,
)
def sbom_component_licence(sbom: Sbom) -> Verdict:
    """Each component states the licence that its maker declares; one that an analyst concluded is a fallback.

    Source: CISA, "2026 Minimum Elements for an SBOM", component license.
    """
    return judged(sbom, "licence", "declared licence")


@check(
    id="sbom-dependencies",
    title="SBOM says how its components depend on each other",
    severity=Severity.LOW,
    fix="Make the SBOM by a tool that writes the graph of dependencies, with an empty entry for what needs nothing.",
)
def sbom_dependencies(sbom: Sbom) -> Verdict:
    """Each component stands at an end of a dependency or containment, and no end names what is not in the document.

    A component that depends on nothing is listed with an empty entry.
    Source: NTIA, "The Minimum Elements for an SBOM" (2021), IV, dependency relationship; CISA, "2026 Minimum
    Elements for an SBOM", component dependency relationship; CycloneDX 1.6, dependencies.
    """
    elements = sbom.elements
    if elements is None:
        return uncounted(sbom)
    at = [sbom.at(elements.relationships_at), sbom.at(sbom.components_at)]
    if elements.dangling:
        ends = counted(elements.dangling, "end")
        named = _named(elements.dangling_names, elements.dangling)
        return failed(f"{ends} of relationships that name nothing in the document: {named}", at=at)
    if not elements.components:
        return failed("it lists no component", at=at)
    return by_count(elements, elements.of("dependency"), "dependency relationship", at)
