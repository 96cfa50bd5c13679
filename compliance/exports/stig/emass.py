"""Checklists of images in, container scan results of the eMASS API out, one file for each image.

Source: eMASS API, container scan results, as MITRE's emasser sends them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from compliance.exports.stig.parts import asset_of, rule_of, short, text, unix_time
from compliance.model.assessment import Assessment, Exporter, Options, OutputFile
from compliance.model.checklist import Checklist, ChecklistRule
from compliance.model.outcome import Outcome

Json = dict[str, Any]

STATUSES = {
    Outcome.PASS: "Pass",
    Outcome.FAIL: "Fail",
    Outcome.NOT_APPLICABLE: "Not Applicable",
    Outcome.NOT_CHECKED: "Not Reviewed",
    Outcome.ERROR: "Other",
}
#: Characters that the API takes.
_MESSAGE = 1000
_ID = 100
_NAME = 500


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """`stig/<asset>--emass.json` for each image."""
    del options
    images: dict[str, list[Checklist]] = defaultdict(list)
    for checklist in assessment.checklists:
        if checklist.image:
            images[checklist.stem.rpartition("--")[0]].append(checklist)
    for stem in sorted(images):
        path = f"stig/{stem}--emass.json"
        yield OutputFile(path=path, media_type="application/json", chunks=_chunks(assessment, images[stem]))


def _chunks(assessment: Assessment, of_image: list[Checklist]) -> Iterator[bytes]:
    yield msgspec.json.format(msgspec.json.encode(_document(assessment, of_image)), indent=1)
    yield b"\n"


def _document(assessment: Assessment, of_image: list[Checklist]) -> Json:
    first = of_image[0]
    return {
        "containerId": short(first.image, _ID),
        "containerName": short(asset_of(first), _NAME),
        "time": max(unix_time(assessment, one) for one in of_image),
        "benchmarks": [_benchmark(assessment, one) for one in of_image],
    }


def _benchmark(assessment: Assessment, checklist: Checklist) -> Json:
    stig, seen = checklist.stig, unix_time(assessment, checklist)
    found: Json = {"benchmark": short(stig.id, _ID)}
    if stig.release:
        found |= {"version": int(stig.version), "release": int(stig.release)}
    found["results"] = [_result(rule, seen) for rule in checklist.rules]
    return found


def _result(rule: ChecklistRule, seen: int) -> Json:
    message = "\n".join(part for part in (rule.comments.partition("\n")[0], rule.details) if part)
    return {
        "ruleId": rule_of(rule),
        "status": STATUSES[rule.outcome],
        "lastSeen": seen,
        "message": text(message, _MESSAGE),
    }


EXPORTER = Exporter(id="emass", title="stig/*--emass.json, container scan results for eMASS", write=write)
