"""The reader of Trivy's JSON: a report's bytes in; one ScanReport for an artifact, or for each resource of a cluster.

Source: aquasecurity/trivy 0.76, pkg/types/{report,vulnerability,finding}.go, pkg/k8s/report/report.go; SchemaVersion 2.
The report says neither which database was used, nor whether vulnerabilities were looked for where none is listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.purl import components
from compliance.evidence.sbom_parts import STRICT, Said, locate, refuse_twofold, top_keys
from compliance.evidence.vulnerabilities.ecosystems import OF_TRIVY
from compliance.evidence.vulnerabilities.parts import (
    MAX_BYTES,
    MAX_FINDINGS,
    SCAN,
    Cleaned,
    Days,
    Severities,
    Source,
    aliases_of,
    are_identifiers,
    cleaned,
    date_of,
    decoded,
    holds_at_most,
    identifier,
    origin_of,
    package_of,
    part,
    place_of,
    reading,
    splitter,
    subject_of,
    tenths,
    told,
    too_many,
    unambiguous,
)
from compliance.model.evidence import SubjectType
from compliance.model.reader import Reader, Record
from compliance.model.vulnerability import ScanFinding, ScanReport

#: Classes of results that packages stand in.
_OF_PACKAGES = frozenset(("os-pkgs", "lang-pkgs"))
_RESULTS = b'"Results"'
#: Whose score is taken when the source of the severity gives none.
_SCORERS = ("nvd", "ghsa", "redhat")


class _Cvss(msgspec.Struct, gc=False):
    v2: float | None = msgspec.field(name="V2Score", default=None)
    v3: float | None = msgspec.field(name="V3Score", default=None)
    v4: float | None = msgspec.field(name="V40Score", default=None)


class _Identifier(msgspec.Struct, gc=False):
    purl: str | None = msgspec.field(name="PURL", default=None)


class _Vulnerability(msgspec.Struct, gc=False, rename="pascal"):
    id: str | None = msgspec.field(name="VulnerabilityID", default=None)
    vendor_ids: list[str] | None = msgspec.field(name="VendorIDs", default=None)
    pkg_name: str | None = None
    pkg_identifier: _Identifier | None = None
    installed_version: str | None = None
    fixed_version: str | None = None
    severity_source: str | None = None
    severity: str | None = None
    cvss: dict[str, _Cvss] | None = msgspec.field(name="CVSS", default=None)
    published_date: str | None = None


class _Modified(msgspec.Struct, gc=False, rename="pascal"):
    type: str | None = None
    status: str | None = None
    statement: str | None = None
    source: str | None = None
    finding: msgspec.Raw = msgspec.Raw()


class _Misconfiguration(msgspec.Struct, gc=False, rename="pascal"):
    status: str | None = None


class _Result(msgspec.Struct, gc=False, rename="pascal"):
    target: str | None = None
    class_: str | None = msgspec.field(name="Class", default=None)
    type: str | None = None
    vulnerabilities: list[_Vulnerability] | None = None
    misconfigurations: list[_Misconfiguration] | None = None
    secrets: list[msgspec.Raw] | None = None
    modified: list[_Modified] | None = msgspec.field(name="ExperimentalModifiedFindings", default=None)


class _Os(msgspec.Struct, gc=False):
    family: str | None = msgspec.field(name="Family", default=None)
    name: str | None = msgspec.field(name="Name", default=None)
    ended: bool | None = msgspec.field(name="EOSL", default=None)


class _Metadata(msgspec.Struct, gc=False):
    os: _Os | None = msgspec.field(name="OS", default=None)
    image_id: str | None = msgspec.field(name="ImageID", default=None)
    diff_ids: list[str] | None = msgspec.field(name="DiffIDs", default=None)
    repo_tags: list[str] | None = msgspec.field(name="RepoTags", default=None)
    repo_digests: list[str] | None = msgspec.field(name="RepoDigests", default=None)


class _Tool(msgspec.Struct, gc=False, rename="pascal"):
    version: str | None = None


class _Resource(msgspec.Struct, gc=False, rename="pascal"):
    namespace: str | None = None
    kind: str | None = None
    name: str | None = None
    metadata: list[_Metadata] | _Metadata | None = None
    results: list[_Result] | None = None
    error: str | None = None


class _Report(msgspec.Struct, gc=False, rename="pascal"):
    schema_version: int | None = None
    trivy: _Tool | None = None
    created_at: str | None = None
    artifact_name: str | None = None
    artifact_type: str | None = None
    metadata: _Metadata | None = None
    results: msgspec.Raw = msgspec.Raw()
    cluster_name: str | None = None
    resources: list[_Resource] | None = None
    findings: list[_Resource] | None = None
    vulnerabilities: list[_Resource] | None = None


_decoder = msgspec.json.Decoder(_Report)
_results = msgspec.json.Decoder(list[_Result])
_vulnerability = msgspec.json.Decoder(_Vulnerability)


def identify(head: bytes) -> bool:
    """Whether the outermost object is a report of Trivy's, on an artifact or on a cluster."""
    if b'"SchemaVersion"' not in head and b'"ArtifactName"' not in head and b'"ClusterName"' not in head:
        return False
    keys = top_keys(head)
    if b"ArtifactName" in keys and not keys.isdisjoint((b"SchemaVersion", b"Results", b"ArtifactType", b"Metadata")):
        return True
    return b"ClusterName" in keys and not keys.isdisjoint((b"Resources", b"Findings", b"Vulnerabilities"))


def records(data: bytes, source: Source) -> Iterator[Record]:
    """Its reports: one of an artifact, one for each resource of a cluster.

    Raises:
        EvidenceError: it cannot be read.
    """
    large = _large(data)
    if large is not None:
        yield _of_artifact(*large, source)
        return
    report = decoded(data, _decoder)
    if report.cluster_name is None or report.artifact_name is not None:
        results = part(report.results, _results, f"{source.base}/Results") or []
        _once(data, report.results, results)
        yield _of_artifact(report, results, source)
        return
    listed = [one for resource in _resources(report)[1] for one in resource.results or ()]
    unambiguous(data, {b'"ClusterName"': 1, b'"Results"': len(_resources(report)[1]), **_keys(listed)})
    yield from _of_cluster(report, source)


def _large(data: bytes) -> tuple[_Report, list[_Result]] | None:
    """A large report as Trivy writes it, with its results at the end: nothing of it is walked through twice.

    None for any other report, and for one with a fault that its whole reading tells.
    """
    start = data.find(_RESULTS) + len(_RESULTS)
    if not STRICT < len(data) <= MAX_BYTES // 2 or not len(_RESULTS) <= start <= STRICT:
        return None
    try:
        report = decoded(data[:start] + b":null}", _decoder)  # so what follows is the value of a key of the report
        results = _results.decode(memoryview(data)[data.index(b"[", start) : data.rindex(b"}")])
        if not data.isascii():
            data.decode()
    except (EvidenceError, msgspec.DecodeError, ValueError, RecursionError):
        return None
    if report.artifact_name is None or data[start : data.index(b"[", start)].strip() != b":":
        return None
    after = data[data.rindex(b"}") + 1 :]
    if after.strip() or not holds_at_most(data, _keys(results), start, len(data)):
        return None
    return report, results


def _once(data: bytes, raw: msgspec.Raw, results: list[_Result]) -> None:
    """Nothing, for a report in which neither an id nor what binds it to its artifact stands twice.

    Raises:
        EvidenceError: a key stands twice.
    """
    place = place_of(data, b'"Results"', raw) if len(data) > STRICT else None
    if place is None or len(data) - (place[1] - place[0]) > STRICT:
        unambiguous(data, {b'"ArtifactName"': 1, b'"Metadata"': 1, b'"Results"': 1, **_keys(results)})
        return
    refuse_twofold(data[: place[0]] + b"null" + data[place[1] :])
    if not holds_at_most(data, _keys(results), *place):
        refuse_twofold(data)


def _keys(results: list[_Result]) -> dict[bytes, int]:
    """How often the key that every finding has stands in results."""
    hidden = sum(found.type == "vulnerability" for one in results for found in one.modified or ())
    return {b'"VulnerabilityID"': sum(len(one.vulnerabilities or ()) for one in results) + hidden}


# -- findings --------------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    findings: tuple[ScanFinding, ...]
    unbound: int
    packages: bool
    system: bool


def _found(results: list[_Result] | None, at: str) -> _Found:
    """Findings of all results, suppressed ones after the others of their result."""
    findings: list[ScanFinding] = []
    unbound = 0
    for number, result in enumerate(results or ()):
        ecosystem = OF_TRIVY.get(result.type or "", "")
        if len(findings) + len(result.vulnerabilities or ()) + len(result.modified or ()) > MAX_FINDINGS:
            raise too_many(len(findings) + len(result.vulnerabilities or ()) + len(result.modified or ()))
        listed = result.vulnerabilities or []
        findings += _listed(listed, [f"{at}/{number}/Vulnerabilities/{n}" for n in range(len(listed))], ecosystem, "")
        for index, modified in enumerate(result.modified or ()):
            place = f"{at}/{number}/ExperimentalModifiedFindings/{index}/Finding"
            if modified.type != "vulnerability":
                unbound += 1
            elif (hidden := part(modified.finding, _vulnerability, place)) is not None:
                findings += _listed([hidden], [place], ecosystem, _why(modified))
        unbound += sum(found.status == "FAIL" for found in result.misconfigurations or ()) + len(result.secrets or ())
    return _Found(
        findings=tuple(findings),
        unbound=unbound,
        packages=any(one.class_ in _OF_PACKAGES or one.vulnerabilities for one in results or ()),
        system=any(one.class_ == "os-pkgs" for one in results or ()),
    )


def _listed(listed: list[_Vulnerability], places: list[str], ecosystem: str, suppressed: str) -> Iterator[ScanFinding]:
    """The findings of a list, in order, each with its place.

    Raises:
        EvidenceError: one has no id.
    """
    texts, days, severities = Cleaned(), Days(), Severities()
    plain = are_identifiers(found.id for found in listed)
    purls = [one.purl or "" if (one := found.pkg_identifier) is not None else "" for found in listed]
    for found, purl, named, at in zip(listed, purls, components(purls), places, strict=True):
        package = named
        if package is None or not package[2]:
            package = package_of(purl, ecosystem, found.pkg_name, found.installed_version)
        id = found.id if plain and found.id else identifier(found.id, at)
        yield ScanFinding(
            id,
            aliases_of(id, found.vendor_ids) if found.vendor_ids else (),
            package[0],
            package[1],
            package[2],
            texts[found.fixed_version],
            severities[found.severity],
            texts[found.severity_source],
            _score(found.cvss, found.severity_source) if found.cvss else None,
            suppressed,
            days[found.published_date],
            at,
        )


def _score(scores: dict[str, _Cvss], source: str | None) -> int | None:
    """Of whoever gave the severity, else of the NVD, else of the first by name; version 3 before 4 before 2."""
    given = scores.get(source or "") or scores.get("nvd")
    if given is not None and given.v3 is not None and 0 < given.v3 <= 10:
        return round(given.v3 * 10)
    for scorer in (source or "", *_SCORERS, *sorted(scores)):
        found = scores.get(scorer)
        if found is not None and (made := _base(found)) is not None:
            return made
    return None


def _base(given: _Cvss) -> int | None:
    return tenths(given.v3) or tenths(given.v4) or tenths(given.v2)


def _why(modified: _Modified) -> str:
    """Why Trivy left a finding out: the status, whose it is, and what it says."""
    words = cleaned(modified.status) or "left out"
    if modified.source:
        words += f" by {told(modified.source)}"
    return f"{words}: {told(modified.statement)}" if modified.statement else words


# -- reports ---------------------------------------------------------------------------------------------------


def _of_artifact(report: _Report, results: list[_Result], source: Source) -> ScanReport:
    base = source.base
    if report.schema_version not in (None, 2):
        raise EvidenceError(
            f"Trivy's SchemaVersion {report.schema_version} is not read by this version of the tool (2 is)",
            pointer=f"{base}/SchemaVersion",
        )
    notes: list[str] = []
    metadata = report.metadata or _Metadata()
    is_image = report.artifact_type in (None, "container_image")
    said = _said(metadata, f"{base}/Metadata")
    name, name_at = cleaned(report.artifact_name), f"{base}/ArtifactName"
    if is_image:
        said.digest(report.artifact_name, name_at)
        if metadata.repo_tags and report.artifact_name not in metadata.repo_tags:
            name, name_at = cleaned(metadata.repo_tags[0]), f"{base}/Metadata/RepoTags/0"
    found = _found(results, f"{base}/Results")
    return ScanReport(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.SCAN, name),
        format="trivy",
        tool="trivy",
        tool_version=cleaned(report.trivy.version if report.trivy is not None else None),
        target=name,
        target_at=name_at,
        target_type="container" if is_image else cleaned(report.artifact_type),
        digests=said.as_described(),
        diff_ids=tuple(said.diff_ids),
        created=date_of(report.created_at, "CreatedAt", notes),
        created_at=f"{base}/CreatedAt",
        database=None,
        database_at="",
        settings="",
        failed="",
        findings=found.findings,
        findings_at=f"{base}/Results",
        unbound=found.unbound,
        incomplete=_incomplete(found, metadata.os, is_image=is_image),
        notes=tuple(notes),
    )


def _said(metadata: _Metadata, at: str) -> Said:
    said = Said.nothing()
    for index, text in enumerate(metadata.repo_digests or ()):
        said.digest(text, f"{at}/RepoDigests/{index}")
    said.digest(metadata.image_id, f"{at}/ImageID")
    for text in metadata.diff_ids or ():
        said.layer(text)
    return said


def _incomplete(found: _Found, system: _Os | None, *, is_image: bool) -> tuple[str, ...]:
    """Why the lack of a finding proves nothing. Trivy lists a result for the system's packages whenever it knows it."""
    reasons: list[str] = []
    if not found.packages:
        reasons.append("it lists no result for packages: none was recognised, or vulnerabilities were not looked for")
    elif is_image and not found.system:
        reasons.append("it lists no result for the operating system's packages: the system was not recognised")
    if system is not None and system.ended:
        name = " ".join(filter(None, (cleaned(system.family), cleaned(system.name))))
        reasons.append(f"{name or 'the system'} is past its end of life: nobody tells its vulnerabilities anymore")
    return tuple(reasons)


def _resources(report: _Report) -> tuple[str, list[_Resource]]:
    """The list of a cluster's resources, by the key of full reports, of consolidated ones, and of those before 0.37."""
    for key, found in (
        ("Resources", report.resources),
        ("Findings", report.findings),
        ("Vulnerabilities", report.vulnerabilities),
    ):
        if found is not None:
            return key, found
    return "Resources", []


def _of_cluster(report: _Report, source: Source) -> Iterator[ScanReport]:
    key, resources = _resources(report)
    total = 0
    for number, resource in enumerate(resources):
        if not resource.error and all(one.class_ not in _OF_PACKAGES for one in resource.results or ()):
            continue  # its settings alone were looked at
        made = _of_resource(resource, source, f"{source.base}/{key}/{number}", number)
        total += len(made.findings)
        if total > MAX_FINDINGS:
            raise too_many(total)
        yield made


def _of_resource(resource: _Resource, source: Source, at: str, number: int) -> ScanReport:
    """One resource. What is listed of several images at once can be bound to none of them."""
    listed = resource.metadata if isinstance(resource.metadata, list) else [resource.metadata]
    images = [one for one in listed if one is not None]
    metadata = images[0] if len(images) == 1 else _Metadata()
    metadata_at = f"{at}/Metadata/0" if isinstance(resource.metadata, list) else f"{at}/Metadata"
    said = _said(metadata, metadata_at)
    name, name_at = "", f"{at}/Name"
    if metadata.repo_tags:
        name, name_at = cleaned(metadata.repo_tags[0]), f"{metadata_at}/RepoTags/0"
    elif len(images) < 2:
        name, name_at = _named_by_result(resource.results, at)
    workload = "/".join(filter(None, map(cleaned, (resource.namespace, resource.kind, resource.name))))
    found = _found(resource.results, f"{at}/Results")
    several = (f"it lists {len(images)} images of {workload} as one; they cannot be told apart",)
    return ScanReport(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.SCAN, name or workload, number),
        format="trivy",
        tool="trivy",
        tool_version="",
        target=name,
        target_at=name_at,
        target_type="container",
        digests=said.as_described(),
        diff_ids=tuple(said.diff_ids),
        created=None,
        created_at=f"{source.base}/CreatedAt",
        database=None,
        database_at="",
        settings="",
        failed=f"the scan of {workload} failed: {told(resource.error)}" if resource.error else "",
        findings=found.findings,
        findings_at=f"{at}/Results",
        unbound=found.unbound,
        incomplete=_incomplete(found, metadata.os, is_image=True) + (several if len(images) > 1 else ()),
    )


def _named_by_result(results: list[_Result] | None, at: str) -> tuple[str, str]:
    """The image that a result for a system's packages names: `nginx:1.27 (debian 12.5)`."""
    for number, result in enumerate(results or ()):
        if result.class_ == "os-pkgs" and result.target:
            return cleaned(result.target.partition(" (")[0]), f"{at}/Results/{number}/Target"
    return "", f"{at}/Name"


READER = Reader(
    id="trivy",
    title="Vulnerability scan by Trivy, as JSON",
    revision=1,
    evidence_kinds=("vulnerability-scan",),
    identify=identify,
    split=splitter(SCAN),
    read=reading(SCAN, records),
    locate=locate,
    record=ScanReport,
)
