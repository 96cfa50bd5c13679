"""The reader of CVE records with CISA's decision points (Vulnrichment): one record or an array of them in; SSVC out.

Sources: CVEProject/cve-schema 5.1, CVE_Record_Format.json; cisagov/vulnrichment, README (the ADP container).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.recognition import JSON_TOKEN, without_mark
from compliance.evidence.sbom_parts import locate
from compliance.evidence.vulnerabilities.parts import (
    CATALOG,
    Source,
    cleaned,
    date_of,
    decoded,
    identifier,
    origin_of,
    part,
    reading,
    splitter,
    subject_of,
    too_many,
    unambiguous,
)
from compliance.model.evidence import SubjectType
from compliance.model.reader import Reader, Record
from compliance.model.vulnerability import SsvcRecord

#: Most records of one file.
MAX_RECORDS = 100_000
#: CISA, as the CVE program numbers it.
_CISA = "134c704f-9b21-4f2e-91b3-4a467353bcc0"


class _Provider(msgspec.Struct, rename="camel"):
    org_id: str | None = None
    short_name: str | None = None


class _Content(msgspec.Struct):
    id: str | None = None
    timestamp: str | None = None
    options: list[dict[str, str]] | None = None


class _Other(msgspec.Struct):
    type: str | None = None
    content: msgspec.Raw = msgspec.Raw()


class _Metric(msgspec.Struct):
    other: _Other | None = None


class _Publisher(msgspec.Struct, rename="camel"):
    title: str | None = None
    provider_metadata: _Provider | None = None
    metrics: list[_Metric] | None = None


class _Containers(msgspec.Struct):
    adp: list[_Publisher] | None = None


class _About(msgspec.Struct, rename="camel"):
    cve_id: str | None = None
    state: str | None = None


class _Cve(msgspec.Struct, rename="camel"):
    data_type: str | None = None
    cve_metadata: _About | None = None
    containers: _Containers | None = None


_one = msgspec.json.Decoder(_Cve)
_many = msgspec.json.Decoder(list[_Cve])
_content = msgspec.json.Decoder(_Content)


def identify(head: bytes) -> bool:
    """Whether the outermost object, or the first of an outermost array, is a CVE record."""
    if b'"cveMetadata"' not in head and b'"CVE_RECORD"' not in head:
        return False
    text = without_mark(head).lstrip()
    wanted = {b"{": 1, b"[": 2}.get(text[:1], 0)
    depth = 0
    keys: set[bytes] = set()
    for token in JSON_TOKEN.finditer(text) if wanted else ():
        if token[0] in (b"{", b"["):
            depth += 1
        elif token[0] in (b"}", b"]"):
            depth -= 1
        elif depth == wanted and token[2]:
            keys.add(token[1])
    return b"cveMetadata" in keys or keys >= {b"dataType", b"containers"}


def records(data: bytes, source: Source) -> Iterator[Record]:
    """A record for each CVE; its points are empty where CISA has set none.

    Raises:
        EvidenceError: it cannot be read.
    """
    if without_mark(data).lstrip()[:1] == b"[":
        found, many = decoded(data, _many), True
    else:
        found, many = [decoded(data, _one)], False
    if len(found) > MAX_RECORDS:
        raise too_many(len(found), "CVE records")
    stated = [one.containers for one in found if one.containers is not None]
    metrics = [metric for one in stated for by in one.adp or () for metric in by.metrics or ()]
    unambiguous(
        data,
        {
            b'"cveMetadata"': len(found),
            b'"containers"': len(found),
            b'"adp"': sum(one.adp is not None for one in stated),
            b'"options"': sum(metric.other is not None for metric in metrics),
        },
    )
    for number, one in enumerate(found):
        yield _record(one, source, f"{source.base}/{number}" if many else source.base, number if many else None)


def _record(one: _Cve, source: Source, base: str, number: int | None) -> SsvcRecord:
    if one.data_type not in (None, "CVE_RECORD"):
        raise EvidenceError("its dataType is not CVE_RECORD", pointer=f"{base}/dataType")
    id = identifier(one.cve_metadata.cve_id if one.cve_metadata is not None else None, f"{base}/cveMetadata/cveId")
    content, at = _points(one, base)
    if content.id and identifier(content.id, at) != id:
        raise EvidenceError(f"its decision points are about {cleaned(content.id)}, not {id}", pointer=f"{at}/id")
    points = {key: value for option in content.options or () for key, value in option.items()}
    return SsvcRecord(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.CATALOG, f"CISA SSVC {id}", number),
        id=id,
        exploitation=cleaned(points.get("Exploitation")).lower(),
        automatable=cleaned(points.get("Automatable")).lower(),
        technical_impact=cleaned(points.get("Technical Impact")).lower(),
        timestamp=date_of(content.timestamp, "", []) or "",
        pointer=at,
    )


def _points(one: _Cve, base: str) -> tuple[_Content, str]:
    """The newest decision points that CISA itself has set, and their place."""
    best = (_Content(), f"{base}/containers/adp")
    for number, publisher in enumerate(one.containers.adp or () if one.containers is not None else ()):
        provider = publisher.provider_metadata or _Provider()
        if provider.org_id != _CISA and provider.short_name != "CISA-ADP":
            continue
        for index, metric in enumerate(publisher.metrics or ()):
            if metric.other is None or (metric.other.type or "").lower() != "ssvc":
                continue
            at = f"{base}/containers/adp/{number}/metrics/{index}/other/content"
            found = part(metric.other.content, _content, at) or _Content()
            if best[0].options is None or (found.timestamp or "") > (best[0].timestamp or ""):
                best = (found, at)
    return best


READER = Reader(
    id="ssvc",
    title="CISA's decision points for CVEs (Vulnrichment)",
    revision=1,
    evidence_kinds=("kev",),
    identify=identify,
    split=splitter(CATALOG),
    read=reading(CATALOG, records),
    locate=locate,
    record=SsvcRecord,
)
