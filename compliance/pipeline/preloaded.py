"""Imported once by the server that worker processes are forked from, so that each starts warm."""

from compliance.pipeline import evaluating, reading
from compliance.pipeline.registered import checks, readers

checks()
readers()

__all__ = ["evaluating", "reading"]
