"""Outside programs: how they are run, and what is told when they fail."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from compliance.errors import ToolError
from compliance.tools import docker, skopeo
from compliance.tools.running import ask, available, run


def script(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


def test_a_program_that_ends_well_gives_its_times_and_its_output() -> None:
    """Times are UTC to the second; the beginning of the output is kept."""
    ran = run(script("print('1.9.3')"), 30)
    assert ran.said == "1.9.3\n"
    assert ran.started <= ran.ended
    assert ran.started.endswith("Z")
    assert len(ran.started) == len("2026-08-20T10:00:00Z")


def test_a_failure_tells_the_exit_code_and_the_last_lines_without_control_characters() -> None:
    """Five lines, and no escape sequence reaches the terminal."""
    with pytest.raises(ToolError) as caught:
        run(script("import sys; [print(f'line {n}\\x1b[31m', file=sys.stderr) for n in range(9)]; sys.exit(7)"), 30)
    assert caught.value.exit_code == 7
    assert caught.value.lines == tuple(f"line {n}?[31m" for n in range(4, 9))
    assert "ended with exit code 7" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_program_that_hangs_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    """The time limit holds for its children, too: none is left behind."""
    written = tmp_path / "child"
    child = f"import time; time.sleep(3); open({str(written)!r}, 'w')"
    with pytest.raises(ToolError, match=r"did not end within 0\.5 seconds") as caught:
        run(script(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"), 0.5)
    assert caught.value.exit_code is None
    time.sleep(3.5)
    assert not written.exists()


def test_an_absent_program_is_a_tool_error() -> None:
    """Its name is told, and what the system said."""
    assert not available("no-such-program-here")
    with pytest.raises(ToolError, match="no-such-program-here cannot be started: No such file"):
        ask(("no-such-program-here", "--version"))


def test_arguments_reach_the_program_as_they_are() -> None:
    """No shell looks at them."""
    hostile = "$(touch x); `id` * 'a b'"
    assert ask((*script("import sys; print(sys.argv[1])"), hostile)) == hostile


def test_no_input_is_given() -> None:
    """A program that asks gets the end of its input at once."""
    assert ask(script("import sys; print(repr(sys.stdin.read()))")) == "''"


def test_the_argument_lists_are_fixed() -> None:
    """Platform, credentials and digests are options; source and target stand last."""
    assert skopeo.copy("docker://a/b:1", "oci:x:a/b:1", platform="", authfile="") == (
        "skopeo", "--override-os", "linux", "copy", "--quiet", "--preserve-digests", "docker://a/b:1", "oci:x:a/b:1",
    )  # fmt: skip
    assert skopeo.copy("docker://a/b:1", "oci:x", platform="linux/arm/v7", authfile="auth.json") == (
        "skopeo", "--override-os", "linux", "--override-arch", "arm", "--override-variant", "v7", "copy", "--quiet",
        "--preserve-digests", "--src-authfile", "auth.json", "docker://a/b:1", "oci:x",
    )  # fmt: skip
    assert "--all" in skopeo.copy("docker://a/b:1", "oci:x", platform="all", authfile="")
    assert docker.save("a/b:1", "x.tar", platform="linux/amd64") == (
        "docker", "save", "--platform", "linux/amd64", "--output", "x.tar", "a/b:1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "says", "version"),
    [
        (skopeo, "skopeo version 1.9.3", "1.9.3"),
        (skopeo, "skopeo version 1.13.3-dev commit: 0123", "1.13.3-dev"),
        (docker, "Docker version 28.2.2, build e6534b4", "28.2.2"),
    ],
)
def test_versions_are_read(
    tool: object, says: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the programs print them today."""
    assert tool in (skopeo, docker)
    module = skopeo if tool is skopeo else docker
    program = tmp_path / module.PROGRAM
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert module.version() == version
