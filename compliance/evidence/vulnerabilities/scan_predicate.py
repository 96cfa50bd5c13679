"""The reader of scans made for signing: cosign's vulnerability predicate, and in-toto's; one ScanReport out.

Either the predicate alone, as a scanner writes it or as it was taken out of a signed statement.
Sources: sigstore/cosign, specs/COSIGN_VULN_ATTESTATION_SPEC.md; in-toto/attestation, spec/predicates/vulns{,_02}.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.purl import component
from compliance.evidence.sbom_parts import locate, top_keys
from compliance.evidence.vulnerabilities import grype, sarif, trivy
from compliance.evidence.vulnerabilities.parts import (
    MAX_FINDINGS,
    SCAN,
    Source,
    cleaned,
    date_of,
    decoded,
    identifier,
    origin_of,
    part,
    reading,
    settings_of,
    severity_by_score,
    severity_of,
    splitter,
    subject_of,
    tenths,
    too_many,
    unambiguous,
)
from compliance.model.evidence import SubjectType
from compliance.model.reader import Reader, Record
from compliance.model.vulnerability import ScanFinding, ScanReport

#: Keys of what such a predicate may stand in.
_OTHERS = frozenset((b"_type", b"predicateType", b"payloadType", b"apiVersion", b"kind"))
#: Whose reports may stand inside.
_FORMATS = (trivy, grype, sarif)
#: How much of a report is looked at to know whose it is.
_HEAD = 64 * 1024


class _Database(msgspec.Struct, rename="camel"):
    last_update: str | None = None


class _Severity(msgspec.Struct):
    method: str | None = None
    score: str | float | None = None


class _Result(msgspec.Struct):
    id: str | None = None
    severity: list[_Severity] | None = None
    vulnerability: _Result | None = None


class _Scanner(msgspec.Struct):
    uri: str | None = None
    version: str | None = None
    db: _Database | None = None
    result: msgspec.Raw = msgspec.Raw()


class _Times(msgspec.Struct, rename="camel"):
    scan_started_on: str | None = None
    scan_finished_on: str | None = None


class _Invocation(msgspec.Struct):
    parameters: msgspec.Raw = msgspec.Raw()


class _Predicate(msgspec.Struct):
    scanner: _Scanner | None = None
    metadata: _Times | None = None
    invocation: _Invocation | None = None


_decoder = msgspec.json.Decoder(_Predicate)
_results = msgspec.json.Decoder(list[_Result])


def identify(head: bytes) -> bool:
    """Whether the outermost object is what a scanner was, found, and when: no statement round it, and no envelope."""
    if b'"scanner"' not in head:
        return False
    keys = top_keys(head)
    if b"scanner" not in keys or keys & _OTHERS:
        return False
    # a long result pushes what follows it out of sight
    return bool(keys & {b"metadata", b"invocation"}) or (keys == {b"scanner"} and b'"result"' in head)


def records(data: bytes, source: Source) -> Iterator[Record]:
    """Its report. A report of a known scanner inside is read as such; the predicate's own dates go before.

    Raises:
        EvidenceError: it cannot be read.
    """
    predicate = decoded(data, _decoder)
    unambiguous(data, {b'"scanner"': 1, b'"result"': 1, b'"scanFinishedOn"': 1, b'"lastUpdate"': 1})
    scanner = predicate.scanner
    if scanner is None:
        raise EvidenceError("it names no scanner", pointer=f"{source.base}/scanner")
    result, at = bytes(scanner.result), f"{source.base}/scanner/result"
    if result[:1] == b"[":
        yield _dated(_of_in_toto(scanner, source, at), predicate, source)
        return
    for format in _FORMATS:
        if format.identify(result[:_HEAD]):
            for report in format.records(result, source._replace(base=at)):
                assert isinstance(report, ScanReport)  # noqa: S101 - these three give nothing else
                yield _dated(report, predicate, source)
            return
    raise EvidenceError("the scan's result is in a form that no reader knows", pointer=at)


def _dated(report: ScanReport, predicate: _Predicate, source: Source) -> ScanReport:
    """A report with what the predicate says of tool, dates and settings, where it says it."""
    base, notes = source.base, list(report.notes)
    times, scanner = predicate.metadata or _Times(), predicate.scanner or _Scanner()
    which = "scanFinishedOn" if times.scan_finished_on else "scanStartedOn"
    created = date_of(times.scan_finished_on or times.scan_started_on, which, notes)
    updated = scanner.db.last_update if scanner.db is not None else None
    database = date_of(updated, "scanner.db.lastUpdate", notes)
    settings = settings_of(predicate.invocation.parameters) if predicate.invocation is not None else ""
    return replace(
        report,
        tool_version=report.tool_version or cleaned(scanner.version),
        created=created or report.created,
        created_at=f"{base}/metadata/{which}" if created else report.created_at,
        database=database or report.database,
        database_at=f"{base}/scanner/db/lastUpdate" if database or not report.database else report.database_at,
        settings=report.settings or settings,
        notes=tuple(notes),
    )


def _of_in_toto(scanner: _Scanner, source: Source, at: str) -> ScanReport:
    """A list of ids with severities. It names no packages: a finding of it is of the whole subject."""
    found = part(scanner.result, _results, at) or []
    if len(found) > MAX_FINDINGS:
        raise too_many(len(found))
    findings = tuple(_finding(one.vulnerability or one, f"{at}/{index}") for index, one in enumerate(found))
    return ScanReport(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.SCAN, ""),
        format="in-toto-vulns",
        tool=_tool(scanner.uri),
        tool_version=cleaned(scanner.version),
        target="",
        target_at=f"{source.base}/scanner",
        digests=(),
        diff_ids=(),
        created=None,
        created_at=f"{source.base}/metadata/scanFinishedOn",
        database=None,
        database_at="",
        settings="",
        failed="",
        findings=findings,
        findings_at=at,
    )


def _tool(uri: str | None) -> str:
    """The scanner's name: that of its package URL, or the last part of its address."""
    found = component(uri) if uri else None
    return cleaned(found.name if found is not None else uri).rstrip("/").rpartition("/")[2]


def _finding(found: _Result, at: str) -> ScanFinding:
    word, score = "", None
    for severity in found.severity or ():
        try:
            score = score if score is not None else tenths(float(severity.score or "none"))
        except ValueError:
            word = word or severity_of(str(severity.score))
    return ScanFinding(
        identifier(found.id, at), (), "", "", "", "", word or severity_by_score(score), "", score, "", "", at
    )


READER = Reader(
    id="scan-predicate",
    title="Vulnerability scan as a predicate (cosign, in-toto)",
    revision=1,
    evidence_kinds=("vulnerability-scan",),
    identify=identify,
    split=splitter(SCAN),
    read=reading(SCAN, records),
    locate=locate,
    record=ScanReport,
)
