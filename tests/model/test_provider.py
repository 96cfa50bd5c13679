"""Who runs a control plane, as nodes tell: labels and versions prove it, a provider id alone does not."""

from __future__ import annotations

import json

import pytest

from compliance.model.cluster import ClusterObject
from compliance.model.cluster_index import index
from compliance.model.provider import Provider, provider_of
from tests.evidence.kubernetes.reading import read_all

CONTROL_PLANE = {"node-role.kubernetes.io/control-plane": ""}


def told(*nodes: tuple[dict[str, str], str, str]) -> Provider | None:
    """What nodes tell, each by its labels, the version of its kubelet, and its provider id."""
    documents = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": f"n{number}", "labels": labels},
            "spec": {"providerID": provider_id},
            "status": {"nodeInfo": {"kubeletVersion": version}},
        }
        for number, (labels, version, provider_id) in enumerate(nodes)
    ]
    records, errors = read_all("\n".join(json.dumps(document) for document in documents))
    assert not errors
    return provider_of(index([record for record in records if isinstance(record, ClusterObject)], []))


@pytest.mark.parametrize(
    ("labels", "version", "provider_id", "name", "inherited"),
    [
        ({"eks.amazonaws.com/nodegroup": "a"}, "v1.34.1-eks-113cf36", "aws:///eu/i-1", "Amazon EKS", True),
        ({}, "v1.34.1-eks-113cf36", "aws:///eu/i-1", "Amazon EKS", True),
        ({"kubernetes.azure.com/cluster": "MC"}, "v1.34.0", "azure:///s", "Azure Kubernetes Service", True),
        ({"cloud.google.com/gke-nodepool": "p"}, "v1.34.1-gke.1829001", "gce://p", "Google Kubernetes Engine", True),
        ({}, "v1.34.1-gke.1829001", "gce://p", "Google Kubernetes Engine", True),
        ({"node.openshift.io/os_id": "rhcos"}, "v1.31.6", "aws:///eu/i-1", "OpenShift", False),
        ({}, "v1.34.1+k3s1", "k3s://n", "k3s", False),
        ({}, "v1.34.1+rke2r1", "rke2://n", "RKE2", False),
        ({"microk8s.io/cluster": "true"}, "v1.34.1", "", "MicroK8s", False),
    ],
)
def test_makers_are_known(labels: dict[str, str], version: str, provider_id: str, name: str, inherited: bool) -> None:
    """By what their nodes alone have; the node that says so is named."""
    found = told((labels, version, provider_id))
    assert found is not None
    assert (found.name, found.inherited) == (name, inherited)
    assert "node n0 says so" in found.said
    assert found.at.pointer


@pytest.mark.parametrize("provider_id", ["aws:///eu/i-1", "azure:///s", "gce://p", ""])
def test_a_provider_id_alone_proves_only_the_cloud(provider_id: str) -> None:
    """A cluster of one's own runs on rented machines, too."""
    assert told(({}, "v1.34.1", provider_id)) is None


def test_a_version_of_eks_elsewhere_than_at_amazon_is_no_managed_cluster() -> None:
    """EKS Distro is the same Kubernetes, run by oneself."""
    assert told(({}, "v1.34.1-eks-113cf36", "vsphere://1")) is None


def test_a_cluster_that_shows_its_control_plane_runs_it_itself() -> None:
    """Labels of a provider stand on nodes of clusters that were made from its parts."""
    worker = ({"kubernetes.azure.com/cluster": "x"}, "v1.34.1", "azure:///w")
    assert told(worker, (CONTROL_PLANE, "v1.34.1", "azure:///c")) is None
    assert told((CONTROL_PLANE, "v1.34.1+rke2r1", "")) is not None


def test_nodes_of_several_makers_tell_nothing() -> None:
    """The evidence is of several clusters, and whose control plane is missing cannot be told."""
    eks = ({"eks.amazonaws.com/nodegroup": "a"}, "v1.34.1", "aws:///i")
    assert told(eks, ({"cloud.google.com/gke-nodepool": "p"}, "v1.34.1", "gce://p")) is None
    assert told(eks, ({}, "v1.34.1", "")) is not None
    assert told() is None
