"""XCCDF results and ARF: recognised by content, read in one pass, hostile ones refused with the cap named."""

from __future__ import annotations

import gzip
import io
import random
import re
import time
import tracemalloc

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.rules import xccdf, xccdf_parsing, xccdf_parts
from compliance.model.evidence import SubjectType
from compliance.model.outcome import Outcome, Severity
from compliance.model.reader import Slice
from compliance.model.rule_report import Reference, RefersTo
from tests.evidence.rules.xccdf_documents import DIGEST, RuleText, Run, oval, read, report, trouble

_CYBER = "https://public.cyber.mil/stigs"


@pytest.mark.parametrize(
    "head",
    [
        Run(rules=[]).arf(),
        Run(rules=[]).xccdf(),
        b"\xef\xbb\xbf<!-- a --><?xml-stylesheet x?>" + Run(rules=[]).test_result().encode(),
        b'<cdf:Benchmark xmlns:cdf="http://checklists.nist.gov/xccdf/1.1" id="x">',
        b'<!DOCTYPE x [<!ENTITY a "b">]><TestResult xmlns="http://checklists.nist.gov/xccdf/1.2">',
    ],
    ids=["arf", "benchmark", "test-result", "xccdf-1.1", "doctype"],
)
def test_known_by_its_first_element(head: bytes) -> None:
    """ARF collections, test results and benchmarks of XCCDF 1.1 and 1.2 are known, whatever stands before."""
    assert xccdf.identify(head[: 64 * 1024])


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"{}",
        b'<TestResult xmlns="http://example.org/">',
        b'<data-stream-collection xmlns="http://scap.nist.gov/schema/scap/source/1.2">',
        b'<!-- <TestResult xmlns="http://checklists.nist.gov/xccdf/1.2"> --><html/>',
        b'<CHECKLIST><x a="http://checklists.nist.gov/xccdf/1.2"/></CHECKLIST>',
    ],
)
def test_nothing_else_is_taken_for_one(head: bytes) -> None:
    """Checklists, content without results, and words in a comment are other readers' or nobody's."""
    assert not xccdf.identify(head)


def test_a_run_on_an_image() -> None:
    """Times, versions, profile and target are those of the document; the subject is the image by its digest."""
    found = report(Run(rules=[RuleText(name="a"), RuleText(name="b", said="notselected")]).arf())
    assert (found.source, found.tool, found.tool_version) == ("openscap", "OpenSCAP", "1.4.2")
    assert (found.benchmark_title, found.edition, found.profile) == ("Guide to Debian 11", "0.1.65", "standard")
    assert (found.started, found.ended) == ("2026-11-22T07:45:44+00:00", "2026-11-22T07:45:46+00:00")
    assert found.target == f"image://registry.example/app@{DIGEST}"
    assert (found.subject.id, found.subject.type, found.subject.digest) == (
        f"image/{DIGEST}",
        SubjectType.IMAGE,
        DIGEST,
    )
    assert found.unsound == ""
    assert [result.rule for result in found.results] == ["a"]
    assert found.not_selected == 1


@pytest.mark.parametrize(
    ("facts", "target", "path", "subject"),
    [
        ({"urn:xccdf:fact:identifier": "podman-image://reg.example/app:1"}, "vm", "a.xml", "image/reg.example/app:1"),
        ({"urn:xccdf:fact:identifier": "docker-container://web"}, "vm", "a.xml", "container/web"),
        ({"urn:compliance:fact:image:config-digest": DIGEST}, "vm", "a.xml", f"image/{DIGEST}"),
        ({"urn:compliance:fact:image:config-digest": "sha256:no"}, "vm", "a.xml", "host/vm"),
        ({"urn:xccdf:fact:identifier": "sha256:" + "a" * 65}, "vm", "a.xml", "host/sha256:" + "a" * 65),
        ({}, "node-1", "a.xml", "host/node-1"),
        ({}, "node-1", "x/compliance-host-n2/a.xml", "host/n2"),
        ({}, "unknown", "a.xml", "host-of/a.xml"),
    ],
)
def test_whose_results_they_are(facts: dict[str, str], target: str, path: str, subject: str) -> None:
    """What the tool was told of its target decides; its own machine's name is the last resort."""
    found = report(Run(rules=[RuleText(name="a")], facts=facts, target=target).xccdf(), path)
    assert found.subject.id == subject


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("pass", Outcome.PASS),
        ("fixed", Outcome.PASS),
        ("fail", Outcome.FAIL),
        ("notchecked", Outcome.NOT_CHECKED),
        ("informational", Outcome.NOT_CHECKED),
        ("notapplicable", Outcome.NOT_CHECKED),
        ("error", Outcome.ERROR),
        ("unknown", Outcome.ERROR),
        ("passed", Outcome.ERROR),
        ("", Outcome.ERROR),
    ],
)
def test_words_of_results(said: str, outcome: Outcome) -> None:
    """Only pass and fixed pass; a word that XCCDF does not know is an error, and so is none at all."""
    data = Run(rules=[RuleText(name="a"), RuleText(name="b", said="X")]).xccdf()
    found = report(data.replace(b"<result>X", f"<result>{said}".encode()))
    assert found.results[1].outcome is outcome
    assert found.results[1].reason.endswith(".") or outcome is Outcome.ERROR


def test_references_are_told_apart_by_address_and_shape() -> None:
    """Each list that we know, with the revision its address says; others and malformed ids are left out."""
    rule = RuleText(
        name="a",
        references=[
            (f"{_CYBER}/cci/", "CCI-000366"),
            (f"{_CYBER}/cci/", "CCI-1"),
            (f"{_CYBER}/downloads/?_dl_facet_stigs=operating-systems%2Cgeneral-purpose-os", "SRG-OS-000480-GPOS-00227"),
            (f"{_CYBER}/downloads/?_dl_facet_stigs=container-platform", "SRG-APP-000516-CTR-001325"),
            (f"{_CYBER}/downloads/?_dl_facet_stigs=operating-systems%2Cunix-linux", "UBTU-22-411035"),
            (f"{_CYBER}/srg-stig-tools/", "SV-260547r986282_rule"),
            ("https://www.cyber.mil/stigs/srg-stig-tools/", "SV-260548r986282_rule"),
            ("http://iase.disa.mil/stigs/Pages/stig-viewing-guidance.aspx", "SV-260549r986282_rule"),
            ("http://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-53r4.pdf", "IA-5(1)(d)"),
            ("https://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-53r5.pdf", "AC-6(10)"),
            ("http://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-171.pdf", "3.5.6"),
            ("https://www.cisecurity.org/benchmark/kubernetes/", "5.2.1"),
            ("https://notcyber.mil.example/", "CCI-000367"),
        ],
        inside='<ident system="http://cyber.mil/cci">CCI-000015</ident><ident system="https://nvd.nist.gov/cce">CCE-1</ident>',
    )
    found = report(Run(rules=[rule]).xccdf()).results[0].references
    assert [(one.system, one.value) for one in found] == [
        (RefersTo.CCI, "CCI-000015"),
        (RefersTo.CCI, "CCI-000366"),
        (RefersTo.NIST_800_53_R4, "IA-5(1)(d)"),
        (RefersTo.NIST_800_53_R5, "AC-6(10)"),
        (RefersTo.SRG, "SRG-APP-000516-CTR-001325"),
        (RefersTo.SRG, "SRG-OS-000480-GPOS-00227"),
        (RefersTo.STIG_ID, "UBTU-22-411035"),
        (RefersTo.STIG_RULE, "SV-260547r986282_rule"),
        (RefersTo.STIG_RULE, "SV-260548r986282_rule"),
        (RefersTo.STIG_RULE, "SV-260549r986282_rule"),
    ]


def test_a_benchmark_of_disa_names_its_ids_itself() -> None:
    """Rule id, group id and title, and version of a STIG's rule are references; SCC is not OpenSCAP."""
    data = b"""<cdf:Benchmark xmlns:cdf="http://checklists.nist.gov/xccdf/1.2"
    id="xccdf_mil.disa.stig_benchmark_RHEL_8_STIG">
    <cdf:title>RHEL 8 STIG</cdf:title><cdf:version>002.002</cdf:version>
    <cdf:Group id="xccdf_mil.disa.stig_group_V-230221"><cdf:title>SRG-OS-000480-GPOS-00227</cdf:title>
    <cdf:Rule id="xccdf_mil.disa.stig_rule_SV-230221r858734_rule" severity="high">
    <cdf:version>RHEL-08-010000</cdf:version>
    <cdf:title>RHEL 8 must be supported.</cdf:title><cdf:fixtext fixref="F-1">Upgrade.</cdf:fixtext></cdf:Rule>
    </cdf:Group><cdf:TestResult id="t" start-time="2026-01-01T00:00:00" end-time="2026-01-01T00:01:00"
    test-system="cpe:/a:spawar:scc:5.10">
    <cdf:target>web1</cdf:target>
    <cdf:rule-result idref="xccdf_mil.disa.stig_rule_SV-230221r858734_rule" severity="high">
    <cdf:result>pass</cdf:result>
    <cdf:ident system="http://cyber.mil/cci">CCI-000366</cdf:ident></cdf:rule-result></cdf:TestResult></cdf:Benchmark>"""
    found = report(data)
    assert (found.source, found.tool, found.tool_version, found.subject.id) == ("xccdf", "scc", "5.10", "host/web1")
    (result,) = found.results
    assert (result.rule, result.title, result.fix) == ("SV-230221r858734_rule", "RHEL 8 must be supported.", "Upgrade.")
    assert result.severity is Severity.HIGH
    assert [one.value for one in result.references] == [
        "CCI-000366",
        "SRG-OS-000480-GPOS-00227",
        "V-230221",
        "RHEL-08-010000",
        "SV-230221r858734_rule",
    ]


def test_an_item_of_cis_is_named_by_number_alone() -> None:
    """Benchmark, edition and number come from the ids that CIS-CAT writes; its words do not enter the packet."""
    data = b"""<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2"
      id="xccdf_org.cisecurity.benchmarks_benchmark_1.8.0_CIS_Docker_Benchmark"><title>Words of CIS</title>
    <Rule id="xccdf_org.cisecurity.benchmarks_rule_2.2_Words_of_CIS">
    <title>Words of CIS</title>
    <fixtext>Words of CIS</fixtext></Rule>
    <TestResult end-time="x" test-system="cpe:/a:cisecurity:ciscat:4"><target>h</target>
    <rule-result idref="xccdf_org.cisecurity.benchmarks_rule_2.2_Words_of_CIS">
    <result>fail</result></rule-result>
    </TestResult>    </Benchmark>"""
    found = report(data)
    assert "Words" not in repr(found)
    assert found.results[0].references == (Reference(RefersTo.CIS, "2.2", "cis-docker", "1.8.0"),)


def test_a_failure_says_what_was_seen() -> None:
    """The items of the tests that did not hold, also of an extended definition; those that held are left out."""
    details = oval(
        '<definition definition_id="oval:x-a:def:1" result="false"><criteria>'
        '<extend_definition definition_ref="oval:x-b:def:1" result="false"/></criteria></definition>'
        '<definition definition_id="oval:x-b:def:1" result="false"><criteria>'
        '<criterion test_ref="oval:x-1:tst:1" result="false"/><criterion test_ref="oval:x-2:tst:1" result="true"/>'
        '<criterion test_ref="oval:x-3:tst:1" result="false"/></criteria></definition>',
        '<test test_id="oval:x-1:tst:1" result="false"><tested_item item_id="1" result="false"/>'
        '<tested_item item_id="2" result="true"/></test><test test_id="oval:x-3:tst:1" result="false"/>',
        '<unix:file_item id="1" status="exists"><unix:filepath>/var/log/x\n</unix:filepath>'
        "<unix:user_id>0</unix:user_id><unix:uread>true</unix:uread><unix:uwrite>true</unix:uwrite><unix:suid>false</unix:suid></unix:file_item>"
        '<unix:file_item id="2" status="exists"><unix:filepath>/unseen</unix:filepath></unix:file_item>',
    )
    (result,) = report(Run(rules=[RuleText(name="a", said="fail")]).arf(details)).results
    assert result.reason == (
        "oval:x-a:def:1 does not hold; seen: /var/log/x: mode 0600, user id 0; "
        "nothing was found that oval:x-3:tst:1 looks for."
    )


@pytest.mark.parametrize(
    "item",
    [
        "<ind:filepath>/etc/shadow</ind:filepath><ind:text>root:hunter2:1</ind:text>",
        "<ind:filepath>/etc/x</ind:filepath><ind:text>root:$6$hunter2$hunter2:1</ind:text>",
        "<ind:filepath>/etc/x</ind:filepath><ind:text>password = hunter2</ind:text>",
        "<ind:name>DB_PASSWORD</ind:name><ind:value>hunter2</ind:value>",
        "<ind:username>root</ind:username><ind:password>hunter2</ind:password>",
        "<ind:filepath>/etc/x</ind:filepath><ind:text>https://me:hunter2@example.org/</ind:text>",
    ],
)
def test_no_credential_is_told(item: str) -> None:
    """Passwords and their hashes, by file, by name of the field and by shape, stay in the evidence."""
    details = oval(
        '<definition definition_id="oval:x-a:def:1" result="false">'
        '<criterion test_ref="oval:x-1:tst:1" result="false"/></definition>',
        '<test test_id="oval:x-1:tst:1" result="false"><tested_item item_id="1" result="false"/></test>',
        f'<ind:textfilecontent54_item id="1" status="exists">{item}</ind:textfilecontent54_item>',
    )
    (result,) = report(Run(rules=[RuleText(name="a", said="fail")]).arf(details)).results
    assert "hunter2" not in result.reason
    assert "<redacted>" in result.reason


def test_a_failure_that_a_person_overrode_is_no_pass() -> None:
    """The tool's own word is told beside the name of who changed it."""
    override = (
        '<override time="2026-11-01T00:00:00" authority="J. Doe"><old-result>fail</old-result>'
        "<new-result>pass</new-result><remark>fine</remark></override>"
    )
    (result,) = report(Run(rules=[RuleText(name="a", more=override)]).xccdf()).results
    assert result.outcome is Outcome.NOT_CHECKED
    assert "found fail, and J. Doe changed that to pass on 2026-11-01" in result.reason


def test_every_run_of_a_document_is_a_report() -> None:
    """Two test results in one benchmark, each with a place of its own; their rules may disagree, both stand."""
    run = Run(rules=[RuleText(name="a")])
    other = Run(rules=[RuleText(name="a", said="fail")])
    found = read(run.benchmark(run.test_result() + other.test_result()).encode())
    reports = [one for one in found if not isinstance(one, EvidenceError)]
    assert [(one.origin.pointer, one.results[0].outcome, one.results[0].at) for one in reports] == [
        ("/TestResult/0", Outcome.PASS, "/rule-result/0"),
        ("/TestResult/1", Outcome.FAIL, "/rule-result/1"),
    ]


def test_results_of_no_rule_are_told_and_hide_no_other() -> None:
    """A rule-result without idref is trouble; those with one are reported."""
    data = Run(rules=[RuleText(name="a")]).xccdf().replace(b"</TestResult>", b"<rule-result/></TestResult>")
    found, wrong = read(data)
    assert not isinstance(found, EvidenceError)
    assert len(found.results) == 1
    assert isinstance(wrong, EvidenceError)
    assert "no idref" in wrong.message


def test_the_same_rule_twice_gives_two_results() -> None:
    """Several instances of one rule each keep their outcome; none takes the place of another."""
    found = report(Run(rules=[RuleText(name="a"), RuleText(name="a", said="fail")]).xccdf())
    assert [result.outcome for result in found.results] == [Outcome.PASS, Outcome.FAIL]


def test_the_line_of_a_result_is_found() -> None:
    """By its number among all of the document; any other pointer is the beginning."""
    data = Run(rules=[RuleText(name="a"), RuleText(name="b", said="fail")]).xccdf()
    found = report(data)
    lines = xccdf.locate(data, 1, [found.results[1].at, "", found.results[0].at, "/rule-result/9"])
    text = data.decode().splitlines()
    assert "rule_b" in text[lines[0] - 1]
    assert "<rule-result" in text[lines[0] - 1]
    assert "rule_a" in text[lines[2] - 1]
    assert (lines[1], lines[3]) == (1, 1)


def test_content_alone_is_no_result() -> None:
    """A benchmark without test results is refused with what to do."""
    assert "holds no test result" in trouble(Run(rules=[RuleText(name="a")]).benchmark().encode()).message


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
def test_half_an_arf_is_no_evidence(share: float) -> None:
    """A document that ends too early gives no report at all, whatever was in it."""
    data = Run(rules=[RuleText(name="a")]).arf()
    assert "broke off" in trouble(data[: int(len(data) * share)]).message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'<!DOCTYPE TestResult [<!ENTITY a "b">]><TestResult/>', "DOCTYPE"),
        (b"<a>" * 300, "deep"),
        (b"<TestResult><a></TestResult>", "not well-formed"),
        (b"<?xml version='1.0' encoding='x-none'?><TestResult/>", "encoding"),
        (b"<TestResult>\xff</TestResult>", "not well-formed"),
    ],
)
def test_hostile_documents_end_in_a_sentence(data: bytes, words: str) -> None:
    """Entities, depth, broken text: refused, with what it is."""
    assert words in trouble(data).message


@pytest.mark.parametrize(
    ("cap", "value", "words"),
    [
        ("MAX_RULES", 3, "more than 3 rules"),
        ("MAX_RESULTS", 3, "more than 3 rule results"),
        ("MAX_FACTS", 0, "more than 0 platforms"),
    ],
)
def test_caps_are_named(monkeypatch: pytest.MonkeyPatch, cap: str, value: int, words: str) -> None:
    """Too many rules, results or platforms end the reading of this document."""
    monkeypatch.setattr(f"compliance.evidence.rules.xccdf_elements.{cap}", value)
    assert words in trouble(Run(rules=[RuleText(name=str(number)) for number in range(5)]).xccdf()).message


def test_names_and_elements_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What expat itself keeps is bounded too."""
    data = ("<a>" + "".join(f"<n{number}/>" for number in range(60_000)) + "</a>").encode()
    assert "50,000 different names" in trouble(data).message
    monkeypatch.setattr(xccdf_parsing, "MAX_ELEMENTS", 10)
    assert "more than 10 elements" in trouble(b"<a>" + b"<b/>" * 20 + b"</a>").message


def test_a_document_of_half_a_gigabyte_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap is named, and nothing of it is held."""
    monkeypatch.setattr(xccdf, "MAX_BYTES", 10)
    (found,) = xccdf.split(io.BytesIO(b"x" * 11))
    assert isinstance(found, EvidenceError)
    assert found.message == "11 bytes, above the limit of 10 for one ARF or XCCDF result"
    (whole,) = xccdf.split(io.BytesIO(b"x" * 10))
    assert isinstance(whole, Slice)


def test_texts_are_cut_and_made_printable() -> None:
    """A title of ten megabytes takes none of it; control and direction characters are made visible."""
    rule = RuleText(name="a", title="\u202eb" + "x" * 10_000_000, message="m\u2028" + "y" * 1_000_000)
    data = Run(rules=[rule]).xccdf()
    tracemalloc.start()
    (result,) = report(data).results
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.title.startswith("\\u202eb")
    assert len(result.title) <= 300
    assert len(result.reason) <= 900
    assert peak < 10_000_000


def test_reading_takes_time_in_proportion() -> None:
    """Ten thousand platforms, references and nested groups do not multiply."""
    rules = [RuleText(name=f"r{number}", platforms=[f"#p{one}" for one in range(50)]) for number in range(2_000)]
    data = Run(rules=rules).xccdf()
    started = time.process_time()
    found = report(data)
    assert len(found.results) == 2_000
    assert time.process_time() - started < 5
    assert xccdf_parts.MAX_RULES > 2_000


def test_damaged_documents_end_in_words() -> None:
    """Bytes changed, elements left out, put elsewhere or twice: reports or sentences, never anything raised."""
    base = Run(
        rules=[
            RuleText(name="a", said="fail", references=[(f"{_CYBER}/cci/", "CCI-000366")], platforms=["#machine"]),
            RuleText(name="b", more='<override authority="x"><old-result>fail</old-result></override>'),
        ]
    ).arf(oval('<definition definition_id="oval:x-a:def:1" result="false"/>', "", '<unix:file_item id="1"/>'))
    chance = random.Random(5)  # noqa: S311 - the same damage each time
    tags = [found.span() for found in re.finditer(rb"<[^>]*>", base)]
    for _ in range(1500):
        data = bytearray(base)
        start, end = chance.choice(tags)
        other = chance.choice(tags)
        match chance.randrange(4):
            case 0:
                data[chance.randrange(len(data))] = chance.randrange(256)
            case 1:
                data[start:end] = base[slice(*other)]
            case 2:
                del data[start:end]
            case _:
                del data[min(start, other[0]) : max(end, other[1])]
        for found in read(bytes(data)):
            assert found is not None
        xccdf.identify(bytes(data))
        xccdf.locate(bytes(data), 1, ["/rule-result/1"])


def test_gzipped_results_are_read_as_they_are() -> None:
    """The same report; the head of a gzipped file is enough to know it, and gzip of something else is not ours."""
    data = Run(rules=[RuleText(name=f"r{number}", title="x" * 90) for number in range(3000)]).arf()
    packed = gzip.compress(data)
    assert xccdf.identify(packed[: 64 * 1024])
    assert not xccdf.identify(gzip.compress(b"text"))
    assert not xccdf.identify(b"\x1f\x8b" + b"x" * 100)
    found, plain = report(packed), report(data)
    assert (found.results, found.subject) == (plain.results, plain.subject)
    assert xccdf.locate(packed, 1, ["/rule-result/5"]) == [1]


def test_gzipped_results_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short, or far more than they seem: an error in words."""
    packed = gzip.compress(Run(rules=[RuleText(name="a")]).arf())
    assert "cut short" in trouble(packed[: len(packed) // 2]).message
    monkeypatch.setattr(xccdf, "MAX_BYTES", 1000)
    assert "unpacks to more than 1,000 bytes" in trouble(gzip.compress(b"<a>" + b" " * 300_000_000 + b"</a>")).message
