"""Everything that is proof about images, joined to them by digest: attestations, scans, VEX, catalogs, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from compliance.model.admission_decision import AdmissionDecision
from compliance.model.attestation import Attestation
from compliance.model.evidence import Origin
from compliance.model.gate import Gate, gate_of
from compliance.model.grouping import grouped
from compliance.model.image import Image
from compliance.model.image_reference import image_reference
from compliance.model.images import Bound, Images, contradiction, full_name
from compliance.model.purls import package_url
from compliance.model.scan_lineage import Sighting, lineages_of, sightings_of
from compliance.model.vulnerability import EpssScores, KevCatalog, ScanReport, SsvcRecord, VexDocument, VexStatement
from compliance.model.vulnerability_names import names_of, primaries

#: Products and components of one statement that are compared with those of others.
PAIRS = 1_000


class AttestationMatch(NamedTuple):
    attestation: Attestation
    by: Bound


class Spoken(NamedTuple):
    """A statement and the document it stands in."""

    document: VexDocument
    statement: VexStatement


class ScanMatch(NamedTuple):
    """A scan of an image. `contradiction` says that it names the image and another digest, else is empty."""

    scan: ScanReport
    by: Bound
    contradiction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyChain:
    """Proof about images. Tuples are sorted by subject id, then place; `ssvc` is keyed by vulnerability.

    `names` are the primary ids of vulnerabilities by their other ids; `vex_by_package` is keyed by primary ids with
    ecosystem, name and version of the package that a statement speaks of (see `packages_of`), `vex_said` by primary
    ids with time, product and component. `lineages` are all scans of builds of one repository, by date; `sightings`
    are what they saw by (primary id, ecosystem, package), and stand only for repositories that were scanned on more
    than one day. `gate` finds `decisions`.
    """

    images: Images
    attestations: tuple[Attestation, ...] = ()
    scans: tuple[ScanReport, ...] = ()
    vex: tuple[VexDocument, ...] = ()
    kev: tuple[KevCatalog, ...] = ()
    epss: tuple[EpssScores, ...] = ()
    ssvc: Mapping[str, tuple[SsvcRecord, ...]] = field(default_factory=dict)
    decisions: tuple[AdmissionDecision, ...] = ()
    attestations_by_digest: Mapping[str, tuple[Attestation, ...]] = field(default_factory=dict)
    attestations_by_id: Mapping[str, tuple[Attestation, ...]] = field(default_factory=dict)
    attestations_by_place: Mapping[tuple[str, str, int], tuple[Attestation, ...]] = field(default_factory=dict)
    scans_by_digest: Mapping[str, tuple[ScanReport, ...]] = field(default_factory=dict)
    scans_by_name: Mapping[str, tuple[ScanReport, ...]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vex_by_package: Mapping[tuple[str, str, str, str], tuple[Spoken, ...]] = field(default_factory=dict)
    vex_said: Mapping[tuple[str, str, str, str], Mapping[str, Spoken]] = field(default_factory=dict)
    lineages: Mapping[str, tuple[ScanReport, ...]] = field(default_factory=dict)
    sightings: Mapping[str, Mapping[tuple[str, str, str], Sighting]] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)

    def attestations_of(self, image: Image) -> tuple[AttestationMatch, ...]:
        """Attestations about an image: by its manifest digest first, then by that of its index."""
        found: dict[str, AttestationMatch] = {}
        for digest, by in ((image.digests.manifest, Bound.DIGEST), (image.digests.index, Bound.INDEX)):
            for one in self.attestations_by_digest.get(digest or "", ()):
                found.setdefault(one.subject.id, AttestationMatch(one, by))
        return tuple(found.values())

    def scans_of(self, image: Image) -> tuple[ScanMatch, ...]:
        """Scans of an image, those joined by digest first, then by subject id."""
        found: dict[str, ScanMatch] = {}
        for digest in (image.digests.manifest, image.digests.config):
            for scan in self.scans_by_digest.get(digest or "", ()):
                found.setdefault(scan.subject.id, ScanMatch(scan, *self.images.bound(scan, Bound.DIGEST, image)))
        for scan in self.scans_by_digest.get(image.digests.index or "", ()):
            found.setdefault(scan.subject.id, ScanMatch(scan, *self.images.bound(scan, Bound.INDEX, image)))
        for name in image.names:
            for scan in self.scans_by_name.get(full_name(image_reference(name)), ()):
                found.setdefault(scan.subject.id, ScanMatch(scan, Bound.NAME, contradiction(scan, image)))
        order = list(Bound)
        return tuple(sorted(found.values(), key=lambda match: (order.index(match.by), match.scan.subject.id)))

    def contradicting(self, document: VexDocument, statement: VexStatement) -> list[Spoken]:
        """Statements made at the same time on the same vulnerability and product that say otherwise: one a status."""
        found: dict[str, Spoken] = {}
        for name in primaries(statement.id, self.names):
            for pair in _pairs(document, statement):
                for status, spoken in self.vex_said.get((name, *pair), {}).items():
                    if status != statement.status:
                        found.setdefault(status, spoken)
        return [found[status] for status in sorted(found)]

    def carrying(self, document: VexDocument) -> tuple[Attestation, ...]:
        """The attestations that a VEX document was taken out of; none for a document that stands by itself."""
        place = document.origin
        near = self.attestations_by_place.get((place.sha256, place.path, place.offset), ())
        return tuple(one for one in near if place.pointer.startswith(one.origin.pointer))

    def signing(self, document: VexDocument) -> tuple[Attestation, ...]:
        """The attestations whose signatures are over a VEX document: those that carry it, or are over its file."""
        over = self.attestations_by_digest.get(f"sha256:{document.origin.sha256}", ())
        return tuple({one.subject.id: one for one in (*self.carrying(document), *over)}.values())


def join_proof(
    images: Images,
    attestations: Iterable[Attestation],
    scans: Iterable[ScanReport],
    vex: Iterable[VexDocument],
    kev: Iterable[KevCatalog],
    epss: Iterable[EpssScores],
    ssvc: Iterable[SsvcRecord],
    decisions: Iterable[AdmissionDecision],
) -> SupplyChain:
    """All proof in one place, whatever the order it was read in."""
    signed = tuple(sorted(attestations, key=lambda one: (one.subject.id, _place(one.origin))))
    reports = tuple(sorted(scans, key=lambda one: (one.subject.id, _place(one.origin))))
    spoken = tuple(sorted(vex, key=lambda one: (one.subject.id, _place(one.origin))))
    names = names_of((found.id, found.aliases) for scan in reports for found in scan.findings)
    lineages = lineages_of(reports, images)
    records = sorted(ssvc, key=lambda one: (one.id, one.timestamp, _place(one.origin)))
    decided = tuple(sorted(decisions, key=lambda one: (one.subject.id, _place(one.origin), one.pointer)))
    by_id = grouped(
        (primary, Spoken(document, statement))
        for document in spoken
        for statement in document.statements
        for primary in sorted({each for one in (statement.id, *statement.aliases) for each in primaries(one, names)})
    )
    return SupplyChain(
        images=images,
        attestations=signed,
        scans=reports,
        vex=spoken,
        kev=tuple(sorted(kev, key=lambda one: (one.subject.id, _place(one.origin)))),
        epss=tuple(sorted(epss, key=lambda one: (one.subject.id, _place(one.origin)))),
        ssvc=grouped((one.id, one) for one in records),
        decisions=decided,
        attestations_by_digest=grouped(
            (digest, one)
            for one in signed
            for digest in dict.fromkeys([*one.digests(), *([one.refers_to] if one.refers_to else [])])
        ),
        attestations_by_id=grouped((one.subject.id, one) for one in signed),
        attestations_by_place=grouped(((one.origin.sha256, one.origin.path, one.origin.offset), one) for one in signed),
        scans_by_digest=grouped((found.digest, one) for one in reports for found in one.digests),
        scans_by_name=grouped(
            (full_name(image_reference(one.target)), one)
            for one in reports
            if one.target and one.target_type in ("", "container")
        ),
        names=names,
        vex_said=_said(by_id),
        vex_by_package=grouped(
            ((primary, *package), one)
            for primary, each in by_id.items()
            for one in each
            for package in packages_of(one.statement)
        ),
        lineages=lineages,
        sightings=sightings_of(lineages, names),
        gate=gate_of(decided, images.workloads),
    )


def _pairs(document: VexDocument, statement: VexStatement) -> Iterator[tuple[str, str, str]]:
    """When a statement was made, with each of its products and components, at most `PAIRS` of them."""
    when = statement.timestamp or document.created or ""
    pairs = ((when, product, one) for product in statement.products for one in statement.components or ("",))
    return islice(pairs, PAIRS)


def _said(by_id: Mapping[str, tuple[Spoken, ...]]) -> dict[tuple[str, str, str, str], dict[str, Spoken]]:
    """The first statement of each status by id, time, product and component; of ids that several speak of."""
    found: dict[tuple[str, str, str, str], dict[str, Spoken]] = {}
    for name, each in by_id.items():
        for one in each if len(each) > 1 else ():
            for pair in _pairs(one.document, one.statement):
                found.setdefault((name, *pair), {}).setdefault(one.statement.status, one)
    return found


def packages_of(statement: VexStatement) -> tuple[tuple[str, str, str], ...]:
    """Ecosystem, name and version of the packages that a statement may speak of, each once.

    An empty version means every version; all three are empty where it speaks of an image as a whole.
    """
    within = bool(statement.components)
    texts = statement.components if within else statement.products
    known = statement.component_packages if within else statement.product_packages
    found = []
    is_wide = not within and not texts
    for text, package in zip(texts, known if len(known) == len(texts) else (None,) * len(texts), strict=True):
        url = package_url(text)
        one = package or url
        if one is not None:
            found.append((one.ecosystem, one.name, one.version))
        is_wide = is_wide or (not within and (url is None or url.ecosystem in ("oci", "docker")))
    if is_wide:
        found.append(("", "", ""))
    return tuple(dict.fromkeys(found))


def _place(origin: Origin) -> tuple[str, str, int]:
    return (origin.path, origin.pointer, origin.offset)
