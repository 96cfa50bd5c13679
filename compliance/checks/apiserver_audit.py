"""API servers in, verdicts out on where their audit log goes and how long it is kept."""

from __future__ import annotations

from compliance.model.check import Verdict, check
from compliance.model.flags import Answer, answer, at_least, held, is_set, judged_lines, option, unknown
from compliance.model.host import CommandLine
from compliance.model.hosts import ApiServer
from compliance.model.outcome import Severity

#: Source: CIS Kubernetes Benchmark 2.0.1, 1.2.17 to 1.2.19; DISA Kubernetes STIG V2R6, V-242462 to V-242464.
DAYS, FILES, MEGABYTES = 30, 10, 100


@check(
    id="apiserver-audit-log-path",
    title="The API server writes an audit log",
    severity=Severity.HIGH,
    fix="Set --audit-log-path to a file on a volume of the API server.",
)
def apiserver_audit_log_path(server: ApiServer) -> Verdict:
    """--audit-log-path is set; `-`, the standard output, counts. Absent means no log in a file.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.16; DISA Kubernetes STIG V2R6, V-242402.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "audit-log-path"))


@check(
    id="apiserver-audit-log-file",
    title="The audit log of the API server is a file",
    severity=Severity.MEDIUM,
    fix="Set --audit-log-path to the absolute path of a file.",
)
def apiserver_audit_log_file(server: ApiServer) -> Verdict:
    """--audit-log-path is an absolute path; `-`, the standard output, is none.

    Source: DISA Kubernetes STIG V2R6, V-242465.
    """

    def rule(line: CommandLine) -> Answer:
        found = option(line, "audit-log-path")
        if found.unknown:
            return unknown(found)
        path = found.text or ""
        return answer(line, held(path.startswith("/") and not path.endswith("/")), found.told(), found.at)

    return judged_lines(server.lines, rule)


@check(
    id="apiserver-audit-log-max-age",
    title="The audit log of the API server is kept for 30 days or more",
    severity=Severity.MEDIUM,
    fix="Set --audit-log-maxage=30 or more in the manifest of kube-apiserver.",
)
def apiserver_audit_log_max_age(server: ApiServer) -> Verdict:
    """--audit-log-maxage is at least 30 days; absent and 0 fail, though they mean that age deletes nothing.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.17; DISA Kubernetes STIG V2R6, V-242464.
    """
    return judged_lines(server.lines, lambda line: at_least(line, "audit-log-maxage", DAYS, unit="days"))


@check(
    id="apiserver-audit-log-max-backup",
    title="Ten or more rotated files of the API server's audit log are kept",
    severity=Severity.MEDIUM,
    fix="Set --audit-log-maxbackup=10 or more in the manifest of kube-apiserver.",
)
def apiserver_audit_log_max_backup(server: ApiServer) -> Verdict:
    """--audit-log-maxbackup is at least 10 files; absent and 0 fail, though they mean that number deletes nothing.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.18; DISA Kubernetes STIG V2R6, V-242463.
    """
    return judged_lines(server.lines, lambda line: at_least(line, "audit-log-maxbackup", FILES, unit="files"))


@check(
    id="apiserver-audit-log-max-size",
    title="The audit log of the API server rotates at 100 MB or later",
    severity=Severity.MEDIUM,
    fix="Set --audit-log-maxsize=100 or more in the manifest of kube-apiserver.",
)
def apiserver_audit_log_max_size(server: ApiServer) -> Verdict:
    """--audit-log-maxsize is at least 100 megabytes; absent and 0 fail.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.19; DISA Kubernetes STIG V2R6, V-242462.
    """
    return judged_lines(server.lines, lambda line: at_least(line, "audit-log-maxsize", MEGABYTES, unit="megabytes"))
