"""The reader of EPSS scores: FIRST's CSV, plain or gzip, in; one EpssScores out.

Source: first.org/epss/data_stats: a comment with model and date, a header, then CVE, probability and percentile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import BinaryIO

from isal import igzip_lib

from compliance.errors import EvidenceError
from compliance.evidence.recognition import without_mark
from compliance.evidence.vulnerabilities.parts import (
    CATALOG,
    MAX_BYTES,
    MAX_FINDINGS,
    Source,
    cleaned,
    date_of,
    origin_of,
    reading,
    splitter,
    subject_of,
    too_many,
)
from compliance.model.evidence import SubjectType
from compliance.model.reader import Reader, Record, Slice
from compliance.model.vulnerability import EPSS_ROW, EpssScores, epss_key

_GZIP = b"\x1f\x8b\x08"
_HEADER = b"cve,epss,percentile"
_COMMENT = re.compile(rb"#[ \t]*model_version[:=]")
_FIELD = re.compile(r"(model_version|score_date)[:=]([^,\s]{1,64})")
#: A share as it is written: decimal, or with an exponent.
_SHARE = re.compile(r"[01](?:\.[0-9]{0,17})?|\.[0-9]{1,17}|[0-9](?:\.[0-9]{0,17})?[eE]-[0-9]{1,2}", re.ASCII)
#: How much of a compressed file is unpacked to look at it.
_LOOKED_AT = 4096


def identify(head: bytes) -> bool:
    """Whether the first line is the comment or the header of EPSS scores, plain or compressed."""
    text = _unpacked(head, _LOOKED_AT) if head.startswith(_GZIP) else head
    if text is None:
        return False
    first = without_mark(text[:_LOOKED_AT]).lstrip()
    return bool(_COMMENT.match(first)) or first.startswith(_HEADER)


def _unpacked(data: bytes, most: int) -> bytes | None:
    """Up to so many bytes of a gzip file's first member; None when it is none."""
    unpacker = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    try:
        return unpacker.decompress(data, most)
    except igzip_lib.IsalError:  # type: ignore[misc]  # a class, which isal's stubs call a value
        return None


def records(data: bytes, source: Source) -> Iterator[Record]:
    """The scores.

    Raises:
        EvidenceError: it cannot be read; a row that is none, a share outside 0 to 1, or an id listed twice.
    """
    text = _text(data)
    lines = text.splitlines()
    model, scored_text, first = "", "", 0
    while first < len(lines) and (not lines[first].strip() or lines[first].lstrip().startswith("#")):
        stated = dict(_FIELD.findall(lines[first][:1000]))
        model, scored_text = stated.get("model_version", model), stated.get("score_date", scored_text)
        first += 1
    if first == len(lines) or lines[first].strip() != _HEADER.decode():
        raise EvidenceError(f"it lacks the header {_HEADER.decode()}", line=min(first + 1, max(len(lines), 1)))
    if len(lines) - first > MAX_FINDINGS:
        raise too_many(len(lines) - first, "rows")
    notes: list[str] = []
    rows = sorted(_rows(lines, first + 1))
    for (key, *_), (following, *_) in pairwise(rows):
        if key == following:
            raise EvidenceError(f"CVE-{key >> 48}-{key & 0xFFFFFFFFFFFF:04} is listed twice; fetch the scores again")
    yield EpssScores(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.CATALOG, f"EPSS {scored_text[:10]}".strip()),
        model=cleaned(model),
        scored=date_of(scored_text, "score_date", notes),
        table=b"".join([EPSS_ROW.pack(*row) for row in rows]),
        notes=tuple(notes),
    )


def _text(data: bytes) -> str:
    if data.startswith(_GZIP):
        unpacker = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        try:
            plain = unpacker.decompress(data, MAX_BYTES + 1)
        except igzip_lib.IsalError as error:  # type: ignore[misc]  # as above
            raise EvidenceError("damaged gzip data; fetch the scores again") from error
        if len(plain) > MAX_BYTES:
            raise EvidenceError(f"it unpacks to more than {MAX_BYTES:,} bytes, the limit for one {CATALOG}")
        if not unpacker.eof or unpacker.unused_data:
            raise EvidenceError("the gzip data are cut short, or something follows them; fetch the scores again")
        data = plain
    try:
        return without_mark(data).decode()
    except UnicodeDecodeError as error:
        raise EvidenceError(f"byte {error.start} is not UTF-8; fetch the scores again") from error


def _rows(lines: list[str], first: int) -> Iterator[tuple[int, int, int]]:
    for number in range(first, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        id, probability, percentile = (*line.split(","), "", "", "")[:3]
        key = epss_key(id.strip())
        if key is None or not _SHARE.fullmatch(probability.strip()) or not _SHARE.fullmatch(percentile.strip()):
            raise EvidenceError(f"{cleaned(line[:60])} is no row of a CVE and two shares", line=number + 1)
        shares = (float(probability), float(percentile))
        if max(shares) > 1:
            raise EvidenceError(f"{cleaned(line[:60])} holds a share above 1", line=number + 1)
        yield key, round(shares[0] * 1_000_000), round(shares[1] * 1_000_000)


def _locate(_data: bytes, line: int, pointers: list[str]) -> list[int]:
    """The scores are told as a whole: the first line, which holds their date."""
    return [line] * len(pointers)


_split: Callable[[BinaryIO], Iterator[Slice | EvidenceError]] = splitter(CATALOG)

READER = Reader(
    id="epss",
    title="Exploit prediction scores (EPSS)",
    revision=1,
    evidence_kinds=("kev",),
    identify=identify,
    split=_split,
    read=reading(CATALOG, records),
    locate=_locate,
    record=EpssScores,
)
