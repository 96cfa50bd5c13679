"""One event of the API server's audit log in; what admission decided of a workload out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from compliance.evidence.decisions.words import MAX_IMAGES, name, sentence, source_of
from compliance.evidence.wire import Wire
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.evidence import Origin, Subject, escape

#: Resources that are pods or make pods, by the name of the API, and their kind.
KINDS: Mapping[str, str] = {
    "pods": "Pod",
    "replicationcontrollers": "ReplicationController",
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
    "jobs": "Job",
    "cronjobs": "CronJob",
}
GROUPS = frozenset({"", "apps", "batch", "extensions"})
VERBS = frozenset({"create", "update", "patch"})
#: Parts of a resource that change what runs; status, scale, eviction and the like do not.
_SUBRESOURCES = frozenset({"", "ephemeralcontainers", "resize"})
#: Annotations looked at in one event, and characters of one value.
_MAX_ANNOTATIONS = 200
_MAX_VALUE = 64 * 1024
#: Source: kubernetes.io "Audit Annotations"; kubernetes/apiserver, admission/plugin/webhook and policy/validating.
_POD_SECURITY = "pod-security.kubernetes.io/"
_VALIDATION = "validation.policy.admission.k8s.io/validation_failure"
_FAILED_OPEN = "failed-open."
_IMAGE_POLICY_OPEN = "image-policy.k8s.io/failed-open"
_MUTATION = "mutation.webhook.admission.k8s.io/"
#: What the API server answers when admission refuses, and who refused.
_REFUSALS = (
    (re.compile(r'admission webhook "([^"]{1,253})" denied the request'), ""),
    (re.compile(r'violates PodSecurity "([^"]{1,253})"'), "pod-security"),
    (re.compile(r"ValidatingAdmissionPolicy '([^']{1,253})' with binding"), "validating-admission-policy"),
    (re.compile(r"(image policy webhook) backend denied"), "image-policy-webhook"),
)
_OK = 200
_REFUSED = 400


class _Object(Wire):
    resource: str = ""
    namespace: str | None = None
    name: str | None = None
    api_group: str | None = None
    subresource: str | None = None


class _Answer(Wire):
    code: int | None = None
    message: str | None = None


class Event(Wire):
    """The fields of an audit event that are read; the objects it carries are searched for image names only."""

    api_version: str = ""
    kind: str = ""
    stage: str = ""
    verb: str = ""
    object_ref: _Object | None = None
    response_status: _Answer | None = None
    request_object: object = None
    response_object: object = None
    stage_timestamp: str | None = None
    request_received_timestamp: str | None = None
    annotations: dict[str, str] | None = None


def concerns(event: Event) -> bool:
    """Whether an event is the end of a request that makes or changes what runs."""
    about = event.object_ref
    return (
        about is not None
        and event.stage in ("", "ResponseComplete", "Panic")
        and event.verb in VERBS
        and about.resource in KINDS
        and (about.api_group or "") in GROUPS
        and (about.subresource or "") in _SUBRESOURCES
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """An event under way: where it stands, and what all that is said of it has in common."""

    origin: Origin
    subject: Subject
    resource: tuple[str, str | None, str] | None
    images: tuple[str, ...]
    time: str | None

    def decided(
        self, at: str, form: str, source: str, said: tuple[str, str], result: str, message: str, enforced: bool | None
    ) -> AdmissionDecision:
        """A decision; `said` are the policy and the rule."""
        return AdmissionDecision(
            origin=self.origin,
            subject=self.subject,
            pointer=at,
            form=form,
            source=source,
            policy=name(said[0]),
            rule=name(said[1]),
            result=result,
            message=sentence(message),
            resource=self.resource,
            images=self.images,
            enforced=enforced,
            time=self.time,
        )


def decisions(event: Event, origin: Origin, subject: Subject) -> Iterator[AdmissionDecision]:
    """What an event shows: the API server's answer first, then a decision for each annotation of admission.

    Forms are `audit-event` (the answer; source `api-server`), `audit-refusal`, and `audit-annotation`.
    """
    about = event.object_ref
    if about is None or not concerns(event):
        return
    carried = event.response_object if _spec_of(event.response_object) else event.request_object
    seen = _Seen(
        origin=origin,
        subject=subject,
        resource=_resource(about, carried),
        images=_images(carried),
        time=name(event.stage_timestamp or event.request_received_timestamp) or None,
    )
    answer = event.response_status or _Answer()
    code = answer.code or 0
    refusal = _refusal(answer.message or "") if code >= _REFUSED else None
    if refusal is not None:
        yield seen.decided(
            "/responseStatus/message", "audit-refusal", refusal[0], (refusal[1], ""), "fail", answer.message or "", True
        )
    elif _OK <= code < _REFUSED:
        words = f"{event.verb} answered with {code}"
        yield seen.decided("/responseStatus/code", "audit-event", "api-server", ("", ""), "pass", words, None)
    for key in sorted(event.annotations or {})[:_MAX_ANNOTATIONS]:
        value = (event.annotations or {})[key][:_MAX_VALUE]
        yield from _annotated(seen, key, value, accepted=code < _REFUSED)


def _refusal(message: str) -> tuple[str, str] | None:
    """Which engine refused, and by which policy; None for a refusal that is none of admission."""
    for pattern, source in _REFUSALS:
        if found := pattern.search(message[:_MAX_VALUE]):
            return source or source_of(found[1]), found[1]
    return None


def _annotated(seen: _Seen, key: str, value: str, *, accepted: bool) -> Iterator[AdmissionDecision]:
    at = f"/annotations/{escape(key)}"
    form = "audit-annotation"
    if key.startswith(_FAILED_OPEN) or key.endswith(_IMAGE_POLICY_OPEN):
        words = f"let in unjudged, because {value or 'the webhook'} could not be asked"
        yield seen.decided(at, "audit-failed-open", source_of(value), (value, ""), "error", words, False)
    elif key == f"{_POD_SECURITY}enforce-policy" and accepted:
        yield seen.decided(at, form, "pod-security", (value, "enforce"), "pass", f"meets {value}", True)
    elif key == f"{_POD_SECURITY}audit-violations":
        yield seen.decided(at, form, "pod-security", ("audit", ""), "warn", value, False)
    elif key == f"{_POD_SECURITY}exempt":
        yield seen.decided(at, form, "pod-security", (value, "exempt"), "skip", f"exempt by {value}", False)
    elif key == f"{_POD_SECURITY}error":
        yield seen.decided(at, form, "pod-security", ("", ""), "error", value, None)
    elif key == _VALIDATION:
        yield from _validation_failures(seen, at, value)
    elif key.startswith(_MUTATION):
        yield from _webhook(seen, at, value)


class _Failure(Wire):
    message: str = ""
    policy: str = ""
    binding: str = ""
    validation_actions: list[str] | None = None


class _Mutation(Wire):
    configuration: str = ""
    webhook: str = ""
    mutated: bool = False


def _validation_failures(seen: _Seen, at: str, value: str) -> Iterator[AdmissionDecision]:
    """Failures of ValidatingAdmissionPolicies that a binding audits."""
    source = "validating-admission-policy"
    try:
        found = msgspec.json.decode(value, type=list[_Failure])
    except (msgspec.DecodeError, RecursionError):
        yield seen.decided(at, "audit-annotation", source, ("", ""), "error", "the annotation cannot be read", None)
        return
    for each in found[:_MAX_ANNOTATIONS]:
        enforced = "Deny" in (each.validation_actions or ())
        said = (each.policy, each.binding)
        yield seen.decided(at, "audit-annotation", source, said, "fail", each.message, enforced)


def _webhook(seen: _Seen, at: str, value: str) -> Iterator[AdmissionDecision]:
    """A mutating webhook that was asked and did not refuse; of which policy engine, its name says."""
    try:
        found = msgspec.json.decode(value, type=_Mutation)
    except (msgspec.DecodeError, RecursionError):
        return
    words = f"the webhook {found.webhook} was asked and {'changed' if found.mutated else 'did not change'} the object"
    source = source_of(f"{found.configuration} {found.webhook}")
    yield seen.decided(at, "audit-webhook", source, (found.configuration, found.webhook), "skip", sentence(words), None)


def _resource(about: _Object, carried: object) -> tuple[str, str | None, str] | None:
    """What was made or changed; of an object whose name the server made up, the name it was given."""
    own = about.name or ""
    if not own and isinstance(carried, dict) and isinstance(carried.get("metadata"), dict):
        found = carried["metadata"].get("name")
        own = found if isinstance(found, str) else ""
    return (KINDS[about.resource], name(about.namespace) or None, name(own)) if own else None


def _spec_of(carried: object) -> dict[str, Any] | None:
    """The pod spec of an object or of its template."""
    found: Any = carried
    if not isinstance(found, dict):
        return None
    for _ in range(4):
        spec = found.get("spec") if isinstance(found, dict) else None
        if not isinstance(spec, dict):
            return None
        if isinstance(spec.get("containers"), list):
            return spec
        found = spec.get("jobTemplate") or spec.get("template")
    return None


def _images(carried: object) -> tuple[str, ...]:
    """The images of all containers of the object, as written there."""
    spec = _spec_of(carried) or {}
    found: set[str] = set()
    for field in ("initContainers", "containers", "ephemeralContainers"):
        listed = spec.get(field)
        for each in listed if isinstance(listed, list) else ():
            image = each.get("image") if isinstance(each, dict) else None
            if isinstance(image, str) and image:
                found.add(name(image))
    return tuple(sorted(found)[:MAX_IMAGES])
