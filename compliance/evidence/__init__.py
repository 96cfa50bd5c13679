"""Readers: bytes of one input format in, frozen records out."""
