"""The reader of a swarm's own documents: its state, nodes and services, and how this node takes part in it."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.errors import EvidenceError
from compliance.evidence.credentials import REDACTED, is_placeholder, suspicion
from compliance.evidence.docker_host.settings import Wanted, decoded, flattened, mapping, reader_of, settings, split
from compliance.evidence.docker_host.shapes import first_keys, is_array
from compliance.evidence.docker_host.swarm_values import SWARM, certificates
from compliance.evidence.sbom_parts import locate
from compliance.evidence.vulnerabilities.parts import Source
from compliance.model.host import Form, Settings
from compliance.model.reader import Reader, Record

_NODES: Wanted = {
    "*": {
        "Description": {"Engine": {"EngineVersion": None}, "Hostname": None},
        "ID": None,
        "ManagerStatus": None,
        "Spec": {"Availability": None, "Role": None},
        "Status": {"Addr": None, "State": None},
    }
}
_SERVICES: Wanted = {
    "*": {
        "ID": None,
        "Spec": {
            "Name": None,
            "TaskTemplate": {
                "ContainerSpec": {
                    "Configs": {"*": {"ConfigName": None}},
                    "Env": None,
                    "Image": None,
                    "Secrets": {"*": {"SecretName": None}},
                }
            },
        },
    }
}
#: How a node was started in its swarm, in /var/lib/docker/swarm/docker-state.json.
#: Source: moby daemon/cluster/noderunner.go, nodeStartConfig: tokens and keys are not saved.
_STATE: Wanted = dict.fromkeys(("AdvertiseAddr", "DataPathAddr", "DataPathPort", "ListenAddr", "LocalAddr"))


def identify(head: bytes) -> bool:
    """Whether the first bytes, up to 64 KiB, are a swarm's document."""
    return bool(_kind(head))


def _kind(head: bytes) -> str:
    keys = first_keys(head)
    if is_array(head):
        if keys >= {"ID", "Spec", "Description", "Status"}:
            return "docker nodes"
        return "docker services" if keys >= {"ID", "Spec"} and b'"TaskTemplate"' in head else ""
    if keys >= {"LocalNodeState", "ControlAvailable"}:
        return "docker swarm"
    return "docker swarm state" if keys >= {"ListenAddr", "AdvertiseAddr", "DataPathAddr"} else ""


def records(data: bytes, source: Source) -> Iterator[Record]:
    """One document of settings.

    Raises:
        EvidenceError: it cannot be read, or is not what its first bytes promised.
    """
    kind = _kind(data[: 64 * 1024])
    value = decoded(data)
    if kind in ("docker nodes", "docker services"):
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise EvidenceError("docker inspect prints an array of objects; hand in its output unchanged")
        wanted = _NODES if kind == "docker nodes" else _SERVICES
        yield settings(kind, flattened(value, wanted, _variable), source)
    elif kind == "docker swarm":
        yield settings(kind, flattened(mapping(value, "docker swarm"), SWARM, certificates), source)
    else:
        flat = flattened(mapping(value, "docker-state.json"), _STATE)
        yield settings(kind, flat, source, form=Form.FILE)


def _variable(keys: tuple[str, ...], value: object) -> object | None:
    """The name alone of a service's variable; with `=<redacted>` when its value looks like a credential."""
    if len(keys) < 2 or keys[-2] != "Env" or not isinstance(value, str):
        return None
    name, equals, text = value.partition("=")
    text = "a literal" if text and is_placeholder(text) else text
    return f"{name}={REDACTED}" if equals and suspicion(name, text) else name


READER = Reader(
    id="docker-swarm",
    title="State, nodes and services of a Docker swarm",
    revision=1,
    evidence_kinds=("swarm",),
    identify=identify,
    split=split,
    read=reader_of(records),
    locate=locate,
    record=Settings,
)
