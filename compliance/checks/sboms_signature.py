"""SBOM and the signed documents of the evidence in, verdict out: whether somebody trusted signed the SBOM."""

from __future__ import annotations

from compliance.model.attestation import Attestation, Trust
from compliance.model.check import Verdict, check, failed, listed, not_checked, passed
from compliance.model.image_words import short
from compliance.model.outcome import Severity
from compliance.model.sbom import Sbom
from compliance.model.supply_chain import SupplyChain


@check(
    id="sbom-author-signature",
    title="SBOM is signed by somebody trusted",
    severity=Severity.MEDIUM,
    fix="Sign the SBOM as an attestation of the image (cosign attest), and name the key or identity under `trust`.",
)
def sbom_author_signature(sbom: Sbom, supply_chain: SupplyChain) -> Verdict:
    """The statement that carries the SBOM, or one about its file's digest, has a signature that holds and is trusted.

    FAIL when a signature does not hold. NOT_CHECKED without a signature, or with one by nobody that the
    configuration trusts: a signature may have been left out of the evidence. A signature inside the document itself
    is not verified.
    Source: CISA, "2026 Minimum Elements for an SBOM", SBOM author signature.
    """
    about = _about(sbom, supply_chain)
    verified = [one for one in about if one.trust is Trust.VERIFIED]
    invalid = [one for one in about if one.trust is Trust.INVALID]
    if invalid:
        return failed(_told(invalid, "a signature that does not hold"), at=[one.at() for one in invalid])
    if verified:
        signers = listed((short(one.signer or one.fingerprint) for one in verified), limit=3)
        return passed(f"signed and verified, by {signers}", at=[sbom.at(), *(one.at() for one in verified)])
    if about:
        at = [sbom.at(), *(one.at() for one in about)]
        return not_checked(_told(about, f"no verified signature ({about[0].trust.value})"), at=at)
    elements = sbom.elements
    inside = "; the one inside the document is not verified" if elements is not None and elements.signed_inside else ""
    return not_checked(f"no signature over the SBOM is in the evidence{inside}", at=[sbom.at()])


def _about(sbom: Sbom, chain: SupplyChain) -> list[Attestation]:
    """What carries the SBOM, and what is about the digest of its file, by subject id."""
    carrier = sbom.subject.id.removeprefix("sbom/")
    found = {one.subject.id: one for one in chain.attestations_by_id.get(carrier, ())}
    if not sbom.origin.pointer:
        for one in chain.attestations_by_digest.get(f"sha256:{sbom.origin.sha256}", ()):
            found.setdefault(one.subject.id, one)
    return [found[key] for key in sorted(found)]


def _told(about: list[Attestation], what: str) -> str:
    return f"{what}: {'; '.join(f'{short(one.origin.path)}: {one.because[:300]}' for one in about[:3])}"
