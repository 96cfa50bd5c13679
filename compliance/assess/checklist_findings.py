"""Frameworks that are STIGs in, a checklist of each for every asset out, by the rules that findings are made by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from compliance.assess.checklist_reports import releases_of, run_of, same_stig
from compliance.assess.checklist_words import asset_name, fix_of, joined, remarks_of, seen_by, signed
from compliance.assess.findings import Basis, assess_framework
from compliance.model.assessment import (
    OBSERVATIONS_KEPT,
    WORST_KEPT,
    Assessment,
    CheckResult,
    Finding,
    FrameworkResult,
    Observation,
)
from compliance.model.catalog import Control, Framework
from compliance.model.checklist import Checklist, ChecklistRule, Stig, release_date
from compliance.model.configuration import Deviation
from compliance.model.counts import Counts
from compliance.model.evidence import EVIDENCE_SET, Subject, SubjectType
from compliance.model.host import CLUSTER_WIDE, host_of, host_subject
from compliance.model.outcome import ORDER, Outcome, Status, worst
from compliance.model.rule_report import RuleReport, check_id
from compliance.rendering.text import sentence

_STIG = "stig-"
#: STIGs whose asset is the whole of what was handed in: a cluster.
_OF_THE_WHOLE = frozenset({"stig-kubernetes"})
#: What the assets of a STIG are, where not images, containers and hosts alike.
_ASSETS: Mapping[str, frozenset[SubjectType]] = {"stig-docker": frozenset({SubjectType.HOST})}
_ANY_ASSET = frozenset({SubjectType.HOST, SubjectType.IMAGE, SubjectType.CONTAINER})
_OUTCOME = {
    Status.SATISFIED: Outcome.PASS,
    Status.NOT_SATISFIED: Outcome.FAIL,
    Status.NOT_APPLICABLE: Outcome.NOT_APPLICABLE,
    Status.NOT_REVIEWED: Outcome.NOT_CHECKED,
    Status.ERROR: Outcome.ERROR,
}


def is_stig(framework: Framework) -> bool:
    """Whether a framework is a STIG."""
    return framework.id.startswith(_STIG)


def of_frameworks(assessment: Assessment, basis: Basis) -> Iterator[Checklist]:
    """Checklists of the STIGs that were assessed."""
    for result in assessment.results:
        if not is_stig(result.framework):
            continue
        assets = _assets(assessment, result, basis)
        drift = _drift(result.framework, assessment.reports)
        runs = _runs(assessment.reports, result)
        for asset, results in assets:
            findings = result.findings
            if len(assets) > 1:
                findings = assess_framework(result.framework, replace(basis, results=results)).findings
            of_asset = {check: told for (check, on), told in runs.items() if len(assets) == 1 or on == asset.id}
            yield _Writer(assessment, result.framework, results, drift, of_asset).checklist(asset, findings)


# -- assets ----------------------------------------------------------------------------------------------------


def _assets(
    assessment: Assessment, result: FrameworkResult, basis: Basis
) -> list[tuple[Subject, Mapping[str, CheckResult]]]:
    """The assets of a STIG, sorted, with what every check found on each; one for all where nothing tells them apart."""
    framework = result.framework
    if framework.id in _OF_THE_WHOLE:
        return [(_whole(assessment, SubjectType.CLUSTER), basis.results)]
    mapped = sorted({row.check for finding in result.findings for row in finding.checks})
    sorted_out = _SortedOut(_ASSETS.get(framework.id, _ANY_ASSET))
    for check in mapped:
        sorted_out.add(basis.results[check], assessment.observations.of_check(check))
    found = sorted_out.subjects
    if not found:
        return [(_whole(assessment, SubjectType.HOST), basis.results)]
    if len(found) == 1:
        return [(next(iter(found.values())), basis.results)]
    return [(found[key], {**basis.results, **sorted_out.results_of(found[key])}) for key in sorted(found)]


def _whole(assessment: Assessment, kind: SubjectType) -> Subject:
    """The asset where there is one alone, or none that evidence names."""
    configuration = assessment.configuration
    clusters = configuration.expected.clusters
    if kind is SubjectType.CLUSTER:
        name = clusters[0] if len(clusters) == 1 else configuration.system.id or "kubernetes-cluster"
        return Subject(id="cluster", type=kind, name=name)
    return Subject(id="host", type=kind, name=configuration.system.id or "unnamed-asset")


class _SortedOut:
    """Observations by asset; those that no asset is told of count for every one."""

    def __init__(self, types: frozenset[SubjectType]) -> None:
        self.subjects: dict[str, Subject] = {}
        self._types = types
        self._results: dict[str, CheckResult] = {}
        self._rows: dict[tuple[str, str], list[Observation]] = defaultdict(list)

    def add(self, result: CheckResult, rows: Iterable[Observation]) -> None:
        """Take the observations of a check."""
        self._results[result.check.id] = result
        for row in rows:
            subject = self._asset(row)
            if subject is not None:
                self.subjects[subject.id] = subject
            self._rows[subject.id if subject is not None else "", result.check.id].append(row)

    def _asset(self, row: Observation) -> Subject | None:
        """The asset that an observation is of; a container that is no asset itself is of the host it was seen on."""
        subject = row.subject
        if subject == CLUSTER_WIDE:
            return None
        if subject.type in self._types:
            return subject
        if subject.type is not SubjectType.CONTAINER:
            return None
        hosts = {host_of(at.path) for at in row.at}
        name = hosts.pop() if len(hosts) == 1 else None
        return host_subject(name, "") if name is not None else None

    def results_of(self, asset: Subject) -> dict[str, CheckResult]:
        """What each check found on an asset."""
        return {check: self._result(asset, result) for check, result in self._results.items()}

    def _result(self, asset: Subject, result: CheckResult) -> CheckResult:
        check = str(result.check.id)
        rows = sorted([*self._rows[asset.id, check], *self._rows["", check]], key=lambda row: row.subject.id)
        if not rows:
            rows = [_nothing(asset, result)]
        by = {outcome: [row for row in rows if row.outcome is outcome] for outcome in ORDER}
        return CheckResult(
            check=result.check,
            outcome=worst(row.outcome for row in rows),
            counts=Counts(
                passed=len(by[Outcome.PASS]),
                failed=len(by[Outcome.FAIL]),
                not_applicable=len(by[Outcome.NOT_APPLICABLE]),
                not_checked=len(by[Outcome.NOT_CHECKED]),
                error=len(by[Outcome.ERROR]),
            ),
            worst=tuple(row for outcome in reversed(ORDER) for row in by[outcome])[:WORST_KEPT],
            ids={outcome: tuple(row.id for row in by[outcome])[:OBSERVATIONS_KEPT] for outcome in ORDER if by[outcome]},
        )


def _nothing(asset: Subject, result: CheckResult) -> Observation:
    """What is said where a check saw nothing of an asset, as the engine says it of the whole."""
    return Observation(
        id="",
        check=str(result.check.id),
        revision=result.check.revision,
        subject=EVIDENCE_SET,
        outcome=Outcome.NOT_CHECKED,
        severity=result.check.severity,
        reason=f"nothing that this check judges was handed in of {asset.name}",
        at=(),
    )


# -- another release of the STIG -------------------------------------------------------------------------------


def _other_release(framework: Framework, report: RuleReport) -> str:
    """That a report judged by another release of the STIG than the catalog is of; empty text where it did not."""
    stated = releases_of(report)
    if not stated or stated == framework.edition or not same_stig(report, framework):
        return ""
    return f"{report.origin.path} is of release {stated} of {framework.title}, the catalog of {framework.edition}"


def _drift(framework: Framework, reports: Iterable[RuleReport]) -> tuple[str, ...]:
    """What to warn of where reports are of other releases than the catalog."""
    found = (_other_release(framework, report) for report in reports)
    return tuple(f"{words}: rules are joined by their numbers; read what changed between." for words in found if words)


def _runs(reports: Iterable[RuleReport], result: FrameworkResult) -> Mapping[tuple[str, str], str]:
    """Which run of which tool stands behind a check that is a rule of another tool, by check and subject."""
    mapped = {row.check for finding in result.findings for row in finding.checks}
    found: dict[tuple[str, str], str] = {}
    for report in reports:
        drift = _other_release(result.framework, report)
        told = joined((run_of(report), f"{drift}: compare the text of the rule in both." if drift else ""))
        for check in {check_id(report, one) for one in report.results} & mapped:
            found[check, report.subject.id] = told
    return found


# -- rules -----------------------------------------------------------------------------------------------------


class _Writer:
    """Writes a checklist of a STIG; `results` are those of the asset, `runs` tell by check who else judged it."""

    def __init__(
        self,
        assessment: Assessment,
        framework: Framework,
        results: Mapping[str, CheckResult],
        drift: tuple[str, ...],
        runs: Mapping[str, str],
    ) -> None:
        self._runs = runs
        self._assessment = assessment
        self._framework = framework
        self._results = results
        self._drift = drift
        self._deviations = {deviation.id: deviation for deviation in assessment.deviations}

    def checklist(self, asset: Subject, findings: Iterable[Finding]) -> Checklist:
        framework, assessment = self._framework, self._assessment
        controls = {str(control.id): control for control in framework.controls}
        return Checklist(
            stem="",
            asset=asset_name(asset, assessment.images),
            subject=asset,
            image=asset.digest or "" if asset.type is SubjectType.IMAGE else "",
            stig=Stig(
                id=framework.benchmark or framework.id.removeprefix(_STIG),
                title=framework.title,
                edition=framework.edition,
                date=release_date(framework.release_info),
                rules=len(framework.controls),
            ),
            rules=tuple(self._rule(controls[finding.control], finding) for finding in findings),
            remarks=remarks_of(assessment, asset, (sentence(f"This checklist {framework.words}"),)),
            made=assessment.as_of,
            warnings=self._drift,
        )

    def _rule(self, control: Control, finding: Finding) -> ChecklistRule:
        properties = control.properties
        return ChecklistRule(
            vuln_id=properties.get("vuln-id", control.id),
            rule_id=properties.get("rule-id", "") or control.id,
            stig_id=properties.get("stig-id", ""),
            srg=properties.get("srg", ""),
            title=control.title,
            discussion=properties.get("discussion", ""),
            check=control.asks,
            fix=fix_of(control),
            severity=properties.get("severity", "medium"),
            ccis=tuple(properties.get("cci", "").split()),
            nist=tuple(properties.get("nist-800-53-r5", "").split()),
            outcome=_OUTCOME[finding.status],
            details=self._details(finding),
            comments=self._comments(control, finding),
        )

    def _details(self, finding: Finding) -> str:
        """What every check saw; those that decide first."""
        if not finding.checks:
            return "No check judges this rule."
        order = {outcome: rank for rank, outcome in enumerate(reversed(ORDER))}
        rows = sorted(finding.checks, key=lambda row: (order[row.outcome], row.check))
        return "\n".join(seen_by(self._results[check]) for check in dict.fromkeys(row.check for row in rows))

    def _comments(self, control: Control, finding: Finding) -> str:
        runs = dict.fromkeys(self._runs.get(row.check, "") for row in finding.checks)
        return signed(
            (
                finding.because,
                f"Shown: {finding.shown}" if finding.status is Status.NOT_REVIEWED and finding.shown else "",
                f"Missing: {finding.missing}" if finding.missing else "",
                f"Responsibility: {finding.responsibility}." if finding.responsibility else "",
                _coverage(finding),
                *(_deviation(self._deviations[name]) for name in finding.deviations if name in self._deviations),
                *runs,
                _rule_id(control),
            ),
            self._assessment,
        )


def _coverage(finding: Finding) -> str:
    """Whether checks settle the rule or a part of it."""
    if not finding.checks:
        return ""
    partly = sorted({row.check for row in finding.checks if row.coverage == "partial"})
    if not partly:
        return "Coverage: the checks settle the rule."
    return f"Coverage: {', '.join(partly[:5])}{' and more' if len(partly) > 5 else ''} cover a part of the rule."


def _deviation(deviation: Deviation) -> str:
    return (
        f"Deviation {deviation.id} ({deviation.type}), approved by {deviation.approver} until "
        f"{deviation.expires[:10]}, stands beside this answer and does not change it: {deviation.rationale}"
    )


def _rule_id(control: Control) -> str:
    """Of which release the rule's id is, where that is not this one's, or that DISA's file lacks it."""
    other = control.properties.get("not-in", "")
    if other:
        return f"{other} does not have this rule."
    since = control.properties.get("rule-id-from", "")
    if not since or since == control.edition:
        return ""
    return f"The rule id is that of {since}: compare it with DISA's file of {control.edition}."
