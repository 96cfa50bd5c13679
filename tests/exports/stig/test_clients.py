"""The real clients take what we write: STIG Manager's parser and MITRE's saf, with counts equal to ours.

COMPLIANCE_STIG_CLIENTS names a folder that `.ci/clients` has made; without it, or without node, these tests are
skipped. saf exits with 0 on many errors, so what it writes is looked at, never its exit code.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from compliance.exports.stig import ckl, cklb, hdf, xccdf
from compliance.model.checklist import Checklist
from tests.exports.stig.checklists import counted, hostile_checklists, with_checklists
from tests.exports.writing import written

CLIENTS = os.environ.get("COMPLIANCE_STIG_CLIENTS", "")
BINARIES = Path(CLIENTS, "node_modules", ".bin")
NODE = shutil.which("node", path=f"{BINARIES}{os.pathsep}{os.environ.get('PATH', '')}")
PARSE = Path(__file__).with_name("parse.mjs")
pytestmark = pytest.mark.skipif(
    not CLIENTS or NODE is None,
    reason="the STIG clients are not at hand: run .ci/clients FOLDER and set COMPLIANCE_STIG_CLIENTS=FOLDER",
)
BOTH = [with_checklists, hostile_checklists]


def put(folder: Path, exporter: Any, assessment: Any) -> list[Path]:
    """The files of an export on disk."""
    found = []
    for path, content in written(exporter.EXPORTER, assessment).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        found.append(place)
    return found


def parsed(files: list[Path]) -> list[dict[str, Any]]:
    """What STIG Manager makes of files."""
    assert NODE is not None
    command = [NODE, str(PARSE), CLIENTS, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def saf(folder: Path, *arguments: str) -> str:
    """What saf prints; it runs in a folder of its own because it leaves a log there."""
    path = f"{BINARIES}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        ["saf", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    return done.stdout


def as_manager(one: Checklist) -> Counter[str]:
    """Our counts in STIG Manager's words: what is open for any reason is not checked."""
    counts = counted(one)
    words = {"pass": counts["pass"], "fail": counts["fail"], "notapplicable": counts["not-applicable"]}
    return +Counter({**words, "notchecked": counts["not-checked"] + counts["error"]})


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("exporter", [cklb, ckl, xccdf], ids=lambda one: one.__name__.rpartition(".")[2])
def test_stig_manager_counts_as_we_do_under_disas_id(exporter: Any, make: Any, tmp_path: Path) -> None:
    assessment = make()
    found = parsed(put(tmp_path, exporter, assessment))
    for one, read in zip(assessment.checklists, found, strict=True):
        assert "error" not in read, read
        assert read["checklists"] == 1
        assert not read["errors"]
        assert read["benchmark"] == one.stig.id
        assert Counter({word: number for word, number in read["stats"].items() if number}) == as_manager(one)
        assert read["rules"] == [rule.rule_id for rule in one.rules]
        if exporter is not xccdf:  # results of XCCDF carry no release to STIG Manager
            assert read["revision"] == (one.stig.edition or None)
        assert all(read["details"])
        assert all(read["comments"])
        if make is with_checklists:
            assert read["target"] == one.asset
            assert read["details"] == [rule.details for rule in one.rules]


@pytest.mark.parametrize("make", BOTH)
def test_saf_summarises_our_hdf_as_we_do(make: Any, tmp_path: Path) -> None:
    assessment = make()
    for one, file in zip(assessment.checklists, put(tmp_path, hdf, assessment), strict=True):
        (summary,) = json.loads(saf(tmp_path, "view", "summary", "-i", str(file), "--format", "json"))
        counts = counted(one)
        assert summary["profileName"] == one.stig.id
        assert {word: summary[word]["total"] for word in ("passed", "failed", "skipped", "error", "no_impact")} == {
            "passed": counts["pass"],
            "failed": counts["fail"],
            "skipped": counts["not-checked"],
            "error": counts["error"],
            "no_impact": counts["not-applicable"],
        }


def test_a_checklist_that_saf_makes_of_our_hdf_says_the_same(tmp_path: Path) -> None:
    """HDF to CKL, and that read by STIG Manager: the same counts, host, benchmark and release."""
    assessment = with_checklists()
    made = []
    for file in put(tmp_path, hdf, assessment):
        made.append(file.with_suffix(".ckl"))
        saf(tmp_path, "convert", "hdf2ckl", "-i", str(file), "-o", str(made[-1]))
    for one, read in zip(assessment.checklists, parsed(made), strict=True):
        assert "error" not in read, read
        assert (read["target"], read["benchmark"]) == (one.asset, one.stig.id)
        # without a date saf puts nothing after the number of the release, and STIG Manager then misses it
        assert read["revision"] == (one.stig.edition if one.stig.date else None)
        assert Counter({word: number for word, number in read["stats"].items() if number}) == as_manager(one)


def test_saf_reads_our_xccdf_results(tmp_path: Path) -> None:
    """XCCDF to HDF: nothing that passes, fails or is open is lost."""
    assessment = with_checklists()
    for one, file in zip(assessment.checklists, put(tmp_path, xccdf, assessment), strict=True):
        out = tmp_path / f"{one.stem}.json"
        saf(tmp_path, "convert", "xccdf_results2hdf", "-i", str(file), "-o", str(out))
        (summary,) = json.loads(saf(tmp_path, "view", "summary", "-i", str(out), "--format", "json"))
        assert summary["passed"]["total"] == counted(one)["pass"]
        assert summary["failed"]["total"] == counted(one)["fail"]
        assert summary["no_impact"]["total"] == counted(one)["not-applicable"]
