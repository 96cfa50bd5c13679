"""The reader of what a Docker engine says of itself: `docker info`, `docker version`, its networks and its images.

Podman answers to the same commands in another shape; what it says is not taken for Docker's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compliance.errors import EvidenceError
from compliance.evidence.docker_host.settings import (
    Flat,
    Wanted,
    decoded,
    flattened,
    mapping,
    reader_of,
    settings,
    split,
)
from compliance.evidence.docker_host.shapes import first_keys, is_array
from compliance.evidence.docker_host.swarm_values import SWARM, certificates
from compliance.evidence.json_documents import values
from compliance.evidence.sbom_parts import locate
from compliance.evidence.vulnerabilities.parts import Source
from compliance.model.host import Settings
from compliance.model.reader import Reader, Record

#: Images of one host that are read.
MAX_IMAGES = 10_000
#: Whatever Podman puts into its answers and Docker does not. Source: containers/podman pkg/api/handlers/compat.
_PODMAN = (b'"BuildahVersion"', b'"Podman Engine"')
_INFO: Wanted = {
    **dict.fromkeys(
        (
            "Architecture",
            "CgroupDriver",
            "CgroupVersion",
            "Containers",
            "ContainersPaused",
            "ContainersRunning",
            "ContainersStopped",
            "Debug",
            "DefaultRuntime",
            "DockerRootDir",
            "Driver",
            "DriverStatus",
            "ExperimentalBuild",
            "Images",
            "KernelVersion",
            "LiveRestoreEnabled",
            "LoggingDriver",
            "Name",
            "OSType",
            "OperatingSystem",
            "ProductLicense",
            "SecurityOptions",
            "ServerErrors",
            "ServerVersion",
            "Warnings",
        )
    ),
    "Plugins": {"Authorization": None},
    "RegistryConfig": {"InsecureRegistryCIDRs": None, "IndexConfigs": {"*": {"Name": None, "Secure": None}}},
    "Swarm": SWARM,
}
_VERSION: Wanted = {
    side: {
        "ApiVersion": None,
        "Components": {"*": {"Name": None, "Version": None}},
        "Experimental": None,
        "Os": None,
        "Platform": {"Name": None},
        "Version": None,
    }
    for side in ("Client", "Server")
}
_NETWORK: Wanted = {
    "*": dict.fromkeys(("Attachable", "Driver", "EnableIPv6", "Ingress", "Internal", "Name", "Options", "Scope"))
}
_IMAGE: Mapping[str, None] = dict.fromkeys(("CreatedAt", "Digest", "ID", "Repository", "Size", "Tag"))


def identify(head: bytes) -> bool:
    """Whether the first bytes, up to 64 KiB, are one of the four answers of a Docker engine."""
    return bool(_kind(head))


def _kind(head: bytes) -> str:
    """Which answer it is; empty text when it is none, or Podman's."""
    if any(word in head for word in _PODMAN):
        return ""
    keys = first_keys(head)
    if is_array(head):
        return "docker networks" if keys >= {"IPAM", "Driver", "Scope", "Name"} else ""
    if keys >= {"ServerVersion", "DockerRootDir"} or keys >= {"ServerErrors", "ClientInfo"}:
        return "docker info"
    if "Client" in keys and keys <= {"Client", "Server"} and b'"ApiVersion"' in head:
        return "docker version"
    return "docker images" if keys >= {"Repository", "Tag", "ID", "CreatedSince"} else ""


def records(data: bytes, source: Source) -> Iterator[Record]:
    """One document of settings.

    Raises:
        EvidenceError: it cannot be read, or is not what its first bytes promised.
    """
    kind = _kind(data[: 64 * 1024])
    if kind == "docker images":
        yield settings(kind, _images(data), source)
        return
    value = decoded(data)
    if kind == "docker networks":
        yield settings(kind, flattened(_networks(value), _NETWORK), source)
        return
    answer = mapping(value, kind)
    wanted = _INFO if kind == "docker info" else _VERSION
    yield settings(kind, flattened(answer, wanted, certificates), source)


def _networks(value: object) -> list[object]:
    if not isinstance(value, list) or not all(isinstance(one, dict) and "Driver" in one for one in value):
        raise EvidenceError("docker network inspect prints an array of networks; hand in its output unchanged")
    return value


def _images(data: bytes) -> Flat:
    """Images by the 0-based number of their line, as `docker image ls --format json` prints one a line."""
    kept: dict[str, object] = {}
    counted, line = 0, 0
    for number, (start, end, whole) in enumerate(values(data)):
        line += data.count(b"\n", counted, start)
        counted = start
        if number >= MAX_IMAGES:
            raise EvidenceError(f"more than {MAX_IMAGES:,} images; hand in those of one host")
        if not whole:
            raise EvidenceError("the last image is cut off; make the list anew", line=line + 1)
        kept[str(line)] = decoded(data[start:end], line + 1)
    return flattened(kept, {"*": _IMAGE})


def locate_any(data: bytes, line: int, pointers: list[str]) -> list[int]:
    """As `locate`; of images, whose pointers begin with the number of a line, that line."""
    if _kind(data[: 64 * 1024]) != "docker images":
        return locate(data, line, pointers)
    return [
        line + int(number) if (number := pointer[1:].partition("/")[0]).isdecimal() else line for pointer in pointers
    ]


READER = Reader(
    id="docker-engine",
    title="What a Docker engine says of itself: docker info, version, networks and images",
    revision=1,
    evidence_kinds=("docker-info",),
    identify=identify,
    split=split,
    read=reader_of(records),
    locate=locate_any,
    record=Settings,
)
