"""What the packet says of one image on its own page: pillars, hardening facts, and what is joined to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from compliance.model.evidence import Location
from compliance.model.image import Image
from compliance.model.proof_report import ImageVulnerabilities


class Standing(Enum):
    """Whether evidence shows a fact, shows its opposite, or says nothing."""

    SHOWN = "shown"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Link(Enum):
    """How firmly a kind of evidence is joined to an image (the packet's specification, `identity`)."""

    PROVEN = "proven"
    WEAK = "weak"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HardeningFact:
    """One fact of a hardened image. `because` is a sentence with the value seen; `at` the place that shows it."""

    id: str
    title: str
    standing: Standing
    because: str
    at: Location | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pillar:
    """One of the six questions about an image. `facts` are sentences with values; the first says most."""

    id: str
    title: str
    standing: Standing
    facts: tuple[str, ...]
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLink:
    """How firmly one side of the chain is joined to the image, and why; of a break, both sides.

    `kind` is `workload`, `digest`, `base`, `sbom`, `scan`, `signature`, `provenance`, `admission` or `owner`. `at` is
    the document that shows it, None where there is none.
    """

    kind: str
    link: Link
    because: str
    at: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """A layer as the page prints it.

    `origin_of` is `base NAME`, `added here`, or empty text where nobody declared a base.
    """

    number: int
    diff_id: str
    digest: str | None
    size: int
    unpacked: int
    members: int
    created_by: str
    origin_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReport:
    """One image. `age_days` is None when no trustworthy date is stated; `run_by` are subject ids of workloads.

    `identity` are the five kinds of evidence that can be joined to it, `chain` all links from the workload that runs it
    to whoever owns its next rebuild, these five among them. `vulnerabilities` is None where no usable scan is joined.
    """

    image: Image
    uid: int | None
    uid_words: str
    age_days: int | None
    age_words: str
    layers: tuple[LayerRow, ...]
    pillars: tuple[Pillar, ...]
    hardening: tuple[HardeningFact, ...]
    identity: tuple[IdentityLink, ...]
    run_by: tuple[str, ...]
    sboms: tuple[str, ...]
    base_words: str
    owner: str
    place: Location
    chain: tuple[IdentityLink, ...]
    vulnerabilities: ImageVulnerabilities | None
