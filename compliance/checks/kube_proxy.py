"""kube-proxies in, verdicts out on where they serve their metrics."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from compliance.model.check import Verdict, check
from compliance.model.configuration_files import at_path
from compliance.model.flags import Answer, answer, held, option, shown
from compliance.model.host import CommandLine, Form, Settings
from compliance.model.hosts import KubeProxy
from compliance.model.kubelet_settings import told
from compliance.model.outcome import Outcome, Severity

_POINTER = "/metricsBindAddress"
_FLAG = "metrics-bind-address"
#: Source: Kubernetes 1.34, "kube-proxy" command line reference and "kube-proxy Configuration (v1alpha1)".
_DEFAULT = "127.0.0.1:10249"


@check(
    id="kube-proxy-metrics-address",
    title="Metrics of kube-proxy are served on the loopback address only",
    severity=Severity.MEDIUM,
    fix="Leave metricsBindAddress in the kube-proxy ConfigMap empty, or set it to 127.0.0.1:10249, and restart.",
)
def kube_proxy_metrics_address(proxy: KubeProxy) -> Verdict:
    """The address of the metrics is a loopback one; absent or empty means 127.0.0.1.

    With --config the file decides and the option counts for nothing.
    Source: CIS Kubernetes Benchmark 2.0.1, 4.3.1.
    """
    answers = [answer for line in proxy.lines for answer in _of_line(line, proxy.configurations)]
    if not proxy.lines or any(one.form is not Form.CONFIG_MAP for one in proxy.configurations):
        answers += [_of_document(one) for one in proxy.configurations]
    return told(answers, "a loopback address")


def _of_line(line: CommandLine, configurations: tuple[Settings, ...]) -> Iterator[Answer]:
    file = option(line, "config")
    if file.unknown:
        yield answer(line, Outcome.NOT_CHECKED, file.unknown, file.at)
    elif not file.text:
        yield _of_option(line)
    elif not (used := _used(file.text, configurations)):
        words = f"metricsBindAddress stands in {shown(file.text)}, which was not handed in"
        yield answer(line, Outcome.NOT_CHECKED, words, file.at)
    else:
        yield from map(_of_document, used)


def _used(path: str, configurations: tuple[Settings, ...]) -> tuple[Settings, ...]:
    """What configures a kube-proxy that is told a path: the file there, a config map, what is in force."""
    files = tuple(one for one in configurations if one.form is Form.FILE)
    return (*at_path(files, path), *(one for one in configurations if one.form is not Form.FILE))


def _of_option(line: CommandLine) -> Answer:
    found = option(line, _FLAG)
    if found.unknown:
        return answer(line, Outcome.NOT_CHECKED, found.unknown, found.at)
    if not found.text:
        return answer(line, Outcome.PASS, f"--{_FLAG} is not set (default: {_DEFAULT})")
    loopback = _is_loopback(found.text)
    if loopback is None:
        return answer(line, Outcome.NOT_CHECKED, f"{found.told()}, which is no address and port", found.at)
    return answer(line, held(loopback), found.told(), found.at)


def _of_document(document: Settings) -> Answer:
    value = document.values.get(_POINTER)
    at = (document.place(_POINTER),)
    if not document.has(_POINTER) or value in (None, ""):
        return answer(document, Outcome.PASS, f"metricsBindAddress is not set (default: {_DEFAULT})", at)
    words = f"metricsBindAddress is {shown(str(value))}"
    loopback = _is_loopback(value) if isinstance(value, str) else None
    if loopback is None:
        return answer(document, Outcome.NOT_CHECKED, f"{words}, which is no address and port", at)
    return answer(document, held(loopback), words, at)


def _is_loopback(text: str) -> bool | None:
    """Whether an address, with a port or without, is a loopback one; None when it is no address."""
    host = text.rpartition(":")[0] if text.count(":") == 1 or text.startswith("[") else text
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return None
