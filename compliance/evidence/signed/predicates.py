"""Predicates: what a statement asserts in; what kind it is, its record, and what is odd in it out."""

from __future__ import annotations

from typing import NamedTuple

from compliance.evidence.signed.encoding import clean, items, mapping, whole_number
from compliance.evidence.signed.provenance import provenance_of
from compliance.evidence.signed.statement import Statement
from compliance.model.attestation import Provenance, SuiteResult, VerificationSummary

#: Kind of document by the beginning of its predicate type. The first match counts.
#: Source: in-toto/attestation, spec/predicates; sigstore/cosign, specs; openvex/spec.
_ABOUT = (
    ("https://slsa.dev/provenance/", "provenance"),
    ("https://slsa.dev/verification_summary/", "vsa"),
    ("https://spdx.dev/", "sbom"),
    ("https://cyclonedx.org/", "sbom"),
    ("https://syft.dev/bom", "sbom"),
    ("https://openvex.dev/", "vex"),
    ("https://in-toto.io/attestation/vulns", "vulnerabilities"),
    ("https://cosign.sigstore.dev/attestation/vuln/", "vulnerabilities"),
    ("https://in-toto.io/attestation/test-result/", "test-result"),
    ("https://sigstore.dev/cosign/sign/", "signature"),
)
#: What the beginning of a predicate type promises, by the key that shows it.
_PROMISED = (
    ("https://spdx.dev/", "SPDX"),
    ("https://cyclonedx.org/", "CycloneDX"),
    ("https://openvex.dev/", "OpenVEX"),
)
_SHORT = {
    "https://cosign.sigstore.dev/attestation/v1": "custom",
    "https://in-toto.io/attestation/link/v0.3": "link",
}
#: cosign's predicate for anything: `Data` holds the document.
CUSTOM = "https://cosign.sigstore.dev/attestation/v1"
_LEVELS_KEPT = 100
_DATE_KEPT = 64


class Predicate(NamedTuple):
    """`about` is a word of `Attestation.about`; `notes` are oddities in words."""

    about: str
    provenance: Provenance | None = None
    summary: VerificationSummary | None = None
    suite: SuiteResult | None = None
    notes: tuple[str, ...] = ()


def about_of(predicate_type: str) -> str:
    """The kind of document that a predicate type promises; `other` for what we do not know."""
    return next((about for prefix, about in _ABOUT if predicate_type.startswith(prefix)), "other")


def short_name(predicate_type: str, about: str) -> str:
    """A word for a predicate type: `provenance`, `sbom`, or the end of its address."""
    if about != "other":
        return about
    if predicate_type in _SHORT:
        return _SHORT[predicate_type]
    words = [word for word in predicate_type.split("/") if word]
    if len(words) > 1 and words[-1][:1] == "v" and words[-1][1:2].isdigit():
        words.pop()
    return words[-1] if words else "statement"


def predicate_of(statement: Statement) -> Predicate:
    """The predicate of a statement without fault; one of a type we do not know is kept as `other`."""
    kind, value = statement.predicate_type, statement.predicate
    about = about_of(kind)
    if about == "provenance":
        return Predicate(about, *_provenance(kind, value))
    if not isinstance(value, dict) and about not in ("sbom", "other", "signature"):
        return Predicate(about, notes=("the predicate is no object, so it says nothing",))
    match about:
        case "vsa":
            return Predicate(about, summary=_summary(value))
        case "test-result":
            return Predicate(about, suite=_suite(value))
        case "sbom" | "vex":
            return Predicate(about, notes=_kept_promise(kind, value))
        case "vulnerabilities" | "signature":
            return Predicate(about)
    return Predicate(_custom(kind, value), notes=_of_scai(kind, value))


def _provenance(kind: str, value: object) -> tuple[Provenance | None, None, None, tuple[str, ...]]:
    found, note = provenance_of(kind, value)
    return found, None, None, (note,) if note else ()


def _summary(value: object) -> VerificationSummary:
    """Source: slsa.dev/verification_summary, v0.2 and v1."""
    document = mapping(value)
    time = clean(document.get("timeVerified"))[:_DATE_KEPT]
    levels = [clean(level) for level in items(document.get("verifiedLevels"))[:_LEVELS_KEPT]]
    return VerificationSummary(
        verifier=clean(mapping(document.get("verifier")).get("id")),
        time_verified=time or None,
        resource=clean(document.get("resourceUri")),
        result=clean(document.get("verificationResult")),
        levels=tuple(level for level in levels if level),
    )


def _suite(value: object) -> SuiteResult:
    """Source: in-toto/attestation, spec/predicates/test-result.md."""
    document = mapping(value)
    return SuiteResult(
        result=clean(document.get("result")),
        passed=_number(document.get("passedTests")),
        warned=_number(document.get("warnedTests")),
        failed=_number(document.get("failedTests")),
    )


def _number(value: object) -> int:
    """How many tests: of their names, or the number where only that is told."""
    return len(value) if isinstance(value, list) else whole_number(value) or 0


def _kept_promise(kind: str, value: object) -> tuple[str, ...]:
    """What is to be said where the predicate is not what its type promises."""
    promised = next((word for prefix, word in _PROMISED if kind.startswith(prefix)), "")
    found = format_of(value)
    if promised and found and found != promised:
        return (f"predicateType says {promised} and the predicate is {found}",)
    if promised and not found:
        return (f"predicateType says {promised} and the predicate is no such document",)
    return ()


def format_of(value: object) -> str:
    """The format of an embedded document by its own keys; empty text for what we do not know.

    cosign's `spdx` predicate is a document in a string, tag-value or JSON, which is taken by its beginning.
    """
    if isinstance(value, str):
        head = value[:1000]
        marks = (("CycloneDX", ("bomFormat", "cyclonedx.org")), ("SPDX", ("spdxVersion", "SPDXVersion", "spdx.org")))
        return next((name for name, found in marks if any(mark in head for mark in found)), "")
    document = mapping(value)
    data = document.get("Data")
    if data is not None and set(document) <= {"Data", "Timestamp"}:
        return format_of(data)
    context = str(document.get("@context", ""))[:1000]
    if "bomFormat" in document:
        return "CycloneDX"
    if "spdxVersion" in document or "spdx.org" in context:
        return "SPDX"
    return "OpenVEX" if "openvex" in context else ""


def _custom(kind: str, value: object) -> str:
    """cosign's predicate for anything may hold an SBOM or a VEX document."""
    found = format_of(value) if kind == CUSTOM else ""
    return {"CycloneDX": "sbom", "SPDX": "sbom", "OpenVEX": "vex"}.get(found, "other")


def _of_scai(kind: str, value: object) -> tuple[str, ...]:
    """Source: in-toto/attestation, spec/predicates/scai.md."""
    if not kind.startswith("https://in-toto.io/attestation/scai/"):
        return ()
    stated = items(mapping(value).get("attributes"))
    names = [clean(mapping(one).get("attribute")) for one in stated[:5]]
    more = f" and {len(stated) - 5:,} more" if len(stated) > 5 else ""
    return (f"attributes stated: {', '.join(name for name in names if name)}{more}",) if any(names) else ()
