"""What is known of an image in, the facts of a hardened image out: shown, missing or unknown, never one bit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from compliance.assess.image_facts import Known, claimed_owner, owner_of, places, repositories, told
from compliance.model.check import listed
from compliance.model.cluster import RunContainer
from compliance.model.evidence import At
from compliance.model.image import Facts
from compliance.model.image_report import HardeningFact, IdentityLink, Link, Standing
from compliance.model.images import Bound, Use
from compliance.rendering.text import count, cut, sentence

#: What settles whether a file stands in an image.
WITH_LAYERS = "the image itself, as a layout folder or a saved archive"


def hardening(known: Known, links: Sequence[IdentityLink]) -> tuple[HardeningFact, ...]:
    """The facts in the order of the page; `links` are the image's own."""
    joined = {link.kind: link for link in links}
    files = known.image.filesystem
    return (
        _non_root(known),
        _none(known, "no-shell", "shell", files.shells if files else None),
        _none(known, "no-package-manager", "package manager", files.package_managers if files else None),
        _none(known, "no-set-id", "set-user-ID or set-group-ID file", files.set_id if files else None),
        _none(known, "no-file-capabilities", "file with capabilities", files.capabilities if files else None),
        _read_only(known),
        _joined("sbom", "SBOM bound by digest", joined["sbom"]),
        _joined("signature", "Signed, and the signature verified", joined["signature"]),
        _owner(known),
        _cadence(known),
    )


def _fact(id: str, title: str, standing: Standing, because: str, at: At | None = None) -> HardeningFact:
    place = at.location() if at is not None else None
    return HardeningFact(id=id, title=title, standing=standing, because=sentence(because), at=place)


def _non_root(known: Known) -> HardeningFact:
    user = known.user
    standing = {True: Standing.MISSING, False: Standing.SHOWN, None: Standing.UNKNOWN}[user.root]
    words = f"the image {user.words}"
    return _fact("non-root", "Runs as an ordinary user", standing, words, known.image.at_config("User"))


def _none(known: Known, id: str, what: str, found: Facts | None) -> HardeningFact:
    """Whether the image is without files of a sort; what was not found is shown only when all was read."""
    title = f"No {what}"
    image = known.image
    if found is not None and found.total:
        first = image.at_file(found.items[0]) if found.items else None
        return _fact(id, title, Standing.MISSING, f"{count(found.total, 'path')}: {told(found)}", first)
    if known.absent or image.filesystem is None:
        return _fact(id, title, Standing.UNKNOWN, f"{known.absent}; hand in {WITH_LAYERS}")
    seen = f"none among {count(image.filesystem.files, 'file')} of {count(len(image.layers), 'layer')}"
    return _fact(id, title, Standing.SHOWN, seen, image.whole()[0])


def _read_only(known: Known) -> HardeningFact:
    """Whether every container that runs the image does so with a read-only root; only a digest proves which it runs."""
    title = "Runs with a read-only root"
    rows = [(use, one) for use in known.uses for one in use.workload.containers if _runs(one, use)]
    volumes = known.image.config.volumes
    more = f"; it declares {count(len(volumes), 'volume')} to write to" if volumes else ""
    if not rows:
        words = "no workload in the evidence runs it, so nobody sees whether it works without writing to its root"
        return _fact("read-only-root", title, Standing.UNKNOWN, words + more)
    writable = [(use, one) for use, one in rows if one.read_only is not True]
    if writable:
        use, one = writable[0]
        words = (
            f"{_distinct(writable):,} of {count(_distinct(rows), 'container')} that run it may write to the root: "
            f"{places(use for use, _ in writable)}"
        )
        at = use.workload.at(f"{one.at}/securityContext/readOnlyRootFilesystem")
        return _fact("read-only-root", title, Standing.MISSING, words + more, at)
    use, one = rows[0]
    at = use.workload.at(f"{one.at}/securityContext/readOnlyRootFilesystem")
    if any(use.by is Bound.NAME for use, _ in rows):
        words = "all containers that name it are set so, but name it by tag only: they may run another build"
        return _fact("read-only-root", title, Standing.UNKNOWN, words + more, at)
    number = count(_distinct(rows), "container")
    words = f"set so for {number} that run it, and no other: {places(use for use, _ in rows)}"
    return _fact("read-only-root", title, Standing.SHOWN, words + more, at)


def _distinct(rows: Iterable[tuple[Use, RunContainer]]) -> int:
    """How many containers these are: a workload and its pods have the same ones, at the end of other pointers."""
    return len({(use.workload.subject.id, *one.at.rsplit("/", 2)[1:]) for use, one in rows})


def _runs(container: RunContainer, use: Use) -> bool:
    """Whether a container of the workload is the one that makes the use."""
    return use.reference in (container.image, container.image_id)


def _joined(id: str, title: str, link: IdentityLink) -> HardeningFact:
    """What is asked for is shown by a proven link alone; what nobody handed in is not known."""
    standing = {
        Link.PROVEN: Standing.SHOWN,
        Link.WEAK: Standing.MISSING,
        Link.BROKEN: Standing.MISSING,
        Link.UNKNOWN: Standing.UNKNOWN,
    }[link.link]
    return HardeningFact(id=id, title=title, standing=standing, because=link.because, at=link.at)


def _owner(known: Known) -> HardeningFact:
    owner = owner_of(known)
    title = "Owner of the next rebuild"
    if owner:
        return _fact("owner", title, Standing.SHOWN, f"{cut(owner, 80)}, by compliance.yaml")
    claim = claimed_owner(known.image)
    if claim:
        words = f"{claim}, which may be inherited from the base: name the owner under owners: in compliance.yaml"
        return _fact("owner", title, Standing.UNKNOWN, words, known.image.at_config("Labels"))
    words = "nobody is named: neither under owners: in compliance.yaml nor in a label of the image"
    return _fact("owner", title, Standing.MISSING, words)


def _cadence(known: Known) -> HardeningFact:
    standing, words = rebuilt(known)
    return _fact("cadence", "Rebuilt regularly", standing, words, known.image.at_root("created"))


def rebuilt(known: Known) -> tuple[Standing, str]:
    """Whether builds of one repository follow each other within the bound; a build not handed in is no gap."""
    most = known.configuration.parameters.image_max_age_days
    builds = known.builds
    names = listed(repositories(known.image), limit=2)
    if len(builds) < 2:
        return Standing.UNKNOWN, "the evidence holds fewer than two dated builds of the same name"
    gap = max((later - earlier).days for earlier, later in pairwise(builds))
    words = (
        f"{count(len(builds), 'build')} of {cut(names, 120)} between {builds[0]:%Y-%m-%d} and {builds[-1]:%Y-%m-%d}, "
        f"at most {count(gap, 'day')} apart; asked for are {most:,}"
    )
    if gap <= most:
        return Standing.SHOWN, words
    return Standing.UNKNOWN, f"{words}; builds between them may not have been handed in"
