"""Every form is known by one reader alone, and no reader fails on what nobody should have written."""

from __future__ import annotations

import io
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence.vulnerabilities import csaf_products, openvex, parts, sarif, trivy
from compliance.model.reader import Slice
from compliance.model.vulnerability import ScanReport, VexDocument
from compliance.pipeline.registered import readers
from tests.evidence.vulnerabilities.making import (
    READERS,
    answers,
    csaf_document,
    encoded,
    everything,
    openvex_document,
    refusal,
    sarif_log,
    sarif_result,
    the,
    trivy_report,
    trivy_vulnerability,
    vex_statement,
)

ALL = everything()
JSON_FORMS = sorted(name for name, (reader, _) in ALL.items() if reader != "epss")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=10), below, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_form_is_known_by_one_reader(name: str) -> None:
    """No other reader of vulnerabilities, nor any other of the product, takes it for its own."""
    reader, data = ALL[name]
    everyone = {**readers(), **READERS}
    assert [id for id, one in everyone.items() if one.identify(data[: 64 * 1024])] == [reader]
    found = answers(reader, data)
    assert found
    assert not any(isinstance(one, EvidenceError) for one in found)


@pytest.mark.parametrize("name", JSON_FORMS)
def test_a_byte_order_mark_changes_nothing(name: str) -> None:
    reader, data = ALL[name]
    marked = b"\xef\xbb\xbf" + data
    assert READERS[reader].identify(marked)
    assert [type(one) for one in answers(reader, marked)] == [type(one) for one in answers(reader, data)]


def test_other_files_are_nobody_s() -> None:
    """Files of other kinds, and texts that only speak of these."""
    others = [
        b'{"apiVersion": "v1", "kind": "ConfigMap", "data": {"matches": "", "SchemaVersion": "2"}}',
        b'{"bomFormat": "CycloneDX"}',
        b'{"spdxVersion": "SPDX-2.3", "name": "openvex.dev/ns"}',
        b'{"payloadType": "application/vnd.in-toto+json", "payload": "", "signatures": []}',
        b'{"_type": "https://in-toto.io/Statement/v1", "predicate": {"scanner": {}, "metadata": {}}}',
        b'{"text": "\\"SchemaVersion\\" \\"ArtifactName\\" \\"runs\\" \\"matches\\""}',
        b"cve,epss",
        b"\x1f\x8b\x08\x00 no gzip",
        b"[]",
        b"{}",
        b"",
    ]
    for data in others:
        mine = [id for id, one in READERS.items() if id != "cyclonedx" and one.identify(data)]
        assert mine == [], data


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_prefix_of_a_file_raises(name: str) -> None:
    """A file that was cut gives records, or a reason."""
    reader, data = ALL[name]
    for end in range(0, len(data), max(1, len(data) // 40)):
        READERS[reader].identify(data[:end])
        for one in answers(reader, data[:end]):
            assert not isinstance(one, EvidenceError) or str(one)


def _places(document: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [at, *(place for key, value in items for place in _places(value, (*at, key)))]


@pytest.mark.parametrize("name", JSON_FORMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_value_anywhere_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """Whatever stands in a field: records, or an EvidenceError, and never another exception."""
    reader, text = ALL[name]
    document = json.loads(text)
    place = data.draw(st.sampled_from(_places(document)[1:]))
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = data.draw(VALUES)
    changed = json.dumps(document).encode()
    READERS[reader].identify(changed)
    for one in answers(reader, changed):
        assert not isinstance(one, EvidenceError) or one.path == "file"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    for id, reader in READERS.items():
        reader.identify(data)
        assert all(isinstance(one, EvidenceError) for one in answers(id, data)) or id in ("epss", "ssvc"), id


@pytest.mark.parametrize("name", JSON_FORMS)
def test_deep_nesting_and_double_keys_are_refused(name: str) -> None:
    """2,000 levels below any key, and a key that stands twice."""
    reader, data = ALL[name]
    text = data.decode()
    key = re.search(r'"(?:cveID|CreatedAt|timestamp|version|category|scanFinishedOn|cveId|ClusterName)"', text)
    assert key is not None
    deep = text[: key.start()] + '"deep": ' + "[" * 2000 + "]" * 2000 + ", " + text[key.start() :]
    assert "nested too deeply" in refusal(reader, deep.encode())
    twice = text[: key.start()] + f"{key[0]}: null, " + text[key.start() :]
    assert "stands twice" in refusal(reader, twice.encode())


def test_too_large_a_file_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is decoded."""
    monkeypatch.setattr(parts, "MAX_BYTES", 1000)
    (error,) = answers("trivy", b" " * 1001)
    assert "1,001 bytes, above the limit of 1,000 for one vulnerability scan" in str(error)


def test_too_many_findings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (trivy, sarif, openvex):
        monkeypatch.setattr(module, "MAX_FINDINGS", 2)
    assert "3 findings, above" in refusal("trivy", trivy_report(*[trivy_vulnerability()] * 3))
    assert "3 findings, above" in refusal("sarif", sarif_log(*[sarif_result()] * 3))
    assert "3 statements, above" in refusal("openvex", openvex_document(*[vex_statement()] * 3))


def test_flags_that_multiply_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of many flags speaks of a large group: the product of both is capped."""
    monkeypatch.setattr(csaf_products, "MAX_SOUGHT", 10)
    flags = [{"label": "component_not_present", "group_ids": ["G"]}] * 11
    said = csaf_document({"flags": flags, "product_status": {"known_not_affected": ["APP:SSL"]}})
    assert "more than 10 products in the groups that vulnerabilities name" in refusal("csaf", said)


def test_a_group_that_every_vulnerability_names_is_not_unrolled() -> None:
    """Of a large group, only those products are looked at that a vulnerability is about."""
    flag = {"label": "component_not_present", "group_ids": ["G"]}
    one = {"flags": [flag], "product_status": {"known_not_affected": ["P0"]}}
    document = csaf_document(one)
    products = [{"name": f"P{number}", "product_id": f"P{number}"} for number in range(5_000)]
    group = {"group_id": "G", "product_ids": [product["product_id"] for product in products]}
    document["product_tree"] = {"full_product_names": products, "product_groups": [group]}
    document["vulnerabilities"] = [{"cve": f"CVE-2023-{number}", **one} for number in range(1000, 6000)]
    started = time.process_time()
    vex = the(VexDocument, "csaf", document)
    assert time.process_time() - started < 5  # with each group unrolled for each vulnerability: a minute
    assert {one.justification for one in vex.statements} == {"component_not_present"}


def test_texts_are_bounded_and_printable() -> None:
    """Control characters and length of names, reasons and references."""
    evil = "x\x1b[31m\u202e" + "y" * 100_000
    report = trivy_report(trivy_vulnerability(PkgIdentifier={}, PkgName=evil, FixedVersion=evil), ArtifactName=evil)
    report["Metadata"] = {}
    for found in answers("trivy", encoded(report)) + answers("openvex", encoded(openvex_document(author=evil))):
        assert isinstance(found, ScanReport | VexDocument)
        assert "\x1b" not in repr(found).replace("\\x1b", "")
        name = found.target if isinstance(found, ScanReport) else found.author
        assert len(name) < 2000
        assert name.isprintable()


def test_lines_of_places_are_found() -> None:
    """A finding's place leads to its line."""
    data = encoded(trivy_report())
    (line,) = READERS["trivy"].locate(data, 1, ["/Results/0/Vulnerabilities/0/VulnerabilityID"])
    assert b'"VulnerabilityID"' in data.splitlines()[line - 1]


def test_a_whole_file_is_one_slice() -> None:
    (piece,) = READERS["grype"].split(io.BytesIO(b"{}"))
    assert isinstance(piece, Slice)
    assert (piece.offset, piece.length, piece.line, piece.count) == (0, 2, 1, 1)


@pytest.mark.parametrize(
    "hint", ["openvex.dev/ns", '"matches"', '"SchemaVersion"', '"scanner"', '"runs"', '"CVE_RECORD"']
)
def test_an_unfinished_string_is_looked_at_once(hint: str) -> None:
    """64 KiB of quotes in a string without an end: to begin anew at each of them took seven seconds."""
    head = (f'{{{hint}: "' if hint[0] == '"' else f'{{"{hint}": "').encode() + b'\\"' * 32_000
    started = time.process_time()
    for reader in READERS.values():
        reader.identify(head)
    assert time.process_time() - started < 1
