"""The reader of CKL checklists (STIG Viewer 2, eMASS): what people answered in, a RuleReport for each STIG out.

Source: DISA, U_Checklist_Schema_V2.xsd (STIG Viewer 2.5 and newer).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from compliance.errors import EvidenceError
from compliance.evidence.recognition import without_mark
from compliance.evidence.rules.checklist_parts import MAX_RULES, Entry, Sheet, Status, edition_of, report_of
from compliance.evidence.vulnerabilities.parts import Source, origin_of, reading, splitter
from compliance.evidence.xml_documents import Handlers, locate, walk
from compliance.model.outcome import Outcome
from compliance.model.reader import Reader, Record
from compliance.model.rule_report import RuleReport

#: What errors and the evidence index call these documents.
KIND = "CKL checklist"
#: STIGs of one checklist, and CCIs of one rule.
MAX_STIGS = 100
_MAX_CCIS = 100
#: Characters of one text that are kept: clients keep 32,767 of details and comments.
_TEXT_KEPT = 40_000
#: What may stand before the first element: declarations, comments and white space.
_BEFORE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*+)?>)*+", re.DOTALL)
_ROOT = re.compile(rb"<CHECKLIST[\s>]")
_STATUSES = {
    "NotAFinding": Outcome.PASS,
    "Open": Outcome.FAIL,
    "Not_Applicable": Outcome.NOT_APPLICABLE,
    "Not_Reviewed": Outcome.NOT_CHECKED,
}
_OF_RULE = ("STATUS", "FINDING_DETAILS", "COMMENTS", "SEVERITY_OVERRIDE", "SEVERITY_JUSTIFICATION")
#: Elements whose text is kept.
_TEXTS = frozenset({"HOST_NAME", "SID_NAME", "SID_DATA", "VULN_ATTRIBUTE", "ATTRIBUTE_DATA", *_OF_RULE})


@dataclass(slots=True)
class _Rule:
    """A VULN as written, `number` its place among the children of its iSTIG."""

    number: int
    values: dict[str, str] = field(default_factory=dict)
    ccis: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Stig:
    info: dict[str, str] = field(default_factory=dict)
    rules: list[_Rule] = field(default_factory=list)
    children: int = 0


class _Walk:
    """What is kept of a checklist while it is read."""

    def __init__(self) -> None:
        self.root = ""
        self.host = ""
        self.stigs: list[_Stig] = []
        self.name = ""
        self.rules = 0
        self._pieces: list[str] | None = None
        self._length = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        plain = name.rpartition(" ")[2]
        self.root = self.root or plain
        if plain == "iSTIG":
            self.stigs.append(_Stig())
            if len(self.stigs) > MAX_STIGS:
                raise EvidenceError(f"more than {MAX_STIGS} STIGs, above the limit for one checklist")
        elif self.stigs and plain in ("VULN", "STIG_INFO"):
            stig = self.stigs[-1]
            if plain == "VULN":
                stig.rules.append(_Rule(stig.children))
                self.rules += 1
            stig.children += 1
            if self.rules > MAX_RULES:
                raise EvidenceError(f"more than {MAX_RULES:,} rules, above the limit for one checklist")
        self._pieces, self._length = ([], 0) if plain in _TEXTS else (None, 0)

    def text(self, text: str) -> None:
        if self._pieces is not None and self._length < _TEXT_KEPT:
            self._pieces.append(text[: _TEXT_KEPT - self._length])
            self._length += len(text)

    def end(self, name: str) -> None:
        if self._pieces is None:
            return
        plain, value = name.rpartition(" ")[2], "".join(self._pieces)
        self._pieces = None
        stig = self.stigs[-1] if self.stigs else None
        rule = stig.rules[-1] if stig and stig.rules else None
        if plain == "HOST_NAME":
            self.host = self.host or value
        elif plain in ("SID_NAME", "VULN_ATTRIBUTE"):
            self.name = value.strip()
        elif plain == "SID_DATA" and stig is not None:
            stig.info.setdefault(self.name, value)
        elif rule is not None:
            self._keep(rule, self.name if plain == "ATTRIBUTE_DATA" else plain, value)

    def _keep(self, rule: _Rule, name: str, value: str) -> None:
        """A value of a rule; one that decides and stands twice is refused, as readers would not agree on it."""
        if name == "CCI_REF":
            rule.ccis += [value] if len(rule.ccis) < _MAX_CCIS else []
        elif name in rule.values and (name in _OF_RULE or name in ("Vuln_Num", "Rule_ID")):
            raise EvidenceError(f"{name} stands twice in the rule {len(self.stigs[-1].rules)} of a STIG")
        else:
            rule.values[name] = value


def identify(head: bytes) -> bool:
    """Whether the first element is a CHECKLIST."""
    text = without_mark(head)
    if b"<CHECKLIST" not in text or not text.lstrip().startswith(b"<"):
        return False
    before = _BEFORE.match(text)
    return _ROOT.match(text, before.end() if before else 0) is not None


def records(data: bytes, source: Source) -> Iterator[Record]:
    """A report for each STIG.

    Raises:
        EvidenceError: it cannot be read, is above a cap, or a rule has no id.
    """
    seen = _Walk()
    walk(data, Handlers(seen.start, seen.text, seen.end))
    if seen.root != "CHECKLIST" or not seen.stigs:
        raise EvidenceError("the checklist holds no STIG")
    for index, stig in enumerate(seen.stigs):
        yield _report(stig, seen.host, f"/STIGS/{index}", source)


def _report(stig: _Stig, host: str, pointer: str, source: Source) -> RuleReport:
    sheet = Sheet(
        source="ckl",
        tool="",
        target=host,
        stig_id=stig.info.get("stigid", "").strip(),
        title=stig.info.get("title", ""),
        edition=edition_of(stig.info.get("version", ""), stig.info.get("releaseinfo", "")),
    )
    origin = replace(origin_of(source), pointer=pointer, inner=pointer)
    return report_of(sheet, (_entry(rule) for rule in stig.rules), origin)


def _entry(rule: _Rule) -> Entry:
    values = rule.values
    said = values.get("STATUS", "").strip()
    return Entry(
        vuln_id=values.get("Vuln_Num", ""),
        rule_id=values.get("Rule_ID", ""),
        stig_id=values.get("Rule_Ver", ""),
        srg=values.get("Group_Title", ""),
        ccis=tuple(rule.ccis),
        severity=values.get("Severity", ""),
        override=values.get("SEVERITY_OVERRIDE", ""),
        why=values.get("SEVERITY_JUSTIFICATION", ""),
        status=Status(_STATUSES.get(said, Outcome.ERROR), said),
        details=values.get("FINDING_DETAILS", ""),
        comments=values.get("COMMENTS", ""),
        at=f"/{rule.number}",
    )


READER = Reader(
    id="ckl",
    title="CKL checklists (STIG Viewer 2, eMASS)",
    revision=1,
    evidence_kinds=("checklist",),
    identify=identify,
    split=splitter(KIND),
    read=reading(KIND, records),
    locate=locate,
    record=RuleReport,
)
