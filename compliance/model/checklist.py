"""STIG checklists: what every checklist format says of one asset and one STIG, rule by rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from compliance.model.evidence import Subject
from compliance.model.outcome import Outcome

#: Stands at the end of the comments of every rule that we write, so that a checklist of ours is known again.
WRITTEN_BY = "Written by compliance"
#: What XCCDF results of ours name as the system that made them, before its version.
TEST_SYSTEM = "compliance:"
_EDITION = re.compile(r"V([0-9]{1,4})R([0-9]{1,4})")
_RELEASE_INFO = re.compile(r"Release: [0-9]+ Benchmark Date: (.+)")


class Stig(NamedTuple):
    """A STIG as clients know it.

    `id` is DISA's id without a name space (`Kubernetes_STIG`). `edition` is its release (`V2R6`), `date` the day of it
    as DISA writes it (`01 Apr 2026`); both are empty text where nothing tells. `rules` counts the rules of the whole
    STIG, None where we have seen only those that were evaluated.
    """

    id: str
    title: str
    edition: str
    date: str
    rules: int | None

    @property
    def version(self) -> str:
        """The number of the version; empty text where the release is not known."""
        found = _EDITION.fullmatch(self.edition)
        return found[1] if found else ""

    @property
    def release(self) -> str:
        """The number of the release; empty text where it is not known."""
        found = _EDITION.fullmatch(self.edition)
        return found[2] if found else ""

    @property
    def release_info(self) -> str:
        """`Release: 6 Benchmark Date: 01 Apr 2026`, always with a blank after the number; empty text if not known."""
        return f"Release: {self.release} Benchmark Date: {self.date}" if self.release else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistRule:
    """One rule of a STIG and its answer.

    `vuln_id`, `rule_id`, `stig_id` and `srg` are DISA's ids (`V-242376`, `SV-242376r960759_rule`, `CNTR-K8-000150`,
    `SRG-APP-000014-CTR-000035`), empty text where not known; `rule_id` is always there. `severity` is `high`, `medium`
    or `low`. `nist` are controls of SP 800-53 as they are printed (`AC-6(10)`). `details` say what was seen and where,
    `comments` why the answer is what it is; plain text, of any length.
    """

    vuln_id: str
    rule_id: str
    stig_id: str
    srg: str
    title: str
    discussion: str
    check: str
    fix: str
    severity: str
    ccis: tuple[str, ...]
    nist: tuple[str, ...]
    outcome: Outcome
    details: str
    comments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """One asset and one STIG. Rules are in the STIG's own order, else sorted by id; each rule id stands once.

    `asset` is the name that clients know the asset by, at most ASSET_NAME characters; `stem` is that of its files,
    unlike those of all other checklists. `image` is its digest where the asset is an image, else empty text.
    `remarks` are sentences about the whole. `made` is when it was judged (ISO 8601, UTC).
    """

    stem: str
    asset: str
    subject: Subject
    image: str
    stig: Stig
    rules: tuple[ChecklistRule, ...]
    remarks: tuple[str, ...]
    made: str
    warnings: tuple[str, ...] = ()


#: Characters of an asset's name. Source: stig-manager-client-modules 1.6.7, ReviewParser.js.
ASSET_NAME = 255


def release_date(release_info: str) -> str:
    """The day in DISA's text on a release; empty text where there is none."""
    found = _RELEASE_INFO.fullmatch(release_info)
    return found[1] if found else ""
