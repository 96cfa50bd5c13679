"""Records of admission set-up: webhooks, and the policy objects of the engines, told in one shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compliance.evidence.cluster_wire import PolicyBindingSpec, WebhooksWire, WebhookWire
from compliance.evidence.networking import selector, spec_of
from compliance.evidence.wire import convert
from compliance.model.cluster import AdmissionPolicy, Header, PolicyBinding, Webhook, WebhookConfiguration

Document = Mapping[str, Any]

#: Values looked at in one policy to tell what it asks for.
_MAX_NODES = 5_000
_NAME_LABEL = "kubernetes.io/metadata.name"
_TOPICS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "pod-security",
        re.compile(
            r"securityContext|\bprivileged\b|host(?:PID|IPC|Network|Path|Port|Users)|[aA]llowPrivilegeEscalation|runAsNonRoot"
            r"|\bcapabilities\b|seccomp|podSecurity|procMount|K8sPSP"
        ),
    ),
    (
        "image-signature",
        re.compile(
            r"\bverifyImages\b|\battestors\b|\bcosign\b|\bnotary\b|[nN]otation\b|verifyImageSignatures|Signature|RatifyVerification"
        ),
    ),
    (
        "image-registry",
        re.compile(
            r"AllowedRepos|DisallowedRepos|\.image\.(?:startsWith|matches|contains)|\bregistry\b|imageRegistr|(?:^|\n)image\n\S*/",
            re.IGNORECASE,
        ),
    ),
    ("sbom", re.compile(r"cyclonedx|spdx|\bsbom\b", re.IGNORECASE)),
    ("provenance", re.compile(r"slsa\.dev/provenance|slsaprovenance|\bprovenance\b", re.IGNORECASE)),
)


def _walk(value: object) -> Iterator[str]:
    """Keys and texts of a value, in order, bounded."""
    pending = [value]
    for _ in range(_MAX_NODES):
        if not pending:
            return
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            for key in reversed(item):
                pending += (item[key], str(key))
        elif isinstance(item, list):
            pending.extend(reversed(item))


def _topics(value: object, always: Iterable[str] = ()) -> tuple[str, ...]:
    text = "\n".join(_walk(value))
    found = {name for name, pattern in _TOPICS if pattern.search(text)} | set(always)
    return tuple(sorted(found)) or ("other",)


def _mapping(value: object, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _spec(document: Document) -> dict[str, Any]:
    return _mapping(document, "spec")


class _Scope:
    """What a policy leaves out and what it is limited to."""

    def __init__(self) -> None:
        self.namespaces: set[str] = set()
        self.exempt: set[str] = set()
        self.by_selector = False

    def namespace_selector(self, value: object) -> None:
        """Namespaces by their name label are known; by any other label they are not."""
        if not isinstance(value, dict) or not value:
            return
        if value.get("matchLabels"):
            self.by_selector = True
        for each in _mappings(value.get("matchExpressions")):
            if each.get("key") == _NAME_LABEL and each.get("operator") == "NotIn":
                self.exempt.update(_texts(each.get("values")))
            elif each.get("key") == _NAME_LABEL and each.get("operator") == "In":
                self.namespaces.update(_texts(each.get("values")))
            else:
                self.by_selector = True


def _policy(
    header: Header, engine: str, enforcing: bool | None, topics: tuple[str, ...], scope: _Scope, at: str
) -> AdmissionPolicy:
    return AdmissionPolicy(
        header=header,
        engine=engine,
        enforcing=enforcing,
        topics=topics,
        namespaces=tuple(sorted(scope.namespaces)),
        exempt_namespaces=tuple(sorted(scope.exempt)),
        exempts_by_selector=scope.by_selector,
        at=at,
    )


def kyverno(document: Document, header: Header) -> AdmissionPolicy:
    """A kyverno.io Policy or ClusterPolicy: it enforces when each of its validating rules does."""
    spec = _spec(document)
    rules = _mappings(spec.get("rules"))
    default = str(spec.get("validationFailureAction") or "Audit")
    modes = [mode for index, rule in enumerate(rules) for mode in _modes(rule, default, f"/spec/rules/{index}")]
    weak = [at for action, at in modes if action.lower() != "enforce"]
    scope = _Scope()
    limits = [_kyverno_scope(rule, scope) for rule in rules]
    if limits and all(limits):
        scope.namespaces.update(*limits)
    for override in _mappings(spec.get("validationFailureActionOverrides")):
        if str(override.get("action", "")).lower() != "enforce":
            scope.exempt.update(_texts(override.get("namespaces")))
            scope.by_selector |= bool(override.get("namespaceSelector"))
    if header.kind == "Policy" and header.namespace:
        scope.namespaces = {header.namespace}
    at = weak[0] if weak else modes[0][1] if modes else "/spec/rules"
    return _policy(header, "kyverno", not weak if modes else None, _topics(rules), scope, at)


def _modes(rule: dict[str, Any], default: str, at: str) -> Iterator[tuple[str, str]]:
    """The action of each validating part of a rule, and the pointer that sets it."""
    if isinstance(validate := rule.get("validate"), dict):
        own = validate.get("failureAction")
        yield (str(own), f"{at}/validate/failureAction") if own else (default, "/spec/validationFailureAction")
    for index, verify in enumerate(_mappings(rule.get("verifyImages"))):
        own = verify.get("failureAction")
        yield (
            (str(own), f"{at}/verifyImages/{index}/failureAction")
            if own
            else (default, "/spec/validationFailureAction")
        )


def _kyverno_scope(rule: dict[str, Any], scope: _Scope) -> set[str]:
    """Namespaces a rule is limited to; what it excludes goes into the scope."""
    limited: set[str] = set()
    for filters, excluding in ((rule.get("match"), False), (rule.get("exclude"), True)):
        if not isinstance(filters, dict):
            continue
        parts = [filters, *_mappings(filters.get("any")), *_mappings(filters.get("all"))]
        for part in parts:
            resources = _mapping(part, "resources")
            names = set(_texts(resources.get("namespaces")))
            narrow = {"names", "name", "selector", "namespaceSelector", "annotations"} & set(resources)
            if excluding:
                scope.exempt |= names
                scope.by_selector |= bool(narrow or {"subjects", "roles", "clusterRoles"} & set(part))
            else:
                limited |= names
                scope.by_selector |= bool(narrow)
    scope.by_selector |= bool(rule.get("preconditions") or rule.get("celPreconditions"))
    return limited


def kyverno_expressions(document: Document, header: Header) -> AdmissionPolicy:
    """A policies.kyverno.io ValidatingPolicy or ImageValidatingPolicy; without validationActions it denies."""
    spec = _spec(document)
    actions = _texts(spec.get("validationActions"))
    scope = _match_constraints(spec)
    if header.kind.startswith("Namespaced") and header.namespace:
        scope.namespaces = {header.namespace}
    images = ("image-signature",) if "ImageValidating" in header.kind else ()
    enforcing = not actions or "Deny" in actions
    return _policy(header, "kyverno", enforcing, _topics(spec, images), scope, "/spec/validationActions")


def _match_constraints(spec: dict[str, Any]) -> _Scope:
    scope = _Scope()
    constraints = _mapping(spec, "matchConstraints")
    scope.namespace_selector(constraints.get("namespaceSelector"))
    scope.by_selector |= bool(
        constraints.get("objectSelector") or constraints.get("excludeResourceRules") or spec.get("matchConditions")
    )
    return scope


def validating_policy(document: Document, header: Header) -> AdmissionPolicy:
    """A ValidatingAdmissionPolicy; whether it denies is said by its binding."""
    spec = _spec(document)
    topics = _topics([spec.get("validations"), spec.get("variables")])
    return _policy(header, "validating-admission-policy", None, topics, _match_constraints(spec), "/spec/validations")


def policy_binding(document: Document, header: Header) -> PolicyBinding:
    """A ValidatingAdmissionPolicyBinding."""
    spec = convert(spec_of(document), PolicyBindingSpec, "/spec")
    return PolicyBinding(
        header=header,
        policy_name=spec.policy_name,
        denies="Deny" in (spec.validation_actions or ()),
        narrowed=bool(_mapping(_spec(document), "matchResources")),
    )


def gatekeeper(document: Document, header: Header) -> AdmissionPolicy:
    """A constraint of Gatekeeper; without an enforcementAction it denies."""
    spec = _spec(document)
    action = str(spec.get("enforcementAction") or "deny")
    at = "/spec/enforcementAction"
    if action == "scoped":
        scoped = _mappings(spec.get("scopedEnforcementActions"))
        action, at = (
            ("deny" if any(each.get("action") == "deny" for each in scoped) else "warn"),
            "/spec/scopedEnforcementActions",
        )
    match = _mapping(spec, "match")
    scope = _Scope()
    scope.namespaces.update(_texts(match.get("namespaces")))
    scope.exempt.update(_texts(match.get("excludedNamespaces")))
    scope.namespace_selector(match.get("namespaceSelector"))
    scope.by_selector |= bool(match.get("labelSelector") or match.get("name"))
    return _policy(header, "gatekeeper", action == "deny", _topics([header.kind, spec.get("parameters")]), scope, at)


def image_policy(document: Document, header: Header) -> AdmissionPolicy:
    """A ClusterImagePolicy of the sigstore policy-controller, which judges only namespaces labelled for it."""
    spec = _spec(document)
    scope = _Scope()
    scope.by_selector = True
    passes = any(_mapping(each, "static").get("action") == "pass" for each in _mappings(spec.get("authorities")))
    enforcing = str(spec.get("mode") or "enforce") == "enforce" and not passes
    return _policy(header, "sigstore", enforcing, _topics(spec, ("image-signature",)), scope, "/spec/mode")


def ratify(document: Document, header: Header) -> AdmissionPolicy:
    """A verifier or policy of Ratify; whether a failure denies is said by the Gatekeeper constraint in front of it."""
    return _policy(header, "ratify", None, _topics(_spec(document), ("image-signature",)), _Scope(), "/spec")


def webhooks(document: Document, header: Header) -> WebhookConfiguration:
    """A validating or mutating webhook configuration."""
    wire = convert(document, WebhooksWire, "")
    return WebhookConfiguration(
        header=header,
        mutating=header.kind.startswith("Mutating"),
        webhooks=tuple(_webhook(each, f"/webhooks/{index}") for index, each in enumerate(wire.webhooks or ())),
    )


def _webhook(wire: WebhookWire, at: str) -> Webhook:
    client = wire.client_config
    service = client.service if client else None
    return Webhook(
        at=at,
        name=wire.name,
        failure_policy=wire.failure_policy,
        service=f"{service.namespace or ''}/{service.name}" if service else None,
        url=bool(client and client.url),
        namespace_selector=selector(wire.namespace_selector) if wire.namespace_selector else None,
        object_selector=selector(wire.object_selector) if wire.object_selector else None,
        resources=tuple(each for rule in wire.rules or () for each in rule.resources or ()),
        operations=tuple(each for rule in wire.rules or () for each in rule.operations or ()),
        timeout_seconds=wire.timeout_seconds,
    )
