"""Catalogs of the evidence and a day in; the one of each that counts on that day, and whether it is recent, out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from compliance.model.configuration import Parameters
from compliance.model.image_words import short
from compliance.model.supply_chain import SupplyChain
from compliance.model.times import is_after, moment
from compliance.model.vulnerability import EpssScores, KevCatalog, SsvcRecord

_NEVER = datetime.min.replace(tzinfo=UTC)

T = TypeVar("T")


class Catalogs(NamedTuple):
    """The newest of each kind that is not dated after the day; of known exploited ones a later one where it is alone.

    Only a recent catalog says that something is not known to be exploited, and only recent scores that it is not
    likely to be. `later` are sentence parts on those that are dated after the day.
    """

    kev: KevCatalog | None
    kev_recent: bool
    epss: EpssScores | None
    epss_recent: bool
    later: tuple[str, ...]


class Epss(NamedTuple):
    """A probability of exploitation in parts per million, who states it, and whether that is of these days."""

    value: int
    source: str
    recent: bool


def catalogs(chain: SupplyChain, params: Parameters, as_of: datetime) -> Catalogs:
    """What counts on the day of the assessment."""
    kev = _newest(((one.released, one) for one in chain.kev), as_of)
    epss = _newest(((one.scored, one) for one in chain.epss if not _is_later(one.scored, as_of)), as_of)
    dated = [(one.origin.path, one.released) for one in chain.kev]
    dated += [(one.origin.path, one.scored) for one in chain.epss]
    return Catalogs(
        kev=kev,
        kev_recent=is_recent(kev.released if kev else None, params.kev_max_age_days, as_of),
        epss=epss,
        epss_recent=is_recent(epss.scored if epss else None, params.epss_max_age_days, as_of),
        later=tuple(
            f"{short(path)} is dated {short(stated or '')[:10]}, after this assessment"
            for path, stated in dated
            if _is_later(stated, as_of)
        ),
    )


def ssvc_of(id: str, chain: SupplyChain, as_of: datetime) -> SsvcRecord | None:
    """CISA's newest points on a vulnerability that are not dated after the assessment."""
    known = [(one.timestamp, one) for one in chain.ssvc.get(id, ()) if not _is_later(one.timestamp, as_of)]
    return _newest(known, as_of)


def is_recent(stated: str | None, limit: int, as_of: datetime) -> bool:
    """Whether a stated date is one, is not after the assessment, and at most `limit` whole days before it."""
    when = moment(stated or "")
    if when is None:
        return False
    return not is_after(when, as_of) and (as_of.date() - when.date()).days <= limit


def _is_later(stated: str | None, as_of: datetime) -> bool:
    when = moment(stated or "")
    return when is not None and is_after(when, as_of)


def _newest(dated: Iterable[tuple[str | None, T]], as_of: datetime) -> T | None:
    """The newest that is not after the day, one without a date being the oldest; the newest of all where all are."""

    def rank(pair: tuple[str | None, T]) -> tuple[bool, datetime]:
        return (not _is_later(pair[0], as_of), moment(pair[0] or "") or _NEVER)

    found = max(dated, key=rank, default=None)
    return None if found is None else found[1]
