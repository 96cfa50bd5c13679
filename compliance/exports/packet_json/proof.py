"""Makes the records of attestations and vulnerabilities from those of the model."""

from __future__ import annotations

from collections.abc import Iterable

from compliance.exports.packet_json import proof_views as views
from compliance.model.configuration import Remediation, TrustPolicy
from compliance.model.deadlines import Answer
from compliance.model.proof_report import (
    AttestationRow,
    ImageVulnerabilities,
    ScanRow,
    Series,
    VulnerabilityReport,
)
from compliance.model.vulnerability_items import Counts, VulnerabilityItem

#: Where every vulnerability stands.
FILE = "vulnerabilities.jsonl"
MILLION = 1_000_000
_KNOWN = {Answer.YES: True, Answer.NO: False, Answer.UNKNOWN: None}


def trust_view(trust: TrustPolicy) -> views.TrustView:
    """Whom the organisation trusts, without key material."""
    return views.TrustView(
        keys=[key.name for key in trust.keys],
        identities=[
            views.IdentityTrustView(
                issuer=one.issuer, subject=one.subject or None, subject_pattern=one.subject_pattern or None
            )
            for one in trust.identities
        ],
        trusted_roots=[views.TrustedRootView(name=root.name, sha256=root.sha256) for root in trust.trusted_roots],
        builders=[views.BuilderView(id=one.id, level=one.level) for one in trust.builders],
        sources=[views.SourceView(image=one.image, repository=one.repository) for one in trust.sources],
        vex_authors=list(trust.vex_authors),
        threshold=trust.threshold,
    )


def deadlines_view(remediation: Remediation) -> views.DeadlinesView:
    """The regime as it was chosen."""
    regime = remediation.regime.value if remediation.regime else None
    return views.DeadlinesView(regime=regime, days=dict(sorted(remediation.days.items())))


def attestation_view(row: AttestationRow) -> views.AttestationView:
    """One attestation as assessment.json states it."""
    one = row.attestation
    return views.AttestationView(
        sha256=row.place.sha256,
        path=row.place.path,
        pointer=row.place.pointer,
        envelope=one.envelope.value,
        about=one.about,
        predicate_type=one.predicate_type or None,
        subject_digests=list(one.digests()),
        images=list(row.images),
        trust=one.trust.value,
        signer=one.signer or None,
        issuer=one.issuer or None,
        fingerprint=one.fingerprint or None,
        proven_time=one.proven_time,
        time_source=one.time_source or None,
        because=one.because,
    )


def image_vulnerabilities_view(row: ImageVulnerabilities) -> views.ImageVulnerabilitiesView:
    """What scans say of one image."""
    return views.ImageVulnerabilitiesView(
        counts=_counts(row.counts),
        severities=dict(row.severities),
        known_exploited=row.kev,
        likely_exploited=row.likely,
        fixable=row.fixable,
        overdue=row.overdue,
        undated=row.undated,
        next_due=row.next_due or None,
        disagreements=row.disagreements,
        scanners=list(row.scanners),
        scanned=row.scanned or None,
        joined=row.bound.value,
        incomplete=list(row.incomplete),
    )


def vulnerability_set_view(report: VulnerabilityReport) -> views.VulnerabilitySetView:
    """Totals over all images, and where the single ones stand."""
    return views.VulnerabilitySetView(
        file=FILE if report.scans else None,
        counts=_counts(report.counts),
        severities=dict(report.severities),
        known_exploited=report.kev,
        likely_exploited=report.likely,
        fixable=report.fixable,
        overdue=report.overdue,
        undated=report.undated,
        disagreements=report.disagreements,
        regime=report.regime or None,
        sources=list(report.sources),
        unscanned=list(report.unscanned),
        series=[_series(one) for one in report.series],
        mended=[
            views.MendedView(
                repository=repository,
                id=one.id,
                package=one.package,
                first_seen=one.first_seen,
                gone_on=one.gone_on,
                days=one.days,
            )
            for repository, one in report.mended
        ],
        mended_total=report.mended_total,
        scans=[_scan(row) for row in report.scans],
    )


def _counts(counts: Counts) -> views.VulnerabilityCountsView:
    return views.VulnerabilityCountsView(
        raw=counts.raw,
        open=counts.open,
        vex_suppressed=counts.vex_suppressed,
        deviated=counts.deviated,
        fixed=counts.fixed,
    )


def _series(one: Series) -> views.SeriesView:
    points: Iterable[views.SeriesPointView] = (
        views.SeriesPointView(date=point.date, image=point.image, severities=dict(point.counts)) for point in one.points
    )
    return views.SeriesView(repository=one.repository, tool=one.tool, points=list(points))


def _scan(row: ScanRow) -> views.ScanView:
    return views.ScanView(
        sha256=row.place.sha256,
        path=row.place.path,
        pointer=row.place.pointer,
        tool=row.tool,
        target=row.target,
        made=row.made or None,
        database=row.database or None,
        findings=row.findings,
        suppressed_by_scanner=row.suppressed,
        images=list(row.images),
        joined=row.how,
    )


def vulnerability_view(item: VulnerabilityItem) -> views.VulnerabilityView:
    """One line of vulnerabilities.jsonl."""
    vex = item.vex
    return views.VulnerabilityView(
        id=item.id,
        aliases=list(item.aliases),
        package=item.package,
        version=item.version,
        fixed_in=item.fixed_in or None,
        image=item.image,
        severity=item.severity,
        sources=list(item.sources),
        kev=_KNOWN[item.kev.answer],
        epss=None if item.epss is None else item.epss / MILLION,
        vex=views.VexView(status=vex.status, justification=vex.justification, author=vex.author) if vex else None,
        exploitable=item.exploitable.answer.value,
        exposed=item.exposed.answer.value,
        active=item.active.answer.value,
        state=item.state.value,
        first_seen=item.first_seen or None,
        due=item.due or None,
        overdue_days=item.overdue_days,
        regime=item.regime or None,
    )
