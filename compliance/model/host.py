"""What was read of nodes and Docker hosts: command lines, settings, files and their modes, processes, accounts.

Each record says which host it is of: the name after `compliance-host-` of the nearest folder so named that its file
lies in, or what the document itself says (a pod's node). `host` is None where neither tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from compliance.model.evidence import At, Origin, Subject, SubjectType, escape

#: How folders are named whose files are all of one host; `compliance collect host` writes such a folder.
HOST_FOLDER = "compliance-host-"


def host_of(path: str) -> str | None:
    """The host that a file of the evidence is of, by the folder it lies in; None where no folder tells."""
    for folder in reversed(path.split("/")[:-1]):
        if folder.startswith(HOST_FOLDER) and len(folder) > len(HOST_FOLDER):
            return folder.removeprefix(HOST_FOLDER)
    return None


#: The subject of settings that all nodes of a cluster share: config maps, DaemonSets, `kubectl version`.
CLUSTER_WIDE = Subject(id="host-of/the-cluster", type=SubjectType.HOST, name="all nodes of the cluster")


def host_subject(host: str | None, path: str) -> Subject:
    """The host a record is of; one of its own for a file that nobody says the host of."""
    if host is None:
        return Subject(id=f"host-of/{path}", type=SubjectType.HOST, name=f"the host of {path}")
    return Subject(id=f"host/{host}", type=SubjectType.HOST, name=host)


class Program(Enum):
    """A program whose settings stand on its command line."""

    API_SERVER = "kube-apiserver"
    CONTROLLER_MANAGER = "kube-controller-manager"
    SCHEDULER = "kube-scheduler"
    ETCD = "etcd"
    KUBELET = "kubelet"
    KUBE_PROXY = "kube-proxy"
    DOCKER_DAEMON = "dockerd"


class Form(Enum):
    """Where a command line or a setting stood. The value is what an auditor reads."""

    STATIC_POD = "static pod manifest"
    MIRROR_POD = "pod of the running cluster"
    WORKLOAD = "workload object"
    PROCESS = "process list"
    FILE = "configuration file"
    CONFIGZ = "configuration in force (configz)"
    CONFIG_MAP = "config map"
    COMMAND = "output of a command"


class Flag(NamedTuple):
    """One option of a command line.

    `name` has no dashes in front, `value` is None for an option without one (`--profiling` alone means true).
    A credential in a value is replaced by `<redacted>`. `at` is its pointer from the record's root. `sure` is false
    where nobody can tell if it counts: it may be the value of the option before it, or be set anew by an argument that
    is not known.
    """

    name: str
    value: str | None
    at: str
    sure: bool = True


class Mounted(NamedTuple):
    """A path that a program in a container sees, and the path of the host that it is; empty text where it is none."""

    inside: str
    outside: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """The options that a program of Program was started with, in order: the last of a name counts.

    `subject` is the program on its host (`host/NODE/kube-apiserver`). `opaque` says in words why options may be
    missing here (a shell script starts it, a configuration file takes their place, they come from the
    environment); empty text when all are known. `version` is what its image's tag says (`1.34.1`), None when
    nothing does. `at` is the pointer of the whole command. `mounts` are those of its container, where it has one.
    """

    origin: Origin
    subject: Subject
    host: str | None
    program: Program
    form: Form
    flags: tuple[Flag, ...]
    opaque: str
    image: str | None
    version: str | None
    at: str
    mounts: tuple[Mounted, ...] = ()

    def place(self, pointer: str = "") -> At:
        """A place in the document it was read from; the whole command by default."""
        return At(self.origin, pointer or self.at)

    def on_host(self, path: str) -> str:
        """Where a path that the program names is on its host; empty text where something else is mounted there."""
        over = self.mounted_at(path)
        if not over:
            return path
        nearest = max(over, key=lambda one: len(one.inside))
        return nearest.outside and f"{nearest.outside.rstrip('/')}{path[len(nearest.inside) :]}"

    def mounted_at(self, path: str) -> tuple[Mounted, ...]:
        """The mounts of its container that a path lies in."""
        return tuple(one for one in self.mounts if path == one.inside or path.startswith(f"{one.inside}/"))


Scalar = bool | int | float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A document of settings, as pointers to scalars: `/authentication/anonymous/enabled` is false.

    `kind` is what the document calls itself (`KubeletConfiguration`, `KubeProxyConfiguration`,
    `KubeSchedulerConfiguration`, `EncryptionConfiguration`, `AuthenticationConfiguration`,
    `AuthorizationConfiguration`, `AdmissionConfiguration`, `PodSecurityConfiguration`, `AuditPolicy`) or
    what we call it: `daemon.json`, `docker info`, `docker version`, `docker networks`,
    `docker swarm`, `docker swarm state` (docker-state.json), `docker nodes`, `docker services`, `docker images`,
    `kubectl version`. Lists are pointers with numbers
    (`/tlsCipherSuites/0`); an empty list or mapping is a key of its own with the text `[]` or `{}`. Keys and
    credentials are never kept: `<redacted>` stands for them.
    `left_out` is true when values that checks do not read were not kept.
    """

    origin: Origin
    subject: Subject
    host: str | None
    kind: str
    form: Form
    values: Mapping[str, Scalar]
    left_out: bool = False

    def place(self, pointer: str = "") -> At:
        """A place in this document, by pointer from its root."""
        return At(self.origin, pointer)

    def items(self, pointer: str) -> tuple[Scalar, ...]:
        """The scalars of a list, in order; empty when there is none."""
        found: list[Scalar] = []
        while (key := f"{pointer}/{len(found)}") in self.values:
            found.append(self.values[key])
        return tuple(found)

    def has(self, pointer: str) -> bool:
        """Whether a scalar, list or mapping stands at a pointer."""
        below = f"{pointer}/"
        return pointer in self.values or any(key.startswith(below) for key in self.values)

    def keys(self, pointer: str) -> tuple[str, ...]:
        """The keys of a mapping, or the numbers of a list, in the order of the document, as they stand in pointers."""
        below = f"{pointer}/"
        found = (key[len(below) :].partition("/")[0] for key in self.values if key.startswith(below))
        return tuple(dict.fromkeys(found))


def key_pointer(*keys: str) -> str:
    """The pointer of nested keys."""
    return "".join(f"/{escape(key)}" for key in keys)


class FileEntry(NamedTuple):
    """A file as `stat` tells it.

    `kind` is the letter of find's %y (`f`, `d`, `l`, `s`, ...), `mode` the permission bits with set-id and sticky
    ones, `user` and `group` names, or numbers where the host has no name for them. `at` is its pointer: `/N` with
    the number of its line, from 0. `target` is where a link leads as the link says it, empty where nothing tells.
    """

    kind: str
    mode: int
    user: str
    group: str
    at: str
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileListing:
    """Owner and mode of files of a host, by absolute path.

    `walked` are the paths that the listing was asked for, with all below them: what lies there and is not
    listed does not exist. `absent` are asked paths that do not exist. `problems` are paths that could not be read
    (for them, and below them, nothing is known).
    """

    origin: Origin
    subject: Subject
    host: str | None
    files: Mapping[str, FileEntry]
    walked: tuple[str, ...]
    absent: tuple[str, ...]
    problems: tuple[str, ...]

    def place(self, entry: FileEntry) -> At:
        """The line of a file."""
        return At(self.origin, entry.at)

    def whole(self) -> At:
        """The listing itself, for what is not in it."""
        return At(self.origin, "")

    def below(self, folder: str) -> Iterator[tuple[str, FileEntry]]:
        """Files below a folder, in order of path; the folder itself is not among them."""
        start = folder.rstrip("/") + "/"
        return iter(sorted(item for item in self.files.items() if item[0].startswith(start)))

    def knows(self, path: str) -> bool:
        """Whether it tells if a path exists: it is listed, or was asked for and could be read, through no link.

        Below a path that does not exist nothing does.
        """
        if path in self.files or path in self.absent:
            return True
        parts = set(_above(path))
        if not parts.isdisjoint(self.problems) or any(self.is_link(part) for part in parts):
            return False
        return not (parts.isdisjoint(self.walked) and parts.isdisjoint(self.absent))

    def is_link(self, path: str) -> bool:
        """Whether a path is listed as a symbolic link: what lies below it is listed where it leads."""
        return path in self.files and self.files[path].kind == "l"


def _above(path: str) -> tuple[str, ...]:
    """A path and all folders above it."""
    pieces = path.rstrip("/").split("/")
    return tuple("/".join(pieces[:length]) or "/" for length in range(len(pieces), 0, -1))


class Process(NamedTuple):
    """A running process: arguments with credentials replaced. `at` is `/N`, the number of its line from 0.

    `network` is `host` for one in the network of the host, `own` for one in another, as a container's; `?` when
    nobody could tell.
    """

    user: str
    arguments: tuple[str, ...]
    at: str
    network: str = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessList:
    """Processes of a host at one moment: all of them where `whole` is true, and only then is absence known."""

    origin: Origin
    subject: Subject
    host: str | None
    processes: tuple[Process, ...]
    whole: bool = True


class Service(NamedTuple):
    """A unit of the host's service manager: `active` and `enabled` are systemctl's words. `at` is `/N`."""

    active: str
    enabled: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Units of a host by name (`sshd.service`). A unit that was asked for and does not exist is `not-found`."""

    origin: Origin
    subject: Subject
    host: str | None
    units: Mapping[str, Service]


class Mount(NamedTuple):
    """A mount point: its source, type and options. `at` is `/N`."""

    source: str
    type: str
    options: tuple[str, ...]
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounts:
    """Mount points of a host by path: all that its kernel knows."""

    origin: Origin
    subject: Subject
    host: str | None
    points: Mapping[str, Mount]


class Group(NamedTuple):
    """A group: its number and the users that list it as theirs, by name. `at` is `/N`."""

    gid: int
    members: tuple[str, ...]
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups of a host by name; `absent` are those that were asked for and do not exist. Of others nothing is known."""

    origin: Origin
    subject: Subject
    host: str | None
    groups: Mapping[str, Group]
    absent: tuple[str, ...] = ()


class Watch(NamedTuple):
    """An audit rule on a path: permissions of `rwxa`. `recursive` is true of a rule on a folder. `at` is `/N`."""

    path: str
    permissions: str
    recursive: bool
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRules:
    """Rules loaded in the kernel's audit subsystem (`auditctl -l`) that watch a path.

    `off` is true where auditing is known to be switched off, so that none of them is in force.
    """

    origin: Origin
    subject: Subject
    host: str | None
    watches: tuple[Watch, ...]
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostIdentity:
    """What a host says of itself: names from os-release, kernel release, and the time of the collection (ISO 8601)."""

    origin: Origin
    subject: Subject
    host: str | None
    os_id: str
    os_version: str
    kernel: str
    collected: str | None


HostRecord = CommandLine | Settings | FileListing | ProcessList | Services | Mounts | Groups | AuditRules | HostIdentity
