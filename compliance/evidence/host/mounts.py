"""Mount points of a host: text in, one Mounts out.

Lines of /proc/self/mountinfo or of /proc/mounts (the kernel writes spaces in them as `\\040`), below the header
`# compliance mounts 1` or plain. Of several mounts on one point the last counts: it hides those before it.
Source: Linux kernel documentation, filesystems/proc, "/proc/<pid>/mountinfo".
"""

from __future__ import annotations

from collections.abc import Iterator

from compliance.errors import EvidenceError
from compliance.evidence.host.text import Line, Text, Unparsed, problems, reader, rows_of, word
from compliance.model.host import HostRecord, Mount, Mounts


def _plain(head: bytes) -> bool:
    rows = list(rows_of(head))
    return bool(rows) and all(_mount(Line(row, "", 0)) is not None for row in rows)


def _records(text: Text) -> Iterator[HostRecord | EvidenceError]:
    unparsed = Unparsed("a list of mount points")
    points: dict[str, Mount] = {}
    for line in text.lines:
        found = _mount(line)
        if found is None:
            unparsed.add(line)
        else:
            points[found[0]] = found[1]
    if "/" not in points:
        yield EvidenceError("does not name the root file system, so it is not whole; collect it again")
    elif not unparsed.count:
        yield Mounts(origin=text.origin, subject=text.subject, host=text.host, points=points)
    yield from unparsed.errors()
    yield from problems(text)


def _mount(line: Line) -> tuple[str, Mount] | None:
    """A line of either form."""
    fields = line.text.split(b" ")
    if len(fields) == 6 and fields[1].startswith(b"/") and fields[4].isdigit() and fields[5].isdigit():
        source, point, kind, options = fields[:4]
        return word(point), _made(source, kind, [options], line)
    if len(fields) >= 10 and fields[0].isdigit() and fields[1].isdigit() and fields[4].startswith(b"/"):
        try:
            dash = fields.index(b"-", 6)
            kind, source, options = fields[dash + 1 : dash + 4]
        except ValueError:
            return None
        return word(fields[4]), _made(source, kind, [fields[5], options], line)
    return None


def _made(source: bytes, kind: bytes, options: list[bytes], line: Line) -> Mount:
    words = tuple(dict.fromkeys(word(option) for part in options for option in part.split(b",")))
    return Mount(source=word(source), type=word(kind), options=words, at=line.at)


READER = reader("mounts", "Mount points of a host", "host-mounts", Mounts, _records, plain=_plain)
