"""Builds a believable Assessment from model records alone, so that exporters are tested without readers or engine.

The roll-up here is a small one of its own (worst of the mapped checks, a partial row adds
not-checked); what matters to exporters is that every status, reason and record occurs.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from compliance.model.assessment import (
    Action,
    Assessment,
    CheckResult,
    Closes,
    EvidenceFile,
    EvidenceState,
    FrameworkResult,
    ObjectCount,
    Observation,
    Population,
    Request,
    Snippet,
    Summary,
    Tool,
)
from compliance.model.catalog import (
    ControlId,
    ControlMapping,
    FrameworkId,
    Relationship,
)
from compliance.model.check import Check, CheckId, Verdict
from compliance.model.configuration import (
    Configuration,
    Deviation,
    Parameters,
    Party,
    Regime,
    Remediation,
    Responsibility,
    System,
)
from compliance.model.evidence import EVIDENCE_SET, Location, Subject, SubjectType
from compliance.model.outcome import Outcome, Severity
from compliance.model.workload import Pod
from tests.exports.hostility import make_hostile
from tests.exports.hosts import REPORT_FILES, make_hosts, make_reports
from tests.exports.images import ARCHIVE, base_of_all, make_images
from tests.exports.proof import PROOF_FILES, TRUST, make_proof
from tests.exports.rolling_up import check_result, framework_result
from tests.exports.tables import (
    AS_OF,
    CHECKS,
    CLUSTER_CHECKS,
    EFFORTS,
    EVIDENCE_KINDS,
    FRAMEWORKS,
    IMAGE_CHECKS,
    KINDS,
    LETTERS,
    NAMES,
    NAMESPACES,
)


@dataclass(frozen=True, slots=True)
class MemoryObservations:
    """Observations in a tuple, sorted as the engine sorts them."""

    rows: tuple[Observation, ...]

    def __iter__(self) -> Iterator[Observation]:
        return iter(self.rows)

    def of_check(self, check: str) -> Iterator[Observation]:
        return (row for row in self.rows if row.check == check)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class MemorySnippets:
    """The same three lines for every place whose line is known."""

    text: tuple[str, ...] = ("      securityContext:", "        privileged: true", "        password: <redacted>")

    def around(self, location: Location) -> Snippet | None:
        return None if location.line is None else Snippet(first=max(1, location.line - 1), lines=self.text)


def _judge(pod: Pod) -> Verdict:
    raise AssertionError("an exporter must not run a check")


def make_assessment(subjects: int = 12, hostile: bool = False, *, with_proof: bool = True) -> Assessment:
    """The same Assessment for the same arguments: three images and hosts, and about 13 observations for each subject.

    `subjects=1600` gives a little more than 20,000 observations. With `hostile`, every free text
    carries markup, formulas, template syntax, bidi and control characters, and one holds 100 KB.
    Without `with_proof` nobody handed in attestations, scans or decisions of a gate.
    """
    checks = tuple(_check(row) for row in sorted(CHECKS + CLUSTER_CHECKS + IMAGE_CHECKS))
    files = _files(subjects)
    rows = _observations(checks, _workloads(subjects), files)
    check_results = tuple(check_result(check, [row for row in rows if row.check == check.id]) for check in checks)
    results = tuple(framework_result(row, check_results, rows) for row in FRAMEWORKS)
    used = {file.path: sum(1 for row in rows for at in row.at if at.path == file.path) for file in files}
    evidence = tuple(replace(file, used_for=used[file.path]) for file in files)
    configuration = _configuration()
    proof = make_proof(configuration, AS_OF, with_proof=with_proof and subjects > 0)
    assessment = Assessment(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"assessment-{subjects}")),
        as_of=AS_OF,
        tool=Tool(name="compliance", version="0.1.0"),
        configuration=configuration,
        evidence_sha256=_digest(f"evidence-{subjects}"),
        results=results,
        checks=check_results,
        evidence=evidence,
        subjects=tuple(sorted({row.subject.id: row.subject for row in rows}.values(), key=lambda one: one.id)),
        observations=MemoryObservations(tuple(rows)),
        snippets=MemorySnippets(),
        requests=_requests(results),
        actions=_actions(check_results, results),
        population=_population(),
        deviations=configuration.deviations,
        control_mappings=_control_mappings(),
        images=proof.images if subjects else (),
        attestations=proof.attestations,
        vulnerabilities=proof.vulnerabilities,
        hosts=make_hosts() if subjects else (),
        reports=make_reports(proof.images[0].image.subject) if subjects else (),
        evidence_kinds={kind.id: kind for kind in EVIDENCE_KINDS},
        summary=_summary(results),
        command="compliance assess samples -f cis-kubernetes -f nist-800-190 -f fedramp-moderate",
    )
    return make_hostile(assessment) if hostile else assessment


#: A dump of a cluster's objects.
DUMP = "cluster/objects.json"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _check(row: tuple[str, ...]) -> Check:
    id, title, family, severity, effort, fix, _ = row
    return Check(
        id=CheckId(id),
        title=title,
        revision=1,
        severity=Severity(severity),
        fix=f"{fix}.",
        effort=EFFORTS[effort],
        function=_judge,
        subject=Pod,
        context=(),
        family=family,
        doc=f"{title}.\n\nSource: Pod Security Standards.",
    )


def _workloads(count: int) -> tuple[Subject, ...]:
    found = []
    for number in range(count):
        namespace, kind = NAMESPACES[number % 4], KINDS[number // 4 % 4]
        name = NAMES[number % 8] + (f"-{number // 8}" if number >= 8 else "")
        id = f"{namespace}/{kind}/{name}"
        found.append(Subject(id=id, type=SubjectType.WORKLOAD, name=name, namespace=namespace, kind=kind))
    return tuple(found)


def _files(subjects: int) -> tuple[EvidenceFile, ...]:
    """One manifest for each twenty subjects, a dump, an unrecognised and two bad files; sorted by path."""
    paths = [f"manifests/services-{number:03}.yaml" for number in range((subjects + 19) // 20)]
    rows = [(path, "kubernetes-objects", EvidenceState.READ, "") for path in paths]
    rows += [
        (DUMP, "kubernetes-objects", EvidenceState.READ, ""),
        (ARCHIVE, "image-filesystem", EvidenceState.READ, ""),
        ("images/scan 2026 (最終).pdf", "", EvidenceState.UNRECOGNISED, "a PDF; no reader understands it"),
        (
            "manifests/broken.yaml",
            "kubernetes-objects",
            EvidenceState.UNREADABLE,
            "line 7: `spec` stands twice",
        ),
        *((path, kind, EvidenceState.READ, "") for path, kind in PROOF_FILES + REPORT_FILES),
        ("notes/.hidden", "", EvidenceState.UNRECOGNISED, "empty file"),
        ("notes/pipe", "", EvidenceState.UNREADABLE, "a FIFO, which has no content of its own"),
    ]
    return tuple(
        EvidenceFile(
            id=f"E-{number:04}",
            path=path,
            sha256="" if path == "notes/pipe" else _digest(path),
            size=1000 + 37 * number,
            kind=kind,
            collected="2026-11-20T22:00:00Z" if path == DUMP else "",
            state=state,
            reason=reason,
            problems=("$.items[3]: kind Widget is not understood",) if path == DUMP else (),
            documents=20 if state is EvidenceState.READ else 0,
            objects=_objects(path, state),
            used_for=0,
        )
        for number, (path, kind, state, reason) in enumerate(sorted(rows), start=1)
    )


def _objects(path: str, state: EvidenceState) -> tuple[ObjectCount, ...]:
    if state is not EvidenceState.READ:
        return ()
    if path in dict(PROOF_FILES + REPORT_FILES):
        return ()
    if path == ARCHIVE:
        return (ObjectCount(kind="Image", count=3, understood=True),)
    return (
        ObjectCount(kind="Deployment", count=19, understood=True),
        ObjectCount(kind="Widget", count=1, understood=False),
    )


def _observations(
    checks: tuple[Check, ...], workloads: tuple[Subject, ...], files: tuple[EvidenceFile, ...]
) -> list[Observation]:
    patterns = {row[0]: row[6] for row in CHECKS + CLUSTER_CHECKS + IMAGE_CHECKS}
    manifests = [file for file in files if file.path.startswith("manifests/services")]
    dump = next(file for file in files if file.path == DUMP)
    saved = next(file for file in files if file.path == ARCHIVE)
    found = []
    for check in checks:
        pattern = patterns[check.id]
        for number, subject in enumerate(_subjects_of(check, workloads)):
            file = manifests[number // 20] if check.family == "pods" else saved if check.family == "images" else dump
            outcome = LETTERS[pattern[number % len(pattern)]]
            found.append(_observation(check, subject, outcome, file, number))
    return sorted(found, key=lambda row: (row.check, row.subject.id))


def _subjects_of(check: Check, workloads: tuple[Subject, ...]) -> tuple[Subject, ...]:
    if check.family == "pods":
        return workloads
    if check.family == "images":
        return tuple(image.subject for image in make_images().images)
    if check.id == "cluster-network-plugin":
        return (EVIDENCE_SET,)
    if check.id == "rbac-wildcard":
        return tuple(
            Subject(id=f"ClusterRole/{name}", type=SubjectType.ROLE, name=name, kind="ClusterRole")
            for name in ("auditor", "deployer", "system:basic-user")
        )
    return tuple(
        Subject(id=f"Namespace/{name}", type=SubjectType.NAMESPACE, name=name, kind="Namespace") for name in NAMESPACES
    )


_REASONS = {
    Outcome.PASS: "2 containers seen, all as asked",
    Outcome.FAIL: "container app: the value is true, asked for is false",
    Outcome.NOT_APPLICABLE: "the pod says that it runs on Windows (spec.os.name: windows)",
    Outcome.NOT_CHECKED: "the evidence does not hold the objects that would tell",
    Outcome.ERROR: "the check raised ValueError: invalid literal",
}


#: A file in a layer that is a member of an archive.
_IN_LAYER = f"blobs/sha256/{_digest('blob')}!/usr/bin/bash"


def _observation(check: Check, subject: Subject, outcome: Outcome, file: EvidenceFile, number: int) -> Observation:
    place = Location(
        path=file.path,
        sha256=file.sha256,
        document=number % 20 if file.path.endswith(".yaml") else None,
        pointer=_IN_LAYER if file.path == ARCHIVE else "/spec/template/spec/containers/0/securityContext",
        line=12 + 40 * (number % 20) if outcome is Outcome.FAIL and file.path != ARCHIVE else None,
    )
    return Observation(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{check.id} {subject.id}")),
        check=check.id,
        revision=check.revision,
        subject=subject,
        outcome=outcome,
        severity=check.severity,
        reason=_REASONS[outcome],
        at=() if outcome is Outcome.NOT_CHECKED else (place,),
    )


def _configuration() -> Configuration:
    return Configuration(
        system=System(
            id="webshop-prod",
            name="Webshop 本番",
            operator="Example Corp",
            impact="moderate",
            certification_class="C",
            marking="CUI//SP-PROPIN",
            boundary="The production cluster and what runs in it",
            period_start="2026-10-01",
            period_end="2026-11-21",
            parties=(
                Party(role="isso", name="Ida Officer", email="ida@example.com"),
                Party(role="assessor", name="Ash Assessor", email=None),
            ),
        ),
        frameworks=tuple(f"{row[0]}@{row[1]}" for row in FRAMEWORKS),
        parameters=Parameters(
            base_images=(base_of_all(),),
            packages_denied=("telnet",),
            trust=TRUST,
            remediation=Remediation(regime=Regime.FEDRAMP_REV5_LEGACY),
        ),
        owners={"payments": "Team Payments", "registry.example.com/shop/checkout*": "Team Shop"},
        responsibilities=tuple(
            Responsibility(
                framework="fedramp-moderate",
                control=control,
                kind="inherited",
                provider="Example Cloud",
                statement="The data centres are theirs.",
            )
            for control in ("pe-3", "pe-6")
        ),
        deviations=(
            Deviation(
                id="DEV-1",
                check="pod-host-network",
                subjects=("kube-system/*",),
                type="operational-requirement",
                owner="Team Platform",
                approver="Ida Officer",
                date="2026-09-01",
                expires="2027-03-01",
                rationale="The network plugin needs the host's network.",
            ),
            Deviation(
                id="DEV-2",
                check="CVE-2026-2004",
                subjects=(),
                type="false-positive",
                owner="Team Shop",
                approver="Ida Officer",
                date="2026-11-01",
                expires="2027-02-01",
                rationale="The compiler never runs in production.",
            ),
        ),
        sha256=_digest("compliance.yaml"),
    )


def _bears_on(results: tuple[FrameworkResult, ...], check: str) -> tuple[tuple[Closes, ...], tuple[Closes, ...]]:
    """Controls that this check alone fails, and those that other failed checks hold open too."""
    alone: list[Closes] = []
    shared: list[Closes] = []
    for result in results:
        for finding in result.findings:
            failed = [row.check for row in finding.checks if row.outcome is Outcome.FAIL]
            if check in failed:
                target = alone if failed == [check] else shared
                target.append(Closes(framework=finding.framework, control=finding.control))
    return tuple(alone), tuple(shared)


def _actions(checks: tuple[CheckResult, ...], results: tuple[FrameworkResult, ...]) -> tuple[Action, ...]:
    found = []
    for result in checks:
        if result.counts.failed == 0:
            continue
        closes, contributes = _bears_on(results, result.check.id)
        failed = [row for row in result.worst if row.outcome is Outcome.FAIL]
        found.append((result, failed, closes, contributes))
    found.sort(key=lambda row: (-len(row[2]), -len(row[3]), row[0].check.id))
    return tuple(
        Action(
            id=f"A-{number:03}",
            check=result.check.id,
            what=result.check.fix,
            effort=result.check.effort.value,
            severity=result.check.severity,
            owner="Team Payments" if number % 2 else "",
            places=tuple((row.subject.name, row.at[0]) for row in failed),
            places_total=result.counts.failed,
            closes=closes,
            contributes=contributes,
        )
        for number, (result, failed, closes, contributes) in enumerate(found, start=1)
    )


def _requests(results: tuple[FrameworkResult, ...]) -> tuple[Request, ...]:
    found = []
    for kind in EVIDENCE_KINDS[2:]:
        controls = tuple(
            Closes(framework=finding.framework, control=finding.control)
            for result in results
            for finding in result.findings
            if kind.id in finding.evidence_missing or (kind.id == "audit-policy" and finding.control == "au-2")
        )
        found.append((kind, controls))
    return tuple(
        Request(id=f"R-{number:03}", evidence=kind, why=f"{len(controls)} controls wait for it", controls=controls)
        for number, (kind, controls) in enumerate(found, start=1)
    )


def _population() -> tuple[Population, ...]:
    return (
        Population(
            what="namespaces",
            seen=4,
            expected=5,
            missing=("billing",),
            source="expected.namespaces in compliance.yaml",
        ),
        Population(what="workloads", seen=12, expected=None, missing=(), source="nobody said"),
    )


def _control_mappings() -> tuple[ControlMapping, ...]:
    return (
        ControlMapping(
            from_framework=FrameworkId("cis-kubernetes"),
            from_edition="2.0.1",
            from_control=ControlId("5.2.2"),
            to_framework=FrameworkId("nist-800-53"),
            to_control=ControlId("ac-6"),
            relationship=Relationship.INTERSECTS,
            basis="project-judgement",
            source="project judgement",
        ),
    )


def _summary(results: tuple[FrameworkResult, ...]) -> Summary:
    total = sum(result.counts.total for result in results)
    open_ = sum(result.counts.not_satisfied for result in results)
    return Summary(
        sentences=(
            "4 of 5 expected namespaces were seen.",
            f"{open_} of {total} controls are not satisfied.",
            "Nobody can yet answer for image vulnerabilities.",
        ),
        warnings=("1 file could not be read: manifests/broken.yaml, line 7.",),
    )
