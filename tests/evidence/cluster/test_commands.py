"""Command lines of the control plane: which pods give one, and which options stand on it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compliance.evidence.cluster.arguments import MAX_ARGUMENTS, MAX_LENGTH, Argument, options
from compliance.model.cluster import OtherObject
from compliance.model.flags import option
from compliance.model.host import CLUSTER_WIDE, CommandLine, Form, Program
from tests.evidence.kubernetes.reading import read_all

BUNDLE = "node.tar/compliance-host-cp1/etc/kubernetes/manifests/kube-apiserver.yaml"


def manifest(command: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A static pod of the API server; `more` are fields of its container, metadata or spec."""
    container: dict[str, Any] = {"name": "main", "image": "registry.k8s.io/kube-apiserver:v1.34.1"}
    if command is not None:
        container["command"] = command
    container.update({key: more[key] for key in ("args", "env", "envFrom", "image", "name") if key in more})
    metadata = {"name": "kube-apiserver", "namespace": "kube-system", **more.get("metadata", {})}
    spec = {"containers": [container], **more.get("spec", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, **more.get("root", {})}


def lines(document: dict[str, Any], path: str = "manifest.json") -> list[CommandLine]:
    records, errors = read_all(json.dumps(document), path)
    assert not errors
    return [record for record in records if isinstance(record, CommandLine)]


def only(document: dict[str, Any], path: str = "manifest.json") -> CommandLine:
    (line,) = lines(document, path)
    return line


def flags(line: CommandLine) -> list[tuple[str, str | None]]:
    return [(flag.name, flag.value) for flag in line.flags]


def test_a_static_pod_gives_its_command_line_with_host_version_and_places() -> None:
    """A manifest in a host's folder is of that host, and each option has the pointer of its argument."""
    found = only(manifest(["kube-apiserver", "--profiling=false"], args=["--v", "2"]), BUNDLE)
    assert (found.program, found.form, found.host) == (Program.API_SERVER, Form.STATIC_POD, "cp1")
    assert found.subject.id == "host/cp1/kube-apiserver"
    assert [(flag.name, flag.value, flag.at) for flag in found.flags] == [
        ("profiling", "false", "/spec/containers/0/command/1"),
        ("v", "2", "/spec/containers/0/args/0"),
    ]
    assert (found.version, found.opaque, found.at) == ("1.34.1", "", "/spec/containers/0/command")


def test_a_pod_of_a_running_cluster_is_of_the_node_it_runs_on() -> None:
    """The node's name comes from the pod, whether its mirror annotation or its uid shows that it runs."""
    for metadata in ({"annotations": {"kubernetes.io/config.mirror": "x"}}, {"uid": "1"}):
        found = only(manifest(["kube-apiserver"], metadata=metadata, spec={"nodeName": "cp2"}))
        assert (found.form, found.host, found.subject.id) == (Form.MIRROR_POD, "cp2", "host/cp2/kube-apiserver")


def test_a_pod_that_ended_gives_none() -> None:
    """What an evicted pod was started with says nothing of what runs."""
    assert not lines(manifest(["kube-apiserver"], root={"status": {"phase": "Failed"}}))


def test_a_daemon_set_is_of_the_whole_cluster() -> None:
    """The template of kube-proxy stands for all nodes."""
    template = {"spec": {"containers": [{"name": "p", "image": "kube-proxy", "command": ["/usr/bin/kube-proxy"]}]}}
    metadata = {"name": "kube-proxy", "namespace": "kube-system"}
    document = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata, "spec": {"template": template}}
    found = only(document)
    assert (found.form, found.host, found.program) == (Form.WORKLOAD, None, Program.KUBE_PROXY)
    assert found.subject.id == f"{CLUSTER_WIDE.id}/kube-proxy"
    assert found.at == "/spec/template/spec/containers/0/command"


@pytest.mark.parametrize("namespace", ["shop", "openshift-etcd", None])
def test_a_program_of_that_name_elsewhere_is_no_control_plane(namespace: str | None) -> None:
    """Only a cluster's own namespaces hold its control plane."""
    assert not lines(manifest(["kube-apiserver"], metadata={"namespace": namespace}))


def test_a_manifest_without_a_namespace_counts_in_the_folder_of_a_host() -> None:
    """What lies among a node's manifests is run by its kubelet, whatever the namespace."""
    assert lines(manifest(["kube-apiserver"], metadata={"namespace": None}), BUNDLE)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["--a=b=c"], [("a", "b=c")]),
        (["--a", "b"], [("a", "b")]),
        (["--profiling"], [("profiling", None)]),
        (["--profiling", "--a=1"], [("profiling", None), ("a", "1")]),
        (["--anonymous_auth=false"], [("anonymous-auth", "false")]),
        (["--a=1", "--a=2"], [("a", "1"), ("a", "2")]),
        (["-v2", "-v", "3", "-v=4"], [("v", "2"), ("v", "3"), ("v", "4")]),
        (["--a="], [("a", "")]),
        (["--offset", "-1"], [("offset", "-1")]),
    ],
)
def test_forms_of_options_are_read_as_the_programs_read_them(
    command: list[str], expected: list[tuple[str, str | None]]
) -> None:
    """Order and repetition are kept; nothing is in doubt."""
    found = only(manifest(["kube-apiserver", *command]))
    assert flags(found) == expected
    assert not found.opaque


@pytest.mark.parametrize(
    ("command", "expected", "doubt"),
    [
        (["--profiling", "false"], [("profiling", None)], "belongs to no option"),
        (["--secret-switch", "false"], [("secret-switch", None)], "belongs to no option"),
        (["--audit-log-path", "--profiling=false"], [("audit-log-path", None), ("profiling", "false")], "may take"),
        (["$(EXTRA)"], [], "may be any option"),
        (["--$(NAME)=x"], [], "no option that can be read"),
        (["-profiling=false"], [], "one dash before a long name"),
        (["--", "--profiling=false"], [], "ends the options"),
    ],
)
def test_what_cannot_be_told_makes_the_command_line_opaque(
    command: list[str], expected: list[tuple[str, str | None]], doubt: str
) -> None:
    """An argument that may be read in two ways is named, so that no absence is concluded from it."""
    found = only(manifest(["kube-apiserver", *command]))
    assert flags(found) == expected
    assert doubt in found.opaque


@pytest.mark.parametrize(
    ("command", "unsure"),
    [
        (["--a", "--profiling=false"], ["a", "profiling"]),
        (["--profiling=true", "--a", "--profiling=false"], ["a", "profiling"]),
        (["--profiling=false", "$(EXTRA)", "--b=1"], ["profiling"]),
        (["--profiling=false", "--version", "--b=1"], []),
    ],
)
def test_an_option_that_may_count_or_not_is_unsure(command: list[str], unsure: list[str]) -> None:
    """The value of another option, or one that an unknown argument may set anew, proves nothing."""
    found = only(manifest(["kube-apiserver", *command]))
    assert [flag.name for flag in found.flags if not flag.sure] == unsure
    for name in unsure:
        assert "cannot be known" in option(found, name).unknown
        assert option(found, name).text is None


def test_variables_with_literal_values_are_resolved_and_others_stay() -> None:
    """`$(VAR)` of a Secret is not known from here; a doubled dollar sign is one."""
    env = [
        {"name": "IP", "value": "10.0.0.1"},
        {"name": "ADDRESS", "value": "$(IP):6443"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]
    command = ["kube-apiserver", "--a=$(ADDRESS)", "--b=$(TOKEN)", "--c=$(NOWHERE)", "--d=$$(IP)"]
    assert flags(only(manifest(command, env=env))) == [
        ("a", "10.0.0.1:6443"),
        ("b", "$(TOKEN)"),
        ("c", "$(NOWHERE)"),
        ("d", "$(IP)"),
    ]


def test_variables_that_grow_without_end_are_not_expanded() -> None:
    """A chain of variables that doubles at each step stays as it is written."""
    env = [{"name": "V0", "value": "x" * 100}]
    env += [{"name": f"V{n}", "value": f"$(V{n - 1})$(V{n - 1})"} for n in range(1, 60)]
    (flag,) = only(manifest(["kube-apiserver", "--a=$(V59)"], env=env)).flags
    assert len(flag.value or "") < 5000
    assert "$(V" in (flag.value or "")


@pytest.mark.parametrize("script", ["exec kube-apiserver --profiling=false", "set -e\n/usr/bin/kube-apiserver $ARGS"])
def test_a_shell_script_is_opaque(script: str) -> None:
    """Options in a script are its own business: none is taken from there."""
    found = only(manifest(["/bin/sh", "-c", script]))
    assert not found.flags
    assert "shell script" in found.opaque


def test_a_script_that_only_speaks_of_a_program_starts_none() -> None:
    """A backup that talks to etcd is no etcd."""
    script = "etcdctl snapshot save /b.db --endpoints=https://etcd:2379; echo kube-apiserver"
    assert not lines(manifest(["sh", "-ec", script], image="registry.k8s.io/etcd:3.6.4-0"))


def test_launchers_are_looked_through_and_wrappers_are_opaque() -> None:
    """go-runner adds no options of its own; a script around the program may."""
    launched = only(manifest(["/go-runner", "--log-file=/l", "/usr/bin/kube-apiserver", "--profiling=false"]))
    assert (flags(launched), launched.opaque) == ([("profiling", "false")], "")
    wrapped = only(manifest(["/run.sh", "kube-apiserver", "--profiling=false"]))
    assert flags(wrapped) == [("profiling", "false")]
    assert "run.sh starts it" in wrapped.opaque
    hyper = only(manifest(["/hyperkube", "apiserver", "--profiling=false"]))
    assert (hyper.program, flags(hyper)) == (Program.API_SERVER, [("profiling", "false")])
    image = only(manifest(args=["--profiling=false"]))
    assert "entry point" in image.opaque


def test_variables_of_etcd_are_options_and_the_command_line_wins() -> None:
    """The last of a name counts, so variables come first; what comes from elsewhere is opaque."""
    env = [
        {"name": "ETCD_CLIENT_CERT_AUTH", "value": "false"},
        {"name": "ETCD_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "OTHER", "value": "x"},
    ]
    command = ["etcd", "-client-cert-auth=true"]
    found = only(manifest(command, env=env, envFrom=[{"secretRef": {"name": "more"}}], image="etcd:3.5.15-0"))
    assert flags(found) == [("client-cert-auth", "false"), ("token", "$(ETCD_TOKEN)"), ("client-cert-auth", "true")]
    assert found.flags[0].at == "/spec/containers/0/env/0"
    assert (found.version, found.program) == ("3.5.15", Program.ETCD)
    assert "ConfigMap or a Secret" in found.opaque


def test_a_configuration_file_takes_the_place_of_options() -> None:
    """All of etcd's, and of the scheduler's those it reads from there."""
    etcd = only(manifest(["etcd", "--client-cert-auth=true", "--config-file=/etc/etcd.yml"], image="etcd:3.5.15"))
    assert flags(etcd) == [("config-file", "/etc/etcd.yml")]
    assert "takes the place" in etcd.opaque
    scheduler = only(manifest(["kube-scheduler", "--profiling=false", "--config=/s.yaml", "--bind-address=127.0.0.1"]))
    assert flags(scheduler) == [("config", "/s.yaml"), ("bind-address", "127.0.0.1")]
    assert "/s.yaml" in scheduler.opaque


def test_a_proxy_of_etcd_is_no_member() -> None:
    """`etcd grpc-proxy` keeps nothing."""
    assert not lines(manifest(["etcd", "grpc-proxy", "start"], image="etcd:3.5.15"))


def test_credentials_never_leave() -> None:
    """A password in an argument, in a variable or in a URL is replaced."""
    env = [{"name": "ETCD_ROOT_PASSWORD", "value": "hunter2hunter2"}, {"name": "P", "value": "hunter2hunter2"}]
    command = ["etcd", "--admin-password=$(P)", "--discovery-proxy=http://u:hunter2hunter2@proxy"]
    shown = str(lines(manifest(command, env=env, image="etcd:3.5.15")))
    assert "hunter2" not in shown
    assert shown.count("<redacted>") == 3


def test_too_many_arguments_are_not_read() -> None:
    """None of them: the last of a name counts, and it would not be seen."""
    found = options(Program.KUBELET, [Argument("--a=b", "/0")] * (MAX_ARGUMENTS + 1))
    assert not found.flags
    assert "more than" in found.opaque
    found = options(Program.KUBELET, [Argument(f"--a={'x' * MAX_LENGTH}", "/0")])
    assert not found.flags
    assert "longer than" in found.opaque


def test_pods_of_others_stay_as_they_were() -> None:
    """A pod without a program of the control plane gives its own record and nothing else."""
    records, errors = read_all(json.dumps(manifest(["nginx"], image="nginx:1")))
    assert (len(records), errors) == (1, [])
    assert not isinstance(records[0], OtherObject)
