"""What a CycloneDX document says of vulnerabilities: its bytes in; a ScanReport, a VexDocument, both or neither out.

An entry without an analysis is a scanner's finding, one with an analysis a VEX statement. An empty list is neither:
Trivy writes one into every SBOM, whether it looked for vulnerabilities or not.
Source: CycloneDX 1.4 to 1.7, "vulnerabilities"; trivy 0.76, pkg/sbom/cyclonedx/marshal.go for the words of a fix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.vulnerabilities.parts import (
    MAX_FINDINGS,
    SCAN,
    Source,
    aliases_of,
    cleaned,
    date_of,
    day_of,
    decoded,
    identifier,
    origin_of,
    package_of,
    reading,
    severity_by_score,
    severity_of,
    subject_of,
    tenths,
    told,
    too_many,
    unambiguous,
)
from compliance.evidence.vulnerabilities.vex_parts import (
    CYCLONEDX_JUSTIFICATIONS,
    CYCLONEDX_STATES,
    NOTHING,
    Things,
    problem_of,
    things,
    with_note,
)
from compliance.model.evidence import SubjectType
from compliance.model.reader import Record, Slice
from compliance.model.sbom import Component, Sbom
from compliance.model.vulnerability import ScanFinding, ScanReport, VexDocument, VexStatement

#: Scanners among the tools of a document.
_SCANNERS = ("grype", "trivy", "snyk", "osv-scanner", "xray", "dependency-track", "clair")
_UPGRADE = re.compile(r"Upgrade \S{1,512} to version (\S.{0,500})")
_RANGE = "it speaks of a range of versions, which is not compared"


class _Named(msgspec.Struct):
    name: str | None = None


class _Reference(msgspec.Struct):
    id: str | None = None


class _Rating(msgspec.Struct):
    source: _Named | None = None
    score: float | None = None
    severity: str | None = None
    method: str | None = None


class _Analysis(msgspec.Struct, rename="camel"):
    state: str | None = None
    justification: str | None = None
    detail: str | None = None
    response: list[str] | None = None
    first_issued: str | None = None
    last_updated: str | None = None


class _Version(msgspec.Struct):
    version: str | None = None
    range: str | None = None
    status: str | None = None


class _Affected(msgspec.Struct):
    ref: str | None = None
    versions: list[_Version] | None = None


class _Vulnerability(msgspec.Struct):
    id: str | None = None
    source: _Named | None = None
    references: list[_Reference] | None = None
    ratings: list[_Rating] | None = None
    recommendation: str | None = None
    workaround: str | None = None
    published: str | None = None
    analysis: _Analysis | None = None
    affects: list[_Affected] | None = None


class _Component(msgspec.Struct):
    ref: str | None = msgspec.field(name="bom-ref", default=None)
    group: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    supplier: _Named | None = None
    components: list[_Component] | None = None


class _Metadata(msgspec.Struct):
    component: _Component | None = None
    authors: list[_Named] | None = None
    manufacturer: _Named | None = None
    manufacture: _Named | None = None
    supplier: _Named | None = None


class _Bom(msgspec.Struct):
    metadata: _Metadata | None = None
    components: list[_Component] | None = None
    vulnerabilities: list[_Vulnerability] | None = None


_decoder = msgspec.json.Decoder(_Bom)


def read(data: bytes, slice: Slice, sbom: Sbom) -> Iterator[Record | EvidenceError]:
    """The records of a document that was read as an SBOM, or the EvidenceError that says why there are none."""
    path, sha256 = sbom.origin.path, sbom.origin.sha256
    yield from reading(SCAN, lambda text, source: _records(text, source, sbom))(data, slice, path, sha256)


def _records(data: bytes, source: Source, sbom: Sbom) -> Iterator[Record]:
    """A scan when an entry has no analysis, a VEX document when one has; `sbom` is what the document is read as.

    Raises:
        EvidenceError: it cannot be read.
    """
    bom = decoded(data, _decoder)
    found = bom.vulnerabilities or []
    total = sum(len(one.affects or ()) for one in found) + len(found)
    if total > MAX_FINDINGS:
        raise too_many(total, "vulnerabilities and components")
    analysed = sum(one.analysis is not None for one in found)
    unambiguous(data, {b'"vulnerabilities"': 1, b'"affects"': len(found), b'"analysis"': analysed})
    known = _known(bom)
    if any(not _is_analysed(one) for one in found):
        yield _scan(found, known, source, sbom)
    if any(_is_analysed(one) for one in found):
        yield _vex(bom, found, known, source, sbom)


def _is_analysed(one: _Vulnerability) -> bool:
    return one.analysis is not None and bool(one.analysis.state)


def _known(bom: _Bom) -> Mapping[str, _Component]:
    """Components by the reference they bear; the described one too."""
    described = [bom.metadata.component] if bom.metadata is not None and bom.metadata.component is not None else []
    stack = [*(bom.components or ()), *described]
    known: dict[str, _Component] = {}
    while stack:
        one = stack.pop()
        if one.ref:
            known.setdefault(one.ref, one)
        stack += one.components or ()
    return known


# -- scans -----------------------------------------------------------------------------------------------------


def _scan(found: list[_Vulnerability], known: Mapping[str, _Component], source: Source, sbom: Sbom) -> ScanReport:
    notes: list[str] = []
    tools = [tool for tool in sbom.tools if tool.lower().startswith(_SCANNERS)] or [*sbom.tools, ""]
    name, _, version = tools[0].rpartition(" ")
    return ScanReport(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.SCAN, sbom.described),
        format="cyclonedx",
        tool=name or version,
        tool_version=version if name else "",
        target=sbom.described,
        target_at=sbom.described_at,
        target_type=sbom.described_type,
        digests=sbom.digests,
        diff_ids=sbom.diff_ids,
        created=date_of(sbom.created, "metadata.timestamp", notes),
        created_at=sbom.created_at,
        database=None,
        database_at="",
        settings="",
        failed="",
        findings=tuple(_findings(found, known, f"{source.base}/vulnerabilities")),
        findings_at=f"{source.base}/vulnerabilities",
        notes=tuple(notes),
    )


def _findings(found: list[_Vulnerability], known: Mapping[str, _Component], at: str) -> Iterator[ScanFinding]:
    """One for each vulnerability and component it affects."""
    packages = {
        ref: package_of(one.purl, "", f"{one.group}/{one.name}" if one.group else one.name, one.version)
        for ref, one in known.items()
    }
    for number, one in enumerate(found):
        place = f"{at}/{number}"
        id = identifier(one.id, place)
        aliases = aliases_of(id, (other.id for other in one.references or ()))
        severity, severity_source, score = _rated(one)
        fix = _UPGRADE.search(one.recommendation[:2000]) if one.recommendation else None
        affected = [
            (index, each)
            for index, each in enumerate(one.affects or ())
            if not each.versions or any(version.status != "unaffected" for version in each.versions)
        ]
        for index, each in affected or ([] if one.affects else [(-1, _Affected())]):
            ref = unquote(each.ref or "").rpartition("#")[2] if each.ref not in known else each.ref or ""
            package = packages.get(ref) or package_of(ref if ref.startswith("pkg:") else None, "", ref, "")
            yield ScanFinding(
                id,
                aliases,
                *package,
                cleaned(fix[1]) if fix else "",
                severity,
                severity_source,
                score,
                "",
                day_of(one.published),
                f"{place}/affects/{index}" if index >= 0 else place,
            )


def _rated(one: _Vulnerability) -> tuple[str, str, int | None]:
    """Severity, who says so, and score: of the source of the vulnerability itself before others."""
    own = one.source.name if one.source is not None else None
    ratings = sorted(one.ratings or (), key=lambda rating: rating.source is None or rating.source.name != own)
    words = [rating for rating in ratings if severity_of(rating.severity) != "unknown"]
    scores = [
        made
        for rating in ratings
        if (rating.method or "CVSS").startswith("CVSS") and (made := tenths(rating.score)) is not None
    ]
    score = scores[0] if scores else None
    if not words:
        return severity_by_score(score), cleaned(own), score
    by = words[0].source.name if words[0].source is not None else None
    return severity_of(words[0].severity), cleaned(by), score


# -- VEX -------------------------------------------------------------------------------------------------------


def _vex(
    bom: _Bom, found: list[_Vulnerability], known: Mapping[str, _Component], source: Source, sbom: Sbom
) -> VexDocument:
    notes: list[str] = []
    created = date_of(sbom.created, "metadata.timestamp", notes)
    author, author_at = _author(bom.metadata or _Metadata())
    root = bom.metadata.component if bom.metadata is not None else None
    described = things(_identifiers(sbom, root))
    whole = _Whole(described if described.names else NOTHING, root.ref or "" if root is not None else "", known)
    statements: list[VexStatement] = []
    for number, one in enumerate(found):
        if _is_analysed(one):
            statements += _statements(one, whole, created or "", f"{source.base}/vulnerabilities/{number}")
    return VexDocument(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.VEX, sbom.described),
        format="cyclonedx",
        version=sbom.version,
        author=author,
        author_at=f"{source.base}/metadata{author_at}",
        created=created,
        created_at=sbom.created_at,
        statements=tuple(statements),
        notes=tuple(notes),
    )


def _author(metadata: _Metadata) -> tuple[str, str]:
    """Who made the document: its author, else manufacturer or supplier."""
    component = metadata.component.supplier if metadata.component is not None else None
    for one, at in (
        (next(iter(metadata.authors or ()), None), "/authors/0/name"),
        (metadata.manufacturer, "/manufacturer/name"),
        (metadata.manufacture, "/manufacture/name"),
        (metadata.supplier, "/supplier/name"),
        (component, "/component/supplier/name"),
    ):
        if one is not None and one.name:
            return told(one.name), at
    return "", "/authors"


def _identifiers(sbom: Sbom, root: _Component | None) -> list[str]:
    """What the document as a whole is about: by digest alone where it names one, and its own BOM-Link."""
    digests = [one.digest for one in sbom.digests]
    others = [root.purl] if root is not None and root.purl else [sbom.described] if sbom.described else []
    return [*(digests or others), *([sbom.link] if sbom.link else [])]


class _Whole(NamedTuple):
    """The described thing: as it is compared, and the reference it bears; `known` are the components by theirs."""

    products: Things
    ref: str
    known: Mapping[str, _Component]


def _statements(one: _Vulnerability, whole: _Whole, when: str, at: str) -> Iterator[VexStatement]:
    """One for each thing that holds the affected components."""
    analysis = one.analysis or _Analysis()
    state, written = cleaned(analysis.state), cleaned(analysis.justification)
    status = CYCLONEDX_STATES.get(state, "")
    translated = CYCLONEDX_JUSTIFICATIONS.get(written, "")
    detail = told(analysis.detail)
    action = one.recommendation or one.workaround or "".join(analysis.response or ())
    notes: list[str] = []
    stated = analysis.last_updated or analysis.first_issued
    stamp = date_of(stated, "the date of the analysis", notes)
    groups: dict[tuple[str, bool, str], dict[str, Component | None]] = {}
    for each in one.affects or ():
        link, components, note = _affected(each, whole, status)
        if components is not None:
            parts = groups.setdefault((link, bool(components.names), note), {})
            parts.update(zip(components.names, components.packages, strict=True))
    id = identifier(one.id, at)
    aliases = aliases_of(id, (other.id for other in one.references or ()))
    problem = problem_of(status, translated or written, detail, action, written=state)
    for (link, _, note), parts in groups.items():
        products = things([link]) if link else whole.products
        made = VexStatement(
            id=id,
            aliases=aliases,
            status=status,
            status_as_written=state,
            justification=translated,
            justification_note=problem,
            impact=detail,
            products=products.names,
            components=tuple(parts),
            timestamp=stamp or ("" if stated else when),
            pointer=at,
            product_packages=products.packages,
            component_packages=tuple(parts.values()),
        )
        yield with_note(made, "; ".join([*notes, *([note] if note else [])]))


def _affected(each: _Affected, whole: _Whole, status: str) -> tuple[str, Things | None, str]:
    """The document that describes what holds it, the components meant, and what cannot be compared.

    A reference is that of the described thing or a component (the document is this one: empty text), or
    a BOM-Link to one of another document. No components at all (None): nothing is said of any version.
    """
    ref = each.ref or ""
    if ref and ref == whole.ref:
        return "", things(()), "" if not each.versions else _RANGE
    link, package, name = "", None, ref
    if ref.startswith("urn:cdx:"):
        link, _, inner = ref.partition("#")
        name = unquote(inner)
        if not name:
            return link, things(()), "" if not each.versions else _RANGE
    found = whole.known.get(ref)
    if found is not None:
        name = found.purl or found.ref or ""
        package = package_of(
            found.purl, "", f"{found.group}/{found.name}" if found.group else found.name, found.version
        )
    else:
        package = things([name]).packages[0] if name.strip() else None
        if package is None:
            return link, NOTHING, "it names a component that the document does not hold"
    return link, *_versions(each.versions or [], name, package, status)


def _versions(given: Iterable[_Version], name: str, package: Component, status: str) -> tuple[Things | None, str]:
    """The package in the versions that are meant: its own when none is listed. One alone may be said to be a range."""
    meant: dict[str, Component | None] = {}
    skipped = listed = False
    for one in given:
        listed = True
        if one.range:
            return NOTHING, _RANGE
        if one.status == "unknown" or (one.status == "unaffected" and status not in ("not_affected", "fixed")):
            skipped = True
        elif one.version:
            version = cleaned(one.version)
            meant[cleaned(name) if version == package.version else f"{cleaned(name)} {version}"] = package._replace(
                version=version
            )
    if not listed:
        return Things((cleaned(name),), (package,)), ""
    if not meant:
        return (None, "") if skipped else (NOTHING, _RANGE)
    return Things(tuple(meant), tuple(meant.values())), ""
