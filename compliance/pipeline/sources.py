"""Finds what images may be in: files in, layout folders and archives out, and all files that belong to neither."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from compliance.evidence.image.contents import Packed, Piece, Source
from compliance.evidence.image.sources import archive_kind
from compliance.pipeline.files import InputFile, head_of
from compliance.pipeline.units import HEAD

#: The smallest tar: one header and one block of zeros.
_SMALLEST = 1024
#: The files of an image layout, beside its blobs. Source: OCI image specification 1.1, "Image Layout".
_MARKER, _INDEX, _MANIFEST, _BLOBS = "oci-layout", "index.json", "manifest.json", "blobs/"
#: What the first bytes of a compressed archive can be.
_MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


def image_sources(files: Iterable[InputFile]) -> tuple[tuple[Source, ...], tuple[InputFile, ...]]:
    """The sources of images among the files, sorted by path, and the files that belong to none, in their order."""
    files = tuple(files)
    readable = {file.path: file for file in files if not file.refused}
    folders = layouts(readable)
    taken = {piece.path for source in folders for piece in source.pieces.values()}
    found = list(folders)
    for path, file in readable.items():
        if path not in taken and (packed := _packed(file)) is not None:
            found.append(Source(path=path, archive=True, pieces={"": _piece(file, packed)}))
            taken.add(path)
    found.sort(key=lambda source: source.path)
    return tuple(found), tuple(file for file in files if file.path not in taken)


def layouts(files: Mapping[str, InputFile]) -> tuple[Source, ...]:
    """The image layouts that folders of the files are, each with all its files and blobs; files by path in."""
    folders = _layouts(files)
    taken = {piece.path for source in folders.values() for piece in source.pieces.values()}
    for path, file in files.items() if folders else ():
        folder = _folder_of(path, folders) if path not in taken else None
        if folder is not None:
            folders[folder].pieces[path.removeprefix(folder)] = _piece(file)
    return tuple(folders.values())


def _layouts(files: Mapping[str, InputFile]) -> dict[str, Source]:
    """Image layouts by the folder they fill (empty text, or with a slash at its end), their blobs yet to come."""
    found: dict[str, Source] = {}
    for path, file in files.items():
        folder, _, name = path.rpartition("/")
        folder += "/" if folder else ""
        if name == _MARKER and folder + _INDEX in files and b"imageLayoutVersion" in head_of(file, 4096):
            names = [name for name in (_MARKER, _INDEX, _MANIFEST) if folder + name in files]
            pieces = {name: _piece(files[folder + name]) for name in names}
            found[folder] = Source(path=folder + _INDEX, archive=False, pieces=pieces)
    return found


def _folder_of(path: str, folders: Mapping[str, Source]) -> str | None:
    """The layout whose blobs a path lies among, or None."""
    start = path.find(_BLOBS)
    while start >= 0:
        if path[:start] in folders:
            return path[:start]
        start = path.find(_BLOBS, start + 1)
    return None


def _packed(file: InputFile) -> Packed | None:
    """How an archive is packed as a whole; None when the file is no archive. Little is read of what cannot be one."""
    if file.archive is not None:
        return None  # an archive in an archive is not looked into
    whole_blocks = file.size >= _SMALLEST and file.size % 512 == 0
    if not whole_blocks and not head_of(file, 4).startswith(_MAGIC):
        return None
    return archive_kind(head_of(file, HEAD))


def _piece(file: InputFile, packed: Packed = Packed.NO) -> Piece:
    real = os.fsencode(file.real)
    return Piece(path=file.path, real=real, offset=file.offset, length=file.size, member="", packed=packed)
