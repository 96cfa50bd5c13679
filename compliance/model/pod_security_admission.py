"""API servers and their admission configuration in, what Pod Security admission does by default out."""

from __future__ import annotations

from collections.abc import Iterable

from compliance.model.admission_plugins import plugin
from compliance.model.check import Verdict
from compliance.model.configuration_files import MAX_NAMELESS, documents_of, not_handed_in
from compliance.model.flags import (
    Answer,
    answer,
    combined,
    held,
    judged_lines,
    judged_sources,
    option,
    refused,
    shown,
    unknown,
)
from compliance.model.host import CommandLine, Settings
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.kubernetes_version import Stated, stated_versions
from compliance.model.outcome import Outcome

_NAME = "PodSecurity"
#: Minor versions of Kubernetes. Source: Kubernetes, "Feature Gates (removed)": PodSecurity is beta, and on by default,
#: from 1.23, always on from 1.25, and gone from 1.28.
_ON_BY_DEFAULT, _ALWAYS_ON, _GATE_GONE = 23, 25, 28
_LEVELS = ("baseline", "restricted")


def plugin_or_gate_is_on(server: ApiServer, hosts: Hosts) -> Verdict:
    """Whether Pod Security admission is in force, for each source."""
    versions = stated_versions(server.lines, hosts)
    return judged_lines(server.lines, lambda line: _in_force(line, versions))


def _in_force(line: CommandLine, versions: tuple[Stated, ...]) -> Answer:
    on = plugin(line, _NAME, wanted=True, default=True)
    if on.outcome is not Outcome.PASS:
        return on
    if not versions:
        words = f"{on.words}; whether there is still a feature gate {_NAME} depends on the version, which is not known"
        return answer(line, Outcome.NOT_CHECKED, words, on.at)
    oldest = min(versions, key=lambda stated: stated.minor)
    if oldest.minor >= _GATE_GONE:
        words = f"{oldest.words} has no feature gate {_NAME} any more; {on.words}"
        return answer(line, Outcome.NOT_APPLICABLE, words, (oldest.at, *on.at))
    return combined([_gate(line, oldest), on])


def _gate(line: CommandLine, version: Stated) -> Answer:
    found = option(line, "feature-gates")
    gates = found.gates()
    if gates is None:
        return refused(found, "a list of feature gates")
    if found.part_unknown:
        words = f"the feature gate {_NAME} cannot be known: {found.part_unknown}"
        return answer(line, Outcome.NOT_CHECKED, words, found.every)
    value = gates.get(_NAME, gates.get("AllBeta", True) if version.minor < _ALWAYS_ON else True)
    on = gates.get(_NAME, False) if version.minor < _ON_BY_DEFAULT else value
    words = f"the feature gate {_NAME} is {'on' if on else 'off'} in {version.words}"
    return answer(line, held(on), words, (*found.every, version.at))


def defaults_are_enforced(server: ApiServer, hosts: Hosts) -> Verdict:
    """Whether each source enforces a level on namespaces that state none."""
    return judged_sources(server.lines, lambda line: _defaults(line, server, hosts))


def _defaults(line: CommandLine, server: ApiServer, hosts: Hosts) -> list[Answer]:
    found = option(line, "admission-control-config-file")
    if found.unknown:
        return [unknown(found)]
    if not found.text:
        return [answer(line, Outcome.FAIL, f"{found.told()}: namespaces without labels enforce nothing", found.at)]
    documents = documents_of(found, server.host, hosts, "AdmissionConfiguration")
    if not documents:
        return [not_handed_in(found, "the configuration of Pod Security admission")]
    return [answer_ for one in documents for answer_ in _of_configuration(one, server, hosts)]


def _of_configuration(document: Settings, server: ApiServer, hosts: Hosts) -> list[Answer]:
    for number in document.keys("/plugins"):
        at = f"/plugins/{number}"
        if document.values.get(f"{at}/name") != _NAME:
            continue
        if document.has(f"{at}/configuration") and document.values.get(f"{at}/configuration", "") is not None:
            return [_level(document, f"{at}/configuration")]
        path = document.values.get(f"{at}/path")
        named = _named(path, server, hosts) if isinstance(path, str) else ()
        if named:
            return [_level(one, "") for one in named]
        words = f"the configuration of {_NAME} stands in {shown(str(path))}, which was not handed in"
        return [answer(document, Outcome.NOT_CHECKED, words, (document.place(at),))]
    words = f"{document.kind} does not configure {_NAME}: namespaces without labels enforce nothing"
    return [answer(document, Outcome.FAIL, words, (document.place("/plugins"),))]


def _named(path: str, server: ApiServer, hosts: Hosts) -> tuple[Settings, ...]:
    """The documents of Pod Security that a path, relative to the naming file or not, may mean."""
    name = path.rpartition("/")[2]
    near: Iterable[Settings] = server.host.settings_of("PodSecurityConfiguration")
    found = tuple(one for one in near if one.origin.path.rpartition("/")[2] == name)
    if found or server.host.name is not None or len(hosts.nameless) > MAX_NAMELESS:
        return found
    loose = (one for host in hosts.nameless for one in host.settings_of("PodSecurityConfiguration"))
    return tuple(one for one in loose if one.origin.path.rpartition("/")[2] == name)


def _level(document: Settings, at: str) -> Answer:
    level = document.values.get(f"{at}/defaults/enforce")
    place = (document.place(f"{at}/defaults/enforce"),)
    if level is None:
        return answer(document, Outcome.FAIL, "defaults.enforce of PodSecurity is not set (default: privileged)", place)
    return answer(document, held(level in _LEVELS), f"defaults.enforce of PodSecurity is {shown(str(level))}", place)
