"""Reports of other tools on some nodes of a cluster in: what they show of all nodes, and of which day, out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.test_running import assess
from tests.pipeline.test_running import own_cache as own_cache

RULE = "xccdf_mil.disa.stig_rule_SV-242391r960792_rule"
RESULTS = """<?xml version="1.0"?>
<TestResult xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_x_testresult_1" version="V2R6"
    start-time="{day}T00:00:00" end-time="{day}T00:00:01" test-system="cpe:/a:spawar:scc:5.10.1">
  <benchmark href="x.xml" id="xccdf_mil.disa.stig_benchmark_Kubernetes_STIG"/>
  <target>{host}</target>
  <rule-result idref="{rule}" severity="high"><result>pass</result></rule-result>
</TestResult>
"""
NODE = "apiVersion: v1\nkind: Node\nmetadata:\n  name: {}\n---\n"


def finding(folder: Path, hosts: dict[str, str], nodes: tuple[str, ...]) -> dict[str, Any]:
    """The finding of the control that the rule is, of reports by host and day."""
    evidence = folder / "evidence"
    evidence.mkdir()
    (evidence / "nodes.yaml").write_text("".join(map(NODE.format, nodes)))
    for host, day in hosts.items():
        (evidence / f"{host}.xml").write_text(RESULTS.format(day=day, host=host, rule=RULE))
    packet = assess(evidence, frameworks=("stig-kubernetes",)).packet
    found = json.loads((packet / "assessment.json").read_text())
    return next(one for one in found["findings"] if one["control"] == "V-242391")


@pytest.mark.parametrize(
    ("hosts", "nodes", "status", "words"),
    [
        ({"w1": "2026-02-01"}, ("w1", "w2", "w3"), "not-reviewed", "2 of 3 nodes: w2, w3"),
        ({"w1": "2026-02-01", "w2": "2026-02-01"}, ("w1", "w2"), "satisfied", ""),
        ({"w1": "2026-02-01"}, (), "satisfied", ""),
        ({"w1": "2012-02-01"}, ("w1",), "not-reviewed", "days old"),
        ({"w1": "2062-02-01"}, ("w1",), "not-reviewed", "a day after that of this assessment"),
    ],
)
def test_a_report_of_one_node_proves_nothing_of_another(
    tmp_path: Path, hosts: dict[str, str], nodes: tuple[str, ...], status: str, words: str
) -> None:
    """Every node that the cluster names needs one, of a day that counts."""
    found = finding(tmp_path, hosts, nodes)
    assert found["status"] == status
    assert words in (found["missing"] or "")


def test_what_people_ticked_is_judged_by_people(tmp_path: Path) -> None:
    """A checklist satisfies a control, and the finding says that no tool looked."""
    rule = {
        "group_id_src": "V-242391", "rule_id_src": "SV-242391r960792_rule", "rule_version": "CNTR-K8-000370",
        "severity": "high", "status": "not_a_finding", "finding_details": "looked at w1", "comments": "",
    }  # fmt: skip
    stig = {"stig_name": "Kubernetes", "stig_id": "Kubernetes_STIG", "release_info": "Release: 6", "version": "2"}
    checklist = {"cklb_version": "1.0", "target_data": {"host_name": "w1"}, "stigs": [stig | {"rules": [rule]}]}
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "w1.cklb").write_text(json.dumps(checklist))
    packet = assess(evidence, frameworks=("stig-kubernetes",)).packet
    found = json.loads((packet / "assessment.json").read_text())["findings"]
    (finding,) = (one for one in found if one["control"] == "V-242391")
    assert (finding["status"], finding["judged_by"]) == ("satisfied", "person")
