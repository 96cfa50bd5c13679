"""Programs of the control plane in, verdicts out on the ports that they use; whether those are approved a person says.

Source of all checks here: DISA Kubernetes STIG V2R6, V-242410 to V-242413, which compare the ports with the list of
the organisation (PPSM CAL). What that list holds is not evidence here: the checks name the ports, and fail where one
is open without TLS.
"""

from __future__ import annotations

from compliance.model.check import Verdict, check
from compliance.model.flags import Answer, combined, judged_lines
from compliance.model.host import CommandLine
from compliance.model.hosts import ApiServer, ControllerManager, Etcd, Scheduler
from compliance.model.listen_addresses import ports_of, urls_of
from compliance.model.outcome import Severity


@check(
    id="apiserver-ports",
    title="The API server's ports, and those of etcd that it speaks to, are under TLS",
    severity=Severity.MEDIUM,
    fix="Remove --insecure-port, name etcd by https URLs, and have the ports approved.",
)
def apiserver_ports(server: ApiServer) -> Verdict:
    """No port without TLS: --insecure-port is not open and --etcd-servers are https; the reason names the ports.

    Source: DISA Kubernetes STIG V2R6, V-242410.
    """

    def rule(line: CommandLine) -> Answer:
        return combined([ports_of(line, 6443, "insecure-port"), urls_of(line, {"etcd-servers": ""})])

    return judged_lines(server.lines, rule)


@check(
    id="scheduler-ports",
    title="The scheduler's port is under TLS",
    severity=Severity.MEDIUM,
    fix="Remove --port from the manifest of kube-scheduler, and have its port approved.",
)
def scheduler_ports(scheduler: Scheduler) -> Verdict:
    """--port, which opened a port without TLS before Kubernetes 1.24, is not open; the reason names the port.

    Source: DISA Kubernetes STIG V2R6, V-242411.
    """
    return judged_lines(scheduler.lines, lambda line: ports_of(line, 10259, "port"))


@check(
    id="controller-manager-ports",
    title="The controller manager's port is under TLS",
    severity=Severity.MEDIUM,
    fix="Remove --port from the manifest of kube-controller-manager, and have its port approved.",
)
def controller_manager_ports(manager: ControllerManager) -> Verdict:
    """--port, which opened a port without TLS before Kubernetes 1.24, is not open; the reason names the port.

    Source: DISA Kubernetes STIG V2R6, V-242412.
    """
    return judged_lines(manager.lines, lambda line: ports_of(line, 10257, "port"))


@check(
    id="etcd-ports",
    title="The ports of etcd are under TLS",
    severity=Severity.MEDIUM,
    fix="Listen on https URLs, on plain ones at the loopback address only, and have the ports approved.",
)
def etcd_ports(etcd: Etcd) -> Verdict:
    """URLs for clients, peers and metrics are https, or at the loopback address; the reason names them.

    Source: DISA Kubernetes STIG V2R6, V-242413; etcd 3.6, "Configuration options", for the defaults.
    """
    listened = {
        "listen-client-urls": "http://localhost:2379",
        "listen-peer-urls": "http://localhost:2380",
        "listen-client-http-urls": "",
        "listen-metrics-urls": "",
    }
    return judged_lines(etcd.lines, lambda line: urls_of(line, listened))
