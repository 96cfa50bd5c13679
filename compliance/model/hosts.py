"""Hosts joined: what each program on each host was started with and configured by, and what else is known there.

The records below are subjects of checks: one for each program on each host, whatever number of files speak of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from compliance.model.evidence import Subject, SubjectType
from compliance.model.host import (
    CLUSTER_WIDE,
    AuditRules,
    CommandLine,
    FileListing,
    Form,
    Groups,
    HostIdentity,
    HostRecord,
    Mounts,
    ProcessList,
    Program,
    Services,
    Settings,
    host_subject,
)
from compliance.model.rule_report import RuleReport

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Everything that was read of one host. Tuples are in order of path; `name` is None where no folder tells it."""

    subject: Subject
    name: str | None
    command_lines: tuple[CommandLine, ...] = ()
    settings: tuple[Settings, ...] = ()
    listings: tuple[FileListing, ...] = ()
    processes: tuple[ProcessList, ...] = ()
    services: tuple[Services, ...] = ()
    mounts: tuple[Mounts, ...] = ()
    groups: tuple[Groups, ...] = ()
    audit_rules: tuple[AuditRules, ...] = ()
    identities: tuple[HostIdentity, ...] = ()
    #: What other tools judged on it. They are no evidence that it is a node or runs Docker.
    reports: tuple[RuleReport, ...] = ()

    def records(self) -> Iterator[HostRecord]:
        """Everything that was read of it."""
        yield from self.command_lines
        yield from self.settings
        yield from self.listings
        yield from self.processes
        yield from self.services
        yield from self.mounts
        yield from self.groups
        yield from self.audit_rules
        yield from self.identities

    def lines_of(self, program: Program) -> tuple[CommandLine, ...]:
        """The command lines of a program here: from its manifest, its pod and the process list."""
        return tuple(line for line in self.command_lines if line.program is program)

    def settings_of(self, *kinds: str) -> tuple[Settings, ...]:
        """The documents of settings of some kinds."""
        return tuple(document for document in self.settings if document.kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServer:
    """A kube-apiserver: all its command lines, which ought to agree."""

    subject: Subject
    host: Host
    lines: tuple[CommandLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerManager:
    """A kube-controller-manager."""

    subject: Subject
    host: Host
    lines: tuple[CommandLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """A kube-scheduler."""

    subject: Subject
    host: Host
    lines: tuple[CommandLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Etcd:
    """A member of etcd."""

    subject: Subject
    host: Host
    lines: tuple[CommandLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubelet:
    """A kubelet: its command lines, and its configuration as file and as in force; they may contradict each other."""

    subject: Subject
    host: Host
    lines: tuple[CommandLine, ...]
    configurations: tuple[Settings, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeProxy:
    """A kube-proxy, or the config map that all of a cluster take their configuration from."""

    subject: Subject
    host: Host
    lines: tuple[CommandLine, ...]
    configurations: tuple[Settings, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesNode:
    """A host that Kubernetes runs on: its file listings show it, or a kubelet among its processes does."""

    subject: Subject
    host: Host


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerHost:
    """A host that Docker runs on: `docker info`, daemon.json, a dockerd process or Docker's files show it."""

    subject: Subject
    host: Host


Judged = ApiServer | ControllerManager | Scheduler | Etcd | Kubelet | KubeProxy | KubernetesNode | DockerHost

#: What judges the programs of a control plane.
CONTROL_PLANE: tuple[type, ...] = (ApiServer, ControllerManager, Scheduler, Etcd)

#: Documents that only a Docker host has.
DOCKER_SETTINGS = (
    "daemon.json",
    "docker info",
    "docker version",
    "docker networks",
    "docker swarm",
    "docker swarm state",
    "docker nodes",
    "docker services",
    "docker images",
)
_KUBERNETES_FILES = ("/etc/kubernetes", "/var/lib/kubelet", "/var/lib/etcd", "/etc/cni/net.d")
_DOCKER_FILES = ("/etc/docker", "/var/run/docker.sock", "/run/docker.sock", "/usr/bin/dockerd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """All hosts, sorted by subject id, and what checks judge on them, sorted alike.

    `named` finds a host by its name, `nameless` are those that no folder tells the name of. One of the hosts, without
    a name, stands for what all nodes of the cluster share (CLUSTER_WIDE).
    """

    hosts: tuple[Host, ...] = ()
    named: Mapping[str, Host] = field(default_factory=dict)
    judged: tuple[Judged, ...] = ()
    nameless: tuple[Host, ...] = ()

    def settings_of(self, *kinds: str) -> tuple[Settings, ...]:
        """The documents of settings of some kinds, of all hosts and of the cluster as a whole, in order of host."""
        return tuple(document for host in self.hosts for document in host.settings_of(*kinds))


_MADE: Mapping[Program, type[ApiServer | ControllerManager | Scheduler | Etcd]] = {
    Program.API_SERVER: ApiServer,
    Program.CONTROLLER_MANAGER: ControllerManager,
    Program.SCHEDULER: Scheduler,
    Program.ETCD: Etcd,
}


def join_hosts(records: Iterable[HostRecord], reports: Iterable[RuleReport] = ()) -> Hosts:
    """All records of hosts, grouped by host; what is of the whole cluster makes one host more.

    Reports of other tools about a host stand beside its records; about a host without any they are passed over.
    """
    groups: dict[str, list[HostRecord]] = defaultdict(list)
    subjects: dict[str, Subject] = {}
    for record in records:
        subject = host_of_record(record)
        subjects[subject.id] = subject
        groups[subject.id].append(record)
    about: dict[str, list[RuleReport]] = defaultdict(list)
    for report in reports:
        about[report.subject.id].append(report)
    hosts = tuple(_host(subjects[key], groups[key], about[key]) for key in sorted(groups))
    wide = next((host for host in hosts if host.subject.id == CLUSTER_WIDE.id), None)
    proxies = wide.settings_of("KubeProxyConfiguration") if wide is not None else ()
    judged = sorted((one for host in hosts for one in _judged(host, proxies)), key=lambda one: one.subject.id)
    return Hosts(
        hosts=hosts,
        named={host.name: host for host in hosts if host.name is not None},
        judged=tuple(judged),
        nameless=tuple(host for host in hosts if host.name is None),
    )


def host_of_record(record: HostRecord) -> Subject:
    """The host a record is of, as a subject; a command line's own subject is its program."""
    if isinstance(record, CommandLine):
        if record.form is Form.WORKLOAD:
            return CLUSTER_WIDE
        return host_subject(record.host, record.origin.path)
    return record.subject


def _host(subject: Subject, records: Iterable[HostRecord], reports: Iterable[RuleReport]) -> Host:
    ordered = sorted(records, key=lambda one: (one.origin.path, one.origin.document or 0, one.origin.pointer))
    return Host(
        subject=subject,
        name=next((record.host for record in ordered if record.host is not None), None),
        command_lines=_of(CommandLine, ordered),
        settings=_of(Settings, ordered),
        listings=_of(FileListing, ordered),
        processes=_of(ProcessList, ordered),
        services=_of(Services, ordered),
        mounts=_of(Mounts, ordered),
        groups=_of(Groups, ordered),
        audit_rules=_of(AuditRules, ordered),
        identities=_of(HostIdentity, ordered),
        reports=tuple(sorted(reports, key=lambda one: (one.origin.path, one.origin.pointer))),
    )


def _of(type_: type[R], records: Iterable[HostRecord]) -> tuple[R, ...]:
    return tuple(record for record in records if isinstance(record, type_))


def _judged(host: Host, proxies: tuple[Settings, ...]) -> Iterator[Judged]:
    """What there is to judge on a host; `proxies` are configurations that all kube-proxies of the cluster share."""
    for program, made in _MADE.items():
        if lines := host.lines_of(program):
            yield made(subject=program_subject(host.subject, program), host=host, lines=lines)
    kubelet = (host.lines_of(Program.KUBELET), host.settings_of("KubeletConfiguration"))
    if any(kubelet):
        subject = program_subject(host.subject, Program.KUBELET)
        yield Kubelet(subject=subject, host=host, lines=kubelet[0], configurations=kubelet[1])
    proxy = (host.lines_of(Program.KUBE_PROXY), host.settings_of("KubeProxyConfiguration"))
    if any(proxy):
        subject = program_subject(host.subject, Program.KUBE_PROXY)
        yield KubeProxy(subject=subject, host=host, lines=proxy[0], configurations=proxy[1] or proxies)
    listed = any(path in listing.files for listing in host.listings for path in _KUBERNETES_FILES)
    if listed or (host.processes and kubelet[0]):
        yield KubernetesNode(subject=host.subject, host=host)
    files = any(path in listing.files for listing in host.listings for path in _DOCKER_FILES)
    if files or host.settings_of(*DOCKER_SETTINGS) or host.lines_of(Program.DOCKER_DAEMON):
        yield DockerHost(subject=host.subject, host=host)


#: The words of the evidence vocabulary for documents of settings.
_SETTINGS_WORDS = {
    "KubeletConfiguration": "kubelet-config",
    "KubeProxyConfiguration": "kube-proxy-config",
    "EncryptionConfiguration": "encryption-config-file",
    "AuditPolicy": "audit-policy-file",
    "AuthenticationConfiguration": "static-pod-manifest",
    "AuthorizationConfiguration": "static-pod-manifest",
    "AdmissionConfiguration": "static-pod-manifest",
    "PodSecurityConfiguration": "static-pod-manifest",
    "KubeSchedulerConfiguration": "static-pod-manifest",
    "kubectl version": "k8s-objects",
    "daemon.json": "daemon-json",
    "docker swarm": "swarm",
    "docker swarm state": "swarm",
    "docker nodes": "swarm",
    "docker services": "swarm",
}
_PROGRAM_WORDS = {
    Program.KUBELET: "kubelet-config",
    Program.KUBE_PROXY: "kube-proxy-config",
    Program.DOCKER_DAEMON: "docker-info",
}
_OTHER_WORDS: Mapping[type, tuple[str, ...]] = {
    FileListing: ("node-file-stat", "host-file-stat"),
    ProcessList: ("node-service",),
    Services: ("node-service",),
    Mounts: ("host-mounts",),
    Groups: ("host-users",),
    AuditRules: ("auditctl-rules",),
    HostIdentity: (),
}


def settings_word(kind: str) -> str | None:
    """The kind of evidence that a document of settings is, as the evidence vocabulary names it; None for others."""
    return _SETTINGS_WORDS.get(kind)


def evidence_words(record: HostRecord) -> tuple[str, ...]:
    """The kinds of evidence that a record is, as the evidence vocabulary names them."""
    if isinstance(record, CommandLine):
        return (_PROGRAM_WORDS.get(record.program, "static-pod-manifest"),)
    if isinstance(record, Settings):
        return (_SETTINGS_WORDS.get(record.kind, "docker-info"),)
    return _OTHER_WORDS[type(record)]


def program_subject(host: Subject, program: Program) -> Subject:
    """A program on a host as a subject."""
    return Subject(id=f"{host.id}/{program.value}", type=SubjectType.COMPONENT, name=f"{program.value} on {host.name}")
