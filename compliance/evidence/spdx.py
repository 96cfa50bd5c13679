"""The reader of SPDX 2 JSON: an SBOM's bytes in; what it describes, who made it, and its packages out.

Source: spdx/spdx-spec, v2.2 and v2.3, schemas/spdx-schema.json.
"""

from __future__ import annotations

import msgspec

from compliance.evidence.recognition import without_mark
from compliance.evidence.sbom_parts import decoded, locate, reading, split, top_keys, unambiguous
from compliance.evidence.spdx_document import sbom_of, version_of
from compliance.evidence.spdx_parts import SpdxDocument
from compliance.model.reader import Reader, Slice
from compliance.model.sbom import Sbom

_decoder = msgspec.json.Decoder(SpdxDocument)


def identify(head: bytes) -> bool:
    """Whether the outermost object is an SPDX 2 document."""
    if b'"spdxVersion"' not in head and b'"SPDXID"' not in head:
        return False
    keys = top_keys(head)
    return b"spdxVersion" in keys or (b"SPDXID" in keys and b"creationInfo" in keys)


def _sbom(data: bytes, slice: Slice, path: str, sha256: str) -> Sbom:
    document = decoded(data, _decoder)
    version = version_of(document)
    packages = document.packages or []
    unambiguous(
        without_mark(data),
        {
            b'"spdxVersion"': 1,
            b'"creationInfo"': 1,
            b'"created"': 1,
            b'"packages"': 1,
            b'"relationships"': 1,
            b'"referenceLocator"': sum(len(package.external_refs or ()) for package in packages),
            b'"externalRefs"': sum(package.external_refs is not None for package in packages),
        },
    )
    return sbom_of(document, version, slice, path, sha256)


READER = Reader(
    id="spdx",
    title="SPDX 2 SBOM, as JSON",
    revision=2,
    evidence_kinds=("sbom",),
    identify=identify,
    split=split,
    read=reading(_sbom),
    locate=locate,
    record=Sbom,
)
