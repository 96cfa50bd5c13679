"""Kubelets in, answers out on one setting: what its command line, its file and its configuration in force say.

An option on the command line wins over the file. What is in force (`configz`) decides, but a file that says otherwise
comes back at the next restart, so the two must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from compliance.model import flag_values
from compliance.model.check import Verdict, failed, listed, not_applicable, not_checked, passed
from compliance.model.configuration_files import at_path
from compliance.model.evidence import At
from compliance.model.flags import Answer, Option, answer, held, option, shown
from compliance.model.host import CLUSTER_WIDE, CommandLine, Form, Program, Settings
from compliance.model.hosts import Hosts, Kubelet
from compliance.model.outcome import Outcome, worst

Value = bool | int | str | tuple[str, ...]
Good = Callable[[Value], bool]

_KIND = "KubeletConfiguration"
#: Answers that a reason tells.
_TOLD = 6


class Kind(Enum):
    """How a setting is written. The value is what a wrong one is said not to be."""

    SWITCH = "a truth value"
    NUMBER = "a whole number"
    DURATION = "a duration"
    TEXT = "a text"
    LIST = "a list of texts"


#: Kinds of which a document's 0 or empty text counts as not stated; what is in force has its defaults already, and an
#: option on the command line keeps its 0.
#: Source: kubernetes v1.34, pkg/kubelet/apis/config/v1beta1/defaults.go; other kinds are pointers, or default to it.
_DEFAULTED = (Kind.DURATION, Kind.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting of the kubelet.

    `default` counts where a configuration document does not state it, `flag_default` where there is no such document
    at all; `default_words` tell them where their values would not. Durations are in nanoseconds. Of a feature gate
    `gate` is the name, and `above` a gate that decides for it where it is not stated itself.
    """

    pointer: str
    flag: str
    kind: Kind
    default: Value
    flag_default: Value
    gate: str = ""
    above: str = ""
    default_words: str = ""

    @property
    def name(self) -> str:
        """The setting as a document calls it: `authentication.anonymous.enabled`."""
        return self.pointer[1:].replace("/", ".")


class Reading(NamedTuple):
    """What one source says of a setting.

    `value` is None where it cannot be known, and `words` then say why. `stated` is false of a default. `doubt` says
    what else may win over it; empty when nothing can.
    """

    value: Value | None
    words: str
    at: tuple[At, ...]
    source: str
    stated: bool
    doubt: str = ""


def judged(kubelet: Kubelet, hosts: Hosts, setting: Setting, good: Good, asked: str = "") -> Verdict:
    """Whether a setting is as it should be, in force and after a restart; `asked` says in words what is."""
    return told([*_shared(kubelet, hosts, setting, good), *_own(kubelet, setting, good)], asked)


def _own(kubelet: Kubelet, setting: Setting, good: Good) -> Iterator[Answer]:
    """What a kubelet's own evidence says, its command line, file and configuration in force."""
    force, start = in_force(kubelet, setting), at_start(kubelet, setting)
    for reading in force:
        outcome = Outcome.NOT_CHECKED if reading.value is None else held(good(reading.value))
        yield Answer(outcome, reading.words, reading.at, reading.source)
    known = any(reading.value is not None for reading in force)
    for reading in start:
        if reading.value is None:
            if not known:
                yield Answer(Outcome.NOT_CHECKED, reading.words, reading.at, reading.source)
        elif not good(reading.value):
            yield Answer(Outcome.FAIL, reading.words, reading.at, reading.source)
        elif reading.doubt and not known:
            words = f"{reading.words}, but {reading.doubt}"
            yield Answer(Outcome.NOT_CHECKED, words, reading.at, reading.source)
        else:
            yield Answer(Outcome.PASS, reading.words, reading.at, reading.source)
    yield from _differing(force, start)


def _differing(force: Sequence[Reading], start: Sequence[Reading]) -> Iterator[Answer]:
    """FAIL for each value that is stated for the next start and is not the one in force."""
    for now in force:
        for then in start:
            if now.value is None or then.value is None or not then.stated or _same(now.value, then.value):
                continue
            words = f"in force is another value than the {then.source} gives at the next start"
            yield Answer(Outcome.FAIL, words, (*now.at, *then.at), "")


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return set(one) == set(other)
    return one == other


def in_force(kubelet: Kubelet, setting: Setting) -> tuple[Reading, ...]:
    """What a kubelet itself answers."""
    return tuple(_in_document(one, setting) for one in kubelet.configurations if one.form is Form.CONFIGZ)


def at_start(kubelet: Kubelet, setting: Setting) -> tuple[Reading, ...]:
    """What a kubelet is started with: its command line, and where that is silent its file."""
    files = files_of(kubelet)
    if not kubelet.lines:
        doubt = f"{no_line(kubelet)}, and its command line wins over the file"
        return tuple(_in_document(one, setting)._replace(doubt=doubt) for one in files)
    return tuple(reading for line in kubelet.lines for reading in _of_line(line, files, setting))


def no_line(kubelet: Kubelet) -> str:
    """Why there is no command line of a kubelet."""
    if kubelet.host.processes:
        return "no kubelet is among the processes of this host"
    return "the command line of the kubelet was not handed in"


def files_of(kubelet: Kubelet) -> tuple[Settings, ...]:
    """Configuration files of a kubelet's host."""
    return tuple(one for one in kubelet.configurations if one.form is Form.FILE)


def _of_line(line: CommandLine, files: Sequence[Settings], setting: Setting) -> Iterator[Reading]:
    doubt = ""
    if setting.flag:
        found = option(line, setting.flag)
        reading = _of_flag(found, setting)
        if reading is not None:
            if setting.gate and reading.value is not None and setting.gate not in (found.gates() or {}):
                yield from _of_stage(line, files, setting, reading)
                return
            yield reading
            if found.present:
                return
            doubt = "options that are not known may win over it"
    file = option(line, "config")
    if file.unknown:
        yield Reading(None, f"{setting.name}: {file.unknown}", file.at, line.form.value, stated=False)
    elif file.text:
        yield from _of_file(line, file, files, setting, doubt)
    elif not doubt:
        words = f"{_flag_name(setting)} is not set, and there is no configuration file"
        words = f"{words} (default: {setting.default_words or _printed(setting.flag_default, setting)})"
        yield Reading(setting.flag_default, words, (line.place(),), line.form.value, False, _drop_ins(line))


def _of_stage(line: CommandLine, files: Sequence[Settings], setting: Setting, stage: Reading) -> Iterator[Reading]:
    """What a gate of a whole stage on the command line decides, unless the file names the gate itself: both count.

    Source: kubernetes v1.34, cmd/kubelet/app/server.go, kubeletConfigFlagPrecedence, which merges gates.
    """
    file = option(line, "config")
    named = documents(files, file.text) if file.text else ()
    if file.unknown or (file.text and not named):
        words = file.unknown or f"{setting.name} may stand in {shown(file.text or '')}, which was not handed in"
        yield Reading(None, f"{stage.words}; {words}", (*stage.at, *file.at), stage.source, stated=False)
    for one in named:
        own = one.values.get(setting.pointer) is not None
        yield (_in_document(one, setting) if own else stage)._replace(doubt=_drop_ins(line))
    if file.text == "" or file.absent:
        yield stage._replace(doubt=_drop_ins(line))


def _flag_name(setting: Setting) -> str:
    return f"--{setting.flag}" if setting.flag else setting.name


def _of_file(
    line: CommandLine, file: Option, files: Sequence[Settings], setting: Setting, doubt: str
) -> Iterator[Reading]:
    """What the file says that a command line names; files beside it may win over it."""
    named = documents(files, file.text or "")
    if not named:
        words = f"{setting.name} stands in {shown(file.text or '')}, which was not handed in"
        yield Reading(None, words, file.at, line.form.value, stated=False)
    for one in named:
        yield _in_document(one, setting)._replace(doubt=_drop_ins(line) or doubt)


def _drop_ins(line: CommandLine) -> str:
    """That further files may win over what the kubelet is started with; empty where there are none."""
    beside = option(line, "config-dir")
    if not beside.present or beside.text == "":
        return ""
    return f"files in {shown(beside.text or 'the folder of --config-dir')} win over it"


def documents(files: Sequence[Settings], path: str) -> tuple[Settings, ...]:
    """The files that a kubelet means by a path."""
    return at_path(files, path)


def _of_flag(found: Option, setting: Setting) -> Reading | None:
    """What an option says; None where it is not given, so that something else decides."""
    source, at = found.line.form.value, found.at
    if found.unknown:
        return Reading(None, found.unknown, at, source, stated=False)
    if found.text is None:
        return None
    if setting.gate:
        return _of_gates(found, setting)
    value = _parsed(found, setting.kind)
    if value is None or found.redacted:
        words = "is not shown" if found.redacted else f"is not {setting.kind.value}: the kubelet refuses to start"
        return Reading(None, f"{found.told()}, which {words}", at, source, stated=True)
    if isinstance(value, tuple):
        words = f"--{found.name} is {_printed(value, setting)}"
        return Reading(value, words, found.every, source, stated=True)
    return Reading(value, found.told(), at, source, stated=True)


def _of_gates(found: Option, setting: Setting) -> Reading | None:
    gates = found.gates()
    if gates is None:
        words = f"{found.told()}, which is no list of feature gates: the kubelet refuses to start"
        return Reading(None, words, found.every, found.line.form.value, stated=True)
    name = next((name for name in (setting.gate, setting.above) if name and name in gates), None)
    if name is None:
        return None
    words = f"--{found.name} sets {name} to {str(gates[name]).lower()}"
    return Reading(gates[name], words, found.every, found.line.form.value, stated=True)


def _parsed(found: Option, kind: Kind) -> Value | None:
    text = found.text or ""
    match kind:
        case Kind.SWITCH:
            return flag_values.truth(text)
        case Kind.NUMBER:
            return flag_values.number(text)
        case Kind.DURATION:
            return flag_values.duration(text)
        case Kind.TEXT:
            return text if found.flags[-1].value is not None else None
        case Kind.LIST:
            return found.words()


def _in_document(document: Settings, setting: Setting) -> Reading:
    """What a document says, or what counts because it does not."""
    source = document.form.value
    pointers = [setting.pointer]
    if setting.above:
        pointers.append(f"{setting.pointer.rpartition('/')[0]}/{setting.above}")
    pointer = next((one for one in pointers if document.has(one) and document.values.get(one, "") is not None), None)
    at = (document.place(pointer or setting.pointer),)
    if pointer is None:
        words = f"{setting.name} is not set (default: {setting.default_words or _printed(setting.default, setting)})"
        return Reading(setting.default, words, at, source, stated=False)
    name = pointer[1:].replace("/", ".")
    value = _typed(document, pointer, setting.kind)
    if value is None:
        words = f"{name} is not {setting.kind.value}: the kubelet refuses this configuration"
        return Reading(None, words, at, source, stated=True)
    raw = document.values.get(pointer)
    if value in (0, "") and setting.default and document.form is not Form.CONFIGZ and setting.kind in _DEFAULTED:
        words = f"{name} is {shown(str(raw))}, which the kubelet takes for not set"
        words = f"{words} (default: {setting.default_words or _printed(setting.default, setting)})"
        return Reading(setting.default, words, at, source, stated=False)
    printed = shown(raw) if isinstance(raw, str) and setting.kind is not Kind.LIST else _printed(value, setting)
    return Reading(value, f"{name} is {printed}", at, source, stated=True)


def _typed(document: Settings, pointer: str, kind: Kind) -> Value | None:
    """A value of a document in the type that the kubelet asks for; None where it has another one."""
    value = document.values.get(pointer)
    match kind:
        case Kind.SWITCH:
            return value if isinstance(value, bool) else None
        case Kind.NUMBER:
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        case Kind.DURATION:
            if value == 0 and isinstance(value, int) and not isinstance(value, bool):
                return 0
            return flag_values.duration(value) if isinstance(value, str) else None
        case Kind.TEXT:
            return value if isinstance(value, str) and value not in ("[]", "{}") else None
        case Kind.LIST:
            items = document.items(pointer)
            texts = tuple(item for item in items if isinstance(item, str))
            return texts if len(texts) == len(items) and (texts or value == "[]") else None


def _printed(value: Value, setting: Setting) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return shown(listed(value)) if value else "none"
    if isinstance(value, int):
        return flag_values.told_duration(value) if setting.kind is Kind.DURATION else str(value)
    return shown(value) if value else "none"


def _shared(kubelet: Kubelet, hosts: Hosts, setting: Setting, good: Good) -> Iterator[Answer]:
    """What the config map of the cluster says: new nodes get it, and it shows no node's configuration in force."""
    for document in kubelet.configurations:
        if document.form is Form.CONFIG_MAP:
            reading = _in_document(document, setting)
            outcome = held(good(reading.value)) if reading.value is not None else Outcome.NOT_CHECKED
            yield of_new_nodes(hosts, Answer(outcome, reading.words, reading.at, reading.source))


def of_new_nodes(hosts: Hosts, found: Answer) -> Answer:
    """An answer of the config map: what holds there passes only where nodes themselves were looked at, too."""
    if found.outcome is Outcome.PASS and not nodes_seen(hosts):
        words = f"{found.words} for new nodes, but no node's own configuration was handed in"
        return found._replace(outcome=Outcome.NOT_CHECKED, words=words)
    return found._replace(words=f"{found.words} for new nodes; nodes that are there are judged by their own")


def is_shared(kubelet: Kubelet) -> bool:
    """Whether it is no node's kubelet, but what the cluster's config map says for all."""
    return not kubelet.lines and all(one.form is Form.CONFIG_MAP for one in kubelet.configurations)


def left_to_nodes(kubelet: Kubelet, hosts: Hosts, words: str) -> Verdict:
    """What a config map cannot answer: not applicable where nodes are judged by their own, else not checked."""
    at = tuple(one.place() for one in kubelet.configurations)
    if nodes_seen(hosts):
        return not_applicable(f"{words}; each node is judged by its own", at=at)
    return not_checked(f"{words}, and no node's own configuration was handed in", at=at)


def nodes_seen(hosts: Hosts) -> bool:
    """Whether the evidence holds the kubelet of any node."""
    return any(
        host.subject.id != CLUSTER_WIDE.id and (host.settings_of(_KIND) or host.lines_of(Program.KUBELET))
        for host in hosts.hosts
    )


def in_file_only(
    kubelet: Kubelet, hosts: Hosts, setting: Setting, good: Good, *, needed: bool, asked: str = ""
) -> Verdict:
    """Whether a setting is right in the kubelet's file, and not given on its command line.

    `needed` is true where the file must state it, whatever the default.
    """
    answers = [*_on_lines(kubelet, setting)]
    for document in kubelet.configurations:
        reading = _in_document(document, setting)
        if reading.value is None:
            outcome = Outcome.NOT_CHECKED
        else:
            outcome = held(good(reading.value) and (reading.stated or not needed or document.form is Form.CONFIGZ))
        found = Answer(outcome, reading.words, reading.at, reading.source)
        answers.append(of_new_nodes(hosts, found) if document.form is Form.CONFIG_MAP else found)
    answers += _differing(in_force(kubelet, setting), at_start(kubelet, setting))
    return told(answers, asked)


def _on_lines(kubelet: Kubelet, setting: Setting) -> Iterator[Answer]:
    """What the command lines say of an option that must not stand there, and of the file that must be there."""
    shared = any(one.form is Form.CONFIG_MAP for one in kubelet.configurations)
    files = files_of(kubelet)
    if not kubelet.lines and not shared:
        at = tuple(one.place() for one in kubelet.configurations)
        yield Answer(Outcome.NOT_CHECKED, f"whether --{setting.flag} is given is not known: {no_line(kubelet)}", at, "")
        if not files:
            yield Answer(Outcome.NOT_CHECKED, "the configuration file was not handed in", at, "")
    for line in kubelet.lines:
        found = option(line, setting.flag)
        if found.unknown:
            yield answer(line, Outcome.NOT_CHECKED, found.unknown, found.at)
        elif found.present:
            words = f"{found.told()} on the command line, where it must not be given at all"
            yield answer(line, Outcome.FAIL, words, found.every)
        else:
            yield answer(line, Outcome.PASS, f"--{setting.flag} is not given")
        yield from _file_of(line, files)


def _file_of(line: CommandLine, files: Sequence[Settings]) -> Iterator[Answer]:
    file = option(line, "config")
    if file.unknown:
        yield answer(line, Outcome.NOT_CHECKED, file.unknown, file.at)
    elif not file.text:
        yield answer(line, Outcome.FAIL, "the kubelet has no configuration file: --config is not set")
    elif not documents(files, file.text):
        words = f"the configuration file {shown(file.text)} was not handed in"
        yield answer(line, Outcome.NOT_CHECKED, words, file.at)
    elif option(line, "config-dir").present:
        words = f"files in the folder of {option(line, 'config-dir').told()} may win over {shown(file.text)}"
        yield answer(line, Outcome.NOT_CHECKED, words, file.at)


def told(answers: Iterable[Answer], asked: str = "") -> Verdict:
    """One verdict on what several sources say: the worst, and then the others, each with its source and places."""
    found = list(dict.fromkeys(answers))
    if not found:
        return not_checked("neither a configuration nor a command line says anything of it")
    outcome = worst(one.outcome for one in found)
    ordered = sorted(found, key=lambda one: one.outcome is not outcome)
    texts = list(dict.fromkeys(f"{one.words} ({one.source})" if one.source else one.words for one in ordered))
    more = f"; and {len(texts) - _TOLD} more" if len(texts) > _TOLD else ""
    reason = "; ".join(texts[:_TOLD]) + more + (f"; asked: {asked}" if asked else "")
    at = tuple(dict.fromkeys(place for one in ordered for place in one.at))
    match outcome:
        case Outcome.PASS:
            return passed(reason, at=at)
        case Outcome.FAIL:
            return failed(reason, at=at)
        case _:
            return not_checked(reason, at=at)


def either(*ways: Sequence[Verdict]) -> Verdict:
    """The best of several ways to do one thing, each of which is as good as the worst of its parts."""
    outcomes = [(worst(part.outcome for part in parts), parts) for parts in ways]
    best = min(outcomes, key=lambda one: _RANK[one[0]])
    shown_parts = best[1] if best[0] is Outcome.PASS else [part for _, parts in outcomes for part in parts]
    reason = "; ".join(dict.fromkeys(part.reason for part in shown_parts))
    at = tuple(dict.fromkeys(place for part in shown_parts for place in part.at))
    return Verdict(outcome=best[0], reason=reason, at=at)


_RANK = {Outcome.PASS: 0, Outcome.NOT_APPLICABLE: 1, Outcome.NOT_CHECKED: 2, Outcome.ERROR: 3, Outcome.FAIL: 4}
