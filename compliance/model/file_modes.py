"""Owner and mode of files of a host, judged over all its listings.

A path is seen, proven absent, or unknown; only what is seen in every place it may be in can pass.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from compliance.model.check import Verdict, failed, listed, not_applicable, not_checked, passed
from compliance.model.evidence import At
from compliance.model.faults import WORDS_TOLD, Fault, told
from compliance.model.host import FileEntry, FileListing
from compliance.model.hosts import Host

#: Folders that are one on most hosts, where the first is a link to the second.
#: Source: Filesystem Hierarchy Standard 3.0, 3.15 and 5.13; systemd, "The Case for the /usr Merge".
_SAME = (("/var/run/", "/run/"), ("/lib/", "/usr/lib/"), ("/bin/", "/usr/bin/"), ("/sbin/", "/usr/sbin/"))
#: Folders that are one on every host that systemd starts: one spelling that is absent is enough.
_RUN = ("/var/run/", "/run/")
#: Links followed from one path before the listing is taken for one that leads nowhere.
MAX_LINKS = 8
#: Links followed below one folder; each may take a look at everything that could not be read.
MAX_LINKS_BELOW = 200
#: Places that one verdict names; the reason tells how many files there are.
MAX_PLACES = 1000
#: Files named in a reason that passes.
_NAMED = 3
_ROOT = "root"
NO_LISTING = "no listing of the files of this host was handed in (compliance collect host writes one)"


class Seen(NamedTuple):
    """A file as one listing shows it; `path` is where it was found, links followed."""

    path: str
    entry: FileEntry
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the listings of a host tell of some paths.

    `asked` are the paths in words. `seen` are the files there, `absent` the listings that prove that a path does not
    exist, `unknown` says in words what nobody can tell; all three can be filled when several paths were asked for.
    """

    asked: str
    seen: tuple[Seen, ...] = ()
    absent: tuple[At, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_absent(self) -> bool:
        """Whether none of the paths exists, and that is proven."""
        return bool(self.absent) and not self.seen and not self.unknown

    def without(self, kind: str) -> Look:
        """The same without files of a kind (`d`); where only such were seen, they prove that there is no other."""
        kept = tuple(seen for seen in self.seen if seen.entry.kind != kind)
        left = () if kept or self.unknown else tuple(seen.at for seen in self.seen)
        return Look(asked=self.asked, seen=kept, absent=(*self.absent, *left), unknown=self.unknown)


def look(host: Host, *paths: str) -> Look:
    """What is known of paths that a thing may stand at, each in all its spellings (`/var/run`, `/run`)."""
    if not host.listings:
        return Look(asked=listed(paths), unknown=(NO_LISTING,))
    looks = [_at_place(host, path) for path in paths]
    return Look(
        asked=listed(paths),
        seen=_distinct(seen for one in looks for seen in one.seen),
        absent=tuple(dict.fromkeys(at for one in looks for at in one.absent)),
        unknown=tuple(dict.fromkeys(words for one in looks for words in one.unknown)),
    )


def look_below(host: Host, folder: str, wanted: Callable[[str], bool] | None = None) -> Look:
    """What is known of all files below a folder whose path is wanted; the folder itself is not among them.

    A link stands for the file it leads to. A folder without such a file proves that there is none.
    """
    looks = [_below(listing, place, wanted) for place in spellings(folder) for listing in host.listings]
    unknown = [words for one in looks for words in one.unknown]
    if not looks:
        return Look(asked=f"files below {folder}", unknown=(NO_LISTING,))
    absent = _distinct_places(at for one in looks for at in one.absent)
    if not any(one.seen or one.absent or one.unknown for one in looks):
        unknown.append(f"the listing of files does not show {folder} and what lies below it")
    return Look(
        asked=f"files below {folder}",
        seen=_distinct(seen for one in looks for seen in one.seen),
        absent=absent,
        unknown=tuple(dict.fromkeys(unknown)),
    )


def spellings(path: str) -> tuple[str, ...]:
    """A path, and the other path that is the same one on most hosts."""
    for short, long in _SAME:
        if path.startswith(short):
            return (path, long + path[len(short) :])
        if path.startswith(long):
            return (path, short + path[len(long) :])
    return (path,)


def mode_fault(entry: FileEntry, most: int) -> str:
    """In words, that a file has permission bits outside a limit; empty text when it has none.

    A more restrictive mode is no fault; set-id and sticky bits outside the limit are one.
    """
    if entry.mode & ~most == 0:
        return ""
    return f"has mode {entry.mode:04o}, which grants more than {most:04o}"


def owner_fault(entry: FileEntry, users: Sequence[str], groups: Sequence[str]) -> str:
    """In words, that a file belongs to another user or group; empty text when it is theirs. Number 0 is root."""
    user, group = _named(entry.user), _named(entry.group)
    if user in users and group in groups:
        return ""
    return f"belongs to {entry.user}:{entry.group}, not to {' or '.join(users)}:{' or '.join(groups)}"


def judged_mode(found: Look, most: int) -> Verdict:
    """FAIL for each file with a bit outside the limit; NOT_APPLICABLE when it is proven that there is no file."""
    faults = [Fault(f"{seen.path} {words}", seen.at) for seen in found.seen if (words := mode_fault(seen.entry, most))]
    return judged_files(found, faults, f"within {most:04o}")


def judged_owner(host: Host, found: Look, users: Sequence[str] = (_ROOT,), groups: Sequence[str] = (_ROOT,)) -> Verdict:
    """FAIL for each file of another owner; a number that nothing handed in gives a name to is NOT_CHECKED."""
    faults: list[Fault] = []
    unknown: list[str] = []
    numbers = _numbers(host, groups)
    for seen in found.seen:
        words = owner_fault(seen.entry, users, (*groups, *numbers))
        if not words:
            continue
        words = owner_fault(seen.entry, users, groups)
        unnamed = _unnamed(seen.entry.user, users) or (_unnamed(seen.entry.group, groups) and not numbers)
        if unnamed:
            unknown.append(f"{seen.path} {words}: nothing handed in tells the name behind the number")
        else:
            faults.append(Fault(f"{seen.path} {words}", seen.at))
    kept = Look(asked=found.asked, seen=found.seen, absent=found.absent, unknown=(*found.unknown, *unknown))
    return judged_files(kept, faults, f"owned by {' or '.join(users)}:{' or '.join(groups)}")


def judged_files(found: Look, faults: Sequence[Fault], holds: str) -> Verdict:
    """FAIL with every fault, else NOT_CHECKED for what is unknown, else PASS of all files seen.

    `holds` says what is true of each file: `within 0644`.
    """
    if faults:
        return failed(_plain(told(faults)), at=[fault.at for fault in faults[:MAX_PLACES]])
    if found.unknown:
        return not_checked(told_unknown(found), at=[seen.at for seen in found.seen[:MAX_PLACES]])
    if found.seen:
        return passed(_plain(f"{_described(found.seen)}: {holds}"), at=[seen.at for seen in found.seen[:MAX_PLACES]])
    return not_applicable(_plain(f"the listing of files shows that there is none: {found.asked}"), at=found.absent)


def told_unknown(found: Look) -> str:
    """What nobody can tell of the paths, as one reason."""
    rest = len(found.unknown) - _NAMED
    words = "; ".join(_cut(words) for words in found.unknown[:_NAMED])
    return _plain(words + (f"; and {rest} more" if rest > 0 else ""))


def _plain(text: str) -> str:
    """A reason on one line: a name may hold a line feed or what moves a terminal's cursor."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _cut(text: str) -> str:
    return text if len(text) <= WORDS_TOLD else f"{text[:WORDS_TOLD]}..."


def _described(seen: Sequence[Seen]) -> str:
    """Files with mode and owner as a reason that passes names them."""
    words = [f"{_cut(one.path)} {one.entry.mode:04o} {one.entry.user}:{one.entry.group}" for one in seen[:_NAMED]]
    return ", ".join(words) + (f" and {len(seen) - _NAMED} more" if len(seen) > _NAMED else "")


def _named(owner: str) -> str:
    return _ROOT if owner == "0" else owner


def _unnamed(owner: str, wanted: Sequence[str]) -> bool:
    """Whether an owner is a number other than root's, where a user or group besides root would do."""
    return owner.isdecimal() and owner != "0" and any(name != _ROOT for name in wanted)


def _numbers(host: Host, groups: Sequence[str]) -> tuple[str, ...]:
    """Numbers of groups, as far as the host's list of groups was handed in."""
    return tuple(str(known.groups[name].gid) for known in host.groups for name in groups if name in known.groups)


def _at_place(host: Host, path: str) -> Look:
    """One path in all its spellings: absent only when every spelling is."""
    seen: list[Seen] = []
    absent: list[At] = []
    unknown: list[str] = []
    for spelling in spellings(path):
        looks = [_in_listing(listing, spelling) for listing in host.listings]
        seen.extend(one for found in looks for one in found.seen)
        absent.extend(at for found in looks for at in found.absent)
        if not any(found.seen or found.absent for found in looks):
            unknown.extend(words for found in looks for words in found.unknown)
    if seen:
        return Look(asked=path, seen=tuple(seen))
    if unknown and not (absent and path.startswith(_RUN)):
        return Look(asked=path, unknown=tuple(unknown))
    return Look(asked=path, absent=tuple(absent))


def _in_listing(listing: FileListing, path: str) -> Look:
    """A path in one listing, links followed."""
    place = path
    for _ in range(MAX_LINKS):
        entry = listing.files.get(place)
        if entry is None:
            break
        if entry.kind != "l":
            return Look(asked=path, seen=(Seen(place, entry, listing.place(entry)),))
        if not entry.target:
            return Look(asked=path, unknown=(f"{place} is a link, and the listing does not say where it leads",))
        place = posixpath.normpath(posixpath.join(posixpath.dirname(place), entry.target))
    if not listing.knows(place) or place in listing.files:
        whose = "" if place == path else f", where {path} leads,"
        return Look(asked=path, unknown=(f"the listing of files does not tell whether {place}{whose} exists",))
    return Look(asked=path, absent=(listing.whole(),))


def _below(listing: FileListing, folder: str, wanted: Callable[[str], bool] | None) -> Look:
    """What one listing tells of files below a folder; empty when it does not show the folder."""
    if not listing.knows(folder):
        return Look(asked=folder)
    if folder not in listing.files and next(listing.below(folder), None) is None:
        return Look(asked=folder, absent=(listing.whole(),))
    inside = f"{folder.rstrip('/')}/"
    bad = [path for path in listing.problems if _holds(path, folder) or path.startswith(inside)]
    unknown = [f"{path} could not be read wholly" for path in bad]
    if listing.is_link(folder):
        unknown.append(f"{folder} is a link, and what it leads to is not followed")
    if not any(_holds(walked, folder) for walked in listing.walked):
        unknown.append(f"the listing of files does not show what lies below {folder}")
    seen: list[Seen] = []
    links = 0
    for path, entry in listing.below(folder):
        if wanted is not None and not wanted(path):
            continue
        links += entry.kind == "l"
        if links > MAX_LINKS_BELOW:
            unknown.append(f"more than {MAX_LINKS_BELOW} links below {folder}, and the rest is not followed")
            break
        found = _in_listing(listing, path) if entry.kind == "l" else None
        seen.extend(found.seen if found else (Seen(path, entry, listing.place(entry)),))
        unknown.extend(found.unknown if found else ())
    absent = () if seen or unknown else (listing.whole(),)
    return Look(asked=folder, seen=tuple(seen), absent=absent, unknown=tuple(unknown))


def _holds(walked: str, folder: str) -> bool:
    """Whether a walked path is a folder or holds it."""
    return walked == folder or folder.startswith(f"{walked.rstrip('/')}/")


def _distinct(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """Each file of each listing once, in order."""
    return tuple({(one.at.origin.path, one.path): one for one in seen}.values())


def _distinct_places(places: Iterator[At]) -> tuple[At, ...]:
    return tuple(dict.fromkeys(places))
