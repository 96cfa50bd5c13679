"""A vulnerability in a package of an image in; the newest statement on it that counts, and why others do not, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from compliance.model.attestation import Trust
from compliance.model.configuration import TrustPolicy
from compliance.model.evidence import At
from compliance.model.image import Image
from compliance.model.image_words import short
from compliance.model.images import Bound
from compliance.model.purls import PackageUrl, package_url
from compliance.model.sbom import Component
from compliance.model.supply_chain import Spoken, SupplyChain
from compliance.model.times import is_after, moment
from compliance.model.vulnerability import JUSTIFICATIONS, STATUSES, VexDocument, VexStatement

#: Statements of one moment that contradict each other: the one that suppresses least is taken.
_OPENNESS = {"affected": 3, "under_investigation": 2, "fixed": 1, "not_affected": 0}
#: Statements that do not count of which one key tells.
_REFUSED = 20
#: Architectures as OCI calls them, by the names of distributions.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armhf": "arm", "armv7": "arm"}
#: Types whose namespace is the distribution.
_PACKAGED = frozenset(("deb", "rpm", "apk"))
#: Distributions as their os-release calls them, by the names that tools write into package URLs.
_SYSTEMS = {
    "redhat": "rhel", "alma": "almalinux", "amazon": "amzn", "amazonlinux": "amzn", "oracle": "ol", "oraclelinux": "ol",
    "rockylinux": "rocky", "cbl-mariner": "mariner",
}  # fmt: skip
_ANY_ARCHITECTURE = frozenset(("", "all", "any", "noarch", "source", "src"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vex:
    """The statement that counts. `author` is who spoke: the document's author, or the signer of its attestation."""

    status: str
    justification: str
    impact: str
    author: str
    stated: str
    at: At

    @property
    def suppresses(self) -> bool:
        """Whether the vulnerability no longer counts as open."""
        return self.status in ("not_affected", "fixed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What VEX says of one vulnerability. `refused` are sentence parts on statements for it that do not count."""

    vex: Vex | None
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks in a document, and why that does not count: empty text when it does."""

    name: str
    refused: str


class Part(NamedTuple):
    """What the statements of one key of `SupplyChain.vex_by_package` say of an image."""

    best: tuple[datetime, int, str, str] | None
    spoken: Spoken | None
    who: Speaker | None
    refused: tuple[str, ...]


#: Keys of `SupplyChain.vex_by_package`, and what was found for an image.
Parts = dict[tuple[str, str, str, str], Part]


def heard(
    id: str,
    component: Component,
    image: Image,
    chain: SupplyChain,
    trust: TrustPolicy,
    as_of: datetime,
    parts: Parts | None = None,
) -> Heard:
    """The newest statement on a vulnerability (its primary id) in a package of an image, from who may speak.

    `parts` keeps what was found, for the next package of the same image: many statements on many packages of one
    vulnerability are each looked at once.
    """
    known: Parts = {} if parts is None else parts
    ecosystem, name, version = component.ecosystem, component.name, component.version
    keys = ((id, ecosystem, name, version), (id, ecosystem, name, ""), (id, "", "", ""))
    found = []
    for key in dict.fromkeys(keys):
        if key in chain.vex_by_package:
            if key not in known:
                known[key] = _part(key, image, chain, trust, as_of)
            found.append(known[key])
    refused = tuple(dict.fromkeys(words for part in found for words in part.refused))
    newest = max((part for part in found if part.best is not None), key=lambda part: part.best or (), default=None)
    if newest is None or newest.best is None or newest.spoken is None or newest.who is None:
        return Heard(vex=None, refused=refused)
    return Heard(vex=_vex(newest.spoken, newest.who, newest.best[0]), refused=refused)


def _part(
    key: tuple[str, str, str, str], image: Image, chain: SupplyChain, trust: TrustPolicy, as_of: datetime
) -> Part:
    """The newest that counts under one key, whatever package it was asked for."""
    component = Component(*key[1:])
    best = Part(None, None, None, ())
    refused: dict[str, None] = {}
    for spoken in chain.vex_by_package[key]:
        if not speaks_of(spoken, image, component, chain):
            continue
        who = speaker(spoken.document, chain, trust)
        why = who.refused or flaw(spoken.statement, spoken.document, as_of)
        when = stated(spoken.statement, spoken.document)
        if why or when is None:
            if len(refused) < _REFUSED:
                refused[f"a statement in {short(spoken.document.origin.path)} does not count: {why}"] = None
            continue
        rank = (when, _OPENNESS[spoken.statement.status], spoken.document.subject.id, spoken.statement.pointer)
        if best.best is None or rank > best.best:
            best = Part(rank, spoken, who, ())
    return best._replace(refused=tuple(refused))


def _vex(spoken: Spoken, who: Speaker, when: datetime) -> Vex:
    return Vex(
        status=spoken.statement.status,
        justification=spoken.statement.justification,
        impact=spoken.statement.impact,
        author=who.name,
        stated=when.isoformat(),
        at=spoken.document.at(spoken.statement.pointer),
    )


def speaker(document: VexDocument, chain: SupplyChain, trust: TrustPolicy) -> Speaker:
    """Who speaks in a document, and whether the configuration lets it: as a verified signer, or as named author."""
    carrying = chain.signing(document)
    if any(one.trust is Trust.INVALID for one in carrying):
        return Speaker(name=document.author, refused="the signature of the document does not hold")
    if not trust.vex_authors:
        return Speaker(name=document.author, refused="nobody is named whose statements count (trust.vex_authors)")
    if any(one.trust is Trust.SIGNED_UNTRUSTED for one in carrying):
        return Speaker(name=document.author, refused="somebody signed it whom the configuration does not trust")
    signers = [one.signer for one in carrying if one.trust is Trust.VERIFIED and one.signer in trust.vex_authors]
    if signers:
        return Speaker(name=signers[0], refused="")
    if document.author in {*(key.name for key in trust.keys), *(one.subject for one in trust.identities)} - {""}:
        words = f"it names {short(document.author)} as its author, who signs, and no verified signature carries it"
        return Speaker(name=document.author, refused=words)
    if document.author and document.author in trust.vex_authors:
        return Speaker(name=document.author, refused="")
    named = f"its author {short(document.author)} is" if document.author else "it names no author"
    tail = " not among those whose statements count" if document.author else ""
    return Speaker(name=document.author, refused=f"{named}{tail}")


def stated(statement: VexStatement, document: VexDocument) -> datetime | None:
    """When a statement was made: its own date, else the document's."""
    return moment(statement.timestamp) if statement.timestamp else moment(document.created or "")


def flaw(statement: VexStatement, document: VexDocument, as_of: datetime) -> str:
    """Why a statement is void whoever made it; empty text when it is sound."""
    if statement.status not in STATUSES:
        return f"its status {short(statement.status_as_written or statement.status) or 'nothing'} is no status of VEX"
    when = stated(statement, document)
    if when is None:
        written = statement.timestamp or document.created
        return f"{short(written)} is no date" if written else "it states no date"
    if is_after(when, as_of):
        return f"it is dated {when:%Y-%m-%d}, after this assessment"
    if statement.status != "not_affected":
        return ""
    if statement.justification_note and statement.justification not in JUSTIFICATIONS:
        return short(statement.justification_note)
    if statement.justification and statement.justification not in JUSTIFICATIONS:
        return f"its justification {short(statement.justification)} is none of the vocabulary"
    if not statement.justification and not statement.impact.strip():
        return "it says not affected and gives neither a justification nor an impact statement"
    return ""


def speaks_of(spoken: Spoken, image: Image, component: Component, chain: SupplyChain) -> bool:
    """Whether a statement is about a component of an image: the image by digest, or the very package by its URL.

    A name and tag alone never count. A component named within the image need not repeat its version; a package that
    is named as the product must. A statement without a product is about the subject of what carries it.
    """
    statement = spoken.statement
    within = _packages(statement.components, statement.component_packages)
    is_within = not within or any(_is(package, component, image, whole=False) for package in within)
    if not statement.products:
        about = {digest for one in chain.carrying(spoken.document) for digest in one.digests()}
        return is_within and not about.isdisjoint(_digests(image))
    for product, package in zip(
        statement.products, _packages(statement.products, statement.product_packages), strict=True
    ):
        if _names_image(product, image, chain):
            if is_within:
                return True
        elif not within and _is(package, component, image, whole=True):
            return True
    return False


def _packages(texts: Sequence[str], known: Sequence[Component | None]) -> list[PackageUrl | None]:
    """Package URLs taken apart; names and versions as the reader compared them, where it did."""
    found = [package_url(text) for text in texts]
    if len(known) != len(found):
        return found
    return [
        url._replace(ecosystem=package.ecosystem, name=package.name, version=package.version)
        if url is not None and package is not None
        else url
        for url, package in zip(found, known, strict=True)
    ]


def _digests(image: Image) -> set[str]:
    return {one for one in (image.digests.manifest, image.digests.config, image.digests.index) if one}


def _names_image(product: str, image: Image, chain: SupplyChain) -> bool:
    if product.startswith("urn:"):
        return any(match.by is Bound.DIGEST and match.sbom.link == product for match in chain.images.sboms_of(image))
    url = package_url(product)
    if url is None:
        digest = product.rpartition("@")[2]
        return digest.startswith("sha256:") and digest in _digests(image)
    is_image = url.ecosystem in ("oci", "docker") and url.version.startswith("sha256:")
    return is_image and url.version in _digests(image) and _same_platform(url, image)


def _is(url: PackageUrl | None, component: Component, image: Image, *, whole: bool) -> bool:
    if url is None or (url.ecosystem, url.name) != (component.ecosystem, component.name):
        return False
    if whole and not url.version:
        return False
    return url.version in ("", component.version) and _same_platform(url, image)


def _same_platform(url: PackageUrl, image: Image) -> bool:
    """Whether the qualifiers name nothing that the image is not: architecture, and distribution with version."""
    named = url.qualifier("arch").lower()
    stated_one = "" if named in _ANY_ARCHITECTURE else _ARCHITECTURES.get(named, named)
    if stated_one and image.architecture and stated_one != image.architecture:
        return False
    system, dash, version = url.qualifier("distro").partition("-")
    release = image.filesystem.os_release if image.filesystem else None
    if not release or not release.get("ID"):
        return True
    is_distributed = url.ecosystem in _PACKAGED and url.namespace
    if is_distributed and _system(url.namespace) != _system(release["ID"]):
        return False
    if not dash:
        return True
    own = release.get("VERSION_ID", "")
    return system == release["ID"] and (not own or _is_within(version, own))


def _system(name: str) -> str:
    """A distribution as distributions are compared; all of SUSE's are one, as no tool names them alike."""
    folded = name.lower()
    return "suse" if folded.startswith(("suse", "opensuse", "sles", "sled")) else _SYSTEMS.get(folded, folded)


def _is_within(one: str, other: str) -> bool:
    """Whether two versions of a distribution are the same as far as both are stated: `12` and `12.5`."""
    return all(left == right for left, right in zip(one.split("."), other.split("."), strict=False))
