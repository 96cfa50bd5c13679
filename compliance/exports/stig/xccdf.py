"""Checklists in, XCCDF 1.2 results out: DISA's benchmark by its id, the asset as the target, one result for each rule.

Whatever another tool called the benchmark and the machine that it ran on, STIG Manager finds both by these two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from compliance.exports.stig.parts import asset_of, group_of, made_at, rule_of, severity_of, short, text
from compliance.model.assessment import Assessment, Exporter, Options, OutputFile
from compliance.model.checklist import TEST_SYSTEM, Checklist, ChecklistRule
from compliance.model.outcome import Outcome

RESULTS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.NOT_APPLICABLE: "notapplicable",
    Outcome.NOT_CHECKED: "notchecked",
    Outcome.ERROR: "error",
}
_NS = "http://checklists.nist.gov/xccdf/1.2"
_CCI = "http://cyber.mil/cci"
#: The check system that our own checks are of.
_SYSTEM = "urn:compliance:checks"
_SPACE = "xccdf_mil.disa.stig_"
#: What an id may not hold. Source: XCCDF 1.2 (NIST IR 7275 r4), section 6.2.3: an NCName.
_NO_ID = re.compile(r"[^A-Za-z0-9._-]")


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """`stig/<asset>--<stig>.xccdf.xml` for each checklist."""
    del options
    for checklist in assessment.checklists:
        path = f"stig/{checklist.stem}.xccdf.xml"
        yield OutputFile(path=path, media_type="application/xml", chunks=_chunks(assessment, checklist))


def _chunks(assessment: Assessment, checklist: Checklist) -> Iterator[bytes]:
    yield from (line.encode() + b"\n" for line in _lines(assessment, checklist))


def _lines(assessment: Assessment, checklist: Checklist) -> Iterator[str]:
    stig, made = checklist.stig, made_at(assessment, checklist)
    benchmark = _id("benchmark", stig.id)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<Benchmark xmlns="{_NS}" id="{benchmark}" resolved="1" xml:lang="en">'
    yield f'<status date="{made[:10]}">incomplete</status>'
    yield _element("title", text(stig.title, 255))
    if stig.release_info:
        yield f'<plain-text id="release-info">{escape(stig.release_info)}</plain-text>'
    yield _element("version", stig.version or "0")
    for rule in checklist.rules:
        yield from _rule(rule)
    yield from _test(assessment, checklist, benchmark, made)
    yield "</Benchmark>"


def _rule(rule: ChecklistRule) -> Iterator[str]:
    yield f'<Group id="{_id("group", group_of(rule))}">'
    yield _element("title", text(rule.srg))
    yield f'<Rule id="{_id("rule", rule_of(rule))}" severity="{severity_of(rule)}" weight="10.0">'
    yield _element("version", short(rule.stig_id, 255) or "-")
    yield _element("title", text(rule.title))
    yield _element("description", text(rule.discussion or rule.check))
    yield from _ccis(rule)
    if rule.fix:
        yield f"<fixtext>{escape(text(rule.fix))}</fixtext>"
    yield "</Rule>"
    yield "</Group>"


def _test(assessment: Assessment, checklist: Checklist, benchmark: str, made: str) -> Iterator[str]:
    tool, edition = assessment.tool, checklist.stig.edition
    name = quoteattr(f"{TEST_SYSTEM}{tool.version}")
    version = f" version={quoteattr(edition)}" if edition else ""
    stem = _id("testresult", checklist.stem)
    yield f'<TestResult id="{stem}" start-time="{made}" end-time="{made}" test-system={name}{version}>'
    yield f'<benchmark href="{benchmark}" id="{benchmark}"/>'
    yield from (f"<remark>{escape(text(remark))}</remark>" for remark in checklist.remarks)
    yield _element("target", asset_of(checklist))
    yield "<target-facts>"
    if checklist.image:
        yield _fact("urn:compliance:fact:image:config-digest", short(checklist.image, 255))
    yield _fact("urn:xccdf:fact:scanner:name", tool.name)
    yield _fact("urn:xccdf:fact:scanner:version", tool.version)
    yield "</target-facts>"
    for rule in checklist.rules:
        yield from _result(rule, made)
    counts = Counter(rule.outcome for rule in checklist.rules)
    asked = sum(counts.values()) - counts[Outcome.NOT_APPLICABLE]
    # The schema asks for a score; this one counts rules that hold, of those that apply.
    maximum = f'maximum="{asked}"' if asked else 'maximum="1"'
    yield f'<score system="urn:xccdf:scoring:flat-unweighted" {maximum}>{counts[Outcome.PASS]}</score>'
    yield "</TestResult>"


def _result(rule: ChecklistRule, made: str) -> Iterator[str]:
    yield (
        f'<rule-result idref="{_id("rule", rule_of(rule))}" time="{made}" severity="{severity_of(rule)}" weight="10.0">'
    )
    yield _element("result", RESULTS[rule.outcome])
    yield from _ccis(rule)
    yield f'<message severity="info">{escape(text(rule.comments.partition(chr(10))[0]))}</message>'
    # Where STIG Manager reads both texts of a review; other clients read the message.
    yield f'<check system="{_SYSTEM}"><check-content>'
    yield f'<detail xmlns="{_SYSTEM}">{escape(text(rule.details))}</detail>'
    yield f'<comment xmlns="{_SYSTEM}">{escape(text(rule.comments))}</comment>'
    yield "</check-content></check>"
    yield "</rule-result>"


def _ccis(rule: ChecklistRule) -> Iterator[str]:
    yield from (f'<ident system="{_CCI}">{escape(short(cci, 45))}</ident>' for cci in rule.ccis)


def _id(kind: str, name: str) -> str:
    """An id in DISA's name space."""
    return f"{_SPACE}{kind}_{_NO_ID.sub('-', name) or 'unnamed'}"


def _fact(name: str, value: str) -> str:
    return f'<fact name="{name}" type="string">{escape(value)}</fact>'


def _element(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"


EXPORTER = Exporter(id="xccdf", title="stig/*.xccdf.xml, results by DISA's benchmarks", write=write)
