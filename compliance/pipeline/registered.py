"""The readers, checks and formats that this installation has, each found once for each process."""

from __future__ import annotations

import importlib
from functools import cache

import compliance.checks
from compliance.model.assessment import Exporter
from compliance.model.check import Check, discover
from compliance.model.reader import Reader

#: The reader's name in the notes of files that images are made of: many files give one image.
IMAGE = "image"
#: That in the notes of an archive whose members are files of the evidence.
ARCHIVE = "archive"

#: Module of each output format, imported when it is asked for: some are slow to import.
_EXPORTERS = {
    "json": "compliance.exports.packet_json",
    "oscal": "compliance.exports.oscal",
    "csv": "compliance.exports.findings_csv",
    "sarif": "compliance.exports.findings_sarif",
    "html": "compliance.exports.html",
    "pdf": "compliance.exports.pdf",
    "cklb": "compliance.exports.stig.cklb",
    "ckl": "compliance.exports.stig.ckl",
    "xccdf": "compliance.exports.stig.xccdf",
    "hdf": "compliance.exports.stig.hdf",
    "emass": "compliance.exports.stig.emass",
}
FORMATS = tuple(_EXPORTERS)
#: Module of each input format, imported when evidence is read: parsers are slow to import.
_READERS = (
    "compliance.evidence.kubernetes",
    "compliance.evidence.cluster.configz",
    "compliance.evidence.cluster.version",
    "compliance.evidence.decisions.audit",
    "compliance.evidence.cyclonedx",
    "compliance.evidence.cyclonedx_xml",
    "compliance.evidence.spdx",
    "compliance.evidence.spdx_tag_value",
    "compliance.evidence.spdx3",
    "compliance.evidence.syft",
    "compliance.evidence.docker_inspect",
    "compliance.evidence.docker_host.engine",
    "compliance.evidence.docker_host.daemon",
    "compliance.evidence.docker_host.swarm",
    "compliance.evidence.host.file_listing",
    "compliance.evidence.host.processes",
    "compliance.evidence.host.services",
    "compliance.evidence.host.mounts",
    "compliance.evidence.host.groups",
    "compliance.evidence.host.audit_rules",
    "compliance.evidence.host.identity",
    "compliance.evidence.dockerfile",
    "compliance.evidence.image.documents",
    "compliance.evidence.signed.reading",
    "compliance.evidence.vulnerabilities.trivy",
    "compliance.evidence.vulnerabilities.grype",
    "compliance.evidence.vulnerabilities.sarif",
    "compliance.evidence.vulnerabilities.scan_predicate",
    "compliance.evidence.vulnerabilities.openvex",
    "compliance.evidence.vulnerabilities.csaf",
    "compliance.evidence.vulnerabilities.kev",
    "compliance.evidence.vulnerabilities.epss",
    "compliance.evidence.vulnerabilities.ssvc",
    "compliance.evidence.rules.xccdf",
    "compliance.evidence.rules.docker_bench",
    "compliance.evidence.rules.kube_bench",
    "compliance.evidence.rules.cklb",
    "compliance.evidence.rules.ckl",
    "compliance.evidence.rules.hdf",
)


@cache
def readers() -> dict[str, Reader]:
    """Readers by id."""
    found: list[Reader] = [importlib.import_module(module).READER for module in _READERS]
    return {reader.id: reader for reader in found}


@cache
def checks() -> tuple[Check, ...]:
    """Every check, sorted by id."""
    return discover(compliance.checks)


@cache
def exporter(format_id: str) -> Exporter:
    """The exporter of a format."""
    found: Exporter = importlib.import_module(_EXPORTERS[format_id]).EXPORTER
    return found
