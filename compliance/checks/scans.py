"""Vulnerability scan in, verdicts out on the report itself: what it names, when and how it was made, what it says."""

from __future__ import annotations

from datetime import datetime

from compliance.model.check import Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.deadlines import SEVERITIES
from compliance.model.faults import counted
from compliance.model.image_words import cut_list, short
from compliance.model.outcome import Severity
from compliance.model.scanned import is_future
from compliance.model.supply_chain import SupplyChain
from compliance.model.times import moment
from compliance.model.vulnerability import ScanFinding, ScanReport
from compliance.model.vulnerability_names import is_cve, plain, primaries

_PLACES = 20
_SCAN = "Scan the image by digest with a database of the day, and hand in the report that the scanner wrote."


@check(
    id="scan-subject-digest",
    title="Scan names its image by digest",
    severity=Severity.MEDIUM,
    fix="Scan the image by digest: trivy image or grype with registry/image@sha256:..., not by tag.",
)
def scan_subject_digest(scan: ScanReport) -> Verdict:
    """The report names what was scanned by a sha256 digest; a name and tag can be given to another image tomorrow.

    NOT_APPLICABLE where the scanner says that it scanned something else than an image.
    Source: NIST SP 800-190, 4.1.1; FedRAMP Rev5 playbook, containers, asset identity per image class.
    """
    named = f"it scanned {short(scan.target)}" if scan.target else "it does not say what it scanned"
    if scan.digests:
        at = [scan.at(found.pointer) for found in scan.digests[:3]]
        return passed(f"{named}, {', '.join(short(found.digest) for found in scan.digests[:3])}", at=at)
    at = [scan.at(scan.target_at)]
    if scan.target_type not in ("", "container"):
        return not_applicable(f"{named}, which is no image: {short(scan.target_type)}", at=at)
    return failed(f"{named}, and gives no digest of it", at=at)


@check(
    id="scan-date",
    title="Scan says when it was made, and is not from the future",
    severity=Severity.MEDIUM,
    fix="Hand in the report as the scanner wrote it, from a machine whose clock is right.",
)
def scan_date(scan: ScanReport, as_of: datetime) -> Verdict:
    """The date is one, and not later than the assessment; a day is allowed for clocks and time zones.

    Source: FedRAMP Rev5 playbook, containers, 30-day scan window; a scan without a date shows no window.
    """
    at = [scan.at(scan.created_at)]
    if scan.created is None or moment(scan.created) is None:
        seen = "states no date" if scan.created is None else f"is dated {short(scan.created)!r}, which is no date"
        return failed(f"it {seen}", at=at)
    if is_future(scan, as_of):
        return failed(f"made {scan.created}, after the day of this assessment ({as_of:%Y-%m-%d})", at=at)
    return passed(f"made {scan.created}, not after this assessment ({as_of:%Y-%m-%d})", at=at)


@check(
    id="scan-database",
    title="Scanner's vulnerability database was fresh when it scanned",
    severity=Severity.HIGH,
    fix="Update the scanner's database before each scan, and keep its date with the report.",
)
def scan_database(scan: ScanReport, params: Parameters) -> Verdict:
    """The database was at most `scan-database-max-age-days` old on the day of the scan, and not newer than the scan.

    NOT_CHECKED where the report does not say how old its database was, as Trivy's does not.
    Source: FedRAMP Rev5 playbook, vulnerability scanning, signature updates; NIST SP 800-53 rev 5, RA-5(2).
    """
    made, built = moment(scan.created or ""), moment(scan.database or "")
    if built is None:
        seen = f" ({short(scan.database)!r} is no date)" if scan.database else ""
        reason = f"the report does not say how old its vulnerability database was{seen}"
        return not_checked(reason, at=[scan.at(scan.database_at)])
    at = [scan.at(scan.database_at), scan.at(scan.created_at)]
    if made is None:
        return not_checked(f"the database is of {scan.database}, and the scan states no date to compare it with", at=at)
    days = (made.date() - built.date()).days
    limit = params.scan_database_max_age_days
    told = f"scanned {made:%Y-%m-%d} with a database of {built:%Y-%m-%d}"
    if days < -1:
        return failed(f"{told}, which is later than the scan itself", at=at)
    if days > limit:
        return failed(f"{told}: {days} days old, more than {limit}", at=at)
    return passed(f"{told}: {counted(max(days, 0), 'day')} old, at most {limit} allowed", at=at)


@check(
    id="scan-succeeded",
    title="Scan ended well and could see what it scanned",
    severity=Severity.HIGH,
    fix=_SCAN,
)
def scan_succeeded(scan: ScanReport) -> Verdict:
    """The scanner reports no failure, and nothing in the report says that it could not see the packages.

    NOT_CHECKED where the report itself shows that the lack of a finding proves nothing.
    Source: FedRAMP Consolidated Rules 2026, VDR-CSO-FAV (failures are vulnerabilities).
    """
    at = [scan.at(scan.findings_at)]
    if scan.failed:
        return failed(f"the scan failed: {short(scan.failed)}", at=at)
    if scan.incomplete:
        return not_checked(cut_list([short(words) for words in scan.incomplete], len(scan.incomplete)), at=at)
    kinds = ", ".join(
        f"{number} {severity}"
        for severity in SEVERITIES
        if (number := sum(found.severity == severity for found in scan.findings))
    )
    return passed(f"it ended well with {counted(len(scan.findings), 'finding')}{f': {kinds}' if kinds else ''}", at=at)


@check(
    id="scan-ids",
    title="Every finding of the scan has a CVE id where one exists",
    severity=Severity.LOW,
    fix="Use a scanner that names the CVE of each finding, or hand in another that does.",
)
def scan_ids(scan: ScanReport, supply_chain: SupplyChain) -> Verdict:
    """Every finding carries a CVE id as its id or alias, or is given one by another scan of the evidence.

    An advisory to which nobody gave a CVE id fails, as the list that FedRAMP asks for cannot hold it.
    Source: FedRAMP Rev5 playbook, vulnerability scanning, CVE ids.
    """
    without = [found for found in scan.findings if not _has_cve(found, supply_chain)]
    return _of_all(scan, without, "without a CVE id", "each with a CVE id")


def _has_cve(found: ScanFinding, chain: SupplyChain) -> bool:
    ids = [plain(one) for one in (found.id, *found.aliases)]
    return any(is_cve(one) for one in ids) or any(is_cve(one) for one in primaries(found.id, chain.names))


@check(
    id="scan-scores",
    title="Every finding of the scan has a CVSS base score",
    severity=Severity.LOW,
    fix="Let the scanner write CVSS base scores into its report; trivy and grype do in JSON.",
)
def scan_scores(scan: ScanReport) -> Verdict:
    """Every finding states the CVSS base score that is its original risk rating, or at least a severity of the scanner.

    FAIL for findings with neither. NOT_CHECKED where only the scanner's own rating stands, which the rule takes last.
    Source: FedRAMP Rev5 playbook, vulnerability scanning, CVSS base score as original risk.
    """
    bare = [found for found in scan.findings if found.cvss is None and found.severity == "unknown"]
    rated = [found for found in scan.findings if found.cvss is None and found.severity != "unknown"]
    if not bare and rated:
        reason = f"{len(rated)} of {counted(len(scan.findings), 'finding')} carry the scanner's own rating and no score"
        return not_checked(f"{reason}: {_told(rated)}", at=[scan.at(found.pointer) for found in rated[:_PLACES]])
    return _of_all(scan, bare, "without any rating", "each with a CVSS base score")


@check(
    id="scan-settings",
    title="Scanner's settings are the same in all its scans",
    severity=Severity.MEDIUM,
    fix="Scan every image with the same configuration, and keep its checksum with the reports.",
)
def scan_settings(scan: ScanReport, supply_chain: SupplyChain) -> Verdict:
    """The configuration that the report states is that of every other report of the same scanner in the evidence.

    NOT_CHECKED where the report states none. That these are the settings which the assessor validated a person says.
    Source: FedRAMP Rev5 playbook, vulnerability scanning, scanner settings unchanged.
    """
    at = [scan.at()]
    if not scan.settings:
        return not_checked("the report does not state the scanner's configuration", at=at)
    same_tool = [one for one in supply_chain.scans if one.tool == scan.tool and one.settings]
    others = [one for one in same_tool if one.settings != scan.settings]
    if others:
        names = listed((short(one.origin.path) for one in others), limit=3)
        reason = f"its configuration {scan.settings[:12]} is not that of {names}"
        return failed(reason, at=[*at, *(one.at() for one in others[:_PLACES])])
    return passed(f"configuration {scan.settings[:12]}, in {counted(len(same_tool), 'scan')} of {scan.tool}", at=at)


def _of_all(scan: ScanReport, faulty: list[ScanFinding], without: str, holds: str) -> Verdict:
    """FAIL with the findings that lack something, else PASS for all."""
    total = counted(len(scan.findings), "finding")
    if faulty:
        reason = f"{len(faulty)} of {total} {without}: {_told(faulty)}"
        return failed(reason, at=[scan.at(found.pointer) for found in faulty[:_PLACES]])
    return passed(f"{total}, {holds}" if scan.findings else "no finding", at=[scan.at(scan.findings_at)])


def _told(found: list[ScanFinding]) -> str:
    return listed((short(f"{one.id} in {one.package}") for one in found), limit=5)
