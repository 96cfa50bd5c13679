"""Wire shapes of a pod spec: the fields we read, typed as strictly as the API server types them.

`None` is "absent", and null is the same to the API server. Unknown fields are tolerated.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from compliance.errors import EvidenceError
from compliance.model.evidence import escape

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Quantity = str | int | float


class Wire(Struct, rename="camel", gc=False):
    """Base of the wire shapes: camelCase names, unknown fields tolerated."""


class Profile(Wire):
    type: str | None = None
    localhost_profile: str | None = None


class SeLinux(Wire):
    user: str | None = None
    role: str | None = None
    type: str | None = None
    level: str | None = None


class Windows(Wire):
    host_process: bool | None = None
    run_as_user_name: str | None = None


class Caps(Wire):
    add: list[str] | None = None
    drop: list[str] | None = None


class ContainerContext(Wire):
    privileged: bool | None = None
    allow_privilege_escalation: bool | None = None
    read_only_root_filesystem: bool | None = None
    run_as_non_root: bool | None = None
    run_as_user: Int64 | None = None
    run_as_group: Int64 | None = None
    proc_mount: str | None = None
    capabilities: Caps | None = None
    seccomp_profile: Profile | None = None
    app_armor_profile: Profile | None = None
    se_linux_options: SeLinux | None = None
    windows_options: Windows | None = None


class SysctlWire(Wire):
    name: str = ""
    value: str = ""


class PodContext(Wire):
    run_as_non_root: bool | None = None
    run_as_user: Int64 | None = None
    run_as_group: Int64 | None = None
    fs_group: Int64 | None = None
    supplemental_groups: list[Int64] | None = None
    seccomp_profile: Profile | None = None
    app_armor_profile: Profile | None = None
    se_linux_options: SeLinux | None = None
    windows_options: Windows | None = None
    sysctls: list[SysctlWire] | None = None


class PortWire(Wire):
    container_port: Int32 | None = None
    host_port: Int32 | None = None
    host_ip: str | None = msgspec.field(default=None, name="hostIP")
    protocol: str | None = None
    name: str | None = None


class KeyRef(Wire):
    name: str | None = None
    key: str | None = None
    optional: bool | None = None


class ValueFrom(Wire):
    secret_key_ref: KeyRef | None = None
    config_map_key_ref: KeyRef | None = None
    field_ref: dict[str, Any] | None = None
    resource_field_ref: dict[str, Any] | None = None
    file_key_ref: dict[str, Any] | None = None


class EnvWire(Wire):
    name: str = ""
    value: str | None = None
    value_from: ValueFrom | None = None


class Ref(Wire):
    name: str | None = None
    optional: bool | None = None


class EnvFromWire(Wire):
    secret_ref: Ref | None = None
    config_map_ref: Ref | None = None


class MountWire(Wire):
    name: str = ""
    mount_path: str = ""
    read_only: bool | None = None
    mount_propagation: str | None = None
    sub_path: str | None = None


class HttpHeader(Wire):
    name: str = ""
    value: str = ""


class HttpGet(Wire):
    host: str | None = None
    port: Int32 | str | None = None
    path: str | None = None
    scheme: str | None = None
    http_headers: list[HttpHeader] | None = None


class TcpSocket(Wire):
    host: str | None = None
    port: Int32 | str | None = None


class Exec(Wire):
    command: list[str] | None = None


class Grpc(Wire):
    port: Int32 | None = None
    service: str | None = None


class Sleep(Wire):
    seconds: Int64 | None = None


class Handler(Wire):
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    exec: Exec | None = None
    grpc: Grpc | None = None
    sleep: Sleep | None = None


class Lifecycle(Wire):
    post_start: Handler | None = None
    pre_stop: Handler | None = None


class ResourcesWire(Wire):
    requests: dict[str, Quantity] | None = None
    limits: dict[str, Quantity] | None = None


class ContainerWire(Wire):
    name: str = ""
    image: str | None = None
    image_pull_policy: str | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    ports: list[PortWire] | None = None
    env: list[EnvWire] | None = None
    env_from: list[EnvFromWire] | None = None
    volume_mounts: list[MountWire] | None = None
    volume_devices: list[dict[str, Any]] | None = None
    resources: ResourcesWire | None = None
    liveness_probe: Handler | None = None
    readiness_probe: Handler | None = None
    startup_probe: Handler | None = None
    lifecycle: Lifecycle | None = None
    security_context: ContainerContext | None = None
    restart_policy: str | None = None


class HostPath(Wire):
    path: str | None = None
    type: str | None = None


class SecretSource(Wire):
    secret_name: str | None = None
    optional: bool | None = None


class ClaimSource(Wire):
    claim_name: str | None = None
    read_only: bool | None = None


class EmptyDir(Wire):
    medium: str | None = None
    size_limit: Quantity | None = None


class Csi(Wire):
    driver: str | None = None
    read_only: bool | None = None


class ProjectedSource(Wire):
    secret: Ref | None = None
    config_map: Ref | None = None
    service_account_token: dict[str, Any] | None = None
    downward_api: dict[str, Any] | None = msgspec.field(default=None, name="downwardAPI")
    cluster_trust_bundle: Ref | None = None
    pod_certificate: dict[str, Any] | None = None


class Projected(Wire):
    sources: list[ProjectedSource] | None = None


class VolumeWire(Wire):
    name: str = ""
    host_path: HostPath | None = None
    secret: SecretSource | None = None
    config_map: Ref | None = None
    persistent_volume_claim: ClaimSource | None = None
    empty_dir: EmptyDir | None = None
    csi: Csi | None = None
    projected: Projected | None = None


class HostAlias(Wire):
    ip: str | None = None


class Toleration(Wire):
    key: str | None = None


class OsWire(Wire):
    name: str | None = None


class Affinity(Wire):
    pod_anti_affinity: dict[str, Any] | None = None


class PodSpecWire(Wire):
    containers: list[ContainerWire] | None = None
    init_containers: list[ContainerWire] | None = None
    ephemeral_containers: list[ContainerWire] | None = None
    volumes: list[VolumeWire] | None = None
    security_context: PodContext | None = None
    os: OsWire | None = None
    host_network: bool | None = None
    host_pid: bool | None = msgspec.field(default=None, name="hostPID")
    host_ipc: bool | None = msgspec.field(default=None, name="hostIPC")
    host_users: bool | None = None
    share_process_namespace: bool | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    automount_service_account_token: bool | None = None
    enable_service_links: bool | None = None
    host_aliases: list[HostAlias] | None = None
    image_pull_secrets: list[Ref] | None = None
    runtime_class_name: str | None = None
    priority_class_name: str | None = None
    node_name: str | None = None
    node_selector: dict[str, str] | None = None
    tolerations: list[Toleration] | None = None
    restart_policy: str | None = None
    termination_grace_period_seconds: Int64 | None = None
    active_deadline_seconds: Int64 | None = None
    affinity: Affinity | None = None
    topology_spread_constraints: list[dict[str, Any]] | None = None
    resources: ResourcesWire | None = None


class OwnerWire(Wire):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class MetaWire(Wire):
    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    labels: dict[str, str | None] | None = None
    annotations: dict[str, str | None] | None = None
    owner_references: list[OwnerWire] | None = None
    #: A text, or what YAML 1.1 makes of one.
    creation_timestamp: object = None


class StrategyWire(Wire):
    type: str | None = None


class ClaimTemplate(Wire):
    metadata: MetaWire | None = None


class WorkloadSpec(Wire):
    """What workload kinds say beside their pod template."""

    replicas: Int32 | None = None
    strategy: StrategyWire | None = None
    update_strategy: StrategyWire | None = None
    min_ready_seconds: Int32 | None = None
    concurrency_policy: str | None = None
    backoff_limit: Int32 | None = None
    volume_claim_templates: list[ClaimTemplate] | None = None


class ContainerStatus(Wire):
    name: str = ""
    image_id: str | None = msgspec.field(default=None, name="imageID")


class PodStatus(Wire):
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


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
#: Nodes looked at when integral floats are made integers.
_MAX_NODES = 200_000


def convert(value: object, shape: type[T], at: str) -> T:
    """A plain value in a wire shape; `at` is its pointer from the object's root.

    Raises:
        EvidenceError: a value has a type that the API server refuses; the pointer names it.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as first:
        error = first
        if "got `float`" in str(first):
            try:
                return msgspec.convert(_integral(value), shape)
            except msgspec.ValidationError as second:
                error = second
        raise _refusal(error, at) from error


def _refusal(error: msgspec.ValidationError, at: str) -> EvidenceError:
    words, _, place = str(error).replace("`", "").partition(" - at ")
    pointer = at
    for found in _STEP.finditer(place):
        if found[3]:
            break
        pointer += "/" + escape(found[1] or found[2])
    expected = re.sub(r"\b(bool|str|int|float|array|object)\b", lambda found: _TYPE_WORDS[found[0]], words)
    expected = expected.replace(" | null", "")
    return EvidenceError(
        f"the API server refuses this value: {expected[0].lower()}{expected[1:]}; correct its type"
        " (quotes turn a number or a boolean into text)",
        pointer=pointer,
    )


def _integral(value: object) -> object:
    """The value with floats that are whole numbers made integers, as Go writes them into JSON."""
    root: list[object] = [value]
    pending: list[tuple[Any, Any]] = [(root, 0)]
    for _ in range(_MAX_NODES):
        if not pending:
            break
        holder, key = pending.pop()
        item = holder[key]
        if isinstance(item, float) and item.is_integer():
            holder[key] = int(item)
        elif isinstance(item, dict):
            holder[key] = copy = dict(item)
            pending.extend((copy, name) for name in copy)
        elif isinstance(item, list):
            holder[key] = items = list(item)
            pending.extend((items, index) for index in range(len(items)))
    return root[0]
