"""The assessment in, what a person with ten minutes is told out: sentences made from the data alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compliance.model.assessment import (
    EvidenceFile,
    EvidenceState,
    FrameworkResult,
    Population,
    StatusCounts,
    Summary,
)
from compliance.model.attestation import Trust
from compliance.model.configuration import Configuration
from compliance.model.evidence import Subject, SubjectType
from compliance.model.outcome import Reason
from compliance.model.proof_report import NO_SCANS, AttestationRow, VulnerabilityReport
from compliance.rendering.text import count, cut

_HANDED_IN = "images handed in"
#: Characters kept of the name of an image: no registry takes a longer one.
_NAME_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the evidence holds.

    `images` are the references that workloads name, sorted; `handed_in` counts the images that were
    read, and `unseen` are the references of which none was.
    """

    subjects: tuple[Subject, ...]
    images: tuple[str, ...]
    handed_in: int
    unseen: tuple[str, ...]
    evidence: tuple[EvidenceFile, ...]
    attestations: tuple[AttestationRow, ...] = ()
    vulnerabilities: VulnerabilityReport = NO_SCANS


def population(seen: Seen, configuration: Configuration) -> tuple[Population, ...]:
    """What was expected, what was handed in, and what was never seen."""
    expected = configuration.expected
    workloads = [subject for subject in seen.subjects if subject.type is SubjectType.WORKLOAD]
    namespaces = sorted(
        {subject.namespace for subject in seen.subjects if subject.namespace}
        | {subject.name for subject in seen.subjects if subject.type is SubjectType.NAMESPACE}
    )
    parts = (
        _part("namespaces", namespaces, expected.namespaces),
        _part("workloads", [subject.id for subject in workloads], expected.workloads),
        _part("images named by workloads", list(seen.images), expected.images),
        _handed_in(seen),
    )
    if not expected.clusters:
        return parts
    # Kubernetes objects do not say from which cluster they were taken
    source = "compliance.yaml, expected; objects do not name their cluster, so a person has to confirm it"
    clusters = Population(
        what="clusters",
        seen=0,
        expected=len(expected.clusters),
        missing=tuple(sorted(expected.clusters)),
        source=source,
    )
    return (*parts, clusters)


def _handed_in(seen: Seen) -> Population:
    """Images whose bytes or configuration were handed in, against those that workloads name."""
    return Population(
        what=_HANDED_IN,
        seen=seen.handed_in,
        expected=len(seen.images) if seen.images else None,
        missing=tuple(cut(name, _NAME_KEPT) for name in seen.unseen),
        source="the workloads handed in" if seen.images else "no workload handed in names an image",
    )


def _part(what: str, seen: Sequence[str], expected: Sequence[str]) -> Population:
    if not expected:
        return Population(
            what=what,
            seen=len(seen),
            expected=None,
            missing=(),
            source="nobody said how many there are; state it under expected: in compliance.yaml",
        )
    known = set(seen)
    return Population(
        what=what,
        seen=len(seen),
        expected=len(expected),
        missing=tuple(sorted(name for name in expected if name not in known)),
        source="compliance.yaml, expected",
    )


def summarise(
    results: Sequence[FrameworkResult],
    seen: Seen,
    parts: Sequence[Population],
    configuration: Configuration,
    as_of: str,
) -> Summary:
    """Five sentences (what was seen, holds, does not hold, nobody can say, expires next) and the warnings."""
    return Summary(
        sentences=(
            _seen(seen, parts),
            _holds(results),
            _fails(results),
            _open(results),
            _expires(configuration, as_of),
        ),
        warnings=tuple(_warnings(results, seen, configuration, as_of)),
    )


def _seen(seen: Seen, parts: Sequence[Population]) -> str:
    states = [file.state for file in seen.evidence]
    read = states.count(EvidenceState.READ)
    counts = {part.what: part.seen for part in parts}
    text = (
        f"We read {read:,} of {count(len(states), 'file')} handed in; they describe "
        f"{count(counts['workloads'], 'workload')} in {count(counts['namespaces'], 'namespace')}"
    )
    if seen.handed_in:
        text += f" and {count(seen.handed_in, 'image')}"
    stated = [part for part in parts if part.expected is not None and part.what not in ("clusters", _HANDED_IN)]
    if not stated:
        return text + ", and nobody stated how many there ought to be."
    missing = sum(len(part.missing) for part in stated)
    total = sum(part.expected or 0 for part in stated)
    if not missing:
        return f"{text}, and all of the {count(total, 'name')} expected are among them."
    return f"{text}; {missing:,} of the {total:,} expected names {'was' if missing == 1 else 'were'} never seen."


def _each(results: Iterable[FrameworkResult], pick: str) -> str:
    texts = [
        f"{_get(result.counts, pick):,} of {result.counts.total:,} in {result.framework.title}" for result in results
    ]
    return ", ".join(texts)


def _get(counts: StatusCounts, pick: str) -> int:
    value: int = getattr(counts, pick)
    return value


def _holds(results: Sequence[FrameworkResult]) -> str:
    return f"Controls that the evidence proves: {_each(results, 'satisfied')}."


def _fails(results: Sequence[FrameworkResult]) -> str:
    return f"Controls that the evidence refutes: {_each(results, 'not_satisfied')}."


def _open(results: Sequence[FrameworkResult]) -> str:
    partly = sum(result.counts.partly_shown for result in results)
    return (
        f"Controls on which nobody can say yet: {_each(results, 'not_reviewed')}; "
        f"for {partly:,} of these the automated part already holds."
    )


def _expires(configuration: Configuration, as_of: str) -> str:
    dates = sorted(
        [(review.expires[:10], f"the review of {review.control}") for review in configuration.reviews]
        + [(deviation.expires[:10], f"deviation {deviation.id}") for deviation in configuration.deviations]
    )
    coming = [(date, what) for date, what in dates if date >= as_of[:10]]
    if not coming:
        return "Nothing in this packet carries an expiry date that lies ahead."
    date, what = coming[0]
    return f"Next to expire: {what}, on {date}."


def _of_proof(seen: Seen) -> Iterable[str]:
    """Signatures that do not hold, and vulnerabilities that should have been mended by now."""
    invalid = sorted({row.place.path for row in seen.attestations if row.attestation.trust is Trust.INVALID})
    if invalid:
        names = f"{', '.join(cut(path, _NAME_KEPT) for path in invalid[:3])}{' ...' if len(invalid) > 3 else ''}"
        yield f"Signatures that do not hold stand in {count(len(invalid), 'file')} ({names})."
    report = seen.vulnerabilities
    if report.overdue or report.kev:
        yield (
            f"{report.overdue:,} of {count(report.counts.open, 'open vulnerability', 'open vulnerabilities')} "
            f"{'is' if report.overdue == 1 else 'are'} past the day of mending, and {report.kev:,} "
            f"{'is' if report.kev == 1 else 'are'} known to be exploited."
        )
    if report.unscanned and report.images:
        total = len(report.unscanned)
        yield f"{count(total, 'image')} handed in {'has' if total == 1 else 'have'} no scan that can be used."


def _warnings(
    results: Sequence[FrameworkResult], seen: Seen, configuration: Configuration, as_of: str
) -> Iterable[str]:
    unreadable = [file for file in seen.evidence if file.state is EvidenceState.UNREADABLE]
    broken = [file for file in seen.evidence if file.state is EvidenceState.READ and file.problems]
    if unreadable or broken:
        names = ", ".join(file.path for file in (*unreadable, *broken)[:3])
        total = len(unreadable) + len(broken)
        yield f"{count(total, 'file')} could not be read in whole or in part ({names}{' ...' if total > 3 else ''})."
    yield from _of_proof(seen)
    unknown = sum(1 for file in seen.evidence if file.state is EvidenceState.UNRECOGNISED)
    if unknown:
        verb = "is" if unknown == 1 else "are"
        yield f"{count(unknown, 'file')} handed in {verb} of a kind this version does not judge."
    stale = sum(1 for result in results for finding in result.findings if finding.reason is Reason.STALE)
    if stale:
        yield f"{count(stale, 'control')} {'rests' if stale == 1 else 'rest'} on a review that has expired."
    lapsed = [deviation.id for deviation in configuration.deviations if deviation.expires[:10] < as_of[:10]]
    if lapsed:
        yield f"Expired deviations, open again: {', '.join(lapsed)}."
    if not configuration.parameters.kubernetes_stated:
        version = configuration.parameters.kubernetes
        yield (
            f"The Kubernetes version was not stated; rules of {version} were applied "
            "(kubernetes.version in compliance.yaml)."
        )
