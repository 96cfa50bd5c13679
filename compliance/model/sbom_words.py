"""What checks say of an SBOM in the same words."""

from __future__ import annotations

from compliance.model.check import Verdict, not_checked
from compliance.model.image_words import short
from compliance.model.sbom import Sbom


def uncounted(sbom: Sbom) -> Verdict:
    """NOT_CHECKED: a format that is no exchange format."""
    reason = f"{short(sbom.format)} JSON is no exchange format for SBOMs; hand in CycloneDX or SPDX of the same tool"
    return not_checked(reason, at=[sbom.at(sbom.components_at)])
