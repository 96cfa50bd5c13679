"""Hosts joined in, a row for each out: what was handed in of it, what runs there, and how it was judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from compliance.model.assessment import Observations
from compliance.model.check import Check
from compliance.model.cluster import Cluster
from compliance.model.counts import Counts, counted
from compliance.model.evidence import Subject
from compliance.model.host import HostIdentity, Program, host_subject
from compliance.model.host_report import HostRow
from compliance.model.hosts import DockerHost, Host, Hosts, Judged, KubernetesNode, evidence_words
from compliance.model.outcome import Outcome

_JUDGED = frozenset(get_args(Judged))
#: One listing is evidence of the files of Kubernetes and of those of Docker, as far as they run there.
_OF_NODES, _OF_DOCKER = "node-file-stat", "host-file-stat"


def host_rows(
    hosts: Hosts, cluster: Cluster, checks: Iterable[Check], observations: Observations
) -> tuple[HostRow, ...]:
    """A row for each host, and for each node of the cluster that nothing was handed in of, sorted by subject."""
    if not hosts.hosts:
        return ()
    counts = _counts(hosts, checks, observations)
    docker = {one.host.subject.id for one in hosts.judged if isinstance(one, DockerHost)}
    nodes = {one.host.subject.id for one in hosts.judged if isinstance(one, KubernetesNode)}
    rows = []
    for host in hosts.hosts:
        key = host.subject.id
        aside = frozenset(word for word, runs in ((_OF_DOCKER, docker), (_OF_NODES, nodes)) if key not in runs)
        rows.append(_row(host, counts.get(key, Counts()), aside))
    unseen = {node.header.name for node in cluster.nodes} - hosts.named.keys()
    rows += [_nothing(host_subject(name, "")) for name in unseen]
    return tuple(sorted(rows, key=lambda row: row.subject.id))


def _counts(hosts: Hosts, checks: Iterable[Check], observations: Observations) -> Mapping[str, Counts]:
    """Observations on each host and its programs."""
    host_of = {one.subject.id: one.host.subject.id for one in hosts.judged}
    found: dict[str, list[Outcome]] = defaultdict(list)
    for check in checks:
        if check.subject in _JUDGED:
            for observation in observations.of_check(check.id):
                if observation.subject.id in host_of:
                    found[host_of[observation.subject.id]].append(observation.outcome)
    return {host: counted(outcomes) for host, outcomes in found.items()}


def _row(host: Host, counts: Counts, aside: frozenset[str]) -> HostRow:
    """A host; `aside` are kinds of evidence that speak of what does not run there."""
    identity = host.identities[0] if host.identities else None
    return HostRow(
        subject=host.subject,
        system=_system(identity),
        collected=(identity.collected or "") if identity is not None else "",
        programs=tuple(_programs(host)),
        handed_in=tuple(sorted({word for record in host.records() for word in evidence_words(record)} - aside)),
        counts=counts,
    )


def _programs(host: Host) -> Iterator[str]:
    """Each program with its version, where an image's tag tells it, and where its options stood."""
    for program in Program:
        lines = host.lines_of(program)
        if lines:
            names = " ".join([program.value, *sorted({line.version for line in lines if line.version})])
            yield f"{names} ({', '.join(dict.fromkeys(line.form.value for line in lines))})"


def _system(identity: HostIdentity | None) -> str:
    if identity is None:
        return ""
    system = f"{identity.os_id} {identity.os_version}".strip()
    return ", ".join(part for part in (system, f"kernel {identity.kernel}" if identity.kernel else "") if part)


def _nothing(subject: Subject) -> HostRow:
    return HostRow(subject=subject, system="", collected="", programs=(), handed_in=(), counts=Counts())
