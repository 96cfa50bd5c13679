"""What the packet says of vulnerabilities: sums that reconcile, the worst first, and what nobody knows in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.assess import vulnerabilities as module
from compliance.assess.images import image_reports
from compliance.assess.vulnerabilities import vulnerability_report
from compliance.model.configuration import Configuration, Parameters, Regime, Remediation
from compliance.model.image_report import ImageReport, Standing
from compliance.model.proof_report import NO_SCANS, VulnerabilityReport
from compliance.model.supply_chain import join_proof
from compliance.model.vulnerability_items import State
from tests.checks.supply_chain_records import scan
from tests.exports.images import careful_image, cluster_of, make_images
from tests.exports.proof import TRUST, make_chain, without_proof

AS_OF = "2026-11-21T09:30:00Z"
LEGACY = Configuration(parameters=Parameters(trust=TRUST, remediation=Remediation(regime=Regime.FEDRAMP_REV5_LEGACY)))
OWN = careful_image().digests.manifest or ""


def found(configuration: Configuration = LEGACY, as_of: str = AS_OF) -> VulnerabilityReport:
    chain = make_chain()
    return vulnerability_report(chain, cluster_of(chain.images), configuration, as_of)


def pillar_of(described: dict[str, object]) -> tuple[ImageReport, Standing]:
    """The image with one scan of it, and whether its page says that nothing exploitable is known."""
    images = make_images()
    chain = join_proof(images, (), [scan(described)], (), (), (), (), ())
    cluster = cluster_of(images)
    report = vulnerability_report(chain, cluster, LEGACY, AS_OF)
    pages = image_reports(images, cluster, LEGACY, AS_OF, chain, report)
    page = next(one for one in pages if one.image.digests.manifest == OWN)
    return page, next(one for one in page.pillars if one.id == "exploitability").standing


def test_sums_over_images_states_and_severities_reconcile() -> None:
    report = found()
    items = list(report.items)
    assert items == list(report.items)
    assert report.counts.raw == len(items) == sum(row.counts.raw for row in report.images)
    counts = report.counts
    assert counts.raw == counts.open + counts.vex_suppressed + counts.deviated + counts.fixed
    assert sum(value for _, value in report.severities) == counts.open
    assert sum(len(rows) for rows in report.kept.values()) == counts.raw
    assert len(report.images) + len(report.unscanned) == len(make_images().images)


def test_what_is_overdue_stands_first_and_what_is_set_aside_stays() -> None:
    report = found()
    assert [item.id for item in report.kept[State.OPEN]][:2] == ["CVE-2026-2002", "CVE-2026-2001"]
    assert report.overdue == sum(item.overdue_days > 0 for item in report.items)
    assert [item.id for item in report.kept[State.VEX_SUPPRESSED]] == ["CVE-2026-2003"]
    assert [item.id for item in report.kept[State.FIXED]] == ["CVE-2026-2000"]


@pytest.mark.parametrize(("as_of", "overdue"), [("2026-11-18T23:59:59Z", False), ("2026-11-19T00:00:00Z", True)])
def test_one_day_over_the_limit_makes_exactly_that_one_overdue(as_of: str, overdue: bool) -> None:
    late = {item.id for item in found(as_of=as_of).kept[State.OPEN] if item.overdue_days}
    assert late == {"CVE-2026-2002"} | ({"CVE-2026-2001"} if overdue else set())


def test_only_the_first_of_each_state_are_kept_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = found()
    monkeypatch.setattr(module, "ITEMS_KEPT", dict.fromkeys(State, 1))
    cut = found()
    assert {state: rows[:1] for state, rows in whole.kept.items()} == dict(cut.kept)
    assert cut.counts == whole.counts


def test_series_are_drawn_from_two_days_on_and_what_went_is_named() -> None:
    report = found()
    assert [one.tool for one in report.series] == ["trivy"]
    assert [point.date[:10] for point in report.series[0].points] == ["2026-09-20", "2026-11-14"]
    assert [(one.id, one.days) for _, one in report.mended] == [("CVE-2026-2000", 55)]


def test_a_scan_of_the_future_mends_nothing_and_draws_no_point() -> None:
    """A forged scan without findings, dated after the assessment, is listed and says nothing of what went."""
    chain = make_chain()
    (lineage,) = (scans for scans in chain.lineages.values() if len(scans) > 1)
    subject = replace(lineage[-1].subject, id="scan/forged")
    forged = replace(lineage[-1], created="2027-01-01T00:00:00Z", findings=(), subject=subject)
    known = join_proof(chain.images, (), [*chain.scans, forged], (), chain.kev, chain.epss, (), ())
    report = vulnerability_report(known, cluster_of(chain.images), LEGACY, AS_OF)
    assert (report.mended, report.series) == (found().mended, found().series)
    assert [row.how for row in report.scans if row.made == forged.created] == [
        "not used: it is dated after this assessment"
    ]


def test_a_scan_of_no_image_that_was_handed_in_is_listed_and_in_no_count() -> None:
    report = found()
    row = next(one for one in report.scans if one.place.path == "scans/elsewhere.json")
    assert row.images == ()
    assert "no image that was handed in" in row.how
    assert all(item.image != "" and "elsewhere" not in item.at[0].origin.path for item in report.items)


def test_without_a_regime_the_report_says_that_nothing_can_be_called_overdue() -> None:
    plain = replace(LEGACY, parameters=replace(LEGACY.parameters, remediation=Remediation()))
    report = found(plain)
    assert "nobody chose a regime" in report.regime
    assert report.undated


@pytest.mark.parametrize("regime", list(Regime))
def test_every_regime_is_named_in_words(regime: Regime) -> None:
    remediation = Remediation(regime=regime, days={"critical": 7})
    report = found(replace(LEGACY, parameters=replace(LEGACY.parameters, remediation=remediation)))
    words = {"own": "critical 7 days", "fedramp-vdr": "VDR", "bod-26-04": "BOD 26-04", "fedramp-rev5-legacy": "Rev5"}
    assert words[regime.value] in report.regime


def test_without_a_scan_nothing_is_reported() -> None:
    images = make_images()
    assert vulnerability_report(without_proof(images), cluster_of(images), LEGACY, AS_OF) == NO_SCANS


@pytest.mark.parametrize(
    ("described", "standing"),
    [
        ({"digests": [OWN], "created": "2026-11-20T00:00:00Z"}, Standing.SHOWN),
        ({"digests": [OWN], "created": "2026-10-20T00:00:00Z"}, Standing.UNKNOWN),
        ({"digests": [OWN], "created": ""}, Standing.UNKNOWN),
        ({"digests": [], "target": careful_image().said, "created": "2026-11-20T00:00:00Z"}, Standing.UNKNOWN),
        (
            {"digests": [OWN], "created": "2026-11-20T00:00:00Z", "incomplete": ["no package was seen"]},
            Standing.UNKNOWN,
        ),
        ({"digests": [OWN], "created": "2026-11-20T00:00:00Z", "failed": "timed out"}, Standing.UNKNOWN),
        ({"digests": [OWN], "created": "2026-11-20T00:00:00Z", "findings": [{}]}, Standing.MISSING),
    ],
    ids=["clean and fresh", "31 days old", "undated", "by name", "incomplete", "failed", "taken for likely"],
)
def test_nothing_exploitable_is_shown_by_a_fresh_and_whole_scan_of_the_digest_alone(
    described: dict[str, object], standing: Standing
) -> None:
    assert pillar_of(described)[1] is standing
