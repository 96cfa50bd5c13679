"""Checklists in, CKL 2.5 out: the XML that STIG Viewer 2 and eMASS take, one file for each.

Elements stand in the order of DISA's schema, and none is left out that it asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from compliance.exports.stig.parts import (
    asset_of,
    group_of,
    rule_of,
    severity_of,
    short,
    stig_reference,
    stig_uuid,
    text,
)
from compliance.model.assessment import Assessment, Exporter, Options, OutputFile
from compliance.model.checklist import Checklist, ChecklistRule
from compliance.model.outcome import Outcome

STATUSES = {
    Outcome.PASS: "NotAFinding",
    Outcome.FAIL: "Open",
    Outcome.NOT_APPLICABLE: "Not_Applicable",
    Outcome.NOT_CHECKED: "Not_Reviewed",
    Outcome.ERROR: "Not_Reviewed",
}
#: Attributes of a rule that we have nothing to say on; STIG Viewer writes them empty, in this order.
_EMPTY = ("False_Positives", "False_Negatives")
_NOTHING = (
    "Mitigations",
    "Potential_Impact",
    "Third_Party_Tools",
    "Mitigation_Control",
    "Responsibility",
    "Security_Override_Guidance",
)
_MARKING = 255


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """`stig/<asset>--<stig>.ckl` for each checklist."""
    del options
    for checklist in assessment.checklists:
        path = f"stig/{checklist.stem}.ckl"
        yield OutputFile(path=path, media_type="application/xml", chunks=_chunks(assessment, checklist))


def _chunks(assessment: Assessment, checklist: Checklist) -> Iterator[bytes]:
    yield from (line.encode() + b"\n" for line in _lines(assessment, checklist))


def _lines(assessment: Assessment, checklist: Checklist) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<CHECKLIST>"
    yield "<ASSET>"
    for name, value in _asset(assessment, checklist):
        yield _element(name, value)
    yield "</ASSET>"
    yield "<STIGS>"
    yield "<iSTIG>"
    yield "<STIG_INFO>"
    for name, value in _info(checklist):
        yield f"<SI_DATA>{_element('SID_NAME', name)}{_element('SID_DATA', value)}</SI_DATA>"
    yield "</STIG_INFO>"
    reference = stig_reference(checklist)
    for rule in checklist.rules:
        yield from _vulnerability(rule, checklist, reference)
    yield "</iSTIG>"
    yield "</STIGS>"
    yield "</CHECKLIST>"


def _asset(assessment: Assessment, checklist: Checklist) -> Iterator[tuple[str, str]]:
    yield "ROLE", "None"
    yield "ASSET_TYPE", "Computing"
    yield "MARKING", short(assessment.configuration.system.marking, _MARKING)
    yield "HOST_NAME", asset_of(checklist)
    yield "HOST_IP", ""
    yield "HOST_MAC", ""
    yield "HOST_FQDN", ""
    yield "TARGET_COMMENT", text("\n".join(checklist.remarks))
    yield "TECH_AREA", ""
    yield "TARGET_KEY", ""
    yield "WEB_OR_DATABASE", "false"
    yield "WEB_DB_SITE", ""
    yield "WEB_DB_INSTANCE", ""


def _info(checklist: Checklist) -> Iterator[tuple[str, str]]:
    stig = checklist.stig
    yield "version", stig.version
    yield "classification", "UNCLASSIFIED"
    yield "customname", ""
    yield "stigid", short(stig.id, 255)
    yield "description", ""
    yield "filename", ""
    yield "releaseinfo", stig.release_info
    yield "title", text(stig.title, 255)
    yield "uuid", stig_uuid(checklist)
    yield "notice", ""
    yield "source", ""


def _vulnerability(rule: ChecklistRule, checklist: Checklist, reference: str) -> Iterator[str]:
    yield "<VULN>"
    for name, value in _attributes(rule, checklist, reference):
        yield f"<STIG_DATA>{_element('VULN_ATTRIBUTE', name)}{_element('ATTRIBUTE_DATA', value)}</STIG_DATA>"
    yield _element("STATUS", STATUSES[rule.outcome])
    yield _element("FINDING_DETAILS", text(rule.details))
    yield _element("COMMENTS", text(rule.comments))
    yield _element("SEVERITY_OVERRIDE", "")
    yield _element("SEVERITY_JUSTIFICATION", "")
    yield "</VULN>"


def _attributes(rule: ChecklistRule, checklist: Checklist, reference: str) -> Iterator[tuple[str, str]]:
    yield "Vuln_Num", group_of(rule)
    yield "Severity", severity_of(rule)
    yield "Group_Title", text(rule.srg)
    yield "Rule_ID", rule_of(rule)
    yield "Rule_Ver", short(rule.stig_id, 255)
    yield "Rule_Title", text(rule.title)
    yield "Vuln_Discuss", text(rule.discussion)
    yield "IA_Controls", ""
    yield "Check_Content", text(rule.check)
    yield "Fix_Text", text(rule.fix)
    yield from ((name, "") for name in _EMPTY)
    yield "Documentable", "false"
    yield from ((name, "") for name in _NOTHING)
    yield "Check_Content_Ref", "M"
    yield "Weight", "10.0"
    yield "Class", "Unclass"
    yield "STIGRef", reference
    yield "TargetKey", ""
    yield "STIG_UUID", stig_uuid(checklist)
    yield from (("CCI_REF", short(cci, 45)) for cci in rule.ccis)


def _element(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"


EXPORTER = Exporter(id="ckl", title="stig/*.ckl, checklists for STIG Viewer 2 and eMASS", write=write)
