"""Names and texts of evidence as every output can carry them: bytes or text in, text that prints out."""

from __future__ import annotations


def printable(name: bytes) -> str:
    """A name as text, no two the same: undecodable bytes become `\\xNN`, and `\\` doubles."""
    return name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def masked(text: str, most: int) -> str:
    """The first characters of a text, those that do not print as `?`."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])


def numbered(text: str, kept: str = "") -> str:
    """The text with each character that does not print as `\\xNN`, but for those in `kept`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in kept else f"\\x{ord(one):02x}" for one in text)


def escaped(text: str) -> str:
    """The text with each character that does not print as Python writes it: `\\n`, `\\x1b`, `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "replace").decode() for one in text)
