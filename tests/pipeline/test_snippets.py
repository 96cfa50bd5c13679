"""Lines round a place: the right ones, with credentials replaced, and none of what is not text."""

from __future__ import annotations

import hashlib
from pathlib import Path

from compliance.model.evidence import Location
from compliance.pipeline.evaluating import key_of
from compliance.pipeline.files import Place
from compliance.pipeline.snippets import EvidenceSnippets

TEXT = """\
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData:
  password: hunter2-very-secret
---
kind: Pod
spec:
  hostPID: true
"""


SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


def place_of(path: Path) -> Place:
    return Place(str(path), 0, path.stat().st_size)


def place(line: int | None) -> Location:
    return Location(path="s.yaml", sha256=SHA256, document=0, pointer="", line=line)


def test_lines_round_a_place_are_shown_without_secrets(tmp_path: Path) -> None:
    """Three lines before and after, numbered from the first, and no value of a Secret."""
    (tmp_path / "s.yaml").write_text(TEXT)
    found = EvidenceSnippets({key_of(SHA256, "s.yaml"): place_of(tmp_path / "s.yaml")}).around(place(5))
    assert found is not None
    assert found.first == 2
    assert found.lines[0] == "kind: Secret"
    assert found.lines[-1] == "spec:"
    assert "hunter2" not in "".join(found.lines)


def test_no_line_no_file_and_a_line_behind_the_end_give_none(tmp_path: Path) -> None:
    """What cannot be shown is left out."""
    (tmp_path / "s.yaml").write_text(TEXT)
    snippets = EvidenceSnippets({key_of(SHA256, "s.yaml"): place_of(tmp_path / "s.yaml")})
    assert snippets.around(place(None)) is None
    assert snippets.around(place(1000)) is None
    assert EvidenceSnippets({}).around(place(1)) is None


def test_no_lines_of_a_file_that_is_not_the_one_that_was_judged(tmp_path: Path) -> None:
    """Where somebody wrote to the file since, its lines are no evidence."""
    (tmp_path / "s.yaml").write_text(TEXT.replace("true", "false"))
    assert EvidenceSnippets({key_of(SHA256, "s.yaml"): place_of(tmp_path / "s.yaml")}).around(place(5)) is None


def test_a_line_of_a_whole_dump_is_left_out_with_its_length(tmp_path: Path) -> None:
    """Nobody reads a line of 100,000 characters, and to search it for credentials takes too long."""
    text = "kind: Pod\nhostPID: true  # " + "password=" * 20_000 + "\nlast: 1\n"
    (tmp_path / "s.yaml").write_text(text)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    where = Location(path="s.yaml", sha256=sha256, document=0, pointer="", line=2)
    found = EvidenceSnippets({key_of(sha256, "s.yaml"): place_of(tmp_path / "s.yaml")}).around(where)
    assert found is not None
    assert found.lines == ("kind: Pod", "<a line of 180,017 characters, not shown>", "last: 1")


def test_a_dockerfile_shows_none_of_its_credentials(tmp_path: Path) -> None:
    """Instructions have ways of their own to write a credential; none is shown."""
    text = "FROM debian:12\nUSER root\nENV DB_PASSWORD correct horse\nRUN curl -u bob:hunter2x https://x.example\n"
    (tmp_path / "Dockerfile").write_text(text)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    where = Location(path="Dockerfile", sha256=sha256, document=None, pointer="/1", line=2)
    found = EvidenceSnippets({key_of(sha256, "Dockerfile"): place_of(tmp_path / "Dockerfile")}).around(where)
    assert found is not None
    assert found.lines[:2] == ("FROM debian:12", "USER root")
    assert "horse" not in "".join(found.lines)
    assert "hunter2x" not in "".join(found.lines)
