"""Files that an image is judged by and that stand where no reader looks for them: a merged root in, words out."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.evidence.image.tree import Root
from compliance.evidence.packages.reading import PLACES

#: Files that are kept whole or in part, by the path that programs open.
_ACCOUNTS = ("etc/group", "etc/passwd", "etc/shadow")


def unread(root: Root) -> Iterator[str]:
    """What is reached by a link or a linked folder only, so that its contents were not kept, in words.

    A layer is read without knowing the links of those below it: `etc/passwd` that leads to `srv/accounts`
    is followed when all are merged, and then the bytes have gone by.
    """
    for path in _ACCOUNTS:
        found = root.find(path)
        kept = found is not None and found[1].extras is not None and found[1].extras.content is not None
        if not kept and root.stands(path):
            yield f"/{path} leads to a file in another place, which was not read"
    for path in PLACES:
        found = root.find(path)
        kept = found is not None and found[1].extras is not None and bool(found[1].extras.databases)
        if not kept and root.stands(path):
            yield f"the package database /{path} leads to a file in another place, which was not read"
