"""Documents of Docker hosts: each known by its content, nothing secret kept, nothing hostile harmful."""

from __future__ import annotations

import hashlib
import io
import json

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.docker_host import daemon, engine, settings, swarm
from compliance.model.host import Settings
from compliance.pipeline.units import recognise

INFO = {
    "ID": "abc",
    "Containers": 3,
    "Driver": "overlay2",
    "DockerRootDir": "/var/lib/docker",
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "HttpProxy": "http://user:hunter22@proxy:3128",
    "Labels": ["team=a"],
    "Plugins": {"Authorization": [], "Log": ["syslog"]},
    "ServerVersion": "28.5.1",
    "Swarm": {"LocalNodeState": "active", "Cluster": {"TLSInfo": {"TrustRoot": "no certificate"}}},
}
VERSION = {"Client": {"ApiVersion": "1.51", "Version": "28.5.1"}, "Server": {"Version": "28.5.1"}}
NETWORKS = [{"Name": "bridge", "Id": "1", "Scope": "local", "Driver": "bridge", "IPAM": {}, "Options": {}}]
IMAGE = {"CreatedSince": "2 days ago", "ID": "1", "Repository": "a", "Tag": "b"}
SERVICES = [
    {
        "ID": "s",
        "Spec": {
            "Name": "web",
            "TaskTemplate": {"ContainerSpec": {"Env": ["DB_PASSWORD=hunter22", "MODE=fast", "API_TOKEN=<redacted>"]}},
        },
    }
]
NODES = [{"ID": "n", "Spec": {"Role": "manager"}, "Description": {"TLSInfo": {"k": "secret"}}, "Status": {}}]
STATE = {"LocalAddr": "", "ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": "10.0.0.1:2377", "DataPathAddr": ""}


def _read(data: bytes, path: str = "compliance-host-one/file.json") -> list[Settings | EvidenceError]:
    reader = recognise(data[:65536])
    assert reader is not None
    found: list[Settings | EvidenceError] = []
    for piece in reader.split(io.BytesIO(data)):
        assert not isinstance(piece, EvidenceError)
        for one in reader.read(data, piece, path, hashlib.sha256(data).hexdigest()):
            assert isinstance(one, Settings | EvidenceError)
            found.append(one)
    return found


def _one(value: object) -> Settings:
    (found,) = _read(json.dumps(value, indent=1).encode())
    assert isinstance(found, Settings), found
    return found


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (INFO, "docker info"),
        ({"ServerErrors": ["Cannot connect"], "ClientInfo": {}}, "docker info"),
        (VERSION, "docker version"),
        (NETWORKS, "docker networks"),
        (IMAGE, "docker images"),
        (SERVICES, "docker services"),
        (NODES, "docker nodes"),
        (STATE, "docker swarm state"),
        ({"NodeID": "", "LocalNodeState": "inactive", "ControlAvailable": False}, "docker swarm"),
        ({"icc": False}, "daemon.json"),
        ({"experimental": False}, "daemon.json"),
        ({"log-driver": "syslog", "icc": False, "iptables": True, "mtu": 1, "of-next-year": 1}, "daemon.json"),
        ({"compliance-daemon-json/1": {}}, "daemon.json"),
    ],
)
def test_each_document_is_known_by_its_content(value: object, kind: str) -> None:
    """It belongs to the host of its folder, under its kind."""
    record = _one(value)
    assert (record.kind, record.host, record.subject.name) == (kind, "one", "one")


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"experimental": "enabled"},
        {"auths": {}, "credsStore": "pass"},
        {"icc": False, "colour": "red"},
        {"host": {"buildahVersion": "1"}, "store": {}, "version": {}},
        {"ServerVersion": "5.4.0", "DockerRootDir": "/var/lib/containers", "BuildahVersion": "1.39.0"},
        {"Client": {"APIVersion": "5.4.0", "Version": "5.4.0"}},
        {"Client": {"ApiVersion": "1.4"}, "Server": {"Components": [{"Name": "Podman Engine"}]}},
        [{"name": "podman", "driver": "bridge"}],
        [{"ID": "secret", "Spec": {"Name": "x"}}],
        {"clientVersion": {}, "serverVersion": {}},
    ],
)
def test_what_is_not_dockers_is_not_taken(value: object) -> None:
    """An empty file, a client's configuration, Podman's answers, and JSON of others."""
    for reader in (engine.READER, daemon.READER, swarm.READER):
        assert not reader.identify(json.dumps(value).encode())


def test_only_what_checks_read_is_kept_and_no_credential() -> None:
    """Proxies, labels and TLS data are left out, and a variable leaves its name only."""
    info = _one(INFO)
    assert info.left_out
    assert "hunter22" not in repr(info)
    assert not info.has("/HttpProxy")
    assert not info.has("/Labels")
    assert info.values["/Plugins/Authorization"] == "[]"
    assert info.values["/Swarm/Cluster/TLSInfo/TrustRoot"] == "a certificate that cannot be read"
    assert "secret" not in repr(_one(NODES))
    services = _one(SERVICES)
    env = "/0/Spec/TaskTemplate/ContainerSpec/Env"
    assert services.items(env) == ("DB_PASSWORD=<redacted>", "MODE", "API_TOKEN=<redacted>")


def test_credentials_in_the_daemons_file_are_replaced() -> None:
    """Tokens of log drivers, also under names that nobody knows, and passwords in addresses."""
    record = _one(
        {
            "log-driver": "splunk",
            "log-opts": {"splunk-token": "B5A79AAD-D822-46CC", "sumo-url": "https://c/xyz", "max-size": "10m"},
            "proxies": {"http-proxy": "http://me:hunter22@proxy:3128"},
        }
    )
    assert record.values["/log-opts/splunk-token"] == "<redacted>"
    assert record.values["/log-opts/sumo-url"] == "<redacted>"
    assert record.values["/log-opts/max-size"] == "10m"
    assert "hunter22" not in repr(record)


def test_a_wrapped_file_has_the_pointers_of_the_file() -> None:
    """The host bundle's copy is read as the file itself; its lines are those of the bundle."""
    data = b'{"compliance-daemon-json/1":\n{\n  "icc": true\n}\n}\n'
    (record,) = _read(data)
    assert isinstance(record, Settings)
    assert record.values == {"/icc": True}
    assert record.origin.inner == "/compliance-daemon-json~11"
    assert daemon.READER.locate(data, 1, [record.origin.inner + "/icc"]) == [3]
    assert _one({"compliance-daemon-json/1": {}}).values == {"": "{}"}


def test_images_are_read_line_by_line() -> None:
    """One object a line; the pointer begins with the number of the line."""
    rows = [json.dumps(IMAGE | {"Repository": name}) for name in ("a", "b")]
    data = "\n".join(rows).encode()
    (record,) = _read(data)
    assert isinstance(record, Settings)
    assert [record.values[f"/{number}/Repository"] for number in (0, 1)] == ["a", "b"]
    assert engine.READER.locate(data, 1, ["/1/Repository"]) == [2]


@pytest.mark.parametrize(
    "data",
    [
        b'{"icc": false, "icc": true}',
        b'{"icc": NaN}',
        b'{"icc": ',
        b'{"icc": "\xff"}',
        b'{"hosts": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"compliance-daemon-json/1": []}',
        b'{"compliance-daemon-json/1": {}, "icc": false}',
        b'[{"Name": "a", "IPAM": {}, "Driver": "b", "Scope": "c"}, 7]',
        b'[{"ID": "a", "Spec": {}, "Description": {}, "Status": {}}, 7]',
        b'{"Repository": "a", "Tag": "b", "ID": "c", "CreatedSince": "d"}\n{"Repository": ',
        b'{"labels": [' + b"1," * (settings.MAX_VALUES + 1) + b"1]}",
    ],
)
def test_what_cannot_be_read_says_why(data: bytes) -> None:
    """Twofold keys, no JSON, bombs, cut output: one error, and no record beside it."""
    (found,) = _read(data)
    assert isinstance(found, EvidenceError)
    assert found.message


@pytest.mark.parametrize("value", [INFO, VERSION, NETWORKS, SERVICES, NODES, STATE, {"icc": False, "log-opts": {}}])
def test_a_cut_document_never_raises(value: object) -> None:
    """At every length it is a record, an error, or unknown."""
    data = json.dumps(value).encode()
    for length in range(len(data)):
        reader = recognise(data[:length])
        if reader is not None:
            assert len(_read(data[:length])) == 1


def test_a_file_above_the_limit_is_refused() -> None:
    """Its size is told, and nothing is decoded."""
    (found,) = daemon.READER.split(io.BytesIO(b" " * (settings.MAX_BYTES + 1)))
    assert isinstance(found, EvidenceError)
    assert "limit" in found.message
