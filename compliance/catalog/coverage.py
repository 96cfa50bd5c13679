"""A Library enters; how far each framework is judged leaves, in numbers of controls and by evidence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from compliance.catalog.questions import editions, find_framework, listing, rows_of
from compliance.model.catalog import CheckMapping, Control, Coverage, Framework, Judged, Library


class Reach(Enum):
    """How far a control is judged today."""

    AUTOMATIC = "automatic"
    PARTLY = "partly"
    WAITING = "waiting"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReach:
    """What one kind of evidence decides in a framework: controls it is primary for, and how many of them are judged."""

    evidence: str
    supported: bool
    controls: int
    judged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkCoverage:
    """How far the controls of one framework edition are judged.

    `automatic`: checks settle the control. `partly`: checks show a part and a person answers the
    rest. `waiting`: the control is meant to be judged, and the evidence that decides it cannot be
    read yet. `person`: a person answers. The four make up `total`.
    """

    framework: str
    edition: str
    title: str
    total: int
    automatic: int
    partly: int
    waiting: int
    person: int
    checks: int
    by_evidence: tuple[EvidenceReach, ...]


def coverage(library: Library, checks: Collection[str] | None = None) -> tuple[FrameworkCoverage, ...]:
    """Coverage of every framework in its newest edition, by id.

    With `checks` only rows of those checks count: the ones that are installed.
    """
    found = []
    for listed in listing(library):
        newest = find_framework(library, f"{listed.id}@{editions(library, listed.id)[0]}")
        found.append(framework_coverage(library, newest, checks))
    return tuple(found)


def framework_coverage(
    library: Library, framework: Framework, checks: Collection[str] | None = None
) -> FrameworkCoverage:
    """Coverage of one framework edition."""
    rows = _rows(library, framework, checks)
    reach: dict[str, Reach] = {
        control.id: reach_of(control, rows.get(control.id, ())) for control in framework.controls
    }
    counts = {word: sum(1 for value in reach.values() if value is word) for word in Reach}
    return FrameworkCoverage(
        framework=framework.id,
        edition=framework.edition,
        title=framework.title,
        total=len(framework.controls),
        automatic=counts[Reach.AUTOMATIC],
        partly=counts[Reach.PARTLY],
        waiting=counts[Reach.WAITING],
        person=counts[Reach.PERSON],
        checks=len({row.check for control in framework.controls for row in rows.get(control.id, ())}),
        by_evidence=_by_evidence(library, framework, reach),
    )


def reach_of(control: Control, rows: tuple[CheckMapping, ...]) -> Reach:
    """How far a control is judged by its rows; one partial row leaves the rest to a person.

    Of rows for several kinds of evidence, those of the kind that settles most count: given that evidence, they do.
    """
    if rows:
        whole = any(
            all(row.coverage is Coverage.SUFFICIENT for row in rows if row.when in ("", kind))
            for kind in {row.when for row in rows}
        )
        return Reach.AUTOMATIC if whole else Reach.PARTLY
    return Reach.PERSON if control.judged is Judged.PERSON else Reach.WAITING


def _rows(
    library: Library, framework: Framework, checks: Collection[str] | None
) -> dict[str, tuple[CheckMapping, ...]]:
    found = rows_of(library, framework)
    if checks is None:
        return found
    return {control: kept for control, rows in found.items() if (kept := tuple(r for r in rows if r.check in checks))}


def _by_evidence(library: Library, framework: Framework, reach: dict[str, Reach]) -> tuple[EvidenceReach, ...]:
    """One row for each kind that is some control's primary evidence, most controls first."""
    primary: dict[str, list[str]] = {}
    for control in framework.controls:
        if control.evidence:
            primary.setdefault(_primary(library, control, reach), []).append(control.id)
    rows = [
        EvidenceReach(
            evidence=word,
            supported=library.evidence_kinds[word].supported,
            controls=len(ids),
            judged=sum(1 for name in ids if reach[name] in (Reach.AUTOMATIC, Reach.PARTLY)),
        )
        for word, ids in primary.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.controls, row.evidence)))


def _primary(library: Library, control: Control, reach: dict[str, Reach]) -> str:
    """The evidence that decides a control: its first word, or for a judged one the first that is read today."""
    if reach[control.id] in (Reach.AUTOMATIC, Reach.PARTLY):
        for word in control.evidence:
            if library.evidence_kinds[word].supported:
                return word
    return control.evidence[0]
