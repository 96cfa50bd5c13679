"""DISA's XCCDF benchmarks (`U_..._Manual-xccdf.xml`) as they are published in; the STIG with its rules out.

Source: XCCDF 1.1.4 and 1.2 (NIST IR 7275); DISA's STIGs as published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from compliance.errors import CatalogError

#: Largest file in bytes; DISA's largest benchmark has 3 MB.
MAX_BYTES = 64 * 1024 * 1024
#: Rules of one benchmark, elements within elements, and characters of one text.
MAX_RULES = 20_000
MAX_DEPTH = 64
MAX_TEXT = 40_000
_MAX_CCIS = 100
_SPACES = ("http://checklists.nist.gov/xccdf/1.1", "http://checklists.nist.gov/xccdf/1.2")
_BENCHMARK = re.compile(r"(?:xccdf_mil\.disa\.stig_benchmark_)?([A-Za-z0-9][A-Za-z0-9._-]{0,199})")
_GROUP = re.compile(r"(?:xccdf_mil\.disa\.stig_group_)?(V-[0-9]{1,7})")
_RULE = re.compile(r"(?:xccdf_mil\.disa\.stig_rule_)?(SV-[0-9]{1,7}r[0-9]{1,8}_rule)")
_CCI = re.compile(r"CCI-[0-9]{6}")
_RELEASE = re.compile(r"Release: ([0-9]{1,3}) Benchmark Date: ([0-9]{2} [A-Z][a-z]{2} [0-9]{4})")
_VERSION = re.compile(r"0*([0-9]{1,3})")
_SEVERITIES = frozenset({"high", "medium", "low"})
_DISCUSSION = ("<VulnDiscussion>", "</VulnDiscussion>")
#: Where texts stand, by the names of the elements around them from the benchmark, the group or the rule on.
_TEXTS = {
    ("title",): "title",
    ("version",): "version",
    ("Group", "title"): "group",
    ("Group", "Rule", "title"): "title",
    ("Group", "Rule", "version"): "version",
    ("Group", "Rule", "description"): "description",
    ("Group", "Rule", "fixtext"): "fix",
    ("Group", "Rule", "check", "check-content"): "check",
    ("Group", "Rule", "ident"): "ident",
}


class BenchmarkRule(NamedTuple):
    """A rule of a STIG, with DISA's ids and texts. `severity` is `high`, `medium` or `low`."""

    vuln_id: str
    rule_id: str
    stig_id: str
    srg: str
    severity: str
    title: str
    discussion: str
    check: str
    fix: str
    ccis: tuple[str, ...]


class Benchmark(NamedTuple):
    """A STIG of a file: DISA's id without a name space, its release (`V2R6`) and rules in their own order."""

    path: Path
    id: str
    title: str
    edition: str
    release_info: str
    rules: tuple[BenchmarkRule, ...]


@dataclass(slots=True)
class _Rule:
    group: str = ""
    id: str = ""
    severity: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    ccis: list[str] = field(default_factory=list)


class _Reading:
    """What is kept of a file while it is read."""

    def __init__(self) -> None:
        self.id = ""
        self.texts: dict[str, str] = {}
        self.release = ""
        self.rules: list[_Rule] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self._path: list[str] = []
        self._group = ("", "")
        self._kept: list[str] | None = None
        self._length = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, plain = name.rpartition(" ")
        if not self._path and (plain != "Benchmark" or space not in _SPACES):
            raise CatalogError(f"the first element is {plain[:80]}, not an XCCDF Benchmark")
        if len(self._path) >= MAX_DEPTH:
            raise CatalogError(f"elements within elements, more than {MAX_DEPTH} deep")
        if self._path:
            self._path.append(plain if space in _SPACES else "")
        else:
            self._path.append("Benchmark")
            self.id = attributes.get("id", "")
        place = tuple(self._path[1:])
        if place == ("Group",):
            self._group = (attributes.get("id", ""), "")
        elif place == ("Group", "Rule"):
            if len(self.rules) >= MAX_RULES:
                raise CatalogError(f"more than {MAX_RULES:,} rules, above the limit for one benchmark")
            self.rules.append(_Rule(self._group[0], attributes.get("id", ""), attributes.get("severity", "")))
            self.rules[-1].texts["group"] = self._group[1]
        if place in _TEXTS or (place == ("plain-text",) and attributes.get("id") == "release-info"):
            self._kept, self._length = [], 0

    def _text(self, text: str) -> None:
        if self._kept is not None:
            self._length += len(text)
            if self._length > MAX_TEXT:
                raise CatalogError(f"a text of more than {MAX_TEXT:,} characters")
            self._kept.append(text)

    def _end(self, _: str) -> None:
        place = tuple(self._path[1:])
        self._path.pop()
        if self._kept is None or (place not in _TEXTS and place != ("plain-text",)):
            return
        text, self._kept = "".join(self._kept).strip(), None
        name = _TEXTS.get(place, "")
        if place == ("plain-text",):
            self.release = text
        elif len(place) == 1:
            self.texts.setdefault(name, text)
        elif place == ("Group", "title"):
            self._group = (self._group[0], text)
        elif name == "ident":
            self.rules[-1].ccis += [text] if _CCI.fullmatch(text) and len(self.rules[-1].ccis) < _MAX_CCIS else []
        else:
            self.rules[-1].texts.setdefault(name, text)

    def _refuse(self, *_: object) -> None:
        raise CatalogError("declares a document type (DOCTYPE), which may hide other text behind entities")


def read_benchmark(path: Path) -> Benchmark:
    """The benchmark of a file.

    Raises:
        CatalogError: it cannot be read, is no XML, is no benchmark of DISA's, or is above a cap.
    """
    reading = _Reading()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CatalogError(f"is larger than {MAX_BYTES:,} bytes, the limit for one benchmark")
        reading.parser.Parse(path.read_bytes(), True)
        return _benchmark(path, reading)
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}") from error
    except expat.ExpatError as error:
        words = f"{path}:{error.lineno}: is not well-formed XML: {expat.ErrorString(error.code)}"
        raise CatalogError(words) from error
    except CatalogError as error:
        raise CatalogError(f"{path}:{reading.parser.CurrentLineNumber}: {error}") from error
    except (LookupError, UnicodeError, ValueError) as error:
        raise CatalogError(f"{path}: an encoding that is not read: {str(error)[:80]}") from error


def _benchmark(path: Path, reading: _Reading) -> Benchmark:
    name = _BENCHMARK.fullmatch(reading.id)
    release, version = _RELEASE.search(reading.release), _VERSION.fullmatch(reading.texts.get("version", ""))
    if name is None or release is None or version is None:
        raise CatalogError(
            "has no id, version and `Release: N Benchmark Date: ...` as DISA writes them; name the file "
            "U_..._Manual-xccdf.xml of a STIG's archive"
        )
    rules = tuple(_rule(one) for one in reading.rules)
    if not rules:
        raise CatalogError("holds no rule")
    seen: set[str] = set()
    for rule in rules:
        if rule.vuln_id in seen:
            raise CatalogError(f"two groups carry the id {rule.vuln_id}")
        seen.add(rule.vuln_id)
    return Benchmark(
        path=path,
        id=name[1],
        title=_line(reading.texts.get("title", "")) or name[1],
        edition=f"V{version[1]}R{int(release[1])}",
        release_info=release[0],
        rules=rules,
    )


def _rule(rule: _Rule) -> BenchmarkRule:
    group, id = _GROUP.fullmatch(rule.group), _RULE.fullmatch(rule.id)
    if group is None or id is None:
        raise CatalogError(f"{rule.group[:80]!r} and {rule.id[:80]!r} are no ids of a group and a rule of DISA's")
    texts = rule.texts
    return BenchmarkRule(
        vuln_id=group[1],
        rule_id=id[1],
        stig_id=_line(texts.get("version", "")),
        srg=_line(texts.get("group", "")),
        severity=rule.severity if rule.severity in _SEVERITIES else "medium",
        title=_line(texts.get("title", "")) or group[1],
        discussion=_discussion(texts.get("description", "")),
        check=texts.get("check", "") or "The benchmark gives no text on how to check it.",
        fix=texts.get("fix", ""),
        ccis=tuple(dict.fromkeys(rule.ccis)),
    )


def _discussion(description: str) -> str:
    """The discussion in a description, which DISA writes as elements within a text."""
    start, end = (description.find(mark) for mark in _DISCUSSION)
    return description[start + len(_DISCUSSION[0]) : end].strip() if 0 <= start < end else ""


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
