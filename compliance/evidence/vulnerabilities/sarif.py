"""The reader of SARIF logs of vulnerability scanners: a log's bytes in; one ScanReport for each run out.

Source: OASIS SARIF 2.1.0; for what scanners write into it: aquasecurity/trivy 0.76, pkg/report/sarif.go;
anchore/grype 0.110, grype/presenter/sarif/presenter.go; GitHub, "SARIF support for code scanning" (security-severity).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.sbom_parts import Said, locate, top_keys
from compliance.evidence.vulnerabilities.ecosystems import OF_SYFT
from compliance.evidence.vulnerabilities.parts import (
    ID,
    MAX_FINDINGS,
    MAX_KEPT,
    SCAN,
    Source,
    cleaned,
    date_of,
    decoded,
    identifier,
    origin_of,
    package_of,
    reading,
    settings_of,
    severity_by_score,
    severity_of,
    splitter,
    subject_of,
    tenths,
    told,
    too_many,
    unambiguous,
)
from compliance.model.evidence import SubjectType
from compliance.model.reader import Reader, Record
from compliance.model.sbom import Component
from compliance.model.vulnerability import ScanFinding, ScanReport

#: Most runs of one log.
MAX_RUNS = 1000
#: Scanners that look for vulnerabilities in packages, by the beginning of their name in small letters.
_SCANNERS = ("trivy", "grype", "snyk", "osv-scanner", "docker scout", "clair", "anchore", "xray", "twistcli", "wiz")
#: Words of a level of vulnerability among a rule's tags.
_LEVELS = frozenset(("critical", "high", "medium", "low", "negligible"))
#: What Trivy says of a finding, line by line.
_LINES = re.compile(r"^(Package|Installed Version|Severity|Fixed Version): (.*)$", re.MULTILINE)
#: How Grype begins to say what it found.
_SENTENCE = re.compile(r"A \w{1,20} vulnerability in ([\w-]{1,40}) package: ")
_GRYPE_FIX = re.compile(r"^Fix Version: (.*)$", re.MULTILINE)
#: How much of a message is looked at.
_LOOKED_AT = 4096


class _Text(msgspec.Struct):
    text: str | None = None


class _Properties(msgspec.Struct, rename="kebab"):
    security_severity: str | float | None = None
    tags: list[str] | None = None
    purls: list[str] | None = None
    purl: str | None = None


class _Rule(msgspec.Struct):
    id: str | None = None
    help: _Text | None = None
    properties: _Properties | None = None


class _Driver(msgspec.Struct, rename="camel"):
    name: str | None = None
    version: str | None = None
    semantic_version: str | None = None
    rules: list[_Rule] | None = None


class _Tool(msgspec.Struct):
    driver: _Driver | None = None


class _Suppression(msgspec.Struct):
    kind: str | None = None
    status: str | None = None
    justification: str | None = None


class _RuleOf(msgspec.Struct):
    id: str | None = None
    index: int | None = None


class _Result(msgspec.Struct, rename="camel"):
    rule_id: str | None = None
    rule_index: int | None = None
    rule: _RuleOf | None = None
    kind: str | None = None
    baseline_state: str | None = None
    message: _Text | None = None
    suppressions: list[_Suppression] | None = None
    properties: _Properties | None = None


class _Notification(msgspec.Struct):
    level: str | None = None
    message: _Text | None = None


class _Invocation(msgspec.Struct, rename="camel"):
    execution_successful: bool | None = None
    start_time_utc: str | None = None
    end_time_utc: str | None = None
    command_line: str | None = None
    arguments: list[str] | None = None
    tool_execution_notifications: list[_Notification] | None = None


class _OfRun(msgspec.Struct, rename="camel"):
    """What Trivy writes of an image."""

    image_name: str | None = None
    repo_digests: list[str] | None = None
    repo_tags: list[str] | None = None
    image_id: str | None = msgspec.field(name="imageID", default=None)


class _Run(msgspec.Struct, rename="camel"):
    tool: _Tool | None = None
    results: list[_Result] | None = None
    invocations: list[_Invocation] | None = None
    properties: _OfRun | None = None


class _Log(msgspec.Struct):
    version: str | None = None
    runs: list[_Run] | None = None


_decoder = msgspec.json.Decoder(_Log)


def identify(head: bytes) -> bool:
    """Whether the outermost object is a SARIF log."""
    if b"sarif" not in head and b'"runs"' not in head:
        return False
    keys = top_keys(head)
    if b"runs" in keys:
        return b"$schema" in keys or b"version" in keys
    return b"$schema" in keys and b"version" in keys and b"sarif" in head[:4096]


def records(data: bytes, source: Source) -> Iterator[Record]:
    """A report for each run.

    Raises:
        EvidenceError: it cannot be read.
    """
    log = decoded(data, _decoder)
    if log.version != "2.1.0":
        raise EvidenceError(
            f"SARIF {cleaned(log.version) or 'without a version'} is not read by this version of the tool (2.1.0 is)",
            pointer=f"{source.base}/version",
        )
    runs = log.runs or []
    if len(runs) > MAX_RUNS:
        raise EvidenceError(f"{len(runs):,} runs, above the limit of {MAX_RUNS:,} for one log", pointer="/runs")
    if (total := sum(len(run.results or ()) for run in runs)) > MAX_FINDINGS:
        raise too_many(total)
    told_of = sum((one.rule_id is not None) for run in runs for one in run.results or ())
    # a result may hold results of other tools among its properties: those send the log the strict way, no more
    unambiguous(data, {b'"runs"': 1, b'"results"': len(runs), b'"invocations"': len(runs), b'"ruleId"': told_of})
    for number, run in enumerate(runs):
        yield _report(run, source, f"{source.base}/runs/{number}", number if len(runs) > 1 else None)


def _report(run: _Run, source: Source, at: str, number: int | None) -> ScanReport:
    driver = run.tool.driver or _Driver() if run.tool is not None else _Driver()
    tool = cleaned(driver.name)
    said = _said(run, f"{at}/properties")
    findings, unbound = _findings(run, driver, at)
    notes: list[str] = []
    invocations = run.invocations or []
    ended = [one.end_time_utc or one.start_time_utc for one in invocations]
    dates = sorted(filter(None, (date_of(text, "the end of an invocation", notes) for text in ended)))
    stated = [[one.command_line, one.arguments] for one in invocations if one.command_line or one.arguments]
    return ScanReport(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.SCAN, said.name, number),
        format="sarif",
        tool=tool,
        tool_version=cleaned(driver.semantic_version or driver.version),
        target=said.name,
        target_at=said.name_at or f"{at}/properties/imageName",
        target_type="container" if said.name else "",
        digests=said.as_described(),
        diff_ids=(),
        created=dates[0] if dates else None,
        created_at=f"{at}/invocations",
        database=None,
        database_at="",
        settings=settings_of(msgspec.Raw(msgspec.json.encode(stated))) if stated else "",
        failed=_failed(run),
        findings=findings,
        findings_at=f"{at}/results",
        unbound=unbound,
        incomplete=_incomplete(run, tool, findings),
        notes=tuple(notes),
    )


def _said(run: _Run, at: str) -> Said:
    """The image, as Trivy names it among the run's properties or Grype in the message of every finding."""
    said = Said.nothing()
    stated = run.properties or _OfRun()
    for index, text in enumerate(stated.repo_digests or ()):
        said.digest(text, f"{at}/repoDigests/{index}")
    said.digest(stated.image_id, f"{at}/imageID")
    if stated.repo_tags and stated.image_name not in stated.repo_tags:
        said.reference(stated.repo_tags[0], f"{at}/repoTags/0")
    said.reference(stated.image_name, f"{at}/imageName")
    for index, result in enumerate(run.results or ()):
        found = _sentence(_message(result))
        if found is None or said.name:
            break
        place = f"{at.removesuffix('/properties')}/results/{index}/message/text"
        said.reference(found.image, place)
        said.digest(found.image, place)
    return said


class _Sentence(NamedTuple):
    type: str
    package: str
    version: str
    image: str


def _sentence(text: str) -> _Sentence | None:
    """`A high vulnerability in deb package: zlib1g, version 1.2 was found in image app:1 at: /path`, taken apart.

    Up to 0.86: `The path /path reports zlib1g at version 1.2  which is a vulnerable (deb) package installed ...`.
    """
    before, old, rest = text.partition(" which is a vulnerable (")
    if old and before.startswith("The path ") and rest.find(") package") > 0:
        name, _, version = before.rpartition(" reports ")[2].partition(" at version ")
        return _Sentence(rest.partition(")")[0], name.strip(), version.strip(), "")
    found = _SENTENCE.match(text)
    name, comma, rest = text[found.end() :].partition(", version ") if found is not None else ("", "", "")
    version, verb, rest = rest.partition(" was found")
    if found is None or not comma or not verb:
        return None
    image = rest.removeprefix(" in image ").split(" ", 1)[0] if rest.startswith(" in image ") else ""
    return _Sentence(found[1], name, version, image)


def _message(result: _Result) -> str:
    return (result.message.text or "")[:_LOOKED_AT] if result.message is not None else ""


def _failed(run: _Run) -> str:
    for invocation in run.invocations or ():
        if invocation.execution_successful is False:
            notes = invocation.tool_execution_notifications or []
            said = [note.message.text for note in notes if note.level == "error" and note.message is not None]
            return f"the run did not end well: {told(said[0])}" if said else "the run did not end well"
    return ""


def _incomplete(run: _Run, tool: str, findings: tuple[ScanFinding, ...]) -> tuple[str, ...]:
    if run.results is None:
        return ("it lists no results, not even an empty list",)
    if not findings and not tool.lower().startswith(_SCANNERS):
        return ("nothing in it says that vulnerabilities of packages were looked for",)
    return ()


# -- findings --------------------------------------------------------------------------------------------------


def _findings(run: _Run, driver: _Driver, at: str) -> tuple[tuple[ScanFinding, ...], int]:
    """Findings of vulnerabilities, and how many there are of other things."""
    rules = driver.rules or []
    by_id = {rule.id: rule for rule in reversed(rules) if rule.id}
    findings: list[ScanFinding] = []
    unbound = 0
    for number, result in enumerate(run.results or ()):
        if result.kind in ("pass", "notApplicable", "informational") or result.baseline_state == "absent":
            continue
        index = result.rule_index if result.rule_index is not None else result.rule.index if result.rule else None
        rule_id = result.rule_id or (result.rule.id if result.rule is not None else None)
        rule = by_id.get(rule_id) if rule_id else None
        if rule is None and index is not None and 0 <= index < len(rules):
            rule = rules[index]
        named = ID.match(rule_id or (rule.id if rule is not None else "") or "")
        if named is None:
            unbound += 1
        else:
            findings.append(_finding(result, rule or _Rule(), named[0], f"{at}/results/{number}"))
    return tuple(findings), unbound


def _finding(result: _Result, rule: _Rule, id: str, at: str) -> ScanFinding:
    of_rule, own = rule.properties or _Properties(), result.properties or _Properties()
    score = _score(own.security_severity) or _score(of_rule.security_severity)
    package, severity, fixed = _told(result, rule, own.purl or of_rule.purl, own.purls or of_rule.purls)
    tags = [tag.lower() for tag in (of_rule.tags or [])[:MAX_KEPT] if tag.lower() in _LEVELS]
    word = severity_of(severity or (tags[0] if tags else None))
    return ScanFinding(
        identifier(id, at),
        (),
        *package,
        cleaned(fixed.strip()),
        word if word != "unknown" else severity_by_score(score),
        "",
        score,
        _suppressed(result.suppressions or []),
        "",
        at,
    )


def _told(result: _Result, rule: _Rule, purl: str | None, purls: list[str] | None) -> tuple[Component, str | None, str]:
    """Package, severity and fix, as the properties, Trivy's lines or Grype's sentence give them."""
    text = _message(result)
    purl = purl or (purls[0] if purls and len(purls) == 1 else None)
    if found := _sentence(text):
        help_text = (rule.help.text or "")[:_LOOKED_AT] if rule.help is not None else ""
        fix = _GRYPE_FIX.search(help_text)
        return package_of(purl, OF_SYFT.get(found.type, ""), found.package, found.version), None, fix[1] if fix else ""
    lines = dict(_LINES.findall(text))
    package = package_of(purl, "", lines.get("Package", "").strip(), lines.get("Installed Version", "").strip())
    return package, lines.get("Severity"), lines.get("Fixed Version", "")


def _score(stated: str | float | None) -> int | None:
    try:
        return tenths(float(stated)) if stated is not None else None
    except ValueError:
        return None


def _suppressed(found: list[_Suppression]) -> str:
    """Why a result counts for nothing: all that suppresses it was accepted. Source: SARIF 2.1.0, 3.35.3."""
    if not found or any(one.status in ("underReview", "rejected") for one in found):
        return ""
    for one in found:
        if one.justification:
            return f"suppressed: {told(one.justification)}"
    return f"suppressed, {cleaned(found[0].kind) or 'without a word why'}"


READER = Reader(
    id="sarif",
    title="Vulnerability scan, as SARIF",
    revision=1,
    evidence_kinds=("vulnerability-scan",),
    identify=identify,
    split=splitter(SCAN),
    read=reading(SCAN, records),
    locate=locate,
    record=ScanReport,
)
