"""What runs on a node: seen, ruled out by a whole list of processes, or unknown; and its part in the cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.model.cluster import Cluster
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.file_modes import NO_LISTING, Look
from compliance.model.host import Process, ProcessList, Program, host_subject
from compliance.model.hosts import Host, Hosts
from compliance.model.node_paths import manifest
from compliance.model.node_programs import paths, process_name, role_of, ruled_out, running
from tests.model.command_lines import command_line

SUBJECT = host_subject("one", "processes.txt")
CLUSTER = Cluster(subject=Subject(id="cluster", type=SubjectType.CLUSTER, name="cluster"))
ORIGIN = Origin(path="p.txt", sha256="0" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1)


def _host(*names: str, whole: bool = True, network: str = "host") -> Host:
    processes = tuple(Process("root", (name,), f"/{number}", network) for number, name in enumerate(names))
    found = ProcessList(origin=ORIGIN, subject=SUBJECT, host="one", processes=processes, whole=whole)
    return Host(subject=SUBJECT, name="one", processes=(found,))


def test_a_whole_list_without_a_program_rules_it_out() -> None:
    """A list that is cut short does not, and neither does none."""
    assert ruled_out(_host("/sbin/init"), Program.ETCD)
    assert not ruled_out(_host("/sbin/init", whole=False), Program.ETCD)
    assert not ruled_out(Host(subject=SUBJECT, name="one"), Program.ETCD)


def test_a_process_shows_that_a_program_runs_whatever_its_network() -> None:
    """Its name is enough: nothing is absent that may be there."""
    host = _host("/sbin/init", "/usr/local/bin/etcd")
    assert [place.pointer for place in running(host, Program.ETCD)] == ["/1"]
    assert not ruled_out(host, Program.ETCD)
    assert not ruled_out(host, Program.SCHEDULER, Program.ETCD)


@pytest.mark.parametrize("name", ["/usr/local/bin/k3s", "k3s-server", "/usr/bin/k0s", "/snap/microk8s/1/kubelite"])
def test_what_holds_several_programs_rules_none_out(name: str) -> None:
    """k3s runs the API server within its own process: no list of processes shows it."""
    host = _host("/sbin/init", name)
    assert not ruled_out(host, Program.API_SERVER)
    assert role_of(host, CLUSTER) is None


def test_the_part_of_a_node_is_told_by_what_runs_there() -> None:
    """An API server makes a control plane, a whole list without one a worker; else nobody can tell."""
    control_plane = role_of(replace(_host("kube-apiserver"), command_lines=(command_line(),)), CLUSTER)
    worker = role_of(_host("/sbin/init"), CLUSTER)
    assert control_plane is not None
    assert control_plane.control_plane
    assert worker is not None
    assert not worker.control_plane
    assert role_of(_host("/sbin/init", whole=False), CLUSTER) is None


@pytest.mark.parametrize("network", ["own", "?"])
def test_an_api_server_in_a_container_does_not_tell_the_part_of_its_node(network: str) -> None:
    """It may be of another cluster whose control plane is hosted here."""
    assert role_of(_host("kube-apiserver", network=network), CLUSTER) is None
    assert role_of(Host(subject=SUBJECT, name="one"), CLUSTER) is None


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("/usr/sbin/sshd", "sshd"),
        ("sshd: /usr/sbin/sshd -D", "sshd"),
        ("sshd:", "sshd"),
        ("etcd", "etcd"),
        ("", ""),
    ],
)
def test_the_name_of_a_process(first: str, name: str) -> None:
    """The last part of its path; a program that renames itself keeps its name in front."""
    assert process_name(first) == name


def test_only_absolute_paths_are_looked_for() -> None:
    """A relative one depends on where the program was started."""
    assert paths(("/srv/etcd/", "default.etcd", "/srv/etcd")) == (("/srv/etcd",), ("default.etcd is no absolute path",))


def test_nothing_is_said_of_a_node_without_a_listing() -> None:
    """Where the manifest stands is unknown, and no list of processes changes that."""
    found = manifest(Program.API_SERVER)(_host("/sbin/init"), Hosts())
    assert isinstance(found, Look)
    assert found.unknown == (NO_LISTING,)
