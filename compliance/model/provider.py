"""Who runs a cluster's control plane, as its nodes tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.cluster import Cluster, Node
from compliance.model.evidence import At, escape
from compliance.model.flags import shown
from compliance.model.unseen_nodes import runs_control_plane


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A Kubernetes of a known maker.

    `inherited` is true where the maker runs the control plane and gives nobody its settings; `elsewhere` says where
    else its settings stand than in pods and manifests, empty where they stand there. `said` says how it is known.
    """

    name: str
    inherited: bool
    elsewhere: str
    said: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """What nodes of a maker's clusters have: one of some labels, or a version of the kubelet with a word in it.

    `clouds` are beginnings of provider ids that a node known by its version alone must have; none: any will do.
    """

    name: str
    inherited: bool
    labels: tuple[str, ...]
    version: str = ""
    clouds: tuple[str, ...] = ()
    elsewhere: str = ""


_IN_ONE_PROCESS = (
    "{} runs the API server, the controller manager and the scheduler within its own process: their options are "
    "in {}, not in manifests or pods, and are not read"
)
#: Source: documentation of each: EKS "Managed node groups", "EKS Auto Mode"; AKS "Use labels in an AKS cluster"; GKE
#: "Node labels that GKE sets"; OpenShift "Node labels"; k3s and RKE2 "Server configuration"; MicroK8s "Services".
_MAKERS = (
    _Maker(
        name="Amazon EKS",
        inherited=True,
        labels=("eks.amazonaws.com/nodegroup", "eks.amazonaws.com/compute-type", "alpha.eksctl.io/nodegroup-name"),
        version="-eks-",
        clouds=("aws://",),
    ),
    _Maker(
        name="Azure Kubernetes Service",
        inherited=True,
        labels=("kubernetes.azure.com/cluster", "kubernetes.azure.com/agentpool"),
    ),
    _Maker(
        name="Google Kubernetes Engine",
        inherited=True,
        labels=("cloud.google.com/gke-nodepool",),
        version="-gke.",
        clouds=("gce://",),
    ),
    _Maker(name="OpenShift", inherited=False, labels=("node.openshift.io/os_id",)),
    _Maker(
        name="k3s",
        inherited=False,
        labels=(),
        version="+k3s",
        elsewhere=_IN_ONE_PROCESS.format("k3s", "/etc/rancher/k3s/config.yaml and the command line of `k3s server`"),
    ),
    _Maker(name="RKE2", inherited=False, labels=(), version="+rke2"),
    _Maker(
        name="MicroK8s",
        inherited=False,
        labels=("microk8s.io/cluster", "node.kubernetes.io/microk8s-controlplane"),
        elsewhere=_IN_ONE_PROCESS.format("MicroK8s", "the files of /var/snap/microk8s/current/args"),
    ),
)


def provider_of(cluster: Cluster) -> Provider | None:
    """The maker of the cluster that its nodes are from; None where they do not say, or are of several makers.

    A cluster with a node that runs the control plane itself is nobody else's: clusters of one's own are made from
    parts of EKS, AKS and GKE, with the same labels and versions. A provider id says whose machines they are, and no
    more.
    """
    own = any(map(runs_control_plane, cluster.nodes))
    found = [provider for node in cluster.nodes if (provider := _told_by(node)) is not None]
    names = {provider.name for provider in found}
    if len(names) != 1 or (own and found[0].inherited):
        return None
    return found[0]


def _told_by(node: Node) -> Provider | None:
    for maker in _MAKERS:
        label = next((label for label in maker.labels if label in node.header.labels), None)
        if label is not None:
            return _made(maker, node, f"label {label}", f"/metadata/labels/{escape(label)}")
        version = node.kubelet_version or ""
        if maker.version and maker.version in version and _is_in(node, maker.clouds):
            return _made(maker, node, f"kubelet {shown(version)}", "/status/nodeInfo/kubeletVersion")
    return None


def _is_in(node: Node, clouds: Iterable[str]) -> bool:
    wanted = tuple(clouds)
    return not wanted or (node.provider_id or "").startswith(wanted)


def _made(maker: _Maker, node: Node, what: str, pointer: str) -> Provider:
    return Provider(
        name=maker.name,
        inherited=maker.inherited,
        elsewhere=maker.elsewhere,
        said=f"node {shown(node.header.name)} says so: {what}",
        at=node.header.at(pointer),
    )
