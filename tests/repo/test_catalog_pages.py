"""The generated pages about catalogs and coverage say what the files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.catalog.loading import load_library
from compliance.catalog.pages import pages

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["controls/README.md", "mappings/COVERAGE.md"])
def test_generated_page_is_current(name: str) -> None:
    """A page differs from what `make docs` writes only when somebody forgot it."""
    assert (ROOT / name).read_text("utf-8") == pages(load_library())[name], f"{name} is old: run `make docs`"
