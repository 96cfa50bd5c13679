"""An image and its scans in; the scans that speak of it today, how firmly they are bound to it, and their age, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compliance.model.image import Image
from compliance.model.images import Bound
from compliance.model.scan_lineage import is_dated, made
from compliance.model.supply_chain import ScanMatch, SupplyChain
from compliance.model.times import is_after
from compliance.model.vulnerability import ScanReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """The newest usable scan of each scanner and configuration, all bound in one way; newest first.

    `by` is None without a scan. `broken` are scans that bear the image's name and another digest. `unusable` are those
    that failed, or are dated after the assessment. `incomplete` says why the lack of a finding proves nothing.
    """

    scans: tuple[ScanReport, ...]
    by: Bound | None
    broken: tuple[ScanMatch, ...]
    unusable: tuple[ScanReport, ...]

    @property
    def newest(self) -> ScanReport | None:
        """The scan of the latest date."""
        return self.scans[0] if self.scans else None

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Why nothing found may mean nothing seen, in any of the scans."""
        return tuple(dict.fromkeys(words for scan in self.scans for words in scan.incomplete))


def is_future(scan: ScanReport, as_of: datetime) -> bool:
    """Whether a scan is dated after the assessment."""
    return is_after(made(scan), as_of)


def scanned(image: Image, chain: SupplyChain, as_of: datetime) -> Scanned:
    """The scans that count for an image: those bound most firmly, and of each scanner its newest."""
    matches = chain.scans_of(image)
    broken = tuple(match for match in matches if match.contradiction)
    sound = [match for match in matches if not match.contradiction]
    unusable = tuple(match.scan for match in sound if match.scan.failed or is_future(match.scan, as_of))
    usable = [match for match in sound if not match.scan.failed and not is_future(match.scan, as_of)]
    by = next((bound for bound in Bound if any(match.by is bound for match in usable)), None)
    newest: dict[tuple[str, str], ScanReport] = {}
    for match in usable:
        key = (match.scan.tool.lower(), match.scan.settings)
        before = newest.get(key)
        if match.by is by and (before is None or made(match.scan) > made(before)):
            newest[key] = match.scan
    ordered = sorted(
        newest.values(), key=lambda scan: (-made(scan).timestamp() if is_dated(scan) else 0.0, scan.subject.id)
    )
    return Scanned(scans=tuple(ordered), by=by, broken=broken, unusable=unusable)
