"""Package databases of the merged root: database files in; databases, packages, and who owns which executable out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import DatabaseFile
from compliance.evidence.image.tree import Node, Root
from compliance.evidence.packages.reading import unpack_paths
from compliance.model.image import DatabaseState, Package, PackageDatabase

#: Ecosystems whose database is that of the operating system.
SYSTEM = frozenset({"deb", "apk", "rpm"})
_DPKG_LISTS = "var/lib/dpkg/info/"
_DPKG_PARTS = "var/lib/dpkg/status.d/"
_NODE = "node_modules/"
_OWNERS = ("RECORD", "installed-files.txt")


@dataclass(slots=True)
class _Group:
    """Files that make one database."""

    layer: int = 0
    files: int = 0
    packages: dict[tuple[str, str, str], None] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """What the databases say. `owners` are all files that name owned paths.

    `listed` are the packages that dpkg keeps lists of owned files for, with the first of those lists;
    `unlisted` says why some such list could not be read, else is empty.
    """

    databases: tuple[PackageDatabase, ...]
    packages: tuple[Package, ...]
    owners: tuple[DatabaseFile, ...]
    listed: frozenset[str]
    unlisted: str

    def of(self, *ecosystems: str) -> tuple[PackageDatabase, ...]:
        """The databases of some ecosystems."""
        return tuple(database for database in self.databases if database.ecosystem in ecosystems)


def databases_of(placed: Mapping[str, Node]) -> Databases:
    """All databases of a root, sorted by ecosystem and path; `placed` are its names in order."""
    groups: dict[tuple[str, str], _Group] = {}
    owners: list[DatabaseFile] = []
    listed: set[str] = set()
    unlisted = ""
    for path, database, layer in _files(placed):
        if database.owned:
            owners.append(database)
        if path.startswith(_DPKG_LISTS):
            listed.add(path[len(_DPKG_LISTS) :].removesuffix(".list").partition(":")[0])
        if _only_owns(path, database.ecosystem):
            if database.reason and not unlisted:
                unlisted = f"/{path}: {database.reason}"
            continue
        group = groups.setdefault((database.ecosystem, _place(path, database.ecosystem)), _Group())
        group.layer = max(group.layer, layer)
        group.files += 1
        group.packages.update(dict.fromkeys(database.packages))
        if database.reason:
            group.reasons.append(f"/{path}: {database.reason}")
    ordered = sorted(groups.items())
    return Databases(
        databases=tuple(_database(key, group) for key, group in ordered),
        packages=tuple(_packages(ordered)),
        owners=tuple(owners),
        listed=frozenset(listed),
        unlisted=unlisted,
    )


def _files(placed: Mapping[str, Node]) -> Iterator[tuple[str, DatabaseFile, int]]:
    """Each database file once: a hard link is no second database."""
    seen: set[int] = set()
    for path, node in placed.items():
        for database in node.extras.databases if node.extras else ():
            if id(database) not in seen:
                seen.add(id(database))
                yield path, database, node.layer


def _only_owns(path: str, ecosystem: str) -> bool:
    """Whether a file says which paths are owned, and nothing of packages."""
    if ecosystem == "deb":
        return path.startswith(_DPKG_LISTS) or path.endswith(".md5sums")
    return ecosystem == "pypi" and path.rpartition("/")[2] in _OWNERS


def _place(path: str, ecosystem: str) -> str:
    """The file or folder that a reader of the packet would call the database."""
    above = path.rpartition("/")[0]
    if ecosystem == "deb" and path.startswith(_DPKG_PARTS):
        return above
    if ecosystem == "pypi":
        return above.rpartition("/")[0] if above.endswith((".dist-info", ".egg-info", "EGG-INFO")) else above
    if ecosystem == "npm":
        start = f"/{path}".find(f"/{_NODE}")
        return path[: start + len(_NODE) - 1] if start >= 0 else above
    return path.removesuffix("-wal").removesuffix("-journal") if ecosystem == "rpm" else path


def _database(key: tuple[str, str], group: _Group) -> PackageDatabase:
    reason = ""
    if group.reasons:
        reason = group.reasons[0].partition(": ")[2] if group.files == 1 else group.reasons[0]
        if group.files > 1:
            reason = f"{len(group.reasons)} of {group.files} files, the first {reason}"
    return PackageDatabase(
        ecosystem=key[0],
        path=f"/{key[1]}",
        layer=group.layer,
        state=DatabaseState.UNREADABLE if reason else DatabaseState.READ,
        packages=len(group.packages),
        reason=reason,
    )


def _packages(ordered: list[tuple[tuple[str, str], _Group]]) -> Iterator[Package]:
    found = [
        Package(ecosystem, name, version, source, number)
        for number, ((ecosystem, _), group) in enumerate(ordered)
        for name, version, source in group.packages
    ]
    return iter(sorted(found))


def owned(executables: Mapping[str, Node], owners: tuple[DatabaseFile, ...], root: Root) -> set[str]:
    """Those of the executables, by path without leading `/`, that a package owns.

    A database says /bin/ls also where /bin is a link to /usr/bin: folders are compared as they lie in the root.
    """
    wanted = {path.rpartition("/")[0] for path in executables}
    folders: dict[str, str] = {}
    found: set[str] = set()
    trees: list[str] = []
    for database in owners:
        try:
            paths = unpack_paths(database.owned)
        except EvidenceError:
            continue  # our own packing, so never; nothing is owned by a list that cannot be unpacked
        for path in paths:
            above, _, name = path.strip("/").rpartition("/")
            folder = folders.get(above)
            if folder is None:
                place = root.find(above)
                folder = folders[above] = place[0] if place is not None else above
            if path.endswith("/"):
                trees.append(f"{folder}/{name}/" if folder else f"{name}/")
            elif folder in wanted:
                whole = f"{folder}/{name}" if folder else name
                if whole in executables:
                    found.add(whole)
    return found | _within(trees, executables)


def _within(trees: list[str], executables: Mapping[str, Node]) -> set[str]:
    """The executables below any of some folders (each with a slash at its end)."""
    folders = set(trees)
    return {path for path in executables if folders and not folders.isdisjoint(_above(path))}


def _above(path: str) -> Iterator[str]:
    at = path.find("/")
    while at >= 0:
        yield path[: at + 1]
        at = path.find("/", at + 1)
