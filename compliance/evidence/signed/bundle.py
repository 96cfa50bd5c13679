"""The reader of sigstore bundles, v0.1 to v0.3: a decoded bundle in; its claim, and what verifies it, out.

Source: sigstore/protobuf-specs, protos/sigstore_bundle.proto, sigstore_rekor.proto and sigstore_common.proto.
"""

from __future__ import annotations

from compliance.errors import EvidenceError
from compliance.evidence.signed.claims import Claim, Place, signed
from compliance.evidence.signed.dsse import claimed, material_of
from compliance.evidence.signed.encoding import (
    KIND,
    MAX_PARTS,
    Document,
    base64_of,
    clean,
    inner,
    items,
    mapping,
    whole_number,
)
from compliance.evidence.signed.statement import Statement
from compliance.model.attestation import Envelope, StatementSubject
from compliance.model.signed import Inclusion, LogEntry, Material, Signature, SignedDocument, Signing

PREFIX = "application/vnd.dev.sigstore.bundle"
_VERSIONS = {
    f"{PREFIX}+json;version=0.1": 1,
    f"{PREFIX}+json;version=0.2": 2,
    f"{PREFIX}+json;version=0.3": 3,
    f"{PREFIX}.v0.3+json": 3,
}
_ALGORITHMS = {"SHA2_256": ("sha256", 32), "SHA2_384": ("sha384", 48), "SHA2_512": ("sha512", 64)}
_MAX_HASHES = 64
_CHECKPOINT_KEPT = 64 << 10


class _Faults:
    """What is wrong with a bundle; the first is told."""

    def __init__(self) -> None:
        self.first = ""

    def add(self, words: str) -> None:
        self.first = self.first or words

    def data(self, value: object, what: str) -> bytes:
        """The bytes of base64, noting what is wrong with it."""
        found = base64_of(value, what)
        if found.fault:
            self.add(found.fault)
        return found.data


def is_bundle(value: Document) -> bool:
    kind = value.get("mediaType")
    return (isinstance(kind, str) and kind.startswith(PREFIX)) or "verificationMaterial" in value


def bundle_document(value: Document, place: Place) -> SignedDocument:
    """The document of a bundle; what forbids its use is the fault of its material.

    Raises:
        EvidenceError: a version we do not know, or neither a signed message nor an envelope in it.
    """
    kind = value.get("mediaType")
    version = _VERSIONS.get(kind) if isinstance(kind, str) else None
    if version is None:
        words = f'a sigstore bundle of media type "{clean(kind)}", which is not read (0.1 to 0.3 are)'
        raise EvidenceError(words, pointer="/mediaType", kind=KIND)
    envelope, message = value.get("dsseEnvelope"), value.get("messageSignature")
    if (envelope is None) == (message is None):
        what = "neither of a" if envelope is None else "both a"
        words = f"the bundle holds {what} signed message (messageSignature) and an envelope (dsseEnvelope)"
        raise EvidenceError(words, kind=KIND)
    faults = _Faults()
    stated = mapping(value.get("verificationMaterial"))
    chain, hint = _signer(stated, version, faults)
    entries = _entries(stated, version, faults)
    timestamps = _timestamps(stated, faults)
    if envelope is not None:
        material = material_of(mapping(envelope), certificates=chain, entries=entries, timestamps=timestamps, hint=hint)
        if len(material.signatures) > 1:
            faults.add(f"the bundle's envelope holds {len(material.signatures)} signatures, where it must hold one")
        statement, note = claimed(material)
        claim = Claim(Envelope.BUNDLE, clean(kind), statement, note=note)
    else:
        subject, material = _message(mapping(message), Signature(b"", chain, hint), faults)
        if place.artifact is not None:
            for algorithm, stated_digest in subject.digests:
                faults.add(place.artifact.fault(algorithm, stated_digest))
            subject = place.artifact.subject()
        material = material._replace(entries=entries, timestamps=timestamps)
        claim = Claim(Envelope.BUNDLE, clean(kind), Statement(subjects=(subject,)), about="signature")
    material = material._replace(fault=faults.first or material.fault)
    return signed(place, claim, material, material.payload if claim.statement.type else b"")


def _message(stated: Document, signature: Signature, faults: _Faults) -> tuple[StatementSubject, Material]:
    """A signature over an artifact that is not in the bundle, and the digest that it states of it."""
    value = faults.data(stated.get("signature"), "the signature")
    algorithm = inner(stated, "messageDigest").get("algorithm")
    digest = base64_of(inner(stated, "messageDigest").get("digest"), "the message digest")
    name, length = _ALGORITHMS.get(algorithm, ("", 0)) if isinstance(algorithm, str) else ("", 0)
    subject = StatementSubject("", ((name, digest.data.hex()),) if name else ())
    if digest.fault or not name or len(digest.data) != length:
        faults.add("the bundle does not state the digest of what it signs in a way we know")
    material = Material(
        signing=Signing.DIGEST,
        payload_type="",
        payload=digest.data,
        signatures=(signature._replace(value=value),),
        entries=(),
        timestamps=(),
        fault="" if value else "the bundle holds no signature",
    )
    return subject, material


def _signer(stated: Document, version: int, faults: _Faults) -> tuple[tuple[bytes, ...], str]:
    """The certificates, the signer's first, and the hint of a key; one of both."""
    single, chain, key = (stated.get(name) for name in ("certificate", "x509CertificateChain", "publicKey"))
    if sum(found is not None for found in (single, chain, key)) != 1:
        faults.add("the bundle does not name exactly one signer (certificate, certificate chain or public key)")
    if chain is not None and version >= 3:
        faults.add("a bundle of version 0.3 holds the signer's certificate alone and no chain")
    listed = [single] if single is not None else items(mapping(chain).get("certificates"))
    if single is None and key is None and not listed:
        faults.add("the bundle's certificate chain is empty")
    if len(listed) > MAX_PARTS:
        faults.add(f"the bundle holds {len(listed):,} certificates (allowed: {MAX_PARTS})")
    found = [faults.data(mapping(one).get("rawBytes"), "a certificate") for one in listed[:MAX_PARTS]]
    return tuple(found), clean(mapping(key).get("hint"))


def _timestamps(stated: Document, faults: _Faults) -> tuple[bytes, ...]:
    listed = items(inner(stated, "timestampVerificationData").get("rfc3161Timestamps"))
    if len(listed) > MAX_PARTS:
        faults.add(f"the bundle holds {len(listed):,} timestamps (allowed: {MAX_PARTS})")
    return tuple(faults.data(mapping(one).get("signedTimestamp"), "a timestamp") for one in listed[:MAX_PARTS])


# -- log entries --------------------------------------------------------------------------------------------


def _entries(stated: Document, version: int, faults: _Faults) -> tuple[LogEntry, ...]:
    listed = items(stated.get("tlogEntries"))
    if len(listed) > MAX_PARTS:
        faults.add(f"the bundle holds {len(listed):,} log entries (allowed: {MAX_PARTS})")
    found = tuple(_entry(mapping(one), faults) for one in listed[:MAX_PARTS])
    if version >= 2 and any(entry.inclusion is None for entry in found):
        faults.add("a log entry has no inclusion proof, which a bundle from version 0.2 on must have")
    if version == 1 and any(entry.promise is None for entry in found):
        faults.add("a log entry has no signed entry timestamp, which a bundle of version 0.1 must have")
    return found


def _entry(stated: Document, faults: _Faults) -> LogEntry:
    kind = mapping(stated.get("kindVersion"))
    promise = mapping(stated.get("inclusionPromise")).get("signedEntryTimestamp")
    proof = stated.get("inclusionProof")
    return LogEntry(
        kind=clean(kind.get("kind")),
        version=clean(kind.get("version")),
        body=faults.data(stated.get("canonicalizedBody", ""), "the body of a log entry"),
        position=_number(stated.get("logIndex"), "the index of a log entry", faults),
        log_id=faults.data(inner(stated, "logId").get("keyId"), "the id of a log"),
        integrated=_number(stated.get("integratedTime"), "the time of a log entry", faults) or None,
        promise=faults.data(promise, "a signed entry timestamp") if promise else None,
        inclusion=_inclusion(mapping(proof), faults) if proof is not None else None,
    )


def _inclusion(stated: Document, faults: _Faults) -> Inclusion:
    hashes = items(stated.get("hashes"))
    if len(hashes) > _MAX_HASHES:
        faults.add(f"an inclusion proof of {len(hashes):,} hashes (allowed: {_MAX_HASHES})")
    checkpoint = inner(stated, "checkpoint").get("envelope")
    note = checkpoint if isinstance(checkpoint, str) else ""
    if len(note) > _CHECKPOINT_KEPT:
        faults.add(f"a checkpoint of {len(note):,} characters (allowed: {_CHECKPOINT_KEPT:,})")
    return Inclusion(
        position=_number(stated.get("logIndex"), "the index of an inclusion proof", faults),
        tree_size=_number(stated.get("treeSize"), "the tree size of an inclusion proof", faults),
        root=faults.data(stated.get("rootHash"), "the root hash of an inclusion proof"),
        hashes=tuple(faults.data(one, "a hash of an inclusion proof") for one in hashes[:_MAX_HASHES]),
        checkpoint=note[:_CHECKPOINT_KEPT],
    )


def _number(value: object, what: str, faults: _Faults) -> int:
    """A number; absent is 0, as protobuf has it."""
    if value is None:
        return 0
    found = whole_number(value)
    if found is None or found < 0:
        faults.add(f"{what} is no number")
        return 0
    return found
