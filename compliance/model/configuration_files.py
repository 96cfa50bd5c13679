"""A program's option that names a file in, the documents handed in that are this file out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compliance.model.flags import Answer, Option, answer, shown
from compliance.model.host import HOST_FOLDER, CommandLine, Program, Settings
from compliance.model.hosts import Host, Hosts
from compliance.model.outcome import Outcome

#: Hosts without a name that are looked through; of more, nobody could say which file belongs to which program.
MAX_NAMELESS = 200


def path_on_host(document: Settings | CommandLine) -> str:
    """Where a document stood on its host, as far as its folder in the evidence tells; else its path in the evidence."""
    folders = document.origin.path.split("/")
    for number in range(len(folders) - 2, -1, -1):
        if folders[number].startswith(HOST_FOLDER):
            return "/" + "/".join(folders[number + 1 :])
    return document.origin.path


def at_path(documents: Sequence[Settings], path: str, *, exact: bool = False) -> tuple[Settings, ...]:
    """Those of a host's documents that a program may mean by a path: it stood there, or else it has that name.

    A pod may see a file under another path than its host. One that stood elsewhere under another name is another file;
    one that lies in the host's folder itself was put there by hand, and counts when it is the only one. `exact` says
    that the path is known to be the host's, so that a name alone is not enough.
    """
    same = tuple(one for one in documents if path_on_host(one) == path)
    if same:
        return same
    name = path.rpartition("/")[2]
    named = tuple(one for one in documents if not exact and path_on_host(one).rpartition("/")[2] == name)
    if named or len(documents) != 1:
        return named
    stood = path_on_host(documents[0])
    return tuple(documents) if stood.count("/") == 1 or not stood.startswith("/") else ()


def documents_of(found: Option, host: Host, hosts: Hosts, *kinds: str) -> tuple[Settings, ...]:
    """The documents of some kinds that an option's value names, in order of path; empty when none was handed in.

    A path of a container is followed to that of its host, and leads nowhere where no folder of the host is mounted.
    A document that nobody says the host of counts when its name is the same or when it is the only one.
    """
    line, said = found.line, found.text or ""
    path = line.on_host(said)
    if not path:
        return ()
    own = host.settings_of(*kinds)
    if own:
        return at_path(own, path, exact=bool(line.mounted_at(said)))
    loose = tuple(_loose(hosts, kinds))
    name = path.rpartition("/")[2]
    same = tuple(one for one in loose if one.origin.path.rpartition("/")[2] == name)
    return same or (loose if len(loose) == 1 else ())


def _loose(hosts: Hosts, kinds: tuple[str, ...]) -> Iterator[Settings]:
    if len(hosts.nameless) <= MAX_NAMELESS:
        for host in hosts.nameless:
            yield from host.settings_of(*kinds)


def not_handed_in(found: Option, what: str) -> Answer:
    """NOT_CHECKED: the file that the option names is not in the evidence."""
    words = f"{what} stands in {shown(found.text or '')}, which was not handed in"
    return answer(found.line, Outcome.NOT_CHECKED, words, found.at)


def lines_near(host: Host, hosts: Hosts, program: Program) -> tuple[CommandLine, ...]:
    """The command lines of a program on a host; for a host without a name, of the only nameless one that has any."""
    own = host.lines_of(program)
    if own or host.name is not None:
        return own
    if len(hosts.nameless) > MAX_NAMELESS:
        return ()
    near = [lines for one in hosts.nameless if (lines := one.lines_of(program))]
    return near[0] if len(near) == 1 else ()
