"""What a host says of itself: `NAME=VALUE` lines below `# compliance host 1` in, one HostIdentity out.

Names: `hostname`, `os_id` and `os_version` (ID and VERSION_ID of os-release), `kernel` (uname -r), `collected` (UTC,
`2026-08-20T10:00:00Z`). Others are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance.errors import EvidenceError
from compliance.evidence.host.text import Text, Unparsed, problems, reader, word
from compliance.model.host import HostIdentity, HostRecord

_LINE = re.compile(rb"([a-z_]{1,40})=([^\r\n]{0,500})")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def _records(text: Text) -> Iterator[HostRecord | EvidenceError]:
    unparsed = Unparsed("a host's description")
    values: dict[str, str] = {}
    for line in text.lines:
        found = _LINE.fullmatch(line.text)
        if found is None:
            unparsed.add(line)
        else:
            values.setdefault(found[1].decode(), word(found[2]).strip("\"'"))
    collected = values.get("collected", "")
    yield HostIdentity(
        origin=text.origin,
        subject=text.subject,
        host=text.host,
        os_id=values.get("os_id", ""),
        os_version=values.get("os_version", ""),
        kernel=values.get("kernel", ""),
        collected=collected if _TIME.fullmatch(collected) else None,
    )
    yield from unparsed.errors()
    yield from problems(text)


READER = reader("host", "What a host says of itself", "node-service", HostIdentity, _records)
