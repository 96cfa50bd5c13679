"""What a reader sees of each control: a block where there is something to show, a row where nothing is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from compliance.model.assessment import (
    Action,
    Assessment,
    CheckResult,
    Closes,
    Finding,
    FindingCheck,
    FrameworkResult,
    Observation,
)
from compliance.model.catalog import Control
from compliance.model.outcome import ORDER, Outcome, Reason, Severity, Status
from compliance.rendering.links import SAME_CHECK, Links
from compliance.rendering.states import State, state_of

_OUTCOME_RANK = {outcome: rank for rank, outcome in enumerate(reversed(ORDER))}
_WITHOUT_FILE: Mapping[Reason | None, str] = {
    Reason.PERSON_NEEDED: "A person's judgement",
    Reason.STALE: "Newer evidence: what was handed in is too old",
    Reason.CONTRADICTORY: "An explanation: the evidence contradicts itself",
    Reason.UNREADABLE: "A readable copy of what was handed in",
    Reason.TOOL_FAILED: "Another run: a tool failed",
}
_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Block:
    """A control with something to show; `observations` are the worst of `total`, the checks in turn.

    `mapped` and `shared` are controls of other frameworks by framework: by a mapping row, or judged by the same check.
    """

    anchor: str
    finding: Finding
    control: Control
    state: State
    parts: tuple[tuple[FindingCheck, CheckResult | None], ...]
    observations: tuple[Observation, ...]
    total: int
    actions: tuple[Action, ...]
    mapped: tuple[tuple[str, tuple[str, ...]], ...]
    shared: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A control of which nothing is known: one line."""

    anchor: str
    finding: Finding
    state: State


@dataclass(frozen=True, slots=True)
class Group:
    """Controls that wait for one kind of evidence; `evidence` is empty where only a person can answer."""

    evidence: str
    title: str
    from_whom: str
    request: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One framework: its blocks by section in its own order, then its open rows by what to hand in."""

    result: FrameworkResult
    number: int
    sections: tuple[tuple[str, tuple[Block, ...]], ...]
    groups: tuple[Group, ...]
    blocks: int
    rows: int


def chapters_of(assessment: Assessment, links: Links, *, worst: int, passes: int) -> tuple[Chapter, ...]:
    """Every control of every framework once, as a block or as a row.

    A block shows up to `worst` failures and errors, and besides them up to `passes` of each other outcome.
    """
    checks = {str(result.check.id): result for result in assessment.checks}
    return tuple(
        _chapter(assessment, links, checks, number, worst, passes)
        for number, _ in enumerate(assessment.results, start=1)
    )


def _chapter(
    assessment: Assessment, links: Links, checks: Mapping[str, CheckResult], number: int, worst: int, passes: int
) -> Chapter:
    result = assessment.results[number - 1]
    framework = result.framework.id
    blocks: dict[str, list[Block]] = {}
    rows = []
    for finding in result.findings:
        anchor = links.anchors[framework, finding.control]
        if has_block(finding):
            control = links.controls[framework, finding.control]
            block = _block(anchor, finding, control, checks, links, worst, passes)
            blocks.setdefault(finding.section, []).append(block)
        else:
            rows.append(Row(anchor, finding, state_of(finding)))
    return Chapter(
        result=result,
        number=number,
        sections=tuple((section, tuple(found)) for section, found in blocks.items()),
        groups=_groups(assessment, links, rows),
        blocks=sum(map(len, blocks.values())),
        rows=len(rows),
    )


def has_block(finding: Finding) -> bool:
    """Whether there is more to say of a control than which evidence is missing."""
    decided = finding.status is not Status.NOT_REVIEWED
    by_hand = finding.review is not None or finding.responsibility != ""
    return decided or by_hand or finding.counts.total > 0 or finding.shown != ""


def _block(
    anchor: str,
    finding: Finding,
    control: Control,
    checks: Mapping[str, CheckResult],
    links: Links,
    worst: int,
    passes: int,
) -> Block:
    ranked = sorted(finding.checks, key=lambda part: (_OUTCOME_RANK[part.outcome], part.check))
    kept = [checks[part.check].worst for part in ranked if part.check in checks]
    observations = in_turn(kept)
    related = links.related[finding.framework, finding.control]
    failed = [part.check for part in ranked if part.outcome is Outcome.FAIL]
    return Block(
        anchor=anchor,
        finding=finding,
        control=control,
        state=state_of(finding),
        parts=tuple((part, checks.get(part.check)) for part in ranked),
        observations=_limited(observations, worst, passes),
        total=finding.counts.total,
        actions=tuple(links.actions[check] for check in failed if check in links.actions),
        mapped=links.grouped(Closes(framework=r.framework, control=r.control) for r in related if r.how != SAME_CHECK),
        shared=links.grouped(Closes(framework=r.framework, control=r.control) for r in related if r.how == SAME_CHECK),
    )


def _limited(observations: Iterable[Observation], worst: int, passes: int) -> tuple[Observation, ...]:
    room = dict.fromkeys(Outcome, passes)
    bad = worst
    kept: list[Observation] = []
    for row in observations:
        if row.outcome in (Outcome.FAIL, Outcome.ERROR):
            bad -= 1
            left = bad
        else:
            room[row.outcome] -= 1
            left = room[row.outcome]
        if left >= 0 and len(kept) < worst:
            kept.append(row)
    return tuple(kept)


def in_turn(kept: Iterable[Sequence[Observation]]) -> list[Observation]:
    """Observations of several checks: the worse outcome first, and within one outcome the checks in turn."""
    placed = [
        (_OUTCOME_RANK[row.outcome], place, _SEVERITY_RANK[row.severity], row.check, row.subject.id, row)
        for rows in kept
        for place, row in enumerate(rows)
    ]
    placed.sort(key=lambda item: item[:5])
    return [item[5] for item in placed]


def _groups(assessment: Assessment, links: Links, rows: Iterable[Row]) -> tuple[Group, ...]:
    """Rows by the first evidence they wait for, the largest group first; those that wait for no file by reason."""
    waiting: dict[tuple[str, Reason | None], list[Row]] = {}
    for row in rows:
        missing = row.finding.evidence_missing
        key = (missing[0], None) if missing else ("", row.finding.reason)
        waiting.setdefault(key, []).append(row)
    groups = []
    for key in sorted(waiting, key=lambda one: (one[0] == "", -len(waiting[one]), one[0], str(one[1]))):
        evidence, reason = key
        kind = assessment.evidence_kinds.get(evidence)
        groups.append(
            Group(
                evidence=evidence,
                title=kind.title if kind else evidence or _WITHOUT_FILE.get(reason, "For other reasons"),
                from_whom=kind.from_whom if kind else "",
                request=links.requests.get(evidence, ""),
                rows=tuple(waiting[key]),
            )
        )
    return tuple(groups)
