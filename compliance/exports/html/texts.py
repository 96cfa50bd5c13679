"""Texts of the data block of packet.html: cleaned, bounded, and those that occur often kept once."""

from __future__ import annotations

from dataclasses import dataclass, field

from compliance.rendering.text import clean, cut

#: Characters of one text.
LONGEST_TEXT = 2_000


@dataclass(slots=True)
class Dictionary:
    """Texts, each once; columns hold their numbers."""

    texts: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    longest: int = LONGEST_TEXT

    def number(self, text: str) -> int:
        """The number of a text, the same for equal texts."""
        found = self.numbers.get(text)
        if found is None:
            found = self.numbers[text] = len(self.texts)
            self.texts.append(plain(text, self.longest))
        return found


def plain(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text as the page may show it: cleaned and bounded."""
    return cut(clean(text), longest)
