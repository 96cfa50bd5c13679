"""What every record of assessment.json is made of."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class View(Struct, forbid_unknown_fields=True, kw_only=True):
    """A record of assessment.json; a text that does not apply is null."""


class LocationView(View):
    """`document` is the 0-based number in a file of several; `line` is 1-based; either may be absent."""

    sha256: Sha256
    path: str
    pointer: str
    document: int | UnsetType = UNSET
    line: int | UnsetType = UNSET
