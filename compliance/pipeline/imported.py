"""Reports of other tools in; their rules as checks of this run, and what they say as observations, out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from compliance.assess.imported import Imported, imported, verdicts_of
from compliance.catalog.ccis import Revision5
from compliance.model.catalog import ControlId, FrameworkId, Library
from compliance.model.check import CheckId, listed
from compliance.model.cluster import Cluster
from compliance.model.evidence import UNSEEN_NODES
from compliance.model.flags import shown
from compliance.model.hosts import Hosts
from compliance.model.images import Images
from compliance.model.outcome import Outcome
from compliance.model.rule_report import RuleReport, check_id, dated, of_image
from compliance.model.unseen_nodes import HOSTNAME, nodes_to_see, unseen
from compliance.pipeline.judging import Locate, lines_of_failures, location, places_of
from compliance.pipeline.observing import REASON_KEPT, LocationLine, Run, RunWriter
from compliance.pipeline.registered import checks
from compliance.rendering.text import cut

#: The edition of SP 800-53 that CCIs are followed to.
NIST_EDITION = "5.2.0"
#: Nodes that one gap points at.
_PLACES = 20
_Place = tuple[FrameworkId, str, ControlId]


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


def observe(reports: Sequence[RuleReport], rules: Imported, gaps: Mapping[str, Gap], locate: Locate, path: Path) -> Run:
    """What each report says of its target, as observations of the checks that its rules became.

    `gaps` are nodes that neither a report nor anything else speaks of, by check: of a rule that passes on one node
    nothing is known of the others.
    """
    known = {str(check.id): check for check in rules.checks}
    out = RunWriter()
    for report in reports:
        said = list(verdicts_of(report))
        lines = lines_of_failures([verdict for _, verdict in said], locate)
        for key, verdict in said:
            reason = cut(verdict.reason, REASON_KEPT)
            out.add(known[key], report.subject, verdict.outcome, reason, places_of(verdict, lines))
    for key, gap in gaps.items():
        out.add(known[key], UNSEEN_NODES, Outcome.NOT_CHECKED, cut(gap.reason, REASON_KEPT), gap.places)
    return out.write(path)


class Gap(NamedTuple):
    """In words, which nodes a rule was not reported of, and the places of their objects."""

    reason: str
    places: Sequence[LocationLine]


def gaps_of(
    reports: Iterable[RuleReport], rules: Imported, library: Library, cluster: Cluster, hosts: Hosts
) -> Mapping[str, Gap]:
    """By imported check, the nodes that nobody looked at; only of controls that our own checks ask of every node."""
    if not cluster.nodes or not rules.mappings:
        return {}
    subjects = {check.id: check.subject for check in checks()}
    asked: dict[_Place, set[type]] = defaultdict(set)
    for row in library.check_mappings:
        if row.check in subjects:
            asked[row.framework, row.edition, row.control].add(subjects[CheckId(row.check)])
    told: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        for result in report.results:
            told[check_id(report, result)].add(report.subject.name)
    answered: dict[_Place, set[str]] = defaultdict(set)
    for row in rules.mappings:
        answered[row.framework, row.edition, row.control] |= told[row.check]
    gaps: dict[_Place, Gap | None] = {}
    found: dict[str, Gap] = {}
    for row in rules.mappings:
        place = (row.framework, row.edition, row.control)
        if place not in gaps:
            types = frozenset(asked.get(place, ()))
            gaps[place] = _missing(types, answered[place], cluster, hosts)
        if (gap := gaps[place]) is not None:
            found.setdefault(row.check, gap)
    return found


def _missing(types: frozenset[type], told: set[str], cluster: Cluster, hosts: Hosts) -> Gap | None:
    """The nodes of some types of subjects that neither `told`, names of hosts, nor the evidence holds anything of."""
    if not types or not all(nodes_to_see(cluster, one) for one in types):
        return None
    nodes = {node.header.name: node for one in types for node in unseen(nodes_to_see(cluster, one), hosts, one)}
    left = [
        node
        for name, node in sorted(nodes.items())
        if name not in told and node.header.labels.get(HOSTNAME) not in told
    ]
    if not left:
        return None
    names = listed(shown(node.header.name) for node in left)
    words = f"no report was handed in, nor anything else, of {len(left):,} of {len(cluster.nodes):,} nodes: {names}"
    return Gap(words, [location(node.header.at(), None) for node in left[:_PLACES]])
