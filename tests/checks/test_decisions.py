"""One thing changed in a gate's report flips exactly the verdict that rests on it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from compliance.checks import decisions
from compliance.errors import EvidenceError
from compliance.evidence.kubernetes import READER
from compliance.model.check import Check
from compliance.model.configuration import Parameters
from compliance.model.outcome import Outcome
from compliance.model.reader import Record
from tests.checks.judging import verdicts

CHECKS = {check.id: check for check in vars(decisions).values() if isinstance(check, Check)}
FOLDER = Path(__file__).parent
POLICY = (FOLDER / "pod-admission-signature" / "pass" / "enforced.yaml").read_text().split("---\n")[2]
TEXT = (FOLDER / "pod-admission-image" / "pass" / "same_digest.yaml").read_text() + f"---\n{POLICY}"


def outcomes(text: str) -> dict[str, Outcome]:
    """What each check of the family says of the one pod, or of the cluster."""
    data = text.encode()
    records: list[Record] = []
    for piece in READER.split(io.BytesIO(data)):
        assert not isinstance(piece, EvidenceError)
        for found in READER.read(data[piece.offset : piece.offset + piece.length], piece, "gate.yaml", "f" * 64):
            assert not isinstance(found, EvidenceError), found
            records.append(found)  # type: ignore[arg-type]  # no signed document is read here
    return {name: verdicts(check, records, Parameters())[0].outcome for name, check in CHECKS.items()}


@pytest.mark.parametrize(
    ("old", "new", "flipped"),
    [
        ("verified registry.example.com/shop/web@sha256:1", "verified registry.example.com/shop/web@sha256:2", "image"),
        ('creationTimestamp: "2026-08-01T10:00:00Z"', 'creationTimestamp: "2026-08-01T10:02:01Z"', "time"),
        ("validationFailureAction: Enforce", "validationFailureAction: Audit", "signature"),
    ],
)
def test_one_change_flips_one_verdict(old: str, new: str, flipped: str) -> None:
    """A digit of the digest, a second beyond the limit, the mode of the policy: each fails its own check alone."""
    before, after = outcomes(TEXT), outcomes(TEXT.replace(old, new))
    changed = {name for name in before if before[name] is not after[name]}
    assert changed == {f"pod-admission-{flipped}"}
    assert before[f"pod-admission-{flipped}"] is Outcome.PASS
    assert after[f"pod-admission-{flipped}"] is Outcome.FAIL


def test_what_carries_no_meaning_changes_nothing() -> None:
    """Blank lines, comments and the order of documents are no part of a decision."""
    parts = TEXT.split("---\n")
    assert outcomes("---\n".join(f"# a comment\n\n{part}" for part in reversed(parts))) == outcomes(TEXT)


def test_without_a_report_nothing_is_passed() -> None:
    """Every check of the family leaves the question open when no gate says anything."""
    assert set(outcomes(TEXT.split("---\n")[0]).values()) == {Outcome.NOT_CHECKED}
