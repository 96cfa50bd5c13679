"""What hangs on an image in a layout is found by tag, by referrer and by index, and is bound to the right digest."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence.image import attached, attachments, manifests
from compliance.evidence.signed.embedding import Embedded, embedded
from compliance.model.attestation import Envelope, Trust
from compliance.model.signed import SignedDocument, Signing
from tests.evidence.signed.making import (
    FILES,
    b64,
    bundle,
    documents,
    envelope,
    plain,
    statement,
    survey_archive,
    survey_files,
    troubles,
)
from tests.images.making import (
    OCI,
    archive,
    as_json,
    blob_name,
    descriptor,
    entries_of,
    image_blobs,
    layout,
    sha256,
)

APP: dict[str, Any] = {
    "names": ["registry.example/app:1.0"],
    "layers": [[{"path": "usr/bin/app", "mode": "0755", "content": "x"}]],
}
MANIFEST, BLOBS = image_blobs(APP)
DIGEST = sha256(MANIFEST)
OTHER = "sha256:" + "b" * 64
REAL = "sha256:b34108ff56717903fddbaf0cee0c30865e2f8b39e53e2c07ea24ebbd333d1908"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"

Layer = tuple[str, bytes, Mapping[str, str]]


def simple_signing(digest: str, kind: str = "cosign container image signature") -> bytes:
    critical = {
        "identity": {"docker-reference": "registry.example/app"},
        "image": {"docker-manifest-digest": digest},
        "type": kind,
    }
    return as_json({"critical": critical, "optional": None})


def signature(digest: str = DIGEST, **more: str) -> Layer:
    return SIMPLE, simple_signing(digest), {"dev.cosignproject.cosign/signature": b64(b"sig"), **more}


def manifest_of(layers: Sequence[Layer], **more: object) -> bytes:
    stated = [descriptor(kind, data, annotations=dict(notes)) for kind, data, notes in layers]
    return as_json({"schemaVersion": 2, "mediaType": OCI["manifest"], "config": _empty(), "layers": stated, **more})


def _empty() -> dict[str, object]:
    return descriptor(OCI["config"], b"{}")


def tagged(suffix: str, digest: str = DIGEST) -> dict[str, object]:
    return {"annotations": {"org.opencontainers.image.ref.name": f"sha256-{digest[7:]}{suffix}"}}


def files_of(
    layers: Sequence[Layer], entry: Mapping[str, object] | None, without: Sequence[bytes] = (), **more: object
) -> dict[str, bytes]:
    """A layout with the image and a manifest of these layers; with `entry` index.json names that, too."""
    manifest = manifest_of(layers, **more)
    blobs = {**BLOBS, **{blob_name(sha256(data)): data for data in (manifest, *(layer[1] for layer in layers))}}
    for data in without:
        del blobs[blob_name(sha256(data))]
    entries: list[dict[str, object]] = entries_of(APP, MANIFEST)
    if entry is not None:
        entries.append(descriptor(OCI["manifest"], manifest, **entry))
    return layout(entries, blobs)


# -- by tag -------------------------------------------------------------------------------------------------


def test_a_signature_under_a_tag_is_about_what_its_payload_names(tmp_path: Path) -> None:
    (found,) = documents(survey_files(tmp_path, files_of([signature()], tagged(".sig"))))
    assert found.material is not None
    assert (found.material.signing, found.material.payload) == (Signing.PAYLOAD, simple_signing(DIGEST))
    assert (found.material.signatures[0].value, found.material.fault) == (b"sig", "")
    claim = found.claim
    assert (claim.envelope, claim.about, claim.predicate_type) == (Envelope.COSIGN_LAYOUT, "signature", "")
    assert (claim.digests(), claim.refers_to, claim.predicate_note) == ((DIGEST,), DIGEST, "")
    assert claim.origin.pointer == claim.origin.inner == "/layers/0"


def test_a_signature_of_another_image_under_this_tag_is_told(tmp_path: Path) -> None:
    (found,) = documents(survey_files(tmp_path, files_of([signature(OTHER)], tagged(".sig"))))
    assert found.claim.digests() == (OTHER,)
    assert found.claim.predicate_note == f"it hangs on {DIGEST} and the signed payload is about {OTHER}"


def test_two_signatures_over_one_payload_are_two_documents(tmp_path: Path) -> None:
    layers = [signature(), signature(**{"dev.cosignproject.cosign/signature": b64(b"second")})]
    found = documents(survey_files(tmp_path, files_of(layers, tagged(".sig"))))
    assert [one.material.signatures[0].value for one in found if one.material] == [b"sig", b"second"]
    assert len({one.claim.subject.id for one in found}) == 2


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (signature(**{"dev.cosignproject.cosign/signature": "*"}), "the signature is no base64"),
        ((SIMPLE, simple_signing(DIGEST), {}), "has no annotation dev.cosignproject.cosign/signature"),
        ((SIMPLE, simple_signing(DIGEST, "x"), signature()[2]), 'is of type "x"'),
        (signature("sha256:" + "B" * 64), "names no image by sha256"),
        ((SIMPLE, b"{", signature()[2]), "the signed payload cannot be read: not valid JSON"),
        (signature(**{"dev.sigstore.cosign/certificate": "x"}), "is no PEM certificate"),
        (signature(**{"dev.sigstore.cosign/bundle": "{}"}), "the body of the log entry is no text"),
        (signature(**{"dev.sigstore.cosign/bundle": "{"}), "the log entry beside the signature cannot be read"),
        (signature(**{"dev.sigstore.cosign/rfc3161timestamp": "{}"}), "the timestamp is no text"),
    ],
)
def test_what_is_wrong_with_a_signature_is_its_fault(tmp_path: Path, layer: Layer, words: str) -> None:
    (found,) = documents(survey_files(tmp_path, files_of([layer], tagged(".sig"))))
    assert found.material is not None
    assert words in found.material.fault


def test_certificate_log_entry_and_timestamp_stand_in_annotations(tmp_path: Path) -> None:
    body = {"apiVersion": "0.0.1", "kind": "hashedrekord"}
    payload = {"body": b64(as_json(body)), "integratedTime": 5, "logIndex": 6, "logID": "0a" * 32}
    pem = f"-----BEGIN CERTIFICATE-----\n{b64(b'leaf')}\n-----END CERTIFICATE-----\n"
    beside = {
        "dev.sigstore.cosign/certificate": pem,
        "dev.sigstore.cosign/chain": pem.replace(b64(b"leaf"), b64(b"root")),
        "dev.sigstore.cosign/bundle": json.dumps({"SignedEntryTimestamp": b64(b"set"), "Payload": payload}),
        "dev.sigstore.cosign/rfc3161timestamp": json.dumps({"SignedRFC3161Timestamp": b64(b"token")}),
    }
    attestation = ("application/vnd.dsse.envelope.v1+json", as_json(envelope(statement())), beside)
    for layer, suffix in ((signature(**beside), ".sig"), (attestation, ".att")):
        (found,) = documents(survey_files(tmp_path / suffix, files_of([layer], tagged(suffix))))
        assert found.material is not None
        assert found.material.fault == ""
        assert found.material.signatures[0].certificates == (b"leaf", b"root")
        assert [(entry.position, entry.integrated) for entry in found.material.entries] == [(6, 5)]
        assert found.material.timestamps == (b"token",)
        assert found.claim.envelope is Envelope.COSIGN_LAYOUT


def test_a_plain_sbom_under_a_tag_comes_as_it_is(tmp_path: Path) -> None:
    layer = ("application/vnd.cyclonedx+json", b'{"bomFormat": "CycloneDX"}', {})
    (found,) = plain(survey_files(tmp_path, files_of([layer], tagged(".sbom"))))
    assert (found.kind, found.data, found.digests) == ("sbom", layer[1], (DIGEST,))
    text = ("text/spdx", b"SPDXVersion: SPDX-2.3", {})
    (found,) = plain(survey_files(tmp_path, files_of([text], tagged(".sbom"))))
    assert (found.kind, found.data) == ("sbom", text[1])


# -- by referrer --------------------------------------------------------------------------------------------


def subject(digest: str = DIGEST) -> dict[str, object]:
    return {"subject": {"mediaType": OCI["manifest"], "digest": digest, "size": 1}, "artifactType": BUNDLE}


@pytest.mark.parametrize("entry", [{}, None], ids=["named by the index", "named by nothing"])
def test_a_referrer_is_found_wherever_it_lies(tmp_path: Path, entry: dict[str, object] | None) -> None:
    layer = (BUNDLE, as_json(bundle({"dsseEnvelope": envelope(statement())})), {})
    (found,) = documents(survey_files(tmp_path, files_of([layer], entry, **subject())))
    assert (found.claim.envelope, found.claim.refers_to) == (Envelope.BUNDLE, DIGEST)


def test_a_referrer_behind_a_fallback_tag_is_found_once(tmp_path: Path) -> None:
    layer = (BUNDLE, as_json(bundle({"dsseEnvelope": envelope(statement())})), {})
    manifest = manifest_of([layer], **subject())
    index = as_json(
        {"schemaVersion": 2, "mediaType": OCI["index"], "manifests": [descriptor(OCI["manifest"], manifest)]}
    )
    entries = [*entries_of(APP, MANIFEST), descriptor(OCI["index"], index, **tagged(""))]
    blobs = {**BLOBS, **{blob_name(sha256(data)): data for data in (manifest, index, layer[1])}}
    found = survey_files(tmp_path, layout(entries, blobs))
    assert found.errors == ()
    assert [one.claim.refers_to for one in documents(found)] == [DIGEST]
    del blobs[blob_name(sha256(manifest))]
    (error,) = survey_files(tmp_path / "without", layout(entries, blobs)).errors
    assert f"which hangs on {DIGEST}, was not handed in" in str(error)
    assert error.kind == "Attestation"


def test_an_image_with_a_subject_stays_an_image(tmp_path: Path) -> None:
    other, blobs = image_blobs({**APP, "layers": [[{"path": "x", "content": "y"}]]})
    other = as_json({**json.loads(other), "subject": {"digest": DIGEST, "mediaType": "x", "size": 1}})
    blobs = {**BLOBS, **blobs, blob_name(sha256(other)): other}
    found = survey_files(tmp_path, layout(entries_of(APP, MANIFEST), blobs))
    assert (len(found.images), found.attached) == (1, ())


def test_an_artifact_of_the_retired_manifest_is_read(tmp_path: Path) -> None:
    blob = as_json(bundle({"dsseEnvelope": envelope(statement())}))
    artifact = as_json({"artifactType": BUNDLE, "blobs": [descriptor(BUNDLE, blob)], **subject()})
    blobs = {**BLOBS, **{blob_name(sha256(data)): data for data in (artifact, blob)}}
    entries = [*entries_of(APP, MANIFEST), descriptor("application/vnd.oci.artifact.manifest.v1+json", artifact)]
    (found,) = documents(survey_files(tmp_path, layout(entries, blobs)))
    assert found.claim.refers_to == DIGEST


def test_what_is_no_signature_is_handed_on_by_kind(tmp_path: Path) -> None:
    for kind, data, word in (
        ("application/sarif+json", b'{"runs": []}', "vulnerabilities"),
        ("application/vnd.openvex+json", b'{"@context": "openvex"}', "vex"),
        ("application/octet-stream", b"\x00\x01", "other"),
    ):
        files = files_of(
            [(kind, data, {})], {}, config=descriptor("application/vnd.oci.empty.v1+json", b"{}"), **subject()
        )
        (found,) = plain(survey_files(tmp_path / word, files))
        assert (found.kind, found.data, found.digests) == (word, data, (DIGEST,))


# -- by index, as BuildKit writes it -------------------------------------------------------------------------


BUILDKIT = {"annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": DIGEST}}


def test_statements_of_buildkit_are_unsigned_and_say_so(tmp_path: Path) -> None:
    predicate = {"builder": {"id": ""}, "buildType": "https://mobyproject.org/buildkit@v1"}
    data = as_json(statement("https://slsa.dev/provenance/v0.2", predicate))
    bom = as_json(statement("https://spdx.dev/Document", {"spdxVersion": "SPDX-2.3"}))
    layers = [(IN_TOTO, data, {"in-toto.io/predicate-type": "x"}), (IN_TOTO, bom, {})]
    found = documents(survey_files(tmp_path, files_of(layers, BUILDKIT)))
    for one in found:
        assert (one.material, one.claim.trust, one.claim.envelope) == (None, Trust.PRESENT_UNSIGNED, Envelope.BUILDKIT)
        assert one.claim.refers_to == DIGEST
    assert found[0].claim.provenance is not None
    inside = embedded(found[1])
    assert inside is not None
    assert json.loads(inside.data) == {"spdxVersion": "SPDX-2.3"}


# -- what does not hold --------------------------------------------------------------------------------------


def test_a_changed_blob_is_a_fault_of_the_signed_and_refuses_the_unsigned(tmp_path: Path) -> None:
    signed_layer = (BUNDLE, as_json(bundle({"dsseEnvelope": envelope(statement())})), {})
    bare = (IN_TOTO, as_json(statement()), {})
    sbom = ("application/spdx+json", b'{"spdxVersion": "SPDX-2.3"}', {})
    files = files_of([signed_layer, bare, sbom], {}, **subject())
    for _, data, _ in (signed_layer, bare, sbom):
        files[blob_name(sha256(data))] = data + b"\n"
    found = survey_files(tmp_path, files)
    (document,) = [one for one in attached.attached_documents(found) if hasattr(one, "material")]
    assert document.material is not None
    assert "its manifest names sha256:" in document.material.fault
    assert [("its manifest names sha256:" in words) for words in troubles(found)] == [True, True]


def test_what_was_not_handed_in_is_told_with_its_place(tmp_path: Path) -> None:
    layer = (BUNDLE, as_json(bundle({"dsseEnvelope": envelope(statement())})), {})
    found = survey_files(tmp_path, files_of([layer], {}, [layer[1]], **subject()))
    (words,) = troubles(found)
    assert f"which hangs on {DIGEST}, was not handed in" in words
    assert "/layers/0" in words
    assert found.errors == ()


def test_a_document_that_cannot_be_read_names_its_blob(tmp_path: Path) -> None:
    broken = (BUNDLE, b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.9+json"}', {})
    (words,) = troubles(survey_files(tmp_path, files_of([broken], {}, **subject())))
    assert "0.1 to 0.3 are" in words
    assert blob_name(sha256(broken[1])) in words
    (words,) = troubles(survey_files(tmp_path / "b", files_of([(BUNDLE, b'{"a": ', {})], {}, **subject())))
    assert "not valid JSON" in words


def test_caps_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [signature() for _ in range(5)]
    monkeypatch.setattr(manifests, "MAX_ATTACHED", 3)
    found = survey_files(tmp_path, files_of(layers, tagged(".sig")))
    assert len(found.attached) == 3
    assert "more than 3 documents are attached to images" in str(found.errors[0])
    monkeypatch.setattr(manifests, "MAX_ATTACHED", 100)
    monkeypatch.setattr(attachments, "_MAX_LAYERS", 4)
    found = survey_files(tmp_path / "b", files_of(layers, tagged(".sig")))
    assert "5 attached documents in one manifest (allowed: 4)" in str(found.errors[0])
    monkeypatch.setattr(attached, "MAX_DOCUMENT", 10)
    (words, *_) = troubles(found)
    assert "more than the 10" in words


def test_one_large_blob_named_often_is_read_once_and_within_a_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = as_json(bundle({"dsseEnvelope": envelope(statement(filler="x" * 5_000))}))
    same = survey_files(tmp_path, files_of([(BUNDLE, data, {})] * 5, {}, **subject()))
    assert len(documents(same)) == 1
    other = survey_files(tmp_path / "b", files_of([(BUNDLE, data, {"n": str(n)}) for n in range(5)], {}, **subject()))
    assert len(documents(other)) == 5
    monkeypatch.setattr(attached, "MAX_READ", 3 * len(data))
    assert len(list(attached.attached_documents(other))) == 4
    assert "bytes of attached documents in one source" in troubles(other)[0]


def test_hostile_descriptors_raise_nothing(tmp_path: Path) -> None:
    layers: list[object] = [5, {}, {"digest": "sha256:../../etc/passwd"}, {"digest": OTHER, "annotations": {"a": 1}}]
    manifest = as_json({"schemaVersion": 2, "config": _empty(), "layers": layers, **subject(digest="sha256:x")})
    entry = descriptor(OCI["manifest"], manifest, annotations={"org.opencontainers.image.ref.name": 5})
    blobs = {**BLOBS, blob_name(sha256(manifest)): manifest}
    found = survey_files(tmp_path, layout([*entries_of(APP, MANIFEST), entry], blobs))
    assert list(attached.attached_documents(found)) == []


# -- what cosign really writes -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cosign.oci.tar", "cosign-save.oci.tar.gz"])
def test_everything_that_cosign_hangs_on_an_image_is_found(name: str) -> None:
    """By tag (`.sig`, `.att`), by the fallback tag of referrers, and in the layout of `cosign save`."""
    found = survey_archive(FILES / name)
    assert [image.manifest for image in found.images] == [REAL]
    assert found.errors == ()
    made = documents(found)
    assert sorted((one.claim.envelope.value, one.claim.about) for one in made) == [
        ("bundle", "provenance"),
        ("bundle", "signature"),
        ("cosign-layout", "other"),
        ("cosign-layout", "provenance"),
        ("cosign-layout", "sbom"),
        ("cosign-layout", "sbom"),
        ("cosign-layout", "signature"),
    ]
    for one in made:
        assert one.claim.digests() == (REAL,)
        assert one.claim.refers_to in (REAL, None)
        assert one.material is not None
        assert one.material.fault == ""
        assert one.claim.origin.path == name
        assert one.claim.origin.pointer.startswith("blobs/sha256/")
        assert one.claim.subject.id.startswith(f"attestation/{name}!blobs/sha256/")
    assert len({one.claim.subject.id for one in made}) == len(made)
    inside = [one for one in map(embedded, made) if one is not None]
    assert sorted(json.loads(one.data).get("bomFormat", "SPDX") for one in inside) == ["CycloneDX", "SPDX"]


def test_a_packed_archive_gives_what_a_plain_one_gives(tmp_path: Path) -> None:
    layers = [signature(), (BUNDLE, as_json(bundle({"dsseEnvelope": envelope(statement())})), {})]
    data = archive(files_of(layers, tagged(".sig")))
    (tmp_path / "plain.tar").write_bytes(data)
    (tmp_path / "packed.tar.gz").write_bytes(gzip.compress(data, mtime=0))
    first, second = (documents(survey_archive(tmp_path / name)) for name in ("plain.tar", "packed.tar.gz"))
    assert [one.material for one in first] != []
    assert sorted(map(repr, (one.material for one in first))) == sorted(map(repr, (one.material for one in second)))


_VALUES = st.none() | st.integers() | st.text(max_size=6) | st.sampled_from([DIGEST, OTHER, "sha256:", SIMPLE, IN_TOTO])
_JSON = st.recursive(
    _VALUES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["digest", "mediaType", "annotations", "size", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["layers", "blobs", "subject", "config", "artifactType", "manifests"]), _JSON),
    _JSON,
)
def test_no_manifest_raises(tmp_path: Path, document: dict[str, object], annotations: object) -> None:
    manifest = as_json(document)
    blobs = {**BLOBS, blob_name(sha256(manifest)): manifest}
    entry = {**descriptor(OCI["manifest"], manifest), "annotations": annotations}
    found = survey_files(tmp_path, layout([*entries_of(APP, MANIFEST), entry], blobs))
    for one in attached.attached_documents(found):
        assert isinstance(one, (EvidenceError, Embedded, SignedDocument))
