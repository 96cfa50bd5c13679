"""Pod in, verdicts out on its volumes and mounts: host paths, runtime sockets, devices, volume types."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.model.check import Effort, Verdict, check, failed, not_checked, passed
from compliance.model.faults import Fault, called, fault_in, holding, judged, told
from compliance.model.host_paths import is_sensitive, socket_of_node_in
from compliance.model.outcome import Severity
from compliance.model.workload import Pod, Volume

#: Source: Pod Security Standards, restricted, "Volume Types".
RESTRICTED_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)


@check(
    id="pod-host-path",
    title="The pod mounts no directory of the host",
    severity=Severity.HIGH,
    fix="Replace each hostPath volume by a PersistentVolumeClaim, ConfigMap, Secret or emptyDir.",
    effort=Effort.WORKLOAD,
)
def pod_host_path(pod: Pod) -> Verdict:
    """No volume is a hostPath.

    Source: Pod Security Standards, baseline, "HostPath Volumes".
    """
    faults = [
        Fault(f"volume {volume.name} is the host's {path or 'path (none named)'}", pod.at(f"{volume.at}/hostPath"))
        for volume, path in _host_paths(pod)
    ]
    return _of_volumes(pod, faults, "none from the host")


@check(
    id="pod-host-path-writable",
    title="No directory of the host is mounted writable",
    severity=Severity.HIGH,
    fix="Set readOnly: true on each volumeMount of a hostPath volume, or replace the volume.",
)
def pod_host_path_writable(pod: Pod) -> Verdict:
    """Every mount of a hostPath volume sets readOnly to true; absent means writable (API default).

    Source: Kubernetes documentation, "hostPath": mount read-only where it cannot be avoided.
    """
    paths = {volume.name: path for volume, path in _host_paths(pod)}
    if not paths:
        return _of_volumes(pod, [], "none from the host")
    faults = []
    for container in pod.all_containers():
        for index, mount in enumerate(container.volume_mounts):
            if mount.name in paths and not mount.read_only:
                words = f"mounts the host's {paths[mount.name]} writable at {mount.mount_path}"
                faults.append(fault_in(pod, container, f"volumeMounts/{index}/readOnly", words))
    return judged(pod, faults, "none mounting a host path writable")


@check(
    id="pod-host-path-sensitive",
    title="No sensitive directory of the host is mounted",
    severity=Severity.HIGH,
    fix="Remove the hostPath volume, or narrow it to the one file or directory that the workload needs.",
    effort=Effort.WORKLOAD,
)
def pod_host_path_sensitive(pod: Pod) -> Verdict:
    """No hostPath is a system directory of the node, lies in one, or holds one.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.6, asks; docker-bench-security 5.6.
    """
    faults = [
        Fault(f"volume {volume.name} is the host's {path}", pod.at(f"{volume.at}/hostPath/path"))
        for volume, path in _host_paths(pod)
        if is_sensitive(_normal(path))
    ]
    return _of_volumes(pod, faults, "none a sensitive directory of the host")


@check(
    id="pod-runtime-socket",
    title="No container runtime socket is mounted",
    severity=Severity.CRITICAL,
    fix="Remove the volume of the runtime's socket; build images with a rootless builder instead.",
    effort=Effort.WORKLOAD,
)
def pod_runtime_socket(pod: Pod) -> Verdict:
    """No hostPath is the socket of a container runtime or a directory that holds it.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.32, asks.
    """
    faults = []
    for volume, path in _host_paths(pod):
        socket = socket_of_node_in(_normal(path))
        if socket:
            words = f"volume {volume.name} is the host's {path}, {socket}"
            faults.append(Fault(words, pod.at(f"{volume.at}/hostPath/path")))
    return _of_volumes(pod, faults, "none a container runtime's socket")


@check(
    id="pod-host-devices",
    title="No device of the host is given to a container",
    severity=Severity.HIGH,
    fix="Remove the hostPath of the device; use a device plugin or a claim where the workload needs one.",
    effort=Effort.WORKLOAD,
)
def pod_host_devices(pod: Pod) -> Verdict:
    """No hostPath lies under /dev or is of type CharDevice or BlockDevice.

    A raw block device of a claim (volumeDevices) is a disk of the node or not, as its
    PersistentVolume says: NOT_CHECKED here.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.18, asks.
    """
    faults = []
    for volume, path in _host_paths(pod):
        normal = _normal(path)
        if normal == "/dev" or normal.startswith("/dev/") or volume.host_path_type in ("CharDevice", "BlockDevice"):
            faults.append(Fault(f"volume {volume.name} is the host's {path}", pod.at(f"{volume.at}/hostPath/path")))
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    raw = [container for container in pod.all_containers() if container.volume_devices]
    if raw:
        words = f"{called(raw[0])} takes a raw block device of a claim; its PersistentVolume says whose disk it is"
        return not_checked(words, at=[pod.in_container(container, "volumeDevices") for container in raw])
    return judged(pod, faults, "none with a device of the host")


@check(
    id="pod-mount-propagation",
    title="No mount propagates back to the host",
    severity=Severity.HIGH,
    fix="Remove mountPropagation: Bidirectional from the volumeMount, or use HostToContainer.",
)
def pod_mount_propagation(pod: Pod) -> Verdict:
    """No volumeMount sets mountPropagation to Bidirectional; absent means None (API default).

    Source: Kubernetes documentation, "Mount propagation"; judged as CIS Docker Benchmark 1.8.0, 5.20, asks.
    """
    faults = []
    for container in pod.all_containers():
        for index, mount in enumerate(container.volume_mounts):
            if mount.propagation == "Bidirectional":
                words = f"mounts {mount.name} at {mount.mount_path} with Bidirectional propagation"
                faults.append(fault_in(pod, container, f"volumeMounts/{index}/mountPropagation", words))
    return judged(pod, faults, "none with Bidirectional mount propagation")


@check(
    id="pod-volume-types",
    title="The pod uses only volume types of the restricted profile",
    severity=Severity.MEDIUM,
    fix="Replace the volume by a PersistentVolumeClaim or another type that the restricted profile allows.",
    effort=Effort.WORKLOAD,
)
def pod_volume_types(pod: Pod) -> Verdict:
    """Every volume is a configMap, csi, downwardAPI, emptyDir, ephemeral, image, claim, projected or secret.

    A volume that names no source is an emptyDir (API default).
    Source: Pod Security Standards, restricted, "Volume Types".
    """
    faults = [
        Fault(f"volume {volume.name} is of type {volume.type}", pod.at(volume.at))
        for volume in pod.volumes
        if (volume.type not in RESTRICTED_VOLUMES and volume.type != "none") or volume.host_path is not None
    ]
    return _of_volumes(pod, faults, "all of types that the restricted profile allows")


def _host_paths(pod: Pod) -> Iterator[tuple[Volume, str]]:
    for volume in pod.volumes:
        if volume.type == "hostPath" or volume.host_path is not None:
            yield volume, volume.host_path or ""


def _normal(path: str) -> str:
    """A path without doubled or closing slashes and dots; backslashes of Windows turned, drive in lower case.

    Unlike a mount of Docker, which is absolute always, a relative hostPath is taken for no place that is known.
    """
    turned = path.replace("\\", "/")
    if turned[1:2] == ":":
        turned = turned.lower()
    parts: list[str] = []
    for part in turned.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    joined = "/".join(parts)
    return f"/{joined}" if turned[:1] == "/" else joined


def _of_volumes(pod: Pod, faults: list[Fault], holds: str) -> Verdict:
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    if not pod.volumes:
        return passed("the pod has no volumes", at=(pod.in_spec("volumes"),))
    return passed(holding(len(pod.volumes), "volume", holds), at=(pod.in_spec("volumes"),))
