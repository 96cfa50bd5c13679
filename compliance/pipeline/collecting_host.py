"""Collects this host: the script of ours run into a folder of evidence, the path of the archive it wrote out."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from compliance.errors import OutputError, UsageError
from compliance.model.host import HOST_FOLDER
from compliance.tools import host
from compliance.tools.running import run

#: A name of a node: that of an object of Kubernetes, with the upper case that a host's own name may have.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRequest:
    """Which host: `node` is its name in Kubernetes, empty text for the host's own; `timeout` is in seconds."""

    folder: Path
    node: str = ""
    timeout: float = 600


def collect_host(request: HostRequest) -> Path:
    """Run the script here and give the archive it wrote.

    Raises:
        UsageError: the name cannot be used, or the archive is there already.
        OutputError: the folder cannot be written.
        ToolError: the script failed; nothing half-written is left.
    """
    if request.node and not _NAME.fullmatch(request.node):
        raise UsageError(f"--node {request.node!r} is no name of a node; write it as kubectl get nodes does")
    archive = request.folder / f"{HOST_FOLDER}{request.node}.tar"
    if request.node and archive.exists():
        raise UsageError(f"{archive} is there already; remove it or name another folder with -o")
    try:
        request.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".sh", encoding="utf-8") as file:
            file.write(host.script())
            file.flush()
            ran = run(host.command(file.name, str(request.folder), request.node), request.timeout)
    except OSError as error:
        raise OutputError(f"{request.folder}: cannot be written: {error.strerror}") from error
    return Path(ran.said.strip().splitlines()[-1])
