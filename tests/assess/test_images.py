"""What the page of an image says: only what evidence shows, and what is unknown in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.assess.images import image_reports
from compliance.model.cluster import Cluster, Header, RunContainer, Service, ServicePort
from compliance.model.configuration import BaseImage, Configuration, Parameters
from compliance.model.evidence import Subject, SubjectType
from compliance.model.image import DatabaseState, Image
from compliance.model.image_report import ImageReport, Link, Standing
from compliance.model.images import Images, join
from compliance.model.proof_report import VulnerabilityReport
from compliance.rendering.images import packages_total
from tests.exports.images import (
    bare_image,
    base_of_all,
    careful_image,
    careless_image,
    cluster_of,
    digest,
    fact,
    facts,
    make_config,
    make_files,
    make_image,
    make_images,
    make_origin,
    make_sbom,
    make_workload,
)
from tests.exports.proof import without_proof

AS_OF = "2026-11-21T09:30:00Z"
PLAIN = Configuration()


def reported(images: Images, configuration: Configuration = PLAIN, cluster: Cluster | None = None) -> list[ImageReport]:
    return list(
        image_reports(
            images, cluster or cluster_of(images), configuration, AS_OF, without_proof(images), VulnerabilityReport()
        )
    )


def report_of(image: Image, configuration: Configuration = PLAIN) -> ImageReport:
    return reported(join((image,), (), (), (), ()), configuration)[0]


def standing(report: ImageReport, id: str) -> Standing:
    return next(one for one in (*report.hardening, *report.pillars) if one.id == id).standing


def because(report: ImageReport, id: str) -> str:
    return next(fact for fact in report.hardening if fact.id == id).because


ABSENCES = ("no-shell", "no-package-manager", "no-set-id", "no-file-capabilities")


def test_reports_are_sorted_by_subject_and_each_has_six_pillars_and_ten_facts() -> None:
    found = reported(make_images())
    assert [one.image.subject.id for one in found] == sorted(one.image.subject.id for one in found)
    assert len(found) == 3
    for one in found:
        assert [pillar.id for pillar in one.pillars] == [
            "surface",
            "tools",
            "identity",
            "exploitability",
            "exposure",
            "cadence",
        ]
        assert len(one.hardening) == 10
        assert [link.kind for link in one.identity] == ["sbom", "scan", "signature", "provenance", "admission"]


def test_a_careful_image_shows_what_its_layers_prove() -> None:
    report = report_of(careful_image())
    assert {standing(report, id) for id in ("non-root", *ABSENCES)} == {Standing.SHOWN}
    assert standing(report, "surface") is Standing.SHOWN
    assert report.age_days == 16


def test_a_careless_image_names_the_first_path_and_its_layer() -> None:
    report = report_of(careless_image())
    assert {standing(report, id) for id in ("non-root", *ABSENCES)} == {Standing.MISSING}
    shell = next(one for one in report.hardening if one.id == "no-shell")
    assert "/usr/bin/bash" in shell.because
    assert shell.at is not None
    assert shell.at.pointer == f"blobs/{digest('blob base-1').replace(':', '/')}!/usr/bin/bash"


@pytest.mark.parametrize(
    "image",
    [
        bare_image(),
        replace(careful_image(), incomplete="layer 2 was not handed in"),
        replace(careful_image(), os="windows"),
    ],
    ids=["configuration alone", "a layer is missing", "windows"],
)
def test_what_was_not_read_is_never_absent(image: Image) -> None:
    report = report_of(image)
    for id in ABSENCES:
        assert standing(report, id) is Standing.UNKNOWN
    assert standing(report, "tools") is Standing.UNKNOWN


def test_what_was_found_in_an_incomplete_image_is_there_all_the_same() -> None:
    report = report_of(replace(careless_image(), incomplete="layer 2 was not handed in"))
    assert standing(report, "no-shell") is Standing.MISSING
    assert standing(report, "tools") is Standing.MISSING


@pytest.mark.parametrize(
    ("created", "written", "days", "words"),
    [
        ("2026-10-22T09:30:00Z", "", 30, "30 days ago"),
        ("2026-11-21T09:30:00.000000001Z", "", 0, "0 days ago"),
        ("2026-11-22T00:00:00Z", "", None, "after this assessment"),
        ("2026-11-01T00:00:00", "", None, "no time zone"),
        ("yesterday", "", None, "is no date"),
        (None, "1970-01-01T00:00:00Z", None, "placeholder"),
        (None, None, None, "states no date"),
    ],
)
def test_age_is_known_only_by_a_date_that_can_be_trusted(
    created: str | None, written: str | None, days: int | None, words: str
) -> None:
    config = make_config(created=created, created_as_written=written)
    report = report_of(make_image("a.example/b:1", config=config))
    assert report.age_days == days
    assert words in report.age_words
    assert standing(report, "surface") is (Standing.UNKNOWN if days is None else Standing.SHOWN)


def test_older_or_larger_than_asked_for_is_not_small_and_recent() -> None:
    image = make_image("a.example/b:1", config=make_config(created="2026-10-21T09:30:00Z"))
    assert standing(report_of(image), "surface") is Standing.MISSING
    for limit in (Parameters(image_max_size=10), Parameters(image_max_layers=2)):
        assert standing(report_of(careful_image(), Configuration(parameters=limit)), "surface") is Standing.MISSING


def test_layers_are_the_bases_or_ours_only_where_a_declared_base_fits() -> None:
    approved = Configuration(parameters=Parameters(base_images=(base_of_all(),)))
    assert [row.origin_of for row in report_of(careful_image(), approved).layers] == [
        "base company-base:12",
        "base company-base:12",
        "added here",
    ]
    assert {row.origin_of for row in report_of(careful_image()).layers} == {""}
    assert "nobody declared" in report_of(careful_image()).base_words.lower()
    other = Configuration(parameters=Parameters(base_images=(BaseImage(name="other", diff_ids=(digest("x"),)),)))
    assert {row.origin_of for row in report_of(careful_image(), other).layers} == {""}
    assert "proves nothing" in report_of(careless_image(), other).base_words


def test_an_sbom_is_bound_by_the_digest_it_names_and_by_nothing_else() -> None:
    links = {one.image.said.rpartition("/")[2]: one.identity[0].link for one in reported(make_images())}
    assert links == {"checkout:2.4.1": Link.PROVEN, "batch:latest": Link.WEAK, "search:7": Link.BROKEN}
    image = careful_image()
    of_the_list = make_sbom(image, digests=(image.digests.index or "",))
    (report,) = reported(join((image,), (of_the_list,), (), (), ()))
    assert report.identity[0].link is Link.WEAK
    assert standing(report, "sbom") is Standing.MISSING
    assert report_of(image).identity[0].link is Link.UNKNOWN
    assert standing(report_of(image), "sbom") is Standing.UNKNOWN


def test_an_own_sbom_outweighs_one_of_another_build() -> None:
    image = careful_image()
    own = make_sbom(image, digests=(image.digests.manifest or "",))
    other = make_sbom(image, described=image.said, digests=(digest("other"),))
    (report,) = reported(join((image,), (other, own), (), (), ()))
    assert report.identity[0].link is Link.PROVEN
    assert len(report.sboms) == 2


def test_signature_scan_provenance_and_admission_stay_unknown() -> None:
    for report in reported(make_images()):
        assert {one.link for one in report.identity[1:]} == {Link.UNKNOWN}
        assert standing(report, "signature") is Standing.UNKNOWN
        assert standing(report, "exploitability") is Standing.UNKNOWN


def test_an_owner_is_named_in_the_configuration_a_label_is_only_a_claim() -> None:
    named = Configuration(owners={"registry.example.com/shop/*": "Team Shop"})
    assert report_of(careful_image(), named).owner == "Team Shop"
    assert standing(report_of(careful_image(), named), "owner") is Standing.SHOWN
    assert standing(report_of(careful_image()), "owner") is Standing.MISSING
    assert standing(report_of(careless_image()), "owner") is Standing.UNKNOWN


def pinned(image: Image) -> str:
    return f"a.example/b@{image.digests.manifest}"


def test_a_read_only_root_counts_when_every_container_that_surely_runs_it_has_one() -> None:
    image = careful_image()
    ways = {
        Standing.SHOWN: (make_workload("a", pinned(image), read_only=True),),
        Standing.MISSING: (
            make_workload("a", pinned(image), read_only=True),
            make_workload("b", pinned(image), read_only=None),
        ),
        Standing.UNKNOWN: (make_workload("a", image.said, read_only=True),),
    }
    for expected, workloads in ways.items():
        (report,) = reported(join((image,), (), (), (), workloads))
        assert standing(report, "read-only-root") is expected
    assert standing(report_of(image), "read-only-root") is Standing.UNKNOWN


def test_a_container_of_another_image_in_the_same_pod_does_not_count() -> None:
    image = careful_image()
    sidecar = RunContainer("other.example/proxy:1", "", None, "/spec/template/spec/containers/1")
    workload = make_workload("a", pinned(image), read_only=True)
    workload = replace(workload, containers=(*workload.containers, sidecar))
    (report,) = reported(join((image,), (), (), (), (workload,)))
    assert standing(report, "read-only-root") is Standing.SHOWN


def make_service(type: str) -> Service:
    origin = make_origin(path="cluster/objects.json")
    subject = Subject(id="shop/Service/front", type=SubjectType.SERVICE, name="front", namespace="shop", kind="Service")
    header = Header(
        origin=origin,
        subject=subject,
        api_version="v1",
        kind="Service",
        name="front",
        namespace="shop",
        labels={},
        annotations={},
    )
    port = ServicePort(port=443, target_port=8080, node_port=None, protocol="TCP", name=None)
    return Service(
        header=header,
        type=type,
        selector={"app": "a"},
        ports=(port,),
        external_ips=(),
        load_balancer_source_ranges=(),
        external_name=None,
    )


@pytest.mark.parametrize(
    ("type", "kinds", "expected"),
    [
        ("LoadBalancer", {"Service"}, Standing.MISSING),
        ("NodePort", {"Service"}, Standing.MISSING),
        ("ClusterIP", {"Service"}, Standing.UNKNOWN),
        ("ClusterIP", {"Service", "Ingress"}, Standing.SHOWN),
    ],
)
def test_exposure_is_refuted_by_one_way_in_and_shown_only_where_all_ways_are_known(
    type: str, kinds: set[str], expected: Standing
) -> None:
    image = careful_image()
    images = join((image,), (), (), (), (make_workload("a", pinned(image)),))
    cluster = replace(
        cluster_of(images),
        kinds=frozenset(kinds),
        services_by_label={("shop", "app", "a"): (make_service(type),)},
    )
    (report,) = reported(images, cluster=cluster)
    assert standing(report, "exposure") is expected


def test_exposure_of_a_name_alone_or_of_no_workload_is_not_known() -> None:
    image = careful_image()
    images = join((image,), (), (), (), (make_workload("a", image.said),))
    cluster = replace(cluster_of(images), kinds=frozenset({"Service", "Ingress"}))
    assert standing(reported(images, cluster=cluster)[0], "exposure") is Standing.UNKNOWN
    assert standing(report_of(image), "exposure") is Standing.UNKNOWN


def test_a_port_of_the_host_or_its_network_is_a_way_in() -> None:
    image = careful_image()
    for changed in ({"host_ports": (80,)}, {"host_network": True}):
        workload = make_workload("a", pinned(image), **changed)
        (report,) = reported(join((image,), (), (), (), (workload,)))
        assert standing(report, "exposure") is Standing.MISSING


def builds(*dates: str) -> Images:
    images = [make_image(f"a.example/b:{date}", config=make_config(created=f"{date}T00:00:00Z")) for date in dates]
    return join(images, (), (), (), ())


def test_cadence_needs_several_dated_builds_and_a_gap_proves_nothing() -> None:
    close, apart = builds("2026-10-01", "2026-10-20", "2026-11-15"), builds("2026-01-01", "2026-11-15")
    assert {standing(one, "cadence") for one in reported(close)} == {Standing.SHOWN}
    assert "3 builds" in because(reported(close)[0], "cadence")
    assert {standing(one, "cadence") for one in reported(apart)} == {Standing.UNKNOWN}
    assert standing(report_of(careful_image()), "cadence") is Standing.UNKNOWN


def test_many_files_are_told_with_how_many_more() -> None:
    files = make_files(shells=facts(*(fact(f"/opt/{number:02}/sh", 1) for number in range(30))))
    report = report_of(make_image("a.example/b:1", files=files))
    assert "30 paths: /opt/00/sh, /opt/01/sh and 28 more" in because(report, "no-shell")


def facts_of(report: ImageReport, id: str) -> str:
    return " ".join(next(pillar for pillar in report.pillars if pillar.id == id).facts)


def test_packages_of_a_database_that_cannot_be_read_are_a_lower_bound() -> None:
    files = make_files()
    broken = replace(files.databases[0], state=DatabaseState.UNREADABLE, packages=0, reason="truncated")
    report = report_of(make_image("a.example/b:1", files=replace(files, databases=(broken,))))
    for pillar in ("surface", "exploitability"):
        assert "at least 3 packages" in facts_of(report, pillar).lower()
        assert "/var/lib/dpkg/status.d" in facts_of(report, pillar)
    assert packages_total(report.image.filesystem) is None
    without = report_of(make_image("a.example/b:1", files=make_files(databases=(), packages=())))
    assert "no package database" in facts_of(without, "exploitability")


def test_nothing_is_within_limits_while_a_layer_is_missing() -> None:
    report = report_of(replace(careful_image(), incomplete="layer 2 was not handed in"))
    assert standing(report, "surface") is Standing.UNKNOWN
    assert "Nobody set a limit" in facts_of(report_of(careful_image()), "surface")
