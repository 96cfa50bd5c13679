"""What an organisation tells us about its system, and the values it defines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesVersion:
    """A minor version of Kubernetes 1."""

    minor: int

    def __str__(self) -> str:
        return f"1.{self.minor}"


#: The newest minor whose Pod Security rules we know.
#: Source: kubernetes/pod-security-admission policy/, July 2026.
NEWEST = KubernetesVersion(minor=37)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    role: str
    name: str
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The system under assessment, as the cover prints it; empty text where nobody said."""

    id: str = ""
    name: str = ""
    operator: str = ""
    impact: str = ""
    certification_class: str = ""
    marking: str = ""
    boundary: str = ""
    period_start: str = ""
    period_end: str = ""
    parties: tuple[Party, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsibility:
    """A control that somebody else answers for, wholly (`inherited`) or in part (`shared`)."""

    framework: str
    control: str
    kind: str
    provider: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A person's answer to a control or to the part of it that no check decides.

    `status` is `satisfied`, `not-satisfied` or `not-applicable`. Dates are ISO (UTC days);
    after `expires` the review no longer counts.
    """

    framework: str
    control: str
    status: str
    reviewer: str
    date: str
    expires: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A decision to live with a failed check; listed beside the finding, never changing it.

    `type` is `false-positive`, `operational-requirement` or `risk-adjustment`. `subjects` are
    subject ids, with `*` as wildcard; empty means all.
    """

    id: str
    check: str
    subjects: tuple[str, ...]
    type: str
    owner: str
    approver: str
    date: str
    expires: str
    rationale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """An approved base: by the digest of its manifest, index or configuration, by its diff ids in order, or both."""

    name: str
    digest: str = ""
    diff_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key that may sign: its name in the packet, and its PEM text."""

    name: str
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIdentity:
    """A certificate identity that may sign: an exact subject, or a pattern that must match it whole; and its issuer."""

    issuer: str
    subject: str = ""
    subject_pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRoot:
    """A sigstore trusted_root.json: certificate authorities, logs and timestamp authorities. `data` is its text."""

    name: str
    sha256: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedBuilder:
    """A builder by its exact id (no prefix counts), and the highest SLSA build level it earns."""

    id: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSource:
    """Where an image must be built from: `image` is a pattern of names (`*` stands for anything)."""

    image: str
    repository: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """Whom the organisation trusts. `threshold` is how many distinct trusted keys or identities must have signed.

    `vex_authors` are authors, as a VEX document writes them or as its signer, whose statements count.
    """

    keys: tuple[TrustedKey, ...] = ()
    identities: tuple[TrustedIdentity, ...] = ()
    trusted_roots: tuple[TrustedRoot, ...] = ()
    builders: tuple[TrustedBuilder, ...] = ()
    sources: tuple[DeclaredSource, ...] = ()
    vex_authors: tuple[str, ...] = ()
    threshold: int = 1


class Regime(Enum):
    """Which rule sets the day by which a vulnerability must be mended."""

    FEDRAMP_VDR = "fedramp-vdr"
    BOD_26_04 = "bod-26-04"
    FEDRAMP_REV5_LEGACY = "fedramp-rev5-legacy"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """The regime of deadlines; `days` by severity count under `own`. None: nobody chose one."""

    regime: Regime | None = None
    days: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Organisation-defined values that checks judge against; None or empty where nobody set one.

    `certification_class` and `owners` repeat `system.class` and `owners:` for the checks that rest on them.
    `epss_likely` is the probability, in parts per million, from which on exploitation counts as likely.
    `rbac_approved_subjects` are `Kind:name` or `ServiceAccount:namespace/name`, `*` as wildcard.
    `system_namespaces` hold the platform's own workloads. `base_images` are the approved ones.
    `packages_denied` are names, or `ecosystem:name`, with `*` as wildcard; `set_id_approved` are
    absolute paths with the same wildcard. Ages are in days, sizes in bytes.
    """

    kubernetes: KubernetesVersion = NEWEST
    kubernetes_stated: bool = False
    registries_approved: tuple[str, ...] = ()
    rbac_approved_subjects: tuple[str, ...] = ()
    capabilities_approved: tuple[str, ...] = ()
    service_types_approved: tuple[str, ...] = ()
    system_namespaces: tuple[str, ...] = ("kube-system", "kube-public", "kube-node-lease")
    minimum_replicas: int = 2
    base_images: tuple[BaseImage, ...] = ()
    packages_denied: tuple[str, ...] = ()
    set_id_approved: tuple[str, ...] = ()
    devices_approved: tuple[str, ...] = ()
    host_ports_approved: tuple[int, ...] = ()
    cgroup_parents_approved: tuple[str, ...] = ()
    image_max_age_days: int = 30
    image_max_size: int = 0
    image_max_layers: int = 0
    trust: TrustPolicy = TrustPolicy()
    remediation: Remediation = Remediation()
    scan_max_age_days: int = 30
    scan_database_max_age_days: int = 30
    kev_max_age_days: int = 7
    epss_likely: int = 100_000
    certification_class: str = ""
    owners: Mapping[str, str] = field(default_factory=dict)
    #: FIRST's probability is of exploitation within 30 days: older scores are of days gone by.
    epss_max_age_days: int = 30
    #: Who may be in the docker group; releases of the engine in use (`29` stands for 29.1.3 as well).
    docker_group_approved: tuple[str, ...] = ()
    docker_versions_supported: tuple[str, ...] = ()
    docker_swarm_needed: bool = False
    #: Most images of a host that no container uses, and most containers that are stopped.
    docker_unused_images: int | None = None
    docker_stopped_containers: int | None = None
    #: Swarm's own default of how long the certificate of a node is valid.
    docker_node_certificate_days: int = 90
    docker_swarm_ca_days: int | None = None
    #: Least share of a benchmark's rules that an operating system must pass, in percent.
    host_hardening_percent: int | None = None
    #: Most processes of a pod, and fewest events a second that a kubelet lets through; 0 where nobody chose.
    kubelet_pod_pids_limit: int = 0
    kubelet_event_rate: int = 0
    #: The oldest that a report of another tool may be (OpenSCAP, checklists) whose results count.
    report_max_age_days: int = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The population that ought to be in the evidence; empty where nobody said."""

    namespaces: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """`compliance.yaml` after validation. `frameworks` are `id` or `id@edition`, in order.

    `catalogs` are folders of own catalogs and mappings, and XCCDF benchmarks (`.xml`), absolute.
    `sha256` is of the file, empty text without one.
    """

    system: System = System()
    frameworks: tuple[str, ...] = ()
    parameters: Parameters = Parameters()
    expected: Expected = Expected()
    owners: Mapping[str, str] = field(default_factory=dict)
    responsibilities: tuple[Responsibility, ...] = ()
    reviews: tuple[Review, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    catalogs: tuple[str, ...] = ()
    sha256: str = ""
