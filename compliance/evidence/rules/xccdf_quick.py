"""Content that somebody chose, and results that OpenSCAP has just written from it, looked at without reading it all.

An ARF repeats its content, three quarters of its bytes; whoever started the tool has both at hand. What evidence is
judged by is always read whole (`xccdf.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.rules.xccdf_parsing import PIECE, parse
from compliance.evidence.rules.xccdf_parts import Benchmark
from compliance.evidence.rules.xccdf_report import report_of
from compliance.model.evidence import Origin
from compliance.model.rule_report import RuleReport

_PREFIX = rb"(?:[\w.-]{1,64}:)?"
_BENCHMARK = re.compile(rb"<" + _PREFIX + rb"(?:Benchmark|Tailoring)[\s>]")
#: What follows the profiles and platforms of a benchmark.
_BODY = re.compile(rb"<" + _PREFIX + rb"(?:Group|Rule)[\s>]")
_PROFILE = re.compile(rb"<" + _PREFIX + rb"Profile\s[^<>]{0,2000}?\bid=[\"']([^\"'<>]{1,512})[\"']")
_PLATFORM = re.compile(rb"<" + _PREFIX + rb"platform\s[^<>]{0,2000}?\bidref=[\"']([^\"'<>]{1,512})[\"']")
#: Programs that content brings. Source: OpenSCAP, Script Check Engine.
_SCRIPTS = b"open-scap.org/page/SCE"
#: How rules ask a package database; content for Alpine reads its text, for OVAL has no word for it.
_PACKAGES = (("dpkg", b"dpkginfo_object"), ("rpm", b"rpminfo_object"), ("apk", b"apk/db"))
_ROOT = re.compile(rb"<" + _PREFIX + rb"asset-report-collection[\s>][^>]{0,65536}>?")
_REPORTS = (b"<arf:reports>", b"<reports>")
_DEFINITIONS = (b"<oval_definitions ", b"</oval_definitions>")
_MOST = 10_000


class Head(NamedTuple):
    """What content says before its rules: ids of profiles, platforms of the whole, whether it brings scripts.

    `packages` are the package databases that its rules ask: `dpkg`, `rpm`, `apk`.
    """

    benchmarks: int
    profiles: tuple[str, ...]
    platforms: tuple[str, ...]
    scripts: bool
    packages: frozenset[str]


def head_of(data: bytes) -> Head:
    """What a source data stream, a benchmark or a tailoring file says of itself.

    Raises:
        EvidenceError: it declares a document type, or entities.
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise EvidenceError("declares a document type (DOCTYPE) or entities; use content without them")
    profiles: list[str] = []
    platforms: set[str] = set()
    number = 0
    for number, found in enumerate(_BENCHMARK.finditer(data), 1):
        end = _BODY.search(data, found.end())
        part = data[found.start() : end.start() if end else len(data)]
        profiles += [one[1].decode("utf-8", "replace") for one in _PROFILE.finditer(part)]
        before = part.partition(b"Profile ")[0]
        platforms.update(one[1].decode("utf-8", "replace") for one in _PLATFORM.finditer(before))
        if number > _MOST or len(profiles) > _MOST:
            raise EvidenceError(f"more than {_MOST:,} benchmarks or profiles")
    packages = frozenset(name for name, words in _PACKAGES if words in data)
    return Head(number, tuple(dict.fromkeys(profiles)), tuple(sorted(platforms)), _SCRIPTS in data, packages)


def results_of(data: bytes, platforms: Sequence[str]) -> RuleReport:
    """The report of an ARF of one run whose content is for these platforms; without the rules' own words.

    Raises:
        EvidenceError: its results are no well-formed XML, are cut short, or are not those of one run.
    """
    document = parse(_without_content(data))
    if len(document.tests) != 1:
        raise EvidenceError(f"holds {len(document.tests)} test results where one was expected")
    (test,) = document.tests
    document.benchmarks.setdefault(test.benchmark, Benchmark(id=test.benchmark, platforms=list(platforms)))
    origin = Origin(path="", sha256="", document=None, pointer="", inner="", offset=0, length=len(data), line=1)
    return report_of(document, test, origin)


def _without_content(data: bytes) -> Iterator[memoryview]:
    """The root's start and the reports without the definitions that they repeat; all of it where none are found."""
    view, start = memoryview(data), 0
    root = _ROOT.search(data, 0, 2 * 65536)
    reports = max(data.rfind(name) for name in _REPORTS)
    if root is None or reports < root.end():
        yield from _pieces(view, 0, len(view))
        return
    yield view[: root.end()]
    start = reports
    while (opened := data.find(_DEFINITIONS[0], start)) >= 0:
        closed = data.find(_DEFINITIONS[1], opened)
        if closed < 0:
            break
        yield from _pieces(view, start, opened)
        start = closed + len(_DEFINITIONS[1])
    yield from _pieces(view, start, len(view))


def _pieces(view: memoryview, start: int, end: int) -> Iterator[memoryview]:
    for at in range(start, end, PIECE):
        yield view[at : min(end, at + PIECE)]
