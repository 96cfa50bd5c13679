"""Arguments of a program in, its options in order out, and in words what keeps them from being all known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from compliance.evidence.credentials import redact_arguments
from compliance.model.host import Flag, Program

#: Arguments of one command that are read. Linux takes 2 MB of them; a control plane has fewer than a hundred.
MAX_ARGUMENTS = 2000
#: Characters of all of them together.
MAX_LENGTH = 256 * 1024
#: Longest option name that is read as one.
_MAX_NAME = 100
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_SHOWN = 60
#: What Go's strconv.ParseBool takes, in the words that no other option has for a value.
_TRUTH = frozenset(("true", "false", "True", "False", "TRUE", "FALSE"))
#: Options that are switches: they take a value only with `=`.
#: Source: `--help` of the Kubernetes 1.34 components, etcd 3.6 and dockerd 29.
_SWITCHES = frozenset(
    (
        "D",
        "add-dir-header",
        "aggregator-reject-forwarding-redirect",
        "allocate-node-cidrs",
        "allow-privileged",
        "allow-untagged-cloud",
        "alsologtostderr",
        "anonymous-auth",
        "audit-log-compress",
        "audit-log-truncate-enabled",
        "audit-webhook-truncate-enabled",
        "authentication-skip-lookup",
        "authentication-token-webhook",
        "authentication-tolerate-lookup-failure",
        "auto-tls",
        "bind-address-hard-fail",
        "cgroups-per-qos",
        "cleanup",
        "client-cert-auth",
        "configure-cloud-routes",
        "contention-profiling",
        "cpu-cfs-quota",
        "debug",
        "disable-legacy-registry",
        "enable-aggregator-routing",
        "enable-bootstrap-token-auth",
        "enable-controller-attach-detach",
        "enable-debugging-handlers",
        "enable-dynamic-provisioning",
        "enable-garbage-collector",
        "enable-grpc-gateway",
        "enable-hostpath-provisioner",
        "enable-leader-migration",
        "enable-log-rotation",
        "enable-logs-handler",
        "enable-pprof",
        "enable-priority-and-fairness",
        "enable-server",
        "enable-system-log-query",
        "enable-taint-manager",
        "enable-v2",
        "encryption-provider-config-automatic-reload",
        "exit-on-lock-contention",
        "experimental",
        "experimental-initial-corrupt-check",
        "fail-cgroupv1",
        "fail-swap-on",
        "force-new-cluster",
        "h",
        "help",
        "icc",
        "init",
        "init-only",
        "ip-forward",
        "ip-masq",
        "ip6tables",
        "iptables",
        "iptables-localhost-nodeports",
        "ipv6",
        "ipvs-strict-arp",
        "kernel-memcg-notification",
        "kubelet-https",
        "leader-elect",
        "live-restore",
        "local-storage-capacity-isolation",
        "logtostderr",
        "make-iptables-util-chains",
        "masquerade-all",
        "no-new-privileges",
        "one-output",
        "peer-auto-tls",
        "peer-client-cert-auth",
        "peer-skip-client-san-verification",
        "permit-address-sharing",
        "permit-port-sharing",
        "pre-vote",
        "profiling",
        "protect-kernel-defaults",
        "raw-logs",
        "register-node",
        "register-schedulable",
        "rootless",
        "rotate-certificates",
        "rotate-server-certificates",
        "runonce",
        "seccomp-default",
        "selinux-enabled",
        "serialize-image-pulls",
        "service-account-extend-token-expiration",
        "service-account-lookup",
        "shutdown-send-retry-after",
        "skip-headers",
        "skip-log-headers",
        "socket-reuse-address",
        "socket-reuse-port",
        "strict-reconfig-check",
        "tls",
        "tlsverify",
        "unsafe-no-fsync",
        "use-service-account-credentials",
        "userland-proxy",
        "validate",
        "version",
        "watch-cache",
    )
)


class Argument(NamedTuple):
    """One argument, and the pointer of where it stands."""

    text: str
    at: str


class Options(NamedTuple):
    """Options in order. `opaque` is empty when there are no others, else it says why there may be."""

    flags: tuple[Flag, ...]
    opaque: str


def options(program: Program, arguments: Sequence[Argument]) -> Options:
    """The options that a program's arguments are, without the program's own name; credentials are replaced.

    Forms `--name=value`, `--name value` and `--name`; of etcd and of one-letter options also with one dash.
    Kubernetes programs take `_` for `-`.
    Source: github.com/spf13/pflag, package documentation; k8s.io/component-base/cli/flag, WordSepNormalizeFunc; Go,
    package flag.
    """
    if len(arguments) > MAX_ARGUMENTS:
        return Options((), f"it has more than {MAX_ARGUMENTS:,} arguments, which are not read")
    if sum(len(argument.text) for argument in arguments) > MAX_LENGTH:
        return Options((), f"its arguments are longer than {MAX_LENGTH:,} characters together, and are not read")
    return _Parsing(program, arguments).run()


class _Parsing:
    """A walk over arguments; what cannot be told is noted once for each."""

    def __init__(self, program: Program, arguments: Sequence[Argument]) -> None:
        texts, _ = redact_arguments([argument.text for argument in arguments])
        self.arguments = [Argument(text, one.at) for text, one in zip(texts, arguments, strict=True)]
        self.program = program
        self.flags: list[Flag] = []
        self.doubts: list[str] = []
        self.position = 0
        #: Arguments, by position, that may be the value of the option before them.
        self.taken: set[int] = set()

    def run(self) -> Options:
        while self.position < len(self.arguments):
            argument = self.arguments[self.position]
            self.position += 1
            if argument.text == "--":
                self._doubt(argument, "ends the options, so what follows is none")
                break
            if argument.text.startswith("-") and len(argument.text) > 1:
                self._option(argument)
            elif argument.text.startswith("$("):
                self._doubt(argument, "comes from the environment and may be any option")
                # it may set one of those before it anew, and the last of a name counts
                self.flags = [flag._replace(sure=False) for flag in self.flags]
            else:
                self._doubt(argument, "belongs to no option, and the program may refuse it")
                if self.program is Program.ETCD:
                    break  # Go's own flag package reads no option after the first argument that is none
        return Options(tuple(self.flags), "; ".join(dict.fromkeys(self.doubts[:3])))

    def _doubt(self, argument: Argument, why: str) -> None:
        self.doubts.append(f"the argument {_short(argument.text)} {why}")

    def _option(self, argument: Argument) -> None:
        dashes = 2 if argument.text.startswith("--") else 1
        name, equals, given = argument.text[dashes:].partition("=")
        if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
            self._doubt(argument, "is no option that can be read")
            return
        if dashes == 1 and len(name) > 1 and self.program is not Program.ETCD:
            self._short_option(argument, name, given if equals else None)
            return
        if self.program is not Program.ETCD:
            name = name.replace("_", "-")
        sure = self.position - 1 not in self.taken
        value = given if equals else self._following(argument, name)
        self.flags.append(Flag(name, value, argument.at, sure and self.position not in self.taken))

    def _short_option(self, argument: Argument, name: str, value: str | None) -> None:
        """`-v2`, or several one-letter options at once; long names take two dashes."""
        if name[1:].isdigit() and value is None:
            self.flags.append(Flag(name[0], name[1:], argument.at))
        else:
            self._doubt(argument, "has one dash before a long name, which the program takes for one-letter options")

    def _following(self, argument: Argument, name: str) -> str | None:
        """The value of an option that has none of its own: the next argument, unless the option is a switch."""
        if name in _SWITCHES or self.position >= len(self.arguments):
            return None
        following = self.arguments[self.position].text
        if following in _TRUTH:
            return None  # only a switch is true or false, and a switch takes its value with `=` alone
        if following.startswith("-") and len(following) > 1 and not following[1:].isdigit():
            self._doubt(argument, f"has no value of its own, and may take {_short(following)} for it")
            self.taken.add(self.position)
            return None
        self.position += 1
        return following


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
