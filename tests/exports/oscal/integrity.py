"""Finds references in our OSCAL documents that lead nowhere.

NIST's own constraints (OSCAL 1.1.3 and 1.2.2) look after roles and parties and leave the rest unchecked:
a dangling reference to a resource passes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

#: Files of the packet that stand beside or above oscal/.
PACKET = frozenset({"assessment-plan.json", "../assessment.json", "../evidence/index.json"})
_REFERENCES = frozenset({"observation-uuid", "subject-uuid", "actor-uuid", "task-uuid", "activity-uuid"})


def walk(value: Any, at: str = "") -> Iterator[tuple[str, Json]]:
    """Every object with its pointer."""
    if isinstance(value, dict):
        yield at, value
        for name, member in value.items():
            yield from walk(member, f"{at}/{name}")
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from walk(member, f"{at}/{number}")


def problems(documents: list[Json]) -> list[str]:
    """What is wrong with the documents taken together; each must also be sound by itself."""
    defined = {one["uuid"] for document in documents for _, one in walk(document) if "uuid" in one}
    found: list[str] = []
    for document in documents:
        found += _in_document(document, defined)
    return found


def _in_document(document: Json, defined: set[str]) -> Iterator[str]:
    (root,) = document.values()
    uuids = [one["uuid"] for _, one in walk(document) if "uuid" in one]
    resources = {one["uuid"] for one in root.get("back-matter", {}).get("resources", [])}
    parties = {one["uuid"] for one in root["metadata"].get("parties", [])}
    roles = {one["id"] for one in root["metadata"].get("roles", [])}
    if len(uuids) != len(set(uuids)):
        yield "a uuid stands twice"
    for at, one in walk(document):
        # Tasks are defined in the plan that the results import; all else stands in the document itself.
        for name in _REFERENCES & one.keys():
            where = defined if name == "task-uuid" else set(uuids)
            if one[name] not in where:
                yield f"{at}/{name} leads nowhere"
        if "component-uuid" in one and one["component-uuid"] not in uuids:
            yield f"{at}/component-uuid leads nowhere"
        for name in ("href", "source"):
            yield from _link(f"{at}/{name}", one.get(name, ""), resources)
        if not set(one.get("party-uuids", [])) <= parties:
            yield f"{at}/party-uuids lead nowhere"
        if "role-id" in one and one["role-id"] not in roles:
            yield f"{at}/role-id leads nowhere"
    yield from _targets(root)


def _link(at: str, href: str, resources: set[str]) -> Iterator[str]:
    if href.startswith("#"):
        if href[1:] not in resources:
            yield f"{at} leads nowhere"
        return
    parts = urlsplit(href)
    if parts.scheme or parts.netloc or href.startswith("/"):
        yield f"{at} is not relative"
    if href.startswith("..") and href not in PACKET:
        yield f"{at} leaves the packet"


def _targets(root: Json) -> Iterator[str]:
    """Every finding is about a control that the result says was reviewed, and every subject's kind fits."""
    for result in root.get("results", []):
        selections = result["reviewed-controls"]["control-selections"]
        reviewed = {one["control-id"] for selection in selections for one in selection["include-controls"]}
        for finding in result.get("findings", []):
            if finding["target"]["target-id"].removesuffix("_smt") not in reviewed:
                yield f"finding {finding['uuid']} is about a control that was not reviewed"
        kinds = {one["uuid"]: "component" for one in result["local-definitions"]["components"]}
        kinds |= {one["uuid"]: "inventory-item" for one in result["local-definitions"].get("inventory-items", [])}
        for observation in result.get("observations", []):
            for subject in observation["subjects"]:
                if kinds.get(subject["subject-uuid"]) != subject["type"]:
                    yield f"subject {subject['subject-uuid']} is no {subject['type']}"
