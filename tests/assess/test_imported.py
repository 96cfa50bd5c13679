"""Rules of other tools: each one a check, joined to the controls that it names itself, and deciding nothing unsound."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.assess.imported import disagreement, imported, plain_rule, verdicts_of
from compliance.catalog.loading import load_library
from compliance.model.catalog import ControlId, Coverage, FrameworkId, Library
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.outcome import Outcome, Severity
from compliance.model.rule_report import Reference, RefersTo, RuleReport, RuleResult


def controls_of(reference: Reference) -> tuple[tuple[FrameworkId, str, ControlId], ...]:
    """One CCI is known."""
    known = reference == Reference(RefersTo.CCI, "CCI-000366")
    return ((FrameworkId("nist-800-53"), "5.2.0", ControlId("CM-6")),) if known else ()


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def origin(path: str) -> Origin:
    return Origin(path=path, sha256="a" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1)


def result(rule: str, outcome: Outcome, *references: Reference, severity: Severity = Severity.LOW) -> RuleResult:
    return RuleResult(
        rule=rule,
        title=f"Rule {rule}",
        severity=severity,
        outcome=outcome,
        said="fail" if outcome is Outcome.FAIL else "pass",
        reason="seen",
        references=references,
        fix="",
        at="/results/0",
    )


def report(path: str, *results: RuleResult, unsound: str = "") -> RuleReport:
    return RuleReport(
        origin=origin(path),
        subject=Subject(id="host/node-1", type=SubjectType.HOST, name="node-1"),
        source="kube-bench",
        tool="kube-bench",
        tool_version="0.15.0",
        benchmark="cis-1.12",
        benchmark_title="",
        edition="1.12",
        profile="",
        target="node-1",
        started="",
        ended="",
        by_person=False,
        person="",
        unsound=unsound,
        content_sha256="",
        results=results,
    )


CIS = Reference(RefersTo.CIS, "1.2.1", "cis-kubernetes", "2.0.1")


def test_a_rule_becomes_a_check_with_rows_to_the_controls_it_names(library: Library) -> None:
    """One check a rule whatever the number of reports; a CIS item is the rule itself, a CCI is wider."""
    cci = Reference(RefersTo.CCI, "CCI-000366")
    found = imported(
        [
            report("b.json", result("1.2.1", Outcome.FAIL, CIS, severity=Severity.HIGH)),
            report("a.json", result("1.2.1", Outcome.PASS, CIS, cci), result("1.2.2", Outcome.PASS)),
        ],
        library,
        controls_of,
    )
    assert [check.id for check in found.checks] == ["kube-bench:1.2.1", "kube-bench:1.2.2"]
    assert found.checks[0].severity is Severity.HIGH
    assert [(row.framework, row.edition, row.control, row.coverage) for row in found.mappings] == [
        ("cis-kubernetes", "2.0.1", "1.2.1", Coverage.SUFFICIENT),
        ("nist-800-53", "5.2.0", "CM-6", Coverage.PARTIAL),
    ]


@pytest.mark.parametrize(
    "reference",
    [
        Reference(RefersTo.CIS, "1.2.1", "cis-kubernetes", "9.9"),
        Reference(RefersTo.CIS, "99.9", "cis-kubernetes", "2.0.1"),
        Reference(RefersTo.CCI, "CCI-999999"),
        Reference(RefersTo.NIST_800_53_R4, "CM-6"),
        Reference(RefersTo.STIG_RULE, "SV-1r1_rule"),
    ],
)
def test_what_no_catalog_holds_gives_no_row(library: Library, reference: Reference) -> None:
    """A rule without a control of ours is still a check; nothing is guessed."""
    found = imported([report("a.json", result("1.2.1", Outcome.PASS, reference))], library, controls_of)
    assert (len(found.checks), found.mappings) == (1, ())


def test_an_unsound_report_decides_nothing(library: Library) -> None:
    """Every verdict of it is not-checked, and its words say why."""
    one = report("a.json", result("1.2.1", Outcome.PASS, CIS), result("1.2.2", Outcome.NOT_APPLICABLE))
    verdicts = dict(verdicts_of(replace(one, unsound="every rule was not applicable")))
    assert {verdict.outcome for verdict in verdicts.values()} == {Outcome.NOT_CHECKED}
    assert all("every rule was not applicable" in verdict.reason for verdict in verdicts.values())
    assert [verdict.outcome for _, verdict in verdicts_of(one)] == [Outcome.PASS, Outcome.NOT_APPLICABLE]


def test_the_check_gives_the_worst_of_a_rule_that_was_asked_twice(library: Library) -> None:
    """A rule with several instances holds only where all do."""
    one = report("a.json", result("1.2.1", Outcome.PASS, CIS), result("1.2.1", Outcome.FAIL, CIS))
    (check,) = imported([one], library, controls_of).checks
    assert check.function(one).outcome is Outcome.FAIL


def test_a_rule_that_bears_the_names_of_two_settles_neither(library: Library) -> None:
    """Its group is one item, its STIG id another: a hand may have put them together."""
    group = Reference(RefersTo.VULN_ID, "V-242376")
    both = (Reference(RefersTo.STIG_ID, "CNTR-K8-000150"), Reference(RefersTo.STIG_ID, "CNTR-K8-000160"))
    for reference, coverage in zip(both, (Coverage.SUFFICIENT, Coverage.PARTIAL), strict=True):
        found = imported([report("a.json", result("V-242376", Outcome.PASS, group, reference))], library, controls_of)
        assert {row.coverage for row in found.mappings} == {coverage}


def test_revisions_of_stig_rules_do_not_part_them() -> None:
    """The revision says how often the text changed."""
    assert {plain_rule(rule) for rule in ("SV-242376r960759_rule", "SV-242376r918_rule", "SV-242376")} == {"SV-242376"}
    assert plain_rule("V-242376") == "V-242376"


def test_disagreement_names_both_sides() -> None:
    """A tool that passes what our check fails is shown, and the other way round; agreement is silent."""
    fails, holds = {"ours": Outcome.FAIL}, {"theirs": Outcome.PASS}
    assert disagreement(fails, holds) == "Contradiction: “theirs” holds, and our check “ours” fails."
    assert disagreement({"ours": Outcome.PASS}, {"theirs": Outcome.FAIL}).count("“") == 2
    assert not disagreement(fails, {"theirs": Outcome.FAIL})
    assert not disagreement({"ours": Outcome.NOT_CHECKED}, holds)
