"""Disruption budgets and autoscalers in, verdicts out."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.cluster import Autoscaler, Cluster, DisruptionBudget, WorkloadEntry
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.outcome import Severity


def _selected(budget: DisruptionBudget, cluster: Cluster) -> tuple[WorkloadEntry, ...]:
    return cluster.selected(budget.header.namespace, budget.selector) if budget.selector is not None else ()


@check(
    id="budget-allows-eviction",
    title="The disruption budget lets a node be drained",
    severity=Severity.LOW,
    effort=Effort.WORKLOAD,
    fix="Set maxUnavailable to 1 or more, or minAvailable below the number of replicas.",
)
def budget_allows_eviction(budget: DisruptionBudget, cluster: Cluster) -> Verdict:
    """At least one pod may be evicted: maxUnavailable is not 0, minAvailable is below 100% and below the replicas seen.

    A budget that never gives way keeps nodes from being patched. A number in minAvailable is
    compared where the one workload it selects states its replicas, else it is not judged.
    Source: Kubernetes, "Specifying a Disruption Budget", Think about how your application reacts to disruptions.
    """
    header = budget.header
    if budget.max_unavailable is not None:
        at = [header.at("/spec/maxUnavailable")]
        if budget.max_unavailable in ("0", "0%"):
            return failed(f"maxUnavailable is {budget.max_unavailable}: no pod may ever be evicted", at=at)
        return passed(f"maxUnavailable is {budget.max_unavailable}", at=at)
    at = [header.at("/spec/minAvailable")]
    least = budget.min_available
    if least is None:
        return passed("neither minAvailable nor maxUnavailable is set: the budget holds no pod back", at=at)
    if least == "100%":
        return failed("minAvailable is 100%: no pod may ever be evicted", at=at)
    if not least.isdecimal() or least == "0":
        return passed(f"minAvailable is {least}", at=at)
    return _against_replicas(least, _selected(budget, cluster), at)


def _against_replicas(least: str, entries: tuple[WorkloadEntry, ...], at: list[At]) -> Verdict:
    """minAvailable as a number, against the replicas of the workloads that a budget selects.

    A Deployment's old replica sets, at 0, read as that Deployment; the highest number counts.
    """
    stated: dict[str, int] = {}
    for entry in entries:
        if entry.replicas is not None:
            stated[entry.said()] = max(entry.replicas, stated.get(entry.said(), 0))
    if not stated:
        return not_checked(f"minAvailable is {least}; how many replicas it is of is not in the evidence", at=at)
    total = sum(stated.values())
    words = f"minAvailable is {least} of {total} replicas of {listed(stated)}"
    places = [*at, *(entry.at("/spec/replicas") for entry in entries if entry.replicas is not None)]
    wide = len(least) > len(str(total)) or int(least) >= total
    return failed(f"{words}: no pod may ever be evicted", at=places) if wide else passed(words, at=places)


@check(
    id="budget-selects",
    title="The disruption budget selects at least one workload",
    severity=Severity.LOW,
    fix="Correct the selector to the labels of the pods, or remove the budget.",
)
def budget_selects(budget: DisruptionBudget, cluster: Cluster) -> Verdict:
    """The selector matches the pods of a workload in the budget's namespace; an absent one matches none.

    Source: Kubernetes API, PodDisruptionBudgetSpec.selector.
    """
    header = budget.header
    at = [header.at("/spec/selector")]
    if budget.selector is None:
        return failed("the budget has no selector and protects nothing", at=at)
    entries = cluster.workloads_in.get(header.namespace, ())
    if not entries:
        where = header.namespace or "a namespace that the file does not name"
        return not_checked(f"no workload in {where} was handed in", at=at)
    selected = _selected(budget, cluster)
    if not selected:
        return failed(f"the budget selects none of {len(entries)} workloads of its namespace", at=at)
    return passed(f"selects {listed(dict.fromkeys(entry.said() for entry in selected))}", at=at)


@check(
    id="autoscaler-target",
    title="The workload an autoscaler scales exists",
    severity=Severity.LOW,
    fix="Correct scaleTargetRef, or remove the autoscaler.",
)
def autoscaler_target(autoscaler: Autoscaler, cluster: Cluster) -> Verdict:
    """scaleTargetRef names a workload in the evidence. Source: Kubernetes API, HorizontalPodAutoscalerSpec."""
    header = autoscaler.header
    at = [header.at("/spec/scaleTargetRef")]
    what = f"{autoscaler.target_kind} {autoscaler.target_name}"
    target = cluster.workload_named.get((header.namespace, autoscaler.target_kind, autoscaler.target_name))
    if target is not None:
        return passed(f"{what} stands in the evidence", at=[*at, target.at()])
    if not cluster.knows(autoscaler.target_kind):
        return not_checked(f"whether {what} exists is not known: no {autoscaler.target_kind} was handed in", at=at)
    return failed(f"{what} is not in the evidence", at=at)


@check(
    id="autoscaler-minimum",
    title="The autoscaler keeps enough replicas",
    severity=Severity.LOW,
    fix="Raise minReplicas to the least number of replicas that the organisation asks for.",
)
def autoscaler_minimum(autoscaler: Autoscaler, params: Parameters) -> Verdict:
    """minReplicas is at least the organisation's least number of replicas (2 where nobody set one).

    Absent means 1 (Kubernetes API default). Source: Kubernetes API, HorizontalPodAutoscalerSpec.minReplicas.
    """
    at = [autoscaler.header.at("/spec/minReplicas")]
    seen = "not set, so 1" if autoscaler.min_replicas is None else str(autoscaler.min_replicas)
    if (1 if autoscaler.min_replicas is None else autoscaler.min_replicas) < params.minimum_replicas:
        return failed(f"minReplicas is {seen}, below {params.minimum_replicas}", at=at)
    return passed(f"minReplicas is {seen}", at=at)
