"""Readers of signatures and attestations: bytes in; the claim, and what is needed to verify it, out."""
