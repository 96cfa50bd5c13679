"""What a member of a layer is: names made plain, first bytes and attributes turned into the tags of an Entry."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import NamedTuple

from compliance.evidence.printing import printable

# --- names ----------------------------------------------------------------------------------------------------------

#: Bytes of a path, as many as Linux takes, and folders in it; a deeper one only makes work.
MAX_PATH = 4096
MAX_DEPTH = 256


class Named(NamedTuple):
    """A member's name without `/` at its ends; empty text for the root itself. `fault` says what was odd."""

    path: str
    fault: str


def normalised(raw: bytes) -> Named:
    """The path of a member below the root, as a runtime takes it: `.` and `//` vanish, `..` stops at the root.

    Undecodable bytes become `\\xNN`, `\\` doubles. A name that holds NUL, is longer
    than MAX_PATH or has more than MAX_DEPTH folders gives an empty path and a fault; an empty one no fault.
    """
    if raw[:2] == b"./":
        raw = raw[2:]
    raw = raw.rstrip(b"/")
    if b"/." in raw or b"//" in raw or raw[:1] in b"./" or len(raw) > MAX_DEPTH or b"\0" in raw:
        return _unusual(raw)
    return Named(printable(raw), "")


def _unusual(raw: bytes) -> Named:
    if b"\0" in raw or len(raw) > MAX_PATH:
        what = "holds a NUL byte" if b"\0" in raw else f"has {len(raw):,} bytes (allowed: {MAX_PATH:,})"
        return Named("", f"the name {printable(raw[:64])}... {what}; it was not looked at")
    kept: list[bytes] = []
    above = False
    for part in raw.split(b"/"):
        if part in (b"", b"."):
            continue
        if part != b"..":
            kept.append(part)
            continue
        above = True
        if kept:
            kept.pop()
    if len(kept) > MAX_DEPTH + 1:
        words = f"has {len(kept) - 1:,} folders (allowed: {MAX_DEPTH}); it was not looked at"
        return Named("", f"the name {printable(raw[:64])}... {words}")
    path = printable(b"/".join(kept))
    return Named(path, f"the name {printable(raw[:200])} leads upwards and was taken as /{path}" if above else "")


# --- programs -------------------------------------------------------------------------------------------------------

#: Bytes of a program that are looked at before its search begins.
HEAD = 4096
_PT_INTERP = 3
_EXECUTABLE, _SHARED = 2, 3


def program_tags(head: bytes, name: str) -> list[str]:
    """`elf`, `static`, `upx` or `script`, from the first HEAD bytes of a file; empty for anything else.

    Source: System V ABI, "ELF Header" and "Program Header"; UPX's `l_info` magic behind the program headers.
    """
    if head[:2] == b"#!":
        return ["script"]
    if head[:4] != b"\x7fELF":
        return []
    tags = ["elf"]
    if _has_interpreter(head) is False and not (name.endswith(".so") or ".so." in name):
        tags.append("static")
    if b"UPX!" in head:
        tags.append("upx")
    return tags


def _has_interpreter(head: bytes) -> bool | None:
    """Whether an executable asks for a dynamic loader; None when it is none or its headers stand further behind."""
    if len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    order = "<" if head[5] == 1 else ">"
    wide = head[4] == 2
    kind = struct.unpack_from(f"{order}H", head, 16)[0]
    if kind not in (_EXECUTABLE, _SHARED) or (wide and len(head) < 64):
        return None
    start = struct.unpack_from(f"{order}Q" if wide else f"{order}I", head, 32 if wide else 28)[0]
    size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
    if count == 0 or size < (56 if wide else 32) or start + size * count > len(head):
        return None
    return any(struct.unpack_from(f"{order}I", head, start + size * index)[0] == _PT_INTERP for index in range(count))


# --- file capabilities ----------------------------------------------------------------------------------------------

#: By number. Source: Linux 6.12, include/uapi/linux/capability.h.
CAPABILITIES = tuple(
    f"cap_{name}"
    for name in (
        "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
        "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
        "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
        "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
        "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
        "checkpoint_restore",
    )
)  # fmt: skip
_ALL = (1 << len(CAPABILITIES)) - 1
#: Words of 32 bits in each of permitted and inheritable, by revision. Source: same, VFS_CAP_REVISION_*.
_REVISIONS = {1: 1, 2: 2, 3: 2}


def capabilities(value: bytes) -> str:
    """The attribute security.capability as getcap writes it: `cap_net_admin,cap_net_raw=ep`.

    All capabilities that Linux knows are `all`. A namespace's root other than 0 follows as `[rootid=1000]`.
    What cannot be decoded is `unreadable`.
    """
    magic = int.from_bytes(value[:4], "little")
    revision = magic >> 24
    words = _REVISIONS.get(revision)
    if words is None or len(value) != 4 + 8 * words + (4 if revision == 3 else 0):
        return "unreadable"
    fields = struct.unpack_from(f"<{2 * words}I", value, 4)
    permitted = sum(fields[2 * index] << (32 * index) for index in range(words))
    inheritable = sum(fields[2 * index + 1] << (32 * index) for index in range(words))
    effective = "e" if magic & 1 else ""
    text = " ".join(
        f"{_names(bits)}={letters}"
        for bits, letters in (
            (permitted & ~inheritable, f"{effective}p"),
            (inheritable & ~permitted, f"{effective}i"),
            (permitted & inheritable, f"{effective}ip"),
        )
        if bits
    )
    root = int.from_bytes(value[-4:], "little") if revision == 3 else 0
    return (text or "none") + (f" [rootid={root}]" if root else "")


def _names(bits: int) -> str:
    if bits == _ALL:
        return "all"
    known = [name for number, name in enumerate(CAPABILITIES) if bits >> number & 1]
    return ",".join([*known, *(str(number) for number in range(len(CAPABILITIES), 64) if bits >> number & 1)])


def capability_tags(xattrs: Mapping[bytes, bytes]) -> list[str]:
    """`cap:...` of a member's attributes; empty when it has no file capability."""
    value = xattrs.get(b"security.capability")
    return [] if value is None else [f"cap:{capabilities(value)}"]


# --- umask ----------------------------------------------------------------------------------------------------------

_UMASK = re.compile(
    rb"(?:^|[;&|]|\b(?:then|else|do))[ \t]*umask[ \t]+(?:-S[ \t]+)?([0-7]{1,4}|[ugoa]*=[rwx]*(?:,[ugoa]*=[rwx]*){0,3})"
    rb"(?=[\s;&|)]|$)",
    re.MULTILINE,
)
_LOGIN_DEFS = re.compile(rb"^[ \t]*UMASK[ \t]+([0-7]{1,4})\b", re.MULTILINE)
#: Settings of one file that are told.
_UMASKS_TOLD = 4


def umask_tags(path: str, data: bytes) -> list[str]:
    """`umask:022` for each umask that a file sets, in order, each once; symbolic ones as written."""
    if b"mask" not in data and b"MASK" not in data:
        return []
    expression = _LOGIN_DEFS if path == "etc/login.defs" else _UMASK
    found = (match[1].decode("ascii") for match in expression.finditer(data))
    return [f"umask:{value}" for value in dict.fromkeys(found)][:_UMASKS_TOLD]


def umask_lines(data: bytes) -> bytes:
    """The UMASK lines of etc/login.defs, all that is kept of it."""
    return b"".join(b"UMASK " + found[1] + b"\n" for found in _LOGIN_DEFS.finditer(data))
