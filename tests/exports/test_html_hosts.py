"""Hosts and reports of other tools on packet.html: what is missing is said, what fails stands first, all is counted."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from compliance.exports.html import EXPORTER
from compliance.exports.html import hosts as hosts_module
from compliance.exports.html.data import data_of
from compliance.exports.html.hosts import LEAST_RULES, MOST_RULES, host_numbers, hosts_table, reports_table
from compliance.model.assessment import Assessment
from compliance.model.counts import Counts
from compliance.model.evidence import Subject, SubjectType
from compliance.model.outcome import Outcome, Severity
from compliance.pipeline.evaluating import UNSEEN_NODES
from compliance.rendering.links import links_of
from tests.exports.building import make_assessment
from tests.exports.hosts import host, make_report, result
from tests.exports.html_page import Page
from tests.exports.writing import written


def data_from(assessment: Assessment) -> Any:
    """The data block as the page's script gets it."""
    return json.loads(json.dumps(data_of(assessment, links_of(assessment))))


def page_of(assessment: Assessment) -> Page:
    return Page(written(EXPORTER, assessment)["packet.html"].decode())


def reports_of(assessment: Assessment) -> Any:
    return json.loads(json.dumps(reports_table(assessment, {})))


def words(page: Page) -> str:
    return re.sub(r"\s+", " ", "".join(page.visible))


def test_a_host_without_evidence_is_named_and_said_to_keep_checks_open(assessment: Assessment) -> None:
    page = page_of(assessment)
    text = words(page)
    assert "Of 1 of them nothing was handed in, although the cluster names it: node-2. A host without evidence" in text
    script = next(text for _, text in page.raw if "const DRAWN" in text)
    assert "A host without evidence, or with only a part of it, keeps checks open" in script
    rows = {row["name"]: row for row in data_from(assessment)["hosts"]}
    assert rows["node-2"]["handed_in"] == []
    assert rows["node-2"]["counts"] == [0, 0, 0, 0, 0]
    assert rows["node-1"]["handed_in"][0] == "Audit policy of the API server"


def test_the_page_leads_to_what_the_engine_keeps_open_for_nodes_that_nobody_saw(assessment: Assessment) -> None:
    script = next(text for _, text in page_of(assessment).raw if "const DRAWN" in text)
    assert f'data.subjects.id.includes("{UNSEEN_NODES.id}")' in script


def test_what_fails_most_stands_first_and_counts_are_those_of_the_row(assessment: Assessment) -> None:
    rows = data_from(assessment)["hosts"]
    assert [row["name"] for row in rows] == ["node-1", "node-2", "all nodes of the cluster"]
    assert rows[0]["counts"] == [24, 1, 22, 1092, 9]
    counts = json.loads(page_of(assessment).block("packet-counts"))
    assert counts["hosts"] == {"handed in": 2, "nothing handed in": 1}
    assert counts["reports"] == {"count": 2, "count for nothing": 1}


def test_observations_are_found_by_the_host_that_their_subject_is_or_runs_on(assessment: Assessment) -> None:
    kubelet = Subject(id="host/node-1/kubelet", type=SubjectType.COMPONENT, name="kubelet on node-1")
    shared = Subject(id="host-of/the-cluster/kube-proxy", type=SubjectType.COMPONENT, name="kube-proxy")
    workload = Subject(id="host/node-1", type=SubjectType.WORKLOAD, name="node-1", namespace="host", kind="Pod")
    subjects = [host("node-1"), kubelet, shared, workload, host("node-12"), host("node-2")]
    assert host_numbers(assessment, subjects) == [0, 0, 2, -1, -1, 1]
    assert host_numbers(replace(assessment, hosts=()), subjects) == []
    assert set(data_from(assessment)["subjects"]["host"]) == {-1}


def test_hosts_left_out_are_counted_and_failures_stay(assessment: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts_module, "MOST_HOSTS", 1)
    data = data_from(assessment)
    assert [row["name"] for row in data["hosts"]] == ["node-1"]
    assert data["hosts_total"] == 3
    assert host_numbers(assessment, [host("node-2")]) == [-1]


def test_programs_left_out_are_counted(assessment: Assessment) -> None:
    row = replace(assessment.hosts[1], programs=tuple(f"program-{number}" for number in range(50)))
    (found,) = hosts_table(replace(assessment, hosts=(row,)))
    programs = found["programs"]
    assert isinstance(programs, list)
    assert (len(programs), found["programs_total"]) == (20, 50)


def test_a_report_shows_what_fails_first_the_gravest_of_it_before_the_rest(assessment: Assessment) -> None:
    data = reports_of(assessment)
    outcomes = ["pass", "fail", "not checked", "not applicable", "error"]
    texts = data["rule_texts"]
    sound = next(row for row in data["reports"] if row["target"] == "node-1" and not row["person"])
    shown = [(outcomes[rule[0]], texts[rule[1]], texts[rule[3]]) for rule in sound["rules"]]
    assert shown == [
        ("fail", "openscap:sshd_root", "high"),
        ("fail", "openscap:password_age", "low"),
        ("error", "openscap:time_server", "medium"),
        ("not checked", "openscap:audit_rules", "medium"),
        ("pass", "openscap:banner", "medium"),
        ("not applicable", "openscap:mounts", "medium"),
    ]
    assert texts[sound["rules"][0][5]] == "/etc/sshd_root is not as asked."
    assert sound["counts"] == [2, 1, 1, 1, 1]
    assert sound["rules_total"] == 6


def test_a_rule_leads_to_the_check_that_it_became(assessment: Assessment) -> None:
    check = replace(assessment.checks[0].check, id="openscap:sshd_root")
    checks = (replace(assessment.checks[0], check=check), *assessment.checks[1:])
    numbers = [rule[6] for row in reports_of(replace(assessment, checks=checks))["reports"] for rule in row["rules"]]
    assert numbers.count(0) == 1
    assert set(numbers) == {0, -1}


@pytest.mark.parametrize("hostile", [False, True])
def test_a_report_that_proves_nothing_stands_first_says_why_and_holds_nothing(hostile: bool) -> None:
    assessment = make_assessment(hostile=hostile)
    first, *others = reports_of(assessment)["reports"]
    assert "every rule says that it does not apply" in first["unsound"]
    assert not any(row["unsound"] for row in others)
    assert {rule[0] for rule in first["rules"]} == {2}
    assert "counts for nothing: " in words(page_of(assessment))


def test_who_wrote_a_checklist_is_told_and_nobody_for_a_tool(assessment: Assessment) -> None:
    assert [row["person"] for row in reports_of(assessment)["reports"]] == ["", "", "Ida Officer"]
    nameless = tuple(replace(report, person="") for report in assessment.reports)
    people = [row["person"] for row in reports_of(replace(assessment, reports=nameless))["reports"]]
    assert people == ["", "", "a person who is not named"]


def many(number: int, rules: int) -> Assessment:
    results = tuple(
        result(f"rule_{at}", Outcome.FAIL if at % 50 == 49 else Outcome.PASS, Severity.HIGH) for at in range(rules)
    )
    reports = tuple(make_report(f"xccdf/{at:05}.xml", host(f"node-{at}"), results) for at in range(number))
    return replace(make_assessment(subjects=1), reports=reports)


def test_rules_left_out_are_counted_and_failures_stay() -> None:
    (row,) = reports_of(many(1, 1000))["reports"]
    assert len(row["rules"]) == MOST_RULES
    assert row["rules_total"] == 1000
    assert [rule[0] for rule in row["rules"]] == [1] * 20 + [0] * (MOST_RULES - 20)


def test_many_reports_share_the_room_and_each_keeps_a_few_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts_module, "MOST_RULES_OF_ALL", 400)
    monkeypatch.setattr(hosts_module, "MOST_REPORTS", 300)
    shared = reports_of(many(40, 60))
    assert {len(row["rules"]) for row in shared["reports"]} == {10}
    full = reports_of(many(400, 60))
    assert {len(row["rules"]) for row in full["reports"]} == {LEAST_RULES}
    assert (len(full["reports"]), full["reports_total"]) == (300, 400)
    assert len(full["rule_texts"]) < 300


def test_texts_of_reports_are_bounded(assessment: Assessment) -> None:
    long = tuple(
        replace(
            report, unsound="no " * 9_000, results=tuple(one._replace(reason="a" * 9_000) for one in report.results)
        )
        for report in assessment.reports
    )
    data = reports_of(replace(assessment, reports=long))
    assert max(len(text) for text in data["rule_texts"]) <= 700
    assert max(len(row["unsound"]) for row in data["reports"]) <= 700


def test_without_hosts_and_reports_the_page_says_nothing_of_them(assessment: Assessment) -> None:
    bare = replace(assessment, hosts=(), reports=())
    page = written(EXPORTER, bare)["packet.html"].decode()
    for name in ("hosts", "reports"):
        assert f'id="{name}"' not in page
        assert f'href="#/{name}"' not in page
        assert name not in json.loads(Page(page).block("packet-counts"))
    data = data_from(bare)
    assert (data["hosts"], data["reports"]) == ([], [])


def test_names_of_unseen_hosts_are_cut_with_their_number() -> None:
    assessment = make_assessment(subjects=1)
    unseen = tuple(
        replace(assessment.hosts[2], subject=host(f"node-{number:03}"), counts=Counts()) for number in range(70)
    )
    text = words(page_of(replace(assessment, hosts=unseen)))
    assert "node-049. 50 of 70 shown; all in assessment.json." in text
    assert "node-050" not in text
