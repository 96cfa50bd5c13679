"""Attestations and signatures: what they say, of which digest, and how far the configured trust carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from compliance.model.evidence import At, Origin, Subject


class Trust(Enum):
    """How far a signature was verified, offline, against the trust that the configuration names.

    `present-unsigned` carries no signature at all; `invalid` has one that does not hold; `not-checked`
    could not be decided (no anchor is configured, or the format is not verified).
    """

    VERIFIED = "verified"
    SIGNED_UNTRUSTED = "signed-untrusted"
    PRESENT_UNSIGNED = "present-unsigned"
    INVALID = "invalid"
    NOT_CHECKED = "not-checked"


class Envelope(Enum):
    """What wraps the statement or the signature. `none` is a bare statement, unsigned, that nothing wraps."""

    DSSE = "dsse"
    BUNDLE = "bundle"
    COSIGN_LAYOUT = "cosign-layout"
    BUILDKIT = "buildkit"
    NOTATION = "notation"
    DETACHED = "detached"
    NONE = "none"


class StatementSubject(NamedTuple):
    """A subject of an in-toto statement. `digests` are (algorithm, lower-case hexadecimal) as stated, sorted."""

    name: str
    digests: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """A SLSA provenance predicate, v0.2 or v1. Empty text where it says nothing.

    `source` is the URI of the source repository as written, `source_digest` the commit, `source_ref` the
    branch or tag. `parameters` are external parameters (v1) or invocation parameters (v0.2) as (pointer,
    text with credentials replaced). `dependencies` are (uri, digest) of resolved dependencies or materials.
    """

    version: str
    builder: str
    build_type: str
    source: str
    source_digest: str
    source_ref: str
    invocation: str
    started: str | None
    finished: str | None
    parameters: tuple[tuple[str, str], ...]
    dependencies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationSummary:
    """A SLSA verification summary. `result` is `PASSED` or `FAILED` as written."""

    verifier: str
    time_verified: str | None
    resource: str
    result: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """An in-toto test-result predicate: `PASSED`, `WARNED` or `FAILED`, and how many tests of each."""

    result: str
    passed: int
    warned: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """One signed or unsigned statement about images, or a plain signature over an image's digest.

    `predicate_type` is empty text for a plain signature. `subjects` are those of the statement, or the
    signed manifest digest. `trust` and `because` are the verdict on the signature alone: whether it is
    about an image of the evidence is decided by digest elsewhere. `signer` is the key's configured name,
    or the certificate's identity; `issuer` its OIDC issuer. `fingerprint` is the sha256 of the public key
    (DER, SubjectPublicKeyInfo). `proven_time` is ISO 8601 UTC and stands only when a trusted timestamp or
    log proves it; `time_source` names it. `claims` are extensions of the certificate (source repository,
    ref, workflow). `refers_to` is the digest of the manifest that an OCI referrer or cosign tag names.
    `provenance`, `summary` and `suite` are the predicate, where it is of that type; `predicate_note` says
    what is odd in it, or why it could not be parsed.
    `unread` says why nothing could be read of the document that it promises to carry; empty text when it
    could, or when it promises none. `about` is the embedded document kind: `sbom`, `vex`,
    `vulnerabilities`, `provenance`, `vsa`, `test-result`, `signature`, or `other`.
    """

    origin: Origin
    subject: Subject
    envelope: Envelope
    media_type: str
    statement_type: str
    predicate_type: str
    about: str
    subjects: tuple[StatementSubject, ...]
    refers_to: str | None
    trust: Trust
    because: str
    signer: str
    issuer: str
    fingerprint: str
    signatures: int
    proven_time: str | None
    time_source: str
    claims: Mapping[str, str]
    provenance: Provenance | None
    summary: VerificationSummary | None
    suite: SuiteResult | None
    predicate_note: str
    unread: str = ""

    def at(self, pointer: str = "") -> At:
        """A place in the document that carries it; the document itself by default."""
        return At(self.origin, pointer)

    def digests(self) -> tuple[str, ...]:
        """The sha256 digests it is about (`sha256:...`), in order of its subjects."""
        found = [f"sha256:{value}" for one in self.subjects for kind, value in one.digests if kind == "sha256"]
        return tuple(dict.fromkeys(found))
