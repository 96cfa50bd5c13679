"""Assessment to the data block of packet.html: columns and dictionaries that the page's script reads."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from compliance.exports.html.controls import checks_table, controls_table, frameworks_table
from compliance.exports.html.hosts import host_numbers, hosts_table, reports_table
from compliance.exports.html.images import image_rows, image_states
from compliance.exports.html.proof import attestation_rows, proof_states, vulnerability_rows
from compliance.exports.html.texts import Dictionary, plain
from compliance.model.assessment import Assessment, Observation
from compliance.model.evidence import Location, Subject
from compliance.model.outcome import ORDER, Outcome
from compliance.rendering.links import Links
from compliance.rendering.states import OUTCOME_STATES
from compliance.rendering.text import clean

#: More observations than a page opens in a second; the others are in observations.jsonl.
MOST_OBSERVATIONS = 100_000
#: Source lines are kept for this many failed observations, and for at most this many of one check.
MOST_SNIPPETS, MOST_SNIPPETS_OF_CHECK = 2_000, 100
#: Places kept of one observation.
MOST_PLACES = 6
#: Files in the table of evidence.
MOST_FILES = 20_000

_OUTCOMES = tuple(outcome for outcome, _ in OUTCOME_STATES)


@dataclass(slots=True)
class _Columns:
    """The observations, one list each field; places of all of them one after another."""

    ids: list[str] = field(default_factory=list)
    check: list[int] = field(default_factory=list)
    subject: list[int] = field(default_factory=list)
    outcome: list[int] = field(default_factory=list)
    reason: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    places_total: list[int] = field(default_factory=list)
    file: list[int] = field(default_factory=list)
    document: list[int] = field(default_factory=list)
    pointer: list[int] = field(default_factory=list)
    line: list[int] = field(default_factory=list)


def data_of(assessment: Assessment, links: Links) -> dict[str, object]:
    """Everything the page's tables and drawers show; ready for JSON, sorted as the assessment is."""
    room = room_for(assessment.observations, MOST_OBSERVATIONS)
    kept = list(_kept(assessment.observations, room))
    reasons, pointers = Dictionary(), Dictionary()
    subjects = _subjects(kept)
    files = {(file.path, file.sha256): number for number, file in enumerate(assessment.evidence)}
    columns = _columns(assessment, kept, subjects, files, reasons, pointers)
    snippets = _snippets(assessment, kept)
    failed = sum(1 for row in kept if row.outcome is Outcome.FAIL)
    return {
        "command": plain(assessment.command),
        "outcomes": [[state.key, state.word, state.glyph] for _, state in OUTCOME_STATES],
        "frameworks": frameworks_table(assessment),
        "checks": checks_table(assessment, links),
        "controls": controls_table(assessment, links),
        "subjects": _subjects_table(assessment, subjects),
        "reasons": reasons.texts,
        "pointers": pointers.texts,
        "observations": columns,
        "observations_total": len(assessment.observations),
        "snippets": snippets,
        "snippets_of": [len(snippets), failed],
        "images": image_rows(assessment, files),
        "images_total": len(assessment.images),
        "proof_states": proof_states(),
        "vulnerabilities": vulnerability_rows(assessment, files),
        "vulnerabilities_total": assessment.vulnerabilities.counts.raw,
        "attestations": attestation_rows(assessment, files),
        "attestations_total": len(assessment.attestations),
        "image_states": image_states(),
        "hosts": hosts_table(assessment),
        "hosts_total": len(assessment.hosts),
        "files": _files_table(assessment),
        "files_total": len(assessment.evidence),
    } | reports_table(assessment, files)


def room_for(observations: Iterable[Observation], most: int) -> dict[Outcome, int]:
    """How many observations of each outcome fit into `most`, the worst outcomes first."""
    counts = dict.fromkeys(ORDER, 0)
    for row in observations:
        counts[row.outcome] += 1
    left = most
    room = {}
    for outcome in reversed(ORDER):
        room[outcome] = min(counts[outcome], left)
        left -= room[outcome]
    return room


def _kept(observations: Iterable[Observation], room: Mapping[Outcome, int]) -> Iterator[Observation]:
    left = dict(room)
    for row in observations:
        if left[row.outcome]:
            left[row.outcome] -= 1
            yield row


def _subjects(kept: Iterable[Observation]) -> dict[Subject, int]:
    numbers: dict[Subject, int] = {}
    for row in kept:
        numbers.setdefault(row.subject, len(numbers))
    return numbers


def _columns(
    assessment: Assessment,
    kept: Iterable[Observation],
    subjects: Mapping[Subject, int],
    files: Mapping[tuple[str, str], int],
    reasons: Dictionary,
    pointers: Dictionary,
) -> dict[str, object]:
    checks = {str(result.check.id): number for number, result in enumerate(assessment.checks)}
    outcomes = {outcome: number for number, outcome in enumerate(_OUTCOMES)}
    columns = _Columns()
    for row in kept:
        columns.ids.append(uuid.UUID(row.id).hex)
        columns.check.append(checks[row.check])
        columns.subject.append(subjects[row.subject])
        columns.outcome.append(outcomes[row.outcome])
        columns.reason.append(reasons.number(row.reason))
        places = row.at[:MOST_PLACES]
        columns.places.append(len(places))
        columns.places_total.append(len(row.at))
        for at in places:
            columns.file.append(files.get((at.path, at.sha256), -1))
            columns.document.append(-1 if at.document is None else at.document)
            columns.pointer.append(pointers.number(at.pointer))
            columns.line.append(-1 if at.line is None else at.line)
    values: dict[str, object] = {name: getattr(columns, name) for name in _Columns.__slots__ if name != "ids"}
    return values | {"ids": "".join(columns.ids)}


def _snippets(assessment: Assessment, kept: Iterable[Observation]) -> dict[str, list[object]]:
    """Lines round the first place of failed observations, by the observation's number; read file by file."""
    left: dict[str, int] = {}
    wanted: list[tuple[Location, int]] = []
    for number, row in enumerate(kept):
        at = next((at for at in row.at if at.line is not None), None)
        if row.outcome is not Outcome.FAIL or at is None:
            continue
        left[row.check] = left.get(row.check, MOST_SNIPPETS_OF_CHECK) - 1
        if left[row.check] >= 0:
            wanted.append((at, number))
    wanted = sorted(wanted[:MOST_SNIPPETS], key=lambda pair: (pair[0].path, pair[0].line or 0, pair[1]))
    found: dict[int, list[object]] = {}
    for at, number in wanted:
        snippet = assessment.snippets.around(at)
        if snippet is not None:
            text = "\n".join(clean(line).replace("\n", " ")[:300] for line in snippet.lines[:12])
            found[number] = [snippet.first, at.line, text]
    return {str(number): found[number] for number in sorted(found)}


def _subjects_table(assessment: Assessment, subjects: Mapping[Subject, int]) -> dict[str, object]:
    owners = assessment.configuration.owners
    return {
        "id": [plain(subject.id) for subject in subjects],
        "name": [plain(subject.name) for subject in subjects],
        "namespace": [plain(subject.namespace or "") for subject in subjects],
        "kind": [plain(subject.kind or subject.type.value) for subject in subjects],
        "digest": [plain(subject.digest or "") for subject in subjects],
        "owner": [plain(owner_of(subject, owners)) for subject in subjects],
        "host": host_numbers(assessment, subjects),
    }


def owner_of(subject: Subject, owners: Mapping[str, str]) -> str:
    """The owner of the first pattern that the subject's id or namespace meets; empty text when nobody is named."""
    names = (subject.id, subject.namespace or subject.id)
    return next((owner for pattern, owner in owners.items() if any(fnmatchcase(name, pattern) for name in names)), "")


def _files_table(assessment: Assessment) -> dict[str, object]:
    files = assessment.evidence[:MOST_FILES]
    kinds = {name: kind.title for name, kind in assessment.evidence_kinds.items()}
    return {
        "id": [file.id for file in files],
        "path": [plain(file.path) for file in files],
        "sha256": [file.sha256 for file in files],
        "size": [file.size for file in files],
        "kind": [plain(kinds.get(file.kind, file.kind)) for file in files],
        "state": [file.state.value for file in files],
        "collected": [plain(file.collected) for file in files],
        "used": [file.used_for for file in files],
        "reason": [plain(file.reason) for file in files],
        "problems": [[plain(problem) for problem in file.problems[:10]] for file in files],
        "problems_total": [len(file.problems) for file in files],
        "objects": [[[plain(one.kind), one.count, one.understood] for one in file.objects[:30]] for file in files],
    }
