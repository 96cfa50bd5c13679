"""CCIs and references to SP 800-53: to controls of revision 5, and in words where there is none."""

from __future__ import annotations

import time

import jsonschema
import pytest

from compliance import documents
from compliance.catalog import ccis as module
from compliance.catalog import reading
from compliance.catalog.ccis import LIST, Revision5, ccis, controls_by_cci
from compliance.catalog.loading import load_library
from compliance.errors import CatalogError
from compliance.model.catalog import Framework, FrameworkId
from compliance.model.rule_report import Reference, RefersTo


@pytest.fixture(scope="module")
def nist() -> Framework:
    return load_library().frameworks[FrameworkId("nist-800-53"), "5.2.0"]


@pytest.fixture(scope="module")
def revision5(nist: Framework) -> Revision5:
    return Revision5(nist)


def test_the_list_keeps_to_its_schema_and_names_real_controls(nist: Framework) -> None:
    """4,547 identifiers, 3,814 of them of a control that is in force; no number stands twice."""
    data = documents.read(LIST, CatalogError).data
    jsonschema.Draft202012Validator(reading.schema("cci-list.schema.json")).validate(data)
    groups = [data["revision_5"], data["revision_4"], data["withdrawn"]]
    numbers = [number for group in groups for text in group.values() for number in text.split()]
    assert len(numbers) == len(set(numbers)) == 4547
    assert set(data["revision_5"]) <= {control.id for control in nist.controls}
    assert set(data["withdrawn"]) <= {control.id for control in nist.withdrawn}
    assert len(ccis()) == 4547
    assert len(controls_by_cci()) == 3814


@pytest.mark.parametrize(
    ("system", "value", "control"),
    [
        (RefersTo.CCI, "CCI-000366", "CM-6"),
        (RefersTo.CCI, "CCI-000015", "AC-2(1)"),
        (RefersTo.NIST_800_53_R4, "AC-17(a)", "AC-17"),
        (RefersTo.NIST_800_53_R4, "IA-5(1)(d)", "IA-5(1)"),
        (RefersTo.NIST_800_53_R4, "AC-6 (10)", "AC-6(10)"),
        (RefersTo.NIST_800_53_R5, "CM-6 b", "CM-6"),
        (RefersTo.NIST_800_53_R5, "SC-13", "SC-13"),
    ],
)
def test_references_lead_to_controls(revision5: Revision5, system: RefersTo, value: str, control: str) -> None:
    """A CCI by DISA's list, an id of revision 4 where revision 5 has it; a part leads to its control."""
    reference = Reference(system, value)
    assert revision5.controls_of(reference) == (("nist-800-53", "5.2.0", control),)
    assert revision5.lost(reference) == ""


@pytest.mark.parametrize(
    ("system", "value", "words"),
    [
        (RefersTo.CCI, "CCI-000001", "names only AC-1 a 1 of SP 800-53 rev. 4"),
        (RefersTo.CCI, "CCI-002734", "SI-7(13), which SP 800-53 rev. 5 withdrew"),
        (RefersTo.CCI, "CCI-999999", "does not have it"),
        (RefersTo.NIST_800_53_R4, "AC-2(10)", "SP 800-53 rev. 5 withdrew AC-2(10)"),
        (RefersTo.NIST_800_53_R4, "AC-99", "has no control AC-99"),
        (RefersTo.NIST_800_53_R5, "x", "has no control x"),
    ],
)
def test_what_leads_nowhere_says_why(revision5: Revision5, system: RefersTo, value: str, words: str) -> None:
    """Only in revision 4, withdrawn, or unknown: no control, and a sentence."""
    reference = Reference(system, value)
    assert revision5.controls_of(reference) == ()
    assert words in revision5.lost(reference)


def test_deprecated_ones_lead_nowhere(revision5: Revision5) -> None:
    """What DISA took back is shown as such."""
    gone = documents.read(LIST, CatalogError).data["deprecated"].split()
    assert len(gone) == 62
    reference = Reference(RefersTo.CCI, f"CCI-{gone[0]}")
    assert revision5.controls_of(reference) == ()
    assert "deprecated" in revision5.lost(reference)


def test_other_lists_are_not_ours_to_say(revision5: Revision5) -> None:
    """Ids of STIGs and SRGs lead to no control of SP 800-53 by themselves."""
    reference = Reference(RefersTo.SRG, "SRG-OS-000480-GPOS-00227")
    assert (revision5.controls_of(reference), revision5.lost(reference)) == ((), "")


def test_the_list_is_read_once_and_quickly() -> None:
    """Reading all of it takes a tenth of a second at most."""
    module.ccis.cache_clear()
    started = time.process_time()
    ccis()
    assert time.process_time() - started < 0.5
    assert ccis() is ccis()
