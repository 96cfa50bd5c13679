"""Network policies and the network plugin in, verdicts out."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.cluster import Cluster, NetworkPolicy, NetworkPolicyPeerRule, WorkloadEntry
from compliance.model.evidence import At
from compliance.model.outcome import Severity


@dataclass(frozen=True, slots=True)
class _Plugin:
    """A network plugin, by the end of its image's repository. `enforces` None: only when switched on."""

    image: str
    name: str
    enforces: bool | None


#: Agents that run on every node, and whether they enforce networking.k8s.io NetworkPolicy.
#: Source: the plugins' own documentation and manifests; Kubernetes, "Installing Addons", Networking and Network Policy.
_PLUGINS = (
    _Plugin("calico/node", "Calico", True),
    _Plugin("cilium/cilium", "Cilium", True),
    _Plugin("cilium/cilium-ci", "Cilium", True),
    _Plugin("gke.gcr.io/cilium/cilium", "GKE Dataplane V2", True),
    _Plugin("antrea/antrea-agent-ubuntu", "Antrea", True),
    _Plugin("antrea/antrea-agent-ubi", "Antrea", True),
    _Plugin("antrea/antrea-ubuntu", "Antrea", True),
    _Plugin("weaveworks/weave-npc", "Weave Net", True),
    _Plugin("cloudnativelabs/kube-router", "kube-router", True),
    _Plugin("kubeovn/kube-ovn", "Kube-OVN", True),
    _Plugin("ovn-kubernetes/ovn-kube-u", "OVN-Kubernetes", True),
    _Plugin("ovn-kubernetes/ovn-kube-f", "OVN-Kubernetes", True),
    _Plugin("ovn-org/ovn-kubernetes/ovn-kube-ubuntu", "OVN-Kubernetes", True),
    _Plugin("ovn-org/ovn-kubernetes/ovn-kube-fedora", "OVN-Kubernetes", True),
    _Plugin("containernetworking/azure-npm", "Azure Network Policy Manager", True),
    _Plugin("networking/kube-network-policies", "kube-network-policies", True),
    _Plugin("romana/agent", "Romana", True),
    _Plugin("amazon/aws-network-policy-agent", "AWS network policy agent", None),
    _Plugin("kindest/kindnetd", "kindnet", None),
    _Plugin("flannel/flannel", "Flannel", False),
    _Plugin("flannel-io/flannel", "Flannel", False),
    _Plugin("coreos/flannel", "Flannel", False),
    _Plugin("rancher/mirrored-flannelcni-flannel", "Flannel", False),
    _Plugin("amazon-k8s-cni", "Amazon VPC CNI", False),
)


@check(
    id="network-policy-open",
    title="The network policy opens nothing to everybody",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Name the pods, namespaces or address ranges in the rule's from or to.",
)
def network_policy_open(policy: NetworkPolicy) -> Verdict:
    """No ingress or egress rule lets every peer, every namespace or every address through, on some port or all.

    Source: Kubernetes, "Network Policies", Allow all; NSA/CISA Kubernetes Hardening Guide 1.2, Network policies.
    """
    header = policy.header
    found = _open("ingress", policy.ingress) + _open("egress", policy.egress)
    if found:
        return failed(
            f"NetworkPolicy {header.name} has {listed(words for _, words in found)}",
            at=[header.at(pointer) for pointer, _ in found],
        )
    return passed(f"each rule of NetworkPolicy {header.name} names its peers", at=[header.at("/spec")])


def _open(direction: str, rules: tuple[NetworkPolicyPeerRule, ...]) -> list[tuple[str, str]]:
    """Pointer and words of each rule that is open to all."""
    found = []
    for number, rule in enumerate(rules):
        if rule.open_to_all:
            ports = f"{rule.ports} stated ports" if rule.ports else "all ports"
            found.append((f"/spec/{direction}/{number}", f"{direction} rule {number} open to all peers on {ports}"))
    return found


@check(
    id="network-policy-selects",
    title="The network policy selects at least one workload",
    severity=Severity.LOW,
    fix="Correct the podSelector to the labels of the pods, or remove the policy.",
)
def network_policy_selects(policy: NetworkPolicy, cluster: Cluster) -> Verdict:
    """The podSelector matches the pods of a workload in the policy's namespace; an empty one matches all to come.

    Source: Kubernetes API, NetworkPolicySpec.podSelector.
    """
    header = policy.header
    at = [header.at("/spec/podSelector")]
    selector = policy.pod_selector
    if not selector.match_labels and not selector.match_expressions:
        return passed("an empty podSelector selects every pod of the namespace", at=at)
    entries = cluster.workloads_in.get(header.namespace, ())
    if not entries:
        where = header.namespace or "a namespace that the file does not name"
        return not_checked(f"no workload in {where} was handed in", at=at)
    selected = cluster.selected(header.namespace, selector)
    if not selected:
        return failed(f"NetworkPolicy {header.name} selects none of {len(entries)} workloads of its namespace", at=at)
    names = listed(dict.fromkeys(entry.said() for entry in selected))
    return passed(f"selects {names}", at=[*at, *(entry.at() for entry in selected[:10])])


@check(
    id="cluster-network-plugin",
    title="The network plugin enforces network policies",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Use a network plugin that enforces NetworkPolicy (Calico, Cilium, Antrea, ...) or add its policy agent.",
)
def cluster_network_plugin(cluster: Cluster) -> Verdict:
    """A DaemonSet runs the agent of a network plugin that is known to enforce NetworkPolicy.

    Without any agent in the evidence nothing is known: some platforms run it outside the cluster.
    Source: CIS Kubernetes 2.0.1, 5.3.1.
    """
    found = _plugins(cluster)
    enforcing = [(plugin, at) for plugin, at in found if plugin.enforces]
    if enforcing:
        return passed(
            f"{listed(dict.fromkeys(plugin.name for plugin, _ in enforcing))} enforces NetworkPolicy",
            at=[at for _, at in enforcing],
        )
    optional = [(plugin, at) for plugin, at in found if plugin.enforces is None]
    if optional:
        names = listed(dict.fromkeys(plugin.name for plugin, _ in optional))
        return not_checked(f"{names} enforces NetworkPolicy only when switched on", at=[at for _, at in optional])
    if found:
        names = listed(dict.fromkeys(plugin.name for plugin, _ in found))
        return failed(f"{names} does not enforce NetworkPolicy, and no policy agent is seen", at=[a for _, a in found])
    return not_checked("no known network plugin is seen among the workloads handed in; hand in those of kube-system")


def _plugins(cluster: Cluster) -> list[tuple[_Plugin, At]]:
    """Plugins run by a DaemonSet, with where: a plugin's image in any other workload proves nothing."""
    found = []
    for entry in cluster.workloads:
        if entry.subject.kind == "DaemonSet":
            found += [(plugin, entry.at(entry.spec_at)) for plugin in _PLUGINS if _runs(entry, plugin)]
    return found


def _runs(entry: WorkloadEntry, plugin: _Plugin) -> bool:
    return any(f"/{_repository(image)}".endswith(f"/{plugin.image}") for image in entry.images)


def _repository(image: str) -> str:
    """An image reference without tag and digest."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    return f"{head}{slash}{tail.partition(':')[0]}"
