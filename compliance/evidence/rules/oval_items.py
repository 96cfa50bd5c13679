"""One item that OVAL collected in; a short line of what was seen, without any credential, out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from compliance.evidence.credentials import REDACTED, suspicion, text_suspicion

#: Fields that say where an item was found, the fullest first.
_PLACES = ("filepath", "name", "username", "unit", "path", "mount_point", "pid", "var_ref")
#: Fields that repeat the place, the question, or what no rule is about.
_SILENT = frozenset(
    {"filepath", "path", "filename", "pattern", "line", "instance", "a_time", "c_time", "m_time", "size"}
    | {"has_extended_acl", "type", "device", "uuid", "evr", "extended_name", "signature_keyid", "epoch", "release"}
)
_MODE = {
    **{"suid": 0o4000, "sgid": 0o2000, "sticky": 0o1000, "uread": 0o400, "uwrite": 0o200, "uexec": 0o100},
    **{"gread": 0o40, "gwrite": 0o20, "gexec": 0o10, "oread": 0o4, "owrite": 0o2, "oexec": 0o1},
}
#: A password as crypt(3) stores it.
_CRYPT = re.compile(r"\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|md5)\$\S|(?:^|:)[./0-9A-Za-z]{13}(?:$|:)")
#: Files whose every line is a secret.
_SHADOW = re.compile(r"(?:^|/)(?:g?shadow|opasswd)-?$")
_VALUE = 120
_FIELDS_TOLD = 6
_LONGEST = 300


@dataclass(slots=True)
class Item:
    """An item as collected: its fields in order, each with the beginning of its text."""

    id: str
    kind: str
    status: str
    fields: list[tuple[str, str]] = field(default_factory=list)


def told(item: Item) -> str:
    """`/etc/login.defs: PASS_MAX_DAYS 99999`; control characters are made visible, credentials replaced."""
    values: dict[str, str] = {}
    for name, value in item.fields:
        values.setdefault(name, value)
    place = next((values[name] for name in _PLACES if values.get(name)), "")
    if item.status != "exists":
        return printable(f"{place or item.kind}: {item.status}")
    secret = _SHADOW.search(values.get("filepath", place)) is not None or item.kind in ("shadow_item",)
    parts = [_mode(values)] if "uread" in values else []
    for name, value in values.items():
        if name in _SILENT or name in _MODE or value == place or not value:
            continue
        if name == "subexpression" and "text" in values:
            continue  # a part of the text
        label = "" if name in ("text", "subexpression") else f"{name.replace('_', ' ')} "
        parts.append(f"{label}{REDACTED if secret and _tells(name) else _safe(values, name, value)}")
        if len(parts) == _FIELDS_TOLD:
            break
    return printable(f"{place}: {', '.join(parts)}" if place and parts else place or ", ".join(parts))[:_LONGEST]


def _tells(name: str) -> bool:
    """Whether a field of a file of secrets holds its content, not a fact about it."""
    return name not in ("user_id", "group_id", "owner", "group")


def _safe(values: dict[str, str], name: str, value: str) -> str:
    called = values.get("name", "") if name == "value" else name
    if name == "password" or _CRYPT.search(value) or suspicion(called, value) or text_suspicion(called, value):
        return REDACTED
    return value if len(value) <= _VALUE else f"{value[:_VALUE]}…"


def _mode(values: dict[str, str]) -> str:
    mode = sum(bit for name, bit in _MODE.items() if values.get(name) in ("true", "1"))
    return f"mode {mode:04o}"


def printable(text: str) -> str:
    """The text on one line, every character that does not print made visible."""
    flat = " ".join(text.split())
    if flat.isprintable():
        return flat
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in flat)
