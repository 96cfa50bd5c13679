"""The reader of CKLB checklists (STIG Viewer 3, STIG Manager): what people answered in, a RuleReport for each STIG out.

Source: DISA, "STIG Viewer 3 CKLB 1.0" JSON schema (draft 2019-09).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.rules.checklist_parts import MAX_RULES, Entry, Sheet, Status, edition_of, report_of
from compliance.evidence.sbom_parts import locate, top_keys
from compliance.evidence.vulnerabilities.parts import Source, decoded, origin_of, reading, splitter, unambiguous
from compliance.model.outcome import Outcome
from compliance.model.reader import Reader, Record
from compliance.model.rule_report import RuleReport

#: What errors and the evidence index call these documents.
KIND = "CKLB checklist"
#: STIGs of one checklist.
MAX_STIGS = 100
_STATUSES = {
    "not_a_finding": Outcome.PASS,
    "open": Outcome.FAIL,
    "not_applicable": Outcome.NOT_APPLICABLE,
    "not_reviewed": Outcome.NOT_CHECKED,
}


class _Override(msgspec.Struct):
    severity: str | None = None
    reason: str | None = None


class _Overrides(msgspec.Struct):
    severity: _Override | None = None


class _Rule(msgspec.Struct):
    group_id: str | None = None
    group_id_src: str | None = None
    rule_id: str | None = None
    rule_id_src: str | None = None
    rule_version: str | None = None
    group_title: str | None = None
    severity: str | None = None
    ccis: list[str | None] | None = None
    status: str | None = None
    overrides: _Overrides | None = None
    comments: str | None = None
    finding_details: str | None = None


class _Stig(msgspec.Struct):
    stig_name: str | None = None
    display_name: str | None = None
    stig_id: str | None = None
    release_info: str | None = None
    version: str | int | None = None
    rules: list[_Rule] | None = None


class _Target(msgspec.Struct):
    host_name: str | None = None


class _Checklist(msgspec.Struct):
    stigs: list[_Stig]
    target_data: _Target | None = None


_decoder = msgspec.json.Decoder(_Checklist)


def identify(head: bytes) -> bool:
    """Whether the outermost object is a checklist."""
    if b'"cklb_version"' not in head and b'"target_data"' not in head and b'"stigs"' not in head:
        return False
    keys = top_keys(head)
    return b"cklb_version" in keys or {b"target_data", b"stigs"} <= keys or (b"stigs" in keys and b'"stig_id"' in head)


def records(data: bytes, source: Source) -> Iterator[Record]:
    """A report for each STIG.

    Raises:
        EvidenceError: it cannot be read, is above a cap, or a rule has no id.
    """
    checklist = decoded(data, _decoder)
    if len(checklist.stigs) > MAX_STIGS:
        raise EvidenceError(f"{len(checklist.stigs):,} STIGs, above the limit of {MAX_STIGS} for one checklist")
    if not checklist.stigs:
        raise EvidenceError("the checklist holds no STIG", pointer="/stigs")
    number = sum(len(stig.rules or ()) for stig in checklist.stigs)
    if number > MAX_RULES:
        raise EvidenceError(f"{number:,} rules, above the limit of {MAX_RULES:,} for one checklist", pointer="/stigs")
    unambiguous(data, {b'"status"': number, b'"rule_id"': number, b'"finding_details"': number, b'"stigs"': 1})
    target = (checklist.target_data.host_name if checklist.target_data else None) or ""
    for index, stig in enumerate(checklist.stigs):
        yield _report(stig, target, f"/stigs/{index}", source)


def _report(stig: _Stig, target: str, pointer: str, source: Source) -> RuleReport:
    sheet = Sheet(
        source="cklb",
        tool="",
        target=target,
        stig_id=(stig.stig_id or "").strip(),
        title=stig.stig_name or stig.display_name or "",
        edition=edition_of(str(stig.version or ""), stig.release_info or ""),
    )
    entries = (_entry(rule, f"/rules/{index}") for index, rule in enumerate(stig.rules or ()))
    return report_of(sheet, entries, replace(origin_of(source), pointer=pointer, inner=pointer))


def _entry(rule: _Rule, at: str) -> Entry:
    said = (rule.status or "").strip()
    changed = (rule.overrides.severity if rule.overrides else None) or _Override()
    return Entry(
        vuln_id=rule.group_id_src or rule.group_id or "",
        rule_id=rule.rule_id_src or rule.rule_id or "",
        stig_id=rule.rule_version or "",
        srg=rule.group_title or "",
        ccis=tuple(cci for cci in rule.ccis or () if cci),
        severity=rule.severity or "",
        override=changed.severity or "",
        why=changed.reason or "",
        status=Status(_STATUSES.get(said, Outcome.ERROR), said),
        details=rule.finding_details or "",
        comments=rule.comments or "",
        at=at,
    )


READER = Reader(
    id="cklb",
    title="CKLB checklists (STIG Viewer 3, STIG Manager)",
    revision=1,
    evidence_kinds=("checklist",),
    identify=identify,
    split=splitter(KIND),
    read=reading(KIND, records),
    locate=locate,
    record=RuleReport,
)
