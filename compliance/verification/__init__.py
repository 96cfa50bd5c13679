"""Signed documents in, attestations with a verdict on their signatures out: offline, by configured trust alone.

Nothing here reads a clock or a network. What `cryptography` and `rfc3161-client` do is imported on first use.
"""

from __future__ import annotations

from compliance.model.attestation import Attestation
from compliance.model.configuration import TrustPolicy
from compliance.model.signed import SignedDocument


def verify(document: SignedDocument, trust: TrustPolicy) -> Attestation:
    """The document's claim with the verdict on its signatures: `trust`, `because`, signer, proven time and claims.

    Never raises on what a document holds. A certificate is judged at the time that a trusted log or timestamp
    authority proves, never at another; without one nobody can say that it was valid when it signed, and the
    document is `signed-untrusted`. A signature by a configured key needs no time.
    """
    from compliance.verification.engine import attested

    return attested(document, trust)


def trust_faults(trust: TrustPolicy) -> tuple[str, ...]:
    """What of the configured trust cannot be used, a sentence each: keys and trusted roots that cannot be read."""
    from compliance.verification.anchors import anchors

    return anchors(trust).faults
