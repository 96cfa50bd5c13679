"""What is kept of an XCCDF document while it is read: benchmarks with their rules, test results, caps on both."""

from __future__ import annotations

from dataclasses import dataclass, field

from compliance.errors import EvidenceError
from compliance.model.rule_report import Reference

#: Rules of one document, and results of one; the largest published content has some 1,700.
MAX_RULES = 50_000
MAX_RESULTS = 200_000
#: Test results of one document.
MAX_TEST_RESULTS = 1_000
#: References that are kept of one rule: the most seen of the kinds that we know are 40.
MAX_REFERENCES = 200
#: Levels of groups with platforms, and platforms at each.
MAX_PLATFORMS = 200
#: Messages, checks and overrides that are kept of one result.
MAX_SAID = 20
#: Facts, and platforms, that are kept of a test result.
MAX_FACTS = 2_000
#: Characters that are kept of a text of the document.
TEXT_KEPT = 2_000


@dataclass(slots=True)
class Rule:
    """A rule of a benchmark. `platforms` has a level for each group around it and for itself, outermost first:
    at each level one of its platforms must be there. `group` and `group_title` are those of the innermost group.
    """

    title: str = ""
    severity: str = ""
    version: str = ""
    fix: str = ""
    rationale: str = ""
    group: str = ""
    group_title: str = ""
    references: list[Reference] = field(default_factory=list)
    platforms: tuple[tuple[str, ...], ...] = ()


@dataclass(slots=True)
class Group:
    id: str = ""
    title: str = ""
    platforms: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Benchmark:
    """A benchmark as it stands beside its results. `platforms` are those that the whole of it is for, `profiles` the
    ids of its selections of rules, `releases` what those say their version is, by id."""

    id: str = ""
    title: str = ""
    version: str = ""
    platforms: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    releases: dict[str, str] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)


@dataclass(slots=True)
class Override:
    """A result that somebody changed by hand."""

    authority: str = ""
    time: str = ""
    old: str = ""
    new: str = ""


@dataclass(slots=True)
class RuleOutcome:
    """A `rule-result` as written; `number` is its place among all of the document, `checks` are names of OVAL
    definitions, of another check system its address."""

    rule: str
    number: int
    severity: str = ""
    said: str = ""
    messages: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)


@dataclass(slots=True)
class TestResult:
    """A `TestResult` as written. `platforms` are those that were found to be there."""

    __test__ = False  # no test, whatever its name tells pytest

    number: int = 0
    started: str = ""
    ended: str = ""
    version: str = ""
    system: str = ""
    benchmark: str = ""
    benchmark_title: str = ""
    profile: str = ""
    targets: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    platforms: set[str] = field(default_factory=set)
    results: list[RuleOutcome] = field(default_factory=list)
    not_selected: int = 0

    def fact(self, name: str) -> str:
        """The first fact of a name; empty text where there is none."""
        return next((value for found, value in self.facts if found == name), "")


@dataclass(slots=True)
class Seen:
    """What OVAL collected for the definitions of failed rules.

    `definitions` are names of tests (or of further definitions) that did not hold, by definition; `tests` the items
    of a test; `items` what is told of one. `found` counts everything that was found of the file system or its
    packages, `systems` the OVAL results that were read.
    """

    definitions: dict[str, list[str]] = field(default_factory=dict)
    tests: dict[str, list[str]] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    found: int = 0
    systems: int = 0


@dataclass(slots=True)
class Document:
    """All that is kept of one document. `nameless` counts results that name no rule; `tailored` has the profiles of a
    tailoring file."""

    root: str = ""
    benchmarks: dict[str, Benchmark] = field(default_factory=dict)
    tests: list[TestResult] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    tailored: Benchmark = field(default_factory=Benchmark)
    nameless: int = 0
    nameless_line: int = 0


def capped(length: int, cap: int, what: str) -> None:
    """Refuse a document that holds more than its cap of something.

    Raises:
        EvidenceError: it does; `what` is named.
    """
    if length >= cap:
        raise EvidenceError(f"more than {cap:,} {what}, above the limit for one document")
