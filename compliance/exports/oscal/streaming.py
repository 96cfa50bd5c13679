"""Writes a JSON document in pieces, so that no document is held whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

_encode = msgspec.json.Encoder().encode


class Stream:
    """Gives the bytes of nested objects member by member; the caller opens and closes them in order."""

    def __init__(self) -> None:
        self._closing = [b"}"]
        self._start = b"{"

    def member(self, name: str, value: object) -> bytes:
        return self._next(name) + _encode(value)

    def members(self, values: Mapping[str, object]) -> Iterator[bytes]:
        for name, value in values.items():
            yield self.member(name, value)

    def items(self, name: str, values: Iterable[object]) -> Iterator[bytes]:
        """An array written item by item; nothing at all when there is none, as OSCAL wants it."""
        between = b"["
        for value in values:
            head = self._next(name) if between == b"[" else b""
            yield head + between + _encode(value)
            between = b",\n"
        if between != b"[":
            yield b"]"

    def open(self, name: str, *, list_of_one: bool = False) -> bytes:
        """Starts an object, or an array that holds this one object."""
        head = self._next(name)
        self._closing.append(b"}]" if list_of_one else b"}")
        self._start = b"[{" if list_of_one else b"{"
        return head

    def close(self) -> bytes:
        """Ends the innermost object; it must hold a member."""
        self._start = b",\n"
        return self._closing.pop()

    def end(self) -> bytes:
        """Ends every object still open."""
        return b"".join(reversed(self._closing)) + b"\n"

    def _next(self, name: str) -> bytes:
        head = self._start + _encode(name) + b":"
        self._start = b",\n"
        return head
