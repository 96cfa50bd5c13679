"""Docker host in, verdicts out on who reaches its daemon, which registries it trusts, and where its logs go."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.docker_daemon import (
    INFO,
    Stated,
    infos,
    judged,
    known_at,
    stated,
    told,
    truth,
    unknown,
)
from compliance.model.evidence import At
from compliance.model.faults import Fault
from compliance.model.faults import told as all_told
from compliance.model.flags import Answer, agreed, held
from compliance.model.host import Settings
from compliance.model.hosts import DockerHost, Host
from compliance.model.outcome import Outcome, Severity

#: What the engine adds by itself: its own loopback. Source: moby registry/config.go.
_LOOPBACK = ("127.0.0.0/8", "::1/128")
#: Where it listens when TLS is on and no address is set. Source: moby opts/hosts.go, DefaultTLSHost.
_DEFAULT_WITH_TLS = "tcp://localhost:2376 (the default with TLS)"
_TLS_FILES = ("tlscacert", "tlscert", "tlskey")
#: Log drivers that keep logs on the host. Source: Docker documentation, "Configure logging drivers".
_LOCAL = ("json-file", "local", "journald", "etwlogs")
#: Drivers that send to a service elsewhere, whatever their options.
_REMOTE = ("awslogs", "gcplogs", "logentries", "splunk")
#: Drivers that send where an option says: its key, which addresses are local, and the default.
_ADDRESSED = {"syslog": "syslog-address", "gelf": "gelf-address", "fluentd": "fluentd-address"}
_NEAR = ("unix://", "unixgram://", "localhost", "127.", "[::1]")


@check(
    id="docker-insecure-registries",
    title="No registry is reached without TLS",
    severity=Severity.HIGH,
    fix="Remove insecure-registries from /etc/docker/daemon.json and give the registry a certificate.",
)
def docker_insecure_registries(host: DockerHost) -> Verdict:
    """No insecure registry is configured, and docker info lists none but the engine's own loopback.

    Source: moby registry/config.go; judged as CIS Docker Benchmark 1.8.0, 2.5, asks.
    """
    said = [_registries(document) for document in infos(host.host) if document.has("/RegistryConfig")]
    return judged(
        host.host, "insecure-registries", lambda _: Outcome.FAIL, default=Outcome.PASS, default_told="none", said=said
    )


def _registries(document: Settings) -> Answer:
    """What docker info says: networks and names for which TLS is not asked."""
    ranges = "/RegistryConfig/InsecureRegistryCIDRs"
    names = "/RegistryConfig/IndexConfigs"
    found = [(str(value), ranges) for value in document.items(ranges) if value not in _LOOPBACK]
    for key in document.keys(names):
        if document.values.get(f"{names}/{key}/Secure") is False:
            found.append((key.replace("~1", "/").replace("~0", "~"), f"{names}/{key}/Secure"))
    if not found:
        return Answer(Outcome.PASS, "no insecure registry but loopback", (document.place("/RegistryConfig"),), INFO)
    words = f"insecure registries: {listed(name for name, _ in found)}"
    return Answer(Outcome.FAIL, words, tuple(document.place(pointer) for _, pointer in found), INFO)


@check(
    id="docker-tcp-tls",
    title="The daemon's API is reached over mutual TLS only",
    severity=Severity.CRITICAL,
    fix="Remove the tcp:// address from hosts, or set tlsverify with tlscacert, tlscert and tlskey.",
    effort=Effort.PLATFORM,
)
def docker_tcp_tls(host: DockerHost) -> Verdict:
    """Where the daemon listens on TCP, clients must show a certificate, and CA, certificate and key are stated.

    Source: Docker documentation, "Protect the Docker daemon socket"; judged as CIS Docker Benchmark 1.8.0, 2.8, asks.
    """
    exposed = _exposed(host.host)
    if exposed:
        return failed(all_told(exposed), at=[fault.at for fault in exposed])
    listening = _on_tcp(host.host)
    why = unknown(host.host)
    if not listening:
        return _without_tcp(host.host, why)
    verified = [one for one in stated(host.host, "tlsverify") if truth(one.value)]
    lacking = ([] if verified else ["tlsverify"]) + [key for key in _TLS_FILES if not stated(host.host, key)]
    places = [one.at for one in listening]
    where = listed(_address(one) for one in listening)
    if lacking and why:
        return not_checked(f"listens on {where}; {listed(lacking)} not among what was handed in: {why}", at=places)
    if lacking:
        return failed(f"listens on {where} without {listed(lacking)}", at=places)
    return passed(f"listens on {where} with tlsverify, tlscacert, tlscert and tlskey", at=places)


def _on_tcp(host: Host) -> list[Stated]:
    """What says that the daemon listens on TCP: an address of TCP or of no scheme; TLS where no address is set.

    Source: moby opts/hosts.go, ParseHost and parseDaemonHost.
    """
    found = stated(host, "hosts")
    listening = [
        one for one in found if (text := str(one.value).strip()) and (text.startswith("tcp:") or "://" not in text)
    ]
    if found and all(str(one.value).strip() for one in found):
        return listening
    return listening + [one for key in ("tls", "tlsverify") for one in stated(host, key) if truth(one.value)]


def _address(one: Stated) -> str:
    """Where the daemon listens, by what says that it does."""
    return _DEFAULT_WITH_TLS if truth(one.value) else told(one.value)


def _exposed(host: Host) -> list[Fault]:
    """Warnings of the daemon itself that its API is open."""
    return [
        Fault(f"the daemon warns: {told(document.values[key])}", document.place(key))
        for document in infos(host)
        for key in document.values
        if key.startswith("/Warnings/") and "API is accessible on http" in str(document.values[key])
    ]


def _without_tcp(host: Host, why: str) -> Verdict:
    """PASS when all addresses are known and none is TCP."""
    found = stated(host, "hosts")
    if why:
        return not_checked(f"no tcp:// address among what was handed in, but {why}", at=[one.at for one in found])
    where = listed(told(one.value) for one in found) or "its default, a local socket"
    return passed(f"the daemon does not listen on TCP: {where}", at=[one.at for one in found] or known_at(host))


@check(
    id="docker-tcp-socket",
    title="The daemon does not listen on TCP",
    severity=Severity.HIGH,
    fix="Remove the tcp:// address from hosts and manage the host over SSH.",
    effort=Effort.PLATFORM,
)
def docker_tcp_socket(host: DockerHost) -> Verdict:
    """No address of the daemon is a TCP one, whether with TLS or without.

    Source: judged as Docker Enterprise 2.x Linux/UNIX STIG V2R2, V-235776, asks.
    """
    faults = _exposed(host.host)
    faults += [Fault(f"listens on {_address(one)}", one.at) for one in _on_tcp(host.host)]
    if faults:
        return failed(all_told(faults), at=[fault.at for fault in faults])
    return _without_tcp(host.host, unknown(host.host))


@check(
    id="docker-authorization-plugin",
    title="A plugin decides who may do what with the API",
    severity=Severity.LOW,
    fix="Install an authorisation plugin and name it in authorization-plugins of /etc/docker/daemon.json.",
    effort=Effort.PLATFORM,
)
def docker_authorization_plugin(host: DockerHost) -> Verdict:
    """At least one authorisation plugin is configured or listed by docker info.

    Source: Docker documentation, "Access authorization plugin"; judged as CIS Docker Benchmark 1.8.0, 2.13, asks.
    """
    said = []
    for document in infos(host.host):
        names = document.items("/Plugins/Authorization")
        words = f"Plugins.Authorization lists {listed(names) or 'none'}"
        said.append(Answer(held(bool(names)), words, (document.place("/Plugins/Authorization"),), INFO))
    return judged(
        host.host,
        "authorization-plugins",
        lambda value: held(bool(value)),
        default=Outcome.FAIL,
        default_told="none",
        said=said,
    )


@check(
    id="docker-logs-remote",
    title="Logs of containers leave the host",
    severity=Severity.LOW,
    fix='Set "log-driver" to one that sends logs elsewhere and its address in "log-opts" of /etc/docker/daemon.json.',
    effort=Effort.PLATFORM,
)
def docker_logs_remote(host: DockerHost) -> Verdict:
    """The default log driver sends to another host; NOT_CHECKED for a local one, whose files an agent may ship.

    Source: Docker documentation, "Configure logging drivers"; judged as CIS Docker Benchmark 1.8.0, 2.14, asks.
    """
    drivers = _drivers(host.host)
    if not drivers:
        return not_checked(f"the log driver is not among what was handed in: {unknown(host.host) or 'see docker info'}")
    return agreed([_remote(host.host, one) for one in drivers])


def _drivers(host: Host) -> list[Stated]:
    """The default log driver, as docker info, file and command line say."""
    said = [
        Stated(value, f"LoggingDriver is {told(value)}", document.place("/LoggingDriver"), INFO)
        for document in infos(host)
        if (value := document.values.get("/LoggingDriver"))
    ]
    return [*said, *stated(host, "log-driver")]


def _remote(host: Host, driver: Stated) -> Answer:
    """Whether a driver sends logs away."""
    name = str(driver.value)
    if name == "none":
        return Answer(Outcome.FAIL, f"{driver.words}: nothing is logged", (driver.at,), driver.source)
    if name in _REMOTE:
        return Answer(Outcome.PASS, driver.words, (driver.at,), driver.source)
    option = _ADDRESSED.get(name)
    addresses = [one for one in stated(host, "log-opts") if option and str(one.value).startswith(f"{option}=")]
    far = [one for one in addresses if not any(near in str(one.value) for near in _NEAR)]
    if option and far:
        return Answer(Outcome.PASS, f"{driver.words}, {far[0].words}", (driver.at, far[0].at), driver.source)
    words = f"{driver.words}: that these logs are sent elsewhere a person says"
    if option:
        words = f"{driver.words}, and no {option} of another host is among what was handed in"
    elif name not in _LOCAL:
        words = f"{driver.words}, a plugin: where it sends logs a person says"
    return Answer(Outcome.NOT_CHECKED, words, (driver.at,), driver.source)


@check(
    id="docker-log-options",
    title="Options of the log driver are set",
    severity=Severity.LOW,
    fix='Set "log-driver" and "log-opts" in /etc/docker/daemon.json.',
)
def docker_log_options(host: DockerHost) -> Verdict:
    """At least one option of the log driver is configured.

    Source: judged as Docker Enterprise 2.x Linux/UNIX STIG V2R2, V-235786, asks.
    """
    return judged(host.host, "log-opts", lambda value: held(bool(value)), default=Outcome.FAIL, default_told="none")


@check(
    id="docker-log-size",
    title="Log files of containers are bounded in size and number",
    severity=Severity.LOW,
    fix='Set "max-size" and "max-file" in "log-opts" of /etc/docker/daemon.json, or use the driver local.',
)
def docker_log_size(host: DockerHost) -> Verdict:
    """Where json-file is the default log driver, max-size and max-file are set; NOT_APPLICABLE to other drivers.

    Source: Docker documentation, "JSON File logging driver"; judged as Docker Enterprise 2.x Linux/UNIX STIG V2R2,
    V-235832, asks.
    """
    drivers = _drivers(host.host)
    others = [one for one in drivers if one.value != "json-file"]
    if drivers and len(others) == len(drivers):
        return not_applicable(listed(one.words for one in others), at=[one.at for one in others])
    options = stated(host.host, "log-opts")
    found = {key: one for key in ("max-size", "max-file") for one in options if str(one.value).startswith(f"{key}=")}
    lacking = [key for key in ("max-size", "max-file") if key not in found]
    places: list[At] = [one.at for one in (*found.values(), *drivers)]
    why = unknown(host.host)
    if lacking and why:
        return not_checked(f"{listed(lacking)} not among what was handed in: {why}", at=places)
    if lacking:
        return failed(f"json-file without {listed(lacking)}", at=places or known_at(host.host))
    return passed(f"json-file, {listed(one.words for one in found.values())}", at=places)
