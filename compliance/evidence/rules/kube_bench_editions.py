"""The number of an item in an older edition of the CIS Kubernetes Benchmark in; its number in edition 2.0.1 out.

An item is the same where kube-bench's file of each edition and the catalogs of several tools ask the same in both.
Source: kube-bench a73ce378 (9 June 2026), cfg/cis-*/*.yaml, ids and limits alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

FRAMEWORK = "cis-kubernetes"
EDITION = "2.0.1"


class Limit(Enum):
    """How far the limit of an older edition is that of 2.0.1."""

    SAME = ""
    LOOSER = "<"
    STRICTER = ">"


class Item(NamedTuple):
    """An item of edition 2.0.1, and how the older edition's limit stands to its own."""

    number: str
    limit: Limit


_PODS_9 = "1 2 3 4 5 6 7 8 - 9 10 11 12"
_FILES_STRICT = {
    "1.1": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20> 21",
    "4.1": "1 2 3 4 5 6 7> 8 9 10",
}
_API_1_24 = "1 2 3 4 5 6 7 8 9 10 11 - 12 13 14 - 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29<"
_KUBELET_13 = "1 2 3 4 5 6 7 8 9 10 11 12< 13"
_KUBELET_1_24 = "1 2 3 4 5 - 6 7 8 9 10 11 12<"
_PODS_1_20 = "2 3 4 5 6 7 8 - 9"
_GENERAL = {"5.7": "1 2 3 4"}
_OLD_GENERAL = {"5.3": "- -", "5.7": "1 2 - 4"}
_SECTIONS_1_10 = {
    **_FILES_STRICT,
    **_GENERAL,
    "1.2": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29<",
    "4.2": _KUBELET_13,
    "5.2": _PODS_9,
}
#: By edition as kube-bench names it, and section: where each item of the section is in 2.0.1, `-` for those that have
#: no like there, `<` behind one with a looser limit, `>` with a stricter one. Sections not listed are the same.
_SECTIONS: Mapping[str, Mapping[str, str]] = {
    "cis-1.12": {},
    "cis-1.11": {
        "1.2": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29< 30",
        "4.2": "1 2 3 4 5 6 7 8 9 10 11 12< 13 14 -",
        "5.2": _PODS_9,
    },
    "cis-1.10": _SECTIONS_1_10,
    "cis-1.9": _SECTIONS_1_10,
    "cis-1.8": {
        **_SECTIONS_1_10,
        "1.2": "1 2 3 4 5 6 7 8 9 10 11 - 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29<",
    },
    "cis-1.7": {**_SECTIONS_1_10, "1.2": _API_1_24},
    "cis-1.24": {**_SECTIONS_1_10, "1.2": _API_1_24, "4.2": _KUBELET_1_24},
    "cis-1.23": {
        **_GENERAL,
        "1.1": "1< 2 3< 4 5< 6 7< 8 9< 10 11 12 13 14 15< 16 17< 18 19 20 21",
        "1.2": "1 2 3 - 4 5 6 7 8 9 10 11 - 12 13 14 - 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29<",
        "4.1": "1< 2 3< 4 5< 6 7 8 9< 10",
        "4.2": _KUBELET_1_24,
        "5.2": _PODS_9,
    },
    "cis-1.20": {
        **_OLD_GENERAL,
        "1.1": "1< 2 3< 4 5< 6 7< 8 9< 10 11 12 - 14 15< 16 17< 18 19 20 21",
        "1.2": "1 2 - 4 5 6 7 8 9 10 11 - 12 13 - 14 - - - 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29<",
        "4.1": "1< 2 3< 4 5< 6 7 8 9< 10",
        "4.2": _KUBELET_1_24,
        "5.2": _PODS_1_20,
    },
    "cis-1.6": {
        **_OLD_GENERAL,
        "1.1": "1< 2 3< 4 5< 6 7< 8 9< 10 11 12 - 14 15< 16 17< 18 19 20 21",
        "1.2": "1 - 2 - 4 5 6 7 8 9 10 11 - 12 13 - 14 - - - 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29<",
        "4.1": "1< 2 3< - 5< 6 7 8 9< 10",
        "4.2": _KUBELET_1_24,
        "5.2": _PODS_1_20,
    },
    "cis-1.5": {
        **_OLD_GENERAL,
        "1.1": "1< 2 3< 4 5< 6 7< 8 9 10 11 12 - 14 15< 16 17< 18 19 20 21",
        "1.2": "1 - 2 - 4 5 6 7 8 9 10 11 - 12 13 - 14 - - - 15 16 17 18 19 20 21 22 23 24 25 26 27 28< 29<",
        "4.1": "1< 2 - - - - 7 8 - -",
        "4.2": "1 2 3 4 5 - 6 7 8 9 10 - 12<",
        "5.2": _PODS_1_20,
    },
}
#: Sections that have another number in 2.0.1, in the editions that list them.
_RENAMED = {"5.7": "5.6"}
#: What kube-bench has besides: numbers of other benchmarks, which lead to none of ours.
OTHERS = frozenset(
    (
        "ack-1.0",
        "aks-1.0",
        "aks-1.7",
        "aks-1.8",
        "cis-1.24-microk8s",
        "cis-1.6-k3s",
        "eks-1.0.1",
        "eks-1.1.0",
        "eks-1.2.0",
        "eks-1.5.0",
        "eks-1.7.0",
        "eks-1.8.0",
        "eks-stig-kubernetes-v1r6",
        "gke-1.0",
        "gke-1.2.0",
        "gke-1.6.0",
        "gke-1.8.0",
        "gke-1.9.0",
        "k3s-cis-1.23",
        "k3s-cis-1.24",
        "k3s-cis-1.7",
        "k3s-cis-1.8",
        "k3s-cis-1.9",
        "rh-0.7",
        "rh-1.0",
        "rh-1.4",
        "rh-1.8",
        "rke-cis-1.23",
        "rke-cis-1.24",
        "rke-cis-1.7",
        "rke2-cis-1.23",
        "rke2-cis-1.24",
        "rke2-cis-1.7",
        "rke2-cis-1.8",
        "tkgi-1.2.53",
    )
)
#: Editions of the CIS Kubernetes Benchmark whose numbers are known here.
EDITIONS = frozenset(_SECTIONS)


def in_newest(version: str, number: str) -> Item | None:
    """The item of 2.0.1 that an item of an edition is; None where it has no like there, or the edition is not known."""
    sections = _SECTIONS.get(version)
    section, _, item = number.rpartition(".")
    if sections is None or not section or not item.isascii() or not item.isdecimal() or len(item) > 2:
        return None
    if section not in sections:
        return Item(number, Limit.SAME)
    places = sections[section].split()
    place = places[int(item) - 1] if 1 <= int(item) <= len(places) else "-"
    if place == "-":
        return None
    digits = place.rstrip("<>")
    return Item(f"{_RENAMED.get(section, section)}.{digits}", Limit(place[len(digits) :]))
