"""DISA's benchmarks and a Library in; a Library that has them, as editions of its frameworks or as frameworks, out.

Of an edition that ships the file's ids, titles and texts take the place of ours, and all that joins it to checks stays.
Another edition of a STIG that ships stands beside it, joined to the same checks where both have a group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from compliance.catalog.ccis import ccis
from compliance.catalog.xccdf import Benchmark, BenchmarkRule
from compliance.documents import Document
from compliance.errors import CatalogError
from compliance.model.catalog import (
    Control,
    ControlId,
    ControlMapping,
    Framework,
    FrameworkId,
    Judged,
    Library,
    Relationship,
    Remediation,
)

_CATEGORY = {"high": "I", "medium": "II", "low": "III"}
_SECTIONS = tuple({"id": f"cat-{cat.lower()}", "title": f"Category {cat}"} for cat in ("I", "II", "III"))
#: What answers a STIG that no check of ours knows.
_EVIDENCE = ("checklist", "openscap-results", "attestation")
_EDITION = re.compile(r"V([0-9]{1,4})R([0-9]{1,4})")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_GUIDE = re.compile(r"\s*\(?Security Technical Implementation Guide\)?|\s*Security Requirements Guide", re.IGNORECASE)
_LICENCE = "The STIG is a work of the US government and free to copy; ids, titles and texts are DISA's, from {name}."
#: Benchmarks that we have under a name of our own. Source: DISA's names of its SRGs.
_SRGS = {"srg-container-platform": re.compile(r"Container_Platform(?:_SRG|_Security_Requirements_Guide)?")}
_NIST = "nist-800-53"


def framework_of(benchmark: Benchmark, frameworks: Iterable[Framework]) -> FrameworkId | None:
    """The framework that a benchmark is an edition of; None for a STIG that we do not have."""
    for framework in frameworks:
        srg = _SRGS.get(framework.id)
        if framework.benchmark == benchmark.id or (srg is not None and srg.fullmatch(benchmark.id)):
            return framework.id
    return None


def is_srg(benchmark: Benchmark) -> bool:
    """Whether a benchmark is of an SRG that ships under a name of ours."""
    return any(pattern.fullmatch(benchmark.id) for pattern in _SRGS.values())


def framework_id(benchmark: Benchmark) -> str:
    """What a STIG or SRG that we do not have is called on the command line: `stig-rhel-9`."""
    name = benchmark.id.removesuffix("_STIG").removesuffix("_SRG").lower()
    kind = "srg" if _is_guide(benchmark) else "stig"
    return f"{kind}-{_NO_WORD.sub('-', name).strip('-')}"


def document(benchmark: Benchmark) -> Document:
    """A catalog of a STIG that we do not have: people and other tools judge its controls.

    Those of an SRG are known by their items, as SRGs refer to each other by them.
    """
    items = {rule.stig_id for rule in benchmark.rules}
    by_item = _is_guide(benchmark) and len(items) == len(benchmark.rules)
    data: dict[str, Any] = {
        "format": "control-catalog/1",
        "id": framework_id(benchmark),
        "edition": benchmark.edition,
        "title": _title(benchmark),
        "publisher": "DISA",
        "words": _words(benchmark),
        "licence": _LICENCE.format(name=benchmark.path.name),
        "benchmark": benchmark.id,
        "release_info": benchmark.release_info,
        "sections": list(_SECTIONS),
        "controls": [_raw(rule, benchmark.edition, by_item) for rule in benchmark.rules],
    }
    return Document(path=benchmark.path, text="", data=data, failure=CatalogError)


def with_benchmarks(library: Library, benchmarks: Iterable[Benchmark]) -> Library:
    """The Library with benchmarks of frameworks that it has.

    Raises:
        CatalogError: two files are of one edition.
    """
    done: dict[tuple[str, str], Benchmark] = {}
    shipped = tuple(library.frameworks.values())
    for benchmark in benchmarks:
        id = framework_of(benchmark, shipped)
        if id is None:
            continue
        key = (id, benchmark.edition)
        if key in done:
            raise CatalogError(f"{benchmark.path}: {id} {benchmark.edition} is described in {done[key].path} too")
        done[key] = benchmark
        own = library.frameworks.get(key)
        library = _overlaid(library, own, benchmark) if own is not None else _beside(library, id, benchmark)
    return library


def nist_rows(library: Library, documents: Iterable[Document]) -> Library:
    """The Library with rows from STIGs that we do not have to SP 800-53, as DISA's list of CCIs has them."""
    known = {control.id for key, one in library.frameworks.items() if key[0] == _NIST for control in one.controls}
    rows = [
        ControlMapping(
            from_framework=framework.id,
            from_edition=framework.edition,
            from_control=control.id,
            to_framework=FrameworkId(_NIST),
            to_control=ControlId(target),
            relationship=Relationship.INTERSECTS,
            basis="source",
            source="DISA's list of control correlation identifiers (CCI)",
        )
        for one in documents
        for framework in (library.frameworks[FrameworkId(one.data["id"]), one.data["edition"]],)
        for control in framework.controls
        for target in control.properties["nist-800-53-r5"].split()
        if target in known
    ]
    return replace(library, control_mappings=(*library.control_mappings, *rows))


def _overlaid(library: Library, own: Framework, benchmark: Benchmark) -> Library:
    """The same edition with DISA's ids and texts; what our catalog has besides stays, and says so."""
    rules = _by_control(own, benchmark)
    controls = [_with_texts(one, rules.get(one.id), benchmark) for one in own.controls]
    new = [_new(rule, own) for rule in benchmark.rules if rule not in rules.values()]
    changed = replace(
        own,
        title=_title(benchmark),
        licence=_LICENCE.format(name=benchmark.path.name),
        controls=(*controls, *new),
        release_info=benchmark.release_info,
    )
    return _with_framework(library, changed)


def _beside(library: Library, id: FrameworkId, benchmark: Benchmark) -> Library:
    """A further edition with the rows of the nearest one, for the groups that both have."""
    near = min(
        (one for key, one in library.frameworks.items() if key[0] == id),
        key=lambda one: (_distance(one.edition, benchmark.edition), one.edition),
    )
    rules = _by_control(near, benchmark)
    here = {rule: id for id, rule in rules.items()}
    old = {control.id: control for control in near.controls}
    edition = benchmark.edition
    controls = tuple(
        replace(_with_texts(old[here[rule]], rule, benchmark), edition=edition)
        if rule in here
        else replace(_new(rule, near), edition=edition)
        for rule in benchmark.rules
    )
    made = replace(
        near,
        edition=edition,
        title=_title(benchmark),
        words=_words(benchmark),
        licence=f"{_LICENCE.format(name=benchmark.path.name)} Checks are joined to it as to {near.edition}, by group "
        "id: whether the limit of a rule changed between the two, nobody has compared.",
        catalog=id,
        catalog_edition=edition,
        controls=controls,
        withdrawn=(),
        benchmark=benchmark.id,
        release_info=benchmark.release_info,
    )
    return _with_framework(_with_rows(library, near, edition, rules), made)


def _with_rows(library: Library, near: Framework, edition: str, rules: Mapping[ControlId, BenchmarkRule]) -> Library:
    """The rows of an edition once more for another, of the controls that have a rule there."""
    here = (near.id, near.edition)
    note = f"Joined to {near.edition} of the STIG, and to {edition} by the same group id."
    checks = [
        replace(row, edition=edition, rationale=f"{row.rationale} {note}")
        for row in library.check_mappings
        if (row.framework, row.edition) == here and row.control in rules
    ]
    others = [
        replace(row, from_edition=edition)
        for row in library.control_mappings
        if (row.from_framework, row.from_edition) == here and row.from_control in rules
    ]
    return replace(
        library,
        check_mappings=(*library.check_mappings, *checks),
        control_mappings=(*library.control_mappings, *others),
    )


def _with_framework(library: Library, framework: Framework) -> Library:
    found = {**library.frameworks, (framework.id, framework.edition): framework}
    return replace(library, frameworks={key: found[key] for key in sorted(found)})


def _by_control(framework: Framework, benchmark: Benchmark) -> Mapping[ControlId, BenchmarkRule]:
    """The rule of each control that the benchmark has, by the id of its group, else by that of an SRG's item."""
    groups = {rule.vuln_id: rule for rule in benchmark.rules}
    items = {rule.stig_id: rule for rule in benchmark.rules}
    found: dict[ControlId, BenchmarkRule] = {}
    for control in framework.controls:
        rule = groups.get(control.properties.get("vuln-id", control.id)) or items.get(str(control.id))
        if rule is not None:
            found[control.id] = rule
    return found


def _with_texts(control: Control, rule: BenchmarkRule | None, benchmark: Benchmark) -> Control:
    if rule is None:
        return replace(control, properties={**control.properties, "not-in": benchmark.path.name})
    return replace(
        control,
        title=rule.title,
        level=_level(rule),
        asks=rule.check,
        remediation=Remediation(text=rule.fix, example=""),
        properties={**control.properties, **_properties(rule, benchmark.edition)},
    )


def _new(rule: BenchmarkRule, framework: Framework) -> Control:
    """A control that the catalog does not have: people and other tools judge it."""
    return Control(
        framework=framework.id,
        edition=framework.edition,
        id=ControlId(rule.vuln_id),
        title=rule.title,
        section=framework.sections[-1].id if framework.sections else "",
        level=_level(rule),
        label="",
        judged=Judged.PERSON,
        asks=rule.check,
        evidence=_EVIDENCE,
        remediation=Remediation(text=rule.fix, example=""),
        properties=_properties(rule, framework.edition),
    )


def _raw(rule: BenchmarkRule, edition: str, by_item: bool) -> dict[str, Any]:
    return {
        "id": rule.stig_id if by_item else rule.vuln_id,
        "title": rule.title,
        "section": f"cat-{_CATEGORY[rule.severity].lower()}",
        "level": _level(rule),
        "judged": "person",
        "asks": rule.check,
        "evidence": list(_EVIDENCE),
        "remediation": {"text": rule.fix},
        "properties": _properties(rule, edition),
    }


def _properties(rule: BenchmarkRule, edition: str) -> dict[str, str]:
    known = ccis()
    controls = sorted({known[cci].control for cci in rule.ccis if cci in known and known[cci].control})
    return {
        "vuln-id": rule.vuln_id,
        "stig-id": rule.stig_id,
        "rule-id": rule.rule_id,
        "rule-id-from": edition,
        "severity": rule.severity,
        "cat": _CATEGORY[rule.severity],
        "srg": rule.srg,
        "cci": " ".join(rule.ccis),
        "nist-800-53-r5": " ".join(controls),
        "discussion": rule.discussion,
    }


def _level(rule: BenchmarkRule) -> str:
    return f"CAT {_CATEGORY[rule.severity]}"


def _title(benchmark: Benchmark) -> str:
    kind = "SRG" if _is_guide(benchmark) else "STIG"
    plain = _GUIDE.sub("", benchmark.title).strip()
    return plain if plain.endswith(kind) else f"{plain} {kind}"


def _is_guide(benchmark: Benchmark) -> bool:
    """Whether it is an SRG: what its rules are of is an item of an SRG itself."""
    return all(rule.stig_id.startswith("SRG-") for rule in benchmark.rules)


def _words(benchmark: Benchmark) -> str:
    found = _EDITION.fullmatch(benchmark.edition)
    release = f", Version {found[1]}, Release {found[2]}" if found else ""
    return f"maps to DISA's {_title(benchmark)}{release}"


def _distance(one: str, other: str) -> tuple[int, int]:
    """How far editions lie apart, versions first."""
    left, right = _EDITION.fullmatch(one), _EDITION.fullmatch(other)
    if left is None or right is None:
        return (1000, 1000)
    return (abs(int(left[1]) - int(right[1])), abs(int(left[2]) - int(right[2])))
