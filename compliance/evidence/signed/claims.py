"""Makes the claim of a document: what it says, of which digests, before anybody verified it."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.signed.encoding import KIND
from compliance.evidence.signed.predicates import Predicate, predicate_of, short_name
from compliance.evidence.signed.statement import Statement
from compliance.model.attestation import Attestation, Envelope, StatementSubject, Trust
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.signed import LogEntry, Material, Signature, SignedDocument

_UNVERIFIED = "It was read and not verified yet."
_UNSIGNED = "It carries no signature, so anybody may have written it."


class Artifact(NamedTuple):
    """The file beside a signature. `data` is None where it is too large to be held; `sha256` is hexadecimal."""

    name: str
    sha256: str
    data: bytes | None

    def digest(self, algorithm: str) -> str | None:
        """Its digest, hexadecimal; None where only another one is known."""
        if algorithm == "sha256":
            return self.sha256
        return None if self.data is None else hashlib.new(algorithm, self.data).hexdigest()

    def subject(self) -> StatementSubject:
        """What a signature over it is about."""
        return StatementSubject(self.name, (("sha256", self.sha256),))

    def fault(self, algorithm: str, digest: str) -> str:
        """Why a signature that states such a digest is not over it; empty text when it may be."""
        own = self.digest(algorithm)
        if own is None:
            return f"it states the {algorithm} of what it signs, and {self.name} is too large to compare"
        if own == digest:
            return ""
        return f"it signs what has the {algorithm} {digest[:200]}, and {self.name} beside it has {own}"


class Place(NamedTuple):
    """Where a document stands, and what stands around it.

    `id` is of its subject. `envelope` and `media_type` replace what the document itself would be called, in
    an image source. `refers_to` is the digest of the manifest that it hangs on there. `certificates`,
    `entries` and `timestamps` are those that its manifest adds to its signatures. `spoiled` says in words why
    its bytes cannot be those that were signed, else is empty text. `artifact` is the file of the same name that it
    stands beside, None where there is none.
    """

    origin: Origin
    id: str
    envelope: Envelope | None = None
    media_type: str = ""
    refers_to: str | None = None
    certificates: tuple[bytes, ...] = ()
    entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()
    spoiled: str = ""
    artifact: Artifact | None = None


class Claim(NamedTuple):
    """What a document says. `note` is of its wrapping; that of the statement is added to it."""

    envelope: Envelope
    media_type: str
    statement: Statement = Statement()
    about: str = ""
    note: str = ""


def signed(place: Place, claim: Claim, material: Material, statement: bytes = b"") -> SignedDocument:
    """A document whose signatures can be verified, or that carries a fault which forbids it."""
    fault = material.fault or place.spoiled or claim.statement.fault
    material = material._replace(
        signatures=tuple(_with_certificates(one, place) for one in material.signatures),
        entries=material.entries + place.entries,
        timestamps=material.timestamps + place.timestamps,
        fault=fault,
    )
    made = _attestation(place, claim, Trust.NOT_CHECKED, _UNVERIFIED, len(material.signatures))
    return SignedDocument(claim=made, material=material, statement=statement)


def _with_certificates(signature: Signature, place: Place) -> Signature:
    return signature if signature.certificates else signature._replace(certificates=place.certificates)


def unsigned(place: Place, claim: Claim, statement: bytes) -> SignedDocument:
    """A document that carries no signature at all.

    Raises:
        EvidenceError: its bytes are not those that its manifest names; nothing else would show that.
    """
    if place.spoiled:
        raise EvidenceError(place.spoiled, kind=KIND)
    made = _attestation(place, claim, Trust.PRESENT_UNSIGNED, _UNSIGNED, 0)
    return SignedDocument(claim=made, material=None, statement=statement)


def listed(place: Place, claim: Claim, because: str, signatures: int) -> SignedDocument:
    """A document whose signature nobody here verifies, kept so that it is seen; `because` without its full stop."""
    why = f"{because}; besides, {place.spoiled}" if place.spoiled else because
    made = _attestation(place, claim, Trust.NOT_CHECKED, f"{why[:1].upper()}{why[1:]}.", signatures)
    return SignedDocument(claim=made, material=None, statement=b"")


def _attestation(place: Place, claim: Claim, trust: Trust, because: str, signatures: int) -> Attestation:
    statement = claim.statement
    predicate = predicate_of(statement) if statement.type and not statement.fault else Predicate(claim.about or "other")
    notes = [claim.note, *statement.notes, *predicate.notes]
    return Attestation(
        origin=place.origin,
        subject=_subject(place, statement, predicate.about),
        envelope=place.envelope or claim.envelope,
        media_type=place.media_type or claim.media_type,
        statement_type=statement.type,
        predicate_type=statement.predicate_type,
        about=predicate.about,
        subjects=statement.subjects,
        refers_to=place.refers_to,
        trust=trust,
        because=because,
        signer="",
        issuer="",
        fingerprint="",
        signatures=signatures,
        proven_time=None,
        time_source="",
        claims={},
        provenance=predicate.provenance,
        summary=predicate.summary,
        suite=predicate.suite,
        predicate_note="; ".join(note for note in notes if note),
    )


def _subject(place: Place, statement: Statement, about: str) -> Subject:
    """Named by the kind of predicate and the first subject: `provenance of registry.example/app`."""
    word = short_name(statement.predicate_type, about)
    first = statement.subjects[0] if statement.subjects else StatementSubject("", ())
    name = first.name or next((f"{kind}:{value[:12]}" for kind, value in first.digests), "")
    digest = next((f"sha256:{value}" for kind, value in first.digests if kind == "sha256"), None)
    return Subject(
        id=place.id,
        type=SubjectType.ATTESTATION,
        name=f"{word} of {name}" if name else word,
        kind=KIND,
        digest=digest,
    )
