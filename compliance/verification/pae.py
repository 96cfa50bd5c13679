"""The bytes that a DSSE signature is over."""

from __future__ import annotations


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding; lengths count bytes. Source: DSSE protocol 1.0.2, "Signature Definition"."""
    kind = payload_type.encode("utf-8", "surrogatepass")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
