"""Scans of Trivy and Grype: what they find, of which image, with which database, and what limits them."""

from __future__ import annotations

import json

import pytest

from compliance.model.sbom import DescribedDigest
from compliance.model.vulnerability import ScanReport
from tests.evidence.vulnerabilities.making import (
    CONFIG,
    LAYER,
    MANIFEST,
    answers,
    encoded,
    grype_match,
    grype_report,
    refusal,
    the,
    trivy_cluster,
    trivy_report,
    trivy_vulnerability,
)


def scan(reader: str, document: object) -> ScanReport:
    return the(ScanReport, reader, document)


def test_a_trivy_report_is_read_with_its_bindings() -> None:
    """Target, four kinds of digest, date in UTC, tool; the finding with package, fix, score and place."""
    report = scan("trivy", trivy_report())
    assert (report.tool, report.tool_version, report.target) == ("trivy", "0.76.0", "registry.example/app:1")
    assert report.digests == (
        DescribedDigest(MANIFEST, "/Metadata/RepoDigests/0"),
        DescribedDigest(CONFIG, "/Metadata/ImageID"),
    )
    assert report.diff_ids == (LAYER,)
    assert (report.created, report.database) == ("2026-11-01T07:00:00Z", None)
    assert (report.failed, report.incomplete, report.notes) == ("", (), ())
    (found,) = report.findings
    assert (found.id, found.aliases) == ("CVE-2023-5678", ("DSA-5612-1",))
    assert (found.ecosystem, found.package, found.version) == ("deb", "libssl3", "3.0.11-1~deb12u2")
    assert (found.fixed_in, found.severity, found.severity_source) == ("3.0.13-1~deb12u1", "medium", "nvd")
    assert (found.cvss, found.published) == (53, "2023-11-06")
    assert found.pointer == "/Results/0/Vulnerabilities/0"


def test_suppressed_findings_stay_listed() -> None:
    """The raw total reconciles: what .trivyignore or VEX hid is there, with why (case 46)."""
    report = trivy_report()
    hidden = trivy_vulnerability(VulnerabilityID="CVE-2023-9999")
    report["Results"][0]["ExperimentalModifiedFindings"] = [  # type: ignore[index]  # a document of our own making
        {
            "Type": "vulnerability",
            "Status": "not_affected",
            "Statement": "not reached",
            "Source": "v.json",
            "Finding": hidden,
        },
        {"Type": "vulnerability", "Status": "ignored", "Statement": "", "Source": ".trivyignore", "Finding": hidden},
        {"Type": "misconfiguration", "Status": "ignored", "Finding": {"ID": "DS002"}},
    ]
    read = scan("trivy", report)
    assert [found.suppressed for found in read.findings] == [
        "",
        "not_affected by v.json: not reached",
        "ignored by .trivyignore",
    ]
    assert read.findings[1].pointer == "/Results/0/ExperimentalModifiedFindings/0/Finding"
    assert read.unbound == 1


def test_a_package_without_a_purl_is_of_its_result_s_ecosystem() -> None:
    """Python names are compared as PyPI does, Maven's with a slash."""
    bare = trivy_vulnerability(PkgIdentifier={}, PkgName="Flask_Cors", InstalledVersion="1.0")
    report = trivy_report(Results=[{"Class": "lang-pkgs", "Type": "python-pkg", "Vulnerabilities": [bare]}])
    assert scan("trivy", report).findings[0][2:5] == ("pypi", "flask-cors", "1.0")
    bare["PkgName"] = "org.x:y"
    report = trivy_report(Results=[{"Class": "lang-pkgs", "Type": "jar", "Vulnerabilities": [bare]}])
    assert scan("trivy", report).findings[0][2:5] == ("maven", "org.x/y", "1.0")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Results": []}, "no result for packages"),
        (
            {"Results": [{"Class": "config", "Type": "dockerfile", "Misconfigurations": [{"Status": "FAIL"}]}]},
            "no result",
        ),
        ({"Results": [{"Class": "lang-pkgs", "Type": "gobinary"}]}, "system was not recognised"),
        ({"Metadata": {"OS": {"Family": "debian", "Name": "9", "EOSL": True}}}, "debian 9 is past its end of life"),
    ],
)
def test_a_scan_that_could_not_see_says_so(change: dict[str, object], words: str) -> None:
    """No finding proves nothing where packages were not recognised or nobody tells their vulnerabilities."""
    assert words in "; ".join(scan("trivy", trivy_report(**change)).incomplete)


def test_misconfigurations_and_secrets_are_counted_and_nothing_else() -> None:
    """A secret that a scanner found appears nowhere in the record."""
    results = [
        {
            "Class": "os-pkgs",
            "Type": "debian",
            "Misconfigurations": [{"Status": "FAIL"}, {"Status": "PASS"}],
            "Secrets": [{"RuleID": "aws", "Match": "AKIAIOSFODNN7EXAMPLE"}],
        }
    ]
    report = scan("trivy", trivy_report(Results=results))
    assert report.unbound == 2
    assert "AKIA" not in repr(report)


def test_a_file_system_scan_is_bound_to_no_image_by_name() -> None:
    """Its target is a path, which no image's name may be taken for."""
    report = scan("trivy", trivy_report(ArtifactType="filesystem", ArtifactName="app", Metadata={}))
    assert (report.target_type, report.digests) == ("filesystem", ())


def test_a_tar_archive_is_named_by_its_tag() -> None:
    """`--input app.tar` gives the path of a file; the tag inside is the image's name."""
    report = scan("trivy", trivy_report(ArtifactName="app.tar"))
    assert (report.target, report.target_at) == ("registry.example/app:1", "/Metadata/RepoTags/0")


def test_a_date_that_is_none_is_noted() -> None:
    """No date is made up; the zero date of Go is none."""
    report = scan("trivy", trivy_report(CreatedAt="yesterday"))
    assert (report.created, report.notes) == (None, ("CreatedAt is yesterday, which is no date",))
    assert scan("trivy", trivy_report(CreatedAt="0001-01-01T00:00:00Z")).created is None


def test_a_cluster_report_gives_one_scan_for_each_resource() -> None:
    """Bound to the image of each; a resource that could not be scanned is a failed scan; settings alone are none."""
    whole = trivy_report()
    resource = {"Namespace": "shop", "Kind": "Deployment", "Name": "web", "Results": whole["Results"]}
    cluster = trivy_cluster(
        {**resource, "Metadata": [whole["Metadata"]]},
        {**resource, "Results": [{"Class": "config", "Type": "kubernetes"}]},
        {**resource, "Metadata": [whole["Metadata"], whole["Metadata"]]},
        {**resource, "Results": None, "Error": "image pull: unauthorized"},
    )
    one, several, failed = (found for found in answers("trivy", encoded(cluster)) if isinstance(found, ScanReport))
    assert one.digests[0] == DescribedDigest(MANIFEST, "/Resources/0/Metadata/0/RepoDigests/0")
    assert one.findings[0].pointer == "/Resources/0/Results/0/Vulnerabilities/0"
    assert (several.digests, several.target) == ((), "")
    assert "cannot be told apart" in several.incomplete[-1]
    assert failed.failed == "the scan of shop/Deployment/web failed: image pull: unauthorized"
    assert len({one.subject.id, several.subject.id, failed.subject.id}) == 3


def test_another_schema_version_is_refused() -> None:
    """What the same keys mean in a later one nobody can say."""
    assert "SchemaVersion 3" in refusal("trivy", trivy_report(SchemaVersion=3))


def test_a_finding_without_an_id_is_refused() -> None:
    assert "without an id" in refusal("trivy", trivy_report(trivy_vulnerability(VulnerabilityID="")))


@pytest.mark.parametrize("size", [1, 600])
def test_a_key_that_stands_twice_is_refused_in_small_and_large_reports(size: int) -> None:
    """Readers would disagree on the image, or on the vulnerability."""
    text = json.dumps(trivy_report(*[trivy_vulnerability(Description="x" * 3000)] * size))
    doubled = text.replace('"ImageID":', '"ImageID": "sha256:00", "ImageID":', 1)
    assert "stands twice" in refusal("trivy", doubled.encode())
    doubled = text.replace('"VulnerabilityID":', '"VulnerabilityID": "CVE-1999-0001", "VulnerabilityID":', 1)
    assert "stands twice" in refusal("trivy", doubled.encode())
    spelt = text.replace('"VulnerabilityID":', '"VulnerabilityID": "CVE-1999-0001", "Vulnerability\\u0049D":', 1)
    assert "stands twice" in refusal("trivy", spelt.encode())
    assert "stands twice" in refusal("trivy", text.replace('"Results":', '"Results": [], "Results":', 1).encode())
    assert len(scan("trivy", text.encode()).findings) == size


def test_a_large_report_says_the_same_in_whatever_order_its_keys_stand() -> None:
    """Results at the end are read without walking the report twice; elsewhere the same comes out."""
    hidden = {"Type": "vulnerability", "Status": "ignored", "Finding": trivy_vulnerability()}
    plain = trivy_report(*(trivy_vulnerability(Description="x\n" * 1500) for _ in range(600)))
    plain["Results"][0]["ExperimentalModifiedFindings"] = [hidden]  # type: ignore[index]  # as it was made above
    moved = {"Results": plain["Results"], **plain}
    del (last := dict(plain))["Results"]
    last = {**last, "Results": plain["Results"]}
    texts = [json.dumps(one) for one in (last, moved)]
    texts += [texts[0] + "  \n", texts[0].replace('"Results": [', '"Results" :\n [', 1), "\ufeff" + texts[0]]
    texts += [texts[0].replace("excessive", "exc\u00e9ssive", 1), json.dumps({**last, "Later": [1]})]
    found = [scan("trivy", text.encode()) for text in texts]
    assert {(one.digests, one.findings, one.created) for one in found} == {
        (found[0].digests, found[0].findings, found[0].created)
    }
    assert len(found[0].findings) == 601
    for broken in (texts[0] + "}", texts[0][:-1], texts[0][:-2] + "}", texts[0].replace('"Results"', '"Results', 1)):
        assert refusal("trivy", broken.encode())
    assert "UTF-8" in refusal("trivy", texts[0].encode().replace(b"excessive", b"exc\xff", 1))
    assert "stands twice" in refusal("trivy", f'{texts[0][:-1]}, "Metadata": {{}}}}'.encode())


def test_a_grype_report_is_read_with_its_database() -> None:
    """Digests, the date of the database, settings by digest; aliases, exploitation and probability of related ids."""
    report = scan("grype", grype_report())
    assert (report.tool, report.tool_version, report.target) == ("grype", "0.110.0", "registry.example/app:1")
    assert [found.digest for found in report.digests] == [MANIFEST, CONFIG]
    assert (report.created, report.database) == ("2026-11-01T09:00:00Z", "2026-10-31T06:00:00Z")
    assert report.database_at == "/descriptor/db/status/built"
    assert (len(report.settings), report.failed, report.incomplete) == (64, "", ())
    (found,) = report.findings
    assert (found.id, found.aliases) == ("GHSA-j8r2-6x86-q33q", ("CVE-2023-32681",))
    assert (found.ecosystem, found.package, found.version, found.fixed_in) == ("pypi", "requests", "2.25.0", "2.31.0")
    assert (found.severity, found.severity_source, found.cvss) == ("medium", "github:language:python", 61)
    assert (found.kev, found.epss) == (True, 6150)


def test_settings_are_told_apart_by_what_they_say() -> None:
    """Another order of keys is the same configuration, another value is not."""
    changed = grype_report()
    changed["descriptor"]["configuration"] = {"ignore": [], "only-fixed": False}  # type: ignore[index]  # as above
    same = scan("grype", changed).settings
    changed["descriptor"]["configuration"] = {"ignore": [], "only-fixed": True}  # type: ignore[index]  # as above
    assert scan("grype", grype_report()).settings == same != scan("grype", changed).settings


@pytest.mark.parametrize(
    ("database", "failed", "built"),
    [
        ({"built": "2024-01-01T00:00:00Z", "schemaVersion": 5, "error": None}, "", "2024-01-01T00:00:00Z"),
        ({"status": {"built": "", "valid": False, "error": "checksum"}}, "had an error: checksum", None),
        ({"status": {"valid": False}}, "was not valid", None),
        (None, "", None),
    ],
)
def test_a_database_in_error_is_a_failed_scan(database: object, failed: str, built: str | None) -> None:
    """Old and new shapes; an unknown date is None."""
    document = grype_report()
    document["descriptor"]["db"] = database  # type: ignore[index]  # a document of our own making
    report = scan("grype", document)
    assert failed in report.failed
    assert bool(report.failed) == bool(failed)
    assert report.database == built


def test_ignored_matches_stay_listed_with_why() -> None:
    """By VEX, by a reason, by the state of the fix, by a rule that says nothing (case 46)."""
    rules: list[dict[str, object]] = [
        {"namespace": "", "vex-status": "not_affected", "vex-justification": "component_not_present"},
        {"namespace": "", "reason": "accepted until\nspring"},
        {"namespace": "", "fix-state": "wont-fix"},
        {"namespace": ""},
    ]
    ignored = [grype_match(appliedIgnoreRules=[rule]) for rule in rules]
    report = scan("grype", grype_report(ignoredMatches=ignored))
    assert [found.suppressed for found in report.findings] == [
        "",
        "not_affected by VEX: component_not_present",
        "ignored: accepted until spring",
        "ignored by a rule for fix state wont-fix",
        "ignored by a rule",
    ]


def test_an_alert_of_packages_limits_a_grype_report() -> None:
    alerts = [{"package": {"name": "x"}, "alerts": [{"type": "distro-eol"}]}]
    assert "alert for 1 package" in scan("grype", grype_report(alertsByPackage=alerts)).incomplete[0]


def test_a_report_without_matches_is_no_clean_one() -> None:
    assert "not even an empty list" in refusal("grype", grype_report(matches=None))


def test_severities_of_two_scanners_are_both_kept() -> None:
    """Each report keeps its own word and its source (case 45); a word nobody knows is unknown."""
    high = scan("trivy", trivy_report(trivy_vulnerability(Severity="HIGH", SeveritySource="debian")))
    assert (high.findings[0].severity, high.findings[0].severity_source, high.findings[0].cvss) == (
        "high",
        "debian",
        53,
    )
    assert scan("trivy", trivy_report(trivy_vulnerability(Severity="SCARY"))).findings[0].severity == "unknown"


def test_a_score_outside_the_scale_is_none() -> None:
    for score in (0, -1, 10.5, 1e300):
        report = trivy_report(trivy_vulnerability(CVSS={"nvd": {"V3Score": score}}))
        assert scan("trivy", report).findings[0].cvss is None
