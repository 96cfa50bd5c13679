"""The reader of Grype's JSON: a report's bytes in; one ScanReport out, ignored matches too.

Source: anchore/grype 0.110, grype/presenter/models/*.go; grype/vulnerability/provider.go, "ProviderStatus".
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.sbom_parts import Said, locate, reference, top_keys
from compliance.evidence.vulnerabilities.ecosystems import OF_SYFT
from compliance.evidence.vulnerabilities.parts import (
    MAX_FINDINGS,
    SCAN,
    Source,
    aliases_of,
    cleaned,
    date_of,
    decoded,
    identifier,
    origin_of,
    package_of,
    parts_per_million,
    reading,
    settings_of,
    severity_of,
    splitter,
    subject_of,
    tenths,
    told,
    too_many,
    unambiguous,
)
from compliance.model.evidence import SubjectType
from compliance.model.faults import counted
from compliance.model.reader import Reader, Record
from compliance.model.vulnerability import ScanFinding, ScanReport


class _Metrics(msgspec.Struct, rename="camel"):
    base_score: float | None = None


class _Cvss(msgspec.Struct):
    source: str | None = None
    type: str | None = None
    version: str | None = None
    metrics: _Metrics | None = None


class _Epss(msgspec.Struct):
    cve: str | None = None
    epss: float | None = None


class _Fix(msgspec.Struct):
    versions: list[str] | None = None


class _Named(msgspec.Struct):
    id: str | None = None


class _Vulnerability(msgspec.Struct, rename="camel"):
    id: str | None = None
    data_source: str | None = None
    namespace: str | None = None
    severity: str | None = None
    cvss: list[_Cvss] | None = None
    epss: list[_Epss] | None = None
    known_exploited: list[msgspec.Raw] | None = None
    fix: _Fix | None = None
    advisories: list[_Named] | None = None


class _Related(msgspec.Struct, rename="camel"):
    id: str | None = None
    cvss: list[_Cvss] | None = None
    epss: list[_Epss] | None = None
    known_exploited: list[msgspec.Raw] | None = None


class _Artifact(msgspec.Struct):
    name: str | None = None
    version: str | None = None
    type: str | None = None
    purl: str | None = None


class _Rule(msgspec.Struct, rename="kebab"):
    vulnerability: str | None = None
    reason: str | None = None
    fix_state: str | None = None
    vex_status: str | None = None
    vex_justification: str | None = None


class _Match(msgspec.Struct, rename="camel"):
    vulnerability: _Vulnerability | None = None
    related_vulnerabilities: list[_Related] | None = None
    artifact: _Artifact | None = None
    applied_ignore_rules: list[_Rule] | None = None


class _Layer(msgspec.Struct):
    digest: str | None = None


class _Image(msgspec.Struct, rename="camel"):
    user_input: str | None = None
    image_id: str | None = msgspec.field(name="imageID", default=None)
    manifest_digest: str | None = None
    repo_digests: list[str] | None = None
    tags: list[str] | None = None
    layers: list[_Layer] | None = None


class _Source(msgspec.Struct):
    type: str | None = None
    target: _Image | str | None = None


class _Status(msgspec.Struct):
    built: str | None = None
    valid: bool | None = None
    error: str | None = None


class _Database(msgspec.Struct):
    """Up to 0.87 the status itself, from 0.88 on an object that holds it."""

    status: _Status | None = None
    built: str | None = None
    valid: bool | None = None
    error: str | None = None


class _Descriptor(msgspec.Struct):
    name: str | None = None
    version: str | None = None
    timestamp: str | None = None
    db: _Database | None = None
    configuration: msgspec.Raw = msgspec.Raw()


class _Document(msgspec.Struct, rename="camel"):
    matches: list[_Match] | None = None
    ignored_matches: list[_Match] | None = None
    alerts_by_package: list[msgspec.Raw] | None = None
    source: _Source | None = None
    descriptor: _Descriptor | None = None


_decoder = msgspec.json.Decoder(_Document)


def identify(head: bytes) -> bool:
    """Whether the outermost object lists matches of packages with vulnerabilities, or says that Grype made it."""
    if b'"matches"' not in head and b'"grype"' not in head:
        return False
    keys = top_keys(head)
    if b"matches" in keys:
        return not keys.isdisjoint((b"descriptor", b"source", b"distro")) or b'"matchDetails"' in head
    return b"descriptor" in keys and b'"grype"' in head and not keys.isdisjoint((b"ignoredMatches", b"alertsByPackage"))


def records(data: bytes, source: Source) -> Iterator[Record]:
    """Its report.

    Raises:
        EvidenceError: it cannot be read.
    """
    document = decoded(data, _decoder)
    descriptor = document.descriptor or _Descriptor()
    base = source.base
    if descriptor.name != "grype":
        raise EvidenceError("descriptor.name is not grype", pointer=f"{base}/descriptor/name")
    if document.matches is None:
        raise EvidenceError("it holds no matches, not even an empty list", pointer=f"{base}/matches")
    _unambiguous(data, document)
    notes: list[str] = []
    database = descriptor.db.status or descriptor.db if descriptor.db is not None else _Status()
    said = Said.nothing() if document.source is None else _said(document.source, f"{base}/source/target")
    database_at = f"{base}/descriptor/db" + ("/status" if descriptor.db is not None and descriptor.db.status else "")
    yield ScanReport(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.SCAN, said.name),
        format="grype",
        tool="grype",
        tool_version=cleaned(descriptor.version),
        target=said.name,
        target_at=said.name_at or f"{base}/source/target",
        target_type=_type(document.source),
        digests=said.as_described(),
        diff_ids=tuple(said.diff_ids),
        created=date_of(descriptor.timestamp, "descriptor.timestamp", notes),
        created_at=f"{base}/descriptor/timestamp",
        database=date_of(database.built, "the database's date", notes),
        database_at=f"{database_at}/built",
        settings=settings_of(descriptor.configuration),
        failed=_failed(database),
        findings=_findings(document, base),
        findings_at=f"{base}/matches",
        incomplete=_incomplete(document),
        notes=tuple(notes),
    )


def _unambiguous(data: bytes, document: _Document) -> None:
    ignored = document.ignored_matches or []
    matches = len(document.matches or ()) + len(ignored)
    unambiguous(
        data,
        {
            b'"matches"': 1,
            b'"ignoredMatches"': 1,
            b'"target"': 1,
            b'"artifact"': matches,
            b'"vulnerability"': matches + sum(len(match.applied_ignore_rules or ()) for match in ignored),
            b'"repoDigests"': 1,
            b'"imageID"': 1,
            b'"manifestDigest"': 1,
        },
    )


def _said(source: _Source, at: str) -> Said:
    said = Said.nothing()
    target = source.target
    if isinstance(target, str):
        said.reference(target, at)
    elif target is not None:
        said.digest(target.manifest_digest, f"{at}/manifestDigest")
        for index, text in enumerate(target.repo_digests or ()):
            said.digest(text, f"{at}/repoDigests/{index}")
        said.digest(target.image_id, f"{at}/imageID")
        for layer in target.layers or ():
            said.layer(layer.digest)
        for text in (target.tags or [])[:1]:
            said.reference(text, f"{at}/tags/0")
        said.reference(reference(target.user_input, None), f"{at}/userInput")
    return said


def _type(source: _Source | None) -> str:
    kind = cleaned(source.type) if source is not None else ""
    return "container" if kind == "image" else kind


def _failed(database: _Status | _Database) -> str:
    if database.error:
        return f"its vulnerability database had an error: {told(database.error)}"
    return "its vulnerability database was not valid" if database.valid is False else ""


def _incomplete(document: _Document) -> tuple[str, ...]:
    """Why the lack of a finding proves nothing. Grype alerts of packages whose distribution is past its end of life."""
    alerts = len(document.alerts_by_package or ())
    if not alerts:
        return ()
    return (f"it gives an alert for {counted(alerts, 'package')}, such as a distribution past its end of life",)


def _findings(document: _Document, base: str) -> tuple[ScanFinding, ...]:
    matches, ignored = document.matches or [], document.ignored_matches or []
    if len(matches) + len(ignored) > MAX_FINDINGS:
        raise too_many(len(matches) + len(ignored))
    found = [_finding(match, f"{base}/matches/{index}", "") for index, match in enumerate(matches)]
    for index, match in enumerate(ignored):
        found.append(_finding(match, f"{base}/ignoredMatches/{index}", _why(match.applied_ignore_rules or [])))
    return tuple(found)


def _finding(match: _Match, at: str, suppressed: str) -> ScanFinding:
    found, artifact = match.vulnerability or _Vulnerability(), match.artifact or _Artifact()
    related = match.related_vulnerabilities or []
    id = identifier(found.id, f"{at}/vulnerability")
    versions = found.fix.versions or [] if found.fix is not None else []
    others = [one.id for one in related] + [one.id for one in found.advisories or ()]
    exploited = [found.known_exploited, *(one.known_exploited for one in related)]
    return ScanFinding(
        id,
        aliases_of(id, others) if others else (),
        *package_of(artifact.purl, OF_SYFT.get(artifact.type or "", ""), artifact.name, artifact.version),
        cleaned(", ".join(versions)),
        severity_of(found.severity),
        cleaned(found.namespace or found.data_source),
        _score([found.cvss, *(one.cvss for one in related)]),
        suppressed,
        "",
        at,
        kev=any(exploited),
        epss=_epss(id, [found.epss, *(one.epss for one in related)]),
    )


def _score(groups: list[list[_Cvss] | None]) -> int | None:
    """Of the vulnerability itself before related ones, primary before secondary, version 3 before 4 before 2."""
    best: tuple[int, int, int] | None = None
    score: int | None = None
    for number, group in enumerate(groups):
        for cvss in group or ():
            made = tenths(cvss.metrics.base_score) if cvss.metrics is not None else None
            rank = (number, (cvss.type or "").lower() == "secondary", "342".find((cvss.version or "3")[:1]) % 4)
            if made is not None and (best is None or rank < best):
                best, score = rank, made
    return score


def _epss(id: str, groups: list[list[_Epss] | None]) -> int | None:
    """Of this id where it has one, else the highest of the related."""
    own = [one.epss for group in groups for one in group or () if one.cve == id]
    given = own or [one.epss for group in groups for one in group or ()]
    return max((made for share in given if (made := parts_per_million(share)) is not None), default=None)


def _why(rules: list[_Rule]) -> str:
    """Why Grype left a match out, by the first rule that says something."""
    for rule in rules:
        if rule.vex_status:
            words = f"{cleaned(rule.vex_status)} by VEX"
            return f"{words}: {told(rule.vex_justification)}" if rule.vex_justification else words
        if rule.reason:
            return f"ignored: {told(rule.reason)}"
        if rule.fix_state:
            return f"ignored by a rule for fix state {cleaned(rule.fix_state)}"
    return "ignored by a rule"


READER = Reader(
    id="grype",
    title="Vulnerability scan by Grype, as JSON",
    revision=1,
    evidence_kinds=("vulnerability-scan",),
    identify=identify,
    split=splitter(SCAN),
    read=reading(SCAN, records),
    locate=locate,
    record=ScanReport,
)
