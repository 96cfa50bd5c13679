"""API servers in, verdicts out on feature gates and on options that Kubernetes no longer has.

Items about what is gone are not applicable, with the server's version as proof: that of its image, or of
`kubectl version`. Without a version nobody can say.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from compliance.model.admission_plugins import plugin
from compliance.model.check import Verdict, check
from compliance.model.configuration_files import lines_near
from compliance.model.flags import MAX_LINES, Answer, Rule, answer, combined, gate, is_absent, judged_lines
from compliance.model.host import CommandLine, Program
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.kubernetes_version import Stated, stated_versions
from compliance.model.outcome import Outcome, Severity
from compliance.model.pod_security_admission import defaults_are_enforced, plugin_or_gate_is_on


@check(
    id="apiserver-gate-all-alpha",
    title="Alpha features of the API server are not switched on together",
    severity=Severity.MEDIUM,
    fix="Remove AllAlpha=true from --feature-gates in the manifest of kube-apiserver.",
)
def apiserver_gate_all_alpha(server: ApiServer) -> Verdict:
    """The gate AllAlpha is not on; absent means off.

    Source: DISA Kubernetes STIG V2R6, V-242400.
    """
    return judged_lines(server.lines, lambda line: gate(line, "AllAlpha", wanted=False, default=False))


@check(
    id="apiserver-gate-dynamic-auditing",
    title="The audit configuration of the API server cannot be changed at run time",
    severity=Severity.MEDIUM,
    fix="Remove DynamicAuditing from --feature-gates in the manifest of kube-apiserver.",
)
def apiserver_gate_dynamic_auditing(server: ApiServer, hosts: Hosts) -> Verdict:
    """The gate DynamicAuditing is not on, by itself or with AllAlpha.

    Kubernetes 1.19 removed it: NOT_APPLICABLE from there on.
    Source: DISA Kubernetes STIG V2R6, V-242398; Kubernetes, "Feature Gates (removed)".
    """
    alone = partial(gate, name="DynamicAuditing", wanted=False, default=False)
    off = partial(alone, stage="AllAlpha")
    return _until(server, hosts, _Removed("the feature gate DynamicAuditing", 19, used=alone), off)


@check(
    id="apiserver-gate-dynamic-kubelet-config",
    title="The configuration of kubelets cannot be changed through the API",
    severity=Severity.MEDIUM,
    fix="Add DynamicKubeletConfig=false to --feature-gates, or move to Kubernetes 1.26 or newer.",
)
def apiserver_gate_dynamic_kubelet_config(server: ApiServer, hosts: Hosts) -> Verdict:
    """The gate DynamicKubeletConfig is given as off. Kubernetes 1.26 removed it: NOT_APPLICABLE from there on.

    On older versions the controller manager and the scheduler of the same host are asked too.
    Source: DISA Kubernetes STIG V2R6, V-242399, which is about Kubernetes 1.25 and older.
    """
    name = "DynamicKubeletConfig"
    used = partial(gate, name=name, wanted=False, default=False)
    off = partial(gate, name=name, wanted=False, default=True)
    near = {one: lines_near(server.host, hosts, one) for one in (Program.CONTROLLER_MANAGER, Program.SCHEDULER)}

    def rule(line: CommandLine) -> Answer:
        answers = [off(line)]
        for program, lines in near.items():
            if not 0 < len(lines) <= MAX_LINES:
                words = f"the options of {program.value} on this host are not known"
                answers.append(answer(line, Outcome.NOT_CHECKED, words))
            answers += [
                found._replace(words=f"{program.value}: {found.words}") for found in map(off, lines[:MAX_LINES])
            ]
        return combined(answers)

    return _until(server, hosts, _Removed(f"the feature gate {name}", 26, used=used), rule)


@check(
    id="apiserver-basic-auth-file",
    title="No file of passwords opens the API server",
    severity=Severity.HIGH,
    fix="Remove --basic-auth-file, delete the file and give its users another way to sign in.",
)
def apiserver_basic_auth_file(server: ApiServer, hosts: Hosts) -> Verdict:
    """--basic-auth-file is not used. Kubernetes 1.19 removed it: NOT_APPLICABLE from there on.

    Source: DISA Kubernetes STIG V2R6, V-245542; Kubernetes 1.19 changelog.
    """
    absent = partial(is_absent, name="basic-auth-file")
    return _until(server, hosts, _Removed("the option --basic-auth-file", 19, used=absent), absent)


@check(
    id="apiserver-pod-security-policy",
    title="Pod security policies, or what replaced them, confine pods on Kubernetes before 1.25",
    severity=Severity.HIGH,
    fix="Move to Kubernetes 1.25 or newer and to Pod Security admission.",
)
def apiserver_pod_security_policy(server: ApiServer, hosts: Hosts) -> Verdict:
    """Kubernetes 1.25 removed pod security policies: NOT_APPLICABLE from there on.

    On older versions Pod Security admission with a default to enforce passes. Else the plugin PodSecurityPolicy must
    be on, and as what its policies allow is not read, nobody can say more.
    Source: DISA Kubernetes STIG V2R6, V-242437.
    """
    successor = (plugin_or_gate_is_on(server, hosts), defaults_are_enforced(server, hosts))
    migrated = all(verdict.outcome is Outcome.PASS for verdict in successor)

    def rule(line: CommandLine) -> Answer:
        found = plugin(line, "PodSecurityPolicy", wanted=True, default=False)
        if migrated:
            at = tuple(place for verdict in successor for place in verdict.at)
            return answer(line, Outcome.PASS, f"Pod Security admission is in use instead: {successor[1].reason}", at)
        if found.outcome is not Outcome.PASS:
            return found
        words = f"{found.words}; what the policies allow was not read"
        return answer(line, Outcome.NOT_CHECKED, words, found.at)

    return _until(server, hosts, _Removed("the plugin PodSecurityPolicy", 25), rule)


class _Removed(NamedTuple):
    """What the minor version `minor` of Kubernetes 1 removed; `used` fails where it is in use all the same."""

    what: str
    minor: int
    used: Rule | None = None


def _until(server: ApiServer, hosts: Hosts, removed: _Removed, rule: Rule) -> Verdict:
    """A rule for versions that still have what was removed; what is in use all the same fails on any version."""
    versions = stated_versions(server.lines, hosts)
    oldest = min(versions, key=lambda stated: stated.minor) if versions else None
    return judged_lines(server.lines, lambda line: _of_line(line, oldest, removed, rule(line)))


def _of_line(line: CommandLine, version: Stated | None, removed: _Removed, found: Answer) -> Answer:
    if version is not None and version.minor < removed.minor:
        return found._replace(words=f"{found.words}, on {version.words}", at=(*found.at, version.at))
    used = removed.used(line) if removed.used is not None else None
    if used is not None and used.outcome is Outcome.FAIL:
        return used
    if version is None:
        words = f"{found.words}; whether there still is {removed.what} depends on the version, which is not known"
        return answer(line, Outcome.NOT_CHECKED, words, found.at)
    words = f"{version.words} does not have {removed.what} any more: 1.{removed.minor} removed it"
    return answer(line, Outcome.NOT_APPLICABLE, words, (version.at,))
