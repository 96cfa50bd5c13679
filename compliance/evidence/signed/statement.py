"""The in-toto statement: decoded JSON in; its subjects, predicate and what is wrong with it out.

Source: in-toto/attestation, spec/v1/statement.md and spec/v1/digest_set.md; spec/v0.1.0/statement.md.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.signed.encoding import KIND, clean, json_of, mapping
from compliance.model.attestation import StatementSubject

V1 = "https://in-toto.io/Statement/v1"
V01 = "https://in-toto.io/Statement/v0.1"
#: Payload types that hold a statement. Source: in-toto/attestation, spec/v1/envelope.md.
_PAYLOAD_TYPE = re.compile(r"application/vnd\.in-toto(?:\.[\w.+-]{1,100})?\+json", re.ASCII)
#: Subjects of one statement: a release names some thousand files.
MAX_SUBJECTS = 100_000
#: Digests of one subject.
_MAX_DIGESTS = 32
_DIGEST_KEPT = 200
_LENGTHS = {"sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "gitCommit": 40}
_HEX = re.compile(r"[0-9a-f]+")
_LISTED = 3


class Statement(NamedTuple):
    """`notes` are oddities in words; `fault` says why it must not be used at all, else is empty text."""

    type: str = ""
    predicate_type: str = ""
    subjects: tuple[StatementSubject, ...] = ()
    predicate: object = None
    notes: tuple[str, ...] = ()
    fault: str = ""


def is_statement_type(payload_type: str) -> bool:
    """Whether a payload of this type is to be read as a statement; of any other type it never is."""
    return _PAYLOAD_TYPE.fullmatch(payload_type) is not None


def statement_of(data: bytes) -> Statement:
    """The statement in a signed payload; with a fault when it is none, or two readers could differ on it."""
    try:
        return statement(json_of(data))
    except EvidenceError as error:
        return Statement(fault=f"the signed statement cannot be read: {error.message}")


def statement(value: object) -> Statement:
    """The statement of a decoded document.

    A digest counts as its algorithm asks, in lower-case hexadecimal of full length: another spelling is
    kept as written, said, and equals no digest of an image.
    """
    document = mapping(value)
    kind = document.get("_type")
    if kind not in (V1, V01):
        said = f'"{clean(kind)}"' if isinstance(kind, str) else "missing"
        words = f"its _type is {said}, which is no in-toto statement of version 0.1 or 1"
        return Statement(type=clean(kind), predicate_type=clean(document.get("predicateType")), fault=words)
    predicate_type = document.get("predicateType")
    if not isinstance(predicate_type, str) or not predicate_type:
        return Statement(type=clean(kind), fault="the statement has no predicateType")
    stated = document.get("subject")
    if not isinstance(stated, list):
        return Statement(type=clean(kind), predicate_type=clean(predicate_type), fault="the statement has no subject")
    if len(stated) > MAX_SUBJECTS:
        words = f"the statement has {len(stated):,} subjects (allowed: {MAX_SUBJECTS:,})"
        return Statement(type=clean(kind), predicate_type=clean(predicate_type), fault=words)
    notes: list[str] = []
    subjects = _subjects(stated, notes)
    if kind == V01 and predicate_type.startswith("https://slsa.dev/provenance/v1"):
        notes.append("a predicate of SLSA v1 in a statement of version 0.1")
    return Statement(
        type=clean(kind),
        predicate_type=clean(predicate_type),
        subjects=subjects,
        predicate=document.get("predicate"),
        notes=tuple(notes),
    )


def unsigned_statement(value: object) -> Statement:
    """A statement that nothing authenticates.

    Raises:
        EvidenceError: it is none.
    """
    found = statement(value)
    if found.fault:
        raise EvidenceError(found.fault, pointer="" if found.type in (V1, V01) else "/_type", kind=KIND)
    return found


def _subjects(stated: list[object], notes: list[str]) -> tuple[StatementSubject, ...]:
    if not stated:
        notes.append("the statement names no subject, so it is about nothing")
    found: list[StatementSubject] = []
    bare: list[str] = []
    odd: list[str] = []
    weak: list[str] = []
    for one in stated:
        subject = mapping(one)
        name = clean(subject.get("name"))
        digests = _digests(mapping(subject.get("digest")))
        found.append(StatementSubject(name, digests))
        kinds = {kind for kind, _ in digests}
        if not digests:
            bare.append(name)
        elif not all(_well_spelled(kind, value) for kind, value in digests):
            odd.append(name)
        if kinds and not kinds & {"sha256", "sha384", "sha512"}:
            weak.append(f"{name or 'a subject'} ({', '.join(sorted(kinds))})")
    _note(notes, bare, "no digest is stated of", "; a name alone binds nothing")
    _note(notes, odd, "a digest is not spelled as lower-case hexadecimal of full length, of", "; it was not matched")
    _note(notes, weak, "no digest of SHA-2 is stated of", "")
    return tuple(found)


def _note(notes: list[str], names: list[str], before: str, after: str) -> None:
    if names:
        shown = ", ".join(name or "a subject without name" for name in names[:_LISTED])
        more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
        notes.append(f"{before} {shown}{more}{after}")


def _digests(stated: object) -> tuple[tuple[str, str], ...]:
    found = [
        (clean(kind)[:_DIGEST_KEPT], clean(value[:_DIGEST_KEPT]))
        for kind, value in sorted(mapping(stated).items())[:_MAX_DIGESTS]
        if isinstance(value, str) and value
    ]
    return tuple(found)


def _well_spelled(kind: str, value: str) -> bool:
    """Whether a digest is spelled as its algorithm asks; of an algorithm we do not know anything is."""
    length = _LENGTHS.get(kind)
    if length is None:
        return True
    whole = len(value) == length or (kind == "gitCommit" and len(value) == _LENGTHS["sha256"])
    return whole and _HEX.fullmatch(value) is not None
