"""Entries of a checklist as any format writes them in; the RuleReport with a sentence for each answer out.

An answer without a word of evidence is none: a tick, or `Not_Applicable`, has to be explained. What we ourselves wrote
into a checklist is no evidence when it comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from compliance.evidence.rules.rule_ids import rule_id, shown
from compliance.evidence.rules.xccdf_references import by_shape
from compliance.model.checklist import WRITTEN_BY
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.host import host_of, host_subject
from compliance.model.outcome import Outcome, Severity
from compliance.model.rule_report import Reference, RuleReport, RuleResult

#: Answers of one STIG; the largest has about 700 rules.
MAX_RULES = 20_000
#: References that are kept of one rule.
_MAX_CCIS = 100
#: Characters of the whole text of an entry that are searched for our own mark: clients keep no more.
_SEARCHED = 40_000
_SEVERITIES = {"high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW}
_RANK = {severity: rank for rank, severity in enumerate((Severity.LOW, Severity.MEDIUM, Severity.HIGH))}
_RELEASE = re.compile(r"(?:Release:\s*)?([0-9]{1,3})(?![0-9])")
_VERSION = re.compile(r"V?0*([0-9]{1,3})")
_RULE = re.compile(r"(SV-[0-9]{1,7})(?:r[0-9]{1,8})?(?:_rule)?")
_DIGEST = re.compile(r"(?<![0-9a-z])sha256:[0-9a-f]{64}(?![0-9a-f])")
_NAMELESS = frozenset({"", "unknown", "localhost", "localhost.localdomain"})
_NAME = 300
#: Words that stand for no words.
_EMPTY = frozenset({"", "-", ".", "n/a", "na", "none", "null", "tbd", "todo"})
OURS = "this product wrote the answer itself in an earlier assessment, so it is no evidence of anything"


class Status(NamedTuple):
    """What a status of a format means; `said` is how the format spells it."""

    outcome: Outcome
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One answer as written. `override` is a severity that somebody gave it instead, and `why` what they say of that.

    `comments` may hold our own mark. `at` is the pointer from the STIG it is of.
    """

    vuln_id: str
    rule_id: str
    stig_id: str
    srg: str
    ccis: tuple[str, ...]
    severity: str
    override: str
    why: str
    status: Status
    details: str
    comments: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A STIG of a checklist: which, of which release, and on what. `edition` is `V2R6` where both numbers are told."""

    source: str
    tool: str
    target: str
    stig_id: str
    title: str
    edition: str


def edition_of(version: str, release_info: str) -> str:
    """`V2R6` of `2` and `Release: 6 Benchmark Date: ...`; empty text where either is missing."""
    release, number = _RELEASE.match(release_info.strip()), _VERSION.fullmatch(version.strip())
    return f"V{number[1]}R{int(release[1])}" if release and number else ""


def subject_of(name: str, path: str) -> Subject:
    """The image of a digest in the name; else the host of the name, or of the folder that the file lies in."""
    told = shown(name, _NAME)
    if found := _DIGEST.search(told):
        return Subject(id=f"image/{found[0]}", type=SubjectType.IMAGE, name=told, digest=found[0])
    return host_subject(told if told.lower() not in _NAMELESS else host_of(path), path)


def report_of(sheet: Sheet, entries: Iterable[Entry], origin: Origin) -> RuleReport:
    """The report of one STIG, entries in their own order; a person's, unless this product wrote every answer.

    Raises:
        EvidenceError: an entry has no id that can be that of a check.
    """
    found = tuple(entries)
    results = tuple(_result(sheet, entry) for entry in found)
    by_us = bool(found) and all(is_ours(entry) for entry in found)
    return RuleReport(
        origin=origin,
        subject=subject_of(sheet.target, origin.path),
        source=sheet.source,
        tool=shown(sheet.tool, _NAME),
        tool_version="",
        benchmark=shown(sheet.stig_id, _NAME),
        benchmark_title=shown(sheet.title, _NAME),
        edition=sheet.edition,
        profile="",
        target=shown(sheet.target, _NAME),
        started="",
        ended="",
        by_person=not by_us,
        person="",
        unsound=OURS if by_us else "" if found else "it holds no answer",
        content_sha256="",
        results=results,
        stig_edition=sheet.edition,
    )


def is_ours(entry: Entry) -> bool:
    """Whether this product wrote the answer."""
    return WRITTEN_BY in entry.comments[:_SEARCHED]


def _result(sheet: Sheet, entry: Entry) -> RuleResult:
    name = rule_name(entry, entry.at)
    outcome, reason = _judged(entry)
    drift = f" It answers release {sheet.edition} of the STIG." if sheet.edition else ""
    return RuleResult(
        rule=name,
        title=" ".join(part for part in (sheet.stig_id, name, _of_shape(entry.stig_id)) if part)[:_NAME],
        severity=_severity(entry),
        outcome=outcome,
        said=shown(entry.status.said, 40) or "nothing",
        reason=f"{reason}.{drift}",
        references=_references(entry),
        fix="",
        at=entry.at,
    )


def rule_name(entry: Entry, at: str) -> str:
    """The id of the group, else of the rule without its revision, else of the rule in the STIG.

    Raises:
        EvidenceError: it has none that can be the id of a check.
    """
    plain = _RULE.fullmatch(entry.rule_id.strip())
    if entry.vuln_id.strip():
        return rule_id(entry.vuln_id, at)
    return rule_id(plain[1] if plain else entry.rule_id or entry.stig_id, at)


def _of_shape(text: str) -> str:
    return text.strip() if by_shape(text.strip()) else ""


def _references(entry: Entry) -> tuple[Reference, ...]:
    """What it answers to; texts that have not the shape of an id lead nowhere."""
    texts = (entry.vuln_id, entry.rule_id, entry.stig_id, entry.srg, *entry.ccis[:_MAX_CCIS])
    found = {reference for text in texts if (reference := by_shape(text.strip()))}
    return tuple(sorted(found, key=lambda one: (one.system.value, one.value)))


def _severity(entry: Entry) -> Severity:
    """The STIG's own, or a higher one that somebody gave it: a lower one is a decision to be accepted, not a fact."""
    stated = [
        _SEVERITIES[word] for text in (entry.severity, entry.override) if (word := text.strip().lower()) in _SEVERITIES
    ]
    return max(stated, key=_RANK.__getitem__, default=Severity.MEDIUM)


def _judged(entry: Entry) -> tuple[Outcome, str]:
    outcome = entry.status.outcome
    if is_ours(entry):
        return Outcome.NOT_CHECKED, OURS
    parts = [words for words in (_told("details", entry.details), _told("comment", entry.comments)) if words]
    if entry.override.strip():
        why = shown(entry.why) or "no reason given"
        parts.append(f"its severity was changed from {entry.severity} to {shown(entry.override, 40)}: {why}")
    text = "; ".join(parts)
    if not _says_something(entry):
        match outcome:
            case Outcome.PASS:
                return Outcome.NOT_CHECKED, f"ticked without a word of evidence{f'; {text}' if text else ''}"
            case Outcome.NOT_APPLICABLE:
                return Outcome.NOT_CHECKED, f"called not applicable without a word on why{f'; {text}' if text else ''}"
            case Outcome.NOT_CHECKED:
                return outcome, "nobody has reviewed it"
            case _:
                return outcome, text or "no details are given"
    return outcome, text


def _says_something(entry: Entry) -> bool:
    return any(text.strip().lower() not in _EMPTY for text in (entry.details, entry.comments))


def _told(what: str, text: str) -> str:
    words = shown(text)
    return f"{what}: {words.rstrip('. ')}" if words.lower() not in _EMPTY else ""
