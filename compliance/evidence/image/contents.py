"""What passes between the steps that read an image: pieces of files, images found in them, and contents of layers.

A source (folder or archive) is surveyed for the images in it; each distinct layer blob is then read once, in one
streaming pass, whatever number of images share it; an Image is built from its configuration and its layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import msgspec

from compliance.errors import EvidenceError


class Packed(Enum):
    """Whether the file around a piece is compressed as a whole (`docker save | gzip`)."""

    NO = "no"
    GZIP = "gzip"
    ZSTD = "zstd"


class Piece(msgspec.Struct, frozen=True):
    """Bytes of one file that stand together: a whole file of a layout folder, or a member of an archive.

    `path` is the evidence path, `real` where to open it (bytes of the system's own spelling, for names need
    not be UTF-8). `offset` and `length` are bytes in the file (after unpacking it, when `packed` is not NO).
    `member` is the printable name in the archive, empty text for a whole file.
    """

    path: str
    real: bytes
    offset: int
    length: int
    member: str
    packed: Packed = Packed.NO


class FoundLayer(msgspec.Struct, frozen=True):
    """A layer as a manifest names it.

    `digest` is the stated blob digest (None: docker-archive states none), `actual` that of the bytes
    (None: the blob is not there). `diff_id` is the one the configuration states, empty text when it
    states too few. `media_type` is as written. `piece` is None for a missing or foreign layer.
    """

    digest: str | None
    actual: str | None
    diff_id: str
    media_type: str
    piece: Piece | None


class FoundFault(msgspec.Struct, frozen=True):
    """Something that does not hold: words with both sides, where, and whether files may be hidden by it.

    `piece` is None when the fault is about what is not there; the manifest's piece is cited then.
    """

    words: str
    piece: Piece
    pointer: str
    hides: bool


class FoundImage(msgspec.Struct, frozen=True):
    """One platform of an image, not yet read: digests as computed from the bytes, configuration, and layers."""

    form: str
    names: tuple[str, ...]
    index: str | None
    manifest: str | None
    config: str
    config_bytes: bytes
    config_piece: Piece
    layers: tuple[FoundLayer, ...]
    faults: tuple[FoundFault, ...]


class FoundAttachment(msgspec.Struct, frozen=True):
    """A document that hangs on an image: a layer of a manifest that is no image itself.

    `digest` is the one its manifest states, `actual` the sha256 of the bytes (empty text, and no `piece`, for
    one that was not handed in). `artifact_type` is the
    manifest's (its configuration's media type where it states none). `refers_to` is the digest of the
    manifest or index that it is about, by the `subject` of its manifest, by what an index says (BuildKit) or
    by its tag (cosign); None where nothing says so. `manifest` and `pointer` are where it is named.
    """

    piece: Piece | None
    digest: str
    actual: str
    media_type: str
    artifact_type: str
    annotations: tuple[tuple[str, str], ...]
    refers_to: str | None
    buildkit: bool
    manifest: Piece
    pointer: str


class SurveyedFile(msgspec.Struct, frozen=True):
    """A file of a source, hashed."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where images may be: an archive (one member of `pieces`, named empty text), or a layout folder.

    Of a folder, `pieces` are its files by name relative to it (`index.json`, `blobs/sha256/...`).
    """

    path: str
    archive: bool
    pieces: dict[str, Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a source holds. `set_aside` counts attestation manifests and artifacts, which are no images.

    `attached` are the documents in them, in the order the source names them.

    `images` are in the order the source names them. `errors` are what could not be read, in words.
    `no_image` says in words why an archive that could be read is no image (a plain tar, a Helm chart); else
    it is empty text.
    """

    files: tuple[SurveyedFile, ...] = ()
    images: tuple[FoundImage, ...] = ()
    errors: tuple[EvidenceError, ...] = ()
    set_aside: int = 0
    no_image: str = ""
    attached: tuple[FoundAttachment, ...] = ()


class EntryType(Enum):
    FILE = "f"
    DIRECTORY = "d"
    SYMLINK = "l"
    HARDLINK = "h"
    DEVICE = "c"
    OTHER = "o"


class Entry(msgspec.Struct, array_like=True):
    """A member of a layer that may matter after merging.

    `path` has neither leading `/` nor `./` nor `..`, is printable, and names one file in one layer once
    (the last member of a name counts). `link` is the target of a symlink as written, or the normalised
    path of a hard link's. `tags` say what was seen in it: `elf`, `static` (an ELF file without interpreter), `script`,
    `busybox`, `shell` (a program that has `getopts` built in),
    `buildinfo`, `upx` (packed, so its contents are unseen), `cap:cap_net_raw=ep`, `umask:022`,
    `major:minor` of a device as `dev:8:0`; `leftover:WORDS` of what is a leftover itself, `leftover-in:WORDS`
    of what makes the directory it stands in one (`lists.leftover_of` reads both).
    """

    path: str
    type: EntryType
    mode: int
    uid: int
    gid: int
    size: int
    link: str
    tags: list[str]


class DatabaseFile(msgspec.Struct, array_like=True):
    """A file of a package database as it stands in one layer; upper layers may replace or delete it.

    `packages` are (name, version, source). `owned` are the absolute paths that it says belong to them,
    joined by NUL and zstd-compressed (empty bytes: it does not say); one that ends in `/` stands for all
    below it (the folder of a Node package). `reason` says why it could not
    be read; empty text when it could.
    """

    path: str
    ecosystem: str
    packages: list[tuple[str, str, str]]
    owned: bytes
    reason: str


class LayerSecret(msgspec.Struct, array_like=True):
    """A credential in a file of the layer: what it looks like, and whether only the name says so."""

    path: str
    kind: str
    by_name: bool


class LayerContents(msgspec.Struct):
    """Everything of one layer that an image needs, small enough to be kept.

    `entries` are the members that may matter: every executable (any x bit on a regular file), symlink,
    hard link, device, set-id or world-writable path, directory that root does not own or its group may write,
    capability bearer, and every path that some list of the model names (tools, leftovers, databases, settings).
    `others` are the paths of all the rest, each after its EntryType letter, joined by NUL and zstd-compressed:
    they replace what lies below them. `other_sizes` are their sizes in the same order, as little-endian 64-bit
    numbers, zstd-compressed; empty bytes where nobody counted them.
    `whiteouts` are the paths that are removed, `opaque` the directories that are emptied, both of lower
    layers only. `files` are the contents of small files that the image is judged by: etc/os-release,
    usr/lib/os-release, etc/alpine-release, etc/debian_version; etc/passwd and etc/group whose second field is
    `set` in place of a hash; etc/shadow as lines of `name:state` (none, empty, set); of etc/login.defs the UMASK
    lines. `secrets_total` counts those beyond what is kept, too. `faults` are what was wrong, in words; `read` is
    false when the end was not reached or a cap left something unseen.
    """

    diff_id: str
    compression: str
    unpacked: int
    members: int
    size: int
    entries: list[Entry] = msgspec.field(default_factory=list)
    others: bytes = b""
    whiteouts: list[str] = msgspec.field(default_factory=list)
    opaque: list[str] = msgspec.field(default_factory=list)
    files: dict[str, bytes] = msgspec.field(default_factory=dict)
    databases: list[DatabaseFile] = msgspec.field(default_factory=list)
    secrets: list[LayerSecret] = msgspec.field(default_factory=list)
    secrets_total: int = 0
    faults: list[str] = msgspec.field(default_factory=list)
    read: bool = True
    other_sizes: bytes = b""
