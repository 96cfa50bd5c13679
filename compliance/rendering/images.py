"""Reports of images as people's formats print them: states, rows of the table, and facts with path and layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compliance.model.image import NO_FACTS, DatabaseState, Facts, FileFact, Image, RootFileSystem, SecretFact
from compliance.model.image_report import IdentityLink, ImageReport, Link, Standing
from compliance.rendering.states import NOT_CHECKED, NOT_SATISFIED, PART_SHOWN, SATISFIED, State

SHOWN = State(
    key=SATISFIED.key,
    word="shown",
    glyph=SATISFIED.glyph,
    shape=SATISFIED.shape,
    fill=SATISFIED.fill,
    means="The evidence shows that it is so.",
)
NOT_SO = State(
    key=NOT_SATISFIED.key,
    word="not so",
    glyph=NOT_SATISFIED.glyph,
    shape=NOT_SATISFIED.shape,
    fill=NOT_SATISFIED.fill,
    means="The evidence shows the opposite, or that what is asked for was not done.",
)
UNKNOWN = State(
    key=NOT_CHECKED.key,
    word="not known",
    glyph=NOT_CHECKED.glyph,
    shape=NOT_CHECKED.shape,
    fill=NOT_CHECKED.fill,
    means="The evidence does not tell.",
)
#: In the order of legends and tallies.
STANDING_STATES = {Standing.SHOWN: SHOWN, Standing.MISSING: NOT_SO, Standing.UNKNOWN: UNKNOWN}


def _link(state: State, word: str, means: str) -> State:
    return State(key=state.key, word=word, glyph=state.glyph, shape=state.shape, fill=state.fill, means=means)


LINK_STATES = {
    Link.PROVEN: _link(
        SATISFIED, "proven", "Both sides name the same digest; where it is signed, the signature was verified."
    ),
    Link.WEAK: _link(
        PART_SHOWN, "weak", "Joined by name and tag or over all platforms only, or not signed by anybody trusted."
    ),
    Link.BROKEN: _link(NOT_SATISFIED, "broken", "The two sides contradict each other, or a signature does not hold."),
    Link.UNKNOWN: _link(
        NOT_CHECKED, "not known", "No evidence of this kind is joined to the image, or nobody could judge it."
    ),
}

#: What each link of the chain is called.
LINK_NAMES = {
    "workload": "workload and reference",
    "digest": "digests",
    "base": "base",
    "sbom": "SBOM",
    "scan": "scan",
    "signature": "signature",
    "provenance": "provenance",
    "admission": "admission decision",
    "owner": "owner of the next rebuild",
}


@dataclass(frozen=True, slots=True)
class FactRow:
    """Files of one sort: the first of `total`, as (path, layer, detail)."""

    title: str
    files: tuple[tuple[str, int, str], ...]
    total: int


def ranked(reports: Iterable[ImageReport]) -> tuple[ImageReport, ...]:
    """Those of which most is not as asked first, then those that most workloads run, then by name."""
    return tuple(
        sorted(reports, key=lambda one: (-failing(one), -len(one.run_by), one.image.said, one.image.subject.id))
    )


def failing(report: ImageReport) -> int:
    """How many hardening facts and pillars the evidence refutes, and links that are broken."""
    stands = [fact.standing for fact in report.hardening] + [pillar.standing for pillar in report.pillars]
    broken = sum(link.link is Link.BROKEN for link in report.identity)
    return stands.count(Standing.MISSING) + broken


def standings(report: ImageReport) -> tuple[tuple[State, int], ...]:
    """Hardening facts per state, in the order of the legend; the numbers add up to the number of facts."""
    counted = Counter(fact.standing for fact in report.hardening)
    return tuple((state, counted[standing]) for standing, state in STANDING_STATES.items())


def told_links(report: ImageReport) -> tuple[IdentityLink, ...]:
    """The links of the chain of which there is something to tell, in order."""
    return tuple(one for one in report.chain if one.link is not Link.UNKNOWN or one.at is not None)


def missing_links(report: ImageReport) -> tuple[IdentityLink, ...]:
    """The links for which nothing was handed in."""
    return tuple(one for one in report.chain if one.link is Link.UNKNOWN and one.at is None)


def digest_of(image: Image) -> str:
    """The digest an image is called by: of its manifest, else of its configuration, else empty text."""
    return image.digests.manifest or image.digests.config or ""


def os_of(files: RootFileSystem | None) -> str:
    """The distribution as the image names it; empty text when nothing does."""
    release = files.os_release if files is not None else None
    if not release:
        return ""
    return release.get("PRETTY_NAME") or f"{release.get('ID', '')} {release.get('VERSION_ID', '')}".strip()


def packages_of(files: RootFileSystem | None) -> tuple[tuple[str, int], ...]:
    """Packages by ecosystem."""
    return tuple(sorted(Counter(package.ecosystem for package in files.packages).items())) if files else ()


def packages_total(files: RootFileSystem | None) -> int | None:
    """How many packages the image holds; None when no layer was handed in or a database could not be read."""
    if files is None or any(one.state is DatabaseState.UNREADABLE for one in files.databases):
        return None
    return len(files.packages)


def secrets_of(image: Image) -> int | None:
    """How many credentials were found in files, variables, labels and history; None when only files could tell."""
    config = image.config
    beside = sum(entry.suspicion is not None for entry in config.env) + len(config.label_suspicions)
    beside += sum(step.suspicion is not None for step in image.history)
    if image.filesystem is not None:
        return image.filesystem.secrets_total + beside
    return beside or None


def fact_rows(image: Image, each: int) -> tuple[FactRow, ...]:
    """Files worth naming, each sort with at most `each` of them; sorts of which none was found are left out."""
    files = image.filesystem
    if files is None:
        return ()
    rows = [FactRow("Secrets", tuple(_secret(one) for one in files.secrets[:each]), files.secrets_total)]
    rows += [_row(title, found, each) for title, found in _sorts(files)]
    return tuple(row for row in rows if row.total)


def _sorts(files: RootFileSystem) -> Sequence[tuple[str, Facts]]:
    return (
        ("Shells", files.shells),
        ("Package managers", files.package_managers),
        ("Network tools", files.network_tools),
        ("Build tools", files.build_tools),
        ("Servers for remote access", files.remote_servers),
        ("Set-ID files", files.set_id),
        ("File capabilities", files.capabilities),
        ("World-writable", files.world_writable),
        ("Writable by its user", files.path_writable),
        ("Devices", files.devices),
        ("Leftovers and caches", files.leftovers),
        ("Executables of no package", files.ownership.unowned if files.databases else NO_FACTS),
    )


def _row(title: str, found: Facts, each: int) -> FactRow:
    return FactRow(title, tuple(_file(fact) for fact in found.items[:each]), found.total)


def _file(fact: FileFact) -> tuple[str, int, str]:
    said = fact.path.rpartition("/")[2] == fact.detail
    return fact.path, fact.layer, "" if said else fact.detail


def _secret(fact: SecretFact) -> tuple[str, int, str]:
    by_name = ", by its name" if fact.by_name else ""
    gone = f", deleted in layer {fact.deleted_by}, still shipped" if fact.deleted_by is not None else ""
    return fact.path, fact.layer, f"{fact.kind}{by_name}{gone}"
