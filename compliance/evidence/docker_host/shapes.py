"""Tells JSON documents of a Docker host apart by the keys of their first object."""

from __future__ import annotations

from compliance.evidence.recognition import JSON_TOKEN, without_mark


def is_array(head: bytes) -> bool:
    """Whether the outermost value is an array."""
    return without_mark(head).lstrip().startswith(b"[")


def first_keys(head: bytes) -> frozenset[str]:
    """Keys of the outermost object, or of the first object in an outermost array, as far as the first bytes go."""
    text = without_mark(head).lstrip()
    if not text.startswith((b"{", b"[")):
        return frozenset()
    wanted = 2 if text.startswith(b"[") else 1
    depth = 0
    keys: set[str] = set()
    for found in JSON_TOKEN.finditer(text):
        if found[0] in (b"{", b"["):
            depth += 1
        elif found[0] in (b"}", b"]"):
            depth -= 1
            if depth < wanted:
                break
        elif depth == wanted and found[2]:
            keys.add(found[1].decode("utf-8", "replace"))
    return frozenset(keys)
