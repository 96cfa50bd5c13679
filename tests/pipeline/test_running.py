"""The main job end to end: the same bytes whoever runs it, and no input can take the others down."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import compliance.pipeline.reading
import compliance.pipeline.running
import compliance.pipeline.units
from compliance.errors import UsageError
from compliance.model.assessment import Options
from compliance.model.check import Check, Verdict
from compliance.model.cluster import Cluster, Header
from compliance.model.configuration import Configuration
from compliance.model.workload import Pod
from compliance.pipeline import registered
from compliance.pipeline.assembling import frameworks_of
from compliance.pipeline.caching import cache_file
from compliance.pipeline.running import Request, Result, run

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: good, namespace: shop}
spec:
  containers:
    - name: app
      image: registry.example/app@sha256:0000000000000000000000000000000000000000000000000000000000000000
      securityContext: {privileged: false}
"""
BAD = GOOD.replace("name: good", "name: bad").replace("privileged: false", "privileged: true")
UNTYPED = GOOD.replace("name: good", "name: untyped").replace("privileged: false", 'privileged: "true"')
AS_OF = "2026-11-21T00:00:00Z"


class Silent:
    def phase(self, name: str, total: int) -> None: ...
    def advance(self, steps: int = 1) -> None: ...
    def done(self, name: str, cpu_seconds: float, wall_seconds: float) -> None: ...


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "evidence"
    folder.mkdir()
    return folder


def assess(evidence: Path, output: str = "packet", **changes: Any) -> Result:
    settings: dict[str, Any] = {
        "paths": (str(evidence),),
        "configuration": Configuration(),
        "destination": evidence.parent / output,
        "as_of": AS_OF,
        "formats": ("json",),
        "options": Options(),
        "jobs": 1,
        "cache": False,
        "command": "compliance assess EVIDENCE",
    }
    frameworks = changes.pop("frameworks", ("cis-kubernetes",))
    request = Request(**settings | changes)
    return run(request, frameworks_of(request.configuration, frameworks), Silent())


def observations(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (result.packet / "observations.jsonl").read_bytes().splitlines()]


def of(result: Result, check: str) -> dict[str, dict[str, Any]]:
    return {line["subject"]: line for line in observations(result) if line["check"] == check}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_verdict_names_the_bytes_that_decided_it(evidence: Path) -> None:
    """Passes and failures carry file, hash and pointer; failures the line as well."""
    (evidence / "pods.yaml").write_text(GOOD + "---\n" + BAD)
    found = of(assess(evidence), "pod-privileged")
    good, bad = found["shop/Pod/good"], found["shop/Pod/bad"]
    assert (good["outcome"], bad["outcome"]) == ("pass", "fail")
    (place,) = bad["at"]
    assert place["pointer"] == "/spec/containers/0/securityContext/privileged"
    assert (place["document"], place["line"]) == (1, 17)
    assert good["at"][0]["sha256"] == place["sha256"]
    assert "line" not in good["at"][0]


def test_every_check_says_something_of_its_subjects_or_of_their_absence(evidence: Path) -> None:
    """No check is silent, whatever was handed in: about each subject, or about there being none."""
    (evidence / "pod.yaml").write_text(GOOD)
    result = assess(evidence)
    said = {line["check"]: set() for line in observations(result)}
    for line in observations(result):
        said[line["check"]].add(line["subject"])
    assert set(said) == {check.id for check in registered.checks()}
    for check in registered.checks():
        expected = {Pod: "shop/Pod/good", Header: "shop/Pod/good", Cluster: "cluster"}.get(
            check.subject, "evidence-set"
        )
        assert said[check.id] == {expected}, check.id


def test_there_is_one_observation_for_each_check_and_subject(evidence: Path) -> None:
    """Two files on one object give one line, and the worse of the two counts."""
    (evidence / "a.yaml").write_text(GOOD)
    (evidence / "b.yaml").write_text(GOOD.replace("privileged: false", "privileged: true"))
    result = assess(evidence)
    lines = [(line["check"], line["subject"]) for line in observations(result)]
    assert len(lines) == len(set(lines))
    assert of(result, "pod-privileged")["shop/Pod/good"]["outcome"] == "fail"


def test_what_cannot_be_read_is_told_and_keeps_controls_from_passing(evidence: Path) -> None:
    """A quoted boolean is refused by the cluster and so by us; the other documents are judged; nothing is satisfied."""
    (evidence / "pods.yaml").write_text(GOOD + "---\n" + UNTYPED + "---\n" + GOOD.replace("good", "third"))
    result = assess(evidence)
    assert not result.complete
    found = of(result, "pod-privileged")
    assert found["shop/Pod/good"]["outcome"] == found["shop/Pod/third"]["outcome"] == "pass"
    assert found["evidence-unreadable"]["outcome"] == "not-checked"
    assert found["evidence-unreadable"]["at"][0]["path"] == "pods.yaml"
    (finding,) = [f for f in result.assessment.results[0].findings if f.control == "5.2.2"]
    assert finding.status.value == "not-reviewed"
    (file,) = result.assessment.evidence
    assert "line" in file.problems[0]


def test_nothing_handed_in_vanishes(evidence: Path) -> None:
    """Every file is in the index: read, unrecognised with a reason, or unreadable with a reason."""
    (evidence / "pod.yaml").write_text(GOOD)
    (evidence / "notes.txt").write_text("hello")
    (evidence / "empty.yaml").write_text("")
    (evidence / "zero.bin").write_bytes(bytes(100))
    (evidence / "chart.yaml").write_text(GOOD.replace("good", "{{ .Values.name }}"))
    os.mkfifo(evidence / "pipe")
    result = assess(evidence)
    index = json.loads((result.packet / "evidence/index.json").read_bytes())
    states = {file["path"]: file["state"] for file in index["files"]}
    assert states == {
        "pod.yaml": "read",
        "notes.txt": "unrecognised",
        "empty.yaml": "unrecognised",
        "zero.bin": "unrecognised",
        "chart.yaml": "unreadable",
        "pipe": "unreadable",
    }
    assert all(file["reason"] for file in index["files"] if file["state"] != "read")


def test_manifests_and_what_was_captured_from_a_cluster_are_told_apart(evidence: Path) -> None:
    """Only the API server writes a resourceVersion, and only it gives lists of one kind."""
    (evidence / "captured.yaml").write_text(GOOD.replace("namespace: shop", 'namespace: shop, resourceVersion: "7"'))
    (evidence / "list.json").write_text('{"apiVersion":"v1","kind":"ServiceList","items":[]}')
    (evidence / "manifest.yaml").write_text(BAD)
    kinds = {file.path: file.kind for file in assess(evidence).assessment.evidence}
    assert kinds == {"captured.yaml": "k8s-objects", "list.json": "k8s-objects", "manifest.yaml": "workload-manifest"}


def test_no_evidence_of_a_kind_is_not_checked_and_a_complete_empty_list_is_not_applicable(evidence: Path) -> None:
    """Absence counts only where the evidence proves it."""
    (evidence / "pod.yaml").write_text(GOOD)
    assert of(assess(evidence), "route-tls")["evidence-set"]["outcome"] == "not-checked"
    (evidence / "list.json").write_text('{"apiVersion":"networking.k8s.io/v1","kind":"IngressList","items":[]}')
    line = of(assess(evidence), "route-tls")["evidence-set"]
    assert line["outcome"] == "not-applicable"
    assert line["at"][0]["path"] == "list.json"


def test_the_packet_has_the_same_bytes_with_other_jobs_cache_and_folders(
    evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes, cache state, place and repetition do not show in any file."""
    for number in range(30):
        (evidence / f"{number}.yaml").write_text(GOOD.replace("good", f"g{number}") + "---\n" + BAD)
    monkeypatch.setattr(compliance.pipeline.running, "_WORTH_A_POOL", 0)
    monkeypatch.setattr(compliance.pipeline.units, "UNIT", 8192)
    first = contents(assess(evidence, jobs=1).packet)
    assert set(first) == {"assessment.json", "observations.jsonl", "evidence/index.json", "manifest.json"}
    for number, changes in enumerate(({"jobs": 2}, {"jobs": 3, "cache": True}, {"jobs": 1, "cache": True})):
        assert contents(assess(evidence, f"other{number}", **changes).packet) == first
    moved = evidence.parent / "moved"
    evidence.rename(moved)
    assert contents(assess(moved, "again").packet) == first


def test_a_damaged_cache_costs_time_and_never_a_byte(evidence: Path) -> None:
    """A flipped bit in the cache is noticed, and the file read anew."""
    (evidence / "pod.yaml").write_text(BAD)
    first = contents(assess(evidence, cache=True).packet)
    with closing(sqlite3.connect(cache_file())) as database, database:
        (count,) = database.execute("SELECT count(*) FROM record").fetchone()
        assert count == 2
        database.execute("UPDATE record SET value = zeroblob(length(value))")
    assert contents(assess(evidence, "second", cache=True).packet) == first
    cache_file().write_bytes(b"no database")
    assert contents(assess(evidence, "third", cache=True).packet) == first


def test_a_large_file_is_streamed_in_slices_and_gives_what_a_small_one_gives(
    evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dump above the limit is cut; verdicts, pointers and lines are those of the whole."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"p{number}", "namespace": "shop"},
            "spec": {"containers": [{"name": "app", "image": "x", "securityContext": {"privileged": number % 2 == 0}}]},
        }
        for number in range(300)
    ]
    dump = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=4)
    (evidence / "dump.json").write_text(dump)
    (evidence / "many.yaml").write_text("---\n".join(BAD.replace("bad", f"y{number}") for number in range(300)))
    whole = contents(assess(evidence).packet)["observations.jsonl"]
    monkeypatch.setattr(compliance.pipeline.units, "WHOLE", 4096)
    sliced = contents(assess(evidence, "sliced").packet)["observations.jsonl"]
    assert sliced == whole


def test_a_check_that_raises_gives_error_and_the_others_are_judged(
    evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one broad except: an error observation on that check, a verdict on every other."""
    (evidence / "pod.yaml").write_text(GOOD)

    def broken(pod: object) -> Verdict:
        raise ValueError("boom")

    def replaced() -> tuple[Check, ...]:
        import dataclasses

        return tuple(
            dataclasses.replace(check, function=broken) if check.id == "pod-host-pid" else check for check in found
        )

    found = registered.checks()
    for module in ("reading", "evaluating", "running", "assembling"):
        monkeypatch.setattr(f"compliance.pipeline.{module}.checks", replaced)
    result = assess(evidence)
    assert not result.complete
    assert of(result, "pod-host-pid")["shop/Pod/good"]["outcome"] == "error"
    assert "boom" in of(result, "pod-host-pid")["shop/Pod/good"]["reason"]
    assert of(result, "pod-host-ipc")["shop/Pod/good"]["outcome"] == "pass"
    (finding,) = [f for f in result.assessment.results[0].findings if f.control == "5.2.3"]
    assert finding.status.value == "error"


def test_a_reader_that_raises_costs_its_file_alone(evidence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours on one file is told with that file; the others are judged."""
    (evidence / "a.yaml").write_text(GOOD)
    (evidence / "b.yaml").write_text(BAD)
    real = compliance.pipeline.reading.readers()["kubernetes"]

    def read(data: bytes, piece: Any, path: str, sha256: str) -> Any:
        if path == "a.yaml":
            raise RuntimeError("boom")
        return real.read(data, piece, path, sha256)

    import dataclasses

    monkeypatch.setattr(
        compliance.pipeline.reading, "readers", lambda: {"kubernetes": dataclasses.replace(real, read=read)}
    )
    result = assess(evidence)
    assert "boom" in result.assessment.evidence[0].problems[0]
    assert of(result, "pod-privileged")["shop/Pod/bad"]["outcome"] == "fail"


def test_an_empty_folder_or_an_unknown_framework_writes_nothing(evidence: Path) -> None:
    """Usage errors come before any work."""
    with pytest.raises(UsageError, match="no file"):
        assess(evidence)
    (evidence / "pod.yaml").write_text(GOOD)
    with pytest.raises(UsageError, match="cis-kubernetes"):
        assess(evidence, frameworks=("cis-kubernets",))
    assert not (evidence.parent / "packet").exists()


def test_a_packet_among_the_evidence_is_no_evidence(evidence: Path) -> None:
    """Writing the packet into the evidence folder does not change the next one."""
    (evidence / "pod.yaml").write_text(GOOD)
    first = contents(assess(evidence, "evidence/packet").packet)
    assert contents(assess(evidence, "evidence/packet").packet) == first
