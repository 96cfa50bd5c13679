"""Scans, VEX and catalogs joined to images in; totals, a row for each image and the worst vulnerabilities out."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from compliance.assess.image_facts import utc
from compliance.model.catalogs import catalogs
from compliance.model.check import listed
from compliance.model.cluster import Cluster
from compliance.model.configuration import Configuration, Regime
from compliance.model.deadlines import LEGACY_DAYS, SEVERITIES, Answer
from compliance.model.image import Image
from compliance.model.proof_report import (
    ITEMS_KEPT,
    ImageVulnerabilities,
    ScanRow,
    Series,
    VulnerabilityReport,
)
from compliance.model.scan_lineage import Mended, made, mended, series
from compliance.model.scanned import Scanned, is_future, scanned
from compliance.model.supply_chain import ScanMatch, SupplyChain
from compliance.model.times import moment
from compliance.model.vulnerability import ScanReport
from compliance.model.vulnerability_items import Counts, State, VulnerabilityItem, counts, items_of
from compliance.rendering.text import count, cut

#: Vulnerabilities that were mended and are named; the rest is counted.
MENDED_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainItems:
    """Every vulnerability of every image; each walk works them out anew, with those of one image in memory."""

    chain: SupplyChain
    cluster: Cluster
    configuration: Configuration
    as_of: datetime

    def __iter__(self) -> Iterator[VulnerabilityItem]:
        for image in self.chain.images.images:
            yield from self.of(image)

    def of(self, image: Image) -> tuple[VulnerabilityItem, ...]:
        """Those of one image; its deviations are recorded beside them."""
        configuration = self.configuration
        return items_of(image, self.chain, self.cluster, configuration.parameters, self.as_of, configuration.deviations)


@dataclass(slots=True)
class _Kept:
    """The first of each state by rank; never more than twice those kept are held."""

    rows: dict[State, list[VulnerabilityItem]] = field(default_factory=lambda: {state: [] for state in State})

    def add(self, items: Sequence[VulnerabilityItem]) -> None:
        for item in items:
            self.rows[item.state].append(item)
        for state, most in ITEMS_KEPT.items():
            if len(self.rows[state]) > 2 * most:
                self.rows[state] = heapq.nsmallest(most, self.rows[state], key=rank)

    def all(self) -> dict[State, tuple[VulnerabilityItem, ...]]:
        return {state: tuple(sorted(self.rows[state], key=rank)[:most]) for state, most in ITEMS_KEPT.items()}


def rank(item: VulnerabilityItem) -> tuple[int, bool, int, bool, str, str, str, str, str]:
    """Sort key: longest overdue, known to be exploited, severity, likely to be exploited, day, id, package, image."""
    return (
        -item.overdue_days,
        item.kev.answer is not Answer.YES,
        SEVERITIES.index(item.severity),
        item.exploitable.answer is not Answer.YES,
        item.due or "~",
        item.id,
        item.package,
        item.version,
        item.image,
    )


def vulnerability_report(
    chain: SupplyChain, cluster: Cluster, configuration: Configuration, as_of: str
) -> VulnerabilityReport:
    """What scans say of all images; nothing at all where no scan was handed in. `as_of` is ISO 8601, UTC."""
    if not chain.scans:
        return VulnerabilityReport()
    clock = utc(as_of)
    every = ChainItems(chain=chain, cluster=cluster, configuration=configuration, as_of=clock)
    kept, rows, unscanned = _Kept(), [], []
    joined: dict[str, dict[str, ScanMatch]] = {}
    for image in chain.images.images:
        for match in chain.scans_of(image):
            joined.setdefault(match.scan.subject.id, {})[image.subject.id] = match
        found = scanned(image, chain, clock)
        if found.by is None:
            unscanned.append(image.subject.id)
            continue
        items = every.of(image)
        kept.add(items)
        rows.append(_row(image, found, items))
    lineages = {name: [scan for scan in scans if not is_future(scan, clock)] for name, scans in chain.lineages.items()}
    gone = _mended(lineages, chain)
    return VulnerabilityReport(
        items=every,
        images=tuple(rows),
        unscanned=tuple(unscanned),
        counts=_sum(rows),
        severities=tuple((severity, sum(dict(row.severities)[severity] for row in rows)) for severity in SEVERITIES),
        kev=sum(row.kev for row in rows),
        likely=sum(row.likely for row in rows),
        fixable=sum(row.fixable for row in rows),
        overdue=sum(row.overdue for row in rows),
        undated=sum(row.undated for row in rows),
        disagreements=sum(row.disagreements for row in rows),
        kept=kept.all(),
        series=_series(lineages, chain),
        mended=gone[:MENDED_KEPT],
        mended_total=len(gone),
        scans=tuple(_scan(scan, joined.get(scan.subject.id, {}), clock) for scan in chain.scans),
        regime=_regime(configuration),
        sources=_sources(chain, configuration, clock),
    )


def _row(image: Image, found: Scanned, items: Sequence[VulnerabilityItem]) -> ImageVulnerabilities:
    open_ones = [item for item in items if item.state is State.OPEN]
    newest, by = found.newest, found.by
    assert newest is not None and by is not None  # noqa: S101, PT018 - asked for images with a usable scan alone
    days = [item.due for item in open_ones if item.due and not item.overdue_days]
    return ImageVulnerabilities(
        image=image.subject.id,
        name=image.said,
        counts=counts(items),
        severities=tuple((severity, sum(one.severity == severity for one in open_ones)) for severity in SEVERITIES),
        kev=sum(item.kev.answer is Answer.YES for item in open_ones),
        likely=sum(item.exploitable.answer.assumed for item in open_ones),
        fixable=sum(bool(item.fixed_in) for item in open_ones),
        overdue=sum(item.overdue_days > 0 for item in open_ones),
        undated=sum(item.due_unset for item in open_ones),
        next_due=min(days, default=""),
        disagreements=sum(item.disagree for item in items),
        scanners=tuple(dict.fromkeys(f"{scan.tool} {scan.tool_version}".strip() for scan in found.scans)),
        scanned=made(newest).isoformat() if moment(newest.created or "") else "",
        bound=by,
        incomplete=found.incomplete,
    )


def _sum(rows: Sequence[ImageVulnerabilities]) -> Counts:
    return Counts(
        raw=sum(row.counts.raw for row in rows),
        open=sum(row.counts.open for row in rows),
        vex_suppressed=sum(row.counts.vex_suppressed for row in rows),
        deviated=sum(row.counts.deviated for row in rows),
        fixed=sum(row.counts.fixed for row in rows),
    )


def _scan(scan: ScanReport, matches: Mapping[str, ScanMatch], clock: datetime) -> ScanRow:
    joined = {image: match.by.value for image, match in matches.items() if not match.contradiction}
    if scan.failed:
        how = f"not used: {scan.failed}"
    elif is_future(scan, clock):
        how = "not used: it is dated after this assessment"
    elif joined:
        how = f"joined {'; '.join(sorted(set(joined.values())))}"
    elif matches:
        how = f"of another build: {next(match.contradiction for _, match in sorted(matches.items()))}"
    else:
        how = "of no image that was handed in; its findings are in no count here"
    return ScanRow(
        place=scan.at().location(),
        tool=f"{scan.tool} {scan.tool_version}".strip(),
        target=scan.target,
        made=scan.created or "",
        database=scan.database or "",
        findings=len(scan.findings),
        suppressed=sum(bool(one.suppressed) for one in scan.findings),
        images=tuple(sorted(joined)),
        how=how,
    )


def _series(lineages: Mapping[str, Sequence[ScanReport]], chain: SupplyChain) -> tuple[Series, ...]:
    """Scans by repository and tool, where they are of two days at least."""
    found = []
    for repository, scans in lineages.items():
        usable = [scan for scan in scans if not scan.failed]
        for tool in sorted({scan.tool for scan in usable}):
            points = series([scan for scan in usable if scan.tool == tool], chain.names)
            if len({point.date[:10] for point in points}) > 1:
                found.append(Series(repository, tool, points))
    return tuple(found)


def _mended(lineages: Mapping[str, Sequence[ScanReport]], chain: SupplyChain) -> tuple[tuple[str, Mended], ...]:
    """What earlier scans of a repository show and the newest do not, slowest first."""
    found = [(name, one) for name, scans in lineages.items() for one in mended(scans, chain.names)]
    return tuple(sorted(found, key=lambda pair: (-pair[1].days, pair[0], pair[1].id, pair[1].package)))


def _regime(configuration: Configuration) -> str:
    """Which rule set the days, for the head of a table."""
    remediation = configuration.parameters.remediation
    match remediation.regime:
        case None:
            return (
                "nobody chose a regime of deadlines (remediation.regime in compliance.yaml): apart from the days of "
                "CISA's catalog of known exploited vulnerabilities nothing is called overdue, and that is no pass"
            )
        case Regime.OWN:
            named = [f"{severity} {count(days, 'day')}" for severity, days in _by_severity(remediation.days)]
            return (
                f"deadlines are the organisation's own: {listed(named, limit=6)} from the earliest scan that shows it"
            )
        case Regime.FEDRAMP_REV5_LEGACY:
            named = [f"{name} {count(LEGACY_DAYS[name], 'day')}" for name in ("critical", "high", "medium", "low")]
            words = listed(named, limit=6)
            return f"deadlines are those of FedRAMP Rev5 before VDR: {words} from the earliest scan that shows it"
        case Regime.FEDRAMP_VDR:
            stated = configuration.parameters.certification_class
            known = f"class {stated}" if stated else "no class is stated, so no day is set"
            return (
                f"deadlines are those of FedRAMP VDR, {known}: by potential impact (assumed from severity where nobody "
                "states it), reachability from the internet and likely exploitation, counted from the earliest scan"
            )
        case Regime.BOD_26_04:
            return (
                "deadlines are those of CISA BOD 26-04: by known exploitation, exposure, automatable exploits and "
                "technical impact, counted from the earliest scan that shows it"
            )


def _by_severity(days: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(severity, days[severity]) for severity in SEVERITIES if severity in days]


def _sources(chain: SupplyChain, configuration: Configuration, clock: datetime) -> tuple[str, ...]:
    """A sentence on each catalog, with its age; on one that is missing or too old, what that means."""
    known = catalogs(chain, configuration.parameters, clock)
    kev, epss = known.kev, known.epss
    if kev is None:
        first = "no catalog of known exploited vulnerabilities was handed in: whether any is known is not known"
    else:
        version, entries = cut(kev.version or "without a version", 60), count(len(kev.entries), "entry", "entries")
        age = _age(kev.released, clock)
        old = "" if known.kev_recent else "; too old to show that any is not known to be exploited"
        first = f"CISA's catalog of known exploited vulnerabilities {version}, {entries}{age}{old}"
    if epss is None:
        second = "no EPSS scores were handed in: where no scanner states one, exploitation is taken for likely"
    else:
        old = "" if known.epss_recent else "; too old to show that exploitation is not likely"
        scored = f"{count(len(epss), 'vulnerability', 'vulnerabilities')}{_age(epss.scored, clock)}"
        second = f"EPSS scores of {scored}{old}"
    points = f"CISA's SSVC points on {count(len(chain.ssvc), 'vulnerability', 'vulnerabilities')}" if chain.ssvc else ""
    statements = sum(len(document.statements) for document in chain.vex)
    vex = f"{count(len(chain.vex), 'VEX document')} with {count(statements, 'statement')}" if chain.vex else ""
    told = (first, second, *known.later, points, vex or "no VEX document was handed in")
    return tuple(one for one in told if one)


def _age(stated: str | None, clock: datetime) -> str:
    when = moment(stated or "")
    if when is None:
        return ", of an unknown day"
    return (
        f", of {when:%Y-%m-%d}, {count((clock - when).days, 'day')} old" if when <= clock else f", of {when:%Y-%m-%d}"
    )
