"""Pod in, verdicts out on the user, the groups and the privileges that its containers run with."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.faults import Fault, called, fault_in, judged, not_yet, windows
from compliance.model.outcome import Severity
from compliance.model.workload import Container, Pod

#: Windows accounts that administer the container or the node. Source: Kubernetes documentation, "Windows security".
WINDOWS_ADMINISTRATORS = frozenset({"containeradministrator", "nt authority\\system", "system", "administrator"})

#: User ids from here on are outside what distributions give to accounts of the node.
HIGH_USER_ID = 10_000


@check(
    id="pod-privilege-escalation-restricted",
    title="No container may gain privileges, as the restricted profile asks",
    severity=Severity.MEDIUM,
    fix="Set securityContext.allowPrivilegeEscalation to false on every container.",
)
def pod_privilege_escalation_restricted(pod: Pod, params: Parameters) -> Verdict:
    """Every container sets allowPrivilegeEscalation to false; absent means true (API default) and fails.

    Asked from Kubernetes 1.8 on; from 1.25 not of pods with spec.os.name windows.
    Source: Pod Security Standards, restricted, "Privilege Escalation".
    """
    minor = params.kubernetes.minor
    if minor < 8:
        return not_yet(pod, 8)
    if minor >= 25 and pod.is_windows():
        return windows(pod, "allowPrivilegeEscalation cannot be set there")
    return _no_escalation(pod)


@check(
    id="pod-privilege-escalation",
    title="No container may gain privileges",
    severity=Severity.MEDIUM,
    fix="Set securityContext.allowPrivilegeEscalation to false on every container.",
)
def pod_privilege_escalation(pod: Pod) -> Verdict:
    """Every container sets allowPrivilegeEscalation to false; absent means true (API default) and fails.

    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.2.6, and CIS Docker Benchmark 1.8.0, 5.26, ask.
    """
    if pod.is_windows():
        return windows(pod, "allowPrivilegeEscalation cannot be set there")
    return _no_escalation(pod)


def _no_escalation(pod: Pod) -> Verdict:
    faults = []
    for container in pod.all_containers():
        value = container.security.allow_privilege_escalation
        if value is not False:
            words = "sets allowPrivilegeEscalation to true" if value else _unset("allowPrivilegeEscalation", "allowed")
            faults.append(fault_in(pod, container, "securityContext/allowPrivilegeEscalation", words))
    return judged(pod, faults, "each with allowPrivilegeEscalation false")


@check(
    id="pod-run-as-non-root-restricted",
    title="Every container must run as non-root, as the restricted profile asks",
    severity=Severity.MEDIUM,
    fix="Set spec.securityContext.runAsNonRoot to true and remove every runAsNonRoot: false.",
)
def pod_run_as_non_root_restricted(pod: Pod, params: Parameters) -> Verdict:
    """runAsNonRoot is true on the pod or on every container, and false nowhere; absent fails.

    From Kubernetes 1.35 not asked when spec.hostUsers is false.
    Source: Pod Security Standards, restricted, "Running as Non-root".
    """
    if params.kubernetes.minor >= 35 and pod.host_users is False:
        return _user_namespace(pod)
    faults = []
    shared = pod.security.run_as_non_root
    if shared is False:
        faults.append(Fault("the pod sets runAsNonRoot to false", pod.in_spec("securityContext/runAsNonRoot")))
    for container in pod.all_containers():
        own = container.security.run_as_non_root
        if own is False:
            faults.append(_non_root_fault(pod, container, "sets runAsNonRoot to false"))
        elif own is None and not shared:
            faults.append(_non_root_fault(pod, container, "does not set runAsNonRoot"))
    return judged(pod, faults, "each with runAsNonRoot true")


def _non_root_fault(pod: Pod, container: Container, words: str) -> Fault:
    return fault_in(pod, container, "securityContext/runAsNonRoot", words)


@check(
    id="pod-run-as-user-restricted",
    title="User id 0 is set nowhere",
    severity=Severity.HIGH,
    fix="Set runAsUser to a number other than 0, or remove it and set runAsNonRoot to true.",
)
def pod_run_as_user_restricted(pod: Pod, params: Parameters) -> Verdict:
    """runAsUser is 0 neither on the pod nor on a container; absent passes.

    Asked from Kubernetes 1.23 on; from 1.35 not when spec.hostUsers is false.
    Source: Pod Security Standards, restricted, "Running as Non-root user".
    """
    minor = params.kubernetes.minor
    if minor < 23:
        return not_yet(pod, 23)
    if minor >= 35 and pod.host_users is False:
        return _user_namespace(pod)
    faults = []
    if pod.security.run_as_user == 0:
        faults.append(Fault("the pod sets runAsUser to 0", pod.in_spec("securityContext/runAsUser")))
    for container in pod.all_containers():
        if container.security.run_as_user == 0:
            faults.append(fault_in(pod, container, "securityContext/runAsUser", "sets runAsUser to 0"))
    return judged(pod, faults, "none with runAsUser 0")


def _user_namespace(pod: Pod) -> Verdict:
    reason = "hostUsers is false: any user is allowed in a user namespace from Kubernetes 1.35 on"
    return passed(reason, at=[pod.in_spec("hostUsers")])


@check(
    id="pod-non-root",
    title="No container runs as root",
    severity=Severity.HIGH,
    fix="Set spec.securityContext.runAsNonRoot to true and runAsUser to a number other than 0.",
    effort=Effort.WORKLOAD,
)
def pod_non_root(pod: Pod) -> Verdict:
    """In force on each container is a runAsUser other than 0, or runAsNonRoot true without runAsUser 0.

    Neither set fails: the image then decides. On Windows runAsUserName takes the place of
    runAsUser and must be no administrator.
    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.2.7, asks.
    """
    judge = _windows_fault if pod.is_windows() else _root_fault
    faults = [fault for container in pod.all_containers() if (fault := judge(pod, container))]
    return judged(pod, faults, "none running as root")


def _root_fault(pod: Pod, container: Container) -> Fault | None:
    user = container.security.run_as_user
    user = pod.security.run_as_user if user is None else user
    if user:
        return None
    if user == 0:
        setting = _in_force(pod, container, container.security.run_as_user, 0, "runAsUser")
        return Fault(f"{called(container)} runs with runAsUser 0", setting)
    non_root = container.security.run_as_non_root
    non_root = pod.security.run_as_non_root if non_root is None else non_root
    if non_root:
        return None
    place = _in_force(pod, container, container.security.run_as_non_root, non_root, "runAsNonRoot")
    seen = (
        "has neither runAsNonRoot nor runAsUser set" if non_root is None else "has runAsNonRoot false and no runAsUser"
    )
    return Fault(f"{called(container)} {seen}, so the image decides", place)


def _windows_fault(pod: Pod, container: Container) -> Fault | None:
    own, shared = container.security.windows, pod.security.windows
    name = own.run_as_user_name if own is not None else None
    if name is None and shared is not None:
        name = shared.run_as_user_name
    if name is not None:
        if name.lower() not in WINDOWS_ADMINISTRATORS:
            return None
        words = f"runs as the Windows account {name}"
        return fault_in(pod, container, "securityContext/windowsOptions/runAsUserName", words)
    non_root = container.security.run_as_non_root
    if non_root or (non_root is None and pod.security.run_as_non_root):
        return None
    return _non_root_fault(pod, container, "has neither runAsNonRoot true nor windowsOptions.runAsUserName")


def _in_force(pod: Pod, container: Container, own: object, value: object, field: str) -> At:
    """The field that put a value in force: the container's, or the pod's where only that is set."""
    if own is None and value is not None:
        return pod.in_spec(f"securityContext/{field}")
    return pod.in_container(container, f"securityContext/{field}")


@check(
    id="pod-root-group",
    title="No container runs with the root group",
    severity=Severity.MEDIUM,
    fix="Set runAsGroup (and fsGroup, supplementalGroups where used) to numbers other than 0.",
    effort=Effort.WORKLOAD,
)
def pod_root_group(pod: Pod) -> Verdict:
    """runAsGroup in force is not 0 on any container, nor are fsGroup and supplementalGroups of the pod.

    Without runAsGroup the image's account decides (group 0 when it has none): NOT_CHECKED, not FAIL,
    because the image can show either. Absent fsGroup and supplementalGroups add no group.
    Source: NSA and CISA, Kubernetes Hardening Guide 1.2, "Non-root containers".
    """
    if pod.is_windows():
        return windows(pod, "group ids do not exist there")
    faults, unset = [], []
    if pod.security.fs_group == 0:
        faults.append(Fault("the pod sets fsGroup to 0", pod.in_spec("securityContext/fsGroup")))
    if 0 in pod.security.supplemental_groups:
        place = pod.in_spec("securityContext/supplementalGroups")
        faults.append(Fault("the pod sets supplementalGroups with 0 among them", place))
    for container in pod.all_containers():
        own = container.security.run_as_group
        group = pod.security.run_as_group if own is None else own
        if group == 0:
            place = _in_force(pod, container, own, group, "runAsGroup")
            faults.append(Fault(f"{called(container)} runs with runAsGroup 0", place))
        elif group is None:
            unset.append(container)
    if unset and not faults:
        reason = (
            f"{called(unset[0])} has no runAsGroup set; its group is that of the image's account, so hand in the image"
        )
        return not_checked(reason, at=[pod.in_container(each, "securityContext/runAsGroup") for each in unset])
    return judged(pod, faults, "none with group 0")


@check(
    id="pod-high-user-id",
    title="Every container runs with a user id of 10000 or more",
    severity=Severity.LOW,
    fix="Set spec.securityContext.runAsUser to 10000 or more.",
    effort=Effort.WORKLOAD,
)
def pod_high_user_id(pod: Pod) -> Verdict:
    """runAsUser in force is 10000 or more, so that it is no account of the node; absent fails.

    Source: project judgement, as trivy KSV-0020 and checkov CKV_K8S_40 ask.
    """
    if pod.is_windows():
        return windows(pod, "runAsUser cannot be set there")
    faults = []
    for container in pod.all_containers():
        own = container.security.run_as_user
        user = pod.security.run_as_user if own is None else own
        if user is None or user < HIGH_USER_ID:
            words = "has no runAsUser set" if user is None else f"runs with runAsUser {user}"
            faults.append(Fault(f"{called(container)} {words}", _in_force(pod, container, own, user, "runAsUser")))
    return judged(pod, faults, f"each with a user id of {HIGH_USER_ID} or more")


@check(
    id="pod-read-only-root",
    title="Every container has a read-only root file system",
    severity=Severity.MEDIUM,
    fix="Set securityContext.readOnlyRootFilesystem to true and mount an emptyDir where the process writes.",
    effort=Effort.WORKLOAD,
)
def pod_read_only_root(pod: Pod) -> Verdict:
    """Every container sets readOnlyRootFilesystem to true; absent means writable (API default) and fails.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.13, asks; NSA and CISA, Kubernetes Hardening Guide 1.2.
    """
    if pod.is_windows():
        return windows(pod, "readOnlyRootFilesystem cannot be set there")
    faults = []
    for container in pod.all_containers():
        value = container.security.read_only_root_filesystem
        if not value:
            words = (
                "sets readOnlyRootFilesystem to false"
                if value is False
                else _unset("readOnlyRootFilesystem", "writable")
            )
            faults.append(fault_in(pod, container, "securityContext/readOnlyRootFilesystem", words))
    return judged(pod, faults, "each with a read-only root file system")


@check(
    id="pod-security-context",
    title="Every container carries a full security context",
    severity=Severity.MEDIUM,
    fix=(
        "Set runAsNonRoot: true and seccompProfile.type: RuntimeDefault on the pod, and allowPrivilegeEscalation: "
        'false, readOnlyRootFilesystem: true and capabilities.drop: ["ALL"] on each container.'
    ),
    effort=Effort.WORKLOAD,
)
def pod_security_context(pod: Pod) -> Verdict:
    """Pod and container together set non-root, seccomp, no escalation, a read-only root and some capability dropped.

    Any of the five missing fails and is named; of Windows pods only non-root is asked.
    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.6.3, asks.
    """
    faults = []
    for container in pod.all_containers():
        missing = _missing_keys(pod, container)
        if missing:
            faults.append(fault_in(pod, container, "securityContext", f"lacks {', '.join(missing)}"))
    return judged(pod, faults, "each with all hardening keys set")


def _missing_keys(pod: Pod, container: Container) -> list[str]:
    own, shared = container.security, pod.security
    if pod.is_windows():
        return ["non-root"] if _windows_fault(pod, container) else []
    missing: list[str] = []
    if _root_fault(pod, container):
        missing.append("non-root")
    if own.allow_privilege_escalation is not False:
        missing.append("allowPrivilegeEscalation: false")
    if own.capabilities is None or not own.capabilities.drop:
        missing.append("dropped capabilities")
    profile = own.seccomp or shared.seccomp
    if profile is None or profile.type not in ("RuntimeDefault", "Localhost"):
        missing.append("a seccomp profile")
    if not own.read_only_root_filesystem:
        missing.append("readOnlyRootFilesystem: true")
    return missing


def _unset(field: str, default: str) -> str:
    return f"does not set {field} (default: {default})"
