"""`compliance assess` as a person and a pipeline meet it: exit codes, words, and nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: "%s", namespace: shop}
spec:
  containers:
    - {name: app, image: "registry.example/app:1", securityContext: {privileged: %s}}
"""


def compliance(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compliance.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "XDG_CACHE_HOME": str(cwd / "cache"), "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/pod.yaml").write_text(POD % ("web", "true"))
    return tmp_path


def assess(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return compliance(
        "assess", "evidence", "--format", "json", "--as-of", "2026-11-21", *arguments, cwd=folder, **environment
    )


def test_a_packet_written_is_exit_code_0_and_its_place_is_told(folder: Path) -> None:
    """The table, the first actions and requests, and the path; no colour codes in a pipe."""
    done = assess(folder)
    assert done.returncode == 0, done.stderr
    for words in ("cis-kubernetes 2.0.1", "fedramp-moderate rev5", "A-001", "R-001", "Packet: packet"):
        assert words in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert json.loads((folder / "packet/assessment.json").read_bytes())["as_of"] == "2026-11-21T00:00:00Z"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("not-satisfied", 1),
        ("not-satisfied:nist-800-190", 1),
        ("severity:critical", 1),
        ("check:pod-privileged", 1),
        ("check:pod-host-pid", 0),
        ("control:cis-kubernetes:5.2.2", 1),
        ("control:cis-kubernetes:5.2.3", 0),
        ("not-reviewed:pss-baseline", 0),
        ("unreadable", 0),
    ],
)
def test_a_gate_that_is_met_is_exit_code_1_after_the_packet_is_written(folder: Path, rule: str, code: int) -> None:
    """Each rule of --fail-on asks its own question."""
    done = assess(folder, "--fail-on", rule, "-f", "cis-kubernetes", "-f", "nist-800-190", "-f", "pss-baseline")
    assert done.returncode == code, done.stdout + done.stderr
    assert (folder / "packet/assessment.json").exists()
    assert (f"--fail-on {rule} is met" in done.stdout) == (code == 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fail-on", "severity:awful"),
        ("--fail-on", "check:pod-privilged"),
        ("--fail-on", "control:cis-kubernetes:9.9.9"),
        ("--fail-on", "not-satisfied:pss-restricted"),
        ("--format", "docx"),
        ("--as-of", "yesterday"),
        ("-f", "cis-kubernets"),
        ("-f", "cis-kubernetes@9.9"),
        ("-c", "missing.yaml"),
        ("--jobs", "0"),
        ("--unknown",),
        ("missing-folder",),
    ],
)
def test_wrong_usage_is_exit_code_2_and_writes_nothing(folder: Path, arguments: tuple[str, ...]) -> None:
    """The message stands on stderr, and there is no packet."""
    done = assess(folder, *arguments)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert not (folder / "packet").exists()


def test_a_wrong_configuration_names_the_nearest_key(folder: Path) -> None:
    """A mistyped key is refused with its line and what was probably meant."""
    (folder / "compliance.yaml").write_text("system: {name: Demo}\nframework: [cis-docker]\n")
    done = assess(folder, "-c", "compliance.yaml")
    assert done.returncode == 2
    assert "line 1" in done.stderr or "line 2" in done.stderr
    assert "Did you mean frameworks?" in done.stderr


def test_evidence_that_cannot_be_read_is_exit_code_3_with_its_place(folder: Path) -> None:
    """The packet is written, and the terminal names the file, the line and what to do."""
    (folder / "evidence/chart.yaml").write_text(POD % ("{{ .Values.name }}", "true"))
    done = assess(folder)
    assert done.returncode == 3
    assert "chart.yaml" in done.stdout
    assert "helm template" in " ".join(done.stdout.split())
    assert (folder / "packet/assessment.json").exists()


def test_our_own_failure_is_exit_code_4_and_the_old_packet_stays(folder: Path) -> None:
    """A crash never looks like a tripped gate, and never touches the old packet."""
    assert assess(folder).returncode == 0
    before = (folder / "packet/manifest.json").read_bytes()
    (folder / "evidence/pod.yaml").write_text(POD % ("other", "true"))
    (folder / "sitecustomize.py").write_text(
        "import compliance.pipeline.packet as p\n"
        "def broken(self, about): raise RuntimeError('boom')\n"
        "p.Packet.finish = broken\n"
    )
    done = assess(folder, PYTHONPATH=str(folder))
    assert done.returncode == 4
    assert (folder / "packet/manifest.json").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []


def test_names_from_evidence_cannot_steer_the_terminal(folder: Path) -> None:
    """Escape sequences and direction overrides in file names are shown, not obeyed."""
    (folder / "evidence" / "\x1b[31mred\u202e.yaml").write_text(POD % ("{{ .Values.name }}", "true"))
    done = assess(folder)
    assert done.returncode == 3
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_the_clock_is_as_of_then_source_date_epoch(folder: Path) -> None:
    """--as-of wins; an offset is turned into UTC."""
    packet = folder / "packet/assessment.json"
    compliance("assess", "evidence", "--format", "json", cwd=folder, SOURCE_DATE_EPOCH="86400")
    assert json.loads(packet.read_bytes())["as_of"] == "1970-01-02T00:00:00Z"
    assess(folder, "--as-of", "2026-11-21T01:00:00+02:00")
    assert json.loads(packet.read_bytes())["as_of"] == "2026-11-20T23:00:00Z"


def test_the_log_for_machines_is_json_lines(folder: Path) -> None:
    """One record for each phase with its CPU seconds, on stderr."""
    done = assess(folder, "--log-format", "json", "-q")
    phases = [json.loads(line) for line in done.stderr.splitlines()]
    assert [phase["phase"] for phase in phases] == ["read", "evaluate", "assess", "write"]
    assert done.stdout == ""


def test_without_trust_nothing_that_verifies_signatures_is_imported(folder: Path) -> None:
    """Reading a manifest does not wait for the libraries that judge signatures, pages and charts."""
    done = assess(folder, "--jobs", "1", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "msgspec" in imported
    assert imported.isdisjoint({"cryptography", "rfc3161_client", "weasyprint", "jinja2"})


def test_explain_and_catalog_answer(folder: Path) -> None:
    """What a control asks, what a check does, and a nearest name for a mistyped one."""
    control = compliance("explain", "cis-kubernetes:5.2.2", cwd=folder)
    assert control.returncode == 0, control.stderr
    assert "pod-privileged" in control.stdout
    check = compliance("explain", "pod-privileged", cwd=folder)
    assert "cis-kubernetes 2.0.1  5.2.2" in check.stdout
    assert "Did you mean pod-privileged?" in compliance("explain", "pod-privilegd", cwd=folder).stderr
    assert "cis-kubernetes" in compliance("catalog", "list", cwd=folder).stdout
    assert "5.2.2" in compliance("catalog", "show", "cis-kubernetes", cwd=folder).stdout
    coverage = " ".join(compliance("catalog", "coverage", cwd=folder).stdout.split())
    assert "k8s-objects 21 of 21" in coverage
    assert "static-pod-manifest 48 of 48" in coverage
    assert "malware-scan 0 of 1 (not read yet)" in coverage
    assert compliance("catalog", "validate", cwd=folder).returncode == 0
