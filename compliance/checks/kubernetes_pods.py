"""Pod in, verdicts out where DISA asks of the pods of users what others ask of all."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, not_applicable, not_checked
from compliance.model.configuration import Parameters
from compliance.model.faults import fault_in, judged
from compliance.model.outcome import Outcome, Severity
from compliance.model.workload import Pod

_FIRST_UNPRIVILEGED = 1024


@check(
    id="pod-user-host-port",
    title="Pods of users take no port of their node below 1024",
    severity=Severity.MEDIUM,
    fix="Use a host port from 1024 on, or publish the port through a Service.",
    effort=Effort.WORKLOAD,
)
def pod_user_host_port(pod: Pod, params: Parameters) -> Verdict:
    """Every host port is 1024 or more; with hostNetwork each declared port is one (API default).

    NOT_APPLICABLE in a system namespace. Source: DISA Kubernetes STIG V2R6, V-242414.
    """
    if pod.namespace in params.system_namespaces:
        words = f"namespace {pod.namespace} is a system namespace, whose pods are not users'"
        return not_applicable(words, at=[pod.at("/metadata/namespace")])
    faults = [
        fault_in(pod, container, f"ports/{index}", f"takes host port {number}")
        for container in pod.all_containers()
        for index, port in enumerate(container.ports)
        if (number := port.host_port or (port.container_port if pod.host_network else None))
        and number < _FIRST_UNPRIVILEGED
    ]
    found = judged(pod, faults, "none taking a host port below 1024")
    if found.outcome is Outcome.FAIL and pod.namespace is None:
        words = "the manifest names no namespace, and system namespaces may take such ports"
        return not_checked(f"{found.reason}; {words}", at=found.at)
    return found
