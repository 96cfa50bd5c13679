"""Checklists in, Heimdall Data Format out (exec-json), one file for each.

Heimdall rolls results up by rules of its own: a pass beside a skip is a pass to it, a waiver is not applicable. So each
control has one result, which is our answer, and what is not applicable has the impact 0; nothing is ever waived.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from compliance.exports.stig.parts import (
    IMPACTS,
    asset_of,
    group_of,
    made_at,
    nist_of,
    rule_of,
    severity_of,
    short,
    text,
)
from compliance.model.assessment import Assessment, Exporter, Options, OutputFile
from compliance.model.checklist import Checklist, ChecklistRule
from compliance.model.outcome import Outcome

Json = dict[str, Any]

STATUSES = {
    Outcome.PASS: "passed",
    Outcome.FAIL: "failed",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.NOT_CHECKED: "skipped",
    Outcome.ERROR: "error",
}


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """`hdf/<asset>--<stig>.json` for each checklist."""
    del options
    for checklist in assessment.checklists:
        path = f"hdf/{checklist.stem}.json"
        yield OutputFile(path=path, media_type="application/json", chunks=_chunks(assessment, checklist))


def _chunks(assessment: Assessment, checklist: Checklist) -> Iterator[bytes]:
    yield msgspec.json.format(msgspec.json.encode(_document(assessment, checklist)), indent=1)
    yield b"\n"


def _document(assessment: Assessment, checklist: Checklist) -> Json:
    tool = assessment.tool
    return {
        "platform": {"name": tool.name, "release": tool.version, "target_id": asset_of(checklist)},
        "version": tool.version,
        "statistics": {},
        "profiles": [_profile(assessment, checklist)],
        "passthrough": {"metadata": _metadata(assessment, checklist)},
    }


def _profile(assessment: Assessment, checklist: Checklist) -> Json:
    stig, made = checklist.stig, made_at(assessment, checklist)
    controls = [_control(rule, made) for rule in checklist.rules]
    return {
        "name": short(stig.id, 255),
        "title": text(stig.title, 255),
        "version": f"{stig.version}.{stig.release}" if stig.release else "",
        "summary": text("\n".join(checklist.remarks)),
        "sha256": hashlib.sha256(msgspec.json.encode(controls)).hexdigest(),
        "supports": [],
        "attributes": [],
        "groups": [
            {"id": control["tags"]["gid"], "title": control["tags"]["gtitle"], "controls": [control["id"]]}
            for control in controls
        ],
        "status": "loaded",
        "controls": controls,
    }


def _control(rule: ChecklistRule, made: str) -> Json:
    severity = severity_of(rule)
    return {
        "id": group_of(rule),
        "title": text(rule.title),
        "desc": text(rule.discussion or rule.check),
        "descriptions": [
            {"label": label, "data": text(data)}
            for label, data in (("check", rule.check), ("fix", rule.fix), ("comments", rule.comments))
        ],
        "impact": 0 if rule.outcome is Outcome.NOT_APPLICABLE else IMPACTS[severity],
        "refs": [],
        "tags": {
            "gid": group_of(rule),
            "rid": rule_of(rule),
            "stig_id": short(rule.stig_id, 255),
            "gtitle": text(rule.srg),
            "cci": [short(cci, 45) for cci in rule.ccis],
            "nist": nist_of(rule),
            "severity": severity,
        },
        "code": "",
        "source_location": {},
        "results": [_result(rule, made)],
    }


def _result(rule: ChecklistRule, made: str) -> Json:
    status = STATUSES[rule.outcome]
    because = text(rule.comments.partition("\n")[0])
    return {
        "status": status,
        "code_desc": text(rule.details) or "Nothing was seen.",
        "start_time": made,
        ("skip_message" if status == "skipped" else "message"): because,
    }


def _metadata(assessment: Assessment, checklist: Checklist) -> Json:
    """What `saf convert hdf2ckl` needs for a checklist with a host and a revision."""
    stig = checklist.stig
    profile: Json = {"name": short(stig.id, 255), "title": text(stig.title, 255)}
    if stig.release:
        profile |= {"version": int(stig.version), "releasenumber": int(stig.release), "releasedate": stig.date}
    return {
        "hostname": asset_of(checklist),
        "hostip": "",
        "hostmac": "",
        "hostfqdn": "",
        "marking": short(assessment.configuration.system.marking, 255),
        "role": "None",
        "assettype": "Computing",
        "techarea": "",
        "targetcomment": text("\n".join(checklist.remarks)),
        "webordatabase": "false",
        "webdbsite": "",
        "webdbinstance": "",
        "vulidmapping": "gid",
        "profiles": [profile],
    }


EXPORTER = Exporter(id="hdf", title="hdf/*.json, for Heimdall", write=write)
