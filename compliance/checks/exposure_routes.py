"""Ingresses, Gateway API routes, OpenShift routes and gateways in, verdicts out."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster, Gateway, Route, RouteBackend, Service
from compliance.model.evidence import At, escape
from compliance.model.outcome import Severity

#: Annotations by which a load balancer outside the cluster holds an Ingress's certificate.
#: Source: AWS Load Balancer Controller, "Ingress annotations", TLS; GKE, "Ingress for HTTPS".
_OUTSIDE_TLS = (
    "alb.ingress.kubernetes.io/certificate-arn",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/managed-certificates",
)

#: Kinds of route that hold their own TLS settings; those of the Gateway API leave it to what they attach to.
_OWN_TLS = frozenset({"Ingress", "Route"})

#: Prefixes of the annotations of NGINX controllers; those that end in `-snippet(s)` become raw configuration.
#: Source: CVE-2021-25742; ingress-nginx, "Annotations risk"; NGINX Ingress Controller, "Advanced configuration".
_SNIPPET_PREFIXES = ("nginx.ingress.kubernetes.io/", "nginx.org/", "nginx.com/")

#: Listener protocols that carry TLS.
#: Source: Gateway API, ProtocolType.
_TLS_PROTOCOLS = frozenset({"HTTPS", "TLS"})


def _name(route: Route) -> str:
    return f"{route.header.kind} {route.header.name}"


def _hosts_at(route: Route) -> At:
    kind = route.header.kind
    if kind == "Ingress":
        return route.header.at("/spec/rules")
    return route.header.at("/spec/host" if kind == "Route" else "/spec/hostnames")


@check(
    id="route-tls",
    title="The route serves each of its hosts over TLS",
    severity=Severity.HIGH,
    fix="Add a tls section that names each host and a certificate Secret.",
)
def route_tls(route: Route) -> Verdict:
    """An Ingress's tls section covers each host; an OpenShift Route has tls; a Gateway's listeners decide for the rest.

    A tls section without hosts covers all. Absent means plain HTTP, unless an annotation gives the
    certificate to a load balancer outside. Source: Kubernetes API, IngressTLS; Gateway API, "TLS".
    """
    header = route.header
    if not route.tls and header.kind not in _OWN_TLS:
        return not_applicable(
            f"what {_name(route)} attaches to ends TLS, not the route itself", at=[header.at("/spec/parentRefs")]
        )
    at = [header.at("/spec/tls")]
    if not route.tls:
        for key in _OUTSIDE_TLS:
            if header.annotations.get(key):
                return passed(f"certificate by {key}", at=[header.at(f"/metadata/annotations/{escape(key)}")])
        return failed(f"{_name(route)} has no tls section: plain HTTP", at=at)
    if header.kind != "Ingress" or "" in route.tls_hosts:
        return passed(f"{_name(route)} has a tls section for all its hosts", at=at)
    bare = [host for host in route.hosts if not any(_covers(name, host) for name in route.tls_hosts)]
    if bare:
        return failed(f"the tls section leaves out {listed(host or 'rules without a host' for host in bare)}", at=at)
    return passed(f"the tls section covers {listed(route.hosts) or 'every rule'}", at=at)


def _covers(name: str, host: str) -> bool:
    """Whether a host, `*.example.com` among them, is a name of the tls section or one label under its wildcard."""
    return name == host or (name.startswith("*.") and "." in host and host.partition(".")[2] == name[2:])


@check(
    id="route-host",
    title="The route names its hosts",
    severity=Severity.MEDIUM,
    fix="Give each rule a full host name, without a wildcard.",
)
def route_host(route: Route, cluster: Cluster) -> Verdict:
    """Each rule of an Ingress and each Gateway API route names full hosts; none is empty or holds a wildcard.

    A Gateway API route without host names takes those of its listeners. An OpenShift Route
    without one is given its own by the router. Routes that match no host name are not asked.
    Source: Kubernetes API, IngressRule.host; Gateway API, HTTPRouteSpec.hostnames.
    """
    kind = route.header.kind
    at = [_hosts_at(route)]
    if kind in ("TCPRoute", "UDPRoute"):
        return not_applicable(f"a {kind} knows no hosts", at=[route.header.at("/kind")])
    if kind not in _OWN_TLS and not route.hosts and not route.parents:
        return not_applicable(f"{_name(route)} attaches to no Gateway", at=[route.header.at("/spec/parentRefs")])
    wide = [host for host in route.hosts if not host or "*" in host]
    if wide:
        return failed(f"{_name(route)} takes {listed(host or 'every host' for host in wide)}", at=at)
    if route.hosts:
        return passed(f"{_name(route)} names {listed(route.hosts)}", at=at)
    if kind == "Route":
        return passed("no host is set; the router gives the Route a name of its own", at=at)
    return _inherited_hosts(route, cluster, at) if route.parents else failed(f"{_name(route)} takes every host", at=at)


def _gateways(route: Route, cluster: Cluster) -> list[Gateway | None]:
    """The gateways a route attaches to, None for each that is not in the evidence."""
    own = route.header.namespace
    return [
        cluster.gateway_named.get((own if namespace is None else namespace, name)) for namespace, name in route.parents
    ]


def _inherited_hosts(route: Route, cluster: Cluster, at: list[At]) -> Verdict:
    gateways = _gateways(route, cluster)
    if None in gateways:
        return not_checked(f"{_name(route)} takes its hosts from a Gateway that was not handed in", at=at)
    listeners = [listener for gateway in gateways if gateway for listener in gateway.listeners]
    wide = [listener for listener in listeners if not listener.hostname or "*" in listener.hostname]
    if wide or not listeners:
        names = listed(listener.name for listener in wide)
        return failed(f"{_name(route)} names no host and its listeners are open to any: {names}", at=at)
    return passed(f"hosts come from the listeners: {listed(listener.hostname for listener in listeners)}", at=at)


@check(
    id="route-backend",
    title="The Services a route sends to exist, with the port it names",
    severity=Severity.LOW,
    fix="Correct the Service's name or port in the route, or create the Service.",
)
def route_backend(route: Route, cluster: Cluster) -> Verdict:
    """Each backend is a Service in the evidence that has the port, by number or by name.

    A dangling backend comes alive for whoever creates a Service of that name.
    Source: Kubernetes API, IngressServiceBackend; Gateway API, BackendRef.
    """
    header = route.header
    if not route.backends:
        return not_applicable(f"{_name(route)} sends to no Service", at=[header.at("/spec")])
    missing = [(backend, fault) for backend in route.backends if (fault := _backend_fault(backend, route, cluster))]
    if not missing:
        names = listed(dict.fromkeys(backend.service for backend in route.backends))
        return passed(f"Service {names} in the evidence", at=[header.at(backend.at) for backend in route.backends])
    at = [header.at(backend.at) for backend, _ in missing]
    words = listed(dict.fromkeys(fault for _, fault in missing))
    if not cluster.knows("Service"):
        return not_checked(f"{words}: no Service was handed in", at=at)
    return failed(f"{_name(route)}: {words}", at=at)


def _backend_fault(backend: RouteBackend, route: Route, cluster: Cluster) -> str:
    """What is wrong with a backend, empty when it leads somewhere."""
    namespace = backend.namespace or route.header.namespace
    service = cluster.service_named.get((namespace, backend.service))
    if service is None:
        return f"Service {backend.service} is not in the evidence"
    if backend.port is None or service.type == "ExternalName" or _has_port(service, backend.port):
        return ""
    return f"Service {backend.service} has no port {backend.port}"


def _has_port(service: Service, wanted: int | str) -> bool:
    """By the Service's own port; an OpenShift Route names the target port instead."""
    return any(wanted in (port.port, port.name, port.target_port) for port in service.ports)


@check(
    id="route-annotations",
    title="No annotation of the route injects server configuration",
    severity=Severity.HIGH,
    fix="Remove the snippet annotations and set allow-snippet-annotations to false in the controller.",
)
def route_annotations(route: Route) -> Verdict:
    """No NGINX annotation ending in -snippet or -snippets is set: its text runs inside the controller.

    Source: CVE-2021-25742; ingress-nginx, "Annotations risk".
    """
    header = route.header
    found = [
        key
        for key in sorted(header.annotations)
        if key.startswith(_SNIPPET_PREFIXES) and key.endswith(("-snippet", "-snippets"))
    ]
    if found:
        return failed(
            f"{_name(route)} injects configuration by {listed(found)}",
            at=[header.at(f"/metadata/annotations/{escape(key)}") for key in found],
        )
    return passed("no snippet annotation is set", at=[header.at("/metadata/annotations")])


@check(
    id="route-gateway",
    title="The Gateways a route attaches to exist",
    severity=Severity.LOW,
    fix="Correct the Gateway's name in parentRefs, or create the Gateway.",
)
def route_gateway(route: Route, cluster: Cluster) -> Verdict:
    """Each parentRef of a Gateway API route is a Gateway in the evidence; other routes have none.

    Source: Gateway API, ParentReference.
    """
    header = route.header
    if not route.parents:
        return not_applicable(f"{_name(route)} attaches to no Gateway", at=[header.at("/kind")])
    at = [header.at("/spec/parentRefs")]
    gateways = _gateways(route, cluster)
    missing = [name for (_, name), gateway in zip(route.parents, gateways, strict=True) if gateway is None]
    if not missing:
        return passed(f"Gateway {listed(name for _, name in route.parents)} in the evidence", at=at)
    if not cluster.knows("Gateway"):
        return not_checked(f"whether Gateway {listed(missing)} exists is not known: no Gateway was handed in", at=at)
    return failed(f"Gateway {listed(missing)} is not in the evidence", at=at)


@check(
    id="gateway-tls",
    title="Every listener of the Gateway uses TLS",
    severity=Severity.HIGH,
    effort=Effort.WORKLOAD,
    fix="Make the listener HTTPS with a certificate; leave redirection to the load balancer before it.",
)
def gateway_tls(gateway: Gateway) -> Verdict:
    """No listener speaks HTTP; one of HTTPS or TLS has a certificate or passes TLS on, as the API demands.

    An HTTP listener fails also when its routes only redirect, which the Gateway does not show.
    TCP and UDP listeners are not judged. Source: Gateway API, Listener.protocol and "TLS".
    """
    header = gateway.header
    plain = [(n, found) for n, found in enumerate(gateway.listeners) if found.protocol.upper() == "HTTP"]
    if plain:
        words = listed(f"{found.name} ({found.protocol} on port {found.port})" for _, found in plain)
        return failed(f"without TLS: {words}", at=[header.at(f"/spec/listeners/{number}") for number, _ in plain])
    secure = [found.name for found in gateway.listeners if found.protocol.upper() in _TLS_PROTOCOLS]
    at = [header.at("/spec/listeners")]
    if len(secure) == len(gateway.listeners) and secure:
        return passed(f"TLS on {listed(secure)}", at=at)
    if not gateway.listeners:
        return not_applicable("the Gateway has no listener", at=at)
    rest = listed(f"{found.name} ({found.protocol})" for found in gateway.listeners if found.name not in secure)
    return not_checked(f"whether traffic of {rest} is encrypted cannot be told from the listener", at=at)
