"""Docker host in, verdicts out on how it is run: who may use it, its release, what lies idle, what people start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from compliance.model import flag_values
from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.docker_daemon import INFO, Stated, infos, no_info, told
from compliance.model.evidence import At
from compliance.model.faults import Fault, counted
from compliance.model.faults import told as all_told
from compliance.model.flags import Answer, agreed, held, shown
from compliance.model.host import Process, Settings
from compliance.model.hosts import DockerHost, Host
from compliance.model.outcome import Outcome, Severity

#: What the product of the STIG calls itself. Source: Docker documentation, Docker Enterprise 2.x.
_ENTERPRISE = ("Docker Engine - Enterprise", "Docker Enterprise")
#: Options of `docker` that take the next argument. Source: docker/cli docs/reference/commandline/docker.md.
_WITH_VALUE = (
    "-H",
    "--host",
    "-c",
    "--context",
    "--config",
    "-l",
    "--log-level",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
)
_EXEC_WITH_VALUE = ("--env", "--env-file", "--workdir", "--detach-keys")
_ROOT = ("root", "0")
_CLIENTS = ("docker", "podman")
_NOT_WHOLE = "nothing of the kind is listed, but the list of processes is not whole"
SSH_SERVERS = ("sshd", "sshd-session", "dropbear")


@check(
    id="docker-group-members",
    title="The docker group holds approved users only",
    severity=Severity.HIGH,
    fix="Remove the user from the docker group, or add the name to parameters.docker-group-approved.",
)
def docker_group_members(host: DockerHost, params: Parameters) -> Verdict:
    """Every member of the group docker is of the organisation's approved list; NOT_CHECKED without a list.

    Source: judged as CIS Docker Benchmark 1.8.0, 1.1.2, asks.
    """
    if not host.host.groups:
        return not_checked("the groups of this host were not handed in (getent group docker)")
    members: dict[str, At] = {}
    places = []
    for groups in host.host.groups:
        found = groups.groups.get("docker")
        if found is not None:
            places.append(At(groups.origin, found.at))
            members |= dict.fromkeys(found.members, places[-1])
    if not places:
        at = [At(groups.origin, "") for groups in host.host.groups]
        if not any("docker" in groups.absent for groups in host.host.groups):
            return not_checked("the groups handed in do not tell whether there is a group docker", at=at)
        return not_applicable("the host has no group docker", at=at)
    if not members:
        return passed("the group docker has no members", at=places)
    if not params.docker_group_approved:
        words = f"members of docker: {listed(members)}; nobody is approved in the configuration"
        return not_checked(f"{words} (docker-group-approved)", at=places)
    faults = [
        Fault(f"{name} is a member and not approved", at)
        for name, at in members.items()
        if name not in params.docker_group_approved
    ]
    if faults:
        return failed(all_told(faults), at=[fault.at for fault in faults])
    return passed(f"members of docker, all approved: {listed(members)}", at=places)


def _versions(host: Host) -> list[Stated]:
    """The release of the engine, as docker version and docker info say."""
    pairs = [(document, "/Server/Version") for document in host.settings_of("docker version")]
    pairs += [(document, "/ServerVersion") for document in infos(host)]
    return [
        Stated(value, f"the engine is {told(value)}", document.place(pointer), document.kind)
        for document, pointer in pairs
        if (value := document.values.get(pointer))
    ]


_NO_VERSION = "the engine's release was not handed in (docker version --format '{{json .}}')"


@check(
    id="docker-engine-supported",
    title="The engine is of a supported release",
    severity=Severity.HIGH,
    fix="Install a supported release, or add it to parameters.docker-versions-supported.",
    effort=Effort.PLATFORM,
)
def docker_engine_supported(host: DockerHost, params: Parameters) -> Verdict:
    """The engine's release is one that the organisation lists as supported; NOT_CHECKED without such a list.

    Source: judged as CIS Docker Benchmark 1.8.0, 1.2.2, asks.
    """
    found = _versions(host.host)
    if not found:
        return not_checked(_NO_VERSION)
    return agreed([_supported(one, params) for one in found])


def _supported(one: Stated, params: Parameters) -> Answer:
    releases = params.docker_versions_supported
    if not releases:
        words = f"{one.words}; no supported releases are configured (docker-versions-supported)"
        return Answer(Outcome.NOT_CHECKED, words, (one.at,), one.source)
    version = str(one.value)
    good = any(version == release or version.startswith((f"{release}.", f"{release}-")) for release in releases)
    return Answer(held(good), f"{one.words}; supported: {listed(releases)}", (one.at,), one.source)


@check(
    id="docker-enterprise-supported",
    title="The product is still supported by its vendor",
    severity=Severity.CRITICAL,
    fix="Move to an engine that its vendor supports: Docker Enterprise 2.x has had no fixes for years.",
    effort=Effort.PLATFORM,
)
def docker_enterprise_supported(host: DockerHost, params: Parameters) -> Verdict:
    """The engine is not Docker Enterprise, whose support has ended, and of a release listed as supported.

    Source: judged as Docker Enterprise 2.x Linux/UNIX STIG V2R2, V-265885, asks.
    """
    ended = list(_enterprise(host.host))
    if ended:
        return failed(all_told(ended), at=[fault.at for fault in ended])
    found = _versions(host.host)
    return agreed([_supported(one, params) for one in found]) if found else not_checked(_NO_VERSION)


def _enterprise(host: Host) -> Iterator[Fault]:
    """Places where an engine says that it is the product of the STIG."""
    for document in host.settings_of("docker version"):
        name = str(document.values.get("/Server/Platform/Name", ""))
        if name.startswith(_ENTERPRISE):
            yield Fault(
                f"the engine is {shown(name)}, whose support has ended", document.place("/Server/Platform/Name")
            )
    for one in _versions(host):
        if "-ee" in str(one.value):
            yield Fault(f"{one.words}, a release of Docker Enterprise, whose support has ended", one.at)


@check(
    id="docker-unused-images",
    title="The host keeps few images that no container uses",
    severity=Severity.LOW,
    fix="Remove images that no container uses: docker image prune --all.",
)
def docker_unused_images(host: DockerHost, params: Parameters) -> Verdict:
    """Images that no container uses are at most as many as the organisation allows.

    docker info counts images and containers, and each container uses one image: so many images less the containers
    are unused at least, and all of them at most. Between the two nobody can tell: NOT_CHECKED.
    Source: judged as CIS Docker Benchmark 1.8.0, 6.1, asks.
    """
    verdict = _judged_counts(host.host, lambda one: _unused(one, params.docker_unused_images))
    nameless = [
        document.place(f"/{number}/Repository")
        for document in host.host.settings_of("docker images")
        for number in document.keys("")
        if document.values.get(f"/{number}/Repository") == "<none>"
    ]
    if not nameless:
        return verdict
    reason = f"{verdict.reason}; {counted(len(nameless), 'image')} without a name"
    return Verdict(outcome=verdict.outcome, reason=reason, at=(*verdict.at, *nameless))


def _unused(document: Settings, most: int | None) -> Answer:
    images, containers = (_number(document, pointer) for pointer in ("/Images", "/Containers"))
    places = (document.place("/Images"), document.place("/Containers"))
    if images is None or containers is None:
        return Answer(Outcome.NOT_CHECKED, "docker info does not count images and containers", places, INFO)
    words = f"{counted(images, 'image')}, {counted(containers, 'container')}"
    if images == 0:
        return Answer(Outcome.PASS, words, places, INFO)
    least = max(images - containers, 0)
    words = f"{words}: at least {least} unused"
    if most is None:
        return Answer(
            Outcome.NOT_CHECKED, f"{words}; how many may be is not configured (docker-unused-images)", places, INFO
        )
    highest = images - min(containers, 1)
    outcome = Outcome.FAIL if least > most else held(True) if highest <= most else Outcome.NOT_CHECKED
    return Answer(outcome, f"{words}; allowed: {most}", places, INFO)


@check(
    id="docker-stopped-containers",
    title="The host keeps few stopped containers",
    severity=Severity.LOW,
    fix="Remove stopped containers: docker container prune.",
)
def docker_stopped_containers(host: DockerHost, params: Parameters) -> Verdict:
    """Stopped containers are at most as many as the organisation allows; none is always allowed.

    Source: judged as CIS Docker Benchmark 1.8.0, 6.2, asks.
    """
    return _judged_counts(host.host, lambda one: _stopped(one, params.docker_stopped_containers))


def _stopped(document: Settings, most: int | None) -> Answer:
    place = (document.place("/ContainersStopped"),)
    number = _number(document, "/ContainersStopped")
    if number is None:
        return Answer(Outcome.NOT_CHECKED, "docker info does not count stopped containers", place, INFO)
    words = counted(number, "stopped container")
    if number == 0:
        return Answer(Outcome.PASS, words, place, INFO)
    if most is None:
        words = f"{words}; how many may be is not configured (docker-stopped-containers)"
        return Answer(Outcome.NOT_CHECKED, words, place, INFO)
    return Answer(held(number <= most), f"{words}; allowed: {most}", place, INFO)


def _number(document: Settings, pointer: str) -> int | None:
    value = document.values.get(pointer)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _judged_counts(host: Host, rule: Callable[[Settings], Answer]) -> Verdict:
    documents = infos(host)
    return agreed([rule(document) for document in documents]) if documents else no_info(host)


@check(
    id="docker-exec-privileged",
    title="Nobody starts privileged commands in containers",
    severity=Severity.HIGH,
    fix="Run docker exec without --privileged.",
    effort=Effort.WORKLOAD,
)
def docker_exec_privileged(host: DockerHost) -> Verdict:
    """No `docker exec --privileged` runs at the moment of the collection; what ran before the audit log shows.

    Source: docker/cli docs/reference/commandline/container_exec.md; judged as CIS Docker Benchmark 1.8.0, 5.23, asks.
    """
    return _judged_exec(host.host, _privileged, "with --privileged")


@check(
    id="docker-exec-root",
    title="Nobody starts commands as root in containers",
    severity=Severity.MEDIUM,
    fix="Run docker exec without --user root.",
    effort=Effort.WORKLOAD,
)
def docker_exec_root(host: DockerHost) -> Verdict:
    """No `docker exec --user root` runs at the moment of the collection; what ran before the audit log shows.

    Source: docker/cli docs/reference/commandline/container_exec.md; judged as CIS Docker Benchmark 1.8.0, 5.24, asks.
    """
    return _judged_exec(host.host, _as_root, "with --user root")


def _judged_exec(host: Host, refused: Callable[[tuple[str, ...]], bool], words: str) -> Verdict:
    """Whether none of the running `docker exec` has options that are refused."""
    if not host.processes:
        return not_checked("the processes of this host were not handed in (compliance collect host)")
    faults = [
        Fault(f"{shown(' '.join(process.arguments))} runs as {process.user}", At(one.origin, process.at))
        for one in host.processes
        for process in one.processes
        if refused(_exec_options(process))
    ]
    if faults:
        return failed(all_told(faults), at=[fault.at for fault in faults])
    bare = [At(one.origin, process.at) for one in host.processes for process in one.processes if _bare(process)]
    if bare:
        return not_checked("a docker command runs, and the list of processes does not show its arguments", at=bare)
    places = [At(one.origin, "") for one in host.processes]
    if not all(one.whole for one in host.processes):
        return not_checked(_NOT_WHOLE, at=places)
    return passed(f"no docker exec {words} among the processes that ran at the time", at=places)


def _bare(process: Process) -> bool:
    """Whether a client is listed without its arguments: lists may leave them out, and it never runs without any."""
    return len(process.arguments) == 1 and process.arguments[0].rpartition("/")[2] in _CLIENTS


def _exec_options(process: Process) -> tuple[str, ...]:
    """The options of `docker exec`, before the name of the container; none for other commands."""
    words = list(process.arguments)
    while words and words[0].rpartition("/")[2] in ("sudo", "sh", "-c"):
        words.pop(0)
    if not words or words.pop(0).rpartition("/")[2] not in _CLIENTS:
        return ()
    words = _after_options(words, _WITH_VALUE)
    if words[:1] == ["container"]:
        words.pop(0)
    if words[:1] != ["exec"]:
        return ()
    options = []
    rest = iter(words[1:])
    for word in rest:
        if not word.startswith("-") or word == "--":
            break
        cluster = re.fullmatch(r"-[a-z]*([a-z])", word)
        if word == "--user" or (cluster and cluster[1] == "u"):
            options.append(f"--user={next(rest, '')}")
        elif word in _EXEC_WITH_VALUE or (cluster and cluster[1] in "ew"):
            next(rest, None)
        else:
            options.append(word)
    return tuple(options)


def _after_options(words: list[str], with_value: tuple[str, ...]) -> list[str]:
    """The words after options at their beginning."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in with_value else 1
    return words[at:]


def _privileged(options: tuple[str, ...]) -> bool:
    given = [option.partition("=") for option in options]
    return any(name == "--privileged" and (not equals or flag_values.truth(value)) for name, equals, value in given)


def _as_root(options: tuple[str, ...]) -> bool:
    users = [option.partition("=")[2] for option in options if option.startswith("--user=")]
    users += [option[2:].removeprefix("=") for option in options if option.startswith("-u") and len(option) > 2]
    return any(user.partition(":")[0] in _ROOT for user in users)


@check(
    id="docker-container-ssh",
    title="No SSH server runs in a container of the host",
    severity=Severity.HIGH,
    fix="Remove the SSH server from the image; use docker exec to look inside.",
    effort=Effort.WORKLOAD,
)
def docker_container_ssh(host: DockerHost) -> Verdict:
    """No process outside the host's network is an SSH server; one of unknown network is NOT_CHECKED.

    A container on the host's network shows as the host itself: that it is on it another check finds.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.7, asks.
    """
    if not host.host.processes:
        return not_checked("the processes of this host were not handed in (compliance collect host)")
    servers = [
        (process.network, Fault(f"{name} runs as {process.user}", At(one.origin, process.at)))
        for one in host.host.processes
        for process in one.processes
        if (name := _program(process)) in SSH_SERVERS
    ]
    inside = [fault for network, fault in servers if network == "own"]
    if inside:
        return failed(f"in the network of a container: {all_told(inside)}", at=[fault.at for fault in inside])
    doubtful = [fault for network, fault in servers if network == "?"]
    if doubtful:
        words = "whether on the host or in a container is not known"
        return not_checked(f"{all_told(doubtful)}; {words}", at=[fault.at for fault in doubtful])
    places = [At(one.origin, "") for one in host.host.processes]
    if not all(one.whole for one in host.host.processes):
        return not_checked(_NOT_WHOLE, at=places)
    return passed("no SSH server among the processes outside the host's network", at=places)


def _program(process: Process) -> str:
    """The name of the program, as servers that rename themselves write it (`sshd: alice`)."""
    first = process.arguments[0] if process.arguments else ""
    return first.partition(" ")[0].rstrip(":").rpartition("/")[2]
