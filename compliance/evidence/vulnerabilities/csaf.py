"""The reader of VEX in CSAF: a document's bytes in; one VexDocument out, its product tree resolved.

Source: OASIS CSAF 2.0, 4.5 (profile 5: VEX), 3.2.3 (vulnerabilities).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.sbom_parts import locate, top_keys
from compliance.evidence.vulnerabilities.csaf_products import Products, Tree
from compliance.evidence.vulnerabilities.parts import (
    MAX_FINDINGS,
    VEX,
    Source,
    aliases_of,
    cleaned,
    date_of,
    decoded,
    identifier,
    origin_of,
    reading,
    splitter,
    subject_of,
    told,
    too_many,
    unambiguous,
)
from compliance.evidence.vulnerabilities.vex_parts import Things, problem_of, with_note
from compliance.model.evidence import SubjectType
from compliance.model.reader import Reader, Record
from compliance.model.vulnerability import JUSTIFICATIONS, VexDocument, VexStatement

VERSION = "2.0"
#: Statuses of products by the words of OpenVEX. `recommended` says which version to take, nothing of exploitability.
_STATUSES = {
    "known_not_affected": "not_affected",
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "fixed": "fixed",
    "first_fixed": "fixed",
    "under_investigation": "under_investigation",
}


class _Publisher(msgspec.Struct):
    name: str | None = None


class _Tracking(msgspec.Struct):
    id: str | None = None
    status: str | None = None
    current_release_date: str | None = None


class _Head(msgspec.Struct):
    category: str | None = None
    csaf_version: str | None = None
    publisher: _Publisher | None = None
    tracking: _Tracking | None = None


class _Id(msgspec.Struct):
    text: str | None = None


class _Status(msgspec.Struct):
    known_not_affected: list[str] | None = None
    known_affected: list[str] | None = None
    first_affected: list[str] | None = None
    last_affected: list[str] | None = None
    fixed: list[str] | None = None
    first_fixed: list[str] | None = None
    under_investigation: list[str] | None = None


class _Said(msgspec.Struct):
    """A flag, a threat or a remediation, of the products it names; of all when it names none."""

    category: str | None = None
    label: str | None = None
    details: str | None = None
    product_ids: list[str] | None = None
    group_ids: list[str] | None = None


class _Vulnerability(msgspec.Struct):
    cve: str | None = None
    ids: list[_Id] | None = None
    product_status: _Status | None = None
    flags: list[_Said] | None = None
    threats: list[_Said] | None = None
    remediations: list[_Said] | None = None


class _Document(msgspec.Struct):
    document: _Head | None = None
    product_tree: Tree | None = None
    vulnerabilities: list[_Vulnerability] | None = None


_decoder = msgspec.json.Decoder(_Document)


def identify(head: bytes) -> bool:
    """Whether the outermost object is a CSAF document."""
    return b'"csaf_version"' in head and b"document" in top_keys(head)


def records(data: bytes, source: Source) -> Iterator[Record]:
    """The document.

    Raises:
        EvidenceError: it cannot be read, or is no VEX.
    """
    found = decoded(data, _decoder)
    base, head = source.base, found.document or _Head()
    _refuse_other(head, base)
    given = found.vulnerabilities or []
    unambiguous(
        data,
        {
            b'"document"': 1,
            b'"product_tree"': 1,
            b'"vulnerabilities"': 1,
            b'"publisher"': 1,
            b'"product_status"': sum(one.product_status is not None for one in given),
        },
    )
    tracking, notes = head.tracking or _Tracking(), list[str]()
    created = date_of(tracking.current_release_date, "tracking.current_release_date", notes)
    products = Products(found.product_tree or Tree())
    draft = "the document is a draft" if tracking.status == "draft" else ""
    statements = _statements(given, products, created or "", f"{base}/vulnerabilities")
    yield VexDocument(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.VEX, cleaned(tracking.id)),
        format="csaf",
        version=VERSION,
        author=told(head.publisher.name if head.publisher is not None else None),
        author_at=f"{base}/document/publisher/name",
        created=created,
        created_at=f"{base}/document/tracking/current_release_date",
        statements=tuple(with_note(one, draft) for one in statements),
        notes=(*notes, *([draft] if draft else [])),
    )


def _refuse_other(head: _Head, base: str) -> None:
    """Nothing, for a document of the version and the profile that is read.

    Raises:
        EvidenceError: it is another.
    """
    if head.csaf_version != VERSION:
        words = cleaned(head.csaf_version) or "without a version"
        raise EvidenceError(
            f"CSAF {words} is not read by this version of the tool ({VERSION} is)",
            pointer=f"{base}/document/csaf_version",
        )
    if head.category != "csaf_vex":
        raise EvidenceError(
            f"its category is {cleaned(head.category) or 'missing'}, not csaf_vex; only that profile asks for the "
            "reasons why a product is not affected",
            pointer=f"{base}/document/category",
        )


class _Kind(NamedTuple):
    """What statements on several products must share to be told as one."""

    status: str
    written: str
    justification: str
    impact: str
    action: str
    components: Things
    note: str


def _statements(given: list[_Vulnerability], products: Products, when: str, at: str) -> Iterator[VexStatement]:
    total = 0
    for number, one in enumerate(given):
        kinds: dict[_Kind, dict[str, Things]] = {}
        for kind, id, named in _kinds(one, products):
            kinds.setdefault(kind, {})[id] = named
            total += 1
            if total > MAX_FINDINGS:
                raise too_many(total, "vulnerabilities and products")
        place = f"{at}/{number}"
        others = [other.text for other in one.ids or ()]
        id = identifier(one.cve or next(filter(None, others), None), place)
        aliases = aliases_of(id, others)
        for kind, named_by_id in kinds.items():
            yield _statement(id, aliases, kind, list(named_by_id.values()), when, place)


def _kinds(one: _Vulnerability, products: Products) -> Iterator[tuple[_Kind, str, Things]]:
    """Each product with its status, and what is said of it."""
    status = one.product_status or _Status()
    listed = {word: getattr(status, word) or [] for word in _STATUSES}
    seen: dict[str, set[str]] = {}
    for word, ids in listed.items():
        for id in ids:
            seen.setdefault(id, set()).add(_STATUSES[word])
    about = frozenset(seen)
    impacts_said = (said for said in one.threats or () if said.category == "impact" and said.details)
    flags = _Lookup((said for said in one.flags or () if said.label), products, about)
    threats = _Lookup(impacts_said, products, about)
    fixes = _Lookup((said for said in one.remediations or () if said.details or said.category), products, about)
    for word, ids in listed.items():
        for id in dict.fromkeys(ids):
            named = products.of(id)
            labels, impacts, actions = flags.of(id), threats.of(id), fixes.of(id)
            twofold = "the same product has another status, too" if len(seen[id]) > 1 else ""
            kind = _Kind(
                status=_STATUSES[word],
                written=word,
                justification=labels[0].label or "" if labels else "",
                impact=told(impacts[0].details) if impacts else "",
                action=told(actions[0].details or actions[0].category) if actions else "",
                components=named.components,
                note="; ".join(filter(None, (named.note, twofold))),
            )
            yield kind, id, named.products


class _Lookup:
    """Flags, threats or remediations by the product they speak of, of those a vulnerability is about, in order."""

    def __init__(self, given: Iterable[_Said], products: Products, about: frozenset[str]) -> None:
        self._of: dict[str, list[_Said]] = {}
        self._all: list[_Said] = []
        for said in given:
            if not said.product_ids and not said.group_ids:
                self._all.append(said)
                continue
            for id in products.members(said.product_ids, said.group_ids, about):
                self._of.setdefault(id, []).append(said)

    def of(self, id: str) -> list[_Said]:
        """What is said of a product itself, else of all."""
        return self._of.get(id) or self._all


def _statement(id: str, aliases: tuple[str, ...], kind: _Kind, named: list[Things], when: str, at: str) -> VexStatement:
    products = dict(pair for one in named for pair in zip(one.names, one.packages, strict=True))
    made = VexStatement(
        id=id,
        aliases=aliases,
        status=kind.status,
        status_as_written=kind.written,
        justification=kind.justification if kind.justification in JUSTIFICATIONS else "",
        justification_note=problem_of(kind.status, kind.justification, kind.impact, kind.action),
        impact=kind.impact,
        products=tuple(products),
        components=kind.components.names,
        timestamp=when,
        pointer=f"{at}/product_status/{kind.written}",
        product_packages=tuple(products.values()),
        component_packages=kind.components.packages,
    )
    return with_note(made, kind.note)


READER = Reader(
    id="csaf",
    title="VEX statements in CSAF",
    revision=1,
    evidence_kinds=("vex",),
    identify=identify,
    split=splitter(VEX),
    read=reading(VEX, records),
    locate=locate,
    record=VexDocument,
)
