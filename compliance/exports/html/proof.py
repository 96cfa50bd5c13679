"""Vulnerabilities and attestations as rows of the data block of packet.html."""

from __future__ import annotations

from collections.abc import Mapping

from compliance.model.assessment import Assessment
from compliance.model.deadlines import Weighed
from compliance.model.evidence import Location
from compliance.model.proof_report import ITEMS_KEPT, AttestationRow
from compliance.model.vulnerability_items import VulnerabilityItem
from compliance.rendering.proof import (
    ITEM_STATES,
    TRUST_STATES,
    answer_words,
    by_trust,
    epss_words,
    severity_words,
)
from compliance.rendering.text import clean, cut

#: Attestations with a row, digests and images of each, places of a vulnerability.
MOST_ATTESTATIONS, MOST_DIGESTS, MOST_IMAGES, MOST_PLACES = 10_000, 20, 20, 6

Files = Mapping[tuple[str, str], int]


def _plain(text: str, longest: int = 600) -> str:
    return cut(clean(text), longest)


def proof_states() -> dict[str, list[str]]:
    """The states of attestations and vulnerabilities by their word: class, word, shape."""
    states = [*TRUST_STATES.values(), *ITEM_STATES.values()]
    return {state.word: [state.key, state.word, state.glyph] for state in states}


def vulnerability_rows(assessment: Assessment, files: Files) -> list[dict[str, object]]:
    """Open ones first, overdue before others, then what is set aside; at most ITEMS_KEPT of each state."""
    kept = assessment.vulnerabilities.kept
    return [_vulnerability(item, files) for state in ITEMS_KEPT for item in kept.get(state, ())]


def _vulnerability(item: VulnerabilityItem, files: Files) -> dict[str, object]:
    return {
        "id": _plain(item.id, 120),
        "aliases": [_plain(one, 120) for one in item.aliases[:20]],
        "package": _plain(item.package, 200),
        "ecosystem": _plain(item.ecosystem, 60),
        "version": _plain(item.version, 120),
        "fixed_in": _plain(item.fixed_in, 120),
        "image": _plain(item.image),
        "severity": item.severity,
        "severity_words": _plain(severity_words(item)),
        "sources": [_plain(one, 80) for one in item.sources],
        "silent": [_plain(one, 80) for one in item.silent],
        "kev": _weighed(item.kev),
        "epss": epss_words(item),
        "exploitable": _weighed(item.exploitable),
        "exposed": _weighed(item.exposed),
        "active": _weighed(item.active),
        "state": ITEM_STATES[item.state].word,
        "vex": _vex(item, files),
        "refused": [_plain(one) for one in item.vex_refused[:10]],
        "suppressed": _plain(item.suppressed),
        "deviation": _plain(item.deviation, 120),
        "first_seen": item.first_seen[:10],
        "fixed_on": item.fixed_on[:10],
        "due": item.due,
        "because": _plain(item.due_because),
        "overdue": item.overdue_days,
        "joined": item.bound.value,
        "places": [_place(at.location(), files) for at in item.at[:MOST_PLACES]],
    }


def _weighed(one: Weighed) -> list[str]:
    return [answer_words(one.answer), _plain(one.because)]


def _vex(item: VulnerabilityItem, files: Files) -> list[object]:
    if item.vex is None:
        return []
    vex = item.vex
    words = vex.justification.replace("_", " ") or _plain(vex.impact)
    place = _place(vex.at.location(), files)
    return [_plain(vex.status.replace("_", " ")), _plain(words), _plain(vex.author, 200), vex.stated[:10], place]


def attestation_rows(assessment: Assessment, files: Files) -> list[dict[str, object]]:
    """What does not hold first; at most MOST_ATTESTATIONS."""
    return [_attestation(row, files) for row in by_trust(assessment.attestations)[:MOST_ATTESTATIONS]]


def _attestation(row: AttestationRow, files: Files) -> dict[str, object]:
    one = row.attestation
    digests = one.digests()
    return {
        "id": _plain(one.subject.id),
        "trust": TRUST_STATES[one.trust].word,
        "about": _plain(one.about, 60),
        "type": _plain(one.predicate_type or one.media_type, 200),
        "envelope": one.envelope.value.replace("-", " "),
        "digests": [_plain(digest, 200) for digest in digests[:MOST_DIGESTS]],
        "digests_total": len(digests),
        "images": [_plain(image) for image in row.images[:MOST_IMAGES]],
        "images_total": len(row.images),
        "signer": _plain(one.signer, 300),
        "issuer": _plain(one.issuer, 300),
        "fingerprint": _plain(one.fingerprint, 100),
        "proven": one.proven_time or "",
        "time_source": _plain(one.time_source, 200),
        "because": _plain(one.because),
        "note": _plain(one.predicate_note),
        "built": _built(row),
        "place": _place(row.place, files),
    }


def _built(row: AttestationRow) -> list[list[str]]:
    """What provenance says, as name and value."""
    made = row.attestation.provenance
    if made is None:
        return []
    said = (
        ("Builder", made.builder),
        ("Build type", made.build_type),
        ("Source", made.source),
        ("Commit", made.source_digest),
        ("Branch or tag", made.source_ref),
        ("Finished", made.finished or ""),
    )
    return [[name, _plain(value, 300)] for name, value in said if value]


def _place(at: Location, files: Files) -> list[object]:
    """Number of the evidence file and pointer."""
    return [files.get((at.path, at.sha256), -1), _plain(at.pointer)]
