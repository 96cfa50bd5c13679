"""Kubelets in, verdicts out on how they run pods, record events and call their node."""

from __future__ import annotations

from compliance.model import flag_values
from compliance.model.check import Verdict, check, not_checked
from compliance.model.configuration import Parameters
from compliance.model.flags import is_absent
from compliance.model.hosts import Hosts, Kubelet
from compliance.model.kubelet_settings import (
    Kind,
    Setting,
    Value,
    in_file_only,
    is_shared,
    judged,
    left_to_nodes,
    no_line,
    told,
)
from compliance.model.outcome import Severity

#: Source of all defaults: Kubernetes 1.34, "Kubelet Configuration (v1beta1)" and "kubelet" command line reference.
_HOUR = flag_values.NANOSECONDS["h"]
_IDLE = Setting(
    pointer="/streamingConnectionIdleTimeout",
    flag="streaming-connection-idle-timeout",
    kind=Kind.DURATION,
    default=4 * _HOUR,
    flag_default=4 * _HOUR,
)
#: Source: DISA Kubernetes STIG V2R6, V-245541.
_SHORTEST_IDLE = 5 * flag_values.NANOSECONDS["m"]
_CHAINS = Setting(
    pointer="/makeIPTablesUtilChains",
    flag="make-iptables-util-chains",
    kind=Kind.SWITCH,
    default=True,
    flag_default=True,
)
#: 50 since Kubernetes 1.27, 5 before: the smaller one counts where the setting is absent.
_EVENTS = Setting(
    pointer="/eventRecordQPS",
    flag="event-qps",
    kind=Kind.NUMBER,
    default=5,
    flag_default=5,
    default_words="50, before Kubernetes 1.27 5",
)
#: Events a second that a client of Kubernetes sends whose rate is 0. Source: client-go, rest.DefaultQPS.
_RATE_OF_ZERO = 5
_PIDS = Setting(pointer="/podPidsLimit", flag="pod-max-pids", kind=Kind.NUMBER, default=-1, flag_default=-1)
_SECCOMP = Setting(
    pointer="/seccompDefault", flag="seccomp-default", kind=Kind.SWITCH, default=False, flag_default=False
)
_KERNEL = Setting(
    pointer="/protectKernelDefaults",
    flag="protect-kernel-defaults",
    kind=Kind.SWITCH,
    default=False,
    flag_default=False,
)


@check(
    id="kubelet-stream-timeout",
    title="Idle exec and attach streams end after some time",
    severity=Severity.LOW,
    fix="Set streamingConnectionIdleTimeout in the KubeletConfiguration to more than 0, for example 4h.",
)
def kubelet_stream_timeout(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The time is not 0, which means without end, in force and after a restart; absent means four hours.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.5.
    """
    return judged(kubelet, hosts, _IDLE, lambda value: isinstance(value, int) and value > 0, "more than 0")


@check(
    id="kubelet-stream-timeout-file",
    title="The kubelet's configuration file states when idle streams end, after five minutes or more",
    severity=Severity.MEDIUM,
    fix="State streamingConnectionIdleTimeout: 5m in the KubeletConfiguration, and remove the option of that name.",
)
def kubelet_stream_timeout_file(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The file states at least five minutes, and the option is not on the command line, whatever its value there.

    Source: DISA Kubernetes STIG V2R6, V-245541.
    """
    return in_file_only(
        kubelet,
        hosts,
        _IDLE,
        lambda value: isinstance(value, int) and value >= _SHORTEST_IDLE,
        needed=True,
        asked="5m or more",
    )


@check(
    id="kubelet-iptables-chains",
    title="The kubelet keeps its helper chains in iptables",
    severity=Severity.LOW,
    fix="Remove makeIPTablesUtilChains: false from the KubeletConfiguration, and restart the kubelet.",
)
def kubelet_iptables_chains(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """They are not switched off, in force or after a restart; absent means on.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.6.
    """
    return judged(kubelet, hosts, _CHAINS, lambda value: value is True)


@check(
    id="kubelet-hostname-override",
    title="A node registers under its own host name",
    severity=Severity.MEDIUM,
    fix="Remove --hostname-override from the kubelet's command line.",
)
def kubelet_hostname_override(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """--hostname-override is not on the command line; no configuration document holds such a setting.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.7; DISA Kubernetes STIG V2R6, V-242404.
    """
    if is_shared(kubelet):
        return left_to_nodes(kubelet, hosts, "a config map cannot give a node another name")
    if kubelet.lines:
        return told([is_absent(line, "hostname-override") for line in kubelet.lines])
    words = f"--hostname-override stands only on the command line: {no_line(kubelet)}"
    return not_checked(words, at=tuple(one.place() for one in kubelet.configurations))


@check(
    id="kubelet-event-rate",
    title="The kubelet lets events through at the rate that the organisation has chosen",
    severity=Severity.LOW,
    fix="Set eventRecordQPS in the KubeletConfiguration to the rate that you have chosen, or remove it.",
)
def kubelet_event_rate(kubelet: Kubelet, hosts: Hosts, params: Parameters) -> Verdict:
    """The rate is at least the organisation's (any, where it has chosen none); 0 counts as the 5 that it means.

    Absent means 50 a second, and 5 before Kubernetes 1.27; the smaller one counts.
    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.8; kubernetes v1.34, cmd/kubelet/app/options/options.go, event-qps.
    """
    least = params.kubelet_event_rate

    def good(value: Value) -> bool:
        return isinstance(value, int) and value >= 0 and (value or _RATE_OF_ZERO) >= least

    return judged(kubelet, hosts, _EVENTS, good, f"at least {least}, and 0 means {_RATE_OF_ZERO}")


@check(
    id="kubelet-pod-pids-limit",
    title="Each pod may have only so many processes",
    severity=Severity.MEDIUM,
    fix="Set podPidsLimit in the KubeletConfiguration to the number that you have chosen, for example 4096.",
)
def kubelet_pod_pids_limit(kubelet: Kubelet, hosts: Hosts, params: Parameters) -> Verdict:
    """The limit is above 0 and not above the organisation's, where it has chosen one; absent means none.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.13.
    """
    most = params.kubelet_pod_pids_limit

    def good(value: Value) -> bool:
        return isinstance(value, int) and value > 0 and (not most or value <= most)

    return judged(kubelet, hosts, _PIDS, good, f"1 to {most}" if most else "more than 0")


@check(
    id="kubelet-seccomp-default",
    title="Pods that name no seccomp profile get the runtime's default",
    severity=Severity.MEDIUM,
    fix="Set seccompDefault to true in the KubeletConfiguration, and restart the kubelet.",
)
def kubelet_seccomp_default(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The default profile is on for the node, in force and after a restart; absent means off.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.14.
    """
    return judged(kubelet, hosts, _SECCOMP, lambda value: value is True)


@check(
    id="kubelet-kernel-defaults-file",
    title="The kubelet's configuration file states that it refuses changed kernel defaults",
    severity=Severity.HIGH,
    fix="State protectKernelDefaults: true in the KubeletConfiguration, and remove --protect-kernel-defaults.",
)
def kubelet_kernel_defaults_file(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The file says true itself, and the option is not on the command line, whatever its value there.

    Source: DISA Kubernetes STIG V2R6, V-242434.
    """
    return in_file_only(kubelet, hosts, _KERNEL, lambda value: value is True, needed=True)
