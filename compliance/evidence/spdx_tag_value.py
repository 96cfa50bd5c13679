"""The reader of SPDX 2 tag-value text: an SBOM's bytes in; the same record out that its JSON form gives.

Source: spdx/spdx-spec, v2.2 and v2.3, "tag:value" format.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.recognition import without_mark
from compliance.evidence.sbom_parts import MAX_COMPONENTS, reading, split, too_many
from compliance.evidence.spdx_document import sbom_of, version_of
from compliance.evidence.spdx_parts import (
    Annotation,
    Checksum,
    CreationInfo,
    Package,
    Part,
    Reference,
    Relationship,
    SpdxDocument,
    VerificationCode,
)
from compliance.model.reader import Reader, Slice
from compliance.model.sbom import Sbom

#: Lines of one `<text>`.
MAX_LINES = 100_000
#: Relationships, files, references and the like of one document.
MAX_ROWS = 2 * MAX_COMPONENTS
_FIRST = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*+[ \t]*SPDXVersion[ \t]*:")
_TAG = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*:[ \t]*(.*)", re.DOTALL)
_OPEN, _CLOSE = "<text>", "</text>"
#: Tags of the document that stand once, and where their JSON has them.
_OF_DOCUMENT = {
    "SPDXVersion": "/spdxVersion",
    "DocumentName": "/name",
    "DocumentNamespace": "/documentNamespace",
    "Created": "/creationInfo/created",
    "CreatorComment": "/creationInfo/comment",
}
#: Tags of a package that stand once, the field of `Package`, and the key of the JSON.
_OF_PACKAGE = {
    "PackageVersion": ("version_info", "versionInfo"),
    "PackageSupplier": ("supplier", "supplier"),
    "PackageOriginator": ("originator", "originator"),
    "PackageLicenseDeclared": ("license_declared", "licenseDeclared"),
    "PackageLicenseConcluded": ("license_concluded", "licenseConcluded"),
    "PrimaryPackagePurpose": ("primary_package_purpose", "primaryPackagePurpose"),
}


class _Row(NamedTuple):
    """One tag with its value; `line` is 1-based in the document."""

    line: int
    tag: str
    value: str


def identify(head: bytes) -> bool:
    """Whether the first line that says anything is the version of SPDX."""
    return _FIRST.match(without_mark(head)) is not None


def _sbom(data: bytes, slice: Slice, path: str, sha256: str) -> Sbom:
    document = _Reading(()).whole(data)
    return sbom_of(document, version_of(document), slice, path, sha256)


def locate(data: bytes, line: int, pointers: list[str]) -> list[int]:
    """The 1-based line of each pointer, or of its nearest ancestor found."""
    wanted = {above for pointer in pointers for above in _with_ancestors(pointer)}
    reading = _Reading(wanted)
    with suppress(EvidenceError):  # what stands before the fault is found all the same
        reading.whole(data)
    return [line - 1 + _nearest(reading.lines, pointer) for pointer in pointers]


def _nearest(found: dict[str, int], pointer: str) -> int:
    return next((found[one] for one in _with_ancestors(pointer) if one in found), 1)


def _with_ancestors(pointer: str) -> list[str]:
    found = [pointer]
    while pointer:
        pointer = pointer.rpartition("/")[0]
        found.append(pointer)
    return found


def _rows(text: str) -> Iterator[_Row]:
    """Every tag in order; a value in `<text>` may span lines.

    Raises:
        EvidenceError: a line that is no tag and no comment, or a `<text>` that nothing closes.
    """
    lines = enumerate(io.StringIO(text), 1)
    for number, line in lines:
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        found = _TAG.match(plain)
        if found is None:
            raise EvidenceError("a line that is neither `Tag: value` nor a comment", line=number)
        tag, value = found[1], found[2]
        if value.startswith(_OPEN):
            parts = [value[len(_OPEN) :]]
            while _CLOSE not in parts[-1]:
                following = next(lines, None)
                if following is None:
                    raise EvidenceError(f"the {_OPEN} of {tag} is not closed", line=number)
                if len(parts) >= MAX_LINES:
                    raise EvidenceError(f"the text of {tag} is above the limit of {MAX_LINES:,} lines", line=number)
                parts.append(following[1].rstrip("\r\n"))
            value = "\n".join(parts).partition(_CLOSE)[0]
        yield _Row(number, tag, value)


class _Reading:
    """Collects the parts of a document; `lines` are those of the wanted pointers."""

    def __init__(self, wanted: Collection[str]) -> None:
        self.document = SpdxDocument(creation_info=CreationInfo(creators=[]), packages=[], relationships=[])
        self.lines: dict[str, int] = {}
        self._wanted = wanted
        self._package: Package | None = None
        self._within = "document"
        self._parts: list[Part] = []
        self._notes: dict[str, list[Annotation]] = {}
        self._note: str | None = None
        self._about: str | None = None
        self._seen: set[str] = set()

    def whole(self, data: bytes) -> SpdxDocument:
        try:
            text = without_mark(data).decode()
        except UnicodeDecodeError as error:
            raise EvidenceError(f"byte {error.start} is not UTF-8; convert the file to UTF-8") from error
        for count, row in enumerate(_rows(text)):
            if count > MAX_ROWS:
                raise EvidenceError(f"more than {MAX_ROWS:,} tags, above the limit for one SBOM")
            self._take(row)
        for package in self.document.packages or ():
            notes = self._notes.get(package.spdx_id or "")
            if notes:
                package.annotations = msgspec.Raw(msgspec.json.encode(notes))
        self.document.files = msgspec.Raw(msgspec.json.encode(self._parts))
        return self.document

    def _take(self, row: _Row) -> None:
        match row.tag:
            case "PackageName":
                self._begin_package(row)
            case "FileName" | "SnippetSPDXID" | "LicenseID":
                self._within, self._package = "part", None
                if row.tag == "SnippetSPDXID":
                    self._parts.append(Part(spdx_id=row.value))
            case "SPDXID":
                self._identify(row)
            case "Relationship":
                self._relate(row)
            case "Annotator" | "AnnotationComment" | "SPDXREF":
                self._annotate(row)
            case "Creator" if self._within == "document":
                creators = self.document.creation_info.creators if self.document.creation_info else None
                if creators is not None:
                    self._found("/creationInfo/creators", row)
                    creators.append(row.value)
            case _ if self._package is not None:
                self._of_package(self._package, row)
            case _ if self._within == "document":
                self._of_document(row)

    def _found(self, pointer: str, row: _Row) -> None:
        if pointer in self._wanted:
            self.lines.setdefault(pointer, row.line)

    def _once(self, row: _Row) -> None:
        if row.tag in self._seen:
            raise EvidenceError(f"{row.tag} stands twice in one {self._within}; keep one", line=row.line)
        self._seen.add(row.tag)

    def _at(self) -> str:
        return f"/packages/{len(self.document.packages or ()) - 1}"

    def _begin_package(self, row: _Row) -> None:
        packages = self.document.packages
        if packages is None or len(packages) >= MAX_COMPONENTS:
            raise too_many(MAX_COMPONENTS + 1)
        self._package = Package(name=row.value)
        self._within, self._seen = "package", set()
        packages.append(self._package)
        for pointer in ("/packages", self._at(), f"{self._at()}/name"):
            self._found(pointer, row)

    def _identify(self, row: _Row) -> None:
        if self._package is not None:
            self._once(row)
            self._package.spdx_id = row.value
        elif self._within == "part":
            self._parts.append(Part(spdx_id=row.value))

    def _annotate(self, row: _Row) -> None:
        """An annotation and what it is about come in either order. Source: SPDX 2.3, 12; and what tools write."""
        if row.tag == "Annotator":
            self._note = self._about = None
        elif row.tag == "SPDXREF":
            self._about = row.value
        else:
            self._note = row.value
        if self._note is not None and self._about is not None:
            self._notes.setdefault(self._about, []).append(Annotation(comment=self._note))
            self._note = self._about = None

    def _relate(self, row: _Row) -> None:
        self._found("/relationships", row)
        parts = row.value.split()
        if len(parts) != 3 or self.document.relationships is None:
            raise EvidenceError("a relationship that is not `element TYPE element`", line=row.line)
        self.document.relationships.append(
            Relationship(spdx_element_id=parts[0], relationship_type=parts[1], related_spdx_element=parts[2])
        )

    def _of_document(self, row: _Row) -> None:
        pointer = _OF_DOCUMENT.get(row.tag)
        if pointer is None:
            return
        self._once(row)
        self._found(pointer, row)
        document, creation = self.document, self.document.creation_info or CreationInfo()
        match row.tag:
            case "SPDXVersion":
                document.spdx_version = row.value
            case "DocumentName":
                document.name = row.value
            case "DocumentNamespace":
                document.document_namespace = row.value
            case "Created":
                creation.created = row.value
            case "CreatorComment":
                creation.comment = row.value

    def _of_package(self, package: Package, row: _Row) -> None:
        match row.tag:
            case "PackageChecksum":
                checksums = package.checksums = package.checksums or []
                algorithm, _, value = row.value.partition(":")
                self._found(f"{self._at()}/checksums/{len(checksums)}/checksumValue", row)
                checksums.append(Checksum(algorithm=algorithm.strip(), checksum_value=value.strip()))
            case "ExternalRef":
                references = package.external_refs = package.external_refs or []
                kind, _, locator = row.value.partition(" ")[2].strip().partition(" ")
                self._found(f"{self._at()}/externalRefs/{len(references)}/referenceLocator", row)
                references.append(Reference(reference_type=kind, reference_locator=locator.strip()))
            case "PackageVerificationCode":
                self._once(row)
                package.package_verification_code = VerificationCode(value=row.value.partition("(")[0].strip())
            case tag if tag in _OF_PACKAGE:
                self._once(row)
                field, key = _OF_PACKAGE[tag]
                self._found(f"{self._at()}/{key}", row)
                setattr(package, field, row.value)


READER = Reader(
    id="spdx-tag-value",
    title="SPDX 2 SBOM, as tag-value text",
    revision=1,
    evidence_kinds=("sbom",),
    identify=identify,
    split=split,
    read=reading(_sbom),
    locate=locate,
    record=Sbom,
)
