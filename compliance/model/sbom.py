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
    `directory`); empty text where it does not.
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

    def at(self, pointer: str = "") -> At:
        """A place in the document; the document itself by default."""
        return At(self.origin, pointer)
