"""Schedulers and their configuration files in, whether they serve profiling data out."""

from __future__ import annotations

from compliance.model.check import Verdict
from compliance.model.configuration_files import documents_of, not_handed_in
from compliance.model.flags import Answer, answer, boolean, held, judged_sources, option, shown, unknown
from compliance.model.host import CommandLine, Settings
from compliance.model.hosts import Hosts, Scheduler
from compliance.model.outcome import Outcome


def profiling_is_off(scheduler: Scheduler, hosts: Hosts) -> Verdict:
    """Whether each source switches profiling off."""
    return judged_sources(scheduler.lines, lambda line: _of_line(line, scheduler, hosts))


def _of_line(line: CommandLine, scheduler: Scheduler, hosts: Hosts) -> list[Answer]:
    config = option(line, "config")
    if not config.present or config.text == "":
        return [boolean(line, "profiling", wanted=False, default=True)]
    if config.unknown:
        return [unknown(config)]
    documents = documents_of(config, scheduler.host, hosts, "KubeSchedulerConfiguration")
    if not documents:
        return [not_handed_in(config, "whether profiling is on")]
    return [_of_document(document) for document in documents]


def _of_document(document: Settings) -> Answer:
    value = document.values.get("/enableProfiling")
    at = (document.place("/enableProfiling"),)
    if value is None:
        return answer(document, Outcome.FAIL, "enableProfiling is not set (default: true)", at)
    if not isinstance(value, bool):
        words = f"enableProfiling is {shown(str(value))}, which kube-scheduler refuses"
        return answer(document, Outcome.NOT_CHECKED, words, at)
    return answer(document, held(not value), f"enableProfiling is {str(value).lower()}", at)
