"""The page for ten minutes: sentences that follow from the data, and what is wrong told first."""

from __future__ import annotations

from compliance.assess.findings import assess_framework
from compliance.assess.summary import Seen, population, summarise
from compliance.model.assessment import EvidenceFile, EvidenceState
from compliance.model.catalog import Coverage
from compliance.model.configuration import Configuration, Deviation, Expected, Parameters, Review
from compliance.model.evidence import Subject, SubjectType
from compliance.model.outcome import Outcome
from tests.assess.building import AS_OF, make_basis, make_control, make_framework, make_result, make_row
from tests.exports.proof import TRUST, make_proof


def make_file(path: str, state: EvidenceState, problems: tuple[str, ...] = ()) -> EvidenceFile:
    return EvidenceFile(
        id=path,
        path=path,
        sha256="0",
        size=1,
        kind="",
        collected="",
        state=state,
        reason="",
        problems=problems,
        documents=1,
        objects=(),
        used_for=0,
    )


SEEN = Seen(
    subjects=(Subject(id="shop/Deployment/web", type=SubjectType.WORKLOAD, name="web", namespace="shop"),),
    images=("registry.example/web:1",),
    handed_in=0,
    unseen=(),
    evidence=(
        make_file("a.yaml", EvidenceState.READ),
        make_file("b.yaml", EvidenceState.READ, ("line 3: bad",)),
        make_file("c.json", EvidenceState.UNRECOGNISED),
        make_file("d", EvidenceState.UNREADABLE),
    ),
)


def test_the_population_names_what_was_expected_and_never_seen() -> None:
    """A name that is missing is told; a number that nobody stated is not made up."""
    parts = {part.what: part for part in population(SEEN, Configuration(expected=Expected(namespaces=("shop", "pay"))))}
    assert (parts["namespaces"].seen, parts["namespaces"].expected, parts["namespaces"].missing) == (1, 2, ("pay",))
    assert parts["workloads"].expected is None
    assert "nobody said" in parts["workloads"].source


def test_clusters_are_never_taken_as_seen() -> None:
    """Objects do not name their cluster: only a person can confirm it."""
    configuration = Configuration(expected=Expected(clusters=("prod",)))
    parts = {part.what: part for part in population(SEEN, configuration)}
    assert parts["clusters"].missing == ("prod",)


def test_the_sentences_and_warnings_follow_from_the_data() -> None:
    """Seen, proven, refuted, open, next expiry; then what could not be read and what has lapsed."""
    framework = make_framework(make_control("1"), make_control("2"), make_control("3"))
    rows = [make_row("a", "1"), make_row("b", "2"), make_row("a", "3", Coverage.PARTIAL)]
    results = [make_result("a", Outcome.PASS), make_result("b", Outcome.FAIL)]
    configuration = Configuration(
        reviews=(
            Review(
                framework="demo",
                control="9",
                status="satisfied",
                reviewer="R",
                date="2026-01-01",
                expires="2027-01-01",
                statement="S",
            ),
        ),
        deviations=(
            Deviation(
                id="D-1",
                check="b",
                subjects=(),
                type="false-positive",
                owner="O",
                approver="A",
                date="2026-01-01",
                expires="2026-02-01",
                rationale="R",
            ),
        ),
    )
    result = assess_framework(framework, make_basis(framework, rows, results, configuration))
    summary = summarise([result], SEEN, population(SEEN, configuration), configuration, AS_OF)
    seen, holds, fails, unknown, expires = summary.sentences
    assert "2 of 4 files" in seen
    assert "1 workload in 1 namespace" in seen
    assert "1 of 3" in holds
    assert "1 of 3" in fails
    assert "for 1 of these the automated part already holds" in unknown
    assert "2027-01-01" in expires
    warnings = " ".join(summary.warnings)
    assert "2 files could not be read" in warnings
    assert "1 file handed in is of a kind" in warnings
    assert "D-1" in warnings
    assert "Kubernetes version was not stated" in warnings


def test_what_does_not_hold_or_is_overdue_is_read_first() -> None:
    proof = make_proof(Configuration(parameters=Parameters(trust=TRUST)), "2026-11-21T09:30:00Z")
    seen = Seen(
        subjects=(),
        images=(),
        handed_in=3,
        unseen=(),
        evidence=(),
        attestations=proof.attestations,
        vulnerabilities=proof.vulnerabilities,
    )
    warnings = summarise((), seen, population(seen, Configuration()), Configuration(), "2026-11-21T09:30:00Z").warnings
    assert warnings[0] == "Signatures that do not hold stand in 1 file (proof/batch.sig)."
    assert "past the day of mending, and 1 is known to be exploited" in warnings[1]
    assert warnings[2] == "1 image handed in has no scan that can be used."
