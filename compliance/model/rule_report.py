"""What other tools and people judged, rule by rule: OpenSCAP and XCCDF results, kube-bench, checklists, HDF.

Each rule becomes a check of its own at run time, named after its tool (`openscap:sshd_disable_root_login`); the
references that the rule carries join it to controls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.image import Image
from compliance.model.outcome import Outcome, Severity
from compliance.model.times import is_after, moment


class RefersTo(Enum):
    """What a reference of a rule names. The value is what the packet prints."""

    CCI = "CCI"
    NIST_800_53_R4 = "NIST SP 800-53 rev. 4"
    NIST_800_53_R5 = "NIST SP 800-53 rev. 5"
    SRG = "SRG id"
    STIG_ID = "STIG id"
    VULN_ID = "STIG group id"
    STIG_RULE = "STIG rule id"
    CIS = "CIS benchmark item"


class Reference(NamedTuple):
    """An id of another list that a rule answers to.

    `value` is the id as that list writes it (`CCI-000366`, `AC-6(10)`, `SRG-OS-000480-GPOS-00227`, `UBTU-22-411035`,
    `V-242376`, `SV-242376r960759_rule`, `1.2.1`). For a CIS item `framework` is our id of the benchmark
    and `edition` the edition that the number is of, once translated; both are empty text otherwise.
    """

    system: RefersTo
    value: str
    framework: str = ""
    edition: str = ""


class RuleResult(NamedTuple):
    """What was found for one rule on one target.

    `rule` is the id without its name space (`sshd_disable_root_login`, `1.2.1`, `V-242376`). `said` is the word of
    the source (`notapplicable`). `reason` is a sentence for an auditor with what was seen. `fix` may be empty.
    `at` is the pointer of the result in the document.
    """

    rule: str
    title: str
    severity: Severity
    outcome: Outcome
    said: str
    reason: str
    references: tuple[Reference, ...]
    fix: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """All results of one run of a tool, or of one checklist, on one target.

    `source` names the family of the checks that its rules become: `openscap`, `xccdf`, `kube-bench`,
    `docker-bench`, `ckl`, `cklb`, `hdf`. `subject` is the target: an image by digest where the report proves one, a
    host, or the cluster. `target` is its name as written. `benchmark` is the id
    (`xccdf_org.ssgproject.content_benchmark_...`, `cis-1.12`), `edition` its version (`V2R6`, `0.1.76`). Times are
    ISO 8601, empty text where not told.
    `by_person` is true of checklists, whose verdicts a person may have written; `person` names who, where told.
    `unsound` says in words why nothing in it counts (every rule not applicable, wrong operating system, the run
    broke off); empty text for a sound one. Of an unsound report every outcome is NOT_CHECKED or ERROR.
    `content_sha256` is that of the content that was evaluated, where known. `not_selected` counts rules that the
    content has and the profile left out: nobody looked, so they are no results. `stig_edition` is the release of the
    STIG that the profile says it follows (`V2R1`), where it does.
    """

    origin: Origin
    subject: Subject
    source: str
    tool: str
    tool_version: str
    benchmark: str
    benchmark_title: str
    edition: str
    profile: str
    target: str
    started: str
    ended: str
    by_person: bool
    person: str
    unsound: str
    content_sha256: str
    results: tuple[RuleResult, ...]
    not_selected: int = 0
    stig_edition: str = ""


def check_id(report: RuleReport, result: RuleResult) -> str:
    """The id of the check that a rule becomes."""
    return f"{report.source}:{result.rule}"


def of_image(report: RuleReport, images: Iterable[Image]) -> RuleReport:
    """The report about the image that is in the evidence, where the digest of its target is one of that image's.

    Tools name images by the digest of manifest or list, this product by the configuration's. A list over platforms
    that several of the images stand in does not say which of them was looked at: nothing is joined then.
    """
    digest = report.subject.digest
    if report.subject.type is not SubjectType.IMAGE or digest is None:
        return report
    known = {
        image.subject.id: image.subject
        for image in images
        if digest in (image.digests.config, image.digests.manifest, image.digests.index)
    }
    return replace(report, subject=next(iter(known.values()))) if len(known) == 1 else report


def dated(report: RuleReport, as_of: datetime, most: int) -> RuleReport:
    """The report, as one of which nothing counts where it is more than `most` days old, or of a day still to come.

    A report that states no date, as kube-bench's, is left as it is.
    """
    told = report.ended or report.started
    when = moment(told)
    if when is None or report.unsound:
        return report
    days = (as_of - when).days
    if is_after(when, as_of):
        return _unsound(report, f"it is of {told[:10]}, a day after that of this assessment")
    if days > most:
        return _unsound(report, f"it is of {told[:10]}, {days:,} days old; at most {most:,} are agreed")
    return report


def _unsound(report: RuleReport, why: str) -> RuleReport:
    """The same report with nothing in it decided."""
    open_ = (
        one if one.outcome is Outcome.ERROR else one._replace(outcome=Outcome.NOT_CHECKED) for one in report.results
    )
    return replace(report, unsound=why, results=tuple(open_))
