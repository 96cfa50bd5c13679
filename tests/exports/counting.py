"""Counts controls by status in each written format, so that a test can compare them."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

from compliance.exports.oscal.identity import NS
from compliance.model.assessment import Assessment

#: Framework, then status, then how many controls.
StatusTable = dict[str, dict[str, int]]


def table_of(pairs: list[tuple[str, str]]) -> StatusTable:
    """A table from (framework, status) pairs; statuses that do not occur are left out."""
    found: StatusTable = {}
    for (framework, status), count in sorted(Counter(pairs).items()):
        found.setdefault(framework, {})[status] = count
    return found


def in_assessment(assessment: Assessment) -> StatusTable:
    return table_of([(one.framework, one.status.value) for result in assessment.results for one in result.findings])


def in_json(files: dict[str, bytes]) -> StatusTable:
    """What assessment.json states for each framework, from its counts and not from its findings."""
    document = json.loads(files["assessment.json"])
    return {
        one["id"]: {status: count for status, count in sorted(one["counts"].items()) if count}
        for one in sorted(document["frameworks"], key=lambda one: str(one["id"]))
    }


def in_oscal(files: dict[str, bytes]) -> StatusTable:
    """By the findings' properties."""
    document = json.loads(files["oscal/assessment-results.json"])
    pairs = []
    for finding in document["assessment-results"]["results"][0]["findings"]:
        props = {prop["name"]: prop["value"] for prop in finding["props"] if prop.get("ns") == NS}
        pairs.append((props["framework"], props["result"]))
    return table_of(pairs)


def in_csv(files: dict[str, bytes]) -> StatusTable:
    rows = csv.DictReader(io.StringIO(files["findings.csv"].decode("utf-8-sig"), newline=""), strict=True)
    return table_of([(row["framework"], row["status"]) for row in rows])


def in_sarif(files: dict[str, bytes]) -> StatusTable:
    """By the taxa."""
    run = json.loads(files["findings.sarif"])["runs"][0]
    return table_of(
        [(one["name"], taxon["properties"]["status"]) for one in run["taxonomies"] for taxon in one["taxa"]]
    )
