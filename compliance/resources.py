"""Finds the data that ships with the code, installed or checked out, and reads our own YAML by its schema."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from compliance.errors import ComplianceError


@cache
def data_root() -> Path:
    """The folder that holds controls/, mappings/ and templates/.

    A wheel carries them as `compliance/_data`; in a checkout they stand beside the package.

    Raises:
        ComplianceError: neither is there; the installation is broken.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_data", package.parent):
        if (root / "controls").is_dir() and (root / "templates").is_dir():
            return root
    raise ComplianceError("controls/ and templates/ are missing from this installation; install the package again")


def controls() -> Path:
    """What frameworks ask: `<framework>/<edition>.yaml`."""
    return data_root() / "controls"


def mappings() -> Path:
    """Checks to controls, and controls to controls: `<from>--<to>.yaml`."""
    return data_root() / "mappings"


def templates() -> Path:
    """Jinja2 templates and CSS of people's formats."""
    return data_root() / "templates"
