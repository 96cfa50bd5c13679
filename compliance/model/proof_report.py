"""What the packet says of attestations and of vulnerabilities: totals, a row for each image, and the worst of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from compliance.model.attestation import Attestation
from compliance.model.evidence import Location
from compliance.model.images import Bound
from compliance.model.scan_lineage import Mended, SeverityCounts
from compliance.model.vulnerability_items import Counts, State, VulnerabilityItem

#: Vulnerabilities kept with all that is known of them, for each state; every one stands in vulnerabilities.jsonl.
ITEMS_KEPT = {State.OPEN: 5_000, State.VEX_SUPPRESSED: 2_000, State.DEVIATED: 1_000, State.FIXED: 1_000}
NONE_COUNTED = Counts(raw=0, open=0, vex_suppressed=0, deviated=0, fixed=0)


class VulnerabilityItems(Protocol):
    """Every vulnerability of every image, by image, then by id and package; may be walked any number of times."""

    def __iter__(self) -> Iterator[VulnerabilityItem]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageVulnerabilities:
    """The vulnerabilities of one image. `severities` are the open ones by severity, worst first, zeros too.

    Of the open ones, `kev` are known to be exploited, `likely` likely to be or taken for it because nobody says,
    `fixable` have a fixed version, `overdue` are past their day, and `undated` have none because something is missing
    that would set it. `next_due` is the earliest day that is not past, empty text where there is none. `disagreements`
    counts those of any state that scanners differ about. `scanners` are tools with version; `scanned` is the date of
    the newest scan (ISO 8601), empty text when it states none.
    """

    image: str
    name: str
    counts: Counts
    severities: tuple[tuple[str, int], ...]
    kev: int
    likely: int
    fixable: int
    overdue: int
    undated: int
    next_due: str
    disagreements: int
    scanners: tuple[str, ...]
    scanned: str
    bound: Bound
    incomplete: tuple[str, ...]


class ScanRow(NamedTuple):
    """A scan report. `images` are subject ids of the images it is joined to, `how` says by what or why to none."""

    place: Location
    tool: str
    target: str
    made: str
    database: str
    findings: int
    suppressed: int
    images: tuple[str, ...]
    how: str


class Series(NamedTuple):
    """Scans of builds of one repository by one tool, oldest first, of at least two days."""

    repository: str
    tool: str
    points: tuple[SeverityCounts, ...]


class AttestationRow(NamedTuple):
    """An attestation, its place, and the subject ids of images handed in that it is about."""

    attestation: Attestation
    place: Location
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VulnerabilityReport:
    """All vulnerabilities of a run. `images` are those with a usable scan, by subject id; `unscanned` the others.

    `counts` and the numbers beside it are sums over `images`. `kept` holds the first ITEMS_KEPT of each state: overdue
    ones first, then those known to be exploited, then by severity. `sources` are sentences on the catalogs that were
    used, `regime` one on the deadlines.
    """

    items: VulnerabilityItems = ()
    images: tuple[ImageVulnerabilities, ...] = ()
    unscanned: tuple[str, ...] = ()
    counts: Counts = NONE_COUNTED
    severities: tuple[tuple[str, int], ...] = ()
    kev: int = 0
    likely: int = 0
    fixable: int = 0
    overdue: int = 0
    undated: int = 0
    disagreements: int = 0
    kept: Mapping[State, tuple[VulnerabilityItem, ...]] = field(default_factory=dict)
    series: tuple[Series, ...] = ()
    mended: tuple[tuple[str, Mended], ...] = ()
    mended_total: int = 0
    scans: tuple[ScanRow, ...] = ()
    regime: str = ""
    sources: tuple[str, ...] = ()


#: What is said where no scan was handed in.
NO_SCANS = VulnerabilityReport()
