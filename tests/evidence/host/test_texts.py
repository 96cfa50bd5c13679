"""Texts about hosts: what they prove, what they cannot, and that no name or argument forges a line."""

from __future__ import annotations

import pytest

from compliance.model.host import (
    AuditRules,
    CommandLine,
    FileListing,
    Groups,
    HostIdentity,
    Mounts,
    ProcessList,
    Program,
    Services,
)
from compliance.pipeline.registered import readers
from tests.evidence.host.reading import known_by, read

LISTING = rb"""# compliance file-listing 1 host=n1
# walked /etc/kubernetes
# absent /etc/cni/net.d
# walked /root/x
# unreadable /root/x
755 root root d /etc/kubernetes
600 root root f /etc/kubernetes/admin.conf
644 0 0 f /etc/kubernetes/a\040b\n600\040root.conf
777 root root l /etc/kubernetes/link ../x\040y
4755 root root f /etc/kubernetes/caf\351
# end
"""


def test_a_listing_of_ours_proves_what_is_there_and_what_is_not() -> None:
    """Escapes are resolved, links keep their target, and what was walked is known whole."""
    (record,), errors = read(LISTING)
    assert isinstance(record, FileListing)
    assert (record.host, record.subject.id) == ("n1", "host/n1")
    assert record.files["/etc/kubernetes/admin.conf"][:5] == ("f", 0o600, "root", "root", "/6")
    assert record.files["/etc/kubernetes/a b\n600 root.conf"].mode == 0o644
    assert record.files["/etc/kubernetes/link"].target == "../x y"
    assert record.files["/etc/kubernetes/caf\\xe9"].mode == 0o4755
    assert record.knows("/etc/kubernetes/none")
    assert record.knows("/etc/cni/net.d")
    assert not record.knows("/root/x/y")
    assert not record.knows("/var/lib/etcd")
    assert errors == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"# end\n", b""), "cut short"),
        ((b"755 root root d /etc/kubernetes\n", b"755 root root d /etc/kubernetes\nxx\n"), "is no line of"),
        ((b"# end\n", b"644 root root f /etc/kubernetes/admin.conf\n# end\n"), "stands twice"),
    ],
)
def test_a_listing_that_is_not_whole_proves_no_absence(change: tuple[bytes, bytes], said: str) -> None:
    """One that is cut short, holds a strange line, or two of one file: what was lost may have been anything."""
    (record,), errors = read(LISTING.replace(*change))
    assert isinstance(record, FileListing)
    assert any(said in error for error in errors)
    if said == "stands twice":
        assert not record.knows("/etc/kubernetes/admin.conf")
    else:
        assert not record.knows("/etc/kubernetes/none")


def test_plain_listings_show_files_and_never_that_there_is_none() -> None:
    """The output of find and of stat as the evidence guide asks for it."""
    (record,), errors = read(b"600 0 0 f /etc/kubernetes/admin.conf\n755 0 0 d /etc/kubernetes/my folder\n")
    assert isinstance(record, FileListing)
    assert record.files["/etc/kubernetes/my folder"].kind == "d"
    assert not record.knows("/etc/kubernetes/none")
    assert errors == []
    (record,), _ = read(b"600 root root /etc/kubernetes/admin.conf\n644 root root /x\n")
    assert isinstance(record, FileListing)
    assert record.files["/x"][:4] == ("", 0o644, "root", "root")
    forged = b"644 0 0 f /etc/x\n600 0 0 f /etc/kubernetes/admin.conf\n644 0 0 f /etc/kubernetes/admin.conf\n"
    (record,), errors = read(forged)
    assert isinstance(record, FileListing)
    assert not record.knows("/etc/kubernetes/admin.conf")
    assert any("stands twice" in error for error in errors)


def test_a_text_is_of_the_host_whose_folder_it_lies_in() -> None:
    """Where the text says another, nobody can tell; where there is no folder, the text says it."""
    records, errors = read(LISTING, "b.tar/compliance-host-n2/file-listing.txt")
    assert records == []
    assert "says that it is of the host n1 and lies in the folder of n2" in errors[0]
    (record,), _ = read(LISTING, "file-listing.txt")
    assert isinstance(record, FileListing)
    assert record.host == "n1"


PROCESSES = rb"""# compliance process-list 1
root host /sbin/init
root host /usr/bin/kubelet --config=/var/lib/kubelet/config.yaml --node-labels a\040b --token=abc9def8ghi7
root host etcd --client-cert-auth=true
# environment ETCD_AUTO_TLS ETCD_CLIENT_CERT_AUTH
999 own etcd --client-cert-auth=false
root host kube-scheduler --config=/etc/s.yaml --profiling=true
root host dockerd -H fd:// --icc=false \E
# end
"""


def test_processes_give_the_command_lines_of_programs() -> None:
    """Arguments keep their boundaries, credentials are replaced, and what runs in containers is none of the host's."""
    records, errors = read(PROCESSES)
    assert errors == []
    listing = records[0]
    assert isinstance(listing, ProcessList)
    assert len(listing.processes) == 6
    assert listing.processes[1].arguments[3] == "a b"
    assert "abc9def8ghi7" not in repr(records)
    lines = {line.program: line for line in records[1:] if isinstance(line, CommandLine)}
    assert len(lines) == len(records) - 1 == 4
    kubelet = lines[Program.KUBELET]
    assert [flag[:2] for flag in kubelet.flags][:2] == [
        ("config", "/var/lib/kubelet/config.yaml"), ("node-labels", "a b"),
    ]  # fmt: skip
    assert (kubelet.at, kubelet.subject.id, kubelet.opaque) == ("/2", "host/n1/kubelet", "")
    assert "ETCD_AUTO_TLS" in lines[Program.ETCD].opaque
    assert "ETCD_CLIENT_CERT_AUTH" not in lines[Program.ETCD].opaque
    assert "profiling" in lines[Program.SCHEDULER].opaque
    assert [flag.name for flag in lines[Program.DOCKER_DAEMON].flags] == ["H", "icc"]
    reader = readers()["host-process-list"]
    assert reader.redact is not None
    assert "abc9def8ghi7" not in "".join(reader.redact(PROCESSES.decode().splitlines()))
    assert reader.locate(PROCESSES, 1, ["/2", "", "/6"]) == [3, 1, 7]


def test_etcd_may_take_options_from_an_environment_that_nobody_shows() -> None:
    """Without the line of its variables, absent options are unknown."""
    records, _ = read(b"# compliance process-list 1\nroot host etcd --a=b\n")
    line = records[1]
    assert isinstance(line, CommandLine)
    assert "environment" in line.opaque


def test_services() -> None:
    """Units with their state; one that does not exist says so."""
    (record,), errors = read(b"# compliance services 1\nsshd.service active enabled\nx.service not-found not-found\n")
    assert isinstance(record, Services)
    assert record.units["sshd.service"] == ("active", "enabled", "/1")
    assert record.units["x.service"].active == "not-found"
    assert errors == []
    records, errors = read(b"# compliance services 1\n# problem systemctl is not there\n")
    assert records == []
    assert any("systemctl is not there" in error for error in errors)


MOUNTINFO = rb"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 8:2 / /var/lib/docker rw,nosuid - xfs /dev/sdb1 rw,attr2
24 22 0:5 / /mnt/a\040b rw shared:2 master:1 - tmpfs tmpfs rw
"""
MOUNTS = rb"""/dev/sda1 / ext4 rw,relatime 0 0
/dev/sdb1 /var/lib/docker xfs rw,nosuid,attr2 0 0
tmpfs /mnt/a\040b tmpfs rw 0 0
"""


@pytest.mark.parametrize("data", [MOUNTINFO, MOUNTS, b"# compliance mounts 1\n" + MOUNTINFO + b"# end\n"])
def test_mounts(data: bytes) -> None:
    """All forms give the same; a list without a root is not whole."""
    (record,), errors = read(data)
    assert isinstance(record, Mounts)
    assert sorted(record.points) == ["/", "/mnt/a b", "/var/lib/docker"]
    docker = record.points["/var/lib/docker"]
    assert (docker.source, docker.type) == ("/dev/sdb1", "xfs")
    assert {"rw", "nosuid", "attr2"} <= set(docker.options)
    assert errors == []
    records, errors = read(b"# compliance mounts 1\n" + MOUNTS.split(b"\n", 1)[1])
    assert records == []
    assert "root" in errors[0]


def test_groups() -> None:
    """Plain lines of getent, or ours; a group that is not there is not in it."""
    (record,), errors = read(b"docker:x:999:alice,bob\n")
    assert isinstance(record, Groups)
    assert record.groups["docker"] == (999, ("alice", "bob"), "/0")
    assert errors == []
    (record,), _ = read(b"# compliance groups 1\nroot:x:0:\n# absent docker\n# end\n")
    assert isinstance(record, Groups)
    assert list(record.groups) == ["root"]
    records, errors = read(b"# compliance groups 1\n")
    assert (records, len(errors)) == ([], 1)


AUDIT = b"""# compliance audit-rules 1
-a never,exclude -F msgtype=CWD
-w /usr/bin/dockerd -p rwxa -k docker
-w /etc/docker/ -p wa
-a always,exit -S all -F path=/usr/bin/runc -F perm=x -F key=docker
-a always,exit -F arch=b64 -F dir=/run/containerd -F perm=wa
-a always,exit -F arch=b32 -F dir=/run/containerd -F perm=wa
-a always,exit -F arch=b64 -F path=/half -F perm=wa
-a always,exit -F path=/mine -F auid>=1000 -F perm=wa
-a always,exit -F arch=b64 -S execve -F path=/calls
"""


def test_audit_rules_that_nothing_narrows_are_watches() -> None:
    """Rules for some users, some calls or half of the programs watch less than a path."""
    (record,), errors = read(AUDIT)
    assert isinstance(record, AuditRules)
    assert [watch[:3] for watch in record.watches] == [
        ("/usr/bin/dockerd", "rwxa", True),
        ("/etc/docker", "wa", True),
        ("/usr/bin/runc", "x", False),
        ("/run/containerd", "wa", True),
    ]
    assert errors == []
    (record,), _ = read(b"# compliance audit-rules 1\nNo rules\n# end\n")
    assert isinstance(record, AuditRules)
    assert record.watches == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"You must be root to run this program.\n",
        b"No rules\n-w /etc -p wa\n",
        b"-w /etc -p wa\n-a never,exit -F auid=0\n",
        b"-w /etc -p wa\nError sending request\n",
    ],
)
def test_audit_rules_that_nobody_can_tell_are_none(text: bytes) -> None:
    """What failed, or leaves events out, proves neither rules nor their absence."""
    records, errors = read(b"# compliance audit-rules 1\n" + text)
    assert records == []
    assert errors
    assert known_by(text) == []


def test_identity() -> None:
    """Names and the time of the collection; a time that is none is no time."""
    (record,), errors = read(
        b"# compliance host 1 host=n1\nos_id=debian\nos_version=12\ncollected=2026-08-20T10:00:00Z\n"
    )
    assert isinstance(record, HostIdentity)
    assert (record.os_id, record.os_version, record.collected) == ("debian", "12", "2026-08-20T10:00:00Z")
    assert errors == []
    (record,), _ = read(b"# compliance host 1\ncollected=<b>\n")
    assert isinstance(record, HostIdentity)
    assert record.collected is None


@pytest.mark.parametrize("data", [LISTING, PROCESSES, MOUNTINFO, MOUNTS, AUDIT, b"docker:x:999:alice\n"])
def test_no_beginning_of_a_text_makes_a_reader_fail(data: bytes) -> None:
    """Cut anywhere or with a byte changed, a text gives records, words, or is not known."""
    for end in range(0, len(data), 7):
        for changed in (data[:end], data[:end] + b"\xff" + data[end + 1 :]):
            known = known_by(changed)
            assert len(known) <= 1
            if known:
                read(changed)


@pytest.mark.parametrize(
    "text",
    ["hello", "apiVersion: v1\nkind: Pod\n", "FROM debian:12\n", "# compliance other 1\n", "# compliance host 2\n", ""],
)
def test_other_texts_are_not_theirs(text: str) -> None:
    """A format of another version is not guessed at."""
    assert not [name for name in known_by(text.encode()) if name.startswith("host-")]


def test_a_long_second_line_hides_no_text() -> None:
    """Where no more than one line is whole in what is looked at, the text is still known by one reader."""
    assert known_by(b"# compliance process-list 1\nroot host kubelet " + b"--a=b " * 20_000) == ["host-process-list"]
