"""Image with scans, VEX and catalogs in, verdicts out on its open vulnerabilities: mendable, exploited, overdue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from compliance.model.catalogs import catalogs
from compliance.model.check import Effort, Verdict, check, failed, not_checked, passed
from compliance.model.cluster import Cluster
from compliance.model.configuration import Parameters
from compliance.model.deadlines import SEVERITIES, Answer
from compliance.model.effective_risk import KEV_MISSING
from compliance.model.evidence import At
from compliance.model.faults import counted
from compliance.model.image import Image
from compliance.model.image_words import cut_list, short
from compliance.model.images import Bound
from compliance.model.outcome import Severity
from compliance.model.scanned import Scanned, scanned
from compliance.model.supply_chain import SupplyChain
from compliance.model.vulnerability import KevCatalog
from compliance.model.vulnerability_items import State, VulnerabilityItem, counts, known_items

_PLACES = 40
_GRAVE = ("critical", "high")
_REBUILD = "Rebuild the image on updated packages and deploy it, or hand in a VEX statement with its justification."


@check(
    id="image-vulnerability-fixable",
    title="No critical or high vulnerability is open for which a fix exists",
    severity=Severity.HIGH,
    fix=_REBUILD,
    effort=Effort.WORKLOAD,
)
def image_vulnerability_fixable(
    image: Image, supply_chain: SupplyChain, cluster: Cluster, params: Parameters, as_of: datetime
) -> Verdict:
    """The newest scans of the image show no open critical or high vulnerability with a fixed version.

    One that a counting VEX statement answers is not open. One of unknown severity counts as high. What a scanner left
    out by itself counts as open. NOT_CHECKED unless a usable scan names the image by digest and could see its packages.
    Source: CIS Docker Benchmark 1.8.0, 4.4; NIST SP 800-190, 4.1.1.
    """
    items = known_items(image, supply_chain, cluster, params, as_of)
    found = [one for one in _open(items) if one.fixed_in and one.severity in (*_GRAVE, "unknown")]
    words = [f"{one.said}, fixed in {short(one.fixed_in)}{_not_believed(one)}" for one in _worst_first(found)]
    none = "no critical or high one with a fix is open"
    return _judged(image, supply_chain, as_of, items, found, words, none)


@check(
    id="image-vulnerability-exploited",
    title="No known exploited vulnerability is open",
    severity=Severity.CRITICAL,
    revision=2,
    fix=_REBUILD,
    effort=Effort.WORKLOAD,
)
def image_vulnerability_exploited(
    image: Image, supply_chain: SupplyChain, cluster: Cluster, params: Parameters, as_of: datetime
) -> Verdict:
    """No open vulnerability of the image stands in CISA's catalog of known exploited vulnerabilities.

    NOT_CHECKED without a catalog that is at most `kev-max-age-days` old (a scanner's own word makes a FAIL, never a
    PASS), and unless a usable scan names the image by digest.
    Source: CISA BOD 26-04; FedRAMP Consolidated Rules 2026, VDR-CSO-AKE and VDR-TFR-KEV.
    """
    items = known_items(image, supply_chain, cluster, params, as_of)
    found = [one for one in _open(items) if one.kev.answer is Answer.YES]
    none = "no open one is known to be exploited"
    words = [f"{one.said}, {one.kev.because}{_due_by(one)}" for one in _worst_first(found)]
    known = catalogs(supply_chain, params, as_of)
    if not found and not known.kev_recent:
        reason = "; ".join([f"{none}, and {KEV_MISSING}", *known.later])
        return not_checked(reason, at=[image.at_config()])
    at = [_catalog(known.kev)] if known.kev is not None else []
    return _judged(image, supply_chain, as_of, items, found, words, "; ".join([none, *known.later]), at)


def _not_believed(item: VulnerabilityItem) -> str:
    """What would suppress it if it counted: a statement of nobody trusted, or the scanner's own choice."""
    if item.vex_refused:
        return f"; {item.vex_refused[0]}"
    if item.suppressed:
        return f"; the scanner left it out by itself ({short(item.suppressed)}), which is no statement that counts"
    return ""


def _catalog(catalog: KevCatalog) -> At:
    return At(catalog.origin, catalog.released_at)


def _due_by(item: VulnerabilityItem) -> str:
    return f", to be mended by {short(item.kev_due)}" if item.kev_due else ""


@check(
    id="image-vulnerability-overdue",
    title="No vulnerability is open past its deadline",
    severity=Severity.HIGH,
    revision=2,
    fix=_REBUILD,
    effort=Effort.WORKLOAD,
)
def image_vulnerability_overdue(
    image: Image, supply_chain: SupplyChain, cluster: Cluster, params: Parameters, as_of: datetime
) -> Verdict:
    """No open vulnerability is past the day that the configured regime, or CISA's catalog, sets.

    On that day itself it is not overdue. Days run from the earliest scan of the same repository that shows it. What is
    not known counts as the worse case and is said. NOT_CHECKED without a regime, where a day cannot be set, and unless
    a usable scan names the image by digest.
    Source: FedRAMP Consolidated Rules 2026, VDR-TFR-PVR and VDR-TFR-KEV; CISA BOD 26-04; NIST SP 800-53 rev 5, SI-2.
    """
    items = known_items(image, supply_chain, cluster, params, as_of)
    found = [one for one in _open(items) if one.overdue_days]
    words = [
        f"{one.said}, due {one.due}, {counted(one.overdue_days, 'day')} over; {one.due_because}"
        for one in sorted(found, key=lambda one: -one.overdue_days)
    ]
    unset = [one for one in _open(items) if one.due_unset]
    if not found and params.remediation.regime is None:
        reason = "nobody chose a regime of deadlines: name one under remediation: in the configuration"
        return not_checked(reason, at=[image.at_config()])
    if not found and unset:
        reason = f"{counted(len(unset), 'open one')} without a day: {unset[0].said}: {unset[0].due_because}"
        return not_checked(reason, at=_places(unset))
    regime = params.remediation.regime
    none = f"none open past its day under {regime.value if regime else 'any regime'}"
    return _judged(image, supply_chain, as_of, items, found, words, none)


def _judged(
    image: Image,
    chain: SupplyChain,
    as_of: datetime,
    items: Sequence[VulnerabilityItem],
    found: Sequence[VulnerabilityItem],
    words: Sequence[str],
    none: str,
    at: Sequence[At] = (),
) -> Verdict:
    """FAIL with what was found; PASS only where the scans could have shown it. A weak join proves neither."""
    scans = scanned(image, chain, as_of)
    here = image.at_config()
    if scans.by is None:
        reason = (
            "no usable scan in the evidence names it" if chain.scans else "no vulnerability scan is in the evidence"
        )
        return not_checked(reason, at=[here])
    if scans.by is not Bound.DIGEST:
        seen = f"{cut_list(list(words), len(words))}; but " if found else ""
        reason = f"{seen}the scan {short(scans.scans[0].origin.path)} is joined {scans.by.value}"
        return not_checked(reason, at=[*_places(found), here])
    if found:
        return failed(cut_list(list(words), len(words)), at=[*_places(found), *at])
    if scans.incomplete:
        return not_checked(f"{none}, but {short(scans.incomplete[0])}", at=_scans(scans))
    return passed(f"{none}; {_tally(items)}", at=[*_scans(scans), *at])


def _open(items: Sequence[VulnerabilityItem]) -> list[VulnerabilityItem]:
    return [one for one in items if one.state is State.OPEN]


def _worst_first(items: Sequence[VulnerabilityItem]) -> list[VulnerabilityItem]:
    return sorted(items, key=lambda one: (SEVERITIES.index(one.severity), one.id, one.package))


def _tally(items: Sequence[VulnerabilityItem]) -> str:
    tally = counts(items)
    rest = f"{tally.open} open, {tally.vex_suppressed} answered by VEX, {tally.fixed} fixed since the build before"
    return f"{tally.raw} in all: {rest}" if tally.raw else "none reported at all"


def _scans(scans: Scanned) -> list[At]:
    return [scan.at(scan.findings_at) for scan in scans.scans]


def _places(items: Sequence[VulnerabilityItem]) -> list[At]:
    return [at for one in items for at in one.at][:_PLACES]
