"""Schedulers in, verdicts out on their options."""

from __future__ import annotations

from compliance.model.check import Verdict, check
from compliance.model.flags import judged_lines
from compliance.model.hosts import Hosts, Scheduler
from compliance.model.listen_addresses import loopback_only
from compliance.model.outcome import Severity
from compliance.model.scheduler_configuration import profiling_is_off
from compliance.model.tls_options import minimum_version


@check(
    id="scheduler-profiling",
    title="The scheduler serves no profiling data",
    severity=Severity.MEDIUM,
    fix="Set --profiling=false in the manifest of kube-scheduler, or enableProfiling to false in the file of --config.",
)
def scheduler_profiling(scheduler: Scheduler, hosts: Hosts) -> Verdict:
    """--profiling is false, or with --config enableProfiling of that file; absent means true in both.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.4.1; Kubernetes, kube-scheduler: --profiling counts for nothing beside
    --config.
    """
    return profiling_is_off(scheduler, hosts)


@check(
    id="scheduler-bind-address",
    title="The scheduler answers on the loopback address only",
    severity=Severity.MEDIUM,
    fix="Set --bind-address=127.0.0.1 in the manifest of kube-scheduler.",
)
def scheduler_bind_address(scheduler: Scheduler) -> Verdict:
    """--bind-address is 127.0.0.1, or ::1; absent means all addresses of the host.

    kube-bench passes where the option is absent; the program's default is 0.0.0.0, so this fails.
    Source: CIS Kubernetes Benchmark 2.0.1, 1.4.2; DISA Kubernetes STIG V2R6, V-242384.
    """
    return judged_lines(scheduler.lines, loopback_only)


@check(
    id="scheduler-tls-min-version",
    title="The scheduler is set to TLS 1.2 or newer",
    severity=Severity.MEDIUM,
    fix="Set --tls-min-version=VersionTLS12, or VersionTLS13, in the manifest of kube-scheduler.",
)
def scheduler_tls_min_version(scheduler: Scheduler) -> Verdict:
    """--tls-min-version is given as VersionTLS12 or VersionTLS13; the default does not count.

    Source: DISA Kubernetes STIG V2R6, V-242377.
    """
    return judged_lines(scheduler.lines, minimum_version)
