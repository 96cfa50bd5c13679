"""What is found under the arguments: everything is listed, nothing is followed out, nothing hangs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compliance.errors import UsageError
from compliance.pipeline.files import find


def test_every_file_is_listed_by_its_path_in_the_argument(tmp_path: Path) -> None:
    """Paths are relative to their argument and sorted; version control is left out."""
    for name in ("b/2.yaml", "a.yaml", ".git/config", ".hidden/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [file.path for file in find((str(tmp_path),))] == [".hidden/x", "a.yaml", "b/2.yaml"]
    assert [file.path for file in find((str(tmp_path / "a.yaml"),))] == ["a.yaml"]


def test_a_path_found_under_two_arguments_is_told_apart(tmp_path: Path) -> None:
    """Two files of the same relative path keep a name of their own each; one argument twice counts once."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.yaml").write_text(folder)
    found = find((str(tmp_path / "one"), str(tmp_path / "two"), str(tmp_path / "one")))
    assert [file.path for file in found] == [str(tmp_path / "one/x.yaml"), str(tmp_path / "two/x.yaml")]


def test_pipes_devices_and_links_out_of_the_folder_are_listed_and_not_opened(tmp_path: Path) -> None:
    """Each carries the reason in words; a link inside the folder is read."""
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (tmp_path / "secret.yaml").write_text("apiVersion: v1")
    (evidence / "real.yaml").write_text("x")
    (evidence / "inside.yaml").symlink_to(evidence / "real.yaml")
    (evidence / "outside.yaml").symlink_to(tmp_path / "secret.yaml")
    (evidence / "broken.yaml").symlink_to(evidence / "nothing")
    (evidence / "zero").symlink_to("/dev/zero")
    os.mkfifo(evidence / "pipe")
    refused = {file.path: file.refused for file in find((str(evidence),))}
    assert refused["real.yaml"] == refused["inside.yaml"] == ""
    assert "leads out" in refused["outside.yaml"]
    assert "leads out" in refused["zero"]
    assert "not a regular file" in refused["pipe"]
    assert "cannot be opened" in refused["broken.yaml"]


def test_a_name_that_is_no_utf8_is_shown_escaped(tmp_path: Path) -> None:
    """Every output can carry the path, and the file is still opened."""
    name = os.fsencode(tmp_path) + b"/caf\xe9.yaml"
    with open(name, "w") as file:  # noqa: PTH123 - the name is bytes
        file.write("x")
    (found,) = find((str(tmp_path),))
    assert found.path == r"caf\xe9.yaml"
    assert Path(found.real).read_text() == "x"


def test_an_argument_that_is_not_there_is_a_usage_error() -> None:
    """A mistyped path never gives an empty packet."""
    with pytest.raises(UsageError, match="does not exist"):
        find(("/nonexistent/evidence",))
