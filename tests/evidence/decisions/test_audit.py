"""The audit log of the API server: which events are kept, and what each shows."""

from __future__ import annotations

import io
import json
import time

import pytest

from compliance.evidence.decisions import audit
from compliance.evidence.decisions.audit import READER
from compliance.evidence.kubernetes import READER as OBJECTS
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.reader import Slice
from tests.evidence.decisions.reading import POD_SECURITY, decisions, event, lines, read_all

FORBIDDEN = 'pods "web" is forbidden: violates PodSecurity "restricted:latest": privileged'


def shown(text: str) -> list[tuple[str, str, str, str]]:
    return [(one.form, one.source, one.policy, one.result) for one in decisions(text)]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("as_list", [False, True])
def test_events_are_read_in_every_way_they_are_written(indent: int | None, as_list: bool) -> None:
    """JSON lines, indented events and EventLists give the same decisions; only places differ."""
    events = [event(annotations=POD_SECURITY), event(verb="get"), event(annotations=POD_SECURITY)]
    whole = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": events}
    text = json.dumps(whole, indent=indent) if as_list else "\n".join(json.dumps(e, indent=indent) for e in events)
    found = decisions(text)
    assert [one.form for one in found] == ["audit-event", "audit-annotation"] * 2
    assert {one.resource for one in found} == {("Pod", "shop", "web")}
    for one in found:
        piece = text.encode()[one.origin.offset : one.origin.offset + one.origin.length]
        assert json.loads(piece)["verb"] == "create"
        assert text[: one.origin.offset].count("\n") + 1 == one.origin.line
    assert found[2].origin.pointer == ("/items/2" if as_list else "")


def test_no_other_reader_takes_an_audit_log() -> None:
    """Events of the audit log are no objects of the cluster, and objects are no events."""
    head = lines(event()).encode()
    assert READER.identify(head)
    assert not OBJECTS.identify(head)
    for other in (
        '{"kind":"Policy","apiVersion":"audit.k8s.io/v1"}',
        '{"kind":"Event","apiVersion":"v1"}',
        "kind: Event",
    ):
        assert not READER.identify(other.encode())


@pytest.mark.parametrize(
    "changes",
    [
        {"verb": "delete"},
        {"stage": "RequestReceived"},
        {"objectRef": {"resource": "configmaps", "namespace": "shop", "name": "web"}},
        {"objectRef": {"resource": "pods", "namespace": "shop", "name": "web", "subresource": "status"}},
        {"objectRef": {"resource": "deployments", "namespace": "shop", "name": "web", "apiGroup": "example.com"}},
    ],
)
def test_events_that_change_nothing_that_runs_are_left(changes: dict[str, object]) -> None:
    """Reading, deleting, status, the beginnings of requests, and other kinds of object."""
    assert decisions(lines(event(), event(**changes)))[1:] == []


@pytest.mark.parametrize(
    ("code", "message", "source", "policy"),
    [
        (403, FORBIDDEN, "pod-security", "restricted:latest"),
        (
            400,
            'admission webhook "validate.kyverno.svc-fail" denied the request: x',
            "kyverno",
            "validate.kyverno.svc-fail",
        ),
        (
            403,
            'admission webhook "validation.gatekeeper.sh" denied the request: x',
            "gatekeeper",
            "validation.gatekeeper.sh",
        ),
        (
            422,
            "ValidatingAdmissionPolicy 'tags' with binding 'all' denied request: x",
            "validating-admission-policy",
            "tags",
        ),
    ],
)
def test_a_refusal_names_who_refused(code: int, message: str, source: str, policy: str) -> None:
    """The answer's words tell the engine and its policy."""
    answer = {"status": "Failure", "code": code, "reason": "Forbidden", "message": message}
    (one,) = decisions(lines(event(responseStatus=answer)))
    assert (one.form, one.source, one.policy, one.result, one.enforced) == (
        "audit-refusal",
        source,
        policy,
        "fail",
        True,
    )


def test_a_refusal_by_rights_is_none_of_the_gate() -> None:
    """RBAC answers 403, too: that says nothing of policies."""
    answer = {"code": 403, "message": 'pods is forbidden: User "x" cannot create resource "pods"'}
    assert decisions(lines(event(responseStatus=answer))) == []


def test_annotations_of_admission_are_decisions() -> None:
    """Pod Security, ValidatingAdmissionPolicy, webhooks that were asked, and webhooks that failed."""
    failure = [{"message": "no tag", "policy": "tags", "binding": "all", "validationActions": ["Audit"]}]
    asked = {"configuration": "kyverno-resource", "webhook": "w", "mutated": True}
    noted = {
        **POD_SECURITY,
        "pod-security.kubernetes.io/audit-violations": 'would violate PodSecurity "restricted:latest"',
        "validation.policy.admission.k8s.io/validation_failure": json.dumps(failure),
        "mutation.webhook.admission.k8s.io/round_0_index_0": json.dumps(asked),
        "failed-open.validating.webhook.admission.k8s.io/round_0_index_1": "validate.kyverno.svc-ignore",
        "patch.webhook.admission.k8s.io/round_0_index_0": '{"patch":"secret"}',
    }
    assert shown(lines(event(annotations=noted))) == [
        ("audit-event", "api-server", "", "pass"),
        ("audit-failed-open", "kyverno", "validate.kyverno.svc-ignore", "error"),
        ("audit-webhook", "kyverno", "kyverno-resource", "skip"),
        ("audit-annotation", "pod-security", "audit", "warn"),
        ("audit-annotation", "pod-security", "restricted:latest", "pass"),
        ("audit-annotation", "validating-admission-policy", "tags", "fail"),
    ]


def test_of_the_objects_in_an_event_the_images_alone_are_kept() -> None:
    """What the server stored counts before what was asked; nothing else of an object leaves the reader."""
    asked = {
        "metadata": {"generateName": "web-"},
        "spec": {"containers": [{"image": "web:1", "env": [{"value": "hush"}]}]},
    }
    stored = {"metadata": {"name": "web-x"}, "spec": {"containers": [{"image": "web@sha256:" + "a" * 64}]}}
    about = {"resource": "pods", "namespace": "shop"}
    (one,) = decisions(lines(event(objectRef=about, requestObject=asked, responseObject=stored)))
    assert one.resource == ("Pod", "shop", "web-x")
    assert one.images == ("web@sha256:" + "a" * 64,)
    (other,) = decisions(lines(event(objectRef=about, requestObject=asked)))
    assert (other.resource, other.images) == (None, ("web:1",))
    assert "hush" not in repr(other)


def test_a_broken_line_hides_no_other() -> None:
    """Half a line, no JSON, wrong types: an error each, with its line, and all others are read."""
    text = lines(event()) + '{"kind":"Event","verb":\n' + "no json\n" + lines(event(annotations=["x"]), event())
    records, errors = read_all(text)
    assert [record.origin.line for record in records if isinstance(record, AdmissionDecision)] == [1, 5]
    assert [error.line for error in errors] == [2, 3, 4]


def test_hostile_shapes_give_no_decision_in_favour() -> None:
    """Annotations that are no JSON, objects of other shapes, depth, a code that is none."""
    key = "validation.policy.admission.k8s.io/validation_failure"
    deep = "[" * 5000 + "]" * 5000
    for changes in (
        {"annotations": {key: "[{]"}, "responseStatus": {}},
        {"annotations": {key: deep}, "responseStatus": {"code": 0}},
        {"requestObject": [1], "responseObject": {"spec": {"template": []}}, "responseStatus": {}},
    ):
        assert [one.result for one in decisions(lines(event(**changes)))] in ([], ["error"])
    _, errors = read_all(lines(event(), event(requestObject="DEEP")).replace('"DEEP"', "[" * 100_000))
    assert len(errors) == 1


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded: a line above the cap ends the reading with an error that names the cap."""
    monkeypatch.setattr(audit, "MAX_EVENT", 1000)
    monkeypatch.setattr(audit, "_TARGET", 1000)
    text = lines(event()) + '{"verb":"create","resource":"pods","x":"' + "x" * 3_000_000
    found = list(READER.split(io.BytesIO(text.encode())))
    assert isinstance(found[0], Slice)
    assert "one line is longer than 1,000 bytes" in str(found[-1])


def test_slices_cover_the_log_and_count_its_lines() -> None:
    """A log of several slices gives each event once, at its own line."""
    text = lines(*[event(requestURI="x" * 2000, annotations=POD_SECURITY) for _ in range(1500)])
    pieces = [piece for piece in READER.split(io.BytesIO(text.encode())) if isinstance(piece, Slice)]
    assert len(pieces) > 2
    assert sum(piece.length for piece in pieces) == len(text)
    found = decisions(text)
    assert [one.origin.line for one in found[::2]] == list(range(1, 1501))
    assert found[-1].origin.document == 1499


def test_reading_stays_linear() -> None:
    """A log of reads is passed over at a rate that a gigabyte can be waited for."""
    text = lines(event(verb="get", userAgent="x" * 600)) * 20_000
    started = time.process_time()
    assert decisions(lines(event()) + text)[1:] == []
    assert time.process_time() - started < 5
