"""Texts of a gate in, parts of a decision out: printable sentences, image names, moments and sources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from compliance.evidence.credentials import redact_arguments
from compliance.evidence.printing import escaped
from compliance.evidence.subjects import MAX_NAME

#: Characters kept of a message: the policy's own words, without what it repeats of the object.
MESSAGE_KEPT = 400
#: Characters of a text that are searched for images, and images kept of one decision.
_LOOKED_AT = 64 * 1024
MAX_IMAGES = 50
#: A reference with a digest, or a digest alone; the parts are bounded, so that the search stays linear.
_PINNED = re.compile(r"(?<![\w./:@-])(?:[\w][\w./:-]{0,511}@)?sha256:[0-9a-f]{64}(?![0-9a-f])")
#: A reference by tag that names its registry: a host with a dot, a path, and a tag.
_TAGGED = re.compile(r"(?<![\w./:@-])[\w-]+(?:\.[\w-]+)+(?::\d{1,5})?(?:/[\w.-]+)+:[\w][\w.-]{0,127}(?![\w./@:-])")
#: The last second of the year 9999: no later moment can be written.
_LAST_SECOND = 253_402_300_799
_KNOWN_SOURCES = (
    ("kyverno", "kyverno"),
    ("validatingadmissionpolicy", "validating-admission-policy"),
    ("validating-admission-policy", "validating-admission-policy"),
    ("gatekeeper", "gatekeeper"),
    ("kubewarden", "kubewarden"),
)


def sentence(text: str | None) -> str:
    """A message as an auditor may read it: one line, printable, without credentials, cut."""
    if not text:
        return ""
    (shown,), _ = redact_arguments([" ".join(text[: MESSAGE_KEPT * 4].split())])
    shown = escaped(shown)
    return shown if len(shown) <= MESSAGE_KEPT else f"{shown[:MESSAGE_KEPT]}..."


def name(text: str | None) -> str:
    """A name as it is written, printable and cut."""
    return escaped((text or "")[:MAX_NAME])


def images_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Images that texts name: by digest, or by registry, path and tag; sorted, each once."""
    found: set[str] = set()
    for text in texts:
        part = text[:_LOOKED_AT]
        for pattern, sign in ((_PINNED, "sha256:"), (_TAGGED, "/")):
            if sign in part:
                found.update(match[0] for match in pattern.finditer(part))
    return tuple(sorted(found)[:MAX_IMAGES])


def source_of(text: str) -> str:
    """The engine that a report names as its source, in our words; another one as written."""
    plain = text.strip().lower().replace(" ", "")
    for sign, engine in _KNOWN_SOURCES:
        if sign in plain:
            return engine
    return name(text.strip())


def stamp(value: object) -> str | None:
    """The moment of a Kubernetes Timestamp (`seconds` since 1970), or a text as written; None when it is neither."""
    if isinstance(value, str):
        return name(value.strip()) or None
    seconds = value.get("seconds") if isinstance(value, dict) else None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds <= _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
