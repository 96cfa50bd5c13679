"""Pod in, verdicts out on the seccomp profile of its containers."""

from __future__ import annotations

from compliance.model.check import Verdict, check
from compliance.model.configuration import Parameters
from compliance.model.evidence import At, escape
from compliance.model.faults import Fault, called, fault_in, judged, not_yet, windows
from compliance.model.outcome import Severity
from compliance.model.workload import Container, Pod

#: The annotations that set seccomp before Kubernetes 1.19. Source: Kubernetes API, removed annotations.
POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
_FILTERED = frozenset({"RuntimeDefault", "Localhost"})
_FIELD = "securityContext/seccompProfile"


@check(
    id="pod-seccomp-baseline",
    title="Seccomp is not switched off for any container",
    severity=Severity.HIGH,
    fix="Set securityContext.seccompProfile.type to RuntimeDefault or Localhost, or remove the field.",
)
def pod_seccomp_baseline(pod: Pod, params: Parameters) -> Verdict:
    """seccompProfile.type of pod and containers is RuntimeDefault or Localhost where the field is set.

    Before Kubernetes 1.19 the old annotations are judged instead. Absent passes.
    Source: Pod Security Standards, baseline, "Seccomp".
    """
    if params.kubernetes.minor < 19:
        return judged(pod, _bad_annotations(pod), "no annotation switches seccomp off")
    return judged(pod, _bad_profiles(pod), "none with seccomp switched off")


@check(
    id="pod-seccomp-restricted",
    title="A seccomp profile is set and in force on every container",
    severity=Severity.MEDIUM,
    fix="Set spec.securityContext.seccompProfile.type to RuntimeDefault.",
)
def pod_seccomp_restricted(pod: Pod, params: Parameters) -> Verdict:
    """RuntimeDefault or Localhost is set on the pod or on every container, and nothing else anywhere.

    Asked from Kubernetes 1.19 on; from 1.25 not of pods with spec.os.name windows.
    Source: Pod Security Standards, restricted, "Seccomp".
    """
    minor = params.kubernetes.minor
    if minor < 19:
        return not_yet(pod, 19)
    if minor >= 25 and pod.is_windows():
        return windows(pod, "seccomp cannot be set there")
    faults = _bad_profiles(pod)
    shared = pod.security.seccomp
    if shared is None or shared.type not in _FILTERED:
        faults += [_unset(pod, each) for each in pod.all_containers() if each.security.seccomp is None]
    return judged(pod, faults, "each with a seccomp profile set")


@check(
    id="pod-seccomp-set",
    title="A seccomp profile is in force on every container",
    severity=Severity.MEDIUM,
    fix="Set spec.securityContext.seccompProfile.type to RuntimeDefault.",
)
def pod_seccomp_set(pod: Pod) -> Verdict:
    """The profile in force is RuntimeDefault or Localhost, the container's before the pod's; absent fails.

    A kubelet may give the runtime's default where nothing is set; the evidence does not show it.
    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.6.2, and CIS Docker Benchmark 1.8.0, 5.22, ask.
    """
    if pod.is_windows():
        return windows(pod, "seccomp cannot be set there")
    shared = pod.security.seccomp
    faults = []
    for container in pod.all_containers():
        profile = container.security.seccomp or shared
        if profile is None:
            faults.append(_unset(pod, container))
        elif profile.type not in _FILTERED:
            place = _place(pod, None if container.security.seccomp is None else container)
            faults.append(Fault(f"{called(container)} runs with seccomp {profile.type}", place))
    return judged(pod, faults, "each with a seccomp profile in force")


def _place(pod: Pod, container: Container | None) -> At:
    return pod.in_spec(f"{_FIELD}/type") if container is None else pod.in_container(container, f"{_FIELD}/type")


def _unset(pod: Pod, container: Container) -> Fault:
    return fault_in(pod, container, _FIELD, "has no seccomp profile set")


def _bad_profiles(pod: Pod) -> list[Fault]:
    """What is set to another type than RuntimeDefault or Localhost, on the pod and on containers."""
    faults = []
    profile = pod.security.seccomp
    if profile is not None and profile.type not in _FILTERED:
        faults.append(Fault(f"the pod sets seccompProfile to {profile.type or 'no type'}", _place(pod, None)))
    for container in pod.all_containers():
        profile = container.security.seccomp
        if profile is not None and profile.type not in _FILTERED:
            words = f"sets seccompProfile to {profile.type or 'no type'}"
            faults.append(fault_in(pod, container, f"{_FIELD}/type", words))
    return faults


def _bad_annotations(pod: Pod) -> list[Fault]:
    """Old annotations of the pod and of containers that it has, set to anything but a profile."""
    keys = [POD_ANNOTATION, *(CONTAINER_ANNOTATION + container.name for container in pod.all_containers())]
    faults = []
    for key in keys:
        value = pod.pod_annotations.get(key)
        if value is None or value in ("runtime/default", "docker/default") or value.startswith("localhost/"):
            continue
        place = pod.at(f"{pod.template_at}/metadata/annotations/{escape(key)}")
        faults.append(Fault(f"annotation {key} is {value or 'empty'}", place))
    return faults
