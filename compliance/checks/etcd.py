"""Members of etcd in, verdicts out on who may talk to them."""

from __future__ import annotations

from compliance.model.check import Verdict, check
from compliance.model.configuration_files import lines_near
from compliance.model.flags import (
    MAX_LINES,
    Answer,
    answer,
    boolean,
    held,
    is_set,
    judged_lines,
    judged_sources,
    option,
    shown,
    unknown,
)
from compliance.model.host import CommandLine, Program
from compliance.model.hosts import Etcd, Hosts
from compliance.model.outcome import Outcome, Severity


@check(
    id="etcd-cert-file",
    title="A certificate for clients is set on etcd",
    severity=Severity.HIGH,
    fix="Set --cert-file in the manifest of etcd.",
)
def etcd_cert_file(etcd: Etcd) -> Verdict:
    """--cert-file is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 2.1; DISA Kubernetes STIG V2R6, V-242428.
    """
    return judged_lines(etcd.lines, lambda line: is_set(line, "cert-file"))


@check(
    id="etcd-key-file",
    title="The key of its certificate is set on etcd",
    severity=Severity.HIGH,
    fix="Set --key-file in the manifest of etcd.",
)
def etcd_key_file(etcd: Etcd) -> Verdict:
    """--key-file is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 2.1; DISA Kubernetes STIG V2R6, V-242427.
    """
    return judged_lines(etcd.lines, lambda line: is_set(line, "key-file"))


@check(
    id="etcd-client-cert-auth",
    title="Clients of etcd must show a certificate",
    severity=Severity.HIGH,
    fix="Set --client-cert-auth=true in the manifest of etcd.",
)
def etcd_client_cert_auth(etcd: Etcd) -> Verdict:
    """--client-cert-auth is true; absent means false.

    Source: CIS Kubernetes Benchmark 2.0.1, 2.2; DISA Kubernetes STIG V2R6, V-242423.
    """
    return judged_lines(etcd.lines, lambda line: boolean(line, "client-cert-auth", wanted=True, default=False))


@check(
    id="etcd-auto-tls",
    title="No certificate for clients is made by etcd itself",
    severity=Severity.HIGH,
    fix="Remove --auto-tls, or set it to false, in the manifest of etcd.",
)
def etcd_auto_tls(etcd: Etcd) -> Verdict:
    """--auto-tls is not true; absent means false.

    Source: CIS Kubernetes Benchmark 2.0.1, 2.3.
    """
    return judged_lines(etcd.lines, lambda line: boolean(line, "auto-tls", wanted=False, default=False))


@check(
    id="etcd-auto-tls-stated",
    title="The manifest of etcd states that it makes no certificate for clients by itself",
    severity=Severity.MEDIUM,
    fix="Set --auto-tls=false in the manifest of etcd.",
)
def etcd_auto_tls_stated(etcd: Etcd) -> Verdict:
    """--auto-tls is given as false; the default, which is false, does not count.

    Source: DISA Kubernetes STIG V2R6, V-242379.
    """
    return judged_lines(etcd.lines, lambda line: _stated_false(line, "auto-tls"))


@check(
    id="etcd-peer-cert-file",
    title="A certificate for peers is set on etcd",
    severity=Severity.HIGH,
    fix="Set --peer-cert-file in the manifest of etcd.",
)
def etcd_peer_cert_file(etcd: Etcd) -> Verdict:
    """--peer-cert-file is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 2.4; DISA Kubernetes STIG V2R6, V-242432.
    """
    return judged_lines(etcd.lines, lambda line: is_set(line, "peer-cert-file"))


@check(
    id="etcd-peer-key-file",
    title="The key of its certificate for peers is set on etcd",
    severity=Severity.HIGH,
    fix="Set --peer-key-file in the manifest of etcd.",
)
def etcd_peer_key_file(etcd: Etcd) -> Verdict:
    """--peer-key-file is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 2.4; DISA Kubernetes STIG V2R6, V-242433.
    """
    return judged_lines(etcd.lines, lambda line: is_set(line, "peer-key-file"))


@check(
    id="etcd-peer-client-cert-auth",
    title="Peers of etcd must show a certificate",
    severity=Severity.HIGH,
    fix="Set --peer-client-cert-auth=true in the manifest of etcd.",
)
def etcd_peer_client_cert_auth(etcd: Etcd) -> Verdict:
    """--peer-client-cert-auth is true; absent means false.

    Source: CIS Kubernetes Benchmark 2.0.1, 2.5; DISA Kubernetes STIG V2R6, V-242426.
    """
    return judged_lines(etcd.lines, lambda line: boolean(line, "peer-client-cert-auth", wanted=True, default=False))


@check(
    id="etcd-peer-auto-tls",
    title="No certificate for peers is made by etcd itself",
    severity=Severity.HIGH,
    fix="Remove --peer-auto-tls, or set it to false, in the manifest of etcd.",
)
def etcd_peer_auto_tls(etcd: Etcd) -> Verdict:
    """--peer-auto-tls is not true; absent means false.

    Source: CIS Kubernetes Benchmark 2.0.1, 2.6.
    """
    return judged_lines(etcd.lines, lambda line: boolean(line, "peer-auto-tls", wanted=False, default=False))


@check(
    id="etcd-peer-auto-tls-stated",
    title="The manifest of etcd states that it makes no certificate for peers by itself",
    severity=Severity.MEDIUM,
    fix="Set --peer-auto-tls=false in the manifest of etcd.",
)
def etcd_peer_auto_tls_stated(etcd: Etcd) -> Verdict:
    """--peer-auto-tls is given as false; the default, which is false, does not count.

    Source: DISA Kubernetes STIG V2R6, V-242380.
    """
    return judged_lines(etcd.lines, lambda line: _stated_false(line, "peer-auto-tls"))


def _stated_false(line: CommandLine, name: str) -> Answer:
    if option(line, name).absent:
        return answer(line, Outcome.FAIL, f"--{name} is not set; the default, false, does not count")
    return boolean(line, name, wanted=False, default=False)


@check(
    id="etcd-own-ca",
    title="Another authority signs etcd's certificates than those of cluster clients",
    severity=Severity.MEDIUM,
    fix="Give etcd an authority of its own: --trusted-ca-file must name another file than --client-ca-file.",
)
def etcd_own_ca(etcd: Etcd, hosts: Hosts) -> Verdict:
    """--trusted-ca-file of etcd names another file than --client-ca-file of the API server beside it.

    The files are compared by path; the certificates in them are not seen. Without the API server's command line
    of the same host nobody can say.
    Source: CIS Kubernetes Benchmark 2.0.1, 2.7.
    """
    servers = lines_near(etcd.host, hosts, Program.API_SERVER)
    return judged_sources(etcd.lines, lambda line: _own_ca(line, servers if len(servers) <= MAX_LINES else ()))


def _own_ca(line: CommandLine, servers: tuple[CommandLine, ...]) -> list[Answer]:
    found = option(line, "trusted-ca-file")
    if found.unknown:
        return [unknown(found)]
    if not found.text:
        return [answer(line, Outcome.FAIL, found.told(), found.at)]
    if not servers:
        words = f"{found.told()}; the client authority of the API server of this host is not known"
        return [answer(line, Outcome.NOT_CHECKED, words, found.at)]
    answers = []
    for server in servers:
        other = option(server, "client-ca-file")
        at = (*found.at, *other.at)
        if not other.text:
            words = f"{found.told()}; of the API server {other.told()}"
            answers.append(answer(line, Outcome.NOT_CHECKED, words, at))
            continue
        same = _plain(other.text) == _plain(found.text)
        told = "is also the API server's --client-ca-file" if same else f"the API server's is {shown(other.text)}"
        words = f"{found.told()}, {told}{'' if same else ' (the certificates in them were not compared)'}"
        answers.append(answer(line, held(not same), words, at))
    return list(dict.fromkeys(answers))


def _plain(path: str) -> str:
    """A path without repeated slashes and single dots, so that one file has one spelling."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))
