"""A role and the power to look for in, the verdict on whom it is granted to out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compliance.model.check import Verdict, failed, listed, not_checked, passed
from compliance.model.cluster import Cluster, Role, RoleBinding
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.rbac import grants, role_key, said, unexpected_subjects

#: The label that has the cluster add a ClusterRole's rules to another one, named after it.
#: Source: Kubernetes documentation, Using RBAC Authorization, "Aggregated ClusterRoles" and "User-facing roles".
_AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-"


#: Groups of grants told in one reason; the places name every rule.
_WORDS_KEPT = 6


@dataclass(frozen=True, slots=True)
class Target:
    """Verbs on a resource. One that is not `namespaced` is reached through a ClusterRoleBinding alone."""

    verbs: tuple[str, ...]
    group: str
    resource: str
    namespaced: bool = True


@dataclass(frozen=True, slots=True)
class Power:
    """What a check looks for. With `named_is_enough`, rules narrowed by resourceNames are let pass."""

    words: str
    targets: tuple[Target, ...]
    named_is_enough: bool = False


@dataclass(frozen=True, slots=True)
class _Grant:
    rule: int
    verbs: tuple[str, ...]
    target: Target
    names: tuple[str, ...]


def _grants(role: Role, power: Power) -> tuple[_Grant, ...]:
    """What of a power each rule gives; a Role never gives anything that has no namespace."""
    found = []
    for number, rule in enumerate(role.rules):
        for target in power.targets:
            if role.header.kind != "ClusterRole" and not target.namespaced:
                continue
            verbs = tuple(verb for verb in target.verbs if grants(rule, verb, target.group, target.resource))
            if verbs:
                found.append(_Grant(number, verbs, target, rule.resource_names))
    return tuple(found)


def _words(found: tuple[_Grant, ...]) -> str:
    """`get, list on secrets; create on pods/exec and pods/attach (only web-0)`."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, None]] = {}
    for grant in found:
        groups.setdefault((grant.verbs, grant.names), {})[grant.target.resource] = None
    texts = []
    for (verbs, names), resources in groups.items():
        narrowed = f" (only {listed(names, limit=4)})" if names else ""
        *others, last = resources
        what = f"{', '.join(others)} and {last}" if others else last
        texts.append(f"{', '.join(verbs)} on {what}{narrowed}")
    return "; ".join(texts[:_WORDS_KEPT]) + ("; ..." if len(texts) > _WORDS_KEPT else "")


def _rules_at(role: Role, found: tuple[_Grant, ...]) -> list[At]:
    return [role.header.at(f"/rules/{number}") for number in sorted({grant.rule for grant in found})]


def bindings_granting(role: Role, cluster: Cluster) -> Iterator[tuple[RoleBinding, str]]:
    """Bindings that hand a role out, with how: by name, or by aggregation into the role they name."""
    for binding in cluster.bindings_of.get(role_key(role), ()):
        yield binding, ""
    if role.header.kind != "ClusterRole":
        return
    for label, value in sorted(role.header.labels.items()):
        if label.startswith(_AGGREGATE_TO) and value == "true":
            target = label.removeprefix(_AGGREGATE_TO)
            for binding in cluster.bindings_of.get((None, target), ()):
                yield binding, f", aggregated into ClusterRole {target}"


def _gives(binding: RoleBinding, found: tuple[_Grant, ...]) -> bool:
    """Whether a binding hands out any of the grants: a RoleBinding only those inside a namespace."""
    return binding.header.kind == "ClusterRoleBinding" or any(grant.target.namespaced for grant in found)


def _through(binding: RoleBinding, how: str) -> str:
    where = "in all namespaces"
    if binding.header.kind != "ClusterRoleBinding":
        where = f"in namespace {binding.header.namespace or '(none stated)'}"
    return f"through {binding.header.kind} {binding.header.name} {where}{how}"


def _unknown_bindings(role: Role, found: tuple[_Grant, ...], cluster: Cluster) -> list[str]:
    """Kinds of binding that could hand a role out and of which nothing was handed in."""
    kinds = ["ClusterRoleBinding"] if role.header.kind == "ClusterRole" else []
    if any(grant.target.namespaced for grant in found):
        kinds.append("RoleBinding")
    return [kind for kind in kinds if not cluster.knows(kind)]


def judge_power(role: Role, cluster: Cluster, params: Parameters, power: Power) -> Verdict:
    """Whether a power goes to nobody but built-in and approved subjects.

    A role that gives the power and to which nobody is bound holds, when bindings were handed in:
    it lets nobody do anything today, and the reason says so.
    """
    every = _grants(role, power)
    found = tuple(grant for grant in every if not (power.named_is_enough and grant.names))
    if not found:
        return _without(role, power, every)
    people, at = [], _rules_at(role, found)
    bound = [(binding, how) for binding, how in bindings_granting(role, cluster) if _gives(binding, found)]
    for binding, how in bound:
        for number, subject in unexpected_subjects(binding, params.rbac_approved_subjects):
            people.append(f"{said(subject, binding)} {_through(binding, how)}")
            at.append(binding.header.at(f"/subjects/{number}"))
    what = f"{role.header.kind} {role.header.name} allows {_words(found)}"
    if people:
        return failed(f"{what}; granted to {listed(people)}", at=at)
    unknown = _unknown_bindings(role, found, cluster)
    if unknown:
        return not_checked(f"{what}; to whom is not known: no {' and no '.join(unknown)} was handed in", at=at)
    if not bound:
        return passed(f"{what}; no binding in the evidence grants it to anybody", at=at)
    at += [binding.header.at("/subjects") for binding, _ in bound]
    return passed(f"{what}; bound only to built-in or approved subjects", at=at)


def _without(role: Role, power: Power, named: tuple[_Grant, ...]) -> Verdict:
    """The verdict on a role that does not give a power, or gives it on named objects only."""
    what = f"{role.header.kind} {role.header.name}"
    if named:
        return passed(f"{what} allows {power.words} on named objects only: {_words(named)}", at=_rules_at(role, named))
    if role.aggregated and not role.rules:
        return not_checked(
            f"{what} is filled by aggregation and its rules are not in this file; hand in the object from the cluster",
            at=[role.header.at("/aggregationRule")],
        )
    return passed(f"no rule of {what} allows {power.words}", at=[role.header.at("/rules")])
