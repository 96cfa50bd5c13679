"""Assessment to packet.pdf: the packet for people, of bounded length however large the system."""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from compliance.errors import ExportError
from compliance.model.assessment import (
    Assessment,
    EvidenceFile,
    EvidenceState,
    Exporter,
    Finding,
    Options,
    OutputFile,
)
from compliance.model.evidence import Location
from compliance.model.outcome import Status
from compliance.model.vulnerability_items import State
from compliance.rendering.blocks import Limits
from compliance.rendering.chapters import Chapter, chapters_of
from compliance.rendering.environment import packaged, render
from compliance.rendering.glossary import words_used
from compliance.rendering.hosts import hosts_ranked, report_rows
from compliance.rendering.images import ranked
from compliance.rendering.links import Links, links_of
from compliance.rendering.proof import by_trust, image_names, scanned_ranked
from compliance.rendering.text import cut
from compliance.rendering.views import author_of, file_kinds, framework_names, inherited, object_kinds, system_name

if TYPE_CHECKING:
    from weasyprint import Document

#: More pages than an assessor reads; a longer document is made again with less detail.
#: Source: the packet's specification.
MOST_PAGES = 150
#: Characters of HTML on the page of an image, which is denser than others; measured over the tests' images.
IMAGE_CHARACTERS = 11_000
#: Thresholds of the garbage collector during layout: as quick as with none, and 5 % less memory over 143 pages.
RARE = (200_000, 10, 50)
PAPERS = {"A4": "A4", "Letter": "letter"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much of each long list is printed; everything cut says n of N.

    `checks`, `related` and `ids` are of one block or entry, `places` of one action, `failing` of one
    framework, `blocks` of one section, `actions` and `files` of the document. `images` are rows of their
    table and `image_pages` those with a page, which lists `image_layers`, and of each sort `image_files`. Open
    `vulnerabilities`, those set `aside`, `scans` (and hosts and reports), `attestations` and `charts` are of their
    chapters.
    `characters` of HTML make a page, measured over the sample and rounded down.
    """

    characters: int

    limits: Limits
    checks: int
    places: int
    related: int
    ids: int
    failing: int
    blocks: int
    actions: int
    files: int
    images: int
    image_pages: int
    image_layers: int = 7
    image_files: int = 3
    image_facts: int = 5
    vulnerabilities: int = 60
    aside: int = 30
    scans: int = 40
    attestations: int = 80
    charts: int = 4
    titles: bool = True
    examples: bool = True


#: From the fullest to the shortest; none of them grows with the system, only with the controls asked for.
DETAILS = (
    Detail(
        characters=6700,
        limits=Limits(worst=10, again=3, passes=3),
        checks=8,
        places=3,
        related=8,
        ids=80,
        failing=150,
        blocks=400,
        actions=200,
        files=400,
        images=200,
        image_pages=24,
    ),
    Detail(
        characters=7200,
        limits=Limits(worst=10, again=2, passes=2),
        checks=6,
        places=2,
        related=6,
        ids=50,
        failing=120,
        blocks=400,
        actions=120,
        files=300,
        images=150,
        image_pages=16,
        vulnerabilities=40,
        aside=20,
        scans=20,
        attestations=50,
        charts=3,
        examples=False,
    ),
    Detail(
        characters=6700,
        limits=Limits(worst=5, again=1, passes=1),
        checks=4,
        places=2,
        related=6,
        ids=40,
        failing=80,
        blocks=60,
        actions=80,
        files=200,
        images=100,
        image_pages=10,
        vulnerabilities=25,
        aside=10,
        scans=12,
        attestations=30,
        charts=2,
        examples=False,
    ),
    Detail(
        characters=6500,
        limits=Limits(worst=3, again=0, passes=1),
        checks=3,
        places=1,
        related=4,
        ids=30,
        failing=50,
        blocks=8,
        actions=60,
        files=150,
        images=80,
        image_pages=8,
        vulnerabilities=20,
        aside=10,
        scans=10,
        attestations=25,
        charts=2,
        examples=False,
    ),
    Detail(
        characters=6500,
        limits=Limits(worst=2, again=0, passes=1),
        checks=3,
        places=1,
        related=4,
        ids=30,
        failing=40,
        blocks=4,
        actions=40,
        files=120,
        images=60,
        image_pages=6,
        vulnerabilities=15,
        aside=8,
        scans=8,
        attestations=20,
        charts=2,
        titles=False,
        examples=False,
    ),
    Detail(
        characters=6500,
        limits=Limits(worst=2, again=0, passes=1),
        checks=3,
        places=1,
        related=3,
        ids=25,
        failing=30,
        blocks=2,
        actions=35,
        files=110,
        images=50,
        image_pages=5,
        vulnerabilities=12,
        aside=8,
        scans=8,
        attestations=15,
        charts=2,
        titles=False,
        examples=False,
    ),
    Detail(
        characters=6500,
        limits=Limits(worst=2, again=0, passes=1),
        checks=3,
        places=1,
        related=3,
        ids=25,
        failing=30,
        blocks=1,
        actions=35,
        files=110,
        images=50,
        image_pages=4,
        vulnerabilities=12,
        aside=8,
        scans=8,
        attestations=15,
        charts=2,
        titles=False,
        examples=False,
    ),
    Detail(
        characters=6500,
        limits=Limits(worst=1, again=0, passes=1),
        checks=2,
        places=1,
        related=3,
        ids=20,
        failing=20,
        blocks=0,
        actions=30,
        files=100,
        images=40,
        image_pages=3,
        vulnerabilities=10,
        aside=5,
        scans=5,
        attestations=12,
        charts=2,
        titles=False,
        examples=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Caption:
    number: int
    anchor: str
    text: str


@dataclass(slots=True)
class Captions:
    """Numbers tables and figures in the order they are drawn, for the lists at the end."""

    tables: list[Caption] = field(default_factory=list)
    figures: list[Caption] = field(default_factory=list)

    def table(self, anchor: str, text: str) -> Markup:
        return self._add(self.tables, "Table", anchor, text)

    def figure(self, anchor: str, text: str) -> Markup:
        return self._add(self.figures, "Figure", anchor, text)

    def _add(self, kept: list[Caption], word: str, anchor: str, text: str) -> Markup:
        kept.append(Caption(len(kept) + 1, anchor, text))
        return Markup(render("pdf/caption.html.j2", {"word": word, "caption": kept[-1]}))  # noqa: S704 - escaped there


def document(assessment: Assessment, detail: Detail) -> str:
    """The packet as one HTML document that refers to nothing outside itself."""
    links = links_of(assessment)
    chapters = chapters_of(assessment, links, detail.limits)
    read = _read_files(assessment, links, chapters, detail)
    other = tuple(file for file in assessment.evidence if file.state is not EvidenceState.READ)
    captions, kept = Captions(), assessment.vulnerabilities.kept
    values: dict[str, object] = {
        "a": assessment,
        "l": links,
        "detail": detail,
        "chapters": chapters,
        "captions": captions,
        "title": f"Audit packet: {cut(system_name(assessment), 120)}",
        "author": cut(author_of(assessment), 120),
        "system": system_name(assessment),
        "stamp": assessment.as_of,
        "cover_results": assessment.results[:6],
        "framework_names": framework_names(assessment),
        "section_names": {chapter.number: _section_names(chapter) for chapter in chapters},
        "failing": {chapter.number: _failing(chapter) for chapter in chapters},
        "file_kinds": file_kinds(assessment),
        "object_kinds": object_kinds(assessment),
        "kind_names": {name: kind.title for name, kind in assessment.evidence_kinds.items()},
        "image_rows": ranked(assessment.images)[: detail.images],
        "image_pages": min(detail.image_pages, len(assessment.images)),
        "image_names": image_names(assessment.images),
        "scan_rows": scanned_ranked(assessment.vulnerabilities)[: detail.images],
        "kept_open": kept.get(State.OPEN, ()),
        "kept_vex": kept.get(State.VEX_SUPPRESSED, ()),
        "kept_deviated": kept.get(State.DEVIATED, ()),
        "host_rows": hosts_ranked(assessment.hosts)[: detail.scans],
        "report_rows": report_rows(assessment.reports)[: detail.scans],
        "attestation_rows": by_trust(assessment.attestations)[: detail.attestations],
        "read_files": read,
        "read_total": len(assessment.evidence) - len(other),
        "part_files": tuple(file for file in assessment.evidence if file.problems),
        "other_files": other,
        "indexed": {file.id for file in (*read, *other[:100])},
        "request_of": links.requests,
        "deviation_anchor": {one.id: number for number, one in enumerate(assessment.deviations, start=1)},
        "reviewed": tuple(f for result in assessment.results for f in result.findings if f.review is not None),
        "inherited": inherited(assessment),
        "control_href": _href(links),
        "evidence_of": links.evidence,
    }
    body = render("pdf/packet.html.j2", values)
    return body + render("pdf/glossary.html.j2", values | {"words": words_used(body)})


def _href(links: Links) -> Callable[[str, str], str | None]:
    def href(framework: str, control: str) -> str | None:
        anchor = links.control(framework, control)
        return f"#{anchor}" if anchor else None

    return href


def _section_names(chapter: Chapter) -> Mapping[str, str]:
    return {section.id: section.title for section in chapter.result.framework.sections}


def _failing(chapter: Chapter) -> tuple[Finding, ...]:
    bad = (Status.NOT_SATISFIED, Status.ERROR)
    return tuple(finding for finding in chapter.result.findings if finding.status in bad)


def _read_files(
    assessment: Assessment, links: Links, chapters: Iterable[Chapter], detail: Detail
) -> tuple[EvidenceFile, ...]:
    """The files of the index in order of id: those this document cites before the others, at most `detail.files`."""
    places: list[Location] = [
        row.at[0]
        for chapter in chapters
        for _, blocks in chapter.sections
        for block in blocks
        for row in block.observations
        if row.at
    ]
    for report in ranked(assessment.images)[: detail.image_pages]:
        places += [report.place, *(fact.at for fact in report.hardening if fact.at is not None)]
        places += [link.at for link in report.chain if link.at is not None]
    places += _proof(assessment, detail)
    places += [at for action in assessment.actions for _, at in action.places[: detail.places]]
    cited = {file.id for file in map(links.evidence, places) if file is not None}
    read = [file for file in assessment.evidence if file.state is EvidenceState.READ]
    read.sort(key=lambda file: (file.id not in cited, file.used_for == 0, file.id))
    return tuple(sorted(read[: detail.files], key=lambda file: file.id))


def _proof(assessment: Assessment, detail: Detail) -> list[Location]:
    """Where the rows on vulnerabilities and attestations were read."""
    kept = assessment.vulnerabilities.kept
    rows = list(kept.get(State.OPEN, ())[: detail.vulnerabilities])
    rows += kept.get(State.VEX_SUPPRESSED, ())[: detail.aside]
    places = [item.at[0].location() for item in rows if item.at]
    places += [item.vex.at.location() for item in rows if item.vex is not None]
    places += [row.place for row in assessment.vulnerabilities.scans[: detail.scans]]
    places += [row.place for row in report_rows(assessment.reports)[: detail.scans]]
    return places + [row.place for row in by_trust(assessment.attestations)[: detail.attestations]]


def draw(html: str, paper: str) -> Document:
    """The laid out document; no address is ever fetched.

    Raises:
        ExportError: the document asks for anything outside itself.
    """
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError

    fonts = FontConfiguration()
    sheets = [
        CSS(string=packaged("pdf/print.css"), font_config=fonts, url_fetcher=refuse),
        CSS(string=f"@page {{ size: {PAPERS[paper]} }}", font_config=fonts, url_fetcher=refuse),
    ]
    try:
        page = HTML(string=html, url_fetcher=refuse)
        return page.render(stylesheets=sheets, font_config=fonts, presentational_hints=False)
    except FatalURLFetchingError as error:
        raise ExportError(str(error)) from error


def refuse(url: str, *_: object, **__: object) -> object:
    """Fetches nothing: all that the packet shows is inside the document."""
    from weasyprint.urls import FatalURLFetchingError

    raise FatalURLFetchingError(f"the packet refers to nothing outside itself, and refuses {cut(url, 80)}")


def pdf_bytes(assessment: Assessment, options: Options) -> bytes:
    """The same bytes for the same assessment, paper and fonts: at most MOST_PAGES pages where any detail allows it.

    Raises:
        ExportError: the paper is unknown, or the document refers outside itself.
    """
    if options.paper not in PAPERS:
        raise ExportError(f"unknown paper {options.paper!r}; use {' or '.join(PAPERS)}")
    with _still(assessment.as_of):
        written = _fitting(assessment, options.paper).write_pdf(pdf_identifier=uuid.UUID(assessment.id).bytes)
    assert isinstance(written, bytes)  # noqa: S101 - write_pdf without a target returns them
    return written


def _fitting(assessment: Assessment, paper: str) -> Document:
    """The fullest document within MOST_PAGES, else the shortest one.

    Layout is the cost, in time and in memory: a document whose text is plainly too long is not laid out.
    """
    for detail in DETAILS[:-1]:
        text = document(assessment, detail)
        dense = min(detail.image_pages, len(assessment.images)) * (IMAGE_CHARACTERS - detail.characters)
        if len(text) - dense > MOST_PAGES * detail.characters:
            continue
        drawn = draw(text, paper)
        if len(drawn.pages) <= MOST_PAGES:
            return drawn
        del drawn
        gc.collect()
    return draw(document(assessment, DETAILS[-1]), paper)


@contextmanager
def _still(as_of: str) -> Iterator[None]:
    """Garbage is collected rarely (a third of the time of a long layout), and the clock of font subsets stands."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    thresholds = gc.get_threshold()
    os.environ["SOURCE_DATE_EPOCH"] = str(int(datetime.fromisoformat(as_of).timestamp()))
    gc.set_threshold(*RARE)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def _chunks(assessment: Assessment, options: Options) -> Iterator[bytes]:
    yield pdf_bytes(assessment, options)


def _write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    yield OutputFile(path="packet.pdf", media_type="application/pdf", chunks=_chunks(assessment, options))


EXPORTER = Exporter(id="pdf", title="Packet for people, to print and sign", write=_write)
