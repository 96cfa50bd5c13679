"""Bundles of a cluster's nodes in, a packet out: what stands on a node decides, and what nobody saw passes nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.node_bundles import CONTROL_PLANE, WORKER, bundle, change, make

ROOT = Path(__file__).resolve().parents[2]
LISTING = "file-listing.txt"
PROCESSES = "processes.txt"
_WALKED = "# walked /etc/kubernetes\n"
_PKI = "/etc/kubernetes/pki"
_ADMIN = "/etc/kubernetes/admin.conf"


class Packet:
    """The findings and observations of a packet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        assessment = json.loads((folder / "assessment.json").read_bytes())
        self.findings: dict[tuple[str, str], Any] = {
            (one["framework"], one["control"]): one for one in assessment["findings"]
        }
        lines = (folder / "observations.jsonl").read_text().splitlines()
        self.observations = [json.loads(line) for line in lines]

    def cis(self, control: str) -> str:
        """Status of an item."""
        return str(self.findings["cis-kubernetes", control]["status"])

    def stig(self, control: str) -> str:
        """Status of a rule."""
        return str(self.findings["stig-kubernetes", control]["status"])

    def seen(self, check: str, host: str, program: str = "") -> Any:
        """The observation of a check on a host, or on a program there."""
        subject = f"host/{host}{program and f'/{program}'}"
        (found,) = [one for one in self.observations if (one["check"], one["subject"]) == (check, subject)]
        return found

    def outcome(self, check: str, host: str, program: str = "") -> str:
        """Outcome of a check on a host."""
        return str(self.seen(check, host, program)["outcome"])


Assess = Callable[[Path], Packet]


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    make(tmp_path / "evidence")
    return tmp_path / "evidence"


@pytest.fixture
def assess(tmp_path: Path) -> Assess:
    def run(evidence: Path) -> Packet:
        out = tmp_path / "packet"
        command = [sys.executable, "-m", "compliance.cli", "assess", str(evidence), "-q", "--no-cache"]
        options = ["--format", "json", "-f", "cis-kubernetes", "-f", "stig-kubernetes", "--as-of", "2026-11-22"]
        done = subprocess.run([*command, *options, "-o", str(out)], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode in (0, 3), done.stderr
        return Packet(out)

    return run


def test_a_cluster_of_kubeadm_is_judged_node_by_node(nodes: Path, assess: Assess) -> None:
    """What is as asked is satisfied, one file with two limits has two answers, and a worker has no server."""
    packet = assess(nodes)
    satisfied = [*(f"1.1.{n}" for n in range(1, 22)), "4.1.1", "4.1.2", *(f"4.1.{n}" for n in (5, 6, 7, 8, 10))]
    assert {item: packet.cis(item) for item in satisfied} == dict.fromkeys(satisfied, "satisfied")
    assert packet.cis("4.1.9") == "not-satisfied"
    assert packet.stig("V-242456") == "satisfied"
    assert (packet.cis("4.1.3"), packet.stig("V-242447")) == ("not-applicable", "not-applicable")
    assert (packet.stig("V-242393"), packet.stig("V-242396")) == ("satisfied", "not-reviewed")
    rules = ["V-242405", "V-242406", "V-242408", "V-242444", "V-242445", "V-242446", "V-242449", "V-242450", "V-242451"]
    rules += ["V-242452", "V-242453", "V-242454", "V-242455", "V-242459", "V-242460", "V-242466", "V-242467"]
    assert {rule: packet.stig(rule) for rule in rules} == dict.fromkeys(rules, "satisfied")
    assert packet.outcome("node-apiserver-manifest-mode", WORKER) == "not-applicable"
    assert packet.outcome("node-ssh-running", CONTROL_PLANE) == "not-applicable"


def test_every_observation_of_a_file_names_its_line(nodes: Path, assess: Assess) -> None:
    """An auditor finds the line of the listing, also of what fails."""
    change(
        nodes,
        WORKER,
        LISTING,
        "0600 root root f /etc/kubernetes/kubelet.conf",
        "0640 root root f /etc/kubernetes/kubelet.conf",
    )
    packet = assess(nodes)
    assert packet.cis("4.1.5") == "not-satisfied"
    seen = packet.seen("node-kubelet-conf-mode", WORKER)
    listing = (bundle(nodes, WORKER) / LISTING).read_text().splitlines()
    assert "kubelet.conf" in listing[seen["at"][0]["line"] - 1]
    assert "0640" in seen["reason"]


def test_a_manifest_and_a_process_that_differ_are_both_told(nodes: Path, assess: Assess) -> None:
    """The one that is right does not cover the one that is wrong."""
    change(nodes, CONTROL_PLANE, PROCESSES, "--profiling=false --secure-port", "--profiling=true --secure-port")
    change(nodes, CONTROL_PLANE, PROCESSES, "--data-dir=/var/lib/etcd", "--data-dir=/srv/etcd")
    change(nodes, CONTROL_PLANE, LISTING, "# end", "0755 root root d /srv/etcd\n# end")
    packet = assess(nodes)
    seen = packet.seen("apiserver-profiling", CONTROL_PLANE, "kube-apiserver")
    assert seen["outcome"] == "fail"
    assert {place["path"].rpartition("/")[2] for place in seen["at"]} == {"kube-apiserver.yaml", PROCESSES}
    assert packet.cis("1.1.11") == "not-satisfied"
    assert "/srv/etcd" in packet.seen("node-etcd-data-mode", CONTROL_PLANE)["reason"]


@pytest.mark.parametrize(
    "name",
    [
        "a\\040b\\nroot\\040root.key",
        "\\377\\376.key",
        "=cmd()|calc.key",
        "<script>alert(1)</script>.key",
        "\\033[2J.key",
        "x" * 3000 + ".key",
    ],
)
def test_a_key_with_a_hostile_name_is_judged_like_any_other(nodes: Path, assess: Assess, name: str) -> None:
    """Readable by all is a failure whatever it is called, and its name does no harm where it is told."""
    change(nodes, CONTROL_PLANE, LISTING, "# end", f"0644 root root f {_PKI}/{name}\n# end")
    packet = assess(nodes)
    assert (packet.cis("1.1.21"), packet.stig("V-242467")) == ("not-satisfied", "not-satisfied")
    reason = packet.seen("node-pki-key-mode", CONTROL_PLANE)["reason"]
    assert reason.isprintable()
    assert len(reason) < 1000


@pytest.mark.parametrize(
    ("file", "old", "new", "items"),
    [
        (LISTING, _WALKED, f"{_WALKED}# unreadable {_PKI}\n", ("1.1.19", "1.1.21")),
        (LISTING, _WALKED, "", ("1.1.19", "1.1.20", "1.1.21")),
        (LISTING, "# end\n", "", ("1.1.9", "1.1.19", "1.1.21")),
        (LISTING, f"0600 root root f {_PKI}/ca.key", "0600 root root f", ("1.1.19", "1.1.21")),
        (LISTING, f"0600 root root f {_ADMIN}", f"0777 root root l {_ADMIN}", ("1.1.13", "1.1.14")),
        (LISTING, "etcd etcd d /var/lib/etcd\n", "994 991 d /var/lib/etcd\n", ("1.1.12",)),
        (PROCESSES, "--data-dir=/var/lib/etcd", "--data-dir=default.etcd", ("1.1.11", "1.1.12")),
    ],
    ids=["unreadable", "not walked", "cut short", "half a line", "link to nowhere", "numbers", "relative"],
)
def test_what_cannot_be_known_is_not_reviewed(
    nodes: Path, assess: Assess, file: str, old: str, new: str, items: tuple[str, ...]
) -> None:
    """Nothing that could not be read, found or named passes."""
    change(nodes, CONTROL_PLANE, file, old, new)
    packet = assess(nodes)
    assert {item: packet.cis(item) for item in items} == dict.fromkeys(items, "not-reviewed")


def test_what_a_worker_lacks_is_no_proof_when_its_processes_are_not_known(nodes: Path, assess: Assess) -> None:
    """A cut list of processes, and a kubelet whose configuration nobody handed in: a server may run from elsewhere."""
    (bundle(nodes, WORKER) / PROCESSES).write_text(
        "# compliance process-list 1 host=w1\nroot host /sbin/init\nroot host /u"
    )
    (bundle(nodes, WORKER) / "var/lib/kubelet/config.yaml").unlink()
    packet = assess(nodes)
    for check in (
        "node-apiserver-manifest-mode",
        "node-etcd-data-mode",
        "node-scheduler-conf-mode",
        "node-kube-proxy-conf-mode",
    ):
        assert packet.outcome(check, WORKER) == "not-checked", check
    assert {packet.cis(item) for item in ("1.1.1", "1.1.11", "1.1.15", "4.1.3")} == {"not-reviewed"}


def test_a_node_that_was_not_handed_in_keeps_its_items_open(nodes: Path, assess: Assess) -> None:
    """The cluster has two nodes, and one of them nobody looked at."""
    shutil.rmtree(bundle(nodes, WORKER))
    packet = assess(nodes)
    assert {packet.cis(item) for item in ("4.1.1", "4.1.5", "4.1.7")} == {"not-reviewed"}
    open_ones = [one for one in packet.observations if one["outcome"] == "not-checked"]
    assert [one["check"] for one in open_ones if WORKER in one["reason"]].count("node-kubelet-conf-mode") == 1


def test_a_bundle_without_a_listing_keeps_its_items_open(nodes: Path, assess: Assess) -> None:
    """The kubelet of the node is known, its files are not; no Node object is needed to see that."""
    (bundle(nodes, WORKER) / LISTING).unlink()
    (nodes / "nodes.json").unlink()
    packet = assess(nodes)
    assert {packet.cis(item) for item in ("4.1.1", "4.1.5", "4.1.7")} == {"not-reviewed"}
