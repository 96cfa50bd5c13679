"""Entries of transparency logs, Rekor of both generations: is this entry in a log of the trusted root?"""

from __future__ import annotations

import base64
import json

from compliance.model.signed import LogEntry
from compliance.verification.certificates import said_time
from compliance.verification.checkpoint import check_checkpoint, read_checkpoint
from compliance.verification.entry_bodies import SECOND
from compliance.verification.keys import Signed, holds
from compliance.verification.merkle import leaf_hash, root_of
from compliance.verification.standing import Proven, bad, shown, untrusted
from compliance.verification.trusted_root import Log, Root

#: Seconds since 1970 that a date can hold; beyond that no time is meant.
LATEST = 253_402_300_799


def check_entry(entry: LogEntry, root: Root, *, proof_needed: bool) -> tuple[Log, Proven | None]:
    """The log that holds the entry, and the time that it proves; None where the entry carries no promise.

    A promise (signed entry timestamp) or a proof of inclusion with its checkpoint is needed, and whatever is
    there must hold. `proof_needed` says that a promise alone does not do. The integrated time is bound by the
    promise only, so without one it proves nothing.
    """
    log = root.log(entry.log_id)
    if log is None:
        raise untrusted("no log of the trusted root has its log entry")
    second = (entry.kind, entry.version) in SECOND
    if entry.position < 0:
        raise bad("its log entry has a position below zero")
    proven = None if entry.promise is None or second else _promise(entry, log, entry.promise)
    _inclusion(entry, log, needed=proof_needed or second or proven is None, second=second)
    return log, proven


def _promise(entry: LogEntry, log: Log, promise: bytes) -> Proven:
    seconds = entry.integrated
    if seconds is None or not 0 < seconds <= LATEST:
        raise bad("its log entry promises inclusion and states no time")
    data = json.dumps(
        {
            "body": base64.b64encode(entry.body).decode(),
            "integratedTime": seconds,
            "logID": entry.log_id.hex(),
            "logIndex": entry.position,
        },
        separators=(",", ":"),
        sort_keys=True,
    )
    if not holds(log.key, promise, Signed(data.encode(), b"")):
        raise bad("the log's signature over its log entry (the signed entry timestamp) does not hold")
    if not log.valid.holds(seconds):
        raise untrusted(f"its log entry is of {said_time(seconds)}, when the log's key was not trusted")
    return Proven(seconds, f"transparency log {shown(log.name)}")


def _inclusion(entry: LogEntry, log: Log, *, needed: bool, second: bool) -> None:
    found = entry.inclusion
    if found is None or not found.checkpoint:
        if needed:
            raise bad("its log entry holds no proof of inclusion with a checkpoint")
        return
    if second and found.position != entry.position:
        raise bad("its log entry and the proof of inclusion name different positions")
    if root_of(leaf_hash(entry.body), found.position, found.tree_size, found.hashes) != found.root:
        raise bad("the proof of inclusion of its log entry does not lead to the root that it states")
    checkpoint = read_checkpoint(found.checkpoint)
    if checkpoint.root != found.root or checkpoint.size != found.tree_size:
        raise bad("the log's checkpoint is that of another tree than the proof of inclusion")
    check_checkpoint(checkpoint, log)
