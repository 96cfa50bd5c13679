"""Proofs that a leaf is in a Merkle tree. Source: RFC 6962, 2.1; RFC 9162, 2.1.3.2."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

#: A tree of 2^63 leaves has paths of 63 hashes.
HASHES = 64


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def root_of(leaf: bytes, position: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to; None when the proof cannot be one for that place in a tree of that size."""
    if not 0 <= position < size or len(hashes) > HASHES or any(len(one) != 32 for one in hashes):
        return None
    here, last, found = position, size - 1, leaf
    for one in hashes:
        if last == 0:
            return None
        if here & 1 or here == last:
            found = hashlib.sha256(b"\x01" + one + found).digest()
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            found = hashlib.sha256(b"\x01" + found + one).digest()
        here >>= 1
        last >>= 1
    return found if last == 0 else None
