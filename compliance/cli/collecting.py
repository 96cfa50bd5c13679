"""`compliance collect`: the only command that reaches outside; it writes evidence and a record of how it was taken."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from compliance.cli.collecting_stig import stig


@click.group()
def collect() -> None:
    """Take evidence with outside tools, read-only, into a folder for `assess`.

    Only this command may use the network, and only through the tool that it names.
    """


@collect.command(short_help="Copy an image into an evidence folder, as an OCI layout.")
@click.argument("what", metavar="REF|TAR")
@click.option("-o", "--output", default="evidence", show_default=True, type=click.Path(), help="The evidence folder.")
@click.option(
    "--platform", default="", metavar="OS/ARCH|all", help="Of an image of several platforms (default: Linux)."
)
@click.option(
    "--with", "program", type=click.Choice(["skopeo", "docker"]), help="The tool (default: skopeo, if there)."
)
@click.option("--authfile", type=click.Path(exists=True, dir_okay=False), help="Registry credentials, for skopeo.")
@click.option("--timeout", default=1800, show_default=True, type=click.IntRange(min=1), help="Seconds for the tool.")
@click.option("--show", is_flag=True, help="Print the commands, one a line, and run nothing.")
def image(
    what: str, output: str, platform: str, program: str | None, authfile: str | None, timeout: int, show: bool
) -> None:
    """Copy an image - REF in a registry, or the images of an archive TAR - to FOLDER/images as an OCI layout.

    Digests stay as they are: manifest and layers are not rewritten. Of an image of several platforms, one is taken,
    or with `--platform all` all with their index. `--with docker` saves what the local engine has, and pulls nothing.
    FOLDER/collected says what was run, when, by which version, and the SHA-256 of every file.

    This command may use the network: it runs skopeo (or docker) on REF, with the credentials that it finds itself
    or those of --authfile, which never stand in the record. No other command of `compliance` uses the network.

    \b
    Exit codes: 0 collected, or shown; 2 wrong usage, or it is there already, nothing written;
    4 the tool is absent, failed or ran out of time: nothing half-written is left.
    """
    # imported here: they bring parsers that --help does not need
    from compliance.pipeline.collecting import CollectRequest, collect, plan

    request = CollectRequest(
        what=what,
        folder=Path(output),
        platform=platform,
        program=program or "",
        authfile=authfile or "",
        timeout=timeout,
    )
    steps = plan(request)
    for step in steps:
        if show:
            click.echo(shlex.join(step.shown(request.folder)))
        else:
            click.echo(f"Collected: {collect(step, request)}")


@collect.command(short_help="Take what is to be known of this node or Docker host.")
@click.option("-o", "--output", default="evidence", show_default=True, type=click.Path(), help="The evidence folder.")
@click.option("--node", default="", metavar="NAME", help="Its name in Kubernetes (default: the host's own).")
@click.option("--timeout", default=600, show_default=True, type=click.IntRange(min=1), help="Seconds for the script.")
@click.option("--show", is_flag=True, help="Print the script, to read it or to run it elsewhere, and run nothing.")
def host(output: str, node: str, timeout: int, show: bool) -> None:
    """Write FOLDER/compliance-host-NAME.tar: owner and mode of files, processes, services, settings, Docker.

    Run it as root on each node, or take the script there: `compliance collect host --show > collect-host.sh`, then
    `sudo sh collect-host.sh -n NODE`. The script needs no more than a shell and the usual tools, reads only, and uses
    no network. Keys, kubeconfigs, Secrets and values of variables are never read into it.

    \b
    Exit codes: 0 collected, or shown; 2 wrong usage, or it is there already, nothing written;
    4 the script failed or ran out of time: nothing half-written is left.
    """
    # imported here: they bring parsers that --help does not need
    from compliance.pipeline.collecting_host import HostRequest, collect_host
    from compliance.tools.host import script

    if show:
        click.echo(script(), nl=False)
        return
    if os.geteuid() != 0:
        click.echo("compliance: not root: what cannot be read is not checked", err=True)
    click.echo(f"Collected: {collect_host(HostRequest(folder=Path(output), node=node, timeout=timeout))}")


@collect.command(short_help="Read the objects and settings of a cluster, with kubectl.")
@click.option("-o", "--output", default="evidence", show_default=True, type=click.Path(), help="The evidence folder.")
@click.option("--context", default="", metavar="NAME", help="A context of the kubeconfig (default: the current one).")
@click.option("--kubeconfig", type=click.Path(exists=True, dir_okay=False), help="The kubeconfig, for kubectl.")
@click.option("--timeout", default=600, show_default=True, type=click.IntRange(min=1), help="Seconds for a question.")
@click.option("--show", is_flag=True, help="Print the commands, one a line, and run nothing.")
@click.pass_context
def cluster(ctx: click.Context, output: str, context: str, kubeconfig: str | None, timeout: int, show: bool) -> None:
    """Write FOLDER/cluster, and FOLDER/compliance-host-NODE/configz.json for each node.

    Every question reads: `kubectl version` and `kubectl get`, of kubelets their configuration through the API server
    (nodes/proxy, get). Of Secrets only names and types are written. Config maps are written as they are.
    FOLDER/collected/cluster.json says what was run, when, by which version, and the SHA-256 of every file.

    This command uses the network: it runs kubectl with the rights of the kubeconfig. A role that may get and list
    is enough.

    \b
    Exit codes: 0 collected, or shown; 2 wrong usage, or it is there already, nothing written;
    3 collected, but not all: what could not be read is named;
    4 kubectl is absent or reaches no cluster: nothing half-written is left.
    """
    # imported here: they bring parsers that --help does not need
    from compliance.pipeline.collecting_cluster import ClusterRequest, collect_cluster, shown

    request = ClusterRequest(folder=Path(output), context=context, kubeconfig=kubeconfig or "", timeout=timeout)
    if show:
        for line in shown(request):
            click.echo(line)
        return
    done = collect_cluster(request)
    click.echo(f"Collected: {done.place}")
    for words in done.missing:
        click.echo(f"compliance: not collected: {words}", err=True)
    if done.missing:
        ctx.exit(3)


collect.add_command(stig)
