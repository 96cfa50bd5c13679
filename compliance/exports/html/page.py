"""Assessment to one HTML page: the summary as plain HTML, the tables as a compressed data block and our script."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator

from markupsafe import Markup

from compliance.exports.html.data import data_of
from compliance.exports.html.hosts import host_counts
from compliance.model.assessment import Assessment, Options, OutputFile
from compliance.rendering.environment import packaged, render
from compliance.rendering.links import Links, links_of
from compliance.rendering.proof import sums, trusts
from compliance.rendering.states import CONTROL_STATES, by_outcome, by_state
from compliance.rendering.text import cut
from compliance.rendering.views import file_kinds, framework_names, inherited, system_name

#: Actions, requests, deviations and reviews printed as plain HTML; all are in assessment.json.
MOST_LISTED = 500


def html_text(assessment: Assessment, data: bytes) -> str:
    """The page round a compressed data block; it asks for nothing outside itself and runs one script, named by hash."""
    links = links_of(assessment)
    script, style = packaged("html/packet.js"), packaged("html/page.css")
    return render(
        "html/page.html.j2",
        {
            "a": assessment,
            "l": links,
            "title": f"Audit packet: {cut(system_name(assessment), 120)}",
            "system": system_name(assessment),
            "framework_names": framework_names(assessment),
            "file_kinds": file_kinds(assessment),
            "inherited": inherited(assessment),
            "reviewed": tuple(f for result in assessment.results for f in result.findings if f.review is not None),
            "control_href": _href(links),
            "evidence_of": links.evidence,
            "most": MOST_LISTED,
            "counts_json": _inert(_counts(assessment)),
            "data": Markup(base64.b64encode(data).decode("ascii")),  # noqa: S704 - base64 has no markup
            "data_sha256": hashlib.sha256(data).hexdigest(),
            "script": Markup(script),  # noqa: S704 - ours, no data
            "style": Markup(style),  # noqa: S704 - ours, no data
            "script_hash": _source_hash(script),
            "style_hash": _source_hash(style),
        },
    )


def _href(links: Links) -> Callable[[str, str], str | None]:
    def href(framework: str, control: str) -> str | None:
        if links.control(framework, control) is None:
            return None
        return f"#/controls?open={_component(framework)}%2F{_component(control)}"

    return href


def _component(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="", errors="replace")


def _source_hash(text: str) -> str:
    """What a Content-Security-Policy calls an inline script or style sheet. Source: CSP Level 3, 2.3.1."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _counts(assessment: Assessment) -> dict[str, object]:
    """The counts of every framework and of all observations, for machines that compare formats."""
    totals: dict[str, int] = {}
    for result in assessment.checks:
        for state, value in by_outcome(result.counts):
            totals[state.word] = totals.get(state.word, 0) + value
    return {
        "packet": assessment.id,
        "as_of": assessment.as_of,
        "frameworks": {
            str(result.framework.id): {state.key: value for state, value in by_state(result.counts)}
            | {"controls": result.counts.total}
            for result in assessment.results
        },
        "states": {state.key: state.word for state in CONTROL_STATES},
        "observations": dict(sorted(totals.items())),
        "observations_total": len(assessment.observations),
        **_proof_counts(assessment),
        **host_counts(assessment),
    }


def _proof_counts(assessment: Assessment) -> dict[str, object]:
    """Vulnerabilities by state and attestations by trust, where any was handed in."""
    found: dict[str, object] = {}
    if assessment.vulnerabilities.scans:
        found["vulnerabilities"] = dict(sums(assessment.vulnerabilities))
    if assessment.attestations:
        found["attestations"] = {state.word: value for state, value in trusts(assessment.attestations)}
    return found


def _inert(value: object) -> Markup:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=True, sort_keys=True)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def compressed(value: object) -> bytes:
    """JSON in the gzip format without a time in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(text) + packer.flush()


def _chunks(assessment: Assessment) -> Iterator[bytes]:
    data = compressed(data_of(assessment, links_of(assessment)))
    yield html_text(assessment, data).encode("utf-8", "replace")


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:  # noqa: ARG001 - the contract of exporters
    """packet.html, made when its bytes are asked for."""
    yield OutputFile(path="packet.html", media_type="text/html", chunks=_chunks(assessment))
