"""Package URLs of VEX statements and image names in; type, name, version and qualifiers as they are compared, out.

Source: package-url/purl-spec, PURL-SPECIFICATION.rst and PURL-TYPES.rst (2025).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_SEPARATORS = re.compile(r"[-_.]+")
#: Types whose namespace says who distributes the package and is no part of its name.
_DISTRIBUTED = frozenset(("deb", "apk", "rpm", "oci"))
_LONGEST = 2048


class PackageUrl(NamedTuple):
    """A package URL taken apart, named as `model.sbom.Component` names components; `version` may be empty.

    `namespace` stands only where it is no part of the name: who distributes the package, in lower case.
    """

    ecosystem: str
    name: str
    version: str
    qualifiers: tuple[tuple[str, str], ...]
    namespace: str = ""

    def qualifier(self, key: str) -> str:
        """The value of a qualifier, empty text without it."""
        return next((value for name, value in self.qualifiers if name == key), "")


@lru_cache(maxsize=1024)  # a product stands in every statement about it
def package_url(text: str) -> PackageUrl | None:
    """A package URL taken apart; None when it is none."""
    if text[:4].lower() != "pkg:" or len(text) > _LONGEST:
        return None
    rest = text[4:].lstrip("/").partition("#")[0]
    rest, _, tail = rest.partition("?")
    ecosystem, slash, path = rest.partition("/")
    named, at, version = path.rpartition("@")
    if not at or "/" in version:
        named, version = path, ""
    parts = [_unescaped(part) for part in named.split("/") if part]
    ecosystem = ecosystem.lower()
    if not slash or not parts:
        return None
    pairs = [pair.partition("=") for pair in tail.split("&") if "=" in pair]
    qualifiers = tuple(sorted((key.lower(), _unescaped(value)) for key, _, value in pairs))
    name = parts[-1] if ecosystem in _DISTRIBUTED else "/".join(parts)
    if ecosystem == "pypi":
        name = _SEPARATORS.sub("-", name).lower()
    namespace = parts[-2].lower() if ecosystem in _DISTRIBUTED and len(parts) > 1 else ""
    return PackageUrl(ecosystem, name, _version(ecosystem, _unescaped(version), qualifiers), qualifiers, namespace)


def _version(ecosystem: str, version: str, qualifiers: tuple[tuple[str, str], ...]) -> str:
    """A version with its epoch before it, as package databases write it; an epoch of 0 is left out."""
    if ecosystem not in ("deb", "rpm"):
        return version
    epoch = dict(qualifiers).get("epoch", "")
    if epoch and ":" not in version:
        version = f"{epoch}:{version}"
    return version.removeprefix("0:")


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    data = text.encode("utf-8", "surrogatepass")
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), data).decode("utf-8", "replace")
