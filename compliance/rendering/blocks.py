"""The block of a control: what decides it, and the worst of its observations with their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from compliance.model.assessment import Action, CheckResult, Closes, Finding, FindingCheck, Observation
from compliance.model.catalog import Control
from compliance.model.outcome import ORDER, Outcome, Severity, Status
from compliance.rendering.links import SAME_CHECK, Links, Related
from compliance.rendering.states import State, state_of

_OUTCOME_RANK = {outcome: rank for rank, outcome in enumerate(reversed(ORDER))}
_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_BAD = (Outcome.FAIL, Outcome.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Observations of one block: the worst of checks first met here, those of checks listed before, other outcomes."""

    worst: int
    again: int
    passes: int


@dataclass(frozen=True, slots=True)
class Part:
    """A check of a control; `listed` is the anchor and id of the earlier block that lists its worst, else None."""

    row: FindingCheck
    result: CheckResult | None
    listed: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Block:
    """A control with something to show; `observations` are the worst of `total`, the checks in turn.

    `mapped` and `shared` are controls of other frameworks by framework: by a mapping row, or judged by the same check.
    """

    anchor: str
    finding: Finding
    control: Control
    state: State
    parts: tuple[Part, ...]
    observations: tuple[Observation, ...]
    total: int
    actions: tuple[Action, ...]
    mapped: tuple[tuple[str, tuple[str, ...]], ...]
    shared: tuple[tuple[str, tuple[str, ...]], ...]


def has_block(finding: Finding) -> bool:
    """Whether there is more to say of a control than which evidence is missing."""
    decided = finding.status is not Status.NOT_REVIEWED
    by_hand = finding.review is not None or finding.responsibility != ""
    seen = finding.counts.total > finding.counts.not_checked
    return decided or by_hand or seen or finding.shown != ""


@dataclass(slots=True)
class Blocks:
    """Makes blocks in the order of the document, and remembers which one lists the worst of each check."""

    links: Links
    checks: Mapping[str, CheckResult]
    limits: Limits
    listed: dict[str, tuple[str, str]]

    def block(self, finding: Finding) -> Block:
        """The block of one control."""
        key = (finding.framework, finding.control)
        anchor = self.links.anchors[key]
        ranked = sorted(finding.checks, key=lambda row: (_OUTCOME_RANK[row.outcome], row.check))
        parts = tuple(Part(row, self.checks.get(row.check), self.listed.get(row.check)) for row in ranked)
        observations = self._observations(parts)
        self._remember(parts, observations, (anchor, finding.control))
        related = self.links.related[key]
        failed = [row.check for row in ranked if row.outcome is Outcome.FAIL]
        return Block(
            anchor=anchor,
            finding=finding,
            control=self.links.controls[key],
            state=state_of(finding),
            parts=parts,
            observations=observations,
            total=finding.counts.total,
            actions=tuple(self.links.actions[check] for check in failed if check in self.links.actions),
            mapped=self._grouped(r for r in related if r.how != SAME_CHECK),
            shared=self._grouped(r for r in related if r.how == SAME_CHECK),
        )

    def _grouped(self, related: Iterable[Related]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return self.links.grouped(Closes(framework=one.framework, control=one.control) for one in related)

    def _observations(self, parts: Iterable[Part]) -> tuple[Observation, ...]:
        """The worst of all; bad ones of checks listed before only up to `again`, and fewer passes beside bad ones."""
        before = {part.row.check for part in parts if part.listed}
        ranked = in_turn(part.result.worst for part in parts if part.result)
        bad = any(row.outcome in _BAD for row in ranked)
        room = dict.fromkeys(Outcome, 1 if bad else self.limits.passes)
        new, again = self.limits.worst, self.limits.again
        kept: list[Observation] = []
        for row in ranked:
            if row.outcome not in _BAD:
                room[row.outcome] -= 1
                left = room[row.outcome]
            elif row.check in before:
                left = again = again - 1
            else:
                left = new = new - 1
            if left >= 0 and len(kept) < self.limits.worst:
                kept.append(row)
        return tuple(kept)

    def _remember(self, parts: Iterable[Part], shown: Sequence[Observation], here: tuple[str, str]) -> None:
        """A check counts as listed here when as many of its bad observations are shown as another block would show."""
        for part in parts:
            if part.result is None or part.listed:
                continue
            bad = sum(1 for row in part.result.worst if row.outcome in _BAD)
            visible = sum(1 for row in shown if row.check == part.row.check and row.outcome in _BAD)
            if bad and visible >= min(bad, self.limits.worst // 2):
                self.listed[part.row.check] = here


def in_turn(kept: Iterable[Sequence[Observation]]) -> list[Observation]:
    """Observations of several checks: the worse outcome first, and within one outcome the checks in turn."""
    placed = [
        (_OUTCOME_RANK[row.outcome], place, _SEVERITY_RANK[row.severity], row.check, row.subject.id, row)
        for rows in kept
        for place, row in enumerate(rows)
    ]
    placed.sort(key=lambda item: item[:5])
    return [item[5] for item in placed]
