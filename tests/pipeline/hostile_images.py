"""Images an attacker makes: raw layers around a bad thing that a careless reader would not see; one case a name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.images.making import (
    OCI,
    as_json,
    blob_name,
    descriptor,
    elf,
    header,
    layer_tar,
    layout,
    member,
    number,
    padded,
    pax,
    sha256,
    tar_of,
)

PROGRAM = elf("dynamic")
#: What every POSIX shell has in it.
SHELL = PROGRAM + b"\0PWD\0OPTIND\0PS1\0"
#: A made-up credential in the shape of a real one, put together so that no scanner takes this file for a leak.
KEY = "AKIA" + "Q3EGRNT5XBWZ7YPL"


def su(path: str = "usr/bin/su", mode: str = "4755") -> bytes:
    """A program with set-user-id."""
    return member({"path": path, "mode": mode, "elf": "dynamic"})


def plain(path: str, content: bytes | str = PROGRAM, mode: str = "0755") -> bytes:
    """A program, or another file, without anything to say of it."""
    return member({"path": path, "mode": mode, "content": content})


def link(path: str, to: str, **more: Any) -> bytes:
    return member({"path": path, "type": "symlink", "link": to, **more})


def hard(path: str, to: str, **more: Any) -> bytes:
    return member({"path": path, "type": "hardlink", "link": to, **more})


def named(kind: bytes, text: bytes) -> bytes:
    """A GNU member that gives the next one a long name or link."""
    return header(b"././@LongLink", kind, len(text) + 1) + padded(text + b"\0")


def program(name: bytes, *, flag: bytes = b"0", mode: int = 0o755, **more: Any) -> bytes:
    """A program by a header of one's own."""
    return header(name, flag, len(PROGRAM), mode=mode, **more) + padded(PROGRAM)


def sparse(path: bytes, data: bytes) -> bytes:
    """A file stored with holes (PAX 1.0)."""
    stored = padded(b"1\n0\n%d\n" % len(data)) + data
    records = {
        b"GNU.sparse.major": b"1",
        b"GNU.sparse.minor": b"0",
        b"GNU.sparse.name": path,
        b"GNU.sparse.realsize": b"%d" % (len(data) + 4096),
    }
    return pax(records) + header(b"GNUSparseFile.0/x", b"0", len(stored)) + padded(stored)


def gnu_prefix(prefix: bytes, name: bytes) -> bytes:
    """A GNU header in whose times a prefix stands, as Go wrote before 1.8 and still reads."""
    return program(name, magic=b"ustar  \0", prefix=prefix)


PASSWD = "root:x:0:0:root:/root:/bin/sh\ntoor::0:0::/root:/bin/sh\n"

#: The check that must not pass, and the layers, each a list of members.
HIDDEN: dict[str, tuple[str, Sequence[Sequence[bytes]]]] = {
    "path of PAX, name with a slash": (
        "image-set-id",
        [[pax({b"path": b"usr/bin/su"}) + program(b"x/", flag=b"\0", mode=0o4755)]],
    ),
    "long name of GNU behind a path of PAX": (
        "image-shell",
        [[pax({b"path": b"srv/readme"}) + named(b"L", b"usr/bin/sh") + program(b"srv/x")]],
    ),
    "path of PAX behind a long name of GNU": (
        "image-shell",
        [[named(b"L", b"usr/bin/sh") + pax({b"path": b"srv/readme"}) + program(b"srv/x")]],
    ),
    "PAX before a global header": (
        "image-shell",
        [[pax({b"path": b"srv/readme"}) + pax({b"comment": b"x"}, b"g") + program(b"usr/bin/sh")]],
    ),
    "prefix in a header of GNU": ("image-shell", [[gnu_prefix(b"usr/bin", b"sh")]]),
    "later through a symlink": (
        "image-set-id",
        [[link("bin", "usr/bin"), plain("usr/bin/su"), su("bin/su")]],
    ),
    "later through a symlink of a lower layer": (
        "image-set-id",
        [[link("bin", "usr/bin"), plain("usr/bin/x")], [plain("usr/bin/su"), su("bin/su")]],
    ),
    "directly, after a plain file through a symlink": (
        "image-set-id",
        [[link("zbin", "usr/bin"), plain("zbin/su", "x", "0644"), su()]],
    ),
    "symlink after the files below its name": (
        "image-set-id",
        [[su()], [plain("zbin/su"), link("zbin", "usr/bin")]],
    ),
    "overwritten through a symlink, which other runtimes make a folder": (
        "image-set-id",
        [[link("bin", "usr/bin"), su()], [plain("bin/su")]],
    ),
    "removed through a symlink, which other runtimes make a folder": (
        "image-set-id",
        [[link("bin", "usr/bin"), su()], [plain("bin/.wh.su", "")]],
    ),
    "emptied through a symlink, which other runtimes make a folder": (
        "image-set-id",
        [[link("bin", "usr/bin"), su()], [plain("bin/.wh..wh..opq", "")]],
    ),
    "hard link, its target replaced behind it": (
        "image-set-id",
        [[su(), hard("usr/bin/x", "usr/bin/su"), plain("usr/bin/su")]],
    ),
    "hard link to a lower layer, its target replaced": (
        "image-set-id",
        [[su()], [hard("usr/bin/x", "usr/bin/su"), plain("usr/bin/su")]],
    ),
    "hard link to a lower layer, its target removed": (
        "image-set-id",
        [[su()], [hard("usr/bin/x", "usr/bin/su"), plain("usr/bin/.wh.su", "")]],
    ),
    "hard link with a mode of its own": (
        "image-set-id",
        [[plain("usr/bin/x"), hard("usr/bin/y", "usr/bin/x", mode="4755")]],
    ),
    "hard link with capabilities of its own": (
        "image-file-capabilities",
        [[plain("usr/bin/x"), hard("usr/bin/y", "usr/bin/x", mode="0755", capability="cap_sys_admin=ep")]],
    ),
    "below what aufs keeps, in a folder": ("image-set-id", [[su("usr/bin/.wh..wh.x/su")]]),
    "below what aufs keeps, absolute": ("image-set-id", [[su("/.wh..wh.x/su")]]),
    "hard link into what aufs keeps": (
        "image-set-id",
        [[su(".wh..wh.plnk/1"), hard("usr/bin/su", ".wh..wh.plnk/1")]],
    ),
    "accounts behind a symlink": (
        "image-root-alias",
        [[link("etc/passwd", "../srv/accounts"), plain("srv/accounts", PASSWD, "0644")]],
    ),
    "accounts in a linked folder": (
        "image-empty-password",
        [[link("etc", "srv/etc"), plain("srv/etc/passwd", PASSWD, "0644")]],
    ),
    "accounts behind a hard link": (
        "image-duplicate-ids",
        [[plain("srv/accounts", PASSWD, "0644"), hard("etc/passwd", "srv/accounts")]],
    ),
    "packages behind a symlink": (
        "image-packages-denied",
        [
            [
                plain("usr/bin/x"),
                link("var/lib/dpkg/status", "../../../srv/status"),
                plain("srv/status", "Package: nmap\nStatus: install ok installed\nVersion: 1\n\n", "0644"),
            ]
        ],
    ),
    "no package database at all": ("image-packages-denied", [[plain("usr/bin/x")]]),
    "key in a sparse file": ("image-secret-files", [[sparse(b"srv/notes", f"aws_access_key_id={KEY}\n".encode())]]),
    "key behind a NUL": ("image-secret-files", [[plain("srv/notes", f"\0aws_access_key_id={KEY}\n", "0644")]]),
    "key in a file of two megabytes": (
        "image-secret-files",
        [[plain("srv/notes", "x" * 2_000_000 + f"\naws_access_key_id={KEY}\n", "0644")]],
    ),
    "shell under another name": ("image-shell", [[plain("usr/bin/tool", SHELL)]]),
    "shell in a folder of no programs": ("image-shell", [[plain("srv/.x/bash", SHELL)]]),
    "dotted names": ("image-set-id", [[su("./usr/./bin//../bin/su")]]),
    "absolute symlink to a folder": ("image-shell", [[link("bin", "/opt/x"), plain("opt/x/sh")]]),
    "chain of symlinks": (
        "image-shell",
        [[link("usr/bin/sh", "../../a"), link("a", "/b"), link("b", "c/../d"), plain("d"), plain("c/x")]],
    ),
    "opaque marker after its folder": (
        "image-set-id",
        [[plain("usr/bin/x")], [su(), plain("usr/bin/.wh..wh..opq", "")]],
    ),
    "whiteout beside the file": ("image-set-id", [[plain("usr/bin/x")], [su(), plain("usr/bin/.wh.su", "")]]),
    "removed and added": ("image-set-id", [[plain("usr/bin/su")], [plain("usr/bin/.wh.su", "")], [su()]]),
    "directory in its place": (
        "image-set-id",
        [[su("usr/bin")], [member({"path": "usr/bin", "type": "dir"}), su("usr/bin/su")]],
    ),
    "twice in one layer": ("image-set-id", [[plain("usr/bin/su"), su()]]),
    "capability of revision 3": (
        "image-file-capabilities",
        [
            [
                member(
                    {
                        "path": "x",
                        "mode": "0755",
                        "content": PROGRAM,
                        "xattrs": {
                            "security.capability": b"\x01\0\0\x03" + b"\0\x20\0\0" + b"\0" * 12 + b"\xe8\x03\0\0"
                        },
                    }
                )
            ]
        ],
    ),
    "owner in base-256": ("image-world-writable", [[program(b"srv/x", mode=0o777)]]),
    "world-writable folder above": ("image-world-writable", [[member({"path": "usr", "type": "dir", "mode": "0777"})]]),
}


def raw_layout(layers: Sequence[bytes], config: Mapping[str, Any] | None = None, **more: Any) -> dict[str, bytes]:
    """The files of an OCI layout around layers as they are given."""
    made = as_json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": dict(config or {}),
            "history": [{"created_by": f"COPY {n} / # buildkit"} for n in range(len(layers))],
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]},
            **more,
        }
    )
    manifest = as_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI["manifest"],
            "config": descriptor(OCI["config"], made),
            "layers": [descriptor(OCI["none"], layer) for layer in layers],
        }
    )
    blobs = {blob_name(sha256(data)): data for data in (made, manifest, *layers)}
    return layout([descriptor(OCI["manifest"], manifest)], blobs)


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


def config_digest(files: Mapping[str, bytes]) -> str:
    """The image ID of a layout of one image."""
    (found,) = (data for data in files.values() if b'"rootfs"' in data)
    return f"sha256:{hashlib.sha256(found).hexdigest()}"


__all__ = ["HIDDEN", "KEY", "config_digest", "layer_tar", "number", "raw_layout", "tar_of", "write"]
