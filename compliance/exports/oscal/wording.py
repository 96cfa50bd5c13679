"""Text as OSCAL's datatypes want it, with hostile characters visible and every markup sign literal."""

from __future__ import annotations

import re

from compliance.rendering.text import LONGEST, clean, cut

# What Markdown, HTML or OSCAL's own `{{ insert: }}` would act on; as entities where HTML reads them too.
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {sign: f"\\{sign}" for sign in "\\`*[]{}"}
_SIGNS = re.compile("[" + re.escape("".join(_MARKUP)) + "]")
_SPACE = re.compile(r"\s+")
#: OSCAL EmailAddressDatatype is any local part, one @ and a domain.
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def string(text: str) -> str:
    """A StringDatatype: one line, trimmed; empty text where nothing is left."""
    return _SPACE.sub(" ", cut(clean(text), LONGEST)).strip()


def line(text: str) -> str:
    """A markup-line that shows the text literally; a hyphen where there is none."""
    return _SIGNS.sub(_literal, string(text)) or "-"


def prose(*parts: str) -> str:
    """A markup-multiline of one paragraph for each part that says something; a hyphen where none does."""
    return "\n\n".join(line(part) for part in parts if part.strip()) or "-"


def _literal(found: re.Match[str]) -> str:
    return _MARKUP[found[0]]


def email(text: str | None) -> str:
    """The address when it is one, else empty text."""
    return text if text and _EMAIL.fullmatch(text) else ""
