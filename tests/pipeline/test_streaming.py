"""Large documents of readers that hold none of them are read from the file in pieces, with the same records."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.rules import xccdf
from compliance.model.reader import Slice
from compliance.model.rule_report import RuleReport
from compliance.pipeline.files import Stamp, find
from compliance.pipeline.streaming import by_pieces, streams
from compliance.pipeline.units import CHANGED, WHOLE, Part, Unit, plan
from tests.evidence.rules.xccdf_documents import RuleText, Run, read, report


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "arf.xml"
    path.write_bytes(Run(rules=[RuleText(name=f"r{number}", title="x" * 200) for number in range(3000)]).arf())
    assert path.stat().st_size > WHOLE
    return path


def part_of(path: Path) -> Part:
    """The part that the engine makes of it."""
    (unit,) = [found for found in plan(find((str(path),))) if isinstance(found, Unit)]
    (part,) = unit.parts
    return part


def found_in(part: Part) -> list[object]:
    assert part.slice is not None
    return list(by_pieces(part, xccdf.READER).read(b"", part.slice, "arf.xml", "0" * 64))


def test_the_same_records_as_from_bytes(large: Path) -> None:
    """Whether the document is held or not."""
    part = part_of(large)
    assert streams(part, xccdf.READER)
    (found,) = found_in(part)
    assert isinstance(found, RuleReport)
    held = report(large.read_bytes())
    assert found.results == held.results
    assert found.subject == held.subject


def test_small_files_are_held(tmp_path: Path) -> None:
    """They are hashed and read at once."""
    small = tmp_path / "small.xml"
    small.write_bytes(Run(rules=[RuleText(name="a")]).arf())
    assert not streams(part_of(small), xccdf.READER)
    assert not streams(part_of(small), None)


def test_a_file_that_changed_since_it_was_hashed_gives_nothing(large: Path) -> None:
    """Written to, cut short, or gone: an error in words, and no report."""
    part = part_of(large)
    os.utime(large, ns=(1, 1))
    (found,) = found_in(part)
    assert isinstance(found, EvidenceError)
    assert found.message == CHANGED
    data = large.read_bytes()
    large.write_bytes(data[: len(data) // 2])
    (found,) = found_in(part)
    assert isinstance(found, EvidenceError)
    large.unlink()
    (found,) = found_in(part)
    assert isinstance(found, EvidenceError)
    assert "cannot be read" in found.message


def test_the_stamp_is_of_the_file_that_is_read(large: Path) -> None:
    """The engine compares what it hashed with what it reads."""
    assert part_of(large).stamp == Stamp.at(str(large))
    whole = Slice(offset=0, length=large.stat().st_size, line=1, document=None, item=None, count=1)
    assert part_of(large).slice == whole
    assert len(read(large.read_bytes())) == 1
