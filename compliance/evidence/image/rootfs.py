"""Facts of the merged root: its tree in, a RootFileSystem out."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from compliance.evidence.image import lists
from compliance.evidence.image.base_class import Shape, base_class, scannable
from compliance.evidence.image.contents import Entry, EntryType
from compliance.evidence.image.databases import databases_of, owned
from compliance.evidence.image.lists import Tool
from compliance.evidence.image.tree import Node, Root
from compliance.evidence.image.users import Group, groups, id_names, os_release, users
from compliance.model.image import (
    FACTS_KEPT,
    Facts,
    FileFact,
    ImageConfig,
    Ownership,
    RootFileSystem,
    SecretFact,
    User,
)
from compliance.model.image_user import resolve_user

_INCLUDES = ("usr/include", "usr/local/include")
_GLIBC = ("libc.so.6", "libc-2.")
_MUSL = ("ld-musl-", "libc.musl-")
_LOADER = ("ld-linux", "ld64.so", "ld.so.1", "ld-2.")
#: Directories on PATH that are looked into.
_MAX_ON_PATH = 100
_STICKY = stat.S_ISVTX


@dataclass(slots=True)
class _Sorted:
    """Facts by sort while the tree is walked; the keys of `tools` are paths."""

    tools: dict[Tool, dict[str, FileFact]] = field(default_factory=lambda: {tool: {} for tool in Tool})
    parts: dict[tuple[str, str, int], list[FileFact]] = field(default_factory=dict)
    disguised: dict[int, list[FileFact]] = field(default_factory=dict)
    libc: list[FileFact] = field(default_factory=list)
    set_id: list[FileFact] = field(default_factory=list)
    capabilities: list[FileFact] = field(default_factory=list)
    world_writable: list[FileFact] = field(default_factory=list)
    devices: list[FileFact] = field(default_factory=list)
    umasks: list[FileFact] = field(default_factory=list)
    leftovers: dict[str, FileFact] = field(default_factory=dict)
    packed: list[FileFact] = field(default_factory=list)
    executables: dict[str, Node] = field(default_factory=dict)


def facts(found: Iterable[FileFact]) -> Facts:
    """The first FACTS_KEPT by path, and how many there are."""
    ordered = sorted(found)
    return Facts(tuple(ordered[:FACTS_KEPT]), len(ordered))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accounts:
    """Who the image knows; None where it has no such file."""

    users: tuple[User, ...] | None
    groups: tuple[Group, ...] | None
    fact: FileFact | None


def root_file_system(root: Root, config: ImageConfig, *, complete: bool, secrets_total: int) -> RootFileSystem:
    """Everything that the merged root shows; `complete` is false when files of it may be unseen."""
    placed = dict(sorted(root.noted()))
    accounts = _accounts(root)
    seen = _seen(root, placed, config, accounts)
    shape = _shape(root, placed, seen, complete=complete)
    kind, because = base_class(shape)
    files, size = root.counts()
    secrets = _secrets(root)
    tools = seen.tools
    return RootFileSystem(
        os_release=shape.os_release,
        os_release_fact=shape.os_release_fact,
        libc=shape.libc,
        base_class=kind,
        base_because=because,
        databases=shape.databases.databases,
        packages=shape.databases.packages,
        ownership=shape.ownership,
        shells=shape.shells,
        package_managers=facts([*tools[Tool.SYSTEM_MANAGER].values(), *tools[Tool.LANGUAGE_MANAGER].values()]),
        network_tools=facts(tools[Tool.NETWORK].values()),
        build_tools=facts([*tools[Tool.BUILD].values(), *_grouped(seen.parts)]),
        remote_servers=facts(tools[Tool.REMOTE].values()),
        set_id=facts(seen.set_id),
        capabilities=facts(seen.capabilities),
        world_writable=facts(seen.world_writable),
        path_writable=facts(_path_writable(root, config, accounts)),
        devices=facts(seen.devices),
        umasks=facts(seen.umasks),
        leftovers=facts(seen.leftovers.values()),
        secrets=tuple(secrets[:FACTS_KEPT]),
        secrets_total=max(secrets_total, len(secrets)),
        users=accounts.users,
        groups=None if accounts.groups is None else tuple((one.name, one.gid) for one in accounts.groups),
        user_fact=accounts.fact,
        files=files,
        size=size,
        scannable=scannable(shape),
    )


def _secrets(root: Root) -> list[SecretFact]:
    found = (SecretFact(one.path, one.layer, one.kind, one.by_name, one.deleted_by) for one in root.secrets)
    return sorted(found, key=lambda fact: fact[:4])


def _accounts(root: Root) -> _Accounts:
    passwd, fact = _content(root, "etc/passwd")
    group, _ = _content(root, "etc/group")
    shadow, _ = _content(root, "etc/shadow")
    return _Accounts(
        users=None if passwd is None else users(passwd, shadow),
        groups=None if group is None else groups(group),
        fact=fact,
    )


def _seen(root: Root, placed: Mapping[str, Node], config: ImageConfig, accounts: _Accounts) -> _Sorted:
    """Every name of the root where it belongs."""
    walk = _Walk(
        root,
        _program_directories(root, placed, config),
        id_names({user.name: user.uid for user in accounts.users or ()}),
        id_names({group.name: group.gid for group in accounts.groups or ()}),
    )
    for path, node in placed.items():
        if node.entry is not None:
            walk.look(path, node, node.entry)
    return walk.finished()


def _shape(root: Root, placed: Mapping[str, Node], seen: _Sorted, *, complete: bool) -> Shape:
    databases = databases_of(placed)
    mine = owned(seen.executables, databases.owners, root)
    unowned = facts(_fact(path, node) for path, node in seen.executables.items() if path not in mine)
    release, release_fact = _os_release(root)
    return Shape(
        root=root,
        complete=complete,
        libc=_libc(seen.libc, complete=complete),
        libc_facts=seen.libc,
        shells=facts(seen.tools[Tool.SHELL].values()),
        managers=facts(seen.tools[Tool.SYSTEM_MANAGER].values()),
        databases=databases,
        os_release=release,
        os_release_fact=release_fact,
        ownership=Ownership(executables=len(seen.executables), owned=len(mine), unowned=unowned),
        packed=facts(seen.packed),
    )


def _fact(path: str, node: Node, detail: str = "") -> FileFact:
    entry = node.entry
    if entry is None:
        return FileFact(f"/{path}", node.layer, 0o755, 0, 0, 0, detail)
    return FileFact(f"/{path}", node.layer, entry.mode, entry.uid, entry.gid, entry.size, detail)


class _Walk:
    """One walk over the names of the root; each is put where it belongs."""

    def __init__(
        self, root: Root, programs: frozenset[str], user_names: dict[int, str], group_names: dict[int, str]
    ) -> None:
        self._root = root
        self._programs = programs
        self._users = user_names
        self._groups = group_names
        self._seen = _Sorted()

    def look(self, path: str, node: Node, entry: Entry) -> None:
        """Sort one name."""
        seen = self._seen
        above, _, name = path.rpartition("/")
        tool = lists.tool(path) or (lists.tool_named(name) if above in self._programs else None)
        if tool is not None:
            self._tool(path, node, *tool)
        if lists.libc_part(name) and "lib" in above and node.kind is not EntryType.DIRECTORY:
            seen.libc.append(_fact(path, node, name))
        if node.kind is not EntryType.SYMLINK:
            self._rights(path, node, entry)
        if node.kind is EntryType.FILE:
            self._file(path, node, entry)
        if node.kind is EntryType.DEVICE:
            number = next((tag[4:] for tag in entry.tags if tag.startswith("dev:")), "")
            seen.devices.append(_fact(path, node, f"device {number}" if number else "device"))
        if entry.tags and (left := lists.leftover_of(path, entry.tags)) is not None:
            self._leftover(*left, node)

    def _tool(self, path: str, node: Node, tool: Tool, plain: str) -> None:
        """A program by its name: a file that may be executed, or a link that leads to one."""
        found = self._root.find(path) if node.kind is EntryType.SYMLINK else (path, node)
        if found is None or found[1].kind is not EntryType.FILE or found[1].entry is None:
            return
        place, target = found
        if target.entry is not None and target.entry.mode & 0o111:
            detail = plain if node is target else f"{plain}, a link to /{place}"
            mode = target.entry.mode
            self._seen.tools[tool][path] = _fact(path, node, detail)._replace(mode=mode)

    def _rights(self, path: str, node: Node, entry: Entry) -> None:
        seen = self._seen
        directory = node.kind is EntryType.DIRECTORY
        if entry.mode & 0o002 and not (directory and entry.mode & _STICKY) and node.kind is not EntryType.DEVICE:
            detail = "a directory without the sticky bit" if directory else ""
            seen.world_writable.append(_fact(path, node, detail))
        if node.kind is EntryType.FILE and entry.mode & 0o6000:
            found = []
            if entry.mode & stat.S_ISUID:
                found.append(f"set-user-id {self._users.get(entry.uid, 'root' if entry.uid == 0 else entry.uid)}")
            if entry.mode & stat.S_ISGID:
                found.append(f"set-group-id {self._groups.get(entry.gid, 'root' if entry.gid == 0 else entry.gid)}")
            seen.set_id.append(_fact(path, node, ", ".join(found)))

    def _file(self, path: str, node: Node, entry: Entry) -> None:
        seen = self._seen
        for tag in entry.tags:
            if tag.startswith("cap:"):
                seen.capabilities.append(_fact(path, node, tag[4:]))
            elif tag.startswith("umask:"):
                seen.umasks.append(_fact(path, node, f"umask {tag[6:]}"))
        if entry.mode & 0o111 and ("elf" in entry.tags or "script" in entry.tags):
            seen.executables[path] = node
        known = next((tag for tag in ("busybox", "shell") if tag in entry.tags), "")
        if known:
            seen.disguised.setdefault(id(entry), []).append(_fact(path, node, known))
        if "upx" in entry.tags:
            seen.packed.append(_fact(path, node))
        part = lists.build_part(path)
        if part == "headers":
            folder = next(folder for folder in _INCLUDES if path.startswith(f"{folder}/"))
            seen.parts.setdefault((folder, part, node.layer), []).append(_fact(path, node))
        elif part:
            seen.parts.setdefault((path.rpartition("/")[0], part, node.layer), []).append(_fact(path, node))

    def _leftover(self, path: str, words: str, node: Node) -> None:
        """One fact for each leftover directory, of the lowest layer that something in it stands in."""
        known = self._seen.leftovers.get(path)
        if known is not None and known.layer <= node.layer:
            return
        found = self._root.find(path, follow=False)
        fact = _fact(path, found[1] if found is not None else node, words)
        self._seen.leftovers[path] = fact._replace(layer=node.layer)

    def finished(self) -> _Sorted:
        """What was seen; a shell counts under any name and in any folder, once where none of its names is one."""
        shells = self._seen.tools[Tool.SHELL]
        for names in self._seen.disguised.values():
            if not any(fact.path.strip("/") in shells for fact in names):
                first = min(names)
                words = "busybox" if first.detail == "busybox" else "a shell, by its contents,"
                shells[first.path.strip("/")] = first._replace(detail=f"{words} under another name")
        return self._seen


def _grouped(parts: Mapping[tuple[str, str, int], Sequence[FileFact]]) -> Iterator[FileFact]:
    """Headers and static libraries, one fact for each folder and layer."""
    for (folder, part, layer), found in sorted(parts.items()):
        many = part if part == "headers" or len(found) == 1 else "static libraries"
        size = sum(fact.size for fact in found)
        files = "1 file" if len(found) == 1 else f"{len(found)} files"
        yield FileFact(f"/{folder}", layer, 0o755, 0, 0, size, f"{many}, {files}")


def _program_directories(root: Root, placed: Mapping[str, Node], config: ImageConfig) -> frozenset[str]:
    """Where programs are run from besides folders of the usual names: PATH, and what links of those names lead to."""
    found = {place for _, place, _ in _on_path(root, config)}
    for path, node in placed.items():
        if node.kind is EntryType.SYMLINK and path.rpartition("/")[2] in lists.PROGRAM_DIRECTORIES:
            target = root.find(path)
            if target is not None and target[1].kind is EntryType.DIRECTORY:
                found.add(target[0])
    return frozenset(found)


def _on_path(root: Root, config: ImageConfig) -> Iterator[tuple[str, str, Node]]:
    """The directories that PATH names: as named, as they lie in the root, and their nodes; each once."""
    said = next((entry.value for entry in config.env if entry.name == "PATH" and entry.value), "")
    names = said.split(":") if said else lists.DEFAULT_PATH
    seen: set[str] = set()
    for name in names[:_MAX_ON_PATH]:
        found = root.find(name) if name.startswith("/") else None
        if found is not None and found[1].kind is EntryType.DIRECTORY and found[0] not in seen:
            seen.add(found[0])
            yield name, found[0], found[1]


def _path_writable(root: Root, config: ImageConfig, accounts: _Accounts) -> Iterator[FileFact]:
    """Directories and executables on PATH that the image's user may write; none for root, who may write all."""
    verdict = resolve_user(config.user, accounts.users, known=True)
    if verdict.uid is None or verdict.root is not False:
        return
    gids = _gids(config.user or "", verdict.uid, accounts.users or (), accounts.groups or ())
    told: set[str] = set()
    for _, place, directory in _on_path(root, config):
        for path, node in [(place, directory), *_inside(place, directory)]:
            if path not in told and _may_write(node, verdict.uid, gids):
                told.add(path)
                yield _fact(path, node, "a directory" if node.kind is EntryType.DIRECTORY else "")


def _gids(user: str, uid: int, known_users: Sequence[User], known_groups: Sequence[Group]) -> frozenset[int]:
    """The groups of a USER text: the one it names or etc/passwd gives, and those that etc/group lists the user in.

    Source: moby/sys/user `GetExecUser` (a group in the text takes the place of all others).
    """
    _, colon, group = user.partition(":")
    if colon and group:
        named = {one.gid for one in known_groups if one.name == group}
        return frozenset(named or ({int(group)} if group.isascii() and group.isdigit() else set()))
    line = next((one for one in known_users if one.uid == uid), None)
    if line is None:
        return frozenset({0})
    return frozenset({line.gid, *(one.gid for one in known_groups if line.name in one.members)})


def _inside(place: str, directory: Node) -> Iterator[tuple[str, Node]]:
    for name, node in (directory.children or {}).items():
        if node.kind is EntryType.FILE and node.entry is not None and node.entry.mode & 0o111:
            yield (f"{place}/{name}" if place else name), node


def _may_write(node: Node, uid: int, gids: frozenset[int]) -> bool:
    entry = node.entry
    if entry is None:
        return False
    if entry.uid == uid:
        return bool(entry.mode & 0o200)
    return bool(entry.mode & (0o020 if entry.gid in gids else 0o002))


def _libc(found: Sequence[FileFact], *, complete: bool) -> str:
    """`glibc`, `musl`, `none` or `unknown`; Alpine's gcompat brings glibc's loader without its library."""
    names = [fact.path.rpartition("/")[2] for fact in found]
    for libc, beginnings in (("glibc", _GLIBC), ("musl", _MUSL), ("glibc", _LOADER)):
        if any(name.startswith(beginnings) for name in names):
            return libc
    return "none" if complete and not names else "unknown"


def _content(root: Root, path: str) -> tuple[bytes | None, FileFact | None]:
    """A small file whose contents were kept, and its place; None for both when there is none."""
    found = root.find(path)
    if found is None or found[1].extras is None or found[1].extras.content is None:
        return None, None
    return found[1].extras.content, _fact(*found)


def _os_release(root: Root) -> tuple[dict[str, str] | None, FileFact | None]:
    for path in ("etc/os-release", "usr/lib/os-release"):
        content, fact = _content(root, path)
        if content is not None:
            return os_release(content), fact
    return None, None
