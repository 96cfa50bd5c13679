"""The two lists people act on: what to fix first, and which evidence to ask for first."""

from __future__ import annotations

from compliance.assess.findings import assess_framework
from compliance.assess.gaps import actions, requests
from compliance.model.catalog import Coverage, Judged
from compliance.model.outcome import Outcome, Severity
from tests.assess.building import KINDS, make_basis, make_control, make_framework, make_result, make_row

PASS, FAIL, NC = Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED


def test_the_action_that_closes_most_controls_comes_first() -> None:
    """Controls that one check alone holds open count as closed by it; shared ones as contributed to."""
    framework = make_framework(*(make_control(name) for name in "1234"))
    rows = [make_row("a", "1"), make_row("b", "2"), make_row("b", "3"), make_row("a", "4"), make_row("b", "4")]
    results = [make_result("a", FAIL, PASS), make_result("b", FAIL, FAIL), make_result("unmapped", FAIL)]
    result = assess_framework(framework, make_basis(framework, rows, results))
    found = actions([result], {r.check.id: r for r in results}, {"ns/*": "Team"})
    assert [(action.id, action.check) for action in found] == [("A-001", "b"), ("A-002", "a")]
    assert [closed.control for closed in found[0].closes] == ["2", "3"]
    assert [closed.control for closed in found[0].contributes] == ["4"]
    assert found[0].places_total == 2
    assert [location.line for _, location in found[0].places] == [1, 2]
    assert found[0].owner == "Team"


def test_severity_decides_between_actions_that_close_as_many() -> None:
    """The worse fault is mended first."""
    framework = make_framework(make_control("1"), make_control("2"))
    results = [make_result("a", FAIL, severity=Severity.LOW), make_result("b", FAIL, severity=Severity.CRITICAL)]
    result = assess_framework(framework, make_basis(framework, [make_row("a", "1"), make_row("b", "2")], results))
    assert [action.check for action in actions([result], {r.check.id: r for r in results}, {})] == ["b", "a"]


def test_evidence_is_asked_for_by_how_many_controls_it_answers() -> None:
    """Each open control counts once; what only a person can say comes last; answered controls ask for nothing."""
    framework = make_framework(
        make_control("1", evidence=("node-file-stat",)),
        make_control("2", evidence=("node-file-stat", "attestation")),
        make_control("3"),
        make_control("4", Judged.PERSON, ("attestation",)),
        make_control("5", Judged.PERSON, ("attestation",)),
        make_control("6", Judged.PERSON, ("attestation",)),
        make_control("7"),
        make_control("8"),
    )
    rows = [make_row("a", "7"), make_row("b", "8"), make_row("c", "3", Coverage.PARTIAL)]
    results = [make_result("a", PASS), make_result("b", FAIL), make_result("c", NC)]
    result = assess_framework(framework, make_basis(framework, rows, results))
    found = requests([result], {r.check.id: r for r in results}, KINDS)
    assert [(r.id, r.evidence.id, [c.control for c in r.controls]) for r in found] == [
        ("R-001", "node-file-stat", ["1", "2"]),
        ("R-002", "k8s-objects", ["3"]),
        ("R-003", "attestation", ["4", "5", "6"]),
    ]
    assert "does not judge" in found[0].why
