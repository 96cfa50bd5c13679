"""Makes the records of assessment.json from those of the model."""

from __future__ import annotations

from msgspec import UNSET

from compliance.exports.packet_json import views
from compliance.exports.packet_json.images import image_view
from compliance.exports.packet_json.proof import (
    MILLION,
    attestation_view,
    deadlines_view,
    trust_view,
    vulnerability_set_view,
)
from compliance.model.assessment import (
    Action,
    Assessment,
    CheckResult,
    Closes,
    EvidenceFile,
    Finding,
    FindingCheck,
    FrameworkResult,
    Population,
    Request,
    StatusCounts,
)
from compliance.model.catalog import Control, ControlMapping, EvidenceKind
from compliance.model.configuration import Deviation, Parameters, Responsibility, Review, System
from compliance.model.counts import Counts, counted
from compliance.model.evidence import Location, Subject
from compliance.model.host_report import HostRow
from compliance.model.rule_report import RuleReport


def view(assessment: Assessment) -> views.AssessmentView:
    """The whole document; everything keeps the order of the assessment."""
    configuration = assessment.configuration
    return views.AssessmentView(
        format="compliance-assessment",
        version="1",
        id=assessment.id,
        as_of=assessment.as_of,
        tool=views.ToolView(name=assessment.tool.name, version=assessment.tool.version),
        command=assessment.command,
        evidence_set_sha256=assessment.evidence_sha256,
        configuration_sha256=configuration.sha256 or None,
        system=_system(configuration.system),
        parameters=_parameters(configuration.parameters),
        summary=views.SummaryView(
            sentences=list(assessment.summary.sentences), warnings=list(assessment.summary.warnings)
        ),
        observations=_observation_set(assessment),
        frameworks=[_framework(result) for result in assessment.results],
        population=[_population(part) for part in assessment.population],
        findings=[
            _finding(finding, control) for result in assessment.results for finding, control in _with_control(result)
        ],
        actions=[_action(action) for action in assessment.actions],
        requests=[_request(request) for request in assessment.requests],
        deviations=[_deviation(deviation) for deviation in assessment.deviations],
        responsibilities=[_responsibility(one) for one in configuration.responsibilities],
        checks=[_check(result) for result in assessment.checks],
        evidence=[_evidence(file) for file in assessment.evidence],
        evidence_kinds=[_evidence_kind(kind) for kind in _sorted_kinds(assessment)],
        subjects=[_subject(subject) for subject in assessment.subjects],
        images=[image_view(report) for report in assessment.images],
        attestations=[attestation_view(row) for row in assessment.attestations],
        vulnerabilities=vulnerability_set_view(assessment.vulnerabilities),
        hosts=[_host(row) for row in assessment.hosts],
        reports=[_report(one) for one in assessment.reports],
        control_mappings=[_control_mapping(row) for row in _between_assessed(assessment)],
    )


def _host(row: HostRow) -> views.HostView:
    return views.HostView(
        subject=row.subject.id,
        name=row.subject.name,
        system=row.system,
        collected=row.collected or None,
        programs=list(row.programs),
        handed_in=list(row.handed_in),
        counts=_outcomes(row.counts),
    )


def _report(one: RuleReport) -> views.ReportView:
    return views.ReportView(
        path=one.origin.path,
        sha256=one.origin.sha256,
        pointer=one.origin.pointer,
        source=one.source,
        tool=one.tool,
        tool_version=one.tool_version,
        benchmark=one.benchmark,
        edition=one.edition,
        profile=one.profile,
        subject=one.subject.id,
        target=one.target,
        started=one.started or None,
        ended=one.ended or None,
        by_person=one.by_person,
        person=one.person or None,
        unsound=one.unsound or None,
        counts=_outcomes(counted(result.outcome for result in one.results)),
    )


def _sorted_kinds(assessment: Assessment) -> list[EvidenceKind]:
    return [assessment.evidence_kinds[name] for name in sorted(assessment.evidence_kinds)]


def _between_assessed(assessment: Assessment) -> list[ControlMapping]:
    """Rows between controls of this packet; all others say nothing about it."""
    known = {one for result in assessment.results for one in (result.framework.id, result.framework.catalog)}
    return [row for row in assessment.control_mappings if row.from_framework in known and row.to_framework in known]


def _with_control(result: FrameworkResult) -> list[tuple[Finding, Control]]:
    controls = {str(control.id): control for control in result.framework.controls}
    return [(finding, controls[finding.control]) for finding in result.findings]


def _observation_set(assessment: Assessment) -> views.ObservationSetView:
    counts = [result.counts for result in assessment.checks]
    return views.ObservationSetView(
        file="observations.jsonl",
        total=len(assessment.observations),
        counts=_outcomes(
            Counts(
                passed=sum(one.passed for one in counts),
                failed=sum(one.failed for one in counts),
                not_applicable=sum(one.not_applicable for one in counts),
                not_checked=sum(one.not_checked for one in counts),
                error=sum(one.error for one in counts),
            )
        ),
    )


def _outcomes(counts: Counts) -> views.OutcomeCountsView:
    return views.OutcomeCountsView(
        passed=counts.passed,
        failed=counts.failed,
        not_applicable=counts.not_applicable,
        not_checked=counts.not_checked,
        error=counts.error,
    )


def _statuses(counts: StatusCounts) -> views.ControlCountsView:
    return views.ControlCountsView(
        satisfied=counts.satisfied,
        not_satisfied=counts.not_satisfied,
        not_applicable=counts.not_applicable,
        not_reviewed=counts.not_reviewed,
        error=counts.error,
    )


def _system(system: System) -> views.SystemView:
    return views.SystemView(
        id=system.id or None,
        name=system.name or None,
        operator=system.operator or None,
        impact=system.impact or None,
        certification_class=system.certification_class or None,
        marking=system.marking or None,
        boundary=system.boundary or None,
        period_start=system.period_start or None,
        period_end=system.period_end or None,
        parties=[views.PartyView(role=one.role, name=one.name, email=one.email) for one in system.parties],
    )


def _parameters(parameters: Parameters) -> views.ParametersView:
    return views.ParametersView(
        kubernetes=str(parameters.kubernetes),
        kubernetes_stated=parameters.kubernetes_stated,
        registries_approved=list(parameters.registries_approved),
        rbac_approved_subjects=list(parameters.rbac_approved_subjects),
        capabilities_approved=list(parameters.capabilities_approved),
        service_types_approved=list(parameters.service_types_approved),
        system_namespaces=list(parameters.system_namespaces),
        minimum_replicas=parameters.minimum_replicas,
        base_images=[
            views.BaseImageView(name=one.name, digest=one.digest or None, diff_ids=list(one.diff_ids))
            for one in parameters.base_images
        ],
        packages_denied=list(parameters.packages_denied),
        set_id_approved=list(parameters.set_id_approved),
        devices_approved=list(parameters.devices_approved),
        host_ports_approved=list(parameters.host_ports_approved),
        cgroup_parents_approved=list(parameters.cgroup_parents_approved),
        docker_group_approved=list(parameters.docker_group_approved),
        docker_versions_supported=list(parameters.docker_versions_supported),
        docker_swarm_needed=parameters.docker_swarm_needed,
        docker_unused_images=parameters.docker_unused_images,
        docker_stopped_containers=parameters.docker_stopped_containers,
        docker_node_certificate_days=parameters.docker_node_certificate_days,
        docker_swarm_ca_days=parameters.docker_swarm_ca_days,
        kubelet_pod_pids_limit=parameters.kubelet_pod_pids_limit or None,
        kubelet_event_rate=parameters.kubelet_event_rate or None,
        report_max_age_days=parameters.report_max_age_days,
        host_hardening_percent=parameters.host_hardening_percent,
        image_max_age_days=parameters.image_max_age_days,
        image_max_size=parameters.image_max_size or None,
        image_max_layers=parameters.image_max_layers or None,
        scan_max_age_days=parameters.scan_max_age_days,
        scan_database_max_age_days=parameters.scan_database_max_age_days,
        kev_max_age_days=parameters.kev_max_age_days,
        epss_max_age_days=parameters.epss_max_age_days,
        epss_likely=parameters.epss_likely / MILLION,
        remediation=deadlines_view(parameters.remediation),
        trust=trust_view(parameters.trust),
    )


def _framework(result: FrameworkResult) -> views.FrameworkView:
    framework = result.framework
    return views.FrameworkView(
        id=framework.id,
        edition=framework.edition,
        title=framework.title,
        publisher=framework.publisher,
        words=framework.words,
        licence=framework.licence,
        catalog=framework.catalog,
        catalog_edition=framework.catalog_edition,
        controls=result.counts.total,
        counts=_statuses(result.counts),
        partly_shown=result.counts.partly_shown,
        sections=[
            views.SectionView(id=id, title=title, counts=_statuses(counts)) for id, title, counts in result.sections
        ],
    )


def _population(part: Population) -> views.PopulationView:
    return views.PopulationView(
        what=part.what, seen=part.seen, expected=part.expected, missing=list(part.missing), source=part.source
    )


def _finding(finding: Finding, control: Control) -> views.FindingView:
    return views.FindingView(
        framework=finding.framework,
        edition=finding.edition,
        control=finding.control,
        title=finding.title,
        section=finding.section,
        level=control.level or None,
        label=control.label or None,
        asks=control.asks or None,
        judged=finding.judged.value,
        status=finding.status.value,
        reason=finding.reason.value if finding.reason else None,
        because=finding.because,
        shown=finding.shown or None,
        missing=finding.missing or None,
        judged_by=finding.judged_by,
        checks=[_finding_check(row) for row in finding.checks],
        counts=_outcomes(finding.counts),
        observations=list(finding.observations),
        observations_total=finding.observations_total,
        evidence=list(control.evidence),
        evidence_missing=list(finding.evidence_missing),
        responsibility=finding.responsibility or None,
        review=_review(finding.review) if finding.review else None,
        deviations=list(finding.deviations),
        remediation=views.RemediationView(text=control.remediation.text, example=control.remediation.example),
    )


def _finding_check(row: FindingCheck) -> views.FindingCheckView:
    return views.FindingCheckView(
        check=row.check,
        coverage=row.coverage,
        rationale=row.rationale,
        source=row.source,
        outcome=row.outcome.value,
        counts=_outcomes(row.counts),
    )


def _review(review: Review) -> views.ReviewView:
    return views.ReviewView(
        status=review.status,
        reviewer=review.reviewer,
        date=review.date,
        expires=review.expires,
        statement=review.statement,
    )


def _closes(controls: tuple[Closes, ...]) -> list[views.ClosesView]:
    return [views.ClosesView(framework=one.framework, control=one.control) for one in controls]


def _action(action: Action) -> views.ActionView:
    return views.ActionView(
        id=action.id,
        check=action.check,
        what=action.what,
        effort=action.effort,
        severity=action.severity.value,
        owner=action.owner or None,
        where=[_place(subject, location) for subject, location in action.places],
        where_total=action.places_total,
        closes=_closes(action.closes),
        contributes=_closes(action.contributes),
    )


def _place(subject: str, location: Location) -> views.PlaceView:
    return views.PlaceView(
        subject=subject,
        sha256=location.sha256,
        path=location.path,
        pointer=location.pointer,
        document=UNSET if location.document is None else location.document,
        line=UNSET if location.line is None else location.line,
    )


def _request(request: Request) -> views.RequestView:
    return views.RequestView(
        id=request.id,
        evidence=request.evidence.id,
        title=request.evidence.title,
        why=request.why,
        from_whom=request.evidence.from_whom,
        command=request.evidence.command,
        supported=request.evidence.supported,
        controls=_closes(request.controls),
    )


def _deviation(deviation: Deviation) -> views.DeviationView:
    return views.DeviationView(
        id=deviation.id,
        check=deviation.check,
        subjects=list(deviation.subjects),
        type=deviation.type,
        owner=deviation.owner,
        approver=deviation.approver,
        date=deviation.date,
        expires=deviation.expires,
        rationale=deviation.rationale,
    )


def _responsibility(one: Responsibility) -> views.ResponsibilityView:
    return views.ResponsibilityView(
        framework=one.framework,
        control=one.control,
        kind=one.kind,
        provider=one.provider,
        statement=one.statement,
    )


def _check(result: CheckResult) -> views.CheckView:
    check = result.check
    return views.CheckView(
        id=check.id,
        title=check.title,
        revision=check.revision,
        severity=check.severity.value,
        family=check.family,
        fix=check.fix,
        effort=check.effort.value,
        doc=check.doc,
        outcome=result.outcome.value,
        counts=_outcomes(result.counts),
    )


def _evidence(file: EvidenceFile) -> views.EvidenceView:
    return views.EvidenceView(
        id=file.id,
        path=file.path,
        sha256=file.sha256 or None,
        size=file.size,
        kind=file.kind or None,
        collected=file.collected or None,
        state=file.state.value,
        reason=file.reason or None,
        problems=list(file.problems),
        documents=file.documents,
        objects=[
            views.ObjectCountView(kind=one.kind, count=one.count, understood=one.understood) for one in file.objects
        ],
        used_for=file.used_for,
    )


def _evidence_kind(kind: EvidenceKind) -> views.EvidenceKindView:
    return views.EvidenceKindView(
        id=kind.id, title=kind.title, from_whom=kind.from_whom, command=kind.command, supported=kind.supported
    )


def _subject(subject: Subject) -> views.SubjectView:
    return views.SubjectView(
        id=subject.id,
        type=subject.type.value,
        name=subject.name,
        namespace=subject.namespace,
        kind=subject.kind,
        digest=subject.digest,
    )


def _control_mapping(row: ControlMapping) -> views.ControlMappingView:
    return views.ControlMappingView(
        from_framework=row.from_framework,
        from_edition=row.from_edition,
        from_control=row.from_control,
        to_framework=row.to_framework,
        to_control=row.to_control,
        relationship=row.relationship.value,
        basis=row.basis,
        source=row.source,
    )
