"""Docker container in, verdicts out on what keeps it apart from its host: privilege, namespaces, cgroup."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.container_words import on_windows, unstated
from compliance.model.docker import DockerContainer
from compliance.model.image_user import resolve_user
from compliance.model.images import Images
from compliance.model.outcome import Severity

#: Parents that the engines choose by themselves: cgroupfs and systemd drivers of Docker and Podman.
_OWN_PARENTS = ("", "docker", "/docker")
_PODMAN_PARENTS = ("machine.slice", "user.slice")


@check(
    id="container-privileged",
    title="The container does not run privileged",
    severity=Severity.CRITICAL,
    fix="Start the container without --privileged; grant the one device or capability that it needs.",
)
def container_privileged(container: DockerContainer) -> Verdict:
    """HostConfig.Privileged is false.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.5, asks.
    """
    pointer = "/HostConfig/Privileged"
    if container.privileged is None:
        return unstated(container, pointer)
    at = (container.at(pointer),)
    if container.privileged:
        return failed("Privileged is true: the container has every capability and device of the host", at=at)
    return passed("Privileged is false", at=at)


@check(
    id="container-host-network",
    title="The container does not use the host's network namespace",
    severity=Severity.HIGH,
    fix="Start the container without --network=host, on a network of its own, and publish the ports it needs.",
)
def container_host_network(container: DockerContainer) -> Verdict:
    """HostConfig.NetworkMode is not `host`; the network of another container is judged with that container.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.10, asks.
    """
    return _not_host(container, container.network_mode, "NetworkMode", "network")


@check(
    id="container-host-pid",
    title="The container does not use the host's process namespace",
    severity=Severity.HIGH,
    fix="Start the container without --pid=host.",
)
def container_host_pid(container: DockerContainer) -> Verdict:
    """HostConfig.PidMode is not `host`; empty text means a namespace of its own (Docker's default).

    Source: judged as CIS Docker Benchmark 1.8.0, 5.16, asks.
    """
    return _not_host(container, container.pid_mode, "PidMode", "process")


@check(
    id="container-host-ipc",
    title="The container does not use the host's IPC namespace",
    severity=Severity.HIGH,
    fix="Start the container without --ipc=host.",
)
def container_host_ipc(container: DockerContainer) -> Verdict:
    """HostConfig.IpcMode is not `host`; empty text leaves it to the daemon, which knows private and shareable only.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.17, asks; dockerd, --default-ipc-mode.
    """
    return _not_host(container, container.ipc_mode, "IpcMode", "IPC")


@check(
    id="container-host-uts",
    title="The container does not use the host's UTS namespace",
    severity=Severity.MEDIUM,
    fix="Start the container without --uts=host.",
)
def container_host_uts(container: DockerContainer) -> Verdict:
    """HostConfig.UTSMode is not `host`; empty text means a host name of its own (Docker's default).

    Source: judged as CIS Docker Benchmark 1.8.0, 5.21, asks.
    """
    return _not_host(container, container.uts_mode, "UTSMode", "UTS")


@check(
    id="container-host-users",
    title="The container does not opt out of user namespaces",
    severity=Severity.MEDIUM,
    fix="Start the container without --userns=host.",
)
def container_host_users(container: DockerContainer) -> Verdict:
    """HostConfig.UsernsMode is not `host`; empty text leaves it to the daemon.

    Whether the daemon maps user ids, docker info says.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.31, asks.
    """
    return _not_host(container, container.userns_mode, "UsernsMode", "user")


def _not_host(container: DockerContainer, mode: str | None, field: str, namespace: str) -> Verdict:
    pointer = f"/HostConfig/{field}"
    if mode is None:
        return unstated(container, pointer)
    if container.windows and field != "NetworkMode":
        return on_windows(container, f"it has no {namespace} namespace to share")
    at = (container.at(pointer),)
    if mode == "host":
        return failed(f"{field} is host: the container shares the {namespace} namespace of the host", at=at)
    if mode.startswith("ns:"):
        return not_checked(f"{field} is {mode}: the path does not say whose {namespace} namespace that is", at=at)
    return passed(f"{field} is {mode}" if mode else f"{field} is empty (the engine's default)", at=at)


@check(
    id="container-cgroup-parent",
    title="The container stands under the planned cgroup",
    severity=Severity.LOW,
    fix="Start the container without --cgroup-parent, or add the parent to parameters.cgroup-parents-approved.",
)
def container_cgroup_parent(container: DockerContainer, params: Parameters) -> Verdict:
    """HostConfig.CgroupParent is empty, the engine's own, or of the organisation's approved list.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.25, asks.
    """
    pointer = "/HostConfig/CgroupParent"
    parent = container.cgroup_parent
    if parent is None:
        return unstated(container, pointer)
    at = (container.at(pointer),)
    own = (*_OWN_PARENTS, *_PODMAN_PARENTS) if container.podman else _OWN_PARENTS
    if parent in own:
        return passed(f"CgroupParent is {parent or 'empty'}: the engine chooses", at=at)
    if parent in params.cgroup_parents_approved:
        return passed(f"CgroupParent is {parent}, which is approved", at=at)
    return failed(f"CgroupParent is {parent}, which nobody approved: its limits replace those of the engine", at=at)


@check(
    id="container-user",
    title="The container runs as a user other than root",
    severity=Severity.HIGH,
    fix="Name a numeric user in the image, or start the container with --user.",
    effort=Effort.WORKLOAD,
)
def container_user(container: DockerContainer, images: Images) -> Verdict:
    """Config.User is not empty, 0 or root; a name is looked up in the image, where that was handed in.

    Docker writes the image's USER there when none is given at the start.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.1, asks.
    """
    pointer = "/Config/User"
    if container.user is None:
        return unstated(container, pointer)
    if container.windows:
        return on_windows(container, "it has accounts instead of user ids")
    found = next((match.image for match in images.of_digest(container.image_id)), None)
    files = found.filesystem if found is not None else None
    known = files is not None and found is not None and not found.incomplete
    user = resolve_user(container.user or None, files.users if files is not None else None, known=known)
    reason = f"the container {user.words}"
    at = (container.at(pointer),)
    if user.root is None:
        return not_checked(reason, at=at)
    return failed(reason, at=at) if user.root else passed(reason, at=at)
