"""The assessment in, STIG checklists out: for each asset one of every STIG assessed, or that others judged it by."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from compliance.assess.checklist_findings import of_frameworks
from compliance.assess.checklist_reports import of_reports, without_rules
from compliance.assess.findings import Basis
from compliance.model.assessment import Assessment
from compliance.model.checklist import Checklist

_NO_NAME = re.compile(r"[^A-Za-z0-9._]+")
#: Characters of an asset and of a STIG that are kept in the name of a file; with the ending it stays below 255.
_ASSET_KEPT, _STIG_KEPT = 80, 60
_HASH_KEPT = 12


def checklists(
    assessment: Assessment, basis: Basis, controls_of_cci: Mapping[str, tuple[str, ...]]
) -> tuple[Checklist, ...]:
    """Every checklist, sorted by the name of its files; none where no STIG was assessed and no rule of one judged.

    What other tools judged of a STIG that is assessed stands in that STIG's own checklists. `controls_of_cci` gives
    control ids of SP 800-53 rev. 5.
    """
    made = [*of_frameworks(assessment, basis), *of_reports(assessment, basis, controls_of_cci)]
    return tuple(_named(made))


def warnings_of(made: Iterable[Checklist], assessment: Assessment, basis: Basis) -> tuple[str, ...]:
    """What the packet warns of in its checklists, and of those that could not be made, each once."""
    return tuple(dict.fromkeys((*(text for one in made for text in one.warnings), *without_rules(assessment, basis))))


def _named(made: Iterable[Checklist]) -> list[Checklist]:
    """The checklists with names for their files: of letters, digits, `._-` alone, unlike in any case of letters."""
    found = []
    taken: set[str] = set()
    for one in sorted(made, key=lambda each: (each.subject.id, each.stig.id, each.stig.edition)):
        stem, whole = _stem(one)
        if not whole or stem.lower() in taken:
            asset, _, stig = stem.rpartition("--")
            stem = f"{asset}-{_mark(one)}--{stig}"
        taken.add(stem.lower())
        found.append(replace(one, stem=stem))
    return sorted(found, key=lambda one: one.stem)


def _stem(one: Checklist) -> tuple[str, bool]:
    """What a checklist's files are called, and whether that tells its asset from all others."""
    stig = _slug(one.stig.id, _STIG_KEPT)
    if one.image:
        name = _slug(one.subject.name.partition("@sha256:")[0], _ASSET_KEPT)
        return f"{name}-{_slug(one.image.removeprefix('sha256:'), _HASH_KEPT)}--{stig}", True
    asset = _slug(one.asset, _ASSET_KEPT)
    return f"{asset}--{stig}", asset == one.asset


def _mark(one: Checklist) -> str:
    """What tells a checklist from others whose names look the same."""
    whole = f"{one.subject.id}\n{one.stig.id}\n{one.stig.edition}"
    return hashlib.sha256(whole.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH_KEPT]


def _slug(name: str, limit: int) -> str:
    return _NO_NAME.sub("-", name)[:limit].strip("-.") or "unnamed"
