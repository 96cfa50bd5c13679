"""Kubelets in, verdicts out on what depends on the node they run on: its part in the cluster, and its version."""

from __future__ import annotations

from dataclasses import replace

from compliance.model.check import Verdict, check, not_applicable, not_checked
from compliance.model.cluster import Cluster
from compliance.model.flags import shown
from compliance.model.hosts import Hosts, Kubelet
from compliance.model.kubelet_settings import Kind, Setting, is_shared, judged, left_to_nodes
from compliance.model.kubernetes_version import minor_of
from compliance.model.node_programs import node_object, role_of
from compliance.model.outcome import Outcome, Severity

_PATH = Setting(pointer="/staticPodPath", flag="pod-manifest-path", kind=Kind.TEXT, default="", flag_default="")
_DYNAMIC = Setting(
    pointer="/featureGates/DynamicKubeletConfig",
    flag="feature-gates",
    kind=Kind.SWITCH,
    default=True,
    flag_default=True,
    gate="DynamicKubeletConfig",
    default_words="does not count",
)
#: The version that removed the gate. Source: Kubernetes, "Feature Gates (removed)".
_GONE_SINCE = 26
#: How many minor versions a kubelet may be older than the API server. Source: Kubernetes, "Version Skew Policy".
_SKEW = 3


@check(
    id="kubelet-static-pod-path",
    title="The kubelet of a worker runs no pods from files of its node",
    severity=Severity.HIGH,
    fix="Remove staticPodPath from the KubeletConfiguration of worker nodes, and restart the kubelet.",
)
def kubelet_static_pod_path(kubelet: Kubelet, hosts: Hosts, cluster: Cluster) -> Verdict:
    """No folder of static pods is set, save on a node of the control plane, which is run from there.

    A node is of the control plane where an API server of its own runs on it or its Node object has that role; it is a
    worker where its Node object has not, or its whole list of processes holds no API server.
    Source: DISA Kubernetes STIG V2R6, V-242397.
    """
    part = role_of(kubelet.host, cluster)
    if part is not None and part.control_plane:
        return not_applicable(f"{part.words}: it runs the control plane from static pods", at=[part.at])
    found = judged(kubelet, hosts, _PATH, lambda value: not value)
    if found.outcome is not Outcome.FAIL:
        return found
    if is_shared(kubelet):
        words = "the config map sets a folder of static pods, which nodes of the control plane need"
        return left_to_nodes(kubelet, hosts, words)
    if part is None:
        words = "whether this is a node of the control plane, which may run static pods, cannot be told: hand in its"
        return not_checked(f"{found.reason}; {words} Node object or its list of processes", at=found.at)
    return replace(found, reason=f"{found.reason}; {part.words}", at=(*found.at, part.at))


@check(
    id="kubelet-dynamic-config",
    title="The kubelet takes no configuration from the cluster while it runs",
    severity=Severity.MEDIUM,
    fix="State DynamicKubeletConfig: false in the kubelet's feature gates, or move to Kubernetes 1.26 or newer.",
)
def kubelet_dynamic_config(kubelet: Kubelet, hosts: Hosts, cluster: Cluster) -> Verdict:
    """The gate DynamicKubeletConfig is stated as off; absent does not count.

    Kubernetes 1.26 removed it: NOT_APPLICABLE to a kubelet of that version, or beside an API server of 1.29, unless
    it is stated as on all the same.
    Source: DISA Kubernetes STIG V2R6, V-242399, which is about Kubernetes 1.25 and older; Kubernetes, "Feature Gates
    (removed)" and "Version Skew Policy".
    """
    stated = judged(kubelet, hosts, _DYNAMIC, lambda value: value is False)
    on = judged(kubelet, hosts, replace(_DYNAMIC, default=False, flag_default=False), lambda value: value is False)
    if on.outcome is Outcome.FAIL:
        return on
    if is_shared(kubelet) and stated.outcome is Outcome.FAIL:
        return left_to_nodes(kubelet, hosts, "the config map does not state the gate DynamicKubeletConfig")
    node = node_object(kubelet.host, cluster)
    minor = minor_of(node.kubelet_version) if node is not None else None
    if node is not None and minor is not None and minor >= _GONE_SINCE:
        words = f"the kubelet is of {shown(node.kubelet_version or '')}; the gate does not exist since 1.{_GONE_SINCE}"
        return not_applicable(words, at=[node.header.at("/status/nodeInfo/kubeletVersion")])
    if minor is None and (gone := _gone_by_server(hosts)) is not None:
        return gone
    if minor is not None or stated.outcome is not Outcome.FAIL:
        return stated
    words = f"{stated.reason}; the gate does not exist since Kubernetes 1.{_GONE_SINCE}, and no evidence states the"
    return not_checked(f"{words} version of this kubelet", at=stated.at)


def _gone_by_server(hosts: Hosts) -> Verdict | None:
    """NOT_APPLICABLE where every API server is too new for any kubelet that knows the gate."""
    pointer = "/serverVersion/gitVersion"
    found = [(minor_of(str(one.values.get(pointer))), one) for one in hosts.settings_of("kubectl version")]
    stated = [(minor, document) for minor, document in found if minor is not None]
    if not stated:
        return None
    minor, document = min(stated, key=lambda one: one[0])
    if minor < _GONE_SINCE + _SKEW:
        return None
    version = shown(str(document.values[pointer]))
    words = f"the API server is of {version}, beside which no kubelet before 1.{_GONE_SINCE} may run"
    return not_applicable(f"{words}; the gate does not exist since then", at=[document.place(pointer)])
