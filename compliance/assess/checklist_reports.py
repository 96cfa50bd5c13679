"""Reports of other tools in, a checklist for every STIG that they judged on an asset out: rules folded by their ids."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from compliance.assess.checklist_words import SEVERITIES, asset_name, fix_of, joined, remarks_of, signed
from compliance.assess.findings import Basis
from compliance.assess.imported import CALLED, plain_rule
from compliance.model.assessment import Assessment
from compliance.model.catalog import Control, Framework
from compliance.model.check import listed
from compliance.model.checklist import Checklist, ChecklistRule, Stig, release_date
from compliance.model.evidence import Subject, SubjectType
from compliance.model.outcome import ORDER, Outcome, worst
from compliance.model.rule_report import RefersTo, RuleReport, RuleResult
from compliance.rendering.text import count, cut, number, sentence

#: What DISA's ids of STIGs begin with in XCCDF.
BENCHMARK = "xccdf_mil.disa.stig_benchmark_"
_EDITION = re.compile(r"V[0-9]{1,4}R[0-9]{1,4}")
_STIG_RULE = re.compile(r"SV-([0-9]{1,7})(?:r([0-9]{1,8}))?(?:_rule)?")
#: Reports whose benchmark is named by DISA's id without a name space.
_CHECKLISTS = frozenset({"ckl", "cklb"})
#: DISA's ids of STIGs by what their own ids of rules begin with, for content that is not DISA's.
#: Source: the benchmarks in ComplianceAsCode/content, shared/references; ids of Ubuntu 18.04 and 20.04 and of RHEL 7 as
#: checklist tools list them.
_KNOWN: Mapping[str, str] = {
    "CNTR-OS": "RH_OpenShift_Container_Platform_4-x_STIG",
    "OL07-00": "Oracle_Linux_7_STIG",
    "OL08-00": "Oracle_Linux_8_STIG",
    "OL09-00": "Oracle_Linux_9_STIG",
    "RHEL-07": "RHEL_7_STIG",
    "RHEL-08": "RHEL_8_STIG",
    "RHEL-09": "RHEL_9_STIG",
    "RHEL-10": "RHEL_10_STIG",
    "SLEM-05": "SLEM_5_STIG",
    "SLES-12": "SLES_12_STIG",
    "SLES-15": "SLES_15_STIG",
    "UBTU-18": "CAN_Ubuntu_18-04_STIG",
    "UBTU-20": "Canonical_Ubuntu_20-04_LTS_STIG",
    "UBTU-22": "CAN_Ubuntu_22-04_LTS_STIG",
    "UBTU-24": "CAN_Ubuntu_24-04_LTS_STIG",
}
#: Since this number a rule's id and that of its group have one number. Source: DISA, STIG library of October 2020.
_RENUMBERED = 200_000
_TITLES_TOLD = 5
#: Results of one rule that are told, the worst first.
_RESULTS_TOLD = 25
_REASON_TOLD = 2000
_RANK = {outcome: rank for rank, outcome in enumerate(reversed(ORDER))}
_SEVERITY_RANK = {"low": 0, "medium": 1, "high": 2}


class _Said(NamedTuple):
    """What a report says of a rule. `rule` is the STIG's id as the report writes it."""

    report: RuleReport
    result: RuleResult
    rule: str

    @property
    def outcome(self) -> Outcome:
        """Of a report that does not count nothing is known."""
        return Outcome.NOT_CHECKED if self.report.unsound else self.result.outcome


def releases_of(report: RuleReport) -> str:
    """The release of the STIG that a report states (`V2R1`); empty text where it states none."""
    return report.stig_edition or (report.edition if _EDITION.fullmatch(report.edition) else "")


def same_stig(report: RuleReport, framework: Framework) -> bool:
    """Whether a report is of the STIG that a framework is an edition of."""
    return bool(framework.benchmark) and stig_id(report) == framework.benchmark


def stig_id(report: RuleReport) -> str:
    """DISA's id of the STIG that a report judges by; the benchmark's own where that is not known, empty if none is."""
    if report.benchmark.startswith(BENCHMARK) or report.source in _CHECKLISTS:
        return report.benchmark.removeprefix(BENCHMARK)
    heads = Counter(
        "-".join(reference.value.split("-")[:2])
        for result in report.results
        for reference in result.references
        if reference.system is RefersTo.STIG_ID
    )
    if not heads:
        return report.benchmark.removeprefix("xccdf_").partition("_benchmark_")[2] or report.benchmark
    head = min(heads, key=lambda one: (-heads[one], one))
    return _KNOWN.get(head, head)


def of_reports(
    assessment: Assessment, basis: Basis, controls_of_cci: Mapping[str, tuple[str, ...]]
) -> Iterator[Checklist]:
    """A checklist for each asset and STIG that reports judged, but not those of STIGs that are assessed themselves."""
    groups: dict[tuple[str, str], list[RuleReport]] = defaultdict(list)
    for report, stig in _others(assessment):
        groups[report.subject.id, stig].append(report)
    for (_, stig), reports in sorted(groups.items()):
        found = _Writer(assessment, stig, reports, _catalog(basis, stig, reports), controls_of_cci).checklist()
        if found.rules:
            yield found


def without_rules(assessment: Assessment, basis: Basis) -> Iterator[str]:
    """What to warn of where reports follow a STIG and name none of its rules, so that no checklist can be made."""
    for report, stig in _others(assessment):
        if _names(report, RefersTo.STIG_RULE) or _catalog(basis, stig, [report]) is not None:
            continue
        yield (
            f"No checklist can be made of {report.origin.path}: it names items of {stig} and none by the rule ids that "
            "checklists are filled in by. Load DISA's file of the STIG as a catalog (catalogs in compliance.yaml)."
        )


def _others(assessment: Assessment) -> Iterator[tuple[RuleReport, str]]:
    """Reports that name items of a STIG, with its id, but not those of STIGs that are assessed themselves."""
    assessed = {result.framework.benchmark for result in assessment.results}
    for report in assessment.reports:
        if _names(report, RefersTo.STIG_RULE) or _names(report, RefersTo.STIG_ID):
            stig = stig_id(report)
            if stig not in assessed:
                yield report, stig


def _names(report: RuleReport, system: RefersTo) -> bool:
    return any(reference.system is system for one in report.results for reference in one.references)


def _catalog(basis: Basis, stig: str, reports: Iterable[RuleReport]) -> Framework | None:
    """The catalog of a STIG that is loaded, of the release that the reports state where there is one."""
    known = [one for one in basis.library.frameworks.values() if stig and one.benchmark == stig]
    stated = {releases_of(report) for report in reports}
    known.sort(key=lambda one: (one.edition not in stated, one.edition))
    return known[0] if known else None


class _Writer:
    """Writes the checklist of one asset and STIG."""

    def __init__(
        self,
        assessment: Assessment,
        stig: str,
        reports: Sequence[RuleReport],
        catalog: Framework | None,
        controls_of_cci: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._assessment = assessment
        self._reports = reports
        self._catalog = catalog
        self._controls_of_cci = controls_of_cci
        stated = sorted({text for report in reports if (text := releases_of(report))})
        self._stated = stated
        controls = catalog.controls if catalog is not None else ()
        self._by_stig_id = {one.properties.get("stig-id", ""): one.properties.get("rule-id", "") for one in controls}
        edition = catalog.edition if catalog is not None else stated[-1] if stated else ""
        self._stig = Stig(
            id=stig,
            title=catalog.title if catalog is not None else stig.replace("_", " "),
            edition=edition,
            date=release_date(catalog.release_info) if catalog is not None else "",
            rules=len(catalog.controls) if catalog is not None else None,
        )

    def checklist(self) -> Checklist:
        assessment, subject = self._assessment, self._reports[0].subject
        return Checklist(
            stem="",
            asset=asset_name(subject, assessment.images),
            subject=subject,
            image=subject.digest or "" if subject.type is SubjectType.IMAGE else "",
            stig=self._stig,
            rules=tuple(self._rules()),
            remarks=remarks_of(assessment, subject, self._remarks()),
            made=max((report.ended for report in self._reports), default="") or assessment.as_of,
            warnings=tuple(self._warnings(subject)),
        )

    def _remarks(self) -> tuple[str, ...]:
        found = [run_of(report) for report in self._reports]
        if self._catalog is None:
            found.append(
                "Only rules that were evaluated are listed: load DISA's file of the STIG as a catalog to have all."
            )
        return tuple(found)

    def _warnings(self, subject: Subject) -> Iterator[str]:
        name = f"The checklist of {subject.name} by {self._stig.title}"
        if not self._stig.edition:
            yield f"{name} states no release of the STIG, because the results do not."
        other = [one for one in self._stated if one != self._stig.edition]
        if other:
            yield f"{name} is of {self._stig.edition}, and results of {', '.join(other)} stand in it."
        for report in self._reports:
            if report.unsound:
                yield f"Nothing in {report.origin.path} counts for {name[0].lower()}{name[1:]}: {report.unsound}."

    # -- rules -------------------------------------------------------------------------------------------------

    def _rules(self) -> Iterator[ChecklistRule]:
        """Rules in the catalog's order, then others by id."""
        found: dict[str, list[_Said]] = defaultdict(list)
        for report in self._reports:
            for result in report.results:
                for rule in dict.fromkeys(self._rules_of(result)):
                    found[plain_rule(rule)].append(_Said(report, result, rule))
        for control in self._catalog.controls if self._catalog is not None else ():
            key = plain_rule(control.properties.get("rule-id", ""))
            said = found.pop(key, [])
            yield self._rule(said, control) if said else self._unjudged(control)
        for key in sorted(found):
            yield self._rule(found[key], None)

    def _rules_of(self, result: RuleResult) -> list[str]:
        """Ids of the STIG's rules that a result answers; where it names items alone, those of the catalog."""
        named = list(_values(result, RefersTo.STIG_RULE))
        items = (self._by_stig_id.get(item, "") for item in _values(result, RefersTo.STIG_ID))
        return named or [rule for rule in items if rule]

    def _rule(self, said: list[_Said], control: Control | None) -> ChecklistRule:
        said = sorted(said, key=lambda one: (_RANK[one.outcome], one.report.origin.path, one.result.rule))
        of = control.properties if control is not None else {}
        ids = max((one.rule for one in said), key=_revision)
        ccis = {text for one in said for text in _values(one.result, RefersTo.CCI)}
        severities = [SEVERITIES[one.result.severity] for one in said]
        return ChecklistRule(
            vuln_id=of.get("vuln-id", "") or _vuln_id(said, ids),
            rule_id=of.get("rule-id", "") or ids,
            stig_id=of.get("stig-id", "") or _shared(said, RefersTo.STIG_ID),
            srg=of.get("srg", "") or _shared(said, RefersTo.SRG),
            title=control.title if control is not None else _title(said),
            discussion=of.get("discussion", ""),
            check=control.asks if control is not None else _content(said),
            fix=fix_of(control) if control is not None else _fixes(said),
            severity=of.get("severity", "") or max(severities, key=_SEVERITY_RANK.__getitem__),
            ccis=tuple(of.get("cci", "").split()) or tuple(sorted(ccis)),
            nist=self._nist(said, ccis),
            outcome=worst(one.outcome for one in said),
            details=_details(said),
            comments=self._comments(said, of.get("rule-id", "")),
        )

    def _unjudged(self, control: Control) -> ChecklistRule:
        """A rule of the STIG that no report says anything of."""
        of = control.properties
        return ChecklistRule(
            vuln_id=of.get("vuln-id", control.id),
            rule_id=of.get("rule-id", "") or control.id,
            stig_id=of.get("stig-id", ""),
            srg=of.get("srg", ""),
            title=control.title,
            discussion=of.get("discussion", ""),
            check=control.asks,
            fix=fix_of(control),
            severity=of.get("severity", "medium"),
            ccis=tuple(of.get("cci", "").split()),
            nist=tuple(of.get("nist-800-53-r5", "").split()),
            outcome=Outcome.NOT_CHECKED,
            details="No report handed in says anything of this rule.",
            comments=signed(("A person has to look at it.",), self._assessment),
        )

    def _nist(self, said: Iterable[_Said], ccis: Iterable[str]) -> tuple[str, ...]:
        """Controls that the CCIs lead to; where there are none, those that the rules themselves name, newest first."""
        found = {control for cci in ccis for control in self._controls_of_cci.get(cci, ())}
        for system in (RefersTo.NIST_800_53_R5, RefersTo.NIST_800_53_R4):
            found = found or {text for one in said for text in _values(one.result, system)}
        return tuple(sorted(found))

    def _comments(self, said: Sequence[_Said], rule_id: str) -> str:
        ids = sorted({one.rule for one in said} - {rule_id}) if rule_id else []
        return signed(
            (
                _because(said),
                _contradiction(said),
                f"The results name it {listed(ids)}: its text may have changed between releases." if ids else "",
                *dict.fromkeys(run_of(one.report) for one in said[:_RESULTS_TOLD]),
            ),
            self._assessment,
        )


def _values(result: RuleResult, system: RefersTo) -> Iterator[str]:
    return (one.value for one in result.references if one.system is system)


def _revision(rule: str) -> tuple[int, str]:
    """Rule ids in order of how often their text changed."""
    found = _STIG_RULE.fullmatch(rule)
    return (int(found[2] or 0) if found else -1, rule)


def _vuln_id(said: Iterable[_Said], rule: str) -> str:
    """The id of the rule's group: as the reports have it, else by its number, where the two are one."""
    named = sorted({text for one in said for text in _values(one.result, RefersTo.VULN_ID)})
    if named:
        return named[0]
    found = _STIG_RULE.fullmatch(rule)
    return f"V-{found[1]}" if found and int(found[1]) >= _RENUMBERED else ""


def _shared(said: Iterable[_Said], system: RefersTo) -> str:
    """The ids that all results of a rule name, else all that any of them names."""
    sets = [set(_values(one.result, system)) for one in said]
    common = set.intersection(*sets) if sets else set()
    return ", ".join(sorted(common or set.union(*sets))[:_TITLES_TOLD])


def _title(said: Sequence[_Said]) -> str:
    """The titles of the content's rules that the STIG's rule is made of."""
    titles = list(dict.fromkeys(one.result.title or one.result.rule for one in said))
    more = f"; and {number(len(titles) - _TITLES_TOLD)} more" if len(titles) > _TITLES_TOLD else ""
    return "; ".join(titles[:_TITLES_TOLD]) + more


def _content(said: Sequence[_Said]) -> str:
    """Which rules of which content stand for the STIG's rule."""
    return "\n".join(
        dict.fromkeys(
            f"{one.result.rule} of {one.report.benchmark_title or one.report.benchmark} {one.report.edition}".rstrip()
            for one in said[:_RESULTS_TOLD]
        )
    )


def _fixes(said: Sequence[_Said]) -> str:
    """What the content says is to be done."""
    return joined(dict.fromkeys(one.result.fix for one in said[:_RESULTS_TOLD]))


def _details(said: Sequence[_Said]) -> str:
    """What the results say, the worst first."""
    lines = [_told(one) for one in said[:_RESULTS_TOLD]]
    if len(said) > _RESULTS_TOLD:
        lines.append(f"{number(_RESULTS_TOLD)} of {number(len(said))} results told here.")
    return "\n".join(lines)


def _told(one: _Said) -> str:
    """What a result says, and where it stands."""
    origin = one.report.origin
    reason = f"nothing in this report counts: {one.report.unsound}" if one.report.unsound else one.result.reason
    return joined(
        (
            f"- {one.result.rule}: {one.result.said}: {sentence(cut(reason, _REASON_TOLD))}",
            f"  {cut(origin.path, _REASON_TOLD)}, {one.result.at}, sha256 {origin.sha256}",
        )
    )


def _because(said: Sequence[_Said]) -> str:
    """Why the rule has its answer: what decides of all results that carry its id."""
    outcome = worst(one.outcome for one in said)
    deciding = sum(1 for one in said if one.outcome is outcome)
    one_does, many_do = {
        Outcome.PASS: ("holds, and none fails or is open", "hold, and none fails or is open"),
        Outcome.FAIL: ("fails", "fail"),
        Outcome.NOT_APPLICABLE: ("does not apply, for a stated reason", "do not apply, each for a stated reason"),
        Outcome.NOT_CHECKED: ("could not be decided", "could not be decided"),
        Outcome.ERROR: ("could not be evaluated", "could not be evaluated"),
    }[outcome]
    verb = one_does if deciding == 1 else many_do
    return f"{number(deciding)} of {count(len(said), 'result')} with the id of this rule {verb}."


def _contradiction(said: Sequence[_Said]) -> str:
    """Where one report says that the rule holds and another that it fails."""
    sides = {
        outcome: next((one.report for one in said if one.outcome is outcome), None)
        for outcome in (Outcome.PASS, Outcome.FAIL)
    }
    good, bad = sides[Outcome.PASS], sides[Outcome.FAIL]
    if good is None or bad is None or good.origin.path == bad.origin.path:
        return ""
    return f"Contradiction: {good.origin.path} says that it holds, {bad.origin.path} that it fails."


def run_of(report: RuleReport) -> str:
    """Which run of which tool a report is of."""
    tool = f"{report.tool or CALLED[report.source]} {report.tool_version}".strip()
    who = f", filled in by {report.person}" if report.person else ""
    profile = f", profile {report.profile}" if report.profile else ""
    content = f", content sha256 {report.content_sha256}" if report.content_sha256 else ""
    release = f", release {releases_of(report)} of the STIG" if releases_of(report) else ""
    when = f" on {report.ended}" if report.ended else ""
    what = f"{report.benchmark_title or report.benchmark} {report.edition}".strip()
    return f"Judged by {tool}{when} with {what}{profile}{content}{release}{who} ({report.origin.path})."
