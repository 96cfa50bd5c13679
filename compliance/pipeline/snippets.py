"""Source lines round a place in the evidence, with credentials replaced, for people's formats."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from compliance.evidence.credentials import redact_line
from compliance.model.assessment import Snippet
from compliance.model.evidence import Location
from compliance.pipeline.evaluating import key_of

_AROUND = 3
_MAX_LINE = 300
#: Larger files are dumps, whose lines are found by pointer; walking them for each snippet would be quadratic.
_MAX_FILE = 8 * 1024 * 1024


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
        return Snippet(first=first, lines=tuple(redact_line(line)[:_MAX_LINE] for line in shown))

    def _read(self, key: str) -> tuple[str, ...]:
        real = self._files.get(key)
        if real is None:
            return ()
        try:
            path = Path(real)
            if path.stat().st_size > _MAX_FILE:
                return ()
            return tuple(path.read_bytes().decode("utf-8", "replace").splitlines())
        except OSError:
            return ()
