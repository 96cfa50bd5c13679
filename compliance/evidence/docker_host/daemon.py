"""The reader of the Docker daemon's configuration file, /etc/docker/daemon.json: its options as settings.

An empty file (`{}`) is no more Docker's than anybody else's, so it counts only as the host bundle writes it: the file's
content as the one value of an object, under the key WRAPPED.
"""

from __future__ import annotations

from collections.abc import Iterator

from compliance.errors import EvidenceError
from compliance.evidence.credentials import REDACTED
from compliance.evidence.docker_host.settings import (
    decoded,
    flattened,
    mapping,
    reader_of,
    settings,
    split,
)
from compliance.evidence.recognition import JSON_TOKEN, outermost_keys, without_mark
from compliance.evidence.sbom_parts import locate
from compliance.evidence.vulnerabilities.parts import Source
from compliance.model.evidence import escape
from compliance.model.host import Form, Settings
from compliance.model.reader import Reader, Record

#: The key under which a host bundle hands in the file as it stands, empty or not.
WRAPPED = "compliance-daemon-json/1"
_HEAD = 64 * 1024
#: Options of the file. Source: docker/cli docs/reference/dockerd.md, "Daemon configuration file", Docker 29; older ones
#: from moby daemon/config, releases 17.06 to 28.
_OPTION_NAMES = """
    allow-direct-routing allow-nondistributable-artifacts api-cors-header authorization-plugins bip bip6 bridge
    bridge-accept-fwmark builder cdi-spec-dirs cgroup-parent cluster-advertise cluster-store cluster-store-opts
    config-file containerd containerd-namespace containerd-plugin-namespace containerd-plugins-namespace cpu-rt-period
    cpu-rt-runtime data-root debug default-address-pools default-cgroupns-mode default-gateway default-gateway-v6
    default-ipc-mode default-network-opts default-runtime default-shm-size default-ulimits deprecated-key-path dns
    dns-opts dns-search exec-opts exec-root experimental features firewall-backend fixed-cidr fixed-cidr-v6 graph group
    host-gateway-ip host-gateway-ips hosts http-proxy https-proxy icc init init-path insecure-registries ip ip-forward
    ip-forward-no-drop ip-masq ip6tables iptables ipv6 labels live-restore live-restore-enabled log-driver log-format
    log-level log-opts max-concurrent-downloads max-concurrent-uploads max-download-attempts metrics-addr mtu
    network-control-plane-mtu no-new-privileges no-proxy node-generic-resources nri-opts oom-score-adjust pidfile
    proxies raw-logs registry-mirrors rootless runtimes seccomp-profile selinux-enabled shutdown-timeout
    storage-driver storage-opts swarm-default-advertise-addr tls tlscacert tlscert tlskey tlsverify userland-proxy
    userland-proxy-path userns-remap validate
"""
OPTIONS = frozenset(_OPTION_NAMES.split())
#: Options of log drivers that are kept; the others may hold tokens, also in addresses.
_LOG_OPTION_NAMES = """
    awslogs-group awslogs-region awslogs-stream cache-disabled compress env env-regex fluentd-address fluentd-async
    gelf-address gelf-compression-type labels labels-regex max-buffer-size max-file max-size mode splunk-format
    splunk-verify-connection syslog-address syslog-facility syslog-format tag
"""
_LOG_OPTIONS = frozenset(_LOG_OPTION_NAMES.split())


def identify(head: bytes) -> bool:
    """Whether the outermost object holds the daemon's options and next to nothing else, or is a bundle's copy of it."""
    text = without_mark(head).lstrip()
    if not text.startswith(b"{"):
        return False
    keys = {key.decode("ascii", "replace") for key in outermost_keys(text)}
    if WRAPPED in keys:
        return True
    known = keys & OPTIONS
    if not known or (known <= {"experimental"} and _is_client(text)):
        return False
    # an option that a later release brings may stand among several that are known
    return len(keys - known) * 4 <= len(known) if len(known) > 3 else keys == known


def _is_client(text: bytes) -> bool:
    """Whether `experimental` is a word: that is how a client's config.json has it."""
    strings = [found[1] for found in JSON_TOKEN.finditer(text) if found[1] is not None]
    return len(strings) > 1


def records(data: bytes, source: Source) -> Iterator[Record]:
    """One document of settings.

    Raises:
        EvidenceError: it cannot be read, or is no object.
    """
    value = mapping(decoded(data), "daemon.json")
    inner = ""
    if WRAPPED in value:
        if len(value) > 1:
            raise EvidenceError(f"{WRAPPED} stands alone in its object; hand in the bundle unchanged")
        inner = f"/{escape(WRAPPED)}"
        value = mapping(value[WRAPPED], "daemon.json")
    yield _settings(value, source, inner)


def _settings(value: dict[str, object], source: Source, inner: str) -> Settings:
    flat = flattened(value, None, _replaced)
    return settings("daemon.json", flat, source, form=Form.FILE, inner=inner)


def _replaced(keys: tuple[str, ...], value: object) -> object | None:
    """`<redacted>` for options of log drivers that are not known to hold no token."""
    if len(keys) == 2 and keys[0] == "log-opts" and keys[1] not in _LOG_OPTIONS and isinstance(value, str):
        return REDACTED
    return None


READER = Reader(
    id="docker-daemon-json",
    title="Configuration file of the Docker daemon (daemon.json)",
    revision=1,
    evidence_kinds=("daemon-json",),
    identify=identify,
    split=split,
    read=reader_of(records),
    locate=locate,
    record=Settings,
)
