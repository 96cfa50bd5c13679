"""`compliance collect image` as a person meets it: what is run, what is written, and nothing half-written."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_assessing import compliance

REFERENCE = "registry.example/team/app:1.2"
NAME = "registry.example_team_app_1.2"
DIGEST = "sha256:" + "a1" * 32
#: Stands for skopeo: keeps what it was asked, then writes a layout as skopeo does of Docker's manifests, or fails.
SKOPEO = """\
#!{python}
import json, pathlib, sys, time
if sys.argv[1:] == ["--version"]:
    print("skopeo version 1.9.3")
    sys.exit()
pathlib.Path({log!r}).write_text(json.dumps(sys.argv))
target = pathlib.Path(sys.argv[-1].split(":")[1])
(target / "blobs/sha256").mkdir(parents=True)
(target / "oci-layout").write_text('{{"imageLayoutVersion": "1.0.0"}}')
if {fails!r} == "fails":
    print("FATA[0000] unauthorized: access to the resource is denied", file=sys.stderr)
    sys.exit(1)
if {fails!r} == "hangs":
    time.sleep(60)
(target / "blobs/sha256/abc").write_bytes(b"blob")
(target / "index.json").write_text('{{"schemaVersion": 2, "manifests": [{{"digest": "sha256:abc", "size": 4}}]}}')
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path


def skopeo(place: Path, fails: str = "") -> None:
    program = place / "bin/skopeo"
    program.write_text(SKOPEO.format(python=sys.executable, log=str(place / "asked.json"), fails=fails))
    program.chmod(0o755)


def collect(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return compliance("collect", "image", *arguments, cwd=place, PATH=f"{place / 'bin'}{os.pathsep}/usr/bin:/bin")


def left(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in (place / "evidence").rglob("*") if path.is_file())


def test_a_layout_and_its_record_are_written(place: Path) -> None:
    """The record names tool, version, arguments, times, and the sha256 of every file; no place of this machine."""
    skopeo(place)
    (place / "auth.json").write_text('{"auths": {"registry.example": {"auth": "c2VjcmV0"}}}')
    done = collect(place, REFERENCE, "--authfile", "auth.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Collected: evidence/images/{NAME}\n"
    assert left(place) == [
        f"evidence/collected/{NAME}.json",
        f"evidence/images/{NAME}/blobs/sha256/abc",
        f"evidence/images/{NAME}/index.json",
        f"evidence/images/{NAME}/oci-layout",
    ]
    text = (place / f"evidence/collected/{NAME}.json").read_text()
    record = json.loads(text)
    assert record["format"] == "compliance-collection/1"
    assert record["reference"] == REFERENCE
    assert record["tool"] == {"name": "skopeo", "version": "1.9.3"}
    (command,) = record["commands"]
    assert command["exit_code"] == 0
    assert command["started"] <= command["ended"]
    assert command["arguments"] == [
        "skopeo", "--override-os", "linux", "copy", "--quiet", "--preserve-digests", "--src-authfile", "AUTHFILE",
        f"docker://{REFERENCE}", f"oci:images/{NAME}:{REFERENCE}",
    ]  # fmt: skip
    for file in record["files"]:
        data = (place / "evidence" / file["path"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(data).hexdigest()
        assert file["size"] == len(data)
    assert len(record["files"]) == 3
    assert "c2VjcmV0" not in text
    assert str(place) not in text


def test_a_manifest_of_dockers_format_gets_its_name_in_the_index(place: Path) -> None:
    """skopeo leaves it out when it preserves such a digest, and an image without a name is joined with nothing."""
    skopeo(place)
    assert collect(place, REFERENCE).returncode == 0
    index = json.loads((place / f"evidence/images/{NAME}/index.json").read_text())
    assert index["manifests"][0]["annotations"] == {"org.opencontainers.image.ref.name": REFERENCE}


def test_a_digest_decides_which_image_it_is_and_the_tag_names_it(place: Path) -> None:
    """skopeo takes one of the two only."""
    skopeo(place)
    assert collect(place, f"{REFERENCE}@{DIGEST}").returncode == 0
    asked = json.loads((place / "asked.json").read_text())
    assert asked[-2] == f"docker://registry.example/team/app@{DIGEST}"
    assert asked[-1].endswith(f":{REFERENCE}")


@pytest.mark.parametrize(
    ("fails", "options", "words"),
    [
        ("fails", (), "unauthorized: access to the resource is denied"),
        ("hangs", ("--timeout", "1"), "did not end within 1 seconds"),
    ],
)
def test_nothing_half_written_is_left_of_a_failure(
    place: Path, fails: str, options: tuple[str, ...], words: str
) -> None:
    """Exit code 4, the tool's last words, and no folder that could be taken for evidence."""
    skopeo(place, fails)
    done = collect(place, REFERENCE, *options)
    assert done.returncode == 4
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "evidence").exists()


def test_an_absent_tool_is_named(place: Path) -> None:
    """Exit code 4: nothing else is tried instead."""
    done = compliance("collect", "image", REFERENCE, "--with", "skopeo", cwd=place, PATH=str(place / "bin"))
    assert done.returncode == 4
    assert "skopeo cannot be started" in done.stderr


def test_show_prints_what_would_be_run_and_runs_nothing(place: Path) -> None:
    """One command a line, quoted for a shell, and neither tool nor folder is touched."""
    skopeo(place, "fails")
    done = collect(place, REFERENCE, "--show", "-o", "the evidence", "--platform", "all")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert shlex.split(line) == [
        "skopeo", "copy", "--quiet", "--preserve-digests", "--all", f"docker://{REFERENCE}",
        f"oci:the evidence/images/{NAME}:{REFERENCE}",
    ]  # fmt: skip
    assert not (place / "asked.json").exists()
    assert not (place / "the evidence").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--", "-v"), "neither a file nor an image reference"),
        (("registry.example/a b",), "neither a file nor an image reference"),
        (("registry.example/a\x1b[31m",), "neither a file nor an image reference"),
        (("registry.example/a\n",), "neither a file nor an image reference"),
        (("user:secret@registry.example/a",), "neither a file nor an image reference"),
        (("docker://registry.example/a",), "neither a file nor an image reference"),
        (("saved.tar",), "saved.tar does not exist"),
        (("bin",), "bin is a folder"),
        ((REFERENCE, "--platform", "linux"), "--platform 'linux' is none"),
        ((REFERENCE, "-o", "a:b"), "holds a colon"),
        ((REFERENCE, "--with", "docker", "--platform", "all"), "docker saves one platform at a time"),
        (("bin/skopeo",), "is no archive of images"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_before_anything_runs(
    place: Path, arguments: tuple[str, ...], words: str
) -> None:
    """Exit code 2, in words, and no escape sequence on the terminal."""
    skopeo(place)
    done = collect(place, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "\x1b" not in done.stderr
    assert not (place / "asked.json").exists()


def test_what_is_there_is_never_overwritten(place: Path) -> None:
    """Collecting the same image twice needs another folder."""
    skopeo(place)
    assert collect(place, REFERENCE).returncode == 0
    before = {name: (place / name).read_bytes() for name in left(place)}
    done = collect(place, REFERENCE)
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert {name: (place / name).read_bytes() for name in left(place)} == before


def test_docker_saves_what_it_has(place: Path) -> None:
    """Where skopeo is absent, or when it is asked for: one archive, without pulling."""
    program = place / "bin/docker"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && { echo "Docker version 28.2.2, build e6534b4"; exit; }\n'
        'while [ "$1" != --output ]; do shift; done\nprintf saved > "$2"\n'
    )
    program.chmod(0o755)
    assert collect(place, REFERENCE, "--with", "docker").returncode == 0
    assert left(place) == [f"evidence/collected/{NAME}.tar.json", f"evidence/images/{NAME}.tar"]
    record = json.loads((place / f"evidence/collected/{NAME}.tar.json").read_text())
    assert record["tool"] == {"name": "docker", "version": "28.2.2"}
    assert record["commands"][0]["arguments"] == ["docker", "save", "--output", f"images/{NAME}.tar", REFERENCE]


def test_an_archive_that_is_compressed_as_a_whole_is_not_for_skopeo(place: Path) -> None:
    """It is evidence as it is, and the message says so."""
    samples = Path(__file__).parents[2] / "samples/images/legacy-importer.tar.gz"
    skopeo(place)
    done = collect(place, str(samples))
    assert done.returncode == 2
    assert "is compressed as a whole" in done.stderr


def test_the_images_of_an_archive_are_found_without_a_tool(place: Path) -> None:
    """Form and name come from the archive's bytes; its place on this machine does not enter the record."""
    samples = Path(__file__).parents[2] / "samples/images/wait-for.tar"
    skopeo(place)
    done = collect(place, str(samples))
    assert done.returncode == 0, done.stderr
    named = "registry.harbour.example/base/wait-for:1.4.0"
    assert json.loads((place / "asked.json").read_text())[-2] == f"oci-archive:{samples}:{named}"
    record = (place / "evidence/collected/registry.harbour.example_base_wait-for_1.4.0.json").read_text()
    assert f"oci-archive:wait-for.tar:{named}" in record
    assert str(samples.parent) not in record
