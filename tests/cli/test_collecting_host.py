"""`compliance collect host` as a person meets it."""

from __future__ import annotations

import tarfile
from pathlib import Path

from compliance.tools.host import script
from tests.cli.test_assessing import compliance


def test_show_prints_the_script_and_runs_nothing(tmp_path: Path) -> None:
    """Byte by byte what would be run, to be read or taken elsewhere."""
    done = compliance("collect", "host", "--show", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == script()
    assert list(tmp_path.iterdir()) == []


def test_the_script_is_one_that_a_person_reads() -> None:
    """Short, and it says first what it reads and what it never does."""
    lines = script().splitlines()
    assert len(lines) < 300
    assert any("never reads or writes: keys" in line for line in lines[:20])


def test_one_archive_is_written(tmp_path: Path) -> None:
    """Named by the node; a second run stops, and a name that is none is wrong usage."""
    done = compliance("collect", "host", "--node", "node-1", "-o", "ev", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Collected: ev/compliance-host-node-1.tar\n"
    assert [path.name for path in (tmp_path / "ev").iterdir()] == ["compliance-host-node-1.tar"]
    with tarfile.open(tmp_path / "ev/compliance-host-node-1.tar") as archive:
        assert "compliance-host-node-1/collected/record.json" in archive.getnames()
    again = compliance("collect", "host", "--node", "node-1", "-o", "ev", cwd=tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    wrong = compliance("collect", "host", "--node", "../x", "-o", "ev", cwd=tmp_path)
    assert wrong.returncode == 2


def test_a_script_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Exit code 4, and no archive that could be taken for evidence."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/tar").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/tar").chmod(0o755)
    done = compliance("collect", "host", "--node", "n", "-o", "ev", cwd=tmp_path, PATH=f"{tmp_path}/bin:/usr/bin:/bin")
    assert done.returncode == 4
    assert list((tmp_path / "ev").iterdir()) == []
