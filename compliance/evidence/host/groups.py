"""Groups of a host: lines of `getent group NAME` in, one Groups out.

Below the header `# compliance groups 1` or plain: `NAME:x:GID:USER,USER`. Users whose first group it is stand in
/etc/passwd alone; the script adds them. `# absent NAME` names a group that was asked for and does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance.errors import EvidenceError
from compliance.evidence.host.text import Text, Unparsed, problems, reader, rows_of, trouble, word
from compliance.model.host import Group, Groups, HostRecord

_LINE = re.compile(rb"([A-Za-z0-9_.\\@-]{1,256}):[x*!]?:(\d{1,10}):([^:\s]*)")


_ABSENT = b"absent "


def _plain(head: bytes) -> bool:
    rows = list(rows_of(head))
    return bool(rows) and all(_LINE.fullmatch(row) for row in rows)


def _records(text: Text) -> Iterator[HostRecord | EvidenceError]:
    unparsed = Unparsed("a list of groups")
    groups: dict[str, Group] = {}
    troubles: list[EvidenceError] = []
    for line in text.lines:
        found = _LINE.fullmatch(line.text)
        if found is None:
            unparsed.add(line)
            continue
        members = tuple(dict.fromkeys(word(name) for name in found[3].split(b",") if name))
        group = Group(int(found[2]), members, line.at)
        if groups.setdefault(word(found[1]), group)[:2] != group[:2]:
            troubles.append(trouble(f"{word(found[1])[:100]} stands twice with other members", line))
    noted = (word(note.text[len(_ABSENT) :]) for note in text.notes if note.text.startswith(_ABSENT))
    absent = tuple(dict.fromkeys(name for name in noted if name not in groups))
    if (groups or absent) and not troubles and not unparsed.count:
        yield Groups(origin=text.origin, subject=text.subject, host=text.host, groups=groups, absent=absent)
    elif not troubles and not unparsed.count:
        yield EvidenceError("names no group; collect it again")
    yield from troubles[:5]
    yield from unparsed.errors()
    yield from problems(text)


READER = reader("groups", "Groups of a host and their members", "host-users", Groups, _records, plain=_plain)
