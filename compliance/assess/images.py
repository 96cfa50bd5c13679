"""Images and what is joined to them in, one report for each image out: the page that the packet prints of it."""

from __future__ import annotations

from compliance.assess.hardening import hardening
from compliance.assess.identity import chain, identity
from compliance.assess.image_facts import Known, known_of, owner_of, utc
from compliance.assess.pillars import pillars
from compliance.model.cluster import Cluster
from compliance.model.configuration import BaseImage, Configuration
from compliance.model.image import Image
from compliance.model.image_report import ImageReport, LayerRow
from compliance.model.images import BaseMatch, Images
from compliance.model.proof_report import VulnerabilityReport
from compliance.model.supply_chain import SupplyChain
from compliance.rendering.text import count, cut, sentence

#: The label by which an image claims its base. Source: OCI image specification 1.1, "Pre-Defined Annotation Keys".
_BASE_LABEL = "org.opencontainers.image.base.name"


def image_reports(
    images: Images,
    cluster: Cluster,
    configuration: Configuration,
    as_of: str,
    supply_chain: SupplyChain,
    vulnerabilities: VulnerabilityReport,
) -> tuple[ImageReport, ...]:
    """One report for each image, by subject id; `as_of` (ISO 8601, UTC) is the clock of ages."""
    approved = configuration.parameters.base_images
    return tuple(
        _report(known, images.base_of(known.image, approved), approved)
        for known in known_of(images, cluster, configuration, utc(as_of), supply_chain, vulnerabilities.images)
    )


def _report(known: Known, base: BaseMatch | None, approved: tuple[BaseImage, ...]) -> ImageReport:
    image = known.image
    base_words = _base(image, base, approved)
    links = chain(known, base, base_words)
    return ImageReport(
        image=image,
        uid=known.user.uid,
        uid_words=sentence(f"the image {known.user.words}"),
        age_days=known.age.days,
        age_words=sentence(known.age.words),
        layers=_layers(image, base),
        pillars=pillars(known),
        hardening=hardening(known, links),
        identity=identity(links),
        run_by=tuple(sorted({use.workload.subject.id for use in known.uses})),
        sboms=tuple(match.sbom.subject.id for match in known.sboms),
        base_words=sentence(base_words),
        owner=owner_of(known),
        place=image.at_config().location(),
        chain=links,
        vulnerabilities=known.vulnerabilities,
    )


def _layers(image: Image, base: BaseMatch | None) -> tuple[LayerRow, ...]:
    return tuple(
        LayerRow(
            number=layer.number,
            diff_id=layer.diff_id,
            digest=layer.digest,
            size=layer.size,
            unpacked=layer.unpacked,
            members=layer.members,
            created_by=layer.created_by,
            origin_of=_origin(layer.number, base),
        )
        for layer in image.layers
    )


def _origin(number: int, base: BaseMatch | None) -> str:
    if base is None:
        return ""
    return f"base {base.base.name}" if number <= base.layers else "added here"


def _base(image: Image, base: BaseMatch | None, approved: tuple[BaseImage, ...]) -> str:
    total = count(len(image.layers), "layer")
    if base is not None:
        return f"the lowest {base.layers:,} of {total} are those of {cut(base.base.name, 80)}, compared by {base.by}"
    claim = image.config.labels.get(_BASE_LABEL, "")
    claimed = f"; its label claims {cut(claim, 80)}, which proves nothing" if claim else ""
    if not approved:
        return f"nobody declared approved bases: name them under base_images: in compliance.yaml{claimed}"
    return f"it begins with the layers of none of {count(len(approved), 'approved base')}{claimed}"
