"""The API server's command lines in, whether an admission plugin is in force out."""

from __future__ import annotations

from compliance.model.flags import Answer, Option, answer, held, option, refused, shown, unknown
from compliance.model.host import CommandLine
from compliance.model.outcome import Outcome

_ENABLE, _DISABLE, _ALL = "enable-admission-plugins", "disable-admission-plugins", "admission-control"


def plugin(line: CommandLine, name: str, *, wanted: bool, default: bool) -> Answer:
    """Whether an admission plugin is on or off as wanted; `default` counts where no option names it.

    Source: Kubernetes, k8s.io/apiserver/pkg/server/options/admission.go: one that both options name is refused;
    pkg/kubeapiserver/options/admission.go: the old --admission-control lists all that are on, and stands alone.
    """
    options = {key: option(line, key) for key in (_ENABLE, _DISABLE, _ALL)}
    lists = {key: found.words() for key, found in options.items()}
    for key, words in lists.items():
        if words is None:
            return refused(options[key], "a list of plugins")
    where = [options[key] for key, words in lists.items() if words is not None and name in words]
    if len(where) > 1 or (options[_ALL].present and (options[_ENABLE].present or options[_DISABLE].present)):
        return _overlap(line, name, [found for found in options.values() if found.present])
    if (not where or where[0].unsure) and (
        doubtful := next((one for one in options.values() if one.part_unknown), None)
    ):
        return _doubt(doubtful, name)
    return _judged(line, name, options, where, wanted=wanted, default=default)


def _judged(
    line: CommandLine, name: str, options: dict[str, Option], where: list[Option], *, wanted: bool, default: bool
) -> Answer:
    """The answer where nothing contradicts and everything is known."""
    if where:
        found = where[0]
        on = found.name != _DISABLE
        return answer(line, held(on is wanted), f"--{found.name} names {name}", found.every)
    old = options[_ALL]
    if old.present:
        return answer(line, held(not wanted), f"--{_ALL} does not name {name}, so it is off", old.every)
    first = options[_DISABLE if default else _ENABLE]
    words = f"--{first.name} does not name {name}" if first.present else f"--{first.name} is not set"
    state = "on" if default else "off"
    return answer(line, held(default is wanted), f"{words}, and {name} is {state} by default", first.every)


def _overlap(line: CommandLine, name: str, given: list[Option]) -> Answer:
    at = tuple(place for found in given for place in found.every)
    told = " and ".join(f"--{found.name}" for found in given)
    words = f"{told} contradict each other about {shown(name)} or must not be used together: {line.program.value}"
    return answer(line, Outcome.NOT_CHECKED, f"{words} refuses to start with them", at)


def _doubt(found: Option, name: str) -> Answer:
    if not found.present:
        return unknown(found)
    words = f"whether --{found.name} names {name} cannot be known: {found.part_unknown}"
    return answer(found.line, Outcome.NOT_CHECKED, words, found.every)
