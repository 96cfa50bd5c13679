"""What our three OSCAL documents share: metadata, selected controls, the tool, and back matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compliance.exports.oscal.identity import Ids, control_token, oscal_prop, prop, token
from compliance.exports.oscal.wording import email, line, prose, string
from compliance.model.assessment import Assessment, EvidenceFile, FrameworkResult
from compliance.model.configuration import Party
from compliance.rendering.references import relative_reference

Json = dict[str, Any]

_MEDIA_TYPES = {
    "json": "application/json",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "xml": "application/xml",
    "pdf": "application/pdf",
    "txt": "text/plain",
}

#: Problems told of one file; evidence/index.json has all.
_PROBLEMS_KEPT = 5


def some(**members: Any) -> Json:
    """Members that hold something, with `_` in names as `-`: OSCAL allows no empty array or text."""
    return {name.replace("_", "-"): value for name, value in members.items() if value}


def system_name(assessment: Assessment) -> str:
    system = assessment.configuration.system
    return system.name or system.id or "the system"


def metadata(assessment: Assessment, ids: Ids, version: str, title: str) -> Json:
    """Title, time and parties; the time is that of the assessment, never of writing."""
    system = assessment.configuration.system
    people = _people(assessment, ids)
    operator = string(system.operator)
    owner = {"uuid": ids("party", "operator", operator), "type": "organization", "name": operator}
    return some(
        title=line(title),
        last_modified=assessment.as_of,
        version=assessment.as_of,
        oscal_version=version,
        props=prop("assessment-id", assessment.id)
        + prop("evidence-set-sha256", assessment.evidence_sha256)
        + prop("configuration-sha256", assessment.configuration.sha256)
        + prop("marking", string(system.marking)),
        roles=_roles(people),
        parties=([owner] if operator else []) + [party for _, party in people],
        responsible_parties=_responsible(people),
        remarks=prose(
            "Made by a program from the evidence named in the back matter. States what was observed;"
            " it is no certification and no authorization."
        ),
    )


def _people(assessment: Assessment, ids: Ids) -> list[tuple[Party, Json]]:
    """Named parties and human reviewers, each once for each role."""
    configuration = assessment.configuration
    named = list(configuration.system.parties)
    for result in assessment.results:
        for finding in result.findings:
            if finding.review:
                named.append(Party(role="reviewer", name=finding.review.reviewer, email=None))
    unique = {(party.role, party.name): party for party in named if string(party.name)}
    return [(party, person(ids, party)) for _, party in sorted(unique.items())]


def person(ids: Ids, party: Party) -> Json:
    """A party of type person, identified by role and name."""
    found: Json = {"uuid": ids("party", party.role, party.name), "type": "person", "name": string(party.name)}
    return found | ({"email-addresses": [party.email]} if email(party.email) else {})


def _roles(people: list[tuple[Party, Json]]) -> list[Json]:
    titles = {token(party.role): party.role for party, _ in people}
    return [{"id": id, "title": line(title)} for id, title in sorted(titles.items())]


def _responsible(people: list[tuple[Party, Json]]) -> list[Json]:
    by_role: dict[str, list[str]] = {}
    for party, written in people:
        by_role.setdefault(token(party.role), []).append(written["uuid"])
    return [{"role-id": role, "party-uuids": uuids} for role, uuids in sorted(by_role.items())]


def framework_props(framework: str, edition: str) -> list[Json]:
    return prop("framework", framework) + prop("edition", edition)


def framework_uuid(ids: Ids, result: FrameworkResult) -> str:
    return ids("framework", result.framework.id, result.framework.edition)


def reviewed_controls(assessment: Assessment, ids: Ids) -> Json:
    """One selection for each framework, linked to the resource that says which catalog its ids are of."""
    return {
        "description": prose("All controls of each framework; a framework's own control ids follow its name."),
        "control-selections": [
            {
                "description": prose(f"{result.framework.title} {result.framework.edition}"),
                "props": framework_props(result.framework.id, result.framework.edition),
                "links": [{"href": f"#{framework_uuid(ids, result)}", "rel": "reference"}],
                "include-controls": [{"control-id": one} for one in _control_tokens(result)],
            }
            for result in assessment.results
            if result.framework.controls
        ],
    }


def _control_tokens(result: FrameworkResult) -> list[str]:
    framework = result.framework
    return list(dict.fromkeys(control_token(framework, one.id) for one in framework.controls))


def tool_uuid(ids: Ids, assessment: Assessment) -> str:
    return ids("tool", assessment.tool.name, assessment.tool.version)


def assessment_assets(assessment: Assessment, ids: Ids) -> Json:
    """Our tool as component and platform; nothing else ran."""
    tool = assessment.tool
    return {
        "components": [
            {
                "uuid": tool_uuid(ids, assessment),
                "type": "software",
                "title": line(tool.name),
                "description": prose("Reads evidence offline and judges it; contacts and executes nothing."),
                "props": oscal_prop("version", tool.version) + prop("command", string(assessment.command)),
                "status": {"state": "operational"},
            }
        ],
        "assessment-platforms": [
            {
                "uuid": ids("platform", tool.name),
                "title": line(f"{tool.name}, offline"),
                "uses-components": [{"component-uuid": tool_uuid(ids, assessment)}],
            }
        ],
    }


def framework_resources(assessment: Assessment, ids: Ids) -> Iterator[Json]:
    """What each framework is, in the product's own words."""
    for result in assessment.results:
        framework = result.framework
        yield {
            "uuid": framework_uuid(ids, result),
            "title": line(f"{framework.title} {framework.edition}"),
            "description": prose(framework.words, f"Published by {framework.publisher}."),
            "props": framework_props(framework.id, framework.edition)
            + prop("catalog", f"{framework.catalog} {framework.catalog_edition}"),
            "rlinks": packet_file("../assessment.json"),
        }


def packet_resource(ids: Ids, title: str, href: str) -> Json:
    """Another file of the packet."""
    return {"uuid": ids("packet-file", href), "title": line(title), "rlinks": packet_file(href)}


def packet_file(href: str) -> list[Json]:
    """A link to a JSON file of the packet, relative to oscal/; its hash stands in manifest.json."""
    return [{"href": href, "media-type": "application/json"}]


def evidence_uuid(ids: Ids, sha256: str, path: str) -> str:
    return ids("evidence", sha256, path)


def evidence_resources(assessment: Assessment, ids: Ids) -> Iterator[Json]:
    """One resource for each file; the same bytes at the same path in two arguments are one."""
    seen: set[str] = set()
    for file in assessment.evidence:
        resource = _evidence_resource(file, ids)
        if resource["uuid"] not in seen:
            seen.add(resource["uuid"])
            yield resource


def _evidence_resource(file: EvidenceFile, ids: Ids) -> Json:
    """A file that was handed in, by its path relative to the evidence and by its SHA-256."""
    suffix = file.path.rpartition(".")[2].lower()
    media_type = _MEDIA_TYPES.get(suffix, "application/octet-stream")
    # A file that could not be opened has no hash.
    hashes = [{"algorithm": "SHA-256", "value": file.sha256}] if file.sha256 else []
    return {
        "uuid": evidence_uuid(ids, file.sha256, file.path),
        "title": line(f"{file.id} {file.path}"),
        "description": prose(
            f"{file.state.value}; {file.size} bytes; the path is relative to what was handed in.",
            file.reason,
            *file.problems[:_PROBLEMS_KEPT],
        ),
        "props": oscal_prop("type", "evidence")
        + prop("evidence-id", file.id)
        + prop("kind", string(file.kind))
        + prop("state", file.state.value)
        + prop("collected", string(file.collected)),
        "rlinks": [some(href=relative_reference(file.path), media_type=media_type, hashes=hashes)],
    }
