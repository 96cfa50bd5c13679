"""All decisions of the gate in; the same, found by what they are about, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from compliance.model.admission_decision import AdmissionDecision
from compliance.model.cluster import WorkloadEntry
from compliance.model.grouping import grouped

Resource = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Decisions in the order they were given in.

    `about` is keyed by (kind, namespace, name) of the object that they name, `on` by the subject id of a workload,
    with those on its pods; `by_digest` by the digests of images that they name. `forms` are the (form, source) there
    are, and `audits` those of whole constraints, which name no object.
    """

    about: Mapping[Resource, tuple[AdmissionDecision, ...]] = field(default_factory=dict)
    on: Mapping[str, tuple[AdmissionDecision, ...]] = field(default_factory=dict)
    by_digest: Mapping[str, tuple[AdmissionDecision, ...]] = field(default_factory=dict)
    forms: frozenset[tuple[str, str]] = frozenset()
    audits: tuple[AdmissionDecision, ...] = ()


def gate_of(decisions: Iterable[AdmissionDecision], workloads: Iterable[WorkloadEntry]) -> Gate:
    """The look-up maps over decisions that are sorted already."""
    listed = tuple(decisions)
    if not listed:
        return Gate()
    about = grouped((one.resource, one) for one in listed if one.resource is not None)
    return Gate(
        about=about,
        on=_on_workloads(workloads, about),
        by_digest=grouped((digest, one) for one in listed for digest in _digests(one.images)),
        forms=frozenset((one.form, one.source) for one in listed),
        audits=tuple(one for one in listed if one.form == "constraint-status" and one.resource is None),
    )


def _on_workloads(
    workloads: Iterable[WorkloadEntry], about: Mapping[Resource, tuple[AdmissionDecision, ...]]
) -> dict[str, tuple[AdmissionDecision, ...]]:
    """Decisions by subject id of the workload: on the workload itself and on each object that belongs to it.

    An object whose file names no namespace is taken for one of the namespace `default`, as the API server does.
    """
    found: dict[str, dict[int, AdmissionDecision]] = {}
    for entry in workloads:
        named = ((entry.kind, entry.name), (entry.subject.kind or entry.kind, entry.subject.name))
        for namespace in (entry.namespace,) if entry.namespace else (None, "default"):
            for kind, name in named:
                for one in about.get((kind, namespace, name), ()):
                    found.setdefault(entry.subject.id, {})[id(one)] = one
    return {subject: tuple(decisions.values()) for subject, decisions in found.items()}


def _digests(references: Iterable[str]) -> tuple[str, ...]:
    """The digests that references name, each once."""
    return tuple(dict.fromkeys(one.rpartition("@")[2] for one in references if "sha256:" in one))
