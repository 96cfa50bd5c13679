"""Pod in, verdicts out on the resources that its containers ask for and may use."""

from __future__ import annotations

from collections.abc import Mapping

from compliance.model.check import Verdict, check, passed
from compliance.model.faults import fault_in, judged
from compliance.model.outcome import Severity
from compliance.model.workload import Pod


@check(
    id="pod-cpu-limit",
    title="Every container has a CPU limit",
    severity=Severity.LOW,
    fix="Set resources.limits.cpu on every container, or on the pod.",
)
def pod_cpu_limit(pod: Pod) -> Verdict:
    """Every init, sidecar and regular container, or the pod as a whole, sets a CPU limit other than 0.

    The default of a LimitRange does not count: it is not in the workload. Absent fails.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.12, asks.
    """
    return _limited(pod, "cpu", "a CPU limit")


@check(
    id="pod-memory-limit",
    title="Every container has a memory limit",
    severity=Severity.MEDIUM,
    fix="Set resources.limits.memory on every container, or on the pod.",
)
def pod_memory_limit(pod: Pod) -> Verdict:
    """Every init, sidecar and regular container, or the pod as a whole, sets a memory limit other than 0.

    The default of a LimitRange does not count: it is not in the workload. Absent fails.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.11, asks.
    """
    return _limited(pod, "memory", "a memory limit")


@check(
    id="pod-ephemeral-storage-limit",
    title="Every container has a limit of ephemeral storage",
    severity=Severity.LOW,
    fix="Set resources.limits.ephemeral-storage on every container.",
)
def pod_ephemeral_storage_limit(pod: Pod) -> Verdict:
    """Every init, sidecar and regular container sets an ephemeral-storage limit other than 0; absent fails.

    Source: Kubernetes documentation, "Local ephemeral storage".
    """
    return _limited(pod, "ephemeral-storage", "a limit of ephemeral storage")


@check(
    id="pod-cpu-request",
    title="Every container requests CPU",
    severity=Severity.LOW,
    fix="Set resources.requests.cpu on every container, or on the pod.",
)
def pod_cpu_request(pod: Pod) -> Verdict:
    """Every init, sidecar and regular container, or the pod as a whole, requests CPU.

    A request that is absent takes the limit's value (API default), so a limit is enough.
    Source: Kubernetes documentation, "Resource Management for Pods and Containers".
    """
    return _requested(pod, "cpu", "a CPU request")


@check(
    id="pod-memory-request",
    title="Every container requests memory",
    severity=Severity.LOW,
    fix="Set resources.requests.memory on every container, or on the pod.",
)
def pod_memory_request(pod: Pod) -> Verdict:
    """Every init, sidecar and regular container, or the pod as a whole, requests memory.

    A request that is absent takes the limit's value (API default), so a limit is enough.
    Source: Kubernetes documentation, "Resource Management for Pods and Containers".
    """
    return _requested(pod, "memory", "a memory request")


def _limited(pod: Pod, resource: str, words: str) -> Verdict:
    if _is_set(pod.limits, resource):
        return _for_the_pod(pod, "limits", resource, pod.limits[resource])
    field = f"resources/limits/{resource}"
    faults = [
        fault_in(pod, container, field, f"has no {words.removeprefix('a ')}{_zero(container.limits, resource)}")
        for container in pod.init_containers + pod.containers
        if not _is_set(container.limits, resource)
    ]
    return judged(pod, faults, f"each with {words}")


def _requested(pod: Pod, resource: str, words: str) -> Verdict:
    for name, whole in (("requests", pod.requests), ("limits", pod.limits)):
        if _is_set(whole, resource):
            return _for_the_pod(pod, name, resource, whole[resource])
    field = f"resources/requests/{resource}"
    faults = [
        fault_in(pod, container, field, f"has no {words.removeprefix('a ')}{_zero(container.requests, resource)}")
        for container in pod.init_containers + pod.containers
        if not (_is_set(container.requests, resource) or _is_set(container.limits, resource))
    ]
    return judged(pod, faults, f"each with {words}")


def _is_set(quantities: Mapping[str, str], resource: str) -> bool:
    """Whether a quantity other than 0 stands there; 0 means no limit."""
    quantity = quantities.get(resource)
    return quantity is not None and quantity.strip("0.mkKMGTPEi") != ""


def _zero(quantities: Mapping[str, str], resource: str) -> str:
    return f" ({quantities[resource]})" if resource in quantities else ""


def _for_the_pod(pod: Pod, name: str, resource: str, value: str) -> Verdict:
    at = (pod.in_spec(f"resources/{name}/{resource}"),)
    return passed(f"the pod as a whole has {resource} {name[:-1]} {value}", at=at)
