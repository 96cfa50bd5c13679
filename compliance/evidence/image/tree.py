"""The merged root of an image as a tree: names, what stands there and in which layer; symbolic links stay inside it.

The tree holds every directory, every entry that may matter, and of all other files the name and size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from compliance.evidence.image.contents import DatabaseFile, Entry, EntryType

#: Symbolic links that are followed for one path. Source: Linux, `MAXSYMLINKS` in include/linux/namei.h.
MAX_HOPS = 40
#: Longest path, and longest target of a symbolic link, that Linux takes. Source: `PATH_MAX`.
MAX_PATH = 4096
#: Most folders within each other; deep trees of node_modules reach about 60.
MAX_DEPTH = 256
#: Names that symbolic links put in place of others while paths are followed, of one image; each path may need 80,000.
MAX_FOLLOWED = 5_000_000
#: Characters of all paths, without links in them, that something of note has.
MAX_CHARACTERS = 64 << 20
#: Most names that the tree holds as nodes, and most further names that are held to count them.
MAX_NODES = 500_000
MAX_HELD = 300_000


@dataclass(slots=True)
class Extras:
    """What is known of the contents of a file: the secrets in it (numbers in `Root.secrets`), what it says."""

    secrets: list[int] = field(default_factory=list)
    databases: list[DatabaseFile] = field(default_factory=list)
    content: bytes | None = None


class Node:
    """A name in the root. `entry` is None for a directory that no layer says anything remarkable of.

    Hard links share their `entry`. `others` are the sizes of files of no further interest, by name.
    """

    __slots__ = ("children", "entry", "extras", "kind", "layer", "others")

    def __init__(self, kind: EntryType, entry: Entry | None, layer: int) -> None:
        self.kind = kind
        self.entry = entry
        self.layer = layer
        self.children: dict[str, Node] | None = None
        self.others: dict[str, int] | None = None
        self.extras: Extras | None = None


@dataclass(slots=True)
class FoundSecret:
    """A secret of any layer; `deleted_by` is the layer that deletes or replaces its file."""

    path: str
    layer: int
    kind: str
    by_name: bool
    deleted_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeFault:
    """What did not go as names in a layer ask; `hides` when files may therefore be unseen."""

    layer: int
    words: str
    hides: bool


class TooManyLinksError(Exception):
    """A path leads through a circle of symbolic links, or through more of them than a system follows."""


class TooManyNodesError(Exception):
    """The tree is full, or following its links takes too long."""


class Root:
    """The merged root while layers are laid on it, and then."""

    def __init__(self) -> None:
        self.top = Node(EntryType.DIRECTORY, None, 0)
        self.secrets: list[FoundSecret] = []
        self.faults: list[MergeFault] = []
        self._nodes = self._held = self._followed = self._characters = 0
        self._uncounted_files = self._uncounted_size = 0

    def find(self, path: str, *, follow: bool = True) -> tuple[str, Node] | None:
        """The path that a path leads to, without leading `/`, and its node; None when there is none.

        The last name is followed too when it is a symbolic link, unless `follow` is false.
        """
        above, _, name = path.strip("/").rpartition("/")
        try:
            node, place = self.reach(path if follow else above)
        except (TooManyLinksError, TooManyNodesError):
            return None
        if node is not None and not follow:
            place, node = below(place, name), (node.children or {}).get(name)
        return (place, node) if node is not None else None

    @property
    def exhausted(self) -> bool:
        """Whether so many links were followed that paths are no longer found."""
        return self._followed > MAX_FOLLOWED

    def stands(self, path: str) -> bool:
        """Whether a path leads to anything, files of no further interest among them."""
        for _ in range(MAX_HOPS):
            above, _, name = path.strip("/").rpartition("/")
            found = self.find(above)
            if found is None:
                return False
            place, directory = found
            child = (directory.children or {}).get(name)
            if child is None or child.kind is not EntryType.SYMLINK or child.entry is None:
                return child is not None or name in (directory.others or ())
            target = child.entry.link
            path = target if target.startswith("/") else f"{place}/{target}"
        return False

    def noted(self) -> Iterator[tuple[str, Node]]:
        """Every node of which something is known, with its path, each once."""
        return ((path, node) for path, node in self.walk() if node.entry is not None or node.extras is not None)

    def weigh(self, characters: int) -> None:
        """Count the characters of a path that is kept.

        Raises:
            TooManyNodesError: all have more than MAX_CHARACTERS.
        """
        self._characters += characters
        if self._characters > MAX_CHARACTERS:
            raise TooManyNodesError

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Every node but the top one with its path (no leading `/`), each once."""
        pending = [("", iter((self.top.children or {}).items()))]
        while pending:
            above, rest = pending[-1]
            name, node = next(rest, ("", self.top))
            if node is self.top:
                pending.pop()
                continue
            path = below(above, name)
            yield path, node
            if node.children:
                pending.append((path, iter(node.children.items())))

    def _all(self) -> Iterator[Node]:
        """Every node, the top one among them, without the work of naming it."""
        pending = [self.top]
        while pending:
            node = pending.pop()
            yield node
            pending.extend((node.children or {}).values())

    def counts(self) -> tuple[int, int]:
        """How many files there are, directories left out, and their bytes; hard links of one file weigh once."""
        files, size = self._uncounted_files, self._uncounted_size
        seen: set[int] = set()
        for node in self._all():
            if node.kind is not EntryType.DIRECTORY:
                files += 1
            if node.kind is EntryType.FILE and node.entry is not None and id(node.entry) not in seen:
                seen.add(id(node.entry))
                size += node.entry.size
            if node.others:
                files += len(node.others)
                size += sum(node.others.values())
        return files, size

    def reach(self, path: str, layer: int | None = None) -> tuple[Node | None, str]:
        """The node that a path leads to, symbolic links followed inside the root, and the path it has without them.

        With a layer, directories that are not there are made for it; without, the node is None then.

        Raises:
            TooManyLinksError: links lead in a circle, or there are more of them or of folders than are followed.
            TooManyNodesError: the tree is full, or MAX_FOLLOWED is passed.
        """
        pending = path.split("/")[::-1]
        nodes, names, hops = [self.top], [""], 0
        while pending:
            name = pending.pop()
            if name in ("", "."):
                continue
            if name == "..":
                if len(nodes) > 1:
                    nodes.pop()
                    names.pop()
                continue
            child = (nodes[-1].children or {}).get(name)
            if child is not None and child.kind is EntryType.SYMLINK and child.entry is not None:
                hops += 1
                target = child.entry.link
                if hops > MAX_HOPS or len(target) > MAX_PATH:
                    raise TooManyLinksError
                if target.startswith("/"):
                    nodes, names = [self.top], [""]
                parts = target.split("/")
                self._followed += len(parts)
                if self._followed > MAX_FOLLOWED:
                    raise TooManyNodesError
                pending.extend(reversed(parts))
                continue
            if child is None or (child.kind is not EntryType.DIRECTORY and (pending or layer is not None)):
                if layer is None:
                    return None, ""
                child = self.put(nodes[-1], name, Node(EntryType.DIRECTORY, None, layer))
            nodes.append(child)
            names.append(name)
            if len(nodes) > MAX_DEPTH + 1:
                raise TooManyLinksError
        return nodes[-1], "/".join(names[1:])

    def literal(self, path: str, layer: int) -> Node:
        """The node at a path, no link followed: where an entry is kept that could be nowhere else."""
        node = self.top
        for name in path.split("/"):
            child = (node.children or {}).get(name)
            node = child if child is not None else self.put(node, name, Node(EntryType.DIRECTORY, None, layer))
        return node

    def put(self, directory: Node, name: str, node: Node) -> Node:
        """A node in place of whatever had the name there."""
        self.remove(directory, name, node.layer)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise TooManyNodesError
        if directory.children is None:
            directory.children = {}
        directory.children[name] = node
        return node

    def hold(self, directory: Node, name: str, size: int) -> None:
        """Count a file of no further interest."""
        if directory.others is None:
            directory.others = {}
        if name not in directory.others:
            if self._held >= MAX_HELD:
                self._uncounted_files += 1
                self._uncounted_size += size
                return
            self._held += 1
        directory.others[name] = size

    def remove(self, directory: Node, name: str, layer: int) -> bool:
        """Take a name and all below it away; whether a directory or a link went, so that paths lead elsewhere."""
        if directory.others and directory.others.pop(name, None) is not None:
            self._held -= 1
        gone = directory.children.pop(name, None) if directory.children else None
        if gone is None:
            return False
        self._forget([gone], layer)
        return gone.kind in (EntryType.DIRECTORY, EntryType.SYMLINK)

    def empty(self, directory: Node, layer: int) -> None:
        """Take away everything in a directory."""
        gone = list((directory.children or {}).values())
        self._held -= len(directory.others or ())
        directory.children = directory.others = None
        self._forget(gone, layer)

    def _forget(self, pending: list[Node], layer: int) -> None:
        while pending:
            node = pending.pop()
            self._nodes -= 1
            self._held -= len(node.others or ())
            for index in node.extras.secrets if node.extras else ():
                self.secrets[index].deleted_by = layer
            pending.extend((node.children or {}).values())


def below(directory: str, name: str) -> str:
    """A path in a directory; of the root's own names without a slash."""
    return f"{directory}/{name}" if directory else name
