"""What the readers of scans, VEX and catalogs share: whole documents, strict decoding, texts, dates, packages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import BinaryIO, NamedTuple, TypeVar

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence import sbom_parts
from compliance.evidence.purl import MAX_TEXT, component, plain_text
from compliance.evidence.redaction import redact_line
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.reader import Record, Slice
from compliance.model.sbom import Component
from compliance.model.times import moment

T = TypeVar("T")

#: What errors and the evidence index call these documents.
SCAN = "vulnerability scan"
VEX = "VEX document"
CATALOG = "vulnerability catalog"
#: Largest document in bytes; a scan of 6,000 findings takes 20 MB.
MAX_BYTES = 64 * 1024 * 1024
#: Most findings, statements or entries of one document.
MAX_FINDINGS = 1_000_000
#: An escaped letter: a way to write a key so that a search for it misses it.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7][0-9a-fA-F]")
#: What every credential that `redact_line` knows holds: most sentences hold none of it, and are not searched further.
_MAY_HOLD = re.compile(r"[\w+/-]{12}|[:=]|--|pass|pwd|secret|token|cred|key|auth|value|bearer|basic", re.IGNORECASE)
#: How much of a part is compared to tell that it is the one.
_COMPARED = 4096
#: Aliases, notes and the like that are kept of one thing.
MAX_KEPT = 100
#: Longest date that is looked at.
_MAX_DATE = 64
#: A date before this year is a tool's way to say that it has none. CVE ids begin in 1999.
_FIRST_YEAR = 1988
_CHUNK = 1024 * 1024
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?", re.ASCII)
_WORDS: Mapping[str, str] = {
    "critical": "critical",
    "high": "high",
    "important": "high",
    "medium": "medium",
    "moderate": "medium",
    "low": "low",
    "negligible": "negligible",
    "none": "negligible",
    "info": "negligible",
    "informational": "negligible",
}
#: In small letters, in capitals (Trivy), and with one (Grype).
_SEVERITIES = {spelt: word for key, word in _WORDS.items() for spelt in (key, key.upper(), key.title())}
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,14}")
_CVES = re.compile(r"(?:CVE-[0-9]{4}-[0-9]{4,14}(?:\n(?!\Z)|\Z))+")
#: What vulnerabilities are called by those who number them. A rule or a text that begins with none is about another
#: thing. Sources: cve.org; ossf/osv-schema, "id, modified fields"; the security trackers of the distributions.
ID = re.compile(
    r"(?:CVE-[0-9]{4}-[0-9]{4,14}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}|TEMP-[0-9]{7}-[0-9A-F]{6}"
    r"|(?:GO|PYSEC|RUSTSEC|OSV|MAL|BIT|HSEC|PSF|RSEC|CGA|ASB-A|GSD|LBSEC|UVI)-[0-9]{4,}-[0-9]+"
    r"|(?:RHSA|RHBA|RHEA|ALSA|ELSA|RLSA|ALAS[0-9A-Z]*|openSUSE-SU|SUSE-SU)-[0-9]{4}[:-][0-9]+(?:[:-][0-9]+)*"
    r"|(?:DSA|DLA|USN)-[0-9]+(?:-[0-9]+)?|SNYK-[A-Z0-9]+-[A-Z0-9]+-[0-9]+|SNYK-[A-Z0-9-]+-[0-9]+|PRISMA-[0-9]{4}-[0-9]+)",
    re.IGNORECASE | re.ASCII,
)


class Source(NamedTuple):
    """Where a document comes from; `base` is the pointer at which it stands in the slice."""

    slice: Slice
    path: str
    sha256: str
    base: str = ""


def splitter(kind: str) -> Callable[[BinaryIO], Iterator[Slice | EvidenceError]]:
    """What gives the whole file as one slice, or an EvidenceError when it is too large."""

    def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
        length = 0
        while chunk := stream.read(_CHUNK):
            length += len(chunk)
        if length > MAX_BYTES:
            yield EvidenceError(f"{length:,} bytes, above the limit of {MAX_BYTES:,} for one {kind}", kind=kind)
        else:
            yield Slice(offset=0, length=length, line=1, document=None, item=None, count=1)

    return split


def reading(
    kind: str, records: Callable[[bytes, Source], Iterable[Record]]
) -> Callable[[bytes, Slice, str, str], Iterator[Record | EvidenceError]]:
    """A reader's `read`: the records of a document, or the one EvidenceError that says why there are none."""

    def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
        try:
            yield from list(records(data, Source(slice, path, sha256)))
        except EvidenceError as error:
            error.path, error.kind = path, kind
            yield error

    return read


# -- decoding --------------------------------------------------------------------------------------------------


def decoded(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The document, typed; a small one is decoded a second time, strictly, and `unambiguous` looks at larger ones.

    Raises:
        EvidenceError: it is no JSON, not of this shape, not UTF-8, nests too deep, or (small) holds a key twice.
    """
    return sbom_parts.decoded(data, decoder)


def unambiguous(data: bytes, keys: Mapping[bytes, int]) -> None:
    """Nothing, for a large document in which no key that decides stands twice in one mapping.

    `keys` are quoted keys and how many of each were decoded. When more are there, or letters are
    written as escapes, a second, strict decoding tells.

    Raises:
        EvidenceError: a key stands twice.
    """
    if len(data) > sbom_parts.STRICT and not holds_at_most(data, keys, 0, len(data)):
        sbom_parts.refuse_twofold(data)


def holds_at_most(data: bytes, keys: Mapping[bytes, int], start: int, end: int) -> bool:
    """Whether a part of a document holds each key that often and no more, and writes no letter as an escape."""
    # one byte is found ten times faster than the pattern, which is twice as fast as a search for its beginning
    escaped = data.find(b"\\", start, end)
    if escaped >= 0 and _ESCAPED_LETTER.search(data, escaped, end):
        return False
    return all(data.count(key, start, end) <= most for key, most in keys.items())


def place_of(data: bytes, key: bytes, raw: msgspec.Raw) -> tuple[int, int] | None:
    """Start and end of a part that was left undecoded, behind the first mention of its key; None when it is not there.

    Nothing is copied: such a part may be nearly the whole document.
    """
    view = memoryview(raw)
    start = data.find(key) + len(key)
    start += len(data[start : start + 100]) - len(data[start : start + 100].lstrip(b" \t\r\n:"))
    if data[start : start + _COMPARED] != bytes(view[:_COMPARED]):
        return None
    return start, start + len(view)


class Cleaned(dict[str | None, str]):
    """`cleaned` of texts that stand in a document again and again."""

    def __missing__(self, text: str | None) -> str:
        found = self[text] = cleaned(text)
        return found


class Days(dict[str | None, str]):
    """`day_of` of dates that stand in a document again and again."""

    def __missing__(self, text: str | None) -> str:
        found = self[text] = day_of(text)
        return found


class Severities(dict[str | None, str]):
    """`severity_of` of words that stand in a document again and again."""

    def __missing__(self, text: str | None) -> str:
        found = self[text] = severity_of(text)
        return found


def part(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T], at: str) -> T | None:
    """A part of a document that was left undecoded; None when it is absent or null.

    Raises:
        EvidenceError: it is not of this shape.
    """
    if bytes(memoryview(raw)[:5]) in (b"", b"null"):
        return None
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise sbom_parts.misshapen(str(error), at) from error
    except msgspec.DecodeError as error:
        raise EvidenceError(f"not valid JSON: {error}", pointer=at) from error
    except RecursionError as error:
        raise EvidenceError("nested too deeply (more than about 900 levels); flatten it", pointer=at) from error


def settings_of(raw: msgspec.Raw) -> str:
    """A sha256 over a scanner's stated configuration, whatever its spaces and order; empty text where there is none."""
    text = bytes(raw)
    if text in (b"", b"null", b"{}", b"[]"):
        return ""
    try:
        told = msgspec.json.encode(msgspec.json.decode(text), order="sorted")
    except (msgspec.DecodeError, RecursionError):
        told = text
    return hashlib.sha256(told).hexdigest()


# -- texts and values ------------------------------------------------------------------------------------------


def cleaned(text: str | None) -> str:
    """A name, version or word as it is kept: bounded, printable, without credentials."""
    if text and len(text) <= MAX_TEXT and text.isprintable() and "://" not in text:
        return text
    return plain_text(text)


@lru_cache(maxsize=1024)
def told(text: str | None) -> str:
    """A sentence somebody wrote: on one line, bounded, printable, without credentials."""
    if not text:
        return ""
    line = plain_text(" ".join(text[: 4 * MAX_TEXT].split()))
    return redact_line(line) if _MAY_HOLD.search(line) else line


def identifier(text: str | None, at: str) -> str:
    """A vulnerability's id, in the spelling of those who number them.

    Raises:
        EvidenceError: there is none.
    """
    if text and _CVE.fullmatch(text):
        return text
    id = cleaned(text).strip()
    if not id:
        raise EvidenceError("a vulnerability without an id; make the report anew", pointer=at)
    head = id[:5].upper()
    if head[:4] == "CVE-":
        return id.upper()
    return f"GHSA-{id[5:].lower()}" if head == "GHSA-" else id


def are_identifiers(texts: Iterable[str | None]) -> bool:
    """Whether all are CVE ids as `identifier` gives them."""
    return _CVES.fullmatch("\n".join([text or "" for text in texts])) is not None


def aliases_of(id: str, found: Iterable[str | None]) -> tuple[str, ...]:
    """Other ids of the same vulnerability, each once, sorted."""
    others = {identifier(text, "") for text in found if text and not text.isspace()}
    others.discard(id)
    return tuple(sorted(others)[:MAX_KEPT])


def severity_of(text: str | None) -> str:
    """`critical`, `high`, `medium`, `low`, `negligible` or `unknown`."""
    return _SEVERITIES.get(text) or _WORDS.get(text.strip().lower(), "unknown") if text else "unknown"


def severity_by_score(tenths: int | None) -> str:
    """The word for a base score. Source: CVSS 3.1, section 5."""
    if not tenths:
        return "unknown"
    return "critical" if tenths >= 90 else "high" if tenths >= 70 else "medium" if tenths >= 40 else "low"


def tenths(score: float | None) -> int | None:
    """A CVSS base score times ten; None when there is none or it is none."""
    return round(score * 10) if score is not None and 0 < score <= 10 else None


def parts_per_million(share: float | None) -> int | None:
    return round(share * 1_000_000) if share is not None and 0 <= share <= 1 else None


def date_of(text: str | None, what: str, notes: list[str]) -> str | None:
    """A date in UTC (`2026-01-31T12:00:00Z`); None when there is none, or what stands there is none: then it is noted.

    A zero date (year 1), which tools write for none, is none.
    """
    if not text or not text.strip():
        return None
    found = moment(text) if len(text) <= _MAX_DATE and _DAY.fullmatch(text.strip()) else None
    if found is None:
        notes.append(f"{what} is {cleaned(text[:_MAX_DATE])}, which is no date")
        return None
    return found.strftime("%Y-%m-%dT%H:%M:%SZ") if found.year >= _FIRST_YEAR else None


def day_of(text: str | None) -> str:
    """The day of a date; empty text when it is none."""
    if text is not None and len(text) >= 20 and text[-1] == "Z" and text[10] == "T":
        try:
            return text[:10] if datetime.fromisoformat(text).year >= _FIRST_YEAR else ""
        except ValueError:
            return ""
    found = date_of(text, "", [])
    return found[:10] if found else ""


# -- packages --------------------------------------------------------------------------------------------------


def package_of(purl: str | None, ecosystem: str, name: str | None, version: str | None) -> Component:
    """The package that a purl names, else by name and version as its ecosystem writes them."""
    found = component(purl) if purl else None
    if found is None:
        plain = cleaned(name)
        if ecosystem == "pypi":
            plain = re.sub(r"[-_.]+", "-", plain).lower()
        elif ecosystem == "maven":
            plain = plain.replace(":", "/")
        text = cleaned(version)
        return Component(ecosystem, plain, text.removeprefix("0:") if ecosystem in ("deb", "rpm") else text)
    return found if found.version or not version else Component(found.ecosystem, found.name, cleaned(version))


# -- records ---------------------------------------------------------------------------------------------------


def origin_of(source: Source) -> Origin:
    return sbom_parts.origin_of(source.slice, source.path, source.sha256)


def subject_of(source: Source, type: SubjectType, name: str, number: int | None = None) -> Subject:
    """The document; `number` is 0-based, of one of several in a file."""
    words = {SubjectType.SCAN: SCAN, SubjectType.VEX: VEX}
    suffix = "" if number is None else f"#{number + 1}"
    return Subject(
        id=f"{type.value}/{source.path}{suffix}",
        type=type,
        name=name or f"{source.path}{suffix}",
        kind=words.get(type, CATALOG),
    )


def too_many(number: int, what: str = "findings") -> EvidenceError:
    return EvidenceError(f"{number:,} {what}, above the limit of {MAX_FINDINGS:,} for one document; divide it")
