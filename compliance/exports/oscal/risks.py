"""Vulnerabilities in OSCAL: a risk for each in a package of an image: what weighs, until when, what mitigates.

OSCAL's own words for likelihood and impact are not filled in: nobody stated them. The facets are ours, and the
statement says what each rests on; an answer that nobody knows is called unknown and counts as the worse case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compliance.exports.oscal.identity import NS, Ids, prop
from compliance.exports.oscal.parts import evidence_uuid, some, tool_uuid
from compliance.exports.oscal.wording import line, prose, string
from compliance.model.assessment import Assessment
from compliance.model.vulnerability_items import State, VulnerabilityItem
from compliance.rendering.proof import epss_words, severity_words, total_words

Json = dict[str, Any]

#: Risks of each state; all vulnerabilities are in vulnerabilities.jsonl. Keeps the file importable
#: (OSCAL Hub takes 10 MB by default) however large the system is.
RISKS_KEPT = {State.OPEN: 1_000, State.VEX_SUPPRESSED: 300, State.DEVIATED: 200}
#: OSCAL's status for each of our states; what is fixed is no risk any more.
#: Source: OSCAL 1.2.3, risk-status.
_STATUS = {State.OPEN: "open", State.VEX_SUPPRESSED: "closed", State.DEVIATED: "deviation-approved"}


def kept(assessment: Assessment) -> tuple[VulnerabilityItem, ...]:
    """The vulnerabilities that have a risk: open ones first, overdue before others."""
    rows = assessment.vulnerabilities.kept
    return tuple(item for state, most in RISKS_KEPT.items() for item in rows.get(state, ())[:most])


def risks(assessment: Assessment, ids: Ids) -> Iterator[Json]:
    """One risk for each vulnerability in a package of an image, in order."""
    files = {(file.path, file.sha256) for file in assessment.evidence}
    deviations = {one.id: f"{one.type} of {one.owner}: {one.rationale}" for one in assessment.deviations}
    for item in kept(assessment):
        yield _risk(assessment, ids, item, files, deviations.get(item.deviation, ""))


def counted(assessment: Assessment) -> list[Json]:
    """How many vulnerabilities there are in each state, as properties of the result; none without a scan."""
    if not assessment.vulnerabilities.scans:
        return []
    counts = assessment.vulnerabilities.counts
    numbers = {
        "raw": counts.raw,
        "open": counts.open,
        "vex-suppressed": counts.vex_suppressed,
        "deviated": counts.deviated,
        "fixed": counts.fixed,
    }
    return [
        {"name": "vulnerabilities", "ns": NS, "value": str(value), "class": name} for name, value in numbers.items()
    ]


def remarks(assessment: Assessment) -> str:
    """How many are listed and where the rest stands; empty text without a scan."""
    report = assessment.vulnerabilities
    if not report.scans:
        return ""
    listed = len(kept(assessment))
    total = report.counts.raw - report.counts.fixed
    cut = f"{listed} of {total} are listed as risks; all stand in vulnerabilities.jsonl of the packet."
    return prose(f"Vulnerabilities: {total_words(report)}.", cut, report.regime)


def _names(item: VulnerabilityItem) -> tuple[str, ...]:
    return (item.id, item.ecosystem, item.package, item.version, item.image)


def _risk(
    assessment: Assessment, ids: Ids, item: VulnerabilityItem, files: set[tuple[str, str]], deviation: str
) -> Json:
    places = {(at.origin.path, at.origin.sha256) for at in item.at} & files
    weighs = (
        f"Known to be exploited: {item.kev.answer.value} ({item.kev.because}).",
        f"Likely to be exploited: {item.exploitable.answer.value} ({item.exploitable.because}).",
        f"Reachable from outside: {item.exposed.answer.value} ({item.exposed.because}).",
        f"In use: {item.active.answer.value} ({item.active.because}).",
    )
    overdue = f"Overdue by {item.overdue_days} days." if item.overdue_days else ""
    return some(
        uuid=ids("risk", *_names(item)),
        title=line(f"{item.id} in {item.package} {item.version}"),
        description=prose(f"{item.id} ({severity_words(item)}) in {item.package} {item.version} of {item.image}."),
        statement=prose(*weighs, item.due_because, overdue),
        props=_props(ids, item),
        links=[{"href": f"#{evidence_uuid(ids, sha256, path)}", "rel": "evidence"} for path, sha256 in sorted(places)],
        status=_STATUS[item.state],
        characterizations=[
            {
                "origin": {"actors": [{"type": "tool", "actor-uuid": tool_uuid(ids, assessment)}]},
                "facets": _facets(item),
            }
        ],
        mitigating_factors=_mitigating(ids, item, deviation),
        deadline=f"{item.due}T23:59:59Z" if item.due else "",
        remediations=_remediation(ids, item),
    )


def _props(ids: Ids, item: VulnerabilityItem) -> list[Json]:
    return (
        prop("vulnerability", string(item.id))
        + prop("state", item.state.value)
        + prop("image", string(item.image))
        + prop("image-component", ids("component", item.image))
        + prop("package", string(item.package))
        + prop("package-version", string(item.version))
        + prop("scanners", string(", ".join(item.sources)))
        + prop("joined", item.bound.value)
        + prop("first-seen", item.first_seen)
        + prop("overdue-days", str(item.overdue_days))
        + prop("regime", item.regime)
    )


def _facets(item: VulnerabilityItem) -> list[Json]:
    values = {
        "severity": item.severity,
        "cvss-base-score": "" if item.cvss is None else f"{item.cvss / 10:.1f}",
        "known-exploited": item.kev.answer.value,
        "epss": "" if item.epss is None else epss_words(item),
        "likely-exploited": item.exploitable.answer.value,
        "exposed": item.exposed.answer.value,
        "active": item.active.answer.value,
    }
    return [{"name": name, "system": NS, "value": value} for name, value in values.items() if value]


def _mitigating(ids: Ids, item: VulnerabilityItem, deviation: str) -> list[Json]:
    """What a statement or a deviation says against the risk; one that only confirms it mitigates nothing."""
    found = []
    if item.vex is not None and item.vex.suppresses:
        vex = item.vex
        reason = vex.justification.replace("_", " ") or vex.impact or "no justification"
        words = f"VEX of {vex.author}, {vex.stated[:10]}: {vex.status.replace('_', ' ')}, {reason}"
        found.append({"uuid": ids("mitigating-vex", *_names(item)), "description": prose(words)})
    if deviation:
        words = f"Deviation {item.deviation}, {deviation}"
        found.append({"uuid": ids("mitigating-deviation", *_names(item)), "description": prose(words)})
    return found


def _remediation(ids: Ids, item: VulnerabilityItem) -> list[Json]:
    if not item.fixed_in or item.state is not State.OPEN:
        return []
    return [
        {
            "uuid": ids("remediation", *_names(item)),
            "lifecycle": "recommendation",
            "title": line(f"Update {item.package} to {item.fixed_in}"),
            "description": prose(f"Rebuild the image with {item.package} {item.fixed_in} or later, and deploy it."),
        }
    ]
