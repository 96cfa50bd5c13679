"""findings.csv is what spreadsheets and RFC 4180 readers take, and no cell of it is a formula."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from compliance.exports.findings_csv import EXPORTER, HEADS, _cell
from compliance.model.assessment import Assessment
from tests.exports.building import make_assessment
from tests.exports.conftest import Golden
from tests.exports.writing import written

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _rows(assessment: Assessment) -> list[list[str]]:
    text = written(EXPORTER, assessment)["findings.csv"].decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_golden_holds_the_shape(golden: Golden, assessment: Assessment) -> None:
    golden(Path(__file__).parent / "findings.csv", written(EXPORTER, assessment)["findings.csv"])


def test_starts_with_a_byte_order_mark_and_ends_lines_as_rfc_4180(assessment: Assessment) -> None:
    content = written(EXPORTER, assessment)["findings.csv"]
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n") == 1 + sum(one.counts.total for one in assessment.results)


def test_every_row_has_every_column_and_texts_survive(assessment: Assessment) -> None:
    head, *rows = _rows(assessment)
    assert head == list(HEADS)
    assert {len(row) for row in rows} == {len(HEADS)}
    findings = [finding for result in assessment.results for finding in result.findings]
    assert [row[HEADS.index("because")] for row in rows] == [finding.because for finding in findings]
    assert [row[HEADS.index("fail")] for row in rows] == [str(finding.counts.failed) for finding in findings]


def test_no_hostile_cell_is_a_formula_or_too_long_for_a_spreadsheet() -> None:
    for row in _rows(make_assessment(hostile=True)):
        for cell in row:
            assert not cell.lstrip().startswith(FORMULA)
            assert len(cell) <= 32_767


@given(st.text())
def test_any_text_becomes_one_inert_cell(text: str) -> None:
    (row,) = csv.reader(io.StringIO(_cell(text), newline=""), strict=True)
    (cell,) = row
    assert not cell.lstrip().startswith(FORMULA)
    assert "\n" not in cell
