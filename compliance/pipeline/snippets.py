"""Source lines round a place in the evidence, with credentials replaced, for people's formats."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from compliance.evidence.redaction import redact_lines
from compliance.model.assessment import Snippet
from compliance.model.evidence import Location
from compliance.pipeline.evaluating import key_of
from compliance.pipeline.files import Place
from compliance.pipeline.units import HEAD, recognise

_AROUND = 3
_MAX_LINE = 300
#: Larger files are dumps: to hold and redact them whole costs more than seven lines of them tell.
_MAX_FILE = 4 * 1024 * 1024


class EvidenceSnippets:
    """Reads lines again from the files handed in."""

    def __init__(self, files: Mapping[str, Place]) -> None:
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
        place = self._files.get(key)
        if place is None or place.size > _MAX_FILE:
            return ()
        try:
            with Path(place.real).open("rb") as stream:
                stream.seek(place.offset)
                data = stream.read(place.size)
            if not key.startswith(hashlib.sha256(data).hexdigest()):
                return ()  # somebody wrote to it since it was judged
            lines = data.decode("utf-8", "replace").splitlines()
            reader = recognise(data[:HEAD])
            if reader is not None and reader.redact is not None:
                lines = list(reader.redact(lines))
            return redact_lines(lines)
        except OSError:
            return ()
