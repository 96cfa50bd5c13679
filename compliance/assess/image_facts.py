"""An image with everything that is joined to it in, the values that its page is made of out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from compliance.model.check import listed
from compliance.model.cluster import Cluster
from compliance.model.configuration import Configuration
from compliance.model.image import Facts, Image
from compliance.model.image_reference import image_reference
from compliance.model.image_user import UserVerdict, effective_user
from compliance.model.images import Bound, Images, SbomMatch, Use
from compliance.model.proof_report import ImageVulnerabilities
from compliance.model.supply_chain import SupplyChain
from compliance.rendering.text import count, cut, middle

#: Files named in one sentence, and characters of a path; the lists of the page hold more.
FILES_TOLD, PATH_TOLD = 2, 48
#: Labels by which an image names who keeps it.
#: Source: OCI image specification 1.1, "Pre-Defined Annotation Keys"; Docker's deprecated MAINTAINER.
OWNER_LABELS = ("org.opencontainers.image.authors", "org.opencontainers.image.vendor", "maintainer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """Whole days since an image was built; None with the reason in `words` when no date can be trusted."""

    days: int | None
    words: str
    built: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One image and what the evidence joins to it. `absent` is empty text when files not found are proven absent.

    `builds` are the trusted dates of all images that bear a name of the same repository, this one's among them,
    oldest first and each once. `vulnerabilities` is None without a usable scan.
    """

    image: Image
    age: Age
    user: UserVerdict
    uses: tuple[Use, ...]
    sboms: tuple[SbomMatch, ...]
    builds: tuple[datetime, ...]
    cluster: Cluster
    configuration: Configuration
    absent: str
    chain: SupplyChain
    clock: datetime
    vulnerabilities: ImageVulnerabilities | None


def known_of(
    images: Images,
    cluster: Cluster,
    configuration: Configuration,
    clock: datetime,
    chain: SupplyChain,
    vulnerabilities: Iterable[ImageVulnerabilities],
) -> tuple[Known, ...]:
    """Every image of the evidence, by subject id."""
    ages = {image.subject.id: age_of(image, clock) for image in images.images}
    builds = _builds(images.images, ages)
    rows = {row.image: row for row in vulnerabilities}
    return tuple(
        Known(
            image=image,
            age=ages[image.subject.id],
            user=effective_user(image),
            uses=images.uses_of(image),
            sboms=images.sboms_of(image),
            builds=tuple(sorted({date for name in repositories(image) for date in builds.get(name, ())})),
            cluster=cluster,
            configuration=configuration,
            absent=why_unproven(image),
            chain=chain,
            clock=clock,
            vulnerabilities=rows.get(image.subject.id),
        )
        for image in sorted(images.images, key=lambda one: one.subject.id)
    )


def _builds(images: Iterable[Image], ages: Mapping[str, Age]) -> Mapping[str, Sequence[datetime]]:
    found: dict[str, list[datetime]] = {}
    for image in images:
        built = ages[image.subject.id].built
        if built is not None:
            for name in repositories(image):
                found.setdefault(name, []).append(built)
    return found


def repositories(image: Image) -> tuple[str, ...]:
    """`registry/repository` of every name, sorted."""
    return tuple(sorted({image_reference(name).path for name in image.names}))


def age_of(image: Image, clock: datetime) -> Age:
    """The age by the date that the configuration states; a date in the future or at the epoch is none."""
    written = image.config.created
    if written is None:
        stated = image.config.created_as_written
        said = f"the date stated, {cut(stated, 40)}, is a placeholder" if stated else "the image states no date"
        return Age(days=None, words=f"{said}, so its age is not known", built=None)
    try:
        stated_at = datetime.fromisoformat(written)
    except ValueError:
        return Age(days=None, words=f"the date stated, {cut(written, 40)}, is no date", built=None)
    if stated_at.tzinfo is None:
        return Age(days=None, words=f"the date stated, {cut(written, 40)}, names no time zone", built=None)
    days = (clock - stated_at).days
    if days < 0:
        words = f"the date stated, {stated_at:%Y-%m-%d}, lies after this assessment and cannot be trusted"
        return Age(days=None, words=words, built=None)
    return Age(days=days, words=f"built {stated_at:%Y-%m-%d}, {count(days, 'day')} ago", built=stated_at)


def why_unproven(image: Image) -> str:
    """Why a file that was not found may stand in the image all the same; empty text when it is proven absent."""
    if image.filesystem is None:
        return "only the configuration was handed in, no layer"
    if image.os == "windows":
        return "an image for Windows, whose layers keep files and rights in a way that this version does not read"
    return image.incomplete


def owner_of(known: Known) -> str:
    """Who is named in compliance.yaml for the image, by subject id, name or repository; empty text when nobody is."""
    image = known.image
    names = (image.subject.id, *image.names, *repositories(image))
    owners = known.configuration.owners
    return next((owner for pattern, owner in owners.items() if any(fnmatchcase(name, pattern) for name in names)), "")


def claimed_owner(image: Image) -> str:
    """`maintainer says X` of the first label that names somebody; empty text when none does."""
    labels = image.config.labels
    return next((f"the label {key} says {cut(labels[key], 80)}" for key in OWNER_LABELS if labels.get(key)), "")


def told(facts: Facts) -> str:
    """`/bin/bash, /bin/sh and 3 more`: the first files by path, and how many more there are."""
    named = [middle(fact.path, PATH_TOLD) for fact in facts.items[:FILES_TOLD]]
    more = facts.total - len(named)
    return f"{', '.join(named)} and {more:,} more" if more > 0 else ", ".join(named)


def places(uses: Iterable[Use]) -> str:
    """The workloads of some uses as a sentence names them, each once."""
    return listed(dict.fromkeys(use.workload.said() for use in uses), limit=4)


def by_digest(uses: Iterable[Use]) -> tuple[Use, ...]:
    """The uses that surely are of this image's bytes, not of what its name meant at another time."""
    return tuple(use for use in uses if use.by is not Bound.NAME)


def utc(as_of: str) -> datetime:
    """The clock of an assessment (ISO 8601, UTC)."""
    return datetime.fromisoformat(as_of).astimezone(UTC)
