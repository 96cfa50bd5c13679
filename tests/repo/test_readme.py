"""README.md shows what the program says today, and points at things that exist."""

from __future__ import annotations

import re

import pytest

from tests.repo import generated


@pytest.mark.parametrize("name", sorted(generated.BLOCKS))
def test_generated_block_is_current(name: str) -> None:
    """A block between markers is what the program prints; `make docs` renews it."""
    assert generated.block(generated.README.read_text(), name) == generated.BLOCKS[name](), "run `make docs`"


def test_list_of_checks_is_current() -> None:
    """compliance/checks/README.md lists the checks that are installed."""
    assert generated.CHECKS_PAGE.read_text() == generated.checks_page(), "run `make docs`"


def test_links_point_at_files_of_the_project() -> None:
    """Every relative link and picture of README.md exists."""
    targets = re.findall(r"\]\((?!https?://|#)([^)\s#]+)", generated.README.read_text())
    missing = [target for target in targets if not (generated.ROOT / target).exists()]
    assert targets
    assert missing == []


def test_headings_stand_in_the_order_a_newcomer_needs() -> None:
    """What it is, how to run it, how to read it, own evidence, coverage, use in CI, limits."""
    headings = re.findall(r"^## (.+)$", generated.README.read_text(), flags=re.MULTILINE)
    wanted = [
        "Two commands",
        "Reading the result",
        "Your own evidence",
        "Frameworks and coverage",
        "In a pipeline",
        "Limits and legal words",
    ]
    assert [heading for heading in headings if heading in wanted] == wanted
