"""Attestation or image with its attestations in, verdicts out on signatures: who signed, and whether it holds."""

from __future__ import annotations

from compliance.model.attestation import Attestation, Trust
from compliance.model.check import Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.image import Image
from compliance.model.image_proof import About, about, called, has_anchors, signer_of
from compliance.model.image_words import cut_list, short
from compliance.model.images import Bound
from compliance.model.outcome import Severity
from compliance.model.supply_chain import AttestationMatch, SupplyChain

_PLACES = 20
_SIGN = "Sign the image by digest with a key or identity named under trust:, and hand in the signature."
#: Statement types that are known. Source: in-toto attestation framework, v0.1 and v1.
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")


@check(
    id="attestation-signature",
    title="Signature of the attestation holds and is of somebody trusted",
    severity=Severity.HIGH,
    revision=2,
    fix=_SIGN,
)
def attestation_signature(attestation: Attestation) -> Verdict:
    """The signature was verified offline against the keys and identities that the configuration names.

    FAIL when it does not hold, when nobody trusted signed, or when there is no signature. NOT_CHECKED without an
    anchor, or where the format is not verified.
    Source: NIST SP 800-190, 4.1.5; NIST SP 800-53 rev 5, SI-7(15), CM-14.
    """
    at = [attestation.at()]
    because = short_words(attestation.because)
    match attestation.trust:
        case Trust.VERIFIED:
            when = (
                f" at {attestation.proven_time} ({short(attestation.time_source)})" if attestation.proven_time else ""
            )
            return passed(f"signed by {signer_of(attestation)}{when}: {because}", at=at)
        case Trust.NOT_CHECKED:
            return not_checked(because or "the signature was not verified", at=at)
        case Trust.PRESENT_UNSIGNED:
            return failed(f"nobody signed it: {because}" if because else "nobody signed it", at=at)
        case Trust.SIGNED_UNTRUSTED | Trust.INVALID:
            return failed(f"{attestation.trust.value}: {because}", at=at)


def short_words(text: str) -> str:
    """A sentence part as a reason tells it, at most 300 characters."""
    return text if len(text) <= 300 else f"{text[:300]}..."


@check(
    id="attestation-subject",
    title="Attestation names what it is about by digest",
    severity=Severity.MEDIUM,
    fix="Make the statement with a sha256 digest for each subject, in the type that in-toto defines.",
)
def attestation_subject(attestation: Attestation) -> Verdict:
    """Every subject has a sha256 digest, and the statement is of a type that in-toto defines.

    A plain signature names the digest of the manifest it signs. A name alone, or a digest of a weaker kind, joins
    nothing.
    Source: in-toto attestation framework v1, Statement, "subject".
    """
    at = [attestation.at("/subject")]
    kind = attestation.statement_type
    if kind and kind not in _STATEMENTS:
        return failed(f"its type {short(kind)} is no in-toto statement", at=[attestation.at("/_type")])
    if not attestation.subjects:
        return failed("it names no subject", at=at)
    bare = [one for one in attestation.subjects if not any(kind == "sha256" for kind, _ in one.digests)]
    if bare:
        words = [
            f"{short(one.name) or 'a nameless subject'} has {listed(kind for kind, _ in one.digests) or 'no digest'}"
            for one in bare
        ]
        return failed(f"without sha256: {cut_list(words, len(words))}", at=at)
    if attestation.refers_to and attestation.refers_to not in attestation.digests():
        seen = f"it hangs on {short(attestation.refers_to)} and is about {short(attestation.digests()[0])}"
        return failed(seen, at=at)
    return passed(f"about {listed(map(short, attestation.digests()), limit=3)}", at=at)


@check(
    id="image-signature",
    title="Image is signed by somebody trusted",
    severity=Severity.HIGH,
    fix=_SIGN,
)
def image_signature(image: Image, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """A signature, or provenance, over the digest of the image or of its list over platforms was verified.

    FAIL when what is there does not hold, is of nobody trusted, or is about another digest. NOT_CHECKED without an
    anchor in the configuration, or when no signature is in the evidence.
    Source: CIS Docker Benchmark 1.8.0, 4.5 and 4.12; NIST SP 800-190, 4.1.5; NIST SP 800-53 rev 5, CM-14.
    """
    found = about(image, supply_chain, "signature")
    if not found.verified:
        built = about(image, supply_chain, "provenance")
        found = built if built.verified else found
    return _judged(image, supply_chain, params, found, "signature")


@check(
    id="image-sbom-signature",
    title="SBOM of the image is signed by somebody trusted",
    severity=Severity.MEDIUM,
    fix="Attest the SBOM to the digest of the platform's own manifest: cosign attest --type cyclonedx.",
)
def image_sbom_signature(image: Image, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """A verified statement carries an SBOM and names the digest of the image's own manifest.

    NOT_CHECKED when it names the list over all platforms only, for an SBOM describes one of them, and when
    no SBOM can be read in it.
    Source: CISA, "2026 Minimum Elements for an SBOM", author signature; CIS Docker Benchmark 1.8.0, 4.12.
    """
    found = about(image, supply_chain, "sbom")
    if found.verified and all(match.by is not Bound.DIGEST for match in found.verified):
        reason = f"{called(found.verified[0].attestation)} names the list over all platforms, of which it describes one"
        return not_checked(reason, at=_at(found.verified, image))
    if found.verified and all(match.attestation.unread for match in found.verified):
        first = found.verified[0].attestation
        return not_checked(f"{called(first)} is signed, and {first.unread}", at=_at(found.verified, image))
    return _judged(image, supply_chain, params, found, "SBOM attestation")


@check(
    id="image-attestations-hold",
    title="No signature on the image is invalid",
    severity=Severity.CRITICAL,
    fix="Find out who altered the signed document or its signature, and withdraw the image until that is known.",
)
def image_attestations_hold(image: Image, supply_chain: SupplyChain) -> Verdict:
    """No attestation that names the image has a signature that does not hold, and none hangs on it with another digest.

    NOT_CHECKED when no signature was verified at all, or one is of a key that is not at hand: nobody can tell whether
    that holds.
    Source: NIST SP 800-53 rev 5, SI-7; SLSA 1.2, "Verifying artifacts".
    """
    found = about(image, supply_chain)
    bad = [f"{called(m.attestation)}: {short_words(m.attestation.because)}" for m in found.invalid]
    bad += [f"{called(m.attestation)} hangs on it and is about {_digest(m.attestation)}" for m in found.elsewhere]
    if bad:
        return failed(cut_list(bad, len(bad)), at=_at((*found.invalid, *found.elsewhere), image))
    if found.untrusted:
        words = [called(match.attestation) for match in found.untrusted]
        reason = f"signed by nobody trusted, so that nobody knows whether it was altered: {cut_list(words, len(words))}"
        return not_checked(reason, at=_at(found.untrusted, image))
    if found.verified:
        told = f"{len(found.verified)} signed about it, and every signature holds"
        return passed(told, at=_at(found.verified, image))
    return not_checked("no signature about it was verified", at=_at(found.every(), image))


def _judged(image: Image, chain: SupplyChain, params: Parameters, found: About, what: str) -> Verdict:
    """PASS for the newest verified one; FAIL for what is there and proves nothing; else NOT_CHECKED."""
    best = found.newest
    if best is not None:
        one = best.attestation
        reason = f"{called(one)}, signed by {signer_of(one)}, joined {best.by.value}"
        return passed(reason, at=_at((best,), image))
    if found.invalid or found.elsewhere:
        bad = (*found.invalid, *found.elsewhere)
        words = [f"{called(m.attestation)}: {short_words(m.attestation.because)}" for m in found.invalid]
        words += [f"{called(m.attestation)} is about {_digest(m.attestation)}" for m in found.elsewhere]
        return failed(cut_list(words, len(words)), at=_at(bad, image))
    if found.undecided:
        because = short_words(found.undecided[0].attestation.because)
        return not_checked(f"{called(found.undecided[0].attestation)}: {because}", at=_at(found.undecided, image))
    weak = (*found.untrusted, *found.unsigned)
    if weak and not has_anchors(params.trust):
        reason = f"{called(weak[0].attestation)} is there, and the configuration names nobody who may sign (trust:)"
        return not_checked(reason, at=_at(weak, image))
    if weak:
        words = [f"{called(m.attestation)} is {m.attestation.trust.value}" for m in weak]
        return failed(cut_list(words, len(words)), at=_at(weak, image))
    return _none(image, chain, what)


def _none(image: Image, chain: SupplyChain, what: str) -> Verdict:
    here = image.at_config()
    if not chain.attestations:
        return not_checked("no signature and no attestation is in the evidence", at=[here])
    if image.digests.manifest is None:
        return not_checked(f"the digest of its manifest is not known, so no {what} can be joined to it", at=[here])
    return not_checked(f"no {what} in the evidence names its digest", at=[here])


def _digest(one: Attestation) -> str:
    return short(one.digests()[0]) if one.digests() else "no digest"


def _at(matches: tuple[AttestationMatch, ...], image: Image) -> list[At]:
    return [*(match.attestation.at() for match in matches[:_PLACES]), image.at_config()]
