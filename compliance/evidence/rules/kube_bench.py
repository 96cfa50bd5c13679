"""The reader of kube-bench's JSON: the results of one run on one node in, one RuleReport for each benchmark out.

Descriptions, remedies and commands in the file are the benchmark's own or run on its behalf, so they are not kept.
Source: kube-bench a73ce378 (9 June 2026), check/check.go, check/controls.go, cmd/common.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.recognition import without_mark
from compliance.evidence.rules.kube_bench_editions import EDITION, EDITIONS, FRAMEWORK, OTHERS, Item, Limit, in_newest
from compliance.evidence.rules.rule_ids import rule_id, shown
from compliance.evidence.sbom_parts import locate, top_keys
from compliance.evidence.vulnerabilities.parts import Source, cleaned, decoded, origin_of, reading, unambiguous
from compliance.model.host import host_of, host_subject
from compliance.model.outcome import Outcome, Severity
from compliance.model.reader import Reader, Record, Slice
from compliance.model.rule_report import Reference, RefersTo, RuleReport, RuleResult

#: What errors and the evidence index call these documents.
KIND = "kube-bench report"
TOOL = "kube-bench"
#: Largest file, and results of one: a whole run on a node has some 130, in 250 KB.
MAX_BYTES = 16 * 1024 * 1024
MAX_RESULTS = 2000
_CHUNK = 1024 * 1024
#: Documents of one file: older releases wrote one on a line for each target.
_MAX_LINES = 100
_LIST = re.compile(rb"\[\s*\{\s*\"")
_VALUE_SHOWN = 200
#: A process is looked for in the audit: no output then means that an option is not set, not that nothing was seen.
_PROCESSES = re.compile(r"(?:^|[\s/(])(?:ps|pgrep)\s")
#: Options that a test looks for, as kube-bench's sentence on what it expects names them.
_OPTIONS = re.compile(r"'(--[a-z0-9-]{2,60})'")
_MAX_OPTIONS = 5
#: A test of an environment variable has the whole environment of a process as what it saw.
_VARIABLE = re.compile(r"'[A-Z][A-Z0-9_]{2,}'")
_NOT_FOUND = "file not found"
_FAILED = "failed to run"
#: What kube-bench says of tests that it did not run.
_NOT_RUN = {
    "Test marked as a manual test": "a manual item, which kube-bench leaves to a person",
    "Test marked as skip": "kube-bench was told to leave it out",
    "There are no tests": "kube-bench has no test for it",
    "No tests defined": "kube-bench has no test for it",
}
_STIG = re.compile(r"eks-stig-kubernetes-(v[0-9]+r[0-9]+)")
_VULN_ID = re.compile(r"V-[0-9]{6}")


class _Check(msgspec.Struct):
    number: str | None = msgspec.field(name="test_number", default=None)
    audit: str | None = None
    type: str | None = None
    status: str | None = None
    scored: bool | None = None
    reason: str | None = None
    actual: str | None = msgspec.field(name="actual_value", default=None)
    expected: str | None = msgspec.field(name="expected_result", default=None)


class _Group(msgspec.Struct):
    results: list[_Check] | None = None


class _Controls(msgspec.Struct):
    version: str | None = None
    node_type: str | None = None
    tests: list[_Group] | None = None


class _Overall(msgspec.Struct):
    controls: list[_Controls] = msgspec.field(name="Controls")


_overall = msgspec.json.Decoder(_Overall)
_list: msgspec.json.Decoder[list[_Controls]] = msgspec.json.Decoder(list[_Controls])
_single = msgspec.json.Decoder(_Controls)


def identify(head: bytes) -> bool:
    """Whether the document has kube-bench's controls: in an object with totals, in a list, or one of them alone."""
    if b'"node_type"' not in head or b'"test_number"' not in head:
        return False
    if _LIST.match(without_mark(head).lstrip()):
        return True
    keys = top_keys(head)
    return b"apiVersion" not in keys and (b"Controls" in keys or {b"node_type", b"tests"} <= keys)


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """A slice for each document: one of the whole file, or one for each line where each line is a document."""
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > MAX_BYTES:
            yield EvidenceError(f"more than {MAX_BYTES:,} bytes, the limit for one {KIND}", kind=KIND)
            return
    lines = bytes(data).split(b"\n")
    written = [number for number, line in enumerate(lines) if line.strip()]
    if len(written) < 2 or not all(_is_whole(lines[number]) for number in written[:_MAX_LINES]):
        yield Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)
        return
    offset = 0
    for number, line in enumerate(lines):
        if number in written[:_MAX_LINES]:
            document = written.index(number)
            yield Slice(offset=offset, length=len(line), line=number + 1, document=document, item=None, count=1)
        offset += len(line) + 1
    if len(written) > _MAX_LINES:
        yield EvidenceError(f"{len(written):,} documents, above the limit of {_MAX_LINES} for one file", kind=KIND)


def _is_whole(line: bytes) -> bool:
    text = line.strip()
    return text.startswith(b"{") and text.endswith(b"}")


def records(data: bytes, source: Source) -> Iterator[Record]:
    """A report for each benchmark of the document: one, but for files that were put together by hand.

    Raises:
        EvidenceError: it cannot be read, or holds more results than MAX_RESULTS.
    """
    found = list(_found(data))
    number = sum(len(group.results or ()) for _, one in found for group in one.tests or ())
    if number > MAX_RESULTS:
        raise EvidenceError(f"{number:,} results, above the limit of {MAX_RESULTS:,} for one run")
    unambiguous(data, {b'"status"': number, b'"test_number"': number, b'"node_type"': len(found)})
    versions = dict.fromkeys(rule_id(one.version, at, "a benchmark") for at, one in found)
    for version in versions:
        yield _report(version, [(at, one) for at, one in found if (one.version or "").strip() == version], source)


def _found(data: bytes) -> Iterator[tuple[str, _Controls]]:
    """Controls with their pointers."""
    text = without_mark(data).lstrip()
    if text.startswith(b"["):
        listed: list[_Controls] = decoded(data, _list)
        yield from ((f"/{number}", one) for number, one in enumerate(listed))
    elif b"Controls" in top_keys(text[: 64 * 1024]):
        yield from ((f"/Controls/{number}", one) for number, one in enumerate(decoded(data, _overall).controls))
    else:
        yield "", decoded(data, _single)


def _report(version: str, found: list[tuple[str, _Controls]], source: Source) -> RuleReport:
    host = host_of(source.path)
    results = tuple(result for at, one in found for result in _results(version, one, at))
    stig = _STIG.fullmatch(version)
    return RuleReport(
        origin=origin_of(source),
        subject=host_subject(host, source.path),
        source="kube-bench",
        tool=TOOL,
        tool_version="",
        benchmark=version,
        benchmark_title=_title(version),
        edition=version.removeprefix("cis-") if version in EDITIONS else "",
        profile=", ".join(dict.fromkeys(word for _, one in found if (word := cleaned(one.node_type).strip()))),
        target=host or "",
        started="",
        ended="",
        by_person=False,
        person="",
        unsound=_unsound(results),
        content_sha256="",
        results=results,
        stig_edition=stig[1].upper() if stig else "",
    )


def _title(version: str) -> str:
    if version in EDITIONS:
        return "CIS Kubernetes Benchmark"
    return f"kube-bench benchmark {version}"


def _results(version: str, controls: _Controls, at: str) -> Iterator[RuleResult]:
    """Results in the order of the file."""
    for number, group in enumerate(controls.tests or ()):
        for index, one in enumerate(group.results or ()):
            yield _result(version, one, f"{at}/tests/{number}/results/{index}")


def _result(version: str, one: _Check, at: str) -> RuleResult:
    number = rule_id(one.number, at, "a result")
    item = in_newest(version, number)
    outcome, why = _judged(one)
    if item is not None and (doubt := _doubt(outcome, item)):
        outcome, why = Outcome.NOT_CHECKED, f"{why}; {doubt}"
    reference, note = _reference(version, number, item)
    named = f"{FRAMEWORK} {EDITION}, {item.number}" if item and (version, item.number) != (EDITION, number) else ""
    return RuleResult(
        rule=f"{version}:{number}",
        title=f"{version}, item {number}{f' ({named})' if named else ''}",
        severity=Severity.MEDIUM,
        outcome=outcome,
        said=shown(one.status, 40) or "nothing",
        reason=f"{'; '.join(part for part in (why, note) if part)}.",
        references=(reference,) if reference else (),
        fix="",
        at=at,
    )


def _reference(version: str, number: str, item: Item | None) -> tuple[Reference | None, str]:
    """What an item answers to, and where it leads nowhere why not."""
    if item is not None:
        return Reference(RefersTo.CIS, item.number, FRAMEWORK, EDITION), ""
    if version in EDITIONS:
        return None, f"CIS Kubernetes Benchmark {EDITION} has no item that asks the same as {number} of {version}"
    if _STIG.fullmatch(version) and _VULN_ID.fullmatch(number):
        return Reference(RefersTo.VULN_ID, number), f"the item is one of the STIG's release in {version}"
    whose = "another benchmark" if version in OTHERS else "a benchmark that is not known here"
    return None, f"{version} is {whose}, whose numbers lead to no control of ours"


def _doubt(outcome: Outcome, item: Item) -> str:
    """Why a verdict on an older limit is none on that of 2.0.1; empty text where it is."""
    if outcome is Outcome.PASS and item.limit is Limit.LOOSER:
        return f"its limit is looser than that of {item.number} of edition {EDITION}, so that a pass proves nothing"
    if outcome is Outcome.FAIL and item.limit is Limit.STRICTER:
        return f"its limit is stricter than that of {item.number} of edition {EDITION}, so that a fail proves nothing"
    return ""


def _judged(one: _Check) -> tuple[Outcome, str]:
    """The outcome, and a sentence part on what was seen."""
    status, reason = (one.status or "").strip(), (one.reason or "").strip()
    if words := _NOT_RUN.get(reason):
        return Outcome.NOT_CHECKED, words
    if reason.startswith(_FAILED):
        return Outcome.NOT_CHECKED, "the command that it looks with failed, so nothing was seen"
    seen = _seen(one)
    match status:
        case "PASS" | "FAIL" | "WARN" if not _looked(one) and (one.type or "").strip() != "manual":
            return Outcome.NOT_CHECKED, f"what it looks at was not there, so nothing was seen{seen}"
        case "PASS":
            return Outcome.PASS, f"its test holds{seen}"
        case "FAIL":
            return Outcome.FAIL, f"its test does not hold{seen}"
        case "WARN" if (one.type or "").strip() == "manual":
            return Outcome.NOT_CHECKED, _NOT_RUN["Test marked as a manual test"]
        case "WARN":
            return (
                Outcome.NOT_CHECKED,
                f"its test does not hold, but it is not scored, so a person has to look{seen}",
            )
        case "INFO":
            return Outcome.NOT_CHECKED, _NOT_RUN["Test marked as skip"]
        case _:
            return Outcome.ERROR, "which is no word of its results"


def _looked(one: _Check) -> bool:
    """Whether its command showed anything. A file that is not there passes some tests and fails others."""
    actual = (one.actual or "").strip()
    if actual:
        return actual.lower() != _NOT_FOUND
    return one.audit is None or _PROCESSES.search(one.audit) is not None


def _seen(one: _Check) -> str:
    """What it saw and expected, in brackets. Of a whole command line only the options that it looks for."""
    actual, expected = one.actual or "", shown(one.expected, _VALUE_SHOWN)
    options = list(dict.fromkeys(_OPTIONS.findall(one.expected or "")))[:_MAX_OPTIONS]
    if options and one.audit and _PROCESSES.search(one.audit):
        actual = ", ".join(_option(name, actual) for name in options)
    elif _VARIABLE.search(one.expected or ""):
        actual = ""
    parts = (f"seen: {told}" if (told := shown(actual, _VALUE_SHOWN)) else "", f"expected: {expected}")
    words = ", ".join(part for part in parts if part and part != "expected: ")
    return f" ({words})" if words else ""


def _option(name: str, line: str) -> str:
    """An option as it stands last on a command line."""
    found = re.findall(rf"(?<!\S){re.escape(name)}(?:=\S*)?(?!\S)", line)
    return found[-1] if found else f"{name} is not set"


def _unsound(results: tuple[RuleResult, ...]) -> str:
    """In words, why nothing of a run counts."""
    if not results:
        return "it holds no result"
    if not any(one.outcome in (Outcome.PASS, Outcome.FAIL) for one in results):
        return "none of its tests decided anything: a node without the components, or manual items alone"
    return ""


READER = Reader(
    id="kube-bench",
    title="Results of kube-bench",
    revision=1,
    evidence_kinds=("kube-bench",),
    identify=identify,
    split=split,
    read=reading(KIND, records),
    locate=locate,
    record=RuleReport,
    largest=MAX_BYTES,
)
