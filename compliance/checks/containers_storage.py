"""Docker container in, verdicts out on its file systems: host directories, runtime sockets, devices, the root."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.model.check import Effort, Verdict, check, failed, listed, passed
from compliance.model.configuration import Parameters
from compliance.model.container_words import judged_container, on_windows, unstated
from compliance.model.docker import ContainerMount, DockerContainer
from compliance.model.faults import Fault, counted
from compliance.model.host_paths import is_sensitive, normal, socket_in
from compliance.model.outcome import Severity


@check(
    id="container-mount-sensitive",
    title="No sensitive directory of the host is mounted",
    severity=Severity.HIGH,
    fix="Use a volume instead; where the path is needed, mount the narrowest one read-only.",
    effort=Effort.WORKLOAD,
)
def container_mount_sensitive(container: DockerContainer) -> Verdict:
    """No bind mount is a system directory of the host, lies in one, or holds one; read-only ones count as well.

    Volumes of the engine are its own directories and not meant.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.6, asks; docker-bench-security 5.6.
    """
    faults = [
        Fault(f"mounts the host's {mount.source} {_rights(mount)} at {mount.destination}", container.at(mount.pointer))
        for mount, path in _binds(container)
        if is_sensitive(path)
    ]
    return judged_container(container, faults, _seen(container, "a sensitive directory of the host"), "/Mounts")


@check(
    id="container-runtime-socket",
    title="No container runtime socket is mounted",
    severity=Severity.CRITICAL,
    fix="Remove the mount of the runtime's socket; build images with a rootless builder instead.",
    effort=Effort.WORKLOAD,
)
def container_runtime_socket(container: DockerContainer) -> Verdict:
    """No mount is the socket (or Windows pipe) of a container runtime, or a directory that holds it.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.32, asks.
    """
    faults = []
    for mount, path in _binds(container):
        socket = socket_in(path)
        if socket:
            words = f"mounts the host's {mount.source}, {socket}, at {mount.destination}"
            faults.append(Fault(words, container.at(mount.pointer)))
    return judged_container(container, faults, _seen(container, "a container runtime's socket"), "/Mounts")


@check(
    id="container-mount-propagation",
    title="No mount of the container spreads back to the host",
    severity=Severity.MEDIUM,
    fix="Mount with rprivate (the default) or rslave propagation.",
)
def container_mount_propagation(container: DockerContainer) -> Verdict:
    """No mount has propagation shared or rshared; empty text means rprivate (Docker's default).

    Source: judged as CIS Docker Benchmark 1.8.0, 5.20, asks.
    """
    if container.windows:
        return on_windows(container, "mounts do not propagate there")
    faults = [
        Fault(
            f"the mount at {mount.destination} has propagation {mount.propagation}",
            container.at(f"{mount.pointer}/Propagation"),
        )
        for mount in container.mounts
        if mount.propagation in ("shared", "rshared")
    ]
    return judged_container(container, faults, _seen(container, "a shared one"), "/Mounts")


@check(
    id="container-devices",
    title="No device of the host is given to the container",
    severity=Severity.HIGH,
    fix="Remove --device, or add the device to parameters.devices-approved.",
    effort=Effort.WORKLOAD,
)
def container_devices(container: DockerContainer, params: Parameters) -> Verdict:
    """HostConfig.Devices is empty or of the organisation's approved list, no bind mount is of /dev, not privileged.

    Device requests (GPUs) and cgroup rules for devices are not read.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.18, asks.
    """
    pointer = "/HostConfig/Devices"
    if container.devices is None:
        return unstated(container, pointer)
    faults = [
        Fault(f"has the host's {device}", container.at(f"{pointer}/{number}"))
        for number, device in enumerate(container.devices)
        if device not in params.devices_approved
    ]
    faults += [
        Fault(f"mounts the host's {mount.source} at {mount.destination}", container.at(mount.pointer))
        for mount, path in _binds(container)
        if (path == "/dev" or path.startswith("/dev/")) and mount.source not in params.devices_approved
    ]
    if container.privileged:
        faults.append(Fault("a privileged container has every device", container.at("/HostConfig/Privileged")))
    seen = f"Devices has {listed(container.devices)}, approved" if container.devices else "Devices is empty"
    return judged_container(container, faults, seen, pointer)


@check(
    id="container-read-only-root",
    title="The container's root file system is read-only",
    severity=Severity.MEDIUM,
    fix="Start the container with --read-only, and with --tmpfs or volumes where it writes.",
    effort=Effort.WORKLOAD,
)
def container_read_only_root(container: DockerContainer) -> Verdict:
    """HostConfig.ReadonlyRootfs is true.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.13, asks.
    """
    pointer = "/HostConfig/ReadonlyRootfs"
    if container.windows:
        return on_windows(container, "its root cannot be read-only")
    if container.read_only_root is None:
        return unstated(container, pointer)
    at = (container.at(pointer),)
    if container.read_only_root:
        return passed("ReadonlyRootfs is true", at=at)
    return failed("ReadonlyRootfs is false: processes can change the programs of the container", at=at)


def _binds(container: DockerContainer) -> Iterator[tuple[ContainerMount, str]]:
    """Mounts of paths of the host, with the normal path; old engines name no type."""
    for mount in container.mounts:
        if mount.type in ("bind", "npipe") or (
            not mount.type and not mount.source.startswith("/var/lib/docker/volumes/")
        ):
            yield mount, normal(mount.source)


def _rights(mount: ContainerMount) -> str:
    if mount.writable is None:
        return "with unknown rights"
    return "writable" if mount.writable else "read-only"


def _seen(container: DockerContainer, what: str) -> str:
    if not container.mounts:
        return "no mounts"
    return f"{counted(len(container.mounts), 'mount')}, none {what}"
