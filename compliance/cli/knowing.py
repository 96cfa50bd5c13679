"""`compliance explain` and `compliance catalog`: what is asked, what judges it, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compliance.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from compliance.catalog.coverage import EvidenceReach
    from compliance.catalog.questions import CheckExplained, ControlExplained
    from compliance.model.catalog import Library
    from compliance.model.check import Check
    from compliance.model.configuration import Configuration

_CONFIG = click.option("-c", "--config", type=click.Path(dir_okay=False), help="compliance.yaml with own catalogs.")


def _configuration(config: str | None) -> Configuration:
    from compliance.configuration.loading import load
    from compliance.model.configuration import Configuration

    return load(Path(config)) if config else Configuration()


def _library(configuration: Configuration) -> Library:
    from compliance.catalog.loading import load_library
    from compliance.errors import CatalogError

    try:
        return load_library(configuration.catalogs)
    except CatalogError as error:
        raise UsageError(str(error)) from error


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


@click.command()
@click.argument("name", metavar="ID")
@_CONFIG
def explain(name: str, config: str | None) -> None:
    """Say what a control or a check asks, what judges it, and which evidence it needs.

    ID is a check (pod-privileged), a control (5.2.2, AC-6), or a control of one framework
    (cis-kubernetes:5.2.2, cis-kubernetes@1.12:5.2.2).
    """
    from compliance.catalog import questions
    from compliance.errors import CatalogError
    from compliance.pipeline.registered import checks

    configuration = _configuration(config)
    library = _library(configuration)
    known = [check.id for check in checks()]
    try:
        found = questions.explain(library, name, known, configuration.parameters.kubernetes)
    except CatalogError as error:
        raise UsageError(str(error)) from error
    if isinstance(found, questions.CheckExplained):
        check = next((check for check in checks() if check.id == found.check), None)
        if check is None:
            raise UsageError(f"{name} stands in a mapping of yours, and there is no such check")
        _tell_check(_console(), check, found, library)
        return
    for number, control in enumerate(found):
        if number:
            click.echo()
        _tell_control(_console(), control)


def _tell_check(console: Console, check: Check, found: CheckExplained, library: Library) -> None:
    console.print(f"{check.id}: {check.title}", style="bold")
    console.print(f"revision {check.revision}, severity {check.severity.value}, looks at each {_noun(check.subject)}")
    console.print()
    console.print(check.doc)
    _section(console, "When it fails")
    console.print(f"{check.fix} ({check.effort.value})")
    _section(console, "Controls it bears on")
    for row in found.rows:
        title = next(
            (
                c.title
                for (name, _), f in library.frameworks.items()
                if name == row.framework
                for c in f.controls
                if c.id == row.control
            ),
            "",
        )
        console.print(f"  {row.framework} {row.edition}  {row.control}  {title} [{row.coverage.value}]")


def _noun(subject: type) -> str:
    return "object" if subject.__name__ == "Header" else subject.__name__


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(title, style="bold")


def _tell_control(console: Console, found: ControlExplained) -> None:
    control, framework = found.control, found.framework
    console.print(f"{framework.id} {framework.edition}  {control.id}: {control.title}", style="bold")
    facts = [
        f"level {control.level}" if control.level else "",
        f"the framework says: {control.label}" if control.label else "",
    ]
    console.print(", ".join([*filter(None, facts), f"we answer it: {control.judged.value}"]))
    console.print()
    console.print(control.asks)
    _section(console, "Checks")
    for row in found.checks:
        console.print(f"  {row.check} [{row.coverage.value}] {row.rationale}")
    if not found.checks:
        console.print("  none; the evidence below decides it, or a person does")
    _section(console, "Evidence")
    for kind in found.evidence:
        console.print(
            f"  {kind.id}: {kind.title}, from {kind.from_whom}{'' if kind.supported else ' (not judged yet)'}"
        )
    if control.remediation.text:
        _section(console, "To mend it")
        console.print(control.remediation.text)
        if control.remediation.example:
            console.print()
            console.print(control.remediation.example)
    if found.related:
        _section(console, "Related controls")
        for link in found.related[:20]:
            console.print(
                f"  {link.from_framework} {link.from_control} {link.relationship.value} "
                f"{link.to_framework} {link.to_control} ({link.basis})"
            )
        if len(found.related) > 20:
            console.print(f"  and {len(found.related) - 20} more in mappings/")
    if found.also_in:
        console.print()
        console.print(f"The id also stands in: {', '.join(found.also_in)}")


@click.group()
def catalog() -> None:
    """Look into the control catalogs and mappings."""


@catalog.command("list")
@_CONFIG
def list_catalogs(config: str | None) -> None:
    """Every framework, its editions and how many controls it holds."""
    from rich.table import Table

    from compliance.catalog.questions import listing

    table = Table("Framework", "Editions", box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Controls", justify="right")
    table.add_column("Title")
    for row in listing(_library(_configuration(config))):
        editions = row.editions if len(row.editions) <= 3 else (row.editions[0], "...", row.editions[-1])
        table.add_row(row.id, ", ".join(editions), f"{row.controls:,}", row.title)
    _console().print(table)


@catalog.command("show")
@click.argument("framework", metavar="ID[@EDITION]")
@_CONFIG
def show(framework: str, config: str | None) -> None:
    """Every control of a framework: id, how it is judged, title."""
    from rich.table import Table

    from compliance.catalog.coverage import reach_of
    from compliance.catalog.questions import find_framework, rows_of
    from compliance.errors import CatalogError

    configuration = _configuration(config)
    library = _library(configuration)
    try:
        found = find_framework(library, framework, configuration.parameters.kubernetes)
    except CatalogError as error:
        raise UsageError(str(error)) from error
    rows = rows_of(library, found)
    console = _console()
    console.print(f"{found.title} {found.edition}: {len(found.controls):,} controls", style="bold")
    console.print(found.licence)
    table = Table(
        "Control", "Judged", "Level", "Title", box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0)
    )
    for control in found.controls:
        table.add_row(control.id, reach_of(control, rows.get(control.id, ())).value, control.level, control.title)
    console.print(table)


@catalog.command("coverage")
@_CONFIG
def show_coverage(config: str | None) -> None:
    """How many controls of each framework are judged by checks, in part, or by a person; and by which evidence."""
    from rich.table import Table

    from compliance.catalog.coverage import coverage
    from compliance.pipeline.registered import checks

    found = coverage(_library(_configuration(config)), {check.id for check in checks()})
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Framework", no_wrap=True)
    for name in ("Total", "By checks", "In part", "Waiting", "Person"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found:
        numbers = (row.total, row.automatic, row.partly, row.waiting, row.person)
        table.add_row(f"{row.framework} {row.edition}", *(f"{number:,}" for number in numbers))
    console = _console()
    console.print(table)
    console.print()
    console.print(
        "By checks: checks settle the control, given the evidence. In part: they show a part, a person answers the "
        "rest. Waiting: meant to be judged, by evidence this version does not read. Person: a person answers."
    )
    evidence = Table.grid(padding=(0, 2, 0, 0))
    evidence.add_column(no_wrap=True)
    evidence.add_column(overflow="fold")
    for row in found:
        evidence.add_row(f"  {row.framework}", _by_evidence(row.by_evidence))
    _section(console, "Judged, wholly or in part, of the controls that ask for each kind of evidence first")
    console.print(evidence)


def _by_evidence(reaches: Sequence[EvidenceReach]) -> str:
    """`k8s-objects 20 of 20, node-file-stat 0 of 31 (not read yet)`; kinds that judge something first."""
    ranked = sorted(reaches, key=lambda reach: (not reach.judged, -reach.controls, reach.evidence))
    return ", ".join(
        f"{reach.evidence} {reach.judged} of {reach.controls}{'' if reach.supported else ' (not read yet)'}"
        for reach in ranked
    )


@catalog.command("validate")
@click.argument("places", nargs=-1, metavar="[FOLDER|XCCDF]...")
def validate(places: tuple[str, ...]) -> None:
    """Hold the shipped catalogs, and own folders or XCCDF benchmarks on top, against their schemas and each other."""
    from compliance.catalog import reading
    from compliance.catalog.loading import is_benchmark, load_on_top, shipped_files, user_files
    from compliance.errors import CatalogError

    try:
        files = shipped_files() + [
            file for place in map(Path, places) for file in ([place] if is_benchmark(place) else user_files(place))
        ]
        library = load_on_top((reading.read(file, validate=True) for file in shipped_files()), places)
    except CatalogError as error:
        raise UsageError(str(error)) from error
    click.echo(
        f"{len(files)} files are valid: {len(library.frameworks)} framework editions, "
        f"{len(library.check_mappings):,} rows from checks, {len(library.control_mappings):,} between controls"
    )
