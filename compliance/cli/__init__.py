"""Arguments in, exit code out; the only package that prints."""

from __future__ import annotations

import sys
import traceback

import click

from compliance import __version__
from compliance.cli.assessing import assess
from compliance.cli.collecting import collect
from compliance.cli.knowing import catalog, explain
from compliance.errors import ComplianceError, UsageError

#: Exit codes of a run that wrote nothing; those of one that did are in `assessing`.
USAGE = 2
OWN_FAILURE = 4


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="compliance")
def commands() -> None:
    """Turn a folder of raw container evidence into an audit packet that can be checked offline."""


commands.add_command(assess)
commands.add_command(collect)
commands.add_command(explain)
commands.add_command(catalog)


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = commands.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = USAGE
    except click.ClickException as error:
        error.show()
        code = USAGE
    except UsageError as error:
        click.echo(f"compliance: {error}", err=True)
        code = USAGE
    except ComplianceError as error:
        click.echo(f"compliance: {error}; nothing was written", err=True)
        code = OWN_FAILURE
    except Exception:  # a traceback must not look like a tripped gate to a pipeline, whose exit code is 1
        traceback.print_exc()
        click.echo("compliance: our own failure, nothing was written; report the lines above", err=True)
        code = OWN_FAILURE
    except KeyboardInterrupt:
        click.echo("compliance: stopped; nothing was written", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
