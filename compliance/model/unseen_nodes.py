"""Nodes of a cluster of which nothing was handed in that a check judges."""

from __future__ import annotations

from collections.abc import Iterable

from compliance.model.cluster import Cluster, Node
from compliance.model.hosts import ApiServer, ControllerManager, Hosts, Kubelet, KubernetesNode, Scheduler

#: Labels of a node that runs the control plane.
#: Source: Kubernetes documentation, "Well-Known Labels, Annotations and Taints".
CONTROL_PLANE_LABELS = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
#: The label by which a node names its host.
HOSTNAME = "kubernetes.io/hostname"
#: What runs on every node of a cluster, and on every node of its control plane. etcd may run elsewhere.
_ON_EVERY_NODE = (Kubelet, KubernetesNode)
_ON_CONTROL_PLANE = (ApiServer, ControllerManager, Scheduler)


def runs_control_plane(node: Node) -> bool:
    """Whether a Node object has the role of a control plane."""
    return any(label in node.header.labels for label in CONTROL_PLANE_LABELS)


def nodes_to_see(cluster: Cluster, subject: type) -> tuple[Node, ...]:
    """The nodes on which there is a subject of a check, by name; none where nodes do not tell."""
    if subject in _ON_EVERY_NODE:
        return tuple(_by_name(cluster.nodes))
    if subject in _ON_CONTROL_PLANE:
        return tuple(_by_name(node for node in cluster.nodes if runs_control_plane(node)))
    return ()


def _by_name(nodes: Iterable[Node]) -> Iterable[Node]:
    named = {node.header.name: node for node in nodes}
    return [named[name] for name in sorted(named)]


def unseen(nodes: Iterable[Node], hosts: Hosts, subject: type) -> tuple[Node, ...]:
    """Those of some nodes under whose name no host with such a subject was handed in, in order."""
    seen = {one.host.name for one in hosts.judged if type(one) is subject and one.host.name is not None}
    return tuple(
        node for node in nodes if node.header.name not in seen and node.header.labels.get(HOSTNAME) not in seen
    )
