"""Pod in, verdicts out on the Linux capabilities that its containers add and drop."""

from __future__ import annotations

from compliance.model.capabilities import BASELINE, plain
from compliance.model.check import Verdict, check, listed
from compliance.model.configuration import Parameters
from compliance.model.faults import Fault, fault_in, judged, not_yet, windows
from compliance.model.outcome import Severity
from compliance.model.workload import Container, Pod

_ADD, _DROP = "securityContext/capabilities/add", "securityContext/capabilities/drop"

#: Source: Pod Security Standards, restricted, "Capabilities".
RESTRICTED = frozenset({"NET_BIND_SERVICE"})


@check(
    id="pod-capabilities-baseline",
    title="No container adds a capability beyond the default set",
    severity=Severity.HIGH,
    fix="Remove from securityContext.capabilities.add every capability outside the default set.",
)
def pod_capabilities_baseline(pod: Pod) -> Verdict:
    """Added capabilities are of the baseline's list, names as written; absent adds nothing.

    Source: Pod Security Standards, baseline, "Capabilities".
    """
    return judged(pod, _added_beyond(pod, BASELINE), "none adding a capability beyond the default set")


@check(
    id="pod-capabilities-restricted",
    title="Every container drops all capabilities and adds at most NET_BIND_SERVICE",
    severity=Severity.MEDIUM,
    fix='Set securityContext.capabilities.drop to ["ALL"] and add nothing but NET_BIND_SERVICE.',
)
def pod_capabilities_restricted(pod: Pod, params: Parameters) -> Verdict:
    """drop holds ALL, add holds nothing but NET_BIND_SERVICE, names as written; absent fails.

    Asked from Kubernetes 1.22 on; from 1.25 not of pods with spec.os.name windows.
    Source: Pod Security Standards, restricted, "Capabilities".
    """
    minor = params.kubernetes.minor
    if minor < 22:
        return not_yet(pod, 22)
    if minor >= 25 and pod.is_windows():
        return windows(pod, "capabilities cannot be set there")
    faults = []
    for container in pod.all_containers():
        capabilities = container.security.capabilities
        if capabilities is None or capabilities.drop is None or "ALL" not in capabilities.drop:
            faults.append(fault_in(pod, container, _DROP, _dropped(container)))
    faults += _added_beyond(pod, RESTRICTED)
    return judged(pod, faults, "each dropping ALL and adding at most NET_BIND_SERVICE")


def _added_beyond(pod: Pod, allowed: frozenset[str]) -> list[Fault]:
    faults = []
    for container in pod.all_containers():
        capabilities = container.security.capabilities
        if capabilities is None or not capabilities.add or allowed.issuperset(capabilities.add):
            continue
        beyond = sorted(set(capabilities.add) - allowed)
        faults.append(fault_in(pod, container, _ADD, f"adds {listed(beyond)}"))
    return faults


@check(
    id="pod-capabilities-none-added",
    title="Every container drops all capabilities and adds none that is not approved",
    severity=Severity.MEDIUM,
    fix='Set securityContext.capabilities.drop to ["ALL"] and remove securityContext.capabilities.add.',
)
def pod_capabilities_none_added(pod: Pod, params: Parameters) -> Verdict:
    """drop holds ALL, and add is absent, empty or of the organisation's approved list; absent fails.

    Names are compared without case and without the prefix CAP_.
    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.2.9, asks.
    """
    if pod.is_windows():
        return windows(pod, "capabilities cannot be set there")
    faults = []
    for container in pod.all_containers():
        capabilities = container.security.capabilities
        if capabilities is None or not _drops(capabilities.drop, "ALL"):
            faults.append(fault_in(pod, container, _DROP, _dropped(container)))
        if capabilities is not None and capabilities.add:
            beyond = sorted(plain(capabilities.add) - plain(params.capabilities_approved))
            if beyond:
                faults.append(fault_in(pod, container, _ADD, f"adds {listed(beyond)}"))
    return judged(pod, faults, "each dropping ALL and adding none that is not approved")


@check(
    id="pod-net-raw",
    title="Every container drops NET_RAW",
    severity=Severity.MEDIUM,
    fix='Set securityContext.capabilities.drop to ["ALL"] (or at least ["NET_RAW"]) and do not add NET_RAW.',
)
def pod_net_raw(pod: Pod) -> Verdict:
    """drop holds NET_RAW or ALL, and NET_RAW is not added back; absent fails, since runtimes grant NET_RAW.

    Names are compared without case; a dropped name with the prefix CAP_ does not count.
    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.2.8, asks.
    """
    if pod.is_windows():
        return windows(pod, "capabilities cannot be set there")
    faults = []
    for container in pod.all_containers():
        capabilities = container.security.capabilities
        if capabilities is None or not (_drops(capabilities.drop, "ALL") or _drops(capabilities.drop, "NET_RAW")):
            faults.append(fault_in(pod, container, _DROP, _dropped(container)))
        elif capabilities.add and not plain(capabilities.add).isdisjoint({"NET_RAW", "ALL"}):
            faults.append(fault_in(pod, container, _ADD, f"adds {listed(capabilities.add)} after the drop"))
    return judged(pod, faults, "each dropping NET_RAW")


def _drops(dropped: tuple[str, ...] | None, name: str) -> bool:
    return dropped is not None and (name in dropped or name in [text.upper() for text in dropped])


def _dropped(container: Container) -> str:
    """What a container drops, for a reason that says it is too little."""
    capabilities = container.security.capabilities
    if capabilities is None or not capabilities.drop:
        return "drops no capability"
    return f"drops only {listed(capabilities.drop)}"
