"""What an image is built on, and whether scanners can see what it holds: both decided from its files, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from compliance.evidence.image.databases import SYSTEM, Databases
from compliance.evidence.image.tree import Root
from compliance.model.image import BaseClass, DatabaseState, Facts, FileFact, Ownership, PackageDatabase

#: Packages from which on an image is a full operating system whatever else it leaves out: bare images of Debian,
#: Ubuntu and UBI minimal have about a hundred, UBI about 190, buildpack-deps over 400.
FULL_PACKAGES = 180
#: Names that show an init system, and folders of manual pages: what slim images leave out.
_INIT = ("usr/lib/systemd/systemd", "lib/systemd/systemd", "sbin/openrc-init", "sbin/upstart")
_MANUALS = tuple(f"usr/share/man/man{section}" for section in range(1, 9))
#: How many manual pages make an image one that has them: an application may bring a few of its own.
_MANUALS_FROM = 20
#: Part of the packages that dpkg keeps lists for which `status` must name. Removed packages keep their list too.
_STATUS_MISSES_FROM = 0.25
#: Executables of no package, as many as which make an image unlike what its database says.
_UNOWNED_FROM = 20
#: Which database each manager reads.
_READS = {
    "dpkg": "deb", "apt": "deb", "apt-get": "deb", "apk": "apk", "rpm": "rpm", "dnf": "rpm", "dnf5": "rpm",
    "microdnf": "rpm", "tdnf": "rpm", "yum": "rpm", "zypper": "rpm",
}  # fmt: skip
_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What decides the class of a base. `managers` are those of the system only."""

    root: Root
    complete: bool
    libc: str
    libc_facts: Sequence[FileFact]
    shells: Facts
    managers: Facts
    databases: Databases
    os_release: Mapping[str, str] | None
    os_release_fact: FileFact | None
    ownership: Ownership
    packed: Facts

    def system(self) -> tuple[PackageDatabase, ...]:
        """The operating system's own databases."""
        return self.databases.of(*SYSTEM)


def base_class(shape: Shape) -> tuple[BaseClass, str]:
    """The class and what decided it, in words that name paths.

    scratch: no C library, shell, package manager, package database and os-release. distroless: no
    shell and no package manager, but one of the others. alpine: an apk database or an os-release of
    Alpine, with a shell or apk. full: a package database and its manager or a shell, with an init
    system, manual pages, or at least FULL_PACKAGES packages. slim: the same without any of those,
    or nothing but busybox. What was not read is not missing: then only what was seen decides.
    """
    found = shape.system()
    if _is_alpine(shape) and (shape.shells.total or shape.managers.total):
        return BaseClass.ALPINE, _present(shape)
    if not shape.complete:
        full = _full_because(shape)
        if found and full:
            return BaseClass.FULL, f"{_present(shape)}; {full}"
        return BaseClass.UNKNOWN, "not all of its files could be read, so what is not seen may still be there"
    if not shape.shells.total and not shape.managers.total:
        if shape.libc == "none" and not found and shape.os_release is None:
            return BaseClass.SCRATCH, "no C library, shell, package manager, package database or os-release"
        return BaseClass.DISTROLESS, f"no shell and no package manager; {_present(shape)}"
    if found:
        full = _full_because(shape)
        if full:
            return BaseClass.FULL, f"{_present(shape)}; {full}"
        return BaseClass.SLIM, f"{_present(shape)}; no init system, no manual pages"
    if not shape.managers.total and _only_busybox(shape):
        return BaseClass.SLIM, f"{_present(shape)}; no package manager and no package database"
    return BaseClass.UNKNOWN, f"{_present(shape)}, but no package database says what it is built on"


def _is_alpine(shape: Shape) -> bool:
    said = (shape.os_release or {}).get("ID", "")
    return said == "alpine" or bool(shape.databases.of("apk"))


def _only_busybox(shape: Shape) -> bool:
    """Whether every shell is busybox, under whatever name."""
    for fact in shape.shells.items:
        found = shape.root.find(fact.path)
        tags = found[1].entry.tags if found is not None and found[1].entry is not None else []
        if "busybox" not in tags:
            return False
    return True


def _present(shape: Shape) -> str:
    """What stands there of all that decides, with one path for each."""
    parts = []
    for database in shape.system():
        noun = "package" if database.packages == 1 else "packages"
        parts.append(f"{database.path} with {database.packages} {noun}")
    for words, facts in (("package manager", shape.managers.items), ("shell", shape.shells.items)):
        if facts:
            parts.append(f"{words} {facts[0].path}")
    if shape.libc_facts:
        parts.append(f"C library {shape.libc_facts[0].path}")
    if shape.os_release_fact is not None:
        name = (shape.os_release or {}).get("ID", "")
        parts.append(f"{shape.os_release_fact.path}{f' of {name}' if name else ''}")
    return ", ".join(parts) or "no package database"


def _full_because(shape: Shape) -> str:
    """What makes it a whole operating system; empty when nothing does."""
    for path in _INIT:
        if shape.root.find(path) is not None:
            return f"an init system, /{path}"
    pages = 0
    for folder in _MANUALS:
        found = shape.root.find(folder)
        if found is not None:
            pages += len(found[1].others or ()) + len(found[1].children or ())
    if pages >= _MANUALS_FROM:
        return f"{pages} manual pages below /usr/share/man"
    packages = sum(database.packages for database in shape.system())
    return f"{packages} packages" if packages >= FULL_PACKAGES else ""


def scannable(shape: Shape) -> str:
    """Empty when scanners can see what the image holds, else why not, in words.

    Source: "malicious compliance" (github.com/bgeesaman/malicious-compliance): os-release removed,
    package databases moved or cut, programs renamed or packed. What was not read is not missing.
    """
    missed = [*_odd_release(shape), *_odd_dpkg(shape), *_orphans(shape), *_unowned(shape)] if shape.complete else []
    return "; ".join([*_unread(shape), *missed, *_packed(shape)])


def _unread(shape: Shape) -> Iterable[str]:
    unread = [found for found in shape.databases.databases if found.state is DatabaseState.UNREADABLE]
    for database in unread[:_TOLD]:
        yield f"the package database {database.path} could not be read ({database.reason})"
    if len(unread) > _TOLD:
        yield f"{len(unread) - _TOLD} more package databases could not be read"
    if shape.databases.unlisted:
        yield f"a list of the files of a package could not be read ({shape.databases.unlisted})"


def _odd_release(shape: Shape) -> Iterable[str]:
    found = shape.system()
    if found and shape.os_release is None:
        yield (
            f"there is a package database ({found[0].path}) but no etc/os-release, without which scanners "
            "do not know whose packages they are"
        )
    elif shape.os_release and not found and shape.os_release_fact is not None:
        name = shape.os_release.get("ID") or "a distribution"
        yield f"{shape.os_release_fact.path} says {name}, but there is no package database of the system"


def _odd_dpkg(shape: Shape) -> Iterable[str]:
    listed = shape.databases.listed
    if not listed:
        return
    named = {package.name for package in shape.databases.packages if package.ecosystem == "deb"}
    missing = len(listed - named)
    if not shape.databases.of("deb"):
        yield f"/var/lib/dpkg/info holds file lists of {len(listed)} packages, but there is no /var/lib/dpkg/status"
    elif missing > 2 and missing > len(listed) * _STATUS_MISSES_FROM:
        yield (
            f"/var/lib/dpkg/info holds file lists of {len(listed)} packages, and the package database does not "
            f"name {missing} of them"
        )


def _orphans(shape: Shape) -> Iterable[str]:
    """Managers whose database is not there; one that another system brings along as a package is none."""
    ecosystems = {database.ecosystem for database in shape.system() if database.packages}
    told: set[str] = set()
    for fact in shape.managers.items:
        reads = _READS.get(fact.path.rpartition("/")[2])
        if reads is not None and not ecosystems and reads not in told:
            told.add(reads)
            yield f"{fact.path} is there, but no {reads} database with a package in it"


def _unowned(shape: Shape) -> Iterable[str]:
    total, owned = shape.ownership.executables, shape.ownership.owned
    unowned = total - owned
    if shape.system() and shape.databases.owners and unowned >= _UNOWNED_FROM and unowned > owned:
        yield f"{unowned} of {total} executables belong to no package"


def _packed(shape: Shape) -> Iterable[str]:
    if shape.packed.total:
        yield f"{shape.packed.total} executables are packed (UPX), the first {shape.packed.items[0].path}"
