"""What is done at the start and end of each XCCDF element that we read; the document's parts are filled."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from compliance.evidence.rules.xccdf_parts import (
    MAX_FACTS,
    MAX_PLATFORMS,
    MAX_REFERENCES,
    MAX_RESULTS,
    MAX_RULES,
    MAX_SAID,
    MAX_TEST_RESULTS,
    TEXT_KEPT,
    Benchmark,
    Document,
    Group,
    Override,
    Rule,
    RuleOutcome,
    TestResult,
    capped,
)
from compliance.evidence.rules.xccdf_references import by_shape, plain, publisher, reference
from compliance.model.rule_report import Reference

#: The check system whose details are in the document. Source: XCCDF 1.2, section 6.4.4.4.
_OVAL = "http://oval.mitre.org/XMLSchema/oval-definitions-5"
_NOT_SELECTED = "notselected"
#: Characters of a rationale that are kept, for rules that their own content declares not applicable.
_RATIONALE = 300
#: Attributes are cut at this length: ids and times.
_ATTRIBUTE = 512

Keep = Callable[[str], None]


class Elements:
    """The handlers by local name. `depth` is that of the element at hand; one within a rule counts when it stands
    right below it, so that texts of values, profiles and fixes are not taken for the rule's own."""

    def __init__(self, document: Document, parser: expat.XMLParserType) -> None:
        self.depth = 0
        self.starts: dict[str, Callable[[dict[str, str]], None]] = {
            "Benchmark": self._benchmark,
            "Group": self._group,
            "Rule": self._rule,
            "Profile": self._profile,
            "TestResult": self._test,
            "rule-result": self._result,
            "override": self._override,
            "benchmark": self._of_benchmark,
            "profile": self._of_profile,
            "platform": self._platform,
            "check": self._check,
            "check-content-ref": self._check_content,
            "reference": self._reference,
            "ident": self._reference,
            "title": self._title,
            "version": self._version,
            "fixtext": self._fix,
            "rationale": self._rationale,
            "target": self._target,
            "fact": self._fact,
            "result": self._said,
            "message": self._message,
            "old-result": self._old,
            "new-result": self._new,
        }
        self.ends: dict[str, Callable[[], None]] = {
            "Benchmark": self._benchmark_end,
            "Group": self._group_end,
            "Rule": self._rule_end,
            "TestResult": self._test_end,
            "rule-result": self._result_end,
            "override": self._override_end,
        }
        for name in _WITH_TEXT:
            self.ends[name] = self._text_end
        self._document = document
        self._parser = parser
        self._benchmark_now: Benchmark | None = None
        #: Profiles of a tailoring file, which stand in no benchmark.
        self._tailored = document.tailored
        self._groups: list[Group] = []
        #: Depth of the profile that was opened last.
        self._profile_at = 0
        self._rule_now: Rule | None = None
        self._test_now: TestResult | None = None
        self._result_now: RuleOutcome | None = None
        self._override_now: Override | None = None
        #: Depths of the benchmark, group, rule, result, and override that are open.
        self._open: list[int] = []
        self._system = ""
        self._results = 0
        self._rules = 0
        self._keep: Keep | None = None
        self._text: list[str] = []
        self._length = 0

    # -- what holds others -----------------------------------------------------------------------------------

    def _benchmark(self, attributes: dict[str, str]) -> None:
        capped(len(self._document.benchmarks), MAX_TEST_RESULTS, "benchmarks")
        self._benchmark_now = Benchmark(id=attributes.get("id", "")[:_ATTRIBUTE])
        self._document.benchmarks.setdefault(self._benchmark_now.id, self._benchmark_now)
        self._groups = []
        self._opened()

    def _benchmark_end(self) -> None:
        self._benchmark_now = None
        self._closed()

    def _group(self, attributes: dict[str, str]) -> None:
        self._groups.append(Group(id=attributes.get("id", "")[:_ATTRIBUTE]))
        self._opened()

    def _group_end(self) -> None:
        if self._groups:
            self._groups.pop()
        self._closed()

    def _rule(self, attributes: dict[str, str]) -> None:
        self._opened()
        if self._benchmark_now is None:
            return
        capped(self._rules, MAX_RULES, "rules")
        self._rules += 1
        rule = Rule(severity=attributes.get("severity", "")[:_ATTRIBUTE])
        rule.platforms = tuple(tuple(group.platforms) for group in self._groups if group.platforms)
        if self._groups:
            rule.group, rule.group_title = plain(self._groups[-1].id), self._groups[-1].title
        self._rule_now = rule
        self._benchmark_now.rules.setdefault(attributes.get("id", "")[:_ATTRIBUTE], rule)

    def _profile(self, attributes: dict[str, str]) -> None:
        profiles = (self._benchmark_now or self._tailored).profiles
        capped(len(profiles), MAX_TEST_RESULTS, "profiles")
        profiles.append(attributes.get("id", "")[:_ATTRIBUTE])
        self._profile_at = self.depth

    def _rule_end(self) -> None:
        self._rule_now = None
        self._closed()

    def _test(self, attributes: dict[str, str]) -> None:
        capped(len(self._document.tests), MAX_TEST_RESULTS, "test results")
        self._test_now = TestResult(
            number=len(self._document.tests),
            started=attributes.get("start-time", "")[:_ATTRIBUTE],
            ended=attributes.get("end-time", "")[:_ATTRIBUTE],
            version=attributes.get("version", "")[:_ATTRIBUTE],
            system=attributes.get("test-system", "")[:_ATTRIBUTE],
            benchmark=self._benchmark_now.id if self._benchmark_now is not None else "",
        )
        self._document.tests.append(self._test_now)
        self._opened()

    def _test_end(self) -> None:
        self._test_now = None
        self._closed()

    def _result(self, attributes: dict[str, str]) -> None:
        self._opened()
        if self._test_now is None:
            return
        capped(self._results, MAX_RESULTS, "rule results")
        number, self._results = self._results, self._results + 1
        rule = attributes.get("idref", "")[:_ATTRIBUTE]
        self._result_now = RuleOutcome(rule=rule, number=number, severity=attributes.get("severity", "")[:_ATTRIBUTE])
        self._system = ""

    def _result_end(self) -> None:
        result, self._result_now = self._result_now, None
        self._closed()
        if result is None or self._test_now is None:
            return
        if not result.rule:
            self._document.nameless += 1
            self._document.nameless_line = self._document.nameless_line or self._parser.CurrentLineNumber
        elif result.said == _NOT_SELECTED:
            self._test_now.not_selected += 1
        else:
            self._test_now.results.append(result)

    def _override(self, attributes: dict[str, str]) -> None:
        self._opened()
        if self._result_now is not None and len(self._result_now.overrides) < MAX_SAID:
            self._override_now = Override(
                authority=attributes.get("authority", "")[:_ATTRIBUTE], time=attributes.get("time", "")[:_ATTRIBUTE]
            )
            self._result_now.overrides.append(self._override_now)

    def _override_end(self) -> None:
        self._override_now = None
        self._closed()

    def _opened(self) -> None:
        self._open.append(self.depth)

    def _closed(self) -> None:
        if self._open:
            self._open.pop()

    def _below(self) -> bool:
        """Whether the element at hand stands right below what is open."""
        return bool(self._open) and self._open[-1] == self.depth - 1

    # -- without text ----------------------------------------------------------------------------------------

    def _of_benchmark(self, attributes: dict[str, str]) -> None:
        if self._test_now is not None and self._below():
            self._test_now.benchmark = (attributes.get("id") or self._test_now.benchmark)[:_ATTRIBUTE]

    def _of_profile(self, attributes: dict[str, str]) -> None:
        if self._test_now is not None and self._below():
            self._test_now.profile = attributes.get("idref", "")[:_ATTRIBUTE]

    def _platform(self, attributes: dict[str, str]) -> None:
        name = attributes.get("idref", "")[:_ATTRIBUTE]
        if not name or not self._below():
            return
        if self._test_now is not None:
            capped(len(self._test_now.platforms), MAX_FACTS, "platforms")
            self._test_now.platforms.add(name)
        elif self._rule_now is not None:
            self._of_rule(self._rule_now, name)
        elif self._groups:
            capped(len(self._groups[-1].platforms), MAX_PLATFORMS, "platforms of a group")
            self._groups[-1].platforms.append(name)
        elif self._benchmark_now is not None:
            capped(len(self._benchmark_now.platforms), MAX_PLATFORMS, "platforms of a benchmark")
            self._benchmark_now.platforms.append(name)

    def _of_rule(self, rule: Rule, platform: str) -> None:
        """Add a platform to the last level, which is the rule's own."""
        around = sum(1 for group in self._groups if group.platforms)
        own = rule.platforms[around] if len(rule.platforms) > around else ()
        capped(len(own), MAX_PLATFORMS, "platforms of a rule")
        rule.platforms = (*rule.platforms[:around], (*own, platform))

    def _check(self, attributes: dict[str, str]) -> None:
        if self._result_now is not None:
            self._system = attributes.get("system", "")[:_ATTRIBUTE]
            if self._system != _OVAL and len(self._result_now.checks) < MAX_SAID:
                self._result_now.checks.append(self._system)

    def _check_content(self, attributes: dict[str, str]) -> None:
        result = self._result_now
        if result is not None and self._system == _OVAL and len(result.checks) < MAX_SAID:
            name = attributes.get("name", "")[:_ATTRIBUTE]
            if name and name not in result.checks:
                result.checks.append(name)

    # -- with text -------------------------------------------------------------------------------------------

    def _begin(self, keep: Keep) -> None:
        """Keep the text up to the end of the element at hand."""
        self._keep, self._text, self._length = keep, [], 0
        self._parser.CharacterDataHandler = self._more

    def _more(self, text: str) -> None:
        if self._length < TEXT_KEPT:
            self._text.append(text[: TEXT_KEPT - self._length])
            self._length += len(text)

    def _text_end(self) -> None:
        keep, self._keep = self._keep, None
        self._parser.CharacterDataHandler = None
        if keep is not None:
            keep(" ".join("".join(self._text).split()))

    def _reference(self, attributes: dict[str, str]) -> None:
        result, rule = self._result_now, self._rule_now
        into = result.references if result is not None else rule.references if rule is not None else None
        known = publisher(attributes.get("href") or attributes.get("system") or "")
        if into is None or known is None or not self._below():
            return

        def keep(text: str) -> None:
            found = reference(known, text)
            if found is not None and len(into) < MAX_REFERENCES:
                into.append(found)

        self._begin(keep)

    def _title(self, _: dict[str, str]) -> None:
        if not self._below() or self._test_now is not None:
            return
        if self._rule_now is not None:
            self._begin(_setter(self._rule_now, "title"))
        elif self._groups:
            self._begin(_setter(self._groups[-1], "title"))
        elif self._benchmark_now is not None:
            self._begin(_setter(self._benchmark_now, "title"))

    def _version(self, _: dict[str, str]) -> None:
        if self._profile_at == self.depth - 1 and not self._below() and self._test_now is None:
            holder = self._benchmark_now or self._tailored
            if holder.profiles:
                self._begin(lambda text: holder.releases.update({holder.profiles[-1]: text}))
            return
        if not self._below() or self._test_now is not None:
            return
        if self._rule_now is not None:
            self._begin(_setter(self._rule_now, "version"))
        elif self._benchmark_now is not None and not self._groups:
            self._begin(_setter(self._benchmark_now, "version"))

    def _fix(self, _: dict[str, str]) -> None:
        if self._rule_now is not None and self._below():
            self._begin(_setter(self._rule_now, "fix"))

    def _rationale(self, _: dict[str, str]) -> None:
        if self._rule_now is not None and self._below():
            self._begin(_setter(self._rule_now, "rationale", _RATIONALE))

    def _target(self, _: dict[str, str]) -> None:
        test = self._test_now
        if test is not None and self._below() and len(test.targets) < MAX_SAID:
            self._begin(test.targets.append)

    def _fact(self, attributes: dict[str, str]) -> None:
        test, name = self._test_now, attributes.get("name", "")[:_ATTRIBUTE]
        if test is not None and len(test.facts) < MAX_FACTS:
            self._begin(lambda text: test.facts.append((name, text)))

    def _said(self, _: dict[str, str]) -> None:
        if self._result_now is not None and self._below() and self._override_now is None:
            self._begin(_setter(self._result_now, "said"))

    def _message(self, _: dict[str, str]) -> None:
        result = self._result_now
        if result is not None and len(result.messages) < MAX_SAID:
            self._begin(result.messages.append)

    def _old(self, _: dict[str, str]) -> None:
        if self._override_now is not None:
            self._begin(_setter(self._override_now, "old"))

    def _new(self, _: dict[str, str]) -> None:
        if self._override_now is not None:
            self._begin(_setter(self._override_now, "new"))


#: The elements whose text is kept.
_WITH_TEXT = (
    *("reference", "ident", "title", "version", "fixtext", "rationale", "target", "fact", "result"),
    *("message", "old-result", "new-result"),
)


def _setter(part: Benchmark | Group | Rule | RuleOutcome | Override, name: str, most: int = TEXT_KEPT) -> Keep:
    """Sets a text of a part, once: a second title in another language does not take its place."""

    def keep(text: str) -> None:
        if not getattr(part, name):
            setattr(part, name, text[:most])

    return keep


def references_of(rule: Rule, idref: str) -> list[Reference]:
    """References that a rule carries in its own id, its group and its version, as DISA's benchmarks do."""
    name = plain(idref)
    found = [by_shape(name), by_shape(rule.group), by_shape(rule.group_title)]
    if name.startswith("SV-"):
        found.append(by_shape(rule.version))
    return [one for one in found if one is not None]
