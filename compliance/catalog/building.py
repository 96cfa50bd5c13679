"""Plain values of catalog and mapping files enter; Framework and mapping records leave."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from compliance.documents import Document, nearest
from compliance.model.catalog import (
    CheckMapping,
    Control,
    ControlId,
    ControlMapping,
    Coverage,
    EvidenceKind,
    Framework,
    FrameworkId,
    Judged,
    Relationship,
    Remediation,
    Section,
)

Key = tuple[FrameworkId, str]
_MINOR = re.compile(r"1\.(0|[1-9][0-9]{0,2})")
_NO_REMEDIATION = Remediation(text="", example="")


def key_of(document: Document) -> Key:
    """The framework and edition that a catalog file describes."""
    return FrameworkId(document.data["id"]), str(document.data["edition"])


def framework(document: Document, selected: Framework | None) -> Framework:
    """The framework of a catalog file; `selected` is the one that its `selects` names.

    Selected controls come first, in their catalog's order. Withdrawn controls stand apart.

    Raises:
        CatalogError: two controls carry one id, or `selects` names a control that is not there.
    """
    data = document.data
    identity, edition = key_of(document)
    if "versioned_by" in data and not _MINOR.fullmatch(edition):
        raise document.error(f"versioned_by asks for an edition such as 1.37, not {edition}", ("edition",))
    own = [_control(document, position, raw) for position, raw in enumerate(data.get("controls", []))]
    controls = [*_selected(document, selected), *own]
    _refuse_twice(document, controls)
    withdrawn = tuple(control for control in controls if "withdrawn" in control.properties)
    baseline = selected if selected is not None and not own else None
    return Framework(
        id=identity,
        edition=edition,
        title=data["title"],
        publisher=data["publisher"],
        words=data["words"],
        licence=data["licence"],
        catalog=baseline.catalog if baseline else identity,
        catalog_edition=baseline.catalog_edition if baseline else edition,
        sections=_sections(document, selected, controls),
        controls=tuple(control for control in controls if "withdrawn" not in control.properties),
        withdrawn=withdrawn,
        benchmark=data.get("benchmark", ""),
        release_info=data.get("release_info", ""),
    )


def by_minor(newest: Framework) -> Iterator[Framework]:
    """The framework as each Kubernetes minor knew it, oldest first, its own edition last.

    A control is there from its `since` on, and replaces the one that it overrides from then on.
    All editions are mapped through the newest one's ids.
    """
    last = int(newest.edition.removeprefix("1."))
    for minor in range(last + 1):
        there = [c for c in newest.controls if int(c.properties.get("since", "1.0").removeprefix("1.")) <= minor]
        replaced = {c.properties["overrides"] for c in there if "overrides" in c.properties}
        edition = f"1.{minor}"
        controls = tuple(dataclasses.replace(c, edition=edition) for c in there if c.id not in replaced)
        yield dataclasses.replace(newest, edition=edition, controls=controls)


def evidence_kinds(document: Document) -> Iterator[EvidenceKind]:
    """The words of an evidence vocabulary file."""
    for raw in document.data["kinds"]:
        yield EvidenceKind(
            id=raw["id"],
            title=raw["title"],
            from_whom=raw["from_whom"],
            command=raw["command"].rstrip("\n"),
            supported=raw.get("supported", False),
        )


def check_mappings(document: Document) -> Iterator[tuple[int, CheckMapping]]:
    """Rows that join checks to controls, one for each edition, with the row's position in the file."""
    data = document.data
    for position, raw in enumerate(data["rows"]):
        for edition in raw.get("editions", data["editions"]):
            yield (
                position,
                CheckMapping(
                    check=raw["check"],
                    framework=FrameworkId(data["framework"]),
                    edition=edition,
                    control=ControlId(raw["control"]),
                    coverage=Coverage(raw["coverage"]),
                    rationale=raw["rationale"],
                    source=raw.get("source", data.get("source", "")),
                    when=raw.get("when", ""),
                ),
            )


def control_mappings(document: Document) -> Iterator[tuple[int, ControlMapping]]:
    """Rows that join controls to controls, one for each edition, with the row's position in the file."""
    data = document.data
    for position, raw in enumerate(data["rows"]):
        for edition in raw.get("editions", data["editions"]):
            yield (
                position,
                ControlMapping(
                    from_framework=FrameworkId(data["framework"]),
                    from_edition=edition,
                    from_control=ControlId(raw["from"]),
                    to_framework=FrameworkId(data["to"]),
                    to_control=ControlId(raw["to"]),
                    relationship=Relationship(raw["relationship"]),
                    basis=raw["basis"],
                    source=raw.get("source", data.get("source", "")),
                ),
            )


def _control(document: Document, position: int, raw: Mapping[str, Any]) -> Control:
    identity, edition = key_of(document)
    defaults = document.data.get("defaults", {})
    properties = {**defaults.get("properties", {}), **raw.get("properties", {})}
    properties |= {name: raw[name] for name in ("withdrawn", "since", "overrides") if name in raw}
    if "since" in properties and "versioned_by" not in document.data:
        raise document.error("`since` needs `versioned_by: kubernetes-minor`", ("controls", position, "since"))
    return Control(
        framework=identity,
        edition=edition,
        id=ControlId(raw["id"]),
        title=raw["title"],
        section=raw.get("section", ""),
        level=raw.get("level", defaults.get("level", "")),
        label=raw.get("label", defaults.get("label", "")),
        judged=Judged(raw.get("judged", defaults.get("judged", "person"))),
        asks=raw["asks"],
        evidence=tuple(raw.get("evidence", defaults.get("evidence", ()))),
        remediation=_remediation(raw.get("remediation", defaults.get("remediation"))),
        properties=properties,
    )


def _remediation(raw: Mapping[str, str] | None) -> Remediation:
    if raw is None:
        return _NO_REMEDIATION
    return Remediation(text=raw["text"].rstrip("\n"), example=raw.get("example", "").rstrip("\n"))


def _selected(document: Document, selected: Framework | None) -> Iterator[Control]:
    if selected is None:
        return
    rules = document.data["selects"]
    there = {control.id: control for control in selected.controls}
    wanted = rules.get("controls")
    changes: Mapping[str, Mapping[str, Any]] = rules.get("changes", {})
    for name in [*(wanted or ()), *changes]:
        if name not in there:
            raise document.error(
                f"{selected.id} {selected.edition} has no control {name} to select. {nearest(name, there)}".rstrip(),
                ("selects", "controls"),
            )
    chosen = set(there if wanted is None else wanted)
    for name, control in there.items():
        if name in chosen:
            yield _changed(document, control, changes.get(name, {}))


def _changed(document: Document, control: Control, change: Mapping[str, Any]) -> Control:
    """A selected control as this framework's own, with what the selection says otherwise."""
    identity, edition = key_of(document)
    return dataclasses.replace(
        control,
        framework=identity,
        edition=edition,
        title=change.get("title", control.title),
        level=change.get("level", control.level),
        label=change.get("label", control.label),
        judged=Judged(change["judged"]) if "judged" in change else control.judged,
        asks=change.get("asks", control.asks),
        evidence=tuple(change.get("evidence", control.evidence)),
        remediation=_remediation(change["remediation"]) if "remediation" in change else control.remediation,
        properties={**control.properties, **change.get("properties", {})},
    )


def _sections(document: Document, selected: Framework | None, controls: list[Control]) -> tuple[Section, ...]:
    """The file's own sections, else those of the selected framework that still hold a control."""
    own = tuple(Section(id=raw["id"], title=raw["title"]) for raw in document.data.get("sections", ()))
    if own or selected is None:
        return own
    used = {control.section for control in controls}
    return tuple(section for section in selected.sections if section.id in used)


def _refuse_twice(document: Document, controls: list[Control]) -> None:
    seen: set[str] = set()
    for control in controls:
        if control.id in seen:
            raise document.error(f"two controls carry the id {control.id}; ids are quoted strings", ("controls",))
        seen.add(control.id)
