"""Counts what the components of an SBOM state of the minimum elements: columns of values in, `Stated` out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, product
from typing import TypeVar

from compliance.evidence.purl import plain_text
from compliance.model.sbom import SbomTool, Stated

T = TypeVar("T")

#: What stands where a value is not known.
#: Source: SPDX 2.3, 3.2 (NOASSERTION, NONE); `unknown` is what tools write into CycloneDX.
_WORDS = ("NOASSERTION", "NONE", "UNKNOWN", "N/A")
#: The same in every mixture of small and capital letters, so that one look-up tells; and no text at all.
NOTHING: frozenset[str | None] = frozenset(
    ("", None, *("".join(letters) for word in _WORDS for letters in product(*((a, a.lower()) for a in word))))
)
#: Names that are kept of the components that do not state an element.
MAX_NAMED = 5
#: Authors and other short lists of the document itself.
MAX_LISTED = 20
#: Words for when an SBOM was made. Source: CISA, "Types of Software Bill of Materials (SBOM) Documents" (2023).
_PHASE = r"(design|source|build|analy[sz]ed|deployed|runtime)"
_LABELLED = re.compile(rf"\bsbom[ _-]{{0,3}}type[ _]{{0,3}}[:=][ ]{{0,3}}{_PHASE}\b", re.IGNORECASE)
_NAMED = re.compile(rf"\b{_PHASE}\b", re.IGNORECASE)
#: How much of a comment is searched for a phase.
_COMMENT = 4096


def says(text: str | None) -> bool:
    """Whether a text is a statement: not absent, blank, NOASSERTION, NONE or unknown."""
    return text not in NOTHING and (text[0] > " " or text.strip() not in NOTHING)  # type: ignore[index, union-attr]  # None is in NOTHING


def quiet(texts: Iterable[str | None]) -> frozenset[str | None]:
    """Those of many texts that are no statement: each distinct one is looked at once."""
    return frozenset(text for text in set(texts) if not says(text))


def summed(text: str | None) -> bool:
    """Whether a text is a checksum; zeros alone stand for one that nobody computed."""
    return says(text) and (text or "").strip().strip("0") != ""


def stated(
    element: str,
    total: int,
    open_: Sequence[T],
    fallbacks: Sequence[tuple[str, Callable[[T], object]]],
    named: Callable[[T], str],
) -> Stated:
    """One element: `open_` are the components, of `total`, that do not state it in the format's own field.

    Each fallback tells whether a component states it in one other field.
    """
    weak: list[T] = []
    rests: list[tuple[str, int]] = []
    missing = open_
    for field, holds in fallbacks:
        if not missing:
            break
        held = list(map(holds, missing))
        resting = list(compress(missing, held))
        if resting:
            rests.append((field, len(resting)))
            weak += resting[:MAX_NAMED]
            missing = [one for one, rests_on in zip(missing, held, strict=True) if not rests_on]
    return Stated(
        element=element,
        strict=total - len(open_),
        with_fallback=total - len(missing),
        fallbacks=tuple(sorted(rests, key=lambda rest: (-rest[1], rest[0]))),
        missing=tuple(named(one) for one in missing[:MAX_NAMED]),
        weak=tuple(named(one) for one in weak[:MAX_NAMED]),
    )


def phases(comment: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Phases that a comment states as the type of the SBOM, and, where it states none, those it mentions."""
    text = (comment or "")[:_COMMENT]
    labelled = tuple(sorted({found.lower() for found in _LABELLED.findall(text)}))
    return (labelled, ()) if labelled else ((), tuple(sorted({found.lower() for found in _NAMED.findall(text)})))


def listed_texts(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Statements among texts, plain, each once, sorted; at most `MAX_LISTED`."""
    return tuple(sorted({plain_text(text.strip()) for text in texts if text and says(text)})[:MAX_LISTED])


def tools_stated(tools: Iterable[tuple[str | None, str | None]]) -> tuple[SbomTool, ...]:
    """Tools with a name or a version, sorted, each once."""
    found = {
        SbomTool(plain_text(name) if says(name) else "", plain_text(version) if says(version) else "")
        for name, version in tools
    }
    return tuple(sorted(found - {SbomTool("", "")})[:MAX_LISTED])


def name_of(name: str | None, version: str | None) -> str:
    """A component as a reason names it."""
    return f"{plain_text(name).strip() or 'nameless'} {plain_text(version)}".rstrip()
