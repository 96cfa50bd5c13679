"""What is said of a control plane or a node that nobody handed anything in of, where Node objects tell of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compliance.model.check import Verdict, check, not_checked
from compliance.model.cluster import ClusterObject
from compliance.model.cluster_index import index
from compliance.model.host import Form, Settings, host_subject
from compliance.model.hosts import ApiServer, Hosts, Kubelet, join_hosts
from compliance.model.outcome import Severity
from compliance.pipeline.evaluating import where_nothing_is
from tests.evidence.kubernetes.reading import read_all


@check(id="demo-server", title="Demo", severity=Severity.LOW, fix="Mend it.")
def server(server: ApiServer) -> Verdict:
    """Source: none."""
    return not_checked(server.subject.id)


@check(id="demo-kubelet", title="Demo", severity=Severity.LOW, fix="Mend it.")
def kubelet(kubelet: Kubelet) -> Verdict:
    """Source: none."""
    return not_checked(kubelet.subject.id)


def said(tmp_path: Path, version: str, provider_id: str = "") -> dict[str, str]:
    """The observation line of each check on a cluster of one node."""
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n1"},
        "spec": {"providerID": provider_id},
        "status": {"nodeInfo": {"kubeletVersion": version}},
    }
    records, _ = read_all(json.dumps(node))
    cluster = index([record for record in records if isinstance(record, ClusterObject)], [])
    run = where_nothing_is([server, kubelet], cluster, Hosts(), frozenset(), [], tmp_path / "run")
    data = Path(run.path).read_bytes()
    return {name: data[start : start + length].decode() for name, (start, length) in run.spans.items()}


def test_a_control_plane_of_a_provider_is_inherited(tmp_path: Path) -> None:
    """Not checked, with the node that says so for a place; the kubelet is one's own."""
    found = said(tmp_path, "v1.34.1-eks-1", "aws:///i")
    assert "the control plane is run by Amazon EKS (node n1 says so" in found["demo-server"]
    assert "inherited from the provider and cannot be seen here" in found["demo-server"]
    assert "/status/nodeInfo/kubeletVersion" in found["demo-server"]
    assert "not-checked" in found["demo-server"]
    assert "EKS" not in found["demo-kubelet"]


@pytest.mark.parametrize("version", ["v1.34.1+k3s1"])
def test_options_within_one_process_are_said_to_be_there(tmp_path: Path, version: str) -> None:
    """Nobody looks for a manifest that cannot be."""
    assert "within its own process" in said(tmp_path, version)["demo-server"]


def test_elsewhere_nothing_changes(tmp_path: Path) -> None:
    """A cluster of one's own lacks its evidence."""
    assert (
        "no command line of the API server is in the evidence" in said(tmp_path, "v1.34.1", "aws:///i")["demo-server"]
    )


def test_nodes_that_nothing_was_handed_in_of_keep_a_check_open(tmp_path: Path) -> None:
    """One kubelet that is as it should be says nothing of the two others; workers have no API server to show."""
    labels = ({"node-role.kubernetes.io/control-plane": ""}, {"kubernetes.io/hostname": "w1"}, {})
    nodes = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{number}", "labels": one}}
        for number, one in enumerate(labels)
    ]
    records, _ = read_all("\n".join(json.dumps(node) for node in nodes))
    cluster = index([record for record in records if isinstance(record, ClusterObject)], [])
    origin = cluster.nodes[0].header.origin
    document = Settings(
        origin=origin,
        subject=host_subject("w1", origin.path),
        host="w1",
        kind="KubeletConfiguration",
        form=Form.CONFIGZ,
        values={},
    )
    hosts = join_hosts([document])
    run = where_nothing_is([server, kubelet], cluster, hosts, frozenset((Kubelet, ApiServer)), [], tmp_path / "run")
    data = Path(run.path).read_bytes()
    found = {name: data[start : start + length].decode() for name, (start, length) in run.spans.items()}
    assert "of 2 of 3 nodes (n0, n2) no kubelet configuration" in found["demo-kubelet"]
    assert "of 1 of 1 nodes (n0) no command line of the API server" in found["demo-server"]
    assert "not-checked" in found["demo-kubelet"]
