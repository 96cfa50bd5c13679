"""Pod, budgets and autoscalers in, verdicts out on whether a workload outlives a node and an update."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import Cluster
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.outcome import Severity
from compliance.model.workload import Pod

#: Kinds that run a wanted number of pods; absent means one (API default).
SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig", "Rollout"})
#: Kinds that run pods by another rule than a number.
UNSCALED = {
    "DaemonSet": "runs one pod on each node",
    "Job": "runs its pods to their end",
    "CronJob": "runs its pods to their end",
    "Pod": "is one pod",
    "PodTemplate": "makes no pods by itself",
}
#: Updates that replace pods one after the other, by kind; all three kinds do so by default.
ROLLING = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
#: Kinds whose selector must be written out.
SELECTING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
#: Source: CIS Docker Benchmark 1.8.0, 5.15 bounds restarts at five.
RETRIES = 5


@check(
    id="pod-replicas",
    title="The workload runs several replicas",
    severity=Severity.LOW,
    fix="Set spec.replicas, or the autoscaler's minReplicas, to 2 or more.",
    effort=Effort.WORKLOAD,
)
def pod_replicas(pod: Pod, cluster: Cluster, params: Parameters) -> Verdict:
    """spec.replicas, or minReplicas of an autoscaler that scales the workload, reaches the configured minimum.

    Absent means one (API default). Not applicable to kinds without replicas, to workloads scaled to
    zero, and to those that another one owns.
    Source: project judgement, as kube-linter's minimum-three-replicas and kube-score ask.
    """
    at = [pod.at("/spec/replicas")]
    elsewhere = _not_scaled(pod)
    if elsewhere is not None:
        return elsewhere
    number, how, more = _least(pod, cluster)
    if number >= params.minimum_replicas:
        return passed(f"{how}; the minimum asked is {params.minimum_replicas}", at=at + more)
    return failed(f"{how}; the minimum asked is {params.minimum_replicas}", at=at + more)


def _least(pod: Pod, cluster: Cluster) -> tuple[int, str, list[At]]:
    """The least number of pods that runs, in words, and what else says so."""
    scaler = cluster.autoscaler_of.get((pod.namespace, pod.kind, pod.name))
    if scaler is not None:
        least = 1 if scaler.min_replicas is None else scaler.min_replicas
        return least, f"{scaler.header.kind} {scaler.header.name} keeps {least} or more", [scaler.header.at("/spec")]
    if pod.replicas is None:
        return 1, "replicas is not set (default: 1)", []
    return pod.replicas, f"replicas is {pod.replicas}", []


def _not_scaled(pod: Pod) -> Verdict | None:
    """Why the number of replicas is no question of this workload; None when it is one."""
    if pod.owner is not None:
        reason = f"its owner {pod.owner[0]} {pod.owner[1]} decides on replicas"
        return not_applicable(reason, at=[pod.at("/metadata/ownerReferences")])
    if pod.kind in UNSCALED:
        return not_applicable(f"a {pod.kind} {UNSCALED[pod.kind]}", at=[pod.at("/kind")])
    if pod.replicas == 0:
        return not_applicable("replicas is 0: no pod runs", at=[pod.at("/spec/replicas")])
    if pod.kind not in SCALED and pod.replicas is None:
        return not_checked(f"it is not known how many pods a {pod.kind} runs", at=[pod.at("/kind")])
    return None


@check(
    id="pod-spread",
    title="The replicas are spread over nodes",
    severity=Severity.LOW,
    fix="Add topologySpreadConstraints over kubernetes.io/hostname or a podAntiAffinity to the pod template.",
)
def pod_spread(pod: Pod) -> Verdict:
    """The pod has topologySpreadConstraints or a podAntiAffinity; asked of workloads with several replicas.

    The scheduler's own soft default is not counted: the cluster may change it.
    Source: Kubernetes documentation, "Pod Topology Spread Constraints".
    """
    elsewhere = _not_scaled(pod)
    if elsewhere is not None:
        return elsewhere
    if pod.replicas is None or pod.replicas < 2:
        seen = "is not set (default: 1)" if pod.replicas is None else f"is {pod.replicas}"
        return not_applicable(f"replicas {seen}: there is nothing to spread", at=[pod.at("/spec/replicas")])
    if pod.topology_spread_constraints:
        return passed("topologySpreadConstraints are set", at=[pod.in_spec("topologySpreadConstraints")])
    if pod.has_pod_anti_affinity:
        return passed("podAntiAffinity is set", at=[pod.in_spec("affinity/podAntiAffinity")])
    reason = f"{pod.replicas} replicas, but neither topologySpreadConstraints nor podAntiAffinity"
    return failed(reason, at=[pod.in_spec("topologySpreadConstraints")])


@check(
    id="pod-update-strategy",
    title="Updates replace the pods one after the other",
    severity=Severity.LOW,
    fix="Set spec.strategy.type (updateStrategy.type of a StatefulSet or DaemonSet) to RollingUpdate.",
    effort=Effort.WORKLOAD,
)
def pod_update_strategy(pod: Pod) -> Verdict:
    """The update strategy of a Deployment, StatefulSet or DaemonSet is RollingUpdate; absent means so (API default).

    Source: Kubernetes documentation, "Deployments", strategy.
    """
    if pod.kind not in ROLLING:
        return not_applicable(f"a {pod.kind} has no such update strategy", at=[pod.at("/kind")])
    field = "strategy" if pod.kind == "Deployment" else "updateStrategy"
    at = [pod.at(f"/spec/{field}/type")]
    if pod.strategy in (None, "", "RollingUpdate"):
        seen = "is RollingUpdate" if pod.strategy else "is not set (default: RollingUpdate)"
        return passed(f"{field}.type {seen}", at=at)
    return failed(f"{field}.type is {pod.strategy}", at=at)


@check(
    id="pod-disruption-budget",
    title="A disruption budget guards the replicas",
    severity=Severity.LOW,
    fix="Add a PodDisruptionBudget whose selector matches the pods' labels.",
)
def pod_disruption_budget(pod: Pod, cluster: Cluster) -> Verdict:
    """A PodDisruptionBudget of the namespace selects the pods; asked of workloads with several replicas.

    NOT_CHECKED where no PodDisruptionBudget was handed in.
    Source: Kubernetes documentation, "Specifying a Disruption Budget for your Application".
    """
    elsewhere = _not_scaled(pod)
    if elsewhere is not None:
        return elsewhere
    number, how, more = _least(pod, cluster)
    at = [pod.at("/spec/replicas"), *more]
    if number < 2:
        return not_applicable(f"{how}: one pod cannot be both evicted and kept", at=at)
    for budget in cluster.budgets_of(pod.namespace, pod.pod_labels):
        reason = f"PodDisruptionBudget {budget.header.name} selects the pods"
        return passed(reason, at=[budget.header.at("/spec/selector")])
    if not cluster.knows("PodDisruptionBudget"):
        return not_checked("no PodDisruptionBudget was handed in", at=at)
    where = "the manifest's namespace" if pod.namespace is None else f"namespace {pod.namespace}"
    return failed(f"no PodDisruptionBudget of {where} selects the pods ({how})", at=at)


@check(
    id="pod-selector-labels",
    title="The workload's selector matches the labels of its pods",
    severity=Severity.MEDIUM,
    fix="Make every label of spec.selector.matchLabels stand in spec.template.metadata.labels with the same value.",
)
def pod_selector_labels(pod: Pod) -> Verdict:
    """Every label of spec.selector is among the labels of the pod template; else the API refuses the object.

    Source: Kubernetes API, DeploymentSpec.selector.
    """
    if pod.kind not in SELECTING and pod.selector is None:
        return not_applicable(f"this {pod.kind} selects no pods by labels of its own", at=[pod.at("/kind")])
    at = [pod.at("/spec/selector"), pod.at(f"{pod.template_at}/metadata/labels")]
    if not pod.selector:
        return not_checked("the selector names no labels that could be compared", at=at)
    wrong = [
        f"{key}={value} (the pods have {pod.pod_labels.get(key, 'none')})"
        for key, value in pod.selector.items()
        if pod.pod_labels.get(key) != value
    ]
    if wrong:
        return failed(f"the selector asks {listed(wrong)}", at=at)
    return passed("the selector matches the labels of the pods", at=at)


@check(
    id="pod-job-retries",
    title="A job gives up after at most five retries",
    severity=Severity.LOW,
    fix="Set backoffLimit to 5 or less.",
)
def pod_job_retries(pod: Pod) -> Verdict:
    """backoffLimit of a Job or CronJob is 5 or less; absent means 6 (API default) and fails.

    Other workloads restart without end by design: not applicable.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.15, asks.
    """
    if pod.kind not in ("Job", "CronJob"):
        return not_applicable(f"a {pod.kind} does not count retries", at=[pod.at("/kind")])
    at = [pod.at("/spec/jobTemplate/spec/backoffLimit" if pod.kind == "CronJob" else "/spec/backoffLimit")]
    if pod.backoff_limit is None:
        return failed("backoffLimit is not set (default: 6)", at=at)
    if pod.backoff_limit > RETRIES:
        return failed(f"backoffLimit is {pod.backoff_limit}", at=at)
    return passed(f"backoffLimit is {pod.backoff_limit}", at=at)
