"""The status of a Gatekeeper constraint in; its last audit and each violation out as decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compliance.evidence.decisions.words import images_in, name, sentence, stamp
from compliance.evidence.subjects import group_of
from compliance.evidence.wire import Wire, convert
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.cluster import Header
from compliance.model.faults import counted

CONSTRAINTS = "constraints.gatekeeper.sh"
#: The action that keeps an object out. Source: Gatekeeper documentation, "Handling Constraint Violations".
_DENY = "deny"


class _Violation(Wire):
    enforcement_action: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    message: str | None = None


class _Status(Wire):
    audit_timestamp: str | None = None
    total_violations: int | None = None
    violations: list[_Violation] | None = None


def decisions(document: Mapping[str, Any], head: Header) -> Iterator[AdmissionDecision]:
    """The audit of a constraint as a whole (it names no object), then each violation that its status lists.

    Nothing for an object that is no constraint, or that no audit has looked at. Gatekeeper lists the first
    violations only (20 unless told otherwise); the message of the whole says how many there are.
    """
    status = document.get("status")
    if group_of(head.api_version) != CONSTRAINTS or not isinstance(status, dict):
        return
    wire = convert(status, _Status, "/status")
    if not wire.audit_timestamp:
        return
    listed = wire.violations or []
    total = wire.total_violations if wire.total_violations is not None else len(listed)
    spec = document.get("spec")
    action = spec.get("enforcementAction") if isinstance(spec, dict) else None
    words = f"the audit found {counted(max(total, 0), 'violation')} and lists {len(listed):,}"
    usual = action if isinstance(action, str) and action else _DENY
    result = "pass" if not total and not listed else "fail" if total <= len(listed) else "error"
    yield _made(head, "/status/auditTimestamp", result, words, None, usual, wire.audit_timestamp)
    for index, found in enumerate(listed):
        resource = (name(found.kind), name(found.namespace) or None, name(found.name)) if found.name else None
        yield _made(
            head,
            f"/status/violations/{index}",
            "fail",
            found.message or "",
            resource,
            found.enforcement_action or usual,
            wire.audit_timestamp,
        )


def _made(
    head: Header,
    at: str,
    result: str,
    message: str,
    resource: tuple[str, str | None, str] | None,
    action: str,
    time: str,
) -> AdmissionDecision:
    return AdmissionDecision(
        origin=head.origin,
        subject=head.subject,
        pointer=at,
        form="constraint-status",
        source="gatekeeper",
        policy=head.name,
        rule=head.kind,
        result=result,
        message=sentence(message),
        resource=resource,
        images=images_in([message]),
        enforced=None if action == "scoped" else action == _DENY,
        time=stamp(time),
    )
