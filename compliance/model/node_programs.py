"""A node in; what runs on it, what its programs' options name, and its part in the cluster out.

A program is seen, ruled out by a whole list of processes, or unknown.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from compliance.model.cluster import Cluster, Node
from compliance.model.evidence import At, escape
from compliance.model.flags import option, shown
from compliance.model.host import Form, Program, Settings
from compliance.model.hosts import Host
from compliance.model.unseen_nodes import CONTROL_PLANE_LABELS

#: Where the kubelet's configuration names the folder of static pods, and the authority of its clients.
STATIC_PODS = "/staticPodPath"
CLIENT_CA = "/authentication/x509/clientCAFile"
#: Programs that hold several programs of Kubernetes within their own process.
#: Source: documentation of k3s, k0s and MicroK8s; Kubernetes before 1.19 (hyperkube).
_SEVERAL = frozenset(("k3s", "k3s-server", "k3s-agent", "k0s", "kubelite", "hyperkube"))
#: Command lines and documents of one host that are looked at: a host has one or two of a kind.
MAX_SOURCES = 100
#: Characters of a path. Source: Linux, limits.h, PATH_MAX.
_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What options and settings of a program name. `values` are distinct, in order of where they stand.

    `unknown` says in words what nobody can tell; `silent` are places that show that nothing is named there.
    """

    values: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    silent: tuple[At, ...] = ()

    def __add__(self, other: Named) -> Named:
        return Named(
            values=tuple(dict.fromkeys((*self.values, *other.values))),
            unknown=tuple(dict.fromkeys((*self.unknown, *other.unknown))),
            silent=(*self.silent, *other.silent),
        )


def running(host: Host, program: Program) -> tuple[At, ...]:
    """The places that show that a program runs on a host; empty when none does."""
    lines = [line.place() for line in host.lines_of(program) if line.form is not Form.WORKLOAD]
    names = [at for _, at in _processes(host, program)]
    return tuple(dict.fromkeys((*lines, *names)))[:MAX_SOURCES]


def _processes(host: Host, program: Program) -> Iterator[tuple[str, At]]:
    """The processes that are a program: their network, and their places."""
    for one in host.processes:
        for process in one.processes:
            if process.arguments and process_name(process.arguments[0]) == program.value:
                yield process.network, At(one.origin, process.at)


def ruled_out(host: Host, *programs: Program) -> tuple[At, ...]:
    """The whole lists of processes in which none of some programs is; empty where that is not proven.

    Where a program runs that may hold others within its process, none is ruled out.
    """
    if any(running(host, program) for program in programs):
        return ()
    for one in host.processes:
        if any(process.arguments and process_name(process.arguments[0]) in _SEVERAL for process in one.processes):
            return ()
    return tuple(At(one.origin, "") for one in host.processes if one.whole)[:MAX_SOURCES]


def process_name(first: str) -> str:
    """The name of a program by the first of its arguments: `/usr/sbin/sshd` and `sshd: /usr/sbin/sshd` are sshd."""
    return first.split(" ", 1)[0].rstrip(":").rpartition("/")[2]


def options_of(host: Host, program: Program, *names: str) -> Named:
    """What some options of a program name on all its command lines of a host."""
    values: list[str] = []
    unknown: list[str] = []
    silent: list[At] = []
    for line in host.lines_of(program)[:MAX_SOURCES]:
        for name in names:
            found = option(line, name)
            if found.unknown:
                unknown.append(found.unknown)
            elif found.redacted:
                unknown.append(f"--{name} is set, its value is not shown")
            elif found.text and found.flags[-1].value:
                if place := line.on_host(found.text):
                    values.append(place)
                else:
                    unknown.append(f"{found.told()}, where the container has no folder of the host")
            else:
                silent.extend(found.at)
    return Named(
        values=tuple(dict.fromkeys(values)), unknown=tuple(dict.fromkeys(unknown)), silent=tuple(dict.fromkeys(silent))
    )


def settings_of(documents: Sequence[Settings], pointer: str) -> Named:
    """What a setting names in documents of one host."""
    values: list[str] = []
    unknown: list[str] = []
    silent: list[At] = []
    for document in documents[:MAX_SOURCES]:
        value = document.values.get(pointer)
        if isinstance(value, str) and value not in ("", "[]", "{}"):
            values.append(value)
        elif value == "" or (value is None and (pointer in document.values or not document.has(pointer))):
            silent.append(document.place(pointer))
        else:
            unknown.append(f"{pointer[1:].replace('/', '.')} is no path")
    return Named(values=tuple(dict.fromkeys(values)), unknown=tuple(unknown), silent=tuple(silent))


def of_kubelet(host: Host, flag: str, pointer: str) -> Named:
    """What the kubelet of a host is told by an option and by its configuration, and whether all of that is known.

    What is in force (configz) settles it; else command line and file must both be there, since either may say it.
    """
    documents = tuple(one for one in host.settings_of("KubeletConfiguration") if one.form is not Form.CONFIG_MAP)
    found = options_of(host, Program.KUBELET, flag) + settings_of(documents, pointer)
    if any(one.form is Form.CONFIGZ for one in documents):
        return found
    lines = host.lines_of(Program.KUBELET)
    missing: list[str] = []
    if not lines:
        missing.append("the kubelet's command line was not handed in")
    files = options_of(host, Program.KUBELET, "config")
    if not documents and (not lines or files.values or files.unknown):
        missing.append("the kubelet's configuration was not handed in")
    return found + Named(unknown=tuple(missing))


class Role(NamedTuple):
    """A node's part in the cluster: whether it is of the control plane, and what says so."""

    control_plane: bool
    words: str
    at: At


def role_of(host: Host, cluster: Cluster) -> Role | None:
    """A node's part in the cluster; None where nothing tells.

    What runs on it tells it: an API server of its own, or a whole list of processes without one. Else its Node object
    does. One in a container's own network may be of another cluster that is hosted here, and tells nothing.
    """
    servers = host.lines_of(Program.API_SERVER)
    own = [line.place() for line in servers if line.form is Form.STATIC_POD]
    own += [at for network, at in _processes(host, Program.API_SERVER) if network == "host"]
    if own:
        return Role(True, "an API server runs on this node", own[0])
    lists = ruled_out(host, Program.API_SERVER)
    if lists:
        return Role(False, "no API server is among the processes of this node", lists[0])
    node = node_object(host, cluster)
    if node is not None:
        label = next((label for label in CONTROL_PLANE_LABELS if label in node.header.labels), None)
        if label is not None:
            return Role(True, f"the node has the label {label}", node.header.at(f"/metadata/labels/{escape(label)}"))
        return Role(False, "its Node object names no role in the control plane", node.header.at("/metadata/labels"))
    if servers:
        return Role(True, "an API server of the cluster runs on this node", servers[0].place())
    return None


def node_object(host: Host, cluster: Cluster) -> Node | None:
    """The Node object of a host, by its name."""
    wanted = f"Node/{host.name}"
    place = bisect_left(cluster.nodes, wanted, key=_id)
    found = cluster.nodes[place] if place < len(cluster.nodes) else None
    return found if found is not None and _id(found) == wanted and host.name is not None else None


def _id(node: Node) -> str:
    return node.header.subject.id


def paths(values: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Absolute paths among some values, and in words what the others are."""
    good = tuple(value.rstrip("/") or "/" for value in values if _is_path(value))
    bad = tuple(f"{shown(value)} is no absolute path" for value in values if not _is_path(value))
    return tuple(dict.fromkeys(good)), bad


def _is_path(value: str) -> bool:
    return value.startswith("/") and value.isprintable() and len(value) <= _LONGEST
