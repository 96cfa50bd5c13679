"""The reader of CISA's catalog of known exploited vulnerabilities: its JSON in; one KevCatalog out.

Source: cisa.gov, known_exploited_vulnerabilities_schema.json (2024).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.sbom_parts import locate, top_keys
from compliance.evidence.vulnerabilities.parts import (
    CATALOG,
    MAX_FINDINGS,
    Source,
    cleaned,
    date_of,
    decoded,
    identifier,
    origin_of,
    reading,
    splitter,
    subject_of,
    too_many,
    unambiguous,
)
from compliance.model.evidence import SubjectType
from compliance.model.reader import Reader, Record
from compliance.model.vulnerability import KevCatalog, KevEntry

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: Notes that are kept of one catalog.
_MAX_NOTES = 20


class _Entry(msgspec.Struct, rename="camel"):
    cve_id: str | None = msgspec.field(name="cveID", default=None)
    date_added: str | None = None
    due_date: str | None = None
    known_ransomware_campaign_use: str | None = None


class _Catalog(msgspec.Struct, rename="camel"):
    catalog_version: str | None = None
    date_released: str | None = None
    count: int | None = None
    vulnerabilities: list[_Entry] | None = None


_decoder = msgspec.json.Decoder(_Catalog)


def identify(head: bytes) -> bool:
    """Whether the outermost object is the catalog."""
    if b'"catalogVersion"' not in head and b'"cveID"' not in head:
        return False
    keys = top_keys(head)
    return b"catalogVersion" in keys or (b"vulnerabilities" in keys and b'"cveID"' in head)


def records(data: bytes, source: Source) -> Iterator[Record]:
    """The catalog, whole: one with fewer entries than it counts is refused, as it would clear what it lacks.

    Raises:
        EvidenceError: it cannot be read, or was cut.
    """
    catalog = decoded(data, _decoder)
    listed = catalog.vulnerabilities
    if listed is None:
        raise EvidenceError("it holds no vulnerabilities", pointer=f"{source.base}/vulnerabilities")
    if len(listed) > MAX_FINDINGS:
        raise too_many(len(listed), "entries")
    if catalog.count is not None and catalog.count != len(listed):
        raise EvidenceError(
            f"it counts {catalog.count:,} entries and holds {len(listed):,}; fetch it again", pointer="/count"
        )
    unambiguous(data, {b'"vulnerabilities"': 1, b'"dateReleased"': 1, b'"cveID"': len(listed)})
    notes: list[str] = []
    entries: dict[str, KevEntry] = {}
    for number, one in enumerate(listed):
        at = f"{source.base}/vulnerabilities/{number}"
        id = identifier(one.cve_id, at)
        if id in entries:
            raise EvidenceError(f"{id} is listed twice; fetch the catalog again", pointer=at)
        added, due = (_day(text, id, notes) for text in (one.date_added, one.due_date))
        entries[id] = KevEntry(added, due, cleaned(one.known_ransomware_campaign_use), at)
    version = cleaned(catalog.catalog_version)
    yield KevCatalog(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.CATALOG, f"CISA KEV {version}".strip()),
        version=version,
        released=date_of(catalog.date_released, "dateReleased", notes),
        released_at=f"{source.base}/dateReleased",
        entries=entries,
        notes=tuple(notes[:_MAX_NOTES]),
    )


def _day(text: str | None, id: str, notes: list[str]) -> str:
    """A day as it is written; empty text when there is none, or it is no day, which is noted."""
    if not text:
        return ""
    if _DAY.fullmatch(text) and date_of(text, "", []):
        return text
    notes.append(f"a date of {id} is {cleaned(text[:40])}, which is no day")
    return ""


READER = Reader(
    id="kev",
    title="Catalog of known exploited vulnerabilities (CISA KEV)",
    revision=1,
    evidence_kinds=("kev",),
    identify=identify,
    split=splitter(CATALOG),
    read=reading(CATALOG, records),
    locate=locate,
    record=KevCatalog,
)
