"""Wire shapes of `docker inspect` (and Podman's) for a container: the fields we read, typed as the engine writes them.

Where null means an empty list or no limit, an absent key is told apart (UNSET). Unknown fields are tolerated.
Source: Docker Engine API 1.51, ContainerInspect; podman-inspect(1).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from compliance.errors import EvidenceError
from compliance.model.evidence import escape

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Wire(Struct, rename="pascal", gc=False):
    """Base of the wire shapes: PascalCase names, unknown fields tolerated."""


class HealthWire(Wire):
    status: str | None = None


class StateWire(Wire):
    status: str | None = None
    running: bool | None = None
    health: HealthWire | None = None
    healthcheck: HealthWire | None = None


class PortBinding(Wire):
    host_ip: str | None = None
    host_port: str | None = None


class RestartPolicyWire(Wire):
    name: str | None = None
    maximum_retry_count: Int64 | None = None


class DeviceWire(Wire):
    path_on_host: str | None = None


class UlimitWire(Wire):
    name: str | None = None
    soft: Int64 | None = None
    hard: Int64 | None = None


class LogConfigWire(Wire):
    type: str | None = None


class HostConfigWire(Wire):
    network_mode: str | None = None
    port_bindings: dict[str, list[PortBinding] | None] | None = None
    publish_all_ports: bool | None = None
    restart_policy: RestartPolicyWire | None = None
    cap_add: list[str] | UnsetType | None = UNSET
    cap_drop: list[str] | UnsetType | None = UNSET
    ipc_mode: str | None = None
    pid_mode: str | None = None
    uts_mode: str | None = msgspec.field(default=None, name="UTSMode")
    userns_mode: str | None = None
    cgroup_parent: str | None = None
    privileged: bool | None = None
    readonly_rootfs: bool | None = None
    security_opt: list[str] | UnsetType | None = UNSET
    cpu_shares: Int64 | None = None
    nano_cpus: Int64 | None = None
    cpu_quota: Int64 | None = None
    cpuset_cpus: str | None = None
    memory: Int64 | None = None
    memory_swap: Int64 | None = None
    pids_limit: Int64 | UnsetType | None = UNSET
    devices: list[DeviceWire] | UnsetType | None = UNSET
    ulimits: list[UlimitWire] | UnsetType | None = UNSET
    log_config: LogConfigWire | None = None
    isolation: str | None = None


class HealthcheckWire(Wire):
    test: list[str] | None = None


class ConfigWire(Wire):
    user: str | None = None
    env: list[str] | UnsetType | None = UNSET
    cmd: list[str] | str | None = None
    entrypoint: list[str] | str | None = None
    image: str | None = None
    labels: dict[str, str | None] | None = None
    exposed_ports: dict[str, Any] | None = None
    healthcheck: HealthcheckWire | None = None


class MountWire(Wire):
    type: str | None = None
    source: str | None = None
    destination: str | None = None
    rw: bool | None = msgspec.field(default=None, name="RW")
    propagation: str | None = None


class NetworkSettingsWire(Wire):
    ports: dict[str, list[PortBinding] | None] | None = None
    networks: dict[str, Any] | None = None


class ContainerWire(Wire):
    id: str | None = None
    name: str | None = None
    image: str | None = None
    image_name: str | None = None
    path: str | None = None
    args: list[str] | None = None
    platform: str | None = None
    process_label: str | None = None
    app_armor_profile: str | None = None
    state: StateWire | None = None
    host_config: HostConfigWire | None = None
    config: ConfigWire | None = None
    mounts: list[MountWire] | None = None
    network_settings: NetworkSettingsWire | None = None


T = TypeVar("T")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")
_TYPE_WORDS = {
    "bool": "a boolean",
    "str": "text",
    "int": "a whole number",
    "float": "a fraction",
    "array": "a list",
    "object": "a mapping",
}


def convert(value: object, shape: type[T]) -> T:
    """A plain value in a wire shape.

    Raises:
        EvidenceError: a value has a type that the engine never writes; the pointer names it.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        words, _, place = str(error).replace("`", "").partition(" - at ")
        pointer = ""
        for found in _STEP.finditer(place):
            if found[3]:
                break
            pointer += "/" + escape(found[1] or found[2])
        expected = re.sub(r"\b(bool|str|int|float|array|object)\b", lambda found: _TYPE_WORDS[found[0]], words)
        expected = expected.replace(" | null", "")
        raise EvidenceError(
            f"docker inspect never writes this value: {expected[0].lower()}{expected[1:]};"
            " hand in its output unchanged",
            pointer=pointer,
        ) from error
