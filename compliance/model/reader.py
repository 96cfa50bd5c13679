"""What a reader of one input format takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from compliance.errors import EvidenceError
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.attestation import Attestation
from compliance.model.cluster import ClusterObject, TypedList
from compliance.model.docker import DockerContainer, Dockerfile
from compliance.model.host import HostRecord
from compliance.model.image import Image
from compliance.model.rule_report import RuleReport
from compliance.model.sbom import Sbom
from compliance.model.signed import SignedDocument
from compliance.model.vulnerability import EpssScores, KevCatalog, ScanReport, SsvcRecord, VexDocument
from compliance.model.workload import Pod

Proof = Attestation | ScanReport | VexDocument | KevCatalog | EpssScores | SsvcRecord | AdmissionDecision
Record = Pod | ClusterObject | TypedList | Image | Sbom | DockerContainer | Dockerfile | Proof | HostRecord | RuleReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A piece of a file that can be read by itself: whole documents, or whole items of a List.

    `document` is the number of its first YAML document, None in a file of one document; `item` the
    number of its first item in `/items`, None when the slice is no part of a List. `count` is how
    many documents or items it holds. `offset` and `length` are bytes, `line` is 1-based. Of a typed
    list (`DeploymentList`), `item_kind` and `item_api_version` are what its items do not repeat; a
    slice of such a list with a `count` of 0 is its end, and `item` then says how many it held.
    """

    offset: int
    length: int
    line: int
    document: int | None
    item: int | None
    count: int
    item_kind: str = ""
    item_api_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An input format.

    `identify(head)` is true when the first bytes (up to 64 KiB) look like the format; content
    decides, never the name. `split(stream)` gives slices in order without holding the file, and
    may end in an EvidenceError for the place where it lost the thread. `read(data, slice, path,
    sha256)` gives records, and an EvidenceError (not raised) for each document that cannot be read;
    one bad document never hides the next; a
    signed document is verified before anybody judges it. `locate(data, line, pointers)` takes the bytes of
    one object's slice (Origin.offset, length), the line they begin at, and pointers from the slice's
    root; it gives the 1-based line of each, or of its nearest present ancestor. Raise `revision`
    when the same bytes would give other records. `record` is the type of the records when all are of
    one type; None for Kubernetes objects. `redact` replaces credentials in source lines where the format
    has its own ways to write them, before the common rules do. `largest` is how many bytes one slice may have,
    None for the engine's own limit. `stream` gives what `read` does of a slice that comes in pieces, holding none of
    them; the engine then hands over large files so.
    """

    id: str
    title: str
    revision: int
    evidence_kinds: tuple[str, ...]
    identify: Callable[[bytes], bool]
    split: Callable[[BinaryIO], Iterator[Slice | EvidenceError]]
    read: Callable[[bytes, Slice, str, str], Iterator[Record | SignedDocument | EvidenceError]]
    locate: Callable[[bytes, int, list[str]], list[int]]
    record: type | None = None
    redact: Callable[[Sequence[str]], tuple[str, ...]] | None = None
    largest: int | None = None
    stream: Callable[[Iterator[bytes], Slice, str, str], Iterator[Record | EvidenceError]] | None = None
