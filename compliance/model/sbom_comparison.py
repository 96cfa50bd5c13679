"""An SBOM laid against the package databases of the image it describes: what is missing, what is not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compliance.model.image import DatabaseState, Package, RootFileSystem
from compliance.model.sbom import Sbom

#: Ecosystems of which an image has one database that names every package: what it does not name is not installed.
#: Packages of the others may lie anywhere, so that one more in an SBOM proves nothing.
SYSTEM = frozenset(("deb", "apk", "rpm"))
#: Folders that belong to the operating system's own packages. Trivy leaves out what lies there and belongs to one.
#: Source: Filesystem Hierarchy Standard 3.0, 4.11 and 4.12; trivy 0.76, pkg/fanal/handler/sysfile.
_SYSTEM_FOLDERS = ("/usr/lib/", "/usr/lib64/", "/usr/share/")

#: (name, version)
Named = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One ecosystem. All are sorted.

    `installed` counts names with their versions in databases that could be read, `found` those that the SBOM
    lists. `missing` are not listed under any version that is not installed; `system` are missing, too,
    but lie in folders of the operating system's packages, which may stand for them. `differing` are
    names with (installed, listed) versions where they differ. `ghosts` are listed and not installed.
    `unread` says in words why a database could not be read, else is empty; `databases` counts them.
    """

    ecosystem: str
    databases: int
    installed: int
    found: int
    missing: tuple[Named, ...]
    system: tuple[Named, ...]
    differing: tuple[tuple[str, str, str], ...]
    ghosts: tuple[Named, ...]
    unread: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All ecosystems that the image has a database of, or for which absence is proven, sorted by name.

    `beyond` counts components of ecosystems whose databases are not read at all (maven, gem ...), by
    ecosystem; components without one stand under empty text.
    """

    ecosystems: tuple[Compared, ...]
    beyond: Mapping[str, int]


def compare(sbom: Sbom, root: RootFileSystem) -> Comparison:
    """Lay an SBOM against the databases of an image that was read whole."""
    listed: dict[str, set[Named]] = defaultdict(set)
    beyond: dict[str, int] = defaultdict(int)
    known = {database.ecosystem for database in root.databases} | SYSTEM
    for ecosystem, name, version in sbom.components:
        if ecosystem in known:
            listed[ecosystem].add((name, version))
        else:
            beyond[ecosystem] += 1
    held: dict[str, list[Package]] = defaultdict(list)
    for package in root.packages:
        held[package.ecosystem].append(package)
    names = {database.ecosystem for database in root.databases} | set(listed)
    return Comparison(
        ecosystems=tuple(_ecosystem(name, held[name], listed[name], root) for name in sorted(names)),
        beyond={name: beyond[name] for name in sorted(beyond)},
    )


def _ecosystem(ecosystem: str, held: list[Package], listed: set[Named], root: RootFileSystem) -> Compared:
    databases = [database for database in root.databases if database.ecosystem == ecosystem]
    installed = _comparable(ecosystem, ((package.name, package.version) for package in held))
    named = _comparable(ecosystem, listed)
    absent, extra = installed - named, named - installed
    more = _versions(extra)
    differing = {name for name, _ in absent if name in more}
    missing = {key for key in absent if key[0] not in differing}
    by_system = missing & _of_system(ecosystem, held, root) if missing else set()
    less = _versions(absent)
    return Compared(
        ecosystem=ecosystem,
        databases=len(databases),
        installed=len(installed),
        found=len(installed & named),
        missing=tuple(sorted(missing - by_system)),
        system=tuple(sorted(by_system)),
        differing=tuple((name, _joined(less[name]), _joined(more[name])) for name in sorted(differing)),
        ghosts=tuple(sorted(key for key in extra if key[0] not in differing)),
        unread=next((f"{one.path}: {one.reason}" for one in databases if one.state is DatabaseState.UNREADABLE), ""),
    )


def _of_system(ecosystem: str, held: list[Package], root: RootFileSystem) -> set[Named]:
    """Packages of a language that lie in folders of the operating system."""
    if ecosystem in SYSTEM:
        return set()
    inside = (package for package in held if root.databases[package.database].path.startswith(_SYSTEM_FOLDERS))
    return _comparable(ecosystem, ((package.name, package.version) for package in inside))


def _comparable(ecosystem: str, named: Iterable[Named]) -> set[Named]:
    """Names and versions as they compare, whoever wrote them.

    A Go module is told by its path in small letters and its version without `v`, the standard library
    without `go`; one built from source (`(devel)`) has no version and is left out: tools name it
    differently or not at all. Keys that rpm keeps as packages (`gpg-pubkey`) are none.
    """
    if ecosystem == "golang":
        return {
            (name.lower(), version.removeprefix("go").removeprefix("v"))
            for name, version in named
            if version not in ("", "(devel)")
        }
    if ecosystem == "rpm":
        return {(name, version.removeprefix("0:")) for name, version in named if name != "gpg-pubkey"}
    return set(named)


def _versions(named: Iterable[Named]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, version in named:
        found.setdefault(name, []).append(version)
    return found


def _joined(versions: list[str]) -> str:
    return " and ".join(version or "no version" for version in sorted(versions))
