"""Command lines in, answers out on the addresses and ports that a program listens on."""

from __future__ import annotations

import re
from ipaddress import ip_address

from compliance.model import flag_values
from compliance.model.check import listed
from compliance.model.evidence import At
from compliance.model.flags import Answer, Option, answer, held, option, refused, shown, unknown
from compliance.model.host import CommandLine
from compliance.model.outcome import Outcome

_URL = re.compile(r"(?P<scheme>https?|unixs?)://(?P<host>\[[^\]/]*\]|[^:/\[\]]*)(?::(?P<port>[0-9]{1,5}))?(?:/.*)?")


def loopback_only(line: CommandLine) -> Answer:
    """Whether --bind-address is a loopback address; absent means all addresses."""
    found = option(line, "bind-address")
    if found.unknown:
        return unknown(found)
    if found.text is None:
        words = "--bind-address is not set (default: 0.0.0.0, all addresses; kube-bench passes this)"
        return answer(line, Outcome.FAIL, words)
    try:
        loopback = ip_address(found.text).is_loopback
    except ValueError:
        return refused(found, "an address")
    return answer(line, held(loopback), found.told(), found.at)


def ports_of(line: CommandLine, secure: int, *plain: str) -> Answer:
    """Which port a Kubernetes program serves on; FAIL where one of the options `plain` opens one without TLS."""
    found = option(line, "secure-port")
    if found.unknown:
        return unknown(found)
    port = secure if found.text is None else flag_values.number(found.text)
    if port is None:
        return refused(found, "a port")
    told = f"port {port} (default)" if found.text is None else f"port {port}"
    for name in plain:
        other = option(line, name)
        if other.present and other.unknown:
            return unknown(other)
        if other.text is not None and flag_values.number(other.text) != 0:
            words = f"{other.told()}, a port without TLS, beside {told}"
            return answer(line, Outcome.FAIL, words, other.at)
    words = f"serves on {told} with TLS" if port else "serves on no port (--secure-port is 0)"
    return answer(line, Outcome.PASS, words, found.at)


def urls_of(line: CommandLine, defaults: dict[str, str]) -> Answer:
    """Which URLs a program listens on or speaks to, by option; FAIL where one beyond loopback is without TLS."""
    told: list[str] = []
    plain: list[Option] = []
    at: list[At] = []
    for name, default in defaults.items():
        found = option(line, name)
        if found.unknown:
            return unknown(found)
        if not (text := found.text or default):
            continue
        words = flag_values.words(text) or ()
        parts = [_URL.fullmatch(one) for one in words]
        if not words or None in parts:
            return refused(found, "a list of URLs")
        told.append(f"--{name} {shown(listed(words, limit=4))}{'' if found.present else ' (default)'}")
        at += found.at
        if any(part and part["scheme"] == "http" and not _is_loopback(part["host"]) for part in parts):
            plain.append(found)
    if plain:
        words_told = f"without TLS beyond the host itself: {listed(one.told() for one in plain)}"
        return answer(line, Outcome.FAIL, words_told, tuple(place for one in plain for place in one.at))
    return answer(line, Outcome.PASS, f"addresses in use: {'; '.join(told)}", tuple(dict.fromkeys(at)))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
