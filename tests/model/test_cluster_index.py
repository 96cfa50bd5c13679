"""The index over all objects: order-free, duplicates kept, one answer for each look-up."""

from __future__ import annotations

from itertools import permutations

from compliance.model.cluster import (
    Header,
    LabelSelector,
    NetworkPolicy,
    Role,
    RoleBinding,
    ServiceAccount,
    TypedList,
    WorkloadEntry,
)
from compliance.model.cluster_index import index
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.rbac import bound_role_key, role_key


def header(kind: str, name: str, namespace: str | None, path: str = "a.yaml") -> Header:
    return Header(
        origin=Origin(path=path, sha256="0" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1),
        subject=Subject(id=f"{namespace}/{kind}/{name}", type=SubjectType.OBJECT, name=name),
        api_version="v1",
        kind=kind,
        name=name,
        namespace=namespace,
        labels={},
        annotations={},
    )


def account(path: str) -> ServiceAccount:
    return ServiceAccount(
        header=header("ServiceAccount", "api", "shop", path), automount_token=None, secrets=(), image_pull_secrets=()
    )


def workload(name: str, labels: dict[str, str]) -> WorkloadEntry:
    found = header("Deployment", name, "shop")
    return WorkloadEntry(
        origin=found.origin,
        subject=found.subject,
        kind="Deployment",
        name=name,
        namespace="shop",
        replicas=None,
        pod_labels=labels,
        service_account_name=None,
        automount_service_account_token=None,
        host_network=None,
        spec_at="/spec/template/spec",
        container_ports=(),
        host_ports=(),
        config_maps=(),
        secrets=(),
        images=(),
    )


def test_the_order_of_records_changes_nothing() -> None:
    """Duplicates stay side by side and the look-up gives the first by path."""
    records = [account("b.yaml"), account("a.yaml"), account("c.yaml")]
    clusters = [index(order, ()) for order in permutations(records)]
    assert all(cluster == clusters[0] for cluster in clusters)
    assert len(clusters[0].service_accounts) == 3
    assert clusters[0].service_account_named[("shop", "api")].header.origin.path == "a.yaml"


def test_an_empty_typed_list_makes_a_kind_known() -> None:
    """Absence is proven by a typed list, and by nothing less."""
    origin = header("x", "x", None).origin
    cluster = index([TypedList(origin=origin, item_kind="NetworkPolicy", items=0)], ())
    assert cluster.knows("NetworkPolicy")
    assert not cluster.knows("Service")
    assert cluster.at_list("NetworkPolicy")


def test_a_role_without_a_namespace_is_not_taken_for_a_cluster_role() -> None:
    """A binding finds the kind of role it names."""
    role = Role(header=header("Role", "reader", None), rules=(), aggregated=False)
    cluster_role = Role(header=header("ClusterRole", "reader", None), rules=(), aggregated=False)
    bound = RoleBinding(header=header("RoleBinding", "b", None), role_kind="Role", role_name="reader", subjects=())
    cluster = index([role, cluster_role, bound], ())
    assert cluster.role_named[bound_role_key(bound)] is role
    assert cluster.bindings_of.get(role_key(cluster_role)) is None


def test_look_up_by_labels_finds_what_a_scan_finds() -> None:
    """Workloads, policies and budgets are found by their labels as if each were tried."""
    selectors = [
        LabelSelector(match_labels=dict(labels), match_expressions=expressions)
        for labels in ((), (("app", "a"),), (("app", "b"), ("tier", "x")))
        for expressions in ((), (("tier", "Exists", ()),), (("app", "NotIn", ("a",)),))
    ]
    policies = [
        NetworkPolicy(
            header=header("NetworkPolicy", f"p{number}", "shop"),
            pod_selector=selector,
            types=("Ingress",),
            ingress=(),
            egress=(),
        )
        for number, selector in enumerate(selectors)
    ]
    labels = [{}, {"app": "a"}, {"app": "b", "tier": "x"}, {"app": "b"}, {"tier": "x"}]
    entries = [workload(f"w{number}", found) for number, found in enumerate(labels)]
    cluster = index(policies, entries)
    for selector in selectors:
        found = cluster.selected("shop", selector)
        assert found == tuple(e for e in entries if selector.selects(e.pod_labels))
    for pod in labels:
        assert cluster.policies_of("shop", pod) == tuple(p for p in policies if p.pod_selector.selects(pod))
        assert cluster.policies_of("other", pod) == ()
