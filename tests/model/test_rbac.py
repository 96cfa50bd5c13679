"""What a rule of a role grants, as the Kubernetes authorizer compares it."""

from __future__ import annotations

import pytest

from compliance.model.cluster import Header, PolicyRule, RbacSubject, RoleBinding
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.rbac import grants, is_approved, is_builtin_subject, said

ORIGIN = Origin(path="a.yaml", sha256="0" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1)


def rule(verbs: str, groups: str, resources: str, names: str = "") -> PolicyRule:
    return PolicyRule(
        verbs=tuple(verbs.split()),
        api_groups=tuple("" if group == "core" else group for group in groups.split()),
        resources=tuple(resources.split()),
        resource_names=tuple(names.split()),
        non_resource_urls=(),
    )


@pytest.mark.parametrize(
    ("given", "verb", "group", "resource", "expected"),
    [
        (rule("get", "core", "secrets"), "get", "", "secrets", True),
        (rule("get", "apps", "secrets"), "get", "", "secrets", False),
        (rule("list", "core", "secrets"), "get", "", "secrets", False),
        (rule("*", "*", "*"), "create", "", "pods/exec", True),
        (rule("create", "core", "pods"), "create", "", "pods/exec", False),
        (rule("create", "core", "pods/*"), "create", "", "pods/exec", False),
        (rule("create", "core", "*/exec"), "create", "", "pods/exec", True),
        (rule("create", "core", "*/exec"), "create", "", "pods", False),
        (rule("create", "core", "pods/exec"), "create", "", "pods", False),
        (rule("create", "core", "pods", "web-0"), "create", "", "pods", False),
        (rule("create", "core", "pods/exec", "web-0"), "create", "", "pods/exec", True),
        (rule("deletecollection", "core", "pods", "web-0"), "deletecollection", "", "pods", False),
        (rule("get", "core", "secrets", "tls"), "get", "", "secrets", True),
    ],
)
def test_a_rule_grants_what_the_authorizer_allows(
    given: PolicyRule, verb: str, group: str, resource: str, expected: bool
) -> None:
    """Wildcards, subresources and resourceNames count exactly as in the API server."""
    assert grants(given, verb, group, resource) is expected


def binding(*subjects: RbacSubject) -> RoleBinding:
    header = Header(
        origin=ORIGIN,
        subject=Subject(id="shop/RoleBinding/b", type=SubjectType.ROLE_BINDING, name="b"),
        api_version="rbac.authorization.k8s.io/v1",
        kind="RoleBinding",
        name="b",
        namespace="shop",
        labels={},
        annotations={},
    )
    return RoleBinding(header=header, role_kind="Role", role_name="r", subjects=subjects)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (RbacSubject(kind="Group", name="system:masters", namespace=None), True),
        (RbacSubject(kind="Group", name="system:authenticated", namespace=None), False),
        (RbacSubject(kind="Group", name="system:serviceaccounts", namespace=None), False),
        (RbacSubject(kind="User", name="system:node:worker-1", namespace=None), True),
        (RbacSubject(kind="User", name="system:anonymous", namespace=None), False),
        (RbacSubject(kind="User", name="system:serviceaccount:shop:api", namespace=None), False),
        (RbacSubject(kind="User", name="system:serviceaccount:kube-system:job-controller", namespace=None), True),
        (RbacSubject(kind="ServiceAccount", name="job-controller", namespace="kube-system"), True),
        (RbacSubject(kind="ServiceAccount", name="job-controller", namespace="shop"), False),
        (RbacSubject(kind="ServiceAccount", name="tiller", namespace="kube-system"), False),
    ],
)
def test_only_parts_of_the_cluster_itself_are_built_in(subject: RbacSubject, expected: bool) -> None:
    """Nobody becomes built-in by namespace alone, and broad groups never are."""
    assert is_builtin_subject(subject, binding(subject)) is expected


def test_an_approved_subject_matches_by_wildcard_and_nothing_else() -> None:
    """`*` is the only special character of an approved subject."""
    api = RbacSubject(kind="ServiceAccount", name="api", namespace=None)
    assert said(api, binding(api)) == "ServiceAccount shop/api"
    assert is_approved(api, binding(api), ("ServiceAccount:shop/*",))
    assert not is_approved(api, binding(api), ("ServiceAccount:shop/.*", "Group:*", "ServiceAccount:sh?p/api"))
