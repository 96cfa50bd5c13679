"""The pages for people name the checklists that stand beside them, and say nothing of any where there are none."""

from __future__ import annotations

from compliance.exports.pdf import DETAILS, document
from tests.exports.building import make_assessment
from tests.exports.stig.checklists import hostile_checklists, with_checklists


def test_the_pdf_names_each_checklist_with_its_release() -> None:
    text = document(with_checklists(), DETAILS[0])
    assert "Checklists of STIGs" in text
    assert "harbour, Kubernetes STIG V2R6: 11 rules" in text
    assert "RHEL 9 STIG, release not stated: 4 rules" in text


def test_a_hostile_asset_is_inert_in_the_pdf() -> None:
    text = document(hostile_checklists(), DETAILS[0])
    assert "<img src=x" not in text
    assert "a" * 200 not in text


def test_without_checklists_nothing_is_said_of_them() -> None:
    assert "Checklists of STIGs" not in document(make_assessment(1), DETAILS[0])
