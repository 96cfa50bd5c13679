"""Hosts end to end: what of a host cannot be read keeps open what rests on it, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NODES = ROOT / "samples" / "nodes"


def outcomes(folder: Path, out: Path) -> dict[tuple[str, str], str]:
    """Outcomes by check and subject."""
    command = [sys.executable, "-m", "compliance.cli", "assess", str(folder), "-q", "--no-cache", "--format", "json"]
    done = subprocess.run(
        [*command, "-f", "cis-kubernetes", "--as-of", "2026-09-01", "-o", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr
    lines = (out / "observations.jsonl").read_text().splitlines()
    return {(line["check"], line["subject"]): line["outcome"] for line in map(json.loads, lines)}


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    shutil.copytree(NODES, tmp_path / "nodes")
    return tmp_path / "nodes"


def test_a_captured_control_plane_is_judged_where_it_stands(nodes: Path, tmp_path: Path) -> None:
    """What kubeadm wrote and what runs agree: the manifest, and the process of the same program."""
    found = outcomes(nodes, tmp_path / "packet")
    server = "host/harbour-node-1/kube-apiserver"
    assert found["apiserver-anonymous-auth", server] == "pass"
    assert found["apiserver-profiling", server] == "fail"
    assert found["etcd-client-cert-auth", "host/harbour-node-1/etcd"] == "pass"
    assert found["kubelet-read-only-port", "host/harbour-node-2/kubelet"] == "fail"
    assert found["kubelet-anonymous-auth", "host/harbour-node-3/kubelet"] == "fail"


@pytest.mark.parametrize(("name", "touched"), [("mounts.txt", False), ("groups.txt", False), ("processes.txt", True)])
def test_what_cannot_be_read_keeps_open_what_rests_on_it(nodes: Path, tmp_path: Path, name: str, touched: bool) -> None:
    """No option stands in a list of mount points or groups; a list of processes may hold some."""
    file = nodes / "compliance-host-harbour-node-2" / name
    file.write_text(file.read_text().splitlines()[0] + "\n?!\n")
    found = outcomes(nodes, tmp_path / "packet")
    open_checks = {check for check, subject in found if subject == "evidence-unreadable"}
    assert ("apiserver-anonymous-auth" in open_checks) is touched
