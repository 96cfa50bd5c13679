"""The script for a node administrator, under every shell at hand: what it writes is read, and holds no secret."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from compliance.evidence.printing import printable
from compliance.model.host import AuditRules, CommandLine, FileListing, Groups, Mounts, ProcessList, Program, Services
from compliance.tools.host import script
from tests.evidence.host.reading import read
from tests.pipeline.test_running import assess
from tests.pipeline.test_running import own_cache as own_cache

SHELLS = [shell for shell in (("dash",), ("busybox", "sh"), ("bash", "--posix")) if shutil.which(shell[0])]
SECRETS = ("c2VjcmV0LWtleS1vZi1ldGNk", "hunter2", "abcdef0123456789", "PRIVATE KEY", "client-key-data", "splunk-abc")

APISERVER = """\
apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.34.1
    command:
    - kube-apiserver
    - --anonymous-auth=false
    - --encryption-provider-config=/etc/kubernetes/enc/enc.yaml
    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml
    - --tls-cert-file=/srv/pki/tls.crt
    - --oidc-client-secret=hunter2
    env:
    - name: PASSWORD
      value: hunter2
    - name: TEXT
      value: |
        hunter2
        more hunter2
    - name: ETCD_AUTO_TLS
      value: "true"
"""
ENCRYPTION = """\
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
      - secrets
      - '*.example.com'
    providers:
      - aescbc:
          keys:
            - name: key1
              secret: c2VjcmV0LWtleS1vZi1ldGNk
            - secret: >-
                c2VjcmV0LWtleS1vZi1ldGNk
              name: key2
      - identity: {}
"""
FILES = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "etc/passwd": "root:x:0:0::/:/bin/sh\nalice:x:1:1::/:/bin/sh\nbob:x:2:999::/:/bin/sh\n",
    "etc/group": "root:x:0:\ndocker:x:999:alice\n",
    "etc/kubernetes/manifests/kube-apiserver.yaml": APISERVER,
    "etc/kubernetes/enc/enc.yaml": ENCRYPTION,
    "etc/kubernetes/audit-policy.yaml": "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n",
    "etc/kubernetes/admin.conf": "apiVersion: v1\nkind: Config\nusers: [{user: {client-key-data: abc}}]\n",
    "etc/kubernetes/pki/ca.key": "-----BEGIN PRIVATE KEY-----\n",
    "etc/kubernetes/odd\n600 root root f name": "x",
    "etc/kubernetes/back\\slash and space": "x",
    "etc/docker/daemon.json": '{\n  "icc": false,\n  "log-opts": {"splunk-token": "splunk-abc"}\n}\n',
    "srv/pki/tls.crt": "x",
    "var/lib/kubelet/config.yaml": (
        "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nstaticPodURLHeader:\n  Authorization:\n"
        "  - Bearer hunter2\nreadOnlyPort: 0\n"
    ),
    "proc/self/mountinfo": "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n",
    "proc/1/cmdline": "/sbin/init\0",
    "proc/7/cmdline": "",
    "proc/20/cmdline": "/usr/bin/kubelet\0--config=/var/lib/kubelet/config.yaml\0--node-labels=a b\0--token\0hunter2\0",
    "proc/21/cmdline": "etcd\0--trusted-ca-file=/x\0",
    "proc/21/environ": "ETCD_AUTO_TLS=hunter2\0HOME=/\0",
    "proc/30/cmdline": "etcd\0--name=tenant\0",
    "proc/31/cmdline": "postgres: app hunter2 idle\0",
    "proc/32/cmdline": "curl\0-u\0me:hunter2\0",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A made-up host."""
    root = tmp_path / "root"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for process in (1, 7, 20, 21, 30, 31, 32):
        (root / f"proc/{process}/ns").mkdir(parents=True)
        (root / f"proc/{process}/ns/net").symlink_to("net:[2]" if process == 30 else "net:[1]")
    (root / "etc/kubernetes/admin.conf").chmod(0o600)
    (root / "etc/kubernetes/link.conf").symlink_to("admin.conf")
    (root / "var/lib/etcd").mkdir()
    (root / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(root / "run/docker.sock"))
    return root


def collected(place: Path, root: Path, shell: tuple[str, ...], **environment: str) -> Path:
    """The archive that the script writes of a host."""
    (place / "collect-host.sh").write_text(script())
    done = subprocess.run(
        [*shell, str(place / "collect-host.sh"), "-n", "n1", "-o", str(place / "out")],
        env={"PATH": os.environ["PATH"], "ROOT": str(root), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    archive = place / "out/compliance-host-n1.tar"
    assert done.stdout.splitlines()[-1] == str(archive)
    assert "left out" not in done.stderr
    return archive


def contents(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        files = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        return {name.removeprefix("compliance-host-n1/"): file.read() for name, file in files.items() if file}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_what_is_written_is_read(tmp_path: Path, root: Path, shell: tuple[str, ...]) -> None:
    """Every file by its own reader; names forge no line, arguments keep their boundaries."""
    files = contents(collected(tmp_path, root, shell))
    assert sorted(files) == [
        "collected/record.json", "etc/docker/daemon.json", "etc/kubernetes/audit-policy.yaml",
        "etc/kubernetes/enc/enc.yaml", "etc/kubernetes/manifests/kube-apiserver.yaml", "file-listing.txt",
        "groups.txt", "host.txt", "mounts.txt", "processes.txt", *(["services.txt"] if "services.txt" in files else []),
        "var/lib/kubelet/config.yaml",
    ]  # fmt: skip
    _listing_holds(files["file-listing.txt"], root)
    records, errors = read(files["processes.txt"])
    assert errors == []
    processes = records[0]
    assert isinstance(processes, ProcessList)
    shown = [process.arguments for process in processes.processes]
    assert (
        "/usr/bin/kubelet",
        "--config=/var/lib/kubelet/config.yaml",
        "--node-labels=a b",
        "--token",
        "<redacted>",
    ) in shown
    assert ("postgres:",) in shown
    assert ("curl",) in shown
    lines = {record.program: record for record in records if isinstance(record, CommandLine)}
    assert set(lines) == {Program.KUBELET, Program.ETCD}
    assert "ETCD_AUTO_TLS" in lines[Program.ETCD].opaque
    (groups,), _ = read(files["groups.txt"])
    assert isinstance(groups, Groups)
    assert groups.groups["docker"].members == ("alice", "bob")
    (mounts,), _ = read(files["mounts.txt"])
    assert isinstance(mounts, Mounts)
    assert "splunk-token" in files["etc/docker/daemon.json"].decode()


def _listing_holds(data: bytes, root: Path) -> None:
    (listing,), errors = read(data)
    assert errors == []
    assert isinstance(listing, FileListing)
    for name in FILES:
        if name.startswith("etc/kubernetes"):
            assert printable(f"/{name}".encode()) in listing.files, name
    assert listing.files["/etc/kubernetes/admin.conf"].mode == 0o600
    assert listing.files["/etc/kubernetes/link.conf"].target == "admin.conf"
    assert listing.files["/run/docker.sock"].kind == "s"
    assert listing.files["/srv/pki/tls.crt"].kind == "f"
    assert listing.knows("/etc/kubernetes/none")
    assert listing.knows("/etc/cni/net.d")
    assert not any(path.startswith(str(root)) for path in listing.files)
    assert len(listing.files) == len(set(listing.files))


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_no_secret_is_written(tmp_path: Path, root: Path, shell: tuple[str, ...]) -> None:
    """No key, no password, no kubeconfig, no value of a variable."""
    archive = collected(tmp_path, root, shell)
    data = archive.read_bytes()
    for secret in SECRETS:
        assert secret.encode() not in data, secret
    files = contents(archive)
    assert b"secret: <redacted>" in files["etc/kubernetes/enc/enc.yaml"]
    assert b"'*.example.com'" in files["etc/kubernetes/enc/enc.yaml"]
    manifest = files["etc/kubernetes/manifests/kube-apiserver.yaml"]
    assert b'value: "true"' in manifest
    assert b"--anonymous-auth=false" in manifest
    assert b"readOnlyPort: 0" in files["var/lib/kubelet/config.yaml"]
    assert archive.stat().st_mode & 0o077 == 0


def test_a_host_without_gnu_tools(tmp_path: Path, root: Path) -> None:
    """The same listing with BusyBox alone, whose find may have no -printf."""
    if not shutil.which("busybox"):
        pytest.skip("busybox is not installed")
    (tmp_path / "bin").mkdir()
    for name in subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
        (tmp_path / "bin" / name).symlink_to(shutil.which("busybox") or "")
    files = contents(collected(tmp_path, root, ("busybox", "sh"), PATH=str(tmp_path / "bin")))
    _listing_holds(files["file-listing.txt"], root)
    assert read(files["processes.txt"])[1] == []


def test_the_bundle_is_evidence(tmp_path: Path, root: Path) -> None:
    """Everything in it is read, joined to the host, and known by the record of the collection."""
    collected(tmp_path, root, SHELLS[0])
    result = assess(tmp_path / "out", jobs=1)
    files = {file.path.partition("/compliance-host-n1/")[2]: file for file in result.assessment.evidence}
    assert {file.state.value for file in files.values()} == {"read"}, files
    for name, file in files.items():
        assert not file.problems, file
        assert ("by collect-host 1" in file.collected) == (name not in ("", "collected/record.json")), file
    assert files["file-listing.txt"].kind == "node-file-stat"
    assert {"host/n1", "host/n1/kube-apiserver", "host/n1/kubelet"} <= {
        line["subject"] for line in map(json.loads, (result.packet / "observations.jsonl").read_bytes().splitlines())
    }


SYSTEMCTL = """#!/bin/sh
case "$*" in
*sshd*) echo LoadState=loaded; echo ActiveState=active; echo UnitFileState=enabled ;;
*) echo LoadState=not-found; echo ActiveState=inactive; echo UnitFileState= ;;
esac
"""
DOCKER = """#!/bin/sh
case "$1 $2" in
"version "*) echo '{"Client": {"Version": "28", "ApiVersion": "1.51"}, "Server": {"Version": "28"}}' ;;
"info "*) echo '{"ServerVersion": "28", "DockerRootDir": "/var/lib/docker", "Token": "hunter2"}' ;;
"network ls" | "container ls") echo a1 ;;
"network inspect") echo '[{"Name": "bridge", "Driver": "bridge", "Scope": "local", "IPAM": {}}]' ;;
"container inspect") echo '{"Id":"a1","Name":"/x","Config":{"Cmd":["x","--password=hunter2"],"Env":["A=<r>"]}}' ;;
"image ls") exit 1 ;;
*) exit 1 ;;
esac
"""


AUDITCTL = """#!/bin/sh
case $1 in
-l) echo 'No rules' ;;
-s) printf 'enabled 0\\nfailure 1\\npid 0\\n' ;;
esac
"""


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_programs_of_the_host_are_asked(tmp_path: Path, shell: tuple[str, ...]) -> None:
    """Services and Docker; a command that fails leaves no file, and its exit code in the record."""
    (tmp_path / "bin").mkdir()
    for name, text in {"systemctl": SYSTEMCTL, "docker": DOCKER, "auditctl": AUDITCTL}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    files = contents(collected(tmp_path, Path(), shell, PATH=path, ROOT=""))
    (services,), errors = read(files["services.txt"])
    assert isinstance(services, Services)
    assert services.units["sshd.service"][:2] == ("active", "enabled")
    assert services.units["kubelet.service"][:2] == ("not-found", "not-found")
    assert errors == []
    (rules,), errors = read(files["audit-rules.txt"])
    assert isinstance(rules, AuditRules)
    assert rules.off
    assert errors == []
    assert json.loads(files["docker-containers.json"])[0]["Config"]["Cmd"] == ["x", "--password=<redacted>"]
    assert json.loads(files["docker-networks.json"])[0]["Name"] == "bridge"
    assert b"hunter2" not in b"".join(files.values())
    assert "docker-images.json" not in files
    record = json.loads(files["collected/record.json"])
    assert {"plain", "image", "1"} & {str(one["exit_code"]) for one in record["commands"]}
    assert all(io.BytesIO(files[file["path"]]).getbuffer().nbytes == file["size"] for file in record["files"])


def test_nothing_is_overwritten(tmp_path: Path, root: Path) -> None:
    """A second run under the same name stops before it writes."""
    collected(tmp_path, root, SHELLS[0])
    done = subprocess.run(
        [*SHELLS[0], str(tmp_path / "collect-host.sh"), "-n", "n1", "-o", str(tmp_path / "out")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["compliance-host-n1.tar"]


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_what_may_not_be_looked_into_is_not_absent(shell: tuple[str, ...]) -> None:
    """Without root's rights nothing in a closed folder is proven, and the list of processes is not said to be whole."""
    if os.geteuid() != 0:
        pytest.skip("only root may become another user")
    with tempfile.TemporaryDirectory() as folder:
        place, root = Path(folder), Path(folder) / "root"
        (root / "root/.docker").mkdir(parents=True)
        (root / "etc/kubernetes/pki").mkdir(parents=True)
        (root / "proc/1").mkdir(parents=True)
        (root / "proc/1/cmdline").write_text("/sbin/init\0")
        (root / "root").chmod(0o700)
        (root / "etc/kubernetes/pki").chmod(0o700)
        (place / "collect-host.sh").write_text(script())
        (place / "out").mkdir(mode=0o777)
        for open_ in (place, place / "out"):
            open_.chmod(0o777)
        done = subprocess.run(
            [*shell, str(place / "collect-host.sh"), "-n", "n1", "-o", str(place / "out")],
            env={"PATH": os.environ["PATH"], "ROOT": str(root)}, user=65534, group=65534, extra_groups=[],
            capture_output=True, text=True, timeout=60, check=False, cwd=place,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "not root" in done.stderr
        files = contents(place / "out/compliance-host-n1.tar")
    (listing,), _ = read(files["file-listing.txt"])
    assert isinstance(listing, FileListing)
    assert not listing.knows("/root/.docker/ca.pem")
    assert not listing.knows("/etc/kubernetes/pki/ca.key")
    assert listing.knows("/etc/cni/net.d")
    assert not files["processes.txt"].endswith(b"# end\n")
