"""What the readers of SBOM formats share: the whole document as one slice, strict decoding, digests, lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence import lines
from compliance.evidence.json_documents import decode_json
from compliance.evidence.purl import MAX_PURL, component, plain_text
from compliance.evidence.recognition import every_key, without_mark
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.reader import Record, Slice
from compliance.model.sbom import Component, DescribedDigest, Sbom

T = TypeVar("T")

#: What errors and the evidence index call these documents.
KIND = "SBOM"
#: Largest SBOM in bytes; 24,000 components take 20 MB.
MAX_BYTES = 64 * 1024 * 1024
#: Most entries of one SBOM; a large image has some thousands.
MAX_COMPONENTS = 1_000_000
#: Objects of any kind in a document of more than half MAX_BYTES: with more, decoding alone would take 800 MB.
#: Real tools write one in 60 bytes; a smaller document cannot hold too many.
MAX_OBJECTS = 2_000_000
#: Components within components that are followed.
MAX_DEPTH = 64
#: Digests, layers and tools that are kept of what one SBOM says of itself.
MAX_SAID = 1000
#: A document up to this size is decoded twice, so that any key that stands twice is refused. In a larger one only
#: what binds it to its subject is looked at so: a second decoding would cost ten times the first.
STRICT = 1024 * 1024
#: Longest date that is kept as written.
_MAX_DATE = 64
#: How much of a large document is searched for the lines of what lies below one of its keys.
_WINDOW = 256 * 1024
_CHUNK = 1024 * 1024
_SHA256 = re.compile(r"(?:^|[@:/=])(sha256:[0-9a-f]{64})(?![0-9a-f])", re.IGNORECASE)
#: An escaped letter: a way to write a key so that a search for it misses it.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7][0-9a-fA-F]")


# -- recognising -----------------------------------------------------------------------------------------------


def top_keys(head: bytes) -> frozenset[bytes]:
    """Keys of the outermost JSON object, as far as the first bytes show them; none when they are no object."""
    text = without_mark(head).lstrip()
    if not text.startswith(b"{"):
        return frozenset()
    return frozenset(every_key(text, 1))


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """The whole file as one slice, or an EvidenceError when it is too large."""
    length = 0
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
    if length > MAX_BYTES:
        yield EvidenceError(f"{length:,} bytes, above the limit of {MAX_BYTES:,} for one SBOM", kind=KIND)
    else:
        yield Slice(offset=0, length=length, line=1, document=None, item=None, count=1)


def reading(
    sbom: Callable[[bytes, Slice, str, str], Sbom],
) -> Callable[[bytes, Slice, str, str], Iterator[Record | EvidenceError]]:
    """A reader's `read`: the Sbom of a document, or the one EvidenceError that says why there is none."""

    def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
        try:
            yield sbom(data, slice, path, sha256)
        except EvidenceError as error:
            error.path, error.kind = path, KIND
            yield error

    return read


# -- decoding --------------------------------------------------------------------------------------------------


def decoded(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The document, typed. A small one is decoded a second time, strictly; of a larger one see `unambiguous`.

    Raises:
        EvidenceError: it is no JSON, not of this shape, not UTF-8, nests too deep, or (small) holds a key twice.
    """
    text = without_mark(data)
    if len(text) > MAX_BYTES // 2 and text.count(b"{") > MAX_OBJECTS:
        raise EvidenceError(f"more than {MAX_OBJECTS:,} objects, the limit for one SBOM", kind=KIND)
    try:
        document = decoder.decode(text)
        if not text.isascii():
            text.decode()
    except UnicodeDecodeError as error:
        raise EvidenceError(f"byte {error.start} is not UTF-8; convert the file to UTF-8", kind=KIND) from error
    except RecursionError as error:
        raise EvidenceError("nested too deeply (more than about 900 levels); flatten it", kind=KIND) from error
    except msgspec.ValidationError as error:
        raise misshapen(str(error)) from error
    except msgspec.DecodeError as error:
        refuse_twofold(text)  # says where, and why
        raise EvidenceError(f"not valid JSON: {error}", kind=KIND) from error
    if len(text) <= STRICT:
        refuse_twofold(text)
    return document


def unambiguous(data: bytes, keys: Mapping[bytes, int]) -> None:
    """Nothing, for a large document in which no key that decides stands twice in one mapping.

    `keys` are quoted keys and how many of each were decoded. When more are there, or letters are
    written as escapes, a second, strict decoding tells.

    Raises:
        EvidenceError: a key stands twice.
    """
    if len(data) <= STRICT:
        return
    if any(data.count(key) > most for key, most in keys.items()) or escapes_letters(data):
        refuse_twofold(data)


def escapes_letters(data: bytes) -> bool:
    """Whether letters are written as escapes, so that a search for a key may miss it."""
    escape = data.find(b"\\")  # most documents hold none, and one byte is found ten times faster than several
    return escape >= 0 and _ESCAPED_LETTER.search(data, escape) is not None


def refuse_twofold(data: bytes) -> None:
    """Nothing, for a document that every reader understands alike.

    Raises:
        EvidenceError: it is no JSON, holds a key twice, NaN, or a lone surrogate.
    """
    try:
        decode_json(without_mark(data).decode("utf-8", "replace"), 1)
    except EvidenceError as error:
        error.kind = KIND
        raise


def misshapen(message: str, base: str = "") -> EvidenceError:
    """What msgspec says of a value below `base`: `... - at `$.tools[3].name``; the packet says `/tools/3/name`."""
    what, _, place = message.partition(" - at ")
    pointer = base + place.strip("`$").replace("[...]", "").replace("[", "/").replace("]", "").replace(".", "/")
    return EvidenceError(what[0].lower() + what[1:], pointer=pointer, kind=KIND)


# -- building --------------------------------------------------------------------------------------------------


def origin_of(piece: Slice, path: str, sha256: str) -> Origin:
    return Origin(
        path=path,
        sha256=sha256,
        document=None,
        pointer="",
        inner="",
        offset=piece.offset,
        length=piece.length,
        line=piece.line,
    )


def subject_of(path: str, described: str) -> Subject:
    return Subject(id=f"sbom/{path}", type=SubjectType.SBOM, name=described or path, kind=KIND)


def component_of(purl: str | None, name: str | None, version: str | None) -> Component:
    """By its package URL; by its name and version alone, of no ecosystem, when it has none that can be used."""
    found = component(purl) if purl else None
    if found is None:
        return Component("", plain_text(name), plain_text(version))
    if not found.version and version:
        return Component(found.ecosystem, found.name, plain_text(version))
    return found


def too_many(number: int) -> EvidenceError:
    return EvidenceError(f"{number:,} components, above the limit of {MAX_COMPONENTS:,} for one SBOM", kind=KIND)


def said_date(text: str | None) -> str | None:
    """A date as written; None when absent or empty."""
    return plain_text(text[:_MAX_DATE]) if text else None


@dataclass(slots=True)
class Said:
    """What an SBOM says of the thing it describes, collected with its places."""

    digests: dict[str, str]
    diff_ids: list[str]
    name: str = ""
    name_at: str = ""

    @classmethod
    def nothing(cls) -> Said:
        return cls({}, [])

    def digest(self, text: str | None, pointer: str) -> None:
        """Note the sha256 digest in a text, if there is one: alone, after `@` in a reference, or in a package URL."""
        if not text or len(text) > MAX_PURL or len(self.digests) >= MAX_SAID:
            return
        plain = text.replace("%3A", ":").replace("%3a", ":").replace("%40", "@")
        if found := _SHA256.search(plain):
            self.digests.setdefault(found[1].lower(), pointer)

    def layer(self, text: str | None) -> None:
        """Note the digest of an unpacked layer."""
        if text and len(self.diff_ids) < MAX_SAID and (found := _SHA256.fullmatch(text)):
            self.diff_ids.append(found[1].lower())

    def reference(self, text: str | None, pointer: str) -> None:
        """Note a name; the first one counts."""
        if text and not self.name:
            self.name, self.name_at = plain_text(text), pointer

    def trivy(self, key: str, value: str, pointer: str) -> None:
        """Note a property of Trivy's. Source: trivy 0.76, pkg/sbom/core, "Property..."."""
        if key in ("ImageID", "RepoDigest"):
            self.digest(value, pointer)
        elif key == "DiffID":
            self.layer(value)
        elif key in ("RepoTag", "Reference"):
            self.reference(value, pointer)

    def as_described(self) -> tuple[DescribedDigest, ...]:
        return tuple(DescribedDigest(digest, pointer) for digest, pointer in self.digests.items())


def reference(name: str | None, version: str | None) -> str:
    """`repository:tag` of an image's name and version; the name alone when it has a tag or the version is a digest."""
    if not name or not version or "sha256:" in version or "@" in name or ":" in name.rpartition("/")[2]:
        return name or ""
    return f"{name}:{version}" if re.fullmatch(r"[\w][\w.-]{0,127}", version) else name


def tools_of(found: Iterable[tuple[str | None, str | None]]) -> tuple[str, ...]:
    """`name version` of each tool that has a name, sorted."""
    told = {" ".join(filter(None, (plain_text(name), plain_text(version)))) for name, version in found if name}
    return tuple(sorted(told)[:MAX_SAID])


# -- lines -----------------------------------------------------------------------------------------------------


def locate(data: bytes, line: int, pointers: list[str]) -> list[int]:
    """The 1-based line of each pointer, or of its nearest ancestor found.

    A large document is not walked: its outermost keys are found by their indentation, and what lies
    below one is looked for in the first 256 KiB after it.
    """
    if len(data) <= STRICT:
        return lines.locate(data, line, pointers)
    if data.find(b"\n", 0, len(data) - 1) < 0:
        return [line] * len(pointers)
    first = re.match(rb'(?:\xef\xbb\xbf)?\s*\{\s*?\n([ \t]*)"', data)
    if first is None:
        return [line] * len(pointers)
    below: dict[str, set[str]] = {}
    for pointer in pointers:
        key, _, rest = pointer.removeprefix("/").partition("/")
        below.setdefault(key, set()).add(rest)
    found = {key: _lines_of(data, first[1], key, sorted(wanted)) for key, wanted in below.items()}
    parts = [pointer.removeprefix("/").partition("/") for pointer in pointers]
    return [line + found[key][rest] for key, _, rest in parts]


_COLON = re.compile(rb"\s*:")


def _lines_of(data: bytes, indent: bytes, key: str, below: list[str]) -> dict[str, int]:
    """The 0-based line of each place below an outermost key, which is found once; empty text is the key itself."""
    # a plain search for the whole beginning of the line: a pattern tries each of its lines
    row = b"\n" + indent + b'"' + key.encode() + b'"'
    start = data.find(row)
    found = None
    while start >= 0 and (found := _COLON.match(data, start + len(row))) is None:
        start = data.find(row, start + 1)
    if found is None:
        return dict.fromkeys(below, 0)
    number = data.count(b"\n", 0, start + 1)
    inside = [rest for rest in below if rest]
    at = dict.fromkeys(below, number)
    if inside:
        window = data[found.end() : found.end() + _WINDOW].lstrip(b" \t")
        at.update(zip(inside, lines.locate(window, number, [f"/{rest}" for rest in inside]), strict=True))
    return at
