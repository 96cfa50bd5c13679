"""What came beside the signatures of one document: log entries and timestamps, read once, told apart by signature."""

from __future__ import annotations

from typing import NamedTuple

import rfc3161_client

from compliance.model.signed import LogEntry, Material
from compliance.verification.entry_bodies import Bound, names_signature, read_body
from compliance.verification.standing import Refused, Standing, bad
from compliance.verification.timestamps import is_over, read_timestamp


class Entry(NamedTuple):
    """`body` is a refusal where its kind is not verified."""

    entry: LogEntry
    body: Bound | Refused


class Beside(NamedTuple):
    """`trouble` is what spoils every signature of the document: an entry or a timestamp of something else."""

    entries: tuple[Entry, ...]
    stamps: tuple[rfc3161_client.TimeStampResponse, ...]
    trouble: Refused | None

    def entries_of(self, signature: bytes) -> tuple[Entry, ...]:
        """The entries that are about a signature, and those whose body is of a kind that is not verified."""
        return tuple(
            one for one in self.entries if isinstance(one.body, Refused) or names_signature(one.body, signature)
        )

    def stamps_of(self, signature: bytes) -> tuple[rfc3161_client.TimeStampResponse, ...]:
        return tuple(one for one in self.stamps if is_over(one, signature))


NOTHING = Beside((), (), None)


def read_beside(material: Material) -> Beside:
    """Entries and timestamps of a document, each shown to be about one of its signatures."""
    if not material.entries and not material.timestamps:
        return NOTHING
    values = [one.value for one in material.signatures]
    entries: list[Entry] = []
    stamps: list[rfc3161_client.TimeStampResponse] = []
    try:
        for entry in material.entries:
            entries.append(Entry(entry, _body(entry)))
            body = entries[-1].body
            if isinstance(body, Bound) and not any(names_signature(body, value) for value in values):
                raise bad("its log entry is about another signature")
        for data in material.timestamps:
            stamps.append(read_timestamp(data))
            if not any(is_over(stamps[-1], value) for value in values):
                raise bad("a timestamp beside it is over another signature")
    except Refused as refused:
        return Beside(tuple(entries), tuple(stamps), refused)
    return Beside(tuple(entries), tuple(stamps), None)


def _body(entry: LogEntry) -> Bound | Refused:
    try:
        return read_body(entry.body, entry.kind, entry.version)
    except Refused as refused:
        if refused.standing is Standing.BAD:
            raise
        return refused
