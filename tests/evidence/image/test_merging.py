"""Layers are merged as a runtime unpacks them, whatever their names try."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from compliance.evidence.image.contents import Entry, EntryType, LayerContents
from compliance.evidence.image.merging import merged
from compliance.evidence.image.tree import MAX_DEPTH, Node, Root
from tests.evidence.image.laying import contents_of, image_of, names, root_of
from tests.images import making

X = "0755"


def test_upper_file_replaces_the_same_path(tmp_path: Path) -> None:
    """A path of an upper layer takes the place of the same path below."""
    root = root_of(tmp_path, [{"path": "bin/a", "mode": X}], [{"path": "bin/a", "mode": "4755"}])
    assert names(root) == {"bin/a": 2}
    assert mode(root, "bin/a") == 0o4755


def test_whiteout_removes_of_lower_layers_only(tmp_path: Path) -> None:
    """A whiteout takes away a tree below, and nothing of its own layer, whatever the order in the tar."""
    lower = [{"path": "opt/app/x", "mode": X}, {"path": "opt/app/y"}, {"path": "opt/z"}]
    upper = [{"path": "opt/app/new", "mode": X}, {"path": "opt/.wh.app", "mode": "0000"}]
    assert names(root_of(tmp_path, lower, upper)) == {"opt/app/new": 2, "opt/z": 0}


@pytest.mark.parametrize("marker_first", [True, False])
def test_opaque_directory_is_emptied_of_lower_layers(tmp_path: Path, marker_first: bool) -> None:
    """The opaque marker hides what lower layers put there, before or behind the new names."""
    lower = [{"path": "etc/conf/a"}, {"path": "etc/conf/sub/b", "mode": X}]
    marker = {"path": "etc/conf/.wh..wh..opq", "mode": "0000"}
    new = {"path": "etc/conf/c", "mode": X}
    upper = [marker, new] if marker_first else [new, marker]
    assert names(root_of(tmp_path, lower, upper)) == {"etc/conf/c": 2}


def test_whiteout_of_a_parent_and_a_new_one(tmp_path: Path) -> None:
    """A removed folder that the same layer makes anew holds the new names only; a third layer adds to it."""
    root = root_of(
        tmp_path,
        [{"path": "a/b/c", "mode": X}, {"path": "a/b/d"}],
        [{"path": ".wh.a", "mode": "0000"}, {"path": "a", "type": "dir"}, {"path": "a/e"}],
        [{"path": "a/b/f"}],
    )
    assert names(root) == {"a/e": 0, "a/b/f": 0}


def test_directory_over_directory_keeps_its_children(tmp_path: Path) -> None:
    """A directory given again has new rights and its old children."""
    lower = [{"path": "srv", "type": "dir", "mode": "0777"}, {"path": "srv/a"}]
    root = root_of(tmp_path, lower, [{"path": "srv", "type": "dir", "mode": "1777"}])
    assert names(root) == {"srv/a": 0}
    assert mode(root, "srv") == 0o1777


def test_file_replaces_a_whole_tree(tmp_path: Path) -> None:
    """What is no directory takes the place of everything below its path, a directory that of a file."""
    lower = [{"path": "data/deep/x", "mode": X}, {"path": "data/y"}, {"path": "f", "mode": X}]
    root = root_of(tmp_path, lower, [{"path": "data"}, {"path": "f", "type": "dir"}, {"path": "f/g"}])
    assert names(root) == {"data": 0, "f/g": 0}


def test_paths_go_through_links_of_lower_layers(tmp_path: Path) -> None:
    """With /bin a link to usr/bin, an upper bin/foo lands in usr/bin, and a whiteout finds it there."""
    lower = [{"path": "bin", "type": "symlink", "link": "usr/bin"}, {"path": "usr/bin/sh", "mode": X}]
    upper = [{"path": "bin/foo", "mode": X}, {"path": "bin/plain"}]
    root = root_of(tmp_path, lower, upper)
    assert names(root) == {"bin": 1, "usr/bin/sh": 1, "usr/bin/foo": 2, "usr/bin/plain": 0}
    gone = root_of(tmp_path, lower, upper, [{"path": "bin/.wh.sh", "mode": "0000"}])
    assert names(gone) == {"bin": 1, "usr/bin/foo": 2, "usr/bin/plain": 0}


def test_links_never_lead_out_of_the_root(tmp_path: Path) -> None:
    """Absolute targets begin at the root of the image, and `..` stops there."""
    lower = [
        {"path": "up", "type": "symlink", "link": "../../../.."},
        {"path": "abs", "type": "symlink", "link": "/opt/x"},
        {"path": "deep/in/side", "type": "symlink", "link": "../../opt"},
    ]
    upper = [{"path": "up/1", "mode": X}, {"path": "abs/2", "mode": X}, {"path": "deep/in/side/3", "mode": X}]
    placed = {path for path in names(root_of(tmp_path, lower, upper)) if path[-1].isdigit()}
    assert placed == {"1", "opt/x/2", "opt/3"}


def test_circle_of_links_keeps_the_entry_under_its_name(tmp_path: Path) -> None:
    """A circle ends the search: the file is still counted, and a fault names the circle."""
    lower = [{"path": "a", "type": "symlink", "link": "b"}, {"path": "b", "type": "symlink", "link": "a"}]
    root = root_of(tmp_path, lower, [{"path": "a/x", "mode": "4755"}])
    assert names(root)["a/x"] == 2
    assert [fault.words for fault in root.faults] == [
        "names lie beyond symbolic links that lead in a circle or are too many; they are kept as written"
        " (1 of them, the first a)"
    ]
    assert root.find("a/x") is None


def test_a_chain_of_links_ends_at_forty(tmp_path: Path) -> None:
    """40 links in a row are followed as Linux does, 41 are not."""
    chain = [{"path": f"l{n}", "type": "symlink", "link": f"l{n - 1}"} for n in range(1, 42)]
    root = root_of(tmp_path, [*chain, {"path": "l0", "type": "dir"}])
    assert root.find("l40") is not None
    assert root.find("l41") is None


def test_hard_links_share_mode_owner_and_contents(tmp_path: Path) -> None:
    """Each name of a file counts with the file's own rights, also when the file lies in a lower layer."""
    lower = [{"path": "bin/su", "mode": "4755", "uid": 0, "elf": "static", "content": "BusyBox v1.36.1 (2024) multi"}]
    upper = [
        {"path": "opt/a", "type": "hardlink", "link": "bin/su", "mode": "0644"},
        {"path": "opt/0", "type": "hardlink", "link": "opt/a", "mode": "0644"},
    ]
    root = root_of(tmp_path, lower, upper)
    for path in ("opt/a", "opt/0"):
        assert mode(root, path) == 0o4755
        assert "busybox" in tags(root, path)
    assert root.counts()[0] == 3
    assert root.counts()[1] == len(making.elf("static")) + len(lower[0]["content"])  # type: ignore[arg-type]  # a text


def test_hard_link_to_nothing_is_a_fault(tmp_path: Path) -> None:
    """A link that would lead out of the root, or to itself, stays a name without contents."""
    root = root_of(
        tmp_path,
        [
            {"path": "x", "type": "hardlink", "link": "../../etc/shadow"},
            {"path": "y", "type": "hardlink", "link": "z"},
            {"path": "z", "type": "hardlink", "link": "y"},
        ],
    )
    assert set(names(root)) >= {"y", "z"}
    assert any("hard links lead to no file" in fault.words for fault in root.faults)


def test_secret_that_is_deleted_names_the_layer(tmp_path: Path) -> None:
    """A secret of a lower layer keeps its layer and says which one deletes or replaces it."""
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow" + "A" * 400 + "\n-----END RSA PRIVATE KEY-----\n"
    lower = [{"path": f"root/{name}", "content": key} for name in ("gone", "tree/replaced", "kept")]
    upper = [{"path": "root/.wh.gone", "mode": "0000"}, {"path": "root/tree", "content": "now a file"}]
    root = root_of(tmp_path, lower, upper)
    assert sorted((secret.path, secret.layer, secret.deleted_by) for secret in root.secrets) == [
        ("/root/gone", 1, 2),
        ("/root/kept", 1, None),
        ("/root/tree/replaced", 1, 2),
    ]


def test_counts_are_of_the_merged_root(tmp_path: Path) -> None:
    """Files that are replaced or deleted are neither counted nor weighed."""
    lower = [{"path": "a", "content": "12345"}, {"path": "b", "content": "123"}, {"path": "c/d", "content": "1"}]
    upper = [
        {"path": "a", "content": "12"},
        {"path": ".wh.b", "mode": "0000"},
        {"path": "e", "mode": X, "content": "7"},
    ]
    assert root_of(tmp_path, lower, upper).counts() == (3, 4)


def test_deep_and_long_names_are_left_out_with_a_fault(tmp_path: Path) -> None:
    """Names that no system could unpack are not looked at, and that is said to hide files."""
    deep = "/".join("d" * (MAX_DEPTH + 10))
    contents = contents_of(tmp_path, [{"path": deep, "mode": X}, {"path": "ok", "mode": X}])
    assert set(names(merged([contents]))) == {"ok"}
    assert not contents.read


def test_a_hundred_thousand_whiteouts_are_quick() -> None:
    """Removal takes time with the number of names, not with its square."""
    many = 100_000
    lower = layer(entries=[entry(f"d{n % 100}/s/f{n}") for n in range(many)])
    upper = layer(whiteouts=[f"d{n % 100}/s/f{n}" for n in range(many)] + [f"d{n}" for n in range(100)])
    started = time.process_time()
    root = merged([lower, upper])
    assert names(root) == {}
    assert time.process_time() - started < 5


def test_a_full_tree_hides_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """More names than the cap end the layer with a fault that files may be unseen."""
    monkeypatch.setattr("compliance.evidence.image.tree.MAX_NODES", 10)
    root = merged([layer(entries=[entry(f"f{n:02}") for n in range(20)])])
    assert len(names(root)) == 10
    assert [fault.hides for fault in root.faults] == [True]
    assert "names that matter; the rest was not looked at" in root.faults[0].words


def test_files_above_the_cap_are_still_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain files that are not held by name are counted and weighed all the same."""
    monkeypatch.setattr("compliance.evidence.image.tree.MAX_HELD", 2)
    assert root_of(tmp_path, [{"path": f"f{n}", "content": "ab"} for n in range(5)]).counts() == (5, 10)


def test_hostile_links_do_not_make_work() -> None:
    """Forty links whose targets are forty links each: the hops are counted over the whole way."""
    links = [entry(f"l{n}", EntryType.SYMLINK, link="/".join([f"l{n - 1}"] * 50)) for n in range(1, 60)]
    started = time.process_time()
    root = merged([layer(entries=links), layer(entries=[entry(f"l59/x{n}") for n in range(1000)])])
    assert time.process_time() - started < 2
    assert root.faults


@pytest.mark.skipif(shutil.which("umoci") is None, reason="umoci is not installed: no outside oracle for merging")
def test_agrees_with_umoci(tmp_path: Path) -> None:
    """What stands in the root, with which rights, is what umoci unpacks."""
    layers = [
        [
            {"path": "usr/bin", "type": "dir"},
            {"path": "bin", "type": "symlink", "link": "usr/bin"},
            {"path": "usr/bin/dash", "mode": X, "elf": "dynamic"},
            {"path": "usr/bin/sh", "type": "symlink", "link": "dash"},
            {"path": "usr/bin/su", "mode": "4755", "elf": "dynamic"},
            {"path": "usr/bin/mount", "mode": "4755", "elf": "dynamic"},
            {"path": "var/spool/a", "type": "dir", "mode": "0777"},
            {"path": "var/spool/a/x", "mode": "0666", "content": "x"},
            {"path": "tmp", "type": "dir", "mode": "1777"},
            {"path": "opt/app/old", "mode": X, "content": "#!/bin/sh\n"},
            {"path": "opt/app/sub/old", "mode": X, "content": "#!/bin/sh\n"},
        ],
        [
            {"path": "usr/bin/.wh.mount", "mode": "0000"},
            {"path": "opt/app/.wh..wh..opq", "mode": "0000"},
            {"path": "opt/app/new", "mode": "2755", "content": "#!/bin/sh\n"},
            {"path": "usr/bin/link", "type": "hardlink", "link": "usr/bin/su", "mode": "4755"},
            {"path": "var/spool", "mode": "0644", "content": "now a file"},
        ],
        [
            {"path": "opt/app/new2", "type": "hardlink", "link": "opt/app/new", "mode": "2755"},
            {"path": "srv", "type": "dir", "mode": "0777"},
            {"path": "srv/run.sh", "mode": "0777", "content": "#!/bin/sh\n"},
        ],
    ]
    description = {"layers": layers, "names": ["r.example/a:1"]}
    making.write_layout(tmp_path / "oci", {**description, "names": ["latest"]})
    bundle = tmp_path / "bundle"
    subprocess.run(
        ["umoci", "unpack", "--rootless", "--image", f"{tmp_path / 'oci'}:latest", str(bundle)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    files = image_of(tmp_path, description).filesystem
    assert files is not None
    unpacked = bundle / "rootfs"
    special, loose, programs, everything = unpacked_facts(unpacked)
    assert {fact.path for fact in files.set_id.items} == special
    assert {fact.path for fact in files.world_writable.items} == loose
    assert files.ownership.executables == len(programs)
    assert {fact.path for fact in files.ownership.unowned.items} == programs
    assert files.files == everything


def unpacked_facts(root: Path) -> tuple[set[str], set[str], set[str], int]:
    special, loose, programs, everything = set(), set(), set(), 0
    for folder, folders, plain in os.walk(root):
        for name in [*folders, *plain]:
            place = Path(folder) / name
            status = place.lstat()
            path = f"/{place.relative_to(root)}"
            everything += not stat.S_ISDIR(status.st_mode)
            if stat.S_ISLNK(status.st_mode):
                continue
            if stat.S_ISREG(status.st_mode) and status.st_mode & 0o6000:
                special.add(path)
            if status.st_mode & 0o002 and not (stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX):
                loose.add(path)
            if stat.S_ISREG(status.st_mode) and status.st_mode & 0o111:
                programs.add(path)
    return special, loose, programs, everything


def entry(path: str, kind: EntryType = EntryType.FILE, link: str = "") -> Entry:
    return Entry(path, kind, 0o755, 0, 0, 1, link, [])


def layer(entries: list[Entry] | None = None, whiteouts: list[str] | None = None) -> LayerContents:
    return LayerContents(
        diff_id="", compression="none", unpacked=0, members=0, size=0, entries=entries or [], whiteouts=whiteouts or []
    )


def node(root: Root, path: str) -> Node:
    found = root.find(path, follow=False)
    assert found is not None
    return found[1]


def mode(root: Root, path: str) -> int:
    found = node(root, path).entry
    assert found is not None
    return found.mode


def tags(root: Root, path: str) -> list[str]:
    found = node(root, path).entry
    assert found is not None
    return found.tags
