"""The reader of CycloneDX XML: an SBOM's bytes in; the same record out that its JSON form gives.

Source: CycloneDX/specification, schema/bom-1.2.xsd to bom-1.7.xsd.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.cyclonedx_bom import sbom_of
from compliance.evidence.cyclonedx_parts import Bom, Metadata
from compliance.evidence.cyclonedx_tree import Tree
from compliance.evidence.sbom_parts import KIND, misshapen, reading, split
from compliance.evidence.xml_documents import Handlers, locate, walk
from compliance.model.reader import Reader, Slice
from compliance.model.sbom import Sbom

T = TypeVar("T")

_NAMESPACE = "http://cyclonedx.org/schema/bom/"
#: What may stand before the first element: declarations, comments and white space.
_BEFORE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*+)?>)*+", re.DOTALL)
_ROOT = re.compile(rb"<(?:[\w.-]{1,64}:)?bom\b[^>]*cyclonedx\.org/schema/bom/")


def identify(head: bytes) -> bool:
    """Whether the first element is a CycloneDX `bom`."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    if b"cyclonedx.org/schema/bom/" not in text or not text.lstrip().startswith(b"<"):
        return False
    before = _BEFORE.match(text)
    return _ROOT.match(text, before.end() if before else 0) is not None


def _sbom(data: bytes, slice: Slice, path: str, sha256: str) -> Sbom:
    tree = Tree()
    walk(data, Handlers(tree.start, tree.text, tree.end))
    namespace, _, name = tree.root.rpartition(" ")
    if name != "bom" or not namespace.startswith(_NAMESPACE):
        raise EvidenceError("the first element is no CycloneDX bom", kind=KIND)
    metadata = _typed(tree.document.pop("metadata", {}), Metadata, "/metadata")
    bom = _typed(tree.document, Bom)
    bom.spec_version = namespace.removeprefix(_NAMESPACE)
    bom.signature = msgspec.Raw(b"true" if tree.signed else b"")
    return sbom_of(bom, metadata, slice, path, sha256)


def _typed(value: object, kind: type[T], base: str = "") -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise misshapen(str(error), base) from error


READER = Reader(
    id="cyclonedx-xml",
    title="CycloneDX SBOM, as XML",
    revision=1,
    evidence_kinds=("sbom",),
    identify=identify,
    split=split,
    read=reading(_sbom),
    locate=locate,
    record=Sbom,
)
