"""packet.html taken apart, for tests of what it holds."""

from __future__ import annotations

import base64
import zlib
from html.parser import HTMLParser


class Page(HTMLParser):
    """Elements with their attributes; the text of each script and style; all other text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[dict[str, str | None], str]] = []
        self.visible: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag in ("script", "style")
        if self._inside:
            self.raw.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[-1] = (self.raw[-1][0], self.raw[-1][1] + data)
        else:
            self.visible.append(data)

    def block(self, id: str) -> str:
        """The text of the script or style of this id."""
        return next(text for attributes, text in self.raw if attributes.get("id") == id)

    def data(self) -> bytes:
        """What the page's script draws from, as JSON."""
        return zlib.decompress(base64.b64decode(self.block("packet-data")), 31)
