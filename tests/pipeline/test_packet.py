"""The packet's place: nobody's files are lost, and a run that dies leaves the old packet whole."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from compliance.errors import OutputError, UsageError
from compliance.model.assessment import OutputFile
from compliance.pipeline.files import is_packet
from compliance.pipeline.packet import PARTIAL, Packet, check_destination


def write(place: Path, content: bytes) -> None:
    check_destination(place)
    packet = Packet(place)
    try:
        packet.add([OutputFile(path="a/b.txt", media_type="text/plain", chunks=(content[:2], content[2:]))])
        packet.finish({"packet": "1"})
    finally:
        packet.discard()


def test_a_packet_is_written_with_the_hash_of_every_file(tmp_path: Path) -> None:
    """The manifest names each file with sha256 and size, and the folder is known as ours by it."""
    write(tmp_path / "packet", b"hello")
    manifest = json.loads((tmp_path / "packet/manifest.json").read_bytes())
    assert manifest["files"] == [
        {"path": "a/b.txt", "sha256": hashlib.sha256(b"hello").hexdigest(), "size": 5, "media_type": "text/plain"}
    ]
    assert is_packet(tmp_path / "packet")
    assert [path.name for path in tmp_path.iterdir()] == ["packet"]


def test_a_new_packet_replaces_the_old_one_and_an_empty_folder(tmp_path: Path) -> None:
    """Both an empty folder and an older packet of ours may stand in the place."""
    (tmp_path / "packet").mkdir()
    for content in (b"old", b"new"):
        write(tmp_path / "packet", content)
        assert (tmp_path / "packet/a/b.txt").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["packet"]


@pytest.mark.parametrize("name", ["notes.txt", "a/diary.txt"])
def test_a_folder_with_somebody_elses_file_is_refused(tmp_path: Path, name: str) -> None:
    """A file that the manifest does not know stops the run before any work."""
    place = tmp_path / "packet"
    write(place, b"old")
    (place / name).write_text("mine")
    with pytest.raises(UsageError, match=Path(name).name):
        check_destination(place)
    assert (place / name).read_text() == "mine"


def test_a_folder_that_is_no_packet_is_refused(tmp_path: Path) -> None:
    """A foreign manifest.json does not make a folder ours."""
    (tmp_path / "manifest.json").write_text('{"files": [{"path": "x"}]}')
    with pytest.raises(UsageError, match=r"manifest\.json"):
        check_destination(tmp_path)


def test_a_link_a_file_and_a_missing_parent_are_refused(tmp_path: Path) -> None:
    """The place must be a folder of its own."""
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").write_text("")
    for name in ("link", "file", "missing/packet"):
        with pytest.raises(UsageError):
            check_destination(tmp_path / name)


def test_a_path_that_leads_out_of_the_packet_is_refused(tmp_path: Path) -> None:
    """No format can write beside the packet."""
    packet = Packet(tmp_path / "packet")
    with pytest.raises(OutputError):
        packet.add([OutputFile(path="../x", media_type="text/plain", chunks=(b"",))])
    packet.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_run_killed_while_writing_leaves_the_old_packet_whole(tmp_path: Path) -> None:
    """After SIGKILL the old packet is unchanged, and the orphan is recognisable and no packet."""
    place = tmp_path / "packet"
    write(place, b"old")
    script = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from compliance.model.assessment import OutputFile
        from compliance.pipeline.packet import Packet
        def dying():
            yield b"half"
            os.kill(os.getpid(), signal.SIGKILL)
        Packet(Path({str(place)!r})).add([OutputFile(path="a/b.txt", media_type="text/plain", chunks=dying())])
        """
    )
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (place / "a/b.txt").read_bytes() == b"old"
    orphan = next(path for path in tmp_path.iterdir() if path.name != "packet")
    assert PARTIAL in orphan.name
    assert not is_packet(orphan)
    write(place, b"new")
    assert (place / "a/b.txt").read_bytes() == b"new"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_and_the_old_packet_stays(tmp_path: Path) -> None:
    """An output that cannot be written is our own failure, and the old packet is untouched."""
    place = tmp_path / "packet"
    write(place, b"old")
    packet = Packet(place)
    (packet.folder / "full").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left"):
        packet.add([OutputFile(path="full", media_type="text/plain", chunks=(b"x" * 100_000,))])
    packet.discard()
    assert (place / "a/b.txt").read_bytes() == b"old"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A read-only parent is told before any work."""
    tmp_path.chmod(0o555)
    with pytest.raises(UsageError, match="not writable"):
        check_destination(tmp_path / "packet")
