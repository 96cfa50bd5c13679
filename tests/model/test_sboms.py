"""SBOMs and images joined and compared: digests that tools make up, indexes, spellings of versions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from compliance.checks.sboms_content import image_sbom, image_sbom_accurate, image_sbom_complete
from compliance.model.archive_manifest import archive_manifest
from compliance.model.image import DatabaseState, Image, Package, PackageDatabase, RootFileSystem
from compliance.model.images import Bound, Images, join
from compliance.model.outcome import Outcome
from compliance.model.sbom import Component, DescribedDigest, Sbom
from compliance.model.sbom_comparison import compare
from compliance.model.times import moment
from tests.checks.judging import records_of

CASE = Path(__file__).parents[1] / "checks" / "image-sbom-complete" / "pass" / "archive_syft_cdx"
INDEX = f"sha256:{'1' * 64}"


@pytest.fixture(scope="module")
def records() -> tuple[Image, Sbom]:
    """The image of the fixture, and what Syft says of it as a saved archive."""
    image, sbom = records_of(CASE)
    assert isinstance(image, Image)
    assert isinstance(sbom, Sbom)
    return image, sbom


def joined(image: Image, *sboms: Sbom) -> Images:
    return join([image], sboms, [], [], [])


def with_packages(root: RootFileSystem, *packages: tuple[str, str, str]) -> RootFileSystem:
    """The root with these packages alone, each ecosystem in a database of its own."""
    names = sorted({package[0] for package in packages})
    databases = tuple(
        PackageDatabase(ecosystem=name, path="/db", layer=1, state=DatabaseState.READ, packages=1, reason="")
        for name in names
    )
    held = tuple(Package(kind, name, version, "", names.index(kind)) for kind, name, version in packages)
    return dataclasses.replace(root, databases=databases, packages=held)


def test_the_manifest_that_syft_makes_up_is_made_up_alike(records: tuple[Image, Sbom]) -> None:
    """The digest in a real SBOM of a saved archive; none is guessed while sizes of layers are unknown."""
    image, sbom = records
    assert archive_manifest(image) == sbom.digests[0].digest
    assert [match.by for match in joined(image, sbom).sboms_of(image)] == [Bound.DIGEST]
    layers = tuple(dataclasses.replace(layer, read=False) for layer in image.layers)
    assert archive_manifest(dataclasses.replace(image, layers=layers)) is None
    assert archive_manifest(dataclasses.replace(image, layers=())) is None
    assert archive_manifest(dataclasses.replace(image, incomplete="a layer is missing")) is None


def test_an_sbom_of_the_index_is_weaker(records: tuple[Image, Sbom]) -> None:
    """One SBOM for a list over all platforms describes one of them, nobody can say which."""
    image, sbom = records
    image = dataclasses.replace(image, digests=dataclasses.replace(image.digests, index=INDEX))
    sbom = dataclasses.replace(sbom, digests=(DescribedDigest(INDEX, "/metadata/component/version"),))
    verdict = image_sbom.function(image, joined(image, sbom))
    assert verdict.outcome is Outcome.NOT_CHECKED
    assert "another platform" in verdict.reason
    assert image_sbom_complete.function(image, joined(image, sbom)).outcome is Outcome.NOT_CHECKED


def test_an_sbom_of_another_image_in_the_evidence_contradicts_nothing(records: tuple[Image, Sbom]) -> None:
    """Two builds of one name, an SBOM of the first: the second has none, and the first one's is not broken."""
    image, sbom = records
    subject = dataclasses.replace(image.subject, id="image/other")
    digests = dataclasses.replace(image.digests, config=INDEX, manifest=None)
    other = dataclasses.replace(image, subject=subject, digests=digests, layers=())
    mine = (DescribedDigest(image.digests.config or "", "/metadata/component/version"),)
    named = dataclasses.replace(sbom, described=image.names[0], digests=mine)
    images = join([image, other], [named], [], [], [])
    assert images.sboms_of(other) == ()
    assert image_sbom.function(other, images).outcome is Outcome.FAIL
    assert image_sbom.function(image, images).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("installed", "listed"),
    [
        (("golang", "stdlib", "go1.23.4"), ("golang", "stdlib", "v1.23.4")),
        (("golang", "stdlib", "go1.23.4"), ("golang", "stdlib", "1.23.4")),
        (("golang", "github.com/Masterminds/semver", "v1.5.0"), ("golang", "github.com/masterminds/semver", "v1.5.0")),
        (("rpm", "bash", "0:5.1-9"), ("rpm", "bash", "5.1-9")),
        (("deb", "passwd", "1:4.13-1"), ("deb", "passwd", "1:4.13-1")),
    ],
)
def test_spellings_of_one_version_are_equal(
    records: tuple[Image, Sbom], installed: tuple[str, str, str], listed: tuple[str, str, str]
) -> None:
    """Tools write versions of Go and rpm in several ways."""
    image, sbom = records
    assert image.filesystem is not None
    root = with_packages(image.filesystem, installed)
    (found,) = compare(dataclasses.replace(sbom, components=(Component(*listed),)), root).ecosystems
    assert (found.installed, found.found, found.missing, found.ghosts, found.differing) == (1, 1, (), (), ())


def test_what_has_no_version_to_compare_is_left_out(records: tuple[Image, Sbom]) -> None:
    """A Go program built from source, and the keys that rpm lists as packages."""
    image, sbom = records
    assert image.filesystem is not None
    root = with_packages(image.filesystem, ("golang", "example.com/shop", "(devel)"), ("rpm", "bash", "5.1-9"))
    components = (
        Component("golang", "example.com/shop/cmd", "(devel)"),
        Component("rpm", "gpg-pubkey", "1-2"),
        Component("rpm", "bash", "5.1-9"),
        Component("maven", "a/b", "1"),
    )
    found = compare(dataclasses.replace(sbom, components=components), root)
    assert [(one.ecosystem, one.missing, one.ghosts) for one in found.ecosystems] == [
        ("golang", (), ()),
        ("rpm", (), ()),
    ]
    assert found.beyond == {"maven": 1}


def test_a_database_that_cannot_be_read_proves_nothing(records: tuple[Image, Sbom]) -> None:
    """Neither that the SBOM is whole nor that it lists too much."""
    image, sbom = records
    assert image.filesystem is not None
    broken = PackageDatabase(
        ecosystem="rpm",
        path="/var/lib/rpm/Packages",
        layer=1,
        state=DatabaseState.UNREADABLE,
        packages=0,
        reason="a Berkeley DB",
    )
    image = dataclasses.replace(
        image, filesystem=dataclasses.replace(image.filesystem, databases=(broken,), packages=())
    )
    sbom = dataclasses.replace(sbom, components=(Component("rpm", "bash", "5.1-9"),))
    for check in (image_sbom_complete, image_sbom_accurate):
        verdict = check.function(image, joined(image, sbom))
        assert verdict.outcome is Outcome.NOT_CHECKED, verdict.reason
        assert "could not be read" in verdict.reason


def test_two_versions_of_one_package(records: tuple[Image, Sbom]) -> None:
    """One of two installed versions missing is a gap; one in the other's place is a difference."""
    image, sbom = records
    assert image.filesystem is not None
    root = with_packages(image.filesystem, ("npm", "ms", "2.0.0"), ("npm", "ms", "2.1.3"))
    one = dataclasses.replace(sbom, components=(Component("npm", "ms", "2.0.0"),))
    (found,) = compare(one, root).ecosystems
    assert (found.missing, found.differing) == ((("ms", "2.1.3"),), ())
    wrong = dataclasses.replace(sbom, components=(Component("npm", "ms", "2.0.0"), Component("npm", "ms", "3.0.0")))
    (found,) = compare(wrong, root).ecosystems
    assert (found.missing, found.differing) == ((), (("ms", "2.1.3", "3.0.0"),))


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-22T03:15:01Z", "2026-11-22T03:15:01+00:00"),
        ("2026-11-22T03:15:01.844276082Z", "2026-11-22T03:15:01.844276+00:00"),
        ("2026-11-22T05:15:01+02:00", "2026-11-22T03:15:01+00:00"),
        ("2026-11-22T03:15:01", "2026-11-22T03:15:01+00:00"),
        ("0001-01-01T00:00:00+23:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_moments(text: str, iso: str | None) -> None:
    """Any way to write a time that tools use; what is no date is none."""
    found = moment(text)
    assert (found.isoformat() if found else None) == iso
