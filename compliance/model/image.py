"""Container images as their bytes show them: digests, configuration, history, layers, merged root file system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from compliance.model.evidence import At, Origin, Subject

#: Facts kept in one list of an image; `Facts.total` says how many there are.
FACTS_KEPT = 500


class BaseClass(Enum):
    """What an image is built on, decided from its files and never from its name."""

    SCRATCH = "scratch"
    DISTROLESS = "distroless"
    SLIM = "slim"
    ALPINE = "alpine"
    FULL = "full"
    UNKNOWN = "unknown"


class Compression(Enum):
    """How a layer is packed, by its first bytes."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class DatabaseState(Enum):
    """Whether a package database could be read."""

    READ = "read"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDigests:
    """The digests of an image (`sha256:` and 64 hexadecimal digits); None where this evidence does not carry it.

    `index` is that of the list over platforms, `manifest` that of the platform's manifest, `config`
    the image ID. The fourth kind, the diff ids, stands with the layers.
    """

    index: str | None
    manifest: str | None
    config: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvEntry:
    """One environment variable of the configuration; `suspicion` says why it looks like a credential.

    `value` is empty text when it is suspected: no credential leaves the reader.
    """

    name: str
    value: str
    suspicion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """The `config` object of an image configuration. None is an absent key; texts have credentials replaced.

    `exposed_ports` are as written (`8080/tcp`), sorted. `healthcheck` is the Test array; it exists
    in Docker's format only. `created` is ISO 8601 UTC as written, None when absent, no time, or before
    2013: the epoch, 0001-01-01 and 1980-01-01 are constants of reproducible builds, which state no date.
    """

    user: str | None
    env: tuple[EnvEntry, ...]
    exposed_ports: tuple[str, ...]
    volumes: tuple[str, ...]
    entrypoint: tuple[str, ...] | None
    cmd: tuple[str, ...] | None
    working_dir: str | None
    labels: Mapping[str, str]
    label_suspicions: Mapping[str, str]
    healthcheck: tuple[str, ...] | None
    created: str | None
    created_as_written: str | None
    author: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """One entry of the history, in order; `suspicion` says why its text looks like it holds a credential.

    `created_by` is the instruction with credentials replaced; `layer` the 1-based layer it made,
    None when it made none.
    """

    number: int
    created_by: str
    created: str | None
    layer: int | None
    suspicion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLayer:
    """A layer. `number` counts from 1 (the lowest). `digest` is of the blob as stored, `diff_id` of the tar in it.

    `diff_id` is the one that was computed when the layer was read, else the one stated. `size` is of
    the blob in bytes, `unpacked` of the tar in it; `members` counts its entries. `created_by` is of
    the history step that made it, empty text when none says. `origin` is the blob in the evidence;
    None when only the configuration was handed in. `read` is false when it could not be read to its end.
    """

    number: int
    diff_id: str
    digest: str | None
    media_type: str
    compression: Compression | None
    size: int
    unpacked: int
    members: int
    created_by: str
    origin: Origin | None
    read: bool


class FileFact(NamedTuple):
    """A file of an image and what was seen of it.

    `path` is absolute in the merged root and printable, `layer` the 1-based layer it stands in.
    `detail` says in a few words what makes it worth naming: `bash`, `apt`, `set-user-id root`,
    `cap_net_raw`, `umask 022`; empty where the path says all.
    """

    path: str
    layer: int
    mode: int
    uid: int
    gid: int
    size: int
    detail: str


class SecretFact(NamedTuple):
    """A credential in a file. `kind` says what it looks like, never its value.

    `by_name` is true when only the file's name says so. `deleted_by` is the 1-based layer that
    deletes or replaces the file: it ships all the same. None when it stands in the merged root.
    """

    path: str
    layer: int
    kind: str
    by_name: bool
    deleted_by: int | None


class Facts(NamedTuple):
    """Files of one sort, sorted by path: at most FACTS_KEPT of `total`."""

    items: tuple[FileFact, ...]
    total: int


NO_FACTS = Facts((), 0)


class Package(NamedTuple):
    """An installed package as a database of the image names it.

    `ecosystem` is the purl type (`deb`, `apk`, `rpm`, `pypi`, `npm`, `golang`). `version` is whole
    (epoch and release included, as the database's own tool prints it). `source` is the source
    package or empty text; `database` is the index in `RootFileSystem.databases`.
    """

    ecosystem: str
    name: str
    version: str
    source: str
    database: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageDatabase:
    """A package database of the merged root: where, in which layer, and whether it could be read.

    For ecosystems without one file (`pypi`, `npm`, `golang`) `path` is the folder or the executable.
    `reason` says why it could not be read, else empty text.
    """

    ecosystem: str
    path: str
    layer: int
    state: DatabaseState
    packages: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A line of etc/passwd joined with etc/shadow.

    `password` is `none` (locked or `x` without a shadow line), `empty` (anybody may sign in) or `set`.
    """

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """How many executables of the merged root belong to a package, and which do not."""

    executables: int
    owned: int
    unowned: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class RootFileSystem:
    """What stands in the merged root after whiteouts.

    `os_release` holds the keys of etc/os-release (or usr/lib/os-release), None when there is none;
    `os_release_fact` its file. `libc` is `glibc`, `musl`, `none` (no C library and no dynamic loader)
    or `unknown`. `base_because` names in words what decided `base_class`. `users` and `groups`
    ((name, gid)) are None when the image has no etc/passwd, etc/group. `umasks` have `umask 022` as
    detail. `path_writable` are executables and directories on PATH that the image's own user may
    write. `secrets` hold those of all layers. `files` and `size` (bytes) count the merged root.
    `scannable` is empty when scanners can see what the image holds, else says in words why not.
    """

    os_release: Mapping[str, str] | None
    os_release_fact: FileFact | None
    libc: str
    base_class: BaseClass
    base_because: str
    databases: tuple[PackageDatabase, ...]
    packages: tuple[Package, ...]
    ownership: Ownership
    shells: Facts
    package_managers: Facts
    network_tools: Facts
    build_tools: Facts
    remote_servers: Facts
    set_id: Facts
    capabilities: Facts
    world_writable: Facts
    path_writable: Facts
    devices: Facts
    umasks: Facts
    leftovers: Facts
    secrets: tuple[SecretFact, ...]
    secrets_total: int
    users: tuple[User, ...] | None
    groups: tuple[tuple[str, int], ...] | None
    user_fact: FileFact | None
    files: int
    size: int
    scannable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFault:
    """Something that does not hold in the image as evidence: a digest that differs, a layer that is missing.

    `words` is a sentence part with both sides; `origin` and `pointer` the place that shows it.
    `hides` is true when files of the image may therefore be unseen.
    """

    words: str
    origin: Origin
    pointer: str
    hides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One platform of an image.

    `subject.id` is `image/<config digest>`, the same in whatever form the image was handed in.
    `form` is `oci-layout`, `docker-archive`, `image-config`, `docker-image-inspect` or `skopeo-config`.
    `names` are references that the evidence gives it (`registry/repository:tag`), sorted;
    `origin` is the document of the configuration and `config_at` the pointer of its `config` object
    there (`/config`, `/0/Config`), `root_at` that of the object around it. `filesystem` is None when
    only the configuration was handed in. `incomplete` says in words why files may be unseen although
    layers were read, else is empty: then what was not found is not proven absent.
    """

    origin: Origin
    subject: Subject
    form: str
    names: tuple[str, ...]
    digests: ImageDigests
    os: str
    architecture: str
    variant: str
    config: ImageConfig
    config_at: str
    root_at: str
    docker_format: bool
    history: tuple[HistoryStep, ...]
    history_at: str
    layers: tuple[ImageLayer, ...]
    filesystem: RootFileSystem | None
    faults: tuple[ImageFault, ...]
    faults_total: int
    incomplete: str

    @property
    def platform(self) -> str:
        """`linux/arm64/v8`."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def size(self) -> int:
        """Bytes of all layers as stored: another number for another compression."""
        return sum(layer.size for layer in self.layers)

    @property
    def unpacked(self) -> int:
        """Bytes of all layers unpacked: the same in whatever form the image was handed in."""
        return sum(layer.unpacked for layer in self.layers)

    @property
    def said(self) -> str:
        """The image as an auditor reads it: its first name, else its short digest."""
        return self.subject.name

    def at_config(self, key: str = "") -> At:
        """A key of the `config` object: `at_config("User")`; the object itself by default."""
        return At(self.origin, f"{self.config_at}/{key}" if key else self.config_at)

    def at_root(self, key: str) -> At:
        """A key beside the `config` object, as Docker and OCI spell it there: `at_root("created")`."""
        return At(self.origin, f"{self.root_at}/{key}")

    def at_history(self, step: HistoryStep) -> At:
        """An entry of the history."""
        return At(self.origin, f"{self.history_at}/{step.number - 1}")

    def at_file(self, fact: FileFact | SecretFact) -> At:
        """A file in the blob of its layer; the configuration where the blob was not handed in."""
        return self.in_layer(fact.layer, fact.path)

    def in_layer(self, number: int, path: str = "") -> At:
        """A path in a layer, or the layer itself."""
        origin = self.layers[number - 1].origin if 0 < number <= len(self.layers) else None
        return At(origin, path) if origin is not None else At(self.origin, self.config_at)

    def whole(self) -> tuple[At, ...]:
        """Every layer as a place, for a verdict about all files; the configuration when none was handed in."""
        found = tuple(At(layer.origin, "") for layer in self.layers if layer.origin is not None)
        return found or (At(self.origin, self.config_at),)
