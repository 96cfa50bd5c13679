"""What is said of a file that no reader knows: no format that is read is called unread."""

from __future__ import annotations

import gzip
import json

import pytest

from compliance.evidence.unrecognised import describe
from compliance.pipeline.units import recognise

STATEMENT = {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "x", "predicate": {}}
ENVELOPE = {"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": [{"sig": "YQ=="}]}
BUNDLE = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {}}
CONTAINER = {"Id": "a" * 64, "HostConfig": {}, "Config": {}, "State": {}, "Mounts": [], "Name": "/web"}

#: Documents that are read, with the words for them where they stand within another.
READ = {
    "trivy": ({"SchemaVersion": 2, "ArtifactName": "a:1", "Results": []}, "a Trivy report"),
    "grype": ({"matches": [{"vulnerability": {}}], "descriptor": {"name": "grype"}}, "a Grype report"),
    "sarif": ({"version": "2.1.0", "runs": []}, "a SARIF log"),
    "statement": (STATEMENT, "an in-toto statement"),
    "envelope": (ENVELOPE, "a signed attestation (DSSE envelope)"),
    "bundle": (BUNDLE | {"dsseEnvelope": ENVELOPE}, "a Sigstore bundle"),
    "cyclonedx": ({"bomFormat": "CycloneDX", "specVersion": "1.6"}, "a CycloneDX SBOM"),
    "spdx": ({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT"}, "an SPDX SBOM"),
    "openvex": ({"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}, "an OpenVEX document"),
    "image-config": ({"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": []}}, "an image configuration"),
    "docker-inspect": (CONTAINER, "a docker inspect result"),
}


@pytest.mark.parametrize(("document", "words"), READ.values(), ids=READ)
def test_a_document_within_another_is_told_to_be_handed_in_by_itself(document: object, words: str) -> None:
    """By itself it is read, so nobody says that its format is not."""
    assert recognise(json.dumps(document).encode()) is not None
    outer = json.dumps({"outer": document}).encode()
    assert recognise(outer) is None
    expected = f"looks like a part of {words}, or holds one; hand it in by itself, as its tool wrote it"
    assert describe(outer, "some.json") == expected


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b'<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#">', "an SPDX SBOM in RDF"),
        (b"spdxVersion: SPDX-2.3\nname: app\n", "an SPDX SBOM in YAML"),
        (b'<?xml version="1.0"?><bom version="1"/>', "a bill of materials in XML, not written as CycloneDX"),
        (b'<cvrf:cvrfdoc xmlns:cvrf="http://docs.oasis-open.org/csaf/ns/csaf-cvrf/v1.2/cvrf">', "an advisory in CVRF"),
        (b'"cveID","vendorProject"\n"CVE-2021-27104","Accellion"\n', "CISA's KEV catalog in CSV"),
        (b'{"status": "OK", "data": [{"cve": "CVE-2022-1", "epss": "0.1"}]}', "an answer of the EPSS API"),
        (b'{"host": {"buildahVersion": "1.38.0"}}', "what Podman says of itself"),
        (gzip.compress(b"words"), "a gzip archive"),
        (b"PK\x03\x04", "a zip archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x89PNG", "a picture"),
        (b"-----BEGIN PUBLIC KEY-----", "a PEM certificate or key"),
    ],
)  # fmt: skip
def test_a_format_that_is_not_read_is_named(head: bytes, words: str) -> None:
    """Under any name: nobody shall think that it was judged."""
    assert recognise(head) is None
    assert describe(head, "sbom.json").startswith(f"looks like {words}; this version does not read it")


@pytest.mark.parametrize(
    "head",
    [
        b'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"></bom>',
        b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: a\n",
        b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}',
        b'{"document": {"category": "csaf_vex", "csaf_version": "2.0"}}',
        b"#model_version:v2025.03.14,score_date:2026-01-01T00:00:00Z\ncve,epss,percentile\n",
        b'{"catalogVersion": "2026.01.01", "vulnerabilities": []}',
        b"FROM alpine:3\nRUN true\n",
    ],
)
def test_other_notations_are_read(head: bytes) -> None:
    """No hint is due for them."""
    assert recognise(head) is not None


@pytest.mark.parametrize(
    "text", [b"From the start\nall was well\n", b"select *\nfrom users\n", b"we use openvex here\n"]
)
def test_a_word_makes_no_format(text: bytes) -> None:
    """Prose and queries are not called Dockerfiles or VEX."""
    assert describe(text, "notes.txt") == "is text that no reader knows"


def test_parts_of_images_and_private_keys_have_their_own_words() -> None:
    """An image is read whole; a key does not belong here at all."""
    told = describe(b'{"imageLayoutVersion": "1.0.0"}', "oci-layout")
    assert told == "looks like a part of an image; hand in the whole image, as an OCI layout or an archive"
    assert "which does not belong in evidence" in describe(b"-----BEGIN EC PRIVATE KEY-----", "key.pem")
    assert describe(b" \n\0", "empty") == "the file is empty"
