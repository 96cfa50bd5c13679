"""The script that collects what an auditor needs to know of a host: its text, and the argument list that runs it."""

from __future__ import annotations

from importlib.resources import files

PROGRAM = "sh"


def script() -> str:
    """The script, as a node administrator reads and runs it."""
    return (files("compliance.tools") / "collect-host.sh").read_text(encoding="utf-8")


def command(path: str, folder: str, name: str) -> tuple[str, ...]:
    """The argument list that runs the script at `path`; it writes `compliance-host-NAME.tar` into `folder`."""
    return (PROGRAM, path, "-o", folder, *(("-n", name) if name else ()))
