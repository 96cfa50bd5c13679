"""Layers from the lowest to the highest in, one root as a runtime would unpack them out, each name with its layer.

Source: OCI image specification 1.1, "Image Layer Filesystem Changeset"; containerd 1.7 `archive/tar.go` (a directory
over a directory keeps its children, anything else is replaced whole; parents are resolved inside the root).
"""

from __future__ import annotations

from collections.abc import Sequence

from compliance.evidence.image.contents import Entry, EntryType, LayerContents
from compliance.evidence.image.others import each
from compliance.evidence.image.tree import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_PATH,
    Extras,
    FoundSecret,
    MergeFault,
    Node,
    Root,
    TooManyLinksError,
    TooManyNodesError,
    below,
)

#: Directories that are remembered by the paths of names in them, and the characters of these paths.
_PLACES_KEPT, _REMEMBERED = 50_000, 8 << 20


def merged(contents: Sequence[LayerContents | None]) -> Root:
    """The root of all layers that could be read, from the lowest to the highest."""
    root = Root()
    for number, layer in enumerate(contents, 1):
        if layer is not None:
            _Laying(root, layer, number).run()
    return root


class _Laying:
    """One layer on its way onto the root: removals first, for they speak of lower layers only, then what it adds."""

    def __init__(self, root: Root, contents: LayerContents, number: int) -> None:
        self._root = root
        self._contents = contents
        self._number = number
        self._places: dict[str, tuple[Node, str]] = {}
        self._remembered = 0
        self._pins: dict[str, Extras] = {}
        self._faults: dict[tuple[str, bool], tuple[int, str]] = {}

    def run(self) -> None:
        """Lay it; what could not be laid is a fault of the root."""
        try:
            self._remove()
            self._pin()
            self._add()
        except TooManyNodesError:
            words = f"the image has more than {MAX_NODES:,} names that matter; the rest was not looked at"
            if self._root.exhausted:
                words = "its symbolic links are more than are followed; the rest was not looked at"
            self._fault(words, "", hides=True)
        for (words, hides), (count, example) in self._faults.items():
            more = f" ({count:,} of them, the first {example[:200]})" if example else ""
            self._root.faults.append(MergeFault(layer=self._number, words=words + more, hides=hides))

    def _fault(self, words: str, path: str, *, hides: bool) -> None:
        count, example = self._faults.get((words, hides), (0, path))
        self._faults[words, hides] = (count + 1, example)

    def _remove(self) -> None:
        for path in self._contents.opaque:
            found = self._root.find(path)
            if found is not None and found[1].children:
                self._through(path, found[0])
                self._root.empty(found[1], self._number)
        for path in self._contents.whiteouts:
            above, _, name = path.rpartition("/")
            found = self._root.find(above)
            if found is not None:
                if name in (found[1].children or ()):
                    self._through(above, found[0])
                self._root.remove(found[1], name, self._number)

    def _through(self, written: str, place: str) -> None:
        """Note a removal that goes through a symbolic link: runtimes that unpack each layer apart do not follow it.

        Source: containers/storage, overlay driver (CRI-O, Podman); containerd and Docker follow it.
        """
        if written != place:
            words = "files are replaced or removed through a symbolic link, which some runtimes make a folder instead"
            self._fault(words, written, hides=True)

    def _pin(self) -> None:
        """What the reader says of the contents of files, by the path it gives them."""
        for secret in self._contents.secrets:
            self._pins.setdefault(secret.path, Extras()).secrets.append(len(self._root.secrets))
            found = FoundSecret(f"/{secret.path}", self._number, secret.kind, secret.by_name)
            self._root.secrets.append(found)
        for database in self._contents.databases:
            self._pins.setdefault(database.path, Extras()).databases.append(database)
        for path, content in self._contents.files.items():
            self._pins.setdefault(path, Extras()).content = content

    def _add(self) -> None:
        """Directories first, then what stands in them, and hard links last, for their targets must be there."""
        for letter, path, _ in each(self._contents.others, self._contents.other_sizes):
            if letter == EntryType.DIRECTORY.value:
                self._directory(path, None)
        links: dict[str, Entry] = {}
        for entry in sorted(self._contents.entries, key=lambda entry: entry.path):
            if entry.type is EntryType.HARDLINK:
                links[entry.path] = entry
            elif entry.type is EntryType.DIRECTORY:
                self._directory(entry.path, entry)
            else:
                self._file(entry.path, Node(entry.type, entry, self._number))
        for letter, path, size in each(self._contents.others, self._contents.other_sizes):
            if letter != EntryType.DIRECTORY.value:
                self._other(path, EntryType(letter), size)
        self._hard_links(links)
        for path in sorted(self._pins):
            self._file(path, self._plain(path, EntryType.FILE, 0))

    def _parent(self, path: str) -> tuple[Node, str, str] | None:
        """The directory that a name goes into, its path, and the name; None when no system could make it."""
        above, _, name = path.rpartition("/")
        found = self._places.get(above)
        if found is None:
            if len(path) > MAX_PATH or path.count("/") > MAX_DEPTH:
                words = f"names are longer than {MAX_PATH:,} characters or lie below more than {MAX_DEPTH} folders"
                self._fault(words, path, hides=True)
                return None
            if len(self._places) >= _PLACES_KEPT or self._remembered > _REMEMBERED:
                self._places.clear()
                self._remembered = 0
            self._remembered += len(above)
            found = self._places[above] = self._resolved(above)
        return found[0], found[1], name

    def _resolved(self, above: str) -> tuple[Node, str]:
        try:
            node, place = self._root.reach(above, self._number)
        except TooManyLinksError:
            words = "names lie beyond symbolic links that lead in a circle or are too many; they are kept as written"
            self._fault(words, above, hides=True)
            node, place = self._root.literal(above, self._number), above
        if node is None:  # never: with a layer, directories are made
            raise TooManyNodesError
        return node, place

    def _directory(self, path: str, entry: Entry | None) -> None:
        where = self._parent(path)
        if where is None:
            return
        parent, place, name = where
        if not name:
            self._root.top.entry, self._root.top.layer = entry, self._number
            return
        there = (parent.children or {}).get(name)
        if there is None or there.kind is not EntryType.DIRECTORY:
            self._place(path, place, parent, name, Node(EntryType.DIRECTORY, entry, self._number))
        else:
            there.entry, there.layer = entry, self._number

    def _file(self, path: str, node: Node) -> None:
        where = self._parent(path)
        if where is None or not where[2]:
            return
        parent, place, name = where
        node.extras = self._pins.pop(path, node.extras)
        for index in node.extras.secrets if node.extras else ():
            self._root.secrets[index].path = f"/{below(place, name)}"
        self._place(path, place, parent, name, node)

    def _place(self, path: str, place: str, parent: Node, name: str, node: Node) -> None:
        there = (parent.children or {}).get(name)
        if node.entry is not None:
            self._root.weigh(len(place) + len(name))
        self._replaced(path, place, parent, name)
        if there is not None and there.kind in (EntryType.DIRECTORY, EntryType.SYMLINK):
            self._places.clear()
        self._root.put(parent, name, node)

    def _replaced(self, path: str, place: str, parent: Node, name: str) -> None:
        """Note what takes the place of something by another path, in an order that is not known or not everywhere."""
        there = (parent.children or {}).get(name)
        if there is None:
            return
        if there.layer == self._number and there.kind is not EntryType.DIRECTORY:
            words = "two members lead to the same file by other paths, so that their order decides"
            self._fault(words, path, hides=True)
        else:
            self._through(path.rpartition("/")[0], place)

    def _other(self, path: str, kind: EntryType, size: int) -> None:
        if path in self._pins:
            self._file(path, self._plain(path, kind, size))
            return
        where = self._parent(path)
        if where is None or not where[2]:
            return
        parent, place, name = where
        self._replaced(path, place, parent, name)
        if self._root.remove(parent, name, self._number):
            self._places.clear()
        self._root.hold(parent, name, size)

    def _plain(self, path: str, kind: EntryType, size: int) -> Node:
        """A node of a file that the reader found nothing to say of but its contents."""
        return Node(kind, Entry(path, kind, 0o644, 0, 0, size, "", []), self._number)

    def _hard_links(self, links: dict[str, Entry]) -> None:
        """Each link, after the link that it leads to."""
        for first in list(links):
            if first not in links:
                continue  # another led to it
            chain = [first]
            seen = set(chain)
            while (target := links[chain[-1]].link) in links and target not in seen:
                chain.append(target)
                seen.add(target)
            for path in reversed(chain):
                self._hard_link(links.pop(path))

    def _hard_link(self, link: Entry) -> None:
        """Another name of a file: its mode, owner and contents are those of the file."""
        found = self._root.find(link.link, follow=False)
        if found is None or found[1].kind is EntryType.DIRECTORY:
            if not self._is_plain(link.link):
                self._fault("hard links lead to no file of this or a lower layer", link.path, hides=True)
            self._file(link.path, Node(EntryType.FILE, link, self._number))
            return
        target = found[1]
        if found[0] != link.link and target.layer == self._number:
            self._fault("hard links lead through a symbolic link to a file of this layer", link.path, hides=True)
        if target.kind is EntryType.FILE and target.entry is not None:
            target.entry = _with_rights(target.entry, link)
        node = Node(target.kind, target.entry, self._number)
        if target.extras is not None:
            node.extras = Extras(databases=target.extras.databases, content=target.extras.content)
            node.extras.secrets = [self._again(index, link.path) for index in target.extras.secrets]
        self._file(link.path, node)

    def _again(self, index: int, path: str) -> int:
        """The same secret under another name."""
        first = self._root.secrets[index]
        self._root.secrets.append(FoundSecret(f"/{path}", self._number, first.kind, first.by_name))
        return len(self._root.secrets) - 1

    def _is_plain(self, path: str) -> bool:
        """Whether a path is that of a file of no further interest."""
        above, _, name = path.rpartition("/")
        found = self._root.find(above)
        return found is not None and name in (found[1].others or ())


def _with_rights(file: Entry, link: Entry) -> Entry:
    """The file with the rights that a hard link's member brings along: runtimes set them on what it leads to.

    What either gives is kept, for some runtimes set none. Source: containerd 1.7 `archive/tar.go`, createTarFile.
    """
    if (file.mode, file.uid, file.gid) == (file.mode | link.mode, link.uid, link.gid) and not link.tags:
        return file
    file.mode |= link.mode
    if link.mode & 0o6000:
        file.uid, file.gid = link.uid, link.gid
    file.tags += [tag for tag in link.tags if tag not in file.tags]
    return file
