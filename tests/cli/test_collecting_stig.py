"""`compliance collect stig` as a person meets it, with a stub in OpenSCAP's place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.test_assessing import compliance
from tests.evidence.rules.xccdf_documents import Run
from tests.images.making import several, write_files
from tests.pipeline.openscap_images import DEBIAN, stubs, write_image
from tests.pipeline.test_scanning import PRESENT, RULES, SOUND, STDOUT, content


@pytest.fixture
def place(tmp_path: Path) -> Path:
    content(tmp_path)
    write_image(tmp_path / "image.tar", DEBIAN)
    return tmp_path


def collect(
    place: Path, *more: str, what: str = "image.tar", system: str = ":/usr/bin:/bin"
) -> subprocess.CompletedProcess[str]:
    arguments = ["--content", "content-ds.xml", "--profile", "standard", "-o", "ev", *more]
    return compliance("collect", "stig", what, *arguments, cwd=place, PATH=f"{place / 'bin'}{system}")


def test_an_image_is_evaluated(place: Path) -> None:
    """One line for each image, with its counts."""
    stubs(place / "bin", results=SOUND, stdout=STDOUT, ends="exit 2")
    done = collect(place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "Evaluated: ev/openscap/registry.example_app_1--standard.xml (1 fail, 1 notapplicable, 1 pass)\n"
    )
    assert collect(place).returncode == 2


def test_a_run_that_proves_nothing_is_told(place: Path) -> None:
    """Exit code 3, the results are there for whoever wants to see, and the reason on standard error."""
    stubs(place / "bin", results=Run(rules=[RULES[2]]).arf(PRESENT))
    done = collect(place)
    assert done.returncode == 3
    assert "nothing of it counts: every one of the 1 selected rules was found not applicable" in done.stderr
    assert len(list((place / "ev/openscap").iterdir())) == 1


def test_a_run_that_failed_leaves_nothing(place: Path) -> None:
    """Exit code 4, and no folder that could be taken for evidence."""
    stubs(place / "bin", ends="exit 1", stderr="OpenSCAP Error: no space\n")
    done = collect(place)
    assert done.returncode == 4
    assert "could not evaluate" in done.stderr
    assert "no space" in done.stderr
    assert not (place / "ev").exists()


def test_without_the_tool(place: Path) -> None:
    """Exit code 4, and what is missing."""
    done = collect(place, system="")
    assert done.returncode == 4
    assert "oscap cannot be started" in done.stderr


def test_show_runs_nothing(place: Path) -> None:
    """The whole command is printed; the image is neither unpacked nor evaluated."""
    stubs(place / "bin")
    done = collect(place, "--show")
    assert done.returncode == 0, done.stderr
    assert "oscap xccdf eval --progress --profile xccdf_org.ssgproject.content_profile_standard" in done.stdout
    assert not (place / "ev").exists()
    assert not (place / "bin/asked").exists()


def test_several_images_at_a_time(place: Path) -> None:
    """Each image of an archive or layout is evaluated; one that cannot be keeps no other from it."""
    one = {"names": ["registry.example/one:1"], "layers": [DEBIAN]}
    two = {"names": ["registry.example/two:1"], "layers": [[*DEBIAN, {"path": "x", "content": "x"}]]}
    bad = {"names": ["registry.example/bad:1"], "layers": [[{"path": "x", "content": "y"}]]}
    write_files(place / "layout", several([one, two, bad]))
    stubs(place / "bin", results=SOUND, stdout=STDOUT, ends="exit 2")
    done = collect(place, "--jobs", "3", what="layout")
    assert done.returncode == 4
    assert done.stdout.count("Evaluated: ") == 2
    assert "registry.example/bad:1@sha256:" in done.stderr
    assert sorted(path.name for path in (place / "ev/openscap").iterdir()) == [
        "registry.example_one_1-1--standard.xml",
        "registry.example_two_1-2--standard.xml",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--profile", "nope"), "has no such profile"),
        (("--profile", "--remediate"), "is no id of a profile"),
        (("--content", "missing.xml"), "cannot be read"),
        (("--timeout", "0"), "--timeout"),
    ],
)
def test_wrong_usage(place: Path, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, and nothing is written."""
    stubs(place / "bin")
    done = collect(place, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (place / "ev").exists()
