"""How one signature stands after verification, and the exception that ends its verification early."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Standing(Enum):
    """What became of one signature."""

    TRUSTED = "trusted"
    #: It holds, or may hold, but nobody whom the configuration trusts is proven to have made it.
    UNTRUSTED = "untrusted"
    #: It does not hold, or what was handed in beside it contradicts it.
    BAD = "bad"
    #: It could not be decided: a form that is not verified, or no anchor.
    UNDECIDED = "undecided"


class Refused(Exception):  # noqa: N818 - a verdict that travels up, not an error
    """Ends the verification of a signature with a standing and a clause for an auditor."""

    def __init__(self, standing: Standing, words: str) -> None:
        super().__init__(words)
        self.standing = standing
        self.words = words


def bad(words: str) -> Refused:
    return Refused(Standing.BAD, words)


def untrusted(words: str) -> Refused:
    return Refused(Standing.UNTRUSTED, words)


def undecided(words: str) -> Refused:
    return Refused(Standing.UNDECIDED, words)


class Proven(NamedTuple):
    """A time that a trusted party proves, Unix seconds, and who proves it."""

    seconds: int
    source: str


class Judged(NamedTuple):
    """One signature after verification. `who` tells distinct signers apart; empty unless it is trusted.

    `signer`, `issuer` and `claims` are empty unless the certificate's chain was verified or the key is configured.
    """

    standing: Standing
    words: str
    who: str = ""
    signer: str = ""
    issuer: str = ""
    fingerprint: str = ""
    proven: Proven | None = None
    claims: tuple[tuple[str, str], ...] = ()


def shown(text: str, limit: int = 200) -> str:
    """Text from evidence, printable and cut: what an auditor may read without being misled by control characters."""
    cut = text if len(text) <= limit else f"{text[:limit]}..."
    if cut.isprintable():
        return cut
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "replace").decode() for one in cut)
