"""An Assessment in, findings.sarif (SARIF 2.1.0) out: what fails or needs review, at its file and line.

Passed and not-applicable observations are counted for each rule and not listed: GitHub shows every
result as an alert, whatever its kind (microsoft/PSRule issue 955, complytime/complyctl issue 868),
so a listed pass would read as a failure. For the same reason a result without a place is counted
only: GitHub refuses a file that holds one (github/codeql-action issue 2459). Controls with their
status stand as taxa, one taxonomy for each framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from compliance.model.assessment import (
    Assessment,
    CheckResult,
    EvidenceFile,
    EvidenceState,
    Exporter,
    FrameworkResult,
    Observation,
    Options,
    OutputFile,
)
from compliance.model.counts import Counts
from compliance.model.evidence import Location
from compliance.model.outcome import Outcome, Severity
from compliance.rendering.references import relative_reference
from compliance.rendering.text import LONGEST, clean, cut

Json = dict[str, Any]

#: What GitHub code scanning takes in one run; failures come first.
RESULTS_KEPT = 25_000
#: Places of one result; all are in observations.jsonl.
_PLACES_KEPT = 10
#: GitHub takes at most 20 tags of a rule; all controls are in its relationships.
_TAGS_KEPT = 20
#: Problems told of one file; evidence/index.json has all.
_PROBLEMS_KEPT = 5
#: Where relative paths start: what was handed in.
_BASE = "%SRCROOT%"

KINDS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.ERROR: "review",
    Outcome.NOT_CHECKED: "review",
    Outcome.NOT_APPLICABLE: "notApplicable",
}
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
#: The number by which GitHub sorts; the middle of the CVSS band of the same word.
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
_SAYS = {Outcome.FAIL: "", Outcome.ERROR: "Not judged, an error: ", Outcome.NOT_CHECKED: "Not checked: "}

_encode = msgspec.json.Encoder().encode


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """One file, findings.sarif."""
    del options
    yield OutputFile(path="findings.sarif", media_type="application/sarif+json", chunks=_chunks(assessment))


def _chunks(assessment: Assessment) -> Iterator[bytes]:
    """The log with one run, result by result."""
    yield b'{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{'
    for name, value in _head(assessment).items():
        yield _encode(name) + b":" + _encode(value) + b",\n"
    yield b'"results":['
    between = b"\n"
    for result in _results(assessment):
        yield between + _encode(result)
        between = b",\n"
    yield b"]}]}\n"


def _head(assessment: Assessment) -> Json:
    system = assessment.configuration.system
    return {
        "tool": {"driver": _driver(assessment)},
        "automationDetails": {
            "id": f"{assessment.tool.name}/{relative_reference(system.id)}/",
            "guid": assessment.id,
        },
        "invocations": [_invocation(assessment)],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": "What was handed in as evidence."}}},
        "artifacts": [
            {
                "location": {"uri": relative_reference(file.path), "uriBaseId": _BASE},
                "length": file.size,
                **({"hashes": {"sha-256": file.sha256}} if file.sha256 else {}),
            }
            for file in assessment.evidence
        ],
        "taxonomies": [_taxonomy(result) for result in assessment.results],
        "properties": _properties(assessment),
    }


def _driver(assessment: Assessment) -> Json:
    links = _links(assessment.results)
    return {
        "name": assessment.tool.name,
        "version": assessment.tool.version,
        "rules": [_rule(result, links.get(result.check.id, [])) for result in assessment.checks],
        "supportedTaxonomies": [
            {"name": result.framework.id, "index": index} for index, result in enumerate(assessment.results)
        ],
    }


def _links(results: tuple[FrameworkResult, ...]) -> dict[str, list[tuple[str, str, int]]]:
    """For each check the controls it bears on: framework, control, number of the taxonomy."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    for index, result in enumerate(results):
        for finding in result.findings:
            for row in finding.checks:
                found.setdefault(row.check, []).append((finding.framework, finding.control, index))
    return found


def _rule(result: CheckResult, links: list[tuple[str, str, int]]) -> Json:
    check = result.check
    # Two editions of a framework may give one control the same number; SARIF wants tags unique.
    tags = list(dict.fromkeys(["security", *(f"{framework}/{control}" for framework, control, _ in links)]))
    rule: Json = {
        "id": check.id,
        "shortDescription": {"text": _text(check.title)},
        "fullDescription": {"text": _text(check.doc or check.title)},
        "help": {"text": _text(f"{check.fix}\n\n{check.doc}")},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {
            "tags": tags[:_TAGS_KEPT],
            "security-severity": _SECURITY_SEVERITY[check.severity],
            "revision": check.revision,
            "outcome": result.outcome.value,
            "counts": _counts(result.counts),
        },
    }
    if links:
        rule["relationships"] = [
            {"target": {"id": control, "toolComponent": {"name": framework, "index": index}}, "kinds": ["relevant"]}
            for framework, control, index in links
        ]
    return rule


def _taxonomy(result: FrameworkResult) -> Json:
    framework = result.framework
    return {
        "name": framework.id,
        "version": framework.edition,
        "organization": _text(framework.publisher),
        "shortDescription": {"text": _text(framework.title)},
        "taxa": [
            {
                "id": finding.control,
                "shortDescription": {"text": _text(finding.title)},
                "properties": {"status": finding.status.value, "because": _text(finding.because)},
            }
            for finding in result.findings
        ],
    }


def _invocation(assessment: Assessment) -> Json:
    """The run, with a notification for each file that was not read, or not wholly."""
    unread = [_notification(file.path, level, text) for file in assessment.evidence for level, text in _troubles(file)]
    found: Json = {
        "executionSuccessful": not any(one["level"] == "error" for one in unread),
        "endTimeUtc": assessment.as_of,
    }
    if assessment.command:
        found["commandLine"] = _text(assessment.command)
    if unread:
        found["toolExecutionNotifications"] = unread
    return found


def _troubles(file: EvidenceFile) -> Iterator[tuple[str, str]]:
    if file.state is EvidenceState.READ:
        yield from (("warning", problem) for problem in file.problems[:_PROBLEMS_KEPT])
    else:
        level = "error" if file.state is EvidenceState.UNREADABLE else "note"
        yield level, f"{file.state.value}: {file.reason}"


def _notification(path: str, level: str, text: str) -> Json:
    return {
        "level": level,
        "message": {"text": _text(text)},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(path)}}],
    }


def _properties(assessment: Assessment) -> Json:
    """Counts of everything, also of what is not listed."""
    totals = dict.fromkeys((outcome.value for outcome in Outcome), 0)
    for result in assessment.checks:
        for outcome, count in _counts(result.counts).items():
            totals[outcome] += count
    return {
        "evidenceSetSha256": assessment.evidence_sha256,
        "observations": totals,
        "listed": f"failed, and not checked or errors at a known place; at most {RESULTS_KEPT}",
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        Outcome.PASS.value: counts.passed,
        Outcome.FAIL.value: counts.failed,
        Outcome.NOT_APPLICABLE.value: counts.not_applicable,
        Outcome.NOT_CHECKED.value: counts.not_checked,
        Outcome.ERROR.value: counts.error,
    }


def _results(assessment: Assessment) -> Iterator[Json]:
    """Failures first, then what needs review; each walk ends when the file is full."""
    rules = {str(result.check.id): number for number, result in enumerate(assessment.checks)}
    left = RESULTS_KEPT
    for wanted in ((Outcome.FAIL,), (Outcome.ERROR, Outcome.NOT_CHECKED)):
        for row in assessment.observations:
            if row.outcome not in wanted or not row.at:
                continue
            if left == 0:
                return
            left -= 1
            yield _result(row, rules[row.check])


def _result(row: Observation, rule: int) -> Json:
    return {
        "ruleId": row.check,
        "ruleIndex": rule,
        "kind": KINDS[row.outcome],
        # SARIF 3.27.10: a result of any other kind than fail has the level none.
        "level": _LEVELS[row.severity] if row.outcome is Outcome.FAIL else "none",
        "message": {"text": _text(_SAYS[row.outcome] + row.reason)},
        "locations": [_location(row, at) for at in row.at[:_PLACES_KEPT]],
        "correlationGuid": row.id,
        "partialFingerprints": {"observation/v1": row.id},
    }


def _location(row: Observation, at: Location) -> Json:
    place: Json = {"artifactLocation": _artifact(at.path)}
    if at.line is not None:
        place["region"] = {"startLine": at.line}
    return {
        "physicalLocation": place,
        "logicalLocations": [
            {"name": _text(row.subject.name), "fullyQualifiedName": _text(row.subject.id), "kind": "resource"}
        ],
        "properties": {"pointer": _text(at.pointer)},
    }


def _artifact(path: str) -> Json:
    return {"uri": relative_reference(path), "uriBaseId": _BASE}


def _text(text: str) -> str:
    """Plain text as SARIF messages want it: no placeholder, no link, never empty.

    Source: SARIF 2.1.0, 3.11.5 (placeholders) and 3.11.6 (embedded links).
    """
    plain = cut(clean(text), LONGEST).strip() or "-"
    return plain.replace("{", "{{").replace("}", "}}").replace("](", "] (")


EXPORTER = Exporter(id="sarif", title="findings.sarif, for code scanning", write=write)
