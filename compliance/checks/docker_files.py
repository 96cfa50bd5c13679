"""Docker host in, verdicts out on who owns the files of the engine and what others may do with them.

Source of all limits: CIS Docker Benchmark 1.8.0, section 3, as facts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from compliance.model.check import Check, Verdict, check, not_applicable, not_checked
from compliance.model.docker_daemon import configuration_path, known_at, stated, truth, unknown
from compliance.model.file_modes import Look, judged_mode, judged_owner, look, look_below
from compliance.model.hosts import DockerHost, Host
from compliance.model.outcome import Severity

_CERTIFICATES = "/etc/docker/certs.d"
#: Where dockerd looks for TLS files when their options are not set. Source: moby cmd/dockerd/options.go.
_TLS_DEFAULTS = {
    "tlscacert": "/root/.docker/ca.pem",
    "tlscert": "/root/.docker/cert.pem",
    "tlskey": "/root/.docker/key.pem",
}


def _unit(name: str) -> Callable[[Host], Look | Verdict]:
    """A unit of systemd, in each folder that may hold it. Source: systemd.unit(5)."""
    return lambda host: look(host, f"/etc/systemd/system/{name}", f"/usr/lib/systemd/system/{name}")


def _path(path: str) -> Callable[[Host], Look | Verdict]:
    return lambda host: look(host, path)


def _registry_certificates(host: Host) -> Look | Verdict:
    """Files two folders below certs.d: `certs.d/REGISTRY/ca.crt`."""
    depth = _CERTIFICATES.count("/") + 2
    return look_below(host, _CERTIFICATES, lambda path: path.count("/") == depth).without("d")


def _configuration(host: Host) -> Look | Verdict:
    return look(host, configuration_path(host))


def _tls(key: str) -> Callable[[Host], Look | Verdict]:
    """The file that an option of TLS names; NOT_APPLICABLE when the daemon does not use TLS."""

    def find(host: Host) -> Look | Verdict:
        found = stated(host, key)
        if found:
            return look(host, *dict.fromkeys(str(one.value) for one in found))
        why = unknown(host)
        if why:
            return not_checked(f"{key} is not among what was handed in: {why}", at=known_at(host))
        if any(truth(one.value) for name in ("tls", "tlsverify") for one in stated(host, name)):
            return look(host, _TLS_DEFAULTS[key])
        return not_applicable(f"the daemon does not use TLS: {key} is not set", at=known_at(host))

    return find


class _Thing(NamedTuple):
    """A file of the engine: its name in a title, the command that mends it, and how it is found."""

    id: str
    title: str
    shell: str
    find: Callable[[Host], Look | Verdict]


_SERVICE = _Thing("docker-service-unit", "unit file docker.service", "docker.service", _unit("docker.service"))
_SOCKET_UNIT = _Thing("docker-socket-unit", "unit file docker.socket", "docker.socket", _unit("docker.socket"))
_FOLDER = _Thing("docker-folder", "folder /etc/docker", "/etc/docker", _path("/etc/docker"))
_REGISTRY = _Thing(
    "docker-registry-certificate", "certificates of registries", "/etc/docker/certs.d/*/*", _registry_certificates
)
_CA = _Thing("docker-tls-ca", "file that tlscacert names", "the CA file of TLS", _tls("tlscacert"))
_CERTIFICATE = _Thing("docker-tls-certificate", "file that tlscert names", "the certificate of TLS", _tls("tlscert"))
_KEY = _Thing("docker-tls-key", "file that tlskey names", "the key of TLS", _tls("tlskey"))
_SOCKET = _Thing("docker-socket", "socket docker.sock", "/var/run/docker.sock", _path("/var/run/docker.sock"))
_DAEMON_JSON = _Thing("docker-daemon-json", "file daemon.json", "/etc/docker/daemon.json", _configuration)
_DEFAULT = _Thing("docker-default", "file /etc/default/docker", "/etc/default/docker", _path("/etc/default/docker"))
_SYSCONFIG = _Thing(
    "docker-sysconfig", "file /etc/sysconfig/docker", "/etc/sysconfig/docker", _path("/etc/sysconfig/docker")
)
_CONTAINERD = _Thing(
    "docker-containerd-socket",
    "socket containerd.sock",
    "/run/containerd/containerd.sock",
    _path("/run/containerd/containerd.sock"),
)


def _owner(thing: _Thing, item: str, group: str = "root", severity: Severity = Severity.HIGH) -> Check:
    """The check that a file belongs to root and a group."""

    def judge(host: DockerHost) -> Verdict:
        found = thing.find(host.host)
        return judged_owner(host.host, found, ("root",), (group,)) if isinstance(found, Look) else found

    judge.__doc__ = (
        f"Every such file belongs to the user root and the group {group}; NOT_APPLICABLE where there is none.\n\n"
        f"Source: judged as CIS Docker Benchmark 1.8.0, {item}, asks."
    )
    return check(
        id=f"{thing.id}-owner",
        title=f"The {thing.title}: owned by root, group {group}",
        severity=severity,
        fix=f"Run chown root:{group} on {thing.shell}.",
    )(judge)


def _mode(thing: _Thing, item: str, most: int, severity: Severity = Severity.HIGH) -> Check:
    """The check that a file has no permission bit outside a limit."""

    def judge(host: DockerHost) -> Verdict:
        found = thing.find(host.host)
        return judged_mode(found, most) if isinstance(found, Look) else found

    judge.__doc__ = (
        f"No such file has a permission bit outside {most:04o}; NOT_APPLICABLE where there is none.\n\n"
        f"Source: judged as CIS Docker Benchmark 1.8.0, {item}, asks."
    )
    return check(
        id=f"{thing.id}-mode",
        title=f"The {thing.title}: mode within {most:04o}",
        severity=severity,
        fix=f"Run chmod {most:04o} on {thing.shell}.",
    )(judge)


SERVICE_OWNER = _owner(_SERVICE, "3.1")
SERVICE_MODE = _mode(_SERVICE, "3.2", 0o644)
SOCKET_UNIT_OWNER = _owner(_SOCKET_UNIT, "3.3")
SOCKET_UNIT_MODE = _mode(_SOCKET_UNIT, "3.4", 0o644)
FOLDER_OWNER = _owner(_FOLDER, "3.5")
FOLDER_MODE = _mode(_FOLDER, "3.6", 0o755)
REGISTRY_OWNER = _owner(_REGISTRY, "3.7", severity=Severity.MEDIUM)
REGISTRY_MODE = _mode(_REGISTRY, "3.8", 0o444, severity=Severity.MEDIUM)
CA_OWNER = _owner(_CA, "3.9")
CA_MODE = _mode(_CA, "3.10", 0o444, severity=Severity.MEDIUM)
CERTIFICATE_OWNER = _owner(_CERTIFICATE, "3.11")
CERTIFICATE_MODE = _mode(_CERTIFICATE, "3.12", 0o444, severity=Severity.MEDIUM)
KEY_OWNER = _owner(_KEY, "3.13")
KEY_MODE = _mode(_KEY, "3.14", 0o400)
SOCKET_OWNER = _owner(_SOCKET, "3.15", "docker")
SOCKET_MODE = _mode(_SOCKET, "3.16", 0o660)
DAEMON_JSON_OWNER = _owner(_DAEMON_JSON, "3.17")
DAEMON_JSON_MODE = _mode(_DAEMON_JSON, "3.18", 0o644)
DEFAULT_OWNER = _owner(_DEFAULT, "3.19", severity=Severity.MEDIUM)
DEFAULT_MODE = _mode(_DEFAULT, "3.20", 0o644, severity=Severity.MEDIUM)
SYSCONFIG_MODE = _mode(_SYSCONFIG, "3.21", 0o644, severity=Severity.MEDIUM)
SYSCONFIG_OWNER = _owner(_SYSCONFIG, "3.22", severity=Severity.MEDIUM)
CONTAINERD_OWNER = _owner(_CONTAINERD, "3.23")
CONTAINERD_MODE = _mode(_CONTAINERD, "3.24", 0o660)
