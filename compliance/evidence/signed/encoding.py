"""Base64, PEM, JSON and digests as signatures carry them: strict, bounded, and with the fault in words."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.json_documents import decode_json
from compliance.evidence.purl import plain_text
from compliance.evidence.recognition import without_mark

#: What errors call these documents.
KIND = "Attestation"
#: Bytes of one envelope, bundle or statement. A 20 MB SBOM takes 27 MB in base64.
MAX_DOCUMENT = 32 << 20
#: Values of one document, commas in texts counted with them; an SBOM of 20 MB has some 600,000.
MAX_VALUES = 2_000_000
#: Certificates, log entries, timestamps and signatures that are taken of one document each.
MAX_PARTS = 100
#: Characters kept of a name, type or address.
_TEXT_KEPT = 1000
_URL_SAFE = str.maketrans("-_", "+/")
_ALPHABET = re.compile(r"[A-Za-z0-9+/\s]*+={0,2}\s*")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,65536})-----END CERTIFICATE-----")

Document = Mapping[str, object]
NOTHING: Document = {}


class Decoded(NamedTuple):
    """What a text stands for. `fault` says why it must not be trusted, else is empty text."""

    data: bytes
    fault: str


def base64_of(value: object, what: str, *, padded: bool = True) -> Decoded:
    """The bytes of standard or URL-safe base64; a fault when it is not the one canonical spelling of them.

    Source: RFC 4648, sections 3.2, 3.3 and 3.5.
    """
    if not isinstance(value, str):
        return Decoded(b"", f"{what} is no text")
    text = value
    if "-" in text or "_" in text:
        if "+" in text or "/" in text:
            return Decoded(b"", f"{what} mixes two alphabets of base64")
        text = text.translate(_URL_SAFE)
    if not padded and "=" not in text:
        text += "=" * (-len(text) % 4)
    try:
        data = binascii.a2b_base64(text)
    except ValueError:  # binascii.Error is one; the other is text that is not ASCII
        return Decoded(b"", f"{what} is no base64")
    if binascii.b2a_base64(data, newline=False).decode() != text:
        if not _ALPHABET.fullmatch(text):
            return Decoded(b"", f"{what} is no base64")
        return Decoded(data, f"{what} is no canonical base64: readers may differ on the bytes it stands for")
    return Decoded(data, "")


def certificates_of(text: str, what: str) -> tuple[tuple[bytes, ...], str]:
    """The certificates (DER) of a PEM text, in order, and what is wrong with it."""
    found: list[bytes] = []
    for block in _PEM.findall(text)[:MAX_PARTS]:
        try:
            found.append(binascii.a2b_base64(block))
        except ValueError:
            return (), f"{what} is no PEM certificate"
    return tuple(found), "" if found else f"{what} is no PEM certificate"


def json_of(data: bytes, line: int = 1) -> object:
    """The value of one JSON document.

    Raises:
        EvidenceError: too large, no UTF-8, no JSON, a key twice, or nested too deep.
    """
    values = data.count(b",") + data.count(b"[") + data.count(b"{")
    if values > MAX_VALUES:
        words = f"{values:,} values, above the limit of {MAX_VALUES:,} for one attestation"
        raise EvidenceError(words, line=line, kind=KIND)
    if len(data) > MAX_DOCUMENT:
        words = f"{len(data):,} bytes, above the limit of {MAX_DOCUMENT:,} for one attestation"
        raise EvidenceError(words, line=line, kind=KIND)
    try:
        return decode_json(without_mark(data).decode(), line)
    except UnicodeDecodeError as error:
        raise EvidenceError(f"byte {error.start} is not UTF-8", line=line, kind=KIND) from error
    except EvidenceError as error:
        error.kind = KIND
        raise


def mapping(value: object) -> Document:
    """An object as it is; an empty one for anything else."""
    return value if isinstance(value, dict) else NOTHING


def inner(value: object, *keys: str) -> Document:
    """The object that keys lead to; an empty one where the way ends."""
    found = mapping(value)
    for key in keys:
        found = mapping(found.get(key))
    return found


def items(value: object) -> list[object]:
    """A list as it is; an empty one for anything else."""
    return value if isinstance(value, list) else []


def clean(value: object) -> str:
    """A text fit to print: bounded, control characters escaped, credentials replaced; empty for what is no text."""
    return _cleaned(value[:_TEXT_KEPT]) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)  # builders, types and repositories come again in every statement
def _cleaned(text: str) -> str:
    return plain_text(text)


def whole_number(value: object) -> int | None:
    """A number, or one in quotes as protobuf writes 64 bits; None for anything else, and beyond 64 bits."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(1 << 63) <= value < 1 << 63 else None
