"""The release of a STIG that a profile says it follows: its version where that is one, never another profile's."""

from __future__ import annotations

import pytest

from tests.evidence.rules.xccdf_documents import RuleText, Run, report

PROFILE = "xccdf_org.ssgproject.content_profile_"


def document(*profiles: tuple[str, str]) -> bytes:
    """A benchmark with profiles and their versions, and a run of the one called `standard`."""
    run = Run(rules=[RuleText(name="r")])
    inside = "".join(
        f'<Profile id="{PROFILE}{name}"><version>{version}</version><title>T</title></Profile>'
        for name, version in profiles
    )
    return run.benchmark(run.test_result()).replace("<Group ", f"{inside}<Group ", 1).encode()


@pytest.mark.parametrize(
    ("profiles", "expected"),
    [
        ((("standard", "V2R1"),), "V2R1"),
        ((("other", "V2R1"),), ""),
        ((("standard", "0.1.76"),), ""),
        ((("standard", "V2R1 draft"),), ""),
        ((("other", "V9R9"), ("standard", "V2R1")), "V2R1"),
        ((), ""),
    ],
)
def test_a_profile_states_the_release_of_its_stig(profiles: tuple[tuple[str, str], ...], expected: str) -> None:
    found = report(document(*profiles))
    assert found.stig_edition == expected
    assert found.edition == "0.1.65"
