"""The index over all objects: order-free, duplicates kept, one answer for each look-up."""

from __future__ import annotations

from itertools import permutations

from compliance.model.cluster import Header, Role, RoleBinding, ServiceAccount, TypedList
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
