"""Docker host in, verdicts out on where and how its engine stores images and containers."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.model.check import Effort, Verdict, check, not_checked
from compliance.model.docker_daemon import INFO, infos, judged, stated, told, unknown
from compliance.model.evidence import At
from compliance.model.flags import Answer, agreed, held
from compliance.model.host import Mount, Mounts
from compliance.model.hosts import DockerHost, Host
from compliance.model.outcome import Outcome, Severity

#: Where the engine keeps its data. Source: docker/cli docs/reference/dockerd.md, data-root.
_DATA = "/var/lib/docker"
_DRIVER_FIX = "Move to overlay2: save the images, set storage-driver in /etc/docker/daemon.json, load them again."
#: Options that tell parts of one file system apart. Source: btrfs(5).
_PART = ("subvol=", "subvolid=")


@check(
    id="docker-storage-mount",
    title="The engine's data lies on a file system of its own",
    severity=Severity.LOW,
    fix="Mount a volume at the data directory of the engine.",
    effort=Effort.PLATFORM,
)
def docker_storage_mount(host: DockerHost) -> Verdict:
    """DockerRootDir is a mount point, and of another file system than the folder above it.

    Source: judged as CIS Docker Benchmark 1.8.0, 1.1.1, asks.
    """
    if not host.host.mounts:
        return not_checked("the mount points of this host were not handed in (compliance collect host)")
    folders = list(_data_folders(host.host))
    if not folders:
        return not_checked(
            f"where the engine keeps its data is not known: docker info was not handed in, and {unknown(host.host)}"
        )
    return agreed([_own(mounts, folder, at) for mounts in host.host.mounts for folder, at in folders])


def _data_folders(host: Host) -> Iterator[tuple[str, tuple[At, ...]]]:
    """The engine's data directory, as docker info says, else as it is set."""
    told_of = [
        (str(document.values["/DockerRootDir"]), (document.place("/DockerRootDir"),))
        for document in infos(host)
        if document.values.get("/DockerRootDir")
    ]
    told_of = told_of or [(str(one.value), (one.at,)) for one in stated(host, "data-root")]
    if told_of:
        yield from dict(told_of).items()
    elif not unknown(host):
        yield _DATA, ()


def _own(mounts: Mounts, folder: str, at: tuple[At, ...]) -> Answer:
    """Whether a folder is a mount point of a file system of its own."""
    path = folder.rstrip("/") or "/"
    point = mounts.points.get(path)
    if point is None:
        return Answer(Outcome.FAIL, f"{path} is no mount point", (*at, At(mounts.origin, "")), "mount points")
    place = At(mounts.origin, point.at)
    above = _above(mounts, path)
    if above is not None and (above.source, _part(above)) == (point.source, _part(point)):
        words = f"{path} is mounted from {point.source}, the file system of the folder above it"
        return Answer(Outcome.FAIL, words, (place,), "mount points")
    return Answer(Outcome.PASS, f"{path} is mounted from {point.source} ({point.type})", (place, *at), "mount points")


def _above(mounts: Mounts, path: str) -> Mount | None:
    """The mount that the folder above a path belongs to."""
    while path not in ("", "/"):
        path = path.rpartition("/")[0] or "/"
        if path in mounts.points:
            return mounts.points[path]
    return None


def _part(mount: Mount) -> tuple[str, ...]:
    return tuple(option for option in mount.options if option.startswith(_PART))


@check(
    id="docker-storage-aufs",
    title="The storage driver is not aufs",
    severity=Severity.MEDIUM,
    fix=_DRIVER_FIX,
    effort=Effort.PLATFORM,
)
def docker_storage_aufs(host: DockerHost) -> Verdict:
    """The storage driver in force is another one.

    Source: Docker Engine 24.0 release notes (removed); judged as CIS Docker Benchmark 1.8.0, 2.6, asks.
    """
    return _driver(host.host, ("aufs",))


@check(
    id="docker-storage-device-mapper",
    title="The storage driver is not devicemapper",
    severity=Severity.MEDIUM,
    fix=_DRIVER_FIX,
    effort=Effort.PLATFORM,
)
def docker_storage_device_mapper(host: DockerHost) -> Verdict:
    """The storage driver in force is another one.

    Source: Docker Engine 25.0 release notes (removed); judged as CIS Docker Benchmark 1.8.0, 2.7, asks.
    """
    return _driver(host.host, ("devicemapper",))


def _driver(host: Host, refused: tuple[str, ...]) -> Verdict:
    """Whether the driver in force is none of those refused. Without a word of it the engine chooses one itself."""
    said = [
        Answer(held(value not in refused), f"Driver is {told(value)}", (document.place("/Driver"),), INFO)
        for document in infos(host)
        if (value := document.values.get("/Driver"))
    ]
    return judged(
        host,
        "storage-driver",
        lambda value: held(value not in refused),
        default=Outcome.NOT_CHECKED,
        default_told="chosen by the engine, as docker info would show",
        said=said,
    )


@check(
    id="docker-base-device-size",
    title="The size of base devices is left at its default",
    severity=Severity.LOW,
    fix="Remove dm.basesize from storage-opts in /etc/docker/daemon.json.",
)
def docker_base_device_size(host: DockerHost) -> Verdict:
    """No storage option is dm.basesize.

    Source: docker/cli docs/reference/dockerd.md; judged as CIS Docker Benchmark 1.8.0, 2.12, asks.
    """
    return judged(
        host.host,
        "storage-opts",
        lambda value: held(not str(value).startswith("dm.basesize")),
        default=Outcome.PASS,
        default_told="none",
    )
