"""What a source of images holds, by name and by digest; its documents decoded strictly, its links followed inside."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import Piece
from compliance.evidence.image.sources import read_piece
from compliance.evidence.json_documents import decode_json
from compliance.evidence.recognition import without_mark

#: Bytes of a manifest, index or configuration. Source: OCI distribution specification 1.1, "Pushing Manifests".
MAX_DOCUMENT = 4 * 1024 * 1024
#: Documents are kept while their archive streams by, so that it need not be opened again for each; bytes of all.
_MAX_KEPT = 64 * 1024 * 1024
#: Bytes decoded of one source's documents: ten thousand images have about 100 MB of them.
_MAX_DECODED = 512 * 1024 * 1024
#: Symbolic links that one name may lead through. Source: Linux, MAXSYMLINKS.
_MAX_LINKS = 40
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}\Z")
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-zA-Z=_-]{32,}\Z")


class Held(NamedTuple):
    """A file of the source: its printable name there, where its bytes stand, and the sha256 computed of them."""

    name: str
    piece: Piece
    digest: str


def is_digest(text: object) -> bool:
    """Whether a value is a digest of any algorithm, and so names a blob and no other path."""
    return isinstance(text, str) and _DIGEST.match(text) is not None


def is_sha256(text: str) -> bool:
    return _SHA256.match(text) is not None


class Holdings:
    """Files by the name they have in the source. `place` is what messages name: the path of the source."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.files: dict[str, Held] = {}
        self.links: dict[str, str] = {}
        self._by_digest: dict[str, Held] = {}
        self._kept: dict[str, bytes] = {}
        self._room = _MAX_KEPT
        self._decoded = 0

    def add(self, held: Held, data: bytes | None) -> None:
        """Hold a file; `data` are its bytes where they may be those of a document."""
        self.links.pop(held.name, None)
        self.files[held.name] = held
        self._by_digest.setdefault(held.digest, held)
        if data is not None and held.digest not in self._kept and len(data) <= self._room:
            self._room -= len(data)
            self._kept[held.digest] = data

    def link(self, name: str, target: str) -> None:
        """Hold a link; `target` is a name in the source."""
        self.files.pop(name, None)
        self.links[name] = target

    def find(self, name: str) -> Held | None:
        """The file a name leads to, through links inside the source; None when it leads nowhere."""
        for _ in range(_MAX_LINKS):
            if name in self.files:
                return self.files[name]
            if name not in self.links:
                return None
            name = self.links[name]
        return None

    def blob(self, digest: str, root: str) -> Held | None:
        """The blob a digest names in the layout at `root`; else a file of these very bytes under another name."""
        algorithm, _, value = digest.partition(":")
        return self.find(f"{root}blobs/{algorithm}/{value}") or self._by_digest.get(digest)

    def kept(self, held: Held) -> bytes | None:
        """The bytes of a document, where they were kept while the source streamed by."""
        return self._kept.get(held.digest)

    def bytes_of(self, held: Held) -> bytes:
        """The bytes of a document.

        Raises:
            EvidenceError: it is larger than MAX_DOCUMENT, or cannot be read.
        """
        kept = self._kept.get(held.digest)
        return read_piece(held.piece, MAX_DOCUMENT) if kept is None else kept

    def document(self, held: Held) -> object:
        """The value of a JSON document.

        Raises:
            EvidenceError: too large, no UTF-8, no JSON, or a key stands twice; the message names the file.
        """
        data = without_mark(self.bytes_of(held))
        self._decoded += len(data)
        if self._decoded > _MAX_DECODED:
            raise self.trouble(f"manifests of more than {_MAX_DECODED:,} bytes in all; split the source", held)
        try:
            return decode_json(data.decode(), 1)
        except UnicodeDecodeError as error:
            raise self.trouble("is no UTF-8 text", held) from error
        except EvidenceError as error:
            raise self.trouble(error.message, held) from error

    def trouble(self, words: str, held: Held | None = None) -> EvidenceError:
        """An error about a file of the source, or about the source."""
        if held is None:
            return EvidenceError(words, path=self.place, kind="Image")
        member = held.piece.member
        return EvidenceError(f"{member}: {words}" if member else words, path=held.piece.path, kind="Image")


def name_in_archive(raw: str) -> str | None:
    """The name a member of an archive has, without `./`; None when it is absolute or leads out."""
    if raw.startswith("/"):
        return None
    name = posixpath.normpath(raw)
    return None if name == ".." or name.startswith("../") else name


def link_in_archive(name: str, target: str) -> str | None:
    """The name that a symbolic link at `name` leads to; None when it leads out of the archive."""
    return name_in_archive(posixpath.join(posixpath.dirname(name), target))
