"""Paths of evidence as links that stay where they are: relative, escaped, without scheme or host."""

from __future__ import annotations

from urllib.parse import quote

from compliance.rendering.text import clean


def relative_reference(path: str) -> str:
    """A path as a relative URI reference (RFC 3986); neither scheme, host, root nor query can come out of it."""
    steps = [step for step in clean(path).split("/") if step not in ("", ".", "..")]
    return quote("/".join(steps), safe="/") or "-"
