"""`compliance assess`: evidence in, packet out, and an exit code that a pipeline can act on."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compliance.errors import UsageError
from compliance.model.configuration import Configuration

if TYPE_CHECKING:
    from compliance.cli.gates import Gate

#: Exit codes of a run that wrote its packet (DESIGN "Command line").
WRITTEN = 0
GATE_TRIPPED = 1
PARTLY_READ = 3

_FORMATS = ("json", "oscal", "csv", "sarif", "html", "pdf", "cklb", "ckl", "xccdf", "hdf", "emass")


@click.command(short_help="Judge a folder of evidence and write the packet.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option("-c", "--config", type=click.Path(dir_okay=False), help="What you say of your system: compliance.yaml.")
@click.option("-f", "--framework", "frameworks", multiple=True, metavar="ID[@EDITION]", help="Assess this framework.")
@click.option("-o", "--output", default="packet", show_default=True, type=click.Path(), help="Folder of the packet.")
@click.option("--as-of", metavar="TIME", help="Judge as of this time (default: SOURCE_DATE_EPOCH, else now).")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes at work (default: all processors).")
@click.option("--format", "formats", metavar="LIST", help=f"Only these of {','.join(_FORMATS)} (default: all).")
@click.option("--fail-on", "rules", multiple=True, metavar="RULE", help="Leave with exit code 1 when RULE is met.")
@click.option("--oscal-version", type=click.Choice(["1.2.3", "1.1.3"]), default="1.2.3", show_default=True)
@click.option("--paper", type=click.Choice(["A4", "Letter"]), default="A4", show_default=True)
@click.option("--no-cache", is_flag=True, help="Parse every file anew and keep nothing.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="How progress is told.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def assess(
    paths: tuple[str, ...],
    config: str | None,
    frameworks: tuple[str, ...],
    output: str,
    as_of: str | None,
    jobs: int | None,
    formats: str | None,
    rules: tuple[str, ...],
    oscal_version: str,
    paper: str,
    no_cache: bool,
    log_format: str,
    quiet: bool,
) -> int:
    """Judge the evidence in PATH... (files and folders, known by their content) and write an audit packet.

    \b
    RULE of --fail-on is one of
      not-satisfied[:FRAMEWORK]     a control is not satisfied
      not-reviewed[:FRAMEWORK]      a control has no answer yet
      severity:LEVEL                a check of this severity or above fails
      check:ID                      this check fails
      control:FRAMEWORK:ID          this control is not satisfied
      unreadable                    some evidence could not be read

    \b
    Exit codes: 0 written; 1 written, a --fail-on rule is met; 2 wrong usage, nothing written;
    3 written, some evidence could not be read or a check failed to run; 4 our own failure.
    """
    # imported here: they bring parsers and renderers that --help does not need
    from compliance.cli.gates import check_names, parse
    from compliance.cli.terminal import Terminal
    from compliance.configuration.loading import load
    from compliance.model.assessment import Options
    from compliance.pipeline.assembling import frameworks_of
    from compliance.pipeline.registered import checks
    from compliance.pipeline.running import Request, run

    gates = tuple(parse(rule) for rule in rules)
    configuration = load(Path(config)) if config else Configuration()
    asked = frameworks_of(configuration, frameworks)
    for gate in gates:
        check_names(gate, asked.frameworks, {check.id for check in checks()})
    clock = _as_of(as_of)
    request = Request(
        paths=paths,
        configuration=configuration,
        destination=Path(output),
        as_of=clock,
        formats=_formats(formats),
        options=Options(oscal_version=oscal_version, paper=paper),
        jobs=jobs,
        cache=not no_cache,
        command=_command(config is not None, frameworks, clock),
    )
    terminal = Terminal(log_format=log_format, quiet=quiet)
    with terminal:
        result = run(request, asked, terminal)
    tripped = tuple(gate for gate in gates if gate.tripped(result.assessment))
    terminal.tell(result, tripped)
    return _exit_code(tripped, result.complete)


def _exit_code(tripped: tuple[Gate, ...], complete: bool) -> int:
    if tripped:
        return GATE_TRIPPED
    return WRITTEN if complete else PARTLY_READ


def _formats(asked: str | None) -> tuple[str, ...]:
    if asked is None:
        return _FORMATS
    names = tuple(dict.fromkeys(name.strip() for name in asked.split(",") if name.strip()))
    unknown = [name for name in names if name not in _FORMATS]
    if unknown or not names:
        raise UsageError(f"--format {asked}: {', '.join(unknown) or 'nothing'} is no format; {', '.join(_FORMATS)} are")
    return tuple(name for name in _FORMATS if name in names)


def _as_of(asked: str | None) -> str:
    """The clock of the run, ISO 8601 in UTC to the second; nothing else reads a clock."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        if asked is not None:
            moment = datetime.fromisoformat(asked)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        elif epoch:
            moment = datetime.fromtimestamp(int(epoch), UTC)
        else:
            moment = datetime.now(UTC)
    except (ValueError, OverflowError, OSError) as error:
        source = f"--as-of {asked}" if asked is not None else f"SOURCE_DATE_EPOCH {epoch}"
        raise UsageError(f"{source} is no time; write 2026-11-21 or 2026-11-21T08:00:00Z") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _command(configured: bool, frameworks: tuple[str, ...], clock: str) -> str:
    """What gives the same packet again, whoever runs it and wherever the evidence lies: EVIDENCE stands for it."""
    words = ["compliance", "assess", "EVIDENCE"]
    if configured:
        words += ["-c", "compliance.yaml"]
    for framework in frameworks:
        words += ["-f", framework]
    return shlex.join([*words, "--as-of", clock])
