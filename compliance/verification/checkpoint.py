"""Checkpoints of transparency logs: signed notes that state a tree's size and root.

Source: C2SP tlog-checkpoint and signed-note; sigstore rekor, pkg/util/checkpoint.go.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from compliance.verification.keys import Signed, holds
from compliance.verification.standing import bad
from compliance.verification.trusted_root import Log

#: Characters of a checkpoint, and signature lines in it.
CHARACTERS = 65_536
LINES = 64
_DASH = "\N{EM DASH} "


class Checkpoint(NamedTuple):
    """`signatures` are (name, key hint, signature), `text` is what they sign."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


def read_checkpoint(note: str) -> Checkpoint:
    """The checkpoint of a signed note. Refused with what is wrong with it."""
    if len(note) > CHARACTERS:
        raise bad("the log's checkpoint is too long to be one")
    text, blank, rest = note.partition("\n\n")
    lines = text.split("\n")
    if not blank or "\n\n" in rest or not rest.endswith("\n"):
        raise bad("the log's checkpoint is no signed note")
    if len(lines) < 3 or not lines[0] or not lines[1].isascii() or not lines[1].isdigit() or len(lines[1]) > 19:
        raise bad("the log's checkpoint states no origin, size and root")
    root = _base64(lines[2])
    if len(root) != 32:
        raise bad("the log's checkpoint states no root hash")
    signed = rest[:-1].split("\n")
    if len(signed) > LINES:
        raise bad("the log's checkpoint has too many signatures")
    return Checkpoint(lines[0], int(lines[1]), root, (text + "\n").encode(), tuple(map(_signature, signed)))


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, space, value = line.removeprefix(_DASH).partition(" ")
    found = _base64(value)
    if not line.startswith(_DASH) or not name or not space or len(found) < 5:
        raise bad("a signature of the log's checkpoint cannot be read")
    return name, found[:4], found[4:]


def _base64(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise bad("the log's checkpoint holds no canonical base64") from None
    if base64.b64encode(found).decode() != text:
        raise bad("the log's checkpoint holds no canonical base64")
    return found


def check_checkpoint(found: Checkpoint, log: Log) -> None:
    """Refused unless the log itself signed it; signatures of witnesses neither help nor harm.

    The signer's name is the origin, or what stands before ` - ` in it, as Rekor v1 writes a tree id behind it.
    """
    host = found.origin.partition(" - ")[0]
    data = Signed(found.text, b"")
    own = [value for name, hint, value in found.signatures if name == host and any(hint == one[:4] for one in log.ids)]
    if not own:
        raise bad("the log's checkpoint is not signed by the log")
    if not any(holds(log.key, value, data) for value in own):
        raise bad("the signature of the log's checkpoint does not hold")
