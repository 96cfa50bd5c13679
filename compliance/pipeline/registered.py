"""The readers, checks and formats that this installation has, each found once for each process."""

from __future__ import annotations

import importlib
from functools import cache

import compliance.checks
from compliance.model.assessment import Exporter
from compliance.model.check import Check, discover
from compliance.model.reader import Reader

#: Module of each output format, imported when it is asked for: some are slow to import.
_EXPORTERS = {
    "json": "compliance.exports.packet_json",
    "oscal": "compliance.exports.oscal",
    "csv": "compliance.exports.findings_csv",
    "sarif": "compliance.exports.findings_sarif",
    "html": "compliance.exports.html",
    "pdf": "compliance.exports.pdf",
}
FORMATS = tuple(_EXPORTERS)


@cache
def readers() -> dict[str, Reader]:
    """Readers by id."""
    from compliance.evidence.kubernetes import READER as KUBERNETES  # imported late: parsers are slow to import

    return {reader.id: reader for reader in (KUBERNETES,)}


@cache
def checks() -> tuple[Check, ...]:
    """Every check, sorted by id."""
    return discover(compliance.checks)


@cache
def exporter(format_id: str) -> Exporter:
    """The exporter of a format."""
    found: Exporter = importlib.import_module(_EXPORTERS[format_id]).EXPORTER
    return found
