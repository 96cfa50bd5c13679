"""The reader of docker inspect: shapes, pointers and lines, what is hidden, and what is refused."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.docker_inspect import MAX_VALUES, READER
from compliance.evidence.docker_inspect_splitting import MAX_ENTRY
from compliance.model.docker import DockerContainer
from compliance.model.reader import Slice
from tests.evidence.docker.reading import only, read

SECRET = "correct-horse-9"


def entry(**changed: Any) -> dict[str, Any]:
    """A container as docker inspect prints it, with some keys changed."""
    return {
        "Id": "ab" * 32,
        "Name": "/web",
        "Path": "/app",
        "Args": ["serve"],
        "State": {"Status": "running", "Running": True},
        "Image": "sha256:" + "cd" * 32,
        "HostConfig": {"NetworkMode": "default", "CapAdd": None},
        "Mounts": [],
        "Config": {"User": "", "Env": ["A=b"], "Image": "shop/web:1"},
        "NetworkSettings": {"Ports": {}, "Networks": {}},
    } | changed


def encoded(*entries: dict[str, Any]) -> bytes:
    return json.dumps(list(entries), indent=1).encode()


def containers(data: bytes, path: str = "evidence") -> list[DockerContainer]:
    found = read(READER, data, path)
    assert all(isinstance(one, DockerContainer) for one in found), found
    return [one for one in found if isinstance(one, DockerContainer)]


@pytest.mark.parametrize(
    "data",
    [
        encoded(entry()),
        json.dumps(entry()).encode(),
        b"\xef\xbb\xbf" + encoded(entry()),
        b"\n ".join(json.dumps(entry(Id=f"{n:064d}")).encode() for n in range(2)),
    ],
    ids=["array", "object", "mark", "lines"],
)
def test_every_shape_of_the_command_is_recognised_and_read(data: bytes) -> None:
    """An array, one object, one object a line, and a byte-order mark before them."""
    assert READER.identify(data[:65536])
    assert all(one.name == "web" for one in containers(data))


@pytest.mark.parametrize(
    "data",
    [
        b'[{"Id":"sha256:aa","RepoTags":[],"Config":{},"RootFS":{"Type":"layers"}}]',
        b'{"apiVersion":"v1","kind":"Pod","HostConfig":{},"State":{}}',
        b'{"bomFormat":"CycloneDX","HostConfig":{}}',
        b'[{"outer":{"HostConfig":{},"State":{}}}]',
        b"HostConfig State",
        b"",
    ],
    ids=["image", "kubernetes", "sbom", "deeper", "text", "empty"],
)
def test_other_documents_are_not_taken(data: bytes) -> None:
    """Content decides, at the depth where docker inspect writes it."""
    assert not READER.identify(data)


def test_a_long_log_of_probes_does_not_hide_a_container() -> None:
    """Where the head ends before HostConfig, the keys before it tell."""
    state = {"Status": "running", "Running": True, "Health": {"Status": "healthy", "Log": ["x" * 90_000]}}
    data = encoded({"Id": "a", "Path": "/a", "Args": []} | {"State": state} | entry(State=state))
    assert READER.identify(data[:65536])


def test_places_are_those_of_the_file() -> None:
    """Pointer, line and bytes of an entry lead to it, and the line of a setting is found from them."""
    data = encoded(entry(), entry(Id="cd" * 32, Name="/db"))
    second = containers(data)[1]
    origin = second.origin
    piece = data[origin.offset : origin.offset + origin.length]
    assert origin.pointer == "/1"
    assert json.loads(piece)["Name"] == "/db"
    lines = data.decode().split("\n")
    assert lines[origin.line - 1].strip() == "{"
    line = READER.locate(piece, origin.line, ["/HostConfig/NetworkMode"])[0]
    assert "NetworkMode" in lines[line - 1]
    assert line > len(lines) // 2


def test_one_name_on_two_hosts_stays_two_subjects() -> None:
    """In one file, in two, and in folders of hosts; one that is listed twice stays one, in whatever files."""
    web, other = encoded(entry()), encoded(entry(Id="cd" * 32))
    own, others = "container/web@" + "ab" * 6, "container/web@" + "cd" * 6
    assert [one.subject.id for one in containers(encoded(entry(), entry(Id="cd" * 32)))] == [own, others]
    assert [one.subject.id for one in (*containers(web), *containers(other))] == [own, others]
    assert {one.subject.id for one in (*containers(encoded(entry(), entry())), *containers(web))} == {own}
    first, second = (
        containers(data, path=f"compliance-host-{host}/docker/containers.json")[0]
        for data, host in ((web, "a"), (web, "b"))
    )
    assert (first.subject.id, first.subject.name) == ("container/web@a", "web on a")
    assert second.subject.id == "container/web@b"
    nameless = containers(encoded(entry(Id="")), path="a.json"), containers(encoded(entry(Id="")), path="b.json")
    assert [one.subject.id for (one,) in nameless] == ["container/web@a.json", "container/web@b.json"]


def test_null_is_an_empty_list_and_an_absent_key_is_not() -> None:
    """What somebody took out never looks like a setting that is off."""
    one = only(read(READER, encoded(entry(HostConfig={"CapAdd": None, "PidsLimit": None}))), DockerContainer)
    assert (one.cap_add, one.cap_drop, one.pids_limit, one.devices) == ((), None, 0, None)


def test_podman_spells_some_keys_otherwise() -> None:
    """ImageName is the reference, the image id gets its algorithm, and Healthcheck is the health."""
    state = {"Status": "running", "Running": True, "Healthcheck": {"Status": "healthy"}}
    changed = entry(ImageName="registry.example.com/shop/web:1", Image="cd" * 32, State=state)
    one = only(read(READER, encoded(changed)), DockerContainer)
    assert one.podman
    assert (one.image, one.image_id, one.health) == (
        "registry.example.com/shop/web:1",
        "sha256:" + "cd" * 32,
        "healthy",
    )


def test_ports_are_those_in_force_and_of_a_stopped_container_those_to_come() -> None:
    """NetworkSettings wins over the bindings; a range stands for its lowest port, an empty text for any."""
    bindings = {"80/tcp": [{"HostIp": "", "HostPort": "8000-8010"}], "81/tcp": [{"HostIp": "", "HostPort": ""}]}
    host = {"PortBindings": bindings}
    ports = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8003"}]}  # noqa: S104 - read, never bound
    running = only(read(READER, encoded(entry(HostConfig=host, NetworkSettings={"Ports": ports}))), DockerContainer)
    assert [(port.host_port, port.pointer) for port in running.published] == [
        (8003, "/NetworkSettings/Ports/80~1tcp/0")
    ]
    stopped = entry(HostConfig=host, State={"Status": "exited", "Running": False})
    found = only(read(READER, encoded(stopped)), DockerContainer).published
    assert [(port.container, port.host_port) for port in found] == [("80/tcp", 8000), ("81/tcp", None)]


def test_no_credential_leaves_the_reader() -> None:
    """Variables, arguments, labels and health checks lose their secrets; the suspicion stays."""
    config = {
        "Env": [f"DB_PASSWORD={SECRET}"],
        "Labels": {"admin.password": SECRET},
        "Healthcheck": {"Test": ["CMD", "probe", f"--password={SECRET}"]},
    }
    one = only(read(READER, encoded(entry(Args=["--password", SECRET], Config=config))), DockerContainer)
    assert SECRET not in repr(one)
    assert one.env[0].suspicion


def test_a_name_cannot_carry_control_characters() -> None:
    """A terminal sequence in a name becomes visible text."""
    one = only(read(READER, encoded(entry(Name="/a\x1b[31m\nb"))), DockerContainer)
    assert one.subject.id == "container/a\\x1b[31m\\x0ab@" + "ab" * 6


@pytest.mark.parametrize("key", ["State", "HostConfig", "Config", "Mounts", "NetworkSettings"])
def test_an_entry_without_a_part_is_refused(key: str) -> None:
    """Mounts taken out must not look like no mounts."""
    cut = entry()
    del cut[key]
    found = only(read(READER, encoded(cut)), EvidenceError)
    assert found.pointer == "/0"
    assert "docker inspect" in found.message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encoded(entry(HostConfig={"Memory": "1g"})), "expected a whole number"),
        (encoded(entry(Config={"Env": ["A=b"] * (MAX_VALUES + 1)})), f"above the limit of {MAX_VALUES:,}"),
        (encoded(entry(Path="x" * (MAX_ENTRY + 1))), f"{MAX_ENTRY:,}"),
        (encoded(entry(Name="x" * 2000)), "longer than 1,000"),
        (b'[{"HostConfig":{},"State":{},"HostConfig":{}}]', "stands twice"),
        (encoded(entry())[:-10], "ends inside a container"),
        (encoded(entry()) + b"x", "text after the last container"),
        (b"[" * 100_000, "ends inside a container"),
        (b'[{"HostConfig":' + b"[" * 50_000 + b"]" * 50_000 + b"}]", "nested too deeply"),
        ("\ufeff[]".encode("utf-16-le"), "UTF-16"),
        (b'[{"HostConfig":{},"Name":"\xff"}]', "not UTF-8"),
        (b"]", "never opened"),
    ],
    ids=["type", "values", "entry", "name", "twice", "cut", "after", "open", "deep", "utf-16", "utf-8", "closed"],
)
def test_hostile_bytes_give_an_error_that_says_what_is_wrong(data: bytes, words: str) -> None:
    """A clear error, within a second."""
    started = time.process_time()
    errors = [one for one in read(READER, data) if isinstance(one, EvidenceError)]
    assert time.process_time() - started < 5
    assert any(words in error.message for error in errors), errors


def test_a_broken_entry_does_not_hide_the_next() -> None:
    """The good containers of a file are read whatever stands between them."""
    found = read(READER, encoded(entry(), {"RootFS": {}}, entry(Id="cd" * 32, Name="/db")))
    assert [type(one) for one in found] == [DockerContainer, EvidenceError, DockerContainer]


def test_a_large_file_is_cut_into_pieces_that_lose_nothing() -> None:
    """Slices cover each container once, with the numbers and lines of the whole file."""
    data = encoded(*(entry(Id=f"{n:064d}", Name=f"/c{n}") for n in range(3000)))
    pieces = [piece for piece in READER.split(io.BytesIO(data)) if isinstance(piece, Slice)]
    assert len(pieces) > 1
    assert sum(piece.count for piece in pieces) == 3000
    found = containers(data)
    assert [one.name for one in found] == [f"c{n}" for n in range(3000)]
    assert found[-1].origin.pointer == "/2999"
    assert data.decode().split("\n")[found[-1].origin.line - 1].strip() == "{"
