"""What tests of exporters share: the assessments, the written files, and goldens that `--update-golden` rewrites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.model.assessment import Assessment
from tests.exports.building import make_assessment

Golden = Callable[[Path, bytes], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected outputs of exporters")


@pytest.fixture(scope="session")
def assessment() -> Assessment:
    return make_assessment()


@pytest.fixture(scope="session")
def hostile_assessment() -> Assessment:
    return make_assessment(hostile=True)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares bytes with a file beside the test, or writes it when asked to."""

    def compare(path: Path, written: bytes) -> None:
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written)
        how = "run pytest tests/exports --update-golden and read what it wrote"
        assert path.is_file(), f"{path} is missing; {how}"
        assert written == path.read_bytes(), f"{path.name} changed; {how}"

    return compare
