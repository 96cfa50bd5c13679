"""A Library and a question enter; records about a framework, a control or a check leave, for the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from compliance.documents import nearest
from compliance.errors import CatalogError
from compliance.model.catalog import CheckMapping, Control, ControlMapping, EvidenceKind, Framework, Library
from compliance.model.configuration import NEWEST, KubernetesVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A framework in a list: its editions, newest first, and how many controls the newest asks for."""

    id: str
    title: str
    publisher: str
    editions: tuple[str, ...]
    controls: int
    selected_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlExplained:
    """A control of one framework edition with everything that is known about it.

    `checks` are the rows that join checks to it, `related` the rows from and to it, `evidence` the
    kinds it asks for, the primary one first. `also_in` are other framework editions that hold the id.
    """

    framework: Framework
    control: Control
    checks: tuple[CheckMapping, ...]
    related: tuple[ControlMapping, ...]
    evidence: tuple[EvidenceKind, ...]
    also_in: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckExplained:
    """The controls that a check bears on."""

    check: str
    rows: tuple[CheckMapping, ...]


def find_framework(library: Library, spec: str, kubernetes: KubernetesVersion = NEWEST) -> Framework:
    """The framework that `id` or `id@edition` names.

    Without an edition it is the newest, or that of the Kubernetes version for a framework that
    follows Kubernetes (the newest there is for a later version).

    Raises:
        CatalogError: no such framework or edition; the nearest known one is named.
    """
    identity, _, edition = spec.partition("@")
    known = editions(library, identity)
    if not known:
        ids = sorted({name for name, _ in library.frameworks})
        raise CatalogError(f"there is no framework {identity}. {nearest(identity, ids)}Known: {', '.join(ids)}")
    wanted = edition
    if not edition:
        follows = _follows_kubernetes(library, identity) and str(kubernetes) in known
        wanted = str(kubernetes) if follows else known[0]
    found = _edition(library, identity, wanted)
    if found is None:
        raise CatalogError(
            f"{identity} has no edition {wanted}. {nearest(wanted, known)}Known: {', '.join(_short(known))}"
        )
    return found


def editions(library: Library, identity: str) -> tuple[str, ...]:
    """The editions of a framework, newest first; empty when there is none."""
    return tuple(sorted((edition for name, edition in library.frameworks if name == identity), key=_age, reverse=True))


def listing(library: Library) -> tuple[Listed, ...]:
    """Every framework once, by id."""
    found = []
    for identity in sorted({name for name, _ in library.frameworks}):
        known = editions(library, identity)
        newest = find_framework(library, f"{identity}@{known[0]}")
        found.append(
            Listed(
                id=identity,
                title=newest.title,
                publisher=newest.publisher,
                editions=known,
                controls=len(newest.controls),
                selected_from="" if newest.catalog == newest.id else f"{newest.catalog} {newest.catalog_edition}",
            )
        )
    return tuple(found)


def rows_of(library: Library, framework: Framework) -> dict[str, tuple[CheckMapping, ...]]:
    """The rows that join checks to a framework's controls, by control id; baselines have those of their catalog."""
    found: dict[str, list[CheckMapping]] = {}
    for row in library.check_mappings:
        if row.framework == framework.catalog and row.edition == framework.catalog_edition:
            found.setdefault(row.control, []).append(row)
    return {control: tuple(rows) for control, rows in found.items()}


def explain(
    library: Library, name: str, checks: Iterable[str] = (), kubernetes: KubernetesVersion = NEWEST
) -> tuple[ControlExplained, ...] | CheckExplained:
    """What a check or a control is about. `framework:ID` or `framework@edition:ID` asks for one framework only.

    A control id may stand in several frameworks: all of them answer, catalogs before baselines,
    each in its default edition.

    Raises:
        CatalogError: nothing is called so; the nearest known names are given.
    """
    known = {*checks, *(row.check for row in library.check_mappings)}
    if name in known:
        return CheckExplained(check=name, rows=_newest_rows(library, name))
    spec, colon, wanted = name.rpartition(":")
    places = (
        [find_framework(library, spec, kubernetes)]
        if colon
        else [
            find_framework(library, identity, kubernetes) for identity in sorted({key[0] for key in library.frameworks})
        ]
    )
    places.sort(key=lambda framework: framework.catalog != framework.id)
    found = [(place, control) for place in places for control in _named(place, wanted)]
    if found:
        return tuple(_explained(library, place, control, found) for place, control in found)
    ids = known | {str(control.id) for place in places for control in place.controls}
    raise CatalogError(
        f"there is no control or check {name}. {nearest(wanted, ids)}"
        "`compliance catalog show FRAMEWORK` prints the ids of a framework"
    )


def _explained(
    library: Library, framework: Framework, control: Control, found: list[tuple[Framework, Control]]
) -> ControlExplained:
    related = [
        row
        for row in library.control_mappings
        if (row.from_framework == framework.catalog and row.from_control == control.id)
        and row.from_edition == framework.catalog_edition
    ]
    into = [
        row
        for row in library.control_mappings
        if (row.to_framework == framework.catalog and row.to_control == control.id)
        and row.from_edition == editions(library, row.from_framework)[0]
    ]
    return ControlExplained(
        framework=framework,
        control=control,
        checks=rows_of(library, framework).get(control.id, ()),
        related=(*related, *into),
        evidence=tuple(library.evidence_kinds[word] for word in control.evidence),
        also_in=tuple(f"{place.id}@{place.edition}" for place, _ in found if place is not framework),
    )


def _newest_rows(library: Library, check: str) -> tuple[CheckMapping, ...]:
    """A check's rows, each framework once: in its newest edition."""
    rows = [row for row in library.check_mappings if row.check == check]
    return tuple(row for row in rows if row.edition == editions(library, row.framework)[0])


def _named(framework: Framework, wanted: str) -> list[Control]:
    """Controls of that id; letters may be of either case."""
    return [c for c in (*framework.controls, *framework.withdrawn) if c.id.lower() == wanted.lower()]


def _edition(library: Library, identity: str, edition: str) -> Framework | None:
    for (name, known), framework in library.frameworks.items():
        if name == identity and known == edition:
            return framework
    return None


def _follows_kubernetes(library: Library, identity: str) -> bool:
    """True when older editions of the framework are mapped through its newest one: it has one for each minor."""
    own = [f for (name, _), f in library.frameworks.items() if name == identity and f.catalog == f.id]
    return (
        len(own) > 1 and len({framework.catalog_edition for framework in own}) == 1 and all(_is_minor(f) for f in own)
    )


def _is_minor(framework: Framework) -> bool:
    return re.fullmatch(r"1\.\d+", framework.edition) is not None


def _age(edition: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", edition))


def _short(known: tuple[str, ...]) -> tuple[str, ...]:
    """Editions for a message: all of them, or the ends of a long row."""
    return known if len(known) <= 6 else (*known[:2], "...", known[-1])
