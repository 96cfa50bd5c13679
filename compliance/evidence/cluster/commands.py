"""Pods and pod templates in; command lines of the control plane's programs and of kube-proxy out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from compliance.evidence.cluster.arguments import Argument, Options, options
from compliance.evidence.cluster.programs import started, version_of
from compliance.evidence.credentials import redact_arguments
from compliance.model.host import CLUSTER_WIDE, CommandLine, Flag, Form, Mounted, Program, host_of, host_subject
from compliance.model.hosts import program_subject
from compliance.model.workload import Container, ContainerKind, Pod

_MIRROR = "kubernetes.io/config.mirror"
#: Where a program of the control plane runs. A program of the same name elsewhere is somebody's own.
_NAMESPACES: Mapping[str, frozenset[Program]] = {
    "kube-system": frozenset(Program),
    "openshift-kube-apiserver": frozenset((Program.API_SERVER,)),
    "openshift-kube-controller-manager": frozenset((Program.CONTROLLER_MANAGER,)),
    "openshift-kube-scheduler": frozenset((Program.SCHEDULER,)),
    "openshift-etcd": frozenset((Program.ETCD,)),
    "openshift-kube-proxy": frozenset((Program.KUBE_PROXY,)),
}
#: Phases of a pod that runs no more.
_OVER = frozenset(("Succeeded", "Failed"))
#: Options of the scheduler that count for nothing beside a configuration file.
#: Source: kubernetes v1.34, cmd/kube-scheduler/app/options/options.go, ApplyTo and deprecated.go.
_REPLACED = frozenset(
    (
        "profiling",
        "contention-profiling",
        "kubeconfig",
        "kube-api-content-type",
        "kube-api-qps",
        "kube-api-burst",
        "master",
    )
)
#: A reference to a variable, or a dollar sign doubled. Source: kubernetes, third_party/forked/golang/expansion.
_REFERENCE = re.compile(r"\$\$|\$\(([^()$]*)\)")
#: A longer text is not expanded.
_EXPANDED = 4096
_MAX_VARIABLES = 1000


def command_lines(document: Mapping[str, Any], pod: Pod) -> Iterator[CommandLine]:
    """A record for each container of a pod, or of a DaemonSet's template, that runs a program of the control plane."""
    if (pod.kind, pod.template_at) not in (("Pod", ""), ("DaemonSet", "/spec/template")):
        return
    if _status(document).get("phase") in _OVER:
        return
    programs = _programs(pod)
    if not programs:
        return
    for container in (*pod.init_containers, *pod.containers):
        if container.kind is not ContainerKind.INIT:
            line = _command_line(document, pod, container)
            if line is not None and line.program in programs:
                yield line


def _status(document: Mapping[str, Any]) -> Mapping[str, Any]:
    status = document.get("status")
    return status if isinstance(status, dict) else {}


def _programs(pod: Pod) -> frozenset[Program]:
    """The programs of a cluster's own that may run where the pod does."""
    if pod.namespace is not None and pod.namespace in _NAMESPACES:
        return _NAMESPACES[pod.namespace]
    own = host_of(pod.origin.path) is not None or pod.labels.get("tier") == "control-plane"
    return frozenset(Program) if pod.namespace is None and pod.kind == "Pod" and own else frozenset()


def _form(document: Mapping[str, Any], pod: Pod) -> Form:
    if pod.kind != "Pod":
        return Form.WORKLOAD
    metadata = document.get("metadata")
    uid = isinstance(metadata, dict) and bool(metadata.get("uid"))
    ran = pod.created is not None or uid or bool(_status(document)) or _MIRROR in pod.annotations
    return Form.MIRROR_POD if ran else Form.STATIC_POD


def _command_line(document: Mapping[str, Any], pod: Pod, container: Container) -> CommandLine | None:
    raw = _raw(document, pod, container)
    variables = _variables(raw)
    words = tuple(
        Argument(_expanded(text, variables), f"{container.at}/{key}/{number}")
        for key in ("command", "args")
        for number, text in enumerate(raw.get(key) or ())
    )
    found = started(words, container.image, container.name)
    if found is None:
        return None
    parsed = options(found.program, found.arguments)
    if found.program is Program.ETCD:
        parsed = _of_etcd(parsed, raw, container, variables)
    elif found.program is Program.SCHEDULER:
        parsed = without_replaced(parsed)
    form = _form(document, pod)
    host = None if form is Form.WORKLOAD else pod.node_name or host_of(pod.origin.path)
    subject = CLUSTER_WIDE if form is Form.WORKLOAD else host_subject(host, pod.origin.path)
    return CommandLine(
        origin=pod.origin,
        subject=program_subject(subject, found.program),
        host=host,
        program=found.program,
        form=form,
        flags=parsed.flags,
        opaque="; ".join(each for each in (found.opaque, parsed.opaque) if each),
        image=container.image,
        version=version_of(container.image),
        at=next((f"{container.at}/{key}" for key in ("command", "args") if raw.get(key)), container.at),
        mounts=() if form is Form.WORKLOAD else _mounts(pod, container),
    )


def _mounts(pod: Pod, container: Container) -> tuple[Mounted, ...]:
    """What the container sees of its host, and what hides a part of it."""
    paths = {volume.name: volume.host_path or "" for volume in pod.volumes}
    return tuple(
        Mounted(one.mount_path.rstrip("/"), _joined(paths.get(one.name, ""), one.sub_path or ""))
        for one in container.volume_mounts
    )


def _joined(path: str, below: str) -> str:
    return f"{path.rstrip('/')}/{below}" if path and below else path


def _raw(document: Mapping[str, Any], pod: Pod, container: Container) -> Mapping[str, Any]:
    """The container as it stands in the document, which has been checked to hold it."""
    spec: Any = document["spec"] if not pod.template_at else document["spec"]["template"]["spec"]
    key, _, number = container.at.removeprefix(f"{pod.spec_at}/").partition("/")
    found: Mapping[str, Any] = spec[key][int(number)]
    return found


def _variables(raw: Mapping[str, Any]) -> dict[str, str | None]:
    """Literal variables of a container; None for one whose value comes from elsewhere, or cannot be told."""
    found: dict[str, str | None] = {}
    for each in (raw.get("env") or ())[:_MAX_VARIABLES]:
        name, value = each.get("name"), each.get("value")
        if isinstance(name, str):
            found[name] = None if each.get("valueFrom") is not None else _expanded(value or "", found)
    return found


def _expanded(text: str, variables: Mapping[str, str | None]) -> str:
    """The text with references to known variables resolved; as it is where the result would be too long."""
    if "$" not in text or len(text) > _EXPANDED:
        return text
    room = _EXPANDED - len(text)
    for found in _REFERENCE.finditer(text):
        room -= len(variables.get(found[1] or "") or "")
        if room < 0:
            return text

    def value(found: re.Match[str]) -> str:
        if found[1] is None:
            return "$"
        known = variables.get(found[1])
        return found[0] if known is None else known

    return _REFERENCE.sub(value, text)


def _of_etcd(
    parsed: Options, raw: Mapping[str, Any], container: Container, variables: Mapping[str, str | None]
) -> Options:
    """Options with those that variables named `ETCD_...` give put first: an option on the command line wins.

    Source: etcd 3.6 documentation, "Configuration options": a configuration file takes the place of all others.
    """
    flags: list[Flag] = []
    doubts = [parsed.opaque] if parsed.opaque else []
    if len(raw.get("env") or ()) > _MAX_VARIABLES:
        doubts.append(f"it has more than {_MAX_VARIABLES:,} variables, which are not all read")
    for number, each in enumerate((raw.get("env") or ())[:_MAX_VARIABLES]):
        name = each.get("name")
        if isinstance(name, str) and name.startswith("ETCD_"):
            value = variables[name]
            option = name.removeprefix("ETCD_").lower().replace("_", "-")
            shown = f"$({name})" if value is None else redact_arguments([f"--{option}={value}"])[0][0].partition("=")[2]
            flags.append(Flag(option, shown, f"{container.at}/env/{number}"))
    if container.env_from:
        doubts.append("variables come from a ConfigMap or a Secret, and may be options")
    flags += parsed.flags
    file = next((flag for flag in reversed(flags) if flag.name == "config-file" and flag.value), None)
    if file is not None:
        return Options((file,), f"the configuration file {file.value} takes the place of all options")
    return Options(tuple(flags), "; ".join(doubts))


def without_replaced(parsed: Options) -> Options:
    """Options without those that count for nothing because there is a configuration file."""
    file = next((flag.value for flag in reversed(parsed.flags) if flag.name == "config"), None)
    if not file:
        return parsed
    kept = tuple(flag for flag in parsed.flags if flag.name not in _REPLACED)
    words = f"the configuration file {file} takes the place of some options, --profiling among them"
    return Options(kept, "; ".join(each for each in (parsed.opaque, words) if each))
