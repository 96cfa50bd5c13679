"""Results of OpenSCAP in; the same bytes out, but for the name of the target and facts that we add of it.

OpenSCAP names the machine that it runs on; tools that read results name the asset by that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from isal import igzip_lib

from compliance.errors import ToolError

_TEST = re.compile(rb"<(?:[\w.-]{1,64}:)?TestResult\b")
_TARGET = re.compile(rb"(<((?:[\w.-]{1,64}:)?)target>)[^<]{0,1000}(</(?:[\w.-]{1,64}:)?target>)")
_FACTS = re.compile(rb"<(?:[\w.-]{1,64}:)?target-facts>")
#: Target and facts stand in the first bytes of a test result.
_WITHIN = 64 * 1024


def rewritten(
    data: bytes, into: Path, target: str, facts: Mapping[str, str], *, packed: bool = False
) -> tuple[int, str]:
    """Write the results with the target's own name and our facts, gzipped if asked; how many bytes, and their sha256.

    Raises:
        ToolError: target or facts do not stand where OpenSCAP writes them.
    """
    start = _TEST.search(data, _hint(data))
    if start is None:
        raise ToolError(("oscap",), None, (), "wrote results without a test result")
    named = _TARGET.search(data, start.start(), start.start() + _WITHIN)
    place = _FACTS.search(data, start.start(), start.start() + _WITHIN)
    if named is None or place is None or place.start() < named.end():
        raise ToolError(("oscap",), None, (), "wrote results without a target, or without facts of it")
    prefix = named[2].decode("ascii", "replace")
    lines = "".join(
        f'\n            <{prefix}fact name={quoteattr(name)} type="string">{escape(value)}</{prefix}fact>'
        for name, value in facts.items()
    )
    view = memoryview(data)
    made = b"".join(
        (
            view[: named.start()],
            named[1] + escape(target).encode() + named[3],
            view[named.end() : place.end()],
            lines.encode(),
            view[place.end() :],
        )
    )
    if packed:
        made = igzip_lib.compress(made, igzip_lib.ISAL_BEST_COMPRESSION, flag=igzip_lib.COMP_GZIP)
    into.write_bytes(made)
    return len(made), hashlib.sha256(made).hexdigest()


def _hint(data: bytes) -> int:
    """Where to look for the test result first: behind the content that an ARF repeats."""
    return max(0, data.find(b":reports>"))
