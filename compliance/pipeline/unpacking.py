"""The layers of an image in; a private folder with its root file system out, for tools that can read nothing else.

Nothing that a layer names is followed on disk: the root is put together in memory, every file is written under a
number first, and links are made last. Set-id bits are kept, for rules ask about them; the folder is nobody else's.
Source: OCI image specification 1.1, "Image Layer Filesystem Changeset".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import EntryType, FoundImage, FoundLayer
from compliance.evidence.image.inflating import Unpacking
from compliance.evidence.image.sources import open_piece
from compliance.evidence.image.tar import TarMember, TarStream

#: Bytes, names and folders within each other that are written of one image.
MAX_BYTES = 16 << 30
MAX_NAMES = 1_000_000
MAX_DEPTH = 256
#: Symbolic links that are followed for one path. Source: Linux, `MAXSYMLINKS`.
MAX_HOPS = 40
_WHITEOUT, _OPAQUE = b".wh.", b".wh..wh..opq"
#: Says to content that this is a container. Source: Podman, /run/.containerenv; OpenSCAP, oscap-podman.
_MARKER = (b"run", b".containerenv")


@dataclass(slots=True)
class Unpacked:
    """What came of it: the root, how many files have owners that could not be given to them, what was left out."""

    root: Path
    names: int = 0
    size: int = 0
    foreign: int = 0
    left_out: int = 0
    layers: list[str] = field(default_factory=list)


class _Node:
    """A name; hard links share theirs. `blob` is the file its bytes were written to, `place` where it stands now."""

    __slots__ = ("blob", "children", "gid", "kind", "link", "mode", "place", "uid")

    def __init__(self, kind: EntryType, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
        self.kind = kind
        self.mode, self.uid, self.gid = mode, uid, gid
        self.children: dict[bytes, _Node] = {}
        self.link = b""
        self.blob = ""
        self.place: bytes | None = None


def unpack(image: FoundImage, into: Path) -> Unpacked:
    """Write the root of an image below a private, empty folder.

    Raises:
        EvidenceError: a layer is missing, damaged, not the one that is stated, or beyond a cap.
        OSError: the folder cannot be written.
    """
    return _Unpacking(into).run(image.layers)


class _Unpacking:
    def __init__(self, into: Path) -> None:
        self._blobs = into / "blobs"
        self._blobs.mkdir(mode=0o700)
        self.done = Unpacked(root=into / "root")
        self._top = _Node(EntryType.DIRECTORY)
        self._is_root = os.geteuid() == 0

    def run(self, layers: Sequence[FoundLayer]) -> Unpacked:
        for number, layer in enumerate(layers, 1):
            self._layer(layer, number)
        self._mark()
        self._write()
        os.rmdir(self._blobs)  # noqa: PTH106 - must be empty: every file is in its place
        return self.done

    # -- layers ----------------------------------------------------------------------------------------------

    def _layer(self, layer: FoundLayer, number: int) -> None:
        if layer.piece is None:
            raise EvidenceError(f"layer {number} is not there; hand in the whole image")
        made: list[tuple[list[bytes], _Node]] = []
        links: list[tuple[list[bytes], TarMember]] = []
        removed: list[list[bytes]] = []
        emptied: list[list[bytes]] = []
        with open_piece(layer.piece) as stream:
            unpacking = Unpacking(stream, path=layer.piece.path, within=layer.piece.member, most=MAX_BYTES)
            tar = TarStream(iter(unpacking), path=layer.piece.path, within=layer.piece.member, most=MAX_NAMES)
            for member in tar:
                parts = _parts(member.name)
                if parts and parts[-1] == _OPAQUE:
                    emptied.append(parts[:-1])
                elif parts and parts[-1].startswith(_WHITEOUT):
                    removed.append([*parts[:-1], parts[-1].removeprefix(_WHITEOUT)])
                elif member.type is EntryType.HARDLINK:
                    links.append((parts, member))
                elif (node := self._node(member, tar)) is not None:
                    made.append((parts, node))
            if layer.diff_id and unpacking.digest != layer.diff_id:
                raise EvidenceError(
                    f"layer {number} is not the one that the image states: {unpacking.digest}, not {layer.diff_id}"
                )
        self.done.layers.append(unpacking.digest)
        self._lay(made, links, removed, emptied)

    def _node(self, member: TarMember, tar: TarStream) -> _Node | None:
        self.done.names += 1
        if self.done.names > MAX_NAMES:
            raise EvidenceError(f"the image has more than {MAX_NAMES:,} names in its layers, which is the most")
        if member.type not in (EntryType.FILE, EntryType.DIRECTORY, EntryType.SYMLINK):
            self.done.left_out += 1  # a device or a pipe: no rule may open one
            return None
        node = _Node(member.type, member.mode, member.uid, member.gid)
        if member.type is EntryType.SYMLINK:
            node.link = member.link
        elif member.type is EntryType.FILE:
            if member.sparse:
                raise EvidenceError(f"member {member.number:,} of a layer is a sparse file, which is not unpacked")
            node.blob = str(self._blobs / str(self.done.names))
            self._save(node.blob, tar)
        return node

    def _save(self, blob: str, tar: TarStream) -> None:
        handle = os.open(blob, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb", buffering=0) as file:
            for chunk in tar.chunks():
                self.done.size += len(chunk)
                if self.done.size > MAX_BYTES:
                    raise EvidenceError(f"the image has more than {MAX_BYTES:,} bytes in its layers, which is the most")
                file.write(chunk)

    def _lay(
        self,
        made: list[tuple[list[bytes], _Node]],
        links: list[tuple[list[bytes], TarMember]],
        removed: list[list[bytes]],
        emptied: list[list[bytes]],
    ) -> None:
        """Lay one layer over those below: removals speak of lower layers only."""
        for parts in emptied:
            found = self._reach(parts, make=False)
            if found is not None:
                found.children.clear()
        for parts in removed:
            above = self._reach(parts[:-1], make=False)
            if above is not None:
                above.children.pop(parts[-1], None)
        for parts, node in made:
            self._put(parts, node)
        for parts, member in links:
            target = _parts(member.link)
            above = self._reach(target[:-1], make=False) if target else None
            found = above.children.get(target[-1]) if above is not None else None
            if found is None or found.kind is EntryType.DIRECTORY:
                raise EvidenceError(f"member {member.number:,} of a layer is a hard link to no file")
            self._put(parts, found)

    def _put(self, parts: list[bytes], node: _Node) -> None:
        if not parts:
            if node.kind is EntryType.DIRECTORY:
                self._top.mode, self._top.uid, self._top.gid = node.mode, node.uid, node.gid
            return
        above = self._reach(parts[:-1], make=True)
        if above is None:
            raise EvidenceError("names in a layer lie beyond symbolic links in a circle, or in too many folders")
        there = above.children.get(parts[-1])
        if there is not None and there.kind is EntryType.DIRECTORY and node.kind is EntryType.DIRECTORY:
            there.mode, there.uid, there.gid = node.mode, node.uid, node.gid
        else:
            above.children[parts[-1]] = node

    def _reach(self, parts: Sequence[bytes], *, make: bool) -> _Node | None:
        """The folder that a path leads to, symbolic links followed inside the root; made when it is not there."""
        pending, nodes, hops = list(reversed(parts)), [self._top], 0
        while pending:
            name = pending.pop()
            if name in (b"", b"."):
                continue
            if name == b"..":
                del nodes[max(1, len(nodes) - 1) :]
                continue
            child = nodes[-1].children.get(name)
            if child is not None and child.kind is EntryType.SYMLINK:
                hops += 1
                if hops > MAX_HOPS or len(child.link) > 4096:
                    return None
                if child.link.startswith(b"/"):
                    nodes = [self._top]
                pending.extend(reversed(child.link.split(b"/")))
                continue
            if child is None or child.kind is not EntryType.DIRECTORY:
                if not make:
                    return None
                child = nodes[-1].children[name] = _Node(EntryType.DIRECTORY)
            nodes.append(child)
            if len(nodes) > MAX_DEPTH:
                return None
        return nodes[-1]

    # -- the root --------------------------------------------------------------------------------------------

    def _mark(self) -> None:
        above = self._reach(_MARKER[:-1], make=True)
        if above is None:
            raise EvidenceError("/run of the image is a circle of symbolic links")
        marker = above.children[_MARKER[-1]] = _Node(EntryType.FILE, 0o644)
        marker.blob = str(self._blobs / "marker")
        Path(marker.blob).touch(mode=0o600)

    def _write(self) -> None:
        """Folders and files, then links; modes of folders last, so that none is closed to us too early."""
        self.done.root.mkdir(mode=0o700)
        folders: list[tuple[bytes, _Node]] = [(os.fsencode(self.done.root), self._top)]
        links: list[tuple[bytes, _Node]] = []
        for place, node in self._walk():
            match node.kind:
                case EntryType.DIRECTORY:
                    os.mkdir(place, 0o700)  # noqa: PTH102 - names are bytes that need be no text
                    folders.append((place, node))
                case EntryType.FILE if node.place is None:
                    os.rename(node.blob, place)  # noqa: PTH104 - same
                    node.place = place
                    self._own(place, node)
                    os.chmod(place, stat.S_IMODE(node.mode))  # noqa: PTH101 - same
                case EntryType.FILE if node.place is not None:
                    os.link(node.place, place, follow_symlinks=False)
                case _:
                    links.append((place, node))
        for place, node in links:
            os.symlink(node.link, place)  # noqa: PTH211 - same
            self._own(place, node)
        for place, node in reversed(folders):
            self._own(place, node)
            os.chmod(place, stat.S_IMODE(node.mode))  # noqa: PTH101 - same
        for rest in list(self._blobs.iterdir()):
            rest.unlink()  # what an upper layer replaced

    def _walk(self) -> Iterator[tuple[bytes, _Node]]:
        """Every name but the root's own, folders before what they hold, sorted."""
        pending = [(os.fsencode(self.done.root), self._top)]
        while pending:
            above, node = pending.pop()
            for name in sorted(node.children):
                child = node.children[name]
                place = above + b"/" + name
                yield place, child
                if child.kind is EntryType.DIRECTORY:
                    pending.append((place, child))

    def _own(self, place: bytes, node: _Node) -> None:
        if self._is_root:
            os.chown(place, node.uid, node.gid, follow_symlinks=False)
        elif node.uid or node.gid:
            self.done.foreign += 1  # in a user namespace of ours it shows as root's


def _parts(name: bytes) -> list[bytes]:
    """The names of a path below the root; `..` stops there.

    Raises:
        EvidenceError: it holds NUL, or has too many folders.
    """
    if b"\0" in name:
        raise EvidenceError("a name in a layer holds a NUL byte; it is not unpacked")
    kept: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            del kept[max(0, len(kept) - 1) :]
        elif part not in (b"", b"."):
            kept.append(part)
    if len(kept) > MAX_DEPTH:
        raise EvidenceError(f"a name in a layer has more than {MAX_DEPTH} folders; it is not unpacked")
    return kept
