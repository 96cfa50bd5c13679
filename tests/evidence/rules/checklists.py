"""Checklists of one made-up answer each, in both formats, for tests."""

from __future__ import annotations

import json
from typing import NamedTuple
from xml.sax.saxutils import escape

#: How each format spells the four answers.
SPELT = {
    "pass": ("not_a_finding", "NotAFinding"),
    "fail": ("open", "Open"),
    "na": ("not_applicable", "Not_Applicable"),
    "none": ("not_reviewed", "Not_Reviewed"),
}


class Answer(NamedTuple):
    """An answer to one rule of a STIG."""

    status: str = "pass"
    details: str = ""
    comments: str = ""
    group: str = "V-242376"
    rule: str = "SV-242376r960759_rule"
    version: str = "CNTR-K8-000150"
    cci: str = "CCI-000068"
    severity: str = "medium"
    override: str = ""
    why: str = ""


def cklb(*answers: Answer, host: str = "node-1", stigs: int = 1, release: str = "4") -> bytes:
    """A CKLB checklist with the same answers in each of its STIGs."""
    rules = [
        {
            "group_id": one.group,
            "group_id_src": one.group,
            "rule_id": one.rule.removesuffix("_rule"),
            "rule_id_src": one.rule,
            "rule_version": one.version,
            "group_title": "SRG-APP-000014-CTR-000035",
            "severity": one.severity,
            "ccis": [one.cci],
            "status": SPELT.get(one.status, (one.status, ""))[0],
            "overrides": {"severity": {"severity": one.override, "reason": one.why}} if one.override else {},
            "comments": one.comments,
            "finding_details": one.details,
        }
        for one in answers
    ]
    stig = {
        "stig_name": "Kubernetes Security Technical Implementation Guide",
        "stig_id": "Kubernetes_STIG",
        "release_info": f"Release: {release} Benchmark Date: 01 Apr 2025",
        "version": "2",
        "rules": rules,
    }
    document = {"title": "x", "cklb_version": "1.0", "target_data": {"host_name": host}, "stigs": [stig] * stigs}
    return json.dumps(document, indent=1).encode()


def ckl(*answers: Answer, host: str = "node-1", stigs: int = 1, release: str = "4") -> bytes:
    """A CKL checklist with the same answers in each of its STIGs."""
    info = {
        "version": "2",
        "stigid": "Kubernetes_STIG",
        "releaseinfo": f"Release: {release} Benchmark Date: 01 Apr 2025",
        "title": "Kubernetes Security Technical Implementation Guide",
    }
    told = "".join(
        f"<SI_DATA><SID_NAME>{name}</SID_NAME><SID_DATA>{text}</SID_DATA></SI_DATA>\n" for name, text in info.items()
    )
    stig = f"<iSTIG><STIG_INFO>{told}</STIG_INFO>\n{''.join(_rule(one) for one in answers)}</iSTIG>\n"
    asset = f"<ASSET><ROLE>None</ROLE><HOST_NAME>{escape(host)}</HOST_NAME></ASSET>"
    return (
        f"<?xml version='1.0'?><!-- made up -->\n<CHECKLIST>{asset}<STIGS>\n{stig * stigs}</STIGS></CHECKLIST>".encode()
    )


def _rule(one: Answer) -> str:
    data = {
        "Vuln_Num": one.group,
        "Severity": one.severity,
        "Group_Title": "SRG-APP-000014-CTR-000035",
        "Rule_ID": one.rule,
        "Rule_Ver": one.version,
        "CCI_REF": one.cci,
    }
    attributes = "".join(
        f"<STIG_DATA><VULN_ATTRIBUTE>{name}</VULN_ATTRIBUTE><ATTRIBUTE_DATA>{escape(text)}</ATTRIBUTE_DATA></STIG_DATA>"
        for name, text in data.items()
    )
    answer = {
        "STATUS": SPELT.get(one.status, ("", one.status))[1],
        "FINDING_DETAILS": one.details,
        "COMMENTS": one.comments,
        "SEVERITY_OVERRIDE": one.override,
        "SEVERITY_JUSTIFICATION": one.why,
    }
    return f"<VULN>{attributes}{''.join(f'<{key}>{escape(text)}</{key}>' for key, text in answer.items())}</VULN>\n"
