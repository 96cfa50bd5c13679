"""The clock one day over each limit: exactly the checks of that limit say something else, and no other.

Each case puts one piece of otherwise sound evidence on the last day of one limit, runs every check on the day and on
the next one, and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import compliance.checks
from compliance.model.check import discover
from compliance.model.outcome import Outcome
from compliance.model.reader import Record
from tests.checks.judging import (
    AS_OF,
    images_of,
    joined_records,
    parameters_of,
    records_of,
    subjects_of,
    verdicts,
)
from tests.images import making

CHECKS = discover(compliance.checks)
NAME = "registry.example.com/shop/web"
CVE = "CVE-2026-1000"
PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED
DAY = timedelta(days=1)

Said = dict[tuple[str, int], Outcome]
Json = dict[str, Any]

IMAGE: Json = {
    "names": [f"{NAME}:1.0.0"],
    "listed": True,
    "created": "2026-08-31T00:00:00Z",
    "layers": [[{"path": "app/server", "mode": "0755", "elf": "static"}]],
}
MANIFEST = next(images_of(making.oci_tar(IMAGE), "web.tar")).digests.manifest


def day(back: int) -> str:
    """Noon so many days before the assessment."""
    return (AS_OF - back * DAY + DAY / 2).strftime("%Y-%m-%dT%H:%M:%SZ")


def scan(*findings: Json, on: int = 1, **more: Any) -> Json:
    return {"digests": ["MANIFEST"], "created": day(on), "database": day(on + 1), "findings": list(findings), **more}


def evidence(folder: Path, **described: Any) -> tuple[list[Record], Path]:
    """An image with a scan and a catalog, the pod that runs it and its policy report; `described` takes their place."""
    whole: Json = {
        "image": IMAGE,
        "scans": [scan()],
        "kev": {"released": day(1), "entries": {}},
        "parameters": {"remediation": {"regime": "own", "days": {"high": 3650}}},
        **described,
    }
    case = folder / "case.proof.yaml"
    case.write_text(yaml.safe_dump(whole))
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "creationTimestamp": day(1)},
        "spec": {"containers": [{"name": "web", "image": f"{NAME}@{MANIFEST}"}]},
    }
    (folder / "pod.yaml").write_text(yaml.safe_dump(pod))
    return [*records_of(case), *records_of(folder / "pod.yaml")], case


def said(records: list[Record], case: Path, as_of: datetime) -> Said:
    """What every check says of each of its subjects on a day."""
    found = joined_records(records)
    context: Json = {"params": parameters_of(case), "as_of": as_of, **found._asdict()}
    return {
        (check.id, number): check.function(subject, *(context[name] for name in check.context)).outcome
        for check in CHECKS
        for number, subject in enumerate(subjects_of(check, records, found))
    }


def flipped(folder: Path, by: timedelta = DAY, **described: Any) -> dict[str, tuple[Outcome, Outcome]]:
    """The checks that say something else when the clock is moved, with what they said before and after."""
    records, case = evidence(folder, **described)
    before, after = said(records, case, AS_OF), said(records, case, AS_OF + by)
    return {key[0]: (old, after[key]) for key, old in before.items() if after[key] != old}


def test_nothing_flips_where_no_limit_is_near(tmp_path: Path) -> None:
    """The evidence that the cases vary has no limit at that day."""
    assert flipped(tmp_path) == {}
    assert flipped(tmp_path, by=-DAY) == {}


def test_scan_age(tmp_path: Path) -> None:
    """A scan of 30 days passes a window of 30; a day later the image and what runs it fail."""
    assert flipped(tmp_path, scans=[scan(on=30)]) == {"image-scan-age": (PASS, FAIL), "pod-image-scan": (PASS, FAIL)}


def test_scanner_database_age(tmp_path: Path) -> None:
    """The database's age counts on the day of the scan: it flips with its own date, and with no later clock."""
    last, over = [scan(database=day(31))], [scan(database=day(32))]
    assert flipped(tmp_path, scans=last) == flipped(tmp_path, scans=over) == {}
    outcomes = [said(*evidence(tmp_path, scans=each), AS_OF) for each in (last, over)]
    changed = {key[0]: (old, outcomes[1][key]) for key, old in outcomes[0].items() if outcomes[1][key] != old}
    assert changed == {"scan-database": (PASS, FAIL)}


def test_kev_age(tmp_path: Path) -> None:
    """A catalog of 7 days is recent; a day later it fails, and nobody knows any more what is exploited."""
    assert flipped(tmp_path, kev={"released": day(7), "entries": {}}) == {
        "kev-current": (PASS, FAIL),
        "image-vulnerability-exploited": (PASS, OPEN),
    }


#: A vulnerability that is overdue under FedRAMP VDR if its exploitation is likely, and not if it is not.
LIKELY_DECIDES = {
    "scans": [scan(on=1, findings=[{"id": CVE}]), scan(on=20, target=f"{NAME}:0.9", findings=[{"id": CVE}])],
    "parameters": {"remediation": {"regime": "fedramp-vdr"}, "certification_class": "B"},
}


def test_epss_age(tmp_path: Path) -> None:
    """A low score of 30 days lowers the risk; a day later exploitation is taken for likely, and the day was past."""
    scores = {"scored": day(30), CVE: 100}
    assert flipped(tmp_path, **LIKELY_DECIDES, epss=scores) == {"image-vulnerability-overdue": (PASS, FAIL)}


def test_epss_age_of_a_scanner(tmp_path: Path) -> None:
    """What a scanner states of exploitation is as old as its scan."""
    scans = [scan({"id": CVE, "epss": 100}, on=30)]
    found = flipped(tmp_path, scans=scans, parameters={**LIKELY_DECIDES["parameters"], "scan_max_age_days": 60})
    assert found == {"image-vulnerability-overdue": (PASS, FAIL)}


@pytest.mark.parametrize(
    ("regime", "severity", "days", "more"),
    [
        ({"regime": "own", "days": {"high": 14}}, "high", 14, {}),
        ({"regime": "fedramp-rev5-legacy"}, "high", 30, {}),
        ({"regime": "fedramp-rev5-legacy"}, "medium", 90, {}),
        ({"regime": "fedramp-rev5-legacy"}, "low", 180, {}),
        # class B, N4 by high severity, reachable and likely as nobody says otherwise: 8 days and 7 for the evaluation
        ({"regime": "fedramp-vdr"}, "high", 15, {"certification_class": "B"}),
        # class D, N3: 8 days and 2
        ({"regime": "fedramp-vdr"}, "medium", 10, {"certification_class": "D"}),
        # not in KEV, exposed, automatable and total, as nobody says otherwise
        ({"regime": "bod-26-04"}, "high", 3, {}),
    ],
)
def test_deadline(tmp_path: Path, regime: Json, severity: str, days: int, more: Json) -> None:
    """On the last day it may be open it is not overdue; on the next one it is, whatever scan is newest."""
    found = {"id": CVE, "severity": severity, "cvss": 50}
    scans = [scan(found), scan(found, on=days, target=f"{NAME}:0.9")]
    outcome = flipped(tmp_path, scans=scans, parameters={"remediation": regime, **more})
    assert outcome == {"image-vulnerability-overdue": (PASS, FAIL)}


def test_kev_due_date(tmp_path: Path) -> None:
    """CISA's day is the last one, where it is earlier than the regime's; that it is exploited failed before."""
    listed = {"released": day(1), "entries": {CVE: AS_OF.date().isoformat()}}
    assert flipped(tmp_path, scans=[scan({"id": CVE})], kev=listed) == {"image-vulnerability-overdue": (PASS, FAIL)}


def test_image_age(tmp_path: Path) -> None:
    """An image of 30 days is young enough; a day later it is not."""
    old = {**IMAGE, "created": (AS_OF - 30 * DAY).isoformat()}
    digest = next(images_of(making.oci_tar(old), "web.tar")).digests.manifest
    assert digest != MANIFEST  # so the pod runs another one, which is said on both days
    assert flipped(tmp_path, image=old) == {"image-age": (PASS, FAIL)}


@pytest.mark.parametrize(
    ("described", "flips"),
    [
        (
            {"scans": [scan(on=-1)]},
            {
                "scan-date": (PASS, FAIL),
                "image-scan": (PASS, OPEN),
                "image-scan-age": (PASS, OPEN),
                "pod-image-scan": (PASS, OPEN),
                "image-vulnerability-exploited": (PASS, OPEN),
                "image-vulnerability-fixable": (PASS, OPEN),
                "image-vulnerability-overdue": (PASS, OPEN),
            },
        ),
        (
            {"kev": {"released": day(-1), "entries": {}}},
            {"kev-current": (PASS, FAIL), "image-vulnerability-exploited": (PASS, OPEN)},
        ),
        (
            {
                "scans": [scan({"id": CVE, "fixed_in": "3.0.2"})],
                "vex": [{"created": day(-1), "statements": [{"products": ["MANIFEST"]}]}],
                "parameters": {"trust": {"vex_authors": ["Security"]}, "remediation": {"regime": "own", "days": {}}},
            },
            {"vex-statements": (PASS, FAIL), "image-vulnerability-fixable": (PASS, FAIL)},
        ),
        (
            {**LIKELY_DECIDES, "epss": {"scored": day(-1), CVE: 100}},
            {"image-vulnerability-overdue": (PASS, FAIL)},
        ),
        (
            {
                **LIKELY_DECIDES,
                "ssvc": [{"exploitation": "none", "automatable": "no", "timestamp": day(-1)}],
            },
            {"image-vulnerability-overdue": (PASS, FAIL)},
        ),
    ],
    ids=["scan", "kev", "vex", "epss", "ssvc"],
)
def test_a_date_after_the_assessment_is_no_pass(
    tmp_path: Path, described: Json, flips: Mapping[str, tuple[Outcome, Outcome]]
) -> None:
    """A day is allowed for clocks; with the clock a day earlier the evidence is of the future, and proves nothing."""
    records, case = evidence(tmp_path, **described)
    noon = AS_OF + DAY / 2  # the evidence is of noon
    before, after = said(records, case, noon), said(records, case, noon - DAY)
    assert {key[0]: (old, after[key]) for key, old in before.items() if after[key] != old} == flips


FORGED = {"path": "forged.json", "released": "2027-01-01T00:00:00Z", "version": "2027.01.01", "entries": {}}


def test_a_catalog_of_the_future_does_not_displace_a_sound_one(tmp_path: Path) -> None:
    """What the sound one lists is found, and what it lacks is not known to be exploited; the other one is told."""
    sound = {"released": day(1), "entries": {CVE: ""}}
    records, case = evidence(tmp_path, scans=[scan({"id": CVE})], kev=[FORGED, sound])
    assert said(records, case, AS_OF)["image-vulnerability-exploited", 0] is FAIL
    records, case = evidence(tmp_path, scans=[scan({"id": "CVE-2026-2"})], kev=[sound, FORGED])
    assert said(records, case, AS_OF)["image-vulnerability-exploited", 0] is PASS
    check = next(one for one in CHECKS if one.id == "image-vulnerability-exploited")
    (verdict,) = verdicts(check, records, parameters_of(case))
    assert "forged.json is dated 2027-01-01, after this assessment" in verdict.reason
    alone, case = evidence(tmp_path, scans=[scan({"id": CVE})], kev=FORGED)
    assert said(alone, case, AS_OF)["image-vulnerability-exploited", 0] is OPEN


def test_scores_of_the_future_do_not_displace_sound_ones(tmp_path: Path) -> None:
    """A sound high score stays high beside a forged low one."""
    high, forged = {"scored": day(1), CVE: 900_000}, {"scored": "2027-01-01T00:00:00Z", CVE: 1}
    records, case = evidence(tmp_path, **LIKELY_DECIDES, epss=[forged, high])
    assert said(records, case, AS_OF)["image-vulnerability-overdue", 0] is FAIL
    records, case = evidence(tmp_path, **LIKELY_DECIDES, epss=[{"scored": day(1), CVE: 1}, forged])
    assert said(records, case, AS_OF)["image-vulnerability-overdue", 0] is PASS


def test_points_of_the_future_do_not_displace_sound_ones(tmp_path: Path) -> None:
    """CISA's word that it is exploited stands beside a forged one that nobody does."""
    active = {"exploitation": "active", "timestamp": day(1), "path": "a.json"}
    forged = {"exploitation": "none", "timestamp": "2027-01-01T00:00:00Z", "path": "b.json"}
    records, case = evidence(tmp_path, **LIKELY_DECIDES, ssvc=[active, forged])
    assert said(records, case, AS_OF)["image-vulnerability-overdue", 0] is FAIL


def test_the_decision_of_the_gate(tmp_path: Path) -> None:
    """A decision of the day is one; with the clock a day earlier it lies in the future, and is none."""
    report = {
        "apiVersion": "wgpolicyk8s.io/v1alpha2",
        "kind": "PolicyReport",
        "metadata": {"name": "web", "namespace": "shop"},
        "scope": {"apiVersion": "v1", "kind": "Pod", "name": "web", "namespace": "shop"},
        "results": [
            {"source": "kyverno", "policy": "p", "rule": "r", "result": "pass",
             "timestamp": {"seconds": int(AS_OF.timestamp()), "nanos": 0}},
        ],
    }  # fmt: skip
    records, case = evidence(tmp_path)
    (tmp_path / "report.yaml").write_text(yaml.safe_dump(report))
    records += records_of(tmp_path / "report.yaml")
    before, after = said(records, case, AS_OF), said(records, case, AS_OF - DAY)
    assert {key[0]: (old, after[key]) for key, old in before.items() if after[key] != old} == {
        "pod-admission-time": (PASS, OPEN)
    }
