"""A file that an option names is found among the documents handed in, or it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.model.configuration_files import MAX_NAMELESS, documents_of, lines_near, path_on_host
from compliance.model.flags import MAX_LINES, boolean, judged_lines, option
from compliance.model.host import CommandLine, Form, Program, Settings, host_of, host_subject
from compliance.model.hosts import Hosts, join_hosts
from compliance.model.kubernetes_version import minor_of, stated_versions
from compliance.model.outcome import Outcome
from tests.model.command_lines import ORIGIN, command_line

LINE = command_line("--audit-policy-file=/etc/kubernetes/audit.yaml")


def document(path: str, kind: str = "AuditPolicy") -> Settings:
    host = host_of(path)
    return Settings(
        origin=replace(ORIGIN, path=path),
        subject=host_subject(host, path),
        host=host,
        kind=kind,
        form=Form.FILE,
        values={"/serverVersion/gitVersion": "v1.33.4+k3s1"},
    )


def found(*paths: str) -> list[str]:
    """The paths of the documents that the option names, beside the API server of host one."""
    hosts = join_hosts([LINE, *(document(path) for path in paths)])
    named = documents_of(option(LINE, "audit-policy-file"), hosts.named["one"], hosts, "AuditPolicy")
    return [one.origin.path for one in named]


ONE, TWO = "b.tar/compliance-host-one/etc/kubernetes", "b.tar/compliance-host-two/etc/kubernetes"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([f"{ONE}/audit.yaml", f"{ONE}/other.yaml"], [f"{ONE}/audit.yaml"]),
        ([f"{ONE}/mounted-elsewhere/audit.yaml"], [f"{ONE}/mounted-elsewhere/audit.yaml"]),
        ([f"{ONE}/another.yaml"], []),
        (["b.tar/compliance-host-one/put-by-hand.yaml"], ["b.tar/compliance-host-one/put-by-hand.yaml"]),
        ([f"{ONE}/a.yaml", f"{ONE}/b.yaml"], []),
        ([f"{TWO}/audit.yaml"], []),
        (["somewhere/audit.yaml", "somewhere/b.yaml"], ["somewhere/audit.yaml"]),
        (["policy.yaml"], ["policy.yaml"]),
        (["a.yaml", "b.yaml"], []),
        (["a/audit.yaml", "b/audit.yaml"], ["a/audit.yaml", "b/audit.yaml"]),
        ([f"{ONE}/audit.yaml", "audit.yaml"], [f"{ONE}/audit.yaml"]),
        ([], []),
    ],
)
def test_a_document_is_the_file_that_an_option_names(paths: list[str], expected: list[str]) -> None:
    """By its path on the host, else by its name; the only one there is where none says where it stood."""
    assert found(*paths) == expected


def test_of_very_many_documents_none_is_guessed() -> None:
    """Beyond a number of hosts without a name, nobody could tell which document belongs to whom."""
    assert found(*(f"{number}/audit.yaml" for number in range(MAX_NAMELESS + 1))) == []


def test_the_path_on_the_host_begins_at_its_folder() -> None:
    """The nearest folder of a host counts."""
    assert path_on_host(document(f"{ONE}/audit.yaml")) == "/etc/kubernetes/audit.yaml"
    assert path_on_host(document("x/audit.yaml")) == "x/audit.yaml"


def nameless(program: Program, path: str) -> CommandLine:
    return replace(command_line(program=program), host=None, origin=replace(ORIGIN, path=path))


def test_programs_without_a_host_are_neighbours_only_when_there_is_no_doubt() -> None:
    """One manifest of each in a plain folder belong together; with two API servers nobody can say."""
    etcd, server = nameless(Program.ETCD, "etcd.yaml"), nameless(Program.API_SERVER, "kube-apiserver.yaml")
    hosts = join_hosts([etcd, server])
    host = next(host for host in hosts.hosts if host.lines_of(Program.ETCD))
    assert lines_near(host, hosts, Program.API_SERVER) == (server,)
    more = join_hosts([etcd, server, nameless(Program.API_SERVER, "second.yaml")])
    assert lines_near(host, more, Program.API_SERVER) == ()


@pytest.mark.parametrize(
    ("version", "minor"), [("1.34.1", 34), ("v1.9", 9), ("1.34.1-gke.100", 34), ("3.6.4-0", None), (None, None)]
)
def test_minor_versions(version: str | None, minor: int | None) -> None:
    """Only versions of Kubernetes 1 are read."""
    assert minor_of(version) == minor


def test_the_version_of_the_image_comes_before_that_of_the_cluster() -> None:
    """`kubectl version` speaks of the cluster, the image's tag of this very server."""
    hosts = join_hosts([document("version.json", "kubectl version")])
    assert [one.minor for one in stated_versions([LINE], hosts)] == [34]
    assert [one.minor for one in stated_versions([replace(LINE, version=None)], hosts)] == [33]
    assert stated_versions([replace(LINE, version=None)], Hosts()) == ()


def test_too_many_command_lines_of_one_program_are_not_compared() -> None:
    """A dump that claims a thousand API servers on one node proves nothing."""
    lines = [command_line("--profiling=false")] * (MAX_LINES + 1)
    verdict = judged_lines(lines, lambda line: boolean(line, "profiling", wanted=False, default=True))
    assert verdict.outcome is Outcome.NOT_CHECKED
