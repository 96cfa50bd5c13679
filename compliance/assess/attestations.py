"""Verified and unverified attestations in, a row for each out, with the images that it is about."""

from __future__ import annotations

from compliance.model.proof_report import AttestationRow
from compliance.model.supply_chain import SupplyChain


def attestation_rows(chain: SupplyChain) -> tuple[AttestationRow, ...]:
    """All attestations in the order of their subject ids; an image is named only by a digest that they state."""
    return tuple(
        AttestationRow(
            one,
            one.at().location(),
            tuple(
                sorted({match.image.subject.id for digest in one.digests() for match in chain.images.of_digest(digest)})
            ),
        )
        for one in chain.attestations
    )
