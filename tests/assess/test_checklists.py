"""Reports of other tools become checklists: folded by rule ids, named by the asset, nothing unsound ever passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from compliance.assess.checklist_words import asset_name
from compliance.assess.checklists import checklists, warnings_of
from compliance.assess.findings import Basis, assess_framework
from compliance.assess.imported import imported
from compliance.exports.stig.parts import text
from compliance.model.assessment import Assessment, CheckResult, FrameworkResult, Observation, StatusCounts
from compliance.model.catalog import Control, ControlId, Framework, FrameworkId, Judged, Library, Remediation
from compliance.model.checklist import WRITTEN_BY, Checklist
from compliance.model.counts import Counts
from compliance.model.evidence import Location, Origin, Subject, SubjectType
from compliance.model.outcome import Outcome, Severity
from compliance.model.rule_report import Reference, RefersTo, RuleReport, RuleResult
from tests.exports.building import MemoryObservations, make_assessment
from tests.exports.stig.checklists import LETTERS

DIGEST = f"sha256:{'7d' * 32}"
IMAGE = Subject(id=f"image/{DIGEST}", type=SubjectType.IMAGE, name="registry.example/app:1", digest=DIGEST)
HOST = Subject(id="host/node-1", type=SubjectType.HOST, name="node-1")
SSG = "xccdf_org.ssgproject.content_benchmark_UBUNTU_22-04"


def result(rule: str, letter: str, *stig_rules: str, item: str = "UBTU-22-211015", cci: str = "") -> RuleResult:
    """A result with the ids that it carries; `letter` is p, f, n, c or e."""
    references = [Reference(RefersTo.STIG_RULE, one) for one in stig_rules]
    references += [Reference(RefersTo.STIG_ID, item)] if item else []
    references += [Reference(RefersTo.CCI, cci)] if cci else []
    return RuleResult(
        rule=rule,
        title=f"Title of {rule}",
        severity=Severity.MEDIUM,
        outcome=LETTERS[letter],
        said=letter,
        reason=f"seen of {rule}",
        references=tuple(references),
        fix=f"Mend {rule}.",
        at="/rule-result/3",
    )


def report(*results: RuleResult, path: str = "app.arf.xml", **changes: object) -> RuleReport:
    made = RuleReport(
        origin=Origin(path=path, sha256="a" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1),
        subject=IMAGE,
        source="openscap",
        tool="OpenSCAP",
        tool_version="1.4.2",
        benchmark=SSG,
        benchmark_title="Guide to the Secure Configuration of Ubuntu 22.04",
        edition="0.1.76",
        profile="stig",
        target="the-machine-that-scanned",
        started="",
        ended="2026-11-20T22:00:00",
        by_person=False,
        person="",
        unsound="",
        content_sha256="b" * 64,
        results=results,
        stig_edition="V2R1",
    )
    return replace(made, **changes)  # type: ignore[arg-type] # fields by their names


def catalog(edition: str, *numbers: int) -> Framework:
    """A STIG as it is loaded from DISA's file."""
    controls = tuple(
        Control(
            framework=FrameworkId("stig-ubuntu"),
            edition=edition,
            id=ControlId(f"V-{number}"),
            title=f"DISA's title of {number}",
            section="",
            level="CAT II",
            label="",
            judged=Judged.PERSON,
            asks=f"DISA's check of {number}",
            evidence=(),
            remediation=Remediation(text=f"DISA's fix of {number}", example=""),
            properties={
                "vuln-id": f"V-{number}",
                "rule-id": f"SV-{number}r2_rule",
                "stig-id": f"UBTU-22-{number}",
                "srg": "SRG-OS-000001-GPOS-00001",
                "severity": "high",
                "cci": "CCI-000001",
            },
        )
        for number in numbers
    )
    return Framework(
        id=FrameworkId("stig-ubuntu"),
        edition=edition,
        title="Canonical Ubuntu 22.04 LTS STIG",
        publisher="DISA",
        words=f"maps to it, {edition}",
        licence="",
        catalog=FrameworkId("stig-ubuntu"),
        catalog_edition=edition,
        sections=(),
        controls=controls,
        benchmark="CAN_Ubuntu_22-04_LTS_STIG",
        release_info="Release: 8 Benchmark Date: 01 Apr 2026",
    )


def basis(*frameworks: Framework) -> Basis:
    library = Library(
        frameworks={(one.id, one.edition): one for one in frameworks},
        check_mappings=(),
        control_mappings=(),
        evidence_kinds={},
    )
    assessment = make_assessment(0)
    return Basis(
        library=library,
        results={},
        configuration=assessment.configuration,
        present=frozenset(),
        as_of=assessment.as_of,
    )


def assessed(*reports: RuleReport) -> Assessment:
    return replace(make_assessment(0), results=(), reports=reports)


def made(
    *reports: RuleReport, frameworks: tuple[Framework, ...] = (), cci: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Checklist, ...]:
    return checklists(assessed(*reports), basis(*frameworks), cci or {})


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("pf", Outcome.FAIL),
        ("fe", Outcome.FAIL),
        ("pc", Outcome.NOT_CHECKED),
        ("pe", Outcome.ERROR),
        ("pn", Outcome.PASS),
        ("nn", Outcome.NOT_APPLICABLE),
        ("nc", Outcome.NOT_CHECKED),
    ],
)
def test_results_with_one_rule_id_fold_to_the_worst(letters: str, expected: Outcome) -> None:
    rules = [result(f"r{number}", letter, "SV-260469r1_rule") for number, letter in enumerate(letters)]
    (one,) = made(report(*rules))
    (rule,) = one.rules
    assert rule.outcome is expected
    assert all(f"r{number}: {letter}: Seen of r{number}." in rule.details for number, letter in enumerate(letters))
    assert f"app.arf.xml, /rule-result/3, sha256 {'a' * 64}" in rule.details


def test_a_result_with_two_rule_ids_answers_both() -> None:
    (one,) = made(report(result("r", "f", "SV-260469r1_rule", "SV-260470r1_rule")))
    assert [(rule.rule_id, rule.outcome) for rule in one.rules] == [
        ("SV-260469r1_rule", Outcome.FAIL),
        ("SV-260470r1_rule", Outcome.FAIL),
    ]


def test_the_asset_is_the_image_and_the_benchmark_disas() -> None:
    """Never the machine that scanned, never the benchmark of the content."""
    (one,) = made(report(result("r", "p", "SV-260469r1_rule", cci="CCI-000366")), cci={"CCI-000366": ("CM-6",)})
    assert one.asset == f"registry.example/app:1 (image ID {DIGEST})"
    assert (one.stig.id, one.stig.edition) == ("CAN_Ubuntu_22-04_LTS_STIG", "V2R1")
    assert one.image == DIGEST
    assert one.stem == "registry.example-app-1-7d7d7d7d7d7d--CAN_Ubuntu_22-04_LTS_STIG"
    (rule,) = one.rules
    assert (rule.vuln_id, rule.stig_id, rule.severity) == ("V-260469", "UBTU-22-211015", "medium")
    assert (rule.ccis, rule.nist) == (("CCI-000366",), ("CM-6",))
    assert "OpenSCAP 1.4.2" in rule.comments
    assert "release V2R1" in rule.comments
    assert "the-machine-that-scanned" not in repr(one)


@pytest.mark.parametrize("letter", "pfnce")
def test_of_an_unsound_report_every_rule_is_open_with_the_reason(letter: str) -> None:
    unsound = report(result("r", letter, "SV-260469r1_rule"), unsound="the content is for another system")
    (one,) = made(unsound)
    (rule,) = one.rules
    assert rule.outcome is Outcome.NOT_CHECKED
    assert "the content is for another system" in rule.details
    assert any("the content is for another system" in text for text in one.warnings)


def test_reports_of_one_asset_and_stig_make_one_checklist_that_shows_their_contradiction() -> None:
    checklist = report(
        result("V-260469", "p", "SV-260469r1_rule"),
        path="by-hand.ckl",
        source="ckl",
        benchmark="CAN_Ubuntu_22-04_LTS_STIG",
        by_person=True,
        person="Dana Reviewer",
    )
    (one,) = made(report(result("r", "f", "SV-260469r1_rule")), checklist)
    (rule,) = one.rules
    assert rule.outcome is Outcome.FAIL
    assert "Contradiction: by-hand.ckl says that it holds, app.arf.xml that it fails." in rule.comments
    assert "filled in by Dana Reviewer" in rule.comments


def test_assets_of_one_stig_have_checklists_of_their_own() -> None:
    host = report(result("r", "p", "SV-260469r1_rule"), path="host.xml", subject=HOST)
    found = made(report(result("r", "f", "SV-260469r1_rule")), host)
    assert {one.asset: one.rules[0].outcome for one in found} == {
        "node-1": Outcome.PASS,
        f"registry.example/app:1 (image ID {DIGEST})": Outcome.FAIL,
    }
    assert [one.stem for one in found] == sorted(one.stem for one in found)


def test_with_disas_file_the_words_are_disas_and_rules_that_nobody_judged_are_listed() -> None:
    stig = catalog("V2R8", 260469, 260470)
    (one,) = made(report(result("r", "p", "SV-260469r1_rule")), frameworks=(stig,))
    judged, unjudged = one.rules
    assert (judged.title, judged.check, judged.fix) == (
        "DISA's title of 260469",
        "DISA's check of 260469",
        "DISA's fix of 260469",
    )
    assert (judged.rule_id, judged.outcome, judged.severity) == ("SV-260469r2_rule", Outcome.PASS, "high")
    assert (unjudged.rule_id, unjudged.outcome) == ("SV-260470r2_rule", Outcome.NOT_CHECKED)
    assert one.stig.rules == 2
    assert one.stig.release_info == "Release: 8 Benchmark Date: 01 Apr 2026"


def test_another_release_is_told_in_the_rule_and_in_the_packet() -> None:
    (one,) = made(report(result("r", "p", "SV-260469r1_rule")), frameworks=(catalog("V2R8", 260469),))
    assert "SV-260469r1_rule: its text may have changed between releases" in one.rules[0].comments
    assert any("V2R8, and results of V2R1 stand in it" in text for text in one.warnings)


def test_results_without_a_release_state_none() -> None:
    (one,) = made(report(result("r", "p", "SV-260469r1_rule"), stig_edition=""))
    assert (one.stig.version, one.stig.release, one.stig.release_info) == ("", "", "")
    assert any("states no release" in text for text in one.warnings)


def test_items_without_rule_ids_are_joined_by_the_catalog_or_told_to_give_no_checklist() -> None:
    """Content whose addresses changed loses every rule id; that is never passed over in silence."""
    bare = report(result("r", "f", item="UBTU-22-260469"))
    (one,) = made(bare, frameworks=(catalog("V2R1", 260469),))
    assert [(rule.rule_id, rule.outcome) for rule in one.rules] == [("SV-260469r2_rule", Outcome.FAIL)]
    assert made(bare) == ()
    (told,) = warnings_of((), assessed(bare), basis())
    assert "No checklist can be made of app.arf.xml" in told


def test_what_names_no_stig_gives_no_checklist_and_no_warning() -> None:
    other = report(result("1.2.1", "p", item=""), source="kube-bench", benchmark="cis-1.12")
    assert made(other) == ()
    assert warnings_of((), assessed(other), basis()) == ()


def test_an_image_is_named_by_the_digest_that_pulls_it_where_it_is_known() -> None:
    pulled, *_, bare = make_assessment(1).images
    manifest = pulled.image.digests.manifest
    assert asset_name(pulled.image.subject, [bare, pulled]) == f"{pulled.image.subject.name}@{manifest}"
    said = asset_name(bare.image.subject, [bare, pulled])
    assert said == f"{bare.image.subject.name} (image ID {bare.image.digests.config})"
    named = replace(IMAGE, name=f"registry.example/app@{DIGEST}")
    assert asset_name(named, []) == named.name


def test_a_name_of_an_image_is_cut_before_its_digest() -> None:
    long = asset_name(replace(IMAGE, name="r" * 400), [])
    assert long.endswith(f"(image ID {DIGEST})")
    assert len(long) <= 255


def test_names_of_files_are_plain_and_unlike_whatever_hosts_are_called() -> None:
    names = ["a b", "a/b", "A-B", "a-b", "../../etc", "..", "ü" * 300, "con", "a--b"]
    reports = [
        report(
            result("r", "p", "SV-260469r1_rule"),
            path=f"{number}.xml",
            subject=Subject(id=f"host/{name}", type=SubjectType.HOST, name=name),
        )
        for number, name in enumerate(names)
    ]
    stems = [one.stem for one in made(*reports)]
    assert len({stem.lower() for stem in stems}) == len(names)
    for stem in stems:
        assert stem.isascii()
        assert not set(stem) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        assert not stem.startswith((".", "-"))
        assert len(stem) < 200
        assert stem.count("--") == 1


def test_of_very_many_results_of_one_rule_the_worst_are_told() -> None:
    results = [result(f"r{number}", "f" if number == 4999 else "p", "SV-260469r1_rule") for number in range(5000)]
    (one,) = made(report(*results))
    (rule,) = one.rules
    assert rule.outcome is Outcome.FAIL
    assert rule.details.startswith("- r4999: f:")
    assert rule.details.endswith("25 of 5,000 results told here.")
    assert "1 of 5,000 results with the id of this rule fails." in rule.comments


def test_an_order_of_reports_changes_nothing() -> None:
    one, two = report(result("r", "p", "SV-260469r1_rule")), report(result("s", "c", "SV-260469r1_rule"), path="b.xml")
    assert [each.rules for each in made(one, two)] == [each.rules for each in made(two, one)]


def test_a_stig_that_is_assessed_takes_the_results_of_reports_into_its_own_checklist() -> None:
    stig = catalog("V2R8", 260469)
    result_ = FrameworkResult(framework=stig, counts=StatusCounts(), sections=(), findings=())
    one = report(result("r", "p", "SV-260469r1_rule"), subject=HOST)
    rows = imported([one], basis(stig).library, lambda _: ())
    assert {row.control for row in rows.mappings} == {"V-260469"}
    found = checklists(replace(assessed(one), results=(result_,)), basis(stig), {})
    assert [each.stig.edition for each in found] == ["V2R8"]
    assert found[0].rules == ()
    assert any("is of release V2R1 of Canonical Ubuntu 22.04 LTS STIG" in text for text in found[0].warnings)


def test_the_mark_of_who_wrote_it_is_never_cut_off() -> None:
    """Without it a checklist of ours that comes back as evidence would count as a person's."""
    run = report(result("r", "f", "SV-260469r1_rule"), profile="\U0001f600" * 40_000)
    (one,) = made(run)
    comments = one.rules[0].comments
    assert comments.splitlines()[-1].startswith(WRITTEN_BY)
    assert text(comments) == comments


def observed(letter: str, subject: Subject, check: str) -> Observation:
    return Observation(
        id=f"{check}-{subject.id}",
        check=check,
        revision=1,
        subject=subject,
        outcome=LETTERS[letter],
        severity=Severity.MEDIUM,
        reason="seen",
        at=(Location(path=f"{subject.name}.xml", sha256="c" * 64, document=None, pointer="/r", line=None),),
    )


def test_in_a_stig_that_is_assessed_each_asset_names_the_run_that_judged_it_and_its_release() -> None:
    """Two hosts of one check: each has its own answer, and the shared finding takes the worst."""
    stig = catalog("V2R8", 260469)
    other = Subject(id="host/node-2", type=SubjectType.HOST, name="node-2")
    reports = (
        report(result("r", "p", "SV-260469r1_rule"), subject=HOST, path="node-1.xml"),
        report(result("r", "f", "SV-260469r1_rule"), subject=other, path="node-2.xml", tool_version="1.3.7"),
    )
    rules = imported(reports, basis(stig).library, lambda _: ())
    (check,) = rules.checks
    rows = (observed("p", HOST, check.id), observed("f", other, check.id))
    found = CheckResult(check=check, outcome=Outcome.FAIL, counts=Counts(passed=1, failed=1), worst=rows, ids={})
    start = basis(stig)
    whole = replace(
        start, library=replace(start.library, check_mappings=rules.mappings), results={str(check.id): found}
    )
    assessment = replace(
        assessed(*reports), results=(assess_framework(stig, whole),), observations=MemoryObservations(rows)
    )
    one, two = checklists(assessment, whole, {})
    assert (one.asset, one.rules[0].outcome) == ("node-1", Outcome.PASS)
    assert (two.asset, two.rules[0].outcome) == ("node-2", Outcome.FAIL)
    assert "Judged by OpenSCAP 1.4.2" in one.rules[0].comments
    assert "Judged by OpenSCAP 1.3.7" in two.rules[0].comments
    assert "OpenSCAP 1.3.7" not in one.rules[0].comments
    assert "node-1.xml is of release V2R1" in one.rules[0].comments
    assert "node-2.xml" not in one.rules[0].comments
    assert "node-2.xml" not in one.rules[0].details
