"""Image or pod and the scans of the evidence in, verdicts out on whether what runs was scanned, and how lately."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from compliance.model.check import Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.faults import Fault, called, counted, told
from compliance.model.image import Image
from compliance.model.image_reference import image_reference
from compliance.model.image_words import short
from compliance.model.images import Bound
from compliance.model.outcome import Severity
from compliance.model.scan_lineage import is_dated, made
from compliance.model.scanned import is_future, scanned
from compliance.model.supply_chain import SupplyChain
from compliance.model.vulnerability import ScanReport
from compliance.model.workload import Container, Pod

_FIX = "Scan the image by digest with trivy or grype, as often as the window asks, and hand in the JSON report."


@check(
    id="image-scan",
    title="Image has a vulnerability scan that names it by digest",
    severity=Severity.HIGH,
    fix=_FIX,
)
def image_scan(image: Image, supply_chain: SupplyChain, as_of: datetime) -> Verdict:
    """A scan that ended well, and is not from the future, names the digest of the image's manifest or configuration.

    FAIL when a scan bears its name with another digest. NOT_CHECKED when one is joined by name and tag or by the
    digest of the list over all platforms only, or when none was handed in.
    Source: NIST SP 800-190, 4.1.1; FedRAMP Rev5 playbook, containers, scan before deployment; CIS Docker Benchmark
    1.8.0, 4.4.
    """
    found = scanned(image, supply_chain, as_of)
    here = image.at_config()
    if found.by is Bound.DIGEST:
        at = [scan.at(scan.digests[0].pointer if scan.digests else scan.target_at) for scan in found.scans]
        return passed(f"scanned by {listed(map(_called, found.scans), limit=4)}, joined by digest", at=[*at, here])
    if found.by is not None:
        at = [*(scan.at(scan.target_at) for scan in found.scans), here]
        doubt = "another platform of it" if found.by is Bound.INDEX else "another build of that name"
        reason = f"{_called(found.scans[0])} is joined {found.by.value}; it may have scanned {doubt}"
        return not_checked(reason, at=at)
    if found.broken:
        first = found.broken[0]
        at = [match.scan.at(match.scan.target_at) for match in found.broken[:5]]
        return failed(f"{_called(first.scan)}: {first.contradiction}", at=[*at, here])
    if found.unusable:
        why = found.unusable[0].failed or "it is dated after this assessment"
        reason = f"{_called(found.unusable[0])} cannot count: {short(why)}"
        return not_checked(reason, at=[found.unusable[0].at(found.unusable[0].created_at), here])
    reason = "no scan in the evidence names it" if supply_chain.scans else "no vulnerability scan is in the evidence"
    return not_checked(reason, at=[here])


@check(
    id="image-scan-age",
    title="Image was scanned within the agreed window",
    severity=Severity.HIGH,
    fix=_FIX,
)
def image_scan_age(image: Image, supply_chain: SupplyChain, params: Parameters, as_of: datetime) -> Verdict:
    """The newest scan that names the image by digest is at most `scan-max-age-days` old on the day of the assessment.

    Whole days are counted between the dates: 30 days pass a window of 30, 31 do not. NOT_CHECKED without such a scan.
    Source: FedRAMP Rev5 playbook, containers, 30-day scan window; NIST SP 800-53 rev 5, RA-5.
    """
    found = scanned(image, supply_chain, as_of)
    here = image.at_config()
    if found.newest is None or found.by is not Bound.DIGEST:
        return not_checked("no usable scan in the evidence names it by its own digest", at=[here])
    return _within(found.newest, params.scan_max_age_days, as_of, here)


def _within(scan: ScanReport, limit: int, as_of: datetime, here: At) -> Verdict:
    at = [scan.at(scan.created_at), here]
    if not is_dated(scan):
        return not_checked(f"{_called(scan)} does not say when it was made", at=at)
    days = max((as_of.date() - made(scan).date()).days, 0)
    reason = f"last scanned {made(scan):%Y-%m-%d} by {_called(scan)}, {counted(days, 'day')} before {as_of:%Y-%m-%d}"
    if days > limit:
        return failed(f"{reason}; at most {limit} are allowed", at=at)
    return passed(f"{reason}; {limit} are allowed", at=at)


def _called(scan: ScanReport) -> str:
    return short(f"{scan.tool} ({scan.origin.path})")


class _Seen(NamedTuple):
    scan: ScanReport | None
    doubt: str


@check(
    id="pod-image-scan",
    title="Every image that runs was scanned within the agreed window",
    severity=Severity.HIGH,
    fix=_FIX,
)
def pod_image_scan(pod: Pod, supply_chain: SupplyChain, params: Parameters, as_of: datetime) -> Verdict:
    """The image of every container has a scan, joined by digest, of at most `scan-max-age-days`.

    FAIL only for an image whose newest scan is older. NOT_CHECKED for one that no scan names by digest.
    Source: FedRAMP Rev5 playbook, containers, registry monitoring and 30-day scan window.
    """
    containers = pod.all_containers()
    places = [At(pod.origin, f"{container.at}/image") for container in containers]
    if not containers:
        return not_checked("the pod has no container in this evidence", at=[pod.in_spec("containers")])
    old: list[Fault] = []
    unknown: list[Fault] = []
    shown: list[At] = []
    for container, place in zip(containers, places, strict=True):
        seen = _newest(container, supply_chain, as_of)
        if seen.scan is None or not is_dated(seen.scan):
            unknown.append(Fault(f"{called(container)}: {seen.doubt or 'its scan states no date'}", place))
            continue
        days = (as_of.date() - made(seen.scan).date()).days
        shown.append(seen.scan.at(seen.scan.created_at))
        if days > params.scan_max_age_days:
            words = f"{called(container)}: last scanned {made(seen.scan):%Y-%m-%d}, {days} days ago"
            old.append(Fault(f"{words}; at most {params.scan_max_age_days} are allowed", place))
    if old:
        return failed(told(old), at=[*(fault.at for fault in old), *shown])
    if unknown:
        return not_checked(told(unknown), at=[fault.at for fault in unknown])
    reason = f"{counted(len(containers), 'image')} scanned within {params.scan_max_age_days} days, joined by digest"
    return passed(reason, at=[*places, *dict.fromkeys(shown)])


def _newest(container: Container, chain: SupplyChain, as_of: datetime) -> _Seen:
    """The newest usable scan of what a container runs, by the digest that its status or its reference names."""
    reference = image_reference(container.image or "")
    digest = container.image_id or reference.digest
    if digest is None:
        return _Seen(None, f"{short(container.image or 'an image without a name')} names no digest")
    images = [match.image for match in chain.images.of_digest(digest)]
    # of an image that was handed in it is known which digest is of a platform, and which of the list over all
    scans = _scans_of(images, chain, as_of) if images else _naming(digest, chain)
    usable = [scan for scan in scans if not scan.failed and not is_future(scan, as_of)]
    if not usable:
        return _Seen(None, f"no usable scan in the evidence names {short(digest)}")
    return _Seen(max(usable, key=lambda scan: (made(scan), scan.subject.id)), "")


def _naming(digest: str, chain: SupplyChain) -> list[ScanReport]:
    """The scans that name a digest; not those within a statement about it that name others themselves."""
    scans = chain.scans_by_digest.get(digest, ())
    return [scan for scan in scans if not scan.inside or any(found.digest == digest for found in scan.inside)]


def _scans_of(images: Sequence[Image], chain: SupplyChain, as_of: datetime) -> list[ScanReport]:
    found = [scanned(image, chain, as_of) for image in images]
    return [scan for one in found if one.by is Bound.DIGEST for scan in one.scans]
