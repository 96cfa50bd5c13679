"""Scans in SARIF, as predicates, and in CycloneDX."""

from __future__ import annotations

import pytest

from compliance.model.sbom import Sbom
from compliance.model.vulnerability import ScanReport, VexDocument
from tests.evidence.vulnerabilities.making import (
    CONFIG,
    MANIFEST,
    OPENSSL,
    answers,
    bom,
    bom_vulnerability,
    encoded,
    grype_report,
    predicate,
    refusal,
    sarif_log,
    sarif_result,
    the,
    trivy_report,
)


def sarif(*results: dict[str, object], **run: object) -> ScanReport:
    return the(ScanReport, "sarif", sarif_log(*results, **run))


def test_a_sarif_log_of_trivy_is_read_and_bound_to_nothing() -> None:
    """SARIF says no digest of itself: the scan is of no image in particular."""
    report = sarif()
    assert (report.tool, report.tool_version, report.digests, report.target) == ("Trivy", "0.76.0", (), "")
    (found,) = report.findings
    assert (found.id, found.package, found.version, found.fixed_in) == ("CVE-2023-5678", "libssl3", "3.0.11", "3.0.13")
    assert (found.severity, found.cvss, found.pointer) == ("medium", 53, "/runs/0/results/0")


def test_trivy_s_properties_of_the_run_bind_it() -> None:
    properties = {"imageName": "app:1", "repoDigests": [f"app@{MANIFEST}"], "imageID": CONFIG, "repoTags": ["app:1"]}
    report = sarif(properties=properties)
    assert (report.target, report.target_type) == ("app:1", "container")
    assert [found.digest for found in report.digests] == [MANIFEST, CONFIG]


@pytest.mark.parametrize(
    "text",
    [
        "A high vulnerability in deb package: libssl3, version 3.0.11 was found in image app:1 at: /lib/dpkg/status",
        "The path /lib/dpkg/status reports libssl3 at version 3.0.11  which is a vulnerable (deb) package installed",
    ],
)
def test_grype_s_sentences_name_the_package(text: str) -> None:
    """Those of today and of before; the rule's id ends in the package's name."""
    result = sarif_result(ruleId="CVE-2023-5678-libssl3", message={"text": text}, ruleIndex=None)
    found = sarif(result).findings[0]
    assert found[:5] == ("CVE-2023-5678", (), "deb", "libssl3", "3.0.11")


def test_results_on_other_things_are_counted() -> None:
    """A misconfiguration or a secret is no vulnerability; what passed, or is gone, is nothing."""
    report = sarif(
        sarif_result(ruleId="DS002"),
        sarif_result(ruleId="aws-access-key-id"),
        sarif_result(kind="pass"),
        sarif_result(baselineState="absent"),
    )
    assert (report.findings, report.unbound) == ((), 2)


def test_accepted_suppressions_hide_and_rejected_ones_do_not() -> None:
    """All must be accepted. Source: SARIF 2.1.0, 3.35.3."""
    hidden = sarif(sarif_result(suppressions=[{"kind": "external", "justification": "not\nreached"}]))
    assert hidden.findings[0].suppressed == "suppressed: not reached"
    shown = sarif(sarif_result(suppressions=[{"kind": "external"}, {"kind": "inSource", "status": "underReview"}]))
    assert shown.findings[0].suppressed == ""


def test_a_run_that_did_not_end_well_is_a_failed_scan() -> None:
    notes = [{"level": "error", "message": {"text": "database download failed"}}]
    invocation = {
        "executionSuccessful": False,
        "endTimeUtc": "2026-11-01T12:00:00Z",
        "toolExecutionNotifications": notes,
    }
    report = sarif(invocations=[invocation])
    assert report.failed == "the run did not end well: database download failed"
    assert report.created == "2026-11-01T12:00:00Z"


def test_a_log_of_another_tool_proves_nothing() -> None:
    """A linter's clean log is no clean scan."""
    tool = {"driver": {"name": "ESLint"}}
    assert "nothing in it says" in sarif(sarif_result(ruleId="no-eval"), tool=tool).incomplete[0]
    assert "not even an empty list" in sarif(results=None).incomplete[0]


def test_another_version_of_sarif_is_refused() -> None:
    assert "SARIF 2.0.0" in refusal("sarif", {**sarif_log(), "version": "2.0.0"})


@pytest.mark.parametrize("result", [trivy_report(), grype_report(), sarif_log()])
def test_a_predicate_of_cosign_holds_a_report(result: dict[str, object]) -> None:
    """The report inside is read as such, with its places; the predicate's own dates and settings go before."""
    report = the(ScanReport, "scan-predicate", predicate(result))
    assert report.findings[0].pointer.startswith("/scanner/result/")
    assert (report.created, report.created_at) == ("2026-11-01T10:05:00Z", "/metadata/scanFinishedOn")
    assert (report.database, report.database_at) == ("2026-10-30T06:00:00Z", "/scanner/db/lastUpdate")
    assert report.settings


def test_a_predicate_of_in_toto_is_a_list_of_ids() -> None:
    """Version 0.2 and the words of 0.1; packages are not named."""
    severity = [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "5.2"}]
    document = predicate([{"id": "CVE-2023-1", "severity": severity}, {"vulnerability": {"id": "ghsa-J8R2-6X86-Q33Q"}}])
    report = the(ScanReport, "scan-predicate", document)
    assert (report.format, report.tool, report.tool_version) == ("in-toto-vulns", "trivy", "0.76.0")
    assert [(found.id, found.severity, found.cvss) for found in report.findings] == [
        ("CVE-2023-1", "medium", 52),
        ("GHSA-j8r2-6x86-q33q", "unknown", None),
    ]


def test_a_predicate_of_an_unknown_scanner_is_refused() -> None:
    assert "no reader knows" in refusal("scan-predicate", predicate({"findings": []}))
    assert "names no scanner" in refusal("scan-predicate", {**predicate([]), "scanner": None})


def test_a_bom_with_vulnerabilities_is_an_sbom_and_a_scan() -> None:
    """Bound as the SBOM is; the component that an entry affects is the package."""
    document = bom(bom_vulnerability())
    sbom, report = the(Sbom, "cyclonedx", document), the(ScanReport, "cyclonedx", document)
    assert report.digests == sbom.digests
    assert sbom.link == "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2"
    assert (report.tool, report.tool_version, report.created) == ("trivy", "0.76.0", "2026-11-01T11:00:00Z")
    (found,) = report.findings
    assert found[:5] == ("CVE-2023-5678", (), "deb", "libssl3", "3.0.11-1~deb12u2")
    assert (found.fixed_in, found.severity, found.severity_source) == ("3.0.13-1~deb12u1", "low", "debian")
    assert (found.cvss, found.published, found.pointer) == (75, "2023-11-06", "/vulnerabilities/0/affects/0")


def test_an_empty_list_of_vulnerabilities_is_no_clean_scan() -> None:
    """Trivy writes one into every SBOM, whether it looked or not."""
    assert [type(found) for found in answers("cyclonedx", encoded(bom()))] == [Sbom]


def test_nothing_is_lost_where_a_reference_leads_nowhere() -> None:
    """The finding stays, with what the reference itself says."""
    lost = bom(bom_vulnerability(affects=[{"ref": "gone"}]), bom_vulnerability(affects=[]))
    assert [found.package for found in the(ScanReport, "cyclonedx", lost).findings] == ["gone", ""]
    linked = bom(bom_vulnerability(affects=[{"ref": f"urn:cdx:x/1#{OPENSSL}"}]))
    assert the(ScanReport, "cyclonedx", linked).findings[0].package == "libssl3"


def test_analysed_entries_alone_are_no_scan() -> None:
    """VEX that lists what it speaks of must not pass for a fresh scan."""
    document = bom(bom_vulnerability(analysis={"state": "in_triage"}))
    assert [type(found) for found in answers("cyclonedx", encoded(document))] == [Sbom, VexDocument]
