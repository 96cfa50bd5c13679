"""Decisions of the gate joined to workloads and images: by name, by owner, by digest, and the newest of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.model.admission_decision import AdmissionDecision
from compliance.model.decisions import current, has_decisions, is_enforced, newest, on_workload
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.gate import gate_of
from compliance.model.images import Images
from compliance.model.supply_chain import SupplyChain, join_proof
from compliance.model.workload import Pod
from tests.checks.judging import joined_records
from tests.evidence.kubernetes.reading import one_pod, pod_text, read_all

DECISION = AdmissionDecision(
    origin=Origin(path="r.yaml", sha256="0" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1),
    subject=Subject(id="shop/PolicyReport/r", type=SubjectType.ADMISSION, name="r"),
    pointer="/results/0",
    form="policy-report",
    source="kyverno",
    policy="signed-images",
    rule="signed",
    result="pass",
    message="",
    resource=("Pod", "shop", "web"),
    images=(),
    enforced=None,
    time="2026-08-01T10:00:00Z",
)
OWNED = """apiVersion: v1
kind: Pod
metadata:
  name: web-6d4cf56db6-x7k2p
  namespace: shop
  labels: {pod-template-hash: 6d4cf56db6}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-6d4cf56db6, uid: "1", controller: true}]
spec: {containers: [{name: app, image: app}]}
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: app}]}}
"""


def chain(text: str, *decisions: AdmissionDecision) -> tuple[list[Pod], SupplyChain]:
    """The pods of manifests, and all proof with these decisions."""
    records, errors = read_all(text)
    assert not errors
    images = joined_records(records).images
    pods = [record for record in records if isinstance(record, Pod)]
    return pods, join_proof(images, (), (), (), (), (), (), decisions)


def test_a_decision_is_about_the_object_it_names_alone() -> None:
    """Kind, namespace and name must all be the same."""
    for resource in (("Pod", "other", "web"), ("Deployment", "shop", "web"), ("Pod", "shop", "we"), None):
        (pod,), proof = chain(pod_text(), replace(DECISION, resource=resource))
        assert on_workload(pod, proof) == ()
    (pod,), proof = chain(pod_text(), DECISION)
    assert on_workload(pod, proof) == (DECISION,)


def test_pods_and_their_controller_share_decisions() -> None:
    """A pod is let in by its own decision or its controller's; a controller by those on its pods, too."""
    own = replace(DECISION, resource=("Pod", "shop", "web-6d4cf56db6-x7k2p"))
    above = replace(DECISION, resource=("Deployment", "shop", "web"), pointer="/results/1")
    sibling = replace(DECISION, resource=("Pod", "shop", "web-6d4cf56db6-other"), pointer="/results/2")
    pods, proof = chain(f"{OWNED}---\n{DEPLOYMENT}", own, above, sibling)
    found = {pod.kind: on_workload(pod, proof) for pod in pods}
    assert set(found["Pod"]) == set(found["Deployment"]) == {own, above}


def test_a_manifest_without_namespace_is_of_the_default_one() -> None:
    """As the API server does; a decision in another namespace is about another object."""
    text = pod_text().replace(", namespace: shop", "")
    (pod,), proof = chain(text, replace(DECISION, resource=("Pod", "default", "web")), DECISION)
    assert [one.resource for one in on_workload(pod, proof)] == [("Pod", "default", "web")]


@pytest.mark.parametrize(
    "changes",
    [{"source": "Trivy Vulnerability"}, {"source": "api-server", "form": "audit-event"}, {"form": "pod-annotation"}],
)
def test_scanners_and_answers_of_the_server_are_no_gate(changes: dict[str, str]) -> None:
    """They let nothing in: a workload with no other decision has none."""
    one = replace(DECISION, **changes)  # type: ignore[arg-type]  # texts only
    (pod,), proof = chain(pod_text(), one)
    assert on_workload(pod, proof) == ()
    assert not has_decisions(proof)
    assert proof.gate.about


def test_of_each_policy_the_newest_decision_stands() -> None:
    """Order of files decides nothing; of equal age all stand, and what states no time is never taken for older."""
    old, new = replace(DECISION, result="fail"), replace(DECISION, time="2026-08-02T10:00:00+00:00")
    assert current((old, new)) == current((new, old)) == (new,)
    assert set(newest((old, replace(old, result="pass")))) == {old, replace(old, result="pass")}
    undated = replace(old, time=None)
    assert set(newest((undated, new))) == {undated, new}
    other = replace(old, policy="other")
    assert set(current((old, new, other))) == {new, other}


def test_whether_a_policy_refuses_is_its_own_word_where_the_decision_has_none() -> None:
    """The decision's word first, then the policy's; without the policy nobody knows."""
    policy = """apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: signed-images}
spec: {validationFailureAction: Enforce, rules: [{name: signed, validate: {pattern: {}}}]}
"""
    cluster = joined_records(read_all(policy)[0]).cluster
    assert is_enforced(DECISION, cluster) is True
    assert is_enforced(replace(DECISION, enforced=False), cluster) is False
    assert is_enforced(replace(DECISION, policy="other"), cluster) is None
    assert is_enforced(DECISION, joined_records([]).cluster) is None


def test_digests_are_found_with_and_without_a_name() -> None:
    """A reference with a digest and a bare digest lead to the decision; a tag leads nowhere."""
    digest = "sha256:" + "a" * 64
    named = replace(DECISION, images=(f"registry.example.com/web@{digest}", "registry.example.com/web:1"))
    bare = replace(DECISION, images=(digest,), pointer="/results/1")
    assert gate_of((named, bare), ()).by_digest == {digest: (named, bare)}


def test_no_decisions_make_an_empty_gate() -> None:
    """Evidence without a gate costs nothing and says nothing."""
    proof = join_proof(Images(), (), (), (), (), (), (), ())
    assert not has_decisions(proof)
    assert on_workload(one_pod(pod_text()), proof) == ()
