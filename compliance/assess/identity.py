"""What is known of an image in, the links from the workload that runs it to whoever rebuilds it next out.

A link is proven only by the same digest on both sides, and for what is signed by a verified signature over it. Of a
break both sides are named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from compliance.assess.image_facts import Known, claimed_owner, owner_of, places, repositories
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.attestation import Attestation
from compliance.model.check import listed
from compliance.model.decisions import ImageDecision, current, is_enforced, on_image
from compliance.model.evidence import At
from compliance.model.image_proof import About, about, commit, declared_sources, has_anchors, repository, shown_level
from compliance.model.image_proof import called as called_one
from compliance.model.image_proof import signer_of as signed_by
from compliance.model.image_reference import image_reference
from compliance.model.image_report import IdentityLink, Link
from compliance.model.images import BaseMatch, Bound, SbomMatch
from compliance.model.scanned import scanned
from compliance.model.supply_chain import AttestationMatch
from compliance.model.times import moment
from compliance.rendering.text import count, cut, digest, sentence, size

#: The kinds of evidence that can be joined to an image, in the order of assessment.json.
IDENTITY = ("sbom", "scan", "signature", "provenance", "admission")
#: What a certificate claims as source repository.
#: Source: sigstore/fulcio docs/oid-info.md, 1.3.6.1.4.1.57264.1.12.
_SOURCE_CLAIM = "source-repository-uri"


def chain(known: Known, base: BaseMatch | None, base_words: str) -> tuple[IdentityLink, ...]:
    """All links in the order of the page: what runs, by which digests, on what base, and the proof that is joined."""
    return (
        _workload(known),
        _digests(known),
        _base(base, base_words),
        _sbom(known),
        _scan(known),
        _signature(known),
        _provenance(known),
        _admission(known),
        _owner(known),
    )


def identity(links: Iterable[IdentityLink]) -> tuple[IdentityLink, ...]:
    """Those of a chain that evidence about the image makes."""
    return tuple(link for link in links if link.kind in IDENTITY)


def _link(kind: str, link: Link, because: str, at: At | None = None) -> IdentityLink:
    return IdentityLink(kind=kind, link=link, because=sentence(because), at=None if at is None else at.location())


def _workload(known: Known) -> IdentityLink:
    uses = known.uses
    if not uses:
        return _link("workload", Link.UNKNOWN, "no workload in the evidence runs it")
    firm = [use for use in uses if use.by is Bound.DIGEST]
    wide = [use for use in uses if use.by is Bound.INDEX]
    first = (firm or wide or list(uses))[0]
    words = f"{places(firm or wide or uses)} by {cut(first.reference, 120)}, {first.by.value}"
    rest = len({use.workload.subject.id for use in uses}) - len({u.workload.subject.id for u in firm or wide or uses})
    more = f"; {count(rest, 'more workload')} only by name and tag" if rest > 0 else ""
    at = first.workload.at(first.workload.spec_at)
    return _link("workload", Link.PROVEN if firm or wide else Link.WEAK, words + more, at)


def _digests(known: Known) -> IdentityLink:
    """Whether the bytes handed in are those that the digests promise."""
    image = known.image
    named = (
        ("list", image.digests.index),
        ("manifest", image.digests.manifest),
        ("configuration", image.digests.config),
    )
    words, at = ", ".join(f"{name} {digest(value)}" for name, value in named if value), image.at_config()
    two = [fault.words for fault in image.faults if fault.words.count("sha256:") > 1]
    if two:
        return _link("digest", Link.BROKEN, f"{words}; {cut(two[0], 240)}", at)
    if image.filesystem is None:
        return _link("digest", Link.WEAK, f"{words}; no layer was handed in that could be held against them", at)
    if image.incomplete:
        return _link("digest", Link.WEAK, f"{words}; not all bytes could be held against them: {image.incomplete}", at)
    if image.digests.manifest is None:
        return _link("digest", Link.WEAK, f"{words}; saved without the manifest that a registry's digest is of", at)
    layers = f"{count(len(image.layers), 'layer')}, {size(image.size)}"
    return _link("digest", Link.PROVEN, f"{words}; the bytes of {layers}, were hashed and agree", at)


def _base(base: BaseMatch | None, words: str) -> IdentityLink:
    return _link("base", Link.PROVEN if base is not None else Link.UNKNOWN, words)


def _sbom(known: Known) -> IdentityLink:
    """The best of all SBOMs that speak of the image; only one that names its own digest proves anything."""
    matches = known.sboms
    if not matches:
        words = "no SBOM in the evidence names it; hand in one that was made from this digest"
        return _link("sbom", Link.UNKNOWN, words)
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
    return _link("sbom", link, words, At(best.sbom.origin, best.sbom.described_at))


def _format(match: SbomMatch) -> str:
    names = {"cyclonedx": "CycloneDX SBOM", "spdx": "SPDX SBOM", "syft": "Syft SBOM"}
    return names.get(match.sbom.format, "SBOM")


def _scan(known: Known) -> IdentityLink:
    """The newest scan that counts; how old it may be is asked by a check, not by this link."""
    found = scanned(known.image, known.chain, known.clock)
    newest = found.newest
    if newest is not None and found.by is not None:
        link = Link.PROVEN if found.by is Bound.DIGEST else Link.WEAK
        when = moment(newest.created or "")
        age = f", made {when:%Y-%m-%d}, {count((known.clock - when).days, 'day')} before" if when else ", of no date"
        doubt = {Bound.NAME: "; it may be of another build", Bound.INDEX: "; it may be of another platform"}
        words = f"{_named(newest.tool, newest.origin.path)} is joined {found.by.value}{age}{doubt.get(found.by, '')}"
        others = len(found.scans) - 1
        return _link("scan", link, words + (f"; {others:,} more are joined" if others else ""), newest.at())
    if found.broken:
        scan = found.broken[0].scan
        words = f"{_named(scan.tool, scan.origin.path)}: {found.broken[0].contradiction}"
        return _link("scan", Link.BROKEN, words, scan.at(scan.target_at))
    if found.unusable:
        scan = found.unusable[0]
        why = scan.failed or "it is dated after this assessment"
        words = f"{_named(scan.tool, scan.origin.path)} cannot count: {cut(why, 160)}"
        return _link("scan", Link.UNKNOWN, words, scan.at())
    return _link("scan", Link.UNKNOWN, "no scan in the evidence names it; hand in one that was made of this digest")


def _named(tool: str, path: str) -> str:
    return f"the scan of {cut(tool, 40) or 'an unnamed tool'}, {cut(path, 120)},"


def _signature(known: Known) -> IdentityLink:
    """A plain signature over the digest, else signed provenance: both bind who signs to these bytes."""
    found = about(known.image, known.chain, "signature")
    if not found.verified:
        built = about(known.image, known.chain, "provenance")
        found = built if built.verified else found
    return _trusted("signature", found, known)


def _provenance(known: Known) -> IdentityLink:
    """Who built it from what; a declared source that differs is a break."""
    found = about(known.image, known.chain, "provenance")
    link = _trusted("provenance", found, known)
    newest = found.newest
    if newest is None or newest.attestation.provenance is None or link.link is not Link.PROVEN:
        return link
    for one in (match.attestation for match in found.latest):
        contradiction = _contradiction(one, known)
        if contradiction:
            return _link("provenance", Link.BROKEN, f"{_says(one)}, {one.trust.value}: {contradiction}", one.at())
    one = newest.attestation
    level = shown_level(known.image, known.chain, known.configuration.parameters)
    shown = f"; SLSA build level {level.level} is shown" if level.level is not None else ""
    built = f"{link.because.rstrip('.')}; built by {_built(one)}{shown}"
    return replace(link, because=sentence(built))


def _built(one: Attestation) -> str:
    made = one.provenance
    assert made is not None  # noqa: S101 - asked for attestations that carry one
    source = f" from {cut(made.source, 100)}" if made.source else ""
    revision = f" at {commit(made.source_digest)[:12]}" if made.source_digest else ""
    return f"{cut(made.builder, 100) or 'an unnamed builder'}{source}{revision}"


def _contradiction(one: Attestation, known: Known) -> str:
    """Both sides, where what the provenance names as source is not what was declared or certified; else empty."""
    made = one.provenance
    if made is None or not made.source:
        return ""
    declared = declared_sources(known.image, known.configuration.parameters)
    if declared and repository(made.source) not in {repository(each) for each in declared}:
        return f"it names the source {cut(made.source, 120)}, and declared is {listed(declared, limit=2)}"
    claimed = one.claims.get(_SOURCE_CLAIM, "")
    if claimed and repository(claimed) != repository(made.source):
        return f"it names the source {cut(made.source, 120)}, and its certificate says {cut(claimed, 120)}"
    return ""


def _trusted(kind: str, found: About, known: Known) -> IdentityLink:
    """The link that attestations of one sort make: verified ones first, then what speaks against it, then the rest."""
    if found.newest is not None:
        return _verified(kind, found.newest, found)
    if found.invalid:
        one = found.invalid[0].attestation
        return _link(kind, Link.BROKEN, f"invalid: {_says(one)}: {cut(one.because, 260)}", one.at())
    if found.elsewhere:
        one = found.elsewhere[0].attestation
        stated = listed([digest(each) for each in one.digests()], limit=2) if one.digests() else "no digest"
        own = digest(known.image.digests.manifest or known.image.digests.config or "")
        words = f"{_says(one)} hangs on this image ({own}) and is about {stated} ({one.trust.value})"
        return _link(kind, Link.BROKEN, words, one.at())
    for matches, link in ((found.untrusted, Link.WEAK), (found.unsigned, Link.WEAK), (found.undecided, Link.UNKNOWN)):
        if matches:
            one = matches[0].attestation
            return _link(kind, link, f"{one.trust.value}: {_says(one)}: {cut(one.because, 260)}", one.at())
    asked = "" if has_anchors(known.configuration.parameters.trust) else "; nobody is named who may sign (trust:)"
    return _link(kind, Link.UNKNOWN, f"no {kind} in the evidence names its digest{asked}")


def _verified(kind: str, newest: AttestationMatch, found: About) -> IdentityLink:
    one = newest.attestation
    source = f" by {cut(one.time_source, 60)}" if one.time_source else ""
    when = f", at {one.proven_time}{source}" if one.proven_time else ""
    over = f"{newest.by.value}" if newest.by is not Bound.DIGEST else "over this digest"
    words = f"verified: {_says(one)}, signed by {signed_by(one)}{when}, {over}"
    if found.invalid:
        words += (
            f"; {count(len(found.invalid), 'other')} about it {'does' if len(found.invalid) == 1 else 'do'} not hold"
        )
    rest = len(found.every()) - 1 - len(found.invalid)
    return _link(kind, Link.PROVEN, words + (f"; {rest:,} more name it" if rest > 0 else ""), one.at())


def _says(one: Attestation) -> str:
    what = "the signature" if one.about == "signature" else f"the statement ({cut(one.about, 30)})"
    return f"{what} in {called_one(one)}"


def _admission(known: Known) -> IdentityLink:
    """Decisions of the gate on the image by digest, else on the workloads that run it."""
    every = on_image(known.image, known.chain)
    standing = {id(one) for one in current(each.decision for each in every)}
    found = [each for each in every if id(each.decision) in standing]
    if not found:
        return _link("admission", Link.UNKNOWN, "no decision of a gate in the evidence is about it or what runs it")
    other = _another_digest(found, known)
    if other is not None:
        return other
    firm = [each.decision for each in found if each.by is Bound.DIGEST and each.decision.result in ("pass", "fail")]
    decided = firm or [each.decision for each in found]
    faults = [one for one in decided if one.result in ("fail", "error")]
    refused = [one for one in faults if is_enforced(one, known.cluster)]
    one = (refused or faults or decided)[0]
    if refused and known.uses:
        words = f"{_policy(one)} says {one.result} and refuses what fails; the evidence shows it running"
        return _link("admission", Link.BROKEN, words, one.at())
    seen = Counter(one.result for one in decided)
    verdicts = ", ".join(f"{seen[word]:,} {word}" for word in ("fail", "error", "warn", "skip", "pass") if seen[word])
    said = "this digest" if firm else "what runs it, and the decision names no digest of it"
    words = f"{_policy(one)} decided about {said}: {verdicts}"
    if faults:
        words += ", and nothing shows that it refuses what fails"
    return _link("admission", Link.PROVEN if firm and not faults else Link.WEAK, words, one.at())


def _another_digest(found: Sequence[ImageDecision], known: Known) -> IdentityLink | None:
    """The break, where the only digests that decisions name for the image's repositories are not its own."""
    if any(each.by is Bound.DIGEST for each in found):
        return None
    paths = set(repositories(known.image))
    for each in found:
        for text in each.decision.images:
            named = image_reference(text)
            if "@" in text and named.digest and named.path in paths:
                own = digest(known.image.digests.manifest or known.image.digests.config or "")
                words = f"{_policy(each.decision)} decided about {digest(named.digest)}, and this image is {own}"
                return _link("admission", Link.BROKEN, words, each.decision.at())
    return None


def _policy(one: AdmissionDecision) -> str:
    return cut(one.said_by, 200)


def _owner(known: Known) -> IdentityLink:
    owner = owner_of(known)
    if owner:
        return _link("owner", Link.PROVEN, f"{cut(owner, 80)}, by compliance.yaml")
    claim = claimed_owner(known.image)
    if claim:
        words = f"{claim}, which may be inherited from the base"
        return _link("owner", Link.WEAK, words, known.image.at_config("Labels"))
    words = "nobody is named who rebuilds it next: neither under owners: in compliance.yaml nor in a label of the image"
    return _link("owner", Link.UNKNOWN, words)
