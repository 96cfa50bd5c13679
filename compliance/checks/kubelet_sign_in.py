"""Kubelets in, verdicts out on who may ask them for something, and on which port."""

from __future__ import annotations

from compliance.model.check import Verdict, check
from compliance.model.hosts import Hosts, Kubelet
from compliance.model.kubelet_settings import Kind, Setting, in_file_only, judged
from compliance.model.outcome import Severity

#: Source of all defaults: Kubernetes 1.34, "Kubelet Configuration (v1beta1)" and "kubelet" command line reference.
_ANONYMOUS = Setting(
    pointer="/authentication/anonymous/enabled",
    flag="anonymous-auth",
    kind=Kind.SWITCH,
    default=False,
    flag_default=True,
)
_MODE = Setting(
    pointer="/authorization/mode",
    flag="authorization-mode",
    kind=Kind.TEXT,
    default="Webhook",
    flag_default="AlwaysAllow",
)
_CLIENT_CA = Setting(
    pointer="/authentication/x509/clientCAFile",
    flag="client-ca-file",
    kind=Kind.TEXT,
    default="",
    flag_default="",
)
_READ_ONLY_PORT = Setting(
    pointer="/readOnlyPort", flag="read-only-port", kind=Kind.NUMBER, default=0, flag_default=10255
)
_WEBHOOK = "Webhook"


@check(
    id="kubelet-anonymous-auth",
    title="The kubelet answers nobody who has not signed in",
    severity=Severity.CRITICAL,
    fix="Set authentication.anonymous.enabled to false in the KubeletConfiguration, and restart the kubelet.",
)
def kubelet_anonymous_auth(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """Anonymous requests are off, in force and after a restart.

    Absent means off in a configuration file, and on where the kubelet has none.
    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.1.
    """
    return judged(kubelet, hosts, _ANONYMOUS, lambda value: value is False)


@check(
    id="kubelet-anonymous-auth-file",
    title="The kubelet's configuration file states that nobody is answered without signing in",
    severity=Severity.CRITICAL,
    fix="State authentication.anonymous.enabled: false in the KubeletConfiguration, and remove --anonymous-auth.",
)
def kubelet_anonymous_auth_file(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The file says false itself, and the option is not on the command line, whatever its value there.

    Source: DISA Kubernetes STIG V2R6, V-242391.
    """
    return in_file_only(kubelet, hosts, _ANONYMOUS, lambda value: value is False, needed=True)


@check(
    id="kubelet-authorization-mode",
    title="The kubelet does not allow every request",
    severity=Severity.CRITICAL,
    fix="Set authorization.mode to Webhook in the KubeletConfiguration, and restart the kubelet.",
)
def kubelet_authorization_mode(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The mode is Webhook, in force and after a restart; the kubelet knows no other but AlwaysAllow.

    Absent means Webhook in a configuration file, and AlwaysAllow where the kubelet has none.
    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.2.
    """
    return judged(kubelet, hosts, _MODE, lambda value: value == _WEBHOOK, _WEBHOOK)


@check(
    id="kubelet-authorization-mode-file",
    title="The kubelet's configuration file states that the API server authorises requests",
    severity=Severity.CRITICAL,
    fix="State authorization.mode: Webhook in the KubeletConfiguration, and remove --authorization-mode.",
)
def kubelet_authorization_mode_file(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The file says Webhook itself, and the option is not on the command line, whatever its value there.

    Source: DISA Kubernetes STIG V2R6, V-242392.
    """
    return in_file_only(kubelet, hosts, _MODE, lambda value: value == _WEBHOOK, needed=True, asked=_WEBHOOK)


@check(
    id="kubelet-client-ca",
    title="The kubelet checks client certificates against a named authority",
    severity=Severity.HIGH,
    fix="Set authentication.x509.clientCAFile in the KubeletConfiguration, and restart the kubelet.",
)
def kubelet_client_ca(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """A file of authorities for client certificates is named, in force and after a restart; absent means none.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.3.
    """
    return judged(kubelet, hosts, _CLIENT_CA, bool, "a file of authorities")


@check(
    id="kubelet-client-ca-file",
    title="The kubelet's configuration file names the authority of client certificates",
    severity=Severity.MEDIUM,
    fix="State authentication.x509.clientCAFile in the KubeletConfiguration, and remove --client-ca-file.",
)
def kubelet_client_ca_file(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The file names it, and the option is not on the command line, whatever its value there.

    Source: DISA Kubernetes STIG V2R6, V-242420.
    """
    return in_file_only(kubelet, hosts, _CLIENT_CA, bool, needed=True)


@check(
    id="kubelet-read-only-port",
    title="The kubelet's port without sign-in is closed",
    severity=Severity.HIGH,
    fix="Set readOnlyPort to 0 in the KubeletConfiguration, and restart the kubelet.",
)
def kubelet_read_only_port(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The read-only port is 0, in force and after a restart.

    Absent means 0 in a configuration file, and 10255 where the kubelet has none.
    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.4.
    """
    return judged(kubelet, hosts, _READ_ONLY_PORT, lambda value: value == 0)


@check(
    id="kubelet-read-only-port-file",
    title="The kubelet's port without sign-in is closed, by its configuration file alone",
    severity=Severity.HIGH,
    fix="Set readOnlyPort to 0 in the KubeletConfiguration or leave it out, and remove --read-only-port.",
)
def kubelet_read_only_port_file(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The file says 0 or nothing, and the option is not on the command line, whatever its value there.

    Source: DISA Kubernetes STIG V2R6, V-242387.
    """
    return in_file_only(kubelet, hosts, _READ_ONLY_PORT, lambda value: value == 0, needed=False)
