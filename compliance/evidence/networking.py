"""Records of what moves traffic: network policies, services, routes and gateways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compliance.evidence.cluster_wire import (
    BackendWire,
    GatewayRouteSpec,
    GatewaySpec,
    IngressSpec,
    NetworkPolicySpec,
    OpenShiftRouteSpec,
    PeerWire,
    PolicyRuleWire,
    SelectorWire,
    ServiceSpec,
)
from compliance.evidence.wire import convert
from compliance.model.cluster import (
    Gateway,
    Header,
    LabelSelector,
    Listener,
    NetworkPolicy,
    NetworkPolicyPeerRule,
    Route,
    RouteBackend,
    Service,
    ServicePort,
)

_EVERY_ADDRESS = frozenset(("0.0.0.0/0", "::/0"))
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"

Document = Mapping[str, Any]


def spec_of(document: Document) -> object:
    """The object's spec; an absent or null one is empty."""
    spec = document.get("spec")
    return {} if spec is None else spec


def selector(wire: SelectorWire | None) -> LabelSelector:
    """A label selector; an absent one selects everything here."""
    if wire is None:
        return LabelSelector(match_labels={}, match_expressions=())
    return LabelSelector(
        match_labels=wire.match_labels or {},
        match_expressions=tuple(
            (each.key, each.operator, tuple(each.values or ())) for each in wire.match_expressions or ()
        ),
    )


def network_policy(document: Document, header: Header) -> NetworkPolicy:
    """A NetworkPolicy; its types after the API's default: Ingress, and Egress when it states such rules."""
    spec = convert(spec_of(document), NetworkPolicySpec, "/spec")
    types = tuple(spec.policy_types or ("Ingress", *(("Egress",) if spec.egress else ())))
    return NetworkPolicy(
        header=header,
        pod_selector=selector(spec.pod_selector),
        types=types,
        ingress=tuple(_peer_rule(rule, rule.from_) for rule in spec.ingress or ()),
        egress=tuple(_peer_rule(rule, rule.to) for rule in spec.egress or ()),
    )


def _peer_rule(rule: PolicyRuleWire, peers: list[PeerWire] | None) -> NetworkPolicyPeerRule:
    return NetworkPolicyPeerRule(
        peers=len(peers or ()),
        open_to_all=not peers or any(map(_is_everyone, peers)),
        cidrs=tuple(peer.ip_block.cidr for peer in peers or () if peer.ip_block),
        ports=len(rule.ports or ()),
    )


def _is_everyone(peer: PeerWire) -> bool:
    if block := peer.ip_block:
        return block.cidr in _EVERY_ADDRESS and not block.except_
    return peer.namespace_selector is not None and _is_empty(peer.namespace_selector) and _is_empty(peer.pod_selector)


def _is_empty(wire: SelectorWire | None) -> bool:
    return wire is None or not (wire.match_labels or wire.match_expressions)


def service(document: Document, header: Header) -> Service:
    """A Service; its type after the API's default."""
    spec = convert(spec_of(document), ServiceSpec, "/spec")
    return Service(
        header=header,
        type=spec.type or "ClusterIP",
        selector=spec.selector,
        ports=tuple(
            ServicePort(
                port=each.port,
                target_port=each.target_port,
                node_port=each.node_port,
                protocol=each.protocol or "TCP",
                name=each.name,
            )
            for each in spec.ports or ()
        ),
        external_ips=tuple(spec.external_ips or ()),
        load_balancer_source_ranges=tuple(spec.load_balancer_source_ranges or ()),
        external_name=spec.external_name,
    )


def ingress(document: Document, header: Header) -> Route:
    """An Ingress of today's or of a retired API version."""
    spec = convert(spec_of(document), IngressSpec, "/spec")
    annotation = header.annotations.get(_CLASS_ANNOTATION)
    return Route(
        header=header,
        hosts=tuple(rule.host or "" for rule in spec.rules or ()),
        tls=bool(spec.tls),
        tls_hosts=tuple(host for section in spec.tls or () for host in (section.hosts or [""])),
        ingress_class=spec.ingress_class_name or annotation,
        backends=tuple(_ingress_backends(spec)),
        parents=(),
    )


def _ingress_backends(spec: IngressSpec) -> Iterator[RouteBackend]:
    if spec.default_backend:
        yield from _backend(spec.default_backend, "/spec/defaultBackend")
    if spec.backend:
        yield from _backend(spec.backend, "/spec/backend")
    for number, rule in enumerate(spec.rules or ()):
        for index, path in enumerate((rule.http.paths if rule.http else None) or ()):
            if path.backend:
                yield from _backend(path.backend, f"/spec/rules/{number}/http/paths/{index}/backend")


def _backend(wire: BackendWire, at: str) -> Iterator[RouteBackend]:
    if wire.service:
        port = wire.service.port
        number = (port.number if port.number is not None else port.name) if port else None
        yield RouteBackend(at=f"{at}/service", service=wire.service.name, namespace=None, port=number)
    elif wire.service_name:
        yield RouteBackend(at=at, service=wire.service_name, namespace=None, port=wire.service_port)


def gateway_route(document: Document, header: Header) -> Route:
    """A route of the Gateway API; TLS ends at its Gateway, but for a TLSRoute, which passes it on."""
    spec = convert(spec_of(document), GatewayRouteSpec, "/spec")
    return Route(
        header=header,
        hosts=tuple(spec.hostnames or ()),
        tls=header.kind == "TLSRoute",
        tls_hosts=(),
        ingress_class=None,
        backends=tuple(
            RouteBackend(
                at=f"/spec/rules/{number}/backendRefs/{index}", service=ref.name, namespace=ref.namespace, port=ref.port
            )
            for number, rule in enumerate(spec.rules or ())
            for index, ref in enumerate(rule.backend_refs or ())
            if (ref.kind or "Service") == "Service"
        ),
        parents=tuple(
            (parent.namespace, parent.name)
            for parent in spec.parent_refs or ()
            if (parent.kind or "Gateway") == "Gateway"
        ),
    )


def openshift_route(document: Document, header: Header) -> Route:
    """A route.openshift.io Route."""
    spec = convert(spec_of(document), OpenShiftRouteSpec, "/spec")
    port = spec.port.target_port if spec.port else None
    targets = [("/spec/to", spec.to)] if spec.to else []
    targets += [(f"/spec/alternateBackends/{index}", each) for index, each in enumerate(spec.alternate_backends or ())]
    return Route(
        header=header,
        hosts=(spec.host,) if spec.host else (),
        tls=spec.tls is not None,
        tls_hosts=(),
        ingress_class=None,
        backends=tuple(
            RouteBackend(at=at, service=target.name, namespace=None, port=port)
            for at, target in targets
            if (target.kind or "Service") == "Service"
        ),
        parents=(),
    )


def gateway(document: Document, header: Header) -> Gateway:
    """A Gateway of the Gateway API."""
    spec = convert(spec_of(document), GatewaySpec, "/spec")
    return Gateway(
        header=header,
        listeners=tuple(
            Listener(
                name=each.name,
                protocol=each.protocol,
                port=each.port,
                hostname=each.hostname,
                tls=each.tls is not None or each.protocol in ("HTTPS", "TLS"),
            )
            for each in spec.listeners or ()
        ),
    )
