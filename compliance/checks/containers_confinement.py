"""Docker container in, verdicts out on the kernel's means that confine it: AppArmor, SELinux, seccomp, capabilities."""

from __future__ import annotations

from compliance.model.capabilities import DOCKER_DEFAULT, plain
from compliance.model.check import Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.container_words import on_windows, security_option, unstated
from compliance.model.docker import DockerContainer
from compliance.model.outcome import Severity

_OPTIONS = "/HostConfig/SecurityOpt"


@check(
    id="container-apparmor",
    title="The container runs under an AppArmor profile",
    severity=Severity.MEDIUM,
    fix="Start the container without --security-opt apparmor=unconfined, on a host with AppArmor enabled.",
)
def container_apparmor(container: DockerContainer) -> Verdict:
    """AppArmorProfile names a profile other than `unconfined`.

    Not applicable where a SELinux label is in force instead. A container that does not run has no
    profile yet: NOT_CHECKED.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.2, asks.
    """
    if container.windows:
        return on_windows(container, "AppArmor is a part of Linux")
    at = (container.at("/AppArmorProfile"),)
    if "unconfined" in security_option(container, "apparmor"):
        return failed("SecurityOpt switches AppArmor off (apparmor=unconfined)", at=[container.at(_OPTIONS)])
    profile = container.app_armor_profile
    if profile is None:
        return unstated(container, "/AppArmorProfile")
    if profile == "unconfined":
        return failed("AppArmorProfile is unconfined", at=at)
    if profile:
        return passed(f"AppArmorProfile is {profile}", at=at)
    if container.process_label:
        label = container.process_label
        return not_applicable(f"confined by SELinux instead (label {label})", at=[container.at("/ProcessLabel")])
    if container.running is not True:
        return not_checked("the container does not run, so no profile is in force yet", at=at)
    return failed("AppArmorProfile is empty, and no SELinux label is set either: nothing confines the container", at=at)


@check(
    id="container-selinux",
    title="The container runs with a SELinux label",
    severity=Severity.MEDIUM,
    fix="Start the container without --security-opt label=disable, on a daemon with --selinux-enabled.",
)
def container_selinux(container: DockerContainer) -> Verdict:
    """ProcessLabel names a label, and SecurityOpt does not switch labels off.

    Not applicable where an AppArmor profile confines the container instead. Whether a host without
    either has SELinux, docker info says: NOT_CHECKED.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.3, asks.
    """
    if container.windows:
        return on_windows(container, "SELinux is a part of Linux")
    labels = security_option(container, "label")
    if "disable" in labels:
        return failed("SecurityOpt switches SELinux labels off (label=disable)", at=[container.at(_OPTIONS)])
    at = (container.at("/ProcessLabel"),)
    if container.process_label:
        return passed(f"ProcessLabel is {container.process_label}", at=at)
    profile = container.app_armor_profile
    if profile and profile != "unconfined":
        words = f"confined by AppArmor instead (profile {profile})"
        return not_applicable(words, at=[container.at("/AppArmorProfile")])
    stated = f"SecurityOpt states {listed(labels)}, but no label is in force" if labels else "no label is in force"
    return not_checked(f"{stated}; docker info says whether the host has SELinux", at=at)


@check(
    id="container-seccomp",
    title="Seccomp is not switched off for the container",
    severity=Severity.HIGH,
    fix="Start the container without --security-opt seccomp=unconfined and without --privileged.",
)
def container_seccomp(container: DockerContainer) -> Verdict:
    """SecurityOpt has no seccomp=unconfined; a privileged container states a profile, for it has none by default.

    Without the option the daemon's default profile is in force.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.22, asks; moby/moby daemon/seccomp_linux.go.
    """
    if container.windows:
        return on_windows(container, "seccomp is a part of Linux")
    if container.security_opt is None:
        return unstated(container, _OPTIONS)
    at = (container.at(_OPTIONS),)
    profiles = security_option(container, "seccomp")
    if profiles and profiles[-1] == "unconfined":
        return failed("SecurityOpt switches seccomp off (seccomp=unconfined)", at=at)
    if profiles:
        return passed("SecurityOpt states a seccomp profile", at=at)
    if container.privileged:
        words = "a privileged container runs without seccomp, and SecurityOpt states no profile"
        return failed(words, at=[container.at("/HostConfig/Privileged"), *at])
    return passed("SecurityOpt does not mention seccomp: the default profile is in force", at=at)


@check(
    id="container-no-new-privileges",
    title="No process of the container can gain privileges",
    severity=Severity.MEDIUM,
    fix="Start the container with --security-opt no-new-privileges.",
)
def container_no_new_privileges(container: DockerContainer) -> Verdict:
    """SecurityOpt states no-new-privileges, alone or as true; the last one counts.

    A default of the daemon does not show here and does not count.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.26, asks.
    """
    if container.windows:
        return on_windows(container, "no-new-privileges is a part of Linux")
    if container.security_opt is None:
        return unstated(container, _OPTIONS)
    at = (container.at(_OPTIONS),)
    values = security_option(container, "no-new-privileges")
    if not values:
        return failed("SecurityOpt does not state no-new-privileges", at=at)
    if values[-1].lower() in ("", "true", "1", "t"):
        return passed("SecurityOpt states no-new-privileges", at=at)
    return failed(f"SecurityOpt states no-new-privileges as {values[-1]}", at=at)


@check(
    id="container-capabilities",
    title="The container adds no capability beyond the default set",
    severity=Severity.HIGH,
    fix="Drop all capabilities and add back by name those that it needs and that are approved.",
)
def container_capabilities(container: DockerContainer, params: Parameters) -> Verdict:
    """HostConfig.CapAdd names capabilities of Docker's default set or of the approved list only; not privileged.

    Names are compared without case and without the prefix CAP_.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.4, asks.
    """
    if container.windows:
        return on_windows(container, "capabilities are a part of Linux")
    if container.privileged:
        return failed("a privileged container has every capability", at=[container.at("/HostConfig/Privileged")])
    if container.cap_add is None:
        return unstated(container, "/HostConfig/CapAdd")
    beyond = sorted(plain(container.cap_add) - DOCKER_DEFAULT - plain(params.capabilities_approved))
    at = (container.at("/HostConfig/CapAdd"),)
    if beyond:
        return failed(f"CapAdd grants {listed(beyond)}, which is beyond the default set and not approved", at=at)
    seen = f"CapAdd grants {listed(container.cap_add)} only" if container.cap_add else "CapAdd is empty"
    return passed(seen, at=at)


@check(
    id="container-net-raw",
    title="The container may not send raw packets",
    severity=Severity.MEDIUM,
    fix="Start the container with --cap-drop=ALL (or at least NET_RAW) and do not add NET_RAW.",
)
def container_net_raw(container: DockerContainer) -> Verdict:
    """NET_RAW is not held: dropped alone or with ALL, and not added back; Docker grants it by default.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.4, asks; moby/moby oci/caps/utils.go `TweakCapabilities`.
    """
    if container.windows:
        return on_windows(container, "capabilities are a part of Linux")
    if container.privileged:
        return failed("a privileged container has every capability", at=[container.at("/HostConfig/Privileged")])
    if container.cap_add is None or container.cap_drop is None:
        return unstated(container, "/HostConfig/CapDrop")
    added, dropped = plain(container.cap_add), plain(container.cap_drop)
    drops = f"CapDrop has {listed(sorted(dropped))}" if dropped else "CapDrop is empty"
    adds = f"CapAdd has {listed(sorted(added))}" if added else "CapAdd is empty"
    at = (container.at("/HostConfig/CapDrop"),)
    if _holds_net_raw(added, dropped):
        return failed(f"{drops} and {adds}, so NET_RAW is held", at=[*at, container.at("/HostConfig/CapAdd")])
    return passed(f"{drops} and {adds}, so NET_RAW is not held", at=at)


def _holds_net_raw(added: frozenset[str], dropped: frozenset[str]) -> bool:
    if "ALL" in added:
        return "NET_RAW" not in dropped
    if "NET_RAW" in added:
        return True
    return "ALL" not in dropped and "NET_RAW" not in dropped
