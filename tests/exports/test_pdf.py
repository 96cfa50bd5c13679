"""packet.pdf: complete, bounded, inert and the same each time."""

from __future__ import annotations

import gc
import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pikepdf
import pytest

from compliance.errors import ExportError
from compliance.exports.pdf import DETAILS, EXPORTER, MOST_PAGES, Detail, document, draw, pdf_bytes
from compliance.model.assessment import Assessment, Options
from compliance.rendering.images import ranked
from compliance.rendering.states import by_state
from tests.exports.building import AS_OF, make_assessment
from tests.exports.writing import written

CHAPTERS = (
    "Cover",
    "What this packet says",
    "Contents",
    "Scope and population",
    "How the verdicts were made",
    "Results by framework and section",
    "Images",
    "Vulnerabilities",
    "Attestations",
    "Hosts",
    "Reports of other tools",
    "Controls",
    "Actions",
    "Evidence requests",
    "Deviations, reviews and inherited controls",
    "Evidence index",
    "Words, legal notes and lists",
)


@pytest.fixture(scope="module")
def packet(assessment: Assessment) -> bytes:
    return written(EXPORTER, assessment)["packet.pdf"]


@pytest.fixture(scope="module")
def opened(packet: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(packet)) as pdf:
        yield pdf


def visible(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))


def test_chapters_stand_in_the_order_of_the_specification(opened: pikepdf.Pdf) -> None:
    with opened.open_outline() as outline:
        assert tuple(item.title for item in outline.root) == CHAPTERS


def test_the_outline_names_every_framework_and_control_with_a_block(
    opened: pikepdf.Pdf, assessment: Assessment
) -> None:
    with opened.open_outline() as outline:
        controls = next(item for item in outline.root if item.title == "Controls")
        assert len(controls.children) == len(assessment.results)
        assert any(child.title.startswith("5.2.2") for child in controls.children[0].children)


def test_title_language_author_and_dates_are_stated(opened: pikepdf.Pdf, assessment: Assessment) -> None:
    assert str(opened.Root.Lang) == "en"
    assert str(opened.docinfo["/Title"]) == f"Audit packet: {assessment.configuration.system.name}"
    assert str(opened.docinfo["/Author"]) == assessment.configuration.system.operator
    day = AS_OF[:10].replace("-", "")
    assert str(opened.docinfo["/CreationDate"]).startswith(f"D:{day}")
    assert str(opened.docinfo["/ModDate"]).startswith(f"D:{day}")


def test_every_link_leads_to_a_place_inside_the_document(opened: pikepdf.Pdf) -> None:
    names = opened.Root.Names.Dests.Names
    known = {str(names[number]) for number in range(0, len(names), 2)}
    links = [
        annotation for page in opened.pages for annotation in page.get("/Annots", ()) if annotation.Subtype == "/Link"
    ]
    assert len(links) > 100
    assert not [link for link in links if "/A" in link]
    assert {str(link.Dest) for link in links} <= known


def test_pages_have_the_paper_asked_for(assessment: Assessment, opened: pikepdf.Pdf) -> None:
    assert [round(float(edge)) for edge in opened.pages[0].mediabox] == [0, 0, 595, 842]
    letter = draw("<p>one page</p>", "Letter").write_pdf()
    with pikepdf.open(io.BytesIO(letter)) as pdf:
        assert [round(float(edge)) for edge in pdf.pages[0].mediabox] == [0, 0, 612, 792]
    with pytest.raises(ExportError, match="use A4 or Letter"):
        pdf_bytes(assessment, Options(paper="A9"))


def test_fonts_are_embedded(opened: pikepdf.Pdf) -> None:
    fonts = [font for page in opened.pages for font in page.Resources.get("/Font", {}).values()]
    assert fonts
    for font in fonts:
        descriptor = font.DescendantFonts[0].FontDescriptor
        assert any(name in descriptor for name in ("/FontFile2", "/FontFile3"))


@pytest.mark.parametrize("detail", DETAILS, ids=range(len(DETAILS)))
@pytest.mark.parametrize("hostile", [False, True])
def test_the_text_states_the_counts_of_the_assessment(detail: object, hostile: bool) -> None:
    assessment = make_assessment(subjects=40, hostile=hostile)
    text = document(assessment, DETAILS[DETAILS.index(detail)])  # type: ignore[arg-type]
    table = text[text.index('id="table-frameworks"') :]
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", table, re.DOTALL)
    for row, result in zip(rows, assessment.results, strict=False):
        cells = [int(cell.replace(",", "")) for cell in re.findall(r"<td[^>]*>([\d,]+)</td>", row)]
        assert cells == [value for _, value in by_state(result.counts)] + [result.counts.total]
    for result in assessment.results:
        for finding in result.findings:
            assert f">{finding.control}<" in text or f"{finding.control}</" in text


def test_20000_observations_stay_within_the_pages_and_say_what_is_left_out() -> None:
    assessment = make_assessment(subjects=1600, hostile=True)
    with pikepdf.open(io.BytesIO(pdf_bytes(assessment, Options()))) as pdf:
        assert len(pdf.pages) <= MOST_PAGES
    text = visible(document(assessment, DETAILS[0]))
    assert re.search(r"\d+ of 1,600 observations shown, the worst first", text)
    assert re.search(r"Places of \d+ of [\d,]+ subjects shown", text)


def many_images(number: int) -> Assessment:
    """The images of the assessment again and again, each with a subject of its own."""
    assessment = make_assessment()
    reports = []
    for place in range(number):
        report = assessment.images[place % len(assessment.images)]
        name = f"{report.image.said}-{place}"
        subject = replace(report.image.subject, id=f"image/sha256:{place:064x}", name=name)
        reports.append(replace(report, image=replace(report.image, subject=subject)))
    return replace(assessment, images=tuple(reports))


def test_each_image_has_one_page_the_worst_first(packet: bytes, opened: pikepdf.Pdf, assessment: Assessment) -> None:
    with opened.open_outline() as outline:
        titles = [item.title for item in outline.root]
        images = next(item for item in outline.root if item.title == "Images")
    names = [str(child.title) for child in images.children]
    assert names == [report.image.said for report in ranked(assessment.images)]
    assert "legacy-importer" in names[0]
    pages = {str(name): number for number, name in enumerate(titles)}
    assert pages["Images"] < pages["Controls"]
    text = visible(document(assessment, DETAILS[0]))
    assert "3 images were handed in" in text


@pytest.mark.parametrize("detail", DETAILS, ids=range(len(DETAILS)))
def test_many_images_get_rows_and_few_of_them_pages_and_both_are_counted(detail: Detail) -> None:
    html = document(many_images(1000), detail)
    text = visible(html)
    assert f"{detail.images} of 1,000 images shown, first those of which most is not so" in text
    assert f"{detail.image_pages} of 1,000 images have a page here" in text
    assert html.count('<article class="image') == detail.image_pages


def test_without_images_there_is_no_chapter_of_them() -> None:
    html = document(make_assessment(subjects=0), DETAILS[0])
    assert 'id="images"' not in html
    assert "#images" not in html


def test_hostile_texts_make_no_element_and_no_address(hostile_assessment: Assessment) -> None:
    text = document(hostile_assessment, DETAILS[0])
    assert "<script" not in text
    assert "<img" not in text
    assert "49" not in re.findall(r"\$(\d+)", text)
    assert not set(text) & set("\x00\x07\x08\x1b\x7f\u202e\u2066\u2028")
    assert not re.findall(r"(?:href|src|style)=\"(?!#|width:)", text)


@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://127.0.0.1:9/x.png">',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        '<p style="background: url(file:///etc/passwd)">x</p>',
        '<img src="data:image/png;base64,AAAA">',
    ],
)
def test_nothing_is_ever_fetched(html: str) -> None:
    with pytest.raises(ExportError, match="refers to nothing outside itself"):
        draw(html, "A4")


def test_another_process_gives_the_same_bytes_and_the_surroundings_stay(
    packet: bytes, assessment: Assessment, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import hashlib; from tests.exports.building import make_assessment;"
        "from compliance.exports.pdf import pdf_bytes;"
        "from compliance.model.assessment import Options;"
        "print(hashlib.sha256(pdf_bytes(make_assessment(), Options())).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1"}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == hashlib.sha256(packet).hexdigest(), done.stderr


def test_clock_and_collector_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    before = gc.get_threshold()
    pdf_bytes(make_assessment(subjects=0), Options())
    assert os.environ["SOURCE_DATE_EPOCH"] == "5"
    assert gc.get_threshold() == before


@pytest.mark.parametrize("word", ["库存", "はらい", "한국어"])
def test_han_kana_and_hangul_have_a_font(word: str) -> None:
    with pikepdf.open(io.BytesIO(draw(f"<p>{word}</p>", "A4").write_pdf())) as pdf:
        names = [str(font.BaseFont) for font in pdf.pages[0].Resources["/Font"].values()]
    assert [name for name in names if re.search("WenQuanYi|CJK|Droid", name)], names
