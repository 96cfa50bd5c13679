"""The chain of proof of an image: a link is proven by the same digest and a verified signature alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.assess.images import image_reports
from compliance.model.configuration import Configuration, Parameters
from compliance.model.image_report import IdentityLink, ImageReport, Link, Standing
from compliance.model.proof_report import VulnerabilityReport
from compliance.model.supply_chain import join_proof
from compliance.rendering.text import digest as short
from tests.checks.supply_chain_records import attestation, scan
from tests.exports.images import base_of_all, careful_image, cluster_of, digest, make_images
from tests.exports.proof import TRUST, make_decision, make_proof

AS_OF = "2026-11-21T09:30:00Z"
TRUSTING = Configuration(parameters=Parameters(trust=TRUST))
OWN = careful_image().digests.manifest or ""
OTHER = digest("another build")


def reported(
    attestations: tuple[dict[str, object], ...] = (),
    scans: tuple[dict[str, object], ...] = (),
    decisions: tuple[object, ...] = (),
    configuration: Configuration = TRUSTING,
) -> ImageReport:
    images = make_images()
    signed = [attestation(each, f"proof/{number}.json") for number, each in enumerate(attestations)]
    made = [scan(each, f"scans/{number}.json") for number, each in enumerate(scans)]
    chain = join_proof(images, signed, made, (), (), (), (), decisions)  # type: ignore[arg-type] # records of the gate
    found = image_reports(images, cluster_of(images), configuration, AS_OF, chain, VulnerabilityReport())
    return next(one for one in found if one.image.digests.manifest == OWN)


def link(report: ImageReport, kind: str) -> IdentityLink:
    return next(one for one in report.chain if one.kind == kind)


def test_the_chain_leads_from_what_runs_to_who_rebuilds_it() -> None:
    kinds = ["workload", "digest", "base", "sbom", "scan", "signature", "provenance", "admission", "owner"]
    for report in make_proof(TRUSTING, AS_OF).images:
        assert [one.kind for one in report.chain] == kinds
        assert report.identity == tuple(one for one in report.chain if one.kind in kinds[3:8])


def test_an_unbroken_chain_is_proven_in_every_link() -> None:
    parameters = replace(TRUSTING.parameters, base_images=(base_of_all(),))
    configuration = replace(TRUSTING, parameters=parameters, owners={"*checkout*": "Team Shop"})
    report = next(one for one in make_proof(configuration, AS_OF).images if one.image.digests.manifest == OWN)
    assert {one.link for one in report.chain} == {Link.PROVEN}
    assert report.owner == "Team Shop"


@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        ("verified", Link.PROVEN),
        ("signed-untrusted", Link.WEAK),
        ("present-unsigned", Link.WEAK),
        ("invalid", Link.BROKEN),
        ("not-checked", Link.UNKNOWN),
    ],
)
def test_a_signature_is_proven_by_verification_alone(trust: str, expected: Link) -> None:
    report = reported(({"digests": [OWN], "trust": trust},))
    assert link(report, "signature").link is expected
    assert trust in link(report, "signature").because.lower()
    fact = next(one for one in report.hardening if one.id == "signature")
    assert (fact.standing is Standing.SHOWN) == (expected is Link.PROVEN)


def test_a_valid_signature_over_another_digest_says_nothing() -> None:
    assert link(reported(({"digests": [OTHER]},)), "signature").link is Link.UNKNOWN


def test_a_signature_that_hangs_on_the_image_and_is_about_another_breaks_with_both_sides() -> None:
    found = link(reported(({"digests": [OTHER], "refers_to": OWN},)), "signature")
    assert found.link is Link.BROKEN
    assert short(OTHER) in found.because
    assert short(OWN) in found.because


def test_one_signature_that_does_not_hold_is_told_beside_the_one_that_does() -> None:
    found = link(reported(({"digests": [OWN]}, {"digests": [OWN], "trust": "invalid"})), "signature")
    assert found.link is Link.PROVEN
    assert "1 other about it does not hold" in found.because


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Link.PROVEN),
        ({"source": "https://git.example/shop/web.git"}, Link.PROVEN),
        ({"source": "https://git.example/evil/web"}, Link.BROKEN),
    ],
)
def test_provenance_breaks_where_the_source_is_not_the_declared_one(changed: dict[str, str], expected: Link) -> None:
    found = link(reported(({"digests": [OWN], "about": "provenance", "provenance": changed},)), "provenance")
    assert found.link is expected
    if expected is Link.BROKEN:
        assert "https://git.example/evil/web" in found.because
        assert "https://git.example/shop/web" in found.because


def test_provenance_breaks_where_the_certificate_names_another_source() -> None:
    claims = {"source-repository-uri": "https://git.example/other/web"}
    one = {"digests": [OWN], "about": "provenance", "provenance": {}, "claims": claims}
    found = link(reported((one,)), "provenance")
    assert found.link is Link.BROKEN
    assert "https://git.example/other/web" in found.because


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({"digests": [OWN]}, Link.PROVEN),
        ({"digests": [], "target": "registry.example.com/shop/checkout:2.4.1"}, Link.WEAK),
        ({"digests": [OTHER], "target": "registry.example.com/shop/checkout:2.4.1"}, Link.BROKEN),
        ({"digests": [OTHER], "target": "registry.example.com/shop/other:1"}, Link.UNKNOWN),
        ({"digests": [OWN], "failed": "the scanner could not open it"}, Link.UNKNOWN),
        ({"digests": [OWN], "created": "2027-01-01T00:00:00Z"}, Link.UNKNOWN),
    ],
)
def test_a_scan_is_joined_by_digest_or_weakly_or_against_it(described: dict[str, object], expected: Link) -> None:
    assert link(reported(scans=(described,)), "scan").link is expected


def test_a_scan_of_another_digest_breaks_with_both_names() -> None:
    found = link(reported(scans=({"digests": [OTHER], "target": careful_image().said},)), "scan")
    assert OTHER in found.because


@pytest.mark.parametrize(
    ("image", "result", "expected"),
    [
        (f"registry.example.com/shop/checkout@{OWN}", "pass", Link.PROVEN),
        (f"registry.example.com/shop/checkout@{OWN}", "fail", Link.BROKEN),
        (f"registry.example.com/shop/checkout@{OTHER}", "pass", Link.BROKEN),
        ("registry.example.com/shop/checkout:2.4.1", "pass", Link.WEAK),
    ],
)
def test_a_decision_is_about_the_digest_or_what_runs_it_or_another(image: str, result: str, expected: Link) -> None:
    assert link(reported(decisions=(make_decision(image, result),)), "admission").link is expected


def test_a_decision_about_another_digest_tells_both() -> None:
    image = f"registry.example.com/shop/checkout@{OTHER}"
    found = link(reported(decisions=(make_decision(image),)), "admission")
    assert short(OTHER) in found.because
    assert short(OWN) in found.because


def test_without_anchors_nobody_may_sign_and_the_link_says_so() -> None:
    found = link(reported(configuration=Configuration()), "signature")
    assert found.link is Link.UNKNOWN
    assert "trust:" in found.because


def test_a_workload_by_tag_is_weak_and_bytes_that_contradict_are_a_break() -> None:
    images = replace(make_images(), uses={})
    chain = join_proof(images, (), (), (), (), (), (), ())
    for report in image_reports(images, cluster_of(images), TRUSTING, AS_OF, chain, VulnerabilityReport()):
        assert link(report, "workload").link is Link.UNKNOWN
    careless = next(one for one in make_proof(TRUSTING, AS_OF).images if "legacy" in one.image.said)
    assert link(careless, "workload").link is Link.WEAK
    assert link(careless, "digest").link is Link.BROKEN
