"""Counts controls by status in each written format, so that a test can compare them."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

from compliance.exports.oscal.identity import NS
from compliance.model.assessment import Assessment

#: Framework with edition, then status, then how many controls.
StatusTable = dict[str, dict[str, int]]


def table_of(pairs: list[tuple[str, str]]) -> StatusTable:
    """A table from (framework with edition, status) pairs; statuses that do not occur are left out."""
    found: StatusTable = {}
    for (framework, status), count in sorted(Counter(pairs).items()):
        found.setdefault(framework, {})[status] = count
    return found


def in_assessment(assessment: Assessment) -> StatusTable:
    findings = [finding for result in assessment.results for finding in result.findings]
    return table_of([(f"{one.framework} {one.edition}", one.status.value) for one in findings])


def in_json(files: dict[str, bytes]) -> StatusTable:
    """What assessment.json states for each framework, from its counts and not from its findings."""
    frameworks = json.loads(files["assessment.json"])["frameworks"]
    counted = {f"{one['id']} {one['edition']}": one["counts"] for one in frameworks}
    return {
        name: {status: count for status, count in sorted(counts.items()) if count}
        for name, counts in sorted(counted.items())
    }


def in_oscal(files: dict[str, bytes]) -> StatusTable:
    """By the findings' properties."""
    document = json.loads(files["oscal/assessment-results.json"])
    pairs = []
    for finding in document["assessment-results"]["results"][0]["findings"]:
        props = {prop["name"]: prop["value"] for prop in finding["props"] if prop.get("ns") == NS}
        pairs.append((f"{props['framework']} {props['edition']}", props["result"]))
    return table_of(pairs)


def in_csv(files: dict[str, bytes]) -> StatusTable:
    rows = csv.DictReader(io.StringIO(files["findings.csv"].decode("utf-8-sig"), newline=""), strict=True)
    return table_of([(f"{row['framework']} {row['edition']}", row["status"]) for row in rows])


def in_sarif(files: dict[str, bytes]) -> StatusTable:
    """By the taxa."""
    pairs = []
    for taxonomy in json.loads(files["findings.sarif"])["runs"][0]["taxonomies"]:
        name = f"{taxonomy['name']} {taxonomy['version']}"
        pairs += [(name, taxon["properties"]["status"]) for taxon in taxonomy["taxa"]]
    return table_of(pairs)
