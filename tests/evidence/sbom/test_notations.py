"""SBOMs as XML, tag-value text and JSON-LD: the record is that of the same document's JSON; hostile ones give none."""

from __future__ import annotations

import hashlib
import io
import json
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence import cyclonedx, cyclonedx_xml, spdx, spdx3, spdx_tag_value, xml_documents
from compliance.evidence.records import decode, encode
from compliance.model.evidence import Origin
from compliance.model.reader import Reader, Slice
from compliance.model.sbom import Component, Sbom
from compliance.pipeline.registered import readers
from tests.evidence.sbom.documents import (
    CYCLONEDX,
    CYCLONEDX_XML,
    DIGEST,
    SPDX,
    SPDX3,
    SPDX_TAG_VALUE,
)


def result(reader: Reader, data: bytes) -> Sbom | EvidenceError:
    (piece,) = reader.split(io.BytesIO(data))
    assert isinstance(piece, Slice)
    (found,) = reader.read(data, piece, "sboms/app.json", hashlib.sha256(data).hexdigest())
    assert isinstance(found, Sbom | EvidenceError)
    return found


def sbom(reader: Reader, data: bytes) -> Sbom:
    found = result(reader, data)
    assert isinstance(found, Sbom), found
    return found


def error(reader: Reader, data: bytes) -> EvidenceError:
    found = result(reader, data)
    assert isinstance(found, EvidenceError)
    assert (found.path, found.kind) == ("sboms/app.json", "SBOM")
    return found


def anywhere(found: Sbom) -> Sbom:
    """A record without the file it came from."""
    nowhere = Origin(path="", sha256="", document=None, pointer="", inner="", offset=0, length=0, line=1)
    return replace(found, origin=nowhere)


def test_cyclonedx_xml_gives_the_record_of_its_json() -> None:
    """Every field, count and pointer is the same, in whichever notation the document came."""
    plain, marked = sbom(cyclonedx.READER, CYCLONEDX), sbom(cyclonedx_xml.READER, CYCLONEDX_XML)
    assert anywhere(marked) == anywhere(plain)
    assert marked.elements is not None
    assert marked.elements.of("licence").with_fallback == 3
    assert marked.elements.authors == ("Release team",)
    assert decode(encode([marked])) == [marked]


def test_spdx_tag_value_gives_the_record_of_its_json() -> None:
    """Packages, references, checksums, annotations and relationships, and comments over several lines."""
    plain, text = sbom(spdx.READER, SPDX), sbom(spdx_tag_value.READER, SPDX_TAG_VALUE)
    assert anywhere(text) == anywhere(plain)
    assert text.elements is not None
    assert text.elements.contexts == ("build",)
    windows = sbom(spdx_tag_value.READER, b"\xef\xbb\xbf# first\r\n\r\n" + SPDX_TAG_VALUE.replace(b"\n", b"\r\n"))
    assert anywhere(windows) == anywhere(plain)


def test_spdx_3_is_joined_by_ids() -> None:
    """Agents, hashes, identifiers and licences stand elsewhere in the graph, as blank nodes or with an id."""
    found = sbom(spdx3.READER, SPDX3)
    assert (found.format, found.version, found.described) == ("spdx", "3.0.1", "app:1.0")
    assert found.components == (Component("deb", "libc6", "2.36-9"), Component("deb", "bash", "5.2"))
    assert [one.digest for one in found.digests] == [DIGEST]
    assert (found.created, found.tools, found.described_type) == ("2026-08-20T00:05:00Z", ("syft 1.18.1",), "container")
    elements = found.elements
    assert elements is not None
    assert {one.element: one.strict for one in elements.stated} == {
        "name": 2, "version": 2, "supplier": 1, "producer": 1, "identifiers": 2, "hash-value": 1,
        "hash-algorithm": 1, "licence": 1, "dependency": 2,
    }  # fmt: skip
    assert (elements.authors, elements.contexts, elements.dangling) == (("Harbour",), ("build",), 0)
    assert decode(encode([found])) == [found]


def test_pointers_of_spdx_3_lead_into_the_graph() -> None:
    """What is cited stands where the pointer says."""
    found = sbom(spdx3.READER, SPDX3)
    for pointer, value in (
        (found.described_at, "app"),
        (found.created_at, "2026-08-20T00:05:00Z"),
        (found.elements.contexts_at if found.elements else "", ["build"]),
    ):
        place: object = json.loads(SPDX3)
        for key in pointer.split("/")[1:]:
            place = place[int(key)] if isinstance(place, list) else place[key]  # type: ignore[index]  # JSON
        assert place == value


@pytest.mark.parametrize(
    ("data", "owner"),
    [
        (CYCLONEDX, "cyclonedx"),
        (CYCLONEDX_XML, "cyclonedx-xml"),
        (b"\xef\xbb\xbf" + CYCLONEDX_XML, "cyclonedx-xml"),
        (CYCLONEDX_XML.replace(b"<bom xmlns=", b"<!-- <x> --><b:bom xmlns:b="), "cyclonedx-xml"),
        (SPDX, "spdx"),
        (SPDX_TAG_VALUE, "spdx-tag-value"),
        (SPDX3, "spdx3"),
    ],
)
def test_content_decides_who_reads(data: bytes, owner: str) -> None:
    """A form has one reader among all that there are, whatever the file is called."""
    assert [reader.id for reader in readers().values() if reader.identify(data[:65536])] == [owner]


@pytest.mark.parametrize(
    "data",
    [
        b'<report xmlns="http://example.org"><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/></report>',
        b"text about <bom xmlns='http://cyclonedx.org/schema/bom/1.6'>",
        b"name: x\nSPDXVersion: SPDX-2.3\n",
        b'{"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}',
        b'{"@graph": [{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}]}',
    ],
)
def test_what_merely_mentions_a_form_is_not_taken_for_it(data: bytes) -> None:
    """The outermost element, line or object says what a document is."""
    assert not any(one.READER.identify(data) for one in (cyclonedx_xml, spdx_tag_value, spdx3))


LAUGHS = b'<!DOCTYPE bom [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
XMLNS = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (LAUGHS + XMLNS + b"<components>&b;</components></bom>", "declares a document type"),
        (OUTSIDE + XMLNS + b"<metadata><timestamp>&x;</timestamp></metadata></bom>", "declares a document type"),
        (b'<!DOCTYPE bom SYSTEM "http://example.org/bom.dtd">' + XMLNS + b"</bom>", "declares a document type"),
        (XMLNS + b"&unknown;</bom>", "not well-formed XML"),
        (XMLNS + b"<components>", "not well-formed XML"),
        (XMLNS + b"<a>" * 300, "elements within elements, more than 256 deep"),
        (XMLNS.replace(b"1.6", b"1.9") + b"</bom>", "CycloneDX 1.9 is not read"),
        (XMLNS + b"<metadata><timestamp>" + b"9" * 70_000 + b"</timestamp></metadata></bom>", "limit of 65,536"),
        (XMLNS + b"<metadata/><metadata/></bom>", "the element metadata stands twice"),
        (XMLNS + b"<components><component><purl>a</purl><purl>b</purl></component></components></bom>", "purl stands"),
        (b'<?xml version="1.0" encoding="no-such"?>' + XMLNS + b"</bom>", "encoding"),
    ],
)
def test_hostile_xml_is_refused(data: bytes, message: str) -> None:
    """No document type, no entity, no endless nesting; each error says what to mend."""
    assert cyclonedx_xml.READER.identify(data)
    assert message in error(cyclonedx_xml.READER, data).message


def test_a_large_xml_document_is_read_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit on items holds, and what has no end ends at it."""
    monkeypatch.setattr("compliance.evidence.cyclonedx_tree.MAX_ITEMS", 1000)
    started = time.process_time()
    many = XMLNS + b"<components>" + b"<component/>" * 200_000 + b"</components></bom>"
    assert "more than 1,000 items" in error(cyclonedx_xml.READER, many).message
    assert time.process_time() - started < 2


def test_each_limit_of_a_notation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elements, tags, lines of a text and elements of a graph are counted while they are read."""
    monkeypatch.setattr(xml_documents, "MAX_ELEMENTS", 10)
    assert "more than 10 elements" in error(cyclonedx_xml.READER, XMLNS + b"<a/>" * 20 + b"</bom>").message
    monkeypatch.setattr(spdx_tag_value, "MAX_LINES", 5)
    long = HEAD + b"PackageName: a\nPackageComment: <text>" + b"\n" * 10 + b"</text>\n"
    assert "limit of 5 lines" in error(spdx_tag_value.READER, long).message
    monkeypatch.setattr(spdx_tag_value, "MAX_ROWS", 5)
    assert "more than 5 tags" in error(spdx_tag_value.READER, HEAD + b"Creator: Tool: a-1\n" * 10).message
    monkeypatch.setattr(spdx3, "MAX_ELEMENTS", 3)
    assert "4 elements, above the limit of 3" in error(spdx3.READER, graph({}, {}, {}, {})).message


HEAD = b"SPDXVersion: SPDX-2.3\nDocumentName: app\n"


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (HEAD + b"PackageName: a\nPackageComment: <text>never closed\n", "is not closed", 4),
        (HEAD + b"PackageName: a\nPackageVersion: 1\nPackageVersion: 2\n", "PackageVersion stands twice in one", 5),
        (HEAD + b"DocumentName: b\n", "DocumentName stands twice in one document", 3),
        (HEAD + b"Relationship: a b\n", "a relationship that is not", 3),
        (HEAD + b"just words\n", "neither `Tag: value` nor a comment", 3),
        (HEAD + b"PackageName: \xff\n", "is not UTF-8", None),
        (HEAD.replace(b"2.3", b"2.1"), "SPDX-2.1 is not read", None),
    ],
)  # fmt: skip
def test_broken_tag_value_says_where(data: bytes, message: str, line: int | None) -> None:
    """The line of the fault is named."""
    found = error(spdx_tag_value.READER, data)
    assert message in found.message
    assert found.line == line


def graph(*elements: dict[str, object]) -> bytes:
    return json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": list(elements)}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (graph(), "without @graph"),
        (graph({"type": "CreationInfo", "specVersion": "3.1.0"}), "SPDX 3.1.0 is not read"),
        (graph({"type": "SpdxDocument", "spdxId": "a"}), "states no specVersion"),
        (graph({"spdxId": "a"}, {"spdxId": "a"}), "two elements have the same id"),
        (graph({"spdxId": 5}), "expected `str | null`"),
        (graph({"type": "CreationInfo", "specVersion": "3.0.1"})[:-1], "not valid JSON"),
    ],
)
def test_broken_graphs_are_refused(data: bytes, message: str) -> None:
    """An id that means two things, or a version nobody knows, ends the reading."""
    assert message in error(spdx3.READER, data).message


def test_a_graph_may_go_in_circles() -> None:
    """Elements that name each other, or themselves, are joined without end by nobody."""
    made = {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "createdBy": ["doc"]}
    document = {"type": "SpdxDocument", "spdxId": "doc", "creationInfo": "_:c", "rootElement": ["doc", "bom"]}
    bom = {"type": "software_Sbom", "spdxId": "bom", "rootElement": ["bom", "gone"]}
    link = {"type": "Relationship", "spdxId": "r", "from": "bom", "to": ["bom"], "relationshipType": "dependsOn"}
    found = sbom(spdx3.READER, graph(made, document, bom, link))
    assert found.components == ()


def test_lines_of_each_notation() -> None:
    """A pointer finds its element or tag, or the nearest thing above it."""
    text = SPDX_TAG_VALUE.decode().split("\n")
    pointers = ["/creationInfo/created", "/packages/1/versionInfo", "/packages/1/nothing", "/relationships", "/nothing"]
    created, version, package, links, nothing = spdx_tag_value.READER.locate(SPDX_TAG_VALUE, 1, pointers)
    assert text[created - 1].startswith("Created:")
    assert text[version - 1] == "PackageVersion: 2.36-9"
    assert text[package - 1] == "PackageName: libc6"
    assert text[links - 1].startswith("Relationship:")
    assert nothing == 1
    marked = CYCLONEDX_XML.decode().split("\n")
    pointers = ["/metadata/timestamp", "/components/1/purl", "/metadata/component/properties/0/value", "/serialNumber"]
    stamp, purl, labels, serial = cyclonedx_xml.READER.locate(CYCLONEDX_XML, 1, pointers)
    assert "<timestamp>" in marked[stamp - 1]
    assert "pkg:deb/debian/bash@5.2" in marked[purl - 1]
    assert "aquasecurity:trivy:ImageID" in marked[labels - 1]
    assert "<bom " in marked[serial - 1]
    assert xml_documents.locate(b"<a><b", 5, ["/b", "/c"]) == [5, 5]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_truncated_and_altered_documents_give_a_record_or_an_error(data: st.DataObject) -> None:
    """Nothing but an EvidenceError comes of broken bytes."""
    reader, whole = data.draw(
        st.sampled_from(
            [(cyclonedx_xml.READER, CYCLONEDX_XML), (spdx_tag_value.READER, SPDX_TAG_VALUE), (spdx3.READER, SPDX3)]
        )
    )
    cut = data.draw(st.integers(0, len(whole)))
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    for broken in (whole[:cut], flipped):
        piece = Slice(offset=0, length=len(broken), line=1, document=None, item=None, count=1)
        for found in reader.read(broken, piece, "a", "0" * 64):
            assert isinstance(found, Sbom | EvidenceError)
        reader.identify(broken)
        reader.locate(broken, 1, ["/metadata/component", "/packages/1/name", "/@graph/1"])
