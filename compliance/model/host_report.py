"""Hosts as the packet lists them."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.model.counts import Counts
from compliance.model.evidence import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRow:
    """A host, and what was handed in of it.

    `system` is its operating system and kernel in words, `collected` when it was looked at (ISO 8601); both may be
    empty text. `programs` are those whose options are known, with where they stood: `kube-apiserver v1.34.1 (static
    pod manifest, process list)`. `handed_in` are kinds of evidence, sorted; none for a node that the cluster names
    and nobody handed anything in of. `counts` are of observations on the host and its programs.
    """

    subject: Subject
    system: str
    collected: str
    programs: tuple[str, ...]
    handed_in: tuple[str, ...]
    counts: Counts
