"""Images and what is joined to them in, one report for each image out: the page that the packet prints of it."""

from __future__ import annotations

from compliance.assess.hardening import hardening
from compliance.assess.image_facts import Known, known_of, located, owner_of, utc
from compliance.assess.pillars import pillars
from compliance.model.cluster import Cluster
from compliance.model.configuration import BaseImage, Configuration
from compliance.model.image import Image
from compliance.model.image_report import IdentityLink, ImageReport, LayerRow, Link
from compliance.model.images import BaseMatch, Bound, Images, SbomMatch
from compliance.rendering.text import count, cut, sentence

#: The label by which an image claims its base. Source: OCI image specification 1.1, "Pre-Defined Annotation Keys".
_BASE_LABEL = "org.opencontainers.image.base.name"

#: Evidence about an image that no reader takes, and what would be joined.
_NOT_READ = (
    ("scan", "no vulnerability scan is joined to it: scanners' reports are not read by this version"),
    ("signature", "no signature is joined to it: signatures are not verified by this version"),
    ("provenance", "no record of its build is joined to it: attestations are not read by this version"),
    ("admission", "no decision to admit it is joined to it: admission logs are not read by this version"),
)


def image_reports(
    images: Images, cluster: Cluster, configuration: Configuration, as_of: str
) -> tuple[ImageReport, ...]:
    """One report for each image, by subject id; `as_of` (ISO 8601, UTC) is the clock of ages."""
    approved = configuration.parameters.base_images
    return tuple(
        _report(known, images.base_of(known.image, approved), approved)
        for known in known_of(images, cluster, configuration, utc(as_of))
    )


def _report(known: Known, base: BaseMatch | None, approved: tuple[BaseImage, ...]) -> ImageReport:
    image = known.image
    links = (_sbom(known.sboms), *(_unread(kind, words) for kind, words in _NOT_READ))
    return ImageReport(
        image=image,
        uid=known.user.uid,
        uid_words=sentence(f"the image {known.user.words}"),
        age_days=known.age.days,
        age_words=sentence(known.age.words),
        layers=_layers(image, base),
        pillars=pillars(known),
        hardening=hardening(known, links),
        identity=links,
        run_by=tuple(sorted({use.workload.subject.id for use in known.uses})),
        sboms=tuple(match.sbom.subject.id for match in known.sboms),
        base_words=sentence(_base(image, base, approved)),
        owner=owner_of(known),
        place=located(image.at_config()),
    )


def _unread(kind: str, words: str) -> IdentityLink:
    return IdentityLink(kind=kind, link=Link.UNKNOWN, because=sentence(words))


def _sbom(matches: tuple[SbomMatch, ...]) -> IdentityLink:
    """The best of all SBOMs that speak of the image; only one that names its own digest proves anything."""
    if not matches:
        words = "no SBOM in the evidence names it; hand in one that was made from this digest"
        return IdentityLink(kind="sbom", link=Link.UNKNOWN, because=sentence(words))
    proven = [match for match in matches if match.by is Bound.DIGEST]
    weak = [match for match in matches if match.by is not Bound.DIGEST and not match.contradiction]
    best = (proven or weak or list(matches))[0]
    link = Link.PROVEN if proven else Link.WEAK if weak else Link.BROKEN
    others = len(matches) - 1
    words = (
        f"the {_format(best)} {cut(best.sbom.origin.path, 120)} is joined {best.by.value}"
        f"{': ' + best.contradiction if best.contradiction else ''}"
        f"{'; it may speak of another platform' if link is Link.WEAK and best.by is Bound.INDEX else ''}"
        f"{'; it may speak of another build' if link is Link.WEAK and best.by is Bound.NAME else ''}"
        f"{f'; {others:,} more name it' if others else ''}"
    )
    return IdentityLink(kind="sbom", link=link, because=sentence(words))


def _format(match: SbomMatch) -> str:
    names = {"cyclonedx": "CycloneDX SBOM", "spdx": "SPDX SBOM", "syft": "Syft SBOM"}
    return names.get(match.sbom.format, "SBOM")


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
