"""What a Docker daemon is set to, over its configuration file, its command line and what `docker info` says.

dockerd refuses to start with one option in both the file and the command line, so one statement is the setting;
where two contradict each other both are told. A default counts only when both sources are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from compliance.model import flag_values
from compliance.model.check import Verdict, not_checked
from compliance.model.evidence import At, escape
from compliance.model.file_modes import look
from compliance.model.flags import Answer, agreed, held, option, shown
from compliance.model.host import CommandLine, Program, Scalar, Settings
from compliance.model.hosts import Host
from compliance.model.outcome import Outcome

CONFIGURATION = "/etc/docker/daemon.json"
#: Options whose name on the command line is not the key of the file. Source: docker/cli docs/reference/dockerd.md.
_FLAGS: dict[str, tuple[str, ...]] = {
    "authorization-plugins": ("authorization-plugin",),
    "data-root": ("data-root", "graph", "g"),
    "default-ulimits": ("default-ulimit",),
    "hosts": ("host", "H"),
    "insecure-registries": ("insecure-registry",),
    "log-level": ("log-level", "l"),
    "log-opts": ("log-opt",),
    "storage-driver": ("storage-driver", "s"),
    "storage-opts": ("storage-opt",),
}
#: Keys of the file that meant the same in older releases.
_OLDER = {"data-root": "graph"}
_FILE = "daemon.json"
_LINE = "command line of dockerd"
INFO = "docker info"


class Stated(NamedTuple):
    """One value that a source states of an option. `words` say it in a clause."""

    value: Scalar
    words: str
    at: At
    source: str


def infos(host: Host) -> tuple[Settings, ...]:
    """What the running engine said of itself; an answer without a server is none."""
    return tuple(document for document in host.settings_of("docker info") if document.has("/ServerVersion"))


def no_info(host: Host) -> Verdict:
    """NOT_CHECKED: docker info was not handed in, or the daemon did not answer it."""
    silent = [document.place("/ServerErrors") for document in host.settings_of("docker info")]
    if silent:
        return not_checked("docker info holds no answer of the daemon: run it as a user who may", at=silent)
    return not_checked("docker info of this host was not handed in (docker info --format '{{json .}}')")


def lines(host: Host) -> tuple[CommandLine, ...]:
    return host.lines_of(Program.DOCKER_DAEMON)


def files(host: Host) -> tuple[Settings, ...]:
    """The configuration files that were handed in; not the one at the default path when the daemon reads another."""
    elsewhere = configuration_path(host) != CONFIGURATION
    return tuple(
        document
        for document in host.settings_of("daemon.json")
        if not (elsewhere and document.origin.path.endswith(CONFIGURATION))
    )


def configuration_path(host: Host) -> str:
    """Where the daemon reads its configuration: what its command line says, else the default."""
    told = [text for line in lines(host) if (text := option(line, "config-file").text)]
    return told[-1] if told else CONFIGURATION


def stated(host: Host, key: str) -> tuple[Stated, ...]:
    """Every value that the file and the command line state of an option; of a list, each element."""
    return (*_in_files(host, key), *_on_lines(host, key))


def _in_files(host: Host, key: str) -> Iterator[Stated]:
    for document in files(host):
        for name in (key, _OLDER.get(key, "")):
            pointer = f"/{escape(name)}"
            if name and pointer in document.values:
                value = document.values[pointer]
                if isinstance(value, str) and flag_values.truth(value) is not None:
                    value = f'"{value}"'  # dockerd refuses a text for a truth value: it is shown, and is none
                if value not in ("[]", "{}"):
                    yield Stated(value, f"{name} is {told(value)}", document.place(pointer), _FILE)
            elif name:
                yield from _elements(document, name, pointer)


def _elements(document: Settings, name: str, pointer: str) -> Iterator[Stated]:
    """Elements of a list; of a mapping, `key=value` for each key."""
    below = f"{pointer}/"
    for key, value in document.values.items():
        if key.startswith(below):
            inner = key[len(below) :].replace("~1", "/").replace("~0", "~")
            said = value if inner.isdecimal() else f"{inner}={told(value)}"
            yield Stated(said, f"{name} holds {told(said)}", document.place(key), _FILE)


def _on_lines(host: Host, key: str) -> Iterator[Stated]:
    for line in lines(host):
        for name in _FLAGS.get(key, (key,)):
            for flag in option(line, name).flags:
                value = "true" if flag.value is None else flag.value
                yield Stated(value, f"--{name} is {shown(value)}", line.place(flag.at), _LINE)


def told(value: Scalar) -> str:
    """A value as a reason prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else shown(str(value))


def unknown(host: Host) -> str:
    """Why nobody can say that an option is at its default; empty text when file and command line are known."""
    why: list[str] = []
    path = configuration_path(host)
    found = look(host, path)
    if not files(host) and not found.is_absent:
        lacks = f"{path} exists and was not handed in"
        why.append(lacks if found.seen else f"{path} was not handed in, nor a listing that shows there is none")
    if not lines(host) and host.processes:
        why.append("the list of processes names no dockerd")
    elif not lines(host):
        why.append("the command line of dockerd (list of processes) was not handed in")
    why.extend(f"the command line of dockerd: {line.opaque}" for line in lines(host) if line.opaque)
    return "; ".join(dict.fromkeys(why))


def known_at(host: Host) -> tuple[At, ...]:
    """Places that show that an option is at its default: file or listing, and command line."""
    places = [file.place() for file in files(host)] or list(look(host, configuration_path(host)).absent)
    return (*places, *(line.place() for line in lines(host)))


def answers(host: Host, key: str, rule: Callable[[Scalar], Outcome]) -> list[Answer]:
    """A rule asked of each statement of an option."""
    return [Answer(rule(one.value), one.words, (one.at,), one.source) for one in stated(host, key)]


def truth(value: Scalar) -> bool | None:
    """A truth value as the file or the command line writes it."""
    return value if isinstance(value, bool) else flag_values.truth(str(value))


def judged_boolean(host: Host, key: str, *, wanted: bool, default: bool, said: list[Answer] | None = None) -> Verdict:
    """Whether an option is true or false as wanted; `said` is what other sources say, which then decide as well."""

    def rule(value: Scalar) -> Outcome:
        found = truth(value)
        return Outcome.NOT_CHECKED if found is None else held(found is wanted)

    return judged(host, key, rule, default=held(default is wanted), default_told=told(default), said=said)


def judged(
    host: Host,
    key: str,
    rule: Callable[[Scalar], Outcome],
    *,
    default: Outcome,
    default_told: str,
    said: list[Answer] | None = None,
) -> Verdict:
    """A rule asked of all that is said of an option; `default` where nothing is and both sources are known."""
    found = [*(said or ()), *answers(host, key, rule)]
    if found:
        return agreed(found)
    why = unknown(host)
    if why:
        return not_checked(f"{key} is not among what was handed in: {why}", at=known_at(host))
    words = f"{key} is not set (default: {default_told})"
    return agreed([Answer(default, words, known_at(host), f"{_FILE}, {_LINE}")])


def info_boolean(host: Host, pointer: str, *, wanted: bool) -> list[Answer]:
    """What docker info says of a truth value, for each answer that holds it."""
    return [
        Answer(held(value is wanted), f"{pointer[1:]} is {told(value)}", (document.place(pointer),), INFO)
        for document in infos(host)
        if isinstance(value := document.values.get(pointer), bool)
    ]


def security_option(document: Settings, name: str) -> str | None:
    """A security option as docker info lists it (`name=seccomp,profile=builtin`); None when it does not."""
    for value in document.items("/SecurityOptions"):
        text = str(value)
        if text.split(",")[0] in (f"name={name}", name):
            return text
    return None
