"""Checklists in, CKLB 1.0 out: the JSON that STIG Viewer 3 and STIG Manager take, one file for each.

No text is null, and `version` stands beside the release though DISA's schema has no such key: STIG Viewer 3.5 writes
it, and STIG Manager takes the revision from it (stig-manager issue 1744).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from compliance.exports.stig.parts import (
    Ids,
    asset_of,
    group_of,
    made_at,
    rule_of,
    severity_of,
    short,
    size_of,
    stig_reference,
    stig_uuid,
    text,
    without_end,
)
from compliance.model.assessment import Assessment, Exporter, Options, OutputFile
from compliance.model.checklist import Checklist, ChecklistRule
from compliance.model.outcome import Outcome

Json = dict[str, Any]

STATUSES = {
    Outcome.PASS: "not_a_finding",
    Outcome.FAIL: "open",
    Outcome.NOT_APPLICABLE: "not_applicable",
    Outcome.NOT_CHECKED: "not_reviewed",
    Outcome.ERROR: "not_reviewed",
}
#: The state of a checklist that is being filled in, as STIG Viewer 3 writes it.
_FILLED_IN = 2
_MEDIA_TYPE = "application/json"


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """`stig/<asset>--<stig>.cklb` for each checklist."""
    del options
    for checklist in assessment.checklists:
        path = f"stig/{checklist.stem}.cklb"
        yield OutputFile(path=path, media_type=_MEDIA_TYPE, chunks=_chunks(assessment, checklist))


def _chunks(assessment: Assessment, checklist: Checklist) -> Iterator[bytes]:
    yield msgspec.json.format(msgspec.json.encode(_document(assessment, checklist)), indent=1)
    yield b"\n"


def _document(assessment: Assessment, checklist: Checklist) -> Json:
    ids = Ids(assessment, checklist)
    return {
        "title": checklist.stem,
        "id": ids("checklist"),
        "cklb_version": "1.0",
        "active": False,
        "mode": _FILLED_IN,
        "has_path": True,
        "target_data": {
            "target_type": "Computing",
            "host_name": asset_of(checklist),
            "ip_address": "",
            "mac_address": "",
            "fqdn": "",
            "comments": text("\n".join(checklist.remarks)),
            "role": "None",
            "is_web_database": False,
            "technology_area": "",
            "web_db_site": "",
            "web_db_instance": "",
        },
        "stigs": [_stig(assessment, checklist, ids)],
    }


def _stig(assessment: Assessment, checklist: Checklist, ids: Ids) -> Json:
    stig = checklist.stig
    title = text(stig.title, 255)
    made = made_at(assessment, checklist)
    return {
        "stig_name": title,
        "display_name": title,
        "stig_id": short(stig.id, 255),
        "release_info": stig.release_info,
        "version": stig.version,
        "uuid": stig_uuid(checklist),
        "reference_identifier": "",
        "size": size_of(checklist),
        "rules": [_rule(rule, checklist, ids, made) for rule in checklist.rules],
    }


def _rule(rule: ChecklistRule, checklist: Checklist, ids: Ids, made: str) -> Json:
    group, rule_id, stig = group_of(rule), rule_of(rule), stig_uuid(checklist)
    return {
        "uuid": ids("rule", rule.rule_id),
        "stig_uuid": stig,
        "group_id": group,
        "group_id_src": group,
        "rule_id": without_end(rule_id),
        "rule_id_src": rule_id,
        "target_key": "",
        "stig_ref": stig_reference(checklist),
        "weight": "10.0",
        "classification": "Unclassified",
        "severity": severity_of(rule),
        "rule_version": short(rule.stig_id, 255),
        "rule_title": text(rule.title),
        "fix_text": text(rule.fix),
        "reference_identifier": "",
        "group_title": text(rule.srg),
        "false_positives": "",
        "false_negatives": "",
        "discussion": text(rule.discussion),
        "check_content": text(rule.check),
        "documentable": "false",
        "mitigations": "",
        "potential_impacts": "",
        "third_party_tools": "",
        "mitigation_control": "",
        "responsibility": "",
        "security_override_guidance": "",
        "ia_controls": "",
        "check_content_ref": {"href": "", "name": "M"},
        "legacy_ids": [],
        "ccis": [short(cci, 45) for cci in rule.ccis],
        "group_tree": [{"id": group, "title": text(rule.srg), "description": ""}],
        "createdAt": made,
        "updatedAt": made,
        "STIGUuid": stig,
        "status": STATUSES[rule.outcome],
        "overrides": {},
        "comments": text(rule.comments),
        "finding_details": text(rule.details),
    }


EXPORTER = Exporter(id="cklb", title="stig/*.cklb, checklists for STIG Viewer 3 and STIG Manager", write=write)
