"""An audit policy in, whether it records the actions that matter, and no secret with them, out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from compliance.model.audit_policy import Action, Match, Policy, Recorded, every
from compliance.model.check import listed
from compliance.model.flags import Answer, answer, shown
from compliance.model.outcome import Outcome

_READS = ("get", "list", "watch")
_CHANGES = ("create", "update", "patch", "delete", "deletecollection")

#: Requests and answers that hold secrets: who asked is recorded, what was said is not.
#: Source of this list and the two that follow: CIS Kubernetes Benchmark 2.0.1, 3.2.2.
_SECRET: tuple[Action, ...] = (
    *every([("", "secrets"), ("", "configmaps")], (*_READS, *_CHANGES)),
    Action("create", "authentication.k8s.io", "tokenreviews", namespaced=False),
)
_ENTERED: tuple[Action, ...] = tuple(
    Action(verb, "", resource, long=True)
    for resource in ("pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy")
    for verb in ("create", "get")
)
_WORKLOADS: tuple[Action, ...] = every(
    [
        ("", "pods"),
        ("apps", "deployments"),
        ("apps", "daemonsets"),
        ("apps", "statefulsets"),
        ("batch", "jobs"),
        ("batch", "cronjobs"),
    ],
    _CHANGES,
)
#: Any other request, of a group that no policy names.
_OTHERS: tuple[Action, ...] = tuple(
    Action(verb, "another-group.example", "things", namespaced=False) for verb in (*_READS, *_CHANGES)
)

#: Parts of the cluster itself, whose own endless requests a policy may leave out: they are told, not failed.
#: Source: Kubernetes, cluster/gce/gci/configure-helper.sh, the audit policy of its own test clusters.
_OWN_USERS = (
    "system:apiserver",
    "system:kube-controller-manager",
    "system:kube-proxy",
    "system:kube-scheduler",
    "system:node-problem-detector",
    "system:volume-scheduler",
    "system:cloud-controller-manager",
    "system:unsecured",
    "kubelet",
)
_OWN_PREFIXES = ("system:node:", "system:serviceaccount:kube-system:")
_OWN_GROUPS = ("system:nodes", "system:serviceaccounts:kube-system")


class _Gap(NamedTuple):
    """What is wrong with a number of actions, by the rule that decides; None where no rule matches."""

    words: str
    actions: list[str]
    at: str


def coverage(policy: Policy) -> Answer:
    """Whether a policy records what matters, and of secrets no content."""
    document = policy.document
    if policy.fault:
        words = f"the API server refuses the audit policy: {policy.fault}"
        return answer(document, Outcome.NOT_CHECKED, words, (document.place("/rules"),))
    gaps: dict[tuple[str, str], _Gap] = {}
    spared: dict[str, None] = {}
    for actions, hides in ((_SECRET, True), (_ENTERED, False), (_WORKLOADS, False), (_OTHERS, False)):
        for action in actions:
            _look(policy, action, gaps, spared, hides=hides)
    if gaps:
        told = [f"{gap.words}: {listed(gap.actions, limit=4)}" for gap in gaps.values()]
        at = tuple(dict.fromkeys(document.place(gap.at) for gap in gaps.values()))
        return answer(document, Outcome.FAIL, "; ".join(told[:6]), at)
    words = "secrets, config maps and tokens are recorded without content; exec, proxies, workloads and all else too"
    if spared:
        words += f"; left out are requests of the cluster's own {shown(listed(spared))}"
    return answer(document, Outcome.PASS, words, tuple(document.place(rule.at) for rule in policy.rules[:20]))


def _look(
    policy: Policy, action: Action, gaps: dict[tuple[str, str], _Gap], spared: dict[str, None], *, hides: bool
) -> None:
    """Note what is wrong with one action, and whose requests are left out of the log."""
    for found in policy.of(action):
        words = _wrong(found, action, hides=hides)
        if not words:
            continue
        if words == _UNRECORDED and _own(found):
            spared.update(dict.fromkeys((*found.rule.users, *found.rule.groups) if found.rule else ()))
            continue
        at = found.rule.at if found.rule is not None else "/rules"
        of = _of(found)
        gap = gaps.setdefault((words, at), _Gap(f"{words} {of}", [], at))
        gap.actions.append(str(action))


_UNRECORDED = "not recorded"


def _wrong(found: Recorded, action: Action, *, hides: bool) -> str:
    if found.rule is None or not found.rule.records(action):
        return _UNRECORDED
    return f"recorded with content ({found.level})" if hides and found.level != "Metadata" else ""


def _of(found: Recorded) -> str:
    if found.rule is None:
        return "because no rule is about it"
    number = int(found.rule.at.rpartition("/")[2]) + 1
    return f"by rule {number}" if found.match is Match.ALL else f"by rule {number}, for some requests"


def _own(found: Recorded) -> bool:
    """Whether a rule is about nobody but parts of the cluster itself."""
    rule = found.rule
    if rule is None or not (rule.users or rule.groups):
        return False
    users = all(user in _OWN_USERS or user.startswith(_OWN_PREFIXES) for user in rule.users)
    groups = all(group in _OWN_GROUPS for group in rule.groups)
    # a rule with users and groups is about requests that match both, so either list confines it
    return (bool(rule.users) and users) or (bool(rule.groups) and groups)


def records_everything(policy: Policy) -> Answer:
    """Whether every request and its answer are recorded whole, at every stage, for everybody."""
    document = policy.document
    if policy.fault:
        words = f"the API server refuses the audit policy: {policy.fault}"
        return answer(document, Outcome.NOT_CHECKED, words, (document.place("/rules"),))
    first = policy.rules[0]
    at = (document.place(first.at),)
    if first.level != "RequestResponse":
        words = f"the first rule of the audit policy records {first.level}, not RequestResponse of every request"
        return answer(document, Outcome.FAIL, words, at)
    if not first.everything:
        words = "the first rule of the audit policy is about some requests only, not about every one"
        return answer(document, Outcome.FAIL, words, at)
    if first.omitted:
        words = f"the audit policy leaves out the stages {shown(listed(sorted(first.omitted)))}"
        return answer(document, Outcome.FAIL, words, at)
    return answer(document, Outcome.PASS, "the audit policy records RequestResponse of every request", at)


def any_recorded(policies: Sequence[Policy]) -> list[Answer]:
    """Whether each policy has a rule that records something."""
    return [_any(policy) for policy in policies]


def _any(policy: Policy) -> Answer:
    document = policy.document
    if policy.fault:
        outcome = Outcome.FAIL if not policy.rules else Outcome.NOT_CHECKED
        words = f"the API server refuses the audit policy: {policy.fault}"
        return answer(document, outcome, words, (document.place("/rules"),))
    recording = [rule for rule in policy.rules if rule.level != "None"]
    if not recording:
        return answer(
            document, Outcome.FAIL, "every rule of the audit policy records None", (document.place("/rules"),)
        )
    words = f"the audit policy has {len(policy.rules)} rules, {len(recording)} of them record"
    return answer(document, Outcome.PASS, words, (document.place(recording[0].at),))
