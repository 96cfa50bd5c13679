"""Pod in, verdicts out on its probes and hooks."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.model.check import Effort, Verdict, check, failed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.faults import Fault, fault_in, holding, judged, no_containers, not_yet, told
from compliance.model.outcome import Severity
from compliance.model.workload import Container, Pod, Probe

#: Kinds whose pods run to their end.
TO_THE_END = frozenset({"Job", "CronJob"})


@check(
    id="pod-liveness-probe",
    title="Every long-running container has a liveness probe",
    severity=Severity.MEDIUM,
    fix="Add a livenessProbe that fails when the process no longer works.",
    effort=Effort.WORKLOAD,
)
def pod_liveness_probe(pod: Pod) -> Verdict:
    """Every regular container of a long-running pod has a livenessProbe; absent fails.

    Pods that run to their end (Job, CronJob, restartPolicy Never or OnFailure) are not asked.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.27, asks.
    """
    ends = _ends(pod)
    if ends is not None:
        return ends
    without = [container for container in pod.containers if container.liveness is None]
    faults = [fault_in(pod, container, "livenessProbe", "has no liveness probe") for container in without]
    return judged(pod, faults, "a liveness probe on each regular one")


@check(
    id="pod-readiness-probe",
    title="Every long-running container has a readiness probe",
    severity=Severity.LOW,
    fix="Add a readinessProbe that fails while the container cannot serve.",
    effort=Effort.WORKLOAD,
)
def pod_readiness_probe(pod: Pod) -> Verdict:
    """Every regular container of a long-running pod has a readinessProbe; absent fails.

    Pods that run to their end (Job, CronJob, restartPolicy Never or OnFailure) are not asked.
    Source: Kubernetes documentation, "Liveness, Readiness, and Startup Probes".
    """
    ends = _ends(pod)
    if ends is not None:
        return ends
    without = [container for container in pod.containers if container.readiness is None]
    faults = [fault_in(pod, container, "readinessProbe", "has no readiness probe") for container in without]
    return judged(pod, faults, "a readiness probe on each regular one")


def _ends(pod: Pod) -> Verdict | None:
    """NOT_APPLICABLE for a pod that runs to its end."""
    if pod.restart_policy in ("Never", "OnFailure"):
        reason = f"restartPolicy is {pod.restart_policy}: the pod runs to its end"
        return not_applicable(reason, at=[pod.in_spec("restartPolicy")])
    if pod.kind in TO_THE_END:
        return not_applicable(f"the pod of a {pod.kind} runs to its end", at=[pod.at("/kind")])
    return None


@check(
    id="pod-probes-differ",
    title="Liveness and readiness probes differ",
    severity=Severity.LOW,
    fix="Let the livenessProbe ask less than the readinessProbe, so that a busy container is not restarted.",
    effort=Effort.WORKLOAD,
)
def pod_probes_differ(pod: Pod) -> Verdict:
    """No container asks the same action of its livenessProbe and its readinessProbe.

    Not applicable where no container has both.
    Source: Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes".
    """
    both = [each for each in pod.all_containers() if each.liveness is not None and each.readiness is not None]
    faults = [
        fault_in(pod, container, "livenessProbe", "asks the same of its liveness and readiness probes")
        for container in both
        if container.liveness is not None
        and container.readiness is not None
        and container.liveness.text == container.readiness.text
    ]
    if not both and pod.all_containers():
        return not_applicable("no container has both a liveness and a readiness probe", at=pod.whole_containers())
    return judged(pod, faults, "none with the same liveness and readiness probe")


@check(
    id="pod-probe-port",
    title="Every probe asks a port that its container declares",
    severity=Severity.LOW,
    fix="Set the probe's port to a number or name that stands in the container's ports.",
)
def pod_probe_port(pod: Pod) -> Verdict:
    """The port of each HTTP, TCP or gRPC probe is among the container's ports; a name must be.

    A number cannot be compared where the container declares no ports: NOT_CHECKED. Not
    applicable without such probes.
    Source: Kubernetes API, HTTPGetAction and TCPSocketAction: a name refers to a port of the container.
    """
    containers = pod.all_containers()
    if not containers:
        return no_containers(pod)
    faults: list[Fault] = []
    undeclared: list[Fault] = []
    asked = 0
    for container in containers:
        for field, probe in _probes(container):
            if probe.port is None or probe.action not in ("httpGet", "tcpSocket", "grpc"):
                continue
            asked += 1
            if not _declares(container, probe.port):
                words = f"probes port {probe.port} in its {field}, which is not among its ports"
                fault = fault_in(pod, container, f"{field}/{probe.action}/port", words)
                (faults if container.ports or _is_name(probe.port) else undeclared).append(fault)
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    if undeclared:
        reason = f"{told(undeclared)}: it declares none, so the number cannot be compared"
        return not_checked(reason, at=[fault.at for fault in undeclared])
    if not asked:
        return not_applicable("no container has a probe that asks a port", at=pod.whole_containers())
    return passed(holding(asked, "probe", "each of a declared port"), at=pod.whole_containers())


def _declares(container: Container, port: int | str) -> bool:
    if _is_name(port):
        return any(declared.name == port for declared in container.ports)
    return any(declared.container_port == int(port) for declared in container.ports)


def _is_name(port: int | str) -> bool:
    # A port written as text of digits only is taken as a number: the API refuses such a name.
    return isinstance(port, str) and not (port.isascii() and port.isdecimal())


def _probes(container: Container) -> Iterator[tuple[str, Probe]]:
    if container.liveness is not None:
        yield "livenessProbe", container.liveness
    if container.readiness is not None:
        yield "readinessProbe", container.readiness
    if container.startup is not None:
        yield "startupProbe", container.startup


def _hooks(container: Container) -> Iterator[tuple[str, Probe]]:
    if container.post_start is not None:
        yield "lifecycle/postStart", container.post_start
    if container.pre_stop is not None:
        yield "lifecycle/preStop", container.pre_stop


@check(
    id="pod-probe-host",
    title="No probe or hook names another host",
    severity=Severity.MEDIUM,
    fix="Remove httpGet.host and tcpSocket.host from probes and lifecycle hooks.",
)
def pod_probe_host(pod: Pod, params: Parameters) -> Verdict:
    """httpGet.host and tcpSocket.host of probes and hooks are absent or empty: the pod itself is asked.

    Asked from Kubernetes 1.34 on.
    Source: Pod Security Standards, baseline, "Host Probes / Lifecycle Hooks".
    """
    if params.kubernetes.minor < 34:
        return not_yet(pod, 34)
    faults = []
    for container in pod.all_containers():
        for field, probe in (*_probes(container), *_hooks(container)):
            if probe.host:
                words = f"names host {probe.host} in its {field}"
                faults.append(fault_in(pod, container, f"{field}/{probe.action}/host", words))
    return judged(pod, faults, "no probe or hook naming a host")
