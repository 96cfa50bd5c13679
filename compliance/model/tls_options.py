"""Command lines in, answers out on the TLS versions and suites they set."""

from __future__ import annotations

from compliance.model.check import listed
from compliance.model.flags import Answer, Option, answer, held, option, refused, shown, unknown
from compliance.model.host import CommandLine
from compliance.model.outcome import Outcome

_NEW = ("VersionTLS12", "VersionTLS13")
_OLD = ("VersionTLS10", "VersionTLS11")

#: Suites that CIS accepts. Source: CIS Kubernetes Benchmark 2.0.1 and 1.12, 1.2.29, as aquasecurity/kube-bench
#: cfg/cis-1.12/master.yaml lists them.
STRONG_SUITES = frozenset(
    {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    }
)
#: Suites that the STIG asks for. Source: DISA Kubernetes STIG V2R6, V-242418.
STIG_SUITES = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
)


def minimum_version(line: CommandLine) -> Answer:
    """Whether --tls-min-version is given and at least TLS 1.2."""
    found = option(line, "tls-min-version")
    if found.unknown:
        return unknown(found)
    if found.text is None:
        return answer(line, Outcome.FAIL, "--tls-min-version is not set; the default of TLS 1.2 does not count")
    if found.text not in (*_NEW, *_OLD):
        return refused(found, "a version such as VersionTLS12")
    return answer(line, held(found.text in _NEW), found.told(), found.at)


def suites_among(line: CommandLine) -> Answer:
    """Whether --tls-cipher-suites is given and names strong suites only."""
    found = option(line, "tls-cipher-suites")
    suites = _suites(found)
    if isinstance(suites, Answer):
        return suites
    weak = [suite for suite in suites if suite not in STRONG_SUITES]
    if weak:
        return answer(line, Outcome.FAIL, f"--tls-cipher-suites names {shown(listed(weak))}", found.every)
    return answer(line, Outcome.PASS, f"--tls-cipher-suites names {len(suites)} suites, all strong", found.every)


def suites_include(line: CommandLine) -> Answer:
    """Whether --tls-cipher-suites names all suites of the STIG."""
    found = option(line, "tls-cipher-suites")
    suites = _suites(found)
    if isinstance(suites, Answer):
        return suites
    missing = [suite for suite in STIG_SUITES if suite not in suites]
    words = f"lacks {listed(missing)}" if missing else "names the four suites that the STIG asks for"
    return answer(line, held(not missing), f"--tls-cipher-suites {words}", found.every)


def _suites(found: Option) -> tuple[str, ...] | Answer:
    """The suites that are named; an answer where none are, or where they cannot be known."""
    if not found.present:
        if found.unknown:
            return unknown(found)
        return answer(found.line, Outcome.FAIL, "--tls-cipher-suites is not set (default: all suites of the program)")
    if found.part_unknown:
        words = f"the suites of --tls-cipher-suites cannot be known: {found.part_unknown}"
        return answer(found.line, Outcome.NOT_CHECKED, words, found.every)
    suites = found.words()
    if suites is None:
        return refused(found, "a list of suites")
    return suites or answer(found.line, Outcome.FAIL, "--tls-cipher-suites is empty", found.every)
