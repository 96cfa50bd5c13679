"""The build information that Go links into its programs: bytes from its magic on in; modules out."""

from __future__ import annotations

from compliance.evidence.printing import printable

#: What the build information begins with.
#: Source: Go 1.26, debug/buildinfo, "buildInfoMagic".
MAGIC = b"\xff Go buildinf:"
ECOSYSTEM = "golang"
#: Bytes before the first string, and the flag that strings stand inline (Go 1.18 and later).
#: Source: Go 1.26, debug/buildinfo, "buildInfoHeaderSize", "flagsVersionInl".
_HEADER = 32
_INLINE = 2
#: Bytes of the marks round the module information.
#: Source: Go 1.26, cmd/go/internal/modload, "infoStart", "infoEnd".
_MARK = 16
#: Most modules of one program, and the longest line in bytes.
_MAX_MODULES = 20_000
_MAX_LINE = 4096


def packages(data: bytes) -> list[tuple[str, str, str]] | None:
    """The modules in a Go program as (path, version, empty text); `stdlib` with the version of Go comes last.

    The main module is among them, version `(devel)` as written. A replaced module stands as what
    replaced it, but under its own path where that is a local folder. None when `data` does not begin
    with build information that is whole and of Go 1.18 or later.
    """
    if not data.startswith(MAGIC) or len(data) < _HEADER or not data[15] & _INLINE:
        return None
    version, position = _text(data, _HEADER)
    modules, position = _text(data, position)
    if version is None or modules is None or not version:
        return None
    if len(modules) > 2 * _MARK and modules[-_MARK - 1 : -_MARK] == b"\n":
        modules = modules[_MARK:-_MARK]
    elif modules:
        return None
    found = _modules(modules)
    if found is None:
        return None
    return [*found, ("stdlib", printable(version.split(b" ", 1)[0]), "")]


def _text(data: bytes, position: int) -> tuple[bytes | None, int]:
    """A string behind its length as a varint, and where it ends; None when it is not all there."""
    length = shift = 0
    while position < len(data) and shift < 35:
        byte = data[position]
        position += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            end = position + length
            return (data[position:end], end) if end <= len(data) else (None, position)
    return None, position


def _modules(lines: bytes) -> list[tuple[str, str, str]] | None:
    found: list[tuple[str, str, str]] = []
    replaceable = False
    for line in lines.split(b"\n"):
        kind, *columns = line.split(b"\t", 3)
        if kind not in (b"mod", b"dep", b"=>"):
            continue
        if len(line) > _MAX_LINE or not columns or not columns[0] or len(found) >= _MAX_MODULES:
            return None
        name, version = printable(columns[0]), printable(columns[1]) if len(columns) > 1 else ""
        if kind != b"=>":
            found.append((name, version, ""))
            replaceable = True
        elif not replaceable:
            return None
        else:
            local = name.startswith(("./", "../", "/")) or name in (".", "..")
            found[-1] = (found[-1][0] if local else name, version, "")
            replaceable = False
    return found
