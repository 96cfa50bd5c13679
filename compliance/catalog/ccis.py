"""References of a rule to CCIs and to SP 800-53 in; controls of revision 5 out, and words for those that have none.

The list of CCIs is read when the first one is asked for: most assessments have none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from compliance import documents
from compliance.errors import CatalogError
from compliance.model.catalog import ControlId, Framework, FrameworkId
from compliance.model.rule_report import Reference, RefersTo

LIST = Path(__file__).parent / "lists" / "cci.yaml"
#: A control of SP 800-53 in a reference, with what may follow of its parts: `AC-17(a)`, `IA-5(1)(d)`, `AC-6 (10)`.
_CONTROL = re.compile(r"([A-Z]{2}-[0-9]{1,2})(?: ?\(([0-9]{1,2})\))?(?: ?\([0-9a-z]{1,3}\)| ?[0-9a-z]{1,3})*\.?")


class Cci(NamedTuple):
    """A control correlation identifier.

    `control` is that of SP 800-53 rev. 5, empty text where it has none that is in force; `said` is then why, in words.
    """

    id: str
    control: str
    said: str


@cache
def ccis() -> Mapping[str, Cci]:
    """Every CCI of DISA's list by its id (`CCI-000366`).

    Raises:
        CatalogError: the list that ships is damaged.
    """
    data: dict[str, Any] = documents.read(LIST, CatalogError).data
    edition = data["edition"]
    found: dict[str, Cci] = {}
    for item, numbers in data["revision_4"].items():
        said = f"DISA's list of {edition} names only {item} of SP 800-53 rev. 4 for it"
        found.update((f"CCI-{number}", Cci(f"CCI-{number}", "", said)) for number in numbers.split())
    for control, numbers in data["withdrawn"].items():
        said = f"it is of {control}, which SP 800-53 rev. 5 withdrew"
        found.update((f"CCI-{number}", Cci(f"CCI-{number}", "", said)) for number in numbers.split())
    for number in data["deprecated"].split():
        found[f"CCI-{number}"] = Cci(f"CCI-{number}", "", f"DISA's list of {edition} marks it as deprecated")
    for control, numbers in data["revision_5"].items():
        found.update((f"CCI-{number}", Cci(f"CCI-{number}", control, "")) for number in numbers.split())
    return found


def controls_by_cci() -> Mapping[str, tuple[str, ...]]:
    """Controls of SP 800-53 rev. 5 by CCI; those without any are left out."""
    return {cci.id: (cci.control,) for cci in ccis().values() if cci.control}


class Revision5:
    """SP 800-53 rev. 5, as its catalog has it, and where references lead in it."""

    def __init__(self, nist: Framework) -> None:
        self._key = (nist.id, nist.edition)
        self._ids = frozenset(control.id for control in nist.controls)
        self._withdrawn = {control.id: control.properties.get("withdrawn", "") for control in nist.withdrawn}

    def controls_of(self, reference: Reference) -> tuple[tuple[FrameworkId, str, ControlId], ...]:
        """The controls that a reference leads to (framework, edition, id); none for ids of other lists.

        A reference to rev. 4 leads to the control of the same id, where rev. 5 still has it; parts below a control
        (`AC-17(a)`) lead to the control.
        """
        control = ControlId(_control(reference))
        return ((*self._key, control),) if control in self._ids else ()

    def lost(self, reference: Reference) -> str:
        """Why a reference leads to no control, in words; empty text where it does, or is of another list."""
        if reference.system not in (RefersTo.CCI, RefersTo.NIST_800_53_R4, RefersTo.NIST_800_53_R5):
            return ""
        control = ControlId(_control(reference))
        if control in self._ids:
            return ""
        if reference.system is RefersTo.CCI:
            known = ccis().get(reference.value)
            return known.said if known is not None else "DISA's list does not have it"
        if control in self._withdrawn:
            return f"SP 800-53 rev. 5 withdrew {control}: {self._withdrawn[control]}"
        return f"SP 800-53 rev. 5 has no control {control or reference.value}"


def _control(reference: Reference) -> str:
    """The id that a reference names a control of SP 800-53 with, as the catalog writes it; empty text for others."""
    match reference.system:
        case RefersTo.CCI:
            known = ccis().get(reference.value)
            return known.control if known is not None else ""
        case RefersTo.NIST_800_53_R4 | RefersTo.NIST_800_53_R5:
            found = _CONTROL.fullmatch(reference.value)
            if found is None:
                return ""
            return f"{found[1]}({found[2]})" if found[2] else found[1]
        case _:
            return ""
