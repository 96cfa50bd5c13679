"""An Assessment in, findings.csv out: one row for each control, for spreadsheets.

RFC 4180 with a byte-order mark, without which Excel takes UTF-8 for the local code page. No cell
can become a formula, hold a control character or be longer than a spreadsheet takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compliance.model.assessment import Assessment, Exporter, Finding, Options, OutputFile
from compliance.rendering.text import clean, cut

#: What spreadsheets take for the start of a formula, in full width too; a quote before it makes it text.
#: Source: CWE-1236, OWASP "CSV Injection".
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Excel's limit is 32,767 characters; below it there is room for the note on what was cut.
_LONGEST_CELL = 32_000

HEADS = (
    "framework",
    "edition",
    "section",
    "control",
    "title",
    "status",
    "reason",
    "because",
    "shown",
    "missing",
    "judged by",
    "responsibility",
    "checks",
    "pass",
    "fail",
    "not applicable",
    "not checked",
    "error",
    "evidence to ask for",
    "deviations",
    "reviewer",
    "review expires",
)


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """One file, findings.csv, in the order of the frameworks and of their controls."""
    del options
    yield OutputFile(path="findings.csv", media_type="text/csv", chunks=_lines(assessment))


def _lines(assessment: Assessment) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf" + _line(HEADS)
    for result in assessment.results:
        for finding in result.findings:
            yield _line(_cells(finding))


def _cells(finding: Finding) -> tuple[str, ...]:
    counts, review = finding.counts, finding.review
    return (
        finding.framework,
        finding.edition,
        finding.section,
        finding.control,
        finding.title,
        finding.status.value,
        finding.reason.value if finding.reason else "",
        finding.because,
        finding.shown,
        finding.missing,
        finding.judged_by,
        finding.responsibility,
        ", ".join(f"{row.check} ({row.coverage}: {row.outcome.value})" for row in finding.checks),
        str(counts.passed),
        str(counts.failed),
        str(counts.not_applicable),
        str(counts.not_checked),
        str(counts.error),
        ", ".join(finding.evidence_missing),
        ", ".join(finding.deviations),
        review.reviewer if review else "",
        review.expires if review else "",
    )


def _line(cells: Iterable[str]) -> bytes:
    return (",".join(map(_cell, cells)) + "\r\n").encode()


def _cell(text: str) -> str:
    """The text in quotes, as text: a cell that would be a formula gets an apostrophe before it."""
    guard = "'" if text.lstrip(" ").startswith(_FORMULA) else ""
    plain = " ".join(clean(cut(text, _LONGEST_CELL)).split())
    # Cleaning or trimming may have brought a sign to the front.
    guard = guard or ("'" if plain.startswith(_FORMULA) else "")
    return '"' + guard + plain.replace('"', '""') + '"'


EXPORTER = Exporter(id="csv", title="findings.csv, for spreadsheets", write=write)
