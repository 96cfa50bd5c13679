"""The Pod Security checks say what Kubernetes says, for every version and for every kind that holds a pod.

Two corpora: a small one of our own that always runs, and the fixtures that Kubernetes publishes, 4,537 manifests for
the versions 1.0 to 1.37, read from the folder that the environment variable COMPLIANCE_POD_SECURITY_FIXTURES names:

    git clone https://github.com/kubernetes/pod-security-admission
    export COMPLIANCE_POD_SECURITY_FIXTURES=$PWD/pod-security-admission/test/testdata
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml

import compliance.checks
from compliance.errors import EvidenceError
from compliance.evidence.kubernetes import READER
from compliance.model.check import Check, discover
from compliance.model.configuration import NEWEST, KubernetesVersion, Parameters
from compliance.model.outcome import Outcome
from compliance.model.workload import Pod

VARIABLE = "COMPLIANCE_POD_SECURITY_FIXTURES"
CHECKS = {check.id: check for check in discover(compliance.checks)}

#: Kubernetes' check, our checks for it, the first minor it is asked in, and the baseline check it stands for.
#: Source: kubernetes/pod-security-admission, policy/.
BASELINE: dict[str, tuple[tuple[str, ...], int]] = {
    "apparmorprofile": (("pod-apparmor",), 0),
    "capabilities_baseline": (("pod-capabilities-baseline",), 0),
    "hostnamespaces": (("pod-host-pid", "pod-host-ipc", "pod-host-network"), 0),
    "hostpathvolumes": (("pod-host-path",), 0),
    "hostports": (("pod-host-ports",), 0),
    "hostprobesandhostlifecycle": (("pod-probe-host",), 34),
    "privileged": (("pod-privileged",), 0),
    "procmount": (("pod-proc-mount",), 0),
    "seccompprofile_baseline": (("pod-seccomp-baseline",), 0),
    "selinuxoptions": (("pod-selinux",), 0),
    "sysctls": (("pod-sysctls",), 0),
    "windowshostprocess": (("pod-host-process",), 0),
}
RESTRICTED: dict[str, tuple[str, int, str]] = {
    "allowprivilegeescalation": ("pod-privilege-escalation-restricted", 8, ""),
    "capabilities_restricted": ("pod-capabilities-restricted", 22, "capabilities_baseline"),
    "procmount_restricted": ("pod-proc-mount-restricted", 35, "procmount"),
    "restrictedvolumes": ("pod-volume-types", 0, "hostpathvolumes"),
    "runasnonroot": ("pod-run-as-non-root-restricted", 0, ""),
    "runasuser": ("pod-run-as-user-restricted", 23, ""),
    "seccompprofile_restricted": ("pod-seccomp-restricted", 19, "seccompprofile_baseline"),
}

#: Where each kind keeps its pod template: kind, apiVersion, and the keys that lead to it.
WRAPPERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Deployment": ("apps/v1", ("spec", "template")),
    "StatefulSet": ("apps/v1", ("spec", "template")),
    "DaemonSet": ("apps/v1", ("spec", "template")),
    "ReplicaSet": ("apps/v1", ("spec", "template")),
    "ReplicationController": ("v1", ("spec", "template")),
    "Job": ("batch/v1", ("spec", "template")),
    "CronJob": ("batch/v1", ("spec", "jobTemplate", "spec", "template")),
    "PodTemplate": ("v1", ("template",)),
    "Rollout": ("argoproj.io/v1alpha1", ("spec", "template")),
    "WebApp": ("example.com/v1", ("spec", "parts", "front", "template")),
}


def level_checks(level: str, minor: int) -> dict[str, tuple[Check, ...]]:
    """Our checks of a level, by Kubernetes' name of the check; those asked at a minor, without the overridden."""
    found = {name: ids for name, (ids, since) in BASELINE.items() if minor >= since}
    if level == "restricted":
        asked = {name: row for name, row in RESTRICTED.items() if minor >= row[1]}
        overridden = {row[2] for row in asked.values()}
        found = {name: ids for name, ids in found.items() if name not in overridden}
        found |= {name: (row[0],) for name, row in asked.items()}
    return {name: tuple(CHECKS[check_id] for check_id in ids) for name, ids in found.items()}


def failures(pod: Pod, level: str, minor: int) -> set[str]:
    """Kubernetes' names of the checks that a pod fails; every verdict must be one that allows or forbids."""
    params = Parameters(kubernetes=KubernetesVersion(minor=minor), kubernetes_stated=True)
    failed = set()
    for name, checks in level_checks(level, minor).items():
        for check in checks:
            verdict = check.function(pod, params) if check.context else check.function(pod)
            assert verdict.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.FAIL), verdict
            assert verdict.at
            if verdict.outcome is Outcome.FAIL:
                failed.add(name)
    return failed


def pod_of(data: bytes) -> Pod:
    """The one pod that the reader finds in a file."""
    found = [
        record
        for piece in READER.split(BytesIO(data))
        if not isinstance(piece, EvidenceError)
        for record in READER.read(data[piece.offset : piece.offset + piece.length], piece, "pod.yaml", "0" * 64)
    ]
    assert len(found) == 1, found
    assert isinstance(found[0], Pod), found
    return found[0]


def wrapped(manifest: dict[str, Any], kind: str) -> bytes:
    """A Pod's manifest as the template of another kind."""
    api_version, path = WRAPPERS[kind]
    template = {"metadata": manifest["metadata"], "spec": manifest["spec"]}
    for key in reversed(path[1:]):
        template = {key: template}
    whole = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "w"}, path[0]: template}
    return json.dumps(whole).encode()


# The corpus of Kubernetes


def corpus() -> Iterator[tuple[Path, str, int, bool]]:
    """Each file with its level, its minor, and whether Kubernetes allows the pod."""
    for file in sorted(Path(os.environ[VARIABLE]).glob("*/v1.*/*/*.yaml")):
        level, version, outcome = file.parts[-4:-1]
        yield file, level, int(version.removeprefix("v1.")), outcome == "pass"


def disagreement(pod: Pod, file: Path, level: str, minor: int, allowed: bool) -> str:
    """What we say otherwise than Kubernetes, in words; empty text when we agree."""
    failed = failures(pod, level, minor)
    if allowed:
        return f"{file}: allowed by Kubernetes, failed by {sorted(failed)}" if failed else ""
    named = re.sub(r"\d+$", "", file.stem)
    asked = level_checks(level, minor)
    standing = named if named in asked else next((name for name, row in RESTRICTED.items() if row[2] == named), named)
    return "" if standing in failed else f"{file}: forbidden by {named}, failed by {sorted(failed)}"


needs_corpus = pytest.mark.skipif(
    VARIABLE not in os.environ,
    reason=f"{VARIABLE} names no folder: clone kubernetes/pod-security-admission and set it to test/testdata",
)


@needs_corpus
def test_every_fixture_of_kubernetes_gets_the_verdict_of_kubernetes() -> None:
    """Pass files pass every check of their level; fail files fail the check that they are named after."""
    seen, wrong = 0, []
    for file, level, minor, allowed in corpus():
        seen += 1
        wrong.append(disagreement(pod_of(file.read_bytes()), file, level, minor, allowed))
    wrong = [words for words in wrong if words]
    assert seen >= 4_500, "the folder does not hold the whole corpus"
    assert not wrong, f"{len(wrong)} of {seen}: {wrong[:5]}"


@needs_corpus
@pytest.mark.parametrize("kind", WRAPPERS)
def test_every_fixture_gets_the_same_verdict_inside_another_kind(kind: str) -> None:
    """A fixture as the pod template of a kind is judged as the pod is."""
    seen, wrong = 0, []
    for file, level, minor, allowed in corpus():
        seen += 1
        data = wrapped(yaml.load(file.read_bytes(), yaml.CSafeLoader), kind)
        wrong.append(disagreement(pod_of(data), file, level, minor, allowed))
    wrong = [words for words in wrong if words]
    assert seen >= 4_500
    assert not wrong, f"{len(wrong)} of {seen}: {wrong[:5]}"


# Our own corpus

SECURE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD_SECURE = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
PROBE = {"livenessProbe": {"httpGet": {"host": "bad.host", "port": 8080}}}


def manifest(
    *,
    pod: dict[str, Any] | None = None,
    annotations: dict[str, str] | None = None,
    place: str = "containers",
    **own: Any,
) -> dict[str, Any]:
    """A pod that the restricted level allows but for one change of the pod spec or of one container."""
    spec: dict[str, Any] = {"securityContext": dict(POD_SECURE)}
    for group in ("containers", "initContainers", "ephemeralContainers"):
        spec[group] = [{"name": group.lower(), "image": "registry.example.com/a:1", "securityContext": dict(SECURE)}]
    security = own.pop("securityContext", {})
    spec[place][0] |= own
    spec[place][0]["securityContext"] |= security
    for key, value in (pod or {}).items():
        spec[key] = POD_SECURE | value if key == "securityContext" else value
    meta: dict[str, Any] = {"name": "a", "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def own_cases() -> Iterator[tuple[str, dict[str, Any], str, range]]:
    """A name, a pod, the check that forbids it, and the minors in which it does; in all others nothing forbids it."""
    every = range(0, NEWEST.minor + 1)
    windows = {"os": {"name": "windows"}}
    users = {"hostUsers": False}
    yield "privileged", manifest(securityContext={"privileged": True}), "privileged", every
    for field in ("hostPID", "hostIPC", "hostNetwork"):
        yield field, manifest(pod={field: True}), "hostnamespaces", every
    yield (
        "host path",
        manifest(pod={"volumes": [{"name": "a", "hostPath": {"path": "/a"}}]}),
        "restrictedvolumes",
        every,
    )
    yield "nfs", manifest(pod={"volumes": [{"name": "a", "nfs": {}}]}), "restrictedvolumes", every
    yield "host port", manifest(ports=[{"containerPort": 1, "hostPort": 1}]), "hostports", every
    hosted = {"windowsOptions": {"hostProcess": True}}
    yield "host process", manifest(pod={"securityContext": hosted}), "windowshostprocess", every
    yield "host process of a container", manifest(securityContext=hosted), "windowshostprocess", every
    unmasked = {"procMount": "Unmasked"}
    yield "proc mount before 1.35", manifest(securityContext=unmasked), "procmount", range(35)
    yield "proc mount from 1.35", manifest(securityContext=unmasked), "procmount_restricted", range(35, 38)
    armor = {"appArmorProfile": {"type": "Unconfined"}}
    yield "apparmor", manifest(pod={"securityContext": armor}), "apparmorprofile", every
    key = "container.apparmor.security.beta.kubernetes.io/containers"
    yield "apparmor annotation", manifest(annotations={key: "unconfined"}), "apparmorprofile", every
    yield "selinux user", manifest(securityContext={"seLinuxOptions": {"user": "u"}}), "selinuxoptions", every
    engine = {"seLinuxOptions": {"type": "container_engine_t"}}
    yield "container_engine_t", manifest(pod={"securityContext": engine}), "selinuxoptions", range(31)
    for since, name in ((27, "net.ipv4.ip_local_reserved_ports"), (29, "net.ipv4.tcp_keepalive_time")):
        yield (
            name,
            manifest(pod={"securityContext": {"sysctls": [{"name": name, "value": "1"}]}}),
            "sysctls",
            range(since),
        )
    for since, name in ((32, "net.ipv4.tcp_wmem"), (37, "net.ipv4.tcp_slow_start_after_idle"), (38, "kernel.msgmax")):
        yield (
            name,
            manifest(pod={"securityContext": {"sysctls": [{"name": name, "value": "1"}]}}),
            "sysctls",
            range(since),
        )
    yield "probe host", manifest(**PROBE), "hostprobesandhostlifecycle", range(34, 38)
    seccomp = {"seccompProfile": {"type": "Unconfined"}}
    yield "seccomp", manifest(securityContext=seccomp), "seccompprofile_restricted", range(19, 38)
    old = {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}
    yield "seccomp annotation", manifest(annotations=old), "seccompprofile_baseline", range(19)
    added = {"capabilities": {"drop": ["ALL"], "add": ["SYS_TIME"]}}
    yield "capability before 1.22", manifest(securityContext=added), "capabilities_baseline", range(22)
    yield "capability from 1.22", manifest(securityContext=added), "capabilities_restricted", range(22, 38)
    kept = {"capabilities": {"drop": []}}
    yield "nothing dropped", manifest(securityContext=kept), "capabilities_restricted", range(22, 38)
    yield (
        "nothing dropped, windows",
        manifest(pod=windows, securityContext=kept),
        "capabilities_restricted",
        range(22, 25),
    )
    escalating = {"allowPrivilegeEscalation": True}
    yield "escalation", manifest(securityContext=escalating), "allowprivilegeescalation", range(8, 38)
    on_windows = manifest(pod=windows, securityContext=escalating)
    yield "escalation, windows", on_windows, "allowprivilegeescalation", range(8, 25)
    no_seccomp = manifest(pod=windows | {"securityContext": {"seccompProfile": None}})
    yield "no seccomp, windows", no_seccomp, "seccompprofile_restricted", range(19, 25)
    root = {"runAsNonRoot": False}
    yield "root", manifest(securityContext=root), "runasnonroot", every
    yield "root in a user namespace", manifest(pod=users, securityContext=root), "runasnonroot", range(35)
    zero = {"runAsUser": 0}
    yield "user 0", manifest(pod={"securityContext": zero}), "runasuser", range(23, 38)
    yield "user 0 in a user namespace", manifest(pod=users, securityContext=zero), "runasuser", range(23, 35)


OWN = list(own_cases())


@pytest.mark.parametrize(("pod", "name", "minors"), [case[1:] for case in OWN], ids=[case[0] for case in OWN])
def test_each_change_is_forbidden_by_its_check_and_only_from_the_first_version_on(
    pod: dict[str, Any], name: str, minors: range
) -> None:
    """The restricted level forbids the pod by that check in those minors, and in no other."""
    record = pod_of(json.dumps(pod).encode())
    for minor in range(NEWEST.minor + 1):
        assert (name in failures(record, "restricted", minor)) is (minor in minors), f"1.{minor}"


@pytest.mark.parametrize("place", ["containers", "initContainers", "ephemeralContainers"])
def test_a_container_of_every_sort_is_judged(place: str) -> None:
    """A privileged container fails wherever it stands."""
    record = pod_of(json.dumps(manifest(place=place, securityContext={"privileged": True})).encode())
    assert failures(record, "baseline", NEWEST.minor) == {"privileged"}


@pytest.mark.parametrize("kind", WRAPPERS)
def test_every_kind_is_judged_as_its_pod(kind: str) -> None:
    """Our own pods fail the same checks inside every kind."""
    for name, pod, _, _ in OWN:
        for minor in (0, 24, NEWEST.minor):
            alone = failures(pod_of(json.dumps(pod).encode()), "restricted", minor)
            assert failures(pod_of(wrapped(pod, kind)), "restricted", minor) == alone, (name, minor)


def test_the_secure_pod_passes_every_version_of_both_levels() -> None:
    """The pod that our cases differ from is allowed everywhere, so a case fails by its one change."""
    record = pod_of(json.dumps(manifest()).encode())
    for minor in range(NEWEST.minor + 1):
        assert failures(record, "restricted", minor) == set()
        assert failures(record, "baseline", minor) == set()


def test_every_pod_security_check_is_in_our_own_corpus() -> None:
    """No check of the two levels lacks a case."""
    covered = {case[2] for case in OWN}
    # The restricted level stands for these two of the baseline; the fixtures of the checks hold them.
    assert covered | {"hostpathvolumes"} == set(BASELINE) | set(RESTRICTED)
