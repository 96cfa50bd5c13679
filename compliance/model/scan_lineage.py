"""All scans in, those of builds of one repository by date out: when a vulnerability was first seen, and last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from compliance.model.deadlines import SEVERITIES
from compliance.model.image import Image
from compliance.model.image_reference import image_reference
from compliance.model.images import Images
from compliance.model.times import moment
from compliance.model.vulnerability import ScanFinding, ScanReport
from compliance.model.vulnerability_names import Names, primaries

#: What a scanned target looks like that is a file and no reference.
_FILES = (".tar", ".gz", ".tgz", ".json", ".zst")
_NEVER = datetime.min.replace(tzinfo=UTC)

#: Primary id, ecosystem and package.
Key = tuple[str, str, str]


class Sighting(NamedTuple):
    """What scans of one repository saw of a vulnerability in a package: first and last day, and the last look."""

    first: datetime
    last: datetime
    scan: ScanReport
    finding: ScanFinding


class SeverityCounts(NamedTuple):
    """One scan of a series: `counts` are findings by severity, worst first, each vulnerability and package once."""

    date: str
    tool: str
    scan: str
    image: str
    counts: tuple[tuple[str, int], ...]


class Mended(NamedTuple):
    """A vulnerability that earlier builds had and the newest scans do not show; `days` from first sight to its end."""

    id: str
    package: str
    first_seen: str
    gone_on: str
    days: int


def repositories_of(image: Image) -> tuple[str, ...]:
    """The repositories that the image's names stand in, sorted."""
    return tuple(sorted({image_reference(name).path for name in image.names}))


def made(scan: ScanReport) -> datetime:
    """When a scan was made; before all time where it does not say."""
    return moment(scan.created or "") or _NEVER


def is_dated(scan: ScanReport) -> bool:
    """Whether a scan says when it was made."""
    return made(scan) != _NEVER


def lineages_of(scans: Iterable[ScanReport], images: Images) -> dict[str, tuple[ScanReport, ...]]:
    """Scans by repository, oldest first; an undated one comes before all others."""
    found: dict[str, list[ScanReport]] = {}
    for scan in scans:
        for repository in _repositories(scan, images):
            found.setdefault(repository, []).append(scan)
    return {
        repository: tuple(sorted(group, key=lambda one: (made(one), one.subject.id)))
        for repository, group in sorted(found.items())
    }


def _repositories(scan: ScanReport, images: Images) -> list[str]:
    bound = {
        repository
        for described in scan.digests
        for image in images.by_digest.get(described.digest, ())
        for repository in repositories_of(image)
    }
    is_image = scan.target_type in ("", "container")
    is_reference = (
        is_image and scan.target and not scan.target.startswith(("/", "./", "../")) and not scan.target.endswith(_FILES)
    )
    if not bound and is_reference:
        bound = {image_reference(scan.target).path}
    return sorted(bound)


def sightings_of(
    lineages: Mapping[str, tuple[ScanReport, ...]], names: Names
) -> dict[str, dict[tuple[str, str, str], Sighting]]:
    """First and last sight of every vulnerability, for repositories that were scanned on more than one day."""
    found: dict[str, dict[Key, Sighting]] = {}
    for repository, scans in lineages.items():
        dated = [scan for scan in scans if is_dated(scan)]
        if len({made(scan).date() for scan in dated}) < 2:
            continue
        seen = found.setdefault(repository, {})
        for scan in dated:
            when = made(scan)
            for finding in scan.findings:
                for key in keys_of(finding, names):
                    before = seen.get(key)
                    seen[key] = Sighting(before.first if before else when, when, scan, finding)
    return found


def keys_of(finding: ScanFinding, names: Names) -> tuple[Key, ...]:
    """By what a finding is counted once over scanners and builds."""
    return tuple((one, finding.ecosystem, finding.package) for one in primaries(finding.id, names))


def series(scans: Iterable[ScanReport], names: Names) -> tuple[SeverityCounts, ...]:
    """Severity counts of a lineage by scan, oldest first: what each scanner says of each build."""
    rows = []
    for scan in sorted(filter(is_dated, scans), key=lambda one: (made(one), one.subject.id)):
        worst: dict[tuple[Key, str], str] = {}
        for finding in scan.findings:
            for key in keys_of(finding, names):
                place = (key, finding.version)
                worst[place] = min(worst.get(place, finding.severity), finding.severity, key=SEVERITIES.index)
        counts = tuple((severity, sum(one == severity for one in worst.values())) for severity in SEVERITIES)
        image = scan.digests[0].digest if scan.digests else scan.target
        rows.append(SeverityCounts(made(scan).isoformat(), scan.tool, scan.subject.id, image, counts))
    return tuple(rows)


def mended(scans: Iterable[ScanReport], names: Names) -> tuple[Mended, ...]:
    """What a lineage mended, by id and package: gone from the first scan of the same tool after its last sight."""
    by_tool: dict[str, list[ScanReport]] = {}
    for scan in sorted(filter(is_dated, scans), key=lambda one: (made(one), one.subject.id)):
        if not scan.failed:
            by_tool.setdefault(scan.tool, []).append(scan)
    seen: dict[Key, tuple[datetime, datetime]] = {}
    for history in by_tool.values():
        for key, span in _spans(history, names).items():
            before = seen.get(key)
            seen[key] = (min(before[0], span[0]), max(before[1], span[1])) if before else span
    still = {key for history in by_tool.values() for one in history[-1].findings for key in keys_of(one, names)}
    return tuple(
        Mended(key[0], key[2], first.isoformat(), gone.isoformat(), (gone - first).days)
        for key, (first, gone) in sorted(seen.items())
        if key not in still
    )


def _spans(history: list[ScanReport], names: Names) -> dict[Key, tuple[datetime, datetime]]:
    """First sight, and the first scan after the last one, of what the newest scan of a tool no longer shows."""
    first: dict[Key, datetime] = {}
    last: dict[Key, int] = {}
    for number, scan in enumerate(history):
        for finding in scan.findings:
            for key in keys_of(finding, names):
                first.setdefault(key, made(scan))
                last[key] = number
    return {key: (first[key], made(history[at + 1])) for key, at in last.items() if at + 1 < len(history)}
