"""Reports are joined to the images of the evidence by digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compliance.evidence.image.building import build
from compliance.model.evidence import Subject, SubjectType
from compliance.model.image import Image
from compliance.model.rule_report import RuleReport, of_image
from tests.evidence.rules.xccdf_documents import RuleText, Run, report
from tests.pipeline.openscap_images import DEBIAN, found_in, write_image

INDEX, MANIFEST = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.fixture
def image(tmp_path: Path) -> Image:
    found = build(found_in(write_image(tmp_path / "image.tar", DEBIAN)), [None], {})
    return replace(found, digests=replace(found.digests, index=INDEX, manifest=MANIFEST))


def about(digest: str | None, type: SubjectType = SubjectType.IMAGE) -> RuleReport:
    found = report(Run(rules=[RuleText(name="a")]).xccdf())
    return replace(found, subject=Subject(id=f"image/{digest}", type=type, name="x", digest=digest))


def test_any_digest_of_an_image_leads_to_it(image: Image) -> None:
    """Of its configuration, its manifest, or the list that it alone stands in."""
    for digest in (image.digests.config, MANIFEST, INDEX):
        assert of_image(about(digest), [image]).subject == image.subject


def test_what_is_of_no_image_here_stays(image: Image) -> None:
    """Another digest, none, or a target that is a host."""
    for found in (about("sha256:" + "3" * 64), about(None), about(MANIFEST, SubjectType.HOST)):
        assert of_image(found, [image]) is found


def test_a_list_of_several_images_says_of_none(image: Image) -> None:
    """Two platforms of one list: nobody knows which was looked at."""
    other = replace(image, subject=replace(image.subject, id="image/other"))
    found = about(INDEX)
    assert of_image(found, [image, other]) is found
