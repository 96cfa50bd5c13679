"""Small facts of an assessment that more than one people's format prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from compliance.model.assessment import Assessment, EvidenceFile, Finding

#: What the cover says when nobody named the system.
UNNAMED = "System not named"


@dataclass(frozen=True, slots=True)
class FileKind:
    """Files of one kind: how many, how large, and how many observations cite them."""

    title: str
    files: int
    size: int
    used_for: int


@dataclass(frozen=True, slots=True)
class ObjectKind:
    kind: str
    count: int
    understood: bool


def system_name(assessment: Assessment) -> str:
    """The system's name, else its id, else that it has none."""
    system = assessment.configuration.system
    return system.name or system.id or UNNAMED


def author_of(assessment: Assessment) -> str:
    """Who answers for the packet: the operator as stated, else the tool."""
    return assessment.configuration.system.operator or assessment.tool.name


def framework_names(assessment: Assessment) -> Mapping[str, str]:
    """Framework id to its title, of those assessed."""
    return {str(result.framework.id): result.framework.title for result in assessment.results}


def file_kinds(assessment: Assessment) -> tuple[FileKind, ...]:
    """Files by kind, read ones by title, then those that no reader took."""
    groups: dict[tuple[bool, str], list[EvidenceFile]] = {}
    for file in assessment.evidence:
        kind = assessment.evidence_kinds.get(file.kind)
        title = kind.title if kind else file.kind or "not recognised"
        groups.setdefault((file.kind == "", title), []).append(file)
    return tuple(
        FileKind(title, len(files), sum(file.size for file in files), sum(file.used_for for file in files))
        for (_, title), files in sorted(groups.items(), key=lambda item: item[0])
    )


def object_kinds(assessment: Assessment) -> tuple[ObjectKind, ...]:
    """Objects by kind over all files: those no check reads first, then the most frequent."""
    totals: dict[tuple[str, bool], int] = {}
    for file in assessment.evidence:
        for entry in file.objects:
            key = (entry.kind, entry.understood)
            totals[key] = totals.get(key, 0) + entry.count
    ordered = sorted(totals.items(), key=lambda item: (item[0][1], -item[1], item[0][0]))
    return tuple(ObjectKind(kind, count, understood) for (kind, understood), count in ordered)


def inherited(assessment: Assessment) -> tuple[tuple[Finding, str], ...]:
    """Controls that somebody else answers for, each with the statement given for it."""
    return tuple(
        (finding, _statement(assessment, finding, result.framework.catalog))
        for result in assessment.results
        for finding in result.findings
        if finding.responsibility
    )


def _statement(assessment: Assessment, finding: Finding, catalog: str) -> str:
    """The statement of the first responsibility that names the control, by id or by pattern."""
    named = (finding.framework, catalog)
    stated = assessment.configuration.responsibilities
    return next(
        (one.statement for one in stated if one.framework in named and fnmatchcase(finding.control, one.control)), ""
    )
