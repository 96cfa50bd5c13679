"""Reports of other tools in; their rules as checks of this run, and what they say as observations, out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from compliance.assess.imported import Imported, imported, verdicts_of
from compliance.catalog.ccis import Revision5
from compliance.model.catalog import FrameworkId, Library
from compliance.model.evidence import At
from compliance.model.images import Images
from compliance.model.rule_report import RuleReport, dated, of_image
from compliance.pipeline.judging import location
from compliance.pipeline.observing import REASON_KEPT, Run, RunWriter
from compliance.rendering.text import cut

#: The edition of SP 800-53 that CCIs are followed to.
NIST_EDITION = "5.2.0"


def reports_among(records: Iterable[object], images: Images, as_of: datetime, most: int) -> tuple[RuleReport, ...]:
    """The reports among the records, by path: each about the image in the evidence that it names, and dated.

    `most` is how many days old one may be.
    """
    found = (
        dated(of_image(record, images.images), as_of, most) for record in records if isinstance(record, RuleReport)
    )
    return tuple(sorted(found, key=lambda one: (one.origin.path, one.origin.sha256, one.origin.pointer)))


def rules_of(reports: Iterable[RuleReport], library: Library) -> Imported:
    """The rules of the reports as checks with their rows; none when there is no report."""
    found = tuple(reports)
    if not found:
        return Imported()
    nist = library.frameworks[FrameworkId("nist-800-53"), NIST_EDITION]
    return imported(found, library, Revision5(nist).controls_of)


def observe(reports: Iterable[RuleReport], rules: Imported, path: Path) -> Run:
    """What each report says of its target, as observations of the checks that its rules became."""
    checks = {str(check.id): check for check in rules.checks}
    out = RunWriter()
    for report in reports:
        for key, verdict in verdicts_of(report):
            shown = [location(at, None) for at in verdict.at] or [location(At(report.origin, ""), None)]
            out.add(checks[key], report.subject, verdict.outcome, cut(verdict.reason, REASON_KEPT), shown)
    return out.write(path)
