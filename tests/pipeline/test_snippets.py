"""Lines round a place: the right ones, with credentials replaced, and none of what is not text."""

from __future__ import annotations

from pathlib import Path

from compliance.model.evidence import Location
from compliance.pipeline.evaluating import key_of
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


def place(line: int | None) -> Location:
    return Location(path="s.yaml", sha256="0", document=0, pointer="", line=line)


def test_lines_round_a_place_are_shown_without_secrets(tmp_path: Path) -> None:
    """Three lines before and after, numbered from the first, and no value of a Secret."""
    (tmp_path / "s.yaml").write_text(TEXT)
    found = EvidenceSnippets({key_of("0", "s.yaml"): str(tmp_path / "s.yaml")}).around(place(5))
    assert found is not None
    assert found.first == 2
    assert found.lines[0] == "kind: Secret"
    assert found.lines[-1] == "spec:"
    assert "hunter2" not in "".join(found.lines)


def test_no_line_no_file_and_a_line_behind_the_end_give_none(tmp_path: Path) -> None:
    """What cannot be shown is left out."""
    (tmp_path / "s.yaml").write_text(TEXT)
    snippets = EvidenceSnippets({key_of("0", "s.yaml"): str(tmp_path / "s.yaml")})
    assert snippets.around(place(None)) is None
    assert snippets.around(place(1000)) is None
    assert EvidenceSnippets({}).around(place(1)) is None
