"""Builds a believable Assessment from model records alone, so that exporters are tested without readers or engine.

The roll-up here is a small one of its own (worst of the mapped checks, a partial row adds
not-checked); what matters to exporters is that every status, reason and record occurs.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from compliance.model.assessment import (
    OBSERVATIONS_KEPT,
    WORST_KEPT,
    Action,
    Assessment,
    CheckResult,
    Closes,
    Counts,
    EvidenceFile,
    EvidenceState,
    Finding,
    FindingCheck,
    FrameworkResult,
    ObjectCount,
    Observation,
    Population,
    Request,
    Snippet,
    StatusCounts,
    Summary,
    Tool,
)
from compliance.model.catalog import (
    Control,
    ControlId,
    ControlMapping,
    EvidenceKind,
    Framework,
    FrameworkId,
    Judged,
    Relationship,
    Remediation,
    Section,
)
from compliance.model.check import Check, CheckId, Effort, Verdict
from compliance.model.configuration import Configuration, Deviation, Party, Responsibility, Review, System
from compliance.model.evidence import EVIDENCE_SET, Location, Subject, SubjectType
from compliance.model.outcome import ORDER, Outcome, Reason, Severity, Status, status_of, worst
from compliance.model.workload import Pod
from tests.exports.hostility import make_hostile

AS_OF = "2026-11-21T09:30:00Z"
NAMESPACES = ("payments", "storefront", "platform-observability", "kube-system")
KINDS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob")
NAMES = ("checkout-api", "ledger", "支払い-gateway", "search", "mail-relay", "库存", "session-cache", "nightly-report")


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


#: id, title, family, severity, effort, fix, outcomes in turn over the subjects (p, f, n, c, e).
_CHECKS = (
    (
        "pod-privileged",
        "No container runs privileged",
        "pods",
        "critical",
        "setting",
        "Set privileged: false",
        "pppppfpp",
    ),
    ("pod-host-pid", "No pod shares the host's process ids", "pods", "high", "setting", "Remove hostPID", "p"),
    ("pod-host-network", "No pod shares the host's network", "pods", "high", "workload", "Remove hostNetwork", "pppf"),
    (
        "pod-non-root",
        "Every container runs as non-root",
        "pods",
        "high",
        "workload",
        "Set runAsNonRoot",
        "pf",
    ),
    ("pod-read-only-root", "The root filesystem is read-only", "pods", "medium", "workload", "Mount a volume", "ppf"),
    ("pod-net-raw", "NET_RAW is dropped", "pods", "medium", "setting", "Drop ALL", "ppppn"),
    ("pod-seccomp-set", "A seccomp profile is set", "pods", "medium", "setting", "Set RuntimeDefault", "pppppppppn"),
    ("pod-apparmor-set", "An AppArmor profile is set", "pods", "medium", "setting", "Set RuntimeDefault", "pc"),
    ("pod-image-digest", "Images are pinned by digest", "pods", "medium", "setting", "Name the digest", "fp"),
    ("pod-memory-limit", "Every container has a memory limit", "pods", "low", "setting", "Set limits.memory", "p"),
    ("pod-host-process", "No Windows HostProcess container", "pods", "high", "setting", "Remove hostProcess", "n"),
    ("pod-spread", "Replicas are spread over nodes", "pods", "low", "workload", "Add a spread constraint", "pppe"),
    ("pod-token-mount", "The API token is not mounted", "pods", "medium", "setting", "Set automount to false", "cp"),
)
_CLUSTER_CHECKS = (
    ("namespace-network-policy", "Each namespace has a network policy", "cluster", "high", "platform", "Add one", "pf"),
    ("rbac-wildcard", "No role grants everything", "cluster", "high", "platform", "Name verbs and resources", "p"),
    ("cluster-network-plugin", "The network plugin enforces policies", "cluster", "high", "platform", "Use one", "c"),
)
_LETTERS = {
    "p": Outcome.PASS,
    "f": Outcome.FAIL,
    "n": Outcome.NOT_APPLICABLE,
    "c": Outcome.NOT_CHECKED,
    "e": Outcome.ERROR,
}
_EFFORTS = {"setting": Effort.SETTING, "workload": Effort.WORKLOAD, "platform": Effort.PLATFORM}

#: Section, control, title, how judged, rows (`check` sufficient, `check~` partial), and what else decides.
_KUBERNETES = (
    ("5.1", "5.1.1", "Use of the widest role is rare", "automated", "", "no-evidence"),
    ("5.1", "5.1.3", "Roles avoid wildcards", "automated", "rbac-wildcard", ""),
    ("5.1", "5.1.6", "Tokens are mounted where needed", "automated", "pod-token-mount", ""),
    ("5.1", "5.1.7", "No use of the masters group", "automated", "", "no-evidence"),
    ("5.2", "5.2.2", "Privileged containers are kept out", "automated", "pod-privileged", ""),
    ("5.2", "5.2.3", "Host process ids are not shared", "automated", "pod-host-pid", ""),
    ("5.2", "5.2.5", "Host network is not shared", "automated", "pod-host-network", ""),
    ("5.2", "5.2.7", "Root containers are kept out", "automated", "pod-non-root", ""),
    ("5.2", "5.2.8", "NET_RAW is kept out", "automated", "pod-net-raw", ""),
    ("5.2", "5.2.10", "Windows HostProcess containers are kept out", "automated", "pod-host-process", ""),
    ("5.3", "5.3.1", "The network plugin supports policies", "assisted", "cluster-network-plugin", ""),
    ("5.3", "5.3.2", "Every namespace has policies", "automated", "namespace-network-policy", ""),
    ("5.6", "5.6.1", "Namespaces separate resources", "person", "", "person"),
    ("5.6", "5.6.2", "Seccomp is set", "automated", "pod-seccomp-set", ""),
    ("5.6", "5.6.3", "Security contexts are applied", "assisted", "pod-read-only-root pod-non-root", ""),
)
_CONTAINER_GUIDE = (
    ("4.1", "4.1.1", "Image vulnerabilities", "automated", "", "no-evidence"),
    ("4.1", "4.1.5", "Use of untrusted images", "assisted", "pod-image-digest~", ""),
    ("4.4", "4.4.2", "Unbounded network access", "assisted", "namespace-network-policy~", ""),
    ("4.4", "4.4.3", "Insecure runtime configuration", "automated", "pod-privileged pod-host-pid", ""),
    ("4.4", "4.4.4", "App vulnerabilities", "assisted", "pod-seccomp-set~ pod-apparmor-set~", ""),
    ("4.5", "4.5.1", "Large attack surface of the host", "person", "", "person"),
    ("4.5", "4.5.5", "Host file system tampering", "automated", "pod-memory-limit", ""),
)
_MODERATE = (
    ("AC", "ac-2", "Account Management", "person", "", "person"),
    ("AC", "ac-3", "Access Enforcement", "assisted", "rbac-wildcard~", ""),
    ("AC", "ac-4", "Information Flow Enforcement", "assisted", "namespace-network-policy~", ""),
    ("AC", "ac-6", "Least Privilege", "assisted", "pod-privileged~ pod-non-root~ rbac-wildcard~", ""),
    ("AC", "ac-6.1", "Authorize Access to Security Functions", "assisted", "pod-host-pid~", ""),
    ("AU", "au-2", "Event Logging", "assisted", "", "no-evidence"),
    ("CM", "cm-2", "Baseline Configuration", "person", "", "review"),
    ("CM", "cm-6", "Configuration Settings", "assisted", "pod-seccomp-set~ pod-memory-limit~", ""),
    ("CM", "cm-7", "Least Functionality", "assisted", "pod-memory-limit~", "review"),
    ("CM", "cm-8", "System Component Inventory", "assisted", "", "stale"),
    ("PE", "pe-3", "Physical Access Control", "person", "", "inherited"),
    ("PE", "pe-6", "Monitoring Physical Access", "person", "", "inherited"),
    ("RA", "ra-5", "Vulnerability Monitoring and Scanning", "automated", "", "no-evidence"),
    ("SC", "sc-5", "Denial-of-service Protection", "assisted", "pod-spread", ""),
    ("SC", "sc-7", "Boundary Protection", "assisted", "namespace-network-policy~ pod-host-network~", ""),
    ("SC", "sc-39", "Process Isolation", "automated", "pod-host-pid pod-host-process", ""),
    ("SI", "si-2", "Flaw Remediation", "assisted", "", "unreadable"),
    ("SI", "si-7", "Software, Firmware, and Information Integrity", "assisted", "pod-image-digest~", ""),
)
_FRAMEWORKS = (
    ("cis-kubernetes", "2.0.1", "CIS Kubernetes Benchmark", "Center for Internet Security", _KUBERNETES),
    ("nist-800-190", "2017", "Application Container Security Guide", "NIST", _CONTAINER_GUIDE),
    ("fedramp-moderate", "rev5", "FedRAMP Rev. 5 Moderate baseline", "FedRAMP", _MODERATE),
)
_SECTION_TITLES = {
    "5.1": "Roles and service accounts",
    "5.2": "Pod security",
    "5.3": "Network policies",
    "5.6": "General policies",
    "4.1": "Image risks",
    "4.4": "Container risks",
    "4.5": "Host risks",
    "AC": "Access Control",
    "AU": "Audit and Accountability",
    "CM": "Configuration Management",
    "PE": "Physical and Environmental Protection",
    "RA": "Risk Assessment",
    "SC": "System and Communications Protection",
    "SI": "System and Information Integrity",
}
_KINDS = (
    EvidenceKind(
        id="kubernetes-objects",
        title="Kubernetes objects",
        from_whom="platform team",
        command="kubectl get all -A -o json",
        supported=True,
    ),
    EvidenceKind(
        id="image-scan",
        title="Vulnerability scan of each image",
        from_whom="security team",
        command="trivy image --format json IMAGE",
        supported=False,
    ),
    EvidenceKind(
        id="audit-policy",
        title="Audit policy of the API server",
        from_whom="platform team",
        command="cat /etc/kubernetes/audit.yaml",
        supported=False,
    ),
)


def make_assessment(subjects: int = 12, hostile: bool = False) -> Assessment:
    """The same Assessment for the same arguments; about 13 observations for each subject.

    `subjects=1600` gives a little more than 20,000 observations. With `hostile`, every free text
    carries markup, formulas, template syntax, bidi and control characters, and one holds 100 KB.
    """
    checks = tuple(_check(row) for row in sorted(_CHECKS + _CLUSTER_CHECKS))
    files = _files(subjects)
    rows = _observations(checks, _workloads(subjects), files)
    check_results = tuple(_check_result(check, [row for row in rows if row.check == check.id]) for check in checks)
    results = tuple(_framework_result(row, check_results, rows) for row in _FRAMEWORKS)
    used = {file.path: sum(1 for row in rows for at in row.at if at.path == file.path) for file in files}
    evidence = tuple(replace(file, used_for=used[file.path]) for file in files)
    assessment = Assessment(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"assessment-{subjects}")),
        as_of=AS_OF,
        tool=Tool(name="compliance", version="0.1.0"),
        configuration=_configuration(),
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
        deviations=_configuration().deviations,
        control_mappings=_control_mappings(),
        evidence_kinds={kind.id: kind for kind in _KINDS},
        summary=_summary(results),
        command="compliance assess samples -f cis-kubernetes -f nist-800-190 -f fedramp-moderate",
    )
    return make_hostile(assessment) if hostile else assessment


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
        effort=_EFFORTS[effort],
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
        ("cluster/objects.json", "kubernetes-objects", EvidenceState.READ, ""),
        ("images/scan 2026 (最終).pdf", "", EvidenceState.UNRECOGNISED, "a PDF; no reader understands it"),
        (
            "manifests/broken.yaml",
            "kubernetes-objects",
            EvidenceState.UNREADABLE,
            "line 7: `spec` stands twice",
        ),
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
            collected="2026-11-20T22:00:00Z" if path.endswith(".json") else "",
            state=state,
            reason=reason,
            problems=("$.items[3]: kind Widget is not understood",) if path.endswith(".json") else (),
            documents=20 if state is EvidenceState.READ else 0,
            objects=_objects(state),
            used_for=0,
        )
        for number, (path, kind, state, reason) in enumerate(sorted(rows), start=1)
    )


def _objects(state: EvidenceState) -> tuple[ObjectCount, ...]:
    if state is not EvidenceState.READ:
        return ()
    return (
        ObjectCount(kind="Deployment", count=19, understood=True),
        ObjectCount(kind="Widget", count=1, understood=False),
    )


def _observations(
    checks: tuple[Check, ...], workloads: tuple[Subject, ...], files: tuple[EvidenceFile, ...]
) -> list[Observation]:
    patterns = {row[0]: row[6] for row in _CHECKS + _CLUSTER_CHECKS}
    manifests = [file for file in files if file.path.startswith("manifests/services")]
    dump = next(file for file in files if file.path.endswith(".json"))
    found = []
    for check in checks:
        pattern = patterns[check.id]
        for number, subject in enumerate(_subjects_of(check, workloads)):
            file = manifests[number // 20] if check.family == "pods" else dump
            outcome = _LETTERS[pattern[number % len(pattern)]]
            found.append(_observation(check, subject, outcome, file, number))
    return sorted(found, key=lambda row: (row.check, row.subject.id))


def _subjects_of(check: Check, workloads: tuple[Subject, ...]) -> tuple[Subject, ...]:
    if check.family == "pods":
        return workloads
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


def _observation(check: Check, subject: Subject, outcome: Outcome, file: EvidenceFile, number: int) -> Observation:
    place = Location(
        path=file.path,
        sha256=file.sha256,
        document=number % 20 if file.path.endswith(".yaml") else None,
        pointer="/spec/template/spec/containers/0/securityContext",
        line=12 + 40 * (number % 20) if outcome is Outcome.FAIL else None,
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


def _counts(outcomes: list[Outcome]) -> Counts:
    return Counts(
        passed=outcomes.count(Outcome.PASS),
        failed=outcomes.count(Outcome.FAIL),
        not_applicable=outcomes.count(Outcome.NOT_APPLICABLE),
        not_checked=outcomes.count(Outcome.NOT_CHECKED),
        error=outcomes.count(Outcome.ERROR),
    )


def _worst_first(rows: list[Observation]) -> list[Observation]:
    return sorted(rows, key=lambda row: (-ORDER.index(row.outcome), row.subject.id))


def _check_result(check: Check, rows: list[Observation]) -> CheckResult:
    outcomes = [row.outcome for row in rows]
    kept = tuple(_worst_first(rows)[:WORST_KEPT])
    ids = {outcome: tuple(row.id for row in rows if row.outcome is outcome)[:OBSERVATIONS_KEPT] for outcome in ORDER}
    return CheckResult(check=check, outcome=worst(outcomes), counts=_counts(outcomes), worst=kept, ids=ids)


def _framework_result(
    row: tuple[str, str, str, str, tuple[tuple[str, ...], ...]],
    check_results: tuple[CheckResult, ...],
    observations: list[Observation],
) -> FrameworkResult:
    id, edition, title, publisher, controls = row
    catalog = "nist-800-53" if id.startswith("fedramp") else id
    ids = list(dict.fromkeys(control[0] for control in controls))
    framework = Framework(
        id=FrameworkId(id),
        edition=edition,
        title=title,
        publisher=publisher,
        words=f"maps to {title} {edition}",
        licence="words are our own",
        catalog=FrameworkId(catalog),
        catalog_edition="rev5" if catalog == "nist-800-53" else edition,
        sections=tuple(Section(id=one, title=_SECTION_TITLES[one]) for one in ids),
        controls=tuple(_control(id, edition, control) for control in controls),
    )
    by_check = {result.check.id: result for result in check_results}
    findings = tuple(
        _finding(control, spec, by_check, observations)
        for control, spec in zip(framework.controls, controls, strict=True)
    )
    sections = tuple(
        (one.id, one.title, _status_counts([f for f in findings if f.section == one.id])) for one in framework.sections
    )
    return FrameworkResult(framework=framework, counts=_status_counts(findings), sections=sections, findings=findings)


def _control(framework: str, edition: str, row: tuple[str, ...]) -> Control:
    section, id, title, judged, checks, other = row
    primary = "image-scan" if other == "no-evidence" else "kubernetes-objects"
    return Control(
        framework=FrameworkId(framework),
        edition=edition,
        id=ControlId(id),
        title=title,
        section=section,
        level="L1" if framework == "cis-kubernetes" else "",
        label="Manual" if framework == "cis-kubernetes" else "",
        judged=Judged(judged),
        asks=f"{title}: what the organisation must be able to show.",
        evidence=(primary,) if checks or other in ("no-evidence", "stale", "unreadable") else (),
        remediation=Remediation(text="Change the pod template.", example="securityContext:\n  privileged: false\n"),
        properties={"profile": "cluster"} if framework == "cis-kubernetes" else {},
    )


_REASON_OF = {
    "no-evidence": Reason.NO_EVIDENCE,
    "stale": Reason.STALE,
    "unreadable": Reason.UNREADABLE,
    "person": Reason.PERSON_NEEDED,
    "inherited": Reason.PERSON_NEEDED,
}
_BECAUSE = {
    Reason.NO_EVIDENCE: "Nobody handed in the evidence that would answer this control.",
    Reason.STALE: "The inventory handed in is 400 days old; 30 are allowed.",
    Reason.UNREADABLE: "manifests/broken.yaml could not be read.",
    Reason.PERSON_NEEDED: "No machine can answer this control; a person must.",
    Reason.PARTLY_COVERED: "What evidence can show holds; the rest needs a person.",
    Reason.TOOL_FAILED: "A check raised an error.",
}


def _finding(
    control: Control, spec: tuple[str, ...], by_check: Mapping[CheckId, CheckResult], observations: list[Observation]
) -> Finding:
    other = spec[5]
    rows = tuple(_finding_check(name, by_check) for name in spec[4].split())
    review = _review_of(control) if other == "review" else None
    status, reason = _status(rows, other)
    names = {row.check for row in rows}
    deciding = [row for row in observations if row.check in names and _decides(row, status)]
    holds = status is Status.NOT_REVIEWED and rows != ()
    because = _BECAUSE[reason] if reason else f"{len(deciding)} observations decide: {status.value}."
    return Finding(
        framework=control.framework,
        edition=control.edition,
        control=control.id,
        title=control.title,
        section=control.section,
        judged=control.judged,
        status=status,
        reason=reason,
        because=because,
        shown="Every observation of the mapped checks passes." if holds else "",
        missing="A person must review the rest." if status is Status.NOT_REVIEWED else "",
        judged_by=_judged_by(rows, other),
        checks=rows,
        counts=_added(rows),
        observations=tuple(row.id for row in _worst_first(deciding)[:OBSERVATIONS_KEPT]),
        observations_total=len(deciding),
        evidence_missing=("image-scan",) if other == "no-evidence" else (),
        responsibility="inherited from Example Cloud" if other == "inherited" else "",
        review=review,
        deviations=("DEV-1",) if "pod-host-network" in names else (),
    )


def _finding_check(name: str, by_check: Mapping[CheckId, CheckResult]) -> FindingCheck:
    result = by_check[CheckId(name.rstrip("~"))]
    return FindingCheck(
        check=result.check.id,
        coverage="partial" if name.endswith("~") else "sufficient",
        rationale="The setting is what the control asks of a workload.",
        source="project judgement",
        outcome=result.outcome,
        counts=result.counts,
    )


def _status(rows: tuple[FindingCheck, ...], other: str) -> tuple[Status, Reason | None]:
    if other in _REASON_OF:
        return Status.NOT_REVIEWED, _REASON_OF[other]
    outcomes = [row.outcome for row in rows]
    if other == "review":
        return status_of(worst([*outcomes, Outcome.PASS])), None
    partial = [Outcome.NOT_CHECKED] if any(row.coverage == "partial" for row in rows) else []
    status = status_of(worst(outcomes + partial))
    if status is Status.NOT_REVIEWED:
        return status, Reason.PARTLY_COVERED if partial else Reason.NO_EVIDENCE
    return status, Reason.TOOL_FAILED if status is Status.ERROR else None


def _decides(row: Observation, status: Status) -> bool:
    return status_of(row.outcome) is status or status in (Status.NOT_REVIEWED, Status.SATISFIED)


def _judged_by(rows: tuple[FindingCheck, ...], other: str) -> str:
    if other == "review":
        return "person"
    if other == "inherited":
        return "inherited"
    return "checks" if rows else "nobody"


def _added(rows: tuple[FindingCheck, ...]) -> Counts:
    return Counts(
        passed=sum(row.counts.passed for row in rows),
        failed=sum(row.counts.failed for row in rows),
        not_applicable=sum(row.counts.not_applicable for row in rows),
        not_checked=sum(row.counts.not_checked for row in rows),
        error=sum(row.counts.error for row in rows),
    )


def _status_counts(findings: tuple[Finding, ...] | list[Finding]) -> StatusCounts:
    statuses = [finding.status for finding in findings]
    return StatusCounts(
        satisfied=statuses.count(Status.SATISFIED),
        not_satisfied=statuses.count(Status.NOT_SATISFIED),
        not_applicable=statuses.count(Status.NOT_APPLICABLE),
        not_reviewed=statuses.count(Status.NOT_REVIEWED),
        error=statuses.count(Status.ERROR),
        partly_shown=sum(1 for one in findings if one.status is Status.NOT_REVIEWED and one.shown),
    )


def _review_of(control: Control) -> Review:
    return Review(
        framework=control.framework,
        control=control.id,
        status="satisfied",
        reviewer="Dana Reviewer",
        date="2026-10-01",
        expires="2027-10-01",
        statement="The baseline is kept in version control and was read line by line.",
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
        frameworks=tuple(f"{row[0]}@{row[1]}" for row in _FRAMEWORKS),
        owners={"payments": "Team Payments"},
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
    for kind in _KINDS[1:]:
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
