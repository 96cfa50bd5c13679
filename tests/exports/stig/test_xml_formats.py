"""CKL and XCCDF: order and closed words of DISA's schemas, ids that clients look for, texts that stay texts."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from compliance.exports.stig import ckl, cklb, emass, hdf, xccdf
from compliance.model.outcome import Outcome
from tests.exports.stig.checklists import counted, hostile_checklists, named, with_checklists
from tests.exports.writing import written

BOTH = [with_checklists, hostile_checklists]
ALL = [cklb, ckl, xccdf, hdf, emass]
STEERING = frozenset("\x00\x07\x08\x1b\x7f\u202e\u2066\u2028\ufffe")
X = "{http://checklists.nist.gov/xccdf/1.2}"
#: Source: DISA, U_Checklist_Schema_V2.xsd (2.5).
ASSET = (
    *("ROLE", "ASSET_TYPE", "MARKING", "HOST_NAME", "HOST_IP", "HOST_MAC", "HOST_FQDN", "TARGET_COMMENT", "TECH_AREA"),
    *("TARGET_KEY", "WEB_OR_DATABASE", "WEB_DB_SITE", "WEB_DB_INSTANCE"),
)
SID_NAMES = {
    *("classification", "customname", "description", "filename", "notice", "releaseinfo", "source", "stigid", "title"),
    *("uuid", "version"),
}
ATTRIBUTES = {
    *("CCI_REF", "Check_Content", "Check_Content_Ref", "Class", "Documentable", "False_Negatives", "False_Positives"),
    *("Fix_Text", "Group_Title", "IA_Controls", "Mitigation_Control", "Mitigations", "Potential_Impact"),
    *("Responsibility", "Rule_ID", "Rule_Title", "Rule_Ver", "STIGRef", "Security_Override_Guidance", "Severity"),
    *("Third_Party_Tools", "Vuln_Discuss", "Vuln_Num", "Weight", "TargetKey", "STIG_UUID"),
}


def trees(exporter: Any, assessment: Any) -> dict[str, ElementTree.Element]:
    found = written(exporter.EXPORTER, assessment)
    return {path: ElementTree.fromstring(content) for path, content in found.items()}  # noqa: S314 - our own file


def texts(parent: ElementTree.Element, name: str, key: str, value: str) -> list[tuple[str, str]]:
    """Pairs of a list of names and values."""
    return [(one.findtext(key) or "", one.findtext(value) or "") for one in parent.findall(name)]


@pytest.mark.parametrize("make", BOTH)
def test_ckl_has_every_element_of_the_schema_in_its_order(make: Any) -> None:
    for path, root in trees(ckl, make()).items():
        assert root.tag == "CHECKLIST", path
        assert [one.tag for one in root] == ["ASSET", "STIGS"]
        assert tuple(one.tag for one in root[0]) == ASSET
        (stig,) = root[1]
        info, *vulnerabilities = stig
        assert info.tag == "STIG_INFO"
        assert {name for name, _ in texts(info, "SI_DATA", "SID_NAME", "SID_DATA")} <= SID_NAMES
        for one in vulnerabilities:
            names = [child.tag for child in one if child.tag != "STIG_DATA"]
            expected = ["STATUS", "FINDING_DETAILS", "COMMENTS", "SEVERITY_OVERRIDE", "SEVERITY_JUSTIFICATION"]
            assert names == expected
            assert [child.tag for child in one][-5:] == expected
            attributes = texts(one, "STIG_DATA", "VULN_ATTRIBUTE", "ATTRIBUTE_DATA")
            assert {name for name, _ in attributes} == ATTRIBUTES
            repeated = {name for name, count in Counter(name for name, _ in attributes).items() if count > 1}
            assert repeated == {"CCI_REF"}


def test_ckl_says_each_answer_its_asset_and_its_release() -> None:
    assessment = with_checklists()
    found = trees(ckl, assessment)
    for one in assessment.checklists:
        root = found[f"stig/{one.stem}.ckl"]
        assert Counter(each.text for each in root.iter("STATUS")) == named(one, ckl.STATUSES)
        assert root.findtext("ASSET/HOST_NAME") == one.asset
    root = found["stig/harbour--Kubernetes_STIG.ckl"]
    info = dict(texts(root[1][0][0], "SI_DATA", "SID_NAME", "SID_DATA"))
    assert (info["stigid"], info["version"]) == ("Kubernetes_STIG", "2")
    assert info["releaseinfo"] == "Release: 6 Benchmark Date: 01 Apr 2026"
    rule = dict(texts(root[1][0][1], "STIG_DATA", "VULN_ATTRIBUTE", "ATTRIBUTE_DATA"))
    assert rule["STIGRef"] == "Kubernetes STIG :: Version 2, Release: 6 Benchmark Date: 01 Apr 2026"
    assert (rule["Vuln_Num"], rule["Rule_ID"]) == ("V-242376", "SV-242376r960759_rule")


def test_xccdf_names_disas_benchmark_the_asset_and_one_result_for_each_rule() -> None:
    assessment = with_checklists()
    found = trees(xccdf, assessment)
    for one in assessment.checklists:
        root = found[f"stig/{one.stem}.xccdf.xml"]
        assert root.get("id") == f"xccdf_mil.disa.stig_benchmark_{one.stig.id}"
        test = root.find(f"{X}TestResult")
        assert test is not None
        assert test.findtext(f"{X}target") == one.asset
        assert Counter(each.text for each in test.iter(f"{X}result")) == named(one, xccdf.RESULTS)
        rules = [each.get("idref") for each in test.iter(f"{X}rule-result")]
        assert rules == [each.get("id") for each in root.iter(f"{X}Rule")]
        assert rules == [f"xccdf_mil.disa.stig_rule_{rule.rule_id}" for rule in one.rules]
        score = test.find(f"{X}score")
        assert score is not None
        assert score.text == str(counted(one)[Outcome.PASS.value])


@pytest.mark.parametrize("make", BOTH)
def test_xccdf_is_valid_by_openscaps_schema(make: Any, tmp_path: Path) -> None:
    if shutil.which("oscap") is None:
        pytest.skip("oscap is not installed: the schema of XCCDF is not at hand")
    for path, content in written(xccdf.EXPORTER, make()).items():
        file = tmp_path / Path(path).name
        file.write_bytes(content)
        done = subprocess.run(["oscap", "xccdf", "validate", str(file)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("make", BOTH)
def test_ckl_is_valid_by_disas_schema(make: Any) -> None:
    schema = os.environ.get("COMPLIANCE_CKL_XSD", "")
    if not schema:
        pytest.skip("COMPLIANCE_CKL_XSD names no U_Checklist_Schema_V2.xsd: order and closed words are tested alone")
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed, and nothing else here knows XML Schema")
    valid = etree.XMLSchema(etree.parse(schema))
    for path, content in written(ckl.EXPORTER, make()).items():
        assert valid.validate(etree.fromstring(content)), (path, valid.error_log)


@pytest.mark.parametrize("exporter", ALL)
@pytest.mark.parametrize("make", BOTH)
def test_writing_twice_gives_the_same_bytes_and_nothing_steers_a_terminal(exporter: Any, make: Any) -> None:
    first, again = written(exporter.EXPORTER, make()), written(exporter.EXPORTER, make())
    assert first == again
    for name, content in first.items():
        text = content.decode()
        assert not {character for character in text if character in "\x00\x07\x08\x1b\x7f\u202e\u2066\u2028\ufffe"}, (
            name
        )


@pytest.mark.parametrize("make", BOTH)
def test_every_format_states_the_same_counts(make: Any) -> None:
    """Each by its own words; what two of our answers share a word of is counted together."""
    assessment = make()
    of_ckl = trees(ckl, assessment)
    of_xccdf = trees(xccdf, assessment)
    for one in assessment.checklists:
        expected = counted(one)
        said = Counter(each.text for each in of_ckl[f"stig/{one.stem}.ckl"].iter("STATUS"))
        assert said["NotAFinding"] == expected["pass"]
        assert said["Open"] == expected["fail"]
        assert said["Not_Applicable"] == expected["not-applicable"]
        assert said["Not_Reviewed"] == expected["not-checked"] + expected["error"]
        said = Counter(each.text for each in of_xccdf[f"stig/{one.stem}.xccdf.xml"].iter(f"{X}result"))
        assert said == named(one, xccdf.RESULTS)
        assert said.total() == expected.total()
