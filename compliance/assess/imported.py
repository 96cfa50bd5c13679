"""What other tools and people judged in; a check for each of their rules, and its rows to controls, out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from compliance.model.catalog import CheckMapping, ControlId, Coverage, Framework, FrameworkId, Library
from compliance.model.check import Check, CheckId, Effort, Verdict, not_checked
from compliance.model.evidence import At
from compliance.model.outcome import ORDER, Outcome, Severity
from compliance.model.rule_report import Reference, RefersTo, RuleReport, RuleResult, check_id
from compliance.rendering.text import cut

#: What the families of imported checks are called in titles.
CALLED: Mapping[str, str] = {
    "openscap": "OpenSCAP",
    "xccdf": "XCCDF result",
    "kube-bench": "kube-bench",
    "docker-bench": "docker-bench",
    "ckl": "checklist (CKL)",
    "cklb": "checklist (CKLB)",
    "hdf": "HDF result",
}
#: Families whose answers people gave.
CHECKLISTS = ("ckl", "cklb")
_TITLE_KEPT = 200
_FIX_KEPT = 1000
#: The revision of a STIG rule id says how often its text changed; `SV-242376r960759_rule` and `SV-242376` are one rule.
_REVISION = re.compile(r"r[0-9]+(?:_rule)?$|_rule$")
#: Properties of controls that name them as other lists do.
_PROPERTIES: Mapping[str, RefersTo] = {
    "vuln-id": RefersTo.VULN_ID,
    "stig-id": RefersTo.STIG_ID,
    "rule-id": RefersTo.STIG_RULE,
    "srg-id": RefersTo.SRG,
}
_WORD = {Outcome.PASS: "holds", Outcome.FAIL: "fails"}
_SRG = "srg-"
_RANK = {
    severity: rank for rank, severity in enumerate((Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL))
}
_Key = tuple[FrameworkId, str, ControlId]
ControlsOf = Callable[[Reference], tuple[_Key, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Checks sorted by id, and rows sorted by check, framework, edition and control."""

    checks: tuple[Check, ...] = ()
    mappings: tuple[CheckMapping, ...] = ()


def is_imported(check: Check) -> bool:
    """Whether a check stands for a rule of another tool."""
    return check.subject is RuleReport


def imported(reports: Iterable[RuleReport], library: Library, controls_of: ControlsOf) -> Imported:
    """A check for each rule of the reports; rows to every control of the library that a rule's references name.

    `controls_of` gives the controls of SP 800-53 rev. 5 that a reference to a CCI or to SP 800-53 leads to. Where
    several reports hold a rule, its words are those of the first by path, its severity is the highest.
    """
    places = _places(library.frameworks.values())
    rules: dict[str, list[tuple[RuleReport, RuleResult]]] = defaultdict(list)
    for report in sorted(reports, key=lambda one: (one.origin.path, one.origin.sha256, one.origin.pointer)):
        for result in report.results:
            rules[check_id(report, result)].append((report, result))
    checks = tuple(_check(key, rules[key]) for key in sorted(rules))
    rows = {
        (row.check, row.framework, row.edition, row.control): row
        for key in sorted(rules)
        for report, result in reversed(rules[key])
        for row in _rows(key, report, result, places, controls_of)
    }
    return Imported(checks=checks, mappings=tuple(rows[key] for key in sorted(rows)))


def verdicts_of(report: RuleReport) -> Iterator[tuple[str, Verdict]]:
    """Check ids and verdicts of a report, in its own order; an unsound one decides nothing."""
    called = CALLED[report.source]
    by = report.person or report.tool
    who = called if by.casefold() in ("", called.casefold()) else f"{called} ({by})"
    for result in report.results:
        at = At(report.origin, result.at)
        if report.unsound:
            yield check_id(report, result), not_checked(f"nothing in this report counts: {report.unsound}", at=[at])
            continue
        reason = f"{who} says {result.said}: {result.reason}"
        yield check_id(report, result), Verdict(outcome=result.outcome, reason=reason, at=(at,))


def _check(key: str, found: list[tuple[RuleReport, RuleResult]]) -> Check:
    report, result = found[0]
    return Check(
        id=CheckId(key),
        title=cut(f"{CALLED[report.source]}: {result.title or result.rule}", _TITLE_KEPT),
        revision=1,
        severity=max((one.severity for _, one in found), key=_RANK.__getitem__),
        fix=cut(result.fix, _FIX_KEPT) or "Follow what the benchmark that the rule is of says.",
        effort=Effort.PLATFORM,
        function=partial(_judge, key),
        subject=RuleReport,
        context=(),
        family=report.source,
        doc=f"Rule {result.rule} of {report.benchmark_title or report.benchmark}.",
    )


def _judge(key: str, report: RuleReport) -> Verdict:
    """The worst that a report says of one rule."""
    found = [verdict for name, verdict in verdicts_of(report) if name == key]
    ranks = {outcome: rank for rank, outcome in enumerate(ORDER)}
    return max(found, key=lambda one: ranks[one.outcome]) if found else not_checked("the report does not hold the rule")


def _places(frameworks: Iterable[Framework]) -> Mapping[tuple[RefersTo, str], tuple[_Key, ...]]:
    """Controls by the ids that rules name them with."""
    found: dict[tuple[RefersTo, str], list[_Key]] = defaultdict(list)
    for framework in frameworks:
        if framework.id != framework.catalog:
            continue
        for control in framework.controls:
            key = (framework.id, framework.edition, control.id)
            found[RefersTo.CIS, f"{framework.id}@{framework.edition} {control.id}"].append(key)
            if framework.id.startswith(_SRG):
                found[RefersTo.SRG, control.id].append(key)
                found[RefersTo.STIG_RULE, plain_rule(control.id)].append(key)
            for name, system in _PROPERTIES.items():
                for value in control.properties.get(name, "").split():
                    found[system, plain_rule(value)].append(key)
    return {place: tuple(keys) for place, keys in found.items()}


def plain_rule(rule: str) -> str:
    """A STIG rule id without its revision; other ids as they are."""
    return _REVISION.sub("", rule) if rule.startswith("SV-") else rule


def _rows(
    key: str,
    report: RuleReport,
    result: RuleResult,
    places: Mapping[tuple[RefersTo, str], tuple[_Key, ...]],
    controls_of: ControlsOf,
) -> Iterator[CheckMapping]:
    settles = _agree(result, places, controls_of)
    for reference in result.references:
        keys, coverage = _named(reference, places, controls_of)
        if not settles:
            coverage = Coverage.PARTIAL
        for framework, edition, control in keys:
            yield CheckMapping(
                check=key,
                framework=framework,
                edition=edition,
                control=control,
                coverage=coverage,
                rationale=f"The rule itself names {reference.system.value} {reference.value}.",
                source=f"{report.benchmark_title or report.benchmark} {report.edition}".strip(),
            )


def _agree(
    result: RuleResult, places: Mapping[tuple[RefersTo, str], tuple[_Key, ...]], controls_of: ControlsOf
) -> bool:
    """Whether all lists that name a rule itself lead to the same controls: of one with two names nobody knows which."""
    found: dict[RefersTo, set[_Key]] = defaultdict(set)
    for reference in result.references:
        keys, coverage = _named(reference, places, controls_of)
        if coverage is Coverage.SUFFICIENT and reference.system is not RefersTo.CIS:
            found[reference.system].update(keys)
    led = [keys for keys in found.values() if keys]
    return all(keys == led[0] for keys in led)


def _named(
    reference: Reference, places: Mapping[tuple[RefersTo, str], tuple[_Key, ...]], controls_of: ControlsOf
) -> tuple[tuple[_Key, ...], Coverage]:
    """The controls that a reference names. A STIG or CIS item is the rule itself; what is wider is covered in part."""
    match reference.system:
        case RefersTo.STIG_RULE | RefersTo.STIG_ID | RefersTo.VULN_ID:
            return places.get((reference.system, plain_rule(reference.value)), ()), Coverage.SUFFICIENT
        case RefersTo.CIS:
            name = f"{reference.framework}@{reference.edition} {reference.value}"
            return places.get((reference.system, name), ()), Coverage.SUFFICIENT
        case RefersTo.SRG:
            return places.get((reference.system, reference.value), ()), Coverage.PARTIAL
        case RefersTo.CCI | RefersTo.NIST_800_53_R4 | RefersTo.NIST_800_53_R5:
            return controls_of(reference), Coverage.PARTIAL


def disagreement(ours: Mapping[str, Outcome], theirs: Mapping[str, Outcome]) -> str:
    """Where our checks and other tools contradict each other, in words; empty where they do not.

    Both map titles of checks to outcomes.
    """
    for mine, other in ((Outcome.PASS, Outcome.FAIL), (Outcome.FAIL, Outcome.PASS)):
        here = [title for title, outcome in ours.items() if outcome is mine]
        there = [title for title, outcome in theirs.items() if outcome is other]
        if here and there:
            return f"Contradiction: “{there[0]}” {_WORD[other]}, and our check “{here[0]}” {_WORD[mine]}."
    return ""
