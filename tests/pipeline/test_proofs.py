"""Signed documents as they are read: the attestation, and what it carries or only promises to carry."""

from __future__ import annotations

import json

import pytest

from compliance.errors import EvidenceError
from compliance.model.attestation import Attestation, Trust
from compliance.model.sbom import Sbom
from compliance.pipeline.proofs import records_of
from tests.verification import making

BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [{"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1"}],
}


def signed(predicate: object) -> list[object]:
    key = making.p256()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": "a" * 64}}],
        "predicateType": "https://cyclonedx.org/bom",
        "predicate": predicate,
    }
    document = making.read(making.dsse(json.dumps(statement).encode(), [(key, None)]))
    return list(records_of(document, making.key_trust(key)))


def test_a_carried_sbom_is_read_and_bound_by_the_statement() -> None:
    """The digest of the statement's subject is what the SBOM is joined by."""
    attestation, sbom = signed(BOM)
    assert isinstance(attestation, Attestation)
    assert (attestation.trust, attestation.unread) == (Trust.VERIFIED, "")
    assert isinstance(sbom, Sbom)
    assert [one.digest for one in sbom.digests] == [f"sha256:{'a' * 64}"]


@pytest.mark.parametrize("predicate", [{}, {"bomFormat": "CycloneDX", "specVersion": "9.9"}], ids=["empty", "unknown"])
def test_a_signature_over_no_sbom_is_told(predicate: object) -> None:
    """A verified statement that promises an SBOM and holds none is not one that shows an SBOM."""
    attestation, *rest = signed(predicate)
    assert isinstance(attestation, Attestation)
    assert attestation.trust is Trust.VERIFIED
    assert "SBOM" in attestation.unread
    assert all(isinstance(one, EvidenceError) for one in rest)
