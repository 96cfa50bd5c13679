"""One test result as read in; the RuleReport with a sentence for each rule, or why nothing in it counts, out.

Source: XCCDF 1.2 (NIST IR 7275 r4), table 26 (result words); what OpenSCAP does with wrong targets was measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance.evidence.rules import xccdf_platforms
from compliance.evidence.rules.checklist_parts import OURS
from compliance.evidence.rules.oval_items import printable
from compliance.evidence.rules.oval_results import tests_of
from compliance.evidence.rules.xccdf_elements import references_of
from compliance.evidence.rules.xccdf_parts import Benchmark, Document, Override, Rule, RuleOutcome, TestResult
from compliance.evidence.rules.xccdf_references import cis_item, is_cis, plain
from compliance.evidence.rules.xccdf_target import CONTENT, OWNERS, READ_ONLY, UNSOUND, subject_of, target_of
from compliance.model.checklist import TEST_SYSTEM
from compliance.model.evidence import Origin, SubjectType
from compliance.model.outcome import Outcome, Severity
from compliance.model.rule_report import Reference, RuleReport, RuleResult

_OUTCOMES = {
    "pass": Outcome.PASS,
    "fixed": Outcome.PASS,
    "fail": Outcome.FAIL,
    "notapplicable": Outcome.NOT_APPLICABLE,
    "notchecked": Outcome.NOT_CHECKED,
    "informational": Outcome.NOT_CHECKED,
    "error": Outcome.ERROR,
    "unknown": Outcome.ERROR,
}
_SEVERITIES = {"high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW, "info": Severity.LOW}
#: `cpe:/a:redhat:openscap:1.3.7`, `cpe:/a:spawar:scc:5.10.1`
_SYSTEM = re.compile(r"cpe:/a:[^:]*:([^:]+)(?::([^:]+))?")
_OPENSCAP = "openscap"
#: Before it, a first look at Debian's package database in a root that can be written fails, and that package counts
#: as absent from then on. Source: OpenSCAP/openscap, commit 557ddeed1, first in 1.3.10.
_SOUND_DPKG = (1, 3, 10)
_DPKG = re.compile(r"debian|ubuntu", re.IGNORECASE)
#: Checks that are programs. Source: OpenSCAP, Script Check Engine.
_SCRIPTS = "http://open-scap.org/page/SCE"
#: Rules about owners and groups of files, as content names them.
_OF_OWNERS = re.compile(r"owner|ungroup|permissions_unauthorized", re.IGNORECASE)
#: A release of a STIG: `V2R1`.
_RELEASE = re.compile(r"V[0-9]{1,3}R[0-9]{1,3}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TITLE = 300
_FIX = 1000
_MESSAGE = 300
_REASON = 900
_TESTS_TOLD = 3
_ITEMS_TOLD = 3


def report_of(document: Document, test: TestResult, origin: Origin) -> RuleReport:
    """The report of one test result; its results in their own order."""
    return _Report(document, test, origin).report()


class _Report:
    def __init__(self, document: Document, test: TestResult, origin: Origin) -> None:
        self.document = document
        self.test = test
        self.origin = origin
        self.benchmark = _benchmark(document, test)
        found = _SYSTEM.match(test.system)
        self.tool = test.fact("urn:xccdf:fact:scanner:name") or (found[1] if found else test.system)
        self.version = test.fact("urn:xccdf:fact:scanner:version") or (found[2] or "" if found else "")
        self.is_openscap = _OPENSCAP in test.system.lower() or self.tool.lower() == _OPENSCAP
        if self.is_openscap:
            self.tool = "OpenSCAP"
        self.subject = subject_of(test, origin.path)
        self.unsound = self._unsound()

    def report(self) -> RuleReport:
        content = self.test.fact(CONTENT)
        return RuleReport(
            origin=self.origin,
            subject=self.subject,
            source="openscap" if self.is_openscap else "xccdf",
            tool=printable(self.tool)[:_TITLE],
            tool_version=printable(self.version)[:_TITLE],
            benchmark=printable(self.test.benchmark or self.benchmark.id)[:_TITLE],
            benchmark_title="" if _is_of_cis(self.benchmark) else printable(self.benchmark.title)[:_TITLE],
            edition=printable(self.benchmark.version or self.test.version)[:_TITLE],
            profile=printable(plain(self.test.profile))[:_TITLE],
            target=target_of(self.test),
            started=printable(self.test.started)[:_TITLE],
            ended=printable(self.test.ended)[:_TITLE],
            by_person=False,
            person="",
            unsound=self.unsound,
            content_sha256=content if _SHA256.fullmatch(content) else "",
            results=tuple(self._result(result) for result in self.test.results),
            not_selected=self.test.not_selected,
            stig_edition=self._stig_edition(),
        )

    def _stig_edition(self) -> str:
        """The release of a STIG that the profile states as its version; empty text for any other version."""
        stated = self.benchmark.releases.get(self.test.profile, "")
        return stated if _RELEASE.fullmatch(stated) else ""

    # -- the whole -------------------------------------------------------------------------------------------

    def _unsound(self) -> str:
        """Why nothing in it counts, in words; empty text for a sound run."""
        told = self.test.fact(UNSOUND)
        if told:
            return printable(told)[:_REASON]
        if self.test.system.startswith(TEST_SYSTEM):
            return OURS
        said = [result.said for result in self.test.results]
        if not said:
            return "no rule was selected: no profile was named, or one without rules"
        if not self.test.ended:
            return "the run has no end: it broke off, or is still under way"
        if wrong := self._wrong_system():
            return wrong
        if all(word == "notapplicable" for word in said):
            return (
                f"every one of the {len(said):,} selected rules was found not applicable, as happens when the target "
                "is empty, missing, or of another operating system than the content is for"
            )
        if not any(_OUTCOMES.get(word) in (Outcome.PASS, Outcome.FAIL) for word in said):
            return (
                f"not one of the {len(said):,} selected rules passed or failed: nothing shows that the target was read"
            )
        if self.document.seen.systems and not self.document.seen.found:
            return (
                "not a single file or package was found in the target while it was evaluated, as in an empty folder, "
                "where every rule passes that asks for something to be absent"
            )
        return ""

    def _wrong_system(self) -> str:
        systems = [one for one in self.benchmark.platforms if xccdf_platforms.is_system(one)]
        if not self.is_openscap or not systems or any(one in self.test.platforms for one in self.benchmark.platforms):
            return ""
        return (
            f"the content is for {printable(systems[0])[:_MESSAGE]}, and the target was not found to be that: another "
            "operating system, or an empty or missing root"
        )

    # -- each rule -------------------------------------------------------------------------------------------

    def _result(self, result: RuleOutcome) -> RuleResult:
        rule = self.benchmark.rules.get(result.rule, _NO_RULE)
        outcome, reason = self._judged(result, rule)
        if self.unsound and outcome is not Outcome.ERROR:
            outcome = Outcome.NOT_CHECKED
        hidden = is_cis(result.rule)
        return RuleResult(
            rule=printable(plain(result.rule))[:_TITLE],
            title="" if hidden else printable(rule.title)[:_TITLE],
            severity=_SEVERITIES.get(result.severity or rule.severity, Severity.MEDIUM),
            outcome=outcome,
            said=printable(result.said)[:40] or "nothing",
            reason=reason[:_REASON],
            references=self._references(result, rule),
            fix="" if hidden else rule.fix[:_FIX],
            at=f"/rule-result/{result.number}",
        )

    def _references(self, result: RuleOutcome, rule: Rule) -> tuple[Reference, ...]:
        found = {*rule.references, *result.references, *references_of(rule, result.rule)}
        item = cis_item(self.benchmark.id or self.test.benchmark, result.rule)
        if item is not None:
            found.add(item)
        return tuple(sorted(found, key=lambda one: (one.system.value, one.value, one.framework, one.edition)))

    def _judged(self, result: RuleOutcome, rule: Rule) -> tuple[Outcome, str]:
        outcome = _OUTCOMES.get(result.said)
        if outcome is None:
            return Outcome.ERROR, f"{printable(result.said)[:40]!r} is no result that XCCDF knows"
        if changed := next((one for one in result.overrides if _hides(one, outcome)), None):
            return Outcome.NOT_CHECKED, _overridden(changed)
        if outcome is Outcome.NOT_APPLICABLE:
            return self._not_applicable(rule, result)
        if outcome is not Outcome.NOT_CHECKED and (doubt := self._doubt(result)):
            return Outcome.NOT_CHECKED, _sentence([doubt])
        return outcome, _sentence(self._told(result, outcome))

    def _doubt(self, result: RuleOutcome) -> str:
        """Why what the tool found is not known to hold of this target; empty text where nothing speaks against it."""
        if _SCRIPTS in result.checks and self.subject.type is SubjectType.IMAGE:
            return (
                "a script of the content decided it, and scripts look at the machine that they run on, not at an image"
            )
        if self.test.fact(OWNERS) == "lost" and _OF_OWNERS.search(result.rule):
            return "it is about owners of files, and whoever unpacked the image was not root, so that owners were lost"
        return ""

    def _not_applicable(self, rule: Rule, result: RuleOutcome) -> tuple[Outcome, str]:
        """With the platform that is not there as its reason; without one nothing proves it."""
        missing = xccdf_platforms.missing(rule.platforms, self.test.platforms)
        if not missing:
            told = _messages(result)
            words = "the tool says that it does not apply, and nothing in the document says why"
            return Outcome.NOT_CHECKED, _sentence([f"{words}; {told}" if told else words])
        if xccdf_platforms.DECLARED in missing:
            told = printable(rule.rationale)
            return Outcome.NOT_APPLICABLE, _sentence([f"its content declares it not applicable: {told or 'no reason'}"])
        why = printable(xccdf_platforms.words(missing))
        if self._forgets_packages() and any(xccdf_platforms.is_package(one) for one in missing):
            return Outcome.NOT_CHECKED, _sentence(
                [
                    f"{why}; OpenSCAP {printable(self.version)[:20]} forgets packages of Debian and Ubuntu when it may "
                    "write into the root that it looks at, and nothing shows that it could not: collect with "
                    "`compliance collect stig`, or use 1.3.10 or newer"
                ]
            )
        return Outcome.NOT_APPLICABLE, _sentence([why])

    def _forgets_packages(self) -> bool:
        if not self.is_openscap or self.test.fact(READ_ONLY) == "true":
            return False
        number = re.match(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", self.version)
        systems = " ".join((self.benchmark.id, *self.benchmark.platforms))
        if _DPKG.search(systems) is None:
            return False
        return number is None or tuple(int(one) for one in number.groups()) < _SOUND_DPKG

    def _told(self, result: RuleOutcome, outcome: Outcome) -> list[str]:
        """What there is to say of a result: messages, the definition that decided, what it saw."""
        parts = [told] if (told := _messages(result)) else []
        names = ", ".join(printable(name)[:_MESSAGE] for name in result.checks[:_TESTS_TOLD])
        match outcome:
            case Outcome.PASS:
                parts.append(f"{names} holds" if names else "the report gives no details")
                if result.said == "fixed":
                    parts.append("it did not hold at first, and the tool itself changed the target")
            case Outcome.FAIL:
                parts.append(f"{names} does not hold" if names else "the report gives no details")
                parts += self._details(result)
            case Outcome.ERROR:
                parts.append(f"the tool could not evaluate {names or 'it'}")
            case _:
                parts += [] if parts else ["a person has to look: no automated check of it was run"]
        return parts

    def _details(self, result: RuleOutcome) -> Iterator[str]:
        """What the tests that did not hold looked at, of the first of them."""
        seen = self.document.seen
        tests = list(dict.fromkeys(test for name in result.checks for test in tests_of(seen.definitions, name)))
        for test in tests[:_TESTS_TOLD]:
            items = [seen.items[number] for number in seen.tests.get(test, ()) if seen.items.get(number)]
            if items:
                more = " and more" if len(items) > _ITEMS_TOLD else ""
                yield f"seen: {'; '.join(items[:_ITEMS_TOLD])}{more}"
            else:
                yield f"nothing was found that {printable(test)[:_MESSAGE]} looks for"
        if len(tests) > _TESTS_TOLD:
            yield f"{len(tests) - _TESTS_TOLD:,} more tests of it do not hold"


_NO_RULE = Rule()


def _benchmark(document: Document, test: TestResult) -> Benchmark:
    """The benchmark beside the results that they are of; an empty one where there is none."""
    found = document.benchmarks.get(test.benchmark)
    if found is None and len(document.benchmarks) == 1 and not test.benchmark:
        found = next(iter(document.benchmarks.values()))
    return found or Benchmark(id=test.benchmark)


def _is_of_cis(benchmark: Benchmark) -> bool:
    return "cisecurity" in benchmark.id


def _hides(override: Override, now: Outcome) -> bool:
    """Whether somebody made something better than the tool had found it."""
    return _OUTCOMES.get(override.old) in (Outcome.FAIL, Outcome.ERROR) and now is not _OUTCOMES.get(override.old)


def _overridden(override: Override) -> str:
    who = printable(override.authority)[:_MESSAGE] or "somebody"
    when = f" on {printable(override.time)[:40]}" if override.time else ""
    return _sentence(
        [
            f"the tool found {printable(override.old)[:40]}, and {who} changed that to "
            f"{printable(override.new)[:40]}{when}; a person must say whether that stands"
        ]
    )


def _messages(result: RuleOutcome) -> str:
    return "; ".join(printable(message)[:_MESSAGE] for message in result.messages[:_TESTS_TOLD] if message)


def _sentence(parts: list[str]) -> str:
    text = "; ".join(part.rstrip(". ") for part in parts if part)
    return f"{text}." if text else ""
