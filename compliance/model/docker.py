"""What Docker says of its containers, and the Dockerfiles that images are built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.model.evidence import At, Origin, Subject
from compliance.model.image import EnvEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPort:
    """A port of the host that leads into a container: `container` is as written (`80/tcp`).

    `host_port` is the lowest of a range, None when the engine chooses; `host_ip` is as written (empty
    text: every address). `pointer` is where it stands.
    """

    container: str
    host_ip: str
    host_port: int | None
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerMount:
    """A mount: `type` is `bind`, `volume`, `tmpfs` ...; `source` is the path on the host."""

    type: str
    source: str
    destination: str
    writable: bool | None
    propagation: str
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerContainer:
    """One entry of `docker inspect`. None is an absent key; pointers are from the object's root.

    `image` is the reference as started, `image_id` the digest of the image it runs (`sha256:...`).
    `memory`, `cpu_shares`, `nano_cpus`, `cpu_quota` and `pids_limit` are as Docker counts them (0: none
    set). `health` is `State.Health.Status`, None when the container reports none; `health_test` the
    configured test. `networks` are the names it is attached to. `log_driver` is HostConfig.LogConfig.Type.
    `command` is what runs: the program, then its arguments. `process_label` is the SELinux label in force,
    empty text when there is none. `podman` says that Podman wrote the entry,
    `env_given` is false when Config.Env was taken out of it; `env` values that were blanked are `<redacted>`.
    A null list is an empty one.
    """

    origin: Origin
    subject: Subject
    id: str
    name: str
    image: str
    image_id: str
    running: bool | None
    user: str | None
    env: tuple[EnvEntry, ...]
    app_armor_profile: str | None
    security_opt: tuple[str, ...] | None
    cap_add: tuple[str, ...] | None
    cap_drop: tuple[str, ...] | None
    privileged: bool | None
    mounts: tuple[ContainerMount, ...]
    command: tuple[str, ...]
    published: tuple[PublishedPort, ...]
    publish_all: bool | None
    exposed_ports: tuple[str, ...]
    network_mode: str | None
    networks: tuple[str, ...]
    memory: int | None
    memory_swap: int | None
    cpu_shares: int | None
    nano_cpus: int | None
    cpu_quota: int | None
    cpuset: str | None
    read_only_root: bool | None
    restart_policy: str | None
    restart_retries: int | None
    pid_mode: str | None
    ipc_mode: str | None
    uts_mode: str | None
    userns_mode: str | None
    cgroup_parent: str | None
    devices: tuple[str, ...] | None
    ulimits: tuple[str, ...] | None
    pids_limit: int | None
    health: str | None
    health_test: tuple[str, ...] | None
    log_driver: str | None
    labels: Mapping[str, str]
    windows: bool
    process_label: str | None = None
    podman: bool = False
    env_given: bool = True

    def at(self, pointer: str = "") -> At:
        """A place in this entry by pointer from its root: `at("/HostConfig/Privileged")`."""
        return At(self.origin, pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """An instruction of a Dockerfile after line continuation.

    `number` counts from 0 over the file, `stage` from 0 (-1: before the first FROM). `keyword` is upper
    case; `flags` are (`--from`, `builder`); `arguments` the text after flags, credentials replaced;
    `exec_form` the array when it is written as one. `suspicion` says why it looks like it holds a
    credential. `line` is 1-based.
    """

    number: int
    stage: int
    keyword: str
    flags: tuple[tuple[str, str], ...]
    arguments: str
    exec_form: tuple[str, ...] | None
    heredoc: bool
    suspicion: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A build stage: `base` as written after FROM with build arguments replaced by their defaults.

    `base_stage` is the number of the earlier stage it continues, None when `base` is an image.
    """

    number: int
    name: str
    base: str
    base_stage: int | None
    instruction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """A Dockerfile or Containerfile. The last stage is the one that ships, with the stages it is based on."""

    origin: Origin
    subject: Subject
    stages: tuple[Stage, ...]
    instructions: tuple[Instruction, ...]

    def at(self, instruction: Instruction) -> At:
        """The place of an instruction."""
        return At(self.origin, f"/{instruction.number}")

    def whole(self) -> At:
        """The file itself."""
        return At(self.origin, "")

    def shipped(self) -> tuple[Instruction, ...]:
        """Instructions of the last stage and of the stages it continues, in order of the file."""
        wanted: set[int] = set()
        number: int | None = len(self.stages) - 1 if self.stages else None
        while number is not None and number not in wanted:
            wanted.add(number)
            number = self.stages[number].base_stage
        return tuple(one for one in self.instructions if one.stage in wanted)
