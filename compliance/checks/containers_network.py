"""Docker container in, verdicts out on the ports of the host that lead into it, and on its networks."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.container_words import judged_container, on_windows, unstated
from compliance.model.docker import DockerContainer, PublishedPort
from compliance.model.faults import Fault, counted
from compliance.model.outcome import Severity

#: Ports below this one need a privilege of the host to be bound. Source: ip(7), ip_unprivileged_port_start.
FIRST_FREE = 1024
#: Addresses that stand for all of a host; empty text is what the engine writes for them in bindings.
EVERYWHERE = ("", "0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0")  # noqa: S104 - compared with, never bound
_PORTS = "/NetworkSettings/Ports"


@check(
    id="container-port-privileged",
    title="The container takes no privileged port of the host",
    severity=Severity.MEDIUM,
    fix="Publish a port from 1024 on and put a load balancer in front, or approve the port.",
)
def container_port_privileged(container: DockerContainer, params: Parameters) -> Verdict:
    """Every published host port is 1024 or above, or of the organisation's approved list.

    A port that the engine chooses is above. On the host's network nothing tells which ports are taken: NOT_CHECKED.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.8, asks.
    """
    if container.network_mode == "host":
        return _on_host(container)
    faults = [
        Fault(f"takes {_said(port)} on {port.host_ip or 'every address'}", container.at(port.pointer))
        for port in container.published
        if port.host_port is not None and port.host_port < FIRST_FREE
        if port.host_port not in params.host_ports_approved
    ]
    return judged_container(container, faults, _seen(container, "none below 1024 that is not approved"), _PORTS)


@check(
    id="container-port-approved",
    title="The container publishes approved ports only",
    severity=Severity.LOW,
    fix="Close the ports that the program does not need, or add them to parameters.host-ports-approved.",
)
def container_port_approved(container: DockerContainer, params: Parameters) -> Verdict:
    """Every published host port is of the organisation's approved list; NOT_CHECKED without a list.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.9, asks.
    """
    if container.network_mode == "host":
        return _on_host(container)
    if not container.published and not container.publish_all:
        return passed("no port is published", at=[container.at(_PORTS)])
    places = [container.at(port.pointer) for port in container.published] or [container.at(_PORTS)]
    if not params.host_ports_approved:
        ports = listed(dict.fromkeys(_said(port) for port in container.published)) or "every exposed port"
        return not_checked(f"publishes {ports}; no approved ports are configured (host-ports-approved)", at=places)
    faults = [
        Fault(f"publishes {_said(port)}, which is not approved", container.at(port.pointer))
        for port in container.published
        if port.host_port not in params.host_ports_approved
    ]
    if container.publish_all:
        faults.append(Fault("publishes every exposed port", container.at("/HostConfig/PublishAllPorts")))
    return judged_container(container, faults, _seen(container, "each approved"), _PORTS)


@check(
    id="container-port-interface",
    title="Every published port is tied to one address of the host",
    severity=Severity.MEDIUM,
    fix="Publish with the address of the interface that is meant: --publish 127.0.0.1:8443:8443.",
)
def container_port_interface(container: DockerContainer) -> Verdict:
    """No published port is bound to 0.0.0.0, to :: or to no stated address, which means all of them.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.14, asks.
    """
    if container.network_mode == "host":
        return _on_host(container)
    faults = [
        Fault(f"publishes {_said(port)} on every address ({port.host_ip or 'none stated'})", container.at(port.pointer))
        for port in container.published
        if port.host_ip in EVERYWHERE
    ]
    return judged_container(container, faults, _seen(container, "each tied to one address"), _PORTS)


@check(
    id="container-default-bridge",
    title="The container is not on Docker's default bridge",
    severity=Severity.LOW,
    fix="Create a network for the application and start the container with --network on it.",
    effort=Effort.WORKLOAD,
)
def container_default_bridge(container: DockerContainer) -> Verdict:
    """The container is attached to no network named bridge, and NetworkMode is neither `default` nor `bridge`.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.30, asks.
    """
    pointer = "/HostConfig/NetworkMode"
    mode = container.network_mode
    if mode is None:
        return unstated(container, pointer)
    if container.windows:
        return on_windows(container, "it has no bridge docker0")
    if container.podman:
        return not_applicable("a container of Podman, which has no bridge docker0", at=[container.at("/ImageName")])
    if "bridge" in container.networks:
        return failed("attached to the default bridge docker0", at=[container.at("/NetworkSettings/Networks/bridge")])
    if mode in ("default", "bridge", ""):
        return failed(f"NetworkMode is {mode or 'empty'}: the default bridge docker0", at=[container.at(pointer)])
    networks = f", networks {listed(container.networks)}" if container.networks else ""
    return passed(f"NetworkMode is {mode}{networks}", at=[container.at(pointer)])


def _on_host(container: DockerContainer) -> Verdict:
    words = "the container is on the host's network, so docker inspect does not say which ports it takes"
    return not_checked(words, at=[container.at("/HostConfig/NetworkMode")])


def _said(port: PublishedPort) -> str:
    number = "a port that the engine chooses" if port.host_port is None else f"host port {port.host_port}"
    return f"{number} for {port.container}"


def _seen(container: DockerContainer, holds: str) -> str:
    if not container.published:
        return "no port is published"
    return f"{counted(len(container.published), 'published port')}, {holds}"
