"""Images from documents without layers: bare configurations, skopeo, docker and podman image inspect."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence.docker_inspect import READER as CONTAINERS
from compliance.evidence.image.documents import READER
from compliance.evidence.kubernetes import READER as KUBERNETES
from compliance.model.image import Image
from compliance.model.reader import Slice
from tests.images import making

DESCRIPTION = {
    "layers": [[{"path": "a", "content": "1"}], [{"path": "b", "content": "2"}]],
    "config": {"User": "1000", "Env": ["PATH=/bin"], "ExposedPorts": {"8080/tcp": {}}},
    "created": "2026-08-20T00:00:00Z",
}
CONFIG = making.config_of(DESCRIPTION)
DIFF_IDS = [making.sha256(layer) for layer in making.layer_tars(DESCRIPTION)]
ID = making.sha256(b"id")
OTHER = making.sha256(b"other")


def inspected(**more: Any) -> dict[str, Any]:
    return {
        "Id": ID,
        "RepoTags": ["r.example/app:1", "<none>:<none>"],
        "RepoDigests": [f"r.example/app@{OTHER}"],
        "Created": "2026-08-20T00:00:00Z",
        "Config": {"User": "app", "Env": ["TOKEN=ghp_abcdefghijklmnopqrstuvwxyz"], "Healthcheck": {"Test": ["NONE"]}},
        "Architecture": "arm64",
        "Variant": "v8",
        "Os": "linux",
        "GraphDriver": {"Name": "overlay2", "Data": {}},
        "RootFS": {"Type": "layers", "Layers": DIFF_IDS},
        **more,
    }


def read(data: bytes, path: str = "x.json") -> list[Image | EvidenceError]:
    assert READER.identify(data[: 64 * 1024])
    slices = list(READER.split(io.BytesIO(data)))
    assert len(slices) == 1
    assert isinstance(slices[0], Slice)
    found = list(READER.read(data, slices[0], path, hashlib.sha256(data).hexdigest()))
    return [one for one in found if isinstance(one, Image | EvidenceError)]


def one(data: bytes, path: str = "x.json") -> Image:
    (image,) = read(data, path)
    assert isinstance(image, Image), image
    return image


def test_a_compact_configuration_is_the_blob(tmp_path: Path) -> None:
    """The digest of the file is that of the configuration; layers are stated, none is there."""
    image = one(CONFIG)
    assert image.form == "image-config"
    assert image.digests.config == making.sha256(CONFIG)
    assert image.subject.id == f"image/{making.sha256(CONFIG)}"
    assert [layer.diff_id for layer in image.layers] == DIFF_IDS
    assert [layer.created_by for layer in image.layers] == [f"COPY layer {n} / # buildkit" for n in (1, 2)]
    assert (image.filesystem, image.config.user, image.config.exposed_ports) == (None, "1000", ("8080/tcp",))
    assert image.config.created == "2026-08-20T00:00:00Z"


def test_a_configuration_written_anew_has_no_digest() -> None:
    """Spread over lines it is no blob: told apart by the file, never called by its digest."""
    data = json.dumps(json.loads(CONFIG), indent=4).encode() + b"\n"
    image = one(data, "folder/config.json")
    assert image.form == "skopeo-config"
    assert image.digests.config is None
    assert image.subject.id == f"image/document/{hashlib.sha256(data).hexdigest()}"
    assert image.subject.name == "config.json"
    pointers = [
        image.at_config("User").pointer,
        image.at_root("created").pointer,
        image.at_history(image.history[1]).pointer,
    ]
    lines = READER.locate(data, 1, pointers)
    texts = [data.decode().split("\n")[line - 1].strip() for line in lines]
    assert texts[0].startswith('"User"')
    assert texts[1].startswith('"created"')
    assert texts[2] == "{"


def test_a_blob_is_known_by_its_name() -> None:
    """A file of several lines that bears its own digest as name is the blob all the same."""
    data = json.dumps(json.loads(CONFIG), indent=1).encode()
    digest = hashlib.sha256(data).hexdigest()
    assert one(data, f"blobs/sha256/{digest}").digests.config == f"sha256:{digest}"


def test_docker_image_inspect() -> None:
    """Each element is an image with its tags, its configuration at its own pointer, and no token of it."""
    data = json.dumps([inspected(), inspected(Id=OTHER, RepoDigests=[])], indent=4).encode()
    first, second = read(data)
    assert isinstance(first, Image)
    assert isinstance(second, Image)
    assert (first.form, first.names, first.platform) == ("docker-image-inspect", ("r.example/app:1",), "linux/arm64/v8")
    assert first.digests.config == ID
    assert (first.config_at, second.config_at, second.root_at) == ("/0/Config", "/1/Config", "/1")
    assert first.config.healthcheck == ("NONE",)
    assert first.docker_format
    assert "ghp_" not in repr(first)
    assert first.subject.name == "r.example/app:1"


@pytest.mark.parametrize(
    ("more", "index", "manifest", "config", "subject"),
    [
        ({}, None, None, ID, f"image/{ID}"),
        (
            {"Descriptor": {"mediaType": making.OCI["index"], "digest": ID}},
            ID, None, None, f"image/{ID}/linux/arm64",
        ),
        ({"Descriptor": {"mediaType": making.OCI["manifest"], "digest": ID}}, None, ID, None, f"image/{ID}"),
        ({"RepoDigests": [f"r.example/app@{ID}"]}, None, None, None, f"image/{ID}/linux/arm64"),
        ({"Id": ID.removeprefix("sha256:"), "Digest": OTHER}, None, OTHER, ID, f"image/{ID}"),
    ],
)  # fmt: skip
def test_what_the_id_of_an_inspected_image_is(
    more: dict[str, Any], index: str | None, manifest: str | None, config: str | None, subject: str
) -> None:
    """The configuration's digest with the classic store and Podman; the manifest's or list's with containerd's."""
    image = one(json.dumps([inspected(**more)]).encode())
    digests = image.digests
    assert (digests.index, digests.manifest, digests.config) == (index, manifest, config)
    assert image.subject.id == subject


def test_one_bad_image_does_not_hide_the_next() -> None:
    """An element that is none gives an error with its pointer and line; the others are read."""
    data = json.dumps([inspected(), inspected(Config={"User": 5}), {"Id": "x"}, inspected(Id=OTHER)], indent=1).encode()
    found = read(data)
    assert [type(item).__name__ for item in found] == ["Image", "EvidenceError", "EvidenceError", "Image"]
    error = found[1]
    assert isinstance(error, EvidenceError)
    assert (error.pointer, error.kind) == ("/1/Config/User", "Image")
    assert error.line is not None
    assert '"User": 5' in data.decode().split("\n")[error.line - 1]


def test_objects_one_a_line() -> None:
    """`--format '{{json .}}'` prints one object a line: each is a document of its own."""
    data = b"\n".join(json.dumps(inspected(Id=digest)).encode() for digest in (ID, OTHER)) + b"\n"
    found = read(data)
    places = [(image.origin.document, image.origin.line, image.root_at) for image in found if isinstance(image, Image)]
    assert places == [(0, 1, ""), (1, 2, "")]


@pytest.mark.parametrize(
    "document",
    [
        [{"Id": "a" * 64, "State": {}, "HostConfig": {}, "Config": {}, "RootFS": {}}],
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "os": "x", "rootfs": {}},
        {"schemaVersion": 2, "mediaType": "m", "config": {}, "layers": []},
        {"schemaVersion": 2, "manifests": []},
        {"bomFormat": "CycloneDX", "specVersion": "1.6"},
        {"Metadata": {"ImageConfig": {"rootfs": {}, "os": "linux"}}},
        {"rootfs": 1},
        [],
        "text",
    ],
)
def test_other_documents_are_not_taken(document: object) -> None:
    """Containers, Kubernetes objects, manifests and SBOMs belong to other readers."""
    assert not READER.identify(json.dumps(document).encode())


def test_each_document_has_one_reader() -> None:
    """What this reader takes, those of containers and of Kubernetes leave."""
    for data in (CONFIG, json.dumps([inspected()]).encode()):
        assert not CONTAINERS.identify(data)
        assert not KUBERNETES.identify(data)


def test_a_long_configuration_is_known_by_its_head() -> None:
    """Keys behind the first 64 KiB are not needed."""
    document = {"architecture": "amd64", "config": {"Labels": {"l": "x" * 100_000}}, "os": "linux", "rootfs": {}}
    assert READER.identify(json.dumps(document).encode()[: 64 * 1024])
    long = inspected(Config={"Labels": {"l": "x" * 100_000}})
    assert READER.identify(json.dumps([long]).encode()[: 64 * 1024])


def test_a_file_above_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the cap."""
    monkeypatch.setattr("compliance.evidence.image.documents.MAX_BYTES", 10)
    (error,) = READER.split(io.BytesIO(CONFIG))
    assert isinstance(error, EvidenceError)
    assert "allowed: 10" in error.message


@given(st.integers(0, len(CONFIG)), st.binary(max_size=3))
def test_broken_bytes_give_errors_only(at: int, noise: bytes) -> None:
    """A configuration cut and spoilt anywhere is an image or an error, never anything else."""
    data = CONFIG[:at] + noise + CONFIG[at + len(noise) + 1 :]
    whole = Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)
    for found in READER.read(data, whole, "x", "0" * 64):
        assert isinstance(found, Image | EvidenceError)


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed: no outside oracle for its output")
@pytest.mark.parametrize("raw", [True, False])
def test_what_skopeo_prints(tmp_path: Path, raw: bool) -> None:
    """With --raw it is the blob and has its digest; without, only what it says is the same."""
    making.write_layout(tmp_path / "oci", {**DESCRIPTION, "names": ["a"]})
    command = ["skopeo", "inspect", "--config", *(["--raw"] if raw else []), f"oci:{tmp_path / 'oci'}:a"]
    data = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    image, blob = one(data), one(CONFIG)
    assert image.digests.config == (making.sha256(CONFIG) if raw else None)
    assert image.config == blob.config
    assert image.layers == blob.layers
