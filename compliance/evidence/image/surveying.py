"""Surveys a source of images: an archive or a layout folder in, every file hashed and every image found out.

Nothing is unpacked to disk. An archive is read once: its own sha256 and that of each member are taken in the
same pass. Layers are not looked into here.
"""

from __future__ import annotations

import hashlib
import re
from typing import BinaryIO

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import EntryType, Packed, Piece, Source, Survey, SurveyedFile
from compliance.evidence.image.docker_archives import images_of_archive, reconciled
from compliance.evidence.image.holdings import MAX_DOCUMENT, Held, Holdings, link_in_archive, name_in_archive
from compliance.evidence.image.inflating import Unpacking
from compliance.evidence.image.manifests import Found, images_of_layout
from compliance.evidence.image.sources import chunks_of, open_whole
from compliance.evidence.image.tar import TarMember, TarStream
from compliance.evidence.printing import masked, printable

#: Members of an archive that holds images: blobs and documents, not the files in them.
MAX_MEMBERS = 200_000
#: Bytes of all names and link targets of an archive; names of blobs have about 80 each.
MAX_NAMES = 64 * 1024 * 1024
#: Layouts in folders of one archive.
_MAX_ROOTS = 1_000
#: Bytes to unpack for all layers of an archive that is packed as a whole: each is reached from its beginning anew.
MAX_AGAIN = 32 << 30
_NAME_SHOWN = 200
#: What is said of an archive of other files.
NO_IMAGE = "a tar archive without index.json and manifest.json: no container image; unpack it to hand in what it holds"
#: Where blobs stand in an image layout; and what `docker save` called a layer or a configuration before them.
_OF_LAYOUT = re.compile(r"blobs/sha(?:256|512)(?:/|$)|[0-9a-f]{64}(?:/|\.json$)")


def survey(source: Source) -> Survey:
    """Hash every file and blob of a source and find its images. Never raises for what the evidence holds."""
    holdings = Holdings(source.path)
    found = Found()
    if source.archive:
        piece = source.pieces[""]
        files: tuple[SurveyedFile, ...] = (_Archive(piece, holdings, found).read(),)
    else:
        files = tuple(_file(name, piece, holdings, found) for name, piece in sorted(source.pieces.items()))
    no_image = _images(holdings, found)
    _refuse_slow(holdings, found)
    if no_image and not source.archive:
        found.trouble(holdings.trouble(no_image))
    return Survey(
        files=files,
        images=tuple(found.images),
        errors=tuple(found.errors),
        set_aside=found.set_aside,
        no_image="" if found.errors else no_image,
        attached=tuple(dict.fromkeys(found.attached)),
    )


def _refuse_slow(holdings: Holdings, found: Found) -> None:
    """Leave out the images of an archive packed as a whole that would be unpacked too many times."""
    layers = {layer.piece for image in found.images for layer in image.layers if layer.piece is not None}
    again = sum(piece.offset + piece.length for piece in layers if piece.packed is not Packed.NO)
    if again > MAX_AGAIN:
        found.images.clear()
        words = f"packed as a whole with {len(layers):,} layers in it: reaching them would unpack {again:,} bytes"
        found.trouble(holdings.trouble(f"{words} (allowed: {MAX_AGAIN:,}); unpack it once (gunzip, unzstd)"))


def _file(name: str, piece: Piece, holdings: Holdings, found: Found) -> SurveyedFile:
    """Hash a file of a layout folder; its sha256 is empty text when it cannot be read."""
    digest = hashlib.sha256()
    size = 0
    first: list[bytes] = []
    try:
        with open_whole(piece, digest) as stream:
            for chunk in chunks_of(stream):
                size += len(chunk)
                if piece.length <= MAX_DOCUMENT:
                    first.append(chunk)
    except EvidenceError as error:
        found.trouble(error)
        return SurveyedFile(path=piece.path, sha256="", size=piece.length)
    data = b"".join(first)
    held = Held(name, piece, f"sha256:{digest.hexdigest()}")
    holdings.add(held, data if _is_document(data) else None)
    return SurveyedFile(path=piece.path, sha256=digest.hexdigest(), size=size)


def _is_document(data: bytes) -> bool:
    """Whether bytes may be JSON, so that they are worth keeping while they are at hand."""
    return data[:64].lstrip()[:1] in (b"{", b"[")


class _Archive:
    """An archive as it streams by."""

    def __init__(self, piece: Piece, holdings: Holdings, found: Found) -> None:
        self.piece = piece
        self.holdings = holdings
        self.found = found
        self.whole = hashlib.sha256()
        self.outside = 0
        self.first_outside = ""
        self.doubled: dict[str, None] = {}

    def read(self) -> SurveyedFile:
        """Hash the archive and its members, and hold them."""
        piece = self.piece
        try:
            with open_whole(piece, self.whole) as stream:
                try:
                    self._members(stream)
                except EvidenceError as error:
                    self.found.trouble(error)
                for _ in chunks_of(stream):  # the whole file is hashed, also behind what cannot be read
                    pass
        except EvidenceError as error:
            self.found.trouble(error)
            return SurveyedFile(path=piece.path, sha256="", size=piece.length)
        self._tell()
        return SurveyedFile(path=piece.path, sha256=self.whole.hexdigest(), size=piece.length)

    def _members(self, stream: BinaryIO) -> None:
        packed = self.piece.packed is not Packed.NO
        chunks = iter(Unpacking(stream, path=self.piece.path)) if packed else chunks_of(stream)
        tar = TarStream(chunks, path=self.piece.path, most=MAX_MEMBERS)
        spelled = 0
        for member in tar:
            spelled += len(member.name) + len(member.link)
            if spelled > MAX_NAMES:
                words = f"its members' names have more than {MAX_NAMES:,} bytes; no image needs as many"
                raise self.holdings.trouble(words)
            raw = printable(member.name)
            name = name_in_archive(raw)
            if name is None:
                self.outside += 1
                self.first_outside = self.first_outside or raw
            elif member.sparse:
                words = f"{masked(name, _NAME_SHOWN)} is stored with holes; make the archive again without --sparse"
                self.found.trouble(self.holdings.trouble(words))
            elif member.type is EntryType.FILE:
                self._hold(member, name, tar)
            elif member.type in (EntryType.SYMLINK, EntryType.HARDLINK):
                link = printable(member.link)
                target = link_in_archive(name, link) if member.type is EntryType.SYMLINK else name_in_archive(link)
                if target is not None:
                    self.holdings.link(name, target)

    def _hold(self, member: TarMember, name: str, tar: TarStream) -> None:
        digest = hashlib.sha256()
        data: bytes | None = None
        if member.stored <= MAX_DOCUMENT:
            data = tar.read(member.stored)
            digest.update(data)
        else:
            for chunk in tar.chunks():
                digest.update(chunk)
        place = self.piece
        piece = Piece(
            path=place.path,
            real=place.real,
            offset=member.offset,
            length=member.stored,
            member=name,
            packed=place.packed,
        )
        held = Held(name, piece, f"sha256:{digest.hexdigest()}")
        before = self.holdings.files.get(name)
        if before is not None and before.digest != held.digest:
            self.doubled[name] = None
        self.holdings.add(held, data if data is not None and _is_document(data) else None)

    def _tell(self) -> None:
        """What hostile or careless archives do with names."""
        if self.outside:
            first = masked(self.first_outside, _NAME_SHOWN)
            words = f"{self.outside:,} members have names that lead out of the archive, as {first}; "
            self.found.trouble(self.holdings.trouble(words + "they were not read"))
        if self.doubled:
            first = next(iter(self.doubled))
            words = f"{len(self.doubled):,} names stand twice with different content, as {masked(first, _NAME_SHOWN)}; "
            self.found.trouble(self.holdings.trouble(words + "tools differ on which counts, the last one was read"))


def _images(holdings: Holdings, found: Found) -> str:
    """Find the images of every layout and docker-archive; why there can be none, or empty text."""
    roots = _roots(holdings)
    docker = Found()
    manifest = holdings.find("manifest.json")
    if manifest is not None and not images_of_archive(holdings, manifest, docker):
        manifest = None
    if "" in roots:
        images_of_layout(holdings, "", found)
    if manifest is not None:
        found.images[:] = reconciled(found.images, docker.images, manifest)
        for error in docker.errors:
            found.trouble(error)
    for root in roots:
        if root:
            images_of_layout(holdings, root, found)
    return "" if roots or manifest is not None else _why_none(holdings, found)


def _roots(holdings: Holdings) -> list[str]:
    """Where layouts begin: empty text, or a folder with its slash. A folder of an archive may be a layout, too."""
    filled = {name[: name.rfind("blobs/")] for name in holdings.files if "blobs/" in name}
    marked = {name.removesuffix("oci-layout") for name in holdings.files if name.rpartition("/")[2] == "oci-layout"}
    roots = {root for root in marked if root in filled or f"{root}index.json" in holdings.files}
    if "" in filled and "index.json" in holdings.files:
        roots.add("")
    return sorted(roots)[:_MAX_ROOTS]


def is_of_image(name: str, document: bytes) -> bool:
    """Whether a file of an archive shows that this is an image, a chart or a file system, and no folder of evidence.

    `name` is printable, `document` the first bytes of a manifest.json or index.json.
    """
    if name in ("oci-layout", "repositories", "etc/passwd", "etc/os-release") or _OF_LAYOUT.match(name):
        return True
    if name == "manifest.json":
        return b'"Layers"' in document
    if name == "index.json":
        return b'"manifests"' in document
    return name.count("/") < 2 and name.rpartition("/")[2] == "Chart.yaml"


def _why_none(holdings: Holdings, found: Found) -> str:
    names = holdings.files
    if "repositories" in names:
        words = "an archive of Docker before 1.10 (`repositories` and no manifest.json), which is not read; "
        found.trouble(holdings.trouble(words + "load it and save it again with `docker load` and `docker save`"))
        return ""
    if any(name == "Chart.yaml" or (name.count("/") == 1 and name.endswith("/Chart.yaml")) for name in names):
        return "a Helm chart; render it with `helm template` and hand in the manifests"
    if "etc/passwd" in names or "etc/os-release" in names or "etc/os-release" in holdings.links:
        return "the file system of a container or host, without an image around it; hand in `docker save` of the image"
    return NO_IMAGE
