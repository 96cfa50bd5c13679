"""SBOM in, verdicts out: whether the document itself states the minimum elements, and who made it by what."""

from __future__ import annotations

import re

from compliance.model.check import Verdict, check, failed, listed, not_checked, passed
from compliance.model.evidence import At
from compliance.model.image_words import short
from compliance.model.outcome import Severity
from compliance.model.sbom import Elements, Sbom
from compliance.model.sbom_words import uncounted
from compliance.model.times import moment

#: A zone at the end of a date. Source: RFC 3339, 5.6.
_ZONE = re.compile(r"(?:[Zz]|[+-]\d\d:?\d\d)$")
#: Who makes the tools that write SBOMs, as they write themselves into each document.
_VENDORS = (("syft", "anchore"), ("trivy", "aqua"), ("cdxgen", "cyclonedx"), ("sbom-tool", "microsoft"))
_FORMATS = {"cyclonedx": "CycloneDX", "spdx": "SPDX"}
_LATER = "Make the SBOM in CycloneDX 1.5 or later, or SPDX 2.3 or later, by a tool that can be told who runs it."


def _places(sbom: Sbom, *pointers: str) -> list[At]:
    """Each place once: formats keep several of these values in one field."""
    return [sbom.at(pointer) for pointer in dict.fromkeys(pointers)]


@check(
    id="sbom-author",
    title="SBOM names who or what made it",
    severity=Severity.LOW,
    fix=_LATER,
)
def sbom_author(sbom: Sbom) -> Verdict:
    """An author is named; a tool counts as one.

    NOT_CHECKED where only the supplier or maker of the described thing is named.
    Source: NTIA, "The Minimum Elements for an SBOM" (2021), IV, author of SBOM data.
    """
    elements = sbom.elements
    if elements is None:
        return uncounted(sbom)
    at = _places(sbom, elements.authors_at, sbom.tools_at)
    if elements.authors:
        return passed(f"made by {_names(elements.authors)}", at=at)
    if elements.tools:
        return passed(f"no person or organisation is named; a tool is: {_tools(elements)}", at=at)
    return _by_another(elements, sbom) or failed("neither a person, an organisation nor a tool is named", at=at)


@check(
    id="sbom-author-entity",
    title="SBOM names the person or organisation that made it",
    severity=Severity.LOW,
    fix=_LATER,
)
def sbom_author_entity(sbom: Sbom) -> Verdict:
    """A person or an organisation is named as author; a tool is none.

    NOT_CHECKED where only the supplier of the described thing is named, or only the maker of the tool, whom tools
    write into every document they make.
    Source: CISA, "2026 Minimum Elements for an SBOM", SBOM author (the entity that runs the tool).
    """
    elements = sbom.elements
    if elements is None:
        return uncounted(sbom)
    at = [sbom.at(elements.authors_at)]
    own = [author for author in elements.authors if not _is_vendor(author, elements)]
    if own:
        return passed(f"made by {_names(own)}", at=at)
    if elements.authors:
        reason = f"it names {_names(elements.authors)} alone, who makes the tool ({_tools(elements)})"
        return not_checked(f"{reason}; whether the same organisation ran it is for a person to say", at=at)
    found = _by_another(elements, sbom)
    if found is not None:
        return found
    tools = f"; a tool is, and that is no author: {_tools(elements)}" if elements.tools else ""
    return failed(f"no person or organisation is named as its author{tools}", at=at)


def _by_another(elements: Elements, sbom: Sbom) -> Verdict | None:
    if not elements.author_fallbacks:
        return None
    reason = f"no author is named; another field names {_names(elements.author_fallbacks)}, and whether that one made"
    return not_checked(f"{reason} the SBOM is for a person to say", at=[sbom.at(elements.authors_at)])


def _is_vendor(author: str, elements: Elements) -> bool:
    plain = author.casefold()
    return any(
        tool in found.name.casefold() and vendor in plain for found in elements.tools for tool, vendor in _VENDORS
    )


def _names(names: tuple[str, ...] | list[str]) -> str:
    return listed(map(short, names), limit=3)


def _tools(elements: Elements) -> str:
    return listed((short(f"{tool.name} {tool.version}".strip()) for tool in elements.tools), limit=3)


@check(
    id="sbom-timestamp",
    title="SBOM states when it was made, with the time zone",
    severity=Severity.LOW,
    fix="Make the SBOM by a tool that writes the date and time with a zone: 2026-08-20T00:05:00Z.",
)
def sbom_timestamp(sbom: Sbom) -> Verdict:
    """A date and time with a zone is stated; a zone's name in brackets may follow.

    Source: NTIA, "The Minimum Elements for an SBOM" (2021), IV, timestamp; CISA, "2026 Minimum Elements for an
    SBOM", SBOM timestamp; RFC 3339; RFC 9557.
    """
    at = [sbom.at(sbom.created_at)]
    if sbom.created is None:
        return failed("it does not say when it was made", at=at)
    text = sbom.created.strip()
    date, bracket, name = text.partition("[")
    if moment(date) is None or "T" not in date.upper() or (bracket and not name.endswith("]")):
        return failed(f"it was made {short(text)!r}, which is no date and time", at=at)
    if not _ZONE.search(date):
        return failed(f"made {short(text)}, without a time zone", at=at)
    return passed(f"made {short(text)}", at=at)


@check(
    id="sbom-tool-name",
    title="SBOM names the tool that made it",
    severity=Severity.LOW,
    fix="Make the SBOM by a tool that writes its own name and version into it.",
)
def sbom_tool_name(sbom: Sbom) -> Verdict:
    """At least one tool is named.

    Source: CISA, "2026 Minimum Elements for an SBOM", SBOM tool name.
    """
    at = [sbom.at(sbom.tools_at)]
    if not sbom.tools:
        return failed("it names no tool that made it", at=at)
    return passed(f"made by {listed(map(short, sbom.tools), limit=3)}", at=at)


@check(
    id="sbom-tool-version",
    title="SBOM states the version of every tool that made it",
    severity=Severity.LOW,
    fix="Make the SBOM by a tool that writes its own name and version into it.",
)
def sbom_tool_version(sbom: Sbom) -> Verdict:
    """Every tool that is named has a version.

    Source: CISA, "2026 Minimum Elements for an SBOM", SBOM tool version.
    """
    elements = sbom.elements
    if elements is None:
        return uncounted(sbom)
    at = [sbom.at(sbom.tools_at)]
    if not elements.tools:
        return failed("it names no tool that made it", at=at)
    without = [short(tool.name) for tool in elements.tools if not tool.version]
    if without:
        return failed(f"no version is stated of {listed(without)}", at=at)
    return passed(f"made by {_tools(elements)}", at=at)


@check(
    id="sbom-format",
    title="SBOM is CycloneDX or SPDX",
    severity=Severity.LOW,
    fix="Make the SBOM as CycloneDX or SPDX; syft convert turns Syft's own JSON into either.",
)
def sbom_format(sbom: Sbom) -> Verdict:
    """The document is in a format that machines exchange: CycloneDX or SPDX, by its own statement.

    Source: NTIA, "The Minimum Elements for an SBOM" (2021), V, automation support; CISA, "2026 Minimum Elements
    for an SBOM", SBOM data format name.
    """
    at = [sbom.at()]
    name = _FORMATS.get(sbom.format)
    if name is None:
        return failed(f"it is {short(sbom.format)} JSON, which is neither CycloneDX nor SPDX", at=at)
    return passed(f"it is {name} {short(sbom.version)}", at=at)


@check(
    id="sbom-format-version",
    title="SBOM states the version of its format",
    severity=Severity.LOW,
    fix="Make the SBOM by a tool that states the version of CycloneDX or SPDX.",
)
def sbom_format_version(sbom: Sbom) -> Verdict:
    """The version of CycloneDX or SPDX is stated, and one that is known.

    Source: CISA, "2026 Minimum Elements for an SBOM", SBOM data format version.
    """
    name = _FORMATS.get(sbom.format)
    if name is None or not sbom.version:
        return failed(f"{short(sbom.format)} JSON states no version of CycloneDX or SPDX", at=[sbom.at()])
    return passed(f"it is {name} {short(sbom.version)}", at=[sbom.at()])


@check(
    id="sbom-generation-context",
    title="SBOM says in which phase of the software's life it was made",
    severity=Severity.LOW,
    fix="State the phase: metadata.lifecycles in CycloneDX 1.5 or later, software_sbomType in SPDX 3.",
)
def sbom_generation_context(sbom: Sbom) -> Verdict:
    """A phase is stated (design, source, build, after build, deployed, runtime).

    In SPDX 2 a creator's comment states it (`SBOM Type: Build`); NOT_CHECKED where one merely holds such a word.
    Source: CISA, "2026 Minimum Elements for an SBOM", SBOM generation context; CISA, "Types of Software Bill of
    Materials (SBOM) Documents" (2023).
    """
    elements = sbom.elements
    if elements is None:
        return uncounted(sbom)
    at = [sbom.at(elements.contexts_at)]
    if elements.contexts:
        return passed(f"made in the phase {_names(elements.contexts)}", at=at)
    if elements.context_fallbacks:
        words = listed(elements.context_fallbacks)
        return not_checked(
            f"a comment holds the word {words}; whether it tells the phase is for a person to say", at=at
        )
    return failed("it does not say in which phase it was made", at=at)


@check(
    id="sbom-version",
    title="SBOM tells its issues apart",
    severity=Severity.LOW,
    fix="Write a serial number and a version into the SBOM, and raise the version with each issue.",
)
def sbom_version(sbom: Sbom) -> Verdict:
    """The document has an identity of its own and the number of its issue (CycloneDX serialNumber and version).

    NOT_CHECKED with one of the two: SPDX has no number of an issue, and its namespace may be new for each.
    Source: CISA, "2026 Minimum Elements for an SBOM", SBOM version.
    """
    elements = sbom.elements
    if elements is None:
        return uncounted(sbom)
    at = _places(sbom, elements.serial_at, elements.revision_at)
    if elements.serial and elements.revision:
        return passed(f"issue {short(elements.revision)} of {short(elements.serial)}", at=at)
    if elements.serial:
        reason = f"it is {short(elements.serial)}, and states no number of its issue"
        return not_checked(f"{reason}; whether each issue has an identity of its own is for a person to say", at=at)
    if elements.revision:
        return not_checked(f"issue {short(elements.revision)} of a document without an identity of its own", at=at)
    return failed("it states neither an identity of its own nor the number of its issue", at=at)


@check(
    id="sbom-unknowns",
    title="SBOM says where something is not known",
    severity=Severity.LOW,
    fix="Declare what is incomplete or unknown: compositions in CycloneDX, NOASSERTION in SPDX.",
)
def sbom_unknowns(sbom: Sbom) -> Verdict:
    """Where elements of components are missing, the document says that something is not known or not whole.

    Whether a thing is unknown or withheld, no field of a format tells.
    Source: NTIA, "The Minimum Elements for an SBOM" (2021), VI, known unknowns; CISA, "2026 Minimum Elements for an
    SBOM", unknowns.
    """
    elements = sbom.elements
    if elements is None:
        return uncounted(sbom)
    at = _places(sbom, elements.unknowns_at, sbom.components_at)
    if elements.unknowns:
        return passed(f"it says so: {listed(map(short, elements.unknowns))}", at=at)
    lacking = [one.element for one in elements.stated if one.with_fallback < elements.components]
    if not lacking and elements.components:
        return passed("every component states every element, so that nothing is left unknown", at=at)
    missing = listed(lacking) or "components"
    return failed(f"it lacks {missing} in places, and says nowhere that they are unknown or withheld", at=at)
