"""Kubernetes node in, verdicts out on the SSH server of workers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from compliance.model.check import Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster
from compliance.model.evidence import At
from compliance.model.faults import Fault, told
from compliance.model.host import Service
from compliance.model.hosts import Host, KubernetesNode
from compliance.model.node_programs import process_name, role_of
from compliance.model.outcome import Outcome, Severity

#: How systems call the unit of their SSH server, and the socket that starts one for each connection.
#: Source: openssh-server of Red Hat (sshd.service, sshd.socket) and of Debian (ssh.service, ssh.socket).
_SERVICES = ("sshd.service", "ssh.service")
_SOCKETS = ("ssh.socket", "sshd.socket")
#: Source: systemd, unit_active_state and unit_file_state.
_STOPPED = ("inactive", "failed", "not-found")
_STARTED = ("active", "activating", "reloading", "refreshing")
_DISABLED = ("disabled", "masked", "masked-runtime", "not-found")
_ENABLED = ("enabled", "enabled-runtime")
#: Processes that a verdict points at: each connection has one.
_SERVERS_SHOWN = 8


class _Unit(NamedTuple):
    """A unit of the SSH server as one list of services shows it."""

    name: str
    service: Service
    at: At

    def state(self, what: str) -> str:
        """Its word for whether it is `active` or `enabled`."""
        return self.service.active if what == "active" else self.service.enabled


@check(
    id="node-ssh-running",
    title="No SSH server runs on a worker",
    severity=Severity.MEDIUM,
    fix="Run systemctl disable --now sshd.service ssh.service ssh.socket on worker nodes.",
)
def node_ssh_running(node: KubernetesNode, cluster: Cluster) -> Verdict:
    """No unit of an SSH server is active on a worker, and sshd is not among its processes.

    A process alone may be of a container, and is NOT_CHECKED. Only a list of services can pass, as a socket starts a
    server when it is needed. Source: DISA Kubernetes STIG V2R6, V-242393.
    """
    found = _judged(node.host, cluster, "active", _STARTED, _STOPPED)
    servers = _servers(node.host)
    if found.outcome is not Outcome.PASS or not servers:
        return found
    words = "sshd is among the processes of this node, and whether a container runs it cannot be told"
    return not_checked(f"{found.reason}; but {words}", at=(*servers, *found.at))


@check(
    id="node-ssh-enabled",
    title="No SSH server starts with a worker",
    severity=Severity.MEDIUM,
    fix="Run systemctl disable --now sshd.service ssh.service ssh.socket on worker nodes.",
)
def node_ssh_enabled(node: KubernetesNode, cluster: Cluster) -> Verdict:
    """No unit of an SSH server is enabled on a worker; a node of the control plane is no worker.

    Source: DISA Kubernetes STIG V2R6, V-242394.
    """
    return _judged(node.host, cluster, "enabled", _ENABLED, _DISABLED)


def _judged(host: Host, cluster: Cluster, what: str, bad: tuple[str, ...], good: tuple[str, ...]) -> Verdict:
    """Whether the state of every unit of an SSH server is a good one; `what` is the field of it."""
    role = role_of(host, cluster)
    if role is not None and role.control_plane:
        return not_applicable(f"{role.words}: it is no worker", at=[role.at])
    units = tuple(_units(host))
    faults = [Fault(f"{unit.name} is {word}", unit.at) for unit in units if (word := unit.state(what)) in bad]
    if faults and role is None:
        words = "whether this is a worker cannot be told: hand in its list of processes or its Node object"
        return not_checked(f"{told(faults)}; {words}", at=[fault.at for fault in faults])
    if faults and role is not None:
        return failed(f"{told(faults)}; a worker: {role.words}", at=[*(fault.at for fault in faults), role.at])
    unclear = [f"{unit.name} is {unit.state(what)}" for unit in units if unit.state(what) not in good]
    named = {unit.name for unit in units}
    unclear += [f"{name} was not asked for" for name in (*_SERVICES, *_SOCKETS[:1]) if name not in named]
    if not units:
        return not_checked("no list of this node's services was handed in (compliance collect host writes one)")
    if unclear:
        return not_checked(f"not told by the list of services: {listed(unclear)}", at=[unit.at for unit in units])
    shown = listed(f"{unit.name} is {unit.state(what)}" for unit in units)
    return passed(shown, at=[unit.at for unit in units])


def _units(host: Host) -> Iterator[_Unit]:
    """The units of SSH servers on all lists of services of a host."""
    for services in host.services:
        for name in (*_SERVICES, *_SOCKETS):
            service = services.units.get(name)
            if service is not None:
                yield _Unit(name, service, At(services.origin, service.at))


def _servers(host: Host) -> tuple[At, ...]:
    """The first processes that are SSH servers."""
    found = (
        At(processes.origin, process.at)
        for processes in host.processes
        for process in processes.processes
        if process.arguments and process_name(process.arguments[0]) == "sshd"
    )
    return tuple(islice(found, _SERVERS_SHOWN))
