"""What frameworks ask, and how checks and controls are joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NewType

FrameworkId = NewType("FrameworkId", str)
ControlId = NewType("ControlId", str)


class Judged(Enum):
    """How this product answers a control, given all the evidence it asks for."""

    AUTOMATED = "automated"
    ASSISTED = "assisted"
    PERSON = "person"


class Coverage(Enum):
    """Whether the check settles the control (with the control's other sufficient rows) or a part of it."""

    SUFFICIENT = "sufficient"
    PARTIAL = "partial"


class Relationship(Enum):
    """How one control stands to another. Source: OSCAL 1.2 mapping-collection."""

    EQUIVALENT = "equivalent-to"
    EQUAL = "equal-to"
    SUBSET = "subset-of"
    SUPERSET = "superset-of"
    INTERSECTS = "intersects-with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """What to do in words, and a concrete example (manifest, command or setting); may be empty text."""

    text: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One item of a framework. `asks` says in our words what it wants.

    `label` is the framework's own automated/manual word, empty where it has none. `evidence` are
    names of the evidence vocabulary (`evidence.yaml`), the primary one first. `properties` holds
    what only this framework says (profile, component, older ids, family).
    """

    framework: FrameworkId
    edition: str
    id: ControlId
    title: str
    section: str
    level: str
    label: str
    judged: Judged
    asks: str
    evidence: tuple[str, ...]
    remediation: Remediation
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """One edition of a framework, or a selection of another one's controls (a baseline).

    `catalog` is the framework whose control ids mappings name: its own id, or `nist-800-53` for a
    FedRAMP baseline. `words` is how the packet refers to it ("maps to CIS ..."). Controls are in
    the framework's own order. `withdrawn` are ids that the publisher took back: listed, never
    assessed; their property `withdrawn` says where they went. Of a STIG `benchmark` is DISA's id
    (`Kubernetes_STIG`) and `release_info` its text on the release (`Release: 6 Benchmark Date: 01 Apr 2026`).
    """

    id: FrameworkId
    edition: str
    title: str
    publisher: str
    words: str
    licence: str
    catalog: FrameworkId
    catalog_edition: str
    sections: tuple[Section, ...]
    controls: tuple[Control, ...]
    withdrawn: tuple[Control, ...] = ()
    benchmark: str = ""
    release_info: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMapping:
    """A row that joins a check to a control.

    `when` is the kind of evidence without which the row does not count, so that one question can be
    answered from several kinds; empty text: the row always counts.
    """

    check: str
    framework: FrameworkId
    edition: str
    control: ControlId
    coverage: Coverage
    rationale: str
    source: str
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMapping:
    """A row that joins a control to a control of another framework. `basis` is `source` or `project-judgement`."""

    from_framework: FrameworkId
    from_edition: str
    from_control: ControlId
    to_framework: FrameworkId
    to_control: ControlId
    relationship: Relationship
    basis: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceKind:
    """A word of the evidence vocabulary: what it is, who has it, and a read-only command that makes it.

    `supported` is false while no reader of ours understands it.
    """

    id: str
    title: str
    from_whom: str
    command: str
    supported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Everything under controls/ and mappings/, shipped and the user's own."""

    frameworks: Mapping[tuple[FrameworkId, str], Framework]
    check_mappings: tuple[CheckMapping, ...]
    control_mappings: tuple[ControlMapping, ...]
    evidence_kinds: Mapping[str, EvidenceKind]
