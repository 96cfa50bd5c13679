"""A Kubernetes object in; the decisions of a gate that it holds out: reports, statuses, annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.decisions import constraints, reports
from compliance.evidence.decisions.words import name
from compliance.evidence.wire import MetaWire
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.cluster import Header
from compliance.model.evidence import escape
from compliance.model.workload import Pod

#: What Kyverno writes on a pod whose images it verified: a mapping of references to results.
#: Source: kyverno/kyverno api/kyverno/constants.go, AnnotationImageVerify.
_VERIFIED = "kyverno.io/verify-images"
_MAX_ANNOTATION = 256 * 1024
_RESULTS: dict[object, str] = {
    True: "pass",
    False: "fail",
    "true": "pass",
    "false": "fail",
    "pass": "pass",
    "fail": "fail",
    "skip": "skip",
}


def decisions(document: Mapping[str, Any], head: Header) -> Iterator[AdmissionDecision | EvidenceError]:
    """What a report or a constraint says of other objects; nothing for other kinds.

    Raises:
        EvidenceError: a value has a type that its definition refuses.
    """
    yield from reports.decisions(document, head)
    yield from constraints.decisions(document, head)


def on_pod(pod: Pod, meta: MetaWire) -> Iterator[AdmissionDecision]:
    """What a gate wrote on a running pod about its images; nothing for a template, or a pod of no cluster.

    Whoever may write pods may write this annotation where no policy looks: it proves nothing by itself.
    """
    text = (meta.annotations or {}).get(_VERIFIED)
    if pod.template_at or not meta.creation_timestamp or not text or len(text) > _MAX_ANNOTATION:
        return
    try:
        found = msgspec.json.decode(text, type=dict[str, str | bool])
    except (msgspec.DecodeError, RecursionError):
        return
    at = f"/metadata/annotations/{escape(_VERIFIED)}"
    for reference in sorted(found):
        yield AdmissionDecision(
            origin=pod.origin,
            subject=pod.subject,
            pointer=at,
            form="pod-annotation",
            source="kyverno",
            policy="",
            rule="verify-images",
            result=_RESULTS.get(found[reference], "error"),
            message="the pod's own annotation says so",
            resource=(pod.kind, pod.namespace, pod.name),
            images=(name(reference),),
            enforced=None,
            time=None,
        )
