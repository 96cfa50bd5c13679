"""Docker host in, verdicts out on what its daemon is set to do with networks, logs and privileges."""

from __future__ import annotations

from compliance.model.check import Verdict, check, failed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.docker_daemon import (
    INFO,
    answers,
    info_boolean,
    infos,
    judged,
    judged_boolean,
    known_at,
    security_option,
    stated,
    told,
    truth,
    unknown,
)
from compliance.model.docker_swarm import swarms
from compliance.model.flags import Answer, agreed, held
from compliance.model.host import Scalar
from compliance.model.hosts import DockerHost, Host
from compliance.model.outcome import Outcome, Severity

_ICC = "com.docker.network.bridge.enable_icc"
_RESTART = "and restart the daemon."


@check(
    id="docker-icc",
    title="Containers on the default bridge cannot talk to each other",
    severity=Severity.MEDIUM,
    fix=f'Set "icc": false in /etc/docker/daemon.json {_RESTART}',
)
def docker_icc(host: DockerHost) -> Verdict:
    """The option icc is false; what `docker network inspect` says of the network bridge counts beside it.

    Source: docker/cli docs/reference/dockerd.md (default true); judged as CIS Docker Benchmark 1.8.0, 2.2, asks.
    """
    said = [
        Answer(
            held(truth(document.values[pointer]) is False),
            f"{_ICC} of the network bridge is {told(document.values[pointer])}",
            (document.place(pointer),),
            document.kind,
        )
        for document in host.host.settings_of("docker networks")
        for number in document.keys("")
        if document.values.get(f"/{number}/Name") == "bridge"
        if (pointer := f"/{number}/Options/{_ICC}") in document.values
    ]
    return judged_boolean(host.host, "icc", wanted=False, default=True, said=said)


@check(
    id="docker-log-level",
    title="The daemon logs at level info",
    severity=Severity.LOW,
    fix=f'Set "log-level": "info" in /etc/docker/daemon.json, or remove the key, {_RESTART}',
)
def docker_log_level(host: DockerHost) -> Verdict:
    """The option log-level is info, which is the default; debug, by option or as docker info says, sets it to debug.

    Source: docker/cli docs/reference/dockerd.md; judged as CIS Docker Benchmark 1.8.0, 2.3, asks.
    """
    debug = [
        one for key in ("debug", "D") for one in answers(host.host, key, lambda value: held(truth(value) is False))
    ]
    debug += info_boolean(host.host, "/Debug", wanted=False)
    faults = [one for one in debug if one.outcome is not Outcome.PASS]
    if not debug and (why := unknown(host.host)):
        words = f"whether debug is on, which logs more, is not known: {why}"
        faults = [Answer(Outcome.NOT_CHECKED, words, known_at(host.host), "options of dockerd")]
    return judged(
        host.host,
        "log-level",
        lambda value: held(value == "info"),
        default=Outcome.PASS,
        default_told="info",
        said=faults,
    )


@check(
    id="docker-iptables",
    title="The daemon manages the rules of iptables",
    severity=Severity.MEDIUM,
    fix=f'Remove "iptables": false from /etc/docker/daemon.json {_RESTART}',
)
def docker_iptables(host: DockerHost) -> Verdict:
    """The option iptables is not false.

    Source: docker/cli docs/reference/dockerd.md (default true); judged as CIS Docker Benchmark 1.8.0, 2.4, asks.
    """
    return judged_boolean(host.host, "iptables", wanted=True, default=True)


@check(
    id="docker-userland-proxy",
    title="The userland proxy is off",
    severity=Severity.LOW,
    fix=f'Set "userland-proxy": false in /etc/docker/daemon.json {_RESTART}',
)
def docker_userland_proxy(host: DockerHost) -> Verdict:
    """The option userland-proxy is false.

    Source: docker/cli docs/reference/dockerd.md (default true); judged as CIS Docker Benchmark 1.8.0, 2.17, asks.
    """
    return judged_boolean(host.host, "userland-proxy", wanted=False, default=True)


@check(
    id="docker-no-new-privileges",
    title="Containers gain no new privileges by default",
    severity=Severity.MEDIUM,
    fix=f'Set "no-new-privileges": true in /etc/docker/daemon.json {_RESTART}',
)
def docker_no_new_privileges(host: DockerHost) -> Verdict:
    """The option no-new-privileges is true, or docker info lists it; older engines do not list it, so that it is
    missing there alone shows nothing.

    Source: docker/cli docs/reference/dockerd.md (default false); judged as CIS Docker Benchmark 1.8.0, 2.15, asks.
    """
    said = [
        Answer(Outcome.PASS, f"SecurityOptions lists {listed}", (document.place("/SecurityOptions"),), INFO)
        for document in infos(host.host)
        if (listed := security_option(document, "no-new-privileges")) is not None
    ]
    return judged_boolean(host.host, "no-new-privileges", wanted=True, default=False, said=said)


@check(
    id="docker-live-restore",
    title="Containers go on while the daemon restarts",
    severity=Severity.LOW,
    fix=f'Set "live-restore": true in /etc/docker/daemon.json {_RESTART}',
)
def docker_live_restore(host: DockerHost) -> Verdict:
    """Live restore is on; NOT_APPLICABLE in a swarm, which does not allow it.

    Source: Docker documentation, "Live restore"; judged as CIS Docker Benchmark 1.8.0, 2.16, asks.
    """
    places = [one.place("/LocalNodeState") for one in swarms(host.host) if one.active]
    if places:
        return not_applicable("the host is in a swarm, which excludes live restore", at=places)
    said = info_boolean(host.host, "/LiveRestoreEnabled", wanted=True)
    return judged_boolean(host.host, "live-restore", wanted=True, default=False, said=said)


@check(
    id="docker-experimental",
    title="Experimental features are off",
    severity=Severity.MEDIUM,
    fix=f'Remove "experimental": true from /etc/docker/daemon.json {_RESTART}',
)
def docker_experimental(host: DockerHost) -> Verdict:
    """Neither docker version, docker info nor the options say that the daemon runs experimental features.

    Source: docker/cli docs/reference/dockerd.md (default false); judged as CIS Docker Benchmark 1.8.0, 2.19, asks.
    """
    said = info_boolean(host.host, "/ExperimentalBuild", wanted=False)
    for document in host.host.settings_of("docker version"):
        value = truth(document.values.get("/Server/Experimental"))
        if value is not None:
            place = document.place("/Server/Experimental")
            said.append(Answer(held(not value), f"Server.Experimental is {told(value)}", (place,), document.kind))
    return judged_boolean(host.host, "experimental", wanted=False, default=False, said=said)


@check(
    id="docker-cgroup-parent",
    title="The parent of control groups is the engine's own, or approved",
    severity=Severity.LOW,
    fix="Remove cgroup-parent from /etc/docker/daemon.json, or add it to parameters.cgroup-parents-approved.",
)
def docker_cgroup_parent(host: DockerHost, params: Parameters) -> Verdict:
    """The option cgroup-parent is not set, or to an approved value.

    Source: docker/cli docs/reference/dockerd.md; judged as CIS Docker Benchmark 1.8.0, 2.11, asks.
    """

    def rule(value: Scalar) -> Outcome:
        return held(value == "" or str(value) in params.cgroup_parents_approved)

    return judged(host.host, "cgroup-parent", rule, default=Outcome.PASS, default_told="chosen by the engine")


@check(
    id="docker-default-ulimits",
    title="Limits of processes and files have sensible defaults",
    severity=Severity.LOW,
    fix='Set "default-ulimits" in /etc/docker/daemon.json to what the host can bear, with no limit of -1.',
)
def docker_default_ulimits(host: DockerHost) -> Verdict:
    """Every default limit that is set is a bound; NOT_CHECKED when none is set, as policy says whether one must be.

    Source: docker/cli docs/reference/dockerd.md; judged as CIS Docker Benchmark 1.8.0, 2.9, asks.
    """
    found = stated(host.host, "default-ulimits")
    nested = [one for one in found if "/Name=" not in str(one.value)]
    if not nested:
        verdict = judged(
            host.host, "default-ulimits", _bounded, default=Outcome.NOT_CHECKED, default_told="those of the init system"
        )
        return not_checked(f"{verdict.reason}; a person says whether policy asks for one", at=verdict.at)
    return agreed([Answer(_bounded(one.value), one.words, (one.at,), one.source) for one in nested])


def _bounded(value: Scalar) -> Outcome:
    """Whether a limit (`nofile/Hard=64000`, `nofile=1024:2048`) is a bound: -1 is none."""
    numbers = str(value).rpartition("=")[2].split(":")
    return held(not any(number.strip() in ("-1", "unlimited") for number in numbers))


@check(
    id="docker-rootless",
    title="The daemon runs without root",
    severity=Severity.MEDIUM,
    fix="Install the daemon in rootless mode, or record as a deviation why it cannot be.",
)
def docker_rootless(host: DockerHost) -> Verdict:
    """docker info lists the security option rootless.

    Source: Docker documentation, "Rootless mode"; judged as CIS Docker Benchmark 1.8.0, 2.1, asks.
    """
    return _listed(host.host, "rootless", "the daemon runs as root: SecurityOptions does not list rootless")


@check(
    id="docker-fips",
    title="The engine runs in FIPS mode",
    severity=Severity.HIGH,
    fix="Run an engine with a validated cryptographic module on a host whose kernel is in FIPS mode.",
)
def docker_fips(host: DockerHost) -> Verdict:
    """docker info lists the security option fips.

    Source: judged as Docker Enterprise 2.x Linux/UNIX STIG V2R2, V-235777, asks.
    """
    return _listed(host.host, "fips", "SecurityOptions does not list fips")


def _listed(host: Host, name: str, missing: str) -> Verdict:
    """Whether the engine's answers list a security option."""
    documents = infos(host)
    if not documents:
        return not_checked(f"docker info of this host was not handed in, which would list {name}")
    lacking = [document.place("/SecurityOptions") for document in documents if security_option(document, name) is None]
    if lacking:
        return failed(missing, at=lacking)
    return passed(f"SecurityOptions lists name={name}", at=[one.place("/SecurityOptions") for one in documents])


@check(
    id="docker-user-namespace",
    title="User ids of containers are mapped to others of the host",
    severity=Severity.MEDIUM,
    fix=f'Set "userns-remap": "default" in /etc/docker/daemon.json {_RESTART}',
)
def docker_user_namespace(host: DockerHost) -> Verdict:
    """The option userns-remap is set, or docker info lists userns; a rootless daemon runs in such a namespace itself.

    Source: Docker documentation, "Isolate containers with a user namespace"; judged as CIS Docker Benchmark 1.8.0,
    2.10, asks.
    """
    said = []
    for document in infos(host.host):
        found = security_option(document, "userns") or security_option(document, "rootless")
        words = f"SecurityOptions lists {found}" if found else "SecurityOptions lists neither userns nor rootless"
        said.append(Answer(held(found is not None), words, (document.place("/SecurityOptions"),), INFO))
    return judged(
        host.host, "userns-remap", lambda value: held(value != ""), default=Outcome.FAIL, default_told="off", said=said
    )


@check(
    id="docker-seccomp-profile",
    title="The default seccomp profile is in force",
    severity=Severity.MEDIUM,
    fix='Remove "seccomp-profile" from /etc/docker/daemon.json, or have the profile approved.',
)
def docker_seccomp_profile(host: DockerHost) -> Verdict:
    """docker info lists seccomp with the engine's own profile; a custom one is for a person to judge.

    Source: Docker documentation, "Seccomp security profiles"; judged as CIS Docker Benchmark 1.8.0, 2.18, asks.
    """
    said = []
    for document in infos(host.host):
        found = security_option(document, "seccomp")
        words = "SecurityOptions does not list seccomp" if found is None else f"SecurityOptions lists {found}"
        profile = None if found is None else found.partition("profile=")[2]
        said.append(Answer(_profile(profile), words, (document.place("/SecurityOptions"),), INFO))
    found_answers = [*said, *answers(host.host, "seccomp-profile", lambda value: _profile(str(value)))]
    if not said:
        return not_checked("docker info of this host was not handed in, which would list the profile in force")
    return agreed(found_answers)


def _profile(name: str | None) -> Outcome:
    """What a profile's name is worth. `default` is what engines before 23.0 call their own."""
    if name in ("builtin", "default"):
        return Outcome.PASS
    return Outcome.FAIL if name in (None, "unconfined") else Outcome.NOT_CHECKED
