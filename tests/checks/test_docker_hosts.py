"""Checks of Docker hosts where evidence lacks or contradicts itself: what is not known never passes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import compliance.checks
from compliance.model.check import Check, Verdict, discover
from compliance.model.configuration import Parameters
from compliance.model.hosts import DockerHost
from compliance.model.outcome import Outcome
from compliance.model.reader import Record
from tests.checks.judging import records_of, verdicts

CASE = Path(__file__).parent.parent / "pipeline" / "docker_host"
CHECKS = [check for check in discover(compliance.checks) if check.subject is DockerHost]
OF_A_CHECK = pytest.mark.parametrize("check", CHECKS, ids=[check.id for check in CHECKS])
UNDECIDED = {Outcome.NOT_CHECKED, Outcome.NOT_APPLICABLE, Outcome.PASS}


@cache
def bundle() -> tuple[Record, ...]:
    """All records of the bundle of one host."""
    return tuple(records_of(CASE))


def paths() -> list[str]:
    return sorted({record.origin.path for record in bundle()})


def judged(check: Check, records: list[Record]) -> Verdict | None:
    """The verdict on the one host of some records; None when nothing says that it is a Docker host."""
    found = verdicts(check, records, Parameters())
    assert len(found) <= 1
    return found[0] if found else None


@OF_A_CHECK
def test_evidence_taken_away_turns_no_verdict_into_a_better_one(check: Check) -> None:
    """Whatever file is left out, what failed or was not known does not pass, and what passes still passed before."""
    whole = judged(check, list(bundle()))
    assert whole is not None
    for path in paths():
        less = judged(check, [record for record in bundle() if record.origin.path != path])
        if less is None or less.outcome in (Outcome.NOT_CHECKED, whole.outcome):
            continue
        assert whole.outcome in UNDECIDED, f"{path}: {less.reason}"
        assert whole.outcome is not Outcome.NOT_CHECKED, f"{path}: {less.reason}"


@OF_A_CHECK
def test_one_file_alone_proves_nothing_that_it_does_not_hold(check: Check) -> None:
    """Of a host of which one file was handed in, a check passes only with a place in that file."""
    for path in paths():
        verdict = judged(check, [record for record in bundle() if record.origin.path == path])
        if verdict is not None and verdict.outcome is not Outcome.NOT_CHECKED:
            assert {place.origin.path for place in verdict.at} == {path}, verdict.reason


@OF_A_CHECK
def test_the_order_of_files_changes_nothing(check: Check) -> None:
    """The same words and places, whatever file is read first."""
    assert judged(check, list(bundle())) == judged(check, list(reversed(bundle())))
