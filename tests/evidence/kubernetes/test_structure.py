"""Documents, lists and pod templates are found wherever they stand, each with its own bytes, line and pointer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compliance.errors import EvidenceError
from compliance.evidence import splitting
from compliance.evidence.kubernetes import READER
from compliance.evidence.splitting import TARGET
from compliance.model.cluster import OtherObject, TypedList
from compliance.model.reader import Record
from compliance.model.workload import ContainerKind, Pod
from tests.evidence.kubernetes.reading import head, one_pod, pod_text, read_all, slices, subjects

_TEMPLATE = {"spec": {"containers": [{"name": "app", "image": "app"}]}}
_REPLICAS = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-5d4"}
_META = {"name": "web", "namespace": "shop"}


def _object(kind: str, api_version: str, spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": _META, "spec": spec}


_WORKLOADS = [
    (_object("Pod", "v1", _TEMPLATE["spec"]), "shop/Pod/web", "/spec"),
    (
        {"apiVersion": "v1", "kind": "PodTemplate", "metadata": _META, "template": _TEMPLATE},
        "shop/PodTemplate/web",
        "/template/spec",
    ),
    *(
        (_object(kind, api_version, {"template": _TEMPLATE}), f"shop/{kind}/web", "/spec/template/spec")
        for kind, api_version in (
            ("Deployment", "apps/v1"),
            ("Deployment", "extensions/v1beta1"),
            ("ReplicaSet", "apps/v1"),
            ("StatefulSet", "apps/v1"),
            ("DaemonSet", "apps/v1"),
            ("ReplicationController", "v1"),
            ("Job", "batch/v1"),
        )
    ),
    (
        _object("CronJob", "batch/v1", {"jobTemplate": {"spec": {"template": _TEMPLATE, "backoffLimit": 2}}}),
        "shop/CronJob/web",
        "/spec/jobTemplate/spec/template/spec",
    ),
    (
        _object("Rollout", "argoproj.io/v1alpha1", {"template": _TEMPLATE}),
        "shop/Rollout.argoproj.io/web",
        "/spec/template/spec",
    ),
    (
        _object("DeploymentConfig", "apps.openshift.io/v1", {"template": _TEMPLATE}),
        "shop/DeploymentConfig.apps.openshift.io/web",
        "/spec/template/spec",
    ),
    (
        _object("Thing", "x.example/v1", {"deep": [{"podTemplate": _TEMPLATE}]}),
        "shop/Thing.x.example/web",
        "/spec/deep/0/podTemplate/spec",
    ),
]


@pytest.mark.parametrize(("document", "subject", "spec_at"), _WORKLOADS, ids=[case[1] for case in _WORKLOADS])
def test_a_pod_template_is_found_in_every_kind(document: dict[str, Any], subject: str, spec_at: str) -> None:
    """Built-in kinds, custom ones and unknown ones give a Pod record with the pointer of its spec."""
    pod = one_pod(json.dumps(document))
    assert (pod.subject.id, pod.spec_at) == (subject, spec_at)
    assert pod.containers[0].at == f"{spec_at}/containers/0"


def test_several_templates_of_one_object_are_several_pods() -> None:
    """A custom resource with two templates gives two records, told apart by the pointer."""
    document = _object("Cluster", "ray.io/v1", {"head": {"template": _TEMPLATE}, "workers": [{"template": _TEMPLATE}]})
    assert subjects(json.dumps(document)) == [
        "shop/Cluster.ray.io/web#/spec/head/template",
        "shop/Cluster.ray.io/web#/spec/workers/0/template",
    ]


def test_patterns_of_policies_are_no_workloads() -> None:
    """A Kyverno pattern looks like a pod template and is none."""
    document = _object("ClusterPolicy", "kyverno.io/v1", {"rules": [{"validate": {"pattern": _TEMPLATE}}]})
    (record,), _ = read_all(json.dumps(document))
    assert not isinstance(record, Pod)


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        ({}, "/spec/template"),
        ({"template": {}}, "/spec/template/spec"),
        ({"template": {"spec": {}}}, "/spec/template/spec/containers"),
    ],
)
def test_a_workload_without_pods_is_unreadable(spec: Any, pointer: str) -> None:
    """What the API server refuses as a whole is never judged as if it were fine."""
    records, (error,) = read_all(json.dumps(_object("Deployment", "apps/v1", spec)))
    assert not records
    assert error.pointer == pointer


def test_all_kinds_of_containers_are_read() -> None:
    """Init, sidecar, regular and ephemeral containers, in that order."""
    text = pod_text(
        "  initContainers: [{name: i}, {name: s, restartPolicy: Always}]\n  ephemeralContainers: [{name: e}]\n"
    )
    pod = one_pod(text)
    assert [(each.name, each.kind) for each in pod.all_containers()] == [
        ("i", ContainerKind.INIT),
        ("s", ContainerKind.SIDECAR),
        ("app", ContainerKind.REGULAR),
        ("e", ContainerKind.EPHEMERAL),
    ]
    assert pod.init_containers[1].at == "/spec/initContainers/1"


def _owned(kind: str, owner: dict[str, Any], labels: dict[str, str], **spec: Any) -> str:
    api_version = {"Pod": "v1", "Job": "batch/v1"}.get(kind, "apps/v1")
    body = _TEMPLATE["spec"] if kind == "Pod" else {"template": _TEMPLATE, **spec}
    document = _object(kind, api_version, body)
    document["metadata"] = {**_META, "labels": labels, "ownerReferences": [{"controller": True, **owner}]}
    return json.dumps(document)


@pytest.mark.parametrize(
    ("kind", "owner", "labels", "subject"),
    [
        ("Pod", _REPLICAS, {"pod-template-hash": "5d4"}, "shop/Deployment/api"),
        (
            "Pod",
            _REPLICAS,
            {"rollouts-pod-template-hash": "5d4"},
            "shop/Rollout.argoproj.io/api",
        ),
        ("Pod", _REPLICAS, {}, "shop/ReplicaSet/api-5d4"),
        ("Pod", {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}, {}, "shop/StatefulSet/db"),
        ("Pod", {"apiVersion": "batch/v1", "kind": "Job", "name": "once"}, {}, "shop/Job/once"),
        ("Pod", {"apiVersion": "v1", "kind": "Node", "name": "n1"}, {}, "shop/Pod/web"),
        ("Pod", {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "controller": False}, {}, "shop/Pod/web"),
        ("Job", {"apiVersion": "batch/v1", "kind": "CronJob", "name": "night"}, {}, "shop/CronJob/night"),
        ("ReplicaSet", {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}, {}, "shop/Deployment/api"),
        ("Pod", {"apiVersion": "x.example/v1", "kind": "Thing", "name": "t"}, {}, "shop/Thing.x.example/t"),
    ],
)
def test_verdicts_are_said_to_the_controller(
    kind: str, owner: dict[str, Any], labels: dict[str, str], subject: str
) -> None:
    """A pod or replica set that a controller made belongs to that controller."""
    pod = one_pod(_owned(kind, owner, labels))
    assert pod.subject.id == subject
    assert pod.owner == ((owner["kind"], owner["name"]) if owner.get("controller", True) else None)


def test_an_old_revision_runs_nothing() -> None:
    """A controlled replica set of no replicas is listed, not judged; one that nobody controls is judged."""
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}
    (record,), _ = read_all(_owned("ReplicaSet", owner, {}, replicas=0))
    assert isinstance(record, OtherObject)
    assert isinstance(read_all(_owned("ReplicaSet", {**owner, "controller": False}, {}, replicas=0))[0][0], Pod)


_ITEM = {"metadata": {"name": "a", "namespace": "shop"}, "spec": {"template": _TEMPLATE}}


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("sort", [True, False])
def test_typed_lists_give_their_items_a_kind(indent: int | None, sort: bool) -> None:
    """A DeploymentList proves how many there are, also none; its items have the list's kind."""
    listed = {"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {"x": [{}]}, "items": [_ITEM, _ITEM]}
    records, errors = read_all(json.dumps(listed, indent=indent))
    assert not errors
    assert sorted(type(record).__name__ for record in records) == ["Pod", "Pod", "TypedList"]
    empty, _ = read_all(json.dumps({**listed, "items": []}, indent=indent, sort_keys=sort))
    (only,) = empty
    assert isinstance(only, TypedList)
    assert (only.item_kind, only.items) == ("Deployment", 0)


def test_yaml_lists_give_items_their_own_bytes() -> None:
    """Each item of a block-style List can be read by itself, at its own line."""
    item = pod_text().replace("\n", "\n  ").rstrip()
    for indent in ("", "  "):
        body = f"{indent}- " + item.replace("\n", f"\n{indent}")
        text = f"apiVersion: v1\nitems:\n{body}\n# between\n{body}\nkind: PodList\nmetadata: {{}}\n"
        records, errors = read_all(text)
        assert not errors
        pods = [record for record in records if isinstance(record, Pod)]
        assert [pod.origin.pointer for pod in pods] == ["/items/0", "/items/1"]
        assert [pod.origin.inner for pod in pods] == ["/0", "/0"]
        assert [pod.origin.line for pod in pods] == [3, 9]
        assert any(isinstance(record, TypedList) and record.items == 2 for record in records)


def test_nested_lists_are_followed_to_a_depth() -> None:
    """A List in a List gives its items; many levels give an error."""
    value: dict[str, Any] = {"apiVersion": "v1", "kind": "List", "items": [_WORKLOADS[0][0]]}
    nested = {"apiVersion": "v1", "kind": "List", "items": [value]}
    pod = one_pod(json.dumps(nested))
    assert (pod.origin.pointer, pod.origin.inner) == ("/items/0/items/0", "/items/0")
    for _ in range(10):
        nested = {"apiVersion": "v1", "kind": "List", "items": [nested]}
    records, (error,) = read_all(json.dumps(nested))
    assert not records
    assert "lists within each other" in error.message


def _own_bytes(data: bytes, record: Record) -> bytes:
    origin = record.origin if isinstance(record, TypedList) else head(record).origin
    return data[origin.offset : origin.offset + origin.length]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_documents_have_number_line_and_bytes(newline: str, mark: str) -> None:
    """Empty documents and comments count for nothing; the number is None in a file of one."""
    one = pod_text(name="one")
    text = f"{mark}# first\n---\n---\n# nothing\n---\n{one}...\n---\n{pod_text(name='two')}---\n".replace("\n", newline)
    data = text.encode()
    records, errors = read_all(data)
    assert not errors
    origins = [head(record).origin for record in records]
    assert [origin.document for origin in origins] == [0, 1]
    assert [origin.line for origin in origins] == [5, 12]
    assert [data.count(b"\n", 0, origin.offset) + 1 for origin in origins] == [5, 12]
    assert b"name: two" in _own_bytes(data, records[1])
    assert head(read_all((mark + one).replace("\n", newline))[0][0]).origin.document is None


def test_json_objects_may_follow_each_other() -> None:
    """Objects one after the other are documents with numbers and lines."""
    text = "\n".join(json.dumps(_WORKLOADS[0][0]) for _ in range(3))
    records, errors = read_all(text)
    assert not errors
    assert [(head(each).origin.document, head(each).origin.line) for each in records] == [(0, 1), (1, 2), (2, 3)]


def test_an_object_is_none_without_kind() -> None:
    """A document without kind or apiVersion, or of no mapping, is an error of its own."""
    _, errors = read_all(f"apiVersion: v1\nmetadata: {{}}\n---\n- 1\n---\nkind: X\n---\n{pod_text()}")
    assert [error.document for error in errors] == [0, 1, 2]


def test_large_files_are_cut_into_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices cover every document once, with right line and count, whatever the size of the pieces read."""
    text = "---\n".join(pod_text(name=f"p{number}") for number in range(200))
    items = ",\n".join(json.dumps(_WORKLOADS[0][0], indent=1) for _ in range(200))
    dump = f'{{"kind": "PodList", "apiVersion": "v1", "items": [\n{items}\n], "metadata": {{"a": [{{}}]}}}}'
    for size, chunk in ((TARGET, TARGET), (2_000, 700), (300, 64)):
        monkeypatch.setattr(splitting, "TARGET", size)
        monkeypatch.setattr(splitting, "_CHUNK", chunk)
        monkeypatch.setattr(splitting, "HEAD", chunk)
        for source, wanted in ((text, 200), (dump, 201)):
            data = source.encode()
            pieces = [piece for piece in slices(data) if not isinstance(piece, EvidenceError)]
            assert sum(piece.count for piece in pieces) == 200
            assert all(data.count(b"\n", 0, piece.offset) + 1 == piece.line for piece in pieces)
            assert len(pieces) > 5 or size == TARGET
            records, errors = read_all(data)
            assert not errors
            assert len(records) == wanted
            for record in records[::20]:
                assert b"containers" in _own_bytes(data, record) or isinstance(record, TypedList)


def test_a_place_in_a_slice_is_found_again() -> None:
    """The origin's bytes and line give the line of a value in the file."""
    items = ",\n".join(json.dumps(_WORKLOADS[0][0], indent=1) for _ in range(3))
    data = f'{{"apiVersion": "v1", "kind": "List", "items": [\n{items}]}}'.encode()
    pod = read_all(data)[0][2]
    origin = head(pod).origin
    (line,) = READER.locate(_own_bytes(data, pod), origin.line, [f"{origin.inner}/spec/containers/0/image"])
    assert b'"image"' in data.split(b"\n")[line - 1]
    assert line > 2 * items.count("\n") // 3
