"""Images end to end: the same verdicts in whatever form they come, each layer read once, and no secret let out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

import compliance.pipeline.images
from compliance.pipeline.running import Result
from tests.evidence.signed.test_attached import files_of, signature, tagged
from tests.images import making
from tests.pipeline.test_running import assess, contents, observations

#: A made-up credential in the shape of a real one; assembled here so that no scanner takes this file for a leak.
SECRET = "AKIA" + "Q3EGRNT5XBWZ7YPL"
SECRET_PASSWORD = "correct-horse-" + "battery-9"

CARELESS: dict[str, Any] = {
    "names": ["registry.example/shop/careless:1.0"],
    "created": "2026-03-01T00:00:00Z",
    "config": {"Env": ["PATH=/usr/bin:/bin", f"DB_PASSWORD={SECRET_PASSWORD}"], "Cmd": ["/usr/bin/app"]},
    "history": [
        {"created_by": "ADD rootfs.tar / # buildkit"},
        {"created_by": f"RUN /bin/sh -c deploy --password={SECRET_PASSWORD} # buildkit"},
        {"created_by": "RUN /bin/sh -c rm /root/aws # buildkit"},
    ],
    "layers": [
        [
            {"path": "etc/passwd", "content": "root:x:0:0:root:/root:/bin/sh\n"},
            {"path": "etc/os-release", "content": 'ID=debian\nVERSION_ID="12"\n'},
            {"path": "bin", "type": "symlink", "link": "usr/bin"},
            {"path": "usr/bin/dash", "mode": "0755", "elf": "dynamic"},
            {"path": "usr/bin/sh", "type": "symlink", "link": "dash"},
            {"path": "usr/bin/su", "mode": "4755", "elf": "dynamic"},
            {"path": "usr/bin/apt-get", "mode": "0755", "elf": "dynamic"},
            {
                "path": "var/lib/dpkg/status",
                "content": "Package: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 0.5.12-2\n\n",
            },
        ],
        [{"path": "root/aws", "content": f"[default]\naws_access_key_id = {SECRET}\n"}],
        [{"path": "root/.wh.aws", "content": ""}],
    ],
}
CLEAN: dict[str, Any] = {
    "names": ["registry.example/shop/clean:2.0"],
    "created": "2026-11-10T00:00:00Z",
    "config": {"User": "10001:10001", "Entrypoint": ["/app"]},
    "layers": [[{"path": "app", "mode": "0755", "elf": "static"}]],
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def put(folder: Path, form: str, description: dict[str, Any]) -> Path:
    """One image in one of the forms that people have it in."""
    folder.mkdir()
    if form.startswith("layout"):
        making.write_layout(folder / "image", description, form.partition("-")[2] or "gzip")
    elif form == "oci-tar":
        (folder / "image.tar").write_bytes(making.oci_tar(description))
    elif form == "docker-archive":
        (folder / "image.tar").write_bytes(making.docker_archive(description))
    elif form == "tar.gz":
        (folder / "image.bin").write_bytes(gzip.compress(making.docker_archive(description)))
    elif form == "tar.zst":
        (folder / "image.bin").write_bytes(zstandard.compress(making.oci_tar(description)))
    return folder


def told(result: Result) -> list[tuple[str, str, str, str]]:
    """What was said, without where in the evidence it stands: that alone differs from form to form."""
    return [(line["check"], line["subject"], line["outcome"], line["reason"]) for line in observations(result)]


@pytest.mark.parametrize("description", [CARELESS, CLEAN], ids=["careless", "clean"])
def test_the_form_of_an_image_does_not_change_what_is_said_of_it(tmp_path: Path, description: dict[str, Any]) -> None:
    """Folder, archive, docker save, each packed by gzip, zstd or not at all: the same findings."""
    forms = ("layout", "layout-zstd", "layout-none", "oci-tar", "docker-archive", "tar.gz", "tar.zst")
    results = {form: assess(put(tmp_path / form, form, description), output=f"packet-{form}") for form in forms}
    assert all(result.complete for result in results.values())
    first = told(results["layout"])
    about = [line for line in first if line[1].startswith("image/")]
    assert len({line[0] for line in about}) > 20
    assert {line[2] for line in about} >= {"pass", "fail"}
    for form, result in results.items():
        assert told(result) == first, form


def test_every_verdict_on_an_image_names_bytes_that_are_there(tmp_path: Path) -> None:
    """Each place cites a file of the evidence by its hash, and for layers a path in it."""
    evidence = put(tmp_path / "evidence", "layout", CARELESS)
    result = assess(evidence)
    known = {(file.sha256, file.path) for file in result.assessment.evidence}
    shown = [line for line in observations(result) if line["subject"].startswith("image/")]
    assert shown
    for line in shown:
        if line["outcome"] in ("pass", "fail"):
            assert line["at"], line
        assert {(place["sha256"], place["path"]) for place in line["at"]} <= known, line
    set_id = next(line for line in shown if any(place["pointer"] == "/usr/bin/su" for place in line["at"]))
    assert set_id["outcome"] == "fail"


def test_no_secret_of_an_image_is_in_any_output(tmp_path: Path) -> None:
    """A key in a deleted file, a password in the environment and in the history are told of, and told nowhere."""
    formats = ("json", "html", "oscal", "csv", "sarif")
    for form in ("layout", "docker-archive"):
        result = assess(put(tmp_path / form, form, CARELESS), output=f"packet-{form}", formats=formats)
        failed = {line["check"] for line in observations(result) if line["outcome"] == "fail"}
        assert {check for check in failed if "secret" in check}, failed
        for name, data in contents(result.packet).items():
            assert SECRET.encode() not in data, name
            assert SECRET_PASSWORD.encode() not in data, name
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert SECRET.encode() not in kept


def test_a_layer_that_images_share_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five images on one base, each in a folder of its own: six layers are read, not ten."""
    read: list[str] = []
    real = compliance.pipeline.images.read_layer
    monkeypatch.setattr(compliance.pipeline.images, "read_layer", lambda piece: read.append(piece.path) or real(piece))
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    for number in range(5):
        own = {"path": "app/number", "content": str(number)}
        making.write_layout(evidence / f"image-{number}", {**CLEAN, "layers": [CARELESS["layers"][0], [own]]})
    assert assess(evidence).complete
    assert len(read) == 6


def test_an_unchanged_image_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run takes every layer from the cache, on another day too, and says the same."""
    evidence = put(tmp_path / "evidence", "oci-tar", CARELESS)
    first = contents(assess(evidence, cache=True).packet)
    monkeypatch.setattr(compliance.pipeline.images, "read_layer", None)
    assert contents(assess(evidence, cache=True).packet) == first
    assert assess(evidence, cache=True, as_of="2026-12-24T00:00:00Z").complete


def test_processes_and_formats_do_not_change_the_packet(tmp_path: Path) -> None:
    """One process or two give the same bytes."""
    evidence = put(tmp_path / "evidence", "layout", CARELESS)
    making.write_layout(evidence / "clean", CLEAN)
    (evidence / "padding.bin").write_bytes(b"\0" * 5_000_000)  # enough that a pool is worth starting
    first = contents(assess(evidence, jobs=1).packet)
    assert contents(assess(evidence, jobs=2).packet) == first


@pytest.mark.parametrize(
    "broken",
    [{"wrong_digest": 1}, {"wrong_diff_id": 1}, {"missing_layer": 2}, {"truncated_layer": 1}],
    ids=lambda broken: next(iter(broken)),
)
def test_an_image_that_is_not_what_it_says_is_a_failure(tmp_path: Path, broken: dict[str, int]) -> None:
    """A digest that differs or a layer that is not whole is found, and nothing unseen is called absent."""
    result = assess(put(tmp_path / "evidence", "layout", {**CARELESS, "broken": broken}))
    lines = [line for line in observations(result) if line["subject"].startswith("image/")]
    assert any(line["outcome"] == "fail" and "verified" in line["check"] for line in lines), lines
    if "layer" in next(iter(broken)):
        absent = {line["outcome"] for line in lines if line["check"] == "image-network-tools"}
        assert absent == {"not-checked"}
        assert not result.complete


def test_an_archive_that_is_no_image_is_listed_and_blocks_nothing(tmp_path: Path) -> None:
    """A plain tar is told apart from an image, and is a folder of files; the image beside it is judged."""
    evidence = put(tmp_path / "evidence", "oci-tar", CLEAN)
    (evidence / "notes.tar").write_bytes(making.archive({"notes/readme.txt": b"words"}))
    result = assess(evidence)
    files = {file.path: file for file in result.assessment.evidence}
    assert files["notes.tar"].kind == "evidence-archive"
    assert files["notes.tar/notes/readme.txt"].state.value == "unrecognised"
    assert files["image.tar"].objects[0].kind == "Image"
    assert result.complete


def test_an_image_that_cannot_be_built_costs_its_own_verdicts_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said of another image, and of the signature that hangs on it, stays as it was."""
    files = files_of([signature()], tagged(".sig"))
    making.write_files(tmp_path / "evidence" / "signed", files)
    alone = told(assess(tmp_path / "evidence", output="packet-alone"))
    real = compliance.pipeline.images.build
    monkeypatch.setattr(
        compliance.pipeline.images,
        "build",
        lambda found, *rest: 1 / 0 if "careless" in str(found.names) else real(found, *rest),
    )
    making.write_layout(tmp_path / "evidence" / "careless", CARELESS)
    result = assess(tmp_path / "evidence")
    assert not result.complete
    about = [line for line in alone if line[1].startswith(("image/", "attestation/"))]
    assert {line[1].partition("/")[0] for line in about} == {"image", "attestation"}
    assert {line[:3] for line in about} <= {line[:3] for line in told(result)}


def test_the_packet_describes_the_image(tmp_path: Path) -> None:
    """assessment.json carries the record of each image with the fields that the packet promises."""
    result = assess(put(tmp_path / "evidence", "layout", CARELESS))
    (image,) = json.loads((result.packet / "assessment.json").read_bytes())["images"]
    assert image["name"] == "registry.example/shop/careless:1.0"
    assert image["uid"] == 0
    assert [entry["path"] for entry in image["setuid"]] == ["/usr/bin/su"]
    assert {entry["path"] for entry in image["shells"]} == {"/usr/bin/dash", "/usr/bin/sh"}
    assert image["packages"] == {"deb": 1}
    assert image["secrets"]
