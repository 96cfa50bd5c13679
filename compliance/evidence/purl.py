"""Package URLs taken apart: text in; ecosystem, name and version as the ecosystem's own tools compare them out.

Source: package-url/purl-spec, PURL-SPECIFICATION.rst and PURL-TYPES.rst (2025).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import unquote

from compliance.evidence.redaction import redact_line
from compliance.model.sbom import Component

#: Longest package URL that is taken; the longest of real tools has a few hundred characters.
MAX_PURL = 2048
#: Longest name or version that is kept of a component without a package URL.
MAX_TEXT = 512
_TYPE = re.compile(r"[a-z][a-z0-9.+-]*")
#: A line in the spelling of nearly all tools, of a package of a system or of a language; else an empty match.
_COMMON = re.compile(
    r"^(?:pkg:(?:(deb|apk|rpm)/[\w.-]+/([\w.+~-]+)|(npm|golang|maven|gem|cargo|nuget)/([\w.+~@/-]+))"
    r"@([\w.+~-]+)(\?[^#\n]*)?$)?",
    re.ASCII | re.MULTILINE,
)
#: Three times as fast as the constructor, which takes its arguments apart.
_new = tuple.__new__
_SEPARATORS = re.compile(r"[-_.]+")
#: Types whose namespace says who distributes the package and is no part of its name.
_DISTRIBUTED = frozenset(("deb", "apk", "rpm"))
#: ASCII that can be seen.
_VISIBLE = bytes(range(0x21, 0x7F))
#: How nearly all package URLs begin.
_DISTRIBUTED_HEADS = frozenset(f"pkg:{ecosystem}/" for ecosystem in _DISTRIBUTED)
_PLAIN = frozenset(f"pkg:{ecosystem}" for ecosystem in ("npm", "pypi", "golang", "maven", "gem", "cargo", "nuget"))


def splitter(purls: Iterable[str]) -> Callable[[str], Component | None]:
    """What takes these package URLs apart as `component` does: faster, when none holds an odd character."""
    return _split if not "".join(purls).encode("utf-8", "replace").translate(None, _VISIBLE) else component


def components(purls: Sequence[str]) -> list[Component | None]:
    """`component` of each, in order: common ones are taken apart at once, which is twice as fast."""
    joined = "\n".join(purls)
    if joined.count("\n") != len(purls) - 1 or len(max(purls, key=len)) > MAX_PURL:
        return [component(purl) for purl in purls]
    rows = _COMMON.findall(joined.replace("%2B", "+").replace("pkg:npm/%40", "pkg:npm/@"))
    return [
        _new(Component, (system or language, plain or path, version))
        if (system and "epoch=" not in qualifiers) or language
        else component(purl)
        for (system, plain, language, path, version, qualifiers), purl in zip(rows, purls, strict=True)
    ]


def component(purl: str) -> Component | None:
    """The component that a package URL names; None when it is none, is too long, or holds a control character.

    Type, name and version are unescaped. The epoch of deb and rpm stands before the version whether
    the URL has it there or as a qualifier; an epoch of 0 is left out, as the tools do. A golang
    subpath belongs to the module's name (`github.com/x/y#v2` is `github.com/x/y/v2`).
    """
    found = _split(purl)
    return found if found is not None and (found.name + found.version).isprintable() else None


def _split(purl: str) -> Component | None:
    """As `component`, for a package URL that holds no control character unless it is escaped."""
    rest, _, qualifiers = purl.partition("?")
    if "%" in rest:
        rest = rest.replace("%2B", "+")
    head, _, version = rest.rpartition("@")
    if "#" in purl or "/" in version or len(purl) > MAX_PURL:
        return _uncommon(purl)
    if head[:8] in _DISTRIBUTED_HEADS:
        if "%" in rest:
            return _uncommon(purl)
        if "epoch=" in qualifiers:
            version = _with_epoch(version, qualifiers)
        if version[:2] == "0:":
            version = version[2:]
        name = head[head.rfind("/") + 1 :]
        return Component(head[4:7], name, version) if name else None
    scheme, _, name = head.partition("/")
    name = name.replace("%40", "@")
    if scheme not in _PLAIN or not name or "%" in name or "%" in version:
        return _uncommon(purl)
    if scheme == "pkg:pypi":
        name = _SEPARATORS.sub("-", name).lower()
    return Component(scheme[4:], name, _safe(version) if "://" in version else version)


def _uncommon(purl: str) -> Component | None:
    """Those with a subpath, without a version, of a rare type or in a rare spelling."""
    if purl[:4].lower() != "pkg:" or len(purl) > MAX_PURL:
        return None
    rest, _, subpath = purl[4:].lstrip("/").partition("#")
    rest, _, qualifiers = rest.partition("?")
    ecosystem, slash, rest = rest.partition("/")
    path, at, version = rest.rpartition("@")
    if not at or "/" in version:  # an unescaped npm scope (`@babel/core`) is no version
        path, version = rest, ""
    ecosystem, subpath = ecosystem.lower(), unquote(subpath).strip("/")
    path, version = unquote(path).strip("/"), unquote(version)
    if "://" in path:  # the version is a repository's address, with an @ in it
        first, _, tail = path[1:].partition("@")
        path, version = _safe(path[0] + first), f"{tail}@{version}"
    if not slash or not path or not _TYPE.fullmatch(ecosystem) or not (path + version + subpath).isprintable():
        return None
    if ecosystem in _DISTRIBUTED:
        return Component(ecosystem, path.rpartition("/")[2], _with_epoch(version, qualifiers).removeprefix("0:"))
    if ecosystem == "golang" and subpath:
        path = f"{path}/{subpath}"
    return Component(ecosystem, _SEPARATORS.sub("-", path).lower() if ecosystem == "pypi" else path, _safe(version))


def _with_epoch(version: str, qualifiers: str) -> str:
    if ":" in version:
        return version
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
