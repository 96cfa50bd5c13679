"""The chapter of a framework: blocks where there is something to show, rows where nothing is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compliance.model.assessment import Assessment, Finding, FrameworkResult
from compliance.model.outcome import Reason
from compliance.rendering.blocks import Block, Blocks, Limits, has_block
from compliance.rendering.links import Links
from compliance.rendering.states import State, state_of

_WITHOUT_FILE: Mapping[Reason | None, str] = {
    Reason.PERSON_NEEDED: "A person's judgement",
    Reason.STALE: "Newer evidence: what was handed in is too old",
    Reason.CONTRADICTORY: "An explanation: the evidence contradicts itself",
    Reason.UNREADABLE: "A readable copy of what was handed in",
    Reason.TOOL_FAILED: "Another run: a tool failed",
}


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


def chapters_of(assessment: Assessment, links: Links, limits: Limits) -> tuple[Chapter, ...]:
    """Every control of every framework once, as a block or as a row."""
    checks = {str(result.check.id): result for result in assessment.checks}
    maker = Blocks(links, checks, limits, {})
    return tuple(
        _chapter(assessment, result, number, maker) for number, result in enumerate(assessment.results, start=1)
    )


def _chapter(assessment: Assessment, result: FrameworkResult, number: int, maker: Blocks) -> Chapter:
    blocks: dict[str, list[Block]] = {}
    rows = []
    for finding in result.findings:
        if has_block(finding):
            blocks.setdefault(finding.section, []).append(maker.block(finding))
        else:
            rows.append(Row(maker.links.anchors[finding.framework, finding.control], finding, state_of(finding)))
    return Chapter(
        result=result,
        number=number,
        sections=tuple((section, tuple(found)) for section, found in blocks.items()),
        groups=_groups(assessment, maker.links, rows),
        blocks=sum(map(len, blocks.values())),
        rows=len(rows),
    )


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
