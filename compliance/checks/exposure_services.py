"""Services in, verdicts out: how far they are reachable, and whether they lead anywhere."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster, LabelSelector, Service, ServicePort, WorkloadEntry
from compliance.model.configuration import Parameters
from compliance.model.evidence import escape
from compliance.model.outcome import Severity

#: Annotations that keep a load balancer inside the private network, with their values.
#: Source: Kubernetes documentation, "Service", Internal load balancer; AWS Load Balancer Controller, Annotations.
_INTERNAL = {
    "networking.gke.io/load-balancer-type": "Internal",
    "cloud.google.com/load-balancer-type": "Internal",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
    "service.beta.kubernetes.io/openstack-internal-load-balancer": "true",
    "service.beta.kubernetes.io/oci-load-balancer-internal": "true",
}

_EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})


@check(
    id="service-external-ips",
    title="The Service claims no external IP addresses",
    severity=Severity.HIGH,
    fix="Remove spec.externalIPs; use a LoadBalancer or a Gateway.",
)
def service_external_ips(service: Service) -> Verdict:
    """spec.externalIPs is empty: with it a Service can take traffic meant for any address.

    Source: CVE-2020-8554; Kubernetes, "Admission Control", DenyServiceExternalIPs.
    """
    at = [service.header.at("/spec/externalIPs")]
    if service.external_ips:
        return failed(f"spec.externalIPs is {listed(service.external_ips)}", at=at)
    return passed("spec.externalIPs is not set", at=at)


@check(
    id="service-node-port",
    title="The Service opens no port on the nodes",
    severity=Severity.MEDIUM,
    fix="Use type ClusterIP behind an Ingress or a Gateway, or record NodePort as an approved type.",
)
def service_node_port(service: Service, params: Parameters) -> Verdict:
    """spec.type is not NodePort, unless the organisation approves that type. Absent means ClusterIP.

    Source: NSA/CISA Kubernetes Hardening Guide 1.2, Network separation.
    """
    at = [service.header.at("/spec/type")]
    if service.type != "NodePort":
        return passed(f"spec.type is {service.type}", at=at)
    if "NodePort" in params.service_types_approved:
        return passed("spec.type is NodePort, a type the organisation approves", at=at)
    ports = listed(port.node_port or "one the cluster picks" for port in service.ports)
    return failed(f"spec.type is NodePort: on every node {ports}", at=at)


@check(
    id="service-load-balancer",
    title="The Service is not open to the world through a load balancer of its own",
    severity=Severity.MEDIUM,
    fix="Set spec.loadBalancerSourceRanges, make it internal, or record LoadBalancer as an approved type.",
)
def service_load_balancer(service: Service, params: Parameters) -> Verdict:
    """A LoadBalancer is approved by the organisation, internal by annotation, or narrowed to source ranges.

    Absent source ranges mean every address. Source: Kubernetes API, ServiceSpec.loadBalancerSourceRanges.
    """
    header = service.header
    at = [header.at("/spec/type")]
    if service.type != "LoadBalancer":
        return passed(f"spec.type is {service.type}", at=at)
    if "LoadBalancer" in params.service_types_approved:
        return passed("spec.type is LoadBalancer, a type the organisation approves", at=at)
    for key, value in _INTERNAL.items():
        if header.annotations.get(key, "").lower() == value.lower():
            return passed(f"{key} is {value}", at=[header.at(f"/metadata/annotations/{escape(key)}")])
    ranges = service.load_balancer_source_ranges
    if not ranges:
        return failed("spec.type is LoadBalancer and loadBalancerSourceRanges is not set: every address", at=at)
    at = [header.at("/spec/loadBalancerSourceRanges")]
    if _EVERYWHERE & set(ranges):
        return failed(f"loadBalancerSourceRanges holds every address: {listed(ranges)}", at=at)
    return passed(f"loadBalancerSourceRanges is {listed(ranges)}", at=at)


def _selected(service: Service, cluster: Cluster) -> tuple[WorkloadEntry, ...]:
    selector = LabelSelector(match_labels=service.selector or {}, match_expressions=())
    return cluster.selected(service.header.namespace, selector)


def _unselecting(service: Service) -> Verdict | None:
    """NOT_APPLICABLE for a Service that has its end points from elsewhere, else None."""
    if service.type == "ExternalName":
        return not_applicable("spec.type is ExternalName", at=[service.header.at("/spec/type")])
    if not service.selector:
        return not_applicable(
            "the Service has no selector; its end points are made by others", at=[service.header.at("/spec/selector")]
        )
    return None


def _no_workloads(service: Service, cluster: Cluster) -> Verdict | None:
    namespace = service.header.namespace
    if cluster.workloads_in.get(namespace):
        return None
    where = namespace or "a namespace that the file does not name"
    return not_checked(f"no workload in {where} was handed in", at=[service.header.at("/spec/selector")])


@check(
    id="service-selects",
    title="The Service selects at least one workload",
    severity=Severity.LOW,
    fix="Correct spec.selector to the labels of the pods, or remove the Service.",
)
def service_selects(service: Service, cluster: Cluster) -> Verdict:
    """spec.selector matches the pods of a workload in the Service's namespace.

    Source: Kubernetes API, ServiceSpec.selector.
    """
    other = _unselecting(service) or _no_workloads(service, cluster)
    if other is not None:
        return other
    selected = _selected(service, cluster)
    at = [service.header.at("/spec/selector")]
    labels = listed(f"{key}={value}" for key, value in sorted((service.selector or {}).items()))
    if not selected:
        return failed(f"no workload of the namespace has the labels {labels}", at=at)
    names = listed(dict.fromkeys(entry.said() for entry in selected))
    return passed(f"{labels} selects {names}", at=[*at, *(entry.at() for entry in selected[:10])])


@check(
    id="service-target-port",
    title="The Service's target ports exist on the pods it selects",
    severity=Severity.LOW,
    effort=Effort.WORKLOAD,
    fix="Correct targetPort to a port that the container declares, or declare it.",
)
def service_target_port(service: Service, cluster: Cluster) -> Verdict:
    """Each named targetPort is a port's name, and each numbered one a declared port, on a selected workload.

    Absent means the Service's own port. A number that no container declares may still be served:
    that is not judged. Source: Kubernetes API, ServicePort.targetPort and Container.ports.
    """
    other = _unselecting(service) or _no_workloads(service, cluster)
    if other is not None:
        return other
    selected = _selected(service, cluster)
    if not selected:
        return not_checked("the Service selects no workload", at=[service.header.at("/spec/selector")])
    named: list[tuple[str, object]] = []
    numbered: list[tuple[str, object]] = []
    for position, port in enumerate(service.ports):
        if not _declared(port, selected):
            target = port.port if port.target_port is None else port.target_port
            (named if isinstance(target, str) else numbered).append((f"/spec/ports/{position}", target))
    if named:
        return failed(
            f"no selected container names a port {listed(target for _, target in named)}",
            at=[service.header.at(f"{pointer}/targetPort") for pointer, _ in named],
        )
    if numbered:
        return not_checked(
            f"no selected container declares port {listed(target for _, target in numbered)}; it may serve it even so",
            at=[service.header.at(pointer) for pointer, _ in numbered],
        )
    return passed("each target port is declared by a selected container", at=[service.header.at("/spec/ports")])


def _declared(port: ServicePort, entries: tuple[WorkloadEntry, ...]) -> bool:
    """Whether some selected workload declares the port that traffic is sent to."""
    target = port.port if port.target_port is None else port.target_port
    for entry in entries:
        for number, name, protocol in entry.container_ports:
            if protocol == port.protocol and target == (name if isinstance(target, str) else number):
                return True
    return False
