"""The wheel, unpacked where no checkout is, does the whole job; set-up asks no registry by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.repo.generated import ROOT

_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: shop}
spec:
  containers:
    - name: app
      image: registry.example/app:1.0
      securityContext: {privileged: true}
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contents of a wheel built from this tree, in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def _run(unpacked: Path, where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with the unpacked wheel in front of the checkout, away from both."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "XDG_CACHE_HOME": str(where / "cache")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=where, env=environment, capture_output=True, text=True, check=False
    )


def test_wheel_carries_every_data_file(unpacked: Path) -> None:
    """controls/, mappings/ and templates/ stand in the wheel, file for file."""
    for folder in ("controls", "mappings", "templates"):
        here = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file()}
        there = {
            path.relative_to(unpacked / "compliance" / "_data" / folder)
            for path in (unpacked / "compliance" / "_data" / folder).rglob("*")
            if path.is_file()
        }
        assert here == there


def test_wheel_carries_schemas(unpacked: Path) -> None:
    """The published schemas stand beside the code that uses them."""
    here = {path.relative_to(ROOT) for path in (ROOT / "compliance").rglob("*.json")}
    assert here
    assert [path for path in here if not (unpacked / path).is_file()] == []


def test_unpacked_wheel_uses_its_own_data(unpacked: Path, tmp_path: Path) -> None:
    """The data root of the unpacked package is inside it, not in the checkout."""
    done = _run(unpacked, tmp_path, "-c", "from compliance import resources; print(resources.data_root())")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == unpacked / "compliance" / "_data"


def test_unpacked_wheel_makes_a_packet(unpacked: Path, tmp_path: Path) -> None:
    """From the wheel alone: one manifest in, assessment.json and packet.html out."""
    (tmp_path / "pod.yaml").write_text(_POD)
    done = _run(
        unpacked, tmp_path, "-m", "compliance.cli", "assess", "pod.yaml", "-o", "packet", "--format", "json,html"
    )
    assert done.returncode == 0, done.stderr
    assessment = json.loads((tmp_path / "packet" / "assessment.json").read_bytes())
    assert assessment["frameworks"]
    assert (tmp_path / "packet" / "packet.html").stat().st_size > 10_000


def test_set_up_leaves_the_index_to_the_user() -> None:
    """Neither Makefile nor .ci/ says where packages come from: pip's and apt's own configuration does."""
    for path in (ROOT / "Makefile", ROOT / ".ci" / "setup", ROOT / ".ci" / "run", ROOT / "pyproject.toml"):
        text = path.read_text()
        for word in ("--index-url", "--extra-index-url", "--trusted-host", "--find-links", "://deb.", "://pypi"):
            assert word not in text, f"{path.name} names where packages come from: {word}"
