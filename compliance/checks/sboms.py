"""SBOM in, verdicts out on the document by itself: what it is about, who made it and when, what its entries say."""

from __future__ import annotations

from datetime import datetime

from compliance.model.check import Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.faults import counted
from compliance.model.image_words import short
from compliance.model.outcome import Severity
from compliance.model.sbom import Component, Sbom
from compliance.model.times import is_after, moment


@check(
    id="sbom-subject-digest",
    title="SBOM names its image by digest",
    severity=Severity.MEDIUM,
    fix="Make the SBOM from the image by digest: syft registry/image@sha256:..., or trivy image --format cyclonedx.",
)
def sbom_subject_digest(sbom: Sbom) -> Verdict:
    """The document names what it describes by a sha256 digest, or by the diff ids of all its layers.

    A name and tag can be given to another image tomorrow. NOT_APPLICABLE for an SBOM that says it is about
    something else than an image.
    Source: CISA, "2026 Minimum Elements for an SBOM", component hash; NIST SP 800-190, 4.1.5.
    """
    named = f"it describes {short(sbom.described)}" if sbom.described else "it does not say what it describes"
    if sbom.digests:
        seen = ", ".join(short(found.digest) for found in sbom.digests[:3])
        at = [sbom.at(found.pointer) for found in sbom.digests[:3]]
        return passed(f"{named}, by {counted(len(sbom.digests), 'digest')}: {seen}", at=at)
    if sbom.diff_ids:
        layers = counted(len(sbom.diff_ids), "layer")
        return passed(f"{named}, by the diff ids of {layers}", at=[sbom.at(sbom.described_at)])
    if sbom.described_type not in ("", "container"):
        reason = f"{named}, which is no image: its type is {short(sbom.described_type)}"
        return not_applicable(reason, at=[sbom.at(sbom.described_at)])
    return failed(f"{named}, and gives no digest of it", at=[sbom.at(sbom.described_at)])


@check(
    id="sbom-creation",
    title="SBOM says when and by which tool it was made",
    severity=Severity.LOW,
    fix="Write the SBOM in a format that carries both: CycloneDX or SPDX, by a tool that states its name and version.",
)
def sbom_creation(sbom: Sbom) -> Verdict:
    """A date that is one, and at least one tool with its version, are stated.

    Source: CISA, "2026 Minimum Elements for an SBOM", timestamp, tool name, tool version; NTIA, "The Minimum
    Elements for an SBOM" (2021).
    """
    faults, at = [], []
    if sbom.created is None:
        faults.append("it does not say when it was made")
        at.append(sbom.at(sbom.created_at))
    elif moment(sbom.created) is None:
        faults.append(f"it was made {short(sbom.created)!r}, which is no date")
        at.append(sbom.at(sbom.created_at))
    if not sbom.tools:
        faults.append("it names no tool that made it")
        at.append(sbom.at(sbom.tools_at))
    elif not any(" " in tool for tool in sbom.tools):
        faults.append(f"it names {listed(map(short, sbom.tools))} without a version")
        at.append(sbom.at(sbom.tools_at))
    if faults:
        return failed("; ".join(faults), at=at)
    reason = f"made {sbom.created} by {listed(map(short, sbom.tools))}"
    return passed(reason, at=[sbom.at(sbom.created_at), sbom.at(sbom.tools_at)])


@check(
    id="sbom-date",
    title="SBOM is not from the future",
    severity=Severity.MEDIUM,
    fix="Correct the clock of the machine that made the SBOM, and make it again.",
)
def sbom_date(sbom: Sbom, as_of: datetime) -> Verdict:
    """The date of the document is not later than the assessment; a day is allowed for clocks and time zones.

    Source: project judgement; a date that cannot be true makes every statement about age worthless.
    """
    at = [sbom.at(sbom.created_at)]
    made = moment(sbom.created or "")
    if made is None:
        return not_checked("it states no date that could be compared", at=at)
    if is_after(made, as_of):
        return failed(f"made {sbom.created}, after the day of this assessment ({as_of:%Y-%m-%d})", at=at)
    return passed(f"made {sbom.created}, not after this assessment ({as_of:%Y-%m-%d})", at=at)


@check(
    id="sbom-components",
    title="Every component of the SBOM has a name, a version and a package URL",
    severity=Severity.LOW,
    fix="Make the SBOM from the built image, where versions are known, by a tool that writes package URLs.",
)
def sbom_components(sbom: Sbom) -> Verdict:
    """Every component has a name, a version, and a package URL of a sound shape; there is at least one.

    Files, the operating system's own entry and the described thing are no components.
    Source: CISA, "2026 Minimum Elements for an SBOM", component name, version, identifiers.
    """
    at = [sbom.at(sbom.components_at)]
    total = len(sbom.components)
    if not total:
        return failed(f"it lists no component ({counted(sbom.components_total, 'entry', 'entries')} in all)", at=at)
    short_of = (
        ("a name", [found for found in sbom.components if not found.name]),
        ("a version", [found for found in sbom.components if not found.version]),
        ("a package URL that can be used", [found for found in sbom.components if not found.ecosystem]),
    )
    faults = [f"{len(found):,} without {what} ({_examples(found)})" for what, found in short_of if found]
    if faults:
        return failed(f"of {counted(total, 'component')}: {'; '.join(faults)}", at=at)
    return passed(f"{counted(total, 'component')}, each with a name, a version and a package URL", at=at)


def _examples(found: list[Component]) -> str:
    told = [short(f"{one.name or 'nameless'} {one.version}".rstrip()) for one in found[:4]]
    return listed(told) if len(found) <= 4 else f"{', '.join(told)} and {len(found) - 4:,} more"
