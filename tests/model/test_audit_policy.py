"""An audit policy is walked as the API server walks it."""

from __future__ import annotations

import time

import pytest

from compliance.model.audit_coverage import coverage, records_everything
from compliance.model.audit_policy import Action, Match, policy_of
from compliance.model.host import Form, Scalar, Settings, host_subject
from compliance.model.outcome import Outcome
from tests.model.command_lines import ORIGIN

EXEC = Action("create", "", "pods/exec", long=True)
SECRETS = Action("get", "", "secrets")
NODES = Action("update", "", "nodes", namespaced=False)


def policy(*rules: dict[str, object], omitted: tuple[str, ...] = ()) -> Settings:
    """A policy with these rules, as its reader flattens it."""
    values: dict[str, Scalar] = {"/kind": "Policy"}

    def put(at: str, value: object) -> None:
        if isinstance(value, dict) and value:
            for key, each in value.items():
                put(f"{at}/{key}", each)
        elif isinstance(value, list) and value:
            for number, each in enumerate(value):
                put(f"{at}/{number}", each)
        else:
            values[at] = "[]" if value == [] else "{}" if value == {} else None if value is None else str(value)

    put("/omitStages", list(omitted))
    put("/rules", list(rules))
    return Settings(
        origin=ORIGIN,
        subject=host_subject("one", ORIGIN.path),
        host="one",
        kind="AuditPolicy",
        form=Form.FILE,
        values=values,
    )


def core(*resources: str, names: tuple[str, ...] = ()) -> list[dict[str, object]]:
    return [{"group": "", "resources": list(resources), "resourceNames": list(names)}]


@pytest.mark.parametrize(
    ("rule", "action", "match"),
    [
        ({}, EXEC, Match.ALL),
        ({"resources": core("pods")}, EXEC, Match.NONE),
        ({"resources": core("pods/exec")}, EXEC, Match.ALL),
        ({"resources": core("pods/*")}, EXEC, Match.ALL),
        ({"resources": core("*/exec")}, EXEC, Match.ALL),
        ({"resources": core("*")}, EXEC, Match.ALL),
        ({"resources": core()}, EXEC, Match.ALL),
        ({"resources": [{"group": "apps"}]}, EXEC, Match.NONE),
        ({"resources": core("secrets", names=("one",))}, SECRETS, Match.SOME),
        ({"verbs": ["get"]}, EXEC, Match.NONE),
        ({"verbs": ["get", "create"]}, EXEC, Match.ALL),
        ({"users": ["somebody"]}, EXEC, Match.SOME),
        ({"userGroups": ["some"], "verbs": ["get"]}, EXEC, Match.NONE),
        ({"namespaces": ["kube-system"]}, SECRETS, Match.SOME),
        ({"namespaces": ["kube-system"]}, NODES, Match.NONE),
        ({"namespaces": [""]}, NODES, Match.ALL),
        ({"nonResourceURLs": ["/metrics"]}, SECRETS, Match.NONE),
    ],
)
def test_a_rule_is_about_none_some_or_all_requests(rule: dict[str, object], action: Action, match: Match) -> None:
    """Subresources, groups, names, users and namespaces narrow a rule as in the API server."""
    [found] = policy_of(policy({"level": "Metadata", **rule})).rules
    assert found.matches(action) is match


def test_the_first_rule_that_matches_counts() -> None:
    """A narrower rule speaks for some requests, the next that is about all for the rest."""
    document = policy(
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "Request", "resources": core("secrets")},
        {"level": "Metadata"},
    )
    levels = [(found.level, found.match) for found in policy_of(document).of(SECRETS)]
    assert levels == [("None", Match.SOME), ("Request", Match.ALL)]
    assert coverage(policy_of(document)).outcome is Outcome.FAIL


def test_what_no_rule_matches_is_not_recorded() -> None:
    """There is no level by default."""
    found = policy_of(policy({"level": "Metadata", "verbs": ["create"]})).of(SECRETS)
    assert [one.level for one in found] == ["None"]


def test_rules_are_in_order_of_number() -> None:
    """The eleventh rule is not the second."""
    rules = policy_of(policy(*({"level": "Metadata", "users": [str(number)]} for number in range(12)))).rules
    assert [rule.users for rule in rules] == [(str(number),) for number in range(12)]


def test_an_action_without_a_stage_left_is_not_recorded() -> None:
    """A request that stays open has a stage more, which may be the one that is left."""
    whole = ("RequestReceived", "ResponseComplete")
    [rule] = policy_of(policy({"level": "Metadata"}, omitted=whole)).rules
    assert not rule.records(SECRETS)
    assert rule.records(EXEC)


@pytest.mark.parametrize(
    "rule", [{"level": "Everything"}, {}, {"level": "Metadata", "verbs": "get"}, {"level": None}], ids=str
)
def test_a_policy_that_the_api_server_refuses_is_not_judged(rule: dict[str, object]) -> None:
    """Whatever else it says, it is not in force."""
    found = policy_of(policy({"level": "RequestResponse"}, rule))
    assert found.fault
    assert coverage(found).outcome is Outcome.NOT_CHECKED
    assert records_everything(found).outcome is Outcome.NOT_CHECKED


def test_requests_of_people_must_not_be_left_out() -> None:
    """Only the cluster's own components may be; a rule with users and groups is about those that are both."""
    secrets = {"level": "Metadata", "resources": core("secrets", "configmaps")}
    for own in ({"users": ["system:kube-proxy"]}, {"userGroups": ["system:nodes"], "users": ["somebody"]}):
        found = coverage(policy_of(policy({"level": "None", **own}, secrets, {"level": "Metadata"})))
        assert found.outcome is Outcome.PASS, found.words
        assert "system:" in found.words
    for people in ({"users": ["system:kube-proxy", "root"]}, {"userGroups": ["system:authenticated"]}):
        found = coverage(policy_of(policy({"level": "None", **people}, secrets, {"level": "Metadata"})))
        assert found.outcome is Outcome.FAIL
        assert "rule 1, for some requests" in found.words


def test_a_policy_of_many_rules_is_walked_quickly() -> None:
    """Ten thousand rules that match nothing take seconds at most."""
    document = policy(*({"level": "None", "resources": core("none")} for _ in range(10_000)))
    begun = time.perf_counter()
    assert coverage(policy_of(document)).outcome is Outcome.FAIL
    assert time.perf_counter() - begun < 10
