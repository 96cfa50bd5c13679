"""Attestations and vulnerabilities as people's formats print them: states, words on one row, rows of tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from compliance.model.attestation import Trust
from compliance.model.deadlines import Answer
from compliance.model.image_report import ImageReport
from compliance.model.proof_report import AttestationRow, ImageVulnerabilities, VulnerabilityReport
from compliance.model.vulnerability_items import State as ItemState
from compliance.model.vulnerability_items import VulnerabilityItem
from compliance.rendering.states import NOT_CHECKED, NOT_SATISFIED, PART_SHOWN, SATISFIED, State
from compliance.rendering.text import number


def _state(like: State, word: str, means: str) -> State:
    return State(key=like.key, word=word, glyph=like.glyph, shape=like.shape, fill=like.fill, means=means)


#: In the order of tables: what needs an answer first.
TRUST_STATES = {
    Trust.INVALID: _state(NOT_SATISFIED, Trust.INVALID.value, "There is a signature, and it does not hold."),
    Trust.SIGNED_UNTRUSTED: _state(
        PART_SHOWN,
        Trust.SIGNED_UNTRUSTED.value,
        "The signature holds, and nobody whom the organisation trusts made it.",
    ),
    Trust.PRESENT_UNSIGNED: _state(
        PART_SHOWN, Trust.PRESENT_UNSIGNED.value, "The statement is there; nobody signed it."
    ),
    Trust.NOT_CHECKED: _state(
        NOT_CHECKED,
        Trust.NOT_CHECKED.value,
        "Nobody is named who may sign, or this version does not verify the format.",
    ),
    Trust.VERIFIED: _state(
        SATISFIED, Trust.VERIFIED.value, "The signature was verified offline, and somebody trusted made it."
    ),
}
ITEM_STATES = {
    ItemState.OPEN: _state(NOT_SATISFIED, ItemState.OPEN.value, "Nothing in the evidence answers it."),
    ItemState.VEX_SUPPRESSED: _state(
        PART_SHOWN, ItemState.VEX_SUPPRESSED.value, "A statement of an allowed author says why it does not count."
    ),
    ItemState.DEVIATED: _state(PART_SHOWN, ItemState.DEVIATED.value, "A recorded deviation covers it."),
    ItemState.FIXED: _state(SATISFIED, ItemState.FIXED.value, "An earlier build had it, and the newest scan does not."),
}


def trusts(rows: Iterable[AttestationRow]) -> tuple[tuple[State, int], ...]:
    """How many attestations have each state, only those that occur."""
    counted = Counter(row.attestation.trust for row in rows)
    return tuple((state, counted[trust]) for trust, state in TRUST_STATES.items() if counted[trust])


def by_trust(rows: Iterable[AttestationRow]) -> tuple[AttestationRow, ...]:
    """What does not hold first, then by what is unproven, then what is verified."""
    order = list(TRUST_STATES)
    return tuple(sorted(rows, key=lambda row: (order.index(row.attestation.trust), row.place.path, row.place.pointer)))


def scanned_ranked(report: VulnerabilityReport) -> tuple[ImageVulnerabilities, ...]:
    """Images with what is overdue first, then with what is exploited, then by severity and name."""
    return tuple(
        sorted(
            report.images,
            key=lambda row: (-row.overdue, -row.kev, *(-value for _, value in row.severities), row.name, row.image),
        )
    )


def answer_words(answer: Answer) -> str:
    """An answer, and how it counts when nobody knows."""
    return "not known, counts as yes" if answer is Answer.UNKNOWN else answer.value


def epss_words(item: VulnerabilityItem) -> str:
    """`94.10 %`; a dash where nobody states one, which is not zero."""
    return "–" if item.epss is None else f"{item.epss / 10_000:.2f} %"


def severity_words(item: VulnerabilityItem) -> str:
    """The worst severity, and what each scanner says where they differ."""
    if len({severity for _, severity in item.severities}) < 2:
        return item.severity
    return f"{item.severity} ({', '.join(f'{tool} {severity}' for tool, severity in item.severities)})"


def sums(report: VulnerabilityReport) -> tuple[tuple[str, int], ...]:
    """Raw, what is set aside, and net: the first number is the sum of the others."""
    counts = report.counts
    return (
        ("raw", counts.raw),
        ("vex-suppressed", counts.vex_suppressed),
        ("deviated", counts.deviated),
        ("fixed", counts.fixed),
        ("open (net)", counts.open),
    )


def severities_shown(report: VulnerabilityReport) -> tuple[str, ...]:
    """The severities of open vulnerabilities that occur, worst first; critical and high always."""
    return tuple(name for name, value in report.severities if value or name in ("critical", "high"))


def image_names(reports: Iterable[ImageReport]) -> Mapping[str, str]:
    """Names of images by subject id, for rows that carry the id alone."""
    return {one.image.subject.id: one.image.said for one in reports}


def total_words(report: VulnerabilityReport) -> str:
    """`5 raw = 1 vex-suppressed + 1 deviated + 0 fixed + 3 open (net)`"""
    (first, raw), *rest = sums(report)
    return f"{number(raw)} {first} = {' + '.join(f'{number(value)} {name}' for name, value in rest)}"
