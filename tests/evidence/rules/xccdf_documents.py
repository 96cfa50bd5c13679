"""XCCDF results and ARF as OpenSCAP writes them, in small: the rules, results and OVAL details that a test names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from compliance.errors import EvidenceError
from compliance.evidence.rules.xccdf import READER
from compliance.model.reader import Slice
from compliance.model.rule_report import RuleReport

DEBIAN = "cpe:/o:debian:debian_linux:11"
DIGEST = "sha256:" + "a" * 64
_RULE = "xccdf_org.ssgproject.content_rule_"
_OVAL = "http://oval.mitre.org/XMLSchema/oval-definitions-5"


@dataclass(kw_only=True)
class RuleText:
    """A rule and its result; `inside` is XML of the rule, `said` empty for no result, `more` XML of the result."""

    name: str
    said: str = "pass"
    title: str = "A title"
    references: Sequence[tuple[str, str]] = ()
    platforms: Sequence[str] = ()
    inside: str = ""
    check: bool = True
    message: str = ""
    more: str = ""
    severity: str = "medium"

    def definition(self) -> str:
        references = "".join(
            f"<reference href={quoteattr(address)}>{escape(value)}</reference>" for address, value in self.references
        )
        platforms = "".join(f"<platform idref={quoteattr(one)}/>" for one in self.platforms)
        return (
            f'<Rule id="{_RULE}{self.name}" severity="{self.severity}"><title>{escape(self.title)}</title>'
            f"{references}{platforms}{self.inside}</Rule>\n"
        )

    def result(self) -> str:
        check = (
            f'<check system="{_OVAL}"><check-content-ref name="oval:x-{self.name}:def:1" href="#oval0"/></check>'
            if self.check
            else ""
        )
        message = f'<message severity="info">{escape(self.message)}</message>' if self.message else ""
        return (
            f'<rule-result idref="{_RULE}{self.name}" role="full" time="2026-11-22T07:45:44+00:00" '
            f'severity="{self.severity}"><result>{self.said}</result>{self.more}{message}{check}</rule-result>\n'
        )


@dataclass(kw_only=True)
class Run:
    """A run of OpenSCAP: what its documents say beside the rules."""

    rules: Sequence[RuleText]
    there: Sequence[str] = (DEBIAN,)
    systems: Sequence[str] = (DEBIAN,)
    facts: Mapping[str, str] = field(
        default_factory=lambda: {"urn:xccdf:fact:identifier": f"image://registry.example/app@{DIGEST}"}
    )
    target: str = "scanner"
    ended: str = 'end-time="2026-11-22T07:45:46+00:00"'
    version: str = "1.4.2"
    group: str = ""
    benchmark_id: str = "xccdf_org.ssgproject.content_benchmark_DEBIAN-11"

    def benchmark(self, inside: str = "") -> str:
        systems = "".join(f"<platform idref={quoteattr(one)}/>" for one in self.systems)
        rules = "".join(rule.definition() for rule in self.rules)
        return (
            f'<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="{self.benchmark_id}">'
            f"<title>Guide to Debian 11</title>{systems}<version>0.1.65</version>"
            f'<Group id="xccdf_org.ssgproject.content_group_system"><title>System</title>{self.group}\n{rules}</Group>'
            f"{inside}</Benchmark>"
        )

    def test_result(self) -> str:
        facts = "".join(f"<fact name={quoteattr(name)}>{escape(value)}</fact>" for name, value in self.facts.items())
        there = "".join(f"<platform idref={quoteattr(one)}/>" for one in self.there)
        results = "".join(rule.result() for rule in self.rules if rule.said)
        return (
            '<TestResult xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.open-scap_testresult_p" '
            f'start-time="2026-11-22T07:45:44+00:00" {self.ended} version="0.1.65" '
            f'test-system="cpe:/a:redhat:openscap:{self.version}">'
            f'<benchmark href="#x" id="{self.benchmark_id}"/><title>OSCAP Scan Result</title>'
            '<profile idref="xccdf_org.ssgproject.content_profile_standard"/>'
            f"<target>{self.target}</target><target-facts>{facts}</target-facts>{there}\n{results}</TestResult>"
        )

    def xccdf(self) -> bytes:
        return f"<?xml version='1.0'?>\n{self.benchmark(self.test_result())}".encode()

    def arf(self, oval: str = "") -> bytes:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<arf:asset-report-collection '
            'xmlns:arf="http://scap.nist.gov/schema/asset-reporting-format/1.1"><arf:report-requests>'
            f"<arf:content>{self.benchmark()}</arf:content></arf:report-requests><arf:reports>"
            f'<arf:report id="xccdf1"><arf:content>{self.test_result()}</arf:content></arf:report>'
            f'<arf:report id="oval0"><arf:content>{oval}</arf:content></arf:report>'
            "</arf:reports></arf:asset-report-collection>"
        ).encode()


def oval(definitions: str, tests: str, items: str) -> str:
    """OVAL results with these definitions, tests and collected items."""
    return (
        '<oval_results xmlns="http://oval.mitre.org/XMLSchema/oval-results-5"><results><system>'
        f"<definitions>{definitions}</definitions><tests>{tests}</tests>"
        '<oval_system_characteristics xmlns="http://oval.mitre.org/XMLSchema/oval-system-characteristics-5" '
        'xmlns:ind="http://oval.mitre.org/XMLSchema/oval-system-characteristics-5#independent" '
        'xmlns:unix="http://oval.mitre.org/XMLSchema/oval-system-characteristics-5#unix">'
        f"<system_data>{items}</system_data></oval_system_characteristics></system></results></oval_results>"
    )


def read(data: bytes, path: str = "arf.xml") -> list[RuleReport | EvidenceError]:
    """What the reader gives of a document."""
    whole = Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)
    found: list[RuleReport | EvidenceError] = []
    for one in READER.read(data, whole, path, "0" * 64):
        assert isinstance(one, RuleReport | EvidenceError)
        found.append(one)
    return found


def report(data: bytes, path: str = "arf.xml") -> RuleReport:
    """The one report of a document that is read without trouble."""
    (found,) = read(data, path)
    assert isinstance(found, RuleReport), found
    return found


def trouble(data: bytes) -> EvidenceError:
    """The one trouble of a document that gives no report."""
    (found,) = read(data)
    assert isinstance(found, EvidenceError)
    return found
