"""DISA's benchmarks as catalogs: the user's own file brings its texts, and what joins it to checks stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from compliance.catalog.loading import load_library
from compliance.catalog.xccdf import MAX_TEXT, read_benchmark
from compliance.cli import commands
from compliance.errors import CatalogError, UsageError
from compliance.model.catalog import Coverage, FrameworkId, Judged, Library

#: A rule that the shipped catalog has, and one that no release has.
RULES = (("V-242376", "SV-242376r999999_rule"), ("V-999001", "SV-999001r1_rule"))


def benchmark(
    id: str = "Kubernetes_STIG", version: str = "2", release: str = "6", rules: tuple[tuple[str, str], ...] = RULES
) -> str:
    """A made-up benchmark in the shape of DISA's."""
    groups = "".join(
        f'<Group id="{group}"><title>SRG-APP-000014-CTR-000035</title>'
        "<description>&lt;GroupDescription&gt;&lt;/GroupDescription&gt;</description>"
        f'<Rule id="{rule}" weight="10.0" severity="high"><version>CNTR-K8-{number:06}</version>'
        f"<title>Made-up title of {group}</title>"
        "<description>&lt;VulnDiscussion&gt;Made-up discussion.&lt;/VulnDiscussion&gt;&lt;FalsePositives&gt;"
        "&lt;/FalsePositives&gt;</description>"
        '<ident system="http://cyber.mil/cci">CCI-000068</ident><ident system="http://cyber.mil/cci">no CCI</ident>'
        '<fixtext fixref="F-1">Made-up fix &amp; more.</fixtext><fix id="F-1"/>'
        '<check system="C-1"><check-content-ref href="x.xml" name="M"/><check-content>Made-up check.</check-content>'
        "</check></Rule></Group>\n"
        for number, (group, rule) in enumerate(rules)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><?xml-stylesheet type="text/xsl" href="STIG_unclass.xsl"?>'
        f'<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.1" id="{id}" xml:lang="en">'
        '<status date="2026-01-01">accepted</status>'
        "<title>Made-up Thing Security Technical Implementation Guide</title><description>x</description>"
        f'<plain-text id="release-info">Release: {release} Benchmark Date: 01 Jan 2026</plain-text>'
        f'<plain-text id="generator">3.5</plain-text><version>{version}</version>'
        f'<Profile id="MAC-1"><title>I</title><select idref="V-1" selected="true"/></Profile>\n{groups}</Benchmark>'
    )


def _file(folder: Path, text: str, name: str = "U_X_Manual-xccdf.xml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def _load(folder: Path, text: str) -> Library:
    return load_library([_file(folder, text)])


def test_the_edition_that_ships_gets_the_texts_of_the_file(tmp_path: Path) -> None:
    """Titles, checks, fixes and ids are DISA's; rows, sections and how it is judged stay."""
    ours = load_library()
    theirs = _load(tmp_path, benchmark())
    key = (FrameworkId("stig-kubernetes"), "V2R6")
    before, after = ours.frameworks[key].controls[0], theirs.frameworks[key].controls[0]
    assert (after.title, after.asks) == ("Made-up title of V-242376", "Made-up check.")
    assert after.remediation.text == "Made-up fix & more."
    assert after.properties["rule-id"] == "SV-242376r999999_rule"
    assert after.properties["discussion"] == "Made-up discussion."
    assert (after.level, after.properties["severity"], after.properties["cci"]) == ("CAT I", "high", "CCI-000068")
    assert (after.judged, after.section, after.evidence) == (before.judged, before.section, before.evidence)
    assert theirs.check_mappings == ours.check_mappings


def test_what_only_one_of_both_has_is_kept_and_said(tmp_path: Path) -> None:
    """A rule that we do not know is for people; a control that the file does not have says so."""
    found = _load(tmp_path, benchmark()).frameworks[FrameworkId("stig-kubernetes"), "V2R6"].controls
    new = next(one for one in found if one.id == "V-999001")
    assert new.judged is Judged.PERSON
    assert "not-in" not in new.properties
    assert next(one for one in found if one.id == "V-242377").properties["not-in"] == "U_X_Manual-xccdf.xml"


def test_another_edition_stands_beside_it_with_the_rows_of_the_nearest(tmp_path: Path) -> None:
    """Rows apply by group id, say so, and only where the edition has the group."""
    library = _load(tmp_path, benchmark(release="4"))
    made = library.frameworks[FrameworkId("stig-kubernetes"), "V2R4"]
    assert [str(one.id) for one in made.controls] == ["V-242376", "V-999001"]
    assert {one.edition for one in made.controls} == {"V2R4"}
    assert "nobody has compared" in made.licence
    rows = [row for row in library.check_mappings if (row.framework, row.edition) == (made.id, "V2R4")]
    assert {row.control for row in rows} == {"V-242376"}
    assert any(row.coverage is Coverage.SUFFICIENT for row in rows)
    assert all("Joined to V2R6 of the STIG" in row.rationale for row in rows)
    shipped = library.frameworks[FrameworkId("stig-kubernetes"), "V2R6"]
    assert shipped == load_library().frameworks[FrameworkId("stig-kubernetes"), "V2R6"]


def test_any_other_stig_is_a_framework_for_people_and_other_tools(tmp_path: Path) -> None:
    """Its controls are DISA's, joined to SP 800-53 by their CCIs; no check of ours speaks to them."""
    library = _load(tmp_path, benchmark("RHEL_99_STIG", "1", "2"))
    made = library.frameworks[FrameworkId("stig-rhel-99"), "V1R2"]
    assert (made.title, made.benchmark) == ("Made-up Thing STIG", "RHEL_99_STIG")
    assert made.release_info == "Release: 2 Benchmark Date: 01 Jan 2026"
    assert {one.judged for one in made.controls} == {Judged.PERSON}
    assert {word for one in made.controls for word in one.evidence} <= set(library.evidence_kinds)
    assert not [row for row in library.check_mappings if row.framework == made.id]
    rows = [row for row in library.control_mappings if row.from_framework == made.id]
    assert {(row.from_control, row.to_control) for row in rows} == {("V-242376", "AC-17(2)"), ("V-999001", "AC-17(2)")}


def test_ids_with_a_name_space_are_the_same_ids(tmp_path: Path) -> None:
    """Benchmarks of XCCDF 1.2 write their ids with one."""
    rules = (("xccdf_mil.disa.stig_group_V-1", "xccdf_mil.disa.stig_rule_SV-1r2_rule"),)
    text = benchmark("xccdf_mil.disa.stig_benchmark_RHEL_99_STIG", "002", rules=rules)
    found = read_benchmark(_file(tmp_path, text.replace("xccdf/1.1", "xccdf/1.2")))
    assert (found.id, found.edition) == ("RHEL_99_STIG", "V2R6")
    assert (found.rules[0].vuln_id, found.rules[0].rule_id) == ("V-1", "SV-1r2_rule")


def test_an_srg_is_known_by_its_items(tmp_path: Path) -> None:
    """Other lists refer to them, not to groups."""
    text = benchmark("Thing_SRG").replace("CNTR-K8-", "SRG-APP-")
    (made,) = [one for key, one in _load(tmp_path, text).frameworks.items() if key[0] == "srg-thing"]
    assert [str(one.id) for one in made.controls] == ["SRG-APP-000000", "SRG-APP-000001"]


def test_the_container_platform_srg_gets_its_texts(tmp_path: Path) -> None:
    """Ours is known by items, DISA's file by groups: both lead to the control."""
    library = _load(tmp_path, benchmark("Container_Platform_SRG", "2", "4", (("V-233015", "SV-233015r1_rule"),)))
    (found,) = [
        one
        for one in library.frameworks[FrameworkId("srg-container-platform"), "V2R4"].controls
        if one.properties["vuln-id"] == "V-233015"
    ]
    assert found.asks == "Made-up check."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<Benchmark", "not well-formed"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", "DOCTYPE"),
        ("<data-stream-collection/>", "not an XCCDF Benchmark"),
        ("<Benchmark/>", "not an XCCDF Benchmark"),
        (benchmark().replace("Release: 6", "Edition 6"), "Release: N"),
        (benchmark(id="../../etc"), "Release: N"),
        (benchmark(rules=()), "no rule"),
        (benchmark(rules=(("V-1", "xccdf_org.ssgproject.content_rule_x"),)), "no ids of a group and a rule"),
        (benchmark(rules=(("V-1=cmd()", "SV-1r1_rule"),)), "no ids of a group and a rule"),
        (benchmark(rules=(RULES[0], RULES[0])), "two groups carry"),
        (benchmark().replace("Made-up check.", "x" * (MAX_TEXT + 1)), "a text of more than"),
        (benchmark().replace("Made-up check.", "<a>" * 100 + "</a>" * 100), "deep"),
    ],
)
def test_what_is_no_benchmark_of_disas_is_refused_with_words(tmp_path: Path, text: str, words: str) -> None:
    """The message names the file and what is wrong."""
    with pytest.raises(CatalogError) as raised:
        _load(tmp_path, text)
    assert words in str(raised.value)
    assert "U_X_Manual-xccdf.xml" in str(raised.value)


def test_one_edition_is_described_once(tmp_path: Path) -> None:
    """Two files of one edition: nobody could say which counts."""
    for name in ("Kubernetes_STIG", "RHEL_99_STIG"):
        places = [_file(tmp_path, benchmark(name), f"{number}.xml") for number in range(2)]
        with pytest.raises(CatalogError, match="too"):
            load_library(places)


def test_the_commands_take_benchmarks(tmp_path: Path) -> None:
    """`catalogs:` names the file beside folders; validate, list and show know it."""
    path = _file(tmp_path, benchmark("RHEL_99_STIG", "1", "2"))
    config = tmp_path / "compliance.yaml"
    config.write_text(f"catalogs: [{path.name}]\n")
    run = CliRunner()
    assert "are valid" in run.invoke(commands, ["catalog", "validate", str(path)]).output
    assert "stig-rhel-99" in run.invoke(commands, ["catalog", "list", "-c", str(config)]).output
    shown = run.invoke(commands, ["explain", "stig-rhel-99:V-999001", "-c", str(config)])
    assert "Made-up check." in shown.output
    broken = run.invoke(commands, ["catalog", "validate", str(_file(tmp_path, "<x/>", "b.xml"))])
    assert isinstance(broken.exception, UsageError)
