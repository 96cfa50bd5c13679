"""What checklists say of assets and rules, in words: names of assets, what was seen and where, who says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from compliance.model.assessment import Assessment, CheckResult, Observation, Tool
from compliance.model.catalog import Control
from compliance.model.checklist import ASSET_NAME, WRITTEN_BY
from compliance.model.counts import Counts
from compliance.model.evidence import Location, Subject, SubjectType
from compliance.model.image_report import ImageReport
from compliance.model.outcome import Outcome, Severity
from compliance.rendering.text import cut, middle, number

#: Observations told of one check, and places of one observation; all are in observations.jsonl.
_OBSERVATIONS_TOLD = 10
_PLACES_TOLD = 3
_REASON_TOLD = 1000
#: Characters of comments before the last line; clients keep 32,767 as UTF-16 counts them.
_COMMENTS_KEPT = 15_000
_POINTER_TOLD = 300
_OUTCOMES = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.NOT_CHECKED: "not checked",
    Outcome.ERROR: "error",
}
SEVERITIES = {
    Severity.CRITICAL: "high",
    Severity.HIGH: "high",
    Severity.MEDIUM: "medium",
    Severity.LOW: "low",
}


def asset_name(subject: Subject, images: Iterable[ImageReport]) -> str:
    """What clients are to know an asset by: of an image its reference and digest, never the machine that looked.

    The digest is that of the manifest, by which the image can be pulled, else the image ID and said so.
    """
    if subject.type is not SubjectType.IMAGE or not subject.digest:
        return middle(subject.name, ASSET_NAME)
    if "@sha256:" in subject.name:
        return _with_end(subject.name.partition("@sha256:")[0], f"@sha256:{subject.name.partition('@sha256:')[2]}")
    report = next((one for one in images if one.image.subject.id == subject.id), None)
    manifest = report.image.digests.manifest if report is not None else None
    name = subject.name.removesuffix(f" ({subject.digest})")
    return _with_end(name, f"@{manifest}" if manifest else f" (image ID {subject.digest})")


def _with_end(name: str, end: str) -> str:
    """A name with its end, which is never cut; of a longer name the middle is left out."""
    return middle(name, max(20, ASSET_NAME - len(end))) + end[: ASSET_NAME - 20]


def written_by(tool: Tool, as_of: str) -> str:
    """Who wrote an answer: the mark by which a checklist of ours is known again."""
    return f"{WRITTEN_BY} {tool.version} from the evidence handed in, as of {as_of}."


def signed(parts: Iterable[str], assessment: Assessment) -> str:
    """Comments with who wrote them at their end, and so short that no client cuts that off."""
    return joined((cut(joined(parts), _COMMENTS_KEPT), written_by(assessment.tool, assessment.as_of)))


def seen_by(result: CheckResult) -> str:
    """What a check saw: its counts, then observation by observation with place and sha256, the worst first."""
    check = result.check
    lines = [f"{check.title} ({check.id}, revision {check.revision}): {_counted(result.counts)}."]
    told = result.worst[:_OBSERVATIONS_TOLD]
    for row in told:
        lines += _observation(row)
    if result.counts.total > len(told):
        lines.append(f"  {number(len(told))} of {number(result.counts.total)} told here; observations.jsonl has all.")
    return "\n".join(lines)


def _counted(counts: Counts) -> str:
    parts = (
        (counts.failed, "fail"),
        (counts.error, "error"),
        (counts.not_checked, "not checked"),
        (counts.passed, "pass"),
        (counts.not_applicable, "not applicable"),
    )
    told = ", ".join(f"{number(value)} {word}" for value, word in parts if value)
    return f"{told} of {number(counts.total)}" if told else "it saw nothing"


def _observation(row: Observation) -> list[str]:
    lines = [f"- {_OUTCOMES[row.outcome]}: {cut(row.subject.name, _REASON_TOLD)}: {cut(row.reason, _REASON_TOLD)}"]
    lines += [f"  {place(at)}" for at in row.at[:_PLACES_TOLD]]
    if len(row.at) > _PLACES_TOLD:
        lines.append(f"  and {number(len(row.at) - _PLACES_TOLD)} more places")
    return lines


def place(at: Location) -> str:
    """File, line or pointer, and sha256 of the file."""
    parts = [cut(at.path, _REASON_TOLD)]
    if at.line is not None:
        parts.append(f"line {at.line}")
    if at.pointer:
        parts.append(cut(at.pointer, _POINTER_TOLD))
    if at.document:
        parts.append(f"document {at.document + 1}")
    if at.sha256:
        parts.append(f"sha256 {at.sha256}")
    return ", ".join(parts)


def fix_of(control: Control) -> str:
    """What to do, and an example of it."""
    return joined((control.remediation.text, control.remediation.example))


def joined(texts: Iterable[str], between: str = "\n") -> str:
    """The texts that are not empty, one after another."""
    return between.join(text for text in texts if text)


def remarks_of(assessment: Assessment, subject: Subject, more: Sequence[str]) -> tuple[str, ...]:
    """Sentences about a whole checklist: who made it from which evidence, then what else there is to say."""
    tool = assessment.tool
    image = f" Image ID {subject.digest}." if subject.type is SubjectType.IMAGE and subject.digest else ""
    first = f"{written_by(tool, assessment.as_of)}{image} Evidence set sha256 {assessment.evidence_sha256}."
    return (first, *more)
