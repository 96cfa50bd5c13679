"""component-definition.json: which control each check speaks to, with what coverage and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compliance.exports.oscal.identity import Ids, control_token, prop
from compliance.exports.oscal.parts import framework_props, framework_resources, framework_uuid, metadata, some
from compliance.exports.oscal.streaming import Stream
from compliance.exports.oscal.wording import line, prose, string
from compliance.model.assessment import Assessment, Finding, FrameworkResult

Json = dict[str, Any]


def component_definition(assessment: Assessment, ids: Ids, version: str) -> Iterator[bytes]:
    """The checks as one validation component, with an implementation for each framework they speak to."""
    tool = assessment.tool
    stream = Stream()
    yield stream.open("component-definition")
    yield stream.member("uuid", ids.of_run("component-definition"))
    title = f"What the checks of {tool.name} {tool.version} claim"
    yield stream.member("metadata", metadata(assessment, ids, version, title))
    yield stream.member("components", [_component(assessment, ids)])
    yield stream.open("back-matter")
    yield from stream.items("resources", framework_resources(assessment, ids))
    yield stream.end()


def _component(assessment: Assessment, ids: Ids) -> Json:
    tool = assessment.tool
    return some(
        uuid=ids("checks", tool.name),
        type="validation",
        title=line(f"Checks of {tool.name}"),
        description=prose("Functions that examine evidence. They show whether a control holds and implement none."),
        props=prop("tool-version", tool.version) + _check_props(assessment),
        control_implementations=[
            _implementation(ids, result) for result in assessment.results if any(one.checks for one in result.findings)
        ],
    )


def _check_props(assessment: Assessment) -> list[Json]:
    found: list[Json] = []
    for result in assessment.checks:
        check = result.check
        found += prop("check", check.id, remarks=line(f"revision {check.revision}: {check.title}"))
    return found


def _implementation(ids: Ids, result: FrameworkResult) -> Json:
    framework = result.framework
    return {
        "uuid": ids("control-implementation", framework.id, framework.edition),
        "source": f"#{framework_uuid(ids, result)}",
        "description": prose(f"Checks: {framework.words}."),
        "props": framework_props(framework.id, framework.edition),
        "implemented-requirements": [_requirement(ids, result, one) for one in result.findings if one.checks],
    }


def _requirement(ids: Ids, result: FrameworkResult, finding: Finding) -> Json:
    framework = result.framework
    claims: list[Json] = []
    for row in finding.checks:
        claims += prop("check", row.check, remarks=prose(f"{row.coverage}: {row.rationale}", f"Source: {row.source}"))
    return {
        "uuid": ids("implemented-requirement", finding.framework, finding.edition, finding.control),
        "control-id": control_token(framework, finding.control),
        "description": prose(
            f"{finding.control} {finding.title}",
            *(f"{row.check} ({row.coverage}): {row.rationale}" for row in finding.checks),
        ),
        "props": prop("control", string(finding.control)) + claims,
    }
