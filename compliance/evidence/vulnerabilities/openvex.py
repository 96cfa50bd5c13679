"""The reader of OpenVEX: a document's bytes in; one VexDocument out.

Source: openvex/spec, OPENVEX-SPEC.md 0.2.0; openvex/go-vex, pkg/vex for 0.0.1 and 0.0.2, whose vulnerabilities and
products are plain texts. A context without a version means 0.0.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.sbom_parts import locate, top_keys
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
from compliance.evidence.vulnerabilities.vex_parts import NOTHING, Things, digest_of, problem_of, things
from compliance.model.evidence import SubjectType
from compliance.model.reader import Reader, Record
from compliance.model.vulnerability import JUSTIFICATIONS, VexDocument, VexStatement

VERSIONS = ("0.0.1", "0.0.2", "0.2.0")
_CONTEXT = re.compile(r"https?://openvex\.dev/ns(?:/v?([0-9][0-9a-z.-]{0,20}))?/?")
#: Notes on dates that are kept of one document.
_MAX_NOTES = 20


class _Identifiers(msgspec.Struct):
    purl: str | None = None


class _Vulnerability(msgspec.Struct):
    id: str | None = msgspec.field(name="@id", default=None)
    name: str | None = None
    aliases: list[str] | None = None


class _Component(msgspec.Struct):
    id: str | None = msgspec.field(name="@id", default=None)
    identifiers: _Identifiers | None = None
    hashes: dict[str, str] | None = None


class _Product(msgspec.Struct):
    id: str | None = msgspec.field(name="@id", default=None)
    identifiers: _Identifiers | None = None
    hashes: dict[str, str] | None = None
    subcomponents: list[str | _Component] | None = None


class _Statement(msgspec.Struct):
    vulnerability: str | _Vulnerability | None = None
    aliases: list[str] | None = None
    products: list[str | _Product] | None = None
    subcomponents: list[str] | None = None
    status: str | None = None
    justification: str | None = None
    impact_statement: str | None = None
    action_statement: str | None = None
    timestamp: str | None = None


class _Document(msgspec.Struct):
    context: str | list[msgspec.Raw] | None = msgspec.field(name="@context", default=None)
    author: str | None = None
    timestamp: str | None = None
    last_updated: str | None = None
    statements: list[_Statement] | None = None


_decoder = msgspec.json.Decoder(_Document)


def identify(head: bytes) -> bool:
    """Whether the outermost object is an OpenVEX document."""
    if b"openvex.dev/ns" not in head:
        return False
    keys = top_keys(head)
    if keys & {b"_type", b"predicateType", b"payloadType"}:
        return False
    return b"@context" in keys or b"statements" in keys


def records(data: bytes, source: Source) -> Iterator[Record]:
    """The document.

    Raises:
        EvidenceError: it cannot be read.
    """
    document = decoded(data, _decoder)
    base = source.base
    version = _version(document.context)
    if version not in VERSIONS:
        raise EvidenceError(
            f"OpenVEX {version or 'without its context'} is not read by this version of the tool "
            f"({', '.join(VERSIONS)} are)",
            pointer=f"{base}/@context",
        )
    given = document.statements or []
    if len(given) > MAX_FINDINGS:
        raise too_many(len(given), "statements")
    _once(data, given)
    notes: list[str] = []
    created_at = "last_updated" if document.last_updated else "timestamp"
    created = date_of(document.last_updated or document.timestamp, created_at, notes)
    issued = date_of(document.timestamp, "timestamp", []) or created or ""
    if not document.timestamp:
        notes.append("it states no timestamp, which OpenVEX asks for")
    yield VexDocument(
        origin=origin_of(source),
        subject=subject_of(source, SubjectType.VEX, ""),
        format="openvex",
        version=version,
        author=told(document.author),
        author_at=f"{base}/author",
        created=created,
        created_at=f"{base}/{created_at}",
        statements=tuple(_statements(given, issued, f"{base}/statements", notes)),
        notes=tuple(notes[:_MAX_NOTES]),
    )


def _once(data: bytes, given: list[_Statement]) -> None:
    """Nothing, for a document in which no key that decides stands twice.

    Raises:
        EvidenceError: one does.
    """
    unambiguous(
        data,
        {
            b'"statements"': 1,
            b'"author"': 1,
            b'"status"': len(given),
            b'"vulnerability"': sum(one.vulnerability is not None for one in given),
            b'"justification"': sum(one.justification is not None for one in given),
        },
    )


def _version(context: str | list[msgspec.Raw] | None) -> str:
    """0.0.1 for a context without one; empty text when it is none of OpenVEX."""
    texts = [context] if isinstance(context, str) else [_text(raw) for raw in context or ()]
    for text in texts:
        if found := _CONTEXT.fullmatch(text.strip()[:100]):
            return found[1] or "0.0.1"
    return ""


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode("utf-8", "replace").strip('"')


def _statements(given: list[_Statement], issued: str, at: str, notes: list[str]) -> Iterator[VexStatement]:
    """One for each statement and group of products with the same components."""
    total = 0
    for number, one in enumerate(given):
        place = f"{at}/{number}"
        stated = date_of(one.timestamp, f"the timestamp of statement {number + 1}", notes)
        when = stated or ("" if one.timestamp else issued)
        groups = list(_groups(one))
        total += len(groups)
        if total > MAX_FINDINGS:
            raise too_many(total, "statements and products")
        for products, components in groups:
            yield _statement(one, products, components, when, place)


def _statement(one: _Statement, products: Things, components: Things, when: str, at: str) -> VexStatement:
    found = one.vulnerability
    names = [found] if isinstance(found, str) or found is None else [found.name or _last_part(found.id)]
    others = [*(one.aliases or ()), *(found.aliases or () if isinstance(found, _Vulnerability) else ())]
    id = identifier(names[0], f"{at}/vulnerability")
    status, justification, impact = cleaned(one.status), cleaned(one.justification), told(one.impact_statement)
    return VexStatement(
        id=id,
        aliases=aliases_of(id, others),
        status=status,
        status_as_written=status,
        justification=justification if justification in JUSTIFICATIONS else "",
        justification_note=problem_of(status, justification, impact, one.action_statement or ""),
        impact=impact,
        products=products.names,
        components=components.names,
        timestamp=when,
        pointer=at,
        product_packages=products.packages,
        component_packages=components.packages,
    )


def _last_part(address: str | None) -> str | None:
    """`https://nvd.nist.gov/vuln/detail/CVE-2024-1` names CVE-2024-1."""
    return address.rstrip("/").rpartition("/")[2] if address else None


def _groups(one: _Statement) -> Iterator[tuple[Things, Things]]:
    """Products with the components that the statement speaks of in them; those with the same ones together."""
    common = things(one.subcomponents or ())
    plain: list[str] = []
    grouped: dict[Things, list[str]] = {}
    for product in one.products or ():
        own = (
            [] if isinstance(product, str) else [name for part in product.subcomponents or () for name in _names(part)]
        )
        # to look a list up costs its length: the common one, for which there may be many products, stands aside
        (grouped.setdefault(things(own), []) if own else plain).extend(_names(product))
    if plain or not one.products or not grouped:
        # a product that nothing can be compared with must not come out as whatever the document is signed for
        yield (things(plain) if plain else NOTHING if one.products else things(())), common
    for components, products in grouped.items():
        found = things(products)
        yield found if found.names else NOTHING, components


def _names(found: str | _Product | _Component) -> Iterable[str]:
    """By hash alone where it has one: the same name may be another build."""
    if isinstance(found, str):
        return [found]
    digests = [
        digest
        for kind, value in sorted((found.hashes or {}).items())
        if kind.lower().replace("-", "") == "sha256" and (digest := digest_of(value))
    ]
    purl = found.identifiers.purl if found.identifiers is not None else None
    return digests or list(filter(None, (found.id, purl)))


READER = Reader(
    id="openvex",
    title="VEX statements in OpenVEX",
    revision=1,
    evidence_kinds=("vex",),
    identify=identify,
    split=splitter(VEX),
    read=reading(VEX, records),
    locate=locate,
    record=VexDocument,
)
