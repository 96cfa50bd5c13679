"""Pod, Services, routes and NetworkPolicies in, verdicts out on who may reach it and whom it may reach."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster, NetworkPolicy, Service
from compliance.model.evidence import At
from compliance.model.faults import Fault, told
from compliance.model.outcome import Severity
from compliance.model.workload import Pod

#: Kinds of policies of network plugins, which we do not read.
OTHER_POLICIES = (
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "CiliumNetworkPolicy",
    "ClusterNetworkPolicy",
    "GlobalNetworkPolicy",
)
#: Kinds that lead from outside to a Service.
ROUTES = ("GRPCRoute", "HTTPRoute", "Ingress", "Route", "TCPRoute", "TLSRoute", "UDPRoute")


@check(
    id="pod-ingress-policy",
    title="A network policy governs who may reach the pod",
    severity=Severity.MEDIUM,
    fix="Add a NetworkPolicy with policyTypes Ingress whose podSelector matches the pod's labels.",
)
def pod_ingress_policy(pod: Pod, cluster: Cluster) -> Verdict:
    """A NetworkPolicy of the namespace with type Ingress selects the pod.

    Pods on the host's network are not bound by policies: not applicable. NOT_CHECKED where no
    NetworkPolicy was handed in, or where kinds of a network plugin may do it.
    Source: Kubernetes documentation, "Network Policies"; NSA and CISA, Kubernetes Hardening Guide 1.2.
    """
    return _governed(pod, cluster, "Ingress")


@check(
    id="pod-egress-policy",
    title="A network policy governs whom the pod may reach",
    severity=Severity.MEDIUM,
    fix="Add a NetworkPolicy with policyTypes Egress whose podSelector matches the pod's labels.",
)
def pod_egress_policy(pod: Pod, cluster: Cluster) -> Verdict:
    """A NetworkPolicy of the namespace with type Egress selects the pod.

    Pods on the host's network are not bound by policies: not applicable. NOT_CHECKED where no
    NetworkPolicy was handed in, or where kinds of a network plugin may do it.
    Source: Kubernetes documentation, "Network Policies"; NSA and CISA, Kubernetes Hardening Guide 1.2.
    """
    return _governed(pod, cluster, "Egress")


def _governed(pod: Pod, cluster: Cluster, direction: str) -> Verdict:
    if pod.host_network:
        return not_applicable("hostNetwork is true: no NetworkPolicy binds the pod", at=[pod.in_spec("hostNetwork")])
    policies = _policies(pod, cluster, direction)
    if policies:
        names = listed(policy.header.name for policy in policies)
        reason = f"selected for {direction} by NetworkPolicy {names}"
        return passed(reason, at=[policy.header.at("/spec/podSelector") for policy in policies])
    at = [pod.at(f"{pod.template_at}/metadata/labels")]
    unknown = _why_unknown(pod, cluster)
    if unknown:
        return not_checked(unknown, at=at)
    return failed(f"no NetworkPolicy of {_where(pod)} selects the pod for {direction}", at=at)


def _policies(pod: Pod, cluster: Cluster, direction: str) -> list[NetworkPolicy]:
    return [policy for policy in cluster.policies_of(pod.namespace, pod.pod_labels) if direction in policy.types]


def _why_unknown(pod: Pod, cluster: Cluster) -> str:
    """Why the absence of a NetworkPolicy proves nothing here; empty text when it does."""
    other = next((kind for kind in OTHER_POLICIES if cluster.knows(kind)), None)
    if other is not None:
        return f"no NetworkPolicy selects the pod, but a {other} may, which is not read"
    if not cluster.knows("NetworkPolicy"):
        return "no NetworkPolicy was handed in"
    if pod.namespace is None:
        return "the manifest names no namespace whose NetworkPolicies could be looked at"
    if None in cluster.network_policies_in:
        return "no NetworkPolicy of the namespace selects the pod, but some were handed in that name no namespace"
    return ""


def _where(pod: Pod) -> str:
    return "the manifest's namespace" if pod.namespace is None else f"namespace {pod.namespace}"


@check(
    id="pod-exposure",
    title="A pod that can be reached from outside is guarded by a network policy",
    severity=Severity.HIGH,
    fix="Add a NetworkPolicy that admits to the pod only the ingress controller or load balancer it is meant for.",
    effort=Effort.WORKLOAD,
)
def pod_exposure(pod: Pod, cluster: Cluster) -> Verdict:
    """No way leads from outside the cluster to the pod, or a NetworkPolicy with type Ingress selects it.

    Ways are hostNetwork, hostPort, and Services that select the pod: of type LoadBalancer or
    NodePort, with externalIPs, or named by an Ingress, a Gateway API route or an OpenShift Route.
    On the host's network no policy binds, so it fails. Without Services, or for a Service without
    any route handed in, nobody can say that no way exists: NOT_CHECKED.
    Source: NIST SP 800-190, 4.3.3 and 4.4.2; Kubernetes documentation, "Network Policies".
    """
    if pod.host_network:
        reason = "reachable on the node's own addresses (hostNetwork is true), where no NetworkPolicy binds"
        return failed(reason, at=[pod.in_spec("hostNetwork")])
    services = cluster.services_of(pod.namespace, pod.pod_labels)
    ways = _host_ports(pod) + [way for service in services for way in _ways(service, cluster)]
    if not ways:
        return _unexposed(pod, cluster, services)
    policies = _policies(pod, cluster, "Ingress")
    path = told(ways)
    if policies:
        names = listed(policy.header.name for policy in policies)
        at = [way.at for way in ways] + [policy.header.at("/spec/podSelector") for policy in policies]
        return passed(f"reachable from outside ({path}) and guarded by NetworkPolicy {names}", at=at)
    at = [way.at for way in ways]
    unknown = _why_unknown(pod, cluster)
    if unknown:
        return not_checked(f"reachable from outside ({path}); {unknown}", at=at)
    return failed(f"reachable from outside ({path}) and selected by no NetworkPolicy for Ingress", at=at)


def _unexposed(pod: Pod, cluster: Cluster, services: tuple[Service, ...]) -> Verdict:
    at = [pod.at(f"{pod.template_at}/metadata/labels"), *(service.header.at("/spec") for service in services)]
    if not cluster.knows("Service"):
        return not_checked("no Service was handed in, so it is not known whether the pod can be reached", at=at)
    if not services:
        return passed(f"no Service of {_where(pod)} selects the pod, and it takes no host port", at=at)
    names = listed(service.header.name for service in services)
    if not any(cluster.knows(kind) for kind in ROUTES):
        return not_checked(f"inside the cluster by Service {names}; no Ingress or route was handed in", at=at)
    return passed(f"reachable only inside the cluster, by Service {names}", at=at)


def _host_ports(pod: Pod) -> list[Fault]:
    return [
        Fault(f"host port {port.host_port}", pod.in_container(container, f"ports/{index}/hostPort"))
        for container in pod.all_containers()
        for index, port in enumerate(container.ports)
        if port.host_port
    ]


def _ways(service: Service, cluster: Cluster) -> list[Fault]:
    """The ways from outside to a Service, each with what shows it."""
    name = service.header.name
    ways = []
    if service.type in ("LoadBalancer", "NodePort"):
        ways.append(Fault(f"Service {name} of type {service.type}", service.header.at("/spec/type")))
    if service.external_ips:
        place: At = service.header.at("/spec/externalIPs")
        ways.append(Fault(f"Service {name} at {listed(service.external_ips)}", place))
    for route in cluster.routes_to.get((service.header.namespace, name), ()):
        hosts = f" for {listed(route.hosts)}" if route.hosts else ""
        words = f"{route.header.kind} {route.header.name}{hosts} to Service {name}"
        ways.append(Fault(words, route.header.at("/spec")))
    return ways
