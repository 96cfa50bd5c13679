"""The record of an image: what its files show, what its configuration says, and what does not hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from compliance.errors import EvidenceError
from compliance.evidence.image.building import build
from compliance.evidence.image.config_wire import stated_time
from compliance.evidence.image.contents import FoundFault, FoundImage, Piece, Source
from compliance.evidence.image.layer import read_layer
from compliance.evidence.image.sources import archive_kind
from compliance.evidence.image.surveying import survey
from compliance.model.image import BaseClass, DatabaseState, Facts, Image
from compliance.model.image_user import effective_user
from tests.evidence.image.laying import files_of, found_of, image_of, piece_of, sha256_of
from tests.images import making

X = "0755"
MUSL = {"path": "lib/ld-musl-x86_64.so.1", "mode": X, "elf": "static"}
GLIBC = {"path": "lib/x86_64-linux-gnu/libc.so.6", "mode": X, "elf": "dynamic"}
APK = {"path": "lib/apk/db/installed", "content": "P:busybox\nV:1.36.1-r2\no:busybox\nF:bin\nR:busybox\n\n"}
DASH = {"path": "usr/bin/dash", "mode": X, "elf": "dynamic"}
APT = {"path": "usr/bin/apt-get", "mode": X, "elf": "dynamic"}


def release(name: str) -> dict[str, str]:
    return {"path": "etc/os-release", "content": f'ID={name}\nPRETTY_NAME="The $name"\n'}


def status(*names: str) -> dict[str, str]:
    text = "".join(f"Package: {name}\nStatus: install ok installed\nVersion: 1.0-1\n\n" for name in names)
    return {"path": "var/lib/dpkg/status", "content": text}


def owns(package: str, *paths: str) -> dict[str, str]:
    return {"path": f"var/lib/dpkg/info/{package}.list", "content": "".join(f"{path}\n" for path in paths)}


def paths(found: Facts) -> dict[str, str]:
    return {fact.path: fact.detail for fact in found.items}


# -- tools ----------------------------------------------------------------------------------------------------------


def test_shells_count_under_each_name(tmp_path: Path) -> None:
    """A link counts when it leads to a program that is there, however many links it takes; a dangling one does not."""
    files = files_of(
        tmp_path,
        [
            {"path": "bin", "type": "symlink", "link": "usr/bin"},
            DASH,
            {"path": "usr/bin/sh", "type": "symlink", "link": "/etc/alternatives/sh"},
            {"path": "etc/alternatives/sh", "type": "symlink", "link": "/bin/dash"},
            {"path": "usr/bin/zsh", "type": "symlink", "link": "/nowhere/zsh"},
            {"path": "usr/share/doc/bash", "content": "no program"},
        ],
    )
    assert paths(files.shells) == {"/usr/bin/dash": "dash", "/usr/bin/sh": "sh, a link to /usr/bin/dash"}


def test_busybox_counts_under_any_name(tmp_path: Path) -> None:
    """busybox is found by its contents, its applets by the names that lead to it, also as hard links."""
    box = {"elf": "static", "content": "\0BusyBox v1.36.1 (2024-01-01) multi-call binary\0", "mode": X}
    files = files_of(
        tmp_path,
        [
            {"path": "opt/tool", **box},
            {"path": "usr/bin/wget", "type": "symlink", "link": "/opt/tool"},
            {"path": "usr/bin/nc", "type": "hardlink", "link": "opt/tool"},
        ],
    )
    assert paths(files.shells) == {"/opt/tool": "busybox under another name"}
    assert paths(files.network_tools) == {"/usr/bin/nc": "nc", "/usr/bin/wget": "wget, a link to /opt/tool"}


def test_program_directories_are_those_that_path_leads_to(tmp_path: Path) -> None:
    """A tool counts in any directory of PATH, also through a link."""
    files = files_of(
        tmp_path,
        [
            {"path": "tools/curl", "mode": X, "elf": "static"},
            {"path": "stuff/gcc-12", "mode": X, "elf": "static"},
            {"path": "usr/local/bin", "type": "symlink", "link": "/stuff"},
            {"path": "elsewhere/wget", "mode": X, "elf": "static"},
        ],
        config={"Env": ["PATH=/tools:/bin"]},
    )
    assert paths(files.network_tools) == {"/tools/curl": "curl"}
    assert paths(files.build_tools) == {"/stuff/gcc-12": "gcc"}


def test_headers_are_told_by_folder(tmp_path: Path) -> None:
    """Headers and static libraries are one fact for each folder and layer."""
    files = files_of(
        tmp_path,
        [{"path": f"usr/include/a/{n}.h", "content": "x"} for n in range(3)] + [{"path": "usr/lib/libz.a"}],
        [{"path": "usr/include/b.h"}],
    )
    told = [(fact.path, fact.layer, fact.detail) for fact in files.build_tools.items]
    assert told == [
        ("/usr/include", 1, "headers, 3 files"),
        ("/usr/include", 2, "headers, 1 file"),
        ("/usr/lib", 1, "static library, 1 file"),
    ]


# -- rights ---------------------------------------------------------------------------------------------------------


def test_rights_of_files(tmp_path: Path) -> None:
    """Set-id with the owner's name, capabilities, world-writable paths, devices and umasks, each with its layer."""
    files = files_of(
        tmp_path,
        [
            {"path": "etc/passwd", "content": "root:x:0:0::/root:/bin/sh\nmail:x:8:8::/:/sbin/nologin\n"},
            {"path": "etc/group", "content": "root:x:0:\nshadow:x:42:\n"},
            {"path": "usr/bin/chage", "mode": "6755", "uid": 8, "gid": 42, "elf": "dynamic"},
            {"path": "usr/bin/ping", "mode": X, "elf": "dynamic", "capability": "cap_net_raw=ep"},
            {"path": "open", "type": "dir", "mode": "0777"},
            {"path": "tmp", "type": "dir", "mode": "1777"},
            {"path": "link", "type": "symlink", "link": "tmp", "mode": "0777"},
            {"path": "dev/sda", "type": "block", "major": 8, "minor": 0},
            {"path": "etc/profile", "content": "umask 000\n"},
        ],
    )
    assert paths(files.set_id) == {"/usr/bin/chage": "set-user-id mail, set-group-id shadow"}
    assert paths(files.capabilities) == {"/usr/bin/ping": "cap_net_raw=ep"}
    assert paths(files.world_writable) == {"/open": "a directory without the sticky bit"}
    assert paths(files.devices) == {"/dev/sda": "device 8:0"}
    assert paths(files.umasks) == {"/etc/profile": "umask 000"}


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("app", {"/usr/bin/mine", "/usr/bin/groups", "/srv/bin"}),
        ("1000:1", {"/usr/bin/mine", "/srv/bin"}),
        ("7:50", {"/usr/bin/groups"}),
        ("9:9", set()),
        ("root", set()),
        ("nobody-knows", set()),
    ],
)
def test_what_the_user_may_write_on_path(tmp_path: Path, user: str, expected: set[str]) -> None:
    """Owner, group and others count as the kernel counts them; root and an unknown user name nothing."""
    files = files_of(
        tmp_path,
        [
            {"path": "etc/passwd", "content": "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"},
            {"path": "etc/group", "content": "app:x:1000:\nstaff:x:50:app\n"},
            {"path": "usr/bin/mine", "mode": X, "uid": 1000, "elf": "static"},
            {"path": "usr/bin/groups", "mode": "0775", "gid": 50, "elf": "static"},
            {"path": "usr/bin/theirs", "mode": X, "elf": "static"},
            {"path": "usr/bin/denied", "mode": "0577", "uid": 1000, "gid": 9, "elf": "static"}
            if user == "app"
            else {"path": "usr/bin/other", "mode": X},
            {"path": "srv/bin", "type": "dir", "uid": 1000},
        ],
        config={"User": user, "Env": ["PATH=/usr/bin:/srv/bin:relative"]},
    )
    assert set(paths(files.path_writable)) == expected


# -- base class and coverage ----------------------------------------------------------------------------------------

ONE_PAGE = [{"path": f"usr/share/man/man1/{n}.1"} for n in range(20)]


@pytest.mark.parametrize(
    ("layer", "expected", "because"),
    [
        ([{"path": "app", "mode": X, "elf": "static"}], BaseClass.SCRATCH, "no C library, shell"),
        ([GLIBC, release("debian")], BaseClass.DISTROLESS, "/lib/x86_64-linux-gnu/libc.so.6"),
        (
            [{"path": "var/lib/dpkg/status.d/base", "content": "Package: base-files\nVersion: 12\n"}],
            BaseClass.DISTROLESS,
            "/var/lib/dpkg/status.d with 1 package",
        ),
        (
            [MUSL, APK, release("alpine"), {"path": "sbin/apk", "mode": X, "elf": "dynamic"}],
            BaseClass.ALPINE,
            "/sbin/apk",
        ),
        ([GLIBC, DASH, APT, status("dpkg"), release("debian")], BaseClass.SLIM, "no init system, no manual pages"),
        ([GLIBC, DASH, APT, status("dpkg"), *ONE_PAGE], BaseClass.FULL, "20 manual pages below /usr/share/man"),
        (
            [DASH, status("systemd"), {"path": "usr/lib/systemd/systemd", "mode": X, "elf": "dynamic"}],
            BaseClass.FULL,
            "an init system, /usr/lib/systemd/systemd",
        ),
        ([DASH, status(*(f"p{n}" for n in range(180)))], BaseClass.FULL, "180 packages"),
        (
            [{"path": "bin/sh", "mode": X, "elf": "static", "content": "BusyBox v1.36.0"}],
            BaseClass.SLIM,
            "no package manager and no package database",
        ),
        ([GLIBC, DASH, APT, release("debian")], BaseClass.UNKNOWN, "no package database says"),
    ],
)
def test_base_class_is_decided_from_files(
    tmp_path: Path, layer: list[Mapping[str, Any]], expected: BaseClass, because: str
) -> None:
    """Each class with the files that make it one, and words that name them."""
    files = files_of(tmp_path, layer)
    assert files.base_class is expected
    assert because in files.base_because


def test_nothing_is_absent_where_a_layer_was_not_read(tmp_path: Path) -> None:
    """With a layer missing, no class rests on what was not seen, and the record says what is unseen."""
    description = {"layers": [[GLIBC], [{"path": "app", "mode": X}]], "broken": {"missing_layer": 1}}
    image = image_of(tmp_path, description)
    assert image.incomplete == "layer 1 of 2 is not in the evidence"
    assert image.filesystem is not None
    assert image.filesystem.base_class is BaseClass.UNKNOWN
    assert image.filesystem.libc == "unknown"
    assert [layer.read for layer in image.layers] == [False, True]


def test_no_layer_at_all_is_a_configuration(tmp_path: Path) -> None:
    """Where every layer is missing there are no files to speak of."""
    image = image_of(tmp_path, {"layers": [[GLIBC]], "broken": {"missing_layer": 1}})
    assert image.filesystem is None
    assert image.incomplete


DEBIAN = [GLIBC, DASH, release("debian")]


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ([*DEBIAN, status("dash"), owns("dash", "/usr/bin/dash")], ""),
        ([GLIBC, DASH, status("dash")], "but no etc/os-release"),
        (DEBIAN, "/etc/os-release says debian, but there is no package database"),
        (
            [*DEBIAN, owns("dash", "/usr/bin/dash"), owns("libc6:amd64", "/x")],
            "file lists of 2 packages, but there is no",
        ),
        ([*DEBIAN, status("dash"), *(owns(f"p{n}", "/x") for n in range(9))], "does not name 9 of them"),
        (
            [*DEBIAN, {"path": "usr/bin/dpkg", "mode": X, "elf": "dynamic"}],
            "/usr/bin/dpkg is there, but no deb database",
        ),
        (
            [*DEBIAN, {"path": "var/lib/rpm/Packages", "content": "\0" * 12 + "\x61\x15\x06\0" + "\0" * 4080}],
            "the package database /var/lib/rpm/Packages could not be read",
        ),
        (
            [*DEBIAN, status("dash"), owns("dash", "/usr/bin/dash")]
            + [{"path": f"opt/{n}", "mode": X, "elf": "static"} for n in range(30)],
            "31 of 32 executables belong to no package",
        ),
    ],
)
def test_scanners_are_told_from_what_they_cannot_see(
    tmp_path: Path, layer: list[Mapping[str, Any]], words: str
) -> None:
    """Malicious compliance is said in words; a whole database with its release file gives none."""
    said = files_of(tmp_path, layer).scannable
    assert words in said if words else said == ""


def test_executables_are_owned_through_linked_folders(tmp_path: Path) -> None:
    """A list that says /bin/ls owns usr/bin/ls where /bin is a link; what stands in no list is named."""
    files = files_of(
        tmp_path,
        [
            {"path": "bin", "type": "symlink", "link": "usr/bin"},
            {"path": "usr/bin/ls", "mode": X, "elf": "dynamic"},
            {"path": "usr/bin/own", "mode": X, "content": "#!/bin/sh\n"},
            {"path": "usr/bin/data", "mode": X, "content": "no program"},
            status("coreutils"),
            owns("coreutils", "/bin/ls"),
        ],
    )
    assert (files.ownership.executables, files.ownership.owned) == (2, 1)
    assert paths(files.ownership.unowned) == {"/usr/bin/own": ""}


def test_databases_are_grouped_and_merged(tmp_path: Path) -> None:
    """One record for each database; a package that an upper layer removed is gone, a broken file says so."""
    metadata = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n"
    site = "usr/lib/python3/site-packages"
    files = files_of(
        tmp_path,
        [
            status("bash", "dash"),
            {"path": f"{site}/a-1.0.dist-info/METADATA", "content": metadata.format("A.b")},
            {"path": f"{site}/b-1.0.dist-info/METADATA", "content": metadata.format("b")},
            {"path": "app/node_modules/x/package.json", "content": '{"name": "x", "version": "1.0.0"}'},
            {"path": "app/node_modules/x/node_modules/y/package.json", "content": '{"name": "y", "version": "2"}'},
        ],
        [status("bash"), {"path": f"{site}/.wh.b-1.0.dist-info", "mode": "0000"}],
    )
    told = [(one.ecosystem, one.path, one.layer, one.packages, one.state) for one in files.databases]
    assert told == [
        ("deb", "/var/lib/dpkg/status", 2, 1, DatabaseState.READ),
        ("npm", "/app/node_modules", 1, 2, DatabaseState.READ),
        ("pypi", f"/{site}", 1, 1, DatabaseState.READ),
    ]
    assert [(package.name, package.database) for package in files.packages] == [
        ("bash", 0),
        ("x", 1),
        ("y", 1),
        ("a-b", 2),
    ]


def test_users_are_joined_with_shadow(tmp_path: Path) -> None:
    """States of passwords without a hash, ids as runtimes read them, os-release through its link."""
    files = files_of(
        tmp_path,
        [
            {
                "path": "etc/passwd",
                "content": "root:x:0:0:r:/root:/bin/sh\nopen::5:5::/:\nodd:*:five:5::/:\n# no user\n",
            },
            {"path": "etc/shadow", "content": "root:$6$salt$hash:1::::::\n"},
            {"path": "usr/lib/os-release", "content": 'ID=\'x\'\nNAME="a \\"b\\""\nBAD LINE\n'},
            {"path": "etc/os-release", "type": "symlink", "link": "../usr/lib/os-release"},
        ],
    )
    assert files.users is not None
    assert [(user.name, user.uid, user.password) for user in files.users] == [
        ("root", 0, "set"),
        ("open", 5, "empty"),
        ("odd", 0, "none"),
    ]
    assert files.os_release == {"ID": "x", "NAME": 'a "b"'}
    assert files.os_release_fact is not None
    assert files.os_release_fact.path == "/usr/lib/os-release"


# -- forms ----------------------------------------------------------------------------------------------------------

FORMS = (
    "folder",
    "folder zstd",
    "folder plain",
    "oci tar",
    "oci tar zstd outer",
    "docker-archive",
    "docker gzip outer",
)


def surveyed(folder: Path, form: str, description: Mapping[str, Any]) -> list[Image]:
    """The images of a description in a form, through the survey."""
    pieces: dict[str, Piece]
    compression = next((word for word in ("zstd", "plain") if word in form), "gzip").replace("plain", "none")
    if form.startswith("folder"):
        files = making.parts(description, compression)
        pieces = {name: piece_of(folder, name.replace("/", "_"), data) for name, data in files.items()}
        source = Source(path="index.json", archive=False, pieces=pieces)
    else:
        make = making.oci_tar if form.startswith("oci") else making.docker_archive
        outer = ("zstd" if "zstd" in form else "gzip") if "outer" in form else "none"
        data = make(description, outer=outer)
        packed = archive_kind(data[: 64 * 1024])
        assert packed is not None
        piece = msgspec.structs.replace(piece_of(folder, "image.tar", data), packed=packed)
        source = Source(path="image.tar", archive=True, pieces={"": piece})
    found = survey(source)
    assert found.errors == ()
    digests = {file.path: file.sha256 for file in found.files}
    return [
        build(one, [None if layer.piece is None else read_layer(layer.piece) for layer in one.layers], digests)
        for one in found.images
    ]


def without_form(image: Image) -> Image:
    """The image without what its form decides."""
    bare = replace(image.origin, path="", sha256="", pointer="", offset=0, length=0)
    layers = tuple(
        replace(layer, origin=None, digest=None, media_type="", compression=None, size=0) for layer in image.layers
    )
    digests = replace(image.digests, manifest=None)
    return replace(image, origin=bare, form="", layers=layers, digests=digests)


def test_an_image_is_the_same_in_every_form(tmp_path: Path) -> None:
    """Folder, archive, packed or plain: one record but for the places where it stands."""
    description = {
        "names": ["r.example/app:1"],
        "created": "2026-08-20T00:00:00Z",
        "config": {"User": "app", "Env": ["PATH=/usr/bin"]},
        "layers": [
            [*DEBIAN, APT, status("dash"), {"path": "etc/passwd", "content": PASSWD}],
            [{"path": "usr/bin/.wh.dash"}],
        ],
    }
    images = []
    for number, form in enumerate(FORMS):
        folder = tmp_path / str(number)
        folder.mkdir()
        (image,) = surveyed(folder, form, description)
        assert image.faults == ()
        images.append(without_form(image))
    assert all(image == images[0] for image in images)
    assert images[0].filesystem is not None
    assert images[0].filesystem.shells.total == 0


@pytest.mark.parametrize(
    ("description", "expected"),
    [({}, False), ({"docker": True}, True), ({"config": {"Healthcheck": {"Test": ["CMD", "true"]}}}, False)],
)
def test_format_is_docker_by_its_types(tmp_path: Path, description: Mapping[str, Any], expected: bool) -> None:
    """Docker's media types make it Docker's format; a health check alone does not, and is kept all the same."""
    (image,) = surveyed(tmp_path, "folder", {"layers": [[DASH]], **description})
    assert image.docker_format is expected
    assert image.config.healthcheck == (("CMD", "true") if "config" in description else None)


def test_a_layer_that_was_not_handed_in_is_said_once(tmp_path: Path) -> None:
    """The survey's words say which layer is unseen; the image is incomplete."""
    (image,) = surveyed(tmp_path, "folder", {"layers": [[DASH], [GLIBC]], "broken": {"missing_layer": 2}})
    assert image.incomplete.startswith("layer 2 (sha256:")
    assert image.incomplete.endswith("was not handed in")
    assert image.faults_total == 1


# -- USER -----------------------------------------------------------------------------------------------------------

PASSWD = "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n77:x:0:0::/:\n88:x:9:9::/:\n"


@pytest.mark.parametrize(
    ("user", "uid", "root"),
    [
        (None, 0, True),
        ("", 0, True),
        ("0", 0, True),
        ("00", 0, True),
        ("+0", 0, True),
        (" 0", 0, True),
        ("root", 0, True),
        ("root:0", 0, True),
        ("0:0", 0, True),
        (":1000", 0, True),
        ("toor", 0, True),
        ("77", 0, True),
        ("88", None, None),
        ("1000", 1000, False),
        ("1000:0", 1000, False),
        ("app", 1000, False),
        ("nobody", None, None),
        ("4294967296", None, None),
        ("2147483648", None, None),
        ("-1", None, None),
        ("1_000", None, None),
        ("٠", None, None),
    ],
)
def test_effective_user(tmp_path: Path, user: str | None, uid: int | None, root: bool | None) -> None:
    """USER texts as runtimes read them: never "not root" where one of them may make it root."""
    config = {} if user is None else {"User": user}
    image = image_of(tmp_path, {"layers": [[{"path": "etc/passwd", "content": PASSWD}]], "config": config})
    verdict = effective_user(image)
    assert (verdict.uid, verdict.root) == (uid, root), verdict.words


def test_a_name_is_undecided_without_its_file(tmp_path: Path) -> None:
    """Without etc/passwd, or with a layer unread, a name has no id; only root is root."""
    without = image_of(tmp_path, {"layers": [[DASH]], "config": {"User": "app"}})
    assert "has no etc/passwd" in effective_user(without).words
    assert effective_user(without).root is None
    layers = [[{"path": "etc/passwd", "content": PASSWD}], [DASH]]
    unread = image_of(tmp_path, {"layers": layers, "config": {"User": "app"}, "broken": {"missing_layer": 2}})
    assert effective_user(unread).root is None
    assert "not all layers were read" in effective_user(unread).words


# -- configuration --------------------------------------------------------------------------------------------------


def config_image(folder: Path, data: bytes) -> Image:
    found = FoundImage(
        form="oci-layout", names=(), index=None, manifest=None, config=making.sha256(data), config_bytes=data,
        config_piece=piece_of(folder, "config.json", data), layers=(), faults=(),
    )  # fmt: skip
    return build(found, [], sha256_of(folder))


def test_credentials_of_the_configuration_leave_no_trace(tmp_path: Path) -> None:
    """Environment, labels, arguments, history, health check: suspected, and their values in no byte of the record."""
    secret = "hunter2-Z9x8c7v6"
    description = {
        "layers": [[DASH]],
        "config": {
            "Env": [f"DB_PASSWORD={secret}", f"JAVA_OPTS=-Dx=1 --token {secret}", "PATH=/bin"],
            "Labels": {"api-key": secret, "note": f"login with --password {secret}"},
            "Cmd": ["run", "--password", secret],
            "Entrypoint": ["sh", "-c", f"export TOKEN={secret}; run"],
            "Healthcheck": {"Test": ["CMD-SHELL", f"curl -H 'x' https://u:{secret}@h/"]},
        },
        "history": [
            {"created_by": f"/bin/sh -c #(nop) ENV DB_PASSWORD={secret}", "empty_layer": True},
            {"created_by": f'CMD ["run" "--password" "{secret}"]', "empty_layer": True},
            {"created_by": f"ENV API_TOKEN {secret}", "empty_layer": True},
            {"created_by": "RUN true"},
        ],
    }
    image = image_of(tmp_path, description)
    assert secret.encode() not in msgspec.json.encode(image)
    assert [bool(entry.suspicion) for entry in image.config.env] == [True, True, False]
    assert [bool(step.suspicion) for step in image.history] == [True, True, True, False]
    assert set(image.config.label_suspicions) == {"api-key", "note"}
    assert [step.layer for step in image.history] == [None, None, None, 1]
    assert image.layers[0].created_by == "RUN true"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "expected an object, got a list"),
        (b'{"config": {}, "config": {}}', 'the key "config" stands twice'),
        (b'{"config": {"User": "1000", "user": "0"}}', "differ in case only"),
        (b'{"config": {"User": 1000}}', "expected a text, got a number"),
        (b'{"config": {"Env": ["A=1", 2]}}', "/config/Env/1"),
        (b'{"config": {"Labels": {"a": {}}}}', "/config/Labels/a"),
        (b'{"history": [{"empty_layer": "yes"}]}', "/history/0/empty_layer"),
        (b'{"config": {"Env": [' + b",".join([b'"A=1"'] * 2001) + b"]}}", "2,001 entries (allowed: 2,000)"),
        (b'{"history": [' + b",".join([b"{}"] * 10_001) + b"]}", "10,001 entries (allowed: 10,000)"),
        (b'{"rootfs": {"diff_ids": [' + b",".join([b'""'] * 1001) + b"]}}", "1,001 entries (allowed: 1,000)"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_hostile_configurations_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    """Each with an error that names the file and the place, as one about an image."""
    with pytest.raises(EvidenceError, match=r"config\.json") as raised:
        config_image(tmp_path, data)
    assert message in str(raised.value)
    assert raised.value.kind == "Image"


def test_keys_are_read_in_any_case(tmp_path: Path) -> None:
    """A runtime written in Go takes `user` for `User`; so do we."""
    image = config_image(tmp_path, b'{"OS": "linux", "Config": {"user": "7"}, "rootfs": {"type": "layers"}}')
    assert (image.os, image.config.user, image.config_at) == ("linux", "7", "/Config")


def test_long_texts_are_cut(tmp_path: Path) -> None:
    """No text of the configuration is longer than the cap."""
    data = json.dumps({"config": {"Env": ["A=" + "x" * 9000], "Labels": {"l": "y " * 9000}}}).encode()
    image = config_image(tmp_path, data)
    assert len(image.config.env[0].value) == 4096
    assert len(image.config.labels["l"]) == 4096


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-08-20T01:02:03.123456789Z", "2026-08-20T01:02:03.123456789Z"),
        ("2026-08-20T01:02:03+02:00", "2026-08-19T23:02:03Z"),
        ("2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
        ("1970-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:01Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("1980-01-01T00:00:01Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-13-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_constants_are_no_dates(written: str | None, expected: str | None) -> None:
    """The constants of reproducible builds and texts that are no time give no date."""
    assert stated_time(written) == expected


# -- what does not hold ---------------------------------------------------------------------------------------------


def test_faults_have_both_sides(tmp_path: Path) -> None:
    """A wrong diff id, too short a history, and what the survey found, each with its place; none hides a file."""
    description = {
        "layers": [[DASH], [GLIBC]],
        "broken": {"wrong_diff_id": 2},
        "history": [{"created_by": "one"}, {"created_by": "two", "empty_layer": True}],
    }
    image = image_of(tmp_path, description)
    wrong, real = making.sha256(b"another layer"), making.sha256(making.layer_tar([GLIBC]))
    assert [(fault.words, fault.pointer, fault.hides) for fault in image.faults] == [
        ("the history has 1 step that made a layer, the image 2 layers", "/history", False),
        (
            f"layer 2 of 2 unpacks to {real}, but the configuration states the diff id {wrong}",
            "/rootfs/diff_ids/1",
            False,
        ),
    ]
    assert image.layers[1].diff_id == real
    assert image.incomplete == ""
    assert [step.layer for step in image.history] == [None, None]


def test_fewer_layers_than_diff_ids_hide_files(tmp_path: Path) -> None:
    """A configuration that states more layers than there are leaves files unseen."""
    found = found_of(tmp_path, {"layers": [[DASH], [GLIBC]]})
    short = msgspec.structs.replace(found, layers=found.layers[:1])
    image = build(short, [None], sha256_of(tmp_path))
    assert any("states 2 diff ids, but the image has 1 layer" in fault.words and fault.hides for fault in image.faults)


def test_truncated_layer_is_incomplete(tmp_path: Path) -> None:
    """A layer that ends too early still gives what was seen, and absence is then not proven."""
    found = found_of(tmp_path, {"layers": [[DASH, {"path": "big", "content": "x" * 5000}]]})
    piece = found.layers[0].piece
    assert piece is not None
    cut = piece_of(tmp_path, piece.path, making.layer_tar([DASH, {"path": "big", "content": "x" * 5000}])[:2500])
    image = build(found, [read_layer(cut)], sha256_of(tmp_path))
    assert image.incomplete.startswith("layer 1 of 1 could not be read whole (")
    assert image.filesystem is not None
    assert paths(image.filesystem.shells) == {"/usr/bin/dash": "dash"}
    assert not image.layers[0].read
    assert image.layers[0].diff_id == found.layers[0].diff_id


def test_a_fault_of_the_survey_that_hides_files(tmp_path: Path) -> None:
    """What the survey says may be hidden makes the image incomplete."""
    piece = piece_of(tmp_path, "manifest.json", b"{}")
    image = image_of(tmp_path, {"layers": [[DASH]]}, (FoundFault("a layer was swapped", piece, "/layers/0", True),))
    assert image.incomplete == "a layer was swapped"
    assert image.faults_total == 1


def test_a_member_of_an_archive_is_named(tmp_path: Path) -> None:
    """The origin of a member says the archive and, with a mark, the member."""
    found = found_of(tmp_path, {"layers": [[DASH]]})
    layer = found.layers[0]
    assert layer.piece is not None
    inside = msgspec.structs.replace(layer.piece, member="blobs/sha256/abc")
    moved = msgspec.structs.replace(found, layers=(msgspec.structs.replace(layer, piece=inside),))
    image = build(moved, [None], sha256_of(tmp_path))
    origin = image.layers[0].origin
    assert origin is not None
    assert origin.pointer == "blobs/sha256/abc!"


def test_empty_image_is_scratch(tmp_path: Path) -> None:
    """An image without layers has a root without files."""
    image = config_image(tmp_path, b'{"rootfs": {"type": "layers", "diff_ids": []}}')
    files = image.filesystem
    assert files is not None
    assert (files.base_class, files.files, files.users) == (BaseClass.SCRATCH, 0, None)
