"""Reports of images as rows of the data block of packet.html."""

from __future__ import annotations

from collections.abc import Mapping

from compliance.model.assessment import Assessment
from compliance.model.evidence import Location
from compliance.model.image_report import ImageReport
from compliance.rendering.images import (
    LINK_NAMES,
    LINK_STATES,
    STANDING_STATES,
    digest_of,
    fact_rows,
    failing,
    os_of,
    packages_of,
    packages_total,
    ranked,
    secrets_of,
)
from compliance.rendering.text import clean, cut, size

#: Images with a row and a drawer; of each, layers, files of one sort, workloads and faults that are listed.
MOST_IMAGES, MOST_LAYERS, MOST_FILES, MOST_WORKLOADS, MOST_FAULTS = 2_000, 60, 25, 20, 10

Files = Mapping[tuple[str, str], int]


def _plain(text: str, longest: int = 600) -> str:
    return cut(clean(text), longest)


def image_states() -> dict[str, list[str]]:
    """The states of facts and links by their word in assessment.json: class, word, shape."""
    states = {standing.value: state for standing, state in STANDING_STATES.items()}
    states |= {link.value: state for link, state in LINK_STATES.items() if link.value not in states}
    return {word: [state.key, state.word, state.glyph] for word, state in states.items()}


def image_rows(assessment: Assessment, files: Files) -> list[dict[str, object]]:
    """The first MOST_IMAGES images, those of which most is not as asked first; `files` are numbers of evidence."""
    return [_row(report, files) for report in ranked(assessment.images)[:MOST_IMAGES]]


def _row(report: ImageReport, files: Files) -> dict[str, object]:
    image, root = report.image, report.image.filesystem
    return {
        "id": _plain(image.subject.id),
        "name": _plain(image.said),
        "names": [_plain(name) for name in image.names[:20]],
        "digest": _plain(digest_of(image)),
        "digests": [[name, _plain(value)] for name, value in _digests(report) if value],
        "platform": _plain(image.platform),
        "form": image.form.replace("-", " "),
        "class": root.base_class.value if root else "not known",
        "class_because": _plain(root.base_because) if root else "only the configuration was handed in, no layer",
        "os": _plain(os_of(root)),
        "libc": _plain(root.libc) if root else "",
        "uid": report.uid,
        "user": _plain(report.uid_words),
        "age": report.age_days,
        "age_words": _plain(report.age_words),
        "size": image.size if root else None,
        "size_words": f"{size(image.size)} as stored, {size(root.size)} unpacked" if root else "not known",
        "files": root.files if root else None,
        "packages": packages_total(root),
        "ecosystems": [[_plain(name), number] for name, number in packages_of(root)],
        "secrets": secrets_of(image),
        "failing": failing(report),
        "base": _plain(report.base_words),
        "owner": _plain(report.owner),
        "incomplete": _plain(image.incomplete),
        "scannable": _plain(root.scannable) if root else "",
        "faults": [_plain(fault.words) for fault in image.faults[:MOST_FAULTS]],
        "faults_total": image.faults_total,
        "place": _place(report.place, files),
        "run_by": [_plain(one) for one in report.run_by[:MOST_WORKLOADS]],
        "run_by_total": len(report.run_by),
    } | _judged(report, files)


def _digests(report: ImageReport) -> tuple[tuple[str, str | None], ...]:
    digests = report.image.digests
    return (("Index", digests.index), ("Manifest", digests.manifest), ("Image id", digests.config))


def _judged(report: ImageReport, files: Files) -> dict[str, object]:
    layers = report.layers[:MOST_LAYERS]
    return {
        "pillars": [
            [one.standing.value, _plain(one.title), [_plain(fact) for fact in one.facts], _plain(one.missing)]
            for one in report.pillars
        ],
        "hardening": [
            [one.standing.value, _plain(one.title), _plain(one.because), _place(one.at, files)]
            for one in report.hardening
        ],
        "links": [
            [one.link.value, LINK_NAMES[one.kind], _plain(one.because), _place(one.at, files)] for one in report.chain
        ],
        "identity": {one.kind: one.link.value for one in report.identity},
        "open": report.vulnerabilities.counts.open if report.vulnerabilities else None,
        "overdue": report.vulnerabilities.overdue if report.vulnerabilities else None,
        "layers": [
            [
                row.number,
                _plain(row.origin_of),
                row.size,
                row.members,
                _plain(row.created_by, 400),
                _plain(row.digest or row.diff_id),
            ]
            for row in layers
        ],
        "layers_total": len(report.layers),
        "found": [
            [row.title, [[_plain(path, 300), layer, _plain(what, 200)] for path, layer, what in row.files], row.total]
            for row in fact_rows(report.image, MOST_FILES)
        ],
    }


def _place(at: Location | None, files: Files) -> list[object]:
    """Number of the evidence file and pointer; empty without a place."""
    return [] if at is None else [files.get((at.path, at.sha256), -1), _plain(at.pointer)]
