"""What `collect cluster` took from a real API server: read whole, and judged as Kubernetes means it.

`captured/kubernetes-1.34` was taken by `compliance collect cluster` from Kubernetes 1.34.1 and etcd 3.6.4, set up by
kubeadm, with Kubernetes' own hollow kubelets as nodes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CAPTURED = Path(__file__).parent / "captured" / "kubernetes-1.34"


@pytest.fixture(scope="module")
def packet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("captured") / "packet"
    command = [sys.executable, "-m", "compliance.cli", "assess", str(CAPTURED), "-q", "--no-cache", "--format", "json"]
    done = subprocess.run(
        [*command, "-f", "cis-kubernetes", "--as-of", "2026-11-22T12:00:00Z", "-o", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


def test_every_file_is_read_and_is_what_the_record_names(packet: Path) -> None:
    """No file is unrecognised, unreadable or other than what was collected."""
    files = json.loads((packet / "evidence" / "index.json").read_text())["files"]
    assert {file["state"] for file in files} == {"read"}
    assert not [file["path"] for file in files if file["problems"]]
    assert all(file["collected"] for file in files if file["path"].startswith("cluster/"))


def test_the_control_plane_is_judged_from_its_mirror_pods(packet: Path) -> None:
    """Options of programs are known from pods alone; nodes whose kubelet nobody handed in keep checks open."""
    lines = [json.loads(line) for line in (packet / "observations.jsonl").read_text().splitlines()]
    said = {(line["check"], line["subject"]): line["outcome"] for line in lines}
    server = "host/harbour-node-1/kube-apiserver"
    assert said["apiserver-authorization-rbac", server] == "pass"
    assert said["apiserver-kubelet-certificate-authority", server] == "fail"
    assert said["kubelet-anonymous-auth", "nodes-unseen"] == "not-checked"
    programs = Counter(subject.rpartition("/")[2] for _, subject in said if subject.startswith("host/harbour-node-1/"))
    assert {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"} <= set(programs)


def test_no_value_of_a_secret_was_taken() -> None:
    """Of Secrets there are names and types."""
    secrets = json.loads((CAPTURED / "cluster" / "secrets.json").read_text())
    assert [set(item) for item in secrets["items"]] == [{"apiVersion", "kind", "type", "metadata"}]
