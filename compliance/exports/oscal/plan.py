"""assessment-plan.json: what was to be looked at and how; each check is an activity and a task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compliance.exports.oscal.identity import Ids, control_token, oscal_prop, prop
from compliance.exports.oscal.parts import (
    assessment_assets,
    framework_props,
    framework_resources,
    framework_uuid,
    metadata,
    packet_file,
    reviewed_controls,
    some,
    system_name,
)
from compliance.exports.oscal.streaming import Stream
from compliance.exports.oscal.wording import line, prose
from compliance.model.assessment import Assessment, FrameworkResult
from compliance.model.check import Check

Json = dict[str, Any]


def assessment_plan(assessment: Assessment, ids: Ids, version: str) -> Iterator[bytes]:
    """The companion that assessment-results.json imports."""
    no_plan = ids("no-oscal-ssp")
    stream = Stream()
    yield stream.open("assessment-plan")
    yield stream.member("uuid", ids.of_run("assessment-plan"))
    yield stream.member("metadata", metadata(assessment, ids, version, f"Assessment plan of {system_name(assessment)}"))
    yield stream.member("import-ssp", {"href": f"#{no_plan}"})
    activities = list(_activities(assessment, ids))
    if activities:
        yield stream.member("local-definitions", {"activities": activities})
    yield stream.member("reviewed-controls", reviewed_controls(assessment, ids))
    yield stream.member("assessment-subjects", _everything())
    yield stream.member("assessment-assets", assessment_assets(assessment, ids))
    yield from stream.items("tasks", _tasks(assessment, ids))
    yield stream.open("back-matter")
    yield from stream.items("resources", _resources(assessment, ids, no_plan))
    yield stream.end()


def _everything() -> list[Json]:
    return [{"type": kind, "include-all": {}} for kind in ("component", "inventory-item")]


def _activities(assessment: Assessment, ids: Ids) -> Iterator[Json]:
    for result in assessment.checks:
        check = result.check
        yield some(
            uuid=ids("activity", check.id),
            title=line(check.title),
            description=prose(*check.doc.split("\n\n")) if check.doc else prose(check.title),
            props=prop("check", check.id)
            + prop("check-revision", str(check.revision))
            + prop("severity", check.severity.value)
            + oscal_prop("method", "EXAMINE"),
            related_controls=_related_controls(assessment, ids, check),
        )


def _related_controls(assessment: Assessment, ids: Ids, check: Check) -> Json | None:
    selections = [
        {
            "props": framework_props(result.framework.id, result.framework.edition),
            "links": [{"href": f"#{framework_uuid(ids, result)}", "rel": "reference"}],
            "include-controls": [{"control-id": one} for one in controls],
        }
        for result in assessment.results
        if (controls := _controls_of(result, check))
    ]
    return {"control-selections": selections} if selections else None


def _controls_of(result: FrameworkResult, check: Check) -> list[str]:
    framework = result.framework
    return list(
        dict.fromkeys(
            control_token(framework, finding.control)
            for finding in result.findings
            if any(row.check == check.id for row in finding.checks)
        )
    )


def _tasks(assessment: Assessment, ids: Ids) -> Iterator[Json]:
    for result in assessment.checks:
        id = result.check.id
        yield {
            "uuid": ids("task", id),
            "type": "action",
            "title": line(f"Examine: {result.check.title}"),
            "associated-activities": [{"activity-uuid": ids("activity", id), "subjects": _everything()}],
        }


def _resources(assessment: Assessment, ids: Ids, no_plan: str) -> Iterator[Json]:
    yield {
        "uuid": no_plan,
        "title": "No system security plan in OSCAL",
        "description": prose(
            "The system security plan was not handed in as OSCAL; nothing here was taken from one."
            " What is known of the system stands in assessment.json."
        ),
        "props": prop("type", "no-oscal-ssp"),
        "rlinks": packet_file("../assessment.json"),
    }
    yield from framework_resources(assessment, ids)
