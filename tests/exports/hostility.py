"""Turns an Assessment into a hostile one: every free text carries what breaks careless output."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from zlib import crc32

from compliance.model.assessment import Assessment, Observation, Snippet
from compliance.model.evidence import Location

#: Texts that must come out inert; each stands first in its field, so formulas are at the start of a cell.
HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "=cmd|'/C calc'!A0",
    "{{7*7}}{% for x in y %}${7*7}",
    "\u202egnp.exe\u2066",
    "\x1b[31mred\x1b[0m\x07\x08",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "file:///etc/passwd",
    "javascript:alert(1)//",
    "-2+3+cmd|' /C calc'!D2",
    "\t+1\r\n|x|\u2028<!--",
    "]]>&amp;\"'`\\",
)
#: A text longer than any cell may be.
LONG = "=A" * 50_000

#: Fields that hold ids of ours, hashes, dates and closed words; never free text.
_CLOSED = frozenset(
    {"as_of", "basis", "catalog", "catalog_edition", "check", "collected", "context", "control", "coverage", "date"}
    | {"deviations", "digest", "edition", "effort", "evidence_missing", "evidence_sha256", "expires", "family"}
    | {"framework", "from_control", "from_edition", "from_framework", "function", "ids", "judged", "judged_by"}
    | {"kind", "observations", "period_end", "period_start", "section", "sections", "sha256", "status"}
    | {"to_control", "to_framework", "type", "version"}
    | {"config_at", "created", "diff_id", "digests", "ecosystem", "form", "root_at"}
    | {"about", "due", "first_seen", "fixed_on", "gone_on", "items", "kev_due", "made", "proven_time", "published"}
    | {"regime", "severities", "severity", "next_due", "scanned", "stated", "fingerprint", "accepted_after"}
)
#: Fields that differ from that rule in one record: true is closed.
_CLOSED_IN = {
    ("Check", "subject"): True,
    ("Deviation", "subjects"): True,
    ("Finding", "responsibility"): True,
    ("Observation", "subject"): False,
    ("SecretFact", "kind"): False,
    ("ObjectCount", "kind"): False,
    ("Subject", "kind"): False,
    ("Tool", "name"): True,
    ("SeverityCounts", "date"): True,
    ("SeverityCounts", "counts"): True,
    ("VulnerabilityReport", "regime"): False,
    ("RuleReport", "edition"): False,
    ("RuleReport", "source"): True,
    ("StatementSubject", "digests"): True,
}
#: Records whose `id` is a person's or an attacker's text; all other ids are ours.
_OPEN_IDS = frozenset({"Subject", "System", "VulnerabilityItem", "Mended"})


@dataclass(frozen=True, slots=True)
class _HostileObservations:
    rows: tuple[Observation, ...]

    def __iter__(self) -> Iterator[Observation]:
        return iter(self.rows)

    def of_check(self, check: str) -> Iterator[Observation]:
        return (row for row in self.rows if row.check == check)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class _HostileSnippets:
    def around(self, location: Location) -> Snippet | None:
        return None if location.line is None else Snippet(first=location.line, lines=HOSTILE)


def hostile_text(text: str) -> str:
    """A hostile string before the text; equal texts stay equal, empty ones stay empty."""
    return f"{HOSTILE[crc32(text.encode()) % len(HOSTILE)]}{text}" if text else ""


def make_hostile(assessment: Assessment) -> Assessment:
    """The same assessment with hostile free texts, sorted again."""
    rows = sorted((_hostile(row) for row in assessment.observations), key=lambda row: (row.check, row.subject.id))
    rows[0] = dataclasses.replace(rows[0], reason=LONG)
    found: Assessment = _hostile(assessment)
    first, *rest = found.results
    provided = dataclasses.replace(first.findings[1], responsibility=f"shared with {HOSTILE[0]}")
    long = dataclasses.replace(first.findings[0], because=LONG)
    results = (dataclasses.replace(first, findings=(long, provided, *first.findings[2:])), *rest)
    return dataclasses.replace(
        found,
        results=results,
        subjects=tuple(sorted(found.subjects, key=lambda one: one.id)),
        evidence=tuple(sorted(found.evidence, key=lambda one: one.path)),
        observations=_HostileObservations(tuple(rows)),
        snippets=_HostileSnippets(),
        vulnerabilities=dataclasses.replace(
            found.vulnerabilities, items=tuple(_hostile(item) for item in assessment.vulnerabilities.items)
        ),
    )


def _hostile(value: Any) -> Any:
    """The value with every open text in it made hostile, at any depth."""
    if isinstance(value, str):
        return hostile_text(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_field(type(value).__name__, name, getattr(value, name)) for name in value._fields))
    if isinstance(value, tuple):
        return tuple(_hostile(one) for one in value)
    if isinstance(value, Mapping):
        return {key: _hostile(one) for key, one in value.items()}
    if isinstance(value, Enum) or not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    name = type(value).__name__
    changed = {}
    for field in dataclasses.fields(value):
        changed[field.name] = _field(name, field.name, getattr(value, field.name))
    return dataclasses.replace(value, **changed)


def _field(record: str, name: str, value: Any) -> Any:
    return value if _closed(record, name) else _hostile(value)


def _closed(record: str, field: str) -> bool:
    if field == "id":
        return record not in _OPEN_IDS
    return _CLOSED_IN.get((record, field), field in _CLOSED)
