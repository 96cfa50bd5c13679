"""Small frameworks, checks and results to assess in tests."""

from __future__ import annotations

from compliance.assess.findings import Basis
from compliance.model.assessment import CheckResult, Observation
from compliance.model.catalog import (
    CheckMapping,
    Control,
    ControlId,
    Coverage,
    EvidenceKind,
    Framework,
    FrameworkId,
    Judged,
    Library,
    Remediation,
    Section,
)
from compliance.model.check import Check, CheckId, Effort, not_checked
from compliance.model.configuration import Configuration
from compliance.model.counts import Counts
from compliance.model.evidence import Location, Subject, SubjectType
from compliance.model.outcome import ORDER, Outcome, Severity, worst
from compliance.model.provider import Provider

FRAMEWORK = FrameworkId("demo")
AS_OF = "2026-11-21T00:00:00Z"


def make_check(name: str, severity: Severity = Severity.MEDIUM) -> Check:
    return Check(
        id=CheckId(name),
        title=f"Title of {name}",
        revision=1,
        severity=severity,
        fix=f"Mend {name}.",
        effort=Effort.SETTING,
        function=lambda: not_checked("x"),
        subject=object,
        context=(),
        family="f",
        doc="d",
    )


def make_result(
    name: str, *outcomes: Outcome, unreadable: bool = False, severity: Severity = Severity.MEDIUM
) -> CheckResult:
    observations = [
        Observation(
            id=f"{name}-{number}",
            check=name,
            revision=1,
            subject=Subject(
                id="evidence-unreadable"
                if unreadable and outcome is Outcome.NOT_CHECKED
                else f"ns/Deployment/{number}",
                type=SubjectType.WORKLOAD,
                name=str(number),
            ),
            outcome=outcome,
            severity=severity,
            reason=f"reason {number}",
            at=(Location(path="p", sha256="s", document=None, pointer="/x", line=number + 1),),
        )
        for number, outcome in enumerate(outcomes)
    ]
    return CheckResult(
        check=make_check(name, severity),
        outcome=worst(outcomes),
        counts=Counts(
            passed=outcomes.count(Outcome.PASS),
            failed=outcomes.count(Outcome.FAIL),
            not_applicable=outcomes.count(Outcome.NOT_APPLICABLE),
            not_checked=outcomes.count(Outcome.NOT_CHECKED),
            error=outcomes.count(Outcome.ERROR),
        ),
        worst=tuple(sorted(observations, key=lambda o: -ORDER.index(o.outcome))),
        ids={outcome: tuple(o.id for o in observations if o.outcome is outcome) for outcome in set(outcomes)},
    )


def make_control(name: str, judged: Judged = Judged.AUTOMATED, evidence: tuple[str, ...] = ("k8s-objects",)) -> Control:
    return Control(
        framework=FRAMEWORK,
        edition="1",
        id=ControlId(name),
        title=f"Control {name}",
        section="s",
        level="",
        label="",
        judged=judged,
        asks="Asks.",
        evidence=evidence,
        remediation=Remediation(text="", example=""),
        properties={},
    )


def make_framework(*controls: Control) -> Framework:
    return Framework(
        id=FRAMEWORK,
        edition="1",
        title="Demo",
        publisher="",
        words="Demo",
        licence="",
        catalog=FRAMEWORK,
        catalog_edition="1",
        sections=(Section(id="s", title="Section"),),
        controls=controls,
    )


def make_row(check: str, control: str, coverage: Coverage = Coverage.SUFFICIENT) -> CheckMapping:
    return CheckMapping(
        check=check,
        framework=FRAMEWORK,
        edition="1",
        control=ControlId(control),
        coverage=coverage,
        rationale="r",
        source="s",
    )


KINDS = {
    name: EvidenceKind(id=name, title=f"title of {name}", from_whom="whom", command="cmd", supported=supported)
    for name, supported in (("k8s-objects", True), ("node-file-stat", False), ("attestation", False))
}


def make_basis(
    framework: Framework,
    rows: list[CheckMapping],
    results: list[CheckResult],
    configuration: Configuration | None = None,
    present: frozenset[str] = frozenset(),
    provider: Provider | None = None,
) -> Basis:
    return Basis(
        library=Library(
            frameworks={(framework.id, framework.edition): framework},
            check_mappings=tuple(rows),
            control_mappings=(),
            evidence_kinds=KINDS,
        ),
        results={result.check.id: result for result in results},
        configuration=configuration or Configuration(),
        present=present,
        as_of=AS_OF,
        provider=provider,
    )
