"""The reader of CycloneDX JSON: a document's bytes in; what it describes, who made it, and its components out.

What it says of vulnerabilities comes out as a scan or as VEX, beside the SBOM.

Source: CycloneDX/specification, schema/bom-1.2 to bom-1.7 (JSON).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.cyclonedx_bom import sbom_of
from compliance.evidence.cyclonedx_parts import Bom, Metadata
from compliance.evidence.sbom_parts import (
    KIND,
    STRICT,
    decoded,
    locate,
    misshapen,
    refuse_twofold,
    split,
    top_keys,
)
from compliance.evidence.vulnerabilities import cyclonedx_vulnerabilities
from compliance.model.reader import Reader, Record, Slice
from compliance.model.sbom import Sbom
from compliance.model.vulnerability import VexDocument

_decoder = msgspec.json.Decoder(Bom)
_metadata_decoder = msgspec.json.Decoder(Metadata)


def identify(head: bytes) -> bool:
    """Whether the outermost object says that it is a CycloneDX document."""
    if b'"bomFormat"' not in head and b"cyclonedx.org/schema/bom-" not in head:
        return False
    keys = top_keys(head)
    return b"bomFormat" in keys or (b"$schema" in keys and b"specVersion" in keys)


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """One Sbom, or an EvidenceError; beside it a ScanReport or a VexDocument when it speaks of vulnerabilities.

    A document of VEX without any component is no inventory, and no Sbom comes out.
    """
    try:
        bom = decoded(data, _decoder)
        sbom = _sbom(bom, data, slice, path, sha256)
    except EvidenceError as error:
        error.path = path
        yield error
        return
    proof: list[Record | EvidenceError] = []
    if memoryview(bom.vulnerabilities):
        proof = list(cyclonedx_vulnerabilities.read(data, slice, sbom))
    if sbom.components_total or not any(isinstance(record, VexDocument) for record in proof):
        yield sbom
    yield from proof


def _sbom(bom: Bom, data: bytes, slice: Slice, path: str, sha256: str) -> Sbom:
    if bom.bom_format != "CycloneDX":
        raise EvidenceError("bomFormat is not CycloneDX", pointer="/bomFormat", kind=KIND)
    return sbom_of(bom, _metadata(data, bytes(bom.metadata)), slice, path, sha256)


def _metadata(data: bytes, raw: bytes) -> Metadata:
    """The metadata, which bind the document to its subject: they stand once, and every key in them once."""
    if raw in (b"", b"null"):
        return Metadata()
    if len(data) > STRICT:
        if data.count(b'"metadata"') > 1:
            refuse_twofold(data)
        refuse_twofold(raw)
    try:
        return _metadata_decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise misshapen(str(error), "/metadata") from error


READER = Reader(
    id="cyclonedx",
    title="CycloneDX SBOM, as JSON, with what it says of vulnerabilities",
    revision=3,
    evidence_kinds=("sbom",),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=Sbom,
)
