"""Package URLs taken apart: text in; ecosystem, name and version as the ecosystem's own tools compare them out.

Source: package-url/purl-spec, PURL-SPECIFICATION.rst and PURL-TYPES.rst (2025).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from compliance.evidence.redaction import redact_line
from compliance.model.sbom import Component

#: Longest package URL that is taken; the longest of real tools has a few hundred characters.
MAX_PURL = 2048
#: Longest name or version that is kept of a component without a package URL.
MAX_TEXT = 512
_TYPE = re.compile(r"[a-z][a-z0-9.+-]*")
_SEPARATORS = re.compile(r"[-_.]+")
#: Types whose namespace says who distributes the package and is no part of its name.
_DISTRIBUTED = frozenset(("deb", "apk", "rpm"))


def component(purl: str) -> Component | None:
    """The component that a package URL names; None when it is none, is too long, or holds a control character.

    Type, name and version are unescaped. The epoch of deb and rpm stands before the version whether
    the URL has it there or as a qualifier; an epoch of 0 is left out, as the tools do. A golang
    subpath belongs to the module's name (`github.com/x/y#v2` is `github.com/x/y/v2`).
    """
    if purl[:4] != "pkg:" or len(purl) > MAX_PURL:
        return None
    ecosystem, slash, rest = purl[4:].lstrip("/").partition("/")
    rest, _, subpath = rest.partition("#")
    rest, _, qualifiers = rest.partition("?")
    path, at, version = rest.rpartition("@")
    if not at or "/" in version or not path:  # an unescaped npm scope (`@babel/core`) is no version
        path, version = rest, ""
    if "%" in purl:
        path, version, subpath = unquote(path), unquote(version), unquote(subpath)
    path = path.strip("/")
    if not slash or not path or not (path + version + subpath).isprintable():
        return None
    if ecosystem in _DISTRIBUTED:
        if "epoch=" in qualifiers and ":" not in version:
            version = _with_epoch(version, qualifiers)
        return Component(ecosystem, path.rpartition("/")[2], version.removeprefix("0:"))
    ecosystem = ecosystem.lower()
    if not _TYPE.fullmatch(ecosystem):
        return None
    if ecosystem in _DISTRIBUTED:  # written in capitals
        return component(f"pkg:{ecosystem}/{purl[4:].lstrip('/').partition('/')[2]}")
    if ecosystem == "golang" and subpath.strip("/"):
        path = f"{path}/{subpath.strip('/')}"
    return Component(ecosystem, _SEPARATORS.sub("-", path).lower() if ecosystem == "pypi" else path, _safe(version))


def _with_epoch(version: str, qualifiers: str) -> str:
    for qualifier in qualifiers.split("&"):
        key, _, value = qualifier.partition("=")
        if key == "epoch" and value.isdecimal() and version and len(value) <= 10:
            return f"{value}:{version}"
    return version


def _safe(version: str) -> str:
    """A version without credentials: that of a package from a repository may be the repository's URL."""
    return redact_line(version) if "://" in version else version


def plain_text(text: str | None) -> str:
    """A name or version without a package URL: bounded, control characters escaped, credentials replaced."""
    if not text:
        return ""
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}..."
    if not text.isprintable():
        text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return _safe(text)
