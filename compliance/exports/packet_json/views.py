"""The shape of assessment.json: records of its own with a version of its own, never a dump of the model."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from compliance.exports.packet_json.image_views import ImageView
from compliance.exports.packet_json.proof_views import (
    AttestationView,
    DeadlinesView,
    TrustView,
    VulnerabilitySetView,
)
from compliance.exports.packet_json.shape import Sha256, View

StatusWord = Literal["satisfied", "not-satisfied", "not-applicable", "not-reviewed", "error"]
OutcomeWord = Literal["pass", "fail", "not-applicable", "not-checked", "error"]
SeverityWord = Literal["critical", "high", "medium", "low"]
ReasonWord = Literal[
    "no-evidence", "partly-covered", "person-needed", "stale", "contradictory", "unreadable", "tool-failed"
]


class ControlCountsView(View, rename="kebab"):
    satisfied: int
    not_satisfied: int
    not_applicable: int
    not_reviewed: int
    error: int


_OUTCOME_WORDS = {
    "passed": "pass",
    "failed": "fail",
    "not_applicable": "not-applicable",
    "not_checked": "not-checked",
}


class OutcomeCountsView(View, rename=_OUTCOME_WORDS):
    passed: int
    failed: int
    not_applicable: int
    not_checked: int
    error: int


class ToolView(View):
    name: str
    version: str


class PartyView(View):
    role: str
    name: str
    email: str | None


class SystemView(View, rename={"certification_class": "class"}):
    id: str | None
    name: str | None
    operator: str | None
    impact: str | None
    certification_class: str | None
    marking: str | None
    boundary: str | None
    period_start: str | None
    period_end: str | None
    parties: list[PartyView]


class BaseImageView(View):
    """An approved base, by its digest, by its diff ids in order, or by both."""

    name: str
    digest: str | None
    diff_ids: list[str]


class ParametersView(View):
    """Values that checks judged against. `kubernetes_stated` is false when the newest version was assumed.

    Ages are in days, sizes in bytes; a limit that nobody set is null. From the probability `epss_likely` on
    exploitation counts as likely.
    """

    kubernetes: str
    kubernetes_stated: bool
    registries_approved: list[str]
    rbac_approved_subjects: list[str]
    capabilities_approved: list[str]
    service_types_approved: list[str]
    system_namespaces: list[str]
    minimum_replicas: int
    base_images: list[BaseImageView]
    packages_denied: list[str]
    set_id_approved: list[str]
    devices_approved: list[str]
    host_ports_approved: list[int]
    cgroup_parents_approved: list[str]
    docker_group_approved: list[str]
    docker_versions_supported: list[str]
    docker_swarm_needed: bool
    docker_unused_images: int | None
    docker_stopped_containers: int | None
    docker_node_certificate_days: int
    docker_swarm_ca_days: int | None
    kubelet_pod_pids_limit: int | None
    kubelet_event_rate: int | None
    report_max_age_days: int
    host_hardening_percent: int | None
    image_max_age_days: int
    image_max_size: int | None
    image_max_layers: int | None
    scan_max_age_days: int
    scan_database_max_age_days: int
    kev_max_age_days: int
    epss_max_age_days: int
    epss_likely: float
    remediation: DeadlinesView
    trust: TrustView


class SectionView(View):
    id: str
    title: str
    counts: ControlCountsView


class FrameworkView(View):
    """`counts` are controls by status; `partly_shown` of the not-reviewed ones have a part that evidence shows."""

    id: str
    edition: str
    title: str
    publisher: str
    words: str
    licence: str
    catalog: str
    catalog_edition: str
    controls: int
    counts: ControlCountsView
    partly_shown: int
    sections: list[SectionView]


class ObjectCountView(View):
    kind: str
    count: int
    understood: bool


class EvidenceView(View):
    """`path` is relative to the argument it came from; `sha256` is null for a file that could not be opened.

    `used_for` counts the observations that cite the file.
    """

    id: str
    path: str
    sha256: Sha256 | None
    size: int
    kind: str | None
    collected: str | None
    state: Literal["read", "unrecognised", "unreadable"]
    reason: str | None
    problems: list[str]
    documents: int
    objects: list[ObjectCountView]
    used_for: int


class SubjectView(View):
    id: str
    type: str
    name: str
    namespace: str | None
    kind: str | None
    digest: str | None


class CheckView(View):
    """`outcome` is the worst over all subjects, `counts` are observations by outcome."""

    id: str
    title: str
    revision: int
    severity: SeverityWord
    family: str
    fix: str
    effort: str
    doc: str
    outcome: OutcomeWord
    counts: OutcomeCountsView


class FindingCheckView(View):
    check: str
    coverage: str
    rationale: str
    source: str
    outcome: OutcomeWord
    counts: OutcomeCountsView


class ReviewView(View):
    status: str
    reviewer: str
    date: str
    expires: str
    statement: str


class RemediationView(View):
    text: str
    example: str


class FindingView(View):
    """`observations` are ids of those that decide, the first of `observations_total`."""

    framework: str
    edition: str
    control: str
    title: str
    section: str
    level: str | None
    label: str | None
    asks: str | None
    judged: Literal["automated", "assisted", "person"]
    status: StatusWord
    reason: ReasonWord | None
    because: str
    shown: str | None
    missing: str | None
    judged_by: str
    checks: list[FindingCheckView]
    counts: OutcomeCountsView
    observations: list[str]
    observations_total: int
    evidence: list[str]
    evidence_missing: list[str]
    responsibility: str | None
    review: ReviewView | None
    deviations: list[str]
    remediation: RemediationView


class ClosesView(View):
    framework: str
    control: str


class RequestView(View):
    """`supported` is false while no reader of ours understands the evidence."""

    id: str
    evidence: str
    title: str
    why: str
    from_whom: str
    command: str
    supported: bool
    controls: list[ClosesView]


class PlaceView(View):
    """`document` is the 0-based number in a file of several; `line` is 1-based; either may be absent."""

    subject: str
    sha256: Sha256
    path: str
    pointer: str
    document: int | UnsetType = UNSET
    line: int | UnsetType = UNSET


class ActionView(View):
    """`closes` are controls that this alone holds open; `contributes` those that other failed checks hold open too."""

    id: str
    check: str
    what: str
    effort: str
    severity: SeverityWord
    owner: str | None
    where: list[PlaceView]
    where_total: int
    closes: list[ClosesView]
    contributes: list[ClosesView]


class PopulationView(View):
    """`expected` is null where nobody said; `missing` are names expected and never seen."""

    what: str
    seen: int
    expected: int | None
    missing: list[str]
    source: str


class DeviationView(View):
    id: str
    check: str
    subjects: list[str]
    type: str
    owner: str
    approver: str
    date: str
    expires: str
    rationale: str


class ResponsibilityView(View):
    framework: str
    control: str
    kind: str
    provider: str
    statement: str


class ControlMappingView(View):
    from_framework: str
    from_edition: str
    from_control: str
    to_framework: str
    to_control: str
    relationship: str
    basis: str
    source: str


class EvidenceKindView(View):
    id: str
    title: str
    from_whom: str
    command: str
    supported: bool


class SummaryView(View):
    sentences: list[str]
    warnings: list[str]


class ObservationSetView(View):
    """Where the observations stand, and how many there are; a file above 64 MB carries the suffix .zst besides."""

    file: str
    total: int
    counts: OutcomeCountsView


class HostView(View):
    """A host, or a node of the cluster that nothing was handed in of; `counts` are of it and its programs."""

    subject: str
    name: str
    system: str
    collected: str | None
    programs: list[str]
    handed_in: list[str]
    counts: OutcomeCountsView


class ReportView(View):
    """A report of another tool; `unsound` says why nothing in it counts, null for a sound one."""

    path: str
    sha256: Sha256
    pointer: str
    source: str
    tool: str
    tool_version: str
    benchmark: str
    edition: str
    profile: str
    subject: str
    target: str
    started: str | None
    ended: str | None
    by_person: bool
    person: str | None
    unsound: str | None
    counts: OutcomeCountsView


class AssessmentView(View):
    """The whole of assessment.json, in the order of the file."""

    format: Literal["compliance-assessment"]
    version: Literal["1"]
    id: str
    as_of: str
    tool: ToolView
    command: str
    evidence_set_sha256: Sha256
    configuration_sha256: Sha256 | None
    system: SystemView
    parameters: ParametersView
    summary: SummaryView
    observations: ObservationSetView
    frameworks: list[FrameworkView]
    population: list[PopulationView]
    findings: list[FindingView]
    actions: list[ActionView]
    requests: list[RequestView]
    deviations: list[DeviationView]
    responsibilities: list[ResponsibilityView]
    checks: list[CheckView]
    evidence: list[EvidenceView]
    evidence_kinds: list[EvidenceKindView]
    subjects: list[SubjectView]
    images: list[ImageView]
    attestations: list[AttestationView]
    vulnerabilities: VulnerabilitySetView
    hosts: list[HostView]
    reports: list[ReportView]
    control_mappings: list[ControlMappingView]
