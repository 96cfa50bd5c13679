"""Pod in, verdicts out on what the kernel enforces for it: AppArmor, SELinux, sysctls."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At, escape
from compliance.model.faults import Fault, called, counted, fault_in, judged, told, windows
from compliance.model.outcome import Severity
from compliance.model.workload import Container, Pod, SeLinuxOptions

#: The annotation that set AppArmor before Kubernetes 1.30. Source: Kubernetes API, deprecated annotations.
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_CONFINED = frozenset({"RuntimeDefault", "Localhost"})

#: Source: Pod Security Standards, baseline, "SELinux"; container_engine_t from Kubernetes 1.31 on.
SELINUX_TYPES = frozenset({"container_t", "container_init_t", "container_kvm_t"})
SELINUX_TYPES_1_31 = SELINUX_TYPES | {"container_engine_t"}

#: Types that confine nothing. Source: container-selinux policy.
SELINUX_UNCONFINED = frozenset({"spc_t", "unconfined_t"})

_SYSCTLS_1_0 = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_syncookies",
    }
)
_SYSCTLS_1_27 = _SYSCTLS_1_0 | {"net.ipv4.ip_local_reserved_ports"}
_SYSCTLS_1_29 = _SYSCTLS_1_27 | {
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
}
_SYSCTLS_1_32 = _SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
_SYSCTLS_1_37 = _SYSCTLS_1_32 | {"net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_slow_start_after_idle"}

#: Safe sysctls by the first minor they hold for, newest first. Source: Pod Security Standards, baseline, "Sysctls".
SYSCTLS = ((37, _SYSCTLS_1_37), (32, _SYSCTLS_1_32), (29, _SYSCTLS_1_29), (27, _SYSCTLS_1_27), (0, _SYSCTLS_1_0))


@check(
    id="pod-apparmor",
    title="AppArmor is not switched off for any container",
    severity=Severity.HIGH,
    fix="Remove appArmorProfile and its old annotation, or set the profile to RuntimeDefault or Localhost.",
)
def pod_apparmor(pod: Pod) -> Verdict:
    """appArmorProfile.type of pod and containers is RuntimeDefault or Localhost where the field is set.

    The old annotation is empty, runtime/default or localhost/... where it is set. Absent passes.
    Source: Pod Security Standards, baseline, "AppArmor".
    """
    faults = []
    profile = pod.security.apparmor
    if profile is not None and profile.type not in _CONFINED:
        place = pod.in_spec("securityContext/appArmorProfile/type")
        faults.append(Fault(f"the pod sets appArmorProfile to {_shown(profile.type)}", place))
    for container in pod.all_containers():
        profile = container.security.apparmor
        if profile is not None and profile.type not in _CONFINED:
            words = f"sets appArmorProfile to {_shown(profile.type)}"
            faults.append(fault_in(pod, container, "securityContext/appArmorProfile/type", words))
    for key, value in pod.pod_annotations.items():
        if key.startswith(APPARMOR_ANNOTATION) and not _confines(value):
            faults.append(Fault(f"annotation {key} is {_shown(value)}", _annotation(pod, key)))
    return judged(pod, faults, "none with AppArmor switched off")


@check(
    id="pod-apparmor-set",
    title="Every container has an AppArmor profile or an SELinux type of its own",
    severity=Severity.MEDIUM,
    fix="Set securityContext.appArmorProfile.type to RuntimeDefault (or seLinuxOptions.type on SELinux nodes).",
)
def pod_apparmor_set(pod: Pod) -> Verdict:
    """A profile or an SELinux type is set for each container, by pod or container; Unconfined fails.

    Absent means the runtime's default where the node has AppArmor: that is evidence of the node,
    so NOT_CHECKED.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.2, asks.
    """
    if pod.is_windows():
        return windows(pod, "AppArmor and SELinux do not exist there")
    faults, unset = [], []
    for container in pod.all_containers():
        value, place = _apparmor_of(pod, container)
        if value == "unconfined":
            faults.append(Fault(f"{called(container)} runs with AppArmor Unconfined", place))
        elif not value and not _selinux_type(pod, container):
            unset.append(container)
    if unset and not faults:
        return _depends_on_node(pod, unset, "appArmorProfile", "no AppArmor profile and no SELinux type")
    return judged(pod, faults, "each with an AppArmor profile or an SELinux type set")


def _apparmor_of(pod: Pod, container: Container) -> tuple[str, At]:
    """`set`, `unconfined` or empty text for a container, and what says so: field, annotation, then the pod's field."""
    own, shared = container.security.apparmor, pod.security.apparmor
    if own is not None:
        return _word(own.type), pod.in_container(container, "securityContext/appArmorProfile/type")
    key = APPARMOR_ANNOTATION + container.name
    if pod.pod_annotations.get(key):
        return "set" if _confines(pod.pod_annotations[key]) else "unconfined", _annotation(pod, key)
    if shared is not None:
        return _word(shared.type), pod.in_spec("securityContext/appArmorProfile/type")
    return "", pod.in_container(container, "securityContext/appArmorProfile")


def _word(profile_type: str | None) -> str:
    if profile_type in _CONFINED:
        return "set"
    return "unconfined" if profile_type == "Unconfined" else ""


def _confines(annotation: str) -> bool:
    return annotation in ("", "runtime/default") or annotation.startswith("localhost/")


def _annotation(pod: Pod, key: str) -> At:
    return pod.at(f"{pod.template_at}/metadata/annotations/{escape(key)}")


def _selinux_type(pod: Pod, container: Container) -> str:
    options = container.security.selinux or pod.security.selinux
    return "" if options is None or options.type in SELINUX_UNCONFINED else options.type or ""


def _depends_on_node(pod: Pod, unset: list[Container], field: str, what: str) -> Verdict:
    names = listed(called(container) for container in unset)
    reason = f"{what} set on {names}; whether the node's default holds there needs evidence of the node"
    return not_checked(reason, at=[pod.in_container(container, f"securityContext/{field}") for container in unset])


@check(
    id="pod-selinux",
    title="No custom SELinux type, user or role is set",
    severity=Severity.HIGH,
    fix="Remove seLinuxOptions.user and .role, and set .type to container_t or leave it out.",
)
def pod_selinux(pod: Pod, params: Parameters) -> Verdict:
    """seLinuxOptions.type is absent, empty or of the baseline's list; user and role are absent or empty.

    The list grows with Kubernetes 1.31.
    Source: Pod Security Standards, baseline, "SELinux".
    """
    allowed = SELINUX_TYPES_1_31 if params.kubernetes.minor >= 31 else SELINUX_TYPES
    faults = []
    if pod.security.selinux is not None:
        wrong = _custom(pod.security.selinux, allowed)
        if wrong:
            faults.append(Fault(f"the pod sets SELinux {wrong}", pod.in_spec("securityContext/seLinuxOptions")))
    for container in pod.all_containers():
        if container.security.selinux is not None:
            wrong = _custom(container.security.selinux, allowed)
            if wrong:
                faults.append(fault_in(pod, container, "securityContext/seLinuxOptions", f"sets SELinux {wrong}"))
    return judged(pod, faults, "none with a custom SELinux type, user or role")


def _custom(options: SeLinuxOptions, allowed: frozenset[str]) -> str:
    wrong = [f"type {options.type}"] if options.type and options.type not in allowed else []
    wrong += [f"user {options.user}"] if options.user else []
    wrong += [f"role {options.role}"] if options.role else []
    return " and ".join(wrong)


@check(
    id="pod-selinux-set",
    title="Every container has SELinux options of its own",
    severity=Severity.LOW,
    fix="Set securityContext.seLinuxOptions (type or level) on SELinux nodes.",
    effort=Effort.WORKLOAD,
)
def pod_selinux_set(pod: Pod) -> Verdict:
    """seLinuxOptions with a type or level is in force on each container; a type that confines nothing fails.

    Absent means the runtime gives a type and level where the node has SELinux: that is evidence of
    the node, so NOT_CHECKED.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.3, asks.
    """
    if pod.is_windows():
        return windows(pod, "SELinux does not exist there")
    faults, unset = [], []
    for container in pod.all_containers():
        options = container.security.selinux or pod.security.selinux
        if options is not None and options.type in SELINUX_UNCONFINED:
            words = f"runs with SELinux type {options.type}, which confines nothing"
            faults.append(fault_in(pod, container, "securityContext/seLinuxOptions", words))
        elif options is None or not (options.type or options.level):
            unset.append(container)
    if unset and not faults:
        return _depends_on_node(pod, unset, "seLinuxOptions", "no SELinux options")
    return judged(pod, faults, "each with SELinux options set")


@check(
    id="pod-sysctls",
    title="The pod sets only safe sysctls",
    severity=Severity.MEDIUM,
    fix="Remove from securityContext.sysctls every name outside the safe list of the Pod Security baseline.",
)
def pod_sysctls(pod: Pod, params: Parameters) -> Verdict:
    """Names in securityContext.sysctls are of the safe list; it grew with 1.27, 1.29, 1.32 and 1.37.

    Source: Pod Security Standards, baseline, "Sysctls".
    """
    minor = params.kubernetes.minor
    safe = next(names for first, names in SYSCTLS if minor >= first)
    faults = [
        Fault(f"the pod sets sysctl {sysctl.name}", pod.in_spec(f"securityContext/sysctls/{index}/name"))
        for index, sysctl in enumerate(pod.security.sysctls)
        if sysctl.name not in safe
    ]
    at = [fault.at for fault in faults] or [pod.in_spec("securityContext/sysctls")]
    if faults:
        return failed(told(faults), at=at)
    if not pod.security.sysctls:
        return passed("the pod sets no sysctl", at=at)
    return passed(f"{counted(len(pod.security.sysctls), 'sysctl')} set, none beyond the safe list", at=at)


def _shown(value: str | None) -> str:
    return value or "no type"
