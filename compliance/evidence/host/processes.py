"""Processes of a host: text in, one ProcessList out, and a CommandLine for each program of Kubernetes or Docker.

The format (`# compliance process-list 1`): `USER NETWORK ARGUMENT...`, fields with the escapes of `text`, an empty
argument as `\\E`. NETWORK is `host` for a process in the network of the host, `own` for one in a container's, `?` when
nobody could tell; only the former is a program of the host. Of programs that are not asked for the script writes the
first argument alone. `# environment NAME...` on the line after a process names its variables that begin with `ETCD_`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compliance.errors import EvidenceError
from compliance.evidence.cluster.arguments import Argument, Options, options
from compliance.evidence.cluster.commands import without_replaced
from compliance.evidence.cluster.programs import base_name
from compliance.evidence.credentials import redact_arguments
from compliance.evidence.host.text import Line, Text, Unparsed, problems, reader, word
from compliance.model.host import CommandLine, Form, HostRecord, Process, ProcessList, Program
from compliance.model.hosts import program_subject

_PROGRAMS = {program.value: program for program in Program}
_NETWORKS = (b"host", b"own", b"?")
#: Programs of Program that one host runs.
MAX_PROGRAMS = 1000
#: Programs of the host that are never looked for in containers' networks.
_ALWAYS = (Program.KUBELET, Program.DOCKER_DAEMON)


def _records(text: Text) -> Iterator[HostRecord | EvidenceError]:
    unparsed = Unparsed("a process list")
    processes: list[Process] = []
    programs: list[CommandLine] = []
    environments = _environments(text)
    for line in text.lines:
        fields = line.text.split(b" ")
        if len(fields) < 3 or fields[1] not in _NETWORKS:
            unparsed.add(line)
            continue
        words = [word(field) for field in fields[2:] if field]
        shown, _ = redact_arguments(words)
        processes.append(Process(word(fields[0]), shown, line.at, fields[1].decode()))
        program = _PROGRAMS.get(base_name(words[0])) if words else None
        if program is not None and (fields[1] == b"host" or program in _ALWAYS):
            programs.append(_command_line(text, line, program, words[1:], environments.get(line.number + 1)))
            if len(programs) > MAX_PROGRAMS:
                raise EvidenceError(f"more than {MAX_PROGRAMS:,} programs of Kubernetes or Docker, which no host runs")
    if not processes:
        yield EvidenceError("names no process, and every host has some; collect it again")
        return
    yield ProcessList(
        origin=text.origin,
        subject=text.subject,
        host=text.host,
        processes=tuple(processes),
        whole=text.ended and not unparsed.count,
    )
    yield from programs
    yield from unparsed.errors()
    yield from problems(text)


def _environments(text: Text) -> dict[int, tuple[str, ...]]:
    """Names of variables by the number of the line that tells them."""
    found = [note for note in text.notes if note.text.split(b" ")[0] == b"environment"]
    return {note.number: tuple(word(name) for name in note.text.split(b" ")[1:] if name) for note in found}


def _command_line(
    text: Text, line: Line, program: Program, words: Sequence[str], environment: tuple[str, ...] | None
) -> CommandLine:
    parsed = options(program, [Argument(argument, line.at) for argument in words])
    if program is Program.SCHEDULER:
        parsed = without_replaced(parsed)
    elif program is Program.ETCD:
        parsed = _of_etcd(parsed, environment)
    if not text.ended and line is text.lines[-1]:
        cut = "the list of processes is cut short, and this may be half a line"
        parsed = Options(parsed.flags, f"{parsed.opaque}; {cut}" if parsed.opaque else cut)
    return CommandLine(
        origin=text.origin,
        subject=program_subject(text.subject, program),
        host=text.host,
        program=program,
        form=Form.PROCESS,
        flags=parsed.flags,
        opaque=parsed.opaque,
        image=None,
        version=None,
        at=line.at,
    )


def _of_etcd(parsed: Options, environment: tuple[str, ...] | None) -> Options:
    """Etcd takes every option from a variable as well, whose value no process list shows."""
    doubts = [parsed.opaque] if parsed.opaque else []
    if environment is None:
        doubts.append("etcd takes options from its environment, which the process list does not show")
    given = {flag.name for flag in parsed.flags}
    names = [name for name in environment or () if name.removeprefix("ETCD_").lower().replace("_", "-") not in given]
    if names:
        doubts.append(f"etcd takes options from {', '.join(names[:5])} of its environment")
    return Options(parsed.flags, "; ".join(doubts))


def _redact(lines: Sequence[str]) -> tuple[str, ...]:
    """Source lines with credentials in arguments replaced."""
    return tuple(" ".join(redact_arguments(line.split(" "))[0]) for line in lines)


READER = reader(
    "process-list",
    "Processes of a host, with the arguments of the programs of Kubernetes and Docker",
    "node-service",
    ProcessList,
    _records,
    redact=_redact,
)
