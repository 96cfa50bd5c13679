"""Image and its SBOMs in, verdicts out: bound by digest, not older, complete, and naming nothing that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from compliance.model.check import Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.evidence import At
from compliance.model.faults import counted
from compliance.model.image import Image, RootFileSystem
from compliance.model.image_words import at_key, readable, short
from compliance.model.images import Bound, Images, SbomMatch
from compliance.model.outcome import Outcome, Severity
from compliance.model.sbom import Sbom
from compliance.model.sbom_comparison import SYSTEM, Compared, Comparison, compare
from compliance.model.times import moment

#: Builders write the SBOM before the configuration, on machines whose clocks differ.
_TOLERANCE = timedelta(days=1)
_TOLD = 10
_MAKE = "Make the SBOM from the image by digest (syft or trivy) at build time, and keep it with the image."


@check(
    id="image-sbom",
    title="Image has an SBOM that names it by digest",
    severity=Severity.MEDIUM,
    fix=_MAKE,
)
def image_sbom(image: Image, images: Images) -> Verdict:
    """An SBOM in the evidence names the digest of the image's manifest or configuration, or all its layers.

    FAIL when one bears the image's name with a digest that nobody handed in, or when every SBOM handed in
    names other digests. NOT_CHECKED when one is joined by name and tag only, by the digest of the list over
    all platforms only, or when none was handed in.
    Source: NIST SP 800-53 rev 5, CM-8; NIST SP 800-190, 4.1.5; CISA, "2026 Minimum Elements for an SBOM".
    """
    matches = images.sboms_of(image)
    bound = [match.sbom for match in matches if match.by is Bound.DIGEST]
    here = image.at_config()
    if bound:
        said = listed((_called(sbom) for sbom in bound), limit=3)
        return passed(f"named by digest in {said}", at=[*(_digest_at(sbom) for sbom in bound), here])
    broken = [match for match in matches if match.contradiction]
    weak = [match for match in matches if not match.contradiction]
    if weak and (not broken or weak[0].by is Bound.INDEX):
        return _weakly(weak, here)
    if broken:
        told = "; ".join(f"{_called(match.sbom)}: {short_words(match.contradiction)}" for match in broken[:3])
        return failed(told, at=[*(_digest_at(match.sbom) for match in broken), here])
    return _none(image, images)


def short_words(text: str) -> str:
    """A sentence part as a reason tells it, at most 300 characters."""
    return text if len(text) <= 300 else f"{text[:300]}..."


def _weakly(weak: list[SbomMatch], here: At) -> Verdict:
    first = weak[0]
    why = (
        "it may describe another platform of the same image"
        if first.by is Bound.INDEX
        else "it gives no digest, and may describe another build of that name"
    )
    reason = f"joined to {_called(first.sbom)} {first.by.value}, which is weaker: {why}"
    return not_checked(reason, at=[*(match.sbom.at(match.sbom.described_at) for match in weak), here])


def _none(image: Image, images: Images) -> Verdict:
    """No SBOM speaks of the image: a gap when all that were handed in are about something else."""
    here = image.at_config()
    if not images.sboms:
        return not_checked("no SBOM is in the evidence", at=[here])
    open_ended = [sbom for sbom in images.sboms if not sbom.digests and sbom.described_type in ("", "container")]
    if open_ended:
        reason = f"no SBOM names it; {counted(len(open_ended), 'SBOM')} of {len(images.sboms)} without a digest may"
        return not_checked(f"{reason} be its own, such as {_called(open_ended[0])}", at=[here])
    if len(images.sboms) == 1:
        reason = f"no SBOM names it: the one in the evidence, {_called(images.sboms[0])}, is about something else"
    else:
        reason = f"no SBOM names it: all {len(images.sboms)} in the evidence are about other digests"
    return failed(reason, at=[here, *(_digest_at(sbom) for sbom in images.sboms[:_TOLD])])


def _called(sbom: Sbom) -> str:
    return short(sbom.origin.path)


def _digest_at(sbom: Sbom) -> At:
    return sbom.at(sbom.digests[0].pointer if sbom.digests else sbom.described_at)


@check(
    id="image-sbom-current",
    title="SBOM of the image is not older than the image",
    severity=Severity.MEDIUM,
    fix=_MAKE,
)
def image_sbom_current(image: Image, images: Images) -> Verdict:
    """An SBOM that names the image by digest was made after the image, give or take a day.

    NOT_CHECKED where one of the two dates is not stated (a reproducible build states none).
    Source: project judgement; an SBOM written before the image was built describes something else.
    """
    sboms = _bound(image, images)
    if isinstance(sboms, Verdict):
        return sboms
    built = moment(image.config.created or "")
    if built is None:
        return not_checked("the image states no date of its own that can be trusted", at=[at_key(image, "created")])
    dates = [(sbom, made) for sbom in sboms if (made := moment(sbom.created or "")) is not None]
    if not dates:
        return not_checked(f"{_called(sboms[0])} does not say when it was made", at=[_made_at(sbom) for sbom in sboms])
    at = [at_key(image, "created"), *(_made_at(sbom) for sbom, _ in dates)]
    told = f"the image was built {image.config.created}, {_called(dates[-1][0])} made {dates[-1][0].created}"
    for sbom, made in dates:
        if built - made <= _TOLERANCE:
            return passed(f"the image was built {image.config.created}, {_called(sbom)} made {sbom.created}", at=at)
    return failed(f"{told}, before the image it is said to describe", at=at)


def _made_at(sbom: Sbom) -> At:
    return sbom.at(sbom.created_at)


def _bound(image: Image, images: Images) -> tuple[Sbom, ...] | Verdict:
    """The SBOMs that name the image by digest; NOT_CHECKED without one."""
    found = tuple(match.sbom for match in images.sboms_of(image) if match.by is Bound.DIGEST)
    if found:
        return found
    return not_checked("no SBOM in the evidence names the image by its own digest", at=[image.at_config()])


def _compared(image: Image, images: Images) -> list[tuple[Sbom, Comparison]] | Verdict:
    """Each SBOM that names the image by digest, laid against its databases; or why that cannot be done."""
    sboms = _bound(image, images)
    if isinstance(sboms, Verdict):
        return sboms
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    if image.incomplete:
        reason = f"files of the image may be unseen, so its package databases may be, too: {image.incomplete}"
        return not_checked(reason, at=image.whole())
    if root.scannable:
        reason = f"the package databases of the image cannot be relied on: {short_words(root.scannable)}"
        return not_checked(reason, at=image.whole())
    return [(sbom, compare(sbom, root)) for sbom in sboms]


@check(
    id="image-sbom-complete",
    title="SBOM lists every package of the image's own databases",
    severity=Severity.MEDIUM,
    fix="Make the SBOM from the finished image, not from a lock file or an earlier stage of the build.",
)
def image_sbom_complete(image: Image, images: Images) -> Verdict:
    """At least one SBOM that names the image by digest lists each package that its databases name.

    Compared by ecosystem, name and version (deb, apk, rpm, Python, Node, Go). A package listed under another
    version is not missing here: image-sbom-accurate tells it. NOT_CHECKED where a database could not be read, or
    where only packages lack that lie in the operating system's folders, whose own packages may stand for them.
    Source: NIST SP 800-53 rev 5, CM-8; CISA, "2026 Minimum Elements for an SBOM", coverage.
    """
    compared = _compared(image, images)
    if isinstance(compared, Verdict):
        return compared
    root = image.filesystem
    if root is None or not root.databases:
        reason = "the image has no package database that an SBOM could be compared with"
        return not_applicable(reason, at=image.whole())
    return _best(_complete(sbom, comparison, image, root) for sbom, comparison in compared)


def _best(verdicts: Iterable[Verdict]) -> Verdict:
    """The first of the best: one SBOM that holds is enough."""
    order = (Outcome.PASS, Outcome.NOT_CHECKED, Outcome.FAIL)
    return min(verdicts, key=lambda verdict: order.index(verdict.outcome))


def _complete(sbom: Sbom, comparison: Comparison, image: Image, root: RootFileSystem) -> Verdict:
    held = [one for one in comparison.ecosystems if one.databases]
    at = [sbom.at(sbom.components_at), *_databases(image, root)]
    counts = f"{_called(sbom)} lists {listed(_recall(one) for one in held)}"
    missing = [_lacks(one.ecosystem, one.missing) for one in held if one.missing]
    if missing:
        return failed(f"{counts}; missing: {'; '.join(missing)}", at=at)
    unread = [f"{one.ecosystem}: {short_words(one.unread)}" for one in held if one.unread]
    if unread:
        return not_checked(f"{counts}; a database could not be read: {'; '.join(unread)}", at=at)
    system = [_lacks(one.ecosystem, one.system) for one in held if one.system]
    if system:
        reason = f"{counts}; not listed are {'; '.join(system)}, which lie in folders of the operating system"
        return not_checked(f"{reason}: its own packages may stand for them", at=at)
    return passed(counts, at=at)


def _recall(one: Compared) -> str:
    listed_of = one.found + len(one.differing)
    other = f", {len(one.differing):,} of them in another version" if one.differing else ""
    return f"{listed_of:,} of {one.installed:,} {one.ecosystem} packages{other}"


def _lacks(ecosystem: str, named: tuple[tuple[str, str], ...]) -> str:
    return f"{ecosystem} {listed((short(f'{name} {version}'.rstrip()) for name, version in named), limit=_TOLD)}"


def _databases(image: Image, root: RootFileSystem) -> list[At]:
    return [image.in_layer(database.layer, database.path) for database in root.databases[:_TOLD]]


@check(
    id="image-sbom-accurate",
    title="SBOM lists no package that the image does not hold",
    severity=Severity.MEDIUM,
    fix="Make the SBOM from the finished image, and make it again at every build.",
)
def image_sbom_accurate(image: Image, images: Images) -> Verdict:
    """No SBOM that names the image by digest lists a package its databases do not name, or another version of one.

    Of the operating system's packages (deb, apk, rpm) one database names all. Packages of languages may lie
    where this version does not look (an application's own package.json, a lock file), so one more of those is
    NOT_CHECKED unless the image holds it in another version only. A package that was removed and left its settings
    is not installed, though dpkg still knows it and Syft 1.18 lists it.
    Source: NIST SP 800-53 rev 5, CM-8; NIST SP 800-190, 4.1.5.
    """
    compared = _compared(image, images)
    if isinstance(compared, Verdict):
        return compared
    verdicts = [_accurate(sbom, comparison, image) for sbom, comparison in compared]
    order = (Outcome.FAIL, Outcome.NOT_CHECKED, Outcome.PASS)
    return min(verdicts, key=lambda verdict: order.index(verdict.outcome))


def _accurate(sbom: Sbom, comparison: Comparison, image: Image) -> Verdict:
    at = [sbom.at(sbom.components_at), *(_databases(image, image.filesystem) if image.filesystem else ())]
    at = at if len(at) > 1 else [*at, *image.whole()]
    faults = [text for one in comparison.ecosystems for text in _wrong(one)]
    if faults:
        return failed(f"{_called(sbom)}: {'; '.join(faults)}", at=at)
    unread = [one for one in comparison.ecosystems if one.ghosts]
    if unread:
        told = "; ".join(_lacks(one.ecosystem, one.ghosts) for one in unread)
        why = "a database could not be read" if any(one.unread for one in unread) else "they may lie elsewhere in it"
        return not_checked(f"{_called(sbom)} lists what no database of the image names, but {why}: {told}", at=at)
    found = listed(f"{one.found:,} {one.ecosystem}" for one in comparison.ecosystems if one.found) or "no package"
    more = _beyond(comparison)
    return passed(f"{_called(sbom)} lists {found}, each of them in the image{more}", at=at)


def _wrong(one: Compared) -> Iterable[str]:
    """What is proven not to be there: a database that could not be read proves nothing."""
    if one.unread:
        return
    if one.ghosts and one.ecosystem in SYSTEM:
        yield f"{counted(len(one.ghosts), 'package')} not in the image: {_lacks(one.ecosystem, one.ghosts)}"
    if one.differing:
        told = (short(f"{name} {here} (the SBOM says {there})") for name, here, there in one.differing)
        number = counted(len(one.differing), f"{one.ecosystem} package")
        yield f"{number} installed in another version: {listed(told, limit=_TOLD)}"


def _beyond(comparison: Comparison) -> str:
    if not comparison.beyond:
        return ""
    told = listed(f"{number:,} {name or 'without a package URL'}" for name, number in comparison.beyond.items())
    return f"; not compared, for want of a database: {told}"
