"""Pod in, verdicts out on the ports that it takes on the node."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.model.check import Effort, Verdict, check
from compliance.model.faults import fault_in, judged
from compliance.model.outcome import Severity
from compliance.model.workload import Container, Pod, Port

#: Host addresses that mean every interface of the node; absent means the same (API default).
EVERY_INTERFACE = frozenset({None, "", "0.0.0.0", "::", "0:0:0:0:0:0:0:0"})  # noqa: S104 - compared, never bound


@check(
    id="pod-host-ports",
    title="No container takes a port of the host",
    severity=Severity.MEDIUM,
    fix="Remove hostPort from the container's ports and publish them through a Service.",
    effort=Effort.WORKLOAD,
)
def pod_host_ports(pod: Pod) -> Verdict:
    """hostPort is absent or 0 on every port of every container.

    Source: Pod Security Standards, baseline, "Host Ports".
    """
    faults = []
    for container in pod.all_containers():
        for index, port in enumerate(container.ports):
            if port.host_port:
                faults.append(fault_in(pod, container, f"ports/{index}/hostPort", f"takes host port {port.host_port}"))
    return judged(pod, faults, "none taking a host port")


@check(
    id="pod-host-port-privileged",
    title="No container takes a host port below 1024",
    severity=Severity.MEDIUM,
    fix="Use a host port from 1024 on, or publish the port through a Service.",
    effort=Effort.WORKLOAD,
)
def pod_host_port_privileged(pod: Pod) -> Verdict:
    """Every host port is 1024 or more; with hostNetwork each declared port is one (API default).

    Source: judged as CIS Docker Benchmark 1.8.0, 5.8, asks.
    """
    faults = [
        fault_in(pod, container, f"ports/{index}", f"takes host port {number}")
        for container, index, _, number in _host_ports(pod)
        if number < 1024
    ]
    return judged(pod, faults, "none taking a host port below 1024")


@check(
    id="pod-host-port-interface",
    title="Every host port is bound to one address of the host",
    severity=Severity.MEDIUM,
    fix="Set hostIP beside each hostPort, or publish the port through a Service.",
)
def pod_host_port_interface(pod: Pod) -> Verdict:
    """Beside each host port stands a hostIP other than 0.0.0.0 and ::; absent means every interface and fails.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.14, asks.
    """
    faults = [
        fault_in(pod, container, f"ports/{index}/hostIP", f"takes host port {number} on every interface")
        for container, index, port, number in _host_ports(pod)
        if port.host_ip in EVERY_INTERFACE
    ]
    return judged(pod, faults, "none taking a host port on every interface")


def _host_ports(pod: Pod) -> Iterator[tuple[Container, int, Port, int]]:
    """Each port that a container takes on the node, with the number it takes there."""
    for container in pod.all_containers():
        for index, port in enumerate(container.ports):
            number = port.host_port or (port.container_port if pod.host_network else None)
            if number:
                yield container, index, port, number
