"""Subjects of the assessment as OSCAL components and inventory items."""

from __future__ import annotations

from typing import Any

from compliance.exports.oscal.identity import Ids, oscal_prop, prop
from compliance.exports.oscal.parts import some, system_name
from compliance.exports.oscal.wording import line, prose, string
from compliance.model.assessment import Assessment
from compliance.model.evidence import Subject, SubjectType

Json = dict[str, Any]

#: Subjects that are the whole system as far as OSCAL can say.
_WHOLE = frozenset({SubjectType.EVIDENCE_SET, SubjectType.CLUSTER})


class Subjects:
    """Refers to subjects, and remembers which were referred to, so that each of them is defined once."""

    def __init__(self, assessment: Assessment, ids: Ids) -> None:
        self._assessment = assessment
        self._ids = ids
        self._referred: dict[str, Subject] = {}
        self._system = ids("this-system")

    def reference(self, subject: Subject) -> Json:
        """A subject reference; an image is a component, an object of the cluster an inventory item."""
        if subject.type in _WHOLE:
            return {"subject-uuid": self._system, "type": "component", "title": line(subject.name)}
        self._referred.setdefault(subject.id, subject)
        kind = "component" if subject.type is SubjectType.IMAGE else "inventory-item"
        return {"subject-uuid": self._ids(kind, subject.id), "type": kind, "title": line(subject.id)}

    def components(self) -> list[Json]:
        """The system itself, and each image referred to so far."""
        images = [one for one in self._in_order() if one.type is SubjectType.IMAGE]
        return [self._this_system(), *(self._image(one) for one in images)]

    def inventory_items(self) -> list[Json]:
        """Every other subject referred to so far, by id."""
        return [self._item(one) for one in self._in_order() if one.type is not SubjectType.IMAGE]

    def _in_order(self) -> list[Subject]:
        return [self._referred[id] for id in sorted(self._referred)]

    def _this_system(self) -> Json:
        system = self._assessment.configuration.system
        return some(
            uuid=self._system,
            type="this-system",
            title=line(system_name(self._assessment)),
            description=prose(system.boundary or "The system that the evidence speaks of."),
            props=prop("impact", string(system.impact)) + prop("class", string(system.certification_class)),
            status={"state": "operational"},
        )

    def _image(self, subject: Subject) -> Json:
        return some(
            uuid=self._ids("component", subject.id),
            type="software",
            title=line(subject.name),
            description=prose(f"Container image {subject.name}"),
            props=self._props(subject),
            status={"state": "operational"},
        )

    def _item(self, subject: Subject) -> Json:
        return {
            "uuid": self._ids("inventory-item", subject.id),
            "description": line(subject.id),
            "props": oscal_prop("asset-id", string(subject.id)) + self._props(subject),
            "implemented-components": [{"component-uuid": self._system}],
        }

    def _props(self, subject: Subject) -> list[Json]:
        return (
            prop("subject-type", subject.type.value)
            + prop("namespace", string(subject.namespace or ""))
            + prop("kind", string(subject.kind or ""))
            + prop("digest", string(subject.digest or ""))
        )
