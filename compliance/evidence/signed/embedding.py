"""The document that an attestation carries: a SignedDocument in; an SBOM's, VEX document's or scan's own bytes out."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from compliance.evidence.signed.predicates import CUSTOM
from compliance.model.attestation import Trust
from compliance.model.evidence import Origin
from compliance.model.signed import SignedDocument

_KINDS = ("sbom", "vex", "vulnerabilities")


class Embedded(NamedTuple):
    """A document within another, or one that hangs on an image by itself.

    `kind` is `sbom`, `vex`, `vulnerabilities`, or `other` (a plain artifact of which nothing is known). `data` are
    its own bytes: the readers of such files read them. `digests` are the images it is said to be about
    (`sha256:...`), by its statement, or by the manifest it hangs on. `origin` is what carries it.
    """

    kind: str
    data: bytes
    digests: tuple[str, ...]
    origin: Origin
    media_type: str
    id: str


class _Statement(msgspec.Struct):
    predicate: msgspec.Raw = msgspec.Raw()


class _Data(msgspec.Struct):
    data: msgspec.Raw = msgspec.field(name="Data", default=msgspec.Raw())


_statement = msgspec.json.Decoder(_Statement)
_data = msgspec.json.Decoder(_Data)
_text = msgspec.json.Decoder(str)


def embedded(document: SignedDocument) -> Embedded | None:
    """The document in a statement; None when it carries none that is read, or must not be used.

    Of a vulnerability predicate the whole predicate is given. What the bytes are is told by their content, for
    a predicate type may promise one format and hold another. A statement whose material has a fault gives none.
    """
    claim = document.claim
    if claim.about not in _KINDS or not document.statement:
        return None
    if (document.material is not None and document.material.fault) or claim.trust is Trust.INVALID:
        return None
    try:
        raw = bytes(_statement.decode(document.statement).predicate)
        data = _plain(raw, claim.predicate_type, claim.about)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    if not data:
        return None
    return Embedded(claim.about, data, claim.digests(), claim.origin, claim.predicate_type, claim.subject.id)


def _plain(raw: bytes, predicate_type: str, about: str) -> bytes:
    """The bytes of the document: of a JSON string what it says, of cosign's `Data` what that holds.

    Source: sigstore/cosign, pkg/cosign/attestation (`CosignPredicate`, `spdx` as a string).
    """
    if about in ("sbom", "vex") and raw[:1] == b"{":
        inside = bytes(_data.decode(raw).data)
        if inside and (predicate_type == CUSTOM or inside[:1] in (b"{", b'"')):
            raw = inside
    return _text.decode(raw).encode() if raw[:1] == b'"' else raw
