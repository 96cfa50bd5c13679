"""Listings of files with owner and mode: text in, one FileListing out.

The format of ours (`# compliance file-listing 1`): `MODE USER GROUP TYPE PATH`, of a link also the path it leads to as
a sixth field; mode in octal, type a letter of find's %y, fields with the escapes of `text`. Lines `# walked PATH` name
what was listed with all below it, `# absent PATH` what does not exist, `# unreadable PATH` what could not be listed.

Plain forms: `find ... -printf '%m %U %G %y %p\\n'` and `stat -c '%a %U %G %n'`. There a name may hold a line feed and
so write a line of its own; and nobody says what was asked for. They show files, and never that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance.errors import EvidenceError
from compliance.evidence.host.text import Line, Text, Unparsed, problems, reader, rows_of, trouble, word
from compliance.evidence.printing import printable
from compliance.model.host import FileEntry, FileListing, HostRecord

_OURS = re.compile(rb"([0-7]{1,4}) ([^ ]+) ([^ ]+) ([a-zA-Z?]) (/[^ ]*)(?: ([^ ]+))?")
_FIND = re.compile(rb"([0-7]{1,4}) ([^ ]+) ([^ ]+) ([bcdDflpsNLU?]) (/.*)")
_STAT = re.compile(rb"([0-7]{1,4}) ([^ /:]+) ([^ /:]+)()[ ](/.*)")
#: Everything, as a path that could not be read: nothing that is not listed is known to be absent.
_EVERYTHING = "/"
_NOTES = (b"walked ", b"absent ", b"unreadable ")


def _plain(head: bytes) -> bool:
    """Whether nine of ten lines are those of a plain listing, the first among them."""
    rows = list(rows_of(head))
    known = [row for row in rows if _FIND.fullmatch(row) or _STAT.fullmatch(row)]
    return bool(known) and known[0] is rows[0] and len(known) * 10 >= len(rows) * 9


def _records(text: Text) -> Iterator[HostRecord | EvidenceError]:
    files: dict[str, FileEntry] = {}
    twice: dict[str, Line] = {}
    unparsed = Unparsed("a file listing")
    for line in text.lines:
        found = _entry(line, ours=text.ours)
        if found is None:
            unparsed.add(line)
            continue
        path, entry = found
        before = files.setdefault(path, entry)
        if before[:4] != entry[:4]:
            twice.setdefault(path, line)
    walked, absent, unreadable = (_noted(text, word_) for word_ in _NOTES)
    gone = set(absent)
    bad = [path for path in walked if path not in files and path not in gone]
    lost = unparsed.count or (text.ours and not text.ended)
    yield FileListing(
        origin=text.origin,
        subject=text.subject,
        host=text.host,
        files={path: entry for path, entry in files.items() if path not in twice},
        walked=walked,
        absent=tuple(path for path in absent if path not in files),
        problems=tuple(dict.fromkeys((*unreadable, *bad, *twice, *((_EVERYTHING,) if lost else ())))),
    )
    yield from unparsed.errors()
    yield from problems(text)
    for path, line in list(twice.items())[:5]:
        yield trouble(f"{printable(path.encode()[:200])} stands twice, with another owner, mode or type", line)
    if text.ours and not text.ended:
        yield EvidenceError("does not end with `# end`: it is cut short, or the script was stopped")


def _entry(line: Line, *, ours: bool) -> tuple[str, FileEntry] | None:
    found = _OURS.fullmatch(line.text) if ours else _FIND.fullmatch(line.text) or _STAT.fullmatch(line.text)
    if found is None:
        return None
    path = word(found[5]) if ours else printable(found[5])
    if ".." in path.split("/"):
        return None
    target = word(found[6]) if ours and found[6] else ""
    return path.rstrip("/") or "/", FileEntry(
        kind=found[4].decode(),
        mode=int(found[1], 8),
        user=word(found[2]),
        group=word(found[3]),
        at=line.at,
        target=target,
    )


def _noted(text: Text, what: bytes) -> tuple[str, ...]:
    """The paths that notes of one kind name."""
    if not text.ours:
        return ()
    paths = (word(note.text[len(what) :]) for note in text.notes if note.text.startswith(what))
    return tuple(dict.fromkeys(path.rstrip("/") or "/" for path in paths if path.startswith("/")))


READER = reader(
    "file-listing",
    "Listing of files of a host with owner and mode",
    "node-file-stat",
    FileListing,
    _records,
    plain=_plain,
)
