"""The reader of `docker inspect` for containers: JSON bytes in, one record for each container out, no credential.

An array as the command prints it, a single object, or one object a line. Podman's output has the same
shape where we read it; what it spells otherwise (ImageName, ids without `sha256:`) is taken as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from msgspec import UnsetType

from compliance.errors import EvidenceError
from compliance.evidence.credentials import REDACTED, is_placeholder, suspicion
from compliance.evidence.docker_inspect_splitting import MARK, MAX_ENTRY, WIDE_MARKS, split
from compliance.evidence.docker_inspect_wire import (
    ConfigWire,
    ContainerWire,
    HostConfigWire,
    MountWire,
    NetworkSettingsWire,
    PortBinding,
    StateWire,
    convert,
)
from compliance.evidence.image.config_wire import redacted_command
from compliance.evidence.json_documents import decode_json, values
from compliance.evidence.lines import locate
from compliance.evidence.printing import numbered
from compliance.evidence.recognition import first_object
from compliance.model.docker import ContainerMount, DockerContainer, PublishedPort
from compliance.model.evidence import Origin, Subject, SubjectType, escape
from compliance.model.host import host_of
from compliance.model.image import EnvEntry
from compliance.model.reader import Reader, Record, Slice

#: Values taken of one list of an entry (variables, mounts, ports ...).
MAX_VALUES = 10_000
#: Longest name and id that are taken.
MAX_NAME = 1000
#: Characters kept of a security option: Docker writes a whole seccomp profile there.
OPTION_KEPT = 200
#: Digits of a container's id that `docker ps` prints.
SHORT_ID = 12
_HEAD = 64 * 1024
_JSON_START = re.compile(rb"\s*(?:\{\s*\"|\[\s*\{\s*\")")
_BESIDE = frozenset((b"State", b"Config", b"Mounts", b"NetworkSettings"))
#: What stands before HostConfig in every entry, should a long log of health probes push that out of the head.
_BEFORE = frozenset((b"Id", b"State", b"Path", b"Args"))
#: What every container has; where one was taken out, its absence must not look like an empty one.
_WHOLE = ("State", "HostConfig", "Config", "Mounts", "NetworkSettings")
_HEX_ID = re.compile(r"[0-9a-f]{64}")
#: A port, or a range of which the engine takes one.
_PORT = re.compile(r"([0-9]{1,5})(?:-[0-9]{1,5})?")


def identify(head: bytes) -> bool:
    """Whether the first bytes, up to 64 KiB, are what `docker inspect` prints of a container."""
    if head[:2] in WIDE_MARKS:
        text = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
        return _is_inspect(text, whole=False)
    return _is_inspect(head.removeprefix(MARK), whole=len(head) < _HEAD)


def _is_inspect(head: bytes, *, whole: bool) -> bool:
    """Keys of the outermost object, or of the first object in an outermost array."""
    if not _JSON_START.match(head):
        return False
    keys, ended = first_object(head, 1 if head.lstrip()[:1] == b"{" else 2)
    if not ended and not whole and keys >= _BEFORE:
        return True
    return b"HostConfig" in keys and not keys.isdisjoint(_BESIDE) and b"apiVersion" not in keys


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """A record for each container of a slice, in order; an EvidenceError for each entry that is none."""
    found = list(_containers(data, slice, path, sha256))
    distinct = {(one.subject.id, one.id) for one in found if isinstance(one, DockerContainer)}
    names = Counter(name for name, _ in distinct)
    for one in found:
        if isinstance(one, DockerContainer) and names[one.subject.id] > 1:
            yield replace(one, subject=replace(one.subject, id=f"{one.subject.id}@{one.id[:SHORT_ID]}"))
        else:
            yield one


def _subject(name: str, id: str, path: str) -> Subject:
    """A container of a host, where a folder tells it; else by its id, which no two have, or by its file.

    A name alone is none: every host may have a container of that name.
    """
    host = host_of(path)
    where = host or id[:SHORT_ID] or path
    said = f"{name} on {host}" if host else name
    return Subject(id=f"container/{name}@{where}", type=SubjectType.CONTAINER, name=said)


def _containers(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[DockerContainer | EvidenceError]:
    line, counted = slice.line, 0
    for index, (start, end, _) in enumerate(values(data)):
        line += data.count(b"\n", counted, start)
        counted = start
        document = slice.document
        if document is not None and slice.item is None:
            document += index
        origin = Origin(
            path=path,
            sha256=sha256,
            document=document,
            pointer="" if slice.item is None else f"/{slice.item + index}",
            inner="",
            offset=slice.offset + start,
            length=end - start,
            line=line,
        )
        try:
            yield _container(data[start:end], origin)
        except EvidenceError as error:
            if error.line is None:
                error.line = locate(data[start:end], line, [error.pointer])[0]
            pointer = origin.pointer + error.pointer
            yield EvidenceError(error.message, path=path, document=document, pointer=pointer, line=error.line)


def _container(data: bytes, origin: Origin) -> DockerContainer:
    if len(data) > MAX_ENTRY:
        raise EvidenceError(
            f"one entry is {len(data):,} bytes long, above the limit of {MAX_ENTRY:,}; hand it in unchanged",
            line=origin.line,
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        where = origin.line + data.count(b"\n", 0, error.start)
        raise EvidenceError(f"byte {error.start} is not UTF-8; convert the file to UTF-8", line=where) from error
    value = decode_json(text, origin.line)
    if not isinstance(value, dict) or not isinstance(value.get("HostConfig"), dict):
        raise EvidenceError("no container: docker inspect gives each container a HostConfig; list containers only")
    lacking = [key for key in _WHOLE if not isinstance(value.get(key), (dict, list))]
    if lacking:
        raise EvidenceError(f"{lacking[0]} was taken out of this container; hand in docker inspect unchanged")
    _within_caps(value)
    wire = convert(value, ContainerWire)
    if not (wire.id or wire.name):
        raise EvidenceError("a container without Id and Name; hand in the output of docker inspect unchanged")
    return _record(wire, origin)


def _within_caps(value: Mapping[str, Any]) -> None:
    """Refuse an entry with a list or mapping, at the depths we read, beyond MAX_VALUES."""
    for outer, inner in value.items():
        pairs = [(f"/{escape(outer)}", inner)]
        if isinstance(inner, dict):
            pairs += [(f"/{escape(outer)}/{escape(key)}", each) for key, each in inner.items()]
        for pointer, found in pairs:
            if isinstance(found, (list, dict)) and len(found) > MAX_VALUES:
                raise EvidenceError(f"{len(found):,} values, above the limit of {MAX_VALUES:,}", pointer=pointer)
    for name in ("Id", "Name"):
        if isinstance(value.get(name), str) and len(value[name]) > MAX_NAME:
            raise EvidenceError(f"{name} is longer than {MAX_NAME:,} characters", pointer=f"/{name}")


def _record(wire: ContainerWire, origin: Origin) -> DockerContainer:
    config = wire.config or ConfigWire()
    host = wire.host_config or HostConfigWire()
    state = wire.state or StateWire()
    network = wire.network_settings or NetworkSettingsWire()
    id_ = numbered(wire.id or "")
    name = numbered((wire.name or "").lstrip("/").replace("\\", "\\\\")) or id_[:SHORT_ID]
    running = state.running if state.running is not None else _running(state.status)
    health = state.health or state.healthcheck
    healthcheck = config.healthcheck
    return DockerContainer(
        origin=origin,
        subject=_subject(name, id_, origin.path),
        id=id_,
        name=name,
        image=numbered(wire.image_name or config.image or ""),
        image_id=_digest(wire.image or ""),
        running=running,
        user=_text(config.user),
        env=tuple(_variable(text) for text in config.env) if config.env else (),
        app_armor_profile=_text(wire.app_armor_profile),
        security_opt=_texts(host.security_opt, OPTION_KEPT),
        cap_add=_texts(host.cap_add),
        cap_drop=_texts(host.cap_drop),
        privileged=host.privileged,
        mounts=tuple(_mount(number, mount) for number, mount in enumerate(wire.mounts or ())),
        command=_command(wire, config),
        published=_published(host, network, running=running is not False),
        publish_all=host.publish_all_ports,
        exposed_ports=tuple(sorted(numbered(port) for port in config.exposed_ports or ())),
        network_mode=_text(host.network_mode),
        networks=tuple(sorted(numbered(each) for each in network.networks or ())),
        memory=host.memory,
        memory_swap=host.memory_swap,
        cpu_shares=host.cpu_shares,
        nano_cpus=host.nano_cpus,
        cpu_quota=host.cpu_quota,
        cpuset=_text(host.cpuset_cpus),
        read_only_root=host.readonly_rootfs,
        restart_policy=_text(host.restart_policy.name) if host.restart_policy else None,
        restart_retries=host.restart_policy.maximum_retry_count if host.restart_policy else None,
        pid_mode=_text(host.pid_mode),
        ipc_mode=_text(host.ipc_mode),
        uts_mode=_text(host.uts_mode),
        userns_mode=_text(host.userns_mode),
        cgroup_parent=_text(host.cgroup_parent),
        devices=_devices(host),
        ulimits=_ulimits(host),
        pids_limit=None if isinstance(host.pids_limit, UnsetType) else host.pids_limit or 0,
        health=numbered(health.status) if health and health.status not in (None, "", "none") else None,
        health_test=redacted_command(healthcheck.test) if healthcheck and healthcheck.test else None,
        log_driver=_text(host.log_config.type) if host.log_config else None,
        labels=_labels(config.labels or {}),
        windows=wire.platform == "windows" or host.isolation in ("process", "hyperv"),
        process_label=_text(wire.process_label),
        podman=wire.image_name is not None,
        env_given=not isinstance(config.env, UnsetType),
    )


def _running(status: str | None) -> bool | None:
    return None if status is None else status in ("running", "paused", "restarting")


def _text(value: str | None) -> str | None:
    return None if value is None else numbered(value)


def _texts(found: list[str] | UnsetType | None, kept: int = MAX_NAME) -> tuple[str, ...] | None:
    """The texts of a list; null is an empty one, None an absent key."""
    return None if isinstance(found, UnsetType) else tuple(numbered(each[:kept]) for each in found or ())


def _digest(image_id: str) -> str:
    """`sha256:...`, which Podman leaves out."""
    return f"sha256:{image_id}" if _HEX_ID.fullmatch(image_id) else numbered(image_id)


def _variable(text: str) -> EnvEntry:
    """A variable; a value that was blanked before it was handed in is REDACTED, and its name alone is judged."""
    name, _, value = text.partition("=")
    if value and is_placeholder(value):
        named = suspicion(name, "a literal") is not None
        reason = "its name speaks of a credential, and its value was blanked" if named else None
        return EnvEntry(name=numbered(name), value="" if named else REDACTED, suspicion=reason)
    reason = suspicion(name, value)
    return EnvEntry(name=numbered(name), value="" if reason else numbered(value), suspicion=reason)


def _mount(number: int, wire: MountWire) -> ContainerMount:
    return ContainerMount(
        type=numbered(wire.type or ""),
        source=numbered(wire.source or ""),
        destination=numbered(wire.destination or ""),
        writable=wire.rw,
        propagation=numbered(wire.propagation or ""),
        pointer=f"/Mounts/{number}",
    )


def _command(wire: ContainerWire, config: ConfigWire) -> tuple[str, ...]:
    """What runs: Path and Args, else the configured entry point and command, credentials replaced."""
    if wire.path:
        words = [wire.path, *(wire.args or [])]
    else:
        words = [
            *([config.entrypoint] if isinstance(config.entrypoint, str) else config.entrypoint or []),
            *([config.cmd] if isinstance(config.cmd, str) else config.cmd or []),
        ]
    return tuple(numbered(word) for word in redacted_command(words))


def _published(host: HostConfigWire, network: NetworkSettingsWire, *, running: bool) -> tuple[PublishedPort, ...]:
    """The ports as the engine bound them; of a container that does not run, as it will bind them."""
    bound = list(_bindings(network.ports or {}, "/NetworkSettings/Ports"))
    if not bound and not (running and network.ports is not None):
        bound = list(_bindings(host.port_bindings or {}, "/HostConfig/PortBindings"))
    return tuple(sorted(bound, key=lambda port: (port.container, port.host_ip, port.host_port or 0, port.pointer)))


def _bindings(ports: Mapping[str, list[PortBinding] | None], at: str) -> Iterator[PublishedPort]:
    for container, bindings in ports.items():
        for number, binding in enumerate(bindings or ()):
            port = _PORT.fullmatch(binding.host_port or "")
            yield PublishedPort(
                container=numbered(container),
                host_ip=numbered(binding.host_ip or ""),
                host_port=int(port[1]) or None if port else None,
                pointer=f"{at}/{escape(container)}/{number}",
            )


def _devices(host: HostConfigWire) -> tuple[str, ...] | None:
    if isinstance(host.devices, UnsetType):
        return None
    return tuple(numbered(each.path_on_host or "") for each in host.devices or ())


def _ulimits(host: HostConfigWire) -> tuple[str, ...] | None:
    if isinstance(host.ulimits, UnsetType):
        return None
    return tuple(f"{numbered(each.name or '')}={each.soft}:{each.hard}" for each in host.ulimits or ())


def _labels(labels: Mapping[str, str | None]) -> dict[str, str]:
    found = {}
    for name in sorted(labels):
        value = labels[name] or ""
        found[numbered(name)] = REDACTED if suspicion(name, value) else numbered(value)
    return found


READER = Reader(
    id="docker-inspect",
    title="Settings of containers, as docker inspect and podman inspect print them",
    revision=1,
    evidence_kinds=("container-inspect",),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=DockerContainer,
)
