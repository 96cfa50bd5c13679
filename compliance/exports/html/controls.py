"""Frameworks, checks and controls as columns of the data block of packet.html."""

from __future__ import annotations

from compliance.model.assessment import Assessment, Finding
from compliance.model.counts import Counts
from compliance.rendering.links import Links
from compliance.rendering.states import CONTROL_STATES, REASON_WORDS, state_of
from compliance.rendering.text import clean, cut

_LONGEST = 2_000
#: Controls of other frameworks named with one control.
MOST_RELATED = 60


def _plain(text: str) -> str:
    return cut(clean(text), _LONGEST)


def counts_row(counts: Counts) -> list[int]:
    """Fail, error, not checked, pass, not applicable."""
    return [counts.failed, counts.error, counts.not_checked, counts.passed, counts.not_applicable]


def frameworks_table(assessment: Assessment) -> list[dict[str, object]]:
    """Each framework with the titles of its sections."""
    return [
        {
            "id": str(result.framework.id),
            "edition": _plain(result.framework.edition),
            "title": _plain(result.framework.title),
            "sections": {section.id: _plain(section.title) for section in result.framework.sections},
        }
        for result in assessment.results
    ]


def checks_table(assessment: Assessment, links: Links) -> dict[str, object]:
    """Every check with its counts over all subjects."""
    results = assessment.checks
    actions = [links.actions.get(str(result.check.id)) for result in results]
    return {
        "id": [str(result.check.id) for result in results],
        "title": [_plain(result.check.title) for result in results],
        "severity": [result.check.severity.value for result in results],
        "revision": [result.check.revision for result in results],
        "fix": [_plain(result.check.fix) for result in results],
        "doc": [_plain(result.check.doc) for result in results],
        "counts": [counts_row(result.counts) for result in results],
        "action": [action.id if action else "" for action in actions],
    }


def controls_table(assessment: Assessment, links: Links) -> dict[str, object]:
    """Every control of every framework, in order; `state` counts in the states of `states`."""
    numbers = {str(result.check.id): number for number, result in enumerate(assessment.checks)}
    keys = [(str(f.framework), str(f.control)) for result in assessment.results for f in result.findings]
    places = {key: number for number, key in enumerate(keys)}
    frameworks = {str(result.framework.id): number for number, result in enumerate(assessment.results)}
    found = [links.findings[key] for key in keys]
    controls = [links.controls[key] for key in keys]
    states = {state.key: number for number, state in enumerate(CONTROL_STATES)}
    return {
        "states": [[state.key, state.word, state.glyph] for state in CONTROL_STATES],
        "framework": [frameworks[framework] for framework, _ in keys],
        "id": [_plain(control) for _, control in keys],
        "title": [_plain(f.title) for f in found],
        "section": [f.section for f in found],
        "state": [states[state_of(f).key] for f in found],
        "why": [REASON_WORDS[f.reason] if f.reason else "" for f in found],
        "because": [_plain(f.because) for f in found],
        "shown": [_plain(f.shown) for f in found],
        "missing": [_plain(f.missing) for f in found],
        "judged": [f.judged_by for f in found],
        "responsibility": [_plain(f.responsibility) for f in found],
        "counts": [counts_row(f.counts) for f in found],
        "checks": [_checks_of(f, numbers) for f in found],
        "requests": [[links.requests[kind] for kind in f.evidence_missing if kind in links.requests] for f in found],
        "wants": [[_kind(assessment, kind) for kind in f.evidence_missing] for f in found],
        "review": [_review(f) for f in found],
        "deviations": [[_plain(one) for one in f.deviations] for f in found],
        "level": [_plain(" ".join(filter(None, (c.level, c.label)))) for c in controls],
        "asks": [_plain(c.asks) for c in controls],
        "remediation": [_plain(c.remediation.text) for c in controls],
        "example": [_plain(c.remediation.example) for c in controls],
        "related": [
            [[places[one.framework, one.control], one.how] for one in links.related[key][:MOST_RELATED]] for key in keys
        ],
        "related_total": [len(links.related[key]) for key in keys],
    }


def _checks_of(finding: Finding, numbers: dict[str, int]) -> list[list[object]]:
    return [
        [numbers[part.check], part.coverage, _plain(part.rationale), _plain(part.source)]
        for part in finding.checks
        if part.check in numbers
    ]


def _kind(assessment: Assessment, kind: str) -> str:
    known = assessment.evidence_kinds.get(kind)
    return _plain(known.title) if known else kind


def _review(finding: Finding) -> list[str]:
    review = finding.review
    if review is None:
        return []
    return [_plain(one) for one in (review.status, review.reviewer, review.date, review.expires, review.statement)]
