"""Source lines round a place in the evidence, with credentials replaced, for people's formats."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from compliance.evidence.redaction import redact_lines
from compliance.model.assessment import Snippet
from compliance.model.evidence import Location
from compliance.pipeline.evaluating import key_of
from compliance.pipeline.units import HEAD, recognise

_AROUND = 3
_MAX_LINE = 300
#: Larger files are dumps: to hold and redact them whole costs more than seven lines of them tell.
_MAX_FILE = 4 * 1024 * 1024


class EvidenceSnippets:
    """Reads lines again from the files handed in."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        self._lines = lru_cache(maxsize=16)(self._read)

    def around(self, location: Location) -> Snippet | None:
        """The lines round a location; None when it has no line, or the file is gone, large or no text."""
        if location.line is None:
            return None
        lines = self._lines(key_of(location.sha256, location.path))
        if location.line > len(lines):
            return None
        first = max(1, location.line - _AROUND)
        shown = lines[first - 1 : location.line + _AROUND]
        return Snippet(first=first, lines=tuple(line[:_MAX_LINE] for line in shown))

    def _read(self, key: str) -> tuple[str, ...]:
        real = self._files.get(key)
        if real is None:
            return ()
        try:
            path = Path(real)
            if path.stat().st_size > _MAX_FILE:
                return ()
            data = path.read_bytes()
            if not key.startswith(hashlib.sha256(data).hexdigest()):
                return ()  # somebody wrote to it since it was judged
            lines = data.decode("utf-8", "replace").splitlines()
            reader = recognise(data[:HEAD])
            if reader is not None and reader.redact is not None:
                lines = list(reader.redact(lines))
            return redact_lines(lines)
        except OSError:
            return ()
