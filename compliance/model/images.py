"""All images, SBOMs and Docker containers of the evidence, joined by digest with the workloads that run them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple, Protocol

from compliance.model.archive_manifest import archive_manifest
from compliance.model.cluster import WorkloadEntry
from compliance.model.configuration import BaseImage
from compliance.model.docker import DockerContainer, Dockerfile
from compliance.model.grouping import grouped
from compliance.model.image import Image
from compliance.model.image_reference import ImageReference, image_reference
from compliance.model.sbom import DescribedDigest, Sbom


class Document(Protocol):
    """What is joined to images: an SBOM or a scan. `inside` are digests that it names itself within a statement."""

    @property
    def digests(self) -> tuple[DescribedDigest, ...]: ...
    @property
    def diff_ids(self) -> tuple[str, ...]: ...
    @property
    def inside(self) -> tuple[DescribedDigest, ...]: ...


class Bound(Enum):
    """How two sides are joined. Only a digest proves that they speak of the same thing."""

    DIGEST = "by digest"
    INDEX = "by the digest of the list over all platforms"
    NAME = "by name and tag only"


class ImageMatch(NamedTuple):
    image: Image
    by: Bound


class SbomMatch(NamedTuple):
    """An SBOM of an image. `contradiction` says in words that it names the image and another digest, else is empty."""

    sbom: Sbom
    by: Bound
    contradiction: str


class BaseMatch(NamedTuple):
    """The declared base of an image: its lowest `layers` layers. `by` is `diff ids` or `digest`."""

    base: BaseImage
    layers: int
    by: str


class Use(NamedTuple):
    """A workload's reference to an image."""

    workload: WorkloadEntry
    reference: str
    by: Bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """What the evidence holds of images, one record for each subject: the one that shows most.

    Tuples are sorted by subject id. `by_digest` is keyed by index, manifest and config digests,
    `by_name` by `registry/repository:tag` in full. `uses` is keyed by the image's subject id.
    """

    images: tuple[Image, ...] = ()
    sboms: tuple[Sbom, ...] = ()
    containers: tuple[DockerContainer, ...] = ()
    dockerfiles: tuple[Dockerfile, ...] = ()
    workloads: tuple[WorkloadEntry, ...] = ()
    by_digest: Mapping[str, tuple[Image, ...]] = field(default_factory=dict)
    by_name: Mapping[str, tuple[Image, ...]] = field(default_factory=dict)
    sboms_by_digest: Mapping[str, tuple[Sbom, ...]] = field(default_factory=dict)
    sboms_by_name: Mapping[str, tuple[Sbom, ...]] = field(default_factory=dict)
    uses: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)

    def of_reference(self, reference: str) -> tuple[ImageMatch, ...]:
        """The images a reference may mean: by its digest if it has one, else by name and tag; may be none.

        A multi-platform digest gives one match for each platform handed in.
        """
        named = image_reference(reference)
        if named.digest is not None:
            found = self.by_digest.get(named.digest, ())
            return tuple(ImageMatch(image, _bound_to(image, named.digest)) for image in found)
        return tuple(ImageMatch(image, Bound.NAME) for image in self.by_name.get(full_name(named), ()))

    def of_digest(self, digest: str) -> tuple[ImageMatch, ...]:
        """The images that carry a digest as index, manifest or config."""
        return tuple(ImageMatch(image, _bound_to(image, digest)) for image in self.by_digest.get(digest, ()))

    def sboms_of(self, image: Image) -> tuple[SbomMatch, ...]:
        """The SBOMs of an image, those joined by digest first, then by subject id."""
        found: dict[str, SbomMatch] = {}
        own = (image.digests.manifest, image.digests.config, archive_manifest(image) if self.sboms else None)
        diff_ids = tuple(layer.diff_id for layer in image.layers)
        for digest in own:
            for sbom in self.sboms_by_digest.get(digest or "", ()):
                found.setdefault(sbom.subject.id, SbomMatch(sbom, *self.bound(sbom, Bound.DIGEST, image)))
        for sbom in self.sboms_by_digest.get(diff_ids[-1], ()) if diff_ids else ():
            if sbom.diff_ids == diff_ids:
                found.setdefault(sbom.subject.id, SbomMatch(sbom, Bound.DIGEST, ""))
        for sbom in self.sboms_by_digest.get(image.digests.index or "", ()):
            found.setdefault(sbom.subject.id, SbomMatch(sbom, *self.bound(sbom, Bound.INDEX, image)))
        for name in image.names:
            for sbom in self.sboms_by_name.get(full_name(image_reference(name)), ()):
                if any(named.digest in self.by_digest for named in sbom.digests):
                    continue  # of another build or platform that was handed in, too
                found.setdefault(sbom.subject.id, SbomMatch(sbom, Bound.NAME, contradiction(sbom, image)))
        order = list(Bound)
        return tuple(sorted(found.values(), key=lambda match: (order.index(match.by), match.sbom.subject.id)))

    def bound(self, document: Document, by: Bound, image: Image) -> tuple[Bound, str]:
        """How a document is joined by the digest of a statement, and what contradicts that, else empty text.

        A statement binds no document that is about something else.
        """
        doubt = self.doubt(document.inside, document.diff_ids, image)
        return (by, "") if doubt is None else (Bound.NAME, doubt)

    def doubt(self, inside: Sequence[DescribedDigest], diff_ids: tuple[str, ...], image: Image) -> str | None:
        """Why a document in a statement about an image is not about it: it names digests, and none is the image's.

        None where there is no doubt. Empty text where the digest may be that of a list over platforms that is not in
        the evidence, so that nobody knows.
        """
        layers = tuple(layer.diff_id for layer in image.layers)
        own = {*_digests(image), *layers}
        if not inside or any(found.digest in own for found in inside) or (layers and diff_ids == layers):
            return None
        archived = archive_manifest(image)
        if any(found.digest == archived for found in inside):
            return None
        other = inside[0].digest
        if image.digests.index is None and not any(found.digest in self.by_digest for found in inside):
            return ""
        return f"what carries it is about {image.said}, and it names the digest {other}, which is not this image's"

    def uses_of(self, image: Image) -> tuple[Use, ...]:
        """The workloads that run an image, those joined by digest first."""
        return self.uses.get(image.subject.id, ())

    def base_of(self, image: Image, declared: Iterable[BaseImage]) -> BaseMatch | None:
        """The declared base whose layers are the lowest of an image; the one with most layers when several fit."""
        mine = tuple(layer.diff_id for layer in image.layers)
        best: BaseMatch | None = None
        for base in declared:
            for diff_ids, by in self._diff_ids(base):
                fits = 0 < len(diff_ids) <= len(mine) and mine[: len(diff_ids)] == diff_ids
                if fits and (best is None or len(diff_ids) > best.layers):
                    best = BaseMatch(base, len(diff_ids), by)
        return best

    def _diff_ids(self, base: BaseImage) -> Iterable[tuple[tuple[str, ...], str]]:
        if base.diff_ids:
            yield base.diff_ids, "diff ids"
        if base.digest:
            for image in self.by_digest.get(base.digest, ()):
                yield tuple(layer.diff_id for layer in image.layers), "digest"


def full_name(named: ImageReference) -> str:
    """`registry/repository:tag` in full, whatever short form was written; without a tag it is latest."""
    return f"{named.path}:{named.tag or 'latest'}"


def _bound_to(image: Image, digest: str) -> Bound:
    return Bound.INDEX if digest == image.digests.index else Bound.DIGEST


def contradiction(document: Document, image: Image) -> str:
    """What a document that bears an image's name says of another digest; empty when it names no digest."""
    if not document.digests:
        return ""
    return f"it names {image.said} and the digest {document.digests[0].digest}, which is not this image's"


def join(
    images: Iterable[Image],
    sboms: Iterable[Sbom],
    containers: Iterable[DockerContainer],
    dockerfiles: Iterable[Dockerfile],
    workloads: Iterable[WorkloadEntry],
) -> Images:
    """Everything about images in one place, whatever the order it was read in."""
    distinct: dict[str, Image] = {}
    for image in sorted(images, key=_says_most):
        kept = distinct.setdefault(image.subject.id, image)
        if kept is not image:
            distinct[image.subject.id] = _joined(kept, image)
    ordered = tuple(distinct[key] for key in sorted(distinct))
    listed = tuple(sorted(sboms, key=lambda sbom: (sbom.subject.id, sbom.origin.path)))
    running = tuple(workloads)
    half = Images(
        images=ordered,
        sboms=listed,
        containers=tuple(sorted(containers, key=lambda one: (one.subject.id, one.origin.path))),
        dockerfiles=tuple(sorted(dockerfiles, key=lambda one: (one.subject.id, one.origin.path))),
        workloads=running,
        by_digest=grouped((digest, image) for image in ordered for digest in _digests(image)),
        by_name=grouped(
            (name, image)
            for image in ordered
            for name in sorted({full_name(image_reference(name)) for name in image.names})
        ),
        sboms_by_digest=grouped((digest, sbom) for sbom in listed for digest in _described(sbom)),
        sboms_by_name=grouped((full_name(image_reference(sbom.described)), sbom) for sbom in listed if sbom.described),
    )
    return _with_uses(half)


def _with_uses(half: Images) -> Images:
    uses: dict[str, list[Use]] = {}
    for workload in half.workloads:
        matches = [(name, half.of_reference(name)) for name in workload.images]
        matches += [(digest, half.of_digest(digest)) for digest in workload.image_ids]
        for reference, found in matches:
            for image, by in found:
                uses.setdefault(image.subject.id, []).append(Use(workload, reference, by))
    order = list(Bound)
    return replace(
        half,
        uses={
            key: tuple(sorted(found, key=lambda use: (order.index(use.by), use.workload.subject.id, use.reference)))
            for key, found in uses.items()
        },
    )


def _says_most(image: Image) -> tuple[bool, bool, str, str, str]:
    """Sort key: files before configuration, complete before incomplete, then by place."""
    return (
        image.filesystem is None,
        bool(image.incomplete),
        image.digests.manifest or "~",
        image.origin.path,
        image.origin.pointer,
    )


def _joined(kept: Image, other: Image) -> Image:
    """One image seen in two forms: the names and digests of both."""
    digests = replace(
        kept.digests,
        index=kept.digests.index or other.digests.index,
        manifest=kept.digests.manifest or other.digests.manifest,
    )
    return replace(kept, names=tuple(sorted({*kept.names, *other.names})), digests=digests)


def _digests(image: Image) -> tuple[str, ...]:
    found = (image.digests.index, image.digests.manifest, image.digests.config)
    return tuple(dict.fromkeys(digest for digest in found if digest))


def _described(sbom: Sbom) -> tuple[str, ...]:
    last = sbom.diff_ids[-1:]
    return tuple(dict.fromkeys([*(found.digest for found in sbom.digests), *last]))
