"""An image and attestations in; those about it, the newest that is trusted, and the SLSA level that they show, out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from compliance.model.attestation import Attestation, Envelope, Provenance, Trust
from compliance.model.configuration import Parameters, TrustPolicy
from compliance.model.image import Image
from compliance.model.image_words import short
from compliance.model.scan_lineage import repositories_of
from compliance.model.supply_chain import AttestationMatch, SupplyChain
from compliance.model.times import moment

_NEVER = datetime.min.replace(tzinfo=UTC)
#: Schemes of repository addresses that all mean the same repository.
_SCHEMES = ("git+", "https://", "http://", "ssh://", "git://")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Attestations of one sort about an image, by trust. `elsewhere` hang on it and name another digest."""

    verified: tuple[AttestationMatch, ...]
    untrusted: tuple[AttestationMatch, ...]
    unsigned: tuple[AttestationMatch, ...]
    invalid: tuple[AttestationMatch, ...]
    undecided: tuple[AttestationMatch, ...]
    elsewhere: tuple[AttestationMatch, ...]

    @property
    def newest(self) -> AttestationMatch | None:
        """The first of `latest`; None where there is none."""
        return next(iter(self.latest), None)

    @property
    def latest(self) -> tuple[AttestationMatch, ...]:
        """The verified ones of the latest proven time; one without a proven time counts as older than any with.

        Where none is proven, those of the latest time that they state themselves, and those that state none, which may
        be newer. Several are in an order that does not depend on their paths.
        """
        aged = [(_age(match), match) for match in self.verified]
        last = max((age for age, _ in aged), default=(False, _NEVER))
        found = [match for age, match in aged if age == last or (not last[0] and age[1] == _NEVER)]
        return tuple(sorted(found, key=lambda one: (one.attestation.origin.sha256, one.attestation.subject.id)))

    def every(self) -> tuple[AttestationMatch, ...]:
        """All that name the image's digest."""
        return (*self.verified, *self.untrusted, *self.unsigned, *self.invalid, *self.undecided)


def about(image: Image, chain: SupplyChain, *kinds: str) -> About:
    """The attestations of some kinds (`Attestation.about`; none means any) that name or hang on an image."""
    matches = [match for match in chain.attestations_of(image) if not kinds or match.attestation.about in kinds]
    own = {image.digests.manifest, image.digests.index, image.digests.config} - {None}
    inside = [match for match in matches if not own.isdisjoint(match.attestation.digests())]

    def of(trust: Trust) -> tuple[AttestationMatch, ...]:
        return tuple(match for match in inside if match.attestation.trust is trust)

    return About(
        verified=of(Trust.VERIFIED),
        untrusted=of(Trust.SIGNED_UNTRUSTED),
        unsigned=of(Trust.PRESENT_UNSIGNED),
        invalid=of(Trust.INVALID),
        undecided=of(Trust.NOT_CHECKED),
        elsewhere=tuple(match for match in matches if own.isdisjoint(match.attestation.digests())),
    )


def has_anchors(trust: TrustPolicy) -> bool:
    """Whether the configuration names anybody who may sign."""
    return bool(trust.keys or trust.identities)


def called(one: Attestation) -> str:
    """An attestation as a reason names it: by the file that carries it."""
    return short(one.origin.path)


def signer_of(one: Attestation) -> str:
    """Who signed, as a reason names it."""
    issuer = f" (by {short(one.issuer)})" if one.issuer else ""
    return f"{short(one.signer) or 'a trusted key'}{issuer}"


def _age(match: AttestationMatch) -> tuple[bool, datetime]:
    """Whether its time is proven, and the time that is proven or else stated."""
    one = match.attestation
    return (one.proven_time is not None, moment(one.proven_time or _stated(one)) or _NEVER)


def _stated(one: Attestation) -> str:
    if one.provenance is not None:
        return one.provenance.finished or one.provenance.started or ""
    return one.summary.time_verified or "" if one.summary is not None else ""


def repository(text: str) -> str:
    """A source repository as it is compared: without scheme, user, `.git`, ref and last slash; the host folded."""
    found = text.strip()
    for scheme in _SCHEMES:
        found = found.removeprefix(scheme)
    found = found.partition("#")[0].partition("?")[0]
    first, slash, rest = found.partition("/")
    if "@" in first:
        first = first.rpartition("@")[2]
        if not slash or ":" in first:  # git@host:owner/name
            first, _, head = first.partition(":")
            rest = f"{head}/{rest}" if rest else head
    rest = rest.partition("@")[0].rstrip("/").removesuffix(".git").rstrip("/")
    return f"{first.lower()}/{rest}" if rest else first.lower()


def commit(text: str) -> str:
    """A commit as it is compared: without the name of its hash, in lower case."""
    return text.strip().rpartition(":")[2].lower()


def declared_sources(image: Image, params: Parameters) -> tuple[str, ...]:
    """The repositories that the image may be built from, as declared for one of its names."""
    names = (*image.names, *repositories_of(image))
    return tuple(
        dict.fromkeys(
            source.repository
            for source in params.trust.sources
            if any(fnmatchcase(name, source.image) for name in names)
        )
    )


def owner_words(image: Image, params: Parameters) -> str:
    """Who is named in the configuration for the image, by subject id, name or repository; empty text for nobody."""
    names = (image.subject.id, *image.names, *repositories_of(image))
    return next((who for pattern, who in params.owners.items() if any(fnmatchcase(n, pattern) for n in names)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The highest SLSA build level that is shown; None where nothing says. `because` names what it stops at."""

    level: int | None
    because: str
    match: AttestationMatch | None


def shown_level(image: Image, chain: SupplyChain, params: Parameters) -> Level:
    """The least that is shown: by the document itself, by its signature, and by the table of builders.

    Of several that may be the newest it is the lowest.
    Source: SLSA 1.2, build track; the level of a builder is the organisation's word (trust.builders).
    """
    found = about(image, chain, "provenance")
    first = next(iter(found.untrusted or found.undecided or found.unsigned), None)
    best = found.latest or ((first,) if first is not None else ())
    if not best:
        return Level(level=None, because="no provenance in the evidence names its digest", match=None)
    least = min((_level_of(match, params) for match in best), key=lambda shown: shown.level or 0)
    return replace(least, because=f"{least.because}{of_several(len(best))}")


def of_several(number: int) -> str:
    """What is added where several verified statements may be the newest, and the worst of them was taken."""
    return f"; the worst of {number} verified ones, of which no proven time tells the newest" if number > 1 else ""


def _level_of(best: AttestationMatch, params: Parameters) -> Level:
    one = best.attestation
    lacks = _lacking(one.provenance)
    if lacks:
        return Level(level=0, because=f"{called(one)} does not name {lacks}", match=best)
    if one.envelope is Envelope.BUILDKIT or one.trust is Trust.PRESENT_UNSIGNED:
        return Level(level=1, because=f"{called(one)} is complete and nobody signed it", match=best)
    if one.trust is not Trust.VERIFIED or one.provenance is None:
        return Level(level=1, because=f"{called(one)} is complete and its signature is {one.trust.value}", match=best)
    earned = next((row.level for row in params.trust.builders if row.id == one.provenance.builder), None)
    builder = short(one.provenance.builder)
    if earned is None:
        return Level(level=1, because=f"verified, and trust.builders does not name its builder {builder}", match=best)
    words = f"verified, by {signer_of(one)}; trust.builders gives its builder {builder} level {earned}"
    return Level(level=max(1, earned), because=words, match=best)


def _lacking(provenance: Provenance | None) -> str:
    if provenance is None:
        return "anything that can be read as provenance"
    parts = (("its builder", provenance.builder), ("its build type", provenance.build_type))
    return " and ".join(name for name, value in parts if not value)
