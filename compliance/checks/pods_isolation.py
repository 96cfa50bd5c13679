"""Pod in, verdicts out on what keeps a pod apart from its node: privilege, host namespaces, proc mount."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, passed
from compliance.model.configuration import Parameters
from compliance.model.faults import Fault, fault_in, judged, not_yet, windows
from compliance.model.outcome import Severity
from compliance.model.workload import Pod


@check(
    id="pod-privileged",
    title="No container runs privileged",
    severity=Severity.CRITICAL,
    fix="Remove securityContext.privileged or set it to false; add the single capabilities that it needs.",
)
def pod_privileged(pod: Pod) -> Verdict:
    """No init, sidecar, regular or ephemeral container sets securityContext.privileged to true.

    Absent means false (API default).
    Source: Pod Security Standards, baseline, "Privileged Containers".
    """
    faults = [
        fault_in(pod, container, "securityContext/privileged", "sets privileged to true")
        for container in pod.all_containers()
        if container.security.privileged
    ]
    return judged(pod, faults, "none privileged")


@check(
    id="pod-host-pid",
    title="The pod does not use the host's process namespace",
    severity=Severity.HIGH,
    fix="Remove spec.hostPID or set it to false.",
)
def pod_host_pid(pod: Pod) -> Verdict:
    """spec.hostPID is not true; absent means false (API default).

    Source: Pod Security Standards, baseline, "Host Namespaces".
    """
    return _not_shared(pod, pod.host_pid, "hostPID", "process")


@check(
    id="pod-host-ipc",
    title="The pod does not use the host's IPC namespace",
    severity=Severity.HIGH,
    fix="Remove spec.hostIPC or set it to false.",
)
def pod_host_ipc(pod: Pod) -> Verdict:
    """spec.hostIPC is not true; absent means false (API default).

    Source: Pod Security Standards, baseline, "Host Namespaces".
    """
    return _not_shared(pod, pod.host_ipc, "hostIPC", "IPC")


@check(
    id="pod-host-network",
    title="The pod does not use the host's network namespace",
    severity=Severity.HIGH,
    fix="Remove spec.hostNetwork or set it to false and publish the ports through a Service.",
)
def pod_host_network(pod: Pod) -> Verdict:
    """spec.hostNetwork is not true; absent means false (API default).

    Source: Pod Security Standards, baseline, "Host Namespaces".
    """
    return _not_shared(pod, pod.host_network, "hostNetwork", "network")


def _not_shared(pod: Pod, value: bool | None, field: str, namespace: str) -> Verdict:
    at = (pod.in_spec(field),)
    if value:
        return failed(f"{field} is true: the pod shares the host's {namespace} namespace", at=at)
    seen = "is false" if value is False else "is not set (default: false)"
    return passed(f"{field} {seen}", at=at)


@check(
    id="pod-host-users",
    title="The pod runs in a user namespace of its own",
    severity=Severity.LOW,
    fix="Set spec.hostUsers to false (Kubernetes 1.33 or newer, with a runtime and file systems that map ids).",
    effort=Effort.WORKLOAD,
)
def pod_host_users(pod: Pod) -> Verdict:
    """spec.hostUsers is false; absent means true (API default): uid 0 inside is uid 0 on the node.

    Source: Kubernetes documentation, "User Namespaces".
    """
    at = (pod.in_spec("hostUsers"),)
    if pod.host_users is False:
        return passed("hostUsers is false: user ids inside are mapped to unprivileged ones on the node", at=at)
    if pod.is_windows():
        return windows(pod, "hostUsers cannot be set there")
    seen = "is true" if pod.host_users else "is not set (default: true)"
    return failed(f"hostUsers {seen}: user ids inside are those of the node", at=at)


@check(
    id="pod-shared-process-namespace",
    title="The containers of the pod do not share one process namespace",
    severity=Severity.LOW,
    fix="Remove spec.shareProcessNamespace or set it to false.",
)
def pod_shared_process_namespace(pod: Pod) -> Verdict:
    """spec.shareProcessNamespace is not true; absent means false (API default).

    Source: Kubernetes documentation, "Share Process Namespace between Containers in a Pod".
    """
    at = (pod.in_spec("shareProcessNamespace"),)
    if pod.share_process_namespace:
        return failed("shareProcessNamespace is true: each container sees the processes of the others", at=at)
    seen = "is false" if pod.share_process_namespace is False else "is not set (default: false)"
    return passed(f"shareProcessNamespace {seen}", at=at)


@check(
    id="pod-host-process",
    title="No container is a Windows HostProcess container",
    severity=Severity.CRITICAL,
    fix="Remove windowsOptions.hostProcess from the pod and its containers, or set it to false.",
)
def pod_host_process(pod: Pod) -> Verdict:
    """windowsOptions.hostProcess is true neither on the pod nor on a container; absent means false.

    Source: Pod Security Standards, baseline, "HostProcess".
    """
    faults = [
        fault_in(
            pod, container, "securityContext/windowsOptions/hostProcess", "sets windowsOptions.hostProcess to true"
        )
        for container in pod.all_containers()
        if container.security.windows is not None and container.security.windows.host_process
    ]
    if pod.security.windows is not None and pod.security.windows.host_process:
        place = pod.in_spec("securityContext/windowsOptions/hostProcess")
        faults.insert(0, Fault("the pod sets windowsOptions.hostProcess to true", place))
    return judged(pod, faults, "none a HostProcess container")


@check(
    id="pod-proc-mount",
    title="No container unmasks /proc outside a user namespace",
    severity=Severity.HIGH,
    fix="Remove securityContext.procMount or set it to Default.",
)
def pod_proc_mount(pod: Pod, params: Parameters) -> Verdict:
    """procMount is absent or Default; from Kubernetes 1.35 any value when spec.hostUsers is false.

    Source: Pod Security Standards, baseline, "/proc Mount Type".
    """
    if params.kubernetes.minor >= 35 and pod.host_users is False:
        return passed("hostUsers is false: procMount is free in a user namespace", at=[pod.in_spec("hostUsers")])
    return _default_proc_mount(pod)


@check(
    id="pod-proc-mount-restricted",
    title="No container unmasks /proc",
    severity=Severity.HIGH,
    fix="Remove securityContext.procMount or set it to Default.",
)
def pod_proc_mount_restricted(pod: Pod, params: Parameters) -> Verdict:
    """procMount is absent or Default, also in a user namespace; asked from Kubernetes 1.35 on.

    Source: Pod Security Standards, restricted; kubernetes/pod-security-admission check "procMount_restricted".
    """
    if params.kubernetes.minor < 35:
        return not_yet(pod, 35)
    return _default_proc_mount(pod)


def _default_proc_mount(pod: Pod) -> Verdict:
    faults = [
        fault_in(pod, container, "securityContext/procMount", f"sets procMount to {container.security.proc_mount}")
        for container in pod.all_containers()
        if container.security.proc_mount is not None and container.security.proc_mount != "Default"
    ]
    return judged(pod, faults, "each with the default proc mount")
