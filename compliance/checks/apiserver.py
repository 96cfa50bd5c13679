"""API servers in, verdicts out on how they answer requests and mint tokens."""

from __future__ import annotations

from compliance.model import flag_values
from compliance.model.check import Verdict, check
from compliance.model.flag_values import SECOND, told_duration
from compliance.model.flags import Answer, answer, boolean, held, is_set, judged_lines, option, refused, unknown
from compliance.model.host import CommandLine
from compliance.model.hosts import ApiServer
from compliance.model.outcome import Outcome, Severity

#: The longest time that a request may take. Source: CIS Kubernetes Benchmark 2.0.1, 1.2.20 names 300 seconds for
#: clusters that need more than the default.
_LONGEST = 300 * SECOND
_DEFAULT_TIMEOUT = "1m0s"
_PORTS = range(1, 65536)


@check(
    id="apiserver-profiling",
    title="The API server serves no profiling data",
    severity=Severity.MEDIUM,
    fix="Set --profiling=false in the manifest of kube-apiserver.",
)
def apiserver_profiling(server: ApiServer) -> Verdict:
    """--profiling is false; absent means true.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.15.
    """
    return judged_lines(server.lines, lambda line: boolean(line, "profiling", wanted=False, default=True))


@check(
    id="apiserver-request-timeout",
    title="Requests to the API server end within five minutes",
    severity=Severity.LOW,
    fix="Leave --request-timeout at its default of a minute, or set it to at most 300s.",
)
def apiserver_request_timeout(server: ApiServer) -> Verdict:
    """--request-timeout is more than none and at most 300 seconds; absent means 60 seconds and passes.

    What fits a cluster is its owner's choice; this finds values that no cluster needs.
    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.20.
    """

    def rule(line: CommandLine) -> Answer:
        found = option(line, "request-timeout")
        if found.absent:
            return answer(line, Outcome.PASS, f"--request-timeout is not set (default: {_DEFAULT_TIMEOUT})")
        return _timeout(line, _LONGEST)

    return judged_lines(server.lines, rule)


@check(
    id="apiserver-request-timeout-set",
    title="A timeout for requests is set on the API server",
    severity=Severity.MEDIUM,
    fix="Set --request-timeout to more than 0, for example 60s, in the manifest of kube-apiserver.",
)
def apiserver_request_timeout_set(server: ApiServer) -> Verdict:
    """--request-timeout is given and more than none; the default does not count.

    Source: DISA Kubernetes STIG V2R6, V-242438.
    """

    def rule(line: CommandLine) -> Answer:
        if option(line, "request-timeout").absent:
            words = f"--request-timeout is not set; the default of {_DEFAULT_TIMEOUT} does not count"
            return answer(line, Outcome.FAIL, words)
        return _timeout(line, None)

    return judged_lines(server.lines, rule)


def _timeout(line: CommandLine, longest: int | None) -> Answer:
    """Whether the timeout that is given is more than none, and not longer than `longest` nanoseconds."""
    found = option(line, "request-timeout")
    if found.unknown:
        return unknown(found)
    value = flag_values.duration(found.text or "")
    if value is None:
        return refused(found, "a duration")
    if longest is None:
        return answer(line, held(value > 0), found.told(), found.at)
    words = f"{found.told()}; asked: more than 0 and at most {told_duration(longest)}"
    return answer(line, held(0 < value <= longest), words, found.at)


@check(
    id="apiserver-secure-port",
    title="The API server serves on a stated secure port",
    severity=Severity.MEDIUM,
    fix="Set --secure-port to the port of the API server, for example 6443, in its manifest.",
)
def apiserver_secure_port(server: ApiServer) -> Verdict:
    """--secure-port is given and not 0; the default does not count.

    Source: DISA Kubernetes STIG V2R6, V-242389.
    """

    def rule(line: CommandLine) -> Answer:
        found = option(line, "secure-port")
        if found.unknown:
            return unknown(found)
        if found.text is None:
            return answer(line, Outcome.FAIL, "--secure-port is not set; the default of 6443 does not count")
        port = flag_values.number(found.text)
        if port is None or (port != 0 and port not in _PORTS):
            return refused(found, "a port")
        return answer(line, held(port != 0), found.told(), found.at)

    return judged_lines(server.lines, rule)


@check(
    id="apiserver-service-account-lookup",
    title="The API server rejects tokens of deleted service accounts",
    severity=Severity.MEDIUM,
    fix="Remove --service-account-lookup=false from the manifest of kube-apiserver.",
)
def apiserver_service_account_lookup(server: ApiServer) -> Verdict:
    """--service-account-lookup is not false; absent means true.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.21.
    """
    return judged_lines(server.lines, lambda line: boolean(line, "service-account-lookup", wanted=True, default=True))


@check(
    id="apiserver-service-account-key-file",
    title="The API server verifies service account tokens with a key of their own",
    severity=Severity.MEDIUM,
    fix="Set --service-account-key-file to the public key of service account tokens.",
)
def apiserver_service_account_key_file(server: ApiServer) -> Verdict:
    """--service-account-key-file is set; absent means that the key of the serving certificate is used.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.22.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "service-account-key-file"))


@check(
    id="apiserver-service-account-token-extension",
    title="The API server does not stretch the life of service account tokens",
    severity=Severity.MEDIUM,
    fix="Set --service-account-extend-token-expiration=false once no client uses stale tokens.",
)
def apiserver_service_account_token_extension(server: ApiServer) -> Verdict:
    """--service-account-extend-token-expiration is false; absent means true, which makes an hour a year.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.30.
    """
    name = "service-account-extend-token-expiration"
    return judged_lines(server.lines, lambda line: boolean(line, name, wanted=False, default=True))
