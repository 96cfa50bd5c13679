"""Dates that evidence states, as moments that can be compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: Clocks differ, and a date may stand without its zone.
TOLERANCE = timedelta(days=1)


def is_after(when: datetime, as_of: datetime) -> bool:
    """Whether a moment lies after an assessment, by more than clocks and time zones explain."""
    return when - as_of > TOLERANCE


def moment(text: str) -> datetime | None:
    """The moment an ISO 8601 text means, in UTC; a text without a zone is taken for UTC. None when it is no date."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None
