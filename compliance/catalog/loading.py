"""Folders of catalogs and mappings enter; one Library leaves, in which every reference resolves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from compliance.catalog import building, reading, xccdf_frameworks
from compliance.catalog.building import Key
from compliance.catalog.xccdf import Benchmark, read_benchmark
from compliance.documents import Document, nearest
from compliance.errors import CatalogError
from compliance.model.catalog import CheckMapping, ControlMapping, EvidenceKind, Framework, FrameworkId, Library
from compliance.resources import controls, mappings


def load_library(extra: Iterable[str | Path] = ()) -> Library:
    """Everything that ships, and the user's own folders and benchmarks of DISA's (`.xml`) on top.

    Shipped files are held against their schemas by a test, users' files here: validation is most
    of the time that loading takes.

    Raises:
        CatalogError: a file breaks its schema, or names what does not exist; the message has file and line.
    """
    return load_on_top([reading.read(path, validate=False) for path in shipped_files()], extra)


def load_on_top(shipped: Iterable[Document], extra: Iterable[str | Path]) -> Library:
    """The Library of shipped documents, and the user's own folders and benchmarks on top.

    Raises:
        CatalogError: as `load_library`.
    """
    documents = list(shipped)
    benchmarks: list[Benchmark] = []
    for place in map(Path, extra):
        if is_benchmark(place):
            benchmarks.append(read_benchmark(place))
        else:
            documents += [reading.read(path, validate=True) for path in user_files(place)]
    if not benchmarks:
        return assemble(documents)
    known = {one.data.get("benchmark") for one in documents if one.data["format"] == "control-catalog/1"}
    ours = [one for one in benchmarks if one.id in known or xccdf_frameworks.is_srg(one)]
    others = [xccdf_frameworks.document(one) for one in benchmarks if one not in ours]
    library = xccdf_frameworks.with_benchmarks(assemble([*documents, *others]), ours)
    return xccdf_frameworks.nist_rows(library, others)


def is_benchmark(place: Path) -> bool:
    """Whether a place of the user's is an XCCDF benchmark rather than a folder of YAML files."""
    return place.suffix.lower() == ".xml"


def shipped_files() -> list[Path]:
    """The catalogs and mappings that ship, in order of path."""
    return [*reading.yaml_files(controls()), *reading.yaml_files(mappings())]


def user_files(folder: Path) -> list[Path]:
    """YAML files of a user's folder: below its controls/ and mappings/ where it has them, else below itself.

    Raises:
        CatalogError: the folder is not there, or holds no YAML file.
    """
    if not folder.is_dir():
        raise CatalogError(f"{folder}: is no folder; `catalogs` names folders of catalogs, and XCCDF benchmarks (.xml)")
    parts = [folder / name for name in ("controls", "mappings") if (folder / name).is_dir()]
    files = [path for part in parts or [folder] for path in reading.yaml_files(part)]
    if not files:
        raise CatalogError(f"{folder}: holds no YAML file; take it out of `catalogs` or put the catalog there")
    return files


def assemble(documents: Iterable[Document]) -> Library:
    """One Library of all documents; rows keep the order of their files.

    Raises:
        CatalogError: two files describe one edition, or a reference leads nowhere.
    """
    by_format: dict[str, list[Document]] = {name: [] for name in reading.SCHEMAS}
    for document in documents:
        by_format[document.data["format"]].append(document)
    frameworks = _frameworks(by_format["control-catalog/1"])
    kinds = {kind.id: kind for document in by_format["evidence-kinds/1"] for kind in building.evidence_kinds(document)}
    _refuse_unknown_evidence(by_format["control-catalog/1"], kinds)
    return Library(
        frameworks=frameworks,
        check_mappings=_check_rows(by_format["check-mapping/1"], frameworks),
        control_mappings=_control_rows(by_format["control-mapping/1"], frameworks),
        evidence_kinds=kinds,
    )


def _frameworks(documents: list[Document]) -> dict[Key, Framework]:
    """Every edition by its key, selections after what they select from; a Kubernetes-versioned file gives many."""
    waiting: dict[Key, Document] = {}
    for document in documents:
        key = building.key_of(document)
        if key in waiting:
            raise document.error(f"{key[0]} {key[1]} is described in {waiting[key].path} too; give another edition")
        waiting[key] = document
    whole: dict[Key, Framework] = {}
    for document in waiting.values():
        _build(document, waiting, whole, ())
    found: dict[Key, Framework] = {}
    for key in sorted(whole):
        versioned = "versioned_by" in waiting[key].data
        for edition in building.by_minor(whole[key]) if versioned else (whole[key],):
            found[edition.id, edition.edition] = edition
    return found


def _build(
    document: Document, waiting: Mapping[Key, Document], done: dict[Key, Framework], above: tuple[Key, ...]
) -> Framework:
    """The framework of a document, built once, what it selects from before it."""
    key = building.key_of(document)
    if key in done:
        return done[key]
    if key in above:
        raise document.error(f"{key[0]} {key[1]} selects from itself in a circle", ("selects",))
    selects = document.data.get("selects")
    selected = None
    if selects is not None:
        wanted = (FrameworkId(selects["framework"]), selects["edition"])
        if wanted not in waiting:
            known = [f"{name} {edition}" for name, edition in waiting]
            message = f"there is no catalog {wanted[0]} {wanted[1]} to select from. {nearest(' '.join(wanted), known)}"
            raise document.error(message.rstrip(), ("selects", "framework"))
        selected = _build(waiting[wanted], waiting, done, (*above, key))
    done[key] = building.framework(document, selected)
    return done[key]


def _refuse_unknown_evidence(documents: list[Document], kinds: Mapping[str, EvidenceKind]) -> None:
    for document in documents:
        places: list[tuple[tuple[str | int, ...], dict[str, Any]]] = [
            (("defaults",), document.data.get("defaults", {}))
        ]
        places += [(("controls", n), raw) for n, raw in enumerate(document.data.get("controls", ()))]
        changes = document.data.get("selects", {}).get("changes", {})
        places += [(("selects", "changes", name), raw) for name, raw in changes.items()]
        for pointer, raw in places:
            for word in raw.get("evidence", ()):
                if word not in kinds:
                    message = f"{word} is no word of the evidence vocabulary. {nearest(word, kinds)}"
                    raise document.error(message.rstrip(), pointer)


def _check_rows(documents: list[Document], frameworks: Mapping[Key, Framework]) -> tuple[CheckMapping, ...]:
    rows: list[CheckMapping] = []
    ids = _ids(frameworks)
    seen: set[tuple[str, str, str, str]] = set()
    for document in documents:
        for position, row in building.check_mappings(document):
            _refuse_unknown(document, position, "control", (row.framework, row.edition), row.control, frameworks, ids)
            key = (row.check, row.framework, row.edition, row.control)
            if key in seen:
                raise document.error(f"{row.check} and {row.control} are joined twice", ("rows", position))
            seen.add(key)
            rows.append(row)
    return tuple(rows)


def _control_rows(documents: list[Document], frameworks: Mapping[Key, Framework]) -> tuple[ControlMapping, ...]:
    rows: list[ControlMapping] = []
    ids = _ids(frameworks)
    targets: dict[str, set[str]] = {}
    for framework in frameworks.values():
        targets.setdefault(framework.id, set()).update(control.id for control in framework.controls)
    for document in documents:
        for position, row in building.control_mappings(document):
            here = (row.from_framework, row.from_edition)
            _refuse_unknown(document, position, "from", here, row.from_control, frameworks, ids)
            there = targets.get(row.to_framework)
            if there is None:
                raise document.error(f"there is no framework {row.to_framework}. {nearest(row.to_framework, targets)}")
            if row.to_control not in there:
                message = f"{row.to_framework} has no control {row.to_control}. {nearest(row.to_control, there)}"
                raise document.error(message.rstrip(), ("rows", position, "to"))
            rows.append(row)
    return tuple(rows)


def _ids(frameworks: Mapping[Key, Framework]) -> dict[Key, set[str]]:
    """The ids that rows of an edition may name.

    A Kubernetes-versioned edition also lends its rows to older ones, so ids that newer controls
    override may be named too.
    """
    found: dict[Key, set[str]] = {}
    for framework in frameworks.values():
        ids = {str(control.id) for control in framework.controls}
        found.setdefault((framework.id, framework.edition), set()).update(ids)
        if framework.catalog == framework.id:
            found.setdefault((framework.id, framework.catalog_edition), set()).update(ids)
    return found


def _refuse_unknown(
    document: Document,
    position: int,
    field: str,
    key: Key,
    control: str,
    frameworks: Mapping[Key, Framework],
    ids: Mapping[Key, set[str]],
) -> None:
    """A row must name an edition that is mapped by its own ids, and an assessable control of it."""
    framework = frameworks.get(key)
    if framework is None:
        known = [f"{name} {edition}" for name, edition in frameworks]
        message = f"there is no catalog {key[0]} {key[1]}. {nearest(' '.join(key), known)}"
        raise document.error(message.rstrip(), ("editions",))
    if framework.catalog != framework.id:
        raise document.error(
            f"{framework.id} is a selection of {framework.catalog}; map to {framework.catalog} instead", ("framework",)
        )
    if control not in ids[key]:
        message = f"{key[0]} {key[1]} has no control {control} to assess. {nearest(control, ids[key])}"
        raise document.error(message.rstrip(), ("rows", position, field))
