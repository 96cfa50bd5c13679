"""Workloads and the cluster they stand in, in; the ways that lead to them from outside, out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compliance.model.check import listed
from compliance.model.cluster import Cluster, Service, WorkloadEntry
from compliance.model.faults import counted
from compliance.model.images import Use

#: Ways told one by one.
_WAYS_TOLD = 4
#: Types of Service that open a port outside the cluster. Source: Kubernetes, "Service", publishing services.
_OUTSIDE = ("LoadBalancer", "NodePort")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`ways` lead in from outside, `inside` say what only the cluster reaches; `missing` what would settle the rest."""

    ways: tuple[str, ...]
    inside: tuple[str, ...]
    missing: str


def reach(uses: Iterable[Use], cluster: Cluster) -> Reach:
    """Every way from outside to the workloads, as sentences; none proves nothing while `missing` names something."""
    workloads = {use.workload.subject.id: use.workload for use in uses}
    ways: list[str] = []
    inner: set[str] = set()
    lost = False
    for _, workload in sorted(workloads.items()):
        services = cluster.services_of(workload.namespace, workload.pod_labels)
        ways += _host(workload) + [way for service in services for way in _through(service, workload, cluster)]
        inner |= {service.header.subject.id for service in services}
        # A manifest without namespace goes wherever it is applied: Services of no namespace are then not its own.
        lost = lost or (workload.namespace is None and not services)
    inside = f"{counted(len(inner), 'Service')} of the cluster lead to it: {listed(sorted(inner), limit=4)}"
    return Reach(
        ways=_cut(list(dict.fromkeys(ways))),
        inside=(inside,) if inner and not ways else (),
        missing=_missing(cluster, bool(inner), lost),
    )


def _cut(ways: Sequence[str]) -> tuple[str, ...]:
    rest = len(ways) - _WAYS_TOLD
    return (*ways[:_WAYS_TOLD], f"{counted(rest, 'more way')} from outside") if rest > 0 else tuple(ways)


def _host(workload: WorkloadEntry) -> list[str]:
    found = [f"{workload.said()} shares its host's network"] if workload.host_network else []
    if workload.host_ports:
        found.append(f"{workload.said()} opens ports of its host: {listed(workload.host_ports)}")
    return found


def _through(service: Service, workload: WorkloadEntry, cluster: Cluster) -> list[str]:
    header = service.header
    found = []
    if service.type in _OUTSIDE:
        ports = listed(sorted({port.port for port in service.ports if port.port}))
        found.append(f"Service {header.name} ({service.type}, port {ports}) leads to {workload.said()}")
    if service.external_ips:
        found.append(f"Service {header.name} takes outside addresses and leads to {workload.said()}")
    for route in cluster.routes_to.get((header.namespace, header.name), ()):
        hosts = f" for {listed(route.hosts, limit=3)}" if route.hosts else ""
        found.append(f"{route.header.kind} {route.header.name}{hosts} leads to {workload.said()} by {header.name}")
    return found


def _missing(cluster: Cluster, served: bool, lost: bool) -> str:
    if not cluster.knows("Service"):
        return "the Services of the cluster"
    if lost:
        return "manifests that name their namespace, so that their Services can be told"
    if served and not cluster.knows("Ingress"):
        return "the Ingresses and routes of the cluster"
    return ""
