"""Questions: which edition a name means, what an id is about, and how far frameworks are judged."""

from __future__ import annotations

import pytest

from compliance.catalog.coverage import Reach, coverage, framework_coverage, reach_of
from compliance.catalog.loading import load_library
from compliance.catalog.questions import CheckExplained, editions, explain, find_framework, listing
from compliance.errors import CatalogError
from compliance.model.catalog import Library
from compliance.model.configuration import KubernetesVersion


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def names(library: Library, spec: str) -> set[str]:
    return {str(control.id) for control in find_framework(library, spec).controls}


def test_newest_edition_is_the_default(library: Library) -> None:
    """A name without an edition means the newest: 2.0.1 is newer than 1.12."""
    assert find_framework(library, "cis-kubernetes").edition == "2.0.1"
    assert find_framework(library, "cis-kubernetes@1.12").edition == "1.12"
    assert find_framework(library, "fedramp-moderate").edition == "rev5"


def test_pod_security_follows_the_kubernetes_version(library: Library) -> None:
    """Without an edition the Pod Security Standards are those of the cluster's minor; every minor is there."""
    assert find_framework(library, "pss-restricted", KubernetesVersion(minor=29)).edition == "1.29"
    assert find_framework(library, "pss-restricted").edition == "1.37"
    assert find_framework(library, "pss-restricted", KubernetesVersion(minor=99)).edition == "1.37"
    assert find_framework(library, "cis-kubernetes", KubernetesVersion(minor=12)).edition == "2.0.1"
    assert editions(library, "pss-baseline") == tuple(f"1.{minor}" for minor in range(37, -1, -1))


@pytest.mark.parametrize(
    ("spec", "there", "absent"),
    [
        ("pss-baseline@1.33", "seccompProfile_baseline", "hostProbesAndHostLifecycle"),
        ("pss-baseline@1.34", "hostProbesAndHostLifecycle", "procMount_restricted"),
        ("pss-restricted@1.7", "runAsNonRoot", "allowPrivilegeEscalation"),
        ("pss-restricted@1.8", "allowPrivilegeEscalation", "runAsUser"),
        ("pss-restricted@1.18", "seccompProfile_baseline", "seccompProfile_restricted"),
        ("pss-restricted@1.19", "seccompProfile_restricted", "seccompProfile_baseline"),
        ("pss-restricted@1.21", "capabilities_baseline", "capabilities_restricted"),
        ("pss-restricted@1.22", "capabilities_restricted", "capabilities_baseline"),
        ("pss-restricted@1.23", "runAsUser", "procMount_restricted"),
        ("pss-restricted@1.34", "procMount", "procMount_restricted"),
        ("pss-restricted@1.35", "procMount_restricted", "procMount"),
        ("pss-restricted@1.0", "restrictedVolumes", "hostPathVolumes"),
    ],
)
def test_pod_security_controls_come_with_their_version(library: Library, spec: str, there: str, absent: str) -> None:
    """A control stands from its version on, and takes the place of the baseline control that it overrides."""
    found = names(library, spec)
    assert there in found
    assert absent not in found
    assert all(control.edition == spec.partition("@")[2] for control in find_framework(library, spec).controls)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("cis-kubernets", "there is no framework cis-kubernets. Did you mean cis-kubernetes?"),
        ("cis-kubernetes@2.0.2", "cis-kubernetes has no edition 2.0.2. Did you mean 2.0.1?"),
        ("pss-restricted@1.38", "pss-restricted has no edition 1.38"),
        ("", "there is no framework"),
    ],
)
def test_unknown_frameworks_name_the_nearest(library: Library, spec: str, expected: str) -> None:
    """A name that is not there is refused with the one most like it."""
    with pytest.raises(CatalogError) as caught:
        find_framework(library, spec)
    assert expected in str(caught.value)


def test_list_holds_each_framework_once(library: Library) -> None:
    """The list has all frameworks, with editions newest first and what a baseline selects from."""
    rows = {row.id: row for row in listing(library)}
    assert len(rows) == 22
    assert rows["cis-kubernetes"].editions == ("2.0.1", "1.12")
    assert rows["sbom-minimum-elements"].editions == ("CISA-2026", "CISA-2025-draft", "NTIA-2021")
    assert rows["fedramp-high"].selected_from == "nist-800-53 5.2.0"
    assert rows["nist-800-53"].selected_from == ""


def test_explaining_a_check_names_its_controls_once(library: Library) -> None:
    """A check answers with its rows in the newest edition of each framework."""
    found = explain(library, "pod-privileged")
    assert isinstance(found, CheckExplained)
    pairs = [(row.framework, row.control) for row in found.rows]
    assert ("cis-kubernetes", "5.2.2") in pairs
    assert ("pss-restricted", "privileged") in pairs
    assert len(pairs) == len(set(pairs))


def test_explaining_an_id_answers_for_every_framework(library: Library) -> None:
    """An id in several frameworks is explained in each, catalogs before baselines; case does not matter."""
    found = explain(library, "ac-6")
    assert not isinstance(found, CheckExplained)
    assert found[0].framework.id == "nist-800-53"
    assert {one.framework.id for one in found} >= {"fedramp-moderate", "fedramp-high", "fedramp-class-d"}
    assert "rbac-wildcard" in {row.check for row in found[0].checks}
    assert any(row.from_framework == "cis-kubernetes" for row in found[0].related)
    assert found[0].evidence[0].id == "workload-manifest"
    moderate = next(one for one in found if one.framework.id == "fedramp-moderate")
    assert moderate.checks == found[0].checks


def test_explaining_one_framework_only(library: Library) -> None:
    """A framework before the id narrows the answer."""
    found = explain(library, "cis-docker:5.2")
    assert not isinstance(found, CheckExplained)
    assert [one.framework.id for one in found] == ["cis-docker"]
    older = explain(library, "cis-kubernetes@1.12:5.2.9")
    assert not isinstance(older, CheckExplained)
    assert [(one.framework.edition, one.control.level) for one in older] == [("1.12", "1")]


def test_explaining_a_withdrawn_control_says_where_it_went(library: Library) -> None:
    """A withdrawn id is known."""
    found = explain(library, "AC-2(10)")
    assert not isinstance(found, CheckExplained)
    assert found[0].control.properties["withdrawn"] == "Incorporated into AC-2k"


def test_explaining_nothing_known_names_the_nearest(library: Library) -> None:
    """A name that nothing has is refused with the one most like it."""
    with pytest.raises(CatalogError, match=r"Did you mean pod-privileged\?"):
        explain(library, "pod-privilegd")


def test_coverage_adds_up(library: Library) -> None:
    """Each control of a framework is counted once, and evidence rows hold each control once."""
    for row in coverage(library):
        assert row.automatic + row.partly + row.waiting + row.person == row.total
        assert sum(kind.controls for kind in row.by_evidence) == row.total
        assert sum(kind.judged for kind in row.by_evidence) == row.automatic + row.partly


def test_coverage_of_the_kubernetes_benchmark(library: Library) -> None:
    """120 items are judged wholly and eleven in part, given all the evidence that they ask for."""
    found = framework_coverage(library, find_framework(library, "cis-kubernetes"))
    assert (found.automatic, found.partly, found.waiting, found.person) == (120, 11, 0, 0)


def test_coverage_counts_installed_checks_only(library: Library) -> None:
    """A row of a check that is not installed covers nothing."""
    found = framework_coverage(library, find_framework(library, "pss-baseline"), {"pod-privileged"})
    assert (found.automatic, found.waiting, found.checks) == (1, 11, 1)


def test_one_partial_row_leaves_the_rest_to_a_person(library: Library) -> None:
    """A control with a partial row is judged in part only."""
    framework = find_framework(library, "nist-800-190")
    control = next(c for c in framework.controls if c.id == "4.1.5")
    rows = tuple(row for row in library.check_mappings if row.framework == "nist-800-190" and row.control == "4.1.5")
    assert reach_of(control, rows) is Reach.PARTLY
    assert reach_of(control, ()) is Reach.WAITING
