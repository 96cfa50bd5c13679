"""Observations in OSCAL: one for each check and outcome, with its subjects, places and cited files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from compliance.exports.oscal.identity import Ids, prop
from compliance.exports.oscal.parts import evidence_uuid, some, tool_uuid
from compliance.exports.oscal.subjects import Subjects
from compliance.exports.oscal.wording import line, prose, string
from compliance.model.assessment import Assessment, Observation
from compliance.model.check import Check
from compliance.model.evidence import Location
from compliance.model.outcome import ORDER, Outcome

Json = dict[str, Any]

#: Subjects listed in one observation; all are in observations.jsonl. Keeps the file importable
#: (OSCAL Hub takes 10 MB by default) however large the system is.
SUBJECTS_KEPT = 500
#: Files named as evidence of one observation, for the same reason.
FILES_KEPT = 200

_SAYS = {
    Outcome.PASS: "as asked",
    Outcome.FAIL: "not as asked",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.NOT_CHECKED: "not checked",
    Outcome.ERROR: "not judged because of an error",
}


@dataclass(slots=True)
class _Group:
    """The observations of one check with one outcome: how many, and the first of them."""

    total: int = 0
    kept: list[Observation] = field(default_factory=list)
    files: dict[tuple[str, str], None] = field(default_factory=dict)

    def add(self, row: Observation) -> None:
        self.total += 1
        if len(self.kept) < SUBJECTS_KEPT:
            self.kept.append(row)
        for at in row.at:
            self.files.setdefault((at.path, at.sha256))


def observation_uuid(ids: Ids, check: str, outcome: Outcome) -> str:
    return ids("observation", check, outcome.value)


def observations(assessment: Assessment, ids: Ids, subjects: Subjects) -> Iterator[Json]:
    """In order of check, then from the best outcome to the worst; holds the rows of one check at most."""
    checks = {str(result.check.id): result.check for result in assessment.checks}
    for id, rows in groupby(assessment.observations, key=lambda row: row.check):
        groups = {outcome: _Group() for outcome in ORDER}
        for row in rows:
            groups[row.outcome].add(row)
        for outcome, group in groups.items():
            if group.total:
                yield _observation(assessment, ids, subjects, checks[id], outcome, group)


def _observation(
    assessment: Assessment, ids: Ids, subjects: Subjects, check: Check, outcome: Outcome, group: _Group
) -> Json:
    listed = len(group.kept)
    says = f"{check.title}: {group.total} {_SAYS[outcome]}."
    return some(
        uuid=observation_uuid(ids, check.id, outcome),
        title=line(f"{check.id}: {outcome.value}"),
        description=prose(says, f"To mend: {check.fix}" if outcome is Outcome.FAIL else ""),
        props=prop("check", check.id)
        + prop("check-revision", str(check.revision))
        + prop("result", outcome.value)
        + prop("severity", check.severity.value)
        + prop("subjects-total", str(group.total))
        + prop("subjects-listed", str(listed)),
        methods=["EXAMINE"],
        types=["control-objective"],
        origins=[
            {
                "actors": [{"type": "tool", "actor-uuid": tool_uuid(ids, assessment)}],
                "related-tasks": [{"task-uuid": ids("task", check.id)}],
            }
        ],
        subjects=[_subject(subjects, row) for row in group.kept],
        relevant_evidence=_evidence(ids, group),
        collected=assessment.as_of,
        remarks=_cut(group),
    )


def _cut(group: _Group) -> str:
    """What is left out here and where it stands; empty text when nothing is."""
    parts = []
    if len(group.kept) < group.total:
        parts.append(f"{len(group.kept)} of {group.total} subjects are listed.")
    if len(group.files) > FILES_KEPT:
        parts.append(f"{FILES_KEPT} of {len(group.files)} files are named.")
    return prose(*parts, "All stand in observations.jsonl of the packet.") if parts else ""


def _subject(subjects: Subjects, row: Observation) -> Json:
    """Who, and except for a pass why and where; where a pass was read is in observations.jsonl."""
    found = subjects.reference(row.subject)
    if row.outcome is Outcome.PASS:
        return found
    places = prop("place", string(_place(row.at[0]))) if row.at else []
    return found | some(props=places, remarks=line(row.reason))


def _place(at: Location) -> str:
    """Path, line and pointer; the document of a file that holds several is counted from 1."""
    number = "" if at.line is None else f" line {at.line}"
    document = "" if at.document is None else f" document {at.document + 1}"
    return f"{at.path}{number}{document} at {at.pointer or '/'}"


def _evidence(ids: Ids, group: _Group) -> list[Json]:
    files = sorted(group.files)[:FILES_KEPT]
    return [{"href": f"#{evidence_uuid(ids, sha256, path)}", "description": line(path)} for path, sha256 in files]
