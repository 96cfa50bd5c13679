"""Observation lines: sorted, one for each check and subject, the worst of what several files say."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.model.check import Check, CheckId, Effort, not_checked
from compliance.model.evidence import Subject, SubjectType
from compliance.model.outcome import Outcome, Severity
from compliance.pipeline import merging
from compliance.pipeline.merging import StoredObservations, Tally, parts_of
from compliance.pipeline.observing import LocationLine, Run, RunWriter, observation_id


def make_check(name: str) -> Check:
    return Check(
        id=CheckId(name),
        title="T",
        revision=2,
        severity=Severity.LOW,
        fix="F.",
        effort=Effort.SETTING,
        function=lambda: not_checked("x"),
        subject=object,
        context=(),
        family="f",
        doc="d",
    )


def make_subject(name: str) -> Subject:
    return Subject(id=name, type=SubjectType.WORKLOAD, name=name)


def merge(
    runs: list[Run], checks: list[Check], subjects: dict[str, Subject], folder: Path
) -> tuple[StoredObservations, dict[str, Tally]]:
    folder.mkdir(exist_ok=True)
    parts = [merging.merge(task) for task in parts_of(runs, (check.id for check in checks), folder)]
    return StoredObservations(parts, subjects), {tally.check: tally for part in parts for tally in part.tallies}


@pytest.mark.parametrize("part", [1, 10**9])
def test_runs_are_merged_in_order_of_check_and_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """The order of the runs and the size of the parts do not show; all can be walked again, by check as well."""
    monkeypatch.setattr(merging, "_PART", part)
    checks = [make_check("b-check"), make_check("a-check")]
    subjects = {name: make_subject(name) for name in ("x", "y", 'quo"te', "ünï")}
    written = []
    for order in (list(subjects), list(reversed(subjects))):
        runs = []
        for number, name in enumerate(order):
            writer = RunWriter()
            for check in checks:
                writer.add(check, subjects[name], Outcome.PASS, "fine", [LocationLine("s", "p", "/x")])
            runs.append(writer.write(tmp_path / f"run{number}"))
        stored, tallies = merge(runs, checks, subjects, tmp_path / "out")
        written.append(b"".join(stored.chunks()))
    assert written[0] == written[1]
    found = [(o.check, o.subject.id) for o in stored]
    assert found == sorted(found)
    assert len(stored) == len(found) == 8
    assert [o.subject.id for o in stored.of_check("b-check")] == [s for c, s in found if c == "b-check"]
    assert tallies["a-check"].counts.passed == 4


def test_several_files_on_one_subject_give_one_line_with_the_worst_outcome(tmp_path: Path) -> None:
    """The other file is named, and its outcome is not lost."""
    check, subject = make_check("c"), make_subject("s")
    runs = []
    for number, (outcome, path) in enumerate([(Outcome.PASS, "good.yaml"), (Outcome.FAIL, "bad.yaml")]):
        writer = RunWriter()
        writer.add(check, subject, outcome, outcome.value, [LocationLine("s", path, "/x", line=3)])
        runs.append(writer.write(tmp_path / str(number)))
    stored, tallies = merge(runs, [check], {"s": subject}, tmp_path / "out")
    (observation,) = stored
    assert observation.outcome is Outcome.FAIL
    assert "good.yaml" in observation.reason
    assert [place.path for place in observation.at] == ["bad.yaml"]
    assert observation.at[0].line == 3
    assert tallies["c"].counts.total == 1


def test_the_tally_keeps_the_worst_first(tmp_path: Path) -> None:
    """Failures stand before passes, whatever the subject's name."""
    check = make_check("c")
    subjects = {name: make_subject(name) for name in "abc"}
    writer = RunWriter()
    for name, outcome in zip("abc", (Outcome.PASS, Outcome.NOT_CHECKED, Outcome.FAIL), strict=True):
        writer.add(check, subjects[name], outcome, "r", [])
    _, tallies = merge([writer.write(tmp_path / "r")], [check], subjects, tmp_path / "out")
    assert [line.subject for line in tallies["c"].worst] == ["c", "b", "a"]
    assert tallies["c"].outcome is Outcome.FAIL


def test_a_check_that_saw_nothing_is_not_checked(tmp_path: Path) -> None:
    """Silence is no pass."""
    _, tallies = merge([], [make_check("c")], {}, tmp_path / "out")
    assert tallies["c"].outcome is Outcome.NOT_CHECKED


@given(st.text(), st.text())
def test_observation_ids_are_stable_version_5_uuids(check: str, subject: str) -> None:
    """OSCAL takes versions 4 and 5 only."""
    found = uuid.UUID(observation_id(check, subject))
    assert found.version == 5
    assert found.variant == uuid.RFC_4122
    assert str(found) == observation_id(check, subject)
