"""One layer read in one pass: names, whiteouts, links, programs, captured files, leftovers, and what is damaged."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.evidence.image import classifying, layer, lists, others
from compliance.evidence.image.contents import Entry, EntryType, LayerContents, Piece
from compliance.evidence.image.lists import Tool
from compliance.evidence.image.programs import Program
from compliance.evidence.packages import golang
from tests.images import making

BANNER = b"BusyBox v1.36.1 (2026-01-01 00:00:00 UTC) multi-call binary.\0"


def read(folder: Path, data: bytes) -> LayerContents:
    place = folder / "layer"
    place.write_bytes(data)
    return layer.read_layer(Piece("images/layer", bytes(place), 0, len(data), ""))


def of(folder: Path, *items: dict[str, Any]) -> LayerContents:
    return read(folder, gzip.compress(making.layer_tar(items), mtime=0))


def entry(contents: LayerContents, path: str) -> Entry:
    return next(entry for entry in contents.entries if entry.path == path)


def rest(contents: LayerContents) -> list[tuple[str, str, int]]:
    return list(others.each(contents.others, contents.other_sizes))


# --- what is given --------------------------------------------------------------------------------------------------


def test_a_layer_is_identified_by_the_tar_in_it(tmp_path: Path) -> None:
    """The diff id, the sizes and the count are those of the tar, whatever it is packed with."""
    data = making.layer_tar([{"path": "a", "content": "x"}, {"path": "b/", "type": "dir"}])
    plain = read(tmp_path, data)
    for compression in ("gzip", "zstd"):
        packed = making.packed(data, compression)
        contents = read(tmp_path, packed)
        assert (contents.compression, contents.size) == (compression, len(packed))
        contents.compression, contents.size = plain.compression, plain.size
        assert contents == plain
    assert (plain.diff_id, plain.unpacked, plain.members) == (making.sha256(data), len(data), 2)
    assert plain.read
    assert plain.faults == []
    assert rest(plain) == [("f", "a", 1), ("d", "b", 0)]


def test_what_matters_is_an_entry_and_the_rest_a_path(tmp_path: Path) -> None:
    """Executables, set-id and writable files, links, devices and open directories are kept; plain files only named."""
    contents = of(
        tmp_path,
        {"path": "bin/tool", "mode": "0755", "content": "#!/bin/sh\n"},
        {"path": "lib/plain", "content": "x"},
        {"path": "etc/open", "mode": "0666", "content": "x"},
        {"path": "bin/su", "mode": "4755", "elf": "dynamic"},
        {"path": "data/", "type": "dir", "uid": 7},
        {"path": "shared/", "type": "dir", "mode": "0777"},
        {"path": "plain/", "type": "dir"},
        {"path": "link", "type": "symlink", "link": "../up"},
        {"path": "hard", "type": "hardlink", "link": "./bin/su"},
        {"path": "dev/sda", "type": "block", "major": 8, "minor": 1},
        {"path": "pipe", "type": "fifo"},
        {"path": "usr/include/a.h", "content": "x"},
        {"path": "usr/lib/libc.musl-x86_64.so.1", "content": "x"},
    )
    assert [(kept.path, kept.type, kept.link, kept.tags) for kept in contents.entries] == [
        ("bin/su", EntryType.FILE, "", ["elf"]),
        ("bin/tool", EntryType.FILE, "", ["script"]),
        ("data", EntryType.DIRECTORY, "", []),
        ("dev/sda", EntryType.DEVICE, "", ["dev:8:1"]),
        ("etc/open", EntryType.FILE, "", []),
        ("hard", EntryType.HARDLINK, "bin/su", []),
        ("link", EntryType.SYMLINK, "../up", []),
        ("shared", EntryType.DIRECTORY, "", []),
        ("usr/include/a.h", EntryType.FILE, "", []),
        ("usr/lib/libc.musl-x86_64.so.1", EntryType.FILE, "", []),
    ]
    assert rest(contents) == [("f", "lib/plain", 1), ("d", "plain", 0), ("o", "pipe", 0)]
    assert entry(contents, "bin/su").mode == 0o4755
    assert entry(contents, "data").uid == 7


def test_whiteouts_are_told_apart_from_files(tmp_path: Path) -> None:
    """A whiteout names what it removes, an opaque mark its directory; what aufs keeps for itself is passed over,
    but for files in folders of such names, which runtimes may unpack."""
    contents = of(
        tmp_path,
        {"path": "etc/.wh.passwd"},
        {"path": ".wh.root"},
        {"path": "var/lib/.wh..wh..opq"},
        {"path": ".wh..wh.plnk/", "type": "dir"},
        {"path": ".wh..wh.plnk/12.34", "mode": "0755", "content": "x"},
        {"path": ".wh..wh.aufs"},
        {"path": "tmp/.wh..."},
        {"path": "tmp/.wh."},
    )
    assert contents.whiteouts == ["etc/passwd", "root"]
    assert contents.opaque == ["var/lib"]
    assert [entry.path for entry in contents.entries] == [".wh..wh.plnk/12.34"]
    assert rest(contents) == []
    assert [fault.partition(" in ")[0] for fault in contents.faults] == ["the whiteout .wh...", "the whiteout .wh."]


def test_the_last_of_two_members_with_one_path_counts(tmp_path: Path) -> None:
    """A path stands once, as its last member says, and the doubles are told; a directory may be repeated."""
    contents = of(
        tmp_path,
        {"path": "bin/a", "mode": "4755", "elf": "static"},
        {"path": "bin/a", "content": "harmless"},
        {"path": "bin/b", "content": "harmless"},
        {"path": "./bin//b", "mode": "4755", "elf": "static"},
        {"path": "c", "content": "1"},
        {"path": "c", "content": "22"},
        {"path": "etc/passwd", "content": "root:x:0:0::/root:/bin/sh\n"},
        {"path": "etc/passwd", "type": "symlink", "link": "elsewhere"},
        {"path": "d/", "type": "dir"},
        {"path": "d/", "type": "dir"},
        {"path": "e/", "type": "dir", "uid": 5},
        {"path": "e/", "type": "dir", "uid": 5},
    )
    assert [(kept.path, kept.mode) for kept in contents.entries] == [
        ("bin/b", 0o4755),
        ("e", 0o755),
        ("etc/passwd", 0o777),
    ]
    assert sorted(rest(contents)) == [("d", "d", 0), ("f", "bin/a", 8), ("f", "c", 2)]
    assert contents.files == {}
    assert contents.faults == ["4 members have the path of a later one in this layer; the last counts"]


@pytest.mark.parametrize(
    ("raw", "path", "fault"),
    [
        (b"usr/bin/a", "usr/bin/a", ""),
        (b"./usr/bin/a", "usr/bin/a", ""),
        (b"/usr/bin/a", "usr/bin/a", ""),
        (b"usr//./bin/a/", "usr/bin/a", ""),
        (b"root/.cache", "root/.cache", ""),
        (b"./", "", ""),
        (b".", "", ""),
        (b"/", "", ""),
        (b"", "", ""),
        (b"a/..b/c...", "a/..b/c...", ""),
        (b"../../etc/passwd", "etc/passwd", "leads upwards and was taken as /etc/passwd"),
        (b"a/../../b", "b", "leads upwards"),
        (b"caf\xc3\xa9", "café", ""),
        (b"caf\xe9", "caf\\xe9", ""),
        (b"a\\xe9", "a\\\\xe9", ""),
        (b"a\0b", "", "holds a NUL byte"),
        (b"a/" * 9000, "", "has 17,999 bytes"),
    ],
)
def test_names_are_taken_below_the_root(raw: bytes, path: str, fault: str) -> None:
    """No name leads out of the root, none is lost without a word, and every one can be printed."""
    named = classifying.normalised(raw)
    assert named.path == path
    assert fault in named.fault
    assert bool(fault) == bool(named.fault)


@given(st.binary(max_size=60))
def test_every_name_is_harmless(raw: bytes) -> None:
    """Whatever the bytes: no `..`, no slash at the ends, no empty part, valid UTF-8."""
    path = classifying.normalised(raw).path
    path.encode()
    assert not path or all(part not in ("", ".", "..") for part in path.split("/"))


def test_a_name_that_leads_upwards_is_told(tmp_path: Path) -> None:
    """The file is still looked at, where a runtime would put it."""
    contents = of(tmp_path, {"path": "../../bin/x", "mode": "4755", "content": "#!"})
    assert entry(contents, "bin/x").tags == ["script"]
    assert contents.faults == ["the name ../../bin/x leads upwards and was taken as /bin/x"]


def test_a_file_without_a_name_hides_itself(tmp_path: Path) -> None:
    """What was not looked at makes the layer incomplete."""
    contents = of(
        tmp_path, {"path": "./", "type": "dir"}, {"path": "..", "content": "x"}, {"path": ".", "content": "x"}
    )
    assert not contents.read
    assert "member 3 has no name and was not looked at" in contents.faults


# --- programs -------------------------------------------------------------------------------------------------------


def test_busybox_is_found_under_another_name(tmp_path: Path) -> None:
    """A large program that carries the banner is busybox whatever it is called; a file that speaks of it is none."""
    body = b"\1" * 3_000_000
    contents = of(
        tmp_path,
        {"path": "opt/agent", "mode": "0755", "elf": "static", "content": body + BANNER + body},
        {"path": "opt/small", "mode": "0755", "elf": "static", "content": BANNER},
        {"path": "opt/notes", "mode": "0755", "content": BANNER},
        {"path": "opt/matcher", "mode": "0755", "elf": "static", "content": b"BusyBox v%s\0"},
    )
    assert entry(contents, "opt/agent").tags == ["elf", "static", "busybox"]
    assert entry(contents, "opt/small").tags == ["elf", "static", "busybox"]
    assert entry(contents, "opt/notes").tags == []
    assert entry(contents, "opt/matcher").tags == ["elf", "static"]


@pytest.mark.parametrize("split", range(1, 20))
def test_a_banner_across_pieces_is_found(split: int) -> None:
    """However the stream cuts it, also into many small pieces."""
    data = b"\x7fELF" + b"\1" * 100 + BANNER + b"\1" * 10
    at = data.index(BANNER)
    assert Program().search([data[: at + split], memoryview(data)[at + split :]]).busybox
    assert Program().search([data[index : index + split] for index in range(0, len(data), split)]).busybox


def build_information(modules: bytes) -> bytes:
    def text(value: bytes) -> bytes:
        length, out = len(value), b""
        while length >= 0x80:
            out += bytes([length & 0x7F | 0x80])
            length >>= 7
        return out + bytes([length]) + value

    mark = b"\1" * 16
    return golang.MAGIC + b"\x08\x02" + b"\0" * 16 + text(b"go1.22.1") + text(mark + modules + mark)


MODULES = b"path\texample.com/tool\nmod\texample.com/tool\tv1.2.3\th1:x=\ndep\texample.com/dep\tv0.1.0\th1:y=\n"


@pytest.mark.parametrize("pad", [1 << 20, (1 << 20) - 16, (1 << 20) - 128, 64])
def test_go_modules_are_read_from_a_program(tmp_path: Path, pad: int) -> None:
    """The build information is found at its alignment, across pieces of the stream, after a decoy."""
    front = making.elf("static") + golang.MAGIC + b"decoy"
    front += b"\1" * (pad - len(front) % pad)
    content = front + build_information(MODULES) + b"\2" * 400_000
    contents = of(tmp_path, {"path": "app", "mode": "0755", "content": content})
    assert entry(contents, "app").tags == ["elf", "static", "buildinfo"]
    (database,) = contents.databases
    assert (database.path, database.ecosystem, database.reason) == ("app", "golang", "")
    assert ("example.com/dep", "v0.1.0", "") in database.packages


def test_build_information_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A Go program whose modules are unseen is a database with a reason, not a program without modules."""
    content = making.elf("static").ljust(256, b"\1") + golang.MAGIC + b"\x08\x00" + b"\1" * 300_000
    contents = of(tmp_path, {"path": "app", "mode": "0755", "content": content})
    assert "damaged or of Go before 1.18" in contents.databases[0].reason


def test_packed_programs_and_libraries_are_told(tmp_path: Path) -> None:
    """UPX is named; a library without interpreter is not static, one that ends early is not judged."""
    elf = making.elf("static")
    assert classifying.program_tags(elf + b"UPX!", "app") == ["elf", "static", "upx"]
    assert classifying.program_tags(elf, "libx.so.1") == ["elf"]
    assert classifying.program_tags(elf[:70], "app") == ["elf"]
    assert classifying.program_tags(making.elf("dynamic"), "app") == ["elf"]
    assert classifying.program_tags(b"#!/bin/sh", "app") == ["script"]
    assert classifying.program_tags(b"MZ", "app") == []


@given(st.binary(max_size=120))
def test_damaged_program_headers_never_raise(tail: bytes) -> None:
    """Hostile headers give fewer tags and nothing else."""
    assert classifying.program_tags(b"\x7fELF" + tail, "x")[0] == "elf"


#: Set with setcap and shown by getcap of libcap 2.66.
CAPABILITIES = [
    ("0100000200200000000000000000000000000000", "cap_net_raw=ep"),
    ("0100000200300000000000000000000000000000", "cap_net_admin,cap_net_raw=ep"),
    ("0000000201000000000000000000000000000000", "cap_chown=p"),
    ("0100000200040000000400000000000000000000", "cap_net_bind_service=eip"),
    ("0100000200000000010000000000000000000000", "cap_chown=ei"),
    # Two groups: getcap says `cap_fowner=eip cap_chown+ep` and orders them by how many there are.
    ("0100000209000000080000000000000000000000", "cap_chown=ep cap_fowner=eip"),
    # All of them: getcap says `=ep`, which no reader of a report would understand.
    ("01000002ffffffff00000000ff01000000000000", "all=ep"),
    ("010000010020000000000000", "cap_net_raw=ep"),
    ("0100000300200000000000000000000000000000e8030000", "cap_net_raw=ep [rootid=1000]"),
    ("0100000200000000000000000000000000000000", "none"),
    ("01000002", "unreadable"),
    ("0100000900200000000000000000000000000000", "unreadable"),
    ("", "unreadable"),
]


@pytest.mark.parametrize(("value", "text"), CAPABILITIES)
def test_capabilities_are_decoded_as_getcap_does(value: str, text: str) -> None:
    """The attribute of a file in the words of its own tool."""
    assert classifying.capabilities(bytes.fromhex(value)) == text


def test_a_capability_makes_an_entry(tmp_path: Path) -> None:
    """Also of a file that nobody may execute."""
    contents = of(tmp_path, {"path": "x", "content": "y", "capability": "cap_net_raw=ep"})
    assert entry(contents, "x").tags == ["cap:cap_net_raw=ep"]


# --- captured files -------------------------------------------------------------------------------------------------


def test_accounts_are_captured_without_hashes(tmp_path: Path) -> None:
    """etc/shadow becomes names and states; a hash in any of the four files is a secret and stays in none."""
    hashed = "$6$saltsalt$" + "h" * 86
    contents = of(
        tmp_path,
        {
            "path": "etc/passwd",
            "content": f"root:x:0:0:root:/root:/bin/sh\nold:{hashed}:7:7::/:/bin/sh\nfree::8:8::/:\n",
        },
        {"path": "etc/shadow", "content": f"root:*:1::\na:!:1\nb::1\nc:{hashed}:1:2\nlocked:!{hashed}:1\n"},
        {"path": "etc/group", "content": "root:x:0:\nstaff:x:50:a,b\n"},
        {"path": "etc/shadow-", "content": "d:AbCdEfGhIjKlM:1\n"},
    )
    assert contents.files["etc/shadow"] == b"root:none\na:none\nb:empty\nc:set\nlocked:none\n"
    assert contents.files["etc/passwd"].splitlines()[1:] == [b"old:set:7:7::/:/bin/sh", b"free::8:8::/:"]
    assert contents.files["etc/group"] == b"root:x:0:\nstaff:x:50:a,b\n"
    assert "etc/shadow-" not in contents.files
    assert [(found.path, found.kind) for found in contents.secrets] == [
        ("etc/passwd", "a password hash for old"),
        ("etc/shadow", "a password hash for c"),
        ("etc/shadow", "a password hash for locked"),
        ("etc/shadow-", "a password hash for d"),
    ]
    encoded = msgspec.msgpack.encode(contents)
    assert b"hhhh" not in encoded
    assert b"AbCdEf" not in encoded


def test_an_empty_account_file_is_there(tmp_path: Path) -> None:
    """No accounts is another thing than no file."""
    assert of(tmp_path, {"path": "etc/passwd", "content": ""}).files == {"etc/passwd": b"\n"}


def test_an_account_file_that_is_too_large_hides_accounts(tmp_path: Path) -> None:
    """The cap is named, and the layer is incomplete."""
    contents = of(tmp_path, {"path": "etc/passwd", "content": "x" * (layer.MAX_CAPTURED + 1)})
    assert not contents.read
    assert contents.faults == [
        "/etc/passwd has 1,048,577 bytes, of such a file 1,048,576 are read; it was not looked at"
    ]


def test_umasks_are_told_where_they_are_set(tmp_path: Path) -> None:
    """Settings of the shell, login.defs and our own scripts; comments and the system's own scripts do not count."""
    contents = of(
        tmp_path,
        {"path": "etc/login.defs", "content": "# UMASK 000\nPASS_MAX_DAYS 99999\nUMASK\t\t077\n"},
        {"path": "etc/profile", "content": "#umask 000\nif x; then umask 002; else\n  umask 022\nfi\n"},
        {"path": "entrypoint.sh", "mode": "0755", "content": "#!/bin/sh\numask u=rwx,g=rx,o= && exec app\n"},
        {"path": "usr/bin/savelog", "mode": "0755", "content": "#!/bin/sh\numask 000\n"},
        {"path": "etc/other", "content": "umask 000\n"},
    )
    assert entry(contents, "etc/login.defs").tags == ["umask:077"]
    assert contents.files["etc/login.defs"] == b"UMASK 077\n"
    assert entry(contents, "etc/profile").tags == ["umask:002", "umask:022"]
    assert entry(contents, "entrypoint.sh").tags == ["script", "umask:u=rwx,g=rx,o="]
    assert entry(contents, "usr/bin/savelog").tags == ["script"]
    assert rest(contents) == [("f", "etc/other", 10)]


def test_package_databases_are_read_as_they_pass(tmp_path: Path) -> None:
    """A database becomes its record and an entry; one that is too large or sparse says so."""
    status = "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\nArchitecture: amd64\n\n"
    contents = of(
        tmp_path,
        {"path": "var/lib/dpkg/status", "content": status},
        {"path": "var/lib/rpm/Packages", "content": b"x" * 5000},
    )
    assert entry(contents, "var/lib/dpkg/status").size == len(status)
    dpkg, rpm = contents.databases
    assert (dpkg.ecosystem, dpkg.packages, dpkg.reason) == ("deb", [("bash", "5.2-1", "bash")], "")
    assert rpm.ecosystem == "rpm"
    assert rpm.reason


# --- lists ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("bin/bash", (Tool.SHELL, "bash")),
        ("busybox/sh", (Tool.SHELL, "sh")),
        ("opt/tools/bin/zsh-5.9", (Tool.SHELL, "zsh")),
        ("usr/bin/x86_64-linux-gnu-gcc-12", (Tool.BUILD, "gcc")),
        ("usr/bin/clang++-14", (Tool.BUILD, "clang++")),
        ("usr/bin/pip3.11", (Tool.LANGUAGE_MANAGER, "pip")),
        ("usr/bin/apt-get", (Tool.SYSTEM_MANAGER, "apt-get")),
        ("usr/bin/nc.openbsd", (Tool.NETWORK, "nc.openbsd")),
        ("usr/lib/openssh/sshd-session", (Tool.REMOTE, "sshd-session")),
        ("usr/sbin/sshd", (Tool.REMOTE, "sshd")),
        ("etc/alternatives/nc", None),
        ("usr/share/bash", None),
        ("usr/bin/python3.11", None),
        ("usr/bin/sha256sum", None),
        ("bash", None),
    ],
)
def test_tools_are_known_by_name_and_place(path: str, expected: tuple[Tool, str] | None) -> None:
    """Versions and target triplets do not matter, the directory does."""
    assert lists.tool(path) == expected


def test_leftovers_are_told_by_what_is_in_them(tmp_path: Path) -> None:
    """A direct child tells of its directory; empty directories, locks and packages' own files are no leftovers."""
    contents = of(
        tmp_path,
        {"path": "var/lib/apt/lists/", "type": "dir"},
        {"path": "var/lib/apt/lists/lock"},
        {"path": "var/lib/apt/lists/partial/", "type": "dir"},
        {"path": "var/lib/apt/lists/deb_InRelease", "content": "x"},
        {"path": "var/cache/apt/archives/partial/", "type": "dir"},
        {"path": "var/cache/apt/archives/a.txt", "content": "x"},
        {"path": "var/cache/apk/", "type": "dir"},
        {"path": "root/.cache/", "type": "dir"},
        {"path": "root/.cache/pip/", "type": "dir", "mode": "0700"},
        {"path": "root/.cache/pip/http/", "type": "dir"},
        {"path": "root/.cache/pip/http/one", "content": "x"},
        {"path": "root/.cache/pip/http/two", "content": "x"},
        {"path": "root/.cache/empty/", "type": "dir"},
        {"path": "app/.git/objects/aa/bb", "content": "x"},
        {"path": "app/Dockerfile", "content": "FROM x"},
        {"path": "app/node_modules/x/Dockerfile", "content": "FROM x"},
        {"path": "root/.bash_history", "content": "ls"},
        {"path": "app/core", "mode": "0755", "elf": "static", "content": "x" * 5000},
    )
    found = {kept.path: lists.leftover_of(kept.path, kept.tags) for kept in contents.entries}
    assert {path: what for path, what in found.items() if what} == {
        "app/.git/objects": ("app/.git", "a Git repository"),
        "app/Dockerfile": ("app/Dockerfile", "the recipe of an image"),
        "root/.bash_history": ("root/.bash_history", "a shell's history"),
        "root/.cache/pip": ("root/.cache", "a cache of a user's programs"),
        "var/lib/apt/lists/deb_InRelease": ("var/lib/apt/lists", "package lists of apt"),
    }
    assert entry(contents, "root/.cache/pip").mode == 0o700
    assert ("d", "root/.cache/empty", 0) in rest(contents)


# --- what is damaged or hostile -------------------------------------------------------------------------------------


def test_a_layer_that_is_cut_short_gives_what_was_seen(tmp_path: Path) -> None:
    """What stands before the end is kept; the layer is not read and says why."""
    data = making.layer_tar([{"path": "bin/a", "mode": "4755", "elf": "static"}, {"path": "b", "content": "x" * 5000}])
    contents = read(tmp_path, data[:4000])
    assert [kept.path for kept in contents.entries] == ["bin/a"]
    assert not contents.read
    assert contents.diff_id == ""
    assert "cut short" in contents.faults[0]
    packed = read(tmp_path, gzip.compress(data)[:-12])
    assert not packed.read
    assert packed.faults


def test_a_bomb_ends_with_words(tmp_path: Path) -> None:
    """What unpacks to far more than it has is refused, with what stood before it."""
    head = making.member({"path": "bin/a", "mode": "4755", "elf": "static"}) + making.header(b"zeros", b"0", 1 << 30)
    contents = read(tmp_path, making.packed(head + bytes(300 << 20), "zstd"))
    assert not contents.read
    assert [kept.path for kept in contents.entries] == ["bin/a"]
    assert "a decompression bomb" in contents.faults[0]


def test_no_file_at_all_is_told(tmp_path: Path) -> None:
    """A blob that vanished is a fault of the evidence."""
    contents = layer.read_layer(Piece("gone", bytes(tmp_path / "gone"), 0, 10, ""))
    assert not contents.read
    assert contents.faults


def test_more_entries_than_kept_make_the_layer_incomplete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap is named; the paths beyond it are still known."""
    monkeypatch.setattr(layer, "MAX_ENTRIES", 3)
    contents = of(tmp_path, *({"path": f"bin/{number}", "mode": "0755", "content": "#!"} for number in range(5)))
    assert len(contents.entries) == 3
    assert rest(contents) == [("f", "bin/3", 2), ("f", "bin/4", 2)]
    assert not contents.read
    assert contents.faults == ["more than 3 files that matter; of 2 more only the paths are known"]


def test_whiteouts_and_faults_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a million whiteouts nor a million odd names fill the memory."""
    monkeypatch.setattr(layer, "MAX_WHITEOUTS", 2)
    contents = of(
        tmp_path,
        *({"path": f".wh.{number}"} for number in range(9)),
        *({"path": f"../{number}"} for number in range(99)),
    )
    assert contents.whiteouts == ["0", "1"]
    assert not contents.read
    assert len(contents.faults) == layer.MAX_FAULTS


def test_memory_is_bounded_whatever_the_layer(tmp_path: Path) -> None:
    """A hundred megabytes of files and 20,000 members take less than 30 MB."""
    large = making.member({"path": "opt/large", "mode": "0755", "elf": "static", "content": b"\1" * (100 << 20)})
    small = b"".join(
        making.member({"path": f"srv/{number // 100}/file{number}", "content": "x"}) for number in range(20_000)
    )
    data = gzip.compress(small + large + bytes(1024), compresslevel=1)
    del large, small
    tracemalloc.start()
    try:
        contents = read(tmp_path, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert contents.read, contents.faults
    assert contents.members == 20_001
    assert peak < 30 << 20


@settings(max_examples=60, deadline=None)
@given(draw=st.data())
def test_damaged_layers_never_raise(draw: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any byte changed and any cut: contents come back, and can be kept."""
    whole = bytearray(
        making.layer_tar(
            [
                {"path": "bin/a", "mode": "4755", "elf": "dynamic", "capability": "cap_net_raw=ep"},
                {"path": "etc/shadow", "content": "root:$6$a$b:1\n"},
                {"path": "var/lib/dpkg/status", "content": "Package: x\nVersion: 1\n\n"},
                {"path": "l" * 120, "type": "symlink", "link": "x" * 120},
            ]
        )
    )
    for _ in range(draw.draw(st.integers(0, 4))):
        whole[draw.draw(st.integers(0, len(whole) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(whole)))
    contents = read(tmp_path_factory.mktemp("layer"), bytes(whole[:cut]))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(contents), type=LayerContents) == contents
