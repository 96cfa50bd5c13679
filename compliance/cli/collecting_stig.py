"""`compliance collect stig`: evaluates the operating system inside images with OpenSCAP, into an evidence folder."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from compliance.errors import ComplianceError

#: Exit code of a run that was written and proves nothing, and of one that left nothing.
_UNSOUND, _FAILED = 3, 4


@click.command(short_help="Evaluate an image with OpenSCAP, into an evidence folder.")
@click.argument("what", metavar="IMAGE")
@click.option("--content", required=True, type=click.Path(), help="SCAP content for the image's operating system.")
@click.option("--profile", required=True, metavar="ID", help="A profile of the content; its last part is enough.")
@click.option("--tailoring", default="", type=click.Path(), help="An XCCDF tailoring file.")
@click.option("-o", "--output", default="evidence", show_default=True, type=click.Path(), help="The evidence folder.")
@click.option("--allow-scripts", is_flag=True, help="Permit content that runs its own programs on this machine.")
@click.option("--gzip", "packed", is_flag=True, help="Write results gzipped, a fifteenth of the size.")
@click.option("--timeout", default=1800, show_default=True, type=click.IntRange(min=1), help="Seconds for each image.")
@click.option("--jobs", default=0, type=click.IntRange(min=0), help="Images at a time (default: processors).")
@click.option("--show", is_flag=True, help="Print the commands, one a line, and run nothing of them.")
def stig(
    what: str,
    content: str,
    profile: str,
    tailoring: str,
    output: str,
    allow_scripts: bool,
    packed: bool,
    timeout: int,
    jobs: int,
    show: bool,
) -> None:
    """Evaluate the operating system in IMAGE - an OCI layout folder, or an archive - with OpenSCAP.

    The image is unpacked into a private folder that is removed afterwards. OpenSCAP sees it as a container, cannot
    write into it, and has no network; it never changes anything and never fetches anything. As root, owners of files
    are kept; without root it works in a user namespace, and rules about owners are left undecided.

    FOLDER/openscap has the results (ARF), FOLDER/collected the record of the run. A run that proves nothing - the
    content is for another system, no rule applied, the package database could not be read - says so in both, and
    counts for nothing in an assessment.

    \b
    Exit codes: 0 evaluated, or shown; 2 wrong usage, or it is there already; 3 evaluated, and nothing of it counts;
    4 the tool is absent, failed, ran out of time, or the image is not what the content is for: nothing is written.
    """
    # imported here: they bring parsers that --help does not need
    from compliance.pipeline.scanning import ScanRequest, plan, scan_all, shown
    from compliance.tools import oscap

    request = ScanRequest(
        what=what,
        content=content,
        profile=profile,
        folder=Path(output),
        tailoring=tailoring,
        allow_scripts=allow_scripts,
        packed=packed,
        timeout=timeout,
    )
    scans = plan(request)
    tool = oscap.probe()
    if show:
        for one in scans:
            click.echo(shlex.join(shown(one, tool)))
        return

    code = 0
    for one, done in zip(scans, scan_all(scans, tool, jobs or os.cpu_count() or 1), strict=True):
        if isinstance(done, ComplianceError):
            click.echo(f"compliance: {one.target}: {done}", err=True)
            code = _FAILED
            continue
        told = ", ".join(f"{count:,} {word}" for word, count in done.counts.items())
        click.echo(f"Evaluated: {done.results} ({told})")
        if done.unsound:
            click.echo(f"compliance: {one.target}: nothing of it counts: {done.unsound}", err=True)
            code = max(code, _UNSOUND)
    sys.exit(code)
