"""assessment-results.json: one result for the run, with all observations and a finding for each control.

One result holds all frameworks, because one run looked at one body of evidence: an observation
stands once, under one id, and findings of several frameworks refer to it. A finding's target and
its properties name the framework.

A status that OSCAL lacks is never invented or rounded up: not-applicable, not-reviewed and error
are `not-satisfied` with reason `other`, and the property `result` says which (NIST closes the
states to satisfied and not-satisfied). A reader that counts states alone errs on the safe side.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compliance.exports.oscal import risks
from compliance.exports.oscal.identity import Ids, control_token, prop, token
from compliance.exports.oscal.observations import observation_uuid, observations
from compliance.exports.oscal.parts import (
    assessment_assets,
    evidence_resources,
    framework_props,
    framework_resources,
    metadata,
    packet_resource,
    person,
    reviewed_controls,
    some,
    system_name,
    tool_uuid,
)
from compliance.exports.oscal.streaming import Stream
from compliance.exports.oscal.subjects import Subjects
from compliance.exports.oscal.wording import line, prose, string
from compliance.model.assessment import Assessment, CheckResult, Finding, FrameworkResult
from compliance.model.configuration import Party
from compliance.model.outcome import ORDER, Outcome, Status

Json = dict[str, Any]

#: Closed words of OSCAL for each of our statuses: state and reason.
#: Source: OSCAL 1.2.3, finding-target status.
STATES = {
    Status.SATISFIED: ("satisfied", "pass"),
    Status.NOT_SATISFIED: ("not-satisfied", "fail"),
    Status.NOT_APPLICABLE: ("not-satisfied", "other"),
    Status.NOT_REVIEWED: ("not-satisfied", "other"),
    Status.ERROR: ("not-satisfied", "other"),
}


def assessment_results(assessment: Assessment, ids: Ids, version: str) -> Iterator[bytes]:
    """The document in pieces; observations are walked once and never held."""
    subjects = Subjects(assessment, ids)
    plan = packet_resource(ids, "The assessment plan of this run", "assessment-plan.json")
    stream = Stream()
    yield stream.open("assessment-results")
    yield stream.member("uuid", ids.of_run("assessment-results"))
    yield stream.member("metadata", metadata(assessment, ids, version, _title(assessment)))
    yield stream.member("import-ap", {"href": f"#{plan['uuid']}"})
    yield stream.open("results", list_of_one=True)
    yield from stream.members(_result_head(assessment, ids))
    yield from stream.items("observations", observations(assessment, ids, subjects))
    yield from stream.items("findings", _findings(assessment, ids))
    yield from stream.items("risks", risks.risks(assessment, ids))
    if said := risks.remarks(assessment):
        yield stream.member("remarks", said)
    # Only now is it known to which subjects the observations refer.
    yield stream.member("local-definitions", _local_definitions(assessment, ids, subjects))
    yield stream.close()
    yield stream.open("back-matter")
    yield from stream.items("resources", _resources(assessment, ids, plan))
    yield stream.end()


def _title(assessment: Assessment) -> str:
    return f"Assessment results of {system_name(assessment)}"


def _result_head(assessment: Assessment, ids: Ids) -> Json:
    return {
        "uuid": ids.of_run("result"),
        "title": line(_title(assessment)),
        "description": prose(*assessment.summary.sentences, *assessment.summary.warnings),
        "start": assessment.as_of,
        "end": assessment.as_of,
        "props": prop("observations", str(len(assessment.observations)))
        + [
            {"name": "controls", "ns": one["ns"], "value": one["value"], "class": status, "group": group}
            for group, status, one in _counted(assessment)
        ]
        + risks.counted(assessment),
        "reviewed-controls": reviewed_controls(assessment, ids),
    }


def _counted(assessment: Assessment) -> Iterator[tuple[str, str, Json]]:
    """How many controls of each framework have each status."""
    for result in assessment.results:
        group = token(f"{result.framework.id}-{result.framework.edition}")
        for status in Status:
            count = sum(1 for finding in result.findings if finding.status is status)
            yield group, status.value, prop("controls", str(count))[0]


def _local_definitions(assessment: Assessment, ids: Ids, subjects: Subjects) -> Json:
    return some(
        components=subjects.components(),
        inventory_items=subjects.inventory_items(),
        assessment_assets=assessment_assets(assessment, ids),
    )


def _findings(assessment: Assessment, ids: Ids) -> Iterator[Json]:
    checks = {str(result.check.id): result for result in assessment.checks}
    for result in assessment.results:
        for finding in result.findings:
            yield _finding(assessment, ids, result, finding, checks)


def _finding(
    assessment: Assessment, ids: Ids, result: FrameworkResult, finding: Finding, checks: dict[str, CheckResult]
) -> Json:
    return some(
        uuid=ids("finding", finding.framework, finding.edition, finding.control),
        title=line(f"{finding.control} {finding.title}"),
        description=prose(finding.because, finding.shown, finding.missing, *_reviewed(finding)),
        props=_finding_props(assessment, finding),
        origins=[{"actors": [_actor(assessment, ids, finding)]}],
        target=_target(result, finding),
        related_observations=[
            {"observation-uuid": observation_uuid(ids, row.check, outcome)}
            for row in finding.checks
            for outcome in _outcomes(checks[row.check])
        ],
    )


def _outcomes(result: CheckResult) -> list[Outcome]:
    counts = result.counts
    seen = {
        Outcome.NOT_APPLICABLE: counts.not_applicable,
        Outcome.PASS: counts.passed,
        Outcome.NOT_CHECKED: counts.not_checked,
        Outcome.ERROR: counts.error,
        Outcome.FAIL: counts.failed,
    }
    return [outcome for outcome in ORDER if seen[outcome]]


def _reviewed(finding: Finding) -> list[str]:
    if finding.review is None:
        return []
    review = finding.review
    return [f"Reviewed by {review.reviewer} on {review.date}, valid until {review.expires}: {review.statement}"]


def _finding_props(assessment: Assessment, finding: Finding) -> list[Json]:
    found = framework_props(finding.framework, finding.edition)
    found += prop("control", string(finding.control))
    found += prop("result", finding.status.value)
    found += prop("reason", finding.reason.value if finding.reason else "")
    found += prop("judged-by", finding.judged_by)
    found += prop("responsibility", string(finding.responsibility))
    for row in finding.checks:
        found += prop("check", row.check, remarks=line(f"{row.coverage} coverage: {row.outcome.value}"))
    for deviation in assessment.deviations:
        if deviation.id in finding.deviations:
            says = (
                f"{deviation.type}, approved by {deviation.approver} until {deviation.expires}: {deviation.rationale}"
            )
            found += prop("deviation", string(deviation.id), remarks=line(says))
    return found


def _actor(assessment: Assessment, ids: Ids, finding: Finding) -> Json:
    if finding.review and string(finding.review.reviewer):
        reviewer = Party(role="reviewer", name=finding.review.reviewer, email=None)
        return {"type": "party", "actor-uuid": person(ids, reviewer)["uuid"]}
    return {"type": "tool", "actor-uuid": tool_uuid(ids, assessment)}


def _target(result: FrameworkResult, finding: Finding) -> Json:
    framework = result.framework
    state, reason = STATES[finding.status]
    not_applicable = finding.status is Status.NOT_APPLICABLE
    return some(
        type="statement-id",
        target_id=control_token(framework, finding.control) + "_smt",
        title=line(finding.title),
        props=framework_props(framework.id, framework.edition) + prop("result", finding.status.value),
        status=some(state=state, reason=reason, remarks=finding.status.value if reason == "other" else ""),
        implementation_status={"state": "not-applicable"} if not_applicable else None,
    )


def _resources(assessment: Assessment, ids: Ids, plan: Json) -> Iterator[Json]:
    yield plan
    yield packet_resource(ids, "Findings, actions and requests of this run", "../assessment.json")
    yield packet_resource(ids, "The index of the evidence", "../evidence/index.json")
    yield from framework_resources(assessment, ids)
    yield from evidence_resources(assessment, ids)
