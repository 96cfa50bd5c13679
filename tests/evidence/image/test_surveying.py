"""Surveying: the same image is found in every form it is handed in, and no contradiction passes unsaid."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence.image import holdings, manifests, surveying
from compliance.evidence.image.contents import FoundImage, Packed, Piece, Source, Survey
from compliance.evidence.image.sources import archive_kind, open_piece, read_piece
from compliance.evidence.image.surveying import survey
from tests.images import making
from tests.images.making import (
    OCI,
    archive,
    as_json,
    blob_name,
    descriptor,
    docker_archive,
    header,
    image_blobs,
    index_json,
    layout,
    oci_tar,
    parts,
    platforms,
    several,
    sha256,
    tar_of,
    write_layout,
)

APP: dict[str, Any] = {
    "names": ["registry.example/app:1.0"],
    "created": "2026-08-20T00:00:00Z",
    "config": {"User": "1000"},
    "layers": [
        [{"path": "usr/bin/bash", "mode": "0755", "content": "x" * 300_000}],
        [{"path": "etc/passwd", "content": "root:x:0:0::/:/bin/sh\n"}],
    ],
}
OTHER: dict[str, Any] = {"names": ["registry.example/other:2"], "layers": [[{"path": "opt/other", "content": "o"}]]}


def survey_of(folder: Path, data: bytes) -> Survey:
    place = folder / "image.tar"
    place.write_bytes(data)
    packed = archive_kind(data[: 64 << 10])
    piece = Piece("image.tar", os.fsencode(place), 0, len(data), "", packed or Packed.NO)
    return survey(Source(path="image.tar", archive=True, pieces={"": piece}))


def survey_folder(folder: Path) -> Survey:
    pieces = {}
    for place in sorted(folder.rglob("*")):
        if place.is_file():
            name = str(place.relative_to(folder))
            pieces[name] = Piece(f"layout/{name}", os.fsencode(place), 0, place.stat().st_size, "")
    return survey(Source(path="layout/index.json", archive=False, pieces=pieces))


def words(image: FoundImage) -> list[str]:
    return [fault.words for fault in image.faults]


def problems(found: Survey) -> str:
    return "\n".join(str(error) for error in found.errors)


def diff_ids(image: FoundImage) -> list[str]:
    return [layer.diff_id for layer in image.layers]


def one(found: Survey) -> FoundImage:
    assert not found.errors
    (image,) = found.images
    return image


# -- the same in every form ---------------------------------------------------------------------------------


@pytest.mark.parametrize("outer", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("make", [oci_tar, docker_archive])
def test_every_form(tmp_path: Path, make: Any, compression: str, outer: str) -> None:
    """An image has the same configuration and diff ids in every form, and each layer's bytes are where it is said."""
    data = make(APP, compression, outer)
    found = survey_of(tmp_path, data)
    image = one(found)
    assert image.names == ("registry.example/app:1.0",)
    assert image.config == sha256(making.config_of(APP)) == sha256(image.config_bytes)
    assert diff_ids(image) == [sha256(layer) for layer in making.layer_tars(APP)]
    assert not image.faults
    for layer in image.layers:
        assert layer.piece is not None
        with open_piece(layer.piece) as stream:
            assert sha256(stream.read()) == layer.actual
    assert [(file.path, file.sha256, file.size) for file in found.files] == [
        ("image.tar", hashlib.sha256(data).hexdigest(), len(data))
    ]


def test_layout_folder(tmp_path: Path) -> None:
    """A folder gives what the tar of it gives; each of its files is hashed."""
    folder = write_layout(tmp_path / "layout", APP)
    found = survey_folder(folder)
    image = one(found)
    in_tar = one(survey_of(tmp_path, oci_tar(APP)))
    assert (image.manifest, image.config, image.names) == (in_tar.manifest, in_tar.config, in_tar.names)
    assert image.layers[0].piece is not None
    assert image.layers[0].piece.member == ""
    for file in found.files:
        real = folder / file.path.removeprefix("layout/")
        assert file.sha256 == hashlib.sha256(real.read_bytes()).hexdigest()


def test_several_and_platforms(tmp_path: Path) -> None:
    """Images side by side and platforms of one image are all found, in order; the list has its bytes' digest."""
    assert [image.names[0] for image in survey_of(tmp_path, archive(several([APP, OTHER]))).images] == [
        "registry.example/app:1.0",
        "registry.example/other:2",
    ]
    files = platforms([APP, {**APP, "platform": "linux/arm64/v8"}], "registry.example/app:1.0")
    found = survey_of(tmp_path, archive(files))
    index = json.loads(files["index.json"])["manifests"][0]["digest"]
    assert [(image.index, image.names) for image in found.images] == [(index, ("registry.example/app:1.0",))] * 2
    assert len({image.config for image in found.images}) == 2


def test_platforms_not_handed_in_are_named(tmp_path: Path) -> None:
    """A list whose other platforms were left out says so on the image that is there; none there is an error."""
    files = platforms([APP, {**OTHER, "platform": "linux/arm64/v8"}])
    manifest, _ = image_blobs({**OTHER, "platform": "linux/arm64/v8"})
    del files[blob_name(sha256(manifest))]
    image = one(survey_of(tmp_path, archive(files)))
    assert words(image) == ["the list over platforms names linux/arm64/v8 too, which was not handed in"]
    manifest, _ = image_blobs(APP)
    del files[blob_name(sha256(manifest))]
    found = survey_of(tmp_path, archive(files))
    assert not found.images
    assert "none of its platforms (linux/amd64, linux/arm64/v8) was handed in" in problems(found)


def test_docker_save_of_today(tmp_path: Path) -> None:
    """A layout and a docker-archive in one tar that agree are one image, with the names of both."""
    files = docker_and_layout(APP, APP)
    image = one(survey_of(tmp_path, archive(files)))
    assert image.form == "oci-layout"
    assert image.names == ("registry.example/app:1.0", "docker.example/app:1")
    assert not image.faults


def docker_and_layout(oci: Mapping[str, Any], docker: Mapping[str, Any]) -> dict[str, bytes]:
    manifest, blobs = image_blobs(docker)
    document = json.loads(manifest)
    listed = [
        {
            "Config": blob_name(document["config"]["digest"]),
            "RepoTags": ["docker.example/app:1", "<none>:<none>"],
            "Layers": [blob_name(layer["digest"]) for layer in document["layers"]],
        }
    ]
    return {**blobs, **parts(oci), "manifest.json": as_json(listed)}


def test_layout_and_archive_that_contradict(tmp_path: Path) -> None:
    """manifest.json and index.json that speak of different images: both are found, both say so."""
    found = survey_of(tmp_path, archive(docker_and_layout(APP, OTHER)))
    assert [image.form for image in found.images] == ["oci-layout", "docker-archive"]
    assert "which manifest.json does not" in words(found.images[0])[0]
    assert "which index.json does not" in words(found.images[1])[0]


def test_same_configuration_other_layers(tmp_path: Path) -> None:
    """The same configuration with other layers on the two sides may hide files, and both sides say so."""
    files = docker_and_layout(APP, APP)
    listed = json.loads(files["manifest.json"])
    listed[0]["Layers"].reverse()
    files["manifest.json"] = as_json(listed)
    found = survey_of(tmp_path, archive(files))
    assert len(found.images) == 2
    for image in found.images:
        (fault,) = image.faults
        assert fault.hides
        assert "other layers than index.json does" in fault.words


def test_names(tmp_path: Path) -> None:
    """A tag alone, a placeholder or text that is no reference names nothing."""
    image = one(survey_of(tmp_path, oci_tar({**APP, "names": ["latest", "a b/c", "x/y:1", "evil/\u001b[0m"]})))
    assert image.names == ("x/y:1",)


def test_layout_in_a_folder_of_the_archive(tmp_path: Path) -> None:
    """A layout packed with its folder, or with `./` before its names, is found."""
    for prefix in ("./", "app/", "./deep/er/"):
        files = {prefix + name: data for name, data in parts(APP).items()}
        assert one(survey_of(tmp_path, archive(files))).names == ("registry.example/app:1.0",)


# -- what is no image ---------------------------------------------------------------------------------------


def manifest_of(layers: list[dict[str, object]], config_type: str = OCI["config"], **more: object) -> bytes:
    config = making.config_of(APP)
    return as_json({"schemaVersion": 2, "config": descriptor(config_type, config), "layers": layers, **more})


def with_manifests(*manifests_: bytes, **annotations: str) -> dict[str, bytes]:
    """A layout of APP and of further manifests, these with annotations."""
    files = parts(APP)
    top = json.loads(files["index.json"])
    for manifest in manifests_:
        top["manifests"].append(descriptor(OCI["manifest"], manifest, annotations=annotations))
        files[blob_name(sha256(manifest))] = manifest
    return {**files, "index.json": as_json(top)}


def test_attestations_and_artifacts_are_set_aside(tmp_path: Path) -> None:
    """Attestation manifests, signatures, charts and artifacts are counted and are no images."""
    statement = manifest_of([descriptor("application/vnd.in-toto+json", b"{}")])
    signature = manifest_of([descriptor("application/vnd.dev.cosign.simplesigning.v1+json", b"{}")])
    chart = manifest_of([descriptor("x.tar+gzip", b"")], "application/vnd.cncf.helm.config.v1+json")
    artifact = as_json({"schemaVersion": 2, "artifactType": "application/spdx+json", "blobs": []})
    files = with_manifests(
        statement, signature, chart, artifact, **{"vnd.docker.reference.type": "attestation-manifest"}
    )
    found = survey_of(tmp_path, archive(files))
    assert one(found).names == ("registry.example/app:1.0",)
    assert found.set_aside == 4


def test_a_label_hides_no_image(tmp_path: Path) -> None:
    """A manifest labelled an attestation that holds layers of a file system is read as an image, and that is said."""
    manifest, blobs = image_blobs(OTHER)
    files = {**with_manifests(manifest, **{"vnd.docker.reference.type": "attestation-manifest"}), **blobs}
    found = survey_of(tmp_path, archive(files))
    assert found.set_aside == 0
    assert "is labelled an attestation and holds layers of a file system" in words(found.images[1])[0]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"notes.txt": b"hello"}, "no container image"),
        ({"chart/Chart.yaml": b"name: x"}, "a Helm chart; render it"),
        ({"etc/passwd": b"", "bin/sh": b""}, "the file system of a container or host"),
        ({"manifest.json": b'{"name": "a web application"}'}, "no container image"),
        ({"index.json": b"{}"}, "no container image"),
    ],
)
def test_other_archives(tmp_path: Path, files: dict[str, bytes], why: str) -> None:
    """An archive that is no image says what it is, and is no error."""
    found = survey_of(tmp_path, archive(files))
    assert why in found.no_image
    assert (found.images, found.errors) == ((), ())


def test_repositories_only(tmp_path: Path) -> None:
    """An archive of an old Docker is told with what to do."""
    found = survey_of(tmp_path, archive({"repositories": b"{}", "abc/layer.tar": b"", "abc/json": b"{}"}))
    assert "before 1.10" in problems(found)
    assert "`docker save`" in problems(found)
    assert found.no_image == ""


# -- digests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"wrong_digest": 2}, "layer 2 is named sha256:"),
        ({"missing_layer": 1}, "was not handed in"),
        ({"truncated_layer": 1}, "bytes and has"),
    ],
)
def test_layers_that_differ(tmp_path: Path, broken: dict[str, int], said: str) -> None:
    """A layer whose bytes are not those its digest names, or that is missing, may hide files and says so."""
    image = one(survey_of(tmp_path, oci_tar({**APP, "broken": broken})))
    assert any(said in fault.words and fault.hides for fault in image.faults)
    number = next(iter(broken.values()))
    assert (image.layers[number - 1].piece is None) == ("missing_layer" in broken)
    assert image.layers[number - 1].actual != image.layers[number - 1].digest
    archived = one(survey_of(tmp_path, docker_archive({**APP, "broken": {"missing_layer": 1}})))
    assert "is not in the archive" in words(archived)[0]


def test_documents_that_differ(tmp_path: Path) -> None:
    """A manifest or configuration whose bytes are not those its digest names is read, under the digest of its bytes."""
    files = parts(APP)
    manifest, _ = image_blobs(APP)
    document = json.loads(manifest)
    config = document["config"]["digest"]
    files[blob_name(config)] += b" "
    files[blob_name(sha256(manifest))] += b"\n"
    image = one(survey_of(tmp_path, archive(files)))
    assert image.manifest == sha256(manifest + b"\n")
    assert image.config == sha256(making.config_of(APP) + b" ")
    assert f"the manifest is named {sha256(manifest)} and its bytes have {image.manifest}" in words(image)
    assert f"its configuration is named {config} and its bytes have {image.config}" in words(image)


def test_foreign_layers_are_not_fetched(tmp_path: Path) -> None:
    """A layer that is only an address is missing, and its address is never followed."""
    manifest, blobs = image_blobs(APP)
    document = json.loads(manifest)
    digest = document["layers"][0]["digest"]
    document["layers"][0]["urls"] = ["http://192.0.2.1/layer"]
    changed = as_json(document)
    del blobs[blob_name(digest)]
    files = layout([descriptor(OCI["manifest"], changed)], {**blobs, blob_name(sha256(changed)): changed})
    image = one(survey_of(tmp_path, archive(files)))
    assert "gives addresses, which are never fetched" in words(image)[0]
    assert image.layers[0].piece is None


def test_too_few_diff_ids(tmp_path: Path) -> None:
    """A configuration that states fewer diff ids than there are layers leaves the rest empty."""
    files = parts(APP)
    manifest, _ = image_blobs(APP)
    document = json.loads(manifest)
    config = as_json({"rootfs": {"type": "layers", "diff_ids": [sha256(b"1")]}})
    document["config"] = descriptor(OCI["config"], config)
    changed = as_json(document)
    files |= {blob_name(sha256(config)): config, blob_name(sha256(changed)): changed}
    files["index.json"] = index_json([descriptor(OCI["manifest"], changed)])
    assert diff_ids(one(survey_of(tmp_path, archive(files)))) == [sha256(b"1"), ""]


# -- hostile documents --------------------------------------------------------------------------------------


def hostile(manifest: bytes, media_type: str = OCI["manifest"]) -> bytes:
    """An archive with a good image and a hostile manifest beside it."""
    files = parts(APP)
    top = json.loads(files["index.json"])
    top["manifests"].append(descriptor(media_type, manifest))
    return archive({**files, "index.json": as_json(top), blob_name(sha256(manifest)): manifest})


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (as_json({"config": {}, "layers": [], "manifests": []}), "a manifest and an index at once (CVE-2021-41190)"),
        (b'{"config": {}, "config": {}, "layers": []}', 'the key "config" stands twice'),
        (b"{" + b" " * holdings.MAX_DOCUMENT + b"}", "more than the 4,194,304 that are read of a document"),
        (b"[" * 100_000, "not valid JSON|nested too deeply"),
        (b'{"schemaVersion": 1, "fsLayers": []}', "a manifest of schema 1, which is not read"),
        (b'{"config": {"digest": "sha256:../../etc/passwd"}, "layers": []}', "the descriptor at /config has no digest"),
        (b"\xff\xfe", "is no UTF-8 text"),
        (b"[]", "no JSON object"),
        (b"{}", "neither an index (manifests) nor an image manifest"),
        (as_json({"manifests": 3}), "an index without its list of manifests"),
        (manifest_of([{"digest": "sha256:" + "0" * 64}] * (manifests.MAX_LAYERS + 1)), "1,001 layers (allowed: 1,000)"),
        (as_json({"config": descriptor(OCI["config"], b"gone"), "layers": []}), "was not handed in"),
    ],
)
def test_hostile_manifests(tmp_path: Path, manifest: bytes, said: str) -> None:
    """Each is refused with words that name it, and the image beside it is still found."""
    found = survey_of(tmp_path, hostile(manifest))
    assert [image.names for image in found.images] == [("registry.example/app:1.0",)]
    assert any(part in problems(found) for part in said.split("|"))
    assert sha256(manifest).removeprefix("sha256:")[:20] in problems(found)
    assert all(error.path == "image.tar" and error.kind == "Image" for error in found.errors)


def test_media_types_that_contradict(tmp_path: Path) -> None:
    """A manifest called an index, or called two things, is told."""
    manifest, blobs = image_blobs(APP)
    entry = descriptor(OCI["index"], manifest)
    image = one(survey_of(tmp_path, archive(layout([entry], blobs))))
    assert words(image) == [f"the manifest is called {OCI['index']} by what names it and {OCI['manifest']} by itself"]


def test_indexes_in_indexes(tmp_path: Path) -> None:
    """Lists in lists are followed to a depth, and one that holds itself ends."""
    manifest, blobs = image_blobs(APP)
    entry = descriptor(OCI["manifest"], manifest)
    for depth in range(1, 8):
        index = index_json([entry])
        blobs[blob_name(sha256(index))] = index
        entry = descriptor(OCI["index"], index)
        found = survey_of(tmp_path, archive(layout([entry], blobs)))
        assert (len(found.images), len(found.errors)) == ((1, 0) if depth <= manifests.MAX_DEPTH else (0, 1))
    assert "indexes 6 deep (allowed: 5)" in problems(found)
    digest = sha256(b"itself")
    itself = index_json([{"mediaType": OCI["index"], "digest": digest, "size": 1}] * 100)
    found = survey_of(tmp_path, archive({**layout([], {}), "index.json": itself, blob_name(digest): itself}))
    assert not found.images


def test_caps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many manifests, members or errors end with an error that names the cap."""
    monkeypatch.setattr(manifests, "MAX_MANIFESTS", 5)
    found = survey_of(
        tmp_path, archive(several([{**APP, "created": f"2026-01-0{day}T00:00:00Z"} for day in range(1, 9)]))
    )
    assert "8 manifests in one index (allowed: 5)" in problems(found)
    monkeypatch.undo()
    monkeypatch.setattr(surveying, "MAX_MEMBERS", 3)
    assert "more than 3 members" in problems(survey_of(tmp_path, oci_tar(APP)))
    monkeypatch.undo()
    entries = [{"digest": sha256(b"%d" % number)} for number in range(300)]
    found = survey_of(tmp_path, archive(layout(entries, {"blobs/sha256/x": b""})))
    assert len(found.errors) == manifests.MAX_ERRORS + 1
    monkeypatch.setattr(surveying, "MAX_AGAIN", 1000)
    found = survey_of(tmp_path, oci_tar(APP, outer="gzip"))
    assert "packed as a whole with 2 layers in it" in problems(found)
    assert not found.images
    assert survey_of(tmp_path, oci_tar(APP)).images


# -- hostile archives ---------------------------------------------------------------------------------------


def test_names_that_lead_out(tmp_path: Path) -> None:
    """Members named outside the archive are not read, are told, and everything else is."""
    good = oci_tar(APP)[:-1024]
    data = tar_of([good, header(b"../../etc/cron.d/x"), header(b"/etc/passwd"), header(b"a/../../b")])
    found = survey_of(tmp_path, data)
    assert len(found.images) == 1
    assert "3 members have names that lead out of the archive, as ../../etc/cron.d/x" in problems(found)


def test_links_stay_inside(tmp_path: Path) -> None:
    """Layers of an old `docker save` that are links are found; links out or in a circle lead to a missing layer."""
    tar = making.layer_tars(APP)[0]
    config = as_json({"rootfs": {"diff_ids": [sha256(tar)] * 4}})
    listed = [{"Config": "c.json", "RepoTags": None, "Layers": [f"{n}/layer.tar" for n in "1234"]}]
    files = archive({"1/layer.tar": tar, "c.json": config, "manifest.json": as_json(listed)})[:-1024]
    links = [
        header(b"2/layer.tar", b"2", link=b"../1/layer.tar"),
        header(b"3/layer.tar", b"2", link=b"../../../etc/passwd"),
        header(b"4/layer.tar", b"2", link=b"layer.tar"),
    ]
    image = one(survey_of(tmp_path, tar_of([files, *links])))
    assert [layer.actual for layer in image.layers] == [sha256(tar), sha256(tar), None, None]
    assert [fault.hides for fault in image.faults] == [True, True]


def test_names_that_stand_twice(tmp_path: Path) -> None:
    """The same name with other content is told, for tools differ on which counts."""
    data = tar_of([oci_tar(APP)[:-1024], making.member({"path": "oci-layout", "content": "{}"})])
    assert "1 names stand twice with different content, as oci-layout" in problems(survey_of(tmp_path, data))


def test_truncated_archive(tmp_path: Path) -> None:
    """An archive that ends inside a layer is told, hashed to its end, and what was seen is still given."""
    data = oci_tar(APP)
    cut = data[: len(data) // 2]
    found = survey_of(tmp_path, cut)
    assert "it is cut short" in problems(found)
    assert found.files[0].sha256 == hashlib.sha256(cut).hexdigest()
    assert found.no_image == ""


@pytest.mark.parametrize("outer", ["gzip", "zstd"])
def test_truncated_outer_compression(tmp_path: Path, outer: str) -> None:
    """A packed archive that is cut short is told and hashed to its end."""
    cut = oci_tar(APP, "none", outer)[:-30]
    found = survey_of(tmp_path, cut)
    assert "cut short" in problems(found)
    assert found.files[0].sha256 == hashlib.sha256(cut).hexdigest()


def test_unreadable_files(tmp_path: Path) -> None:
    """A file of a layout that is gone is told of its path; its image says that the layer is missing."""
    folder = write_layout(tmp_path / "layout", APP)
    layer = next(place for place in folder.rglob("*") if place.is_file() and place.read_bytes()[:2] == b"\x1f\x8b")
    pieces = {
        str(place.relative_to(folder)): Piece(
            str(place.relative_to(folder)), os.fsencode(place), 0, place.stat().st_size, ""
        )
        for place in folder.rglob("*")
        if place.is_file()
    }
    layer.unlink()
    found = survey(Source(path="index.json", archive=False, pieces=pieces))
    assert [(error.path, error.message) for error in found.errors] == [
        (str(layer.relative_to(folder)), "cannot be opened: No such file or directory")
    ]
    assert "was not handed in" in words(found.images[0])[0]
    with pytest.raises(EvidenceError, match="more than the 10 that are read"):
        read_piece(pieces["index.json"], 10)


def test_sparse_member(tmp_path: Path) -> None:
    """A blob stored with holes is told, not hashed wrongly."""
    sparse = making.pax({b"GNU.sparse.size": b"99", b"GNU.sparse.map": b"0,1"}) + header(b"blobs/sha256/x", b"0", 1)
    found = survey_of(tmp_path, tar_of([oci_tar(APP)[:-1024], sparse + making.padded(b"x")]))
    assert "blobs/sha256/x is stored with holes" in problems(found)


def test_archive_kind() -> None:
    """Archives are told by their first bytes, packed or not; other files are none."""
    assert archive_kind(oci_tar(APP)[:1024]) is Packed.NO
    assert archive_kind(oci_tar(APP, outer="gzip")[:600]) is Packed.GZIP
    assert archive_kind(oci_tar(APP, outer="zstd")[: 64 << 10]) is Packed.ZSTD
    for head in (b"", b"\0" * 10240, b"{}" * 600, b"\x1f\x8b" + b"x" * 600, b"\x28\xb5\x2f\xfd" + b"x" * 600):
        assert archive_kind(head) is None


DAMAGED = archive(docker_and_layout(APP, OTHER))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, len(DAMAGED)), flips=st.lists(st.tuples(st.integers(0, len(DAMAGED) - 1), st.integers(0, 7))))
def test_damaged_archives(tmp_path: Path, cut: int, flips: list[tuple[int, int]]) -> None:
    """Cut or flipped, an archive is surveyed without raising, and every image found is what its bytes say."""
    data = bytearray(DAMAGED)
    for place, bit in flips:
        data[place] ^= 1 << bit
    for image in survey_of(tmp_path, bytes(data[:cut])).images:
        assert image.config == sha256(image.config_bytes)
        for layer in image.layers:
            if layer.piece is not None:
                with open_piece(layer.piece) as stream, suppress(EvidenceError):
                    assert sha256(stream.read()) == layer.actual


def test_deterministic(tmp_path: Path) -> None:
    """The same bytes give the same survey."""
    data = archive(docker_and_layout(APP, OTHER))
    assert survey_of(tmp_path, data) == survey_of(tmp_path, data)


# -- another tool -------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed: its own archives are not compared")
@pytest.mark.parametrize("target", ["docker-archive", "oci-archive"])
def test_skopeo_agrees(tmp_path: Path, target: str) -> None:
    """What skopeo makes of an image is surveyed to the same configuration and diff ids."""
    folder = write_layout(tmp_path / "layout", APP)
    out = tmp_path / "out.tar"
    policy = tmp_path / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    subprocess.run(
        [
            "skopeo", "--policy", str(policy), "--tmpdir", str(tmp_path), "copy", "--quiet",
            f"oci:{folder}:registry.example/app:1.0", f"{target}:{out}:registry.example/app:1.0",
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    image = one(survey_of(tmp_path, out.read_bytes()))
    assert image.config == sha256(making.config_of(APP))
    assert diff_ids(image) == [sha256(layer) for layer in making.layer_tars(APP)]
    assert image.names == ("registry.example/app:1.0",)
    assert not image.faults
