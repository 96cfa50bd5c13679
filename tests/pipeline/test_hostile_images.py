"""An attacker makes images and SBOMs: nothing bad passes, nothing leaks, nothing runs, no other verdict is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compliance.pipeline.running import Result
from tests.pipeline.hostile_images import HIDDEN, config_digest, raw_layout, tar_of, write
from tests.pipeline.test_running import assess, observations


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def outcomes(result: Result) -> dict[tuple[str, str], dict[str, Any]]:
    """What was said of each check and subject."""
    return {(line["check"], line["subject"]): line for line in observations(result)}


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[tuple[str, str], dict[str, Any]]]:
    """One run over all images that hide something: the subject of each by its name, and what was said."""
    folder = tmp_path_factory.mktemp("hidden")
    subjects = {}
    for number, (name, (_, layers)) in enumerate(HIDDEN.items()):
        files = raw_layout([tar_of(layer) for layer in layers], {"User": "10001", "Labels": {"case": str(number)}})
        write(folder / "evidence" / f"{number:02}", files)
        subjects[name] = f"image/{config_digest(files)}"
    return subjects, outcomes(assess(folder / "evidence"))


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_in_an_image_never_passes(
    name: str, hidden: tuple[dict[str, str], dict[tuple[str, str], dict[str, Any]]]
) -> None:
    """Whatever trick of names, links, layers or headers hides a thing, the check that it is about does not pass."""
    subjects, said = hidden
    line = said[HIDDEN[name][0], subjects[name]]
    assert line["outcome"] in ("fail", "not-checked"), line["reason"]
