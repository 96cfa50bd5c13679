"""Command lines in, what an option is set to out: for each line of a program, and for all of them together.

The last occurrence of an option counts, save for lists, to which each occurrence adds. What cannot be known (a value
from the environment, options in a file that was not handed in) is said to be unknown and never passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from compliance.model import flag_values
from compliance.model.check import Verdict, failed, listed, not_applicable, not_checked, passed
from compliance.model.evidence import At
from compliance.model.host import CommandLine, Flag, Form, Program, Settings
from compliance.model.outcome import Outcome, worst

#: Programs to which `_` and `-` are the same in the name of an option.
#: Source: k8s.io/component-base/cli/flag, WordSepNormalizeFunc.
_UNDERSCORES = frozenset(
    {
        Program.API_SERVER,
        Program.CONTROLLER_MANAGER,
        Program.SCHEDULER,
        Program.KUBELET,
        Program.KUBE_PROXY,
    }
)
#: Options that take all others out of force. Source: etcd documentation, "Configuration file".
_ALONE = {Program.ETCD: "config-file"}
_FROM_ENVIRONMENT = re.compile(r"\$[({A-Za-z_]")
_REDACTED = "<redacted>"
#: Characters of a value that a reason tells, and answers that it tells.
_VALUE_TOLD = 120
_ANSWERS_TOLD = 6
#: Command lines of one program on one host that are compared: its manifest, its pod and its process make three.
MAX_LINES = 100


def shown(value: str) -> str:
    """A value as a reason prints it: on one line, cut, and in words where it is empty."""
    clean = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in value[: _VALUE_TOLD + 1])
    return (f"{clean[:_VALUE_TOLD]}..." if len(value) > _VALUE_TOLD else clean).strip() or "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What one command line says of one option. `flags` are its occurrences in order."""

    line: CommandLine
    name: str
    flags: tuple[Flag, ...]

    @property
    def present(self) -> bool:
        """Whether it stands on the command line; false does not yet mean that it is absent, see `unknown`."""
        return bool(self.flags)

    @property
    def unknown(self) -> str:
        """Why nobody can say what the option is; empty when its value, or its absence, is known."""
        alone = _ALONE.get(self.line.program)
        if alone is not None and self.name != alone and any(flag.name == alone for flag in self.line.flags):
            return f"--{alone} is given, and the options of that file take the place of the command line"
        if not self.flags:
            return f"--{self.name} cannot be known: {shown(self.line.opaque)}" if self.line.opaque else ""
        if self.unsure:
            return f"--{self.name} cannot be known: {shown(self.line.opaque)}"
        if self._from_environment(self.flags[-1]):
            return f"--{self.name} is {shown(self.flags[-1].value or '')}, which comes from the environment"
        return ""

    @property
    def unsure(self) -> bool:
        """Whether nobody can tell if one of its occurrences counts."""
        return not all(flag.sure for flag in self.flags)

    @property
    def part_unknown(self) -> str:
        """Why a list may hold more than is seen; empty when all of it is known."""
        hidden = next((flag.value for flag in self.flags if self._from_environment(flag)), None)
        if hidden is not None:
            return f"a part of it, {shown(hidden)}, comes from the environment"
        return self.unknown or (shown(self.line.opaque) if self.line.opaque else "")

    def _from_environment(self, flag: Flag) -> bool:
        return self.line.form is not Form.PROCESS and _FROM_ENVIRONMENT.search(flag.value or "") is not None

    @property
    def absent(self) -> bool:
        """Whether it is certain that the default counts."""
        return not self.flags and not self.unknown

    @property
    def text(self) -> str | None:
        """The value that counts; `true` for an option without one, None when it is absent or unknown."""
        if not self.flags or self.unknown:
            return None
        value = self.flags[-1].value
        return "true" if value is None else value

    @property
    def redacted(self) -> bool:
        """Whether a value was given that the evidence does not show."""
        return any(_REDACTED in (flag.value or "") for flag in self.flags)

    @property
    def at(self) -> tuple[At, ...]:
        """Where it stands: the occurrence that counts, or the whole command when there is none."""
        return (self.line.place(self.flags[-1].at if self.flags else ""),)

    @property
    def every(self) -> tuple[At, ...]:
        """All its occurrences, or the whole command when there is none."""
        return tuple([self.line.place(flag.at) for flag in self.flags]) or (self.line.place(),)

    def told(self) -> str:
        """The option with its value, as a reason begins."""
        text = self.text
        if text is None:
            return self.unknown or f"--{self.name} is not set"
        again = f" (given {len(self.flags)} times, the last counts)" if len(self.flags) > 1 else ""
        return f"--{self.name} is {shown(text)}{again}"

    def words(self) -> tuple[str, ...] | None:
        """A list: what all occurrences hold together; None when one of them is malformed, empty when absent."""
        found: list[str] = []
        for flag in self.flags:
            part = flag_values.words(flag.value or "")
            if part is None:
                return None
            found += part
        return tuple(found)

    def gates(self) -> dict[str, bool] | None:
        """Feature gates by name over all occurrences; None when one of them is malformed."""
        found: dict[str, bool] = {}
        for flag in self.flags:
            part = flag_values.gates(flag.value or "")
            if part is None:
                return None
            found.update(part)
        return found


def option(line: CommandLine, name: str) -> Option:
    """One option of a command line; `name` is without dashes in front."""
    same = line.program in _UNDERSCORES
    found = [flag for flag in line.flags if (flag.name.replace("_", "-") if same else flag.name) == name]
    return Option(line=line, name=name, flags=tuple(found))


class Answer(NamedTuple):
    """What one source of evidence says to a question: a clause with the value seen, its places, and what it is."""

    outcome: Outcome
    words: str
    at: tuple[At, ...]
    source: str


Rule = Callable[[CommandLine], Answer]


def answer(line: CommandLine | Settings, outcome: Outcome, words: str, at: tuple[At, ...] = ()) -> Answer:
    """An answer of a command line or a document; by default its place is the whole of it."""
    return Answer(outcome, words, at or (line.place(),), line.form.value)


def held(good: bool) -> Outcome:
    """PASS or FAIL."""
    return Outcome.PASS if good else Outcome.FAIL


def agreed(answers: Sequence[Answer]) -> Verdict:
    """One verdict on what several sources say: the worst of them, with all of it told where their words differ.

    Only where their outcomes differ as well are they said to differ: one fact has many wordings.
    The places are those of the worst answers first, and then of the others that differ from them.
    """
    if not answers:
        return not_checked("no evidence says anything of it")
    outcome = worst(one.outcome for one in answers)
    groups: dict[tuple[Outcome, str], list[Answer]] = {}
    for one in answers:
        groups.setdefault((one.outcome, one.words), []).append(one)
    ordered = sorted(groups.items(), key=lambda item: item[0][0] is not outcome)
    told = [f"{words} ({_sources(those)})" for (_, words), those in ordered[:_ANSWERS_TOLD]]
    if len(ordered) > _ANSWERS_TOLD:
        told.append(f"and {len(ordered) - _ANSWERS_TOLD} more")
    differ = len({one.outcome for one in answers}) > 1
    reason = f"sources differ: {'; '.join(told)}" if differ else "; ".join(told)
    at = tuple(dict.fromkeys(place for _, those in ordered for one in those for place in one.at))
    return _VERDICTS[outcome](reason, at)


def _sources(answers: Iterable[Answer]) -> str:
    return listed(dict.fromkeys(one.source for one in answers))


_VERDICTS: dict[Outcome, Callable[[str, tuple[At, ...]], Verdict]] = {
    Outcome.PASS: lambda reason, at: passed(reason, at=at),
    Outcome.FAIL: lambda reason, at: failed(reason, at=at),
    Outcome.NOT_APPLICABLE: lambda reason, at: not_applicable(reason, at=at),
    Outcome.NOT_CHECKED: lambda reason, at: not_checked(reason, at=at),
    Outcome.ERROR: lambda reason, at: not_checked(reason, at=at),
}


def judged_lines(lines: Sequence[CommandLine], rule: Rule) -> Verdict:
    """A rule asked of all command lines of a program, which ought to agree."""
    return judged_sources(lines, lambda line: [rule(line)])


def judged_sources(lines: Sequence[CommandLine], rule: Callable[[CommandLine], Sequence[Answer]]) -> Verdict:
    """A rule that asks further documents too, of all command lines of a program; NOT_CHECKED beyond MAX_LINES."""
    if len(lines) > MAX_LINES:
        words = f"{len(lines):,} command lines claim to be of one program on one host; at most {MAX_LINES} are compared"
        return not_checked(words, at=[line.place() for line in lines[:MAX_LINES]])
    return agreed([one for line in lines for one in rule(line)])


def combined(answers: Sequence[Answer]) -> Answer:
    """Several answers of one source to one question: the worst, told with those that are equally bad."""
    outcome = worst(one.outcome for one in answers)
    those = [one for one in answers if one.outcome is outcome]
    at = tuple(dict.fromkeys(place for one in those for place in one.at))
    return Answer(outcome, "; ".join(dict.fromkeys(one.words for one in those)), at, answers[0].source)


def refused(found: Option, expected: str) -> Answer:
    """NOT_CHECKED: the program would not start with this value, so something else must be running."""
    if found.redacted:
        return answer(found.line, Outcome.NOT_CHECKED, f"--{found.name} is set, its value is not shown", found.at)
    program = found.line.program.value
    words = f"{found.told()}, which is not {expected}: {program} refuses to start with it"
    return answer(found.line, Outcome.NOT_CHECKED, words, found.at)


def unknown(found: Option) -> Answer:
    """NOT_CHECKED: nobody can say what the option is."""
    return answer(found.line, Outcome.NOT_CHECKED, found.unknown, found.at)


def boolean(line: CommandLine, name: str, *, wanted: bool, default: bool) -> Answer:
    """Whether an option is true or false as wanted; `default` counts where it is absent."""
    found = option(line, name)
    if found.unknown:
        return unknown(found)
    if found.text is None:
        words = f"--{name} is not set (default: {str(default).lower()})"
        return answer(line, held(default is wanted), words)
    value = flag_values.truth(found.text)
    if value is None:
        return refused(found, "a truth value")
    return answer(line, held(value is wanted), found.told(), found.at)


def is_set(line: CommandLine, *names: str) -> Answer:
    """Whether all of some options have a value; an empty one is none."""
    return combined([_is_set(option(line, name)) for name in names])


def _is_set(found: Option) -> Answer:
    if found.unknown:
        return unknown(found)
    if found.redacted:
        return answer(found.line, Outcome.PASS, f"--{found.name} is set", found.at)
    return answer(found.line, held(bool(found.text and found.flags[-1].value)), found.told(), found.at)


def is_absent(line: CommandLine, name: str) -> Answer:
    """Whether an option is not used; an empty value is as good as none."""
    found = option(line, name)
    if found.unknown:
        return unknown(found)
    used = any(flag.value != "" for flag in found.flags[-1:])
    return answer(line, held(not used), f"--{name} is set" if found.redacted else found.told(), found.at)


def at_least(line: CommandLine, name: str, least: int, *, default: int | None = None, unit: str = "") -> Answer:
    """Whether a number is large enough; `default` counts where the option is absent, None never does."""
    found = option(line, name)
    asked = f"asked: at least {least}{unit and f' {unit}'}"
    if found.unknown:
        return unknown(found)
    if found.text is None:
        said = "" if default is None else f" (default: {default})"
        return answer(line, held(default is not None and default >= least), f"--{name} is not set{said}; {asked}")
    value = flag_values.number(found.text)
    if value is None:
        return refused(found, "a number")
    return answer(line, held(value >= least), f"{found.told()}; {asked}", found.at)


def gate(line: CommandLine, name: str, *, wanted: bool, default: bool, stage: str = "") -> Answer:
    """Whether a feature gate is on or off as wanted; `stage` names the gate of all of its stage, such as AllBeta."""
    found = option(line, "feature-gates")
    gates = found.gates()
    if gates is None:
        return refused(found, "a list of feature gates")
    value = gates.get(name)
    if (value is None or found.unsure) and found.part_unknown:
        words = f"the feature gate {name} cannot be known: {found.part_unknown}"
        return answer(line, Outcome.NOT_CHECKED, words, found.every)
    if value is not None:
        return answer(line, held(value is wanted), f"the feature gate {name} is {_state(value)}", found.every)
    if stage in gates:
        words = f"the feature gate {stage} switches {name} {_state(gates[stage])}"
        return answer(line, held(gates[stage] is wanted), words, found.every)
    words = f"--feature-gates does not name {name} (default: {_state(default)})"
    return answer(line, held(default is wanted), words, found.every)


def _state(value: bool) -> str:
    return "on" if value else "off"
