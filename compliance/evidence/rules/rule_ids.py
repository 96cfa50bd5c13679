"""Ids and texts of rules as others write them in; what may become the id of a check, or part of a sentence, out."""

from __future__ import annotations

import re

from compliance.errors import EvidenceError
from compliance.evidence.vulnerabilities.parts import told
from compliance.rendering.text import cut

_RULE = re.compile(r"[A-Za-z0-9._:-]{1,200}")
#: Characters of a text of the document that a reason holds.
TEXT_KEPT = 300


def rule_id(text: str | None, at: str, what: str = "a rule") -> str:
    """An id of up to 200 letters, digits, dots, colons, hyphens and underscores.

    Raises:
        EvidenceError: it is none.
    """
    found = (text or "").strip()
    if not _RULE.fullmatch(found):
        shown = f": {told(found[:80])}" if found else ""
        raise EvidenceError(f"{what} has no id of letters, digits and . _ : - up to 200 long{shown}", pointer=at)
    return found


def shown(text: str | None, limit: int = TEXT_KEPT) -> str:
    """A text of the document on one line, without credentials, at most `limit` characters."""
    return cut(told(text), limit).strip()
