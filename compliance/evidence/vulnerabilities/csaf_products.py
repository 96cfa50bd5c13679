"""The product tree of a CSAF document: product ids in; what they name, in what, and whether it can be compared, out.

Source: OASIS CSAF 2.0, 3.2.2 (product tree), 3.1.1 (branches), 3.1.3 (full product name).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.vulnerabilities.parts import MAX_FINDINGS, MAX_KEPT, too_many
from compliance.evidence.vulnerabilities.vex_parts import NOTHING, Things, digest_of, things

#: Relations that are followed from one product to that which holds it.
MAX_RELATIONS = 30
#: Products of all groups of one document that are compared with those a vulnerability is about; they take a second.
MAX_SOUGHT = 10_000_000


class _FileHash(msgspec.Struct):
    algorithm: str | None = None
    value: str | None = None


class _Hashes(msgspec.Struct):
    file_hashes: list[_FileHash] | None = None


class _Helper(msgspec.Struct):
    purl: str | None = None
    cpe: str | None = None
    hashes: list[_Hashes] | None = None


class _Product(msgspec.Struct):
    product_id: str | None = None
    product_identification_helper: _Helper | None = None


class _Branch(msgspec.Struct):
    category: str | None = None
    product: _Product | None = None
    branches: list[_Branch] | None = None


class _Relationship(msgspec.Struct):
    product_reference: str | None = None
    relates_to_product_reference: str | None = None
    full_product_name: _Product | None = None


class _Group(msgspec.Struct):
    group_id: str | None = None
    product_ids: list[str] | None = None


class Tree(msgspec.Struct):
    """The product tree as it is written."""

    branches: list[_Branch] | None = None
    full_product_names: list[_Product] | None = None
    relationships: list[_Relationship] | None = None
    product_groups: list[_Group] | None = None


class Named(NamedTuple):
    """What a product id names. `note` says why it cannot be compared; empty text when it can."""

    products: Things
    components: Things
    note: str


class Products:
    """A product tree, looked up by id."""

    def __init__(self, tree: Tree) -> None:
        self._named: dict[str, tuple[Things, str]] = {}
        self._related: dict[str, tuple[str, str]] = {}
        self._groups = {one.group_id or "": frozenset(one.product_ids or ()) for one in tree.product_groups or ()}
        self._sought = 0
        for product, is_range in _products(tree):
            self._add(product, is_range=is_range)
        for link in tree.relationships or ():
            if link.full_product_name is None or not link.full_product_name.product_id:
                continue
            self._add(link.full_product_name, is_range=False)
            ends = (link.product_reference or "", link.relates_to_product_reference or "")
            self._related[link.full_product_name.product_id] = ends

    def of(self, id: str) -> Named:
        """What an id names: a product, or a component within the product that it was put into."""
        components: list[Things] = []
        own, note = self._named.get(id, (NOTHING, "the product tree does not hold the product"))
        if id not in self._related:
            return Named(own, things(()), note)
        for _ in range(MAX_RELATIONS):
            if id not in self._related:
                break
            part, id = self._related[id]
            found, problem = self._named.get(part, (NOTHING, "the product tree does not hold the component"))
            components.append(found)
            note = note if note and note != _UNNAMED else problem
        else:
            return Named(NOTHING, things(()), f"products within products, more than {MAX_RELATIONS} deep")
        whole, problem = self._named.get(id, (NOTHING, "the product tree does not hold the product"))
        return Named(whole, components[0], note or problem)

    def members(self, ids: list[str] | None, groups: list[str] | None, among: frozenset[str]) -> frozenset[str]:
        """Those of `among` that stand in a list or in one of its groups.

        Raises:
            EvidenceError: the groups named so far hold more than MAX_SOUGHT of them.
        """
        found = among.intersection(ids or ())
        for group in dict.fromkeys(groups or ()):
            members = self._groups.get(group, frozenset())
            self._sought += min(len(members), len(among))
            if self._sought > MAX_SOUGHT:
                words = (
                    f"more than {MAX_SOUGHT:,} products in the groups that vulnerabilities name; divide the document"
                )
                raise EvidenceError(words, pointer="/product_tree/product_groups")
            found |= among & members
        return found

    def _add(self, product: _Product, *, is_range: bool) -> None:
        id = product.product_id or ""
        if id in self._named:
            raise EvidenceError(
                f"the product id {id[:100]!r} is defined twice; readers would disagree on what it names",
                pointer="/product_tree",
            )
        found = things(_names(product.product_identification_helper))
        note = "" if found.names else _UNNAMED
        if is_range:
            found, note = NOTHING, "it speaks of a range of versions, which is not compared"
        self._named[id] = (found if found.names else NOTHING, note)


_UNNAMED = "the product is named neither by digest nor by package URL"


def _products(tree: Tree) -> Iterator[tuple[_Product, bool]]:
    """Every product, and whether it stands for a range of versions."""
    for product in tree.full_product_names or ():
        yield product, False
    stack = [(branch, False) for branch in reversed(tree.branches or ())]
    seen = 0
    while stack:
        branch, within = stack.pop()
        seen += 1
        if seen > MAX_FINDINGS:
            raise too_many(seen, "branches")
        is_range = within or branch.category == "product_version_range"
        if branch.product is not None:
            yield branch.product, is_range
        stack += [(below, is_range) for below in reversed(branch.branches or ())]


def _names(helper: _Helper | None) -> list[str]:
    """Digests alone where there are any: the same package URL may be another build."""
    if helper is None:
        return []
    digests = [
        digest
        for group in helper.hashes or ()
        for one in group.file_hashes or ()
        if (one.algorithm or "").lower().replace("-", "") == "sha256" and (digest := digest_of(one.value))
    ]
    if len(digests) > MAX_KEPT:
        raise EvidenceError(
            f"{len(digests):,} digests of one product, above the limit of {MAX_KEPT}", pointer="/product_tree"
        )
    return digests or [name for name in (helper.purl, helper.cpe) if name]
