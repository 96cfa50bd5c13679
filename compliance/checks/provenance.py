"""Image and its provenance in, verdicts out on how it was built: by whom, from which source, at which SLSA level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from compliance.model.attestation import Attestation, Provenance
from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.image import Image
from compliance.model.image_proof import (
    about,
    called,
    commit,
    declared_sources,
    has_anchors,
    of_several,
    owner_words,
    repository,
    shown_level,
    signer_of,
)
from compliance.model.image_reference import image_reference
from compliance.model.image_words import cut_list, short
from compliance.model.outcome import Severity, worst
from compliance.model.purls import package_url
from compliance.model.scan_lineage import repositories_of
from compliance.model.supply_chain import SupplyChain

_BUILD = "Build the image on a platform that writes and signs provenance for its digest, and hand the statement in."
#: The label that names the commit. Source: OCI image specification 1.1, "Pre-Defined Annotation Keys".
_REVISION = "org.opencontainers.image.revision"
#: Labels by which an image names who keeps it.
#: Source: OCI image specification 1.1, "Pre-Defined Annotation Keys"; Docker's deprecated MAINTAINER.
_OWNERS = ("org.opencontainers.image.authors", "org.opencontainers.image.vendor", "maintainer")
#: How build types that are known begin. Source: the specifications of these builders.
_BUILD_TYPES = (
    "https://actions.github.io/buildtypes/workflow/",
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/",
    "https://github.com/slsa-framework/slsa-github-generator/",
    "https://github.com/moby/buildkit/blob/",
    "https://mobyproject.org/buildkit@",
    "https://slsa-framework.github.io/gcb-buildtypes/",
    "https://cloudbuild.googleapis.com/",
    "https://tekton.dev/",
    "https://gitlab.com/gitlab-org/gitlab-runner/",
    "tekton.dev/v1",
    "https://witness.dev/",
)


class _Built(NamedTuple):
    """The newest verified provenance of an image."""

    attestation: Attestation
    provenance: Provenance
    at: tuple[At, ...]


@check(
    id="image-provenance",
    title="Image has verified provenance",
    severity=Severity.HIGH,
    fix=_BUILD,
    effort=Effort.PLATFORM,
)
def image_provenance(image: Image, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """A statement of how the image was built names its digest, and its signature is of somebody trusted.

    FAIL when it does not hold, or nobody trusted signed it. NOT_CHECKED without an anchor, or when none names it.
    Source: SLSA 1.2, build track, provenance authentic; NIST SP 800-53 rev 5, SR-4; NIST SP 800-190, 4.1.5.
    """
    built = _newest(image, supply_chain)
    if not isinstance(built, Verdict):
        first = built[0]
        reason = f"built by {short(first.provenance.builder) or 'an unnamed builder'}"
        return passed(f"{reason}, signed by {signer_of(first.attestation)} ({called(first.attestation)})", at=first.at)
    found = about(image, supply_chain, "provenance")
    bad = (*found.invalid, *found.elsewhere)
    weak = (*found.untrusted, *found.unsigned)
    if bad or (weak and not found.undecided and has_anchors(params.trust)):
        words = [f"{called(one.attestation)} is {one.attestation.trust.value}" for one in (*found.invalid, *weak)]
        words += [f"{called(one.attestation)} hangs on it and names another digest" for one in found.elsewhere]
        at = [one.attestation.at() for one in (*bad, *weak)[:10]]
        return failed(cut_list(words, len(words)), at=[*at, image.at_config()])
    return built


def _newest(image: Image, chain: SupplyChain) -> tuple[_Built, ...] | Verdict:
    """The verified provenance that is newest, or all that may be; NOT_CHECKED without: nobody unsigned is believed."""
    found = about(image, chain, "provenance")
    here = image.at_config()
    unread = [match for match in found.latest if match.attestation.provenance is None]
    if found.latest and not unread:
        return tuple(
            _Built(one, one.provenance, (one.at("/predicate"), here))
            for match in found.latest
            if (one := match.attestation).provenance is not None
        )
    if unread:
        one = unread[0].attestation
        return not_checked(f"{called(one)} is verified, and cannot be read as provenance", at=[one.at(), here])
    others = found.every()
    if others:
        one = others[0].attestation
        reason = f"{called(one)} is {one.trust.value}, so what it says is not believed"
        return not_checked(reason, at=[one.at(), here])
    return not_checked("no provenance in the evidence names its digest", at=[here])


def _worst(image: Image, chain: SupplyChain, judge: Callable[[_Built], Verdict]) -> Verdict:
    """The verdict on the newest verified provenance; the worst where several may be it, whatever their order."""
    built = _newest(image, chain)
    return built if isinstance(built, Verdict) else _worst_of([judge(one) for one in built])


def _worst_of(verdicts: Sequence[Verdict]) -> Verdict:
    """The first of the worst outcome, which says that it is."""
    found = next(one for one in verdicts if one.outcome is worst(each.outcome for each in verdicts))
    return replace(found, reason=f"{found.reason}{of_several(len(verdicts))}")


@check(
    id="image-provenance-builder",
    title="Image was built by a trusted builder",
    severity=Severity.HIGH,
    revision=2,
    fix="Build on a platform that is named under trust.builders, or name this one there by its exact id.",
    effort=Effort.PLATFORM,
)
def image_provenance_builder(image: Image, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """The builder id of the newest verified provenance is, letter by letter, one of `trust.builders`.

    NOT_CHECKED without verified provenance, or when no builder is named there.
    Source: SLSA 1.2, "Verifying artifacts", step 1 (builder id and the levels it may claim).
    """
    return _worst(image, supply_chain, lambda built: _by_builder(built, params))


def _by_builder(built: _Built, params: Parameters) -> Verdict:
    builder = built.provenance.builder
    if not builder:
        return failed(f"{called(built.attestation)} names no builder", at=built.at)
    if not params.trust.builders:
        return not_checked(f"built by {short(builder)}; no builder is named under trust.builders", at=built.at)
    if any(row.id == builder for row in params.trust.builders):
        return passed(f"built by {short(builder)}, which trust.builders names", at=built.at)
    return failed(f"built by {short(builder)}, which trust.builders does not name", at=built.at)


@check(
    id="image-provenance-build-type",
    title="How the image was built is a known way",
    severity=Severity.LOW,
    revision=2,
    fix="Use a builder whose build type is published, and that fills it in.",
    effort=Effort.PLATFORM,
)
def image_provenance_build_type(image: Image, supply_chain: SupplyChain) -> Verdict:
    """The build type of the newest verified provenance is one whose parameters this version can tell.

    FAIL when it names none; NOT_CHECKED for one that is not known: a person says what it means.
    Source: SLSA 1.2, build provenance v1, "buildType".
    """
    return _worst(image, supply_chain, _of_type)


def _of_type(built: _Built) -> Verdict:
    kind = built.provenance.build_type
    if not kind:
        return failed(f"{called(built.attestation)} names no build type", at=built.at)
    if kind.startswith(_BUILD_TYPES):
        return passed(f"build type {short(kind)}", at=built.at)
    return not_checked(f"build type {short(kind)}, which is none of those known", at=built.at)


@check(
    id="image-provenance-source",
    title="Image was built from the declared repository",
    severity=Severity.CRITICAL,
    revision=2,
    fix="Build from the repository that is declared for the image, or correct the declaration under trust.sources.",
    effort=Effort.PLATFORM,
)
def image_provenance_source(image: Image, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """The source repository of the newest verified provenance is the one declared for the image.

    `git+`, `.git`, the scheme, a user and a ref make no difference; the owner does. NOT_CHECKED where none is declared.
    Source: SLSA 1.2, "Verifying artifacts", step 2 (expectations on the source repository).
    """
    return _worst(image, supply_chain, lambda built: _from_source(built, image, params))


def _from_source(built: _Built, image: Image, params: Parameters) -> Verdict:
    source = built.provenance.source
    declared = declared_sources(image, params)
    if not declared:
        seen = f"built from {short(source) or 'an unnamed source'}"
        return not_checked(f"{seen}; no source is declared for it under trust.sources", at=built.at)
    wanted = listed(map(short, declared), limit=3)
    if not source:
        return failed(f"the provenance names no source; declared is {wanted}", at=built.at)
    if repository(source) in {repository(one) for one in declared}:
        return passed(f"built from {short(source)}, as declared", at=built.at)
    return failed(f"built from {short(source)}; declared is {wanted}", at=built.at)


@check(
    id="image-provenance-commit",
    title="Image was built from the commit that it names",
    severity=Severity.MEDIUM,
    revision=2,
    fix="Let the build set the label org.opencontainers.image.revision to the commit it builds.",
)
def image_provenance_commit(image: Image, supply_chain: SupplyChain) -> Verdict:
    """The commit of the newest verified provenance is that of the image's label for its revision.

    NOT_CHECKED where either names none.
    Source: SLSA 1.2, build provenance v1, "resolvedDependencies"; OCI image specification 1.1, annotations.
    """
    return _worst(image, supply_chain, lambda built: _at_commit(built, image))


def _at_commit(built: _Built, image: Image) -> Verdict:
    label = image.config.labels.get(_REVISION, "")
    digest = built.provenance.source_digest
    at = (*built.at, image.at_config("Labels"))
    if not label or not digest:
        lacks = "the image names no revision in its labels" if not label else "the provenance names no commit"
        return not_checked(lacks, at=at)
    if commit(label) == commit(digest):
        return passed(f"built from commit {short(commit(digest))}, as its label says", at=at)
    return failed(f"built from commit {short(commit(digest))}, and its label says {short(label)}", at=at)


@check(
    id="image-provenance-claims",
    title="Signing certificate and provenance name the same source",
    severity=Severity.CRITICAL,
    revision=2,
    fix="Find out who signed a statement about a build that was not theirs, and do not run the image.",
)
def image_provenance_claims(image: Image, supply_chain: SupplyChain) -> Verdict:
    """Repository, commit and ref that the certificate claims are those of the newest verified provenance.

    NOT_CHECKED for a signature by a plain key, which claims nothing, and where the two name nothing in common.
    Source: Sigstore Fulcio, docs/oid-info.md, 1.3.6.1.4.1.57264.1.12 to .14; SLSA 1.2, provenance authentic.
    """
    return _worst(image, supply_chain, _as_claimed)


def _as_claimed(built: _Built) -> Verdict:
    claims, said = built.attestation.claims, built.provenance
    sides = (
        ("repository", repository(claims.get("source-repository-uri", "")), repository(said.source)),
        ("commit", commit(claims.get("source-repository-digest", "")), commit(said.source_digest)),
        ("ref", claims.get("source-repository-ref", ""), said.source_ref),
    )
    both = [(name, claim, other) for name, claim, other in sides if claim and other]
    differ = [f"{name} {short(claim)} and {short(other)}" for name, claim, other in both if claim != other]
    if differ:
        return failed(f"the certificate and the provenance differ: {'; '.join(differ)}", at=built.at)
    if not both:
        return not_checked("the certificate claims nothing that the provenance names, too", at=built.at)
    told = ", ".join(f"{name} {short(claim)}" for name, claim, _ in both)
    return passed(f"the certificate claims the same {told}", at=built.at)


@check(
    id="image-slsa-level-1",
    title="Provenance of the image is complete (SLSA build level 1)",
    severity=Severity.MEDIUM,
    revision=2,
    fix=_BUILD,
    effort=Effort.PLATFORM,
)
def image_slsa_level_1(image: Image, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """Provenance names the image's digest, a builder and a build type; it need not be signed.

    Source: SLSA 1.2, build track, level 1, provenance exists.
    """
    return _level(image, supply_chain, params, 1)


@check(
    id="image-slsa-level-2",
    title="Provenance of the image is signed by a hosted builder (SLSA build level 2)",
    severity=Severity.MEDIUM,
    revision=2,
    fix=_BUILD,
    effort=Effort.PLATFORM,
)
def image_slsa_level_2(image: Image, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """Provenance is complete and verified, and its builder earns at least level 2 by `trust.builders`.

    Source: SLSA 1.2, build track, level 2, provenance authentic, hosted.
    """
    return _level(image, supply_chain, params, 2)


@check(
    id="image-slsa-level-3",
    title="Provenance of the image comes from a hardened builder (SLSA build level 3)",
    severity=Severity.LOW,
    revision=2,
    fix=_BUILD,
    effort=Effort.PLATFORM,
)
def image_slsa_level_3(image: Image, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """Provenance is complete and verified, and its builder earns level 3 by `trust.builders`.

    Source: SLSA 1.2, build track, level 3, provenance unforgeable, isolated.
    """
    return _level(image, supply_chain, params, 3)


def _level(image: Image, chain: SupplyChain, params: Parameters, asked: int) -> Verdict:
    """PASS at the level or above; NOT_CHECKED where no provenance, no anchor or no builder is named that could say."""
    shown = shown_level(image, chain, params)
    here = image.at_config()
    if shown.level is None or shown.match is None:
        return not_checked(shown.because, at=[here])
    at = [shown.match.attestation.at("/predicate"), here]
    reason = f"level {shown.level} is shown: {shown.because}"
    if shown.level >= asked:
        return passed(reason, at=at)
    if asked > 1 and shown.level and not (has_anchors(params.trust) and params.trust.builders):
        return not_checked(f"{reason}; the configuration names nobody whose word would show more", at=at)
    return failed(reason, at=at)


@check(
    id="image-verification-summary",
    title="Verification summary of the image says that it passed",
    severity=Severity.MEDIUM,
    revision=2,
    fix="Verify the image again against its policy, and do not run it until the summary says PASSED.",
)
def image_verification_summary(image: Image, supply_chain: SupplyChain) -> Verdict:
    """The newest verified summary about the image says PASSED, and of a resource that is this image.

    NOT_CHECKED without a summary whose signature is of somebody trusted, and where its resource names neither digest
    nor repository.
    Source: SLSA 1.2, verification summary attestation, "verificationResult", "resourceUri".
    """
    found = about(image, supply_chain, "vsa")
    here = image.at_config()
    if not found.latest:
        return not_checked("no verified summary in the evidence names its digest", at=[here])
    return _worst_of([_summarised(match.attestation, image) for match in found.latest])


def _summarised(one: Attestation, image: Image) -> Verdict:
    said, at = one.summary, [one.at("/predicate"), image.at_config()]
    if said is None:
        return not_checked(f"{called(one)} is verified, and cannot be read as a summary", at=at)
    levels = listed(map(short, said.levels), limit=4) or "no level"
    told = f"{short(said.verifier)} says {short(said.result)} ({levels}) of {short(said.resource)}"
    if said.result != "PASSED":
        return failed(told, at=at)
    match _is_this(said.resource, image):
        case True:
            return passed(told, at=at)
        case False:
            own = listed(map(short, image.names), limit=2) or "this image"
            return failed(f"{told}, which is another image than {own}", at=at)
        case None:
            return not_checked(f"{told}, which does not say of which repository or by which digest", at=at)


def _is_this(resource: str, image: Image) -> bool | None:
    """Whether a resource URI names the image by its digest or its repository; None where it says neither of them.

    The last part of a repository's name is no name of it: anybody's may end so.
    """
    digests = {image.digests.manifest, image.digests.index, image.digests.config}
    url = package_url(resource)
    name, _, digest = resource.partition("://")[2].partition("@") if "://" in resource else resource.partition("@")
    if url is not None:
        name, digest = url.qualifier("repository_url"), url.version
    if digest.startswith("sha256:"):
        return digest in digests
    own = repositories_of(image)
    if url is not None and not name:
        return None if not own or any(one.endswith(f"/{url.name}") for one in own) else False
    if not own:
        return None
    return image_reference(name).path in own


@check(
    id="image-owner",
    title="Somebody is named who owns the next rebuild of the image",
    severity=Severity.MEDIUM,
    fix="Name the owner under owners: in the configuration, or in the label org.opencontainers.image.authors.",
)
def image_owner(image: Image, params: Parameters) -> Verdict:
    """The configuration names an owner for the image, or a label of the image names its authors, vendor or maintainer.

    Source: NIST SP 800-53 rev 5, CM-3 and SI-2; project judgement: a fix that nobody owns is not made.
    """
    at = [image.at_config("Labels")]
    owner = owner_words(image, params)
    if owner:
        return passed(f"owned by {short(owner)}, as the configuration says", at=at)
    for label in _OWNERS:
        value = image.config.labels.get(label, "").strip()
        if value:
            return passed(f"the label {label} says {short(value)}", at=at)
    return failed("neither the configuration nor a label of the image names an owner", at=at)
