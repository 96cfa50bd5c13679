"""The assessment of one run: the only input of every exporter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from compliance.model.catalog import ControlMapping, EvidenceKind, Framework, Judged
from compliance.model.check import Check
from compliance.model.checklist import Checklist
from compliance.model.configuration import Configuration, Deviation, Review
from compliance.model.counts import Counts
from compliance.model.evidence import Location, Subject
from compliance.model.host_report import HostRow
from compliance.model.image_report import ImageReport
from compliance.model.outcome import Outcome, Reason, Severity, Status
from compliance.model.proof_report import NO_SCANS, AttestationRow, VulnerabilityReport
from compliance.model.rule_report import RuleReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The outcome of one check on one subject. `id` is a UUIDv5 of check and subject, lower case."""

    id: str
    check: str
    revision: int
    subject: Subject
    outcome: Outcome
    severity: Severity
    reason: str
    at: tuple[Location, ...]


class Observations(Protocol):
    """Observations sorted by check id, then subject id; may be walked any number of times, never all in memory."""

    def __iter__(self) -> Iterator[Observation]: ...

    def of_check(self, check: str) -> Iterator[Observation]:
        """Those of one check, in order."""
        ...

    def __len__(self) -> int: ...


class EvidenceState(Enum):
    READ = "read"
    UNRECOGNISED = "unrecognised"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectCount:
    """How many objects of a kind a file holds, and whether any check reads that kind."""

    kind: str
    count: int
    understood: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """One input file. `id` is short and stable within the packet (`E-0001`, in order of path).

    `kind` is a word of the evidence vocabulary, empty text when unrecognised. `reason` says in
    words what could not be read, with line and what to do; a file may be READ in part and still
    carry problems in `problems`. `collected` says when and how it was captured, where the file
    tells (ISO 8601, UTC), else empty text. `used_for` counts observations that cite it.
    """

    id: str
    path: str
    sha256: str
    size: int
    kind: str
    collected: str
    state: EvidenceState
    reason: str
    problems: tuple[str, ...]
    documents: int
    objects: tuple[ObjectCount, ...]
    used_for: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check over all its subjects, as one row of a finding or of the method table.

    `worst` holds up to WORST_KEPT observations, worst outcome first, then by subject; `ids` up to
    OBSERVATIONS_KEPT observation ids for each outcome.
    """

    check: Check
    outcome: Outcome
    counts: Counts
    worst: tuple[Observation, ...]
    ids: Mapping[Outcome, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCheck:
    """A check's part in a finding: its coverage of the control, and what it found."""

    check: str
    coverage: str
    rationale: str
    source: str
    outcome: Outcome
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Our conclusion on one control.

    `because` is a sentence; `shown` says which part evidence already shows (empty text: none), and
    `missing` which part needs a person or more evidence (empty text: none). `observations` are ids
    of those that decide, at most OBSERVATIONS_KEPT of `observations_total`. `responsibility` is
    empty text, `inherited from X` or `shared with X`. `judged_by` is `checks`, `person`,
    `inherited` or `nobody`.
    """

    framework: str
    edition: str
    control: str
    title: str
    section: str
    judged: Judged
    status: Status
    reason: Reason | None
    because: str
    shown: str
    missing: str
    judged_by: str
    checks: tuple[FindingCheck, ...]
    counts: Counts
    observations: tuple[str, ...]
    observations_total: int
    evidence_missing: tuple[str, ...]
    responsibility: str
    review: Review | None
    deviations: tuple[str, ...]


#: Deciding observations named by id in one finding; the rest are in observations.jsonl.
OBSERVATIONS_KEPT = 100
#: Observations kept with their places for each check; people's formats show the worst ten.
WORST_KEPT = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCounts:
    """Controls by status; `partly_shown` of the not-reviewed ones have a part that evidence shows."""

    satisfied: int = 0
    not_satisfied: int = 0
    not_applicable: int = 0
    not_reviewed: int = 0
    error: int = 0
    partly_shown: int = 0

    @property
    def total(self) -> int:
        return self.satisfied + self.not_satisfied + self.not_applicable + self.not_reviewed + self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkResult:
    """One framework with its findings in the framework's own order, and counts per section."""

    framework: Framework
    counts: StatusCounts
    sections: tuple[tuple[str, str, StatusCounts], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    """A control that an action or a request bears on."""

    framework: str
    control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to fix. `id` is `A-001`, ... in order of how many controls it closes.

    `closes` are the controls that no other check still fails (this one alone stands in the way);
    `contributes` are those that other failed checks hold open too. `places` are up to WORST_KEPT
    of `places_total` (subject name, location) pairs.
    """

    id: str
    check: str
    what: str
    effort: str
    severity: Severity
    owner: str
    places: tuple[tuple[str, Location], ...]
    places_total: int
    closes: tuple[Closes, ...]
    contributes: tuple[Closes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Evidence to ask for. `id` is `R-001`, ... in order of how many controls it would answer."""

    id: str
    evidence: EvidenceKind
    why: str
    controls: tuple[Closes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """A part of the system: what was expected, what was seen, and where the expectation comes from.

    `expected` is None where nobody said. `missing` are names expected and never seen.
    """

    what: str
    seen: int
    expected: int | None
    missing: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The page for ten minutes: sentences made from the data, and the counts behind charts."""

    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """Source lines round a location, credentials replaced; `first` is the 1-based number of the first line."""

    first: int
    lines: tuple[str, ...]


class Snippets(Protocol):
    """Reads the lines round a place from the evidence, for people's formats."""

    def around(self, location: Location) -> Snippet | None:
        """Lines round a location, or None when the file is not text or no line is known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """All of one run. `as_of` is the clock (ISO 8601, UTC); `id` a UUIDv5 of evidence, configuration and as_of.

    `evidence_sha256` is the hash over the sorted (sha256, path) pairs of the evidence. Every
    tuple is sorted: frameworks as asked, evidence by path, subjects by id, `reports` of other tools by path,
    `checklists` by the names of their files.
    """

    id: str
    as_of: str
    tool: Tool
    configuration: Configuration
    evidence_sha256: str
    results: tuple[FrameworkResult, ...]
    checks: tuple[CheckResult, ...]
    evidence: tuple[EvidenceFile, ...]
    subjects: tuple[Subject, ...]
    observations: Observations
    snippets: Snippets
    requests: tuple[Request, ...]
    actions: tuple[Action, ...]
    population: tuple[Population, ...]
    deviations: tuple[Deviation, ...]
    control_mappings: tuple[ControlMapping, ...]
    images: tuple[ImageReport, ...]
    evidence_kinds: Mapping[str, EvidenceKind]
    summary: Summary
    command: str
    attestations: tuple[AttestationRow, ...] = ()
    vulnerabilities: VulnerabilityReport = NO_SCANS
    reports: tuple[RuleReport, ...] = ()
    hosts: tuple[HostRow, ...] = ()
    checklists: tuple[Checklist, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may choose about the formats."""

    oscal_version: str = "1.2.3"
    paper: str = "A4"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """One file of the packet: its path in it, and its bytes in pieces (so that no format need hold all)."""

    path: str
    media_type: str
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """An output format. `id` is its name on the command line; `write` gives the files in order.

    `write` takes (Assessment, Options) and returns files whose chunks may be produced lazily.
    """

    id: str
    title: str
    write: ExportFunction


class ExportFunction(Protocol):
    def __call__(self, assessment: Assessment, options: Options) -> Iterable[OutputFile]: ...
