"""Bundles of two Docker hosts and a cluster in, checklists in the packet out: each asset has the answers of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compliance.model.outcome import ORDER
from tests.pipeline.node_bundles import make

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCKER = "Docker_Enterprise_2-x_Linux-UNIX_STIG"
FORMATS = "json,cklb,ckl,xccdf,hdf,emass"
STATUSES = {
    "satisfied": "not_a_finding",
    "not-satisfied": "open",
    "not-applicable": "not_applicable",
    "not-reviewed": "not_reviewed",
    "error": "not_reviewed",
}
RANKS = {word: rank for rank, word in enumerate(("not_applicable", "not_a_finding", "not_reviewed", "open"))}
assert len(ORDER) == len(RANKS) + 1


def evidence(folder: Path) -> None:
    """Two Docker hosts, the second of which runs the userland proxy; containers of the first; two nodes."""
    one = folder / "compliance-host-dock1"
    shutil.copytree(HERE / "docker_host" / one.name, one)
    shutil.copy(ROOT / "samples/docker/containers.json", one / "containers.json")
    two = folder / "compliance-host-dock2"
    for file in sorted((HERE / "docker_host" / one.name).rglob("*")):
        if file.is_file():
            place = two / file.relative_to(HERE / "docker_host" / one.name)
            place.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text().replace("dock1", "dock2")
            place.write_text(text.replace('"userland-proxy": false', '"userland-proxy": true'))
    make(folder)


def assess(folder: Path, into: Path, *options: str) -> dict[str, bytes]:
    """The files of a packet."""
    command = [sys.executable, "-m", "compliance.cli", "assess", str(folder), "-o", str(into), "-q", "--no-cache"]
    done = subprocess.run(
        [*command, "--as-of", "2026-11-21T00:00:00Z", *options], capture_output=True, text=True, timeout=120
    )
    assert done.returncode in (0, 3), done.stderr
    return {str(file.relative_to(into)): file.read_bytes() for file in sorted(into.rglob("*")) if file.is_file()}


@cache
def packet(jobs: str = "1") -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        evidence(Path(folder, "evidence"))
        stigs = ("-f", "stig-kubernetes", "-f", "stig-docker")
        return assess(Path(folder, "evidence"), Path(folder, "packet"), *stigs, "--format", FORMATS, "--jobs", jobs)


def rules(asset: str, stig: str = DOCKER) -> dict[str, Any]:
    """The rules of a checklist by the ids of their groups."""
    document = json.loads(packet()[f"stig/{asset}--{stig}.cklb"])
    return {rule["group_id"]: rule for rule in document["stigs"][0]["rules"]}


def findings(framework: str) -> dict[str, Any]:
    found = json.loads(packet()["assessment.json"])["findings"]
    return {one["control"]: one for one in found if one["framework"] == framework}


def test_there_is_one_checklist_for_each_asset_and_stig_in_each_format_and_all_in_the_manifest() -> None:
    stems = ["dock1", "dock2"]
    names = {f"{stem}--{DOCKER}" for stem in stems} | {"kubernetes-cluster--Kubernetes_STIG"}
    expected = {f"stig/{name}.{end}" for name in names for end in ("cklb", "ckl", "xccdf.xml")}
    expected |= {f"hdf/{name}.json" for name in names}
    assert {path for path in packet() if path.startswith(("stig/", "hdf/"))} == expected
    manifest = {one["path"]: one["sha256"] for one in json.loads(packet()["manifest.json"])["files"]}
    assert all(manifest[path] == sha256(packet()[path]).hexdigest() for path in expected)


def test_the_checklist_of_a_cluster_is_what_the_packet_finds() -> None:
    found = rules("kubernetes-cluster", "Kubernetes_STIG")
    stated = findings("stig-kubernetes")
    assert list(found) == list(stated)
    assert {name: rule["status"] for name, rule in found.items()} == {
        name: STATUSES[one["status"]] for name, one in stated.items()
    }
    for name, rule in found.items():
        assert stated[name]["because"] in rule["comments"]
    counts = next(
        one for one in json.loads(packet()["assessment.json"])["frameworks"] if one["id"] == "stig-kubernetes"
    )["counts"]
    said = Counter(rule["status"] for rule in found.values())
    assert said["open"] == counts["not-satisfied"] > 0
    assert said["not_a_finding"] == counts["satisfied"] > 0
    assert said["not_reviewed"] == counts["not-reviewed"] + counts["error"]


def test_hosts_together_are_never_better_than_the_finding_and_a_failure_is_somebodys() -> None:
    one, two = rules("dock1"), rules("dock2")
    assert list(one) == list(two) == list(findings("stig-docker"))
    for name, finding in findings("stig-docker").items():
        worst = max(one[name]["status"], two[name]["status"], key=RANKS.__getitem__)
        assert RANKS[worst] >= RANKS[STATUSES[finding["status"]]], name
        assert (worst == "open") == (finding["status"] == "not-satisfied"), name


def test_what_one_host_does_wrong_is_open_on_that_host_alone() -> None:
    differing = {name for name, rule in rules("dock1").items() if rule["status"] != rules("dock2")[name]["status"]}
    assert differing
    (rule,) = [rule for rule in rules("dock2").values() if "(docker-userland-proxy, " in rule["finding_details"]]
    assert rule["status"] == "open"
    assert rules("dock1")[rule["group_id"]]["status"] == "not_a_finding"
    place = "compliance-host-dock2/etc/docker/daemon.json"
    assert place in rule["finding_details"]
    digest = next(one["sha256"] for one in json.loads(packet()["evidence/index.json"])["files"] if one["path"] == place)
    assert digest in rule["finding_details"]
    assert "dock1" not in rule["finding_details"]


def test_containers_are_of_the_host_whose_folder_they_lie_in() -> None:
    """Of the other host nothing was handed in, which is said and never passes."""
    told = [rule for rule in rules("dock1").values() if "containers.json" in rule["finding_details"]]
    assert told
    assert {"open", "not_a_finding"} <= {rule["status"] for rule in told}
    for rule in told:
        other = rules("dock2")[rule["group_id"]]
        assert "containers.json" not in other["finding_details"]
        assert other["status"] in ("not_reviewed", "open")
    assert any(
        "nothing that this check judges was handed in of dock2" in rule["finding_details"]
        for rule in rules("dock2").values()
    )


def test_every_answer_says_who_wrote_it_and_how_far_it_reaches() -> None:
    for rule in (*rules("dock1").values(), *rules("kubernetes-cluster", "Kubernetes_STIG").values()):
        assert rule["finding_details"]
        assert rule["comments"].splitlines()[-1].startswith("Written by compliance ")
        assert rule["status"] != "not_a_finding" or "Coverage: " in rule["comments"]


def test_any_number_of_processes_gives_the_same_bytes() -> None:
    assert packet("1") == packet("2")


def test_without_a_docker_host_the_checklist_is_what_the_packet_finds_of_an_unnamed_asset(tmp_path: Path) -> None:
    make(tmp_path / "evidence")
    found = assess(tmp_path / "evidence", tmp_path / "packet", "-f", "stig-docker", "--format", "json,cklb")
    (path,) = [path for path in found if path.startswith("stig/")]
    document = json.loads(found[path])
    assert document["target_data"]["host_name"] == "unnamed-asset"
    expected = {one["control"]: STATUSES[one["status"]] for one in json.loads(found["assessment.json"])["findings"]}
    assert {rule["group_id"]: rule["status"] for rule in document["stigs"][0]["rules"]} == expected


def test_without_a_stig_there_is_no_checklist(tmp_path: Path) -> None:
    make(tmp_path / "evidence")
    found = assess(tmp_path / "evidence", tmp_path / "packet", "-f", "cis-kubernetes", "--format", FORMATS)
    assert not [path for path in found if path.startswith(("stig/", "hdf/"))]


def test_our_own_checklists_handed_in_as_evidence_answer_nothing(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    for path, content in packet().items():
        if path.startswith("stig/"):
            (tmp_path / "evidence" / Path(path).name).write_bytes(content)
    found = assess(tmp_path / "evidence", tmp_path / "packet", "-f", "stig-docker", "-f", "stig-kubernetes")
    counts = [one["counts"] for one in json.loads(found["assessment.json"])["frameworks"]]
    assert [(one["not-reviewed"], sum(one.values())) for one in counts] == [(101, 101), (92, 92)]
