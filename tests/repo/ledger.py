"""What every check says of samples/, one line an observation: tests/repo/ledger.csv (make docs writes it anew)."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

from tests.repo.generated import ROOT

LEDGER = Path(__file__).with_name("ledger.csv")

#: Check and subject to revision and outcome.
Outcomes = dict[tuple[str, str], tuple[int, str]]


def assess(folder: Path) -> Outcomes:
    """Assess samples/ as `make packet` does, into a new folder; the outcome of every observation."""
    subprocess.run(
        [
            str(Path(sys.executable).parent / "compliance"),
            *("assess", "samples", "-c", "samples/compliance.yaml", "--as-of", "2026-09-01T00:00:00Z"),
            *("--format", "json", "--no-cache", "--quiet", "-o", str(folder / "packet")),
        ],
        cwd=ROOT,
        check=False,  # the samples hold a file that cannot be read: exit code 3
        capture_output=True,
    )
    found: Outcomes = {}
    for line in (folder / "packet" / "observations.jsonl").read_bytes().splitlines():
        record = json.loads(line)
        found[record["check"], record["subject"]] = record["revision"], record["outcome"]
    return found


def written(outcomes: Outcomes) -> str:
    """The ledger as text: sorted, a line for each observation."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("check", "revision", "subject", "outcome"))
    for (check, subject), (revision, outcome) in sorted(outcomes.items()):
        lines.writerow((check, revision, subject, outcome))
    return out.getvalue()


def kept() -> Outcomes:
    """The ledger as it stands in the repository."""
    with LEDGER.open(newline="") as file:
        return {
            (line["check"], line["subject"]): (int(line["revision"]), line["outcome"]) for line in csv.DictReader(file)
        }


def unexplained(before: Outcomes, after: Outcomes) -> list[str]:
    """Outcomes that changed although the check's revision did not, in words."""
    return [
        f"{check} on {subject}: {before[check, subject][1]} became {outcome} at revision {revision}"
        for (check, subject), (revision, outcome) in sorted(after.items())
        if (check, subject) in before and before[check, subject][1] != outcome and before[check, subject][0] == revision
    ]
