"""Cluster and nodes in, verdicts out on the version of kubectl and on how versions of components fit each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from compliance.model.check import Effort, Verdict, check, failed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster
from compliance.model.evidence import At
from compliance.model.faults import Fault, told
from compliance.model.file_modes import look
from compliance.model.flags import shown
from compliance.model.host import Program, Settings
from compliance.model.hosts import Hosts, KubernetesNode
from compliance.model.kubernetes_version import minor_of
from compliance.model.outcome import Severity

_KIND = "kubectl version"
_CLIENT = "/clientVersion/gitVersion"
_SERVER = "/serverVersion/gitVersion"
_VERSION = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})(?![0-9])")
#: The first kubectl whose cp stays in its folder. Source: DISA Kubernetes STIG V2R6, V-242396; CVE-2019-11246.
_FIXED = (1, 12, 9)
#: Where packages and people put kubectl.
_KUBECTL = ("/usr/bin/kubectl", "/usr/local/bin/kubectl")
#: Source: Kubernetes, "Version Skew Policy": minor versions that others may be older than the API server.
_KUBELET_SKEW = 3
_KUBELET_SKEW_BEFORE_28 = 2
_THREE_SINCE = 28
_CLIENT_SKEW = 1
_SERVER_SKEW = 1
#: Versions that are compared: a cluster has one of a kind for each node.
_SHOWN = 200


class _Version(NamedTuple):
    """A version of a component: who runs it, its minor, and where it stands."""

    who: str
    minor: int
    at: At


@check(
    id="cluster-kubectl-version",
    title="The kubectl in use is of 1.12.9 or newer",
    severity=Severity.MEDIUM,
    fix="Install the kubectl of the cluster's own minor version.",
)
def cluster_kubectl_version(cluster: Cluster, hosts: Hosts) -> Verdict:  # noqa: ARG001 - the subject is the cluster
    """Every `kubectl version` handed in is of a client of 1.12.9 or newer.

    Source: DISA Kubernetes STIG V2R6, V-242396.
    """
    return _of_clients(hosts.settings_of(_KIND), "no answer of `kubectl version -o json` was handed in")


@check(
    id="node-kubectl-version",
    title="The kubectl on a node is of 1.12.9 or newer",
    severity=Severity.MEDIUM,
    fix="Install the kubectl of the cluster's own minor version, or take it off the node.",
)
def node_kubectl_version(node: KubernetesNode) -> Verdict:
    """The kubectl of the node is of 1.12.9 or newer; NOT_APPLICABLE where the node has none.

    Source: DISA Kubernetes STIG V2R6, V-242396.
    """
    own = node.host.settings_of(_KIND)
    if own:
        return _of_clients(own, "")
    found = look(node.host, *_KUBECTL)
    if found.is_absent:
        return not_applicable("the listing of files shows no kubectl on this node", at=found.absent)
    at = [seen.at for seen in found.seen]
    return not_checked(
        "which kubectl this node has cannot be told: hand in its kubectl version --client -o json", at=at
    )


def _of_clients(documents: Iterable[Settings], missing: str) -> Verdict:
    known = [(one, text) for one in documents if isinstance(text := one.values.get(_CLIENT), str)]
    if not known:
        return not_checked(missing or "`kubectl version` does not say the version of the client")
    old = [
        Fault(f"kubectl is {shown(text)}, before 1.12.9", one.place(_CLIENT)) for one, text in known if _is_old(text)
    ]
    if old:
        return failed(told(old), at=[fault.at for fault in old[:_SHOWN]])
    odd = [
        Fault(f"kubectl is {shown(text)}, which is no version", one.place(_CLIENT))
        for one, text in known
        if not _of(text)
    ]
    if odd:
        return not_checked(told(odd), at=[fault.at for fault in odd[:_SHOWN]])
    words = ", ".join(dict.fromkeys(shown(text) for _, text in known[:8]))
    return passed(f"kubectl is {words}", at=[one.place(_CLIENT) for one, _ in known[:_SHOWN]])


def _of(text: str) -> tuple[int, int, int] | None:
    found = _VERSION.match(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _is_old(text: str) -> bool:
    version = _of(text)
    return version is not None and version < _FIXED


@check(
    id="cluster-version-skew",
    title="The versions of the cluster's components fit each other",
    severity=Severity.HIGH,
    fix="Upgrade the control plane first and then the nodes, one minor version at a time.",
    effort=Effort.PLATFORM,
)
def cluster_version_skew(cluster: Cluster, hosts: Hosts) -> Verdict:
    """No component is newer than the API server, nor older than the policy allows; kubectl is within one minor.

    Whether a version still gets fixes is not told by evidence. Source: Kubernetes, "Version Skew Policy"; DISA
    Kubernetes STIG V2R6, V-242443.
    """
    servers = list(_servers(hosts))
    others = [*_kubelets(cluster), *_beside(hosts), *_clients(hosts)]
    if not servers:
        at = [one.at for one in others[:_SHOWN]]
        return not_checked("the version of the API server was not handed in (kubectl version -o json tells it)", at=at)
    faults = list(_faults(servers, others))
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults[:_SHOWN]])
    if not any(one.who.startswith("kubelet") for one in others):
        return not_checked("no Node object tells the version of a kubelet", at=[one.at for one in servers[:_SHOWN]])
    minors = ", ".join(f"1.{minor}" for minor in sorted({one.minor for one in (*servers, *others)}))
    words = f"{len(servers) + len(others)} versions of components, {minors}, fit each other"
    return passed(words, at=[one.at for one in (*servers, *others)][:_SHOWN])


def _faults(servers: list[_Version], others: list[_Version]) -> Iterator[Fault]:
    oldest = min(servers, key=lambda one: one.minor)
    newest = max(servers, key=lambda one: one.minor)
    if newest.minor - oldest.minor > _SERVER_SKEW:
        yield Fault(f"one API server is of 1.{oldest.minor}, another of 1.{newest.minor}", newest.at)
    for one in others:
        client = one.who == "kubectl"
        most = oldest.minor + (_CLIENT_SKEW if client else 0)
        if one.minor > most:
            yield Fault(f"{one.who} is of 1.{one.minor}, too new for an API server of 1.{oldest.minor}", one.at)
        elif one.minor < newest.minor - _allowed(one, newest):
            yield Fault(f"{one.who} is of 1.{one.minor}, too old for an API server of 1.{newest.minor}", one.at)


def _allowed(one: _Version, server: _Version) -> int:
    if not one.who.startswith("kubelet"):
        return _CLIENT_SKEW
    return _KUBELET_SKEW if server.minor >= _THREE_SINCE else _KUBELET_SKEW_BEFORE_28


def _servers(hosts: Hosts) -> Iterator[_Version]:
    for document in hosts.settings_of(_KIND):
        text = document.values.get(_SERVER)
        minor = minor_of(text) if isinstance(text, str) else None
        if minor is not None:
            yield _Version("API server", minor, document.place(_SERVER))
    yield from _images(hosts, Program.API_SERVER)


def _beside(hosts: Hosts) -> Iterator[_Version]:
    yield from _images(hosts, Program.CONTROLLER_MANAGER)
    yield from _images(hosts, Program.SCHEDULER)


def _images(hosts: Hosts, program: Program) -> Iterator[_Version]:
    """Versions that the images of a program's pods state."""
    for host in hosts.hosts:
        for line in host.lines_of(program):
            minor = minor_of(line.version)
            if minor is not None:
                yield _Version(program.value, minor, line.place())


def _kubelets(cluster: Cluster) -> Iterator[_Version]:
    for node in cluster.nodes:
        minor = minor_of(node.kubelet_version)
        if minor is not None:
            yield _Version(
                f"kubelet of {shown(node.header.name)}", minor, node.header.at("/status/nodeInfo/kubeletVersion")
            )


def _clients(hosts: Hosts) -> Iterator[_Version]:
    for document in hosts.settings_of(_KIND):
        text = document.values.get(_CLIENT)
        minor = minor_of(text) if isinstance(text, str) else None
        if minor is not None:
            yield _Version("kubectl", minor, document.place(_CLIENT))
