"""Every check, on every fixture: the folder's name is the outcome, and no fixture makes any check raise."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import compliance.checks
from compliance.model.check import Check, discover
from compliance.model.configuration import Parameters
from compliance.model.outcome import Outcome, worst
from compliance.model.reader import Record
from compliance.pipeline.joining import Joined
from tests.checks.judging import (
    PARAMETERS,
    joined_records,
    parameters_of,
    records_of,
    verdicts,
    verdicts_among,
)

FOLDER = Path(__file__).parent
CHECKS = {check.id: check for check in discover(compliance.checks)}
OUTCOMES = {outcome.value.replace("-", "_"): outcome for outcome in Outcome}
CASES = sorted(
    case
    for check in FOLDER.iterdir()
    if check.is_dir() and check.name != "__pycache__"
    for outcome in check.iterdir()
    for case in outcome.iterdir()
)


def name_of(case: Path) -> str:
    return str(case.relative_to(FOLDER))


@cache
def every_case() -> tuple[tuple[Path, list[Record], Joined, Parameters], ...]:
    """All cases, read and joined once: each check is run on each of them."""
    read = [(case, records_of(case)) for case in CASES]
    return tuple((case, records, joined_records(records), parameters_of(case)) for case, records in read)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_case_has_the_outcome_that_its_folder_names(case: Path) -> None:
    """The worst verdict over the subjects of a case is the one its folder is named after."""
    check = CHECKS[case.parent.parent.name]
    found = verdicts(check, records_of(case), parameters_of(case))
    assert found, f"{check.id} finds no subject in {name_of(case)}"
    assert worst(verdict.outcome for verdict in found) is OUTCOMES[case.parent.name], [v.reason for v in found]


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_a_check_has_cases_that_pass_and_fail(check: Check) -> None:
    """A check without a passing and a failing fixture has never been seen to work."""
    present = {folder.name for folder in (FOLDER / check.id).iterdir() if any(folder.iterdir())}
    assert {"pass", "fail"} <= present
    assert present <= set(OUTCOMES)


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_no_fixture_makes_a_check_raise(check: Check) -> None:
    """Each check judges the records of all fixtures, and says in a sentence what it saw and where."""
    for case, records, found, parameters in every_case():
        for verdict in verdicts_among(check, records, found, parameters):
            assert verdict.reason.strip() == verdict.reason != "", case
            assert "\n" not in verdict.reason
            if verdict.outcome is not Outcome.NOT_CHECKED:
                assert verdict.at, case


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_a_check_says_what_it_asks_and_on_whose_word(check: Check) -> None:
    """A docstring, its source, a statement as title and an imperative as fix."""
    assert "Source:" in check.doc
    assert check.title[0].isupper()
    assert not check.title.endswith(".")
    assert check.fix[0].isupper()
    assert check.fix.endswith(".")


def test_every_fixture_folder_belongs_to_a_check() -> None:
    """A renamed check leaves no fixtures behind."""
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= set(CHECKS)
    assert not [path for path in FOLDER.rglob(PARAMETERS) if path.parent.parent.name not in OUTCOMES]
