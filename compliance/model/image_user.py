"""The user that an image's processes run as: the USER text and etc/passwd in, a user id and words out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from compliance.model.image import Image, User

#: What Go's strconv.Atoi takes: a sign and ASCII digits, with leading zeros.
_NUMBER = re.compile(r"[+-]?[0-9]+")
#: The largest id that runtimes take; a larger one wrapped round to 0 in containerd before 1.6.38, 1.7.27 and
#: 2.0.4. Source: moby/sys/user `maxID`, CVE-2024-40635.
LARGEST_ID = 2**31 - 1
_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class UserVerdict:
    """Who a container of the image runs as when nothing overrides it.

    `root` is None when that cannot be decided from the evidence; `uid` is None when no single number
    can be named. `words` go on after "the image": `runs as user id 1000 (USER 1000)`.
    """

    uid: int | None
    root: bool | None
    words: str


def effective_user(image: Image) -> UserVerdict:
    """The user of an image's processes, by its USER and its etc/passwd.

    Where runtimes differ or refuse, the reading that makes it root counts: unknown is never "not root".
    """
    files = image.filesystem
    if image.os == "windows":
        return _windows(image.config.user)
    return resolve_user(
        image.config.user,
        None if files is None else files.users,
        known=files is not None and not image.incomplete,
    )


def resolve_user(user: str | None, users: Sequence[User] | None, *, known: bool) -> UserVerdict:
    """As `effective_user`, of a USER text and the lines of etc/passwd in their order (None: there is none).

    `known` is false when layers were not read, so that etc/passwd may be another one.
    Source: moby/sys/user `GetExecUser` (Docker, CRI-O: the first line whose name is the text or whose id
    is the number wins; a number without a line is taken as it is); containerd `oci.WithUser` and CRI
    `getUserFromImage` (a number is never looked up; the text ends at the first colon).
    """
    if user is None or user == "":
        return UserVerdict(uid=0, root=True, words="states no USER, so it runs as root (user id 0)")
    said = f"USER {_quoted(user)}"
    name = user.partition(":")[0]
    bare = name.strip()
    if not bare:
        return UserVerdict(uid=0, root=True, words=f"names no user in {said}, so it runs as root (user id 0)")
    if _NUMBER.fullmatch(bare):
        return _numbered(bare, odd=bare != name, said=said, users=users)
    return _named(bare, said=said, users=users, known=known)


def _numbered(text: str, *, odd: bool, said: str, users: Sequence[User] | None) -> UserVerdict:
    digits = text.lstrip("+-").lstrip("0") or "0"
    if len(digits) > 10 or int(digits) > LARGEST_ID or (text.startswith("-") and digits != "0"):
        words = (
            f"states {said}, which is no user id from 0 to {LARGEST_ID}: runtimes refuse it, and older ones made it 0"
        )
        return UserVerdict(uid=None, root=None, words=words)
    uid = int(digits)
    namesake = next((line for line in users or () if line.name == text and line.uid != uid), None)
    if namesake is not None and namesake.uid == 0:
        words = f"states {said}, which etc/passwd also has as a name of user id 0: Docker takes the name, so it is root"
        return UserVerdict(uid=0, root=True, words=words)
    if namesake is not None:
        words = f"states {said}, which is also a name of user id {namesake.uid} in etc/passwd: runtimes differ"
        return UserVerdict(uid=None, root=uid == 0 or None, words=words)
    spaces = " without its spaces, with which runtimes refuse it" if odd else ""
    return UserVerdict(uid=uid, root=uid == 0, words=f"runs as user id {uid} ({said}{spaces})")


def _named(name: str, *, said: str, users: Sequence[User] | None, known: bool) -> UserVerdict:
    line = next((line for line in users or () if line.name == name), None)
    if line is not None and line.uid == 0:
        return UserVerdict(
            uid=0, root=True, words=f"runs as {_quoted(name)}, which is user id 0 in etc/passwd ({said})"
        )
    if line is not None and known:
        words = f"runs as {_quoted(name)}, user id {line.uid} in etc/passwd ({said})"
        return UserVerdict(uid=line.uid, root=False, words=words)
    if name == "root" and line is None:
        return UserVerdict(uid=0, root=True, words=f"runs as root ({said})")
    if not known:
        why = "not all layers were read" if line is not None or users is not None else "its files were not handed in"
        words = f"states {said}, a name; {why}, so its user id in etc/passwd is not known"
    elif users is None:
        words = f"states {said}, a name, but has no etc/passwd to look it up in: runtimes refuse to start it"
    else:
        words = f"states {said}, a name that etc/passwd does not hold: runtimes refuse to start it"
    return UserVerdict(uid=None, root=None, words=words)


def _windows(user: str | None) -> UserVerdict:
    """Windows knows accounts instead of user ids; the base images run as ContainerAdministrator by default."""
    said = "states no USER" if not user else f"states USER {_quoted(user)}"
    words = f"is a Windows image and {said}; user ids do not apply"
    return UserVerdict(uid=None, root=None, words=words)


def _quoted(text: str) -> str:
    """Plain names as they are; anything with spaces or control characters in quotes, cut."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return shown if re.fullmatch(r"[\w.:+-]+", shown, re.ASCII) else f'"{ascii(shown)[1:-1]}"'
