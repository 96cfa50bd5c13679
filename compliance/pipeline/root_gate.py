"""An unpacked root in: whether it is one of the operating system that content is for, before anything is evaluated."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from compliance.errors import ToolError

#: Where a system says what it is, by precedence. Source: os-release(5).
_RELEASES = ("etc/os-release", "usr/lib/os-release")
_LONGEST = 64 * 1024
_LINE = re.compile(r"([A-Z_]+)=(.*)")
#: Package databases, each with what it is called. Source: dpkg, rpm, apk; distroless keeps a file for each package.
_DATABASES = (
    ("var/lib/dpkg/status", "dpkg"),
    ("var/lib/dpkg/status.d", "dpkg, a file for each package"),
    ("usr/lib/sysimage/rpm", "rpm"),
    ("var/lib/rpm", "rpm"),
    ("lib/apk/db/installed", "apk"),
    ("usr/lib/apk/db/installed", "apk"),
)
#: `cpe:/o:VENDOR:PRODUCT:VERSION...`, or the same in CPE 2.3.
_SYSTEM = re.compile(r"cpe:(?:/o|2\.3:o):([^:]*):([^:]*):?([^:]*)")
#: Products as CPE names them, by ID of os-release. Source: NIST, official CPE dictionary.
_PRODUCTS = {
    "debian": ("debian_linux",),
    "ubuntu": ("ubuntu_linux",),
    "rhel": ("enterprise_linux",),
    "centos": ("centos", "stream"),
    "fedora": ("fedora",),
    "almalinux": ("almalinux",),
    "rocky": ("rocky",),
    "ol": ("linux",),
    "amzn": ("amazon_linux",),
    "sles": ("suse_linux_enterprise_server", "linux_enterprise_server"),
    "opensuse-leap": ("leap",),
    "alpine": ("alpine_linux",),
}


def gate(root: Path, platforms: Sequence[str], asked: Collection[str] = ()) -> Mapping[str, str]:
    """What the root is: `system` and `packages`, in words. `asked` are the package databases that the content asks.

    Raises:
        ToolError: it is missing or empty, does not say what system it is, has no package database, or is not what
            the content is for: every rule would pass or not apply, and prove nothing.
    """
    if not root.is_dir() or not list(root.iterdir()):
        raise _refused("the root is missing or empty")
    release = _release(root)
    if not release.get("ID"):
        raise _refused("the root does not say what system it is (no os-release with an ID)")
    system = f"{release['ID']} {release.get('VERSION_ID', '')}".strip()
    packages = next((name for path, name in _DATABASES if _present(root, path)), "")
    if not packages:
        raise _refused(f"the root ({system}) has no package database, so that every package would count as absent")
    if asked and packages.partition(",")[0] not in asked:
        wanted = " or ".join(sorted(asked))
        raise _refused(f"the content asks the package database of {wanted}, and the root has that of {packages}")
    systems = [found for one in platforms if (found := _SYSTEM.match(one))]
    if systems and not any(_is(release, found[1], found[2], found[3]) for found in systems):
        wanted = ", ".join(sorted({f"{found[2]} {found[3]}".strip() for found in systems})[:4])
        raise _refused(f"the root is {system}, and the content is for {wanted}")
    return {"system": system, "packages": packages}


def _refused(words: str) -> ToolError:
    return ToolError(("oscap",), None, (), f"was not started: {words}; nothing would be proven")


def _release(root: Path) -> dict[str, str]:
    for name in _RELEASES:
        text = _text(root, name)
        if text is not None:
            pairs = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
            return {pair[1]: pair[2].strip("\"'")[:200] for pair in pairs if pair}
    return {}


def _text(root: Path, name: str) -> str | None:
    """The beginning of a file below the root; links are followed inside the root alone, one step."""
    path = root / name
    if path.is_symlink():
        target = os.readlink(path)  # noqa: PTH115 - followed by hand, never out of the root
        inside = os.path.normpath(os.path.join("/", os.path.dirname(name), target))  # noqa: PTH118, PTH120 - text alone
        path = root / inside.lstrip("/")
    if _leaves(root, path) or not path.is_file():
        return None
    with path.open("rb") as stream:
        return stream.read(_LONGEST).decode("utf-8", "replace")


def _leaves(root: Path, path: Path) -> bool:
    """Whether any name on the way is a symbolic link, which could lead out of the root."""
    parts = path.relative_to(root).parts
    return any((root / Path(*parts[: number + 1])).is_symlink() for number in range(len(parts)))


def _present(root: Path, name: str) -> bool:
    path = root / name
    if _leaves(root, path):
        return False
    return bool(list(path.iterdir())) if path.is_dir() else path.is_file() and path.stat().st_size > 0


def _is(release: Mapping[str, str], vendor: str, product: str, version: str) -> bool:
    """Whether a system is what a CPE names, by its own CPE or by its ID; versions to the shorter of both."""
    own = _SYSTEM.match(release.get("CPE_NAME", ""))
    if own and (own[1], own[2]) == (vendor, product):
        return _same(own[3], version)
    known = _PRODUCTS.get(release.get("ID", "").lower(), (release.get("ID", "").lower(),))
    return product.lower() in known and _same(release.get("VERSION_ID", ""), version)


def _same(one: str, other: str) -> bool:
    if not one or not other or other in ("-", "*"):
        return True
    first, second = one.split("."), other.split(".")
    short = min(len(first), len(second))
    return first[:short] == second[:short]
