"""Each check on one option of the control plane: set, absent, repeated, contradicted, hidden and malformed."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

import compliance.checks
from compliance.model.check import Check, Verdict, discover
from compliance.model.cluster import Cluster
from compliance.model.configuration import Parameters
from compliance.model.host import CommandLine, Form, Program
from compliance.model.outcome import Outcome
from tests.checks.judging import verdicts
from tests.model.command_lines import command_line

CHECKS = {check.id: check for check in discover(compliance.checks)}
PASS, FAIL, NOT_CHECKED = Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED
API, MANAGER, SCHEDULER, ETCD = (
    Program.API_SERVER,
    Program.CONTROLLER_MANAGER,
    Program.SCHEDULER,
    Program.ETCD,
)


class Asked(NamedTuple):
    """An option as a check asks for it: a good and a bad value, what its absence gives, and what is malformed.

    `adds` is true of lists, to which each occurrence adds.
    """

    program: Program
    good: str
    bad: str
    absent: Outcome
    malformed: str = ""
    adds: bool = False


def truth(program: Program, name: str, *, wanted: bool, absent: Outcome) -> Asked:
    good, bad = str(wanted).lower(), str(not wanted).lower()
    return Asked(program, f"--{name}={good}", f"--{name}={bad}", absent, f"--{name}=yes")


def given(program: Program, name: str) -> Asked:
    return Asked(program, f"--{name}=/etc/kubernetes/pki/{name}", f"--{name}=", FAIL)


def plugin(name: str) -> Asked:
    on = f"--enable-admission-plugins=NodeRestriction,{name}"
    return Asked(API, on, "--enable-admission-plugins=PodNodeSelector", FAIL, '--enable-admission-plugins=A,"B"x', True)


def default_plugin(name: str) -> Asked:
    off = f"--disable-admission-plugins=Priority,{name}"
    return Asked(API, "--disable-admission-plugins=Priority", off, PASS, '--disable-admission-plugins="A"x', True)


def number(program: Program, name: str, good: int, bad: int) -> Asked:
    return Asked(program, f"--{name}={good}", f"--{name}={bad}", FAIL, f"--{name}=many")


def oldest_tls(program: Program) -> Asked:
    flag = "--tls-min-version"
    return Asked(program, f"{flag}=VersionTLS12", f"{flag}=VersionTLS11", FAIL, f"{flag}=1.2")


STIG_SUITES = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,"
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
)
ASKED = {
    "apiserver-profiling": truth(API, "profiling", wanted=False, absent=FAIL),
    "apiserver-request-timeout": Asked(
        API, "--request-timeout=300s", "--request-timeout=301s", PASS, "--request-timeout=60"
    ),
    "apiserver-request-timeout-set": Asked(
        API, "--request-timeout=60s", "--request-timeout=0", FAIL, "--request-timeout=60"
    ),
    "apiserver-secure-port": Asked(API, "--secure-port=6443", "--secure-port=0", FAIL, "--secure-port=70000"),
    "apiserver-service-account-lookup": truth(API, "service-account-lookup", wanted=True, absent=PASS),
    "apiserver-service-account-key-file": given(API, "service-account-key-file"),
    "apiserver-service-account-token-extension": truth(
        API, "service-account-extend-token-expiration", wanted=False, absent=FAIL
    ),
    "apiserver-anonymous-auth": truth(API, "anonymous-auth", wanted=False, absent=FAIL),
    "apiserver-token-auth-file": Asked(API, "--token-auth-file=", "--token-auth-file=/etc/tokens.csv", PASS),
    "apiserver-authorization-always-allow": Asked(
        API, "--authorization-mode=Node,RBAC", "--authorization-mode=AlwaysAllow", FAIL, adds=True
    ),
    "apiserver-authorization-node": Asked(
        API, "--authorization-mode=Node,RBAC", "--authorization-mode=RBAC", FAIL, adds=True
    ),
    "apiserver-authorization-rbac": Asked(
        API, "--authorization-mode=Node,RBAC", "--authorization-mode=Node", FAIL, adds=True
    ),
    "apiserver-kubelet-client-certificate": given(API, "kubelet-client-certificate"),
    "apiserver-kubelet-client-key": given(API, "kubelet-client-key"),
    "apiserver-kubelet-certificate-authority": given(API, "kubelet-certificate-authority"),
    "apiserver-etcd-certificate": given(API, "etcd-certfile"),
    "apiserver-etcd-key": given(API, "etcd-keyfile"),
    "apiserver-etcd-ca": given(API, "etcd-cafile"),
    "apiserver-client-ca": given(API, "client-ca-file"),
    "apiserver-tls-cipher-suites": Asked(
        API,
        "--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA",
        FAIL,
        adds=True,
    ),
    "apiserver-tls-cipher-suites-stig": Asked(
        API,
        f"--tls-cipher-suites={STIG_SUITES}",
        "--tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        FAIL,
        adds=True,
    ),
    "apiserver-tls-min-version": oldest_tls(API),
    "apiserver-admission-deny-external-ips": plugin("DenyServiceExternalIPs"),
    "apiserver-admission-event-rate-limit": plugin("EventRateLimit"),
    "apiserver-admission-always-admit": Asked(
        API,
        "--enable-admission-plugins=NodeRestriction",
        "--enable-admission-plugins=AlwaysAdmit",
        PASS,
        adds=True,
    ),
    "apiserver-admission-always-pull-images": plugin("AlwaysPullImages"),
    "apiserver-admission-service-account": default_plugin("ServiceAccount"),
    "apiserver-admission-namespace-lifecycle": default_plugin("NamespaceLifecycle"),
    "apiserver-admission-node-restriction": plugin("NodeRestriction"),
    "apiserver-admission-validating-webhook": default_plugin("ValidatingAdmissionWebhook"),
    "apiserver-audit-log-path": given(API, "audit-log-path"),
    "apiserver-audit-log-file": Asked(API, "--audit-log-path=/var/log/audit.log", "--audit-log-path=-", FAIL),
    "apiserver-audit-log-max-age": number(API, "audit-log-maxage", 30, 29),
    "apiserver-audit-log-max-backup": number(API, "audit-log-maxbackup", 10, 9),
    "apiserver-audit-log-max-size": number(API, "audit-log-maxsize", 100, 99),
    "apiserver-encryption-config": given(API, "encryption-provider-config"),
    "apiserver-gate-all-alpha": Asked(
        API, "--feature-gates=AllAlpha=false", "--feature-gates=AllAlpha=true", PASS, "--feature-gates=AllAlpha"
    ),
    "apiserver-identity-provider": Asked(
        API, "--oidc-issuer-url=https://login.example.com", "--oidc-issuer-url=", FAIL
    ),
    "apiserver-ports": Asked(
        API, "--etcd-servers=https://10.0.0.1:2379", "--etcd-servers=http://10.0.0.1:2379", PASS, "--etcd-servers=x"
    ),
    "controller-manager-pod-gc-threshold": number(MANAGER, "terminated-pod-gc-threshold", 10, 0),
    "controller-manager-profiling": truth(MANAGER, "profiling", wanted=False, absent=FAIL),
    "controller-manager-own-accounts": truth(MANAGER, "use-service-account-credentials", wanted=True, absent=FAIL),
    "controller-manager-service-account-key": given(MANAGER, "service-account-private-key-file"),
    "controller-manager-root-ca": given(MANAGER, "root-ca-file"),
    "controller-manager-kubelet-certificate-rotation": Asked(
        MANAGER,
        "--feature-gates=RotateKubeletServerCertificate=true",
        "--feature-gates=RotateKubeletServerCertificate=false",
        PASS,
        "--feature-gates=RotateKubeletServerCertificate=maybe",
    ),
    "controller-manager-bind-address": Asked(
        MANAGER, "--bind-address=127.0.0.1", "--bind-address=0.0.0.0", FAIL, "--bind-address=localhost"
    ),
    "controller-manager-tls-min-version": oldest_tls(MANAGER),
    "controller-manager-ports": Asked(MANAGER, "--port=0", "--port=10252", PASS),
    "scheduler-profiling": truth(SCHEDULER, "profiling", wanted=False, absent=FAIL),
    "scheduler-bind-address": Asked(
        SCHEDULER, "--bind-address=::1", "--bind-address=::", FAIL, "--bind-address=localhost"
    ),
    "scheduler-tls-min-version": oldest_tls(SCHEDULER),
    "scheduler-ports": Asked(SCHEDULER, "--port=0", "--port=10251", PASS),
    "etcd-cert-file": given(ETCD, "cert-file"),
    "etcd-key-file": given(ETCD, "key-file"),
    "etcd-client-cert-auth": truth(ETCD, "client-cert-auth", wanted=True, absent=FAIL),
    "etcd-auto-tls": truth(ETCD, "auto-tls", wanted=False, absent=PASS),
    "etcd-auto-tls-stated": truth(ETCD, "auto-tls", wanted=False, absent=FAIL),
    "etcd-peer-cert-file": given(ETCD, "peer-cert-file"),
    "etcd-peer-key-file": given(ETCD, "peer-key-file"),
    "etcd-peer-client-cert-auth": truth(ETCD, "peer-client-cert-auth", wanted=True, absent=FAIL),
    "etcd-peer-auto-tls": truth(ETCD, "peer-auto-tls", wanted=False, absent=PASS),
    "etcd-peer-auto-tls-stated": truth(ETCD, "peer-auto-tls", wanted=False, absent=FAIL),
    "etcd-ports": Asked(
        ETCD, "--listen-client-urls=https://10.0.0.1:2379", "--listen-client-urls=http://10.0.0.1:2379", PASS
    ),
}
ASKED_OF = pytest.mark.parametrize(("id_", "asked"), ASKED.items(), ids=ASKED)


def judged(id_: str, *lines: CommandLine) -> Verdict:
    check: Check = CHECKS[id_]
    [verdict] = verdicts(check, list(lines), Parameters())
    assert verdict.at, "every verdict on an option shows its place"
    return verdict


@ASKED_OF
def test_the_value_decides(id_: str, asked: Asked) -> None:
    """A good value passes and a bad one fails, with the option in the reason and its place shown."""
    name = asked.good.lstrip("-").partition("=")[0]
    for option, outcome in ((asked.good, PASS), (asked.bad, FAIL)):
        verdict = judged(id_, command_line(option, program=asked.program))
        assert verdict.outcome is outcome, verdict.reason
    bad = judged(id_, command_line(asked.bad, program=asked.program))
    assert name in bad.reason or "feature gate" in bad.reason or "identity provider" in bad.reason


@ASKED_OF
def test_the_default_decides_where_the_option_is_absent(id_: str, asked: Asked) -> None:
    """What an absent option means is stated, and the place is the whole command."""
    verdict = judged(id_, command_line(program=asked.program))
    assert verdict.outcome is asked.absent, verdict.reason
    assert {at.pointer for at in verdict.at} == {"/spec/containers/0/command"}


@pytest.mark.parametrize(
    ("id_", "asked"), [pair for pair in ASKED.items() if not pair[1].adds], ids=[i for i in ASKED if not ASKED[i].adds]
)
def test_the_last_occurrence_counts(id_: str, asked: Asked) -> None:
    """A program that is told twice does as it is told last."""
    assert judged(id_, command_line(asked.bad, asked.good, program=asked.program)).outcome is PASS
    assert judged(id_, command_line(asked.good, asked.bad, program=asked.program)).outcome is FAIL


@ASKED_OF
def test_a_manifest_and_a_running_program_that_differ_are_both_shown(id_: str, asked: Asked) -> None:
    """The worse of the two counts, and the reason tells both with their source."""
    manifest = command_line(asked.good, program=asked.program)
    running = command_line(asked.bad, program=asked.program, form=Form.MIRROR_POD)
    for lines in ((manifest, running), (replace(manifest, form=Form.PROCESS), running)):
        verdict = judged(id_, *lines)
        assert verdict.outcome is FAIL
        assert verdict.reason.startswith("sources differ: ")
        assert "pod of the running cluster" in verdict.reason
        assert lines[0].form.value in verdict.reason


@ASKED_OF
def test_options_behind_a_shell_are_not_known(id_: str, asked: Asked) -> None:
    """Where options may be missing, an absent one is no answer, whatever the default."""
    verdict = judged(id_, command_line(program=asked.program, opaque="a shell script starts it"))
    assert verdict.outcome is NOT_CHECKED
    assert "a shell script starts it" in verdict.reason


@ASKED_OF
def test_a_value_from_the_environment_is_not_known(id_: str, asked: Asked) -> None:
    """A variable that nobody resolved is no value."""
    name = asked.good.partition("=")[0]
    assert judged(id_, command_line(f"{name}=$(VALUE)", program=asked.program)).outcome is NOT_CHECKED


@pytest.mark.parametrize(
    ("id_", "asked"),
    [pair for pair in ASKED.items() if pair[1].malformed],
    ids=[i for i in ASKED if ASKED[i].malformed],
)
def test_a_value_that_the_program_refuses_never_passes(id_: str, asked: Asked) -> None:
    """The program would not start with it, so nobody can say what runs."""
    verdict = judged(id_, command_line(asked.malformed, program=asked.program))
    assert verdict.outcome is NOT_CHECKED, verdict.reason
    assert "refuses to start" in verdict.reason


def test_a_plugin_that_is_enabled_and_disabled_is_refused() -> None:
    """The API server does not start with a plugin in both lists."""
    line = command_line("--enable-admission-plugins=NodeRestriction", "--disable-admission-plugins=NodeRestriction")
    assert judged("apiserver-admission-node-restriction", line).outcome is NOT_CHECKED


def test_lists_of_plugins_add_up() -> None:
    """Each occurrence of the option adds its plugins."""
    line = command_line("--enable-admission-plugins=NodeRestriction", "--enable-admission-plugins=AlwaysPullImages")
    assert judged("apiserver-admission-node-restriction", line).outcome is PASS


def test_the_old_list_of_plugins_switches_all_others_off() -> None:
    """--admission-control names every plugin that is on."""
    line = command_line("--admission-control=NodeRestriction")
    assert judged("apiserver-admission-node-restriction", line).outcome is PASS
    assert judged("apiserver-admission-service-account", line).outcome is FAIL


def test_a_hidden_part_of_a_list_leaves_the_question_open() -> None:
    """A plugin that is not seen may stand in the part that comes from the environment."""
    line = command_line("--enable-admission-plugins=NodeRestriction,$(MORE)")
    assert judged("apiserver-admission-always-admit", line).outcome is NOT_CHECKED
    assert judged("apiserver-admission-node-restriction", line).outcome is PASS


def test_no_cluster_is_needed_for_what_options_say() -> None:
    """The table covers every check of these programs that rests on one option alone."""
    subjects = {"ApiServer", "ControllerManager", "Scheduler", "Etcd"}
    alone = {check.id for check in CHECKS.values() if check.subject.__name__ in subjects and not check.context}
    assert alone - set(ASKED) == {"apiserver-serving-certificate"}
    assert Cluster not in {check.subject for check in CHECKS.values() if check.id in ASKED}
