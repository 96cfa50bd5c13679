"""Docker host in, verdicts out on what the kernel's audit subsystem records of the engine's files."""

from __future__ import annotations

from collections.abc import Callable

from compliance.model.check import Check, Verdict, check, failed, not_applicable, not_checked, passed
from compliance.model.docker_daemon import configuration_path, infos, stated
from compliance.model.evidence import At
from compliance.model.file_modes import look, spellings, told_unknown
from compliance.model.host import AuditRules, Watch
from compliance.model.hosts import DockerHost, Host
from compliance.model.outcome import Severity

Paths = Callable[[Host], tuple[str, ...]]


def _at(*paths: str) -> Paths:
    return lambda _: paths


def _data(host: Host) -> tuple[str, ...]:
    """The engine's data directory: where docker info or its options say it is, else the default."""
    told = [str(document.values["/DockerRootDir"]) for document in infos(host) if document.has("/DockerRootDir")]
    told += [str(one.value) for one in stated(host, "data-root")]
    return tuple(dict.fromkeys(told)) or ("/var/lib/docker",)


def _configuration(host: Host) -> tuple[str, ...]:
    return (configuration_path(host),)


def _watch_of(rules: AuditRules, path: str) -> Watch | None:
    """A rule on a path, or on a folder above it with all below."""
    for place in spellings(path):
        for watch in rules.watches:
            folder = watch.path.rstrip("/")
            if folder == place.rstrip("/") or (watch.recursive and place.startswith(f"{folder}/")):
                return watch
    return None


def _audited(id: str, what: str, item: str, paths: Paths, *, always: bool = False) -> Check:
    """The check that a path is watched; `always` asks for the rule also where nothing shows that the path exists."""

    def judge(host: DockerHost) -> Verdict:
        return _judged(host.host, paths(host.host), always=always)

    judge.__doc__ = (
        f"A loaded audit rule watches {what}, or a folder above it with all below"
        f"{'' if always else '; NOT_APPLICABLE where the host has none'}.\n\n"
        f"Source: auditctl(8); judged as CIS Docker Benchmark 1.8.0, {item}, asks."
    )
    return check(
        id=f"docker-audit-{id}",
        title=f"Access to {what} is recorded",
        severity=Severity.MEDIUM,
        fix="Add a watch on the path to a file in /etc/audit/rules.d and load it with augenrules --load.",
    )(judge)


def _judged(host: Host, paths: tuple[str, ...], *, always: bool) -> Verdict:
    """PASS when every place that exists is watched by the rules of every list that was handed in."""
    if not host.audit_rules:
        return not_checked("the audit rules of this host were not handed in (auditctl -l)")
    off = [At(rules.origin, "") for rules in host.audit_rules if rules.off]
    if off:
        return failed("auditing is switched off on this host: no rule is in force (auditctl -s: enabled 0)", at=off)
    found = look(host, *paths)
    there = [path for path in paths if look(host, path).seen] or list(paths)
    lacking: list[tuple[AuditRules, str]] = []
    watched: list[tuple[Watch, At]] = []
    for rules in host.audit_rules:
        for path in there:
            watch = _watch_of(rules, path)
            if watch is None:
                lacking.append((rules, path))
            else:
                watched.append((watch, At(rules.origin, watch.at)))
    if not lacking or (not found.seen and watched and not always):
        told = dict.fromkeys(f"{watch.path} is watched ({watch.permissions or 'rwxa'})" for watch, _ in watched)
        return passed("; ".join(told), at=[at for _, at in watched])
    places = [At(rules.origin, "") for rules, _ in lacking]
    words = f"no audit rule watches {', '.join(dict.fromkeys(path for _, path in lacking))}"
    if found.seen or always:
        return failed(words, at=places)
    if found.is_absent:
        return not_applicable(f"{words}, which does not exist on this host", at=found.absent)
    return not_checked(f"{words}; that it exists is not known: {told_unknown(found)}", at=places)


DOCKERD = _audited("dockerd", "the daemon's program", "1.1.3", _at("/usr/bin/dockerd"), always=True)
RUN_CONTAINERD = _audited("run-containerd", "/run/containerd", "1.1.4", _at("/run/containerd"), always=True)
DATA = _audited("data", "the engine's data directory", "1.1.5", _data, always=True)
FOLDER = _audited("folder", "/etc/docker", "1.1.6", _at("/etc/docker"), always=True)
SERVICE = _audited(
    "service-unit",
    "docker.service",
    "1.1.7",
    _at("/etc/systemd/system/docker.service", "/usr/lib/systemd/system/docker.service"),
)
CONTAINERD_SOCKET = _audited("containerd-socket", "containerd.sock", "1.1.8", _at("/run/containerd/containerd.sock"))
SOCKET = _audited("socket", "docker.sock", "1.1.9", _at("/var/run/docker.sock"))
DEFAULT = _audited("default", "/etc/default/docker", "1.1.10", _at("/etc/default/docker"))
DAEMON_JSON = _audited("daemon-json", "daemon.json", "1.1.11", _configuration)
CONTAINERD_CONFIGURATION = _audited(
    "containerd-configuration", "containerd's config.toml", "1.1.12", _at("/etc/containerd/config.toml")
)
SYSCONFIG = _audited("sysconfig", "/etc/sysconfig/docker", "1.1.13", _at("/etc/sysconfig/docker"))
CONTAINERD = _audited("containerd", "containerd's program", "1.1.14", _at("/usr/bin/containerd"))
SHIM = _audited("containerd-shim", "containerd-shim", "1.1.15", _at("/usr/bin/containerd-shim"))
SHIM_RUNC_V1 = _audited(
    "containerd-shim-runc-v1", "containerd-shim-runc-v1", "1.1.16", _at("/usr/bin/containerd-shim-runc-v1")
)
SHIM_RUNC_V2 = _audited(
    "containerd-shim-runc-v2", "containerd-shim-runc-v2", "1.1.17", _at("/usr/bin/containerd-shim-runc-v2")
)
RUNC = _audited("runc", "runc", "1.1.18", _at("/usr/bin/runc"))
