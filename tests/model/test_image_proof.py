"""Attestations of an image: repositories as they are compared, the newest trusted one, and the level that is shown."""

from __future__ import annotations

from typing import Any

import pytest

from compliance.checks.provenance import image_provenance_builder, image_provenance_source
from compliance.model.attestation import Attestation
from compliance.model.configuration import Parameters
from compliance.model.image_proof import about, commit, repository, shown_level
from compliance.model.images import join
from compliance.model.outcome import Outcome
from compliance.model.supply_chain import SupplyChain, join_proof
from tests.checks.supply_chain_records import parameters, proof
from tests.model.test_vulnerability_items import image

TABLE = {"parameters": {"trust": {"keys": ["ci"], "builders": [{"id": "https://build.example/hardened", "level": 3}]}}}


def chain_of(*attestations: dict[str, Any]) -> SupplyChain:
    records = proof({"attestations": list(attestations)}, image())
    signed = [one for one in records if isinstance(one, Attestation)]
    return join_proof(join([image()], [], [], [], []), signed, [], [], [], [], [], [])


@pytest.mark.parametrize(
    "written",
    [
        "https://git.example/shop/web",
        "git+https://git.example/shop/web.git@refs/heads/main",
        "git+https://GIT.example/shop/web.git/",
        "https://git.example/shop/web#main",
        "git@git.example:shop/web.git",
        "ssh://git@git.example/shop/web.git",
        "git+ssh://git@git.example/shop/web@" + "a" * 40,
    ],
)
def test_one_repository_is_written_in_many_ways(written: str) -> None:
    """Scheme, user, suffix and ref say nothing about which repository it is."""
    assert repository(written) == "git.example/shop/web"


@pytest.mark.parametrize(
    "written",
    [
        "https://git.example/mallory/web",
        "https://git.example/shop/web-evil",
        "https://git.example/Shop/web",
        "https://git.example.evil/shop/web",
        "https://evil.example/@git.example/shop/web",
        "https://git.example/shop/web.git.evil",
        "https://git.example/shop",
        "",
    ],
)
def test_another_repository_stays_another(written: str) -> None:
    """Another owner, a longer name, another host."""
    assert repository(written) != "git.example/shop/web"


def test_a_commit_is_compared_without_the_name_of_its_hash() -> None:
    """`sha1:AB` and `ab` are one commit."""
    assert commit("sha1:AB") == commit("ab") == "ab"


def test_the_newest_trusted_one_counts_by_proven_time_and_not_by_file() -> None:
    """A statement that only says it is newer is older than one whose time is proven."""
    old = {"about": "provenance", "digests": ["MANIFEST"], "proven_time": "2026-08-01T00:00:00Z", "provenance": {}}
    new = {**old, "proven_time": "2026-08-02T00:00:00Z"}
    claims = {**old, "proven_time": None, "provenance": {"finished": "2030-01-01T00:00:00Z"}}
    for order in ([old, new, claims], [new, claims, old], [claims, old, new]):
        best = about(image(), chain_of(*order), "provenance").newest
        assert best is not None
        assert best.attestation.proven_time == "2026-08-02T00:00:00Z"


def test_of_several_that_may_be_the_newest_the_worst_counts_whatever_their_paths() -> None:
    """By plain keys, of one stated day or of none: a builder of nobody is not hidden by the name of another file."""
    good = {"about": "provenance", "digests": ["MANIFEST"], "provenance": {}}
    evil = {**good, "provenance": {"builder": "https://build.example/evil", "source": "git+https://git.example/evil"}}
    settings = {"sources": [{"image": "*", "repository": "https://git.example/shop/web"}], "vex_authors": []}
    params = parameters({"parameters": {"trust": {**TABLE["parameters"]["trust"], **settings}}})
    for one, other in ((good, evil), (evil, good)):
        chain = chain_of({**one, "path": "a.json"}, {**other, "path": "b.json"})
        builder = image_provenance_builder.function(image(), chain, params)
        assert (builder.outcome, "the worst of 2" in builder.reason) == (Outcome.FAIL, True)
        assert image_provenance_source.function(image(), chain, params).outcome is Outcome.FAIL
        level = shown_level(image(), chain, params)
        assert (level.level, "the worst of 2" in level.because) == (1, True)
    first, second = (
        about(image(), chain_of({**good, "path": path}, {**evil, "path": other}), "provenance").latest
        for path, other in (("a.json", "b.json"), ("b.json", "a.json"))
    )
    assert len(first) == len(second) == 2


def test_one_that_states_no_time_may_be_the_newest() -> None:
    """A stated time is the newest of those stated; beside it stands what states none. A proven time settles it."""
    good = {"about": "provenance", "digests": ["MANIFEST"], "provenance": {"finished": "2026-08-01T00:00:00Z"}}
    older = {**good, "provenance": {"finished": "2026-07-01T00:00:00Z"}}
    silent = {**good, "provenance": {}}
    found = about(image(), chain_of(good, older, silent), "provenance").latest
    assert sorted(one.attestation.provenance.finished or "" for one in found if one.attestation.provenance) == [
        "",
        "2026-08-01T00:00:00Z",
    ]
    proven = {**older, "proven_time": "2026-07-01T00:00:00Z"}
    assert len(about(image(), chain_of(good, silent, proven), "provenance").latest) == 1


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ({}, 3),
        ({"trust": "signed-untrusted"}, 1),
        ({"trust": "not-checked"}, 1),
        ({"trust": "present-unsigned"}, 1),
        ({"envelope": "buildkit"}, 1),
        ({"trust": "invalid"}, None),
        ({"provenance": {"builder": "https://build.example/hardened/x"}}, 1),
        ({"provenance": {"build_type": ""}}, 0),
        ({"digests": ["OTHER"]}, None),
    ],
)
def test_the_level_is_the_least_that_is_shown(more: dict[str, Any], level: int | None) -> None:
    """The document, its signature and the table of builders must all say so; BuildKit's own is never above 1."""
    one = {"about": "provenance", "digests": ["MANIFEST"], "provenance": {}, **more}
    found = shown_level(image(), chain_of(one), parameters(TABLE))
    assert found.level == level
    assert found.because


def test_without_a_table_no_builder_earns_anything() -> None:
    """The level is not in the document."""
    one = {"about": "provenance", "digests": ["MANIFEST"], "provenance": {}}
    assert shown_level(image(), chain_of(one), Parameters()).level == 1
