"""`compliance collect cluster` as a person meets it, with a stub for kubectl: it reads, and keeps no secret."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from compliance.tools import kubectl as tool
from tests.cli.test_assessing import compliance
from tests.pipeline.test_running import GOOD, assess, of
from tests.pipeline.test_running import own_cache as own_cache

#: Stands for kubectl: keeps what it was asked, answers as an API server of one node would, or fails.
KUBECTL = """\
#!{python}
import json, pathlib, sys
asked = [word for word in sys.argv[1:] if not word.startswith("--request-timeout")]
with pathlib.Path({log!r}).open("a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if asked == ["version", "--client"]:
    print("Client Version: v1.34.1\\nKustomize Version: v5.7.1")
    sys.exit()
if asked[:1] == ["--kubeconfig"]:
    asked = asked[2:]
if asked[:1] == ["--context"]:
    asked = asked[2:]
kind = asked[1]
if {fails!r} == "down" or kind == {fails!r}:
    print("Error from server (Forbidden): " + kind + " is forbidden", file=sys.stderr)
    print("half an answer")
    sys.exit(1)
if asked[0] == "version":
    print('{{"clientVersion": {{"gitVersion": "v1.34.1"}}, "serverVersion": {{"gitVersion": "v1.34.1"}}}}')
elif asked[1:] == ["nodes", "-o", "name"]:
    print("node/cp-1\\nnode/../x")
elif asked[1:] == ["crd", "-o", "name"]:
    for name in ("policies.kyverno.io", "others.example.com"):
        print("customresourcedefinition.apiextensions.k8s.io/" + name)
elif kind == "--raw" and asked[2].endswith("/configz"):
    print('{{"kubeletconfig": {{"authentication": {{"anonymous": {{"enabled": false}}}}}}}}')
elif kind == "--raw":
    name = {{"networkpolicies": "NetworkPolicyList"}}.get(asked[2].split("/")[-1], "LimitRangeList")
    group = "/".join(asked[2].split("/")[2:-1])
    print(json.dumps({{"kind": name, "apiVersion": group, "metadata": {{}}, "items": []}}))
elif kind == "secrets":
    assert asked[4].startswith("go-template=") and ".data" not in asked[4]
    print('{{"apiVersion":"v1","kind":"SecretList","items":[{{"apiVersion":"v1","kind":"Secret","type":"Opaque",'
          '"metadata":{{"name":"s","namespace":"shop"}}}}]}}')
else:
    items = [json.loads({pod!r})] if kind == "pods" else []
    print(json.dumps({{"apiVersion": "v1", "kind": "List", "metadata": {{}}, "items": items}}))
"""
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "good", "namespace": "shop", "resourceVersion": "1"},
    "spec": {"containers": [{"name": "app", "image": "a"}]},
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path


def kubectl(place: Path, fails: str = "") -> None:
    program = place / "bin/kubectl"
    text = KUBECTL.format(python=sys.executable, log=str(place / "asked"), fails=fails, pod=json.dumps(POD))
    program.write_text(text)
    program.chmod(0o755)


def collect(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return compliance("collect", "cluster", *arguments, cwd=place, PATH=f"{place / 'bin'}{os.pathsep}/usr/bin:/bin")


def asked(place: Path) -> list[list[str]]:
    return [json.loads(line) for line in (place / "asked").read_text().splitlines()]


def left(place: Path) -> list[str]:
    return sorted(
        str(path.relative_to(place / "evidence")) for path in (place / "evidence").rglob("*") if path.is_file()
    )


def test_answers_and_their_record_are_written(place: Path) -> None:
    """A file for each question, settings of each node in a folder of its own, and every hash in the record."""
    kubectl(place)
    (place / "kc").write_text("users: [{token: hunter2}]")
    done = collect(place, "--kubeconfig", "kc", "--context", "prod")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Collected: evidence/cluster\n"
    files = left(place)
    assert {f"cluster/{name}" for name in tool.questions()} | {
        "cluster/policies.kyverno.io.json", "collected/cluster.json", "compliance-host-cp-1/configz.json",
    } == set(files)  # fmt: skip
    text = (place / "evidence/collected/cluster.json").read_text()
    record = json.loads(text)
    assert (record["what"], record["reference"]) == ("cluster", "prod")
    assert record["tool"] == {"name": "kubectl", "version": "v1.34.1"}
    assert {file["path"] for file in record["files"]} == set(files) - {"collected/cluster.json"}
    for file in record["files"]:
        data = (place / "evidence" / file["path"]).read_bytes()
        assert (file["sha256"], file["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert record["commands"][0]["arguments"][:5] == ["kubectl", "--kubeconfig", "KUBECONFIG", "--context", "prod"]
    assert "hunter2" not in text
    assert str(place) not in text


def test_every_question_only_reads(place: Path) -> None:
    """`version` and `get`, whatever is asked; of Secrets nothing but a template of names and types."""
    kubectl(place)
    assert collect(place).returncode == 0
    for words in asked(place):
        verb = next(word for word in words if not word.startswith("--"))
        assert verb in ("version", "get"), words
        if "secrets" in words:
            assert any(word.startswith("go-template=") for word in words)


def test_the_evidence_is_read(place: Path) -> None:
    """What was collected is judged, and known by its record."""
    kubectl(place)
    assert collect(place).returncode == 0
    result = assess(place / "evidence", "packet")
    files = {file.path: file for file in result.assessment.evidence}
    strange = {"cluster/limitranges.json"}  # the stub answers these kinds alike
    for path, file in files.items():
        if path not in strange:
            assert file.state.value == "read", file
            assert not file.problems, file
            assert ("by kubectl v1.34.1" in file.collected) == (path != "collected/cluster.json")
    assert of(result, "pod-privileged")["shop/Pod/good"]["outcome"] == "pass"
    assert GOOD.count("good") == 1


def test_what_is_forbidden_is_named_and_leaves_no_file(place: Path) -> None:
    """Exit code 3; the question stands in the record with its exit code, half an answer nowhere."""
    kubectl(place, "configmaps")
    done = collect(place)
    assert done.returncode == 3
    assert "not collected: cluster/configmaps.json: kubectl ended with exit code 1" in done.stderr
    assert "cluster/configmaps.json" not in left(place)
    record = json.loads((place / "evidence/collected/cluster.json").read_text())
    assert [one["exit_code"] for one in record["commands"] if "configmaps" in one["arguments"]] == [1]


@pytest.mark.parametrize("absent", [True, False])
def test_no_cluster_and_no_kubectl_leave_nothing(place: Path, absent: bool) -> None:
    """Exit code 4, and no folder that could be taken for evidence."""
    if not absent:
        kubectl(place, "down")
    done = compliance("collect", "cluster", cwd=place, PATH=str(place / "bin"))
    assert done.returncode == 4
    assert "kubectl" in done.stderr
    assert not (place / "evidence").exists()


def test_nothing_is_overwritten(place: Path) -> None:
    """A second run into the same folder is wrong usage."""
    kubectl(place)
    assert collect(place).returncode == 0
    before = left(place)
    done = collect(place)
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert left(place) == before


def test_what_is_shown_does_the_same_in_a_shell(place: Path) -> None:
    """The printed commands, run by a shell, write the same files, save the record."""
    kubectl(place)
    shown = collect(place, "--show", "-o", "the evidence", "--context", "prod")
    assert shown.returncode == 0
    assert not (place / "asked").exists()
    environment = {"PATH": f"{place / 'bin'}{os.pathsep}/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", "-c", shown.stdout.replace("../x", "")], cwd=place, env=environment, capture_output=True, check=False
    )
    assert b"Error" not in done.stderr
    assert collect(place, "--context", "prod").returncode == 0
    written = {str(path.relative_to(place / "the evidence")) for path in (place / "the evidence").rglob("*.json")}
    assert set(left(place)) - {"collected/cluster.json"} <= written
