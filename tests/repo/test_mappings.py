"""Checks and mappings agree: every mapped check exists, and every check is mapped."""

from __future__ import annotations

import compliance.checks
from compliance.catalog.loading import load_library
from compliance.catalog.questions import find_framework, rows_of
from compliance.model.catalog import Judged
from compliance.model.check import discover

INSTALLED = {str(check.id) for check in discover(compliance.checks)}
LIBRARY = load_library()
#: Reports of other tools bring checks of their own when they are read, one for each of their rules.
BRINGS_CHECKS = {"openscap-results"}
READ_BY_CHECKS = {kind.id for kind in LIBRARY.evidence_kinds.values() if kind.supported} - BRINGS_CHECKS


def test_every_mapped_check_exists() -> None:
    """A row of a check that is not there would leave its control without an answer."""
    assert sorted({row.check for row in LIBRARY.check_mappings} - INSTALLED) == []


def test_every_check_is_mapped() -> None:
    """A check that no control rests on would decide nothing."""
    assert sorted(INSTALLED - {row.check for row in LIBRARY.check_mappings}) == []


def test_automated_controls_have_checks_or_wait_for_evidence() -> None:
    """A control that we promise to judge by evidence that is read today has rows."""
    for name in sorted({identity for identity, _ in LIBRARY.frameworks}):
        framework = find_framework(LIBRARY, name)
        rows = rows_of(LIBRARY, framework)
        for control in framework.controls:
            if control.judged is Judged.AUTOMATED and control.evidence[0] in READ_BY_CHECKS:
                assert rows.get(control.id), f"{name} {control.id}"


def test_evidence_read_today_is_asked_for_only_where_a_check_reads_it() -> None:
    """Asking for manifests or objects on behalf of a control that no check bears on would answer nothing."""
    for (name, edition), framework in LIBRARY.frameworks.items():
        rows = rows_of(LIBRARY, framework)
        for control in framework.controls:
            if any(word in READ_BY_CHECKS for word in control.evidence):
                assert rows.get(control.id), f"{name} {edition} {control.id}"
            elif rows.get(control.id) and not BRINGS_CHECKS.intersection(control.evidence):
                raise AssertionError(f"{name} {edition} {control.id} is judged and names no evidence that is read")
