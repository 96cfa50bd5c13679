"""Policy reports, constraints and annotations of pods: what becomes of each result."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.evidence.decisions import reports
from compliance.evidence.decisions.words import MESSAGE_KEPT, images_in, sentence, stamp
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.cluster import AdmissionPolicy, DecisionReport
from tests.evidence.decisions.reading import decisions, read_all

FILES = Path(__file__).parent / "files"
DIGEST = "sha256:" + "a1" * 32
HEAD = "apiVersion: wgpolicyk8s.io/v1alpha2\nkind: PolicyReport\nmetadata: {name: r, namespace: shop}\n"


def short(one: AdmissionDecision) -> tuple[object, ...]:
    return (one.source, one.policy, one.rule, one.result, one.resource, one.time)


def test_a_report_of_kyverno_gives_each_result_with_its_object() -> None:
    """The report that the Kyverno command line made of four results in openreports.io."""
    found = decisions((FILES / "kyverno-report.yaml").read_bytes())
    booking, debug = ("Deployment", "shop", "booking"), ("Pod", "shop", "debug")
    time = "2026-11-22T04:13:03Z"
    assert [short(one) for one in found] == [
        ("kyverno", "approved-registries", "autogen-from-our-registry", "pass", booking, time),
        ("kyverno", "images-by-digest", "autogen-digest", "pass", booking, time),
        ("kyverno", "approved-registries", "from-our-registry", "fail", debug, time),
        ("kyverno", "images-by-digest", "digest", "fail", debug, time),
    ]
    assert found[2].message.startswith("validation error: Images come from registry.example.com alone.")
    assert found[2].at().pointer == "/results/2"
    assert found[2].form == "policy-report"
    assert found[2].enforced is None
    assert all(one.outside and "its command line, not the cluster's gate" in one.said_by for one in found)


def test_a_report_that_a_cluster_has_stored_is_of_its_gate() -> None:
    """Kyverno's command line prints a report that no API server gave an id; any other is taken for the cluster's."""
    text = (FILES / "kyverno-report.yaml").read_text()
    for changed in (
        text.replace("name: merged", "name: merged\n  uid: 1d2c3b4a-0000-4000-8000-000000000000", 1),
        text.replace("name: merged", "name: cpol-report", 1),
    ):
        found = decisions(changed.encode())
        assert found
        assert not any(one.outside for one in found)
        assert found[0].said_by == "kyverno approved-registries/autogen-from-our-registry"


@pytest.mark.parametrize(
    ("file", "source", "policy"),
    [
        ("validating-policy-report.yaml", "kyverno", "registries-by-expression"),
        ("validating-admission-policy-report.yaml", "validating-admission-policy", "registries-built-in"),
    ],
)
def test_engines_are_told_apart_by_the_source_of_a_result(file: str, source: str, policy: str) -> None:
    """Kyverno reports for the API server's own policies, too, and names those of its own by their kind."""
    found = decisions((FILES / file).read_bytes())
    assert {(one.source, one.policy) for one in found} == {(source, policy)}
    assert ("Pod", "shop", "debug") in {one.resource for one in found if one.result == "fail"}


def test_the_scope_of_a_report_is_what_its_results_are_about() -> None:
    """A report of one object names it once; a result that names objects itself is about these."""
    text = f"""{HEAD}scope: {{apiVersion: v1, kind: Pod, name: web, namespace: shop}}
results:
  - {{source: kyverno, policy: p, rule: a, result: pass}}
  - {{source: kyverno, policy: p, rule: b, result: warn, resources: [{{kind: Pod, name: a1}}, {{kind: Pod, name: a2}}]}}
"""
    assert [(one.rule, one.resource) for one in decisions(text)] == [
        ("a", ("Pod", "shop", "web")),
        ("b", ("Pod", "shop", "a1")),
        ("b", ("Pod", "shop", "a2")),
    ]


def test_the_first_version_of_reports_is_read() -> None:
    """v1alpha1 says `status` and `data` for what later versions call `result` and `properties`."""
    head = HEAD.replace("v1alpha2", "v1alpha1")
    text = f"{head}results:\n  - {{policy: p, status: Fail, data: {{image: 'x/y@{DIGEST}'}}}}\n"
    (one,) = decisions(text)
    assert (one.result, one.images, one.resource) == ("fail", (f"x/y@{DIGEST}",), None)


def test_a_result_of_no_known_word_is_an_error_and_never_a_pass() -> None:
    """A word outside the vocabulary, or none, decides nothing in the workload's favour."""
    text = f"{HEAD}results:\n  - {{policy: p, result: passed}}\n  - {{policy: p}}\n"
    assert [one.result for one in decisions(text)] == ["error", "error"]


def test_the_report_stays_an_object_of_the_cluster() -> None:
    """A report without results is seen; items of a typed list are read as reports."""
    records, errors = read_all(f"{HEAD}results: []\n")
    assert not errors
    assert [type(record) for record in records] == [DecisionReport]
    item = '{"metadata": {"name": "r"}, "results": [{"policy": "p", "result": "pass"}]}'
    listed = f'{{"kind": "PolicyReportList", "apiVersion": "wgpolicyk8s.io/v1alpha2", "items": [{item}]}}'
    assert [one.policy for one in decisions(listed)] == ["p"]


def test_decisions_of_one_report_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results beyond the cap are told as an error with the place; those before it are kept."""
    monkeypatch.setattr(reports, "MAX_DECISIONS", 2)
    text = f"{HEAD}results:\n" + "  - {policy: p, result: pass}\n" * 3
    records, errors = read_all(text)
    assert sum(isinstance(record, AdmissionDecision) for record in records) == 2
    assert [error.pointer for error in errors] == ["/results/2"]
    assert "more than 2 decisions" in str(errors[0])


def test_a_report_with_a_wrong_type_is_refused_with_its_place() -> None:
    """The definition of reports refuses it, and so do we."""
    _, errors = read_all(f"{HEAD}results: [{{policy: 7, result: pass}}]\n")
    assert [error.pointer for error in errors] == ["/results/0/policy"]


CONSTRAINT = """apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sAllowedRepos
metadata: {name: registries}
spec: {enforcementAction: ACTION, parameters: {repos: ["registry.example.com/"]}}
status:
  auditTimestamp: "2026-08-30T08:00:00Z"
  totalViolations: TOTAL
  violations:
    - {enforcementAction: ACTION, kind: Pod, namespace: shop, name: web, message: "image repo <x>"}
"""


@pytest.mark.parametrize(
    ("action", "total", "result", "enforced"),
    [("deny", 1, "fail", True), ("dryrun", 1, "fail", False), ("deny", 40, "error", True), ("scoped", 1, "fail", None)],
)
def test_a_constraint_tells_its_audit_and_each_violation(
    action: str, total: int, result: str, enforced: bool | None
) -> None:
    """The whole is an error when its status leaves violations out: then nobody knows what breaks it."""
    text = CONSTRAINT.replace("ACTION", action).replace("TOTAL", str(total))
    records, _ = read_all(text)
    assert isinstance(records[0], AdmissionPolicy)
    whole, violation = decisions(text)
    assert (whole.result, whole.resource, whole.pointer) == (result, None, "/status/auditTimestamp")
    assert (violation.result, violation.resource) == ("fail", ("Pod", "shop", "web"))
    assert violation.enforced is whole.enforced is enforced
    assert violation.time == "2026-08-30T08:00:00Z"


def test_a_constraint_that_no_audit_has_looked_at_decides_nothing() -> None:
    """A manifest of a constraint, or one just made, has no violations because nobody looked."""
    assert decisions(CONSTRAINT.partition("status:")[0]) == []


def test_what_kyverno_wrote_on_a_running_pod_is_read() -> None:
    """The annotation counts on a pod of a cluster alone; a template or a manifest may say what it likes."""
    annotation = f'{{"registry.example.com/web@{DIGEST}":"pass","other:1":false}}'
    pod = f"""apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  creationTimestamp: "2026-08-01T10:00:00Z"
  annotations: {{kyverno.io/verify-images: '{annotation}'}}
spec: {{containers: [{{name: app, image: x}}]}}
"""
    assert [(one.form, one.result, one.images) for one in decisions(pod)] == [
        ("pod-annotation", "fail", ("other:1",)),
        ("pod-annotation", "pass", (f"registry.example.com/web@{DIGEST}",)),
    ]
    assert decisions(pod.replace('  creationTimestamp: "2026-08-01T10:00:00Z"\n', "")) == []
    assert decisions(pod.replace(annotation, "no json")) == []


def test_images_are_found_in_messages_by_digest_or_full_name() -> None:
    """A path, a host or a word with a colon is no image."""
    texts = [
        f"verified registry.example.com:5000/a/b@{DIGEST}, and {DIGEST}",
        "<registry.example.com/a:1.2> at /spec/x:1",
    ]
    assert images_in(texts) == ("registry.example.com/a:1.2", f"registry.example.com:5000/a/b@{DIGEST}", DIGEST)
    assert images_in(["nginx:1 failed at http://example.com/a path /a/b:c sha256:abc"]) == ()


def test_messages_are_printable_cut_and_without_credentials() -> None:
    """What a policy repeats of an object may hold anything."""
    assert sentence("a\nb\x1b[31m\u202ec") == "a b\\x1b[31m\\u202ec"
    assert "hunter2hunter2" not in sentence("the value PASSWORD=hunter2hunter2 is set")
    assert len(sentence("x " * 5000)) <= MESSAGE_KEPT + 3


@pytest.mark.parametrize(
    "value", [None, {}, {"seconds": 0}, {"seconds": -1}, {"seconds": 10**15}, {"seconds": True}, 7]
)
def test_a_time_that_is_none_is_told_as_none(value: object) -> None:
    """The year 1970 and what no calendar holds are no times of a decision."""
    assert stamp(value) is None
