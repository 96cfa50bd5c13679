"""Layers are unpacked as a runtime would, and nothing in them reaches a place outside the folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from compliance.errors import EvidenceError
from compliance.pipeline import unpacking
from compliance.pipeline.unpacking import Unpacked, unpack
from tests.pipeline.openscap_images import Item, found_in, write_image


def unpacked(folder: Path, *layers: list[Item], **more: object) -> Unpacked:
    (folder / "private").mkdir()
    return unpack(found_in(write_image(folder / "image.tar", *layers, **more)), folder / "private")


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.name != ".containerenv")


def test_layers_are_laid_on_each_other(tmp_path: Path) -> None:
    """Whiteouts and opaque folders take away what lower layers have; files replace files, folders keep theirs."""
    done = unpacked(
        tmp_path,
        [
            {"path": "a/one", "content": "1"},
            {"path": "a/two", "content": "2"},
            {"path": "b/old", "content": "3"},
            {"path": "c/kept", "content": "4"},
        ],
        [
            {"path": "a/.wh.one", "content": ""},
            {"path": "a/two", "content": "new"},
            {"path": "b/.wh..wh..opq", "content": ""},
            {"path": "b/new", "content": "5"},
            {"path": "c", "type": "dir", "mode": "0750"},
        ],
    )
    assert names(done.root) == ["a", "a/two", "b", "b/new", "c", "c/kept", "run"]
    assert (done.root / "a/two").read_text() == "new"
    assert stat.S_IMODE((done.root / "c").stat().st_mode) == 0o750
    assert (done.root / "run/.containerenv").read_bytes() == b""
    assert len(done.layers) == 2
    assert not (tmp_path / "private/blobs").exists()


def test_links_stay_inside(tmp_path: Path) -> None:
    """Names beyond links of the image lie where the image's own root has them, hard links share their file."""
    done = unpacked(
        tmp_path,
        [
            {"path": "usr/lib", "type": "dir"},
            {"path": "lib", "type": "symlink", "link": "usr/lib"},
            {"path": "abs", "type": "symlink", "link": "/usr/lib"},
            {"path": "lib/x", "content": "x"},
            {"path": "y", "type": "hardlink", "link": "usr/lib/x"},
        ],
        [{"path": "abs/z", "content": "z"}],
    )
    assert names(done.root) == ["abs", "lib", "run", "usr", "usr/lib", "usr/lib/x", "usr/lib/z", "y"]
    assert (done.root / "y").stat().st_ino == (done.root / "usr/lib/x").stat().st_ino
    assert str((done.root / "abs").readlink()) == "/usr/lib"


@pytest.mark.parametrize(
    "layer",
    [
        [{"path": "../../escaped", "content": "x"}],
        [{"path": "/../../escaped", "content": "x"}],
        [{"path": "a/../../../escaped", "content": "x"}],
        [{"path": "out", "type": "symlink", "link": "../.."}, {"path": "out/escaped", "content": "x"}],
        [{"path": "out", "type": "symlink", "link": "OUTSIDE"}, {"path": "out/escaped", "content": "x"}],
    ],
)
def test_nothing_escapes(tmp_path: Path, layer: list[dict[str, str]]) -> None:
    """`..`, absolute names and links that lead out all end below the root."""
    outside = tmp_path / "outside"
    outside.mkdir()
    items = [{key: value.replace("OUTSIDE", str(outside)) for key, value in item.items()} for item in layer]
    done = unpacked(tmp_path, items)
    assert not list(outside.iterdir())
    found = [path for path in tmp_path.rglob("escaped") if not path.is_symlink()]
    assert found
    assert all(path.is_relative_to(done.root) for path in found)


def test_a_file_through_a_link_of_a_lower_layer_replaces_nothing_outside(tmp_path: Path) -> None:
    """A link to a file that is written again is replaced by the file."""
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    done = unpacked(
        tmp_path, [{"path": "f", "type": "symlink", "link": str(outside)}], [{"path": "f", "content": "new"}]
    )
    assert outside.read_text() == "untouched"
    assert (done.root / "f").read_text() == "new"
    assert not (done.root / "f").is_symlink()


def test_devices_are_left_out_and_set_id_is_kept(tmp_path: Path) -> None:
    """No rule may open a device; rules ask about set-id files, in a folder that is nobody else's."""
    done = unpacked(
        tmp_path,
        [
            {"path": "dev/sda", "type": "block", "device": [8, 0]},
            {"path": "pipe", "type": "fifo"},
            {"path": "bin/su", "mode": "4755", "content": "x"},
            {"path": "closed", "type": "dir", "mode": "0000"},
        ],
    )
    assert done.left_out == 2
    assert names(done.root) == ["bin", "bin/su", "closed", "run"]
    assert stat.S_IMODE((done.root / "bin/su").stat().st_mode) == 0o4755


def test_owners_are_kept_by_root_and_counted_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root the files of others are counted, so that rules about owners are left undecided."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = unpacked(tmp_path, [{"path": "a", "uid": 33, "content": "x"}, {"path": "b", "content": "y"}])
    assert done.foreign == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_gives_files_to_their_owners(tmp_path: Path) -> None:
    """Owner and group are those of the layer."""
    done = unpacked(tmp_path, [{"path": "a", "uid": 33, "gid": 44, "content": "x"}])
    status = (done.root / "a").stat()
    assert (status.st_uid, status.st_gid, done.foreign) == (33, 44, 0)


@pytest.mark.parametrize(
    ("layers", "more", "words"),
    [
        ([[{"path": "a", "content": "x"}]], {"broken": {"wrong_diff_id": 1}}, "not the one that the image states"),
        ([[{"path": "a", "content": "x"}]], {"broken": {"missing_layer": 1}}, "is not there"),
        ([[{"path": "a", "type": "hardlink", "link": "/etc/passwd"}]], {}, "hard link to no file"),
        (
            [[{"path": "a", "type": "symlink", "link": "a"}, {"path": "a/x", "content": "x"}]],
            {},
            "symbolic links in a circle",
        ),
        ([[{"path": "/".join("d" * 300), "content": "x"}]], {}, "more than 256 folders"),
    ],
    ids=["wrong-layer", "no-layer", "hard-link-outside", "circle", "deep"],
)
def test_images_that_are_not_unpacked(
    tmp_path: Path, layers: list[list[Item]], more: dict[str, object], words: str
) -> None:
    """What is not the image as it states itself is refused in words."""
    with pytest.raises(EvidenceError, match=words):
        unpacked(tmp_path, *layers, **more)


@pytest.mark.parametrize(("cap", "value"), [("MAX_BYTES", 2000), ("MAX_NAMES", 1)])
def test_caps_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cap: str, value: int) -> None:
    """Bytes and names have an end."""
    monkeypatch.setattr(unpacking, cap, value)
    with pytest.raises(EvidenceError, match=f"{value:,}"):
        unpacked(tmp_path, [{"path": "a", "content": "x" * 3000}, {"path": "b", "content": "x"}])


def test_names_that_are_no_text_keep_their_bytes(tmp_path: Path) -> None:
    """Undecodable names are written as they are."""
    done = unpacked(tmp_path, [{"path": b"a\xff b\n", "content": "x"}])
    assert os.path.lexists(os.fsencode(done.root) + b"/a\xff b\n")
