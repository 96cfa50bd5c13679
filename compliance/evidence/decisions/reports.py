"""A policy report in; one decision for each result and each object that it names out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compliance.errors import EvidenceError
from compliance.evidence.decisions.words import images_in, name, sentence, source_of, stamp
from compliance.evidence.subjects import group_of
from compliance.evidence.wire import Wire, convert
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.cluster import DecisionReport, Header

#: API groups of reports, and their kinds.
#: Source: kubernetes-sigs/wg-policy-prototypes, policy-report; openreports/reports-api.
REPORTS = frozenset(
    {
        ("wgpolicyk8s.io", "PolicyReport"),
        ("wgpolicyk8s.io", "ClusterPolicyReport"),
        ("openreports.io", "Report"),
        ("openreports.io", "ClusterReport"),
    }
)
#: Decisions taken from one report; Kyverno writes one report for each object, its command line one for all.
MAX_DECISIONS = 100_000
_RESULTS = frozenset({"pass", "fail", "warn", "error", "skip"})
_MANAGED_BY = "app.kubernetes.io/managed-by"


class _Reference(Wire):
    kind: str = ""
    namespace: str | None = None
    name: str = ""


class _Result(Wire):
    """One result; `status` and `data` are what v1alpha1 called `result` and `properties`."""

    source: str | None = None
    policy: str | None = None
    rule: str | None = None
    result: str | None = None
    status: str | None = None
    message: str | None = None
    description: str | None = None
    resources: list[_Reference] | None = None
    subjects: list[_Reference] | None = None
    properties: dict[str, str | None] | None = None
    data: dict[str, str | None] | None = None
    timestamp: object = None


class _Report(Wire):
    source: str | None = None
    scope: _Reference | None = None
    results: list[_Result] | None = None


def report(document: Mapping[str, Any], head: Header) -> DecisionReport:
    """The report as an object of the cluster.

    Raises:
        EvidenceError: a result has a type that the report's definition refuses.
    """
    return DecisionReport(header=head, results=len(convert(document, _Report, "").results or ()))


def decisions(document: Mapping[str, Any], head: Header) -> Iterator[AdmissionDecision | EvidenceError]:
    """The results of a report, in order; nothing for an object of another kind.

    The message of a pass is searched for images and left out: a cluster has hundreds of thousands, all alike.
    An EvidenceError stands for results beyond the cap.
    """
    if (group_of(head.api_version), head.kind) not in REPORTS:
        return
    wire = convert(document, _Report, "")
    usual = source_of(wire.source or head.labels.get(_MANAGED_BY, ""))
    outside = _is_outside(document, head)
    made = 0
    for index, result in enumerate(wire.results or ()):
        about = result.resources or result.subjects or ([wire.scope] if wire.scope else [])
        made += max(len(about), 1)
        if made > MAX_DECISIONS:
            limit = f"more than {MAX_DECISIONS:,} decisions in one report; the first are read, split the rest off"
            yield EvidenceError(limit, pointer=f"/results/{index}")
            return
        yield from _of_result(result, about, head, f"/results/{index}", usual, outside=outside)


def _is_outside(document: Mapping[str, Any], head: Header) -> bool:
    """Whether a report is what Kyverno's command line prints: one for all, which no API server has stored.

    Source: kyverno cmd/cli/kubectl-kyverno/report, MergeClusterReports.
    """
    metadata = document.get("metadata")
    stored = isinstance(metadata, dict) and (metadata.get("uid") or metadata.get("resourceVersion"))
    return head.name == "merged" and head.kind in ("ClusterPolicyReport", "ClusterReport") and not stored


def _of_result(
    result: _Result, about: Sequence[_Reference], head: Header, at: str, usual: str, *, outside: bool
) -> Iterator[AdmissionDecision]:
    said = result.message or result.description or ""
    properties = {**(result.data or {}), **(result.properties or {})}
    word = (result.result or result.status or "").strip().lower()
    images = images_in([said, *(value for value in properties.values() if value)])
    source = source_of(result.source) if result.source else usual
    targets: Sequence[_Reference | None] = about or (None,)
    for found in targets:
        yield AdmissionDecision(
            origin=head.origin,
            subject=head.subject,
            pointer=at,
            form="policy-report",
            source=source,
            policy=name(result.policy),
            rule=name(result.rule),
            result=word if word in _RESULTS else "error",
            message="" if word == "pass" else sentence(said),
            resource=_resource(found, head),
            images=images,
            enforced=None,
            time=stamp(result.timestamp),
            outside=outside and source == "kyverno",
        )


def _resource(found: _Reference | None, head: Header) -> tuple[str, str | None, str] | None:
    """What a result is about; an object without a namespace stands in that of a report that has one."""
    if found is None or not found.kind or not found.name:
        return None
    return (name(found.kind), name(found.namespace) or head.namespace, name(found.name))
