"""An audit policy in, what it records of a request out: rules in order, the first that matches counts.

Source: Kubernetes, k8s.io/apiserver/pkg/audit/policy/checker.go (ruleMatches, LevelAndStages): a request that no rule
matches is not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from compliance.model.host import Scalar, Settings

#: Levels, from nothing to everything. Source: Kubernetes, "Auditing", Audit policy.
LEVELS = ("None", "Metadata", "Request", "RequestResponse")
_LISTS = ("users", "userGroups", "verbs", "namespaces", "nonResourceURLs", "omitStages")


class Match(Enum):
    """How many of the requests of an action a rule is about."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


class Action(NamedTuple):
    """A kind of request, whoever makes it, on objects of any name. `resource` may hold a subresource: `pods/exec`.

    `long` is true of one that stays open, whose start is a stage of its own.
    """

    verb: str
    group: str
    resource: str
    namespaced: bool = True
    long: bool = False

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


class Resources(NamedTuple):
    """Resources of one API group, as a rule names them; all of the group when none is named."""

    group: str
    resources: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `at` is its pointer in the policy, `omitted` the stages that it, or the whole policy, leaves out."""

    at: str
    level: str
    users: tuple[str, ...]
    groups: tuple[str, ...]
    verbs: tuple[str, ...]
    namespaces: tuple[str, ...]
    resources: tuple[Resources, ...]
    paths: tuple[str, ...]
    omitted: frozenset[str]

    @property
    def everything(self) -> bool:
        """Whether it is about every request there is."""
        return not any((self.users, self.groups, self.verbs, self.namespaces, self.resources, self.paths))

    def matches(self, action: Action) -> Match:
        """How many of an action's requests it is about."""
        if self.verbs and action.verb not in self.verbs:
            return Match.NONE
        part = bool(self.users or self.groups)
        if self.namespaces or self.resources:
            about = self._matches_resource(action)
            if about is Match.NONE or (self.namespaces and not action.namespaced and "" not in self.namespaces):
                return Match.NONE
            part = part or about is Match.SOME or bool(self.namespaces and action.namespaced)
        elif self.paths:
            return Match.NONE
        return Match.SOME if part else Match.ALL

    def _matches_resource(self, action: Action) -> Match:
        if not self.resources:
            return Match.ALL
        base, _, sub = action.resource.partition("/")
        words = {action.resource, "*", f"{base}/*"} | ({f"*/{sub}"} if sub else set())
        found = Match.NONE
        for one in self.resources:
            if one.group != action.group:
                continue
            if not one.resources:
                return Match.ALL
            if not words.isdisjoint(one.resources):
                if not one.names:
                    return Match.ALL
                found = Match.SOME
        return found

    def records(self, action: Action) -> bool:
        """Whether an event of the action is written at all: its level, and stages that are left."""
        stages = {"RequestReceived", "ResponseComplete", *(("ResponseStarted",) if action.long else ())}
        return self.level != "None" and not stages <= self.omitted


class Recorded(NamedTuple):
    """What a rule does with some or all requests of an action; `rule` is None where no rule matches."""

    rule: Rule | None
    match: Match

    @property
    def level(self) -> str:
        """What is recorded."""
        return self.rule.level if self.rule is not None else "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy. `fault` says why the API server refuses it; empty text for one that it takes."""

    document: Settings
    rules: tuple[Rule, ...]
    fault: str

    def of(self, action: Action) -> tuple[Recorded, ...]:
        """What is recorded of an action: first of the requests that narrower rules are about, last of all others."""
        found: list[Recorded] = []
        for rule in self.rules:
            match = rule.matches(action)
            if match is Match.NONE:
                continue
            found.append(Recorded(rule, match))
            if match is Match.ALL:
                return tuple(found)
        return (*found, Recorded(None, Match.ALL))


def policy_of(document: Settings) -> Policy:
    """The rules of an audit policy, in order."""
    grouped: dict[str, dict[str, Scalar]] = {}
    for pointer, value in document.values.items():
        _, head, number, *rest = (*pointer.split("/", 3), "", "")
        if head == "rules" and number.isascii() and number.isdigit():
            grouped.setdefault(number, {})[rest[0]] = value
    omitted = frozenset(str(one) for one in document.items("/omitStages"))
    rules: list[Rule] = []
    faults: list[str] = []
    for number in sorted(grouped, key=int):
        rule, fault = _rule(f"/rules/{number}", grouped[number], omitted)
        rules.append(rule)
        faults += [f"rule {int(number) + 1} {fault}"] if fault else []
    if not rules:
        faults.append("it has no rule")
    return Policy(document=document, rules=tuple(rules), fault=faults[0] if faults else "")


def _rule(at: str, values: Mapping[str, Scalar], omitted: frozenset[str]) -> tuple[Rule, str]:
    lists: dict[str, list[str]] = {name: [] for name in _LISTS}
    resources: dict[str, dict[str, list[str]]] = {}
    fault = ""
    for pointer, value in values.items():
        name, _, rest = pointer.partition("/")
        if name in lists:
            if rest:
                lists[name].append(str(value))
            elif value not in (None, "[]"):
                fault = f"has {name} that are no list"
        elif name == "resources" and rest:
            number, _, field = rest.partition("/")
            found = resources.setdefault(number, {"group": [], "resources": [], "resourceNames": []})
            key = field.partition("/")[0]
            if key in found and value not in (None, "[]"):
                found[key].append(str(value))
    level = values.get("level")
    if level not in LEVELS:
        fault = "has no level that the API server knows"
    rule = Rule(
        at=at,
        level=str(level),
        users=tuple(lists["users"]),
        groups=tuple(lists["userGroups"]),
        verbs=tuple(lists["verbs"]),
        namespaces=tuple(lists["namespaces"]),
        resources=tuple(
            Resources("".join(one["group"]), tuple(one["resources"]), tuple(one["resourceNames"]))
            for one in resources.values()
        ),
        paths=tuple(lists["nonResourceURLs"]),
        omitted=omitted | frozenset(lists["omitStages"]),
    )
    return rule, fault or _contradiction(rule)


def _contradiction(rule: Rule) -> str:
    """Source: k8s.io/apiserver/pkg/apis/audit/validation, ValidatePolicy."""
    if rule.paths and (rule.resources or rule.namespaces):
        return "names resources and paths at once"
    return ""


def every(actions: Sequence[tuple[str, str]], verbs: Sequence[str]) -> tuple[Action, ...]:
    """Actions of each verb on each resource, which is a pair of API group and name."""
    return tuple(Action(verb, group, resource) for group, resource in actions for verb in verbs)
