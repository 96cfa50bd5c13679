"""Command lines of a server in, the Kubernetes versions that the evidence states for it out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from compliance.model.configuration_files import MAX_NAMELESS
from compliance.model.evidence import At
from compliance.model.flags import shown
from compliance.model.host import CommandLine, Settings
from compliance.model.hosts import Hosts

_VERSION = re.compile(r"v?1\.([0-9]{1,3})(?![0-9])")
_GIT_VERSION = "/serverVersion/gitVersion"


class Stated(NamedTuple):
    """A minor version of Kubernetes 1, in which words it was stated, and where."""

    minor: int
    words: str
    at: At


def stated_versions(lines: Iterable[CommandLine], hosts: Hosts) -> tuple[Stated, ...]:
    """Versions that the images of a server's command lines state; without any, those of `kubectl version`."""
    found = [
        Stated(minor, f"Kubernetes {shown(line.version or '')}", line.place())
        for line in lines
        if (minor := minor_of(line.version)) is not None
    ]
    if not found and len(hosts.nameless) <= MAX_NAMELESS:
        documents = (one for host in hosts.nameless for one in host.settings_of("kubectl version"))
        found = [stated for one in documents if (stated := _of_server(one)) is not None]
    return tuple(dict.fromkeys(found))


def _of_server(document: Settings) -> Stated | None:
    text = document.values.get(_GIT_VERSION)
    minor = minor_of(text) if isinstance(text, str) else None
    if minor is None or not isinstance(text, str):
        return None
    return Stated(minor, f"Kubernetes {shown(text)}", document.place(_GIT_VERSION))


def minor_of(version: str | None) -> int | None:
    """The minor of a version such as `v1.34.1`; None when the text is none, or not of Kubernetes 1."""
    match = _VERSION.match(version or "")
    return int(match[1]) if match else None
