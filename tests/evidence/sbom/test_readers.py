"""SBOM readers: what real files of Syft and Trivy say, and what hostile ones may not do."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence import cyclonedx, kubernetes, sbom_parts, spdx, syft
from compliance.evidence.records import decode, encode
from compliance.model.reader import Reader, Slice
from compliance.model.sbom import Component, Sbom

FILES = Path(__file__).parent / "files"
READERS = (cyclonedx.READER, spdx.READER, syft.READER, kubernetes.READER)
#: What the image in app.image.yaml holds.
INSTALLED = {
    Component("deb", "base-files", "12.4+deb12u11"),
    Component("deb", "libc6", "2.36-9+deb12u14"),
    Component("deb", "passwd", "1:4.13+dfsg1-1+deb12u2"),
    Component("npm", "@babel/parser", "7.24.1"),
    Component("pypi", "pyyaml", "6.0.2"),
}
IMAGE_ID = "sha256:ad0648d062092bc31960242a92e5dddd0bc8ac97d7c819ee7ee362e8fb49aaac"
START = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", '
ARCHIVE = "sha256:7d33171d2fb3861b47d36deab75cce4fe8bd461cd9a6c19310b02a434aacdbc9"


def owners(head: bytes) -> list[str]:
    return [reader.id for reader in READERS if reader.identify(head)]


def result(data: bytes, reader: Reader | None = None) -> Sbom | EvidenceError:
    """What the one reader that knows the bytes makes of them."""
    known = [reader] if reader else [one for one in READERS if one.identify(data[:65536])]
    assert len(known) == 1, known
    (piece,) = known[0].split(io.BytesIO(data))
    if isinstance(piece, EvidenceError):
        return piece
    (found,) = known[0].read(data, piece, "sboms/app.json", hashlib.sha256(data).hexdigest())
    assert isinstance(found, Sbom | EvidenceError)
    return found


def sbom(data: bytes) -> Sbom:
    found = result(data)
    assert isinstance(found, Sbom), found
    return found


def error(data: bytes, reader: Reader | None = None) -> EvidenceError:
    found = result(data, reader)
    assert isinstance(found, EvidenceError)
    assert found.path in ("sboms/app.json", "")
    assert found.kind == "SBOM"
    return found


def bom(**changes: object) -> bytes:
    """A small CycloneDX document with some keys put in another way."""
    document: Mapping[str, object] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": "2026-08-20T00:05:00Z", "component": {"type": "container", "name": "app"}},
        "components": [{"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1"}],
    }
    return json.dumps({**document, **changes}).encode()


@pytest.mark.parametrize("name", ["syft.cdx.json", "syft.spdx.json", "syft.json", "trivy.cdx.json", "trivy.spdx.json"])
def test_real_files_of_both_tools_name_the_same_packages(name: str) -> None:
    """Two tools and three formats, of one image: the components agree, and entries of other kinds are left out."""
    found = sbom((FILES / name).read_bytes())
    assert set(found.components) == INSTALLED
    assert len(found.components) == len(INSTALLED)
    assert decode(encode([found])) == [found]


def test_real_files_name_their_image_and_their_tool() -> None:
    """Digests, the reference, layers, date, tool and distribution are found where each tool writes them."""
    archive = sbom((FILES / "syft.cdx.json").read_bytes())
    assert [(one.digest, one.pointer) for one in archive.digests] == [(ARCHIVE, "/metadata/component/version")]
    assert (archive.described, archive.tools, archive.distro) == ("img.tar", ("syft 1.18.1",), "debian-12")
    assert (archive.format, archive.version, archive.created) == ("cyclonedx", "1.6", "2026-08-20T00:05:00Z")
    own = sbom((FILES / "syft.json").read_bytes())
    assert [one.digest for one in own.digests] == [IMAGE_ID, ARCHIVE]
    assert (own.described, own.created, len(own.diff_ids)) == ("registry.example/app:1.0", None, 2)
    for name in ("trivy.cdx.json", "trivy.spdx.json"):
        trivy = sbom((FILES / name).read_bytes())
        assert [one.digest for one in trivy.digests] == [IMAGE_ID]
        assert (trivy.described, trivy.tools) == ("registry.example/app:1.0", ("trivy 0.76.0",))
        assert (trivy.diff_ids, trivy.distro) == (own.diff_ids, "debian-12.11")
    assert [one.digest for one in sbom((FILES / "syft.spdx.json").read_bytes()).digests] == [ARCHIVE]


@pytest.mark.parametrize("name", ["syft.cdx.json", "syft.spdx.json", "syft.json", "trivy.spdx.json"])
def test_every_pointer_leads_to_its_value(name: str) -> None:
    """What a record cites can be looked up in the file, and stands on the line that is told."""
    data = (FILES / name).read_bytes()
    found = sbom(data)
    for digest in found.digests:
        value: object = json.loads(data)
        for key in digest.pointer.split("/")[1:]:
            value = value[int(key)] if isinstance(value, list) else value[key]  # type: ignore[index]
        assert digest.digest.removeprefix("sha256:") in str(value)
        (line,) = READERS[0].locate(data, 1, [digest.pointer])
        assert digest.digest.removeprefix("sha256:") in data.decode().split("\n")[line - 1]


@pytest.mark.parametrize(
    ("head", "owner"),
    [
        (b'{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT"}', ["spdx"]),
        (b'{"SPDXID": "SPDXRef-DOCUMENT", "creationInfo": {}, "packages": [', ["spdx"]),
        (b'\xef\xbb\xbf {"$schema": "http://cyclonedx.org/schema/bom-1.6.json", "specVersion": 1}', ["cyclonedx"]),
        (b'{"artifacts": [{"id": "1", "foundBy": "dpkg-db-cataloger"', ["syft"]),
        (b'{"artifacts": [], "artifactRelationships": [], "descriptor": {"name": "syft"}}', ["syft"]),
        (b'{"total_count": 1, "artifacts": [{"id": 1, "name": "logs"}]}', []),
        (b'{"matches": [{"artifact": {"foundBy": "x"}}], "artifacts": [], "descriptor": {"name": "grype"}}', []),
        (b'{"SchemaVersion": 2, "ArtifactName": "app", "Results": []}', []),
        (b'{"_type": "https://in-toto.io/Statement/v1", "predicate": {"bomFormat": "CycloneDX"}}', []),
        (b'{"predicateType": "https://spdx.dev/Document", "predicate": {"spdxVersion": "SPDX-2.3"}}', []),
        (b'{"apiVersion": "v1", "kind": "ConfigMap", "data": {"s": "{\\"bomFormat\\": 1}"}}', ["kubernetes"]),
        (b'["bomFormat", "spdxVersion", "artifacts"]', []),
    ],
)  # fmt: skip
def test_a_document_has_one_reader_or_none(head: bytes, owner: list[str]) -> None:
    """Content decides, by the outermost keys: an SBOM inside another document belongs to that document."""
    assert owners(head) == owner


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_versions_of_cyclonedx_are_read_and_recorded(version: str) -> None:
    """Old tools wrote a list of tools, newer ones components and services."""
    old = {"timestamp": "2026-01-01T00:00:00Z", "tools": [{"name": "maker", "version": "3"}]}
    new = {"tools": {"components": [{"name": "maker", "version": "3"}], "services": [{"name": "signer"}]}}
    assert sbom(bom(specVersion=version, metadata=old)).tools == ("maker 3",)
    assert sbom(bom(specVersion=version, metadata=new)).tools == ("maker 3", "signer")
    assert sbom(bom(specVersion=version)).version == version


@pytest.mark.parametrize(
    ("data", "message", "pointer"),
    [
        (bom(specVersion="1.9"), "CycloneDX 1.9 is not read", "/specVersion"),
        (bom(specVersion=None), "CycloneDX without a specVersion is not read", "/specVersion"),
        (bom(bomFormat="cyclonedx"), "bomFormat is not CycloneDX", "/bomFormat"),
        (b'{"spdxVersion": "SPDX-3.0"}', "SPDX-3.0 is not read", "/spdxVersion"),
        (b'{"artifacts": [], "artifactRelationships": [], "descriptor": {}}', "is not syft", "/descriptor/name"),
        (bom(components=[{"name": 5}]), "expected `str | null`, got `int`", "/components/0/name"),
        (bom(metadata={"component": {"name": []}}), "expected `str | null`, got `array`", "/metadata/component/name"),
        (bom(components={"a": 1}), "expected `array | null`, got `object`", "/components"),
        (START + b'"bomFormat": "CycloneDX"}', 'key "bomFormat" stands twice', ""),
        (START + b'"components": [{"purl": "a", "purl": "b"}]}', '"purl" stands twice', ""),
        (START + b'"x": {"a": 1, "\\u0061": 2}}', 'key "a" stands twice', ""),
        (START + b'"x": NaN}', "NaN is no JSON number", ""),
        (START + b'"x": "\\ud800"}', "half a surrogate pair", ""),
        (START + b'"x": "\xff"}', "is not UTF-8", ""),
        (START, "not valid JSON", ""),
        (b'{"bomFormat": "CycloneDX", "x": ' + b"[" * 200_000, "nested too deeply", ""),
        (b'{"bomFormat": "CycloneDX", "components": ' + b'[{"components": ' * 100_000, "nested too deeply", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_where(data: bytes, message: str, pointer: str) -> None:
    """A clear error, never a record made of half a document."""
    found = error(data)
    assert message in found.message
    assert found.pointer == pointer


def test_metadata_of_a_large_document_stand_once() -> None:
    """Which thing an SBOM is about cannot be said twice, however large the document is."""
    padding = ', "x": "' + "a" * sbom_parts.STRICT + '"}'
    twice = bom().decode()[:-1] + ', "metadata": {}' + padding
    assert '"metadata" stands twice' in error(twice.encode()).message
    inside = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {}, "component": {}}' + padding
    assert '"component" stands twice' in error(inside.encode()).message
    assert isinstance(result((bom().decode()[:-1] + padding).encode()), Sbom)
    artifacts = '{"artifacts": [{"foundBy": "a"}], "descriptor": {"name": "syft"}, "sourc\\u0065": {}, "source": {}'
    assert '"source" stands twice' in error((artifacts + padding).encode()).message
    document = '{"spdxVersion": "SPDX-2.3", "packages": [], "packages": [{"name": "a"}]'
    assert '"packages" stands twice' in error((document + padding).encode()).message


def test_nested_components_count_once_and_have_a_depth() -> None:
    """Components in components, those of the described thing too; files and the system's entry are no components."""
    inner: dict[str, object] = {"type": "library", "name": "leaf", "version": "1"}
    for _ in range(sbom_parts.MAX_DEPTH - 2):
        inner = {"type": "file", "name": "box", "components": [inner]}
    system = {"type": "operating-system", "name": "debian", "version": "12"}
    described = {"type": "container", "name": "app", "components": [{"type": "library", "purl": "pkg:gem/rake@13"}]}
    found = sbom(bom(components=[inner, system], metadata={"component": described}))
    assert found.components == (Component("gem", "rake", "13"), Component("", "leaf", "1"))
    assert (found.components_total, found.distro) == (sbom_parts.MAX_DEPTH + 1, "debian-12")
    deeper = {"type": "file", "components": [{"type": "file", "components": [inner]}]}
    assert "more than 64 deep" in error(bom(components=[deeper])).message


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap is named; the file is not held to find out that it is too large."""
    monkeypatch.setattr(sbom_parts, "MAX_BYTES", 100)
    (piece,) = cyclonedx.READER.split(io.BytesIO(b" " * 101))
    assert isinstance(piece, EvidenceError)
    assert piece.message == "101 bytes, above the limit of 100 for one SBOM"


def test_millions_of_components_end_in_time() -> None:
    """Files full of the smallest entries are refused in seconds, the largest before they are decoded."""
    entry = b'{"name":"a"},'
    started = time.process_time()
    for size, message in (
        (sbom_parts.MAX_BYTES, "more than 2,000,000 objects, the limit for one SBOM"),
        (sbom_parts.MAX_BYTES // 2, "2,581,102 components, above the limit of 1,000,000 for one SBOM"),
    ):
        number = size // len(entry) - 8
        data = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + (entry * number)[:-1] + b"]}"
        assert error(data).message == message
    assert time.process_time() - started < 10


def test_no_credential_and_no_control_character_leaves_a_reader() -> None:
    """Names are made visible, and a repository's address loses its password."""
    secret = "hunter2hunter2"
    components = [
        {"name": "a\n\x1b[31mb", "version": "1"},
        {"name": "b", "version": f"git+https://bot:{secret}@git.example/b.git"},
        {"purl": f"pkg:npm/c@git+https:%2F%2Fbot:{secret}@git.example%2Fc.git"},
    ]
    described = {"name": f"https://bot:{secret}@registry.example/app"}
    found = sbom(bom(components=components, metadata={"component": described}))
    assert secret.encode() not in encode([found])
    assert found.components[0] == Component("", "a\\n\\x1b[31mb", "1")


def test_lines_of_a_large_document() -> None:
    """Found by the outermost keys' indentation; a document on one line has one."""
    many = [{"type": "library", "name": f"n{number}", "purl": f"pkg:npm/n{number}@1"} for number in range(20_000)]
    described = {"type": "container", "name": "app", "version": IMAGE_ID}
    document = json.loads(bom(components=many, metadata={"component": described, "timestamp": "2026-08-20T00:05:00Z"}))
    data = json.dumps(document, indent=2).encode()
    lines = data.decode().split("\n")
    wanted = ["/metadata/component/version", "/metadata/timestamp", "/components", "/nothing/below", ""]
    version, timestamp, components, nothing, whole = cyclonedx.READER.locate(data, 1, wanted)
    assert IMAGE_ID in lines[version - 1]
    assert "2026-08-20" in lines[timestamp - 1]
    assert '"components"' in lines[components - 1]
    assert (nothing, whole) == (1, 1)
    assert cyclonedx.READER.locate(json.dumps(document).encode(), 7, wanted[:2]) == [7, 7]


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(path.name for path in FILES.glob("*.json"))), data=st.data())
def test_truncated_and_altered_files_give_a_record_or_an_error(name: str, data: st.DataObject) -> None:
    """Nothing but an EvidenceError comes of broken bytes."""
    whole = (FILES / name).read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    for broken in (whole[:cut], flipped):
        for reader in READERS[:3]:
            piece = Slice(offset=0, length=len(broken), line=1, document=None, item=None, count=1)
            for found in reader.read(broken, piece, "a.json", "0" * 64):
                assert isinstance(found, Sbom | EvidenceError)
            reader.identify(broken)
            reader.locate(broken, 1, ["/metadata/component", "/packages/3"])
