"""A Docker host's bundle in, a packet out: each item of the benchmark has the answer that the host's files give.

docker_host/compliance-host-dock1 was made by hand, after what collect-host.sh writes on Debian 12 with Docker 28.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

BUNDLE = Path(__file__).parent / "docker_host"


@cache
def packet() -> dict[str, Any]:
    """assessment.json of the bundle with its observations by id, and all text of the packet under `text`."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "compliance.cli", "assess", str(BUNDLE), "--format", "json,oscal,csv"]
        options = ["-f", "cis-docker", "-f", "stig-docker", "--as-of", "2026-11-21", "-o", f"{folder}/packet"]
        done = subprocess.run(
            [*command, *options],
            env={**os.environ, "XDG_CACHE_HOME": f"{folder}/cache"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        files = [file for file in sorted(Path(folder, "packet").rglob("*")) if file.is_file()]
        found: dict[str, Any] = json.loads(Path(folder, "packet/assessment.json").read_bytes())
        lines = Path(folder, "packet/observations.jsonl").read_text().splitlines()
        found["by_id"] = {one["id"]: one for one in map(json.loads, lines)}
        found["text"] = b"".join(file.read_bytes() for file in files).decode()
    return found


def finding(framework: str, control: str) -> dict[str, Any]:
    (found,) = [one for one in packet()["findings"] if (one["framework"], one["control"]) == (framework, control)]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("control", "status"),
    [
        ("1.1.1", "satisfied"),
        ("1.1.8", "satisfied"),
        ("1.1.9", "not-satisfied"),
        ("1.1.15", "not-applicable"),
        ("1.1.2", "not-reviewed"),
        ("2.2", "not-satisfied"),
        ("2.3", "satisfied"),
        ("2.8", "satisfied"),
        ("2.16", "satisfied"),
        ("3.2", "satisfied"),
        ("3.4", "not-satisfied"),
        ("3.7", "not-applicable"),
        ("3.14", "not-applicable"),
        ("3.15", "satisfied"),
        ("5.1", "satisfied"),
        ("5.5", "not-reviewed"),
        ("6.1", "not-reviewed"),
        ("7.1", "not-applicable"),
        ("7.6", "not-reviewed"),
    ],
)
def test_an_item_has_the_answer_of_the_host(control: str, status: str) -> None:
    """Satisfied, not satisfied, not applicable by proof, and not reviewed where a person or evidence lacks."""
    assert finding("cis-docker", control)["status"] == status


def test_one_fact_answers_benchmark_and_stig() -> None:
    """The item and the rule on the mode of docker.socket rest on one observation, with its line in the listing."""
    item, rule = finding("cis-docker", "3.4"), finding("stig-docker", "V-235854")
    assert item["observations"] == rule["observations"]
    seen = packet()["by_id"][item["observations"][0]]
    assert "0664" in seen["reason"]
    assert [(place["path"], place["line"]) for place in seen["at"]] == [
        ("compliance-host-dock1/file-listing.txt", 23),
        ("compliance-host-dock1/file-listing.txt", 25),
    ]


def test_every_file_is_read_and_nothing_secret_leaves_it() -> None:
    """All files belong to one host; the password of the proxy that docker info tells is nowhere in the packet."""
    assert {one["state"] for one in packet()["evidence"]} == {"read"}
    assert {one["id"] for one in packet()["subjects"]} == {"host/dock1", "host/dock1/dockerd"}
    assert "correct-horse" in (BUNDLE / "compliance-host-dock1/docker-info.json").read_text()
    assert "correct-horse" not in packet()["text"]


def test_the_end_of_the_product_is_said() -> None:
    """Whoever reads the packet learns that the STIG is of a product without support."""
    (stig,) = [one for one in packet()["frameworks"] if one["id"] == "stig-docker"]
    assert "end of life" in stig["words"]
