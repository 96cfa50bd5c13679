"""Software bills of materials as records: what they describe, who made them, and the components they list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from compliance.model.evidence import At, Origin, Subject


class Component(NamedTuple):
    """A component by purl type (`deb`, `npm`, ...; empty text without a purl), name and version.

    `name` is as the ecosystem compares it: with the namespace for npm and golang (`@babel/core`,
    `github.com/x/y`), normalised for pypi (PEP 503), without the namespace for deb, apk and rpm.
    `version` has epoch and release as the purl's version and its `epoch` qualifier give them; empty
    text when unknown.
    """

    ecosystem: str
    name: str
    version: str


class DescribedDigest(NamedTuple):
    """A digest by which an SBOM names what it describes, and the JSON pointer it stands at."""

    digest: str
    pointer: str


class Stated(NamedTuple):
    """How many components state one element of the minimum; `element` is its word, such as `supplier`.

    `strict` components state it in the format's own field, `with_fallback` in that or in another one;
    `fallbacks` are those other fields with how many components rest on each, the most used first.
    `missing` are the names of the first components that state it nowhere, `weak` of the first that
    state it in another field only.
    """

    element: str
    strict: int
    with_fallback: int
    fallbacks: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    weak: tuple[str, ...]


class SbomTool(NamedTuple):
    """A tool by name and version; empty text for what is not stated."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """What an SBOM states of the minimum elements, counted.

    Source: NTIA, "The Minimum Elements for an SBOM" (2021); CISA, "2026 Minimum Elements for an SBOM".

    `components` is how many were counted: those of `Sbom.components`. `stated` is sorted by element.
    `authors` are the people and organisations that made the document, `author_fallbacks` those named in
    another field, with its name. `contexts` are the phases in which it was made; `context_fallbacks`
    words of a free text that name one. `serial` identifies the document (serial number, namespace or
    URI), `revision` numbers its issues; empty text where the format or the document has none.
    `dangling` counts ends of relationships that name nothing in the document, `dangling_names` the
    first. `unknowns` say in words where the document states that something is not known or not whole.
    `signed_inside` tells a signature in the document itself, which nobody verified.
    """

    components: int
    stated: tuple[Stated, ...]
    authors: tuple[str, ...]
    authors_at: str
    author_fallbacks: tuple[str, ...]
    tools: tuple[SbomTool, ...]
    contexts: tuple[str, ...]
    context_fallbacks: tuple[str, ...]
    contexts_at: str
    serial: str
    serial_at: str
    revision: str
    revision_at: str
    relationships_at: str
    dangling: int
    dangling_names: tuple[str, ...]
    unknowns: tuple[str, ...]
    unknowns_at: str
    signed_inside: bool = False

    def of(self, element: str) -> Stated:
        """The count of one element.

        Raises:
            KeyError: there is no such element.
        """
        for one in self.stated:
            if one.element == element:
                return one
        raise KeyError(element)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbom:
    """One SBOM. `format` is `cyclonedx`, `spdx` or `syft`; `version` that of the format.

    `described` is the name of what it is about, as written (often `repository:tag`), `described_at`
    its pointer. `digests` are sha256 digests of the described thing itself (manifest, index or
    config), `diff_ids` those of its layers where the tool lists them. `created` is ISO 8601, None
    when absent; `created_at` its pointer. `tools` are `name version`, sorted. `components` leaves out
    the described thing itself, files, and operating-system entries; `components_total` counts all
    entries of any kind. `distro` is `id-version` where the tool says it, else empty text.
    `described_type` is what kind of thing it is about, as the tool says (`container`, `application`,
    `directory`); empty text where it does not. `link` is the BOM-Link by which other CycloneDX documents
    refer to this one (`urn:cdx:SERIAL/VERSION`); empty text where it has none. `inside` are the digests that the
    document itself names where a statement carries it, whose subjects stand in `digests`.
    """

    origin: Origin
    subject: Subject
    format: str
    version: str
    described: str
    described_at: str
    digests: tuple[DescribedDigest, ...]
    diff_ids: tuple[str, ...]
    created: str | None
    created_at: str
    tools: tuple[str, ...]
    tools_at: str
    components: tuple[Component, ...]
    components_at: str
    components_total: int
    distro: str
    described_type: str = ""
    elements: Elements | None = None
    link: str = ""
    inside: tuple[DescribedDigest, ...] = ()

    def at(self, pointer: str = "") -> At:
        """A place in the document; the document itself by default."""
        return At(self.origin, pointer)
