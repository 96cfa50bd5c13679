"""Findings: the worst of the checks decides, unknown never becomes satisfied, and each finding says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.assess.findings import assess_framework
from compliance.model.assessment import Finding
from compliance.model.catalog import Coverage, Judged
from compliance.model.configuration import Configuration, Responsibility, Review
from compliance.model.evidence import At, Origin
from compliance.model.hosts import ApiServer, KubernetesNode
from compliance.model.outcome import ORDER, Outcome, Reason, Status, worst
from compliance.model.provider import Provider
from tests.assess.building import make_basis, make_control, make_framework, make_result, make_row

PASS, FAIL, NA, NC, ERROR = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.NOT_APPLICABLE,
    Outcome.NOT_CHECKED,
    Outcome.ERROR,
)
REVIEW = Review(
    framework="demo",
    control="1",
    status="satisfied",
    reviewer="R. Viewer",
    date="2026-11-01",
    expires="2026-11-21",
    statement="Looked at it.",
)


def finding_of(
    *results: tuple[Coverage, tuple[Outcome, ...]],
    configuration: Configuration | None = None,
    judged: Judged = Judged.AUTOMATED,
    evidence: tuple[str, ...] = ("k8s-objects",),
    present: frozenset[str] = frozenset(),
    unreadable: bool = False,
) -> Finding:
    control = make_control("1", judged, evidence)
    rows = [make_row(f"c{number}", "1", coverage) for number, (coverage, _) in enumerate(results)]
    made = [make_result(f"c{number}", *outcomes, unreadable=unreadable) for number, (_, outcomes) in enumerate(results)]
    framework = make_framework(control)
    (finding,) = assess_framework(framework, make_basis(framework, rows, made, configuration, present)).findings
    return finding


ALL = Coverage.SUFFICIENT
PART = Coverage.PARTIAL


@pytest.mark.parametrize(
    ("results", "status", "reason"),
    [
        ([(ALL, (PASS, PASS))], Status.SATISFIED, None),
        ([(ALL, (PASS, NA))], Status.SATISFIED, None),
        ([(ALL, (NA,))], Status.NOT_APPLICABLE, None),
        ([(ALL, (PASS, FAIL))], Status.NOT_SATISFIED, None),
        ([(ALL, (PASS,)), (ALL, (FAIL,))], Status.NOT_SATISFIED, None),
        ([(ALL, (PASS,)), (ALL, (NC,))], Status.NOT_REVIEWED, Reason.PARTLY_COVERED),
        ([(ALL, (NC,))], Status.NOT_REVIEWED, Reason.NO_EVIDENCE),
        ([(PART, (PASS,))], Status.NOT_REVIEWED, Reason.PARTLY_COVERED),
        ([(PART, (FAIL,))], Status.NOT_SATISFIED, None),
        ([(ALL, (ERROR, PASS))], Status.ERROR, Reason.TOOL_FAILED),
        ([], Status.NOT_REVIEWED, Reason.NO_EVIDENCE),
    ],
)
def test_the_status_follows_from_the_checks(
    results: list[tuple[Coverage, tuple[Outcome, ...]]], status: Status, reason: Reason | None
) -> None:
    """Each combination has its status, its reason, and a sentence that says why."""
    finding = finding_of(*results)
    assert (finding.status, finding.reason) == (status, reason)
    assert finding.because.endswith(".")


@given(st.lists(st.sampled_from(ORDER)), st.lists(st.sampled_from(ORDER)))
def test_the_worst_is_free_of_order_and_never_bettered(some: list[Outcome], more: list[Outcome]) -> None:
    """More observations can only worsen; their order does not matter."""
    assert worst(some) is worst(reversed(some))
    if some:
        assert ORDER.index(worst(some + more)) >= ORDER.index(worst(some))


@given(st.lists(st.tuples(st.sampled_from(Coverage), st.lists(st.sampled_from(ORDER), max_size=3).map(tuple))))
def test_nothing_but_passes_gives_satisfied(results: list[tuple[Coverage, tuple[Outcome, ...]]]) -> None:
    """Without a review a satisfied control rests on sufficient checks alone, each with a pass and nothing open."""
    finding = finding_of(*results)
    if finding.status is Status.SATISFIED:
        assert results
        assert all(coverage is ALL for coverage, _ in results)
        assert all(outcomes and set(outcomes) <= {PASS, NA} for _, outcomes in results)


def test_the_part_that_holds_and_nothing_known_look_different() -> None:
    """A not-reviewed control says which part is shown, and which needs a person or more evidence."""
    partly = finding_of((PART, (PASS, PASS)), evidence=("k8s-objects", "node-file-stat"))
    assert "Title of c0" in partly.shown
    assert "title of node-file-stat" in partly.missing
    assert "a person" in partly.missing
    unknown = finding_of(evidence=("node-file-stat",))
    assert unknown.shown == ""
    assert "title of node-file-stat" in unknown.because


def test_a_control_only_a_person_can_answer_says_so() -> None:
    """No machine evidence is asked for where none would help."""
    finding = finding_of(judged=Judged.PERSON, evidence=("attestation",))
    assert finding.reason is Reason.PERSON_NEEDED


def test_unreadable_evidence_keeps_a_control_from_being_satisfied() -> None:
    """What could be read passes; what could not be read might not."""
    finding = finding_of((ALL, (PASS, NC)), unreadable=True)
    assert (finding.status, finding.reason) == (Status.NOT_REVIEWED, Reason.UNREADABLE)


def test_a_review_covers_the_rest_and_never_a_failure() -> None:
    """A person's review completes a partly covered control; a failed check outweighs it."""
    configuration = Configuration(reviews=(REVIEW,))
    covered = finding_of((PART, (PASS,)), configuration=configuration)
    assert covered.status is Status.SATISFIED
    assert "R. Viewer" in covered.because
    assert covered.judged_by == "checks and person"
    assert finding_of((PART, (FAIL,)), configuration=configuration).status is Status.NOT_SATISFIED
    assert finding_of((ALL, (NC,)), configuration=configuration).status is Status.NOT_REVIEWED
    assert finding_of((PART, (NC,)), (ALL, (PASS,)), configuration=configuration).status is Status.SATISFIED
    assert finding_of((PART, (ERROR,)), configuration=configuration).status is Status.ERROR
    assert finding_of(configuration=configuration).status is Status.SATISFIED


@pytest.mark.parametrize(("date", "expires"), [("2026-01-01", "2026-11-20"), ("2026-11-22", "2027-01-01")])
def test_a_review_counts_from_its_date_to_its_expiry_only(date: str, expires: str) -> None:
    """An expired or future review leaves the control open, and the finding says that it is stale."""
    review = Review(
        framework="demo", control="1", status="satisfied", reviewer="R", date=date, expires=expires, statement="S."
    )
    finding = finding_of((PART, (PASS,)), configuration=Configuration(reviews=(review,)))
    assert (finding.status, finding.reason) == (Status.NOT_REVIEWED, Reason.STALE)


def test_an_inherited_control_is_never_satisfied_by_that() -> None:
    """Somebody else's responsibility is told and leaves the control open; a failed check still fails it."""
    inherited = Configuration(
        responsibilities=(
            Responsibility(framework="demo", control="1", kind="inherited", provider="Cloud", statement="Theirs."),
        )
    )
    finding = finding_of(configuration=inherited)
    assert (finding.status, finding.judged_by) == (Status.NOT_REVIEWED, "inherited")
    assert finding.responsibility == "inherited from Cloud"
    assert finding_of((ALL, (FAIL,)), configuration=inherited).status is Status.NOT_SATISFIED


def test_counts_add_up_and_tell_the_partly_shown() -> None:
    """Every control is counted once; the partly shown are among the not reviewed."""
    framework = make_framework(make_control("1"), make_control("2"), make_control("3"))
    rows = [make_row("a", "1"), make_row("a", "2", PART)]
    counts = assess_framework(framework, make_basis(framework, rows, [make_result("a", PASS)])).counts
    assert (counts.satisfied, counts.not_reviewed, counts.partly_shown, counts.total) == (1, 2, 1, 3)


EKS = Provider(
    name="Amazon EKS",
    inherited=True,
    elsewhere="",
    said="node a says so: label b",
    at=At(
        Origin(path="n", sha256="s", document=None, pointer="", inner="", offset=0, length=1, line=1),
        "/metadata/labels/b",
    ),
)


def managed(section: str, *outcomes: Outcome, provider: Provider = EKS, subject: type = KubernetesNode) -> Finding:
    """A control of the CIS catalog on a cluster of a provider, with a check of a subject where outcomes are given."""
    control = replace(make_control("1"), section=section)
    framework = replace(make_framework(control), catalog="cis-kubernetes")
    rows = [replace(make_row("c", "1"), framework="cis-kubernetes")] if outcomes else []  # type: ignore[arg-type]  # an id
    made = make_result("c", *outcomes or (NC,))
    results = [replace(made, check=replace(made.check, subject=subject))]
    (finding,) = assess_framework(framework, make_basis(framework, rows, results, provider=provider)).findings
    return finding


@pytest.mark.parametrize("section", ["1.1", "1.2", "2", "3.2"])
def test_a_control_plane_that_a_provider_runs_is_inherited_and_never_satisfied(section: str) -> None:
    """The nodes say who answers for it; whose evidence it takes is said with it."""
    for finding in (managed(section), managed(section, NC)):
        assert (finding.status, finding.judged_by) == (Status.NOT_REVIEWED, "inherited")
        assert finding.responsibility == "inherited from Amazon EKS"
        assert "node a says so" in finding.because


def test_nothing_is_inherited_of_what_was_seen_or_is_run_by_oneself() -> None:
    """Evidence of a control plane is judged; workers, and clusters of one's own, are one's own business."""
    assert managed("1.2", PASS).responsibility == managed("1.2", FAIL).responsibility == ""
    assert managed("4.2", NC).responsibility == ""
    assert managed("1.2", NC, provider=replace(EKS, inherited=False)).responsibility == ""
    assert managed("4.2", NC, subject=ApiServer).responsibility == "inherited from Amazon EKS"
