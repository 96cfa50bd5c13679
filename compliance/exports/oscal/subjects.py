"""Subjects of the assessment as OSCAL components and inventory items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compliance.exports.oscal.identity import Ids, oscal_prop, prop
from compliance.exports.oscal.parts import some, system_name
from compliance.exports.oscal.wording import line, prose, string
from compliance.model.assessment import Assessment
from compliance.model.evidence import Subject, SubjectType
from compliance.model.image_report import ImageReport

Json = dict[str, Any]

#: Subjects that are the whole system as far as OSCAL can say.
_WHOLE = frozenset({SubjectType.EVIDENCE_SET, SubjectType.CLUSTER})


class Subjects:
    """Refers to subjects, and remembers which were referred to, so that each of them is defined once."""

    def __init__(self, assessment: Assessment, ids: Ids) -> None:
        self._assessment = assessment
        self._ids = ids
        self._images = {report.image.subject.id: report for report in assessment.images}
        self._run_by = _run_by(assessment.images)
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
        """The system itself, and each image that was handed in or referred to so far."""
        images = {one.id: one for one in self._in_order() if one.type is SubjectType.IMAGE}
        images |= {id: report.image.subject for id, report in self._images.items()}
        return [self._this_system(), *(self._image(images[id]) for id in sorted(images))]

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
            props=self._props(subject) + _image_props(self._images.get(subject.id)),
            status={"state": "operational"},
        )

    def _item(self, subject: Subject) -> Json:
        return {
            "uuid": self._ids("inventory-item", subject.id),
            "description": line(subject.id),
            "props": oscal_prop("asset-id", string(subject.id)) + self._props(subject),
            "implemented-components": [
                {"component-uuid": one}
                for one in (self._system, *(self._ids("component", id) for id in self._run_by.get(subject.id, ())))
            ],
        }

    def _props(self, subject: Subject) -> list[Json]:
        return (
            prop("subject-type", subject.type.value)
            + prop("namespace", string(subject.namespace or ""))
            + prop("kind", string(subject.kind or ""))
            + prop("digest", string(subject.digest or ""))
        )


def _run_by(reports: Iterable[ImageReport]) -> dict[str, list[str]]:
    """Subject ids of images by the workload that runs them."""
    found: dict[str, list[str]] = {}
    for report in reports:
        for workload in report.run_by:
            found.setdefault(workload, []).append(report.image.subject.id)
    return found


def _image_props(report: ImageReport | None) -> list[Json]:
    """What identifies an image and what it is built on; the whole of it stands in assessment.json."""
    if report is None:
        return []
    image = report.image
    found = (
        prop("digest-index", string(image.digests.index or ""))
        + prop("digest-manifest", string(image.digests.manifest or ""))
        + prop("digest-config", string(image.digests.config or ""))
        + prop("platform", string(image.platform))
        + prop("base-class", image.filesystem.base_class.value if image.filesystem else "unknown")
        + prop("created", string(image.config.created or ""))
        + prop("user-id", "" if report.uid is None else str(report.uid))
        + prop("owner", string(report.owner))
    )
    for link in report.identity:
        found += prop(f"identity-{link.kind}", link.link.value, remarks=line(link.because))
    for fact in report.hardening:
        found += prop(f"hardening-{fact.id}", fact.standing.value, remarks=line(fact.because))
    return found
