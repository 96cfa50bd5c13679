"""Where in a people's format a control, a piece of evidence, an action or a request stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compliance.model.assessment import Action, Assessment, Closes, EvidenceFile, Finding
from compliance.model.catalog import Control
from compliance.model.evidence import Location

#: How two controls stand to each other that no mapping row joins.
SAME_CHECK = "judged by the same check"


@dataclass(frozen=True, slots=True)
class Related:
    """A control of another framework: how it stands to the one in hand, and how we know."""

    framework: str
    control: str
    how: str


@dataclass(frozen=True, slots=True)
class Links:
    """Look-ups over one assessment, made once; anchors are made of positions, never of texts from data."""

    anchors: Mapping[tuple[str, str], str]
    findings: Mapping[tuple[str, str], Finding]
    controls: Mapping[tuple[str, str], Control]
    files: Mapping[tuple[str, str], EvidenceFile]
    actions: Mapping[str, Action]
    requests: Mapping[str, str]
    related: Mapping[tuple[str, str], tuple[Related, ...]]

    def control(self, framework: str, control: str) -> str | None:
        """The anchor of a control, None when its framework was not asked for."""
        return self.anchors.get((framework, control))

    def evidence(self, location: Location) -> EvidenceFile | None:
        """The evidence file a place lies in."""
        return self.files.get((location.path, location.sha256))

    def grouped(self, closes: Iterable[Closes]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Controls by framework, each in the order given."""
        groups: dict[str, list[str]] = {}
        for one in closes:
            groups.setdefault(one.framework, []).append(one.control)
        return tuple((framework, tuple(controls)) for framework, controls in groups.items())


def links_of(assessment: Assessment) -> Links:
    """All look-ups; one walk over findings, evidence, actions and mappings."""
    anchors: dict[tuple[str, str], str] = {}
    findings: dict[tuple[str, str], Finding] = {}
    controls: dict[tuple[str, str], Control] = {}
    for place, result in enumerate(assessment.results, start=1):
        framework = str(result.framework.id)
        for control in result.framework.controls:
            controls[framework, str(control.id)] = control
        for number, finding in enumerate(result.findings, start=1):
            anchors[framework, finding.control] = f"f{place}c{number}"
            findings[framework, finding.control] = finding
    return Links(
        anchors=anchors,
        findings=findings,
        controls=controls,
        files={(file.path, file.sha256): file for file in assessment.evidence},
        actions={action.check: action for action in assessment.actions},
        requests={request.evidence.id: request.id for request in assessment.requests},
        related=_related(assessment, findings),
    )


def _related(
    assessment: Assessment, findings: Mapping[tuple[str, str], Finding]
) -> dict[tuple[str, str], tuple[Related, ...]]:
    """Controls of the other frameworks of this assessment: by a mapping row first, then by a check both share."""
    known: dict[tuple[str, str], dict[tuple[str, str], str]] = {key: {} for key in findings}
    catalogs: dict[str, list[str]] = {}
    for result in assessment.results:
        catalogs.setdefault(result.framework.catalog, []).append(result.framework.id)
        if result.framework.catalog != result.framework.id:
            catalogs.setdefault(result.framework.id, []).append(result.framework.id)
    for row in assessment.control_mappings:
        for left in catalogs.get(row.from_framework, ()):
            for right in catalogs.get(row.to_framework, ()):
                one, other = (left, str(row.from_control)), (right, str(row.to_control))
                if left != right and one in known and other in known:
                    known[one].setdefault(other, row.relationship.value.replace("-", " "))
                    known[other].setdefault(one, _turned(row.relationship.value))
    _by_check(findings, known)
    order = {key: number for number, key in enumerate(findings)}
    return {
        key: tuple(Related(*other, how) for other, how in sorted(others.items(), key=lambda item: order[item[0]]))
        for key, others in known.items()
    }


def _turned(relationship: str) -> str:
    """How the second control stands to the first, from how the first stands to the second."""
    words = {"subset-of": "superset-of", "superset-of": "subset-of"}
    return words.get(relationship, relationship).replace("-", " ")


def _by_check(
    findings: Mapping[tuple[str, str], Finding], known: dict[tuple[str, str], dict[tuple[str, str], str]]
) -> None:
    users: dict[str, list[tuple[str, str]]] = {}
    for key, finding in findings.items():
        for part in finding.checks:
            users.setdefault(part.check, []).append(key)
    for keys in users.values():
        for one in keys:
            for other in keys:
                if one[0] != other[0]:
                    known[one].setdefault(other, SAME_CHECK)
